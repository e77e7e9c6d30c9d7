"""The listed firms: every function on a few rows by hand, and the real workbooks where they lie beside the project."""

import pandas as pd
import pytest

from helpers import codebook, listed, params, paths, study

BOOK = codebook.load()
TABLE = BOOK["listed_firm_years"]


def firms(**columns) -> pd.DataFrame:
    """Return a clean firm-year of one firm for each value given; what is not given is plausible and complete."""
    rows = max(len(values) for values in columns.values())
    plain = {
        "stock_code": ["000001"] * rows,
        "year": list(range(2013, 2013 + rows)),
        "short_name": ["甲"] * rows,
        "industry_zh": ["纺织"] * rows,
        "industry_en": ["Textile"] * rows,
        "address": ["泉州"] * rows,
        "city": ["泉州"] * rows,
        "is_north_of_heating_line": [True] * rows,
        "green_patents": [1] * rows,
        "total_patents": [2] * rows,
        "total_assets_cny": [1e9] * rows,
        "growth_rate": [0.1] * rows,
        "directors": [9] * rows,
        "top10_share_pct": [50.0] * rows,
        "employees": [100] * rows,
        "is_state_owned": [True] * rows,
        "distance_m": [5e4] * rows,
        "leverage": [0.4] * rows,
        "return_on_assets": [0.05] * rows,
        "return_on_net_assets": [0.1] * rows,
        "earnings_per_share": [0.2] * rows,
    }
    frame = pd.DataFrame({**plain, **columns})
    whole = ("year", "green_patents", "total_patents", "directors", "employees")
    types = dict.fromkeys(whole, "Int64") | dict.fromkeys(("is_state_owned", "is_north_of_heating_line"), "boolean")
    return frame.astype(types)


def test_two_sources_are_compared_cell_by_cell_on_code_and_year():
    first = firms(
        year=[2013, 2014, 2015, 2016],
        total_patents=[1, 2, 3, None],
        leverage=[0.1, 0.2, None, None],
        short_name=["甲", "甲", "乙", None],
    )
    second = firms(
        year=[2016, 2015, 2014, 2013],
        total_patents=[None, 3, 7, 1],
        leverage=[0.5, None, 0.2, 0.1],
        short_name=[None, "丙", "甲", "甲"],
    )
    columns, cells = listed.source_differences(first, second)
    shown = columns.set_index("column")
    counts = ["both", "equal", "differ", "only_first", "only_second"]
    assert shown.loc["total_patents", counts].tolist() == [3, 2, 1, 0, 0]
    assert shown.loc["leverage", counts].tolist() == [2, 2, 0, 0, 1]
    assert shown.loc["short_name", counts].tolist() == [3, 2, 1, 0, 0]
    assert shown.loc["total_patents", "largest_gap"] == 5
    assert pd.isna(shown.loc["short_name", "largest_gap"])
    found = {(row.year, row.column): (row.first, row.second) for row in cells.itertuples()}
    assert set(found) == {(2014, "total_patents"), (2016, "leverage"), (2015, "short_name")}
    assert found[2014, "total_patents"] == ("2", "7")
    assert found[2015, "short_name"] == ("乙", "丙")


def test_the_last_bits_of_a_computed_ratio_are_no_difference():
    first, second = firms(leverage=[0.1 + 0.2, 0.3]), firms(leverage=[0.3, 0.3000001])
    columns, cells = listed.source_differences(first, second)
    row = columns.set_index("column").loc["leverage"]
    assert (row["equal"], row["differ"]) == (1, 1)
    assert cells["year"].tolist() == [2014]


def test_a_column_that_one_source_lacks_or_leaves_blank_is_not_compared():
    first = firms(year=[2013])
    lacking = first.drop(columns=["leverage"])
    blank = first.assign(leverage=float("nan"))
    for second in (lacking, blank):
        columns, cells = listed.source_differences(first, second)
        assert "leverage" not in set(columns["column"])
        assert cells.empty and list(cells.columns)[:3] == ["stock_code", "year", "column"]


def test_a_firm_year_that_stands_twice_in_a_source_is_refused():
    twice = firms(year=[2013, 2013])
    with pytest.raises(pd.errors.MergeError):
        listed.source_differences(twice, firms(year=[2013]))


def test_firm_years_are_counted_by_the_sources_that_hold_them():
    first, second = firms(year=[2013, 2014, 2015]), firms(year=[2014, 2015, 2016, 2017])
    assert listed.matched_rows(first, second) == {"both": 2, "only_first": 1, "only_second": 2}


def test_each_implausible_value_is_marked_by_its_own_check_and_a_blank_by_none():
    frame = firms(
        green_patents=[3, 2, None, 1, 1, 1, 1],
        growth_rate=[0.1, 10.0, 10.5, None, -1.0, -1.5, 0.1],
        directors=[9, 9, 9, 9, 0, None, 9],
        top10_share_pct=[50, 50, 50, 50, 50, 100, 100.5],
    )
    flags = listed.implausible(frame)
    marked = {name: flags.index[flags[name]].tolist() for name in flags}
    assert marked == {
        "green_above_total": [0],
        "growth_above_limit": [2],
        "growth_below_minus_1": [5],
        "no_directors": [4],
        "top10_above_100": [6],
    }
    assert flags.shape == (7, 5) and not flags.isna().any().any()


