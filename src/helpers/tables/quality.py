"""Tables of data quality: what was read, what was found in it, what is missing, and how well reading did."""

import pandas as pd

from helpers import codebook
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.text import Lang

ACTIONS = ("repaired", "flagged", "nulled", "set_aside")
SHOWN_HASH = 12


def _title(table: str, lang: Lang) -> str:
    book = codebook.load().tables
    return table if table not in book else (book[table].name_zh if lang == "zh" else book[table].name_en)


def sources(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return one row a file and sheet read: table, file, sheet, encoding, header row, rows, start of the SHA-256."""
    found = zone.record("sources")
    found["table"] = [_title(name, lang) for name in found["table"]]
    found["sha256"] = found["sha256"].str.slice(0, SHOWN_HASH)
    found["rows"] = found["rows"].astype("Int64")
    return labelled(found, lang)


def reading_counts(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return one row a table: rows read, kept and set aside; cells repaired, set missing and flagged."""
    found = zone.record("counts")
    numbers = [name for name in found.columns if name != "table"]
    found[numbers] = found[numbers].astype("int64")
    found["table"] = [_title(name, lang) for name in found["table"]]
    return labelled(found, lang)


def findings_by_rule(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return one row a rule with how many cells or rows it repaired, flagged, set missing or set aside.

    Findings in person-level tables are counted in `reading_counts` only.
    """
    found = zone.record("problems")
    found = found[found["action"].isin(ACTIONS)]
    counts = pd.crosstab(found["rule"], found["action"]).reindex(columns=list(ACTIONS), fill_value=0)
    counts = counts.rename_axis(columns=None).reset_index()
    counts["rule"] = [_rule_label(rule, lang) for rule in counts["rule"]]
    return counts


def _rule_label(rule: str, lang: Lang) -> str:
    if rule.startswith("rule:"):
        for table in codebook.load().tables.values():
            for stated in table.rules:
                if stated.name == rule.removeprefix("rule:"):
                    return stated.message_zh if lang == "zh" else stated.message_en
    return labelled(pd.DataFrame({"rule": [rule]}), lang, values=("rule",)).iloc[0, 0]


def missingness(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return one row a table and column: table, column (in words), missing_pct (0-100)."""
    book, rows = codebook.load(), []
    for name, frame in zone.all_tables().items():
        for column in book[name].columns:
            if column.name in frame:
                heading = column.name_zh if lang == "zh" else column.name_en
                rows.append(
                    {
                        "table": _title(name, lang),
                        "column": heading,
                        "missing_pct": 100 * frame[column.name].isna().mean(),
                    }
                )
    return pd.DataFrame(rows)


def score_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return how many planted faults of each kind reading found and mended, from the synthetic run's truth."""
    return labelled(_score(zone), lang, values=("kind",))


def _score(zone: Study) -> pd.DataFrame:
    path = zone.truth("score.csv")
    return pd.read_csv(path) if path.exists() else pd.DataFrame({"kind": pd.Series(dtype="str")})


def quality_results(zone: Study) -> dict[str, object]:
    """Return the page's totals: rows read, kept and set aside, cells touched by action, tables held."""
    counts = zone.record("counts").set_index("table").astype("int64").sum()
    return {**{name: int(value) for name, value in counts.items()}, "tables": len(zone.table_names())}
