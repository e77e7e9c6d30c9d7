"""The zone's tables in; out come the files that an office would send, with its habits and its mistakes.

Habits are the layouts of `layouts.py`, mistakes the faults of `dirt.py`; the manifest says where each mistake stands.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xlsxwriter

from helpers.codebook import Codebook, Table
from helpers.codebook.model import LIST_SEPARATOR
from helpers.errors import UsageError
from helpers.simulate.dirt import FAULT_COLUMNS, RATES, Dirt, Fault, Texts, plant
from helpers.simulate.draws import stream
from helpers.simulate.faults import YUAN, Cell, write_date
from helpers.simulate.layouts import TOTAL, Layout, layout_of

_BLOCK = 200_000
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SAVED_ON = datetime(2023, 7, 3, 9, 0)
_NUMERIC = ("integer", "decimal", "year")


def write_office_files(
    tables: Mapping[str, pd.DataFrame], out: Path, *, codebook: Codebook, seed: int, dirt: Dirt
) -> pd.DataFrame:
    """Write tables as an office would send them.

    Parameters
    ----------
    tables : mapping of table name to DataFrame
        Typed and clean, as the codebook describes them.
    out : Path
        Folder, made if it is not there.
    codebook : Codebook
    seed : int
        The same seed and tables give the same bytes.
    dirt : {"none", "typical", "heavy"}
        `none`: every table as CSV in UTF-8 under the codebook's Chinese headers, every value canonical. `typical` and
        `heavy`: the layouts of `layouts.py`, and faults in about 1 % or 7 % of the cells of each column.

    Returns
    -------
    DataFrame, one row a planted fault
        `fault_id`, `table`, `file`, `sheet` (empty for CSV and Parquet), `row` (1-based as an editor shows it; counted
        from the first record in Parquet), `column` (for a repeated row the key's columns, or the one that differs),
        `kind`, `original`, `planted` (texts; empty is a missing cell), `expected_rule`, `expected_action`,
        `related_row` (of a repeated row: the row that it repeats).

    Raises
    ------
    UsageError
        If `dirt` is no level.

    Notes
    -----
    Which faults a row may have, and how tiny tables are spared at `typical`, says `dirt.plant`.
    """
    if dirt not in RATES:
        raise UsageError(f"dirt '{dirt}' is unknown: expected one of {', '.join(RATES)}")
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)

    @cache
    def known(target: str) -> frozenset[str]:
        table, _, name = target.partition(".")
        return frozenset(tables[table][name].dropna().astype("str")) if table in tables else frozenset()

    faults: list[tuple] = []
    books: dict[str, list[Callable]] = {}
    for name, table in codebook.tables.items():
        if name not in tables:
            continue
        layout = layout_of(table, len(tables[name]), dirt)
        cells = {
            column.name: Cell(column, layout.unit(column), layout.dates)
            for column in table.columns
            if column.name in tables[name]
        }
        texts = {name_: _texts(cell, tables[name][name_], layout.set_mark) for name_, cell in cells.items()}
        texts, planted, _ = plant(
            table,
            texts,
            cells,
            tables[name],
            dirt=dirt,
            rng=stream(seed, f"dirt of {name}"),
            known=known,
            show=lambda cell, values, mark=layout.set_mark: _texts(cell, values, mark),
        )
        faults += _manifest(table, layout, planted)
        sums = _sums(cells, tables[name]) if layout.total else {}
        if layout.kind == "csv":
            _write_csv(out / layout.file(table), layout, cells, texts, sums)
        elif layout.kind == "parquet":
            _write_parquet(out / layout.file(table), layout, cells, texts, {fault.column for fault in planted})
        else:
            books.setdefault(layout.file(table), []).append((table, layout, cells, texts, sums))
    for file, sheets in books.items():
        _write_book(out / file, sheets)
    rows = [(f"F{number:06d}", *fault) for number, fault in enumerate(faults, start=1)]
    manifest = pd.DataFrame(rows, columns=FAULT_COLUMNS)
    texts = dict.fromkeys(set(FAULT_COLUMNS) - {"row", "related_row"}, "str")
    return manifest.astype({**texts, "row": "Int64", "related_row": "Int64"})


def _manifest(table: Table, layout: Layout, planted: list[Fault]) -> list[tuple]:
    place = (table.name, layout.file(table), layout.sheet(table))
    return [
        (
            *place, fault.position + layout.first_row, fault.column, fault.kind, fault.original, fault.planted,
            fault.rule, fault.action, None if fault.related is None else fault.related + layout.first_row,
        )
        for fault in sorted(planted, key=lambda fault: fault.position)
    ]  # fmt: skip


def _texts(cell: Cell, values: pd.Series, set_mark: str) -> pa.Array:
    """Return typed values as an office writes them; missing stays missing."""
    column = cell.column
    if column.type in ("date", "datetime"):
        stamps = pa.array(values, from_pandas=True).cast(pa.timestamp("s"), safe=False)
        texts = stamps.cast(pa.date32() if column.type == "date" else pa.timestamp("s")).cast(pa.large_string())
        return _each(texts, lambda text: write_date(text, cell.dates)) if cell.dates not in ("iso", "excel") else texts
    if column.type == "boolean":
        return pc.if_else(pa.array(values, type=pa.bool_(), from_pandas=True), "是", "否").cast(pa.large_string())
    if column.type == "decimal":
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        if cell.unit != column.unit:
            numbers = np.round(numbers * (YUAN[column.unit] / YUAN[cell.unit]), 10 if cell.unit == "亿元" else 4)
        return pa.array(numbers, from_pandas=True).cast(pa.large_string())
    if column.type in ("integer", "year"):
        return pa.array(values, type=pa.int64(), from_pandas=True).cast(pa.large_string())
    texts = pa.array(values.astype("str"), type=pa.large_string(), from_pandas=True)
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    return pc.replace_substring(texts, LIST_SEPARATOR, set_mark) if column.type == "set" else texts


def _each(texts: pa.Array, change: Callable[[str], str]) -> pa.Array:
    """Return the texts changed one distinct text at a time."""
    encoded = texts.dictionary_encode()
    new = [change(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(new, pa.large_string()).take(encoded.indices)


def _write_csv(
    path: Path, layout: Layout, cells: Mapping[str, Cell], texts: Texts, sums: Mapping[str, float]
) -> None:
    separator = pa.scalar(layout.delimiter, pa.large_string())
    # A line ends in CRLF, as spreadsheets export it.
    with path.open("w", encoding=layout.encoding, newline="\r\n") as stream_:
        for title in layout.titles:
            stream_.write(_alone(title, layout, cells))
        header = pa.array([layout.header(cell.column) for cell in cells.values()], pa.large_string())
        stream_.write(layout.delimiter.join(_quoted(header, layout.delimiter).to_pylist()) + "\n")
        columns = [_quoted(texts[name], layout.delimiter) for name in cells]
        for start in range(0, len(columns[0]), _BLOCK):
            block = [column.slice(start, _BLOCK) for column in columns]
            lines = pc.binary_join_element_wise(*block, separator, null_handling="replace", null_replacement="")
            stream_.write("\n".join(lines.to_pylist()) + "\n")
        if layout.total:
            written = (f"{sums[name]:.10g}" if name in sums else "" for name in list(cells)[1:])
            stream_.write(layout.delimiter.join([TOTAL, *written]) + "\n")
        for note in layout.notes:
            stream_.write(_alone(note, layout, cells))


def _alone(text: str, layout: Layout, cells: Mapping[str, Cell]) -> str:
    """Return the line of a text in the first cell, with the empty cells that a spreadsheet exports beside it."""
    return text + layout.delimiter * (len(cells) - 1) + "\n"


def _quoted(texts: pa.Array, delimiter: str) -> pa.Array:
    """Put quotation marks around the texts that need them."""
    needs = pc.fill_null(pc.match_substring_regex(texts, f'[{re.escape(delimiter)}"\r\n]'), False)
    if not pc.any(needs, min_count=0).as_py():
        return texts
    doubled = pc.replace_substring(texts.filter(needs), '"', '""')
    mark = pa.scalar('"', pa.large_string())
    new = pc.binary_join_element_wise(mark, doubled, mark, pa.scalar("", pa.large_string()))
    return pc.replace_with_mask(texts, needs, new)


def _write_parquet(path: Path, layout: Layout, cells: Mapping[str, Cell], texts: Texts, dirty: set[str]) -> None:
    """Write clean columns under their types; a column with faults can only be text."""
    kinds = {"integer": pa.int64(), "year": pa.int64(), "decimal": pa.float64(), "date": pa.date32()}
    columns = {}
    for name, cell in cells.items():
        kind = pa.string() if name in dirty else kinds.get(cell.column.type, pa.string())
        columns[layout.header(cell.column)] = texts[name].cast(kind)
    pq.write_table(pa.table(columns), path)


def _sums(cells: Mapping[str, Cell], typed: pd.DataFrame) -> dict[str, float]:
    """Return the sums that an office writes below the data: of people, visits and money, in the header's unit."""
    summed = [cell for cell in cells.values() if cell.column.type == "integer" or cell.column.is_money]
    return {
        cell.column.name: round(
            float(typed[cell.column.name].sum()) * YUAN.get(cell.column.unit, 1) / YUAN.get(cell.unit, 1), 4
        )
        for cell in summed
    }


def _write_book(path: Path, sheets: list[tuple]) -> None:
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        # A fixed time of saving keeps the bytes the same.
        book.set_properties({"created": _SAVED_ON, "author": ""})
        title = book.add_format({"bold": True, "align": "center", "font_size": 14})
        header = book.add_format({"bold": True, "align": "center", "valign": "vcenter", "border": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for table, layout, cells, texts, sums in sheets:
            sheet = book.add_worksheet(layout.sheet(table))
            _write_head(sheet, layout, list(cells.values()), title, header)
            for place, (name, cell) in enumerate(cells.items()):
                for row, text in enumerate(texts[name].to_pylist(), start=layout.first_row - 1):
                    if text is not None:
                        _write_cell(sheet, row, place, text, cell, day)
            row = layout.first_row - 1 + len(next(iter(texts.values())))
            if layout.total:
                sheet.write_string(row, 0, TOTAL)
                for place, name in enumerate(cells):
                    if name in sums:
                        sheet.write_number(row, place, sums[name])
                row += 1
            for note in layout.notes:
                sheet.write_string(row, 0, note)
                row += 1


def _write_head(sheet, layout: Layout, cells: list[Cell], title, header) -> None:
    last = len(cells) - 1
    for row, text in enumerate(layout.titles):
        if text.startswith("单位") or not last:
            sheet.write_string(row, last, text)
        else:
            sheet.merge_range(row, 0, row, last, text, title)
    row = len(layout.titles)
    names = [cell.column.name for cell in cells]
    if not layout.groups:
        for place, cell in enumerate(cells):
            sheet.write_string(row, place, layout.header(cell.column), header)
        return
    grouped = set()
    for text, first, end in layout.groups:
        span = range(names.index(first), names.index(end) + 1)
        sheet.merge_range(row, span[0], row, span[-1], text, header)
        grouped.update(span)
    for place, cell in enumerate(cells):
        if place in grouped:
            # The unit stands in the upper line.
            sheet.write_string(row + 1, place, layout.header(cell.column).split("（")[0], header)
        else:
            sheet.merge_range(row, place, row + 1, place, layout.header(cell.column), header)


def _write_cell(sheet, row: int, place: int, text: str, cell: Cell, day) -> None:
    kind = cell.column.type
    if (kind in _NUMERIC or (kind == "date" and text.isdecimal() and len(text) == 5)) and _NUMBER.fullmatch(text):
        sheet.write_number(row, place, float(text))
    elif kind == "date" and cell.dates == "excel" and _DAY.fullmatch(text) and _is_day(text):
        sheet.write_datetime(row, place, date.fromisoformat(text), day)
    else:
        sheet.write_string(row, place, text)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
