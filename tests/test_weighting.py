"""Weighted comparisons against strata worked out by hand, a known truth, and data that have no answer."""

import numpy as np
import pandas as pd
import pytest
from exact_samples import FIRMS, peer

from helpers.errors import UsageError
from helpers.models.result import NotEstimable
from helpers.models.weighting import aipw, ipw

ASKED = {"outcome": "y", "exposure": "d", "covariates": ["x"]}


def strata() -> pd.DataFrame:
    """Return 10 small and 10 large firms: 2 and 6 treated, with outcomes worked with below."""
    rows = [
        *[(0, 1, 3), (0, 1, 5)], *[(0, 0, y) for y in (1, 1, 2, 2, 3, 3, 2, 2)],
        *[(1, 1, y) for y in (6, 8, 7, 7, 9, 5)], *[(1, 0, y) for y in (4, 6, 5, 5)],
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["x", "d", "y"])


def firms(n: int, seed: int, *, effect: float = 0.5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, n))
    d = (rng.random(n) < 1 / (1 + np.exp(0.2 - 0.8 * x))).astype(int)
    return pd.DataFrame({"x": x, "z": z, "d": d, "y": 1 + effect * d + x + 0.5 * z + rng.normal(size=n)})


@pytest.mark.parametrize("estimand", ["ate", "att"])
@pytest.mark.parametrize(("outcome", "model"), [("rd", "ols"), ("patents", "poisson")])
def test_estimates_agree_with_formulas_on_another_programs_fits(outcome, model, estimand):
    asked = {"outcome": outcome, "exposure": "treated", "covariates": ["ln_employees", "ln_assets", "age"], "trim": 0}
    found = aipw(FIRMS, **asked, estimand=estimand, outcome_model=model)
    assert found.estimate == pytest.approx(*peer(f"aipw_{outcome}", estimand), rel=1e-11)
    assert found.std_error == pytest.approx(*peer(f"aipw_{outcome}", estimand, column="std_error"), rel=1e-11)
    plain = ipw(FIRMS, **asked, estimand=estimand)
    assert plain.estimate == pytest.approx(*peer(f"ipw_{outcome}", estimand), rel=1e-11)


def test_the_error_of_plain_weights_is_that_of_stacked_equations():
    found = ipw(FIRMS, outcome="rd", exposure="treated", covariates=["ln_employees", "ln_assets", "age"], trim=0)
    assert found.std_error == pytest.approx(*peer("ipw_rd_stacked", "ate", column="std_error"), rel=1e-11)


@pytest.mark.parametrize("estimate", [aipw, ipw])
def test_with_two_strata_the_effect_is_the_mean_of_the_differences_within_them(estimate):
    # Small: 4 against 2; large: 7 against 5; both strata have ten firms.
    whole = estimate(strata(), **ASKED)
    assert (whole.mean_treated, whole.mean_untreated) == pytest.approx((5.5, 3.5))
    uneven = strata().iloc[:-2]  # large: 7 against 5 still, on eight of 18
    assert estimate(uneven, **ASKED).estimate == pytest.approx(2)
    changed = strata().assign(y=lambda rows: rows["y"] + rows["d"] * rows["x"])
    assert estimate(changed, **ASKED).estimate == pytest.approx((2 + 3) / 2)
    # Six of the eight treated are large.
    assert estimate(changed, **ASKED, estimand="att").estimate == pytest.approx((2 * 2 + 6 * 3) / 8)


def test_the_standard_error_is_that_of_the_strata():
    # Var = mean over strata of var(y | d = 1) / share treated + var(y | d = 0) / share untreated, over n (n - 1 here).
    small, large = 1 / 0.2 + 0.5 / 0.8, 10 / 6 / 0.6 + 0.5 / 0.4
    found = aipw(strata(), **ASKED)
    assert found.std_error == pytest.approx(np.sqrt((small + large) / 2 / 19))
    assert ipw(strata(), **ASKED).std_error == pytest.approx(found.std_error)
    assert aipw(strata(), **ASKED, std_error="stacked").std_error == pytest.approx(found.std_error)
    assert found.df == 19 and found.rule == "influence function, t(19)"


