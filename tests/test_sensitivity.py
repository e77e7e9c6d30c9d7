"""Oster's bounds, robustness values, E-values, power and equivalence: published numbers, identities and known truths."""

import numpy as np
import pandas as pd
import pytest
from exact_samples import FIRMS, orthogonal, peer

from helpers.errors import UsageError
from helpers.models import fit
from helpers.models.evalue import e_value
from helpers.models.oster import oster
from helpers.models.power import detectable, equivalence_test, power_of
from helpers.models.result import NotEstimable
from helpers.models.robustness import adjusted, benchmark_bound, robustness_value


def selected(delta: float, *, beta: float = 0.5, n: int = 200) -> tuple[pd.DataFrame, float]:
    """Return data in which an unobserved term is selected exactly delta times as much as the control, and its R2."""
    control, hidden, exposure, noise = orthogonal(n, 4, 3).T
    x = 0.4 * control + 0.6 * (delta * 0.4) * hidden + exposure
    y = beta * x + control + 0.6 * hidden + 0.8 * noise
    return pd.DataFrame({"y": y, "x": x, "control": control}), 1 - 0.64 / y.var()


@pytest.mark.parametrize("delta", [0.0, 0.3, 0.7, 1.0, 1.5])
def test_oster_finds_the_coefficient_behind_selection_of_known_strength(delta):
    data, r_max = selected(delta)
    found = oster(data, outcome="y", exposure="x", controls=["control"], r_max=r_max, delta=delta)
    assert found.beta_star == pytest.approx(0.5, rel=1e-9)
    assert found.bounds == (min(found.beta_star, found.beta_controlled), max(found.beta_star, found.beta_controlled))


@pytest.mark.parametrize("delta", [0.5, 1.0])
def test_fixed_effects_stand_in_both_regressions(delta):
    group, year = np.repeat(np.arange(20), 10), np.tile(np.arange(10), 20)
    dummies = np.column_stack([group[:, None] == np.arange(20), year[:, None] == np.arange(1, 10)]).astype(float)
    drawn = np.random.default_rng(6).normal(size=(200, 4))
    control, hidden, exposure, noise = (np.linalg.qr(np.column_stack([dummies, drawn]))[0][:, 29:] * np.sqrt(200)).T
    effects = np.sin(group) + 0.1 * year
    x = 0.4 * control + 0.24 * delta * hidden + exposure + effects
    y = 0.5 * x + control + 0.6 * hidden + 0.8 * noise - 2 * effects
    data = pd.DataFrame({"y": y, "x": x, "control": control + 5 * effects, "group": group, "year": year})
    found = oster(data, outcome="y", exposure="x", controls=["control"], fixed_effects=["group", "year"],
                  r_max=1 - 0.64 / y.var(), delta=delta)  # fmt: skip
    assert found.beta_star == pytest.approx(0.5, rel=1e-8)
    dummied = data.assign(**{f"d{i}": dummies[:, i] for i in range(1, 29)})
    whole = fit(dummied, outcome="y", exposure="x", controls=["control", *[f"d{i}" for i in range(1, 29)]],
                estimator="ols", vcov="iid")  # fmt: skip
    assert found.beta_controlled == pytest.approx(whole.term("x")["estimate"])


@pytest.mark.parametrize("delta", [0.5, 1])
def test_oster_agrees_with_robomit(delta):
    asked = {"outcome": "rd", "exposure": "treated", "controls": ["ln_employees", "ln_assets", "age"], "r_max": 0.6}
    found, case = oster(FIRMS, **asked, delta=delta), f"oster_{delta}"
    terms = ["beta*", "Uncontrolled Coefficient", "Controlled Coefficient", "Uncontrolled R-square", "Controlled R-square"]
    ours = [found.beta_star, found.beta_uncontrolled, found.beta_controlled, found.r2_uncontrolled, found.r2_controlled]
    assert ours == pytest.approx(peer(case, *terms), rel=1e-12)
    others = ["Alternative Solution 1", "Alternative Solution 2"][: len(found.other_roots)]
    assert sorted(found.other_roots) == pytest.approx(sorted(peer(case, *others)), rel=1e-12)
    assert found.delta_zero == pytest.approx(*peer("oster_zero", "delta*"), rel=1e-12)


