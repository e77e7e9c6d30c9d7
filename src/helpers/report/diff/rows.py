"""What differs between two runs in, the tables of the page out, in both languages."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from helpers import show
from helpers.report import catalogue, render
from helpers.report.diff.compare import HEAD, Difference
from helpers.report.diff.numbers import MARKS
from helpers.tables.labels import table_title
from helpers.text import LANGS, Lang, Words, both, label, number, p_text, say, with_capital

_NUMBER = '<span class="number" data-kind="table"></span>'
_DIGITS = 4
_HASH = 16


def estimates(found: Difference) -> pd.DataFrame:
    """Return the estimates of all pages (`numbers.estimates`) with `stem` and `title`, marked ones first."""
    frame = _together(found, "estimates")
    return frame.sort_values(list(MARKS), ascending=False, kind="stable", ignore_index=True) if len(frame) else frame


def numbers(found: Difference) -> pd.DataFrame:
    """Return the other numbers of all pages (`numbers.others`) with `stem` and `title`."""
    return _together(found, "numbers")


def _together(found: Difference, part: str) -> pd.DataFrame:
    frames = [
        frame.assign(stem=page.stem, title=[page.title] * len(frame))
        for page in found.pages
        if not (frame := getattr(page, part)).empty
    ]
    return pd.concat(frames, ignore_index=True) if frames else getattr(found.pages[0], part).assign(stem="", title="")


def marked(found: Difference) -> list[tuple[Words, list[Words]]]:
    """Return what must not be missed, by kind: how many, and a sentence for each; the page of findings comes first."""
    every = estimates(found).to_dict("records")
    every.sort(key=lambda row: row["stem"] != catalogue.HEADLINE)
    kinds = {mark: [row for row in every if row[mark]] for mark in MARKS}
    heads = {
        mark: both(f"diff.marked_{mark}", n=len(rows), unclear=sum(map(_is_unclear, rows)))
        for mark, rows in kinds.items()
    }
    return [(heads[mark], [_mark(mark, row) for row in rows]) for mark, rows in kinds.items() if rows]


def _is_unclear(row: dict[str, Any]) -> bool:
    """Return whether the interval holds zero on both sides."""
    ends = [(row[f"low_{side}"], row[f"high_{side}"]) for side in ("before", "after")]
    return all(low is not None and high is not None and low <= 0 <= high for low, high in ends)


def _mark(mark: str, row: dict[str, Any]) -> Words:
    key = mark
    if mark == "interval":
        key = "interval_gains" if row["low_after"] <= 0 <= row["high_after"] else "interval_loses"
    return {
        lang: say(
            f"diff.mark_{key}", lang, page=row["title"][lang], name=named(row["name"], lang),
            before=_told(row, "before", lang, mark), after=_told(row, "after", lang, mark),
        )
        for lang in LANGS
    }  # fmt: skip


def _told(row: dict[str, Any], side: str, lang: Lang, mark: str) -> str:
    return _grade(row[f"grade_{side}"], lang) if mark == "grade" else _estimate(row, side)


def named(name: tuple[str, ...], lang: Lang) -> str:
    """Return where a result stands, in words where there are any."""
    parts = [part for one in name for part in one.replace("|", ".").replace(" ", ".").split(".")]
    return " · ".join(label(part, lang) for part in parts)


def text(value: Any) -> str:
    """Return a value of the results as it is shown; numbers as they were rounded when the page was made."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, int):
        return number(value, ",d")
    if isinstance(value, float):
        return number(value, f",.{_DIGITS}f").rstrip("0").rstrip(".") or "0"
    return str(value)


def _change(value: Any) -> str:
    if isinstance(value, str) or value is None:
        return text(value)
    return ("+" if value > 0 else "") + text(round(value, _DIGITS))


def _estimate(row: dict[str, Any], side: str) -> str:
    point, low, high = (row[f"{field}_{side}"] for field in ("estimate", "low", "high"))
    if low is None or high is None:
        return text(point)
    return f"{text(point)} ({text(low)}\u00a0…\u00a0{text(high)})"


def _grade(value: Any, lang: Lang) -> str:
    return say(f"grade.level_{value}", lang) if value else "–"


def _moved(row: dict[str, Any], field: str, written: Callable[[Any], str]) -> str:
    before, after = (written(row[f"{field}_{side}"]) for side in ("before", "after"))
    return before if before == after else f"{before} → {after}"


def table(found: Difference, name: str) -> str:
    """Return one of `TABLES` as HTML in both languages; empty where it would have no row."""
    frames = {lang: TABLES[name](found, lang) for lang in LANGS}
    if frames[LANGS[0]].empty:
        return ""
    told = both(f"diff.table_{name}", minimum=found.minimum)
    made = {lang: show.table(frames[lang], title=told[lang], lang=lang).data.replace(_NUMBER, "") for lang in LANGS}
    return render.passages(made, "div")


