"""What a firm-year is made of: each function turns clean tables into one right-hand side of the panel."""

from functools import reduce
from operator import or_
from typing import Final, Literal

import ibis
import ibis.expr.types as ir

from helpers import outcomes
from helpers.clean.awards import HNTE
from helpers.clean.patents import TYPES
from helpers.clean.spells import at
from helpers.codebook import Table
from helpers.codebook.check import operands

Base = Literal["analysable", "private", "all"]
SUBSTANCE: Final = ("象征性", "保障性", "决策性")  # weakest first
# Names of the codebook -> names of the panel, with the unit.
FIGURES: Final = {
    "employees": "employees",
    "college_staff": "college_staff",
    "rd_staff": "rd_staff",
    "revenue": "revenue_10k_cny",
    "core_revenue": "core_revenue_10k_cny",
    "profit": "profit_10k_cny",
    "assets": "assets_10k_cny",
    "liabilities": "liabilities_10k_cny",
    "rd_expense": "rd_expense_10k_cny",
    "rd_subsidy": "rd_subsidy_10k_cny",
    "hitech_revenue": "hitech_revenue_10k_cny",
}
FIRM: Final = (
    "industry_code", "industry_2digit", "above_scale", "control_type", "group_id", "area_id", "grid_id", "founded_on",
    "exit_on", "entry_year", "scale_since", "is_private", "is_analysable",
)  # fmt: skip


def known_by(clean: dict[str, ir.Table], extract_on: str) -> dict[str, ir.Table]:
    """Return the clean tables without treatment dates after the extract: nothing of that day was on record.

    Such dates are slips of the pen (2032 for 2023), flagged in reading and kept there. A coverage spell cut to a
    founding after the extract starts on its own date instead; a spell, an amendment or an award that itself starts
    after the extract gives no date, and a rating keeps its year alone.
    """
    day = ibis.timestamp(extract_on)
    kept = dict(clean)
    if "org_coverage" in clean:
        spells = clean["org_coverage"]
        starts = ibis.ifelse(spells.starts_on > day, spells.from_on, spells.starts_on)
        spells = spells.mutate(starts_on=starts)
        kept["org_coverage"] = spells.filter(spells.starts_on.isnull() | (spells.starts_on <= day))
    for name, dated in (("charter_amendments", "amended_on"), ("certifications", "issued_on")):
        if name in clean:
            rows = clean[name]
            kept[name] = rows.filter(rows[dated].isnull() | (rows[dated] <= day))
    if "org_ratings" in clean:
        rated_on = clean["org_ratings"].rated_on
        kept["org_ratings"] = clean["org_ratings"].mutate(rated_on=ibis.ifelse(rated_on <= day, rated_on, None))
    return kept


def firms_of(enterprises: ir.Table, base: Base) -> ir.Table:
    """Return the enterprises that the panel follows; `analysable` follows those that ever were, gone ones included."""
    if base == "all":
        return enterprises
    chosen = {"analysable": "is_ever_analysable", "private": "is_private"}[base]
    return enterprises.filter(enterprises[chosen].fill_null(False))


def firm_years(firms: ir.Table, *, first_year: int, last_year: int, extract_on: str) -> ir.Table:
    """Return one row for every firm and every year in which it was in operation for at least a day.

    Adds `status_on`, the day for which every status of the row holds (31 December, or the extract in its own year),
    `is_operating` on that day, and `age_years`. A firm without a founding date enters in `first_year`.
    """
    first = ibis.greatest(firms.entry_year.coalesce(first_year), first_year)
    last = ibis.least(firms.exit_year.coalesce(last_year), last_year)
    spans = firms.select("uscc", *FIRM, _first=first.cast("int64"), _last=last.cast("int64"))
    spans = spans.filter(spans._first <= spans._last)
    years = spans.mutate(year=ibis.range(spans._first, spans._last + 1).unnest()).drop("_first", "_last")
    years = years.mutate(year=years.year.cast("int64"))
    year_end = (years.year.cast("string") + "-12-31").cast("timestamp(6)")
    years = years.mutate(status_on=ibis.least(year_end, ibis.timestamp(extract_on)))
    return years.mutate(
        is_operating=years.exit_on.isnull() | (years.status_on < years.exit_on),
        age_years=years.year - years.entry_year,
    )


