"""Estimators of staggered treatment beside Callaway-Sant'Anna: R's numbers, a simulated truth, and panels that answer less."""

from functools import cache

import numpy as np
import pandas as pd
import peer_numbers
import pytest
import statsmodels.api as sm

from helpers import paths
from helpers.models.result import NotEstimable
from helpers.models.staggered import panel_of, staggered
from helpers.models.staggered.bacon import decompose

ROBUST = ("sun_abraham", "imputation", "two_stage", "lp_did")
LINEAR = ("twfe", *ROBUST)


@cache
def firm_years() -> pd.DataFrame:
    return peer_numbers.firm_years()


@cache
def peer(family: str) -> pd.DataFrame:
    return peer_numbers.peer(family)


def study(method, *, outcome="rd", by="firm", controls="", data=None, **options):
    return staggered(
        firm_years() if data is None else data, outcome=outcome, unit="firm", period="year", cohort="cohort",
        method=method, covariates=[controls] if controls else [], cluster=None if by == "firm" else by, draws=99, **options,
    )  # fmt: skip


def agree(ours, theirs, *, digits=1e-9):
    assert len(ours) == len(theirs) > 0
    for column in ("estimate", "std_error"):
        np.testing.assert_allclose(ours[column].to_numpy(), theirs[column].to_numpy(), rtol=digits, atol=digits * 1e-2)


def events(result, times) -> pd.DataFrame:
    return result.event.set_index("event_time").loc[list(times)].reset_index()


def said(warnings, key) -> list:
    """Return what the warnings of one key say: their numbers and names."""
    return [note.values for note in warnings if note.key == key]  # noqa: PD011


CASES = [(outcome, controls, by) for outcome in ("rd", "patents") for controls in ("", "ln_employees") for by in ("firm", "grid")]


def case_of(outcome, controls, by) -> str:
    return f"{outcome}{'_' + controls if controls else ''}_cl_{by}"


@pytest.mark.parametrize("controls", ["", "ln_employees"])
@pytest.mark.parametrize("by", ["firm", "grid"])
def test_sun_abraham_is_fixests_by_event_time_cohort_and_cell(controls, by):
    rows = peer("sunab").query("case == @case", local_dict={"case": case_of("rd", controls, by)})
    result = study("sun_abraham", controls=controls, by=by)
    theirs = rows[(rows["kind"] == "event") & rows["term"].str.startswith("year::")]
    agree(events(result, theirs["term"].str.removeprefix("year::").astype(int)), theirs)
    agree(result.overall[:1], rows[(rows["kind"] == "att") & (rows["term"] == "ATT")])
    theirs = rows[(rows["kind"] == "cohort") & rows["term"].str.startswith("cohort::")]
    ours = result.overall[result.overall["average"] == "group"].set_index("value")
    agree(ours.loc[theirs["term"].str.removeprefix("cohort::").astype(float)], theirs)
    cells = rows[(rows["kind"] == "cell") & rows["term"].str.startswith("year::")]
    event_time, cohort = (cells["term"].str.extract(r"year::(-?\d+):cohort::(\d+)").astype(float).to_numpy()).T
    agree(result.att_gt.set_index(["cohort", "period"]).loc[list(zip(cohort, cohort + event_time, strict=True))], cells)


@pytest.mark.parametrize(("outcome", "controls", "by"), CASES)
def test_imputation_is_didimputations_with_its_conservative_variance_and_leads(outcome, controls, by):
    rows = peer("imputation").query("case == @case", local_dict={"case": case_of(outcome, controls, by)})
    result = study("imputation", outcome=outcome, controls=controls, by=by, leads="3")
    agree(result.overall[:1], rows[rows["kind"] == "overall"])
    for kind in ("event", "pre"):
        theirs = rows[rows["kind"] == kind]
        agree(events(result, theirs["event_time"].astype(int)), theirs)


@pytest.mark.parametrize(("outcome", "controls", "by"), CASES)
def test_two_stage_is_did2s_with_the_first_stage_in_its_errors(outcome, controls, by):
    rows = peer("did2s").query("case == @case", local_dict={"case": case_of(outcome, controls, by)})
    result = study("two_stage", outcome=outcome, controls=controls, by=by)
    agree(result.overall[:1], rows[rows["kind"] == "overall"])
    theirs = rows[rows["kind"] == "event"]
    agree(events(result, theirs["event_time"].astype(int)), theirs)


