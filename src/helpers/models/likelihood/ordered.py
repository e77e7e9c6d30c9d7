"""Ordered categories: the proportional odds logit with its cut points."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.special import expit, log_expit

from helpers.models.likelihood.newton import Estimate, RowLikelihood, maximise
from helpers.models.likelihood.refusals import check_terms, refusal
from helpers.models.likelihood.separation import refuse_separated


def ordered(y: np.ndarray, design: np.ndarray, names: Sequence[str], weights: np.ndarray) -> Estimate:
    """Fit logit P(y <= k) = cut_k - x'b; arrays as in `estimate`, the design without an intercept.

    Notes
    -----
    McCullagh (1980, JRSS B 42, section 2.3), signs as in MASS::polr. With u and l the linear predictors of the cut
    points above and below a row's category, its probability is F(u) F(-l) (1 - exp(l - u)), which has no cancellation.
    The log-likelihood is concave (Pratt 1981, JASA 76), so one start is enough.
    """
    values, category = np.unique(y, return_inverse=True)
    n_cuts = len(values) - 1
    constant = tuple(name for name, width in zip(names, np.ptp(design, axis=0), strict=True) if width == 0)
    if constant:
        raise refusal("constant_beside_cuts", names=constant)
    check_terms(np.column_stack([np.ones(len(y)), design]), ("cut", *names), n_parameters=n_cuts - 1)
    cuts = np.eye(n_cuts + 2)[:, 1:-1]
    above = np.hstack([-design, cuts[category + 1]])
    below = np.hstack([-design, cuts[category]])
    is_top, is_bottom = category == n_cuts, category == 0
    share = np.cumsum(np.bincount(category, weights))[:-1] / weights.sum()
    start = np.concatenate([np.zeros(design.shape[1]), np.log(share / (1 - share))])
    labels = [f"{value:g}" for value in values]
    names = (*names, *(f"cut {low}|{high}" for low, high in pairwise(labels)))
    varies = np.arange(len(names)) < design.shape[1]
    return maximise(
        RowLikelihood((above, below), _rows(is_top, is_bottom), weights, shared=True), [start], estimator="ordered",
        names=names, varies=varies,
        trouble=lambda _: refuse_separated(np.vstack([above[~is_top], -below[~is_bottom]]), names, varies),
    )  # fmt: skip


def _rows(is_top, is_bottom):
    has_above, has_below = (~is_top).astype(float), (~is_bottom).astype(float)
    is_between = has_above * has_below

    def rows(predictors):
        above, below = predictors.T
        gap = np.where(is_between > 0, above - below, 1.0)
        each = has_above * log_expit(above) + has_below * log_expit(-below) + is_between * np.log(-np.expm1(-gap))
        push = is_between / np.expm1(gap)
        pinch = is_between / (np.expm1(gap) * -np.expm1(-gap))
        slope = np.column_stack([has_above * expit(-above) + push, -has_below * expit(below) - push])
        bend = np.empty((len(gap), 2, 2))
        bend[:, 0, 0] = -has_above * expit(above) * expit(-above) - pinch
        bend[:, 1, 1] = -has_below * expit(below) * expit(-below) - pinch
        bend[:, 0, 1] = bend[:, 1, 0] = pinch
        return each, slope, bend

    return rows
