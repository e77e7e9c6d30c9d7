"""Indicators on tables small enough to count by hand; as of 30 June 2023 unless a test says otherwise."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from helpers import codebook, forces
from helpers.forces import cohesion, guidance, pioneer, population, support, traction

AS_OF = date(2023, 6, 30)
TYPES = {
    "integer": "Int64", "year": "Int64", "decimal": "float64", "boolean": "boolean", "date": "datetime64[us]",
    "datetime": "datetime64[us]", "category": "category", "ordered": "category",
}  # fmt: skip


def table(name: str, rows: list[dict]) -> pd.DataFrame:
    """Return a typed table of the codebook with what the rows do not state missing."""
    columns = codebook.load()[name].columns
    frame = pd.DataFrame(rows, columns=[column.name for column in columns])
    return frame.astype({column.name: TYPES.get(column.type, "str") for column in columns})


def firm(uscc: str, **values: object) -> dict:
    usual = {"status": "存续", "reg_type": "私营有限", "control_type": "私人控股", "above_scale": "规上工业"}
    return {"uscc": uscc, "name_zh": f"企业{uscc}", "operating": True, "founded_on": "2000-01-01", **usual, **values}


def org(org_id: str, **values: object) -> dict:
    return {"org_id": org_id, "org_name": org_id, "org_type": "党支部", "parent_org_id": "LX",
            "established_on": "2010-01-01", **values}  # fmt: skip


def cover(org_id: str, uscc: str, mode: str = "单独组建", **values: object) -> dict:
    return {"org_id": org_id, "uscc": uscc, "coverage_mode": mode, "from_on": "2010-01-01", **values}


def roll(org_id: str, count: int, *, first: int = 0, **values: object) -> list[dict]:
    usual = {"from_on": "2015-01-01", "member_type": "正式", "roll_status": "在岗", "post_type": "研发", **values}
    return [{"member_pid": f"m{first + number}", "org_id": org_id, **usual} for number in range(count)]


@pytest.fixture
def small() -> dict[str, pd.DataFrame]:
    """Six firms: A own branch of 12, B joint, C attached to A's, D work only, E state-owned, F left in 2022."""
    return {
        "enterprises": table("enterprises", [
            firm("A"), firm("B", above_scale="限上批零"), firm("C"), firm("D", above_scale="否"),
            firm("E", control_type="国有控股"), firm("F", status="注销", exit_on="2022-05-01"),
        ]),
        "party_orgs": table("party_orgs", [
            org("GW", org_type="党工委", parent_org_id=None), org("LX", org_type="两新组织党委", parent_org_id="GW"),
            org("OA", term_ends_on="2023-01-31"), org("OJ", org_type="联合党支部"),
            org("OF", dissolved_on="2022-05-01"),
        ]),
        "org_coverage": table("org_coverage", [
            cover("OA", "A"), cover("OJ", "B", "联合组建"), cover("OA", "C", "挂靠"), cover("OA", "D", "仅工作覆盖"),
            cover("OF", "F"),
        ]),
        "members": table("members", [
            *roll("OA", 12), *roll("OA", 4, first=12, post_type="生产一线"),
            *roll("OA", 2, first=16, member_type="入党积极分子"),
            *roll("OA", 1, first=18, roll_status="组织关系不在本区"),
            *roll("OJ", 8, first=19, post_type="其他", member_type="预备"),
            *roll("OJ", 1, first=0, from_on="2010-01-01", to_on="2015-01-01"),
        ]),
    }  # fmt: skip


def test_coverage_counts_attachment_but_neither_work_alone_nor_the_dissolved_nor_state_firms(small):
    found = guidance.organisation_coverage(
        small["enterprises"], small["org_coverage"], small["party_orgs"], as_of=AS_OF, base="all_operating"
    )
    # Operating private: A, B, C, D; covered: A, B, C.
    assert (found.numerator, found.denominator, found.value) == (3, 4, 75.0)
    assert found.note_values["attached"] == 1


def test_coverage_on_three_bases_and_stand_alone_rate(small):
    values = {}
    for base in ("all_operating", "above_scale", "should_have"):
        found = forces.compute("p1_coverage_org", small, as_of=AS_OF, base=base)
        values[base] = (found.numerator, found.denominator)
    # Above scale or quota: A, B, C. Three formal members or more: only A (16).
    assert values == {"all_operating": (3, 4), "above_scale": (3, 3), "should_have": (1, 1)}
    own = forces.compute("p2_standalone", small, as_of=AS_OF, base="all_operating")
    assert (own.numerator, own.denominator, own.note_values["joint"]) == (1, 4, 2)
    # The one firm that should have an organisation has its own.
    own = forces.compute("p2_standalone", small, as_of=AS_OF, base="should_have")
    assert (own.numerator, own.denominator, own.note_values["joint"]) == (1, 1, 0)


