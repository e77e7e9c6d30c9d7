"""Cultivation: firms listed for the demonstration campaign beside similar ones, and the two-way flow of members.

Typed tables of the codebook in, small tables of counts out. Persons come from the restricted layer; small counts of
them are taken out at the source.
"""

from datetime import date

import numpy as np
import pandas as pd

from helpers.forces import pioneer, population, traction
from helpers.forces.indicator import hide
from helpers.forces.intervals import shares
from helpers.forces.matching import nearest_pairs
from helpers.forces.traction import CLASSES

GROUPS = ("listed", "similar", "others")


def listed_and_similar(
    cultivation_targets: pd.DataFrame,
    org_ratings: pd.DataFrame,
    org_coverage: pd.DataFrame,
    party_orgs: pd.DataFrame,
    *,
    as_of: date,
) -> pd.DataFrame:
    """Compare the organisations of listed firms with those of similar firms that are not listed (system 10).

    Returns
    -------
    DataFrame
        One row a group (`GROUPS`: listed; similar, one to each listed; all others that are not listed): group,
        organisations (with a class and a party score in the last rating before the listing), top_before (in the top
        class then), score_before (mean party score), rated_after (rated once more after the listing, up to `as_of`),
        rose (whose class rose by then) and its share of those with room to rise (`room`) in per cent with Wilson's 95 %
        interval (`rose_pct`, `conf_low`, `conf_high`).

    Notes
    -----
    A firm's organisation is the one it founded on its own. Similar: equal class before, nearest party score, each taken
    once (`matching.nearest_pairs`). The pass rate itself (`measures.cultivation_passed`) exists for listed firms alone:
    a rise in class is what both groups can show. Trap: firms are listed because they are good or likely to pass; a
    class is given by the office that lists.
    """
    listed = cultivation_targets[cultivation_targets["listed_on"] <= pd.Timestamp(as_of)]
    ever = set(listed["uscc"])
    own = org_coverage[org_coverage["coverage_mode"] == population.OWN_ORGANISATION]
    parts = []
    for day, firms in listed.groupby("listed_on")["uscc"]:
        held = population.coverage_on(own, party_orgs, day).drop_duplicates("uscc")
        facts = _before_and_after(org_ratings, held, day, as_of)
        treated = facts[facts.index.isin(firms)]
        pool = facts[~facts.index.isin(ever)]
        pairs = nearest_pairs(treated, pool, exact=["before"], on=["score"])
        similar = facts.reindex(pairs["partner"])
        parts += [treated.assign(group="listed"), similar.assign(group="similar"), pool.assign(group="others")]
    columns = ["before", "after", "score", "group"]
    every = pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)
    return _by_group(every)


def _before_and_after(org_ratings: pd.DataFrame, held: pd.DataFrame, day: pd.Timestamp, as_of: date) -> pd.DataFrame:
    """Return firm -> class place and score in the last rating before a day, class place in the first one after it."""
    place = org_ratings["class"].astype("str").map({name: number for number, name in enumerate(CLASSES)})
    rated = org_ratings.assign(place=place).dropna(subset=["place", "rated_on"]).sort_values(["org_id", "rated_on"])
    before = rated[rated["rated_on"] <= day].groupby("org_id").last()
    after = rated[(rated["rated_on"] > day) & (rated["rated_on"] <= pd.Timestamp(as_of))].groupby("org_id").first()
    orgs = held.set_index("uscc")["org_id"]
    facts = pd.DataFrame(
        {
            "before": orgs.map(before["place"]), "score": orgs.map(before["score_party"]).astype(float),
            "after": orgs.map(after["place"]),
        }
    )  # fmt: skip
    return facts.dropna(subset=["before", "score"])


def _by_group(every: pd.DataFrame) -> pd.DataFrame:
    has_room = every["before"] < len(CLASSES) - 1
    counted = pd.DataFrame(
        {
            "group": every["group"], "organisations": 1, "top_before": (~has_room).astype(int), "score": every["score"],
            "rated_after": every["after"].notna().astype(int),
            "room": (has_room & every["after"].notna()).astype(int),
            "rose": (has_room & (every["after"] > every["before"])).astype(int),
        }
    )  # fmt: skip
    sums = counted.groupby("group").sum().reindex(list(GROUPS), fill_value=0)
    score = pd.to_numeric(sums["score"]) / sums["organisations"].where(sums["organisations"] > 0)
    sums = sums.drop(columns="score").astype(int).assign(score_before=score.astype(float))
    share = shares(sums["rose"], sums["room"]).rename(columns={"pct": "rose_pct"})
    return pd.concat([sums, share], axis="columns").rename_axis("group").reset_index()


def brands_by_class(org_brands: pd.DataFrame, org_ratings: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Count organisations and recognised brands by class of the latest rated year (system 9).

    Returns
    -------
    DataFrame
        One row a class, lowest first, and `unrated` where brands of organisations without a class are known: class,
        organisations (rated), with_brand (that hold one), brands.

    Notes
    -----
    Trap: brands may be among what the class was given for.
    """
    known = org_brands[org_brands["recognised_on"] <= pd.Timestamp(as_of)].drop_duplicates("brand_id")
    rated = traction.rated_in(org_ratings, traction.latest_rating_year(org_ratings, as_of)).dropna(subset="class")
    of_class = rated.drop_duplicates("org_id").set_index("org_id")["class"].astype("str")
    held = known["org_id"].map(of_class).fillna("unrated")
    levels = [*CLASSES, *(["unrated"] if (held == "unrated").any() else [])]
    with_brand = known.groupby(held)["org_id"].nunique()
    return pd.DataFrame(
        {
            "class": levels,
            "organisations": of_class.value_counts().reindex(levels, fill_value=0).to_numpy(),
            "with_brand": with_brand.reindex(levels, fill_value=0).to_numpy(),
            "brands": held.value_counts().reindex(levels, fill_value=0).to_numpy(),
        }
    )


def two_way_by_year(members: pd.DataFrame, party_orgs: pd.DataFrame, *, as_of: date, years: int = 5) -> pd.DataFrame:
    """Return both directions of the two-way cultivation (双培养), in the years that end on the day of `as_of`.

    Returns
    -------
    DataFrame
        One row a year, earliest first: ends_on, at_start (members on the roll at its beginning), promoted (members who
        moved into a technical post), admitted (technical staff admitted as members), pct (both in per cent of
        at_start). Counts too small to be given, and those that would give them away, are missing.

    Notes
    -----
    As `pioneer.two_way_flow`, whose assumptions hold here. Years without anybody on the roll at the beginning are left
    out. Trap: promotion depends on education and tenure.
    """
    rows = []
    for back in range(years - 1, -1, -1):
        end = pd.Timestamp(as_of) - pd.DateOffset(years=back)
        at_start, promoted, admitted = pioneer.two_way_counts(members, party_orgs, as_of=end)
        rows.append({"ends_on": end, "at_start": at_start, "promoted": promoted, "admitted": admitted})
    table = pd.DataFrame(rows)
    table = table[table["at_start"] > 0].reset_index(drop=True)
    table["pct"] = 100 * (table["promoted"] + table["admitted"]) / table["at_start"].replace(0, np.nan)
    years = table["ends_on"].dt.year
    cells = {name: [f"{name}.{year}" for year in years] for name in ("at_start", "promoted", "admitted")}
    return hide(table, cells, shares=["pct"], parts={"promoted": "at_start"})
