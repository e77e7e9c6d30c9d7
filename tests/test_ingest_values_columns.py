"""What holds for whole columns: types, headers' units, findings in order, and the caller's data left alone."""

# ruff: noqa: PD011 (`values` is a field of Parsed)

import datetime
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from helpers.codebook import Column, uscc
from helpers.ingest.values import WHOLE_COLUMN, codes, numbers, parse_column

ROWS = 400


def column(type: str, name: str = "x", **fields) -> Column:
    return Column("t", name, "某列", "some column", type, **fields)


def parsed(texts, type: str, **fields):
    options = {name: fields.pop(name) for name in ("unit_of_header", "extract_on", "pad") if name in fields}
    if "unit_of_header" in options:
        options["unit"] = options.pop("unit_of_header")
    return parse_column(pa.array(texts, type=pa.string()), column(type, **fields), **options)


def clean_columns() -> dict[str, tuple[Column, list[str], str]]:
    rng = np.random.default_rng(7)
    days = np.datetime64("1995-01-01") + rng.integers(0, 14000, ROWS)
    moments = np.datetime64("2013-01-01T00:00:01") + rng.integers(0, 3 * 10**8, ROWS)
    first = [f"91350500M{number:08d}" for number in rng.integers(0, 10**8, ROWS)]
    pick = lambda *values: [str(value) for value in rng.choice(values, ROWS)]  # noqa: E731
    return {
        "text": (column("text"), [f"泉州某{n}（中国）有限公司" for n in range(ROWS)], "str"),
        "code": (column("code"), [f"T{n:05d}" for n in range(ROWS)], "str"),
        "pattern": (column("code", pattern=r"^\d{4}$"), [f"{n:04d}" for n in range(ROWS)], "str"),
        "filing": (column("code", name="application_no"), [f"20211{n:07d}X" for n in range(ROWS)], "str"),
        "person": (column("person_id"), [f"p{n}" for n in range(ROWS)], "str"),
        "uscc": (column("uscc"), [c + uscc.check_digit(c) for c in first], "str"),
        "integer": (column("integer", unit="person"), [str(n) for n in rng.integers(0, 9999, ROWS)], "Int64"),
        "decimal": (column("decimal", unit="万元"), [repr(float(x)) for x in rng.lognormal(3, 4, ROWS)], "float64"),
        "boolean": (column("boolean"), pick("是", "否"), "boolean"),
        "date": (column("date"), [str(d) for d in days], "datetime64[us]"),
        "datetime": (column("datetime"), [str(m).replace("T", " ") for m in moments], "datetime64[us]"),
        "year": (column("year"), [str(n) for n in rng.integers(1990, 2024, ROWS)], "Int64"),
        "category": (column("category", allowed=("发明", "无", "否")), pick("发明", "无", "否"), "category"),
        "ordered": (column("ordered", allowed=("较差", "一般", "优秀")), pick("较差", "优秀"), "category"),
        "set": (column("set", allowed=("甲", "乙")), pick("甲", "甲;乙", "乙、甲"), "str"),
        "list": (column("list"), pick("甲公司", "甲公司;乙公司", "A Co., Ltd"), "str"),
    }


CLEAN = clean_columns()


@pytest.mark.parametrize("kind", CLEAN)
def test_clean_values_give_no_findings_and_the_type_of_the_codebook(kind):
    stated, texts, dtype = CLEAN[kind]
    read = parse_column(pa.array(texts), stated)
    assert read.findings.empty
    assert not read.values.isna().any()
    assert str(read.values.dtype) == dtype


@pytest.mark.parametrize("kind", CLEAN)
def test_missing_cells_stay_missing_without_a_finding(kind):
    stated, texts, dtype = CLEAN[kind]
    holed = [None if place % 3 == 0 else "" if place % 3 == 1 else text for place, text in enumerate(texts)]
    read = parse_column(pa.array(holed), stated)
    assert read.findings.empty
    assert read.values.isna().tolist() == [place % 3 != 2 for place in range(ROWS)]
    full = parse_column(pa.array(texts), stated).values
    assert read.values[2::3].astype(str).tolist() == full[2::3].astype(str).tolist()
    assert str(read.values.dtype) == dtype


