"""Numbers: thousands separators, units of money in header or cell, percent signs, brackets; cells in, numbers out."""

import re
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.codebook import Column
from helpers.ingest.values.cells import (
    Parsed,
    Reading,
    findings,
    kinds_of_bytes,
    layout,
    present,
    read_distinct,
    together,
    without,
)
from helpers.ingest.values.text import normalise, nothing
from helpers.ingest.values.units import factor_of_cell, factor_of_header

_MINUS = str.maketrans("−–﹣", "---")
_NUMBER = re.compile(
    r"(?P<about>约为?|大约|大概|≈)?\s*(?P<currency>¥|人民币|RMB|CNY)?\s*(?P<open>\()?(?P<sign>[-+])?"
    r"(?P<digits>(?P<grouped>\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+)(?:\.\d+)?|\d+\.?\d*|\.\d+)"
    r"(?P<exponent>[eE][-+]?\d{1,3})?(?P<close>\))?\s*"
    r"(?P<unit>\([^()\d]{1,6}\)|(?!左右|上下)[^()\d\s.,+-]{1,6}?)?(?P<roughly>\s*(?:左右|上下))?",
    re.ASCII,
)
_GROUPED = r"^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"
_GROUPED_INTEGER = r"^-?\d{1,3}(?:,\d{3}){1,5}$"
_MANY = 10_000
_DIGIT, _POINT, _MINUS_SIGN, _OTHER = 1, 2, 4, 8
_KINDS = np.full(256, _OTHER, dtype=np.uint8)
_KINDS[np.frombuffer(b"0123456789", dtype=np.uint8)] = _DIGIT
_KINDS[ord(".")], _KINDS[ord("-")] = _POINT, _MINUS_SIGN


def parse_number(texts: pa.Array, column: Column, unit: str | None) -> Parsed:
    """Read an integer (`Int64`) or decimal (`float64`) column in the codebook's unit.

    Parameters
    ----------
    texts : Array, shape (N,)
    column : Column
    unit : str or None
        Unit that the header states; a cell's own unit wins over it.
    """
    is_integer = column.type == "integer"
    factor, about_header = factor_of_header(unit, column.unit, whole=is_integer)
    if factor is None:
        return Parsed(_series(np.zeros(len(texts)), np.ones(len(texts), dtype=bool), column), about_header)
    numbers, irregular = _cast(texts, pa.int64() if is_integer else pa.float64())
    missing = ~present(texts) | irregular
    # numpy shows Arrow's own memory read-only
    values = pc.fill_null(numbers, 0).to_numpy(zero_copy_only=False)
    values = _scaled(values, factor) if factor != 1 else values.copy()
    if not is_integer:
        # a number too large for a float is no number, and minus zero is zero
        irregular |= ~np.isfinite(values)
        missing |= irregular
        values += 0.0
    if not irregular.any():
        return Parsed(_series(values, missing, column), about_header)
    grouped, of_grouped, about_grouped = _grouped(texts, irregular, column, factor)
    values[grouped], missing[grouped] = of_grouped, False
    irregular[grouped] = False
    left = read_distinct(texts, lambda text: _read(text, column, factor), irregular)
    values[left.rows] = left.values(values.dtype, missing=0)
    missing[left.rows] = left.is_missing()
    return Parsed(_series(values, missing, column), together(about_header, about_grouped, left.findings(show_number)))


def show_number(value: float | int) -> str:
    """Return a number as text without an exponent: 12, 1234567.89."""
    return str(value) if isinstance(value, int) else np.format_float_positional(value, trim="-")


def _series(values: np.ndarray, missing: np.ndarray, column: Column) -> pd.Series:
    if column.type == "integer":
        return pd.Series(pd.arrays.IntegerArray(values.astype(np.int64, copy=False), missing))
    values[missing] = np.nan
    return pd.Series(values)


def _cast(texts: pa.Array, kind: pa.DataType) -> tuple[pa.Array, np.ndarray]:
    """Return the plain numbers, null where a cell is not one, and a mask of the cells left to be read."""
    is_integer = pa.types.is_integer(kind)
    if not _holds_any(texts, b"xX" if is_integer else b"EnN"):
        try:
            return texts.cast(kind), np.zeros(len(texts), dtype=bool)
        except pa.ArrowInvalid:
            pass
    strange = _OTHER | (_POINT if is_integer else 0)
    kinds = kinds_of_bytes(texts, _KINDS)
    irregular = ((kinds & strange) > 0) | ((kinds & _DIGIT) == 0)
    try:
        return without(texts, irregular).cast(kind), irregular & present(texts)
    except pa.ArrowInvalid:
        # a plain shape of up to 18 digits always casts
        shape = r"^-?\d{1,18}$" if is_integer else r"^-?(\d+\.?\d*|\.\d+)$"
        plain = pc.fill_null(pc.match_substring_regex(texts, shape), False).to_numpy(zero_copy_only=False)
        return without(texts, ~plain).cast(kind), ~plain & present(texts)


