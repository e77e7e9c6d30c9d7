"""The tables that all implementations begin with: a number of enterprises and patents in, reading's Parquet out.

Run as `python -m benchmarks.scale.inputs FOLDER OUT` to read raw files; prints JSON.
"""

import json
import shutil
import sys
from pathlib import Path

from benchmarks.measure import Cost, Stages, process

EXTRACT_ON = "2024-12-31"


def prepare(folder: Path, *, enterprises: int, patents: int) -> Cost:
    """Write `ingested/enterprises.parquet` and `ingested/patents.parquet` into `folder`; return what reading took."""
    process("benchmarks.big_files", folder / "raw", enterprises, patents)
    cost, _ = process("benchmarks.scale.inputs", folder / "raw", folder)
    shutil.rmtree(folder / "raw")
    return cost


def read(raw: Path, out: Path) -> dict:
    """Read the raw files in `raw`, write the typed tables into `out`; return what each stage took."""
    from datetime import date

    from helpers import codebook, ingest

    timed, day, work = Stages(), date.fromisoformat(EXTRACT_ON), out / "work"
    work.mkdir()
    found = timed(
        "read",
        lambda: ingest.read_folder(raw, codebook=codebook.load(), person_key=None, extract_on=day, work=work),
    )
    timed("write", lambda: ingest.write(found, out))
    shutil.rmtree(work)
    return {"stages": timed.costs}


if __name__ == "__main__":
    print(json.dumps(read(*map(Path, sys.argv[1:]))))
