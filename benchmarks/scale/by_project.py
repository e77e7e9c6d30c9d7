"""The job as the project does it: the folder of a run in, its tables out, on DuckDB or on Spark.

Run as `python -m benchmarks.scale.by_project FOLDER duckdb|spark [clean]`; prints JSON.
"""

import json
import sys
from datetime import date
from pathlib import Path

import pandas as pd

from benchmarks.measure import Stages
from helpers import clean, codebook, engine, panel

EXTRACT_ON = date(2024, 12, 31)
YEARS = {"first_year": 2013, "last_year": 2023}
STEPS = {"base": "base", "patents": "patents to firm-years", "firms_with_patents": "patents to firms"}
COUNTED = ["left_rows", "right_rows", "matched", "right_unmatched", "rows_out"]


def main(folder: Path, backend: engine.Engine, *, is_clean_alone: bool = False) -> dict:
    """Make the tables of the run in `folder`; return what each stage took and the numbers found on the way."""
    timed, days = Stages(), {"extract_on": EXTRACT_ON}
    found = timed("clean", lambda: clean.build(folder, codebook=codebook.load(), backend=backend, **days))
    if is_clean_alone:
        return {"stages": timed.costs, "numbers": _found(found)}
    joins = timed("panel", lambda: panel.build(folder, base="analysable", backend=backend, **YEARS, **days))
    timed("counts", lambda: _counts(folder, backend))
    return {"stages": timed.costs, "numbers": _found(found) | _joined(joins)}


def _counts(folder: Path, backend: engine.Engine) -> None:
    with engine.session(engine=backend) as con:
        filings, firms = (engine.read(con, folder / "clean" / f"{name}.parquet") for name in ("patents", "enterprises"))
        counts = panel.counts_by_firm_year(filings, firms)
        engine.write(counts, folder / "counts.parquet", order_by=("uscc", "year", "patent_type"))


def _found(counts: pd.DataFrame) -> dict[str, list[int]]:
    told = counts[counts["measure"] != "rows_in"]
    return {table: rows["count"].tolist() for table, rows in told.groupby("table")}


def _joined(joins: pd.DataFrame) -> dict[str, list[int | None]]:
    rows = joins.set_index("step").loc[list(STEPS), COUNTED].astype("object")
    rows = rows.where(rows.notna(), None)
    return {STEPS[step]: list(values) for step, values in zip(rows.index, rows.to_numpy(), strict=True)}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], is_clean_alone=sys.argv[3:] == ["clean"])))
