"""Two runs in, everything in which they differ out, page by page and as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Literal

import pandas as pd

from helpers.params.model import flattened
from helpers.report.diff import content, counts, numbers
from helpers.report.diff.content import Cells, Shown
from helpers.report.diff.sides import Side
from helpers.text import LANGS, Lang, Words

# What every page prints in its head; the other parameters are what a run was made from.
HEAD = ("title_zh", "title_en", "zone", "zone_en", "study", "as_of", "first_year", "last_year", "data.kind")
# A run's own name and the language that its pages open in say nothing of what was found.
_ASIDE = {"run", "lang"}
Kind = Literal["figure", "table", "data"]


@dataclass(frozen=True)
class Pair:
    """A figure or table of one page in either run (None: not there), where it differs; `cells` of it do."""

    kind: Kind
    number: int
    before: Shown | None
    after: Shown | None
    cells: int = 0


@dataclass(frozen=True)
class PageChange:
    """What changed on one page; only of one that was made in both runs, and is not left out, more than its status."""

    stem: str
    title: Words
    status: tuple[str, str]
    finding: tuple[Words, Words]
    reason: tuple[Words, Words]
    estimates: pd.DataFrame
    numbers: pd.DataFrame
    pairs: tuple[Pair, ...] = ()
    words: tuple[int, int] = (0, 0)
    is_left_out: bool = False

    @property
    def is_seen(self) -> bool:
        """Return whether a reader sees any of it."""
        told = (self.status, self.finding, self.reason)
        values = self.estimates["is_changed"].any() or self.numbers["is_changed"].any()
        return any(one[0] != one[1] for one in told) or bool(values) or bool(self.pairs) or any(self.words)


@dataclass(frozen=True)
class Difference:
    """Two runs and what differs: `parameters`, `inputs`, `code` and `packages` are rows of (name, before, after)."""

    before: Side
    after: Side
    minimum: int
    parameters: pd.DataFrame
    inputs: pd.DataFrame
    code: pd.DataFrame
    packages: pd.DataFrame
    counts: pd.DataFrame
    pages: tuple[PageChange, ...] = field(default=())

    @property
    def has_changed(self) -> bool:
        """Return whether a reader of the pages would see a difference; what they were made from is not enough."""
        is_seen = self.parameters["name"].isin(HEAD).any() or not self.counts.empty
        return bool(is_seen) or any(page.is_seen for page in self.pages)


def compared(before: Side, after: Side, lang: Lang) -> Difference:
    """Return what changed from one run to another; figures, tables and words are read in `lang`.

    Parameters
    ----------
    before, after : Side
        The two runs.
    lang : {"zh", "en"}

    Raises
    ------
    UsageError
        If a page that a manifest names is not in its folder.
    """
    minima = [int(side.parameters["min_cell"]) for side in (before, after)]
    moved = counts.changed(
        before.made["counts"], after.made["counts"], minimum=max(minima), same_minimum=len(set(minima)) == 1
    )
    stems = sorted({*before.pages, *after.pages})
    changes = [
        _page(stem, before, after, lang, minimum=max(minima), hides=bool(moved["is_hidden"].any())) for stem in stems
    ]
    code = [{**side.made["code"], "plan": side.made.get("plan", "")} for side in (before, after)]
    parameters = _moved(*(flattened(side.parameters) for side in (before, after)))
    return Difference(
        before, after, max(minima),
        parameters=parameters[~parameters["name"].isin(_ASIDE)].reset_index(drop=True),
        inputs=_moved(*(_files(side) for side in (before, after))),
        code=_moved(*code),
        packages=_moved(before.made["packages"], after.made["packages"]),
        counts=moved,
        pages=tuple(changes),
    )  # fmt: skip


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> pd.DataFrame:
    """Return the names whose values differ: `name`, `before`, `after`, empty where a side has none."""
    rows = [
        (name, str(before.get(name) or ""), str(after.get(name) or ""))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]
    return pd.DataFrame(rows, columns=["name", "before", "after"])


def _files(side: Side) -> dict[str, str]:
    return {f"{row['file']} ({row['table']})": row["sha256"] for row in side.made["inputs"]}


def _page(stem: str, before: Side, after: Side, lang: Lang, *, minimum: int, hides: bool) -> PageChange:
    absent: dict[str, Any] = {"status": "absent", "finding": {}, "reason": {}, "results": {}}
    old, new = before.pages.get(stem, absent), after.pages.get(stem, absent)
    title = (new if stem in after.pages else old)["title"]
    status = old["status"], new["status"]
    reason = old["reason"], new["reason"]
    nothing = numbers.estimates({}, {}), numbers.others({}, {}, minimum=minimum)
    if status != ("ok", "ok"):
        return PageChange(stem, title, status, ({}, {}), reason, *nothing)
    values = numbers.others(old["results"], new["results"], minimum=minimum)
    if values["is_hidden"].any() or (hides and _adds_up(old["results"])):
        return PageChange(stem, title, status, ({}, {}), reason, *nothing, is_left_out=True)
    estimates = numbers.estimates(old["results"], new["results"])
    was, now = content.read(before.html(stem), lang), content.read(after.html(stem), lang)
    pairs = [*_pairs("figure", was.figures, now.figures), *_pairs("table", was.tables, now.tables)]
    # The finding is told apart, with both its texts.
    findings = {" ".join(words[lang].split()) for side in (old, new) for lang in LANGS if (words := side["finding"])}
    lines = [[line for line in side.words if line not in findings] for side in (was, now)]
    only = tuple(sum(line not in lines[1 - place] for line in lines[place]) for place in (0, 1))
    finding = old["finding"], new["finding"]
    return PageChange(stem, title, status, finding, reason, estimates, values, tuple(pairs), only)


def _adds_up(results: Mapping[str, Any]) -> bool:
    """Return whether a page tells sums over all tables, from which a hidden change of one could be had."""
    return set(counts.COUNTED) <= set(results)


def _pairs(kind: Kind, before: Mapping[int, Shown], after: Mapping[int, Shown]) -> list[Pair]:
    found = []
    for number in sorted({*before, *after}):
        old, new = before.get(number), after.get(number)
        if old is None or new is None or (old.drawing, old.caption) != (new.drawing, new.caption):
            cells = _cells(old.cells, new.cells) if old and new else 0
            found.append(Pair(kind, number, old, new, cells))
        elif old.cells != new.cells:
            found.append(Pair("data" if kind == "figure" else kind, number, old, new, _cells(old.cells, new.cells)))
    return found


def _cells(before: Cells, after: Cells) -> int:
    """Return how many cells differ, place by place."""
    rows: Sequence[tuple[Any, Any]] = list(zip_longest(before, after, fillvalue=()))
    return sum(old != new for pair in rows for old, new in zip_longest(*pair))
