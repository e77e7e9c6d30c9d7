"""Which counts of persons the pages of a run really show: finished HTML in, one row a printed number out.

Every place where a page prints a count of persons is declared here once, by the words of its headings and rows; both
languages are read. What a page shows elsewhere is no count of persons, which `docs/disclosure.md` lists page by page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser

from helpers import reconcile
from helpers.forces import cohesion
from helpers.forces.posts import MEMBERS_SHOWN, POSTS
from helpers.text import LANGS, catalogue, label, say

_NUMBER = re.compile(r"\d[\d,]*")
# Columns of one table: heading, and the beginning of the names of its counts; the row's first cell gives the rest.
_BY_YEAR = ("at_start", "promoted", "admitted")
# Indicator -> names of numerator and denominator, by base where the readings differ.
_INDICATORS: dict[str, dict[str, tuple[str, str]]] = {
    "d1_cross_apply": {team: (f"{team}.senior", team) for team in ("top_team", "all_committees")},
    "d2_mid_level": {"": ("roll.mid_level", "roll")},
    "v1_unit_density": {"": ("", "roll")},
    "v3_member_rd_share": {"": ("rd.members_in_rd", "rd.staff")},
    "v4_two_way": {"": ("promoted_or_admitted.{year}", "at_start.{year}")},
    "c2_contact_cover": {"": ("contact.workers", "contact.employees")},
    "c3_reach": {"": (f"within_reach.{cohesion.WALK_KM_H:g}", "employees_placed")},
}
_NOTES = {
    "note_d2": {"blank": "roll.blank_post"}, "note_d4": {"persons": "liaisons"},
    "note_v3": {"members": "rd.members", "employees": "rd.employees"},
    "note_v4": {"promoted": "promoted.{year}", "admitted": "admitted.{year}"},
    "note_c2": {"links": "contact.worker_links"}, "note_s11": {"several": "secretaries.several"},
    "note_s12": {"attendances": "attendances.lectures"},
}  # fmt: skip
_FIGURES = {
    "grid_officers": ("officers", ""), "governance_members_mid_level": ("roll.mid_level", ""),
    "governance_members_mid_level_share": ("roll.mid_level", "{members}"),
    "governance_scale_team_senior": ("{team}.senior", "{team}"), "liaison_count": ("liaisons", ""),
    "contact_secretaries": ("secretaries.{secretaries}", ""), "contact_members": ("contact.members", ""),
    "contact_talents": ("contact.talents", ""), "contact_workers": ("contact.workers", ""),
    "joeone_branch_secretaries": ("secretaries.of_one_firm", ""), "sanxing_studio_people": ("studio.team", ""),
}  # fmt: skip


@dataclass(frozen=True)
class Printed:
    """A count of persons that a page prints."""

    cell: str
    number: int
    page: str


def printed(page: str, html: str, *, year: int, readings: reconcile.Readings) -> list[Printed]:
    """Return the counts of persons that a page prints, each once.

    Parameters
    ----------
    page : str
        Its name, for the report.
    html : str
        The finished page, or any part of it that holds whole tables.
    year : int
        That of the run's day of reference, in the names of yearly counts.
    readings : Readings
        Which of several counts a published figure was compared with.
    """
    reader = _Tables()
    reader.feed(html)
    names = _names(year, readings)
    found = {(cell, number) for table in reader.tables for cell, number in _in_table(table, names)}
    return [Printed(cell, number, page) for cell, number in sorted(found)]


def _names(year: int, readings: reconcile.Readings) -> dict[str, str]:
    of = {"year": str(year), "team": readings.party_team}
    of["members"] = "contact.members" if readings.members == "contact" else "roll"
    of["secretaries"] = "posts" if readings.secretaries == "posts" else "all"
    return of


def _in_table(table: list[list[str]], names: dict[str, str]) -> Iterator[tuple[str, int]]:
    head, rows = table[0], table[1:]
    for row in rows:
        if len(row) == len(head):
            for heading, text in zip(head, row, strict=True):
                yield from _in_cell(heading, text, row, head, names)


def _in_cell(
    heading: str, text: str, row: list[str], head: list[str], names: dict[str, str]
) -> Iterator[tuple[str, int]]:
    parts = [part.strip() for part in text.split(" / ")] if _is(heading, "k_of_n") else [text.strip()]
    for cell, part in zip(_cells(heading, row, head), parts, strict=False):
        if cell and _NUMBER.fullmatch(part):
            yield cell.format(**names), int(part.replace(",", ""))
    if _is(heading, "note") or _is(heading, "reading"):
        for cell, number in _in_words(text):
            yield cell.format(**names), number


def _cells(heading: str, row: list[str], head: list[str]) -> tuple[str, ...]:
    """Return the names of the counts under a heading in a row, none where it is no count of persons."""
    first = row[0]
    if _is(heading, "persons") and _is(head[0], "posts"):
        return tuple(f"secretaries.{name}" for name in (*POSTS, "all") if _is(first, f"posts_{name}"))
    for column, begins in (("persons", "members_of_firms_with"), ("n_firms", "firms_with_members")):
        if _is(heading, column) and _is(head[0], "formal_members"):
            number = re.match(r"\d+", first)
            last = any(first == say("evidence.and_more", lang, n=MEMBERS_SHOWN) for lang in LANGS)
            return (f"{begins}.{MEMBERS_SHOWN if last else number[0] if number else ''}",)
    if any(_is(heading, column) for column in _BY_YEAR):
        column = next(column for column in _BY_YEAR if _is(heading, column))
        return (f"{column}.{first[:4]}",)
    if _is(heading, "attendances"):
        return (f"attendances.{first}",)
    if _is(heading, "employees_placed"):
        return ("employees_placed",)
    if _is(heading, "within_reach"):
        speeds = {mode: speed for mode, (speed, _) in cohesion.TRAVEL.items()}
        return tuple(f"within_reach.{speed:g}" for mode, speed in speeds.items() if _is(first, f"travel_{mode}"))
    if _is(heading, "k_of_n"):
        return _of_indicator(row, head)
    for place, column in enumerate(("numerator", "denominator")):
        if _is(heading, column):
            return tuple(cells[place] for name, cells in _FIGURES.items() if first in _metric(name))
    return ()


def _of_indicator(row: list[str], head: list[str]) -> tuple[str, ...]:
    told = " ".join(row[: head.index(next(name for name in head if _is(name, "k_of_n")))])
    for id, by_base in _INDICATORS.items():
        if any(say(f"forces.{id}", lang) in told for lang in LANGS):
            for base, cells in by_base.items():
                if not base or any(say(f"forces.base_{base}", lang) in told for lang in LANGS):
                    return cells
    return ()


@cache
def _metric(id: str) -> set[str]:
    rows = reconcile.figures().set_index("id")
    return {rows.loc[id, f"metric_{lang}"] for lang in LANGS} if id in rows.index else set()


def _in_words(text: str) -> Iterator[tuple[str, int]]:
    """Return the counts in a note or a reading, found by the sentence that they were put into."""
    for key, values in _NOTES.items():
        for match in _matches(f"forces.{key}", text):
            yield from ((cell, int(match[name].replace(",", ""))) for name, cell in values.items()
                        if _NUMBER.fullmatch(match[name]))  # fmt: skip


def _matches(key: str, text: str) -> Iterator[re.Match[str]]:
    for lang in LANGS:
        template = re.escape(catalogue()[key][lang])
        pattern = re.sub(r"\\\{(\w+)(?::[^}]*)?\\\}", r"(?P<\1>\\S+?)", template, count=0)
        if match := re.search(pattern, text):
            yield match


def _is(text: str, name: str) -> bool:
    return text in {name, *(label(name, lang) for lang in LANGS)}


class _Tables(HTMLParser):
    """Collects the tables of a page as lists of rows of texts, the headings first."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._is_in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")
            self._is_in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._is_in_cell = False

    def handle_data(self, data: str) -> None:
        if self._is_in_cell:
            self.tables[-1][-1][-1] += data
