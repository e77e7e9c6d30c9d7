"""A curve of OLS specifications that share demeaned columns, against the same specifications fitted one by one.

Both in one process and in turn, with equal coefficients or none is reported. Prints JSON. Run as
`python -m benchmarks.curve SPECIFICATIONS FIRMS`.
"""

import json
import sys
from itertools import combinations

import numpy as np
import pandas as pd

from benchmarks.measure import Stages
from helpers.models.curve import every_specification, specification_curve
from helpers.models.regression import fit

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
    return every_specification(
        outcome=["rd", "sales"], exposure=["treated", "score"], controls=some,
        fixed_effects=[("firm", "year"), ("grid", "year"), ("industry", "year")], sample=[None, "late"],
        cluster=["grid"], estimator=["ols"],
    )[:count]  # fmt: skip


def curve(count: int, firms: int) -> dict:
    """Fit `count` specifications both ways; return the stages' costs, the ratio and the largest difference."""
    timed = Stages()
    data, asked = firm_years(firms), specifications(count)
    parts = {None: data, "late": data[data["late"]]}

    def one_by_one() -> np.ndarray:
        found = [fit(parts[one["sample"]], **{key: value for key, value in one.items() if key != "sample"})
                 for one in asked]  # fmt: skip
        return np.array([result.table.loc[0, ["estimate", "std_error"]].to_list() for result in found])

    # What is imported and compiled on the way is neither's.
    specification_curve(data, asked[:2], draws=0)
    fit(data, **{key: value for key, value in asked[0].items() if key != "sample"})
    together = timed("curve", lambda: specification_curve(data, asked, draws=0)).table
    single = timed("one by one", one_by_one)
    away = np.abs(together[["estimate", "std_error"]].to_numpy() / single - 1).max()
    if not away < 1e-9:
        raise AssertionError(f"the curve and single fits differ by {away:.1e}")
    ratio = timed.costs["one by one"][0] / timed.costs["curve"][0]
    return {"stages": timed.costs, "specifications": len(asked), "rows": len(data), "ratio": ratio,
            "largest_difference": float(away)}  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(curve(*map(int, sys.argv[1:]))))
