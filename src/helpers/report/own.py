"""A notebook of somebody's own in, one page with template, checks and foot of a run's pages out.

It is published as a run by itself, under a name of its own, on data that a run has prepared; its banner says that it is
exploratory. What is declared stays with the run.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from pydantic import ValidationError

from helpers import paths, study
from helpers.errors import UsageError
from helpers.params import PAGES, RunParams
from helpers.params.explain import explain
from helpers.params.own import declared, given
from helpers.report.progress import Bar
from helpers.report.run import TIME_LIMIT, Published, run
from helpers.text import Lang, say


@dataclass(frozen=True)
class _Exploratory(study.Study):
    """A prepared run whose page lies outside the declared plan and says so."""

    def banner(self, lang: Lang) -> str:
        return super().banner(lang) + say("own.banner", lang)


def publish(
    notebook: Path,
    overrides: Sequence[str] = (),
    *,
    name: str = "",
    time_limit: float = TIME_LIMIT,
    bar: Bar | None = None,
) -> Published:
    """Execute, check and publish one notebook under `reports/<name>/`.

    Parameters
    ----------
    notebook : Path
        Any notebook with a cell tagged `parameters` (`params.own.declared`) and one tagged `results`.
    overrides : sequence of str
        `name=value` of parameters that the notebook declares; `run` names the run whose data it opens.
    name : str
        Of the publication; by default the run's and the notebook's with a hyphen between.
    time_limit : float
        Seconds for all cells.
    bar : Bar, optional
        Shows how far it is.

    Returns
    -------
    Published
        With one page; one that failed says why in its place.

    Raises
    ------
    UsageError
        If the notebook cannot be read, its parameters are not declared or not met, it is of another study, or the name
        is that of a run.
    WuliError
        As `report.run.run`.
    """
    where = paths.relative(notebook)
    if notebook.stem in PAGES:
        raise UsageError(f"{where} is a page of the runs: make it with `wuli run … --only {notebook.stem}`")
    read = _read(notebook, where)
    model = declared(_parameters(read, where), where=where)
    # The run decides on language and minimum where nothing else is said, and which run is known only then.
    opened = study.open_run(given(model, overrides, where=where)["run"])
    lang, minimum = opened.params.lang, opened.params.min_cell
    values = given(model, overrides, where=where, lang=lang, min_cell=minimum)
    if values["min_cell"] < minimum:
        raise UsageError(f"{where}: min_cell {values['min_cell']} is below {minimum}, the minimum of the run's data")
    _require_study(read, opened.params, where)
    params = _named(opened.params, name or _name(values["run"], notebook), values["lang"])
    return run(
        params,
        lambda asked, tell: _Exploratory(opened.params, opened.folder),
        time_limit=time_limit,
        bar=bar,
        own={notebook: values},
    )


def _read(path: Path, where: str) -> NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except OSError as trouble:
        raise UsageError(f"notebook '{where}': {trouble.strerror}") from None
    except Exception as trouble:
        raise UsageError(f"'{where}' is not a notebook: {type(trouble).__name__}") from None


def _parameters(notebook: NotebookNode, where: str) -> str:
    found = [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", [])
    ]
    if len(found) != 1:
        raise UsageError(
            f"{where}: {len(found)} code cells are tagged 'parameters', expected one; copy that of notebooks/tour.ipynb"
        )
    return found[0]


def _require_study(notebook: NotebookNode, params: RunParams, where: str) -> None:
    studies = notebook.metadata.get("wuli", {}).get("studies") or [params.study]
    if params.study not in studies:
        raise UsageError(f"{where} is for study {', '.join(studies)}; run '{params.run}' is of study '{params.study}'")


def _name(run_name: str, notebook: Path) -> str:
    return f"{run_name}-{re.sub(r'[^a-z0-9_-]+', '-', notebook.stem.lower()).strip('-')}"


def _named(params: RunParams, name: str, lang: Lang) -> RunParams:
    """Return the run's parameters under the name of the publication."""
    taken = {path.stem for path in paths.run_files()}
    if name in taken or paths.derived(name).exists():
        raise UsageError(f"'{name}' is the name of a run, whose pages it would replace: take another with --name")
    said: dict[str, Any] = {"run": name, "lang": lang}
    said |= {f"title_{lang}": say("own.title", lang, title=params.title(lang)) for lang in ("zh", "en")}
    try:
        return RunParams.model_validate({**dict(params), **said})
    except ValidationError as error:
        raise UsageError(f"name '{name}': {'; '.join(explain(error, RunParams))}: take another with --name") from None
