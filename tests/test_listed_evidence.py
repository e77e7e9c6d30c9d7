"""The declared plan of listed firms on a made-up panel: ownership by hand, few changes of owners, none at all."""

import re
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest

from helpers import params, paths, plan, study
from helpers.errors import UsageError
from helpers.models import NotEstimable
from helpers.params import page_values
from helpers.plan import claims, codings, robustness, spillover, timing
from helpers.plan.sample import analysis_frame, with_derived
from helpers.report import run as report_run
from helpers.report.prose import in_language
from helpers.report.run import run
from helpers.tables import (
    claim_sentences,
    cohorts_table,
    distances,
    errors_note,
    errors_table,
    few_dealt_out,
    few_treated_sentence,
    left_out_table,
    notches,
    notches_table,
    nothing_near,
    sample_sentence,
    spillover_table,
    threshold_results,
    threshold_sentence,
    timing_sentence,
    unseen_sentences,
    why_no_distance,
)
from helpers.text import LANGS, Message, say

YEARS = list(range(2013, 2018))
LISTED = plan.load("listed")
ACROSS = LISTED.named("across_firms.total_patents.is_state_owned")
LEFT = LISTED.named("left_state.total_patents.has_left_state")


def owned(*courses: tuple) -> pd.DataFrame:
    """Return firm-years with the given courses of state ownership, a firm each."""
    return pd.DataFrame(
        {"stock_code": np.repeat([f"{i:06d}" for i in range(len(courses))], len(YEARS)), "year": YEARS * len(courses),
         "is_state_owned": pd.array([value for course in courses for value in course], dtype="Int64")}
    )  # fmt: skip


