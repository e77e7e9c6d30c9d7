"""The same question under other codings of exposure and outcome: each a reading that someone could have chosen."""

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from helpers.models.association import COMPLETE
from helpers.models.result import or_why
from helpers.plan.model import Specification
from helpers.plan.robustness import fitted, in_row
from helpers.plan.sample import analysis_frame

# Exposure -> day on which it began, for the share of the first year.
STARTS: Final = {"has_own_org": "org_founded_on", "is_covered": "covered_on", "has_charter": "charter_amended_on"}
WIDER: Final = {"has_own_org": "is_covered", "has_charter": "has_binding_charter"}
Coded = tuple[pd.DataFrame, dict[str, str]]


def codings(derived: pd.DataFrame, one: Specification) -> pd.DataFrame:
    """Fit a declared specification under every coding of its exposure and outcome that the data allow.

    Parameters
    ----------
    derived : DataFrame
        From `sample.with_derived`.
    one : Specification

    Returns
    -------
    DataFrame
        One row a coding: coding (`declared` first), estimator, status, reason (a `Message` or None), estimate,
        conf_low, conf_high, p_value, n_obs, n_units. The codings:

        next_year: exposed from the first whole year on; share_of_year: in its first year by the part that was left;
        other_exposure: coverage of any kind for an organisation of one's own, a clause with substance for any clause;
        fractional: a filing of k owners counts 1/k for each; with_acquired: patents bought or licensed in count too;
        all_years: years whose filings are not all visible stand at what is visible.
    """
    rows = []
    for coding, make in _CODINGS.items():
        made = make(derived, one)
        if made is None:
            continue
        panel, changed = made
        other = one.model_copy(update=changed)
        found = or_why(lambda panel=panel, other=other: fitted(analysis_frame(panel, other)[0], other))
        rows.append({"coding": coding, "estimator": one.estimator, **in_row(found)})
    columns = ["coding", "estimator", "status", "reason", "estimate", "conf_low", "conf_high", "p_value", "n_obs",
               "n_units"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _declared(panel: pd.DataFrame, one: Specification) -> Coded:
    return panel, {}


def _next_year(panel: pd.DataFrame, one: Specification) -> Coded | None:
    if one.cohort is None or one.cohort not in panel:
        return None
    cohort, exposed = panel[one.cohort].astype(float), panel[one.exposure].astype(float)
    if one.exposure in STARTS:
        after = (panel["year"] > cohort).astype(float).where(exposed.notna())
    else:
        # The first year seen need not be the first year.
        year = panel["year"].astype(float)
        is_first = (year == cohort) & (cohort > year.groupby(panel[one.unit]).transform("min"))
        after = exposed.mask(is_first, 0.0)
    return panel.assign(**{one.exposure: after}), {}


def _share_of_year(panel: pd.DataFrame, one: Specification) -> Coded | None:
    start = STARTS.get(one.exposure)
    if start is None or start not in panel:
        return None
    day = pd.to_datetime(panel[start])
    left = (365 - day.dt.day_of_year.clip(upper=365)) / 365
    exposed = panel[one.exposure].astype(float)
    return panel.assign(**{one.exposure: exposed * np.where(panel["year"] == day.dt.year, left, 1.0)}), {}


def _other_exposure(panel: pd.DataFrame, one: Specification) -> Coded | None:
    other = WIDER.get(one.exposure)
    return None if other is None or other not in panel else (panel, {"exposure": other})


def _fractional(panel: pd.DataFrame, one: Specification) -> Coded | None:
    name = f"{one.outcome}_fractional"
    return None if name not in panel else (panel.assign(**{one.outcome: panel[name]}), {})


def _with_acquired(panel: pd.DataFrame, one: Specification) -> Coded | None:
    name = f"{one.outcome}_acquired"
    if name not in panel:
        return None
    return panel.assign(**{one.outcome: panel[one.outcome].astype(float) + panel[name].astype(float)}), {}


def _all_years(panel: pd.DataFrame, one: Specification) -> Coded | None:
    flag = one.outcome + COMPLETE
    return None if flag not in panel else (panel.assign(**{flag: True}), {})


_CODINGS: Final[dict[str, Callable[[pd.DataFrame, Specification], Coded | None]]] = {
    "declared": _declared, "next_year": _next_year, "share_of_year": _share_of_year,
    "other_exposure": _other_exposure, "fractional": _fractional, "with_acquired": _with_acquired,
    "all_years": _all_years,
}  # fmt: skip
