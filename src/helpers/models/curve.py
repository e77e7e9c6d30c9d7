"""Specification curves: a table and many declared specifications in, one row a specification and a joint test out.

Own plain numpy: at the size of a zone a fit takes milliseconds, most of them spent on taking the same fixed effects out
of the same columns; here every distinct column of the same rows is demeaned once, and each OLS specification is a
Cholesky factor of a few of their cross-products.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from helpers.errors import UsageError
from helpers.models import vcov as errors
from helpers.models.demean import Absorber
from helpers.models.design import EXPLAINED, identified, prepare, refuse_sample
from helpers.models.joint import Part, joint_test
from helpers.models.poisson import ppml
from helpers.models.regression import fit
from helpers.models.result import NotEstimable, Sample
from helpers.models.scores import Scores, score_part
from helpers.models.vcov import Working
from helpers.models.vectors import Vectors
from helpers.text import Message

DEFAULTS: dict[str, object] = {
    "outcome": None, "exposure": None, "controls": (), "sample": None, "fixed_effects": (), "estimator": "ols",
    "cluster": None, "weights": None, "vcov": None,
}  # fmt: skip
NUMBERS = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "df")
# Correlations this near singular, and columns of which the fixed effects leave less, go to the careful single fit.
NEARLY_SINGULAR = 1e-6
NEARLY_SWALLOWED = 1e3 * EXPLAINED
# Products of columns by cluster, 80 MB; beyond, each specification goes back to the rows.
MOST_PARTS = 10_000_000


@dataclass(frozen=True)
class Curve:
    """Many specifications of one question.

    Attributes
    ----------
    table : DataFrame of shape (S, 19)
        One row a specification, in their order: the choices (outcome, exposure, controls, sample, fixed_effects,
        estimator, cluster, weights, vcov), estimate to df as in `Result.table`, n_obs, n_clusters, and `reason`, a
        Message where it cannot be estimated (its numbers are then missing), else None.
    joint : DataFrame of shape (3, 4), or None
        statistic ("median", "share_significant", "stouffer_z"), observed, p_value, p_error (Monte-Carlo).
    n_vectors : int
    warnings : tuple of Message
    """

    table: pd.DataFrame
    joint: pd.DataFrame | None
    n_vectors: int
    warnings: tuple[Message, ...]


def every_specification(**choices: Iterable) -> list[dict]:
    """Return all combinations of the choices: `every_specification(outcome=["a", "b"], controls=[(), ("c",)], ...)`."""
    return [dict(zip(choices, one, strict=True)) for one in product(*map(list, choices.values()))]


def specification_curve(
    data: pd.DataFrame,
    specifications: Sequence[Mapping],
    *,
    draws: Literal["enumerate"] | int = 999,
    seed: int = 0,
    level: float = 0.95,
) -> Curve:
    """Fit many specifications, sharing what they have in common, and test them together.

    Parameters
    ----------
    data : DataFrame of shape (N, k)
        One row a unit and period.
    specifications : sequence of mapping
        Each with outcome and exposure, and whichever of controls, fixed_effects, estimator ("ols"), cluster, weights,
        vcov ("CR1", without a cluster "HC1") it chooses, as in `fit`, and sample: a column of booleans, the rows used.
    draws : "enumerate" or int
        Of the joint test, as in `wild_bootstrap`; 0 for none.
    seed : int
    level : float
        Coverage of the intervals; 1 - level is what counts as significant.

    Returns
    -------
    Curve

    Raises
    ------
    UsageError
        If there is no specification, one lacks an outcome or exposure or has an unknown key, or a sample is no column
        of booleans.

    Notes
    -----
    Estimates and errors are those of `fit`; what the shared algebra cannot tell from collinear is fitted by it.

    Joint test of Simonsohn, Simmons & Nelson (2020, Nature Human Behaviour 4, "Inferential statistics"): the median
    effect, the share that is significant in the dominant sign, and Stouffer's Z, against their distribution when no
    specification has an effect. Its draws keep the dependence of specifications: in each, clusters have the same
    weight in all, and the effects are those of the score bootstrap with the null imposed (Kline & Santos 2012; see
    `wild_bootstrap`). The t behind significance and Z is the studentised score of each specification, observed and
    drawn alike, so that the share can differ a little from the table's. P values are (b + 1) / (B + 1).
    """
    chosen = [_complete(one, i, data) for i, one in enumerate(specifications)]
    if not chosen:
        raise UsageError("no specifications")
    found: list[_Fitted | NotEstimable | None] = [None] * len(chosen)
    for shared, own in _groups(data, chosen):
        for i in own:
            found[i] = shared.fitted(chosen[i], level) if shared else None
    starts: dict[tuple, tuple[pd.Index, np.ndarray]] = {}
    for i, one in enumerate(chosen):
        if found[i] is None:
            found[i] = _single(data, one, level, starts)
    table = pd.DataFrame([_row(one, result) for one, result in zip(chosen, found, strict=True)])
    usable = [result for result in found if isinstance(result, _Fitted)]
    warnings = list(_cautions(table, len(usable)))
    joint, count = None, 0
    if draws != 0 and usable:
        joint, count, trouble = _joint(data, chosen, found, draws, seed, level)
        warnings += trouble
    return Curve(table, joint, count, tuple(warnings))


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Numbers of one specification, and its scores by cluster at the fit without an effect."""

    numbers: tuple[float, ...]
    n_obs: int
    n_clusters: int
    scores: np.ndarray | None
    # Places of `scores` among the clusters of the caller's table are found through one row of each.
    rows: np.ndarray | None
    spread: float | None


