import dataclasses

import numpy as np
import pandas as pd
import pytest

from helpers import plan
from helpers.models import NotEstimable, WildTest
from helpers.plan import evidence, robustness, sample, timing
from helpers.plan.grade import grade
from helpers.tables import families, honest_bounds
from helpers.text import Message


@pytest.fixture(scope="module")
def derived(small_zone):
    return sample.with_derived(small_zone.panel_with_exposures())


@pytest.fixture(scope="module")
def one():
    return plan.load("zone").named("founding.patents_utility.has_own_org")


@pytest.fixture(scope="module")
def frame(derived, one):
    return sample.analysis_frame(derived, one)[0]


def test_every_rule_has_the_same_estimate_and_few_cluster_rules_are_wider(frame, one):
    rows, wild = robustness.standard_errors(frame, one)
    assert rows["estimate"].round(8).nunique() == 1
    by_grid = rows[rows["cluster"] == "grid_id"].set_index("rule")["std_error"]
    assert by_grid["CR1"] < by_grid["CR2"] < by_grid["CRV3J"]
    assert isinstance(wild, WildTest) and wild.is_enumerated


def test_the_curve_holds_the_declared_specification_among_others(derived, one):
    data, specifications = robustness.reasonable(derived, one)
    declared = [
        choice for choice in specifications
        if (choice["outcome"], choice["estimator"], set(choice["fixed_effects"]), choice["sample"])
        == (one.outcome, "poisson", set(one.fixed_effects), "all_rows")
    ]  # fmt: skip
    assert len(declared) == 1
    assert data["without_largest"].sum() == len(data) - (data["uscc"] == largest(data, one.outcome)).sum()


def largest(data, outcome):
    return data.groupby("uscc")[outcome].sum().astype(float).idxmax()


def test_changes_are_last_years_less_first_years_of_firms_without_it_at_first():
    years = list(range(2013, 2023))
    rows = pd.DataFrame({"uscc": ["A"] * 10 + ["B"] * 10 + ["C"] * 10, "year": years * 3, "grid_id": "g"})
    rows["patents_utility"] = [0, 0, 3, *[9] * 4, 4, 5, 6] + [1] * 10 + [2] * 10
    rows["cohort_org"] = [2017.0] * 10 + [np.nan] * 10 + [2014.0] * 10
    rows = rows.assign(ln_employees=1.0, ln_assets=2.0, age_years=[*range(10)] * 3)
    found = robustness.changes(rows, plan.load("zone").named("founding.patents_utility.has_own_org")).set_index("uscc")
    assert list(found.index) == ["A", "B"]
    assert found.loc["A", ["change", "treated", "outcome_before", "age_years"]].tolist() == [4, 1, 1, 0]
    assert found.loc["B", ["change", "treated"]].tolist() == [0, 0]


def test_the_placebo_gives_each_grid_the_exposure_of_another(derived):
    moved = robustness.placebo_grids(derived)
    own = derived.groupby(["grid_id", "year"])["grid_exposure"].mean()
    swapped = moved.groupby(["grid_id", "year"])["grid_exposure"].mean()
    grids = sorted(derived["grid_id"].dropna().unique())
    for grid, other in zip(grids, [*grids[1:], grids[0]], strict=True):
        both = own.loc[other].index.intersection(swapped.loc[grid].index)
        np.testing.assert_allclose(swapped.loc[grid][both], own.loc[other][both])


def test_what_could_not_be_made_counts_as_not_passed(derived, frame, one):
    rows, _ = robustness.standard_errors(frame, one)
    studies = {name: NotEstimable(Message("evidence.no_study")) for name in evidence.GRADED}
    nothing = Message("evidence.no_study")
    curve = dataclasses.replace(robustness.curve(derived, one, seed=1)[0], joint=None)
    known = evidence.evidence(
        one, rows=rows, wild=nothing, studies=studies, bounds=nothing, family=pd.DataFrame(), left_out={}, curve=curve,
        unseen=robustness.Unseen(frame, nothing, nothing, nothing, nothing),
    )  # fmt: skip
    graded = grade(known, plan.load("zone").rules)
    assert {check.name for check in graded.checks if check.passed is None} == {
        "few_clusters", "cohort_robust", "leads", "breakdown", "family", "confounder", "oster", "left_out", "curve",
    }  # fmt: skip
    assert graded.level in ("cannot_tell", "rejected")


def test_all_evidence_of_a_claim_comes_together(derived, frame, one):
    rows, wild = robustness.standard_errors(frame, one)
    studies = timing.event_studies(frame, one, seed=1, methods=evidence.GRADED)
    family = families(derived, plan.load("zone").of(family=one.family))
    known = evidence.evidence(
        one, rows=rows, wild=wild, studies=studies, bounds=honest_bounds(studies), family=family,
        unseen=robustness.unseen(derived, one, multiple=1.0), left_out=robustness.without_each(frame, one),
        curve=robustness.curve(derived, one, seed=1)[0],
    )  # fmt: skip
    missing = [name for name, value in dataclasses.asdict(known).items() if value is np.nan or value == ()]
    assert not missing
    assert known.left_out_low <= known.estimate <= known.left_out_high
