"""Results as frames: what `tidy` and `glance` return of every result, and what JupyterLab shows of a fit."""

import numpy as np
import pandas as pd
import pytest

from helpers import models
from helpers.errors import UsageError
from helpers.models import glance, tidy
from helpers.models.result import TABLE_COLUMNS

# y = 1 + 2 x with residuals +1, -1, -1, +1, four times: slope 2, residual sum of squares 16 on 14 degrees of freedom, and
# the sum of squares of x is 20, so the classical error of the slope is sqrt(16 / 14 / 20).
LINE = pd.DataFrame({"y": [2.0, 2.0, 4.0, 8.0] * 4, "x": [0.0, 1.0, 2.0, 3.0] * 4})
ERROR = np.sqrt(16 / 14 / 20)


def line(**terms):
    return models.fit(LINE, outcome="y", exposure="x", estimator="ols", vcov="iid", **terms)


@pytest.fixture(scope="module")
def firms() -> pd.DataFrame:
    """Forty firms in ten years; twenty begin something in year 5 that adds 1 to the outcome."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame([(firm, year) for firm in range(40) for year in range(10)], columns=["firm", "year"])
    treated = frame["firm"] < 20
    frame["cohort"] = np.where(treated, 5.0, np.nan)
    frame["d"] = (treated & (frame["year"] >= 5)).astype(int)
    frame["x"] = rng.normal(size=len(frame))
    frame["is_treated"] = treated.astype(int)
    frame["y"] = frame["d"] + 0.5 * frame["x"] + rng.normal(size=len(frame))
    return frame


def test_a_fit_is_one_row_a_coefficient_with_what_it_is_of():
    rows = tidy(line())
    assert list(rows) == ["outcome", "estimator", *TABLE_COLUMNS]
    assert rows[["outcome", "estimator", "term"]].to_numpy().tolist() == [["y", "ols", "x"], ["y", "ols", "intercept"]]
    slope = rows.iloc[0]
    assert (slope["estimate"], slope["std_error"], slope["df"]) == pytest.approx((2.0, ERROR, 14))
    # 2.144787 is the 97.5 % point of t with 14 degrees of freedom.
    assert (slope["conf_low"], slope["conf_high"]) == pytest.approx((2 - 2.144787 * ERROR, 2 + 2.144787 * ERROR), rel=1e-6)


def test_a_glance_is_one_row_about_the_whole_fit():
    data = pd.concat([LINE, pd.DataFrame({"y": [np.nan], "x": [1.0]})], ignore_index=True)
    (row,) = glance(models.fit(data, outcome="y", exposure="x", estimator="ols", vcov="iid")).to_dict("records")
    assert (row["outcome"], row["exposure"], row["estimator"], row["vcov"]) == ("y", "x", "ols", "iid")
    assert (row["n_obs"], row["n_dropped"], row["outcome_mean"]) == (16, 1, 4.0)
    assert row["formula"] == "y ~ x"
    assert not {"table", "sample", "covariance"} & set(row)


def test_named_fits_are_stacked_and_a_refused_one_keeps_its_reason():
    found = {"first": line(), "second": models.result.or_why(lambda: line(controls=["nothing"]))}
    rows = tidy(found)
    assert rows["name"].tolist() == ["first", "first", "second"]
    assert "nothing" in rows["reason"].iloc[-1] and pd.isna(rows["estimate"].iloc[-1])
    assert glance(found)["name"].tolist() == ["first", "second"]


def test_the_frame_of_a_fit_is_a_copy():
    found = line()
    rows = tidy(found)
    rows.loc[0, "estimate"] = 99.0
    assert found.table.loc[0, "estimate"] == pytest.approx(2.0)


def test_an_event_study_is_one_row_an_event_time(firms):
    found = models.staggered(firms, outcome="y", unit="firm", period="year", cohort="cohort", method="twfe", seed=1)
    rows = tidy(found)
    assert list(rows)[:3] == ["method", "outcome", "event_time"]
    assert rows["event_time"].tolist() == list(range(-5, 5))
    (row,) = glance(found).to_dict("records")
    assert (row["n_units"], row["n_treated"]) == (40, 20)


def test_tests_and_measures_are_one_row_each(firms):
    fitted = models.fit(firms, outcome="y", exposure="d", controls=["x"], fixed_effects=["year"], estimator="ols",
                        cluster="firm")  # fmt: skip
    one_row = {
        "wild": models.wild_bootstrap(fitted, "d", draws=99, seed=1),
        "robustness": models.robustness_value(fitted),
        "weighted": models.ipw(firms, outcome="y", exposure="is_treated", covariates=["x"]),
        "oster": models.oster(firms, outcome="y", exposure="d", controls=["x"]),
    }
    rows = tidy(one_row)
    assert rows["name"].tolist() == list(one_row)
    assert rows.set_index("name").loc["wild", "p_value"] == one_row["wild"].p_value
    assert rows.set_index("name").loc["weighted", "estimate"] == one_row["weighted"].estimate
    assert len(glance(one_row)) == 4


@pytest.mark.parametrize("found", [LINE, 1.0, None, models.Result])
def test_what_is_no_result_is_refused(found):
    for frame_of in (tidy, glance):
        with pytest.raises(UsageError, match=r"no result of helpers\.models"):
            frame_of(found)


def test_a_mapping_without_results_is_refused():
    with pytest.raises(UsageError, match="without results"):
        tidy({})


def test_jupyterlab_shows_the_formula_the_coefficients_and_the_sample_of_a_fit():
    shown = line()._repr_html_()
    assert shown.startswith("<p>y ~ x</p>\n<table")
    assert "<td>2</td>" in shown and "n = 16" in shown


def test_what_jupyterlab_shows_of_a_fit_is_escaped():
    data = LINE.rename(columns={"x": "<script>"})
    shown = models.fit(data, outcome="y", exposure="<script>", estimator="ols", vcov="iid")._repr_html_()
    assert "<script>" not in shown and "&lt;script&gt;" in shown
