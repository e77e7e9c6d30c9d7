"""What the findings page says: the answer of the plan's primary claims, what it rests on, what would change it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import findings, models, plan
from helpers.findings import Finding
from helpers.findings.scales import on_scale, written
from helpers.params.pages import Page90
from helpers.plan.claims import Claim, investigate
from helpers.study import Study
from helpers.tables.basis import Basis, basis
from helpers.tables.declared import analysis_panel
from helpers.tables.labels import labelled
from helpers.tables.panel import outcome_estimators, unit_of
from helpers.text import Lang, inline, label, say, with_capital


@dataclass(frozen=True)
class Conclusions:
    """What the findings page tells, worked out before it is said in any language.

    Attributes
    ----------
    study : {"zone", "listed"}
    claims : list of Claim
        The primary ones of the plan, graded.
    rows : DataFrame
        From `models.associations`: the comparison across firms that the page's parameters ask for.
    found : list of Finding
        Of the claims; of the first row where the plan declares no primary claim.
    basis : Basis
        Of the first finding.
    plan_hash : str
    """

    study: str
    claims: list[Claim]
    rows: pd.DataFrame
    found: list[Finding]
    basis: Basis
    plan_hash: str


def conclusions(zone: Study, values: Page90) -> Conclusions:
    """Grade the plan's primary claims and estimate the page's comparison across firms."""
    panel, whole = analysis_panel(zone), plan.load(zone.params.study)
    unit = unit_of(panel)
    claims = [
        investigate(panel, whole, one, seed=zone.params.seed) for one in whole.of(role="primary").specifications
    ]
    rows = models.associations(
        panel, outcomes=outcome_estimators(values.outcomes), exposures=values.exposures, controls=values.controls,
        fixed_effects=values.fixed_effects, clusters=values.clusters, unit=unit,
    )  # fmt: skip
    found = [findings.of_claim(claim) for claim in claims] or [findings.of_row(rows.iloc[0])]
    used = claims[0].frame if claims else models.association.visible(panel, found[0].outcome)
    effects = claims[0].one.fixed_effects if claims else values.fixed_effects
    stands_on = basis(zone, panel, used, found[0], has_firm_effects=unit in effects)
    return Conclusions(zone.params.study, claims, rows, found, stands_on, whole.short_hash)


def would_change(found: Conclusions, lang: Lang) -> list[str]:
    """Say what would change the answer: the check it stops at, its precision, selection, what it is compared with."""
    said = [with_capital(_next_check(claim, lang)) for claim in found.claims]
    first = found.found[0]
    if np.isfinite(first.detectable):
        cell = written(on_scale(first.detectable, first.scale), lang, of=first.scale)
        said.append(say("pages.change_power", lang, outcome=inline(first.outcome, lang),
                        detectable=cell + findings.unit(first, lang)))  # fmt: skip
    if found.study == "zone":
        return [*said, say("pages.change_selection", lang), say("pages.change_coverage", lang)]
    return [*said, say("pages.change_selection_listed", lang), say("pages.change_stand_in", lang)]


def _next_check(claim: Claim, lang: Lang) -> str:
    """Say which check a claim's grade stops at, and what was found against what was asked."""
    about = {"outcome": inline(claim.one.outcome, lang), "exposure": inline(claim.one.exposure, lang)}
    if claim.grade.level == "rejected":
        return say("pages.change_rejected", lang, **about)
    for check in claim.grade.checks:
        if check.passed is not True:
            return say("pages.change_check", lang, **about, check=say(f"grade.check_{check.name}", lang),
                       found=check.said.text(lang))  # fmt: skip
    return say("pages.change_nothing_open", lang, **about)


def other_outcomes(rows: pd.DataFrame, lang: Lang) -> str:
    """Say how many other outcomes agree with the first in sign, and how many intervals are clear of zero."""
    known = [findings.of_row(row) for _, row in rows[rows["status"] == "estimated"].iterrows()]
    if not known:
        return ""
    first, others = known[0], known[1:]
    if first.direction == "unclear":
        clear = sum(one.direction != "unclear" for one in others)
        return say("pages.change_outcomes_unclear", lang, total=len(others), clear=clear)
    same = [one for one in others if (one.estimate > 0) == (first.estimate > 0)]
    clear = sum(one.direction == first.direction for one in same)
    return say("pages.change_outcomes", lang, total=len(others), same=len(same), clear=clear)


def outcomes_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return one row an outcome: difference, interval, what the interval says in words, smallest detectable."""
    cells = []
    for _, row in rows[rows["status"] == "estimated"].iterrows():
        one = findings.of_row(row)
        smallest = on_scale(one.detectable, one.scale)
        effect, low, high, detectable = (written(value, lang, of=one.scale) for value in (*one.told, smallest))
        unit = findings.unit(one, lang)
        cells.append(
            {"outcome": label(one.outcome, lang), "effect": effect + unit, "interval": f"{low} … {high}{unit}",
             "says": say(f"pages.says_{one.direction}", lang), "detectable": detectable + unit,
             "n_units": one.n_units, "n_obs": one.n_obs}
        )  # fmt: skip
    columns = ["outcome", "effect", "interval", "says", "detectable", "n_units", "n_obs"]
    return labelled(pd.DataFrame(cells, columns=columns), lang)
