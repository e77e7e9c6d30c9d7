"""From an office's files to typed tables: layouts, headers, units, what is set aside, and the two layers on disk."""

import datetime as dt
import stat

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

from helpers import codebook as codebooks
from helpers import paths
from helpers.errors import InputError
from helpers.ingest import COUNTS, read_folder, shown, shown_sources, write
from helpers.ingest.people import pseudonymise
from helpers.ingest.titles import is_forbidden, read_header, sheet_unit

CODEBOOK = codebooks.load()
KEY = b"a key of the tests only"
# Valid codes: check digits by GB 32100, first three of the reference list of the standard's test codes.
A, B, C = "91350100611300758B", "91110000600037341L", "91310000775785552L"
AREA = "片区编号,片区名称,工作站名称,专职联络员人数,联合支部编号"


def read(folder, **options):
    return read_folder(folder, codebook=CODEBOOK, **({"person_key": KEY} | options))


def put(tmp_path, name, text, encoding="utf-8"):
    (tmp_path / name).write_bytes(text.encode(encoding))
    return tmp_path


def book(tmp_path, name, **sheets):
    workbook = xlsxwriter.Workbook(tmp_path / name)
    for title, rows in sheets.items():
        sheet = workbook.add_worksheet(title)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    workbook.close()
    return tmp_path


def found(ingested, rule):
    rows = ingested.ledger[ingested.ledger["rule"] == rule]
    return rows[["row", "column", "value", "action", "result"]].to_numpy().tolist()


def test_a_clean_file_gives_typed_rows_and_nothing_to_report(tmp_path):
    ingested = read(put(tmp_path, "党建片区表.csv", f"{AREA}\nA01,东区,东站,2,\nA02,西区,西站,3,\n"))
    areas = ingested.tables["areas"]
    assert areas["area_id"].tolist() == ["A01", "A02"]
    assert str(areas["fulltime_liaisons"].dtype) == "Int64"
    assert areas[["source_file", "source_sheet", "source_row"]].astype("object").to_numpy().tolist() == [
        ["党建片区表.csv", "", 2],
        ["党建片区表.csv", "", 3],
    ]
    assert ingested.ledger.empty
    assert ingested.counts.to_numpy().tolist() == [["areas", 2, 2, 0, 0, 0, 0]]
    assert ingested.sources.drop(columns="sha256").to_numpy().tolist() == [
        ["areas", "党建片区表.csv", "", "utf-8", 1, 2]
    ]
    assert len(ingested.sources["sha256"][0]) == 64


def test_titles_above_and_notes_and_totals_below_are_no_records(tmp_path):
    text = (
        f"清濛开发区党建片区表（2023年6月）,,,,\n填报单位：党工委,,,,\n{AREA}\nA01,东区,东站,2,\n,,,,\nA02,西区,西站,3,\n"
        "合　计,,,5,\n注：联络员为专职,,,,\n填表人：张三,,审核人：李四,,\n"
    )
    ingested = read(put(tmp_path, "党建片区表.csv", text))
    assert ingested.tables["areas"]["source_row"].tolist() == [4, 6]
    assert [row for row, *_ in found(ingested, "title_row")] == [1, 2]
    assert [row for row, *_ in found(ingested, "blank_row")] == [5]
    assert [row for row, *_ in found(ingested, "total_row")] == [7]
    assert [row for row, *_ in found(ingested, "note_row")] == [8, 9]
    assert ingested.counts.loc[0, ["rows_read", "rows_kept", "set_aside"]].tolist() == [3, 2, 1]
    assert ingested.set_aside["areas"]["fulltime_liaisons"].tolist() == ["5"]
    assert not any(name in ingested.ledger.to_csv() for name in ("张三", "李四"))


def test_notes_below_a_csv_without_its_delimiters_are_no_ragged_rows(tmp_path):
    ingested = read(put(tmp_path, "党建片区表.csv", f"{AREA}\nA01,东区,东站,2,\n合计：1\n注：以上为准\nA02,西区\n"))
    assert [row for row, *_ in found(ingested, "total_row")] == [3]
    assert [row for row, *_ in found(ingested, "note_row")] == [4]
    assert found(ingested, "ragged_row") == [[5, "", "2 fields instead of 5", "set_aside", ""]]
    assert ingested.set_aside["areas"]["text"].tolist() == ["A02,西区"]


