import errno
import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from nbformat.v4 import new_output
from report_notebooks import demo, executed, html, notebook, preparing, written

from helpers import paths
from helpers.errors import PageError, UsageError, WuliError
from helpers.report import execute, manifest, publish
from helpers.report.run import run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of three notebooks; nothing is executed, so that no kernel is needed."""
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path / "out"))
    for stem in ("10_data_quality", "20_published_figures", "90_other"):
        requires = ["patents"] if stem.startswith("20") else []
        written(notebook("1", requires=requires), tmp_path / "nb" / f"{stem}.ipynb")
    executing(monkeypatch)
    return tmp_path / "nb"


def executing(monkeypatch, *, finding="all well", broken=()):
    def stand_in(path, parameters, *, log, prepared, time_limit):
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("log", encoding="utf-8")
        log.with_suffix(".ipynb").write_text("{}", encoding="utf-8")
        if path.stem in broken:
            raise PageError(f"{path.name}, cell 4: ValueError: no")
        return executed(notebook("1"), html(f'<p class="finding">{finding}</p>'))

    monkeypatch.setattr(execute, "execute", stand_in)


def statuses(published):
    return {page.stem[:2]: page.status for page in published.pages}


def index(published):
    return published.index.read_text(encoding="utf-8")


def test_a_run_leaves_index_pages_manifest_and_logs_and_nothing_else(folder):
    published = run(demo(), preparing(), notebooks=folder)
    assert statuses(published) == {"10": "ok", "20": "ok", "90": "ok"}
    assert sorted(path.name for path in published.index.parent.rglob("*") if path.is_file()) == [
        "10_data_quality.html", "10_data_quality.log", "20_published_figures.html", "20_published_figures.log",
        "90_other.html", "90_other.log", "index.html", "manifest.json",
    ]  # fmt: skip
    assert [path.name for path in paths.reports().iterdir() if path.is_dir()] == ["demo"]
    assert "all well" in index(published)
    assert "合成数据" in index(published)


def test_the_manifest_holds_what_the_run_depended_on_and_no_path_of_the_machine(folder):
    published = run(demo("seed=5"), preparing(), notebooks=folder)
    text = (published.index.parent / "manifest.json").read_text(encoding="utf-8")
    found = json.loads(text)
    assert found["seed"] == 5
    assert found["parameters"]["data"]["dirt"] == "typical"
    assert found["prepared_from"] == {"parameters": "abc"}
    assert found["timings"]["stages_seconds"] == {"read": 1.5}
    assert len(found["code"]["hash"]) == 64
    assert found["packages"]["pandas"].startswith("3.")
    assert [page["status"] for page in found["pages"]] == ["ok"] * 3
    assert found["pages"][0]["results"] == {"n": 1}
    assert str(paths.ROOT) not in text


def test_a_failed_page_says_so_in_its_place_and_the_last_good_one_stays_beside_it(folder, monkeypatch):
    run(demo(), preparing(), notebooks=folder)
    day = datetime.now(UTC).date().isoformat()
    executing(monkeypatch, finding="newer", broken=("10_data_quality",))
    # The former page is neither lost nor marked twice when the next attempt fails as well.
    for _ in range(2):
        published = run(demo(), preparing(), notebooks=folder)
        assert [page.stem for page in published.failed] == ["10_data_quality"]
        place = published.index.parent
        in_its_place = (place / "10_data_quality.html").read_text(encoding="utf-8")
        former = (place / "10_data_quality.former.html").read_text(encoding="utf-8")
        assert "all well" not in in_its_place
        assert "ValueError: no" in in_its_place
        assert 'href="10_data_quality.former.html"' in in_its_place
        assert "all well" in former
        assert former.count(f"旧版：本页生成于 {day}") == 1
        assert f"上一次成功生成的版本（{day}）" in index(published)
        assert "logs/10_data_quality.log" in index(published)
        assert "newer" in index(published)
    executing(monkeypatch, finding="mended")
    mended = run(demo(), preparing(), notebooks=folder)
    assert not (mended.index.parent / "10_data_quality.former.html").exists()
    assert "former" not in index(mended)


def test_no_former_page_that_shows_smaller_counts_is_kept_beside_one_that_may_not(folder, monkeypatch):
    run(demo("min_cell=10"), preparing(), notebooks=folder)
    executing(monkeypatch, broken=("10_data_quality",))
    raised = run(demo("min_cell=20"), preparing(), notebooks=folder)
    assert not list(raised.index.parent.glob("*.former.html"))


def test_a_page_whose_tables_are_missing_says_so_and_fails_nothing(folder):
    published = run(demo(), preparing("patents"), notebooks=folder)
    assert statuses(published) == {"10": "ok", "20": "not_available", "90": "ok"}
    assert not published.failed
    page = (published.index.parent / "20_published_figures.html").read_text(encoding="utf-8").split("<main")[1]
    assert "专利（patents）" in page
    assert "(patents)" in page


def test_a_notebook_of_another_study_is_no_page_of_the_run(folder):
    written(notebook("1", studies=["listed"]), folder / "65_listed_firms.ipynb")
    assert "65" not in statuses(run(demo(), preparing(), notebooks=folder))


def test_only_the_chosen_pages_are_made_and_the_others_kept_while_current(folder, monkeypatch):
    run(demo(), preparing(), notebooks=folder)
    executing(monkeypatch, finding="newer")
    kept = run(demo(), preparing(), only=["10"], notebooks=folder)
    assert statuses(kept) == {"10": "ok", "20": "ok", "90": "ok"}
    assert [page.finding["en"] for page in kept.pages] == ["newer", "all well", "all well"]
    assert (kept.index.parent / "90_other.html").exists()
    stale = run(demo("seed=6"), preparing(), only=["10_data_quality.ipynb"], notebooks=folder)
    assert statuses(stale) == {"10": "ok", "20": "not_run", "90": "not_run"}
    assert "all well" not in (stale.index.parent / "90_other.html").read_text(encoding="utf-8")
    assert "all well" in (stale.index.parent / "90_other.former.html").read_text(encoding="utf-8")
    assert "--only" in (stale.index.parent / "90_other.html").read_text(encoding="utf-8")


def test_only_with_no_such_notebook_is_wrong_use_with_the_nearest_name(folder):
    with pytest.raises(UsageError, match="did you mean '10_data_quality'"):
        run(demo(), preparing(), only=["10_data_qualty"], notebooks=folder)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("exposures=is_coverd", "exposures: the panel has no column 'is_coverd'; did you mean 'is_covered'?"),
        ("controls=qqq", "controls: the panel has no column 'qqq'; it has patents, is_covered, year, uscc"),
        ("outcomes=uscc:ols", "outcomes: column 'uscc' holds text; outcomes are numbers, or yes and no"),
    ],
)
def test_a_column_that_the_panel_does_not_have_is_wrong_use_and_nothing_is_made(folder, given, said):
    _, before = published_before(folder)
    written(notebook("1"), folder / "70_association.ipynb")
    whole = {"outcomes": "patents:ols", "exposures": "is_covered", "controls": "", "fixed_effects": "year", "clusters": "uscc"}
    whole |= dict([given.split("=", 1)])
    params = demo(*(f"pages.70_association.{name}={value}" for name, value in whole.items()))
    with pytest.raises(UsageError) as caught:
        run(params, preparing(), notebooks=folder)
    assert str(caught.value) == f"pages.70_association.{said}"
    assert {path: path.read_bytes() for path in before} == before
    # A page that is not made may name what it likes.
    assert not run(params, preparing(), only=["10"], notebooks=folder).failed


def test_a_reading_that_does_not_exist_is_wrong_use_before_data_are_prepared(folder):
    with pytest.raises(UsageError, match="reading 'memberz'"):
        run(demo("readings.memberz=roll"), lambda params, tell: pytest.fail("prepared"), notebooks=folder)


def published_before(folder):
    published = run(demo(), preparing(), notebooks=folder)
    return published, {path: path.read_bytes() for path in published.index.parent.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("code", "advice"),
    [(errno.ENOSPC, "the disk is full"), (errno.EACCES, "no permission"), (errno.EROFS, "read-only")],
)
def test_a_disk_that_takes_no_more_leaves_what_was_published(folder, monkeypatch, code, advice):
    _, before = published_before(folder)

    def fail(*arguments):
        raise OSError(code, "no", "manifest.json")

    monkeypatch.setattr(manifest, "write", fail)
    with pytest.raises(WuliError, match=advice) as caught:
        run(demo(), preparing(), notebooks=folder)
    assert "'manifest.json'" in str(caught.value)
    assert {path: path.read_bytes() for path in before} == before
    assert not list(paths.reports().glob(".staging-*"))


def test_a_failed_exchange_puts_the_previous_pages_back(folder, monkeypatch):
    _, before = published_before(folder)
    rename = type(paths.ROOT).rename

    def fail(self, target):
        if self.name.startswith(".staging-"):
            raise OSError(errno.ENOSPC, "no", str(self))
        return rename(self, target)

    monkeypatch.setattr(type(paths.ROOT), "rename", fail)
    with pytest.raises(WuliError, match="disk is full"):
        run(demo(), preparing(), notebooks=folder)
    assert {path: path.read_bytes() for path in before} == before


def test_what_a_killed_run_left_behind_is_mended_by_the_next(folder):
    published, before = published_before(folder)
    published.index.parent.rename(paths.reports() / ".previous-demo")
    (paths.reports() / ".staging-demo.abc").mkdir()
    with publish.locked("demo"):
        pass
    assert {path: path.read_bytes() for path in before} == before
    assert sorted(path.name for path in paths.reports().iterdir() if "index.html" not in path.name) == [
        ".demo.lock",
        "demo",
    ]


def test_a_second_start_of_the_same_run_is_refused_and_another_run_is_not(folder):
    code = (
        "import sys\nfrom helpers.report import publish\nwith publish.locked('demo'):\n"
        "    print('held', flush=True)\n    sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(WuliError, match="'demo' is being made by another process"):
            run(demo(), preparing(), notebooks=folder)
        assert not run(demo("run=another"), preparing(), notebooks=folder).failed
        other.stdin.close()
    assert not run(demo(), preparing(), notebooks=folder).failed


def test_reports_that_are_a_file_are_named(folder, tmp_path):
    (tmp_path / "out").mkdir(exist_ok=True)
    (tmp_path / "out" / "reports").write_text("", encoding="utf-8")
    with pytest.raises(WuliError, match="a file stands where a folder is needed"):
        run(demo(), preparing(), notebooks=folder)


def test_the_content_hash_of_a_notebook_does_not_depend_on_its_outputs(tmp_path):
    plain = written(notebook("1"), tmp_path / "a.ipynb")
    run_once = written(executed(notebook("1"), new_output("stream", text="x")), tmp_path / "b.ipynb")
    other = written(notebook("2"), tmp_path / "c.ipynb")
    assert manifest._content(plain) == manifest._content(run_once)
    assert manifest._content(plain) != manifest._content(other)


def test_a_notebook_of_somebodys_own_beside_the_pages_changes_nothing_about_them(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    page = written(notebook("1"), tmp_path / "notebooks" / "10_data_quality.ipynb")
    before = manifest._content_hash()
    written(notebook("2"), tmp_path / "notebooks" / "mine.ipynb")
    assert manifest._content_hash() == before
    written(notebook("3"), page)
    assert manifest._content_hash() != before
