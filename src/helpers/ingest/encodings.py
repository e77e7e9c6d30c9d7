"""The bytes of a text file in, its text in UTF-8 out: whole, or in blocks where a file is too large to be held.

A byte order mark decides, then strict UTF-8, then strict GB18030 (which holds GBK and GB 2312); anything else stops
with the byte offset and line, because a guess would put wrong characters into names and codes.
"""

import codecs
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from helpers.errors import InputError

# A run of bytes beyond ASCII that is Chinese in UTF-8 from end to end; in GB18030 text that is next to impossible.
_CHINESE_IN_UTF8 = re.compile(rb"(?<![\x80-\xff])(?:[\xe4-\xe9][\x80-\xbf]{2}){2,}(?![\x80-\xff])")
_LOOKED_AT, _ENDS, _PLACES = 1 << 16, 1 << 20, 64
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CHUNK = 1 << 23


@dataclass(frozen=True)
class Text:
    """A text file whose encoding is known.

    Attributes
    ----------
    name : str
        The file as printed.
    encoding : str
        `utf-8`, `utf-8-sig`, `utf-16`, `gb18030` or another declared one.
    size : int
        Bytes of the file.
    """

    name: str
    encoding: str
    size: int
    _raw: mmap.mmap
    _start: int
    _why: str

    def whole(self) -> pa.Buffer:
        """Return the text in UTF-8 without byte order mark; of a file in UTF-8 without a copy.

        Raises
        ------
        InputError
            If the bytes are no text in this encoding.
        """
        if self._is_utf8:
            return pa.py_buffer(self._raw).slice(self._start)
        return pa.py_buffer(b"".join(self.blocks()))

    def blocks(self) -> Iterator[bytes]:
        """Yield the text as `whole` returns it, a few million bytes at a time; what was read is let go of.

        Raises
        ------
        InputError
            At the first byte that is no text in this encoding.
        """
        if not self._is_utf8:
            yield from _transcoded(self._raw, self.encoding, self.name, self._why)
            return
        for start in range(self._start, len(self._raw), _CHUNK):
            yield self._raw[start : start + _CHUNK]
            _let_go(self._raw, start)

    def holds(self, letter: bytes) -> bool:
        """Return whether an ASCII character other than a letter or digit may stand in the text."""
        if self.encoding == "utf-16":
            return True
        found = False
        for start in range(0, len(self._raw), _CHUNK):
            found = found or self._raw.find(letter, start, start + _CHUNK) >= 0
            _let_go(self._raw, start)
        return found

    @property
    def _is_utf8(self) -> bool:
        return self.encoding in ("utf-8", "utf-8-sig")


def find(path: Path, name: str, declared: str | None = None) -> Text:
    """Find out how a text file is encoded.

    Parameters
    ----------
    path : Path
    name : str
        The file as printed in messages.
    declared : str, optional
        Encoding as declared by a mapping file.

    Raises
    ------
    InputError
        If the bytes fit no known encoding, or another one than was declared.
    """
    with path.open("rb") as stream:
        raw = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    mark, marked = next(((mark, found) for mark, found in _MARKS if raw[: len(mark)] == mark), (b"", None))

    def text(encoding: str, why: str = "") -> Text:
        return Text(name, encoding, len(raw), raw, len(mark), why)

    if marked == "utf-16":
        return text("utf-16", "its byte order mark says UTF-16")
    wanted = codecs.lookup(declared).name if declared and _is_known(declared, name) else None
    if wanted in (None, "utf-8", "utf-8-sig"):
        if _is_utf8(raw, len(mark)):
            return text(marked or "utf-8")
        if marked or wanted:
            why = "its byte order mark says UTF-8" if marked else f"the mapping file declares encoding '{declared}'"
            raise _undecodable(raw, "utf-8", name, why)
        _check_not_joined(raw, name)
        return text("gb18030")
    why = f"the mapping file declares encoding '{declared}'"
    if marked:
        raise InputError(f"{name}: {why}, but the file begins with the byte order mark of UTF-8: declare utf-8")
    # GB 2312 and GBK are parts of GB18030, and files called so commonly hold its further characters.
    wanted = "gb18030" if wanted in ("gbk", "gb2312") else wanted
    if wanted != "ascii" and not raw[:_CHUNK].isascii() and _is_utf8(raw, 0):
        raise InputError(f"{name}: {why}, but all of its bytes are valid UTF-8: declare utf-8, or none")
    return text(wanted, why)


