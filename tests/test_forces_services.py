"""Services in tables: requests, deliveries, sites and alliance events, counted by hand."""

from datetime import date

import pandas as pd
import pytest
from test_forces import AS_OF, table, tickets

from helpers.forces import services


def test_tickets_are_counted_where_they_came_in_and_requests_where_they_came_in_first():
    found = services.tickets_by_channel(tickets(), as_of=AS_OF).set_index("channel")
    # Requests: 1 (repeated by 2 in another channel and by 3 in a third, solved there), 4, 5 (only explained), 6, 7.
    assert found[["tickets", "requests", "solved", "ended", "open_requests"]].T.to_dict("list") == {
        "党群直通车": [2, 2, 2, 0, 0], "12345": [2, 2, 2, 0, 0], "党员包企": [1, 0, 0, 0, 0],
        "邻里中心": [1, 1, 0, 1, 0], "部门包片": [1, 0, 0, 0, 0],
    }  # fmt: skip
    assert found[["tickets", "requests", "timed"]].sum().tolist() == [7, 5, 5]


def test_a_request_is_open_only_without_a_date_and_without_a_result():
    def ticket(name: str, opened: str, closed: str | None, result: str | None, of: str | None = None) -> dict:
        return {"ticket_id": name, "channel": "12345", "opened_at": opened, "closed_at": closed, "resolution": result,
                "duplicate_of": of}  # fmt: skip

    held = table("service_tickets", [
        ticket("solved", "2023-05-01", "2023-05-03", "解决"), ticket("undated", "2023-05-01", None, "解决"),
        ticket("silent", "2023-05-01", "2023-05-02", None), ticket("open", "2023-05-01", None, None),
        ticket("reversed", "2023-05-02", "2023-05-01", "未解决"), ticket("later", "2023-05-01", "2023-07-01", "解决"),
        ticket("repeat", "2023-05-09", "2023-05-10", "部分解决", "open"), ticket("not yet", "2023-07-01", None, None),
        ticket("no day", None, None, None),
    ])  # fmt: skip
    found = services.tickets_by_channel(held, as_of=AS_OF).iloc[0]
    # The request `open` ended through its repeat; `later` is open on the day; the last two are not opened by then.
    assert found.drop("channel").to_dict() == {
        "tickets": 7, "requests": 6, "solved": 2, "ended": 3, "open_requests": 1, "undated": 1, "timed": 4
    }  # fmt: skip
    curve = services.time_to_close(held, as_of=AS_OF)
    assert curve["requests"].iloc[0] == found["timed"]
    # Closed after 1, 2 and 9 days (opening on the first, the repeat closing on the tenth); `later` is censored.
    assert curve["days"].tolist() == [0, 1, 2, 9]
    assert curve["at_risk"].tolist() == [4, 4, 3, 2]


def test_kaplan_meier_keeps_open_requests_at_risk_until_they_are_censored():
    rows = [("1", "2023-06-01", "2023-06-02"), ("2", "2023-06-01", "2023-06-03"), ("3", "2023-06-29", None),
            ("4", "2023-06-01", "2023-06-11"), ("5", "2023-06-05", "2023-06-04")]  # fmt: skip
    names = ("ticket_id", "opened_at", "closed_at")
    held = table("service_tickets", [dict(zip(names, row, strict=True)) for row in rows]).assign(channel="12345")
    curve = services.time_to_close(held, as_of=AS_OF)
    # Closed after 1, 2 and 10 days; one censored after 2 days; one closed before it was opened is left out.
    assert curve["days"].tolist() == [0, 1, 2, 10]
    assert curve["open_share"].tolist() == pytest.approx([1, 3 / 4, 3 / 4 * 2 / 3, 0])
    assert curve["at_risk"].tolist() == [4, 4, 3, 1]
    # Greenwood at day 1: sqrt(3/4 * 1/4 / 4) = 0.2165; on the log(-log) scale that is 0.1279 to 0.9605.
    assert curve.loc[1, ["conf_low", "conf_high"]].tolist() == pytest.approx([0.1279, 0.9605], abs=1e-4)
    assert services.median_days(curve).loc[0, "median_days"] == 2.0


def test_curves_are_named_by_their_group_whatever_it_is():
    held = tickets().assign(category=["融资", "融资", "融资", "用工", "用工", "用工", "用工"])
    assert services.time_to_close(held, as_of=AS_OF, by="category")["group"].unique().tolist() == ["用工", "融资"]
    assert set(services.time_to_close(held, as_of=AS_OF)["group"]) == {"all"}
    assert services.median_days(services.time_to_close(held, as_of=AS_OF, by="category"))["group"].tolist() == [
        "用工", "融资",
    ]  # fmt: skip


def test_a_thinned_curve_keeps_the_days_on_which_the_share_has_fallen_enough():
    curve = pd.DataFrame({"group": "all", "days": [0, 1, 2, 3, 4, 9], "open_share": [1, 0.96, 0.9, 0.5, 0.45, 0.1],
                          "at_risk": [100, 100, 96, 90, 50, 45], "closed": [0, 4, 6, 40, 5, 35],
                          "requests": 100})  # fmt: skip
    found = services.thinned(curve, until=5, fall=0.1)
    # 0.96 has not fallen by 0.1 yet; 0.45 not since 0.5; the curve ends on day 5 at the share of day 4.
    assert found["days"].tolist() == [0, 2, 3, 5]
    assert found["open_share"].tolist() == [1, 0.9, 0.5, 0.45]
    assert found["at_risk"].tolist() == [100, 96, 90, 45]


