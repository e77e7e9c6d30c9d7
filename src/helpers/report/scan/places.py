"""An offset in a text in, the place as a person finds it out: line, attribute, comment, script, row and column."""

import csv
import io
import re

from helpers.report.scan.piece import Form, within

_ATTRIBUTE = re.compile(r"([\w:.-]+)\s*=\s*(?:\"[^\"]*|'[^']*|[^\s\"'>]*)$")
_TAG = re.compile(r"</?([\w:-]+)")
_HIDING = re.compile(r"<(/?)(script|style|metadata|title|desc|template|textarea|annotation)\b", re.IGNORECASE)
# Attributes that hold coordinates, where three numbers in a row are not a telephone number.
_COORDINATES = frozenset({"d", "points", "transform", "viewBox", "values", "stroke-dasharray", "x", "y"})
_LONGEST_TAG = 200_000


def told(text: str, at: int, form: Form) -> str:
    """Return the place of an offset within a text."""
    if form == "csv":
        return _cell(text, at)
    line = f"line {text.count(chr(10), 0, at) + 1}" if "\n" in text.rstrip("\n") else ""
    if form == "plain" or "<" not in text:
        return line
    return within(line, _inside(text, at))


def is_coordinate(text: str, at: int) -> bool:
    """Tell whether an offset lies in an attribute that holds coordinates."""
    return _attribute(text, at)[1] in _COORDINATES


def _inside(text: str, at: int) -> str:
    if text.rfind("<!--", 0, at) > text.rfind("-->", 0, at):
        return "comment"
    tag, attribute = _attribute(text, at)
    if tag:
        return f"attribute {attribute} of <{tag}>" if attribute else f"<{tag}>"
    around = list(_HIDING.finditer(text, max(0, at - _LONGEST_TAG), at))
    return f"<{around[-1][2].lower()}>" if around and not around[-1][1] else "text"


def _attribute(text: str, at: int) -> tuple[str, str]:
    start = text.rfind("<", max(0, at - _LONGEST_TAG), at)
    if start < 0 or text.find(">", start, at) >= 0:
        return "", ""
    tag = _TAG.match(text, start)
    if not tag:
        return "", ""
    found = _ATTRIBUTE.search(text[tag.end() : at])
    return tag[1], found[1] if found else ""


def _cell(text: str, at: int) -> str:
    rows = list(csv.reader(io.StringIO(text[:at], newline="")))
    if not rows:
        return "row 1, column 1"
    # What stands before the place may end at the border of a cell.
    column = len(rows[-1]) or 1
    header = next(csv.reader(io.StringIO(text, newline="")), [])
    name = f" ({header[column - 1]})" if column <= len(header) and len(rows) > 1 else ""
    return f"row {len(rows)}, column {column}{name[:40]}"
