"""What one cell means: text, kind of column -> value, rules and actions, all worked out by hand."""

# ruff: noqa: PD011 (`values` is a field of Parsed)

import datetime

import pandas as pd
import pyarrow as pa
import pytest

from helpers.codebook import Column
from helpers.ingest.values import parse_column

REPAIRED, FLAGGED, NULLED = "repaired", "flagged", "nulled"
MONEY = {"type": "decimal", "unit": "万元"}
YUAN = {"type": "decimal", "unit": "元"}
PERCENT = {"type": "decimal", "unit": "percent"}
RATIO = {"type": "decimal", "unit": "ratio"}
PLAIN = {"type": "decimal"}
PERSONS = {"type": "integer", "unit": "person", "minimum": 0.0}
ITEMS = {"type": "integer", "unit": "item"}
DAY, MOMENT, YEAR = {"type": "date"}, {"type": "datetime"}, {"type": "year"}
YES_NO = {"type": "boolean"}
USCC = {"type": "uscc"}
INDUSTRY = {"type": "code", "pattern": r"^\d{4}$"}
AREA = {"type": "code", "pattern": r"^A\d{2}$"}
ANY = {"type": "code", "pattern": r"^\S{4,40}$"}
ORG = {"type": "code"}
FILING = {"type": "code", "name": "application_no"}
PERSON = {"type": "person_id"}
TEXT, LIST = {"type": "text"}, {"type": "list"}
LISTED = {"type": "category", "allowed": ("A股", "H股", "新三板", "否")}
OUTPUT = {"type": "category", "allowed": ("专利", "工艺", "无")}
AGE = {"type": "ordered", "allowed": ("<=30", "31-40", ">60")}
PLAN = {"type": "category", "allowed": ("培训(十)", "党课(百)")}
CHANNEL = {"type": "category", "allowed": ("邻里中心", "12345")}
CLAUSES = {"type": "set", "allowed": ("总则宣示", "机构设置", "经费保障")}


def day(year: int, month: int, of_month: int, *time: int) -> pd.Timestamp:
    return pd.Timestamp(datetime.datetime(year, month, of_month, *time))


