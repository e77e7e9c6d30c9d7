import dataclasses

import numpy as np
import pandas as pd
import pytest

from benchmarks.truth import __main__ as truth
from benchmarks.truth import estimates, panels, store, summary, tell
from helpers import plan
from helpers.errors import UsageError
from helpers.models.regression import fit
from helpers.plan.grade import Evidence, grade
from helpers.plan.timing import METHODS
from helpers.simulate import innovation
from helpers.simulate.draws import year_of
from helpers.simulate.innovation import MONTHS
from helpers.simulate.scenarios import scenario_named
from helpers.tables import failing, failing_note, truth_note, truth_rows, truth_sentence, truth_table
from helpers.tables.truth import results
from helpers.text import LANGS, label

SEED = 207


@pytest.fixture(scope="module")
def drawn():
    return panels.latent(SEED, 131)


@pytest.fixture(scope="module")
def by_scenario(drawn):
    return {scenario: panels.panel(drawn, scenario) for scenario in store.SCENARIOS}


@pytest.fixture(scope="module")
def row(by_scenario):
    """Everything estimated on one panel, as on the first seeds but for the estimates without each firm."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(estimates, "DEAR_SEEDS", SEED + 1)
        patch.setattr(estimates.robustness, "without_each", lambda frame, one: {})
        return estimates.estimated(by_scenario["effect"], seed=SEED)


def counts(panel, kind):
    return panel.frame[f"patents_{kind}"].to_numpy()


def test_scenarios_of_a_seed_share_every_filing_that_they_do_not_add(by_scenario):
    null = by_scenario["null"]
    for scenario, held in by_scenario.items():
        assert (counts(held, "utility") >= counts(null, "utility")).all(), scenario
        assert (held.frame["uscc"] == null.frame["uscc"]).all()
    for scenario in ("effect", "pretrend", "spillover"):
        assert counts(by_scenario[scenario], "utility").sum() > counts(null, "utility").sum()
        assert by_scenario[scenario].frame["cohort_org"].equals(null.frame["cohort_org"])
    assert (counts(by_scenario["effect"], "design") == counts(null, "design")).all()
    assert (counts(by_scenario["selection"], "utility") == counts(null, "utility")).all()
    assert not by_scenario["selection"].frame["cohort_org"].equals(null.frame["cohort_org"])


def test_a_panel_of_the_whole_zone_counts_the_filings_that_the_simulator_draws():
    whole = panels.latent(SEED, panels.ZONE)
    (zone,) = whole.zones
    plan_of = scenario_named("effect")
    filed = innovation.filings(SEED, zone.people, whole.coverage(zone, plan_of), plan_of, panels.resolve(None)).events
    filed = filed[(filed["firm"] < panels.ZONE) & (filed["type"] == innovation.UTILITY)]
    drawn_counts = filed.groupby(["firm", year_of(filed["filed_on"].to_numpy())]).size()
    frame = panels.panel(whole, "effect").frame
    frame = frame.assign(firm=frame["uscc"].str[-3:].astype(int)).set_index(["firm", "year"])["patents_utility"]
    assert (frame == drawn_counts.reindex(frame.index).fillna(0)).all()
    assert frame.sum() > 100


def test_a_half_of_the_zone_is_a_part_of_it_and_several_zones_share_the_grids(drawn, by_scenario):
    assert len(np.unique(drawn.zones[0].chosen)) == 131
    whole = panels.panel(panels.latent(SEED, panels.ZONE), "null").frame
    merged = by_scenario["null"].frame.merge(whole, on=["uscc", "year"], suffixes=("", "_whole"))
    assert len(merged) == len(by_scenario["null"].frame)
    assert (merged["patents_utility"] == merged["patents_utility_whole"]).all()
    large = panels.panel(panels.latent(1, 300), "null").frame
    assert large["uscc"].nunique() == 300
    assert large["uscc"].str[:6].unique().tolist() == ["000002", "000003"]
    assert large.loc[large["uscc"].str.startswith("000003"), "grid_id"].isin(large["grid_id"].unique()[:18]).all()


def test_grid_exposure_is_the_covered_share_of_the_other_firms(by_scenario):
    frame = by_scenario["null"].frame
    for place in (0, 400, 900):
        one = frame.loc[place]
        others = frame[(frame["grid_id"] == one["grid_id"]) & (frame["year"] == one["year"])
                       & (frame["uscc"] != one["uscc"])]  # fmt: skip
        expected = (others["cohort_covered"] <= one["year"]).mean()
        assert one["grid_exposure"] == pytest.approx(expected)


def test_the_true_effect_is_what_coverage_adds_firm_by_firm_and_month_by_month(drawn, by_scenario):
    (zone,) = drawn.zones
    plan_of = scenario_named("effect")
    coverage = drawn.coverage(zone, plan_of)
    days = innovation.covered_days(zone.people, coverage)
    nothing = np.zeros((len(zone.people.base), len(MONTHS)))
    usual = innovation.intensities(SEED, zone.people, days, scenario_named("null"), nothing).usual
    gained, before, cells = 0.0, 0.0, 0
    for firm in zone.chosen:
        started = days[firm].astype("datetime64[M]")
        entry = int(year_of(zone.people.base["founded_on"].to_numpy()[[firm]])[0])
        if coverage.firms["mode"][firm] != "单独组建" or year_of(days[[firm]])[0] <= max(entry, 2013):
            continue
        for year in range(int(year_of(days[[firm]])[0]), 2022):
            cells += 1
            for month in range(12):
                place = (year - 2013) * 12 + month
                before += usual[innovation.UTILITY, firm, place]
                gained += usual[innovation.UTILITY, firm, place] * (np.exp(0.4) - 1) * (MONTHS[place] > started)
    effect = by_scenario["effect"]
    assert cells > 100
    assert effect.att("utility") == pytest.approx(gained / cells)
    assert effect.share("utility") == pytest.approx(gained / before)
    assert 0.25 < effect.share("utility") < np.expm1(0.4)
    for scenario in ("null", "selection", "pretrend", "spillover"):
        assert by_scenario[scenario].att("utility") == 0
    assert (by_scenario["spillover"].spilling("utility"), effect.spilling("utility")) == (0.6, 0.0)


def test_a_row_holds_every_number_that_the_summary_reads(row):
    wanted = {f"{one.name}.estimate" for one in summary.MEASURES.values()}
    wanted |= {one.truth for one in summary.MEASURES.values()} | {one.p_value for one in summary.MEASURES.values()}
    assert not wanted - {None} - set(row)


def test_what_is_dear_is_left_out_beyond_the_first_seeds_and_changes_nothing_else(row, by_scenario):
    later = estimates.estimated(by_scenario["effect"], seed=SEED)
    assert np.isnan(later["evidence.p_family"])
    assert np.isfinite(row["evidence.p_family"])
    shared = [name for name in later if np.isfinite(later[name])]
    assert len(shared) > 200
    assert [row[name] for name in shared] == [later[name] for name in shared]


def test_the_headline_of_a_row_is_the_declared_fit(row, by_scenario):
    frame = by_scenario["effect"].frame
    ours = fit(frame, outcome="patents_utility", exposure="has_own_org", fixed_effects=("uscc", "year"),
               cluster="grid_id").term("has_own_org")  # fmt: skip
    assert row["headline.estimate"] == pytest.approx(ours["estimate"], abs=1e-9)
    assert row["headline.p_value"] == pytest.approx(ours["p_value"], abs=1e-9)
    assert row["evidence.conf_low"] == pytest.approx(ours["conf_low"], abs=1e-9)


def test_stored_numbers_give_back_the_evidence_under_other_rules():
    strong = Evidence(
        estimate=0.3, conf_low=0.1, conf_high=0.5, p_few_clusters=0.01, robust_overall=((0.05, 0.5), (0.1, 0.4)),
        leads_p=0.6, held_low=0.05, held_high=0.5,
    )  # fmt: skip
    stored = {f"evidence.{name}": value for name, value in dataclasses.asdict(strong).items()
              if name not in ("robust_overall", "held_low", "held_high")}  # fmt: skip
    stored |= {"held_fixed.conf_low": 0.05, "held_fixed.conf_high": 0.5}
    for place, (low, high) in enumerate(strong.robust_overall):
        stored |= {f"evidence.robust_{place}_low": low, f"evidence.robust_{place}_high": high}
    back = summary.evidence_of(stored)
    assert back.robust_overall == strong.robust_overall
    rules = plan.load("zone").rules
    assert back == strong
    assert grade(back, rules.model_copy(update={"leads_p": 0.7})).level == "association"
    assert grade(back, rules.model_copy(update={"leads_p": 0.1})).level == "timing"
    del stored["evidence.robust_1_low"]
    assert summary.evidence_of(stored).robust_overall == ()


def cheap(panel, *, seed):
    return estimates._truths(panel) | {"seen": float(panel.frame["patents_utility"].sum())}


def test_a_study_that_was_stopped_resumes_to_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "BLOCK", 1)
    monkeypatch.setattr(store, "estimated", cheap)
    asked = {"sizes": (131,), "seeds": 2, "workers": 1}
    store.run(tmp_path / "whole", **asked)

    def stopped(panel, *, seed):
        if seed == 1:
            raise KeyboardInterrupt
        return cheap(panel, seed=seed)

    monkeypatch.setattr(store, "estimated", stopped)
    with pytest.raises(KeyboardInterrupt):
        store.run(tmp_path / "parts", **asked)
    assert [path.name for path in (tmp_path / "parts").rglob("*.*")] == ["seeds-0000-0000.parquet"]
    first = (tmp_path / "parts" / "firms-0131" / "seeds-0000-0000.parquet").stat().st_mtime_ns
    monkeypatch.setattr(store, "estimated", cheap)
    store.run(tmp_path / "parts", **asked)
    assert (tmp_path / "parts" / "firms-0131" / "seeds-0000-0000.parquet").stat().st_mtime_ns == first
    for path in sorted((tmp_path / "whole").rglob("*.parquet")):
        assert path.read_bytes() == (tmp_path / "parts" / path.relative_to(tmp_path / "whole")).read_bytes()
    rows = store.read(tmp_path / "parts")
    assert rows["scenario"].tolist() == [*store.SCENARIOS] * 2
    assert rows["seed"].tolist() == [0] * 5 + [1] * 5


def test_a_folder_without_a_study_says_how_to_run_one(tmp_path):
    with pytest.raises(UsageError, match=r"python -m benchmarks\.truth --out"):
        store.read(tmp_path)


def made_rows():
    """Four panels of one scenario, worked out by hand below; the last has no headline."""
    return pd.DataFrame(
        {
            "firms": 264, "scenario": "effect", "seed": range(4),
            "truth.utility.log": 0.4, "headline.estimate": [0.3, 0.5, 0.7, np.nan],
            "headline.std_error": [0.1, 0.1, 0.4, np.nan], "headline.conf_low": [0.1, 0.3, -0.1, np.nan],
            "headline.conf_high": [0.35, 0.7, 1.5, np.nan], "headline.p_value": [0.01, 0.01, 0.1, np.nan],
            "evidence.p_few_clusters": [0.04, 0.06, 0.2, np.nan],
        }
    )  # fmt: skip


def test_bias_coverage_and_power_are_what_a_hand_counts():
    table = summary.estimators(made_rows()).set_index("estimator")
    one = table.loc["headline"]
    assert (one["panels"], one["not_estimated"]) == (3, 1)
    assert one["bias"] == pytest.approx(0.1)
    assert one["bias_error"] == pytest.approx(0.2 / np.sqrt(3))
    assert one["spread"] == pytest.approx(0.2)
    assert one["coverage"] == pytest.approx(2 / 3)
    assert one["rejected"] == pytest.approx(2 / 3)
    # (2 + 2) / (3 + 4) = 4/7, over 7 tries.
    assert one["rejected_error"] == pytest.approx(np.sqrt(4 / 7 * 3 / 7 / 7))
    wild = table.loc["headline_wild"]
    assert wild["rejected"] == pytest.approx(1 / 3)
    assert np.isnan(wild["coverage"])
    assert table.loc["naive", "panels"] == 0


def test_grades_and_signals_are_shares_of_the_panels_in_which_they_were_made():
    rows = made_rows().assign(**{
        "evidence.estimate": [0.3, 0.5, 0.7, np.nan], "evidence.conf_low": [0.1, 0.3, -0.1, np.nan],
        "evidence.conf_high": [0.35, 0.7, 1.5, np.nan], "evidence.leads_p": [0.05, 0.5, 0.5, np.nan],
        "callaway_santanna.leads_p": [0.05, 0.5, 0.5, np.nan], "breakdown.average": [0.3, 0.6, 0.0, np.nan],
    })  # fmt: skip
    table = summary.checks(rows, plan.load("zone").rules).set_index("check")
    assert table.loc["leads_callaway_santanna", ["share", "panels", "not_made"]].tolist() == [pytest.approx(1 / 3), 3, 1]
    assert table.loc["breakdown_average_0.25", "share"] == pytest.approx(2 / 3)
    assert table.loc["breakdown_average_0.5", "share"] == pytest.approx(1 / 3)
    assert table.loc["breakdown_average_above_0", "share"] == pytest.approx(2 / 3)
    assert table.loc["grade_robust", ["share", "panels"]].tolist() == [0, 4]
    later = summary.checks(rows.assign(seed=rows["seed"] + 100), plan.load("zone").rules).set_index("check")
    assert later.loc["breakdown_average_0.25", "panels"] == 0
    assert later.loc["leads_callaway_santanna", "share"] == pytest.approx(1 / 3)
    # One clear by both rules without any timing known; two not beyond chance; one not estimated.
    assert table.loc["grade_association", "share"] == 0.25
    assert table.loc["grade_cannot_tell", "share"] == 0.75
    assert table.loc["oster", "panels"] == 0


def test_no_event_in_many_panels_is_no_certainty():
    assert summary.share_error(0, 500) > 0.002
    assert summary.share_error(250, 500) == pytest.approx(np.sqrt(0.25 / 504))


def test_the_document_shows_the_committed_results_and_nothing_else():
    document = tell.DOCUMENT.read_text(encoding="utf-8")
    committed = results()
    assert tell.filled(document, committed) == document
    assert document.count("<!-- table:") == 12
    changed = committed[0].assign(rejected=committed[0]["rejected"] + 0.001)
    assert tell.filled(document, (changed, committed[1])) != document


def test_a_place_for_a_table_that_there_is_none_of_is_refused():
    with pytest.raises(UsageError, match="no table 'grades' of 264 firms"):
        tell.filled("<!-- table: grades 264 -->\n<!-- end -->", results())


def test_the_results_are_of_every_size_scenario_and_estimator():
    estimators, checks = results()
    expected = len(truth.SIZES) * len(store.SCENARIOS)
    assert len(estimators) == expected * len(summary.MEASURES)
    assert set(estimators["firms"]) == set(checks["firms"]) == set(truth.SIZES)
    assert tuple(estimators.columns) == summary.ESTIMATORS_COLUMNS
    assert estimators.loc[estimators["scenario"] == "null", "panels"].min() > 0


@pytest.mark.parametrize("lang", LANGS)
def test_a_page_shows_the_results_of_the_nearest_size(lang):
    rows = truth_rows(292)
    assert set(rows["firms"]) == {264} and set(truth_rows(5_000)["firms"]) == {1000}
    estimators = results()[0]
    naive = estimators[(estimators["firms"] == 264) & (estimators["estimator"] == "naive")].set_index("scenario")
    assert rows.set_index("scenario")["naive_rejects"].to_dict() == naive["rejected"].to_dict()
    table = truth_table(rows, lang)
    assert len(table) == 5 and not table.astype(str).apply(lambda column: column.str.contains("nan")).to_numpy().any()
    found = estimators[(estimators["firms"] == 264) & (estimators["scenario"] == "effect")
                       & (estimators["estimator"] == "headline_wild")]["rejected"].iloc[0]  # fmt: skip
    said = truth_sentence(rows, lang)
    assert f"{100 * found:.0f} %" in said and "49 %" in said and "264" in said
    assert str(int(rows["panels"].min())) in truth_note(rows, lang)


@pytest.mark.parametrize("lang", LANGS)
def test_an_estimator_that_fails_its_own_test_is_named_and_no_other(lang):
    rows = failing(METHODS, 264)
    estimators = results()[0].set_index(["firms", "scenario", "estimator"])
    for method in METHODS:
        null, effect = estimators.loc[(264, "null", method)], estimators.loc[(264, "effect", method)]
        is_bad = (null["rejected"] - 2 * null["rejected_error"] > 0.05
                  or effect["coverage"] + 2 * effect["coverage_error"] < 0.95)  # fmt: skip
        assert (method in set(rows["method"])) == is_bad
        assert (label(method, lang) in failing_note(rows, lang)) == is_bad
    assert failing_note(rows.iloc[:0], lang) == ""
