"""Bad input: each gets one clear message with file, what was found, what was expected, how many, and what to do."""

import shutil
import signal
import subprocess
import sys
import textwrap

import pytest
import xlsxwriter

from helpers import codebook as codebooks
from helpers import paths
from helpers.errors import InputError
from helpers.ingest import layers, mapping, people, read_folder, write

CODEBOOK = codebooks.load()
AREA = "片区编号,片区名称,工作站名称,专职联络员人数,联合支部编号"
CODE = "91350100611300758B"


def problems(folder, **options):
    with pytest.raises(InputError) as stop:
        read_folder(folder, codebook=CODEBOOK, **({"person_key": None} | options))
    return stop.value.problems


def put(folder, name, text, encoding="utf-8"):
    (folder / name).write_bytes(text.encode(encoding))
    return folder


def says(message, *parts):
    missing = [part for part in parts if part not in message]
    assert not missing, message
    return True


def test_a_folder_that_is_not_there_or_holds_no_table_says_so(tmp_path):
    (message,) = problems(tmp_path / "gone")
    assert says(message, "gone", "does not exist")
    put(tmp_path, "读我.md", "x")
    (message,) = problems(tmp_path)
    assert says(message, "no table found among 1 files", "企业名册 (enterprises)")


def test_a_file_name_in_another_encoding_is_told_and_not_read(tmp_path):
    path = bytes(tmp_path) + b"/" + "党建片区表.csv".encode("gbk")
    try:
        with open(path, "wb") as stream:  # noqa: PTH123
            stream.write(f"{AREA}\nA01,东区,东站,2,\n".encode())
    except OSError:
        pytest.skip("this file system takes names in UTF-8 alone")
    (message,) = problems(tmp_path)
    assert says(message, "党建片区表.csv", "another encoding than UTF-8", "rename the file")


def test_all_bad_files_are_told_at_once(tmp_path):
    put(tmp_path, "areas.csv", "")
    put(tmp_path, "grids.xlsx", "no workbook")
    (tmp_path / "专利.csv").write_bytes(b"\xff\xff\n")
    put(tmp_path, "企业名册.csv", "甲,乙\n1,2\n")
    assert [message.split(":")[0] for message in problems(tmp_path)] == [
        "areas.csv",
        "grids.xlsx",
        "专利.csv",
        "企业名册.csv",
    ]


def test_a_named_table_without_its_headers_lists_found_and_expected(tmp_path):
    (message,) = problems(put(tmp_path, "企业名册.csv", "甲,乙\n1,2\n", "gbk"))
    assert says(
        message,
        "企业名册.csv",
        "'enterprises'",
        "first 2 rows",
        "甲, 乙",
        "统一社会信用代码",
        "read as gb18030",
        "mapping file",
    )


def test_a_named_table_without_its_key_lists_what_is_missing(tmp_path):
    (message,) = problems(put(tmp_path, "enterprises.csv", "说明\n企业名称,成立日期\n甲厂,2020-01-01\n"))
    assert says(
        message,
        "lacks 1 of its required columns: 统一社会信用代码 (uscc)",
        "row 2 holds 企业名称, 成立日期",
        "mapping file",
    )


def test_headers_of_no_table_name_the_nearest_and_what_it_lacks(tmp_path):
    (message,) = problems(put(tmp_path, "数据.csv", "申请号,申请日,专利类型\n2020100000010,2020-01-01,发明\n"))
    assert says(
        message,
        "数据.csv",
        "fit no table",
        "'patents' (专利) with 3 of its 12 columns",
        "at least 60%",
        "wuli codebook",
    )


def test_headers_that_fit_two_tables_equally_name_both(tmp_path):
    twin = CODEBOOK["areas"]
    codebook = codebooks.Codebook(
        {"areas": twin, "zones": type(twin)(**{**vars(twin), "name": "zones", "name_zh": "分区表", "synonyms": ()})}
    )
    put(tmp_path, "数据.csv", f"{AREA}\nA01,东区,东站,2,\n")
    with pytest.raises(
        InputError, match=r"fit the tables 'areas' \(党建片区表\) and 'zones' \(分区表\) equally well \(5 columns\)"
    ):
        read_folder(tmp_path, codebook=codebook, person_key=None)


def test_a_person_table_without_headers_is_not_quoted(tmp_path):
    (message,) = problems(put(tmp_path, "members.csv", "张三,35050219800101001X\n"))
    assert says(message, "members.csv", "the first row with text holds 2 cells", "党员伪码")
    assert "张三" not in message


