"""Pictures and PDF files in, the text that they carry besides what is seen: metadata, comments, drawn strings."""

import re
from collections.abc import Iterator

from helpers.report.scan.piece import Budget, Piece, Unreadable, inflated, strings, within

_SIGNATURE = 8
_PIXELS = frozenset({"IHDR", "PLTE", "IDAT", "IEND", "fdAT"})
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\n?endstream", re.DOTALL)
_TEXT_BLOCK = re.compile(rb"\bBT\b(.*?)\bET\b", re.DOTALL)
_STRING = re.compile(rb"<([0-9A-Fa-f\s]*)>|\(((?:\\.|[^()\\])*)\)")
_ONE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_RANGE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*(?:<([0-9A-Fa-f]+)>|\[((?:\s*<[0-9A-Fa-f]+>)+)\s*\])")
_CHARS = re.compile(rb"beginbfchar(.*?)endbfchar", re.DOTALL)
_RANGES = re.compile(rb"beginbfrange(.*?)endbfrange", re.DOTALL)


def png(content: bytes, budget: Budget, place: str) -> tuple[list[Piece], bytes]:
    """Return the text of all chunks of a PNG but those of its pixels, and what stands behind its end."""
    found, at = [], _SIGNATURE
    while at + 8 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8].decode("latin-1")
        data = content[at + 8 : at + 8 + size]
        if kind not in _PIXELS:
            for part in (data, _unpacked(kind, data, budget)):
                found += strings(part, within(place, f"chunk {kind}")) if part else []
        at += 12 + size
        if kind == "IEND":
            break
    return found, content[at:]


def _unpacked(kind: str, data: bytes, budget: Budget) -> bytes | None:
    """Return the compressed text of a chunk: after a keyword and, in iTXt, flags, a language and another keyword."""
    _, _, rest = data.partition(b"\x00")
    if kind in ("zTXt", "iCCP"):
        return inflated(rest[1:], 15, budget)
    if kind == "iTXt" and rest[:1] == b"\x01":
        return inflated(rest[2:].split(b"\x00", 2)[-1], 15, budget)
    return None


def pdf(content: bytes, budget: Budget, place: str) -> Iterator[Piece | Unreadable]:
    """Return the text of a PDF: its objects, its streams, and what its pages draw with the fonts it carries."""
    if b"/Encrypt" in content:
        yield Unreadable(place, "an encrypted PDF")
    yield from strings(_STREAM.sub(b"stream endstream", content), within(place, "objects"))
    streams = [_inflated(found[1], budget) for found in _STREAM.finditer(content)]
    maps = [letters for stream in streams if (letters := _letters(stream))]
    for number, stream in enumerate(streams, start=1):
        where = within(place, f"stream {number}")
        yield from strings(stream, where)
        blocks = _TEXT_BLOCK.findall(stream)
        # Which font a string is drawn in is not followed: read by another font's letters it is gibberish, not a number.
        for letters in [{}, *maps] if blocks else ():
            yield Piece(where, "\n".join(_drawn(block, letters) for block in blocks), "plain")


def _inflated(stream: bytes, budget: Budget) -> bytes:
    unpacked = inflated(stream, 15, budget)
    return stream if unpacked is None else unpacked


def _letters(stream: bytes) -> dict[int, str]:
    """Return code -> text from a font's ToUnicode map."""
    letters: dict[int, str] = {}
    for block in _CHARS.findall(stream):
        letters |= {int(code, 16): _plain(text) for code, text in _ONE.findall(block)}
    for block in _RANGES.findall(stream):
        for first, last, text, several in _RANGE.findall(block):
            codes = range(int(first, 16), min(int(last, 16), int(first, 16) + 65535) + 1)
            if several:
                each = re.findall(rb"[0-9A-Fa-f]+", several)
                letters |= {code: _plain(one) for code, one in zip(codes, each, strict=False)}
            else:
                letters |= {code: chr(min(int(text, 16) + step, 0x10FFFF)) for step, code in enumerate(codes)}
    return letters


def _plain(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be", "replace")


def _drawn(block: bytes, letters: dict[int, str]) -> str:
    drawn = []
    for digits, literal in _STRING.findall(block):
        raw = _bytes(digits) if digits else _unescaped(literal)
        if letters:
            codes = [int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw), 2)]
            drawn.append("".join(letters.get(code, "") for code in codes))
        else:
            drawn.append(raw.decode("latin-1"))
    return "".join(drawn)


def _unescaped(literal: bytes) -> bytes:
    return re.sub(rb"\\([0-7]{1,3})", lambda found: bytes([int(found[1], 8) & 255]), literal).replace(b"\\", b"")


def _bytes(digits: bytes) -> bytes:
    bare = re.sub(rb"\s", b"", digits).decode()
    return bytes.fromhex(bare + "0" * (len(bare) % 2))
