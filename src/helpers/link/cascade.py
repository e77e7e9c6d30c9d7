"""Which firm of a register each applicant is: the surest evidence first, one firm or none, doubt to review.

In go two tables with names (and codes, regions, dates where there are any), out comes one row a right name with its
decision, reason and score. Nothing depends on the order of rows.
"""

import re
from typing import Final

import numpy as np
import pandas as pd

from helpers.codebook.uscc import check_digit
from helpers.link import edits, names, regions

CODE: Final = re.compile(r"^[0-9A-HJ-NP-RT-UW-Y]{18}$")
# Reason -> score of a link for that reason: how sure it is, for sorting; no probability.
SCORES: Final[dict[str, float]] = {
    "code": 1.0, "code_check_digit_fails": 0.99, "exact": 0.98, "former_name": 0.97, "region_written": 0.96,
    "legal_form": 0.95, "suffix": 0.94, "form_missing": 0.93, "region_missing": 0.92, "homophone": 0.9,
    "swap": 0.89, "dropped": 0.88, "trade_typo": 0.87, "short_form": 0.85, "branch": 0.7,
    "code_and_name_disagree": 0.65, "codes_differ": 0.6, "former_name_late": 0.6, "region_nested": 0.55,
    "form_differs": 0.5, "replaced": 0.45, "trade_words": 0.4,
}  # fmt: skip
NON_FIRMS: Final = ("person", "institution")
COLUMNS: Final = ["left_row", "right_row", "decision", "reason", "score", "left_name", "right_name"]
_SAME: Final = frozenset({"有限", "股份"})
_CANDIDATES_SHOWN: Final = 3
LONG_STEM: Final = 3
_MOST: Final = 50
_FOUND: Final = ["right", "firm", "reason", "is_sure"]


def link(left: pd.DataFrame, right: pd.DataFrame, *, history: pd.DataFrame | None = None) -> pd.DataFrame:
    """Link the names of `right` to the firms of `left`.

    Parameters
    ----------
    left : DataFrame
        One row a firm as registered: `name`; `code` (unified social credit code) and `region` (name or division code)
        where known.
    right : DataFrame
        One row a record: `name` (several applicants may stand in one, split by ；;、,); `code` and `date` (on which the
        name was used) where known.
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
    digit fails is flagged and still links where it is equal. Two firms that fit as well as each other are a case for
    review, never for the first of them.
    """
    firms = _firms(left)
    asked = _asked(right)
    known = _names_in_force(firms, history)
    steps = []
    waiting = asked
    for step in (_by_code, _by_name, _by_body, _by_edit, _by_short_form):
        if step is _by_body:
            # Only names that are not known as they stand have to be taken apart.
            waiting = _with_parts(waiting)
        found = step(waiting, firms, known)
        steps.append(found)
        waiting = waiting[~waiting["right"].isin(found["right"])]
    return _decided(asked, firms, pd.concat(steps, ignore_index=True))


def _firms(left: pd.DataFrame) -> pd.DataFrame:
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
    return code.where(table["code"].notna() & code.str.fullmatch(CODE.pattern).fillna(value=False))


def _region_codes(stated: pd.Series) -> pd.Series:
    unique = {text: _region_code(str(text)) for text in stated.dropna().unique()}
    return stated.map(unique).fillna("")


def _region_code(text: str) -> str:
    text = text.strip()
    if re.fullmatch(r"\d{2}|\d{4}|\d{6}", text):
        return text.removesuffix("0000") if text.endswith("0000") else text.removesuffix("00")
    return regions.named(text)


