"""Typed tables in, clean tables out: normalised codes, one row a filing, spells, and what all later rooms need.

columns         expressions that clean one column
enterprises     who is private, who is analysable, match keys
patents         one row a filing; owners with shares
awards          software works; certificates and the continuous status they give
coverage        organisation spells cut to the life of organisation and firm
tickets         requests resolved across channels
spells          overlapping spells merged

Every other open table passes through with the codebook's columns, order and types.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from helpers import engine
from helpers.clean import awards, coverage, enterprises, patents, tickets
from helpers.clean.columns import conform
from helpers.errors import InputError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from helpers.codebook import Codebook

_MEASURES: Final[dict[str, Callable[[ir.Table], dict]]] = {
    "enterprises": enterprises.measures,
    "patents": patents.measures,
    "patent_owners": patents.owner_measures,
    "software_copyrights": awards.software_measures,
    "certifications": awards.certification_measures,
    "org_coverage": coverage.measures,
    "service_tickets": tickets.measures,
}
_RANKED: Final[dict[str, Callable[[ir.Table], ir.Table]]] = {
    "patent_owners": patents.patent_owners,
    "software_copyrights": awards.software_copyrights,
    "certifications": awards.certifications,
    "service_tickets": tickets.service_tickets,
}


def build(
    run_folder: Path, *, codebook: Codebook, extract_on: date | str, backend: engine.Engine = "duckdb",
    threads: int | None = None, memory_limit: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Write `clean/<table>.parquet` for every table in `ingested/` of the run, and `clean/counts.csv`.

    Parameters
    ----------
    run_folder : Path
        The run's folder of derived data.
    codebook : Codebook
        Columns, order and types.
    extract_on : date or str
        Day on which the registers were extracted (ISO when text).
    backend, threads, memory_limit
        As `engine.session`.

    Returns
    -------
    DataFrame
        Columns `table`, `measure`, `count`: rows in and out of every table and what was found in it.

    Raises
    ------
    InputError
        If nothing was ingested, or a key repeats once codes are normalised (all tables at once).
    """
    run_folder = Path(run_folder)
    with engine.session(engine=backend, threads=threads, memory_limit=memory_limit, spill_in=run_folder) as con:
        return _build(con, run_folder, codebook=codebook, extract_on=str(extract_on)[:10])


def _build(con, run_folder: Path, *, codebook: Codebook, extract_on: str) -> pd.DataFrame:
    import pandas as pd

    raw = {
        name: conform(engine.read(con, run_folder / "ingested" / f"{name}.parquet"), table)
        for name, table in codebook.tables.items()
        if (run_folder / "ingested" / f"{name}.parquet").exists()
    }
    if not raw:
        raise InputError("ingested/: no table of the codebook is there; read the input first")
    folder, counts, problems = run_folder / "clean", [], []
    clean = {}
    for name, rows in raw.items():
        key, path = codebook[name].key, folder / f"{name}.parquet"
        plain = _row_by_row(name, rows, extract_on=extract_on)
        rows_out = None if plain is None else engine.write_as_it_comes(plain, path, key=key)
        is_unique = rows_out is not None
        if rows_out is None:
            rows_out = engine.write(_expression(name, raw, extract_on=extract_on), path, order_by=key)
        clean[name] = engine.read(con, path)
        problems += [] if is_unique else _repeated_keys(clean[name], name, key)
        counts += [(name, "rows_in", engine.rows(run_folder / "ingested" / path.name)), (name, "rows_out", rows_out)]
        if name in _MEASURES and rows_out:
            # The sum of a column without any value is no number, but none of its rows counts.
            sums = {measure: count.fill_null(0) for measure, count in _MEASURES[name](clean[name]).items()}
            found = clean[name].agg(**sums).execute().iloc[0]
            counts += [(name, measure, int(count)) for measure, count in found.items()]
    if problems:
        shutil.rmtree(folder)
        raise InputError(problems)
    for name, (expr, key) in _spell_tables(clean).items():
        counts.append((name, "rows_out", engine.write(expr, folder / f"{name}.parquet", order_by=key)))
    frame = pd.DataFrame(counts, columns=["table", "measure", "count"])
    engine.write_csv(frame, folder / "counts.csv")
    return frame


def _row_by_row(name: str, rows: ir.Table, *, extract_on: str) -> ir.Table | None:
    """Return the clean rows where each comes from one raw row, in the same order; None for what joins or ranks rows.

    Patents are taken for filings of one publication each: those of several then repeat their number.
    """
    match name:
        case "enterprises":
            return enterprises.enterprises(rows)
        case "patents":
            return patents.patents(rows, extract_on=extract_on, is_single=True)
    return None if name == "org_coverage" or name in _RANKED else rows


def _expression(name: str, raw: dict[str, ir.Table], *, extract_on: str) -> ir.Table:
    match name:
        case "patents":
            return patents.patents(raw[name], extract_on=extract_on)
        case "org_coverage":
            return coverage.org_coverage(raw[name], raw.get("party_orgs"), raw.get("enterprises"))
    if name in _RANKED:
        return _RANKED[name](raw[name])
    return _row_by_row(name, raw[name], extract_on=extract_on)


def _spell_tables(clean: dict[str, ir.Table]) -> dict[str, tuple[ir.Table, tuple[str, ...]]]:
    tables = {}
    if "certifications" in clean:
        tables["certification_spells"] = (
            awards.certification_spells(clean["certifications"]),
            ("uscc", "cert_type", "from_on"),
        )
    if "org_coverage" in clean:
        tables["org_spells"] = (coverage.org_spells(clean["org_coverage"]), ("uscc", "from_on"))
    return tables


def _repeated_keys(rows: ir.Table, name: str, key: tuple[str, ...]) -> list[str]:
    if "publications" in rows.columns:
        # A filing in one row only cannot repeat.
        rows = rows.filter(rows.publications > 1)
    repeated = rows.group_by(*key).agg(rows=rows.count())
    repeated = repeated.filter(repeated.rows > 1).order_by(*key)
    found = repeated.execute()
    if found.empty:
        return []
    shown = "; ".join(" ".join(str(part) for part in row[:-1]) for row in found.head(3).itertuples(index=False))
    return [
        f"table '{name}': {len(found)} keys ({', '.join(key)}) stand more than once after codes are normalised, in "
        f"{int(found['rows'].sum())} rows, e.g. {shown}; correct or remove the repeats in the office's file"
    ]
