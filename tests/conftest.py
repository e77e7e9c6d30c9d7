"""What several tests share: one small synthetic zone, prepared once for all of them in a folder of its own."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# As pages have it: sums in BLAS depend on its threads, and tests already run side by side.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

from small_zone import small_params, small_run_file

from helpers import paths

# Spark's processes live for seconds, in which the optimising compiler takes more time than its code then saves.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")

# By what they take of the processors, the longest first; the last prepares the data of all notebooks.
LONGEST = ("test_whole_way.py", "test_engines.py", "test_spark_cluster.py", "10_data_quality.ipynb")
# It looks at pages that the first of these makes, and would only wait for them.
LAST = "test_browser_pages.py"


@pytest.fixture(scope="session")
def prepared_output(tmp_path_factory) -> Path:
    """Return an output folder (`WULI_OUTPUT`) in which the run `small` is prepared; tests must not change it.

    Processes that share the tests share it: one prepares, and the others wait for it and find it ready.
    """
    from helpers import study

    output = _shared(tmp_path_factory) / "output"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WULI_OUTPUT", str(output))
        study.prepare(small_params())
    return output


@pytest.fixture(scope="session")
def run_file(tmp_path_factory) -> Path:
    """Return a run file as a person would write it: the zone's, with another name, smaller and clean."""
    path = tmp_path_factory.mktemp("runs") / "small.yml"
    path.write_text(small_run_file(), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def whole_run(run_file, tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Make every page of the small zone as an office would send it; return the output folder and what the command said.

    As with `prepared_output`, one process makes them and the others find them.
    """
    shared = _shared(tmp_path_factory)
    output, said = shared / "whole", shared / "whole.json"
    with (shared / "whole.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            made = subprocess.run(
                [Path(sys.executable).parent / "wuli", "run", run_file, "-p", "data.dirt=typical"],
                env={**os.environ, "WULI_OUTPUT": str(output)},
                cwd=run_file.parent, capture_output=True, text=True, timeout=600,
            )  # fmt: skip
            said.write_text(json.dumps([made.returncode, made.stdout, made.stderr]), encoding="utf-8")
    code, out, err = json.loads(said.read_text(encoding="utf-8"))
    return output, subprocess.CompletedProcess([], code, out, err)


def _shared(tmp_path_factory) -> Path:
    """Return the folder that all processes of one session of tests have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="module")
def con():
    """Return an engine of the test module's own."""
    from helpers import engine

    with engine.session() as connection:
        yield connection


@pytest.fixture(scope="session")
def small_zone(prepared_output):
    """Return the small zone as a notebook opens it."""
    from helpers.study import Study

    return Study(small_params(), prepared_output / "data" / "derived" / "small")


@pytest.fixture(scope="session")
def listed_folder() -> Path:
    """Return the folder of the listed firms' workbooks: beside the project, for want of a licence to be in it."""
    folder = paths.ROOT.parent / "shared" / "data" / "china_listed_firms"
    if not folder.is_dir():
        pytest.skip("the listed firms' workbooks are not in ../shared/data/china_listed_firms")
    return folder


def pytest_collection_modifyitems(items):
    """Begin with the longest files, then notebooks: where processes share files, a long one must not be left for last."""
    places = {name: place for place, name in enumerate(LONGEST)} | {LAST: len(LONGEST) + 1}
    items.sort(key=lambda item: (places.get(item.path.name, len(LONGEST)), item.path.suffix != ".ipynb"))
