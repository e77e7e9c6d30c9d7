"""Borusyak, Jaravel & Spiess (2024, Review of Economic Studies 91): untreated outcomes imputed, effects averaged.

Plain numpy, because one exact fit of the untreated rows gives estimates and standard errors; the numbers are those of
R's didimputation.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.models.result import NotEstimable
from helpers.models.staggered.counterfactual import Counterfactual
from helpers.models.staggered.event_study import Parts
from helpers.models.staggered.panel import ControlGroup, Panel
from helpers.models.staggered.within import (
    by_group,
    by_priority,
    collinear_covariates,
    event_gaps,
    event_terms,
    small_cohorts,
    unit_and_period,
    within_fit,
)
from helpers.models.vcov import summed
from helpers.text import Message

# Leads of the test: all but the reference -1, or this many, with all earlier untreated rows for reference.
OPTIONS = {"leads": ("all", *map(str, range(1, 10)))}


def estimate(panel: Panel, *, control_group: ControlGroup = "not_yet_treated", leads: str = "all") -> Parts:
    """Impute outcomes without treatment from all untreated rows and average the differences.

    Parameters
    ----------
    panel : Panel
        Covariates enter the fit of the untreated rows linearly.
    control_group : {"never_treated", "not_yet_treated"}
        Without influence: the estimator uses every untreated row.
    leads : {"all", "1", ..., "9"}
        Event times before treatment that are tested: all, compared with -1, or -1 and so many, compared with all
        earlier ones, which the authors advise: fewer leads, more power.

    Returns
    -------
    Parts
        Effects from event time 0 on compare with all periods before treatment; leads come from a regression of their
        own (see Notes), so that no period is omitted for all estimates alike, and -1 has none.

    Raises
    ------
    NotEstimable
        If no treated row has a unit and a period that the untreated rows tell of.

    Notes
    -----
    Theorems 1 and 3 and equation 8 for the estimator and its conservative variance: residuals of treated rows are taken
    from the average of their cohort and period, which is too wide rather than too narrow; no small-sample factor,
    normal distribution. Leads (their Test 1): the untreated rows on units, periods and dummies of the leads, with
    CR1 (terms and periods counted, not units), and their covariance with the effects from the stacked influences.
    """
    fit, tau, estimable, notes = imputed(panel)
    cells = Cells.of(panel, estimable)
    cell_tau = cells.means(tau)
    deviation = np.where(estimable, tau - cells.spread(cell_tau), 0.0)
    influence = cells.influence(fit, panel, deviation, tau)
    return assemble(panel, cells, cell_tau, influence, leads=_leads(panel, leads), notes=notes)


def imputed(panel: Panel) -> tuple[Counterfactual, np.ndarray, np.ndarray, tuple[Message, ...]]:
    """Return the fit of the untreated rows, y less its prediction (N,), the treated rows that have one, and messages.

    Raises
    ------
    NotEstimable
        If there is no treated row with a prediction.
    """
    untreated = ~panel.treated
    period = np.searchsorted(panel.periods, panel.period)
    fit = Counterfactual.of(panel.unit, period, panel.covariates, untreated, names=panel.covariate_names)
    estimable = panel.treated & fit.predicted
    lost = panel.treated & ~fit.predicted
    if not estimable.any():
        raise NotEstimable(Message("cohorts.none_imputed", {"rows": f"{panel.treated.sum():,}"}))
    notes = event_gaps(np.unique(panel.event_time[np.isfinite(panel.event_time)]))
    if lost.any():
        periods = tuple(str(value) for value in np.unique(panel.period[lost]))
        notes = (*notes, Message("cohorts.not_imputed", {"rows": f"{lost.sum():,}", "all": f"{panel.treated.sum():,}",
                                                         "periods": periods}))  # fmt: skip
    return fit, panel.y - fit.predict(panel.y[untreated]), estimable, notes


@dataclass(frozen=True, eq=False)
class Cells:
    """Treated rows by `cohort` and `period`, with their `count`, each (C,); `of_row` (N,) is a row's cell or -1."""

    cohort: np.ndarray
    period: np.ndarray
    count: np.ndarray
    of_row: np.ndarray

    @classmethod
    def of(cls, panel: Panel, rows: np.ndarray) -> "Cells":
        """Return the cells of some rows (bool mask)."""
        found, codes, count = np.unique(np.column_stack([panel.cohort[rows], panel.period[rows]]), axis=0,
                                        return_inverse=True, return_counts=True)  # fmt: skip
        of_row = np.full(len(rows), -1)
        of_row[rows] = codes.ravel()
        return cls(found[:, 0], found[:, 1].astype(int), count, of_row)

    @property
    def event_time(self) -> np.ndarray:
        """Return event times, shape (C,)."""
        return (self.period - self.cohort).astype(int)

    def means(self, values: np.ndarray) -> np.ndarray:
        """Return means (C,) of values (N,)."""
        rows = self.of_row >= 0
        return np.bincount(self.of_row[rows], values[rows], len(self.count)) / self.count

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Return values (C,) by row, (N,); those without a cell get any."""
        return values[self.of_row]

    def shares(self) -> np.ndarray:
        """Return each row's weight in its cell's mean, (N, C)."""
        out = np.zeros((len(self.of_row), len(self.count)))
        rows = np.flatnonzero(self.of_row >= 0)
        out[rows, self.of_row[rows]] = 1 / self.count[self.of_row[rows]]
        return out

    def influence(self, fit: Counterfactual, panel: Panel, deviation: np.ndarray, residual: np.ndarray) -> np.ndarray:
        """Return (G, C): shares times `deviation` (N,) of the treated, less what untreated residuals did to the fit."""
        shares = self.shares()
        rows = np.where(fit.fitted, 0.0, deviation)[:, None] * shares
        rows[fit.fitted] -= fit.weights_behind(shares) * residual[fit.fitted][:, None]
        return summed(rows, panel.cluster, panel.n_clusters)


def assemble(panel: Panel, cells: Cells, tau, influence, *, leads, notes, own_influence=None) -> Parts:
    """Average cells by event time, by cohort and overall.

    Parameters
    ----------
    tau, influence : ndarray, shapes (C,) and (G, C)
        Effects by cohort and period with influences by cluster.
    leads : tuple
        Event times (L,), estimates (L,), influences (G, L) and messages.
    own_influence : callable, optional
        Corrects the influence (G,) of an average, given the cells' weights (C,) and its estimate.
    """
    times = np.unique(cells.event_time)
    weights = (cells.event_time[:, None] == times) * cells.count[:, None]
    cohorts = np.unique(cells.cohort)
    by_cohort = (cells.cohort[:, None] == cohorts) * cells.count[:, None]
    weights = np.column_stack([weights, by_cohort, cells.count])
    weights = weights / weights.sum(axis=0)
    events, groups = slice(len(times)), slice(len(times), -1)
    averages, average_influence = tau @ weights, influence @ weights
    if own_influence is not None:
        average_influence = average_influence + own_influence(weights, averages)
    before, lead, lead_influence, lead_notes = leads
    stacked = np.column_stack([lead_influence, average_influence[:, events]])
    cov = stacked.T @ stacked
    return Parts(
        att_gt=pd.DataFrame({"cohort": cells.cohort, "period": cells.period, "estimate": tau,
                             "std_error": np.linalg.norm(influence, axis=0)}),
        event=pd.DataFrame({"event_time": np.r_[before, times], "estimate": np.r_[lead, averages[events]],
                            "std_error": np.sqrt(np.diag(cov))}),
        event_cov=cov,
        overall=(float(averages[-1]), float(np.linalg.norm(average_influence[:, -1]))),
        notes=(*notes, *lead_notes, *small_cohorts(panel)),
        averages=by_group(cohorts, averages[groups], average_influence[:, groups]),
    )  # fmt: skip


def _leads(panel: Panel, leads: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[Message, ...]]:
    untreated = ~panel.treated
    own = panel.event_time[untreated]
    seen = np.unique(own[np.isfinite(own)])
    order = by_priority(seen) if leads == "all" else [int(e) for e in reversed(seen) if e >= -int(leads)]
    nothing = np.empty(0, int), np.empty(0), np.empty((panel.n_clusters, 0))
    if not order:
        return (*nothing, ())
    dummies, names = event_terms(own, order)
    absorber, n_periods = unit_and_period(panel, untreated)
    k = panel.covariates.shape[1]
    try:
        fit = within_fit(panel.y[untreated], np.column_stack([panel.covariates[untreated], dummies]),
                         [*panel.covariate_names, *names], absorber=absorber, counted=n_periods,
                         cluster=panel.cluster[untreated], n_clusters=panel.n_clusters)  # fmt: skip
    except NotEstimable as error:
        return (*nothing, (error.message,))
    collinear_covariates(fit, panel)
    terms = fit.kept >= k
    found = np.array(order)[fit.kept[terms] - k]
    place = np.argsort(found)
    notes = (Message("cohorts.collinear", {"names": fit.collinear}),) if fit.collinear else ()
    return found[place], fit.coef[terms][place], fit.influence[:, terms][:, place], notes
