"""The tables of the synthetic zone: complete, consistent, calibrated, invented."""

import csv
from functools import cache

import numpy as np
import pandas as pd
import pytest

from helpers import codebook, paths
from helpers.codebook import check, uscc
from helpers.errors import UsageError, WuliError
from helpers.params.model import Calibration
from helpers.simulate import calibrate, innovation, zone

DAY = pd.Timestamp("2023-06-30")
BOOK = codebook.load()
ZONE_TABLES = BOOK.of_study("zone", "supplement")


@cache
def default_zone():
    return zone(seed=20230630)


@pytest.fixture
def tables():
    return default_zone().tables


def serving(frame, start="from_on", end="to_on"):
    return frame[(frame[start] <= DAY) & (frame[end].isna() | (frame[end] > DAY))]


def test_all_36_tables_and_3_supplements_are_there_with_the_codebooks_columns_in_order(tables):
    assert list(tables) == [table.name for table in ZONE_TABLES]
    assert len(tables) == 36 + 3
    for table in ZONE_TABLES:
        assert list(tables[table.name].columns) == list(table.column_names)
        assert len(tables[table.name]) > 0, table.name


@pytest.mark.parametrize("table", ZONE_TABLES, ids=lambda table: table.name)
def test_a_table_keeps_every_rule_of_the_codebook(tables, table):
    found = check.check_rows(table, tables[table.name])
    assert found.empty, found.head().to_string()


@pytest.mark.parametrize("table", ZONE_TABLES, ids=lambda table: table.name)
def test_keys_are_complete_and_unique(tables, table):
    keys = tables[table.name][list(table.key)]
    assert not keys.duplicated().any()
    assert not keys.isna().any().any()


def test_every_reference_points_to_a_row(tables):
    found = check.check_references(BOOK, tables)
    assert found.empty, found.head().to_string()


def test_nothing_is_dated_after_the_extract(tables):
    ahead = {"valid_to", "term_ends_on"}
    for table in ZONE_TABLES:
        for column in table.columns:
            if column.type in ("date", "datetime") and column.name not in ahead:
                latest = tables[table.name][column.name].max()
                assert not latest > DAY + pd.Timedelta(days=1), f"{table.name}.{column.name}"


def test_every_figure_has_a_row_and_no_mechanism_has_one():
    figures = default_zone().figures
    with (paths.REFERENCE / "published_figures.csv").open(encoding="utf-8-sig") as stream:
        wanted = [row["id"] for row in csv.DictReader(stream) if row["unit"] != "mechanism"]
    assert figures["id"].tolist() == wanted
    assert set(figures["status"]) <= {"reproduced", "not_jointly_satisfiable", "not_simulated"}
    unexplained = figures[(figures["status"] != "reproduced") & ((figures["note"] == "") | (figures["note_zh"] == ""))]
    assert unexplained.empty


# Each count is worked out here by other means than in `calibrate`.
def test_firms_and_coverage_are_those_of_the_default_readings(tables):
    firms = tables["enterprises"]
    assert firms["exit_on"].isna().sum() == 13470
    assert (firms["above_scale"] == "规上工业").sum() == 131
    assert firms["above_scale"].isin(["限上批零", "限上住餐"]).sum() == 133
    base = set(firms.loc[firms["above_scale"] != "否", "uscc"])
    spells = serving(tables["org_coverage"])
    covered = base & set(spells.loc[spells["coverage_mode"] != "仅工作覆盖", "uscc"])
    industrial = set(firms.loc[firms["above_scale"] == "规上工业", "uscc"])
    assert (len(base), len(covered)) == (264, 258)
    assert (len(covered & industrial), len(covered - industrial)) == (128, 130)
    assert spells["coverage_mode"].value_counts()[["单独组建", "联合组建", "挂靠"]].tolist() == [132, 20, 106]


def test_a_joint_branch_covers_at_most_five_firms(tables):
    joint = tables["org_coverage"].query("coverage_mode == '联合组建'")
    assert joint.groupby("org_id")["uscc"].nunique().tolist() == [5, 5, 5, 5]