def test_headers_repeated_by_a_page_break_are_no_records(tmp_path):
    ingested = read(put(tmp_path, "党建片区表.csv", f"{AREA}\nA01,东区,东站,2,\n{AREA}\nA02,西区,西站,3,\n"))
    assert len(ingested.tables["areas"]) == 2
    assert [row for row, *_ in found(ingested, "repeated_header")] == [3]


def test_a_two_line_header_with_merged_cells_is_read_with_the_units_of_its_groups(tmp_path):
    workbook = xlsxwriter.Workbook(tmp_path / "企业年度指标.xlsx")
    sheet = workbook.add_worksheet("Sheet1")
    sheet.merge_range(0, 0, 0, 5, "2022年企业年度指标")
    sheet.merge_range(1, 0, 2, 0, "统一社会信用代码")
    sheet.merge_range(1, 1, 2, 1, "年度")
    sheet.merge_range(1, 2, 1, 3, "财务指标（元）")
    sheet.merge_range(1, 4, 1, 5, "人员")
    sheet.write_row(2, 2, ["营业收入", "利润总额（万元）", "从业人员", "研发\n人员"])
    sheet.write_row(3, 0, [A, 2022, 12345678, 45.5, 120, 12])
    workbook.close()
    ingested = read(tmp_path)
    row = ingested.tables["enterprise_years"].iloc[0]
    assert row["revenue"] == pytest.approx(1234.5678)
    assert row[["profit", "employees", "rd_staff", "source_row"]].tolist() == [45.5, 120, 12, 4]
    assert [number for number, *_ in found(ingested, "title_row")] == [1]


def test_a_two_line_header_in_csv_shows_merging_by_blanks(tmp_path):
    text = f"统一社会信用代码,年度,财务指标（亿元）,,\n,,营业收入,利润总额,资产总计（万元）\n{A},2022,0.5,0.01,99\n"
    row = read(put(tmp_path, "企业年度指标.csv", text)).tables["enterprise_years"].iloc[0]
    assert row[["revenue", "profit", "assets"]].tolist() == pytest.approx([5000, 100, 99])


def test_a_unit_above_the_header_holds_for_all_money_of_the_sheet_but_where_a_header_says_otherwise(tmp_path):
    text = (
        f"企业年度指标,,,,单位：千元、人\n统一社会信用代码,年度,营业收入,利润总额(元),从业人数\n{A},2022,500,500,500\n"
    )
    row = read(put(tmp_path, "企业年度指标.csv", text)).tables["enterprise_years"].iloc[0]
    assert row[["revenue", "profit", "employees"]].tolist() == pytest.approx([50, 0.05, 500])


@pytest.mark.parametrize(
    ("header", "key", "unit"),
    [
        ("营业收入（万元）", "营业收入", "万元"),
        ("营业收入\n(单位：亿元)", "营业收入", "亿元"),
        ("营业收入/千元", "营业收入", "千元"),
        ("＊企业名称：", "企业名称", None),
        ("企 业 名 称", "企业名称", None),
        ("占比（％）", "占比", "%"),
        ("成立日期(yyyy-mm-dd)", "成立日期", None),
        ("RD_Expense [万元]", "rdexpense", "万元"),
    ],
)
def test_headers_are_compared_without_blanks_marks_and_brackets_that_give_the_unit(header, key, unit):
    assert key in read_header(header).keys
    assert read_header(header).unit == unit


def test_only_a_clear_unit_is_taken_for_the_sheet():
    assert sheet_unit(["企业年度指标", "计量单位：万元、人"]) == "万元"
    assert sheet_unit(["填报单位：清濛管委会"]) is None
    assert sheet_unit(["单位：元", "单位：万元"]) is None


def test_no_header_of_the_codebook_is_ever_forbidden():
    barred = [
        f"{table.name}.{column.name}: {header}"
        for table in CODEBOOK.tables.values()
        for column in table.columns
        for header in column.headers
        if is_forbidden(header, table)
    ]
    assert barred == []


def test_personal_columns_are_never_read_and_unknown_ones_are_told(tmp_path):
    text = f"姓名,{AREA},联系电话,备用\n张三,A01,东区,东站,2,,13800000000,x\n李四,A01\n"
    ingested = read(put(tmp_path, "党建片区表.csv", text))
    assert [row[1] for row in found(ingested, "forbidden_column")] == ["姓名", "联系电话"]
    assert [row[1] for row in found(ingested, "unmapped_column")] == ["备用"]
    assert ingested.set_aside["areas"]["text"].tolist() == ["2 fields"]
    everything = [ingested.tables["areas"], ingested.ledger, ingested.set_aside["areas"]]
    shown = "".join(frame.to_csv() for frame in everything)
    assert not any(text in shown for text in ("张三", "李四", "1380"))


