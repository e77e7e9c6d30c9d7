import numpy as np
import pandas as pd
import pytest

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
