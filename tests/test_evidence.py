import dataclasses

import numpy as np
import pandas as pd
import pytest

from helpers import plan
from helpers.models import NotEstimable, RandomisationTest, WildTest
from helpers.plan import channels, claims, codings, evidence, robustness, sample, spillover, trends
from helpers.plan.grade import grade
from helpers.tables import codings_table, trend_sentence
from helpers.text import LANGS, Message, with_ends


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
    assert list(rows["rule"]) == ["CR1", "CR1", "CR2", "CRV3J", "wild", "CR1", "wild"]
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
    moved = spillover.placebo_grids(derived)
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
        one, rows=rows, few=nothing, studies=studies, trend=nothing, bounds=nothing, family=pd.DataFrame(), left_out={}, curve=curve,
        unseen=robustness.Unseen(frame, nothing, nothing, nothing, nothing),
    )  # fmt: skip
    graded = grade(known, plan.load("zone").rules)
    assert {check.name for check in graded.checks if check.passed is None} == {
        "few_clusters", "cohort_robust", "leads", "trend", "breakdown", "family", "confounder", "oster", "left_out", "curve",
    }  # fmt: skip
    assert graded.level in ("cannot_tell", "rejected")


def test_areas_are_too_few_for_five_per_cent_and_say_so(frame, one):
    rows, _ = robustness.standard_errors(frame, one)
    areas = rows[rows["cluster"] == "area_id"].set_index("rule")
    assert areas.loc["wild", "smallest_p"] == 2.0 ** (1 - areas.loc["wild", "n_clusters"]) > 0.05
    assert areas.loc["wild", "p_value"] >= areas.loc["wild", "smallest_p"]


@pytest.mark.parametrize("by_firm", [False, True])
def test_with_three_treated_grids_randomisation_decides(one, by_firm):
    rng = np.random.default_rng(3)
    firm = np.repeat(np.arange(60), 8)
    year, grid = np.tile(np.arange(2013, 2021), 60), firm // 5
    exposed = (grid < 3) & (year >= 2016) & ((firm % 2 == 0) | (not by_firm))
    data = pd.DataFrame({"uscc": firm.astype(str), "year": year, "grid_id": np.char.mod("G%02d", grid),
                         "has_own_org": exposed.astype(float), "patents_utility": rng.poisson(1.5, len(firm))})  # fmt: skip
    rows, few = robustness.standard_errors(data, one)
    assert isinstance(few, RandomisationTest)
    assert rows["rule"].iloc[-1] == "randomisation" and rows["p_value"].iloc[-1] == few.p_value
    # 12 grids choose 3, or firms that swap their dates.
    assert few.n_assignments == 220 if not by_firm else few.n_clusters == 60


def test_a_coding_changes_what_it_says_and_nothing_else(derived, one):
    rows = codings.codings(derived, one).set_index("coding")
    assert list(rows.index) == ["declared", "next_year", "share_of_year", "other_exposure", "fractional",
                                "with_acquired", "all_years"]  # fmt: skip
    assert set(rows["status"]) == {"estimated"}
    declared = robustness.fitted(sample.analysis_frame(derived, one)[0], one).term(one.exposure)
    assert rows.loc["declared", "estimate"] == declared["estimate"]
    assert rows.loc["all_years", "n_obs"] > rows.loc["declared", "n_obs"]
    other = one.model_copy(update={"exposure": "is_covered"})
    wider = robustness.fitted(sample.analysis_frame(derived, other)[0], other).term("is_covered")
    assert rows.loc["other_exposure", "estimate"] == wider["estimate"]
    assert rows["estimate"].nunique() == len(rows)


def test_the_first_year_counts_by_the_days_that_are_left():
    panel = pd.DataFrame({"uscc": "A", "year": [2014, 2015, 2016], "has_own_org": [0.0, 1.0, 1.0],
                          "cohort_org": 2015.0, "org_founded_on": pd.Timestamp("2015-12-31")})  # fmt: skip
    one = plan.load("zone").named("founding.patents_utility.has_own_org")
    part, _ = codings._share_of_year(panel, one)
    assert part["has_own_org"].tolist() == [0, 0, 1]
    later, _ = codings._next_year(panel, one)
    assert later["has_own_org"].tolist() == [0, 0, 1]


def test_every_declared_mediator_is_taken_apart_with_what_would_undo_it(derived):
    found = channels.channels(derived, plan.load("zone"), seed=1)
    declared = [one for one in plan.load("zone").specifications if one.mediators]
    assert [channel.one for channel in found] == declared
    for channel in found:
        parts = channel.found.table.set_index("term")["estimate"]
        assert parts["acme"] + parts["ade"] == pytest.approx(parts["total"])
        assert -1 < channel.found.rho_zero < 1


def test_all_evidence_of_a_claim_comes_together_and_is_graded(derived, one):
    claim = claims.investigate(derived, plan.load("zone"), one, seed=1)
    missing = [name for name, value in dataclasses.asdict(claim.evidence).items() if value is np.nan or value == ()]
    # An estimate in logs needs no mean.
    assert missing == ["outcome_mean"]
    assert claim.evidence.left_out_low <= claim.evidence.estimate <= claim.evidence.left_out_high
    assert claim.grade == grade(claim.evidence, plan.load("zone").rules)
    declared = claim.errors[(claim.errors["rule"] == "CR1") & (claim.errors["cluster"] == one.cluster)].iloc[0]
    assert claim.evidence.estimate == declared["estimate"]
    assert claim.evidence.p_few_clusters == claim.few.p_value


@pytest.mark.parametrize("lang", LANGS)
def test_a_linear_claim_is_told_in_points_and_no_exponent_is_taken(derived, lang):
    linear = plan.load("zone").named("founding_other.has_patent.has_own_org")
    # Large enough for an exponent to show.
    scaled = derived.assign(has_patent=100 * derived["has_patent"])
    frame, _ = sample.analysis_frame(scaled, linear)
    term = robustness.fitted(frame, linear).term(linear.exposure)
    assert abs(term["estimate"]) > 0.2
    declared = codings_table(codings.codings(scaled, linear), lang).iloc[0, 1]
    assert declared == with_ends(*(100 * term[name] for name in ("estimate", "conf_low", "conf_high")), "+,.0f")
    held = trends.trend_before(frame, linear)
    fixed = held.held_fixed
    assert with_ends(*(100 * fixed[name] for name in ("estimate", "conf_low", "conf_high")), "+,.0f") in trend_sentence(
        held, lang
    )
