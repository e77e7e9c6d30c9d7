"""ACRO 1.0.2 on tables of invented persons and firms: which cells it suppresses and why (pandas 2.3, Python 3.11).

    uv venv --python 3.11 acro && uv pip install --python acro/bin/python "acro==1.0.2" "pandas<3"
    acro/bin/python tests/peers/acro_disclosure.py FOLDER

Writes acro_persons.csv and acro_amounts.csv (what it was given), acro_cells.csv (check, group, other, verdict) and
acro_regressions.csv (rows, terms, residual degrees of freedom, verdict).
"""

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from acro import ACRO

SIZES = {
    ("a", "x"): 3, ("a", "y"): 40, ("b", "x"): 9, ("b", "y"): 10, ("c", "x"): 25, ("c", "y"): 11, ("d", "x"): 0,
    ("d", "y"): 14,
}  # fmt: skip
AMOUNTS = {
    "even": [10.0] * 12,
    "one": [1000.0, 20.0, *[3.0] * 12],
    "near": [100.0, 60.0, 9.9, *[0.0] * 9],
    "at": [100.0, 60.0, 10.0, *[0.0] * 9],
    "two": [500.0, 400.0],
    "skewed": [300.0, 200.0, 100.0, 80.0, 60.0, *[10.0] * 8],
}
# Rows and regressors besides the intercept.
FITS = ((12, 1), (11, 1), (13, 2), (12, 2), (30, 5), (16, 5), (15, 5))


def persons() -> pd.DataFrame:
    rows = [(group, other) for (group, other), n in SIZES.items() for _ in range(n)]
    return pd.DataFrame(rows, columns=["group", "other"])


def amounts() -> pd.DataFrame:
    rows = [(group, f"{group}{k}", value) for group, values in AMOUNTS.items() for k, value in enumerate(values)]
    return pd.DataFrame(rows, columns=["group", "firm", "amount"])


def main(folder: Path) -> None:
    acro = ACRO(suppress=False)
    people, money = persons(), amounts()
    people.to_csv(folder / "acro_persons.csv", index=False)
    money.to_csv(folder / "acro_amounts.csv", index=False)
    cells = []
    crossed = acro.crosstab(people["group"], people["other"])
    outcome = acro.results.get_index(-1).outcome
    for (group, other), n in SIZES.items():
        cells.append(("threshold", group, other, n, str(outcome.loc[group, other]).strip()))
    assert crossed is not None
    acro.pivot_table(money, index=["group"], values=["amount"], aggfunc=["sum"])
    outcome = acro.results.get_index(-1).outcome
    flat = outcome.copy()
    flat.columns = ["_".join(map(str, np.atleast_1d(c))) for c in flat.columns]
    for group, values in AMOUNTS.items():
        cells.append(("dominance", group, "", sum(values), str(flat.loc[group].iloc[0]).strip()))
    named = pd.DataFrame(cells, columns=["check", "group", "other", "value", "verdict"])
    named.to_csv(folder / "acro_cells.csv", index=False)
    rng = np.random.default_rng(1)
    fits = []
    for rows, terms in FITS:
        design = pd.DataFrame(rng.normal(size=(rows, terms)), columns=[f"x{k}" for k in range(terms)])
        design.insert(0, "const", 1.0)
        acro.ols(pd.Series(rng.normal(size=rows), name="y"), design)
        record = acro.results.get_index(-1)
        fits.append((rows, terms + 1, rows - terms - 1, record.status))
    named = pd.DataFrame(fits, columns=["rows", "terms", "degrees", "verdict"])
    named.to_csv(folder / "acro_regressions.csv", index=False)
    print("acro", version("acro"), "pandas", version("pandas"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
