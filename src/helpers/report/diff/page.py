"""What changed between two runs in, one page and a summary for the terminal out.

The page holds no time, and its figures in one language: those that differ, until it weighs as much as a page may.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import atomic, paths
from helpers.report import publish, release, render
from helpers.report.diff import rows
from helpers.report.diff.compare import Difference, PageChange, Pair, compared
from helpers.report.diff.numbers import MARKS
from helpers.report.diff.sides import Side, opened
from helpers.text import LANGS, Lang, Words, both, say

LARGEST_BYTES = 1_400_000
_LETTER = re.compile(r'<path id="l[0-9a-f]{16}"[^>]*/>')
_NAME = re.compile(r"l[0-9a-f]{16}")


@dataclass(frozen=True)
class Written:
    """Where the page was written, what to say on the terminal, and whether a reader would see a difference."""

    page: Path
    summary: str
    has_changed: bool


def write(before: str, after: str, *, out: Path | None = None, lang: Lang | None = None) -> Written:
    """Compare two runs and write the page that tells of it.

    Parameters
    ----------
    before, after : str
        Each the name of a run under `reports` or the folder of one.
    out : Path, optional
        Folder to write `<before>--<after>.html` to; `reports/diff` when left out. Only there can the page link to those
        of the runs, since it must hold no path of the machine.
    lang : {"zh", "en"}, optional
        Language that the page opens in, and of its figures; that of the later run when left out.

    Raises
    ------
    UsageError
        If a run is not there, or cannot be compared.
    WuliError
        If the page cannot be written.
    """
    sides = opened(before), opened(after)
    chosen = lang or sides[1].parameters["lang"]
    found = compared(*sides, chosen)
    folder = out or paths.reports() / "diff"
    target = folder / f"{sides[0].run}--{sides[1].run}.html"
    with publish.writing(folder, elsewhere="--out"), atomic.written(target) as staged:
        html = page(found, chosen, is_linked=out is None)
        release.require_clean(html, [side.run for side in sides], name=target.name)
        staged.write_text(html, encoding="utf-8")
    return Written(target, summary(found, chosen), found.has_changed)


def summary(found: Difference, lang: Lang) -> str:
    """Return what changed in a few lines of plain text."""
    lines = [f"{found.before.run} → {found.after.run}", *(words[lang] for words in _counted(found))]
    lines += [words[lang] for words in _made_from(found)]
    return "\n  ".join(lines)


def page(found: Difference, lang: Lang, *, is_linked: bool = True) -> str:
    """Return the page; the same two runs give the same bytes."""
    pairs = [(change, pair) for change in found.pages for pair in change.pairs if pair.kind == "figure"]
    # A page with something marked comes first where not all figures find a place.
    pairs.sort(key=lambda one: not any(one[0].estimates[list(MARKS)].any()))
    # Whatever else the page holds has to stand on it; it is weighed without figures first.
    room = LARGEST_BYTES - len(_document(found, lang, [], pairs, is_linked).encode())
    drawn, rest, letters = [], [], frozenset[str]()
    for change, pair in pairs:
        weight, needed = _weight(pair, letters)
        if weight > room:
            rest.append((change, pair))
            continue
        drawn.append((change, pair))
        room, letters = room - weight, letters | needed
    order = [change.stem for change in found.pages]
    drawn.sort(key=lambda one: (order.index(one[0].stem), one[1].number))
    return _document(found, lang, drawn, rest, is_linked)


def _weight(pair: Pair, held: frozenset[str]) -> tuple[int, frozenset[str]]:
    """Return how many bytes a pair adds to a page that holds some letters already, and the letters that it uses."""
    drawings = [side.drawing for side in (pair.before, pair.after) if side]
    needed = frozenset(letter for drawing in drawings for letter in _LETTER.findall(drawing))
    # On a page letters have names as short as this one.
    lines = [_NAME.sub("g00", _LETTER.sub("", drawing)) for drawing in drawings]
    return sum(len(part.encode()) for part in [*lines, *(needed - held)]), needed


Figures = list[tuple[PageChange, Pair]]


def _document(found: Difference, lang: Lang, drawn: Figures, rest: Figures, is_linked: bool) -> str:
    names = {"before": found.before.run, "after": found.after.run}
    kinds = {side.is_synthetic for side in (found.before, found.after)}
    kind = "mixed" if len(kinds) == 2 else "synthetic" if kinds == {True} else "real"
    return render.document(
        "diff.html.j2",
        "the comparison of two runs",
        page=render.context(render.Cover(lang, both("diff.over")), both("diff.title", **names)),
        kind=kind,
        banner=both(f"diff.banner_{kind}"),
        sides=[_side(side, is_linked) for side in (found.before, found.after)],
        has_changed=found.has_changed,
        marked=rows.marked(found),
        counted=_counted(found),
        made_from=_made_from(found),
        findings=[change for change in found.pages if change.finding[0] != change.finding[1]],
        states=[change for change in found.pages if _state_differs(change)],
        left_out=[change for change in found.pages if change.is_left_out],
        tables={name: rows.table(found, name) for name in rows.TABLES},
        drawn=[_figure(*one) for one in drawn],
        rest=[_figure(*one) for one in rest],
        tag=render.TAGS[lang],
        figures_note={one: say("diff.figures_note", one, tongue=say(f"diff.tongue_{lang}", one)) for one in LANGS},
        minimum=found.minimum,
        tell=lambda key, **values: render.in_both(both(f"diff.{key}", **values)),
        told=lambda key, **values: say(f"diff.{key}", lang, **values),
    )


def _side(side: Side, is_linked: bool) -> Mapping[str, Any]:
    address = f"../{side.run}/" if is_linked and side.is_on_shelf else ""
    return {
        "run": side.run, "title": side.title, "zone": side.zone, "years": side.years, "address": address,
        "as_of": side.parameters["as_of"], "finished_on": side.made["finished_at"][:10],
        "kind": "synthetic" if side.is_synthetic else "real",
    }  # fmt: skip


def _figure(change: PageChange, pair: Pair) -> Mapping[str, Any]:
    captions = [side.caption if side else "" for side in (pair.before, pair.after)]
    return {
        "stem": change.stem, "title": change.title, "number": pair.number, "captions": captions,
        "drawings": [side.drawing if side else "" for side in (pair.before, pair.after)],
    }  # fmt: skip


def _state_differs(change: PageChange) -> bool:
    return change.status[0] != change.status[1] or change.reason[0] != change.reason[1]


def _counted(found: Difference) -> list[Words]:
    """Return how much of what a reader sees has changed."""
    pages, kinds = found.pages, [pair.kind for page in found.pages for pair in page.pairs]
    estimates, numbers = rows.estimates(found), rows.numbers(found)
    if not found.has_changed:
        return [both("diff.nothing")]
    told = [
        both("diff.count_estimates", n=int(estimates["is_changed"].sum()), total=len(estimates),
             **{mark: int(estimates[mark].sum()) for mark in MARKS}),
        both("diff.count_numbers", n=int(numbers["is_changed"].sum()), total=len(numbers)),
        both("diff.count_shown", findings=sum(page.finding[0] != page.finding[1] for page in pages),
             figures=kinds.count("figure"), tables=kinds.count("table") + kinds.count("data"),
             words=sum(any(page.words) for page in pages)),
        both("diff.count_pages", n=sum(_state_differs(page) for page in pages), total=len(pages),
             left_out=sum(page.is_left_out for page in pages)),
        both("diff.count_rows", n=found.counts["table"].nunique()),
    ]  # fmt: skip
    return told


def _made_from(found: Difference) -> list[Words]:
    """Return in what the two runs were made from something else."""
    names = {lang: say("text.comma", lang).join(found.parameters["name"]) or say("diff.none", lang) for lang in LANGS}
    code = "diff.code_other" if "hash" in set(found.code["name"]) else "diff.code_same"
    return [
        {lang: say("diff.made_parameters", lang, names=names[lang]) for lang in LANGS},
        both("diff.made_files", n=len(found.inputs)),
        both(code, packages=len(found.packages)),
    ]
