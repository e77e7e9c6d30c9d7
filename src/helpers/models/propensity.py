"""Two likelihoods of a design with an intercept: a logit that refuses separation, and a log-linear mean.

Arrays in, coefficients out. Newton's method in numpy, because a score needs coefficients to the last digit and a
refusal where groups are separated, not a table of a fit.
"""

import numpy as np

from helpers.models.result import NotEstimable
from helpers.text import Message

STEPS = 60
TOLERANCE = 1e-11
# A score this near to 0 or 1 is a coefficient on its way to infinity.
SEPARATED = 1e-8


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
    share = treated.mean()
    start = np.zeros(design.shape[1])
    start[0] = np.log(share / (1 - share))

    def fitted(coefficients):
        linear = design @ coefficients
        score = 1 / (1 + np.exp(-np.clip(linear, -700, 700)))
        return score, score * (1 - score), treated @ linear - np.logaddexp(0, linear).sum()

    coefficients, is_done = _newton(design, treated, start, fitted)
    score = fitted(coefficients)[0]
    extreme = int(((score < SEPARATED) | (score > 1 - SEPARATED)).sum())
    if extreme:
        values = {"exposure": exposure, "rows": f"{extreme:,}", "all": f"{len(score):,}"}
        raise NotEstimable(Message("sensitivity.propensity_separated", values))
    if not is_done:
        raise NotEstimable(Message("models.not_converged", {"estimator": "logit", "steps": STEPS}))
    return coefficients


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
    start = np.zeros(design.shape[1])
    start[0] = np.log(y.mean())

    def fitted(coefficients):
        linear = np.clip(design @ coefficients, -700, 700)
        mean = np.exp(linear)
        return mean, mean, y @ linear - mean.sum()

    coefficients, is_done = _newton(design, y, start, fitted)
    vanishing = int((fitted(coefficients)[0] < SEPARATED * y.mean()).sum())
    if vanishing:
        raise NotEstimable(Message("models.separation_of_terms", {"rows": f"{vanishing:,}", "all": f"{len(y):,}"}))
    if not is_done:
        raise NotEstimable(Message("models.not_converged", {"estimator": "poisson", "steps": STEPS}))
    return coefficients


def _newton(design, y, start, fitted) -> tuple[np.ndarray, bool]:
    coefficients = start
    mean, curvature, value = fitted(coefficients)
    size = np.abs(design).T @ (np.abs(y) + np.abs(mean)) + 1e-300
    for _ in range(STEPS):
        slope = design.T @ (y - mean)
        if (np.abs(slope) <= TOLERANCE * size).all():
            return coefficients, True
        hessian = (design * curvature[:, None]).T @ design
        step = np.linalg.lstsq(hessian, slope, rcond=None)[0]
        for half in range(30):
            tried = coefficients + step / 2**half
            found = fitted(tried)
            if found[2] >= value - 1e-12 * abs(value):
                break
        coefficients, (mean, curvature, value) = tried, found
    return coefficients, False