CASES = [
    # decimals and money
    ("12.5", MONEY, 12.5, []),
    ("-3.5", MONEY, -3.5, []),
    ("0", MONEY, 0.0, []),
    ("1e5", MONEY, 100000.0, []),
    ("1,234", MONEY, 1234.0, [("thousands_separator", REPAIRED)]),
    ("1，234.5", MONEY, 1234.5, [("thousands_separator", REPAIRED)]),
    ("1 234 567", MONEY, 1234567.0, [("thousands_separator", REPAIRED)]),
    ("-1,234,567.25", MONEY, -1234567.25, [("thousands_separator", REPAIRED)]),
    ("1,23", MONEY, None, [("unparseable", NULLED)]),
    ("1,2345", MONEY, None, [("unparseable", NULLED)]),
    ("１２．５", MONEY, 12.5, [("full_width", REPAIRED)]),
    (" 12.5", MONEY, 12.5, [("blank_padding", REPAIRED)]),
    ("12.5\u3000", MONEY, 12.5, [("blank_padding", REPAIRED)]),
    ("\u00a012.5\u200b", MONEY, 12.5, [("blank_padding", REPAIRED)]),
    ("\ufeff12.5", MONEY, 12.5, [("blank_padding", REPAIRED)]),
    ("   ", MONEY, None, [("blank_padding", REPAIRED)]),
    ("5万元", MONEY, 5.0, [("unit_in_cell", REPAIRED)]),
    ("5 万元", MONEY, 5.0, [("unit_in_cell", REPAIRED)]),
    ("5(万元)", MONEY, 5.0, [("unit_in_cell", REPAIRED)]),
    ("25000元", MONEY, 2.5, [("unit_in_cell", REPAIRED)]),
    ("7千元", MONEY, 0.7, [("unit_in_cell", REPAIRED)]),
    ("3百万元", MONEY, 300.0, [("unit_in_cell", REPAIRED)]),
    ("1.2亿元", MONEY, 12000.0, [("unit_in_cell", REPAIRED)]),
    ("1.2亿", MONEY, 12000.0, [("unit_in_cell", REPAIRED)]),
    ("1,234.5万元", MONEY, 1234.5, [("unit_in_cell", REPAIRED)]),
    ("3千", MONEY, None, [("unparseable", NULLED)]),
    ("5万美元", MONEY, None, [("unparseable", NULLED)]),
    ("$5", MONEY, None, [("unparseable", NULLED)]),
    ("5人", MONEY, None, [("unparseable", NULLED)]),
    ("￥1,234.00", MONEY, 1234.0, [("thousands_separator", REPAIRED)]),
    ("¥12", MONEY, 12.0, [("currency_sign", REPAIRED)]),
    ("5万元", YUAN, 50000.0, [("unit_in_cell", REPAIRED)]),
    ("5元", YUAN, 5.0, [("unit_in_cell", REPAIRED)]),
    ("(1,234)", MONEY, -1234.0, [("bracket_negative", REPAIRED)]),
    ("（500）", MONEY, -500.0, [("bracket_negative", REPAIRED)]),
    ("(500", MONEY, None, [("unparseable", NULLED)]),
    ("(-500)", MONEY, None, [("unparseable", NULLED)]),
    ("+3", MONEY, 3.0, []),
    ("−3", MONEY, -3.0, [("minus_sign", REPAIRED)]),
    ("约1200", MONEY, 1200.0, [("approximate_number", FLAGGED)]),
    ("1200左右", MONEY, 1200.0, [("approximate_number", FLAGGED)]),
    ("约5万元", MONEY, 5.0, [("unit_in_cell", REPAIRED), ("approximate_number", FLAGGED)]),
    ("1200以上", MONEY, None, [("unparseable", NULLED)]),
    ("100-200", MONEY, None, [("unparseable", NULLED)]),
    ("三百", MONEY, None, [("unparseable", NULLED)]),
    ("1.2E+05", MONEY, 120000.0, [("scientific_notation", FLAGGED)]),
    ("nan", MONEY, None, [("missing_token", FLAGGED)]),
    ("inf", MONEY, None, [("unparseable", NULLED)]),
    ("-Infinity", MONEY, None, [("unparseable", NULLED)]),
    ("∞", MONEY, None, [("unparseable", NULLED)]),
    ("'12.5", MONEY, 12.5, [("text_mark", REPAIRED)]),
    ("1e999", MONEY, None, [("unparseable", NULLED)]),
    ("9" * 400, MONEY, None, [("unparseable", NULLED)]),
    ("1e308亿元", MONEY, None, [("unparseable", NULLED)]),
    ("1,23,4", MONEY, None, [("unparseable", NULLED)]),
    ("1.234.567", MONEY, None, [("unparseable", NULLED)]),
    ("12万3千", MONEY, None, [("unparseable", NULLED)]),
    ("≥5", MONEY, None, [("unparseable", NULLED)]),
    ("100~200", MONEY, None, [("unparseable", NULLED)]),
    ("否", MONEY, None, [("unparseable", NULLED)]),
    ("500", PERCENT, 500.0, []),
    ("-", MONEY, None, [("missing_token", FLAGGED)]),
    ("——", MONEY, None, [("missing_token", FLAGGED)]),
    ("N/A", MONEY, None, [("missing_token", FLAGGED)]),
    ("#DIV/0!", MONEY, None, [("excel_error", NULLED)]),
    ("12.5%", PERCENT, 12.5, [("percent_sign", REPAIRED)]),
    ("12.5％", PERCENT, 12.5, [("percent_sign", REPAIRED)]),
    ("12.5", PERCENT, 12.5, []),
    ("12.5%", RATIO, 0.125, [("percent_sign", REPAIRED)]),
    ("50%", PLAIN, 0.5, [("percent_sign", REPAIRED)]),
    ("5‰", RATIO, 0.005, [("percent_sign", REPAIRED)]),
    ("12%", MONEY, None, [("unparseable", NULLED)]),
    ("118.5°", {"type": "decimal", "unit": "degree"}, 118.5, [("unit_in_cell", REPAIRED)]),
    # integers
    ("12", PERSONS, 12, []),
    ("007", PERSONS, 7, []),
    ("12.0", PERSONS, 12, [("integer_as_decimal", REPAIRED)]),
    ("12.5", PERSONS, None, [("unparseable", NULLED)]),
    ("1,234", PERSONS, 1234, [("thousands_separator", REPAIRED)]),
    ("12人", PERSONS, 12, [("unit_in_cell", REPAIRED)]),
    ("1.5万人", PERSONS, 15000, [("unit_in_cell", REPAIRED)]),
    ("12家", PERSONS, None, [("unparseable", NULLED)]),
    ("12 件", ITEMS, 12, [("unit_in_cell", REPAIRED)]),
    ("3项", ITEMS, 3, [("unit_in_cell", REPAIRED)]),
    ("(5)", PERSONS, None, [("unparseable", NULLED)]),
    ("(5)", ITEMS, -5, [("bracket_negative", REPAIRED)]),
    ("12%", PERSONS, None, [("unparseable", NULLED)]),
    ("100%", PERSONS, None, [("unparseable", NULLED)]),
    ("1e999", PERSONS, None, [("unparseable", NULLED)]),
    ("1e-400", PERSONS, None, [("unparseable", NULLED)]),
    ("1." + "9" * 30, PERSONS, None, [("unparseable", NULLED)]),
    ("1.1万人", PERSONS, 11000, [("unit_in_cell", REPAIRED)]),
    ("≥5", PERSONS, None, [("unparseable", NULLED)]),
    ("0", PERSONS, 0, []),
    ("-0", PERSONS, 0, []),
    ("0x10", PERSONS, None, [("unparseable", NULLED)]),
    ("99999999999999999999", PERSONS, None, [("unparseable", NULLED)]),
    ("无", PERSONS, None, [("missing_token", FLAGGED)]),
    ("约30人", PERSONS, 30, [("unit_in_cell", REPAIRED), ("approximate_number", FLAGGED)]),
    # dates
    ("2023-07-10", DAY, day(2023, 7, 10), []),
    ("2024-02-29", DAY, day(2024, 2, 29), []),
    ("2023-07-10 00:00:00", DAY, day(2023, 7, 10), []),
    ("2023-07-10T00:00:00", DAY, day(2023, 7, 10), []),
    ("2023年7月10日", DAY, day(2023, 7, 10), [("date_format", REPAIRED)]),
    ("２０２３年７月１０日", DAY, day(2023, 7, 10), [("date_format", REPAIRED)]),
    ("2023 年 7 月 10 日", DAY, day(2023, 7, 10), [("date_format", REPAIRED)]),
    ("2023年7月10日(星期一)", DAY, day(2023, 7, 10), [("date_format", REPAIRED)]),
    ("'2023-07-10", DAY, day(2023, 7, 10), [("text_mark", REPAIRED)]),
    ("2023/7/10", DAY, day(2023, 7, 10), [("date_format", REPAIRED)]),
    ("2023-7-10", DAY, day(2023, 7, 10), [("date_format", REPAIRED)]),
    ("20230710", DAY, day(2023, 7, 10), [("date_format", REPAIRED)]),
    ("20230710.0", DAY, day(2023, 7, 10), [("date_format", REPAIRED)]),
    ("2023.7.10", DAY, day(2023, 7, 10), [("date_format", REPAIRED)]),
    (" 2023-07-10", DAY, day(2023, 7, 10), [("blank_padding", REPAIRED)]),
    ("2023-07-10 14:30:00", DAY, day(2023, 7, 10), [("time_dropped", REPAIRED)]),
    ("45117", DAY, day(2023, 7, 10), [("excel_serial_date", REPAIRED)]),
    ("45117.0", DAY, day(2023, 7, 10), [("excel_serial_date", REPAIRED)]),
    ("45117.75", DAY, day(2023, 7, 10), [("excel_serial_date", REPAIRED)]),
    ("32874", DAY, day(1990, 1, 1), [("excel_serial_date", REPAIRED)]),
    ("49674", DAY, day(2035, 12, 31), [("excel_serial_date", REPAIRED)]),
    ("32873", DAY, None, [("unparseable", NULLED)]),
    ("49675", DAY, None, [("unparseable", NULLED)]),
    ("2023.07", DAY, day(2023, 7, 1), [("date_precision_month", FLAGGED)]),
    ("2023年7月", DAY, day(2023, 7, 1), [("date_precision_month", FLAGGED)]),
    ("2023-07", DAY, day(2023, 7, 1), [("date_precision_month", FLAGGED)]),
    ("202307", DAY, day(2023, 7, 1), [("date_precision_month", FLAGGED)]),
    ("2023.13", DAY, None, [("unparseable", NULLED)]),
    ("2023.1", DAY, None, [("ambiguous_date", NULLED)]),
    ("201112", DAY, None, [("ambiguous_date", NULLED)]),
    ("230710", DAY, None, [("ambiguous_date", NULLED)]),
    ("2023年", DAY, None, [("date_precision_year", NULLED)]),
    ("2023", DAY, None, [("date_precision_year", NULLED)]),
    ("7/10/2023", DAY, None, [("ambiguous_date", NULLED)]),
    ("23/7/10", DAY, None, [("ambiguous_date", NULLED)]),
    ("23年7月10日", DAY, None, [("ambiguous_date", NULLED)]),
    ("2023-02-30", DAY, None, [("unparseable", NULLED)]),
    ("2023-02-29", DAY, None, [("unparseable", NULLED)]),
    ("20231301", DAY, None, [("unparseable", NULLED)]),
    ("2023/7-10", DAY, None, [("unparseable", NULLED)]),
    ("9999-12-31", DAY, None, [("implausible_date", NULLED)]),
    ("1900-01-01", DAY, None, [("implausible_date", NULLED)]),
    ("0202-03-04", DAY, None, [("implausible_date", NULLED)]),
    ("去年", DAY, None, [("unparseable", NULLED)]),
    ("至今", DAY, None, [("open_ended", FLAGGED)]),
    ("不详", DAY, None, [("missing_token", FLAGGED)]),
    # moments
    ("2023-07-10 14:30:00", MOMENT, day(2023, 7, 10, 14, 30), []),
    ("2023-07-10T14:30", MOMENT, day(2023, 7, 10, 14, 30), []),
    ("2023-07-10 14:30:15.5", MOMENT, day(2023, 7, 10, 14, 30, 15, 500000), []),
    ("2023年7月10日14时30分", MOMENT, day(2023, 7, 10, 14, 30), [("date_format", REPAIRED)]),
    ("2023年7月10日 14时30分15秒", MOMENT, day(2023, 7, 10, 14, 30, 15), [("date_format", REPAIRED)]),
    ("2023/7/10 9:05", MOMENT, day(2023, 7, 10, 9, 5), [("date_format", REPAIRED)]),
    ("2023-07-10T14:30:00+08:00", MOMENT, day(2023, 7, 10, 14, 30), [("date_format", REPAIRED)]),
    ("2023-07-10T14:30:00Z", MOMENT, None, [("unparseable", NULLED)]),
    ("2023-07-10 25:00", MOMENT, None, [("unparseable", NULLED)]),
    ("45117.604166667", MOMENT, day(2023, 7, 10, 14, 30), [("excel_serial_date", REPAIRED)]),
    ("2023-07-10", MOMENT, day(2023, 7, 10), [("date_precision_day", FLAGGED)]),
    ("2023/7/10", MOMENT, day(2023, 7, 10), [("date_format", REPAIRED), ("date_precision_day", FLAGGED)]),
    ("2023年7月", MOMENT, None, [("date_precision_month", NULLED)]),
    # years
    ("2023", YEAR, 2023, []),
    ("2023年", YEAR, 2023, [("date_format", REPAIRED)]),
    ("2023年度", YEAR, 2023, [("date_format", REPAIRED)]),
    ("2023.0", YEAR, 2023, [("integer_as_decimal", REPAIRED)]),
    ("２０２３", YEAR, 2023, [("full_width", REPAIRED)]),
    ("2023-07-10", YEAR, 2023, [("date_format", REPAIRED)]),
    ("23", YEAR, None, [("ambiguous_date", NULLED)]),
    ("1023", YEAR, None, [("implausible_date", NULLED)]),
    # yes and no
    ("是", YES_NO, True, []),
    ("否", YES_NO, False, []),
    ("1", YES_NO, True, []),
    ("0", YES_NO, False, []),
    ("True", YES_NO, True, []),
    ("false", YES_NO, False, []),
    ("Y", YES_NO, True, [("boolean_format", REPAIRED)]),
    ("n", YES_NO, False, [("boolean_format", REPAIRED)]),
    ("√", YES_NO, True, [("boolean_format", REPAIRED)]),
    ("×", YES_NO, False, [("boolean_format", REPAIRED)]),
    ("１", YES_NO, True, [("full_width", REPAIRED)]),
    ("无", YES_NO, None, [("missing_token", FLAGGED)]),
    ("也许", YES_NO, None, [("unparseable", NULLED)]),
    # credit codes; 91350500M00000000 has the check digit L (worked out in test_ingest_values_uscc)
    ("91350500M00000000L", USCC, "91350500M00000000L", []),
    ("９１３５０５００M00000000L", USCC, "91350500M00000000L", [("full_width", REPAIRED)]),
    ("91350500m00000000l", USCC, "91350500M00000000L", [("letter_case", REPAIRED)]),
    ("91350500M00000000L ", USCC, "91350500M00000000L", [("blank_padding", REPAIRED)]),
    ("9135 0500 M000 0000 0L", USCC, "91350500M00000000L", [("code_format", REPAIRED)]),
    ("91350500-M00000000-L", USCC, "91350500M00000000L", [("code_format", REPAIRED)]),
    ("9135O500M00000000L", USCC, "91350500M00000000L", [("confusable_character", REPAIRED)]),
    ("9I350500MOOO00000L", USCC, "91350500M00000000L", [("confusable_character", REPAIRED)]),
    ("9135O500M00000000K", USCC, None, [("unparseable", NULLED)]),
    ("91350500M0000000SL", USCC, None, [("unparseable", NULLED)]),
    ("91350500M000000001", USCC, "91350500M000000001", [("bad_check_digit", FLAGGED)]),
    (
        "91350500m000000001",
        USCC,
        "91350500M000000001",
        [("letter_case", REPAIRED), ("bad_check_digit", FLAGGED)],
    ),
    ("913505001234567891", USCC, "913505001234567891", [("bad_check_digit", FLAGGED)]),
    ("9.135E+17", USCC, None, [("scientific_notation", NULLED)]),
    ("9.13505001234567e+17", USCC, None, [("scientific_notation", NULLED)]),
    ("913505001234567000", USCC, None, [("scientific_notation", NULLED)]),
    ("913505001234567890.0", USCC, None, [("scientific_notation", NULLED)]),
    ("91350500M0000000", USCC, None, [("unparseable", NULLED)]),
    ("91350500M00000000L1", USCC, None, [("unparseable", NULLED)]),
    ("'91350500M00000000L", USCC, "91350500M00000000L", [("text_mark", REPAIRED)]),
    ("‘91350500m00000000l", USCC, "91350500M00000000L", [("text_mark", REPAIRED)]),
    ('="91350500M00000000L"', USCC, "91350500M00000000L", [("text_mark", REPAIRED)]),
    ("91350500M00000000L.0", USCC, "91350500M00000000L", [("integer_as_decimal", REPAIRED)]),
    ("91350500M000000001.0", USCC, None, [("unparseable", NULLED)]),
    ("甲公司", USCC, None, [("unparseable", NULLED)]),
    ("/", USCC, None, [("missing_token", FLAGGED)]),
    # other codes
    ("0139", INDUSTRY, "0139", []),
    ("139", INDUSTRY, None, [("lost_leading_zeros", NULLED)]),
    ("139.0", INDUSTRY, None, [("lost_leading_zeros", NULLED)]),
    ("1391.0", INDUSTRY, "1391", [("integer_as_decimal", REPAIRED)]),
    ("０139", INDUSTRY, "0139", [("full_width", REPAIRED)]),
    ("'0139", INDUSTRY, "0139", [("text_mark", REPAIRED)]),
    ('="0139"', INDUSTRY, "0139", [("text_mark", REPAIRED)]),
    ("O139", INDUSTRY, None, [("unparseable", NULLED)]),
    ("C139", INDUSTRY, None, [("unparseable", NULLED)]),
    ("1.39E+03", INDUSTRY, None, [("scientific_notation", NULLED)]),
    ("a01", AREA, "A01", [("letter_case", REPAIRED)]),
    ("A 01", AREA, "A01", [("code_format", REPAIRED)]),
    ("GR-2022 350", ANY, "GR-2022350", [("code_format", REPAIRED)]),
    ("null", ANY, None, [("missing_token", FLAGGED)]),
    ("1.39E+03", ANY, None, [("scientific_notation", NULLED)]),
    ("202235.0", ANY, "202235", [("integer_as_decimal", REPAIRED)]),
    ("2022350012345678.0", ANY, None, [("scientific_notation", NULLED)]),
    ("'GR2022", ANY, "GR2022", [("text_mark", REPAIRED)]),
    ("ＧＲ2022", ANY, "GR2022", [("full_width", REPAIRED)]),
    ("A1", AREA, None, [("unparseable", NULLED)]),
    ("ORG-001", ORG, "ORG-001", []),
    ("ＯＲＧ-001", ORG, "ORG-001", [("full_width", REPAIRED)]),
    ("\tORG-001", ORG, "ORG-001", [("blank_padding", REPAIRED)]),
    ("1.2E+10", ORG, None, [("scientific_notation", NULLED)]),
    ("1.2E10", ORG, None, [("scientific_notation", NULLED)]),
    ("9E17", ORG, "9E17", []),
    ("'0123", ORG, "0123", [("text_mark", REPAIRED)]),
    ('="0123"', ORG, "0123", [("text_mark", REPAIRED)]),
    ("’0123", ORG, "0123", [("text_mark", REPAIRED)]),
    ("123.0", ORG, "123", [("integer_as_decimal", REPAIRED)]),
    ("0123.0", ORG, "0123.0", []),
    ("1234567890123456.0", ORG, None, [("scientific_notation", NULLED)]),
    ("ORG.0", ORG, "ORG.0", []),
    ("无", ORG, None, [("missing_token", FLAGGED)]),
    ("p-7", PERSON, "p-7", []),
    (" p-7", PERSON, "p-7", [("blank_padding", REPAIRED)]),
    ("2021101234567", FILING, "2021101234567", []),
    ("202110123456X", FILING, "202110123456X", []),
    ("202110123456", FILING, "202110123456", []),
    ("202110123456.7", FILING, "2021101234567", [("code_format", REPAIRED)]),
    ("CN202110123456.7", FILING, "2021101234567", [("code_format", REPAIRED)]),
    ("ZL 2021 1 0123456.x", FILING, "202110123456X", [("code_format", REPAIRED)]),
    ("202110123456x", FILING, "202110123456X", [("letter_case", REPAIRED)]),
    ("98101234.5", FILING, "981012345", [("code_format", REPAIRED)]),
    ("2021101234567.0", FILING, "2021101234567", [("code_format", REPAIRED)]),
    ("2.02110E+12", FILING, None, [("scientific_notation", NULLED)]),
    ("CN112345678A", FILING, None, [("unparseable", NULLED)]),
    ("202170123456.7", FILING, None, [("unparseable", NULLED)]),
    # text
    ("厦门（中国）有限公司", TEXT, "厦门（中国）有限公司", []),
    ("无", TEXT, None, [("missing_token", FLAGGED)]),
    ("无党员企业", TEXT, "无党员企业", []),
    ("Ｎ／Ａ", TEXT, None, [("missing_token", FLAGGED)]),
    (" 暂无 ", TEXT, None, [("missing_token", FLAGGED)]),
    ("#N/A", TEXT, None, [("missing_token", FLAGGED)]),
    ("#REF!", TEXT, None, [("excel_error", NULLED)]),
    ("甲公司 \u3000", TEXT, "甲公司", [("blank_padding", REPAIRED)]),
    ("\ufeff甲公司", TEXT, "甲公司", [("blank_padding", REPAIRED)]),
    ("甲\u200b公司", TEXT, "甲公司", [("blank_padding", REPAIRED)]),
    ("ＡＢ１公司", TEXT, "AB1公司", [("full_width", REPAIRED)]),
    ("\u3000", TEXT, None, [("blank_padding", REPAIRED)]),
    # closed sets
    ("A股", LISTED, "A股", []),
    ("否", LISTED, "否", []),
    ("Ａ股", LISTED, "A股", [("full_width", REPAIRED)]),
    ("a股", LISTED, "A股", [("letter_case", REPAIRED)]),
    (" A 股", LISTED, "A股", [("blank_padding", REPAIRED)]),
    ("H股 ", LISTED, "H股", [("blank_padding", REPAIRED)]),
    (
        "Power Generation ",
        {"type": "category", "allowed": ("Power Generation",)},
        "Power Generation",
        [("blank_padding", REPAIRED)],
    ),
    ("新三版", LISTED, None, [("unknown_category", NULLED)]),
    ("无", LISTED, None, [("missing_token", FLAGGED)]),
    ("无", OUTPUT, "无", []),
    ("<=30", AGE, "<=30", []),
    ("＜＝30", AGE, "<=30", [("full_width", REPAIRED)]),
    ("≤30", AGE, "<=30", [("full_width", REPAIRED)]),
    ("31—40", AGE, "31-40", [("full_width", REPAIRED)]),
    ("培训（十）", PLAN, "培训(十)", [("full_width", REPAIRED)]),
    ("12345.0", CHANNEL, "12345", [("integer_as_decimal", REPAIRED)]),
    ("总则宣示;机构设置", CLAUSES, "总则宣示;机构设置", []),
    ("机构设置、总则宣示", CLAUSES, "总则宣示;机构设置", []),
    ("机构设置；机构设置", CLAUSES, "机构设置", []),
    ("机构设置，总则宣示", CLAUSES, "总则宣示;机构设置", [("list_separator", REPAIRED)]),
    ("机构设置/总则宣示", CLAUSES, "总则宣示;机构设置", [("list_separator", REPAIRED)]),
    ("机构设置 总则宣示", CLAUSES, "总则宣示;机构设置", [("list_separator", REPAIRED)]),
    ("机构设置；总则宣示 ", CLAUSES, "总则宣示;机构设置", [("blank_padding", REPAIRED)]),
    ("机构设置;前置研究", CLAUSES, "机构设置", [("unknown_category", FLAGGED)]),
    ("前置研究", CLAUSES, None, [("unknown_category", NULLED)]),
    ("甲公司；乙公司", LIST, "甲公司;乙公司", []),
    ("甲 Co., Ltd", LIST, "甲 Co., Ltd", []),
    ("甲公司|乙公司", LIST, "甲公司;乙公司", [("list_separator", REPAIRED)]),
    ("无", LIST, None, [("missing_token", FLAGGED)]),
]


