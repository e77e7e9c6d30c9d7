"""Titles of `wuli link` in headers of one row and two, with units below them, in Excel and CSV."""

import pandas as pd
import pytest
import xlsxwriter

from helpers import cli
from helpers.errors import InputError
from helpers.ingest.titles import is_unit_row
from helpers.link import records

FIRM, CODE = "厦门恒安纸业有限公司", "91350200MA2XXXXX1A"


def merged(path, rows: list[list], ranges: list[tuple[str, str]]) -> None:
    """Write a workbook of these rows, with these ranges merged around their text."""
    book = xlsxwriter.Workbook(path)
    page = book.add_worksheet("名册")
    for place, row in enumerate(rows):
        page.write_row(place, 0, row)
    for area, text in ranges:
        page.merge_range(area, text)
    book.close()


@pytest.fixture
def register(tmp_path):
    """A register with a title, a header of two rows and a row of units, a total and a note."""
    rows = [["企业名册"], [], ["", "企业名称", "统一社会信用代码", "", "", ""], ["", "", "", "万元", "个", ""],
            [1, FIRM, CODE, 5, 7, "厦门市"], [2, "泉州凤竹纺织有限公司", "", 6, 8, "泉州市"], ["合计", "", "", 11, 15],
            ["注：数据截至2023年"]]  # fmt: skip
    merged(tmp_path / "register.xlsx", rows, [
        ("A1:F1", "企业名册"), ("A2:A3", "序号"), ("B2:C2", "企业信息"), ("D2:E2", "经营情况"), ("F2:F3", "所在地"),
    ])  # fmt: skip
    return tmp_path / "register.xlsx"


@pytest.mark.parametrize("title", ["企业名称", " 企业名称 ", "企业信息 企业名称", "企业信息企业名称"])
def test_a_title_below_a_merged_cell_is_found_alone_or_with_the_one_above(register, title):
    found = records.table(register, {"name": title, "region": "所在地", "code": "统一社会信用代码"})
    assert found["name"].tolist()[:2] == [FIRM, "泉州凤竹纺织有限公司"]
    assert found["name"].isna().tolist() == [False, False, True, True]
    assert found.loc[0, ["region", "code"]].tolist() == ["厦门市", CODE]


@pytest.mark.parametrize("columns", [{"name": "企业名称"}, {"region": "所在地"}, {"name": "企业名称", "region": "所在地"}])
def test_rows_are_counted_from_below_the_last_line_of_the_header_whatever_is_asked(register, columns):
    found = records.table(register, columns)
    assert len(found) == 4
    assert found.iloc[0].tolist() == [{"name": FIRM, "region": "厦门市"}[name] for name in columns]


def test_a_merged_cell_over_several_titles_is_refused_and_they_are_named(register):
    with pytest.raises(InputError, match=r"register.xlsx, sheet '名册': the title '企业信息' stands over 2 columns .*B '企业信息 企业名称', C '企业信息 统一社会信用代码'.* in row 3: ask for one"):
        records.table(register, {"name": "企业信息"})


def test_a_merged_cell_over_one_filled_column_is_a_title(tmp_path):
    rows = [["", "", "所在地"], [FIRM, "", "厦门市"]]
    merged(tmp_path / "wide.xlsx", rows, [("A1:B1", "企业名称")])
    assert records.table(tmp_path / "wide.xlsx", {"name": "企业名称"})["name"].tolist() == [FIRM]


def test_a_title_that_stands_twice_is_asked_for_by_its_number_or_the_cell_above(tmp_path):
    rows = [["企业", "", "代理机构", ""], ["名称", "代码", "名称", "代码"], [FIRM, "a", "代理所", "b"]]
    merged(tmp_path / "twice.xlsx", rows, [("A1:B1", "企业"), ("C1:D1", "代理机构")])
    with pytest.raises(InputError, match=r"'名称' stands over 2 columns \(A '名称', C '名称'\) in row 2: .*'名称#1'"):
        records.table(tmp_path / "twice.xlsx", {"name": "名称"})
    for title, expected in (("名称#1", FIRM), ("名称#2", "代理所"), ("代理机构 名称", "代理所")):
        assert records.table(tmp_path / "twice.xlsx", {"name": title})["name"].tolist() == [expected], title


def test_a_csv_with_titles_and_a_header_of_two_rows_is_read_alike(tmp_path):
    text = f"企业名册,,,\n企业信息,,所在地,产值\n企业名称,统一社会信用代码,,\n,,,万元\n{FIRM},{CODE},厦门市,5\n"
    (tmp_path / "register.csv").write_bytes(text.encode("gb18030"))
    for columns in ({"name": "企业名称"}, {"name": "企业信息 企业名称", "region": "所在地"}, {"region": "所在地"}):
        found = records.table(tmp_path / "register.csv", columns)
        assert found.iloc[0].tolist() == [{"name": FIRM, "region": "厦门市"}[name] for name in columns], columns
        assert len(found) == 1


def test_a_box_beside_the_rows_is_no_part_of_the_header(tmp_path):
    rows = [["企业名称", "", ""], [FIRM], ["泉州凤竹纺织有限公司"], ["福州凤竹纺织有限公司"]]
    merged(tmp_path / "box.xlsx", rows, [("C1:C4", "填表说明")])
    assert len(records.table(tmp_path / "box.xlsx", {"name": "企业名称"})) == 3


def test_a_title_that_is_nowhere_is_said_with_the_row_that_has_the_others(register):
    with pytest.raises(InputError, match=r"no sheet has the column 电话 beside the others asked for; row 3 has .*企业名称"):
        records.table(register, {"name": "企业名称", "code": "电话"})
    with pytest.raises(InputError, match=r"no sheet has the column 电话; row 1 has 企业名册"):
        records.table(register, {"name": "电话"})


def test_units_alone_are_a_row_of_units_and_records_are_none():
    assert is_unit_row(["", "（万元）", "个", "—", "单位：%"])
    assert not is_unit_row(["", "—", ""])
    assert not is_unit_row([FIRM, "万元"])
    assert not is_unit_row(["1", "2"])


def test_the_command_links_from_a_merged_header_and_keeps_rows_below_it(register, tmp_path):
    text = "专利清单,\n申请人,件数\n,件\n清华大学,1\n廈門恆安紙業有限公司,2\n"
    (tmp_path / "patents.csv").write_text(text, encoding="utf-8")
    command = ["link", "--left", register, "--left-name", "企业信息 企业名称", "--left-region", "所在地", "--right",
               tmp_path / "patents.csv", "--right-name", "申请人", "--out", tmp_path / "links.csv",
               "--decisions", tmp_path / "none.csv"]  # fmt: skip
    assert cli.main([str(part) for part in command]) == 0
    found = pd.read_csv(tmp_path / "links.csv")
    assert found[["left_row", "right_row", "reason"]].fillna(-1).to_numpy().tolist() == [[-1, 0, "institution"], [0, 1, "exact"]]
