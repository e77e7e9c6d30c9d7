"""Few clusters and many tests: against every bootstrap sample refitted, numbers worked by hand, and simulated truth."""

from itertools import permutations, product

import numpy as np
import pandas as pd
import peer_numbers
import pytest
import statsmodels.api as sm
from fresh_processes import printed_under_two_hash_seeds
from statsmodels.stats.multitest import multipletests

from helpers.errors import UsageError
from helpers.models.bootstrap import wild_bootstrap
from helpers.models.curve import every_specification, specification_curve
from helpers.models.leave_out import leave_out
from helpers.models.multiplicity import benjamini_hochberg, holm, romano_wolf, step_down
from helpers.models.randomisation import randomisation_test
from helpers.models.regression import fit
from helpers.models.result import NotEstimable
from helpers.models.vectors import Vectors


@pytest.fixture(scope="module")
def firm_years() -> pd.DataFrame:
    return peer_numbers.firm_years()


def small(seed: int, *, clusters: int = 5, firms: int = 4, years: int = 3, effect: float = 0.0) -> pd.DataFrame:
    """Return a panel of a few grids; the exposure is a firm's, with a common shock by grid."""
    rng = np.random.default_rng(seed)
    grid, firm, year = (
        np.repeat(np.arange(clusters), firms * years), np.repeat(np.arange(clusters * firms), years),
        np.tile(np.arange(years), clusters * firms),
    )  # fmt: skip
    x = rng.normal(size=clusters)[grid] + rng.normal(size=len(grid))
    z = rng.normal(size=len(grid))
    y = effect * x + 0.5 * z + 0.5 * rng.normal(size=clusters)[grid] * x + rng.normal(size=len(grid))
    count = rng.poisson(np.exp(0.3 + effect * x + 0.2 * z))
    weight = rng.uniform(0.5, 2.0, size=len(grid))
    return pd.DataFrame({"grid": grid, "firm": firm, "year": year, "x": x, "z": z, "y": y, "count": count,
                         "weight": weight})  # fmt: skip


def dummies(data: pd.DataFrame, effects: tuple[str, ...]) -> np.ndarray:
    columns = [np.ones((len(data), 1))]
    columns += [pd.get_dummies(data[name], drop_first=True).to_numpy(dtype=float) for name in effects]
    return np.concatenate(columns, axis=1)


def clustered_t(y, x, others, weights, cluster, null=0.0) -> float:
    fitted = sm.WLS(y, np.column_stack([x, others]), weights=weights).fit()
    robust = fitted.get_robustcov_results("cluster", groups=cluster, use_correction=False)
    return (robust.params[0] - null) / robust.bse[0]


def brute_p(data: pd.DataFrame, null: float, effects: tuple[str, ...], weights: np.ndarray) -> float:
    """Return the enumerated p value with every bootstrap sample refitted, dummies and all."""
    x, y, cluster = data["x"].to_numpy(), data["y"].to_numpy(), data["grid"].to_numpy()
    others = np.column_stack([data["z"], dummies(data, effects)])
    t = clustered_t(y, x, others, weights, cluster, null)
    restricted = sm.WLS(y - null * x, others, weights=weights).fit()
    fitted = null * x + restricted.fittedvalues
    signs = list(product((-1.0, 1.0), repeat=int(cluster.max()) + 1))
    star = [clustered_t(fitted + np.array(v)[cluster] * restricted.resid, x, others, weights, cluster, null)
            for v in signs]  # fmt: skip
    return float(np.mean(np.abs(star) >= abs(t) * (1 - 1e-9)))


@pytest.mark.parametrize(("clusters", "effects", "is_weighted", "null"), [
    (3, (), False, 0.0), (4, ("year",), False, 0.0), (5, ("firm", "year"), False, 0.0), (5, ("firm",), True, 0.3),
    (5, ("grid", "year"), True, -0.2),
])  # fmt: skip
def test_the_enumerated_p_is_that_of_every_bootstrap_sample_refitted(clusters, effects, is_weighted, null):
    data = small(clusters, clusters=clusters, effect=0.3)
    weights = data["weight"].to_numpy() if is_weighted else np.ones(len(data))
    result = fit(data, outcome="y", exposure="x", controls=["z"], fixed_effects=effects, estimator="ols",
                 cluster="grid", weights="weight" if is_weighted else None)  # fmt: skip
    test = wild_bootstrap(result, "x", null=null)
    assert test.p_value == brute_p(data, null, effects, weights)
    assert test.p_equal_tailed == test.p_value
    others = np.column_stack([data["z"], dummies(data, effects)])
    expected = clustered_t(data["y"], data["x"], others, weights, data["grid"].to_numpy(), null)
    assert test.statistic == pytest.approx(expected, rel=1e-9)
    assert test.n_vectors == 2**clusters and test.is_enumerated


