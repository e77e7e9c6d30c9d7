"""Clean tables, panel and counts at several sizes, by the project and by hand: time, memory, growth, equal results."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from benchmarks.measure import Cost, process
from benchmarks.scale import inputs, tell
from benchmarks.scale.sums import differences
from benchmarks.scale.tell import LABELS, PROJECT, Run
from helpers.engine import MEMORY

SIZES: Final = (13_000, 1_000_000, 10_000_000)
NEEDS: Final = {"polars": "polars", "pandas": "pandas", "spark": "pyspark"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return 1 if an implementation comes to other results than the project."""
    asked = _parser().parse_args(arguments)
    os.environ[MEMORY] = f"{asked.memory}"
    sizes = [SIZES[0]] if asked.quick else sorted(set(asked.sizes))
    names = [name for name in LABELS if name not in asked.without and _is_there(name)]
    runs: dict[int, dict[str, list[Run]]] = {}
    is_wrong = False
    with tempfile.TemporaryDirectory(prefix="wuli-scale-", dir=asked.folder) as folder:
        for firms in sizes:
            place = Path(folder) / str(firms)
            _tell(f"reading {firms:,} enterprises and {firms:,} patents")
            ingest = inputs.prepare(place, enterprises=firms, patents=firms)
            runs[firms], numbers, wrong = _measure(place, names, asked.repeats, asked.memory)
            _print(tell.costs(firms, runs[firms], ingest))
            _print(tell.ratios(runs[firms]))
            _print(tell.agreement(firms, numbers, wrong))
            is_wrong = is_wrong or bool(wrong)
            shutil.rmtree(place)
    _print(tell.growth(runs))
    return 1 if is_wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N",
                        help="enterprises, and as many patents (default 13000 1000000 10000000)")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help=f"{SIZES[0]:,} enterprises alone")
    parser.add_argument("--without", nargs="+", default=[], choices=[name for name in LABELS if name != PROJECT],
                        help="implementations to leave out")  # fmt: skip
    parser.add_argument("--repeats", type=int, default=1, help="how often each runs, in turn (default 1)")
    parser.add_argument("--memory", type=float, default=4.0, metavar="GB",
                        help="most memory of the project from raw files to panel (default 4), half of it DuckDB's, "
                        "as for SQL by hand; beyond it, work goes to disk")  # fmt: skip
    parser.add_argument("--folder", type=Path, help="where to work, with some 10 GB of room (default: temporary)")
    return parser


def _is_there(name: str) -> bool:
    if name not in NEEDS or find_spec(NEEDS[name]):
        return True
    print(f"left out: {LABELS[name]}, for {NEEDS[name]} is not installed")
    return False


def _measure(
    place: Path, names: list[str], repeats: int, memory: float
) -> tuple[dict[str, list[Run]], dict[str, dict[str, list]], list[str]]:
    """Run each implementation in turn, the next turn after all; what each wrote is summed up and deleted at once."""
    runs: dict[str, list[Run]] = {name: [] for name in names}
    numbers: dict[str, dict[str, list]] = {}
    wrong: list[str] = []
    for turn in range(1, repeats + 1):
        for name in names:
            _tell(f"{LABELS[name]}, {turn} of {repeats}")
            run, numbers[name] = _run(place / name, place / "ingested", name, memory)
            runs[name].append(run)
        wrong += [line for line in differences(numbers) if line not in wrong]
    return runs, numbers, wrong


def _run(folder: Path, ingested: Path, name: str, memory: float) -> tuple[Run, dict[str, list]]:
    folder.mkdir()
    (folder / "ingested").symlink_to(ingested, target_is_directory=True)
    limit = [f"{memory / 2}GB"] if name == "sql" else []
    backend = {PROJECT: ["duckdb"], "spark": ["spark"]}.get(name, [])
    module = "by_project" if backend else f"by_{name}"
    whole, told = process(f"benchmarks.scale.{module}", folder, *backend, *limit, sampled=name == "spark")
    _, sums = process("benchmarks.scale.sums", folder)
    shutil.rmtree(folder)
    return Run(whole, {stage: Cost(*cost) for stage, cost in told["stages"].items()}), told["numbers"] | sums


def _print(lines: Sequence[str]) -> None:
    print("\n".join(lines), flush=True)


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
