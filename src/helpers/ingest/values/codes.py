"""Codes: unified social credit codes, application numbers, codes with a pattern, pseudonyms; cells in, codes out.

A code is a key, so a damaged one is never completed: what a spreadsheet cut off or rounded away is left out and listed.
"""

import re
from collections.abc import Callable
from operator import mul

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.codebook import Column, uscc
from helpers.ingest.values.cells import Parsed, Reading, findings, layout, present, strings, together
from helpers.ingest.values.text import (
    BLANKS,
    TEXT_MARK,
    normalise,
    nothing,
    replace,
    says_nothing,
    suspicious,
    tidy_text,
    unmarked,
)

APPLICATION_NO = r"^(?:(?:19|20)\d{2}[12389]\d{7}|(?:8[5-9]|9\d|0[0-3])[1238]\d{5})[\dX]?(?:[ABCSUY]\d?)?$"
"""A Chinese application number without prefix and dots: year, type digit, serial, and if stated the check digit and the
kind of publication. Until September 2003 the year has two digits and the serial five."""

_PREFIXED = r"\A(?:(?:CN|ZL)+(?:19|20)\d{2}[12389]\d{7}(?:\.?[\dX])?|(?:19|20)\d{2}[12389]\d{7}\.[\dX])\z"
_IS_APPLICATION_NO = re.compile(APPLICATION_NO, re.ASCII)
_APPLICATION_COLUMN = "application_no"
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d{1,3}", re.ASCII | re.IGNORECASE)
_FLOAT = re.compile(r"(\d+)\.0+", re.ASCII)
_ALL_DIGITS = 15
"""A spreadsheet keeps so many digits of a number; from the next one on it writes zeros."""

_DAMAGES = ("1.23E+10", "12345.0", "NULL", "'1234")
_FORBIDDEN = frozenset("IOSVZ")
_CONFUSED = str.maketrans("OI", "01")
_FILLING = re.compile(r"[\s\-‐‑‒–—−·.]")
_WIDEST = 20
_VALUE = {letter: value for value, letter in enumerate(uscc.ALPHABET)}
_MARKS = np.zeros(256, dtype=bool)
_MARKS[np.frombuffer(b"'\"=`", dtype=np.uint8)] = True
_WEIGHTS = (*uscc.WEIGHTS, 1)

_UNPARSEABLE = Reading(None, (("unparseable", "nulled"),))
_DAMAGED = Reading(None, (("scientific_notation", "nulled"),))


def parse_uscc(texts: pa.Array) -> Parsed:
    """Read unified social credit codes; a wrong check digit is flagged, a damaged code left out."""
    well_formed, right = uscc.inspect(texts)
    rounded = well_formed & _ends_in_zeros(texts)
    irregular = present(texts) & (~well_formed | rounded)
    wrong = np.flatnonzero(well_formed & ~right & ~rounded)
    wrong_texts = texts.take(pa.array(wrong))
    flagged = findings(wrong, wrong_texts, "bad_check_digit", "flagged", wrong_texts)
    if not irregular.any():
        return Parsed(strings(texts), flagged)
    texts, places, about = _mend_uscc(texts, np.flatnonzero(irregular))
    irregular[places] = False
    mended = replace(texts, irregular, _read_uscc)
    return Parsed(mended.values, together(flagged, about, mended.findings))


def _mend_uscc(texts: pa.Array, among: np.ndarray) -> tuple[pa.Array, np.ndarray, pd.DataFrame]:
    """Mend codes that only width, case, or blanks and marks around them keep from being right, in one go.

    Returns
    -------
    texts : Array, shape (N,)
        With these codes mended.
    places : ndarray of int64, shape (M,)
        Where they stand.
    findings : DataFrame
    """
    some = texts.take(pa.array(among))
    narrow = pc.utf8_normalize(some, form="NFKC")
    tidy = pc.utf8_trim_whitespace(narrow)
    bare = pc.utf8_trim_whitespace(pc.replace_substring_regex(tidy, TEXT_MARK, r"\1\2"))
    codes = pc.utf8_upper(bare)
    fits = uscc.inspect(codes)[1] & ~_ends_in_zeros(codes)
    chosen = pa.array(fits)
    some, narrow, tidy, bare, codes = (each.filter(chosen) for each in (some, narrow, tidy, bare, codes))
    is_wide = pc.not_equal(pc.replace_substring_regex(some, f"[{''.join(map(chr, BLANKS))}]", " "), narrow)
    is_padded = pc.not_equal(tidy, some)
    rules = pc.if_else(is_wide, "full_width", pc.if_else(is_padded, "blank_padding", "letter_case"))
    rules = pc.if_else(pc.not_equal(bare, tidy), "text_mark", rules)
    places = among[fits]
    is_mended = np.zeros(len(texts), dtype=bool)
    is_mended[places] = True
    return (
        pc.replace_with_mask(texts, pa.array(is_mended), codes),
        places,
        findings(places, some, rules, "repaired", codes),
    )


