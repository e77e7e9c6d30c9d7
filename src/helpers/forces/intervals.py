"""Shares with their intervals: counts and totals in, percentages out."""

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint


def shares(count: pd.Series, total: pd.Series) -> pd.DataFrame:
    """Return shares in per cent with Wilson's 95 % interval.

    Parameters
    ----------
    count, total : Series, shape (N,)
        Counts of cases, and of those among them.

    Returns
    -------
    DataFrame, shape (N, 3)
        pct, conf_low, conf_high; missing where the total is missing or zero.
    """
    known = total.notna() & (total > 0)
    low, high = (pd.Series(np.nan, index=total.index) for _ in range(2))
    if known.any():
        bounds = proportion_confint(count[known].to_numpy(), total[known].to_numpy(), method="wilson")
        low[known], high[known] = (100 * np.asarray(bound) for bound in bounds)
    return pd.DataFrame({"pct": 100 * count / total.where(known), "conf_low": low, "conf_high": high})
