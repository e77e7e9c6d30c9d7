import json
import subprocess
import sys

import pytest
from made_runs import made, page, put
from report_notebooks import demo, notebook, preparing, written

from helpers import atomic, cli, paths
from helpers.errors import InputError, WuliError
from helpers.report import catalogue, foreign, publish, shelf, stale
from helpers.report import run as report_run


@pytest.fixture(autouse=True)
def reports(tmp_path, monkeypatch):
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path / "out"))
    return tmp_path / "out" / "reports"


def rows():
    return catalogue.read().set_index("run")


def why(run):
    return rows().loc[run, "stale_en"]


def fail(run, kind=InputError):
    with pytest.raises(kind), publish.locked(run):
        raise kind("no")


def test_what_became_of_each_run_is_told_by_its_pages():
    put(made("good"))
    put(made("failing", page("10_a"), page("20_b", "failed"), page("30_c", "failed"), page("40_d", "not_available")))
    put(made("lacking", page("10_a"), page("40_d", "not_available"), page("50_e", "not_run")))
    found = rows()
    assert found["status"].to_dict() == {"failing": "failed", "good": "ok", "lacking": "missing"}
    counts = found[["pages", "ok", "failed", "not_available", "not_run"]]
    assert counts.loc["failing"].tolist() == [4, 1, 2, 1, 0]
    assert counts.loc["lacking"].tolist() == [3, 1, 0, 1, 1]
    assert not found["is_stale"].any()


def test_a_row_tells_what_the_run_is_about():
    put(made("good", zone="01", zone_en="", first_year=2014))
    row = rows().loc["good"]
    assert (row["zone_zh"], row["zone_en"], row["period"], row["as_of"]) == ("01", "01", "2014–2023", "2023-06-30")
    assert (row["study"], row["is_synthetic"], row["finished_on"], row["index"]) == (
        "zone", True, "2023-07-10", "good/index.html",
    )  # fmt: skip


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '"text"', "{}", json.dumps({"run": "bad", "pages": []}), json.dumps({**made("bad"), "pages": "many"}),
     json.dumps(made("bad", as_of="soon")), json.dumps(made("bad", data=None)), json.dumps({**made("bad"), "code": {}})],
)  # fmt: skip
def test_a_manifest_that_cannot_be_read_is_told_as_such_and_takes_no_other_run_off_the_shelf(content):
    put(content, "bad")
    put(made("good"))
    assert rows()["status"].to_dict() == {"good": "ok", "bad": "unreadable"}
    assert "manifest unreadable" in shelf.page(catalogue.read())


def test_a_folder_of_pages_without_manifest_is_a_run_and_other_folders_are_none(reports):
    (put(made("bare")) / "manifest.json").unlink()
    for name in ("codebook", "diff", "notes", ".staging-good.x"):
        (reports / name).mkdir()
    (reports / "diff" / "index.html").write_text("", encoding="utf-8")
    assert rows()["status"].to_dict() == {"bare": "unreadable"}


def test_a_run_that_another_process_makes_is_told_so_whether_published_before_or_not():
    put(made("old"))
    with publish.locked("old"), publish.locked("new"):
        assert rows()["status"].to_dict() == {"old": "making", "new": "making"}
        assert not why("old")
    # Neither came to anything after all: of the new one no page was published, and nothing says that it failed.
    assert rows()["status"].to_dict() == {"old": "ok"}


def test_asking_whether_a_run_is_being_made_keeps_no_process_from_making_it():
    code = (
        "from helpers.report import publish\n"
        "with publish._lock_file('demo').open() as f:\n"
        "    import fcntl, time; fcntl.flock(f, fcntl.LOCK_SH); print('held', flush=True); time.sleep(0.05)\n"
    )
    with publish.locked("demo"):
        pass
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with publish.locked("demo"):
            assert publish.is_held("demo")
    assert not publish.is_held("demo")


def test_a_later_start_that_failed_makes_the_published_pages_stale_and_a_good_one_does_not():
    put(made("good"))
    fail("good")
    day = publish.last_start("good").began_at[:10]
    assert why("good") == f"a later start, on {day}, failed, so the pages are older"
    assert rows().loc["good", "status"] == "ok"
    with publish.locked("good"):
        pass
    assert not rows().loc["good", "is_stale"]


def test_a_start_of_which_nothing_was_published_is_on_the_shelf():
    fail("first")
    fail("second", KeyboardInterrupt)
    assert rows()["status"].to_dict() == {"first": "unfinished", "second": "unfinished"}
    assert "started but not finished" in shelf.page(catalogue.read())


