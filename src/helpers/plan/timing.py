"""When the outcome moves: one declared specification's firm-years in, an event study by each estimator out."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from helpers.models.result import NotEstimable
from helpers.models.staggered import EventStudy, staggered
from helpers.models.staggered.event_study import Method
from helpers.plan.sample import UNIT

# Exposure -> first year of it; an exposure that comes and goes has no such year.
COHORTS: Final = {
    "is_covered": "cohort_covered", "has_own_org": "cohort_org", "has_charter": "cohort_charter",
    "has_cross_appointment": "cohort_cross",
}  # fmt: skip
METHODS: Final[tuple[Method, ...]] = (
    "callaway_santanna", "imputation", "sun_abraham", "two_stage", "lp_did", "poisson_etwfe", "twfe",
)  # fmt: skip
# As a share of what would have been without treatment; the others are in patents a firm-year.
PROPORTIONAL: Final = ("poisson_etwfe",)


def event_studies(
    frame: pd.DataFrame, *, outcome: str, exposure: str, seed: int, methods: Sequence[Method] = METHODS,
    cluster: str = UNIT, draws: int = 999,
) -> dict[Method, EventStudy | NotEstimable]:  # fmt: skip
    """Estimate one outcome around the first year of an exposure by several estimators.

    Parameters
    ----------
    frame : DataFrame
        From `analysis_frame`: one row a firm and year.
    outcome, exposure : str
    seed : int
        Of the draws behind simultaneous bands.
    methods : sequence of str
    cluster : str
        The firm by default: treatment comes to firms, and a joint test of seven leads takes more than 18 grids.
    draws : int
        Behind simultaneous bands; whoever reads none needs one.

    Returns
    -------
    dict
        Method -> its event study, or why there is none.
    """
    found: dict[Method, EventStudy | NotEstimable] = {}
    for method in methods:
        try:
            found[method] = staggered(
                frame, outcome=outcome, unit=UNIT, period="year", cohort=COHORTS[exposure], method=method,
                cluster=cluster, seed=seed, draws=draws,
            )  # fmt: skip
        except NotEstimable as trouble:
            found[method] = trouble
    return found


def two_by_two(frame: pd.DataFrame, *, outcome: str, exposure: str, seed: int) -> pd.DataFrame:
    """Return the Goodman-Bacon decomposition on the firms seen in every year, which it takes.

    Raises
    ------
    NotEstimable
        If none of these firms comes to the exposure, or all do at once.
    """
    years = frame["year"].nunique()
    whole = frame[frame.groupby(UNIT)["year"].transform("size") == years]
    names = {"outcome": outcome, "unit": UNIT, "period": "year", "cohort": COHORTS[exposure]}
    return staggered(whole, **names, method="twfe", seed=seed).bacon()


def by_event_time(studies: dict[Method, EventStudy | NotEstimable], *, reach: tuple[int, int]) -> pd.DataFrame:
    """Return the event estimates of all estimators that have one, within so many years before and after.

    Returns
    -------
    DataFrame
        method, event_time, estimate, std_error, conf_low, conf_high, band_low, band_high, n, omitted.
    """
    held = [study.event.assign(method=method) for method, study in studies.items() if isinstance(study, EventStudy)]
    if not held:
        return pd.DataFrame(columns=["method", "event_time", "estimate", "conf_low", "conf_high", "n", "omitted"])
    rows = pd.concat(held, ignore_index=True)
    return rows[rows["event_time"].between(*reach)].reset_index(drop=True)


def overall(studies: dict[Method, EventStudy | NotEstimable]) -> pd.DataFrame:
    """Return one row an estimator: its average effect, its leads, its sample; or why there is none.

    Returns
    -------
    DataFrame
        method, status ("estimated" or "not_estimable"), reason (a `Message` or None), estimate, std_error, conf_low,
        conf_high (a share for `PROPORTIONAL`, else units of the outcome a firm-year), leads_p, n_leads (missing where
        the leads cannot be tested), n_obs, n_units, n_treated, n_clusters.
    """
    rows = []
    for method, study in studies.items():
        if isinstance(study, NotEstimable):
            rows.append({"method": method, "status": "not_estimable", "reason": study.message})
            continue
        first = study.overall.iloc[0]
        numbers = {name: float(first[name]) for name in ("estimate", "std_error", "conf_low", "conf_high")}
        try:
            leads = study.leads()
            tested = {"leads_p": leads.p_value, "n_leads": leads.df}
        except NotEstimable:
            tested = {}
        counts = {name: getattr(study, name) for name in ("n_obs", "n_units", "n_treated", "n_clusters")}
        rows.append({"method": method, "status": "estimated", "reason": None, **numbers, **tested, **counts})
    columns = ["method", "status", "reason", "estimate", "std_error", "conf_low", "conf_high", "leads_p", "n_leads",
               "n_obs", "n_units", "n_treated", "n_clusters"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
