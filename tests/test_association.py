import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from helpers import models


def panel():
    rng = np.random.default_rng(5)
    firm = np.repeat(np.arange(60), 5)
    treated = (firm % 2).astype(int)
    return pd.DataFrame(
        {
            "firm": firm,
            "grid": firm % 6,
            "year": np.tile(np.arange(2018, 2023), 60),
            "is_covered": treated,
            "always": 1,
            "patents": rng.poisson(np.exp(0.1 + np.log(1.5) * treated)),
            "patents_is_complete": np.tile([True] * 4 + [False], 60),
            "is_hnte": (rng.random(300) < 0.2 + 0.1 * treated).astype(int),
        }
    )


def grid():
    return models.associations(
        panel(), outcomes={"patents": "poisson", "is_hnte": "ols"}, exposures=["is_covered", "always"],
        clusters=["firm", "grid"], fixed_effects=["year"], unit="firm",
    )  # fmt: skip


def test_every_specification_has_its_row_even_when_it_cannot_be_estimated():
    table = grid()
    assert len(table) == 2 * 2 * 2
    refused = table[table["exposure"] == "always"]
    assert set(refused["status"]) == {"not_estimable"}
    assert refused["reason"].str.contains("no variation").all()


def test_years_that_are_not_complete_are_left_out_and_counted():
    table = grid().set_index(["outcome", "exposure", "cluster"])
    assert table.loc[("patents", "is_covered", "firm"), "n_incomplete"] == 60
    assert table.loc[("patents", "is_covered", "firm"), "n_obs"] == 240
    assert table.loc[("is_hnte", "is_covered", "firm"), "n_obs"] == 300


def test_the_estimate_does_not_depend_on_the_cluster_level_but_the_interval_does():
    table = grid().set_index(["outcome", "exposure", "cluster"])
    firm, cell = table.loc[("patents", "is_covered", "firm")], table.loc[("patents", "is_covered", "grid")]
    assert firm["estimate"] == pytest.approx(cell["estimate"])
    assert firm["std_error"] != pytest.approx(cell["std_error"])
    assert (firm["n_clusters"], cell["n_clusters"]) == (60, 6)


def test_effects_are_percent_for_counts_and_points_for_status():
    table = grid().set_index(["outcome", "exposure", "cluster"])
    counts, status = table.loc[("patents", "is_covered", "firm")], table.loc[("is_hnte", "is_covered", "firm")]
    assert counts["effect"] == pytest.approx(100 * (np.exp(counts["estimate"]) - 1))
    assert status["effect"] == pytest.approx(100 * status["estimate"])


def test_a_table_in_which_nothing_was_estimated_has_the_columns_of_any_other():
    refused = models.associations(panel(), outcomes={"patents": "poisson"}, exposures=["no_such_column"],
                                  clusters=["firm"], unit="firm")  # fmt: skip
    assert list(refused.columns) == list(grid().columns)
    assert refused["status"].tolist() == ["not_estimable"] and "no_such_column" in str(refused.loc[0, "reason"])
    assert refused["effect"].isna().all() and refused["effect"].dtype == "float64"
    assert refused.loc[0, "formula"] == ""


def test_an_exposure_that_is_blank_throughout_says_in_how_many_rows():
    blank = panel().assign(is_covered=float("nan"), patents_is_complete=True)
    refused = models.associations(blank, outcomes={"patents": "poisson"}, exposures=["is_covered"],
                                  clusters=["firm"], unit="firm")  # fmt: skip
    reason = refused.loc[0, "reason"]
    assert str(reason).startswith("no complete row is left (missing: is_covered (300 rows))")
    assert reason.text("zh").startswith("没有一行各列都齐全（缺：党组织覆盖（含挂靠）（300 行））")


def test_counts_a_year_are_what_exposed_rows_have_more_than_the_same_rows_without():
    rows = panel().rename(columns={"is_covered": "exposed"})
    rows["dose"] = np.random.default_rng(1).normal(size=len(rows)) + rows["exposed"]
    table = models.associations(rows, outcomes={"patents": "poisson", "is_hnte": "ols"}, exposures=["exposed", "dose"],
                                clusters=["firm"], fixed_effects=["year"], unit="firm").set_index(
        ["outcome", "exposure"])  # fmt: skip
    used = rows[rows["patents_is_complete"]]
    for exposure, change in (("exposed", -1), ("dose", 1)):
        design = sm.add_constant(pd.get_dummies(used["year"], drop_first=True, dtype=float).assign(x=used[exposure]))
        fitted = sm.GLM(used["patents"], design, family=sm.families.Poisson()).fit(tol=1e-12)
        other = fitted.predict(design.assign(x=design["x"] + change))
        gap = (fitted.fittedvalues - other)[used["exposed"] == 1] if change < 0 else other - fitted.fittedvalues
        found = table.loc[("patents", exposure)]
        assert found["per_year"] == pytest.approx(gap.mean(), rel=1e-6)
        assert found["per_year_low"] < found["per_year"] < found["per_year_high"]
    assert table.loc[("is_hnte", "exposed"), ["per_year", "per_year_low", "per_year_high"]].isna().all()


def test_ln_one_plus_y_moves_with_the_unit_of_counting_and_poisson_does_not():
    rows = panel()
    asked = {"outcome": "patents", "exposure": "is_covered", "fixed_effects": ["year"], "cluster": "firm"}
    found = models.log_one_plus(rows, **asked).set_index(["way", "scale"])["percent"]
    tenfold = models.log_one_plus(rows.assign(patents=10 * rows["patents"]), **asked).set_index(["way", "scale"])["percent"]
    assert found.loc["ln"].is_monotonic_increasing and found.loc["ln"].iloc[-1] > 1.2 * found.loc["ln"].iloc[0]
    assert tenfold.loc["poisson"].iloc[0] == pytest.approx(found.loc["poisson"].iloc[0])
    assert tenfold.loc[("ln", 1)] == pytest.approx(found.loc[("ln", 10)])