def test_the_interval_holds_the_nulls_that_the_refitted_bootstrap_does_not_reject():
    data = small(8, clusters=5, effect=0.5)
    result = fit(data, outcome="y", exposure="x", controls=["z"], fixed_effects=["year"], estimator="ols",
                 cluster="grid")  # fmt: skip
    test = wild_bootstrap(result, "x", level=0.8)
    weights = np.ones(len(data))
    for end, outwards in ((test.conf_low, -1e-4), (test.conf_high, 1e-4)):
        assert brute_p(data, end + outwards, ("year",), weights) <= 0.2
        assert brute_p(data, end - outwards, ("year",), weights) > 0.2


def test_a_control_is_tested_as_the_exposure_is():
    data = small(3, effect=0.2)
    one = fit(data, outcome="y", exposure="x", controls=["z"], estimator="ols", cluster="grid")
    other = fit(data, outcome="y", exposure="z", controls=["x"], estimator="ols", cluster="grid")
    assert wild_bootstrap(one, "z").p_value == wild_bootstrap(other, "z").p_value


@pytest.mark.parametrize("null", [0.0, 0.25])
def test_the_poisson_score_bootstrap_is_that_of_the_restricted_fit_worked_out(null):
    data = small(11, effect=0.2)
    result = fit(data, outcome="count", exposure="x", controls=["z"], fixed_effects=["year"], cluster="grid")
    others = np.column_stack([data["z"], dummies(data, ("year",))])
    x, cluster = data["x"].to_numpy(), data["grid"].to_numpy()
    restricted = sm.GLM(data["count"], others, family=sm.families.Poisson(), offset=null * x).fit(tol=1e-12)
    mean = restricted.mu
    efficient = sm.WLS(x, others, weights=mean).fit().resid
    scores = np.bincount(cluster, efficient * (data["count"].to_numpy() - mean))
    sums = np.array(list(product((-1.0, 1.0), repeat=5))) @ scores
    test = wild_bootstrap(result, "x", null=null)
    assert test.p_value == np.mean(np.abs(sums) >= abs(scores.sum()) * (1 - 1e-9))
    about = scores - scores.mean()
    assert test.statistic == pytest.approx(scores.sum() / np.sqrt((about**2).sum() * 5 / 4), rel=1e-6)


def test_four_clusters_can_never_claim_five_per_cent_and_the_reader_is_told():
    data = small(1, clusters=4, effect=3.0)
    result = fit(data, outcome="y", exposure="x", estimator="ols", cluster="grid")
    test = wild_bootstrap(result, "x")
    assert test.smallest_p == 0.125 and test.p_value >= 0.125
    assert np.isinf([test.conf_low, test.conf_high]).all()
    assert "0.125" in test.warnings[0].text("en") and "0.125" in test.warnings[0].text("zh")


def test_one_or_two_clusters_a_fit_without_clusters_and_unknown_terms_are_refused():
    data = small(1, clusters=2)
    with pytest.raises(NotEstimable, match="at least three"):
        wild_bootstrap(fit(data, outcome="y", exposure="x", estimator="ols", cluster="grid"), "x")
    whole = small(1)
    with pytest.raises(UsageError, match="cluster"):
        wild_bootstrap(fit(whole, outcome="y", exposure="x", estimator="ols", vcov="HC1"), "x")
    result = fit(whole, outcome="y", exposure="x", estimator="ols", cluster="grid")
    with pytest.raises(UsageError, match="no term 'w'"):
        wild_bootstrap(result, "w")
    for draws in (0, 1.5, "all", True):
        with pytest.raises(UsageError, match="draws"):
            wild_bootstrap(result, "x", draws=draws)
    many = fit(whole.assign(is_late=(whole["count"] > 1).astype(int)), outcome="is_late", exposure="x",
               estimator="logit", cluster="grid")  # fmt: skip
    with pytest.raises(UsageError, match="logit"):
        wild_bootstrap(many, "x")


