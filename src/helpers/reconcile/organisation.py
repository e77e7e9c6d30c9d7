"""Checks of the figures on firms, coverage, organisations, grids, ratings and the alliance."""

import pandas as pd

from helpers.forces import population, traction
from helpers.forces.organisation import organisation_tree
from helpers.reconcile.recount import Check, NotTestable, Question, Recount

LEVEL_ORG_TYPES = ("党工委", "两新组织党委")
JOINT_BRANCH = "联合党支部"
OWN = (population.OWN_ORGANISATION,)
ROTATING_CHAIR = "轮值"
TRACKS = {"cultivation_consolidate": "巩固提升", "cultivation_new_forms": "新业态培育"}


def market_entities(q: Question) -> Recount:
    """Count every legal unit that exists, households and branches included."""
    return Recount("read_entities", population.firms_existing(q.tables["enterprises"], q.as_of)["uscc"].nunique())


def listed_firms(base: population.Base) -> Check:
    """Return a check that counts the firms on a statistical list, of any ownership."""

    def check(q: Question) -> Recount:
        firms = population.firms_existing(q.tables["enterprises"], q.as_of)
        listed = firms["above_scale"].isin(population.SCALE_LISTS[base])
        return Recount(f"read_{base}", firms.loc[listed, "uscc"].nunique())

    return check


def base_of(q: Question, base: population.Base) -> frozenset[str]:
    """Return the firms of a base, with the tables that it needs."""
    extra = {}
    if base == "should_have":
        extra = {name: q.tables[name] for name in ("members", "org_coverage", "party_orgs")}
    return population.base_firms(q.tables["enterprises"], q.as_of, base=base, **extra)


def coverage(q: Question) -> Recount:
    """Recompute the coverage rate under the chosen numerator and base."""
    base, numerator = q.readings.coverage_base, q.readings.coverage_numerator
    firms = base_of(q, base)
    if numerator == "organisations":
        k = organisation_count(q)
    else:
        modes = population.JOINT_MODES if numerator == "own_or_joint" else None
        held = q.tables["org_coverage"], q.tables["party_orgs"]
        k = len(population.covered_firms(*held, q.as_of, modes=modes) & firms)
    return Recount(f"read_coverage_{numerator}", k, len(firms), reading_values={"base": f"forces.base_{base}"})


def organisation_count(q: Question) -> int:
    """Return the number of enterprises' organisations under the chosen reading."""
    orgs = population.organisations(q.tables["party_orgs"], q.as_of)
    if q.readings.organisations == "firms_with_own":
        return len(population.covered_firms(q.tables["org_coverage"], q.tables["party_orgs"], q.as_of, modes=OWN))
    if q.readings.organisations == "without_sub_branches":
        orgs = orgs[~population.sub_branches(orgs)]
    return orgs["org_id"].nunique()


def organisations(q: Question) -> Recount:
    """Count the enterprises' party organisations."""
    return Recount(f"read_organisations_{q.readings.organisations}", organisation_count(q))


def joint_branches(q: Question) -> Recount:
    """Count the joint branches in existence."""
    orgs = population.organisations(q.tables["party_orgs"], q.as_of)
    return Recount("read_joint_branches", orgs.loc[orgs["org_type"] == JOINT_BRANCH, "org_id"].nunique())


def workshop_groups(q: Question) -> Recount:
    """Count the workshop party groups in existence."""
    return Recount("read_groups", _groups(q)["group_id"].nunique())


def _groups(q: Question) -> pd.DataFrame:
    return population.active_on(q.tables["party_groups"], q.as_of, start="established_on", end="dissolved_on")


def linkage_levels(q: Question) -> Recount:
    """Count the levels of the linkage chain: those that parent pointers link, or those of which there is a record."""
    if q.readings.linkage == "pointers":
        return Recount("read_levels_pointers", _linked_levels(q))
    orgs = population.active_on(q.tables["party_orgs"], q.as_of, start="established_on", end="dissolved_on")
    found = [orgs["org_type"].eq(kind).any() for kind in LEVEL_ORG_TYPES]
    found.append(q.tables["areas"]["workstation_name"].notna().any())
    found.append(orgs["org_type"].isin(population.ENTERPRISE_ORG_TYPES).any())
    found.append(len(q.tables["party_groups"]) > 0)
    return Recount("read_levels_records", int(sum(found)))


def _linked_levels(q: Question) -> int:
    """Return the levels from the top to the groups of branches that stand under no committee of a firm."""
    orgs = q.tables["party_orgs"]
    tree = organisation_tree(orgs, as_of=q.as_of)
    plain = orgs["org_type"].isin(population.ENTERPRISE_ORG_TYPES) & ~orgs["org_type"].isin(population.COMMITTEES)
    plain_ids = orgs.loc[plain & ~population.sub_branches(orgs), "org_id"]
    branches = tree[tree["org_id"].isin(plain_ids)].dropna(subset="depth")
    has_group = branches["org_id"].isin(_groups(q)["org_id"]).astype(int)
    return int((branches["depth"] + has_group).max()) if len(branches) else 0


def distinct(table: str, column: str, reading: str) -> Check:
    """Return a check that counts the distinct values of a column."""

    def check(q: Question) -> Recount:
        return Recount(reading, int(q.tables.column(table, column).nunique()))

    return check


