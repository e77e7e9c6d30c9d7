"""A published page in, its figures, tables and words in one language out, in a form in which two pages can be compared.

Letters of figures are named per page: here they are named by their shape, so that the same figure is the same text on
both pages, and can be put into a third.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

from helpers.text import Lang, other

_MAIN = re.compile(r"<main\b[^>]*>(.*?)</main>", re.DOTALL)
_FIGURE = re.compile(r"<figure\b[^>]*>.*?</figure>", re.DOTALL)
_NUMBER = re.compile(r'id="(zh|en)-(figure|table)-(\d+)"')
_CAPTION = re.compile(r"<figcaption>(.*?)</figcaption>", re.DOTALL)
_OWN_NUMBER = re.compile(r'<span class="number"[^>]*>.*?</span>', re.DOTALL)
_DRAWING = re.compile(r'<svg [^>]*class="drawn".*?</svg>|<img src="data:image/[^>]*>', re.DOTALL)
_LETTERS = re.compile(r'<svg class="letters".*?</svg>', re.DOTALL)
_LETTER = re.compile(r'<path id="([^"]+)" (d="[^"]*"(?: transform="[^"]*")?)/>')
_CLIP = re.compile(r'(id="|href="#|url\(#)f\d+(c\d+)')
_ROW = re.compile(r"<tr\b[^>]*>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", re.DOTALL)
_VOID = frozenset({"br", "img", "input", "hr", "wbr", "col", "meta", "link", "source"})
_BLOCKS = frozenset({"p", "li", "h1", "h2", "h3", "h4", "tr", "pre", "blockquote", "dt", "dd", "summary"})
# What a page was made by and its numbers for checking: parameters and results are compared by their values.
_FOLDED = frozenset({"code", "results"})
Cells = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Shown:
    """A figure or a table: its caption, its drawing (empty for a table) and the cells of its table."""

    caption: str
    drawing: str
    cells: Cells


@dataclass(frozen=True)
class Content:
    """What a reader sees of a page in one language; figures and tables by their numbers."""

    figures: Mapping[int, Shown] = field(default_factory=dict)
    tables: Mapping[int, Shown] = field(default_factory=dict)
    words: tuple[str, ...] = ()


def read(html: str, lang: Lang) -> Content:
    """Return the content of a published page in `lang`.

    Parameters
    ----------
    html : str
        From `report.render`.
    lang : {"zh", "en"}
        What stands in both languages is read in this one; what stands once, for both, is read too.
    """
    found = _MAIN.search(html)
    main = found[1] if found else ""
    letters = _letters(html)
    held: dict[tuple[str, int], dict[str, Shown]] = {}
    for figure in _FIGURE.findall(main):
        if named := _NUMBER.search(figure):
            held.setdefault((named[2], int(named[3])), {})[named[1]] = _shown(figure, letters)
    chosen = {place: told.get(lang) or told[other(lang)] for place, told in held.items()}
    by_kind = {
        kind: {number: shown for (of, number), shown in sorted(chosen.items()) if of == kind}
        for kind in ("figure", "table")
    }
    reader = _Words(skipped=other(lang))
    reader.feed(_FIGURE.sub("", main))
    reader.close()
    return Content(by_kind["figure"], by_kind["table"], reader.lines())


def _letters(html: str) -> dict[str, tuple[str, str]]:
    """Return each letter's name by its shape, and the element that draws it, by its name on the page."""
    found = {}
    for sheet in _LETTERS.findall(html):
        for name, shape in _LETTER.findall(sheet):
            own = "l" + hashlib.sha256(shape.encode()).hexdigest()[:16]
            found[name] = own, f'<path id="{own}" {shape}/>'
    return found


def _shown(figure: str, letters: Mapping[str, tuple[str, str]]) -> Shown:
    caption, drawing = _CAPTION.search(figure), _DRAWING.search(figure)
    cells = tuple(tuple(map(_plain, _CELL.findall(row))) for row in _ROW.findall(figure))
    return Shown(_caption(caption[1]) if caption else "", _alone(drawing[0], letters) if drawing else "", cells)


def _alone(drawing: str, letters: Mapping[str, tuple[str, str]]) -> str:
    """Return a drawing that brings its own letters, as `svg.drawn` makes it."""
    used: dict[str, str] = {}

    def rename(found: re.Match[str]) -> str:
        own, element = letters.get(found[1], (found[1], ""))
        used.update({own: element} if element else {})
        return f'href="#{own}"'

    bare = _CLIP.sub(r"\1\2", re.sub(r'href="#(g\w+)"', rename, drawing))
    defs = "".join(used[name] for name in sorted(used))
    return re.sub(r"(<svg [^>]*>)", rf'\1<defs class="letters">{defs}</defs>', bare, count=1) if defs else bare


def _caption(html: str) -> str:
    """Return a caption without its number, a note below it apart by a blank."""
    return _plain(_OWN_NUMBER.sub("", html).replace('<span class="note">', " "))


def _plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


class _Words(HTMLParser):
    """Reads the lines of text of a part of a page, without the other language and what is folded away."""

    def __init__(self, *, skipped: Lang) -> None:
        super().__init__(convert_charrefs=True)
        self._skipped = skipped
        self._depth = 0
        self._text: list[str] = []

    def lines(self) -> tuple[str, ...]:
        """Return the lines that hold anything."""
        lines = (" ".join(line.split()) for line in "".join(self._text).splitlines())
        return tuple(line for line in lines if line)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = set((dict(attrs).get("class") or "").split())
        if tag in _VOID:
            return
        if self._depth or self._skipped in names or (tag == "details" and names & _FOLDED):
            self._depth += 1
        elif tag in _BLOCKS:
            self._text.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if self._depth:
            self._depth -= tag not in _VOID
        elif tag in _BLOCKS:
            self._text.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._depth:
            self._text.append(data)
