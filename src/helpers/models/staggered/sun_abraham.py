"""Sun & Abraham (2021, Journal of Econometrics 225): one regression saturated in cohort and event time, averaged.

Plain numpy on the shared absorber; numbers and standard errors are those of `sunab` in R's fixest.
"""

import numpy as np
import pandas as pd

from helpers.models.result import NotEstimable
from helpers.models.staggered.event_study import Parts
from helpers.models.staggered.panel import ControlGroup, Panel
from helpers.models.staggered.within import by_group, comparable, event_gaps, small_cohorts, unit_and_period, within_fit
from helpers.text import Message


def estimate(panel: Panel, *, control_group: ControlGroup = "not_yet_treated") -> Parts:
    """Estimate cohort-specific effects against the never-treated and average them by event time.

    Parameters
    ----------
    panel : Panel
        Covariates enter linearly.
    control_group : {"never_treated", "not_yet_treated"}
        Without influence: the estimator compares with the never-treated, or, if there are none, with the last cohort
        before it is treated.

    Returns
    -------
    Parts
        Event time -1 is omitted, for each cohort. `overall` is the average over treated unit-periods (fixest's "att"),
        `averages` has that of each cohort.

    Raises
    ------
    NotEstimable
        If no cohort and period can be told from units and periods.

    Notes
    -----
    Equations 24-27. Weights are the cohorts' shares in the rows of an event time and are taken as fixed, as fixest
    does. CR1 by cluster: G/(G-1) (N-1)/(N-K), K counting the saturated terms and the periods but not the units, with
    t(G-1). A cohort without a row at -1 is compared with its latest period before treatment.
    """
    rows = comparable(panel)
    never = np.isinf(panel.cohort)
    reference = never if never.any() else panel.cohort == panel.cohorts[-1]
    own = rows & ~reference
    cells, cell = np.unique(np.column_stack([panel.cohort[own], panel.period[own]]), axis=0, return_inverse=True)
    cohort, period = cells[:, 0], cells[:, 1].astype(int)
    events = (period - cohort).astype(int)
    base, moved = _base(cohort, events)
    used = np.flatnonzero(~base)
    dummies = np.zeros((len(panel.y), len(cells)))
    dummies[np.flatnonzero(own), cell.ravel()] = 1
    counts = dummies.sum(axis=0)

    absorber, n_periods = unit_and_period(panel, rows)
    k = panel.covariates.shape[1]
    names = [f"{int(cohort[i])} x {period[i]}" for i in used]
    fit = within_fit(
        panel.y[rows], np.column_stack([panel.covariates, dummies[:, used]])[rows], [*panel.covariate_names, *names],
        absorber=absorber, counted=n_periods, cluster=panel.cluster[rows], n_clusters=panel.n_clusters,
    )  # fmt: skip
    if spanned := tuple(name for name in fit.collinear if name in panel.covariate_names):
        raise NotEstimable(Message("cohorts.covariate_spanned", {"names": spanned}))
    terms = fit.kept >= k
    kept = used[fit.kept[terms] - k]
    coef, influence = fit.coef[terms], fit.influence[:, terms]

    times = np.unique(events[kept])
    weights = (events[kept][:, None] == times) * counts[kept][:, None]
    weights = weights / weights.sum(axis=0)
    event_influence = influence @ weights
    event_cov = event_influence.T @ event_influence
    after = (events[kept] >= 0) * counts[kept]
    if not after.any():
        raise NotEstimable(Message("cohorts.nothing_left", {"names": fit.collinear}))
    cohorts = np.unique(cohort[kept][after > 0])
    by_cohort = (cohort[kept][:, None] == cohorts) * after[:, None]
    by_cohort, after = by_cohort / by_cohort.sum(axis=0), after / after.sum()
    notes = event_gaps(np.unique(events))
    if moved:
        notes = (*notes, Message("cohorts.base_moved", {"cohorts": ", ".join(moved)}))
    if fit.collinear:
        notes = (*notes, Message("cohorts.collinear", {"names": fit.collinear}))
    return Parts(
        att_gt=pd.DataFrame({"cohort": cohort[kept], "period": period[kept], "estimate": coef,
                             "std_error": np.linalg.norm(influence, axis=0)}),
        event=pd.DataFrame({"event_time": times, "estimate": coef @ weights, "std_error": np.sqrt(np.diag(event_cov))}),
        event_cov=event_cov,
        overall=(float(coef @ after), float(np.linalg.norm(influence @ after))),
        notes=(*notes, *small_cohorts(panel)),
        omitted=-1,
        averages=by_group(cohorts, coef @ by_cohort, influence @ by_cohort),
        df=panel.n_clusters - 1,
    )  # fmt: skip


def _base(cohort: np.ndarray, events: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return which cells are the bases of their cohorts, and the cohorts whose base is not event time -1."""
    base, moved = events == -1, []
    for value in np.unique(cohort):
        own = cohort == value
        if not (own & base).any():
            before = own & (events < -1)
            if before.any():
                base |= own & (events == events[before].max())
                moved.append(f"{value:g}")
    return base, moved
