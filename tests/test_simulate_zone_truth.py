"""What is planted in the synthetic zone can be found again, and nothing else is there."""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest

from helpers.simulate import zone

SEEDS = (11, 12, 13, 14)


@cache
def small_zone(scenario: str, seed: int = SEEDS[0]):
    return zone(seed=seed, firms=800, scenario=scenario)


def firm_years(scenario: str, seed: int = SEEDS[0]) -> pd.DataFrame:
    """Return the planted filings with the years since coverage; a firm that was never covered has none."""
    truth = small_zone(scenario, seed).truth
    rows = pd.DataFrame(truth["filings_by_firm_year"])
    covered = pd.Series({code: int(cohort["covered_on"][:4]) for code, cohort in truth["cohorts"].items()})
    return rows.assign(since=rows["year"] - rows["uscc"].map(covered), base=rows["filed"] - rows["added"])


def added_share(scenario: str, chosen) -> pd.Series:
    """Return added over base filings by type, over all seeds."""
    rows = pd.concat([firm_years(scenario, seed) for seed in SEEDS])
    total = rows[chosen(rows)].groupby("type")[["added", "base"]].sum()
    return total["added"] / total["base"]


def test_the_same_seed_gives_the_same_tables_and_another_seed_others():
    first, second = (zone(seed=3, firms=500) for _ in range(2))
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, second.tables[name])
    assert first.truth == second.truth
    other = zone(seed=4, firms=500)
    assert not first.tables["enterprises"]["uscc"].equals(other.tables["enterprises"]["uscc"])


def test_the_truth_can_be_written_as_json():
    truth = small_zone("effect").truth
    assert json.loads(json.dumps(truth, ensure_ascii=False)) == truth
    assert truth["founding"] == {"发明": 0.15, "实用新型": 0.40, "外观设计": 0.0}
    assert len(truth["cohorts"]) == 258 and len(truth["never_covered"]) == 6
    assert truth["mechanism"]["zh"] and truth["mechanism"]["en"]


def test_the_planted_founding_effect_is_found_after_coverage_only():
    after = added_share("effect", lambda rows: rows["since"] >= 1)
    # exp(0.40) - 1 and exp(0.15) - 1; about 1,800 base filings of utility models make 0.03 one standard error
    assert after["实用新型"] == pytest.approx(0.4918, abs=0.09)
    assert after["发明"] == pytest.approx(0.1618, abs=0.09)
    assert after["外观设计"] == 0
    before = added_share("effect", lambda rows: (rows["since"] < 0) | rows["since"].isna())
    assert (before == 0).all()


def test_nothing_is_added_without_an_effect_or_under_selection():
    for scenario in ("null", "selection"):
        assert firm_years(scenario)["added"].sum() == 0


def test_scenarios_share_every_draw_but_the_declared_difference():
    base = {s: firm_years(s).query("base > 0").set_index(["uscc", "year", "type"])["base"].sort_index()
            for s in ("null", "effect", "pretrend", "spillover", "selection")}  # fmt: skip
    for scenario, counts in base.items():
        pd.testing.assert_series_equal(counts, base["null"], obj=scenario)
    for name in ("enterprises", "enterprise_years", "certifications", "members", "org_coverage"):
        pd.testing.assert_frame_equal(small_zone("null").tables[name], small_zone("effect").tables[name])
    for name in ("enterprises", "enterprise_years", "certifications", "rd_projects"):
        pd.testing.assert_frame_equal(small_zone("null").tables[name], small_zone("selection").tables[name])


@pytest.mark.parametrize(("scenario", "low", "high"), [("null", -0.2, 0.2), ("selection", -1.0, -0.35)])
def test_strong_firms_come_first_under_selection_alone(scenario, low, high):
    found = []
    for seed in SEEDS:
        rows = firm_years(scenario, seed)
        cohorts = small_zone(scenario, seed).truth["cohorts"]
        own = {
            code: pd.Timestamp(c["covered_on"]).toordinal() for code, c in cohorts.items() if c["mode"] == "单独组建"
        }
        filed = rows.groupby("uscc")["base"].sum().reindex(list(own)).fillna(0)
        found.append(filed.rank().corr(pd.Series(own).rank()))
    assert low < np.mean(found) < high


