import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from benchmarks import big_files, measure
from benchmarks.scale import __main__ as scale
from benchmarks.scale import by_pandas, by_project, by_sql, growth, inputs, sums, tell
from helpers import paths

pytest.importorskip("polars", reason="polars, with which the benchmark compares, is not installed")
from benchmarks.scale import by_polars

MAKERS = {
    "project": lambda folder: by_project.main(folder, "duckdb"),
    "sql": by_sql.main,
    "polars": by_polars.main,
    "pandas": by_pandas.main,
}
YARDSTICKS = ("sql", "polars", "pandas")


@pytest.fixture(scope="module")
def ingested(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scale")
    big_files.write(folder / "raw", enterprises=3_000, patents=3_000)
    inputs.read(folder / "raw", folder)
    return folder / "ingested"


def made(name, ingested, folder):
    folder.mkdir(parents=True)
    (folder / "ingested").symlink_to(ingested, target_is_directory=True)
    return MAKERS[name](folder)["numbers"] | sums.of_folder(folder)


@pytest.fixture(scope="module")
def numbers(ingested, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return folder, {name: made(name, ingested, folder / name) for name in MAKERS}


def changed(ingested, folder, **edits):
    """Write the tables of `ingested` into `folder` with cells changed: table -> column -> rows -> value."""
    folder.mkdir()
    for name in ("enterprises", "patents"):
        frame = pd.read_parquet(ingested / f"{name}.parquet", dtype_backend="pyarrow")
        dictionaries = [column for column, kind in frame.dtypes.items() if "dictionary" in str(kind)]
        frame = frame.astype(dict.fromkeys(dictionaries, "string[pyarrow]"))
        for column, cells in edits.get(name, {}).items():
            for row, value in cells.items():
                frame.loc[row, column] = value
        schema = parquet.read_schema(ingested / f"{name}.parquet").remove_metadata()
        parquet.write_table(pa.Table.from_pandas(frame, preserve_index=False).cast(schema), folder / f"{name}.parquet")
    return folder


def test_the_project_and_three_yardsticks_make_the_same_tables(numbers):
    _, found = numbers
    assert sums.differences(found) == []
    rows = {what: values[0] for what, values in found["project"].items()}
    assert rows["clean/enterprises"] == rows["enterprises"] > 2_900
    assert rows["clean/patents"] == rows["patents"] > rows["counts"] > rows["panel"] > 100
    left, right, matched, strangers, out = found["sql"]["patents to firm-years"]
    assert 0 < matched < left == out
    assert right == matched + strangers


def test_rows_that_the_files_of_the_benchmark_lack_come_out_alike(ingested, tmp_path):
    day = pd.Timestamp(2019, 7, 1)
    folder = changed(
        ingested, tmp_path / "ingested",
        enterprises={
            "name_zh": {0: "ＡＢＣ 科技·有限责任公司", 1: "abc（中国）集团公司", 2: "公司", 3: "泉州物联"},
            "control_type": {0: None, 4: "集体控股", 5: None},
            "reg_type": {0: None, 5: "分支机构"},
            "above_scale": dict.fromkeys(range(6, 40), "限上住餐") | {40: None},
            "scale_since": {41: 2005, 42: 2012, 43: 2018},
            "industry_code": {44: None},
            "founded_on": {6: None, 45: None},
            "status": {7: "吊销", 8: None}, "exit_on": {7: None, 9: day, 41: pd.Timestamp(2015, 12, 31)},
        },
        patents={
            "applicants_raw": {0: "甲；乙；丙", 1: "甲、乙", 2: "甲;乙", 3: "甲", 4: ""},
            "published_on": dict.fromkeys(range(0, 200, 3), day),
            "granted_on": dict.fromkeys(range(0, 200, 5)),
            "legal_status": {5: None}, "inventor_count": {6: None}, "citations": {7: 3},
            "patent_type": {8: "发明", 9: "外观设计", 10: "实用新型"},
        },
    )  # fmt: skip
    found = {name: made(name, folder, tmp_path / "made" / name) for name in MAKERS}
    assert sums.differences(found) == []
    # The fifth number of the patents: types that disagree with the number of their filing.
    assert found["sql"]["patents"][4] > 0


def rewritten(path, change):
    before = path.read_bytes()
    change(pd.read_parquet(path)).to_parquet(path, index=False)
    return before


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("clean/enterprises", lambda frame: frame.assign(name_key=frame["name_key"].where(frame.index != 7, "X"))),
        ("clean/patents", lambda frame: frame.assign(is_visible=~frame["is_visible"].where(frame.index != 7, True))),
        ("panel", lambda frame: frame.assign(is_balanced=frame["is_balanced"] ^ (frame.index == len(frame) - 1))),
        ("counts", lambda frame: frame.assign(patents_fractional=frame["patents_fractional"] + 0.001)),
        ("counts", lambda frame: frame.iloc[[1, 0, *range(2, len(frame))]]),
        ("panel", lambda frame: frame.iloc[:-1]),
    ],
    ids=["a text", "a flag", "the last row", "a share", "the order of rows", "a row that is lost"],
)
def test_a_table_that_came_out_otherwise_is_named(numbers, table, change):
    folder, found = numbers
    path = folder / "polars" / f"{table}.parquet"
    before = rewritten(path, change)
    wrong = sums.differences(found | {"polars": found["polars"] | sums.of_folder(folder / "polars")})
    path.write_bytes(before)
    assert [line.split(":")[0] for line in wrong] == [table]
    assert wrong[0].endswith("by polars")


