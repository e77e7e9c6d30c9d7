"""Files of every kind in, the pieces of text in them out, each with the place it stands in.

Archives, compressed streams, pictures and documents are taken apart; what cannot be looked into is said, never passed
over in silence.
"""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from helpers.report.scan import packed
from helpers.report.scan.piece import Budget, Form, Piece, Unreadable, inflated, strings, within

_MARKUP = frozenset({".html", ".htm", ".xhtml", ".svg", ".xml", ".rels", ".md"})
_JSON = frozenset({".json", ".ipynb", ".geojson"})
_SHEETS = frozenset({".csv", ".tsv"})
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"),
          (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))  # fmt: skip
_PICTURES = (b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\x00", b"MM\x00*", b"\x00\x00\x01\x00", b"BM")
# Tags within a paragraph or a cell of an office file: a number may be divided among them.
_OFFICE_INLINE = re.compile(r"</?(?:w|a|x)?:?(?:r|t|rPr|rPh|b|i|u|lang|proofErr|noProof|color|sz|szCs|rFonts)\b[^<>]*>")
_DEEPEST = 6


def pieces(
    name: str, content: bytes, *, budget: Budget, place: str = "", depth: int = 0, is_whole: bool = True
) -> Iterator[Piece | Unreadable]:
    """Take a file apart.

    Parameters
    ----------
    name : str
        Its name; the ending says how places are told, the content what it is.
    content : bytes
    budget : Budget
        Of the file that all of this is in.
    place : str
        Where it stands in that file; empty for the file itself.
    depth : int
        How many packings it lies in.
    is_whole : bool
        Whether it is a file; bytes that only look like one are not said to be unreadable.
    """
    if depth > _DEEPEST or not budget.take(len(content)):
        yield Unreadable(place, f"packed more than {_DEEPEST} times or larger than {budget.most:,} bytes")
    elif content.startswith(b"PK\x03\x04") or content.startswith(b"PK\x05\x06"):
        yield from _archive(content, budget, place, depth)
    elif content.startswith(b"\x1f\x8b"):
        unpacked = inflated(content, 31, budget)
        if unpacked is None:
            yield Unreadable(place, "compressed, and cannot be unpacked")
        else:
            inner = name.removesuffix(".gz")
            yield from pieces(inner, unpacked, budget=budget, place=within(place, "unpacked"), depth=depth + 1)
    elif content.startswith(b"\x89PNG\r\n\x1a\n"):
        yield from _picture(content, budget, place, depth)
    elif content.startswith(b"%PDF"):
        yield from packed.pdf(content, budget, place)
    elif content.startswith(_PICTURES):
        yield from strings(content, within(place, "data of the picture"))
    else:
        yield from _text(name, content, place, is_whole)


def text_of(content: bytes) -> str | None:
    """Return bytes as the text they are: by their mark, UTF-16 without one, UTF-8, GB18030; None for none of these."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    if content[1:400:2].count(0) > 0.6 * len(content[1:400:2]) > 0:
        return content.decode("utf-16-le", "replace")
    if content[0:400:2].count(0) > 0.6 * len(content[0:400:2]):
        return content.decode("utf-16-be", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text if text.count("\x00") <= len(text) // 100 else None
    return None


def _text(name: str, content: bytes, place: str, is_whole: bool) -> Iterator[Piece | Unreadable]:
    text = text_of(content)
    ending = PurePath(name).suffix.lower()
    if text is None:
        yield from strings(content, within(place, "binary data") if is_whole else place)
        if is_whole and not place:
            yield Unreadable(place, f"a file of kind '{ending}', of which only plain strings can be looked at")
        return
    if ending in _JSON:
        try:
            # Pairs, because a mapping keeps only the last of two members of one name.
            tree = json.loads(text, object_pairs_hook=_Members, parse_int=str, parse_float=str)
        except (ValueError, RecursionError):
            yield Piece(place, text, "markup")
        else:
            for at, leaf in _leaves(tree, ()):
                yield Piece(within(place, _json_place(at)), leaf, "markup")
        return
    form: Form = "csv" if ending in _SHEETS else "markup" if ending in _MARKUP or text.lstrip()[:1] == "<" else "plain"
    yield Piece(place, text, form)


class _Members(list):
    """The members of a JSON object, as pairs."""


def _leaves(node: Any, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(node, _Members):
        for key, value in node:
            yield (*at, "a name"), key
            yield from _leaves(value, (*at, key))
    elif isinstance(node, list):
        if node and all(isinstance(part, str) for part in node):
            # A notebook keeps a text as a list of its lines.
            yield at, "".join(node)
        for place, part in enumerate(node):
            if not isinstance(part, str) or not all(isinstance(other, str) for other in node):
                yield from _leaves(part, (*at, place))
            else:
                yield (*at, place), part
    elif isinstance(node, str):
        yield at, node


def _json_place(at: tuple[str | int, ...]) -> str:
    shown = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in at).lstrip(".")
    if len(at) > 1 and at[0] == "cells" and isinstance(at[1], int):
        shown = f"cell {at[1] + 1}" + (f", {shown.split(']', 1)[1].lstrip('.')}" if len(at) > 2 else "")
    return shown[:120]


def _picture(content: bytes, budget: Budget, place: str, depth: int) -> Iterator[Piece | Unreadable]:
    found, behind = packed.png(content, budget, place)
    yield from found
    if behind.strip(b"\x00"):
        yield from pieces("", behind, budget=budget, place=within(place, "after the picture"), depth=depth + 1)


def _archive(content: bytes, budget: Budget, place: str, depth: int) -> Iterator[Piece | Unreadable]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        yield Unreadable(place, "an archive that cannot be opened")
        return
    yield Piece(within(place, "names and comments of the archive"), "\n".join(
        [archive.comment.decode("utf-8", "replace"), *(f"{one.filename}\n{one.comment.decode('utf-8', 'replace')}"
                                                       for one in archive.infolist())]), "plain")  # fmt: skip
    for member in archive.infolist():
        where = within(place, member.filename)
        if member.file_size > budget.left:
            yield Unreadable(where, f"larger than {budget.most:,} bytes when unpacked")
            continue
        try:
            inner = archive.read(member)
        except (RuntimeError, zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError):
            yield Unreadable(where, "encrypted or damaged")
            continue
        if member.filename.endswith((".xml", ".rels")):
            yield from _office(inner, where)
        yield from pieces(member.filename, inner, budget=budget, place=where, depth=depth + 1)


def _office(content: bytes, place: str) -> Iterator[Piece]:
    text = content.decode("utf-8", "replace")
    if joined := _OFFICE_INLINE.sub("", text):
        yield Piece(place, joined, "markup")
