"""Tables of the office's brief: cases by name of firm or organisation, a page's length of each, and how many in all."""

from typing import Any

import pandas as pd

from helpers import engine, outcomes
from helpers.forces import brief
from helpers.params.pages import Page95
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.text import Lang, label, say

OF_A_PERSON = ("职工困难", "子女入学")
PARTS = ("uncovered", "terms", "certificates", "requests", "deliveries")


def brief_cases(zone: Study, values: Page95) -> dict[str, pd.DataFrame]:
    """Return the cases of each part, `PARTS` in order; an empty table where there is none."""
    as_of = zone.params.as_of
    orgs, coverage = zone.table("party_orgs"), zone.table("org_coverage")
    return {
        "uncovered": brief.firms_without_coverage(zone.table("enterprises"), coverage, orgs, as_of=as_of),
        "terms": brief.terms_ending(orgs, as_of=as_of, days=values.term_days),
        "certificates": _certificates(zone),
        "requests": brief.requests_open(zone.table("service_tickets"), as_of=as_of),
        "deliveries": brief.deliveries_late(zone.table("policy_deliveries"), as_of=as_of, days=values.delivery_days),
    }


def _certificates(zone: Study) -> pd.DataFrame:
    with engine.session(spill_in=zone.folder) as con:
        spells = engine.read(con, zone.folder / "clean" / "certification_spells.parquet")
        found = outcomes.expiring(spells, on=zone.params.as_of).execute()
    left = (found["to_on"] - pd.Timestamp(zone.params.as_of)).dt.days
    found = found.assign(valid_to=found["to_on"] - pd.Timedelta(days=1), days_left=left)
    return found.sort_values(["to_on", "uscc", "cert_type"], ignore_index=True)[
        ["uscc", "cert_type", "valid_to", "days_left"]
    ]


def brief_table(zone: Study, cases: dict[str, pd.DataFrame], part: str, lang: Lang, *, most: int) -> pd.DataFrame:
    """Return the first `most` cases of a part in words, firms by name.

    `cases`: from `brief_cases`; `part`: a key of `cases`.
    """
    rows = cases[part].head(most)
    shown = rows.drop(columns=[name for name in ("uscc", "org_id", "request_id", "org_name") if name in rows])
    if "org_name" in rows:
        shown.insert(0, "organisation_name", rows["org_name"])
    elif "uscc" in rows:
        firms = _names(zone).reindex(rows["uscc"]).fillna("–").reset_index(drop=True)
        if "category" in rows:
            # In a small firm the request would be known for somebody's.
            of_person = rows["category"].isin(OF_A_PERSON).reset_index(drop=True)
            firms = firms.mask(of_person, say("brief.not_named", lang))
        shown.insert(0, "firm", firms.to_numpy())
    for name in shown.columns:
        if pd.api.types.is_datetime64_any_dtype(shown[name]):
            shown[name] = shown[name].dt.strftime("%Y-%m-%d")
        elif name in ("reason", "cert_type", "category", "channel", "org_type", "above_scale"):
            shown[name] = [label(str(value), lang) if pd.notna(value) else None for value in shown[name]]
    if "days" in shown:
        shown["days"] = shown["days"].round().astype("Int64")
    return labelled(shown, lang)


def brief_note(cases: dict[str, pd.DataFrame], part: str, lang: Lang, *, most: int) -> str:
    """Say how many cases there are, and that the table ends where it does.

    `cases`: from `brief_cases`; `part`: a key of `cases`; `most`: rows shown.
    """
    n = len(cases[part])
    return say("brief.all_shown" if n <= most else "brief.cut", lang, n=f"{n:,}", most=most)


def brief_finding(cases: dict[str, pd.DataFrame], lang: Lang) -> str:
    """Say in one line how many cases of each part there are.

    `cases`: from `brief_cases`.
    """
    overdue = int((cases["terms"]["days_left"] < 0).sum())
    counts = {name: f"{len(rows):,}" for name, rows in cases.items()}
    undelivered = int(cases["deliveries"]["undelivered"].sum())
    return say("brief.finding", lang, **counts, overdue=overdue, undelivered=f"{undelivered:,}")


def brief_results(cases: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Return the number of cases of each part.

    `cases`: from `brief_cases`.
    """
    return {name: len(rows) for name, rows in cases.items()}


def _names(zone: Study) -> pd.Series:
    return zone.table("enterprises").drop_duplicates("uscc").set_index("uscc")["name_zh"]
