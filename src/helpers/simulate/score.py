"""How well files were read: planted faults, the reader's ledger and both versions of the tables in, shares out.

Three questions: how many of the planted faults were found and handled as they should be, how many clean cells were
flagged although nothing is wrong with them, and whether any clean cell changed without an entry in the ledger.
"""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.codebook import Codebook, Table
from helpers.codebook.check import check_rows
from helpers.codebook.model import LIST_SEPARATOR
from helpers.simulate.compare import Comparison, plain
from helpers.simulate.dirt import Dirt
from helpers.simulate.faults import KINDS
from helpers.simulate.layouts import layout_of

Tables = Mapping[str, pd.DataFrame]

ROW_KINDS = ("duplicate_row", "duplicate_key", "rule_violation", "unit_slip")
"""Faults of a whole row: a finding anywhere in it counts."""

_ROW = ["table", "file", "sheet", "row"]


def score(
    faults: pd.DataFrame,
    ledger: pd.DataFrame,
    tables_true: Tables,
    tables_read: Tables,
    codebook: Codebook,
    *,
    dirt: Dirt | None = None,
) -> pd.DataFrame:
    """Score the reading of an office's files against what was planted in them.

    Parameters
    ----------
    faults : DataFrame
        The manifest of `write_office_files`.
    ledger : DataFrame
        `table, file, sheet, row, column, value, rule, action, result`, restricted tables included.
    tables_true, tables_read : mapping of table name to DataFrame
        What was written, and what was read from it (typed, with `source_row`). Tables that were not read are left out.
    codebook : Codebook
    dirt : {"none", "typical", "heavy"}, optional
        The level at which the files were written, which fixes in which row a table begins; by default `none` if no
        fault was planted, else `typical`.

    Returns
    -------
    DataFrame, one row a kind of fault and expected action, the last one (`kind` is `all`) for everything
        `planted`; `found` (a finding on that cell, or for `ROW_KINDS` in that row, with the expected rule or the
        expected action); `found_exactly` (with the expected rule; `rule:*` stands for any rule); `handled` (mended to
        the truth, kept and found, left out, or set aside as expected); each with its share (0-1) of the planted.
        `restored` counts the handled ones among those to be repaired, whose cell has its true value again.
        `false_flags` counts the findings on clean cells that say what this kind of fault would have caused, with their
        share of all clean cells; a rule that no planted fault has causes a row of its own, with nothing planted.
        In the last row also `clean_cells`, `false_flags` and `false_flag_share` (of every rule), `consequences`
        (findings that a planted fault elsewhere brings about), `style_repairs` (in a column written in another style
        throughout) and `silent_changes` (clean cells that were read as something else, and records that are gone,
        without an entry). `judge` and `silent_changes` list them.
    """
    given = _given(faults, ledger, tables_true, tables_read, codebook, dirt)
    outcome = given.faults.assign(**_found(given))
    # A value that is merely kept has been handled only if it was named as well.
    outcome["handled"] = given.handled() & (outcome["found"] | (outcome["expected_action"] != "flagged"))
    judged = _judged(given)
    verdicts = judged["verdict"].value_counts()
    cells = sum(len(tables_true[name]) * len(given.columns(name)) for name in given.names)
    clean = cells - int(given.faults["related_row"].isna().sum())
    last = {
        **_shares(outcome),
        "clean_cells": clean,
        "false_flags": int(verdicts.get("false_flag", 0)),
        "false_flag_share": verdicts.get("false_flag", 0) / clean if clean else None,
        "consequences": int(verdicts.get("consequence", 0)),
        "style_repairs": int(verdicts.get("style", 0)),
        "silent_changes": len(given.silent_changes()),
    }
    flags = _flags_by_kind(judged[judged["verdict"] == "false_flag"], codebook)
    groups = dict(list(outcome.groupby(["kind", "expected_action"])))
    kinds = [
        {"kind": key[0], "expected_action": key[1]}
        | _shares(groups.get(key, outcome.iloc[:0]))
        | {"false_flags": flags[key], "false_flag_share": flags[key] / clean if clean else None}
        for key in sorted({*groups, *flags})
    ]
    scored = pd.DataFrame([*kinds, {"kind": "all", "expected_action": ""} | last])
    return scored.astype({name: "Float64" if name.endswith("share") else "Int64" for name in last})