def test_a_table_that_is_not_supplied_is_named_not_counted_as_zero(small):
    without = {name: frame for name, frame in small.items() if name != "members"}
    with pytest.raises(forces.MissingTable, match="members"):
        forces.compute("p1_coverage_org", without, as_of=AS_OF, base="should_have")
    rows = forces.all_indicators(without, AS_OF)
    row = rows[(rows["id"] == "p1_coverage_org") & (rows["base"] == "should_have")].iloc[0]
    assert row["status"] == "table_not_supplied"
    assert pd.isna(row["value"])
    assert "members" in row["note_en"]
    assert "members" in row["note_zh"]


def test_every_indicator_has_a_row_in_both_languages_even_without_any_table():
    rows = forces.all_indicators({}, AS_OF)
    assert set(rows["id"]) == set(forces.REGISTRY)
    assert len(forces.REGISTRY) == 24
    assert (rows["status"] == "table_not_supplied").all()
    assert rows.filter(regex="_(zh|en)$").ne("").all(axis=None)


def test_the_callers_tables_are_not_changed(small):
    before = {name: frame.copy(deep=True) for name, frame in small.items()}
    forces.all_indicators(small, AS_OF)
    for name, frame in small.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_charter_counts_firms_filed_by_the_day_and_those_with_substance(small):
    amendments = table("charter_amendments", [
        {"uscc": "A", "amended_on": "2019-01-01", "filed_on": "2019-02-01", "substance": "象征性"},
        {"uscc": "A", "amended_on": "2021-01-01", "filed_on": "2021-02-01", "substance": "决策性"},
        {"uscc": "B", "amended_on": "2023-06-20", "filed_on": "2023-07-03", "substance": "保障性"},
        {"uscc": "C", "amended_on": "2020-01-01", "filed_on": None, "substance": "保障性"},
        {"uscc": "D", "amended_on": "2020-01-01", "filed_on": "2020-02-01", "substance": "象征性"},
    ])  # fmt: skip
    small["charter_amendments"] = amendments
    covered = forces.compute("p3_charter", small, as_of=AS_OF, base="covered")
    assert (covered.numerator, covered.denominator, covered.note_values["substantial"]) == (1, 3, 1)
    every = forces.compute("p3_charter", small, as_of=AS_OF, base="all_operating")
    assert (every.numerator, every.denominator) == (2, 4)


def test_training_counts_the_year_to_date_against_the_whole_target():
    events = table("training_events", [
        {"event_id": str(number), "plan_item": item, "held_on": held} for number, (item, held) in enumerate([
            ("培训(十)", "2023-01-01"), ("培训(十)", "2023-06-30"), ("培训(十)", "2023-07-01"),
            ("培训(十)", "2022-12-31"), ("党课(百)", "2023-03-01"),
        ])
    ])  # fmt: skip
    assert guidance.training_plan(events, as_of=AS_OF).value == 20.0
    assert guidance.training_plan(events, as_of=AS_OF, item="党课(百)").value == 1.0


def test_without_a_log_nobody_knows_who_meets_every_month_and_nobody_is_counted_as_zero(small):
    months = pd.period_range("2022-07", "2023-06", freq="M")
    hosted = [{"event_id": f"j{m}", "host_org_id": "OJ", "held_on": m.start_time} for m in months]
    small["training_events"] = table("training_events", [*hosted, {"event_id": "x", "host_org_id": "OA",
                                                                   "held_on": "2022-06-30"}])  # fmt: skip
    found = forces.compute("p5_life_regular", small, as_of=AS_OF)
    # In existence from July 2022 to June 2023: OA, past its term since January, and OJ; OF was dissolved in May 2022.
    assert (found.status, found.numerator, found.denominator, found.value) == ("not_testable", None, 2, None)
    # OA's only event was held the day before the twelve months begin.
    assert found.note_values == {"overdue": 1, "most": 1, "hosts": 1}
    late = small["party_orgs"].assign(established_on=pd.Timestamp("2022-07-02"))
    assert forces.compute("p5_life_regular", {**small, "party_orgs": late}, as_of=AS_OF).denominator == 0


def meeting_log(**days: list[str]) -> pd.DataFrame:
    rows = [{"org_id": org_id, "held_on": day, "meeting_type": "主题党日"} for org_id in days for day in days[org_id]]
    return table("org_meetings", rows)


EVERY_MONTH = [f"{month}-28" for month in pd.period_range("2022-07", "2023-06", freq="M")]


