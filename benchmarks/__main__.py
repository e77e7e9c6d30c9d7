"""Measure every stage of the default zone and of big files, and models, with ratios to other programs."""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmarks import checksums, curve, fits, staggered, wild
from benchmarks.measure import Cost, process

_NO_SPLINK = "splink is not installed: it comes with the lock (requirements.txt) or the extra `bench`"
# Of each model the sizes it is measured at, with --quick the second list: rows, or firms of ten years.
MODELS = {
    "fits": (fits.main, [["100000"], ["1000000"]], [["20000"]]),
    "curve": (curve.main, [["500", "264"], ["500", "2000"]], [["40", "60"]]),
    "wild": (wild.main, [["264"]], [["60"]]),
    "staggered": (staggered.main, [["13470"]], [["300", "--draws", "99"]]),
}
FULL, QUICK = (1_000_000, 3_000_000), (20_000, 60_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return 1 if the project and another program disagree."""
    asked = _parser().parse_args(arguments)
    if asked.only in (None, "big") and find_spec("polars") is None:
        sys.exit("polars is not installed: it comes with the lock (requirements.txt), or leave it out by --only")
    if asked.only == "splink" and find_spec("splink") is None:
        sys.exit(_NO_SPLINK)
    enterprises, patents = QUICK if asked.quick else FULL
    status = 0
    with tempfile.TemporaryDirectory(prefix="wuli-benchmark-") as folder:
        if asked.only in (None, "zone"):
            _zone(Path(folder))
        if asked.only in (None, "index"):
            _index(*((100, 20) if asked.quick else (1_000, 200)))
        if asked.only in (None, "links"):
            _links(asked.names, 4_000 if asked.quick else 40_000)
        if asked.only in (None, "splink"):
            _splink(asked.names, 1_000 if asked.quick else 5_000)
        if asked.only in (None, *MODELS):
            status |= _models([asked.only] if asked.only else MODELS, asked.repeats, is_quick=asked.quick)
        if asked.only in (None, "big"):
            status |= _big(
                Path(folder), asked.enterprises or enterprises, asked.patents or patents,
                asked.repeats or (1 if asked.quick else 3),
            )  # fmt: skip
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=("zone", "index", "links", "splink", *MODELS, "big"),
                        help="leave the other parts out")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="20,000 enterprises, 60,000 patents, once")
    parser.add_argument("--enterprises", type=_count, help=f"rows of the register (default {FULL[0]:,})")
    parser.add_argument("--patents", type=_count, help=f"rows of the patent list (default {FULL[1]:,})")
    parser.add_argument("--names", type=Path, help="CSV of full names of firms for --only links or splink, else "
                        "made ones")  # fmt: skip
    parser.add_argument("--repeats", type=_count, help="how often each side runs, in turn (default 3)")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found '{text}'")
    return int(text)


def _models(names: Iterable[str], repeats: int | None, *, is_quick: bool) -> int:
    status = 0
    for name in names:
        measure, sizes, small = MODELS[name]
        for size in small if is_quick else sizes:
            _tell(f"{name} {' '.join(size)}")
            status |= measure([*size, "--repeats", str(repeats or (1 if is_quick else 5))])
    return status


def _zone(folder: Path) -> None:
    _tell("the default zone")
    out = folder / "zone"
    out.mkdir()
    whole, result = process("benchmarks.project", "zone", out)
    _print_table("The default zone", [result["stages"]], [whole])


def _index(many: int, few: int) -> None:
    _tell(f"{many:,} draws of the index")
    whole, result = process("benchmarks.index", many, few)
    _print_table(f"{many:,} draws of the index of {result['firms']:,} firms, and {few:,} made one by one",
                 [result["stages"]], [whole])  # fmt: skip
    together, single = (Cost(*result["stages"][name]) for name in ("draws", "one by one"))
    for name in ("seconds", "cpu"):
        ratio = getattr(together, name) / many / (getattr(single, name) / few)
        print(f"  one draw / one by one, {name:<10}{ratio:>8.2f}")


def _links(names: Path | None, count: int) -> None:
    _tell("names linked back to their firms")
    whole, result = process("benchmarks.links", *([names] if names else ["--made", count]))
    _print_table(f"{result['names']:,} spoilt names and a register of {result['firms']:,}", [result["stages"]], [whole])
    _print_links(result)
    for way, counts in sorted(result["ways"].items()):
        told = ", ".join(f"{outcome} {n:,}" for outcome, n in sorted(counts.items()))
        print(f"  {way:<26}{told}")


def _splink(names: Path | None, count: int) -> None:
    if find_spec("splink") is None:
        _tell(f"the comparison with Splink is left out: {_NO_SPLINK}")
        return
    _tell("the same names linked by the project and by Splink")
    whole, result = process("benchmarks.splink_peer", *([names] if names else ["--made", count]))
    _print_table(f"{result['names']:,} spoilt names, a register of {result['firms']:,}, Splink {result['version']}",
                 [result["stages"]], [whole])  # fmt: skip
    ours, theirs = (Cost(*result["stages"][side]) for side in ("link", "splink"))
    for name in ("seconds", "cpu"):
        print(f"  project / Splink, {name:<10}{getattr(ours, name) / getattr(theirs, name):>8.3f}")
    for side, found in result["sides"].items():
        print(side + (f" (from {found['threshold']:.4f})" if "threshold" in found else ""))
        _print_links(found)


def _print_links(found: dict) -> None:
    low, high = found["precision_low"], found["precision_high"]
    print(f"  precision {found['precision']:.4f} ({low:.4f} - {high:.4f})   recall {found['recall']:.4f}, "
          f"with a perfect review {found['recall_with_review']:.4f}   review {found['review_share']:.2%} of names   "
          f"brands of another region linked {found['other_region_linked']:.2%}")  # fmt: skip


def _big(folder: Path, enterprises: int, patents: int, repeats: int) -> int:
    size = f"{enterprises:,} enterprises and {patents:,} patents"
    _tell(f"writing the files of {size}")
    # In a process of its own: what this one once held would count into the peaks of its children.
    raw = folder / "files"
    process("benchmarks.big_files", raw, enterprises, patents)
    stages, ours, theirs, leans = [], [], [], []
    for turn in range(1, repeats + 1):
        _tell(f"the project, {turn} of {repeats}")
        whole, result = process("benchmarks.project", "big", raw, folder / "project")
        stages.append(result["stages"])
        ours.append(whole)
        _tell(f"the Polars script, {turn} of {repeats}")
        whole, rows = process("benchmarks.polars_script", raw, folder / "polars")
        theirs.append(whole)
        whole, _ = process("benchmarks.polars_script", raw, folder / "lean", "--lean")
        leans.append(whole)
    _print_table(size, stages, ours)
    _print_table("Polars script, the same work", [], theirs)
    _print_table("Polars script, lean: tables alone, without lists, places or added columns", [], leans)
    _print_ratio("Project / Polars script, runs in turn", ours, theirs)
    _print_ratio("Project / lean script", ours, leans)
    here = result["rows"] | checksums.of_project(folder / "project")
    wrong = _print_checksums(here, rows | checksums.of_script(folder / "polars"))
    lean = rows | checksums.of_script(folder / "lean", lean=True)
    return wrong or _print_checksums({name: here[name] for name in lean}, lean, quietly=True)


def _print_table(title: str, runs: list[dict[str, Sequence]], wholes: list[Cost]) -> None:
    print(f"\n{title}")
    print(f"  {'stage':<22}{'seconds':>9}{'from - to':>17}{'CPU s':>9}{'peak MiB':>11}")
    for name in runs[0] if runs else ():
        _print_row(name, [Cost(*run[name]) for run in runs])
    _print_row("whole process", wholes)


def _print_row(name: str, costs: list[Cost]) -> None:
    seconds = [cost.seconds for cost in costs]
    spread = f"{min(seconds):.2f} - {max(seconds):.2f}" if len(seconds) > 1 else ""
    cpu, peak = _median(cost.cpu for cost in costs), max(cost.peak for cost in costs)
    print(f"  {name:<22}{_median(seconds):>9.2f}{spread:>17}{cpu:>9.2f}{peak / 2**20:>11,.0f}")


def _print_ratio(title: str, ours: list[Cost], theirs: list[Cost]) -> None:
    clock = [mine.seconds / its.seconds for mine, its in zip(ours, theirs, strict=True)]
    cpu = [mine.cpu / its.cpu for mine, its in zip(ours, theirs, strict=True)]
    print(f"\n{title}")
    for name, ratios in (("seconds", clock), ("CPU seconds", cpu)):
        print(f"  {name:<22}{_median(ratios):>9.2f}{f'{min(ratios):.2f} - {max(ratios):.2f}':>17}")


def _print_checksums(here: dict[str, int], there: dict[str, int], *, quietly: bool = False) -> int:
    print("\nChecksums" if not quietly else "\nThe lean script")
    for name in () if quietly else dict.fromkeys([*here, *there]):
        same = "same" if here.get(name) == there.get(name) else f"DIFFERS: {there.get(name, 'missing')} in Polars"
        print(f"  {name:<36}{here.get(name, 'missing'):>22}  {same}")
    wrong = checksums.differences(here, there)
    print(f"\n{len(wrong)} of {len(here)} checksums differ" if wrong else f"\nall {len(here)} checksums agree")
    return 1 if wrong else 0


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
