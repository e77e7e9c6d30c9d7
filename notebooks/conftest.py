"""For nbval: the notebooks run on data prepared for them alone, and one whose data are not there is skipped."""

import ast
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import nbformat
import pytest

from helpers import params, paths
from helpers.errors import WuliError


def pytest_configure(config):
    """Make the folder in which everything generated goes; processes that share the notebooks find it already made.

    The first notebook of a run prepares its data for all of them.
    """
    if _OUTPUT not in os.environ:
        os.environ[_OUTPUT] = config.stash[_MADE] = tempfile.mkdtemp(prefix="wuli-nbval-")
    # As pages have it: sums in BLAS depend on its threads.
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def pytest_unconfigure(config):
    """Take the folder away, if it was made here."""
    if _MADE in config.stash:
        shutil.rmtree(config.stash[_MADE], ignore_errors=True)
        del os.environ[_OUTPUT]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Run notebooks, whose kernels inherit the environment, on data of that folder, and other tests as they are.

    Data prepared before may be of another seed or size.
    """
    with pytest.MonkeyPatch.context() as patch:
        if item.path.suffix == ".ipynb":
            patch.setenv("WULI_OUTPUT", os.environ[_OUTPUT])
        return (yield)


def pytest_collection_modifyitems(items):
    """Skip the cells of a notebook whose run cannot be read here, with the reason that the run itself gives."""
    for item in items:
        if item.path.suffix == ".ipynb" and (reason := _missing(item.path)):
            item.add_marker(pytest.mark.skip(reason=reason))


_OUTPUT = "WULI_NBVAL_OUTPUT"
_MADE = pytest.StashKey[str]()


@cache
def _missing(notebook: Path) -> str:
    """Return why the data of a notebook's default run are not there; empty if they are."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        if "parameters" in cell.metadata.get("tags", []):
            declared = {node.target.id: node.value for node in ast.parse(cell.source).body}
            try:
                params.load(paths.RUN_FILES / f"{ast.literal_eval(declared['run'])}.yml")
            except WuliError as error:
                return str(error)
    return ""
