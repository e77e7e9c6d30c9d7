"""One notebook and its full parameter set in, the executed notebook out; what it is worth is for `gate` to say."""

import ast
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from traitlets import Unicode
from traitlets.config import Config

from helpers import paths
from helpers.errors import PageError
from helpers.inputs import PREPARED
from helpers.report import twins
from helpers.report.gate import scrub

# 1 January 2020: some writers stamp files with the time of day unless they are told another.
_EPOCH = "1577836800"
_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "SOURCE_DATE_EPOCH": _EPOCH,
    # Sums in BLAS depend on the number of threads, and pages already run side by side.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
_PARAMETERS_TAG = "parameters"


class _Kernel(AsyncKernelManager):
    """Starts a kernel whose process says what it has to say, of an interrupt or a crash, in the page's log."""

    log_file = Unicode().tag(config=True)

    async def start_kernel(self, **options: Any) -> None:
        with Path(self.log_file).open("ab") as stream:
            await super().start_kernel(**options, stdout=stream, stderr=stream)


def execute(
    notebook: Path, parameters: Mapping[str, Any], *, log: Path, prepared: str = "", time_limit: float = 3600.0
) -> NotebookNode:
    """Run `notebook` from its first cell in a fresh kernel, in its own folder, and its words in the other language.

    Parameters
    ----------
    notebook : Path
        The notebook; it is not changed.
    parameters : mapping
        The full resolved set, exactly the names that the notebook's `parameters` cell declares.
    log : Path
        File for papermill's log; the executed notebook is left beside it with the suffix `.ipynb`.
    prepared : str
        Digest of what the run's data were prepared from (`inputs.digest`): the notebook opens these or none.
    time_limit : float
        Seconds for all cells together.

    Returns
    -------
    NotebookNode
        As executed, with papermill's metadata and the twins of its cells (`twins.doubled`): pass it to `gate.check` and
        then to `normalise`.

    Raises
    ------
    PageError
        If the notebook cannot be read, declares other parameters, stops at an error, exceeds the time limit or loses
        its kernel.
    """
    name = paths.relative(notebook)
    fresh = _read(notebook)
    _require_parameters(fresh, parameters, name)
    if "lang" in parameters:
        fresh = twins.doubled(fresh, parameters["lang"], name=name)
    # What a failed cell printed may hold what no page may: the evidence is for its owner alone.
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    executed = log.with_suffix(".ipynb")
    for evidence in (log, executed):
        evidence.touch(mode=0o600)
    deadline = time.monotonic() + time_limit
    try:
        with _logged(log), _environment(_ENVIRONMENT | {PREPARED: prepared}), _kernel_config(log) as config:
            papermill.execute_notebook(
                fresh,
                executed,
                parameters=dict(parameters),
                progress_bar=False,
                log_output=True,
                autosave_cell_every=0,
                cwd=notebook.parent,
                config=config,
                kernel_manager_class=_Kernel,
                timeout_func=lambda cell: max(1.0, deadline - time.monotonic()),
            )
    except PapermillExecutionError as error:
        place = twins.place(nbformat.read(executed, as_version=4), error.cell_index)
        raise PageError(f"{name}, {place}: {error.ename}: {error.evalue}") from None
    except CellTimeoutError:
        raise PageError(f"{name}: not done after the time limit of {time_limit:g} s; see --time-limit") from None
    except DeadKernelError:
        raise PageError(f"{name}: its kernel died or was killed, perhaps for want of memory") from None
    except OSError:
        raise
    except Exception as error:
        raise PageError(f"{name}: could not be executed: {type(error).__name__}: {error}") from None
    finally:
        _scrub(log)
        _scrub(executed)
    return nbformat.read(executed, as_version=4)


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Return a copy without anything that differs between two runs on the same inputs: ids, times, paths.

    Its cells are those of the notebook again: what twins gave is in their metadata (`twins.outputs_by_language`).
    """
    notebook = twins.folded(notebook)
    kept = {"kernelspec", "language_info", "wuli"} & set(notebook.metadata)
    notebook.metadata = nbformat.from_dict({name: notebook.metadata[name] for name in sorted(kept)})
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:03d}"
        for name in ("papermill", "execution", "collapsed", "scrolled"):
            cell.metadata.pop(name, None)
    return notebook


def declared_parameters(notebook: NotebookNode) -> set[str]:
    """Return the names assigned in the cell tagged `parameters`."""
    return {
        target.id
        for cell in notebook.cells
        if cell.cell_type == "code" and _PARAMETERS_TAG in cell.metadata.get("tags", [])
        for statement in ast.parse(cell.source).body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(target, ast.Name)
    }


def _read(path: Path) -> NotebookNode:
    try:
        notebook = nbformat.read(path, as_version=4)
    except OSError as error:
        raise PageError(f"notebook '{paths.relative(path)}': {error.strerror}") from None
    except Exception as error:
        raise PageError(f"notebook '{paths.relative(path)}' is not a notebook: {type(error).__name__}") from None
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cell.metadata.pop("execution", None)
    return notebook


def _require_parameters(notebook: NotebookNode, parameters: Mapping[str, Any], name: str) -> None:
    try:
        declared = declared_parameters(notebook)
    except SyntaxError as error:
        raise PageError(f"{name}: its cell tagged 'parameters' is not Python: {error}") from None
    unknown, missing = sorted(set(parameters) - declared), sorted(declared - set(parameters))
    if unknown:
        raise PageError(f"{name}: its cell tagged 'parameters' does not declare {', '.join(unknown)}")
    if missing:
        raise PageError(f"{name}: its parameter model does not know {', '.join(missing)} (helpers.params.pages)")


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Give the kernel, which inherits it, an environment in which the same inputs give the same bytes."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _kernel_config(log: Path) -> Iterator[Config]:
    """Connect over sockets in a folder of this kernel alone: TCP ports are raced for, the default folder collides."""
    folder = Path(tempfile.mkdtemp(prefix="wuli-"))
    settings = {"log_file": str(log)}
    try:
        # A socket's path must stay below 104 bytes, so a deep TMPDIR falls back to TCP.
        if len(os.fsencode(folder)) <= 90:
            settings |= {"transport": "ipc", "ip": str(folder / "k"), "connection_file": str(folder / "k.json")}
        yield Config(KernelManager=settings)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    logger = logging.getLogger("papermill")
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
        handler.close()


def _scrub(path: Path) -> None:
    """Take the machine's own paths out of a file that is published beside the pages."""
    if path.is_file():
        path.write_text(scrub(path.read_text(encoding="utf-8")), encoding="utf-8")