def test_balance_and_effective_numbers_are_told():
    found = aipw(strata(), **ASKED)
    # Treated: 6 of 8 large; untreated: 4 of 12.
    spread = np.sqrt((8 * 0.75 * 0.25 / 7 + 12 * (1 / 3) * (2 / 3) / 11) / 2)
    assert found.balance.loc[0, "before"] == pytest.approx((0.75 - 1 / 3) / spread)
    assert found.balance.loc[0, "after"] == pytest.approx(0, abs=1e-9)
    # Treated weights: two of 5, six of 5/3.
    assert found.overlap.loc[0, "effective_n"] == pytest.approx(20**2 / (2 * 25 + 6 * 25 / 9))
    assert found.overlap["n"].tolist() == [8, 12] and found.overlap.loc[0, "least"] == pytest.approx(0.2)
    assert found.scores.index.equals(strata().index)


@pytest.mark.parametrize("estimand", ["ate", "att"])
def test_each_row_counted_twice_in_its_cluster_says_no_more_than_once(estimand):
    data = firms(80, 3).assign(firm=np.arange(80))
    once = aipw(data, outcome="y", exposure="d", covariates=["x", "z"], estimand=estimand, trim=0, cluster="firm")
    twice = aipw(pd.concat([data, data], ignore_index=True), outcome="y", exposure="d", covariates=["x", "z"],
                 estimand=estimand, trim=0, cluster="firm")  # fmt: skip
    assert (twice.estimate, twice.std_error) == pytest.approx((once.estimate, once.std_error))
    assert (twice.n_clusters, twice.df, twice.n_obs) == (80, 79, 160)
    plain = aipw(data, outcome="y", exposure="d", covariates=["x", "z"], estimand=estimand, trim=0)
    assert once.std_error == pytest.approx(plain.std_error)


def test_either_model_may_be_wrong_and_the_effect_is_still_found():
    rng = np.random.default_rng(5)
    n = 40_000
    x = rng.normal(size=n)
    score = 1 / (1 + np.exp(-x))
    d = (rng.random(n) < score).astype(int)
    curved = pd.DataFrame({"x": x, "d": d, "y": 0.5 * d + x**2 + x + 0.5 * rng.normal(size=n)})
    assert aipw(curved, **ASKED).estimate == pytest.approx(0.5, abs=0.06)  # outcome model wrong, score right
    d = (rng.random(n) < np.where(np.abs(x) > 1, 0.7, 0.3) * np.where(x > 0, 1.2, 0.8)).astype(int)
    other = pd.DataFrame({"x": x, "d": d, "y": 0.5 * d + x + 0.5 * rng.normal(size=n)})
    assert aipw(other, **ASKED).estimate == pytest.approx(0.5, abs=0.03)  # score wrong, outcome model right
    both = pd.DataFrame({"x": x, "d": d, "y": 0.5 * d + x**2 + 0.5 * rng.normal(size=n)})
    assert abs(aipw(both, **ASKED).estimate - 0.5) > 0.2


@pytest.mark.parametrize(("estimate", "options"), [(aipw, {}), (aipw, {"std_error": "stacked"}), (ipw, {"estimand": "att"})])
def test_intervals_hold_the_truth_as_often_as_they_say(estimate, options):
    found = [estimate(firms(250, seed), outcome="y", exposure="d", covariates=["x", "z"], **options) for seed in range(120)]
    assert 0.90 <= np.mean([one.conf_low <= 0.5 <= one.conf_high for one in found]) <= 0.99
    spread = np.std([one.estimate for one in found], ddof=1)
    assert np.mean([one.std_error for one in found]) == pytest.approx(spread, rel=0.15)


def test_the_stacked_error_is_right_where_the_outcome_model_is_wrong():
    def curved(seed):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=400)
        d = (rng.random(400) < 1 / (1 + np.exp(-0.5 * x))).astype(int)
        return pd.DataFrame({"x": x, "d": d, "y": 0.5 * d + np.exp(x) * (1 + d) + 0.2 * rng.normal(size=400)})

    found = [aipw(curved(seed), **ASKED, std_error="stacked", trim=0) for seed in range(120)]
    spread = np.std([one.estimate for one in found], ddof=1)
    assert np.mean([one.std_error for one in found]) == pytest.approx(spread, rel=0.2)


def test_counts_are_compared_through_a_poisson_mean():
    rng = np.random.default_rng(6)
    n = 20_000
    x = rng.normal(size=n)
    d = (rng.random(n) < 1 / (1 + np.exp(0.5 - x))).astype(int)
    data = pd.DataFrame({"x": x, "d": d, "y": rng.poisson(np.exp(-1 + 0.5 * x + 0.4 * d))})
    truth = np.exp(-1 + 0.125) * (np.exp(0.4) - 1)
    found = aipw(data, **ASKED, outcome_model="poisson", std_error="stacked")
    assert found.estimate == pytest.approx(truth, abs=3 * found.std_error) and found.std_error < 0.02