def parse_code(texts: pa.Array, column: Column, *, pad: int | None = None) -> Parsed:
    """Read codes against the column's pattern; without one only blanks and full-width characters are mended.

    Parameters
    ----------
    texts : Array, shape (N,)
    column : Column
    pad : int, optional
        Width to which numeric codes are filled up with zeros.
    """
    if column.name == _APPLICATION_COLUMN:
        return _parse_application_no(texts)
    if column.pattern:
        pattern = re.compile(column.pattern)
        return _parse_pattern(texts, column.pattern, lambda text: _read_code(text, pattern, pad))
    irregular = suspicious(texts, identifier=True) | _may_be_damaged(texts)
    return replace(texts, irregular, _read_identifier)


def _parse_application_no(texts: pa.Array) -> Parsed:
    """Read application numbers; those like CN202010855361.2 in one go, because whole files are written so."""
    irregular = _irregular(texts, APPLICATION_NO)
    among = np.flatnonzero(irregular)
    some = texts.take(pa.array(among))
    fits = pc.match_substring_regex(some, _PREFIXED)
    found = some.filter(fits)
    bare = pc.replace_substring(pc.replace_substring_regex(found, "^(?:CN|ZL)+", ""), ".", "")
    places = among[fits.to_numpy(zero_copy_only=False)]
    is_prefixed = np.zeros(len(texts), dtype=bool)
    is_prefixed[places] = True
    parsed = replace(
        pc.replace_with_mask(texts, pa.array(is_prefixed), bare), irregular & ~is_prefixed, _read_application_no
    )
    return Parsed(parsed.values, together(findings(places, found, "code_format", "repaired", bare), parsed.findings))


def _parse_pattern(texts: pa.Array, pattern: str, read: Callable[[str], Reading]) -> Parsed:
    try:
        irregular = _irregular(texts, pattern)
    except pa.ArrowInvalid:
        # Arrow's regular expressions know no lookarounds; then each distinct text is read
        return replace(texts, present(texts), read)
    return replace(texts, irregular, read)


def _irregular(texts: pa.Array, pattern: str) -> np.ndarray:
    fits = pc.fill_null(pc.match_substring_regex(texts, _anchored(pattern)), False).to_numpy(zero_copy_only=False)
    # a pattern of \S lets full-width characters and damaged codes pass
    is_loose = any(re.fullmatch(pattern, damage) for damage in _DAMAGES)
    seen = suspicious(texts, identifier=True) | (_may_be_damaged(texts) if is_loose else False)
    return present(texts) & (~fits | seen)


def _anchored(pattern: str) -> str:
    return rf"\A(?:{pattern.removeprefix('^').removesuffix('$')})\z"


def _ends_in_zeros(texts: pa.Array) -> np.ndarray:
    """Return which codes are all digits with 000 at the end, as a spreadsheet leaves them after 15 digits."""
    ends = pc.fill_null(pc.ends_with(texts, "000"), False).to_numpy(zero_copy_only=False).copy()
    few = np.flatnonzero(ends)
    digits = pc.string_is_ascii(texts.take(pa.array(few))), pc.utf8_is_digit(texts.take(pa.array(few)))
    ends[few] = pc.and_(*digits).to_numpy(zero_copy_only=False)
    return ends


def _may_be_damaged(texts: pa.Array) -> np.ndarray:
    """Return which identifiers may say "nothing", bear a text mark or have been a number, shape (N,)."""
    offsets, data = layout(texts)
    found = pc.fill_null(pc.match_substring(texts, "E+", ignore_case=True), False).to_numpy(zero_copy_only=False)
    found = found | says_nothing(texts)
    long = np.flatnonzero(present(texts) & (np.diff(offsets) > 1))
    first, last = offsets[:-1][long], offsets[1:][long] - 1
    found[long] |= _MARKS[data[first]] | (data[first + 1] == ord("."))
    found[long] |= (data[last] == ord("0")) & (data[last - 1] == ord("."))
    return found