@pytest.mark.parametrize("outcome", ["rd", "patents"])
@pytest.mark.parametrize("by", ["firm", "grid"])
@pytest.mark.parametrize(("name", "options"), [
    ("vw", {"weighting": "variance"}), ("rw", {"weighting": "equal"}),
    ("vw_never", {"weighting": "variance", "control_group": "never_treated"}),
    ("rw_never", {"weighting": "equal", "control_group": "never_treated"}),
])  # fmt: skip
def test_local_projections_are_lpdids(outcome, by, name, options):
    theirs = peer("lpdid").query("case == @case", local_dict={"case": f"{outcome}_{name}_cl_{by}"})
    agree(events(study("lp_did", outcome=outcome, by=by, **options), theirs["event_time"].astype(int)), theirs)


@pytest.mark.parametrize("outcome", ["rd", "patents"])
def test_the_decomposition_is_bacondecomps_and_sums_to_two_way_fixed_effects(outcome):
    rows = peer("bacon").query("case == @outcome and treated.notna()", local_dict={"outcome": outcome})
    theirs = rows.assign(control=rows["control"].replace(np.inf, np.nan)).set_index(["treated", "control"])
    result = study("twfe", outcome=outcome)
    ours = result.bacon().set_index(["treated", "untreated"]).loc[theirs.index]
    for column in ("estimate", "weight"):
        np.testing.assert_allclose(ours[column], theirs[column].astype(float), rtol=1e-9)
    words = {"treated_vs_never": "Treated vs Untreated", "earlier_vs_later": "Earlier vs Later Treated",
             "later_vs_earlier": "Later vs Earlier Treated"}  # fmt: skip
    assert ours["type"].map(words).tolist() == theirs["type"].tolist()
    assert (ours["estimate"] * ours["weight"]).sum() == pytest.approx(result.overall["estimate"].iloc[0], abs=1e-12)


def test_the_castle_doctrine_decomposition_has_the_published_sum():
    path = paths.ROOT.parent / "shared" / "data" / "reference" / "bacondecomp__castle.csv"
    if not path.is_file():
        pytest.skip("the castle data are not in ../shared/data/reference")
    castle = pd.read_csv(path)
    first = castle[castle["post"] == 1].groupby("state")["year"].min()
    castle["cohort"] = castle["state"].map(first)
    panel = panel_of(castle, outcome="l_homicide", unit="state", period="year", cohort="cohort")
    table = decompose(panel)
    assert (table["estimate"] * table["weight"]).sum() == pytest.approx(0.0818116, abs=5e-8)
    assert table["weight"].sum() == pytest.approx(1)


def test_two_way_fixed_effects_are_least_squares_on_dummies():
    data = firm_years()
    data = data[data["grid"] <= data["grid"].unique()[3]]
    event_time = data["year"] - data["cohort"]
    times = sorted(int(e) for e in event_time.dropna().unique() if e != -1)
    dummies = pd.get_dummies(data[["firm", "year"]].astype(str), drop_first=True, dtype=float)
    design = np.column_stack([*(event_time == e for e in times), dummies, np.ones(len(data))]).astype(float)
    groups = pd.factorize(data["firm"])[0]
    fitted = sm.OLS(data["rd"].to_numpy(), design).fit(cov_type="cluster", cov_kwds={"groups": groups})
    # statsmodels counts the units' effects too; within firms they are nested in the clusters.
    scale = np.sqrt((len(data) - design.shape[1]) / (len(data) - len(times) - data["year"].nunique()))
    result = study("twfe", data=data)
    theirs = pd.DataFrame({"estimate": fitted.params[: len(times)], "std_error": fitted.bse[: len(times)] * scale})
    agree(events(result, times), theirs, digits=1e-7)
    assert result.df == data["firm"].nunique() - 1


