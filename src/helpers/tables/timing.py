"""Tables of when: first organisations and charter clauses by year."""

import pandas as pd

from helpers.tables.panel import unit_of
from helpers.text import Lang, say


def timeline(panel: pd.DataFrame) -> pd.DataFrame:
    """Return one row a year: firms newly with an organisation or a charter clause, and the running share of all.

    Returns
    -------
    DataFrame
        year, organisations, charters (firms), organisations_share_pct (0-100, of all firms of the panel); no row for
        a panel without party variables.
    """
    if "cohort_org" not in panel:
        return pd.DataFrame(columns=["year", "organisations", "charters", "organisations_share_pct"])
    firms = panel.drop_duplicates(unit_of(panel))
    years = range(int(panel["year"].min()), int(panel["year"].max()) + 1)
    new = {name: firms[f"cohort_{name}"].value_counts() for name in ("org", "charter")}
    before = int((firms["cohort_org"] < min(years)).sum())
    table = pd.DataFrame({"year": list(years)})
    table["organisations"] = table["year"].map(new["org"]).fillna(0).astype(int)
    table["charters"] = table["year"].map(new["charter"]).fillna(0).astype(int)
    table["organisations_share_pct"] = 100 * (before + table["organisations"].cumsum()) / len(firms)
    return table


def timeline_finding(panel: pd.DataFrame, lang: Lang) -> str:
    """Say how many firms had an organisation by the end and how spread the years of founding are."""
    if "cohort_org" not in panel:
        return say("pages.no_party_variable", lang)
    firms = panel.drop_duplicates(unit_of(panel))
    years = firms["cohort_org"].dropna().astype(int)
    if years.empty:
        return say("pages.no_party_variable", lang)
    return say("pages.timeline_finding", lang, ever=f"{len(years):,}", firms=f"{len(firms):,}",
               q1=int(years.quantile(0.25)), q3=int(years.quantile(0.75)))  # fmt: skip
