"""Rows that cannot be kept: which they are, and how they stand in `set_aside/`, as text and without person ids."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.codebook import Table
from helpers.codebook.conditions import texts_of
from helpers.ingest.header import Located
from helpers.ingest.people import pseudonymise
from helpers.ingest.sheets import Ragged
from helpers.ingest.values.cells import layout

COLUMNS = ("file", "sheet", "row", "rule", "column", "text")
_FIRST_BYTES = np.array([(1 << 8 * count) - 1 for count in range(9)], dtype=np.uint64)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def no_faults() -> pd.DataFrame:
    """Return an empty list of faults: `position` of a record, `rule` and `column`."""
    return pd.DataFrame(
        {"position": pd.Series(dtype="int64"), "rule": pd.Series(dtype="str"), "column": pd.Series(dtype="str")}
    )


def duplicates(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return which rows repeat a key.

    Parameters
    ----------
    frame : DataFrame, shape (N, k)
        Typed rows with all columns of the table.
    table : Table

    Returns
    -------
    DataFrame
        `position` in `frame`, `rule` and `column`: `duplicate_row` for later copies of the same values,
        `duplicate_key` for all rows of a key whose values differ.
    """
    key = list(table.key)
    repeated = np.flatnonzero(_repeats(frame, key))
    if not len(repeated):
        return no_faults()
    rows = frame.iloc[repeated]
    copies = rows.duplicated(list(table.column_names), keep="first").to_numpy()
    differ = rows[~copies].duplicated(key, keep=False).to_numpy()
    of_key = pd.DataFrame({"position": repeated[~copies][differ], "rule": "duplicate_key"})
    copied = pd.DataFrame({"position": repeated[copies], "rule": "duplicate_row"})
    return pd.concat([of_key, copied]).assign(column=";".join(key)).sort_values("position", ignore_index=True)


def as_text(
    located: Located, texts: pa.Table, rows: np.ndarray, rules: Sequence[str], columns: Sequence[str], key: bytes | None
) -> pd.DataFrame:
    """Return rows as they stood in the file, person ids hashed.

    Parameters
    ----------
    located : Located
    texts : pyarrow.Table, shape (N, k)
        Columns named as in the codebook.
    rows : ndarray of int64, shape (N,)
        1-based rows in the file.
    rules, columns : sequence of str, shape (N,)
        Why each row was taken out; several joined with `;`.
    key : bytes or None
        Key for person ids; without it their columns are left out.
    """
    frame = texts.to_pandas().astype("str")
    people = [column.name for column in located.table.columns if column.type == "person_id" and column.name in frame]
    for name in people if key else []:
        frame[name] = pseudonymise(frame[name].str.strip(), key)
    frame = frame if key else frame.drop(columns=people)
    return pd.concat([_about(located, rows, rules, columns, ""), frame], axis=1)


def ragged(located: Located, rows: Sequence[Ragged]) -> pd.DataFrame:
    """Return rows of a wrong number of fields: whole lines, or their number alone where a cell may be personal."""
    table = located.table
    is_open = all(column.sensitivity == "open" for column in table.columns)
    show = is_open and not located.forbidden and not located.unmapped
    text = [row.text if show else f"{row.fields} fields" for row in rows]
    return _about(located, [row.row for row in rows], ["ragged_row"] * len(rows), [""] * len(rows), text)


def _about(located: Located, rows, rules, columns, text) -> pd.DataFrame:
    values = (located.sheet.file, located.sheet.sheet, rows, rules, columns, text)
    frame = pd.DataFrame(dict(zip(COLUMNS, values, strict=True)), index=range(len(rows)))
    return frame.astype({name: "int64" if name == "row" else "str" for name in COLUMNS})


def _repeats(frame: pd.DataFrame, key: list[str]) -> np.ndarray:
    """Return which rows share their key with another, shape (N,)."""
    if len(key) > 1 or not pd.api.types.is_string_dtype(frame[key[0]].dtype):
        return frame.duplicated(key, keep=False).to_numpy()
    # Sorting hashes takes a tenth of what comparing millions of codes takes; only codes of equal hash are compared.
    hashes = _hashes(texts_of(frame[key[0]]))
    ordered = np.sort(hashes)
    equal = np.flatnonzero(pd.Series(hashes).isin(ordered[1:][ordered[1:] == ordered[:-1]]))
    repeated = np.zeros(len(frame), dtype=bool)
    repeated[equal] = frame[key[0]].iloc[equal].duplicated(keep=False)
    return repeated


def _hashes(texts: pa.Array) -> np.ndarray:
    """Return a 64-bit hash of each text, shape (N,), eight bytes at a time; equal texts have equal hashes."""
    offsets, data = layout(texts)
    padded = np.concatenate([data, np.zeros(8, dtype=np.uint8)])
    words = np.ndarray(len(data) + 1, dtype="<u8", buffer=padded, strides=(1,))
    lengths = np.diff(offsets)
    hashes = lengths.astype(np.uint64)
    for start in range(0, int(lengths.max(initial=0)), 8):
        word = words[np.minimum(offsets[:-1] + start, len(data))] & _FIRST_BYTES[np.clip(lengths - start, 0, 8)]
        hashes = (hashes ^ word) * _MULTIPLIER
        hashes ^= hashes >> np.uint64(32)
    return hashes
