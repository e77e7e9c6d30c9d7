"""Panels of firm-years as the synthetic zone has them, drawn without names, certificates and files.

A seed's latent draws are made once; each scenario then changes what it declares and nothing else. Up to 264 firms are
those of one zone; larger panels put the firms of several zones into the same grids.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from helpers.errors import UsageError
from helpers.plan.sample import with_derived
from helpers.simulate import certificates, innovation, organisations
from helpers.simulate.draws import stream, year_of
from helpers.simulate.firms import GRIDS, ZONE_GRIDS, Population, enterprise_years, population
from helpers.simulate.innovation import MONTHS
from helpers.simulate.readings import INDUSTRIAL_FIRMS, QUOTA_FIRMS, resolve
from helpers.simulate.scenarios import PATENT_TYPES, Scenario, grid_exposure, scenario_named

ZONE: Final = INDUSTRIAL_FIRMS + QUOTA_FIRMS
FIRST_YEAR: Final = 2013
# The last year whose inventions are all visible in June 2023, as on the pages.
YEARS: Final = np.arange(FIRST_YEAR, 2022)
KINDS: Final = ("invention", "utility", "design")
_MONTHS: Final = 12 * len(YEARS)


@dataclass(frozen=True)
class _Zone:
    seed: int
    people: Population
    chosen: np.ndarray
    """Rows of the base that belong to the panel."""
    figures: pd.DataFrame


@dataclass
class Latent:
    """What all scenarios of a seed share: the firms with everything about them that no scenario changes."""

    seed: int
    firms: int
    zones: tuple[_Zone, ...]
    _coverage: dict[tuple[int, float], organisations.Coverage] = field(default_factory=dict)

    def coverage(self, zone: _Zone, plan: Scenario) -> organisations.Coverage:
        """Return who is covered when in one zone; scenarios differ in it by the order's tie to strength alone."""
        key = (zone.seed, plan.order_by_strength)
        if key not in self._coverage:
            self._coverage[key] = organisations.assign(zone.seed, zone.people, plan, resolve(None))
        return self._coverage[key]


@dataclass(frozen=True)
class Panel:
    """One panel with the truth behind it.

    Attributes
    ----------
    frame : DataFrame
        One row a firm (`uscc`) and year: the panel's columns that the declared specifications of founding and
        spillover need, and those of `sample.with_derived`.
    expected : DataFrame
        The same rows: usual_<kind>, filings expected of the firm were it not covered, and effect_<kind>, what the
        planted effect of its coverage adds to them.
    plan : Scenario
    """

    frame: pd.DataFrame
    expected: pd.DataFrame
    plan: Scenario

    def planted(self, kind: str) -> float:
        """Return the log effect of coverage that the scenario plants on one kind of patent."""
        return self.plan.founding[PATENT_TYPES[KINDS.index(kind)]]

    def spilling(self, kind: str) -> float:
        """Return the log effect of the covered share of a grid's other firms on one kind of patent."""
        return self.plan.spillover[PATENT_TYPES[KINDS.index(kind)]]

    def averaged(self, exposure: str = "has_own_org") -> pd.Series:
        """Return which firm-years an average effect is over: treated ones of firms seen before treatment too."""
        treated = self.frame[exposure].astype(bool)
        return treated & ~treated.groupby(self.frame["uscc"]).transform("all")

    def att(self, kind: str, exposure: str = "has_own_org") -> float:
        """Return the true average effect in filings a treated firm-year."""
        return float(self.expected.loc[self.averaged(exposure), f"effect_{kind}"].mean())

    def share(self, kind: str, exposure: str = "has_own_org") -> float:
        """Return the true effect over the treated firm-years as a share of what was expected without it."""
        held = self.expected[self.averaged(exposure)]
        return float(held[f"effect_{kind}"].sum() / held[f"usual_{kind}"].sum())


