"""Tables of timing: event studies by several estimators in, words and numbers of page 75 out."""

import numpy as np
import pandas as pd

from helpers import findings
from helpers.models.randomisation import RandomisationTest
from helpers.models.result import NotEstimable
from helpers.models.staggered import EventStudy
from helpers.models.staggered.honest import Honest
from helpers.plan.model import Panel, Plan, Specification
from helpers.plan.sample import analysis_frame
from helpers.plan.timing import (
    APART,
    FEWEST_TREATED,
    PROPORTIONAL,
    by_event_time,
    dealt_out,
    event_studies,
    overall,
    treated_firms,
    two_by_two,
)
from helpers.tables.labels import labelled
from helpers.text import Lang, Message, label, number, p_text, say, with_ends

REACH = (-5, 6)
DRAWN = ("callaway_santanna", "imputation", "sun_abraham", "twfe")
# Comparisons of the decomposition that take treated firms for controls.
FORBIDDEN = ("later_vs_earlier",)
_DRAWN = {
    "estimate": "effect_size", "conf_low": "effect_from", "conf_high": "effect_to", "n": "n_behind",
    "weight": "share_of_weight",
}  # fmt: skip
Studies = dict[str, EventStudy | NotEstimable]


def declared_table(declared: Plan, lang: Lang) -> pd.DataFrame:
    """Return the declared specifications, one row each, in words."""
    shown = declared.frame()[["outcome", "exposure", "estimator", "fixed_effects", "cluster", "role", "family"]].copy()
    shown["fixed_effects"] = [
        say("pages.comma", lang).join(label(name, lang) for name in one.fixed_effects)
        for one in declared.specifications
    ]
    return labelled(shown, lang, values=("outcome", "exposure", "estimator", "cluster", "role", "family"))


def sample_sentence(frame: pd.DataFrame, left_out: dict[str, int], lang: Lang, *, unit: str) -> str:
    """Say how many firm-years and firms the page uses, and how many it leaves out because filings are not visible."""
    used = {"rows": f"{len(frame):,}", "firms": f"{frame[unit].nunique():,}"}
    if "not_complete" not in left_out:
        return say("evidence.sample_unknown", lang, **used, outside=f"{left_out['not_in_sample']:,}")
    return say("evidence.sample", lang, **used, incomplete=f"{left_out['not_complete']:,}")


def mean_before(frame: pd.DataFrame, one: Specification) -> float:
    """Return the outcome's mean in the years before treatment of firms that come to it."""
    before = frame["year"] < frame[one.cohort].astype(float)
    return float(frame.loc[before.fillna(value=False), one.outcome].astype(float).mean())


def cohorts_table(frame: pd.DataFrame, panel: Panel, lang: Lang) -> pd.DataFrame:
    """Return the firms of the sample by the first year of each exposure, those that never had it in the last row."""
    firms = frame.drop_duplicates(panel.unit)
    started = frame.groupby(panel.unit)["year"].min().reindex(firms[panel.unit]).to_numpy(dtype=float)
    # Of an exposure that nobody in the sample came to, first years are those in which firms were first seen.
    held = {
        name: column
        for name, column in panel.cohorts.items()
        if column in firms and (firms[column].astype(float) > started).any()
    }
    counted = {name: firms[column].astype("Float64").value_counts(dropna=True) for name, column in held.items()}
    years = sorted({int(year) for found in counted.values() for year in found.index})
    table = pd.DataFrame({"cohort": [str(year) for year in years] + [say("evidence.never", lang)]})
    for name, found in counted.items():
        by_year = [int(found.get(float(year), 0)) for year in years]
        table[label(name, lang)] = [*by_year, len(firms) - sum(by_year)]
    return labelled(table, lang)


def event_rows(studies: Studies, lang: Lang) -> pd.DataFrame:
    """Return what the event-study figure draws: estimators in units of the outcome, within a few years of treatment."""
    rows = by_event_time({name: studies[name] for name in DRAWN if name in studies}, reach=REACH)
    return rows.assign(label=[label(name, lang) for name in rows["method"]])


