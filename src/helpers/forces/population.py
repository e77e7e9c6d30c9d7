"""Who counts on a date: firms, covered firms, organisations and members, the populations indicators are taken over.

Typed tables of the codebook in; sets, smaller tables and counts out. A spell covers its first day and not its last;
a blank start means begun before the register, a blank end still open. Person tables come from the restricted layer.
"""

from collections.abc import Collection
from datetime import date
from typing import Literal

import pandas as pd

from helpers.forces.indicator import MissingTable

Base = Literal["all_operating", "above_scale", "scale_industrial", "above_quota", "should_have"]

SCALE_INDUSTRIAL = ("规上工业",)
ABOVE_QUOTA = ("限上批零", "限上住餐")
SCALE_LISTS: dict[str, tuple[str, ...]] = {
    "above_scale": SCALE_INDUSTRIAL + ABOVE_QUOTA,
    "scale_industrial": SCALE_INDUSTRIAL,
    "above_quota": ABOVE_QUOTA,
}
NOT_PRIVATE_CONTROL = ("国有控股", "集体控股")
NOT_A_PRIVATE_FIRM = ("国有控股", "个体工商户", "分支机构")
CLOSED_STATUS = ("注销", "吊销", "迁出")
WORK_ONLY = "仅工作覆盖"
ATTACHED = "挂靠"
OWN_ORGANISATION = "单独组建"
JOINT_MODES = (OWN_ORGANISATION, "联合组建", "行业组建")
COMMITTEES = ("党委", "党总支")
BRANCHES = ("党支部", "联合党支部", "功能型党支部", "临时党支部")
ENTERPRISE_ORG_TYPES = (*COMMITTEES, *BRANCHES)
MEMBER_TYPES = ("正式", "预备")
FORMAL_MEMBER = "正式"
ROLL_ELSEWHERE = "组织关系不在本区"
FORMAL_MEMBERS_FOR_A_BRANCH = 3
DEEPEST_TREE = 12


def active_on(frame: pd.DataFrame, as_of: date, *, start: str, end: str) -> pd.DataFrame:
    """Return the rows whose spell covers `as_of`: start <= as_of < end."""
    day = pd.Timestamp(as_of)
    begun = frame[start].isna() | (frame[start] <= day)
    open_still = frame[end].isna() | (frame[end] > day)
    return frame[begun & open_still]