def listed_panel(*, leaving: int, entering: int = 0, firms: int = 120) -> pd.DataFrame:
    """Return a panel as `listed.panel` makes it: half of the firms state-owned at first, some of either half change."""
    half, rng = firms // 2, np.random.default_rng(5)
    rows = owned(*[
        *[tuple(int(year < 2015 + i % 3) for year in YEARS) if i < leaving else (1,) * 5 for i in range(half)],
        *[tuple(int(year >= 2015) for year in YEARS) if i < entering else (0,) * 5 for i in range(half)],
    ])  # fmt: skip
    firm = np.repeat(np.arange(firms), len(YEARS))
    patents = rng.poisson(np.exp(rng.normal(0.5, 0.5, firms))[firm])
    return rows.assign(
        industry_zh=pd.Categorical(np.char.mod("行业%d", firm % 4)), city=np.char.mod("城市%02d", firm // 2 % 24),
        total_patents=pd.array(patents, dtype="Int64"), green_patents=pd.array(patents // 2, dtype="Int64"),
        has_patent=pd.array((patents > 0).astype(int), dtype="Int64"), ln_assets=rng.normal(22, 1, firms)[firm],
        leverage=rng.uniform(0.2, 0.7, firms)[firm], return_on_assets=rng.normal(0.04, 0.02, firms)[firm],
        employees=pd.array(rng.integers(100, 5000, firms)[firm], dtype="Int64"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def few():
    return with_derived(listed_panel(leaving=9, entering=2))


@pytest.fixture(scope="module")
def nobody():
    return with_derived(listed_panel(leaving=0))


def test_each_study_has_a_plan_of_its_own_and_neither_is_a_run_file():
    assert plan.load("zone").sha256 != LISTED.sha256
    assert {one.unit for one in LISTED.specifications} == {"stock_code"}
    assert {one.unit for one in plan.load("zone").specifications} == {"uscc"}
    assert set(paths.PLANS.values()) <= set(paths.RUN_FILES.glob("*.yml"))
    assert not set(paths.PLANS.values()) & set(paths.run_files())


def test_what_the_panel_is_called_is_part_of_the_plan_and_of_its_hash(tmp_path):
    text = paths.PLANS["listed"].read_text(encoding="utf-8")
    other = tmp_path / "plan.yml"
    other.write_text(text.replace("unit: stock_code", "unit: firm"), encoding="utf-8")
    assert plan.read(other).sha256 != LISTED.sha256
    assert {one.unit for one in plan.read(other).specifications} == {"firm"}
    other.write_text(text.replace("  unit: stock_code\n", ""), encoding="utf-8")
    with pytest.raises(UsageError, match=r"'panel.unit' is missing"):
        plan.read(other)


def test_the_panel_of_listed_firms_holds_every_column_that_their_plan_names(few):
    columns = set(few) | {"industry_year"}
    panel = LISTED.panel
    named = {panel.unit, panel.group, panel.group_year, panel.industry, *panel.covariates, *panel.cohorts.values()}
    named |= {name for effects in panel.effects for name in effects.split(" + ")}
    for one in LISTED.specifications:
        named |= {one.outcome, one.exposure, one.cluster, *one.controls, *one.fixed_effects}
    assert named <= columns


def test_a_change_of_owners_is_dated_by_the_first_year_in_which_it_is_seen():
    made = with_derived(owned((1, 1, 0, 0, 0), (0, 0, 0, 1, 1), (1, 1, 1, 1, 1), (None, 1, 0, None, 1), (0,) * 5))
    first = made.groupby("stock_code")[["cohort_state", "cohort_left_state"]].first().fillna(0)
    assert first["cohort_state"].tolist() == [2013, 2016, 2013, 2014, 0]
    assert first["cohort_left_state"].tolist() == [2015, 0, 0, 2015, 0]
    left = [course.fillna(-1).tolist() for _, course in made.groupby("stock_code")["has_left_state"]]
    assert left == [[0, 0, 1, 1, 1], [-1] * 5, [0] * 5, [-1, 0, 1, -1, 0], [-1] * 5]
    kept, left_out = analysis_frame(made.assign(total_patents=1), LEFT)
    assert sorted(kept["stock_code"].unique()) == ["000000", "000002", "000003"]
    assert left_out == {"not_in_sample": 10}


def test_a_firm_is_balanced_if_it_is_seen_in_every_year_and_a_city_without_name_has_no_year():
    rows = owned((1,) * 5, (0,) * 5).drop(index=7).assign(city=["甲"] * 5 + [None] * 4)
    made = with_derived(rows)
    assert made.groupby("stock_code")["is_balanced"].first().tolist() == [True, False]
    assert made["city_year"].tolist()[:2] == ["甲 2013", "甲 2014"] and made["city_year"][5:].isna().all()


def test_the_curve_keeps_the_declared_controls_but_beside_effects_of_firms(few):
    _, ways = robustness.reasonable(few, ACROSS)
    declared = [
        way for way in ways
        if (way["outcome"], way["estimator"], set(way["fixed_effects"]), way["sample"], way["controls"])
        == ("total_patents", "poisson", set(ACROSS.fixed_effects), "all_rows", ("ln_assets_baseline",))
    ]  # fmt: skip
    assert len(declared) == 1
    assert all((way["controls"] == ()) == ("stock_code" in way["fixed_effects"]) for way in ways)
    _, rows = robustness.curve(few, ACROSS, seed=1)
    fitted = robustness.fitted(analysis_frame(few, ACROSS)[0], ACROSS).term("is_state_owned")["estimate"]
    assert np.isclose(rows["estimate"].astype(float), fitted).any()


def test_one_rule_of_inference_has_one_row_where_the_cluster_is_the_firm(few):
    rows, test = robustness.standard_errors(analysis_frame(few, LEFT)[0], LEFT)
    assert rows["rule"].tolist() == ["CR1", "CR2", "CRV3J", "wild"]
    assert not test.is_enumerated
    for lang in LANGS:
        assert f"{test.n_vectors:,}" in errors_note(rows, test, lang)


def test_a_rule_without_an_estimate_is_named_with_its_reason(few):
    rows, test = robustness.standard_errors(analysis_frame(few, LEFT)[0], LEFT)
    refused = rows["rule"] == "CR2"
    rows = rows.assign(status=rows["status"].mask(refused, "not_estimable"),
                       reason=[Message("evidence.no_research") if one else None for one in refused])  # fmt: skip
    assert len(errors_table(rows, LEFT, "en")) == 3
    assert "CR2 bias-reduced could not be estimated: Without R&D" in errors_note(rows, test, "en")


def test_of_few_firms_that_change_neither_leads_nor_violations_are_judged(few):
    frame, _ = analysis_frame(few, LEFT)
    studies = timing.event_studies(frame, LEFT, seed=1, methods=("callaway_santanna", "imputation"))
    assert timing.treated_firms(studies) == 9 == timing.FEWEST_TREATED - 1
    rows = timing.overall(studies)
    assert rows["status"].tolist() == ["estimated"] * 2 and rows["leads_p"].isna().all()
    assert isinstance(timing.honest_bounds(studies), Message)
    for lang in LANGS:
        assert say("evidence.few_come", lang, treated=9) in timing_sentence(studies, LEFT, lang)


def test_ten_firms_that_change_are_judged():
    frame, _ = analysis_frame(with_derived(listed_panel(leaving=10)), LEFT)
    studies = timing.event_studies(frame, LEFT, seed=1, methods=("callaway_santanna",))
    assert timing.overall(studies)["leads_p"].notna().all()
    assert few_dealt_out(studies, frame, LEFT, seed=1) is None and few_treated_sentence(studies, None, "en") == ""
    assert not isinstance(timing.honest_bounds(studies), Message)


def test_few_changes_are_dealt_out_anew_among_the_firms_seen_in_every_year(few):
    one = LISTED.named("left_state.has_patent.has_left_state")
    frame, _ = analysis_frame(few, one)
    gone = frame[(frame["stock_code"] != "000059") | (frame["year"] > 2013)]
    found = timing.dealt_out(gone, one, seed=1)
    assert (found.n_clusters, found.n_treated) == (59, 9)
    frame, _ = analysis_frame(few, LEFT)
    studies = timing.event_studies(frame, LEFT, seed=1, methods=("imputation",))
    dealt = few_dealt_out(studies, frame, LEFT, seed=1)
    for lang in LANGS:
        assert "p = 0." in few_treated_sentence(studies, dealt, lang)


def test_what_cannot_be_dealt_out_says_why(few):
    frame, _ = analysis_frame(few.assign(total_patents=-1.0 * few["total_patents"].astype(float)), LEFT)
    studies = timing.event_studies(frame, LEFT, seed=1, methods=("imputation",))
    dealt = few_dealt_out(studies, frame, LEFT, seed=1)
    assert "cannot be dealt out anew: a Poisson mean needs counts" in few_treated_sentence(studies, dealt, "en")


def test_first_years_are_counted_of_exposures_that_somebody_came_to(few):
    frame, _ = analysis_frame(few, LEFT)
    table = cohorts_table(frame, LISTED.panel, "en")
    assert table.iloc[:, 0].tolist() == ["2015", "2016", "2017", "never within the period"]
    assert table.iloc[:, 1].tolist() == [3, 3, 3, 51] and table.shape[1] == 2
    assert cohorts_table(few, LISTED.panel, "en").shape[1] == 3


def test_the_year_of_a_change_can_count_as_before_but_not_a_first_year_that_is_only_the_first_seen():
    panel = with_derived(owned((1, 1, 0, 0, 0), (0, 0, 0, 1, 1), (None, 0, 0, 0, 0)).assign(total_patents=1))
    later, _ = codings._next_year(panel, ACROSS)
    assert later["is_state_owned"].fillna(-1).tolist() == [1, 1, 0, 0, 0, 0, 0, 0, 0, 1, -1, 0, 0, 0, 0]
    left, _ = codings._next_year(panel, LEFT)
    assert left["has_left_state"].fillna(-1).tolist()[:5] == [0, 0, 0, 1, 1]


def test_a_claim_across_firms_is_graded_with_every_check_of_timing_not_made(few):
    claim = claims.investigate(few, LISTED, ACROSS, seed=1)
    made = {one.name: one.passed for one in claim.grade.checks}
    assert [made[name] for name in ("cohort_robust", "leads", "trend", "breakdown", "confounder", "oster")] == [None] * 6
    assert np.isfinite(claim.evidence.left_out_low)
    for lang in LANGS:
        assert "2" in unseen_sentences(claim.unseen, lang, study="listed")[0]


def test_where_nobody_changes_owners_the_pages_say_so(nobody):
    frame, left_out = analysis_frame(nobody, LEFT)
    studies = timing.event_studies(frame, LEFT, seed=1)
    assert all(isinstance(study, NotEstimable) for study in studies.values())
    assert timing.treated_firms(studies) is None
    claim = claims.investigate(nobody, LISTED, LEFT, seed=1)
    assert claim.grade.level == "cannot_tell" and claim.grade.rule.key == "grade.rule_not_estimated"
    for lang in LANGS:
        said = timing_sentence(studies, LEFT, lang)
        assert say("columns.total_patents", lang) in said and say("grade.level_cannot_tell", lang) in said
        assert {"zh": "无法估计", "en": "cannot be estimated"}[lang] in said
        assert few_dealt_out(studies, frame, LEFT, seed=1) is None
        assert "60" in sample_sentence(frame, left_out, lang, unit=LEFT.unit)
        assert errors_table(claim.errors, LEFT, lang).empty
        assert claim.errors["reason"].iloc[0].text(lang) in errors_note(claim.errors, claim.few, lang)
        assert left_out_table(claim.without, np.nan, lang) is not None
        assert {"zh": "无法估计", "en": "cannot be estimated"}[lang] in claim_sentences([claim], lang)[0]
        assert unseen_sentences(claim.unseen, lang, study="listed")


def test_spillover_without_a_placebo_has_no_column_for_it(few):
    rows = spillover.spillovers(few, LISTED)
    assert rows["status"].tolist() == ["estimated"] * 2
    assert spillover_table(rows, "en").shape == (2, 6)
    zone = rows.assign(is_placebo=[False, True])
    assert spillover_table(zone, "en").shape == (2, 7)


def test_an_exposure_without_a_first_year_is_refused_and_one_outside_the_plan_is_exploratory():
    with pytest.raises(UsageError, match=r"has_own_org.*those with one are has_left_state, is_state_owned"):
        LISTED.around(outcome="total_patents", exposure="has_own_org")
    assert LISTED.around(outcome="total_patents", exposure="has_left_state") == LEFT
    other = LISTED.around(outcome="leverage", exposure="is_state_owned")
    assert (other.role, other.unit, other.fixed_effects) == ("exploratory", "stock_code", ("stock_code", "year"))
    assert other not in LISTED.specifications


def test_without_rd_the_page_of_thresholds_says_what_is_missing_and_which_thresholds_would_be_faced(few):
    # 50 million yuan is the bound of 5 %, 200 million that of 4 %, both included.
    sales = pd.DataFrame({"sales_cny": [5e7, 5.1e7, 2e8, 2.1e8, np.nan]})
    zone = SimpleNamespace(params=SimpleNamespace(study="listed"), table=lambda name: sales)
    told = re.findall(r"\d+", why_no_distance(zone, "en"))
    assert told == ["5", "1", "3", "2", "4", "1", "5", "1"]
    gaps = distances(few)
    found = notches(gaps, seed=1)
    for lang in LANGS:
        assert nothing_near(gaps, lang) == say("evidence.no_research", lang)
        assert threshold_sentence(found, lang) == say("evidence.thresholds_lacking", lang)
        assert notches_table(found, lang).empty
    assert threshold_results(found) == {}
    office = SimpleNamespace(params=SimpleNamespace(study="zone"))
    assert why_no_distance(office, "en") == say("pages.no_distance", "en")


# What only a zone has; party building is named to say that nothing is said of it.
OF_A_ZONE = re.compile(r"网格|党组织|章程|入章|工作部|\bgrids?\b|party organisation|charter|\bfounds a\b|founding")


@pytest.mark.parametrize("stem", ["75_timing", "80_robustness", "85_thresholds"])
@pytest.mark.parametrize("lang", LANGS)
def test_no_word_of_these_pages_speaks_to_listed_firms_of_what_only_a_zone_has(stem, lang):
    notebook = nbformat.read(paths.NOTEBOOKS / f"{stem}.ipynb", as_version=4)
    texts = [
        in_language(cell.source, lang, where=stem, study="listed")
        for cell in notebook.cells if cell.cell_type == "markdown"
    ]  # fmt: skip
    assert not [text for text in texts if OF_A_ZONE.search(text)]
    assert [text for text in texts if ("替代属性" if lang == "zh" else "stand-in") in text] or stem == "85_thresholds"


MADE_UP = """sources:
  - file: firms.csv
    table: listed_firm_years
    columns: {stock_code: {column: stock_code, pad: 6}, %s}
"""


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    """Return a run of pages 75, 80 and 85 on made-up firms of which none changes owners."""
    place = tmp_path_factory.mktemp("made_up")
    firms = listed_panel(leaving=0, firms=60).drop(columns=["has_patent", "ln_assets"])
    firms = firms.assign(
        industry_zh=firms["industry_zh"].cat.rename_categories(["石化", "化工", "钢铁", "造纸"]),
        total_assets_cny=1e9, sales_cny=3e8, growth_rate=0.1, directors=9, top10_share_pct=50.0,
    )  # fmt: skip
    (place / "data").mkdir()
    firms.to_csv(place / "data" / "firms.csv", index=False)
    columns = ", ".join(f"{name}: {name}" for name in firms if name != "stock_code")
    (place / "made_up.yml").write_text(MADE_UP % columns, encoding="utf-8")
    given = [f"data.folder={place / 'data'}", f"data.mappings={place / 'made_up.yml'}", "run=made_up", "lang=en",
             "pages.80_robustness.specification=across_firms.has_patent.is_state_owned"]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WULI_OUTPUT", str(place / "out"))
        asked = params.load(paths.RUN_FILES / "listed_firms.yml", given)
        return run(asked, study.prepare, only=("72", "75", "80", "85"))


def test_firms_of_which_none_changes_owners_pass_through_the_pages(made_up):
    pages = {page.stem: page for page in made_up.pages}
    chosen = [pages[stem] for stem in ("75_timing", "80_robustness", "85_thresholds")]
    assert [(page.status, page.reason) for page in chosen] == [("ok", {})] * 3
    told = {page.stem: (made_up.index.parent / f"{page.stem}.html").read_text(encoding="utf-8") for page in chosen}
    assert say("evidence.no_cohort", "en") in told["75_timing"]
    timing = pages["75_timing"].finding["en"]
    assert "cannot be estimated" in timing and "evidence: cannot tell" in timing
    assert "300 firm-years 300 would face the threshold of 3 %" in told["85_thresholds"]
    assert pages["80_robustness"].results["grade"]["level"] == "cannot_tell"
    for text in told.values():
        assert say("common.listed_banner", "en").split(";")[0] in text and LISTED.short_hash in text
        assert ">nan" not in text and "Traceback" not in text


def test_a_page_whose_tables_are_missing_does_not_hold_up_the_run_by_its_columns(made_up):
    # Page 72 names columns of a zone by default; it is not executed for listed firms.
    assert {page.stem: page.status for page in made_up.pages}["72_linkage_rules"] == "not_available"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("pages.75_timing.exposure=has_own_org", "pages.75_timing: exposure 'has_own_org' has no first year in the plan"),
        ("pages.80_robustness.specification=left_state.leverage.has_left_state", "is not declared"),
    ],
)
def test_what_the_plan_of_the_study_does_not_declare_is_refused_before_a_page_is_executed(tmp_path, given, said):
    asked = params.load(paths.RUN_FILES / "listed_firms.yml", [f"data.folder={tmp_path}", "run=refused", given])
    values = {stem: page_values(asked, stem) for stem in ("75_timing", "80_robustness")}
    with pytest.raises(UsageError, match=re.escape(said)):
        report_run._require_declared(values, LISTED)


# The real workbooks, read where they lie.


def test_the_real_firms_pass_through_the_same_pages(listed_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path))
    given = [f"data.folder={listed_folder}", "pages.80_robustness.specification=across_firms.has_patent.is_state_owned"]
    published = run(params.load(paths.RUN_FILES / "listed_firms.yml", given), study.prepare, only=("75", "80", "85"))
    pages = {page.stem: page for page in published.pages}
    chosen = [pages[stem] for stem in ("75_timing", "80_robustness", "85_thresholds")]
    assert [(page.status, page.reason) for page in chosen] == [("ok", {})] * 3
    # Nine of the firms that were state-owned when first seen no longer are, and two became so.
    assert pages["75_timing"].results["callaway_santanna"]["n_treated"] == 9
    assert pages["75_timing"].results["callaway_santanna"]["leads_p"] is None
    assert pages["80_robustness"].results["grade"]["level"] == "cannot_tell"
    text = (published.index.parent / "85_thresholds.html").read_text(encoding="utf-8")
    assert "3,170 个企业年中会面对 3 % 门槛的 3,102 个" in text
    for page in chosen:
        html = (published.index.parent / f"{page.stem}.html").read_text(encoding="utf-8")
        assert "替代属性" in html and LISTED.short_hash in html
