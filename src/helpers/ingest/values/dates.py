"""Dates: Chinese, slashed, dotted and compact forms, spreadsheet serial numbers; cells in, dates with their precision.

Written out instead of left to a date library: those fill gaps from today's date and read 7/10/2023 either way.
"""

import re
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.codebook import Column
from helpers.ingest.values.cells import Parsed, Reading, findings, layout, present, read_distinct, together, without
from helpers.ingest.values.text import normalise, nothing

FIRST_YEAR, LAST_YEAR = 1901, 2099
"""Years outside are no dates of this study (1900-01-00 and 9999-12-31 are a spreadsheet's and a database's blanks)."""

SERIALS = (32874, 49674)
"""Spreadsheet serial numbers of 1990-01-01 and 2035-12-31; others are not taken for dates."""

LOOKS_AHEAD = frozenset(["valid_to", "term_ends_on"])
"""Columns whose dates may lie after the extract."""

_EPOCH = datetime(1899, 12, 30)
_SECOND = r"(?P<second>\d{1,2})(?:\.(?P<part>\d{1,9}))?秒?"
_TIME = rf"(?P<hour>\d{{1,2}})(?::|时|点)(?:(?P<minute>\d{{1,2}})(?:(?::|分)(?:{_SECOND})?)?)?"
_WEEKDAY = r"(?:\s*\(?(?:星期|周)[一二三四五六日天]\)?)?"
_DAY = re.compile(
    r"(?P<year>\d{4})(?:-(?P<m1>\d{1,2})-(?P<d1>\d{1,2})|/(?P<m2>\d{1,2})/(?P<d2>\d{1,2})|\.(?P<m3>\d{1,2})\.(?P<d3>\d{1,2})"
    r"|\s*年\s*(?P<m4>\d{1,2})\s*月\s*(?P<d4>\d{1,2})\s*[日号]?|(?P<m5>\d{2})(?P<d5>\d{2})(?:\.0+)?)"
    + _WEEKDAY
    + r"(?:(?:T|\s*)"
    + _TIME
    + r"(?:\s*\+08:?00)?)?",
    re.ASCII,
)
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]00:00(?::00(?:\.0+)?)?)?", re.ASCII)
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?", re.ASCII)
# what these match, Arrow casts for certain; 29 February is left to be read
_CASTS_DAY = (
    r"^(?:190[1-9]|19[1-9]\d|20\d\d)-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    r"|(?:0[13578]|1[02])-31)$"
)
_CASTS_TIME = _CASTS_DAY[:-1] + r"[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?$"
_CASTS_SLASHED = (
    r"^(?:190[1-9]|19[1-9]\d|20\d\d)/(?:(?:0?[1-9]|1[0-2])/(?:0?[1-9]|1\d|2[0-8])|(?:0?[13-9]|1[0-2])/(?:29|30)"
    r"|(?:0?[13578]|1[02])/31) (?:[01]?\d|2[0-3]):[0-5]\d"
)
_MANY = 10_000
_MONTH = re.compile(r"(\d{4})(?:\s*年\s*(\d{1,2})\s*月份?|[-/](\d{1,2})|\.(\d{1,2})|(\d{2}))", re.ASCII)
_YEAR = re.compile(r"(\d{4})\s*(?:年度?)?(?:\.0+)?", re.ASCII)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
_SHORT = re.compile(r"\d{1,2}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,4}\s*日?.*|\d{6}|\d{2}年\d{1,2}月", re.ASCII)

_OPEN_ENDED = frozenset(["至今", "今", "长期", "长期有效", "永久", "永久有效", "无固定期限", "无期限"])

_UNPARSEABLE = Reading(None, (("unparseable", "nulled"),))
_AMBIGUOUS = Reading(None, (("ambiguous_date", "nulled"),))
_IMPLAUSIBLE = Reading(None, (("implausible_date", "nulled"),))


def parse_date(texts: pa.Array, column: Column, *, extract_on: date | None = None) -> Parsed:
    """Read a date or datetime column as `datetime64[us]`."""
    has_time = column.type == "datetime"
    values, irregular = _iso(texts, has_time=has_time)
    found = findings()
    if has_time and irregular.sum() >= _MANY:
        places, moments, found = _slashed(texts, irregular)
        values[places], irregular[places] = moments, False
    if irregular.any():
        distinct = read_distinct(texts, lambda text: read_date(text, has_time=has_time), irregular)
        values[distinct.rows] = distinct.values("datetime64[us]", missing=np.datetime64("NaT", "us"))
        found = together(found, distinct.findings(lambda value: _show(value, has_time=has_time)))
    if extract_on is not None and column.name not in LOOKS_AHEAD:
        found = together(found, _after(values, texts, extract_on, has_time=has_time))
    return Parsed(pd.Series(values), found)


