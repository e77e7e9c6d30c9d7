"""Wooldridge (2023, Econometrics Journal 26): Poisson with effects by cohort and period, for counts with many zeros.

With a dummy for each treated cohort and period, the other parameters are those of the untreated rows alone, so these
are fitted and the treated predicted: plain numpy, which takes cells of zeros as they are, where the dummy would run to
minus infinity. Numbers are those of R's etwfe.
"""

from typing import Literal, get_args

import numpy as np
import pandas as pd

from helpers.models.poisson import SEPARATED
from helpers.models.result import NotEstimable
from helpers.models.staggered.counterfactual import Counterfactual
from helpers.models.staggered.event_study import Parts
from helpers.models.staggered.imputation import Cells
from helpers.models.staggered.panel import ControlGroup, Panel
from helpers.models.staggered.within import comparable, event_gaps, small_cohorts, small_sample
from helpers.models.vcov import summed
from helpers.text import Message

Intercepts = Literal["cohort", "unit"]
OPTIONS = {"intercepts": get_args(Intercepts)}
MOST_STEPS = 100
# A step of the mean's logarithm this small is the last: what it leaves is its square.
CONVERGED = 1e-8
# Of the mean's logarithm, before exp overflows.
LARGEST = 500


def estimate(
    panel: Panel, *, control_group: ControlGroup = "not_yet_treated", intercepts: Intercepts = "cohort"
) -> Parts:
    """Estimate proportional changes of a count by event time, E[Y(1)] / E[Y(0)] - 1 among the treated.

    Parameters
    ----------
    panel : Panel
        Outcome not negative; covariates enter the mean's logarithm linearly.
    control_group : {"never_treated", "not_yet_treated"}
        What has no dummy: every untreated row, or the never-treated and each cohort's period -1, with leads.
    intercepts : {"cohort", "unit"}
        Effects beside those of periods. Without covariates and gaps the estimates are the same.

    Returns
    -------
    Parts
        `overall` is over treated unit-periods; `averages` has the effect in counts, a treated unit and period
        ("count").

    Raises
    ------
    NotEstimable
        If the outcome is negative, nobody treated has a prediction, the fit does not converge or is separated.

    Notes
    -----
    Equations 3.5 and 4.3; the proportional effect is Chen & Roth's (2024, Quarterly Journal of Economics 139, section
    IV). Delta method with cohorts' shares taken as fixed, by cluster times G/(G-1) (N-1)/(N-K), K counting intercept,
    cohorts, periods and cells (units, nested in clusters, are not counted), as etwfe on fixest; normal distribution.
    Units that are zero in all periods tell nothing of proportions with unit intercepts and are counted; cohorts or
    periods whose untreated rows are all zero have no proportion and are left out.
    """
    if (negative := panel.y < 0).any():
        raise NotEstimable(Message("cohorts.negative", {"outcome": panel.outcome, "rows": f"{negative.sum():,}"}))
    rows = comparable(panel)
    if not np.isinf(panel.cohort).any():
        # The last cohort is never treated within these periods.
        cohort = np.where(panel.cohort == panel.cohorts[-1], np.inf, panel.cohort)
    else:
        cohort = panel.cohort
    event_time = panel.period - cohort
    if control_group == "never_treated":
        fitted = rows & (np.isinf(cohort) | (event_time == -1))
    else:
        fitted = rows & (panel.period < cohort)
    fitted, notes = _informative(panel, cohort, fitted, intercepts)
    notes += event_gaps(np.unique(event_time[np.isfinite(event_time)]))
    group = np.unique(cohort, return_inverse=True)[1] if intercepts == "cohort" else panel.unit
    fit, untreated_mean = _poisson(panel, group, fitted)

    predictable = event_time != -1 if control_group == "never_treated" else event_time >= 0
    wanted = rows & np.isfinite(cohort) & predictable
    known = wanted & (fit.predicted | _zero_units(panel, fit, intercepts))
    if known.any():
        every = Cells.of(panel, known)
        # Of units without a count before treatment alone, a cell has nothing that its counts could be a proportion of.
        known[known] = every.spread(every.means(untreated_mean))[known] > 0
    if not (known & (event_time >= 0)).any():
        raise NotEstimable(Message("cohorts.none_imputed", {"rows": f"{wanted.sum():,}"}))
    if lost := int((wanted & ~known).sum()):
        periods = tuple(str(value) for value in np.unique(panel.period[wanted & ~known]))
        notes.append(Message("cohorts.not_imputed", {"rows": f"{lost:,}", "all": f"{wanted.sum():,}",
                                                     "periods": periods}))  # fmt: skip
    cells = Cells.of(panel, known)
    ratios = _Ratios(panel, cells, fit, untreated_mean)
    n_levels = len(np.unique(cohort[rows])) if intercepts == "cohort" else 1
    n_periods = len(np.unique(panel.period[rows]))
    factor = small_sample(panel.cluster[rows], n_parameters=n_levels + n_periods - 1 + len(cells.count)
                          + panel.covariates.shape[1])  # fmt: skip
    return _parts(panel, cells, ratios, np.sqrt(factor), tuple(notes))


