"""The tables of a page in, a Word file out: numbered captions, three-line tables, notes, the banner on every sheet."""

from collections.abc import Sequence
from typing import Any

from helpers.models import word
from helpers.report.export.tables import Shown, Table

_WIDE = 8
_POINTS, _POINTS_WIDE = 9, 7.5
# A sheet of A4 with margins of 2 cm, in twentieths of a point.
_SHORT, _LONG, _MARGIN = 11906, 16838, 1134
_LEAST_SHARE = 5


def document(page: Shown, *, made_from: str) -> bytes:
    """Return the bytes of a .docx with every table of a page; the same bytes for the same page.

    Parameters
    ----------
    page : Shown
        Its banner stands at the head of every sheet.
    made_from : str
        Run, data and code, for the foot of every sheet.
    """
    paper = word.blank(page.title)
    across = any(len(table.header) >= _WIDE for table in page.tables)
    room = _sheet(paper.sections[0], across)
    _heads(paper.sections[0], page.banner, made_from)
    paper.add_heading(word.printable(page.title), level=1)
    for table in page.tables:
        _add(paper, table, room)
    return word.written(paper)


def _sheet(section: Any, across: bool) -> int:
    """Set the size of the sheets and return the width of a line in twentieths of a point."""
    from docx.enum.section import WD_ORIENT
    from docx.shared import Twips

    width, height = (_LONG, _SHORT) if across else (_SHORT, _LONG)
    section.orientation = WD_ORIENT.LANDSCAPE if across else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Twips(width), Twips(height)
    for side in ("left", "right", "top", "bottom"):
        setattr(section, f"{side}_margin", Twips(_MARGIN))
    return width - 2 * _MARGIN


def _heads(section: Any, banner: str, made_from: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    section.header.paragraphs[0].add_run(word.printable(banner)).font.size = Pt(8)
    foot = section.footer.paragraphs[0]
    foot.add_run(word.printable(made_from) + " · ").font.size = Pt(8)
    number = OxmlElement("w:fldSimple")
    number.set(qn("w:instr"), "PAGE")
    foot._p.append(number)


def _add(paper: Any, table: Table, room: int) -> None:
    from docx.shared import Twips

    word.caption(paper, f"{table.number} {table.title}")
    sides: list[word.Side] = ["right" if number else "left" for number in table.is_number]
    points = _POINTS_WIDE if len(sides) >= _WIDE else _POINTS
    grid = word.three_line(paper, table.header, table.rows, sides, points=points)
    grid.autofit = False
    shares = _shares(table)
    for row in grid.rows:
        for cell, share in zip(row.cells, shares, strict=True):
            cell.width = Twips(round(share * room))
    for column, share in zip(grid.columns, shares, strict=True):
        column.width = Twips(round(share * room))
    if table.note:
        word.small(paper, table.note)


def _shares(table: Table) -> Sequence[float]:
    """Return the share of the line for each column: by the root of its longest text, so that long ones wrap."""
    longest = [max(map(len, cells), default=0) for cells in zip(table.header, *table.rows, strict=True)]
    wanted = [max(length, _LEAST_SHARE) ** 0.7 for length in longest]
    return [want / sum(wanted) for want in wanted]