def _is_known(declared: str, name: str) -> bool:
    try:
        codecs.lookup(declared)
    except LookupError:
        raise InputError(
            f"{name}: the mapping file declares encoding '{declared}', which does not exist: "
            "write utf-8, gb18030 or another name that Python knows"
        ) from None
    return True


def _is_utf8(raw: mmap.mmap, start: int) -> bool:
    buffer = pa.py_buffer(raw)
    while start < len(raw):
        end = min(len(raw), start + _CHUNK)
        # Back to where a character begins; more than three bytes inside of one are none of UTF-8.
        while end < len(raw) and start + _CHUNK - end < 4 and raw[end] & 0xC0 == 0x80:
            end -= 1
        offsets = pa.array([0, end - start], pa.int64()).buffers()[1]
        try:
            pa.LargeStringArray.from_buffers(1, offsets, buffer.slice(start, end - start)).validate(full=True)
        except pa.ArrowInvalid:
            return False
        _let_go(raw, start)
        start = end
    return True


def _let_go(raw: mmap.mmap, start: int) -> None:
    """Give the pages of a chunk back, or a large file would be held in memory once it is read."""
    page = start // mmap.PAGESIZE * mmap.PAGESIZE
    if hasattr(mmap, "MADV_DONTNEED"):
        raw.madvise(mmap.MADV_DONTNEED, page, min(_CHUNK, len(raw) - page))


def _transcoded(raw: mmap.mmap, encoding: str, name: str, why: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(raw), _CHUNK):
        try:
            block = decoder.decode(raw[start : start + _CHUNK], start + _CHUNK >= len(raw)).encode()
        except (UnicodeDecodeError, UnicodeEncodeError):
            raise _undecodable(raw, encoding, name, why) from None
        yield block
        _let_go(raw, start)


def _check_not_joined(raw: mmap.mmap, name: str) -> None:
    """Refuse GB18030 text with lines in UTF-8: two exports were joined, and one of them would turn into other words.

    Both ends are looked at, and places evenly between them.
    """
    step = max(_LOOKED_AT, len(raw) // _PLACES)
    starts = [0, *range(_ENDS, max(0, len(raw) - _ENDS), step), max(0, len(raw) - _ENDS)]
    for place, start in enumerate(starts):
        size = _ENDS if place in (0, len(starts) - 1) else _LOOKED_AT
        found = _CHINESE_IN_UTF8.search(raw[start : start + size])
        if found and not _stop(raw, "gb18030"):
            line = _lines(raw, start + found.start()) + 1
            raise InputError(
                f"{name}: line {line:,} is in UTF-8 ({found.group().decode()[:12]}) and others are in GB18030: files "
                "of two encodings were joined. Save each as UTF-8, then join them"
            )


def _undecodable(raw: mmap.mmap, encoding: str, name: str, why: str) -> InputError:
    """Describe where decoding stops; without a declared encoding, both that were tried."""
    tried = [encoding] if why else ["utf-8", "gb18030"]
    stops = ", ".join(f"{one} stops at {_stop(raw, one)}" for one in tried)
    if not why:
        return InputError(
            f"{name}: the encoding is neither UTF-8 nor GB18030 ({stops}): save the file as UTF-8, "
            "or declare its encoding in a mapping file"
        )
    others = [one for one in ("utf-8", "gb18030") if one != encoding and not _stop(raw, one)]
    advice = f"all of its bytes are valid {others[0]}: declare that" if others else "save the file as UTF-8"
    return InputError(f"{name}: {why}, but {stops}; {advice}")


def _stop(raw: mmap.mmap, encoding: str) -> str:
    """Return the byte and line at which decoding stops, empty where it does not."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(raw), _CHUNK):
        chunk = raw[start : start + _CHUNK]
        try:
            pending = decoder.getstate()[0]
            decoder.decode(chunk, start + _CHUNK >= len(raw))
        except UnicodeDecodeError as error:
            at = start - len(pending) + error.start
            found = error.object[error.start : error.end].hex(" ").upper()
            return f"byte {at:,} (line {_lines(raw, at) + 1:,}, found {found})"
        _let_go(raw, start)
    return ""


def _lines(raw: mmap.mmap, end: int) -> int:
    """Return how many lines end before a byte."""
    count = 0
    for start in range(0, end, _CHUNK):
        count += int(np.count_nonzero(np.frombuffer(raw[start : min(end, start + _CHUNK)], dtype=np.uint8) == 10))
        _let_go(raw, start)
    return count
