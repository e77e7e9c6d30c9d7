"""The ledger: one row for each thing found in the files, whether mended, left out or only noticed."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.disclosure import HIDDEN_MARK, suppress

COLUMNS = ("table", "file", "sheet", "row", "column", "value", "rule", "action", "result")
COUNTS = ("table", "rows_read", "rows_kept", "set_aside", "cells_repaired", "cells_nulled", "cells_flagged")
SOURCES = ("table", "file", "sheet", "encoding", "header_row", "rows", "sha256")
# Few texts over and over: kept as numbers until the ledger is whole.
_NAMES = frozenset(("table", "file", "sheet", "column", "rule", "action"))
_NAME, _TEXT = pa.dictionary(pa.int32(), pa.large_string()), pa.large_string()
_SCHEMA = pa.schema([(name, pa.int64() if name == "row" else _NAME if name in _NAMES else _TEXT) for name in COLUMNS])


def entries(
    *,
    table: str,
    file: Sequence[str] | str,
    sheet: Sequence[str] | str,
    row: Sequence[int] | int,
    column: Sequence[str] | str = "",
    value: Sequence[str] | str = "",
    rule: Sequence[str] | str,
    action: Sequence[str] | str,
    result: Sequence[str] | str = "",
) -> pa.Table:
    """Return ledger rows, to be put `together`; single values are repeated to the length of the sequences."""
    values = (table, file, sheet, row, column, value, rule, action, result)
    cells = dict(zip(COLUMNS, values, strict=True))
    length = max((len(cell) for cell in cells.values() if not isinstance(cell, str | int)), default=1)
    return pa.table([_column(name, cell, length) for name, cell in cells.items()], schema=_SCHEMA)


def nothing() -> pa.Table:
    """Return a part of the ledger without rows."""
    return _SCHEMA.empty_table()


def together(parts: Iterable[pa.Table], tables: Sequence[str] = ()) -> pd.DataFrame:
    """Return all `parts` as one ledger, ordered by table, file, sheet, row, column and rule; each finding once.

    Parameters
    ----------
    parts : iterable of Table
        From `entries`.
    tables : sequence of str
        The order of the tables; rows about none of them come first.
    """
    whole = pa.concat_tables([_SCHEMA.empty_table(), *parts]).unify_dictionaries().combine_chunks()
    place = {name: number for number, name in enumerate(tables)}
    ranks = {name: _ranks(whole.column(name)) for name in ("table", "file", "sheet", "column", "rule")}
    ranks["row"] = whole.column("row").to_numpy()
    first = _codes(whole.column("table"), [place.get(name, -1) for name in _names(whole.column("table"))])
    by = ("table", "file", "sheet", "row", "column", "rule")
    order = np.lexsort([*(ranks[name] for name in reversed(by)), first])
    # Readers and checks may both notice the same thing about a cell; file-level facts are told apart by their value.
    again = np.ones(max(0, len(order) - 1), dtype=bool)
    for name in by:
        ordered = ranks[name][order]
        again &= ordered[1:] == ordered[:-1]
    is_reported = _codes(whole.column("action"), [name == "reported" for name in _names(whole.column("action"))])
    again &= ~is_reported[order][1:]
    kept = whole.take(pa.array(order[np.concatenate([np.ones(min(1, len(order)), dtype=bool), ~again])]))
    frame = pd.DataFrame({name: kept.column(name).cast(_TEXT).to_pandas() for name in COLUMNS if name != "row"})
    return frame.assign(row=kept.column("row").to_pandas().astype("Int64"))[list(COLUMNS)]


def counts(table: str, kept: int, set_aside: int, ledger: pd.DataFrame) -> dict[str, object]:
    """Return the row of `counts.csv` for one table; cells are counted once for each action."""
    mine = ledger[ledger["table"] == table]
    # The ledger is in order, so that only neighbours can be about the same cell.
    row = mine["row"].to_numpy(dtype=np.int64)
    near = np.zeros(len(row), dtype=bool)
    near[1:] |= row[1:] == row[:-1]
    near[:-1] |= row[1:] == row[:-1]
    several = mine[near].drop_duplicates(["file", "sheet", "row", "column", "action"])
    per_action = mine.loc[~near, "action"].value_counts().add(several["action"].value_counts(), fill_value=0)
    numbers = [int(per_action.get(action, 0)) for action in ("repaired", "nulled", "flagged")]
    return dict(zip(COUNTS, (table, kept + set_aside, kept, set_aside, *numbers), strict=True))


def shown(counts: pd.DataFrame, of_persons: pd.Series, *, minimum: int) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return `counts` fit to be shown to anyone, and the sums over all tables that may be shown beside them.

    Parameters
    ----------
    counts : DataFrame, shape (N, 7)
        Columns `COUNTS`, one row a table.
    of_persons : Series of bool, shape (N,)
        Which tables are about persons: their small counts are counts of persons.
    minimum : int
        Counts of persons below this are hidden, with what would give them away.

    Returns
    -------
    shown : DataFrame, shape (N, 7)
        The same rows as text; a hidden count is `*`, whether small itself or hidden to protect one.
    sums : dict of str to int
        By column. The sum over person tables can be had from it and the rows shown, so where that sum is hidden only
        the other tables are added up.
    """
    numbers = list(COUNTS[1:])
    every, others = counts[numbers].sum(), counts.loc[~of_persons, numbers].sum()
    text = counts.astype("str")
    persons = counts[of_persons]
    if persons.empty:
        return text, every.astype(int).to_dict()
    whole = pd.concat([persons, persons[numbers].sum().to_frame().T.assign(table="")], ignore_index=True)
    # That no row was set aside or no cell mended says nothing of anybody.
    options = {"minimum": minimum, "total_rows": [*[False] * len(persons), True], "mark": True, "zeros_disclose": False}
    hidden, _ = suppress(whole, counts=numbers[:3], total="rows_read", **options)
    hidden, _ = suppress(hidden, counts=numbers[3:], **options)
    text.loc[of_persons, numbers] = hidden[numbers].iloc[:-1].to_numpy()
    is_hidden = hidden[numbers].iloc[-1].map(lambda cell: not str(cell).isdecimal())
    return text, every.where(~is_hidden, others).astype(int).to_dict()