def test_draws_depend_on_their_seed_only_and_few_clusters_are_drawn_with_webb_weights(firm_years):
    result = fit(firm_years, outcome="rd", exposure="score", controls=["treated"], fixed_effects=["firm", "year"],
                 estimator="ols", cluster="grid")  # fmt: skip
    one, same, other = (wild_bootstrap(result, "treated", draws=499, seed=seed) for seed in (5, 5, 6))
    assert one.table.equals(same.table) and one.weights == "rademacher" and "seed 5" in one.rule
    assert (one.conf_low, one.conf_high) != (other.conf_low, other.conf_high)
    few = fit(small(2), outcome="y", exposure="x", estimator="ols", cluster="grid")
    drawn = wild_bootstrap(few, "x", draws=4_999)
    assert drawn.weights == "webb" and drawn.smallest_p == 1 / 5_000
    assert abs(drawn.p_value - wild_bootstrap(few, "x").p_value) < 0.15


def test_many_draws_come_near_the_enumerated_p(firm_years):
    result = fit(firm_years, outcome="utility", exposure="treated", fixed_effects=["firm", "year"], estimator="ols",
                 cluster="grid")  # fmt: skip
    exact, drawn = wild_bootstrap(result, "treated", null=0.2), wild_bootstrap(result, "treated", null=0.2, draws=9_999)
    assert exact.n_vectors == 2**18
    assert abs(exact.p_value - drawn.p_value) < 5 * np.sqrt(exact.p_value * (1 - exact.p_value) / 9_999)


def test_the_bootstrap_holds_its_size_with_eight_clusters_and_has_power():
    def share(effect: float) -> float:
        p = [wild_bootstrap(fit(small(1_000 + seed, clusters=8, effect=effect), outcome="y", exposure="x",
                                controls=["z"], estimator="ols", cluster="grid"), "x").p_value for seed in range(120)]
        return float(np.mean(np.array(p) <= 0.1))

    # Three standard errors of a share of .10 in 120.
    assert share(0.0) <= 0.10 + 3 * np.sqrt(0.09 / 120)
    assert share(0.8) > 0.5


