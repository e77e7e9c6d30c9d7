"""The synthetic zone: all tables of the codebook, the truth behind them, and the published figures they reproduce."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import codebook, paths
from helpers.errors import UsageError, WuliError
from helpers.params.model import SMALLEST_ZONE, Calibration
from helpers.simulate import (
    calibrate,
    certificates,
    engagement,
    innovation,
    organisations,
    people,
    services,
    supplement,
)
from helpers.simulate.draws import AS_OF, FIRST_YEAR, LAST_YEAR, year_of
from helpers.simulate.firms import enterprise_years, population
from helpers.simulate.readings import resolve
from helpers.simulate.scenarios import PATENT_TYPES, Scenario, scenario_named
from helpers.text import LANGS, say

_PANDAS = {"integer": "Int64", "year": "Int64", "decimal": "float64", "boolean": "boolean"}


@dataclass(frozen=True)
class Zone:
    """A synthetic zone.

    Parameters
    ----------
    tables : dict of DataFrame
        The 36 zone tables of the codebook by name, then the supplementary ones, typed as it says, clean.
    truth : dict
        Plain data: what was planted, who was covered when, and the filings the register does not show yet.
    figures : DataFrame
        Every published figure beside its recomputed value, see `calibrate.figures`.
    """

    tables: dict[str, pd.DataFrame]
    truth: dict
    figures: pd.DataFrame


def zone(
    *,
    seed: int,
    firms: int = calibrate.DEFAULT_FIRMS,
    scenario: str = "effect",
    readings: "Mapping[str, object] | Calibration | None" = None,
) -> Zone:
    """Generate a synthetic zone calibrated to the published figures.

    Parameters
    ----------
    seed : int
        Not negative; the same seed gives the same tables.
    firms : int, default 13470
        Market entities registered on 2023-06-30, of which 264 are analysable; at least 400. Those that left the zone
        before stand in `enterprises` on top of them.
    scenario : {"effect", "null", "selection", "pretrend", "spillover"}
        What is planted; all scenarios share their latent draws.
    readings : mapping, optional
        Changes to the default reading set, see `helpers.params.model.Calibration`.

    Returns
    -------
    Zone

    Raises
    ------
    UsageError
        If a parameter is unknown or out of range.
    WuliError
        If a figure that the zone claims to reproduce does not hold.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise UsageError(f"seed is {seed!r}: expected a whole number that is not negative")
    if isinstance(firms, bool) or not isinstance(firms, int | np.integer) or firms < SMALLEST_ZONE:
        raise UsageError(f"firms is {firms!r}: expected a whole number of at least {SMALLEST_ZONE}")
    plan, chosen = scenario_named(scenario), resolve(readings)
    units = population(int(seed), int(firms))
    coverage = organisations.assign(seed, units, plan, chosen)
    on_roll = people.roll(seed, units, coverage, chosen)
    awards = certificates.awards(seed, units, chosen)
    filed = innovation.filings(seed, units, coverage, plan, chosen)
    of_persons = people.tables(seed, units, coverage, on_roll, chosen)
    of_organisations = organisations.tables(seed, units, coverage)
    done = engagement.tables(seed, units, coverage, chosen)
    raw = {
        "enterprises": units.enterprises,
        "enterprise_years": enterprise_years(seed, units, awards.first, awards.last),
        **of_organisations,
        **of_persons,
        **done,
        **services.tables(seed, units, coverage, of_persons["policy_liaisons"]),
        **innovation.patents(seed, units, filed),
        "software_copyrights": innovation.software_copyrights(seed, units, filed),
        "certifications": certificates.certifications(seed, units, awards),
        "rd_projects": certificates.rd_projects(seed, units),
        "force_map": pd.read_csv(
            paths.REFERENCE / "force_map.csv", encoding="utf-8-sig", dtype={"mechanism_id": "str"}
        ),
        "published_figures": _published_table(),
        **supplement.tables(seed, units, coverage, of_organisations["party_orgs"], done["training_events"]),
    }
    wanted = codebook.load().of_study("zone", "supplement")
    tables = {table.name: conform(raw[table.name], table) for table in wanted}
    truth = _truth(int(seed), int(firms), plan, chosen, units, coverage, filed, tables)
    return Zone(tables, truth, calibrate.figures(tables, readings=chosen, firms=int(firms)))