@pytest.fixture
def logged() -> dict[str, pd.DataFrame]:
    """Seven organisations: O1 to O4 and O6 all year, O5 founded in it, O7 dissolved in it; O2 past its term."""
    orgs = [org("O1", term_ends_on="2023-06-30"), org("O2", term_ends_on="2023-06-29"), org("O3"), org("O4"),
            org("O5", established_on="2022-07-02"), org("O6"), org("O7", dissolved_on="2023-06-30")]  # fmt: skip
    meetings = meeting_log(
        O1=[*EVERY_MONTH, "2023-06-01"], O2=EVERY_MONTH, O3=EVERY_MONTH[:-1], O5=EVERY_MONTH,
        O6=["2022-06-30"], O7=EVERY_MONTH, XX=EVERY_MONTH,
    )  # fmt: skip
    return {"party_orgs": table("party_orgs", orgs), "training_events": table("training_events", []),
            "org_meetings": meetings}  # fmt: skip


def test_organisations_meet_regularly_if_every_month_has_a_record_and_their_term_runs(logged):
    found = forces.compute("p5_life_regular", logged, as_of=AS_OF)
    # In existence all year with a row: O1, O2, O3 (no June), O6 (nothing since June 2022). O4 has no row at all.
    # O1 meets; O2 does as well, but its term is over. O5 and O7 were not there all year, XX is in no register.
    assert (found.status, found.numerator, found.denominator, found.value) == ("computed", 1, 4, 25.0)
    assert found.note_values == {"monthly": 2, "overdue": 1, "unknown": 1}
    assert (found.base, found.window) == ("organisations_logged", "twelve_months")
    assert all(found.row()[f"note_{lang}"] for lang in ("zh", "en"))


def test_a_month_that_is_not_over_is_not_asked_for_and_one_after_the_date_is_not_counted(logged):
    # On 29 June the twelve months end with May 2023 and begin with June 2022: nobody but O6 has a record of that.
    found = forces.compute("p5_life_regular", logged, as_of=date(2023, 6, 29))
    assert (found.status, found.numerator, found.denominator) == ("computed", 0, 5)
    early = {**logged, "org_meetings": meeting_log(O1=EVERY_MONTH, O4=["2023-07-01"])}
    assert forces.compute("p5_life_regular", early, as_of=AS_OF).denominator == 1


def test_a_log_that_does_not_reach_over_the_twelve_months_shows_nobody_as_idle(logged):
    short = {**logged, "org_meetings": meeting_log(O1=EVERY_MONTH[6:], O3=EVERY_MONTH[7:])}
    found = forces.compute("p5_life_regular", short, as_of=AS_OF)
    assert (found.status, found.numerator, found.denominator, found.value) == ("not_testable", None, 2, None)
    assert "6 of the last 12" in found.row()["note_en"] and "6 个月" in found.row()["note_zh"]


def test_members_are_persons_on_the_roll_not_spells_applicants_or_those_from_elsewhere(small):
    held = population.members_on_roll(small["members"], small["party_orgs"], AS_OF)
    assert len(held) == 24
    found = forces.compute("d2_mid_level", small, as_of=AS_OF)
    assert (found.numerator, found.denominator, found.value) == (12, 24, 50.0)


def test_rates_over_fewer_than_ten_persons_are_suppressed_at_the_source(small):
    small["members"] = small["members"][small["members"]["org_id"] == "OJ"]
    found = forces.compute("d2_mid_level", small, as_of=AS_OF)
    assert (found.status, found.numerator, found.denominator, found.value) == ("suppressed", None, None, None)


def test_a_numerator_that_leaves_fewer_than_ten_persons_or_nobody_is_suppressed():
    few_left = forces.ratio("d2_mid_level", 95, 100, window="point_in_time", base="roll", people="both")
    assert (few_left.numerator, few_left.denominator, few_left.suppressed) == (None, 100, True)
    all_of_them = forces.ratio("d2_mid_level", 100, 100, window="point_in_time", base="roll", people="both")
    assert (all_of_them.numerator, all_of_them.suppressed) == (None, True)


def test_an_empty_denominator_has_no_value():
    found = forces.ratio("d5_proposals", 0, 0, window="twelve_months", base="proposals")
    assert (found.status, found.value) == ("empty_denominator", None)


def test_the_top_team_leaves_out_committees_of_branches_below(small):
    orgs = [org("OC", org_type="党委"), org("OC-1", parent_org_id="OC")]
    small["party_orgs"] = table("party_orgs", [org("LX", org_type="两新组织党委", parent_org_id=None), *orgs])
    small["org_coverage"] = table("org_coverage", [cover("OC", "A")])
    small["members"] = table("members", [*roll("OC", 20), *roll("OC-1", 30, first=20)])
    posts = [("经理层", number) for number in range(20)] + [("中层", number) for number in range(20, 50)]
    small["cross_appointments"] = table("cross_appointments", [
        {"member_pid": f"m{number}", "uscc": "A", "body": body, "party_post": "委员", "from_on": "2020-01-01"}
        for body, number in posts
    ])  # fmt: skip
    small["secretaries"] = table("secretaries", [])
    top = forces.compute("d1_cross_apply", small, as_of=AS_OF, team="top_team")
    # All of 20: that would be said of each of them.
    assert (top.numerator, top.denominator, top.value) == (None, 20, None)
    every = forces.compute("d1_cross_apply", small, as_of=AS_OF, team="all_committees")
    assert (every.numerator, every.denominator, every.value) == (20, 50, 40.0)