def _complete(one: Mapping, place: int, data: pd.DataFrame) -> dict:
    unknown = [key for key in one if key not in DEFAULTS]
    if unknown:
        raise UsageError(f"specification {place + 1}: unknown {', '.join(map(str, unknown))}; known: "
                         f"{', '.join(DEFAULTS)}")  # fmt: skip
    full = DEFAULTS | dict(one)
    if not full["outcome"] or not full["exposure"]:
        raise UsageError(f"specification {place + 1} lacks an outcome or an exposure")
    for name in ("controls", "fixed_effects"):
        if isinstance(full[name], str):
            raise UsageError(f"specification {place + 1}: {name} is a list of columns, not the text '{full[name]}'")
        full[name] = tuple(full[name])
    full["vcov"] = full["vcov"] or ("CR1" if full["cluster"] else "HC1")
    if full["sample"] is not None and (full["sample"] not in data or data[full["sample"]].dtype != bool):
        raise UsageError(f"specification {place + 1}: sample '{full['sample']}' is no column of booleans")
    return full


def _used(one: Mapping) -> list[str]:
    return list(dict.fromkeys([one["outcome"], one["exposure"], *one["controls"]]))


def _groups(data: pd.DataFrame, chosen: Sequence[Mapping]) -> Iterator[tuple["_Shared | None", list[int]]]:
    """Yield OLS specifications with the same rows, fixed effects, weights and cluster, and what they share."""
    known: dict[str, np.ndarray | None] = {}
    digests: dict[tuple, bytes] = {}
    rows_of: dict[bytes, np.ndarray] = {}
    members: dict[tuple, list[int]] = {}
    for i, one in enumerate(chosen):
        names = [*_used(one), *one["fixed_effects"], *(one[key] for key in ("cluster", "weights") if one[key])]
        is_shareable = one["estimator"] == "ols" and one["vcov"] == "CR1" and one["cluster"]
        if not is_shareable or any(name not in data for name in names):
            continue
        for name in names:
            if name not in known:
                is_known = data[name].notna().to_numpy()
                known[name] = None if is_known.all() else is_known
        key = one["sample"], frozenset(name for name in names if known[name] is not None)
        if key not in digests:
            rows = data[one["sample"]].to_numpy() if one["sample"] else np.ones(len(data), dtype=bool)
            rows = np.logical_and.reduce([rows, *(known[name] for name in key[1])])
            digests[key] = blake2b(np.packbits(rows).tobytes()).digest()
            rows_of[digests[key]] = rows
        members.setdefault((one["fixed_effects"], one["cluster"], one["weights"], digests[key]), []).append(i)
    for (effects, cluster, weights, digest), own in members.items():
        columns = list(dict.fromkeys(name for i in own for name in _used(chosen[i])))
        try:
            yield _Shared.of(data[rows_of[digest]], columns, effects, cluster, weights), own
        except NotEstimable:
            # One column's trouble must not be that of specifications without it.
            yield None, own


