"""Sheets too large to be held in; the table in them out, on disk, as `tables.build` would have built it.

The texts are laid down once, part by part. Each part is then typed by itself, and what has to be known of all rows at
once, the order and the repeats of keys, is left to the query engine, which works on disk where memory ends.
"""

import itertools
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpers import engine
from helpers.codebook import Codebook, Table
from helpers.codebook.conditions import TABLE_RULES
from helpers.ingest import aside, ledger, tables
from helpers.ingest import records as reading
from helpers.ingest.header import Located
from helpers.ingest.records import Records
from helpers.ingest.values import says_has

ROW_GROUP = 122_880
_ROW, _POSITION = "_row", "_position"


@dataclass(frozen=True)
class Stored:
    """A typed table on disk, in order of key, as the frame of a table that is held in memory.

    Attributes
    ----------
    path : Path
        Its Parquet file.
    """

    path: Path

    def __len__(self) -> int:
        """Return the number of rows."""
        return pq.read_metadata(self.path).num_rows

    @property
    def columns(self) -> list[str]:
        """Return the names of the columns."""
        return pq.read_schema(self.path).names

    def frames(self) -> Iterator[pd.DataFrame]:
        """Yield the table, `ROW_GROUP` rows at a time; one without rows once."""
        with pq.ParquetFile(self.path) as stored:
            for number in range(stored.num_row_groups):
                yield stored.read_row_group(number).to_pandas()
            if not stored.num_row_groups:
                yield stored.read().to_pandas()

    def frame(self, columns: Sequence[str]) -> pd.DataFrame:
        """Return a few columns of all rows."""
        return pq.read_table(self.path, columns=list(columns)).to_pandas()


@dataclass(frozen=True)
class _Group:
    """A part of the texts as laid down: `located`, its file, and how many records come before it."""

    located: Located
    path: Path
    number: int
    start: int

    def records(self, words: frozenset[str]) -> Records:
        """Return the texts again."""
        with pq.ParquetFile(self.path) as stored:
            cells = stored.read_row_group(self.number)
        texts = {name: cells.column(name) for name in cells.column_names if name != _ROW}
        rows, is_first = cells.column(_ROW).to_numpy(), self.number == 0
        return Records(self.located, texts, rows, ledger.nothing(), aside.nothing(), words, is_first)


def build(
    located: Sequence[Located], folder: Path, *, person_key: bytes | None = None, extract_on: date | None = None,
    memory_limit: str | None = None,
) -> tuple[tables.Built, list[int]]:  # fmt: skip
    """Put the sheets of one table together on disk and decide about every row, as `tables.build`.

    Parameters
    ----------
    located : sequence of Located
        Sheets of one table, some of which come in parts.
    folder : Path
        Where everything is laid down; its files are the caller's to take away.
    memory_limit : str, optional
        Of the query engine.

    Returns
    -------
    Built
        Its `frame` is a `Stored`.
    list of int
        How many records each sheet holds.

    Raises
    ------
    InputError
        As `records.read`.
    """
    table = located[0].table
    findings: list[pa.Table] = []
    out: list[pd.DataFrame] = []
    groups, sizes, words = _lay_down(located, folder / "texts", person_key, findings, out)
    typed, stored = folder / "typed.parquet", Stored(folder / "table.parquet")
    schema, categories = _type(groups, words, typed, person_key, extract_on, findings, out)
    _put_by(findings, folder / "findings.arrow")
    with engine.session(memory_limit=memory_limit, spill_in=folder, in_order=False) as con:
        rows = engine.read(con, typed)
        several = rows.group_by(*table.key).agg(_rows=rows.count()).filter(ibis._._rows > 1)
        places = rows.semi_join(several, list(table.key)).order_by(_POSITION)[_POSITION].to_pandas()
        dropped = _repeats(groups, words, places.to_numpy(dtype=np.int64), person_key, extract_on, findings, out)
        ordered = con.to_pyarrow_batches(rows.order_by(*table.key), chunk_size=ROW_GROUP)
        _write(_without(ordered, dropped), schema, categories, stored.path)
    shutil.rmtree(folder / "texts")
    typed.unlink()
    findings.append(pa.ipc.open_file(pa.memory_map(str(folder / "findings.arrow"))).read_all())
    return tables.Built(stored, tuple(part for part in findings if len(part)), tables.put_aside(out, table)), sizes


