import five_firms as zone
import ibis
import pandas as pd
import pytest

from helpers import clean, codebook, engine, panel
from helpers.errors import InputError
from helpers.panel import finish, pieces

YEARS = {"first_year": 2016, "last_year": 2022}


def build(folder, **options):
    clean.build(folder, codebook=codebook.load(), extract_on=zone.EXTRACT_ON)
    return panel.build(folder, extract_on=zone.EXTRACT_ON, **{**YEARS, **options})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = zone.write(tmp_path_factory.mktemp("panel") / "run")
    build(folder)
    return folder


@pytest.fixture(scope="module")
def rows(run):
    return pd.read_parquet(run / "panel.parquet").set_index(["uscc", "year"])


@pytest.fixture(scope="module")
def joins(run):
    return pd.read_csv(run / "joins.csv", encoding="utf-8-sig").set_index("step")


def series(rows, firm, column):
    return rows.loc[firm, column].tolist()


def test_a_row_is_a_year_in_operation_of_a_firm_that_ever_was_analysable(rows):
    assert rows.index.is_unique
    assert rows.groupby("uscc").size().to_dict() == {zone.A: 7, zone.B: 7, zone.C: 3, zone.F: 2}
    assert series(rows, zone.C, "is_operating") == [True, True, False]
    assert series(rows, zone.F, "age_years") == [0, 1]


def test_patents_stand_by_filing_year_and_type(rows):
    assert rows.loc[(zone.A, 2020), ["patents_invention", "patents_utility", "patents_design"]].tolist() == [2, 1, 1]
    assert series(rows, zone.A, "patents_invention") == [0, 0, 0, 0, 2, 0, 1]
    assert series(rows, zone.B, "patents_invention_fractional") == [0, 0, 0, 0, 1.5, 0, 0]
    assert series(rows, zone.B, "patents_utility_fractional") == [0, 0, 0, 0, 0, 0.5, 0]
    assert series(rows, zone.B, "patents_utility_acquired") == [0, 0, 0, 0, 0, 0, 1]
    assert series(rows, zone.C, "patents_invention") == [0, 1, 0]


def test_truncated_years_are_marked_by_type(rows):
    assert series(rows, zone.A, "patents_invention_is_complete") == [True] * 6 + [False]
    assert series(rows, zone.A, "patents_utility_is_complete") == [True] * 6 + [False]


def test_money_carries_its_unit_and_rd_share_needs_revenue(rows):
    assert rows.loc[(zone.A, 2020), ["revenue_10k_cny", "rd_share_pct", "employees"]].tolist() == [5000.0, 5.0, 100]
    assert pd.isna(rows.loc[(zone.B, 2020), "rd_share_pct"])
    # Nine are reported; one states R&D of 10 without any revenue, which breaks a rule.
    assert rows["has_figures"].sum() == 8


def test_high_tech_status_holds_on_31_december(rows):
    assert series(rows, zone.A, "is_hnte") == [True] * 6 + [False]
    assert series(rows, zone.B, "is_hnte") == [False] * 4 + [True] * 3
    assert not any(series(rows, zone.C, "is_hnte"))
    assert rows.loc[(zone.A, 2016), "hnte_first_year"] == 2016


def test_software_counts_new_works(rows):
    assert series(rows, zone.A, "software_copyrights") == [0, 0, 0, 1, 0, 1, 0]


def test_organisations_date_the_cohort_and_work_alone_does_not_count(rows):
    assert rows.loc[(zone.A, 2016), "cohort_covered"] == 2017
    assert rows.loc[(zone.C, 2016), "covered_on"] == pd.Timestamp("2017-03-01")
    assert series(rows, zone.A, "is_covered") == [False] + [True] * 6
    assert series(rows, zone.C, "is_covered") == [False, True, False]
    assert series(rows, zone.F, "is_covered") == [False, False]
    assert series(rows, zone.F, "coverage_mode") == ["仅工作覆盖"] * 2
    assert series(rows, zone.A, "years_since_covered") == [-1, 0, 1, 2, 3, 4, 5]
    assert pd.isna(rows.loc[(zone.F, 2022), "cohort_covered"])