def test_dirt_is_counted_with_its_base_and_its_most_extreme_value():
    frame = firms(
        green_patents=[3, 5, 1, 1],
        leverage=[0.4, None, 0.4, 0.4],
        growth_rate=[-1.5, -2.5, 59411.5, 0.1],
        directors=[9, 9, 9, 0],
        top10_share_pct=[50, 50, 50, 100.00001],
        short_name=["甲", "甲", "*ST甲", "甲"],
    )
    rows = listed.dirt(frame, BOOK).set_index(["check", "column"])
    assert rows.loc[("green_above_total", "green_patents")].tolist() == [2, 4, "5"]
    # The row with 5 green patents has a blank, so one is left among the three complete ones.
    assert rows.loc[("green_above_total_complete", "green_patents")].tolist() == [1, 3, ""]
    assert rows.loc[("growth_above_limit", "growth_rate")].tolist() == [1, 4, "59,411.5"]
    assert rows.loc[("growth_below_minus_1", "growth_rate")].tolist() == [2, 4, "-2.5"]
    assert rows.loc[("no_directors", "directors")].tolist() == [1, 4, "0"]
    assert rows.loc[("top10_above_100", "top10_share_pct")].tolist() == [1, 4, "100.00001"]
    assert rows.loc[("several_short_names", "short_name")].tolist() == [1, 1, "*ST甲 / 甲"]
    assert rows.loc[("blank", "leverage")].tolist() == [1, 4, ""]
    assert ("blank", "directors") not in rows.index


def test_short_names_tell_a_mark_from_another_name():
    frame = firms(
        stock_code=["000001", "000001", "000002", "000002", "000002", "000003", "000003"],
        year=[2013, 2014, 2013, 2014, 2015, 2013, 2014],
        short_name=["*ST 甲", "甲", "乙", "丙", "丁", "戊", "戊"],
    )
    names = listed.short_names(frame)
    assert names["stock_code"].tolist() == ["000002", "000001"]
    assert names["only_mark_differs"].tolist() == [False, True]
    assert names.loc[1, "names"] == ("*ST 甲", "甲")


def test_rows_with_a_blank_or_more_green_than_total_are_dropped_and_counted_in_that_order():
    frame = firms(green_patents=[1, 3, 3, 1], leverage=[None, None, 0.4, 0.4])
    before = frame.copy()
    kept, steps = listed.complete_rows(frame, BOOK)
    assert kept.index.tolist() == [3]
    assert steps.to_numpy().tolist() == [["any_blank", 4, 2, 2], ["green_above_total", 2, 1, 1]]
    pd.testing.assert_frame_equal(frame, before)


def test_near_the_heating_line_green_patents_are_per_billion_yuan_of_assets():
    frame = firms(
        distance_m=[100_000.0, 100_000.1, 0.0],
        green_patents=[3, 3, 1],
        total_assets_cny=[2e9, 1e9, 4e9],
        is_north_of_heating_line=[True, True, False],
    )
    kept, steps = listed.near_heating_line(frame)
    assert kept["green_per_bn_assets"].tolist() == [1.5, 0.25]
    assert kept["is_north"].tolist() == [1, 0]
    assert steps.to_numpy().tolist() == [["far_from_line", 3, 1, 2]]
    assert "is_north" not in frame


def test_the_panel_sets_implausible_values_missing_and_counts_them():
    frame = firms(
        stock_code=["000002", "000001", "000001"],
        year=[2015, 2014, 2013],
        green_patents=[3, 0, 1],
        total_patents=[2, 0, None],
        growth_rate=[0.1, 11.0, -1.1],
        directors=[9, 9, 0],
        top10_share_pct=[101, 50, 50],
        total_assets_cny=[1.0, 0.0, 1e9],
        is_state_owned=[True, False, None],
    )
    built, steps = listed.panel(frame)
    assert built[["stock_code", "year"]].to_numpy().tolist() == [["000001", 2013], ["000001", 2014], ["000002", 2015]]
    assert built["has_patent"].fillna(-1).tolist() == [-1, 0, 1]
    assert built["is_state_owned"].fillna(-1).tolist() == [-1, 0, 1]
    assert built["green_patents"].fillna(-1).tolist() == [1, 0, -1]
    assert built["growth_rate"].isna().tolist() == [True, True, False]
    assert built["directors"].isna().tolist() == [True, False, False]
    assert built["top10_share_pct"].isna().tolist() == [False, False, True]
    # log(10^9) = 9 * 2.302585; assets of nothing have no log; log(1) = 0
    assert built["ln_assets"].tolist() == [pytest.approx(20.723266), pytest.approx(float("nan"), nan_ok=True), 0.0]
    assert built[["first_year", "last_year"]].to_numpy().tolist() == [[2013, 2014], [2013, 2014], [2015, 2015]]
    nulled = steps.set_index("check")["nulled"]
    assert nulled.to_dict() == dict.fromkeys(listed.CHECKED, 1)
    assert frame["growth_rate"].tolist() == [0.1, 11.0, -1.1]


