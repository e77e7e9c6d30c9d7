"""A run's data, prepared once and opened by every notebook: run parameters in, a `Study` out.

`prepare` makes the data of a run (`helpers.stages`) in a staging folder and puts it in place in one rename; the same
parameters, inputs and code find it ready. `open_run` is what a notebook calls.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from helpers import codebook, ingest, paths, restricted, stages
from helpers.cells import read_back
from helpers.errors import InputError
from helpers.index import scores
from helpers.ingest import people
from helpers.inputs import PREPARED, STATE_FILE, digest, fingerprint
from helpers.panel import EXPOSURES
from helpers.params import RunParams, load
from helpers.plan import sample
from helpers.text import Lang, say


@dataclass(frozen=True)
class Study:
    """The prepared data of one run; tables are read when asked for."""

    params: RunParams
    folder: Path

    @property
    def is_synthetic(self) -> bool:
        """Whether the data were generated."""
        return self.params.data.kind == "synthetic"

    @cached_property
    def state(self) -> dict:
        """Return what was prepared: parameters, input hashes, seconds of each stage."""
        return json.loads((self.folder / STATE_FILE).read_text(encoding="utf-8"))

    def table_names(self) -> tuple[str, ...]:
        """Return the names of the tables that the run holds, in the codebook's order."""
        book = codebook.load().tables
        return tuple(name for name in book if self._path(name) is not None)

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of `names` that the run does not hold."""
        held = set(self.table_names())
        return tuple(name for name in names if name not in held)

    def _path(self, name: str) -> Path | None:
        for layer in ("clean", "ingested", "restricted"):
            path = self.folder / layer / f"{name}.parquet"
            if path.exists():
                return path
        return None

    def table(self, name: str) -> pd.DataFrame:
        """Return a clean table.

        Raises
        ------
        InputError
            If the run does not hold it, or if its rows are about persons (see `restricted`).
        """
        if codebook.load()[name].is_restricted:
            raise InputError(
                f"table '{name}' is about persons: only `restricted` may read it, and only counts may leave"
            )
        path = self._path(name)
        if path is None:
            held = ", ".join(self.table_names())
            raise InputError(
                f"run '{self.params.run}' holds no table '{name}'; it holds {held}: supply its file and run again"
            )
        return pd.read_parquet(path)

    def restricted(self, name: str) -> pd.DataFrame:
        """Return a table of the restricted layer, for looking at it; what is handed on are counts and estimates only.

        Parameters
        ----------
        name : str
            Of a table whose rows are about persons, or that has columns about persons.

        Warns
        -----
        RestrictedWarning
            Once a table and kernel, where code outside of this package asks.

        Raises
        ------
        InputError
            If the run does not hold it, or if code outside of this package asks for it while a page is made.
        """
        restricted.tell(self.params, name)
        path = self.folder / "restricted" / f"{name}.parquet"
        if not path.exists():
            raise InputError(f"run '{self.params.run}' holds no restricted table '{name}'")
        return pd.read_parquet(path)

    def all_tables(self) -> dict[str, pd.DataFrame]:
        """Return every table in full, persons and restricted columns included, for functions that return aggregates.

        Warns and refuses as `restricted`, once for each table of persons.
        """
        restricted.tell(self.params, *(name for name in self.table_names() if codebook.load()[name].is_restricted))
        return stages.full_tables(self.folder, codebook.load())

    def panel(self) -> pd.DataFrame:
        """Return the firm-year panel (open columns).

        Raises
        ------
        InputError
            If the register holds no firm to follow.
        """
        reason = self.folder / stages.NO_PANEL
        if reason.exists():
            raise InputError(reason.read_text(encoding="utf-8"))
        return pd.read_parquet(self.folder / "panel.parquet")

    def columns(self) -> dict[str, bool]:
        """Return the columns that a page may name and whether each holds numbers; none where there is no panel.

        Those from persons are among them where no table of persons was delivered: their page then says so. So are those
        that the plan makes of them (`plan.sample.with_derived`) and, for the zone, the scores of the forces.
        """
        path = self.folder / "panel.parquet"
        if not path.exists():
            return {}
        held = {field.name: _is_number(field.type) for field in pq.read_schema(path)}
        if self.params.study == "zone":
            held |= dict.fromkeys((*EXPOSURES, *scores.COLUMNS.values()), True)
        return held | {name: name not in sample.WORDS for name in sample.derivable(held)}

    @property
    def _exposures(self) -> Path:
        return self.folder / "restricted" / "exposures.parquet"

    def panel_with_exposures(self) -> pd.DataFrame:
        """Return the panel with person-derived exposures; only estimates and suppressed counts may leave it.

        Warns and refuses as `restricted`; pages estimate from `tables.analysis_panel`, which has these columns too.
        """
        restricted.tell(self.params, restricted.EXPOSED)
        if not self._exposures.exists():
            return self.panel()
        exposures = pd.read_parquet(self._exposures)
        return self.panel().merge(exposures, on=["uscc", "year"], how="left", validate="one_to_one")

    def force_scores(self) -> pd.DataFrame:
        """Return `index.scores.force_scores` of the panel's years at the run's minimum; only estimates may leave it."""
        restricted.tell(self.params, restricted.SCORES)
        held = stages.scores_file(self.folder, self.params.min_cell)
        if held.exists():
            return pd.read_parquet(held)
        # Data prepared for another minimum are opened too.
        days = scores.days_of(self.panel())
        return scores.force_scores(self.all_tables(), days=days, minimum=self.params.min_cell)

    def record(self, name: str) -> pd.DataFrame:
        """Return a record as text: `joins`, `problems`, `sources`, `steps`, `linkage`; `restricted/…` warns."""
        if name.startswith("restricted/"):
            restricted.tell(self.params, name)
        return read_back(self.folder / f"{name}.csv")

    def counts_shown(self, minimum: int | None = None) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return `counts` and their sums fit to be shown (`ingest.ledger.shown`), by default at the run's minimum."""
        counts = self.record("restricted/counts").astype(dict.fromkeys(ingest.COUNTS[1:], "int64"))
        return ingest.shown(counts, _of_persons(counts), minimum=minimum or self.params.min_cell)

    def sources_shown(self) -> pd.DataFrame:
        """Return `sources` fit to be shown (`ingest.ledger.shown_sources`) at the run's minimum."""
        counts, _ = self.counts_shown()
        sources = self.record("restricted/sources").astype({"rows": "int64"})
        return ingest.shown_sources(sources, counts, _of_persons(counts), minimum=self.params.min_cell)

    def truth(self, name: str) -> Path:
        """Return the path of a file of the synthetic run's truth (`truth.json`, `faults.csv`, `figures.csv`)."""
        return self.folder / "truth" / name

    def second_source(self) -> pd.DataFrame | None:
        """Return the listed-firms table of the second source, if the run names one."""
        path = self.folder / "second" / "ingested" / "listed_firm_years.parquet"
        return pd.read_parquet(path) if path.exists() else None

    def second_sources(self) -> list[pd.DataFrame]:
        """Return the record of the sources of a second reading, if the run has one."""
        path = self.folder / "second" / "sources.csv"
        return [read_back(path)] if path.exists() else []

    def banner(self, lang: Lang) -> str:
        """Return the sentence every page opens with: what kind of data this is."""
        if self.is_synthetic:
            return say("common.synthetic_banner", lang)
        return say("common.listed_banner" if self.params.study == "listed" else "common.real_banner", lang)


