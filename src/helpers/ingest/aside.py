"""Rows that cannot be kept: which they are, and how they stand in `set_aside/`, as text and without person ids."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.codebook import Table
from helpers.codebook.model import LIST_SEPARATOR
from helpers.ingest.header import Located
from helpers.ingest.people import pseudonymise
from helpers.ingest.sheets import Ragged

COLUMNS = ("file", "sheet", "row", "rule", "column", "text")


def no_faults() -> pd.DataFrame:
    """Return an empty list of faults: `position` of a record, `rule` and `column`."""
    return pd.DataFrame(
        {"position": pd.Series(dtype="int64"), "rule": pd.Series(dtype="str"), "column": pd.Series(dtype="str")}
    )


def nothing() -> pd.DataFrame:
    """Return rows set aside of which there are none."""
    return pd.DataFrame({name: pd.Series(dtype="int64" if name == "row" else "str") for name in COLUMNS})


def duplicates(frame: pd.DataFrame, positions: np.ndarray, table: Table) -> pd.DataFrame:
    """Decide about rows that share their key with another.

    Parameters
    ----------
    frame : DataFrame, shape (N, k)
        Those rows, typed, in the order of the files.
    positions : ndarray of int64, shape (N,)
        Their positions among all records.
    table : Table

    Returns
    -------
    DataFrame
        `position`, `rule`, `column` and `key` (its values as text): `duplicate_row` for later copies of the same
        values, `duplicate_key` for all rows of a key whose values differ.
    """
    key = list(table.key)
    copies = frame.duplicated(keep="first").to_numpy()
    differ = frame[~copies].duplicated(key, keep=False).to_numpy()
    rule = np.full(len(frame), "", dtype=object)
    rule[copies] = "duplicate_row"
    rule[np.flatnonzero(~copies)[differ]] = "duplicate_key"
    first, *others = (frame[name].astype("str") for name in key)
    shown = first.str.cat(others, sep=LIST_SEPARATOR) if others else first
    found = pd.DataFrame({"position": positions, "rule": rule, "column": LIST_SEPARATOR.join(key), "key": shown})
    return found[found["rule"] != ""].reset_index(drop=True)


def as_text(
    located: Located,
    texts: Mapping[str, pa.ChunkedArray],
    rows: np.ndarray,
    rules: Sequence[str],
    columns: Sequence[str],
    key: bytes | None,
) -> pd.DataFrame:
    """Return rows as they stood in the file, person ids hashed.

    Parameters
    ----------
    located : Located
    texts : mapping of str to ChunkedArray, shape (N,) each
        Cells by column of the codebook.
    rows : ndarray of int64, shape (N,)
        1-based rows in the file.
    rules, columns : sequence of str, shape (N,)
        Why each row was taken out; several joined with `;`.
    key : bytes or None
        Key for person ids; without it their columns are left out.
    """
    frame = pa.table(dict(texts)).to_pandas().astype("str")
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