def firms_existing(enterprises: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the legal units that exist on `as_of`; one closed without a date does not."""
    alive = active_on(enterprises, as_of, start="founded_on", end="exit_on")
    closed_undated = alive["status"].isin(CLOSED_STATUS) & alive["exit_on"].isna()
    return alive[~closed_undated]


def private_operating(enterprises: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the operating private firms on `as_of`.

    Private: control neither state nor collective, registered neither as state-controlled, household (个体工商户) nor
    branch (分支机构); a firm with both columns blank, or with `operating` blank, is not counted.
    """
    alive = firms_existing(enterprises, as_of)
    known = alive["control_type"].notna() | alive["reg_type"].notna()
    private = ~alive["control_type"].isin(NOT_PRIVATE_CONTROL) & ~alive["reg_type"].isin(NOT_A_PRIVATE_FIRM)
    return alive[known & private & alive["operating"].fillna(False).astype(bool)]


def base_firms(
    enterprises: pd.DataFrame,
    as_of: date,
    *,
    base: Base,
    members: pd.DataFrame | None = None,
    org_coverage: pd.DataFrame | None = None,
    party_orgs: pd.DataFrame | None = None,
) -> frozenset[str]:
    """Return the codes of the firms in a base of the coverage rate.

    Parameters
    ----------
    base : {'all_operating', 'above_scale', 'scale_industrial', 'above_quota', 'should_have'}
        All operating private firms; those above scale or quota; industrial ones; trade, lodging and catering ones;
        those that should have an organisation (three formal members or more; needs the three other tables).

    Raises
    ------
    MissingTable
        If `should_have` is asked for and one of its tables was not handed in.
    """
    firms = private_operating(enterprises, as_of)
    if base == "should_have":
        needed = {"members": members, "org_coverage": org_coverage, "party_orgs": party_orgs}
        absent = [name for name, table in needed.items() if table is None]
        if absent:
            raise MissingTable(*absent)
        formal = formal_members_by_firm(members, org_coverage, party_orgs, as_of)
        enough = formal.index[formal >= FORMAL_MEMBERS_FOR_A_BRANCH]
        return frozenset(firms.loc[firms["uscc"].isin(enough), "uscc"])
    if base != "all_operating":
        firms = firms[firms["above_scale"].isin(SCALE_LISTS[base])]
    return frozenset(firms["uscc"])


def organisations(party_orgs: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the enterprises' party organisations on `as_of`, without the bodies above and residential ones."""
    own = party_orgs[party_orgs["org_type"].isin(ENTERPRISE_ORG_TYPES)]
    return active_on(own, as_of, start="established_on", end="dissolved_on")


def sub_branches(party_orgs: pd.DataFrame) -> pd.Series:
    """Return, per row, whether the organisation stands under a firm's committee or general branch."""
    within = party_orgs.loc[party_orgs["org_type"].isin(COMMITTEES), "org_id"]
    return party_orgs["parent_org_id"].isin(within)


def coverage_on(org_coverage: pd.DataFrame, party_orgs: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the coverage spells in force on `as_of`; an organisation dissolved by then covers nobody."""
    dissolved = party_orgs.loc[party_orgs["dissolved_on"] <= pd.Timestamp(as_of), "org_id"]
    held = active_on(org_coverage, as_of, start="from_on", end="to_on")
    return held[~held["org_id"].isin(dissolved)]


def covered_firms(
    org_coverage: pd.DataFrame, party_orgs: pd.DataFrame, as_of: date, *, modes: Collection[str] | None = None
) -> frozenset[str]:
    """Return the codes of firms covered on `as_of` in one of `modes`, by default in all but by work alone."""
    held = coverage_on(org_coverage, party_orgs, as_of)
    mode = held["coverage_mode"]
    return frozenset(held.loc[mode.notna() & (mode != WORK_ONLY) if modes is None else mode.isin(modes), "uscc"])


def firm_of_organisation(org_coverage: pd.DataFrame, party_orgs: pd.DataFrame, as_of: date) -> pd.Series:
    """Return organisation -> its firm: the one it was founded in, else the only one it covers; else missing.

    An organisation without coverage of its own (a sub-branch) takes the firm of the nearest organisation above it. A
    firm attached to another's organisation is not told apart in it: its members count for the founding firm.
    """
    held = coverage_on(org_coverage, party_orgs, as_of)
    founded_in = held.loc[held["coverage_mode"] == OWN_ORGANISATION, "org_id"]
    held = held[(held["coverage_mode"] == OWN_ORGANISATION) | ~held["org_id"].isin(founded_in)]
    pairs = held[["org_id", "uscc"]].drop_duplicates().set_index("org_id")["uscc"]
    parent = party_orgs.drop_duplicates("org_id").set_index("org_id")["parent_org_id"]
    holder = pd.Series(parent.index, index=parent.index, dtype=object)
    for _ in range(DEEPEST_TREE):
        lost = holder.notna() & ~holder.isin(pairs.index)
        if not lost.any():
            break
        holder = holder.where(~lost, holder.map(parent))
    one_firm = pairs[~pairs.index.duplicated(keep=False)]
    return holder.map(one_firm)


def members_on_roll(members: pd.DataFrame, party_orgs: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return one row per person on the private-enterprise roll on `as_of`: the latest of their open spells.

    Formal and probationary members of enterprises' organisations whose membership is kept in the zone; applicants
    (入党积极分子) are no members.
    """
    orgs = organisations(party_orgs, as_of)["org_id"]
    held = active_on(members, as_of, start="from_on", end="to_on")
    counted = held[
        held["member_type"].isin(MEMBER_TYPES) & (held["roll_status"] != ROLL_ELSEWHERE).fillna(True)
        & held["org_id"].isin(orgs)
    ]  # fmt: skip
    return counted.sort_values(["member_pid", "from_on", "org_id"]).drop_duplicates("member_pid", keep="last")


def formal_members_by_firm(
    members: pd.DataFrame, org_coverage: pd.DataFrame, party_orgs: pd.DataFrame, as_of: date
) -> pd.Series:
    """Return firm -> number of formal members; members of a branch shared by several firms belong to none of them."""
    roll = members_on_roll(members, party_orgs, as_of)
    formal = roll[roll["member_type"] == FORMAL_MEMBER]
    firm = formal["org_id"].map(firm_of_organisation(org_coverage, party_orgs, as_of))
    return firm.dropna().value_counts()


def latest_employees(enterprise_years: pd.DataFrame, as_of: date) -> pd.Series:
    """Return firm -> employees at the last year end on or before `as_of` for which the firm states them."""
    day = pd.Timestamp(as_of)
    last_year = day.year if (day.month, day.day) == (12, 31) else day.year - 1
    stated = enterprise_years[(enterprise_years["year"] <= last_year) & enterprise_years["employees"].notna()]
    return stated.sort_values("year").drop_duplicates("uscc", keep="last").set_index("uscc")["employees"]


def within(codes: pd.Series, firms: Collection[str]) -> pd.Series:
    """Return, per row, whether the code is one of `firms`."""
    return codes.isin(list(firms))
