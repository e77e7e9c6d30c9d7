"""Tables of linkage: codes that stand in the register, links of filings by name, and how good these are."""

import pandas as pd

from helpers.forces.intervals import shares
from helpers.link import judge
from helpers.study import Study
from helpers.tables.labels import column_title, labelled, table_title, with_interval
from helpers.text import Lang, label, number, say


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


def name_links(zone: Study) -> pd.DataFrame:
    """Return what the printed applicants alone say of every filing, and whether its code says the same.

    Returns
    -------
    DataFrame
        As `judge.by_name_alone`, one row a filing. Former names of the register have no dates there.
    """
    register = zone.table("enterprises").rename(columns={"name_zh": "name", "uscc": "code"})
    patents = zone.table("patents")
    code = patents["uscc"].where(patents["uscc"].isin(register["code"]))
    former = register[["code", "former_names"]].dropna()
    former = former.assign(former_name=former["former_names"].str.split(";")).explode("former_name")
    records = pd.DataFrame({"name": patents["applicants_raw"], "code": code})
    return judge.by_name_alone(register, records, former[["code", "former_name"]])


def precision_table(judged: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return links by name of filings with a code, by reason, and how many are of the firm that the code names.

    `judged`: from `name_links`.
    """
    found = judge.precision_by_reason(judged)
    share = shares(found["right"], found["links"])
    shown = found.assign(reason=[label(f"link_{reason}", lang) for reason in found["reason"]])
    shown["link_precision"] = with_interval(share, "pct", digits=1)
    return labelled(shown.rename(columns={"reason": "link_reason", "right": "same_as_code"}), lang)


def precision_note(judged: pd.DataFrame, lang: Lang) -> str:
    """Say how many filings with a code their names find, and how many go to review.

    `judged`: from `name_links`.
    """
    counts = judge.recall(judged)
    n = sum(counts.values())
    percent = {name: number(100 * k / n, ".1f") if n else "–" for name, k in counts.items()}
    return say("pages.precision_note", lang, n=f"{n:,}", **percent)


def without_code_table(judged: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return filings without a code of the register by what their names say, and why.

    `judged`: from `name_links`.
    """
    rest = judged[judged["is_uncoded"]]
    counted = rest.groupby(["outcome", "reason"]).size().rename("filings").reset_index()
    order = counted["outcome"].map({"linked": 0, "review": 1, "none": 2})
    counted = counted.assign(order=order).sort_values(["order", "filings", "reason"], ascending=[True, False, True])
    shown = pd.DataFrame(
        {
            "name_says": [label(f"name_{outcome}", lang) for outcome in counted["outcome"]],
            "link_reason": [label(f"link_{reason}", lang) for reason in counted["reason"]],
            "filings": counted["filings"].to_numpy(),
        }
    )
    return labelled(shown, lang)
