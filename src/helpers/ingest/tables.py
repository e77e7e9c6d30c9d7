"""Located sheets in, one typed table out, with the ledger of what was found and the rows that were set aside."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.codebook import Codebook, Column, Table
from helpers.codebook.check import check_references, check_rows
from helpers.errors import InputError
from helpers.ingest import aside, ledger
from helpers.ingest.header import Located
from helpers.ingest.people import pseudonymise
from helpers.ingest.screen import Screened, screen
from helpers.ingest.sheets import Body, Changed
from helpers.ingest.values import WHOLE_COLUMN, parse_column

PROVENANCE = ("source_file", "source_sheet", "source_row")
_MOSTLY = 0.5


@dataclass(frozen=True)
class Sheet:
    """The records of one sheet: parsed columns beside the texts that they came from.

    Attributes
    ----------
    located : Located
    texts : pyarrow.Table, shape (N, k)
        Cells as found, columns named as in the codebook.
    rows : ndarray of int64, shape (N,)
        1-based rows in the file.
    frame : DataFrame, shape (N, K)
        All columns of the table, typed; person ids are keyed hashes.
    findings : tuple of DataFrame
        Ledger rows.
    faults : DataFrame
        `position`, `rule`, `column` of records that cannot be kept.
    no_records : DataFrame
        Rows set aside before parsing: sums, and those of a wrong number of fields.
    """

    located: Located
    texts: pa.Table
    rows: np.ndarray
    frame: pd.DataFrame
    findings: tuple[pd.DataFrame, ...]
    faults: pd.DataFrame
    no_records: pd.DataFrame


@dataclass(frozen=True)
class Built:
    """One table: `frame` (kept rows), `findings` (parts of the ledger), `set_aside` (rows as text)."""

    frame: pd.DataFrame
    findings: tuple[pd.DataFrame, ...]
    set_aside: pd.DataFrame


def read_sheet(located: Located, *, person_key: bytes | None, extract_on: date | None = None) -> Sheet:
    """Parse the records of one located sheet.

    Raises
    ------
    InputError
        If most of the rows do not have the number of fields of the header.
    """
    table = located.table
    lead = [0] if 0 not in located.forbidden else []
    positions = sorted({*lead, *located.columns.values()})
    body = located.sheet.read(located.first, positions, located.last)
    screened = screen(located, body)
    _check_shape(located, body, screened)
    rows, cells = body.rows, body.cells
    if not screened.keep.all():
        rows, cells = rows[screened.keep], cells.filter(pa.array(screened.keep))
    texts = {name: cells.column(str(position)) for name, position in located.columns.items()}
    for name, text in located.constants.items():
        texts[name] = pa.chunked_array([pa.repeat(pa.scalar(text, pa.string()), len(rows))])
    kept_text = pa.table({column.name: texts[column.name] for column in table.columns if column.name in texts})

    parsed, faults = {}, []
    findings = [_about_sheet(located, body, screened)]
    # Arrow and numpy let go of the interpreter, so that columns are read side by side.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {
            column.name: pool.submit(_parse, located, column, texts.get(column.name), len(rows), extract_on)
            for column in table.columns
        }
    for column in table.columns:
        values, found = jobs[column.name].result()
        if column.name not in texts:
            parsed[column.name] = values
            continue
        if column.type == "person_id":
            values, found = _hashed(values, found, table, person_key)
        parsed[column.name] = values
        if column.key == "PK" or column.required:
            found, fault = _policy(values, found, column)
            faults.append(fault)
        if len(found):
            findings.append(_in_ledger(found, located, column, rows))
    frame = pd.DataFrame(parsed, copy=False)
    every_fault = pd.concat(faults, ignore_index=True) if faults else aside.no_faults()
    totals = _texts(located, body.cells).take(pa.array(screened.totals, pa.int64()))
    rules = ["total_row"] * len(totals)
    sums = aside.as_text(located, totals, body.rows[list(screened.totals)], rules, [""] * len(totals), person_key)
    no_records = pd.concat([sums, aside.ragged(located, screened.ragged)], ignore_index=True)
    return Sheet(located, kept_text, rows, frame, tuple(findings), every_fault, no_records)


def build(sheets: Sequence[Sheet], *, person_key: bytes | None = None) -> Built:
    """Put the sheets of one table together and decide about every row.

    Rows whose key or a required value is missing or unreadable, later copies of a row, and all rows that share a key
    but differ are set aside; everything else is kept, with its findings.
    """
    table = sheets[0].located.table
    findings = [part for sheet in sheets for part in sheet.findings]
    out = [sheet.no_records for sheet in sheets]
    out += [_faulty_rows(sheet, sheet.faults, person_key) for sheet in sheets if len(sheet.faults)]
    frames = [_with_provenance(sheet) for sheet in sheets]
    whole = frames[0] if len(frames) == 1 else _stacked(frames)
    repeated = aside.duplicates(whole, table)
    starts = np.cumsum([0, *(len(frame) for frame in frames)])
    for start, sheet, frame in zip(starts, sheets, frames, strict=False):
        inside = repeated[(repeated["position"] >= start) & (repeated["position"] < start + len(frame))]
        if not len(inside):
            continue
        own = inside.assign(position=frame.index.to_numpy()[inside["position"].to_numpy() - start])
        out.append(_faulty_rows(sheet, own, person_key))
        findings.append(_repeated_findings(sheet, own, table))
    if len(repeated):
        whole = _without(whole, repeated["position"])
    whole = whole.reset_index(drop=True)
    set_aside = pd.concat([part for part in out if len(part)] or out[:1], ignore_index=True)
    columns = [name for name in (*aside.COLUMNS, *table.column_names) if name in set_aside]
    set_aside = set_aside[columns].sort_values(["file", "sheet", "row"], kind="stable", ignore_index=True)
    return Built(whole, tuple(findings), set_aside)


def checks(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return ledger rows for everything in a built table that the codebook does not allow."""
    return _checked(frame, check_rows(table, frame), table)


