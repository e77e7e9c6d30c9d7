"""Pointwise intervals and simultaneous bands of many estimates at once.

With influence functions the band's critical value comes from a multiplier bootstrap by cluster, as in Callaway &
Sant'Anna (2021, Journal of Econometrics 225, algorithm 1); with a covariance alone, from Gaussian draws (Montiel Olea &
Plagborg-Møller 2019, Journal of Applied Econometrics 34). Both need a seed and give the same numbers for the same seed.
"""

import numpy as np
import pandas as pd
from scipy import stats

# Mammen (1993): two points with mean 0, variance 1 and third moment 1, as R's did draws them.
_ROOT5 = np.sqrt(5)
_MAMMEN_LOW, _MAMMEN_HIGH = (1 - _ROOT5) / 2, (1 + _ROOT5) / 2
_MAMMEN_P_LOW = (1 + _ROOT5) / (2 * _ROOT5)
# Draws are worked off in blocks, so that 999 of them over 13,470 units take 14 MB and not 100.
_BLOCK = 128


def cluster_sums(influence: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Return influence functions (n_units, E) summed by cluster, (G, E)."""
    n_clusters = int(cluster.max()) + 1
    if n_clusters == len(cluster):
        return influence
    return np.column_stack([np.bincount(cluster, column, n_clusters) for column in influence.T])


def covariance(influence: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Return the covariance (E, E) of estimates that differ from the truth by the mean of (n_units, E) influences."""
    sums = cluster_sums(influence, cluster)
    return sums.T @ sums / len(influence) ** 2


def bootstrap_critical(
    influence: np.ndarray, cluster: np.ndarray, std_error: np.ndarray, *, draws: int, seed: int, level: float = 0.95
) -> float:
    """Return the critical value of a band that holds for all estimates at once, from Mammen multipliers.

    Parameters
    ----------
    influence : ndarray, shape (n_units, E)
    cluster : ndarray of int, shape (n_units,)
    std_error : ndarray, shape (E,)
        Those of the pointwise intervals; estimates of standard error zero take no part.
    draws : int
    seed : int
    level : float

    Returns
    -------
    float
        The `level` quantile over draws of the largest |t|.
    """
    used = std_error > 0
    if not used.any():
        return np.nan
    sums = cluster_sums(influence[:, used], cluster) / (len(influence) * std_error[used])
    rng = np.random.default_rng(seed)
    largest = np.empty(draws)
    for start in range(0, draws, _BLOCK):
        size = min(_BLOCK, draws - start)
        signs = np.where(rng.random((size, len(sums))) < _MAMMEN_P_LOW, _MAMMEN_LOW, _MAMMEN_HIGH)
        largest[start : start + size] = np.abs(signs @ sums).max(axis=1)
    return float(np.quantile(largest, level))


def gaussian_critical(cov: np.ndarray, *, draws: int, seed: int, level: float = 0.95, df: float = np.inf) -> float:
    """Return the same critical value from a covariance (E, E) by Gaussian draws, multivariate t with a finite `df`."""
    std_error = np.sqrt(np.diag(cov))
    used = std_error > 0
    if not used.any():
        return np.nan
    values, vectors = np.linalg.eigh(cov[np.ix_(used, used)] / np.outer(std_error[used], std_error[used]))
    root = vectors * np.sqrt(np.clip(values, 0, None))
    rng = np.random.default_rng(seed)
    # Ten times the draws of a bootstrap: these cost nothing, and the quantile then has two digits.
    largest = np.abs(rng.standard_normal((10 * draws, len(root))) @ root.T).max(axis=1)
    if np.isfinite(df):
        largest = largest / np.sqrt(rng.chisquare(df, len(largest)) / df)
    return float(np.quantile(largest, level))


def with_intervals(table: pd.DataFrame, *, critical: float, level: float = 0.95, df: float = np.inf) -> pd.DataFrame:
    """Return a table of estimate and std_error with conf_low, conf_high, band_low and band_high.

    The band is never narrower than the pointwise interval, which a quantile of few draws could otherwise be.
    """
    pointwise = float(stats.t.ppf((1 + level) / 2, df)) if np.isfinite(df) else float(stats.norm.ppf((1 + level) / 2))
    wide = np.nanmax([critical, pointwise])
    estimate, std_error = table["estimate"], table["std_error"]
    return table.assign(
        conf_low=estimate - pointwise * std_error, conf_high=estimate + pointwise * std_error,
        band_low=estimate - wide * std_error, band_high=estimate + wide * std_error,
    )  # fmt: skip
