"""The commands as a person types them: from files to pages, twice the same, in both languages, with nothing leaking.

Every page of a zone as an office would send it is made twice, and these pages are what is read of Chinese ones; English
ones are made of the clean zone, in which everything that has only a Chinese name is known.
"""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from small_zone import small_params

from helpers import cli, codebook, paths, stages
from helpers.codebook import Column, Table
from helpers.params import PAGES
from helpers.params.model import Calibration
from helpers.params.pages import model_of
from helpers.reconcile import Readings
from helpers.report.foreign import external_requests

WULI = Path(sys.executable).parent / "wuli"
ONLY = ("10", "20", "70", "90")
CHOSEN = ("10_data_quality", "20_published_figures", "70_association", "90_findings", "index")
ZONE_PAGES = (*(stem for stem in sorted(PAGES) if stem != "65_listed_firms"), "index")
CHINESE = re.compile(
    r"[\u3400-\u9fff\u3001\u3002\uff01-\uff5e“”‘’]*[\u3400-\u9fff][\u3400-\u9fff\u3001\u3002\uff01-\uff5e“”‘’]*"
)
IN_CHINESE = pytest.mark.parametrize("stem", ZONE_PAGES)
IN_ENGLISH = pytest.mark.parametrize("stem", CHOSEN)


def wuli(*arguments, output: Path, cwd: Path, before: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, WULI, *map(str, arguments)],
        env={**os.environ, "WULI_OUTPUT": str(output)},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=600,
    )


class Run(NamedTuple):
    """A finished `wuli run`: what it said, what it published, and the folder of its data."""

    said: subprocess.CompletedProcess[str]
    pages: dict[str, str]
    manifest: dict
    files: dict[str, str]
    prepared: Path


def finished(said: subprocess.CompletedProcess[str], output: Path, run: str = "small") -> Run:
    folder = output / "reports" / run
    assert folder.is_dir(), said.stderr
    texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.*")}
    pages = {name.removesuffix(".html"): text for name, text in texts.items() if name.endswith(".html")}
    return Run(said, pages, json.loads(texts["manifest.json"]), texts, output / "data" / "derived" / run)


@pytest.fixture(scope="module")
def dirty_twice(request, run_file, tmp_path_factory) -> tuple[Run, Run]:
    """Make every page twice and at the same time: from nothing, and on data that are ready, two pages at a time."""
    ready, cwd = (tmp_path_factory.mktemp(name) for name in ("ready", "cwd"))
    dirty = (run_file, "-p", "data.dirt=typical")

    def on_ready_data() -> subprocess.CompletedProcess[str]:
        prepared = wuli("prepare", *dirty, output=ready, cwd=cwd)
        assert prepared.returncode == 0, prepared.stderr
        return wuli("run", *dirty, "--workers", "2", output=ready, cwd=cwd)

    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(on_ready_data)
        fresh, first = request.getfixturevalue("whole_run")
        return finished(first, fresh), finished(second.result(), ready)


@pytest.fixture(scope="module")
def chinese(dirty_twice) -> Run:
    return dirty_twice[0]


@pytest.fixture(scope="module")
def english(prepared_output, run_file, tmp_path_factory) -> Run:
    output, cwd = (tmp_path_factory.mktemp(name) for name in ("english", "cwd"))
    shutil.copytree(prepared_output, output, dirs_exist_ok=True)
    said = wuli("run", run_file, "-p", "lang=en", "--only", *ONLY, "--workers", "2", output=output, cwd=cwd)
    return finished(said, output)


