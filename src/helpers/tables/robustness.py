"""Tables of robustness: what `plan.robustness` found in, words and numbers of page 80 out."""

import numpy as np
import pandas as pd

from helpers.models.bootstrap import WildTest
from helpers.models.curve import Curve
from helpers.models.oster import Oster
from helpers.models.randomisation import RandomisationTest
from helpers.models.result import NotEstimable
from helpers.models.robustness import Robustness
from helpers.models.weighting import Weighted
from helpers.plan.channels import Channel
from helpers.plan.grade import Grade
from helpers.plan.model import Plan, Specification, Study
from helpers.plan.robustness import Unseen, corrected
from helpers.plan.trends import YEARS_BEFORE, TrendBefore
from helpers.tables.labels import labelled, three_digits
from helpers.text import Lang, Message, inline, label, number, p_text, say, with_ends


def errors_table(rows: pd.DataFrame, one: Specification, lang: Lang) -> pd.DataFrame:
    """Return one estimate under several rules: effect with interval, coefficient with error, p, clusters."""
    shown = rows[rows["status"] == "estimated"]
    table = pd.DataFrame(
        {"rule": shown["rule"], "cluster": shown["cluster"],
         "effect_interval": [effect_words(row, one.estimator) for row in shown.itertuples()],
         "coefficient": [
             number(row.estimate, "+.3f") + ("" if np.isnan(row.std_error) else f" ({row.std_error:.3f})")
             for row in shown.itertuples()
         ],
         "p_value": [p_text(p) for p in shown["p_value"]], "n_clusters": shown["n_clusters"].astype("Int64")}
    )  # fmt: skip
    return labelled(table, lang, values=("rule", "cluster"))


def errors_note(rows: pd.DataFrame, few: WildTest | RandomisationTest | Message, lang: Lang) -> str:
    """Say what the rules are, what the number of clusters allows, which test decides and which rule has no estimate."""
    if isinstance(few, Message):
        said = few.text(lang)
    elif isinstance(few, RandomisationTest):
        said = say("evidence.errors_randomised", lang, vectors=f"{few.n_vectors:,}", smallest=p_text(few.smallest_p),
                   treated=few.n_treated)  # fmt: skip
    else:
        key = "evidence.errors_note" if few.is_enumerated else "evidence.errors_note_drawn"
        said = say(key, lang, vectors=f"{few.n_vectors:,}", smallest=f"{few.smallest_p:.2g}")
    # The second wild bootstrap is that of groups of groups.
    areas = rows[(rows["rule"] == "wild") & (rows["status"] == "estimated")].iloc[1:]
    if len(areas):
        clusters, smallest = int(areas["n_clusters"].iloc[0]), areas["smallest_p"].iloc[0]
        said += say("evidence.errors_areas", lang, areas=clusters, smallest=f"{smallest:.3g}")
    refused = rows[(rows["status"] != "estimated") & ~rows["rule"].isin(["wild", "randomisation"])]
    return said + "".join(
        say("evidence.rule_refused", lang, rule=label(row.rule, lang), reason=row.reason.text(lang))
        for row in refused.itertuples()
    )


def in_percent(found, estimator: str) -> tuple[float, float, float]:
    """Return estimate and interval (`estimate`, `conf_low`, `conf_high`) in per cent, or in points for OLS."""
    values = (found.estimate, found.conf_low, found.conf_high)
    return tuple(100 * (np.expm1(value) if estimator == "poisson" else value) for value in values)


def effect_words(found, estimator: str) -> str:
    """Return `in_percent` with the interval in brackets."""
    return with_ends(*in_percent(found, estimator), "+,.0f")


def _effect_or_why(row, lang: Lang) -> str:
    return effect_words(row, row.estimator) if row.status == "estimated" else row.reason.text(lang)


