"""What people get from the codebook: the dictionary page and the empty workbook."""

import dataclasses
import re
import zipfile
from html.parser import HTMLParser

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from helpers import codebook
from helpers.codebook import dictionary, template
from helpers.errors import WuliError

BOOK = codebook.load()


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "template.xlsx"
    template.write(path)
    return path


def xml(path, name):
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def sheet_number(name):
    return 1 + [table.name for table in BOOK.of_study("zone")].index(name)


def test_the_workbook_has_one_sheet_a_table_with_the_chinese_headers_alone(workbook):
    book = CalamineWorkbook.from_path(workbook)
    tables = BOOK.of_study("zone", "supplement")
    assert book.sheet_names == [table.sheet_name for table in tables]
    for table in tables:
        assert table.sheet_name in table.titles
        assert book.get_sheet_by_name(table.sheet_name).to_python() == [[column.name_zh for column in table.columns]]


def test_supplementary_tables_stand_after_the_36_under_grey_tabs(workbook):
    names = CalamineWorkbook.from_path(workbook).sheet_names
    assert names[36:] == ["企业坐标", "组织生活记录", "企业家大讲堂到场企业"]
    grey = ["tabColor" in xml(workbook, f"xl/worksheets/sheet{number}.xml") for number in range(1, len(names) + 1)]
    assert grey == [False] * 36 + [True] * 3


def test_every_header_has_a_comment_with_type_unit_and_allowed_values_in_both_languages(workbook):
    comments = xml(workbook, f"xl/comments{sheet_number('enterprise_years')}.xml")
    assert comments.count("<comment ") == len(BOOK["enterprise_years"].columns)
    assert "单位：万元" in comments
    assert "unit: 10,000 yuan" in comments
    assert "可填：统计报表;税务;工商年报;企业自报" in comments
    assert "allowed: 统计报表" in comments


def test_closed_sets_and_booleans_have_drop_down_lists(workbook):
    sheet = xml(workbook, f"xl/worksheets/sheet{sheet_number('enterprises')}.xml")
    assert '<formula1>"存续,在业,注销,吊销,迁出"</formula1>' in sheet
    assert '<formula1>"是,否"</formula1>' in sheet
    assert 'sqref="E2:E1048576"' in sheet
    assert '<pane ySplit="1"' in sheet


def test_code_columns_are_text_so_that_leading_zeros_survive(workbook):
    styles = xml(workbook, "xl/styles.xml")
    cells = re.search(r"<cellXfs.*?</cellXfs>", styles, re.S).group()
    formats = re.findall(r'<xf numFmtId="(\d+)"', cells)
    sheet = xml(workbook, f"xl/worksheets/sheet{sheet_number('enterprises')}.xml")
    style = {
        column: int(style)
        for low, high, style in re.findall(r'<col min="(\d+)" max="(\d+)"[^>]* style="(\d+)"', sheet)
        for column in range(int(low), int(high) + 1)
    }
    industry = 1 + BOOK["enterprises"].column_names.index("industry_code")
    text_format = "49"  # Excel's built-in number of "@"
    assert formats[style[1]] == text_format
    assert formats[style[industry]] == text_format


def test_a_list_too_long_for_excel_goes_by_a_hidden_sheet(tmp_path):
    values = tuple(f"取值{number:03d}" for number in range(60))
    status = dataclasses.replace(BOOK["enterprises"]["status"], allowed=values, category_synonyms={})
    table = BOOK["enterprises"]
    table = dataclasses.replace(
        table, columns=tuple(status if column.name == "status" else column for column in table.columns)
    )
    path = tmp_path / "long.xlsx"
    template.write(path, book=dataclasses.replace(BOOK, tables={"enterprises": table}))
    book = CalamineWorkbook.from_path(path)
    assert book.sheet_names == ["企业名册", template.LISTS_SHEET]
    assert "Hidden" in str(book.sheets_metadata[1].visible)
    assert book.get_sheet_by_name(template.LISTS_SHEET).to_python() == [[value] for value in values]
    assert "<formula1>'_lists'!$A$1:$A$60</formula1>" in xml(path, "xl/worksheets/sheet1.xml")


def test_the_same_codebook_gives_the_same_bytes(workbook, tmp_path):
    again = tmp_path / "again.xlsx"
    template.write(again)
    assert again.read_bytes() == workbook.read_bytes()
    assert "2000-01-01T00:00:00Z" in xml(again, "docProps/core.xml")
    with zipfile.ZipFile(again) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}


def test_a_workbook_that_cannot_be_written_is_one_clear_message_and_leaves_the_old_one(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WuliError, match=r"'template\.xlsx' cannot be written \(.+\): close it"):
        template.write(tmp_path / "file" / "template.xlsx")


def test_a_template_that_somebody_has_filled_in_is_never_overwritten(tmp_path):
    path = tmp_path / "template.xlsx"
    template.write(path)
    # Empty, so another codebook may replace it.
    template.write(path)
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("区域").write_row(0, 0, ["区域代码"])
    book.add_worksheet("企业名册").write_column(0, 0, ["统一社会信用代码", "91350500MA2XT00011"])
    book.close()
    filled = path.read_bytes()
    with pytest.raises(WuliError, match=r"is filled in already \(1 row\(s\) in 企业名册\): move it"):
        template.write(path)
    assert path.read_bytes() == filled
    path.write_bytes(b"notes")
    with pytest.raises(WuliError, match="is there already and no workbook"):
        template.write(path)
    assert path.read_bytes() == b"notes"
    assert [one.name for one in tmp_path.iterdir()] == ["template.xlsx"]


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.tags, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes["href"]] if "href" in attributes else []
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_dictionary_needs_no_other_file_and_holds_every_table_column_and_rule(lang):
    text = dictionary.render(lang)
    page = Page(text)
    assert page.open == []
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert "://" not in text
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert len(page.ids) == len(set(page.ids))
    assert set(BOOK.tables) <= set(page.ids)
    columns = sum(len(table.columns) for table in BOOK.tables.values())
    assert page.tags.count("tr") == columns + len(BOOK.tables)
    for table in BOOK.tables.values():
        assert all(f"<code>{rule.name}</code>" in text for rule in table.rules)


@pytest.mark.parametrize(("lang", "heading"), [("zh", "补充表（可选）"), ("en", "Supplementary tables (optional)")])
def test_the_dictionary_has_the_supplementary_tables_in_a_section_after_the_36(lang, heading):
    text = dictionary.render(lang)
    order = [text.index(f'id="{table.name}"') for table in BOOK.of_study("zone")]
    start = text.index(f'<h2 class="study">{heading}</h2>')
    supplements = [text.index(f'id="{table.name}"') for table in BOOK.of_study("supplement")]
    assert max(order) < start < min(supplements) < max(supplements) < text.index('id="listed_firm_years"')
    assert text.index(f"<h3>{heading}</h3>") < text.index('href="#firm_places"') < start


def test_the_dictionary_speaks_the_language_asked_for():
    assert '<html lang="zh-CN">' in dictionary.render("zh")
    english = dictionary.render("en")
    assert '<html lang="en">' in english
    assert "employees at year end" in english
    assert "Headcount at the end of the year" in english
    assert "年末人数，不是全年平均人数" not in english