class _Reader(HTMLParser):
    """What a reader sees or hears of a page, and what a browser would load."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.heads: list[str] = []
        self.loads: list[str] = []
        self.inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img", "br", "hr", "input", "link", "col", "wbr", "source"):
            self.inside.append(tag)
        values = dict(attrs)
        self.texts += [values[name] for name in ("alt", "title", "aria-label") if values.get(name)]
        if tag != "a":
            self.loads += [
                value for name, value in attrs if name in ("src", "href", "srcset", "poster", "data") and value
            ]

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            continue

    def handle_data(self, data):
        if "style" in self.inside:
            self.loads += re.findall(r"url\(\s*['\"]?([^)'\"]+)", data) + re.findall(r"@import\s+(\S+)", data)
        elif data.strip():
            self.texts.append(data)
            if "th" in self.inside:
                self.heads.append(data.strip())


def test_the_run_is_done_and_prints_the_page_to_open_last(dirty_twice, english):
    for run in (*dirty_twice, english):
        assert run.said.returncode == 0, run.said.stderr
        last = run.said.stdout.splitlines()[-1]
        assert last.endswith("reports/small/index.html") and Path(last).exists()
        assert "Traceback" not in run.said.stderr


def test_every_chosen_page_is_made_and_the_others_are_marked(english):
    status = {page["stem"]: page["status"] for page in english.manifest["pages"]}
    assert {stem for stem, found in status.items() if found == "ok"} == set(CHOSEN) - {"index"}
    assert {found for stem, found in status.items() if stem not in CHOSEN} == {"not_run"}
    # The others have a page as well, which says why there is nothing on it.
    assert set(english.pages) == {*status, "index"}


def test_every_page_of_the_zone_is_made_where_none_is_chosen(dirty_twice):
    for run in dirty_twice:
        assert set(run.pages) == set(ZONE_PAGES)
        assert {page["status"] for page in run.manifest["pages"]} == {"ok"}


def test_the_same_inputs_give_the_same_bytes_of_every_page(dirty_twice):
    first, second = dirty_twice
    assert set(first.pages) == set(second.pages)
    assert [stem for stem in first.pages if first.pages[stem] != second.pages[stem]] == []
    kept = ("parameters", "inputs", "prepared_from", "counts", "code", "packages", "seed")
    assert {name: first.manifest[name] for name in kept} == {name: second.manifest[name] for name in kept}


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_dirty_files_are_the_same_bytes_twice(dirty_twice):
    raw = [_bytes(run.prepared / "raw") for run in dirty_twice]
    assert {Path(name).suffix for name in raw[0]} >= {".csv", ".xlsx", ".parquet"}
    assert list(raw[0]) == list(raw[1])
    assert [name for name in raw[0] if raw[0][name] != raw[1][name]] == []


def test_what_leaves_the_restricted_layer_is_the_same_under_another_key_of_person_ids(dirty_twice):
    prepared = [_bytes(run.prepared) for run in dirty_twice]
    assert list(prepared[0]) == list(prepared[1])
    differ = [name for name in prepared[0] if prepared[0][name] != prepared[1][name]]
    # Every run of a synthetic zone has a key of its own, so that hashes of persons differ, and times do.
    assert differ
    assert {name.split("/")[0] for name in differ} <= {"restricted", "run.json"}


@IN_CHINESE
def test_a_page_loads_nothing_from_anywhere(chinese, stem):
    loads = _Reader(chinese.pages[stem]).loads
    assert not [load[:80] for load in loads if not load.startswith(("data:", "#"))]
    # The page's own script, which its policy names by hash, and no other one.
    assert chinese.pages[stem].count("<script") == 1
    assert external_requests(chinese.pages[stem]) == []


@IN_CHINESE
def test_a_page_says_what_data_these_are_and_what_made_it(chinese, stem):
    page, manifest = unescape(chinese.pages[stem]), chinese.manifest
    assert '<html lang="zh' in page
    assert "本页数据为合成数据" in page
    for name, value in small_params("data.dirt=typical").flat().items():
        assert name in page and value in page, name
    for source in manifest["inputs"]:
        assert source["file"] in page and source["sha256"][:12] in page, source["file"]
    assert manifest["code"]["hash"][:12] in page
    assert str(manifest["seed"]) in page
    for package in ("pandas", "ibis-framework", "statsmodels"):
        assert manifest["packages"][package] in page, package


def test_the_manifest_says_what_the_run_depended_on_and_how_long_it_took(chinese):
    manifest = chinese.manifest
    data = {"kind": "synthetic", "firms": 2000, "scenario": "effect", "dirt": "typical"}
    assert manifest["parameters"]["data"] == data | {"readings": Calibration().model_dump()}
    assert manifest["readings"] == Readings().model_dump()
    assert len(manifest["inputs"]) == 36 + 3 and all(
        re.fullmatch(r"[0-9a-f]{64}", row["sha256"]) for row in manifest["inputs"]
    )
    assert len(manifest["counts"]) == 36 + 3
    assert manifest["timings"]["total_seconds"] > 0
    assert set(manifest["timings"]["stages_seconds"]) >= {"read", "clean", "panel"}
    assert all(page["seconds"] > 0 for page in manifest["pages"] if page["status"] == "ok")


def test_headings_of_tables_are_words_and_no_names_of_columns(chinese, english):
    for run in (chinese, english):
        for stem, page in run.pages.items():
            # The foot lists parameters and packages under their own names.
            heads = [
                head for head in _Reader(page.split("<footer")[0]).heads if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", head)
            ]
            parameters = set(small_params().model_dump()) | set(model_of(stem).model_fields if stem in PAGES else ())
            assert not [head for head in heads if head not in parameters], stem


def names_in_chinese(output: Path) -> str:
    """Return everything in the data that has only a Chinese name."""
    book, folder = codebook.load(), output / "data" / "derived" / "small"
    names = [small_params().zone, small_params().title_zh]
    for table in book.tables.values():
        names += [*table.titles]
        for column in table.columns:
            names += [*column.headers, *column.allowed]
    names += [path.name for path in (folder / "raw").iterdir()]
    for table, column in (("enterprises", "name_zh"), ("areas", "area_name"), ("grids", "grid_name")):
        names += pd.read_parquet(folder / "clean" / f"{table}.parquet")[column].dropna().tolist()
    return "\n".join(names)


@IN_ENGLISH
def test_an_english_page_is_english_but_for_names(english, prepared_output, stem):
    assert english.said.returncode == 0, english.said.stderr
    page = english.pages[stem]
    assert '<html lang="en' in page
    assert "The data on this page are synthetic" in unescape(page)
    known = names_in_chinese(prepared_output)
    soup = BeautifulSoup(page, "html.parser")
    for passage in soup.select(".zh, script, template, [lang=zh-CN][for]"):
        passage.decompose()
    runs = {run.group() for text in _Reader(str(soup)).texts for run in CHINESE.finditer(text)}
    foreign = [run for run in runs if not all(part in known for part in re.split(r"[、，。；：（）“”]", run))]
    assert not sorted(foreign)


def person_ids(folder: Path, column_of: Callable[[Path, Table, Column], pd.Series]) -> set[str]:
    """Return every id of a person that `column_of` finds in a folder of prepared data."""
    columns = [(table, column) for table in codebook.load().of_study("zone") for column in table.columns]
    return {value for table, column in columns if column.type == "person_id"
            for value in column_of(folder, table, column).dropna()}  # fmt: skip


def as_delivered(folder: Path, table: Table, column: Column) -> pd.Series:
    """Return a column of a clean zone's files."""
    (raw,) = (path for path in (folder / "raw").iterdir() if path.stem in (table.sheet_name, table.name_zh))
    return pd.read_csv(raw, dtype="str", encoding="utf-8-sig")[column.name_zh]


