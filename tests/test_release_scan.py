import random
import stat
import time

import numpy as np
import pandas as pd
import planted_leaks
import pytest
from nbformat.v4 import new_output
from planted_leaks import KINDS, KNOWN, PLACES, page, plant
from report_notebooks import demo, executed, html, notebook, preparing, written

from helpers import cli, paths
from helpers.codebook.uscc import check_digits
from helpers.errors import PageError, WuliError
from helpers.report import execute, render
from helpers.report.run import run
from helpers.report.scan.folder import scan_file, scan_folder, scan_text
from helpers.report.scan.kinds import Known, check_character, masked, search
from helpers.report.scan.piece import Budget, Unreadable
from helpers.report.scan.pieces import pieces

MOBILE = KINDS["mobile_number"]


def kinds_in(text, known=KNOWN):
    return [hit.kind for hit in search(text, known)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_a_planted_leak_is_found_wherever_it_is_hidden(kind, place, tmp_path):
    file = plant(kind, place, tmp_path)
    found = [one for one in scan_folder(tmp_path, KNOWN) if one.kind == kind]
    assert found
    told = "\n".join(map(str, found))
    assert place == "name of a file" or file.name in told
    assert kind == "traceback" or KINDS[kind] not in told


@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_found_in_the_same_places_where_nothing_was_planted(place, tmp_path):
    name, content = PLACES[place]
    innocent = "4,210 rows"
    made = content(innocent)
    path = tmp_path / (name(innocent) if callable(name) else name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(made if isinstance(made, bytes) else made.encode())
    assert not [one for one in scan_folder(tmp_path, KNOWN) if one.kind != "traceback"]


def test_the_table_of_the_docs_is_the_one_that_the_scan_gives(tmp_path):
    written_down = (paths.ROOT / "docs" / "release.md").read_text(encoding="utf-8")
    assert planted_leaks.table(tmp_path) in written_down


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("HTML: tooltip (title)", "p.html, line 4, attribute title of <td>: mobile number 99999999999"),
        ("HTML: comment", "p.html, line 4, comment: mobile number 99999999999"),
        ("HTML: script", "p.html, line 4, <script>: mobile number 99999999999"),
        ("HTML: base64 data URI", "p.html, line 4, attribute href of <a> (base64): mobile number 99999999999"),
        ("notebook: output metadata", "n.ipynb, cell 1, outputs[0].metadata.source.by: mobile number 99999999999"),
        ("JSON: value", "manifest.json, pages[0].note: mobile number 99999999999"),
        ("JSON: name of a member", "manifest.json, counts.a name: mobile number 99999999999"),
        ("CSV attachment", "t.csv, row 3, column 2 (note): mobile number 99999999999"),
        ("PNG: tEXt", "f.png, chunk tEXt: mobile number 99999999999"),
    ],
)
def test_a_finding_says_file_and_place_and_shows_the_shape_alone(place, told, tmp_path):
    plant("mobile_number", place, tmp_path)
    assert told in [str(one) for one in scan_folder(tmp_path, KNOWN)]


def test_the_check_character_of_a_resident_id_is_that_of_the_standard():
    # GB 11643-1999, the example of its appendix A: 11010519491231002X and 440524188001010014.
    assert check_character("11010519491231002") == "X"
    assert check_character("44052418800101001") == "4"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("11010519491231002X", ["resident_id"]),
        ("110105 19491231 002x", ["resident_id"]),
        ("110105194912310021", []),
        ("990105194912310020", []),
        ("11010519491331002X", []),
        ("110105491231002", ["resident_id"]),
        ("110105491331002", []),
        ("1110105194912310020", []),
        ("+86 139-0595-1234", ["mobile_number"]),
        ("8613905951234", ["mobile_number"]),
        ("008613905951234", ["mobile_number"]),
        ("tel13905951234", ["mobile_number"]),
        ("139 0595 1234", ["mobile_number"]),
        ("139059512345", []),
        ("12905951234", []),
        ("0.13905951234", []),
        ("13905951234.50", []),
        ("13500000000", []),
        ("a13905951234f", []),
        ("CN202310123456.7", []),
        ("ZL 2019 1 0123456.7", []),
        ("201910123456.7", []),
        ("2019SR1234567", []),
        ("@media (min-width: 40em)", []),
        ("a@b", []),
        ("x@2x.png 3@4.5", ["email"]),
        ("3fa9c07d51e8b2466d0c9a1e", ["person_pid"]),
        ("3fa9c07d51e8", ["person_pid"]),
        ("3fa9c07d51e", []),
        ("ffffffffffff" + "3fa9c07d51e8b2466d0c9a1e", ["person_pid"]),
        ("ab12cd34ef56ab12cd34ef56ab12cd34", []),
        ("and/or, reports/tmp/x, https://example.org" + "/home" + "/x", []),
        ("C:" + "\\Users\\li\\a.csv", ["machine_path"]),
        ("file:" + "///d/x", ["machine_path"]),
        ("postgres://li:geheim1@db.local/x", ["access_token"]),
    ],
)  # fmt: skip
def test_values_are_told_from_look_alikes(text, kinds):
    found = [kind for kind in kinds_in(text) if (kind, text[:8]) != ("email", "postgres")]
    assert found == kinds


