"""Reading files of every kind as text: encodings, delimiters, workbooks, Parquet, row numbers as editors show them."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from helpers.codebook import load
from helpers.errors import InputError
from helpers.ingest import encodings, files
from helpers.ingest.workbook import as_text

HEADER = "统一社会信用代码,企业名称,成立日期"
ROW = "91350502MA00000001,清濛鞋服有限公司,2015-03-02"
# 𠮷 and 㐂 lie outside GBK: GB18030 writes them with four bytes.
RARE = "91350502MA00000002,㐂𠮷食品有限公司,2016-05-01"


def cells(sheet, first=1, last=None):
    width = len(sheet.preview[first - 1])
    body = sheet.read(first, range(width), last)
    return [list(row.values()) for row in body.cells.to_pylist()], body.rows.tolist()


def read_text(tmp_path, content, name="企业名册.csv", **options):
    path = tmp_path / name
    path.write_bytes(content)
    (sheet,) = files.read_file(path, **options)
    return sheet


@pytest.mark.parametrize(
    ("encoding", "text", "found"),
    [
        ("utf-8", f"{HEADER}\n{RARE}\n", "utf-8"),
        ("utf-8-sig", f"{HEADER}\n{RARE}\n", "utf-8-sig"),
        ("gbk", f"{HEADER}\n{ROW}\n", "gb18030"),
        ("gb18030", f"{HEADER}\n{RARE}\n", "gb18030"),
        ("utf-16", f"{HEADER}\n{RARE}\n", "utf-16"),
    ],
)
def test_text_comes_out_the_same_from_every_encoding(tmp_path, encoding, text, found):
    sheet = read_text(tmp_path, text.encode(encoding))
    assert sheet.encoding == found
    assert list(sheet.preview[0]) == HEADER.split(",")
    assert cells(sheet) == ([text.splitlines()[1].split(",")], [2])


def test_gb18030_text_is_read_whole_across_the_borders_of_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(encodings, "_CHUNK", 7)
    sheet = read_text(tmp_path, "\n".join([HEADER, *[RARE] * 40]).encode("gb18030"))
    rows, numbers = cells(sheet)
    assert rows == [RARE.split(",")] * 40
    assert numbers[-1] == 41


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found_out(tmp_path, delimiter):
    text = "\n".join(line.replace(",", delimiter) for line in [HEADER, ROW, RARE])
    sheet = read_text(tmp_path, text.encode())
    assert cells(sheet)[0] == [ROW.split(","), RARE.split(",")]


def test_lists_within_cells_are_not_taken_for_columns(tmp_path):
    text = "统一社会信用代码,曾用名\n" + "91350502MA00000001,甲厂;乙厂;丙厂;丁厂\n" * 5
    assert len(read_text(tmp_path, text.encode()).preview[0]) == 2


def test_the_hint_of_excel_about_the_delimiter_is_followed(tmp_path):
    sheet = read_text(tmp_path, b"sep=;\na;b,c\n1;2,3\n")
    assert cells(sheet, first=2) == ([["1", "2,3"]], [3])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_row_numbers_count_records_whatever_ends_a_line(tmp_path, end):
    text = end.join(["标题", "a,b", '1,"two', 'lines"', "", "3,4", ""])
    rows, numbers = cells(read_text(tmp_path, text.encode()), first=2)
    assert [row for row in rows if any(row)] == [["1", f"two{end}lines"], ["3", "4"]]
    assert [number for row, number in zip(rows, numbers, strict=True) if any(row)] == [3, 5]


def test_rows_of_a_wrong_width_are_kept_apart_with_their_number(tmp_path):
    sheet = read_text(tmp_path, b"a,b\n1,2\n3\n4,5\n6,7,8\n9,10\n")
    body = sheet.read(1, [0, 1], None)
    assert body.rows.tolist() == [2, 4, 6]
    assert [(row.row, row.fields, row.expected, row.text) for row in body.ragged] == [
        (3, 1, 2, "3"),
        (5, 3, 2, "6,7,8"),
    ]


def test_rows_of_a_wrong_width_have_the_same_numbers_when_many_threads_read(tmp_path, monkeypatch):
    from helpers.ingest import delimited

    monkeypatch.setattr(delimited, "_PARALLEL_FROM", 0)
    monkeypatch.setattr(delimited, "_BLOCK", 64)
    lines = ["a,b", *(f"{n},x" for n in range(2, 50)), "50", *(f"{n},x" for n in range(51, 90))]
    body = read_text(tmp_path, "\n".join(lines).encode()).read(1, [0], None)
    assert [row.row for row in body.ragged] == [50]
    assert body.cells.column("0").to_pylist() == [str(row) for row in body.rows]


def test_a_delimiter_at_the_end_of_all_rows_but_the_header_adds_no_column(tmp_path):
    sheet = read_text(tmp_path, b"a,b\n1,2,\n3,4,\n")
    assert cells(sheet)[0] == [["1", "2"], ["3", "4"]]
    assert not sheet.read(1, [0, 1], None).ragged


def test_a_delimiter_at_the_end_of_the_header_alone_adds_no_column(tmp_path):
    sheet = read_text(tmp_path, b"a,b,\n1,2\n3,4\n")
    body = sheet.read(1, [0, 1], None)
    assert body.cells.to_pylist() == [{"0": "1", "1": "2"}, {"0": "3", "1": "4"}]


def test_empty_cells_are_missing_and_blanks_are_left_for_the_ledger(tmp_path):
    assert cells(read_text(tmp_path, b'a,b\n,""\n" ",x\n'))[0] == [[None, None], [" ", "x"]]


def workbook(path, fill, **options):
    book = xlsxwriter.Workbook(path, options)
    fill(book)
    book.close()
    return files.read_file(path)


def test_cells_of_a_workbook_read_as_a_person_would_write_them(tmp_path):
    def fill(book):
        sheet = book.add_worksheet("名册")
        day, minute = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_row(0, 0, ["code", "n", "x", "day", "minute", "flag", "text"])
        sheet.write_row(1, 0, [913502117845678900, 850, 0.1])
        sheet.write_datetime(1, 3, dt.datetime(2023, 7, 10), day)
        sheet.write_datetime(1, 4, dt.datetime(2023, 7, 10, 8, 30), minute)
        sheet.write_boolean(1, 5, True)
        sheet.write_string(1, 6, "000850")

    (sheet,) = workbook(tmp_path / "a.xlsx", fill)
    (row,), numbers = cells(sheet)
    assert row == ["9.13502117845679E+17", "850", "0.1", "2023-07-10", "2023-07-10 08:30:00", "TRUE", "000850"]
    assert numbers == [2]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (999999999999999.0, "999999999999999"),
        (1e15, "1E+15"),
        (9.135e17, "9.135E+17"),
        (-3.0, "-3"),
        (1e-7, "1e-07"),
        (float("nan"), None),
        ("", None),
        (dt.date(2023, 7, 1), "2023-07-01"),
    ],
)
def test_numbers_keep_no_digits_that_the_spreadsheet_did_not_keep(value, text):
    assert as_text(value) == text


def test_rows_of_a_workbook_keep_their_numbers_below_empty_rows(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(3, 0, ["a", "b"])
        sheet.write_row(5, 0, ["1", "2"])

    (sheet,) = workbook(tmp_path / "a.xlsx", fill)
    assert (sheet.first_row, sheet.preview[0]) == (4, ("a", "b"))
    assert cells(sheet) == ([[None, None], ["1", "2"]], [5, 6])


def test_vertically_merged_cells_hold_in_all_of_their_rows_and_say_so(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["片区", "网格"])
        sheet.merge_range(1, 0, 3, 0, "A01")
        sheet.write_column(1, 1, ["G01", "G02", "G03"])

    (sheet,) = workbook(tmp_path / "a.xlsx", fill)
    body = sheet.read(1, [0, 1], None)
    assert body.cells.column("0").to_pylist() == ["A01"] * 3
    assert [(one.row, one.position, one.after) for one in body.changed] == [(3, 0, "A01"), (4, 0, "A01")]


def test_hidden_sheets_are_marked(tmp_path):
    def fill(book):
        book.add_worksheet("名册").write(0, 0, "a")
        book.add_worksheet("_lists").hide()

    assert [(sheet.sheet, sheet.is_hidden) for sheet in workbook(tmp_path / "a.xlsx", fill)] == [
        ("名册", False),
        ("_lists", True),
    ]


def test_typed_parquet_reads_as_text(tmp_path):
    table = pa.table(
        {
            "code": ["000850"],
            "n": [3],
            "x": [2.0],
            "day": [dt.date(2023, 7, 1)],
            "at": [dt.datetime(2023, 7, 1, 8, 30)],
            "yes": [True],
            "names": [["甲", "乙"]],
            "kind": pa.array(["发明"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    (sheet,) = files.read_file(tmp_path / "a.parquet")
    (row,), numbers = cells(sheet)
    assert row == ["000850", "3", "2", "2023-07-01", "2023-07-01 08:30:00", "true", "甲;乙", "发明"]
    assert numbers == [1]


def test_a_file_in_no_known_encoding_stops_with_byte_and_line(tmp_path):
    with pytest.raises(
        InputError, match=r"neither UTF-8 nor GB18030 \(utf-8 stops at byte 4 \(line 2, found FF\)"
    ) as stop:
        read_text(tmp_path, b"a,b\n\xff,1\n")
    assert "save the file as UTF-8" in str(stop.value)


def test_a_wrong_declared_encoding_is_named_with_the_right_one(tmp_path):
    # In GBK 统一 (CD B3 D2 BB) happens to be valid UTF-8 too; 社 (C9 E7) is not.
    with pytest.raises(
        InputError, match=r"declares encoding 'utf-8', but utf-8 stops at byte 4 \(line 1, found C9\).*valid gb18030"
    ):
        read_text(tmp_path, f"{HEADER}\n{ROW}\n".encode("gbk"), encoding="utf-8")
    with pytest.raises(InputError, match="declares encoding 'gbk', but all of its bytes are valid UTF-8"):
        read_text(tmp_path, f"{HEADER}\n{ROW}\n".encode(), encoding="gbk")
    with pytest.raises(InputError, match="'utf8x', which does not exist"):
        read_text(tmp_path, b"a,b\n", encoding="utf8x")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", r"a\.csv: the file is empty \(0 bytes\)"),
        ("a.csv", b"\xef\xbb\xbf\r\n\r\n", r"a\.csv: the file holds no text: export it again"),
        ("a.csv", b"\0\0\0\0", "holds no text"),
        ("a.csv", b'a,b\n1,2\n3,"4\n5,6\n', "quotation mark opened in line 3 is never closed"),
        ("a.xlsx", b"PK\x03\x04 broken", r"a\.xlsx: no readable workbook .*save it again as \.xlsx"),
        ("a.xlsx", b"", "is empty"),
        ("a.parquet", b"PAR1", r"a\.parquet: no readable Parquet file"),
        ("a.docx", b"x", r"'\.docx' is no kind of file that can be read; expected one of \.csv"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_what_to_do(tmp_path, name, content, message):
    with pytest.raises(InputError, match=message):
        read_text(tmp_path, content, name)


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"gone\.csv: cannot be read \(No such file"):
        files.read_file(tmp_path / "gone.csv")


def workbook_bytes(tmp_path, rows):
    path = tmp_path / "made.xlsx"
    book = xlsxwriter.Workbook(path)
    for number, row in enumerate(rows):
        book.get_worksheet_by_name("一") or book.add_worksheet("一")
        book.get_worksheet_by_name("一").write_row(number, 0, row)
    book.close()
    return path.read_bytes()


@pytest.mark.parametrize("name", ["a.csv", "a.xls", "a.txt", "a.parquet"])
def test_a_workbook_is_read_whatever_its_ending(tmp_path, name):
    sheet = read_text(tmp_path, workbook_bytes(tmp_path, [HEADER.split(","), ROW.split(",")]), name)
    assert cells(sheet)[0] == [ROW.split(",")]


def test_text_under_the_ending_of_a_workbook_is_read_and_a_web_page_is_named(tmp_path):
    assert cells(read_text(tmp_path, f"{HEADER}\n{ROW}\n".encode("gbk"), "a.xls"))[0] == [ROW.split(",")]
    with pytest.raises(InputError, match=r"b\.xls: is a web page \(HTML\) with the ending \.xls: open it"):
        read_text(tmp_path, b"\n<!DOCTYPE html><html><table></table></html>", "b.xls")


@pytest.mark.parametrize("order", [("gbk", "utf-8"), ("utf-8", "gbk")])
def test_files_of_two_encodings_joined_are_refused_with_the_line(tmp_path, order):
    first, second = order
    content = f"{HEADER}\n{ROW}\n".encode(first) + f"{ROW}\n{ROW}\n".encode(second)
    line = 3 if first == "gbk" else 1
    with pytest.raises(InputError, match=rf"line {line} is in UTF-8 \(.*others are in GB18030: files of two encodings"):
        read_text(tmp_path, content)


def test_every_word_of_the_codebook_in_gbk_is_not_taken_for_utf8(tmp_path):
    words = {word for table in load().tables.values() for column in table.columns for word in column.headers}
    words |= {word for table in load().tables.values() for column in table.columns for word in column.allowed or ()}
    text = "\n".join(f"{HEADER}\n{word},{word},{word}" for word in sorted(words))
    assert read_text(tmp_path, text.encode("gbk", "ignore")).encoding == "gb18030"


@pytest.mark.parametrize("lead", ["\n" * 300, ",,\n" * 300, "\r\n" * 3])
def test_blank_lines_above_the_header_are_passed_over_and_rows_keep_their_number(tmp_path, lead):
    sheet = read_text(tmp_path, f"{lead}{HEADER}\n{ROW}\n".encode())
    blank = lead.count("\n")
    assert (sheet.first_row, sheet.preview[0]) == (blank + 1, tuple(HEADER.split(",")))
    assert cells(sheet) == ([ROW.split(",")], [blank + 2])


def test_blank_rows_above_the_header_of_a_workbook_are_passed_over(tmp_path):
    rows = [[]] * 300 + [HEADER.split(","), ROW.split(",")]
    sheet = read_text(tmp_path, workbook_bytes(tmp_path, rows), "a.xlsx")
    assert sheet.first_row == 301
    assert cells(sheet) == ([ROW.split(",")], [302])


def test_a_damaged_page_of_a_parquet_file_is_told_with_the_file(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": ["甲"] * 1000}), path)
    content = bytearray(path.read_bytes())
    content[4:40] = b"\0" * 36
    path.write_bytes(content)
    (sheet,) = files.read_file(path)
    with pytest.raises(InputError, match=r"a\.parquet: the Parquet file is damaged"):
        sheet.read(1, [0], None)
