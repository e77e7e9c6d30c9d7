"""The one door to the query engine: Parquet files in, lazy Ibis tables in between, ordered Parquet files out.

Everything from `ingested/` to `panel.parquet` is written once as Ibis expressions and runs on DuckDB or on Spark;
nothing in an expression may lean on one of them alone (no user functions, no back-references, no `hash()`, no in-memory
tables as data).
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from helpers import atomic, cells, paths
from helpers.errors import InputError, UsageError

Engine = Literal["duckdb", "spark"]
SPARK_MASTER: Final = "WULI_SPARK_MASTER"
MEMORY: Final = "WULI_MEMORY_GB"
_SPARK: Final = {
    "spark.sql.session.timeZone": "UTC", "spark.ui.enabled": "false", "spark.log.level": "ERROR",
    "spark.ui.showConsoleProgress": "false",
    # One order of rows for a folder of parts: sorted by range, one part after the other.
    "spark.sql.adaptive.enabled": "true", "spark.sql.shuffle.partitions": "8",
}  # fmt: skip
# The fastest that other tools can read; a longer dictionary than this is mostly given up after it was built.
_PARQUET = {"compression": "lz4_raw", "dictionary_size_limit": 4096}


_UNITS: Final = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
_NARROW: Final = 400 * 10**6


def _share() -> str | None:
    """Return the engine's share of `WULI_MEMORY_GB`: about half, for what Python and Arrow hold beside it."""
    text = os.environ.get(MEMORY)
    if not text:
        return None
    try:
        memory = float(text)
    except ValueError:
        memory = 0.0
    if not 0 < memory < float("inf"):
        raise UsageError(f"{MEMORY}: expected gigabytes of memory, such as 4; found '{text}'")
    return f"{round(1000 * max(0.16, min(memory / 2, memory - 0.4)))}MB"


def _bytes(memory_limit: str) -> float:
    return float(memory_limit[:-2]) * _UNITS[memory_limit[-2:].upper()]


@contextmanager
def session(
    *,
    engine: Engine = "duckdb",
    threads: int | None = None,
    memory_limit: str | None = None,
    spill_in: Path | None = None,
    in_order: bool = True,
) -> Iterator[ibis.BaseBackend]:
    """Open an empty engine through Ibis, and close it again, in the middle of a query too.

    Parameters
    ----------
    engine : {'duckdb', 'spark'}
        Spark runs in this process on all cores, or on the cluster whose address stands in `WULI_SPARK_MASTER`; it takes
        no `threads` and no `memory_limit`, but what its own settings say.
    threads : int, optional
        Number of threads; all cores when left out.
    memory_limit : str, optional
        As DuckDB reads it (`"4GB"`); beyond it, work is spilled to a folder of its own that only its owner can open.
        When left out, about half of the gigabytes in `WULI_MEMORY_GB`, if that is set.
    spill_in : Path, optional
        Where that folder is made; by default among the system's temporary files.
    in_order : bool, default True
        Keep rows in the order of their file where nothing else is said; without it, less memory is needed.

    Yields
    ------
    ibis.BaseBackend
        A connection of its own; two sessions share nothing (two of Spark share its process).

    Raises
    ------
    UsageError
        If Spark is asked for and pyspark or Java is not there, or `WULI_MEMORY_GB` is no number.
    InputError
        If work inside needs more memory than there is although it goes to disk.
    OSError
        If the disk is full, of spilled work too.
    """
    memory_limit = memory_limit or _share()
    if engine == "spark":
        yield from _spark()
        return
    with tempfile.TemporaryDirectory(prefix=".wuli-spill-", dir=spill_in) as spill:
        settings: dict[str, object] = {"temp_directory": spill, "preserve_insertion_order": in_order}
        if threads is not None:
            settings["threads"] = threads
        if memory_limit is not None:
            settings["memory_limit"] = memory_limit
            # Each thread holds buffers of its own, which a small limit does not allow for.
            settings |= {"threads": 1} if threads is None and _bytes(memory_limit) < _NARROW else {}
        connection = ibis.duckdb.connect(**settings)
        # A progress bar of the engine's own would end up in notebook outputs.
        connection.raw_sql("SET enable_progress_bar = false")
        try:
            yield connection
        except Exception as error:
            raise _in_words(error, memory_limit, Path(spill).parent) from error
        finally:
            # Closing waits for ever for a query that Ctrl-C has cut short, unless that one is told to end.
            connection.con.interrupt()
            connection.disconnect()


def _in_words(error: Exception, memory_limit: str | None, place: Path) -> Exception:
    """Return an engine's own error as what it means where it means a full disk or too little memory, else as it is."""
    told = str(error)
    # Also where the disk is full beyond what a spill may take of it, which the engine calls being out of memory.
    if os.strerror(errno.ENOSPC) in told or "max_temp_directory_size" in told:
        return error if isinstance(error, OSError) and error.errno else OSError(
            errno.ENOSPC, os.strerror(errno.ENOSPC), str(place)
        )
    if "Out of Memory Error" in told:
        given = f"its share of memory, {memory_limit}," if memory_limit else "the memory of this machine"
        return InputError(f"{given} is too little for the query engine to work on disk: allow more with --memory "
                          f"({MEMORY})")  # fmt: skip
    return error


