"""Force 1, political guidance (政治引领力): coverage, stand-alone organisations, charter clauses, training, meetings.

Typed tables of the codebook in, one `Indicator` out; the positional parameters are the tables' names.
"""

from datetime import date
from typing import Literal

import pandas as pd

from helpers.forces import population
from helpers.forces.indicator import Indicator, ratio
from helpers.forces.population import Base

PlanItem = Literal["培训(十)", "党课(百)", "微宣讲(千)"]
PLAN_TARGETS: dict[str, int] = {"培训(十)": 10, "党课(百)": 100, "微宣讲(千)": 1000}
PLAN_CODES: dict[str, str] = {"培训(十)": "plan_ten", "党课(百)": "plan_hundred", "微宣讲(千)": "plan_thousand"}
PLAN_FIGURES: dict[str, str] = {
    "培训(十)": "plan_training_sessions", "党课(百)": "plan_party_lectures", "微宣讲(千)": "plan_micro_talks",
}  # fmt: skip
SYMBOLIC = "象征性"
MONTHS = 12


def organisation_coverage(
    enterprises: pd.DataFrame,
    org_coverage: pd.DataFrame,
    party_orgs: pd.DataFrame,
    members: pd.DataFrame | None = None,
    *,
    as_of: date,
    base: Base = "above_scale",
) -> Indicator:
    """Compute p1, the organisation coverage rate (党的组织覆盖率).

    Returns
    -------
    Indicator
        100 * firms of the base covered by an organisation in any mode but 仅工作覆盖 / firms of the base; percent,
        point in time. Benchmark: `org_coverage_rate` (97.7).

    Notes
    -----
    Trap: the rate is as good as its base, so it is printed on three. Coverage by work alone (仅工作覆盖) and by an
    organisation dissolved by then does not count. Firms attached (挂靠) to another firm's organisation do count, but a
    strict reading (own or joint) leaves them out, so the note gives their number. The base `should_have` knows a
    firm's members only through the organisations that cover it, so it leans towards covered firms.
    """
    firms = population.base_firms(
        enterprises, as_of, base=base, members=members, org_coverage=org_coverage, party_orgs=party_orgs
    )
    covered = population.covered_firms(org_coverage, party_orgs, as_of) & firms
    joint = population.covered_firms(org_coverage, party_orgs, as_of, modes=population.JOINT_MODES) & firms
    return ratio("p1_coverage_org", len(covered), len(firms), window="point_in_time", base=base, note="note_p1",
                 benchmark=("org_coverage_rate",), note_values={"attached": len(covered - joint)})  # fmt: skip


def standalone_organisations(
    enterprises: pd.DataFrame,
    org_coverage: pd.DataFrame,
    party_orgs: pd.DataFrame,
    members: pd.DataFrame | None = None,
    *,
    as_of: date,
    base: Base = "above_scale",
) -> Indicator:
    """Compute p2, the stand-alone organisation rate (单独组建率).

    Returns
    -------
    Indicator
        100 * firms of the base with an organisation of their own / firms of the base; percent, point in time.
        Benchmark: none published.

    Notes
    -----
    Trap: joint branches lift coverage (p1) without any activity inside the firm; the gap p1 - p2 is their part. The
    base `should_have` needs the members, as in p1.
    """
    firms = population.base_firms(
        enterprises, as_of, base=base, members=members, org_coverage=org_coverage, party_orgs=party_orgs
    )
    own = population.covered_firms(org_coverage, party_orgs, as_of, modes=(population.OWN_ORGANISATION,)) & firms
    joint = (population.covered_firms(org_coverage, party_orgs, as_of) & firms) - own
    return ratio("p2_standalone", len(own), len(firms), window="point_in_time", base=base, note="note_p2",
                 note_values={"joint": len(joint)})  # fmt: skip


def charter_clause(
    enterprises: pd.DataFrame,
    charter_amendments: pd.DataFrame,
    org_coverage: pd.DataFrame,
    party_orgs: pd.DataFrame,
    *,
    as_of: date,
    base: Literal["covered", "all_operating", "above_scale"] = "covered",
) -> Indicator:
    """Compute p3, the charter-clause rate (党建入章率).

    Returns
    -------
    Indicator
        100 * firms of the base with an amendment filed on or before the date / firms of the base; percent, point in
        time. Benchmark: `governance_charter_firms` (220 firms).

    Notes
    -----
    Trap: a clause may be symbolic, so the note gives the firms whose clause is more than that. An amendment without
    a filing date does not count as filed. A charter clause is a fact of the firm, with or without an organisation.
    """
    covered = population.covered_firms(org_coverage, party_orgs, as_of)
    firms = population.base_firms(enterprises, as_of, base="all_operating" if base == "covered" else base)
    firms = firms & covered if base == "covered" else firms
    filed = charter_amendments[
        (charter_amendments["filed_on"] <= pd.Timestamp(as_of)) & population.within(charter_amendments["uscc"], firms)
    ]
    substantial = filed.loc[filed["substance"].notna() & (filed["substance"] != SYMBOLIC), "uscc"].nunique()
    return ratio("p3_charter", filed["uscc"].nunique(), len(firms), window="point_in_time", base=base,
                 benchmark=("governance_charter_firms",), note="note_p3",
                 note_values={"substantial": substantial})  # fmt: skip


