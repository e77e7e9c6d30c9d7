"""Write `firm_years.csv` and `firms.csv`, the synthetic firms on which R's numbers and ours are compared.

264 firms over 2013-2022, one row a firm and year, nobody real: 18 grids of unequal size nested in 4 areas, a cohort
(first treated year 2016-2020, about 40 % of firms never treated), counts with about 65 % zeros and more spread than a
Poisson, effects that grow with time since treatment and differ by cohort. Numbers are rounded before they are written, so
that R and Python read the same doubles. Run `python tests/peers/make_firm_years.py` to write both files again, byte by
byte the same.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
N_FIRMS, YEARS = 264, np.arange(2013, 2023)
GRID_SIZES = (34, 28, 24, 21, 19, 18, 16, 15, 14, 13, 12, 11, 10, 9, 7, 6, 4, 3)
GRIDS_BY_AREA = (6, 5, 4, 3)
COHORTS, COHORT_SHARES = (2016, 2017, 2018, 2019, 2020, 0), (0.13, 0.13, 0.13, 0.12, 0.10, 0.39)
COHORT_EFFECT = {2016: 0.45, 2017: 0.35, 2018: 0.30, 2019: 0.20, 2020: 0.15}


def firm_years(seed: int = 20131) -> dict[str, np.ndarray]:
    """Return the columns of the panel, each of shape (2640,), sorted by firm and year."""
    rng = np.random.default_rng(seed)
    years = YEARS.size
    grid = np.repeat(np.arange(1, len(GRID_SIZES) + 1), GRID_SIZES)
    area = np.repeat(np.arange(1, 5), GRIDS_BY_AREA)[grid - 1]
    grid_effect = rng.normal(0, 0.3, len(GRID_SIZES))[grid - 1]
    industry = rng.integers(1, 13, N_FIRMS)
    cohort = rng.choice(COHORTS, N_FIRMS, p=COHORT_SHARES)
    level = rng.normal(0, 0.7, N_FIRMS) + grid_effect + 0.25 * (cohort > 0)
    ln_employees_0 = 4.2 + 0.5 * level + rng.normal(0, 0.8, N_FIRMS)
    age_0 = rng.integers(1, 21, N_FIRMS)
    weight = np.round(rng.uniform(0.5, 2.5, N_FIRMS), 2)

    def wide(column: np.ndarray) -> np.ndarray:
        return np.repeat(column[:, None], years, axis=1)

    year = np.broadcast_to(YEARS, (N_FIRMS, years))
    since = np.where(wide(cohort) > 0, year - wide(cohort), -1)
    treated = (since >= 0).astype(int)
    effect = treated * wide(np.array([COHORT_EFFECT.get(int(c), 0.0) for c in cohort])) * (1 + 0.15 * np.clip(since, 0, None))
    trend = np.array([0.0, 0.05, 0.08, 0.12, 0.2, 0.22, 0.3, 0.28, 0.35, 0.4])
    shock = rng.normal(0, 0.25, (len(GRID_SIZES), years))[grid - 1]
    growth = np.cumsum(rng.normal(0.03, 0.10, (N_FIRMS, years)), axis=1)
    ln_employees = np.round(wide(ln_employees_0) + growth, 3)
    ln_assets = np.round(1.5 + 0.85 * ln_employees + rng.normal(0, 0.6, (N_FIRMS, years)), 3)
    score = np.round(0.4 * wide(level) + 0.5 * treated + shock + rng.normal(0, 0.8, (N_FIRMS, years)), 3)
    index = -1.25 + 0.8 * wide(level) + trend + effect + shock + 0.2 * (ln_employees - 4.2) + 0.10 * score
    patents = rng.poisson(np.exp(index) * rng.gamma(0.8, 1 / 0.8, (N_FIRMS, years)))
    utility = rng.poisson(np.exp(index + 0.1) * rng.gamma(1.0, 1.0, (N_FIRMS, years)))
    rd = np.round(3 + wide(level) + trend + effect + 0.3 * shock + 0.4 * (ln_employees - 4.2) + rng.normal(0, 0.7, (N_FIRMS, years)), 3)
    odds = 0.4 + 0.9 * wide(level) + 0.8 * trend + 0.8 * effect + 0.3 * (ln_employees - 4.2)
    hnte = (rng.logistic(0, 1, (N_FIRMS, years)) < odds - 0.8).astype(int)
    latent = 0.8 * wide(level) + 0.6 * effect + 0.5 * score + rng.logistic(0, 1, (N_FIRMS, years))
    stars = np.digitize(latent, (0.6, 1.7, 2.9))
    columns = {
        "firm": wide(np.arange(1, N_FIRMS + 1)), "year": year, "grid": wide(grid), "area": wide(area),
        "industry": wide(industry), "cohort": wide(cohort), "treated": treated, "score": score,
        "ln_employees": ln_employees, "ln_assets": ln_assets, "age": wide(age_0) + (year - YEARS[0]), "patents": patents,
        "utility": utility, "rd": rd, "hnte": hnte, "stars": stars, "weight": wide(weight),
    }  # fmt: skip
    return {name: column.ravel() for name, column in columns.items()}


def write(path: Path, columns: dict[str, np.ndarray]) -> None:
    """Write the columns as CSV; cohort 0 (never treated) is written blank."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        blank = [["" if name == "cohort" and v == 0 else v for v in column.tolist()] for name, column in columns.items()]
        out.writerows(zip(*blank, strict=True))


def main() -> None:
    panel = firm_years()
    write(HERE / "firm_years.csv", panel)
    cross = panel["year"] == 2019
    write(HERE / "firms.csv", {name: column[cross] for name, column in panel.items()})


if __name__ == "__main__":
    main()
