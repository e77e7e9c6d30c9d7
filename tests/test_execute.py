import re

import nbformat
import pytest
from report_notebooks import demo, notebook, preparing, written

from helpers import paths
from helpers.errors import PageError
from helpers.report import execute, gate
from helpers.report.run import run

VALUES = {"run": "demo", "lang": "en", "min_cell": 12}


def failing(made, tmp_path, **options):
    path = written(made, tmp_path / "10_data_quality.ipynb")
    with pytest.raises(PageError) as caught:
        gate.check(execute.execute(path, VALUES, log=tmp_path / "logs" / "x.log", **options), path.name)
    return str(caught.value)


def test_a_notebook_gets_its_full_parameters_and_leaves_a_log_without_machine_paths(tmp_path):
    source = (
        "import os\nfrom helpers import paths\n"
        "print(run, lang, min_cell, os.environ['PYTHONHASHSEED'], os.getcwd() == here)\nprint(paths.ROOT)"
    )
    path = written(notebook(f"here = {str(tmp_path)!r}", source), tmp_path / "10_data_quality.ipynb")
    before = path.read_bytes()
    found = execute.execute(path, VALUES, log=tmp_path / "logs" / "x.log")
    log = (tmp_path / "logs" / "x.log").read_text(encoding="utf-8")
    assert "demo en 12 0 True" in log
    assert f"{paths.ROOT}\n" not in log
    assert path.read_bytes() == before
    plain = execute.normalise(found)
    assert [cell["id"] for cell in plain.cells][:2] == ["cell-001", "cell-002"]
    assert not re.search(r"\d{4}-\d\d-\d\dT", nbformat.writes(plain))
    assert "papermill" not in nbformat.writes(plain)


def test_a_killed_kernel_fails_the_page(tmp_path):
    said = failing(notebook("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"), tmp_path)
    assert "kernel died" in said


def test_leaving_with_success_in_a_cell_fails_the_page(tmp_path):
    assert "ended in SystemExit: 0" in failing(notebook("import sys\nsys.exit(0)"), tmp_path)


def test_a_page_beyond_its_time_limit_fails(tmp_path):
    assert "time limit of 2 s" in failing(notebook("import time\ntime.sleep(30)"), tmp_path, time_limit=2)


def test_parameters_the_notebook_does_not_declare_are_refused_before_a_kernel_starts(tmp_path):
    made = notebook("1")
    made.cells[1].source = 'run: str = "demo"\nlang = "zh"\nmincell = 10'
    assert "does not declare min_cell" in failing(made, tmp_path)


def test_a_file_that_is_no_notebook_is_named(tmp_path):
    path = tmp_path / "10_x.ipynb"
    path.write_text("no notebook", encoding="utf-8")
    with pytest.raises(PageError, match="is not a notebook"):
        execute.execute(path, VALUES, log=tmp_path / "x.log")


def test_the_same_run_gives_the_same_bytes_one_after_the_other_and_side_by_side(tmp_path, monkeypatch):
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path / "out"))
    figure = (
        "import matplotlib.pyplot as plt, pandas as pd\nfrom helpers import show, style\nstyle.use()\n"
        "fig, ax = plt.subplots()\nax.plot([1, 2], [3, 4], label='发明')\nax.legend()\n"
        "show.figure(ax, title='发明', alt='一条线', data=pd.DataFrame({'a': [1, 2]}), lang=lang)"
    )
    for stem in ("10_data_quality", "20_published_figures"):
        written(notebook(figure), tmp_path / "nb" / f"{stem}.ipynb")
    pages = []
    for workers in (1, 2):
        published = run(demo(), preparing(), workers=workers, notebooks=tmp_path / "nb")
        assert not published.failed
        files = sorted(published.index.parent.glob("*.html"))
        pages.append({file.name: file.read_bytes() for file in files})
    assert set(pages[0]) == {"10_data_quality.html", "20_published_figures.html", "index.html"}
    assert pages[0] == pages[1]
