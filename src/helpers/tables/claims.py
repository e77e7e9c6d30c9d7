"""Tables of graded claims: the plan's primary claims in, the words that their grades allow out."""

import pandas as pd

from helpers import findings
from helpers.plan.claims import Claim
from helpers.plan.grade import LEVELS
from helpers.tables.labels import labelled
from helpers.text import Lang, joined, label, say


def claims_table(claims: list[Claim], lang: Lang) -> pd.DataFrame:
    """Return one row a claim: effect, the same a firm-year, grade, and which rungs are passed."""
    rows = []
    for claim in claims:
        rungs = {
            rung: f"{sum(one.passed is True for one in checks)} / {len(checks)}"
            for rung in ("association", "timing", "sensitivity")
            if (checks := [one for one in claim.grade.checks if one.rung == rung])
        }
        found = findings.of_claim(claim)
        rows.append(
            {"outcome": label(claim.one.outcome, lang), "exposure": label(claim.one.exposure, lang),
             "declared_effect": findings.effect_words(found, lang), "per_year": findings.a_year_words(found, lang),
             "grade": say(f"grade.level_{claim.grade.level}", lang),
             **{f"passed_{rung}": passed for rung, passed in rungs.items()}}
        )  # fmt: skip
    return labelled(pd.DataFrame(rows), lang)


def claim_sentences(claims: list[Claim], lang: Lang) -> list[str]:
    """Say each claim in the words that its grade allows, with the rule that decided it and its sample."""
    found = [findings.of_claim(claim) for claim in claims]
    return [joined((findings.sentence(one, lang), findings.support(one, lang)), lang) for one in found]


def claims_sentence(claims: list[Claim], lang: Lang) -> str:
    """Say how many primary claims got which grade."""
    if not claims:
        return say("evidence.no_primary", lang)
    counted = pd.Series([claim.grade.level for claim in claims]).value_counts()
    levels = [
        say("evidence.headline_level", lang, n=int(counted[level]), level=say(f"grade.level_{level}", lang))
        for level in LEVELS
        if level in counted
    ]
    return say("evidence.headline", lang, claims=len(claims), levels=say("pages.comma", lang).join(levels))


def claims_results(claims: list[Claim]) -> dict[str, dict]:
    """Return estimates and grades as plain values, for the page's results cell."""
    return {
        claim.one.name: {
            "estimate": claim.evidence.estimate, "conf_low": claim.evidence.conf_low,
            "conf_high": claim.evidence.conf_high, "grade": claim.grade.level,
        }
        for claim in claims
    }  # fmt: skip
