"""A folder about to leave in, everything found in its files that must not: the kind, the file, the place."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from helpers.report.scan import places, views
from helpers.report.scan.kinds import Hit, Kind, Known, masked, search, without
from helpers.report.scan.piece import Budget, Piece, Unreadable, within
from helpers.report.scan.pieces import pieces

# Encodings within encodings beyond this are no accident.
_DEEPEST = 5
# Enough to see what is wrong with a file; the number of all of them is told as well.
MOST_OF_A_FILE = 200


@dataclass(frozen=True)
class Finding:
    """One thing that must not leave; `shape` shows its digits as 9 and its letters as a, never the value."""

    kind: Kind
    file: str
    place: str
    shape: str

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{where}: {self.kind.replace('_', ' ')} {self.shape}"


class _Found(NamedTuple):
    kind: Kind
    place: str
    value: str


def scan_folder(folder: Path, known: Known) -> list[Finding]:
    """Look through every file below a folder, hidden ones too.

    Parameters
    ----------
    folder : Path
    known : Known
        What is looked for exactly.

    Returns
    -------
    list of Finding
        In order of file and place; at most 200 of a file, of which the last says how many there are.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return [finding for path in files for finding in scan_file(path, known, name=path.relative_to(folder).as_posix())]


def scan_file(path: Path, known: Known, *, name: str) -> list[Finding]:
    """Look through one file; `name` is what findings call it, and is looked through itself."""
    if path.is_symlink():
        return [Finding("unreadable", name, "", "a link to another place: copy the file itself")]
    return scan_content(path.read_bytes(), known, name=name)


def scan_content(content: bytes, known: Known, *, name: str) -> list[Finding]:
    """Look through the content of a file, and its name."""
    found = [*_looked(Piece("name of the file", name, "plain"), known)]
    for part in pieces(name, content, budget=Budget()):
        found += [_Found("unreadable", part.place, part.why)] if isinstance(part, Unreadable) else _looked(part, known)
    # The same thing is often seen in several ways: as it stands, and decoded.
    once = {(one.kind, one.place.partition(" (")[0], one.value.lower()): one for one in reversed(found)}
    shown = without(name, known)
    findings = [
        # A name or a place may itself be what must not be told: a key of a JSON file, a column's title.
        Finding(one.kind, shown, without(one.place, known), _shape(one))
        for one in reversed(once.values())
    ]
    if len(findings) > MOST_OF_A_FILE:
        last = findings[MOST_OF_A_FILE - 1]
        rest = Finding(last.kind, shown, last.place, f"and {len(findings) - MOST_OF_A_FILE:,} more in this file")
        return [*findings[: MOST_OF_A_FILE - 1], rest]
    return findings


def scan_text(text: str, known: Known, *, name: str) -> list[Finding]:
    """Look through a text that is not yet a file, such as a page before it is written."""
    return scan_content(text.encode("utf-8", "replace"), known, name=name)


def _looked(piece: Piece, known: Known, depth: int = 0) -> Iterator[_Found]:
    """Look at a text as it stands, then at what is encoded in it, over and over."""
    text, seen = piece.text, set()
    for hit in search(text, known):
        if not _is_drawn(piece, hit):
            value = text[hit.start : hit.end]
            seen.add(value)
            yield _Found(hit.kind, within(piece.place, places.told(text, hit.start, piece.form)), value)
    for name, at, found in _encoded(piece, known, depth) if depth < _DEEPEST else ():
        if found.value not in seen:
            where = within(piece.place, places.told(text, at, piece.form))
            yield _Found(found.kind, f"{where} ({within(name, found.place)})", found.value)


def _shape(one: _Found) -> str:
    return one.value if one.kind == "unreadable" else masked(one.value)


def _encoded(piece: Piece, known: Known, depth: int) -> Iterator[tuple[str, int, _Found]]:
    """Return how something is encoded in a text, at which offset, and what was found in it."""
    for name, at, stretch in views.decoded(piece.text):
        # Most of what is encoded is no more than an ampersand.
        if stretch not in piece.text:
            yield from ((name, at, one) for one in _looked(Piece("", stretch, piece.form), known, depth + 1))
    for name, at, content in views.contained(piece.text):
        for part in pieces("", content, budget=Budget(), is_whole=False):
            if isinstance(part, Unreadable):
                yield name, at, _Found("unreadable", part.place, part.why)
            else:
                yield from ((name, at, one) for one in _looked(part, known, depth + 1))


def _is_drawn(piece: Piece, hit: Hit) -> bool:
    """Tell three numbers of a drawing from a telephone number written in three groups."""
    return piece.form == "markup" and hit.kind == "mobile_number" and places.is_coordinate(piece.text, hit.start)