def as_pseudonym(folder: Path, table: Table, column: Column) -> pd.Series:
    return pd.read_parquet(folder / "restricted" / f"{table.name}.parquet")[column.name]


def test_no_person_and_no_path_of_the_machine_leaves_the_restricted_layer(chinese, english, prepared_output):
    delivered = person_ids(prepared_output / "data" / "derived" / "small", as_delivered)
    assert len(delivered) > 3000
    # Dirt damages few ids: the persons of the same zone stand in its files as well.
    dirty = b"".join(path.read_bytes() for path in (chinese.prepared / "raw").rglob("*.csv"))
    assert len(delivered & set(re.findall(r"[\w-]+", dirty.decode("ascii", errors="replace")))) > 3000
    places = [str(paths.ROOT), str(Path.home()) + "/", str(prepared_output.parent), str(Path(sys.prefix))]
    for run in (chinese, english):
        ids = delivered | person_ids(run.prepared, as_pseudonym)
        for name, text in run.files.items():
            assert not ids & set(re.findall(r"[\w-]+", text)), name
            assert not [place for place in places if place in text], name


# Wrong use and bad input, as the command line says them.


def ends(capsys, arguments: list[object]) -> tuple[int, str]:
    """Run a command in this process and return its code and everything it said."""
    try:
        code = cli.main([str(argument) for argument in arguments])
    except SystemExit as left:
        code = left.code
    found = capsys.readouterr()
    assert "Traceback" not in found.err
    return code, found.out + found.err


