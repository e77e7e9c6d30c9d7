"""A regression table as a Word file, by python-docx: loaded only when one is asked for."""

import io
import re
import zipfile
from typing import TYPE_CHECKING

from helpers.errors import UsageError

if TYPE_CHECKING:
    from helpers.models.export import RegressionTable

LATIN, CHINESE = "Times New Roman", "SimSun"
# No moment of writing in the file: the same table gives the same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)
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
    try:
        from docx import Document
        from docx.shared import Pt
    except ImportError as trouble:
        raise UsageError("a Word table needs the package python-docx: pip install python-docx") from trouble
    paper = Document()
    _set_fonts(paper)
    paper.core_properties.author, paper.core_properties.title = "", printable(table.caption)
    paper.add_paragraph(printable(table.caption), style="Caption").paragraph_format.keep_with_next = True
    rows = table.rows()
    grid = paper.add_table(rows=1 + len(rows), cols=1 + table.frame.shape[1])
    _write(grid.rows[0].cells, ["", *table.frame.columns], Pt(9))
    _repeat_as_heading(grid.rows[0])
    for row, (heading, height, cells) in zip(list(grid.rows)[1:], rows, strict=True):
        _write(row.cells, [heading if height else "", *cells], Pt(9))
    _rule_below(grid.rows[0].cells, "top", 12)
    _rule_below(grid.rows[0].cells, "bottom", 6)
    if table.n_coefficient_rows:
        _rule_below(grid.rows[table.n_coefficient_rows].cells, "bottom", 6)
    _rule_below(grid.rows[-1].cells, "bottom", 12)
    for note in table.notes:
        paper.add_paragraph().add_run(printable(note)).font.size = Pt(8)
    written = io.BytesIO()
    paper.save(written)
    return _without_times(written.getvalue())


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


def _write(cells, texts, size) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    for at, (cell, text) in enumerate(zip(cells, texts, strict=True)):
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_after = 0
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if at else WD_ALIGN_PARAGRAPH.LEFT
        paragraph.add_run(printable(text)).font.size = size


def _repeat_as_heading(row) -> None:
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _rule_below(cells, side: str, eighths: int) -> None:
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


def _without_times(written: bytes) -> bytes:
    again = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written)) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return again.getvalue()
