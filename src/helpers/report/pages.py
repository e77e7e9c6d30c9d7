"""One notebook of a run in, its page in the staging folder and a record of it out, whatever became of it."""

import shutil
import time
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any, Literal

import nbformat

from helpers import codebook, paths
from helpers.errors import PageError
from helpers.report import execute, gate, manifest, prose, render
from helpers.text import Lang, say

Status = Literal["ok", "failed", "not_available", "not_run"]
_REASON_CHARACTERS = 400


@dataclass(frozen=True)
class Page:
    """What became of one notebook."""

    stem: str
    title: str
    status: Status
    finding: str = ""
    reason: str = ""
    log: str = ""
    seconds: float = 0.0
    fingerprint: str = ""
    results: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """One notebook to be made into a page: plain values, so that another process can do it.

    `missing` are the tables that the notebook asks for and the run does not hold; `fingerprint` is the same as long as
    a new run would make the same page.
    """

    notebook: Path
    parameters: dict[str, Any]
    facts: render.Facts
    folder: Path
    missing: tuple[str, ...]
    fingerprint: str
    time_limit: float


def make(job: Job) -> Page:
    """Execute, check and render one notebook into the staging folder; a page that fails says so itself."""
    started = time.perf_counter()
    if job.missing:
        return _not_available(job)
    name, log = paths.relative(job.notebook), job.folder / "logs" / f"{job.notebook.stem}.log"
    try:
        executed = execute.execute(job.notebook, job.parameters, log=log, time_limit=job.time_limit)
        passed = gate.check(executed, name)
        html = render.render(execute.normalise(executed), job.facts, name=name, parameters=job.parameters)
    except PageError as error:
        return replace(failed(job, str(error)), seconds=round(time.perf_counter() - started, 3))
    (job.folder / f"{job.notebook.stem}.html").write_text(html, encoding="utf-8")
    log.with_suffix(".ipynb").unlink()
    return Page(
        stem=job.notebook.stem,
        title=_title(job),
        status="ok",
        finding=passed.finding,
        log=_log_link(job),
        seconds=round(time.perf_counter() - started, 3),
        fingerprint=job.fingerprint,
        results=passed.results,
        warnings=tuple(gate.scrub(warning) for warning in passed.warnings),
    )


def _title(job: Job) -> str:
    try:
        return prose.title_of(
            nbformat.read(job.notebook, as_version=4), job.facts.lang, where=paths.relative(job.notebook)
        )
    except Exception:
        # Whatever is wrong with the notebook is said when it is executed; its index entry needs a name all the same.
        return job.notebook.stem


def _log_link(job: Job) -> str:
    log = f"logs/{job.notebook.stem}.log"
    return log if (job.folder / log).exists() else ""


def failed(job: Job, reason: str) -> Page:
    """Put a page in place that says why there is none, so that no old one is taken for current."""
    reason, lang, log = gate.scrub(reason)[:_REASON_CHARACTERS], job.facts.lang, _log_link(job)
    title = _title(job)
    page = Page(stem=job.notebook.stem, title=title, status="failed", reason=reason, log=log)
    link = (log, escape(say("page.log", lang))) if log else None
    _write_message(job, title, [say("page.failed_text", lang), *reason.splitlines()], link)
    return page


def _not_available(job: Job) -> Page:
    title, lang = _title(job), job.facts.lang
    tables = ("、" if lang == "zh" else ", ").join(_table_name(name, lang) for name in job.missing)
    reason = say("page.missing_text", lang, n=len(job.missing), tables=tables)
    _write_message(job, title, [reason], None)
    return Page(stem=job.notebook.stem, title=title, status="not_available", reason=reason, fingerprint=job.fingerprint)


def _table_name(name: str, lang: Lang) -> str:
    table = codebook.load().tables.get(name)
    return name if not table else f"{table.name_zh}（{name}）" if lang == "zh" else f"{table.name_en} ({name})"


def _write_message(job: Job, title: str, paragraphs: list[str], link: tuple[str, str] | None) -> None:
    html = render.message(title, paragraphs, job.facts, name=paths.relative(job.notebook), link=link)
    (job.folder / f"{job.notebook.stem}.html").write_text(html, encoding="utf-8")


def kept(job: Job) -> Page:
    """Take over the published page of a notebook that was not chosen, if it is still what a new run would make."""
    published = paths.reports() / job.facts.run
    record = next((row for row in manifest.read(published).get("pages", []) if row["stem"] == job.notebook.stem), {})
    file = published / f"{job.notebook.stem}.html"
    is_current = record.get("fingerprint") == job.fingerprint and record.get("status") in ("ok", "not_available")
    if not is_current or not file.exists():
        return Page(stem=job.notebook.stem, title=_title(job), status="not_run")
    shutil.copy2(file, job.folder / file.name)
    log = published / record["log"] if record["log"] else None
    if log and log.exists():
        (job.folder / "logs").mkdir(mode=0o700, exist_ok=True)
        shutil.copy2(log, job.folder / "logs" / log.name)
    return Page(**{**record, "warnings": tuple(record["warnings"])})
