"""Likelihoods beyond least squares and Poisson: arrays in, a checked maximum with scores and Hessian out.

`binary` logit and complementary log-log · `conditional` logit within strata · `ordered` logit · `counts` negative
binomial, zero-inflated and hurdle models · `newton` the climb and its checks · `separation` a linear program ·
`refusals` what cannot be estimated, in words.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from helpers.errors import UsageError
from helpers.models.likelihood import binary, conditional, counts, ordered
from helpers.models.likelihood.newton import Estimate
from helpers.models.likelihood.refusals import check_shapes, check_values

LikelihoodEstimator = Literal["negbin", "zip", "zinb", "hurdle", "logit", "cloglog", "clogit", "ordered"]

__all__ = ["Estimate", "LikelihoodEstimator", "estimate"]


def estimate(
    estimator: LikelihoodEstimator,
    y: np.ndarray,
    design: np.ndarray,
    *,
    names: Sequence[str],
    strata: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> Estimate:
    """Maximise one likelihood.

    Parameters
    ----------
    estimator : {"negbin", "zip", "zinb", "hurdle", "logit", "cloglog", "clogit", "ordered"}
        negbin: variance mu + alpha mu^2 (NB2). zip, zinb: structural zeros by a logit (`zero: x` is on the log odds of
        a structural zero). hurdle: a logit of any count (`zero: x` is on the log odds of y > 0) and a Poisson truncated
        at zero. cloglog: discrete-time hazard. clogit: conditional on the number of ones in each stratum. ordered:
        proportional odds, logit P(y <= k) = cut_k - x'b.
    y : ndarray of shape (N,)
        Counts; 0/1; or categories in their order (ordered).
    design : ndarray of shape (N, K)
        Terms, with a column of ones if there is to be an intercept; none for clogit and ordered. Zero-inflated and
        hurdle models have the same terms in both parts.
    names : sequence of str, length K
    strata : ndarray of shape (N,), optional
        Strata of a conditional logit.
    weights : ndarray of shape (N,), optional
        Positive; each row's log-likelihood is multiplied by its weight. Constant within strata.

    Returns
    -------
    Estimate

    Raises
    ------
    NotEstimable
        If values are not of the estimator's kind, terms do not vary or explain each other, the data are separated, a
        coefficient has no finite estimate, or the gradient does not vanish at the point reached.
    UsageError
        If the estimator is unknown, arrays differ in length, or strata are missing or not asked for.
    """
    if estimator not in get_args(LikelihoodEstimator):
        raise UsageError(f"estimator '{estimator}' is not one of {', '.join(get_args(LikelihoodEstimator))}")
    if (strata is None) == (estimator == "clogit"):
        raise UsageError("strata are needed by 'clogit' and by no other estimator")
    y, design = np.asarray(y, dtype=float), np.asarray(design, dtype=float)
    weights = None if weights is None else np.asarray(weights, dtype=float)
    check_shapes(y, design, names, weights, strata)
    check_values(estimator, y, design, names, weights)
    weight = np.ones(len(y)) if weights is None else weights
    if estimator == "clogit":
        return conditional.clogit(y, design, names, np.asarray(strata), weight)
    chosen = {
        "negbin": counts.negbin, "zip": counts.zip_, "zinb": counts.zinb, "hurdle": counts.hurdle,
        "logit": binary.logit, "cloglog": binary.cloglog, "ordered": ordered.ordered,
    }[estimator]  # fmt: skip
    return chosen(y, design, names, weight)