def test_headers_of_no_table_at_all_show_the_first_row(tmp_path):
    (message,) = problems(put(tmp_path, "数据.csv", "x,y\n1,2\n"))
    assert says(message, "数据.csv: no header of any table", "x, y")


def test_two_files_for_one_table_are_both_named(tmp_path):
    for name in ("areas.csv", "党建片区表.csv"):
        put(tmp_path, name, f"{AREA}\nA01,东区,东站,2,\n")
    (message,) = problems(tmp_path)
    assert says(message, "table 'areas' (党建片区表) is found 2 times", "areas.csv; 党建片区表.csv", "mapping file")


def test_one_column_under_two_headers_is_not_chosen_between(tmp_path):
    (message,) = problems(put(tmp_path, "企业名册.csv", f"统一社会信用代码,企业名称,公司名称\n{CODE},甲,乙\n"))
    assert says(message, "'name_zh' (企业名称) as 企业名称 (column B), 公司名称 (column C)", "mapping file")


def test_rows_that_mostly_do_not_fit_their_header_stop_the_file(tmp_path):
    (message,) = problems(put(tmp_path, "areas.csv", f"{AREA}\nA01\nA02,x\nA03,东区,东站,2,\n"))
    assert says(message, "areas.csv", "2 of 3 rows do not have the 5 fields of the header in row 1", "row 2 has 1")


def test_a_workbook_without_cells_says_so(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "areas.xlsx")
    book.add_worksheet("areas")
    book.close()
    (message,) = problems(tmp_path)
    assert says(message, "areas.xlsx", "no visible sheet holds any text")


def test_person_tables_without_a_key_say_how_to_make_one(tmp_path):
    put(tmp_path, "members.csv", "党员伪码,党组织编号,组织关系起始\nD0001,P001,2015-01-01\n")
    put(tmp_path, "grids.csv", "网格编号,双选聘干部工号\nG01,D0001\n")
    (message,) = problems(tmp_path)
    assert says(
        message,
        "2 tables hold person ids",
        "'grids' (grids.csv), 'members' (members.csv)",
        "WULI_PERSON_KEY_FILE",
        "secrets",
    )
    assert "D0001" not in message


def test_a_person_table_without_person_columns_in_it_needs_no_key(tmp_path):
    put(tmp_path, "grids.csv", "网格编号,网格名称\nG01,一网格\n")
    assert list(read_folder(tmp_path, codebook=CODEBOOK, person_key=None).tables) == ["grids"]


def test_the_key_comes_from_the_environment_or_a_file_outside_of_the_project(tmp_path):
    file = tmp_path / "wuli.key"
    file.write_text("0123456789abcdef0123\n")
    assert people.key_from_environment({}) is None
    assert people.key_from_environment({people.KEY: "0123456789abcdef"}) == b"0123456789abcdef"
    assert people.key_from_environment({people.KEY_FILE: str(file)}) == b"0123456789abcdef0123"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({people.KEY: "short"}, r"WULI_PERSON_KEY: the key has 5 bytes, at least 16"),
        ({people.KEY: "x" * 20, people.KEY_FILE: "y"}, "are both set"),
        ({people.KEY_FILE: "/nowhere/wuli.key"}, r"wuli\.key cannot be read \(No such file"),
        ({people.KEY_FILE: str(paths.ROOT / "wuli.key")}, "lies inside the project"),
    ],
)
def test_a_key_that_protects_nothing_is_refused(environment, message):
    with pytest.raises(InputError, match=message):
        people.key_from_environment(environment)


MAPPING = """
sources:
  - file: firms.csv
    table: listed_firm_years
    columns: {股票代码: stock_code, 年份: year}
"""


def mapped(tmp_path, mapping, files=(("firms.csv", "股票代码,年份\n000001,2015\n"),)):
    raw = tmp_path / "raw"
    raw.mkdir()
    for name, text in files:
        put(raw, name, text)
    (tmp_path / "m.yml").write_text(mapping, encoding="utf-8")
    return problems(raw, mapping=tmp_path / "m.yml")