def latent(seed: int, firms: int) -> Latent:
    """Draw the firms of a panel: a random part of a zone's, all of them, or the first of several zones'.

    Raises
    ------
    UsageError
        If `firms` is not positive or the seed is negative.
    """
    if firms < 1 or seed < 0:
        raise UsageError(f"firms is {firms}, seed is {seed}: expected at least 1 firm and a seed that is not negative")
    count = -(-firms // ZONE)
    left, zones = firms, []
    for number in range(seed * count, (seed + 1) * count):
        people = population(number, ZONE)
        awards = certificates.awards(number, people, resolve(None))
        figures = enterprise_years(number, people, awards.first, awards.last)
        chosen = np.arange(min(left, people.analysable))
        if firms < people.analysable:
            chosen = np.sort(stream(seed, f"panel of {firms} firms").permutation(people.analysable)[:firms])
        zones.append(_Zone(number, people, chosen, figures[figures["year"].isin(YEARS)]))
        left -= len(chosen)
    return Latent(seed, firms, tuple(zones))


def panel(drawn: Latent, scenario: str) -> Panel:
    """Return the panel of a scenario on latent draws."""
    plan = scenario_named(scenario)
    covers = [drawn.coverage(zone, plan) for zone in drawn.zones]
    days = [innovation.covered_days(zone.people, one) for zone, one in zip(drawn.zones, covers, strict=True)]
    base = pd.concat([zone.people.base.iloc[zone.chosen] for zone in drawn.zones], ignore_index=True)
    covered_on = np.concatenate([day[zone.chosen] for zone, day in zip(drawn.zones, days, strict=True)])
    mode = np.concatenate(
        [one.firms["mode"].to_numpy()[zone.chosen] for zone, one in zip(drawn.zones, covers, strict=True)]
    )
    exposure, _ = grid_exposure(base["grid"].to_numpy(), covered_on, MONTHS, GRIDS)
    seen, usual, added = _by_year(drawn, days, plan, exposure)
    industry = pd.concat([zone.people.enterprises["industry_code"].iloc[zone.chosen] for zone in drawn.zones])
    firms = pd.DataFrame(
        {
            "uscc": [f"{zone.seed:06d}-{row:03d}" for zone in drawn.zones for row in zone.chosen],
            "code": base["uscc"].to_numpy(),
            "grid_id": ZONE_GRIDS[base["grid"]],
            "industry_2digit": industry.str[:2].to_numpy(),
            "entry_year": year_of(base["founded_on"].to_numpy()),
            "cohort_covered": _year_or_missing(covered_on),
            "cohort_org": np.where(mode == organisations.OWN, _year_or_missing(covered_on), np.nan),
        }
    )
    firm, place = np.nonzero(firms["entry_year"].to_numpy()[:, None] <= YEARS)
    frame = firms.iloc[firm].assign(year=YEARS[place]).reset_index(drop=True)
    for number, kind in enumerate(KINDS):
        frame[f"patents_{kind}"] = seen[number, firm, place]
    frame["has_own_org"] = (frame["cohort_org"] <= frame["year"]).astype(int)
    frame["is_covered"] = (frame["cohort_covered"] <= frame["year"]).astype(int)
    frame["age_years"] = frame["year"] - frame["entry_year"]
    frame["is_balanced"] = frame["entry_year"] <= FIRST_YEAR
    frame["grid_exposure"] = _others_covered(frame)
    frame = _with_figures(frame, drawn).drop(columns=["code", "entry_year"])
    # A scenario with an effect of coverage plants nothing else, so that all it adds is that effect.
    own = added if any(plan.founding.values()) else np.zeros_like(added)
    rest = usual + added - own
    expected = {f"usual_{kind}": rest[number, firm, place] for number, kind in enumerate(KINDS)}
    expected |= {f"effect_{kind}": own[number, firm, place] for number, kind in enumerate(KINDS)}
    return Panel(with_derived(frame), pd.DataFrame(expected), plan)


def _by_year(drawn: Latent, days, plan: Scenario, exposure: np.ndarray) -> list[np.ndarray]:
    """Return filings, filings expected anyway and filings expected in addition, each (3, N, years)."""
    seen, usual, added, start = [], [], [], 0
    for zone, day in zip(drawn.zones, days, strict=True):
        end = start + len(zone.chosen)
        held = np.zeros((len(zone.people.base), len(MONTHS)))
        held[zone.chosen] = exposure[start:end]
        expected = innovation.intensities(zone.seed, zone.people, day, plan, held)
        drawn_usual, drawn_added = innovation.counts(zone.seed, expected)
        parts = ((seen, drawn_usual + drawn_added), (usual, expected.usual), (added, expected.added))
        for kept, monthly in parts:
            kept.append(monthly[:, zone.chosen, :_MONTHS].reshape(3, -1, len(YEARS), 12).sum(axis=3))
        start = end
    return [np.concatenate(kept, axis=1) for kept in (seen, usual, added)]


def _year_or_missing(days: np.ndarray) -> np.ndarray:
    return np.where(np.isnat(days), np.nan, year_of(days))


def _others_covered(frame: pd.DataFrame) -> pd.Series:
    """Return the share of the grid's other firms that are covered at the end of the year; missing for a lone firm."""
    by_cell = frame.groupby(["grid_id", "year"])["is_covered"]
    others = by_cell.transform("size") - 1
    return ((by_cell.transform("sum") - frame["is_covered"]) / others).where(others > 0)


def _with_figures(frame: pd.DataFrame, drawn: Latent) -> pd.DataFrame:
    names: Mapping[str, str] = {"employees": "employees", "assets": "assets_10k_cny"}
    figures = pd.concat([
        zone.figures.assign(place=f"{zone.seed:06d}")[["place", "uscc", "year", *names]] for zone in drawn.zones
    ]).rename(columns={"uscc": "code", **names})  # fmt: skip
    place = frame["uscc"].str[:6]
    return frame.assign(place=place).merge(figures, on=["place", "code", "year"], how="left").drop(columns="place")