def families(derived: pd.DataFrame, declared: Plan) -> pd.DataFrame:
    """Return the corrected p values of every family of several tests; one that cannot be corrected has its reason.

    Returns
    -------
    DataFrame
        family, name, outcome, exposure, estimate, p, p_holm, p_romano_wolf, q_bh, reason (a `Message` or None).
    """
    found = []
    for family in dict.fromkeys(one.family for one in declared.specifications):
        members = declared.of(family=family).specifications
        if len(members) < 2 or {one.estimator for one in members} - {"poisson", "ols"}:
            continue
        try:
            found.append(corrected(derived, declared, family).assign(family=family, reason=None))
        except NotEstimable as trouble:
            found.append(pd.DataFrame([{"family": family, "reason": trouble.message}]))
    columns = ["family", "name", "outcome", "exposure", "estimate", "p", "p_holm", "p_romano_wolf", "q_bh", "reason"]
    return pd.concat(found, ignore_index=True).reindex(columns=columns) if found else pd.DataFrame(columns=columns)


def families_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return `families` in words, those that were corrected."""
    shown = rows[rows["reason"].isna()]
    table = shown[["family", "outcome", "exposure"]].assign(
        estimate=[number(value, "+.3f") for value in shown["estimate"]],
        **{name: [p_text(value) for value in shown[name]] for name in ("p", "p_holm", "p_romano_wolf", "q_bh")},
    )
    return labelled(table, lang, values=("family", "outcome", "exposure"))


def families_note(rows: pd.DataFrame, lang: Lang) -> str:
    """Say which families could not be corrected, and why."""
    refused = rows[rows["reason"].notna()]
    return "".join(
        say("evidence.family_refused", lang, family=label(row.family, lang), reason=row.reason.text(lang))
        for row in refused.itertuples()
    )


def curve_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the estimated specifications in order of their estimate, in per cent of the outcome's mean."""
    known = rows[rows["estimate"].notna()].sort_values("estimate_pct", ignore_index=True)
    return known.assign(place=np.arange(1, len(known) + 1))


