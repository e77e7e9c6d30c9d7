"""Missing indicators: which forces a firm has enough data for, and what stands for what is missing."""

import numpy as np
import pandas as pd

from helpers.index.choices import Imputation


def coverage(values: pd.DataFrame, belongs: pd.DataFrame) -> pd.DataFrame:
    """Return the share (0-1) of each force's indicators that a firm has.

    Parameters
    ----------
    values : DataFrame, shape (N, k)
    belongs : DataFrame, shape (k, F)
        Weight of each indicator (row) in each force (column); zero where it does not belong.

    Returns
    -------
    DataFrame, shape (N, F)
        Counts of indicators, not of weight; null for a force without any indicator.
    """
    belongs_to = (belongs.loc[values.columns] > 0).to_numpy(dtype=float)
    total = belongs_to.sum(axis=0)
    share = values.notna().to_numpy(dtype=float) @ belongs_to / np.where(total > 0, total, np.nan)
    return pd.DataFrame(share, index=values.index, columns=belongs.columns)


def impute(values: pd.DataFrame, method: Imputation, groups: pd.Series) -> pd.DataFrame:
    """Fill what is missing with the median of the indicator, over all firms or over the firm's group.

    Parameters
    ----------
    values : DataFrame, shape (N, k)
    method : {'none', 'median', 'group_median'}
    groups : Series, shape (N,)
        Group of each row (year and size class).

    Notes
    -----
    A group without any value falls back on all firms; an indicator without any value stays missing. Single imputation
    hides uncertainty, so the choice is one of those that `uncertainty` varies.
    """
    if method == "none":
        return values
    filled = values
    if method == "group_median":
        filled = values.fillna(values.groupby(groups.to_numpy()).transform("median"))
    return filled.fillna(values.median())
