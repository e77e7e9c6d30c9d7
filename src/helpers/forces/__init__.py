"""The five forces: one pure function per indicator, typed tables of the codebook in, `Indicator` out.

indicator       what an indicator is; suppression of counts of persons at the source
population      who counts on a date: firms, covered firms, organisations, members
guidance support pioneer traction cohesion      the 24 indicators, by force
firms           the same for single firms, the rows of the five-force index
measures        KPIs of the systems that are none of the 24; systems: the list of all 31 systems
brief           what an office has to act on, case by case
organisation    organisation tree, organisations outside the bands, class transitions, uncovered firms
grids           firms and liaisons by area and grid; posts: secretaries' posts and vacancies
catchup         whether the organisations of a grid draw nearer to each other and to its leader
moves           classes and stars from one year to the next, and the first rise
cultivation     listed firms beside similar ones, and the two-way flow of members
services        requests and the time until they are closed, sites, needs, alliance events
studios         what ended projects of innovation studios led to, by type of output
deliveries      policies on their way to firms, and applications by how long they took
alliance        members and rotations, joint filings, members against similar firms
intervals, matching     shares with Wilson's interval; pairs of similar cases

The mapping of mechanisms to forces is the project's own: the source lists the forces without defining them.
"""

import inspect
from collections.abc import Callable, Mapping
from datetime import date
from typing import get_args

import pandas as pd

from helpers.forces import cohesion, guidance, measures, pioneer, support, traction
from helpers.forces.guidance import PLAN_CODES
from helpers.forces.indicator import (
    Indicator,
    MissingTable,
    counts_noted,
    hide,
    is_few,
    may_give,
    minimum_people,
    ratio,
    shown,
)

__all__ = ["FORCES", "MEASURES", "REGISTRY", "VARIANTS", "Indicator", "MissingTable", "all_indicators",
           "all_measures", "compute", "counts_noted", "hide",
           "is_few", "may_give", "minimum_people", "ratio", "shown"]  # fmt: skip

FORCES: dict[str, str] = {
    "p": "政治引领力", "d": "发展支撑力", "v": "先锋原动力", "t": "党建牵引力", "c": "园区凝聚力",
}  # fmt: skip

REGISTRY: dict[str, Callable[..., Indicator]] = {
    "p1_coverage_org": guidance.organisation_coverage,
    "p2_standalone": guidance.standalone_organisations,
    "p3_charter": guidance.charter_clause,
    "p4_training_done": guidance.training_plan,
    "p5_life_regular": guidance.regular_meetings,
    "d1_cross_apply": support.cross_appointment,
    "d2_mid_level": support.members_mid_level,
    "d3_half_day": support.half_day_delivery,
    "d4_liaison_cover": support.liaison_coverage,
    "d5_proposals": support.proposals_adopted,
    "v1_unit_density": pioneer.unit_density,
    "v2_project_completion": pioneer.projects_completed,
    "v3_member_rd_share": pioneer.members_in_rd,
    "v4_two_way": pioneer.two_way_flow,
    "t1_grid_active": traction.active_grids,
    "t2_upgrade": traction.class_upgrades,
    "t3_good": traction.good_or_above,
    "t4_alliance_conv": traction.alliance_conversion,
    "t5_spread": traction.within_grid_spread,
    "c1_ticket_solved": cohesion.requests_solved,
    "c2_contact_cover": cohesion.contact_coverage,
    "c3_reach": cohesion.service_circle,
    "c4_activity_rate": cohesion.site_activity,
    "c5_match": cohesion.needs_matched,
}

# KPIs of the zone's systems besides the indicators.
MEASURES: dict[str, Callable[..., Indicator]] = {
    "s02_overdue": measures.overdue_terms,
    "s03_firms_per_liaison": measures.firms_per_liaison,
    "s09_brands": measures.brands_of_top_class,
    "s10_passed": measures.cultivation_passed,
    "s11_vacant": measures.vacant_posts,
    "s12_lectures": measures.lecture_reach,
    "s20_verifiable": measures.improvement_stated,
    "s21_outputs": measures.studio_outputs,
    "s25_several": measures.several_duties,
    "s25_tickets": measures.requests_of_duties,
    "s25_overlap": measures.duties_and_contacts,
    "s26_actions": measures.visits_per_action,
    "s27_teams": measures.visits_per_team,
    "s30_sharing": measures.sharing_days,
    "s31_residential": measures.residential_apart,
}

# The readings of an indicator that are always printed side by side; one without an entry has a single one.
VARIANTS: dict[str, tuple[dict[str, str], ...]] = {
    "p1_coverage_org": tuple({"base": base} for base in ("all_operating", "above_scale", "should_have")),
    "p2_standalone": tuple({"base": base} for base in ("all_operating", "above_scale", "should_have")),
    "p3_charter": tuple({"base": base} for base in ("covered", "above_scale", "all_operating")),
    "p4_training_done": tuple({"item": item} for item in get_args(guidance.PlanItem)),
    "d1_cross_apply": ({"team": "top_team"}, {"team": "all_committees"}),
    "d3_half_day": ({"window": "month"}, {"window": "to_date"}),
    "t3_good": ({"growth_items": "with"}, {"growth_items": "without"}, {"units": "organisations"}),
    "c5_match": ({"window": "quarter"}, {"window": "to_date"}),
}