def curve_drawn(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the numbers behind the curve, each with its choices."""
    named = rows["fixed_effects"].str.split(" + ", regex=False)
    effects = [say("pages.comma", lang).join(label(name, lang) for name in names) for names in named]
    table = pd.DataFrame(
        {"outcome": rows["outcome"], "estimator": rows["estimator"], "fixed_effects": effects, "sample": rows["sample"],
         "effect_size": rows["estimate_pct"].map(three_digits), "effect_from": rows["conf_low_pct"].map(three_digits),
         "effect_to": rows["conf_high_pct"].map(three_digits), "n_obs": rows["n_obs"].astype("Int64")}
    )  # fmt: skip
    return labelled(table, lang, values=("outcome", "estimator", "sample"))


def curve_alt(rows: pd.DataFrame, lang: Lang) -> str:
    """Describe the curve: specifications, range, and intervals clear of zero."""
    above, below = int((rows["conf_low_pct"] > 0).sum()), int((rows["conf_high_pct"] < 0).sum())
    return say("evidence.curve_alt", lang, n=len(rows), least=number(rows["estimate_pct"].min(), "+,.0f"),
               greatest=number(rows["estimate_pct"].max(), "+,.0f"), above=above, below=below)  # fmt: skip


def curve_sentence(found: Curve, rows: pd.DataFrame, lang: Lang) -> str:
    """Say the median, how many agree in sign, and the joint test."""
    middle = rows["estimate_pct"].median()
    same = int((np.sign(rows["estimate_pct"]) == np.sign(middle)).sum())
    said = say("evidence.curve_says", lang, n=len(rows), median=number(middle, "+,.0f"), same=same)
    if found.joint is None:
        return said + say("evidence.curve_no_joint", lang)
    joint = found.joint.set_index("statistic")["p_value"].map(p_text)
    return said + say("evidence.curve_joint", lang, share=joint["share_significant"], z=joint["stouffer_z"])


def left_out_table(found: dict[str, pd.DataFrame], estimate: float, lang: Lang) -> pd.DataFrame:
    """Return the range of the estimate when each unit of a level is left out, and its largest change; names no unit."""
    rows = [
        {"left_out_level": by, "n_left_out": len(part), "least": number(part["estimate"].min(), "+.3f"),
         "greatest": number(part["estimate"].max(), "+.3f"),
         "change_in_se": number(part["change_in_se"].abs().max(), ".2f"),
         "sign_changes": int((np.sign(part["estimate"].dropna()) != np.sign(estimate)).sum()),
         "n_refused": int(part["estimate"].isna().sum())}
        for by, part in found.items()
    ]  # fmt: skip
    columns = ["left_out_level", "n_left_out", "least", "greatest", "change_in_se", "sign_changes", "n_refused"]
    return labelled(pd.DataFrame(rows, columns=columns), lang, values=("left_out_level",))


def unseen_sentences(found: Unseen, lang: Lang, *, study: Study) -> list[str]:
    """Say what an unseen confounder would have to be: linear estimate, robustness values, Oster, weighting."""
    if isinstance(found.linear, Message):
        return [found.linear.text(lang)]
    term = found.linear.term("treated")
    said = [
        say(f"evidence.unseen_linear_{study}", lang, n=f"{found.linear.n_obs:,}",
            treated=int(found.firms["treated"].sum()), estimate=number(term["estimate"], "+.3f"),
            low=number(term["conf_low"], "+.3f"), high=number(term["conf_high"], "+.3f"))
    ]  # fmt: skip
    if isinstance(found.robustness, Robustness):
        said.append(say("evidence.unseen_rv", lang, rv=f"{100 * found.robustness.rv_q:.1f}",
                        rva=f"{100 * found.robustness.rv_q_alpha:.1f}"))  # fmt: skip
    else:
        said.append(found.robustness.text(lang))
    if isinstance(found.oster, Oster):
        said.append(say("evidence.unseen_oster", lang, beta=number(found.oster.beta_star, "+.3f"),
                        delta=number(found.oster.delta_zero, "+.2f"), r_max=f"{found.oster.r_max:.2f}"))  # fmt: skip
    else:
        said.append(found.oster.text(lang))
    if isinstance(found.weighted, Weighted):
        effective = found.weighted.overlap.set_index("is_treated")["effective_n"]
        said.append(say("evidence.unseen_aipw", lang, estimate=number(found.weighted.estimate, "+.3f"),
                        low=number(found.weighted.conf_low, "+.3f"), high=number(found.weighted.conf_high, "+.3f"),
                        trimmed=found.weighted.n_trimmed, effective=f"{effective.min():.0f}"))  # fmt: skip
    else:
        said.append(found.weighted.text(lang))
    return said


def benchmarks_table(found: Robustness, lang: Lang) -> pd.DataFrame:
    """Return what is left of the estimate with a confounder as strong as each baseline covariate."""
    rows = found.bounds
    table = pd.DataFrame(
        {"covariate": rows["benchmark"], "times": [f"{k:g}" for k in rows["k"]],
         "r2_exposure": [f"{100 * value:.1f}" for value in rows["r2_exposure"]],
         "r2_outcome": [f"{100 * value:.1f}" for value in rows["r2_outcome"]],
         "left_of_it": [
             with_ends(*ends, "+.3f")
             for ends in zip(rows["estimate"], rows["conf_low"], rows["conf_high"], strict=True)
         ]}
    )  # fmt: skip
    return labelled(table, lang, values=("covariate",))


def spillover_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the specifications of spillover in words; one that cannot be estimated has its reason."""
    written = [_effect_or_why(row, lang) for row in rows.itertuples()]
    places = [say("evidence.another_grid" if flag else "evidence.own_grid", lang) for flag in rows["is_placebo"]]
    table = pd.DataFrame(
        {"outcome": rows["outcome"], "exposure": rows["exposure"], "whose": places,
         "fixed_effects": [say("pages.comma", lang).join(inline(name, lang) for name in names)
                           for names in rows["effects"]],
         "effect_interval": written, "p_wild": ["–" if pd.isna(p) else p_text(p) for p in rows["p_wild"]],
         "detectable": ["–" if pd.isna(least) else f"+{number(100 * np.expm1(least), ',.0f')} %"
                        for least in rows["detectable"]]}
    )  # fmt: skip
    # Whose exposure it is goes without saying where no other group's is put in its place.
    shown = table if rows["is_placebo"].any() else table.drop(columns="whose")
    return labelled(shown, lang, values=("outcome", "exposure"))


def trend_sentence(found: TrendBefore | Message, lang: Lang) -> str:
    """Say how treated firms moved before treatment, and what the estimate is with that slope held fixed."""
    if isinstance(found, Message):
        return found.text(lang)
    numbers = {}
    for name, row in (("slope", found.slope), ("held", found.held_fixed)):
        numbers[name] = effect_words(row, found.by_cluster.estimator)
    return say("evidence.trend_says", lang, years=YEARS_BEFORE, p=p_text(found.slope["p_value"]), **numbers)


def codings_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return one row a coding in words; one that cannot be estimated has its reason."""
    written = [_effect_or_why(row, lang) for row in rows.itertuples()]
    table = pd.DataFrame(
        {"coding": [say(f"evidence.coding_{name}", lang) for name in rows["coding"]], "effect_interval": written,
         "p_value": ["–" if pd.isna(p) else p_text(p) for p in rows["p_value"]],
         "n_obs": rows["n_obs"].astype("Int64"), "n_units": rows["n_units"].astype("Int64")}
    )  # fmt: skip
    return labelled(table, lang)


def codings_sentence(rows: pd.DataFrame, lang: Lang) -> str:
    """Say how far the estimate moves with the coding, and whether its sign or its interval's side does."""
    known = rows[rows["status"] == "estimated"]
    if known.empty:
        return say("evidence.no_codings", lang)
    percent = [in_percent(row, row.estimator)[0] for row in known.itertuples()]
    declared = np.sign(known["estimate"].iloc[0])
    clear = int(((known["conf_low"] > 0) | (known["conf_high"] < 0)).sum())
    return say("evidence.codings_says", lang, n=len(known), least=number(min(percent), "+,.0f"),
               greatest=number(max(percent), "+,.0f"), other=int((np.sign(known["estimate"]) != declared).sum()),
               clear=clear)  # fmt: skip


def channels_table(found: list[Channel], lang: Lang) -> pd.DataFrame:
    """Return one row a declared mediation: what runs through the mediator, what does not, what would undo it."""
    rows = []
    for one in found:
        row = {"outcome": one.one.outcome, "exposure": one.one.exposure, "mediator": one.mediator}
        if isinstance(one.found, Message):
            rows.append(row | {"through": one.found.text(lang)})
            continue
        parts = one.found.table.set_index("term")
        written = {
            name: with_ends(*(parts.loc[term, end] for end in ("estimate", "conf_low", "conf_high")), "+.3f")
            for name, term in (("through", "acme"), ("not_through", "ade"))
        }
        rows.append(row | written | {"rho_zero": number(one.found.rho_zero, "+.2f")})
    columns = ["outcome", "exposure", "mediator", "through", "not_through", "rho_zero"]
    table = pd.DataFrame(rows).reindex(columns=columns).fillna("–")
    return labelled(table, lang, values=("outcome", "exposure", "mediator"))


def channels_note(found: list[Channel], lang: Lang) -> str:
    """Say what has to hold for the parts to be effects, once a mediator: outcomes differ in name alone."""
    known = {one.mediator: one.found.assumption.text(lang) for one in reversed(found)
             if not isinstance(one.found, Message)}  # fmt: skip
    return say("evidence.channels_note", lang) + " ".join(known.values())


def grade_table(found: Grade, lang: Lang) -> pd.DataFrame:
    """Return every declared check with what was found."""
    return labelled(found.frame(lang), lang)


def robustness_results(rows: pd.DataFrame, found: Grade) -> dict[str, dict]:
    """Return the page's estimates and the grade's checks as plain values, for its results cell."""
    estimates = {
        f"{row.rule}|{row.cluster}": {
            name: getattr(row, name) for name in ("estimate", "conf_low", "conf_high", "p_value")
        }
        for row in rows[rows["status"] == "estimated"].itertuples()
    }
    return estimates | {"grade": {"level": found.level} | {one.name: one.passed for one in found.checks}}
