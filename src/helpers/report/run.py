"""A run's parameters in, its published folder out: prepare the data, make every page, publish all of it or nothing."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from types import FrameType
from typing import Any

import nbformat

from helpers import paths, plan, reconcile
from helpers.errors import UsageError
from helpers.inputs import digest
from helpers.params import RunParams, page_values
from helpers.params.explain import suggest
from helpers.params.pages import NUMBERS, columns_named
from helpers.report import manifest, publish, release, render, shelf
from helpers.report.pages import Job, Page, failed, kept, make
from helpers.report.progress import Bar
from helpers.text import LANGS, both

Prepare = Callable[[RunParams, Callable[[str], None]], manifest.Prepared]
TIME_LIMIT = 3600.0


@dataclass(frozen=True)
class Published:
    """Where a run was published, and what became of its pages."""

    index: Path
    pages: tuple[Page, ...]

    @property
    def failed(self) -> tuple[Page, ...]:
        """Return the pages that could not be made."""
        return tuple(page for page in self.pages if page.status == "failed")


def run(
    params: RunParams,
    prepare: Prepare,
    *,
    only: Sequence[str] = (),
    workers: int = 1,
    time_limit: float = TIME_LIMIT,
    bar: Bar | None = None,
    notebooks: Path = paths.NOTEBOOKS,
    own: Mapping[Path, dict[str, Any]] | None = None,
) -> Published:
    """Make and publish the pages of a run under `reports/<run>/`.

    Parameters
    ----------
    params : RunParams
        The resolved parameters.
    prepare : callable
        `helpers.study.prepare`.
    only : sequence of str
        Notebooks to make (name, file or leading number); of the others the published page is kept where its
        parameters, data and code are still the same. Empty: all.
    workers : int
        Notebooks executed at the same time, each in a process of its own.
    time_limit : float
        Seconds for one notebook.
    bar : Bar, optional
        Shows how far the run is.
    notebooks : Path
        Folder of the notebooks.
    own : mapping, optional
        Notebooks of somebody's own instead, each with its full parameter set (`report.own`).

    Returns
    -------
    Published

    Raises
    ------
    UsageError
        If `only` names no notebook, or there is none at all, a reading does not exist, or a page asks for a column that
        the panel does not have.
    WuliError
        If the data cannot be prepared, another process makes the same run, the folder cannot be written, or the release
        scan finds what must not leave outside of a page of its own. What was published before is then unchanged. A page
        that fails raises nothing: it is marked in the index.
    """
    bar = bar or Bar(shown=False)
    started = time.perf_counter()
    given = own or {path: page_values(params, path.stem) for path in _notebooks(notebooks, params.study)}
    every = list(given)
    chosen = _chosen(every, only)
    values = {path.stem: page for path, page in given.items()}
    reconcile.readings_from(params.readings)
    bar.expect(len(chosen) + 1)
    with shelf.renewed(), publish.locked(params.run):
        study = prepare(params, bar.stage)
        # A page that misses its tables is not executed, whatever it would ask of the panel; what the parameters of
        # somebody's own mean, only that notebook knows.
        asked = [path for path in chosen if not own and not study.missing(_required(path, params.study))]
        _require_columns({path.stem: values[path.stem] for path in asked}, study.columns())
        _require_declared({path.stem: values[path.stem] for path in asked}, plan.load(params.study))
        prepared = time.perf_counter() - started
        bar.advance()
        facts = _facts(params, study)
        with publish.staged(params.run) as folder:
            jobs = [_job(path, values[path.stem], facts, folder, study, time_limit) for path in every]
            wanted = [job for job in jobs if job.notebook in chosen]
            made = {page.stem: page for page in _make_all(wanted, workers, bar)}
            pages = tuple(made.get(job.notebook.stem) or kept(job) for job in jobs)
            (folder / "index.html").write_text(_index(pages, facts), encoding="utf-8")
            timings = {
                "prepare_seconds": round(prepared, 3),
                "stages_seconds": study.state.get("seconds", {}),
                "total_seconds": round(time.perf_counter() - started, 3),
            }
            manifest.write(_manifest(params, study, facts, pages, timings), folder)
            release.require_clean_folder(folder, study.params.run)
    return Published(paths.reports() / params.run / "index.html", pages)


def _notebooks(folder: Path, study: str) -> list[Path]:
    """Return the notebooks of a study in order; one that names no study under `wuli.studies` belongs to all."""
    found = sorted(folder.glob("[0-9]*.ipynb"))
    kept = [path for path in found if study in (_declared(path).get("studies") or [study])]
    if not kept:
        raise UsageError(f"no notebook for study '{study}' in {paths.relative(folder)} (of {len(found)} there)")
    return kept


def _declared(path: Path) -> dict[str, Any]:
    """Return the notebook's `wuli` metadata; an unreadable notebook has none, and fails when it is executed."""
    try:
        return dict(nbformat.read(path, as_version=4).metadata.get("wuli", {}))
    except Exception:
        return {}


def _required(path: Path, study: str) -> tuple[str, ...]:
    """Return the tables without which a notebook makes no sense: one list, or one for each study."""
    tables = _declared(path).get("requires", ())
    return tuple(tables.get(study, ()) if isinstance(tables, Mapping) else tables)