@pytest.mark.parametrize("control_group", ["not_yet_treated", "never_treated"])
@pytest.mark.parametrize("by", ["firm", "grid"])
def test_poisson_effects_are_those_of_the_regression_with_all_its_dummies(control_group, by):
    data = firm_years()
    event_time = data["year"] - data["cohort"]
    cell = event_time >= 0 if control_group == "not_yet_treated" else event_time.notna() & (event_time != -1)
    cells = pd.get_dummies((data["cohort"].astype(str) + "_" + data["year"].astype(str)).where(cell), dtype=float)
    others = pd.get_dummies(data[["cohort", "year"]].astype("string").fillna("never"), drop_first=True, dtype=float)
    design = np.column_stack([cells, others, np.ones(len(data))])
    groups = pd.factorize(data[by])[0]
    fitted = sm.GLM(data["patents"], design, family=sm.families.Poisson()).fit(
        tol=1e-13, maxiter=200, cov_type="cluster", cov_kwds={"groups": groups})  # fmt: skip
    cov = np.asarray(fitted.cov_params())
    without = design.copy()
    without[:, : cells.shape[1]] = 0

    def ratio(rows):
        treated, untreated = (np.exp(x[rows] @ fitted.params.to_numpy()) for x in (design, without))
        above, below = treated.sum(), untreated.sum()
        slope = treated @ design[rows] / below - above / below**2 * (untreated @ without[rows])
        return {"estimate": above / below - 1, "std_error": np.sqrt(slope @ cov @ slope)}

    result = study("poisson_etwfe", outcome="patents", by=by, control_group=control_group)
    times = sorted(event_time[cell].astype(int).unique())
    agree(events(result, times), pd.DataFrame([ratio((cell & (event_time == e)).to_numpy()) for e in times]), digits=1e-7)
    agree(result.overall[:1], pd.DataFrame([ratio((event_time >= 0).to_numpy())]), digits=1e-7)


def test_poisson_with_unit_effects_has_the_estimates_of_cohort_effects_in_a_balanced_panel():
    by_cohort = study("poisson_etwfe", outcome="patents")
    by_unit = study("poisson_etwfe", outcome="patents", intercepts="unit")
    np.testing.assert_allclose(by_unit.event["estimate"], by_cohort.event["estimate"], rtol=1e-9)
    # The same errors but for the five cohorts' effects, which the factor counts and nested units' not.
    np.testing.assert_allclose(by_unit.event["std_error"], by_cohort.event["std_error"], rtol=2e-3)
    assert any(note.key == "cohorts.zero_units" for note in by_unit.warnings)


def simulated(seed=5, n=240, *, slopes=(1.0, 0.2), never=True) -> tuple[pd.DataFrame, pd.Series]:
    """Return a panel of cohorts 2004 and 2007 whose effects grow by `slopes` a year, and the true effect by event time."""
    rng = np.random.default_rng(seed)
    cohorts = np.array([2004, 2007, np.nan] if never else [2004, 2007, 2010])
    firm = pd.DataFrame({"firm": np.arange(n), "cohort": cohorts[np.arange(n) % 3], "level": rng.normal(size=n)})
    data = firm.merge(pd.DataFrame({"year": np.arange(2000, 2010)}), how="cross")
    event_time = data["year"] - data["cohort"]
    slope = data["cohort"].map({2004: slopes[0], 2007: slopes[1]}).fillna(0)
    effect = (slope * (event_time + 1)).where(event_time >= 0, 0)
    data["rd"] = data["level"] + 0.3 * (data["year"] - 2000) + effect + rng.normal(scale=0.3, size=len(data))
    return data, effect[event_time >= 0].groupby(event_time).mean()


@pytest.mark.parametrize("method", ROBUST)
def test_growing_effects_that_differ_by_cohort_are_recovered(method):
    data, truth = simulated()
    result = study(method, data=data)
    after = events(result, truth.index.astype(int))
    assert (np.abs(after["estimate"] - truth.to_numpy()) < 4 * after["std_error"]).all()
    assert np.abs(after["estimate"] - truth.to_numpy()).max() < 0.2
    assert result.leads().p_value > 0.001


def test_two_way_fixed_effects_miss_growing_effects_and_show_leads_that_are_not_there():
    data, truth = simulated()
    treated_at = (data["year"] - data["cohort"]).value_counts()
    mean = np.average(truth, weights=treated_at.reindex(truth.index))
    result = study("twfe", data=data)
    for method in ROBUST:
        right = study(method, data=data).overall.iloc[0]
        assert abs(right["estimate"] - mean) < 4 * right["std_error"]
    assert abs(result.overall["estimate"].iloc[0] - mean) > 4 * result.overall["std_error"].iloc[0]
    assert result.leads().p_value < 1e-6, "leads that are zero in truth look like a trend"
    later = result.bacon().query("type == 'later_vs_earlier'")
    assert (later["estimate"] < 0).all(), "the effect is positive; comparisons with the already treated turn its sign"