def test_a_killed_start_is_told_from_a_failed_one(reports):
    put(made("good"))
    (reports / ".good.lock").write_text(json.dumps({"began_at": "2023-07-11T00:00:00+00:00", "ended": "open"}))
    assert why("good") == "a later start, on 2023-07-11, was killed, so the pages are older"


def test_an_empty_or_foreign_lock_file_says_nothing_of_a_start(reports):
    put(made("good"))
    for text in ("", "[]", "{}", '{"began_at": "soon", "ended": "badly"}'):
        (reports / ".good.lock").write_text(text)
        assert publish.last_start("good") is None
        assert not why("good")


def test_pages_of_other_code_or_another_plan_are_stale():
    put({**made("good"), "code": {"commit": None, "hash": "0"}})
    put({**made("planned"), "plan": "0"})
    assert why("good") == "made by code other than the present"
    assert why("planned") == "the plan of specifications has changed since"


def test_pages_whose_run_file_now_states_other_parameters_are_stale_whatever_language_they_open_in():
    put(made("zone", lang="en"))
    assert not why("zone")
    (paths.reports() / "zone").rename(paths.reports() / "other")
    put(made("zone", as_of="2022-12-31", pages={"70_association": {"min_cell": 20}}))
    assert why("zone") == "the run file now states other parameters (as_of, pages.70_association.min_cell)"


@pytest.fixture
def delivered(tmp_path):
    """A run of two files; gives its folder of files and its manifest."""
    folder = tmp_path / "office"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.csv").write_text("a", encoding="utf-8")
    (folder / "sub" / "b.csv").write_text("b", encoding="utf-8")
    hashes = {"a.csv": atomic.sha256(folder / "a.csv"), "sub/b.csv": atomic.sha256(folder / "sub" / "b.csv")}
    content = made("office", data={"kind": "files", "folder": str(folder), "mappings": []})
    return folder, {**content, "prepared_from": {"parameters": "x", "code": "y", **hashes}}


def test_files_that_were_added_changed_or_are_gone_make_a_run_stale(delivered):
    folder, content = delivered
    put(content)
    assert not why("office")
    (folder / "a.csv").write_text("other", encoding="utf-8")
    assert why("office") == "1 data file(s) were added, are gone or have changed (a.csv)"
    (folder / "sub" / "b.csv").rename(folder / "c.csv")
    assert why("office") == "3 data file(s) were added, are gone or have changed (a.csv, c.csv, sub/b.csv)"


def test_many_bytes_of_files_are_compared_by_name_alone(delivered, monkeypatch):
    folder, content = delivered
    put(content)
    monkeypatch.setattr(stale, "LARGEST_BYTES", 1)
    (folder / "a.csv").write_text("other", encoding="utf-8")
    assert not why("office")
    (folder / "c.csv").write_text("", encoding="utf-8")
    assert "(c.csv)" in why("office")


def test_a_folder_that_is_not_there_says_nothing_of_its_files(delivered):
    folder, content = delivered
    put(content)
    folder.rename(folder.with_name("moved"))
    assert not why("office")


def test_data_that_were_prepared_anew_make_a_run_stale():
    put(made("good"))
    paths.derived("good").mkdir(parents=True)
    record = paths.derived("good") / "run.json"
    for inputs, expected in (({"parameters": "abc", "code": "def"}, ""), ({}, "the data were prepared anew since")):
        record.write_text(json.dumps({"inputs": inputs, "parameters": {}}), encoding="utf-8")
        assert why("good") == expected


def test_the_page_of_findings_speaks_for_the_run_or_else_the_first_that_found_anything():
    put(made("good"))
    put(made("other", page("10_a", "failed", finding="old"), page("20_b"), page("30_c", finding="third")))
    found = rows()
    assert found.loc["good", ["finding_zh", "finding_en"]].tolist() == ["结论：cannot tell", "cannot tell"]
    assert found.loc["other", "finding_en"] == "third"


def test_the_run_finished_last_comes_first_and_says_in_which_language_the_shelf_opens():
    put({**made("a", lang="zh"), "finished_at": "2023-07-10T08:30:05+00:00"})
    put({**made("b", lang="en"), "finished_at": "2023-07-10T08:30:06+00:00"})
    put({**made("c", lang="zh"), "finished_at": "2023-07-10T08:30:05+00:00"})
    assert catalogue.read()["run"].tolist() == ["b", "a", "c"]
    assert '<html lang="en"' in shelf.page(catalogue.read())
    assert '<html lang="zh-CN"' in shelf.page(catalogue.read(), "zh")


def test_the_same_manifests_give_the_same_bytes_and_no_time_of_day():
    put(made("b"))
    put(made("a"))
    first = shelf.write().read_bytes()
    assert shelf.write().read_bytes() == first
    assert b"2023-07-10" in first and b"08:30" not in first


