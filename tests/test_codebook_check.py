"""Checks of typed rows: every kind of fault is found, all at once, in the right row, and missing values pass."""

import time

import numpy as np
import pandas as pd
import pytest

from helpers import codebook, paths
from helpers.codebook import uscc
from helpers.codebook.check import check_references, check_rows, uscc_check_digit_ok

BOOK = codebook.load()
VALID_CODES = paths.ROOT.parent / "shared" / "data" / "names" / "uscc_valid_codes_stdnum.txt"
GOOD, OTHER = "91350500154321001F", "91350500154321002E"


def text(*values):
    return pd.Series(values, dtype="str")


def dates(*values):
    return pd.Series(pd.to_datetime(list(values))).astype("datetime64[us]")


def found(findings):
    return {
        (None if pd.isna(row.row_index) else row.row_index, row.column, row.rule, row.severity)
        for row in findings.itertuples()
    }


def patents(**changes):
    rows = {
        "application_no": text("2021105123456", "2021205123457", "2021305123458"),
        "patent_type": pd.Categorical(["发明", "实用新型", "外观设计"], BOOK["patents"]["patent_type"].allowed),
        "uscc": text(GOOD, GOOD, None),
        "filed_on": dates("2021-05-01", "2021-05-02", "2021-05-03"),
        "granted_on": dates("2022-05-01", None, "2021-12-03"),
        "inventor_count": pd.array([1, None, 3], dtype="Int64"),
    }
    return pd.DataFrame(rows | changes)


def test_the_check_digit_of_a_code_is_that_worked_out_by_hand():
    # 91350500154321001: values 9 1 3 5 0 5 0 0 1 5 4 3 2 1 0 0 1 times weights
    # 1 3 9 27 19 26 16 17 20 29 25 13 8 24 10 30 28 give
    # 9+3+27+135+0+130+0+0+20+145+100+39+16+24+0+0+28 = 676 = 21*31 + 25, so C18 = 31 - 25 = 6
    codes = text("913505001543210016", "913505001543210017", "91350500154321001I", "9135050015432100", None)
    assert uscc_check_digit_ok(codes).tolist() == [True, False, False, False, pd.NA]


def test_published_valid_codes_pass_the_check_digit():
    if not VALID_CODES.exists():
        pytest.skip("the list of valid codes is not beside the project")
    codes = pd.Series(VALID_CODES.read_text(encoding="utf-8").split(), dtype="str")
    assert len(codes) == 200
    assert uscc_check_digit_ok(codes).all()
    swapped = codes.str[:17] + codes.str[17].map(lambda sign: "0" if sign != "0" else "1")
    assert not uscc_check_digit_ok(swapped).any()


def test_a_million_codes_are_checked_in_under_a_second():
    codes = pd.Series(np.arange(10**16, 10**16 + 10**6).astype(str), dtype="str") + "0"
    started = time.perf_counter()
    right = uscc_check_digit_ok(codes)
    assert time.perf_counter() - started < 1
    assert abs(right.mean() - 1 / 31) < 0.002


def test_rows_without_fault_have_no_findings():
    good = patents(uscc=text(first("9135050015432100"), first("9135050015432101"), None))
    assert check_rows(BOOK["patents"], good).empty


def first(sixteen):
    start = sixteen + "1"
    return start + uscc.check_digit(start)


def test_one_fault_of_each_kind_is_found_at_once_in_its_row():
    frame = pd.DataFrame(
        {
            "application_no": text("2021105123456", "2021105123456", "2021205123457", None, "2019/12"),
            "patent_type": text("发明", "发明", "发明", "外观设计", "植物新品种"),
            "uscc": text("913505001543210016", "913505001543210017", "91350500I543210016", None, None),
            "filed_on": dates("2021-05-01", "2021-05-01", "2021-05-01", "2021-05-01", None),
            "granted_on": dates("2021-04-01", None, "2022-04-01", None, None),
            "inventor_count": pd.array([1, 2, 0, None, 4], dtype="Int64"),
            "citations": text("a", "b", "c", "d", "e"),
        }
    ).set_axis([10, 11, 12, 13, 14])
    findings = check_rows(BOOK["patents"], frame)
    assert found(findings) == {
        (10, "application_no", "duplicate_key", "error"),
        (11, "application_no", "duplicate_key", "error"),
        (13, "application_no", "missing_required", "error"),
        (14, "application_no", "bad_format", "warning"),
        (12, "application_no;patent_type", "rule:type_agrees_with_number", "warning"),
        (14, "patent_type", "unknown_category", "error"),
        (11, "uscc", "bad_check_digit", "warning"),
        (12, "uscc", "bad_format", "warning"),
        (14, "filed_on", "missing_required", "error"),
        (10, "granted_on;filed_on", "rule:granted_after_filing", "error"),
        (12, "inventor_count", "out_of_range", "error"),
        (None, "citations", "wrong_type", "error"),
    }
    values = findings.set_index(["rule", "row_index"])["value"]
    assert values["rule:granted_after_filing", 10] == "2021-04-01;2021-05-01"
    assert values["unknown_category", 14] == "植物新品种"
    assert values["out_of_range", 12] == "0"


