"""Wild cluster bootstrap of one coefficient: a fit in, p values and an interval that hold with few clusters out.

Own plain numpy, because the kept libraries expand fixed effects to dummies (out of memory at 100,000 rows); R's
fwildclusterboot is the peer. The fixed effects are taken out once for every cluster, and what is left is algebra in
as many numbers as there are clusters, so that all sign vectors of 18 clusters take a fraction of a second.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from helpers.errors import UsageError
from helpers.models.result import NotEstimable, Result, Sample
from helpers.models.scores import LinearParts, Scores, linear_parts, score_part
from helpers.models.vectors import SAME, TIE, Vectors, end_of_interval, is_as_extreme
from helpers.text import Message

# The algebra holds clusters x clusters numbers; with more, the usual t test has nothing to fear from their number.
MOST_CLUSTERS = 2_000
# Of an interval's end, in standard errors; for Poisson each step is a fit.
DIGITS = {"ols": 1e-6, "poisson": 1e-3}
# Log points between the largest and the smallest mean that a null may bring, so that the fit has any digits.
WIDEST = 100.0


@dataclass(frozen=True)
class WildTest:
    """A wild bootstrap test of one coefficient.

    Attributes
    ----------
    term, estimate, null, statistic
        What was tested; the statistic is the clustered t (OLS, without the small-sample factor, which cancels) or the
        studentised score (Poisson) of `term` = `null`.
    p_value : float
        Symmetric: share of sign vectors whose |t*| is at least |t|.
    p_equal_tailed : float
        Twice the smaller tail.
    conf_low, conf_high : float
        All nulls that the symmetric test does not reject at 1 - `level`; infinite where none far out is rejected.
    n_clusters, n_vectors : int
        Clusters; weight vectors counted, by symmetry or by name.
    is_enumerated : bool
        Whether these are all there are; else they were drawn with `seed`.
    weights : {"rademacher", "webb"}
    smallest_p : float
        No data give a smaller p value with these clusters and vectors.
    """

    term: str
    estimate: float
    null: float
    statistic: float
    p_value: float
    p_equal_tailed: float
    conf_low: float
    conf_high: float
    level: float
    n_clusters: int
    n_vectors: int
    is_enumerated: bool
    weights: Literal["rademacher", "webb"]
    smallest_p: float
    seed: int | None
    rule: str
    warnings: tuple[Message, ...]

    @property
    def table(self) -> pd.DataFrame:
        """Return the test as a frame of one row."""
        names = ("term", "estimate", "null", "statistic", "p_value", "p_equal_tailed", "conf_low", "conf_high",
                 "n_clusters", "n_vectors", "is_enumerated", "smallest_p")  # fmt: skip
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def wild_bootstrap(
    result: Result,
    term: str,
    *,
    null: float = 0.0,
    draws: Literal["enumerate"] | int = "enumerate",
    seed: int | None = None,
    level: float = 0.95,
) -> WildTest:
    """Test one coefficient of a clustered fit by the wild cluster bootstrap with the null imposed.

    Parameters
    ----------
    result : Result
        Of `fit` with estimator "ols" or "poisson" and a cluster.
    term : str
        The exposure or a control.
    null : float
        Its coefficient under the null.
    draws : "enumerate" or int
        All Rademacher sign vectors of up to 18 clusters, or 9,999 draws with more; or so many draws, with Webb's
        six-point weights for up to 12 clusters.
    seed : int, optional
        Of the draws; 0 if none is named, so that the same call gives the same numbers.
    level : float
        Coverage of the interval.

    Returns
    -------
    WildTest

    Raises
    ------
    NotEstimable
        If there are one or two clusters, too many of them, or the restricted Poisson fit does not converge.
    UsageError
        If the fit has no clusters, another estimator or no such term.

    Notes
    -----
    OLS: the restricted wild cluster bootstrap, WCR, of Cameron, Gelbach & Miller (2008, REStat 90, section III.B), by
    the algebra of Roodman, MacKinnon, Nielsen & Webb (2019, Stata Journal 19, section 5) and MacKinnon, Nielsen & Webb
    (2023, Journal of Applied Econometrics 38). The term residualised on all others is x~, the restricted residuals are
    u~; b* - null = sum_g v_g a_g / x~'Wx~ with a_g = x~_g'W u~_g, and t* has the scores x~_h'W M(v u~)_h in its
    variance. Small-sample factors cancel. Ties count against the null's rejection, and the vector of ones among the
    enumerated, so p is at least 2 / 2^G; drawn p values are (b + 1) / (B + 1).

    Poisson: the score bootstrap of Kline & Santos (2012, Journal of Econometric Methods 1, section 2) at the restricted
    fit: sum_g v_g a_g, a_g the efficient score of the term in cluster g, studentised about its mean. With Rademacher
    weights studentising does not change the p value.
    """
    sample = testable(result, term)
    n_clusters = int(sample.cluster.max()) + 1
    plan = Vectors.of(n_clusters, draws, seed)
    estimate = float(result.term(term)["estimate"])
    error = float(result.term(term)["std_error"])
    if result.estimator == "ols":
        parts = linear_parts(sample, term)
        statistic, symmetric, tailed = _p_values(parts.at(null), plan)
        size = _linear_inversion(parts, plan)
    else:
        statistic, symmetric, tailed = _p_values(score_part(sample, term, null), plan)

        size = _score_inversion(sample, term, plan)
    ends = [-np.inf, np.inf]
    if plan.smallest_p <= 1 - level + SAME:
        digits = DIGITS[result.estimator]
        ends = [end_of_interval(size, estimate, side * error, 1 - level, digits=digits) for side in (-1, 1)]
    kind = "wild cluster bootstrap, null imposed" if result.estimator == "ols" else "score bootstrap, null imposed"
    return WildTest(
        term=term, estimate=estimate, null=null, statistic=statistic, p_value=symmetric, p_equal_tailed=tailed,
        conf_low=ends[0], conf_high=ends[1], level=level, n_clusters=n_clusters, n_vectors=plan.count,
        is_enumerated=plan.is_enumerated, weights=plan.weights, smallest_p=plan.smallest_p, seed=plan.seed,
        rule=f"{kind}, by {result.cluster}: {plan.words}", warnings=_warnings(plan, ends, level, result.cluster),
    )  # fmt: skip


def testable(result: Result, term: str) -> Sample:
    """Return the sample of a fit that can be bootstrapped, or say why it cannot."""
    if result.estimator not in ("ols", "poisson"):
        raise UsageError(f"the wild bootstrap is for estimators ols and poisson, not '{result.estimator}'")
    if result.sample is None or result.sample.cluster is None:
        raise UsageError("the wild bootstrap needs a fit with a cluster: name one in fit(..., cluster=...)")
    if term not in result.sample.names:
        raise UsageError(f"no term '{term}'; the fit has {', '.join(result.sample.names)}")
    n_clusters = int(result.sample.cluster.max()) + 1
    if n_clusters <= 2:
        raise NotEstimable(Message("inference.two_clusters", {"clusters": n_clusters, "cluster": result.cluster}))
    if n_clusters > MOST_CLUSTERS:
        values = {"clusters": f"{n_clusters:,}", "most": f"{MOST_CLUSTERS:,}", "cluster": result.cluster}
        raise NotEstimable(Message("inference.many_clusters", values))
    return result.sample


def _p_values(scores: Scores, plan: Vectors) -> tuple[float, float, float]:
    (top,), (square,) = scores.statistics(np.ones((1, plan.n_clusters)))
    statistic = float(top / np.sqrt(square)) if square > 0 else float(np.copysign(np.inf, top))
    if scores.each is None and plan.weights == "rademacher":
        # Squared signs are one: the variance about the mean falls in the numerator's size, which alone decides.
        sums = plan.sums(scores.own)
        near = TIE * abs(top)
        symmetric = plan.share(int((np.abs(sums) >= abs(top) - near).sum()))
        above, below = (plan.share(int((side * sums >= side * top - near).sum())) for side in (1, -1))
        return statistic, symmetric, symmetric if plan.is_enumerated else min(1.0, 2 * min(above, below))
    both = above = below = 0
    near = TIE * abs(statistic)
    for vectors in plan.blocks():
        tops, squares = scores.statistics(vectors)
        both += int(is_as_extreme(tops, squares, top, square).sum())
        if not plan.is_enumerated:
            with np.errstate(divide="ignore", invalid="ignore"):
                t = tops / np.sqrt(squares)
            # Negated, so that 0 / 0 counts in both tails.
            above += int((~(t < statistic - near)).sum())
            below += int((~(t > statistic + near)).sum())
    symmetric = plan.share(both)
    # Enumerated vectors come with their negatives: both tails are alike.
    tailed = symmetric if plan.is_enumerated else min(1.0, 2 * min(plan.share(above), plan.share(below)))
    return statistic, symmetric, tailed


def _linear_inversion(parts: LinearParts, plan: Vectors) -> Callable[[float], float]:
    """Return the p value as a function of the null: numerators are linear in it, squared denominators quadratic."""
    ones = np.ones((1, plan.n_clusters))
    pieces = [_quadratic(parts, vectors) for vectors in (ones, *plan.blocks())]
    top, slope, level, cross, square = (np.concatenate([piece[i] for piece in pieces]) for i in range(5))

    def size(null: float) -> float:
        tops = top - null * slope
        squares = np.maximum(level - 2 * null * cross + null**2 * square, 0.0)
        return plan.share(int(is_as_extreme(tops[1:], squares[1:], tops[0], squares[0]).sum()))

    return size


def _score_inversion(sample: Sample, term: str, plan: Vectors) -> Callable[[float], float]:
    """Return the p value as a function of the null; one that cannot be fitted is not rejected."""
    reach = float(np.ptp(sample.design[:, sample.names.index(term)]))

    def size(null: float) -> float:
        if abs(null) * reach > WIDEST:
            return 1.0
        try:
            return _p_values(score_part(sample, term, null), plan)[1]
        except NotEstimable:
            return 1.0

    return size


def _quadratic(parts: LinearParts, vectors: np.ndarray) -> tuple[np.ndarray, ...]:
    outcome, term = vectors @ parts.outcome.each.T, vectors @ parts.term.each.T
    return (vectors @ parts.outcome.own, vectors @ parts.term.own, (outcome**2).sum(axis=1),
            (outcome * term).sum(axis=1), (term**2).sum(axis=1))  # fmt: skip


def _warnings(plan: Vectors, ends: list[float], level: float, cluster: str | None) -> tuple[Message, ...]:
    found = []
    alpha = 1 - level
    if plan.smallest_p > alpha + SAME:
        values = {"clusters": plan.n_clusters, "cluster": cluster, "smallest": f"{plan.smallest_p:.3f}",
                  "alpha": f"{100 * alpha:g}"}  # fmt: skip
        found.append(Message("inference.smallest_p", values))
    elif not np.isfinite(ends).all():
        found.append(Message("inference.open_interval", {"clusters": plan.n_clusters, "cluster": cluster}))
    return tuple(found)