def test_what_closed_after_the_day_is_still_open_on_it():
    curve = services.time_to_close(tickets(), as_of=date(2023, 5, 31))
    assert curve["requests"].iloc[0] == 3
    assert curve["closed"].sum() == 2


def test_activities_by_site_divide_by_the_months_it_was_open():
    opened = {"1": "2022-10-18", "2": "2023-05-20", "3": "2023-07-20"}
    sites = table("service_sites", [{"site_id": site, "opened_on": day} for site, day in opened.items()])
    days = [("1", "2023-01-01", 30), ("1", "2023-02-01", None), ("1", "2022-12-31", 99), ("2", "2023-06-01", 9)]
    held = table("service_activities", [
        {"activity_id": str(number), "site_id": site, "held_on": day, "attendance": came}
        for number, (site, day, came) in enumerate(days)
    ])  # fmt: skip
    found = services.activities_by_site(sites, held, start=date(2023, 1, 1), as_of=AS_OF)
    assert found["months_open"].tolist() == [6, 2, 0]
    assert found["activities"].tolist() == [2, 1, 0]
    assert found["per_month"].tolist() == pytest.approx([1 / 3, 1 / 2, float("nan")], nan_ok=True)
    # Thirty came in six months; nine are too few to be given, and nobody is known for the third.
    assert found["attendances"].tolist()[0] == 30
    assert found["use_per_month"].tolist()[0] == 5
    assert found[["attendances", "use_per_month"]].isna().to_numpy().tolist() == [[False] * 2, [True] * 2, [True] * 2]


def test_alliance_outcomes_keep_intent_and_contract_apart():
    events = table("alliance_events", [
        {"event_id": "1", "event_type": "产业对接", "held_on": "2023-06-21", "intent_amount": 90.0},
        {"event_id": "2", "event_type": "产业对接", "held_on": "2023-06-22", "intent_amount": 10.0,
         "contract_amount": 2.0},
        {"event_id": "3", "event_type": "产业对接", "held_on": "2023-07-22", "contract_amount": 2.0},
    ])  # fmt: skip
    found = services.alliance_outcomes(events, as_of=AS_OF).iloc[0]
    assert (found["events"], found["with_intent"], found["with_contract"]) == (2, 2, 1)
    assert (found["intent_10k_cny"], found["contract_10k_cny"], found["share_pct"]) == (100.0, 2.0, 50.0)


def test_amounts_that_no_event_states_are_missing_and_a_stated_zero_is_zero():
    events = table("alliance_events", [
        {"event_id": "1", "event_type": "党建联建", "held_on": "2023-06-21"},
        {"event_id": "2", "event_type": "产业对接", "held_on": "2023-06-21", "intent_amount": 0.0},
        {"event_id": "3", "event_type": "产业对接", "held_on": "2023-06-22", "contract_amount": 5.0},
        {"event_id": "4", "event_type": "技术攻关", "held_on": None},
    ])  # fmt: skip
    found = services.alliance_outcomes(events, as_of=AS_OF).set_index("event_type")
    assert found["events"].to_dict() == {"产业对接": 2, "党建联建": 1}
    assert found.loc["党建联建", ["intent_10k_cny", "contract_10k_cny", "share_pct"]].isna().all()
    assert found.loc["产业对接", ["intent_10k_cny", "contract_10k_cny", "share_pct"]].tolist() == [0.0, 5.0, 50.0]


def test_empty_tables_give_empty_counts():
    assert services.tickets_by_channel(table("service_tickets", []), as_of=AS_OF).empty
    assert services.time_to_close(table("service_tickets", []), as_of=AS_OF)["requests"].sum() == 0
    assert services.alliance_outcomes(table("alliance_events", []), as_of=AS_OF).empty


def test_needs_are_matched_by_live_services_and_services_that_nobody_asked_for_stand_apart():
    listed = [("n1", "需求", "职工群众", "2023-01-01", None), ("n2", "需求", "职工群众", "2023-01-01", None),
              ("n3", "需求", "企业和人才", "2023-08-01", None), ("s1", "服务", "企业和人才", "2023-02-01", "n1"),
              ("s2", "服务", "职工群众", "2023-02-01", None), ("s3", "服务", "职工群众", "2023-08-01", "n2"),
              ("s4", "服务", "职工群众", "2023-02-01", "n3"), ("r1", "资源", "企业和人才", "2023-02-01", None)]  # fmt: skip
    names = ["project_id", "list_type", "audience", "live_on", "matches_need"]
    held = table("service_projects", [dict(zip(names, row, strict=True)) for row in listed])
    found = services.needs_by_audience(held, as_of=AS_OF).set_index("audience")
    counts = ["needs", "matched", "services", "resources", "services_unasked"]
    # n3 and s3 are not there yet, so that nothing answers n2 and s4 answers nothing.
    assert found.loc["职工群众", counts].tolist() == [2, 1, 2, 0, 2]
    assert found.loc["企业和人才", counts].tolist() == [0, 0, 1, 1, 0]
    assert found.loc["all", counts].tolist() == [2, 1, 3, 1, 2]
    assert found["matched_pct"].to_dict()["all"] == 50
    assert services.needs_by_audience(held.head(0), as_of=AS_OF)["needs"].tolist() == [0]
