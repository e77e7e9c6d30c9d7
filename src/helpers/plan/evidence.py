"""What is known of one claim, put together from what the pages show: estimates and tests in, `Evidence` out."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.models.bootstrap import WildTest
from helpers.models.curve import Curve
from helpers.models.oster import Oster
from helpers.models.power import minimum_detectable_effect
from helpers.models.randomisation import RandomisationTest
from helpers.models.result import NotEstimable
from helpers.models.robustness import Robustness
from helpers.models.staggered import EventStudy
from helpers.models.staggered.honest import Honest
from helpers.plan.grade import Evidence
from helpers.plan.model import Specification
from helpers.plan.robustness import Unseen
from helpers.plan.timing import FEWEST_TREATED
from helpers.plan.trends import TrendBefore
from helpers.text import Message

# Cohort-robust estimators that the grade goes by, on two different ideas of whom to compare.
GRADED = ("callaway_santanna", "imputation")


def declared_row(rows: pd.DataFrame, one: Specification) -> pd.Series:
    """Return the row of `robustness.standard_errors` that is as the plan declares it."""
    return rows[(rows["rule"] == "CR1") & (rows["cluster"] == one.cluster)].iloc[0]


def evidence(
    one: Specification, *, rows: pd.DataFrame, few: WildTest | RandomisationTest | Message,
    studies: Mapping[str, EventStudy | NotEstimable], trend: TrendBefore | Message, bounds: Honest | Message,
    family: pd.DataFrame, unseen: Unseen, left_out: Mapping[str, pd.DataFrame], curve: Curve,
) -> Evidence:  # fmt: skip
    """Put the evidence for a claim together; what is missing stays missing.

    Parameters
    ----------
    one : Specification
        The claim's declared specification.
    rows, few
        From `robustness.standard_errors`.
    studies : mapping
        From `timing.event_studies`.
    trend : TrendBefore or Message
    bounds : Honest or Message
        Of the average effect.
    family : DataFrame
        From `robustness.corrected`; empty where it could not be made.
    unseen, left_out, curve
        From `robustness`.
    """
    declared = declared_row(rows, one)
    found: dict[str, object] = {}
    if declared["status"] == "estimated":
        found |= {name: float(declared[name]) for name in ("estimate", "conf_low", "conf_high")}
        smallest = minimum_detectable_effect(float(declared["std_error"]), df=float(declared["n_clusters"]) - 1)
        if one.estimator == "ols":
            found["outcome_mean"] = float(declared["outcome_mean"])
        found["detectable"] = 100 * float(np.expm1(smallest) if one.estimator == "poisson" else smallest)
    if not isinstance(few, Message):
        found |= {"p_few_clusters": few.p_value, "smallest_p": few.smallest_p}
    if isinstance(trend, TrendBefore):
        found |= {f"held_{end}": float(trend.held_fixed[f"conf_{end}"]) for end in ("low", "high")}
    if isinstance(bounds, Honest):
        found["breakdown"] = bounds.breakdown
    return Evidence(**found, **_timing(studies), **_sensitivity(one, family, unseen, left_out, curve))


def _timing(studies: Mapping[str, EventStudy | NotEstimable]) -> dict:
    held = [studies.get(name) for name in GRADED]
    if not all(isinstance(study, EventStudy) and study.n_treated >= FEWEST_TREATED for study in held):
        return {}
    averages = [study.overall.iloc[0] for study in held]
    found = {"robust_overall": tuple((float(one["conf_low"]), float(one["conf_high"])) for one in averages)}
    try:
        found["leads_p"] = held[0].leads().p_value
    except NotEstimable:
        found["leads_p"] = np.nan
    return found


def _sensitivity(
    one: Specification, family: pd.DataFrame, unseen: Unseen, left_out: Mapping[str, pd.DataFrame], curve: Curve
) -> dict:
    found: dict[str, float] = {}
    mine = family[family["name"] == one.name] if len(family) else family
    if len(mine):
        found["p_family"] = float(mine["p_romano_wolf"].iloc[0])
    if isinstance(unseen.oster, Oster):
        found["oster_delta"] = unseen.oster.delta_zero
    if isinstance(unseen.robustness, Robustness) and len(unseen.robustness.bounds):
        # What takes most of the estimate away, through zero and beyond where it does.
        left = unseen.robustness.bounds["estimate"] * np.sign(unseen.robustness.estimate)
        weakest = unseen.robustness.bounds.loc[[left.idxmin()]]
        found |= {f"adjusted_{end}": float(weakest[f"conf_{end}"].iloc[0]) for end in ("low", "high")}
    estimates = pd.concat([part["estimate"] for part in left_out.values()]).astype(float) if left_out else pd.Series()
    if len(estimates) and estimates.notna().all():
        found |= {"left_out_low": float(estimates.min()), "left_out_high": float(estimates.max())}
    if curve.joint is not None:
        joint = curve.joint.set_index("statistic")["p_value"]
        found["p_curve"] = float(joint["stouffer_z"])
    return found
