"""Ways in which text is written so that it does not read as itself: a text in, stretches of it decoded out.

Only the surroundings of what is encoded are decoded, so that a page of a megabyte with a few entities costs little.
"""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

# As far as anything looked for may reach beyond what is encoded of it.
_MARGIN = 120
_INLINE = "a|abbr|b|bdi|bdo|code|em|font|i|kbd|mark|q|s|small|span|strong|sub|sup|tspan|u|var|wbr"
# Runs that may be base64: shorter ones hold no number of eleven digits.
_BASE64 = re.compile(r"[A-Za-z0-9+/]{14,}={0,2}")
_URL_SAFE = re.compile(r"[A-Za-z0-9_-]{14,}={0,2}")
_WRAPPED = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40,}+(?:(?:\\[nr]|\s){1,4}+[A-Za-z0-9+/]{4,}+)+={0,2}")
_BREAK = re.compile(r"\\[nr]|\s")
_HEX = re.compile(r"[0-9a-fA-F]{22,}")
# Longer runs are files; they begin where a run begins.
_LONGEST_SHIFTED = 2000
_FILES = (b"\x1f\x8b", b"PK\x03\x04", b"\xff\xfe", b"\xfe\xff", b"\xff\xd8\xff", b"\x89PNG", b"%PDF", b"GIF8")
_PRINTABLE = bytes(range(32, 127)) + b"\t\n\r"


@dataclass(frozen=True)
class View:
    """A way of writing: what shows it, and how it is read."""

    name: str
    sign: re.Pattern[str]
    read: Callable[[str], str]


def _escape(found: re.Match[str]) -> str:
    digits = found[1] or found[2] or found[3]
    return chr(min(int(digits, 16), 0x10FFFF)) if digits else found[0][1:]


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|/)")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufe00-\ufe0f\x00]")
_WIDE = re.compile(
    "[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff0b\uff0d\uff0e\uff20\U0001d7ce-\U0001d7ff\u2070-\u2089\u2460-\u2473]+"
)
_SPLIT = re.compile(
    rf"<(?<=[\w@.+-]<)(?:/?(?:{_INLINE})\b[^<>]*>|!--.*?-->)(?:</?(?:{_INLINE})\b[^<>]*>|<!--.*?-->)*(?=[\w@.+-])",
    re.DOTALL,
)

VIEWS = (
    View("entities", re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31});"), html.unescape),
    View("percent-encoded", re.compile(r"%[0-9A-Fa-f]{2}"), lambda text: unquote(text, errors="replace")),
    View("escaped", _ESCAPE, lambda text: _ESCAPE.sub(_escape, text)),
    View("full-width", _WIDE, lambda text: unicodedata.normalize("NFKC", text)),
    View("invisible characters", _INVISIBLE, lambda text: _INVISIBLE.sub("", text)),
    View("divided by tags", _SPLIT, lambda text: _SPLIT.sub("", text)),
)


def decoded(text: str) -> Iterator[tuple[str, int, str]]:
    """Return (name of the view, offset in `text`, decoded stretch) wherever something is encoded."""
    for view in VIEWS:
        start = end = -1
        for found in view.sign.finditer(text):
            if start < 0:
                start = max(0, found.start() - _MARGIN)
            elif found.start() - _MARGIN > end:
                yield view.name, start, view.read(text[start:end])
                start = max(0, found.start() - _MARGIN)
            end = found.end() + _MARGIN
        if start >= 0:
            yield view.name, start, view.read(text[start:end])


def contained(text: str) -> Iterator[tuple[str, int, bytes]]:
    """Return (name of the code, offset in `text`, bytes) of what stands in it as base64 or as hexadecimal digits."""
    for found in _WRAPPED.finditer(text):
        yield from _unpacked(found.start(), _BREAK.sub("", found[0]), shifts=1)
    for found in _BASE64.finditer(text):
        yield from _unpacked(found.start(), found[0], shifts=4 if len(found[0]) <= _LONGEST_SHIFTED else 1)
    for found in _URL_SAFE.finditer(text):
        if "-" in found[0] or "_" in found[0]:
            run = found[0].replace("-", "+").replace("_", "/")
            yield from _unpacked(found.start(), run, shifts=4 if len(run) <= _LONGEST_SHIFTED else 1)
    for found in _HEX.finditer(text):
        content = bytes.fromhex(found[0][: len(found[0]) // 2 * 2])
        if _is_promising(content):
            yield "hexadecimal", found.start(), content


def _unpacked(at: int, run: str, *, shifts: int) -> Iterator[tuple[str, int, bytes]]:
    bare = run.rstrip("=")
    for shift in range(min(shifts, len(bare))):
        part = bare[shift:]
        part = part[:-1] if len(part) % 4 == 1 else part
        try:
            content = base64.b64decode(part + "=" * (-len(part) % 4))
        except binascii.Error:
            continue
        if _is_promising(content):
            yield "base64", at, content


def _is_promising(content: bytes) -> bool:
    """Tell whether bytes may be text, of one or two bytes a character, or a file: by accident hardly any are."""
    head = content[:64]
    visible = len(head) - len(head.translate(None, _PRINTABLE))
    is_wide = head.count(0) >= 0.3 * len(head) and visible >= 0.3 * len(head)
    return visible >= 0.6 * len(head) or is_wide or content.startswith(_FILES)
