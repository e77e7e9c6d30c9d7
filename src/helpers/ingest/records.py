"""A located sheet in, its records as text out; rows that are none are told about or set aside, and none is parsed."""

from collections.abc import Iterator
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
from helpers.ingest.sheets import PREVIEW_ROWS, Body, Changed, Ragged, joined

# Columns of an office's own bookkeeping: no table has a place for them, and nothing is lost without them.
BOOKKEEPING = ("序号", "行号", "no", "#", "备注", "备注说明", "说明", "附注", "remark", "remarks", "note", "notes")
_MOSTLY = 0.5
_MANY = 100_000


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
    words : frozenset of str or None
        Of a part of a sheet: the columns of yes and no that say 有 anywhere in the sheet. None of a whole sheet.
    is_first : bool
        Whether these are the first records of the sheet, which alone tell about headers.
    """

    located: Located
    texts: dict[str, pa.ChunkedArray]
    rows: np.ndarray
    findings: pa.Table
    set_aside: pd.DataFrame
    words: frozenset[str] | None = None
    is_first: bool = True

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
    about = _About(located)
    found = about.records(located.sheet.read(located.first, _positions(located), located.last), person_key)
    return replace(found, findings=pa.concat_tables([found.findings, about.sheet()]))


def parts(located: Located, *, person_key: bytes | None) -> Iterator[Records]:
    """Yield the records of a sheet that is too large to be held, a part at a time; parameters and errors as `read`.

    The facts about the sheet as a whole come with the last part.
    """
    about = _About(located)
    positions = _positions(located)
    for body, is_last in _with_end(located.sheet.parts(located.first, positions, located.last), positions):
        found = about.records(body, person_key, is_last=is_last)
        yield replace(found, findings=pa.concat_tables([found.findings, about.sheet()])) if is_last else found


def _positions(located: Located) -> list[int]:
    lead = [0] if 0 not in located.forbidden else []
    return sorted({*lead, *located.columns.values(), *located.unmapped, *located.headless})


def _with_end(bodies: Iterator[Body], positions: list[int]) -> Iterator[tuple[Body, bool]]:
    """Yield each part and whether it is the last; one of few rows goes with the part before, for notes at the end."""
    held = next(bodies, joined((), positions))
    for body in bodies:
        if len(body.rows) < PREVIEW_ROWS:
            held = joined([held, body])
            continue
        yield held, False
        held = body
    yield held, True


class _About:
    """What is known about a sheet from the parts of its body that were looked at."""

    def __init__(self, located: Located) -> None:
        self._located = located
        self._beside = sorted({*located.unmapped, *located.headless})
        self._filled = dict.fromkeys(self._beside, 0)
        # The number that stood last in a column without header that counts the rows so far.
        self._counted: dict[int, float | None] = dict.fromkeys(located.headless)
        self._is_counting = dict.fromkeys(located.headless, True)
        self._held: set[int] = set()
        self._kept = self._wrong = 0
        self._first_wrong: Ragged | None = None

    def records(self, body: Body, key: bytes | None, *, is_last: bool = True) -> Records:
        """Return the records of a part of the body."""
        located = self._located
        beside = [at for at in self._beside if str(at) in body.cells.column_names]
        mine = [name for name in body.cells.column_names if int(name) not in beside or int(name) == 0]
        whole, body = body, replace(body, cells=body.cells.select(mine))
        screened = screen(located, body, is_last=is_last)
        self._kept += int(screened.keep.sum())
        self._wrong += len(screened.ragged)
        self._first_wrong = self._first_wrong or next(iter(screened.ragged), None)
        if is_last or self._wrong > _MANY:
            self._check_shape()
        rows, cells = body.rows, body.cells
        if not screened.keep.all():
            rows, cells = rows[screened.keep], cells.filter(pa.array(screened.keep))
        texts = {name: cells.column(str(position)) for name, position in located.columns.items()}
        for name, text in located.constants.items():
            texts[name] = pa.chunked_array([pa.repeat(pa.scalar(text, pa.string()), len(rows))])
        no_records = pd.concat(
            [_sums(located, body, screened, key), aside.ragged(located, screened.ragged)], ignore_index=True
        )
        self._count(whole.cells, beside, screened.keep)
        held = {column.name: texts[column.name] for column in located.table.columns if column.name in texts}
        return Records(located, held, rows, _about_rows(located, body, screened), no_records)

    def sheet(self) -> pa.Table:
        """Return the facts about the sheet as a whole: what was skipped, what stands in no column, what is missing."""
        located = self._located
        header = located.header_row + located.sheet.first_row
        told = [(row + located.sheet.first_row, "", text, "title_row", "reported", "") for row, text in located.titles]
        told += [(header, name, filled, rule, "reported", near) for name, filled, rule, near in self._left_out()]
        told += [
            (header, located.header[at], located.header[at], "forbidden_column", "reported", "")
            for at in located.forbidden
        ]
        told += [
            (header, column.name, "", "missing_column", "reported", "")
            for column in located.table.columns
            if column.name not in located.columns and column.name not in located.constants
        ]
        if not self._kept:
            told.append((header, "", "", "no_rows", "reported", ""))
        return _entries(located, told)

    def _count(self, cells: pa.Table, beside: list[int], keep: np.ndarray) -> None:
        """Count the values of the columns that are not read."""
        for at in beside:
            self._held.add(at)
            texts = pc.utf8_trim_whitespace(cells.column(str(at)).filter(pa.array(keep)))
            self._filled[at] += pc.sum(pc.fill_null(pc.not_equal(texts, ""), False)).as_py() or 0
            if self._is_counting.get(at) and len(texts):
                numbers = pd.to_numeric(texts.to_pandas(), errors="coerce").to_numpy(dtype=np.float64)
                before = self._counted[at]
                steps = np.diff(numbers if before is None else np.concatenate([[before], numbers]))
                self._is_counting[at] = not np.isnan(numbers).any() and bool((steps == 1).all())
                self._counted[at] = float(numbers[-1])

    def _left_out(self) -> list[tuple[str, str, str, str]]:
        """Return header, number of cells with a value, rule and nearest known header of the columns not read."""
        told = []
        for at in sorted(self._held):
            header = " ".join(self._located.header[at].split())
            if self._filled[at]:
                is_numbering = self._is_counting.get(at, False) and self._counted[at] is not None
                is_harmless = header.casefold().strip(".．") in BOOKKEEPING or is_numbering
                rule = "bookkeeping_column" if is_harmless else "unmapped_column"
                near = nearest(header, self._located.table) if header else ""
                told.append((header or f"({letter(at)})", f"{self._filled[at]}", rule, near))
            elif header:
                told.append((header, "0", "empty_column", ""))
        return told

    def _check_shape(self) -> None:
        located, first = self._located, self._first_wrong
        if first is None or self._wrong <= _MOSTLY * (self._wrong + self._kept):
            return
        raise InputError(
            f"{located.sheet.place}: {self._wrong:,} of {self._wrong + self._kept:,} rows do not have the "
            f"{first.expected} fields of the header in row {located.header_row + located.sheet.first_row} (row "
            f"{first.row} has {first.fields}): give the header every column, put quotation marks around cells that "
            "hold the delimiter, and export the file again"
        )


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


def _about_rows(located: Located, body: Body, screened: Screened) -> pa.Table:
    """Return the facts about single rows: notes and blank rows, sums, rows of a wrong shape, cells that were filled."""
    told = [(row, "", text, rule, "reported", "") for row, rule, text in screened.told]
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
    return _entries(located, told)


def _entries(located: Located, told: list[tuple]) -> pa.Table:
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
