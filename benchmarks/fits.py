"""Fits with absorbed fixed effects: the project, pyfixest called plainly and R's fixest on the same rows, in turn.

`python -m benchmarks.fits ROWS` prints one line a model and program, with the ratio to the project's time, and ends
with 1 if a coefficient differs by more than a millionth. Programs that are not installed are left out by name.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import numpy as np
import pandas as pd

MODELS = {
    "OLS, two effects": ("ols", "y", ("firm", "year")),
    "OLS, three effects": ("ols", "y", ("firm", "year", "place")),
    "PPML, two effects": ("poisson", "count", ("firm", "year")),
}
REPEATS = 5
R_SCRIPT = """
suppressMessages(library(fixest)); setFixest_nthreads(1)
d <- read.csv(commandArgs(TRUE)[1]); repeats <- as.integer(commandArgs(TRUE)[2])
go <- function(f, model) for (i in seq_len(repeats)) {
  t <- system.time(m <- (if (model == "poisson") fepois else feols)(f, d, cluster = ~firm, notes = FALSE))
  cat(sprintf("%.6f %.6f %.17g\\n", t[["elapsed"]], t[["user.self"]] + t[["sys.self"]], coef(m)[["x"]]))
}
"""


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
    asked = parser.parse_args(arguments)
    data = rows_of(asked.rows)
    times = {model: _in_turn(model, data, asked.repeats) for model in MODELS}
    for model, runs in _by_r(data, asked.repeats).items():
        times[model]["fixest"] = runs
    wrong = 0
    for model, programs in times.items():
        print(f"{model}, {asked.rows:,} rows, median of {asked.repeats}")
        base = programs["project"]
        for name, runs in programs.items():
            (seconds, cpu), (ours, our_cpu) = _medians(runs), _medians(base)
            share = abs(base[0][2] / runs[0][2] - 1)
            wrong |= share > 1e-6
            print(f"  {name:<10}{seconds:>9.3f} s{cpu:>9.3f} CPU s   project / it {ours / seconds:>6.2f} "
                  f"{our_cpu / cpu:>6.2f}   coefficients differ by {share:.0e}")  # fmt: skip
    return int(wrong)


def _medians(runs: list[tuple[float, float, float]]) -> tuple[float, float]:
    return statistics.median(run[0] for run in runs), statistics.median(run[1] for run in runs)


def _in_turn(model: str, data: pd.DataFrame, repeats: int) -> dict[str, list[tuple[float, float, float]]]:
    programs = {"project": _project(model, data)}
    if find_spec("pyfixest"):
        programs["pyfixest"] = _pyfixest(model, data)
    else:
        print("pyfixest is not installed and is left out", file=sys.stderr)
    for work in programs.values():
        # Once unmeasured: imports and compilation are no part of a fit.
        work()
    runs = {name: [] for name in programs}
    for _ in range(repeats):
        for name, work in programs.items():
            start, cpu = time.perf_counter(), time.process_time()
            found = work()
            runs[name].append((time.perf_counter() - start, time.process_time() - cpu, found))
    return runs


def _project(model: str, data: pd.DataFrame) -> Callable[[], float]:
    from helpers.models.regression import fit

    estimator, outcome, effects = MODELS[model]
    return lambda: fit(data, outcome=outcome, exposure="x", controls=["z"], fixed_effects=effects, estimator=estimator,
                       cluster="firm").term("x")["estimate"]  # fmt: skip


def _pyfixest(model: str, data: pd.DataFrame) -> Callable[[], float]:
    import pyfixest

    estimator, outcome, effects = MODELS[model]
    run = pyfixest.fepois if estimator == "poisson" else pyfixest.feols
    formula = f"{outcome} ~ x + z | {' + '.join(effects)}"
    return lambda: float(run(formula, data, vcov={"CRV1": "firm"}).coef()["x"])


def _by_r(data: pd.DataFrame, repeats: int) -> dict[str, list[tuple[float, float, float]]]:
    installed = which("Rscript") and subprocess.run(
        ["Rscript", "-e", "library(fixest)"], check=False, capture_output=True
    ).returncode == 0  # fmt: skip
    if not installed:
        print("R with fixest is not installed and is left out (R_LIBS names a library)", file=sys.stderr)
        return {}
    calls = [f"go({outcome} ~ x + z | {' + '.join(effects)}, '{kind}')" for kind, outcome, effects in MODELS.values()]
    with tempfile.TemporaryDirectory(prefix="fits-") as folder:
        table, script = Path(folder) / "rows.csv", Path(folder) / "fits.R"
        data.to_csv(table, index=False, float_format="%.17g")
        script.write_text(R_SCRIPT + "\n".join(calls), encoding="utf-8")
        said = subprocess.run(["Rscript", script, table, str(repeats)], check=True, capture_output=True, text=True)
    lines = [tuple(map(float, line.split())) for line in said.stdout.splitlines()]
    return {model: lines[i * repeats : (i + 1) * repeats] for i, model in enumerate(MODELS)}


if __name__ == "__main__":
    sys.exit(main())
