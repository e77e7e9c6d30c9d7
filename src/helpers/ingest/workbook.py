"""A workbook in (Excel or OpenDocument), its sheets as text out: each cell as a person would write it down."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from helpers.errors import InputError
from helpers.ingest.formulas import without_value
from helpers.ingest.sheets import PREVIEW_ROWS, Body, Changed, RawSheet

_EXACT_INTEGERS = 1e15
_MOST_CELLS = 200_000_000


def read(path: Path, name: str) -> list[RawSheet]:
    """Read every sheet of the workbook at `path`.

    Raises
    ------
    InputError
        If the workbook is broken, password-protected, or holds no sheet.
    """
    lacking = without_value(path)
    try:
        with path.open("rb") as stream:
            book = CalamineWorkbook.from_filelike(stream)
            sheets = [
                _sheet(book, meta, name, path.suffix[1:].lower(), lacking.get(meta.name, {}))
                for meta in book.sheets_metadata
                if meta.typ == SheetTypeEnum.WorkSheet
            ]
    except PasswordError as error:
        raise InputError(f"{name}: the workbook is protected by a password: save it without one") from error
    except CalamineError as error:
        raise InputError(
            f"{name}: no readable workbook ({error}): open it in a spreadsheet program and save it again as .xlsx"
        ) from error
    if not sheets:
        raise InputError(f"{name}: the workbook holds no sheet with cells: export it again")
    return sheets


def as_text(value: Any) -> str | None:
    """Return a cell as a person would write it down, or None for an empty one.

    Whole numbers lose the `.0` that a spreadsheet stores. Beyond 15 digits it keeps no more of them: such a number is
    given as `9.13502117845679E+17`, never as digits that were not there.
    """
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if value != value:
            return None
        if value.is_integer() and abs(value) < _EXACT_INTEGERS:
            return str(int(value))
        if abs(value) >= _EXACT_INTEGERS:
            digits, exponent = f"{value:.14E}".split("E")
            return f"{digits.rstrip('0').rstrip('.')}E{exponent}"
        return repr(value)
    if isinstance(value, datetime):
        # A cell that shows a day alone is stored as midnight of it.
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None else str(value)


def _sheet(book: CalamineWorkbook, meta: Any, name: str, ending: str, lacking: dict[tuple[int, int], str]) -> RawSheet:
    sheet = book.get_sheet_by_name(meta.name)
    is_hidden = meta.visible != SheetVisibleEnum.Visible
    if sheet.end and (sheet.end[0] + 1) * (sheet.end[1] + 1) > _MOST_CELLS:
        raise InputError(
            f"{name}, sheet '{meta.name}': claims {sheet.end[0] + 1:,} rows and {sheet.end[1] + 1:,} columns: delete "
            "the formatted but empty rows and columns below and beside the data, and save it again"
        )
    rows = [] if is_hidden else sheet.to_python(skip_empty_area=False)
    for (row, column), text in lacking.items():
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = text
    while rows and _is_blank(rows[-1]):
        rows.pop()
    blank = next((at for at, row in enumerate(rows) if not _is_blank(row)), 0)
    rows = rows[blank:]
    merged = tuple(
        ((top - blank, left), (bottom - blank, right))
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
    )
    preview = tuple(tuple(as_text(cell) or "" for cell in row) for row in rows[:PREVIEW_ROWS])

    def body(first: int, positions: Sequence[int], last: int | None) -> Body:
        columns = {position: [as_text(row[position]) for row in rows[first:last]] for position in positions}
        changed = tuple(replace(one, row=one.row + blank) for one in _fill(columns, merged, first))
        cells = pa.table({str(position): pa.array(texts, pa.string()) for position, texts in columns.items()})
        start = blank + first + 1
        return Body(cells, np.arange(start, start + len(cells), dtype=np.int64), changed=changed)

    return RawSheet(name, meta.name, ending, preview, body, first_row=1 + blank, is_hidden=is_hidden, merged=merged)


def _is_blank(row: Sequence[Any]) -> bool:
    return all(cell == "" or cell is None for cell in row)


def _fill(
    columns: dict[int, list[str | None]], merged: Sequence[tuple[tuple[int, int], tuple[int, int]]], first: int
) -> tuple[Changed, ...]:
    """Write the text of each vertically merged range into all its rows; return what was written."""
    filled = []
    for (top, left), (bottom, _) in merged:
        if bottom == top or top < first or left not in columns:
            continue
        texts = columns[left]
        if top - first >= len(texts) or texts[top - first] is None:
            continue
        text = texts[top - first]
        for row in range(top + 1, min(bottom + 1, first + len(texts))):
            texts[row - first] = text
            filled.append(Changed(row + 1, left, "", text, "merged_cell"))
    return tuple(filled)