def test_tables_are_known_by_sheet_names_file_names_and_headers(tmp_path):
    area = [AREA.split(","), ["A01", "东区", "东站", 2]]
    grid = [["网格编号", "网格名称", "所属片区编号", "设立日期"], ["G01", "一网格", "A01", "2021年3月1日"]]
    book(tmp_path, "汇总.xlsx", **{"说明": [["填写说明"]], "片区表（2023）": area})
    put(tmp_path, "02_党建网格表2023.csv", "\n".join(",".join(row) for row in grid))
    put(tmp_path, "导出.csv", "党组织编号,年度,分类,评定等次,星级,党建得分,发展得分\nP001,2022,示范类,优秀,5,90,80\n")
    (tmp_path / "说明.docx").write_bytes(b"x")
    (tmp_path / "~$汇总.xlsx").write_bytes(b"x")
    ingested = read(tmp_path)
    assert list(ingested.tables) == ["areas", "grids", "org_ratings"]
    about = ingested.ledger[ingested.ledger["table"] == ""]
    assert about[["file", "sheet", "rule"]].to_numpy().tolist() == [
        ["汇总.xlsx", "说明", "unmatched_sheet"],
        ["说明.docx", "", "other_file"],
    ]


def test_a_text_file_without_columns_is_left_alone(tmp_path):
    put(tmp_path, "说明.txt", "以下文件由党工委提供\n请勿外传\n")
    ingested = read(put(tmp_path, "areas.csv", f"{AREA}\nA01,东区,东站,2,\n"))
    assert ingested.ledger[["file", "rule"]].to_numpy().tolist() == [["说明.txt", "other_file"]]


def test_a_header_without_rows_is_a_table_without_rows_and_told(tmp_path):
    ingested = read(put(tmp_path, "areas.csv", AREA))
    assert ingested.tables["areas"].shape == (0, 8)
    assert list(ingested.ledger["rule"]) == ["no_rows"]
    assert ingested.counts.loc[0, ["rows_read", "rows_kept"]].tolist() == [0, 0]


def test_nul_characters_within_a_cell_are_taken_out_and_told(tmp_path):
    ingested = read(put(tmp_path, "areas.csv", f"{AREA}\nA01,东\0区,东站,2,\n"))
    assert ingested.tables["areas"]["area_name"].tolist() == ["东区"]
    assert found(ingested, "nul_character") == [[2, "area_name", "东\\0区", "repaired", "东区"]]


def test_sheets_that_the_workbook_hides_are_skipped_and_told(tmp_path):
    workbook = xlsxwriter.Workbook(tmp_path / "areas.xlsx")
    workbook.add_worksheet("areas").write_row(0, 0, AREA.split(","))
    workbook.add_worksheet("_lists").write(0, 0, "是")
    workbook.get_worksheet_by_name("_lists").hide()
    workbook.close()
    ingested = read(tmp_path)
    assert len(ingested.tables["areas"]) == 0
    assert list(ingested.ledger["rule"]) == ["hidden_sheet", "no_rows"]


def test_the_same_row_twice_is_set_aside_once_and_two_rows_of_one_key_both(tmp_path):
    rows = "A01,东区,东站,2,\nA01,东区,东站,2,\nA02,西区,西站,3,\nA02,西区,西站,4,\nA03,北区,北站,1,\n"
    ingested = read(put(tmp_path, "areas.csv", f"{AREA}\n{rows}"))
    assert ingested.tables["areas"]["source_row"].tolist() == [2, 6]
    assert found(ingested, "duplicate_row") == [[3, "area_id", "A01", "set_aside", ""]]
    assert [row for row, *_ in found(ingested, "duplicate_key")] == [4, 5]
    assert ingested.set_aside["areas"][["row", "rule", "fulltime_liaisons"]].to_numpy().tolist() == [
        [3, "duplicate_row", "2"],
        [4, "duplicate_key", "3"],
        [5, "duplicate_key", "4"],
    ]
    assert ingested.counts.loc[0, ["rows_read", "rows_kept", "set_aside"]].tolist() == [5, 2, 3]


