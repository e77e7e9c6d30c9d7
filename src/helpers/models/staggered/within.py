"""Least squares within fixed effects, with one influence a cluster: what the linear methods here have in common.

Columns and their fixed effects go in; coefficients come out with an influence for each cluster, so that the covariance
of any weighted sums, across regressions too, is a cross product. Terms that earlier ones span are left out and named.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.disclosure import MINIMUM_DEGREES, has_degrees
from helpers.models.demean import Absorber
from helpers.models.result import NotEstimable
from helpers.models.staggered.panel import Panel
from helpers.models.vcov import small_sample_factor, summed
from helpers.text import Message

# What is left of a column's sum of squares, as a share, when fixed effects or earlier terms span it (fixest's rule).
COLLINEAR = 1e-9
SMALL_COHORT = 5


@dataclass(frozen=True, eq=False)
class WithinFit:
    """Coefficients of one regression.

    Attributes
    ----------
    names : tuple of str
        The terms estimated, in the order given.
    kept : ndarray of int, shape (K,)
        Their positions among the columns given.
    coef : ndarray, shape (K,)
    influence : ndarray, shape (G, K)
        By cluster; `influence.T @ influence` is the covariance, small-sample factor included.
    collinear : tuple of str
        Terms left out because fixed effects and earlier terms span them.
    """

    names: tuple[str, ...]
    kept: np.ndarray
    coef: np.ndarray
    influence: np.ndarray
    collinear: tuple[str, ...]


def within_fit(
    y: np.ndarray,
    columns: np.ndarray,
    names: Sequence[str],
    *,
    absorber: Absorber,
    counted: int,
    cluster: np.ndarray,
    n_clusters: int,
    weights: np.ndarray | None = None,
) -> WithinFit:
    """Regress y (N,) on columns (N, k) and fixed effects.

    Parameters
    ----------
    y, columns, names
        Outcome, terms, and the terms' names.
    absorber : Absorber
        Of the fixed effects, with the same weights.
    counted : int
        Parameters of fixed effects that the small-sample factor counts: those not nested in the clusters.
    cluster : ndarray of int, shape (N,)
        Codes below `n_clusters`; clusters without a row have influence zero and are not counted.
    n_clusters : int
    weights : ndarray, shape (N,), optional

    Returns
    -------
    WithinFit

    Raises
    ------
    NotEstimable
        If no term is left, all rows are in one cluster, or parameters are as many as rows.

    Notes
    -----
    Sandwich by cluster times G/(G-1) (N-1)/(N-K), K the terms and the `counted` parameters: fixest's default.
    """
    left = absorber(np.column_stack([columns, y]))
    weighted = left if weights is None else left * weights[:, None]
    gram = weighted.T @ left
    raw = (columns**2).sum(axis=0) if weights is None else weights @ columns**2
    kept = independent(gram[:-1, :-1].copy(), raw)
    collinear = tuple(name for i, name in enumerate(names) if i not in set(kept.tolist()))
    if not len(kept):
        raise NotEstimable(Message("cohorts.nothing_left", {"names": collinear}))
    bread = np.linalg.inv(gram[np.ix_(kept, kept)])
    coef = bread @ gram[kept, -1]
    residual = left[:, -1] - left[:, kept] @ coef
    scores = summed(weighted[:, kept] * residual[:, None], cluster, n_clusters)
    factor = small_sample(cluster, n_parameters=len(kept) + counted)
    return WithinFit(
        names=tuple(names[i] for i in kept), kept=kept, coef=coef, influence=np.sqrt(factor) * scores @ bread,
        collinear=collinear,
    )  # fmt: skip


def small_sample(cluster: np.ndarray, *, n_parameters: int) -> float:
    """Return G/(G-1) (N-1)/(N-K) of the rows' clusters.

    Raises
    ------
    NotEstimable
        If all rows are in one cluster, or fewer than 10 residual degrees of freedom are left.
    """
    n_rows, n_clusters = len(cluster), len(np.unique(cluster))
    if n_clusters < 2:
        raise NotEstimable(Message("cohorts.one_cluster", {"rows": f"{n_rows:,}"}))
    if not has_degrees(n_rows, n_parameters):
        said = {"rows": f"{n_rows:,}", "terms": f"{n_parameters:,}", "least": MINIMUM_DEGREES}
        raise NotEstimable(Message("cohorts.few_rows", said))
    return small_sample_factor(n_clusters, n_rows, n_parameters)


def unit_and_period(panel: Panel, rows: np.ndarray) -> tuple[Absorber, int]:
    """Return an absorber of the units and periods of some rows (bool mask), and the number of periods among them.

    Units are nested in clusters, so that the small-sample factor counts the periods only.
    """
    unit = np.unique(panel.unit[rows], return_inverse=True)[1]
    periods, period = np.unique(panel.period[rows], return_inverse=True)
    return Absorber([unit, period]), len(periods)


def event_terms(event_time: np.ndarray, wanted: Sequence[int]) -> tuple[np.ndarray, list[str]]:
    """Return a dummy for each event time, (N, E), and their names."""
    return (event_time[:, None] == np.asarray(wanted, float)).astype(float), [f"event time {e}" for e in wanted]


def by_priority(event_times: np.ndarray, *, omitted: int = -1) -> list[int]:
    """Return event times without the omitted one: effects first, then leads from near to far.

    Where not all are identified it is the last, the farthest leads, that `within_fit` leaves out.
    """
    used = [int(e) for e in event_times if e != omitted]
    return [e for e in used if e >= 0] + [e for e in reversed(used) if e < 0]


def collinear_covariates(fit: WithinFit, panel: Panel) -> None:
    """Raise where a covariate is spanned by the effects: it was asked for and would do nothing."""
    if spanned := tuple(name for name in fit.collinear if name in panel.covariate_names):
        raise NotEstimable(Message("cohorts.covariate_spanned", {"names": spanned}))


def comparable(panel: Panel) -> np.ndarray:
    """Return the rows (bool mask) with somebody untreated: without never-treated units, before the last cohort."""
    if np.isinf(panel.cohort).any():
        return np.ones(len(panel.y), bool)
    return panel.period < panel.cohorts[-1]


def event_gaps(event_times: np.ndarray) -> tuple[Message, ...]:
    """Return a message of the event times between the first and the last that no treated unit has."""
    whole = np.arange(event_times.min(), event_times.max() + 1)
    lacking = np.setdiff1d(whole, event_times).astype(int)
    return (Message("cohorts.event_gaps", {"times": ", ".join(map(str, lacking))}),) if len(lacking) else ()


def by_group(cohorts: np.ndarray, estimate: np.ndarray, influence: np.ndarray) -> pd.DataFrame:
    """Return averages over each cohort's treated rows as `Parts.averages` has them, with influences (G, cohorts)."""
    return pd.DataFrame({"average": "group", "value": cohorts, "estimate": estimate,
                         "std_error": np.linalg.norm(influence, axis=0)})  # fmt: skip


def small_cohorts(panel: Panel) -> tuple[Message, ...]:
    """Return a message of the cohorts whose own variance is guesswork, zero for one of a single unit."""
    sizes = np.unique(panel.cohort[panel.first_row], return_counts=True)[1][: len(panel.cohorts)]
    few = int((sizes < SMALL_COHORT).sum())
    values = {"cohorts": few, "all": len(sizes), "least": SMALL_COHORT}
    return (Message("staggered.small_cohorts", values),) if few else ()


def independent(gram: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """Return positions of columns that effects and earlier columns do not span, by a Cholesky factor that skips them.

    `gram` (k, k) is of the columns' residuals and is overwritten; `raw` (k,) has the columns' sums of squares.
    """
    kept: list[int] = []
    for j in range(len(gram)):
        pivot = gram[j, j]
        if pivot <= COLLINEAR * raw[j] or raw[j] == 0:
            continue
        kept.append(j)
        rest = slice(j + 1, None)
        gram[rest, rest] -= np.outer(gram[rest, j], gram[j, rest]) / pivot
    return np.array(kept, int)