def _flags_by_kind(flags: pd.DataFrame, codebook: Codebook) -> Counter[tuple[str, str]]:
    """Count false flags by the kind of fault, and the action due, that would have caused the same finding."""
    return Counter(
        _cause(codebook[flag.table], flag.column, flag.rule, flag.action) for flag in flags.itertuples(index=False)
    )


def _cause(table: Table, column: str, rule: str, action: str) -> tuple[str, str]:
    if rule.startswith("rule:"):
        return "rule_violation", "flagged"
    if column in table.column_names:
        for kind in KINDS:
            if kind.rule == rule and table[column].type in kind.types.split():
                return kind.name, kind.expected(table[column])
    return rule, action


def judge(
    faults: pd.DataFrame,
    ledger: pd.DataFrame,
    tables_true: Tables,
    tables_read: Tables,
    codebook: Codebook,
    *,
    dirt: Dirt | None = None,
) -> pd.DataFrame:
    """Return the ledger with a `verdict` for each finding.

    Notes
    -----
    `reported`: a fact about the file, or a row that is no record. `planted`: on a planted fault. `style`: a repair
    that a whole column needs. `consequence`: a rule broken by a planted value in the same row, the row that a repeated
    row contradicts, a sum over rows one of which was taken out, a reference to a row that a fault took out or renamed.
    `false_flag`: everything else.
    """
    return _judged(_given(faults, ledger, tables_true, tables_read, codebook, dirt))


def silent_changes(
    faults: pd.DataFrame,
    ledger: pd.DataFrame,
    tables_true: Tables,
    tables_read: Tables,
    codebook: Codebook,
    *,
    dirt: Dirt | None = None,
) -> pd.DataFrame:
    """Return the clean cells read as something else without an entry in the ledger: `table`, `row`, `column`.

    A record that is neither read nor set aside stands once, with an empty `column`. A pseudonym counts as changed where
    one true id does not always give one and the same other id.
    """
    return _given(faults, ledger, tables_true, tables_read, codebook, dirt).silent_changes()


def _given(
    faults, ledger, tables_true: Tables, tables_read: Tables, codebook: Codebook, dirt: Dirt | None
) -> Comparison:
    dirt = dirt or ("typical" if len(faults) else "none")
    names = [name for name in tables_true if name in tables_read]
    faults, ledger = (plain(frame[frame["table"].isin(names)]).reset_index(drop=True) for frame in (faults, ledger))
    return Comparison(faults, ledger, tables_true, tables_read, codebook, dirt)


def _found(given: Comparison) -> dict[str, np.ndarray]:
    """Tell for each fault whether its cell, or its row for a fault of the row, has a fitting finding."""
    faults = given.faults
    entries = given.ledger[given.ledger["action"] != "reported"]
    exactly, found = np.zeros((2, len(faults)), dtype=bool)
    is_row = faults["kind"].isin(ROW_KINDS)
    for mine, keys in ((faults[is_row], _ROW), (faults[~is_row], [*_ROW, "column"])):
        pairs = mine.assign(fault=mine.index)[["fault", *keys, "expected_rule", "expected_action"]].merge(
            entries[[*keys, "rule", "action"]], on=keys
        )
        is_any_rule = (pairs["expected_rule"] == "rule:*") & pairs["rule"].str.startswith("rule:")
        is_rule = is_any_rule | (pairs["rule"] == pairs["expected_rule"])
        exactly[pairs.loc[is_rule, "fault"]] = True
        found[pairs.loc[is_rule | (pairs["action"] == pairs["expected_action"]), "fault"]] = True
    return {"found": found, "found_exactly": exactly}


