"""One comparison of two groups over two periods with covariates: doubly robust, by outcome regression, or by weighting.

Goes in: changes of the outcome, who is treated, covariates of the base period. Comes out: the effect on the treated and
its influence function. Formulas of Sant'Anna & Zhao (2020, Journal of Econometrics 219, section 3), as in R's DRDID.
"""

from typing import Literal

import numpy as np
from scipy.special import expit

from helpers.models.propensity import logit_peak

Adjustment = Literal["doubly_robust", "outcome_regression", "ipw"]

# R's did gives no number for a comparison in which a fitted probability of treatment passes this.
_OVERLAP = 0.999
# R's DRDID leaves out comparison units whose probability of treatment passes this.
_TRIM = 0.995


class NoOverlap(ArithmeticError):
    """Some units were all but certain to be treated, so that no unit is like them."""


class TooFewControls(ArithmeticError):
    """The comparison units do not identify the regression on the covariates."""


def effect(
    change: np.ndarray, treated: np.ndarray, covariates: np.ndarray, adjustment: Adjustment
) -> tuple[float, np.ndarray]:
    """Return the average effect on the treated and the influence function.

    Parameters
    ----------
    change : ndarray, shape (n,)
        Outcome of the later less that of the base period.
    treated : ndarray of bool, shape (n,)
    covariates : ndarray, shape (n, k)
        Without intercept; k may be 0.
    adjustment : {"doubly_robust", "outcome_regression", "ipw"}

    Returns
    -------
    float, ndarray of shape (n,)
        The influence function has mean zero; its mean square over n is the variance of the effect.

    Raises
    ------
    NoOverlap, TooFewControls
    """
    treated = treated.astype(float)
    if covariates.shape[1] == 0:
        return _difference(change, treated)
    # Scaled, so that an asset in yuan and a share in one regression do not look collinear.
    spread = covariates.std(axis=0)
    scaled = (covariates - covariates.mean(axis=0)) / np.where(spread > 0, spread, 1)
    design = np.column_stack([np.ones(len(change)), scaled])
    if adjustment == "outcome_regression":
        fitted, of_slopes = _outcome_regression(change, treated, design)
        return _regression_effect(change, treated, design, fitted, of_slopes)
    chance, of_chance = _propensity(treated, design)
    if adjustment == "ipw":
        return _weighted_effect(change, treated, design, chance, of_chance)
    fitted, of_slopes = _outcome_regression(change, treated, design)
    return _doubly_robust_effect(change - fitted, treated, design, chance, of_chance, of_slopes)


def _difference(change, treated):
    other = 1 - treated
    mean_treated, mean_other = change @ treated / treated.sum(), change @ other / other.sum()
    influence = treated * (change - mean_treated) / treated.mean() - other * (change - mean_other) / other.mean()
    return mean_treated - mean_other, influence


def _outcome_regression(change, treated, design):
    """Return fitted changes (n,) and influence functions (n, k) of the regression on comparison units."""
    other = design * (1 - treated)[:, None]
    gram = other.T @ design / len(change)
    if np.linalg.cond(gram) > 1 / np.finfo(float).eps ** 0.75:
        raise TooFewControls
    inverse = np.linalg.inv(gram)
    fitted = design @ (inverse @ (other.T @ change / len(change)))
    return fitted, (other * (change - fitted)[:, None]) @ inverse


def _propensity(treated, design):
    """Return fitted probabilities (n,) of a logit and influence functions (n, k) of its coefficients."""
    peak = logit_peak(design, treated)
    chance = expit(design @ peak.params)
    if not peak.is_maximum or chance.max() > _OVERLAP:
        raise NoOverlap
    return chance, (design * (treated - chance)[:, None]) @ (peak.bread * len(treated))


def _regression_effect(change, treated, design, fitted, of_slopes):
    share = treated.mean()
    mean_treated, mean_fitted = (treated * change).mean() / share, (treated * fitted).mean() / share
    of_fitted = treated * (fitted - mean_fitted) + of_slopes @ (treated[:, None] * design).mean(axis=0)
    return mean_treated - mean_fitted, (treated * (change - mean_treated) - of_fitted) / share


def _weights(treated, chance):
    weight = (1 - treated) * chance / (1 - chance)
    return np.where((treated == 0) & (chance >= _TRIM), 0.0, weight)


def _weighted_effect(change, treated, design, chance, of_chance):
    weight = _weights(treated, chance)
    mean_treated, mean_other = (treated * change).mean() / treated.mean(), (weight * change).mean() / weight.mean()
    residual = weight * (change - mean_other)
    of_other = residual + of_chance @ (residual[:, None] * design).mean(axis=0)
    return mean_treated - mean_other, treated * (change - mean_treated) / treated.mean() - of_other / weight.mean()


def _doubly_robust_effect(residual, treated, design, chance, of_chance, of_slopes):
    weight = _weights(treated, chance)
    mean_treated, mean_other = (treated * residual).mean() / treated.mean(), (weight * residual).mean() / weight.mean()
    left = weight * (residual - mean_other)
    of_treated = treated * (residual - mean_treated) - of_slopes @ (treated[:, None] * design).mean(axis=0)
    of_other = (
        left
        + of_chance @ (left[:, None] * design).mean(axis=0)
        - of_slopes @ (weight[:, None] * design).mean(axis=0)
    )
    return mean_treated - mean_other, of_treated / treated.mean() - of_other / weight.mean()
