
import numpy as np
import pandas as pd
import peer_numbers
import pytest
from fresh_processes import printed_under_two_hash_seeds

from helpers.errors import InputError, UsageError
from helpers.models import demean, poisson
from helpers.models.demean import Absorber
from helpers.models.design import coded
from helpers.models.poisson import ppml
from helpers.models.regression import fit

CONTROLS = ["score", "ln_employees", "ln_assets"]
EFFECTS = {
    "none": [], "firm": ["firm"], "firm_year": ["firm", "year"], "firm_gridyear": ["firm", "gridyear"],
    "grid_year": ["grid", "year"], "gridyear": ["gridyear"],
}  # fmt: skip


def firm_years():
    table = peer_numbers.firm_years()
    return table.assign(gridyear=table["grid"] * 10_000 + table["year"])


def peer(family):
    table = peer_numbers.peer(family)
    return table.assign(term=table["term"].replace("(Intercept)", "intercept"))


def cases(family, *by):
    return list(peer(family)[["case", *by]].drop_duplicates().itertuples(index=False, name=None))


def split(case):
    """Return effects, cluster or kind of error, and weights of a case's name."""
    case, weights = (case.removesuffix("_weighted"), "weight") if case.endswith("_weighted") else (case, None)
    if "_cl_" in case:
        effects, cluster = case.split("_cl_")
        return EFFECTS[effects], {"cluster": cluster}, weights
    effects, vcov = case.rsplit("_", 1)
    return EFFECTS[effects], {"vcov": vcov}, weights


def agree(found, expected, columns, rel):
    table = found.table.set_index("term").loc[expected["term"]]
    for name in columns:
        np.testing.assert_allclose(table[name], expected[name], rtol=rel, err_msg=name)


@pytest.mark.parametrize("case", [case for case, in cases("ols")])
def test_ols_agrees_with_fixest_to_ten_digits(case):
    effects, options, weights = split(case)
    expected = peer("ols").query("case == @case")
    found = fit(firm_years(), outcome="rd", exposure="treated", controls=CONTROLS, fixed_effects=effects,
                estimator="ols", weights=weights, **options)  # fmt: skip
    agree(found, expected, ["estimate"], 1e-10)
    assert found.n_obs == expected["n_obs"].iloc[0]
    if case.startswith(("firm_gridyear_iid", "firm_gridyear_HC1")):
        # fixest counts 264 + 180 - 1 effects; firms lie in one grid each, so that 17 more are redundant.
        expected = expected.assign(std_error=expected["std_error"] * np.sqrt((2640 - 4 - 443) / (2640 - 4 - 426)))
        agree(found, expected, ["std_error"], 1e-10)
        return
    agree(found, expected, ["std_error", "p_value", "conf_low", "conf_high"], 1e-8)
    agree(found, expected, ["std_error"], 1e-10)


@pytest.mark.parametrize("case", [case for case, in cases("poisson")])
def test_poisson_agrees_with_fixest(case):
    # Its errors are those of the weights before its last step: they agree with 1e-6 where it stops early.
    effects, options, weights = split(case)
    expected = peer("poisson").query("case == @case")
    found = fit(firm_years(), outcome="patents", exposure="treated", controls=CONTROLS, fixed_effects=effects,
                weights=weights, **options)  # fmt: skip
    agree(found, expected, ["estimate"], 1e-9)
    agree(found, expected, ["std_error"], 1e-6)
    first = expected.iloc[0]
    assert (found.n_obs, sum(found.n_dropped.values())) == (first["n_obs"], first["n_dropped"])
    assert found.n_clusters == first["n_clusters"]


@pytest.mark.parametrize(("case", "vcov"), [(c, v) for c, v in cases("vcov", "vcov") if v in ("CR2", "CRV3J")])
def test_bias_reduced_and_jackknife_errors_agree_with_clubsandwich_and_summclust(case, vcov):
    expected = peer("vcov").query("case == @case and vcov == @vcov")
    estimator, rest = case.removesuffix("_summclust").split("_", 1)
    effects, options, _ = split(rest)
    found = fit(firm_years(), outcome={"ols": "rd", "poisson": "patents"}[estimator], exposure="treated",
                controls=CONTROLS, fixed_effects=effects, estimator=estimator, vcov=vcov, **options)  # fmt: skip
    agree(found, expected, ["estimate", "std_error"], 1e-10)
    agree(found, expected, ["df", "p_value"], 1e-7)


