"""KPIs of the systems on tables small enough to count, and the list of all 31 systems."""

import re
from datetime import date

import pandas as pd
import pytest

from helpers import codebook, forces, paths
from helpers.forces.systems import SYSTEMS
from helpers.params.pages import PAGES
from helpers.text import LANGS, say

AS_OF = date(2023, 6, 30)


def table(columns: str, *rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=columns.split())
    dates = [name for name in frame if name.endswith("_on")]
    return frame.assign(**{name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in dates})


# Through duty posts: a (in the year), b (also by the through train, first there), d (long ago); c by the hotline alone.
TICKETS = table(
    "ticket_id channel opened_at closed_at resolution uscc category duplicate_of",
    ("a", "党员包企", "2023-01-01", None, None, "A", "融资", None), ("b", "党群直通车", "2023-02-01", None, None, "A", "融资", None),
    ("b2", "领导挂钩", "2023-02-02", None, None, "A", "融资", "b"), ("a2", "部门包片", "2023-03-01", None, None, "B", "用地", None),
    ("c", "12345", "2021-01-01", None, None, "B", "用地", None), ("d", "党员包企", "2020-01-01", None, None, "A", "融资", None),
).assign(opened_at=lambda frame: pd.to_datetime(frame["opened_at"]), closed_at=pd.NaT)  # fmt: skip


ORGS = table(
    "org_id org_type parent_org_id established_on dissolved_on term_ends_on",
    ("O1", "党支部", None, "2015-01-01", None, "2023-06-29"), ("O2", "党支部", None, "2015-01-01", None, "2023-06-30"),
    ("O3", "党委", None, "2015-01-01", None, None), ("O4", "党支部", None, "2015-01-01", "2020-01-01", "2019-01-01"),
    ("R1", "居民小区党委", None, "2020-01-01", None, "2020-06-01"),
)  # fmt: skip
FIRMS = table(
    "uscc founded_on exit_on status reg_type control_type above_scale area_id operating",
    ("A", "2010-01-01", None, "存续", "私营有限", "私人控股", "规上工业", "A01", True),
    ("B", "2010-01-01", None, "存续", "私营有限", "私人控股", "限上批零", "A01", True),
    ("C", "2010-01-01", None, "存续", "私营有限", "私人控股", "规上工业", "A02", True),
    ("D", "2010-01-01", None, "存续", "私营有限", "私人控股", "否", "A01", True),
)  # fmt: skip
CASES = {
    # The residential committee and the dissolved branch do not count; one organisation states no term.
    "s02_overdue": ({"party_orgs": ORGS}, (1, 2, 50.0), {"blank": 1}),
    "s03_firms_per_liaison": (
        {"enterprises": FIRMS, "areas": table("area_id fulltime_liaisons", ("A01", 2.0), ("A02", None))},
        (2, 2, 1.0), {"areas": 1, "all": 2}),
    "s09_brands": (
        {"org_brands": table("org_id recognised_on", ("O1", "2022-01-01"), ("O2", "2022-01-01"), ("O3", "2022-01-01"),
                             ("O1", "2024-01-01")),
         "org_ratings": table("org_id year class grade rated_on", ("O1", 2022, "示范类", None, "2022-12-01"),
                              ("O2", 2022, "达标类", None, "2022-12-01"), ("O2", 2021, "示范类", None, "2021-12-01"))},
        (1, 2, 50.0), {"others": 1}),
    "s10_passed": (
        {"cultivation_targets": table("uscc listed_on result", ("A", "2022-01-01", "通过"), ("B", "2022-01-01", "未通过"),
                                      ("C", "2022-01-01", "通过"), ("D", "2022-01-01", "进行中"),
                                      ("E", "2023-07-01", "通过"))},
        (2, 3, 100 * 2 / 3), {"open": 1}),
    "s11_vacant": (
        {"party_orgs": ORGS, "secretaries": table("member_pid org_id from_on to_on", ("p1", "O1", "2020-01-01", None),
                                                  ("p1", "O2", "2020-01-01", None), ("p2", "O3", "2020-01-01", "2021-01-01"))},
        (1, 3, 100 / 3), {"several": "–"}),
    "s12_lectures": (
        {"training_events": table("plan_item held_on attendance", ("企业家大讲堂", "2023-01-01", 40.0),
                                  ("企业家大讲堂", "2022-01-01", 90.0), ("培训(十)", "2023-01-01", 9.0))},
        (None, None, None), {"lectures": 1, "attendances": "40"}),
    "s20_verifiable": (
        {"task_projects": table("project_id ended_on baseline result", ("a", "2022-01-01", 1.0, 2.0),
                                ("b", "2022-01-01", 1.0, 1.0), ("c", "2022-01-01", 1.0, None), ("d", None, 1.0, 9.0))},
        (2, 3, 100 * 2 / 3), {"changed": 1}),
    "s21_outputs": (
        {"task_projects": table("project_id vehicle ended_on output", ("a", "创新工作室", "2022-01-01", "专利"),
                                ("b", "创新工作室", "2022-01-01", "无"), ("c", "攻关组", "2022-01-01", "专利"),
                                ("d", "创新工作室", None, "专利"), ("e", "创新工作室", "2022-01-01", "工艺"))},
        (2, 3, 100 * 2 / 3), {"patents": 1}),
    "s25_several": (
        {"responsibility_assignments": table("assignment_id duty_type uscc from_on to_on",
                                             ("1", "领导挂钩", "A", "2020-01-01", None), ("2", "党员包企", "A", "2020-01-01", None),
                                             ("3", "领导挂钩", "B", "2020-01-01", None), ("4", "党员包企", "B", "2020-01-01", "2021-01-01"),
                                             ("5", "部门包片", None, "2020-01-01", None))},
        (1, 2, 50.0), {"posts": 3}),
    "s25_tickets": (
        {"responsibility_assignments": table("assignment_id duty_type uscc from_on to_on", ("1", "领导挂钩", "A", "2020-01-01", None),
                                             ("2", "党员包企", "B", "2020-01-01", None), ("3", "部门包片", None, "2020-01-01", None)),
         "service_tickets": TICKETS},
        (2, 2, 1.0), {"requests": 3}),
    "s25_overlap": ({"service_tickets": TICKETS}, (1, 4, 25.0), {}),
    "s26_actions": (
        {"support_teams": table("team_type set_on firm_visits", ("联合行动", "2022-01-01", 10.0), ("联合行动", "2022-01-01", 4.0),
                                ("联合行动", "2022-01-01", None), ("志愿服务队", "2022-01-01", 99.0))},
        (14, 2, 7.0), {"blank": 1}),
    "s27_teams": (
        {"support_teams": table("team_type set_on firm_visits", ("联合行动", "2022-01-01", 10.0), ("导师服务团", "2022-01-01", 6.0),
                                ("志愿服务队", "2022-01-01", 3.0), ("志愿服务队", "2024-01-01", 50.0))},
        (9, 2, 4.5), {"blank": 0}),
    "s30_sharing": (
        {"service_activities": table("activity_type held_on", ("邻里共享日", "2023-06-30"), ("邻里共享日", "2023-05-01"),
                                     ("邻里共享日", "2022-08-01"), ("公益服务", "2023-01-01"), ("邻里共享日", "2022-06-30"))},
        (2, 4, 50.0), {"days": 3}),
    "s31_residential": ({"party_orgs": ORGS}, (1, 4, 25.0), {}),
}  # fmt: skip


