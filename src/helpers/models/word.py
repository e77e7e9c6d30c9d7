"""Tables for papers as Word files, by python-docx: loaded only when one is asked for."""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from helpers.errors import UsageError

if TYPE_CHECKING:
    from helpers.models.export import RegressionTable

LATIN, CHINESE = "Times New Roman", "SimSun"
# No moment of writing in the file: the same table gives the same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)
Side = Literal["left", "center", "right"]
# Not allowed in XML, and nothing a reader sees.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")


def printable(text: object) -> str:
    """Return a text without control characters, line breaks among them."""
    return _CONTROL.sub(" ", str(text))


def document(table: "RegressionTable") -> bytes:
    """Return the bytes of a .docx with caption, three-line table and notes.

    Raises
    ------
    UsageError
        If python-docx is not installed.
    """
    paper = blank(table.caption)
    rows = table.rows()
    body = [[heading if height else "", *cells] for heading, height, cells in rows]
    sides: list[Side] = ["left", *["center"] * table.frame.shape[1]]
    caption(paper, table.caption)
    grid = three_line(paper, ["", *table.frame.columns], body, sides, points=9)
    if table.n_coefficient_rows:
        rule(grid.rows[table.n_coefficient_rows].cells, "bottom", 6)
    for note in table.notes:
        small(paper, note)
    return written(paper)


def blank(title: str) -> Any:
    """Return an empty paper with fonts for Latin and Chinese, no author and no moment of making.

    Raises
    ------
    UsageError
        If python-docx is not installed.
    """
    try:
        from docx import Document
    except ImportError as trouble:
        raise UsageError("a Word table needs the package python-docx: pip install python-docx") from trouble
    paper = Document()
    _set_fonts(paper)
    about = paper.core_properties
    about.author, about.comments, about.title = "", "", printable(title)
    about.created = about.modified = datetime(*EPOCH)
    return paper


def caption(paper: Any, text: str) -> None:
    """Add a caption that stays with the table below it."""
    paper.add_paragraph(printable(text), style="Caption").paragraph_format.keep_with_next = True


def small(paper: Any, text: str) -> None:
    """Add a note in small type."""
    from docx.shared import Pt

    paper.add_paragraph().add_run(printable(text)).font.size = Pt(8)


def three_line(
    paper: Any, header: Sequence[str], rows: Sequence[Sequence[str]], sides: Sequence[Side], *, points: float
) -> Any:
    """Add a table with rules above, below its header and at its end; the header is repeated on every page.

    Parameters
    ----------
    paper : Document
    header, rows : sequences of str
        One text a column.
    sides : sequence of {"left", "center", "right"}
        How each column is set.
    points : float
        Size of the type.
    """
    from docx.oxml import OxmlElement
    from docx.shared import Pt

    grid = paper.add_table(rows=1 + len(rows), cols=len(header))
    for row, texts in zip(list(grid.rows), [header, *rows], strict=True):
        _write(row.cells, texts, sides, Pt(points))
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    grid.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    rule(grid.rows[0].cells, "top", 12)
    rule(grid.rows[0].cells, "bottom", 6)
    rule(grid.rows[-1].cells, "bottom", 12)
    return grid


def _set_fonts(paper) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for name in ("Normal", "Caption"):
        style = paper.styles[name]
        style.font.name = LATIN
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        fonts.set(qn("w:eastAsia"), CHINESE)
        language = OxmlElement("w:lang")
        language.set(qn("w:val"), "en-GB")
        language.set(qn("w:eastAsia"), "zh-CN")
        style.element.get_or_add_rPr().append(language)


def _write(cells, texts: Sequence[str], sides: Sequence[Side], size) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    for cell, text, side in zip(cells, texts, sides, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_after = 0
        paragraph.alignment = WD_ALIGN_PARAGRAPH[side.upper()]
        paragraph.add_run(printable(text)).font.size = size


def rule(cells: Sequence[Any], side: Literal["top", "bottom"], eighths: int) -> None:
    """Draw a rule at one side of each cell, in eighths of a point."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for cell in cells:
        properties = cell._tc.get_or_add_tcPr()
        borders = properties.find(qn("w:tcBorders"))
        if borders is None:
            borders = OxmlElement("w:tcBorders")
            properties.append(borders)
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", str(eighths)), ("space", "0"), ("color", "auto")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)


def written(paper: Any) -> bytes:
    """Return the bytes of a paper, without the moment of writing: the same for the same content."""
    made, again = io.BytesIO(), io.BytesIO()
    paper.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return again.getvalue()
