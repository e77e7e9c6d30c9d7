"""Rambachan & Roth (2023, Review of Economic Studies 90): what an effect is worth when trends are not quite parallel.

Event estimates and their covariance go in; robust intervals and the breakdown value come out. Own code on scipy:
moderndid refuses Python 3.11 and is 1-2 digits off at its default grid, honestdid brings 5.7 GB. Both sets have so
much structure that no linear program is needed: the optimal affine estimator under smoothness is a lasso path, and the
test of relative magnitudes has a dual with as many corners as there are periods after treatment plus two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from helpers.errors import UsageError
from helpers.models.result import NotEstimable
from helpers.models.staggered.event_study import EventStudy
from helpers.text import Message

Kind = Literal["relative_magnitude", "smoothness"]

RELATIVE_M = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
# Smoothness is in units of the outcome: shares of the target's standard error, unless the caller knows better.
SMOOTHNESS_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
# The hybrid test spends a tenth of its size on the least favourable critical value, as in the paper (section 3.2).
_FIRST_STAGE = 0.1
_LEAST_FAVOURABLE_DRAWS = 10_000
_GRID = 801


@dataclass(frozen=True, eq=False)
class Honest:
    """Robust intervals for one effect.

    Attributes
    ----------
    table : DataFrame
        One row a value of m: m, conf_low, conf_high. Relative magnitude: the change of the difference in trends from
        one period to the next is after treatment at most m times the largest before. Smoothness: the slope of the
        difference changes by at most m (units of the outcome) from one period to the next.
    original : tuple of float
        The interval under parallel trends.
    breakdown : float
        The largest m at which the robust interval does not contain zero; 0 if none, inf if beyond `searched`.
    searched : float
        How far the breakdown value was looked for.
    event_time : int or "average"
    """

    kind: Kind
    event_time: int | str
    level: float
    estimate: float
    std_error: float
    original: tuple[float, float]
    table: pd.DataFrame
    breakdown: float
    searched: float


def honest(
    study: EventStudy,
    *,
    kind: Kind = "relative_magnitude",
    m: float | Sequence[float] | None = None,
    event_time: int | Literal["average"] = 0,
) -> Honest:
    """Return robust intervals and the breakdown value of an event study.

    Parameters
    ----------
    study : EventStudy
        One whose event times are all compared with -1. Callaway-Sant'Anna with a varying base period is estimated again
        with the universal one, without which leads are not the path of the difference in trends.
    kind : {"relative_magnitude", "smoothness"}
    m : float or sequence of float, optional
        Sizes of the violation.
    event_time : int or "average"
        The effect in question; the average is over all event times from 0 on.

    Returns
    -------
    Honest

    Raises
    ------
    NotEstimable
        If no period of comparison is omitted, event times have gaps, there is no lead, or clusters are too few for the
        covariance to have full rank.
    UsageError
        If the kind is unknown, m is negative, or the event time was not estimated.
    """
    if kind not in get_args(Kind):
        raise UsageError(f"kind '{kind}' is not one of {', '.join(get_args(Kind))}")
    estimate, cov, n_leads = _with_universal_base(study)
    n_after = len(estimate) - n_leads
    if (rank := int(np.linalg.matrix_rank(cov, hermitian=True))) < len(estimate):
        raise NotEstimable(Message("staggered.honest_rank", {"rank": rank, "times": len(estimate),
                                                             "clusters": study.n_clusters}))  # fmt: skip
    if event_time != "average" and event_time not in range(n_after):
        raise UsageError(f"event_time {event_time!r} is not one of 0 to {n_after - 1} or 'average'")
    target = np.full(n_after, 1 / n_after) if event_time == "average" else np.eye(n_after)[int(event_time)]
    point, std_error = float(target @ estimate[n_leads:]), float(np.sqrt(target @ cov[n_leads:, n_leads:] @ target))
    if m is None:
        m = RELATIVE_M if kind == "relative_magnitude" else tuple(share * std_error for share in SMOOTHNESS_SHARES)
    sizes = tuple(float(size) for size in np.atleast_1d(m))
    if any(not np.isfinite(size) or size < 0 for size in sizes):
        raise UsageError(f"m is {m}: sizes of a violation are finite and not negative")
    if kind == "relative_magnitude":
        intervals, most = _RelativeMagnitudes(estimate, cov, n_leads, target, study.level, study.seed), 20.0
    else:
        intervals, most = _SmoothnessPath(estimate, cov, n_leads, target, study.level), 20 * std_error
    rows = [(size, *intervals.interval(size)) for size in sizes]
    half = float(stats.norm.ppf((1 + study.level) / 2)) * std_error
    return Honest(
        kind=kind, event_time=event_time, level=study.level, estimate=point, std_error=std_error,
        original=(point - half, point + half), table=pd.DataFrame(rows, columns=["m", "conf_low", "conf_high"]),
        breakdown=_breakdown(intervals.excludes_zero, most), searched=most,
    )  # fmt: skip


def _with_universal_base(study: EventStudy) -> tuple[np.ndarray, np.ndarray, int]:
    """Return estimates, covariance and number of leads, all compared with event time -1."""
    event, cov = study.event[~study.event["omitted"]], study.event_cov
    if study.method == "callaway_santanna" and study.options.get("base_period", "varying") != "universal":
        from helpers.models.staggered import callaway_santanna

        options = {**study.options, "base_period": "universal"}
        parts = callaway_santanna.estimate(study.panel, control_group=study.control_group, **options)
        event, cov = parts.event, parts.event_cov
    elif study.event.loc[study.event["omitted"], "event_time"].tolist() != [-1]:
        raise NotEstimable(Message("staggered.honest_no_reference", {"method": study.method}))
    times = event["event_time"].to_numpy()
    if -2 not in times:
        raise NotEstimable(Message("staggered.no_leads", {"method": study.method}))
    full = np.setdiff1d(np.arange(times.min(), times.max() + 1), [-1])
    if not np.array_equal(times, full):
        raise NotEstimable(Message("staggered.honest_gaps", {"times": ", ".join(map(str, times))}))
    return event["estimate"].to_numpy(), cov, int((times < 0).sum())


def _breakdown(excludes, most: float) -> float:
    """Return the largest m at which zero is left out, by bisection."""
    if not excludes(0.0):
        return 0.0
    # Upward in steps first: the breakdown value is the first m at which zero comes in.
    low, high = 0.0, most / 64
    while excludes(high):
        low, high = high, 2 * high
        if low >= most:
            return np.inf
    return float(optimize.bisect(lambda size: 0.5 - excludes(size), low, high, xtol=most / 20_000))


class _SmoothnessPath:
    """Affine estimators of the target that are best for some weight on bias against variance, under smoothness.

    With second differences d of the path of trends, anchored at its first step after the reference, the bias of
    l'b_after + v'b_before is c'd, and a slope of its own drops out if sum_k k v_k = l't (k periods before the
    reference).
    The largest bias under |d| <= m is m times the sum of |c|. Of c only the part inside the leads, x, is free, so that
    minimising variance + weight * sum|x| is a lasso. Paper: section 4.1 and online appendix on fixed-length intervals.
    """

    def __init__(self, estimate: np.ndarray, cov: np.ndarray, n_leads: int, target: np.ndarray, level: float) -> None:
        steps = np.arange(1, len(target) + 1)
        slope = float(target @ steps)
        self.estimate, self.cov, self.level = estimate, cov, level
        # Bias that no choice of v avoids: the bend at the reference and those after treatment.
        self.fixed = abs(slope) + sum(abs(float(target @ np.clip(steps - bend, 0, None))) for bend in steps[:-1])
        # Leads run from k = n_leads down to 1; column j of `moves` changes x_j (the bend at k = j + 1) alone.
        k = np.arange(n_leads, 0, -1)
        bends = np.clip(k[None, :] - np.arange(1, n_leads)[:, None], 0, None).astype(float)
        system = np.vstack([k[None, :], bends])
        inverse = np.linalg.inv(system)
        self.start = np.concatenate([inverse[:, 0] * slope, target])
        self.moves = np.vstack([inverse[:, 1:], np.zeros((len(target), n_leads - 1))])
        self.quadratic = self.moves.T @ cov @ self.moves
        self.linear = self.moves.T @ cov @ self.start
        self._memory: dict[float, tuple[np.ndarray, float, float]] = {}

    def interval(self, size: float) -> tuple[float, float]:
        """Return the shortest interval of fixed length that covers under bends of at most `size`."""
        most = float(np.abs(self.linear).max()) if len(self.linear) else 0.0
        choice = self._at(0.0)
        if most > 0 and size > 0:
            logs = np.linspace(np.log(most) - 16, np.log(most), 65)
            lengths = [self._half(self._at(np.exp(log)), size) for log in logs]
            best = int(np.argmin(lengths))
            inside = (logs[max(best - 1, 0)], logs[min(best + 1, len(logs) - 1)])
            found = optimize.minimize_scalar(
                lambda log: self._half(self._at(np.exp(log)), size), bounds=inside, method="bounded",
                options={"xatol": 1e-6},
            )  # fmt: skip
            choices = [self._at(np.exp(found.x)), self._at(np.exp(logs[best])), choice]
            choice = min(choices, key=lambda candidate: self._half(candidate, size))
        centre, half = float(choice[0] @ self.estimate), self._half(choice, size)
        return centre - half, centre + half

    def excludes_zero(self, size: float) -> bool:
        """Return whether the interval at `size` leaves out zero."""
        low, high = self.interval(size)
        return low > 0 or high < 0

    def _at(self, weight: float) -> tuple[np.ndarray, float, float]:
        """Return coefficients, standard error and unit bias at one weight of the bias."""
        if weight not in self._memory:
            free = _lasso(self.quadratic, self.linear, weight)
            coefficients = self.start + self.moves @ free
            spread = float(np.sqrt(coefficients @ self.cov @ coefficients))
            self._memory[weight] = coefficients, spread, self.fixed + float(np.abs(free).sum())
        return self._memory[weight]

    def _half(self, choice: tuple[np.ndarray, float, float], size: float) -> float:
        _, spread, bias = choice
        return spread * _folded_quantile(self.level, size * bias / spread)


def _lasso(quadratic: np.ndarray, linear: np.ndarray, weight: float) -> np.ndarray:
    """Return the minimiser of x'Qx/2 + q'x + weight * sum|x| by coordinate descent."""
    if weight == 0 or not len(linear):
        return -np.linalg.solve(quadratic, linear)
    x, diagonal = np.zeros(len(linear)), np.diag(quadratic)
    for _ in range(20_000):
        moved = 0.0
        for j in range(len(x)):
            pull = linear[j] + quadratic[j] @ x - diagonal[j] * x[j]
            new = -np.sign(pull) * max(abs(pull) - weight, 0.0) / diagonal[j]
            moved = max(moved, abs(new - x[j]) * np.sqrt(diagonal[j]))
            x[j] = new
        if moved <= 1e-12 * np.sqrt(diagonal.max()):
            return x
    raise NotEstimable(Message("staggered.honest_not_converged", {"weight": f"{weight:.3g}"}))


def _folded_quantile(level: float, mean: float) -> float:
    """Return the quantile of |Z + mean|, Z standard normal."""
    if mean > 8:
        return mean + float(stats.norm.ppf(level))
    return float(optimize.brentq(
        lambda value: special.ndtr(value - mean) - special.ndtr(-value - mean) - level, 0, mean + 10, xtol=1e-12
    ))  # fmt: skip


class _RelativeMagnitudes:
    """Effects that the hybrid test does not reject, in any configuration of the trends before treatment.

    The set is a union over which step before treatment is the largest, and its sign (paper: equation 11, section 3).
    """

    def __init__(self, estimate, cov, n_leads: int, target, level: float, seed: int) -> None:
        self.estimate, self.cov, self.n_leads, self.target, self.level = estimate, cov, n_leads, target, level
        values, vectors = np.linalg.eigh(cov)
        root = vectors * np.sqrt(np.clip(values, 0, None))
        draws = np.random.default_rng(seed).standard_normal((_LEAST_FAVOURABLE_DRAWS, len(estimate)))
        self.noise = draws @ root.T

    def interval(self, size: float) -> tuple[float, float]:
        """Return the hull of the effects that stand."""
        tests = self._tests(size)
        point = float(self.target @ self.estimate[self.n_leads :])
        reach = 8 * float(np.sqrt(self.target @ self.cov[self.n_leads :, self.n_leads :] @ self.target))
        for _ in range(40):
            grid = point + np.linspace(-reach, reach, _GRID)
            kept = np.flatnonzero(_any(tests, grid))
            if len(kept) and kept[0] > 0 and kept[-1] < _GRID - 1:
                break
            reach *= 2
        else:
            raise NotEstimable(Message("staggered.honest_unbounded", {"m": f"{size:g}"}))
        low = np.linspace(grid[kept[0] - 1], grid[kept[0]], _GRID)
        high = np.linspace(grid[kept[-1]], grid[kept[-1] + 1], _GRID)
        return float(low[_any(tests, low)][0]), float(high[_any(tests, high)][-1])

    def excludes_zero(self, size: float) -> bool:
        """Return whether zero is rejected in every configuration."""
        return not _any(self._tests(size), np.zeros(1))[0]

    def _tests(self, size: float) -> list:
        """Return one test a configuration."""
        n_leads, n_after = self.n_leads, len(self.target)
        # Path with the reference put in as zero: its steps, of which the first n_leads end at the reference or before.
        steps = np.delete(np.diff(np.eye(n_leads + 1 + n_after), axis=0), n_leads, axis=1)
        before, after = steps[:n_leads], steps[n_leads:]
        tests = []
        for largest in range(n_leads):
            for sign in (1.0, -1.0):
                bound = sign * before[largest]
                moments, corners, shift = _moments(after, bound, size, self.target)
                # The dual weighs moments so that their standard errors add up to one.
                variance = np.einsum("ij,jk,ik->i", moments, self.cov, moments)
                divisor = corners @ np.sqrt(np.clip(variance, 0, None))
                contrasts = corners @ moments / divisor[:, None]
                first = _FIRST_STAGE * (1 - self.level)
                ceiling = float(np.quantile((self.noise @ contrasts.T).max(axis=1), 1 - first))
                tests.append(partial(_not_rejected, contrasts @ self.estimate, shift / divisor,
                                     contrasts @ self.cov @ contrasts.T, ceiling, 1 - self.level))  # fmt: skip
        return tests


def _any(tests: list, values: np.ndarray) -> np.ndarray:
    return np.any([test(values) for test in tests], axis=0)


def _moments(after, bound, size, target) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return moments (M, E) that are not positive, corners (V, M) of their dual, and what the target takes off (V,).

    Moments of steps after treatment alone, as in R's HonestDiD. The effects of all periods but the target are free; a
    corner of the linear program that eliminates them either combines the steps into the target or its negative, or sets
    a step against itself. With one period there is nothing to eliminate.
    """
    moments = np.vstack([after - size * bound, -after - size * bound])
    if len(target) == 1:
        return moments, np.eye(2), np.array([1.0, -1.0])
    # The target as a sum of steps.
    weight = np.cumsum(target[::-1])[::-1]
    up, down = np.clip(weight, 0, None), np.clip(-weight, 0, None)
    pairs = np.eye(len(target))
    corners = np.vstack([np.r_[up, down], np.r_[down, up], np.hstack([pairs, pairs])])
    return moments, corners, np.r_[1.0, -1.0, np.zeros(len(target))]