def groups(means: list[float], treated: int) -> pd.DataFrame:
    """Return four rows a grid, `means` apart from noise that cancels within."""
    return pd.DataFrame({
        "grid": np.repeat(np.arange(len(means)), 4), "stratum": np.repeat(np.arange(len(means)) // 2, 4),
        "y": np.repeat(means, 4) + np.tile([-0.1, 0.1] * 2, len(means)),
        "x": np.repeat(np.arange(len(means)) == treated, 4).astype(float),
    })  # fmt: skip


@pytest.mark.parametrize(("treated", "p"), [(0, 1 / 4), (1, 2 / 4), (2, 3 / 4), (3, 4 / 4)])
def test_one_treated_grid_of_four_is_ranked_among_the_four(treated, p):
    # Means 5, 1, 2, 3: less the mean of the others they are 3, -2.33, -1, 0.33.
    test = randomisation_test(groups([5.0, 1.0, 2.0, 3.0], treated), outcome="y", exposure="x", assigned_by="grid")
    assert test.p_coefficient == p and test.p_coefficient_error == 0
    assert test.n_assignments == 4 and test.n_treated == 1 and test.is_headline and test.smallest_p == 0.25
    assert "0.250" in test.warnings[0].text("zh")


def test_assignments_within_strata_are_the_product_of_those_of_each():
    data = groups([5.0, 1.0, 2.0, 3.0], 0)
    data.loc[data["grid"] == 3, "x"] = 1.0
    within = randomisation_test(data, outcome="y", exposure="x", assigned_by="grid", strata="stratum")
    # Pairs (0 or 1) and (2 or 3): means of treated less untreated are 2.5, 1.5, -1.5, -2.5.
    assert within.n_assignments == 4 and within.p_coefficient == 0.5
    assert randomisation_test(data, outcome="y", exposure="x", assigned_by="grid").n_assignments == 6


def staggered_panel() -> pd.DataFrame:
    data = small(21, clusters=5, firms=3, years=4, effect=0.0)
    start = {0: 1, 1: 1, 2: 2, 3: 9, 4: 9}
    return data.assign(on=(data["year"] >= data["grid"].map(start)).astype(float))


def test_staggered_cohorts_swap_their_dates_and_every_assignment_is_that_refitted():
    data = staggered_panel()
    test = randomisation_test(data, outcome="y", exposure="on", assigned_by="grid", period="year", controls=["z"],
                              fixed_effects=["firm", "year"])  # fmt: skip
    others = np.column_stack([data["z"], dummies(data, ("firm", "year"))])
    cluster, ones = data["grid"].to_numpy(), np.ones(len(data))
    found = {}
    for order in sorted(set(permutations((1, 1, 2, 9, 9)))):
        on = (data["year"].to_numpy() >= np.array(order)[cluster]).astype(float)
        found[order] = (clustered_t(data["y"], on, others, ones, cluster),
                        np.linalg.lstsq(np.column_stack([on, others]), data["y"], rcond=None)[0][0])  # fmt: skip
    values, own = np.abs(list(found.values())), np.abs(found[(1, 1, 2, 9, 9)])
    assert test.n_assignments == len(found) == 30
    assert test.p_value == np.mean(values[:, 0] >= own[0] * (1 - 1e-9))
    assert test.p_coefficient == np.mean(values[:, 1] >= own[1] * (1 - 1e-9))
    assert abs(test.statistic) == pytest.approx(own[0], rel=1e-8)


def test_the_randomisation_interval_holds_the_constant_effects_not_rejected():
    data = staggered_panel()
    options = {"exposure": "on", "assigned_by": "grid", "period": "year", "fixed_effects": ["firm", "year"]}
    test = randomisation_test(data, outcome="y", level=0.8, **options)
    for end, outwards in ((test.conf_low, -1e-4), (test.conf_high, 1e-4)):
        for effect, is_rejected in ((end + outwards, True), (end - outwards, False)):
            less = data.assign(less=data["y"] - effect * data["on"])
            assert (randomisation_test(less, outcome="less", **options).p_value <= 0.2) == is_rejected


def test_drawn_assignments_come_near_the_enumerated_and_say_their_error():
    data = staggered_panel()
    options = {"outcome": "count", "exposure": "on", "assigned_by": "grid", "period": "year", "estimator": "poisson",
               "fixed_effects": ["grid", "year"]}  # fmt: skip
    exact = randomisation_test(data, **options)
    drawn, same = (randomisation_test(data, draws=1_999, seed=3, **options) for _ in range(2))
    assert drawn.table.equals(same.table)
    assert drawn.p_error > 0 and abs(drawn.p_value - exact.p_value) < 4 * drawn.p_error + 1e-3
    assert exact.conf_low is None


def test_an_exposure_not_assigned_by_the_clusters_is_refused():
    data = staggered_panel()
    options = {"outcome": "y", "assigned_by": "grid"}
    with pytest.raises(NotEstimable, match="name the period"):
        randomisation_test(data, exposure="on", **options)
    with pytest.raises(NotEstimable, match="was not assigned by grid"):
        randomisation_test(data, exposure="x", period="year", **options)
    with pytest.raises(NotEstimable, match="1 of 5 groups of grid lack"):
        randomisation_test(data[~((data["grid"] == 2) & (data["year"] == 0))], exposure="on", period="year", **options)
    with pytest.raises(NotEstimable, match="strata are made of whole groups"):
        randomisation_test(data, exposure="on", period="year", strata="firm", **options)
    alike = data.assign(wave=(data["year"] > 1).astype(float))
    with pytest.raises(NotEstimable, match="no other assignment"):
        randomisation_test(alike, exposure="wave", period="year", **options)
    with pytest.raises(NotEstimable, match="missing groups: grid"):
        randomisation_test(data.assign(grid=data["grid"].where(data.index > 1)), exposure="on", **options)
    with pytest.raises(NotEstimable, match="no column town"):
        randomisation_test(data, exposure="on", outcome="y", assigned_by="town")


def test_holm_and_benjamini_hochberg_are_those_of_statsmodels():
    p = np.array([0.01, 0.04, 0.03, 0.005, 0.5, 0.03])
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], rel=1e-12)
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1], rel=1e-12)
    with pytest.raises(UsageError, match="0 to 1"):
        holm(np.array([0.1, np.nan]))


