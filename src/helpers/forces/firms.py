"""Indicators of single firms, the rows of the five-force index: typed tables in, one row a firm out.

The rules are those of the zone's indicators (`guidance` to `cohesion`), applied firm by firm. A count over a complete
register is 0 where nothing is registered; a rate without a case, a score nobody gave, and a rate over fewer persons
than may be shown are missing.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from helpers.forces import cohesion, pioneer, population, support
from helpers.forces.indicator import MissingTable, minimum

SUBSTANCE = ("象征性", "保障性", "决策性")
PROJECT_YEARS = 3
HUNDRED = 100.0

# What each indicator reads, as `table` or `table.column`: nothing else can move the index.
INPUTS: dict[str, tuple[str, ...]] = {
    "p1_coverage_org": ("org_coverage", "party_orgs"),
    "p2_standalone": ("org_coverage", "party_orgs"),
    "p3_charter": ("charter_amendments",),
    "p4_training_done": ("training_events", "org_coverage", "party_orgs"),
    "d1_cross_apply": ("cross_appointments",),
    "d2_mid_level": ("members", "org_coverage", "party_orgs"),
    "d3_half_day": ("policy_deliveries",),
    "d4_liaison_cover": ("policy_liaisons",),
    "d5_proposals": ("governance_meetings",),
    "v1_unit_density": ("pioneer_units", "members", "org_coverage", "party_orgs"),
    "v5_units": (
        "pioneer_units", "org_coverage", "party_orgs", "enterprise_years.uscc", "enterprise_years.year",
        "enterprise_years.employees",
    ),
    "v6_selected": ("pioneer_units", "org_coverage", "party_orgs"),
    "v7_projects": ("task_projects.project_id", "task_projects.uscc", "task_projects.started_on"),
    "t3_party_score": (
        "org_ratings.org_id", "org_ratings.year", "org_ratings.rated_on", "org_ratings.score_party", "org_coverage",
        "party_orgs",
    ),
    "t6_alliance": ("alliance_members",),
    "t7_brand": ("org_brands", "org_coverage", "party_orgs"),
    "t8_lead": ("grids", "org_coverage", "party_orgs"),
    "t9_groups": ("party_groups", "org_coverage", "party_orgs"),
    "c1_ticket_solved": ("service_tickets",),
    "c6_satisfaction": ("service_tickets",),
    "c7_duty_posts": ("responsibility_assignments",),
}  # fmt: skip


def firm_indicators(tables: Mapping[str, pd.DataFrame], *, as_of: date) -> pd.DataFrame:
    """Compute the indicators of every operating private firm above scale or quota.

    Parameters
    ----------
    tables : mapping of name to DataFrame
        Typed tables of the codebook, those about persons from the restricted layer; `enterprises`, `org_coverage` and
        `party_orgs` are needed, an indicator of another table that is missing is missing for all firms.
    as_of : date

    Returns
    -------
    DataFrame, shape (N, 21)
        Index `uscc`; columns the keys of `INPUTS`, float. Shares are in percent; `p1`, `p2`, `d4`, `t6`, `t8` 0 or 1;
        `p3` 0 (no clause filed) to 3 (decision-making); `p4` events hosted and `v7` projects begun (in the last 12 and
        36 months), `v6` units, `t7` brands, `t9` groups, `c7` posts are counts; `v1` per 10 members, `v5` per 100
        employees; `t3` points of the firm's own or joint organisation, growth items left out; `c6` 1 to 5.

    Raises
    ------
    MissingTable
        If one of the three tables is not there.
    """
    absent = [name for name in ("enterprises", "org_coverage", "party_orgs") if name not in tables]
    if absent:
        raise MissingTable(*absent)
    firms = pd.Index(sorted(population.base_firms(tables["enterprises"], as_of, base="above_scale")), name="uscc")
    firm_of = population.firm_of_organisation(tables["org_coverage"], tables["party_orgs"], as_of)
    organised = {**tables, "firm_of": firm_of}
    columns = {}
    for name in INPUTS:
        needed = {one.partition(".")[0] for one in INPUTS[name]}
        made = _RULES[name](organised, as_of, firms) if needed <= set(tables) else pd.Series(np.nan, index=firms)
        columns[name] = made.reindex(firms).astype("float64")
    return pd.DataFrame(columns, index=firms)


def _covered(tables, as_of: date, firms: pd.Index, modes=None) -> pd.Series:
    held = population.covered_firms(tables["org_coverage"], tables["party_orgs"], as_of, modes=modes)
    return pd.Series(firms.isin(list(held)), index=firms)


def _own(tables, as_of: date, firms: pd.Index) -> pd.Series:
    return _covered(tables, as_of, firms, modes=(population.OWN_ORGANISATION,))


def _charter(tables, as_of: date, firms: pd.Index) -> pd.Series:
    filed = tables["charter_amendments"]
    filed = filed[filed["filed_on"] <= pd.Timestamp(as_of)]
    rank = filed["substance"].astype("str").map({name: place for place, name in enumerate(SUBSTANCE, 1)})
    # A filed clause whose substance nobody judged is at least a clause.
    return rank.astype("float64").fillna(1).groupby(filed["uscc"]).max().reindex(firms, fill_value=0)


def _training(tables, as_of: date, firms: pd.Index) -> pd.Series:
    day = pd.Timestamp(as_of)
    events = tables["training_events"]
    recent = events[(events["held_on"] > day - pd.DateOffset(years=1)) & (events["held_on"] <= day)]
    return _count(recent["host_org_id"].map(tables["firm_of"]), firms)


def _cross_appointment(tables, as_of: date, firms: pd.Index) -> pd.Series:
    posts = population.active_on(tables["cross_appointments"], as_of, start="from_on", end="to_on")
    team = posts[posts["party_post"].isin(support.PARTY_TEAM_POSTS)]
    persons = team.groupby("uscc")["member_pid"].nunique()
    senior = team[team["body"].isin(support.SENIOR_BODIES)].groupby("uscc")["member_pid"].nunique()
    return _share_of_persons(senior, persons)


def _mid_level(tables, as_of: date, firms: pd.Index) -> pd.Series:
    roll = _roll(tables, as_of)
    counted = roll.groupby("uscc")["member_pid"].nunique()
    mid = roll[roll["post_type"].isin(support.MID_LEVEL_POSTS)].groupby("uscc")["member_pid"].nunique()
    return _share_of_persons(mid, counted)


def _half_day(tables, as_of: date, firms: pd.Index) -> pd.Series:
    day = pd.Timestamp(as_of)
    pairs = tables["policy_deliveries"]
    issued = pairs["issued_at"].dt.normalize()
    pairs = pairs[(issued > day - pd.DateOffset(years=1)) & (issued <= day)]
    return HUNDRED * support.within_half_day(pairs).groupby(pairs["uscc"]).mean()


def _liaison(tables, as_of: date, firms: pd.Index) -> pd.Series:
    serving = population.active_on(tables["policy_liaisons"], as_of, start="appointed_on", end="ended_on")
    return pd.Series(firms.isin(serving["uscc"]), index=firms)


def _proposals(tables, as_of: date, firms: pd.Index) -> pd.Series:
    day = pd.Timestamp(as_of)
    meetings = tables["governance_meetings"].dropna(subset=["proposals", "adopted"])
    year = meetings[(meetings["held_on"] > day - pd.DateOffset(years=1)) & (meetings["held_on"] <= day)]
    summed = year.groupby("uscc")[["proposals", "adopted"]].sum()
    return HUNDRED * summed["adopted"] / summed["proposals"].where(summed["proposals"] > 0)


def _unit_density(tables, as_of: date, firms: pd.Index) -> pd.Series:
    persons = _roll(tables, as_of).groupby("uscc")["member_pid"].nunique()
    persons = persons.where(persons >= minimum())
    return 10.0 * _count(_units(tables, as_of)["uscc"], firms) / persons.reindex(firms)


def _units_by_size(tables, as_of: date, firms: pd.Index) -> pd.Series:
    employees = population.latest_employees(tables["enterprise_years"], as_of).reindex(firms)
    return HUNDRED * _count(_units(tables, as_of)["uscc"], firms) / employees.where(employees > 0).astype("float64")


def _selected(tables, as_of: date, firms: pd.Index) -> pd.Series:
    units = _units(tables, as_of)
    return _count(units.loc[units["selected"].fillna(value=False).astype(bool), "uscc"], firms)


def _projects(tables, as_of: date, firms: pd.Index) -> pd.Series:
    day = pd.Timestamp(as_of)
    begun = tables["task_projects"]["started_on"]
    recent = (begun > day - pd.DateOffset(years=PROJECT_YEARS)) & (begun <= day)
    return _count(tables["task_projects"].loc[recent, "uscc"], firms)


def _party_score(tables, as_of: date, firms: pd.Index) -> pd.Series:
    day, rated = pd.Timestamp(as_of), tables["org_ratings"].dropna(subset="score_party")
    # Grades, classes and stars hold growth items: not even the year of the rating is taken from them.
    rated = rated[(rated["rated_on"] <= day) | (rated["rated_on"].isna() & (rated["year"] < day.year))]
    rated = rated[rated["year"] == rated["year"].max()]
    score = rated.drop_duplicates("org_id").set_index("org_id")["score_party"]
    held = population.coverage_on(tables["org_coverage"], tables["party_orgs"], as_of)
    held = held[held["coverage_mode"].isin(population.JOINT_MODES)]
    # Its own organisation speaks for a firm, a joint one where it has none; one it is attached to is another firm's.
    rank = held["coverage_mode"].astype("str").map({mode: place for place, mode in enumerate(population.JOINT_MODES)})
    held = held.assign(score=held["org_id"].map(score), rank=rank).dropna(subset="score")
    return held.sort_values(["rank", "org_id"]).drop_duplicates("uscc").set_index("uscc")["score"]


def _alliance(tables, as_of: date, firms: pd.Index) -> pd.Series:
    held = population.active_on(tables["alliance_members"], as_of, start="joined_on", end="left_on")
    return pd.Series(firms.isin(held["uscc"]), index=firms)


def _brands(tables, as_of: date, firms: pd.Index) -> pd.Series:
    brands = tables["org_brands"]
    known = brands[brands["recognised_on"] <= pd.Timestamp(as_of)]
    return _count(known["org_id"].map(tables["firm_of"]), firms)


def _lead(tables, as_of: date, firms: pd.Index) -> pd.Series:
    leading = tables["grids"]["lead_org_id"].map(tables["firm_of"]).dropna()
    return pd.Series(firms.isin(leading), index=firms)


def _groups(tables, as_of: date, firms: pd.Index) -> pd.Series:
    held = population.active_on(tables["party_groups"], as_of, start="established_on", end="dissolved_on")
    return _count(held["org_id"].map(tables["firm_of"]), firms)


def _solved(tables, as_of: date, firms: pd.Index) -> pd.Series:
    day = pd.Timestamp(as_of) - pd.Timedelta(days=cohesion.SOLVED_WITHIN_DAYS)
    requests = cohesion.unique_requests(tables["service_tickets"])
    due = requests[(requests["opened_at"] > day - pd.DateOffset(years=1)) & (requests["opened_at"] <= day)]
    in_time = (due["solved_at"] - due["opened_at"]) <= pd.Timedelta(days=cohesion.SOLVED_WITHIN_DAYS)
    return HUNDRED * in_time.groupby(due["uscc"]).mean()


def _satisfaction(tables, as_of: date, firms: pd.Index) -> pd.Series:
    day = pd.Timestamp(as_of)
    tickets = tables["service_tickets"].dropna(subset="satisfaction")
    recent = tickets[(tickets["opened_at"] > day - pd.DateOffset(years=1)) & (tickets["opened_at"] <= day)]
    return recent["satisfaction"].astype("float64").groupby(recent["uscc"]).mean()


def _duty_posts(tables, as_of: date, firms: pd.Index) -> pd.Series:
    held = population.active_on(tables["responsibility_assignments"], as_of, start="from_on", end="to_on")
    return _count(held["uscc"], firms)


def _roll(tables, as_of: date) -> pd.DataFrame:
    roll = population.members_on_roll(tables["members"], tables["party_orgs"], as_of)
    return roll.assign(uscc=roll["org_id"].map(tables["firm_of"])).dropna(subset="uscc")


def _units(tables, as_of: date) -> pd.DataFrame:
    units = pioneer.active_units(tables["pioneer_units"], as_of)
    return units.assign(uscc=units["org_id"].map(tables["firm_of"]))


def _count(firm_of_row: pd.Series, firms: pd.Index) -> pd.Series:
    return firm_of_row.dropna().value_counts().reindex(firms, fill_value=0)


def _share_of_persons(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Return a percentage of persons, missing where the whole, the part or the rest is too few, none included."""
    part = part.reindex(whole.index, fill_value=0)
    rest = whole - part
    is_few = (whole < minimum()) | (part < minimum()) | (rest < minimum())
    return (HUNDRED * part / whole).mask(is_few)


_RULES = {
    "p1_coverage_org": _covered, "p2_standalone": _own, "p3_charter": _charter, "p4_training_done": _training,
    "d1_cross_apply": _cross_appointment, "d2_mid_level": _mid_level, "d3_half_day": _half_day,
    "d4_liaison_cover": _liaison, "d5_proposals": _proposals, "v1_unit_density": _unit_density,
    "v5_units": _units_by_size, "v6_selected": _selected, "v7_projects": _projects, "t3_party_score": _party_score,
    "t6_alliance": _alliance, "t7_brand": _brands, "t8_lead": _lead, "t9_groups": _groups, "c1_ticket_solved": _solved,
    "c6_satisfaction": _satisfaction, "c7_duty_posts": _duty_posts,
}  # fmt: skip