def _frame(rows: list[tuple[Any, ...]], lang: Lang, *heads: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[say(f"diff.{head}", lang) for head in heads], dtype=object)


def _estimates(found: Difference, lang: Lang) -> pd.DataFrame:
    rows = [
        (
            row["title"][lang], named(row["name"], lang), _estimate(row, "before"), _estimate(row, "after"),
            _change(row["change"]), _moved(row, "n", text), _moved(row, "p", _p),
            _moved(row, "grade", lambda value: _grade(value, lang)),
            say("text.comma", lang).join(say(f"diff.{mark}", lang) for mark in MARKS if row[mark]),
        )
        for row in estimates(found).to_dict("records")
        if row["is_changed"]
    ]  # fmt: skip
    heads = ("page", "estimate", "before", "after", "change", "sample", "p", "grade", "marked")
    frame = _frame(rows, lang, *heads)
    # A column that says nothing takes the room of one that does.
    return frame.loc[:, [not set(frame.iloc[:, place]) <= {"–", ""} for place in range(frame.shape[1])]]


def _p(value: Any) -> str:
    return text(None) if value is None else p_text(value)


def _numbers(found: Difference, lang: Lang) -> pd.DataFrame:
    rows = [
        (row["title"][lang], named(row["name"], lang), text(row["before"]), text(row["after"]), _change(row["change"]))
        for row in numbers(found).to_dict("records")
        if row["is_changed"]
    ]
    return _frame(rows, lang, "page", "result", "before", "after", "change")


def _same(found: Difference, lang: Lang) -> pd.DataFrame:
    rows = [
        (row["title"][lang], named(row["name"], lang), _estimate(row, "before") if row["estimate_before"] is not None
         else _grade(row["grade_before"], lang))
        for row in estimates(found).to_dict("records")
        if not row["is_changed"]
    ]  # fmt: skip
    rows += [
        (row["title"][lang], named(row["name"], lang), text(row["before"]))
        for row in numbers(found).to_dict("records")
        if not row["is_changed"]
    ]
    return _frame(rows, lang, "page", "result", "value")


def _shown(found: Difference, lang: Lang) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for page in found.pages:
        for pair in page.pairs:
            if pair.kind == "figure":
                continue
            held = pair.after or pair.before
            what = say(f"diff.{pair.kind}_number", lang, number=pair.number)
            key = "gone" if not pair.after else "added" if not pair.before else "cells"
            rows.append((page.title[lang], what, held.caption, say(f"diff.{key}", lang, n=pair.cells)))
        if any(page.words):
            before, after = page.words
            told = say("diff.lines", lang, before=before, after=after)
            rows.append((page.title[lang], say("diff.words", lang), "–", told))
    return _frame(rows, lang, "page", "what", "caption", "how")


def _counts(found: Difference, lang: Lang) -> pd.DataFrame:
    rows = []
    for row in found.counts.to_dict("records"):
        cells = (row["before"] or "–", row["after"] or "–", row["change"] or "–")
        rows.append((with_capital(table_title(row["table"], lang)), say(f"diff.{row['count']}", lang), *cells))
    return _frame(rows, lang, "data_table", "count", "before", "after", "change")


def _parameters(found: Difference, lang: Lang) -> pd.DataFrame:
    head = say("diff.in_head", lang)
    rows = [
        (row["name"], row["before"] or "–", row["after"] or "–", head if row["name"] in HEAD else "–")
        for row in found.parameters.to_dict("records")
    ]
    return _frame(rows, lang, "parameter", "before", "after", "seen")


def _inputs(found: Difference, lang: Lang) -> pd.DataFrame:
    rows = [
        (row["name"], row["before"][:_HASH] or say("diff.added", lang), row["after"][:_HASH] or say("diff.gone", lang))
        for row in found.inputs.to_dict("records")
    ]
    return _frame(rows, lang, "file", "before", "after")


def _code(found: Difference, lang: Lang) -> pd.DataFrame:
    rows = [
        (say(f"diff.code_{row['name']}", lang), row["before"][:_HASH] or "–", row["after"][:_HASH] or "–")
        for row in found.code.to_dict("records")
    ]
    rows += [(row["name"], row["before"] or "–", row["after"] or "–") for row in found.packages.to_dict("records")]
    return _frame(rows, lang, "package", "before", "after")


TABLES: dict[str, Callable[[Difference, Lang], pd.DataFrame]] = {
    "estimates": _estimates, "numbers": _numbers, "same": _same, "shown": _shown, "counts": _counts,
    "parameters": _parameters, "inputs": _inputs, "code": _code,
}  # fmt: skip