def test_columns_of_flags_and_whole_numbers_with_holes_are_read_as_numbers():
    asked = {"outcome": "rd", "exposure": "treated", "controls": ["age"]}
    holes = FIRMS["age"].mask(FIRMS.index < 5)
    typed = FIRMS.assign(treated=(FIRMS["treated"] == 1).astype("boolean"), age=holes.round().astype("Int64"))
    found = oster(typed, **asked)
    assert found.n_dropped == {"age missing": 5}
    assert found.bounds == pytest.approx(oster(FIRMS.assign(age=holes), **asked).bounds)


def test_units_and_signs_of_the_columns_carry_over_to_the_bounds():
    asked = {"outcome": "rd", "exposure": "treated", "controls": ["ln_employees", "age"], "delta": 0.8}
    found = oster(FIRMS, **asked)
    turned = oster(FIRMS.assign(rd=-1e4 * FIRMS["rd"], treated=FIRMS["treated"] / 100), **asked)
    assert turned.bounds == pytest.approx((-1e6 * found.bounds[1], -1e6 * found.bounds[0]))
    assert turned.delta_zero == pytest.approx(found.delta_zero)


def test_without_room_for_unobservables_the_coefficient_stays_as_it_is():
    data, _ = selected(1.0)
    found = oster(data, outcome="y", exposure="x", controls=["control"])
    exact = oster(data, outcome="y", exposure="x", controls=["control"], r_max=found.r2_controlled * (1 + 1e-15))
    assert exact.beta_star == pytest.approx(found.beta_controlled, abs=1e-9)
    assert found.r_max == pytest.approx(min(1, 1.3 * found.r2_controlled))


def test_oster_counts_what_it_leaves_out_and_gives_one_row():
    data, _ = selected(1.0)
    found = oster(data.assign(y=data["y"].mask(data.index < 7)), outcome="y", exposure="x", controls=["control"])
    assert found.n_obs == 193 and found.n_dropped == {"y missing": 7}
    assert found.to_frame().loc[0, "bound_low"] == found.bounds[0] and not found.to_frame().isna().any(axis=None)


def test_controls_that_move_nothing_are_a_warning_and_leave_the_coefficient():
    control, exposure, noise = orthogonal(100, 3, 5).T
    data = pd.DataFrame({"y": exposure + control + noise, "x": exposure, "control": control})
    found = oster(data, outcome="y", exposure="x", controls=["control"])
    assert found.beta_star == pytest.approx(1) and found.warnings[0].key == "sensitivity.controls_move_nothing"


@pytest.mark.parametrize(
    ("paths", "delta", "r_max", "key"),
    [
        # Paths: control and hidden term to the exposure, exposure, control, hidden term and noise to the outcome.
        ((0.13, -0.13, 1.92, 0.31, -0.54, 0.36), 3.0, 1.0, "no_root_onward"),
        ((0.12, -0.47, -0.22, -0.25, -0.15, -0.54), 1.5, None, "several_roots"),
        ((0.4, 0.2, 2.0, 1.0, 0.6, 0.5), 1.0, None, "r_max_capped"),
    ],
)
def test_a_solution_to_be_read_with_care_says_so(paths, delta, r_max, key):
    control, hidden, exposure, noise = orthogonal(60, 4, 1).T
    x = paths[0] * control + paths[1] * hidden + exposure
    y = paths[2] * x + paths[3] * control + paths[4] * hidden + paths[5] * noise
    data = pd.DataFrame({"y": y, "x": x, "control": control})
    found = oster(data, outcome="y", exposure="x", controls=["control"], r_max=r_max, delta=delta)
    assert f"sensitivity.{key}" in [warning.key for warning in found.warnings]
    assert all(warning.text("zh") and warning.text("en") for warning in found.warnings)


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"r_max": 0.1}, "below the R2 with controls"),
        ({"x": 1.0}, {}, "no variation"),
        ({"control": lambda rows: 2 * rows["x"] + 1}, {}, "collinear"),
        ({"y": 3.0}, {}, "no variation"),
        ({"y": np.inf}, {}, "infinite values in y"),
        ({"y": np.nan}, {}, "no complete row"),
        ({"control": "large"}, {}, "not numeric: control"),
    ],
)
def test_oster_refuses_what_it_cannot_answer(change, options, words):
    data, _ = selected(1.0)
    with pytest.raises(NotEstimable, match=words):
        oster(data.assign(**change), outcome="y", exposure="x", controls=["control"], **options)