def test_a_number_of_a_join_that_is_missing_is_named():
    assert sums.differences({"project": {"base": [1, None]}, "sql": {}}) == [
        "base: [1, None] by project, missing by sql"
    ]


@pytest.mark.parametrize("name", YARDSTICKS)
def test_a_yardstick_refuses_a_key_that_repeats(ingested, tmp_path, name):
    code = pd.read_parquet(ingested / "enterprises.parquet", columns=["uscc"])["uscc"][10]
    folder = changed(ingested, tmp_path / "ingested", enterprises={"uscc": {11: code}})
    with pytest.raises(Exception, match="a key repeats"):
        made(name, folder, tmp_path / "made")


def test_results_that_differ_are_printed_and_end_with_exit_code_1(monkeypatch, capsys):
    cost = measure.Cost(1.0, 1.0, 2**20)
    run = tell.Run(cost, dict.fromkeys(tell.STAGES, cost))
    counted = {"project": 7, "sql": 8}
    monkeypatch.setattr(scale.inputs, "prepare", lambda place, **sizes: place.mkdir() or cost)
    monkeypatch.setattr(scale, "_run", lambda folder, ingested, name, limit: (run, {"panel": [counted[name]]}))
    asked = ["--sizes", "100", "200", "--without", "polars", "pandas", "spark"]
    assert scale.main(asked) == 1
    assert "panel: [7] by project, [8] by sql" in capsys.readouterr().out
    counted["sql"] = 7
    assert scale.main(asked) == 0
    printed = capsys.readouterr().out
    assert "1 checksums and counts agree" in printed
    assert "EXTRAPOLATED" in printed


def test_growth_is_a_line_through_the_two_largest_sizes():
    seconds = {10: 5.0, 1_000_000: 10.0, 3_000_000: 30.0}
    assert [round(step.power, 2) for step in growth.steps(seconds)] == [0.06, 1.0]
    assert growth.steps(seconds)[-1].per_million == pytest.approx(10)
    assert growth.extrapolated(seconds, 100_000_000) == pytest.approx(1_000)


def test_memory_and_work_of_a_process_left_to_another_are_counted():
    busy = "import time; held = bytearray(300_000_000); end = time.monotonic() + 1\nwhile time.monotonic() < end: pass"
    with subprocess.Popen(["sh", "-c", f"{sys.executable} -c '{busy}'; true"]) as child:
        watch = measure._Watch(child.pid)
        child.wait()
    cpu, peak = watch.end()
    assert peak > 300_000_000
    assert cpu > 0.4


def test_one_command_prints_costs_ratios_and_checksums():
    command = [sys.executable, "-m", "benchmarks.scale", "--sizes", "300", "--without", "spark", "pandas"]
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for expected in ("300 enterprises", "ingest", "SQL by hand", "project / Polars", "checksums and counts agree"):
        assert expected in done.stdout
