"""Files too large to be held: read in parts they give the same tables, the same findings and the same bytes."""

import errno
import filecmp
import os
import subprocess
import sys
from datetime import date

import pandas as pd
import pytest

from benchmarks import big_files
from helpers import codebook, engine, ingest, simulate
from helpers.errors import InputError
from helpers.ingest import encodings, files, scanned

BOOK = codebook.load()
EXTRACT_ON = date(2024, 12, 31)
KEY = b"a key for the persons of this test"
HEADER = "统一社会信用代码,企业名称,成立日期,登记状态,正常经营\n"


@pytest.fixture
def in_small_parts(monkeypatch):
    """Take every file for a large one, and read it in parts of a few rows."""
    monkeypatch.setattr(files, "LARGE", 1)
    monkeypatch.setattr(scanned, "_BLOCK", 20_000)
    monkeypatch.setattr(scanned, "_PART", 40_000)
    monkeypatch.setattr(encodings, "_CHUNK", 8_192)


def read(folder, work=None):
    return ingest.read_folder(folder, codebook=BOOK, person_key=KEY, extract_on=EXTRACT_ON, work=work)


def write_register(folder, text, encoding="utf-8"):
    folder.mkdir()
    (folder / "企业名册.csv").write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return folder


def rows(count, name="泉州恒安纸业有限公司"):
    codes = big_files.LETTERS
    serials = (f"91350500{codes[place // 31**2 % 31]}{codes[place // 31 % 31]}{codes[place % 31]}1234567" for place in range(count))
    return [f"{serial},{name}{place},2015-03-01,存续,是" for place, serial in enumerate(serials)]


def same_files(one, other):
    mine, theirs = ({path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} for folder in (one, other))
    assert mine == theirs
    return [str(path) for path in sorted(mine) if not filecmp.cmp(one / path, other / path, shallow=False)]


def test_a_zone_read_in_parts_is_the_zone_read_whole_to_the_byte(tmp_path, in_small_parts, monkeypatch):
    zone = simulate.zone(seed=11, firms=400)
    raw = tmp_path / "raw"
    raw.mkdir()
    simulate.write_office_files(zone.tables, raw, codebook=BOOK, seed=11, dirt="heavy")
    ingest.write(read(raw), tmp_path / "whole")
    monkeypatch.setattr(files, "LARGE", 100_000)
    monkeypatch.setattr(scanned, "_BLOCK", 100_000)
    monkeypatch.setattr(scanned, "_PART", 100_000)
    found = read(raw, tmp_path / "work")
    assert sum(hasattr(table, "path") for table in found.tables.values()) > 3
    ingest.write(found, tmp_path / "parts")
    assert same_files(tmp_path / "whole", tmp_path / "parts") == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_rare_characters_and_numbers_of_rows_survive_the_borders_of_parts(tmp_path, in_small_parts, encoding):
    lines = rows(900, name="𬱖䶮㛃科技有限公司")
    lines[400] += ",one field too many"
    folder = write_register(tmp_path / "raw", HEADER + "\n".join(lines) + "\n", encoding)
    found = read(folder, tmp_path / "work")
    table = found.tables["enterprises"].frame(["name_zh", "source_row"])
    assert len(table) == 899
    assert set(table["name_zh"].str.slice(0, 3)) == {"𬱖䶮㛃"}
    assert sorted(set(range(2, 902)) - set(table["source_row"])) == [402]
    assert found.set_aside["enterprises"]["row"].tolist() == [402]


def test_a_cell_of_several_lines_is_one_cell_in_parts_too(tmp_path, in_small_parts):
    lines = rows(600)
    lines[300] = lines[300].replace("泉州恒安", '"泉州\n恒安').replace("300,2015", '300",2015')
    found = read(write_register(tmp_path / "raw", HEADER + "\n".join(lines) + "\n"), tmp_path / "work")
    assert len(found.tables["enterprises"]) == 600


def test_a_quotation_mark_that_is_never_closed_is_told_with_its_line(tmp_path, in_small_parts):
    lines = rows(600)
    lines[450] = lines[450].replace(",泉州", ',"泉州')
    with pytest.raises(InputError, match="opened in line 452 is never closed"):
        read(write_register(tmp_path / "raw", HEADER + "\n".join(lines) + "\n"), tmp_path / "work")


