"""What one fitted specification says: coefficients with intervals, sample, clusters, and the rules that were used."""

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import TypeVar

import numpy as np
import pandas as pd

from helpers.errors import InputError
from helpers.text import Message

Made = TypeVar("Made")
TABLE_COLUMNS = ("term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "df")


class NotEstimable(InputError):
    """A specification that these data cannot answer; `message` says why, in either language."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(str(message))


def or_why(make: Callable[[], Made]) -> Made | Message:
    """Return what `make` returns, or the message of what it cannot estimate."""
    try:
        return make()
    except NotEstimable as trouble:
        return trouble.message


@dataclass(frozen=True, eq=False)
class Sample:
    """What a fit was made of, for tests that fit again; it holds rows and is never printed.

    Attributes
    ----------
    y : ndarray of float, shape (N,)
    design : ndarray of float, shape (N, K)
        The terms as they came, without an intercept.
    names : tuple of str
        Of the terms, the exposure first.
    groups : tuple of ndarray of int, each (N,)
        Codes 0..G-1 of each fixed effect; empty where the fit has an intercept instead.
    cluster, unit : ndarray of int, shape (N,), or None
        Codes 0..G-1.
    weights : ndarray of float, shape (N,), or None
    index : Index
        The caller's rows that were used.
    """

    y: np.ndarray
    design: np.ndarray
    names: tuple[str, ...]
    groups: tuple[np.ndarray, ...]
    cluster: np.ndarray | None
    weights: np.ndarray | None
    unit: np.ndarray | None
    index: pd.Index

    def __repr__(self) -> str:
        return f"Sample({len(self.y):,} rows, {len(self.names)} terms, {len(self.groups)} fixed effects)"

    @property
    def absorbed(self) -> tuple[np.ndarray, ...]:
        """Return the codes to be taken out of every column: the fixed effects, or one group of all rows without any."""
        return self.groups or (np.zeros(len(self.y), dtype=np.intp),)


@dataclass(frozen=True)
class Result:
    """One fitted specification.

    Attributes
    ----------
    table : DataFrame of shape (K, 8)
        One row a coefficient: term, estimate, std_error, statistic, p_value, conf_low, conf_high, df.
    n_obs, n_units, n_clusters : int
        Rows, distinct units (0 if no unit column was named) and clusters (0 without clustering) of the fit.
    n_dropped : dict
        Rows left out before the fit, by reason.
    rule : str
        The small-sample rule of the standard errors, in words.
    formula : str
        What was estimated, readable.
    outcome_mean, outcome_zero_share : float
        Mean of the outcome and its share of zeros in the fitted rows.
    warnings : tuple of Message
        What to mind: clusters of one row, few clusters, few of them treated, an exposure that hardly varies.
    sample : Sample
        What the fit was made of.
    covariance : ndarray, shape (K, K)
        Of the coefficients, in the table's order.
    """

    table: pd.DataFrame
    estimator: str
    outcome: str
    exposure: str
    controls: tuple[str, ...]
    fixed_effects: tuple[str, ...]
    cluster: str | None
    vcov: str
    n_obs: int
    n_units: int
    n_clusters: int
    n_dropped: dict[str, int]
    rule: str
    formula: str
    outcome_mean: float
    outcome_zero_share: float
    warnings: tuple[Message, ...] = field(default=())
    sample: Sample | None = field(default=None, repr=False, compare=False)
    covariance: np.ndarray | None = field(default=None, repr=False, compare=False)

    def _repr_html_(self) -> str:
        """Return what JupyterLab shows: formula, coefficients, sample and rule, and what to mind."""
        sizes = f"n = {self.n_obs:,}" + (f", {self.n_clusters:,} clusters of {self.cluster}" if self.cluster else "")
        lines = [self.formula, f"{sizes}; {self.rule}", *map(str, self.warnings)]
        first, *others = (f"<p>{escape(line)}</p>" for line in lines)
        return "\n".join([first, self.table.to_html(index=False, float_format="{:.4g}".format, border=0), *others])

    def term(self, name: str) -> pd.Series:
        """Return the table's row of one coefficient.

        Raises
        ------
        KeyError
            If the specification has no such term.
        """
        rows = self.table[self.table["term"] == name]
        if rows.empty:
            raise KeyError(f"no term '{name}'; the fit has {', '.join(self.table['term'])}")
        return rows.iloc[0]

    def percent_effect(self) -> tuple[float, float, float]:
        """Return the exposure's effect and 95 % interval as percent, exp(b) - 1, of a log-link estimator.

        Raises
        ------
        ValueError
            If the estimator has no log link.
        """
        if self.estimator not in ("poisson", "negbin"):
            raise ValueError(f"a percent effect needs a log link, not estimator '{self.estimator}'")
        row = self.term(self.exposure)
        return tuple(100 * float(np.expm1(row[name])) for name in ("estimate", "conf_low", "conf_high"))
