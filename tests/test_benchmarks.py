import subprocess
import sys

import pandas as pd
import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import big_files, checksums, project, served
from helpers import paths


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    """What the project and the script make of the same 4,000 enterprises and 12,000 patents."""
    pytest.importorskip("polars", reason="polars, with which the benchmark compares, is not installed")
    from benchmarks import polars_script

    folder = tmp_path_factory.mktemp("benchmark")
    big_files.write(folder / "files", enterprises=4_000, patents=12_000)
    ours = project.big(folder / "files", folder / "project")["rows"]
    ours |= checksums.of_project(folder / "project")
    theirs = polars_script.main(folder / "files", folder / "polars", lean=False)
    theirs |= checksums.of_script(folder / "polars")
    return folder, ours, theirs


def test_project_and_polars_script_agree_to_the_last_cell(sides):
    _, ours, theirs = sides
    assert checksums.differences(ours, theirs) == []
    assert ours["enterprises_read"] > 4_000 > ours["enterprises kept"] > 3_900
    assert ours["patents_read"] > 12_000 > ours["patents kept"] > 11_800
    assert 0 < ours["patents matched"] < ours["patents with code"] < ours["patents kept"]
    for what in ("cells mended", "cells left out", "wrong check digits", "references to nobody", "rows set aside"):
        assert ours[f"patents, {what}"] > 0
    assert ours["enterprises, cells mended"] > 100


def test_the_lean_script_keeps_the_same_tables(sides):
    folder, ours, _ = sides
    from benchmarks import polars_script

    lean = polars_script.main(folder / "files", folder / "lean", lean=True)
    lean |= checksums.of_script(folder / "lean", lean=True)
    assert {"patents, all cells", "counts, all cells"} <= set(lean)
    assert {name: ours[name] for name in lean} == lean


def test_a_cell_that_one_side_read_otherwise_is_noticed(sides):
    folder, ours, _ = sides
    cells = folder / "polars" / "patents_cells.csv"
    before = cells.read_bytes()
    cells.write_bytes(before.replace(b",mended", b"1,mended", 1))
    wrong = checksums.differences(ours, checksums.of_script(folder / "polars"))
    cells.write_bytes(before)
    assert any(line.startswith("patents, the list of these") for line in wrong)


def test_the_files_of_the_benchmark_hold_every_kind_of_dirt_they_claim(sides):
    folder, _, _ = sides
    ledger = pd.read_csv(folder / "project" / "problems.csv", dtype="str", encoding="utf-8-sig")
    claimed = {
        "full_width", "letter_case", "blank_padding", "scientific_notation", "date_format", "code_format",
        "unknown_category", "unit_in_cell", "lost_leading_zeros", "duplicate_row", "duplicate_key", "unknown_reference",
    }  # fmt: skip
    assert claimed <= set(ledger["rule"])


def test_a_checksum_that_differs_is_named_and_ends_with_exit_code_1(capsys):
    assert benchmarks._print_checksums({"patents kept": 7, "firm-years": 3}, {"patents kept": 8, "firm-years": 3}) == 1
    printed = capsys.readouterr().out
    assert "patents kept" in printed
    assert "DIFFERS: 8 in Polars" in printed
    assert "1 of 2 checksums differ" in printed


def test_one_command_prints_stages_ratio_and_checksums():
    pytest.importorskip("polars", reason="polars, with which the benchmark compares, is not installed")
    command = [sys.executable, "-m", "benchmarks", "--only", "big", "--enterprises", "500", "--patents", "1500"]
    done = subprocess.run([*command, "--repeats", "1"], cwd=paths.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for expected in ("read", "write", "clean", "counts", "Polars script", "checksums agree"):
        assert expected in done.stdout
    assert "the project, 1 of 1" in done.stderr


def test_splink_links_the_same_names_and_is_scored_by_the_same_rule():
    pytest.importorskip("splink", reason="Splink, with which the benchmark compares, is not installed")
    from benchmarks import links, splink_peer

    names = links.made(300)
    result = splink_peer.compared(names)
    register, asked = links.made_set(names)
    assert (result["firms"], result["names"]) == (len(register), len(asked))
    assert set(result["stages"]) == {"link", "splink"}
    for side, found in result["sides"].items():
        assert found["precision_low"] <= found["precision"] <= found["precision_high"], side
        assert sum(sum(counts.values()) for counts in found["ways"].values()) == len(asked), side
        assert found["precision"] > 0.9, side
    assert result["sides"]["splink, 0.5"]["recall"] > 0.7


def test_of_two_firms_that_splink_holds_for_as_likely_none_is_linked():
    pytest.importorskip("splink", reason="Splink, with which the benchmark compares, is not installed")
    from benchmarks import splink_peer

    pairs = pd.DataFrame({
        "left": [0, 1, 0, 1, 1], "right_row": [0, 0, 1, 1, 2], "weight": [9.0, 8.5, 9.0, 4.0, 4.0],
        "probability": [0.999, 0.998, 0.999, 0.94, 0.94],
    })  # fmt: skip
    found = splink_peer.decided(pairs, ["a", "b"], sure=0.95)
    assert found[["right_row", "decision", "left_name"]].to_numpy().tolist() == [
        [0, "review", "a"], [0, "review", "b"], [1, "match", "a"], [2, "review", "b"],
    ]  # fmt: skip


@pytest.mark.parametrize("part", ["fits", "curve", "wild", "staggered"])
def test_models_are_compared_in_one_run_and_a_missing_program_is_left_out_by_name(part):
    # Without R or a library of its own, whatever this machine has.
    bare = {"PATH": "", "HOME": "/", "PYTHONPATH": str(paths.ROOT / "src")}
    command = [sys.executable, "-m", "benchmarks", "--only", part, "--quick"]
    done = subprocess.run(command, cwd=paths.ROOT, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "CPU s" in done.stdout
    assert "MiB" in done.stdout
    assert "R with" in done.stderr
    assert "is not installed and is left out" in done.stderr


def test_numbers_that_differ_are_told_and_end_with_exit_code_1(capsys):
    ours, theirs = ([served.Run(1.0, seconds, 2**20, 2**19, values)] for seconds, values in
                    ((0.5, (1.0, -2.0, 3.0)), (1.0, (1.0, -2.1))))  # fmt: skip
    assert served.told("fit", {"project": ours, "other": theirs}, tolerance=0.06)
    assert "0.50" in capsys.readouterr().out
    assert not served.told("fit", {"project": ours, "other": theirs}, tolerance=0.04)
    assert "differ by 5e-02: WRONG" in capsys.readouterr().out
    assert served.difference([1.0], [float("nan")]) == served.difference([], [1.0]) == float("inf")


def test_a_program_that_fails_is_named_with_its_exit_code():
    program = served.Program("broken", [sys.executable, "-c", "print('hello'); raise SystemExit(3)"])
    with pytest.raises(RuntimeError, match="broken ended at 'fit' with exit code 3"):
        program.do("fit")