def test_a_count_that_the_run_hides_is_given_by_no_indicator_and_no_note(small):
    with forces.minimum_people(10):
        assert forces.compute("d2_mid_level", small, as_of=AS_OF).numerator == 12
    with forces.minimum_people(10, {"roll.mid_level"}):
        hidden = forces.compute("d2_mid_level", small, as_of=AS_OF)
    assert (hidden.numerator, hidden.denominator, hidden.value, hidden.status) == (None, 24, None, "suppressed")
    with forces.minimum_people(10, {"roll"}):
        small["pioneer_units"] = table("pioneer_units", [])
        assert forces.compute("v1_unit_density", small, as_of=AS_OF).denominator is None


def test_every_count_of_persons_is_noted_by_name_whether_it_may_be_given_or_not(small):
    with forces.counts_noted() as noted, forces.minimum_people(10, {"roll"}):
        forces.compute("d2_mid_level", small, as_of=AS_OF)
    assert (noted["roll"], noted["roll.mid_level"]) == (24, 12) and noted["roll.blank_post"] == 0


@pytest.mark.parametrize(("start", "end", "hours"), [
    ("2023-06-26 09:00", "2023-06-26 11:00", 2.0),
    ("2023-06-26 11:00", "2023-06-26 15:00", 2.0),
    ("2023-06-26 17:00", "2023-06-27 09:00", 2.0),
    ("2023-06-30 17:00", "2023-07-03 09:00", 2.0),
    ("2023-06-24 10:00", "2023-06-26 09:00", 1.0),
    ("2023-06-26 10:00", None, np.nan),
    ("2023-06-26 10:00", "2023-06-26 09:00", -1.0),
])  # fmt: skip
def test_working_hours_skip_lunch_nights_and_weekends(start, end, hours):
    found = support.working_hours(*(pd.Series(pd.to_datetime([moment])) for moment in (start, end)))
    assert found.tolist() == pytest.approx([hours], nan_ok=True)


def test_working_hours_skip_a_holiday():
    times = (pd.Series(pd.to_datetime([moment])) for moment in ("2023-06-21 16:00", "2023-06-23 09:00"))
    assert support.working_hours(*times, holidays=[date(2023, 6, 22)]).tolist() == [3.0]


def test_half_day_keeps_the_undelivered_in_the_denominator():
    def pair(number: int, delivered: str | None, by: str | None) -> dict:
        return {"policy_id": f"p{number}", "uscc": "A", "issued_at": "2023-06-26 09:00", "delivered_at": delivered,
                "received_by": by}  # fmt: skip

    pairs = table("policy_deliveries", [
        pair(1, "2023-06-26 15:00", "企业负责人"), pair(2, "2023-06-26 15:01", "企业负责人"),
        pair(3, "2023-06-26 10:00", "中层"), pair(4, None, None),
        {"policy_id": "p5", "uscc": "A", "issued_at": "2023-05-08 09:00", "delivered_at": "2023-05-08 09:30",
         "received_by": "企业负责人"},
        {"policy_id": "p6", "uscc": "A", "issued_at": "2023-07-03 09:00"},
    ])  # fmt: skip
    month = support.half_day_delivery(pairs, as_of=AS_OF)
    assert (month.numerator, month.denominator, month.note_values["undelivered"]) == (1, 4, 1)
    every = support.half_day_delivery(pairs, as_of=AS_OF, window="to_date")
    assert (every.numerator, every.denominator) == (2, 5)


def test_liaison_coverage_counts_firms_not_liaisons(small):
    small["policy_liaisons"] = table("policy_liaisons", [
        {"liaison_pid": "l1", "uscc": "A", "appointed_on": "2021-01-01"},
        {"liaison_pid": "l2", "uscc": "A", "appointed_on": "2021-01-01"},
        {"liaison_pid": "l1", "uscc": "B", "appointed_on": "2021-01-01", "ended_on": "2023-06-30"},
        {"liaison_pid": "l1", "uscc": "D", "appointed_on": "2021-01-01"},
    ])  # fmt: skip
    found = forces.compute("d4_liaison_cover", small, as_of=AS_OF)
    assert (found.numerator, found.denominator) == (1, 3)
    assert found.note_values["persons"] == "–"


