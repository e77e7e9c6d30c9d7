"""How different two groups were before treatment: unit rows in, one row a covariate out."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.disclosure import dominance

MONEY = "_cny"


def balance(data: pd.DataFrame, *, group: str, covariates: Sequence[str]) -> pd.DataFrame:
    """Compare covariate means of two groups by standardised difference.

    Parameters
    ----------
    data : DataFrame
        One row a unit, in the baseline period.
    group : str
        Column of booleans: True = treated (or treated earlier). Rows without a group are left out.
    covariates : sequence of str
        Numeric columns.

    Returns
    -------
    DataFrame
        One row a covariate: covariate, mean_treated, mean_untreated, n_treated, n_untreated, difference (standardised:
        difference of means over the root of the mean of both variances, no unit), std_error (of the difference). The
        mean of a column of money (`…_cny`) is missing where one firm dominates its group (p % rule).

    Notes
    -----
    Austin (2009, Statistics in Medicine 28, equation 1). The standard error is that of a standardised mean difference
    of independent groups, sqrt((n1 + n0) / (n1 n0) + d^2 / (2 (n1 + n0))), Hedges & Olkin (1985, Statistical Methods
    for Meta-Analysis, chapter 5, equation 15). Missing values are left out covariate by covariate and show
    in n.
    """
    grouped = data[data[group].notna()]
    flag = grouped[group].astype(bool)
    rows = []
    for name in covariates:
        values = grouped[name].astype(float)
        treated, untreated = values[flag].dropna(), values[~flag].dropna()
        spread = np.sqrt((treated.var() + untreated.var()) / 2)
        distance = (treated.mean() - untreated.mean()) / spread if spread > 0 else np.nan
        rows.append(
            {
                "covariate": name,
                "mean_treated": _mean(treated, name),
                "mean_untreated": _mean(untreated, name),
                "n_treated": len(treated),
                "n_untreated": len(untreated),
                "difference": distance,
                "std_error": _std_error(distance, len(treated), len(untreated)),
            }
        )
    return pd.DataFrame(rows)


def _mean(values: pd.Series, name: str) -> float:
    """Return the mean of one row a unit, missing where it would tell the money of one of few units."""
    if not name.endswith(MONEY):
        return values.mean()
    each = pd.DataFrame({"amount": values, "unit": range(len(values))})
    is_dominated = dominance(each, amount="amount", firm="unit")["is_dominated"]
    return np.nan if is_dominated.all() else values.mean()


def _std_error(distance: float, treated: int, untreated: int) -> float:
    if not treated or not untreated:
        return np.nan
    both = treated + untreated
    return float(np.sqrt(both / (treated * untreated) + distance**2 / (2 * both)))
