"""Tables of linkage by code: which columns name an enterprise, and how many of their rows stand in the register."""

import pandas as pd

from helpers.study import Study
from helpers.tables.labels import column_title, labelled, table_title
from helpers.text import Lang, label, say


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
    if not n or not any_n:
        return say("pages.no_filings", lang)
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
