"""Checks of the figures on persons: members, secretaries, teams, liaisons and the contact scheme.

Persons are counted once, whatever number of posts, spells or links they have.
"""

import numpy as np
import pandas as pd

from helpers import forces
from helpers.forces import population, support
from helpers.reconcile.organisation import base_of
from helpers.reconcile.recount import Check, NotTestable, Question, Recount

MEMBER_CONTACT = "党员"
CONTACTED = {"人才": "talent", "职工": "worker"}
HOURS_A_DAY = support.HOURS_A_DAY


def grid_officers(q: Question) -> Recount:
    """Count the distinct dual-hired officers of the grids."""
    officers = int(q.tables.column("grids", "officer_id").nunique())
    return Recount("read_officers", officers, people=True, cells=("officers", ""))


def charter_firms(q: Question) -> Recount:
    """Count the firms of the chosen base whose charter amendment counts by the day."""
    reading, date_column = q.readings.charter_base, f"{q.readings.charter_date}_on"
    firms = base_of(q, "all_operating" if reading == "covered" else reading)
    if reading == "covered":
        firms &= population.covered_firms(q.tables["org_coverage"], q.tables["party_orgs"], q.as_of)
    held = q.tables["charter_amendments"]
    done = held[(held[date_column] <= q.day) & population.within(held["uscc"], firms)]
    return Recount(f"read_charter_{q.readings.charter_date}", done["uscc"].nunique(), len(firms),
                   reading_values={"base": f"forces.base_{reading}"})  # fmt: skip


def members_mid_level(q: Question) -> Recount:
    """Count the members on the roll in mid-level, senior or technical posts."""
    return Recount("read_mid_level", _mid_level(q), people=True, cells=("roll.mid_level", ""))


def members_mid_level_share(q: Question) -> Recount:
    """Recompute the share of members in such posts, over the roll or the contact scheme."""
    if q.readings.members == "contact":
        n, whole = _contact_members(q), "contact.members"
    else:
        whole = "roll"
        n = len(population.members_on_roll(q.tables["members"], q.tables["party_orgs"], q.as_of))
    return Recount(f"read_members_{q.readings.members}", _mid_level(q), n, people=True,
                   cells=("roll.mid_level", whole))  # fmt: skip


def _mid_level(q: Question) -> int:
    roll = population.members_on_roll(q.tables["members"], q.tables["party_orgs"], q.as_of)
    return int(roll["post_type"].isin(support.MID_LEVEL_POSTS).sum())


def team_senior(q: Question) -> Recount:
    """Recompute the share of party-team members in senior management."""
    k, n = support.team_in_senior_posts(
        *(q.tables[name] for name in ("enterprises", "cross_appointments", "secretaries", "members", "party_orgs",
                                      "org_coverage")), as_of=q.as_of, team=q.readings.party_team
    )  # fmt: skip
    team = q.readings.party_team
    return Recount(f"read_team_{team}", k, n, people=True, cells=(f"{team}.senior", team))


def liaisons(q: Question) -> Recount:
    """Count the distinct serving policy liaisons."""
    serving = population.active_on(q.tables["policy_liaisons"], q.as_of, start="appointed_on", end="ended_on")
    return Recount("read_liaisons", serving["liaison_pid"].nunique(), people=True, cells=("liaisons", ""))


def delivery_time(q: Question) -> Recount:
    """Measure how long policies took to reach the person in charge, working days; never where they did not."""
    pairs = q.tables["policy_deliveries"]
    pairs = pairs[pairs["issued_at"].dt.normalize() <= q.day]
    if pairs.empty:
        raise NotTestable("reason_no_rows", table="policy_deliveries")
    hours = support.working_hours(pairs["issued_at"], pairs["delivered_at"])
    reached = (pairs["received_by"] == support.PERSON_IN_CHARGE) & (hours >= 0)
    days = (hours / HOURS_A_DAY).where(reached, np.inf)
    value = float(days.max() if q.readings.delivery == "every" else days.median())
    met = int(support.within_half_day(pairs).sum())
    return Recount(f"read_delivery_{q.readings.delivery}", met, len(pairs), value)


def secretaries(q: Question) -> Recount:
    """Count serving secretaries of enterprises' organisations, as persons or as posts."""
    serving = _serving_secretaries(q)
    if q.readings.secretaries == "posts":
        posts = serving[["member_pid", "org_id"]].drop_duplicates()
        return Recount("read_secretary_posts", len(posts), people=True, cells=("secretaries.posts", ""))
    return Recount("read_secretary_persons", serving["member_pid"].nunique(), people=True,
                   cells=("secretaries.all", ""))  # fmt: skip


def _serving_secretaries(q: Question) -> pd.DataFrame:
    serving = population.active_on(q.tables["secretaries"], q.as_of, start="from_on", end="to_on")
    return serving[serving["org_id"].isin(population.organisations(q.tables["party_orgs"], q.as_of)["org_id"])]


def contact_members(q: Question) -> Recount:
    """Count the distinct members who take part in the contact scheme."""
    return Recount("read_contact_members", _contact_members(q), people=True, cells=("contact.members", ""))


def _contact_members(q: Question) -> int:
    links = _links(q)
    return links.loc[links["contact_role"] == MEMBER_CONTACT, "contact_pid"].nunique()


def contacted(target_type: str) -> Check:
    """Return a check that counts the distinct persons of a kind with an active contact."""

    def check(q: Question) -> Recount:
        links = _links(q)
        links = links[links["target_type"] == target_type]
        name = CONTACTED[target_type]
        return Recount("read_contacted", links["target_pid"].nunique(), people=True, cells=(f"contact.{name}s", ""),
                       reading_values={"links": forces.shown(f"contact.{name}_links", len(links))})  # fmt: skip

    return check


def _links(q: Question) -> pd.DataFrame:
    return population.active_on(q.tables["contact_assignments"], q.as_of, start="from_on", end="to_on")


def branch_secretaries(q: Question) -> Recount:
    """Count the secretaries of the branches under one firm's committee."""
    code = q.firm_code()
    orgs = q.tables["party_orgs"]
    firm_of = population.firm_of_organisation(q.tables["org_coverage"], orgs, q.as_of)
    below = orgs.loc[population.sub_branches(orgs) & (orgs["org_id"].map(firm_of) == code), "org_id"]
    serving = _serving_secretaries(q)
    held = serving.loc[serving["org_id"].isin(below), "member_pid"]
    return Recount("read_branch_secretaries", held.nunique(), people=True, cells=("secretaries.of_one_firm", ""))


CHECKS: dict[str, Check] = {
    "grid_officers": grid_officers,
    "joeone_branch_secretaries": branch_secretaries,
    "governance_charter_firms": charter_firms,
    "governance_members_mid_level": members_mid_level,
    "governance_members_mid_level_share": members_mid_level_share,
    "governance_scale_team_senior": team_senior,
    "liaison_count": liaisons,
    "liaison_delivery_time": delivery_time,
    "contact_secretaries": secretaries,
    "contact_members": contact_members,
    "contact_talents": contacted("人才"),
    "contact_workers": contacted("职工"),
}