# The real workbooks, read where they lie.


@pytest.fixture(scope="module")
def real(listed_folder, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WULI_OUTPUT", str(tmp_path_factory.mktemp("listed")))
        run = params.load(paths.RUN_FILES / "listed_firms.yml", [f"data.folder={listed_folder}"])
        return study.prepare(run)


@pytest.fixture(scope="module")
def rows(real):
    return real.table("listed_firm_years")


def test_every_known_figure_of_the_real_data_is_reproduced(rows):
    found = listed.replication(rows, BOOK)
    assert len(found) == 10
    assert found.loc[~found["is_reproduced"], ["id", "expected", "recomputed"]].empty


def test_the_regression_is_known_to_three_decimals(rows):
    found = listed.replication(rows, BOOK).set_index("id")["recomputed"]
    assert found["heating_estimate"] == pytest.approx(-1.018, abs=0.0005)
    assert found["heating_std_error"] == pytest.approx(0.220, abs=0.0005)
    assert found["rows"] == 3170 and found["firms"] == 723
    assert found["rows_complete"] == 2930 and found["rows_near_line"] == 191


def test_both_real_sources_hold_the_same_firm_years_with_the_same_values(real, rows):
    second = real.second_source()
    assert listed.matched_rows(rows, second) == {"both": 3170, "only_first": 0, "only_second": 0}
    columns, cells = listed.source_differences(rows, second)
    shown = columns.set_index("column")
    # The workbook with Chinese headers has no assets and no distance.
    assert "total_assets_cny" not in shown.index and "distance_m" not in shown.index
    # Ten returns on net assets are blank, in both workbooks alike.
    assert rows["return_on_net_assets"].isna().sum() == second["return_on_net_assets"].isna().sum() == 10
    assert shown.loc["return_on_net_assets", ["both", "equal"]].tolist() == [3160, 3160]
    assert shown["differ"].sum() == 0 and cells.empty
    # 881 of the computed shares of green patents differ, all of them beyond the fourteenth decimal.
    assert 0 < shown.loc["green_share", "largest_gap"] < 1e-14


def test_the_real_datas_own_dirt_is_found(rows):
    found = listed.dirt(rows, BOOK).set_index(["check", "column"])
    assert found.loc[("green_above_total", "green_patents"), "n"] == 33
    assert found.loc[("green_above_total_complete", "green_patents"), "n"] == 26
    assert float(found.loc[("growth_above_limit", "growth_rate"), "most"].replace(",", "")) == pytest.approx(
        59_411, abs=1
    )
    assert found.loc[("no_directors", "directors"), ["n", "most"]].tolist() == [1, "0"]
    assert found.loc[("top10_above_100", "top10_share_pct"), "n"] == 1
    assert rows["top10_share_pct"].gt(100).sum() == 1
    assert len(listed.short_names(rows)) == found.loc[("several_short_names", "short_name"), "n"] > 1


def test_stock_codes_of_the_real_data_have_their_leading_zeros(real, rows):
    assert rows["stock_code"].str.fullmatch(r"\d{6}").all()
    assert rows["stock_code"].str.startswith("0").any()
    problems = real.record("problems")
    padded = problems[problems["rule"] == "lost_leading_zeros"]
    # Codes that begin with a zero lost it in the workbook that keeps them as numbers; each repair is listed.
    assert len(padded) == rows["stock_code"].str.startswith("0").sum()
    assert set(padded["action"]) == {"repaired"}
    assert (padded["result"] == padded["value"].str.zfill(6)).all()


def test_no_row_of_the_real_data_was_lost(real):
    counts = real.record("counts").set_index("table").loc["listed_firm_years"]
    assert (counts["rows_read"], counts["rows_kept"], counts["set_aside"]) == ("3170", "3170", "0")


def test_every_page_on_the_real_data_says_that_they_hold_no_party_variable(real):
    assert "不含任何党建变量" in real.banner("zh") and "替代属性" in real.banner("zh")
    assert "without any party variable" in real.banner("en") and "stand-in" in real.banner("en")


def test_implausible_values_left_in_the_replications_samples_are_counted_and_the_result_without_them_given(rows):
    complete, _ = listed.complete_rows(rows, BOOK)
    near, _ = listed.near_heating_line(complete)
    counted = listed.left_in(complete, near).set_index("check")
    assert counted.loc["growth_above_limit", ["complete", "near"]].tolist() == [30, 2]
    assert counted.loc["growth_below_minus_1", ["complete", "near"]].tolist() == [6, 0]
    assert "green_above_total" not in counted.index
    estimates = listed.heating(near).set_index("sample")
    assert estimates["n_obs"].tolist() == [191, 189]
    assert estimates.loc["near", "estimate"] == pytest.approx(-1.0185, abs=5e-5)
    assert estimates.loc["near_plausible", ["estimate", "std_error"]].tolist() == pytest.approx([-1.0500, 0.2240], abs=5e-5)