def test_a_bad_byte_far_down_is_told_with_file_offset_and_line(tmp_path, in_small_parts):
    text = (HEADER + "\n".join(rows(700)) + "\n").encode("gb18030")
    at = text.index("恒安纸业有限公司650".encode("gb18030"))
    folder = write_register(tmp_path / "raw", text[:at] + b"\xff" + text[at:])
    with pytest.raises(InputError) as refused:
        read(folder, tmp_path / "work")
    assert "企业名册.csv" in str(refused.value)
    assert f"gb18030 stops at byte {at:,} (line 652" in str(refused.value)


def test_half_in_gb18030_and_half_in_utf8_is_refused_with_the_line(tmp_path, in_small_parts):
    lines = rows(600)
    text = (HEADER + "\n".join(lines[:300]) + "\n").encode("gb18030") + ("\n".join(lines[300:]) + "\n").encode()
    with pytest.raises(InputError, match=r"企业名册\.csv: .*(line \d+|byte [\d,]+)"):
        read(write_register(tmp_path / "raw", text), tmp_path / "work")


def test_copies_and_contradictions_are_found_across_parts(tmp_path, in_small_parts):
    lines = rows(600)
    lines += [lines[3], lines[5].replace("存续", "注销")]
    found = read(write_register(tmp_path / "raw", HEADER + "\n".join(lines) + "\n"), tmp_path / "work")
    aside = found.set_aside["enterprises"]
    assert aside[["row", "rule"]].to_numpy().tolist() == [[7, "duplicate_key"], [602, "duplicate_row"], [603, "duplicate_key"]]
    assert len(found.tables["enterprises"]) == 599


def test_notes_and_sums_at_the_end_are_left_out_of_the_last_part_alone(tmp_path, in_small_parts):
    text = HEADER + "\n".join([*rows(600), "合计,600 家,,,", "注：数据截至6月,,,,"]) + "\n"
    found = read(write_register(tmp_path / "raw", text), tmp_path / "work")
    assert len(found.tables["enterprises"]) == 600
    assert {"total_row", "note_row"} <= set(found.ledger["rule"])


def test_a_large_file_without_a_usable_row_gives_an_empty_table(tmp_path, in_small_parts):
    text = HEADER + "\n".join(line[18:] for line in rows(300)) + "\n"
    (tmp_path / "work").mkdir()
    found = read(write_register(tmp_path / "raw", text), tmp_path / "work")
    assert len(found.tables["enterprises"]) == 0
    assert len(found.set_aside["enterprises"]) == 300
    assert [len(frame) for frame in found.tables["enterprises"].frames()] == [0]
    ingest.write(found, tmp_path / "out")
    assert len(pd.read_parquet(tmp_path / "out" / "ingested" / "enterprises.parquet")) == 0


def test_no_for_a_word_is_read_alike_in_every_part_of_a_column(tmp_path, in_small_parts):
    lines = [line.replace(",是", ",无") for line in rows(600)]
    lines[599] = lines[599].replace(",无", ",有")
    found = read(write_register(tmp_path / "raw", HEADER + "\n".join(lines) + "\n"), tmp_path / "work")
    assert found.tables["enterprises"].frame(["operating"])["operating"].value_counts().to_dict() == {False: 599, True: 1}


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="a small disk can only be mounted by root")
def test_a_disk_that_fills_while_the_engine_spills_leaves_nothing_behind(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        table = "SELECT range AS a, repeat(md5(range::VARCHAR), 8) AS b FROM range(400000)"
        with pytest.raises(OSError) as full, engine.session(memory_limit="60MB", threads=1, spill_in=disk) as con:
            engine.write(con.sql(table), disk / "out.parquet", order_by=("b",))
        assert full.value.errno == errno.ENOSPC
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_too_little_memory_is_said_with_what_to_do():
    table = "SELECT range AS a, repeat(md5(range::VARCHAR), 8) AS b FROM range(100000)"
    with pytest.raises(InputError, match=r"1MB, is too little .* --memory"), engine.session(memory_limit="1MB", threads=1) as con:
        con.sql(table).order_by("b").count().execute()
        con.sql(table).order_by("b").to_pandas()