def test_oster_without_controls_or_out_of_range_is_a_wrong_use():
    data, _ = selected(1.0)
    for wrong in ({"controls": []}, {"r_max": 1.2}, {"delta": -1.0}, {"delta": np.nan}):
        with pytest.raises(UsageError):
            oster(data, **{"outcome": "y", "exposure": "x", "controls": ["control"], **wrong})


# Cinelli & Hazlett (2020), section 5: estimate, standard error and df of the Darfur study, as sensemakr prints them.
DARFUR = (0.09731582, 0.02325654, 783)


def test_robustness_values_are_those_of_the_published_study():
    found = robustness_value(DARFUR)
    assert found.partial_r2 == pytest.approx(0.02187, abs=5e-6)
    assert (found.rv_q, found.rv_q_alpha) == pytest.approx((0.13878, 0.07626), abs=5e-6)


def test_benchmark_bounds_are_those_of_the_published_study():
    # sensemakr 0.1.3.9000, ovb_bounds with benchmark "female" and kd = 1:3; the two partial R2 are those its k = 1 implies.
    with_exposure = [0.00916428667504862, 0.0183285733500972, 0.0274928600251459]
    with_outcome = [0.12464092303637, 0.249324064199975, 0.374050471038094]
    of_exposure = with_exposure[0] / (1 + with_exposure[0])
    of_outcome = 9.789**2 / (9.789**2 + 783)
    rough = [benchmark_bound(of_exposure, of_outcome, k) for k in (1, 2, 3)]
    assert [pair[0] for pair in rough] == pytest.approx(with_exposure, rel=1e-12)
    assert [pair[1] for pair in rough] == pytest.approx(with_outcome, rel=1e-4)
    estimate, error = adjusted(*DARFUR, np.array(with_exposure), np.array(with_outcome))
    assert estimate == pytest.approx([0.0752202712144491, 0.0529151723844518, 0.0303960234641548], abs=1e-8)
    assert error == pytest.approx([0.0218733277437572, 0.0203500620779637, 0.0186700648170924], abs=1e-8)