def _read_uscc(text: str) -> Reading:
    tidy, rule = normalise(text)
    empty = nothing(tidy)
    if empty:
        return empty
    if _SCIENTIFIC.fullmatch(tidy) or _FLOAT.fullmatch(tidy):
        return _DAMAGED
    whole = re.sub(r"\.0+$", "", tidy)
    if whole != tidy and _is_right(whole.upper()):
        return Reading(whole.upper(), (("integer_as_decimal", "repaired"),))
    code = _FILLING.sub("", tidy)
    if code != tidy:
        rule = "code_format"
    if code.upper() != code:
        rule = rule or "letter_case"
        code = code.upper()
    if len(code) != uscc.LENGTH or not code.isascii() or not code.isalnum():
        return _UNPARSEABLE
    if _FORBIDDEN.intersection(code):
        code = code.translate(_CONFUSED)
        rule = "confusable_character"
        if not _is_right(code):
            return _UNPARSEABLE
    is_right = _is_right(code)
    flags = ()
    if code.isdigit() and code.endswith("000"):
        if not is_right:
            return _DAMAGED
        # one damaged code in 31 has a right check digit by chance
        flags = (("scientific_notation", "flagged"),)
    elif not is_right:
        flags = (("bad_check_digit", "flagged"),)
    return Reading(code, (*(((rule, "repaired"),) if rule else ()), *flags))


def _is_right(code: str) -> bool:
    """Tell whether 18 characters are a code with the right check digit.

    `uscc.check_digit_ok` works on whole columns: for a single code it takes fifty times as long.
    """
    values = [_VALUE.get(letter) for letter in code]
    return None not in values and sum(map(mul, values, _WEIGHTS)) % 31 == 0


def _read_application_no(text: str) -> Reading:
    tidy, rule = normalise(text)
    empty = nothing(tidy)
    if empty:
        return empty
    if _SCIENTIFIC.fullmatch(tidy):
        return _DAMAGED
    is_float = _FLOAT.fullmatch(tidy)
    number = is_float[1] if is_float and len(is_float[1]) > 12 else _FILLING.sub("", tidy).upper()
    number = re.sub(r"^(?:CN|ZL)+", "", number)
    if number != tidy:
        rule = "letter_case" if number == tidy.upper() else "code_format"
    if not _IS_APPLICATION_NO.fullmatch(number):
        return _UNPARSEABLE
    return Reading(number, ((rule, "repaired"),) if rule else ())


def _read_code(text: str, pattern: re.Pattern, pad: int | None) -> Reading:
    tidy, rule = normalise(text)
    empty = nothing(tidy)
    if empty:
        return empty
    if _SCIENTIFIC.fullmatch(tidy):
        return _DAMAGED
    is_float = _FLOAT.fullmatch(tidy)
    if is_float and len(is_float[1]) > _ALL_DIGITS:
        return _DAMAGED
    if pattern.fullmatch(tidy) and not is_float:
        return Reading(tidy, ((rule, "repaired"),) if rule else ())
    if is_float:
        forms = [(is_float[1], "integer_as_decimal")]
    else:
        # the smallest change first: hyphens and dots may belong to the code
        close, bare = "".join(tidy.split()), _FILLING.sub("", tidy)
        forms = [(tidy.upper(), "letter_case")]
        forms += [(form, "code_format") for form in (close, close.upper(), bare, bare.upper())]
    for form, change in forms:
        if pattern.fullmatch(form):
            return Reading(form, ((change, "repaired"),))
    digits = forms[0][0]
    if digits.isascii() and digits.isdigit():
        if pad and pattern.fullmatch(digits.zfill(pad)):
            return Reading(digits.zfill(pad), (("lost_leading_zeros", "repaired"),))
        if any(pattern.fullmatch(digits.zfill(width)) for width in range(len(digits) + 1, _WIDEST)):
            return Reading(None, (("lost_leading_zeros", "nulled"),))
    return _UNPARSEABLE


def _read_identifier(text: str) -> Reading:
    tidy, rule = tidy_text(text, identifier=True)
    bare = unmarked(tidy)
    if bare != tidy:
        tidy, rule = bare, "text_mark"
    empty = nothing(tidy)
    if empty:
        return empty
    # 9E17 may be a code
    if _SCIENTIFIC.fullmatch(tidy) and ("+" in tidy or "." in tidy):
        return _DAMAGED
    is_float = _FLOAT.fullmatch(tidy)
    # no program writes a number with a zero in front
    if is_float and not tidy.startswith("0"):
        is_whole = len(is_float[1]) <= _ALL_DIGITS
        return Reading(is_float[1], (("integer_as_decimal", "repaired"),)) if is_whole else _DAMAGED
    return Reading(tidy, ((rule, "repaired"),) if rule else ())