def training_plan(training_events: pd.DataFrame, *, as_of: date, item: PlanItem = "培训(十)") -> Indicator:
    """Compute p4, completion of one item of the ten-hundred-thousand plan (十百千完成率).

    Returns
    -------
    Indicator
        100 * events of the item held since 1 January / the plan's 10, 100 or 1,000; percent of the yearly target,
        calendar year to date, above 100 where exceeded. Benchmark: `plan_training_sessions` (10),
        `plan_party_lectures` (100), `plan_micro_talks` (1,000), all targets.

    Notes
    -----
    Trap: the published figures are targets, not outturns; a year to date is compared with a whole year's target.
    """
    day = pd.Timestamp(as_of)
    held = training_events["held_on"].between(pd.Timestamp(day.year, 1, 1), day)
    done = (held & (training_events["plan_item"] == item)).sum()
    return ratio("p4_training_done", int(done), PLAN_TARGETS[item], window="year", base=PLAN_CODES[item],
                 benchmark=(PLAN_FIGURES[item],), note="note_p4")  # fmt: skip


def regular_meetings(
    party_orgs: pd.DataFrame, training_events: pd.DataFrame, org_meetings: pd.DataFrame | None = None, *, as_of: date
) -> Indicator:
    """Compute p5, organisations meeting regularly (组织生活正常率).

    Parameters
    ----------
    org_meetings : DataFrame, optional
        Supplementary table: `governance_meetings` belong to a firm, not to one of its organisations, and
        `training_events` name only who hosted.

    Returns
    -------
    Indicator
        100 * organisations with a recorded meeting in each of the last 12 complete months and not past their term /
        enterprises' organisations in existence in all of them that have a row in the log; percent, 12 months. Status
        `not_testable`, without a numerator, where there is no log (the denominator: all in existence) or it holds no
        meeting of anybody in some of the months, so that it does not cover them. Benchmark: none published.

    Notes
    -----
    An organisation without any row by `as_of` handed in no log: it is unknown, not without meetings, and is left out;
    the note gives how many. One with rows before the 12 months alone did not meet in them. One that states no term is
    not taken as past it. Without the log the note gives what is known: how many are past their term, which bounds the
    numerator from above, and how many hosted a training event. Trap: such logs are self-reported: audit a sample.
    """
    last = pd.Timestamp(as_of).to_period("M")
    if pd.Timestamp(as_of) < last.end_time.normalize():
        last -= 1
    months = pd.period_range(last - (MONTHS - 1), last, freq="M")
    orgs = population.organisations(party_orgs, as_of)
    orgs = orgs[orgs["established_on"].isna() | (orgs["established_on"] <= months[0].start_time)]
    is_overdue = orgs["term_ends_on"] < pd.Timestamp(as_of)
    if org_meetings is None:
        return _meetings_unknown(orgs["org_id"], int(is_overdue.sum()), training_events, months)
    log = org_meetings[(org_meetings["held_on"] <= pd.Timestamp(as_of)) & org_meetings["org_id"].isin(orgs["org_id"])]
    month = log["held_on"].dt.to_period("M")
    met = month[month.isin(months)].groupby(log["org_id"]).nunique()
    is_monthly = orgs["org_id"].isin(met.index[met == MONTHS])
    logged, covered = log["org_id"].nunique(), month[month.isin(months)].nunique()
    if covered < MONTHS:
        return Indicator("p5_life_regular", None, logged, None, "percent", "twelve_months", "organisations_logged",
                         status="not_testable", note="note_p5_short", note_values={"covered": covered})  # fmt: skip
    known = {"monthly": int(is_monthly.sum()), "overdue": int((is_monthly & is_overdue).sum()),
             "unknown": len(orgs) - logged}  # fmt: skip
    return ratio("p5_life_regular", int((is_monthly & ~is_overdue).sum()), logged, window="twelve_months",
                 base="organisations_logged", note="note_p5_log", note_values=known)  # fmt: skip


def _meetings_unknown(
    orgs: pd.Series, overdue: int, training_events: pd.DataFrame, months: pd.PeriodIndex
) -> Indicator:
    """Say what is known of p5 without a log: how many organisations, and what bounds the numerator."""
    hosted = training_events[training_events["held_on"].dt.to_period("M").isin(months)]
    hosts = hosted.loc[hosted["host_org_id"].isin(orgs), "host_org_id"].nunique()
    known = {"overdue": overdue, "most": len(orgs) - overdue, "hosts": hosts}
    return Indicator("p5_life_regular", None, len(orgs), None, "percent", "twelve_months", "organisations",
                     status="not_testable", note="note_p5", note_values=known)  # fmt: skip