def test_an_organisation_of_its_own_is_apart_from_coverage_by_another(tmp_path):
    folder = zone.write(tmp_path / "run")
    covered = zone.org_coverage()
    later = covered[covered["uscc"] == zone.B].assign(org_id="O4", coverage_mode="单独组建", from_on="2021-05-04")
    later["from_on"] = pd.to_datetime(later["from_on"]).astype("datetime64[us]")
    pd.concat([covered, later]).to_parquet(folder / "ingested" / "org_coverage.parquet", index=False)
    build(folder)
    found = pd.read_parquet(folder / "panel.parquet").set_index(["uscc", "year"])
    assert series(found, zone.B, "is_covered") == [False] * 3 + [True] * 4
    assert series(found, zone.B, "has_own_org") == [False] * 5 + [True] * 2
    dates = ["covered_on", "cohort_covered", "org_founded_on", "cohort_org"]
    assert found.loc[(zone.B, 2016), dates].tolist() == [pd.Timestamp("2019-02-01"), 2019, pd.Timestamp("2021-05-04"), 2021]
    assert series(found, zone.B, "years_since_org") == [-5, -4, -3, -2, -1, 0, 1]
    assert series(found, zone.C, "has_own_org") == [False] * 3
    assert found.loc[zone.C, "org_founded_on"].isna().all()


def test_stars_follow_the_covering_organisation_and_the_first_rise_dates_the_upgrade(rows):
    assert series(rows, zone.A, "stars")[3:6] == [3, 3, 4]
    assert rows.loc[(zone.A, 2016), "cohort_star_upgrade"] == 2021
    assert rows.loc[(zone.B, 2016), "cohort_star_upgrade"] == 2022
    assert pd.isna(rows.loc[(zone.C, 2016), "cohort_star_upgrade"])
    assert series(rows, zone.A, "star_upgraded_on") == [pd.Timestamp("2021-11-30")] * 7
    # The rating says 2022 and the day was left blank.
    assert rows.loc[zone.B, "star_upgraded_on"].isna().all()
    assert rows.loc[(zone.A, 2020), "class"] == "达标类"


def test_charter_substance_is_the_strongest_so_far(rows):
    assert series(rows, zone.A, "has_charter") == [False, False] + [True] * 5
    assert series(rows, zone.A, "charter_substance")[2:] == ["保障性", "保障性", "决策性", "决策性", "决策性"]
    assert rows.loc[(zone.B, 2022), ["cohort_charter", "charter_substance"]].tolist() == [2022, "象征性"]


def test_grid_exposure_is_the_share_of_the_other_operating_firms(rows):
    # Firms A, B, C stand in one grid; C is gone at the end of 2018.
    assert series(rows, zone.A, "grid_exposure") == [0, 0.5, 0, 1, 1, 1, 1]
    assert series(rows, zone.B, "grid_exposure") == [0, 1, 1, 1, 1, 1, 1]
    assert series(rows, zone.C, "grid_exposure") == [0, 0.5, 0.5]
    assert rows.loc[zone.F, "grid_exposure"].isna().all()


def test_balance_needs_every_year_in_operation_and_then_figures_too(rows):
    balanced = rows.groupby("uscc")[["is_balanced", "is_balanced_with_figures"]].first()
    assert balanced.loc[zone.A].tolist() == [True, True]
    assert balanced.loc[zone.B].tolist() == [True, False]
    assert balanced.loc[zone.C].tolist() == [False, False]


def test_every_join_is_counted(joins, rows):
    counted = ["left_rows", "right_rows", "matched", "left_unmatched", "right_unmatched", "rows_out"]
    # Firm-years with a patent: A 2020, 2022; B 2020, 2021, 2022; C 2017, 2019; one outside, one damaged.
    assert joins.loc["patents", counted].tolist() == [19, 9, 6, 13, 3, 19]
    assert joins.loc["figures", counted].tolist() == [19, 10, 9, 10, 1, 19]
    assert joins.loc["first_charter", counted].tolist() == [19, 2, 14, 5, 0, 19]
    # Four of six enterprises are followed, in 19 firm-years.
    assert joins.loc["base", ["left_rows", "matched", "left_unmatched", "rows_out"]].tolist() == [6, 4, 2, 19]
    assert joins.loc["rd_projects", "why"] == "table not supplied"


def test_joins_are_explained_in_both_languages(run):
    for path in ("joins.csv", "restricted/joins.csv"):
        frame = pd.read_csv(run / path, encoding="utf-8-sig")
        for lang in ("zh", "en"):
            shown = panel.explained(frame, lang)
            assert shown["step"].is_unique
            assert (shown["why"] != "").all()
    absent = panel.explained(pd.read_csv(run / "joins.csv", encoding="utf-8-sig"), "zh").set_index("step")["why"]
    assert absent["科技计划项目"] == "未提供该表"