@pytest.mark.parametrize("kind", CLEAN)
def test_chunks_slices_and_long_strings_read_alike(kind):
    stated, texts, _ = CLEAN[kind]
    dirty = [*texts[:5], " " + texts[5], "-", *texts[7:]]
    whole = parse_column(pa.array(dirty), stated)
    chunked = pa.chunked_array(
        [pa.array(dirty[:3]), pa.array(dirty[3:6]), pa.array([], pa.string()), pa.array(dirty[6:])]
    )
    sliced = pa.array(["x", "", None, *dirty, "x"])[3:-1]
    for form in (chunked, sliced, pa.array(dirty).cast(pa.large_string())):
        read = parse_column(form, stated)
        pd.testing.assert_series_equal(read.values, whole.values)
        pd.testing.assert_frame_equal(read.findings, whole.findings)


@pytest.mark.parametrize("kind", CLEAN)
def test_an_empty_column_and_one_of_blanks_have_the_right_type(kind):
    stated, _, dtype = CLEAN[kind]
    for texts in ([], [None, ""]):
        read = parse_column(pa.array(texts, type=pa.string()), stated)
        assert str(read.values.dtype) == dtype
        assert len(read.values) == len(texts)
        assert read.values.isna().all()
        assert read.findings.empty
        assert list(read.findings) == ["position", "value", "rule", "action", "result"]


@pytest.mark.parametrize("kind", CLEAN)
def test_the_callers_texts_are_not_changed(kind):
    stated, texts, _ = CLEAN[kind]
    dirty = [*texts, " " + texts[0], "-", "", None]
    given = pa.array(dirty)
    read = parse_column(given, stated)
    read.values.iloc[0] = read.values.iloc[1]
    assert given.to_pylist() == dirty


def test_findings_stand_in_the_order_of_the_cells():
    texts = ["1,234", "5", "约3", "-", "2,000", "x", "12%", "１"]
    found = parsed(texts, "decimal", unit="万元").findings
    assert found["position"].tolist() == [0, 2, 3, 4, 5, 6, 7]
    assert found["value"].tolist() == ["1,234", "约3", "-", "2,000", "x", "12%", "１"]
    assert found["result"].tolist() == ["1234", "3", "", "2000", "", "", "1"]


def test_the_dirty_text_is_kept_to_the_last_blank():
    found = parsed(["\u3000１，234 \u200b"], "decimal", unit="万元").findings
    assert found["value"].tolist() == ["\u3000１，234 \u200b"]


@pytest.mark.parametrize(
    ("header", "wanted", "text", "value"),
    [
        ("元", "万元", "25000", 2.5),
        ("千元", "万元", "25", 2.5),
        ("百万元", "万元", "2.5", 250.0),
        ("亿元", "万元", "2.5", 25000.0),
        ("万元", "元", "2.5", 25000.0),
        ("（单位：元）", "万元", "25000", 2.5),
        ("人民币元", "万元", "25000", 2.5),
        ("CNY", "万元", "25000", 2.5),
        ("%", "ratio", "12.5", 0.125),
    ],
)
def test_the_headers_unit_is_reported_once_and_applied_to_every_cell(header, wanted, text, value):
    read = parsed([text, text, None], "decimal", unit=wanted, unit_of_header=header)
    assert read.values[:2].tolist() == [value, value]
    assert read.findings["position"].tolist() == [WHOLE_COLUMN]
    assert read.findings["rule"].tolist() == ["unit_from_header"]
    assert read.findings["action"].tolist() == ["reported"]
    assert read.findings["value"].tolist() == [header]


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("万元", "万元"),
        ("10,000 yuan", "万元"),
        ("%", "percent"),
        ("人", "person"),
        ("期末", "person"),
        ("", "万元"),
        (None, "元"),
    ],
)
def test_a_header_that_states_the_wanted_unit_or_none_changes_nothing(header, wanted):
    read = parsed(["12"], "decimal", unit=wanted, unit_of_header=header)
    assert read.values.tolist() == [12.0]
    assert read.findings.empty


