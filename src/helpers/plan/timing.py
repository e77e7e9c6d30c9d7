"""When the outcome moves: one declared specification's firm-years in, an event study by each estimator out."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import pandas as pd

from helpers.models.randomisation import RandomisationTest, randomisation_test
from helpers.models.result import NotEstimable, or_why
from helpers.models.staggered import EventStudy, staggered
from helpers.models.staggered.event_study import Method
from helpers.models.staggered.honest import Honest
from helpers.plan.model import Specification
from helpers.plan.sample import terms_of
from helpers.text import Message

METHODS: Final[tuple[Method, ...]] = (
    "callaway_santanna", "imputation", "sun_abraham", "two_stage", "lp_did", "poisson_etwfe", "twfe",
)  # fmt: skip
# Of fewer firms that come to it, clustered errors are too small to judge leads or violations by: MacKinnon & Webb
# (2017, Journal of Applied Econometrics 32).
FEWEST_TREATED: Final = 10
# As a share of what would have been without treatment; the others are in patents a firm-year.
PROPORTIONAL: Final = ("poisson_etwfe",)
# Whose event study is asked what non-parallel trends would do, and which keeps exposures apart.
APART: Final = "callaway_santanna"


def event_studies(
    frame: pd.DataFrame, one: Specification, *, seed: int, methods: Sequence[Method] = METHODS,
    cluster: str | None = None, draws: int = 999,
) -> dict[Method, EventStudy | NotEstimable]:  # fmt: skip
    """Estimate a specification's outcome around the first year of its exposure by several estimators.

    Parameters
    ----------
    frame : DataFrame
        From `analysis_frame`: one row a firm and year.
    one : Specification
        Of an exposure with a first year, else no method has anything to estimate.
    seed : int
        Of the draws behind simultaneous bands.
    methods : sequence of str
    cluster : str, optional
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
                frame, **_names(one), method=method, cluster=cluster or one.unit, seed=seed, draws=draws
            )
        except NotEstimable as trouble:
            found[method] = trouble
    return found


def _names(one: Specification) -> dict[str, str]:
    """Return a specification's columns as `staggered` takes them.

    Raises
    ------
    NotEstimable
        If its exposure has no first year.
    """
    if one.cohort is None:
        raise NotEstimable(Message("evidence.no_first_year", {"exposure": one.exposure}))
    return {"outcome": one.outcome, "unit": one.unit, "period": "year", "cohort": one.cohort}


def two_by_two(frame: pd.DataFrame, one: Specification, *, seed: int) -> pd.DataFrame:
    """Return the Goodman-Bacon decomposition on the firms whose outcome is seen in every year, which it takes.

    Raises
    ------
    NotEstimable
        If none of these firms comes to the exposure, or all do at once.
    """
    whole = _every_year(frame.dropna(subset=[one.outcome]), one)
    return staggered(whole, **_names(one), method="twfe", seed=seed).bacon()


def _every_year(frame: pd.DataFrame, one: Specification) -> pd.DataFrame:
    return frame[frame.groupby(one.unit)["year"].transform("size") == frame["year"].nunique()]


def treated_firms(studies: dict[Method, EventStudy | NotEstimable]) -> int | None:
    """Return how many firms come to the exposure in the estimates; None where there is none."""
    counts = [study.n_treated for study in studies.values() if isinstance(study, EventStudy)]
    return max(counts) if counts else None


def dealt_out(frame: pd.DataFrame, one: Specification, *, seed: int) -> RandomisationTest | Message:
    """Test a specification by dealing out the courses of its exposure anew among firms seen in every year.

    Parameters
    ----------
    frame : DataFrame
        From `analysis_frame`.
    one : Specification
    seed : int
        Of the draws, where there are too many assignments to count.
    """
    whole = _every_year(frame.dropna(subset=[one.outcome, one.exposure]), one)
    terms = terms_of(one) | {"cluster": one.unit}
    return or_why(lambda: randomisation_test(whole, **terms, assigned_by=one.unit, period="year", seed=seed))


def honest_bounds(studies: Mapping[Method, EventStudy | NotEstimable]) -> Honest | Message:
    """Return the average effect's intervals under violations of parallel trends, or why there are none."""
    study = studies.get(APART)
    if not isinstance(study, EventStudy):
        return study.message if study is not None else Message("evidence.no_study")
    if study.n_treated < FEWEST_TREATED:
        return Message("evidence.few_to_judge", {"treated": study.n_treated, "fewest": FEWEST_TREATED})
    return or_why(lambda: study.honest(event_time="average"))


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
        the leads cannot be tested, and of fewer than `FEWEST_TREATED` firms), n_obs, n_units, n_treated, n_clusters.
    """
    rows = []
    for method, study in studies.items():
        if isinstance(study, NotEstimable):
            rows.append({"method": method, "status": "not_estimable", "reason": study.message})
            continue
        first = study.overall.iloc[0]
        numbers = {name: float(first[name]) for name in ("estimate", "std_error", "conf_low", "conf_high")}
        tested = {}
        with suppress(NotEstimable):
            leads = study.leads()
            tested = {"leads_p": leads.p_value, "n_leads": leads.df} if study.n_treated >= FEWEST_TREATED else {}
        counts = {name: getattr(study, name) for name in ("n_obs", "n_units", "n_treated", "n_clusters")}
        rows.append({"method": method, "status": "estimated", "reason": None, **numbers, **tested, **counts})
    columns = ["method", "status", "reason", "estimate", "std_error", "conf_low", "conf_high", "leads_p", "n_leads",
               "n_obs", "n_units", "n_treated", "n_clusters"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
