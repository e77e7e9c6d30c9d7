"""Files in, sheets of text out: the kind of a file by its ending, its encoding by strict decoding only.

A byte order mark decides, then strict UTF-8, then strict GB18030 (which holds GBK and GB 2312); anything else stops
with the byte offset and line, because a guess would put wrong characters into names and codes.
"""

import codecs
import hashlib
import mmap
import re
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
_BEGINNINGS = (
    (b"PK\x03\x04", "workbook"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook"), (b"PAR1", "parquet"),
)  # fmt: skip
_WEB_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body|table|meta)\b", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# A run of bytes beyond ASCII that is Chinese in UTF-8 from end to end; in GB18030 text that is next to impossible.
_CHINESE_IN_UTF8 = re.compile(rb"(?<![\x80-\xff])(?:[\xe4-\xe9][\x80-\xbf]{2}){2,}(?![\x80-\xff])")
_LOOKED_AT, _ENDS, _PLACES = 1 << 16, 1 << 20, 64
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
        kind = _kind(path, ending, name)
        if kind == "workbook":
            return workbook.read(path, name)
        if kind == "parquet":
            return [_parquet(path, name)]
        if kind == "text":
            text, encoding = _utf8(path, name, encoding)
            return [delimited.read(text, name, encoding, delimiter)]
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
        text = _transcode(raw, "gb18030", name, "")
        _check_not_joined(raw, name)
        return pa.py_buffer(text), "gb18030"
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


def _check_not_joined(raw: mmap.mmap, name: str) -> None:
    """Refuse GB18030 text with lines in UTF-8: two exports were joined, and one of them would turn into other words.

    Both ends are looked at, and places evenly between them.
    """
    step = max(_LOOKED_AT, len(raw) // _PLACES)
    starts = [0, *range(_ENDS, max(0, len(raw) - _ENDS), step), max(0, len(raw) - _ENDS)]
    for place, start in enumerate(starts):
        size = _ENDS if place in (0, len(starts) - 1) else _LOOKED_AT
        found = _CHINESE_IN_UTF8.search(raw[start : start + size])
        if found:
            line = raw[: start + found.start()].count(b"\n") + 1
            raise InputError(
                f"{name}: line {line:,} is in UTF-8 ({found.group().decode()[:12]}) and others are in GB18030: files "
                "of two encodings were joined. Save each as UTF-8, then join them"
            )


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