KINDS = (
    MONEY, PERSONS, DAY, MOMENT, YEAR, YES_NO, USCC, AREA, ORG, FILING, PERSON, TEXT, LIST, LISTED, AGE, CLAUSES,
)  # fmt: skip
NOTHING = [
    "无", "暂无", "没有", "-", "--", "—", "——", "/", "\\", "N/A", "n/a", "NA", "na", "null", "NULL",
    "none", "None", "空", "未填", "不详", "未知", "待定", "×", "不适用", "nan",
]  # fmt: skip


def column(type: str, name: str = "x", **fields) -> Column:
    return Column("t", name, "某列", "some column", type, **fields)


def parsed(texts: list[str | None], fields: dict, **options):
    return parse_column(pa.array(texts, type=pa.string()), column(**fields), **options)


def value_of(series: pd.Series, place: int = 0):
    value = series.iloc[place]
    return None if pd.isna(value) else value


@pytest.mark.parametrize(("text", "fields", "value", "rules"), CASES, ids=[f"{c[1]['type']}:{c[0]!r}" for c in CASES])
def test_a_text_means_this_value_and_is_listed_so(text, fields, value, rules):
    read = parsed([text], fields)
    if isinstance(value, float):
        assert value_of(read.values) == pytest.approx(value, rel=1e-15)
    else:
        assert value_of(read.values) == value
    assert list(zip(read.findings["rule"], read.findings["action"], strict=True)) == rules
    assert set(read.findings["value"]) <= {text}


