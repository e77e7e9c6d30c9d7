"""Text: stray blanks, full-width characters and the ways of writing "nothing"; cells in, tidy text out."""

import re
import unicodedata
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helpers.codebook import Column
from helpers.ingest.values.cells import Parsed, Reading, findings, layout, present, read_distinct, strings

MISSING = frozenset([
    "-", "--", "---", "—", "——", "–", "/", "//", "\\", ".", "..", "...", "……", "*",
    "**", "***", "?", "×", "无", "没有", "暂无", "无数据", "空", "不详", "未知", "不明", "不清", "不清楚", "不适用",
    "未填", "未填写", "没填", "未提供", "待定", "待补", "缺失", "N/A", "NA", "#N/A", "N.A.", "NULL", "NONE", "NAN",
    "NAT", "NIL", "(空)", "(空白)", "(BLANK)", "(NULL)",
])  # fmt: skip
"""Ways of writing "nothing", narrow and in upper case; an allowed value (无, 否) is never taken for one.

A zero is a number and 否 an answer: neither is among them, in no type of column.
"""

EXCEL_ERRORS = frozenset(["#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"])

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\x00]")
_NARROW_WORD = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code - 0xFEE0).isalnum()}
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
BLANKS = (0x3000, 0x00A0, 0x2002, 0x2003, 0x2009, 0x202F)
"""Blanks of other widths, which stand for a plain one."""

TEXT_MARK = r"""^(?:=?"([^"]*)"|['‘’`]([^'‘’`]*)['‘’`]?)$"""
"""What makes a spreadsheet take a cell for text and comes out with it at times: '0139, ="0139"."""

_IS_MARKED = re.compile(TEXT_MARK)
_PLAIN = dict.fromkeys(BLANKS, " ")

_BLOCK = 1 << 16
_WORDS = pa.array(sorted(MISSING | EXCEL_ERRORS))
_LONGEST = max(len(word.encode()) for word in MISSING | EXCEL_ERRORS)


def normalise(text: str) -> tuple[str, str]:
    """Return `text` under NFKC without blanks and text marks around it, and the rule that says what changed.

    Returns
    -------
    tidy, rule : str
        `rule` is empty, `blank_padding`, `full_width` or `text_mark`.
    """
    tidy, rule = _narrow(text)
    bare = unmarked(tidy)
    return (tidy, rule) if bare == tidy else (bare, "text_mark")


def unmarked(tidy: str) -> str:
    """Return a text without the marks that made a spreadsheet take it for text."""
    marked = _IS_MARKED.match(tidy)
    return (marked[1] or marked[2] or "").strip() if marked else tidy


def _narrow(text: str) -> tuple[str, str]:
    if text.isascii() and "\x00" not in text:
        tidy = text.strip()
        return tidy, "" if tidy == text else "blank_padding"
    visible = _INVISIBLE.sub("", text)
    narrow = unicodedata.normalize("NFKC", visible)
    if narrow != visible.translate(_PLAIN):
        return narrow.strip(), "full_width"
    tidy = narrow.strip()
    return tidy, "" if tidy == text else "blank_padding"


def nothing(tidy: str) -> Reading | None:
    """Return the reading of a text that says "nothing" or holds a spreadsheet's error, else None."""
    if not tidy:
        return Reading(None, (("blank_padding", "repaired"),))
    upper = tidy.upper()
    if upper in MISSING:
        return Reading(None, (("missing_token", "flagged"),))
    if upper in EXCEL_ERRORS:
        return Reading(None, (("excel_error", "nulled"),))
    return None


def says_nothing(texts: pa.Array) -> np.ndarray:
    """Return which cells are a word for "nothing" or a spreadsheet's error as they stand, shape (N,)."""
    offsets, _ = layout(texts)
    short = np.flatnonzero(present(texts) & (np.diff(offsets) <= _LONGEST))
    found = np.zeros(len(texts), dtype=bool)
    if len(short):
        words = pc.utf8_upper(texts.take(pa.array(short)))
        found[short] = pc.is_in(words, value_set=_WORDS.cast(texts.type)).to_numpy(zero_copy_only=False)
    return found


