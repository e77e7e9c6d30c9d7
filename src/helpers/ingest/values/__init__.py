"""Values of one column: texts as an office wrote them in, typed values and a list of everything found out.

Nothing is guessed: a text that can mean two things is left out and listed, and so is each text that was mended.
`cells` is what all types share; `text`, `numbers` (with `units`), `dates`, `codes` and `categories` read one kind each.
"""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.codebook import Column
from helpers.ingest.values import categories, codes, dates, numbers, text
from helpers.ingest.values.categories import says_has
from helpers.ingest.values.cells import WHOLE_COLUMN, Parsed, as_array, strings

__all__ = ["WHOLE_COLUMN", "Parsed", "missing", "parse_column", "says_has"]


def parse_column(
    texts: pa.Array | pa.ChunkedArray,
    column: Column,
    *,
    unit: str | None = None,
    extract_on: date | None = None,
    pad: int | None = None,
    has_words: bool | None = None,
) -> Parsed:
    """Read the texts of one column as the codebook types it.

    Parameters
    ----------
    texts : Array or ChunkedArray of string, shape (N,)
        Cells as found; null and "" are missing.
    column : Column
        Type, unit, pattern and allowed values.
    unit : str, optional
        Unit that the header states (元, 千元, %); a cell's own unit wins.
    extract_on : date, optional
        Day on which the data were drawn; a later date is flagged (`date_after_extract`), except in columns that look
        ahead (`dates.LOOKS_AHEAD`).
    pad : int, optional
        Width to which numeric codes are filled up with leading zeros; only where a person declared that a spreadsheet
        stripped them. Without it such a code is left out.
    has_words : bool, optional
        Of a part of a column of yes and no: whether 有 stands anywhere in the column; found out when left out.

    Returns
    -------
    Parsed
        `values` in order, and `findings`: one row a cell and rule. A finding about the header has position -1.

    Notes
    -----
    Rules and what is done:

    - repaired: `blank_padding`, `full_width`, `text_mark` (an apostrophe in front, `="…"`), `letter_case`,
      `code_format`, `confusable_character`, `minus_sign`, `currency_sign`, `thousands_separator`, `bracket_negative`,
      `percent_sign`, `unit_in_cell`, `integer_as_decimal`, `boolean_format`, `date_format`, `excel_serial_date`,
      `time_dropped`, `category_synonym`, `list_separator`, `lost_leading_zeros` (with `pad`)
    - flagged: `missing_token`, `approximate_number`, `scientific_notation` (numbers), `date_precision_month`,
      `date_precision_day` (a time is wanted), `open_ended` (至今, 长期), `date_after_extract`, `bad_check_digit`,
      `unknown_category` (of a set of which other members are known)
    - nulled: `unparseable`, `excel_error`, `ambiguous_date`, `date_precision_year`, `implausible_date`,
      `scientific_notation` (codes), `lost_leading_zeros`, `unknown_category`, `unknown_unit`
    - reported, once for the column: `unit_from_header`

    A repaired cell has one repair, the most specific one, and may be flagged as well.
    """
    cells = as_array(texts)
    match column.type:
        case "text":
            return text.parse_text(cells, column)
        case "uscc":
            return codes.parse_uscc(cells)
        case "code" | "person_id":
            return codes.parse_code(cells, column, pad=pad)
        case "integer" | "decimal":
            return numbers.parse_number(cells, column, unit)
        case "date" | "datetime":
            return dates.parse_date(cells, column, extract_on=extract_on)
        case "year":
            return dates.parse_year(cells)
        case "boolean":
            return categories.parse_boolean(cells, has_words=has_words)
        case "category" | "ordered":
            return categories.parse_category(cells, column)
        case "set":
            return categories.parse_set(cells, column)
        case "list":
            return categories.parse_list(cells)
    raise ValueError(f"{column.table}.{column.name}: no reader for the type '{column.type}'")


def missing(column: Column, length: int) -> pd.Series:
    """Return a column without any value in the type that `parse_column` gives it, shape (length,)."""
    match column.type:
        case "integer" | "year":
            return pd.Series(pd.arrays.IntegerArray(np.zeros(length, dtype=np.int64), np.ones(length, dtype=bool)))
        case "decimal":
            return pd.Series(np.full(length, np.nan))
        case "date" | "datetime":
            return pd.Series(np.full(length, np.datetime64("NaT", "D"), dtype="datetime64[us]"))
        case "boolean":
            return pd.Series(pd.arrays.BooleanArray(np.zeros(length, dtype=bool), np.ones(length, dtype=bool)))
        case "category" | "ordered":
            codes, allowed = np.full(length, -1, dtype=np.int8), pd.Index(column.allowed, dtype="str")
            return pd.Series(pd.Categorical.from_codes(codes, allowed, ordered=column.type == "ordered"))
    return strings(pa.nulls(length, pa.large_string()))