def test_credit_codes_and_hashes_are_never_taken_for_identity_numbers_or_telephones():
    rng = random.Random(7)
    bodies = ["91" + "".join(rng.choices("0123456789", k=15)) for _ in range(20_000)]
    codes = " ".join(body + digit for body, digit in zip(bodies, check_digits(bodies), strict=True))
    hashes = " ".join(f"{rng.getrandbits(256):064x}" for _ in range(20_000))
    assert not kinds_in(codes)
    assert not kinds_in(hashes)


def test_three_numbers_of_a_drawing_are_no_telephone_number():
    assert not scan_text('<svg><path d="M138 1234 5678L2 3"/></svg>', KNOWN, name="f.svg")
    assert scan_text("<p>138 1234 5678</p>", KNOWN, name="p.html")


def test_person_ids_of_the_run_s_own_tables_are_looked_for_exactly(small_zone):
    members = pd.read_parquet(small_zone.folder / "restricted" / "members.parquet")
    known = Known.at_hand(small_zone.folder, environment={})
    pid = members["member_pid"].iloc[0]
    assert len(known.pids) >= members["member_pid"].nunique()
    assert kinds_in(f"x_{pid[:14]}", known) == ["person_pid"]
    assert not kinds_in(f"x_{pid[:14]}", Known(places=None))


def test_values_of_secret_variables_are_looked_for_and_those_of_others_are_not():
    known = Known.at_hand(environment={"WULI_PERSON_KEY": "0123456789abcdef-key", "LC_NAME": "en_GB.UTF-8", "API_KEY": "ab"})
    assert kinds_in("key 0123456789abcdef-key", known) == ["environment_value"]
    assert not kinds_in("en_GB.UTF-8 ab", known)


def test_the_file_of_the_key_is_read_for_its_value(tmp_path):
    (tmp_path / "wuli.key").write_text("feedfacecafe-of-the-office\n", encoding="utf-8")
    known = Known.at_hand(environment={"WULI_PERSON_KEY_FILE": str(tmp_path / "wuli.key")})
    assert "environment_value" in kinds_in("feedfacecafe-of-the-office", known)


def test_what_cannot_be_looked_into_is_said(tmp_path):
    (tmp_path / "a.bin").write_bytes(np.random.default_rng(1).bytes(5000))
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04" + b"\x00" * 40)
    (tmp_path / "c.txt").symlink_to(tmp_path / "a.bin")
    assert {one.file for one in scan_folder(tmp_path, KNOWN) if one.kind == "unreadable"} == {"a.bin", "b.zip", "c.txt"}


def test_an_archive_that_unpacks_to_more_than_is_looked_at_is_said_and_not_unpacked():
    bomb = planted_leaks.zipped("0" * 50_000)
    found = [part for part in pieces("bomb.zip", bomb, budget=Budget(10_000)) if isinstance(part, Unreadable)]
    assert [part.place for part in found] == ["notes.txt"]
    assert "10,000 bytes" in found[0].why


def test_a_value_is_masked_whole():
    assert masked("zhang.wei@x-y.cn 张 12") == "aaaaa.aaa@a-a.aa a 99"