def test_a_table_that_was_not_supplied_leaves_null_columns(rows):
    assert rows["rd_projects"].isna().all()
    assert rows["rd_grant_10k_cny"].isna().all()


def test_exposures_from_persons_stay_restricted_and_leave_the_panel_alone(run, rows):
    path = run / "restricted" / "exposures.parquet"
    assert path.stat().st_mode & 0o777 == 0o600
    exposed = pd.read_parquet(path).set_index(["uscc", "year"])
    assert len(exposed) == len(rows)
    assert not {"members", "member_share_pct", "pioneer_density"} & set(rows.columns)
    # 2020: two on the own roll, one in the sub-branch; applicants and members kept elsewhere do not count.
    year = exposed.loc[(zone.A, 2020)]
    assert year[["members", "member_share_pct", "cross_appointment_share_pct"]].tolist() == [3, 3.0, 50.0]
    assert year["pioneer_density"] == pytest.approx(10 / 3)
    assert exposed.loc[(zone.A, 2021), "members"] == 2
    # Members of a joint branch cannot be told apart by firm.
    assert pd.isna(exposed.loc[(zone.B, 2020), "members"])


def test_the_register_alone_makes_a_panel(tmp_path):
    kept = ("enterprises",)
    without = tuple(table.__name__ for table in (*zone.OPEN, *zone.RESTRICTED) if table.__name__ not in kept)
    folder = zone.write(tmp_path / "run", without=without)
    joins = build(folder)
    assert (joins["why"] == "table not supplied").sum() == len(joins) - 1
    found = pd.read_parquet(folder / "panel.parquet")
    assert len(found) == 19
    assert found[["patents_invention", "is_covered", "is_hnte", "employees", "grid_exposure"]].isna().all().all()
    assert set(finish.OPTIONAL) <= set(found.columns)
    assert not (folder / "restricted" / "exposures.parquet").exists()


def test_other_bases_follow_other_firms(tmp_path):
    folder = zone.write(tmp_path / "run")
    build(folder, base="all")
    assert pd.read_parquet(folder / "panel.parquet")["uscc"].nunique() == 6


def test_statuses_of_the_extracts_own_year_hold_on_the_extract(tmp_path):
    folder = zone.write(tmp_path / "run")
    build(folder, last_year=2023)
    found = pd.read_parquet(folder / "panel.parquet").set_index(["uscc", "year"])
    assert found.loc[(zone.A, 2023), "status_on"] == pd.Timestamp("2023-06-30")
    assert found.loc[(zone.A, 2022), "status_on"] == pd.Timestamp("2022-12-31")


def test_a_join_that_would_multiply_rows_stops(tmp_path):
    folder = zone.write(tmp_path / "run")
    clean.build(folder, codebook=codebook.load(), extract_on=zone.EXTRACT_ON)
    path = folder / "clean" / "enterprise_years.parquet"
    figures = pd.read_parquet(path)
    pd.concat([figures, figures.head(2)]).to_parquet(path)
    with pytest.raises(InputError, match=r"join 'figures': 2 of 12 rows repeat their key \(uscc, year\)"):
        panel.build(folder, extract_on=zone.EXTRACT_ON, **YEARS)
    assert not (folder / "panel.parquet").exists()


def test_years_and_bases_that_leave_nothing_are_refused(run):
    with pytest.raises(InputError, match="first_year 2023 lies after last_year 2013"):
        panel.build(run, extract_on=zone.EXTRACT_ON, first_year=2023, last_year=2013)
    with pytest.raises(InputError, match="no firm-year to follow"):
        panel.build(run, extract_on=zone.EXTRACT_ON, first_year=1990, last_year=1991)


def test_the_same_input_gives_the_same_bytes(run, tmp_path):
    again = zone.write(tmp_path / "again")
    build(again)
    for name in ("panel.parquet", "joins.csv", "restricted/exposures.parquet"):
        assert (run / name).read_bytes() == (again / name).read_bytes(), name


