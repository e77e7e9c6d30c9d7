"""The two sides of a linkage made ready: firms with their names through time, and applicants one by one."""

import re
import unicodedata
from typing import Final

import numpy as np
import pandas as pd

from helpers.link import names, regions

_CODE: Final = r"[0-9A-HJ-NP-RT-UW-Y]{18}"


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
    # A region in the name tells more than one beside it: firms keep the name of the place where they began.
    frame["beside"] = _beside(left)
    frame["division"] = _divisions(left)
    frame = frame.sort_values(["firm", "key", "printed", "left_row"], kind="stable")
    return frame.reset_index(drop=True)


def _beside(table: pd.DataFrame) -> np.ndarray:
    """Return the division code of the region beside each name, or of the place its address begins with."""
    empty = pd.Series("", index=table.index, dtype="str")
    stated = _region_codes(table["region"]) if "region" in table else empty
    if "address" not in table:
        return stated.to_numpy()
    unique = {text: _place_of(str(text)) for text in table["address"].dropna().unique()}
    # Of the whole country no more is known than of no place.
    placed = table["address"].map(unique).fillna("").replace(regions.CHINA, "")
    return stated.where(stated != "", placed).to_numpy()


def _place_of(address: str) -> str:
    return regions.leading("".join(unicodedata.normalize("NFKC", address).split()) + "x")[1]


def _divisions(table: pd.DataFrame) -> np.ndarray:
    """Return the first two digits of industry codes (GB/T 4754, with or without the letter), else empty."""
    if "industry" not in table:
        return np.full(len(table), "", dtype=object)
    found = table["industry"].astype("str").str.strip().str.extract(r"^[A-Ta-t]?(\d{2})\d{0,2}$")[0]
    return found.where(table["industry"].notna()).fillna("").to_numpy(dtype=object)


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


def asked(right: pd.DataFrame) -> pd.DataFrame:
    """Return one row an applicant.

    Columns: right (its number), right_row, printed, code, date, place (code of the region beside it), trade (division
    of its industry), key, normal (its spelling).
    """
    printed = right["name"]
    several = printed.astype("str").str.contains(names.SEPARATORS.pattern, regex=True).fillna(value=False)
    split = printed.where(~several, printed[several].map(names.applicants))
    rows = pd.DataFrame({"right_row": np.arange(len(right)), "printed": split.to_numpy(dtype=object)})
    code = _codes(right).to_numpy()
    rows["code"] = code
    rows["date"] = pd.to_datetime(right["date"], errors="coerce").to_numpy() if "date" in right else pd.NaT
    rows = rows.assign(place=_beside(right), trade=_divisions(right)).explode("printed")
    # A code, an address or a trade beside several applicants is nobody's in particular.
    several = rows["right_row"].duplicated(keep=False)
    rows.loc[several, "code"] = pd.NA
    rows.loc[several, ["place", "trade"]] = ""
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