def lacking(said: str, *parts: str) -> list[str]:
    return [part for part in parts if part not in said]


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("data.dirty=none", ["small.yml", "'data.dirty' is no parameter", "did you mean 'dirt'"]),
        ("data.firms=12", ["'data.firms': found '12'", "greater than or equal to 400"]),
        ("data.firms=many", ["'data.firms': found 'many'", "expected a whole number"]),
        ("lang=de", ["'lang': found 'de'", "expected one of zh, en"]),
        ("last_year=2024", ["last_year 2024 is after the extract of 2023-06-30"]),
        ("pages.70_asociation.min_cell=20", ["'pages.70_asociation' is no notebook", "did you mean '70_association'"]),
        ("min_cell=2", ["'min_cell': found '2'", "greater than or equal to 5"]),
    ],
)
def test_a_parameter_misspelt_or_out_of_range_leaves_with_code_2(run_file, capsys, override, parts):
    code, said = ends(capsys, ["run", run_file, "-p", override])
    assert code == 2
    assert not lacking(said, *parts), said


def test_a_notebook_that_is_not_there_leaves_with_code_2(run_file, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path))
    code, said = ends(capsys, ["run", run_file, "--only", "90_finding"])
    assert code == 2
    assert not lacking(said, "--only 90_finding: no such notebook", "did you mean '90_findings'"), said


AREA = "片区编号,片区名称,工作站名称,专职联络员人数,联合支部编号\n"
FIRM = "统一社会信用代码,企业名称,成立日期,登记状态\n"
ONE, TWO = "91350100611300758B", "91350500MA2XTCY52H"


