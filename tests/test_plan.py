import dataclasses
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from helpers import paths, plan
from helpers.errors import UsageError
from helpers.models import regression
from helpers.plan import model
from helpers.plan.grade import LEVELS, Evidence, grade
from helpers.plan.sample import analysis_frame, at_baseline, with_derived
from helpers.text import LANGS

OURS = paths.PLANS["zone"].read_text(encoding="utf-8")


def written(tmp_path, text):
    path = tmp_path / "plan.yml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path, old, new):
    assert old in OURS
    with pytest.raises(UsageError) as trouble:
        plan.read(written(tmp_path, OURS.replace(old, new, 1)))
    return str(trouble.value)


def test_the_plan_declares_every_outcome_and_exposure_that_is_asked_about():
    declared = plan.load("zone").frame()
    outcomes = {
        "patents_invention", "patents_utility", "patents_design", "has_patent", "software_copyrights", "is_first_award",
        "rd_share_pct",
    }  # fmt: skip
    exposures = {
        "has_own_org", "has_charter", "has_binding_charter", "cross_appointment_share_pct", "pioneer_density",
        "grid_exposure",
    }  # fmt: skip
    assert outcomes <= set(declared["outcome"])
    assert exposures <= set(declared["exposure"])
    assert set(declared["role"]) == {"primary", "secondary", "exploratory"}


def test_the_plan_knows_the_estimators_of_fit():
    assert get_args(model.Estimator) == get_args(regression.Estimator)


def test_comments_and_blanks_leave_the_hash_alone_and_a_rule_or_a_column_changes_it(tmp_path):
    ours = plan.load("zone").sha256
    assert plan.read(written(tmp_path, "# more words\n\n" + OURS)).sha256 == ours
    assert plan.read(written(tmp_path, OURS.replace("alpha: 0.05", "alpha: 0.06"))).sha256 != ours
    assert plan.read(written(tmp_path, OURS.replace("patents_design:poisson, has", "has"))).sha256 != ours


def test_a_specification_that_is_not_declared_in_every_respect_is_none_of_the_plan():
    asked = {
        "outcome": "patents_utility", "exposure": "has_own_org", "estimator": "poisson",
        "fixed_effects": ("year", "uscc"), "cluster": "grid_id",
    }  # fmt: skip
    declared = plan.load("zone")
    assert declared.declared(**asked).role == "primary"
    for change in ({"cluster": "uscc"}, {"estimator": "ols"}, {"fixed_effects": ("uscc",)}, {"controls": ("age_years",)}):
        assert declared.declared(**(asked | change)) is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("controls: [age_years, ln_employees]", "controls: [has_charter]", "what follows treatment"),
        ("role: primary", "role: main", "expected one of primary, secondary, exploratory"),
        ("cluster: grid_id", "clusters: grid_id", "'groups.founding.clusters' is no parameter here"),
        ("outcomes: [patents_invention:poisson, patents_utility:poisson]", "outcomes: [patents:tobit]", "patents:tobit"),
        ("exposures: [has_own_org]", "exposures: []", "at least one column"),
        ("alpha: 0.05", "alpha: 5", "alpha"),
        ("  leads_p: 0.10", "  lead_p: 0.10", "leads_p"),
        ("mediators: [rd_share_pct]", "mediators: []", "are one specification"),
    ],
)
def test_what_is_unknown_missing_late_or_declared_twice_is_refused_by_name(tmp_path, old, new, said):
    assert said in refused(tmp_path, old, new)


def test_mediators_make_no_primary_specification(tmp_path):
    before, group, after = OURS.partition("  through_research:")
    text = before + group + after.replace("role: exploratory", "role: primary", 1)
    with pytest.raises(UsageError, match="cannot be primary"):
        plan.read(written(tmp_path, text))


def panel(**columns):
    frame = pd.DataFrame(
        {
            "uscc": ["A", "A", "A", "B", "B", "B"],
            "year": [2019, 2020, 2021] * 2,
            "grid_id": ["g1"] * 3 + [None] * 3,
            "employees": pd.array([10, 20, 40, None, 50, 0], dtype="Int64"),
            "hnte_first_year": pd.array([2020] * 3 + [None] * 3, dtype="Int64"),
            "has_charter": pd.array([False, True, True, None, None, None], dtype="boolean"),
            "charter_substance": [None, "象征性", "决策性", None, None, None],
            "has_own_org": pd.array([False, True, True, False, False, None], dtype="boolean"),
            **{f"patents_{kind}": pd.array([0, 0, 1, 0, None, 0], dtype="Int64")
               for kind in ("invention", "utility", "design")},
            **{f"patents_{kind}_is_complete": [True, True, kind != "invention"] * 2
               for kind in ("invention", "utility", "design")},
        }
    )  # fmt: skip
    return frame.assign(**columns)


