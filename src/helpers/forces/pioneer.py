"""Force 3, pioneer drive (先锋原动力): pioneer units, task projects, members in R&D, two-way cultivation.

Typed tables of the codebook in, one `Indicator` out; the positional parameters are the tables' names. Person tables
come from the restricted layer and leave it as counts only.
"""

from datetime import date

import pandas as pd

from helpers.forces import population
from helpers.forces.indicator import Indicator, is_few, may_give, ratio

UNIT_FIGURES = ("pioneer_teams", "pioneer_posts", "pioneer_zones", "pioneer_selected")
TECHNICAL_POSTS = ("专业技术", "研发")
RD_POST = "研发"
# What the note of v3 gives: the rate among R&D staff, the rate among all employees, and its two counts.
RATES = ("in_rd", "in_all", "members", "employees")
RESULTS = ("专利", "软著", "工艺", "设备", "认证")


def active_units(pioneer_units: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the pioneer units active on `as_of`, each once however many spells it has."""
    held = population.active_on(pioneer_units, as_of, start="set_on", end="ended_on")
    return held.sort_values(["unit_id", "set_on"]).drop_duplicates("unit_id", keep="last")


def unit_density(
    pioneer_units: pd.DataFrame, members: pd.DataFrame, party_orgs: pd.DataFrame, *, as_of: date
) -> Indicator:
    """Compute v1, active pioneer units per 10 members (先锋阵地密度).

    Returns
    -------
    Indicator
        10 * units active on the date, each counted once / members on the roll; units per 10 members, point in time.
        Benchmark: 389 teams, 382 posts, 1,107 zones; 265 selected, which are not added.

    Notes
    -----
    Trap: `selected` is a flag on a unit, not a further unit; a count of units is an input, not a result.
    """
    units = active_units(pioneer_units, as_of)
    roll = population.members_on_roll(members, party_orgs, as_of)
    selected = int(units["selected"].fillna(False).astype(bool).sum())
    return ratio("v1_unit_density", len(units), len(roll), unit="per_10_members", window="point_in_time", base="roll",
                 benchmark=UNIT_FIGURES, people="denominator", cells=("", "roll"), note="note_v1",
                 note_values={"selected": selected})  # fmt: skip


def projects_completed(task_projects: pd.DataFrame, *, as_of: date, planned_months: int = 12) -> Indicator:
    """Compute v2, task projects finished on time (攻关项目按期完成率).

    Parameters
    ----------
    planned_months : int
        Months from start within which a project counts as on time. The table holds no planned date: an assumption.

    Returns
    -------
    Indicator
        100 * projects ended by the planned date with a result / projects due in the window; percent, the 12 months
        ending on `as_of`. Benchmark: `sanxing_projects` (16).

    Notes
    -----
    A result: a closing value of its measure, or an output other than 无; the table holds no acceptance. Trap: a project
    whose planned date lies ahead is censored, so it is in neither count (the note counts them).
    """
    day = pd.Timestamp(as_of)
    due = task_projects["started_on"] + pd.DateOffset(months=planned_months)
    in_window = (due > day - pd.DateOffset(years=1)) & (due <= day)
    has_result = task_projects["result"].notna() | task_projects["output"].isin(RESULTS)
    met = in_window & (task_projects["ended_on"] <= due) & has_result
    censored = (due > day) & (task_projects["started_on"] <= day) & ~(task_projects["ended_on"] <= day)
    return ratio("v2_project_completion", int(met.sum()), int(in_window.sum()), window="twelve_months",
                 base="projects_due", benchmark=("sanxing_projects",), note="note_v2",
                 note_values={"months": planned_months, "open": int(censored.sum())})  # fmt: skip


def members_in_rd(
    enterprise_years: pd.DataFrame,
    members: pd.DataFrame,
    org_coverage: pd.DataFrame,
    party_orgs: pd.DataFrame,
    *,
    as_of: date,
) -> Indicator:
    """Compute v3, the party share of R&D staff less that of all employees (研发岗党员占比差).

    Returns
    -------
    Indicator
        100 * (members in R&D posts / R&D staff - members / employees) over firms that state both and whose members are
        known; percentage points, last year end on or before `as_of`. The counts are those of the first rate, so their
        ratio is not the value: the note gives both rates. Benchmark: `sanxing_studio_people`, of one firm's studio.

    Notes
    -----
    Firm totals are pooled, not averaged. Members of branches shared by several firms belong to none and are left out.
    Trap: small cells: suppressed below 10 persons in any of the four counts.
    """
    day = pd.Timestamp(as_of)
    last_year = day.year if (day.month, day.day) == (12, 31) else day.year - 1
    roll = population.members_on_roll(members, party_orgs, pd.Timestamp(last_year, 12, 31))
    firm_of = population.firm_of_organisation(org_coverage, party_orgs, pd.Timestamp(last_year, 12, 31))
    roll = roll.assign(uscc=roll["org_id"].map(firm_of)).dropna(subset="uscc")
    firms = enterprise_years[enterprise_years["year"] == last_year].dropna(subset=["employees", "rd_staff"])
    firms = firms[firms["uscc"].isin(roll["uscc"])]
    roll = roll[roll["uscc"].isin(firms["uscc"])]
    rd_staff, employees = int(firms["rd_staff"].sum()), int(firms["employees"].sum())
    rd_members = int((roll["post_type"] == RD_POST).sum())
    words = {"unit": "percentage_points", "window": "year", "base": "rd_staff", "note": "note_v3",
             "benchmark": ("sanxing_studio_people",)}  # fmt: skip
    counts = {"rd.members_in_rd": rd_members, "rd.staff": rd_staff, "rd.members": len(roll), "rd.employees": employees}
    gives = [may_give(cell, count) for cell, count in counts.items()]
    if employees and not (all(gives) and not is_few(rd_staff - rd_members)):
        return Indicator("v3_member_rd_share", None, None, None, suppressed=True, status="suppressed",
                         note_values=dict.fromkeys(RATES, "–") | {"firms": len(firms)}, **words)  # fmt: skip
    if not rd_staff or not employees:
        return Indicator("v3_member_rd_share", rd_members, rd_staff, None, status="empty_denominator",
                         note_values=dict.fromkeys(RATES, "–") | {"firms": len(firms)}, **words)  # fmt: skip
    in_rd, in_all = 100 * rd_members / rd_staff, 100 * len(roll) / employees
    rates = (f"{in_rd:.2f}", f"{in_all:.2f}", f"{len(roll):,}", f"{employees:,}")
    return Indicator("v3_member_rd_share", rd_members, rd_staff, in_rd - in_all,
                     note_values=dict(zip(RATES, rates, strict=True)) | {"firms": len(firms)}, **words)  # fmt: skip


def two_way_flow(members: pd.DataFrame, party_orgs: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute v4, the two-way cultivation flow (双培养净流量).

    Returns
    -------
    Indicator
        100 * (members who moved into a technical post + technical staff admitted as members) in the year ending on
        `as_of` / members on the roll a year earlier; percent, year. Benchmark: none published.

    Notes
    -----
    Assumption: the tables hold no promotion event. Promoted: on the roll at both ends, post technical (专业技术,
    研发) at the end and another at the start. Admitted: on the roll at the end in a technical post, developed in this
    firm, not on the roll at the start. Trap: promotion depends on education and tenure.
    """
    at_start, promoted, admitted = two_way_counts(members, party_orgs, as_of=as_of)
    year = pd.Timestamp(as_of).year
    counts = {"promoted": promoted, "admitted": admitted}
    # Both are asked about, so that both are noted.
    gives = [may_give(f"{name}.{year}", count) for name, count in counts.items()]
    # The numerator is their sum: a small part is given away by the other one.
    is_open = all(gives)
    parts = {name: f"{count:,}" if is_open else "–" for name, count in counts.items()}
    return ratio("v4_two_way", promoted + admitted, at_start, window="year", base="roll_a_year_ago", people="both",
                 cells=(f"promoted_or_admitted.{year}", f"at_start.{year}"), note="note_v4",
                 note_values=parts)  # fmt: skip


def two_way_counts(members: pd.DataFrame, party_orgs: pd.DataFrame, *, as_of: date) -> tuple[int, int, int]:
    """Count the members on the roll a year before `as_of`, those promoted and those admitted since, see `two_way_flow`.

    Returns
    -------
    (int, int, int)
        Not suppressed: for comparison inside, not to be shown below 10.
    """
    day = pd.Timestamp(as_of)
    before = population.members_on_roll(members, party_orgs, day - pd.DateOffset(years=1)).set_index("member_pid")
    now = population.members_on_roll(members, party_orgs, day).set_index("member_pid")
    technical = now[now["post_type"].isin(TECHNICAL_POSTS)]
    post_before = before["post_type"].astype("str").reindex(technical.index)
    promoted = int((post_before.notna() & ~post_before.isin(TECHNICAL_POSTS)).sum())
    fresh = ~technical.index.isin(before.index)
    admitted = int((technical["developed_here"].fillna(False).astype(bool) & fresh).sum())
    return len(before), promoted, admitted
