"""Which sheet of which file holds which table: by titles and headers, or by a person's word in a mapping file."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from helpers.codebook import Codebook
from helpers.errors import InputError
from helpers.ingest import files, ledger
from helpers.ingest.header import Located, locate
from helpers.ingest.sheets import RawSheet
from helpers.ingest.titles import titled


def recognised(
    folder: Path, codebook: Codebook, problems: list[str], report: list[pa.Table], *, in_parts: bool = False
) -> list[Located]:
    """Find out which sheet of which file holds which table, by titles and headers.

    Parameters
    ----------
    folder : Path
    codebook : Codebook
    problems : list of str
        Receives what keeps a file from being read.
    report : list of pyarrow.Table
        Receives ledger rows about files and sheets that hold no table.
    in_parts : bool, default False
        As `files.read_file`.

    Returns
    -------
    list of Located
        In the order of the files' names.
    """
    located = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {}
        for path in _files(folder):
            name = path.relative_to(folder).as_posix()
            if any("\udc80" <= character <= "\udcff" for character in name):
                problems.append(_unnameable(name))
                continue
            is_readable = path.suffix.lower() in files.ENDINGS
            jobs[path] = pool.submit(files.read_file, path, name=name, in_parts=in_parts) if is_readable else None
        for path, job in jobs.items():
            name = path.relative_to(folder).as_posix()
            if job is None:
                report.append(_told(name, "", "other_file"))
                continue
            try:
                located += _of_file(name, path.stem, job.result(), codebook, problems, report)
            except InputError as error:
                problems += error.problems
    if not located and not problems:
        titles = ", ".join(f"{table.name_zh} ({table.name})" for table in codebook.of_study("zone")[:5])
        problems.append(
            f"{folder.name}: no table found among {sum(1 for _ in _files(folder))} files; expected CSV, Excel or "
            f"Parquet files named after tables, such as {titles}"
        )
    return located


def _of_file(
    name: str, stem: str, sheets: list[RawSheet], codebook: Codebook, problems: list[str], report: list[pa.Table]
) -> list[Located]:
    report += [_told(name, sheet.sheet, "hidden_sheet") for sheet in sheets if sheet.is_hidden]
    filled = [sheet for sheet in sheets if not sheet.is_hidden and not sheet.is_blank]
    report += [_told(name, sheet.sheet, "empty_sheet") for sheet in sheets if sheet.is_blank and not sheet.is_hidden]
    if name.lower().endswith(".txt") and all(len(row) < 2 for sheet in filled for row in sheet.preview):
        report.append(_told(name, "", "other_file"))
        return []
    located, failed = [], []
    for sheet in filled:
        # A file's title tells about its sheet only if there is no other.
        of_file = titled(stem, codebook) if len(filled) == 1 else None
        try:
            found = locate(sheet, codebook, titles=(titled(sheet.sheet, codebook) if sheet.sheet else None, of_file))
        except InputError as error:
            failed += error.problems
            continue
        if found:
            located.append(found)
        else:
            report.append(_told(name, sheet.sheet, "unmatched_sheet"))
    problems += failed
    if not filled:
        problems.append(f"{name}: no visible sheet holds any text: export it again or take it out of the folder")
    elif not located and not failed:
        shown = next(row for row in filled[0].preview if any(cell.strip() for cell in row))
        cells = ", ".join(" ".join(cell.split()) for cell in shown if cell.strip())
        problems.append(
            f"{name}: no header of any table of the codebook in its {len(filled)} sheet(s) (read as "
            f"{filled[0].encoding}); the first row with text holds {cells[:200]}. Use the headers of the template "
            "(`wuli codebook`), or name the columns in a mapping file"
        )
    return located


def mapped(
    folder: Path, codebook: Codebook, path: Path, problems: list[str], *, in_parts: bool = False
) -> list[Located]:
    """Locate exactly the sources that a mapping file names.

    Parameters
    ----------
    folder : Path
    codebook : Codebook
    path : Path
        The mapping file.
    problems : list of str
        Receives what keeps a source from being read.
    in_parts : bool, default False
        As `files.read_file`.

    Returns
    -------
    list of Located
        In the order of the mapping file.
    """
    # Only a mapping file needs the library that checks it.
    from helpers.ingest import mapping as mappings

    located = []
    opened: dict[tuple, list[RawSheet]] = {}
    for source in mappings.load(path, codebook).sources:
        at = folder / source.file
        try:
            if not at.is_file():
                there = ", ".join(one.relative_to(folder).as_posix() for one in list(_files(folder))[:8]) or "no file"
                raise InputError(
                    f"{source.file}: named by the mapping file {path.name}, but not in the folder, which holds {there}"
                )
            how = (source.file, source.encoding, source.delimiter)
            if how not in opened:
                opened[how] = files.read_file(
                    at, encoding=source.encoding, delimiter=source.delimiter, name=source.file, in_parts=in_parts
                )
            sheet = _chosen(opened[how], source.sheet, path.name)
            located.append(mappings.locate_mapped(sheet, source, codebook, path.name))
        except InputError as error:
            problems += error.problems
    return located


def _chosen(sheets: list[RawSheet], name: str | None, mapping: str) -> RawSheet:
    named = [sheet for sheet in sheets if name in (None, sheet.sheet)]
    if len(named) == 1:
        return named[0]
    there = ", ".join(f"'{sheet.sheet}'" for sheet in sheets)
    wanted = f"the sheet '{name}'" if name else "no sheet, so that there must be only one"
    raise InputError(f"{sheets[0].file}: the mapping file {mapping} names {wanted}; the workbook holds {there}")


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        # "~$" begins the lock files that Excel leaves while a workbook is open; "_" is what is not meant to be read,
        # such as the truth beside a synthetic delivery.
        if path.is_file() and not any(part.startswith((".", "~$", "_")) for part in parts):
            yield path


def _unnameable(name: str) -> str:
    """Say that a file's name is not UTF-8, and what it would be in GB18030, as archives from Windows have it."""
    raw = name.encode("utf-8", "surrogateescape")
    shown = raw.decode("gb18030", "replace")
    return f"{shown}: the file's name is stored in another encoding than UTF-8 ({raw[:12].hex(' ')} …): rename the file"


def _told(file: str, sheet: str, rule: str) -> pa.Table:
    return ledger.entries(table="", file=file, sheet=sheet, row=0, rule=rule, action="reported")