def parse_year(texts: pa.Array) -> Parsed:
    """Read a year column as `Int64`."""
    try:
        years = texts.cast(pa.int64())
        limits = pc.min_max(years).as_py()
        is_plain = limits["min"] is None or (limits["min"] >= FIRST_YEAR and limits["max"] <= LAST_YEAR)
    except pa.ArrowInvalid:
        is_plain = False
    if is_plain:
        values = pc.fill_null(years, 0).to_numpy(zero_copy_only=False)
        return Parsed(pd.Series(pd.arrays.IntegerArray(values.copy(), ~present(texts))), findings())
    distinct = read_distinct(texts, _read_year)
    values = np.zeros(len(texts), dtype=np.int64)
    missing = np.ones(len(texts), dtype=bool)
    values[distinct.rows] = distinct.values(np.int64, missing=0)
    missing[distinct.rows] = distinct.is_missing()
    return Parsed(pd.Series(pd.arrays.IntegerArray(values, missing)), distinct.findings())


def read_date(text: str, *, has_time: bool) -> Reading:
    """Read one text as a day or, with `has_time`, as a moment."""
    tidy, rule = normalise(text)
    empty = nothing(tidy)
    if empty:
        return empty
    if tidy in _OPEN_ENDED:
        return Reading(None, (("open_ended", "flagged"),))
    match = _DAY.fullmatch(tidy)
    if match:
        return _read_day(match, tidy, rule, has_time=has_time)
    if _SERIAL.fullmatch(tidy):
        return _read_serial(float(tidy), has_time=has_time)
    year = _YEAR.fullmatch(tidy)
    if year:
        return Reading(None, (("date_precision_year", "nulled"),))
    match = _MONTH.fullmatch(tidy)
    if match:
        return _read_month(match, has_time=has_time)
    return _AMBIGUOUS if _SHORT.fullmatch(tidy) else _UNPARSEABLE


def _read_day(match: re.Match, tidy: str, rule: str, *, has_time: bool) -> Reading:
    month = next(match[name] for name in ("m1", "m2", "m3", "m4", "m5") if match[name])
    day = next(match[name] for name in ("d1", "d2", "d3", "d4", "d5") if match[name])
    part = (match["part"] or "").ljust(6, "0")[:6]
    try:
        value = datetime(
            int(match["year"]), int(month), int(day),
            int(match["hour"] or 0), int(match["minute"] or 0), int(match["second"] or 0), int(part),
        )  # fmt: skip
    except ValueError:
        return _UNPARSEABLE
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        return _IMPLAUSIBLE
    if has_time:
        flags = () if match["hour"] else (("date_precision_day", "flagged"),)
        if not (_ISO_TIME if match["hour"] else _ISO_DAY).fullmatch(tidy):
            rule = "date_format"
    else:
        midnight = datetime(value.year, value.month, value.day)
        flags = ()
        if value != midnight:
            rule = "time_dropped"
        elif not _ISO_DAY.fullmatch(tidy):
            rule = "date_format"
        value = midnight
    return Reading(value, (*(((rule, "repaired"),) if rule else ()), *flags))


def _read_serial(serial: float, *, has_time: bool) -> Reading:
    if not SERIALS[0] <= serial < SERIALS[1] + 1:
        return _UNPARSEABLE
    days, seconds = int(serial), round(serial % 1 * 86400)
    value = _EPOCH + timedelta(days=days, seconds=seconds if has_time else 0)
    flags = (("date_precision_day", "flagged"),) if has_time and serial == days else ()
    return Reading(value, (("excel_serial_date", "repaired"), *flags))


def _read_month(match: re.Match, *, has_time: bool) -> Reading:
    year, month = int(match[1]), next(int(part) for part in match.groups()[1:] if part)
    if match[4] == "1":
        # 2023.1 is January, or October after a spreadsheet took 2023.10 for a number
        return _AMBIGUOUS
    if match[5] and not _is_year_month(match[0]):
        return _AMBIGUOUS
    if not 1 <= month <= 12:
        return _UNPARSEABLE
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return _IMPLAUSIBLE
    value = None if has_time else datetime(year, month, 1)
    return Reading(value, (("date_precision_month", "nulled" if has_time else "flagged"),))


