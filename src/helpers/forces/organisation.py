"""The organisation in tables: the tree, organisations outside the bands, class moves, firms that nobody covers.

Typed tables of the codebook in, small tables of counts out. Codes stay codes (`reason`, `measure`): the words come from
`forces.yml`.
"""

from datetime import date

import numpy as np
import pandas as pd

from helpers.forces import population, traction
from helpers.forces.indicator import is_few
from helpers.forces.population import Base

# What an organisation is formed as: a general branch from the first, a committee from the second number of formal
# members on; a joint branch of no more than so many units.
FORMAL_FOR_A_GENERAL_BRANCH = 50
FORMAL_FOR_A_COMMITTEE = 100
UNITS_OF_A_JOINT_BRANCH = 5


def organisation_tree(party_orgs: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Place every organisation that exists on `as_of` in the tree that its parent pointers make.

    Returns
    -------
    DataFrame
        One row an organisation: org_id, org_type, depth (1 for a root; missing in a circle or below one), is_root (no
        parent stated), is_orphan (the parent is not in the register), has_dissolved_parent, in_cycle, is_overdue (term
        ended before `as_of`).
    """
    held = population.active_on(party_orgs, as_of, start="established_on", end="dissolved_on")
    orgs = held.drop_duplicates("org_id")
    parent = orgs.set_index("org_id")["parent_org_id"]
    known = parent.isin(party_orgs["org_id"])
    living = parent.isin(parent.index)
    depth = pd.Series(np.where(living, np.nan, 1.0), index=parent.index)
    for _ in range(len(parent)):
        deeper = parent.map(depth) + 1
        new = depth.isna() & deeper.notna()
        if not new.any():
            break
        depth = depth.mask(new, deeper)
    return pd.DataFrame(
        {
            "org_id": parent.index,
            "org_type": orgs["org_type"].to_numpy(),
            "depth": depth.astype("Int64").to_numpy(),
            "is_root": parent.isna().to_numpy(),
            "is_orphan": (parent.notna() & ~known).to_numpy(),
            "has_dissolved_parent": (known & ~living).to_numpy(),
            "in_cycle": _in_cycle(parent.where(living)).to_numpy(),
            "is_overdue": (orgs["term_ends_on"] < pd.Timestamp(as_of)).to_numpy(),
        }
    )


def _in_cycle(parent: pd.Series) -> pd.Series:
    """Return whether following the parents of an organisation leads back to it."""
    found = pd.Series(False, index=parent.index)
    ahead = parent
    for _ in range(len(parent)):
        if ahead.isna().all():
            break
        found |= (ahead == parent.index).fillna(False)
        ahead = ahead.mask(found).map(parent)
    return found


def tree_summary(tree: pd.DataFrame) -> pd.DataFrame:
    """Count what the tree shows: columns measure (code) and n."""
    counts = {
        "organisations": len(tree),
        "deepest": int(tree["depth"].max()) if tree["depth"].notna().any() else 0,
        **{name: int(tree[name].sum()) for name in
           ("is_root", "is_orphan", "has_dissolved_parent", "in_cycle", "is_overdue")},
    }  # fmt: skip
    return pd.DataFrame({"measure": list(counts), "n": list(counts.values())})


def organisations_by_depth(tree: pd.DataFrame) -> pd.DataFrame:
    """Count organisations by depth (rows) and type (columns); only types that occur."""
    return pd.crosstab(tree["depth"], tree["org_type"].astype("str")).rename_axis(columns=None)


def outside_bands(
    members: pd.DataFrame, party_orgs: pd.DataFrame, org_coverage: pd.DataFrame, *, as_of: date
) -> pd.DataFrame:
    """Count the organisations whose form does not fit their formal members or units on `as_of`.

    Returns
    -------
    DataFrame
        One row a kind (all seven, in order), columns kind, organisations (outside of the band) and judged (those the
        band speaks of): branch_below_3 (of branches with anybody on the roll), branch_without_roll (of all branches:
        their members are unknown, not none), joint_above_5 (of joint branches), below_general_branch (of those with 50
        to 99), below_committee (of those with 100 or more), general_branch_below_50 (of general branches),
        committee_below_100 (of committees). Counts of organisations. The one of branches with fewer than 3 formal
        members is missing where it, or the branches left, are fewer than the minimum of persons (`minimum_people`): it
        would tell of the members of a few small organisations. The other rows speak of 50 members or more, of units, or
        of nobody known.

    Notes
    -----
    The rule: 3 formal members or more form a branch, fewer join one of normally at most 5 units; 50 to 99 form a
    general branch, 100 or more a committee; probationary members do not count. Members of the organisations below a
    committee or general branch count for it too. Units are the firms that formed the organisation; firms attached to it
    or covered by work alone are not among them. Exceptions may have been approved: the counts say what to look up.
    """
    orgs = population.organisations(party_orgs, as_of).drop_duplicates("org_id").set_index("org_id")
    kind = orgs["org_type"].astype("str")
    roll = population.members_on_roll(members, party_orgs, as_of)
    known = roll["org_id"].value_counts().reindex(orgs.index, fill_value=0)
    formal = roll.loc[roll["member_type"] == population.FORMAL_MEMBER, "org_id"].value_counts()
    formal = formal.reindex(orgs.index, fill_value=0)
    within = orgs["parent_org_id"].where(orgs["parent_org_id"].isin(kind.index[kind.isin(population.COMMITTEES)]))
    together = _with_those_below(formal, within)
    held = population.coverage_on(org_coverage, party_orgs, as_of)
    formed = held[held["coverage_mode"].isin(population.JOINT_MODES)]
    units = formed.groupby("org_id")["uscc"].nunique().reindex(orgs.index, fill_value=0)
    branch, joint = kind == "党支部", kind == "联合党支部"
    general, committee = kind == "党总支", kind == "党委"
    many = together >= FORMAL_FOR_A_COMMITTEE
    some = (together >= FORMAL_FOR_A_GENERAL_BRANCH) & ~many
    bands = {
        "branch_below_3": (branch & (known > 0), formal < population.FORMAL_MEMBERS_FOR_A_BRANCH),
        "branch_without_roll": (branch, known == 0),
        "joint_above_5": (joint, units > UNITS_OF_A_JOINT_BRANCH),
        "below_general_branch": (some, ~(general | committee)),
        "below_committee": (many, ~committee),
        "general_branch_below_50": (general, together < FORMAL_FOR_A_GENERAL_BRANCH),
        "committee_below_100": (committee, together < FORMAL_FOR_A_COMMITTEE),
    }
    rows = {name: (int((judged & is_outside).sum()), int(judged.sum())) for name, (judged, is_outside) in bands.items()}
    outside, of = rows["branch_below_3"]
    if is_few(outside) or is_few(of - outside):
        rows["branch_below_3"] = (pd.NA, of)
    found = pd.DataFrame([(name, *row) for name, row in rows.items()], columns=["kind", "organisations", "judged"])
    return found.astype({"organisations": "Int64"})


def _with_those_below(counts: pd.Series, parent: pd.Series) -> pd.Series:
    """Return, by organisation, its own count and those of all below it; a circle of parents leads nowhere."""
    parent = parent.mask(_in_cycle(parent))
    total, holder = counts.copy(), parent
    while holder.notna().any():
        total += counts.groupby(holder).sum().reindex(counts.index, fill_value=0)
        holder = holder.map(parent)
    return total


def class_transitions(org_ratings: pd.DataFrame, *, to_year: int | None) -> pd.DataFrame:
    """Count organisations by class in the year before (rows) and in `to_year` (columns).

    Returns
    -------
    DataFrame
        4 x 4, classes in order on both sides; organisations without a class in both years are left out, all of them
        where no year is rated (None).
    """
    years = (None, None) if to_year is None else (to_year - 1, to_year)
    pair = [
        traction.rated_in(org_ratings, year).drop_duplicates("org_id").set_index("org_id")["class"].astype("str")
        for year in years
    ]
    both = pd.concat(pair, axis=1, keys=["before", "after"], join="inner").dropna()
    counted = pd.crosstab(both["before"], both["after"])
    return counted.reindex(index=traction.CLASSES, columns=traction.CLASSES, fill_value=0)


def uncovered_firms(
    enterprises: pd.DataFrame,
    org_coverage: pd.DataFrame,
    party_orgs: pd.DataFrame,
    members: pd.DataFrame,
    *,
    as_of: date,
    base: Base = "above_scale",
) -> pd.DataFrame:
    """Count the firms of a base that no organisation covers, by the first reason that holds.

    Returns
    -------
    DataFrame
        One row a reason (all five, in order), columns reason, firms (count) and n (firms of the base):
        should_have_organisation (3 formal members or more), fewer_than_3_members (1 or 2), work_coverage_only,
        coverage_ended (covered before), no_member_known. Where one of the three rows on members would hold fewer firms
        than the minimum of persons (`minimum_people`), the reasons are those of coverage alone (`brief.REASONS`):
        coverage_ended, work_coverage_only, never_covered.

    Notes
    -----
    These are counts of firms, but a row on members tells how many each of few firms has, and the office's brief names
    the firms: "none of them has any" would be read as a fact about each.
    Members are known only through organisations that cover a firm: a firm without any link to one has no known member.
    """
    firms = population.base_firms(
        enterprises, as_of, base=base, members=members, org_coverage=org_coverage, party_orgs=party_orgs
    )
    bare = pd.Series(sorted(firms - population.covered_firms(org_coverage, party_orgs, as_of)), dtype=object)
    formal = bare.map(population.formal_members_by_firm(members, org_coverage, party_orgs, as_of)).fillna(0).astype(int)
    held = population.coverage_on(org_coverage, party_orgs, as_of)
    work_only = bare.isin(held.loc[held["coverage_mode"] == population.WORK_ONLY, "uscc"])
    organised = org_coverage["coverage_mode"] != population.WORK_ONLY
    before = bare.isin(org_coverage.loc[organised & (org_coverage["from_on"] <= pd.Timestamp(as_of)), "uscc"])
    enough = population.FORMAL_MEMBERS_FOR_A_BRANCH
    reasons = ["should_have_organisation", "fewer_than_3_members", "work_coverage_only", "coverage_ended"]
    reason = np.select([formal >= enough, formal > 0, work_only, before], reasons, default="no_member_known")
    order = [*reasons, "no_member_known"]
    counted = pd.Series(reason, dtype="str").value_counts().reindex(order, fill_value=0)
    if any(is_few(counted[name]) for name in ("should_have_organisation", "fewer_than_3_members", "no_member_known")):
        order = ["coverage_ended", "work_coverage_only", "never_covered"]
        told = np.select([before, work_only], order[:2], default=order[2])
        counted = pd.Series(told, dtype="str").value_counts().reindex(order, fill_value=0)
    return pd.DataFrame({"reason": order, "firms": counted.to_numpy(), "n": len(firms)})