def test_proposals_leave_out_meetings_without_counts():
    meetings = table("governance_meetings", [
        {"meeting_id": "1", "held_on": "2023-06-30", "proposals": 4, "adopted": 1},
        {"meeting_id": "2", "held_on": "2022-07-01", "proposals": 6, "adopted": 4},
        {"meeting_id": "3", "held_on": "2022-06-30", "proposals": 90, "adopted": 90},
        {"meeting_id": "4", "held_on": "2023-01-05", "proposals": 5, "adopted": None},
    ])  # fmt: skip
    found = support.proposals_adopted(meetings, as_of=AS_OF)
    assert (found.numerator, found.denominator, found.value, found.note_values["blank"]) == (5, 10, 50.0, 1)


def test_pioneer_units_count_once_and_the_selected_are_not_added(small):
    small["pioneer_units"] = table("pioneer_units", [
        {"unit_id": "u1", "unit_type": "党员示范岗", "selected": True, "set_on": "2019-01-01"},
        {"unit_id": "u1", "unit_type": "党员示范岗", "selected": True, "set_on": "2021-01-01"},
        {"unit_id": "u2", "unit_type": "党员先锋队", "selected": None, "set_on": "2019-01-01"},
        {"unit_id": "u3", "unit_type": "党员责任区", "set_on": "2019-01-01", "ended_on": "2023-06-30"},
    ])  # fmt: skip
    found = forces.compute("v1_unit_density", small, as_of=AS_OF)
    assert (found.numerator, found.denominator) == (2, 24)
    assert found.value == pytest.approx(20 / 24)
    assert found.note_values["selected"] == 1


def test_projects_not_yet_due_are_censored():
    def project(number: int, start: str, end: str | None, result: float | None, output: str | None = None) -> dict:
        return {"project_id": str(number), "started_on": start, "ended_on": end, "result": result, "output": output}

    projects = table("task_projects", [
        project(1, "2022-01-10", "2022-12-01", 5.0), project(2, "2022-01-10", "2023-02-01", 5.0),
        project(3, "2022-01-10", "2022-12-01", None, "无"), project(4, "2022-01-10", "2022-12-01", None, "专利"),
        project(5, "2022-12-01", None, None), project(6, "2021-01-10", "2021-05-01", 5.0),
    ])  # fmt: skip
    found = pioneer.projects_completed(projects, as_of=AS_OF)
    assert (found.numerator, found.denominator, found.note_values["open"]) == (2, 4, 1)


def test_members_in_rd_pool_firms_and_subtract_the_share_of_all_employees(small):
    small["enterprise_years"] = table("enterprise_years", [
        {"uscc": "A", "year": 2022, "employees": 200, "rd_staff": 40},
        {"uscc": "B", "year": 2022, "employees": 999, "rd_staff": 99},
        {"uscc": "A", "year": 2023, "employees": 1, "rd_staff": 1},
    ])  # fmt: skip
    # A: 12 of 40 R&D staff, 16 of 200 employees. B is covered by a joint branch of its own only: 8 members of 999.
    small["org_coverage"] = small["org_coverage"][small["org_coverage"]["uscc"] == "A"]
    found = forces.compute("v3_member_rd_share", small, as_of=AS_OF)
    assert (found.numerator, found.denominator) == (12, 40)
    assert found.value == pytest.approx(100 * (12 / 40 - 16 / 200))
    # 12 of 40 are 30 %, 16 of 200 are 8 %: the counts shown are those of the first rate alone.
    assert found.note_values == {"firms": 1, "in_rd": "30.00", "in_all": "8.00", "members": "16", "employees": "200"}


def test_two_way_flow_counts_moves_into_technical_posts_and_technical_staff_admitted():
    orgs = table("party_orgs", [org("O")])
    members = table("members", [
        *roll("O", 40, post_type="生产一线", to_on="2023-01-01"),
        *roll("O", 15, post_type="研发", from_on="2023-01-01"),
        *roll("O", 25, first=15, post_type="生产一线", from_on="2023-01-01"),
        *roll("O", 5, first=50, post_type="专业技术", from_on="2023-02-01", developed_here=True),
        *roll("O", 7, first=60, post_type="专业技术", from_on="2023-02-01", developed_here=False),
    ])  # fmt: skip
    found = pioneer.two_way_flow(members, orgs, as_of=AS_OF)
    assert (found.numerator, found.denominator, found.value) == (20, 40, 50.0)
    # 5 admitted are few, and 20 - 15 would name them.
    assert found.note_values == {"promoted": "–", "admitted": "–"}


