"""The steps of the index on numbers small enough to be worked by hand."""

import numpy as np
import pandas as pd
import pytest

from helpers.errors import InputError, UsageError
from helpers.index import Choices, build, missing, outliers, structure, uncertainty
from helpers.index.aggregate import aggregate
from helpers.index.normalise import normalise
from helpers.index.uncertainty import FACTORS, draw, mean_shift, sensitivity
from helpers.index.weights import critic_weights, entropy_weights, pca_weights, weigh
from helpers.index.years import agreement


def frame(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype="float64")


def together(values: pd.DataFrame) -> pd.Series:
    return pd.Series("all", index=values.index)


def one_force(values: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"F": 1.0}, index=values.columns)


def test_winsorising_moves_the_extreme_value_to_the_next_one_and_says_so():
    values = frame(x=[*range(1, 21), 1000.0], y=range(21))
    treated, changes = outliers.treat(values, "winsorise")
    assert treated["x"].tolist() == [*range(1, 21), 20]
    assert treated["y"].tolist() == values["y"].tolist()
    row = changes.iloc[0]
    assert (row["indicator"], row["points"], row["high_before"], row["high_after"]) == ("x", 1, 1000, 20)
    assert values["x"].max() == 1000


def test_an_indicator_of_few_values_has_no_outliers():
    values = frame(x=[0.0] * 50 + [1.0])
    assert not outliers.within_bounds(values["x"])
    assert outliers.treat(values, "winsorise")[1].empty


def test_box_cox_of_a_log_normal_takes_logs():
    x = np.exp(np.random.default_rng(3).normal(size=2000) * 1.5)
    treated, changes = outliers.treat(frame(x=x), "box_cox")
    assert changes["exponent"].iloc[0] == pytest.approx(0, abs=0.03)
    assert abs(changes["skewness_after"].iloc[0]) < 0.1
    assert treated["x"].corr(pd.Series(np.log(x))) > 0.999


def test_coverage_counts_a_forces_indicators_whatever_their_weight():
    values = frame(a=[1, None], b=[1, 2], c=[None, None])
    belongs = pd.DataFrame({"P": [1.0, 0.2, 1.0], "D": [0.0, 0.8, 0.0], "V": 0.0}, index=list("abc"))
    found = missing.coverage(values, belongs)
    assert found["P"].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert found["D"].tolist() == [1, 1]
    assert found["V"].isna().all()


def test_imputation_takes_the_groups_median_and_all_firms_where_a_group_has_none():
    values = frame(x=[1, 3, None, 10, None])
    groups = pd.Series(["a", "a", "a", "b", "c"])
    assert missing.impute(values, "group_median", groups)["x"].tolist() == [1, 3, 2, 10, 3]
    assert missing.impute(values, "median", groups)["x"].tolist() == [1, 3, 3, 10, 3]
    assert missing.impute(values, "none", groups)["x"].isna().sum() == 2


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("z_score", [90, 100, 110, None]),
        ("min_max", [1, 50.5, 100, None]),
        ("rank", [100 / 6, 50, 500 / 6, None]),
        # The 90th percentile of 2, 4 and 6 is 5.6.
        ("distance_to_reference", [1, 1 + 99 * 2 / 3.6, 100, None]),
    ],
)
def test_normalisation_by_hand(method, expected):
    values = frame(x=[2, 4, 6, None])
    found = normalise(values, method, together(values))["x"]
    assert found.tolist()[:3] == pytest.approx(expected[:3])
    assert np.isnan(found.iloc[3])


def test_firms_are_compared_within_their_group_and_less_can_be_better():
    values = frame(x=[1, 2, 10, 30])
    groups = pd.Series(["s", "s", "l", "l"])
    found = normalise(values, "min_max", groups, pd.Series({"x": -1}))
    assert found["x"].tolist() == [100, 1, 100, 1]


@pytest.mark.parametrize(
    ("method", "middle"), [("z_score", 100), ("min_max", 50.5), ("rank", 50), ("distance_to_reference", 50.5)]
)
def test_an_indicator_that_tells_nobody_apart_is_in_the_middle(method, middle):
    values = frame(x=[3, 3, 3, 3])
    assert normalise(values, method, together(values))["x"].tolist() == [middle] * 4


def test_entropy_weights_by_hand():
    # Shares of a: 1/2, 1/2 (entropy ln 2 / ln 2 = 1, no weight); of b: 1/4, 3/4 (0.8113).
    found = entropy_weights(frame(a=[2, 2], b=[1, 3]))
    assert found.tolist() == pytest.approx([0, 1])
    # Of c: 1, 0, 0 (entropy 0); of d: 1/2, 1/4, 1/4: 1.0397 / 1.0986 = 0.9464.
    found = entropy_weights(frame(c=[5, 0, 0], d=[2, 1, 1]))
    assert found["d"] == pytest.approx((1 - 1.0397208 / 1.0986123) / (2 - 1.0397208 / 1.0986123))


