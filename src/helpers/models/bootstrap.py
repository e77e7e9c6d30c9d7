"""Wild cluster bootstrap of one coefficient: a fit in, p values and an interval that hold with few clusters out.

Own plain numpy, because the kept libraries expand fixed effects to dummies (out of memory at 100,000 rows); R's
fwildclusterboot is the peer. The fixed effects are taken out once for every cluster, and what is left is algebra in
as many numbers as there are clusters, so that all sign vectors of 18 clusters take a fraction of a second.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from helpers.errors import UsageError
from helpers.models.demean import Absorber
from helpers.models.poisson import ppml
from helpers.models.result import NotEstimable, Result, Sample
from helpers.text import Message

# All sign vectors of so many clusters are enumerated, half of them by symmetry.
MOST_ENUMERATED = 18
DRAWS = 9_999
# Six-point weights where sign vectors are few enough to repeat among the draws (Webb 2023).
FEW_CLUSTERS = 12
# The algebra holds clusters x clusters numbers; with more, the usual t test has nothing to fear from their number.
MOST_CLUSTERS = 2_000
WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])
# Numbers held at a time, 16 MB.
BLOCK = 2_000_000
# Statistics this close, as a share, are the same one with another rounding.
TIE = 1e-9
# Of an interval's end, in standard errors; for Poisson each step is a fit.
DIGITS = {"ols": 1e-6, "poisson": 1e-3}
# P values that are equal but for rounding, as 1 - level is.
SAME = 1e-12
# Log points between the largest and the smallest mean that a null may bring, so that the fit has any digits.
WIDEST = 100.0
# An interval's end farther out than so many standard errors is none.
FARTHEST = 1e4


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


@dataclass(frozen=True)
class Vectors:
    """Weight vectors of a bootstrap: all Rademacher ones, of which half are the others' negatives, or draws.

    Attributes
    ----------
    n_clusters : int
    count : int
        Vectors counted.
    """

    n_clusters: int
    count: int
    is_enumerated: bool
    weights: Literal["rademacher", "webb"]
    seed: int | None

    @classmethod
    def of(cls, n_clusters: int, draws: Literal["enumerate"] | int, seed: int | None) -> "Vectors":
        """Return the plan that `draws` asks for.

        Raises
        ------
        UsageError
            If `draws` is neither "enumerate" nor a whole number from 1.
        """
        if draws == "enumerate" and n_clusters <= MOST_ENUMERATED:
            return cls(n_clusters, 2**n_clusters, True, "rademacher", None)
        if draws != "enumerate" and (isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 1):
            raise UsageError(f"draws {draws!r} is neither 'enumerate' nor a whole number from 1")
        count = DRAWS if draws == "enumerate" else int(draws)
        is_webb = draws != "enumerate" and n_clusters <= FEW_CLUSTERS
        return cls(n_clusters, count, False, "webb" if is_webb else "rademacher", 0 if seed is None else seed)

    @property
    def smallest_p(self) -> float:
        """Return the smallest p value that any data give."""
        fewest = 2 / 2**self.n_clusters if self.weights == "rademacher" else 0.0
        return fewest if self.is_enumerated else max(1 / (self.count + 1), fewest)

    @property
    def words(self) -> str:
        """Return the plan in words."""
        if self.is_enumerated:
            return f"all {self.count:,} Rademacher sign vectors"
        return f"{self.count:,} draws of {self.weights.capitalize()} weights, seed {self.seed}"

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the vectors, (B, G) at a time: of the enumerated the half that ends with a plus."""
        size = max(1, BLOCK // self.n_clusters)
        if self.is_enumerated:
            bits = np.arange(self.n_clusters)
            for first in range(0, self.count // 2, size):
                numbers = np.arange(first, min(first + size, self.count // 2))
                # The last bit of numbers below 2^(G-1) is zero, a plus.
                yield 1.0 - 2.0 * ((numbers[:, None] >> bits) & 1)
            return
        rng = np.random.default_rng(self.seed)
        values = WEBB if self.weights == "webb" else np.array([-1.0, 1.0])
        for first in range(0, self.count, size):
            yield values[rng.integers(0, len(values), size=(min(size, self.count - first), self.n_clusters))]

    def sums(self, own: np.ndarray) -> np.ndarray:
        """Return the sums of `own` (G,) under each vector that `blocks` yields, in no order that matters."""
        if not self.is_enumerated:
            return np.concatenate([vectors @ own for vectors in self.blocks()])
        found = own[-1:]
        for value in own[:-1]:
            found = np.concatenate([found + value, found - value])
        return found

    def share(self, hits: int) -> float:
        """Return a p value from how many of the yielded vectors were at least as extreme."""
        return hits / (self.count // 2) if self.is_enumerated else (hits + 1) / (self.count + 1)


@dataclass(frozen=True, eq=False)
class Scores:
    """Numbers of a null: `own` (G,), whose weighted sum is the score, and `each` (G, G), the scores in the variance.

    Row h of `each` @ v is cluster h's score under weights v; without it the weighted `own` scores stand for them,
    about their mean.
    """

    own: np.ndarray
    each: np.ndarray | None = None

    def statistics(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return numerators (B,) and squared denominators (B,) of t under weight vectors (B, G)."""
        top = vectors @ self.own
        if self.each is not None:
            return top, ((vectors @ self.each.T) ** 2).sum(axis=1)
        clusters = len(self.own)
        squares = (vectors**2) @ self.own**2 - top**2 / clusters
        return top, np.maximum(squares, 0.0) * clusters / (clusters - 1)


@dataclass(frozen=True, eq=False)
class LinearParts:
    """Scores of the outcome and of the term itself: those of a null are the first less the null times the second."""

    outcome: Scores
    term: Scores
    spread: float

    def at(self, null: float) -> Scores:
        """Return the scores under `null`."""
        return Scores(self.outcome.own - null * self.term.own, self.outcome.each - null * self.term.each)


def linear_parts(sample: Sample, term: str) -> LinearParts:
    """Return an OLS sample's scores by cluster; the fixed effects are taken out of two columns a cluster."""
    absorber, weights, cluster = Absorber(sample.absorbed, weights=sample.weights), sample.weights, sample.cluster
    own = sample.names.index(term)
    left = absorber(np.column_stack([sample.y - sample.y.mean(), sample.design - sample.design.mean(axis=0)]))
    others = np.delete(left, [0, own + 1], axis=1)

    residual = off(others, weights)
    outcome, x = residual(left[:, 0]), residual(left[:, own + 1])
    weighted = x if weights is None else x * weights
    n_clusters, spread = int(cluster.max()) + 1, float(weighted @ x)
    spreads = np.bincount(cluster, weighted * x, n_clusters)

    def scores(column: np.ndarray) -> Scores:
        tops, each = np.bincount(cluster, weighted * column, n_clusters), np.empty((n_clusters, n_clusters))
        size = max(1, BLOCK // len(column))
        for first in range(0, n_clusters, size):
            ours = np.arange(first, min(first + size, n_clusters))
            pieces = residual(absorber(column[:, None] * (cluster[:, None] == ours)))
            for g, piece in zip(ours, pieces.T, strict=True):
                each[:, g] = np.bincount(cluster, weighted * piece, n_clusters)
        return Scores(tops, each - np.outer(spreads, tops) / spread)

    return LinearParts(scores(outcome), scores(x), spread)


def score_part(sample: Sample, term: str, null: float) -> Scores:
    """Return the efficient scores by cluster of a Poisson coefficient at the fit that holds it at `null`.

    A mean exp(null x) m has the estimating equations of y exp(-null x) with weights exp(null x) and mean m.

    Raises
    ------
    NotEstimable
        If the restricted fit does not converge.
    """
    own = sample.names.index(term)
    x = sample.design[:, own]
    others = np.delete(sample.design, own, axis=1)
    others = others - others.mean(axis=0)
    shift = np.exp(null * (x - x.mean()))
    weights = shift if sample.weights is None else shift * sample.weights
    if not sample.groups:
        others = np.column_stack([others, np.ones(len(x))])
    fitted = ppml(sample.y / shift, others, sample.groups, weights=weights)
    working = fitted.mean * weights
    absorber = Absorber(sample.groups, weights=working)
    both = absorber(np.column_stack([x - x.mean(), others]))
    left, rest = both[:, 0], both[:, 1:]
    each = off(rest, working)(left) * weights * (sample.y / shift - fitted.mean)
    return Scores(np.bincount(sample.cluster, each, int(sample.cluster.max()) + 1))


def off(others: np.ndarray, weights: np.ndarray | None) -> Callable[[np.ndarray], np.ndarray]:
    """Return what takes `others` (N, K), of full rank, out of columns (N,) or (N, k) under weights above zero."""
    root = None if weights is None else np.sqrt(weights)
    basis = np.linalg.qr(others if root is None else others * root[:, None])[0]

    def residual(columns: np.ndarray) -> np.ndarray:
        if root is None:
            return columns - basis @ (basis.T @ columns)
        scaled = (columns.T * root).T
        return ((scaled - basis @ (basis.T @ scaled)).T / root).T

    return residual


def end_of_interval(
    size: Callable[[float], float], estimate: float, step: float, alpha: float, *, digits: float = 1e-8
) -> float:
    """Return the farthest null from `estimate` towards `step` before the p value `size` is `alpha` or less.

    Doubling steps find a rejected null, halving finds the end to `digits` steps. A p value need not fall steadily:
    what is found is the end of the interval that holds the estimate. Infinite where nothing within 10,000 steps is
    rejected.
    """
    inside, reach = 0.0, 1.0
    while size(estimate + reach * step) > alpha + SAME:
        inside, reach = reach, 2 * reach
        if reach > FARTHEST:
            return float(np.sign(step) * np.inf)
    outside = reach
    while outside - inside > digits * max(1.0, outside):
        middle = (inside + outside) / 2
        if size(estimate + middle * step) > alpha + SAME:
            inside = middle
        else:
            outside = middle
    return float(estimate + outside * step)


def is_as_extreme(
    top: np.ndarray, squares: np.ndarray, observed: float, observed_square: float
) -> np.ndarray:
    """Return where |top| / sqrt(squares) is at least the observed one, ties and 0 / 0 included."""
    return top**2 * observed_square >= observed**2 * squares * (1 - TIE)


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
