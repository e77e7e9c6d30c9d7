"""The chance of treatment given covariates, and a log-linear mean: arrays in, coefficients out, refusals in words.

Both are the fits of `likelihood` and `poisson`; what stands here is what a comparison of groups asks of them.
"""

import numpy as np
from scipy.special import expit

from helpers.models.likelihood.binary import logit_rows
from helpers.models.likelihood.newton import STEPS, Peak, RowLikelihood, climb
from helpers.models.poisson import ppml
from helpers.models.result import NotEstimable
from helpers.text import Message

# A score this near to 0 or 1 is a coefficient on its way to infinity.
SEPARATED = 1e-8


def logit_peak(design: np.ndarray, treated: np.ndarray) -> Peak:
    """Return where the likelihood of a logit of `treated` (N,), 0 or 1, on `design` (N, K) is highest, if anywhere."""
    return climb(RowLikelihood((design,), logit_rows(treated), np.ones(len(treated))), np.zeros(design.shape[1]))


def propensity(design: np.ndarray, treated: np.ndarray, exposure: str) -> np.ndarray:
    """Return the logit coefficients of a 0/1 column.

    Parameters
    ----------
    design : ndarray, shape (N, K)
        With an intercept, the other columns standardised.
    treated : ndarray, shape (N,)
    exposure : str
        Its name, for the refusal.

    Raises
    ------
    NotEstimable
        If covariates separate the groups, completely or nearly, or Newton's method does not converge.
    """
    peak = logit_peak(design, treated)
    score = expit(design @ peak.params)
    extreme = int(((score < SEPARATED) | (score > 1 - SEPARATED)).sum())
    if extreme:
        values = {"exposure": exposure, "rows": f"{extreme:,}", "all": f"{len(score):,}"}
        raise NotEstimable(Message("sensitivity.propensity_separated", values))
    if not peak.is_maximum:
        raise NotEstimable(Message("models.not_converged", {"estimator": "logit", "steps": STEPS}))
    return peak.params


def log_linear(design: np.ndarray, y: np.ndarray, outcome: str) -> np.ndarray:
    """Return the coefficients of a Poisson mean exp(design @ b).

    Raises
    ------
    NotEstimable
        If the outcome is negative somewhere or zero everywhere, terms separate zeros, or there is no convergence.
    """
    if (y < 0).any():
        raise NotEstimable(Message("models.negative", {"outcome": outcome, "rows": f"{int((y < 0).sum()):,}"}))
    if not y.any():
        values = {"outcome": outcome, "rows": f"{len(y):,}", "value": "0"}
        raise NotEstimable(Message("models.outcome_constant", values))
    fitted = ppml(y, design)
    vanishing = int(fitted.is_separated.sum())
    if vanishing:
        raise NotEstimable(Message("models.separation_of_terms", {"rows": f"{vanishing:,}", "all": f"{len(y):,}"}))
    return fitted.params