def many_outcomes() -> list:
    data = small(31, clusters=6, effect=0.4)
    rng = np.random.default_rng(4)
    data["second"] = data["y"] + rng.normal(size=len(data))
    data["third"] = rng.normal(size=len(data))
    return [fit(data, outcome=name, exposure="x", fixed_effects=["year"], estimator="ols", cluster="grid")
            for name in ("y", "second", "third")]  # fmt: skip


def test_romano_wolf_is_the_step_down_over_bootstrap_samples_refitted():
    results = many_outcomes()
    found = romano_wolf(results, draws="enumerate")
    star, observed = [], []
    for result in results:
        sample = result.sample
        others, ones, cluster = dummies(pd.DataFrame({"year": sample.groups[0]}), ("year",)), np.ones(72), sample.cluster
        restricted = sm.OLS(sample.y, others).fit()
        x = sample.design[:, 0]
        observed.append(abs(clustered_t(sample.y, x, others, ones, cluster)))
        star.append([abs(clustered_t(restricted.fittedvalues + np.array(v)[cluster] * restricted.resid, x, others, ones,
                                     cluster)) for v in product((-1.0, 1.0), repeat=6)])  # fmt: skip
    star, observed = np.array(star), np.array(observed)
    left, least, expected = list(range(3)), 0.0, {}
    while left:
        first = max(left, key=lambda i: observed[i])
        least = max(least, float(np.mean(star[left].max(axis=0) >= observed[first] * (1 - 1e-9))))
        expected[first] = least
        left.remove(first)
    assert found["p_romano_wolf"].tolist() == [expected[i] for i in range(3)]
    assert found["p"].tolist() == [wild_bootstrap(result, "x").p_value for result in results]
    assert (found["p_romano_wolf"] <= found["p_holm"] + 1e-12).all()


def test_p_values_of_many_tests_are_those_of_the_algorithms_written_out_in_r():
    expected = peer_numbers.peer("rwolf").set_index("term")
    t, draws = expected["estimate"].abs().to_numpy(), np.arange(1, 1_000)
    # The draws are given by whole numbers, so that both programs step down the same ones (r_rwolf.R).
    star = np.column_stack([np.abs((37 * draws + 101 * k * draws**2) % 997 / 250 - 2) * (0.6 + 0.08 * k)
                            for k in range(1, len(t) + 1)])  # fmt: skip
    plan = Vectors.of(19, len(draws), seed=0)
    alone = np.array([step_down(t[[i]], star[:, [i]], plan)[0] for i in range(len(t))])
    for found, name in ((alone, "p_unadjusted"), (step_down(t, star, plan), "p_adjusted"), (holm(alone), "p_holm"),
                        (benjamini_hochberg(alone), "p_bh")):  # fmt: skip
        np.testing.assert_allclose(found, expected[name], rtol=1e-14, err_msg=name)
    # Bonferroni's is Holm's first step.
    assert holm(alone).min() == expected["p_bonferroni"].min()


def test_one_outcome_named_twice_costs_romano_wolf_nothing_and_families_stand_alone():
    first, second, _ = many_outcomes()
    same = romano_wolf([first, first], draws="enumerate")
    assert (same["p_romano_wolf"] == same["p"]).all() and (same["p_holm"] > same["p"]).all()
    apart = romano_wolf([first, second], families=["patents", "awards"], draws=199, seed=1)
    assert (apart[["p_holm", "p_romano_wolf", "q_bh"]].to_numpy() == apart[["p"]].to_numpy()).all()


