"""What a side wrote, as numbers: Parquet files in, checksums out; two sides that did the same have the same."""

from pathlib import Path

import duckdb


def _all_cells(*columns: str) -> str:
    """Return SQL for one number made of every cell and the place of its row, so that order counts as well."""
    cells = ", ".join(f"coalesce(({column})::VARCHAR, '-')" for column in columns)
    return f"bit_xor(hash(concat_ws('|', file_row_number, {cells})))"


def _days(column: str) -> str:
    return f"sum({column}::DATE - DATE '1970-01-01')"


QUERIES = (
    f"""
    SELECT count(*) AS "enterprises kept", {_days("founded_on")} AS "days of founding",
        {_days("exit_on")} AS "days of exit", count(status) AS statuses, count(reg_type) AS "registration types",
        count(control_type) AS "control types", count(industry_code) AS "industry codes",
        count(above_scale) AS "scale classes", count_if(operating) AS "enterprises operating",
        {_all_cells("uscc", "name_zh", "founded_on::DATE", "status", "exit_on::DATE", "reg_type", "control_type",
                    "industry_code", "above_scale", "operating")} AS "enterprises, all cells"
    FROM {{enterprises}}
    """,
    f"""
    SELECT count(*) AS "patents kept", count(uscc) AS "patents with code",
        count_if(uscc IN (SELECT uscc FROM {{enterprises}})) AS "patents matched",
        count(legal_status) AS "legal statuses", sum(inventor_count) AS inventors,
        {_days("filed_on")} AS "days of filing", {_days("granted_on")} AS "days of grant",
        {_all_cells("application_no", "patent_type", "uscc", "filed_on::DATE", "granted_on::DATE", "legal_status",
                    "inventor_count")} AS "patents, all cells"
    FROM {{patents}}
    """,
    f"""
    SELECT count(*) AS "firm-years", sum(patents) AS "patents counted", sum(patents * patents) AS "sum of squares",
        {_all_cells("uscc", "year", "patent_type", "patents")} AS "counts, all cells"
    FROM {{counts}}
    """,
)  # fmt: skip


def of(**files: Path) -> dict[str, int]:
    """Return the checksums of the Parquet files `enterprises`, `patents` and `counts` of one side, by name."""
    sources = {name: f"read_parquet('{path}', file_row_number = true)" for name, path in files.items()}
    found: dict[str, int] = {}
    with duckdb.connect() as con:
        for query in QUERIES:
            result = con.sql(query.format(**sources))
            found |= {name: int(value or 0) for name, value in zip(result.columns, result.fetchone(), strict=True)}
    return found


def differences(ours: dict[str, int], theirs: dict[str, int]) -> list[str]:
    """Return a line for each checksum in which the project and the script differ."""
    return [
        f"{name}: {ours.get(name, 'missing')} in the project, {theirs.get(name, 'missing')} in the script"
        for name in dict.fromkeys([*ours, *theirs])
        if ours.get(name) != theirs.get(name)
    ]