def _parts(panel: Panel, cells: Cells, ratios: "_Ratios", scale: float, notes) -> Parts:
    times = np.unique(cells.event_time)
    by_event = (cells.event_time[:, None] == times).astype(float)
    after = (cells.event_time >= 0).astype(float)
    estimate, influence = ratios.proportional(np.column_stack([by_event, after]))
    influence = influence * scale
    cov = influence[:, :-1].T @ influence[:, :-1]
    by_cell, cell_influence = ratios.proportional(np.eye(len(cells.count)))
    count, count_influence = ratios.count(after[:, None])
    return Parts(
        att_gt=pd.DataFrame({"cohort": cells.cohort, "period": cells.period, "estimate": by_cell,
                             "std_error": np.linalg.norm(cell_influence, axis=0) * scale}),
        event=pd.DataFrame({"event_time": times, "estimate": estimate[:-1], "std_error": np.sqrt(np.diag(cov))}),
        event_cov=cov,
        overall=(float(estimate[-1]), float(np.linalg.norm(influence[:, -1]))),
        notes=(*notes, *small_cohorts(panel)),
        omitted=-1 if times.min() < 0 else None,
        averages=pd.DataFrame({"average": ["count"], "value": [np.nan], "estimate": count,
                               "std_error": np.linalg.norm(count_influence, axis=0) * scale}),
    )  # fmt: skip


