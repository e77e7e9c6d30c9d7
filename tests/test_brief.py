"""The office's brief on tables small enough to count: who is listed, in which order, and who is never named."""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from helpers import tables
from helpers.forces import brief
from helpers.text import LANGS

AS_OF = date(2023, 6, 30)


def table(columns: str, *rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=columns.split())
    dates = [name for name in frame if name.endswith(("_on", "_at"))]
    return frame.assign(**{name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in dates})


def enterprises() -> pd.DataFrame:
    rows = [(name, f"{name}厂", "2010-01-01", None, "存续", "私营有限", "私人控股", "规上工业", "G01", True) for name in "ABCDE"]
    return table("uscc name_zh founded_on exit_on status reg_type control_type above_scale grid_id operating", *rows)


def party_orgs() -> pd.DataFrame:
    return table(
        "org_id org_name org_type parent_org_id established_on dissolved_on term_ends_on",
        ("O1", "甲支部", "党支部", None, "2015-01-01", None, "2023-06-29"),
        ("O2", "乙支部", "党支部", None, "2015-01-01", None, "2023-09-30"),
        ("O3", "丙支部", "党支部", None, "2015-01-01", None, "2024-06-30"),
        ("O4", "丁支部", "党支部", None, "2015-01-01", "2022-01-01", "2021-01-01"),
        ("O5", "戊支部", "党支部", None, "2015-01-01", None, None),
    )


def org_coverage() -> pd.DataFrame:
    return table(
        "org_id uscc coverage_mode from_on to_on", ("O1", "A", "单独组建", "2015-01-01", None),
        ("O2", "B", "仅工作覆盖", "2015-01-01", None), ("O2", "C", "联合组建", "2015-01-01", "2020-05-01"),
        ("O4", "D", "单独组建", "2015-01-01", None),
    )  # fmt: skip


def service_tickets() -> pd.DataFrame:
    return table(
        "ticket_id uscc channel category opened_at closed_at resolution duplicate_of",
        ("T1", "A", "12345", "融资", "2023-06-01", None, None, None),
        ("T2", "B", "12345", "职工困难", "2023-05-01", None, None, None),
        ("T3", "A", "邻里中心", "融资", "2023-06-02", None, None, "T1"),
        ("T4", "C", "12345", "用地", "2023-06-01", "2023-06-03", "解决", None),
    )


def policy_deliveries() -> pd.DataFrame:
    return table(
        "policy_id uscc issued_at delivered_at received_by applied",
        ("P1", "A", "2023-03-01 09:00", None, None, None),
        ("P2", "A", "2023-03-02 09:00", "2023-03-02 10:00", "企业负责人", None),
        ("P1", "B", "2023-03-01 09:00", "2023-03-10 10:00", "企业负责人", None),
        ("P1", "C", "2023-03-01 09:00", "2023-03-01 10:00", "企业负责人", None),
        ("P0", "D", "2020-03-01 09:00", None, None, None),
    )


def test_firms_without_coverage_are_listed_with_what_coverage_shows():
    found = brief.firms_without_coverage(enterprises(), org_coverage(), party_orgs(), as_of=AS_OF)
    assert found[["uscc", "reason"]].to_numpy().tolist() == [
        ["C", "coverage_ended"], ["D", "coverage_ended"], ["B", "work_coverage_only"], ["E", "never_covered"],
    ]  # fmt: skip
    assert found["ended_on"].iloc[0] == pd.Timestamp("2020-05-01")


def test_registers_without_a_row_list_every_firm_or_nothing():
    found = brief.firms_without_coverage(enterprises(), org_coverage().head(0), party_orgs().head(0), as_of=AS_OF)
    assert set(found["reason"]) == {"never_covered"} and len(found) == 5 and found["ended_on"].isna().all()
    assert brief.requests_open(service_tickets().head(0), as_of=AS_OF).empty
    assert brief.deliveries_late(policy_deliveries().head(0), as_of=AS_OF, days=365).empty
    assert brief.terms_ending(party_orgs().head(0), as_of=AS_OF, days=365).empty


@pytest.mark.parametrize(("days", "listed"), [(0, ["O1"]), (92, ["O1", "O2"]), (366, ["O1", "O2", "O3"])])
def test_terms_that_are_over_or_end_soon_come_first_to_last(days, listed):
    found = brief.terms_ending(party_orgs(), as_of=AS_OF, days=days)
    assert found["org_id"].tolist() == listed
    assert found["days_left"].tolist()[:2] == [-1, 92][: len(listed)]


def test_open_requests_stand_once_and_the_oldest_first():
    found = brief.requests_open(service_tickets(), as_of=AS_OF)
    assert found[["request_id", "uscc"]].to_numpy().tolist() == [["T2", "B"], ["T1", "A"]]
    # To the end of 30 June.
    assert found["days"].tolist() == [61, 30]


def test_undelivered_and_late_policies_are_counted_by_firm():
    found = brief.deliveries_late(policy_deliveries(), as_of=AS_OF, days=365)
    assert found[["uscc", "policies", "undelivered", "late"]].to_numpy().tolist() == [["A", 2, 1, 0], ["B", 1, 0, 1]]
    assert found["oldest_on"].iloc[0] == pd.Timestamp("2023-03-01")
    assert "D" in brief.deliveries_late(policy_deliveries(), as_of=AS_OF, days=3650)["uscc"].tolist()


@pytest.mark.parametrize("lang", LANGS)
def test_a_persons_request_does_not_name_the_firm(lang):
    cases = {"requests": brief.requests_open(service_tickets(), as_of=AS_OF)}
    zone = SimpleNamespace(table=lambda name: enterprises())
    shown = tables.brief_table(zone, cases, "requests", lang, most=5)
    assert shown.iloc[1, 0] == "A厂"
    assert "B厂" not in shown.to_csv() and "T1" not in shown.to_csv()
    assert len(tables.brief_table(zone, cases, "requests", lang, most=1)) == 1
    assert "2" in tables.brief_note(cases, "requests", lang, most=1)
