"""A Spark cluster on this machine, and the project's tables from it: equal to DuckDB's, a worker killed midway or not.

`running` starts a master and workers of Spark's standalone mode, each a process of its own, from the pip package alone.
Run as `python -m benchmarks.spark_cluster [--enterprises N] [--patents N]`: the exit code is 1 if a checksum differs.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from benchmarks.measure import process
from benchmarks.scale import inputs
from helpers.engine import SPARK_MASTER

HERE = "127.0.0.1"
_WAIT = 60.0


@dataclass(frozen=True)
class Cluster:
    """A master and its workers: the address for `WULI_SPARK_MASTER`, where the master tells its state, the workers."""

    address: str
    state_at: str
    workers: tuple[subprocess.Popen, ...]

    def state(self) -> dict:
        """Return what the master knows of workers and applications."""
        with urllib.request.urlopen(self.state_at, timeout=5) as answer:
            return json.load(answer)

    def kill(self, place: int) -> None:
        """Kill a worker and the executor that it started, without a word to either."""
        os.killpg(self.workers[place].pid, signal.SIGKILL)
        self.workers[place].wait()


@contextmanager
def running(folder: Path, *, workers: int = 2, memory: str = "2g") -> Iterator[Cluster]:
    """Start a cluster with one core a worker, and end all of its processes again, whatever happened.

    Parameters
    ----------
    folder : Path
        Receives the logs and what the executors lay down.
    workers : int
    memory : str
        Of each worker, as Spark reads it.

    Yields
    ------
    Cluster
        All workers have registered.

    Raises
    ------
    RuntimeError
        If a process ends or the workers have not registered within a minute; the message names the log.
    """
    home = Path(find_spec("pyspark").origin).parent
    port, page = _free_port(), _free_port()
    master = f"spark://{HERE}:{port}"
    started: list[subprocess.Popen] = []

    def start(name: str, *arguments: str | int) -> subprocess.Popen:
        place = folder / name
        place.mkdir(parents=True)
        environment = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": HERE, "SPARK_LOCAL_DIRS": str(place)}
        with (place / "log").open("w") as log:
            # A group of its own, so that it can be ended with the executors that it starts.
            started.append(
                subprocess.Popen(
                    [str(home / "bin" / "spark-class"), *map(str, arguments)], stdout=log, stderr=log, env=environment,
                    start_new_session=True,
                )
            )  # fmt: skip
        return started[-1]

    deploy = "org.apache.spark.deploy"
    try:
        start("master", f"{deploy}.master.Master", "--host", HERE, "--port", port, "--webui-port", page)
        names = [f"worker-{number}" for number in range(1, workers + 1)]
        held = tuple(
            start(name, f"{deploy}.worker.Worker", "--host", HERE, "--cores", 1, "--memory", memory, "--webui-port", 0,
                  "--work-dir", folder / name / "work", master)
            for name in names
        )  # fmt: skip
        cluster = Cluster(master, f"http://{HERE}:{page}/json/", held)
        _await_workers(cluster, workers, started, folder)
        yield cluster
    finally:
        for one in started:
            if one.poll() is None:
                os.killpg(one.pid, signal.SIGKILL)
                one.wait()


def environment(cluster: Cluster, *, executor_memory: str = "1g") -> dict[str, str]:
    """Return the variables under which `--engine spark` works on the cluster."""
    settings = {"spark.driver.host": HERE, "spark.driver.bindAddress": HERE, "spark.executor.memory": executor_memory}
    told = " ".join(f"--conf {name}={value}" for name, value in settings.items())
    return {SPARK_MASTER: cluster.address, "PYSPARK_SUBMIT_ARGS": f"{told} pyspark-shell"}


class Killer(threading.Thread):
    """Kills the first worker whose executor holds a part of `watched` open; `tasks` of it were, None if none was."""

    def __init__(self, cluster: Cluster, watched: Path) -> None:
        super().__init__(daemon=True)
        self._cluster, self._watched = cluster, watched
        self._is_over = threading.Event()
        self.tasks: int | None = None

    def run(self) -> None:
        """Look every few milliseconds for parts under way."""
        while not self._is_over.wait(0.005):
            # Where a task writes until its job is committed.
            if not any(self._watched.glob("*/_temporary/0/_temporary/attempt_*")):
                continue
            for place, worker in enumerate(self._cluster.workers):
                parts = _parts_written(worker.pid, self._watched)
                if parts:
                    self.tasks = len(parts)
                    self._cluster.kill(place)
                    return

    def end(self) -> int | None:
        """Stop looking; return how many tasks of the killed worker were writing."""
        self._is_over.set()
        self.join()
        return self.tasks


def _parts_written(worker: int, folder: Path) -> list[str]:
    """Return the files under `folder` that the executors of a worker hold open."""
    held: list[str] = []
    try:
        for executor in psutil.Process(worker).children(recursive=True):
            held += [file.path for file in executor.open_files()]
    except psutil.NoSuchProcess:
        # Ended while it was looked at.
        pass
    return [path for path in held if Path(path).is_relative_to(folder.resolve())]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print seconds and checksums of DuckDB, of the cluster, and of the cluster that loses a worker."""
    asked = _parser().parse_args(arguments)
    if find_spec("pyspark") is None or not shutil.which("java"):
        print("pyspark or Java is not installed: make spark, and Java 17 or later", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="wuli-cluster-", dir=asked.folder) as folder:
        place = Path(folder)
        print(f"{asked.enterprises:,} enterprises and {asked.patents:,} patents")
        inputs.prepare(place, enterprises=asked.enterprises, patents=asked.patents)
        stages = ["clean"] if asked.clean else []
        sums = {"DuckDB": _made(place, "duckdb", "DuckDB", stages)}
        whole = [] if asked.killed else [("two workers", False)]
        for name, is_killed in [*whole, ("one of two workers killed", True)]:
            with running(place / f"cluster-{is_killed}") as cluster:
                sums[name] = _made(place, "spark", name, stages, cluster, is_killed=is_killed)
    wrong = [name for name, of in sums.items() if of != sums["DuckDB"]]
    count = sum(len(of) for of in sums["DuckDB"].values())
    print(f"checksums differ: {', '.join(wrong)}" if wrong else f"all {count} checksums and counts agree")
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark_cluster", description=__doc__)
    parser.add_argument("--enterprises", type=int, default=1_000_000, metavar="N", help="(default 1,000,000)")
    parser.add_argument("--patents", type=int, default=1_000_000, metavar="N", help="(default 1,000,000)")
    parser.add_argument("--clean", action="store_true", help="the clean tables alone")
    parser.add_argument("--killed", action="store_true", help="with a worker killed alone, not also with both whole")
    parser.add_argument("--folder", type=Path, help="where to work (default: temporary)")
    return parser


