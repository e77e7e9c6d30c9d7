import numpy as np
import pandas as pd
import pytest

from helpers import models, paths
from helpers.errors import InputError

SHARED = paths.ROOT.parent / "shared" / "data" / "reference"


def shared(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} does not lie beside the project (it carries another licence and is not copied)")
    return pd.read_csv(path)


def counts(seed=1, n=400):
    rng = np.random.default_rng(seed)
    firm = np.repeat(np.arange(n // 4), 4)
    x = rng.integers(0, 2, n)
    return pd.DataFrame(
        {"firm": firm, "year": np.tile(range(4), n // 4), "x": x, "size": rng.normal(size=n),
         "y": rng.poisson(np.exp(0.2 + 0.5 * x))}
    )  # fmt: skip


def test_a_poisson_on_one_dummy_gives_the_log_ratio_of_means():
    data = pd.DataFrame({"y": [1, 3, 2, 4, 6, 8] * 2, "x": [0, 0, 0, 1, 1, 1] * 2, "g": list("abcdefghijkl")})
    result = models.fit(data, outcome="y", exposure="x", cluster="g")
    assert result.term("x")["estimate"] == pytest.approx(np.log(6 / 2))
    assert result.percent_effect()[0] == pytest.approx(200)
    assert (result.n_obs, result.n_clusters, result.term("x")["df"]) == (12, 12, 11)


def test_ols_clustered_by_firm_agrees_with_petersens_published_errors():
    data = shared("sandwich__PetersenCL.csv")
    result = models.fit(data, outcome="y", exposure="x", cluster="firm", estimator="ols")
    assert result.term("x")["estimate"] == pytest.approx(1.034833, abs=5e-7)
    assert result.term("intercept")["estimate"] == pytest.approx(0.029680, abs=5e-7)
    assert result.term("x")["std_error"] == pytest.approx(0.050596, abs=5e-7)
    assert result.term("intercept")["std_error"] == pytest.approx(0.067013, abs=5e-7)


def test_poisson_agrees_with_the_published_institutions_regression():
    data = shared("sandwich__InstInnovation.csv")
    data["ln_kl"], data["ln_sales"] = np.log(data["capital"] / data["employment"]), np.log(data["sales"])
    result = models.fit(
        data, outcome="cites", exposure="institutions", controls=["ln_kl", "ln_sales"],
        fixed_effects=["industry", "year"], cluster="company",
    )  # fmt: skip
    expected = {
        "institutions": (0.009687237, 0.002406388),
        "ln_kl": (0.482883549, 0.135953255),
        "ln_sales": (0.820317600, 0.041523405),
    }
    parameters = len(set(data["industry"])) + len(set(data["year"])) - 1 + 3
    finite_sample = np.sqrt((result.n_obs - 1) / (result.n_obs - parameters))
    for term, (estimate, error) in expected.items():
        assert result.term(term)["estimate"] == pytest.approx(estimate, rel=1e-6)
        assert result.term(term)["std_error"] / finite_sample == pytest.approx(error, rel=1e-6)


def test_rows_with_missing_values_are_counted_by_reason():
    data = counts().astype({"size": float})
    data.loc[:9, "size"] = np.nan
    result = models.fit(data, outcome="y", exposure="x", controls=["size"], cluster="firm", unit="firm")
    assert result.n_dropped == {"size missing": 10}
    assert result.n_obs == 390


def test_a_group_without_any_count_is_dropped_with_a_count():
    data = counts()
    data.loc[data["year"] == 3, "y"] = 0
    result = models.fit(data, outcome="y", exposure="x", fixed_effects=["year"], cluster="firm")
    assert result.n_dropped == {"year: outcome all alike in a group": 100}


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda d: d.assign(x=1), {}, "exposure 'x' has no variation: all 400 rows are 1"),
        (lambda d: d.assign(size=d["x"] * 2.0), {"controls": ["size"]}, "collinear terms: x, size"),
        (lambda d: d.assign(size=np.inf), {"controls": ["size"]}, "infinite values in size \\(400 rows\\)"),
        (lambda d: d.assign(y=d["y"] * (1 - d["x"])), {}, "separation: 'y' is zero in all rows with x = 1"),
        (lambda d: d.assign(y=-1.0 * d["x"]), {}, "needs counts; 'y' is negative in"),
        (lambda d: d, {"controls": ["nosuch"]}, "no column nosuch"),
        (lambda d: d, {"estimator": "logit"}, "outcome of 0 and 1"),
    ],
)
def test_bad_input_is_refused_with_what_and_how_many(change, options, message):
    with pytest.raises(InputError, match=message):
        models.fit(change(counts()), outcome="y", exposure="x", cluster="firm", **options)


