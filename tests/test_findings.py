import pandas as pd
import pytest

from helpers import findings, text

CAUSAL = {
    "zh": ["导致", "带动", "促进", "推动", "使得", "提升了", "效应"],
    "en": ["caus", "effect", "lead to", "drive", "boost", "improve", "impact"],
}


def row(**changes):
    values = {
        "outcome": "patents_invention", "exposure": "is_covered", "cluster": "uscc", "estimator": "poisson", "status": "estimated",
        "reason": "", "conf_low": 0.1, "conf_high": 0.3, "effect": 22.14, "effect_low": 10.5, "effect_high": 35.0,
        "detectable": 30.0, "n_units": 264, "n_obs": 2640, "n_clusters": 264,
    }  # fmt: skip
    return pd.Series({**values, **changes})


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.1, 0.3, "more"), (-0.3, -0.1, "fewer"), (-0.1, 0.1, "unclear"), (0.0, 0.2, "unclear")],
)
def test_direction_follows_the_interval_and_not_the_estimate(low, high, expected):
    assert findings.direction(row(conf_low=low, conf_high=high)) == expected


@pytest.mark.parametrize("lang", text.LANGS)
@pytest.mark.parametrize("estimator", ["poisson", "ols"])
@pytest.mark.parametrize("bounds", [(0.1, 0.3), (-0.3, -0.1), (-0.1, 0.1)])
def test_no_sentence_uses_a_causal_word(lang, bounds, estimator):
    said = findings.sentence(row(conf_low=bounds[0], conf_high=bounds[1], estimator=estimator), lang).lower().replace("no cause", "")
    assert not [word for word in CAUSAL[lang] if word in said]


@pytest.mark.parametrize("lang", text.LANGS)
def test_a_null_carries_what_could_have_been_detected(lang):
    said = findings.sentence(row(conf_low=-0.1, effect=-5.0, effect_low=-9.96), lang)
    assert "30.0" in said
    assert "−5.0" in said
    assert "−10.0" in said


@pytest.mark.parametrize("lang", text.LANGS)
def test_a_finding_carries_interval_firms_rows_and_clusters(lang):
    said = findings.sentence(row(), lang)
    for number in ("22.1", "+10.5", "+35.0", "264", "2,640"):
        assert number in said


def test_status_outcomes_are_said_in_percentage_points():
    assert "percentage points" in findings.sentence(row(estimator="ols"), "en")


def test_the_summary_counts_each_estimate_once_for_each_level_of_clustering():
    found = pd.DataFrame(
        [
            row(outcome="a"), row(outcome="b", conf_low=-1), row(outcome="c", conf_low=-1, conf_high=-0.5),
            row(outcome="a", cluster="grid_id", conf_low=-1), row(outcome="b", cluster="grid_id"),
            row(outcome="c", cluster="grid_id"), row(outcome="d", status="not_estimable"),
        ]
    )  # fmt: skip
    said = findings.summary(found, "en")
    assert said.startswith("3 estimates (outcome by indicator); 1 more cannot be made. ")
    assert "Clustered by firm, 1 have intervals above zero, 1 below, and 1 hold zero. " in said
    assert "Clustered by grid, 2 have intervals above zero, 0 below, and 1 hold zero. " in said
    assert findings.summary(found, "zh").startswith("共 3 个估计（产出 × 指标），另有 1 个无法估计。按企业聚类：")


def test_a_negative_number_has_a_minus_sign_and_a_word_keeps_its_hyphen():
    assert text.number(-1234.56, "+,.1f") == "−1,234.6"
    said = findings.sentence(row(outcome="patents_utility", effect_low=-3.0, conf_low=-0.1), "en")
    assert "utility-model applications" in said
    assert "−3.0" in said
