"""Tables of graded claims: the plan's primary claims in, the words that their grades allow out."""

import pandas as pd

from helpers.plan.claims import Claim
from helpers.plan.grade import LEVELS
from helpers.tables.labels import inline, labelled
from helpers.tables.robustness import effect_words, in_percent
from helpers.text import Lang, label, number, say, with_capital


def claims_table(claims: list[Claim], lang: Lang) -> pd.DataFrame:
    """Return one row a claim: effect, grade, and which rungs are passed."""
    rows = []
    for claim in claims:
        rungs = {
            rung: f"{sum(one.passed is True for one in checks)} / {len(checks)}"
            for rung in ("association", "timing", "sensitivity")
            if (checks := [one for one in claim.grade.checks if one.rung == rung])
        }
        rows.append(
            {"outcome": label(claim.one.outcome, lang), "exposure": label(claim.one.exposure, lang),
             "effect_interval": effect_words(claim.evidence, claim.one.estimator) if _has_estimate(claim) else "–",
             "grade": say(f"grade.level_{claim.grade.level}", lang),
             **{f"passed_{rung}": passed for rung, passed in rungs.items()}}
        )  # fmt: skip
    return labelled(pd.DataFrame(rows), lang)


def claim_sentences(claims: list[Claim], lang: Lang) -> list[str]:
    """Say each claim in the words that its grade allows, with the rule that decided it."""
    said = []
    for claim in claims:
        found = claim.evidence
        effect = say("evidence.claim_no_estimate", lang)
        if _has_estimate(claim):
            effect, low, high = (number(value, "+,.0f") for value in in_percent(found, claim.one.estimator))
            effect = say("evidence.claim_effect", lang, effect=effect, low=low, high=high)
        words = {"outcome": inline(claim.one.outcome, lang), "exposure": inline(claim.one.exposure, lang)}
        rule = claim.grade.rule.text(lang)
        sentence = say(f"evidence.claim_{claim.grade.level}", lang, effect=effect, rule=rule, **words)
        said.append(with_capital(sentence))
    return said


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


def _has_estimate(claim: Claim) -> bool:
    return claim.grade.rule.key != "grade.rule_not_estimated"