def test_the_unit_of_a_cell_wins_over_the_header():
    read = parsed(["20000", "3万元", "1,0000", "2,000,000", "50%"], "decimal", unit="万元", unit_of_header="元")
    assert read.values[:2].tolist() == [2.0, 3.0]
    assert read.values[3] == 200.0
    assert read.values[[2, 4]].isna().all()


def test_a_foreign_currency_in_the_header_leaves_no_cell_to_be_trusted():
    read = parsed(["20000", "3"], "decimal", unit="万元", unit_of_header="万美元")
    assert read.values.isna().all()
    assert read.findings[["position", "rule", "action"]].to_numpy().tolist() == [[-1, "unknown_unit", "nulled"]]


def test_a_count_takes_no_share_from_its_header():
    assert parsed(["1200"], "integer", unit_of_header="%").findings["rule"].tolist() == ["unknown_unit"]
    assert parsed(["3", "1.5"], "integer", unit="person", unit_of_header="万人").values.tolist() == [30000, 15000]


def test_thousands_of_numbers_with_separators_read_as_few_do(monkeypatch):
    rng = np.random.default_rng(11)
    texts = [f"{x:,.2f}" for x in rng.lognormal(9, 2, 300)] + [
        "1,23",
        "1,234元",
        "-1,234",
        "12",
        "98,765,432,109,876.5",
    ]
    few = parsed(texts, "decimal", unit="万元")
    monkeypatch.setattr("helpers.ingest.values.numbers._MANY", 1)
    many = parsed(texts, "decimal", unit="万元")
    pd.testing.assert_series_equal(few.values, many.values)
    pd.testing.assert_frame_equal(few.findings, many.findings)


def test_thousands_of_integers_with_separators_read_as_few_do(monkeypatch):
    texts = ["1,234", "-12,345,678", "1,234.0", "1,234,567,890,123,456,789,012", "1,23", "7"]
    few = parsed(texts, "integer", unit="item")
    monkeypatch.setattr("helpers.ingest.values.numbers._MANY", 1)
    many = parsed(texts, "integer", unit="item")
    assert many.values.tolist()[:3] == [1234, -12345678, 1234]
    pd.testing.assert_series_equal(few.values, many.values)
    pd.testing.assert_frame_equal(few.findings, many.findings)


def test_thousands_of_slashed_moments_read_as_few_do(monkeypatch):
    texts = ["2023/7/10 9:05", "2023/07/10 14:30:15", "2023/2/30 9:05", "2024/2/29 09:05", "2023/12/31 23:59", "x"]
    texts += ["2023/7/10 24:00", "2023/7/10", "1899/1/1 1:00", "2023-07-10 09:05", "2023/4/31 1:00", "2023/1/1 0:00"]
    few = parsed(texts, "datetime")
    monkeypatch.setattr("helpers.ingest.values.dates._MANY", 1)
    many = parsed(texts, "datetime")
    assert many.values[1] == pd.Timestamp("2023-07-10 14:30:15")
    pd.testing.assert_series_equal(few.values, many.values)
    pd.testing.assert_frame_equal(few.findings, many.findings)


@pytest.mark.parametrize("header", [None, "亿元"])
def test_no_number_is_infinite_and_zero_has_no_sign_however_many_cells_are_read_at_once(monkeypatch, header):
    texts = ["1", "9" * 400, "-" + "9" * 400, "-0", "-0.0", ",".join(["999"] * 110), "1e308亿元"]
    for many in (numbers._MANY, 1):
        monkeypatch.setattr(numbers, "_MANY", many)
        read = parsed(texts, "decimal", unit="万元", unit_of_header=header)
        assert read.values.isna().tolist() == [False, True, True, False, False, True, True]
        assert np.isfinite(read.values.dropna()).all()
        assert not np.signbit(read.values.dropna()).any()
        nulled = read.findings[read.findings["action"] == "nulled"]
        assert nulled["position"].tolist() == [1, 2, 5, 6]