def _made(
    place: Path, backend: str, name: str, stages: list[str], cluster: Cluster | None = None, *, is_killed: bool = False
) -> dict[str, list]:
    folder = place / "run"
    folder.mkdir()
    (folder / "ingested").symlink_to(place / "ingested", target_is_directory=True)
    killer = Killer(cluster, folder / "clean") if cluster and is_killed else None
    if killer:
        killer.start()
    before = dict(os.environ)
    os.environ.update(environment(cluster) if cluster else {})
    try:
        start = time.perf_counter()
        _, told = process("benchmarks.scale.by_project", folder, backend, *stages)
        seconds = time.perf_counter() - start
    finally:
        os.environ.clear()
        os.environ.update(before)
        tasks = killer.end() if killer else None
    _, sums = process("benchmarks.scale.sums", folder)
    shutil.rmtree(folder)
    print(f"  {name:<28}{seconds:>8.1f} s", flush=True)
    if cluster:
        states = sorted(one["state"] for one in cluster.state()["workers"])
        under_way = f"; the one killed was writing {tasks} part(s)" if is_killed else ""
        print(f"    workers at the end: {', '.join(states)}{under_way}", flush=True)
        if is_killed and (tasks is None or "DEAD" not in states):
            raise RuntimeError("no worker was killed while tasks were under way: take more rows")
    return told["numbers"] | sums


def _free_port() -> int:
    with socket.socket() as held:
        held.bind((HERE, 0))
        return held.getsockname()[1]


def _await_workers(cluster: Cluster, wanted: int, started: list[subprocess.Popen], folder: Path) -> None:
    until = time.monotonic() + _WAIT
    while time.monotonic() < until:
        if any(one.poll() is not None for one in started):
            break
        try:
            if cluster.state()["aliveworkers"] >= wanted:
                return
        except (OSError, ValueError):
            # The master does not answer yet, or with a page that says so.
            pass
        time.sleep(0.2)
    logs = ", ".join(str(path.relative_to(folder)) for path in sorted(folder.glob("*/log")))
    raise RuntimeError(f"the cluster did not start: {wanted} workers were wanted; see {logs} in {folder.name}")


if __name__ == "__main__":
    sys.exit(main())
