"""Organisation and services in tables, counted by hand."""

from datetime import date

import pandas as pd
import pytest
from test_forces import AS_OF, cover, firm, org, ratings, roll, table, tickets

from helpers.forces import organisation
from helpers.text import say


def test_the_tree_finds_depth_orphans_circles_and_terms_that_ran_out():
    orgs = table("party_orgs", [
        org("GW", parent_org_id=None), org("LX", parent_org_id="GW"), org("A", term_ends_on="2023-06-29"),
        org("A1", parent_org_id="A"), org("B", parent_org_id="nowhere"), org("C", parent_org_id="gone"),
        org("gone", dissolved_on="2020-01-01"), org("X", parent_org_id="Y"), org("Y", parent_org_id="Z"),
        org("Z", parent_org_id="Y"),
    ])  # fmt: skip
    tree = organisation.organisation_tree(orgs, as_of=AS_OF).set_index("org_id")
    assert tree["depth"].dropna().to_dict() == {"GW": 1, "LX": 2, "A": 3, "A1": 4, "B": 1, "C": 1}
    assert tree.index[tree["in_cycle"]].tolist() == ["Y", "Z"]
    assert tree.index[tree["is_orphan"]].tolist() == ["B"]
    assert tree.index[tree["has_dissolved_parent"]].tolist() == ["C"]
    counted = organisation.tree_summary(tree.reset_index()).set_index("measure")["n"].to_dict()
    assert counted == {"organisations": 9, "deepest": 4, "is_root": 1, "is_orphan": 1, "has_dissolved_parent": 1,
                       "in_cycle": 2, "is_overdue": 1}  # fmt: skip
    assert all(say(f"forces.measure_{name}", "zh") for name in counted)


def test_organisations_are_counted_by_depth_and_type():
    orgs = table("party_orgs", [
        org("GW", org_type="党工委", parent_org_id=None), org("A", parent_org_id="GW"), org("B", parent_org_id="GW"),
    ])  # fmt: skip
    found = organisation.organisations_by_depth(organisation.organisation_tree(orgs, as_of=AS_OF))
    assert found.to_dict() == {"党工委": {1: 1, 2: 0}, "党支部": {1: 0, 2: 2}}