def test_a_grid_is_active_with_an_activity_of_two_firms_or_more(small):
    small["enterprises"] = small["enterprises"].assign(grid_id=["G1", "G2", "G1", "G2", "G3", "G3"])
    small["grids"] = table("grids", [{"grid_id": f"G{number}"} for number in range(1, 5)])
    small["alliance_events"] = table("alliance_events", [
        {"event_id": "1", "chair_uscc": "A", "firms": 2, "held_on": "2023-04-01"},
        {"event_id": "2", "chair_uscc": "A", "firms": 5, "held_on": "2023-05-01"},
        {"event_id": "3", "chair_uscc": "B", "firms": 1, "held_on": "2023-05-01"},
        {"event_id": "4", "chair_uscc": "E", "firms": 9, "held_on": "2023-03-31"},
    ])  # fmt: skip
    found = forces.compute("t1_grid_active", small, as_of=AS_OF)
    # Both of the quarter's two activities were chaired by A, in G1; whether G2, G3 and G4 met is not known.
    assert (found.numerator, found.denominator) == (1, 4)
    assert found.note_values == {"events": 2, "active": 1, "grids": 4, "unknown": 3, "top": 2}


def ratings(year: int, rows: list[tuple]) -> list[dict]:
    names = ("org_id", "class", "grade", "score_party", "score_growth", "veto")
    return [{"year": year, "rated_on": f"{year}-03-01", **dict(zip(names, row, strict=False))} for row in rows]


def test_upgrades_leave_the_top_class_out_and_downgrades_are_reported():
    held = table("org_ratings", [
        *ratings(2022, [("1", "孵化类"), ("2", "达标类"), ("3", "示范类"), ("4", "成长类"), ("5", "成长类")]),
        *ratings(2023, [("1", "成长类"), ("2", "达标类"), ("3", "达标类"), ("4", "孵化类"), ("6", "示范类")]),
    ])  # fmt: skip
    found = traction.class_upgrades(held, as_of=AS_OF)
    assert (found.numerator, found.denominator) == (1, 3)
    assert found.note_values == {"fell": 2, "top": 1}


def test_good_or_above_falls_when_the_growth_items_go():
    held = table("org_ratings", ratings(2023, [
        ("1", None, "优秀", 60.0, 20.0), ("2", None, "良好", 30.0, 40.0), ("3", None, "一般", 40.0, 20.0),
        ("4", None, None, 90.0, 90.0), ("5", None, "较差", 50.0, 0.0, True),
    ]))  # fmt: skip
    orgs = table("party_orgs", [org(str(number)) for number in range(1, 6)])
    as_graded = traction.good_or_above(held, orgs, as_of=AS_OF)
    assert (as_graded.numerator, as_graded.denominator) == (2, 4)
    # Party 180 of 260 points: weight 9/13. Cut 70, so 48.46: only the first; the fifth has 50 but a veto.
    without = traction.good_or_above(held, orgs, as_of=AS_OF, growth_items="without")
    assert (without.numerator, without.denominator) == (1, 4)
    assert without.note_values["cut"] == pytest.approx(70 * 180 / 260)


def test_good_or_above_is_a_share_of_branches_and_all_organisations_are_another_reading():
    held = table("org_ratings", ratings(2023, [
        ("B", None, "良好"), ("J", None, "一般"), ("C", None, "优秀"), ("G", None, "优秀"), ("?", None, "优秀"),
    ]))  # fmt: skip
    orgs = table("party_orgs", [
        org("B"), org("J", org_type="联合党支部"), org("C", org_type="党委"), org("G", org_type="党总支"),
    ])  # fmt: skip
    branches = traction.good_or_above(held, orgs, as_of=AS_OF)
    # B of B and J; the committee, the general branch and the one that the register does not hold are left out.
    assert (branches.numerator, branches.denominator, branches.base) == (1, 2, "graded_branches_with")
    assert branches.note_values["others"] == 3
    every = traction.good_or_above(held, orgs, as_of=AS_OF, units="organisations")
    assert (every.numerator, every.denominator, every.base) == (4, 5, "graded_organisations_with")


def test_a_rating_given_after_the_day_does_not_count():
    held = table("org_ratings", [*ratings(2022, [("1", "孵化类", "良好")]), *ratings(2023, [("1", "孵化类", "较差")])])
    found = traction.good_or_above(held, table("party_orgs", [org("1")]), as_of=date(2023, 2, 28))
    assert (found.numerator, found.denominator) == (1, 1)


def test_alliance_matches_convert_by_contract_not_by_intent():
    events = table("alliance_events", [
        {"event_id": "1", "event_type": "产业对接", "held_on": "2022-01-01", "intent_amount": 9.0},
        {"event_id": "2", "event_type": "产业对接", "held_on": "2023-06-01", "contract_amount": 2.0},
        {"event_id": "3", "event_type": "党建联建", "held_on": "2023-06-01", "contract_amount": 2.0},
    ])  # fmt: skip
    found = traction.alliance_conversion(events, as_of=AS_OF)
    assert (found.numerator, found.denominator, found.note_values["young"]) == (1, 2, 1)