def checks(table: Table, stored: Stored) -> list[pa.Table]:
    """Return ledger rows for everything in a stored table that the codebook does not allow."""
    found = [tables.checks(table, frame) for frame in stored.frames()]
    # What compares rows with each other needs all of them, but few of their columns.
    whole = {name for columns, _ in TABLE_RULES.get(table.name, {}).values() for name in columns}
    whole |= {column.name for column in table.columns if column.key == "UK"}
    if whole:
        found.append(tables.checks(table, stored.frame([*dict.fromkeys([*table.key, *whole, *tables.PROVENANCE])])))
    return found


def _lay_down(
    located: Sequence[Located], folder: Path, key: bytes | None, findings: list[pa.Table], out: list[pd.DataFrame]
) -> tuple[list[_Group], list[int], dict[int, frozenset[str]]]:
    """Write the texts of all sheets; return the groups of rows, the sizes of the sheets, and which columns say 有."""
    groups, sizes, words, start = [], [], {}, 0
    folder.mkdir()
    for place, sheet in enumerate(located):
        path, size, said = folder / f"{place}.parquet", 0, set()
        booleans = [column.name for column in sheet.table.columns if column.type == "boolean"]
        parts = reading.parts if sheet.sheet.parts else _whole
        writer = None
        try:
            for number, part in enumerate(parts(sheet, person_key=key)):
                findings.append(part.findings)
                out.append(part.set_aside)
                said |= {name for name in booleans if name in part.texts and says_has(part.texts[name])}
                cells = pa.table({**part.texts, _ROW: pa.array(part.rows)})
                writer = writer or pq.ParquetWriter(path, cells.schema, compression="lz4", use_dictionary=False)
                writer.write_table(cells, row_group_size=max(1, len(cells)))
                groups.append(_Group(sheet, path, number, start + size))
                size += len(part.rows)
                _trim()
        finally:
            if writer:
                writer.close()
        start += size
        sizes.append(size)
        words[id(sheet)] = frozenset(said)
    return groups, sizes, words


def _put_by(findings: list[pa.Table], path: Path) -> None:
    """Take findings out of memory while the engine needs it."""
    whole = pa.concat_tables([ledger.nothing(), *findings]).unify_dictionaries()
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, whole.schema) as writer:
        writer.write_table(whole)
    findings.clear()
    _trim()


def _trim() -> None:
    """Give freed memory back: the C library keeps it, scattered, and would hold a whole file after a few minutes."""
    pa.default_memory_pool().release_unused()


def _whole(located: Located, *, person_key: bytes | None) -> Iterator[Records]:
    yield reading.read(located, person_key=person_key)