def test_most_firms_have_a_place_around_the_sites_and_one_that_left_has_none(tables):
    firms, places = tables["enterprises"], tables["firm_places"]
    left = firms.loc[firms["exit_on"].notna(), "uscc"]
    assert not places["uscc"].isin(left).any()
    asked = firms[firms["exit_on"].isna() & (firms["reg_type"] != "个体工商户")]
    placed = asked["uscc"].isin(places.dropna()["uscc"])
    assert 0.95 < placed.mean() < 0.99
    blank = places["lon"].isna()
    assert (blank == places["lat"].isna()).all() and blank.any()
    for name in ("lon", "lat"):
        assert abs(places[name].mean() - tables["service_sites"][name].mean()) < 0.01


def test_most_branches_meet_every_month_of_their_life_some_leave_months_out_and_a_few_have_no_log(tables):
    orgs = tables["party_orgs"].set_index("org_id")
    own = orgs[orgs["org_type"].isin(["党委", "党总支", "党支部", "联合党支部"])]
    alive = own[own["dissolved_on"].isna() & (own["established_on"] < "2022-07-01")]
    log = tables["org_meetings"]
    assert log["org_id"].isin(own.index).all()
    assert (log["held_on"] >= log["org_id"].map(orgs["established_on"])).all()
    assert not (log["held_on"] >= log["org_id"].map(orgs["dissolved_on"])).any()
    year = log[log["held_on"] >= "2022-07-01"]
    months = year.groupby("org_id")["held_on"].agg(lambda days: days.dt.to_period("M").nunique()).reindex(alive.index)
    assert 0.6 < (months == 12).mean() < 0.9
    assert (months < 12).any()
    assert 0 < months.isna().mean() < 0.1


def test_firms_came_to_lectures_that_were_held_and_after_they_were_founded(tables):
    came = tables["lecture_attendance"].merge(tables["training_events"], on="event_id")
    assert len(came) == len(tables["lecture_attendance"])
    assert (came["plan_item"] == "企业家大讲堂").all()
    lectures = tables["training_events"].query("plan_item == '企业家大讲堂'")
    firms = came.groupby("event_id")["uscc"].nunique().reindex(lectures["event_id"])
    assert (firms.to_numpy() <= lectures["attendance"].to_numpy()).all() and (firms > 0).all()
    register = tables["enterprises"].set_index("uscc")
    assert (register.loc[came["uscc"], "above_scale"] != "否").all()
    assert (register.loc[came["uscc"], "founded_on"].to_numpy() <= came["held_on"].to_numpy()).all()
    assert set(came["attended_by"]) == {"出资人", "高级管理", "其他"}


def test_the_136_organisations_are_a_tree_with_committees_general_and_joint_branches(tables):
    orgs = tables["party_orgs"]
    alive = orgs[orgs["dissolved_on"].isna()]
    top = alive[alive["parent_org_id"] == alive.loc[alive["org_type"] == "两新组织党委", "org_id"].item()]
    assert top["org_type"].value_counts().loc[["党委", "党总支", "党支部", "联合党支部"]].tolist() == [2, 2, 128, 4]
    below = alive[alive["parent_org_id"].isin(top["org_id"])]
    assert below["org_type"].eq("党支部").all() and len(below) == 13
    parents = alive.set_index("parent_org_id")["org_id"]
    assert set(parents.index.dropna()) <= set(alive["org_id"])


def test_members_hold_to_the_bands_for_forming_an_organisation(tables):
    orgs = tables["party_orgs"].set_index("org_id")
    now = serving(tables["members"])
    formal = now[(now["member_type"] == "正式") & (now["roll_status"] != "组织关系不在本区")]
    top = formal["org_id"].map(lambda org: orgs["parent_org_id"][org] if "-" in org else org)
    count = top.value_counts()
    kind = orgs["org_type"].astype("str").reindex(count.index)
    assert count[kind == "党委"].min() >= 100
    assert count[kind == "党总支"].between(50, 100).all()
    assert count[kind == "党支部"].between(3, 49).all()


def test_persons_are_counted_as_published(tables):
    now = serving(tables["members"])
    members = now[now["member_type"] != "入党积极分子"]
    roll = members[members["roll_status"] != "组织关系不在本区"]
    assert roll["member_pid"].nunique() == 1096
    assert (~roll["post_type"].isin(["生产一线", "其他"])).sum() == 856
    posts = serving(tables["secretaries"])
    assert (len(posts), posts["org_id"].nunique(), posts["member_pid"].nunique()) == (136, 136, 128)
    links = serving(tables["contact_assignments"])
    people = links.groupby("target_type", observed=True)[["contact_pid", "target_pid"]].nunique()
    assert people.loc["人才"].tolist() == [128, 303]
    assert people.loc["职工", "contact_pid"] == 1262
    assert len(links) > people.loc["职工", "target_pid"] > 15_000
    liaisons = serving(tables["policy_liaisons"], "appointed_on", "ended_on")
    assert liaisons["liaison_pid"].nunique() == 116


