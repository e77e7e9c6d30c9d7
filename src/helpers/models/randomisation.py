"""Randomisation inference: the exposure dealt out again among clusters; a table in, exact p values out.

Own plain numpy on the shared absorption, because all re-assignments then differ by one column; what justifies the p
value is how clusters came to be exposed, not how many there are, so that it holds with one treated cluster.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import factorial, prod
from typing import Literal

import numpy as np
import pandas as pd

from helpers.errors import UsageError
from helpers.models.demean import Absorber
from helpers.models.poisson import ppml
from helpers.models.regression import fit
from helpers.models.result import NotEstimable, Result, Sample
from helpers.models.scores import off
from helpers.models.vectors import BLOCK, SAME, TIE, end_of_interval, is_as_extreme
from helpers.text import Message

# Assignments enumerated at most; with more, so many are drawn.
MOST_ENUMERATED = 20_000
DRAWS = 9_999
# Unless a number of draws is asked for, assignments times rows are no more (a minute or two), or else 999 are drawn.
MOST_CELLS, DRAWS_OF_MANY = 2_000_000_000, 999
# With so few clusters treated, or untreated, neither the cluster sandwich nor the wild bootstrap holds its size.
FEW_TREATED = 3


@dataclass(frozen=True)
class RandomisationTest:
    """A test of no effect at all, or of the same effect everywhere, by re-assignment.

    Attributes
    ----------
    term, estimate, statistic
        The fitted coefficient, and the t (OLS) or studentised score (Poisson) that assignments are compared by.
    p_value, p_coefficient : float
        Share of assignments whose |t|, or whose |coefficient|, is at least the observed one.
    p_error, p_coefficient_error : float
        Monte-Carlo standard errors; 0 where all assignments were enumerated.
    conf_low, conf_high : float or None
        Constant effects that the t version does not reject (OLS); None for Poisson, whose counts have none.
    n_assignments, n_vectors : int
        Distinct assignments there are, and assignments counted.
    smallest_p : float
    n_clusters, n_treated : int
        Clusters assigned, and those whose exposure is not the commonest one.
    is_headline : bool
        Whether this is the p value to show first: three or fewer clusters on one side.
    """

    term: str
    estimate: float
    statistic: float
    p_value: float
    p_error: float
    p_coefficient: float
    p_coefficient_error: float
    conf_low: float | None
    conf_high: float | None
    level: float
    n_clusters: int
    n_treated: int
    n_assignments: int
    n_vectors: int
    is_enumerated: bool
    smallest_p: float
    is_headline: bool
    seed: int | None
    warnings: tuple[Message, ...]
    result: Result

    @property
    def table(self) -> pd.DataFrame:
        """Return the test as a frame of one row."""
        names = ("term", "estimate", "statistic", "p_value", "p_error", "p_coefficient", "p_coefficient_error",
                 "conf_low", "conf_high", "n_clusters", "n_treated", "n_assignments", "n_vectors", "is_enumerated",
                 "smallest_p", "is_headline")  # fmt: skip
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def randomisation_test(
    data: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    assigned_by: str,
    period: str | None = None,
    strata: str | None = None,
    controls: Sequence[str] = (),
    fixed_effects: Sequence[str] = (),
    estimator: Literal["ols", "poisson"] = "ols",
    cluster: str | None = None,
    weights: str | None = None,
    draws: Literal["enumerate"] | int = "enumerate",
    seed: int | None = None,
    level: float = 0.95,
) -> RandomisationTest:
    """Test an exposure that was assigned to whole clusters by dealing it out among them again.

    Parameters
    ----------
    data : DataFrame of shape (N, k)
        One row a unit and period.
    outcome, exposure : str
    assigned_by : str
        Column of the clusters to which the exposure was assigned: grids.
    period : str, optional
        Needed where the exposure changes over time: a cluster then passes on its whole course, so that staggered
        cohorts swap their dates.
    strata : str, optional
        Column, constant in a cluster, within whose values clusters swap.
    controls, fixed_effects, estimator, cluster, weights
        As in `fit`; the cluster is `assigned_by` if none is named.
    draws : "enumerate" or int
        All distinct assignments up to 20,000, else 9,999 seeded draws (fewer, down to 999, from 200,000 rows); or so
        many draws.
    seed : int, optional
        Of the draws; 0 if none is named.
    level : float
        Coverage of the interval.

    Returns
    -------
    RandomisationTest

    Raises
    ------
    NotEstimable
        If a cluster, period or stratum is missing, the exposure differs within a cluster and period, a stratum within
        a cluster, a cluster has not all periods that another's course must fill, no other assignment exists, or the
        specification cannot be fitted.
    UsageError
        If the estimator or `draws` is unknown.

    Notes
    -----
    Fisher's exact test for the sharp null, with the number of clusters of each course kept: Rosenbaum (2002,
    Observational Studies, sections 2.4 and 5.4, the interval by inversion); Young (2019, QJE 134); MacKinnon & Webb
    (2020, Journal of Econometrics 218) for the t version, which is the better one where treated clusters differ in
    size. Drawn p values are (b + 1) / (B + 1). For Poisson both statistics are one step from the fit without the
    exposure (efficient score), so that assignments need no fit of their own: the p value is as exact.
    """
    if estimator not in ("ols", "poisson"):
        raise UsageError(f"estimator '{estimator}' is not one of ols, poisson")
    if draws != "enumerate" and (isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 1):
        raise UsageError(f"draws {draws!r} is neither 'enumerate' nor a whole number from 1")
    lacking = tuple(name for name in (assigned_by, period, strata) if name and name not in data.columns)
    if lacking:
        raise NotEstimable(Message("models.no_column", {"names": lacking}))
    holes = tuple((name, int(data[name].isna().sum())) for name in (assigned_by, period, strata)
                  if name and data[name].isna().any())  # fmt: skip
    if holes:
        raise NotEstimable(Message("inference.missing_groups", {"names": holes}))
    data = data.reset_index(drop=True)
    result = fit(
        data, outcome=outcome, exposure=exposure, controls=controls, fixed_effects=fixed_effects, estimator=estimator,
        cluster=cluster or assigned_by, weights=weights, level=level,
    )  # fmt: skip
    courses = _courses(data.loc[result.sample.index], exposure, assigned_by, period, strata)
    count = courses.count
    if count < 2:
        raise NotEstimable(Message("inference.one_assignment", {"exposure": exposure, "assigned_by": assigned_by}))
    rows = len(result.sample.y)
    is_enumerated = draws == "enumerate" and count <= min(MOST_ENUMERATED, max(DRAWS_OF_MANY, MOST_CELLS // rows))
    seed = None if is_enumerated else 0 if seed is None else seed
    n_vectors = count if is_enumerated else int(draws) if draws != "enumerate" else max(
        DRAWS_OF_MANY, min(DRAWS, MOST_CELLS // rows)
    )
    working = _Working.of(result.sample, estimator)
    deals = courses.all() if is_enumerated else courses.drawn(n_vectors, np.random.default_rng(seed))
    pieces = [working.statistics(courses.columns(deal)) for deal in _blocks(deals, rows)]
    found = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    own = {name: values[0] for name, values in working.statistics(result.sample.design[:, :1]).items()}

    # An assignment that the fixed effects contain has no coefficient: it counts against rejection.
    is_lost = found["spread"] <= 1e-12 * own["spread"]

    def share(hits: np.ndarray) -> float:
        return float(hits.mean()) if is_enumerated else (float(hits.sum()) + 1) / (n_vectors + 1)

    def size(effect: float) -> float:
        squares = np.maximum(_at(found, effect), 0.0)
        top, square = own["top"] - effect * own["slope"], max(_at(own, effect), 0.0)
        return share(is_lost | is_as_extreme(found["top"] - effect * found["slope"], squares, top, square))

    p_value = size(0.0)
    coefficient, observed = found["top"] / np.where(is_lost, 1.0, found["spread"]), own["top"] / own["spread"]
    p_coefficient = share(is_lost | (np.abs(coefficient) >= abs(observed) * (1 - TIE)))
    low = high = None
    row = result.term(exposure)
    if estimator == "ols":
        low, high = (end_of_interval(size, float(row["estimate"]), side * float(row["std_error"]), 1 - level,
                                     digits=1e-6) for side in (-1, 1))  # fmt: skip
    smallest = 1 / count if is_enumerated else max(1 / (n_vectors + 1), 1 / count)
    error = 0.0 if is_enumerated else 1.0
    return RandomisationTest(
        term=exposure, estimate=float(row["estimate"]), statistic=float(own["top"] / np.sqrt(own["level"])),
        p_value=p_value, p_error=error * float(np.sqrt(p_value * (1 - p_value) / n_vectors)),
        p_coefficient=p_coefficient,
        p_coefficient_error=error * float(np.sqrt(p_coefficient * (1 - p_coefficient) / n_vectors)),
        conf_low=low, conf_high=high, level=level, n_clusters=len(courses.kinds), n_treated=courses.n_treated,
        n_assignments=count, n_vectors=n_vectors, is_enumerated=is_enumerated, smallest_p=smallest,
        is_headline=min(courses.n_treated, len(courses.kinds) - courses.n_treated) <= FEW_TREATED, seed=seed,
        warnings=tuple(_warnings(smallest, count, int(is_lost.sum()), level, assigned_by)), result=result,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Courses:
    """Which course of the exposure each cluster has: `kinds` (G,), values (K, T), strata (G,), and the rows' places."""

    kinds: np.ndarray
    values: np.ndarray
    strata: np.ndarray
    cluster: np.ndarray
    period: np.ndarray

    @property
    def _members(self) -> list[np.ndarray]:
        return [np.flatnonzero(self.strata == s) for s in range(int(self.strata.max()) + 1)]

    @property
    def count(self) -> int:
        """Number of distinct assignments."""
        return prod(factorial(len(own)) // prod(map(factorial, Counter(self.kinds[own].tolist()).values()))
                    for own in self._members)  # fmt: skip

    @property
    def n_treated(self) -> int:
        """Clusters whose course is not the commonest."""
        return len(self.kinds) - int(np.bincount(self.kinds).max())

    def all(self) -> Iterator[np.ndarray]:
        """Yield every distinct assignment, kinds (G,)."""
        members = self._members

        def dealt(place: int, kinds: np.ndarray) -> Iterator[np.ndarray]:
            if place == len(members):
                yield kinds
                return
            for order in _orders(self.kinds[members[place]]):
                kinds = kinds.copy()
                kinds[members[place]] = order
                yield from dealt(place + 1, kinds)

        yield from dealt(0, self.kinds)

    def drawn(self, count: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Yield `count` random assignments, kinds (G,)."""
        members = self._members
        for _ in range(count):
            kinds = self.kinds.copy()
            for own in members:
                kinds[own] = rng.permutation(self.kinds[own])
            yield kinds

    def columns(self, deals: np.ndarray) -> np.ndarray:
        """Return the exposure of each row, (N, B), under assignments (B, G)."""
        return self.values[deals[:, self.cluster], self.period].T


def _orders(kinds: np.ndarray) -> Iterator[list[int]]:
    """Yield the distinct orders of kinds, the least first."""
    order = sorted(kinds.tolist())
    while True:
        yield list(order)
        falls = [i for i in range(len(order) - 1) if order[i] < order[i + 1]]
        if not falls:
            return
        i = falls[-1]
        j = max(j for j in range(i + 1, len(order)) if order[j] > order[i])
        order[i], order[j] = order[j], order[i]
        order[i + 1 :] = reversed(order[i + 1 :])


def _courses(rows: pd.DataFrame, exposure: str, assigned_by: str, period: str | None, strata: str | None) -> _Courses:
    cluster, names = pd.factorize(rows[assigned_by], sort=True)
    when = pd.factorize(rows[period], sort=True)[0] if period else np.zeros(len(rows), dtype=np.intp)
    values = rows[exposure].to_numpy(dtype=float)
    shape = (len(names), int(when.max()) + 1)
    cell = cluster * shape[1] + when
    first, least = np.full(shape[0] * shape[1], -np.inf), np.full(shape[0] * shape[1], np.inf)
    np.maximum.at(first, cell, values)
    np.minimum.at(least, cell, values)
    mixed = int((first > least).sum())
    if mixed:
        said = {"exposure": exposure, "cells": f"{mixed:,}", "assigned_by": assigned_by, "period": period or "-"}
        raise NotEstimable(Message("inference.mixed_exposure" if period else "inference.moving_exposure", said))
    is_empty = np.isinf(first)
    if is_empty.any():
        lacking = np.unique(np.flatnonzero(is_empty) // shape[1])
        said = {"lacking": len(lacking), "clusters": shape[0], "assigned_by": assigned_by, "period": period}
        raise NotEstimable(Message("inference.missing_periods", said))
    unlike, kinds = np.unique(first.reshape(shape), axis=0, return_inverse=True)
    within = np.zeros(shape[0], dtype=np.intp)
    if strata:
        codes = pd.factorize(rows[strata], sort=True)[0]
        within[cluster] = codes
        if (within[cluster] != codes).any():
            raise NotEstimable(Message("inference.mixed_strata", {"strata": strata, "assigned_by": assigned_by}))
    return _Courses(kinds.reshape(-1), unlike, within, cluster, when)


def _blocks(deals: Iterator[np.ndarray], rows: int) -> Iterator[np.ndarray]:
    size = max(1, BLOCK // rows)
    held: list[np.ndarray] = []
    for deal in deals:
        held.append(deal)
        if len(held) == size:
            yield np.stack(held)
            held = []
    if held:
        yield np.stack(held)


@dataclass(frozen=True, eq=False)
class _Working:
    """The outcome and the observed exposure with all else taken out, and what takes it out of other columns."""

    absorber: Absorber
    others: np.ndarray
    weights: np.ndarray | None
    outcome: np.ndarray
    exposure: np.ndarray
    cluster: np.ndarray

    @classmethod
    def of(cls, sample: Sample, estimator: str) -> "_Working":
        others = sample.design[:, 1:] - sample.design[:, 1:].mean(axis=0)
        y, weights = sample.y - sample.y.mean(), sample.weights
        if estimator == "poisson":
            design = others if sample.groups else np.column_stack([others, np.ones(len(y))])
            mean = ppml(sample.y, design, sample.groups, weights=sample.weights).mean
            y, weights = (sample.y - mean) / mean, mean if weights is None else mean * weights
        absorber = Absorber(sample.absorbed, weights=weights)
        left = absorber(np.column_stack([y, sample.design[:, 0], others]))
        rest = left[:, 2:]
        both = off(rest, weights)(left[:, :2])
        return cls(absorber, rest, weights, both[:, 0], both[:, 1], sample.cluster)

    def statistics(self, columns: np.ndarray) -> dict[str, np.ndarray]:
        """Return, for exposures (N, B), what t squared is a ratio of, as a function of a constant effect e.

        The numerator is `top` - e `slope`, the squared denominator `level` - 2 e `cross` + e^2 `square`: the outcome
        less e times the observed exposure, on each column.
        """
        x = off(self.others, self.weights)(self.absorber(columns - columns.mean(axis=0)))
        weighted = x if self.weights is None else x * self.weights[:, None]
        spread, top, slope = (weighted * x).sum(axis=0), self.outcome @ weighted, self.exposure @ weighted
        n_clusters = int(self.cluster.max()) + 1
        names = ("spread", "top", "slope", "level", "cross", "square")
        found = {name: np.zeros(x.shape[1]) for name in names}
        found |= {"spread": spread, "top": top, "slope": slope}
        for b in range(x.shape[1]):
            per = 1 / spread[b] if spread[b] > 0 else 0.0
            own = np.bincount(self.cluster, weighted[:, b] * (self.outcome - top[b] * per * x[:, b]), n_clusters)
            its = np.bincount(self.cluster, weighted[:, b] * (self.exposure - slope[b] * per * x[:, b]), n_clusters)
            found["level"][b], found["cross"][b], found["square"][b] = own @ own, own @ its, its @ its
        return found


def _at(found: dict, effect: float) -> np.ndarray:
    return found["level"] - 2 * effect * found["cross"] + effect**2 * found["square"]


def _warnings(smallest: float, count: int, lost: int, level: float, assigned_by: str) -> Iterator[Message]:
    if smallest > 1 - level + SAME:
        said = {"count": count, "assigned_by": assigned_by, "smallest": f"{smallest:.3f}",
                "alpha": f"{100 * (1 - level):g}"}  # fmt: skip
        yield Message("inference.few_assignments", said)
    if lost:
        yield Message("inference.lost_assignments", {"lost": f"{lost:,}"})