def _asked(right: pd.DataFrame) -> pd.DataFrame:
    """Return one row an applicant: right (its number), right_row, printed, non_firm, code, date, and its parts."""
    printed = right["name"]
    several = printed.astype("str").str.contains(names.SEPARATORS.pattern, regex=True).fillna(value=False)
    split = printed.where(~several, printed[several].map(names.applicants))
    asked = pd.DataFrame({"right_row": np.arange(len(right)), "printed": split.to_numpy(dtype=object)})
    code = _codes(right).to_numpy()
    asked["code"] = code
    asked["date"] = pd.to_datetime(right["date"], errors="coerce").to_numpy() if "date" in right else pd.NaT
    asked = asked.explode("printed")
    # A code beside several applicants is nobody's in particular.
    asked.loc[asked["right_row"].duplicated(keep=False), "code"] = pd.NA
    asked = asked.reset_index(drop=True)
    normal = names.normalised(asked["printed"])
    return asked.assign(right=np.arange(len(asked)), key=normal.str.replace(r"[()]", "", regex=True), normal=normal)


def _names_in_force(firms: pd.DataFrame, history: pd.DataFrame | None) -> pd.DataFrame:
    """Return every name a firm has or had: key, firm, since, until (missing: open), is_former."""
    now = firms[["key", "firm"]].drop_duplicates().assign(until=pd.NaT, is_former=False)
    if history is None or history.empty:
        return now.assign(since=pd.NaT)
    by = _owner_of_history(history, firms)
    former = pd.DataFrame(
        {
            "key": names.normalised(history["former_name"]).str.replace(r"[()]", "", regex=True).to_numpy(),
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
        key = names.normalised(history["name"]).str.replace(r"[()]", "", regex=True)
        one = firms.groupby("key")["firm"].agg(["first", "nunique"])
        owner = owner.fillna(key.map(one.loc[one["nunique"] == 1, "first"]))
    return owner


def _by_code(asked: pd.DataFrame, firms: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    pairs = asked.dropna(subset="code")[["right", "code", "key"]].merge(
        firms.dropna(subset="code").drop_duplicates("code")[["code", "firm"]], on="code"
    )
    if pairs.empty:
        return _none()
    right_digit = pairs["code"].map({code: check_digit(code[:17]) == code[17] for code in pairs["code"].unique()})
    # The name on the record may be that of another firm of the register: then one of the two is wrong.
    held = known.merge(pairs[["right", "key", "firm"]], on="key", suffixes=("", "_by_code"))
    own = (held["firm"] == held["firm_by_code"]).groupby(held["right"]).any()
    against = pairs["right"].map(own).eq(other=False)
    reason = np.select([against, ~right_digit], ["code_and_name_disagree", "code_check_digit_fails"], "code")
    return pairs.assign(reason=reason, is_sure=~against)[_FOUND]


def _by_name(asked: pd.DataFrame, firms: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    pairs = asked.dropna(subset="key")[["right", "key", "code", "date"]].merge(known, on="key")
    if pairs.empty:
        return _none()
    day = pairs["date"]
    in_force = ~(day < pairs["since"]) & ~(day >= pairs["until"])
    # A name given up by its firm and held by nobody on the day: used late, or by somebody else.
    anybody = in_force.groupby(pairs["right"]).transform("any")
    pairs, in_force = pairs[in_force | ~anybody], in_force[in_force | ~anybody]
    reason = np.where(pairs["is_former"], "former_name", "exact")
    differs = _other_code(pairs, firms)
    reason = np.select([~in_force, differs], ["former_name_late", "codes_differ"], reason)
    return pairs.assign(reason=reason, is_sure=in_force & ~differs)[_FOUND]


def _other_code(pairs: pd.DataFrame, firms: pd.DataFrame) -> pd.Series:
    """Return whether record and firm state usable codes that are not equal."""
    code = firms.dropna(subset="code").drop_duplicates("firm").set_index("firm")["code"]
    own = pairs["firm"].map(code)
    return pairs["code"].notna() & own.notna() & (pairs["code"] != own)


def _with_parts(asked: pd.DataFrame) -> pd.DataFrame:
    parts = names.parts_of(asked["normal"])
    return pd.concat([asked.drop(columns="key"), parts], axis="columns")


def _named_firms(firms: pd.DataFrame) -> pd.DataFrame:
    return firms[firms["body"] != ""]


def _by_body(asked: pd.DataFrame, firms: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    held = _named_firms(firms)
    many = held["body"].map(held["body"].value_counts()) > _MOST
    pairs = asked[asked["body"] != ""].merge(held[~many], on="body", suffixes=("", "_left"))
    relation = _relations(pairs)
    pairs, relation = pairs[relation != "apart"], relation[relation != "apart"]
    if pairs.empty:
        return _none()
    same_form = pairs["form"] == pairs["form_left"]
    no_form = (pairs["form"] == "") | (pairs["form_left"] == "")
    kin = pairs["form"].isin(_SAME) & pairs["form_left"].isin(_SAME)
    long = pairs["body"].str.len() >= 4
    placed = relation.isin(["same", "chain"])
    reason = np.select(
        [pairs["branch"] != pairs["branch_left"], relation.isin(["nested", "china"]), ~same_form & ~no_form & ~kin,
         ~same_form & kin, relation == "open", ~same_form],
        ["branch", "region_nested", "form_differs", "legal_form", "region_missing", "form_missing"], "region_written",
    )  # fmt: skip
    unsure = np.isin(reason, ["branch", "region_nested", "form_differs"])
    is_sure = ~unsure & (placed | ((relation == "open") & long & (same_form | kin | no_form)))
    # The same kind of firm in the same place is nearer than another kind or a place left out.
    is_near = pd.Series(reason == "region_written", index=pairs.index)
    is_best = is_near | ~is_near.groupby(pairs["right"]).transform("any")
    return pairs.assign(reason=reason, is_sure=is_sure)[is_best][_FOUND]


def _relations(pairs: pd.DataFrame) -> pd.Series:
    """Return how the regions of a pair go together: same, chain, nested, open, china or apart."""
    left = pairs["region_left"].where(pairs["region_left"] != "", pairs["beside"])
    columns = (pairs["region"], pairs["within"], left, pairs["within_left"])
    cache: dict[tuple[str, ...], str] = {}
    out = []
    for key in zip(*columns, strict=True):
        if key not in cache:
            cache[key] = _relation(*key)
        out.append(cache[key])
    return pd.Series(out, index=pairs.index, dtype="str")


def _relation(one: str, within_one: str, other: str, within_other: str) -> str:
    if not one and not other:
        return "same"
    if not regions.compatible(one, other):
        return "apart"
    if regions.CHINA in (one, other):
        return "same" if one == other else "china"
    if not one or not other:
        return "open"
    if one == other:
        return "same"
    return "chain" if other == within_one or one == within_other else "nested"


def _by_edit(asked: pd.DataFrame, firms: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    asked = asked[~asked["branch"] & (asked["key"].str.len() >= 4)]
    held = _named_firms(firms)
    if asked.empty or held.empty:
        return _none()
    rows = []
    for column, shortest in (("key", 4), ("body", 4)):
        ours, theirs = held[held[column].str.len() >= shortest], asked[asked[column].str.len() >= shortest]
        spots = edits.candidates(ours[column].tolist(), theirs[column].tolist())
        held_in = ours.iloc[spots[:, 0]].add_suffix("_left")
        held_in = held_in.rename(columns={"firm_left": "firm", "beside_left": "beside"})
        asked_in = theirs.iloc[spots[:, 1]]
        both = [frame.reset_index(drop=True) for frame in (asked_in, held_in)]
        rows.append(_judged(pd.concat(both, axis="columns"), column))
    return pd.concat(rows, ignore_index=True).drop_duplicates()


def _judged(pairs: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the pairs that a single edit of a name (`key`) or its body sets apart, with its kind."""
    relation = _relations(pairs)
    kept = relation.isin(["same", "chain", "open"] if column == "key" else ["same", "chain"])
    pairs = pairs[kept]
    rows = []
    for row in pairs.itertuples():
        ours, theirs = getattr(row, f"{column}_left"), getattr(row, column)
        edit = edits.classify(ours, theirs)
        if edit is not None:
            rows.append((row.right, row.firm, *_verdict(edit, row, column, theirs)))
    return pd.DataFrame(rows, columns=_FOUND)


def _verdict(edit: edits.Edit, row, column: str, theirs: str) -> tuple[str, bool]:
    """Return the reason for a pair one edit apart, and whether it is sure enough to be linked."""
    plain = len(row.key_left) - _written_form(row.key_left) if column == "key" else len(row.body_left)
    if column == "key" and edit.at >= plain and row.form_left:
        return "suffix", True
    reason = edit.kind
    own = len(row.body_left)
    long = own >= 4 or (own >= 3 and row.region != "" and row.region == row.region_left)
    if column == "body" and row.form != row.form_left and not {row.form, row.form_left} <= _SAME | {""}:
        long = False
    if edit.kind == "replaced":
        if _is_typo_of_trade(edit, row, column):
            return "trade_typo", True
        # Two other characters of a stem that agree, and all of region, trade and kind, leave little room for another firm, unless one of the two counts.
        placed = row.region != "" and row.region == row.region_left and row.form == row.form_left
        told = {edit.character, theirs[edit.at]} & edits.DISTINGUISHING
        return reason, placed and len(row.stem_left) >= LONG_STEM and not told
    if edit.kind == "dropped" and edit.character in edits.DISTINGUISHING:
        return reason, False
    if edit.kind == "swap":
        return reason, own >= 3
    return reason, long


def _is_typo_of_trade(edit: edits.Edit, row, column: str) -> bool:
    """Return whether a replaced character spoils a word for what the firm does, so that no trade is left there."""
    before = len(row.key_left) - _written_form(row.key_left) - len(row.body_left) if column == "key" else 0
    starts = before + len(row.stem_left)
    return edit.at >= starts and len(row.stem_left) >= 2 and len(row.stem) > len(row.stem_left)


def _written_form(key: str) -> int:
    found = names.FORM.search(key)
    return len(found[0]) if found else 0


def _by_short_form(asked: pd.DataFrame, firms: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    asked = asked[(asked["body"].str.len() >= 2) & ~asked["branch"]]
    held = _named_firms(firms)
    wanted = set(asked["body"])
    bodies, stems = held["body"].tolist(), held["stem"].tolist()
    rows = [
        (place, body[:end])
        for place, (body, stem) in enumerate(zip(bodies, stems, strict=True))
        for end in range(len(stem), len(body))
        if body[:end] in wanted
    ]
    if not rows:
        return _none()
    short = pd.DataFrame(rows, columns=["place", "body"])
    ours = held.drop(columns="body").iloc[short["place"]].reset_index(drop=True).assign(body=short["body"])
    pairs = asked.merge(ours, on="body", suffixes=("", "_left"))
    relation = _relations(pairs)
    is_short = pairs["form"] == ""
    # With a kind of firm it is a full name of another firm as likely as one with words left out.
    kept = relation.isin(["same", "chain"]) | (is_short & (relation == "open"))
    pairs, is_short = pairs[kept], is_short[kept]
    reason = np.where(is_short, "short_form", "trade_words")
    is_sure = is_short & (pairs["body"].str.len() >= 3)
    return pairs.assign(reason=reason, is_sure=is_sure)[_FOUND]


def _none() -> pd.DataFrame:
    return pd.DataFrame({"right": pd.Series(dtype="int64"), "firm": pd.Series(dtype="int64"),
                         "reason": pd.Series(dtype="str"), "is_sure": pd.Series(dtype="bool")})  # fmt: skip


def _decided(asked: pd.DataFrame, firms: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Return the decision on every applicant: one sure firm is a match, several or none but doubtful ones a review."""
    found = found.assign(score=found["reason"].map(SCORES).astype(float))
    found = found.sort_values(["right", "is_sure", "score", "firm"], ascending=[True, False, False, True])
    found = found.drop_duplicates(["right", "firm"])
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