def test_samples_with_other_rows_share_their_clusters_and_other_clusters_are_refused():
    data = small(31, clusters=6, effect=0.4)
    whole, part = (fit(rows, outcome="y", exposure="x", estimator="ols", cluster="grid")
                   for rows in (data, data[data["grid"] > 1]))  # fmt: skip
    found = romano_wolf([part, whole], draws="enumerate")
    assert found["p"].tolist() == [wild_bootstrap(part, "x").p_value, wild_bootstrap(whole, "x").p_value]
    other = fit(data, outcome="y", exposure="x", estimator="ols", cluster="year")
    with pytest.raises(UsageError, match="different ways"):
        romano_wolf([whole, other])
    with pytest.raises(UsageError, match="index repeats"):
        romano_wolf([fit(pd.concat([data, data]), outcome="y", exposure="x", estimator="ols", cluster="grid")])
    with pytest.raises(UsageError, match="no fits"):
        romano_wolf([])


def declared() -> list[dict]:
    return every_specification(
        outcome=["rd", "utility"], exposure=["treated", "score"], controls=[(), ("ln_assets",), ("ln_assets", "age")],
        fixed_effects=[(), ("firm", "year"), ("industry", "year")], sample=[None, "is_late"],
        weights=[None, "weight"], cluster=["grid"],
    )  # fmt: skip


@pytest.mark.parametrize("most", [10_000_000, 0])
def test_a_curve_has_the_coefficients_errors_and_refusals_of_single_fits(firm_years, most, monkeypatch):
    # With none by cluster, each specification goes back to the rows.
    monkeypatch.setattr("helpers.models.curve.MOST_PARTS", most)
    data = firm_years.assign(is_late=firm_years["year"] > 2015)
    # Missing values differ between columns, and so do the rows of specifications.
    data.loc[::7, "ln_assets"] = np.nan
    curve = specification_curve(data, declared(), draws=0)
    assert len(curve.table) == 144 and curve.joint is None
    refused = 0
    for one, (_, row) in zip(declared(), curve.table.iterrows(), strict=True):
        asked = {key: value for key, value in one.items() if key != "sample"}
        try:
            single = fit(data[data["is_late"]] if one["sample"] else data, estimator="ols", **asked)
        except NotEstimable as trouble:
            assert str(row["reason"]) == str(trouble) and np.isnan(row["estimate"])
            refused += 1
            continue
        names = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "df"]
        expected = single.table.loc[0, names].to_numpy(dtype=float)
        assert row[names].to_numpy(dtype=float) == pytest.approx(expected, rel=1e-9)
        assert row["reason"] is None and row["n_obs"] == single.n_obs and row["n_clusters"] == 18
    assert refused == 16 and f"{refused} of 144" in str(curve.warnings[0])


def test_poisson_specifications_begun_at_each_others_means_are_those_of_single_fits(firm_years):
    asked = every_specification(outcome=["patents"], exposure=["treated"], controls=[(), ("ln_assets",)],
                                fixed_effects=[(), ("grid", "year")], estimator=["poisson"], cluster=["grid"])
    curve = specification_curve(firm_years, asked, draws=99)
    for one, (_, row) in zip(asked, curve.table.iterrows(), strict=True):
        single = fit(firm_years, **one).table.loc[0, ["estimate", "std_error"]].to_list()
        assert row[["estimate", "std_error"]].to_list() == pytest.approx(single, rel=1e-8)
    assert curve.joint["statistic"].tolist() == ["median", "share_significant", "stouffer_z"]


def test_the_joint_test_rejects_an_effect_and_seldom_its_absence():
    asked = every_specification(outcome=["y"], exposure=["x"], controls=[(), ("z",)],
                                fixed_effects=[(), ("year",), ("firm", "year")], cluster=["grid"])

    def p_values(effect: float) -> np.ndarray:
        return np.array([specification_curve(small(2_000 + seed, clusters=10, effect=effect), asked, draws=199,
                                             seed=seed).joint["p_value"] for seed in range(40)])  # fmt: skip

    assert ((p_values(0.0) <= 0.1).mean(axis=0) <= 0.1 + 3 * np.sqrt(0.09 / 40)).all()
    assert (p_values(1.0)[:, 0] <= 0.1).mean() > 0.5


