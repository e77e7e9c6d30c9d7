import subprocess
import sys
import types

import pandas as pd
import pytest
from report_notebooks import PreparedStudy

from helpers import cli, paths
from helpers.errors import InputError
from helpers.report import run as report_run
from helpers.report.pages import Page
from helpers.report.summary import errors, summary

ZONE = str(paths.RUN_FILES / "zone.yml")


@pytest.mark.parametrize("command", ["run", "check", "synth", "codebook"])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main([command, "--help"])
    assert left.value.code == 0
    assert len(capsys.readouterr().out.splitlines()) > 5


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["run"],
        ["run", ZONE, "--workers", "0"],
        ["synth", "--out", "x", "--dirt", "some"],
        ["synth", "--out", "x", "--firms", "12"],
        ["check", "x", "--extract-on", "June"],
    ],
)
def test_wrong_arguments_leave_with_code_2(arguments):
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 2


def test_a_misspelt_parameter_leaves_with_code_2_and_a_suggestion(capsys):
    assert cli.main(["run", ZONE, "-p", "data.dirty=none"]) == 2
    said = capsys.readouterr().err
    assert "did you mean 'dirt'" in said
    assert "Traceback" not in said


def test_a_folder_that_is_not_there_leaves_with_code_2(capsys, tmp_path):
    assert cli.main(["check", str(tmp_path / "nowhere")]) == 2
    assert "is no folder" in capsys.readouterr().err


def use_study(monkeypatch, prepare):
    monkeypatch.setitem(sys.modules, "helpers.study", types.SimpleNamespace(prepare=prepare))
    monkeypatch.setattr("helpers.study", sys.modules["helpers.study"], raising=False)


def publishing(monkeypatch, tmp_path, *statuses):
    pages = tuple(Page(stem=f"{n}0_x", title="x", status=status, reason="why") for n, status in enumerate(statuses, 1))
    seen = {}

    def stand_in(params, prepare, **options):
        seen.update(options, params=params)
        return report_run.Published(tmp_path / "index.html", pages)

    use_study(monkeypatch, lambda params, tell: PreparedStudy(params))
    monkeypatch.setattr(report_run, "run", stand_in)
    return seen


def test_run_hands_its_arguments_on_and_prints_the_page_to_open_last(monkeypatch, tmp_path, capsys):
    seen = publishing(monkeypatch, tmp_path, "ok", "not_available")
    arguments = ["run", ZONE, "-p", "seed=3", "--only", "10", "20", "--only", "90", "--workers", "2", "-p", "lang=en"]
    assert cli.main(arguments) == 0
    assert (seen["only"], seen["workers"], seen["params"].seed, seen["params"].lang) == (["10", "20", "90"], 2, 3, "en")
    found = capsys.readouterr()
    assert found.out.splitlines() == [str(tmp_path / "index.html")]
    assert found.err == ""


def test_a_failed_page_leaves_with_code_1_and_still_prints_the_index(monkeypatch, tmp_path, capsys):
    publishing(monkeypatch, tmp_path, "ok", "failed")
    assert cli.main(["run", ZONE]) == 1
    found = capsys.readouterr()
    assert found.out.splitlines()[-1] == str(tmp_path / "index.html")
    assert "20_x: why" in found.err


def test_input_that_cannot_be_read_leaves_with_code_1_without_a_traceback(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path))

    def refuse(params, tell):
        raise InputError(["table 'patents' (x.csv): empty file", "table 'areas': no file"])

    use_study(monkeypatch, refuse)
    monkeypatch.setattr(report_run, "_notebooks", lambda folder, study: [])
    assert cli.main(["run", ZONE]) == 1
    said = capsys.readouterr().err
    assert "x.csv" in said
    assert "areas" in said
    assert "Traceback" not in said


def test_the_first_thing_the_command_does_is_to_spare_the_grammars():
    code = "import helpers.cli, sys; print(sys.modules['rfc3987_syntax'], 'papermill' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["None", "False"]


def test_the_summary_counts_findings_by_rule_with_the_costliest_first():
    counts = pd.DataFrame({"table": ["patents"], "rows_read": [12], "rows_kept": [11]})
    ledger = pd.DataFrame(
        {
            "table": ["patents"] * 4,
            "rule": ["full_width", "full_width", "unparseable", "duplicate_key"],
            "action": ["repaired", "repaired", "nulled", "set_aside"],
        }
    )
    lines = summary(counts, ledger).splitlines()
    assert lines[0].split() == ["table", "rows_read", "rows_kept"]
    assert [line.split() for line in lines[-3:]] == [
        ["set_aside", "duplicate_key", "patents", "1"],
        ["nulled", "unparseable", "patents", "1"],
        ["repaired", "full_width", "patents", "2"],
    ]
    assert errors(ledger) == 2
    assert errors(ledger.iloc[:0]) == 0
