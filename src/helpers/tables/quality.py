"""Tables of data quality: what was read, what was found in it, what is missing, and how well reading did."""

import pandas as pd

from helpers import codebook
from helpers.study import Study
from helpers.tables.labels import column_title, labelled, table_title
from helpers.text import Lang, catalogue, label, say

ACTIONS = ("repaired", "flagged", "nulled", "set_aside")
SHOWN_HASH = 12
NAMED_FROM_PCT = 5
ENDS = ("to_on", "ended_on", "dissolved_on", "exit_on", "left_on", "closed_at")
SHARES = ("found_share", "found_exactly_share", "handled_share", "restored_share")


def sources(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return one row a file and sheet read: table, file, sheet, encoding, header row, rows, start of the SHA-256.

    Of a run with two sources those of the second stand below those of the first. Small counts of rows about persons
    are hidden.
    """
    found = pd.concat([zone.sources_shown(), *zone.second_sources()], ignore_index=True)
    found["table"] = [table_title(name, lang) for name in found["table"]]
    found["sha256"] = found["sha256"].str.slice(0, SHOWN_HASH)
    if found["rows"].str.isdecimal().all():
        found["rows"] = found["rows"].astype("Int64")
    else:
        found["rows"] = [_grouped(cell) for cell in found["rows"]]
    return labelled(found, lang)


def reading_counts(zone: Study, lang: Lang, *, min_cell: int) -> pd.DataFrame:
    """Return one row a table: rows read, kept and set aside; cells repaired, set missing and flagged.

    Counts of fewer than `min_cell` rows or cells in a table about persons are hidden, and what would give them away.
    """
    found, _ = zone.counts_shown(min_cell)
    found["table"] = [table_title(name, lang) for name in found["table"]]
    for name in found.columns.drop("table"):
        found[name] = [_grouped(cell) for cell in found[name]]
    return labelled(found, lang)


def _grouped(cell: str) -> str:
    return f"{int(cell):,}" if cell.isdecimal() else cell


def findings_by_rule(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return one row a rule with how many cells or rows it repaired, flagged, set missing or set aside.

    Findings in person-level tables are counted in `reading_counts` only.
    """
    found = zone.record("problems")
    found = found[found["action"].isin(ACTIONS)]
    counts = pd.crosstab(found["rule"], found["action"]).reindex(columns=list(ACTIONS), fill_value=0)
    counts = counts.rename_axis(columns=None).reset_index()
    counts["rule"] = [_rule_label(rule, lang) for rule in counts["rule"]]
    total = counts[list(ACTIONS)].sum(axis=1)
    return counts.loc[total.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def _rule_label(rule: str, lang: Lang) -> str:
    if rule.startswith("rule:"):
        for table in codebook.load().tables.values():
            for stated in table.rules:
                if stated.name == rule.removeprefix("rule:"):
                    return stated.message_zh if lang == "zh" else stated.message_en
        said = f"codebook.rule_{rule.removeprefix('rule:')}"
        return say(said, lang) if said in catalogue() else rule.removeprefix("rule:")
    return label(rule, lang)


def missingness(zone: Study, lang: Lang, *, min_cell: int) -> pd.DataFrame:
    """Return one row a table and column: table, column (in words), missing_pct (0-100).

    Columns of ends are left out: a blank there says that something goes on, not that it is missing.

    In a table about persons a share that stands for fewer than `min_cell` rows, missing or not, is not given: 0 and
    100 stand for none and all.
    """
    book, rows = codebook.load(), []
    for name, frame in zone.all_tables().items():
        for column in book[name].columns:
            if column.name in frame and column.name not in ENDS:
                heading = column_title(name, column.name, lang)
                missing = int(frame[column.name].isna().sum())
                few = min(missing, len(frame) - missing)
                is_hidden = book[name].is_restricted and 0 < few < min_cell
                rows.append(
                    {
                        "table": table_title(name, lang),
                        "column": heading,
                        "missing_pct": None if is_hidden else 100 * missing / max(len(frame), 1),
                    }
                )
    return pd.DataFrame(rows).astype({"missing_pct": "float64"})


def missing_columns(missing: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return one row a table that has columns of which 5 % or more is missing, with these columns named.

    Parameters
    ----------
    missing : DataFrame
        From `missingness`.
    """
    worst = missing[missing["missing_pct"] >= NAMED_FROM_PCT].sort_values("missing_pct", ascending=False, kind="stable")
    worst = worst.assign(named=[f"{row.column} {row.missing_pct:.0f} %" for row in worst.itertuples()])
    joined = worst.astype({"named": "str"}).groupby("table", sort=False)["named"].agg(say("pages.semicolon", lang).join)
    tables = [name for name in dict.fromkeys(missing["table"]) if name in joined.index]
    sizes = missing.groupby("table").size()
    shown = {
        "table": tables,
        "columns": [int(sizes[t]) for t in tables],
        "missing_columns": [joined[t] for t in tables],
    }
    return labelled(pd.DataFrame(shown), lang)


def missing_alt(missing: pd.DataFrame, lang: Lang) -> str:
    """Describe the map of missing values: how many columns are full, how many are mostly empty, which is worst.

    `missing`: from `missingness`.
    """
    worst = missing.loc[missing["missing_pct"].idxmax()]
    return say("pages.missingness_alt", lang, tables=missing["table"].nunique(), columns=len(missing),
               full=int((missing["missing_pct"] == 0).sum()), half=int((missing["missing_pct"] >= 50).sum()),
               table=worst["table"], column=worst["column"], share=f"{worst['missing_pct']:.0f}")  # fmt: skip


def findings_alt(rules: pd.DataFrame, lang: Lang) -> str:
    """Describe the figure of findings: how many rules found something, and the most frequent one.

    `rules`: from `findings_by_rule`.
    """
    totals = rules[list(ACTIONS)].sum(axis=1)
    most = rules.loc[totals.idxmax(), "rule"] if len(rules) else say("pages.none", lang)
    return say("pages.findings_alt", lang, rules=len(rules), most=most, n=f"{totals.max() if len(rules) else 0:,}")


def score_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return the shares of planted faults of each kind that reading found, named and mended, from the run's truth.

    Beside them stands how many clean cells reading took for a fault of that kind. A share is left blank where there is
    nothing that it could be a share of. Empty for a run without planted faults.
    """
    score = _score(zone)
    kept = ["kind", "expected_action", "planted", *SHARES, "false_flags"]
    if not len(score):
        return labelled(score, lang)
    shown = score[kept].assign(**{name: [_percent(value) for value in score[name]] for name in SHARES})
    shown["expected_action"] = [label(action, lang) if action else "" for action in score["expected_action"]]
    return labelled(shown, lang, values=("kind",))


def habits_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return one row a habit of the synthetic files: habit, in how many places, in how many reading saw through it.

    Empty for a run of real files, whose habits nobody has listed.
    """
    path = zone.truth("habits.csv")
    if not path.exists():
        return pd.DataFrame({"habit": pd.Series(dtype="str")})
    kinds = pd.read_csv(path).groupby("kind", sort=False)["is_read"].agg(places="size", read_through="sum")
    return labelled(kinds.rename_axis("habit").reset_index(), lang, values=("habit",))


def score_note(zone: Study, lang: Lang) -> str:
    """Say how many clean cells were falsely flagged or changed in silence, and what the score cannot show."""
    total = _score(zone).iloc[-1]
    return say("pages.score_note", lang, clean=f"{total['clean_cells']:,.0f}", flags=f"{total['false_flags']:,.0f}",
               silent=f"{total['silent_changes']:,.0f}", style=f"{total['style_repairs']:,.0f}")  # fmt: skip


def _percent(share: float) -> str | None:
    if pd.isna(share):
        return None
    # One missed in thousands is not none: what is not all never reads 100 %.
    return "100 %" if share == 1 else f"{min(100 * share, 99.9):.1f} %"


def _score(zone: Study) -> pd.DataFrame:
    path = zone.truth("score.csv")
    if not path.exists():
        return pd.DataFrame({"kind": pd.Series(dtype="str")})
    score = pd.read_csv(path)
    # The last row stands for every action.
    return score.assign(expected_action=score["expected_action"].fillna(""))


def quality_results(zone: Study, *, min_cell: int) -> dict[str, object]:
    """Return the page's totals that may be shown: rows read, kept and set aside, cells by action, tables held."""
    _, sums = zone.counts_shown(min_cell)
    return {**sums, "tables": len(zone.table_names())}


def quality_finding(zone: Study, lang: Lang, *, min_cell: int) -> str:
    """Say in one line what reading did with the rows and cells."""
    totals = quality_results(zone, min_cell=min_cell)
    share = 100 * totals["set_aside"] / max(1, totals["rows_read"])
    return say("pages.quality_finding", lang, **{name: f"{n:,}" for name, n in totals.items()}, share=f"{share:.1f}")
