"""`build`: read a run's clean tables, join them to the firm-years one by one, write the panel and its joins."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers import engine, outcomes
from helpers.codebook import load
from helpers.errors import InputError
from helpers.panel import exposures, pieces
from helpers.panel.finish import finish
from helpers.panel.joins import Joins
from helpers.panel.pieces import Base

KEY: Final = ("uscc", "year")
_FOLLOWED: Final = ("patents", "patent_owners", "certification_spells", "org_coverage", "charter_amendments")


class NobodyFollowed(InputError):
    """The register holds no firm that a panel could follow in these years."""


def build(
    run_folder: Path, *, extract_on: date, first_year: int = 2013, last_year: int = 2023, base: Base = "analysable",
    lag_months: dict[str, int] | None = None, backend: engine.Engine = "duckdb", threads: int | None = None,
    memory_limit: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Write the firm-year panel of a run and every join that made it.

    Writes `panel.parquet` and `joins.csv`; and, when person tables are in `restricted/`, `restricted/exposures.parquet`
    and `restricted/joins.csv`, readable by the owner alone.

    Parameters
    ----------
    run_folder : Path
        The run's folder; `clean/enterprises.parquet` must be there, any other clean table may be missing.
    extract_on : date
        Day of the extract: statuses of that year hold on it instead of 31 December.
    first_year, last_year : int
        Years of the panel, both included.
    base : {"analysable", "private", "all"}
        Which enterprises are followed.
    lag_months : dict, optional
        As `outcomes.patents_by_month`.
    backend, threads, memory_limit
        As `engine.session`.

    Returns
    -------
    DataFrame
        The joins, one row a step: `step`, `left_rows`, `right_rows`, `matched` (left rows), `left_unmatched`,
        `right_unmatched`, `rows_out`, `why`.

    Raises
    ------
    InputError
        If there is no enterprise to follow, the years are empty, or a join would multiply rows.

    Notes
    -----
    Key `uscc`, `year`: one row for every year in which the firm was in operation for at least a day. Counts are zero
    for a firm-year without an entry when the table was supplied, and null when it was not.
    """
    if first_year > last_year:
        raise InputError(f"panel: first_year {first_year} lies after last_year {last_year}; no year is left")
    run_folder = Path(run_folder)
    with engine.session(engine=backend, threads=threads, memory_limit=memory_limit, spill_in=run_folder) as con:
        clean = pieces.known_by(_supplied(con, run_folder / "clean"), extract_on.isoformat())
        with Joins(con, KEY) as joins:
            left = _start(joins, clean, base, first_year, last_year, extract_on)
            if "enterprise_years" in clean:
                reported = clean["enterprise_years"]
                usable = pieces.plausible(reported, load()["enterprise_years"])
                joins.note("figures_implausible", reported, usable.filter(usable.is_implausible), on=KEY)
                clean = {**clean, "enterprise_years": usable.drop("is_implausible")}
            for step, right, on in _pieces(left, clean):
                joins.add(step, right, on=on)
            firms = joins.stage(left.select("uscc").distinct(), "firms", ("uscc",))
            for name in _FOLLOWED:
                joins.note(f"firms_with_{name}", firms, clean.get(name), on=("uscc",))
            panel = finish(
                joins.joined(), years=last_year - first_year + 1, extract_on=extract_on, lag_months=lag_months
            )
            engine.write(panel, run_folder / "panel.parquet", order_by=KEY)
            engine.write_csv(joins.frame(), run_folder / "joins.csv")
            _write_exposures(con, left, clean, run_folder / "restricted")
            return joins.frame()


def counts_by_firm_year(patents: ir.Table, enterprises: ir.Table, owners: ir.Table | None = None) -> ir.Table:
    """Count the own filings of registered enterprises by firm, year and type, without laying out a panel.

    Returns
    -------
    ibis Table
        Key `uscc`, `year`, `patent_type`: `patents`, `patents_fractional`. Only combinations with a filing have a row.
    """
    counted = outcomes.patents_by_firm_year(outcomes.ownership(patents, owners))
    return counted.semi_join(enterprises, "uscc")