def test_a_missing_key_column_is_a_finding_and_a_missing_optional_one_is_not():
    findings = check_rows(BOOK["patents"], patents().drop(columns=["application_no", "granted_on"]))
    assert found(findings[findings["rule"] == "missing_column"]) == {
        (None, "application_no", "missing_column", "error")
    }


def test_the_callers_frame_is_not_changed():
    frame = patents()
    before = frame.copy()
    check_rows(BOOK["patents"], frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("name", sorted(BOOK.tables))
def test_every_rule_of_a_table_can_be_evaluated_on_empty_and_on_missing_rows(name):
    table = BOOK[name]
    of_type = {"integer": "Int64", "year": "Int64", "decimal": "float64", "boolean": "boolean"} | dict.fromkeys(
        ("date", "datetime"), "datetime64[us]"
    )
    blank = pd.DataFrame(
        {column.name: pd.Series([None, None], dtype=of_type.get(column.type, "str")) for column in table.columns}
    )
    assert check_rows(table, blank.iloc[:0]).empty
    assert set(check_rows(table, blank)["rule"]) == {"missing_required"}


def test_a_cycle_of_organisations_is_found_and_rows_that_lead_to_it_are_not():
    orgs = pd.DataFrame(
        {
            "org_id": text("top", "a", "b", "c", "below", "own"),
            "org_name": text("甲", "乙", "丙", "丁", "戊", "己"),
            "org_type": text("党委", "党总支", "党支部", "党支部", "党支部", "党支部"),
            "parent_org_id": text(None, "b", "c", "a", "a", "own"),
        }
    )
    findings = check_rows(BOOK["party_orgs"], orgs)
    assert found(findings) == {(row, "org_id;parent_org_id", "rule:tree_acyclic", "error") for row in (1, 2, 3, 5)}


def test_shares_that_do_not_sum_to_1_are_found_and_rounded_thirds_pass():
    owners = pd.DataFrame(
        {
            "application_no": text(*["2021105123456"] * 3, *["2021205123457"] * 2, *["2021305123458"] * 2),
            "uscc": text(*(first(f"913505001543210{place}") for place in range(7))),
            "share": [0.33, 0.33, 0.33, 0.5, 0.4, 0.7, None],
        }
    )
    findings = check_rows(BOOK["patent_owners"], owners)
    assert found(findings) == {(row, "application_no;share", "rule:shares_sum_to_1", "error") for row in (3, 4)}


def test_the_weights_of_a_mechanism_sum_to_1():
    weights = pd.DataFrame(
        {
            "mechanism_id": text("a", "a", "b", "b"),
            "force": text("政治引领力", "先锋原动力", "政治引领力", "先锋原动力"),
            "weight": [0.5, 0.5, 0.5, 0.6],
        }
    )
    assert set(check_rows(BOOK["force_map"], weights)["row_index"]) == {2, 3}


def test_rules_of_the_firm_years_find_more_staff_than_employees_and_spare_missing_ones():
    years = pd.DataFrame(
        {
            "uscc": text(*[first("9135050015432100")] * 3),
            "year": pd.array([2020, 2021, 2022], dtype="Int64"),
            "employees": pd.array([10, 10, None], dtype="Int64"),
            "rd_staff": pd.array([11, 10, 5], dtype="Int64"),
            "revenue": [100.0, 100.0, np.nan],
            "core_revenue": [105.0, 105.1, 3.0],
            "rd_expense": [101.0, 1.0, 5.0],
        }
    )
    assert found(check_rows(BOOK["enterprise_years"], years)) == {
        (0, "rd_staff;employees", "rule:rd_staff_within_employees", "error"),
        (1, "core_revenue;revenue", "rule:core_revenue_within_revenue", "error"),
        (0, "rd_expense;revenue", "rule:rd_expense_within_revenue", "warning"),
    }


@pytest.mark.parametrize(
    ("column", "value", "flagged"),
    [
        ("assets", 9_000.0, None),
        # In yuan instead of 10,000 yuan.
        ("assets", 90_000_000.0, ("assets;employees", "rule:assets_per_employee_plausible")),
        ("profit", 110_000.0, None),
        ("profit", 8_000_000.0, ("profit;revenue", "rule:profit_plausible")),
        ("profit", -8_000_000.0, ("profit;revenue", "rule:loss_plausible")),
    ],
)
def test_a_figure_in_the_wrong_unit_stands_out_from_the_firms_others(column, value, flagged):
    years = pd.DataFrame(
        {
            "uscc": text(first("9135050015432100")),
            "year": pd.array([2020], dtype="Int64"),
            "employees": pd.array([100], dtype="Int64"),
            "revenue": [10_000.0],
            column: [value],
        }
    )
    expected = set() if flagged is None else {(0, *flagged, "warning")}
    assert found(check_rows(BOOK["enterprise_years"], years)) == expected


def test_a_high_tech_certificate_of_two_years_is_a_warning_and_one_of_three_is_none():
    certificates = pd.DataFrame(
        {
            "cert_no": text("GR202035000001", "GR202035000002", "XY-1"),
            "cert_type": text("高新技术企业", "高新技术企业", "企业技术中心"),
            "issued_on": dates("2020-12-01", "2020-12-01", "2020-12-01"),
            "valid_to": dates("2023-12-01", "2022-12-01", "2021-12-01"),
        }
    )
    findings = check_rows(BOOK["certifications"], certificates)
    assert found(findings) == {(1, "cert_type;valid_to;issued_on", "rule:hnte_valid_three_years", "warning")}


def test_unknown_clauses_of_a_set_are_found():
    rows = pd.DataFrame(
        {
            "uscc": text(*[first("9135050015432100")] * 2),
            "amended_on": dates("2020-01-01", "2021-01-01"),
            "clause_types": text("总则宣示;前置研究", "总则宣示;其他"),
        }
    )
    assert found(check_rows(BOOK["charter_amendments"], rows)) == {(1, "clause_types", "unknown_category", "error")}


def test_references_to_no_row_are_found_and_missing_ones_pass():
    frames = {
        "enterprises": pd.DataFrame({"uscc": text(GOOD)}),
        "patents": pd.DataFrame({"application_no": text("1", "2", "3"), "uscc": text(GOOD, OTHER, None)}),
        "grids": pd.DataFrame({"grid_id": text("G01"), "area_id": text("A09")}),
    }
    findings = check_references(BOOK, frames)
    assert findings.to_dict("records") == [
        {"table": "patents", "row_index": 1, "column": "uscc", "value": OTHER, "rule": "unknown_reference"}
    ]


def test_the_dirt_of_the_listed_firms_is_found():
    table = BOOK["listed_firm_years"]
    rows = pd.DataFrame(
        {
            "stock_code": text("000850", "850", "000004"),
            "year": pd.array([2017, 2017, 2017], dtype="Int64"),
            "green_patents": pd.array([7, 9, None], dtype="Int64"),
            "total_patents": pd.array([76, 8, 1], dtype="Int64"),
            "growth_rate": [0.16, 59411.0, -2.0],
            "directors": pd.array([9, 0, 9], dtype="Int64"),
            "top10_share_pct": [50.0, 100.0002, 40.0],
        }
    )
    assert found(check_rows(table, rows)) == {
        (1, "stock_code", "bad_format", "warning"),
        (1, "green_patents;total_patents", "rule:green_within_total", "error"),
        (1, "growth_rate", "rule:growth_plausible", "warning"),
        (2, "growth_rate", "rule:growth_plausible", "warning"),
        (1, "directors", "rule:directors_positive", "error"),
        (1, "top10_share_pct", "rule:top10_within_100", "error"),
    }