def test_poisson_errors_agree_with_those_of_statsmodels_at_a_tight_tolerance():
    import statsmodels.api as sm

    table = firm_years()
    design = sm.add_constant(table[["treated", *CONTROLS]].to_numpy(dtype=float), prepend=False)
    theirs = sm.GLM(table["patents"], design, family=sm.families.Poisson()).fit(
        cov_type="cluster", cov_kwds={"groups": table["firm"]}, tol=1e-15, maxiter=100
    )
    ours = fit(table, outcome="patents", exposure="treated", controls=CONTROLS, cluster="firm").table
    np.testing.assert_allclose(ours["estimate"], theirs.params, rtol=1e-10)
    np.testing.assert_allclose(ours["std_error"], theirs.bse, rtol=1e-10)


def test_bias_reduction_counts_the_leverage_of_absorbed_effects_of_a_poisson_mean():
    table = firm_years().query("firm <= 40").reset_index(drop=True)
    found = fit(table, outcome="patents", exposure="treated", controls=["score"], fixed_effects=["firm", "year"],
                cluster="grid", vcov="CR2")  # fmt: skip
    sample = found.sample
    dummies = [np.eye(int(codes.max()) + 1)[codes] for codes in sample.groups]
    design = np.column_stack([sample.design, dummies[0], dummies[1][:, 1:]])
    mean = ppml(sample.y, sample.design, sample.groups).mean
    slopes = design * mean[:, None]
    bread = np.linalg.inv(design.T @ slopes)
    covariance = np.zeros_like(bread)
    for g in range(int(sample.cluster.max()) + 1):
        rows = sample.cluster == g
        root = np.diag(np.sqrt(mean[rows]))
        middle = root @ (np.diag(mean[rows]) - slopes[rows] @ bread @ slopes[rows].T) @ root
        values, vectors = np.linalg.eigh(middle)
        powers = np.where(values > 1e-12, np.abs(values) ** -0.5, 0)
        score = design[rows].T @ root @ (vectors * powers) @ vectors.T @ root @ (sample.y - mean)[rows]
        covariance += bread @ np.outer(score, score) @ bread
    np.testing.assert_allclose(found.covariance, covariance[:2, :2], rtol=1e-7)


def scattered(seed=1, rows=600, weighted=True):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 60, rows)
    # Three blocks of the first and second effect that never meet.
    second = first % 3 * 2 + rng.integers(0, 2, rows)
    groups = [np.unique(codes, return_inverse=True)[1] for codes in (first, second, rng.integers(0, 12, rows))]
    return groups, rng.random(rows) + 0.1 if weighted else None, rng.normal(size=(rows, 3)) + 3


@pytest.mark.parametrize("few_levels", [1_000, 0], ids=["direct", "iterative"])
@pytest.mark.parametrize(("dense", "narrow"), [(4, 256), (0.7, 256), (0, 256), (0, 0)],
                         ids=["dense", "mixed", "sparse", "sparse and wide"])  # fmt: skip
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("many", [0, 1, 2, 3])
def test_what_is_left_of_a_column_is_the_residual_of_a_regression_on_dummies(
    monkeypatch, few_levels, dense, narrow, weighted, many
):
    for name, value in (("FEW_LEVELS", few_levels), ("DENSE", dense), ("NARROW", narrow), ("ROWS_AT_ONCE", 7)):
        monkeypatch.setattr(demean, name, value)
    groups, weights, columns = scattered(weighted=weighted)
    dummies = np.concatenate([np.eye(int(g.max()) + 1)[g] for g in groups[:many]] or [np.zeros((600, 1))], axis=1)
    root = np.ones((600, 1)) if weights is None else np.sqrt(weights)[:, None]
    expected = columns - dummies @ np.linalg.lstsq(dummies * root, columns * root, rcond=None)[0]
    absorber = Absorber(groups[:many], weights=weights)
    np.testing.assert_allclose(absorber(columns), expected, atol=2e-9)
    np.testing.assert_allclose(absorber(columns[:, 0]), expected[:, 0], atol=2e-9)
    assert absorber.rank == (np.linalg.matrix_rank(dummies) if many else 0)
    if weighted:
        np.testing.assert_array_equal(weights, scattered()[1], "the weights given are not written to")


