import re

import numpy as np
import pandas as pd
import pytest

from helpers import findings, models, plan, stages
from helpers.index import scores
from helpers.index.scores import COLUMNS, days_of, force_scores
from helpers.models import NotEstimable
from helpers.plan import claims, sample
from helpers.plan.evidence import Evidence
from helpers.plan.grade import LEVELS, grade
from helpers.study import Study
from helpers.tables import (
    analysis_panel,
    claim_sentences,
    claims_results,
    claims_sentence,
    claims_table,
    declared_estimates,
    declared_rows,
    declared_sentence,
    one_plus_rows,
    one_plus_sentence,
    one_plus_table,
    with_roles,
)
from helpers.text import LANGS, Message, label, say


@pytest.fixture(scope="module")
def panel(small_zone):
    return analysis_panel(small_zone)


@pytest.fixture(scope="module")
def rows(panel):
    return declared_rows(panel, plan.load("zone"))


def test_every_declared_specification_has_its_row_and_none_besides(rows):
    assert list(rows["name"]) == [one.name for one in plan.load("zone").specifications]
    assert (rows["status"] == "estimated").mean() > 0.9
    assert all(reason is not None for reason in rows.loc[rows["status"] != "estimated", "reason"])


@pytest.mark.parametrize("lang", LANGS)
def test_declared_estimates_are_told_in_words_with_their_unit(rows, lang):
    table = declared_estimates(rows, lang)
    assert len(table) == len(rows) and not table.isna().drop(columns=table.columns[-2:]).any().any()
    effects = table.iloc[:, 4]
    counted, awards = rows["estimator"] == "poisson", rows["estimator"] == "cloglog"
    assert effects[counted & (rows["status"] == "estimated")].str.endswith(" %").all()
    assert effects[awards].str.contains(say("findings.unit_hazard", lang).strip(), regex=False).all()
    assert str(len(rows)) in declared_sentence(rows, lang, alpha=0.05)


def test_a_column_that_the_data_lack_is_named(panel):
    lacking = declared_rows(panel.drop(columns="grid_exposure"), plan.load("zone").of(question="spillover"))
    refused = lacking[lacking["exposure"] == "grid_exposure"]
    assert set(refused["status"]) == {"not_estimable"}
    assert label("grid_exposure", "en") in refused["reason"].iloc[0].text("en")


def test_only_what_is_declared_in_every_respect_has_a_role(panel):
    asked = {"outcomes": {"patents_utility": "poisson"}, "exposures": ["is_covered", "age_years"], "unit": "uscc"}
    effects = ["year", "industry_2digit"]
    found = models.associations(panel, **asked, clusters=["uscc", "grid_id"], fixed_effects=effects)
    told = with_roles(found, plan.load("zone"), controls=(), fixed_effects=effects)
    assert told["role"].tolist() == ["outside_plan", "secondary", "outside_plan", "outside_plan"]
    assert set(with_roles(found, plan.load("zone"), controls=["ln_assets"], fixed_effects=effects)["role"]) == {"outside_plan"}
    assert set(with_roles(found, plan.load("zone"), controls=(), fixed_effects=["year"])["role"]) == {"outside_plan"}


def test_force_scores_compare_the_firms_of_one_day(small_zone, panel):
    days = {2021: pd.Timestamp("2021-12-31").date()}
    scores = force_scores(small_zone.all_tables(), days=days, minimum=10)
    assert set(scores["year"]) == {2021} and scores["uscc"].is_unique
    held = [name for name in COLUMNS.values() if scores[name].notna().any()]
    assert len(held) >= 3
    # Scores of a group of firms average 100 points, whatever the day.
    assert scores[held].mean().to_numpy() == pytest.approx(10.0, abs=0.2)
    merged = panel[panel["year"] == 2021].set_index("uscc")["force_political_guidance"]
    np.testing.assert_allclose(merged, scores.set_index("uscc")["force_political_guidance"].reindex(merged.index))


def test_force_scores_are_prepared_once_for_the_runs_minimum_for_its_owner_alone(small_zone, monkeypatch):
    held = stages.scores_file(small_zone.folder, 10)
    assert held.stat().st_mode & 0o777 == 0o600
    anew = force_scores(small_zone.all_tables(), days=days_of(small_zone.panel()), minimum=10)
    asked = []
    monkeypatch.setattr(scores, "force_scores", lambda tables, *, days, minimum: asked.append(minimum))
    pd.testing.assert_frame_equal(small_zone.force_scores(), anew, check_exact=True)
    assert asked == []
    # Nothing was prepared for another minimum, and what was is not taken for it.
    Study(small_zone.params.model_copy(update={"min_cell": 20}), small_zone.folder).force_scores()
    assert asked == [20]


def test_cross_appointment_begins_with_the_first_share_above_zero():
    frame = pd.DataFrame(
        {"uscc": ["A"] * 4 + ["B"] * 4, "year": [2015, 2016, 2017, 2018] * 2,
         "has_own_org": [0, 1, 1, 1, 0, 0, 1, 1],
         "cross_appointment_share_pct": [np.nan, 0.0, 50.0, 0.0, np.nan, np.nan, np.nan, 0.0]}
    )  # fmt: skip
    made = sample.with_derived(frame)
    assert made["has_cross_appointment"].fillna(-1).tolist() == [0, 0, 1, 0, 0, 0, -1, 0]
    assert made["cohort_cross"].fillna(-1).tolist() == [2017] * 4 + [-1] * 4


