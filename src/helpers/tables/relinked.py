"""Tables of the estimates under other rules of linkage: which links are counted, and what becomes of the difference."""

from collections.abc import Mapping

import pandas as pd

from helpers import models
from helpers.findings.scales import written
from helpers.panel.relink import by_links_alone, with_links
from helpers.params.pages import Page72
from helpers.study import Study
from helpers.tables.associations import estimates_table
from helpers.tables.labels import labelled
from helpers.tables.linkage import name_links
from helpers.tables.panel import complete, outcome_estimators, unit_of
from helpers.text import Lang, label, say

WHOLE_NAMES = ("exact", "former_name")
CODES, NAMES = "codes", "names_alone"


def links_by_name(zone: Study) -> pd.DataFrame:
    """Return every filing that its applicant's name alone gives to a firm.

    Returns
    -------
    DataFrame
        One row a filing: uscc (of the firm found), year, patent_type, reason, is_uncoded (its code is of no firm of the
        register).
    """
    judged = name_links(zone)
    patents, register = zone.table("patents"), zone.table("enterprises")
    codes = register["uscc"].tolist()
    code = [codes[row] if pd.notna(row) else None for row in judged["left_row"]]
    found = pd.DataFrame(
        {
            "uscc": code, "year": patents["filing_year"].to_numpy(), "patent_type": patents["patent_type"].to_numpy(),
            "reason": judged["reason"].to_numpy(), "is_uncoded": judged["is_uncoded"].to_numpy(),
        }
    )  # fmt: skip
    owners = set() if zone.missing(("patent_owners",)) else set(zone.table("patent_owners")["application_no"])
    # A filing whose owners are stated has its firms already.
    is_open = found["is_uncoded"] & ~patents["application_no"].isin(owners).to_numpy()
    return found.assign(is_uncoded=is_open)[found["uscc"].notna() & found["year"].notna()].reset_index(drop=True)


def panels_by_rule(panel: pd.DataFrame, links: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the panel by codes, with whole names, with all links, without each reason, and by names alone."""
    extra = links[links["is_uncoded"]]
    reasons = extra["reason"].value_counts()
    ordered = sorted(reasons.index, key=lambda reason: (-reasons[reason], reason))
    rules = {CODES: extra.iloc[:0], "whole_names": extra[extra["reason"].isin(WHOLE_NAMES)], "all_links": extra}
    if len(ordered) > 1:
        rules |= {f"without:{reason}": extra[extra["reason"] != reason] for reason in ordered}
    made = {rule: with_links(panel, rows) for rule, rows in rules.items()}
    return made | {NAMES: by_links_alone(panel, links)}


def rule_words(rule: str, lang: Lang) -> str:
    """Return a rule of linkage in words."""
    if rule.startswith("without:"):
        return say("pages.rule_without", lang, reason=label(f"link_{rule.removeprefix('without:')}", lang))
    return say(f"pages.rule_{rule}", lang)


def filings_table(panels: Mapping[str, pd.DataFrame], lang: Lang) -> pd.DataFrame:
    """Return the panel's filings in complete years by rule and type."""
    rows = []
    for rule, panel in panels.items():
        row: dict[str, object] = {"link_rule": rule_words(rule, lang)}
        for name in ("patents_invention", "patents_utility", "patents_design"):
            if name in panel:
                row[name] = int(panel.loc[complete(panel, name), name].sum())
        rows.append(row)
    return labelled(pd.DataFrame(rows), lang)


def estimates_by_rule(panels: Mapping[str, pd.DataFrame], values: Page72) -> pd.DataFrame:
    """Return the estimates of every outcome under every rule: as `models.associations`, with `rule`."""
    parts = []
    for rule, panel in panels.items():
        rows = models.associations(
            panel, outcomes=outcome_estimators(values.outcomes), exposures=values.exposures, controls=values.controls,
            fixed_effects=values.fixed_effects, clusters=values.clusters[:1], unit=unit_of(panel),
        )  # fmt: skip
        parts.append(rows.assign(rule=rule))
    return pd.concat(parts, ignore_index=True)


def rules_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return one row an outcome and rule: the difference with its interval, sample and clusters."""
    rows = rows[rows["status"] == "estimated"].sort_values(["outcome", "exposure"], kind="stable")
    shown = estimates_table(rows, lang)
    shown.insert(1, label("link_rule", lang), [rule_words(rule, lang) for rule in rows["rule"]])
    return shown


def rules_finding(rows: pd.DataFrame, lang: Lang) -> str:
    """Say how far the differences move between rules, and whether any interval changes sides of zero."""
    rows = rows[rows["status"] == "estimated"]
    if rows.empty:
        return say("pages.no_rules", lang)
    by = rows.groupby(["outcome", "exposure"])
    moved = (by["effect"].max() - by["effect"].min()).max()
    clear = rows["conf_low"].mul(rows["conf_high"]) > 0
    changed = int((clear.groupby([rows["outcome"], rows["exposure"]]).nunique() > 1).sum())
    rules = rows["rule"].nunique()
    told = written(moved, lang, of="points", signed=False)
    return say("pages.rules_finding", lang, rules=rules, n=len(by), moved=told, changed=changed)


def rules_results(panels: Mapping[str, pd.DataFrame], rows: pd.DataFrame) -> dict[str, float]:
    """Return the estimate of every outcome on the first exposure, by rule (log scale)."""
    kept = rows[(rows["status"] == "estimated") & (rows["exposure"] == rows["exposure"].iloc[0])]
    return {f"{row.outcome} {row.rule}": round(row.estimate, 4) for row in kept.itertuples()}
