"""UTF-8 bytes of a CSV file in, one sheet of text out; the rows are read by Arrow, only the top by Python."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from helpers.errors import InputError
from helpers.ingest import quotes
from helpers.ingest.sheets import PREVIEW_ROWS, Body, Changed, Ragged, RawSheet

DELIMITERS = (",", "\t", ";", "|")
_TOP = 1 << 18
_BLOCK = 1 << 23
_PARALLEL_FROM = 1 << 24
# Blank lines above the first text; a file of nothing else holds no text.
_MOST_BLANK = 1 << 20
BEGIN = _MOST_BLANK + _TOP
"""How many bytes from the start are looked at."""
_BLANK_LINES = re.compile(rb'(?:[ \t,;|"]*\r?\n)+(?=[^\r\n])')
csv.field_size_limit(1 << 30)


class _Record(NamedTuple):
    cells: tuple[str, ...]
    end: int
    """Offset of the byte after the record."""


def read(text: pa.Buffer, name: str, encoding: str, delimiter: str | None = None) -> RawSheet:
    """Read UTF-8 `text` as one sheet.

    Parameters
    ----------
    text : Buffer
        The file's text in UTF-8 without byte order mark.
    name, encoding : str
        The file as printed, and how it was encoded.
    delimiter : str, optional
        Found out from the first rows unless given.

    Raises
    ------
    InputError
        If the file holds no text, or a quotation mark is opened and never closed, or closed some rows further down.
    """
    top = Top.of(bytes(memoryview(text)[:BEGIN]), name, delimiter, size=text.size)
    text = text.slice(top.start)
    marks = _count(text, b'"')
    has_nul = _count(text, b"\0") > 0
    if marks % 2:
        quotes.check_closed(_lines(text), top.delimiter, name)

    def body(first: int, positions: Sequence[int], last: int | None) -> Body:
        width, end, positions = top.below(first, positions)
        below = text.slice(end)
        found = _rows(below, width, positions, top.delimiter, top.blank + first + 1, name, has_quotes=marks > 0)
        if marks and _count(below, b"\n") > len(found.rows) + len(found.ragged):
            above = top.blank + _count(text.slice(0, end), b"\n")
            quotes.check_swallowed(_lines(below), top.delimiter, width, name, above + 1)
        found = without_nul(found) if has_nul else found
        return found if last is None else until(found, last)

    return RawSheet(name, "", encoding, top.preview, body, first_row=1 + top.blank)


class Top(NamedTuple):
    """What the first rows of a text tell about it."""

    start: int
    """Offset of the first byte after blank lines."""
    blank: int
    """Number of blank lines above the first text."""
    delimiter: str
    records: list[_Record]

    @classmethod
    def of(cls, begin: bytes, name: str, delimiter: str | None, *, size: int) -> "Top":
        """Return what the first bytes of a text of `size` bytes tell."""
        lead = _BLANK_LINES.match(begin[:_MOST_BLANK])
        start = lead.end() if lead else 0
        is_whole = size - start <= _TOP
        top = begin[start : start + _TOP].decode("utf-8", errors="strict" if is_whole else "ignore")
        if not top.strip("\ufeff\r\n\t ,;|\0"):
            raise InputError(f"{name}: the file holds no text: export it again")
        hint = top[:6].lower()
        if delimiter is None and hint.startswith("sep=") and len(hint) > 4:
            delimiter = hint[4]
        delimiter = delimiter or sniff(top, is_whole=is_whole)
        return cls(start, begin.count(b"\n", 0, start), delimiter, _records(top, delimiter, is_whole=is_whole))

    @property
    def preview(self) -> tuple[tuple[str, ...], ...]:
        """Return the cells of the first rows."""
        return tuple(record.cells for record in self.records)

    def below(self, first: int, positions: Sequence[int]) -> tuple[int, int, list[int]]:
        """Return the width of the rows from `first`, where they begin after `start`, and the positions inside."""
        width = _width(self.records[first - 1].cells, [record.cells for record in self.records[first:]])
        return width, self.records[first - 1].end, [position for position in positions if position < width]


def _lines(text: pa.Buffer) -> Iterator[str]:
    return io.StringIO(bytes(text).decode(), newline="")


def sniff(top: str, *, is_whole: bool) -> str:
    """Return the delimiter under which most of the first rows have the same number of fields, above one."""

    def evenness(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(record.cells) for record in _records(top, delimiter, is_whole=is_whole))
        width, rows = max(
            ((width, n) for width, n in widths.items() if width > 1), key=lambda it: it[1], default=(0, 0)
        )
        return (rows / max(1, widths.total() - widths[0]), width)

    return max(DELIMITERS, key=evenness)


def _records(top: str, delimiter: str, *, is_whole: bool) -> list[_Record]:
    """Return the first records; a blank line is a record, as in a spreadsheet."""
    offsets = [0]

    def lines() -> Iterator[str]:
        for line in io.StringIO(top, newline=""):
            offsets.append(offsets[-1] + len(line.encode()))
            yield line

    records = []
    reader = csv.reader(lines(), delimiter=delimiter)
    for cells in reader:
        records.append(_Record(tuple(cell.replace("\0", "") for cell in cells), offsets[reader.line_num]))
        if len(records) > PREVIEW_ROWS:
            break
    # The last record may be cut where the text was.
    return records[:PREVIEW_ROWS] if is_whole or len(records) > PREVIEW_ROWS else records[:-1]


def _width(header: tuple[str, ...], below: list[tuple[str, ...]]) -> int:
    """Return the number of fields of a row: the header's, but for empty ones that some programs add at the end."""
    usual = Counter(len(cells) for cells in below if len(cells) > 1).most_common(1)
    width = usual[0][0] if usual else len(header)
    shorter = min(width, len(header))
    spare = [*header[shorter:], *(cell for cells in below if len(cells) == width for cell in cells[shorter:])]
    return len(header) if any(cell.strip() for cell in spare) else width