@pytest.mark.parametrize(
    ("mapping", "parts"),
    [
        (MAPPING.replace("firms.csv", "other.csv"), ["other.csv", "m.yml", "not in the folder, which holds firms.csv"]),
        (
            MAPPING.replace("年份:", "年:"),
            ["1 of the 2 mapped headers are not there: '年'", "row 1 holds '股票代码', '年份'"],
        ),
        (MAPPING.replace(": year", ": yaer"), ["no column 'yaer'; it has stock_code, year"]),
        (MAPPING.replace(": year", ": stock_code"), ["'stock_code' is mapped 2 times"]),
        (MAPPING.replace("listed_firm_years", "firms"), ["no table 'firms' in the codebook"]),
        (MAPPING.replace("    table", "    tabel"), ["m.yml: line 4: 'sources.0.tabel'", "did you mean 'table'?"]),
        (MAPPING.replace("    table", "    tabel"), ["m.yml: line 3: 'sources.0.table' is missing"]),
        (MAPPING + "    file: other.csv\n", ["m.yml", "line 6: 'file' is given twice, first in line 3"]),
        (MAPPING.replace("年份: year", "股票代码: year"), ["m.yml", "line 5: '股票代码' is given twice"]),
        (
            MAPPING.replace(": stock_code", ": {column: stock_code, padd: 6}"),
            ["line 5: 'sources.0.columns.股票代码.padd'", "did you mean 'pad'?"],
        ),
        (
            MAPPING.replace(": stock_code", ": {column: stock_code, pad: 0}"),
            ["line 5:", "pad': found '0'", "greater than 0"],
        ),
        (
            MAPPING.replace(": stock_code", ": [stock_code]"),
            ["line 5: 'sources.0.columns.股票代码'", "expected a mapping"],
        ),
        (
            MAPPING + "    header_row: first\n",
            ["line 6: 'sources.0.header_row': found 'first', expected a whole number"],
        ),
        (MAPPING + "    sheet:\n", ["line 6: 'sources.0.sheet'", "expected a text"]),
        (MAPPING.replace("columns:", "columns: &a") + "    constants: *a\n", ["line 5: an alias (*)"]),
        (
            MAPPING.replace(", 年份: year", ""),
            ["no header is mapped to year, which table 'listed_firm_years' requires"],
        ),
        (MAPPING + "    encoding: utf-16\n", ["declares encoding 'utf-16'"]),
        (MAPPING + "    sheet: 甲\n", ["names the sheet '甲'; the workbook holds ''"]),
        (MAPPING + "    header_row: 9\n", ["states header row 9, which is not there"]),
        ("sources: [", ["m.yml: cannot be read"]),
        ("", ["m.yml: the file: found '', expected a mapping"]),
        ("sources: []", ["m.yml", "sources", "at least 1"]),
    ],
)
def test_a_mapping_that_does_not_fit_says_where(tmp_path, mapping, parts):
    messages = mapped(tmp_path, mapping)
    assert any(all(part in message for part in parts) for message in messages), messages


def test_texts_of_a_mapping_stay_as_they_are_written(tmp_path):
    text = MAPPING.replace("listed_firm_years", "areas").replace(
        "{股票代码: stock_code, 年份: year}", "{片区编号: area_id}"
    )
    (tmp_path / "m.yml").write_text(
        f"{text}    header_row: 2\n    constants: {{area_name: 01, workstation_name: no}}\n", encoding="utf-8"
    )
    (source,) = mapping.load(tmp_path / "m.yml", CODEBOOK).sources
    assert (source.header_row, source.constants) == (2, {"area_name": "01", "workstation_name": "no"})


def test_a_mapped_header_that_stands_twice_must_be_told_apart(tmp_path):
    (message,) = mapped(tmp_path, MAPPING, [("firms.csv", "股票代码,年份,年份\n000001,2015,2016\n")])
    assert says(message, "'年份' stands 2 times (columns B, C)", "'年份#1'")


def test_a_mapping_cannot_have_a_personal_column_read(tmp_path):
    mapping = MAPPING.replace("年份: year", "年份: year, 联系人姓名: short_name")
    (message,) = mapped(tmp_path, mapping, [("firms.csv", "股票代码,年份,联系人姓名\n000001,2015,x\n")])
    assert says(message, "联系人姓名", "never read")


