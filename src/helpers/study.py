"""A run's data, prepared once and opened by every notebook: run parameters in, a `Study` out.

`prepare` makes the data of a run (synthetic files where asked for, reading, cleaning, panel) in a staging folder and
puts it in place in one rename; the same parameters, inputs and code find it ready. `open_run` is what a notebook calls.
"""

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helpers import clean, codebook, engine, ingest, listed, panel, paths, simulate
from helpers.codebook import Codebook
from helpers.errors import InputError
from helpers.ingest.people import key_from_environment
from helpers.inputs import data_folder, fingerprint
from helpers.link import codes
from helpers.params import RunParams, load
from helpers.text import Lang, say

Progress = Callable[[str], None]
STATE_FILE = "run.json"


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
        """Return a table of the restricted layer; callers hand on counts and estimates only."""
        path = self.folder / "restricted" / f"{name}.parquet"
        if not path.exists():
            raise InputError(f"run '{self.params.run}' holds no restricted table '{name}'")
        return pd.read_parquet(path)

    def all_tables(self) -> dict[str, pd.DataFrame]:
        """Return every table in full, persons and restricted columns included, for functions that return aggregates."""
        return {name: self._full(name) for name in self.table_names()}

    def _full(self, name: str) -> pd.DataFrame:
        held = (self.folder / "restricted" / f"{name}.parquet").exists()
        return self.restricted(name) if held else self.table(name)

    def panel(self) -> pd.DataFrame:
        """Return the firm-year panel (open columns)."""
        return pd.read_parquet(self.folder / "panel.parquet")

    def columns(self) -> dict[str, bool]:
        """Return the columns of the panel with exposures and whether each holds numbers; none without a panel."""
        held: dict[str, bool] = {}
        for path in (self.folder / "panel.parquet", self._exposures):
            if path.exists():
                held |= {field.name: (pa.types.is_integer(field.type) or pa.types.is_floating(field.type) or pa.types.is_boolean(field.type)) for field in pq.read_schema(path)}
        return held

    @property
    def _exposures(self) -> Path:
        return self.folder / "restricted" / "exposures.parquet"

    def panel_with_exposures(self) -> pd.DataFrame:
        """Return the panel with person-derived exposures; only estimates and suppressed counts may leave it."""
        if not self._exposures.exists():
            return self.panel()
        exposures = pd.read_parquet(self._exposures)
        return self.panel().merge(exposures, on=["uscc", "year"], how="left", validate="one_to_one")

    def record(self, name: str) -> pd.DataFrame:
        """Return one of the run's records as text: `joins`, `problems`, `counts`, `sources`, `steps`, `linkage`."""
        return pd.read_csv(self.folder / f"{name}.csv", dtype="str", keep_default_na=False, encoding="utf-8-sig")

    def counts_shown(self, minimum: int | None = None) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return `counts` and their sums fit to be shown (`ingest.ledger.shown`), by default at the run's minimum."""
        book = codebook.load().tables
        counts = self.record("counts").astype(dict.fromkeys(ingest.COUNTS[1:], "int64"))
        of_persons = counts["table"].map(lambda name: name in book and book[name].is_restricted).astype(bool)
        return ingest.shown(counts, of_persons, minimum=minimum or self.params.min_cell)

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
        return [pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")] if path.exists() else []

    def banner(self, lang: Lang) -> str:
        """Return the sentence every page opens with: what kind of data this is."""
        if self.is_synthetic:
            return say("common.synthetic_banner", lang)
        return say("common.listed_banner" if self.params.study == "listed" else "common.real_banner", lang)


def open_run(run: str) -> Study:
    """Open a run by name; what was prepared from other inputs or by other code is prepared anew.

    Where the files of a run are no longer there, what was prepared from them is opened as it stands.

    Raises
    ------
    InputError
        If nothing is prepared under that name and no run file bears it.
    """
    folder = paths.derived(run)
    state = folder / STATE_FILE
    if state.exists():
        params = RunParams.model_validate_json(json.dumps(json.loads(state.read_text(encoding="utf-8"))["parameters"]))
        return Study(params, folder) if _is_current(params, folder) else prepare(params)
    run_file = paths.RUN_FILES / f"{run}.yml"
    if not run_file.exists():
        known = ", ".join(sorted(path.stem for path in paths.RUN_FILES.glob("*.yml")))
        raise InputError(
            f"nothing is prepared for run '{run}' and notebooks/params has no {run}.yml; run files: {known}"
        )
    return prepare(load(run_file, []))


def prepare(params: RunParams, progress: Progress | None = None) -> Study:
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
    wanted = fingerprint(params)
    try:
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


def _make(params: RunParams, folder: Path, wanted: dict[str, str], tell: Progress) -> None:
    if _is_ready(folder, wanted):
        _remember(folder, params)
        return
    staging = _staging(folder)
    staging.mkdir()
    seconds = _stages(params, staging, tell)
    _write_state(staging, params, wanted, seconds)
    if folder.exists():
        folder.rename(_old(folder))
    staging.rename(folder)


# Names of runs have no dot, so these are no other run's.
def _staging(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.staging")


def _old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _stages(params: RunParams, staging: Path, tell: Progress) -> dict[str, float]:
    seconds: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], object]) -> object:
        tell(stage)
        start = time.perf_counter()
        result = work()
        seconds[stage] = round(time.perf_counter() - start, 3)
        return result

    book = codebook.load()
    if params.study == "listed":
        _listed_stages(params, staging, timed, book)
        return seconds
    if params.data.kind == "synthetic":
        found = _synthetic_stages(params, staging, timed, book)
    else:
        raw, key = data_folder(params), key_from_environment()
        found = timed(
            "read", lambda: ingest.read_folder(raw, codebook=book, person_key=key, extract_on=params.extract_on)
        )
    timed("write", lambda: ingest.write(found, staging))
    timed("clean", lambda: clean.build(staging, codebook=book, extract_on=params.extract_on))
    if "enterprises" not in found.tables:
        # Nothing can be followed or linked; the pages that need the register say that it is missing.
        return seconds
    timed(
        "panel",
        lambda: panel.build(
            staging, first_year=params.first_year, last_year=params.last_year, extract_on=params.extract_on
        ),
    )
    timed("link", lambda: _linkage(staging, book))
    return seconds


