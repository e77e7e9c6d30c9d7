"""A folder of an office's files in, typed tables out; every problem of every file is told at once."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa

from helpers import atomic
from helpers.codebook import Codebook, Table
from helpers.errors import InputError
from helpers.ingest import find, ledger, people, records, staged, tables
from helpers.ingest.header import Located

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Ingested:
    """What was read.

    Attributes
    ----------
    tables : dict of str to DataFrame or Stored
        Typed rows of each table found, all columns of the codebook, and `source_file`, `source_sheet`, `source_row`.
        Person ids are keyed hashes. A table that was too large to be held lies on disk (`staged.Stored`).
    ledger : DataFrame
        One row for each thing found (`helpers.ingest.ledger.COLUMNS`), restricted tables included.
    counts : DataFrame
        One row a table: rows read = kept + set aside, and cells by what was done to them.
    sources : DataFrame
        One row for each sheet read: table, file, sheet, encoding, 1-based header row (0: none), records, SHA-256.
    set_aside : dict of str to DataFrame
        Rows taken out, as text, with file, sheet, row, rules and columns.
    codebook : Codebook
        The codebook that was read by; it says which columns are restricted.
    """

    tables: dict[str, pd.DataFrame | staged.Stored]
    ledger: pd.DataFrame
    counts: pd.DataFrame
    sources: pd.DataFrame
    set_aside: dict[str, pd.DataFrame]
    codebook: Codebook


def read_folder(
    folder: Path,
    *,
    codebook: Codebook,
    person_key: bytes | None,
    extract_on: date | None = None,
    mapping: Path | None = None,
    progress: Progress | None = None,
    work: Path | None = None,
    memory_limit: str | None = None,
) -> Ingested:
    """Read every table in a folder of an office's files.

    Parameters
    ----------
    folder : Path
        Searched with its sub-folders; hidden files and files of other kinds are reported and left alone.
    codebook : Codebook
    person_key : bytes or None
        Key for person ids (`people.key_from_environment`); needed as soon as a table holds any.
    extract_on : date, optional
        Day on which the data were drawn; later event dates are flagged.
    mapping : Path, optional
        Mapping file; then exactly the sources that it names are read.
    progress : callable, optional
        Called as `progress(done, total, file)` before each file and at the end.
    work : Path, optional
        Where tables from text files of `files.LARGE` bytes and more are laid down, to be taken away by the caller;
        without it everything is held in memory.
    memory_limit : str, optional
        What the query engine may take to put such tables in order, as `engine.session`.

    Returns
    -------
    Ingested

    Raises
    ------
    InputError
        With all problems at once: no such folder, no table, broken or empty files, unknown encodings, headers without
        match, two files for one table, person ids without a key, and those of the mapping file.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise InputError(f"{folder.name}: the folder {what}; expected a folder with the office's files")
    problems: list[str] = []
    report: list[pa.Table] = []
    if mapping:
        located = find.mapped(folder, codebook, mapping, problems, in_parts=work is not None)
    else:
        located = find.recognised(folder, codebook, problems, report, in_parts=work is not None)
    by_table = _by_table(located, codebook)
    if not mapping:
        problems += _twice(by_table)
    problems += _without_key(by_table, person_key)
    read = {name: parts for name, parts in by_table.items() if person_key is not None or not _has_people(parts[0])}
    built, sources, checks, is_sound = {}, [], [], not problems
    # Large tables one after the other: together they would take as much memory as if they were held.
    with ThreadPoolExecutor(os.cpu_count()) as pool, ThreadPoolExecutor(1) as alone:
        jobs = {}
        for name, parts in read.items():
            if work is not None and any(one.sheet.parts for one in parts):
                jobs[name] = alone.submit(
                    _lay_down, parts, work / name, person_key, extract_on, memory_limit, is_sound=is_sound
                )
            else:
                jobs[name] = pool.submit(_read, parts, person_key, extract_on, is_sound=is_sound)
        names = dict.fromkeys(one.sheet.file for one in located)
        digests = {name: pool.submit(atomic.sha256, folder / name) for name in names}
        for done, (name, job) in enumerate(jobs.items()):
            if progress:
                progress(done, len(jobs), read[name][0].sheet.place)
            built[name], rows, found = job.result()
            sources += rows
            problems += found
            if not problems:
                checks.append(pool.submit(_checked, codebook[name], built[name].frame))
        if progress:
            progress(len(jobs), len(jobs), "")
        if problems:
            raise InputError(dict.fromkeys(problems))
        found = [part for one in built.values() for part in one.findings]
        found += [part for job in checks for part in job.result()]
        frames = {name: one.frame for name, one in built.items()}
        found += tables.references(
            codebook, {name: one for name, one in frames.items() if not isinstance(one, staged.Stored)}
        )
        if work is not None and any(isinstance(one, staged.Stored) for one in frames.values()):
            found += staged.references(codebook, frames, work, memory_limit)
        return _ingested(
            built, sources, [*report, *found], {name: one.result() for name, one in digests.items()}, codebook
        )


