"""The steps of the cascade: applicants and firms in, pairs with their reason and whether they are sure out.

Every step takes applicants that no step before it has found, firms and names in force from `parties`, and gives one row
a pair: right, firm, reason, is_sure.
"""

from typing import Final

import numpy as np
import pandas as pd

from helpers.codebook.uscc import check_digit
from helpers.link import edits, names, regions

# What a limited company and a company limited by shares turn into each other when the one becomes the other.
_KIN: Final = frozenset({"有限", "股份"})
# A stem of so many characters can be told with one of them replaced.
_LONG_STEM: Final = 3
# A body borne by more firms than this tells none of them.
_MOST: Final = 50
# A shorter name differs from too many others by one character.
_SHORTEST: Final = 4
_FOUND: Final = ["right", "firm", "reason", "is_sure"]


def by_code(asked: pd.DataFrame, firms: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Link by equal credit codes; a name that is another firm's in the register makes it a doubt."""
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


def by_name(asked: pd.DataFrame, firms: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Link by the whole name in one spelling, whoever bears it on the date; without a date whoever ever did."""
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


def with_parts(asked: pd.DataFrame) -> pd.DataFrame:
    """Return applicants with the parts of their names in the place of their keys."""
    parts = names.parts_of(asked["normal"])
    return pd.concat([asked.drop(columns="key"), parts], axis="columns")


def _named_firms(firms: pd.DataFrame) -> pd.DataFrame:
    return firms[firms["body"] != ""]


def by_body(asked: pd.DataFrame, firms: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Link by the body of the name where the regions go together."""
    held = _named_firms(firms)
    found = _bodies(asked, held)
    # 东方 is a city and half of the brands of the country: what begins so is tried without a place, too.
    rest = asked[~asked["right"].isin(found["right"])]
    parts = [found, _bodies(_as_brands(rest), held), _bodies(rest, _as_brands(held))]
    return pd.concat(parts, ignore_index=True).drop_duplicates(["right", "firm"])


def _as_brands(table: pd.DataFrame) -> pd.DataFrame:
    """Return the names whose place may be a brand, with nothing taken for a place."""
    kept = table[table["brand"] != ""]
    return kept.assign(body=kept["brand"], region="", within="")


def _bodies(asked: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    many = held["body"].map(held["body"].value_counts()) > _MOST
    pairs = asked[asked["body"] != ""].merge(held[~many], on="body", suffixes=("", "_left"))
    relation = _relations(pairs)
    pairs, relation = pairs[relation != "apart"], relation[relation != "apart"]
    if pairs.empty:
        return _none()
    same_form = pairs["form"] == pairs["form_left"]
    no_form = (pairs["form"] == "") | (pairs["form_left"] == "")
    kin = pairs["form"].isin(_KIN) & pairs["form_left"].isin(_KIN)
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
    own = pairs["region"].where(pairs["region"] != "", pairs["place"])
    columns = (own, pairs["within"], left, pairs["within_left"])
    cache: dict[tuple[str, ...], str] = {}
    out = []
    for key in zip(*(column.to_numpy(dtype=object) for column in columns), strict=True):
        if key not in cache:
            cache[key] = _relation(*key)
        out.append(cache[key])
    found = pd.Series(out, index=pairs.index, dtype="str")
    # What stands beside a name is the seat, which lies in the place that the other name states as often as not.
    is_beside = (pairs["region"] == "") | (pairs["region_left"] == "")
    return found.mask(is_beside & (found == "nested"), "chain")


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


def by_edit(asked: pd.DataFrame, firms: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Link names, or bodies in one region, that a single classified edit sets apart."""
    asked = asked[~asked["branch"] & (asked["key"].str.len() >= _SHORTEST)]
    held = _named_firms(firms)
    if asked.empty or held.empty:
        return _none()
    rows = []
    for column in ("key", "body"):
        ours, theirs = (side[side[column].str.len() >= _SHORTEST] for side in (held, asked))
        spots = edits.candidates(_list(ours[column]), _list(theirs[column]))
        held_in = ours.iloc[spots[:, 0]].add_suffix("_left")
        held_in = held_in.rename(columns={"firm_left": "firm", "beside_left": "beside"})
        asked_in = theirs.iloc[spots[:, 1]]
        both = [frame.reset_index(drop=True) for frame in (asked_in, held_in)]
        rows.append(_judged(pd.concat(both, axis="columns"), column))
    found = pd.concat(rows, ignore_index=True).drop_duplicates()
    # Two firms whose names lack one character each of being the one asked for: neither is sure, whichever it lacks.
    dropped = found["reason"] == "dropped"
    firms_of = found[dropped].groupby("right")["firm"].nunique()
    several = dropped & found["right"].isin(firms_of.index[firms_of > 1])
    return found.assign(is_sure=found["is_sure"] & ~several)


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
    if edit.kind in ("swap", "homophone") and plain >= 4 and edit.at < plain - own:
        # A slip in the name of the place (夏门), while everything behind it agrees.
        return reason, True
    long = own >= 4 or (own >= 3 and row.region != "" and row.region == row.region_left)
    if column == "body" and row.form != row.form_left and not {row.form, row.form_left} <= _KIN | {""}:
        long = False
    alike = row.region == row.region_left and row.form == row.form_left
    if edit.kind == "replaced":
        if _is_typo_of_trade(edit, row, column):
            return "trade_typo", True
        # Two other characters of a stem that agree, and all of region, trade and kind, leave little room for
        # another firm, unless one of the two characters is of those that tell firms apart.
        placed = row.region != "" and len(row.stem_left) >= _LONG_STEM
        told = {edit.character, theirs[edit.at]} & edits.DISTINGUISHING
        return reason, alike and placed and not told
    if edit.kind == "dropped" and edit.character in edits.DISTINGUISHING:
        return reason, False
    if edit.kind == "swap":
        return reason, own >= 3 or plain >= 4
    if edit.kind == "homophone" and alike and (own >= 3 or row.region != ""):
        # No two of 4,654 real names of firms are a homophone apart.
        return reason, own >= 2
    return reason, long


def _is_typo_of_trade(edit: edits.Edit, row, column: str) -> bool:
    """Return whether a replaced character spoils a word for what the firm does, so that no trade is left there."""
    before = len(row.key_left) - _written_form(row.key_left) - len(row.body_left) if column == "key" else 0
    starts = before + len(row.stem_left)
    return edit.at >= starts and len(row.stem_left) >= 2 and len(row.stem) > len(row.stem_left)


def _written_form(key: str) -> int:
    found = names.FORM.search(key)
    return len(found[0]) if found else 0


def by_short_form(asked: pd.DataFrame, firms: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Link a name without its last words to the one firm whose body begins with it."""
    asked = asked[(asked["body"].str.len() >= 2) & ~asked["branch"]]
    held = _named_firms(firms)
    wanted = set(asked["body"])
    bodies, stems = _list(held["body"]), _list(held["stem"])
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


def _list(column: pd.Series) -> list[str]:
    """Return a column of text as a list; one that Arrow holds gives its strings up much faster all at once."""
    return column.to_numpy(dtype=object).tolist()


def _none() -> pd.DataFrame:
    return pd.DataFrame({"right": pd.Series(dtype="int64"), "firm": pd.Series(dtype="int64"),
                         "reason": pd.Series(dtype="str"), "is_sure": pd.Series(dtype="bool")})  # fmt: skip