def test_rows_without_a_readable_key_or_required_value_are_set_aside_with_the_reason(tmp_path):
    workbook = book(
        tmp_path,
        "企业名册.xlsx",
        Sheet1=[
            ["统一社会信用代码", "企业名称", "成立日期"],
            [A, "甲厂", "某天"],
            [913502117845678900, "乙厂", ""],
            [C, "", ""],
        ],
    )
    ingested = read(workbook)
    assert ingested.tables["enterprises"]["uscc"].tolist() == [A]
    assert found(ingested, "scientific_notation") == [[3, "uscc", "9.13502117845679E+17", "set_aside", ""]]
    assert found(ingested, "missing_required") == [[4, "name_zh", "", "set_aside", ""]]
    assert found(ingested, "unparseable") == [[2, "founded_on", "某天", "nulled", ""]]
    assert ingested.counts.loc[0, ["set_aside", "cells_nulled"]].tolist() == [2, 1]


def test_findings_of_checks_and_references_stand_at_the_row_of_the_file(tmp_path):
    put(tmp_path, "企业名册.csv", f"统一社会信用代码,企业名称\n{A},甲厂\n{B},乙厂\n")
    put(
        tmp_path,
        "企业年度指标.csv",
        f"统一社会信用代码,年度,从业人员,科技人员数\n坏码,2022,1,1\n{A},2021,10,12\n{C},2021,10,2\n{A},,1,1\n",
    )
    ingested = read(tmp_path, extract_on=dt.date(2023, 6, 30))
    assert found(ingested, "rule:rd_staff_within_employees") == [[3, "rd_staff;employees", "12;10", "flagged", ""]]
    assert found(ingested, "unknown_reference") == [[4, "uscc", C, "flagged", ""]]
    assert ingested.tables["enterprise_years"][["uscc", "source_row"]].to_numpy().tolist() == [[C, 4], [A, 3]]


def test_dates_after_the_extract_are_flagged_but_for_planned_ends(tmp_path):
    text = "党组织编号,党组织名称,组织类型,成立日期,届满日期\nP001,甲支部,党支部,2023-07-01,2026-07-01\n"
    ingested = read(put(tmp_path, "party_orgs.csv", text), extract_on=dt.date(2023, 6, 30))
    assert [row[:2] for row in found(ingested, "date_after_extract")] == [[2, "established_on"]]


def test_columns_that_the_file_lacks_are_there_empty_and_told(tmp_path):
    ingested = read(put(tmp_path, "areas.csv", "片区编号,片区名称\nA01,东区\n"))
    assert ingested.tables["areas"]["workstation_name"].isna().all()
    assert [row[1] for row in found(ingested, "missing_column")] == [
        "fulltime_liaisons",
        "joint_branch_id",
        "workstation_name",
    ]


MEMBERS = "党员伪码,党组织编号,组织关系起始,党员类别,在册状态"


def people(tmp_path):
    put(
        tmp_path,
        "members.csv",
        f"{MEMBERS}\nD0001,P001,2015-01-01,正式,在岗\nD0002,P001,2016-01-01,未知类,在岗\nD0003,,,,\n",
    )
    put(tmp_path, "secretaries.csv", "党员伪码,党组织编号,任职起始\nD0001,P001,2018-01-01\nD0009,P001,2018-01-01\n")
    put(tmp_path, "grids.csv", "网格编号,网格名称,双选聘干部工号\nG01,一网格,D0001\n")
    put(
        tmp_path,
        "党员攻关项目.csv",
        f"项目编号,统一社会信用代码,团队人数,其中党员\nX1,{A},29,4\nX2,{A},29,15\nX3,{A},13,17\n",
    )
    return read(tmp_path)


def test_person_ids_become_the_same_hash_in_every_table(tmp_path):
    ingested = people(tmp_path)
    (first, _), (second, stranger) = (
        ingested.tables["members"]["member_pid"],
        ingested.tables["secretaries"]["member_pid"],
    )
    # HMAC-SHA256 by `openssl dgst -sha256 -hmac 'a key of the tests only'` of D0001, first 24 digits.
    assert first == second == ingested.tables["grids"]["officer_id"][0] == "09f156950edfc017ca9b1b20"
    assert found(ingested, "unknown_reference")[-1][2] == stranger


def test_hashes_keep_what_is_missing_and_depend_on_the_key():
    ids = pd.Series(["x", None, "x", "y"], index=[5, 6, 7, 8], dtype="str", name="pid")
    hashed = pseudonymise(ids, KEY)
    assert hashed.isna().tolist() == [False, True, False, False]
    assert hashed[5] == hashed[7] != hashed[8]
    assert hashed.index.tolist() == [5, 6, 7, 8]
    assert hashed[5] != pseudonymise(ids, b"another key of the tests")[5]


