"""The job written by hand in SQL: the folder of a run in, its tables out by the script `by_sql.sql` beside this module.

Run as `python -m benchmarks.scale.by_sql FOLDER [MEMORY_LIMIT]`; prints JSON.
"""

import json
import sys
from contextlib import chdir
from pathlib import Path

import duckdb

from benchmarks.measure import Stages

SCRIPT = Path(__file__).with_suffix(".sql")


def main(folder: Path, memory_limit: str | None = None) -> dict:
    """Make the tables of the run in `folder`; return what each stage took and the numbers found on the way."""
    timed, numbers = Stages(), {}
    (folder / "clean").mkdir()
    with chdir(folder), duckdb.connect(config={"memory_limit": memory_limit} if memory_limit else {}) as con:
        for section in SCRIPT.read_text(encoding="utf-8").split("\n--- ")[1:]:
            name, script = section.split("\n", 1)
            numbers |= timed(name, lambda script=script: _run(con, script))
    return {"stages": timed.costs, "numbers": numbers}


def _run(con: duckdb.DuckDBPyConnection, script: str) -> dict[str, list[int | None]]:
    told = {}
    for statement in con.extract_statements(script):
        con.execute(statement)
        if statement.type == duckdb.StatementType.SELECT:
            what, *counts = con.fetchone()
            told |= {what: counts} if what else {}
    return told


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), *sys.argv[2:3])))
