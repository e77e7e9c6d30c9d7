import json
import subprocess
import sys
import types

import pandas as pd
import pytest
from report_notebooks import PreparedStudy

from helpers import cli, codebook, paths
from helpers.errors import InputError
from helpers.report import run as report_run
from helpers.report.pages import Page
from helpers.report.summary import errors, summary

ZONE = str(paths.RUN_FILES / "zone.yml")


@pytest.mark.parametrize("command", ["run", "check", "synth", "codebook", "shelf", "diff"])
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


@pytest.mark.parametrize(
    ("reading", "parts"),
    [
        ("ratde=114/138", ["'ratde' is no parameter here", "did you mean 'rated'", "known are uncovered_industrial, "]),
        ("rated=114/139", ["'rated': found '114/139'", "expected one of 109/132, 114/138", "did you mean '114/138'"]),
        ("rated", ["reading 'rated': expected NAME=VALUE"]),
    ],
)
def test_a_misspelt_reading_of_a_synthetic_zone_is_refused_with_the_nearest_and_the_list(
    reading, parts, capsys, tmp_path
):
    assert cli.main(["synth", "--out", str(tmp_path / "zone"), "--firms", "400", "--reading", reading]) == 2
    said = capsys.readouterr().err
    assert [part for part in parts if part not in said] == []
    assert not (tmp_path / "zone").exists()


def test_a_synthetic_zone_is_written_under_the_readings_asked_for(tmp_path):
    readings = ["--reading", "members=1262", "--reading", "secretaries=vacancies"]
    assert cli.main(["synth", "--out", str(tmp_path / "zone"), "--firms", "400", "--dirt", "none", *readings]) == 0
    truth = json.loads((tmp_path / "zone" / "_truth" / "truth.json").read_text(encoding="utf-8"))
    assert (truth["readings"]["members"], truth["readings"]["secretaries"]) == (1262, "vacancies")
    assert truth["readings"]["rated"] == "109/132"


def test_a_folder_that_is_not_there_leaves_with_code_2(capsys, tmp_path):
    assert cli.main(["check", str(tmp_path / "nowhere")]) == 2
    assert "is no folder" in capsys.readouterr().err


CODE = "91350500MA2XT00011"
AREAS = "片区编号,片区名称,工作站名称,专职联络员人数,联合支部编号\n"


def test_a_check_names_the_tables_not_delivered_and_that_alone_is_no_failure(tmp_path, capsys):
    (tmp_path / "areas.csv").write_text(f"{AREAS}A01,东区,东站,2,\n", encoding="utf-8")
    assert cli.main(["check", str(tmp_path)]) == 0
    found = capsys.readouterr()
    (line,) = [line for line in found.out.splitlines() if "not delivered" in line]
    tables = [table.name for table in codebook.load().of_study("zone")]
    assert line == f"{len(tables) - 1} of {len(tables)} tables not delivered: {', '.join(tables[1:])}"
    assert found.err == ""


def test_a_check_of_a_supplement_alone_misses_the_36_tables_and_no_other_supplement(tmp_path, capsys):
    (tmp_path / "企业经纬度.csv").write_text(f"信用代码,东经,北纬\n{CODE},118.57,24.88\n", encoding="utf-8")
    assert cli.main(["check", str(tmp_path)]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "not delivered" in line]
    tables = [table.name for table in codebook.load().of_study("zone")]
    assert line == f"36 of 36 tables not delivered: {', '.join(tables)}"


def test_a_check_says_in_how_many_rows_something_is_lost_and_shows_its_bar_when_asked(tmp_path, capsys):
    (tmp_path / "areas.csv").write_text(
        f"{AREAS}A01,东区,东站,许多,\nA02,西区,西站,2,\n,北区,,很多,\n", encoding="utf-8"
    )
    assert cli.main(["check", str(tmp_path), "--progress"]) == 1
    said = capsys.readouterr().err
    assert "3 finding(s) in 2 of 3 rows cost a value or a row" in said
    assert "1/1" in said


def use_study(monkeypatch, prepare):
    monkeypatch.setitem(sys.modules, "helpers.study", types.SimpleNamespace(prepare=prepare))
    monkeypatch.setattr("helpers.study", sys.modules["helpers.study"], raising=False)


def publishing(monkeypatch, tmp_path, *statuses):
    pages = tuple(Page(stem=f"{n}0_x", title={"en": "x"}, status=status, reason={"zh": "why"}) for n, status in enumerate(statuses, 1))
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


def findings(*rows):
    """Return a ledger; each row states table, file, sheet, row, column, value, rule and action."""
    names = ["table", "file", "sheet", "row", "column", "value", "rule", "action", "result"]
    return pd.DataFrame([dict(zip(names, (*row, ""), strict=True)) for row in rows], columns=names)


def test_the_summary_counts_findings_by_rule_and_file_with_the_costliest_first():
    counts = pd.DataFrame({"table": ["patents"], "rows_read": [12], "rows_kept": [11]})
    ledger = findings(
        ("patents", "专利.csv", "", 2, "uscc", "９", "full_width", "repaired"),
        ("patents", "专利.csv", "", 7, "uscc", "９", "full_width", "repaired"),
        ("patents", "专利.csv", "", 5, "filed_on", "soon", "unparseable", "nulled"),
        *(
            ("patents", "专利.csv", "甲", row, "application_no", "201", "duplicate_key", "set_aside")
            for row in range(5)
        ),
    )
    lines = summary(counts, ledger, codebook.load()).splitlines()
    assert lines[0].split() == ["table", "rows_read", "rows_kept"]
    assert [line.split(maxsplit=5) for line in lines[6:9]] == [
        ["set_aside", "duplicate_key", "patents", "专利.csv", "5", "甲: rows 0, 1, 2 and 2 more  application_no '201'"],
        ["nulled", "unparseable", "patents", "专利.csv", "1", "row 5                        filed_on 'soon'"],
        ["repaired", "full_width", "patents", "专利.csv", "2", "rows 2, 7                    uscc '９'"],
    ]
    # A repaired value needs nobody; what is lost does.
    assert [line.split()[0] for line in lines[-2:]] == ["duplicate_key", "unparseable"]
    assert errors(ledger) == (6, 6)
    assert errors(ledger.iloc[:0]) == (0, 0)


def test_the_summary_shows_no_value_of_a_column_about_persons():
    counts = pd.DataFrame({"table": ["members"], "rows_read": [1], "rows_kept": [0]})
    ledger = findings(
        ("members", "m.csv", "", 2, "member_pid;org_id;from_on", "P1;ZZ1;2020", "duplicate_key", "set_aside"),
        ("grids", "g.csv", "", 3, "officer_id", "P2", "unparseable", "nulled"),
    )
    said = summary(counts, ledger, codebook.load())
    assert said.count("(not shown)") == 2
    assert not [secret for secret in ("P1", "P2", "ZZ1") if secret in said]


def test_the_summary_says_what_a_rule_of_the_codebook_asks():
    counts = pd.DataFrame({"table": ["org_coverage"], "rows_read": [1], "rows_kept": [1]})
    ledger = findings(("org_coverage", "c.csv", "", 2, "to_on;from_on", "1;2", "rule:spell_in_order", "flagged"))
    said = summary(counts, ledger, codebook.load())
    assert said.splitlines()[-1] == "rule:spell_in_order  The end must be later than the start."