def _read(
    parts: list[Located], person_key: bytes | None, extract_on: date | None, *, is_sound: bool
) -> tuple[tables.Built | None, list[dict[str, object]], list[str]]:
    """Return the table, a row about each of its sheets, and what keeps it from being read.

    Where something else is wrong already (not `is_sound`), only further problems are looked for.
    """
    read, sources, problems = [], [], []
    for one in parts:
        try:
            read.append(records.read(one, person_key=person_key))
        except InputError as error:
            problems += error.problems
            continue
        sources.append(_source(one, len(read[-1].rows)))
    if problems or not is_sound:
        return None, sources, problems
    return tables.build(read, person_key=person_key, extract_on=extract_on), sources, problems


def _lay_down(
    parts: list[Located], where: Path, person_key: bytes | None, extract_on: date | None, memory_limit: str | None,
    *, is_sound: bool,
) -> tuple[tables.Built | None, list[dict[str, object]], list[str]]:  # fmt: skip
    """Return what `_read` returns for a table that is too large to be held."""
    if not is_sound:
        return None, [], []
    where.mkdir(parents=True)
    try:
        built, sizes = staged.build(
            parts, where, person_key=person_key, extract_on=extract_on, memory_limit=memory_limit
        )
    except InputError as error:
        return None, [], error.problems
    return built, [_source(one, size) for one, size in zip(parts, sizes, strict=True)], []


def _checked(table: Table, frame: pd.DataFrame | staged.Stored) -> list[pa.Table]:
    return staged.checks(table, frame) if isinstance(frame, staged.Stored) else [tables.checks(table, frame)]


def _by_table(located: list[Located], codebook: Codebook) -> dict[str, list[Located]]:
    names = [name for name in codebook.tables if any(one.table.name == name for one in located)]
    return {name: [one for one in located if one.table.name == name] for name in names}


def _twice(by_table: dict[str, list[Located]]) -> Iterator[str]:
    for name, parts in by_table.items():
        if len(parts) > 1:
            places = "; ".join(one.sheet.place for one in parts)
            yield (
                f"table '{name}' ({parts[0].table.name_zh}) is found {len(parts)} times: {places}. Take out all but "
                "one, or say in a mapping file that they belong together"
            )


def _has_people(located: Located) -> bool:
    return any(located.table[name].type == "person_id" for name in (*located.columns, *located.constants))


def _without_key(by_table: dict[str, list[Located]], key: bytes | None) -> Iterator[str]:
    named = [parts[0] for parts in by_table.values() if any(map(_has_people, parts))]
    if named and key is None:
        places = ", ".join(f"'{one.table.name}' ({one.sheet.place})" for one in named)
        yield (
            f"{len(named)} tables hold person ids, which are kept only as keyed hashes, and no key is set: {places}; "
            + (people.HOW_TO_MAKE_ONE)
        )


def _source(located: Located, rows: int) -> dict[str, object]:
    sheet = located.sheet
    header = located.header_row + sheet.first_row
    values = (located.table.name, sheet.file, sheet.sheet, sheet.encoding, header, rows, "")
    return dict(zip(ledger.SOURCES, values, strict=True))


def _ingested(
    built: dict[str, tables.Built],
    sources: list[dict[str, object]],
    found: list[pa.Table],
    digests: dict[str, str],
    codebook: Codebook,
) -> Ingested:
    whole = ledger.together(found, tuple(built))
    counts = [ledger.counts(name, len(one.frame), len(one.set_aside), whole) for name, one in built.items()]
    return Ingested(
        tables={name: one.frame for name, one in built.items()},
        ledger=whole,
        counts=pd.DataFrame(counts, columns=list(ledger.COUNTS)),
        sources=pd.DataFrame([row | {"sha256": digests[row["file"]]} for row in sources], columns=list(ledger.SOURCES)),
        set_aside={name: one.set_aside for name, one in built.items()},
        codebook=codebook,
    )
