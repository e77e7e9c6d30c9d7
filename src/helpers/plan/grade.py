"""How strong the evidence for a claim may be called: what was found in, one grade and the rule that decided it out.

The rules are declared with the plan (`Rules`) and applied in one order, here and nowhere else. A causal word is earned
at the last rung alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from helpers.plan.model import Rules
from helpers.text import Lang, Message, number, p_text, say

Level = Literal["cannot_tell", "rejected", "association", "timing", "robust"]
LEVELS: tuple[Level, ...] = ("cannot_tell", "rejected", "association", "timing", "robust")
Rung = Literal["association", "timing", "sensitivity"]


@dataclass(frozen=True)
class Check:
    """One declared check of a claim.

    Attributes
    ----------
    name : str
        As in `grade.yml`.
    rung : {"association", "timing", "sensitivity"}
    passed : bool or None
        None: it could not be made; it then counts as not passed.
    said : Message
        What was found against what was asked.
    """

    name: str
    rung: Rung
    passed: bool | None
    said: Message


@dataclass(frozen=True)
class Grade:
    """What the words about a claim may be.

    Attributes
    ----------
    level : {"cannot_tell", "rejected", "association", "timing", "robust"}
    rule : Message
        The rule that decided.
    checks : tuple of Check
        All checks, in the order in which they count.
    none_within : (low, high)
        Coefficients between which a difference counts as none.
    """

    level: Level
    rule: Message
    checks: tuple[Check, ...]
    none_within: tuple[float, float]

    def frame(self, lang: Lang) -> pd.DataFrame:
        """Return one row a check: rung, check, result, what was found."""
        verdict = {True: "grade.passed", False: "grade.failed", None: "grade.not_made"}
        rows = [
            (say(f"grade.rung_{one.rung}", lang), say(f"grade.check_{one.name}", lang),
             say(verdict[one.passed], lang), one.said.text(lang))
            for one in self.checks
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["rung", "check", "result", "found"])


@dataclass(frozen=True)
class Evidence:
    """What is known of one claim; a missing number is a check that could not be made.

    Attributes
    ----------
    estimate, conf_low, conf_high : float
        Coefficient of the declared specification and its interval at `Rules.alpha` (log points or share).
    p_few_clusters : float
        Enumerated wild-bootstrap p, or that of randomisation where few groups are treated.
    smallest_p : float
        The smallest p value that the number of clusters allows.
    detectable : float
        Smallest effect with 80 % power, in per cent (points for a linear model of a share).
    outcome_mean : float
        Of a linear estimate, by which the declared per cent become units of the outcome; missing for one in logs.
    robust_overall : sequence of (low, high)
        Intervals of the cohort-robust overall effects.
    leads_p : float
        Joint p of the leads.
    held_low, held_high : float
        Interval of the estimate with a slope over the years before treatment held fixed.
    breakdown : float
        HonestDiD breakdown value.
    p_family : float
        Romano-Wolf p in the declared family.
    oster_delta : float
    adjusted_low, adjusted_high : float
        Interval with a confounder as strong as the rules ask.
    left_out_low, left_out_high : float
        Least and largest estimate when each firm and each group is left out in turn.
    p_curve : float
        Joint test of the specification curve.
    """

    estimate: float = np.nan
    conf_low: float = np.nan
    conf_high: float = np.nan
    p_few_clusters: float = np.nan
    smallest_p: float = 0.0
    detectable: float = np.nan
    outcome_mean: float = np.nan
    robust_overall: Sequence[tuple[float, float]] = ()
    leads_p: float = np.nan
    held_low: float = np.nan
    held_high: float = np.nan
    breakdown: float = np.nan
    p_family: float = np.nan
    oster_delta: float = np.nan
    adjusted_low: float = np.nan
    adjusted_high: float = np.nan
    left_out_low: float = np.nan
    left_out_high: float = np.nan
    p_curve: float = np.nan


def grade(found: Evidence, rules: Rules) -> Grade:
    """Return the grade of a claim that something goes with more of an outcome.

    Notes
    -----
    In this order, the first that holds decides: not estimated, cannot tell; the whole interval within the declared
    bounds of no effect, rejected; the interval below zero, rejected; the association not beyond chance at the declared
    level, cannot tell; no consistent timing, association; a sensitivity check failed or not made, timing; else robust.
    """
    checks = (*_association(found, rules), *_timing(found, rules), *_sensitivity(found, rules))
    low, high = none_within(found, rules)

    def decided(level: Level, rule: str, **values: object) -> Grade:
        return Grade(level, Message(f"grade.rule_{rule}", values), checks, (low, high))

    if not np.isfinite([found.estimate, found.conf_low, found.conf_high]).all():
        return decided("cannot_tell", "not_estimated")
    if low < found.conf_low and found.conf_high < high:
        return decided("rejected", "equivalent", bound=f"{rules.equivalence_pct:g}")
    if found.conf_high < 0 and _passed(checks, "association"):
        return decided("rejected", "opposite")
    if not _passed(checks, "association"):
        return decided("cannot_tell", "not_beyond_chance", check=_first_open(checks, "association"))
    for rung, level in (("timing", "association"), ("sensitivity", "timing")):
        if not _passed(checks, rung):
            return decided(level, f"no_{rung}", check=_first_open(checks, rung))
    return decided("robust", "all_passed")


def none_within(found: Evidence, rules: Rules) -> tuple[float, float]:
    """Return the coefficients between which a difference counts as none: so many per cent, of the mean if linear."""
    share = rules.equivalence_pct / 100
    bound = abs(found.outcome_mean) * share if np.isfinite(found.outcome_mean) else np.log1p(share)
    return float(-bound), float(bound)


def _passed(checks: Sequence[Check], rung: Rung) -> bool:
    return all(one.passed is True for one in checks if one.rung == rung)


def _first_open(checks: Sequence[Check], rung: Rung) -> Message:
    name = next(one.name for one in checks if one.rung == rung and one.passed is not True)
    return Message(f"grade.check_{name}")


def _check(name: str, rung: Rung, passed: bool, known: Sequence[float], **values: object) -> Check:
    if not len(known) or not np.isfinite(known).all():
        return Check(name, rung, None, Message("grade.said_not_made"))
    return Check(name, rung, bool(passed), Message(f"grade.said_{name}", values))


def _association(found: Evidence, rules: Rules) -> list[Check]:
    is_clear = found.conf_low > 0 or found.conf_high < 0
    return [
        _check("interval", "association", is_clear, (found.conf_low, found.conf_high),
               low=_written(found.conf_low), high=_written(found.conf_high)),
        _check("few_clusters", "association", found.p_few_clusters < rules.alpha and found.smallest_p < rules.alpha,
               (found.p_few_clusters,), p=p_text(found.p_few_clusters), alpha=f"{rules.alpha:g}",
               smallest=p_text(found.smallest_p)),
    ]  # fmt: skip


def _timing(found: Evidence, rules: Rules) -> list[Check]:
    bounds = [bound for pair in found.robust_overall for bound in pair]
    same = [low > 0 if found.estimate > 0 else high < 0 for low, high in found.robust_overall]
    return [
        _check("cohort_robust", "timing", all(same), bounds, clear=sum(same), all=len(same)),
        _check("leads", "timing", found.leads_p >= rules.leads_p, (found.leads_p,), p=p_text(found.leads_p),
               least=f"{rules.leads_p:g}"),
        _check("trend", "timing", found.held_low > 0 if found.estimate > 0 else found.held_high < 0,
               (found.held_low, found.held_high), low=_written(found.held_low), high=_written(found.held_high)),
    ]  # fmt: skip


def _sensitivity(found: Evidence, rules: Rules) -> list[Check]:
    is_adjusted = found.adjusted_low > 0 or found.adjusted_high < 0
    is_kept = found.left_out_low > 0 if found.estimate > 0 else found.left_out_high < 0
    # A negative delta says that selection would have to run against what is seen of it.
    is_far = found.oster_delta >= rules.oster_delta or found.oster_delta < 0
    return [
        _check("breakdown", "sensitivity", found.breakdown >= rules.breakdown, (found.breakdown,),
               value=f"{found.breakdown:.2f}", least=f"{rules.breakdown:g}"),
        _check("family", "sensitivity", found.p_family < rules.alpha, (found.p_family,), p=p_text(found.p_family),
               alpha=f"{rules.alpha:g}"),
        _check("confounder", "sensitivity", is_adjusted, (found.adjusted_low, found.adjusted_high),
               low=_written(found.adjusted_low), high=_written(found.adjusted_high),
               times=f"{rules.covariate_multiples:g}"),
        _check("oster", "sensitivity", is_far, (found.oster_delta,), delta=_written(found.oster_delta),
               least=f"{rules.oster_delta:g}"),
        _check("left_out", "sensitivity", is_kept, (found.left_out_low, found.left_out_high),
               low=_written(found.left_out_low), high=_written(found.left_out_high)),
        _check("curve", "sensitivity", found.p_curve < rules.alpha, (found.p_curve,), p=p_text(found.p_curve),
               alpha=f"{rules.alpha:g}"),
    ]  # fmt: skip


def _written(value: float) -> str:
    return number(value, "+.3f")
