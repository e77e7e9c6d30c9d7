"""How good links by name are, judged by records that state a code: what the name says beside what the code says."""

import pandas as pd

from helpers.link.cascade import link

OUTCOMES = ("right", "wrong", "review", "none")


def by_name_alone(register: pd.DataFrame, records: pd.DataFrame, history: pd.DataFrame | None = None) -> pd.DataFrame:
    """Link records by their names as if none stated a code.

    Parameters
    ----------
    register : DataFrame
        name, code.
    records : DataFrame
        name, code (missing where not stated or of no firm of the register).
    history : DataFrame, optional
        As `cascade.link`.

    Returns
    -------
    DataFrame
        One row a record, in its order: outcome (`OUTCOMES`; for a record without a code `linked` in the place of right
        and wrong), reason (of the link or the doubt), left_row (the register's row, missing unless linked), is_uncoded.

    Notes
    -----
    The register keeps its codes, so that one name under two codes is a doubt. Of a record with several applicants one
    has to be the firm of its code. Each spelling of a name is linked once. Trap: a code may be wrong, too, and records
    that state a code may be written with more care than those that do not.
    """
    distinct = pd.DataFrame({"name": records["name"].drop_duplicates().to_numpy()})
    found = link(register[["name", "code"]], distinct, history=history)
    codes = register["code"].tolist()
    found["code"] = [codes[row] if pd.notna(row) else None for row in found["left_row"]]
    of_name = distinct.assign(right_row=range(len(distinct))).merge(found, on="right_row", how="left")
    each = records[["name", "code"]].reset_index(drop=True).rename_axis("record").reset_index()
    pairs = each.merge(of_name[["name", "decision", "reason", "left_row", "code"]], on="name", how="left",
                       suffixes=("", "_found"))  # fmt: skip
    is_link = pairs["decision"] == "match"
    right = is_link & (pairs["code"] == pairs["code_found"])
    rank = (~right).astype(int) * 4 + (~is_link).astype(int) * 2 + (pairs["decision"] != "review").astype(int)
    best = pairs.assign(rank=rank, right=right, is_link=is_link).sort_values(["record", "rank"], kind="stable")
    best = best.drop_duplicates("record").reset_index(drop=True)
    outcome = pd.Series("none", index=best.index).mask(best["decision"] == "review", "review")
    outcome = outcome.mask(best["is_link"], "linked")
    coded = best["code"].notna()
    outcome = outcome.mask(coded & best["is_link"], "wrong").mask(coded & best["right"], "right")
    left_row = best["left_row"].where(best["is_link"])
    return pd.DataFrame({"outcome": outcome, "reason": best["reason"], "left_row": left_row, "is_uncoded": ~coded})


def precision_by_reason(judged: pd.DataFrame) -> pd.DataFrame:
    """Return, for records with a code, how many links are the code's firm, by reason, and `all` together.

    Returns
    -------
    DataFrame
        reason, links, right (of the same firm as the code); most links first.
    """
    made = judged[judged["outcome"].isin(["right", "wrong"])]
    counted = pd.DataFrame({"reason": made["reason"].astype("str"), "links": 1, "right": made["outcome"] == "right"})
    found = counted.groupby("reason").sum().reset_index().sort_values(["links", "reason"], ascending=[False, True])
    total = pd.DataFrame({"reason": ["all"], "links": [len(made)], "right": [int(counted["right"].sum())]})
    return pd.concat([found, total], ignore_index=True).astype({"links": int, "right": int})


def recall(judged: pd.DataFrame) -> dict[str, int]:
    """Return, for records with a code, how many were right, wrong, in review and not found."""
    counts = judged.loc[~judged["is_uncoded"], "outcome"].value_counts()
    return {outcome: int(counts.get(outcome, 0)) for outcome in OUTCOMES}
