"""Influence within groups of firms: the declared specifications of spillover, a placebo, and what could be seen."""

import numpy as np
import pandas as pd

from helpers.models.power import minimum_detectable_effect
from helpers.models.result import Result, or_why
from helpers.plan.model import Plan
from helpers.plan.robustness import fitted, in_row, wild_of
from helpers.plan.sample import analysis_frame
from helpers.text import Message


def spillovers(derived: pd.DataFrame, declared: Plan) -> pd.DataFrame:
    """Estimate the declared specifications of spillover, those of grid exposure also with another grid's in its place.

    Returns
    -------
    DataFrame
        outcome, exposure, estimator, effects (columns), is_placebo, status, reason (a `Message` or None), estimate,
        conf_low, conf_high, p_value, p_wild (over every sign vector of the clusters; missing where it cannot be had),
        detectable (smallest coefficient with 80 % power), n_units.
    """
    rows = []
    for one in declared.of(question="spillover").specifications:
        panels = {False: derived} | ({True: placebo_grids(derived)} if one.exposure == "grid_exposure" else {})
        for is_placebo, panel in panels.items():
            found = or_why(lambda one=one, panel=panel: fitted(analysis_frame(panel, one)[0], one))
            row = {"outcome": one.outcome, "exposure": one.exposure, "estimator": one.estimator,
                   "effects": one.fixed_effects, "is_placebo": is_placebo, **in_row(found)}  # fmt: skip
            if isinstance(found, Result):
                term, wild = found.term(one.exposure), wild_of(found)
                row["p_wild"] = np.nan if isinstance(wild, Message) else wild.p_value
                row["detectable"] = minimum_detectable_effect(term["std_error"], df=term["df"])
            rows.append(row)
    columns = ["outcome", "exposure", "estimator", "effects", "is_placebo", "status", "reason", "estimate", "conf_low",
               "conf_high", "p_value", "p_wild", "detectable", "n_units"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def placebo_grids(derived: pd.DataFrame) -> pd.DataFrame:
    """Return the panel with each firm's grid exposure replaced by that of the next grid in order, year by year."""
    grids = sorted(derived["grid_id"].dropna().unique())
    other = dict(zip(grids, [*grids[1:], *grids[:1]], strict=True))
    mean = derived.groupby(["grid_id", "year"])["grid_exposure"].mean()
    place = pd.MultiIndex.from_arrays([derived["grid_id"].map(other), derived["year"]])
    return derived.assign(grid_exposure=mean.reindex(place).to_numpy())
