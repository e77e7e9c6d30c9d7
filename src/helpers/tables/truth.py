"""How the estimators and the grade fare where the truth is known: the results of the study of synthetic panels in."""

import pandas as pd

from helpers import paths
from helpers.tables.labels import labelled
from helpers.text import Lang, label, number, say

FOLDER = paths.REFERENCE / "truth"
# Of `checks.csv` and `estimators.csv` (`python -m benchmarks.truth` writes both), in the order of the columns.
REJECTED = {"naive": "naive_rejects", "headline_wild": "headline_rejects"}
CHECKED = {
    "grade_association_or_more": "graded_association", "grade_timing_or_more": "graded_timing",
    "spillover_between_grids": "spillover_seen",
}  # fmt: skip


def truth_rows(firms: int) -> pd.DataFrame:
    """Return what the study found at the size nearest to so many firms.

    Returns
    -------
    DataFrame
        One row a scenario: scenario, firms, panels, and the share (0-1) of panels in which the naive comparison and the
        headline reject, a claim is graded an association or more, timing or more, and spillover is seen, each with its
        Monte-Carlo error (`<name>_error`).
    """
    # The scenario called null is no missing value.
    estimators, checks = (pd.read_csv(FOLDER / f"{name}.csv", keep_default_na=False, na_values=[""])
                          for name in ("estimators", "checks"))  # fmt: skip
    sizes = sorted(estimators["firms"].unique(), key=lambda size: abs(size - firms))
    estimators, checks = (table[table["firms"] == sizes[0]] for table in (estimators, checks))
    rows = pd.DataFrame({"scenario": list(dict.fromkeys(estimators["scenario"])), "firms": sizes[0]})
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
    """Return `truth_rows` in words: shares in per cent with their Monte-Carlo error."""
    table = pd.DataFrame({"scenario": [label(f"scenario_{name}", lang) for name in rows["scenario"]]})
    for column in (*REJECTED.values(), *CHECKED.values()):
        table[column] = [
            f"{number(100 * share, '.0f')} ± {number(100 * error, '.0f')}"
            for share, error in zip(rows[column], rows[f"{column}_error"], strict=True)
        ]
    return labelled(table, lang)


def truth_sentence(rows: pd.DataFrame, lang: Lang) -> str:
    """Say what of a true effect, a trend before and a spillover the rules would notice in a zone of this size."""
    shares = rows.set_index("scenario")
    values = {
        "found": shares.loc["effect", "headline_rejects"], "size": shares.loc["null", "headline_rejects"],
        "fooled": shares.loc["selection", "naive_rejects"], "graded": shares.loc["selection", "graded_timing"],
        "drift": shares.loc["pretrend", "headline_rejects"], "drift_graded": shares.loc["pretrend", "graded_timing"],
        "spillover": shares.loc["spillover", "spillover_seen"],
    }  # fmt: skip
    return say("evidence.truth_says", lang, firms=int(rows["firms"].iloc[0]), panels=int(rows["panels"].min()),
               **{name: f"{100 * share:.0f}" for name, share in values.items()})  # fmt: skip


def truth_note(rows: pd.DataFrame, lang: Lang) -> str:
    """Say what the table is made of and which of its rows should be small."""
    return say("evidence.truth_note", lang, firms=int(rows["firms"].iloc[0]), panels=int(rows["panels"].min()))
