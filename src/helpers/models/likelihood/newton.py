"""Maximum likelihood by Newton's method: a log-likelihood with its derivatives in, a checked maximum out.

Plain numpy with analytic derivatives rather than statsmodels' models: those of counts give Hessians that are 8 % off or
stop short of the maximum, and none checks that there is one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from helpers.models.likelihood.refusals import refusal
from helpers.text import Message

STEPS = 200
# Distance to the maximum in standard errors (Newton's decrement): aimed at, and the most that is let pass where
# rounding stops the climb before.
CLOSE, CLOSE_ENOUGH = 1e-9, 1e-6
# No step moves a row's linear predictor by more, on the scale of the link.
LONGEST_STEP = 5.0
# A linear predictor so uncertain, on the scale of the link, belongs to a coefficient on its way to infinity.
UNBOUNDED = 1e3


@dataclass(frozen=True)
class Estimate:
    """A maximum of a likelihood, with what a sandwich needs.

    Attributes
    ----------
    names : tuple of str, length P
        Parameters: terms, then `ln_alpha` or `cut a|b`; `count: x` and `zero: x` where there are two parts.
    params : ndarray of shape (P,)
    bread : ndarray of shape (P, P)
        Inverse of minus the Hessian, summed over rows; any robust variance is bread @ meat(scores) @ bread.
    scores : ndarray of shape (N, P)
        Derivatives of each row's (weighted) log-likelihood; columns sum to zero.
    log_likelihood : float
    n_iterations : int
    notes : tuple of Message
        What was left out, and how much.
    """

    names: tuple[str, ...]
    params: np.ndarray
    bread: np.ndarray
    scores: np.ndarray
    log_likelihood: float
    n_iterations: int
    notes: tuple[Message, ...] = field(default=())


class Likelihood(Protocol):
    """What Newton's method asks of a log-likelihood of P parameters."""

    def value(self, params: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the log-likelihood, its gradient (P,) and its Hessian (P, P)."""

    def scores(self, params: np.ndarray) -> np.ndarray:
        """Return the gradient row by row, (N, P)."""

    def predictors(self, params: np.ndarray) -> np.ndarray:
        """Return all linear predictors, (N, q): linear in `params`."""

    def spread(self, bread: np.ndarray) -> float:
        """Return the largest standard error of a linear predictor."""


Rows = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class RowLikelihood:
    """A sum over independent rows, each a function of q linear predictors.

    Attributes
    ----------
    designs : tuple of ndarray (N, K_j)
        One a predictor. With `shared`, they all multiply the same parameters; else each has its own, in this order.
    rows : callable
        (N, q) predictors -> log-likelihoods (N,), gradients (N, q) and Hessians (N, q, q) with regard to them.
    weights : ndarray of shape (N,)
    """

    designs: tuple[np.ndarray, ...]
    rows: Rows
    weights: np.ndarray
    shared: bool = False

    def _slices(self) -> list[slice]:
        if self.shared:
            return [slice(0, self.designs[0].shape[1])] * len(self.designs)
        ends = np.cumsum([design.shape[1] for design in self.designs])
        return [slice(end - design.shape[1], end) for end, design in zip(ends, self.designs, strict=True)]

    def predictors(self, params: np.ndarray) -> np.ndarray:
        """Return the linear predictors, (N, q)."""
        parts = zip(self.designs, self._slices(), strict=True)
        return np.column_stack([design @ params[part] for design, part in parts])

    def value(self, params: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the log-likelihood, its gradient (P,) and its Hessian (P, P)."""
        each, slope, bend = self.rows(self.predictors(params))
        gradient, hessian = np.zeros(len(params)), np.zeros((len(params), len(params)))
        slices = self._slices()
        for j, left in enumerate(slices):
            gradient[left] += self.designs[j].T @ (self.weights * slope[:, j])
            for k, right in enumerate(slices):
                weighted = self.designs[k] * (self.weights * bend[:, j, k])[:, None]
                hessian[left, right] += self.designs[j].T @ weighted
        return float(self.weights @ each), gradient, hessian

    def scores(self, params: np.ndarray) -> np.ndarray:
        """Return the gradient row by row, (N, P)."""
        slope = self.rows(self.predictors(params))[1]
        found = np.zeros((len(slope), len(params)))
        for j, part in enumerate(self._slices()):
            found[:, part] += self.designs[j] * (self.weights * slope[:, j])[:, None]
        return found

    def spread(self, bread: np.ndarray) -> float:
        """Return the largest standard error of a linear predictor."""
        parts = zip(self.designs, self._slices(), strict=True)
        return max(_largest(design, bread[part, part]) for design, part in parts)


def _largest(design: np.ndarray, bread: np.ndarray) -> float:
    return float(np.sqrt(np.max(np.sum((design @ bread) * design, axis=1), initial=0.0)))


class Peak(NamedTuple):
    """Where a climb ended: `is_maximum` if the gradient vanishes there and the Hessian is negative definite."""

    params: np.ndarray
    log_likelihood: float
    bread: np.ndarray
    decrement: float
    steps: int
    is_maximum: bool


def climb(likelihood: Likelihood, start: np.ndarray) -> Peak:
    """Walk uphill from `start` by Newton's method with halved steps until the gradient vanishes.

    Notes
    -----
    Where the Hessian is not negative definite its eigenvalues are taken by absolute value, which keeps the direction
    uphill (Nocedal & Wright 2006, section 3.4). The end is judged by Newton's decrement sqrt(g' (-H)^-1 g), the
    distance to the maximum in standard errors, which does not depend on the units of the terms.
    """
    params = np.array(start, dtype=float)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        now = likelihood.value(params)
        for step in range(STEPS + 1):
            inverse, is_peak = _inverse(now[2])
            direction = inverse @ now[1]
            decrement = float(np.sqrt(max(now[1] @ direction, 0.0)))
            if (is_peak and decrement < CLOSE) or step == STEPS:
                break
            found = _step(likelihood, params, now, direction)
            if found is None:
                break
            params, now = found
    return Peak(params, now[0], inverse, decrement, step, is_peak and decrement < CLOSE_ENOUGH)


def _inverse(hessian: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return the inverse of minus the Hessian, made positive definite if need be, and whether it was."""
    size = np.sqrt(np.abs(np.diag(hessian)))
    size[~(size > 0)] = 1.0
    scaled = -hessian / np.outer(size, size)
    if not np.isfinite(scaled).all():
        return np.zeros_like(hessian), False
    values, vectors = np.linalg.eigh(scaled)
    strong = np.maximum(np.abs(values), 1e-13)
    return (vectors / strong) @ vectors.T / np.outer(size, size), bool(values[0] > 1e-13)


def _step(likelihood, params, now, direction):
    reach = np.abs(likelihood.predictors(direction)).max()
    length = min(1.0, LONGEST_STEP / reach) if reach > 0 else 1.0
    slack = 1e-12 * (1 + abs(now[0]))
    for _ in range(40):
        there = params + length * direction
        found = likelihood.value(there)
        if found[0] >= now[0] - slack and np.isfinite(found[2]).all():
            return there, found
        length /= 2
    return None


def maximise(
    likelihood: Likelihood, starts: Sequence[np.ndarray], *, estimator: str, names: Sequence[str],
    varies: np.ndarray, trouble: Callable[[Peak], None] | None = None, notes: tuple[Message, ...] = (),
) -> Estimate:  # fmt: skip
    """Return the highest of the maxima reached from `starts`.

    Parameters
    ----------
    starts : sequence of ndarray (P,)
        A likelihood that is not concave has more than one.
    varies : ndarray of bool, shape (P,)
        Whether the parameter's column varies: named first where a coefficient runs to infinity.
    trouble : callable, optional
        Called with a peak that is none, to refuse with a better reason (separation) where there is one.

    Raises
    ------
    NotEstimable
        If the gradient does not vanish at the highest point reached, or a coefficient has no finite estimate.
    """
    peak = max((climb(likelihood, start) for start in starts), key=lambda one: one.log_likelihood)
    unbounded = likelihood.spread(peak.bread) > UNBOUNDED
    if unbounded or not peak.is_maximum:
        if trouble is not None:
            trouble(peak)
        if unbounded:
            raise refusal("unbounded", estimator=estimator, names=_loose(peak.bread, names, varies))
        raise refusal("not_converged", estimator=estimator, steps=peak.steps, distance=f"{peak.decrement:.1g}")
    with np.errstate(over="ignore", under="ignore"):
        scores = likelihood.scores(peak.params)
    return Estimate(tuple(names), peak.params, peak.bread, scores, peak.log_likelihood, peak.steps, notes)


def _loose(bread: np.ndarray, names: Sequence[str], varies: np.ndarray) -> tuple[str, ...]:
    error = np.sqrt(np.abs(np.diag(bread)))
    loose = error > 1e-3 * error.max()
    return tuple(name for name, is_named in zip(names, loose & varies if (loose & varies).any() else loose, strict=True)
                 if is_named)  # fmt: skip
