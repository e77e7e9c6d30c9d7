"""Counts of reading of two runs in, what changed in each table out; small changes of persons are hidden."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from helpers import codebook
from helpers.disclosure import HIDDEN_MARK

COUNTED = ("rows_read", "rows_kept", "set_aside")


def changed(
    before: Sequence[Mapping[str, str]], after: Sequence[Mapping[str, str]], *, minimum: int, same_minimum: bool = True
) -> pd.DataFrame:
    """Return the tables of which other numbers of rows were read, kept or set aside.

    Parameters
    ----------
    before, after : sequence of mapping
        `counts` of either manifest: text, hidden counts as `<10` or `*`.
    minimum : int
        The larger minimum of the two runs. Of a table about persons all later counts and changes are hidden where one
        of its counts changes by less: the others would give it away, since rows read are rows kept and set aside.
    same_minimum : bool
        Whether both runs hid counts below the same number. Where they did not, tables about persons are not compared:
        one run shows what the other must not.

    Returns
    -------
    DataFrame
        One row a table and count (`COUNTED`) of it: `table`, `count`, `before`, `after`, `change` (text, empty where
        one side has none or either is hidden), `is_hidden`. Tables without any change are left out.
    """
    sides = [{row["table"]: row for row in rows} for rows in (before, after)]
    rows: list[tuple[Any, ...]] = []
    for table in sorted({*sides[0], *sides[1]}):
        old, new = (tuple(side.get(table, {}).get(name, "") for name in COUNTED) for side in sides)
        is_of_persons = _is_of_persons(table)
        if old == new or (is_of_persons and not same_minimum):
            continue
        moves = [_move(*pair) for pair in zip(old, new, strict=True)]
        is_hidden = is_of_persons and any(move is not None and 0 < abs(move) < minimum for move in moves)
        for name, was, now, move in zip(COUNTED, old, new, moves, strict=True):
            change = "" if move is None else f"{move:+,}".replace("-", "−") if move else "0"
            shown = (HIDDEN_MARK, HIDDEN_MARK) if is_hidden else (_grouped(now), change)
            rows.append((table, name, _grouped(was), *shown, is_hidden))
    return pd.DataFrame(rows, columns=["table", "count", "before", "after", "change", "is_hidden"])


def _is_of_persons(table: str) -> bool:
    """Return whether rows of a table are persons; one that the codebook does not know might be."""
    known = codebook.load().tables.get(table)
    return known is None or known.is_restricted


def _move(old: str, new: str) -> int | None:
    return int(new) - int(old) if old.isdecimal() and new.isdecimal() else None


def _grouped(count: str) -> str:
    return f"{int(count):,}" if count.isdecimal() else count