def test_poisson_recovers_a_proportional_effect_with_many_zeros():
    rng = np.random.default_rng(3)
    data, _ = simulated(n=1500)
    mean = np.exp(-1.5 + 0.8 * data["level"] + 0.1 * (data["year"] - 2000))
    lifted = data["year"] >= data["cohort"]
    data["patents"] = rng.poisson(mean * np.where(lifted, 1.5, 1.0))
    assert (data["patents"] == 0).mean() > 0.5
    for intercepts in ("cohort", "unit"):
        overall = study("poisson_etwfe", outcome="patents", data=data, intercepts=intercepts).overall.iloc[0]
        assert abs(overall["estimate"] - 0.5) < 3 * overall["std_error"] < 0.3


@pytest.mark.parametrize("method", ROBUST)
def test_without_never_treated_the_last_cohort_serves_until_it_is_treated(method):
    data, _ = simulated(never=False)
    data = data[data["year"] < 2010]
    data["cohort"] = data["cohort"].replace(2010, 2009)
    result = study(method, data=data)
    assert any(note.key == "staggered.last_cohort_compares" for note in result.warnings)
    estimated = result.event[~result.event["omitted"]]
    assert estimated["event_time"].max() == 2008 - 2004
    assert np.isfinite(estimated[["estimate", "std_error"]]).all().all()
    truth = {0: (1.0 + 0.2) / 2, 4: 5.0}
    for event_time, effect in truth.items():
        row = estimated.set_index("event_time").loc[event_time]
        assert abs(row["estimate"] - effect) < 4 * row["std_error"]


def test_what_has_nobody_to_compare_with_is_counted():
    data, _ = simulated(never=False)
    data = data[data["year"] < 2010]
    data["cohort"] = data["cohort"].replace(2010, 2009)
    for method in ("imputation", "two_stage"):
        # In 2009, the last year, all 240 are treated: of 80 x (6 + 3 + 1) treated rows.
        (values,) = said(study(method, data=data).warnings, "cohorts.not_imputed")
        assert values == {"rows": "240", "all": "800", "periods": ("2009",)}
    assert said(study("lp_did", data=data).warnings, "cohorts.no_control_at")[0]["times"].endswith("5")


def test_sun_abraham_takes_an_earlier_base_where_a_cohort_is_not_seen_in_the_period_before():
    data, _ = simulated()
    data = data[(data["cohort"] != 2007) | (data["year"] != 2006)]
    result = study("sun_abraham", data=data)
    assert said(result.warnings, "cohorts.base_moved") == [{"cohorts": "2007"}]
    effect = result.att_gt.set_index(["cohort", "period"]).loc[(2007, 2007)]
    assert abs(effect["estimate"] - 0.2) < 4 * effect["std_error"]
    assert (2007, 2005) not in result.att_gt.set_index(["cohort", "period"]).index


def test_fewer_leads_take_all_earlier_rows_for_reference():
    result = study("imputation", leads="2")
    assert result.event["event_time"].tolist()[:3] == [-2, -1, 0]
    assert result.leads().df == 2


def test_two_way_fixed_effects_without_never_treated_name_the_lead_left_out():
    data, _ = simulated(never=False)
    data["cohort"] = data["cohort"].replace(2010, 2009)
    result = study("twfe", data=data)
    (values,) = said(result.warnings, "cohorts.collinear")
    assert values["names"] == ("event time -9",)
    assert -9 not in result.event["event_time"].tolist()


def test_two_way_fixed_effects_say_which_effects_they_subtract():
    # Treatment less its unit and period means is (-1, 2, -1) / 6 for those treated from year 2 and (1, -2, 1) / 6 for those
    # from year 3: of the treated rows 2, -1 and 1 sixths, so that an eighth is subtracted for each of four rows in year 3.
    data = pd.DataFrame({"firm": np.repeat(range(8), 3), "year": [1, 2, 3] * 8, "cohort": np.repeat([2, 3] * 4, 3),
                         "rd": [0, 1, 3, 0, 0, 1, 0, 2, 3, 2, 0, 2.0] * 2})  # fmt: skip
    (values,) = said(study("twfe", data=data).warnings, "cohorts.negative_weights")
    assert values == {"rows": "4", "all": "12", "weight": "-0.500"}


@pytest.mark.parametrize("method", [*LINEAR, "poisson_etwfe"])
def test_a_cohort_with_one_period_before_treatment_does_not_stop_an_estimator(method):
    data, _ = simulated()
    early = data["firm"] % 7 == 0
    data.loc[early, "cohort"] = 2001.0
    data["rd"] = np.exp(data["rd"] / 10)
    result = study(method, data=data)
    assert 8 in result.event["event_time"].tolist()
    assert np.isfinite(result.event[["estimate", "std_error"]]).all().all()


