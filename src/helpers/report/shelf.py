"""All published runs in, `reports/index.html` out: one page that lists them, made anew after every start of a run."""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import atomic, paths
from helpers.errors import WuliError
from helpers.report import catalogue, publish, release, render
from helpers.text import LANGS, Lang, Words, both, say

SHELF = "index.html"
# What can be asked for as a run's status, in the order in which it is offered.
_STATUSES = ("ok", "failed", "missing", "stale", "making", "unfinished", "unreadable")


@contextmanager
def renewed() -> Iterator[None]:
    """Write the shelf anew at the end, whether the run in between came to its end, failed or was stopped.

    A shelf that cannot be written says so on standard error and fails nothing: the run's own folder counts.
    """
    try:
        yield
    finally:
        try:
            write()
        except (WuliError, OSError) as trouble:
            print(f"the list of all runs is not up to date: {trouble}", file=sys.stderr)


def write(lang: Lang | None = None) -> Path:
    """Write the shelf, whole or not at all, and return its path.

    Parameters
    ----------
    lang : {"zh", "en"}, optional
        The language that it opens in; that of the run finished last when left out.

    Raises
    ------
    WuliError
        If it cannot be written.
    """
    shelf = paths.reports() / SHELF
    with publish.writing():
        shelf.parent.mkdir(parents=True, exist_ok=True)
        # No run may have a dot in its name, so this lock is no run's. Whoever comes later reads later.
        with (shelf.parent / f".{SHELF}.lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            runs = catalogue.read()
            html = page(runs, lang)
            release.require_clean(html, runs["run"], name="index.html")
            with atomic.written(shelf) as staged:
                staged.write_text(html, encoding="utf-8")
    return shelf


def page(runs: pd.DataFrame, lang: Lang | None = None) -> str:
    """Return the shelf of the runs that `catalogue.read` found; the same runs give the same bytes."""
    known = [found for found in runs["lang"] if found]
    cover = render.Cover(lang or (known[0] if known else LANGS[0]), both("shelf.whole"))
    zones = sorted({(row.zone_zh, row.zone_en) for row in runs.itertuples() if row.zone_zh})
    periods = sorted({(row.period, row.as_of) for row in runs.itertuples() if row.period}, key=lambda p: p[::-1])[::-1]
    items = [_item(row, zones, periods) for row in runs.to_dict("records")]
    present = {token for item in items for token in item["tokens"]}
    synthetic = int(runs["is_synthetic"].fillna(False).sum())
    return render.document(
        "shelf.html.j2",
        "the list of all runs",
        page=render.context(cover, both("shelf.title")),
        banner=both("shelf.banner", runs=len(runs), synthetic=synthetic, real=int((~runs["is_synthetic"]).sum())),
        runs=items,
        zones=[{"zh": zh, "en": en} for zh, en in zones],
        periods=[_period(*period) for period in periods],
        statuses=[(name, both(f"shelf.status_{name}")) for name in _STATUSES if name in present],
        tell=lambda key, **values: render.in_both(both(f"shelf.{key}", **values)),
        told=lambda key, lang, **values: say(f"shelf.{key}", lang, **values),
    )


def _period(years: str, as_of: str) -> Words:
    return both("shelf.years_as_of", years=years, as_of=as_of)


def _item(row: dict[str, Any], zones: list[tuple[str, str]], periods: list[tuple[str, str]]) -> dict[str, Any]:
    """Return a run as the template prints it; `tokens` are what its status can be asked by."""
    zone, period = (row["zone_zh"], row["zone_en"]), (row["period"], row["as_of"])
    kind = "" if pd.isna(row["is_synthetic"]) else "synthetic" if row["is_synthetic"] else "real"
    pages = {} if pd.isna(row["pages"]) else {name: int(row[name]) for name in ("pages", "ok", "failed", "not_run")}
    if pages:
        pages["missing"] = int(row["not_available"])
    return {
        **row,
        **{name: {lang: row[f"{name}_{lang}"] for lang in LANGS} for name in ("title", "zone", "stale", "finding")},
        "kind": kind,
        "tokens": [row["status"], *(["stale"] if row["is_stale"] else [])],
        "zone_key": zones.index(zone) if zone in zones else "",
        "period_key": periods.index(period) if period in periods else "",
        "state": both(f"shelf.state_{row['status']}", **pages) if pages else both(f"shelf.status_{row['status']}"),
        "count": both("page.index_count", **pages) if pages else {},
        "years": _period(*period) if pages else {},
    }