def put(folder: Path, files: dict[str, str | bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return folder


# File, what was found, what was expected or is to be done.
STOPS = {
    "an empty file": ({"areas.csv": ""}, ["areas.csv", "empty"]),
    "a header of no table": (
        {"数据.csv": "甲,乙\n1,2\n"},
        ["数据.csv", "no header of any table", "甲, 乙", "wuli codebook"],
    ),
    "a header without the key": (
        {"企业名册.csv": "企业名称,成立日期\n甲厂,2020-01-01\n"},
        ["企业名册.csv", "统一社会信用代码 (uscc)", "row 1 holds 企业名称, 成立日期", "mapping file"],
    ),
    "two files for one table": (
        {"areas.csv": AREA + "A01,东,站,2,\n", "党建片区表.csv": AREA + "A01,东,站,2,\n"},
        ["'areas' (党建片区表) is found 2 times", "areas.csv; 党建片区表.csv", "mapping file"],
    ),
    "a broken workbook": ({"areas.xlsx": b"PK no workbook"}, ["areas.xlsx", "save it again"]),
    "bytes of no encoding": ({"areas.csv": b"\xff\xff\xff\n"}, ["areas.csv", "utf-8", "gb18030"]),
    "a folder without tables": ({"readme.md": "x"}, ["no table found among 1 files", "企业名册 (enterprises)"]),
}


@pytest.mark.parametrize("case", STOPS)
def test_a_file_that_cannot_be_read_stops_the_check_with_one_clear_message(case, tmp_path, capsys):
    files, parts = STOPS[case]
    code, said = ends(capsys, ["check", put(tmp_path / "office", files)])
    assert code == 1
    assert said.startswith("wuli check: ")
    assert not lacking(said, *parts), said


def test_all_files_that_cannot_be_read_are_named_at_once(tmp_path, capsys):
    files = {"areas.csv": "", "grids.xlsx": "no workbook", "企业名册.csv": "甲,乙\n1,2\n"}
    code, said = ends(capsys, ["check", put(tmp_path / "office", files)])
    assert code == 1
    assert not lacking(said, *files), said


# Code, then rule, file, rows, value and what to do.
FINDS = {
    "a key that repeats": (
        {
            "企业名册.csv": FIRM
            + f"{ONE},甲厂,2020-01-01,存续\n{ONE},乙厂,2020-01-01,存续\n{TWO},丙厂,2020-01-01,存续\n"
        },
        1,
        ["duplicate_key", "企业名册.csv", "rows 2, 3", ONE, "give each its own"],
    ),
    "the same row twice": (
        {"areas.csv": AREA + "A01,东,站,2,\nA01,东,站,2,\n"},
        1,
        ["duplicate_row", "areas.csv", "row 3", "delete the copies"],
    ),
    "an unknown category": (
        {"企业名册.csv": FIRM + f"{ONE},甲厂,2020-01-01,待核实\n"},
        1,
        ["unknown_category", "企业名册.csv", "row 2", "status '待核实'", "allowed value"],
    ),
    "a key left blank": (
        {"企业名册.csv": FIRM + f"{ONE},甲厂,2020-01-01,存续\n,乙厂,2020-01-01,存续\n"},
        1,
        ["missing_required", "企业名册.csv", "row 3", "fill the cell"],
    ),
    "a code destroyed by a spreadsheet": (
        {"企业名册.csv": FIRM + f"{ONE},甲厂,2020-01-01,存续\n9.135E+17,乙厂,2020-01-01,存续\n"},
        1,
        ["scientific_notation", "企业名册.csv", "row 3", "'9.135E+17'", "formatted as text"],
    ),
    # Kept as it is: nothing is lost, so the check does not fail.
    "a date after the extract": (
        {"企业名册.csv": FIRM + f"{ONE},甲厂,2032-01-01,存续\n"},
        0,
        ["date_after_extract", "企业名册.csv", "row 2", "founded_on '2032-01-01'", "--extract-on"],
    ),
    "a code of no area": (
        {"areas.csv": AREA + "A01,东,站,2,\n", "党建网格表.csv": "网格编号,网格名称,片区编号\nG01,一,A09\n"},
        0,
        ["unknown_reference", "党建网格表.csv", "row 2", "area_id 'A09'", "supply the record"],
    ),
}


@pytest.mark.parametrize("case", FINDS)
def test_trouble_in_rows_is_named_with_file_row_value_and_what_to_do(case, tmp_path, capsys):
    files, expected, parts = FINDS[case]
    code, said = ends(capsys, ["check", put(tmp_path / "office", files), "--extract-on", "2023-06-30"])
    assert code == expected, said
    assert not lacking(said, *parts), said


def test_the_installed_command_checks_a_dirty_synthetic_zone(tmp_path):
    made = wuli(
        "synth", "--out", tmp_path / "office", "--firms", "2000", "--dirt", "heavy", output=tmp_path, cwd=tmp_path
    )
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.splitlines()[-1] == "office"
    faults = pd.read_csv(next((tmp_path / "office").rglob("faults.csv")), dtype="str")
    assert len(faults) > 1000
    checked = wuli("check", tmp_path / "office", "--extract-on", "2023-06-30", output=tmp_path, cwd=tmp_path)
    assert checked.returncode == 1
    assert "cost a value or a row" in checked.stderr
    assert not lacking(checked.stdout, "duplicate_key", "unknown_category", "企业名册.csv", "what to do")


def test_the_codebook_is_written_and_its_empty_template_is_read_as_36_empty_tables_and_3_supplements(tmp_path, capsys):
    out = tmp_path / "codebook"
    code, said = ends(capsys, ["codebook", "--out", out, "--lang", "en"])
    assert code == 0
    page = out / "dictionary_en.html"
    assert Path(said.splitlines()[-1]).resolve() == page.resolve()
    assert not lacking(page.read_text(encoding="utf-8"), '<html lang="en"', *codebook.load().tables)
    page.unlink()
    code, said = ends(capsys, ["check", out])
    assert code == 0
    empty = [line.split()[2] for line in said.splitlines() if line.startswith("reported") and "no_rows" in line]
    assert set(empty) == {table.name for table in codebook.load().of_study("zone", "supplement")}


OFFICE = """
run: office
study: zone
zone: 甲园区
title_zh: 甲园区
title_en: Zone A
as_of: 2023-06-30
extract_on: 2023-06-30
first_year: 2013
last_year: 2023
data:
  kind: files
  folder: {folder}
"""


def test_pages_whose_tables_are_missing_say_so_and_the_others_are_made(prepared_output, tmp_path):
    raw = prepared_output / "data" / "derived" / "small" / "raw"
    office = put(tmp_path / "office", {name: (raw / name).read_bytes() for name in ("企业名册.csv", "专利.csv")})
    (tmp_path / "office.yml").write_text(OFFICE.format(folder=office), encoding="utf-8")
    only = ("40", "50", "70", "90")
    said = wuli("run", tmp_path / "office.yml", "--only", *only, "--workers", "2", output=tmp_path, cwd=tmp_path)
    run = finished(said, tmp_path, "office")
    status = {page["stem"][:2]: page["status"] for page in run.manifest["pages"] if page["stem"][:2] in only}
    assert status == {"40": "ok", "50": "not_available", "70": "ok", "90": "ok"}, said.stderr
    assert said.returncode == 0
    assert not lacking(run.pages["50_organisation"], "party_orgs", "org_coverage", "members")
    # A file from outside the project is named, not located.
    assert not [name for name, text in run.files.items() if str(tmp_path) in text]


def test_data_that_are_not_there_leave_with_code_1_and_say_how_to_name_them(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path))
    (tmp_path / "office.yml").write_text(OFFICE.format(folder=tmp_path / "gone"), encoding="utf-8")
    code, said = ends(capsys, ["run", tmp_path / "office.yml"])
    assert code == 1
    assert not lacking(said, "run 'office'", "gone", "is not there", "-p data.folder=PATH"), said


def published_before(output: Path) -> Path:
    page = output / "reports" / "small" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("the former page", encoding="utf-8")
    return page


def test_a_full_disk_is_one_clear_message_and_leaves_the_former_page(run_file, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path))
    page = published_before(tmp_path)

    def full(params, staging, tell):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(staging / "panel.parquet"))

    monkeypatch.setattr(stages, "make", full)
    code, said = ends(capsys, ["run", run_file])
    assert code == 1
    assert not lacking(said, "panel.parquet: No space left on device", "free space", "untouched"), said
    assert page.read_text(encoding="utf-8") == "the former page"
    assert [path.name for path in page.parents[1].iterdir() if path.suffix not in (".lock", ".html")] == ["small"]