def _type(
    groups: Sequence[_Group], words: dict[int, frozenset[str]], path: Path, key: bytes | None, extract_on: date | None,
    findings: list[pa.Table], out: list[pd.DataFrame],
) -> tuple[pa.Schema, dict[str, pa.Array]]:  # fmt: skip
    """Write every record with a key, typed, and its position; return how the table is stored, and its categories."""
    sheets = list({id(group.located): group.located.sheet for group in groups}.values())
    writer, schema, categories = None, None, {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            for group in groups:
                made = tables.typed(group.records(words[id(group.located)]), pool, key, extract_on, sheets)
                findings += made.findings
                out.append(made.set_aside)
                rows = pa.Table.from_pandas(made.frame, preserve_index=False)
                if writer is None:
                    schema = rows.schema
                    categories = {
                        name: pa.array(values.cat.categories, pa.large_string())
                        for name, values in made.frame.select_dtypes("category").items()
                    }
                    columns = schema.append(pa.field(_POSITION, pa.int64()))
                    writer = pq.ParquetWriter(path, columns, compression="lz4", use_dictionary=list(categories))
                places = pa.array(group.start + made.positions, pa.int64())
                writer.write_table(rows.append_column(_POSITION, places))
                _trim()
        finally:
            if writer:
                writer.close()
    return schema, categories


def _repeats(
    groups: Sequence[_Group], words: dict[int, frozenset[str]], rows: np.ndarray, key: bytes | None,
    extract_on: date | None, findings: list[pa.Table], out: list[pd.DataFrame],
) -> np.ndarray:  # fmt: skip
    """Decide about the records at `rows`, which share a key with another; return the positions of those taken out."""
    few, places = [], []
    starts = np.array([group.start for group in groups])
    for place in np.unique(np.searchsorted(starts, rows, side="right") - 1).tolist():
        part = groups[place].records(words[id(groups[place].located)])
        inside = rows[(rows >= starts[place]) & (rows < starts[place] + len(part.rows))] - starts[place]
        few.append(replace(part, texts=part.at(inside), rows=part.rows[inside]))
        places.append(inside + starts[place])
    if not few:
        return rows
    found = tables.repeated_rows(few, rows, key, extract_on)
    for part, mine in zip(few, places, strict=True):
        inside = found[found["position"].isin(mine)]
        inside = inside.assign(position=np.searchsorted(mine, inside["position"]))
        told, aside_rows = tables.taken_out(part, inside, key)
        findings.append(told)
        out.append(aside_rows)
    return np.sort(found["position"].to_numpy(dtype=np.int64))


def _without(batches: Iterable[pa.RecordBatch], dropped: np.ndarray) -> Iterator[pa.RecordBatch]:
    """Leave out the rows at the positions `dropped`; a join would take memory beside the sorting."""
    for batch in batches:
        positions = batch.column(_POSITION).to_numpy()
        yield batch.filter(pa.array(~np.isin(positions, dropped, assume_unique=True)))


def _write(
    batches: Iterator[pa.RecordBatch], schema: pa.Schema, categories: dict[str, pa.Array], path: Path
) -> None:
    """Write ordered rows as a table held in memory would be written: the same groups, types and categories."""
    few = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    with pq.ParquetWriter(path, schema, compression="lz4", use_dictionary=few, write_statistics=False) as writer:
        held: list[pa.RecordBatch] = []
        for batch in itertools.chain(batches, [None]):
            held += [] if batch is None else [batch]
            while (count := sum(map(len, held))) >= ROW_GROUP or (batch is None and count):
                rows = pa.Table.from_batches(held)
                writer.write_table(_as(rows.slice(0, ROW_GROUP), schema, categories), row_group_size=ROW_GROUP)
                held = rows.slice(ROW_GROUP).to_batches()
                _trim()


def _as(rows: pa.Table, schema: pa.Schema, categories: dict[str, pa.Array]) -> pa.Table:
    columns = []
    for field in schema:
        values = rows.column(field.name).combine_chunks()
        if pa.types.is_dictionary(field.type):
            allowed = categories[field.name]
            codes = pc.index_in(values.cast(allowed.type), value_set=allowed).cast(field.type.index_type)
            values = pa.DictionaryArray.from_arrays(codes, allowed, ordered=field.type.ordered)
        columns.append(values.cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def references(
    codebook: Codebook, built: dict[str, pd.DataFrame | Stored], folder: Path, memory_limit: str | None
) -> list[pa.Table]:
    """Return ledger rows for every reference from or to a stored table to a row that does not exist."""
    found = []
    with engine.session(memory_limit=memory_limit, spill_in=folder) as con:
        for name, rows in built.items():
            for column in codebook[name].columns:
                target, _, key = column.references.partition(".")
                if not any(isinstance(built.get(one), Stored) for one in (name, target)) or target not in built:
                    continue
                mine = _of(con, rows, [column.name, *tables.PROVENANCE]).rename(_value=column.name)
                mine = mine.mutate(_value=mine._value.cast("string")).drop_null("_value")
                theirs = _of(con, built[target], [key]).select(_value=lambda t, key=key: t[key].cast("string"))
                lost = mine.anti_join(theirs, "_value").to_pandas()
                found.append(
                    ledger.entries(
                        table=name, file=lost["source_file"].astype("str"), sheet=lost["source_sheet"].astype("str"),
                        row=lost["source_row"], column=column.name, value=lost["_value"].astype("str"),
                        rule="unknown_reference", action="flagged",
                    )
                )  # fmt: skip
    return found


def _of(con: ibis.BaseBackend, rows: pd.DataFrame | Stored, columns: list[str]) -> ir.Table:
    if isinstance(rows, Stored):
        return engine.read(con, rows.path).select(*columns)
    return ibis.memtable(rows[columns].astype({name: "str" for name in columns if name != "source_row"}))
