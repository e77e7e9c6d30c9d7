"""Files in, sheets of text out: the kind of a file by its ending, its encoding by strict decoding only.

A byte order mark decides, then strict UTF-8, then strict GB18030 (which holds GBK and GB 2312); anything else stops
with the byte offset and line, because a guess would put wrong characters into names and codes.
"""

import codecs
import hashlib
import mmap
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.errors import InputError
from helpers.ingest import delimited, workbook
from helpers.ingest.sheets import Body, RawSheet

TEXT_ENDINGS = (".csv", ".tsv", ".txt")
WORKBOOK_ENDINGS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
PARQUET_ENDINGS = (".parquet", ".pq")
ENDINGS = (*TEXT_ENDINGS, *WORKBOOK_ENDINGS, *PARQUET_ENDINGS)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CHUNK = 1 << 23


def read_file(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None, name: str | None = None
) -> list[RawSheet]:
    """Read the sheets of one file as text.

    Parameters
    ----------
    path : Path
        CSV (comma, tab, semicolon, bar), Excel or Parquet, by its ending.
    encoding, delimiter : str, optional
        As declared by a mapping file; both are found out otherwise.
    name : str, optional
        The file as printed in messages and the ledger; its name by default.

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
        if ending in WORKBOOK_ENDINGS:
            return workbook.read(path, name)
        if ending in PARQUET_ENDINGS:
            return [_parquet(path, name)]
        if ending in TEXT_ENDINGS:
            text, encoding = _utf8(path, name, encoding)
            return [delimited.read(text, name, encoding, delimiter)]
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror or error}): check its permissions") from error
    raise InputError(f"{name}: '{ending}' is no kind of file that can be read; expected one of {', '.join(ENDINGS)}")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _utf8(path: Path, name: str, declared: str | None) -> tuple[pa.Buffer, str]:
    with path.open("rb") as stream:
        raw = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    mark, marked = next(((mark, found) for mark, found in _MARKS if raw[: len(mark)] == mark), (b"", None))
    if marked == "utf-16":
        return pa.py_buffer(_transcode(raw, "utf-16", name, "its byte order mark says UTF-16")), "utf-16"
    buffer = pa.py_buffer(raw).slice(len(mark))
    wanted = codecs.lookup(declared).name if declared and _is_known(declared, name) else None
    if wanted in (None, "utf-8", "utf-8-sig"):
        if _is_utf8(buffer):
            return buffer, marked or "utf-8"
        if marked or wanted:
            why = "its byte order mark says UTF-8" if marked else f"the mapping file declares encoding '{declared}'"
            raise _undecodable(raw, "utf-8", name, why)
        return pa.py_buffer(_transcode(raw, "gb18030", name, "")), "gb18030"
    why = f"the mapping file declares encoding '{declared}'"
    if marked:
        raise InputError(f"{name}: {why}, but the file begins with the byte order mark of UTF-8: declare utf-8")
    # GB 2312 and GBK are parts of GB18030, and files called so commonly hold its further characters.
    wanted = "gb18030" if wanted in ("gbk", "gb2312") else wanted
    if wanted != "ascii" and not raw[:_CHUNK].isascii() and _is_utf8(buffer):
        raise InputError(f"{name}: {why}, but all of its bytes are valid UTF-8: declare utf-8, or none")
    return pa.py_buffer(_transcode(raw, wanted, name, why)), wanted


def _is_known(declared: str, name: str) -> bool:
    try:
        codecs.lookup(declared)
    except LookupError:
        raise InputError(
            f"{name}: the mapping file declares encoding '{declared}', which does not exist: "
            "write utf-8, gb18030 or another name that Python knows"
        ) from None
    return True


def _is_utf8(buffer: pa.Buffer) -> bool:
    try:
        pa.LargeStringArray.from_buffers(1, pa.array([0, buffer.size], pa.int64()).buffers()[1], buffer).validate(
            full=True
        )
    except pa.ArrowInvalid:
        return False
    return True


def _transcode(raw: mmap.mmap, encoding: str, name: str, why: str) -> bytes:
    decoder = codecs.getincrementaldecoder(encoding)()
    parts = []
    try:
        for start in range(0, len(raw), _CHUNK):
            parts.append(decoder.decode(raw[start : start + _CHUNK], start + _CHUNK >= len(raw)).encode())
    except (UnicodeDecodeError, UnicodeEncodeError):
        raise _undecodable(raw, encoding, name, why) from None
    return b"".join(parts)


def _undecodable(raw: mmap.mmap, encoding: str, name: str, why: str) -> InputError:
    """Describe where decoding stops; without a declared encoding, both that were tried."""
    tried = [encoding] if why else ["utf-8", "gb18030"]
    stops = ", ".join(f"{one} stops at {_stop(raw[:], one)}" for one in tried)
    if not why:
        return InputError(
            f"{name}: the encoding is neither UTF-8 nor GB18030 ({stops}): save the file as UTF-8, "
            "or declare its encoding in a mapping file"
        )
    others = [one for one in ("utf-8", "gb18030") if one != encoding and not _stop(raw[:], one)]
    advice = f"all of its bytes are valid {others[0]}: declare that" if others else "save the file as UTF-8"
    return InputError(f"{name}: {why}, but {stops}; {advice}")


def _stop(raw: bytes, encoding: str) -> str:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = raw[error.start : error.end].hex(" ").upper()
        return f"byte {error.start:,} (line {line:,}, found {found})"
    return ""


def _parquet(path: Path, name: str) -> RawSheet:
    try:
        source = pq.ParquetFile(path, memory_map=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"{name}: no readable Parquet file ({error}): export it again") from error
    names = source.schema_arrow.names

    def read(first: int, positions: list[int], last: int | None) -> Body:
        whole = pq.read_table(path, columns=[names[position] for position in positions])
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
