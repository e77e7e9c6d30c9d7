"""Exposures of a firm-year that come from persons: read from the restricted layer, left there as aggregates."""

import ibis
import ibis.expr.types as ir

from helpers.clean.spells import at

# Depth of sub-branches under a firm's own organisation: committee, general branch, branch.
LEVELS = 2
TOP_BODIES = ("董事会", "监事会", "经理层")
TEAM_POSTS = ("书记", "副书记", "委员")
ON_THE_ROLL = ("正式", "预备")
EXPOSURES = (
    "members", "pioneer_units", "team_members", "cross_appointment_share_pct", "member_share_pct", "pioneer_density",
)  # fmt: skip
ROLL_ELSEWHERE = "组织关系不在本区"


def own_organisations(base: ir.Table, coverage: ir.Table, orgs: ir.Table | None) -> ir.Table:
    """Return the organisations that are a firm's own on the day of each status, sub-branches included.

    Members of a joint branch cannot be told apart by firm, so joint branches are not among them.
    """
    own = coverage.filter(coverage.is_own)
    held = base.select("uscc", "year", "status_on").inner_join(own, "uscc")
    held = held.filter(at(held, held.status_on, starts="starts_on", ends="ends_on"))
    held = held.select("uscc", "year", "status_on", "org_id").distinct()
    if orgs is None:
        return held
    level = held
    for _ in range(LEVELS):
        children = orgs.filter(orgs.parent_org_id.notnull()).select(
            _child=orgs.org_id, _parent=orgs.parent_org_id, _from=orgs.established_on, _to=orgs.dissolved_on
        )
        level = level.inner_join(children, level.org_id == children._parent)
        level = level.filter(at(level, level.status_on, starts="_from", ends="_to"))
        level = level.select("uscc", "year", "status_on", org_id=level._child)
        held = held.union(level)
    return held.distinct()


def members(own: ir.Table, rows: ir.Table) -> ir.Table:
    """Count the members (full and probationary) on the roll of each firm's own organisations."""
    kept = rows.filter(
        rows.member_type.isin(ON_THE_ROLL) & (rows.roll_status.isnull() | (rows.roll_status != ROLL_ELSEWHERE))
    )
    held = own.inner_join(kept.select("member_pid", "org_id", "from_on", "to_on"), "org_id")
    held = held.filter(at(held, held.status_on, starts="from_on", ends="to_on"))
    return held.group_by("uscc", "year").agg(members=held.member_pid.nunique())


def pioneers(own: ir.Table, rows: ir.Table) -> ir.Table:
    """Count the pioneer units active on the day of the status, each unit once."""
    held = own.inner_join(rows.select("unit_id", "org_id", "set_on", "ended_on"), "org_id")
    held = held.filter(at(held, held.status_on, starts="set_on", ends="ended_on"))
    return held.group_by("uscc", "year").agg(pioneer_units=held.unit_id.nunique())


def cross_appointments(base: ir.Table, rows: ir.Table) -> ir.Table:
    """Return the share of a firm's party team that holds a board, supervisory or executive post, in per cent."""
    team = rows.filter(rows.party_post.isin(TEAM_POSTS))
    held = base.select("uscc", "year", "status_on").inner_join(team, "uscc")
    held = held.filter(at(held, held.status_on, starts="from_on", ends="to_on"))
    counted = held.group_by("uscc", "year").agg(
        team=held.member_pid.nunique(), top=held.member_pid.nunique(where=held.body.isin(TOP_BODIES))
    )
    # 100.0 is a decimal number to Spark, and so would be the share.
    share = (100 * counted.top).cast("float64") / counted.team
    return counted.select("uscc", "year", team_members=counted.team, cross_appointment_share_pct=share)


def derive(wide: ir.Table) -> ir.Table:
    """Return member share and pioneer density of the joined firm-years; the columns that are missing stay null."""
    absent = {name: ibis.null("int64") for name in ("members", "pioneer_units", "team_members", "employees")}
    absent["cross_appointment_share_pct"] = ibis.null("float64")
    wide = wide.mutate(**{name: null for name, null in absent.items() if name not in wide.columns})
    staffed = (wide.employees > 0).fill_null(False)
    enrolled = (wide.members > 0).fill_null(False)
    units = (10 * wide.pioneer_units.fill_null(0)).cast("float64")
    wide = wide.mutate(
        member_share_pct=staffed.ifelse((100 * wide.members).cast("float64") / wide.employees, ibis.null("float64")),
        # Active units for every 10 members on the roll.
        pioneer_density=enrolled.ifelse(units / wide.members, ibis.null("float64")),
    )
    return wide.select("uscc", "year", *EXPOSURES)
