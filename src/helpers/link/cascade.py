"""Which firm of a register each applicant is: the surest evidence first, one firm or none, doubt to review.

In go two tables with names (and codes, regions, dates where there are any), out comes one row a right name with its
decision, reason and score. Nothing depends on the order of rows.
"""

from typing import Final

import numpy as np
import pandas as pd

from helpers.link import names, parties, regions, steps

# Reason -> score of a link for that reason: how sure it is, for sorting; no probability.
SCORES: Final[dict[str, float]] = {
    "code": 1.0, "code_check_digit_fails": 0.99, "exact": 0.98, "former_name": 0.97, "region_written": 0.96,
    "legal_form": 0.95, "suffix": 0.94, "form_missing": 0.93, "region_missing": 0.92, "homophone": 0.9,
    "swap": 0.89, "dropped": 0.88, "trade_typo": 0.87, "address": 0.86, "short_form": 0.85, "industry": 0.84,
    "branch": 0.7, "code_and_name_disagree": 0.65, "codes_differ": 0.6, "former_name_late": 0.6, "region_nested": 0.55,
    "form_differs": 0.5, "replaced": 0.45, "trade_words": 0.4,
}  # fmt: skip
NON_FIRMS: Final = ("person", "institution")
COLUMNS: Final = ["left_row", "right_row", "decision", "reason", "score", "left_name", "right_name"]
_CANDIDATES_SHOWN: Final = 3


def link(left: pd.DataFrame, right: pd.DataFrame, *, history: pd.DataFrame | None = None) -> pd.DataFrame:
    """Link the names of `right` to the firms of `left`.

    Parameters
    ----------
    left : DataFrame
        One row a firm as registered: `name`; `code` (unified social credit code), `region` (name or division code),
        `address` and `industry` (code of GB/T 4754) where known.
    right : DataFrame
        One row a record: `name` (several applicants may stand in one, split by ；;、,); `code`, `date` (on which the
        name was used), `address` and `industry` where known.
    history : DataFrame, optional
        Former names: `name` or `code` of the firm as in `left`, `former_name`, and `changed_on` (the day on which it
        gave the former name up), missing where not known.

    Returns
    -------
    DataFrame
        One row an applicant: left_row, right_row (places in the tables, from 0), decision (match, review, none), reason
        (`SCORES`; `ambiguous` where several firms fit as well; `person`, `institution`, `no_name`, `no_candidate`),
        score (0-1, missing without a candidate), left_name, right_name (as printed). A name in review has a row for
        each of up to three candidates. Sorted by right_row, then by their order in the cell.

    Notes
    -----
    Steps, each for what the steps before have left: credit code; the whole name, in force on the date; the body with
    a compatible region; one classified edit; the unique short form. A code that is damaged is no key; one whose check
    digit fails is flagged and still links where it is equal. An address tells the region of a name that states none.
    Two firms that fit as well as each other are told apart by the address, then by the division of the industry, if one
    of them agrees and all others state another; else they are a case for review, never for the first of them.
    """
    firms = parties.firms(left)
    asked = parties.asked(right)
    known = parties.names_in_force(firms, history)
    found: list[pd.DataFrame] = []
    waiting = asked
    for step in (steps.by_code, steps.by_name, steps.by_body, steps.by_edit, steps.by_short_form):
        if step is steps.by_body:
            # Only names that are not known as they stand have to be taken apart.
            waiting = steps.with_parts(waiting)
        found.append(step(waiting, firms, known))
        waiting = waiting[~waiting["right"].isin(found[-1]["right"])]
    return _decided(asked, firms, pd.concat(found, ignore_index=True))