def test_counts_without_a_panel_agree_with_it(run, rows, con):
    tables = {
        name: engine.read(con, run / "clean" / f"{name}.parquet")
        for name in ("patents", "enterprises", "patent_owners")
    }
    counted = panel.counts_by_firm_year(tables["patents"], tables["enterprises"], tables["patent_owners"]).to_pandas()
    # C filed once more after it was deregistered: that filing has no firm-year.
    assert counted["patents"].sum() == 1 + rows[["patents_invention", "patents_utility", "patents_design"]].sum().sum()
    assert set(counted["uscc"]) == {zone.A, zone.B, zone.C}


def test_every_expression_of_the_panel_compiles_for_spark(run, monkeypatch, con):
    monkeypatch.setattr(ibis.options, "pyspark", zone.SparkOptions())
    held = {path.stem: engine.read(con, path) for path in (run / "clean").glob("*.parquet")}
    base = pieces.firm_years(held["enterprises"], first_year=2013, last_year=2022, extract_on="2023-06-30")
    wide = base.left_join(pieces.organisation(base, held["org_coverage"], held["org_ratings"]), ["uscc", "year"])
    made = [
        base,
        pieces.figures(held["enterprise_years"]),
        pieces.patents_wide(held["patents"], held["patent_owners"]),
        pieces.charter(base, held["charter_amendments"]),
        finish.finish(wide.drop("uscc_right", "year_right"), years=10, extract_on=zone.EXTRACT_ON),
    ]
    for expression in made:
        assert "SELECT" in ibis.to_sql(expression.unbind(), dialect="pyspark")


def test_a_founding_date_after_the_extract_does_not_date_the_treatment(tmp_path):
    folder = zone.write(tmp_path / "run")
    path = folder / "ingested" / "party_orgs.parquet"
    orgs = pd.read_parquet(path)
    before = pd.read_parquet(folder / "ingested" / "org_coverage.parquet")
    spell = before[before["uscc"] == zone.A].sort_values("from_on").iloc[0]
    # A slip of the pen: 2032 for the true year.
    orgs.loc[orgs["org_id"] == spell["org_id"], "established_on"] = pd.Timestamp("2032-05-01")
    orgs.to_parquet(path)
    build(folder)
    found = pd.read_parquet(folder / "panel.parquet").set_index(["uscc", "year"])
    assert found.loc[(zone.A, 2016), "covered_on"] == spell["from_on"]
    assert found.loc[(zone.A, 2022), "is_covered"]
    assert found["cohort_covered"].max() <= zone.EXTRACT_ON.year


def test_an_amendment_dated_after_the_extract_makes_no_cohort(tmp_path):
    folder = zone.write(tmp_path / "run")
    path = folder / "ingested" / "charter_amendments.parquet"
    amendments = pd.read_parquet(path)
    amendments = amendments.drop_duplicates("uscc").assign(amended_on=pd.Timestamp("2032-05-01"))
    amendments.to_parquet(path)
    build(folder)
    found = pd.read_parquet(folder / "panel.parquet")
    assert found["cohort_charter"].isna().all()
    assert not found["has_charter"].any()


def test_figures_that_break_a_rule_are_missing_in_the_panel_and_nothing_else_is(con):
    reported = pd.DataFrame(
        {
            "uscc": ["A", "B", "C", "D"],
            "year": 2020,
            "employees": [10, 10, -3, None],
            "college_staff": [5, 12, None, 4],
            "rd_staff": [1, 1, None, 1],
            "revenue": [100.0, 100.0, 50.0, 100.0],
            "core_revenue": [90.0, 90.0, 40.0, 90.0],
            "profit": 1.0,
            "assets": 100.0,
            "liabilities": 10.0,
            "rd_expense": [2.0, 200.0, 1.0, 3.0],
            "rd_subsidy": 0.0,
            "hitech_revenue": 0.0,
        }
    ).astype({"employees": "Int64", "college_staff": "Int64", "rd_staff": "Int64"})
    table = con.create_table("reported", reported)
    found = pieces.plausible(table, codebook.load()["enterprise_years"]).order_by("uscc").execute().set_index("uscc")
    assert found["is_implausible"].tolist() == [False, True, True, False]
    assert found["rd_expense"].isna().tolist() == [False, True, False, False]
    assert found["revenue"].isna().tolist() == [False, True, False, False]
    assert found["employees"].isna().tolist() == [False, True, True, True]
    assert found["core_revenue"].notna().all()
    assert found["profit"].notna().all()
