"""Programs compared in turn: each in a process of its own, which does one piece of work whenever it is asked.

A program answers every line on its standard input, the name of a piece of work, with one line of JSON (`answer`, or
`serve.R` for R): seconds, processor seconds, peak memory while it worked, memory before, and the numbers found, which
the caller compares. What a program has to load stands before the first line and is not measured.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import NamedTuple

import numpy as np

from benchmarks.measure import ROOT, forget_peak, memory, peak

# One thread each, whichever way a library counts them.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
                            "RAYON_NUM_THREADS", "POLARS_MAX_THREADS", "R_DATATABLE_NUM_THREADS"), "1")  # fmt: skip
HERE = Path(__file__).resolve().parent


class Run(NamedTuple):
    """One piece of work: `seconds` and `cpu` seconds, `peak` and `before` in bytes, the `numbers` found."""

    seconds: float
    cpu: float
    peak: int
    before: int
    numbers: tuple[float, ...]


class Program:
    """A process that does work when asked; to be closed."""

    def __init__(self, name: str, command: Sequence[str | Path]) -> None:
        self.name = name
        self._process = subprocess.Popen([*map(str, command)], cwd=ROOT, env=os.environ | ONE_THREAD, text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip

    def do(self, work: str) -> Run:
        """Return what one piece of work took and found.

        Raises
        ------
        RuntimeError
            If the process ended; its own message has gone to standard error.
        """
        # One that has ended takes nothing; what it said last is read all the same.
        with suppress(BrokenPipeError):
            self._process.stdin.write(work + "\n")
            self._process.stdin.flush()
        # Libraries may print as well; an answer is the line that starts as one.
        for line in self._process.stdout:
            if line.startswith('{"seconds"'):
                told = json.loads(line)
                return Run(told["seconds"], told["cpu"], told["peak"], told["before"], tuple(told["numbers"]))
        raise RuntimeError(f"{self.name} ended at '{work}' with exit code {self._process.wait()}")

    def close(self) -> None:
        """Let the process end."""
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def answer(works: Mapping[str, Callable[[], Sequence[float]]]) -> None:
    """Do the work of every line on standard input, until there is none, and print what it took."""
    for line in sys.stdin:
        work = works[line.strip()]
        before = memory()
        forget_peak()
        start, cpu = time.perf_counter(), time.process_time()
        numbers = work()
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        found = {"seconds": seconds, "cpu": cpu, "peak": peak(), "before": before}
        print(json.dumps(found | {"numbers": [*map(float, numbers)]}), flush=True)


def python(module: str, side: str, *arguments: str | int | Path) -> Program:
    """Start `python -m MODULE --serve SIDE ARGUMENT...`."""
    return Program(side, [sys.executable, "-m", module, *map(str, arguments), "--serve", side])


def r(script: str, name: str, *arguments: str | int | Path) -> Program:
    """Start an R script of this folder."""
    return Program(name, ["Rscript", HERE / script, *arguments])


def missing_python(package: str) -> str | None:
    """Return why a Python program is left out, or None."""
    return None if find_spec(package) else f"{package} is not installed and is left out"


def missing_r(*packages: str) -> str | None:
    """Return why an R program is left out, or None."""
    named = " and ".join(packages) or "base R"
    there = which("Rscript") and subprocess.run(
        ["Rscript", "-e", "; ".join(f"library({one})" for one in packages) or "0"], check=False, capture_output=True
    ).returncode == 0  # fmt: skip
    return None if there else f"R with {named} is not installed and is left out (R_LIBS names a library)"


def versions(python_packages: Sequence[str] = (), r_packages: Sequence[str] = ()) -> str:
    """Return names and versions in one line, for what is installed."""
    found = [f"{name} {version(name)}" for name in python_packages if find_spec(name)]
    for name in r_packages:
        if missing_r(name) is None:
            said = subprocess.run(["Rscript", "-e", f"cat(as.character(packageVersion('{name}')))"], check=True,
                                  capture_output=True, text=True)  # fmt: skip
            found.append(f"{name} {said.stdout}")
    return ", ".join(found)


def in_turn(programs: Sequence[Program], work: str, repeats: int) -> dict[str, list[Run]]:
    """Let every program do the same work `repeats` times, one after the other, and each time once unmeasured before.

    While the others work, memory of one that waits goes out of reach of the processor, or of the machine.
    """
    runs: dict[str, list[Run]] = {program.name: [] for program in programs}
    for _ in range(repeats):
        for program in programs:
            program.do(work)
            runs[program.name].append(program.do(work))
    return runs


def told(title: str, runs: Mapping[str, Sequence[Run]], *, tolerance: float, what: str = "coefficients") -> bool:
    """Print medians of each program and of the ratios turn by turn; return whether all found the same numbers."""
    ours, is_same = next(iter(runs)), True
    print(title)
    base = runs[ours]
    for name, found in runs.items():
        away = difference(base[0].numbers, found[0].numbers)
        is_same &= away <= tolerance
        seconds, cpu = (statistics.median(getattr(run, part) for run in found) for part in ("seconds", "cpu"))
        clock, work = (statistics.median(getattr(mine, part) / getattr(its, part)
                                         for mine, its in zip(base, found, strict=True))
                       for part in ("seconds", "cpu"))  # fmt: skip
        top, own = max(run.peak for run in found), max(run.peak - run.before for run in found)
        print(f"  {name:<14}{seconds:>9.3f} s{cpu:>9.3f} CPU s{top / 2**20:>8,.0f} MiB, of it{own / 2**20:>7,.0f} for "
              f"the work   {ours} / it {clock:>7.2g}{work:>7.2g}   {what} differ by {away:.0e}"
              f"{'' if away <= tolerance else ': WRONG'}", flush=True)  # fmt: skip
    return is_same


def difference(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the largest difference of two lists of numbers, as a share of the largest of ours.

    Where one gives fewer, as a program whose standard errors follow another rule, only those are compared.
    """
    count = min(len(ours), len(theirs))
    ours, theirs = np.asarray(ours[:count]), np.asarray(theirs[:count])
    if not count or not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        return float("inf")
    return float(np.abs(ours - theirs).max() / np.abs(ours).max())
