"""How the index of one day goes with that of another: ranks of firms that have both."""

from typing import NamedTuple

import pandas as pd


class Agreement(NamedTuple):
    """Two rankings compared: `firms` in both, Spearman's `correlation`, share (0-1) in another `quartile`."""

    firms: int
    correlation: float
    other_quartile: float


def agreement(before: pd.Series, after: pd.Series) -> Agreement:
    """Compare two rankings of firms.

    Parameters
    ----------
    before, after : Series
        Score by firm; missing for a firm without an index. Firms without both are left out, and ranked anew among those
        that have both.

    Returns
    -------
    Agreement
        Correlation and share are missing with fewer than two firms.

    Notes
    -----
    Scores of two days are standardised each within its own day and size class: only places can be compared, not
    points. Ties share the mean of their places.
    """
    both = pd.concat([before, after], axis=1, keys=["before", "after"], join="inner").dropna()
    if len(both) < 2:
        return Agreement(len(both), float("nan"), float("nan"))
    place = both.rank(ascending=False)
    quartile = (4 * (place - 1) / len(both)).astype(int)
    moved = (quartile["before"] != quartile["after"]).mean()
    return Agreement(len(both), float(place["before"].corr(place["after"])), float(moved))
