"""Published figures against tables made by hand, and the arithmetic of the audit."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

import pandas as pd
import pytest
from test_forces import AS_OF, cover, firm, org, ratings, roll, table, tickets

from helpers import reconcile, simulate
from helpers.errors import UsageError
from helpers.reconcile import Readings
from helpers.reconcile.published import CHECKS, judge
from helpers.reconcile.recount import Figure, Recount


def compare(id: str, tables: dict[str, pd.DataFrame], *, as_of: date = AS_OF, **readings: str) -> pd.Series:
    reference = reconcile.figures()
    found = reconcile.published(
        tables, readings=Readings(**readings), as_of=as_of, reference=reference[reference["id"] == id]
    )
    return found.iloc[0]


def test_grim_reproduces_the_arithmetic_of_the_audit():
    assert [reconcile.grim("97.7", 1, base) for base in (131, 133, 264)] == [[128], [130], [258]]
    assert reconcile.bases_of(136, "97.7", 1) == []
    assert reconcile.bases_of(856, "78.1", 1) == [1096]
    assert [reconcile.grim("82.6", 1, base) for base in (128, 131, 136, 140)] == [[], [], [], []]
    assert [reconcile.grim("82.6", 1, base) for base in (132, 138)] == [[109], [114]]


def test_grim_rounds_half_up_not_to_even():
    # 1 of 16 is 6.25 %, 3 of 16 is 18.75 %.
    assert reconcile.grim("6.3", 1, 16) == [1]
    assert reconcile.grim("6.2", 1, 16) == []
    assert reconcile.grim("18.8", 1, 16) == [3]


@pytest.mark.parametrize(
    ("percent", "decimals"), [("0", 0), ("0.0", 1), ("33.3", 1), ("50", 0), ("66.67", 2), ("100", 0)]
)
def test_grim_agrees_with_decimal_rounding_for_every_base_to_200(percent, decimals):
    quantum = Decimal(1).scaleb(-decimals)
    for base in range(1, 201):
        slow = [k for k in range(base + 1)
                if (Decimal(100 * k) / Decimal(base)).quantize(quantum, ROUND_HALF_UP) == Decimal(percent)]  # fmt: skip
        assert reconcile.grim(percent, decimals, base) == slow
    fitting = [base for base in range(1, 51) if reconcile.grim(percent, decimals, base)]
    assert reconcile.possible_bases(percent, decimals, 50) == fitting


def test_bases_of_a_count_agree_with_grim():
    for k in (1, 7, 100):
        expected = [base for base in range(k, 1000) if k in reconcile.grim("66.7", 1, base)]
        assert reconcile.bases_of(k, "66.7", 1) == expected


def test_grim_refuses_more_places_than_were_published():
    with pytest.raises(UsageError, match="more than 0 decimal"):
        reconcile.grim("97.7", 0, 100)


@pytest.mark.parametrize(("comparator", "value", "k", "agrees"), [
    ("exact", "27", 27, True), ("exact", "27", 26, False), ("at_least", "25", 27, True), ("at_least", "25", 24, False),
    ("at_most", "25", 25, True), ("at_most", "25", 26, False), ("more_than", "260", 261, True),
    ("more_than", "260", 260, False), ("approx", "100", 95, True), ("approx", "100", 94, False),
])  # fmt: skip
def test_comparators_mean_what_they_say(comparator, value, k, agrees):
    figure = Figure("x", "", value, "firm", comparator, "2023-06", "zone")
    assert judge(figure, Recount("read_areas", k)).status == ("reproduced" if agrees else "not_reproduced")


def test_an_exact_percentage_is_compared_after_rounding_half_up():
    figure = Figure("x", "", "6.3", "percent", "exact", "2023-06", "zone")
    assert judge(figure, Recount("read_areas", 1, 16)).status == "reproduced"
    assert judge(figure, Recount("read_areas", 0, 0)).status == "not_testable"


@pytest.mark.parametrize(("comparator", "published", "found", "agrees"), [
    ("exact", "2022-10", "2022-10-18", True), ("exact", "2022-10", "2022-11-01", False),
    ("approx", "2023-06-20", "2023-07-21", True), ("approx", "2023-06-20", "2023-07-22", False),
])  # fmt: skip
def test_dates_agree_to_the_precision_published(comparator, published, found, agrees):
    figure = Figure("x", "", "", "date", comparator, published, "zone")
    assert judge(figure, Recount("read_areas", day=pd.Timestamp(found))).status == (
        "reproduced" if agrees else "not_reproduced"
    )


def test_every_figure_that_is_no_mechanism_has_a_check_and_no_check_lacks_its_figure():
    assert set(CHECKS) == set(reconcile.figures()["id"])


def test_without_tables_nothing_is_reproduced_and_every_row_says_why_in_both_languages():
    found = reconcile.published({}, as_of=AS_OF)
    assert (found["status"] == "not_testable").all()
    assert found[["reason_zh", "reason_en"]].ne("").all(axis=None)
    assert found.set_index("id").loc["org_areas", "reason_en"] == "Not supplied: areas."


def covered(count: int, total: int) -> dict[str, pd.DataFrame]:
    codes = [f"F{number:03d}" for number in range(total)]
    return {
        "enterprises": table("enterprises", [firm(code) for code in codes]),
        "party_orgs": table("party_orgs", [org(f"O{code}") for code in codes[:count]]),
        "org_coverage": table("org_coverage", [cover(f"O{code}", code) for code in codes[:count]]),
    }


def test_coverage_is_reproduced_by_128_of_131_and_not_by_127():
    held = covered(128, 131)
    found = compare("org_coverage_rate", held)
    assert (found["k"], found["n"], found["status"], found["rounding_test"]) == (128, 131, "reproduced", "128")
    held["org_coverage"] = held["org_coverage"].iloc[1:]
    found = compare("org_coverage_rate", held)
    assert (found["k"], found["status"], found["rounding_test"]) == (127, "not_reproduced", "128")


def test_coverage_that_no_numerator_can_give_says_so():
    found = compare("org_coverage_rate", covered(127, 128), coverage_base="all_operating")
    assert (found["k"], found["n"], found["rounding_test"]) == (127, 128, "125")
    found = compare("org_coverage_rate", covered(29, 30))
    assert (found["status"], found["rounding_test"]) == ("not_reproduced", "")
    assert found["rounding_en"] == "Rounding half up: no k of 30 gives 97.7 %"


def test_coverage_stands_side_by_side_under_every_base():
    held = covered(128, 131)
    held["enterprises"].loc[0, "above_scale"] = pd.NA
    found = reconcile.coverage_readings(held, AS_OF).set_index(["numerator", "base"])
    row = found.loc[("covered_firms", "above_scale")]
    # The first firm, covered, is on no list: 127 of 130, where only 127 rounds to 97.7.
    assert (row["k"], row["n"], row["verdict"], row["rounding_test"]) == (127, 130, "reached", "127")
    every = found.loc[("covered_firms", "all_operating")]
    assert (every["k"], every["n"], every["verdict"]) == (128, 131, "reached")
    assert found.loc[("covered_firms", "should_have"), "verdict"] == "not_supplied"
    assert found.loc[("covered_firms", "above_quota"), "verdict"] == "empty"
    assert found.loc[("organisations", "any_base"), ["k", "verdict"]].tolist() == [128, "some_base"]
    assert found["is_chosen"].sum() == 1
    assert (found["published_pct"] == "97.7").all()


def test_attachment_counts_in_the_default_reading_and_not_in_the_strict_one():
    held = covered(128, 131)
    held["org_coverage"] = held["org_coverage"].assign(coverage_mode=["挂靠"] * 50 + ["单独组建"] * 78)
    assert compare("org_coverage_rate", held)["k"] == 128
    assert compare("org_coverage_rate", held, coverage_numerator="own_or_joint")["k"] == 78
    assert compare("org_enterprise_party_orgs", held, organisations="firms_with_own")["k"] == 78


def test_organisations_count_branches_under_a_committee_only_if_so_read():
    orgs = [org("LX", org_type="两新组织党委"), org("C", org_type="党委"), org("C1", parent_org_id="C"), org("B"),
            org("R", org_type="居民小区党委"), org("D", dissolved_on="2020-01-01")]  # fmt: skip
    held = {"party_orgs": table("party_orgs", orgs)}
    assert compare("org_enterprise_party_orgs", held)["k"] == 2
    assert compare("org_enterprise_party_orgs", held, organisations="all")["k"] == 3


def test_linkage_levels_follow_parent_pointers_unless_records_are_asked_for():
    held = {
        "party_orgs": table("party_orgs", [
            org("GW", org_type="党工委", parent_org_id=None), org("LX", org_type="两新组织党委", parent_org_id="GW"),
            org("B"), org("C", org_type="党委"), org("C1", parent_org_id="C"),
        ]),
        "party_groups": table("party_groups", [{"group_id": "g", "org_id": "B"}, {"group_id": "h", "org_id": "C1"}]),
        "areas": table("areas", [{"area_id": "A1", "workstation_name": "站"}]),
    }  # fmt: skip
    found = compare("org_linkage_levels", held)
    assert (found["k"], found["status"]) == (4, "not_reproduced")
    found = compare("org_linkage_levels", held, linkage="records")
    assert (found["k"], found["status"]) == (5, "reproduced")


def test_the_good_or_above_share_prints_numerator_and_denominator():
    rows = [(f"O{number}", None, "良好" if number < 109 else "一般") for number in range(132)]
    held = {"org_ratings": table("org_ratings", ratings(2023, rows))}
    found = compare("rating_good_or_above_share", held)
    assert (found["k"], found["n"], found["status"]) == (109, 132, "reproduced")
    held["org_ratings"].loc[0, "grade"] = "一般"
    assert compare("rating_good_or_above_share", held)["status"] == "not_reproduced"


def test_members_are_taken_over_the_roll_or_over_the_contact_scheme():
    held = {
        "party_orgs": table("party_orgs", [org("O")]),
        "members": table("members", [*roll("O", 856), *roll("O", 240, first=856, post_type="其他")]),
        "contact_assignments": table("contact_assignments", [
            {"contact_pid": f"c{number % 1262}", "contact_role": "党员", "target_pid": f"t{number}",
             "target_type": "职工"} for number in range(1300)
        ]),
    }  # fmt: skip
    on_roll = compare("governance_members_mid_level_share", held)
    assert (on_roll["k"], on_roll["n"], on_roll["status"]) == (856, 1096, "reproduced")
    contact = compare("governance_members_mid_level_share", held, members="contact")
    assert (contact["n"], contact["status"]) == (1262, "not_reproduced")
    assert compare("contact_members", held)["status"] == "reproduced"
    assert compare("contact_workers", held)["k"] == 1300


def test_a_secretary_with_two_posts_is_one_person_and_two_posts():
    posts = [{"member_pid": f"m{number % 128}", "org_id": f"O{number}"} for number in range(136)]
    held = {
        "party_orgs": table("party_orgs", [org(f"O{number}") for number in range(136)]),
        "secretaries": table("secretaries", posts),
    }
    assert compare("contact_secretaries", held)["status"] == "reproduced"
    found = compare("contact_secretaries", held, secretaries="posts")
    assert (found["k"], found["status"]) == (136, "not_reproduced")


def test_fewer_than_ten_persons_have_neither_number_nor_status_for_that_would_give_them_back():
    usual = {"contact_role": "党员", "target_type": "人才"}
    links = [{"contact_pid": f"c{number}", "target_pid": f"t{number}", **usual} for number in range(4)]
    found = compare("contact_talents", {"contact_assignments": table("contact_assignments", links)})
    assert found["suppressed"]
    assert pd.isna(found["k"])
    assert pd.isna(found["recomputed"])
    assert found["status"] == "not_testable" and "give it back" in found["reason_en"]
    assert "– links" in found["reading_en"]


def test_charter_firms_count_inside_the_chosen_base():
    held = covered(3, 5)
    held["charter_amendments"] = table("charter_amendments", [
        {"uscc": code, "amended_on": "2020-01-01", "filed_on": filed}
        for code, filed in (("F000", "2020-02-01"), ("F004", "2020-02-01"), ("F001", "2023-08-01"), ("F002", None))
    ])  # fmt: skip
    assert compare("governance_charter_firms", held)[["k", "n"]].tolist() == [2, 5]
    assert compare("governance_charter_firms", held, charter_base="covered")[["k", "n"]].tolist() == [1, 3]
    assert compare("governance_charter_firms", held, charter_date="amended")["k"] == 4


def test_requests_are_counted_per_mechanism_once_over_all_channels_or_as_rows():
    counts = {way: compare("svc_firm_problems", {"service_tickets": tickets()}, tickets=way)["k"]
              for way in ("per_mechanism", "unique", "raw")}  # fmt: skip
    # Tickets 2 and 3 of the duty channels are one request, which came in through the through train first.
    assert counts == {"per_mechanism": 1, "unique": 0, "raw": 2}


def test_certificates_are_in_force_from_issue_until_the_day_before_they_end():
    def certificate(number: int, firm_code: str, issued: str, ends: str | None, **values: str) -> dict:
        return {"cert_no": str(number), "uscc": firm_code, "cert_type": "高新技术企业", "level": "国家级",
                "issued_on": issued, "valid_to": ends, "status": "有效", **values}  # fmt: skip

    held = {"certifications": table("certifications", [
        certificate(1, "A", "2020-12-01", "2023-12-01"), certificate(2, "B", "2020-06-30", "2023-06-30"),
        certificate(3, "A", "2022-12-01", "2025-12-01"), certificate(4, "C", "2023-07-01", "2026-07-01"),
        certificate(5, "D", "2022-01-01", "2025-01-01", status="撤销"), certificate(6, "E", "2022-01-01", None),
    ])}  # fmt: skip
    assert compare("innov_hnte", held)["k"] == 2
    assert compare("innov_national_brands", held)["k"] == 3
    assert compare("innov_national_brands", held, national_titles="firms")["k"] == 2


def test_a_service_standard_fails_where_one_pair_was_never_delivered():
    def pair(number: int, delivered: str | None) -> dict:
        return {"policy_id": str(number), "uscc": "A", "issued_at": "2023-06-26 09:00", "delivered_at": delivered,
                "received_by": "企业负责人" if delivered else None}  # fmt: skip

    held = {"policy_deliveries": table("policy_deliveries", [
        pair(1, "2023-06-26 10:00"), pair(2, "2023-06-26 11:00"), pair(3, None)
    ])}  # fmt: skip
    every = compare("liaison_delivery_time", held)
    assert (every["k"], every["n"], every["status"]) == (2, 3, "not_reproduced")
    assert pd.isna(every["recomputed"])
    median = compare("liaison_delivery_time", held, delivery="median")
    assert (median["recomputed"], median["status"]) == (0.25, "reproduced")


def test_a_plan_is_counted_but_never_called_reproduced():
    usual = {"plan_item": "培训(十)", "held_on": "2023-02-01"}
    events = table("training_events", [{"event_id": str(number), **usual} for number in range(10)])
    found = compare("plan_training_sessions", {"training_events": events})
    assert (found["k"], found["n"], found["status"]) == (10, 10, "not_testable")


def test_sharing_days_are_counted_by_complete_quarter():
    days = ["2022-12-24", "2023-03-25", "2023-03-25", "2023-06-17"]
    held = {"service_activities": table("service_activities", [
        {"activity_id": str(n), "activity_type": "邻里共享日", "held_on": day} for n, day in enumerate(days)
    ])}  # fmt: skip
    found = compare("svc_sharing_day_frequency", held)
    assert (found["k"], found["n"], found["status"]) == (3, 3, "reproduced")
    assert compare("svc_sharing_day_frequency", held, as_of=date(2023, 6, 29))["n"] == 2


def test_a_named_firm_that_is_absent_says_something_only_where_names_are_real():
    held = {
        "enterprises": table("enterprises", [firm("A", name_zh="福建某某有限公司")]),
        "alliance_members": table("alliance_members", [{"uscc": "A", "role": "轮值", "joined_on": "2023-06-20"}]),
    }
    assert compare("alliance_chair_1", held)["status"] == "not_testable"
    assert compare("alliance_chair_1", held, names="as_registered")["status"] == "not_reproduced"
    reference = reconcile.figures().set_index("id")
    held["enterprises"]["name_zh"] = f"{reference.loc['alliance_chair_1', 'metric_zh']}股份有限公司"
    assert compare("alliance_chair_1", held)["status"] == "reproduced"


def test_a_single_firms_figure_needs_the_firms_code():
    patents = table("patents", [{"application_no": str(n), "uscc": "A", "patent_type": "发明", "filed_on": "2019-01-01",
                                 "granted_on": "2021-01-01" if n < 6 else None} for n in range(8)])  # fmt: skip
    assert compare("tiandixing_invention_patents", {"patents": patents})["status"] == "not_testable"
    found = compare("tiandixing_invention_patents", {"patents": patents}, firm_codes="Sanxing=B; Tiandixing=A")
    assert (found["k"], found["status"]) == (6, "reproduced")


def test_readings_refuse_unknown_names_and_choices_all_at_once():
    with pytest.raises(UsageError) as caught:
        reconcile.readings_from({"coverage_bsae": "all_operating", "members": "rol"})
    said = str(caught.value)
    assert "reading 'coverage_bsae' is no parameter here; did you mean 'coverage_base'? known are coverage_base, " in said
    assert "reading 'members': found 'rol', expected one of roll, contact; did you mean 'roll'?" in said
    assert reconcile.readings_from({"members": "contact"}).members == "contact"


@cache
def zone() -> dict[str, pd.DataFrame]:
    return simulate.zone(seed=20230710, firms=2000).tables


@pytest.mark.parametrize(("id", "damaged"), [
    ("grid_count", "grids"), ("org_coverage_rate", "org_coverage"), ("governance_members_mid_level", "members"),
    ("pioneer_zones", "pioneer_units"), ("innov_hnte", "certifications"),
    ("contact_worker_difficulties", "service_tickets"),
    ("governance_charter_firms", "charter_amendments"), ("liaison_count", "policy_liaisons"),
])  # fmt: skip
def test_a_status_changes_when_half_of_a_table_is_gone(id, damaged):
    whole = zone()
    assert compare(id, whole)["status"] == "reproduced"
    half = {**whole, damaged: whole[damaged].iloc[::2]}
    assert compare(id, half)["status"] == "not_reproduced"