def test_critic_weights_by_hand():
    # a and b rise together (r = 1), c falls (r = -1): conflicts 2, 2 and 4; all have the spread of 0, 1/2, 1.
    found = critic_weights(frame(a=[1, 2, 3], b=[10, 20, 30], c=[3, 2, 1]))
    assert found.tolist() == pytest.approx([0.25, 0.25, 0.5])


def test_component_weights_of_two_equally_correlated_indicators_are_equal():
    found = pca_weights(frame(a=[1, 2, 3, 4], b=[1, 3, 2, 4], c=[5, 5, 5, 5]))
    assert found.tolist() == pytest.approx([0.5, 0.5, 0])


def test_an_indicator_that_varies_only_where_another_is_missing_has_no_component_weight():
    found = pca_weights(frame(a=[1, 2, 3, 4, 5], b=[1, 3, 2, 5, None], c=[5, 5, 5, 5, 9]))
    assert found.tolist() == pytest.approx([0.5, 0.5, 0])


def test_the_force_map_scales_the_weights_of_an_indicator_in_two_forces():
    values = frame(a=[1, 2], b=[2, 1])
    belongs = pd.DataFrame({"P": [1.0, 0.5], "D": [0.0, 0.5]}, index=["a", "b"])
    found = weigh(values, belongs, "equal")
    assert found["P"].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert found["D"].tolist() == [0, 1]


def test_an_experts_weights_must_be_there_for_every_indicator():
    values = frame(a=[1, 2], b=[2, 1])
    found = weigh(values, one_force(values), "expert", pd.Series({"a": 3, "b": 1}))
    assert found["F"].tolist() == [0.75, 0.25]
    with pytest.raises(InputError, match="none of zero or more for b"):
        weigh(values, one_force(values), "expert", pd.Series({"a": 3, "b": -1}))


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("arithmetic", [100, 80]),
        ("geometric", [np.sqrt(80 * 120), 80]),
        # M = 100, S^2 = 400: 100 - 4.
        ("mazziotta_pareto", [96, 80]),
    ],
)
def test_aggregation_by_hand_and_missing_scores_leave_their_weight(method, expected):
    scores = np.array([[80.0, 120.0], [80.0, np.nan]])
    assert aggregate(scores, np.array([[0.5], [0.5]]), method)[:, 0].tolist() == pytest.approx(expected)


def test_a_force_with_fewer_than_sixty_percent_of_its_indicators_is_refused():
    full = {key: [1.0, 2.0, 3.0, 4.0] for key in "abcde"}
    values = frame(**full)
    values.iloc[0, :2] = np.nan
    values.iloc[1, :3] = np.nan
    found = build(values, one_force(values), together(values), choices=Choices(outliers="none"))
    assert found.coverage["F"].tolist() == pytest.approx([0.6, 0.4, 1, 1])
    assert found.forces["F"].isna().tolist() == [False, True, False, False]
    assert found.ranks.tolist()[2:] == [2, 1]


def test_contributions_add_up_to_the_distance_from_the_average_firm():
    rng = np.random.default_rng(5)
    values = pd.DataFrame(rng.normal(size=(40, 4)), columns=list("abcd"))
    belongs = pd.DataFrame({"P": [1.0, 1, 0, 0], "D": [0.0, 0, 1, 0.5], "V": [0.0, 0, 0, 0.5]}, index=list("abcd"))
    found = build(values, belongs, together(values))
    total = found.contributions().sum(axis=1)
    np.testing.assert_allclose(total, found.scores - found.scores.mean(), atol=1e-9)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"weights": "random"}, "weights: 'random' is unknown: expected one of equal"), ({"coverage": 0}, "coverage: 0")],
)
def test_a_choice_out_of_its_set_is_refused(wrong, said):
    with pytest.raises(UsageError, match=said):
        Choices(**wrong)


def test_an_indicator_of_no_force_is_refused():
    values = frame(a=[1, 2], b=[1, 2])
    with pytest.raises(InputError, match="1 of 2 indicators belong to no force: b"):
        build(values, one_force(values[["a"]]), together(values))


def test_alpha_by_hand():
    # Covariances 1, 1 and 0.5: alpha = 4 * 0.5 / 3.
    assert structure.cronbach_alpha(frame(a=[1, 2, 3], b=[1, 3, 2])) == pytest.approx(2 / 3)
    assert np.isnan(structure.cronbach_alpha(frame(a=[1, 2, 3])))


def test_indicators_that_no_firm_varies_in_have_no_components_and_no_factor():
    values = frame(a=[1, 1, 1], b=[2, 2, None], c=[None, None, 3])
    loadings, explained = structure.components(values)
    assert loadings.empty and explained.empty
    assert structure.one_factor(values) is None