def test_spread_is_the_mean_over_grids_with_five_scores_or_more():
    orgs = table("party_orgs", [org(f"{grid}{place}", grid_id=grid) for grid in "GH" for place in range(5)])
    rows = [(f"G{place}", None, "良好", 10.0 * place) for place in range(5)]
    rows += [(f"H{place}", None, "良好", 50.0) for place in range(4)]
    found = traction.within_grid_spread(table("org_ratings", ratings(2023, rows)), orgs, as_of=AS_OF)
    # Percentiles of 0, 10, 20, 30, 40: the 90th is 36, the 10th 4.
    assert (found.numerator, found.denominator) == (1, 2)
    assert found.value == pytest.approx(32.0)


def tickets() -> pd.DataFrame:
    def ticket(name: str, channel: str, opened: str, closed: str | None, result: str | None, of: str = "") -> dict:
        return {"ticket_id": name, "channel": channel, "category": "生产难题", "opened_at": opened, "closed_at": closed,
                "resolution": result, "duplicate_of": of or None}  # fmt: skip

    return table("service_tickets", [
        ticket("1", "党群直通车", "2023-05-02 09:00", None, None),
        ticket("2", "部门包片", "2023-05-04 09:00", "2023-05-20 09:00", "解决", "1"),
        ticket("3", "党员包企", "2023-05-05 09:00", "2023-05-21 09:00", "解决", "2"),
        ticket("4", "党群直通车", "2023-05-06 09:00", "2023-06-20 09:00", "解决"),
        ticket("5", "邻里中心", "2023-05-07 09:00", "2023-05-08 09:00", "解释说明", "99"),
        ticket("6", "12345", "2023-06-02 09:00", "2023-06-03 09:00", "解决", "7"),
        ticket("7", "12345", "2023-06-03 09:00", "2023-06-04 09:00", "解决", "6"),
    ])  # fmt: skip


def test_tickets_that_repeat_each_other_are_one_request():
    # 3 repeats 2, which repeats 1; 5 names an unknown ticket; 6 and 7 name each other.
    assert cohesion.request_of_ticket(tickets()).tolist() == ["1", "1", "1", "4", "5", "6", "7"]
    requests = cohesion.unique_requests(tickets()).set_index("request_id")
    assert len(requests) == 5
    first = requests.loc["1"]
    assert (first["tickets"], first["channels"], first["channel"]) == (3, 3, "党群直通车")
    assert first["solved_at"] == pd.Timestamp("2023-05-20 09:00")


def test_requests_solved_take_the_last_month_that_had_thirty_days():
    found = cohesion.requests_solved(tickets(), as_of=AS_OF)
    # May: request 1 solved after 18 days, 4 after 45, 5 only explained.
    assert (found.numerator, found.denominator, found.note_values["month"]) == (1, 3, "2023-05")
    assert cohesion.requests_solved(tickets(), as_of=date(2023, 6, 29)).note_values["month"] == "2023-04"


def test_contact_coverage_counts_people_not_links(small):
    usual = {"contact_role": "党员", "target_type": "职工", "from_on": "2022-01-01"}
    links = [{"contact_pid": f"c{number % 2}", "target_pid": f"w{number % 15}", **usual} for number in range(20)]
    small["contact_assignments"] = table("contact_assignments", links)
    small["enterprise_years"] = table("enterprise_years", [
        {"uscc": "A", "year": 2021, "employees": 60}, {"uscc": "A", "year": 2022, "employees": None},
        {"uscc": "B", "year": 2022, "employees": 40}, {"uscc": "D", "year": 2022, "employees": 500},
    ])  # fmt: skip
    found = forces.compute("c2_contact_cover", small, as_of=AS_OF)
    assert (found.numerator, found.denominator, found.value) == (15, 100, 15.0)
    assert found.note_values["links"] == "20"


@pytest.fixture
def circle(small) -> dict[str, pd.DataFrame]:
    """One site at 118 degrees east and 24 north; A and B state employees, C and F as well, D none."""
    staff = {"A": 30, "B": 70, "C": 40, "F": 500}
    return small | {
        "enterprise_years": table("enterprise_years", [
            {"uscc": uscc, "year": 2022, "employees": number} for uscc, number in staff.items()
        ]),
        "service_sites": table("service_sites", [
            {"site_id": "S", "opened_on": "2022-10-01", "lon": 118.0, "lat": 24.0},
            {"site_id": "T", "opened_on": "2023-07-01", "lon": 118.0, "lat": 24.009},
            {"site_id": "U", "opened_on": "2022-10-01", "lon": 24.009, "lat": 118.0},
        ]),
    }  # fmt: skip


def at(*places: tuple) -> pd.DataFrame:
    return table("firm_places", [dict(zip(("uscc", "lon", "lat"), place, strict=True)) for place in places])


