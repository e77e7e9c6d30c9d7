"""Tables of the panel: how it was joined, who is in it each year, when firms were treated."""

import pandas as pd

from helpers.models.association import COMPLETE
from helpers.panel.joins import explained
from helpers.study import Study
from helpers.tables.labels import column_title, labelled, table_title
from helpers.tables.panels import unit_of
from helpers.text import Lang, label, say

TEXTS = ("step", "why", "check", "column")


def joins_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return every join or step that made the panel, with rows in, matched, unmatched and out."""
    if not (zone.folder / "joins.csv").exists():
        return labelled(_counted(zone.record("steps")), lang, values=("check", "column"))
    return labelled(explained(_counted(zone.record("joins")), lang), lang)


def _counted(record: pd.DataFrame) -> pd.DataFrame:
    counts = {name: pd.to_numeric(record[name]).astype("Int64") for name in record if name not in TEXTS}
    return record.assign(**counts)


def years_table(panel: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return one row a year: firms, those that entered, those in their last year, and means of outcomes.

    A year whose filings are not all visible yet shows no mean.
    """
    unit = unit_of(panel)
    first, last = panel.groupby(unit)["year"].transform("min"), panel.groupby(unit)["year"].transform("max")
    outcomes = [name for name in OUTCOMES if name in panel]
    marked = panel.assign(is_first=panel["year"] == first, is_last=panel["year"] == last, **_complete(panel, outcomes))
    table = marked.groupby("year").agg(
        firms=(unit, "nunique"), entering=("is_first", "sum"), leaving=("is_last", "sum"),
        **{name: (name, "mean") for name in outcomes},
    )  # fmt: skip
    table.loc[table.index.min(), "entering"] = pd.NA
    table.loc[table.index.max(), "leaving"] = pd.NA
    return labelled(table.reset_index().convert_dtypes(), lang)


def _complete(panel: pd.DataFrame, outcomes: list[str]) -> dict[str, pd.Series]:
    """Return outcomes with the years that are not complete left empty."""
    flags = {name: panel.get(name + COMPLETE) for name in outcomes}
    return {name: panel[name].where(flag.astype(bool)) for name, flag in flags.items() if flag is not None}


OUTCOMES = ("patents_invention", "patents_utility", "patents_design", "total_patents", "green_patents")


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


def panel_results(panel: pd.DataFrame) -> dict[str, int]:
    """Return firm-years, firms, first and last year of the panel."""
    unit = unit_of(panel)
    return {"firm_years": len(panel), "firms": panel[unit].nunique(), "first_year": panel["year"].min(),
            "last_year": panel["year"].max()}  # fmt: skip


def linkage_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return one row a column that names an enterprise: rows, matched, share, and why the others did not match."""
    found = zone.record("linkage").astype({"k": "int64", "n": "int64"})
    rows = []
    for (table, column), group in found.groupby(["table", "column"], sort=False):
        is_matched = group["outcome"].str.startswith("matched")
        others = group[(group["outcome"] != "matched") & (group["k"] > 0)]
        matched, total = int(group.loc[is_matched, "k"].sum()), int(group["n"].iloc[0])
        named = [f"{label(row.outcome, lang)} {row.k:,}" for row in others.itertuples()]
        rows.append(
            {
                "table": table_title(table, lang),
                "column": column_title(table, column, lang),
                "rows": total,
                "matched": matched,
                "matched_pct": round(100 * matched / total, 1) if total else None,
                "unmatched_why": say("pages.semicolon", lang).join(named) or None,
            }
        )
    return labelled(pd.DataFrame(rows), lang)


def linkage_finding(zone: Study, lang: Lang) -> str:
    """Say how many filings match the register by their applicant's code, and by any owner's."""
    shares = _linked(zone)
    (k, n), (any_k, any_n) = shares["patents.uscc"], shares["patents.any_owner"]
    return say("pages.linkage_finding", lang, k=f"{k:,}", n=f"{n:,}", share=f"{100 * k / n:.1f}",
               any_share=f"{100 * any_k / any_n:.1f}")  # fmt: skip


def linkage_results(zone: Study) -> dict[str, list[int]]:
    """Return matched rows and rows, by table and column."""
    return {name: list(pair) for name, pair in _linked(zone).items()}


def _linked(zone: Study) -> dict[str, tuple[int, int]]:
    found = zone.record("linkage").astype({"k": "int64", "n": "int64"})
    found["matched"] = found["k"].where(found["outcome"].str.startswith("matched"), 0)
    by = found.groupby(["table", "column"], sort=False).agg(k=("matched", "sum"), n=("n", "first"))
    return {f"{table}.{column}": (int(row.k), int(row.n)) for (table, column), row in by.iterrows()}


def joins_title(zone: Study, lang: Lang) -> str:
    """Return the caption of `joins_table`: joins of several tables, or the steps of a panel that came as one."""
    return say("pages.joins" if (zone.folder / "joins.csv").exists() else "pages.panel_steps", lang)


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


def panel_finding(panel: pd.DataFrame, lang: Lang) -> str:
    """Say in one line which firms and years the panel holds."""
    found = panel_results(panel)
    return say("pages.panel_finding", lang, firms=f"{found['firms']:,}", rows=f"{found['firm_years']:,}",
               first=found["first_year"], last=found["last_year"])  # fmt: skip