def test_columns_of_a_table_changed_after_a_fit_leave_its_sample_as_it_was():
    data = firm_years()
    result = fit(data, outcome="rd", exposure="treated", fixed_effects=["firm", "year"], estimator="ols",
                 cluster="firm")  # fmt: skip
    before = result.sample.y.copy()
    data.loc[:, "rd"] = 0.0
    np.testing.assert_array_equal(result.sample.y, before)


@pytest.mark.parametrize("values", [[7, -3, 7, 0], [2**62, -(2**62), 2**62, 0], [1.5, -3, 1.5, 0]],
                         ids=["near each other", "far apart", "no integers"])  # fmt: skip
def test_codes_number_the_values_of_a_column_without_gaps(values):
    codes = coded(pd.Series(values))
    assert sorted(set(codes)) == [0, 1, 2]
    assert codes[0] == codes[2]
    small = coded(pd.Series([-100, 100, -100], dtype="int8"))
    assert small.tolist() == [0, 1, 0]


def test_absorption_that_does_not_settle_is_an_error(monkeypatch):
    monkeypatch.setattr(demean, "FEW_LEVELS", 0)
    monkeypatch.setattr(demean, "MOST_STEPS", 1)
    groups, weights, columns = scattered()
    with pytest.raises(InputError, match="not taken out to the tolerance in 1 steps"):
        Absorber(groups, weights=weights)(columns)


def test_a_poisson_fit_that_does_not_settle_is_an_error(monkeypatch):
    monkeypatch.setattr(poisson, "MOST_STEPS", 2)
    with pytest.raises(InputError, match="did not converge in 2 steps"):
        fit(firm_years(), outcome="patents", exposure="treated", fixed_effects=["firm", "year"], cluster="firm")


SCRIPT = """
import pandas as pd
from helpers.models.regression import fit
table = pd.read_csv("tests/peers/firm_years.csv")
for estimator, outcome in (("ols", "rd"), ("poisson", "patents")):
    for vcov in ("CR1", "CR2", "CRV3J"):
        found = fit(table, outcome=outcome, exposure="treated", controls=["score"], fixed_effects=["grid", "year"],
                    estimator=estimator, cluster="grid", vcov=vcov)
        print(found.table.to_json(double_precision=15), found.rule, found.n_dropped)
"""


def test_errors_do_not_depend_on_the_hash_seed_when_the_cluster_is_one_of_the_effects():
    said = printed_under_two_hash_seeds(SCRIPT)
    assert said[0] and said[0] == said[1]


def test_the_rule_says_how_parameters_are_counted():
    table = firm_years()
    options = {"outcome": "rd", "exposure": "treated", "controls": CONTROLS, "estimator": "ols"}
    nested = fit(table, fixed_effects=["firm", "year"], cluster="grid", **options)
    crossing = fit(table, fixed_effects=["grid", "year"], cluster="firm", **options)
    # Ten years and an intercept less one, beside four terms; firms lie in grids and are not counted.
    assert nested.rule == (
        "CR1 by grid: sandwich x G/(G-1) x (N-1)/(N-K), t(17), K = 14 without effects nested in grid"
    )
    assert crossing.rule == "CR1 by firm: sandwich x G/(G-1) x (N-1)/(N-K), t(263)"