def event_drawn(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the numbers behind the event-study figure."""
    shown = rows[["label", "event_time", "estimate", "conf_low", "conf_high", "n"]]
    return labelled(shown.rename(columns=_DRAWN | {"label": "method"}), lang)


def event_alt(rows: pd.DataFrame, lang: Lang) -> str:
    """Describe the event-study figure: estimators, years, how many intervals before and after are clear of zero."""
    known = rows[~rows["omitted"].astype(bool)]
    clear = (known["conf_low"] > 0) | (known["conf_high"] < 0)
    before = known["event_time"] < 0
    return say("evidence.event_alt", lang, methods=rows["label"].nunique(), first=int(rows["event_time"].min()),
               last=int(rows["event_time"].max()), before=int((clear & before).sum()), leads=int(before.sum()),
               after=int((clear & ~before).sum()), lags=int((~before).sum()))  # fmt: skip


def overall_table(studies: Studies, lang: Lang, *, outcome_mean: float) -> pd.DataFrame:
    """Return one row an estimator: effect in units of the outcome and in per cent of its mean, leads, sample.

    Parameters
    ----------
    outcome_mean : float
        Mean of the outcome before treatment, by which an effect in its units becomes one in per cent.
    """
    rows = overall(studies)
    rows = rows[rows["status"] == "estimated"]
    written = []
    for row in rows.itertuples():
        found = np.array([row.estimate, row.conf_low, row.conf_high])
        share = found if row.method in PROPORTIONAL else found / outcome_mean
        units, percent = outcome_mean * share, 100 * share
        # Nothing is a share of a mean that is zero or below.
        shown_share = with_ends(*percent, "+,.0f") if outcome_mean > 0 else "–"
        written.append((with_ends(*units, "+.2f"), shown_share))
    leads = ["–" if pd.isna(p) else f"{p:.3f}" for p in rows["leads_p"]]
    shown = pd.DataFrame(
        {"method": rows["method"], "att": [one for one, _ in written], "percent": [one for _, one in written],
         "leads_p": leads, "n_behind": rows["n_treated"].astype("Int64"), "n_units": rows["n_units"].astype("Int64"),
         "n_obs": rows["n_obs"].astype("Int64"), "n_clusters": rows["n_clusters"].astype("Int64")}
    )  # fmt: skip
    return labelled(shown, lang, values=("method",))


def studies_note(studies: Studies, lang: Lang) -> str:
    """Say which estimators could not be used and why, and what the others left out."""
    refused = [
        say("evidence.refused", lang, method=label(name, lang), reason=found.message.text(lang))
        for name, found in studies.items()
        if isinstance(found, NotEstimable)
    ]
    warned = dict.fromkeys(
        warning.text(lang) for found in studies.values() if isinstance(found, EventStudy) for warning in found.warnings
    )
    mind = say("pages.mind", lang, warnings=say("pages.semicolon", lang).join(warned)) if warned else ""
    return " ".join(["", *refused]) + mind


def bacon_pairs(frame: pd.DataFrame, one: Specification, *, seed: int) -> pd.DataFrame:
    """Return the two-by-two comparisons behind two-way fixed effects, on firms seen every year; empty without any."""
    try:
        return two_by_two(frame, one, seed=seed)
    except NotEstimable:
        return pd.DataFrame(columns=["type", "estimate", "weight"])


def bacon_rows(pairs: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return `bacon_pairs` with each one's kind in words, as the figure draws them."""
    return pairs.assign(label=[label(kind, lang) for kind in pairs["type"]])


def bacon_drawn(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the numbers behind the figure of two-by-two comparisons, heaviest first."""
    shown = rows.sort_values("weight", ascending=False)[["label", "weight", "estimate"]]
    return labelled(shown.rename(columns=_DRAWN | {"label": "pair_kind"}), lang)


def bacon_alt(rows: pd.DataFrame, lang: Lang) -> str:
    """Describe the figure: comparisons, and the weight of those with treated firms as controls."""
    forbidden = rows.loc[rows["type"].isin(FORBIDDEN), "weight"].sum()
    return say("evidence.bacon_alt", lang, n=len(rows), forbidden=f"{100 * forbidden:.0f}")


def bacon_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return weight and mean estimate by kind of comparison; the forbidden ones take treated firms for controls."""
    grouped = rows.groupby("label", sort=False)
    table = pd.DataFrame(
        {"pair_kind": list(grouped.groups), "n_comparisons": grouped.size().to_numpy(),
         "share_of_weight": grouped["weight"].sum().to_numpy(),
         "mean_effect": [np.average(part["estimate"], weights=part["weight"]) for _, part in grouped]}
    )  # fmt: skip
    return labelled(table, lang)


def honest_table(found: Honest, lang: Lang) -> pd.DataFrame:
    """Return the intervals by how large violations may be."""
    table = found.table.rename(columns={"m": "relative_m", "conf_low": "effect_from", "conf_high": "effect_to"})
    return labelled(table, lang)


def honest_sentence(found: Honest | Message, lang: Lang, *, least: float) -> str:
    """Say up to which violation the sign is kept, against what the plan asks."""
    if isinstance(found, Message):
        return found.text(lang)
    if found.original[0] <= 0 <= found.original[1]:
        return say("evidence.honest_unclear", lang)
    return say("evidence.honest_breakdown", lang, breakdown=f"{found.breakdown:.2f}", least=f"{least:g}")


def apart(derived: pd.DataFrame, declared: Plan, *, seed: int) -> pd.DataFrame:
    """Estimate every declared outcome around the first year of every exposure that has one, by one estimator.

    Returns
    -------
    DataFrame
        outcome, exposure, role, family and the columns of `plan.timing.overall`.
    """
    rows = []
    for one in declared.specifications:
        if one.cohort is None or one.estimator not in ("poisson", "ols"):
            continue
        frame, _ = analysis_frame(derived, one)
        if one.outcome not in frame or one.cohort not in frame:
            continue
        found = overall(event_studies(frame, one, seed=seed, methods=(APART,)))
        rows.append(found.assign(outcome=one.outcome, exposure=one.exposure, role=one.role, family=one.family))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=["outcome", "exposure", "status"])


def apart_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return `apart` in words; what could not be estimated has its reason in place of numbers."""
    written = [
        with_ends(row.estimate, row.conf_low, row.conf_high, "+.3f") if row.status == "estimated"
        else row.reason.text(lang)
        for row in rows.itertuples()
    ]  # fmt: skip
    leads = ["–" if pd.isna(p) else f"{p:.3f}" for p in rows["leads_p"]]
    shown = pd.DataFrame(
        {"outcome": rows["outcome"], "exposure": rows["exposure"], "role": rows["role"], "att": written,
         "leads_p": leads, "n_behind": rows["n_treated"].astype("Int64"), "n_units": rows["n_units"].astype("Int64")}
    )  # fmt: skip
    return labelled(shown, lang, values=("outcome", "exposure", "role"))


def timing_sentence(studies: Studies, one: Specification, lang: Lang) -> str:
    """Say the average difference after the first year by one estimator, and what all have in common about it."""
    found = findings.of_studies(studies, one)
    said = findings.sentence(found, lang)
    if not found.is_estimated:
        return said
    rows = overall(studies)
    known = rows[(rows["status"] == "estimated") & (rows["method"] != "twfe")]
    above, below = int((known["conf_low"] > 0).sum()), int((known["conf_high"] < 0).sum())
    treated = treated_firms(studies)
    few = say("evidence.few_come", lang, treated=treated) if treated < FEWEST_TREATED else ""
    return said + say("evidence.timing", lang, method=label(found.estimator, lang), all=len(known), above=above,
                      below=below, zero=len(known) - above - below) + few  # fmt: skip


def few_dealt_out(
    studies: Studies, frame: pd.DataFrame, one: Specification, *, seed: int
) -> RandomisationTest | Message | None:
    """Deal out the exposure anew among firms where few come to it (`timing.dealt_out`); None where enough do."""
    treated = treated_firms(studies)
    return None if treated is None or treated >= FEWEST_TREATED else dealt_out(frame, one, seed=seed)


def few_treated_sentence(studies: Studies, found: RandomisationTest | Message | None, lang: Lang) -> str:
    """Say what `few_dealt_out` found; empty where enough firms come to the exposure."""
    if found is None:
        return ""
    said = say("evidence.few_treated", lang, treated=treated_firms(studies), fewest=FEWEST_TREATED)
    if isinstance(found, Message):
        return said + say("evidence.not_dealt_out", lang, reason=found.text(lang))
    return said + say("evidence.dealt_out", lang, firms=f"{found.n_clusters:,}", having=found.n_treated,
                      draws=f"{found.n_vectors:,}", estimate=number(found.estimate, "+.3f"),
                      p=p_text(found.p_value))  # fmt: skip


def timing_results(studies: Studies, rows: pd.DataFrame) -> dict[str, dict]:
    """Return the page's estimates as plain numbers, for its results cell."""
    held = overall(studies)
    kept = ["estimate", "conf_low", "conf_high", "leads_p", "n_treated", "n_units"]
    found = {
        row["method"]: {name: row[name] for name in kept} if row["status"] == "estimated" else {"status": row["status"]}
        for _, row in held.iterrows()
    }
    return found | {
        f"{row['outcome']}|{row['exposure']}": {name: row[name] for name in kept[:3]}
        for _, row in rows.iterrows()
        if row["status"] == "estimated"
    }
