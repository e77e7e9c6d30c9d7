"""Cells of an .xlsx workbook that hold a formula without a usable value, which the reader of workbooks gives as blank.

An error (`#DIV/0!`) and a formula that no program has calculated are not blanks: the one is found and reported as what
it is, the other by its own text.
"""

import posixpath
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]+)</")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b[^>]*?(?:/>|>([^<]*)</)")
_PLACE = re.compile(rb'\br="([A-Z]+)(\d+)"')
_KIND = re.compile(rb'\bt="(\w+)"')
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def without_value(path: Path) -> dict[str, dict[tuple[int, int], str]]:
    """Return the cells without a usable value, by sheet.

    Parameters
    ----------
    path : Path
        A workbook of any kind.

    Returns
    -------
    dict of sheet name to dict of (row, column) to text
        0-based places; the error as the cell shows it, or `=` and the formula. Empty for a workbook that is no .xlsx.
    """
    try:
        with zipfile.ZipFile(path) as book:
            names = set(book.namelist())
            return {
                sheet: found
                for sheet, part in _parts(book).items()
                if part in names and (found := _cells(book.read(part)))
            }
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError):
        return {}


def _parts(book: zipfile.ZipFile) -> dict[str, str]:
    """Return sheet name -> the part of the archive that holds its cells."""
    targets = {
        one.get("Id"): one.get("Target", "") for one in ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))
    }
    sheets = {}
    for one in ElementTree.fromstring(book.read("xl/workbook.xml")).iter():
        target = targets.get(one.get(_RELATION)) if one.tag.endswith("}sheet") else None
        if target:
            sheets[one.get("name", "")] = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
    return sheets


def _cells(xml: bytes) -> dict[tuple[int, int], str]:
    # Most sheets hold neither, and need not be gone through cell by cell.
    if b't="e"' not in xml and b"<f" not in xml and b":f" not in xml:
        return {}
    found = {}
    for cell in _CELL.finditer(xml):
        attributes, content = cell.group(1), cell.group(2) or b""
        place, kind = _PLACE.search(attributes), _KIND.search(attributes)
        kind_of = kind.group(1) if kind else b"n"
        value, formula = _VALUE.search(content), _FORMULA.search(content)
        if place is None or (kind_of != b"e" and (formula is None or value is not None or kind_of == b"str")):
            continue
        if kind_of == b"e":
            text = value.group(1).decode() if value else "#VALUE!"
        else:
            text = "=" + (formula.group(1) or b"").decode() if formula else ""
        found[int(place.group(2)) - 1, _column(place.group(1))] = _plain(text)
    return found


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number - 1


def _plain(text: str) -> str:
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text
