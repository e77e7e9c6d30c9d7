"""The wild cluster bootstrap with every sign vector of 17 and 18 grids, firm and year effects absorbed.

The project, pyfixest's wildboottest and the textbook's algebra in base R, on the same rows and in turn:
`python -m benchmarks.wild FIRMS`. Ends with 1 if the p values differ by more than the two vectors that reproduce the
statistic, which wildboottest does not count. The fit itself is part of the work, and so is the interval, which the
project finds by inversion and the others leave out.
"""

import argparse
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import served

CLUSTERS = {"grids_17": 17, "grids_18": 18}
EFFECTS = ("firm", "year")


def firm_years(firms: int, seed: int = 1) -> pd.DataFrame:
    """Return a balanced panel of ten years in 17 or 18 grids, whose shocks they share, with a weak effect of x."""
    rng = np.random.default_rng(seed)
    firm, year = np.repeat(np.arange(firms), 10), np.tile(np.arange(10), firms)
    data = pd.DataFrame({"firm": firm, "year": year} | {name: firm % count for name, count in CLUSTERS.items()})
    shock = rng.normal(size=(18, 10))[data["grids_18"], data["year"]]
    x, z, noise = rng.normal(size=(3, len(data)))
    x += shock
    y = 0.05 * x + 0.2 * z + noise + rng.normal(size=firms)[firm] + shock**2
    return data.assign(x=x, z=z, y=y)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return 1 if a p value differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wild", description=__doc__)
    parser.add_argument("firms", type=int, nargs="?", default=264)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--serve", choices=SIDES, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    data = firm_years(asked.firms)
    if asked.serve:
        served.answer(SIDES[asked.serve](data))
        return 0
    is_same = True
    with tempfile.TemporaryDirectory(prefix="wild-") as folder:
        programs = _programs(asked.firms, data, Path(folder) / "rows.csv")
        print(f"versions: {served.versions(['numpy', 'pyfixest', 'wildboottest'])}")
        for work, clusters in CLUSTERS.items():
            runs = served.in_turn(programs, work, asked.repeats)
            p_value = runs["project"][0].numbers[0]
            title = f"wild bootstrap, all 2^{clusters} sign vectors, {len(data):,} rows, p = {p_value:.6f}"
            is_same &= served.told(f"{title}, median of {asked.repeats}", runs, what="p values",
                                   tolerance=2 / 2**clusters / p_value)  # fmt: skip
        for program in programs:
            program.close()
    return int(not is_same)


def _programs(firms: int, data: pd.DataFrame, table: Path) -> list[served.Program]:
    programs = [served.python("benchmarks.wild", "project", firms)]
    if reason := served.missing_python("pyfixest") or served.missing_python("wildboottest"):
        print(reason, file=sys.stderr)
    else:
        programs.append(served.python("benchmarks.wild", "wildboottest", firms))
    if reason := served.missing_r():
        print(reason, file=sys.stderr)
    else:
        data.to_csv(table, index=False, float_format="%.17g")
        programs.append(served.r("wild.R", "base R", table))
    return programs


def _project(data: pd.DataFrame) -> dict[str, Callable[[], Sequence[float]]]:
    from helpers.models.bootstrap import wild_bootstrap
    from helpers.models.regression import fit

    def work(cluster: str) -> Sequence[float]:
        found = fit(data, outcome="y", exposure="x", controls=["z"], fixed_effects=EFFECTS, estimator="ols",
                    cluster=cluster)  # fmt: skip
        return [wild_bootstrap(found, "x").p_value]

    return {name: lambda name=name: work(name) for name in CLUSTERS}


def _wildboottest(data: pd.DataFrame) -> dict[str, Callable[[], Sequence[float]]]:
    import pyfixest

    # It warns that it enumerates, which is what is asked of it.
    warnings.simplefilter("ignore")

    def work(cluster: str) -> Sequence[float]:
        found = pyfixest.feols("y ~ x + z | firm + year", data, vcov={"CRV1": cluster})
        return [found.wildboottest(param="x", reps=2 ** CLUSTERS[cluster] + 1)["Pr(>|t|)"]]

    return {name: lambda name=name: work(name) for name in CLUSTERS}


SIDES = {"project": _project, "wildboottest": _wildboottest}


if __name__ == "__main__":
    sys.exit(main())
