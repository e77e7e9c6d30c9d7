"""Files in, sheets of text out: the kind of a file by its first bytes, and by its ending where they tell nothing."""

import codecs
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.errors import InputError
from helpers.ingest import delimited, encodings, scanned, workbook
from helpers.ingest.sheets import Body, RawSheet

TEXT_ENDINGS = (".csv", ".tsv", ".txt")
WORKBOOK_ENDINGS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
PARQUET_ENDINGS = (".parquet", ".pq")
ENDINGS = (*TEXT_ENDINGS, *WORKBOOK_ENDINGS, *PARQUET_ENDINGS)
_BEGINNINGS = (
    (b"PK\x03\x04", "workbook"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook"), (b"PAR1", "parquet"),
)  # fmt: skip
_WEB_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body|table|meta)\b", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# A text file from this size on is read in blocks: whole, it would take about seven times as much memory.
LARGE = 1 << 28


def read_file(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None, name: str | None = None,
    in_parts: bool = False,
) -> list[RawSheet]:  # fmt: skip
    """Read the sheets of one file as text.

    Parameters
    ----------
    path : Path
        CSV (comma, tab, semicolon, bar), Excel or Parquet, by its ending.
    encoding, delimiter : str, optional
        As declared by a mapping file; both are found out otherwise.
    name : str, optional
        The file as printed in messages and the ledger; its name by default.
    in_parts : bool, default False
        Leave the rows of a text of `LARGE` bytes and more in the file: its sheet then has `parts`.

    Returns
    -------
    list of RawSheet
        Hidden sheets too, marked as such.

    Raises
    ------
    InputError
        If the file is empty, broken, password-protected, not readable, or in no known encoding.
    """
    name = name or path.name
    ending = path.suffix.lower()
    try:
        if not path.stat().st_size:
            raise InputError(f"{name}: the file is empty (0 bytes): export it again or take it out of the folder")
        kind = _kind(path, ending, name)
        if kind == "workbook":
            return workbook.read(path, name)
        if kind == "parquet":
            return [_parquet(path, name)]
        if kind == "text":
            text = encodings.find(path, name, encoding)
            if in_parts and text.size >= LARGE:
                return [scanned.scan(text, delimiter)]
            return [delimited.read(text.whole(), name, text.encoding, delimiter)]
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror or error}): check its permissions") from error
    raise InputError(f"{name}: '{ending}' is no kind of file that can be read; expected one of {', '.join(ENDINGS)}")


def _kind(path: Path, ending: str, name: str) -> str:
    """Return what a file is by its first bytes, and by its ending where they tell nothing.

    Raises
    ------
    InputError
        If a workbook's ending stands on a web page, which some portals export under it.
    """
    if ending not in ENDINGS:
        return ""
    with path.open("rb") as stream:
        start = stream.read(512)
    found = next((kind for mark, kind in _BEGINNINGS if start.startswith(mark)), "")
    if found:
        return found
    if _WEB_PAGE.match(start.removeprefix(codecs.BOM_UTF8)):
        raise InputError(
            f"{name}: is a web page (HTML) with the ending {ending}: open it in a spreadsheet program and save it as "
            ".xlsx"
        )
    if ending in PARQUET_ENDINGS:
        return "parquet"
    # Many portals export text under .xls; a broken workbook holds bytes that no text does.
    is_text = ending in TEXT_ENDINGS or (ending == ".xls" and not _CONTROL.search(start))
    return "text" if is_text else "workbook"


def _parquet(path: Path, name: str) -> RawSheet:
    try:
        source = pq.ParquetFile(path, memory_map=True)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{name}: no readable Parquet file ({error}): export it again") from error
    names = source.schema_arrow.names

    def read(first: int, positions: list[int], last: int | None) -> Body:
        try:
            whole = pq.read_table(path, columns=[names[position] for position in positions])
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{name}: the Parquet file is damaged ({error}): export it again") from error
        whole = whole.slice(first - 1, None if last is None else last - first)
        cells = pa.table(
            [_as_text(whole.column(names[position]), f"{name}, column '{names[position]}'") for position in positions],
            names=[str(position) for position in positions],
        )
        return Body(cells, np.arange(first, first + len(cells), dtype=np.int64))

    repeated = sorted({one for one in names if names.count(one) > 1})
    if repeated:
        raise InputError(f"{name}: the columns {', '.join(repeated)} stand twice: give each its own name")
    return RawSheet(name, "", "parquet", (tuple(names),), read, first_row=0)


def _as_text(column: pa.ChunkedArray, place: str) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_text(column.cast(kind.value_type), place)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        joined = [None if values is None else ";".join(map(str, values)) for values in column.to_pylist()]
        return pa.chunked_array([pa.array(joined, pa.string())])
    if pa.types.is_floating(kind):
        shown = [None if value is None else workbook.as_text(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(shown, pa.string())])
    if pa.types.is_timestamp(kind):
        shown = [
            None if value is None else workbook.as_text(value) for value in column.cast(pa.timestamp("us")).to_pylist()
        ]
        return pa.chunked_array([pa.array(shown, pa.string())])
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"{place}: holds {kind}, which is no text, number, date or list: leave it out") from error