def test_few_clusters_and_lone_rows_are_named_warnings():
    data = counts().assign(grid=lambda d: np.where(d.index == 0, "lone", d["firm"] % 5))
    result = models.fit(data, outcome="y", exposure="x", cluster="grid")
    assert tuple(map(str, result.warnings)) == (
        "1 of 6 clusters of grid have one row",
        "only 6 clusters of grid: CR1 intervals are too narrow when few are treated",
    )


def test_the_standardised_difference_is_the_hand_worked_one():
    data = pd.DataFrame({"treated": [True, True, False, False], "size": [3.0, 5.0, 1.0, 3.0]})
    row = models.balance(data, group="treated", covariates=["size"]).iloc[0]
    assert row["difference"] == pytest.approx(2 / np.sqrt(2))
    assert (row["n_treated"], row["mean_untreated"]) == (2, 2.0)


def test_the_detectable_effect_is_2_8_standard_errors_in_large_samples():
    assert models.minimum_detectable_effect(0.1, df=1e6) == pytest.approx(0.28016, abs=1e-4)


def test_equivalence_rejects_only_with_a_narrow_interval():
    assert models.equivalence(0.0, 0.1, df=1e6, bound=0.3) == pytest.approx(0.00135, abs=1e-5)
    assert models.equivalence(0.0, 0.3, df=1e6, bound=0.3) > 0.15


def test_a_logit_drops_rows_that_lose_their_variation_with_another_effects_rows():
    # Grid g is all ones; without it year 1 is a single zero.
    rows = pd.DataFrame(
        {
            "y": [1, 1, 0, 1, 0, 1, 0, 1, 0] * 4,
            "x": [0, 1, 1, 0, 1, 1, 0, 1, 0] * 4,
            "year": [1, 2, 1, 2, 2, 2, 2, 3, 3] * 4,
            "grid": ["g", "g", "h", "h", "h", "h", "h", "h", "h"] * 4,
        }
    )
    result = models.fit(rows, outcome="y", exposure="x", fixed_effects=["year", "grid"], estimator="logit", vcov="HC1")
    assert result.n_obs == 24
    assert result.n_dropped == {
        "grid: outcome all alike in a group": 8,
        "year: outcome all alike in a group": 4,
    }


def test_a_single_cluster_is_refused():
    rows = pd.DataFrame({"y": [1, 2, 3, 4], "x": [0, 1, 0, 1], "zone": 1})
    with pytest.raises(InputError, match="all 4 rows are in one cluster of 'zone'"):
        models.fit(rows, outcome="y", exposure="x", estimator="ols", cluster="zone")


def test_a_control_that_predicts_only_zeros_is_refused_and_not_given_a_number():
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"firm": np.repeat(range(20), 5), "x": rng.integers(0, 2, 100), "y": rng.poisson(2, 100)})
    rows["is_new"] = (rows["firm"] < 3).astype(float)
    rows.loc[rows["firm"] < 3, "y"] = 0
    with pytest.raises(InputError, match="predicts zero in 15 of 100 rows"):
        models.fit(rows, outcome="y", exposure="x", controls=["is_new"], cluster="firm")