def compute(id: str, tables: Mapping[str, pd.DataFrame], *, as_of: date, **options: str) -> Indicator:
    """Compute one indicator from the tables its function names.

    Parameters
    ----------
    id : str
        Of an indicator or of a KPI of a system: a key of `REGISTRY` or `MEASURES`.
    tables : mapping of name to DataFrame
        Clean tables; more than it needs may be among them.
    as_of : date
        Day of the reading.
    **options
        Of its own function, for example which of its readings.

    Raises
    ------
    MissingTable
        Naming every table that the function needs and `tables` lacks.
    """
    function = REGISTRY.get(id) or MEASURES[id]
    needed, optional = _tables_of(function)
    absent = [name for name in needed if name not in tables]
    if absent:
        raise MissingTable(*absent)
    given = {name: tables[name] for name in (*needed, *optional) if name in tables}
    return function(**given, as_of=as_of, **options)


def all_indicators(tables: Mapping[str, pd.DataFrame], as_of: date) -> pd.DataFrame:
    """Compute every indicator in all its readings.

    Parameters
    ----------
    tables : mapping of name to DataFrame
        Typed tables of the codebook, those about persons from the restricted layer; any may be missing.
    as_of : date
        The day at which stocks are counted and windows end.

    Returns
    -------
    DataFrame
        One row an indicator and reading, in the order of `REGISTRY`: id, force, name, base, window, unit, status and
        note in both languages (`name_zh`, `name_en`, …), numerator, denominator (counts; missing where suppressed),
        value (in `unit`), suppressed, status, benchmark (ids of published figures, `;` between). Status is computed,
        suppressed (fewer than 10 persons), empty_denominator, table_not_supplied (the note names the tables), or
        not_testable (none of the 36 tables holds it and the supplementary table is not there; the note says what is
        known).
    """
    rows = []
    for id in REGISTRY:
        for options in VARIANTS.get(id, ({},)):
            try:
                found = compute(id, tables, as_of=as_of, **options)
            except MissingTable as missing:
                found = _not_supplied(id, options, missing)
            rows.append({**found.row(), "force": FORCES[id[0]]})
    return pd.DataFrame(rows).astype({"numerator": "Int64", "denominator": "Int64", "value": "Float64"})[list(_COLUMNS)]


def all_measures(tables: Mapping[str, pd.DataFrame], as_of: date) -> pd.DataFrame:
    """Compute every KPI of the systems that is none of the indicators; columns as `all_indicators`, without force.

    Parameters
    ----------
    tables : mapping of name to DataFrame
        Clean tables; a KPI whose tables are not among them says so.
    as_of : date
        Day of the reading.
    """
    rows = []
    for id in MEASURES:
        try:
            rows.append(compute(id, tables, as_of=as_of).row())
        except MissingTable as missing:
            rows.append(_not_supplied(id, {}, missing).row())
    found = pd.DataFrame(rows).astype({"numerator": "Int64", "denominator": "Int64", "value": "Float64"})
    return found[[name for name in _COLUMNS if name != "force"]]


_OTHER_UNITS = {
    "v1_unit_density": "per_10_members", "v3_member_rd_share": "percentage_points", "t5_spread": "points",
    "c4_activity_rate": "per_site_month", "s03_firms_per_liaison": "per_liaison",
    "s25_tickets": "per_firm", "s26_actions": "visits_per_team",
    "s27_teams": "visits_per_team",
}  # fmt: skip
_COLUMNS = (
    "id", "force", "name_zh", "name_en", "base", "base_zh", "base_en", "numerator", "denominator", "value", "unit",
    "unit_zh", "unit_en", "window", "window_zh", "window_en", "status", "status_zh", "status_en", "suppressed",
    "benchmark", "note_zh", "note_en",
)  # fmt: skip


def _tables_of(function: Callable[..., Indicator]) -> tuple[list[str], list[str]]:
    """Return the names of the tables a function needs, and of those it takes if they are there."""
    tables = [p for p in inspect.signature(function).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    needed = [p.name for p in tables if p.default is p.empty]
    return needed, [p.name for p in tables if p.default is not p.empty]


def _not_supplied(id: str, options: Mapping[str, str], missing: MissingTable) -> Indicator:
    return Indicator(
        id, None, None, None, _OTHER_UNITS.get(id, "percent"), options.get("window", "any"), _base_of(id, options),
        status="table_not_supplied", note="note_not_supplied", note_values={"tables": ", ".join(missing.names)},
    )  # fmt: skip


def _base_of(id: str, options: Mapping[str, str]) -> str:
    if "item" in options:
        return PLAN_CODES[options["item"]]
    if id == "t3_good":
        return traction.graded_base(**options)
    return options.get("base", options.get("team", "any"))
