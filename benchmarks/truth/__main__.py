"""Estimate what the project estimates on panels whose truth is known, and say how often it is right.

`python -m benchmarks.truth --seeds 500 --out DIR` draws and estimates (it resumes where it stopped);
`--summarise DIR` writes the tables of docs/truth.md from what is there.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.truth import store, summary, tell
from benchmarks.truth.estimates import STUDY
from helpers import plan
from helpers.tables.truth import FOLDER, results

SIZES = (264, 131, 1000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study, or summarise one."""
    asked = _parser().parse_args(arguments)
    if asked.summarise is not None:
        summary.write(FOLDER, store.read(asked.summarise), plan.load(STUDY).rules)
        document = tell.filled(tell.DOCUMENT.read_text(encoding="utf-8"), results())
        tell.DOCUMENT.write_text(document, encoding="utf-8")
        print(f"{tell.DOCUMENT}\n{FOLDER}")
        return 0
    store.run(asked.out, sizes=asked.sizes, seeds=asked.seeds, workers=asked.workers, niceness=asked.nice)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth", description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, help="panels of each scenario and size (default 500)")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="firms of a panel, in this order")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--nice", type=int, default=10, help="how far they stand back behind others (default 10)")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path, help="folder of the study's rows")
    where.add_argument("--summarise", type=Path, metavar="DIR", help="write the tables from the rows in DIR")
    return parser


if __name__ == "__main__":
    sys.exit(main())