def classes_in_use(q: Question) -> Recount:
    """Count the classes given in the latest rated year."""
    ratings = q.tables["org_ratings"]
    latest = traction.rated_in(ratings, traction.latest_rating_year(ratings, q.as_of))
    return Recount("read_classes", int(latest["class"].dropna().nunique()))


def good_or_above(q: Question) -> Recount:
    """Recompute the share graded good or above in the latest rated year."""
    ratings = q.tables["org_ratings"]
    year = traction.latest_rating_year(ratings, q.as_of)
    graded = traction.rated_in(ratings, year)
    graded = graded[graded["grade"].notna()]
    if q.readings.rated == "branches":
        orgs = q.tables["party_orgs"]
        branches = orgs.loc[~orgs["org_type"].isin(population.COMMITTEES), "org_id"]
        graded = graded[graded["org_id"].isin(branches)]
    good = int(graded["grade"].isin(traction.GOOD_GRADES).sum())
    return Recount(f"read_rated_{q.readings.rated}", good, len(graded), reading_values={"year": year or "–"})


def brands(q: Question) -> Recount:
    """Count the brands recognised by the day."""
    return Recount("read_brands", _brands(q)["brand_id"].nunique())


def _brands(q: Question) -> pd.DataFrame:
    held = q.tables["org_brands"]
    return held[held["recognised_on"].isna() | (held["recognised_on"] <= q.day)]


def cultivated(q: Question) -> Recount:
    """Count the firms listed for one track of the campaign of the figure's year."""
    listed, track, year = q.tables["cultivation_targets"], TRACKS[q.figure.id], q.figure.as_of[:4]
    of_year = listed["campaign"].str.contains(year, regex=False, na=False)
    of_year |= (listed["listed_on"].dt.year == int(year)).fillna(False)
    held = listed[of_year & (listed["track"] == track) & ~(listed["listed_on"] > q.day)]
    return Recount("read_cultivated", held["uscc"].nunique(), reading_values={"track": track, "year": year})


def alliance_members(q: Question) -> Recount:
    """Count the distinct firms of the alliance."""
    return Recount("read_alliance", _alliance(q)["uscc"].nunique())


def alliance_chairs(q: Question) -> Recount:
    """Count the distinct firms that chair in rotation."""
    held = _alliance(q)
    return Recount("read_chairs", held.loc[held["role"] == ROTATING_CHAIR, "uscc"].nunique())


def alliance_founded(q: Question) -> Recount:
    """Find the day on which the first firm joined."""
    first = q.tables["alliance_members"]["joined_on"].min()
    if pd.isna(first):
        raise NotTestable("reason_no_dates", table="alliance_members.joined_on")
    return Recount("read_first_joined", day=first)


def _alliance(q: Question) -> pd.DataFrame:
    return population.active_on(q.tables["alliance_members"], q.as_of, start="joined_on", end="left_on")


def named_chair(q: Question) -> Recount:
    """Look for a named firm among the rotating chairs."""
    chairs = _alliance(q)
    return _named(q, chairs.loc[chairs["role"] == ROTATING_CHAIR, "uscc"])


def named_cultivated(q: Question) -> Recount:
    """Look for a named firm among those listed for cultivation."""
    return _named(q, q.tables["cultivation_targets"]["uscc"])


def named_brand(q: Question) -> Recount:
    """Look for a named brand among the recognised ones, by the words in quotation marks."""
    title = q.figure.metric_zh.partition("“")[2].rstrip("”")
    return _presence(q, int(_brands(q)["brand_name"].str.contains(title, regex=False, na=False).sum()))


def _named(q: Question, codes: pd.Series) -> Recount:
    firms = q.tables["enterprises"]
    names = firms.loc[firms["uscc"].isin(codes), "name_zh"]
    return _presence(q, int(names.str.contains(q.figure.metric_zh, regex=False, na=False).sum()))


def _presence(q: Question, found: int) -> Recount:
    if not found and q.readings.names == "invented":
        raise NotTestable("reason_names_invented")
    return Recount("read_named", found)


CHECKS: dict[str, Check] = {
    "brand_five_forces_n": distinct("force_map", "force", "read_forces"),
    "zone_market_entities": market_entities,
    "zone_scale_industrial_firms": listed_firms("scale_industrial"),
    "zone_above_quota_firms": listed_firms("above_quota"),
    "org_coverage_rate": coverage,
    "alliance_founding_date": alliance_founded,
    "alliance_members": alliance_members,
    "alliance_rotating_chairs": alliance_chairs,
    **{f"alliance_chair_{number}": named_chair for number in range(1, 6)},
    "org_areas": distinct("areas", "area_id", "read_areas"),
    "org_joint_branches": joint_branches,
    "org_enterprise_party_orgs": organisations,
    "org_workshop_groups": workshop_groups,
    "org_linkage_levels": linkage_levels,
    "grid_count": distinct("grids", "grid_id", "read_grids"),
    "rating_classes": classes_in_use,
    "rating_good_or_above_share": good_or_above,
    "brand_feature_brands": brands,
    **{f"brand_named_{number}": named_brand for number in range(1, 8)},
    **dict.fromkeys(TRACKS, cultivated),
    **{f"cultivation_named_{number}": named_cultivated for number in range(1, 4)},
}