def conform(frame: pd.DataFrame, table: codebook.Table) -> pd.DataFrame:
    """Return `frame` with the codebook's columns in order and of its types; a column that was not drawn is missing.

    Raises
    ------
    WuliError
        If a value is not among the allowed ones.
    """
    columns = {}
    for column in table.columns:
        values = (
            frame[column.name] if column.name in frame.columns else pd.Series(None, index=frame.index, dtype="object")
        )
        values = values.reset_index(drop=True)
        if column.type in ("category", "ordered"):
            unknown = sorted(set(values.dropna().unique()) - set(column.allowed))
            if unknown:
                names = ", ".join(map(str, unknown))
                raise WuliError(f"{table.name}.{column.name}: {names} not among {', '.join(column.allowed)}")
            columns[column.name] = pd.Categorical(
                values, categories=list(column.allowed), ordered=column.type == "ordered"
            )
        elif column.type in ("date", "datetime"):
            columns[column.name] = pd.to_datetime(values).astype("datetime64[us]")
        else:
            columns[column.name] = values.astype(_PANDAS.get(column.type, "str"))
    return pd.DataFrame(columns)


def _published_table() -> pd.DataFrame:
    rows = pd.DataFrame(calibrate.published())
    return rows.assign(
        value=pd.to_numeric(rows["value"], errors="raise"),
        comparator=rows["comparator"].where(rows["comparator"] != ""),
    )


def _truth(seed, firms, plan: Scenario, readings: Calibration, units, coverage, filed, tables) -> dict:
    """Gather what an analysis may be compared with."""
    base = units.base["uscc"].to_numpy(dtype=object)
    held = coverage.firms.dropna(subset=["covered_on"])
    days = held["covered_on"].dt.strftime("%Y-%m-%d")
    cohorts = {
        base[firm]: {"covered_on": on, "mode": mode}
        for firm, on, mode in zip(held.index, days, held["mode"], strict=True)
    }
    events = filed.events
    is_base = events["firm"].to_numpy() < units.analysable
    year = year_of(events["filed_on"].to_numpy())
    kind = np.array(PATENT_TYPES, dtype=object)[events["type"].to_numpy()]
    counts = pd.DataFrame({"year": year, "type": kind, "is_base": is_base, "is_added": events["is_added"].to_numpy()})
    by_year = (
        counts.groupby(["is_base", "type", "year"])
        .agg(filed=("is_added", "size"), added=("is_added", "sum"))
        .reset_index()
    )
    firm_years = (
        pd.DataFrame(
            {
                "uscc": base[events["firm"].to_numpy()[is_base]],
                "year": year[is_base],
                "type": kind[is_base],
                "added": events["is_added"].to_numpy()[is_base],
            }
        )
        .groupby(["uscc", "year", "type"])
        .agg(filed=("added", "size"), added=("added", "sum"))
        .reset_index()
    )
    tickets = tables["service_tickets"]
    solved = tickets[tickets["resolution"] == "解决"]
    return {
        "scenario": plan.name,
        "seed": seed,
        "firms": firms,
        "as_of": str(AS_OF),
        "extract_on": str(AS_OF),
        "years": [FIRST_YEAR, LAST_YEAR],
        "readings": readings.model_dump(),
        **{key: value for key, value in plan.truth().items() if key != "name"},
        "assignment": {lang: say("simulate.assignment", lang) for lang in LANGS},
        "effect_on_certificates": 0.0,
        "zero_share_target": innovation.ZERO_SHARE,
        "cohorts": cohorts,
        "never_covered": [str(base[firm]) for firm in coverage.firms.index[coverage.firms["covered_on"].isna()]],
        "filings_by_year": by_year.to_dict(orient="records"),
        "filings_by_firm_year": firm_years.to_dict(orient="records"),
        "requests_solved": {"rows": len(solved), "distinct": int(solved["duplicate_of"].isna().sum())},
    }