def _rows(
    text: pa.Buffer, width: int, positions: Sequence[int], delimiter: str, first: int, name: str, *, has_quotes: bool
) -> Body:
    names = [str(position) for position in range(width)]
    wanted = [str(position) for position in positions]
    if not text.size:
        return Body(pa.table({one: pa.array([], pa.string()) for one in wanted}), np.empty(0, dtype=np.int64))
    bad: list[arrow_csv.InvalidRow] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        bad.append(row)
        return "skip"

    def parse(*, use_threads: bool) -> pa.Table:
        bad.clear()
        return arrow_csv.read_csv(
            pa.BufferReader(text),
            read_options=arrow_csv.ReadOptions(column_names=names, use_threads=use_threads, block_size=_BLOCK),
            **options(width, positions, delimiter, note, has_quotes=has_quotes),
        )

    try:
        cells = parse(use_threads=text.size >= _PARALLEL_FROM)
        # Arrow numbers the rows only when it reads them in one thread.
        if bad and bad[0].number is None:
            cells = parse(use_threads=False)
    except pa.ArrowInvalid as error:
        raise inseparable(name, first, error) from error
    left_out = ragged(bad, first)
    rows = np.arange(first, first + len(cells) + len(left_out), dtype=np.int64)
    return Body(cells, np.delete(rows, [row.row - first for row in left_out]) if left_out else rows, left_out)


def options(width: int, positions: Sequence[int], delimiter: str, note: Callable, *, has_quotes: bool) -> dict:
    """Return how Arrow reads rows of `width` fields: all cells as text, none where empty; `note` gets wrong rows."""
    wanted = [str(position) for position in positions]
    return {
        "parse_options": arrow_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=has_quotes, ignore_empty_lines=False, invalid_row_handler=note
        ),
        "convert_options": arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(map(str, range(width)), pa.string()), include_columns=wanted,
            strings_can_be_null=True, null_values=[""], check_utf8=False,
        ),
    }  # fmt: skip


def ragged(rows: Sequence[arrow_csv.InvalidRow], first: int) -> tuple[Ragged, ...]:
    """Return rows of a wrong number of fields as they are told about; `first` is the row of the first of all."""
    return tuple(Ragged(first + row.number - 1, row.actual_columns, row.expected_columns, row.text) for row in rows)


def inseparable(name: str, first: int, error: pa.ArrowInvalid) -> InputError:
    """Return what is said where Arrow cannot tell rows apart."""
    return InputError(
        f"{name}: the rows below row {first - 1} cannot be told apart ({error}): look for a quotation mark that is "
        "opened and never closed, and export the file again"
    )


def without_nul(body: Body) -> Body:
    """Return a body without NUL characters, and every cell that held one."""
    cells, changed = body.cells, []
    for place, name in enumerate(cells.column_names):
        column = cells.column(name)
        clean = pc.replace_substring(column, "\0", "")
        differ = np.flatnonzero(pc.fill_null(pc.not_equal(column, clean), False).to_numpy())
        before, after = column.take(pa.array(differ)).to_pylist(), clean.take(pa.array(differ)).to_pylist()
        changed += [
            Changed(int(body.rows[at]), int(name), old.replace("\0", "\\0"), new, "nul_character")
            for at, old, new in zip(differ, before, after, strict=True)
        ]
        cells = cells.set_column(place, name, clean)
    return replace(body, cells=cells, changed=(*body.changed, *changed))


def until(body: Body, last: int) -> Body:
    """Return a body without the rows after `last`."""
    keep = body.rows <= last
    return Body(
        body.cells.filter(pa.array(keep)), body.rows[keep], tuple(row for row in body.ragged if row.row <= last)
    )


def _count(text: pa.Buffer, byte: bytes) -> int:
    values = np.frombuffer(text, dtype=np.uint8)
    return sum(
        int(np.count_nonzero(values[start : start + _BLOCK] == byte[0])) for start in range(0, len(values), _BLOCK)
    )