def test_an_output_folder_that_cannot_be_written_is_one_clear_message(run_file, tmp_path, capsys, monkeypatch):
    # A file in the way stops everybody; permissions do not stop root, as whom the tests may run.
    (tmp_path / "reports").write_text("in the way")
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path))
    code, said = ends(capsys, ["run", run_file])
    assert code == 1
    assert not lacking(
        said, f"cannot write '{tmp_path / 'reports'}'", "a file stands where a folder is needed", "WULI_OUTPUT"
    ), said


# Root may write everywhere, unless it gives up just that power.
_AS_OTHERS = "-dac_override,-dac_read_search"


def test_a_folder_without_permission_is_one_clear_message(run_file, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    before = []
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("the tests run as root, and without setpriv (util-linux) root may write everywhere")
        before = ["setpriv", f"--bounding-set={_AS_OTHERS}", f"--inh-caps={_AS_OTHERS}"]
    said = wuli("run", run_file, output=closed, cwd=tmp_path, before=before)
    assert said.returncode == 1
    assert not lacking(said.stderr, "no permission to write there", "WULI_OUTPUT"), said.stderr
    assert "Traceback" not in said.stderr


@pytest.fixture
def small_disk(tmp_path):
    """Return a folder on a disk of 6 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a disk of a few megabytes takes the right to mount one: run the tests as root on Linux")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_is_really_full_leaves_the_former_page(run_file, small_disk, tmp_path):
    page = published_before(small_disk)
    said = wuli("run", run_file, output=small_disk, cwd=tmp_path)
    assert said.returncode == 1
    assert not lacking(said.stderr, "No space left on device", "free", "small"), said.stderr
    assert "Traceback" not in said.stderr
    assert page.read_text(encoding="utf-8") == "the former page"
    held = sum(path.stat().st_size for path in small_disk.rglob("*") if path.is_file())
    assert held < 1_000_000, "what was begun is cleared away"
