"""A curve of OLS specifications that share demeaned columns, against the same specifications fitted one by one.

One by one by the project, by pyfixest called plainly and by R's fixest, in turn; `python -m benchmarks.curve
SPECIFICATIONS FIRMS` ends with 1 if a coefficient differs by more than a billionth of the largest, or, pyfixest's apart
(it counts the degrees of freedom otherwise), a standard error.
"""

import argparse
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from itertools import combinations, islice, product
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import served

WORK = "curve"
TOLERANCE = 1e-9
SEED, YEARS, GRIDS = 20230710, 10, 18
CONTROLS = ("age", "assets", "employees", "leverage", "profit")


def firm_years(firms: int) -> pd.DataFrame:
    """Return a balanced panel with firm, year, grid, industry, two outcomes, two exposures and five controls."""
    rng = np.random.default_rng(SEED)
    firm, year = np.repeat(np.arange(firms), YEARS), np.tile(np.arange(YEARS), firms)
    data = pd.DataFrame({"firm": firm, "year": year, "grid": firm % GRIDS})
    data["industry"] = rng.integers(0, 12, firms)[firm]
    for name in CONTROLS:
        data[name] = rng.normal(size=firms)[firm] + rng.normal(size=len(data))
    cohort = rng.choice([4, 6, 8, 99], size=firms)[firm]
    data["treated"] = (year >= cohort).astype(float)
    data["score"] = data["treated"] + rng.normal(size=len(data))
    for name in ("rd", "sales"):
        data[name] = rng.normal(size=firms)[firm] + 0.2 * data["score"] + data["assets"] + rng.normal(size=len(data))
    data["late"] = data["year"] > 2
    return data


def specifications(count: int) -> list[dict]:
    """Return the first `count` of all combinations of outcome, exposure, controls, fixed effects and sample."""
    some = [chosen for size in range(len(CONTROLS) + 1) for chosen in combinations(CONTROLS, size)]
    choices = {
        "outcome": ["rd", "sales"], "exposure": ["treated", "score"], "controls": some,
        "fixed_effects": [("firm", "year"), ("grid", "year"), ("industry", "year")], "sample": [None, "late"],
    }  # fmt: skip
    return [dict(zip(choices, one, strict=True)) | {"cluster": "grid", "estimator": "ols"}
            for one in islice(product(*choices.values()), count)]  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a number differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curve", description=__doc__)
    parser.add_argument("specifications", type=int, nargs="?", default=500)
    parser.add_argument("firms", type=int, nargs="?", default=264)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--serve", choices=SIDES, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    data, chosen = firm_years(asked.firms), specifications(asked.specifications)
    if asked.serve:
        served.answer({WORK: SIDES[asked.serve](data, chosen)})
        return 0
    with tempfile.TemporaryDirectory(prefix="curve-") as folder:
        programs = _programs(asked, data, chosen, Path(folder))
        print(f"versions: {served.versions(['numpy', 'scipy', 'pyfixest'], ['fixest'])}")
        is_same = served.told(
            f"{len(chosen):,} specifications, {len(data):,} rows, median of {asked.repeats}",
            served.in_turn(programs, WORK, asked.repeats), tolerance=TOLERANCE, what="numbers",
        )  # fmt: skip
        for program in programs:
            program.close()
    return int(not is_same)


def _programs(asked: argparse.Namespace, data: pd.DataFrame, chosen: list[dict], folder: Path) -> list[served.Program]:
    size = (asked.specifications, asked.firms)
    programs = [served.python("benchmarks.curve", side, *size) for side in ("together", "one by one")]
    if reason := served.missing_python("pyfixest"):
        print(reason, file=sys.stderr)
    else:
        programs.append(served.python("benchmarks.curve", "pyfixest", *size))
    if reason := served.missing_r("fixest"):
        print(reason, file=sys.stderr)
    else:
        rows, formulas = folder / "rows.csv", folder / "formulas.csv"
        data.assign(late=data["late"].astype(int)).to_csv(rows, index=False, float_format="%.17g")
        pd.DataFrame({"formula": map(_formula, chosen), "late": [int(bool(one["sample"])) for one in chosen]}).to_csv(
            formulas, index=False
        )  # fmt: skip
        programs.append(served.r("curve.R", "fixest", rows, formulas))
    return programs


def _formula(one: dict) -> str:
    return f"{one['outcome']} ~ {' + '.join([one['exposure'], *one['controls']])} | {' + '.join(one['fixed_effects'])}"


def _together(data: pd.DataFrame, chosen: list[dict]) -> Callable[[], Sequence[float]]:
    from helpers.models.curve import specification_curve

    def work() -> Sequence[float]:
        table = specification_curve(data, chosen, draws=0).table
        return [*table["estimate"], *table["std_error"]]

    return work


def _one_by_one(data: pd.DataFrame, chosen: list[dict]) -> Callable[[], Sequence[float]]:
    from helpers.models.regression import fit

    parts = {None: data, "late": data[data["late"]]}

    def work() -> Sequence[float]:
        rows = [fit(parts[one["sample"]], **{key: value for key, value in one.items() if key != "sample"}).table.loc[0]
                for one in chosen]  # fmt: skip
        return [row[name] for name in ("estimate", "std_error") for row in rows]

    return work


def _pyfixest(data: pd.DataFrame, chosen: list[dict]) -> Callable[[], Sequence[float]]:
    import pyfixest

    warnings.simplefilter("ignore")
    parts = {None: data, "late": data[data["late"]]}

    def work() -> Sequence[float]:
        return [pyfixest.feols(_formula(one), parts[one["sample"]], vcov={"CRV1": "grid"}).coef()[one["exposure"]]
                for one in chosen]  # fmt: skip

    return work


SIDES = {"together": _together, "one by one": _one_by_one, "pyfixest": _pyfixest}


if __name__ == "__main__":
    sys.exit(main())