def test_a_page_of_the_size_of_all_pages_is_looked_through_in_seconds():
    rng = np.random.default_rng(3)
    path = "".join(f"L{x:.2f} {y:.2f}c{x:.1f}-{y:.1f}" for x, y in rng.normal(0, 400, (60_000, 2)))
    rows = "".join(f"<tr><td>甲{i}公司</td><td>{i * 37:,}</td><td>{i / 7:.3f}</td></tr>\n" for i in range(20_000))
    body = page(f'<svg><path d="{path}"/></svg><table>{rows}</table>')
    before = time.process_time()
    assert not scan_text(body, KNOWN, name="p.html")
    # Half a second for three megabytes, allowing for a machine four times as slow.
    assert time.process_time() - before < 2 * len(body) / 3e6


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of one notebook, whose execution is a stand-in."""
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path / "out"))
    written(notebook("1"), tmp_path / "nb" / "10_data_quality.ipynb")
    written(notebook("1"), tmp_path / "nb" / "90_other.ipynb")
    executing(monkeypatch)
    return tmp_path / "nb"


def executing(monkeypatch, *, shows="fine", logs="log", fails=""):
    def stand_in(path, parameters, *, log, prepared, time_limit):
        log.parent.mkdir(parents=True, exist_ok=True)
        is_first = path.stem.startswith("10")
        log.write_text(logs if is_first else "log", encoding="utf-8")
        error = new_output("error", ename="KeyError", evalue=fails, traceback=["Traceback (most recent call last)"])
        failed = executed(notebook("1"), error) if fails and is_first else notebook("1")
        written(failed, log.with_suffix(".ipynb"))
        if fails and is_first:
            raise PageError(f"{path.name}, cell 4: KeyError: {fails}")
        return executed(notebook("1"), html(f"<p>{shows}</p>" if is_first else "<p>fine</p>"))

    monkeypatch.setattr(execute, "execute", stand_in)


def texts(published):
    return {path.name: path.read_text(encoding="utf-8") for path in published.index.parent.rglob("*") if path.is_file()}


def test_a_page_with_a_leak_fails_alone_and_is_kept_for_its_owner(folder, monkeypatch):
    executing(monkeypatch, shows=f'<span title="{MOBILE}">firm</span>')
    published = run(demo(), preparing(), notebooks=folder)
    assert {page.stem: page.status for page in published.pages} == {"10_data_quality": "failed", "90_other": "ok"}
    assert all(MOBILE not in text for text in texts(published).values())
    assert "attribute title of" in texts(published)["10_data_quality.html"]
    kept = paths.derived("demo") / "restricted" / "withheld" / "10_data_quality.html"
    assert MOBILE in kept.read_text(encoding="utf-8")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_an_error_message_is_published_without_the_data_in_it_and_the_evidence_is_withdrawn(folder, monkeypatch):
    executing(monkeypatch, fails=KINDS["resident_id"], logs=f"Traceback (most recent call last): {MOBILE}")
    published = run(demo(), preparing(), notebooks=folder)
    told = texts(published)
    assert "10_data_quality.log" not in told
    assert "10_data_quality.ipynb" not in told
    assert all(KINDS["resident_id"] not in text and MOBILE not in text for text in told.values())
    assert "KeyError: …" in told["10_data_quality.html"]
    assert "restricted/withheld" in told["10_data_quality.html"]
    kept = paths.derived("demo") / "restricted" / "withheld"
    assert {path.name for path in kept.iterdir()} == {"10_data_quality.log", "10_data_quality.ipynb"}


def test_a_leak_outside_of_pages_stops_the_release_and_what_was_published_stays(folder, monkeypatch, capsys):
    published = run(demo(), preparing(), notebooks=folder)
    before = texts(published)
    monkeypatch.setattr(render, "index", lambda *arguments, **options: page(f"<!-- {MOBILE} -->"))
    with pytest.raises(WuliError, match=r"not released: .*index\.html, line 4, comment: mobile number 9{11}") as caught:
        run(demo(), preparing(), notebooks=folder)
    assert MOBILE not in str(caught.value)
    assert texts(published) == before
    listing = paths.derived("demo") / "restricted" / "release_scan.csv"
    assert pd.read_csv(listing)["file"].tolist() == ["index.html"]
    assert stat.S_IMODE(listing.stat().st_mode) == 0o600
    monkeypatch.undo()


def test_the_command_lists_what_it_finds_and_leaves_with_1(tmp_path, capsys):
    plant("email", "CSV attachment", tmp_path)
    assert cli.main(["scan", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "t.csv, row 3, column 2 (note): email" in said.out
    assert KINDS["email"] not in said.out + said.err
    assert "1 finding(s) in 1 of 1 file(s)" in said.err


def test_the_command_leaves_with_0_where_nothing_is_found_and_with_2_without_a_folder(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("4,210 rows", encoding="utf-8")
    assert cli.main(["scan", str(tmp_path)]) == 0
    assert "nothing found in 1 file(s)" in capsys.readouterr().out
    assert cli.main(["scan", str(tmp_path / "none")]) == 2


def test_what_planted_leaks_are_found_in_is_not_the_folder_s_name(tmp_path):
    place = tmp_path / MOBILE
    place.mkdir()
    (place / "a.txt").write_text("x", encoding="utf-8")
    assert not scan_file(place / "a.txt", KNOWN, name="a.txt")
