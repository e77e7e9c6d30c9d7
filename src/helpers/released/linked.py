"""How the counts of persons of a run hang together: declared once, for all pages.

A link says that a whole is a sum of parts and of the rest, which no page prints: the complement of a part, or what two
published groups differ by. The rest is a group of persons as well and is protected like any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from helpers.disclosure.attack import RELATION
from helpers.disclosure.protection import CELL
from helpers.forces.posts import MEMBERS_SHOWN

KNOWN = ("secretary_posts",)
"""Counts of organisations' posts, no persons: taken as known to whoever attacks, and never hidden."""

FIRMS = "firms_with_members."
BASES = ("roll", "employees_placed", "contact.employees", "rd.employees", "rd.staff", "all_committees")
"""Wholes that several shares rest on: hidden only where nothing else will do."""


@dataclass(frozen=True)
class Link:
    """One relation: `whole` = sum of factor * part + rest.

    `rest`: how the remainder is treated. `persons`: people whom no page prints, to be protected; `other`: anybody may
    guess at it (people who came or went, further posts): unknown, nothing to protect; `none`: the parts are all. A rest
    with a name (`named`) can be part of another link.
    """

    whole: str
    parts: Mapping[str, float]
    rest: str = "persons"
    named: str = ""


def _all(*names: str) -> dict[str, float]:
    return dict.fromkeys(names, 1.0)


def links(noted: Mapping[str, float]) -> list[Link]:
    """Return the links of a run that noted these counts."""
    by_members = {number: f"members_of_firms_with.{number}" for number in range(1, MEMBERS_SHOWN + 1)}
    years = sorted(int(name.partition(".")[2]) for name in noted if name.startswith("at_start."))
    found = [
        Link("roll", _all("roll.mid_level", "roll.blank_post")),
        Link("roll", _all(*by_members.values())),
        *(Link(cell, {FIRMS + str(n): float(n)}, rest="none") for n, cell in by_members.items() if n < MEMBERS_SHOWN),
        Link("rd.staff", _all("rd.members_in_rd")),
        Link("rd.members", _all("rd.members_in_rd")),
        Link("rd.employees", _all("rd.members")),
        Link("rd.employees", _all("rd.staff")),
        *(Link(f"{team}", _all(f"{team}.senior")) for team in ("top_team", "all_committees")),
        Link("all_committees", _all("top_team"), named="below_top"),
        Link("all_committees.senior", _all("top_team.senior"), named="below_top.senior"),
        Link("below_top", _all("below_top.senior")),
        Link("contact.employees", _all("contact.workers")),
        Link("contact.worker_links", _all("contact.workers")),
        Link("contact.talent_links", _all("contact.talents")),
        Link("secretaries.all", _all("secretaries.1", "secretaries.2", "secretaries.3+"), rest="none"),
        Link("secretaries.several", _all("secretaries.2", "secretaries.3+"), rest="none"),
        Link("secretaries.posts", {"secretaries.1": 1.0, "secretaries.2": 2.0, "secretaries.3+": 3.0}, rest="other"),
        # Organisations with a secretary are published, and hardly any has two: so posts are as good as known.
        Link("secretary_posts", {"secretaries.1": 1.0, "secretaries.2": 2.0, "secretaries.3+": 3.0}, rest="other"),
        Link("secretaries.all", _all("secretaries.of_one_firm")),
        Link("within_reach.15", _all("within_reach.5")),
        Link("within_reach.30", _all("within_reach.15")),
        Link("employees_placed", _all("within_reach.30")),
    ]  # fmt: skip
    for year in years:
        found += [
            Link(f"promoted_or_admitted.{year}", _all(f"promoted.{year}", f"admitted.{year}"), rest="none"),
            Link(f"at_start.{year}", _all(f"promoted.{year}")),
        ]
        # Stock and flow: those at the end are those at the start who stayed, those admitted, and others who came.
        after = "roll" if year == years[-1] else f"at_start.{year + 1}"
        found.append(Link(after, _all(f"admitted.{year}"), rest="other"))
    return found


def system(noted: Mapping[str, float], *, minimum: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the counts of a run and their links as `disclosure.protect` takes them.

    Parameters
    ----------
    noted : mapping of name to count
        From `forces.counts_noted`.
    minimum : int
        Counts of persons below it are sensitive.

    Returns
    -------
    (DataFrame, DataFrame)
        Cells (index name; value, is_sensitive, is_published, rank) and relations (relation, cell, coefficient). A link
        of which a count was not noted (its table is missing) is left out, and so is one whose parts exceed the whole:
        then they are no parts of it, and nothing follows from their difference.
    """
    cells = {name: (float(n), _is_person(name) and n < minimum, True, _rank(name)) for name, n in noted.items()}
    rows: list[tuple[str, str, float]] = []
    for place, link in enumerate(links(noted)):
        if {link.whole, *link.parts} - set(cells):
            continue
        rest = cells[link.whole][0] - sum(factor * cells[part][0] for part, factor in link.parts.items())
        if rest < 0 or (link.rest == "none" and rest):
            continue
        name = f"{place}: {link.whole}"
        rows += [(name, link.whole, 1.0), *((name, part, -factor) for part, factor in link.parts.items())]
        if link.rest != "none":
            remainder = link.named or f"rest of {name}"
            cells[remainder] = (rest, link.rest == "persons" and rest < minimum, False, 0)
            rows.append((name, remainder, -1.0))
    frame = pd.DataFrame.from_dict(cells, orient="index", columns=list(CELL))
    return frame, pd.DataFrame(rows, columns=list(RELATION))


def _is_person(name: str) -> bool:
    return not name.startswith((*KNOWN, FIRMS))


def _rank(name: str) -> int | None:
    return None if name in KNOWN else 2 if name in BASES else int(name.startswith(FIRMS))