def plausible(enterprise_years: ir.Table, table: Table) -> ir.Table:
    """Set figures missing that break a rule of the codebook: which of the two is wrong cannot be known.

    Parameters
    ----------
    enterprise_years : ibis Table
        The clean yearly figures, as reported.
    table : Table
        Its rules across columns and the least value of each column.

    Returns
    -------
    ibis Table
        The same rows; every column that a broken rule compares is null there. Added: `is_implausible`.
    """
    below = {
        column.name: (enterprise_years[column.name] < column.minimum).fill_null(False)
        for column in table.columns
        if column.minimum is not None and column.name not in table.key
    }
    rows = enterprise_years.mutate(
        is_implausible=reduce(or_, below.values(), ibis.literal(False)),
        **_emptied(enterprise_years, below),
    )
    # The codebook is the project's own; its expressions are comparisons, which mean the same on Ibis columns.
    names = {name: rows[name] for name in rows.columns}
    broken: dict[str, ir.BooleanValue] = {}
    for rule in table.rules:
        is_broken = ~eval(rule.expression, {"__builtins__": {}}, names).fill_null(True)
        broken |= {name: broken.get(name, ibis.literal(False)) | is_broken for name in operands(table, rule)}
    return rows.mutate(is_implausible=reduce(or_, broken.values(), rows.is_implausible), **_emptied(rows, broken))


def _emptied(rows: ir.Table, where: dict[str, ir.BooleanValue]) -> dict[str, ir.Value]:
    return {name: is_bad.ifelse(ibis.null(rows[name].type()), rows[name]) for name, is_bad in where.items()}


def figures(enterprise_years: ir.Table) -> ir.Table:
    """Return the yearly figures with their units, and R&D as a share of revenue in per cent (null without revenue)."""
    rows = enterprise_years
    positive = (rows.revenue > 0).fill_null(False)
    return rows.select(
        "uscc",
        "year",
        **{new: rows[old] for old, new in FIGURES.items()},
        rd_share_pct=positive.ifelse(100.0 * rows.rd_expense / rows.revenue, ibis.null("float64")),
        has_figures=rows.employees.notnull() & rows.revenue.notnull(),
    )


def patents_wide(patents: ir.Table, owners: ir.Table | None) -> ir.Table:
    """Return a column a type: own filings whole and by share, by filing year; acquired ones by year of acquisition."""
    held = outcomes.ownership(patents, owners)
    year = held.filing_year
    if owners is not None:
        year = held.is_acquired.ifelse(held.acquired_on.year().cast("int64"), year)
    dated = held.mutate(year=year).filter(lambda rows: rows.year.notnull())
    columns = {}
    for zh, en in TYPES.items():
        own = ~dated.is_acquired & (dated.patent_type == zh)
        columns[f"patents_{en}"] = dated.count(where=own)
        columns[f"patents_{en}_fractional"] = dated.share.sum(where=own)
        # Without owners nothing is known to be acquired, and a count over all firms for it would be for nothing.
        acquired = ibis.literal(False) if owners is None else dated.is_acquired & (dated.patent_type == zh)
        columns[f"patents_{en}_acquired"] = dated.count(where=acquired)
    wide = dated.group_by("uscc", "year").agg(**columns)
    return wide.mutate(**{name: wide[name].fill_null(0) for name in columns})


def projects(rd_projects: ir.Table) -> ir.Table:
    """Count public R&D projects by firm and year of approval, with the public money in 万元."""
    kept = rd_projects.filter(rd_projects.uscc.notnull() & rd_projects.year.notnull())
    return kept.group_by("uscc", "year").agg(rd_projects=kept.count(), rd_grant_10k_cny=kept["grant"].sum())


def high_tech(base: ir.Table, spells: ir.Table) -> ir.Table:
    """Return the firm-years with a valid high-tech certificate on the day of their status."""
    held = base.select("uscc", "year", "status_on").inner_join(spells.filter(spells.cert_type == HNTE), "uscc")
    held = held.filter(at(held, held.status_on, starts="from_on", ends="to_on"))
    return held.select("uscc", "year").distinct().mutate(is_hnte=ibis.literal(True))


def high_tech_first(certifications: ir.Table) -> ir.Table:
    """Return each firm's year of first high-tech award."""
    first = outcomes.first_award(certifications, cert_type=HNTE)
    return first.select("uscc", hnte_first_year=first.first_year)