def _chosen(notebooks: Sequence[Path], only: Sequence[str]) -> list[Path]:
    if not only:
        return list(notebooks)
    stems = [path.stem for path in notebooks]
    chosen, problems = set(), []
    for name in only:
        wanted = Path(name).name.removesuffix(".ipynb")
        hits = [stem for stem in stems if stem == wanted or (wanted.isdigit() and stem.split("_")[0] == wanted)]
        chosen.update(hits)
        if not hits:
            hint = suggest(wanted, stems) or "; there are " + ", ".join(stems)
            problems.append(f"--only {name}: no such notebook{hint}")
    if problems:
        raise UsageError("\n".join(problems))
    return [path for path in notebooks if path.stem in chosen]


def _require_columns(values: Mapping[str, Mapping[str, Any]], held: Mapping[str, bool]) -> None:
    """Refuse pages that name a column the panel does not have, before one is executed.

    Parameters
    ----------
    values : mapping
        Resolved parameters by notebook stem.
    held : mapping
        The panel's columns, and whether they hold numbers; empty where the run has no panel, and its pages say so.
    """
    problems = []
    for stem, given in values.items() if held else ():
        for parameter, names in columns_named(given).items():
            where = f"pages.{stem}.{parameter}"
            problems += [
                f"{where}: the panel has no column '{name}'{suggest(name, held) or '; it has ' + ', '.join(held)}"
                for name in names
                if name not in held
            ]
            problems += [
                f"{where}: column '{name}' holds text; {parameter} are numbers, or yes and no"
                for name in names
                if parameter in NUMBERS and held.get(name) is False
            ]
    if problems:
        raise UsageError("\n".join(problems))


def _require_declared(values: Mapping[str, Mapping[str, Any]], declared: plan.Plan) -> None:
    """Refuse pages that name a specification that is not declared, or an exposure without a first year."""
    problems = []
    for stem, given in values.items():
        try:
            if "specification" in given:
                declared.named(given["specification"])
            if {"outcome", "exposure"} <= set(given):
                declared.around(outcome=given["outcome"], exposure=given["exposure"])
        except UsageError as trouble:
            problems.append(f"pages.{stem}: {trouble}")
    if problems:
        raise UsageError("\n".join(problems))


def _facts(params: RunParams, study: manifest.Prepared) -> render.Facts:
    return render.Facts(
        lang=params.lang,
        run=params.run,
        study=params.study,
        run_title={lang: params.title(lang) for lang in LANGS},
        zone={lang: params.zone_name(lang) for lang in LANGS},
        period=f"{params.first_year}–{params.last_year}",
        as_of=params.as_of.isoformat(),
        banner={lang: study.banner(lang) for lang in LANGS},
        is_synthetic=params.data.kind == "synthetic",
        parameters=params.flat(),
        inputs=manifest.inputs(study),
        code=manifest.code_version(),
        packages=manifest.package_versions(),
        seed=params.seed,
        plan=plan.load(params.study).short_hash,
        version=metadata.version("wuli"),
    )


def _job(
    path: Path,
    parameters: dict[str, Any],
    facts: render.Facts,
    folder: Path,
    study: manifest.Prepared,
    time_limit: float,
) -> Job:
    return Job(
        notebook=path,
        parameters=parameters,
        facts=facts,
        folder=folder,
        missing=tuple(study.missing(_required(path, facts.study))),
        fingerprint=digest(path.stem, parameters, asdict(facts), study.state["inputs"]),
        prepared=digest(study.state["inputs"]),
        time_limit=time_limit,
    )


def _make_all(jobs: Sequence[Job], workers: int, bar: Bar) -> Iterator[Page]:
    if workers == 1 or len(jobs) < 2:
        for job in jobs:
            bar.stage(job.notebook.stem)
            yield make(job)
            bar.advance()
        return
    # Fresh processes: a fork would share the parent's threads and event loop. They leave Ctrl-C to their parent.
    pool = ProcessPoolExecutor(
        min(workers, len(jobs)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )
    try:
        waiting = {pool.submit(_make_apart, job): job for job in jobs}
        bar.stage(f"{len(jobs)} notebooks, {workers} at a time")
        for future in as_completed(waiting):
            try:
                yield future.result()
            except BrokenProcessPool:
                job = waiting[future]
                yield failed(job, "its process was killed, perhaps for want of memory: try fewer --workers")
            bar.advance()
    except BaseException:
        for worker in multiprocessing.active_children():
            worker.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _make_apart(job: Job) -> Page:
    """Make one page in a worker; told to end, it takes its kernel with it and says nothing."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        return make(job)
    except KeyboardInterrupt:
        os._exit(1)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _stop(number: int, frame: FrameType | None) -> None:
    # The pool tells its workers a second time, in the middle of their tidying.
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _index(pages: Sequence[Page], facts: render.Facts) -> str:
    number = {status: sum(page.status == status for page in pages) for status in ("ok", "failed", "not_run")}
    missing = sum(page.status == "not_available" for page in pages)
    count = both("page.index_count", pages=len(pages), missing=missing, **number)
    return render.index(pages, facts, count=count)


def _manifest(
    params: RunParams, study: manifest.Prepared, facts: render.Facts, pages: Sequence[Page], timings: dict[str, Any]
) -> dict[str, Any]:
    return {
        "run": params.run,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "parameters": params.shown(),
        "readings": reconcile.readings_from(params.readings).model_dump(),
        "seed": params.seed,
        "plan": facts.plan,
        "inputs": list(facts.inputs),
        "prepared_from": manifest.prepared_from(study.state["inputs"]),
        "counts": manifest.counts(study),
        "code": dict(facts.code),
        "packages": dict(facts.packages),
        "timings": timings,
        "pages": [asdict(page) for page in pages],
    }
