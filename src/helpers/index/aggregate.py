"""Aggregation of positive scores by weights: what is missing leaves its weight to the rest."""

import numpy as np

from helpers.index.choices import Aggregation


def aggregate(scores: np.ndarray, weights: np.ndarray, method: Aggregation) -> np.ndarray:
    """Aggregate scores over their last axis.

    Parameters
    ----------
    scores : ndarray, shape (N, k)
        Positive; NaN where missing.
    weights : ndarray, shape (k, F)
        Of each score in each of F aggregates; need not sum to 1.
    method : {'arithmetic', 'geometric', 'mazziotta_pareto'}

    Returns
    -------
    ndarray, shape (N, F)
        NaN where no score of positive weight is known.

    Notes
    -----
    arithmetic: M = sum w x / sum w over the known scores. geometric: exp(sum w ln x / sum w). mazziotta_pareto:
    M - S^2 / M with the weighted variance S^2 = sum w (x - M)^2 / sum w: a firm is marked down for being uneven; with
    equal weights this is Mazziotta & Pareto (2016), eq. 3 with negative penalty.
    """
    known = ~np.isnan(scores)
    total = known.astype(float) @ weights
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "geometric":
            logs = np.where(known, np.log(np.where(known, scores, 1.0)), 0.0)
            return np.exp(np.where(total > 0, logs @ weights / total, np.nan))
        filled = np.where(known, scores, 0.0)
        mean = np.where(total > 0, filled @ weights / total, np.nan)
        if method == "arithmetic":
            return mean
        variance = np.maximum(filled**2 @ weights / total - mean**2, 0.0)
        return mean - variance / mean