def test_class_transitions_count_only_organisations_with_a_class_in_both_years():
    held = table("org_ratings", [
        *ratings(2022, [("1", "孵化类"), ("2", "达标类"), ("3", "达标类"), ("4", "成长类"), ("5", None)]),
        *ratings(2023, [("1", "成长类"), ("2", "达标类"), ("3", "成长类"), ("5", "示范类")]),
    ])  # fmt: skip
    found = organisation.class_transitions(held, to_year=2023)
    assert found.to_numpy().tolist() == [[0, 1, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    assert list(found.index) == ["孵化类", "成长类", "达标类", "示范类"]


def test_uncovered_firms_are_counted_by_the_first_reason_that_holds():
    enterprises = table("enterprises", [firm(code) for code in "ABCDEF"])
    orgs = table("party_orgs", [org("O"), org("P"), org("Q"), org("R")])
    coverage = table("org_coverage", [
        cover("O", "A"), cover("P", "B", "仅工作覆盖"), cover("Q", "C", "仅工作覆盖"), cover("R", "D", "仅工作覆盖"),
        cover("O", "E", "挂靠", to_on="2020-01-01"),
    ])  # fmt: skip
    members = table("members", [*roll("O", 5), *roll("P", 3, first=5), *roll("Q", 2, first=8)])
    found = organisation.uncovered_firms(enterprises, coverage, orgs, members, as_of=AS_OF)
    assert found.set_index("reason")["firms"].to_dict() == {
        "should_have_organisation": 1, "fewer_than_3_members": 1, "work_coverage_only": 1, "coverage_ended": 1,
        "no_member_known": 1,
    }  # fmt: skip
    assert set(found["n"]) == {6}
    assert all(say(f"forces.reason_{name}", "en") for name in found["reason"])


def test_tickets_by_channel_tell_rows_from_requests():
    found = organisation.tickets_by_channel(tickets()).set_index("channel")
    assert found.loc["党群直通车"].to_dict() == {
        "tickets": 2, "requests": 2, "first_here": 2, "open_tickets": 1, "solved": 1
    }  # fmt: skip
    assert found.loc["部门包片", "first_here"] == 0
    assert (found["tickets"].sum(), found["first_here"].sum()) == (7, 5)


def test_kaplan_meier_keeps_open_requests_at_risk_until_they_are_censored():
    rows = [("1", "2023-06-01", "2023-06-02"), ("2", "2023-06-01", "2023-06-03"), ("3", "2023-06-29", None),
            ("4", "2023-06-01", "2023-06-11"), ("5", "2023-06-05", "2023-06-04")]  # fmt: skip
    names = ("ticket_id", "opened_at", "closed_at")
    held = table("service_tickets", [dict(zip(names, row, strict=True)) for row in rows]).assign(channel="12345")
    curve = organisation.time_to_close(held, as_of=AS_OF)
    # Closed after 1, 2 and 10 days; one censored after 2 days; one closed before it was opened is left out.
    assert curve["days"].tolist() == [0, 1, 2, 10]
    assert curve["open_share"].tolist() == pytest.approx([1, 3 / 4, 3 / 4 * 2 / 3, 0])
    assert curve["at_risk"].tolist() == [4, 4, 3, 1]
    # Greenwood at day 1: sqrt(3/4 * 1/4 / 4) = 0.2165; on the log(-log) scale that is 0.1279 to 0.9605.
    assert curve.loc[1, ["conf_low", "conf_high"]].tolist() == pytest.approx([0.1279, 0.9605], abs=1e-4)
    assert organisation.median_days(curve).loc[0, "median_days"] == 2.0


def test_what_closed_after_the_day_is_still_open_on_it():
    curve = organisation.time_to_close(tickets(), as_of=date(2023, 5, 31))
    assert curve["requests"].iloc[0] == 3
    assert curve["closed"].sum() == 2


def test_delivery_by_month_keeps_the_undelivered():
    pairs = table("policy_deliveries", [
        {"policy_id": "1", "uscc": "A", "issued_at": "2023-05-08 09:00", "delivered_at": "2023-05-08 10:00",
         "received_by": "企业负责人"},
        {"policy_id": "2", "uscc": "A", "issued_at": "2023-05-09 09:00"},
        {"policy_id": "3", "uscc": "A", "issued_at": "2023-05-10 09:00", "delivered_at": "2023-05-11 10:00",
         "received_by": "企业负责人"},
        {"policy_id": "4", "uscc": "A", "issued_at": "2023-06-12 09:00"},
    ])  # fmt: skip
    found = organisation.delivery_by_month(pairs, as_of=AS_OF)
    assert found[["issued", "delivered", "within_half_day"]].to_numpy().tolist() == [[3, 2, 1], [1, 0, 0]]
    assert found["share_pct"].tolist() == pytest.approx([100 / 3, 0])


def test_activities_by_site_divide_by_the_months_it_was_open():
    opened = {"1": "2022-10-18", "2": "2023-05-20", "3": "2023-07-20"}
    sites = table("service_sites", [{"site_id": site, "opened_on": day} for site, day in opened.items()])
    days = [("1", "2023-01-01"), ("1", "2023-02-01"), ("1", "2022-12-31"), ("2", "2023-06-01")]
    held = table("service_activities", [
        {"activity_id": str(number), "site_id": site, "held_on": day} for number, (site, day) in enumerate(days)
    ])  # fmt: skip
    found = organisation.activities_by_site(sites, held, start=date(2023, 1, 1), as_of=AS_OF)
    assert found["months_open"].tolist() == [6, 2, 0]
    assert found["activities"].tolist() == [2, 1, 0]
    assert found["per_month"].tolist() == pytest.approx([1 / 3, 1 / 2, float("nan")], nan_ok=True)


def test_alliance_outcomes_keep_intent_and_contract_apart():
    events = table("alliance_events", [
        {"event_id": "1", "event_type": "产业对接", "held_on": "2023-06-21", "intent_amount": 90.0},
        {"event_id": "2", "event_type": "产业对接", "held_on": "2023-06-22", "intent_amount": 10.0,
         "contract_amount": 2.0},
        {"event_id": "3", "event_type": "产业对接", "held_on": "2023-07-22", "contract_amount": 2.0},
    ])  # fmt: skip
    found = organisation.alliance_outcomes(events, as_of=AS_OF).iloc[0]
    assert (found["events"], found["with_intent"], found["with_contract"]) == (2, 2, 1)
    assert (found["intent_10k_cny"], found["contract_10k_cny"], found["share_pct"]) == (100.0, 2.0, 50.0)


def test_empty_tables_give_empty_counts():
    assert organisation.tickets_by_channel(table("service_tickets", [])).empty
    assert organisation.time_to_close(table("service_tickets", []), as_of=AS_OF)["requests"].sum() == 0
    assert organisation.delivery_by_month(table("policy_deliveries", []), as_of=AS_OF).empty
    assert organisation.alliance_outcomes(table("alliance_events", []), as_of=AS_OF).empty
    tree = organisation.organisation_tree(table("party_orgs", []), as_of=AS_OF)
    assert organisation.tree_summary(tree)["n"].sum() == 0
    assert isinstance(tree, pd.DataFrame)
