"""The enumerated wild bootstrap and Poisson's extended two-way effects beside R's."""

import numpy as np
import peer_numbers
import pytest

from helpers.models import fit, staggered, wild_bootstrap

TERMS = ("score", "ln_employees", "ln_assets")
WILD = peer_numbers.peer("wild")


@pytest.fixture(scope="module")
def firm_years():
    rows = peer_numbers.firm_years()
    return rows.assign(merged=np.where(rows["grid"] > 12, rows["grid"] - 12, rows["grid"]))


@pytest.mark.parametrize("case", WILD["case"])
def test_every_sign_vector_gives_the_p_value_of_r(firm_years, case):
    theirs = WILD.set_index("case").loc[case]
    by = case.split("_cl_")[1].split("_")[0]
    result = fit(
        firm_years, outcome="rd", exposure="treated", controls=TERMS, estimator="ols", cluster=by,
        fixed_effects=("firm", "year") if case.startswith("firm_year") else (),
    )  # fmt: skip
    ours = wild_bootstrap(result, theirs["term"], null=theirs["null"])
    assert ours.p_value == theirs["p_value"]
    assert ours.estimate == pytest.approx(theirs["estimate"], rel=1e-9)
    assert ours.statistic == pytest.approx(theirs["statistic"], rel=1e-6)


def test_poisson_extended_two_way_effects_are_those_of_r(firm_years):
    rows = peer_numbers.peer("etwfe")
    theirs = rows[rows["case"] == "cohort_year_cl_firm"].set_index("term")
    study = staggered(
        firm_years, outcome="patents", unit="firm", period="year", cohort="cohort", method="poisson_etwfe"
    )
    cells = theirs[theirs["kind"] == "cell"]
    ours = study.att_gt.set_axis([f"att_{row.cohort:.0f}_{row.period:.0f}" for row in study.att_gt.itertuples()])
    assert sorted(ours.index) == sorted(cells.index)
    ours = ours.loc[cells.index]
    # Ours is the proportional change, theirs its logarithm; errors by the delta method.
    np.testing.assert_allclose(ours["estimate"], np.expm1(cells["estimate"]), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(ours["std_error"], np.exp(cells["estimate"]) * cells["std_error"], rtol=1e-5)
    whole = theirs[theirs["kind"] == "ratio_overall"].iloc[0]
    assert study.overall["estimate"].iloc[0] == pytest.approx(whole["estimate"], rel=1e-6)
    assert study.overall["std_error"].iloc[0] == pytest.approx(whole["std_error"], rel=1e-4)
