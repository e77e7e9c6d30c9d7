"""Poisson pseudo-maximum likelihood with absorbed fixed effects: counts, terms and codes in, coefficients out.

Iteratively reweighted least squares whose every step takes the fixed effects out of what the previous step left, as in
Correia, Guimaraes & Zylkin (2020); own code, because statsmodels expands fixed effects to dummies.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from helpers.models.demean import Absorber
from helpers.models.result import NotEstimable
from helpers.text import Message

TOLERANCE = 1e-10
MOST_STEPS = 200
MOST_HALVINGS = 12
# Newton's steps near a maximum are tiny; only a predictor on its way to minus infinity still goes down by one a step.
STILL_FALLING = 0.1
# A fitted mean this far below the average outcome is a coefficient on its way to minus infinity, not a rare event.
SEPARATED = 1e-9


@dataclass(frozen=True, eq=False)
class PoissonFit:
    """A fitted Poisson mean.

    Attributes
    ----------
    params : ndarray, shape (K,)
    design : ndarray, shape (N, K)
        Terms with the fixed effects taken out under the fitted weights.
    mean : ndarray, shape (N,)
        Fitted, above zero.
    is_separated : ndarray of bool, shape (N,)
        Zeros whose fitted mean still falls although the deviance no longer does.
    deviance : float
    n_iterations : int
    """

    params: np.ndarray
    design: np.ndarray
    mean: np.ndarray
    is_separated: np.ndarray
    deviance: float
    n_iterations: int


def ppml(
    y: np.ndarray,
    design: np.ndarray,
    groups: Sequence[np.ndarray] = (),
    *,
    weights: np.ndarray | None = None,
    start: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
) -> PoissonFit:
    """Fit E[y] = exp(design b + fixed effects).

    Parameters
    ----------
    y : ndarray, shape (N,)
        Not negative, with a value above zero in every group.
    design : ndarray, shape (N, K)
        With an intercept column where there are no groups; K may be 0 where there are.
    groups : sequence of ndarray of int, each (N,)
    weights : ndarray, shape (N,), optional
        Above zero.
    start : ndarray, shape (N,), optional
        Means to begin with.
    tolerance : float
        On the change of the deviance, as a share of it; also that of the absorption.

    Raises
    ------
    NotEstimable
        If the deviance has not settled in 200 steps.

    Notes
    -----
    Correia, Guimaraes & Zylkin (2020, Stata Journal 20, section 3): with mean m and weights w m, regress
    z = ln m + (y - m) / m on the terms, all with the fixed effects taken out under these weights. Since taking out is a
    projection, the residuals of the previous step's columns plus the change of z serve as well as the columns. After
    the deviance has settled one more step is taken, so that the coefficients' error is the square of the last one's.
    """
    average = np.average(y, weights=weights)
    mean = (y + average) / 2 if start is None else start
    predictor = np.log(mean)
    # The means to begin with are no model's; their deviance says nothing.
    deviance = np.inf
    # Of the working outcome: as it was, and what is left of it.
    target, residual = np.zeros(len(y)), np.zeros(len(y))
    absorber, left, is_last = None, design, False
    for step in range(1, MOST_STEPS + 1):
        working = mean if weights is None else mean * weights
        new = predictor + (y - mean) / mean
        absorber = absorber.reweighted(working) if absorber else Absorber(groups, weights=working, tolerance=tolerance)
        both = absorber(np.vstack([residual + (new - target), left.T]).T)
        target, residual, left = new, both[:, 0], both[:, 1:]
        params = least_squares(left, residual, working)
        proposed = new - (residual - left @ params)
        settled, value = _settled(y, predictor, proposed, weights, deviance)
        fall = predictor - settled
        predictor, mean, change, deviance = settled, np.exp(settled), deviance - value, value
        if is_last:
            falling = (y == 0) & ((fall > STILL_FALLING) | (mean < SEPARATED * average))
            return PoissonFit(params, left, mean, falling, deviance, step)
        is_last = abs(change) <= tolerance * (0.1 + deviance)
    raise NotEstimable(Message("models.not_converged", {"estimator": "poisson", "steps": MOST_STEPS}))


def least_squares(design: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the coefficients of `y` (N,) on `design` (N, K), of full rank, under `weights` (N,)."""
    if not design.shape[1]:
        return np.zeros(0)
    weighted = design if weights is None else design * weights[:, None]
    products = weighted.T @ design
    size = np.sqrt(np.diag(products))
    factor = cho_factor(products / size / size[:, None])
    params = cho_solve(factor, weighted.T @ y / size) / size
    # One step of refinement gives back the digits that the normal equations cost.
    return params + cho_solve(factor, weighted.T @ (y - design @ params) / size) / size


def _settled(y, old, new, weights, deviance) -> tuple[np.ndarray, float]:
    """Return the new predictor, or one nearer the old where the deviance would rise."""
    for _ in range(MOST_HALVINGS):
        with np.errstate(over="ignore", invalid="ignore"):
            value = _deviance(y, np.exp(new), weights)
        if np.isfinite(value) and value <= deviance * (1 + 1e-8) + 1e-12:
            break
        new = (new + old) / 2
    return new, value


def _deviance(y: np.ndarray, mean: np.ndarray, weights: np.ndarray | None) -> float:
    ratio = np.divide(y, mean, out=np.ones_like(mean), where=y > 0)
    each = y * np.log(ratio) - (y - mean)
    return 2 * float(each.sum() if weights is None else each @ weights)