def test_what_is_about_persons_is_written_to_the_restricted_layer_only(tmp_path):
    raw, run = tmp_path / "raw", tmp_path / "derived" / "run"
    raw.mkdir()
    write(people(raw), run)
    assert sorted(path.name for path in (run / "ingested").iterdir()) == ["grids.parquet", "task_projects.parquet"]
    restricted = run / "restricted"
    assert sorted(path.relative_to(restricted).as_posix() for path in restricted.rglob("*") if path.is_file()) == [
        "counts.csv",
        "grids.parquet",
        "members.parquet",
        "problems.csv",
        "secretaries.parquet",
        "set_aside/members.csv",
        "sources.csv",
        "task_projects.parquet",
    ]
    assert "officer_id" not in pd.read_parquet(run / "ingested" / "grids.parquet")
    assert "officer_id" in pd.read_parquet(restricted / "grids.parquet")
    shown = pd.read_parquet(run / "ingested" / "task_projects.parquet")["members_in_team"]
    assert shown.fillna(-1).tolist() == [-1, 15, 17]
    assert pd.read_parquet(restricted / "task_projects.parquet")["members_in_team"].tolist() == [4, 15, 17]
    written = "".join(path.read_text(encoding="utf-8-sig") for path in run.rglob("*.csv"))
    assert not any(pid in written for pid in ("D0001", "D0002", "D0003", "D0009"))
    open_ledger = pd.read_csv(run / "problems.csv", keep_default_na=False)
    assert not {"members", "secretaries"} & set(open_ledger["table"])
    team = open_ledger[open_ledger["column"].str.contains("members_in_team")]
    assert len(team)
    assert (team["value"] == "").all()


def test_no_open_file_tells_how_few_persons_a_table_holds_or_lost(tmp_path):
    raw, run = tmp_path / "raw", tmp_path / "run"
    raw.mkdir()
    many = "".join(f"D1{n:03d},P001,2015-01-01,正式,在岗\n" for n in range(60))
    put(raw, "members.csv", f"{MEMBERS}\n{many}D0002,P001,2016-01-01,未知类,在岗\nD0003,,,,\nD0004,,,,\n")
    put(raw, "secretaries.csv", "党员伪码,党组织编号,任职起始\nD0001,P001,2018-01-01\nD0009,P001,2018-01-01\n")
    put(raw, "areas.csv", f"{AREA}\nA01,东区,东站,2,\n")
    write(read(raw), run)
    full = pd.read_csv(run / "restricted" / "counts.csv", index_col="table", encoding="utf-8-sig")
    members = full.loc["members"]
    assert (members["rows_read"], members["rows_kept"], members["set_aside"]) == (63, 61, 2)
    shown = pd.read_csv(run / "counts.csv", dtype="str", index_col="table", encoding="utf-8-sig")
    assert shown.loc["areas", ["rows_read", "rows_kept", "set_aside"]].tolist() == ["1", "1", "0"]
    assert shown.loc["secretaries", "rows_read"] == "*"
    # read - kept = set aside: of the three at most one may be seen
    assert shown.loc["members", ["rows_read", "rows_kept", "set_aside"]].str.isdecimal().sum() < 2
    for table in ("members", "secretaries"):
        is_few = (full.loc[table] > 0) & (full.loc[table] < 10)
        assert not shown.loc[table][is_few].str.isdecimal().any()
    sources = pd.read_csv(run / "sources.csv", dtype="str", index_col="table", encoding="utf-8-sig")["rows"]
    assert (sources["secretaries"], sources["areas"]) == ("*", "1")
    assert (sources["members"] == "*") == (not shown.loc["members", "rows_read"].isdecimal())
    whole = pd.read_csv(run / "restricted" / "sources.csv", index_col="table", encoding="utf-8-sig")["rows"]
    assert whole["secretaries"] == 2
    for path in run.rglob("*.csv"):
        if "restricted" not in path.parts and path.name not in ("counts.csv", "sources.csv"):
            assert not {"members", "secretaries"} & set(pd.read_csv(path, encoding="utf-8-sig").get("table", []))


