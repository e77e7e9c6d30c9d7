"""The files of an imagined office: every fault stands where the manifest says, and all other cells are true."""

import csv
import io
import zipfile
from datetime import date, datetime

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from helpers import codebook
from helpers.codebook.uscc import check_digits
from helpers.errors import UsageError
from helpers.ingest import read_folder
from helpers.simulate import habits, score, seen_through, write_office_files, zone
from helpers.simulate.faults import KINDS
from helpers.text import LANGS, label

KEY = b"a key for tests only"
EXTRACT_ON = date(2023, 6, 30)
BOOK = codebook.load()
ROWS = 400


def _codes() -> np.ndarray:
    beginnings = [f"91350500MA{number:07d}" for number in range(ROWS)]
    return np.char.add(beginnings, check_digits(beginnings))


def _tables() -> dict[str, pd.DataFrame]:
    """Return four tables that go into four kinds of files: GB18030, UTF-8 with BOM, Excel and Parquet."""
    number = np.arange(ROWS)
    codes = _codes()
    founded = pd.Series(np.datetime64("2001-03-09") + number.astype("timedelta64[D]"), dtype="datetime64[us]")
    enterprises = pd.DataFrame(
        {
            "uscc": pd.Series(codes, dtype="str"),
            "name_zh": pd.Series([f"甲{one}（泉州）有限公司" for one in number], dtype="str"),
            "former_names": pd.Series([None, "旧厂;老厂"] * (ROWS // 2), dtype="str"),
            "founded_on": founded,
            "status": pd.Categorical(["存续", "注销"] * (ROWS // 2), BOOK["enterprises"]["status"].allowed),
            "industry_code": pd.Series(["0139", "3922"] * (ROWS // 2), dtype="str"),
            "operating": pd.array([True, False] * (ROWS // 2), dtype="boolean"),
        }
    )
    enterprises.loc[0, "name_zh"] = "𠮷䶮有限公司"
    years = pd.DataFrame(
        {
            "uscc": enterprises["uscc"],
            "year": pd.array(np.full(ROWS, 2022), dtype="Int64"),
            "employees": pd.array(number + 20, dtype="Int64"),
            "rd_staff": pd.array(number // 10, dtype="Int64"),
            "revenue": 1234.5 + number,
            "assets": 20000.0 + number,
        }
    )
    events = pd.DataFrame(
        {
            "event_id": pd.Series([f"E{one:04d}" for one in number], dtype="str"),
            "event_type": pd.Categorical(["产业对接"] * ROWS, BOOK["alliance_events"]["event_type"].allowed),
            "held_on": founded + pd.Timedelta(days=5000),
            "firms": pd.array(number % 9 + 1, dtype="Int64"),
            "intent_amount": 100.0 + number,
            "contract_amount": np.where(number % 2, np.nan, 50.0),
        }
    )
    owners = pd.DataFrame(
        {
            "application_no": pd.Series([f"20211{one:07d}1" for one in number], dtype="str"),
            "uscc": enterprises["uscc"],
            "share": np.full(ROWS, 1.0),
            "acquired_by": pd.Categorical(["受让"] * ROWS, BOOK["patent_owners"]["acquired_by"].allowed),
            "acquired_on": pd.Series(founded, dtype="datetime64[us]"),
        }
    )
    return {"enterprises": enterprises, "enterprise_years": years, "alliance_events": events, "patent_owners": owners}


def _shown(value) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    return "" if value is None else str(value)


def _grid(folder, file: str, sheet: str) -> list[list[str]]:
    """Return the cells of a file as an editor shows them, the first row first."""
    path = folder / file
    if file.endswith(".xlsx"):
        cells = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        return [[_shown(cell) for cell in row] for row in cells]
    if file.endswith(".parquet"):
        return [[_shown(cell) for cell in row.values()] for row in pq.read_table(path).to_pylist()]
    text = path.read_bytes().decode("gb18030" if file.startswith("企业名册") else "utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("office")
    faults = write_office_files(_tables(), folder, codebook=BOOK, seed=5, dirt="heavy")
    return folder, faults


def test_every_fault_stands_in_the_cell_that_the_manifest_names(written):
    folder, faults = written
    tables = _tables()
    looked_at = 0
    for (name, file, sheet), mine in faults.groupby(["table", "file", "sheet"]):
        grid = _grid(folder, file, sheet)
        columns = list(tables[name].columns)
        for fault in mine.itertuples():
            row = grid[fault.row - 1]
            if fault.kind == "duplicate_row":
                assert row == grid[fault.related_row - 1]
                continue
            assert row[columns.index(fault.column)] == fault.planted
            if fault.kind == "duplicate_key":
                twin = grid[fault.related_row - 1]
                differing = [columns[place] for place in range(len(row)) if row[place] != twin[place]]
                assert differing == [fault.column]
            looked_at += 1
    assert looked_at > 300
    assert set(faults["table"]) == set(tables)


def test_the_rows_of_a_file_are_the_true_ones_in_order_apart_from_planted_cells_and_repetitions(written):
    folder, faults = written
    mine = faults[faults["table"] == "enterprises"]
    repeated = set(mine.loc[mine["related_row"].notna(), "row"])
    planted = set(mine.loc[mine["column"] == "name_zh", "row"]) - repeated
    rows = [(number, row) for number, row in enumerate(_grid(folder, "企业名册.csv", ""), start=1) if number > 1]
    names = [(number, row[1]) for number, row in rows if number not in repeated]
    assert len(names) == ROWS
    true = _tables()["enterprises"]["name_zh"]
    wrong = {number for (number, found), name in zip(names, true, strict=True) if found != name}
    assert wrong == planted


def test_layouts_have_the_encodings_units_titles_and_two_line_headers_that_they_promise(written):
    folder, _ = written
    names = (folder / "企业名册.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        names.decode("gbk")
    assert "𠮷䶮有限公司" in names.decode("gb18030")
    years = (folder / "企业年度指标.csv").read_bytes()
    assert years.startswith(b"\xef\xbb\xbf")
    header = years.decode("utf-8-sig").splitlines()[0]
    assert "（千元）" in header and "（亿元）" in header
    events = _grid(folder, "产业链党建联盟.xlsx", "联盟活动与对接")
    assert events[0][0] == "联盟活动与对接台账"
    assert events[1][1] == "活动情况" and events[1][4] == "金额（元）" and events[2][4] == "达成意向金额"
    assert events[1][0] == "活动编号" and events[2][0] == ""
    assert events[-2][0] == "合计" and events[-1][0].startswith("注")
    # 100 + 0 … 100 + 399 in 万元: 400 * 100 + 399 * 400 / 2 = 119,800; the header is in yuan
    assert events[-2][4] == "1198000000"


def test_money_is_written_in_the_unit_of_its_header(written):
    folder, faults = written
    dirty = faults[faults["table"] == "enterprise_years"]["row"]
    row = next(number for number in range(2, 60) if number not in set(dirty))
    inserted = int(((dirty < row) & faults.loc[dirty.index, "related_row"].notna()).sum())
    found = _grid(folder, "企业年度指标.csv", "")[row - 1]
    # revenue 1,234.5 万元 + number is ten times as many 千元; assets 20,000 万元 are 2 亿元
    number = row - 2 - inserted
    assert float(found[4]) == pytest.approx((1234.5 + number) * 10)
    assert float(found[5]) == pytest.approx(2 + number / 10000)


def test_a_cell_has_at_most_one_fault_and_a_lost_row_no_other(written):
    _, faults = written
    assert not faults.duplicated(["table", "row", "column"]).any()
    lost = faults["expected_action"] == "set_aside"
    per_row = faults.groupby(["table", "row"])["fault_id"].transform("size")
    assert (per_row[lost | faults["kind"].isin(["rule_violation", "unit_slip"])] == 1).all()
    assert set(faults["expected_action"]) == {"repaired", "flagged", "nulled", "set_aside"}


def test_a_code_loses_its_zero_only_where_it_has_one(written):
    _, faults = written
    lost = faults[faults["kind"] == "lost_leading_zeros"]
    assert len(lost) and (lost["original"] == "0139").all() and (lost["planted"] == "139").all()


def test_typical_dirt_hits_about_one_cell_in_a_hundred(tmp_path):
    tables = _tables()
    faults = write_office_files(tables, tmp_path, codebook=BOOK, seed=5, dirt="typical")
    share = len(faults) / sum(table.size for table in tables.values())
    assert 0.004 < share < 0.02


def test_tiny_tables_lose_no_row_for_good_at_typical(tmp_path):
    tables = {name: table.iloc[:150].reset_index(drop=True) for name, table in _tables().items()}
    for seed in range(12):
        faults = write_office_files(tables, tmp_path, codebook=BOOK, seed=seed, dirt="typical")
        assert set(faults.loc[faults["expected_action"] == "set_aside", "kind"]) <= {"duplicate_row"}
        cells = faults[faults["kind"] != "duplicate_row"]
        on_key = cells["column"].isin(["uscc", "year", "event_id", "application_no"])
        assert (cells.loc[on_key, "expected_action"] == "repaired").all()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_faults(tmp_path):
    tables = _tables()
    manifests = [
        write_office_files(tables, tmp_path / name, codebook=BOOK, seed=seed, dirt="typical")
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    pd.testing.assert_frame_equal(manifests[0], manifests[1])
    assert not manifests[0].equals(manifests[2])
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(files) == 4
    # Two runs in one second would agree on the time by chance.
    with zipfile.ZipFile(tmp_path / "a" / "产业链党建联盟.xlsx") as book:
        assert b"2023-07-03T09:00:00Z" in book.read("docProps/core.xml")
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_clean_files_hold_no_fault_and_are_read_back_without_a_finding(tmp_path):
    tables = {name: table for name, table in _tables().items() if name != "patent_owners"}
    faults = write_office_files(tables, tmp_path, codebook=BOOK, seed=1, dirt="none")
    assert faults.empty
    assert (tmp_path / "企业名册.csv").read_text(encoding="utf-8").startswith("统一社会信用代码,企业名称,")
    read = read_folder(tmp_path, codebook=BOOK, person_key=KEY, extract_on=EXTRACT_ON)
    assert set(read.ledger["action"]) <= {"reported"}
    scored = score(faults, read.ledger, tables, read.tables, BOOK).iloc[-1]
    assert (scored["planted"], scored["false_flags"], scored["silent_changes"]) == (0, 0, 0)
    # 400 rows of 7, 6 and 6 columns
    assert scored["clean_cells"] == 7600


def test_the_callers_tables_are_left_as_they_are(tmp_path):
    tables, before = _tables(), _tables()
    write_office_files(tables, tmp_path, codebook=BOOK, seed=1, dirt="heavy")
    for name, table in before.items():
        pd.testing.assert_frame_equal(tables[name], table)


def test_an_unknown_level_of_dirt_is_refused(tmp_path):
    with pytest.raises(UsageError, match="'filthy' is unknown: expected one of none, typical, heavy"):
        write_office_files(_tables(), tmp_path, codebook=BOOK, seed=1, dirt="filthy")


def test_what_is_planted_in_all_tables_is_found_and_no_clean_cell_changes_silently(tmp_path):
    tables = zone(seed=2, firms=1000).tables
    faults = write_office_files(tables, tmp_path, codebook=BOOK, seed=2, dirt="heavy")
    assert faults["table"].nunique() > 30
    read = read_folder(tmp_path, codebook=BOOK, person_key=KEY, extract_on=EXTRACT_ON)
    scored = score(faults, read.ledger, tables, read.tables, BOOK, dirt="heavy").set_index("kind")
    # A wrong unit shows only where another column contradicts it.
    visible = scored.drop(index=["all", "unit_slip"])
    assert visible.index[visible["found_exactly"] < visible["planted"]].tolist() == []
    assert visible.index[visible["handled"] < visible["planted"]].tolist() == []
    assert scored.loc["all", "silent_changes"] == 0
    assert scored.loc["all", "false_flag_share"] < 0.001


NAMED_BY_OFFICES = {
    "byte_order_mark", "no_byte_order_mark", "encoded_gbk", "encoded_gb18030", "comma_separated", "tab_separated",
    "semicolon_separated", "several_sheets", "title_row", "unit_above_header", "two_line_header", "header_synonym",
    "unit_in_header", "date_style", "total_row", "note_row",
}  # fmt: skip


@pytest.mark.parametrize("lang", LANGS)
def test_every_kind_of_fault_and_of_habit_has_a_name_of_its_own(lang):
    kinds = [*NAMED_BY_OFFICES, *(kind.name for kind in KINDS), "unknown_reference", "duplicate_row", "duplicate_key"]
    names = [label(kind, lang) for kind in kinds]
    assert [kind for kind, name in zip(kinds, names, strict=True) if kind == name] == []
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("dirt", ["typical", "heavy"])
def test_every_habit_of_the_files_is_listed_and_seen_through(tmp_path, dirt):
    tables = zone(seed=2, firms=1000).tables
    faults = write_office_files(tables, tmp_path, codebook=BOOK, seed=2, dirt=dirt)
    read = read_folder(tmp_path, codebook=BOOK, person_key=KEY, extract_on=EXTRACT_ON)
    listed = habits(tables, faults, codebook=BOOK, dirt=dirt)
    assert set(listed["kind"]) == NAMED_BY_OFFICES
    judged = seen_through(listed, faults, read.sources, read.ledger, tables, read.tables, BOOK, dirt=dirt)
    assert judged.loc[~judged["is_read"], ["table", "kind", "written"]].to_dict("records") == []


def test_a_title_a_sum_and_a_note_stand_in_the_rows_that_the_list_of_habits_names(written):
    folder, faults = written
    listed = habits(_tables(), faults, codebook=BOOK, dirt="heavy")
    mine = listed[(listed["table"] == "alliance_events") & listed["row"].notna() & (listed["column"] == "")]
    grid = _grid(folder, "产业链党建联盟.xlsx", "联盟活动与对接")
    firsts = {habit.kind: grid[habit.row - 1][0] for habit in mine.itertuples() if habit.kind != "two_line_header"}
    assert firsts == {"title_row": "联盟活动与对接台账", "total_row": "合计", "note_row": "注：数据截至2023年6月30日，由各填报单位提供。"}
    assert len(grid) == mine["row"].max()


def test_a_reader_that_misses_a_habit_is_told_so(written):
    folder, faults = written
    tables = _tables()
    read = read_folder(folder, codebook=BOOK, person_key=KEY, extract_on=EXTRACT_ON)
    listed = habits(tables, faults, codebook=BOOK, dirt="heavy")
    spoilt = {**read.tables, "enterprises": read.tables["enterprises"].assign(founded_on=pd.NaT)}
    years = read.tables["enterprise_years"]
    spoilt["enterprise_years"] = years.assign(revenue=years["revenue"] * 10)
    sources = read.sources.assign(encoding=read.sources["encoding"].replace("utf-8-sig", "utf-8"))
    ledger = read.ledger[read.ledger["rule"] != "note_row"]
    judged = seen_through(listed, faults, sources, ledger, tables, spoilt, BOOK, dirt="heavy")
    missed = judged[~judged["is_read"]]
    assert set(missed["kind"]) == {
        "encoded_gb18030", "comma_separated", "date_style", "header_synonym", "byte_order_mark", "unit_in_header", "note_row",
    }  # fmt: skip
    assert set(missed.loc[missed["kind"] == "unit_in_header", "column"]) == {"revenue"}


def test_a_csv_file_has_titles_above_and_a_sum_and_a_note_below(tmp_path):
    events = zone(seed=2, firms=400).tables["training_events"]
    write_office_files({"training_events": events}, tmp_path, codebook=BOOK, seed=2, dirt="typical")
    lines = list(csv.reader(io.StringIO((tmp_path / "党员教育培训.csv").read_bytes().decode("gbk"), newline="")))
    assert {len(line) for line in lines} == {len(events.columns)}
    assert (lines[0][0], lines[2][0]) == ("党员教育培训台账", BOOK["training_events"]["event_id"].name_zh)
    place = list(events.columns).index("attendance")
    assert (lines[-2][0], lines[-2][place]) == ("合计", str(events["attendance"].sum()))
    assert lines[-1][0].startswith("注：")
