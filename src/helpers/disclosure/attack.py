"""What somebody who knows every published number can work out about the hidden ones: the intruder's problem.

Cells with their true values and linear relations between them in, the feasible interval of each hidden cell out. A
relation is a set of rows (relation, cell, coefficient) that says: the coefficients times the cells add up to zero.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

from helpers.disclosure.rules import DisclosureError
from helpers.errors import UsageError

# Of scipy.optimize.linprog.
_SOLVED, _UNBOUNDED = 0, 3
RELATION = ("relation", "cell", "coefficient")


def intervals(
    values: pd.Series,
    relations: pd.DataFrame,
    *,
    hidden: Collection[str],
    asked: Collection[str] | None = None,
    integral: bool = False,
    slack: float = 0.0,
) -> pd.DataFrame:
    """Return the interval within which each hidden cell must lie, given everything that is published.

    Parameters
    ----------
    values : Series
        True value by cell, not negative.
    relations : DataFrame
        Columns relation, cell, coefficient: of each relation the sum of coefficient times cell is zero.
    hidden : collection of str
        Cells that are not published anywhere.
    asked : collection of str, optional
        Hidden cells to look at, by default all.
    integral : bool
        Whether the intruder uses that counts are whole numbers. Without it the intervals are at least as wide as with
        it, so that a pattern which has to withstand both must be audited with it.
    slack : float
        How far a published number may lie from the true one: half the base where counts are rounded.

    Returns
    -------
    DataFrame
        Index cell; low, high (infinite where nothing bounds it).

    Raises
    ------
    UsageError
        If a relation names an unknown cell or does not hold.

    Notes
    -----
    Hundepool et al. (2012, section 4.3): for each hidden cell the smallest and the largest value are two linear
    programs over all tables that satisfy what is published; solved by HiGHS. Cells of other linked sets than the one
    asked about do not enter, as no relation joins them.
    """
    wanted = sorted(set(hidden) if asked is None else set(asked) & set(hidden))
    _check(values, relations)
    bounds = {}
    for cells, rows in components(relations, values.index):
        inside = [cell for cell in wanted if cell in cells]
        if inside:
            bounds |= _bounds(values, rows, set(hidden), inside, integral=integral, slack=slack)
    found = pd.DataFrame.from_dict(bounds, orient="index", columns=["low", "high"], dtype=float)
    return found.reindex(wanted).rename_axis("cell").fillna({"low": 0.0, "high": np.inf})


def components(relations: pd.DataFrame, cells: Collection[str]) -> list[tuple[frozenset[str], pd.DataFrame]]:
    """Return the sets of cells that relations join, each with its relations; a cell without any is in none."""
    of_cell = {cell: cell for cell in cells}

    def root(cell: str) -> str:
        while of_cell[cell] != cell:
            cell = of_cell[cell]
        return cell

    for _, rows in relations.groupby("relation", sort=False):
        first, *others = rows["cell"]
        for other in others:
            of_cell[root(other)] = root(first)
    roots = relations["cell"].map(root)
    return [(frozenset(rows["cell"]), rows) for _, rows in relations.groupby(roots, sort=True)]


def _check(values: pd.Series, relations: pd.DataFrame) -> None:
    unknown = sorted(set(relations["cell"]) - set(values.index))
    if unknown:
        raise UsageError(f"relations name {len(unknown)} cells without a value: {', '.join(unknown[:5])}")
    left = (relations["coefficient"] * relations["cell"].map(values)).groupby(relations["relation"]).sum()
    broken = left[left.abs() > 1e-6]
    if len(broken):
        raise UsageError(
            f"{len(broken)} of {len(left)} relations do not hold ({broken.index[0]} is off by {broken.iloc[0]:g}): "
            "state what adds up"
        )


def _bounds(
    values: pd.Series, rows: pd.DataFrame, hidden: set[str], asked: list[str], *, integral: bool, slack: float
) -> dict[str, tuple[float, float]]:
    order = {cell: place for place, cell in enumerate(dict.fromkeys(rows["cell"]))}
    names = {relation: place for place, relation in enumerate(dict.fromkeys(rows["relation"]))}
    matrix = coo_matrix(
        (rows["coefficient"].to_numpy(dtype=float), (rows["relation"].map(names), rows["cell"].map(order))),
        shape=(len(names), len(order)),
    ).tocsr()
    limits = [
        (0.0, None) if cell in hidden else (max(0.0, values[cell] - slack), float(values[cell] + slack))
        for cell in order
    ]
    found = {}
    for cell in asked:
        ends = [_end(matrix, limits, order[cell], sign, integral) for sign in (1.0, -1.0)]
        found[cell] = (ends[0], ends[1])
    return found


def _end(matrix, limits: list, place: int, sign: float, integral: bool) -> float:
    """Return the smallest (`sign` 1) or largest (-1) value of a cell."""
    goal = np.zeros(matrix.shape[1])
    goal[place] = sign
    whole = np.ones(matrix.shape[1]) if integral else None
    zero = np.zeros(matrix.shape[0])
    # Presolving cannot always tell unbounded from infeasible; the second try does, and the true table is feasible.
    for is_first in (True, False):
        solved = linprog(goal, A_eq=matrix, b_eq=zero, bounds=limits, integrality=whole, method="highs",
                         options={"presolve": is_first})  # fmt: skip
        if solved.status == _SOLVED:
            return float(solved.x[place])
        if solved.status == _UNBOUNDED:
            return np.inf
    # What was not solved must not pass for a wide interval.
    raise DisclosureError(f"the interval of a hidden count could not be worked out: {solved.message}")
