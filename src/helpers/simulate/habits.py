"""The habits of an office in whole files and columns: where each of them stands, and whether reading saw through it.

Faults hit single cells; habits are what `layouts.py` does to a file, a sheet or a column throughout.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from helpers.codebook import Codebook, Column, Table
from helpers.simulate.compare import Comparison, plain
from helpers.simulate.dirt import Dirt
from helpers.simulate.layouts import Layout, layout_of

HABIT_COLUMNS = ("habit_id", "table", "file", "sheet", "row", "column", "kind", "written")
ENCODINGS = {"utf-8": "no_byte_order_mark", "utf-8-sig": "byte_order_mark", "gbk": "encoded_gbk",
             "gb18030": "encoded_gb18030"}  # fmt: skip
DELIMITERS = {",": "comma_separated", "\t": "tab_separated", ";": "semicolon_separated"}
# GB18030 contains GBK: bytes do not tell them apart.
READ_AS = {"gbk": "gb18030"}
# What the ledger says about a row of the file that is no record.
TOLD = {
    "title_row": "title_row", "unit_above_header": "title_row", "total_row": "total_row", "note_row": "note_row",
}  # fmt: skip
OF_COLUMN = ("header_synonym", "unit_in_header", "date_style")


def habits(
    tables: Mapping[str, pd.DataFrame], faults: pd.DataFrame, *, codebook: Codebook, dirt: Dirt
) -> pd.DataFrame:
    """List what the layouts do to the files that `write_office_files` writes.

    Parameters
    ----------
    tables : mapping of table name to DataFrame
        What was written.
    faults : DataFrame
        The manifest of planted faults: repeated rows move what stands below the data.
    codebook : Codebook
    dirt : {"none", "typical", "heavy"}

    Returns
    -------
    DataFrame, one row a habit
        `habit_id`, `table`, `file`, `sheet`, `row` (1-based; missing for a whole file or column), `column`, `kind`,
        `written` (the text, unit, style or encoding).
    """
    repeated = faults.loc[faults["related_row"].notna(), "table"].value_counts()
    rows: list[tuple] = []
    for name, table in codebook.tables.items():
        if name in tables:
            layout = layout_of(table, len(tables[name]), dirt)
            place = (name, layout.file(table), layout.sheet(table))
            last = layout.first_row + len(tables[name]) + int(repeated.get(name, 0)) - 1
            held = [column for column in table.columns if column.name in tables[name]]
            rows += [(*place, *habit) for habit in (*_of_file(layout), *_of_rows(layout, last))]
            rows += [(*place, *habit) for column in held for habit in _of_column(layout, column)]
    numbered = [(f"H{number:04d}", *row) for number, row in enumerate(rows, start=1)]
    texts = dict.fromkeys(set(HABIT_COLUMNS) - {"row"}, "str")
    return pd.DataFrame(numbered, columns=HABIT_COLUMNS).astype({**texts, "row": "Int64"})


def _of_file(layout: Layout) -> Iterator[tuple]:
    if layout.kind == "csv":
        yield None, "", ENCODINGS[layout.encoding], layout.encoding
        yield None, "", DELIMITERS[layout.delimiter], layout.delimiter
    if layout.book:
        yield None, "", "several_sheets", layout.book
    if layout.groups:
        yield layout.first_row - 1, "", "two_line_header", "；".join(text for text, *_ in layout.groups)


def _of_rows(layout: Layout, last: int) -> Iterator[tuple]:
    for row, text in enumerate(layout.titles, start=1):
        yield row, "", "unit_above_header" if text.startswith("单位") else "title_row", text
    below = [("total_row", "")] if layout.total else []
    below += [("note_row", text) for text in layout.notes]
    for row, (kind, text) in enumerate(below, start=last + 1):
        yield row, "", kind, text


def _of_column(layout: Layout, column: Column) -> Iterator[tuple]:
    if column.name in layout.synonyms and column.synonyms:
        yield layout.first_row - 1, column.name, "header_synonym", layout.header(column)
    if column.name in layout.units:
        yield layout.first_row - 1, column.name, "unit_in_header", layout.units[column.name]
    # A time is no date cell of a spreadsheet, but text as it always is.
    plain_dates = ("iso", "excel") if column.type == "datetime" else ("iso",)
    if column.type in ("date", "datetime") and layout.dates not in plain_dates:
        yield None, column.name, "date_style", layout.dates


def seen_through(
    habits_: pd.DataFrame,
    faults: pd.DataFrame,
    sources: pd.DataFrame,
    ledger: pd.DataFrame,
    tables_true: Mapping[str, pd.DataFrame],
    tables_read: Mapping[str, pd.DataFrame],
    codebook: Codebook,
    *,
    dirt: Dirt,
) -> pd.DataFrame:
    """Return the habits with `is_read`: whether reading saw through each.

    Notes
    -----
    A title, a sum, a note: the ledger names its row. An encoding, a delimiter, a sheet among others, a header of two
    lines: the source is on record with that encoding and its header in that row, and every column that was written has
    values. A synonym, a unit in a header, a style of dates: every clean cell of the column was read as the value that
    it was before.
    """
    given = Comparison(plain(faults), plain(ledger), tables_true, tables_read, codebook, dirt)
    told = set(given.ledger[["table", "sheet", "rule", "row"]].itertuples(index=False, name=None))
    texts = {name: sources[name].astype("str").fillna("") for name in ("table", "file", "sheet")}
    found = {(source.table, source.file, source.sheet): source for source in sources.assign(**texts).itertuples()}
    is_read = []
    for habit in habits_.fillna({"row": 0, "sheet": "", "column": ""}).itertuples():
        if habit.kind in TOLD:
            is_read.append((habit.table, habit.sheet, TOLD[habit.kind], habit.row) in told)
        elif habit.kind in OF_COLUMN:
            is_read.append(_column_is_true(given, habit.table, habit.column))
        else:
            source = found.get((habit.table, habit.file, habit.sheet))
            is_read.append(source is not None and _is_whole(given, habit, source))
    return habits_.assign(is_read=np.array(is_read, dtype=bool))


def _column_is_true(given: Comparison, table: str, name: str) -> bool:
    if table not in given.names or name not in given.read[table]:
        return False
    rows, mine = given.rows(table), given.faults_of(table)
    at = given.positions(table, rows)
    same = given.same(table, given.codebook[table][name], at)
    is_planted = np.isin(rows[at >= 0], mine.loc[mine["column"] == name, "row"])
    return bool((same | is_planted).all())


def _is_whole(given: Comparison, habit, source) -> bool:
    if habit.table not in given.names:
        return False
    layout = layout_of(given.codebook[habit.table], len(given.true[habit.table]), given.dirt)
    is_encoding = layout.kind != "csv" or source.encoding == READ_AS.get(layout.encoding, layout.encoding)
    return is_encoding and source.header_row == layout.first_row - 1 and not _lost(given, given.codebook[habit.table])


def _lost(given: Comparison, table: Table) -> set[str]:
    """Return the columns that held values when they were written and hold none now."""
    true, read = given.true[table.name], given.read[table.name]
    held = {name for name in true if true[name].notna().any()}
    return held - {name for name in read if read[name].notna().any()}