def test_two_weights_of_one_are_a_weight_of_two():
    table = firm_years().query("firm <= 60")
    double = pd.concat([table, table[table["year"] == 2015]])
    weighted = table.assign(times=np.where(table["year"] == 2015, 2.0, 1.0))
    options = {"exposure": "treated", "controls": CONTROLS, "fixed_effects": ["firm", "year"], "cluster": "firm"}
    for estimator, outcome in (("ols", "rd"), ("poisson", "patents")):
        twice = fit(double, outcome=outcome, estimator=estimator, **options)
        once = fit(weighted, outcome=outcome, estimator=estimator, weights="times", **options)
        np.testing.assert_allclose(once.table["estimate"], twice.table["estimate"], rtol=1e-9)
        assert twice.n_obs - once.n_obs == once.sample.groups[0].max() + 1


def small(seed=2, firms=30, years=6):
    rng = np.random.default_rng(seed)
    firm, year = np.repeat(np.arange(firms), years), np.tile(np.arange(years), firms)
    table = pd.DataFrame({"firm": firm, "year": year, "grid": firm % 7, "x": rng.normal(size=len(firm)),
                          "z": rng.normal(size=len(firm))})  # fmt: skip
    mean = np.exp(0.4 * table["x"] + rng.normal(size=firms)[firm] * 0.5 + 0.5)
    return table.assign(y=rng.poisson(mean).astype(float), is_new=(firm % 3 == 0).astype(float), size=firm % 5 * 1.0)


def test_singletons_and_groups_without_counts_are_left_out_one_after_the_other_and_counted():
    table = small()
    table.loc[table["firm"] == 3, "y"] = 0.0
    # A region with one row of firm 4, and one whose other row is firm 3's.
    table["region"] = table["firm"] % 4
    table.loc[(table["firm"] == 4) & (table["year"] == 0), "region"] = 90
    table.loc[(table["firm"].isin([3, 5])) & (table["year"] == 1), "region"] = 91
    table.loc[(table["firm"].isin([4, 5])) & (table["year"] < 2), "y"] = 1.0
    found = fit(table, outcome="y", exposure="x", fixed_effects=["firm", "region"], cluster="firm", unit="firm")
    assert found.n_dropped == {"firm: outcome all alike in a group": 6, "region: a group of one row": 2}
    assert (found.n_obs, found.n_units, found.n_clusters) == (180 - 8, 29, 29)
    assert found.sample.index.equals(table.index[found.sample.index])
    ols = fit(table, outcome="y", exposure="x", fixed_effects=["region"], cluster="firm", estimator="ols")
    assert ols.n_dropped == {"region: a group of one row": 1}


def test_rows_that_two_effects_together_predict_as_zero_are_left_out_and_change_nothing():
    table = small()
    # Firm 2 has counts in its own cell alone, and that cell has no other firm: all its other rows go to zero.
    table["cell"] = table["firm"] % 3 * 10 + table["year"]
    own = (table["firm"] == 2) & (table["year"] < 2)
    table.loc[own, "cell"] = 99
    table.loc[own, "y"] = [3.0, 1.0]
    lost = (table["firm"] == 2) & ~own
    table.loc[lost, "y"] = 0.0
    options = {"outcome": "y", "exposure": "x", "fixed_effects": ["firm", "cell"], "cluster": "firm"}
    found = fit(table, **options)
    assert found.n_dropped == {"firm and cell: separated": int(lost.sum())}
    without = fit(table[~lost], **options)
    np.testing.assert_allclose(found.table.drop(columns="term"), without.table.drop(columns="term"), rtol=1e-12)


def test_a_term_that_separates_beside_fixed_effects_is_refused():
    table = small()
    table.loc[table["is_new"] * (table["year"] == 3) == 1, "y"] = 0.0
    table["is_new"] *= table["year"] == 3
    with pytest.raises(InputError, match="predicts zero in 10 of 180 rows"):
        fit(table, outcome="y", exposure="x", controls=["is_new"], fixed_effects=["firm"], cluster="firm")


