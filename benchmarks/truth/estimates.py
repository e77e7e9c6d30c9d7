"""What the project says of one panel: every headline estimator and check, as one flat row of numbers.

Numbers are kept as they are found, so that a rule can be changed afterwards without estimating again. What cannot be
estimated has no number.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.truth.panels import Panel
from helpers import plan
from helpers.models.bootstrap import WildTest, wild_bootstrap
from helpers.models.curve import Curve
from helpers.models.regression import fit
from helpers.models.result import NotEstimable, Result, or_why
from helpers.models.staggered import EventStudy
from helpers.plan import evidence, grade, robustness, timing
from helpers.plan.model import Specification
from helpers.plan.sample import analysis_frame
from helpers.plan.trends import APPROACH, trend_before
from helpers.text import Message

Row = dict[str, float]
STUDY: Final = "zone"
DECLARED: Final = {
    "utility": "founding.patents_utility.has_own_org", "invention": "founding.patents_invention.has_own_org",
}  # fmt: skip
WITHIN: Final = "within_grids.patents_utility.has_own_org"
BETWEEN: Final = "between_grids.patents_utility.grid_exposure"
NUMBERS: Final = ("estimate", "std_error", "conf_low", "conf_high", "p_value")
UNIT: Final = "uscc"
GRID: Final = "grid_id"
# Exposures by any organisation, which is what the zone's effect follows.
COVERED: Final = "is_covered"
EVENT: Final = ("event_time", "estimate", "std_error")
EVENT_TIMES: Final = range(-5, 6)
NEAR: Final = 5
# No null is searched for an interval at this level: only the p value is wanted.
_P_ALONE: Final = 1 - 1e-6
# Beyond these seeds what costs most is left out: sensitivity more than all the rest together.
DEAR_SEEDS: Final = 100
_MISSING: Final = Message("grade.said_not_made")
_NOT_MADE: Final = {
    "family": pd.DataFrame(), "left_out": {},
    "unseen": robustness.Unseen(pd.DataFrame(), _MISSING, _MISSING, _MISSING, _MISSING),
    "curve": Curve(table=pd.DataFrame(), joint=None, n_vectors=0, warnings=()),
}  # fmt: skip


def estimated(panel: Panel, *, seed: int) -> Row:
    """Return everything estimated on one panel.

    Parameters
    ----------
    panel : Panel
    seed : int
        Of the panel; draws behind joint tests use it too. The first 100 seeds of a size alone have the checks of
        sensitivity (family, confounder, Oster, specification curve, and the estimates without each firm or grid where
        the association is beyond chance) and the comparison with designs; beyond them breakdown values are there where
        a grade depends on them.

    Returns
    -------
    dict
        Name with points between -> number; `truth.<kind>.log`, `.share` and `.att` are what is true of this panel.
    """
    row: Row = _truths(panel)
    row |= _named("naive", _or_none(lambda: _naive(panel.frame)), "has_own_org")
    one = plan.load(STUDY).named(DECLARED["invention"])
    row |= _named("headline_invention", _or_none(lambda: _fitted(panel, one)), one.exposure)
    row |= _founding(panel, plan.load(STUDY).named(DECLARED["utility"]), seed=seed)
    return row | _spillovers(panel)


def _truths(panel: Panel) -> Row:
    row = {"truth.covered.att": panel.att("utility", COVERED),
           "truth.covered.log": float(np.log1p(panel.share("utility", COVERED)))}  # fmt: skip
    for kind in DECLARED:
        row[f"truth.{kind}.planted"] = panel.planted(kind)
        row[f"truth.{kind}.log"] = float(np.log1p(panel.share(kind)))
        row[f"truth.{kind}.share"] = panel.share(kind)
        row[f"truth.{kind}.att"] = panel.att(kind)
        row[f"truth.{kind}.spilling"] = panel.spilling(kind)
    return row


def _or_none(make: Callable):
    try:
        return make()
    except NotEstimable:
        return None


def _named(name: str, result: Result | None, term: str) -> Row:
    if result is None:
        return {}
    found = result.term(term)
    return {f"{name}.{number}": float(found[number]) for number in NUMBERS}


def _naive(frame: pd.DataFrame) -> Result:
    """Compare firms across, as the page on association does beside its warnings."""
    return fit(frame, outcome="patents_utility", exposure="has_own_org", fixed_effects=("year", "industry_2digit"),
               cluster=UNIT, unit=UNIT)  # fmt: skip


def _fitted(panel: Panel, one: Specification) -> Result:
    return robustness.fitted(analysis_frame(panel.frame, one)[0], one)


def _founding(panel: Panel, one: Specification, *, seed: int) -> Row:
    frame, _ = analysis_frame(panel.frame, one)
    result = _or_none(lambda: robustness.fitted(frame, one))
    found = _named("headline", result, one.exposure)
    for name, options in (("headline_by_firm", {"cluster": UNIT}), ("crv3j", {"vcov": "CRV3J"})):
        found |= _named(name, _or_none(lambda o=options: robustness.fitted(frame, one, **o)), one.exposure)
    wild = Message("evidence.no_wild")
    if result is not None:
        wild = or_why(lambda: wild_bootstrap(result, one.exposure, level=_P_ALONE))
    found |= _trend(frame, one) | _against_other_comparisons(frame, one, seed=seed)
    if seed < DEAR_SEEDS:
        found |= _against_design(panel.frame, one)
    studies = timing.event_studies(frame, one, seed=seed, draws=1)
    for method, study in studies.items():
        found |= _study(method, study)
    return found | _graded(panel, frame, one, result=result, wild=wild, studies=studies, seed=seed)


def _against_other_comparisons(frame: pd.DataFrame, one: Specification, *, seed: int) -> Row:
    """Return what becomes of the headline where firms covered by others' organisations are no untreated ones.

    covered: coverage of any kind in the place of an organisation of the firm's own, which is what the zone's effect
    follows. beside_others: the headline with coverage by others held fixed.
    """
    covered = one.model_copy(update={"exposure": COVERED})
    row = _named("covered", _or_none(lambda: robustness.fitted(frame, covered)), COVERED)
    beside = frame.assign(covered_by_others=frame[COVERED] - frame[one.exposure])
    both = one.model_copy(update={"mediators": ("covered_by_others",)})
    row |= _named("beside_others", _or_none(lambda: robustness.fitted(beside, both)), one.exposure)
    studies = timing.event_studies(frame, covered, seed=seed, methods=evidence.GRADED, draws=1)
    for method, study in studies.items():
        row |= {name: value for name, value in _study(f"{method}_covered", study).items() if ".at." not in name}
    return row


def _against_design(frame: pd.DataFrame, one: Specification) -> Row:
    """Return utility models against designs, within firm and year; only `pretrend` plants anything on designs."""
    stacked, row = _stacked(frame), {}
    for name, exposure in (("against_design", one.exposure), ("between_against_design", "grid_exposure")):
        asked = stacked.assign(difference=stacked[exposure] * stacked["is_utility"])
        row |= _named(name, _or_none(lambda asked=asked: fit(
            asked, outcome="filings", exposure="difference", fixed_effects=("firm_year", "firm_kind", "kind_year"),
            cluster=GRID, unit=UNIT)), "difference")  # fmt: skip
    return row


def _stacked(frame: pd.DataFrame) -> pd.DataFrame:
    """Return two rows a firm-year, its utility models and its designs."""
    kept = frame[[UNIT, "year", GRID, "has_own_org", "grid_exposure"]]
    parts = [kept.assign(filings=frame[f"patents_{kind}"], is_utility=int(kind == "utility"))
             for kind in ("utility", "design")]  # fmt: skip
    rows = pd.concat(parts, ignore_index=True)
    firm = pd.factorize(rows[UNIT])[0]
    return rows.assign(firm_year=firm * 10_000 + rows["year"], firm_kind=2 * firm + rows["is_utility"],
                       kind_year=2 * rows["year"] + rows["is_utility"])  # fmt: skip


def _trend(frame: pd.DataFrame, one: Specification) -> Row:
    trend = _or_none(lambda: trend_before(frame, one))
    if trend is None:
        return {}
    row = (
        _named("slope_by_firm", trend.by_unit, APPROACH) | _named("slope", trend.by_cluster, APPROACH)
        | _named("held_fixed_by_firm", trend.by_unit, one.exposure)
        | _named("held_fixed", trend.by_cluster, one.exposure)
    )  # fmt: skip
    for name, term in (("slope", APPROACH), ("held_fixed", one.exposure)):
        test = _or_none(lambda term=term: wild_bootstrap(trend.by_cluster, term, level=_P_ALONE))
        row |= {f"{name}.p_wild": test.p_value} if test is not None else {}
    return row


def _study(method: str, study: EventStudy | NotEstimable) -> Row:
    if isinstance(study, NotEstimable):
        return {}
    first = study.overall.iloc[0]
    row = {f"{method}.{number}": float(first[number]) for number in NUMBERS[:-1]}
    for time, estimate, error in zip(*(study.event[name].to_list() for name in EVENT), strict=True):
        if time in EVENT_TIMES:
            row |= {f"{method}.at.{time}": float(estimate), f"{method}.at.{time}.std_error": float(error)}
    leads = _or_none(study.leads)
    return row | ({f"{method}.leads_p": leads.p_value, f"{method}.near_leads_p": _near_leads_p(study)}
                  if leads is not None else {})  # fmt: skip


def _near_leads_p(study: EventStudy) -> float:
    """Return the joint p of the leads within five years of treatment, by the rule of `EventStudy.leads`."""
    event = study.event[~study.event["omitted"]]
    near = event["event_time"].between(-NEAR, -1).to_numpy()
    estimate, cov = event["estimate"].to_numpy()[near], study.event_cov[np.ix_(near, near)]
    left = study.n_clusters - len(estimate)
    if not len(estimate) or left < 1 or np.linalg.matrix_rank(cov, hermitian=True) < len(estimate):
        return np.nan
    square = float(estimate @ np.linalg.solve(cov, estimate))
    return float(stats.f.sf(square * left / (len(estimate) * (study.n_clusters - 1)), len(estimate), left))


def _breakdown(study: EventStudy | NotEstimable, event_time: int | str):
    if isinstance(study, NotEstimable):
        return study.message
    # No interval is wanted, only the breakdown value.
    return or_why(lambda: study.honest(event_time=event_time, m=()))


def _graded(
    panel: Panel, frame: pd.DataFrame, one: Specification, *, result: Result | None, wild: WildTest | Message,
    studies: Mapping, seed: int,
) -> Row:  # fmt: skip
    """Return the fields of `Evidence` and the breakdown values behind them.

    No grade depends on the breakdown value where the association is not beyond chance; the first seeds have it whatever
    was found, and they alone have the checks of sensitivity.
    """
    known = {"rows": _rows(result, one), "few": wild, "studies": studies, "trend": _MISSING}
    found = evidence.evidence(one, **known, bounds=_MISSING, **_NOT_MADE)
    rules = plan.load(STUDY).rules
    is_association = all(check.passed for check in grade.grade(found, rules).checks if check.rung == "association")
    row: Row = {}
    if seed < DEAR_SEEDS or is_association:
        bounds = {time: _breakdown(studies["callaway_santanna"], time) for time in ("average", 0)}
        row |= {f"breakdown.{time}": getattr(held, "breakdown", np.nan) for time, held in bounds.items()}
        found = evidence.evidence(one, **known, bounds=bounds["average"], **_NOT_MADE)
    if seed < DEAR_SEEDS:
        curve, _ = robustness.curve(panel.frame, one, seed=seed)
        family = _or_none(lambda: robustness.corrected(panel.frame, plan.load(STUDY), one.family))
        found = evidence.evidence(
            one, **known, bounds=bounds["average"], curve=curve,
            family=pd.DataFrame() if family is None else family,
            unseen=robustness.unseen(panel.frame, one, multiple=rules.covariate_multiples),
            # No grade depends on them where the association is not beyond chance.
            left_out=robustness.without_each(frame, one) if is_association else {},
        )  # fmt: skip
        if curve.joint is not None:
            joint = curve.joint.set_index("statistic")["p_value"]
            row |= {f"curve.{statistic}": float(p) for statistic, p in joint.items()}
    for field in fields(found):
        value = getattr(found, field.name)
        if field.name == "robust_overall":
            row |= {f"evidence.robust_{place}_{end}": bound for place, pair in enumerate(value)
                    for end, bound in zip(("low", "high"), pair, strict=True)}  # fmt: skip
        else:
            row[f"evidence.{field.name}"] = float(value)
    return row


def _rows(result: Result | None, one: Specification) -> pd.DataFrame:
    """Return the declared rule's row of `robustness.standard_errors`, the only one that a grade goes by."""
    row = {"rule": "CR1", "cluster": one.cluster, "status": "not_estimable"}
    if result is not None:
        row |= {"status": "estimated", **result.term(one.exposure), "n_clusters": result.n_clusters}
    return pd.DataFrame([row])


def _spillovers(panel: Panel) -> Row:
    """Return the declared specifications of spillover, and others that might see it better."""
    within, between = (plan.load(STUDY).named(name) for name in (WITHIN, BETWEEN))
    both = panel.frame.assign(patents_both=panel.frame["patents_utility"] + panel.frame["patents_invention"])
    without_own = both[both["has_own_org"] == 0]
    summed = between.model_copy(update={"outcome": "patents_both"})
    ways = {
        "within_grids": (both, within), "between_grids": (both, between), "between_without_own": (without_own, between),
        "between_summed": (both, summed), "between_summed_without_own": (without_own, summed),
    }  # fmt: skip
    row: Row = {}
    for name, (frame, one) in ways.items():
        result = _or_none(lambda frame=frame, one=one: robustness.fitted(analysis_frame(frame, one)[0], one))
        row |= _named(name, result, one.exposure)
        if result is not None:
            test = _or_none(lambda r=result, one=one: wild_bootstrap(r, one.exposure, level=_P_ALONE))
            row |= {f"{name}.p_wild": test.p_value} if test is not None else {}
    return row