def _spark() -> Iterator[ibis.BaseBackend]:
    if find_spec("pyspark") is None:
        raise UsageError("engine 'spark' needs pyspark: pip install '.[spark]', and Java 17 or later")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise UsageError("engine 'spark' needs Java 17 or later: on Debian, apt install openjdk-17-jre-headless")
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(os.environ.get(SPARK_MASTER, "local[*]"))
    for name, value in _SPARK.items():
        builder = builder.config(name, value)
    yield ibis.pyspark.connect(builder.getOrCreate())


def read(con: ibis.BaseBackend, path: Path) -> ir.Table:
    """Return the Parquet file at `path` as a lazy table.

    Raises
    ------
    InputError
        If there is no such file, or it is not Parquet.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{paths.relative(path)}: no such file; prepare the run's data first")
    try:
        # Spark writes folders of parts, which DuckDB takes by a pattern.
        return con.read_parquet(path / "*.parquet" if path.is_dir() and con.name == "duckdb" else path)
    except Exception as error:
        raise InputError(
            f"{paths.relative(path)}: cannot be read as Parquet ({type(error).__name__}); delete it and prepare the "
            "run's data again"
        ) from error


def write(expr: ir.Table, path: Path, *, order_by: Sequence[str], private: bool = False) -> int:
    """Run `expr` and write it to the Parquet file `path` in a stated row order.

    The file appears whole or not at all: it is written beside its place under another name, then renamed.

    Parameters
    ----------
    expr : ibis Table
        What to write.
    path : Path
        File to write; its folder is made when missing.
    order_by : sequence of str
        Columns that put the rows in one order only, normally the key; never empty.
    private : bool, default False
        Readable by the owner alone (mode 0600, its folder 0700), for anything derived from persons.

    Returns
    -------
    int
        Number of rows written.

    Raises
    ------
    OSError
        If the disk is full.
    """
    if not order_by:
        raise ValueError(f"{Path(path).name}: an order is needed, rows of an engine come in any order")
    with atomic.written(Path(path), private=private) as staged:
        _run(expr.order_by(*order_by), staged, path)
    return rows(path)


def stage(expr: ir.Table, path: Path, *, private: bool = False) -> int:
    """Write `expr` as `write` does, but in any order: for what is read again and deleted, where sorting is lost."""
    with atomic.written(Path(path), private=private) as staged:
        _run(expr, staged, path)
    return rows(path)


def write_as_it_comes(expr: ir.Table, path: Path, *, key: Sequence[str]) -> int | None:
    """Write `expr` as `write` does, but without sorting, which is half the work on a wide table.

    For what reads a file in order of its key row by row. What then comes out is looked at: unless every key is greater
    than the one before, nothing is written.

    Returns
    -------
    int or None
        Number of rows written; None if a key repeats, is missing, or comes in another order.
    """
    with atomic.written(Path(path)) as staged:
        _run(expr, staged, path)
        if staged.is_dir() or not _ascends(staged, key):
            # Parts of a folder are in no order.
            shutil.rmtree(staged) if staged.is_dir() else staged.unlink()
            return None
    return rows(path)


def _run(expr: ir.Table, staged: Path, path: Path) -> None:
    try:
        if _on_spark(expr):
            # Spark writes a folder of parts, and none where anything stands already.
            staged.unlink(missing_ok=True)
            expr.to_parquet(staged)
        else:
            expr.to_parquet(staged, **_PARQUET)
    except Exception as error:
        # An engine has errors of its own for what everything else reports as an OSError.
        if os.strerror(errno.ENOSPC) in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise


def _on_spark(expr: ir.Table) -> bool:
    return any(backend.name == "pyspark" for backend in expr._find_backends()[0])


def rows(path: Path) -> int:
    """Return how many rows a Parquet file, or a folder of its parts, holds."""
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    return sum(parquet.read_metadata(part).num_rows for part in parts)


def _ascends(path: Path, key: Sequence[str]) -> bool:
    keys = parquet.read_table(path, columns=list(key)).combine_chunks()
    ascends = pa.scalar(False)
    for name in reversed(key):
        values = keys.column(name)
        before, after = values.slice(0, max(0, len(values) - 1)), values.slice(1)
        ascends = pc.or_(pc.less(before, after), pc.and_(pc.equal(before, after), ascends))
    # A key of which a part is missing compares neither way.
    return bool(pc.all(pc.fill_null(ascends, False), min_count=0).as_py())


def write_csv(frame: pd.DataFrame, path: Path, *, private: bool = False) -> None:
    """Write `frame` to a CSV file as Excel opens it (UTF-8 with BOM, `cells.safe_frame`), whole or not at all."""
    with atomic.written(Path(path), private=private) as staged:
        cells.safe_frame(frame).to_csv(staged, index=False, encoding="utf-8-sig", lineterminator="\n")
