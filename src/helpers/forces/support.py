"""Force 2, development support (发展支撑力): cross-appointment, members' posts, policy delivery, liaisons, proposals.

Typed tables of the codebook in, one `Indicator` out; the positional parameters are the tables' names. Person tables
come from the restricted layer and leave it as counts only.
"""

from collections.abc import Collection
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from helpers.forces import population
from helpers.forces.indicator import Indicator, ratio, shown
from helpers.forces.population import Base

PARTY_TEAM_POSTS = ("书记", "副书记", "委员")
SENIOR_BODIES = ("董事会", "监事会", "经理层")
SENIOR_SECRETARY_POSTS = ("董事长或总经理", "副总")
MID_LEVEL_POSTS = ("高级管理", "中层管理", "专业技术", "研发")
INDUSTRIAL: Base = "scale_industrial"
PERSON_IN_CHARGE = "企业负责人"
HALF_DAY_HOURS = 4.0
# 08:00-12:00 and 14:00-18:00: the sources state no office hours.
OFFICE_HOURS = ((8.0, 12.0), (14.0, 18.0))
HOURS_A_DAY = sum(end - start for start, end in OFFICE_HOURS)


def cross_appointment(
    enterprises: pd.DataFrame,
    cross_appointments: pd.DataFrame,
    secretaries: pd.DataFrame,
    members: pd.DataFrame,
    party_orgs: pd.DataFrame,
    org_coverage: pd.DataFrame,
    *,
    as_of: date,
    team: Literal["top_team", "all_committees"] = "top_team",
) -> Indicator:
    """Compute d1, cross-appointment of the party team (班子交叉任职率).

    Parameters
    ----------
    team : {'top_team', 'all_committees'}
        The team of the firm's highest organisation only, or also the committees of the branches under it.

    Returns
    -------
    Indicator
        100 * persons of the team with a board, supervisory or manager post / persons of the team, over industrial firms
        above scale (规上工业) that have an organisation of their own; percent, point in time. Benchmark:
        `governance_scale_team_senior` (100).

    Notes
    -----
    The team: holders of a party post (书记, 副书记, 委员) and serving secretaries. Senior: a post in 董事会, 监事会 or
    经理层, or a secretary whose own post is 董事长或总经理 or 副总. Trap: the published 100 % is conditional on having
    an organisation, and the article's own interview names department heads (readings differ by `team`). A firm in a
    joint branch or attached to another's organisation has no team of its own. Trade and catering firms above their
    quota (限上) are not above scale in the statistical sense; `team_in_senior_posts` counts other bases.
    """
    firms = _organised_firms(enterprises, org_coverage, party_orgs, as_of, INDUSTRIAL)
    k, n = team_in_senior_posts(
        enterprises, cross_appointments, secretaries, members, party_orgs, org_coverage,
        as_of=as_of, team=team, base=INDUSTRIAL,
    )  # fmt: skip
    return ratio("d1_cross_apply", k, n, window="point_in_time", base=team, people="both", note="note_d1",
                 cells=(f"{team}.senior", team),
                 benchmark=("governance_scale_team_senior",), note_values={"firms": len(firms)})  # fmt: skip


def team_in_senior_posts(
    enterprises: pd.DataFrame,
    cross_appointments: pd.DataFrame,
    secretaries: pd.DataFrame,
    members: pd.DataFrame,
    party_orgs: pd.DataFrame,
    org_coverage: pd.DataFrame,
    *,
    as_of: date,
    team: Literal["top_team", "all_committees"] = "top_team",
    base: Base = INDUSTRIAL,
) -> tuple[int, int]:
    """Count the persons of the party teams in a senior post, and all persons of the teams, as in `cross_appointment`.

    Parameters
    ----------
    base : str
        The firms meant by above-scale (规模以上), see `population.base_firms`.

    Returns
    -------
    (int, int)
        Numerator and denominator, not suppressed: for comparison inside, not to be shown below 10.
    """
    firms = _organised_firms(enterprises, org_coverage, party_orgs, as_of, base)
    posts = population.active_on(cross_appointments, as_of, start="from_on", end="to_on")
    posts = posts[population.within(posts["uscc"], firms)]
    firm_of = population.firm_of_organisation(org_coverage, party_orgs, as_of)
    leading = population.active_on(secretaries, as_of, start="from_on", end="to_on")
    leading = leading[leading["org_id"].map(firm_of).isin(list(firms))]
    persons = set(posts.loc[posts["party_post"].isin(PARTY_TEAM_POSTS), "member_pid"]) | set(leading["member_pid"])
    if team == "top_team":
        persons -= _only_in_sub_branches(persons, members, leading, party_orgs, as_of)
    senior = set(posts.loc[posts["body"].isin(SENIOR_BODIES), "member_pid"])
    senior |= set(leading.loc[leading["mgmt_post"].isin(SENIOR_SECRETARY_POSTS), "member_pid"])
    return len(persons & senior), len(persons)