def test_a_small_sheet_of_a_table_about_persons_hides_the_rows_of_all_its_sheets():
    counts = pd.DataFrame({"table": ["members", "areas"], "rows_read": ["70", "4"]})
    sources = pd.DataFrame({"table": ["members", "members", "areas"], "rows": [67, 3, 4]})
    shown = shown_sources(sources, counts, pd.Series([True, False]), minimum=10)
    assert shown["rows"].tolist() == ["*", "*", "4"]
    even = shown_sources(sources.assign(rows=[30, 40, 4]), counts, pd.Series([True, False]), minimum=10)
    assert even["rows"].tolist() == ["30", "40", "4"]


def test_the_restricted_layer_is_open_to_its_owner_only(tmp_path):
    raw, run = tmp_path / "raw", tmp_path / "run"
    raw.mkdir()
    write(people(raw), run)
    folders = [run / "restricted", run / "restricted" / "set_aside"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    files = [path for path in (run / "restricted").rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_types_survive_the_way_to_disk_and_writing_again_gives_the_same_bytes(tmp_path):
    raw, run = tmp_path / "raw", tmp_path / "run"
    raw.mkdir()
    put(
        raw,
        "企业名册.csv",
        f"统一社会信用代码,企业名称,成立日期,登记状态,正常经营\n{A},甲厂,2015-01-02,存续,是\n{B},乙厂,,,\n",
    )
    ingested = read(raw)
    write(ingested, run)
    first = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    written = pd.read_parquet(run / "ingested" / "enterprises.parquet")
    pd.testing.assert_frame_equal(written, ingested.tables["enterprises"])
    (run / "clean").mkdir()
    write(read(raw), run)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == first
    assert (run / "clean").is_dir()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


LISTED = paths.ROOT.parent / "shared" / "data" / "china_listed_firms"


@pytest.fixture(params=["en", "zh"])
def listed(request):
    if not (LISTED / f"listed_firms_{request.param}.xlsx").is_file():
        pytest.skip("the listed-firms workbooks have no licence to be shared: put them into ../shared/data to run this")
    mapping = paths.MAPPINGS / f"listed_firms_{request.param}.yml"
    return request.param, read_folder(LISTED, codebook=CODEBOOK, person_key=None, mapping=mapping)


def test_the_listed_firms_are_read_in_full_through_their_mapping(listed):
    source, ingested = listed
    firms = ingested.tables["listed_firm_years"]
    assert len(firms) == 3170
    assert firms["stock_code"].nunique() == 723
    assert firms["stock_code"].str.fullmatch(r"\d{6}").all()
    assert sorted(firms["source_row"]) == list(range(2, 3172))
    assert firms.equals(firms.sort_values(["stock_code", "year"], ignore_index=True))
    zeros = found(ingested, "lost_leading_zeros")
    # Codes below 100000 are those of the Shenzhen exchange, stored as numbers in the English workbook only.
    assert len(zeros) == (int((firms["stock_code"] < "1").sum()) if source == "en" else 0)
    assert all(action == "repaired" for *_, action, _ in zeros)
    assert not found(ingested, "unmapped_column")


def test_the_dirt_of_the_listed_firms_is_found_and_kept(listed):
    _, ingested = listed
    firms = ingested.tables["listed_firm_years"]
    assert firms["growth_rate"].max() == pytest.approx(59411, abs=1)
    assert len(found(ingested, "rule:directors_positive")) == 1
    assert firms["total_patents"].notna().sum() == 3168
    assert np.isclose((firms["total_patents"].dropna() == 0).mean(), 0.382, atol=0.0005)
    assert ingested.set_aside["listed_firm_years"].empty


def test_a_mapping_names_headers_units_widths_constants_and_places(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    rows = "850;2017;Anqing;安庆;1.5;?\n600000;2017;SH;上海;2;?\n"
    put(raw, "firms.csv", f"code;年;城市;城市;Total Asset ;x\n{rows}", "gbk")
    put(raw, "other.csv", "a,b\n1,2\n")
    mapping = tmp_path / "firms.yml"
    mapping.write_text(
        """
sources:
  - file: firms.csv
    table: listed_firm_years
    encoding: gbk
    columns:
      code: {column: stock_code, pad: 6}
      年: year
      城市#2: city
      Total Asset: {column: total_assets_cny, unit: 万元}
    ignore: [城市#1]
    constants: {industry_zh: 纺织}
""",
        encoding="utf-8",
    )
    ingested = read(raw, mapping=mapping)
    firms = ingested.tables["listed_firm_years"]
    assert firms[["stock_code", "city", "total_assets_cny", "industry_zh"]].astype("object").to_numpy().tolist() == [
        ["000850", "安庆", 15000.0, "纺织"],
        ["600000", "上海", 20000.0, "纺织"],
    ]
    assert found(ingested, "lost_leading_zeros") == [[2, "stock_code", "850", "repaired", "000850"]]
    assert [row[1] for row in found(ingested, "unmapped_column")] == ["x"]
    assert list(ingested.sources["file"]) == ["firms.csv"]


def test_one_table_may_be_put_together_from_several_mapped_sheets(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    header = ["股票代码", "年份"]
    first, second, third = ["000001", 2015], ["000002", 2015], ["000003", 2015]
    book(raw, "firms.xlsx", 甲=[header, first, second], 乙=[header, second, third])
    rest = "table: listed_firm_years, columns: {股票代码: stock_code, 年份: year}"
    sources = "".join(f"  - {{file: firms.xlsx, sheet: {sheet}, {rest}}}\n" for sheet in "甲乙")
    (tmp_path / "m.yml").write_text(f"sources:\n{sources}", encoding="utf-8")
    ingested = read(raw, mapping=tmp_path / "m.yml")
    places = ingested.tables["listed_firm_years"][["source_sheet", "source_row"]].astype("object").to_numpy().tolist()
    assert places == [["甲", 2], ["甲", 3], ["乙", 3]]
    copies = ingested.ledger[ingested.ledger["rule"] == "duplicate_row"]
    assert copies[["sheet", "row"]].to_numpy().tolist() == [["乙", 2]]


def test_counts_of_person_tables_are_hidden_with_all_that_would_give_them_away():
    counts = pd.DataFrame(
        [
            ["areas", 4, 4, 0, 0, 0, 3], ["members", 1738, 1726, 12, 2091, 13, 4], ["secretaries", 196, 196, 0, 6, 0, 2],
            ["cross_appointments", 979, 973, 6, 40, 2, 20], ["contact_assignments", 17129, 17001, 128, 300, 40, 0],
        ],
        columns=list(COUNTS),
    )  # fmt: skip
    of_persons = counts["table"] != "areas"
    text, sums = shown(counts, of_persons, minimum=10)
    hidden = text.set_index("table")
    assert hidden.loc["areas"].tolist() == ["4", "4", "0", "0", "0", "3"]
    assert hidden.loc["cross_appointments", "set_aside"] == "*"
    for column in COUNTS[1:]:
        numbers = pd.to_numeric(hidden[column], errors="coerce")
        true = counts.set_index("table")[column]
        missing = true[numbers.isna()]
        # Neither the sum nor, in a row, read - kept - set aside gives a single hidden count away.
        assert len(missing) != 1
        assert missing.empty or missing.sum() >= 10
        assert sums[column] in (true.sum(), true["areas"])
    for row in hidden[["rows_read", "rows_kept", "set_aside"]].itertuples():
        assert pd.to_numeric(pd.Series(row[1:]), errors="coerce").isna().sum() != 1, row
    assert (pd.to_numeric(hidden["cells_flagged"], errors="coerce").dropna() != 4).all()


def test_a_sum_over_person_tables_that_is_itself_small_is_left_out_of_the_total():
    rows = [["areas", 40, 40, 0, 12, 0, 0], ["members", 100, 95, 5, 0, 3, 0], ["secretaries", 50, 50, 0, 0, 0, 0]]
    counts = pd.DataFrame(rows, columns=list(COUNTS))
    text, sums = shown(counts, counts["table"] != "areas", minimum=10)
    assert sums == {"rows_read": 190, "rows_kept": 40, "set_aside": 0, "cells_repaired": 12, "cells_nulled": 0,
                    "cells_flagged": 0}  # fmt: skip
    assert text.loc[1, ["rows_read", "set_aside", "cells_nulled"]].tolist() == ["100", "*", "*"]


def test_columns_without_a_known_header_are_counted_with_their_values_and_the_nearest_header(tmp_path):
    area = "序号,片区编号,片区名称,工作站名秤,专职联络员人数,,备注\n"
    ingested = read(put(tmp_path, "党建片区表.csv", f"{area}1,A01,东区,东站,2,x,好\n2,A02,西区,西站,1,,\n"))
    told = ingested.ledger[ingested.ledger["rule"].isin(["unmapped_column", "bookkeeping_column", "empty_column"])]
    assert sorted(told[["column", "value", "rule", "result"]].to_numpy().tolist()) == [
        ["(F)", "1", "unmapped_column", ""],
        ["备注", "1", "bookkeeping_column", ""],
        ["工作站名秤", "2", "unmapped_column", "工作站名称"],
        ["序号", "2", "bookkeeping_column", ""],
    ]


def test_a_column_without_a_header_that_numbers_the_rows_is_bookkeeping(tmp_path):
    ingested = read(put(tmp_path, "党建片区表.csv", f",{AREA}\n1,A01,东区,东站,2,\n2,A02,西区,西站,1,\n"))
    assert [row[1:3] for row in found(ingested, "bookkeeping_column")] == [["(A)", "2"]]


@pytest.mark.parametrize("column", ["片区名称", "工作站名称"])
def test_a_mark_that_closes_rows_further_down_is_refused_with_its_lines(tmp_path, column):
    place = AREA.split(",").index(column)
    rows = [["A01", "东区", "东站", "2", ""], ["A02", "西区", "西站", "1", ""], ["A03", "南区", "南站", "1", ""]]
    rows[0][place], rows[2][place] = '"' + rows[0][place], rows[2][place] + '"'
    with pytest.raises(InputError, match=r"3 rows would be taken for text.*\(lines 2-4\): take the marks out"):
        read(put(tmp_path, "党建片区表.csv", "\n".join([AREA, *map(",".join, rows)]) + "\n"))


def test_a_cell_of_several_lines_is_a_cell(tmp_path):
    ingested = read(put(tmp_path, "党建片区表.csv", f'{AREA}\nA01,东区,"东站\n一楼,二楼",2,\nA02,西区,西站,1,\n'))
    assert len(ingested.tables["areas"]) == 2


def test_formulas_without_a_value_are_found_in_a_workbook(tmp_path):
    path = tmp_path / "企业年度指标.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("指标")
    sheet.write_row(0, 0, ["统一社会信用代码", "年度", "从业人员期末数", "营业收入"])
    for row, code in enumerate(("91350500MA2A00000A", "91350500MA2A00000B", "91350500MA2A00000C"), 1):
        sheet.write_row(row, 0, [code, 2020, 10])
    sheet.write_formula(1, 3, "=1/0", None, "#DIV/0!")
    sheet.write_formula(2, 3, "=A1&B1", None, "")
    sheet.write_formula(3, 3, "=500*2", None, 1000)
    book.close()
    ingested = read(tmp_path)
    assert ingested.tables["enterprise_years"]["revenue"].isna().tolist() == [True, True, False]
    assert [row[:4] for row in found(ingested, "excel_error")] == [[2, "revenue", "#DIV/0!", "nulled"]]
    assert [row[:4] for row in found(ingested, "unparseable")] == [[3, "revenue", "=A1&B1", "nulled"]]


def test_supplementary_tables_are_known_by_their_headers_and_typed_as_the_codebook_says(tmp_path):
    put(tmp_path, "附件1.csv", f"信用代码,东经,北纬\n{A},118.57,24.88\n{B},24.88,118.57\n", "gb18030")
    put(
        tmp_path,
        "附件2.csv",
        "党组织编号,开展日期,组织生活类型\nZB001,2023年1月5日,支委会\nZB001,2023/2/6,主题党日活动\n",
    )
    put(tmp_path, "附件3.csv", f"讲堂编号,信用代码,到场身份\nPX001,{A},企业主\nPX001,{B},高管\n")
    ingested = read(tmp_path)
    tables = ingested.tables
    assert set(tables) == {"firm_places", "org_meetings", "lecture_attendance"}
    assert tables["firm_places"].set_index("uscc")["lon"].to_dict() == {A: 118.57, B: 24.88}
    # Longitude and latitude of B have changed places: both lie outside of their limits, and the rule says why.
    told = ingested.ledger.groupby("rule", observed=True)["column"].agg(list)
    assert sorted(told["out_of_range"]) == ["lat", "lon"]
    assert told["rule:lon_above_lat"] == ["lon;lat"]
    assert tables["org_meetings"]["meeting_type"].tolist() == ["支部委员会", "主题党日"]
    assert tables["org_meetings"]["held_on"].dt.strftime("%Y-%m-%d").tolist() == ["2023-01-05", "2023-02-06"]
    assert sorted(tables["lecture_attendance"]["attended_by"].astype("str")) == ["出资人", "高级管理"]
