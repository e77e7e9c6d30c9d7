"""A real Spark cluster of two workers on this machine gives DuckDB's tables when it loses one of them midway."""

import shutil
from importlib.util import find_spec

import pytest

from benchmarks import spark_cluster

pytestmark = pytest.mark.skipif(
    find_spec("pyspark") is None or not shutil.which("java"),
    reason="pyspark or Java is not installed: make spark, and Java 17 or later",
)


def test_two_workers_of_which_one_is_killed_midway_give_the_tables_of_duckdb(tmp_path, capsys):
    rows = ["--enterprises", "20000", "--patents", "20000"]
    assert spark_cluster.main(["--clean", "--killed", *rows, "--folder", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "workers at the end: ALIVE, DEAD; " in told
    assert "the one killed was writing" in told


def test_a_cluster_ends_all_of_its_processes_when_what_it_was_for_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), spark_cluster.running(tmp_path, workers=1) as cluster:
        held = cluster.workers
        1 / 0  # noqa: B018
    assert all(worker.poll() is not None for worker in held)


def test_a_cluster_that_does_not_start_names_its_log(tmp_path):
    with pytest.raises(RuntimeError, match="worker-1/log"), spark_cluster.running(tmp_path, workers=1, memory="none"):
        pass
