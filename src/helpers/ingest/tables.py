"""The records of one table's sheets in, one typed table out, with what was found and the rows that were set aside.

Which rows stay, and in which order, is known once the key and the required columns are read. Every other column is then
parsed, put in order and let go of, without looking at the rest: the texts of a large file and its typed columns are
never in memory together.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.codebook import Codebook, Column, Table
from helpers.codebook.check import check_references, check_rows
from helpers.codebook.model import LIST_SEPARATOR
from helpers.errors import InputError
from helpers.ingest import aside, ledger
from helpers.ingest.order import by_key
from helpers.ingest.people import pseudonymise
from helpers.ingest.records import Records
from helpers.ingest.sheets import RawSheet
from helpers.ingest.values import WHOLE_COLUMN, missing, parse_column

PROVENANCE = ("source_file", "source_sheet", "source_row")
# Values are read into the column's type, set or pattern, or left out; a wrong check digit is reported on the way.
_SEEN_IN_READING = frozenset({"wrong_type", "missing_required", "unknown_category", "bad_format", "bad_check_digit"})


@dataclass(frozen=True)
class Built:
    """One table: `frame` (kept rows by key), `findings` (parts of the ledger), `set_aside` (rows as text)."""

    frame: pd.DataFrame
    findings: tuple[pa.Table, ...]
    set_aside: pd.DataFrame


@dataclass(frozen=True)
class _Read:
    """A column of the records of all sheets, typed; ledger rows, and for each sheet the records that it rules out."""

    column: pd.Series
    findings: list[pa.Table]
    faults: list[pd.DataFrame]


def build(parts: Sequence[Records], *, person_key: bytes | None = None, extract_on: date | None = None) -> Built:
    """Put the sheets of one table together and decide about every row; their texts are used up.

    Rows whose key or a required value is missing or unreadable, later copies of a row, and all rows that share a key
    but differ are set aside; everything else is kept, with its findings, in order of key.
    """
    table = parts[0].located.table
    # Arrow and numpy let go of the interpreter, so that columns are read side by side.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        first = {
            column.name: pool.submit(_read, parts, column, person_key, extract_on)
            for column in table.columns
            if column.key == "PK" or column.required
        }
        read = {name: job.result() for name, job in first.items()}
        starts = np.cumsum([0, *(len(part.rows) for part in parts)])
        faults = [pd.concat([one.faults[place] for one in read.values()]) for place in range(len(parts))]
        keep = np.ones(starts[-1], dtype=bool)
        for start, fault in zip(starts, faults, strict=False):
            keep[start + fault["position"].to_numpy(dtype=np.int64)] = False
        order, is_repeated = by_key([read[name].column for name in table.key], keep)
        few, rows = at(parts, starts, np.sort(order[is_repeated]))
        repeated = repeated_rows(few, rows, person_key, extract_on)
        keep[repeated["position"]] = False
        order = order[keep[order]]
        findings, out = [part.findings for part in parts], [part.set_aside for part in parts]
        for part, start, fault in zip(parts, starts, faults, strict=False):
            inside = repeated[repeated["position"].between(start, start + len(part.rows) - 1)]
            inside = inside.assign(position=inside["position"] - start)
            findings.append(_repeated_findings(part, inside, table))
            why = pd.concat([fault, inside[["position", "rule", "column"]]], ignore_index=True)
            out.append(_rows_aside(part, why, person_key))
        jobs = {
            column.name: pool.submit(
                _in_order, parts, column, order, read.pop(column.name, None), person_key, extract_on
            )
            for column in table.columns
        }
        columns = {}
        for name, job in jobs.items():
            columns[name], found = job.result()
            findings += found
    frame = pd.DataFrame(columns | _provenance(parts, order), copy=False)
    return Built(frame, tuple(part for part in findings if len(part)), put_aside(out, table))


def put_aside(parts: Sequence[pd.DataFrame], table: Table) -> pd.DataFrame:
    """Return the rows that were set aside as one table, in the order of the files."""
    whole = pd.concat([rows for rows in parts if len(rows)] or parts[:1], ignore_index=True)
    named = [name for name in (*aside.COLUMNS, *table.column_names) if name in whole]
    return whole[named].sort_values(["file", "sheet", "row"], kind="stable", ignore_index=True)


@dataclass(frozen=True)
class Typed:
    """A part of a table: the records that have a key, their `positions` in the part, and what was found."""

    frame: pd.DataFrame
    positions: np.ndarray
    findings: list[pa.Table]
    set_aside: pd.DataFrame


def typed(
    part: Records, pool: ThreadPoolExecutor, key: bytes | None, extract_on: date | None, sheets: Sequence[RawSheet]
) -> Typed:
    """Type a part of a table by itself; repeats of keys are left to whoever knows all parts.

    Parameters
    ----------
    sheets : sequence of RawSheet
        Of all parts, `part`'s own among them, so that provenance is of the same type in each.
    """
    columns = part.located.table.columns
    jobs = {column.name: pool.submit(_read, [part], column, key, extract_on) for column in columns}
    read = {name: job.result() for name, job in jobs.items()}
    faults = pd.concat([one.faults[0] for one in read.values()], ignore_index=True)
    keep = np.ones(len(part.rows), dtype=bool)
    keep[faults["position"].to_numpy(dtype=np.int64)] = False
    positions = np.flatnonzero(keep)
    kept = {name: one.column if keep.all() else one.column.take(positions) for name, one in read.items()}
    at_sheet = np.full(len(positions), [sheet is part.located.sheet for sheet in sheets].index(True), dtype=np.int16)
    origin = _titles(sheets, at_sheet) | {"source_row": pd.Series(part.rows[positions])}
    frame = pd.DataFrame({name: values.reset_index(drop=True) for name, values in (kept | origin).items()}, copy=False)
    findings = [found for one in read.values() for found in one.findings]
    return Typed(frame, positions, findings, _rows_aside(part, faults, key))


def taken_out(part: Records, repeated: pd.DataFrame, key: bytes | None) -> tuple[pa.Table, pd.DataFrame]:
    """Return ledger rows and texts of the records of a part that `repeated_rows` takes out."""
    told = _repeated_findings(part, repeated, part.located.table)
    return told, _rows_aside(part, repeated[["position", "rule", "column"]], key)


def checks(table: Table, frame: pd.DataFrame) -> pa.Table:
    """Return ledger rows for everything in a built table that the codebook does not allow."""
    return _checked(frame, check_rows(table, frame, but=_SEEN_IN_READING), table)


def references(codebook: Codebook, frames: dict[str, pd.DataFrame]) -> list[pa.Table]:
    """Return ledger rows for every reference to a row that does not exist."""
    found = check_references(codebook, frames)
    return [_checked(frames[name], rows, codebook[name]) for name, rows in found.groupby("table", sort=False)]


def _read(parts: Sequence[Records], column: Column, key: bytes | None, extract_on: date | None) -> _Read:
    values, findings, faults = [], [], []
    for part in parts:
        texts = part.texts.get(column.name)
        if texts is None:
            values.append(missing(column, len(part.rows)))
            faults.append(aside.no_faults())
            continue
        one, found = _parse(part, column, texts, key, extract_on)
        fault = aside.no_faults()
        if column.key == "PK" or column.required:
            found, fault = _policy(one, found, column)
        values.append(one)
        findings.append(_in_ledger(found, part, column))
        faults.append(fault)
    whole = values[0] if len(values) == 1 else pd.concat(values, ignore_index=True)
    return _Read(whole, findings, faults)


def _parse(
    part: Records, column: Column, texts: pa.ChunkedArray, key: bytes | None, extract_on: date | None
) -> tuple[pd.Series, pd.DataFrame]:
    unit, pad = part.located.units.get(column.name), part.located.pads.get(column.name)
    has_words = None if part.words is None else column.name in part.words
    parsed = parse_column(texts, column, unit=unit, extract_on=extract_on, pad=pad, has_words=has_words)
    values, found = parsed.values, parsed.findings  # noqa: PD011
    if not part.is_first:
        found = found[found["position"] != WHOLE_COLUMN]
    if column.type != "person_id":
        return values, found
    if key is None:
        raise InputError(f"table '{column.table}' holds person ids, and no key for them was given")
    # Ids must not reach the ledger; which row and rule is enough to find one in the source.
    return pseudonymise(values, key), found.assign(value="", result="")


def _in_order(
    parts: Sequence[Records],
    column: Column,
    order: np.ndarray,
    read: _Read | None,
    key: bytes | None,
    extract_on: date | None,
) -> tuple[pd.Series, list[pa.Table]]:
    """Return the kept values of one column in order, and ledger rows; its texts are let go of."""
    if not any(column.name in part.texts for part in parts):
        return missing(column, len(order)), []
    read = read or _read(parts, column, key, extract_on)
    for part in parts:
        part.texts.pop(column.name, None)
    return read.column.take(order).reset_index(drop=True), read.findings


def _provenance(parts: Sequence[Records], order: np.ndarray) -> dict[str, pd.Series]:
    sizes = [len(part.rows) for part in parts]
    place = np.arange(len(parts), dtype=np.int16)
    # Of one sheet alone, which is nearly always, nothing has to be looked up.
    places = np.zeros(len(order), dtype=np.int16) if len(parts) == 1 else np.repeat(place, sizes)[order]
    rows = np.concatenate([part.rows for part in parts])[order]
    return _titles([part.located.sheet for part in parts], places) | {"source_row": pd.Series(rows)}


def _titles(sheets: Sequence[RawSheet], places: np.ndarray) -> dict[str, pd.Series]:
    """Return the file and sheet of each row, whose sheet stands at `places` among all sheets of the table."""
    columns = {}
    for name, titles in zip(PROVENANCE, ([one.file for one in sheets], [one.sheet for one in sheets]), strict=False):
        codes, categories = pd.factorize(np.array(titles, dtype=object), sort=True)
        codes = codes.astype(np.int16).take(places)
        columns[name] = pd.Series(pd.Categorical.from_codes(codes, pd.Index(categories, dtype="str"), validate=False))
    return columns


def at(parts: Sequence[Records], starts: np.ndarray, rows: np.ndarray) -> tuple[list[Records], np.ndarray]:
    """Return the records at ascending positions `rows` of all, part by part, and those positions."""
    few = []
    for part, start in zip(parts, starts, strict=False):
        positions = rows[(rows >= start) & (rows < start + len(part.rows))] - start
        few.append(replace(part, texts=part.at(positions), rows=part.rows[positions]))
    return few, rows


def repeated_rows(
    few: Sequence[Records], rows: np.ndarray, key: bytes | None, extract_on: date | None
) -> pd.DataFrame:
    """Decide about the rows that share a key, as `aside.duplicates`; only they are parsed for it."""
    table = few[0].located.table
    held = [column for column in table.columns if any(column.name in part.texts for part in few)]
    frame = pd.DataFrame({column.name: _read(few, column, key, extract_on).column for column in held})
    return aside.duplicates(frame, rows, table)


def _policy(values: pd.Series, found: pd.DataFrame, column: Column) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Set aside the row where a key or required cell has no value."""
    lost = np.flatnonzero(values.isna())
    if not len(lost):
        return found, aside.no_faults()
    nulled = found[(found["action"] == "nulled") & (found["position"] != WHOLE_COLUMN)]
    found = found.assign(action=found["action"].mask(found.index.isin(nulled.index), "set_aside"))
    rules = nulled.drop_duplicates("position").set_index("position")["rule"].reindex(lost)
    faults = pd.DataFrame(
        {"position": lost, "rule": rules.fillna("missing_required").to_numpy(), "column": column.name}
    )
    blank = lost[rules.isna().to_numpy()]
    added = pd.DataFrame(
        {"position": blank, "value": "", "rule": "missing_required", "action": "set_aside", "result": ""}
    )
    return pd.concat([part for part in (found, added) if len(part)], ignore_index=True), faults