def _supplied(con: ibis.BaseBackend, folder: Path) -> dict[str, ir.Table]:
    return {path.stem: engine.read(con, path) for path in sorted(folder.glob("*.parquet"))}


def _start(
    joins: Joins, clean: dict[str, ir.Table], base: Base, first_year: int, last_year: int, extract_on: date
) -> ir.Table:
    if "enterprises" not in clean:
        raise InputError("clean/enterprises.parquet is missing: without a register of enterprises there is no panel")
    registered = int(clean["enterprises"].count().execute())
    firms = pieces.firms_of(clean["enterprises"], base)
    followed = int(firms.count().execute())
    layout = pieces.firm_years(firms, first_year=first_year, last_year=last_year, extract_on=extract_on.isoformat())
    left = joins.start(layout, registered=registered, followed=followed)
    if not int(left.count().execute()):
        raise NobodyFollowed(
            f"panel: no firm-year to follow: {followed:,} of {registered:,} enterprises are '{base}', years "
            f"{first_year}-{last_year}; check the columns 规上标识, 控股情况, 登记注册类型, 正常经营 and 成立日期, and "
            "the years"
        )
    return left


def _pieces(left: ir.Table, clean: dict[str, ir.Table]) -> Iterator[tuple[str, ir.Table | None, tuple[str, ...]]]:
    def made(function, name: str, *, also: str | None = None, with_left: bool = False) -> ir.Table | None:
        if name not in clean:
            return None
        given = ([left] if with_left else []) + [clean[name]] + ([clean.get(also)] if also else [])
        return function(*given)

    firm = ("uscc",)
    yield "figures", made(pieces.figures, "enterprise_years"), KEY
    yield "patents", made(pieces.patents_wide, "patents", also="patent_owners"), KEY
    yield "software_copyrights", made(outcomes.software_by_firm_year, "software_copyrights"), KEY
    yield "rd_projects", made(pieces.projects, "rd_projects"), KEY
    yield "high_tech_status", made(pieces.high_tech, "certification_spells", with_left=True), KEY
    yield "high_tech_first", made(pieces.high_tech_first, "certifications"), firm
    yield "first_coverage", made(pieces.first_coverage, "org_coverage"), firm
    yield "first_own_organisation", made(pieces.first_own_organisation, "org_coverage"), firm
    yield "organisation", made(pieces.organisation, "org_coverage", also="org_ratings", with_left=True), KEY
    yield "first_charter", made(pieces.first_charter, "charter_amendments"), firm
    yield "charter", made(pieces.charter, "charter_amendments", with_left=True), KEY


def _write_exposures(con: ibis.BaseBackend, left: ir.Table, clean: dict[str, ir.Table], folder: Path) -> None:
    persons = {name: rows for name, rows in _supplied(con, folder).items() if name in ("members", "cross_appointments")}
    if not persons:
        return
    own = None
    if "org_coverage" in clean:
        own = exposures.own_organisations(left, clean["org_coverage"], clean.get("party_orgs"))
    with Joins(con, KEY, private=True) as joins:
        left = joins.start(left.select("uscc", "year", "status_on"))
        own = None if own is None else joins.stage(own, "own_organisations", (*KEY, "org_id"))
        members = None if own is None else persons.get("members")
        units = None if own is None else clean.get("pioneer_units")
        posts = persons.get("cross_appointments")
        joins.add("employees", _employees(clean))
        joins.add("members", None if members is None else exposures.members(own, members))
        joins.add("pioneer_units", None if units is None else exposures.pioneers(own, units))
        joins.add("team", None if posts is None else exposures.cross_appointments(left, posts))
        engine.write(exposures.derive(joins.joined()), folder / "exposures.parquet", order_by=KEY, private=True)
        engine.write_csv(joins.frame(), folder / "joins.csv", private=True)


def _employees(clean: dict[str, ir.Table]) -> ir.Table | None:
    return clean["enterprise_years"].select(*KEY, "employees") if "enterprise_years" in clean else None
