"""What a run publishes of persons: every count by name, how they are linked, and which are hidden on all pages.

A prepared run in; the set of hidden counts out, and `protected`, under which every page computes. So a count hidden on
one page is hidden on all, and tables that share margins are protected together.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import pandas as pd

from helpers import forces, reconcile
from helpers.disclosure import protect
from helpers.errors import InputError
from helpers.forces import cohesion, cultivation, posts, services
from helpers.inputs import STATE_FILE
from helpers.reconcile import people
from helpers.released.linked import system
from helpers.study import Study

OF_PERSONS = (
    "d1_cross_apply", "d2_mid_level", "d4_liaison_cover", "v1_unit_density", "v3_member_rd_share", "v4_two_way",
    "c2_contact_cover", "s11_vacant", "s12_lectures",
)  # fmt: skip
FIGURES = (*people.CHECKS, "sanxing_studio_people")
# Of the data prepared in this process: a page asks for each of its tables.
_hidden: dict[tuple[Path, int, int], frozenset[str]] = {}
_noted: dict[tuple[Path, int], dict[str, int]] = {}


@contextmanager
def protected(zone: Study, min_cell: int) -> Iterator[None]:
    """Give no count of persons inside of this block that no page of the run may give.

    Parameters
    ----------
    min_cell : int
        The page's minimum of persons; where the run or another of its pages has a higher one, that one holds, or this
        page would give back what the other hides.
    """
    least = minimum(zone, min_cell)
    with forces.minimum_people(least, hidden(zone, least)):
        yield


def minimum(zone: Study, min_cell: int) -> int:
    """Return the minimum of persons of all pages of a run: the highest of any."""
    of_pages = [int(values["min_cell"]) for values in zone.params.pages.values() if "min_cell" in values]
    return max(min_cell, zone.params.min_cell, *of_pages)


def hidden(zone: Study, least: int) -> frozenset[str]:
    """Return the names of the counts of persons that no page of the run gives at a minimum of `least`."""
    key = (*_state(zone), least)
    if key not in _hidden:
        cells, relations = system(noted(zone), minimum=least)
        _hidden[key] = protect(cells, relations, width=least)
    return _hidden[key]


def _state(zone: Study) -> tuple[Path, int]:
    return zone.folder, (zone.folder / STATE_FILE).stat().st_mtime_ns


def noted(zone: Study) -> dict[str, int]:
    """Return every count of persons that the pages of a run can give, by name; those of missing tables are absent."""
    if _state(zone) not in _noted:
        _noted[_state(zone)] = _counted(zone)
    return dict(_noted[_state(zone)])


def _counted(zone: Study) -> dict[str, int]:
    tables, as_of = zone.all_tables(), zone.params.as_of
    chosen = reconcile.figures()
    with forces.counts_noted() as counts:
        for id in OF_PERSONS:
            for options in forces.VARIANTS.get(id, ({},)):
                _if_there(lambda id=id, options=options: forces.compute(id, tables, as_of=as_of, **options))
        reconcile.published(
            tables, readings=reconcile.readings_from(zone.params.readings), as_of=as_of,
            reference=chosen[chosen["id"].isin(FIGURES)].reset_index(drop=True),
        )  # fmt: skip
        for needed, count in _tables(tables, as_of):
            if not zone.missing(needed):
                _if_there(count)
    return counts


def _tables(tables: dict[str, pd.DataFrame], as_of: date) -> list[tuple[tuple[str, ...], Callable[..., object]]]:
    """Return the tables of counts of persons that pages show, each with the tables it needs."""
    places = ("service_sites", "enterprises", "enterprise_years", "firm_places")
    year = as_of.replace(month=1, day=1)
    made = [
        (("secretaries", "party_orgs"), posts.posts_held, {}),
        (("members", "party_orgs"), cultivation.two_way_by_year, {}),
        (("members", "org_coverage", "party_orgs"), posts.firms_by_members, {}),
        (("service_sites", "service_activities"), services.activities_by_site, {"start": year}),
        *((places, cohesion.service_circle, {"speed_km_h": speed, "detour": detour})
          for speed, detour in cohesion.TRAVEL.values()),
    ]  # fmt: skip
    return [
        (needed, lambda make=make, needed=needed, options=options: make(
            *(tables[name] for name in needed), as_of=as_of, **options))
        for needed, make, options in made
    ]  # fmt: skip


def _if_there(count: Callable[[], object]) -> None:
    with suppress(forces.MissingTable, InputError):
        count()