def test_covered_firms_grow_before_coverage_under_a_pre_trend():
    # four years at 0.15 a year: exp(0.60) - 1 once covered, nothing more than five years before
    after = added_share("pretrend", lambda rows: rows["since"] >= 1)
    assert after.to_numpy() == pytest.approx([0.822, 0.822, 0.822], abs=0.15)
    early = added_share("pretrend", lambda rows: (rows["since"] <= -5) | rows["since"].isna())
    assert (early == 0).all()
    rising = added_share("pretrend", lambda rows: rows["since"].between(-3, -1))
    assert ((rising > 0.05) & (rising < 0.6)).all()


def test_spillover_reaches_uncovered_firms_of_a_covered_grid_and_spares_designs():
    truth = small_zone("spillover").truth
    rows = pd.DataFrame(truth["filings_by_year"])
    tail = rows[~rows["is_base"]].groupby("type")["added"].sum()
    assert tail["外观设计"] == 0 and tail["实用新型"] > 0
    late = added_share("spillover", lambda rows: rows["year"] >= 2022)
    # exposure is nearly 1 by then: exp(0.60) - 1 = 0.82 at most
    assert 0.55 < late["实用新型"] < 0.95


def test_seventy_percent_of_firm_years_have_no_filing_and_counts_are_overdispersed():
    for seed in SEEDS:
        tables = small_zone("null", seed).tables
        base = tables["enterprises"].query("above_scale != '否'")["uscc"]
        years = tables["enterprise_years"]
        years = years[years["uscc"].isin(base) & (years["year"] <= 2022)].set_index(["uscc", "year"])
        filed = firm_years("null", seed).groupby(["uscc", "year"])["filed"].sum().reindex(years.index).fillna(0)
        assert (filed == 0).mean() == pytest.approx(0.70, abs=0.03)
        assert filed.var() > 3 * filed.mean()


def test_designs_are_the_largest_output_of_the_base_over_seeds():
    rows = pd.concat([firm_years("null", seed) for seed in SEEDS]).groupby("type")["filed"].sum()
    assert rows["外观设计"] > rows["实用新型"] > rows["发明"]


def test_the_register_hides_what_is_not_visible_yet():
    made = small_zone("effect")
    patents, truth = made.tables["patents"], pd.DataFrame(made.truth["filings_by_firm_year"])
    extract = pd.Timestamp("2023-06-30")
    inventions = patents[patents["patent_type"] == "发明"]
    assert (inventions["published_on"] == inventions["filed_on"] + pd.DateOffset(months=18)).all()
    assert inventions["filed_on"].max() <= pd.Timestamp("2021-12-31")
    others = patents[patents["patent_type"] != "发明"]
    assert others["published_on"].isna().all() and others["granted_on"].notna().all()
    assert (others["granted_on"] <= extract).all()
    assert (others["granted_on"] <= others["filed_on"] + pd.DateOffset(months=9)).all()
    assert truth[(truth["type"] == "发明") & (truth["year"] >= 2022)]["filed"].sum() > 0
    # In complete years the register and the truth agree filing by filing.
    seen = patents[patents["filed_on"].dt.year.between(2013, 2021)]
    seen = seen[seen["uscc"].isin(made.tables["enterprises"].query("above_scale != '否'")["uscc"])]
    count = seen.groupby(["uscc", seen["filed_on"].dt.year.rename("year"), seen["patent_type"].astype("str")]).size()
    wanted = truth[truth["year"] <= 2021].set_index(["uscc", "year", "type"])["filed"]
    assert count.sort_index().to_list() == wanted.sort_index().to_list()


def test_acquired_patents_are_never_own_filings():
    tables = small_zone("effect").tables
    owners = tables["patent_owners"].merge(tables["patents"], on="application_no")
    bought = owners[owners["acquired_by"] == "受让"]
    assert len(bought) > 100
    assert bought["uscc_y"].isna().all()
    assert (bought["acquired_on"] > bought["filed_on"]).all()
    own = owners[owners["acquired_by"] == "自主申请"]
    assert own["acquired_on"].isna().all() and own["uscc_y"].notna().all()
    shares = own.groupby("application_no")["share"].agg(["sum", "size"])
    assert shares["sum"].eq(1).all() and (shares["size"] == 2).any()


def test_a_million_firms_are_not_needed_to_see_that_the_tail_is_drawn_by_column():
    made = zone(seed=2, firms=60_000, readings={"small_firm_patents": 3.0})
    assert made.tables["enterprises"]["exit_on"].isna().sum() == 60_000
    assert len(made.tables["patents"]) > 50_000
    assert made.tables["patents"]["application_no"].is_unique
    assert made.tables["enterprises"]["uscc"].is_unique