LECTURES = table(
    "event_id plan_item held_on attendance",
    ("L1", "企业家大讲堂", "2022-07-01", 40.0), ("L2", "企业家大讲堂", "2023-06-30", 60.0),
    ("L3", "企业家大讲堂", "2023-03-01", 50.0), ("L0", "企业家大讲堂", "2022-06-30", 90.0),
    ("L9", "企业家大讲堂", "2023-07-01", 90.0), ("P1", "培训(十)", "2023-01-01", 9.0),
)  # fmt: skip


def came(*rows: tuple) -> pd.DataFrame:
    return table("event_id uscc attended_by", *rows)


def test_the_lecture_hall_reaches_the_firms_whose_owner_came_within_twelve_months():
    firms = table("uscc founded_on exit_on status reg_type control_type above_scale operating",
                  *[(code, "2010-01-01", None, "存续", "私营有限", "私人控股", "否", True) for code in "ABCDE"],
                  ("S", "2010-01-01", None, "存续", "国有控股", "国有控股", "否", True))  # fmt: skip
    given = {"training_events": LECTURES, "enterprises": firms, "lecture_attendance": came(
        ("L1", "A", "出资人"), ("L2", "A", "出资人"), ("L2", "B", "出资人"), ("L2", "C", "高级管理"), ("L1", "D", None),
        ("L0", "E", "出资人"), ("L9", "E", "出资人"), ("P1", "E", "出资人"), ("L2", "S", "出资人"),
    )}  # fmt: skip
    found = forces.compute("s12_lectures", given, as_of=AS_OF)
    # Owners of A (twice) and B; a manager of C and somebody of D; E came before, after and to another event, S is state.
    assert (found.status, found.numerator, found.denominator, found.value) == ("computed", 2, 5, 40.0)
    assert found.note_values == {"lectures": 3, "unrecorded": 1, "anyone": 4}
    assert (found.base, found.window) == ("all_operating", "twelve_months")