def _linkage(staging: Path, book: Codebook) -> None:
    with engine.session(spill_in=staging) as con:
        codes.by_code(con, staging, codebook=book)


def _synthetic_stages(params: RunParams, staging: Path, timed, book: Codebook) -> ingest.Ingested:
    data = params.data
    zone = timed("simulate", lambda: simulate.zone(seed=params.seed, firms=data.firms, scenario=data.scenario))
    raw, truth = staging / "raw", staging / "truth"
    raw.mkdir()
    truth.mkdir()
    faults = timed(
        "dirt",
        lambda: simulate.write_office_files(zone.tables, raw, codebook=book, seed=params.seed, dirt=data.dirt),
    )
    # A new key each time: pseudonyms of invented persons need not outlive the run.
    key = secrets.token_bytes(32)
    found = timed("read", lambda: ingest.read_folder(raw, codebook=book, person_key=key, extract_on=params.extract_on))
    score = timed("score", lambda: simulate.score(faults, found.ledger, zone.tables, found.tables, book))
    for name, table in (("faults", faults), ("figures", zone.figures), ("score", score)):
        table.to_csv(truth / f"{name}.csv", index=False)
    (truth / "truth.json").write_text(json.dumps(zone.truth, ensure_ascii=False, indent=1), encoding="utf-8")
    return found


def _listed_stages(params: RunParams, staging: Path, timed, book: Codebook) -> None:
    folder = data_folder(params)
    for place, mapping in zip((staging, staging / "second"), params.data.mapping_paths, strict=False):
        found = timed(
            f"read {mapping.stem}",
            lambda mapping=mapping: ingest.read_folder(
                folder, codebook=book, person_key=None, mapping=paths.ROOT / mapping
            ),
        )
        place.mkdir(exist_ok=True)
        ingest.write(found, place)
    built, steps = timed(
        "panel", lambda: listed.panel(pd.read_parquet(staging / "ingested" / "listed_firm_years.parquet"))
    )
    built.to_parquet(staging / "panel.parquet", index=False)
    steps.to_csv(staging / "steps.csv", index=False)


def _is_current(params: RunParams, folder: Path) -> bool:
    if params.data.kind == "files" and not params.data.folder_path.is_dir():
        return True
    return _is_ready(folder, fingerprint(params))


def _is_ready(folder: Path, wanted: dict[str, str], params: RunParams | None = None) -> bool:
    """Return whether the data were made from `wanted` and, if `params` are given, remember just these."""
    if not (folder / STATE_FILE).exists():
        return False
    state = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    return state["inputs"] == wanted and (params is None or state["parameters"] == _plain(params))


def _remember(folder: Path, params: RunParams) -> None:
    """Store parameters that change pages but not data (language, titles), so that notebooks see them."""
    state = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    _write_json(folder / STATE_FILE, {**state, "parameters": _plain(params)})


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