@dataclass(frozen=True, eq=False)
class _Shared:
    """All columns of one group of specifications with the fixed effects taken out, each of length one.

    Attributes
    ----------
    left : ndarray, shape (N, P)
    size : ndarray, shape (P,)
        Their lengths before.
    is_lost : ndarray of bool, shape (P,)
        Columns of which the effects leave next to nothing.
    cross : ndarray, shape (P, P)
        Their products under the weights.
    parts : ndarray, shape (G, P, P), or None
        The same by cluster, unless too many.
    """

    place: dict[str, int]
    left: np.ndarray
    size: np.ndarray
    is_lost: np.ndarray
    cross: np.ndarray
    parts: np.ndarray | None
    sample: Sample
    rank: int
    counted: int

    @classmethod
    def of(
        cls, data: pd.DataFrame, columns: list[str], effects: tuple[str, ...], cluster: str, weights: str | None
    ) -> "_Shared":
        sample, _ = prepare(
            data, outcome=columns[0], terms=columns[1:], fixed_effects=effects, cluster=cluster, weights=weights,
            unit=None, estimator="ols",
        )  # fmt: skip
        if sample.cluster.max() == 0:
            raise NotEstimable(Message("models.one_cluster", {"rows": f"{len(sample.y):,}", "cluster": cluster}))
        absorber = Absorber(sample.absorbed, weights=sample.weights)
        columns_of = np.column_stack([sample.y, sample.design])
        centred = columns_of - columns_of.mean(axis=0)
        left = absorber(centred)
        kept, spread = np.sqrt((left**2).sum(axis=0)), np.sqrt((centred**2).sum(axis=0))
        is_lost = kept <= np.maximum(NEARLY_SWALLOWED * spread, 1e-12 * np.sqrt((columns_of**2).sum(axis=0)))
        size = np.where(is_lost, 1.0, kept)
        left = left / size
        weighted = left if sample.weights is None else left * sample.weights[:, None]
        counted, _ = errors.counted(sample.groups, sample.cluster, sample.weights, absorber.rank)
        parts = None
        if (int(sample.cluster.max()) + 1) * len(columns) ** 2 <= MOST_PARTS:
            order = np.argsort(sample.cluster, kind="stable")
            ends = np.cumsum(np.bincount(sample.cluster))[:-1]
            parts = np.stack([one.T @ other for one, other in zip(np.split(weighted[order], ends),
                                                                  np.split(left[order], ends), strict=True)])
        return cls({name: i for i, name in enumerate(columns)}, left, size, is_lost, weighted.T @ left, parts, sample,
                   absorber.rank, counted)  # fmt: skip

    def fitted(self, one: Mapping, level: float) -> _Fitted | None:
        """Return one specification, or None where the single fit has to judge it."""
        y, *own = (self.place[name] for name in [one["outcome"], one["exposure"], *one["controls"]])
        rows, clusters = len(self.left), int(self.sample.cluster.max()) + 1
        if self.is_lost[[y, *own]].any() or len(set(own)) < len(own) or rows <= len(own) + self.rank:
            return None
        cross = self.cross[np.ix_(own, own)]
        scale = np.sqrt(np.diag(cross))
        if np.linalg.eigvalsh(cross / scale / scale[:, None])[0] <= NEARLY_SINGULAR:
            return None
        right = np.zeros((len(own), 2))
        right[0, 0], right[:, 1] = 1, self.cross[own, y]
        towards, params = np.linalg.solve(cross, right).T
        scores, spreads = self._by_cluster(y, own, towards / towards[0], params)
        small = errors.small_sample_factor(clusters, rows, len(own) + self.counted)
        unit = self.size[y] / self.size[own[0]]
        estimate, error = params[0] * unit, np.sqrt(small * (scores @ scores)) * towards[0] * unit
        if not (np.isfinite(estimate) and error > 0):
            return None
        # At no effect, in the units of the estimate: their sum over the spread is the estimate itself.
        null = (scores + params[0] * spreads) * unit
        return _Fitted(_numbers(estimate, error, clusters - 1, level), rows, clusters, null, self._first_rows,
                       1 / towards[0])  # fmt: skip

    def _by_cluster(self, y: int, own: list[int], only: np.ndarray, params: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the exposure's efficient scores and its own spread (G,), where `only` takes it off the other terms."""
        if self.parts is not None:
            left = np.tensordot(self.parts[:, own], only, axes=(1, 0))
            return left[:, y] - left[:, own] @ params, left[:, own] @ only
        design, weights, cluster = self.left[:, own], self.sample.weights, self.sample.cluster
        exposure = design @ only
        weighted = exposure if weights is None else exposure * weights
        return (np.bincount(cluster, weighted * (self.left[:, y] - design @ params)),
                np.bincount(cluster, weighted * exposure))  # fmt: skip

    @cached_property
    def _first_rows(self) -> pd.Index:
        return self.sample.index[np.unique(self.sample.cluster, return_index=True)[1]]


def _numbers(estimate: float, error: float, df: float, level: float) -> tuple[float, ...]:
    # The plain functions: the distribution's object takes longer than the fit.
    statistic, reach = estimate / error, stdtrit(df, 0.5 + level / 2) * error
    return tuple(map(float, (estimate, error, statistic, 2 * stdtr(df, -abs(statistic)), estimate - reach,
                             estimate + reach, df)))  # fmt: skip


def _single(data: pd.DataFrame, one: Mapping, level: float, starts: dict) -> "_Fitted | NotEstimable":
    rows = data[data[one["sample"]]] if one["sample"] else data
    asked = {key: value for key, value in one.items() if key != "sample"}
    try:
        quick = _poisson(rows, one, level, starts)
        if quick:
            return quick
        result = fit(rows, **asked, level=level)
        row = result.term(one["exposure"]) if one["exposure"] in set(result.table["term"]) else result.table.iloc[0]
        sample = result.sample
        scores = first = None
        if one["estimator"] == "poisson" and one["cluster"]:
            scores = score_part(sample, one["exposure"], 0.0).own
            first = sample.index[np.unique(sample.cluster, return_index=True)[1]]
        numbers = tuple(float(row[name]) for name in NUMBERS)
        return _Fitted(numbers, result.n_obs, result.n_clusters, scores, first, None)
    except NotEstimable as trouble:
        return trouble


def _poisson(rows: pd.DataFrame, one: Mapping, level: float, starts: dict) -> _Fitted | None:
    """Return a clustered Poisson fit begun at the means of an earlier one on the same rows, or None without any.

    Where means run to zero the single fit finds out which rows or terms are separated.
    """
    if one["estimator"] != "poisson" or one["vcov"] != "CR1" or any(
        name not in rows for name in [*_used(one), *one["fixed_effects"], one["cluster"]]
    ):
        return None
    sample, _ = prepare(rows, outcome=one["outcome"], terms=[one["exposure"], *one["controls"]],
                        fixed_effects=one["fixed_effects"], cluster=one["cluster"], weights=one["weights"], unit=None,
                        estimator="poisson")  # fmt: skip
    refuse_sample(sample, outcome=one["outcome"], estimator="poisson")
    if sample.cluster.max() == 0:
        return None
    absorber = Absorber(sample.absorbed, weights=sample.weights)
    left = identified(sample, one["fixed_effects"], absorber)
    design = left if sample.groups else np.column_stack([sample.design, np.ones(len(sample.y))])
    key = (one["outcome"], one["sample"], one["fixed_effects"], one["weights"])
    index, start = starts.get(key, (None, None))
    is_same = index is not None and index.equals(sample.index)
    fitted = ppml(sample.y, design, sample.groups, weights=sample.weights, start=start if is_same else None)
    if fitted.is_separated.any():
        return None
    starts[key] = (sample.index, fitted.mean)
    weights = fitted.mean if sample.weights is None else fitted.mean * sample.weights
    work = Working(
        params=fitted.params, design=fitted.design, residual=(sample.y - fitted.mean) / fitted.mean, weights=weights,
        variance=None, groups=sample.groups, rank=absorber.rank if sample.groups else 0, is_scaled=False,
    )  # fmt: skip
    found = errors.cr1(work, sample.cluster, one["cluster"])
    clusters = int(sample.cluster.max()) + 1
    if not (np.isfinite(fitted.params).all() and found.matrix[0, 0] > 0):
        return None
    numbers = _numbers(fitted.params[0], np.sqrt(found.matrix[0, 0]), clusters - 1, level)
    first = sample.index[np.unique(sample.cluster, return_index=True)[1]]
    return _Fitted(numbers, len(sample.y), clusters, score_part(sample, one["exposure"], 0.0).own, first, None)


def _row(one: Mapping, result: "_Fitted | NotEstimable") -> dict:
    row = {key: " + ".join(value) if isinstance(value, tuple) else value for key, value in one.items()}
    if isinstance(result, NotEstimable):
        return row | dict.fromkeys(NUMBERS, np.nan) | {"n_obs": 0, "n_clusters": 0, "reason": result.message}
    return row | dict(zip(NUMBERS, result.numbers, strict=True)) | {
        "n_obs": result.n_obs, "n_clusters": result.n_clusters, "reason": None,
    }  # fmt: skip


def _cautions(table: pd.DataFrame, usable: int) -> Iterator[Message]:
    if usable < len(table):
        yield Message("inference.not_estimable", {"lost": len(table) - usable, "all": len(table)})
    several = tuple(name for name in ("outcome", "exposure", "estimator") if table[name].nunique() > 1)
    if several:
        yield Message("inference.mixed_scales", {"names": several})


def _joint(
    data: pd.DataFrame, chosen: Sequence[Mapping], found: Sequence, draws: Literal["enumerate"] | int, seed: int,
    level: float,
) -> tuple[pd.DataFrame | None, int, list[Message]]:  # fmt: skip
    pairs = [(one, result) for one, result in zip(chosen, found, strict=True) if isinstance(result, _Fitted)]
    clusters = list(dict.fromkeys(one["cluster"] for one, _ in pairs))
    if len(clusters) > 1 or clusters[0] is None or any(result.scores is None for _, result in pairs):
        return None, 0, [Message("inference.no_joint_test", {"specifications": len(pairs)})]
    if not data.index.is_unique:
        raise UsageError("the table's index repeats: reset it, so that rows of several specifications can be matched")
    codes, names = pd.factorize(data[clusters[0]])
    if len(names) <= 2:
        said = {"clusters": len(names), "cluster": clusters[0]}
        return None, 0, [Message("inference.two_clusters", said)]
    place = pd.Series(codes, index=data.index)
    plan = Vectors.of(len(names), draws, seed)
    parts = [Part(Scores(result.scores), place.loc[result.rows].to_numpy(), result.numbers[0], result.numbers[1],
                  result.spread) for _, result in pairs]  # fmt: skip
    return joint_test(parts, plan, level), plan.count, []
