"""Outcomes of 0 and 1: logit, and the complementary log-log of a discrete-time hazard."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import expit

from helpers.models.likelihood.newton import Estimate, RowLikelihood, Rows, maximise
from helpers.models.likelihood.refusals import check_terms
from helpers.models.likelihood.separation import refuse_separated


def logit(y: np.ndarray, design: np.ndarray, names: Sequence[str], weights: np.ndarray) -> Estimate:
    """Fit log odds of y = 1 that are linear in the terms; arrays as in `estimate`."""
    return _fit("logit", logit_rows(y), y, design, names, weights)


def cloglog(y: np.ndarray, design: np.ndarray, names: Sequence[str], weights: np.ndarray) -> Estimate:
    """Fit P(y = 1) = 1 - exp(-exp(x'b)): with one row a unit and period at risk, exp(b) is a hazard ratio.

    Notes
    -----
    Prentice & Gloeckler (1978, Biometrics 34, equation 4). The bread is the inverse of the expected information, as in
    R's glm and in its sandwich estimators; minus the Hessian differs from it in finite samples for this link.
    """
    found = _fit("cloglog", _cloglog_rows(y), y, design, names, weights)
    hazard = np.exp(design @ found.params)
    information = design.T @ (design * (weights * _expected(hazard))[:, None])
    return replace(found, bread=np.linalg.inv(information))


def _fit(estimator, rows, y, design, names, weights) -> Estimate:
    check_terms(design, names)
    varies = np.ptp(design, axis=0) > 0
    return maximise(
        RowLikelihood((design,), rows, weights), [np.zeros(design.shape[1])], estimator=estimator, names=names,
        varies=varies, trouble=lambda _: refuse_separated(design * np.where(y == 1, 1, -1)[:, None], names, varies),
    )  # fmt: skip


def logit_rows(y: np.ndarray) -> Rows:
    """Return each row's log-likelihood of a logit as a function of its log odds."""

    def rows(predictors):
        odds = predictors[:, 0]
        share = expit(odds)
        return y * odds - np.logaddexp(0, odds), (y - share)[:, None], (-share * (1 - share))[:, None, None]

    return rows


def _cloglog_rows(y):
    def rows(predictors):
        hazard = np.exp(predictors[:, 0])
        # d ln(1 - exp(-hazard)) / d ln hazard; 1 at hazard 0.
        pull = hazard / np.expm1(hazard)
        each = np.where(y == 1, np.log(-np.expm1(-hazard)), -hazard)
        slope = np.where(y == 1, pull, -hazard)
        bend = np.where(y == 1, pull * (1 - hazard / -np.expm1(-hazard)), -hazard)
        return each, slope[:, None], bend[:, None, None]

    return rows


def _expected(hazard):
    return hazard**2 / np.expm1(hazard)
