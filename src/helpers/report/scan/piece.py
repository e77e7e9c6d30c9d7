"""A piece of text of a file and where it stands, and the two ways to it that all kinds of files share."""

import re
import zlib
from collections.abc import Iterator
from typing import Literal, NamedTuple

Form = Literal["markup", "csv", "plain"]
MOST_BYTES = 300_000_000
"""Of one file, all that is unpacked of it: beyond it the rest is said not to have been looked at."""
# Shorter strings hold nothing that is looked for.
_RUN = re.compile(r"[^\x00-\x08\x0e-\x1f\x7f-\x9f]{8,}")


class Piece(NamedTuple):
    """A text and the place it stands in; `form` says how places inside of it are told."""

    place: str
    text: str
    form: Form


class Unreadable(NamedTuple):
    """A place that could not be looked into, and why."""

    place: str
    why: str


class Budget:
    """How much may still be unpacked of a file, so that a bomb does not fill the memory."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.most = self.left = most

    def take(self, size: int) -> bool:
        """Take `size` bytes; tell whether they were left."""
        self.left -= size
        return self.left >= 0


def within(place: str, part: str) -> str:
    """Return the place of a part of what stands at `place`."""
    return ", ".join(filter(None, (place, part)))


def inflated(content: bytes, window: int, budget: Budget) -> bytes | None:
    """Unpack zlib (window 15), raw (-15) or gzip (31) data as far as the budget goes; None where they are none."""
    unpacker = zlib.decompressobj(window)
    try:
        found = unpacker.decompress(content, max(1, budget.left))
    except zlib.error:
        return None
    budget.take(len(found))
    return found


def strings(content: bytes, place: str) -> Iterator[Piece]:
    """Return the strings of binary data, as bytes are read and as pairs of bytes are (EXIF has both)."""
    for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be"):
        text = content.decode(encoding, "replace" if encoding != "latin-1" else "strict")
        if encoding == "utf-8" and text.count("\ufffd") > len(text) // 20:
            continue
        if encoding == "latin-1" and content.isascii():
            continue
        if found := "\n".join(run for run in _RUN.findall(text) if encoding[:6] != "utf-16" or run.isascii()):
            yield Piece(place, found, "markup" if "<" in found else "plain")