def test_certificates_on_the_date_are_as_published(tables):
    held = serving(tables["certifications"], "issued_on", "valid_to")
    by_type = held["cert_type"].value_counts()
    types = ["高新技术企业", "省科技小巨人", "专精特新中小企业", "国家知识产权优势企业", "单项冠军产品"]
    assert by_type[types].tolist() == [75, 16, 13, 2, 2]
    assert (held["level"] == "国家级").sum() == 81
    high_tech = held[held["cert_type"] == "高新技术企业"]
    assert high_tech["issued_on"].dt.year.between(2020, 2022).all()
    assert ((high_tech["valid_to"] - high_tech["issued_on"]).dt.days.isin([1095, 1096])).all()


def test_requests_are_as_published_and_some_came_through_two_channels(tables):
    tickets = tables["service_tickets"]
    solved = tickets[tickets["resolution"] == "解决"]
    train = solved[solved["channel"] == "党群直通车"]["category"].value_counts()
    assert (train["职工困难"], train["生产难题"]) == (572, 1895)
    duty = solved[solved["channel"].isin(["领导挂钩", "部门包片", "党员包企"])]
    assert len(duty) == 1657
    assert (solved["channel"] == "邻里中心").sum() == 33
    assert duty["duplicate_of"].notna().sum() > 100
    first = tickets.set_index("ticket_id").loc[duty["duplicate_of"].dropna()]
    assert (first["channel"] == "党群直通车").all()
    assert (first["uscc"].to_numpy() == duty.dropna(subset="duplicate_of")["uscc"].to_numpy()).all()


def test_ratings_pioneer_units_and_activities_are_as_published(tables):
    rated = tables["org_ratings"].query("year == 2023")
    assert (len(rated), rated["grade"].isin(["良好", "优秀"]).sum()) == (132, 109)
    units = serving(tables["pioneer_units"], "set_on", "ended_on")
    kinds = units["unit_type"].value_counts()
    assert kinds[["党员先锋队", "党员示范岗", "党员责任区"]].tolist() == [389, 382, 1107]
    assert units["selected"].sum() == 265
    assert (tables["service_activities"]["held_on"] >= "2023-01-01").sum() > 260


def test_top_teams_of_above_scale_industrial_firms_sit_in_the_top_and_branch_committees_do_not(tables):
    found = calibrate.top_teams(tables)
    assert found["is_senior"].all() and len(found) > 100
    industrial = tables["enterprises"].query("above_scale == '规上工业'")["uscc"]
    posts = tables["cross_appointments"].query("party_post != '无'")
    everybody = posts[posts["uscc"].isin(industrial)]
    assert not everybody["body"].isin(["董事会", "监事会", "经理层"]).all()


def test_no_firm_named_in_the_article_arises(tables):
    with (paths.REFERENCE / "published_figures.csv").open(encoding="utf-8-sig") as stream:
        named = [row["metric_zh"] for row in csv.DictReader(stream) if row["unit"] == "named_entity"]
    words = {name.split("“")[0].replace("党委", "").replace("党支部", "") for name in named if len(name) < 20}
    words = {word for word in words if 2 <= len(word) <= 5}
    assert len(words) == 13
    texts = [tables["enterprises"]["name_zh"], tables["enterprises"]["former_names"], tables["party_orgs"]["org_name"]]
    texts += [tables["org_brands"]["brand_name"], tables["patents"]["applicants_raw"], tables["service_sites"]["host"]]
    for word in words:
        assert not any(text.dropna().str.contains(word, regex=False).any() for text in texts), word


def test_credit_codes_have_right_check_digits_and_names_do_not_repeat(tables):
    firms = tables["enterprises"]
    assert uscc.check_digit_ok(firms["uscc"]).all()
    assert firms["name_zh"].is_unique


