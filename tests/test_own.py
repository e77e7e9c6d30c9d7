"""A notebook of one's own: what its parameters cell may declare, and how it becomes a page."""

import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from report_notebooks import executed, html, notebook, written

from helpers import paths, study
from helpers.errors import UsageError, WuliError
from helpers.params import own, own_page
from helpers.report import execute, manifest, stale
from helpers.report.own import publish
from helpers.text import both

BASE = 'run: str = "small"  # of the data\nlang: str = "zh"  # of the page\nmin_cell: int = 10  # persons\n'
MORE = (
    BASE + 'outcome: str = "a # b"  # a column\nnames: list = ["x", "y"]  # columns\n'
    "share: float = 1  # of all\nis_short: bool = True  # yes or no"
)


def declared(source: str):
    return own.declared(source, where="mine.ipynb")


def given(*overrides: str, source: str = MORE, **of_run):
    return own.given(declared(source), overrides, where="mine.ipynb", **of_run)


def refused(source: str) -> str:
    with pytest.raises(UsageError) as found:
        declared(source)
    return str(found.value)


def test_the_cell_of_a_notebook_is_its_model_with_defaults_and_meanings():
    model = declared(MORE)
    assert list(model.model_fields) == ["run", "lang", "min_cell", "outcome", "names", "share", "is_short"]
    assert model.model_fields["outcome"].description == "a column"
    assert given() == {
        "run": "small", "lang": "zh", "min_cell": 10, "outcome": "a # b", "names": ["x", "y"], "share": 1.0,
        "is_short": True,
    }  # fmt: skip


def test_values_of_the_command_line_take_the_declared_type():
    found = given("names=p, q", "share=0.5", "is_short=false", "run=other", "min_cell=20")
    assert (found["names"], found["share"], found["is_short"]) == (["p", "q"], 0.5, False)
    assert (found["run"], found["min_cell"]) == ("other", 20)


def test_the_run_decides_on_language_and_minimum_unless_an_override_does():
    assert given(lang="en", min_cell=12)["lang"] == "en"
    assert given("lang=zh", "min_cell=15", lang="en", min_cell=12)["min_cell"] == 15


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        ("outcom=x", "'outcom' is no parameter here; did you mean 'outcome'?"),
        ("share=much", "'share': found 'much', expected a number"),
        ("is_short=3", "expected true or false"),
        ("lang=fr", "expected one of zh, en"),
        ("min_cell=4", "greater than or equal to 5"),
        ("run=", "'run': found '', expected a text"),
        ("share", "-p share: expected name=value"),
    ],
)
def test_unknown_and_mistyped_values_are_refused(override, reason):
    with pytest.raises(UsageError) as found:
        given(override)
    assert reason in str(found.value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("share = 1  # of all", "line 4: expected `name: type = default  # meaning`, found `share = 1`"),
        ("share: float  # of all", "line 4: expected `name: type"),
        ("for x in []: pass", "line 4: expected `name: type"),
        ("share: float = 1", "line 4: 'share': say behind it what it means"),
        ("share: dict = {}  # of all", "line 4: 'share': type dict is none of str, int, float, bool, list"),
        ("share: float = half()  # of all", "line 4: 'share': its default is no plain value: half()"),
        ('share: float = "much"  # of all', "default of 'share': found 'much', expected a number"),
        ("names: list = [1]  # columns", "default of 'names': expected a list"),
        ('run: str = "zone"  # again', "line 4: 'run': stands twice"),
        ("copy: int = 1  # taken by pydantic", "line 4: 'copy': no name of a parameter"),
        ("Share: int = 1  # of all", "line 4: 'Share': no name of a parameter"),
        ("share float", "line 4: not Python"),
    ],
)
def test_what_a_cell_cannot_declare_is_refused_with_its_line(line, reason):
    assert reason in refused(BASE + line)


def test_what_every_page_has_is_asked_for_and_has_its_type():
    said = refused('run: int = 3  # of the data\nlang: str = "zh"  # of the page')
    assert "line 1: 'run': its type is str, not int" in said
    assert "'min_cell: int = …' is missing" in said
    assert "'run: str = …' is missing" not in said


def test_everything_that_is_wrong_with_a_cell_is_said_at_once():
    assert refused(BASE + "a: dict = {}  # x\nb: int = 1\nc = 2").startswith(
        "mine.ipynb, cell tagged 'parameters': 3 problem(s):"
    )


def test_in_the_notebook_what_every_page_has_is_checked_and_the_rest_is_kept():
    values = own_page(run="zone", lang="en", min_cell=10, names=["x"], share=0.5)
    assert values.model_dump() == {"run": "zone", "lang": "en", "min_cell": 10, "names": ["x"], "share": 0.5}
    with pytest.raises(UsageError, match="expected one of zh, en"):
        own_page(run="zone", lang="fr", min_cell=10)


@pytest.fixture
def output(prepared_output, tmp_path, monkeypatch):
    """An output folder of the test's own with the data of the run `small`."""
    shutil.copytree(prepared_output / "data", tmp_path / "out" / "data")
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path / "out"))
    return tmp_path / "out"


def mine(folder, *sources: str, parameters: str = BASE, **said):
    made = notebook(*sources, **said)
    made.cells[1].source = parameters
    return written(made, folder / "Mine 1.ipynb")


@pytest.fixture
def standing_in(monkeypatch):
    """No kernel: what would have been executed is recorded."""
    asked = []

    def stand_in(path, parameters, *, log, prepared, time_limit):
        asked.append((path, parameters, prepared))
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("log", encoding="utf-8")
        log.with_suffix(".ipynb").write_text("{}", encoding="utf-8")
        return executed(notebook("1"), html('<p class="finding">mine</p>'))

    monkeypatch.setattr(execute, "execute", stand_in)
    return asked