def _shares(outcome: pd.DataFrame) -> dict[str, float | int | None]:
    """Return how many of some faults were found, handled and restored, with shares."""
    planted = len(outcome)
    counts = {"planted": planted}
    for name in ("found", "found_exactly", "handled"):
        counts[name] = int(outcome[name].sum())
        counts[f"{name}_share"] = counts[name] / planted if planted else None
    mended = outcome.loc[outcome["expected_action"] == "repaired", "handled"]
    counts["restored"] = int(mended.sum()) if len(mended) else None
    counts["restored_share"] = float(mended.mean()) if len(mended) else None
    return counts


def _judged(given: Comparison) -> pd.DataFrame:
    verdict = np.full(len(given.ledger), "false_flag", dtype=object)
    for name, found in given.ledger.groupby("table", sort=False):
        verdict[found.index] = _verdicts(given, name, found)
    return given.ledger.assign(verdict=verdict)


def _verdicts(given: Comparison, name: str, found: pd.DataFrame) -> np.ndarray:
    """Judge the findings about one table."""
    table, faults = given.codebook[name], given.faults_of(name)
    is_record = found["row"].isin(given.rows(name)) | found["row"].isin(faults["row"])
    planted = pd.MultiIndex.from_frame(faults[["row", "column"]])
    on_cell = pd.MultiIndex.from_frame(found[["row", "column"]]).isin(planted)
    repeated = faults.loc[faults["related_row"].notna(), "row"]
    broken = pd.MultiIndex.from_frame(faults.loc[faults["kind"] == "rule_violation", ["row", "expected_rule"]])
    slips = faults.loc[faults["kind"] == "unit_slip", "row"]
    on_row = found["row"].isin(repeated) | (found["row"].isin(slips) & found["rule"].str.startswith("rule:"))
    on_row |= pd.MultiIndex.from_frame(found[["row", "rule"]]).isin(broken)
    dates = [column.name for column in table.columns if column.type in ("date", "datetime")]
    has_style = layout_of(table, len(given.true[name]), given.dirt).dates not in ("iso", "excel")
    is_style = has_style & found["column"].isin(dates) & (found["rule"] == "date_format")
    return np.select(
        [(found["action"] == "reported") | ~is_record, on_cell | on_row, is_style],
        ["reported", "planted", "style"],
        np.where(_follows(given, name, found), "consequence", "false_flag"),
    )


def _follows(given: Comparison, name: str, found: pd.DataFrame) -> np.ndarray:
    """Tell which findings about a table a planted fault elsewhere brings about."""
    table, faults, rows = given.codebook[name], given.faults_of(name), given.rows(name)
    follows = (found["row"].isin(faults["related_row"].dropna()) & found["rule"].isin(ROW_KINDS)).to_numpy(copy=True)
    planted = faults.groupby("row")["column"].agg(set).to_dict()
    is_rule = found["rule"].str.startswith("rule:").to_numpy()
    for at in np.flatnonzero(is_rule):
        columns = set(found["column"].iloc[at].split(LIST_SEPARATOR))
        follows[at] |= bool(columns & planted.get(found["row"].iloc[at], set()))
    of_table = is_rule & ~found["rule"].isin([f"rule:{rule.name}" for rule in table.rules]).to_numpy()
    if len(faults) and of_table.any():
        # What the true table broke already no fault has brought about.
        broken = check_rows(table, given.true[name].reset_index(drop=True))
        before = pd.MultiIndex.from_arrays([rows[broken["row_index"].astype("int64")], broken["rule"]])
        follows |= of_table & ~pd.MultiIndex.from_frame(found[["row", "rule"]]).isin(before)
    for column in table.columns:
        target, _, key = column.references.partition(".")
        here = np.flatnonzero((found["rule"] == "unknown_reference") & (found["column"] == column.name))
        if len(here) and target in given.true:
            order = pd.Index(rows).get_indexer(found["row"].iloc[here])
            true = given.true[name][column.name].iloc[order].astype("str")
            # Where the true reference has a target, that must have been lost.
            follows[here] |= (order >= 0) & true.isin(given.true[target][key].astype("str")).to_numpy()
    return follows