def test_the_service_circle_needs_the_table_of_places(circle):
    found = forces.compute("c3_reach", circle, as_of=AS_OF)
    assert (found.status, found.numerator, found.denominator, found.value) == ("not_testable", None, None, None)
    assert "企业坐标" in found.row()["note_zh"] and "firm_places" in found.row()["note_en"]
    # Columns that the contract's register does not have are no second way in.
    register = circle["enterprises"].assign(lon=118.0, lat=24.0)
    assert forces.compute("c3_reach", {**circle, "enterprises": register}, as_of=AS_OF).status == "not_testable"


def test_the_service_circle_measures_the_walk_to_an_open_site(circle):
    # A stands 0.008 degrees of latitude away (0.89 km), B 0.009 (1.00 km), beside a site that opens tomorrow; 15
    # minutes reach 0.96 km. C states employees and has no place. F left in 2022, D states nobody.
    circle["firm_places"] = at(("A", 118.0, 24.008), ("B", 118.0, 24.009), ("D", 118.0, 24.0), ("F", 118.0, 24.0))
    found = forces.compute("c3_reach", circle, as_of=AS_OF)
    assert (found.numerator, found.denominator, found.value) == (30, 100, 30.0)
    assert found.note_values["unplaced"] == 1
    assert round(found.note_values["km"], 2) == 0.96
    later = forces.compute("c3_reach", circle, as_of=date(2023, 7, 1))
    # All of them: not told, for it would be said of each.
    assert (later.numerator, later.denominator, later.status) == (None, 100, "suppressed")


@pytest.mark.parametrize("place", [("C", None, None), ("C", 118.0, None), ("C", 24.0, 118.0)])
def test_a_blank_or_impossible_place_is_unknown_and_not_out_of_reach(circle, place):
    circle["firm_places"] = at(("A", 118.0, 24.0), ("B", 119.0, 24.0), place)
    found = forces.compute("c3_reach", circle, as_of=AS_OF)
    assert (found.numerator, found.denominator, found.note_values["unplaced"]) == (30, 100, 1)


def test_supplements_delivered_without_a_row_give_no_rate(circle, logged):
    places = forces.compute("c3_reach", {**circle, "firm_places": at()}, as_of=AS_OF)
    assert (places.status, places.numerator, places.denominator, places.value) == ("empty_denominator", 0, 0, None)
    log = forces.compute("p5_life_regular", {**logged, "org_meetings": meeting_log()}, as_of=AS_OF)
    assert (log.status, log.numerator, log.denominator, log.note_values["covered"]) == ("not_testable", None, 0, 0)


def test_too_few_employees_within_reach_or_outside_are_not_told(circle):
    circle["firm_places"] = at(("A", 118.0, 24.0), ("B", 119.0, 24.0))
    few = circle["enterprise_years"].assign(employees=pd.array([9, 70, 40, 500], dtype="Int64"))
    found = forces.compute("c3_reach", {**circle, "enterprise_years": few}, as_of=AS_OF)
    assert (found.status, found.numerator, found.denominator, found.value) == ("suppressed", None, 79, None)


def test_activities_are_divided_by_the_months_in_which_sites_were_open():
    sites = table("service_sites", [
        {"site_id": "1", "opened_on": "2022-10-18"}, {"site_id": "2", "opened_on": "2023-05-20"},
        {"site_id": "3", "opened_on": "2023-07-01"},
    ])  # fmt: skip
    held = [("1", "2023-01-01")] * 10 + [("2", "2023-06-30")] * 5 + [("9", "2023-06-01")] + [("1", "2022-12-31")]
    activities = table("service_activities", [
        {"activity_id": str(n), "site_id": site, "held_on": day} for n, (site, day) in enumerate(held)
    ])  # fmt: skip
    found = cohesion.site_activity(sites, activities, as_of=AS_OF)
    # Six months of site 1 and two of site 2; sixteen activities since January.
    assert (found.numerator, found.denominator, found.value) == (16, 8, 2.0)
    assert found.note_values["elsewhere"] == 1


def test_needs_are_matched_only_by_a_live_service():
    projects = table("service_projects", [
        {"project_id": "n1", "list_type": "需求", "live_on": "2023-05-01"},
        {"project_id": "n2", "list_type": "需求", "live_on": "2023-05-01"},
        {"project_id": "n3", "list_type": "需求", "live_on": "2023-01-01"},
        {"project_id": "s1", "list_type": "服务", "live_on": "2023-05-02", "matches_need": "n1"},
        {"project_id": "s2", "list_type": "服务", "live_on": "2023-07-02", "matches_need": "n2"},
        {"project_id": "s3", "list_type": "服务", "live_on": "2023-01-02", "matches_need": "n3"},
    ])  # fmt: skip
    quarter = cohesion.needs_matched(projects, as_of=AS_OF)
    assert (quarter.numerator, quarter.denominator) == (1, 2)
    every = cohesion.needs_matched(projects, as_of=AS_OF, window="to_date")
    assert (every.numerator, every.denominator) == (2, 3)