def test_it_is_published_under_the_names_of_run_and_notebook_and_says_that_it_is_exploratory(
    output, tmp_path, standing_in
):
    published = publish(mine(tmp_path), ["lang=en"])
    assert published.index == output / "reports" / "small-mine-1" / "index.html"
    page = published.index.with_name("Mine 1.html").read_text(encoding="utf-8")
    assert "Exploratory, outside the declared plan" in page
    assert "synthetic" in page
    ((_, parameters, prepared),) = standing_in
    assert parameters == {"run": "small", "lang": "en", "min_cell": 10}
    assert len(prepared) == 64


def test_its_manifest_names_its_data_and_what_it_was_given(output, tmp_path, standing_in):
    published = publish(mine(tmp_path), name="other")
    found = json.loads((published.index.parent / "manifest.json").read_text(encoding="utf-8"))
    assert found["run"] == "other"
    (page,) = found["pages"]
    assert page["parameters"]["run"] == "small"
    assert found["prepared_from"] == study.open_run("small").state["inputs"]


def test_what_must_not_leave_is_looked_for_by_the_data_it_opened(output, tmp_path, standing_in, monkeypatch):
    pid = pd.read_parquet(paths.derived("small") / "restricted" / "members.parquet")["member_pid"].iloc[0]
    clean = execute.execute
    monkeypatch.setattr(execute, "execute", lambda *given, **named: _shown(clean(*given, **named), pid))
    published = publish(mine(tmp_path))
    assert [page.status for page in published.pages] == ["failed"]
    assert pid not in "".join(file.read_text("utf-8") for file in published.index.parent.rglob("*") if file.is_file())
    # The name stays free for the next try: nothing of it lies among the data.
    monkeypatch.setattr(execute, "execute", clean)
    assert [page.status for page in publish(mine(tmp_path)).pages] == ["ok"]


def _shown(made, text: str):
    made.cells[-2].outputs.append(html(f"<p>{text}</p>"))
    return made


def test_it_is_stale_when_the_data_it_opened_were_prepared_anew(output, tmp_path, standing_in):
    published = publish(mine(tmp_path))
    made = manifest.read(published.index.parent)
    assert both("shelf.prepared_anew") not in stale.reasons("small-mine-1", made)
    state = paths.derived("small") / "run.json"
    found = json.loads(state.read_text(encoding="utf-8"))
    state.write_text(json.dumps(found | {"inputs": found["inputs"] | {"parameters": "other"}}), encoding="utf-8")
    assert both("shelf.prepared_anew") in stale.reasons("small-mine-1", made)


@pytest.mark.parametrize("name", ["zone", "small"])
def test_it_cannot_take_the_name_of_a_run(output, tmp_path, standing_in, name):
    with pytest.raises(UsageError, match=f"'{name}' is the name of a run"):
        publish(mine(tmp_path), name=name)
    assert not standing_in


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"parameters": BASE.replace("= 10", "= 5")}, ""),
        ({"parameters": BASE, "studies": ["listed"]}, "is for study listed; run 'small' is of study 'zone'"),
    ],
)
def test_a_notebook_of_another_study_is_refused_and_the_minimum_is_that_of_the_run(
    output, tmp_path, standing_in, made, reason
):
    path = mine(tmp_path, **made)
    if reason:
        with pytest.raises(UsageError, match=reason):
            publish(path)
    else:
        publish(path)
        assert standing_in[0][1]["min_cell"] == 10


def test_a_minimum_below_that_of_the_run_is_refused(output, tmp_path, standing_in):
    with pytest.raises(UsageError, match="min_cell 5 is below 10"):
        publish(mine(tmp_path), ["min_cell=5"])


def test_what_is_no_notebook_of_ones_own_is_refused(output, tmp_path, standing_in):
    without = notebook("1")
    without.cells[1].metadata["tags"] = []
    (tmp_path / "text.ipynb").write_text("no notebook", encoding="utf-8")
    for path, reason in (
        (written(without, tmp_path / "without.ipynb"), "0 code cells are tagged 'parameters'"),
        (tmp_path / "absent.ipynb", "No such file"),
        (tmp_path / "text.ipynb", "is not a notebook"),
        (paths.NOTEBOOKS / "90_findings.ipynb", "is a page of the runs"),
        (mine(tmp_path, parameters=BASE.replace("small", "nowhere")), "nothing is prepared for run 'nowhere'"),
    ):
        with pytest.raises(WuliError, match=reason):
            publish(path)
    assert not standing_in


def test_the_command_executes_checks_and_publishes_a_notebook_and_refuses_it_rows_about_persons(output, tmp_path):
    opened = "from helpers import study\nzone = study.open_run(run)"
    good = mine(tmp_path, opened, "zone.panel().shape", parameters=MORE)
    bad = mine(tmp_path / "bad", opened, "zone.restricted('members').head()", parameters=MORE)
    command = [sys.executable, "-m", "helpers.cli", "publish", str(good), "-p", "lang=en", "-p", "names=z"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / done.stdout.strip()).read_text(encoding="utf-8")
    assert "Exploratory, outside the declared plan" in page and "<pre" in page
    refused = subprocess.run([*command[:4], str(bad), *command[5:]], capture_output=True, text=True, cwd=tmp_path)
    assert refused.returncode == 1
    assert "不得由页面中的代码直接读取" in refused.stderr
    # The good page stays in reach beside the one that says why there is none.
    assert (tmp_path / refused.stdout.strip()).with_name("Mine 1.former.html").exists()
    unknown = subprocess.run([*command, "-p", "share=much"], capture_output=True, text=True, cwd=tmp_path)
    assert unknown.returncode == 2 and "expected a number" in unknown.stderr
