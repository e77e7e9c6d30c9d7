"""Callaway and Sant'Anna with simultaneous bands from 999 draws: the project and R's did on the same rows, in turn.

`python -m benchmarks.staggered FIRMS` prints one line a program and ends with 1 if an effect of a cohort and period,
of an event time or the overall one differs by more than a millionth of the largest. pyfixest has no such estimator.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import served

WORK = "callaway_santanna"
YEARS, COHORTS = 10, (3, 4, 5, 6, 7, 8)
TOLERANCE = 1e-6


def firm_years(firms: int, seed: int = 1) -> pd.DataFrame:
    """Return a balanced panel of ten years whose firms start in one of six of them, or, half of them, never."""
    rng = np.random.default_rng(seed)
    firm, year = np.repeat(np.arange(firms), YEARS), np.tile(np.arange(YEARS), firms)
    cohort = rng.choice([*COHORTS, np.nan], size=firms, p=[0.5 / len(COHORTS)] * len(COHORTS) + [0.5])[firm]
    after = np.nan_to_num(np.maximum(year - cohort + 1, 0))
    y = rng.normal(size=firms)[firm] + 0.1 * year + 0.2 * after + rng.normal(size=len(firm))
    return pd.DataFrame({"y": y, "firm": firm, "year": year, "cohort": cohort})


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if an effect differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.staggered", description=__doc__)
    parser.add_argument("firms", type=int, nargs="?", default=13_470)
    parser.add_argument("--draws", type=int, default=999)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--serve", choices=("project",), help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    data = firm_years(asked.firms)
    if asked.serve:
        served.answer({WORK: _project(data, asked.draws)})
        return 0
    with tempfile.TemporaryDirectory(prefix="staggered-") as folder:
        programs = [served.python("benchmarks.staggered", "project", asked.firms, "--draws", asked.draws)]
        if reason := served.missing_r("did"):
            print(reason, file=sys.stderr)
        else:
            table = Path(folder) / "rows.csv"
            data.to_csv(table, index=False, float_format="%.17g")
            programs.append(served.r("staggered.R", "did", table, asked.draws))
        print(f"versions: {served.versions(['numpy'], ['did', 'DRDID'])}")
        title = f"Callaway-Sant'Anna, {asked.firms:,} firms x {YEARS} years, {asked.draws:,} draws"
        is_same = served.told(f"{title}, median of {asked.repeats}", served.in_turn(programs, WORK, asked.repeats),
                              tolerance=TOLERANCE, what="effects")  # fmt: skip
        for program in programs:
            program.close()
    return int(not is_same)


def _project(data: pd.DataFrame, draws: int) -> Callable[[], Sequence[float]]:
    from helpers.models.staggered import staggered

    def work() -> Sequence[float]:
        found = staggered(data, outcome="y", unit="firm", period="year", cohort="cohort", draws=draws)
        cells = found.att_gt.sort_values(["cohort", "period"])["estimate"]
        return [*cells, found.overall["estimate"].iloc[0], *found.event.loc[~found.event["omitted"], "estimate"]]

    return work


if __name__ == "__main__":
    sys.exit(main())
