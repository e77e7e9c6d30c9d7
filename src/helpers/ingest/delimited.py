"""UTF-8 bytes of a CSV file in, one sheet of text out; the rows are read by Arrow, only the top by Python."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from helpers.errors import InputError
from helpers.ingest.sheets import PREVIEW_ROWS, Body, Changed, Ragged, RawSheet

DELIMITERS = (",", "\t", ";", "|")
_TOP = 1 << 18
_BLOCK = 1 << 23
_PARALLEL_FROM = 1 << 24
# Blank lines above the first text; a file of nothing else holds no text.
_MOST_BLANK = 1 << 20
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
    lead = _BLANK_LINES.match(memoryview(text)[:_MOST_BLANK])
    blank = _count(text.slice(0, lead.end()), b"\n") if lead else 0
    text = text.slice(lead.end()) if lead else text
    top = bytes(memoryview(text)[:_TOP]).decode("utf-8", errors="ignore" if text.size > _TOP else "strict")
    if not top.strip("\ufeff\r\n\t ,;|\0"):
        raise InputError(f"{name}: the file holds no text: export it again")
    hint = top[:6].lower()
    if delimiter is None and hint.startswith("sep=") and len(hint) > 4:
        delimiter = hint[4]
    delimiter = delimiter or sniff(top, is_whole=text.size <= _TOP)
    records = _records(top, delimiter, is_whole=text.size <= _TOP)
    quotes = _count(text, b'"')
    has_nul = _count(text, b"\0") > 0
    if quotes % 2:
        _check_quotes(text, delimiter, name)

    def body(first: int, positions: Sequence[int], last: int | None) -> Body:
        width = _width(records[first - 1].cells, [record.cells for record in records[first:]])
        below = text.slice(records[first - 1].end)
        positions = [position for position in positions if position < width]
        found = _rows(below, width, positions, delimiter, blank + first + 1, name, has_quotes=quotes > 0)
        if quotes and _count(below, b"\n") > len(found.rows) + len(found.ragged):
            above = blank + _count(text.slice(0, records[first - 1].end), b"\n")
            _check_swallowed(below, delimiter, width, name, above + 1)
        found = _without_nul(found) if has_nul else found
        return found if last is None else _until(found, last)

    return RawSheet(name, "", encoding, tuple(record.cells for record in records), body, first_row=1 + blank)


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
    bad: list = []

    def note(row: arrow_csv.InvalidRow) -> str:
        bad.append(row)
        return "skip"

    def parse(*, use_threads: bool) -> pa.Table:
        bad.clear()
        return arrow_csv.read_csv(
            pa.BufferReader(text),
            read_options=arrow_csv.ReadOptions(column_names=names, use_threads=use_threads, block_size=_BLOCK),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=has_quotes,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()),
                include_columns=wanted,
                strings_can_be_null=True,
                null_values=[""],
                check_utf8=False,
            ),
        )

    try:
        cells = parse(use_threads=text.size >= _PARALLEL_FROM)
        # Arrow numbers the rows only when it reads them in one thread.
        if bad and bad[0].number is None:
            cells = parse(use_threads=False)
    except pa.ArrowInvalid as error:
        raise InputError(
            f"{name}: the rows below row {first - 1} cannot be told apart ({error}): look for a quotation mark that is "
            "opened and never closed, and export the file again"
        ) from error
    ragged = tuple(Ragged(first + row.number - 1, row.actual_columns, row.expected_columns, row.text) for row in bad)
    rows = np.arange(first, first + len(cells) + len(ragged), dtype=np.int64)
    return Body(cells, np.delete(rows, [row.row - first for row in ragged]) if ragged else rows, ragged)


def _without_nul(body: Body) -> Body:
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


def _until(body: Body, last: int) -> Body:
    keep = body.rows <= last
    return Body(
        body.cells.filter(pa.array(keep)), body.rows[keep], tuple(row for row in body.ragged if row.row <= last)
    )


def _count(text: pa.Buffer, byte: bytes) -> int:
    values = np.frombuffer(text, dtype=np.uint8)
    return sum(
        int(np.count_nonzero(values[start : start + _BLOCK] == byte[0])) for start in range(0, len(values), _BLOCK)
    )


def _check_swallowed(text: pa.Buffer, delimiter: str, width: int, name: str, first_line: int) -> None:
    """Refuse quotation marks around several whole rows: a cell that holds them has the row's own number of delimiters.

    A mark left open is closed by the next one that strays into the file, and the rows between would be one cell.
    """
    places, rows, start = [], 0, first_line
    reader = csv.reader(io.StringIO(bytes(text).decode(), newline=""), delimiter=delimiter)
    for record in reader:
        for position, cell in enumerate(record):
            if "\n" in cell and width > 1:
                first, *inner, last = (line.count(delimiter) for line in cell.split("\n"))
                is_rows = (first, last) == (width - 1 - position, position)
                if is_rows and all(count == width - 1 for count in inner):
                    places.append(f"{start:,}-{first_line + reader.line_num - 1:,}")
                    rows += 2 + len(inner)
        start = first_line + reader.line_num
    if places:
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        raise InputError(
            f"{name}: {rows:,} rows would be taken for text, because a quotation mark opened in one row is closed in a "
            f"later one (lines {', '.join(places[:3])}{more}): take the marks out, or export the file again"
        )


def _check_quotes(text: pa.Buffer, delimiter: str, name: str) -> None:
    """Refuse a quotation mark that is never closed: all rows below it would become one cell."""
    start = 1
    reader = csv.reader(io.StringIO(bytes(text).decode(), newline=""), delimiter=delimiter, strict=True)
    try:
        for _ in reader:
            start = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise InputError(
                f"{name}: the quotation mark opened in line {start:,} is never closed, so that everything below it "
                "would be one cell: close it, or export the file again"
            ) from None
