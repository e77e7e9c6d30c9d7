"""Tables of the declared plan: its panel, everything it declares estimated once, and what lies outside it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.findings.scales import IN_PERCENT
from helpers.models.association import NUMBERS, described, visible
from helpers.models.one_plus import log_one_plus
from helpers.models.result import NotEstimable
from helpers.plan.model import Plan
from helpers.plan.robustness import fitted
from helpers.plan.sample import analysis_frame, with_derived
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.text import Lang, Message, label, number, p_text, say, with_ends

OUTSIDE = "outside_plan"
ASKED = ("name", "question", "role", "family", "outcome", "exposure", "estimator", "sample", "cluster")


def analysis_panel(zone: Study) -> pd.DataFrame:
    """Return the firm-year panel with every column a declared specification may name, force scores among them."""
    panel = with_derived(zone.panel_with_exposures())
    if zone.params.study != "zone":
        return panel
    return panel.merge(zone.force_scores(), on=["uscc", "year"], how="left", validate="one_to_one")


def with_roles(
    rows: pd.DataFrame, declared: Plan, *, controls: Sequence[str], fixed_effects: Sequence[str]
) -> pd.DataFrame:
    """Return estimates of `models.associations` with the role that the plan gives each; the others are outside it.

    Controls of a page stand at their value of the year, those of the plan at the firm's first: an estimate with any is
    none of the plan's.
    """
    roles = []
    for row in rows.itertuples():
        found = None if controls else declared.declared(
            outcome=row.outcome, exposure=row.exposure, estimator=row.estimator, fixed_effects=fixed_effects,
            cluster=row.cluster,
        )  # fmt: skip
        roles.append(found.role if found else OUTSIDE)
    return rows.assign(role=roles)


def declared_rows(derived: pd.DataFrame, declared: Plan) -> pd.DataFrame:
    """Estimate every declared specification as it is declared.

    Parameters
    ----------
    derived : DataFrame
        From `analysis_panel`.
    declared : Plan

    Returns
    -------
    DataFrame
        One row a specification: name, question, role, family, outcome, exposure, estimator, sample, cluster, status,
        reason (a `Message` or None), is_share (the outcome is zeros and ones) and the numbers of
        `models.association.described`.
    """
    rows = []
    for one in declared.specifications:
        kept = one.model_dump(include=set(ASKED))
        lacking = [name for name in (one.outcome, one.exposure) if name not in derived]
        try:
            if lacking:
                raise NotEstimable(Message("evidence.no_column", {"columns": tuple(lacking)}))
            frame, _ = analysis_frame(derived, one)
            found = described(fitted(frame, one))
        except NotEstimable as trouble:
            rows.append({**kept, "status": "not_estimable", "reason": trouble.message})
            continue
        is_share = set(frame[one.outcome].dropna().astype(float).unique()) <= {0.0, 1.0}
        rows.append({**kept, "status": "estimated", "reason": None, "is_share": is_share, **found})
    # All columns even where nothing was estimated, so that a page can say so.
    return pd.DataFrame(rows, columns=[*ASKED, "status", "reason", "is_share", *NUMBERS])


def declared_estimates(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return `declared_rows` in words, one row a specification; what could not be estimated has its reason."""
    estimated = rows["status"] == "estimated"
    table = pd.DataFrame(
        {
            "role": rows["role"],
            "outcome": rows["outcome"],
            "exposure": rows["exposure"],
            "estimator": rows["estimator"],
            "declared_effect": [
                _effect(row, lang) if row.status == "estimated" else row.reason.text(lang) for row in rows.itertuples()
            ],
            "per_year": [a_year(row) for row in rows.itertuples()],
            "p_value": [p_text(p) if known else "–" for p, known in zip(rows["p_value"], estimated, strict=True)],
            "n_obs": rows["n_obs"].astype("Int64"),
            "n_units": rows["n_units"].astype("Int64"),
        }
    )
    return labelled(table, lang, values=("role", "outcome", "exposure", "estimator"))