def test_lectures_without_any_record_of_who_came_reached_an_unknown_number():
    given = {"training_events": LECTURES, "enterprises": FIRMS, "lecture_attendance": came(("L0", "A", "出资人"))}
    found = forces.compute("s12_lectures", given, as_of=AS_OF)
    assert (found.status, found.numerator, found.denominator, found.value) == ("not_testable", None, 4, None)
    assert found.note_values == {"lectures": 3, "unrecorded": 3, "anyone": 0}
    none_held = {**given, "training_events": LECTURES[LECTURES["event_id"] == "L0"]}
    assert forces.compute("s12_lectures", none_held, as_of=AS_OF).value == 0.0


def test_who_came_without_a_register_of_firms_is_a_table_not_supplied():
    given = {"training_events": LECTURES, "lecture_attendance": came(("L1", "A", "出资人"))}
    found = forces.all_measures(given, AS_OF).set_index("id").loc["s12_lectures"]
    assert found["status"] == "table_not_supplied" and "enterprises" in found["note_en"]


@pytest.mark.parametrize("id", list(forces.MEASURES))
def test_every_measure_by_hand(id):
    given, (numerator, denominator, value), note = CASES[id]
    found = forces.compute(id, given, as_of=AS_OF)
    assert (found.numerator, found.denominator) == (numerator, denominator)
    assert found.value == (value if value is None else pytest.approx(value))
    assert dict(found.note_values) == note
    assert all(found.row()[f"note_{lang}"] for lang in LANGS)


def test_a_quarter_that_is_under_way_is_not_due():
    given = {
        "service_activities": table("activity_type held_on", ("邻里共享日", "2023-05-01"), ("邻里共享日", "2023-01-01"))
    }
    assert forces.compute("s30_sharing", given, as_of=date(2023, 6, 29)).numerator == 1
    assert forces.compute("s30_sharing", given, as_of=date(2023, 6, 30)).numerator == 2


def test_a_missing_table_is_named_for_every_measure():
    found = forces.all_measures({}, AS_OF)
    assert set(found["status"]) == {"table_not_supplied"}
    assert found["id"].tolist() == list(forces.MEASURES)


def test_every_system_has_its_tables_kpis_words_and_page():
    assert [system.number for system in SYSTEMS] == list(range(1, 32))
    tables = set(codebook.load().tables)
    for system in SYSTEMS:
        assert set(system.tables) <= tables
        assert set(system.kpis) <= {*forces.REGISTRY, *forces.MEASURES}
        assert system.page in PAGES
        assert all(say(f"forces.system_{system.number}", lang) for lang in LANGS)
    shown = {kpi for system in SYSTEMS for kpi in system.kpis}
    assert set(forces.MEASURES) <= shown


def test_the_document_of_the_systems_says_what_the_code_does():
    lines = (paths.ROOT / "docs" / "systems.md").read_text(encoding="utf-8").splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("| ") and line[2].isdigit()
    ]
    assert len(rows) == len(SYSTEMS)
    for row, system in zip(rows, SYSTEMS, strict=True):
        assert row[0] == f"{system.number}"
        assert all(f"`{name}`" in row[2] for name in system.tables)
        assert all(f"`{kpi}`" in row[3] for kpi in system.kpis)
        assert f"(../notebooks/{system.page}.ipynb)" in row[4]
        linked = [part.split(")")[0] for part in row[5].split("(../")[1:]]
        assert linked and all((paths.ROOT / name).is_file() for name in linked)


@pytest.mark.parametrize("id", [*forces.REGISTRY, *forces.MEASURES])
def test_every_indicator_states_its_unit_window_benchmark_and_trap(id):
    said = " ".join((forces.REGISTRY.get(id) or forces.MEASURES[id]).__doc__.split())
    for what in (r"percent|points|per \w+|not_testable", r"point in time|months|year|month|quarter|to date", "Benchmark", "Trap"):
        assert re.search(what, said), what
