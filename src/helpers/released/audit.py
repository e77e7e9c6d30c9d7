"""The audit of a finished run: its pages in, every hidden count of persons that they give back out.

It trusts no page: what is published is read from the HTML, and the linear programmes are solved for all that is not.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from helpers import reconcile
from helpers.disclosure import DisclosureError, disclosed
from helpers.released import minimum, noted
from helpers.released.linked import KNOWN, system
from helpers.released.pages import printed
from helpers.study import Study

COLUMNS = ("cell", "problem", "page", "low", "high")


def audit(zone: Study, pages: Mapping[str, str]) -> pd.DataFrame:
    """Return what the pages of a run tell about too few persons.

    Parameters
    ----------
    pages : mapping of name to HTML
        All finished pages of the run.

    Returns
    -------
    DataFrame
        One row a finding: cell; problem: `few` (a count below the minimum is printed), `given_back` (a hidden count, or
        one that no page prints, follows from the others to less than the minimum), `unequal` (a page prints another
        number than the run counts, so that the audit does not know what it judges); page (names, `;` between); low and
        high (what follows for the cell). No row: nothing is told.
    """
    counts, least = noted(zone), minimum(zone, zone.params.min_cell)
    readings, year = reconcile.readings_from(zone.params.readings), zone.params.as_of.year
    shown = [one for name, html in pages.items() for one in printed(name, html, year=year, readings=readings)]
    held: dict[str, set[str]] = {}
    for one in shown:
        held.setdefault(one.cell, set()).add(one.page)
    where = {cell: ";".join(sorted(names)) for cell, names in held.items()}
    unequal = sorted({one.cell for one in shown if counts.get(one.cell) != one.number})
    rows = [(cell, "unequal", where[cell], counts.get(cell), counts.get(cell)) for cell in unequal]
    cells, relations = system(counts, minimum=least)
    hidden = set(cells.index) - set(where) - set(KNOWN)
    for cell, found in disclosed(cells, relations, hidden=hidden, width=least).iterrows():
        rows.append((cell, "given_back" if cell in hidden else "few", where.get(cell, ""), found["low"], found["high"]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def check(zone: Study, folder: Path) -> None:
    """Refuse the pages of a finished run (`*.html` in a folder) that tell about too few persons; for the release gate.

    Raises
    ------
    DisclosureError
        With every finding.
    """
    pages = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html"))}
    found = audit(zone, pages)
    if len(found):
        lines = [
            f"{row.page or 'no page'}: {row.cell}: {row.problem} ({row.low:g} to {row.high:g})"
            for row in found.itertuples()
        ]
        raise DisclosureError(f"{len(found)} counts of persons in {folder.name} are told:\n  " + "\n  ".join(lines))