def tidy_text(text: str, *, identifier: bool = False) -> tuple[str, str]:
    """Return a text as kept for reading, and the rule that says what changed.

    Full-width letters and digits become narrow; full-width punctuation is ordinary Chinese (（中国）) and stays, except
    in an identifier.
    """
    visible = _INVISIBLE.sub("", text)
    narrow = visible.translate(_NARROW if identifier else _NARROW_WORD)
    tidy = narrow.translate(_PLAIN).strip()
    if narrow != visible:
        return tidy, "full_width"
    return tidy, "" if tidy == text else "blank_padding"


def suspicious(texts: pa.Array, *, identifier: bool = False) -> np.ndarray:
    """Return which cells `tidy_text` may change, shape (N,).

    One pass over the bytes: all such characters begin with C2, E2, E3 or EF in UTF-8.
    """
    offsets, data = layout(texts)
    held = present(texts)
    found = np.zeros(len(texts), dtype=bool)
    if not len(data):
        return found
    last = len(data) - 1
    ends = (data[np.minimum(offsets[:-1], last)] <= 0x20) | (data[np.maximum(offsets[1:], 1) - 1] <= 0x20)
    found |= ends
    strays = []
    for start in range(int(offsets[0]), len(data), _BLOCK):
        block = data[start : start + _BLOCK]
        # a byte below 0x80 or from E4 to E9 (common Chinese characters) begins nothing that is looked for
        places = np.flatnonzero((block == 0xEF) | (block == 0xE3) | (block == 0xE2) | (block == 0xC2))
        strays.append(_stray(data, places + start, identifier=identifier))
    places = np.concatenate(strays) if strays else np.empty(0, dtype=np.int64)
    found[np.searchsorted(offsets, places.astype(offsets.dtype), side="right") - 1] = True
    return found & held


def _stray(data: np.ndarray, places: np.ndarray, *, identifier: bool) -> np.ndarray:
    """Return the `places` at which one of the looked-for characters begins."""
    lead = data[places]
    second = data[np.minimum(places + 1, len(data) - 1)]
    third = data[np.minimum(places + 2, len(data) - 1)]
    wide = (second == 0xBC) | (second == 0xBD)
    if not identifier:
        # U+FF10 to U+FF19 and the letters; full-width punctuation stands in many names and stays
        wide = (second == 0xBC) & (((third >= 0x90) & (third <= 0x99)) | ((third >= 0xA1) & (third <= 0xBA)))
        wide |= (second == 0xBD) & (third >= 0x81) & (third <= 0x9A)
    stray = (lead == 0xEF) & (wide | (second == 0xBB))
    stray |= (lead == 0xE3) & (second == 0x80) & (third == 0x80)
    stray |= (lead == 0xE2) & ((second == 0x80) | (second == 0x81)) & (third <= 0xAF)
    stray |= (lead == 0xC2) & ((second == 0xA0) | (second == 0xAD))
    return places[stray]


def parse_text(texts: pa.Array, column: Column) -> Parsed:
    """Read free text: a word for "nothing" is missing; blanks around it, full-width letters and digits are mended."""

    def read(text: str) -> Reading:
        tidy, rule = tidy_text(text)
        return nothing(normalise(tidy)[0]) or Reading(tidy, ((rule, "repaired"),) if rule else ())

    return replace(texts, suspicious(texts) | says_nothing(texts), read)


def replace(texts: pa.Array, rows: np.ndarray, read: Callable[[str], Reading]) -> Parsed:
    """Return the texts, of which those in a boolean mask `rows` are read by `read` (text -> Reading)."""
    if not rows.any():
        return Parsed(strings(texts), findings())
    distinct = read_distinct(texts, read, rows)
    new = distinct.as_text().cast(texts.type)
    return Parsed(strings(pc.replace_with_mask(texts, pa.array(rows), new)), distinct.findings())
