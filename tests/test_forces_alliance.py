"""The alliance in tables: members, chairs, joint filings and matched pairs, counted by hand."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from test_forces import AS_OF, firm, table

from helpers.forces import alliance
from helpers.forces.matching import nearest_pairs

DAY = pd.Timestamp("2021-01-01")


def member(uscc: str, role: str = "成员", place: str | None = "上游", **values: object) -> dict:
    return {"alliance_id": "L", "uscc": uscc, "role": role, "chain_position": place, "joined_on": DAY, **values}


def owned(number: str, *firms: str, how: str = "自主申请") -> list[dict]:
    return [{"application_no": number, "uscc": code, "share": 1 / len(firms), "acquired_by": how} for code in firms]


def filed(number: str, day: str, kind: str = "实用新型", **values: object) -> dict:
    return {"application_no": number, "filed_on": day, "patent_type": kind, **values}


def test_a_firm_counts_once_by_its_place_and_as_a_chair_where_it_is_one():
    held = table("alliance_members", [
        member("A", "轮值", rotation_no=1), member("A", "成员"), member("B", place="下游"), member("C", place=None),
        member("D", left_on="2022-01-01"), member("E", joined_on="2023-07-01"),
    ])  # fmt: skip
    found = alliance.members_by_position(held, as_of=AS_OF).set_index("chain_position")
    assert found.loc[["上游", "中游", "下游", "配套", "unknown", "all"]].to_numpy().tolist() == [
        [1, 0, 1], [0, 0, 0], [0, 1, 1], [0, 0, 0], [0, 1, 1], [1, 2, 3],
    ]  # fmt: skip


def test_a_chair_has_the_events_it_led_and_the_contracts_of_its_matches():
    held = table("alliance_members", [member("B", "轮值", rotation_no=2), member("A", "轮值", rotation_no=1), member("C")])
    events = table("alliance_events", [
        {"event_id": "1", "alliance_id": "L", "chair_uscc": "A", "event_type": "产业对接", "held_on": "2021-05-01",
         "contract_amount": 3.0},
        {"event_id": "2", "alliance_id": "L", "chair_uscc": "A", "event_type": "产业对接", "held_on": "2021-06-01"},
        {"event_id": "3", "alliance_id": "L", "chair_uscc": "A", "event_type": "党建联建", "held_on": "2021-06-01",
         "contract_amount": 3.0},
        {"event_id": "4", "alliance_id": "L", "chair_uscc": "A", "event_type": "产业对接", "held_on": "2024-06-01"},
    ])  # fmt: skip
    found = alliance.rotations(held, events, as_of=AS_OF)
    assert found[["uscc", "rotation_no", "events", "matches", "contracts"]].to_numpy().tolist() == [
        ["A", 1, 3, 2, 1], ["B", 2, 0, 0, 0],
    ]  # fmt: skip


def test_only_shares_applied_for_make_a_joint_filing_and_three_owners_make_three_pairs():
    patents = table("patents", [filed("1", "2020-03-01"), filed("2", "2021-03-01"), filed("3", "2021-04-01"),
                                filed("4", "2024-01-01")])  # fmt: skip
    owners = table("patent_owners", [
        *owned("1", "A", "B", "C"), *owned("2", "B", "A"), *owned("3", "A"), *owned("3", "D", how="受让"),
        *owned("4", "A", "D"),
    ])  # fmt: skip
    joint = alliance.joint_filings(patents, owners, as_of=AS_OF)
    assert joint[["firm_a", "firm_b", "application_no"]].to_numpy().tolist() == [
        ["A", "B", "1"], ["A", "B", "2"], ["A", "C", "1"], ["B", "C", "1"],
    ]  # fmt: skip
    firms, ties = alliance.network(joint, table("alliance_members", [member("A"), member("B")]), as_of=AS_OF)
    assert firms.set_index("uscc")[["partners", "filings", "component"]].to_dict("index") == {
        "A": {"partners": 2, "filings": 2, "component": 0}, "B": {"partners": 2, "filings": 2, "component": 0},
        "C": {"partners": 2, "filings": 1, "component": 0},
    }  # fmt: skip
    assert ties[["firm_a", "firm_b", "filings", "tie"]].to_numpy().tolist() == [
        ["A", "B", 2, "members"], ["A", "C", 1, "mixed"], ["B", "C", 1, "mixed"],
    ]  # fmt: skip


def test_nobody_filed_together_is_an_empty_network():
    joint = alliance.joint_filings(table("patents", []), table("patent_owners", []), as_of=AS_OF)
    firms, ties = alliance.network(joint, table("alliance_members", []), as_of=AS_OF)
    assert (len(firms), len(ties)) == (0, 0)


def test_pairs_take_the_least_total_distance_and_leave_nobody_twice():
    # Nearest first would pair 5 with 4.4 and leave 4 with 9: 0.6 + 5; the other way round it is 4 + 0.4.
    treated = pd.DataFrame({"kind": ["a", "a", "x", "y"], "size": [5.0, 4.0, 1.0, 2.0]}, index=["t1", "t2", "t3", "t4"])
    pool = pd.DataFrame({"kind": ["a", "a", "a", "x"], "size": [4.4, 9.0, 20.0, 50.0]}, index=["p1", "p2", "p3", "p4"])
    found = nearest_pairs(treated, pool, exact=["kind"], on=["size"]).set_index("treated")
    assert found["partner"].to_dict() == {"t1": "p2", "t2": "p1", "t3": "p4"}
    spread = np.std([5, 4, 1, 2, 4.4, 9, 20, 50])
    assert found["distance"].to_dict() == pytest.approx({"t1": 4 / spread, "t2": 0.4 / spread, "t3": 49 / spread})


def test_missing_values_find_no_partner_and_an_empty_pool_gives_no_pairs():
    treated = pd.DataFrame({"size": [1.0, np.nan]}, index=["t1", "t2"])
    pool = pd.DataFrame({"size": [3.0, np.nan]}, index=["p1", "p2"])
    assert nearest_pairs(treated, pool, on=["size"])["treated"].tolist() == ["t1"]
    assert nearest_pairs(treated, pool.head(0), on=["size"]).empty


def test_a_member_is_paired_within_its_industry_with_a_firm_that_never_joined():
    register = table("enterprises", [
        firm("A", industry_code="1711"), firm("B", industry_code="1722"), firm("C", industry_code="1733"),
        firm("D", industry_code="2011"), firm("E", industry_code="1744"), firm("F"),
    ])  # fmt: skip
    years = table("enterprise_years", [
        {"uscc": code, "year": 2022, "employees": size}
        for code, size in (("A", 100), ("B", 90), ("C", 1000), ("D", 100), ("E", 100), ("F", 100))
    ])  # fmt: skip
    held = table("alliance_members", [member("A"), member("E", left_on="2022-01-01"), member("F")])
    found = alliance.similar_non_members(held, register, years, _filings(), as_of=AS_OF)
    # E was a member once, F has no industry.
    assert found[["treated", "partner"]].to_numpy().tolist() == [["A", "B"]]
    assert found["joined_on"].tolist() == [DAY]


def _filings(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["uscc", "application_no", "filed_on", "patent_type"])
    return frame.assign(filed_on=pd.to_datetime(frame["filed_on"]))


def test_changes_are_compared_only_where_the_year_after_is_visible():
    pairs = pd.DataFrame({"treated": ["A", "B", "C"], "partner": ["X", "Y", "Z"], "distance": 0.0,
                          "joined_on": pd.to_datetime(["2021-01-01", "2021-01-01", "2022-06-01"])})  # fmt: skip
    filings = _filings(
        # A: one before, three after; X: one before, one after. B: none, one; Y: two before, none after.
        ("A", "1", "2020-01-01", "实用新型"), ("A", "2", "2021-01-01", "实用新型"), ("A", "3", "2021-05-01", "实用新型"),
        ("A", "4", "2021-12-31", "实用新型"), ("A", "5", "2022-01-01", "实用新型"), ("X", "6", "2020-12-31", "实用新型"),
        ("X", "7", "2021-03-01", "实用新型"), ("B", "8", "2021-03-01", "实用新型"), ("Y", "9", "2020-03-01", "实用新型"),
        ("Y", "10", "2020-04-01", "实用新型"), ("C", "11", "2022-07-01", "实用新型"), ("A", "12", "2021-02-01", "发明"),
    )  # fmt: skip
    found = alliance.before_after(pairs, filings, visible_to={"实用新型": date(2021, 12, 31)}).iloc[0]
    assert (found["pairs"], found["complete"]) == (3, 2)
    assert (found["before_member"], found["before_partner"]) == pytest.approx((1 / 3, 1))
    assert (found["after_member"], found["after_partner"]) == (2.0, 0.5)
    # Changes: A +2 against X 0, B +1 against Y -2: differences 2 and 3; t with one degree of freedom is 12.706.
    assert found["difference"] == 2.5
    assert (found["conf_low"], found["conf_high"]) == pytest.approx((2.5 - 12.7062 * 0.5, 2.5 + 12.7062 * 0.5), abs=1e-3)
    assert found["first_end"] == pd.Timestamp("2021-12-31")
    blind = alliance.before_after(pairs, filings, visible_to={"实用新型": date(2021, 12, 30)}).iloc[0]
    assert blind["complete"] == 0
    assert blind[["after_member", "difference", "conf_low"]].isna().all()


def test_pairs_that_file_together_are_counted_on_both_sides_and_in_their_windows():
    pairs = pd.DataFrame({"treated": ["A", "B", "C"], "partner": ["X", "Y", "Z"], "distance": 0.0,
                          "joined_on": pd.to_datetime(["2021-01-01", "2021-02-01", "2021-01-01"])})  # fmt: skip
    joint = pd.DataFrame(
        [("A", "B", "1", "2021-01-15"), ("A", "B", "2", "2021-02-01"), ("A", "C", "3", "2021-12-31"),
         ("A", "C", "4", "2021-11-30"), ("A", "X", "5", "2021-05-01"), ("X", "Y", "6", "2019-12-31"),
         ("X", "Y", "7", "2021-01-31")],
        columns=["firm_a", "firm_b", "application_no", "filed_on"],
    )  # fmt: skip
    joint = joint.assign(filed_on=pd.to_datetime(joint["filed_on"]))
    found = alliance.joint_pairs(pairs, joint, visible_to=date(2022, 1, 31)).set_index("group")
    # The pair A, B counts from B's day, 1 February: one filing before, one after.
    assert found.loc["members"].tolist() == [3, 1, 2]
    assert found.loc["partners"].tolist() == [3, 1, 0]
    assert alliance.joint_pairs(pairs, joint, visible_to=date(2022, 1, 30))["after"].isna().all()


def test_filings_belong_to_their_owners_or_else_to_the_code_on_the_application():
    patents = table("patents", [filed("1", "2020-03-01", uscc="A"), filed("2", "2020-04-01", uscc="A"),
                                filed("3", None, uscc="A")])  # fmt: skip
    owners = table("patent_owners", [*owned("1", "B"), *owned("1", "C", how="许可")])
    found = alliance.own_filings(patents, owners)
    assert found[["uscc", "application_no"]].to_numpy().tolist() == [["B", "1"], ["A", "2"]]


def test_an_alliance_without_members_has_no_pairs_and_no_changes():
    register = table("enterprises", [firm("A", industry_code="1711")])
    years = table("enterprise_years", [{"uscc": "A", "year": 2022, "employees": 10}])
    pairs = alliance.similar_non_members(table("alliance_members", []), register, years, _filings(), as_of=AS_OF)
    assert pairs.empty
    assert alliance.before_after(pairs, _filings(), visible_to={"发明": date(2021, 12, 31)})["pairs"].tolist() == [0]
    joint = alliance.joint_filings(table("patents", []), table("patent_owners", []), as_of=AS_OF)
    assert alliance.joint_pairs(pairs, joint, visible_to=date(2022, 1, 1))["possible"].tolist() == [0, 0]
