"""One table of counts of persons in, the same table without small cells and without what would give them away.

Primary suppression hides a count below the minimum, zero included, and a part whose complement is below it (all, or all
but a few); `protection` hides further cells of the table until no shown total bounds a hidden count too closely. Tables
that share cells or margins with others of a run go through `helpers.released` besides, which protects them together.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.disclosure.clearance import cleared
from helpers.disclosure.protection import protect
from helpers.disclosure.rules import HIDDEN_MARK, MINIMUM_PERSONS, checked_minimum, round_to
from helpers.errors import UsageError


def suppress(
    table: pd.DataFrame,
    *,
    counts: Sequence[str],
    minimum: int = MINIMUM_PERSONS,
    shares: Sequence[str] = (),
    total: str | None = None,
    total_rows: Sequence[bool] | pd.Series | None = None,
    parts: Mapping[str, str] | None = None,
    zeros_disclose: bool = True,
    mark: bool = False,
    base: int | None = None,
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
        Whether a zero, and a part equal to its whole (100 %), is hidden too: either says something of everyone. False
        only where a zero says nothing of persons (no row of a table was set aside).
    mark : bool
        Show `*` as text for a hidden cell instead of a missing number.
    base : int, optional
        Round the counts that are shown to multiples of it (`round_to`), after suppression; the audit then knows that
        the intruder sees them to half the base only. Shares are left out, for they would undo it.

    Returns
    -------
    (DataFrame, int)
        A new table, counts as `Int64` with missing cells (or as text with `mark`), cleared to be shown, and the number
        of count cells hidden; share cells hidden with them are not counted.

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
    cells, relations = _system(table, numbers, whole_of, total, total_rows, minimum, zeros_disclose)
    slack = 0.0 if base is None else base / 2
    taken = protect(cells, relations, width=minimum, slack=slack) if len(cells) else frozenset()
    hidden = np.array([[_name(i, name) in taken for name in counts] for i in range(len(table))], dtype=bool)
    hidden = hidden.reshape(len(table), len(counts))
    return _write(table, counts, shares, hidden, mark=mark, base=base, minimum=minimum), int(hidden.sum())


def _check(
    table: pd.DataFrame, counts: Sequence[str], minimum: int, others: Sequence[str], *, parts: Sequence[str]
) -> None:
    checked_minimum(minimum)
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


def _name(row: int, column: str) -> str:
    return f"{row}|{column}"


def _system(
    table: pd.DataFrame, numbers: pd.DataFrame, whole_of: Mapping[str, str], total: str | None, total_rows,
    minimum: int, zeros_disclose: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table's cells, with the complements of its parts, and what adds up in it."""
    least = 0 if zeros_disclose else 1

    def is_small(value: float) -> bool:
        return least <= value < minimum

    cells: dict[str, tuple] = {}
    relations: list[tuple[str, str, float]] = []
    values = numbers.to_numpy(dtype=float, na_value=np.nan)
    for i, row in enumerate(values):
        for j, name in enumerate(numbers.columns):
            if not np.isnan(row[j]):
                cells[_name(i, name)] = (row[j], is_small(row[j]), True, 0)
    for part, whole in whole_of.items():
        for i, (has, of) in enumerate(zip(numbers[part], table[whole].astype("Float64"), strict=True)):
            if pd.isna(has) or pd.isna(of):
                continue
            if _name(i, whole) not in cells:
                cells[_name(i, whole)] = (float(of), False, True, None)
            rest = float(of - has)
            cells[_name(i, f"{whole} - {part}")] = (rest, is_small(rest), False, 0)
            if is_small(rest):
                cells[_name(i, part)] = (float(has), True, True, 0)
            relations += _sum(f"{i}: {whole} and {part}", _name(i, whole),
                              [_name(i, part), _name(i, f"{whole} - {part}")])  # fmt: skip
    for name, whole, inner in _margins(list(numbers.columns), len(table), total, total_rows):
        held = [cell for cell in inner if cell in cells]
        # A sum over a missing count is no sum of the counts that are there.
        if whole in cells and len(held) == len(inner):
            relations += _sum(name, whole, held)
    frame = pd.DataFrame.from_dict(cells, orient="index", columns=["value", "is_sensitive", "is_published", "rank"])
    return frame, pd.DataFrame(relations, columns=["relation", "cell", "coefficient"])


def _sum(relation: str, whole: str, parts: Sequence[str]) -> list[tuple[str, str, float]]:
    return [(relation, whole, 1.0), *((relation, part, -1.0) for part in parts)]


def _margins(columns: list[str], rows: int, total: str | None, total_rows) -> list[tuple[str, str, list[str]]]:
    """Return name, whole and parts of every row and column with a sum."""
    is_sum = np.zeros(rows, dtype=bool) if total_rows is None else np.asarray(total_rows, dtype=bool)
    found = []
    if total is not None:
        inner = [name for name in columns if name != total]
        found += [(f"row {i}", _name(i, total), [_name(i, name) for name in inner]) for i in range(rows)]
    for i in np.flatnonzero(is_sum):
        inner_rows = np.flatnonzero(~is_sum)
        found += [(f"{name} of {i}", _name(i, name), [_name(k, name) for k in inner_rows]) for name in columns]
    return found


def _write(table, counts, shares, hidden, *, mark: bool, base: int | None, minimum: int) -> pd.DataFrame:
    result = table.copy()
    for j, name in enumerate(counts):
        kept = table[name].astype("Int64")
        cells = (kept if base is None else round_to(kept, base)).mask(hidden[:, j])
        result[name] = cells.astype("str").where(~hidden[:, j], HIDDEN_MARK) if mark else cells
    touched = hidden.any(axis=1) | (base is not None)
    for name in shares:
        result[name] = table[name].astype("Float64").mask(touched)
    return cleared(result, minimum=minimum)
