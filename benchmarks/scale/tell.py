"""The tables that are printed: the costs of each implementation at each size in, lines of text out."""

import statistics
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from benchmarks.measure import Cost
from benchmarks.scale.growth import extrapolated, steps

PROJECT: Final = "project"
LABELS: Final = {
    PROJECT: "project, DuckDB", "sql": "SQL by hand, DuckDB", "polars": "Polars by hand", "pandas": "pandas by hand",
    "spark": "project, Spark",
}  # fmt: skip
STAGES: Final = ("clean", "panel", "counts")
# Ratio -> above, below, what is aimed at, and whether a ratio within the aim is small.
RATIOS: Final = (
    ("project / SQL by hand", PROJECT, "sql", 1.15, True),
    ("project / Polars", PROJECT, "polars", 1.3, True),
    ("pandas / project", "pandas", PROJECT, 3.0, False),
)
FAR: Final = (60_000_000, 40_000_000)


class Run(NamedTuple):
    """One run of an implementation: its whole process, start and imports included, and the stages in it."""

    whole: Cost
    stages: dict[str, Cost]

    @property
    def work(self) -> float:
        """Seconds of the stages together."""
        return sum(cost.seconds for cost in self.stages.values())


def costs(firms: int, runs: dict[str, list[Run]], ingest: Cost) -> list[str]:
    """Return the table of one size."""
    lines = [
        "", f"{firms:,} enterprises and {firms:,} patents",
        f"  ingest, common to all and not in the table: {ingest.seconds:.2f} s, {ingest.cpu:.2f} CPU s, "
        f"{ingest.peak / 2**20:,.0f} MiB",
        f"  {'implementation':<22}" + "".join(f"{name:>9}" for name in (*STAGES, "together", "process"))
        + f"{'from - to':>17}{'CPU s':>9}{'peak MiB':>10}",
    ]  # fmt: skip
    for name, made in runs.items():
        by_stage = [_median(made, lambda run, stage=stage: run.stages[stage].seconds) for stage in STAGES]
        seconds = [run.whole.seconds for run in made]
        spread = f"{min(seconds):.2f} - {max(seconds):.2f}" if len(made) > 1 else ""
        lines.append(
            f"  {LABELS[name]:<22}"
            + "".join(f"{value:>9.2f}" for value in (*by_stage, _median(made, lambda run: run.work)))
            + f"{_median(made, lambda run: run.whole.seconds):>9.2f}{spread:>17}"
            + f"{_median(made, lambda run: run.whole.cpu):>9.2f}{max(run.whole.peak for run in made) / 2**20:>10,.0f}"
        )
    if "spark" in runs:
        lines.append("  CPU seconds and peak of Spark are of Python and Java together, sampled ten times a second;")
        lines.append("  all others are what the system counted of the process")
    return lines


def ratios(runs: dict[str, list[Run]]) -> list[str]:
    """Return the ratios of one size, of the stages together and of the whole process, with what is aimed at."""
    lines = [f"  {'ratio':<24}{'stages':>9}{'process':>9}{'CPU s':>9}   aim, for the stages"]
    for title, above, below, aim, is_small in RATIOS:
        if above not in runs or below not in runs:
            continue
        pairs = list(zip(runs[above], runs[below], strict=True))
        stages = statistics.median(one.work / other.work for one, other in pairs)
        whole = statistics.median(one.whole.seconds / other.whole.seconds for one, other in pairs)
        cpu = statistics.median(one.whole.cpu / other.whole.cpu for one, other in pairs)
        is_met = stages <= aim if is_small else stages >= aim
        wanted = f"at {'most' if is_small else 'least'} {aim:g}: {'met' if is_met else 'NOT met'}"
        lines.append(f"  {title:<24}{stages:>9.2f}{whole:>9.2f}{cpu:>9.2f}   {wanted}")
    return lines


def growth(runs: dict[int, dict[str, list[Run]]]) -> list[str]:
    """Return how the seconds of the stages grow with the rows, and the line through the two largest sizes far out."""
    sizes = sorted(runs)
    lines = [
        "", "Seconds of the stages for a million rows, enterprises and patents together",
        f"  {'implementation':<22}" + "".join(f"{f'{2 * size:,}':>14}" for size in sizes)
        + "   further million, and power of the rows, from size to size",
    ]  # fmt: skip
    far: list[str] = []
    for name in runs[sizes[0]]:
        seconds = {2 * size: _median(runs[size][name], lambda run: run.work) for size in sizes}
        each = "".join(f"{taken / rows * 1e6:>14.2f}" for rows, taken in seconds.items())
        grown = ", ".join(f"{step.per_million:.2f} (power {step.power:.2f})" for step in steps(seconds))
        lines.append(f"  {LABELS[name]:<22}{each}   {grown}")
        if len(sizes) > 1:
            far.append(f"  {LABELS[name]:<22}{extrapolated(seconds, sum(FAR)):>14,.0f} s")
    if far:
        lines += [
            "", f"EXTRAPOLATED, never measured: {FAR[0]:,} enterprises and {FAR[1]:,} patents, on the line through the",
            "two largest sizes, a row of either kind taken as the same work, with memory and disk enough for it",
            *far,
        ]  # fmt: skip
    return lines


def agreement(firms: int, numbers: dict[str, dict[str, list]], wrong: Sequence[str]) -> list[str]:
    """Return whether the numbers of all implementations agree, and each that does not."""
    count = sum(len(of) for of in next(iter(numbers.values())).values())
    told = ", ".join(LABELS[name] for name in numbers)
    if wrong:
        return [f"  {len(wrong)} checksums DIFFER at {firms:,} enterprises:", *(f"    {line}" for line in wrong)]
    return [f"  all {count} checksums and counts agree: {told}"]


def _median(runs: list[Run], value: Callable[[Run], float]) -> float:
    return statistics.median(map(value, runs))