class _Ratios:
    """Sums of counts and of predictions by cell, with the influence of each cluster on both.

    Shares of cohorts are fixed: a cluster's rows count by how far they are from their cell's means.
    """

    def __init__(self, panel: Panel, cells: Cells, fit: Counterfactual, mean: np.ndarray) -> None:
        inside = cells.of_row >= 0
        share = cells.shares()
        y, mu = np.where(inside, panel.y, 0.0), np.where(inside, mean, 0.0)
        self.n = cells.count.astype(float)
        self.observed, self.predicted = self.n * cells.means(y), self.n * cells.means(mu)
        member = share * self.n
        observed = member * (y - cells.spread(self.observed / self.n))[:, None]
        predicted = member * (mu - cells.spread(self.predicted / self.n))[:, None]
        predicted[fit.fitted] += (
            fit.weights_behind(member * mu[:, None]) * (panel.y - mean)[fit.fitted][:, None]
        )
        self.d_observed = summed(observed, panel.cluster, panel.n_clusters)
        self.d_predicted = summed(predicted, panel.cluster, panel.n_clusters)

    def proportional(self, pick: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return sums observed / predicted - 1 of cells picked by columns of (C, E), and influences (G, E)."""
        above, below = self.observed @ pick, self.predicted @ pick
        ratio = above / below
        return ratio - 1, (self.d_observed @ pick - ratio * (self.d_predicted @ pick)) / below

    def count(self, pick: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean difference observed - predicted of cells picked, a row, and influences (G, E)."""
        rows = self.n @ pick
        return ((self.observed - self.predicted) @ pick / rows,
                ((self.d_observed - self.d_predicted) @ pick) / rows)  # fmt: skip


def _informative(panel, cohort, fitted, intercepts) -> tuple[np.ndarray, list[Message]]:
    """Return the rows to fit, without cohorts, periods and units whose fitted rows are all zero, and messages."""
    notes = []
    cohorts_out: list[str] = []
    periods_out: list[str] = []
    fitted = fitted.copy()
    before = -1
    while (now := int(fitted.sum())) != before:
        before = now
        for values, out in ((cohort, cohorts_out), (panel.period, periods_out)):
            for value in np.unique(values[fitted]):
                rows = fitted & (values == value)
                if not panel.y[rows].any():
                    fitted &= ~rows
                    out.append(f"{value:g}" if np.isfinite(value) else "never")
    if not fitted.any():
        raise NotEstimable(Message("cohorts.all_zero", {"outcome": panel.outcome}))
    if cohorts_out or periods_out:
        notes.append(Message("cohorts.zero_groups", {"cohorts": ", ".join(cohorts_out) or "-",
                                                     "periods": ", ".join(periods_out) or "-"}))  # fmt: skip
    if intercepts == "unit":
        total = np.bincount(panel.unit, panel.y, panel.n_units)
        base = np.bincount(panel.unit[fitted], panel.y[fitted], panel.n_units)
        if zero := int((total == 0).sum()):
            notes.append(Message("cohorts.zero_units", {"units": f"{zero:,}", "all": f"{panel.n_units:,}"}))
        fitted &= base[panel.unit] > 0
    return fitted, notes


def _zero_units(panel: Panel, fit: Counterfactual, intercepts: Intercepts) -> np.ndarray:
    """Return rows of units that are zero in all rows that could be fitted: predicted as zero, which is their limit."""
    if intercepts == "cohort":
        return np.zeros(len(panel.y), bool)
    units = np.zeros(panel.n_units, bool)
    units[panel.unit[fit.fitted]] = True
    periods = np.zeros(len(panel.periods), bool)
    periods[fit.period[fit.fitted]] = True
    return ~units[panel.unit] & periods[fit.period]


def _poisson(panel: Panel, group: np.ndarray, fitted: np.ndarray) -> tuple[Counterfactual, np.ndarray]:
    """Fit the rows by Newton steps; return the last weighted fit and predicted means (N,), zero where there is none."""
    period = np.searchsorted(panel.periods, panel.period)
    y = panel.y[fitted]
    mean = (y + y.mean()) / 2
    eta = np.log(mean)
    for _ in range(MOST_STEPS):
        fit = Counterfactual.of(group, period, panel.covariates, fitted, names=panel.covariate_names, weights=mean)
        whole = fit.predict(eta + (y - mean) / mean)
        moved = np.abs(whole[fitted] - eta).max()
        eta = whole[fitted]
        if not np.isfinite(moved) or eta.max() > LARGEST:
            break
        mean = np.exp(eta)
        if low := int((mean < SEPARATED * y.mean()).sum()):
            raise NotEstimable(Message("cohorts.separated", {"rows": f"{low:,}", "all": f"{len(y):,}"}))
        if moved <= CONVERGED:
            fit = Counterfactual.of(group, period, panel.covariates, fitted, names=panel.covariate_names, weights=mean)
            return fit, np.where(fit.predicted, np.exp(np.where(fit.predicted, whole, 0)), 0)
    raise NotEstimable(Message("cohorts.not_converged", {"steps": MOST_STEPS}))
