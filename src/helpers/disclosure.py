"""Disclosure control: a table of counts of persons in, the same table with small cells taken out.

Primary suppression hides a small count, and a part whose complement is small; secondary suppression hides further cells
where a total that is shown would give a hidden one, or a small sum of hidden ones, away. Good for the simple tables of
the pages; linked tables that share margins need a joint treatment (Hundepool et al. 2012, Statistical Disclosure
Control, chapter 4).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.errors import UsageError

MINIMUM_PERSONS = 10
"""Counts of persons below this are shown nowhere unless a run asks for another minimum."""

LOWEST_MINIMUM = 5
SECONDARY_MARK = "*"


def suppress(
    table: pd.DataFrame,
    *,
    counts: Sequence[str],
    minimum: int = MINIMUM_PERSONS,
    shares: Sequence[str] = (),
    total: str | None = None,
    total_rows: Sequence[bool] | pd.Series | None = None,
    parts: Mapping[str, str] | None = None,
    zeros_disclose: bool = False,
    mark: bool = False,
) -> tuple[pd.DataFrame, int]:
    """Suppress small counts of persons, and what would give them away.

    Parameters
    ----------
    table : DataFrame
        One row a group; `counts` hold whole numbers of persons, missing allowed.
    counts : sequence of str
        Columns that count persons.
    minimum : int
        Counts below this are hidden, at least 5.
    shares : sequence of str
        Columns computed from the counts of their row: hidden wherever a count of the row is.
    total : str, optional
        The column of `counts` that is the sum of the other ones.
    total_rows : sequence of bool, optional
        Which rows are sums of the rows that are not.
    parts : mapping of part column to whole column, optional
        A part is also hidden where whole - part is a small count.
    zeros_disclose : bool
        Whether a zero, and a part equal to its whole (100 %), is hidden too: either says something of everyone.
    mark : bool
        Show `<10` (the minimum) and `*` (hidden to protect another cell) as text instead of a missing number.

    Returns
    -------
    (DataFrame, int)
        A new table, counts as `Int64` with missing cells (or as text with `mark`), and the number of count cells
        hidden; share cells hidden with them are not counted.

    Raises
    ------
    UsageError
        If `minimum` is below 5, a column does not exist, a part is not among the counts, or a count is negative or not
        whole.
    """
    whole_of = dict(parts or {})
    others = [*shares, *([total] if total else []), *whole_of, *whole_of.values()]
    _check(table, counts, minimum, others, parts=list(whole_of))
    numbers = table[list(counts)].astype("Float64")
    small = (numbers < minimum) & ((numbers > 0) | zeros_disclose)
    for part, whole in whole_of.items():
        rest = table[whole].astype("Float64") - table[part].astype("Float64")
        small[part] = small[part] | ((rest < minimum) & ((rest > 0) | zeros_disclose))
    primary = small.fillna(False).to_numpy(dtype=bool)
    hidden = _protect(numbers, primary, total, total_rows, minimum=minimum)
    return _write(table, counts, shares, primary, hidden, minimum=minimum, mark=mark), int(hidden.sum())


def _check(
    table: pd.DataFrame, counts: Sequence[str], minimum: int, others: Sequence[str], *, parts: Sequence[str]
) -> None:
    if minimum < LOWEST_MINIMUM:
        raise UsageError(f"minimum cell size {minimum} is below {LOWEST_MINIMUM}, the lowest allowed: raise it")
    uncounted = [name for name in parts if name not in counts]
    if uncounted:
        raise UsageError(f"{', '.join(uncounted)}: a part of another count is a count itself: name it in `counts`")
    absent = [name for name in (*counts, *others) if name not in table.columns]
    if absent:
        held = ", ".join(map(str, table))
        raise UsageError(f"the table to suppress has no column {', '.join(absent)}; it has {held}")
    for name in counts:
        known = table[name].dropna().astype(float)
        wrong = int(((known < 0) | (known != known.round())).sum())
        if wrong:
            raise UsageError(f"column '{name}' holds {wrong} of {len(known)} values that are no counts: pass counts")


def _protect(numbers: pd.DataFrame, primary: np.ndarray, total: str | None, total_rows, *, minimum: int) -> np.ndarray:
    """Hide further cells where a shown total would give a single hidden cell, or a small sum of hidden ones, away."""
    hidden = primary.copy()
    values = numbers.to_numpy(dtype=float, na_value=np.nan)
    groups = _groups(list(numbers.columns), len(numbers), total, total_rows)
    changed = True
    while changed:
        changed = False
        for inner, sums in groups:
            shown_sums = [cell for cell in sums if not hidden[cell] and not np.isnan(values[cell])]
            taken = [cell for cell in inner if hidden[cell]]
            if not shown_sums or not taken or (len(taken) > 1 and sum(values[cell] for cell in taken) >= minimum):
                continue
            free = [cell for cell in inner if not hidden[cell] and not np.isnan(values[cell])]
            # A zero protects little, so it is taken last; where nothing else is left, the total goes.
            chosen = sorted(free, key=lambda cell: (values[cell] == 0, values[cell], cell))[:1] or shown_sums
            for cell in chosen:
                hidden[cell] = changed = True
    return hidden


def _groups(columns: list[str], rows: int, total: str | None, total_rows) -> list[tuple[list, list]]:
    """Return the cells that add up and the cells that hold their sum, for every row and column with a sum."""
    is_sum = np.zeros(rows, dtype=bool) if total_rows is None else np.asarray(total_rows, dtype=bool)
    groups = []
    if total is not None:
        at = columns.index(total)
        groups += [([(i, j) for j in range(len(columns)) if j != at], [(i, at)]) for i in range(rows)]
    if is_sum.any():
        inner, sums = np.flatnonzero(~is_sum), np.flatnonzero(is_sum)
        groups += [([(i, j) for i in inner], [(i, j) for i in sums]) for j in range(len(columns))]
    return groups


def _write(table, counts, shares, primary, hidden, *, minimum: int, mark: bool) -> pd.DataFrame:
    result = table.copy()
    for j, name in enumerate(counts):
        cells = table[name].astype("Int64").mask(hidden[:, j])
        if mark:
            signs = np.where(primary[:, j], f"<{minimum}", SECONDARY_MARK)
            cells = cells.astype("str").where(~hidden[:, j], pd.Series(signs, index=table.index, dtype="str"))
        result[name] = cells
    touched = hidden.any(axis=1)
    for name in shares:
        result[name] = table[name].astype("Float64").mask(touched)
    return result