def test_a_date_after_the_extract_is_flagged_and_kept():
    extract_on = datetime.date(2023, 6, 30)
    texts = ["2023-06-30", "2023-07-01", "2023年7月1日"]
    read = parsed(texts, "date", extract_on=extract_on)
    assert read.values.tolist() == [pd.Timestamp("2023-06-30"), pd.Timestamp("2023-07-01"), pd.Timestamp("2023-07-01")]
    assert read.findings[["position", "rule"]].to_numpy().tolist() == [
        [1, "date_after_extract"],
        [2, "date_format"],
        [2, "date_after_extract"],
    ]
    assert read.findings["result"].tolist() == ["2023-07-01"] * 3


def test_the_whole_day_of_the_extract_is_before_its_end():
    read = parsed(["2023-06-30 23:59:59", "2023-07-01 00:00:00"], "datetime", extract_on=datetime.date(2023, 6, 30))
    assert read.findings["position"].tolist() == [1]


def test_a_certificate_may_be_valid_beyond_the_extract():
    read = parsed(["2025-12-31"], "date", name="valid_to", extract_on=datetime.date(2023, 6, 30))
    assert read.findings.empty


def test_lost_zeros_come_back_only_where_a_width_is_declared():
    read = parsed(["2", "600519", "2.0"], "code", pattern=r"^\d{6}$", pad=6)
    assert read.values.tolist() == ["000002", "600519", "000002"]
    assert read.findings["rule"].tolist() == ["lost_leading_zeros"] * 2
    assert set(read.findings["action"]) == {"repaired"}
    assert parsed(["2"], "code", pattern=r"^\d{6}$").values.isna().all()


def test_ordered_grades_compare_in_the_order_of_the_codebook():
    values = parsed(["优秀", "较差", "一般"], "ordered", allowed=("较差", "一般", "优秀")).values
    assert values.cat.ordered
    assert (values > "较差").tolist() == [True, False, True]


def test_a_category_is_found_through_the_list_of_synonyms():
    synonyms = {"发明专利（授权）": "发明", "新型": "实用新型"}
    texts = ["发明专利(授权)", "新型", " 新型", "别的"]
    read = parsed(texts, "category", allowed=("发明", "实用新型"), category_synonyms=synonyms)
    assert read.values.astype("str").tolist()[:3] == ["发明", "实用新型", "实用新型"]
    assert read.findings["rule"].tolist() == ["category_synonym"] * 3 + ["unknown_category"]
    assert read.findings["result"].tolist() == ["发明", "实用新型", "实用新型", ""]


def test_none_is_no_where_the_column_says_has_elsewhere():
    read = parsed(["有", "无", ""], "boolean").values
    assert read[:2].tolist() == [True, False]
    assert parsed(["有", "没有"], "boolean").values.tolist() == [True, False]
    assert parsed(["是", "无"], "boolean").values.isna().tolist() == [False, True]


def test_a_rounded_code_with_a_check_digit_right_by_chance_is_kept_and_flagged():
    # 9*1 + 1*3 + 3*9 + 5*27 + 0*19 + 5*26 + 0*16 + 0*17 + 7*20 + 5*29 = 589 = 19*31, so C18 = 0
    code = "913505007500000000"
    read = parsed([code], "uscc")
    assert read.values.tolist() == [code]
    assert read.findings[["rule", "action"]].to_numpy().tolist() == [["scientific_notation", "flagged"]]


def test_patterns_that_arrow_does_not_know_are_matched_all_the_same():
    read = parsed(["ab1", "ab2", "xy1"], "code", pattern=r"^(?!xy)[a-z]{2}\d$")
    assert read.values.isna().tolist() == [False, False, True]


def test_application_numbers_match_their_form_in_both_eras():
    assert re.fullmatch(codes.APPLICATION_NO, "2003101234567")
    assert re.fullmatch(codes.APPLICATION_NO, "85100001")
    assert not re.fullmatch(codes.APPLICATION_NO, "2003401234567")


def test_a_missing_part_of_a_date_is_never_taken_from_today():
    texts = ["2023年7月", "7月10日", "2023", "10日"]
    read = parsed(texts, "date")
    assert read.values.isna().tolist() == [False, True, True, True]
    assert read.findings["action"].tolist() == ["flagged", "nulled", "nulled", "nulled"]


def test_an_unknown_type_is_refused():
    with pytest.raises(ValueError, match=r"t\.x: no reader for the type 'colour'"):
        parsed(["a"], "colour")
