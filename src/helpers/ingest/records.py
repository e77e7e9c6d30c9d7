"""A located sheet in, its records as text out; rows that are none are told about or set aside, and none is parsed."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.codebook import Column
from helpers.errors import InputError
from helpers.ingest import aside, ledger
from helpers.ingest.header import Located, letter, nearest
from helpers.ingest.screen import Screened, screen
from helpers.ingest.sheets import Body, Changed

# Columns of an office's own bookkeeping: no table has a place for them, and nothing is lost without them.
BOOKKEEPING = ("序号", "行号", "no", "#", "备注", "备注说明", "说明", "附注", "remark", "remarks", "note", "notes")
_MOSTLY = 0.5


@dataclass(frozen=True)
class Records:
    """The records of one sheet.

    Attributes
    ----------
    located : Located
    texts : dict of str to ChunkedArray, shape (N,) each
        Cells as found by column of the codebook, for the columns that the sheet holds; used up as they are parsed.
    rows : ndarray of int64, shape (N,)
        1-based rows in the file.
    findings : pyarrow.Table
        Ledger rows about the sheet as a whole.
    set_aside : DataFrame
        Rows that are no records: sums, and those of a wrong number of fields.
    """

    located: Located
    texts: dict[str, pa.ChunkedArray]
    rows: np.ndarray
    findings: pa.Table
    set_aside: pd.DataFrame

    def at(self, positions: np.ndarray) -> dict[str, pa.ChunkedArray]:
        """Return the texts of a few records, by ascending position."""
        return {name: _at(texts, positions) for name, texts in self.texts.items()}


def read(located: Located, *, person_key: bytes | None) -> Records:
    """Read the records of one located sheet.

    Raises
    ------
    InputError
        If most of the rows do not have the number of fields of the header.
    """
    lead = [0] if 0 not in located.forbidden else []
    positions = sorted({*lead, *located.columns.values()})
    beside = sorted({*located.unmapped, *located.headless})
    whole = located.sheet.read(located.first, sorted({*positions, *beside}), located.last)
    body = replace(whole, cells=whole.cells.select(list(map(str, positions))))
    screened = screen(located, body)
    _check_shape(located, body, screened)
    rows, cells = body.rows, body.cells
    if not screened.keep.all():
        rows, cells = rows[screened.keep], cells.filter(pa.array(screened.keep))
    texts = {name: cells.column(str(position)) for name, position in located.columns.items()}
    for name, text in located.constants.items():
        texts[name] = pa.chunked_array([pa.repeat(pa.scalar(text, pa.string()), len(rows))])
    no_records = [_sums(located, body, screened, person_key), aside.ragged(located, screened.ragged)]
    set_aside = pd.concat(no_records, ignore_index=True)
    held = {column.name: texts[column.name] for column in located.table.columns if column.name in texts}
    left_out = _left_out(located, whole.cells, beside, screened.keep)
    return Records(located, held, rows, _about_sheet(located, body, screened, left_out), set_aside)


def _at(texts: pa.ChunkedArray, positions: np.ndarray) -> pa.ChunkedArray:
    """Return a few cells of many; Arrow's `take` would join all parts first."""
    chosen = np.zeros(len(texts), dtype=bool)
    chosen[positions] = True
    return texts.filter(pa.array(chosen))


def _sums(located: Located, body: Body, screened: Screened, key: bytes | None) -> pd.DataFrame:
    positions = np.array(screened.totals, dtype=np.int64)
    cells = {name: _at(body.cells.column(str(place)), positions) for name, place in located.columns.items()}
    why = ["total_row"] * len(positions)
    return aside.as_text(located, cells, body.rows[positions], why, [""] * len(positions), key)


def _left_out(
    located: Located, cells: pa.Table, beside: list[int], keep: np.ndarray
) -> list[tuple[str, str, str, str]]:
    """Return header, number of cells with a value, rule and nearest known header of the columns that are not read."""
    told = []
    for at in beside:
        if str(at) not in cells.column_names:
            continue
        texts = cells.column(str(at)).filter(pa.array(keep))
        texts = pc.utf8_trim_whitespace(texts)
        filled = pc.sum(pc.fill_null(pc.not_equal(texts, ""), False)).as_py() or 0
        header = " ".join(located.header[at].split())
        if filled:
            is_harmless = header.casefold().strip(".．") in BOOKKEEPING or (not header and _is_numbering(texts))
            rule = "bookkeeping_column" if is_harmless else "unmapped_column"
            near = nearest(header, located.table) if header else ""
            told.append((header or f"({letter(at)})", f"{filled}", rule, near))
        elif header:
            told.append((header, "0", "empty_column", ""))
    return told


def _is_numbering(texts: pa.ChunkedArray) -> bool:
    """Return whether a column counts the rows from one to the next."""
    numbers = pd.to_numeric(texts.to_pandas(), errors="coerce")
    return bool(len(numbers) and numbers.notna().all() and (numbers.diff().dropna() == 1).all())


def _about_sheet(
    located: Located, body: Body, screened: Screened, left_out: list[tuple[str, str, str, str]]
) -> pa.Table:
    """Return the facts about the sheet as a whole: what was skipped, what stands in no column, what was filled."""
    header = located.header_row + located.sheet.first_row
    told = [(row + located.sheet.first_row, "", text, "title_row", "reported", "") for row, text in located.titles]
    told += [(header, name, filled, rule, "reported", near) for name, filled, rule, near in left_out]
    told += [
        (header, located.header[at], located.header[at], "forbidden_column", "reported", "") for at in located.forbidden
    ]
    told += [
        (header, column.name, "", "missing_column", "reported", "")
        for column in located.table.columns
        if column.name not in located.columns and column.name not in located.constants
    ]
    told += [(row, "", text, rule, "reported", "") for row, rule, text in screened.told]
    told += [(int(body.rows[at]), "", "", "total_row", "set_aside", "") for at in screened.totals]
    told += [
        (row.row, "", f"{row.fields} fields instead of {row.expected}", "ragged_row", "set_aside", "")
        for row in screened.ragged
    ]
    names = {position: name for name, position in located.columns.items()}
    told += [
        (one.row, names[one.position], *_told(one, located.table[names[one.position]]))
        for one in body.changed
        if one.position in names
    ]
    if not screened.keep.any():
        told.append((header, "", "", "no_rows", "reported", ""))
    row, column, value, rule, action, result = zip(*told, strict=True) if told else ((),) * 6
    return ledger.entries(
        table=located.table.name,
        file=located.sheet.file,
        sheet=located.sheet.sheet,
        row=list(row),
        column=list(column),
        value=[" ".join(text.split()) for text in value],
        rule=list(rule),
        action=list(action),
        result=list(result),
    )


def _told(changed: Changed, column: Column) -> tuple[str, str, str, str]:
    is_person = column.type == "person_id"
    before, after = ("", "") if is_person else (changed.before, changed.after)
    return before, changed.rule, "repaired", after


def _check_shape(located: Located, body: Body, screened: Screened) -> None:
    ragged, total = len(screened.ragged), len(screened.ragged) + int(screened.keep.sum())
    if ragged and ragged > _MOSTLY * total:
        first = screened.ragged[0]
        raise InputError(
            f"{located.sheet.place}: {ragged:,} of {total:,} rows do not have the {first.expected} fields of the "
            f"header in row {located.header_row + located.sheet.first_row} (row {first.row} has {first.fields}): "
            "give the header every column, put quotation marks around cells that hold the delimiter, and export the "
            "file again"
        )