def _organised_firms(enterprises, org_coverage, party_orgs, as_of: date, base: Base) -> frozenset[str]:
    firms = population.base_firms(enterprises, as_of, base=base)
    return firms & population.covered_firms(org_coverage, party_orgs, as_of, modes=(population.OWN_ORGANISATION,))


def _only_in_sub_branches(
    persons: set[str], members: pd.DataFrame, leading: pd.DataFrame, party_orgs: pd.DataFrame, as_of: date
) -> set[str]:
    below = party_orgs.loc[population.sub_branches(party_orgs), "org_id"]
    held = population.active_on(members, as_of, start="from_on", end="to_on")
    places = pd.concat([held[["member_pid", "org_id"]], leading[["member_pid", "org_id"]]])
    places = places[places["member_pid"].isin(list(persons))]
    at_top = set(places.loc[~places["org_id"].isin(below), "member_pid"])
    return set(places["member_pid"]) - at_top


def members_mid_level(members: pd.DataFrame, party_orgs: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute d2, members in mid-level, senior or technical posts (党员中层以上占比).

    Returns
    -------
    Indicator
        100 * members on the roll in 高级管理, 中层管理, 专业技术 or 研发 / members on the roll (formal and
        probationary); percent, point in time. Benchmark: `governance_members_mid_level_share` (78.1).

    Notes
    -----
    Trap: membership is selected on skill, so the same share among non-members of the same education is the
    comparison. A member whose post is blank stays in the denominator and is counted in the note.
    """
    roll = population.members_on_roll(members, party_orgs, as_of)
    k = int(roll["post_type"].isin(MID_LEVEL_POSTS).sum())
    blank = int(roll["post_type"].isna().sum())
    return ratio("d2_mid_level", k, len(roll), window="point_in_time", base="roll", people="both", note="note_d2",
                 cells=("roll.mid_level", "roll"),
                 benchmark=("governance_members_mid_level", "governance_members_mid_level_share"),
                 note_values={"blank": shown("roll.blank_post", blank)})  # fmt: skip


def working_hours(start: pd.Series, end: pd.Series, *, holidays: Collection[date] = ()) -> pd.Series:
    """Return the office hours between two times, hours; missing where either is missing.

    Parameters
    ----------
    start, end : Series of datetime64
    holidays : collection of date
        Days off besides Saturdays and Sundays (days worked in exchange for a holiday are not known here).

    Notes
    -----
    Office hours 08:00-12:00 and 14:00-18:00, Monday to Friday: assumed, the sources state none. Night, lunch and days
    off do not count, so what is issued at 17:00 and delivered at 09:00 next day took two hours.
    """
    days_off = np.array(sorted(holidays), dtype="datetime64[D]")
    known = start.notna() & end.notna()
    hours = pd.Series(np.nan, index=start.index, dtype="float64")
    hours[known] = _hours_since_epoch(end[known], days_off) - _hours_since_epoch(start[known], days_off)
    return hours


def _hours_since_epoch(moment: pd.Series, days_off: np.ndarray) -> np.ndarray:
    day = moment.to_numpy().astype("datetime64[D]")
    before = np.busday_count(np.datetime64("1970-01-01"), day, holidays=days_off)
    clock = (moment.to_numpy().astype("datetime64[s]") - day.astype("datetime64[s]")).astype(float) / 3600
    today = sum(np.clip(clock, opens, closes) - opens for opens, closes in OFFICE_HOURS)
    return before * HOURS_A_DAY + np.where(np.is_busday(day, holidays=days_off), today, 0.0)


def within_half_day(policy_deliveries: pd.DataFrame, *, holidays: Collection[date] = ()) -> pd.Series:
    """Return, per policy-firm pair, whether the person in charge had it within four office hours of issue."""
    hours = working_hours(policy_deliveries["issued_at"], policy_deliveries["delivered_at"], holidays=holidays)
    in_time = (hours >= 0) & (hours <= HALF_DAY_HOURS)
    return in_time & (policy_deliveries["received_by"] == PERSON_IN_CHARGE).fillna(False)


def half_day_delivery(
    policy_deliveries: pd.DataFrame,
    *,
    as_of: date,
    window: Literal["month", "to_date"] = "month",
    holidays: Collection[date] = (),
) -> Indicator:
    """Compute d3, policies delivered within half a day (政策半日直达率).

    Returns
    -------
    Indicator
        100 * policy-firm pairs delivered to the person in charge within 4 office hours / pairs issued; percent, the
        latest month in which anything was issued up to `as_of`, or everything up to it. Benchmark:
        `liaison_delivery_time`.

    Notes
    -----
    Trap: an undelivered pair stays in the denominator; one received by somebody else, or by nobody named, is not met.
    """
    pairs = policy_deliveries[policy_deliveries["issued_at"].dt.normalize() <= pd.Timestamp(as_of)]
    months = pairs["issued_at"].dt.to_period("M")
    if window == "month":
        pairs = pairs[months == months.max()]
    met = within_half_day(pairs, holidays=holidays)
    return ratio("d3_half_day", int(met.sum()), len(pairs), window=window, base="pairs",
                 benchmark=("liaison_delivery_time",), note="note_d3",
                 note_values={"last": str(months.max()) if len(pairs) else "–",
                              "undelivered": int(pairs["delivered_at"].isna().sum())})  # fmt: skip


def liaison_coverage(
    enterprises: pd.DataFrame,
    policy_liaisons: pd.DataFrame,
    org_coverage: pd.DataFrame,
    party_orgs: pd.DataFrame,
    *,
    as_of: date,
) -> Indicator:
    """Compute d4, liaison coverage (联络员覆盖率).

    Returns
    -------
    Indicator
        100 * covered firms with a serving policy liaison / covered operating private firms; percent, point in time.
        Benchmark: `liaison_count` (116 persons).

    Notes
    -----
    Trap: 116 people are not 116 firms: one liaison may serve several.
    """
    firms = population.covered_firms(org_coverage, party_orgs, as_of)
    firms &= population.base_firms(enterprises, as_of, base="all_operating")
    serving = population.active_on(policy_liaisons, as_of, start="appointed_on", end="ended_on")
    served = frozenset(serving["uscc"]) & firms
    return ratio("d4_liaison_cover", len(served), len(firms), window="point_in_time", base="covered",
                 benchmark=("liaison_count",), note="note_d4",
                 note_values={"persons": shown("liaisons", serving["liaison_pid"].nunique())})  # fmt: skip


def proposals_adopted(governance_meetings: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute d5, the adoption rate of proposals (建议采纳率).

    Returns
    -------
    Indicator
        100 * proposals adopted / proposals made in joint, member-council and heart-to-heart meetings; percent, the 12
        months ending on `as_of`. Benchmark: none published.

    Notes
    -----
    Trap: high rates come from few proposals, so n is shown. A meeting with either count blank is in neither.
    """
    day = pd.Timestamp(as_of)
    held = governance_meetings["held_on"]
    year = governance_meetings[(held > day - pd.DateOffset(years=1)) & (held <= day)]
    stated = year[year["proposals"].notna() & year["adopted"].notna()]
    return ratio("d5_proposals", int(stated["adopted"].sum()), int(stated["proposals"].sum()), window="twelve_months",
                 base="proposals", note="note_d5",
                 note_values={"meetings": len(stated), "blank": len(year) - len(stated)})  # fmt: skip