@pytest.mark.parametrize("lang", LANGS)
def test_the_habit_stands_beside_poisson_with_its_unit(panel, lang):
    effects = ["year", "industry_2digit"]
    found = models.associations(panel, outcomes={"patents_utility": "poisson", "is_hnte": "ols"}, unit="uscc",
                                exposures=["is_covered", "has_charter"], clusters=["grid_id"], fixed_effects=effects)  # fmt: skip
    habit = one_plus_rows(panel, found, controls=(), fixed_effects=effects)
    assert set(habit["outcome"]) == {"patents_utility"} and set(habit["exposure"]) == {"is_covered"}
    assert habit.loc[habit["way"] == "poisson", "percent"].iloc[0] == pytest.approx(found["effect"].iloc[0])
    table = one_plus_table(habit, lang)
    assert table.shape == (1, 6) and table.columns.is_unique
    assert re.search(r"[+−]\d", one_plus_sentence(habit, lang))


def claim_of(level):
    """Return a claim whose evidence earns a level by the declared rules."""
    strong = {"estimate": 0.4, "conf_low": 0.2, "conf_high": 0.6, "p_few_clusters": 0.001, "detectable": 20.0}
    timed = {"robust_overall": ((0.1, 0.5), (0.1, 0.5)), "leads_p": 0.5, "held_low": 0.1, "held_high": 0.6}
    firm = {"breakdown": 2.0, "p_family": 0.01, "oster_delta": 2.0, "adjusted_low": 0.1, "adjusted_high": 0.5, "left_out_low": 0.3,
            "left_out_high": 0.5, "p_curve": 0.001}  # fmt: skip
    known = {
        "cannot_tell": {**strong, "conf_low": -0.1, "p_few_clusters": 0.2},
        "rejected": {**strong, "estimate": -0.4, "conf_low": -0.6, "conf_high": -0.2},
        "association": strong,
        "timing": strong | timed,
        "robust": strong | timed | firm,
    }[level]
    return claim_with(Evidence(**known))


def claim_with(evidence):
    nothing = dict.fromkeys(claims.Claim.__dataclass_fields__)
    one = plan.load("zone").named("founding.patents_utility.has_own_org")
    status = "estimated" if np.isfinite(evidence.estimate) else "not_estimable"
    declared = {
        "rule": "CR1", "cluster": one.cluster, "status": status, "reason": Message("evidence.no_study"), "estimate": evidence.estimate,
        "conf_low": evidence.conf_low, "conf_high": evidence.conf_high, "per_year": 0.4, "per_year_low": 0.2, "per_year_high": 0.6,
        "n_units": 94, "n_obs": 813, "n_clusters": 18,
    }  # fmt: skip
    errors = pd.DataFrame([declared | {"cluster": one.unit, "estimate": 9.0}, declared])
    graded = grade(evidence, plan.load("zone").rules)
    return claims.Claim(**nothing | {"one": one, "evidence": evidence, "errors": errors, "grade": graded})


# Words of cause, in both languages.
CAUSAL = re.compile(r"因果|影响|带来|促进|导致|效应|\beffects?\b|\bcause|\blead(s)? to\b|\bdrive")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("level", LEVELS)
def test_no_word_of_a_claim_is_stronger_than_its_grade(level, lang):
    claim = claim_of(level)
    assert claim.grade.level == level == findings.of_claim(claim).grade
    said = claim_sentences([claim], lang)[0]
    assert claim.grade.rule.text(lang) in said and say(f"grade.level_{level}", lang) in said
    assert bool(CAUSAL.search(said)) == (level == "robust"), said
    table = claims_table([claim], lang)
    assert say(f"grade.level_{level}", lang) in table.iloc[0].tolist()
    assert claims_results([claim])[claim.one.name]["grade"] == level
    assert say(f"grade.level_{level}", lang) in claims_sentence([claim, claim], lang)


def test_a_claim_is_told_by_its_declared_row_with_what_could_be_detected_where_nothing_is_clear():
    found = findings.of_claim(claim_of("cannot_tell"))
    assert (found.estimate, found.conf_low, found.n_obs, found.cluster) == (0.4, -0.1, 813, "grid_id")
    assert np.expm1(found.detectable) == pytest.approx(0.2)
    assert "has to reach 20 % to be found" in findings.sentence(found, "en")
    # 49 = 100 (exp(0.4) - 1), 22 and 82 likewise.
    cells = claims_table([claim_of("association")], "en").iloc[0].tolist()
    assert cells[2:4] == ["+49 (+22\u00a0…\u00a0+82) %", "+0.40 (+0.20\u00a0…\u00a0+0.60)"]


def test_per_cent_that_count_as_none_are_of_the_mean_for_a_linear_estimate():
    rules = plan.load("zone").rules
    small = {"estimate": 0.0, "conf_low": -0.03, "conf_high": 0.04, "p_few_clusters": 0.9}
    # Ten per cent of a share of one half are five points, of one fifth two.
    assert grade(Evidence(**small, outcome_mean=0.5), rules).level == "rejected"
    assert grade(Evidence(**small, outcome_mean=0.2), rules).level == "cannot_tell"
    assert grade(Evidence(**small, outcome_mean=0.5), rules).none_within == pytest.approx((-0.05, 0.05))
    assert grade(Evidence(**small), rules).none_within == pytest.approx((-np.log(1.1), np.log(1.1)))


@pytest.mark.parametrize("lang", LANGS)
def test_a_claim_that_could_not_be_estimated_says_so(lang):
    claim = claim_with(Evidence())
    assert Message("evidence.no_study").text(lang).rstrip("。.") in claim_sentences([claim], lang)[0]
    assert "nan" not in str(claims_table([claim], lang).to_dict()) + claim_sentences([claim], lang)[0]


def test_a_negative_count_is_refused(panel):
    below = panel.assign(patents_utility=panel["patents_utility"].astype(float) - 1)
    with pytest.raises(NotEstimable, match="negative"):
        models.log_one_plus(below, outcome="patents_utility", exposure="is_covered", cluster="grid_id")
