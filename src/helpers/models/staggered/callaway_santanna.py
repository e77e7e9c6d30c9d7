"""Callaway & Sant'Anna (2021, Journal of Econometrics 225): effects by cohort and period, and their averages.

Plain numpy: csdid draws in plotting and upload tools, moderndid refuses Python 3.11, diff-diff agrees to six digits
only with covariates; with one influence function a unit the bands and the clusters come for free, and the numbers are
those of R's did to rounding (with a logit, to where R's stops).
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from helpers.models.result import NotEstimable
from helpers.models.staggered import bands
from helpers.models.staggered.event_study import Parts
from helpers.models.staggered.panel import ControlGroup, Panel
from helpers.models.staggered.two_by_two import Adjustment, NoOverlap, TooFewControls, effect
from helpers.text import Message

BasePeriod = Literal["varying", "universal"]
OPTIONS = {"adjustment": get_args(Adjustment), "base_period": get_args(BasePeriod)}

# Below this a cohort's own variance is guesswork, and with one unit it is zero.
_SMALL_COHORT = 5
_LEFT_OUT = ("no_treated", "no_comparison", "no_overlap", "few_controls")


@dataclass(frozen=True, eq=False)
class _Cells:
    """Comparisons of one cohort in one period: `estimate` (K,) and `influence` (n_units, K)."""

    cohort: np.ndarray
    period: np.ndarray
    estimate: np.ndarray
    influence: np.ndarray

    @property
    def event_time(self) -> np.ndarray:
        return self.period - self.cohort


def estimate(
    panel: Panel,
    *,
    control_group: ControlGroup = "not_yet_treated",
    adjustment: Adjustment = "doubly_robust",
    base_period: BasePeriod = "varying",
) -> Parts:
    """Estimate ATT(g, t), the effect on cohort g in period t, and averages of it.

    Parameters
    ----------
    panel : Panel
        Covariates are taken in the base period (R's did with a universal base: in the earlier period of a comparison).
    control_group : {"never_treated", "not_yet_treated"}
    adjustment : {"doubly_robust", "outcome_regression", "ipw"}
        How covariates enter; without covariates all three are the difference in mean changes.
    base_period : {"varying", "universal"}
        Before treatment, compare with the period before (varying: a placebo effect of one period), or with the last
        period before treatment (universal: as a two-way event study, which `honest` needs). Afterwards both are the
        same.

    Returns
    -------
    Parts
        `overall` is the average over treated unit-periods (did's "simple"); `averages` has did's "group", "calendar"
        and "event" aggregations.

    Raises
    ------
    NotEstimable
        If no cell can be estimated.

    Notes
    -----
    Equations 2.2-2.8 and 3.1-3.11 of the paper. In an unbalanced panel each comparison uses the units seen in both
    of its periods (R's did drops units with gaps, or treats the panel as repeated cross-sections). Standard errors have
    no small-sample factor, as in did. Memory is 8 bytes a unit and cell: 8 MB for 13,470 units and 72 cells.
    """
    cells, left_out = _cells(panel, control_group, adjustment, base_period)
    notes = _notes(panel, cells, left_out)
    cluster = panel.cluster[panel.first_row]
    unit_cohort = panel.cohort[panel.first_row]
    cohorts = np.unique(cells.cohort)
    member = unit_cohort[:, None] == cohorts
    weighing = _Weighing(cells, cohorts, member)

    events = np.unique(cells.event_time)
    by_event = [weighing.average(cells.event_time == event) for event in events]
    event = np.array([value for value, _ in by_event])
    event_influence = np.column_stack([part for _, part in by_event])
    event_cov = bands.covariance(event_influence, cluster)
    after = cells.event_time >= 0
    overall, overall_influence = weighing.average(after)
    std_error = np.sqrt(np.diag(event_cov))
    omitted = -1 if base_period == "universal" else None
    return Parts(
        att_gt=pd.DataFrame({"cohort": cells.cohort, "period": cells.period, "estimate": cells.estimate,
                             "std_error": _std_errors(cells.influence, cluster)}),
        event=pd.DataFrame({"event_time": events, "estimate": event, "std_error": std_error}),
        event_cov=event_cov,
        overall=(float(overall), float(_std_errors(overall_influence[:, None], cluster)[0])),
        influence=event_influence,
        notes=notes,
        omitted=omitted,
        att_gt_influence=cells.influence,
        averages=_averages(cells, weighing, after, (events, event, event_influence), cluster),
    )  # fmt: skip


def _std_errors(influence: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    return np.sqrt((bands.cluster_sums(influence, cluster) ** 2).sum(axis=0)) / len(influence)


def _cells(panel, control_group, adjustment, base_period) -> tuple[_Cells, dict[str, int]]:
    """Return all comparisons that can be made, and the number of those that cannot, by reason."""
    y, periods, unit_cohort = panel.wide(panel.y), panel.periods, panel.cohort[panel.first_row]
    columns = [panel.wide(column) for column in panel.covariates.T]
    covariates = np.stack(columns, axis=2) if columns else np.empty((*y.shape, 0))
    never = np.isinf(unit_cohort)
    cohorts, last = panel.cohorts, len(periods)
    if not never.any():
        # The last cohort is only compared with, as in R's did, and nobody is left to compare with once it is treated.
        cohorts, last = cohorts[:-1], int(np.searchsorted(periods, cohorts[-1]))
    found, influences, left_out = [], [], dict.fromkeys(_LEFT_OUT, 0)
    for cohort in cohorts:
        own = unit_cohort == cohort
        last_before = int(np.flatnonzero(periods < cohort)[-1])
        for at in range(last):
            base = last_before if base_period == "universal" or periods[at] >= cohort else at - 1
            if base < 0 or base == at:
                continue
            later = periods[max(at, base)]
            others = never if control_group == "never_treated" else (unit_cohort > later) & ~own
            change = y[:, at] - y[:, base]
            used = (own | others) & np.isfinite(change)
            if not (own & used).any() or not (others & used).any():
                left_out["no_treated" if not (own & used).any() else "no_comparison"] += 1
                continue
            try:
                value, part = effect(change[used], own[used], covariates[used, base], adjustment)
            except (NoOverlap, TooFewControls) as error:
                left_out["no_overlap" if isinstance(error, NoOverlap) else "few_controls"] += 1
                continue
            influence = np.zeros(len(y))
            influence[used] = part * (len(y) / used.sum())
            found.append((int(cohort), int(periods[at]), value))
            influences.append(influence)
    if not any(period >= cohort for cohort, period, _ in found):
        raise NotEstimable(Message("staggered.no_cell", left_out))
    cohort, period, value = (np.array(column) for column in zip(*found, strict=True))
    return _Cells(cohort, period, value, np.column_stack(influences)), left_out


class _Weighing:
    """Averages of cells by the size of their cohorts, which are themselves estimated."""

    def __init__(self, cells: _Cells, cohorts: np.ndarray, member: np.ndarray) -> None:
        self.cells = cells
        self.share = member.mean(axis=0)
        self.deviation = member - self.share
        self.of_cell = np.searchsorted(cohorts, cells.cohort)

    def average(self, chosen: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the average of chosen cells (K,) bool, and its influence function (n_units,)."""
        estimates = self.cells.estimate[chosen]
        value, influence = self.weighted(estimates, self.of_cell[chosen])
        share = self.share[self.of_cell[chosen]]
        return value, self.cells.influence[:, chosen] @ (share / share.sum()) + influence

    def weighted(self, estimates: np.ndarray, of_cohort: np.ndarray) -> tuple[float, np.ndarray]:
        """Return estimates weighed by the sizes of their cohorts, and the influence of the sizes alone (n_units,)."""
        share = self.share[of_cohort]
        value = float(estimates @ share / share.sum())
        return value, self.deviation[:, of_cohort] @ ((estimates - value) / share.sum())


def _averages(cells, weighing, after, event_parts, cluster) -> pd.DataFrame:
    """Return did's other aggregations: by cohort, by calendar period, and the overall one of each."""
    rows = []

    def add(kind: str, value: float, estimate: float, influence: np.ndarray) -> None:
        rows.append((kind, value, float(estimate), float(_std_errors(influence[:, None], cluster)[0])))

    events, event, event_influence = event_parts
    post = events >= 0
    add("event", np.nan, event[post].mean(), event_influence[:, post].mean(axis=1))
    treated = np.unique(cells.cohort[after])
    groups = [after & (cells.cohort == cohort) for cohort in treated]
    by_group = np.array([cells.estimate[chosen].mean() for chosen in groups])
    of_group = np.column_stack([cells.influence[:, chosen].mean(axis=1) for chosen in groups])
    position = np.array([weighing.of_cell[chosen][0] for chosen in groups])
    value, of_sizes = weighing.weighted(by_group, position)
    share = weighing.share[position]
    add("group", np.nan, value, of_group @ (share / share.sum()) + of_sizes)
    for cohort, estimate, influence in zip(treated, by_group, of_group.T, strict=True):
        add("group", cohort, estimate, influence)
    periods = np.unique(cells.period[after])
    by_period = [weighing.average(after & (cells.period == period)) for period in periods]
    add("calendar", np.nan, np.mean([value for value, _ in by_period]),
        np.mean([influence for _, influence in by_period], axis=0))  # fmt: skip
    for period, (estimate, influence) in zip(periods, by_period, strict=True):
        add("calendar", period, estimate, influence)
    return pd.DataFrame(rows, columns=["average", "value", "estimate", "std_error"])


def _notes(panel: Panel, cells: _Cells, left_out: dict[str, int]) -> tuple[Message, ...]:
    notes = []
    if total := sum(left_out.values()):
        counts = {"cells": total, "all": total + len(cells.cohort), **left_out}
        notes.append(Message("staggered.cells_left_out", counts))
    sizes = pd.Series(panel.cohort[panel.first_row]).value_counts()
    small = sizes.reindex(np.unique(cells.cohort)) < _SMALL_COHORT
    if small.any():
        notes.append(Message("staggered.small_cohorts", {"cohorts": int(small.sum()), "all": len(small),
                                                         "least": _SMALL_COHORT}))  # fmt: skip
    if flat := int((np.abs(cells.influence).max(axis=0) == 0).sum()):
        notes.append(Message("staggered.cells_without_variance", {"cells": flat, "all": len(cells.cohort)}))
    return tuple(notes)
