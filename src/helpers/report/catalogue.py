"""The folder of all reports in, one tidy row a run out: what it is about, what became of it, whether it is out of date.

A run is a folder with a manifest or an index, or a start of which no folder came. What cannot be read is a row of its
own that says so: one damaged manifest takes no other run off the shelf.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

import pandas as pd

from helpers import paths
from helpers.params.model import TAKEN
from helpers.report import manifest, publish, stale
from helpers.text import LANGS, Words, say

Status = Literal["making", "unreadable", "unfinished", "failed", "missing", "ok"]
COLUMNS = (
    "run", "title_zh", "title_en", "zone_zh", "zone_en", "study", "lang", "period", "as_of", "is_synthetic",
    "finished_on", "status", "pages", "ok", "failed", "not_available", "not_run", "is_stale", "stale_zh", "stale_en",
    "finding_zh", "finding_en", "index",
)  # fmt: skip
# The page whose finding speaks for the run.
HEADLINE = "90_findings"
_COUNTS = ("pages", "ok", "failed", "not_available", "not_run")


def read() -> pd.DataFrame:
    """Return every run under `reports`, the one that was finished last first.

    Returns
    -------
    DataFrame, shape (N, 23)
        One row a run; columns `COLUMNS`. `status` is the first that holds of: `making` (another process is at it),
        `unreadable` (no manifest, or none that can be read), `unfinished` (started, never published), `failed` and
        `missing` (pages that failed; whose tables were not supplied), `ok`. `pages` to `not_run` count pages. `stale_*`
        are the reasons why it may be out of date, `index` the address of its index from the shelf, empty where it has
        none. What is not known is empty.
    """
    folders = {
        path.name
        for path in (paths.reports().iterdir() if paths.reports().is_dir() else ())
        if path.is_dir() and path.name[0] != "." and path.name not in TAKEN
        if (path / "index.html").exists() or (path / manifest.MANIFEST_FILE).exists()
    }
    begun = {run for run in publish.started() if publish.is_held(run) or _is_open(run)}
    rows = sorted((_row(run) for run in folders | begun), key=lambda row: row["run"])
    rows = sorted(rows, key=lambda row: row.pop("finished_at"), reverse=True)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(_COUNTS, "Int64") | {"is_synthetic": "boolean", "is_stale": "bool"})


def _is_open(run: str) -> bool:
    """Return whether the last start of a run came to no good end."""
    start = publish.last_start(run)
    return start is not None and start.ended != "well"


def _row(run: str) -> dict[str, Any]:
    folder = paths.reports() / run
    row: dict[str, Any] = {**dict.fromkeys(COLUMNS, ""), **dict.fromkeys(_COUNTS), "is_synthetic": None}
    row |= {"run": run, "is_stale": False, "finished_at": ""}
    row |= {"title_zh": run, "title_en": run}
    if folder.is_dir():
        row["index"] = f"{run}/index.html" if (folder / "index.html").exists() else ""
        try:
            row |= _told(run, manifest.read(folder))
        except (KeyError, TypeError, ValueError, AttributeError):
            # Made by hand, cut short, or of another version of this project.
            row["status"] = "unreadable"
    else:
        row["status"] = "unfinished"
    if publish.is_held(run):
        row["status"] = "making"
    return row


def _told(run: str, made: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a manifest tells; one that lacks anything raises."""
    given, pages = made["parameters"], made["pages"]
    number = {status: sum(page["status"] == status for page in pages) for status in _COUNTS[1:]}
    status = "failed" if number["failed"] else "missing" if number["not_available"] else "ok"
    why, finding = stale.reasons(run, made), _headline(pages)
    return {
        "title_zh": str(given["title_zh"]), "title_en": str(given["title_en"]),
        "zone_zh": str(given["zone"]), "zone_en": str(given.get("zone_en") or given["zone"]),
        "study": str(given["study"]), "lang": given["lang"] if given["lang"] in LANGS else LANGS[0],
        "period": f"{int(given['first_year'])}–{int(given['last_year'])}",
        "as_of": date.fromisoformat(given["as_of"]).isoformat(),
        "is_synthetic": given["data"]["kind"] == "synthetic",
        "finished_on": date.fromisoformat(made["finished_at"][:10]).isoformat(), "finished_at": made["finished_at"],
        "status": status, "pages": len(pages), **number, "is_stale": bool(why),
        **{f"stale_{lang}": say("shelf.semicolon", lang).join(words[lang] for words in why) for lang in LANGS},
        **{f"finding_{lang}": finding.get(lang, "") for lang in LANGS},
    }  # fmt: skip


def _headline(pages: list[Mapping[str, Any]]) -> Words:
    """Return the finding of the page of findings, or of the first page that has one."""
    first = sorted(pages, key=lambda page: (page["stem"] != HEADLINE, page["stem"]))
    return next((words for page in first if page["status"] == "ok" and (words := words_of(page["finding"]))), {})


def words_of(told: Any) -> Words:
    """Return words of a manifest in every language; what was told in one alone is the same in both."""
    if not told:
        return {}
    return {lang: str(told[lang]) for lang in LANGS} if isinstance(told, Mapping) else dict.fromkeys(LANGS, str(told))
