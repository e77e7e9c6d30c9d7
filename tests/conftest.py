"""What several tests share: one small synthetic zone, prepared once for all of them in a folder of its own."""

import os
from pathlib import Path

import pytest

# As pages have it: sums in BLAS depend on its threads, and tests already run side by side.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

from helpers import params, paths

SMALL_ZONE = ("run=small", "data.firms=2000", "data.dirt=none")


def small_params(*overrides: str) -> params.RunParams:
    """Return the parameters of the small zone."""
    return params.load(paths.RUN_FILES / "zone.yml", [*SMALL_ZONE, *overrides])


@pytest.fixture(scope="session")
def prepared_output(tmp_path_factory) -> Path:
    """Return an output folder (`WULI_OUTPUT`) in which the run `small` is prepared; tests must not change it."""
    from helpers import study

    output = tmp_path_factory.mktemp("output")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WULI_OUTPUT", str(output))
        study.prepare(small_params())
    return output


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
    """Begin with the longest module: where processes share the tests by file, it must not be left for last."""
    items.sort(key=lambda item: item.path.name != "test_whole_way.py")