def test_derived_columns_are_missing_where_their_sources_are():
    derived = with_derived(panel())
    assert derived["has_patent"].tolist()[:4] == [0, 0, 1, 0]
    assert np.isnan(derived["has_patent"][4])
    assert derived["has_patent_is_complete"].tolist() == [True, True, False] * 2
    assert derived["has_binding_charter"].tolist()[:3] == [0, 0, 1]
    assert derived["has_binding_charter"][3:].isna().all()
    assert derived["ln_employees"].round(3).tolist()[:3] == [2.303, 2.996, 3.689]
    assert derived["ln_employees"].isna().tolist() == [False, False, False, True, False, True]
    assert derived["is_first_award"].tolist() == [0, 1, 0, 0, 0, 0]
    assert derived["grid_year"].tolist()[:2] == ["g1 2019", "g1 2020"]
    assert derived["grid_year"][3:].isna().all()


def test_a_column_without_its_source_is_not_made_up():
    assert "ln_employees" not in with_derived(panel().drop(columns="employees"))


def test_controls_are_those_of_the_first_year_that_states_them_whatever_the_order_of_rows():
    derived = with_derived(panel()).iloc[::-1]
    held = at_baseline(derived, "employees", unit="uscc").sort_index()
    assert held.tolist() == [10, 10, 10, 50, 50, 50]


def test_a_sample_leaves_out_incomplete_years_and_renewals_and_counts_them():
    derived = with_derived(panel())
    by_name = {one.name: one for one in plan.load("zone").specifications}
    frame, left = analysis_frame(derived, by_name["founding.patents_invention.has_own_org"])
    assert (len(frame), left) == (4, {"not_in_sample": 0, "not_complete": 2})
    frame, left = analysis_frame(derived.assign(age_years=[1, 2, 3] * 2), by_name["first_award.is_first_award.has_charter"])
    assert (frame["year"].tolist(), left) == ([2019, 2020, 2019, 2020, 2021], {"not_in_sample": 1})
    assert frame["age_years_baseline"].tolist() == [1] * 5


STRONG = Evidence(
    estimate=0.3, conf_low=0.1, conf_high=0.5, p_few_clusters=0.01, smallest_p=2**-17, detectable=0.25,
    robust_overall=((0.05, 0.5), (0.1, 0.4)), leads_p=0.6, held_low=0.05, held_high=0.5, breakdown=1.4, p_family=0.02, oster_delta=2.0,
    adjusted_low=0.02, adjusted_high=0.4, left_out_low=0.2, left_out_high=0.35, p_curve=0.01,
)  # fmt: skip


def graded(**changes):
    return grade(dataclasses.replace(STRONG, **changes), plan.load("zone").rules)


@pytest.mark.parametrize(
    ("changes", "level", "rule"),
    [
        ({}, "robust", "all_passed"),
        ({"estimate": np.nan}, "cannot_tell", "not_estimated"),
        ({"estimate": 0.01, "conf_low": -0.05, "conf_high": 0.07}, "rejected", "equivalent"),
        ({"estimate": -0.3, "conf_low": -0.5, "conf_high": -0.1}, "rejected", "opposite"),
        ({"conf_low": -0.1}, "cannot_tell", "not_beyond_chance"),
        ({"p_few_clusters": 0.2}, "cannot_tell", "not_beyond_chance"),
        ({"p_few_clusters": 0.0, "smallest_p": 0.125}, "cannot_tell", "not_beyond_chance"),
        ({"p_few_clusters": np.nan}, "cannot_tell", "not_beyond_chance"),
        ({"robust_overall": ((0.05, 0.5), (-0.1, 0.4))}, "association", "no_timing"),
        ({"robust_overall": ()}, "association", "no_timing"),
        ({"leads_p": 0.01}, "association", "no_timing"),
        ({"held_low": -0.02}, "association", "no_timing"),
        ({"breakdown": 0.4}, "timing", "no_sensitivity"),
        ({"p_family": 0.2}, "timing", "no_sensitivity"),
        ({"adjusted_low": -0.1}, "timing", "no_sensitivity"),
        ({"oster_delta": 0.4}, "timing", "no_sensitivity"),
        ({"left_out_low": -0.01}, "timing", "no_sensitivity"),
        ({"p_curve": np.nan}, "timing", "no_sensitivity"),
        ({"oster_delta": -3.0}, "robust", "all_passed"),
    ],
)
def test_each_rule_decides_where_it_should(changes, level, rule):
    found = graded(**changes)
    assert (found.level, found.rule.key) == (level, f"grade.rule_{rule}")


@pytest.mark.parametrize("lang", LANGS)
def test_a_grade_prints_its_rule_and_every_check_in_either_language(lang):
    found = graded(breakdown=0.4, p_curve=np.nan)
    assert "{" not in found.rule.text(lang)
    table = found.frame(lang)
    assert len(table) == len(found.checks) == 11
    assert not table.apply(lambda column: column.str.contains(r"[{}]|grade\.")).to_numpy().any()
    assert found.level in LEVELS


def test_no_single_change_for_the_worse_makes_a_grade_stronger():
    worse = {
        "conf_low": -0.1, "p_few_clusters": 0.2, "leads_p": 0.01, "held_low": -0.1, "breakdown": 0.1, "p_family": 0.5, "p_curve": 0.5,
        "oster_delta": 0.1, "adjusted_low": -0.1, "left_out_low": -0.1, "robust_overall": ((-0.1, 0.2),),
    }  # fmt: skip
    for name, value in worse.items():
        assert LEVELS.index(graded(**{name: value}).level) < LEVELS.index("robust"), name