def test_a_bad_specification_is_named_and_a_bad_column_spoils_only_its_own(firm_years):
    good = {"outcome": "rd", "exposure": "treated", "cluster": "grid"}
    for bad, said in (({"outcome": "rd"}, "specification 2 lacks"), (good | {"control": ()}, "unknown control"),
                      (good | {"controls": "age"}, "list of columns"), (good | {"sample": "age"}, "booleans")):
        with pytest.raises(UsageError, match=said):
            specification_curve(firm_years, [good, bad])
    with pytest.raises(UsageError, match="no specifications"):
        specification_curve(firm_years, [])
    data = firm_years.assign(infinite=np.where(firm_years["age"] > 20, np.inf, 0.0))
    table = specification_curve(data, [good, good | {"controls": ("infinite",)}, good | {"controls": ("none",)}]).table
    assert table["reason"][0] is None and table["estimate"].notna().tolist() == [True, False, False]
    assert "infinite" in str(table["reason"][1]) and "no column none" in str(table["reason"][2])


@pytest.mark.parametrize(("estimator", "effects", "weights"), [
    ("ols", (), None), ("ols", ("firm", "year"), "weight"), ("poisson", ("grid", "year"), None),
])  # fmt: skip
def test_a_coefficient_without_a_group_is_that_of_the_fit_without_it(firm_years, estimator, effects, weights):
    options = {"outcome": "patents", "exposure": "treated", "controls": ["ln_assets"], "fixed_effects": effects,
               "estimator": estimator, "weights": weights}  # fmt: skip
    found = leave_out(firm_years, by="grid", **options)
    assert len(found) == 18 and found["change"].abs().is_monotonic_decreasing
    for _, row in found.iloc[[0, 9, 17]].iterrows():
        part = firm_years[firm_years["grid"] != row["left_out"]]
        single = fit(part, **options, cluster="grid").term("treated")["estimate"]
        assert row["estimate"] == pytest.approx(single, rel=1e-8)


def test_the_giant_comes_first_and_a_group_that_all_hangs_on_says_so():
    data = small(41, clusters=5)
    data["y"] += 50.0 * (data["firm"] == 7) * data["x"]
    assert leave_out(data, by="firm", outcome="y", exposure="x", cluster="grid")["left_out"][0] == 7
    data["only"] = (data["grid"] == 3) * data["z"]
    found = leave_out(data, by="grid", outcome="y", exposure="only", controls=["x"])
    assert found["left_out"][0] == 3 and np.isnan(found["estimate"][0]) and "no variation" in str(found["reason"][0])
    assert found["estimate"][1:].notna().all()
    with pytest.raises(NotEstimable, match="one value"):
        leave_out(data.assign(one=1), by="one", outcome="y", exposure="x", cluster="grid")
    with pytest.raises(NotEstimable, match="missing groups: firm"):
        leave_out(data.assign(firm=data["firm"].where(data["x"] > 0)), by="firm", outcome="y", exposure="x")
    with pytest.raises(UsageError, match="logit"):
        leave_out(data, by="grid", outcome="y", exposure="x", estimator="logit")


SCRIPT = """
import pandas as pd
from helpers.models.bootstrap import wild_bootstrap
from helpers.models.curve import every_specification, specification_curve
from helpers.models.multiplicity import romano_wolf
from helpers.models.randomisation import randomisation_test
from helpers.models.regression import fit
data = pd.read_csv("tests/peers/firm_years.csv")
results = [fit(data, outcome=name, exposure="treated", fixed_effects=["grid", "year"], estimator="ols", cluster="grid")
           for name in ("rd", "utility")]
print(wild_bootstrap(results[0], "treated", draws=99).table.to_csv(), romano_wolf(results, draws=99).to_csv())
asked = every_specification(outcome=["rd"], exposure=["treated"], controls=[(), ("age", "ln_assets")],
                            fixed_effects=[("grid", "year")], cluster=["grid"])
curve = specification_curve(data, asked, draws=99)
print(curve.table.to_csv(), curve.joint.to_csv())
data["on"] = (data["grid"].isin([2, 5]) & (data["year"] > 2017)).astype(int)
print(randomisation_test(data, outcome="rd", exposure="on", assigned_by="grid", period="year", draws=99).table.to_csv())
"""


def test_two_processes_with_other_hash_seeds_print_the_same_bytes():
    outputs = printed_under_two_hash_seeds(SCRIPT)
    assert outputs[0] == outputs[1] and len(outputs[0]) > 1_000
