"""What was read goes to disk in two layers, whole or not at all.

Everything is first written to a hidden folder inside the run's, then moved in by renaming, so that a full disk leaves
the last good state as it was; what a killed process left there is taken away by the next. Whatever is about persons
lies in `restricted/`, which only its owner can open.
"""

import codecs
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from helpers.atomic import UNDER_WAY
from helpers.cells import safe_frame
from helpers.codebook import Table
from helpers.disclosure import MINIMUM_PERSONS
from helpers.errors import InputError
from helpers.ingest.folder import Ingested
from helpers.ingest.ledger import shown, shown_sources
from helpers.ingest.staged import ROW_GROUP, Stored

OPEN, RESTRICTED, SET_ASIDE = "ingested", "restricted", "set_aside"
BEFORE = "before"
_NAMES = (OPEN, RESTRICTED, SET_ASIDE, "problems.csv", "counts.csv", "sources.csv")


def write(ingested: Ingested, run_folder: Path) -> None:
    """Write the tables, the ledger and the counts of a run.

    Parameters
    ----------
    ingested : Ingested
    run_folder : Path
        Receives `ingested/`, `restricted/`, `set_aside/`, `problems.csv`, `counts.csv` and `sources.csv`; what it held
        under these names is replaced, everything else stays. The open `counts.csv` and `sources.csv` hide small counts
        of persons; in full they are in `restricted/`.

    Raises
    ------
    InputError
        If the disk is full or the folder may not be written; what stood there before is then unchanged.
    """
    stage: Path | None = None
    place = ""
    try:
        run_folder.mkdir(parents=True, exist_ok=True)
        with _alone(run_folder):
            _mend(run_folder)
            # Inside the target, because renaming works only within one file system.
            stage = Path(tempfile.mkdtemp(prefix=UNDER_WAY, dir=run_folder))
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                jobs = {
                    place: pool.submit(_write_one, stage / place, content)
                    for place, content in _contents(ingested).items()
                }
                for one, job in jobs.items():
                    place = one
                    job.result()
            place = ""
            _sync(stage)
            _move_in(stage, run_folder)
    except OSError as error:
        is_unharmed = stage is None or not (stage / BEFORE).exists()
        raise InputError(
            f"{run_folder.name}/{place}: cannot be written ({error.strerror or error}): free some space or mend the "
            "permissions of the folder, or set WULI_OUTPUT to another one; "
            + (
                "nothing written before was changed"
                if is_unharmed
                else f"the files of the last run are kept in {stage.name}/{BEFORE} until the next one puts them back"
            )
        ) from error
    finally:
        if stage is not None and not (stage / BEFORE).exists():
            shutil.rmtree(stage, ignore_errors=True)


