"""How the estimators and the grade fare where the truth is known: the results of the study of synthetic panels in."""

import math
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.simulate.scenarios import scenario_named
from helpers.tables.labels import labelled
from helpers.text import Lang, label, number, say

FOLDER = paths.REFERENCE / "truth"
ALPHA = 0.05
# Of `checks.csv` and `estimators.csv` (`python -m benchmarks.truth` writes both), in the order of the columns.
REJECTED = {"naive": "naive_rejects", "headline_wild": "headline_rejects"}
CHECKED = {
    "grade_association_or_more": "graded_association", "grade_timing_or_more": "graded_timing",
    "grade_robust": "graded_robust", "spillover_between_grids": "spillover_seen",
}  # fmt: skip


def results(folder: Path = FOLDER) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the committed results: estimators by size and scenario, and checks of the grade."""
    # One scenario is called null.
    first, second = (
        pd.read_csv(folder / f"{name}.csv", keep_default_na=False, na_values=[""]) for name in ("estimators", "checks")
    )
    return first, second


def _nearest(firms: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the results at the size nearest to so many firms."""
    estimators, checks = results()
    size = min(estimators["firms"].unique(), key=lambda size: abs(size - firms))
    return estimators[estimators["firms"] == size], checks[checks["firms"] == size]


def truth_rows(firms: int) -> pd.DataFrame:
    """Return what the study found at the size nearest to so many firms.

    `firms`: a part of what `plan.claims.investigate` returns.

    Returns
    -------
    DataFrame
        One row a scenario: scenario, firms, panels, and the share (0-1) of panels in which the naive comparison and the
        headline reject, a claim is graded an association or more, timing or more, the strongest grade, and spillover is
        seen, each with its Monte-Carlo error (`<name>_error`).
    """
    estimators, checks = _nearest(firms)
    rows = estimators[["scenario", "firms"]].drop_duplicates(ignore_index=True)
    for table, key, value, names in (
        (estimators, "estimator", "rejected", REJECTED), (checks, "check", "share", CHECKED),
    ):  # fmt: skip
        for name, column in names.items():
            found = table[table[key] == name].set_index("scenario")
            rows[column] = rows["scenario"].map(found[value])
            rows[f"{column}_error"] = rows["scenario"].map(found[f"{value}_error"])
    headline = estimators[estimators["estimator"] == "headline"].set_index("scenario")
    return rows.assign(panels=rows["scenario"].map(headline["panels"]).astype(int))


def truth_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return `truth_rows` in words: shares in per cent with their Monte-Carlo error.

    `rows`: from `truth_rows`.
    """
    table = pd.DataFrame({"planted_truth": [label(f"scenario_{name}", lang) for name in rows["scenario"]]})
    for column in (*REJECTED.values(), *CHECKED.values()):
        table[column] = [
            f"{number(100 * share, '.0f')} ± {number(100 * error, '.0f')}"
            for share, error in zip(rows[column], rows[f"{column}_error"], strict=True)
        ]
    return labelled(table, lang)


def truth_sentence(rows: pd.DataFrame, lang: Lang) -> str:
    """Say what of a true effect, a trend before and a spillover the rules would notice in a zone of this size.

    `rows`: from `truth_rows`.
    """
    shares = rows.set_index("scenario")
    values = {
        "found": shares.loc["effect", "headline_rejects"], "size": shares.loc["null", "headline_rejects"],
        "fooled": shares.loc["selection", "naive_rejects"], "graded": shares.loc["selection", "graded_timing"],
        "drift": shares.loc["pretrend", "headline_rejects"], "drift_graded": shares.loc["pretrend", "graded_timing"],
        "spillover": shares.loc["spillover", "spillover_seen"], "robust": shares.loc["effect", "graded_robust"],
    }  # fmt: skip
    planted = 100 * math.expm1(scenario_named("effect").founding["实用新型"])
    return say("evidence.truth_says", lang, firms=int(rows["firms"].iloc[0]), panels=int(rows["panels"].min()),
               planted=f"{planted:.0f}", **{name: f"{100 * share:.0f}" for name, share in values.items()})  # fmt: skip


def truth_note(rows: pd.DataFrame, lang: Lang) -> str:
    """Say what the table is made of and which of its rows should be small.

    `rows`: from `truth_rows`.
    """
    return say("evidence.truth_note", lang, firms=int(rows["firms"].iloc[0]), panels=int(rows["panels"].min()))


def failing(methods: Iterable[str], firms: int) -> pd.DataFrame:
    """Return the estimators that fail their own test at the size nearest to so many firms.

    `firms`: firms of the panel.

    Returns
    -------
    DataFrame
        One row an estimator that rejects more than 5 % where nothing is planted, or whose 95 % intervals hold the
        planted effect less often than that, beyond two Monte-Carlo errors: method, firms, alarms, coverage (0-1).
    """
    estimators, _ = _nearest(firms)
    held = estimators.set_index(["scenario", "estimator"])
    rows = []
    for method in methods:
        null, effect = held.loc[("null", method)], held.loc[("effect", method)]
        is_loud = null["rejected"] - 2 * null["rejected_error"] > ALPHA
        is_off = effect["coverage"] + 2 * effect["coverage_error"] < 1 - ALPHA
        if is_loud or is_off:
            rows.append((method, null["firms"], null["rejected"], effect["coverage"]))
    return pd.DataFrame(rows, columns=["method", "firms", "alarms", "coverage"])


def failing_note(rows: pd.DataFrame, lang: Lang) -> str:
    """Say which estimators fail their own test, and by how much; nothing if none does.

    `rows`: from `failing`.
    """
    if rows.empty:
        return ""
    each = [
        say("evidence.failing_one", lang, method=label(row.method, lang), alarms=f"{100 * row.alarms:.0f}",
            coverage=f"{100 * row.coverage:.0f}")
        for row in rows.itertuples()
    ]  # fmt: skip
    named = say("pages.semicolon", lang).join(each)
    return say("evidence.failing", lang, firms=int(rows["firms"].iloc[0]), named=named)
