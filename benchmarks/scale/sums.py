"""What an implementation wrote, as numbers: the folder of a run in, rows and one number over all cells a table out.

The order of rows counts, but for a folder of parts, which has none and is sorted by its key first. Columns that hold
nothing because no table for them was supplied are not looked at in the panel. Run as
`python -m benchmarks.scale.sums FOLDER`; prints JSON.
"""

import json
import sys
from pathlib import Path
from typing import Final

import duckdb

from benchmarks.checksums import ENTERPRISES, ENTERPRISES_ADDED, PATENTS, PATENTS_ADDED, all_cells

_KINDS: Final = ("invention", "utility", "design")
# Table -> its key and its columns; shares are sums of fractions, which differ in their last digits.
TABLES: Final = {
    "clean/enterprises": (
        ("uscc",),
        (*ENTERPRISES, *ENTERPRISES_ADDED, "former_names", "scale_since", "listed", "group_id", "area_id", "grid_id",
         "source_file", "source_sheet"),
    ),
    "clean/patents": (
        ("application_no",),
        (*PATENTS, *PATENTS_ADDED, "applicants_raw", "published_on::DATE", "ipc_main", "citations",
         "extracted_on::DATE", "source_file", "source_sheet"),
    ),
    "panel": (
        ("uscc", "year"),
        ("uscc", "year", "industry_code", "industry_2digit", "above_scale", "control_type", "group_id", "area_id",
         "grid_id", "founded_on::DATE", "exit_on::DATE", "entry_year", "scale_since", "is_private", "is_analysable",
         "status_on::DATE", "is_operating", "age_years", "is_balanced", "is_balanced_with_figures",
         *(column for kind in _KINDS for column in (
             f"patents_{kind}", f"round(patents_{kind}_fractional, 6)", f"patents_{kind}_acquired",
             f"patents_{kind}_is_complete"))),
    ),
    "counts": (
        ("uscc", "year", "patent_type"),
        ("uscc", "year", "patent_type", "patents", "round(patents_fractional, 6)"),
    ),
}  # fmt: skip


def of_folder(folder: Path) -> dict[str, list[int]]:
    """Return of each table in `folder` the number of its rows and a number made of all its cells and their order."""
    with duckdb.connect() as con:
        # What another engine calls a moment is read in the zone of the session.
        con.execute("SET TimeZone = 'UTC'")
        return {
            table: list(con.sql(f"SELECT count(*), {all_cells(columns)} FROM ({_rows(folder, table, key)})").fetchone())
            for table, (key, columns) in TABLES.items()
            if (folder / f"{table}.parquet").exists()
        }


def _rows(folder: Path, table: str, key: tuple[str, ...]) -> str:
    path = folder / f"{table}.parquet"
    if path.is_dir():
        place = f"row_number() OVER (ORDER BY {', '.join(key)}) - 1"
        return f"SELECT *, {place} AS file_row_number FROM read_parquet('{path}/*.parquet')"
    return f"FROM read_parquet('{path}', file_row_number = true)"


def differences(runs: dict[str, dict[str, list]]) -> list[str]:
    """Return a line for each number in which an implementation differs from the first one.

    Parameters
    ----------
    runs : dict
        Name of the implementation -> what the numbers are of -> the numbers.
    """
    first, *others = runs
    lines = []
    for other in others:
        for what in dict.fromkeys([*runs[first], *runs[other]]):
            here, there = runs[first].get(what, "missing"), runs[other].get(what, "missing")
            lines += [f"{what}: {here} by {first}, {there} by {other}"] if here != there else []
    return lines


if __name__ == "__main__":
    print(json.dumps(of_folder(Path(sys.argv[1]))))