def open_columns(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table as everyone may see it: no restricted columns, no counts of fewer than ten persons.

    Parameters
    ----------
    table : Table
        One that is not restricted as a whole.
    frame : DataFrame, shape (N, k)

    Returns
    -------
    DataFrame, shape (N, k - restricted columns)
    """
    hidden = [column.name for column in table.columns if column.sensitivity == "restricted" and column.name in frame]
    small = [
        column.name for column in table.columns if column.sensitivity == "restricted_below_10" and column.name in frame
    ]
    shown = {name: frame[name].mask((frame[name] < MINIMUM_PERSONS).fillna(False)) for name in small}
    return frame.drop(columns=hidden).assign(**shown)


def _contents(ingested: Ingested) -> dict[str, pd.DataFrame | Stored | Iterator[pd.DataFrame]]:
    """Return path within the run's folder -> content; a table that was not held is written part by part."""
    contents: dict[str, pd.DataFrame | Stored | Iterator[pd.DataFrame]] = {}
    for name, frame in ingested.tables.items():
        table = ingested.codebook[name]
        is_open = all(column.sensitivity == "open" for column in table.columns)
        if not table.is_restricted:
            seen = frame
            if not is_open and isinstance(frame, Stored):
                seen = map(partial(open_columns, table), frame.frames())
            elif not is_open:
                seen = open_columns(table, frame)
            contents[f"{OPEN}/{name}.parquet"] = seen
        if not is_open:
            contents[f"{RESTRICTED}/{name}.parquet"] = frame
        rows = ingested.set_aside.get(name)
        if rows is not None and len(rows):
            contents[f"{'' if is_open else RESTRICTED + '/'}{SET_ASIDE}/{name}.csv"] = rows
    public, private = _ledgers(ingested)
    contents["problems.csv"] = public
    contents[f"{RESTRICTED}/problems.csv"] = private
    of_persons = ingested.counts["table"].map(lambda name: ingested.codebook[name].is_restricted).astype(bool)
    counts, _ = shown(ingested.counts, of_persons, minimum=MINIMUM_PERSONS)
    contents["counts.csv"] = counts
    contents[f"{RESTRICTED}/counts.csv"] = ingested.counts
    contents["sources.csv"] = shown_sources(ingested.sources, counts, of_persons, minimum=MINIMUM_PERSONS)
    contents[f"{RESTRICTED}/sources.csv"] = ingested.sources
    return contents


def _ledgers(ingested: Ingested) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the open ledger and that of everything restricted; the open one keeps rules and rows, never values."""
    whole = ingested.ledger
    closed = {name for name in ingested.tables if ingested.codebook[name].is_restricted}
    columns = {
        (name, column.name)
        for name in ingested.tables
        for column in ingested.codebook[name].columns
        if column.sensitivity != "open"
    }
    places, named = pd.factorize(whole["table"] + "\t" + whole["column"])
    involved = [
        any((table, column) in columns for column in names.split(";"))
        for table, names in (place.split("\t", 1) for place in named)
    ]
    of_person_tables = whole["table"].isin(closed)
    private = of_person_tables | np.array(involved, dtype=bool)[places]
    public = whole[~of_person_tables].copy()
    public.loc[private[~of_person_tables], ["value", "result"]] = ""
    return public, whole[private]


def _write_one(path: Path, content: pd.DataFrame | Stored | Iterator[pd.DataFrame]) -> None:
    is_restricted = RESTRICTED in path.parts
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_restricted:
        path.parent.chmod(0o700)
    # Born with its final permissions: no moment in which others can open it.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if is_restricted else 0o644)
    with os.fdopen(handle, "wb") as stream:
        if isinstance(content, Stored):
            with content.path.open("rb") as source:
                shutil.copyfileobj(source, stream, 1 << 24)
        elif path.suffix == ".parquet":
            _write_parquet([content] if isinstance(content, pd.DataFrame) else content, stream)
        else:
            # Excel takes a CSV for UTF-8 by this mark alone.
            stream.write(codecs.BOM_UTF8)
            csv.write_csv(pa.Table.from_pandas(safe_frame(content), preserve_index=False), stream)
        stream.flush()
        os.fsync(stream.fileno())


def _write_parquet(frames: Iterable[pd.DataFrame], stream: BinaryIO) -> None:
    writer = None
    for frame in frames:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        if writer is None:
            few = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
            # A dictionary of codes is only built to be given up.
            writer = pq.ParquetWriter(
                stream, table.schema, compression="lz4", use_dictionary=few, write_statistics=False
            )
        # The engine reads groups of this size in parallel.
        writer.write_table(table, row_group_size=ROW_GROUP)
    if writer:
        writer.close()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _alone(run_folder: Path) -> Iterator[None]:
    """Hold the folder alone, so that what is under way in it was left by a process that was killed."""
    handle = os.open(run_folder, os.O_RDONLY)
    try:
        # The system lets go of it when the process ends, however it ends.
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _mend(run_folder: Path) -> None:
    """Take away what a killed process left; if it was stopped between two renames, undo the first ones."""
    for leftover in run_folder.glob(f"{UNDER_WAY}*"):
        if (leftover / BEFORE).is_dir():
            _put_back(leftover, run_folder)
        shutil.rmtree(leftover)


def _move_in(stage: Path, run_folder: Path) -> None:
    """Exchange old for new by renaming; put the old back if that fails midway."""
    kept = stage / BEFORE
    kept.mkdir()
    new: list[str] = []
    try:
        for name in _NAMES:
            if (run_folder / name).exists():
                (run_folder / name).rename(kept / name)
            if (stage / name).exists():
                (stage / name).rename(run_folder / name)
                new.append(name)
        _sync(run_folder)
        # From here on the new ones count.
        kept.rename(stage / "replaced")
    except OSError:
        _put_back(stage, run_folder, new)
        raise


def _put_back(stage: Path, run_folder: Path, new: Sequence[str] = ()) -> None:
    kept = stage / BEFORE
    for name in _NAMES:
        if (kept / name).exists():
            if (run_folder / name).exists():
                (run_folder / name).rename(stage / f"undone-{name}")
            (kept / name).rename(run_folder / name)
        elif name in new:
            (run_folder / name).rename(stage / f"undone-{name}")
    kept.rmdir()