@pytest.mark.parametrize(("text", "fields", "value", "rules"), CASES, ids=[f"{c[1]['type']}:{c[0]!r}" for c in CASES])
def test_a_cell_is_read_alike_alone_and_among_clean_ones(text, fields, value, rules):
    clean = [c[0] for c in CASES if c[1] == fields and c[3] == [] and c[0] != text]
    alone = parsed([text], fields)
    among = parsed([*clean, None, text, ""], fields)
    place = len(clean) + 1
    assert value_of(among.values, place) == value_of(alone.values)
    assert list(among.findings["rule"]) == list(alone.findings["rule"])
    assert set(among.findings["position"]) <= {place}
    assert list(among.findings["result"]) == list(alone.findings["result"])


@pytest.mark.parametrize("fields", KINDS, ids=lambda fields: "-".join(map(str, fields.values())))
def test_words_for_nothing_are_missing_and_listed_alike_in_every_type(fields):
    # crossed out means no where yes and no are asked for
    words = [word for word in NOTHING if fields is not YES_NO or word != "×"]
    read = parsed(words, fields)
    assert read.values.isna().all()
    assert read.findings["value"].tolist() == words
    assert set(zip(read.findings["rule"], read.findings["action"], strict=True)) == {("missing_token", FLAGGED)}


@pytest.mark.parametrize("fields", KINDS, ids=lambda fields: "-".join(map(str, fields.values())))
@pytest.mark.parametrize("answer", ["0", "否"])
def test_a_zero_and_a_no_are_never_taken_for_nothing(fields, answer):
    read = parsed([answer], fields)
    assert "missing_token" not in set(read.findings["rule"])
    # where it cannot be kept, the loss is counted
    assert read.values.notna().all() or read.findings["action"].tolist() == [NULLED]
