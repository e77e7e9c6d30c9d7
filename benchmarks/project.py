"""The project's stages, timed one by one, in a process of its own.

Prints JSON. Run as `python -m benchmarks.project zone OUT` or `python -m benchmarks.project big FOLDER OUT`.
"""

import json
import secrets
import sys
from datetime import date
from pathlib import Path

from benchmarks.measure import Stages
from helpers import clean, codebook, engine, ingest, panel

EXTRACT_ON = date(2024, 12, 31)


def zone(out: Path) -> dict:
    """Prepare the default synthetic zone in `out`, as `wuli run` does."""
    from helpers import paths, simulate
    from helpers.link import codes
    from helpers.params import load

    timed, book = Stages(), codebook.load()
    run = load(paths.RUN_FILES / "zone.yml")
    days = {"extract_on": run.extract_on}
    made = timed(
        "simulate", lambda: simulate.zone(seed=run.seed, firms=run.data.firms, scenario=run.data.scenario)
    )
    timed(
        "dirt",
        lambda: simulate.write_office_files(
            made.tables, out / "raw", codebook=book, seed=run.seed, dirt=run.data.dirt
        ),
    )
    key = secrets.token_bytes(32)
    found = timed("read", lambda: ingest.read_folder(out / "raw", codebook=book, person_key=key, **days))
    timed("write", lambda: ingest.write(found, out))
    timed("clean", lambda: clean.build(out, codebook=book, **days))
    timed("panel", lambda: panel.build(out, first_year=run.first_year, last_year=run.last_year, **days))
    with engine.session() as con:
        timed("link", lambda: codes.by_code(con, out, codebook=book))
    return {"stages": timed.costs}


def big(folder: Path, out: Path) -> dict:
    """Read, write and clean the files of `folder` and count patents by firm, year and type into `out`."""
    timed, book = Stages(), codebook.load()
    rows = _ingest(timed, folder, out, book)
    timed("clean", lambda: clean.build(out, codebook=book, extract_on=EXTRACT_ON))
    timed("counts", lambda: _counts(out))
    return {"stages": timed.costs, "rows": rows}


def _ingest(timed: Stages, folder: Path, out: Path, book: codebook.Codebook) -> dict[str, int]:
    found = timed(
        "read", lambda: ingest.read_folder(folder, codebook=book, person_key=None, extract_on=EXTRACT_ON)
    )
    timed("write", lambda: ingest.write(found, out))
    return {f"{row.table}_read": row.rows_read for row in found.counts.itertuples()}


def _counts(out: Path) -> None:
    with engine.session() as con:
        patents, enterprises = (
            engine.read(con, out / "clean" / f"{name}.parquet") for name in ("patents", "enterprises")
        )
        counts = panel.counts_by_firm_year(patents, enterprises)
        engine.write(counts, out / "counts.parquet", order_by=("uscc", "year", "patent_type"))


if __name__ == "__main__":
    which, *places = sys.argv[1:]
    print(json.dumps({"zone": zone, "big": big}[which](*map(Path, places))))