def test_a_rare_event_is_not_taken_for_separation():
    rng = np.random.default_rng(8)
    table = pd.DataFrame({"x": np.repeat([0.0, 14.0], 500), "z": rng.normal(size=1000), "firm": np.arange(1000) // 5})
    table["y"] = np.where(table["x"] > 0, rng.poisson(400_000, 1000), 0).astype(float)
    table.loc[0, "y"] = 1.0
    found = fit(table, outcome="y", exposure="x", controls=["z"], cluster="firm", vcov="CR1")
    # One count in 500 rows against some 400,000 in each row.
    assert found.term("x")["estimate"] * 14 == pytest.approx(np.log(400_000 * 500), abs=0.1)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda t: t, {"controls": ["size"], "fixed_effects": ["firm"]},
         r"^size: no variation within the fixed effects \(firm\), which already contain it"),
        (lambda t: t, {"controls": ["size", "is_new"], "fixed_effects": ["firm", "year"]}, r"^size, is_new: no variation"),
        (lambda t: t.assign(size=t["x"] * 2 + t["firm"]), {"controls": ["size"], "fixed_effects": ["firm"]},
         "collinear terms: x, size"),
        (lambda t: t.assign(size=7.1), {"controls": ["size"]}, "collinear terms: size, intercept"),
        (lambda t: t.assign(y=t["size"]), {"estimator": "ols", "fixed_effects": ["firm"]},
         r"outcome 'y' has no variation within the fixed effects \(firm\)"),
        (lambda t: t.assign(y=np.nan), {}, r"no complete row is left \(missing: y \(180 rows\)\)"),
        (lambda t: t.assign(y=t["y"].replace(0, np.inf)), {}, "infinite values in y"),
        (lambda t: t.assign(size=[*"ab"] * 90), {"controls": ["size"]}, "not numbers: size"),
        (lambda t: t.assign(w=-1.0), {"weights": "w"}, "weights 'w' are negative in 180 rows"),
        (lambda t: t.assign(w=np.inf), {"weights": "w"}, r"infinite values in w \(180 rows\)"),
        (lambda t: t.assign(x=t["grid"] == 0), {"cluster": "grid", "estimator": "ols", "vcov": "CRV3J"},
         r"jackknife over grid: x cannot be estimated without a cluster .* \(clusters: 1\)"),
        (lambda t: t.assign(x=t["grid"] == 0), {"cluster": "grid", "vcov": "CRV3J"}, "jackknife over grid: .* fails"),
        (lambda t: t.assign(y=(t["y"] > 1) * 1.0), {"estimator": "logit", "vcov": "CR2"}, "CR2 standard errors are for ols"),
        (lambda t: t.assign(y=0.0), {"fixed_effects": ["firm"]}, "no informative row is left: 'y' does not vary"),
    ],
)  # fmt: skip
def test_what_cannot_be_estimated_is_named(change, options, message):
    with pytest.raises(InputError, match=message):
        fit(change(small()), **{"outcome": "y", "exposure": "x", "cluster": "firm", **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "probit"}, "estimator 'probit' is not one of ols, poisson"),
        ({"vcov": "HC9"}, "vcov 'HC9' is not one of iid, HC1, CR1, CR2, CRV3J"),
        ({"vcov": "CRV3J"}, "vcov 'CRV3J' needs a cluster column"),
        ({"estimator": "clogit", "vcov": "iid"}, "needs one fixed effect, its stratum, not 0"),
        ({"controls": ["z", "x"], "vcov": "iid"}, "named twice among exposure and controls: x"),
        ({"level": 95, "vcov": "iid"}, "level 95 is not between 0 and 1"),
    ],
)
def test_options_that_do_not_exist_are_refused_together(options, message):
    with pytest.raises(UsageError, match=message):
        fit(small(), outcome="y", exposure="x", **options)


def test_an_exposure_that_hardly_varies_says_how_many_units_have_each_value():
    table = small(firms=131).assign(x=lambda t: (t["firm"] < 3) * 1.0)
    found = fit(table, outcome="y", exposure="x", cluster="firm", unit="firm", estimator="ols")
    assert tuple(map(str, found.warnings)) == (
        "x hardly varies: 18 of 786 rows (2.3%) are not 0; of 131 units of firm 128 have 0 and 3 another value, on which "
        "the estimate rests",
        "only 3 of 131 clusters of firm have x = 1: clustered intervals and the bootstrap fail, use randomisation "
        "inference",
    )
    assert "131 个firm中 128 个有 0，3 个有别的值" in found.warnings[0].text("zh").replace("企业", "firm")
    assert str(fit(table, outcome="y", exposure="x", vcov="HC1").warnings[0]).endswith("the estimate rests on these")