def _grouped(texts: pa.Array, rows: np.ndarray, column: Column, factor: Fraction) -> tuple:
    """Read the cells among `rows` whose only fault is a thousands separator in one go, when there are many.

    Returns
    -------
    places : ndarray of int64, shape (M,)
    values : ndarray, shape (M,)
    findings : DataFrame
    """
    shape = _GROUPED_INTEGER if column.type == "integer" else _GROUPED
    if rows.sum() < _MANY:
        return np.empty(0, dtype=np.int64), 0, findings()
    among = np.flatnonzero(rows)
    some = texts.take(pa.array(among))
    fits = pc.match_substring_regex(some, shape)
    found = some.filter(fits)
    plain = pc.replace_substring(found, ",", "")
    kind = pa.int64() if column.type == "integer" else pa.float64()
    values = _scaled(plain.cast(kind).to_numpy(zero_copy_only=False), factor)
    fits = fits.to_numpy(zero_copy_only=False).copy()
    if column.type != "integer":
        finite = np.isfinite(values)
        fits[fits] = finite
        found, values = found.filter(pa.array(finite)), values[finite] + 0.0
    places = among[fits]
    return places, values, findings(places, found, "thousands_separator", "repaired", _shown(values))


def _shown(values: np.ndarray) -> pa.Array:
    """Return many numbers as `show_number` writes them; Arrow alone would write 1e+10."""
    texts = pa.array(values).cast(pa.string())
    powers = pc.match_substring(texts, "e")
    few = [show_number(value) for value in values[powers.to_numpy(zero_copy_only=False)].tolist()]
    return pc.replace_with_mask(texts, powers, pa.array(few, type=pa.string()))


def _holds_any(texts: pa.Array, letters: bytes) -> bool:
    """Whether one of the letters stands anywhere: Arrow would take 0x10, 1E+05 and nan for ordinary numbers."""
    _, data = layout(texts)
    return any(bool((data == letter).any()) for letter in letters)


def _scaled(values: np.ndarray | float, factor: Fraction) -> np.ndarray:
    # one rounding only: a power of ten above 1 multiplies, below 1 divides
    with np.errstate(over="ignore"):
        many = values * factor.numerator
        return many if factor.denominator == 1 else many / factor.denominator


def _read(text: str, column: Column, header: Fraction) -> Reading:
    """Read one irregular text; `header` is the factor of a cell without a unit of its own."""
    tidy, rule = normalise(text)
    empty = nothing(tidy)
    if empty:
        return empty
    unparseable = Reading(None, (("unparseable", "nulled"),))
    match = _NUMBER.fullmatch(tidy.translate(_MINUS))
    if not match or bool(match["open"]) != bool(match["close"]) or (match["open"] and match["sign"]):
        return unparseable
    if match["open"] and column.minimum is not None and column.minimum >= 0:
        # a bracket is an accountant's minus, which cannot be meant here
        return unparseable
    factor, flags = header, []
    if tidy.translate(_MINUS) != tidy:
        rule = "minus_sign"
    if match["currency"]:
        rule = "currency_sign"
    if match["grouped"]:
        rule = "thousands_separator"
    if match["open"]:
        rule = "bracket_negative"
    if match["unit"]:
        known = factor_of_cell(match["unit"].strip("()"), column.unit)
        if known is None:
            return unparseable
        factor, rule = known
    if (match["exponent"] or "").startswith("E"):
        # a spreadsheet shows 123456 as 1.23E+05; 1e-05 is how a program writes the full number
        flags.append(("scientific_notation", "flagged"))
    if match["about"] or match["roughly"]:
        flags.append(("approximate_number", "flagged"))
    digits = match["digits"].replace(",", "").replace(" ", "") + (match["exponent"] or "")
    is_negative = match["open"] or match["sign"] == "-"
    if column.type == "integer":
        # exact, so that 1.99999999999999999 is not taken for 2
        exact = Fraction(digits) * factor
        if exact.denominator != 1 or abs(exact) >= 2**53:
            return unparseable
        if "." in digits and factor == header and not match["unit"]:
            rule = "integer_as_decimal"
        value = -int(exact) if is_negative else int(exact)
    else:
        value = float(_scaled(-float(digits) if is_negative else float(digits), factor)) + 0.0
        if not np.isfinite(value):
            return unparseable
    return Reading(value, (*(((rule, "repaired"),) if rule else ()), *flags))