def first_coverage(coverage: ir.Table) -> ir.Table:
    """Return when each firm was first covered by any organisation, and that year as its cohort."""
    held = coverage.filter(coverage.is_organisation & _lasts(coverage))
    first = held.group_by("uscc").agg(covered_on=held.starts_on.min())
    return first.mutate(cohort_covered=first.covered_on.year().cast("int64"))


def first_own_organisation(coverage: ir.Table) -> ir.Table:
    """Return when each firm's first organisation of its own was founded, and that year as its cohort."""
    held = coverage.filter(coverage.is_own & _lasts(coverage))
    first = held.group_by("uscc").agg(org_founded_on=held.starts_on.min())
    return first.mutate(cohort_org=first.org_founded_on.year().cast("int64"))


def _lasts(coverage: ir.Table) -> ir.BooleanValue:
    return coverage.ends_on.isnull() | (coverage.starts_on < coverage.ends_on)


def organisation(base: ir.Table, coverage: ir.Table, ratings: ir.Table | None) -> ir.Table:
    """Return the organisation that stands for each firm-year, with its rating of that year.

    Of several organisations covering a firm on the day of the status, the closest tie counts (own before joint …),
    then one that is rated, then the older, then the smaller number. `is_star_upgrade`: more stars than at the
    organisation's previous rating.
    """
    held = base.select("uscc", "year", "status_on").inner_join(coverage, "uscc")
    held = held.filter(at(held, held.status_on, starts="starts_on", ends="ends_on"))
    rated = _ratings(held if ratings is None else ratings, is_supplied=ratings is not None)
    wide = held.left_join(rated, [held.org_id == rated._org, held.year == rated._year])
    order = [wide.mode_rank, wide._org.isnull().cast("int8"), wide.starts_on, wide.org_id]
    place = ibis.row_number().over(ibis.window(group_by=["uscc", "year"], order_by=order))
    chosen = wide.mutate(_place=place).filter(lambda t: t._place == 0)
    return chosen.select(
        "uscc",
        "year",
        "org_id",
        "coverage_mode",
        is_covered=chosen.is_organisation,
        has_own_org=chosen.is_own,
        stars=chosen.stars,
        **{"class": chosen["class"]},
        score_party=chosen.score_party,
        score_growth=chosen.score_growth,
        is_star_upgrade=chosen.is_star_upgrade,
        rated_on=chosen.rated_on,
    )


def _ratings(rows: ir.Table, *, is_supplied: bool) -> ir.Table:
    if not is_supplied:
        none = {
            "stars": "int64", "class": "string", "score_party": "float64", "score_growth": "float64",
            "rated_on": "timestamp(6)",
        }  # fmt: skip
        empty = rows.filter(ibis.literal(False)).select(_org=rows.org_id, _year=rows.year)
        nulls = {name: ibis.null(kind) for name, kind in none.items()}
        return empty.mutate(**nulls, is_star_upgrade=ibis.null("boolean"))
    before = rows.stars.lag().over(ibis.window(group_by="org_id", order_by="year"))
    return rows.select(
        "stars", "class", "score_party", "score_growth", "rated_on", _org=rows.org_id, _year=rows.year,
        is_star_upgrade=rows.stars > before,
    )  # fmt: skip


def first_charter(amendments: ir.Table) -> ir.Table:
    """Return each firm's first charter amendment and that year as its cohort."""
    first = amendments.group_by("uscc").agg(charter_amended_on=amendments.amended_on.min())
    return first.mutate(cohort_charter=first.charter_amended_on.year().cast("int64"))


def charter(base: ir.Table, amendments: ir.Table) -> ir.Table:
    """Return the firm-years with a charter clause, and the strongest substance of any amendment so far."""
    dated = amendments.select("uscc", "amended_on", "substance")
    held = base.select("uscc", "year", "status_on").inner_join(dated, "uscc")
    held = held.filter(held.amended_on <= held.status_on)
    rank = ibis.cases(*((held.substance == name, place) for place, name in enumerate(SUBSTANCE, 1)), else_=0)
    strongest = held.group_by("uscc", "year").agg(_rank=rank.max())
    name = ibis.cases(
        *((strongest._rank == place, name) for place, name in enumerate(SUBSTANCE, 1)), else_=ibis.null("string")
    )
    return strongest.select("uscc", "year", has_charter=ibis.literal(True), charter_substance=name)