def test_a_change_since_the_baseline_is_a_difference_in_differences():
    rng = np.random.default_rng(7)
    n = 20_000
    size = rng.normal(size=n)
    d = (rng.random(n) < 1 / (1 + np.exp(0.5 - size))).astype(int)
    level = 3 * d + size + rng.normal(size=n)  # treated firms are better from the start
    later = level + 0.7 * size + 0.3 * d + rng.normal(size=n)  # and large firms grow more
    data = pd.DataFrame({"x": size, "d": d, "y": later - level})
    found = aipw(data, **ASKED, estimand="att")
    assert found.estimate == pytest.approx(0.3, abs=3 * found.std_error) and found.std_error < 0.03
    plain = data.groupby("d")["y"].mean()
    assert abs(plain[1] - plain[0] - 0.3) > 0.3


def test_extreme_scores_are_left_out_and_counted():
    data = firms(400, 8)
    kept = aipw(data, outcome="y", exposure="d", covariates=["x"], trim=0.2)
    assert kept.n_trimmed == 400 - kept.n_obs > 0 and kept.warnings[0].key == "sensitivity.trimmed"
    treated_only = aipw(data, outcome="y", exposure="d", covariates=["x"], trim=0.2, estimand="att")
    assert 0 < treated_only.n_trimmed < kept.n_trimmed


def test_weights_that_rest_on_few_rows_and_leave_imbalance_say_so():
    rng = np.random.default_rng(3)
    x = rng.normal(size=400)
    d = (rng.random(400) < 1 / (1 + np.exp(2 - 2 * x))).astype(int)
    data = pd.DataFrame({"x": x, "d": d, "y": x + rng.normal(size=400)})
    found = aipw(data, **ASKED, trim=0)
    keys = [warning.key for warning in found.warnings]
    assert "sensitivity.thin_weights" in keys and "sensitivity.unbalanced" in keys
    assert all(warning.text("zh") and warning.text("en") for warning in found.warnings)
    with pytest.raises(NotEstimable, match="no overlap: without scores beyond"):
        aipw(data, **ASKED, trim=0.499)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"d": lambda rows: (rows["x"] > 0).astype(int)}, "practically 0 or 1"),
        ({"d": 1}, "no variation"),
        ({"d": lambda rows: rows["d"] * 2}, "0 and 1"),
        ({"z": lambda rows: 3 * rows["x"] - 1}, "collinear"),
        ({"z": 4.0}, "collinear"),
        ({"y": np.inf}, "infinite"),
        ({"x": np.nan}, "no complete row"),
        ({"d": lambda rows: (rows.index < 2).astype(int)}, "fewer covariates|practically"),
    ],
)
def test_what_has_no_overlap_or_no_answer_is_refused(change, words):
    with pytest.raises(NotEstimable, match=words):
        aipw(firms(100, 9).assign(**change), outcome="y", exposure="d", covariates=["x", "z"])


def test_a_group_separated_in_part_is_refused_with_its_number():
    data = strata().assign(d=lambda rows: rows["d"] * rows["x"])  # no small firm is treated
    with pytest.raises(NotEstimable, match="10 of 20 rows have a score of practically 0 or 1"):
        aipw(data, **ASKED)


def test_rows_with_holes_are_counted_and_options_checked():
    data = firms(100, 10)
    found = aipw(data.assign(x=data["x"].mask(data.index < 5)), **ASKED)
    assert found.n_obs + found.n_trimmed == 95 and found.n_dropped == {"x missing": 5}
    for wrong in ({"estimand": "late"}, {"trim": 0.5}, {"outcome_model": "logit"}, {"covariates": []}, {"level": 1.0},
                  {"std_error": "iid"}):  # fmt: skip
        with pytest.raises(UsageError):
            aipw(data, **{**ASKED, **wrong})


def test_negative_counts_and_one_cluster_are_refused():
    data = firms(100, 11).assign(all=1)
    with pytest.raises(NotEstimable, match="negative"):
        aipw(data, **ASKED, outcome_model="poisson")
    with pytest.raises(NotEstimable, match="one cluster"):
        aipw(data, **ASKED, cluster="all")
