"""One claim from panel to grade: whatever the declared rules ask of a specification, found out in one place."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from helpers.models.bootstrap import WildTest
from helpers.models.curve import Curve
from helpers.models.randomisation import RandomisationTest
from helpers.models.result import NotEstimable, or_why
from helpers.models.staggered import EventStudy
from helpers.models.staggered.honest import Honest
from helpers.plan import robustness, timing
from helpers.plan.evidence import GRADED, Evidence, declared_row, evidence
from helpers.plan.grade import Grade, grade
from helpers.plan.model import Plan, Specification
from helpers.plan.sample import analysis_frame
from helpers.plan.trends import TrendBefore, trend_before
from helpers.text import Message


@dataclass(frozen=True)
class Claim:
    """A declared specification with all that its grade rests on.

    Attributes
    ----------
    one : Specification
    frame : DataFrame
        Its firm-years.
    left_out : dict
        Rows left out of them, by reason.
    errors : DataFrame
        From `robustness.standard_errors`, with the test for few clusters behind it in `few`.
    family : DataFrame
        Its family's p values, corrected together; empty where that cannot be done.
    curve, ways : Curve, DataFrame
        From `robustness.curve`.
    without : dict
        From `robustness.without_each`.
    unseen : robustness.Unseen
    studies : dict
        Event studies by the estimators that the grade goes by.
    trend : TrendBefore or Message
    bounds : Honest or Message
    evidence : Evidence
    grade : Grade
    """

    one: Specification
    frame: pd.DataFrame
    left_out: dict[str, int]
    errors: pd.DataFrame
    few: WildTest | RandomisationTest | Message
    family: pd.DataFrame
    curve: Curve
    ways: pd.DataFrame
    without: Mapping[str, pd.DataFrame]
    unseen: robustness.Unseen
    studies: Mapping[str, EventStudy | NotEstimable]
    trend: TrendBefore | Message
    bounds: Honest | Message
    evidence: Evidence
    grade: Grade

    @property
    def declared(self) -> pd.Series:
        """Return the row of `errors` that is as the plan declares it."""
        return declared_row(self.errors, self.one)


def investigate(derived: pd.DataFrame, declared: Plan, one: Specification, *, seed: int) -> Claim:
    """Find out all that the declared rules ask about one specification, and grade it.

    Parameters
    ----------
    derived : DataFrame
        From `sample.with_derived`.
    declared : Plan
    one : Specification
        One of the plan's; of an exposure without a first year nothing is found out about timing.
    seed : int
        Of every draw.
    """
    frame, left_out = analysis_frame(derived, one)
    errors, few = robustness.standard_errors(frame, one)
    try:
        family = robustness.corrected(derived, declared, one.family)
    except NotEstimable:
        family = pd.DataFrame()
    curve, ways = robustness.curve(derived, one, seed=seed)
    without = robustness.without_each(frame, one)
    unseen = robustness.unseen(derived, one, multiple=declared.rules.covariate_multiples)
    studies = timing.event_studies(frame, one, seed=seed, methods=GRADED)
    trend = or_why(lambda: trend_before(frame, one))
    bounds = timing.honest_bounds(studies)
    known = evidence(one, rows=errors, few=few, studies=studies, trend=trend, bounds=bounds, family=family,
                     unseen=unseen, left_out=without, curve=curve)  # fmt: skip
    return Claim(one, frame, left_out, errors, few, family, curve, ways, without, unseen, studies, trend, bounds, known,
                 grade(known, declared.rules))  # fmt: skip