HOSTILE = "\u202e<script>alert(1)</script><img src=x onerror=alert(1)>\"' =cmd|'/c calc'!A0"


def test_hostile_titles_zones_findings_and_names_are_only_text():
    bad = page("90_findings", finding=HOSTILE)
    put({**made("good", bad, title_zh=HOSTILE, title_en=HOSTILE, zone=HOSTILE, zone_en=HOSTILE, study="\"'><b>")})
    (put("{", "plain")).rename(paths.reports() / "<b onclick=x>")
    html = shelf.page(catalogue.read())
    assert not foreign.external_requests(html)
    body = html.split("<body>")[1].split("<script>")[0]
    assert "<b>" not in body and "<b " not in body and "<img" not in body and "<script" not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert 'href="%3Cb%20onclick%3Dx%3E/index.html"' in body


def test_everything_the_shelf_says_stands_in_both_languages():
    put(made("good", page("10_a", "failed")))
    put("{", "bad")
    fail("never")
    html = shelf.page(catalogue.read())
    for zh, en in (("全部运行", "All runs"), ("1 页未能生成", "1 page(s) failed"), ("清单无法读取", "manifest unreadable"),
                   ("开始过但未完成", "started but not finished"), ("合成数据", "synthetic data")):  # fmt: skip
        assert f'<span class="zh" lang="zh-CN">{zh}</span><span class="en" lang="en">{en}</span>' in html


def test_a_shelf_without_runs_says_how_to_make_one():
    for _ in range(2):
        assert "还没有任何运行" in shelf.write().read_text(encoding="utf-8")


def test_the_command_writes_the_shelf_and_prints_its_path(capsys, reports):
    put(made("good"))
    assert cli.main(["shelf", "--lang", "en"]) == 0
    assert capsys.readouterr().out.strip() == str(reports / "index.html")
    assert 'href="good/index.html"' in (reports / "index.html").read_text(encoding="utf-8")


def test_every_run_and_every_failed_start_renews_the_shelf(tmp_path, reports):
    written(notebook("1"), tmp_path / "nb" / "10_data_quality.ipynb")

    def failing(params, tell):
        raise InputError("no such table")

    with pytest.raises(InputError):
        report_run.run(demo(), failing, notebooks=tmp_path / "nb")
    assert "started but not finished" in (reports / "index.html").read_text(encoding="utf-8")
    # Its table is missing, so that no kernel is needed.
    written(notebook("1", requires=["patents"]), tmp_path / "nb" / "10_data_quality.ipynb")
    published = report_run.run(demo(), preparing("patents"), notebooks=tmp_path / "nb")
    html = (reports / "index.html").read_text(encoding="utf-8")
    assert 'href="demo/index.html"' in html and "started but not finished" not in html
    assert 'href="../index.html"' in published.index.read_text(encoding="utf-8")
    with pytest.raises(InputError):
        report_run.run(demo(), failing, notebooks=tmp_path / "nb")
    assert "may be out of date" in (reports / "index.html").read_text(encoding="utf-8")


def test_a_shelf_that_cannot_be_written_fails_no_run(monkeypatch, capsys):
    def full(lang=None):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shelf, "write", full)
    with shelf.renewed():
        pass
    assert "the list of all runs is not up to date" in capsys.readouterr().err


def test_two_runs_that_finish_at_once_leave_a_shelf_with_both(reports):
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from made_runs import made, put\nfrom helpers.report import shelf\n"
        "content = made(sys.argv[1]); print('ready', flush=True); sys.stdin.readline()\n"
        "with shelf.renewed():\n    put(content)\n"
    )
    call = [sys.executable, "-c", code]
    both = [
        subprocess.Popen([*call, run, str(paths.ROOT / "tests")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for run in ("left", "right")
    ]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.wait(60) for process in both] == [0, 0]
    html = (reports / "index.html").read_text(encoding="utf-8")
    assert 'href="left/index.html"' in html and 'href="right/index.html"' in html


def test_the_diff_folder_cannot_be_taken_for_a_run():
    with pytest.raises(Exception, match="reports/diff holds something else"):
        demo("run=diff")


def test_what_must_not_leave_keeps_the_list_as_it_was(reports, capsys):
    put(made("good"))
    before = shelf.write().read_bytes()
    put(made("leaking", page("90_findings", finding="ask 13800138000")))
    with pytest.raises(WuliError, match=r"index\.html is not written: .*mobile number"):
        shelf.write()
    assert (reports / "index.html").read_bytes() == before
    with shelf.renewed():
        pass
    assert "is not up to date" in capsys.readouterr().err