def _is_year_month(digits: str) -> bool:
    """Whether six digits can only be a year and a month: 202307 can, 201112 may be 12 November 2020."""
    try:
        datetime(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        return FIRST_YEAR <= int(digits[:4]) <= LAST_YEAR
    return False


def _read_year(text: str) -> Reading:
    tidy, rule = normalise(text)
    empty = nothing(tidy)
    if empty:
        return empty
    match = _YEAR.fullmatch(tidy)
    if match:
        year = int(match[1])
        if "年" in tidy:
            rule = "date_format"
        elif "." in tidy:
            rule = "integer_as_decimal"
    else:
        whole = read_date(text, has_time=False)
        if whole.value is None:
            return _AMBIGUOUS if re.fullmatch(r"\d{2}年?", tidy, re.ASCII) else whole
        year, rule = whole.value.year, "date_format"
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return _IMPLAUSIBLE
    return Reading(year, ((rule, "repaired"),) if rule else ())


def _iso(texts: pa.Array, *, has_time: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the dates that are plain ISO as `datetime64[us]`, and a mask of the cells left to be read."""
    lengths = pc.min_max(pc.binary_length(texts)).as_py()
    kind = pa.timestamp("us") if has_time or lengths["max"] != 10 else pa.date32()
    plain = present(texts)
    # a day alone in a column of moments must be seen, though Arrow takes it
    values = None if has_time and (lengths["min"] or 16) < 16 else _cast(texts, kind, has_time=has_time)
    if values is None and not has_time:
        dashed = _has_dashes(texts)
        values = _cast(without(texts, ~dashed), pa.date32(), has_time=False)
        plain = plain if values is None else dashed
    if values is None:
        shape = _CASTS_TIME if has_time else _CASTS_DAY
        plain = pc.fill_null(pc.match_substring_regex(texts, shape), False).to_numpy(zero_copy_only=False)
        values = without(texts, ~plain).cast(pa.timestamp("us") if has_time else pa.date32())
    moments = values.to_numpy(zero_copy_only=False).astype("datetime64[us]")
    return moments, present(texts) & ~plain


def _has_dashes(texts: pa.Array) -> np.ndarray:
    """Return which cells have ten bytes with a hyphen where an ISO date has one; far faster than a pattern."""
    offsets, data = layout(texts)
    found = present(texts) & (np.diff(offsets) == 10)
    starts = offsets[:-1][found]
    found[found] = (data[starts + 4] == ord("-")) & (data[starts + 7] == ord("-"))
    return found


def _cast(texts: pa.Array, kind: pa.DataType, *, has_time: bool) -> pa.Array | None:
    """Return the whole column cast, or None if a cell is not plain ISO, no plausible date, or a moment but no day."""
    try:
        values = texts.cast(kind)
    except pa.ArrowInvalid:
        return None
    limits = pc.min_max(values)
    first, last = (datetime(year, 1, 1) for year in (FIRST_YEAR, LAST_YEAR + 1))
    try:
        low, high = limits["min"].cast(pa.timestamp("us")).as_py(), limits["max"].cast(pa.timestamp("us")).as_py()
    except (OverflowError, ValueError):
        # before year 1 or after 9999
        return None
    if low is not None and (low < first or high >= last):
        return None
    if pa.types.is_timestamp(kind) and not has_time:
        days = values.cast(pa.date32())
        return days if pc.all(pc.equal(days.cast(kind), values), min_count=0).as_py() else None
    return values


def _slashed(texts: pa.Array, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Read the cells among `rows` of the form 2023/7/10 9:05, with or without seconds, in one go.

    Spreadsheets export moments so, and hardly two moments are alike.

    Returns
    -------
    places : ndarray of int64, shape (M,)
    values : ndarray of datetime64[us], shape (M,)
    findings : DataFrame
    """
    among = np.flatnonzero(rows)
    some = texts.take(pa.array(among))
    places, moments, tables = [], [], []
    for ending, form in (("$", "%Y/%m/%d %H:%M"), (r":[0-5]\d$", "%Y/%m/%d %H:%M:%S")):
        fits = pc.match_substring_regex(some, _CASTS_SLASHED + ending)
        found = some.filter(fits)
        read = pc.strptime(found, format=form, unit="s")
        places.append(among[fits.to_numpy(zero_copy_only=False)])
        moments.append(read.to_numpy(zero_copy_only=False).astype("datetime64[us]"))
        tables.append(findings(places[-1], found, "date_format", "repaired", read.cast(pa.string())))
    return np.concatenate(places), np.concatenate(moments), together(*tables)


def _after(values: np.ndarray, texts: pa.Array, extract_on: date, *, has_time: bool) -> pd.DataFrame:
    late = values >= np.datetime64(extract_on) + np.timedelta64(1, "D")
    rows = np.flatnonzero(late)
    if not len(rows):
        return findings()
    shown = [_show(value, has_time=has_time) for value in values[rows].astype(object)]
    return findings(rows, texts.take(pa.array(rows)), "date_after_extract", "flagged", shown)


def _show(value: datetime, *, has_time: bool) -> str:
    return value.isoformat(" ") if has_time else value.date().isoformat()
