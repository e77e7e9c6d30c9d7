"""The rules every count, amount and estimate has to meet before anyone sees it: numbers and small tests of them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.errors import UsageError, WuliError

MINIMUM_PERSONS = 10
"""Counts of persons below this are shown nowhere unless a run asks for another minimum."""

LOWEST_MINIMUM = 5
MINIMUM_DEGREES = 10
"""Residual degrees of freedom that a regression needs before an estimate of it is shown."""

DOMINANCE_PCT = 10.0
HIDDEN_MARK = "*"
"""The one mark of a hidden number: a small one and one that protects it look the same, or the mark would bound it."""


class DisclosureError(WuliError):
    """Something is about to be shown that would tell about single persons or firms."""


def checked_minimum(minimum: int) -> int:
    """Return `minimum`.

    Raises
    ------
    UsageError
        If it is below 5.
    """
    if minimum < LOWEST_MINIMUM:
        raise UsageError(f"minimum cell size {minimum} is below {LOWEST_MINIMUM}, the lowest allowed: raise it")
    return minimum


def is_few(count: float, *, minimum: int) -> bool:
    """Return whether a count of persons says too much: below the minimum, zero included (it speaks of everyone)."""
    return count < minimum


def residual_degrees(n_obs: int, n_parameters: int) -> int:
    """Return observations less estimated parameters, absorbed effects among them."""
    return int(n_obs) - int(n_parameters)


def has_degrees(n_obs: int, n_parameters: int) -> bool:
    """Return whether an estimate may be shown: 10 residual degrees of freedom or more."""
    return residual_degrees(n_obs, n_parameters) >= MINIMUM_DEGREES


def round_to(values: pd.Series, base: int) -> pd.Series:
    """Round whole numbers to the nearest multiple of `base`, halves up; missing values stay missing.

    Deterministic: the same count gives the same number on every page and in every run, so that repeated publication
    cannot be averaged.

    Raises
    ------
    UsageError
        If `base` is below 2.
    """
    if base < 2:
        raise UsageError(f"counts are rounded to multiples of 2 or more, not of {base}")
    numbers = values.astype("Float64")
    # floor(n / base + 1/2): Python's own rounding takes halves to the even multiple.
    return (np.floor(numbers / base + 0.5) * base).astype("Int64")


def dominance(
    amounts: pd.DataFrame,
    *,
    amount: str,
    firm: str,
    by: str | None = None,
    p: float = DOMINANCE_PCT,
    largest: Mapping[int, float] | None = None,
) -> pd.DataFrame:
    """Judge sums of money over groups of firms by the p % rule, and by the (n, k) rule if asked.

    Parameters
    ----------
    amounts : DataFrame
        One row an amount of one firm; several of a firm count together. Missing amounts and firms are left out.
    amount, firm : str
        The column of money (any unit) and that of the firm's code.
    by : str, optional
        Column of groups; one group if not given.
    p : float
        Per cent within which nobody may be able to estimate the largest amount.
    largest : mapping of n to k, optional
        Sensitive too where the `n` largest make up more than `k` per cent.

    Returns
    -------
    DataFrame
        Index group; firms (distinct), total, rest_pct (the total less the two largest, in per cent of the largest),
        is_dominated.

    Notes
    -----
    p % rule (Hundepool et al. 2012, section 4.2.1): with x1 >= x2 >= …, a total T is sensitive if
    T - x1 - x2 < p/100 x1, for the second largest can then estimate the largest to p %. With one or two firms nothing
    is left, so that they are always sensitive. Amounts enter by their absolute value: a loss tells as much as a profit.
    """
    known = amounts.dropna(subset=[amount, firm])
    groups = known[by].astype(object) if by else pd.Series("all", index=known.index, dtype=object)
    each = known[amount].astype(float).groupby([groups.rename("group"), known[firm]], observed=True).sum().abs()
    rows = {}
    for group, held in each.groupby(level=0):
        ordered = np.sort(held.to_numpy())[::-1]
        rest = ordered[2:].sum()
        is_dominated = len(ordered) < 3 or rest < p / 100 * ordered[0]
        for n, k in (largest or {}).items():
            is_dominated |= bool(ordered[:n].sum() > k / 100 * ordered.sum())
        rest_pct = 100 * rest / ordered[0] if ordered[0] else np.nan
        rows[group] = (len(ordered), float(held.sum()), rest_pct, bool(is_dominated))
    found = pd.DataFrame.from_dict(rows, orient="index", columns=["firms", "total", "rest_pct", "is_dominated"])
    return found.rename_axis("group")