def test_application_numbers_carry_the_check_digit():
    # 2020 2 1234567: 2*2 + 0*3 + 2*4 + 0*5 + 2*6 + 1*7 + 2*8 + 3*9 + 4*2 + 5*3 + 6*4 + 7*5 = 156 = 14 * 11 + 2
    made = innovation.application_numbers(
        np.array(["2020-05-01"], dtype="datetime64[D]"), np.array([innovation.UTILITY])
    )
    assert made.tolist() == ["2020212345672"]


def test_research_expense_of_recognised_firms_bunches_just_above_the_threshold(tables):
    years = tables["enterprise_years"]
    held = serving(tables["certifications"].query("cert_type == '高新技术企业'"), "issued_on", "valid_to")
    rows = years[years["uscc"].isin(held["uscc"]) & years["year"].between(2020, 2022)]
    revenue = rows["revenue"]
    threshold = 0.03 + 0.01 * (revenue <= 20_000) + 0.01 * (revenue <= 5_000)
    above = rows["rd_expense"] / revenue - threshold
    assert (above.between(-1e-4, 0.005)).mean() > 0.4
    assert (above < -1e-3).mean() < 0.05


def test_the_base_has_a_row_in_every_year_that_it_exists(tables):
    firms = tables["enterprises"].query("above_scale != '否'")
    wanted = (2023 - firms["founded_on"].dt.year.clip(lower=2013) + 1).sum()
    assert tables["enterprise_years"]["uscc"].isin(firms["uscc"]).sum() == wanted


def test_the_force_map_covers_every_mechanism_and_weights_add_up(tables):
    with (paths.REFERENCE / "published_figures.csv").open(encoding="utf-8-sig") as stream:
        wanted = {row["id"] for row in csv.DictReader(stream) if row["unit"] == "mechanism"}
    held = tables["force_map"]
    assert set(held["mechanism_id"]) == wanted
    assert held.groupby("mechanism_id")["weight"].sum().round(9).eq(1).all()
    assert held["force"].nunique() == 5


def test_a_claimed_figure_that_does_not_hold_is_an_error(tables):
    broken = {**tables, "grids": tables["grids"].iloc[1:], "org_brands": tables["org_brands"].iloc[:9]}
    with pytest.raises(WuliError) as error:
        calibrate.figures(broken, readings=Calibration(), firms=13470)
    assert "grid_count: the zone has 17, published is exact 18" in str(error.value)
    assert "brand_feature_brands" in str(error.value)


def test_another_size_or_reading_lists_what_no_longer_holds():
    listed = zone(seed=5, firms=500, readings={"members": 1262}).figures
    broken = listed.loc[listed["status"] == "not_jointly_satisfiable", "id"].tolist()
    assert {"zone_market_entities", "governance_members_mid_level_share"} < set(broken)
    assert listed.loc[listed["id"] == "org_coverage_rate", "status"].item() == "reproduced"


def test_without_a_limit_all_the_rest_stands_in_the_four_joint_branches():
    spells = zone(seed=5, firms=500, readings={"joint_limit": None}).tables["org_coverage"]
    assert (spells["coverage_mode"] == "联合组建").sum() == 126
    assert (spells["coverage_mode"] == "挂靠").sum() == 0


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_the_figures_hold_for_other_seeds_and_every_scenario(seed):
    scenario = ["null", "selection", "pretrend", "spillover"][seed]
    made = zone(seed=seed, firms=2000, scenario=scenario)
    status = made.figures.set_index("id")["status"]
    claimed = status[list(calibrate.CHECKS)]
    assert claimed[claimed != "reproduced"].index.tolist() == ["zone_market_entities"]
    assert check.check_references(BOOK, made.tables).empty


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"scenario": "efect"}, "scenario 'efect' is unknown: expected one of null, effect"),
        ({"firms": 100}, "firms is 100: expected a whole number of at least 400"),
        ({"seed": -1}, "seed is -1"),
        (
            {"readings": {"menbers": 1, "members": 3}},
            "reading 'menbers' is no parameter here; did you mean 'members'? known are uncovered_industrial, ",
        ),
        (
            {"readings": {"menbers": 1, "members": 3}},
            "reading 'members': found 3, must be greater than or equal to 1000",
        ),
        ({"readings": {"rated": "1/2"}}, "reading 'rated': found '1/2', expected one of 109/132, 114/138"),
        ({"readings": {"members": True}}, "reading 'members': found True, expected a whole number"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_was_expected(wrong, said):
    with pytest.raises(UsageError) as error:
        zone(**{"seed": 1, **wrong})
    assert said in str(error.value)