def _decided(asked: pd.DataFrame, firms: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Return the decision on every applicant: one sure firm is a match, several or none but doubtful ones a review."""
    found = found.assign(score=found["reason"].map(SCORES).astype(float))
    found = found.sort_values(["right", "is_sure", "score", "firm"], ascending=[True, False, False, True])
    found = found.drop_duplicates(["right", "firm"])
    found = _told_apart(found, asked, firms)
    sure = found.groupby("right")["is_sure"].sum()
    found["is_match"] = found["is_sure"] & (found["right"].map(sure) == 1)
    decided = found.groupby("right")["is_match"].transform("any")
    found = found[found["is_match"] | ~decided]
    found["reason"] = found["reason"].where(found["is_match"] | (found["right"].map(sure).fillna(0) < 2), "ambiguous")
    found = found[found.groupby("right").cumcount() < _CANDIDATES_SHOWN]
    found["decision"] = np.where(found["is_match"], "match", "review")
    rows = asked[["right", "right_row", "printed", "key"]].merge(
        found[["right", "firm", "decision", "reason", "score"]], on="right", how="left"
    )
    named = _best_row(rows, firms)
    rows = rows.assign(left_row=named["left_row"].to_numpy(), left_name=named["printed"].to_numpy())
    unlinked = rows["decision"].isna()
    rows.loc[unlinked, "decision"] = "none"
    rows.loc[unlinked, "reason"] = [_why_none(name) for name in rows.loc[unlinked, "printed"]]
    rows["left_row"] = rows["left_row"].astype("Int64")
    return rows.rename(columns={"printed": "right_name"})[COLUMNS].reset_index(drop=True)


def _told_apart(found: pd.DataFrame, asked: pd.DataFrame, firms: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs, those of several sure firms with the one that address or industry single out alone sure."""
    several = found["is_sure"] & (found.groupby("right")["is_sure"].transform("sum") > 1)
    if not several.any() or not ((asked["place"] != "").any() or (asked["trade"] != "").any()):
        return found
    pairs = found.loc[several, ["right", "firm"]].reset_index()
    own = firms.drop_duplicates("firm").set_index("firm")[["beside", "division"]]
    pairs = pairs.join(own, on="firm").join(asked.set_index("right")[["place", "trade"]], on="right")
    settled: set[int] = set()
    for reason, stated, theirs, agree in (
        ("address", "place", "beside", regions.compatible), ("industry", "trade", "division", str.__eq__),
    ):  # fmt: skip
        known = (pairs[stated] != "") & (pairs[theirs] != "")
        fits = known & np.array([agree(one, other) for one, other in zip(pairs[stated], pairs[theirs], strict=True)])
        one = fits.groupby(pairs["right"]).transform("sum") == 1
        clear = one & known.groupby(pairs["right"]).transform("all") & ~pairs["right"].isin(settled)
        settled |= set(pairs.loc[clear, "right"])
        chosen = pairs.loc[clear & fits, "index"]
        found.loc[pairs.loc[clear & ~fits, "index"], "is_sure"] = False
        found.loc[chosen, "reason"] = reason
        found.loc[chosen, "score"] = SCORES[reason]
    return found


def _best_row(rows: pd.DataFrame, firms: pd.DataFrame) -> pd.DataFrame:
    """Return the left row of a firm that bears the name on the record, else its first by name."""
    first = firms.drop_duplicates("firm").set_index("firm")[["left_row", "printed"]]
    same = firms.drop_duplicates(["firm", "key"]).set_index(["firm", "key"])[["left_row", "printed"]]
    chosen = first.reindex(rows["firm"]).reset_index(drop=True)
    exact = same.reindex(pd.MultiIndex.from_arrays([rows["firm"], rows["key"]])).reset_index(drop=True)
    return exact.where(exact["left_row"].notna(), chosen)


def _why_none(name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        return "no_name"
    return names.non_firm(name) or "no_candidate"


def non_firms(found: pd.DataFrame) -> dict[str, int]:
    """Return how many applicants are persons and institutions."""
    counts = found["reason"].value_counts()
    return {kind: int(counts.get(kind, 0)) for kind in NON_FIRMS}
