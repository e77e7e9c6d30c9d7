"""Gardner (2022, arXiv 2207.05943): outcomes cleaned of unit and period effects of untreated rows, then averaged.

Plain numpy, sharing the fit of the untreated rows with the imputation estimator (pyfixest's did2s stops when a cohort
has one period before treatment); the numbers are those of R's did2s.
"""

import numpy as np

from helpers.models.staggered.event_study import Parts
from helpers.models.staggered.imputation import Cells, assemble, imputed
from helpers.models.staggered.panel import ControlGroup, Panel
from helpers.models.vcov import summed
from helpers.text import Message


def estimate(panel: Panel, *, control_group: ControlGroup = "not_yet_treated") -> Parts:
    """Take the effects of untreated rows out of all rows and regress the rest on event time.

    Parameters
    ----------
    panel : Panel
        Covariates enter the first stage linearly.
    control_group : {"never_treated", "not_yet_treated"}
        Without influence: the estimator uses every untreated row.

    Returns
    -------
    Parts
        Event time -1 and the never-treated are without a dummy, as in did2s's examples; since the second stage has no
        constant, that is no period of comparison, and the other estimates are the same with or without it.

    Raises
    ------
    NotEstimable
        If no treated row has a unit and a period that the untreated rows tell of.

    Notes
    -----
    Section 3: both stages are one GMM problem, and each cluster's influence is the second stage's, less what its
    untreated rows did to the first (Newey & McFadden 1994, theorem 6.1). No small-sample factor, normal distribution,
    as did2s. Estimates after treatment equal the imputation estimator's; leads are averages of first-stage residuals
    and lean to zero, because the first stage was fitted to them: the imputation estimator's leads are the better test.
    """
    fit, residual, estimable, notes = imputed(panel)
    cells = Cells.of(panel, estimable)
    tau = cells.means(residual)
    deviation = np.where(estimable, residual - cells.spread(tau), 0.0)
    influence = cells.influence(fit, panel, deviation, residual)
    members = summed(cells.shares(), panel.cluster, panel.n_clusters)

    def own_influence(weights: np.ndarray, averages: np.ndarray) -> np.ndarray:
        # Rows deviate from the average itself here, and not, as the cells' influences have it, from their cell's mean.
        return members @ (weights * (tau[:, None] - averages))

    return assemble(panel, cells, tau, influence, leads=_leads(panel, fit, residual), notes=notes,
                    own_influence=own_influence)  # fmt: skip


def _leads(panel: Panel, fit, residual: np.ndarray):
    untreated = ~panel.treated & np.isfinite(panel.cohort)
    times = np.unique(panel.event_time[untreated]).astype(int)
    times = times[times != -1]
    chosen = untreated[:, None] & (panel.event_time[:, None] == times)
    # A unit with one untreated row has residual zero by construction: an event time of such rows only says nothing.
    single = np.bincount(panel.unit[~panel.treated], minlength=panel.n_units)[panel.unit] == 1
    empty = ~(chosen & ~single[:, None]).any(axis=0)
    notes = ()
    if empty.any():
        notes = (Message("cohorts.leads_empty", {"times": ", ".join(map(str, times[empty]))}),)
    times, chosen = times[~empty], chosen[:, ~empty]
    weights = chosen / chosen.sum(axis=0)
    estimate = residual @ weights
    rows = weights * (residual[:, None] - estimate)
    rows[fit.fitted] -= fit.weights_behind(weights) * residual[fit.fitted][:, None]
    return times, estimate, summed(rows, panel.cluster, panel.n_clusters), notes
