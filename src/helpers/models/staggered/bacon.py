"""Goodman-Bacon (2021, Journal of Econometrics 225): the static two-way estimate as an average of comparisons.

Plain numpy on means by cohort and period, which is all a balanced panel's comparisons are made of; the numbers are
those of R's bacondecomp.
"""

from typing import Literal

import numpy as np
import pandas as pd

from helpers.models.result import NotEstimable
from helpers.models.staggered.panel import Panel
from helpers.text import Message

Comparison = Literal["treated_vs_never", "earlier_vs_later", "later_vs_earlier"]


def decompose(panel: Panel) -> pd.DataFrame:
    """Decompose the two-way fixed effects estimate without covariates.

    Parameters
    ----------
    panel : Panel
        Balanced.

    Returns
    -------
    DataFrame
        One row a comparison: treated, untreated (cohorts; missing for never treated), type ("treated_vs_never",
        "earlier_vs_later", "later_vs_earlier": the last takes cohorts already treated for controls), estimate, weight.
        Weights are positive and sum to one; `(estimate * weight).sum()` is the static coefficient.

    Raises
    ------
    NotEstimable
        If the panel is not balanced: the theorem then does not hold.

    Notes
    -----
    Theorem 1 and equations 7-10. Units treated in all their periods were left out when the panel was made.
    """
    if not panel.balanced:
        raise NotEstimable(Message("cohorts.bacon_unbalanced", {
            "rows": f"{len(panel.y):,}", "all": f"{panel.n_units * len(panel.periods):,}",
            "unit": panel.unit_name}))  # fmt: skip
    cohorts = np.unique(panel.cohort)
    y = panel.wide(panel.y)
    own = panel.cohort[panel.first_row]
    means = np.stack([y[own == cohort].mean(axis=0) for cohort in cohorts])
    sizes = np.array([(own == cohort).sum() for cohort in cohorts], float)
    rows = []
    for k, treated in enumerate(cohorts):
        for u, untreated in enumerate(cohorts):
            if k == u or np.isinf(treated):
                continue
            window = panel.periods < untreated if treated < untreated else panel.periods >= untreated
            periods = panel.periods[window]
            after = periods >= treated
            change = means[:, window][:, after].mean(axis=1) - means[:, window][:, ~after].mean(axis=1)
            # Rows of the comparison squared, times the variance of treatment within it.
            both, share = sizes[k] + sizes[u], sizes[k] / (sizes[k] + sizes[u])
            variance = share * (1 - share) * after.mean() * (1 - after.mean())
            rows.append((treated, untreated, _type(treated, untreated), change[k] - change[u],
                         (both * len(periods)) ** 2 * variance))  # fmt: skip
    table = pd.DataFrame(rows, columns=["treated", "untreated", "type", "estimate", "weight"])
    weight = table["weight"] / table["weight"].sum()
    return table.assign(untreated=table["untreated"].replace(np.inf, np.nan), weight=weight)


def _type(treated: float, untreated: float) -> Comparison:
    if np.isinf(untreated):
        return "treated_vs_never"
    return "earlier_vs_later" if treated < untreated else "later_vs_earlier"
