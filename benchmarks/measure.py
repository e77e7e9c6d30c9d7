"""A process run to its end, or a stage within one: seconds, processor seconds, peak memory."""

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
# Linux counts in kilobytes, macOS in bytes.
_UNIT = 1 if sys.platform == "darwin" else 1024


class Cost(NamedTuple):
    """What a process or stage took: `seconds` by the clock, `cpu` seconds of all cores together, `peak` bytes."""

    seconds: float
    cpu: float
    peak: int


def process(*module_and_arguments: str | int | Path, sampled: bool = False) -> tuple[Cost, dict]:
    """Run `python -m MODULE ARGUMENT...`, its start and imports included; return its cost and the JSON that it prints.

    Parameters
    ----------
    module_and_arguments : str, int or Path
    sampled : bool, default False
        Count the process and all that it starts, looked at ten times a second: for those that leave the work to a
        process which the system does not count among their own. A shorter peak is missed.

    Raises
    ------
    RuntimeError
        If it fails; its own message has gone to standard error.
    """
    command = [sys.executable, "-m", *map(str, module_and_arguments)]
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
        watch = _Watch(child.pid) if sampled else None
        printed = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {child.returncode}")
    result = json.loads(printed)
    if watch:
        return Cost(seconds, *watch.end()), result
    # A process that measures its stages forgets its peak between them.
    peaks = [Cost(*stage).peak for stage in result.get("stages", {}).values()]
    return Cost(seconds, used.ru_utime + used.ru_stime, max([used.ru_maxrss * _UNIT, *peaks])), result


class _Watch:
    """Processor seconds and peak memory of a process and its descendants, looked at again and again."""

    def __init__(self, pid: int) -> None:
        import psutil

        self._root, self._gone = psutil.Process(pid), psutil.Error
        self._cpu: dict[int, float] = {}
        self._peak = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> tuple[float, int]:
        """Stop looking; return the processor seconds and the peak."""
        self._is_over.set()
        self._thread.join()
        return sum(self._cpu.values()), self._peak

    def _look(self) -> None:
        while not self._is_over.wait(0.1):
            held = 0
            try:
                family = [self._root, *self._root.children(recursive=True)]
            except self._gone:
                return
            for one in family:
                try:
                    times, memory = one.cpu_times(), one.memory_info().rss
                except self._gone:
                    continue
                self._cpu[one.pid] = times.user + times.system
                held += memory
            self._peak = max(self._peak, held)


class Stages:
    """The stages of this process, each with its own peak where the system can tell (Linux), else the peak so far."""

    def __init__(self) -> None:
        self.costs: dict[str, Cost] = {}

    def __call__(self, name: str, work: Callable[[], object]) -> object:
        """Do `work` as the stage `name` and return what it returns."""
        forget_peak()
        start, cpu = time.perf_counter(), time.process_time()
        result = work()
        self.costs[name] = Cost(time.perf_counter() - start, time.process_time() - cpu, peak())
        return result


def forget_peak() -> None:
    """Let `peak` count from now on, where the system can (Linux)."""
    control = Path("/proc/self/clear_refs")
    if control.exists():
        control.write_text("5")


def peak() -> int:
    """Return the largest memory of this process since `forget_peak`, in bytes; elsewhere since its start."""
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def memory() -> int:
    """Return the memory of this process now, in bytes; 0 where the system does not tell."""
    return _status("VmRSS")


def _status(key: str) -> int:
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith(f"{key}:"))
    return int(line.split()[1]) * 1024
