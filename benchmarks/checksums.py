"""What a side wrote, as numbers: its files in, checksums out; two sides that did the same have the same."""

from pathlib import Path

import duckdb

ENTERPRISES = (
    "uscc", "name_zh", "founded_on::DATE", "status", "exit_on::DATE", "reg_type", "control_type", "industry_code",
    "above_scale", "operating",
)  # fmt: skip
ENTERPRISES_ADDED = (
    "source_row", "name_key", "is_private", "is_analysable", "is_ever_analysable", "industry_2digit", "entry_year",
    "exit_year", "is_exit_unknown",
)  # fmt: skip
PATENTS = (
    "application_no", "patent_type", "uscc", "filed_on::DATE", "granted_on::DATE", "legal_status", "inventor_count",
)  # fmt: skip
PATENTS_ADDED = (
    "source_row", "publications", "type_from_number", "type_disagrees", "is_number_valid", "filing_year",
    "filing_month::DATE", "applicant_count", "is_visible",
)  # fmt: skip
COUNTS = ("uscc", "year", "patent_type", "patents")


def all_cells(columns: tuple[str, ...]) -> str:
    """Return SQL for one number made of every cell and `file_row_number`, so that the order of rows counts as well."""
    cells = ", ".join(f"coalesce(({column})::VARCHAR, '-')" for column in columns)
    return f"bit_xor(hash(concat_ws('|', file_row_number, {cells})))"


def _days(column: str) -> str:
    return f"sum({column}::DATE - DATE '1970-01-01')"


_TABLES = (
    f"""
    SELECT count(*) AS "enterprises kept", {_days("founded_on")} AS "days of founding",
        {_days("exit_on")} AS "days of exit", count(status) AS statuses, count(reg_type) AS "registration types",
        count(control_type) AS "control types", count(industry_code) AS "industry codes",
        count(above_scale) AS "scale classes", count_if(operating) AS "enterprises operating",
        {all_cells(ENTERPRISES)} AS "enterprises, all cells"
    FROM {{enterprises}}
    """,
    f"""
    SELECT count(*) AS "patents kept", count(uscc) AS "patents with code",
        count_if(uscc IN (SELECT uscc FROM {{enterprises}})) AS "patents matched",
        count(legal_status) AS "legal statuses", sum(inventor_count) AS inventors,
        {_days("filed_on")} AS "days of filing", {_days("granted_on")} AS "days of grant",
        {all_cells(PATENTS)} AS "patents, all cells"
    FROM {{patents}}
    """,
    f"""
    SELECT count(*) AS "firm-years", sum(patents) AS "patents counted", sum(patents * patents) AS "sum of squares",
        {all_cells(COUNTS)} AS "counts, all cells"
    FROM {{counts}}
    """,
)  # fmt: skip
_ADDED = (
    f"""SELECT {all_cells(ENTERPRISES_ADDED)} AS "enterprises, all added cells" FROM {{enterprises}}""",
    f"""SELECT {all_cells(PATENTS_ADDED)} AS "patents, all added cells" FROM {{patents}}""",
    """SELECT round(sum(patents_fractional)) AS "patents by share" FROM {counts}""",
)
_CELLS = """
    SELECT count_if(rule = 'mended') AS "{table}, cells mended",
        count_if(rule = 'left_out') AS "{table}, cells left out",
        count_if(rule = 'bad_check_digit') AS "{table}, wrong check digits",
        count_if(rule = 'unknown_reference') AS "{table}, references to nobody",
        bit_xor(hash(concat_ws('|', "row", "column", "value", rule, CASE rule WHEN 'mended' THEN result END)))
            AS "{table}, the list of these"
    FROM ({cells}) WHERE rule IS NOT NULL
"""
# The project names many ways of mending, and says of a row set aside which of its cells could not be read.
_PROJECT_CELLS = """
    SELECT "row", "column", "value", result, CASE
        WHEN rule IN ('bad_check_digit', 'unknown_reference') THEN rule
        WHEN action = 'repaired' THEN 'mended'
        WHEN action = 'nulled' THEN 'left_out'
        WHEN action = 'set_aside' AND rule NOT LIKE 'duplicate%' AND "value" <> '' THEN 'left_out'
        END AS rule
    FROM read_csv('{folder}/problems.csv', all_varchar = true) WHERE "table" = '{table}'
"""
_SCRIPT_CELLS = """
    SELECT "row", "column", "value", result, rule FROM read_csv('{folder}/{table}_cells.csv', all_varchar = true)
"""


def of_project(folder: Path) -> dict[str, int]:
    """Return the checksums of what the project wrote into `folder`, by name."""
    clean = folder / "clean"
    files = {"enterprises": clean / "enterprises.parquet", "patents": clean / "patents.parquet"}
    lists = {table: folder / "set_aside" / f"{table}.csv" for table in files}
    return _of(files | {"counts": folder / "counts.parquet"}, _PROJECT_CELLS, lists, folder)


def of_script(folder: Path, *, lean: bool = False) -> dict[str, int]:
    """Return the checksums of what the script wrote into `folder`; of a lean one, those of the tables alone."""
    files = {name: folder / f"{name}.parquet" for name in ("enterprises", "patents", "counts")}
    lists = {} if lean else {table: folder / f"{table}_set_aside.csv" for table in ("enterprises", "patents")}
    return _of(files, _SCRIPT_CELLS, lists, folder)


def _of(files: dict[str, Path], cells: str, lists: dict[str, Path], folder: Path) -> dict[str, int]:
    sources = {name: f"read_parquet('{path}', file_row_number = true)" for name, path in files.items()}
    queries = [query.format(**sources) for query in (*_TABLES, *(_ADDED if lists else ()))]
    for table, path in lists.items():
        queries.append(_CELLS.format(table=table, cells=cells.format(folder=folder, table=table)))
        queries.append(f"""SELECT count(*) AS "{table}, rows set aside" FROM read_csv('{path}', all_varchar = true)""")
    found: dict[str, int] = {}
    with duckdb.connect() as con:
        for query in queries:
            result = con.sql(query)
            found |= {name: int(value or 0) for name, value in zip(result.columns, result.fetchone(), strict=True)}
    return found


def differences(ours: dict[str, int], theirs: dict[str, int]) -> list[str]:
    """Return a line for each checksum in which the project and the script differ."""
    return [
        f"{name}: {ours.get(name, 'missing')} in the project, {theirs.get(name, 'missing')} in the script"
        for name in dict.fromkeys([*ours, *theirs])
        if ours.get(name) != theirs.get(name)
    ]
