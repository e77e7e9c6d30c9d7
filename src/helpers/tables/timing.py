"""Tables of when: organisations founded, firms first covered and by what mode, first charter clauses, by year.

Dates come from the clean tables of organisations, coverage and charters, so that a founding is a founding and a firm
attached to another's organisation is not taken for one that has its own.
"""

from datetime import date
from typing import NamedTuple

import pandas as pd

from helpers.clean.coverage import OWN
from helpers.forces import population
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.text import Lang, label, say

ORGANISATION_KINDS = ("own_founded", "joint_founded", "below_founded")
COVERAGE_KINDS = ("own_covered", "joint_covered", "attached_covered")
MODES = {OWN: "own_covered", "联合组建": "joint_covered", "行业组建": "joint_covered", "挂靠": "attached_covered"}


class Timeline(NamedTuple):
    """Counts by period, and how many events have no usable date and are in none of them.

    `counts` has one row a period: period (words), is_part (the running year, seen in part), and a column a kind.
    """

    counts: pd.DataFrame
    undated: int


def foundings(zone: Study, lang: Lang) -> Timeline | None:
    """Return the organisations founded by year, those since dissolved included; None without `party_orgs`.

    Kinds: own_founded (of one firm), joint_founded (联合党支部), below_founded (branches under a firm's committee or
    general branch).
    """
    if zone.missing(("party_orgs",)):
        return None
    orgs = zone.table("party_orgs").drop_duplicates("org_id")
    below = population.sub_branches(orgs)
    orgs = orgs[orgs["org_type"].isin(population.ENTERPRISE_ORG_TYPES)]
    kinds = pd.Series("own_founded", index=orgs.index).mask(orgs["org_type"] == "联合党支部", "joint_founded")
    kinds = kinds.mask(below[orgs.index], "below_founded")
    return _by_period(zone, orgs["established_on"], kinds, ORGANISATION_KINDS, lang)


def first_coverage(zone: Study, lang: Lang) -> Timeline | None:
    """Return the panel's firms first covered by year and mode, and those with a first charter clause.

    Of several modes on a firm's first day the closest counts. `covered_pct` is the share of the panel's firms covered
    so far. None without `org_coverage`.
    """
    if zone.missing(("org_coverage",)):
        return None
    firms = zone.panel()["uscc"].unique()
    first = _first_spells(zone, firms)
    found = _by_period(zone, first["starts_on"], first["kind"], COVERAGE_KINDS, lang)
    running = 100 * found.counts[list(COVERAGE_KINDS)].sum(axis="columns").cumsum() / len(firms)
    counts = found.counts.assign(covered_pct=running)
    if not zone.missing(("charter_amendments",)):
        amended = zone.table("charter_amendments")
        known = amended["uscc"].isin(firms) & (amended["amended_on"] <= pd.Timestamp(zone.params.extract_on))
        when = amended[known].groupby("uscc")["amended_on"].min()
        charters = _by_period(zone, when, pd.Series("charters", index=when.index), ("charters",), lang).counts
        counts.insert(counts.columns.get_loc("covered_pct"), "charters", charters["charters"])
    return Timeline(counts, found.undated)


def _first_spells(zone: Study, firms) -> pd.DataFrame:
    spells, extract = zone.table("org_coverage"), pd.Timestamp(zone.params.extract_on)
    # A start after the extract is a slip of the pen: where it comes from the founding, the spell's own date stands, as
    # in the panel; else the day is not known.
    starts = spells["starts_on"].where(~(spells["starts_on"] > extract), spells["from_on"])
    spells = spells.assign(starts_on=starts.mask(starts > extract))
    lasts = spells["ends_on"].isna() | spells["starts_on"].isna() | (spells["starts_on"] < spells["ends_on"])
    held = spells[spells["is_organisation"] & lasts & spells["uscc"].isin(firms)]
    ordered = held.sort_values(["starts_on", "mode_rank", "org_id"])
    first = ordered.drop_duplicates("uscc")
    return first.assign(kind=first["coverage_mode"].map(MODES))