def test_an_exposure_that_varies_in_few_units_for_long_is_named_too():
    table = small(firms=131).assign(x=lambda t: np.where(t["firm"] < 3, t["x"], 0.0))
    assert "128" not in str(fit(table.assign(x=table["z"]), outcome="y", exposure="x", cluster="firm").warnings)
    found = fit(table, outcome="y", exposure="x", cluster="firm", unit="firm")
    assert "of 131 units of firm 128 have 0 and 3 another value" in str(found.warnings[0])


def test_a_likelihood_with_dummies_gives_the_errors_of_its_own_scores():
    import statsmodels.api as sm

    table = small().assign(won=lambda t: (t["y"] > 1) * 1.0)
    found = fit(table, outcome="won", exposure="x", controls=["z"], fixed_effects=["year"], cluster="firm",
                estimator="logit")  # fmt: skip
    dummies = pd.get_dummies(table["year"], drop_first=True, dtype=float)
    theirs = sm.Logit(table["won"], sm.add_constant(pd.concat([table[["x", "z"]], dummies], axis=1))).fit(
        disp=0, method="newton", tol=1e-12, cov_type="cluster", cov_kwds={"groups": table["firm"]}
    )
    assert found.table["term"].tolist() == ["x", "z", "intercept"]
    np.testing.assert_allclose(found.table["estimate"], theirs.params[["x", "z", "const"]], rtol=1e-8)
    np.testing.assert_allclose(found.table["std_error"], theirs.bse[["x", "z", "const"]], rtol=1e-8)
    assert found.rule == "CR1 by firm: sandwich x G/(G-1) x (N-1)/(N-K), t(29)"


@pytest.mark.parametrize("estimator", ["negbin", "zip", "hurdle", "cloglog", "clogit", "ordered"])
def test_every_likelihood_is_reached_and_names_its_exposure_first(estimator):
    table = small(firms=60).assign(won=lambda t: (t["y"] > 1) * 1.0, rank=lambda t: t["y"].clip(upper=3))
    rng = np.random.default_rng(4)
    table["y"] = np.where(rng.random(len(table)) < 0.3, 0, rng.negative_binomial(2, 2 / (2 + 3 * np.exp(0.4 * table["x"]))))
    outcome = {"cloglog": "won", "clogit": "won", "ordered": "rank"}.get(estimator, "y")
    effects = ["firm"] if estimator == "clogit" else ["grid"]
    found = fit(table, outcome=outcome, exposure="x", controls=["z"], fixed_effects=effects, estimator=estimator,
                cluster="firm", unit="firm")  # fmt: skip
    assert found.table["term"].iloc[0].endswith("x")
    assert not found.table["term"].str.contains("grid").any()
    assert np.isfinite(found.table.drop(columns="term").to_numpy(dtype=float)).all()
    assert ("strata(firm)" if estimator == "clogit" else "FE(grid)") in found.formula


def test_dummies_of_many_small_groups_in_a_likelihood_are_a_named_warning():
    table = small().assign(won=lambda t: (t["y"] > 1) * 1.0)
    found = fit(table, outcome="won", exposure="x", fixed_effects=["firm"], cluster="firm", estimator="logit")
    assert "logit with dummies of firm, 6.0 rows for each value on average" in str(found.warnings[-1])


def test_a_result_keeps_its_sample_without_printing_it():
    table = small()
    found = fit(table, outcome="y", exposure="x", controls=["z"], fixed_effects=["firm"], cluster="grid", unit="firm")
    assert found.sample.names == ("x", "z") and found.sample.design.shape == (180, 2)
    assert found.sample.groups[0].max() == 29 and found.sample.cluster.max() == 6
    assert "Sample" not in repr(found) and "rows" in repr(found.sample)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), found.table["std_error"])
    bare = fit(table, outcome="y", exposure="x", vcov="HC1").sample
    assert bare.groups == () and (bare.absorbed[0] == 0).all()
