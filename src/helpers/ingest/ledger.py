"""The ledger: one row for each thing found in the files, whether mended, left out or only noticed."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

COLUMNS = ("table", "file", "sheet", "row", "column", "value", "rule", "action", "result")
COUNTS = ("table", "rows_read", "rows_kept", "set_aside", "cells_repaired", "cells_nulled", "cells_flagged")
_EMPTY = pd.DataFrame({name: [] for name in COLUMNS})
SOURCES = ("table", "file", "sheet", "encoding", "header_row", "rows", "sha256")


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
) -> pd.DataFrame:
    """Return ledger rows, to be put `together`; single values are repeated to the length of the sequences."""
    values = (table, file, sheet, row, column, value, rule, action, result)
    cells = dict(zip(COLUMNS, values, strict=True))
    length = max((len(cell) for cell in cells.values() if not isinstance(cell, str | int)), default=1)
    if not length:
        return _EMPTY
    return pd.DataFrame(
        {name: [cell] * length if isinstance(cell, str | int) else np.asarray(cell) for name, cell in cells.items()}
    )


def together(parts: Iterable[pd.DataFrame], tables: Sequence[str] = ()) -> pd.DataFrame:
    """Return all `parts` as one ledger, ordered by table, file, sheet, row, column and rule; each finding once."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return _typed(_EMPTY)
    order = {name: place for place, name in enumerate(tables)}
    whole = pd.concat(parts, ignore_index=True)[list(COLUMNS)]
    place = whole["table"].map(order).fillna(-1)
    whole = whole.assign(place=place).sort_values(
        ["place", "table", "file", "sheet", "row", "column", "rule"], kind="stable", ignore_index=True
    )
    # Readers and checks may both notice the same thing about a cell; file-level facts are told apart by their value.
    same = ["table", "file", "sheet", "row", "column", "rule"]
    repeated = whole.duplicated(same) & (whole["action"] != "reported")
    return _typed(whole[~repeated].drop(columns="place").reset_index(drop=True))


def counts(table: str, kept: int, set_aside: int, ledger: pd.DataFrame) -> dict[str, object]:
    """Return the row of `counts.csv` for one table; cells are counted once for each action."""
    cells = ledger[ledger["table"] == table].drop_duplicates(["file", "sheet", "row", "column", "action"])
    per_action = cells["action"].value_counts()
    numbers = [int(per_action.get(action, 0)) for action in ("repaired", "nulled", "flagged")]
    return dict(zip(COUNTS, (table, kept + set_aside, kept, set_aside, *numbers), strict=True))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    # Missing texts become empty, so that files and frames compare equal.
    texts = {name: frame[name].astype("str").fillna("") for name in COLUMNS if name != "row"}
    return frame.assign(row=frame["row"].astype("Int64"), **texts)