def references(codebook: Codebook, frames: dict[str, pd.DataFrame]) -> list[pd.DataFrame]:
    """Return ledger rows for every reference to a row that does not exist."""
    found = check_references(codebook, frames)
    return [_checked(frames[name], rows, codebook[name]) for name, rows in found.groupby("table", sort=False)]


def _parse(
    located: Located, column: Column, texts: pa.ChunkedArray | None, length: int, extract_on: date | None
) -> tuple[pd.Series, pd.DataFrame]:
    parsed = parse_column(
        pa.nulls(length, pa.string()) if texts is None else texts,
        column,
        unit=located.units.get(column.name),
        extract_on=extract_on,
        pad=located.pads.get(column.name),
    )
    return parsed.values, parsed.findings  # noqa: PD011


def _hashed(values: pd.Series, found: pd.DataFrame, table: Table, key: bytes | None):
    if key is None:
        raise InputError(f"table '{table.name}' holds person ids, and no key for them was given")
    # Ids must not reach the ledger; which row and rule is enough to find one in the source.
    return pseudonymise(values, key), found.assign(value="", result="")


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


def _in_ledger(found: pd.DataFrame, located: Located, column: Column, rows: np.ndarray) -> pd.DataFrame:
    positions = found["position"].to_numpy(dtype=np.int64)
    header = located.header_row + located.sheet.first_row
    numbers = np.where(positions == WHOLE_COLUMN, header, rows[positions] if len(rows) else header)
    return ledger.entries(
        table=located.table.name,
        file=located.sheet.file,
        sheet=located.sheet.sheet,
        row=numbers,
        column=column.name,
        value=found["value"],
        rule=found["rule"],
        action=found["action"],
        result=found["result"],
    )


