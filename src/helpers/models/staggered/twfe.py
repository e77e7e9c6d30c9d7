"""Two-way fixed effects: the event study by least squares, beside which the cohort-robust estimators are shown.

Plain numpy on the shared absorber; numbers and standard errors are those of R's fixest.
"""

import numpy as np
import pandas as pd

from helpers.models.staggered.event_study import Parts
from helpers.models.staggered.panel import ControlGroup, Panel
from helpers.models.staggered.within import (
    by_priority,
    collinear_covariates,
    event_gaps,
    event_terms,
    unit_and_period,
    within_fit,
)
from helpers.text import Message

OPTIONS = {"ends": ("apart", "binned")}


def estimate(panel: Panel, *, control_group: ControlGroup = "not_yet_treated", ends: str = "apart") -> Parts:
    """Regress the outcome on event-time dummies, units and periods.

    Parameters
    ----------
    panel : Panel
        Covariates enter linearly.
    control_group : {"never_treated", "not_yet_treated"}
        Without influence: the regression compares all with all, also with those treated before.
    ends : {"apart", "binned"}
        Event times that not all cohorts reach: each for itself, or pooled into the outermost that all reach (at least
        -2 and 0), the estimate at an end then being of that event time and all beyond.

    Returns
    -------
    Parts
        Event time -1 is omitted. `overall` is the static coefficient: one dummy of being treated.

    Raises
    ------
    NotEstimable
        If nothing varies within units and periods, or a covariate is spanned by them.

    Notes
    -----
    y_it = a_i + b_t + sum_{e != -1} d_e 1{t - g_i = e} + u_it. CR1 by cluster: G/(G-1) (N-1)/(N-K), K counting terms
    and periods but not units, which are nested in clusters, with t(G-1): fixest's default. Where effects differ by
    cohort or grow, d_e mixes effects of other event times (Sun & Abraham 2021, Journal of Econometrics 225, proposition
    1) and the static coefficient may weight effects negatively (de Chaisemartin & D'Haultfoeuille 2020, AER 110,
    theorem 1): the share of that is a note. Without never-treated units the farthest lead is omitted too (Borusyak,
    Jaravel & Spiess 2024, Review of Economic Studies 91, section 2.2).
    """
    rows = np.ones(len(panel.y), bool)
    absorber, n_periods = unit_and_period(panel, rows)
    event_time, notes = _event_time(panel, ends)
    seen = np.unique(event_time[np.isfinite(event_time)]).astype(int)
    order = by_priority(seen)
    dummies, names = event_terms(event_time, order)
    # Covariates first, so that one spanned by the effects is told from an event time that is.
    common = {"absorber": absorber, "counted": n_periods, "cluster": panel.cluster, "n_clusters": panel.n_clusters}
    k = panel.covariates.shape[1]
    fit = within_fit(panel.y, np.column_stack([panel.covariates, dummies]), [*panel.covariate_names, *names], **common)
    collinear_covariates(fit, panel)
    events = fit.kept >= k
    found = np.array(order)[fit.kept[events] - k]
    place = np.argsort(found)
    influence = fit.influence[:, events][:, place]
    static = within_fit(panel.y, np.column_stack([panel.covariates, panel.treated.astype(float)]),
                        [*panel.covariate_names, "treated"], **common)  # fmt: skip
    collinear_covariates(static, panel)
    cov = influence.T @ influence
    if fit.collinear:
        notes = (*notes, Message("cohorts.collinear", {"names": fit.collinear}))
    return Parts(
        att_gt=None,
        event=pd.DataFrame({"event_time": found[place], "estimate": fit.coef[events][place],
                            "std_error": np.sqrt(np.diag(cov))}),
        event_cov=cov,
        overall=(float(static.coef[-1]), float(np.linalg.norm(static.influence[:, -1]))),
        notes=(*notes, *event_gaps(seen), *_negative_weights(panel, absorber)),
        omitted=-1,
        df=panel.n_clusters - 1,
    )  # fmt: skip


def _event_time(panel: Panel, ends: str) -> tuple[np.ndarray, tuple[Message, ...]]:
    if ends == "apart":
        return panel.event_time, ()
    first, last = int(panel.periods[0]), int(panel.periods[-1])
    low = min(int(np.max(first - panel.cohorts)), -2)
    high = max(int(np.min(last - panel.cohorts)), 0)
    binned = np.where(np.isfinite(panel.cohort), np.clip(panel.event_time, low, high), panel.event_time)
    return binned, (Message("cohorts.binned", {"low": low, "high": high}),)


def _negative_weights(panel: Panel, absorber) -> tuple[Message, ...]:
    """Return a message of the treated unit-periods whose effects the static coefficient subtracts."""
    treated = panel.treated
    weights = absorber(np.column_stack([panel.covariates, treated.astype(float)]))
    residual = weights[:, -1]
    if weights.shape[1] > 1:
        residual = residual - weights[:, :-1] @ np.linalg.lstsq(weights[:, :-1], residual, rcond=None)[0]
    share = residual[treated] / residual[treated].sum()
    negative = share < -1e-12
    if not negative.any():
        return ()
    return (Message("cohorts.negative_weights", {"rows": f"{negative.sum():,}", "all": f"{treated.sum():,}",
                                                 "weight": f"{share[negative].sum():.3f}"}),)  # fmt: skip