def _not_rejected(observed, shift, cov, ceiling, alpha, values: np.ndarray) -> np.ndarray:
    """Return for each value (T,) of the target whether the conditional least-favourable hybrid test lets it stand.

    Andrews, Roth & Pakes (2023, Review of Economic Studies 90), sections 4 and 5: the largest of V correlated normal
    statistics, compared with its distribution given which one is the largest, once it passed a least favourable test.
    """
    first = _FIRST_STAGE * alpha
    stat = observed[:, None] - shift[:, None] * values
    chosen, at = stat.argmax(axis=0), np.arange(len(values))
    largest = stat[chosen, at]
    variance = np.diag(cov)[chosen]
    spread = np.sqrt(np.clip(variance, 0, None))
    certain = spread <= 1e-12 * np.sqrt(np.diag(cov).max())
    slope = 1 - cov[:, chosen] / np.where(certain, 1.0, variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = largest - (largest - stat) / slope
    low = np.where(slope > 1e-10, crossing, -np.inf).max(axis=0)
    high = np.minimum(np.where(slope < -1e-10, crossing, np.inf).min(axis=0), ceiling)
    safe = np.where(certain, 1.0, spread)
    critical = safe * _truncated_quantile(1 - (alpha - first) / (1 - first), low / safe, np.maximum(low, high) / safe)
    critical = np.where(certain, 0.0, np.maximum(critical, 0))
    return (largest <= ceiling) & (largest <= critical)


def _truncated_quantile(level: float, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return quantiles of standard normals between low and high, in logs so that far tails keep their digits."""
    # In the upper tail the mirrored distribution is as exact as the lower one.
    mirrored = low > 0
    below, above = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    share = np.where(mirrored, 1 - level, level)
    log_below, log_above = special.log_ndtr(below), special.log_ndtr(above)
    with np.errstate(divide="ignore"):
        mixed = np.logaddexp(np.log1p(-share) + log_below, np.log(share) + log_above)
    quantile = special.ndtri_exp(mixed)
    return np.where(mirrored, -quantile, quantile)