def _of_persons(counts: pd.DataFrame) -> pd.Series:
    book = codebook.load().tables
    return counts["table"].map(lambda name: name in book and book[name].is_restricted).astype(bool)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)


def open_run(run: str) -> Study:
    """Open a run by name; what was prepared from other inputs or by other code is prepared anew.

    Where the files of a run are no longer there, what was prepared from them is opened as it stands. In a notebook that
    `wuli run` executes, only the data that this very run prepared are opened.

    Parameters
    ----------
    run : str
        Name of a prepared run, or of a run file in notebooks/params.

    Returns
    -------
    Study
        Its tables (`table`), panel and records, read when asked for.

    Raises
    ------
    InputError
        If nothing is prepared under that name and no run file bears it; if its record is damaged; or if another process
        has prepared the run from other inputs in the meantime.
    """
    folder = paths.derived(run)
    if prepared := os.environ.get(PREPARED):
        study = _opened(folder)
        if study is None or digest(study.state["inputs"]) != prepared:
            raise InputError(
                f"the data of run '{run}' were replaced while its pages were made, by another command or a notebook in "
                "JupyterLab: run again, one at a time"
            )
        return study
    if study := _opened(folder):
        return study if _is_current(study.params, folder) else prepare(study.params)
    run_file = paths.RUN_FILES / f"{run}.yml"
    if not run_file.exists():
        known = ", ".join(path.stem for path in paths.run_files())
        raise InputError(
            f"nothing is prepared for run '{run}' and notebooks/params has no {run}.yml; run files: {known}"
        )
    return prepare(load(run_file, []))