@pytest.mark.parametrize("method", [*LINEAR, "poisson_etwfe"])
def test_cohorts_without_a_period_before_are_left_out_with_their_number(method):
    data, _ = simulated()
    data["rd"] = np.exp(data["rd"] / 10)
    always = data["firm"] % 5 == 0
    data.loc[always, "cohort"] = 2000.0
    result = study(method, data=data)
    (values,) = said(result.warnings, "staggered.treated_before_start")
    assert values["units"] == 48
    assert result.n_units == 240 - 48


@pytest.mark.parametrize("method", [*LINEAR, "poisson_etwfe"])
def test_event_times_that_nobody_has_are_named_not_filled(method):
    data, _ = simulated()
    data["rd"] = np.exp(data["rd"] / 10)
    data = data[(data["cohort"] != 2007) & (data["year"] != 2006)]
    result = study(method, data=data)
    assert 2 not in result.event["event_time"].tolist()
    assert np.isfinite(result.event["estimate"]).all()
    if method != "lp_did":
        assert said(result.warnings, "cohorts.event_gaps") == [{"times": "2"}]


@pytest.mark.parametrize("method", [*LINEAR, "poisson_etwfe"])
def test_a_covariate_that_the_effects_span_is_named(method):
    data, _ = simulated()
    data["rd"] = np.exp(data["rd"] / 10)
    data["age"] = data["year"] - 1990 if method in ("lp_did", "poisson_etwfe") else data["level"] + data["year"]
    with pytest.raises(NotEstimable) as refused:
        study(method, data=data, controls="age")
    assert said([refused.value.message], "cohorts.covariate_spanned") == [{"names": ("age",)}]


def test_counts_below_zero_and_counts_without_a_base_are_refused_or_named():
    data, _ = simulated()
    data["rd"] = np.random.default_rng(1).poisson(1, len(data)) * 1.0
    negative = data.assign(rd=data["rd"].where(data.index != 7, -1))
    with pytest.raises(NotEstimable, match="negative in 1 row"):
        study("poisson_etwfe", data=negative)
    empty = data.assign(rd=data["rd"].where((data["cohort"] != 2007) | (data["year"] >= 2007), 0))
    result = study("poisson_etwfe", data=empty)
    (values,) = said(result.warnings, "cohorts.zero_groups")
    assert values["cohorts"] == "2007"
    assert result.att_gt["cohort"].unique().tolist() == [2004]
    with pytest.raises(NotEstimable):
        study("poisson_etwfe", data=data.assign(rd=data["rd"].where(data["year"] >= data["cohort"], 0)))


def test_a_cell_of_zeros_is_an_effect_of_minus_one_not_a_runaway_coefficient():
    data, _ = simulated()
    data["rd"] = np.random.default_rng(1).poisson(1, len(data)) * 1.0
    data.loc[(data["cohort"] == 2007) & (data["year"] == 2008), "rd"] = 0
    cells = study("poisson_etwfe", data=data).att_gt.set_index(["cohort", "period"])
    assert cells.loc[(2007, 2008), "estimate"] == -1


def test_an_unbalanced_panel_is_estimated_but_not_decomposed():
    data, truth = simulated()
    data = data[np.random.default_rng(2).random(len(data)) > 0.1]
    for method in ROBUST:
        after = events(study(method, data=data), truth.index.astype(int))
        assert (np.abs(after["estimate"] - truth.to_numpy()) < 5 * after["std_error"] + 0.1).all()
    with pytest.raises(NotEstimable) as refused:
        study("twfe", data=data).bacon()
    assert refused.value.message.key == "cohorts.bacon_unbalanced"


def test_binned_ends_pool_what_not_all_cohorts_reach():
    data, _ = simulated()
    result = study("twfe", data=data, ends="binned")
    assert result.event["event_time"].tolist() == [-4, -3, -2, -1, 0, 1, 2]
    assert any(note.key == "cohorts.binned" for note in result.warnings)


def test_small_cohorts_are_named_where_their_own_variance_counts():
    data, _ = simulated()
    data.loc[data["firm"] < 2, "cohort"] = 2005.0
    for method in ("sun_abraham", "imputation", "two_stage"):
        (values,) = said(study(method, data=data).warnings, "staggered.small_cohorts")
        assert values["cohorts"] == 1