def small(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    return read_folder(put(raw, "areas.csv", f"{AREA}\nA01,东区,东站,2,\n"), codebook=CODEBOOK, person_key=None)


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_full_disk_leaves_what_was_written_before_as_it_was(tmp_path, monkeypatch):
    ingested, run = small(tmp_path), tmp_path / "run"
    write(ingested, run)
    before = content(tmp_path)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(layers.os, "fsync", full)
    with pytest.raises(InputError, match=r"run/ingested/areas\.parquet: cannot be written \(No space left on device\)"):
        write(ingested, run)
    assert content(tmp_path) == before


def test_a_failure_midway_through_the_exchange_puts_the_old_files_back(tmp_path, monkeypatch):
    ingested, run = small(tmp_path), tmp_path / "run"
    write(ingested, run)
    before = content(tmp_path)
    rename = layers.Path.rename

    def failing(self, target):
        if self.name == "counts.csv" and self.parent.name.startswith("."):
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(layers.Path, "rename", failing)
    with pytest.raises(InputError, match="Input/output error"):
        write(ingested, run)
    monkeypatch.undo()
    assert content(tmp_path) == before


def test_former_files_that_cannot_be_put_back_are_kept_and_named(tmp_path, monkeypatch):
    ingested, run = small(tmp_path), tmp_path / "run"
    write(ingested, run)
    before, whole = (run / "counts.csv").read_bytes(), content(run)
    rename = layers.Path.rename

    def failing(self, target):
        if self.name == "counts.csv" and self.parent != run:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(layers.Path, "rename", failing)
    with pytest.raises(InputError, match=r"the files of the last run are kept in \.under-way-\w+/before until"):
        write(ingested, run)
    (kept,) = run.glob(".under-way-*/before/counts.csv")
    assert kept.read_bytes() == before
    monkeypatch.undo()
    monkeypatch.setattr(layers, "_write_one", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(InputError, match="nothing written before was changed"):
        write(ingested, run)
    assert content(run) == whole


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from helpers import codebook
    from helpers.ingest import layers, read_folder, write

    def die(*arguments):
        os.kill(os.getpid(), signal.SIGKILL)

    rename, where = Path.rename, sys.argv[1]
    if where == "write":
        layers._sync = die
    else:
        def renamed(self, target):
            done = rename(self, target)
            if self.name == where and self.parent.name != "before":
                die()
            return done
        Path.rename = renamed
    write(read_folder(Path(sys.argv[2]), codebook=codebook.load(), person_key=None), Path(sys.argv[3]))
"""


@pytest.mark.parametrize("where", ["write", "ingested", "counts.csv", "before"])
@pytest.mark.parametrize("is_first", [True, False])
def test_what_a_killed_process_left_is_hidden_inside_the_run_and_gone_after_the_next(tmp_path, where, is_first):
    ingested, run = small(tmp_path), tmp_path / "run"
    if not is_first:
        write(ingested, run)
    arguments = [where, str(tmp_path / "raw"), str(run)]
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), *arguments], check=False)
    assert done.returncode == -signal.SIGKILL
    (leftover,) = run.glob(".*")
    assert leftover.name.startswith(".under-way-")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw", "run"]
    write(ingested, run)
    assert not list(run.glob(".*"))
    write(ingested, tmp_path / "other")
    assert {p.relative_to(run): b for p, b in content(run).items()} == {
        p.relative_to(tmp_path / "other"): b for p, b in content(tmp_path / "other").items()
    }


def test_files_in_a_hidden_folder_are_not_read(tmp_path):
    raw = tmp_path / "raw"
    small(tmp_path)
    hidden = raw / ".under-way-x"
    hidden.mkdir()
    shutil.copy(raw / "areas.csv", hidden / "areas.csv")
    assert read_folder(raw, codebook=CODEBOOK, person_key=None).sources["file"].tolist() == ["areas.csv"]


def test_a_file_that_the_system_will_not_let_grow_is_one_clear_error(tmp_path):
    small(tmp_path)
    code = f"""
        import resource, signal
        from pathlib import Path
        from helpers import codebook
        from helpers.errors import InputError
        from helpers.ingest import read_folder, write
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        ingested = read_folder(Path({str(tmp_path / "raw")!r}), codebook=codebook.load(), person_key=None)
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))
        try:
            write(ingested, Path({str(tmp_path / "run")!r}))
        except InputError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert says(
        done.stdout,
        "run/ingested/areas.parquet: cannot be written (File too large)",
        "nothing written before was changed",
    )
    assert list((tmp_path / "run").iterdir()) == []
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_may_not_be_written_is_one_clear_error(tmp_path, monkeypatch):
    ingested = small(tmp_path)

    def refused(**_):
        raise PermissionError(13, "Permission denied")

    # The tests may run as root, whom no permission stops.
    monkeypatch.setattr(layers.tempfile, "mkdtemp", refused)
    with pytest.raises(InputError, match=r"run/: cannot be written \(Permission denied\).*WULI_OUTPUT"):
        write(ingested, tmp_path / "run")
