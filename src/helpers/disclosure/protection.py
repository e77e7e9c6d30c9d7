"""Which cells have to be hidden beside the small ones, over all tables that hang together, so that none comes back.

Cells and relations in, the set of hidden cells out. `attack` judges; what it finds too narrow is given company until
nothing is, and what was hidden without need is shown again.
"""

from collections.abc import Collection
from typing import Any

import pandas as pd

from helpers.disclosure.attack import components, intervals

CELL = ("value", "is_sensitive", "is_published", "rank")


def disclosed(
    cells: pd.DataFrame,
    relations: pd.DataFrame,
    *,
    hidden: Collection[str],
    width: float,
    integral: bool = False,
    slack: float = 0.0,
) -> pd.DataFrame:
    """Return the sensitive cells that the published ones give back too closely.

    Parameters
    ----------
    cells : DataFrame
        Index cell; `value` (true), `is_sensitive` (must not be known more closely than `width`).
    relations : DataFrame
        As for `attack.intervals`.
    hidden : collection of str
        What is published nowhere.
    width : float
        The least width of a feasible interval: the minimum of persons. An interval so wide reaches from below the
        minimum to it or beyond, so that not even whether the count is small follows from the tables.

    Returns
    -------
    DataFrame
        Index cell; low, high. A sensitive cell that is not hidden has its own value as both ends.
    """
    sensitive = cells.index[cells["is_sensitive"]]
    found = intervals(
        cells["value"], relations, hidden=hidden, asked=sensitive.intersection(list(hidden)), integral=integral,
        slack=slack,
    )  # fmt: skip
    shown = cells.loc[[cell for cell in sensitive if cell not in set(hidden)], "value"].astype(float)
    both = pd.concat([found, pd.DataFrame({"low": shown, "high": shown})])
    return both[both["high"] - both["low"] < width - 1e-6].rename_axis("cell")


def protect(
    cells: pd.DataFrame,
    relations: pd.DataFrame,
    *,
    width: float,
    integral: bool = False,
    slack: float = 0.0,
) -> frozenset[str]:
    """Return the cells to hide so that no sensitive one is known more closely than `width`.

    Parameters
    ----------
    cells : DataFrame
        Index cell; value, is_sensitive, is_published (False: printed nowhere, such as the complement of a part),
        rank (0 is hidden first; a cell of rank None can never be hidden: it is known from elsewhere).
    relations : DataFrame
        As for `attack.intervals`.
    width : float
        As for `disclosed`.

    Notes
    -----
    Greedy: the worst cell is given the cheapest published cell of its own relations (lowest rank, a zero last because
    it protects little, smallest value), or of the relations of its hidden neighbours. Then each cell so hidden is
    shown again, the largest first, where the audit allows it (Kelly, Golden & Assad 1992 call it clean-up). The least
    number of cells is not guaranteed; that the audit passes is, unless a cell that cannot be hidden stands in the way.
    """
    start = set(cells.index[cells["is_sensitive"] | ~cells["is_published"]]) - _fixed(cells)
    rules = {"width": width, "integral": integral, "slack": slack}
    # Sets of cells that no relation joins are protected apart, which saves programs.
    for joined, rows in components(relations, cells.index):
        start |= _protect(cells.loc[sorted(joined)], rows, start & joined, rules)
    return frozenset(start)


def _protect(cells: pd.DataFrame, relations: pd.DataFrame, start: set[str], rules: dict[str, Any]) -> set[str]:
    hidden, company = set(start), []
    open_cells = disclosed(cells, relations, hidden=hidden, **rules)
    while len(open_cells):
        narrow = (open_cells["high"] - open_cells["low"]).sort_index().sort_values(kind="stable").index
        chosen = next((found for cell in narrow if (found := _companion(cells, relations, hidden, cell))), None)
        if chosen is None:
            break
        hidden.add(chosen)
        company.append(chosen)
        # Hiding more never narrows an interval: what was wide enough need not be asked again.
        still = cells.assign(is_sensitive=cells.index.isin(open_cells.index))
        open_cells = disclosed(still, relations, hidden=hidden, **rules)
    if len(company) > 1:
        for cell in sorted(company, key=lambda name: (-cells.loc[name, "value"], name)):
            if disclosed(cells, relations, hidden=hidden - {cell}, **rules).empty:
                hidden.remove(cell)
    return hidden


def _fixed(cells: pd.DataFrame) -> set[str]:
    return set(cells.index[cells["rank"].isna()])


def _companion(cells: pd.DataFrame, relations: pd.DataFrame, hidden: set[str], cell: str) -> str | None:
    """Return the cheapest shown cell in a relation of `cell`, else of its hidden neighbours', and so on; or None."""
    reached, seen = {cell}, set()
    while reached != seen:
        seen = set(reached)
        names = relations.loc[relations["cell"].isin(reached & hidden | {cell}), "relation"]
        near = set(relations.loc[relations["relation"].isin(names), "cell"])
        free = near - hidden - _fixed(cells)
        if free:
            held = cells.loc[sorted(free)]
            order = held.assign(is_zero=held["value"] == 0).sort_values(["rank", "is_zero", "value"], kind="stable")
            return str(order.index[0])
        reached |= near
    return None
