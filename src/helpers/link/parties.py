"""The two sides of a linkage made ready: firms with their names through time, and applicants one by one."""

import re
from typing import Final

import numpy as np
import pandas as pd

from helpers.link import names, regions

_CODE: Final = r"[0-9A-HJ-NP-RT-UW-Y]{18}"
# A trade is rare if no more firms of a place have it, as far as a register of so many firms can tell.
_RARE: Final = 10
_TELLING: Final = 1_000


def firms(left: pd.DataFrame) -> pd.DataFrame:
    """Return one row a left row with its `firm`: rows of one valid code are one firm, else rows of one name."""
    normal = names.normalised(left["name"])
    parts = names.parts_of(normal)
    code = _codes(left)
    identity = code.where(code.notna(), "name:" + normal.fillna("").astype("str") + left.index.to_series().where(
        normal.isna(), "").astype("str").to_numpy())  # fmt: skip
    frame = parts.assign(code=code, left_row=np.arange(len(left)), printed=left["name"].to_numpy())
    # Codes of firms are their order by name and code, so that the order of rows leaves no trace.
    frame["identity"] = identity.to_numpy()
    frame["firm"] = frame["identity"].rank(method="dense").astype("int64")
    if "region" in left:
        stated = _region_codes(left["region"])
        # A region in the name tells more than one beside it: firms keep the name of the place where they began.
        frame["beside"] = stated.to_numpy()
    else:
        frame["beside"] = ""
    frame = frame.sort_values(["firm", "key", "printed", "left_row"], kind="stable")
    return frame.reset_index(drop=True)


def _codes(table: pd.DataFrame) -> pd.Series:
    """Return usable codes, upper case; missing where there is none or it is damaged."""
    if "code" not in table:
        return pd.Series(pd.NA, index=table.index, dtype="str")
    code = table["code"].astype("str").str.strip().str.upper()
    return code.where(table["code"].notna() & code.str.fullmatch(_CODE).fillna(value=False))


def _region_codes(stated: pd.Series) -> pd.Series:
    unique = {text: _region_code(str(text)) for text in stated.dropna().unique()}
    return stated.map(unique).fillna("")


def _region_code(text: str) -> str:
    text = text.strip()
    if re.fullmatch(r"\d{2}|\d{4}|\d{6}", text):
        return text.removesuffix("0000") if text.endswith("0000") else text.removesuffix("00")
    return regions.named(text)


def has_rare_trade(firms: pd.DataFrame) -> pd.Series:
    """Return whether the words for what a firm does (诊断技术) are those of few firms of its place."""
    pairs = zip(firms["body"].to_numpy(dtype=object), firms["stem"].to_numpy(dtype=object), strict=True)
    trade = pd.Series([body[len(stem) :] for body, stem in pairs], index=firms.index, dtype="str")
    sharing = firms["firm"].groupby([firms["region"], trade]).transform("nunique")
    return (sharing <= _RARE) & (trade.str.len() >= 2) & (firms["firm"].nunique() >= _TELLING)


def asked(right: pd.DataFrame) -> pd.DataFrame:
    """Return one row an applicant: right (its number), right_row, printed, code, date, key, normal (its spelling)."""
    printed = right["name"]
    several = printed.astype("str").str.contains(names.SEPARATORS.pattern, regex=True).fillna(value=False)
    split = printed.where(~several, printed[several].map(names.applicants))
    rows = pd.DataFrame({"right_row": np.arange(len(right)), "printed": split.to_numpy(dtype=object)})
    code = _codes(right).to_numpy()
    rows["code"] = code
    rows["date"] = pd.to_datetime(right["date"], errors="coerce").to_numpy() if "date" in right else pd.NaT
    rows = rows.explode("printed")
    # A code beside several applicants is nobody's in particular.
    rows.loc[rows["right_row"].duplicated(keep=False), "code"] = pd.NA
    rows = rows.reset_index(drop=True)
    normal = names.normalised(rows["printed"])
    return rows.assign(right=np.arange(len(rows)), key=names.without_brackets(normal), normal=normal)


def names_in_force(firms: pd.DataFrame, history: pd.DataFrame | None) -> pd.DataFrame:
    """Return every name a firm has or had: key, firm, since, until (missing: open), is_former."""
    now = firms.loc[firms["key"] != "", ["key", "firm"]].drop_duplicates().assign(until=pd.NaT, is_former=False)
    if history is None or history.empty:
        return now.assign(since=pd.NaT)
    by = _owner_of_history(history, firms)
    former = pd.DataFrame(
        {
            "key": names.without_brackets(names.normalised(history["former_name"])).to_numpy(),
            "firm": by.to_numpy(),
            "until": pd.to_datetime(history["changed_on"], errors="coerce").to_numpy()
            if "changed_on" in history else pd.NaT,
        }
    ).dropna(subset=["key", "firm"])  # fmt: skip
    former = former.astype({"firm": "int64"}).sort_values(["firm", "until", "key"]).drop_duplicates(["key", "firm"])
    former["since"] = former.groupby("firm")["until"].shift()
    last = former.groupby("firm")["until"].max()
    now["since"] = now["firm"].map(last)
    return pd.concat([now, former.assign(is_former=True)], ignore_index=True)


def _owner_of_history(history: pd.DataFrame, firms: pd.DataFrame) -> pd.Series:
    owner = pd.Series(np.nan, index=history.index)
    if "code" in history:
        owner = _codes(history).map(firms.dropna(subset="code").drop_duplicates("code").set_index("code")["firm"])
    if "name" in history:
        key = names.without_brackets(names.normalised(history["name"]))
        one = firms.groupby("key")["firm"].agg(["first", "nunique"])
        owner = owner.fillna(key.map(one.loc[one["nunique"] == 1, "first"]))
    return owner