def _about_sheet(located: Located, body: Body, screened: Screened) -> pd.DataFrame:
    """Return the facts about the sheet as a whole: what was skipped, what stands in no column, what was filled."""
    header = located.header_row + located.sheet.first_row
    told = [(row + located.sheet.first_row, "", text, "title_row", "reported", "") for row, text in located.titles]
    told += [
        (header, located.header[at], located.header[at], "unmapped_column", "reported", "") for at in located.unmapped
    ]
    told += [
        (header, located.header[at], located.header[at], "forbidden_column", "reported", "") for at in located.forbidden
    ]
    told += [
        (header, column.name, "", "missing_column", "reported", "")
        for column in located.table.columns
        if column.name not in located.columns and column.name not in located.constants
    ]
    told += [(row, "", text, rule, "reported", "") for row, rule, text in screened.told]
    told += [(int(body.rows[at]), "", "", "total_row", "set_aside", "") for at in screened.totals]
    told += [
        (row.row, "", f"{row.fields} fields instead of {row.expected}", "ragged_row", "set_aside", "")
        for row in screened.ragged
    ]
    names = {position: name for name, position in located.columns.items()}
    told += [
        (one.row, names[one.position], *_told(one, located.table[names[one.position]]))
        for one in body.changed
        if one.position in names
    ]
    if not screened.keep.any():
        told.append((header, "", "", "no_rows", "reported", ""))
    row, column, value, rule, action, result = zip(*told, strict=True) if told else ((),) * 6
    return ledger.entries(
        table=located.table.name,
        file=located.sheet.file,
        sheet=located.sheet.sheet,
        row=list(row),
        column=list(column),
        value=[" ".join(text.split()) for text in value],
        rule=list(rule),
        action=list(action),
        result=list(result),
    )


def _told(changed: Changed, column: Column) -> tuple[str, str, str, str]:
    is_person = column.type == "person_id"
    before, after = ("", "") if is_person else (changed.before, changed.after)
    return before, changed.rule, "repaired", after


def _check_shape(located: Located, body: Body, screened: Screened) -> None:
    ragged, total = len(screened.ragged), len(screened.ragged) + int(screened.keep.sum())
    if ragged and ragged > _MOSTLY * total:
        first = screened.ragged[0]
        raise InputError(
            f"{located.sheet.place}: {ragged:,} of {total:,} rows do not have the {first.expected} fields of the "
            f"header in row {located.header_row + 1} (row {first.row} has {first.fields}): give the header every "
            "column, put quotation marks around cells that hold the delimiter, and export the file again"
        )


def _texts(located: Located, cells: pa.Table) -> pa.Table:
    return pa.table({name: cells.column(str(position)) for name, position in located.columns.items()})


def _faulty_rows(sheet: Sheet, faults: pd.DataFrame, key: bytes | None) -> pd.DataFrame:
    reasons: dict[int, tuple[dict, dict]] = {}
    for position, rule, column in zip(faults["position"].tolist(), faults["rule"], faults["column"], strict=True):
        rules, columns = reasons.setdefault(position, ({}, {}))
        rules[rule] = columns[column] = None
    positions = np.array(sorted(reasons), dtype=np.int64)
    rules, columns = ([";".join(reasons[one][part]) for one in positions.tolist()] for part in (0, 1))
    texts = sheet.texts.take(pa.array(positions))
    return aside.as_text(sheet.located, texts, sheet.rows[positions], rules, columns, key)


def _repeated_findings(sheet: Sheet, repeated: pd.DataFrame, table: Table) -> pd.DataFrame:
    located = sheet.located
    positions = repeated["position"].to_numpy(dtype=np.int64)
    first, *others = (sheet.frame[name].iloc[positions].astype("str") for name in table.key)
    return ledger.entries(
        table=table.name,
        file=located.sheet.file,
        sheet=located.sheet.sheet,
        row=sheet.rows[positions],
        column=repeated["column"],
        value=first.str.cat(others, sep=";") if others else first,
        rule=repeated["rule"],
        action="set_aside",
    )


def _checked(frame: pd.DataFrame, found: pd.DataFrame, table: Table) -> pd.DataFrame:
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


def _with_provenance(sheet: Sheet) -> pd.DataFrame:
    located, length = sheet.located, len(sheet.frame)
    places = {
        "source_file": pd.Categorical.from_codes(np.zeros(length, dtype=np.int8), [located.sheet.file]),
        "source_sheet": pd.Categorical.from_codes(np.zeros(length, dtype=np.int8), [located.sheet.sheet]),
        "source_row": sheet.rows,
    }
    frame = sheet.frame.assign(**places)
    return _without(frame, sheet.faults["position"]) if len(sheet.faults) else frame


def _without(frame: pd.DataFrame, positions: pd.Series) -> pd.DataFrame:
    keep = np.ones(len(frame), dtype=bool)
    keep[positions] = False
    return frame[keep]


def _stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    frames = [frame.astype({"source_file": "str", "source_sheet": "str"}) for frame in frames]
    whole = pd.concat(frames, ignore_index=True)
    return whole.astype({"source_file": "category", "source_sheet": "category"})