def _opened(folder: Path) -> Study | None:
    """Return the run that is prepared in a folder, None if there is none."""
    if not (folder / STATE_FILE).exists():
        return None
    state = _state(folder)
    try:
        return Study(RunParams.model_validate_json(json.dumps(state["parameters"])), folder)
    except (KeyError, ValidationError) as error:
        raise InputError(
            f"{paths.relative(folder / STATE_FILE)}: damaged, or of another version of this project "
            f"({type(error).__name__}): prepare the run anew with `wuli run`, or delete its folder"
        ) from error


def _state(folder: Path) -> dict[str, Any]:
    """Return the record of prepared data; nothing where there is none or it is damaged."""
    try:
        state = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def prepare(params: RunParams, progress: stages.Tell | None = None) -> Study:
    """Make the data of a run, or find them ready.

    Parameters
    ----------
    params : RunParams
        The resolved parameters of the run.
    progress : callable, optional
        Called with the name of each stage as it starts.

    Raises
    ------
    InputError
        With every problem of the inputs; what was prepared before stays as it is.
    """
    folder = paths.derived(params.run)
    try:
        wanted = fingerprint(params)
        if not _is_ready(folder, wanted, params):
            with _held(folder):
                _make(params, folder, wanted, progress or (lambda stage: None))
    except OSError as trouble:
        where = paths.relative(Path(trouble.filename)) if trouble.filename else paths.relative(folder)
        raise InputError(
            f"cannot read or write {where}: {trouble.strerror}; free space or mend the permission, then run again "
            "(what was prepared before is untouched)"
        ) from trouble
    return Study(params, folder)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the run's data alone: a second process waits here, and then finds them ready."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("a") as handle:
        # The system lets go of it when the process ends, however it ends.
        fcntl.flock(handle, fcntl.LOCK_EX)
        _mend(folder)
        try:
            yield
        finally:
            _mend(folder)


def _mend(folder: Path) -> None:
    """Take away what a failed or killed preparation left; if it was stopped between two renames, undo the first."""
    if _old(folder).exists() and not folder.exists():
        _old(folder).rename(folder)
    for leftover in (_old(folder), _staging(folder)):
        shutil.rmtree(leftover, ignore_errors=True)


def _make(params: RunParams, folder: Path, wanted: dict[str, str], tell: stages.Tell) -> None:
    if _is_ready(folder, wanted):
        _remember(folder, params)
        return
    staging = _staging(folder)
    staging.mkdir()
    seconds = stages.make(params, staging, tell)
    _write_state(staging, params, wanted, seconds)
    if folder.exists():
        folder.rename(_old(folder))
    staging.rename(folder)


# Names of runs have no dot, so these are no other run's.
def _staging(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.staging")


def _old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _is_current(params: RunParams, folder: Path) -> bool:
    if params.data.kind == "files" and not params.data.folder_path.is_dir():
        return True
    return _is_ready(folder, fingerprint(params))


def _is_ready(folder: Path, wanted: dict[str, str], params: RunParams | None = None) -> bool:
    """Return whether the data were made from `wanted` and, if `params` are given, remember just these."""
    state = _state(folder)
    is_same = state.get("inputs") == wanted and _is_under_this_key(folder)
    return is_same and (params is None or state.get("parameters") == _plain(params))


def _is_under_this_key(folder: Path) -> bool:
    """Return False if person ids were hashed under another key than the one that is set now."""
    mark, key = folder / stages.KEY_MARK, people.key_from_environment()
    return key is None or not mark.exists() or mark.read_text(encoding="ascii") == people.mark(key)


def _remember(folder: Path, params: RunParams) -> None:
    """Store parameters that change pages but not data (language, titles), so that notebooks see them."""
    _write_json(folder / STATE_FILE, {**_state(folder), "parameters": _plain(params)})


def _write_state(staging: Path, params: RunParams, inputs: dict[str, str], seconds: dict[str, float]) -> None:
    _write_json(staging / STATE_FILE, {"parameters": _plain(params), "inputs": inputs, "seconds": seconds})


def _plain(params: RunParams) -> dict:
    return json.loads(params.model_dump_json())


def _write_json(path: Path, state: dict) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(state, stream, ensure_ascii=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