def test_importance_differs_from_weight_where_indicators_are_correlated():
    rng = np.random.default_rng(7)
    shared = rng.normal(size=2000)
    values = pd.DataFrame({"a": shared, "b": shared + 0.1 * rng.normal(size=2000), "c": rng.normal(size=2000)})
    found = structure.importance(build(values, one_force(values), together(values)))
    assert found["weight"].tolist() == pytest.approx([1 / 3] * 3)
    # The index is a third of each: of variance 5/9, 4/9 come with a or b and 1/9 with c.
    assert found["importance"].tolist() == pytest.approx([0.8, 0.8, 0.2], abs=0.03)


@pytest.fixture(scope="module")
def made() -> tuple:
    rng = np.random.default_rng(11)
    values = pd.DataFrame(rng.normal(size=(60, 6)), columns=list("abcdef"))
    belongs = pd.DataFrame({"P": [1.0] * 3 + [0.0] * 3, "D": [0.0] * 3 + [1.0] * 3}, index=list("abcdef"))
    return values, belongs, pd.Series(rng.integers(0, 2, 60))


def test_draws_repeat_with_their_seed_and_vary_every_choice(made):
    first, again, other = (draw(*made, draws=200, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.ranks, again.ranks)
    assert not first.ranks.equals(other.ranks)
    assert first.settings.nunique().to_dict() == {
        "outliers": 3, "imputation": 3, "normalisation": 4, "weights": 4, "aggregation": 3,
        "noise": first.settings["noise"].nunique(),
    }  # fmt: skip
    found = first.intervals()
    assert ((found["low"] <= found["median"]) & (found["median"] <= found["high"])).all()
    assert first.quartile_changes().between(0, 1).all()


def test_a_draw_of_the_nominal_choices_without_noise_moves_nobody(made):
    found = draw(*made, draws=300, seed=4)
    nominal = (found.settings[["imputation", "outliers"]] != "box_cox").all(axis=1)
    same = nominal & (found.settings["normalisation"] == "z_score") & (found.settings["weights"] == "equal")
    arithmetic = same & (found.settings["aggregation"] == "arithmetic")
    # Only the noise of 25 % on the weights is left.
    assert 0 < mean_shift(found)[arithmetic].mean() < mean_shift(found)[~same].mean()


def test_choices_that_cannot_matter_have_no_share(made):
    values, belongs, groups = made
    found = sensitivity(values, belongs, groups, base=128, seed=3).set_index("choice")
    assert list(found.index) == list(FACTORS)
    # Nothing is missing and nothing out of bounds.
    assert found.loc[["outliers", "imputation"], ["first_order", "total"]].abs().max().max() < 1e-9
    assert found.loc["normalisation", "total"] > 0.05


@pytest.mark.parametrize("with_gaps", [False, True])
def test_a_draw_without_noise_is_the_index_of_its_choices(made, monkeypatch, with_gaps):
    values, belongs, groups = made
    if with_gaps:
        values = values.mask(np.random.default_rng(2).random(values.shape) < 0.15)
    monkeypatch.setattr(uncertainty, "NOISE", 0.0)
    found = draw(values, belongs, groups, draws=100, seed=9)
    for place, setting in enumerate(found.settings.drop(columns="noise").to_dict("records")):
        expected = build(values, belongs, groups, choices=Choices(**setting)).ranks
        np.testing.assert_array_equal(found.ranks.iloc[place].to_numpy(), expected.to_numpy())


def test_an_experts_weights_are_drawn_only_where_they_are_given(made):
    _values, _belongs, _groups = made
    expert = pd.Series(range(1, 7), index=list("abcdef"))
    assert "expert" not in set(draw(*made, draws=100, seed=1).settings["weights"])
    assert "expert" in set(draw(*made, draws=100, seed=1, expert=expert).settings["weights"])


def test_places_of_two_days_are_compared_among_firms_that_have_both():
    before = pd.Series({"a": 9.0, "b": 8.0, "c": 7.0, "d": 6.0, "gone": 99.0, "x": np.nan})
    after = pd.Series({"a": 1.0, "b": 5.0, "c": 4.0, "d": 3.0, "new": 99.0, "x": 1.0})
    found = agreement(before, after)
    # Places 1 2 3 4 become 4 1 2 3: Spearman 1 - 6 * (9 + 1 + 1 + 1) / (4 * 15); all four quarters change.
    assert found == (4, pytest.approx(1 - 72 / 60), 1.0)
    assert agreement(before, before).other_quartile == 0
    assert agreement(before, before).correlation == pytest.approx(1)
    alone = agreement(before, pd.Series({"a": 1.0}))
    assert alone.firms == 1
    assert np.isnan(alone.correlation)
