"""Dube, Girardi, Jordà & Taylor (2023, NBER working paper 31184): local projections on clean controls.

Plain numpy, one small regression a horizon; the numbers are those of R's lpdid.
"""

from typing import Literal, get_args

import numpy as np
import pandas as pd

from helpers.models.demean import Absorber
from helpers.models.result import NotEstimable
from helpers.models.staggered.event_study import Parts
from helpers.models.staggered.panel import ControlGroup, Panel
from helpers.models.staggered.within import WithinFit, within_fit
from helpers.text import Message

Weighting = Literal["equal", "variance"]
OPTIONS = {"weighting": get_args(Weighting)}


def estimate(
    panel: Panel, *, control_group: ControlGroup = "not_yet_treated", weighting: Weighting = "equal"
) -> Parts:
    """Regress changes since the period before treatment on starting treatment, horizon by horizon.

    Parameters
    ----------
    panel : Panel
        Covariates are taken in the period before.
    control_group : {"never_treated", "not_yet_treated"}
        Clean controls: those still untreated at the end of the horizon, or the never-treated only.
    weighting : {"equal", "variance"}
        Each treated unit alike, or cohorts by how much treatment varies in their first period: the most precise if
        effects are alike, R's default, but no average over the treated where they differ.

    Returns
    -------
    Parts
        Event time -1 is omitted. `overall` is the average over treated unit-periods: horizons weighted by their treated
        units, with the covariance from stacked influences.

    Raises
    ------
    NotEstimable
        If no horizon from 0 on has treated units and clean controls in the same period.

    Notes
    -----
    Equations 8-12: y_{i,t+h} - y_{i,t-1} on the change of treatment in t and periods, rows with a change or with
    treatment zero in t + h (in t for leads); "equal" weights periods by the inverse of the residual of the change
    (section 3.4). CR1 by cluster: G/(G-1) (N-1)/(N-K), K one, covariates and periods; normal distribution, as lpdid.
    """
    table = _Table(panel, control_group)
    horizons = [h for h in range(-table.width + 1, table.width) if h != -1]
    found, left_out = {}, []
    for h in horizons:
        fit = table.project(h, weighting)
        if fit is not None:
            found[h] = fit
        elif table.switches_at(h):
            left_out.append(h)
    if not any(h >= 0 for h in found):
        raise NotEstimable(Message("cohorts.no_clean_control", {"outcome": panel.outcome}))
    times = np.array(list(found))
    coef = np.array([fit.coef[0] for fit, _ in found.values()])
    influence = np.column_stack([fit.influence[:, 0] for fit, _ in found.values()])
    cov = influence.T @ influence
    after = np.array([count if h >= 0 else 0 for h, (_, count) in found.items()], float)
    after /= after.sum()
    notes = []
    if left_out:
        notes.append(Message("cohorts.no_control_at", {"times": ", ".join(map(str, left_out))}))
    if table.without_base:
        notes.append(Message("cohorts.no_base", {"units": f"{table.without_base:,}"}))
    return Parts(
        att_gt=None,
        event=pd.DataFrame({"event_time": times, "estimate": coef, "std_error": np.sqrt(np.diag(cov))}),
        event_cov=cov,
        overall=(float(coef @ after), float(np.linalg.norm(influence @ after))),
        notes=tuple(notes),
        omitted=-1,
    )  # fmt: skip


class _Table:
    """Outcome and covariates by unit and calendar period, without gaps in the periods."""

    def __init__(self, panel: Panel, control_group: ControlGroup) -> None:
        first = int(panel.periods[0])
        self.width = int(panel.periods[-1]) - first + 1
        place = panel.unit, panel.period - first
        self.y = np.full((panel.n_units, self.width), np.nan)
        self.y[place] = panel.y
        self.x = np.full((panel.n_units, self.width, panel.covariates.shape[1]), np.nan)
        self.x[place] = panel.covariates
        self.names = panel.covariate_names
        cohort = panel.cohort[panel.first_row]
        self.start = np.where(np.isfinite(cohort), cohort - first, np.inf)
        self.cluster, self.n_clusters = panel.cluster[panel.first_row], panel.n_clusters
        self.never_only = control_group == "never_treated"
        # The periods t in which a change of treatment can be seen at all, and who starts then.
        self.at = np.arange(1, self.width)
        self.starts = self.start[:, None] == self.at
        seen = np.isfinite(self.y)
        self.observed = seen[:, 1:] & seen[:, :-1]
        self.without_base = int((self.starts & ~self.observed).sum())

    def switches_at(self, h: int) -> bool:
        """Return whether any unit that starts is seen at event time h."""
        return bool((self.starts & np.isfinite(self._change(h))).any())

    def _change(self, h: int) -> np.ndarray:
        """Return y_{t+h} - y_{t-1}, (n_units, T-1), NaN where one is not seen."""
        target = self.at + h
        inside = (target >= 0) & (target < self.width)
        out = np.full(self.observed.shape, np.nan)
        out[:, inside] = self.y[:, target[inside]] - self.y[:, self.at[inside] - 1]
        return np.where(self.observed, out, np.nan)

    def _clean(self, h: int) -> np.ndarray:
        """Return who is treated or a clean control, bool (n_units, T-1)."""
        untreated = np.isinf(self.start)[:, None] if self.never_only else self.start[:, None] > self.at + max(h, 0)
        return self.starts | untreated

    def project(self, h: int, weighting: Weighting) -> tuple[WithinFit, int] | None:
        """Return the regression of one horizon and its number of treated units, None if treatment does not vary."""
        change = self._change(h)
        used = np.isfinite(change) & self._clean(h)
        if weighting == "equal" and h < 0:
            # Leads carry the weights of horizon 0, as lpdid does.
            share = self._share(np.isfinite(self._change(0)) & self._clean(0))
        else:
            share = self._share(used)
        mixed = self._share(used)
        if not ((mixed > 0) & (mixed < 1)).any():
            return None
        if weighting == "equal":
            used &= (share > 0) & (share < 1)
            mixed = self._share(used)
            if not ((mixed > 0) & (mixed < 1)).any():
                return None
        unit, column = np.nonzero(used)
        weights = 1 / (1 - share[column]) if weighting == "equal" else None
        periods, codes = np.unique(column, return_inverse=True)
        columns = np.column_stack([self.starts[used].astype(float), self.x[unit, column]])
        fit = within_fit(
            change[used], columns, ["start of treatment", *self.names], absorber=Absorber([codes], weights=weights),
            counted=len(periods), cluster=self.cluster[unit], n_clusters=self.n_clusters, weights=weights,
        )  # fmt: skip
        if spanned := tuple(name for name in fit.collinear if name in self.names):
            raise NotEstimable(Message("cohorts.covariate_spanned", {"names": spanned}))
        return fit, int(self.starts[used].sum())

    def _share(self, used: np.ndarray) -> np.ndarray:
        """Return the share of starters among the rows used, by period, (T-1,)."""
        rows = used.sum(axis=0)
        return np.divide((self.starts & used).sum(axis=0), rows, out=np.zeros(len(rows)), where=rows > 0)