def _by_period(zone: Study, dates: pd.Series, kinds: pd.Series, order: tuple[str, ...], lang: Lang) -> Timeline:
    """Count dated events by year and kind: one period for all before the run's first year, one for each year."""
    first, extract = zone.params.first_year, zone.params.extract_on
    known = dates <= pd.Timestamp(extract)
    years = dates[known].dt.year.clip(lower=first - 1)
    counted = pd.crosstab(years, kinds[known]).reindex(
        index=range(first - 1, extract.year + 1), columns=list(order), fill_value=0
    )
    is_part = (counted.index == extract.year) & (extract < date(extract.year, 12, 31))
    periods = [say("figures.until_year", lang, year=first - 1), *map(str, counted.index[1:])]
    if is_part.any():
        periods[-1] = say("figures.part_year", lang, year=extract.year, day=f"{extract:%m-%d}")
    counts = counted.reset_index(drop=True).rename_axis(columns=None)
    counts.insert(0, "period", periods)
    counts.insert(1, "is_part", is_part)
    return Timeline(counts, int((~known).sum()))


def periods(found: Timeline, lang: Lang) -> pd.DataFrame:
    """Return the counts behind a timeline for a page."""
    counts = found.counts.drop(columns="is_part")
    return labelled(counts.assign(period=[_on_one_line(period) for period in counts["period"]]), lang)


def timeline_note(found: Timeline, lang: Lang) -> str:
    """Say how many events stand in no period, and which period is less than a year."""
    note = say("pages.timeline_note", lang, undated=found.undated)
    part = found.counts.loc[found.counts["is_part"], "period"]
    return note if part.empty else note + say("pages.timeline_part", lang, period=_on_one_line(part.iloc[0]))


def timeline_alt(found: Timeline, lang: Lang) -> str:
    """Describe a timeline: the sum of each kind, and the period with most of all."""
    counts = found.counts.drop(columns=["is_part", "covered_pct"], errors="ignore").set_index("period")
    sums = say("pages.comma", lang).join(f"{label(name, lang)} {counts[name].sum():,}" for name in counts)
    first, last, most = map(_on_one_line, (*counts.index[[0, -1]], counts.sum(axis="columns").idxmax()))
    return say("pages.timeline_alt", lang, sums=sums, first=first, last=last, most=most)


def _on_one_line(period: str) -> str:
    return period.replace("\n", " ")


def timeline_finding(zone: Study, lang: Lang) -> str:
    """Say how many of the panel's firms were ever covered, by what mode first, and when organisations were founded."""
    return _coverage_finding(zone, lang) + _foundings_finding(zone, lang) or say("pages.no_party_variable", lang)


def _coverage_finding(zone: Study, lang: Lang) -> str:
    if zone.missing(("org_coverage",)):
        return ""
    firms = zone.panel()["uscc"].unique()
    modes = _first_spells(zone, firms)["kind"].value_counts()
    return say("pages.coverage_finding", lang, firms=f"{len(firms):,}", ever=f"{modes.sum():,}",
               **{name: f"{modes.get(name, 0):,}" for name in COVERAGE_KINDS})  # fmt: skip


def _foundings_finding(zone: Study, lang: Lang) -> str:
    if zone.missing(("party_orgs",)):
        return ""
    orgs = zone.table("party_orgs")
    own = orgs[orgs["org_type"].isin(population.ENTERPRISE_ORG_TYPES) & ~population.sub_branches(orgs)]
    years = own.loc[own["established_on"] <= pd.Timestamp(zone.params.extract_on), "established_on"].dt.year
    if years.empty:
        return ""
    return say("pages.foundings_finding", lang, organisations=f"{len(years):,}", q1=int(years.quantile(0.25)),
               q3=int(years.quantile(0.75)))  # fmt: skip


def timeline_results(*found: Timeline | None) -> dict[str, dict[str, int]]:
    """Return, by kind, the sum over all periods and the count of the first: what lies before the run's years."""
    kinds = {}
    for one in found:
        if one is not None:
            counts = one.counts.drop(columns=["period", "is_part", "covered_pct"], errors="ignore")
            kinds |= {name: {"all": int(counts[name].sum()), "before": int(counts[name].iloc[0])} for name in counts}
    return kinds