def a_year(row) -> str:
    """Return an estimate in units of the outcome a firm-year with its interval, a dash where it has none."""
    if row.status != "estimated" or np.isnan(row.per_year):
        return "–"
    return with_ends(row.per_year, row.per_year_low, row.per_year_high, "+.2f")


def _effect(row, lang: Lang) -> str:
    bounds = (row.estimate, row.conf_low, row.conf_high)
    kind = IN_PERCENT.get(row.estimator)
    if kind:
        return with_ends(*(100 * np.expm1(value) for value in bounds), "+,.1f") + say(f"findings.unit_{kind}", lang)
    if row.is_share:
        return with_ends(*(100 * value for value in bounds), "+,.1f") + say("findings.points_short", lang)
    return with_ends(*bounds, "+,.2f")


def declared_sentence(rows: pd.DataFrame, lang: Lang, *, alpha: float) -> str:
    """Say how many intervals are clear of zero, and how many chance alone would make."""
    known = rows[rows["status"] == "estimated"]
    clear = int(((known["conf_low"] > 0) | (known["conf_high"] < 0)).sum())
    return say("evidence.declared_all_says", lang, all=len(known), clear=clear, chance=f"{alpha * len(known):.0f}")


def declared_results(rows: pd.DataFrame) -> dict[str, dict]:
    """Return the declared estimates as plain numbers by name, for the page's results cell."""
    kept = ["estimate", "conf_low", "conf_high", "n_obs"]
    return {
        row["name"]: {name: row[name] for name in kept} if row["status"] == "estimated" else {"status": row["status"]}
        for _, row in rows.iterrows()
    }


def one_plus_rows(panel: pd.DataFrame, rows: pd.DataFrame, **specification: object) -> pd.DataFrame:
    """Return `models.log_one_plus` of every estimated count on the first exposure, at the first level of clustering.

    Parameters
    ----------
    panel : DataFrame
    rows : DataFrame
        From `models.associations`.
    **specification
        controls, fixed_effects.

    Returns
    -------
    DataFrame
        outcome, exposure and the columns of `models.log_one_plus`.
    """
    first = rows.iloc[0]
    counts = rows[
        (rows["status"] == "estimated") & (rows["estimator"] == "poisson")
        & (rows["exposure"] == first["exposure"]) & (rows["cluster"] == first["cluster"])
    ]  # fmt: skip
    made = []
    for row in counts.itertuples():
        used = visible(panel, row.outcome)
        found = log_one_plus(used, outcome=row.outcome, exposure=row.exposure, cluster=row.cluster, **specification)
        made.append(found.assign(outcome=row.outcome, exposure=row.exposure))
    return pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=["outcome", "exposure", "way"])


def one_plus_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return one row an outcome: Poisson's per cent, and that of ln(1 + s y) for each unit of counting s."""
    written = rows.assign(
        shown=[with_ends(row.percent, row.percent_low, row.percent_high, "+,.1f") for row in rows.itertuples()],
        column=[
            label("poisson", lang) if row.way == "poisson"
            else say("evidence.one_plus", lang, scale="" if row.scale == 1 else f"{row.scale:g}")
            for row in rows.itertuples()
        ],
    )  # fmt: skip
    table = pd.DataFrame(
        [
            {"outcome": outcome, "exposure": exposure, **dict(zip(part["column"], part["shown"], strict=True))}
            for (outcome, exposure), part in written.groupby(["outcome", "exposure"], sort=False)
        ]
    )
    return labelled(table, lang, values=("outcome", "exposure"))


def one_plus_sentence(rows: pd.DataFrame, lang: Lang) -> str:
    """Say how far one and the same regression moves with the unit of counting."""
    spans = rows[rows["way"] == "ln"].groupby("outcome")["percent"].agg(["min", "max"])
    widest = (spans["max"] - spans["min"]).idxmax()
    least, most = (number(spans.loc[widest, end], "+,.1f") for end in ("min", "max"))
    return say("evidence.one_plus_says", lang, outcome=label(widest, lang), least=least, most=most)

