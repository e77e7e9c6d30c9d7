"""Fits with absorbed fixed effects: the project, pyfixest called plainly and R's fixest on the same rows, in turn.

`python -m benchmarks.fits ROWS` prints one line a model and program, with the ratio to the project's time, and ends
with 1 if a coefficient differs by more than a millionth. Programs that are not installed are left out by name.
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

MODELS = {
    "OLS, two effects": ("ols", "y", ("firm", "year")),
    "OLS, three effects": ("ols", "y", ("firm", "year", "place")),
    "PPML, two effects": ("poisson", "count", ("firm", "year")),
}
REPEATS = 5
TOLERANCE = 1e-6


def rows_of(rows: int, seed: int = 1) -> pd.DataFrame:
    """Return a balanced panel of ten years with places, an outcome, a count and two terms."""
    rng = np.random.default_rng(seed)
    firm, year = np.repeat(np.arange(rows // 10), 10), np.tile(np.arange(10), rows // 10)
    place = rng.integers(0, 100, len(firm))
    own = rng.normal(size=rows // 10)[firm]
    x, z = rng.normal(size=len(firm)) + own, rng.normal(size=len(firm)) + place / 100
    y = 0.3 * x + 0.2 * z + own + 0.1 * year + rng.normal(size=len(firm))
    count = rng.poisson(np.exp(0.2 * x + 0.1 * z + 0.5 * own - 0.5)).astype(float)
    return pd.DataFrame({"y": y, "count": count, "x": x, "z": z, "firm": firm, "year": year, "place": place})


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return 1 if a coefficient differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fits", description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=100_000)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--serve", choices=SIDES, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.serve:
        served.answer(SIDES[asked.serve](rows_of(asked.rows)))
        return 0
    with tempfile.TemporaryDirectory(prefix="fits-") as folder:
        programs = _programs(asked.rows, Path(folder) / "rows.csv")
        print(f"versions: {served.versions(['numpy', 'scipy', 'pyfixest'], ['fixest'])}")
        same = [served.told(f"{model}, {asked.rows:,} rows, median of {asked.repeats}",
                            served.in_turn(programs, model, asked.repeats), tolerance=TOLERANCE)
                for model in MODELS]  # fmt: skip
        for program in programs:
            program.close()
    return int(not all(same))


def _programs(rows: int, table: Path) -> list[served.Program]:
    programs = [served.python("benchmarks.fits", "project", rows)]
    if reason := served.missing_python("pyfixest"):
        print(reason, file=sys.stderr)
    else:
        programs.append(served.python("benchmarks.fits", "pyfixest", rows))
    if reason := served.missing_r("fixest"):
        print(reason, file=sys.stderr)
    else:
        rows_of(rows).to_csv(table, index=False, float_format="%.17g")
        programs.append(served.r("fits.R", "fixest", table))
    return programs


def _project(data: pd.DataFrame) -> dict[str, Callable[[], Sequence[float]]]:
    from helpers.models.regression import fit

    def work(estimator: str, outcome: str, effects: tuple[str, ...]) -> Sequence[float]:
        return fit(data, outcome=outcome, exposure="x", controls=["z"], fixed_effects=effects, estimator=estimator,
                   cluster="firm").table["estimate"]  # fmt: skip

    return {model: lambda model=model: work(*MODELS[model]) for model in MODELS}


def _pyfixest(data: pd.DataFrame) -> dict[str, Callable[[], Sequence[float]]]:
    import pyfixest

    # It warns of separated rows in every fit; the project tells them in the result.
    warnings.simplefilter("ignore")

    def work(estimator: str, outcome: str, effects: tuple[str, ...]) -> Sequence[float]:
        run = pyfixest.fepois if estimator == "poisson" else pyfixest.feols
        return run(f"{outcome} ~ x + z | {' + '.join(effects)}", data, vcov={"CRV1": "firm"}).coef()

    return {model: lambda model=model: work(*MODELS[model]) for model in MODELS}


SIDES = {"project": _project, "pyfixest": _pyfixest}


if __name__ == "__main__":
    sys.exit(main())
