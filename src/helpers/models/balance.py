"""How different two groups were before treatment: unit rows in, one row a covariate out."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


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
        difference of means over the root of the mean of both variances, no unit).

    Notes
    -----
    Austin (2009, Statistics in Medicine 28, equation 1). Missing values are left out covariate by covariate and show
    in n.
    """
    grouped = data[data[group].notna()]
    flag = grouped[group].astype(bool)
    rows = []
    for name in covariates:
        values = grouped[name].astype(float)
        treated, untreated = values[flag].dropna(), values[~flag].dropna()
        spread = np.sqrt((treated.var() + untreated.var()) / 2)
        gap = treated.mean() - untreated.mean()
        rows.append(
            {
                "covariate": name,
                "mean_treated": treated.mean(),
                "mean_untreated": untreated.mean(),
                "n_treated": len(treated),
                "n_untreated": len(untreated),
                "difference": gap / spread if spread > 0 else np.nan,
            }
        )
    return pd.DataFrame(rows)
