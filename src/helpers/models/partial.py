"""Columns with their fixed effects taken out, for what is asked of one linear model after it was fitted.

A frame (or what a fit was made of) in, arrays out. By Frisch & Waugh (1933) these arrays give the coefficients,
residuals and partial R2 of the whole model.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.disclosure import MINIMUM_DEGREES, has_degrees
from helpers.errors import UsageError
from helpers.models.demean import Absorber
from helpers.models.design import EXPLAINED, complete, refuse_infinite
from helpers.models.result import NotEstimable, Result
from helpers.text import Message


@dataclass(frozen=True)
class Linear:
    """One linear model, with fixed effects (or the mean) taken out of every column.

    Attributes
    ----------
    y, x : ndarray, shape (N,)
        Outcome and exposure.
    controls : ndarray, shape (N, K)
    names : tuple of str, length K
        Of the controls.
    absorbed : int
        Parameters taken out: 1 for the mean, else the rank of the fixed effects.
    total : float
        Sum of squares of the outcome about its mean, before fixed effects.
    cluster : ndarray of int, shape (N,), or None
    n_dropped : dict
        Rows left out, by reason.
    """

    y: np.ndarray
    x: np.ndarray
    controls: np.ndarray
    names: tuple[str, ...]
    absorbed: int
    total: float
    cluster: np.ndarray | None = None
    n_dropped: dict[str, int] = field(default_factory=dict)

    @property
    def n_obs(self) -> int:
        """Return the number of rows."""
        return len(self.y)

    @property
    def df(self) -> int:
        """Return the residual degrees of freedom of the model with all controls."""
        return self.n_obs - self.absorbed - 1 - len(self.names)


def complete_rows(
    data: pd.DataFrame, names: Sequence[str], *, keys: Sequence[str] = ()
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows in which numeric columns and keys are all known, with the rows left out by reason.

    Raises
    ------
    NotEstimable
        If a column is not there, one that should be numeric is text or has infinite values, or no row is left.
    """
    wanted = list(dict.fromkeys([*names, *keys]))
    lacking = tuple(name for name in wanted if name not in data.columns)
    if lacking:
        raise NotEstimable(Message("models.no_column", {"names": lacking}))
    used = data.loc[:, wanted]
    numeric = list(dict.fromkeys(names))
    text = tuple(name for name in numeric if not pd.api.types.is_numeric_dtype(used[name]))
    if text:
        raise NotEstimable(Message("sensitivity.not_numeric", {"names": text}))
    refuse_infinite(used[numeric])
    rows, dropped = complete(used)
    return used.iloc[rows], dropped


def linear(
    data: pd.DataFrame, *, outcome: str, exposure: str, controls: Sequence[str] = (),
    fixed_effects: Sequence[str] = (), cluster: str | None = None,
) -> Linear:  # fmt: skip
    """Read one linear model from a frame.

    Raises
    ------
    NotEstimable
        If columns are missing or infinite, outcome or exposure do not vary, terms are collinear, or rows are too few.
    """
    keys = [*fixed_effects, *([cluster] if cluster else [])]
    used, dropped = complete_rows(data, [outcome, exposure, *controls], keys=keys)
    design = used[[exposure, *controls]].to_numpy(dtype=float)
    return _taken_out(
        used[outcome].to_numpy(dtype=float), design, (outcome, exposure, *controls),
        tuple(pd.factorize(used[name])[0] for name in fixed_effects), None,
        pd.factorize(used[cluster])[0] if cluster else None, dropped,
    )  # fmt: skip


def linear_of(result: Result) -> Linear:
    """Return the linear model of a fit by least squares, from the sample that the fit kept.

    Raises
    ------
    UsageError
        If the fit kept none.
    """
    sample = result.sample
    if sample is None:
        raise UsageError("this fit kept no sample of its rows: give them as data")
    return _taken_out(
        sample.y, sample.design, (result.outcome, *sample.names), sample.groups, sample.weights, sample.cluster,
        dict(result.n_dropped),
    )  # fmt: skip


def residuals(columns: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Return what least squares on `design` (N, K) leaves of columns (N,) or (N, k)."""
    return off(design, None)(columns)


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


def _taken_out(y, design, names, groups, weights, cluster, dropped) -> Linear:
    outcome, exposure, *controls = names
    rows = f"{len(y):,}"
    if np.ptp(design[:, 0]) == 0:
        values = {"exposure": exposure, "rows": rows, "value": f"{design[0, 0]:g}"}
        raise NotEstimable(Message("models.exposure_constant", values))
    if np.ptp(y) == 0:
        raise NotEstimable(Message("models.outcome_constant", {"outcome": outcome, "rows": rows, "value": f"{y[0]:g}"}))
    raw = np.column_stack([y, design])
    if groups:
        absorb = Absorber(groups, weights=weights)
        left, absorbed = absorb(raw), absorb.rank
    else:
        left, absorbed = raw - np.average(raw, axis=0, weights=weights), 1
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    total = float((root**2 * (y - np.average(y, weights=weights)) ** 2).sum())
    left, scale = left * root[:, None], np.sqrt((raw**2 * root[:, None] ** 2).sum(axis=0))
    if np.sqrt((left[:, 0] ** 2).sum()) <= EXPLAINED * scale[0]:
        raise NotEstimable(Message("models.no_informative_row", {"outcome": outcome}))
    refuse_collinear(left[:, 1:], scale[1:], (exposure, *controls))
    made = Linear(left[:, 0], left[:, 1], left[:, 2:], tuple(controls), absorbed, total, cluster, dropped)
    if not has_degrees(made.df, 0):
        said = {"rows": rows, "terms": f"{len(y) - made.df:,}", "least": MINIMUM_DEGREES}
        raise NotEstimable(Message("models.few_rows", said))
    return made


def refuse_collinear(columns: np.ndarray, scale: np.ndarray, names: Sequence[str]) -> None:
    """Refuse columns (N, K) of which one is a sum of others, naming them; `scale` (K,) is each one's size before.

    Raises
    ------
    NotEstimable
        With every column that the others explain.
    """
    scaled = columns / np.maximum(scale, 1e-300)
    triangle = np.linalg.qr(scaled, mode="r")
    if len(triangle) == len(names) and (np.abs(np.diag(triangle)) > EXPLAINED).all():
        # One over the root of the inverse Gram matrix's diagonal is what the others leave of each column.
        left = 1 / np.sqrt((np.linalg.inv(triangle) ** 2).sum(axis=1))
    else:
        left = np.array([_size_beside_others(scaled, place) for place in range(len(names))])
    explained = tuple(name for name, size in zip(names, left, strict=True) if size <= EXPLAINED)
    if explained:
        raise NotEstimable(Message("models.collinear", {"names": explained}))


def _size_beside_others(columns: np.ndarray, place: int) -> float:
    rest = np.delete(columns, place, axis=1)
    return float(np.linalg.norm(columns[:, place] - rest @ np.linalg.lstsq(rest, columns[:, place], rcond=1e-10)[0]))