def shown_sources(sources: pd.DataFrame, counts: pd.DataFrame, of_persons: pd.Series, *, minimum: int) -> pd.DataFrame:
    """Return `sources` fit to be shown to anyone, beside the counts that are.

    Parameters
    ----------
    sources : DataFrame, shape (N, 7)
        Columns `SOURCES`, one row a sheet.
    counts : DataFrame
        From `shown`, under the same minimum.
    of_persons : Series of bool
        Which rows of `counts` are about persons.
    minimum : int
        Counts of persons below this are hidden.

    Returns
    -------
    DataFrame, shape (N, 7)
        The same rows; `rows` as text, `*` for all sheets of a table about persons where one of them is small or where
        their sum, the rows read, is hidden.
    """
    persons = counts[of_persons]
    hidden = {name for name, read in zip(persons["table"], persons["rows_read"], strict=True) if not read.isdecimal()}
    small = sources.loc[sources["rows"].between(1, minimum - 1), "table"]
    hidden |= set(small) & set(persons["table"])
    rows = sources["rows"].astype("str").mask(sources["table"].isin(hidden), HIDDEN_MARK)
    return sources.assign(rows=rows)


def _column(name: str, cell: Sequence | str | int, length: int) -> pa.Array:
    if isinstance(cell, int):
        return pa.array(np.full(length, cell, dtype=np.int64))
    if isinstance(cell, str) and name in _NAMES:
        return pa.DictionaryArray.from_arrays(np.zeros(length, dtype=np.int32), pa.array([cell], type=_TEXT))
    if isinstance(cell, str):
        return pa.repeat(pa.scalar(cell, type=_TEXT), length)
    # A missing text becomes empty, so that files and frames compare equal.
    texts = pa.array(cell, type=_SCHEMA.field(name).type if name == "row" else _TEXT, from_pandas=True)
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    texts = texts.fill_null("") if texts.null_count and name != "row" else texts
    return texts.dictionary_encode() if name in _NAMES else texts


def _names(column: pa.ChunkedArray) -> list[str]:
    return column.chunk(0).dictionary.to_pylist() if column.num_chunks else []


def _codes(column: pa.ChunkedArray, values: Sequence) -> np.ndarray:
    """Return for each row the value that belongs to its name."""
    indices = column.chunk(0).indices.to_numpy() if column.num_chunks else np.empty(0, dtype=np.int32)
    return np.array(values if len(values) else [0])[indices]


def _ranks(column: pa.ChunkedArray) -> np.ndarray:
    """Return for each row the place of its name among all in order."""
    place = {name: rank for rank, name in enumerate(sorted(_names(column)))}
    return _codes(column, [place[name] for name in _names(column)])