def confounded(n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    z, w, v = rng.normal(size=(3, n))
    x = 0.5 * z + 0.3 * w + 0.2 * v + rng.normal(size=n)
    y = 0.4 * x + 0.6 * z + w - 0.5 * v + rng.normal(size=n)
    return pd.DataFrame({"y": y, "x": x, "z": z, "w": w, "v": v})


def ols(data: pd.DataFrame, controls: list[str], **options):
    return fit(data, outcome="y", exposure="x", controls=controls, estimator="ols", vcov="iid", **options)


def test_a_confounder_of_known_strength_leaves_exactly_the_long_regression():
    data = confounded()
    short, long = ols(data, ["w", "v"]).term("x"), ols(data, ["w", "v", "z"])
    of_outcome = long.term("z")["statistic"] ** 2 / (long.term("z")["statistic"] ** 2 + 115)
    treatment = fit(data, outcome="x", exposure="z", controls=["w", "v"], estimator="ols", vcov="iid").term("z")
    of_exposure = treatment["statistic"] ** 2 / (treatment["statistic"] ** 2 + 116)
    estimate, error = adjusted(short["estimate"], short["std_error"], 116, of_exposure, of_outcome)
    assert estimate == pytest.approx(long.term("x")["estimate"], rel=1e-10)
    assert error == pytest.approx(long.term("x")["std_error"], rel=1e-10)


def test_a_confounder_of_the_robustness_value_takes_away_the_share_asked_for():
    data = confounded()
    for q in (0.5, 1.0):
        found = robustness_value(ols(data, ["w", "v"]), q=q)
        left, _ = adjusted(found.estimate, found.std_error, found.df, found.rv_q, found.rv_q)
        assert left == pytest.approx((1 - q) * found.estimate, abs=1e-12)


def test_a_confounder_of_the_robustness_value_at_a_level_leaves_the_critical_t():
    data = confounded()
    found = robustness_value(ols(data, ["w", "v"]))
    left, error = adjusted(found.estimate, found.std_error, found.df, found.rv_q_alpha, found.rv_q_alpha)
    assert left / error == pytest.approx(1.98081, abs=1e-5)  # t, 97.5 %, 115 df


def test_bounds_of_a_fit_come_from_its_own_regressions():
    data = confounded()
    result = ols(data, ["w", "v"])
    found = robustness_value(result, benchmarks=["v"], k=(1, 2))
    row, t_outcome = result.term("x"), result.term("v")["statistic"]
    assert (found.estimate, found.std_error, found.df) == pytest.approx((row["estimate"], row["std_error"], row["df"]))
    t_exposure = fit(data, outcome="x", exposure="v", controls=["w"], estimator="ols", vcov="iid").term("v")["statistic"]
    expected = benchmark_bound(t_exposure**2 / (t_exposure**2 + 117), t_outcome**2 / (t_outcome**2 + 116), 2)
    assert found.bounds.loc[1, ["r2_exposure", "r2_outcome"]].tolist() == pytest.approx(expected, rel=1e-10)
    together = robustness_value(result, benchmarks={"both": ["w", "v"]}, k=(1,))
    assert together.bounds.loc[0, "r2_exposure"] > found.bounds.loc[0, "r2_exposure"]


@pytest.mark.parametrize(("case", "effects"), [("sensemakr_plain", []), ("sensemakr_effects", ["grid", "industry"])])
def test_robustness_agrees_with_sensemakr(case, effects):
    result = fit(FIRMS, outcome="rd", exposure="treated", controls=["ln_employees", "ln_assets", "age"],
                 fixed_effects=effects, estimator="ols", vcov="iid")  # fmt: skip
    found = robustness_value(result, benchmarks=["ln_employees", "age"])
    ours = [found.estimate, found.std_error, found.df, found.partial_r2, found.rv_q, found.rv_q_alpha]
    assert ours == pytest.approx(peer(case, "estimate", "se", "dof", "r2yd.x", "rv_q", "rv_qa"), rel=1e-12)
    assert len(found.bounds) == 6
    for row in found.bounds.itertuples():
        label = f"{case} {row.k:g}x {row.benchmark}"
        names = ["r2dz.x", "r2yz.dx", "adjusted_t", "adjusted_lower_CI", "adjusted_upper_CI", "adjusted"]
        ours = [row.r2_exposure, row.r2_outcome, row.statistic, row.conf_low, row.conf_high, row.estimate]
        assert ours == pytest.approx(peer(label, *names), rel=1e-11)
        assert row.std_error == pytest.approx(*peer(label, "adjusted", column="std_error"), rel=1e-12)
    if not effects:
        size = robustness_value(result, benchmarks={"size": ["ln_employees", "ln_assets"]}, k=(1,)).bounds.loc[0]
        assert size["estimate"] == pytest.approx(*peer(f"{case} 1x size", "adjusted"), rel=1e-12)


def test_the_contour_starts_at_the_estimate_and_holds_the_robustness_value():
    found = robustness_value(DARFUR)
    grid = found.contour(reach=0.5, steps=51)
    assert len(grid) == 51**2 and grid.loc[0, "estimate"] == DARFUR[0]
    diagonal = grid[grid["r2_exposure"] == grid["r2_outcome"]]
    crossed = diagonal.loc[diagonal["estimate"] <= 0, "r2_exposure"].min()
    assert crossed - 0.01 <= found.rv_q <= crossed


def test_a_confounder_that_cannot_be_has_no_row_but_a_warning():
    rng = np.random.default_rng(2)
    w = rng.normal(size=200)
    x = 2 * w + rng.normal(size=200)
    data = pd.DataFrame({"w": w, "x": x, "y": x + w + 0.1 * rng.normal(size=200)})
    found = robustness_value(ols(data, ["w"]), benchmarks=["w"], k=(0.01, 3))
    assert found.bounds["k"].tolist() == [0.01]
    assert "w" in str(found.warnings[-1]) and found.warnings[-1].key == "sensitivity.impossible_k"
    assert not found.bounds.isna().any(axis=None)


def test_a_confounder_that_would_explain_more_than_there_is_is_capped_and_says_so():
    found = robustness_value(ols(confounded(), ["w", "v"]), benchmarks=["w"], k=(2,))
    assert found.bounds.loc[0, "r2_outcome"] == 1 and found.bounds.loc[0, "std_error"] == 0
    assert "w" in str(found.warnings[0]) and found.warnings[0].key == "sensitivity.capped_bound"


def test_a_fit_with_clustered_errors_is_told_that_intervals_are_classical():
    data = confounded().assign(grid=np.arange(120) % 12)
    clustered = fit(data, outcome="y", exposure="x", controls=["w"], estimator="ols", cluster="grid")
    found = robustness_value(clustered)
    assert found.warnings[0].key == "sensitivity.classical_interval" and "CR1" in found.warnings[0].text("zh")
    assert found.std_error == pytest.approx(ols(data, ["w"]).term("x")["std_error"])


def test_robustness_refuses_what_is_no_linear_fit_and_what_is_no_number():
    data = confounded().assign(count=lambda rows: np.abs(rows["y"]).round())
    poisson = fit(data, outcome="count", exposure="x", estimator="poisson", vcov="HC1")
    with pytest.raises(UsageError, match="e_value"):
        robustness_value(poisson)
    with pytest.raises(UsageError, match="no control of the fit"):
        robustness_value(ols(data, ["w"]), benchmarks=["no such"])
    with pytest.raises(UsageError, match="go with a fit"):
        robustness_value(DARFUR, benchmarks=["w"])
    for wrong in ((0.1, 0.0, 10), (0.1, np.nan, 10), (np.inf, 0.1, 10), (0.1, 0.1, 1)):
        with pytest.raises(NotEstimable, match="finite numbers"):
            robustness_value(wrong)


def test_the_rows_of_a_fit_are_its_own_or_those_given():
    given = {"outcome": "rd", "exposure": "treated", "controls": ["age"], "fixed_effects": ["grid"], "estimator": "ols",
             "vcov": "iid"}  # fmt: skip
    plain, weighted = fit(FIRMS, **given), fit(FIRMS, **given, weights="weight")
    for result in (plain, weighted):
        found, row = robustness_value(result), result.term("treated")
        assert (found.estimate, found.std_error) == pytest.approx((row["estimate"], row["std_error"]), rel=1e-12)
    again = robustness_value(plain, data=FIRMS, benchmarks=["age"])
    pd.testing.assert_frame_equal(again.bounds, robustness_value(plain, benchmarks=["age"]).bounds)
    with pytest.raises(UsageError, match="100 rows for a fit of 264"):
        robustness_value(plain, data=FIRMS.head(100))
    with pytest.raises(UsageError, match="weighted"):
        robustness_value(weighted, data=FIRMS)


def test_robustness_is_zero_where_the_interval_already_holds_zero():
    assert robustness_value((0.1, 0.1, 50)).rv_q_alpha == 0


def test_e_values_are_those_of_the_paper():
    # VanderWeele & Ding (2017): breast-feeding and respiratory death; breast-feeding and leukaemia.
    strong = e_value(3.9, 1.8, 8.7, scale="ratio")
    assert (strong.point, strong.limit) == pytest.approx((7.26, 3.0), abs=5e-3)
    below = e_value(0.80, 0.71, 0.91, scale="ratio")
    assert (below.point, below.limit) == pytest.approx((1.81, 1.43), abs=5e-3)


@pytest.mark.parametrize(
    ("case", "numbers", "options"),
    [
        ("evalue_rr", (0.8, 0.71, 0.91), {}),
        ("evalue_rr_true", (2.2, 1.4, 3.1), {"true": 1.3}),
        ("evalue_or_common", (2.2, 1.4, 3.1), {"ratio": "odds", "is_rare": False}),
        ("evalue_hr_common", (0.56, 0.46, 0.69), {"ratio": "hazard", "is_rare": False}),
    ],
)
def test_e_values_agree_with_the_authors_program(case, numbers, options):
    found = e_value(*numbers, scale="ratio", **options)
    assert [found.ratio, found.point, found.limit] == pytest.approx(peer(case, "ratio", "point", "limit"), rel=1e-13)


def test_an_e_value_of_a_coefficient_is_that_of_its_exponential():
    assert e_value(np.log(3.9), np.log(1.8), np.log(8.7)).point == pytest.approx(e_value(3.9, 1.8, 8.7, scale="ratio").point)
    assert e_value(0.1, 0.05, 0.2, per=2).ratio == pytest.approx(np.exp(0.2))


def test_an_interval_that_holds_the_null_needs_no_confounder():
    found = e_value(1.2, 0.9, 1.6, scale="ratio")
    assert found.limit == 1 and found.point == pytest.approx(1.2 + np.sqrt(0.24))
    assert e_value(1.2, 1.1, 1.6, scale="ratio", true=1.2).point == 1


def test_common_odds_and_hazards_are_turned_into_risks_first():
    assert e_value(4, 1, 9, scale="ratio", ratio="odds", is_rare=False).ratio == pytest.approx(2)
    hazard = e_value(2, 1.5, 3, scale="ratio", ratio="hazard", is_rare=False)
    assert hazard.ratio == pytest.approx((1 - 0.5**1.41421356) / (1 - 0.5**0.70710678))
    assert hazard.warnings[0].key == "sensitivity.as_risk_ratio"


def test_a_fitted_count_model_gives_its_own_e_value():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"x": np.repeat([0, 1], 200)})
    data["y"] = rng.poisson(np.exp(0.8 * data["x"]))
    result = fit(data, outcome="y", exposure="x", vcov="HC1")
    row, found = result.term("x"), e_value(result)
    assert (found.ratio, found.conf_low) == pytest.approx((np.exp(row["estimate"]), np.exp(row["conf_low"])))
    with pytest.raises(UsageError, match="no ratio"):
        e_value(fit(data, outcome="y", exposure="x", estimator="ols", vcov="HC1"))