def _in_ledger(found: pd.DataFrame, part: Records, column: Column) -> pa.Table:
    sheet, rows = part.located.sheet, part.rows
    positions = found["position"].to_numpy(dtype=np.int64)
    header = part.located.header_row + sheet.first_row
    numbers = np.where(positions == WHOLE_COLUMN, header, rows[positions] if len(rows) else header)
    return ledger.entries(
        table=column.table,
        file=sheet.file,
        sheet=sheet.sheet,
        row=numbers,
        column=column.name,
        value=found["value"],
        rule=found["rule"],
        action=found["action"],
        result=found["result"],
    )


def _rows_aside(part: Records, faults: pd.DataFrame, key: bytes | None) -> pd.DataFrame:
    """Return the rows with a fault as text, each with all its rules and columns."""
    reasons: dict[int, tuple[dict, dict]] = {}
    for position, rule, column in zip(faults["position"].tolist(), faults["rule"], faults["column"], strict=True):
        rules, columns = reasons.setdefault(position, ({}, {}))
        rules[rule] = columns[column] = None
    positions = np.array(sorted(reasons), dtype=np.int64)
    rules, columns = ([LIST_SEPARATOR.join(reasons[one][which]) for one in positions.tolist()] for which in (0, 1))
    return aside.as_text(part.located, part.at(positions), part.rows[positions], rules, columns, key)


def _repeated_findings(part: Records, repeated: pd.DataFrame, table: Table) -> pa.Table:
    return ledger.entries(
        table=table.name,
        file=part.located.sheet.file,
        sheet=part.located.sheet.sheet,
        row=part.rows[repeated["position"].to_numpy(dtype=np.int64)],
        column=repeated["column"],
        value=repeated["key"],
        rule=repeated["rule"],
        action="set_aside",
    )


def _checked(frame: pd.DataFrame, found: pd.DataFrame, table: Table) -> pa.Table:
    """Return the findings of a check as ledger rows; the form of a person id is lost in its hash, so untested."""
    people = {column.name for column in table.columns if column.type == "person_id"}
    found = found[~(found["column"].isin(people) & found["rule"].isin(["bad_format"])) & found["row_index"].notna()]
    places = frame.loc[found["row_index"].astype("int64"), list(PROVENANCE)]
    return ledger.entries(
        table=table.name,
        file=places["source_file"].astype("str"),
        sheet=places["source_sheet"].astype("str"),
        row=places["source_row"],
        column=found["column"],
        value=found["value"].astype("str").fillna(""),
        rule=found["rule"],
        action="flagged",
    )
