"""One notebook of a run in, its page in the staging folder and a record of it out, whatever became of it.

Where a page cannot be made, or was not asked for, a page that says so takes its place; the last good one stays beside
it as `<stem>.former.html`, with its date, so that nothing published is lost and nothing old is taken for current.
"""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import nbformat

from helpers import codebook, paths
from helpers.errors import PageError
from helpers.report import execute, gate, manifest, prose, release, render
from helpers.text import LANGS, Lang, Words, both, say

Status = Literal["ok", "failed", "not_available", "not_run"]
_REASON_CHARACTERS = 400


@dataclass(frozen=True)
class Page:
    """What became of one notebook; `made_on` and `parameters` are those of the page, or of the last good one."""

    stem: str
    title: Words
    status: Status
    finding: Words = field(default_factory=dict)
    reason: Words = field(default_factory=dict)
    log: str = ""
    seconds: float = 0.0
    fingerprint: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    made_on: str = ""
    former: str = ""
    results: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """One notebook to be made into a page: plain values, so that another process can do it.

    `missing` are the tables that the notebook asks for and the run does not hold; `fingerprint` is the same as long as
    a new run would make the same page; `prepared` is the digest of what the run's data were prepared from.
    """

    notebook: Path
    parameters: dict[str, Any]
    facts: render.Facts
    folder: Path
    missing: tuple[str, ...]
    fingerprint: str
    prepared: str
    time_limit: float

    @property
    def data_run(self) -> str:
        """Return the run whose data the page opens: another than it is published under, of somebody's own notebook."""
        return self.parameters["run"]


def make(job: Job) -> Page:
    """Execute, check and render one notebook into the staging folder; a page that fails says so itself."""
    started = time.perf_counter()
    if job.missing:
        return _not_available(job)
    name, log = paths.relative(job.notebook), job.folder / "logs" / f"{job.notebook.stem}.log"
    try:
        executed = execute.execute(
            job.notebook, job.parameters, log=log, prepared=job.prepared, time_limit=job.time_limit
        )
        passed = gate.check(executed, name, job.facts.lang)
        html = render.render(execute.normalise(executed), job.facts, name=name, parameters=job.parameters)
        release.require_clean_page(html, job.data_run, name=f"{job.notebook.stem}.html")
    except PageError as error:
        return replace(failed(job, str(error)), seconds=round(time.perf_counter() - started, 3))
    (job.folder / f"{job.notebook.stem}.html").write_text(html, encoding="utf-8")
    log.with_suffix(".ipynb").unlink()
    release.withdraw([log], job.data_run)
    return Page(
        stem=job.notebook.stem,
        title=_title(job),
        status="ok",
        finding=passed.finding,
        log=_log_link(job),
        seconds=round(time.perf_counter() - started, 3),
        fingerprint=job.fingerprint,
        parameters=job.parameters,
        made_on=datetime.now(UTC).date().isoformat(),
        results=passed.results,
        warnings=tuple(release.cleaned(gate.scrub(warning), job.data_run) for warning in passed.warnings),
    )


def _title(job: Job) -> Words:
    try:
        notebook = nbformat.read(job.notebook, as_version=4)
        return {
            lang: prose.title_of(notebook, lang, where=paths.relative(job.notebook), study=job.facts.study)
            for lang in LANGS
        }
    except Exception:
        # Whatever is wrong with the notebook is said when it is executed; its index entry needs a name all the same.
        return dict.fromkeys(LANGS, job.notebook.stem)


def _log_link(job: Job) -> str:
    log = f"logs/{job.notebook.stem}.log"
    return log if (job.folder / log).exists() else ""


def failed(job: Job, reason: str) -> Page:
    """Put a page in place that says why there is none."""
    reason = release.cleaned(gate.scrub(reason), job.data_run)[:_REASON_CHARACTERS]
    lines = [dict.fromkeys(LANGS, line) for line in reason.splitlines()]
    log = job.folder / "logs" / f"{job.notebook.stem}.log"
    for place in release.withdraw([log, log.with_suffix(".ipynb")], job.data_run):
        lines.append(both("page.withdrawn", file=place.name, place=paths.relative(place.parent)))
    return _instead(job, "failed", [both("page.failed_text"), *lines], reason=dict.fromkeys(LANGS, reason))


def _not_available(job: Job) -> Page:
    reason = {
        lang: say("page.missing_text", lang, n=len(job.missing), tables=_table_names(job.missing, lang))
        for lang in LANGS
    }
    return _instead(job, "not_available", [reason], reason=reason, fingerprint=job.fingerprint)


def _instead(job: Job, status: Status, paragraphs: list[Words], **facts: Any) -> Page:
    """Write the page that stands where there is no good one, with the ways to its log and to the last good page."""
    title, log = _title(job), _log_link(job)
    former = _former(job)
    links = [(log, both("page.log"))] if log else []
    if former:
        links.append((former["former"], both("page.former", day=former["made_on"])))
    html = render.message(title, paragraphs, job.facts, name=paths.relative(job.notebook), links=links)
    (job.folder / f"{job.notebook.stem}.html").write_text(html, encoding="utf-8")
    return Page(job.notebook.stem, title, status, log=log, **former, **facts)


def _former(job: Job) -> dict[str, Any]:
    """Take over the last good page under another name; return its file, day and parameters, if there is one."""
    published, stem = paths.reports() / job.facts.run, job.notebook.stem
    record = _record(job)
    is_good = record.get("status") == "ok"
    file = published / (f"{stem}.html" if is_good else record.get("former") or "none")
    # Whoever raises the minimum wants smaller counts gone, not kept under another name.
    shows_more = record.get("parameters", {}).get("min_cell", 0) < job.parameters["min_cell"]
    if shows_more or not file.is_file():
        return {}
    html, name = file.read_text(encoding="utf-8"), f"{stem}.former.html"
    if is_good:
        said = render.in_both(both("page.former_banner", day=record["made_on"]))
        html = html.replace("</header>", f'</header>\n<p class="outdated" role="note">{said}</p>', 1)
    (job.folder / name).write_text(html, encoding="utf-8")
    return {"former": name, "made_on": record["made_on"], "parameters": record["parameters"]}


def _record(job: Job) -> dict[str, Any]:
    """Return what the published manifest says about the notebook; empty where it says nothing."""
    pages = manifest.read(paths.reports() / job.facts.run).get("pages", [])
    return next((row for row in pages if row["stem"] == job.notebook.stem), {})


def _table_names(names: Sequence[str], lang: Lang) -> str:
    return say("text.comma", lang).join(_table_name(name, lang) for name in names)


def _table_name(name: str, lang: Lang) -> str:
    table = codebook.load().tables.get(name)
    return name if not table else f"{table.name_zh}（{name}）" if lang == "zh" else f"{table.name_en} ({name})"


def kept(job: Job) -> Page:
    """Take over the published page of a notebook that was not chosen, if it is still what a new run would make."""
    published, record = paths.reports() / job.facts.run, _record(job)
    file = published / f"{job.notebook.stem}.html"
    is_current = record.get("fingerprint") == job.fingerprint and record.get("status") in ("ok", "not_available")
    if not is_current or not file.exists():
        return _instead(job, "not_run", [both("page.not_run_text")])
    for name in (file.name, record["former"], record["log"]):
        if name and (published / name).exists():
            (job.folder / name).parent.mkdir(mode=0o700, exist_ok=True)
            shutil.copy2(published / name, job.folder / name)
    return Page(**{**record, "warnings": tuple(record["warnings"])})