def test_an_e_value_of_what_is_no_ratio_is_refused():
    wrong = [(-1, 0.5, 2, "ratio"), (1, np.nan, 2, "log"), (1, 2, 3, "log"), (1, 0, np.inf, "log"), (1, 0.5, None, "log")]
    for estimate, low, high, scale in wrong:
        with pytest.raises(UsageError):
            e_value(estimate, low, high, scale=scale)


def test_the_smallest_bound_is_the_one_at_which_equivalence_just_passes():
    found = equivalence_test(0.02, 0.1, df=17, bounds=(-0.3, 0.3))
    assert found.smallest_bound == pytest.approx(0.02 + 1.739607 * 0.1, abs=1e-6)
    assert equivalence_test(0.02, 0.1, df=17, bounds=(-found.smallest_bound, found.smallest_bound)).p_value == (
        pytest.approx(0.05))  # fmt: skip
    assert found.is_equivalent and -0.3 < found.conf_low < found.conf_high < 0.3
    lopsided = equivalence_test(0.02, 0.1, df=17, bounds=(-0.1, 0.3))
    assert not lopsided.is_equivalent and lopsided.p_value == lopsided.p_lower > lopsided.p_upper


def test_what_could_be_found_is_told_in_percent_and_in_patents_a_firm_year():
    found = detectable(0.1, df=1e6, mean=0.4)
    assert found.effect == pytest.approx(0.28016, abs=1e-4)
    assert found.percent == pytest.approx(100 * (np.exp(found.effect) - 1))
    assert found.per_unit == pytest.approx(0.4 * (np.exp(found.effect) - 1))
    level = detectable(0.1, df=1e6, scale="level", mean=0.4)
    assert (level.per_unit, level.percent) == pytest.approx((level.effect, 250 * level.effect))
    assert detectable(0.1, df=17).per_unit is None


def test_the_detectable_effect_is_found_with_the_power_it_says():
    assert power_of(detectable(0.1, df=500).effect, 0.1, df=500) == pytest.approx(0.8, abs=2e-3)
    assert power_of(0.0, 0.1, df=17) == pytest.approx(0.05)


def test_power_and_equivalence_refuse_numbers_that_are_none():
    for wrong in (lambda: equivalence_test(0.1, 0.0, df=5, bounds=(-1, 1)), lambda: equivalence_test(np.nan, 1, df=5, bounds=(-1, 1)),
                  lambda: equivalence_test(0, 1, df=5, bounds=(1, -1)), lambda: detectable(0.1, df=5, mean=0), lambda: detectable(np.nan, df=5)):  # fmt: skip
        with pytest.raises(UsageError):
            wrong()
