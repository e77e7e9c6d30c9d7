"""A finished page in, its tables in one language out: what papers get is what the page shows, after disclosure control.

Tables behind figures and those at the foot of a page are no tables of it: they have no number.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from helpers.errors import WuliError
from helpers.text import LANGS, Lang

REGRESSION = "regression"
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Not blanks that keep a number on one line.
_BLANKS = re.compile(r"[ \t\r\n]+")


@dataclass(frozen=True)
class Table:
    """A table of a page, in words of one language.

    Attributes
    ----------
    anchor : str
        Its place in the page, such as `en-table-1`.
    number, title, note : str
        The caption (`Table 1.`) and what stands below.
    kind : str
        `regression` for a table of estimates, else empty.
    header : tuple of str
    is_number : tuple of bool
        Which columns are set right.
    rows : tuple of tuple of str
    """

    anchor: str
    number: str
    title: str
    note: str
    kind: str
    header: tuple[str, ...]
    is_number: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Shown:
    """What a page shows in one language: its title, its banner, its tables."""

    title: str
    banner: str
    tables: tuple[Table, ...]


def read(html: str, lang: Lang, *, name: str) -> Shown:
    """Return what a page shows in one language.

    Parameters
    ----------
    html : str
        A page of `report.render`.
    lang : {"zh", "en"}
    name : str
        The page as people know it, for messages.

    Raises
    ------
    WuliError
        If the page does not hold the language, or a table has merged cells.
    """
    if f'id="in-{lang}"' not in html:
        raise WuliError(f"{name}: the page does not hold '{lang}': it was made by an older version; run it again")
    reader = _Reader(lang)
    reader.feed(html)
    reader.close()
    for table in reader.tables:
        uneven = sum(len(row) != len(table.header) for row in table.rows)
        if uneven:
            raise WuliError(
                f"{name}, {table.number} {table.title}: {uneven} of {len(table.rows)} rows have not the "
                f"{len(table.header)} cells of the header: tables with merged cells cannot be exported"
            )
    return Shown(_text(reader.title), _text(reader.banner), tuple(reader.tables))


@dataclass
class _Draft:
    anchor: str = ""
    kind: str = ""
    number: list[str] = field(default_factory=list)
    title: list[str] = field(default_factory=list)
    note: list[str] = field(default_factory=list)
    rows: list[list[list[str]]] = field(default_factory=list)
    is_number: list[bool] = field(default_factory=list)

    def table(self) -> Table:
        """Return what was gathered; the first row is the header."""
        header, *rows = [tuple(map(_text, row)) for row in self.rows]
        return Table(self.anchor, _text(self.number), _text(self.title), _text(self.note), self.kind, header,
                     tuple(self.is_number), tuple(rows))  # fmt: skip


class _Reader(HTMLParser):
    """Follows the elements that are open; each hands its text to a list, and so do those inside of it."""

    def __init__(self, lang: Lang) -> None:
        super().__init__(convert_charrefs=True)
        self._lang, self._others = lang, {other for other in LANGS if other != lang}
        self._open: list[tuple[str, list[str] | None]] = []
        self._hidden = 0
        self._draft: _Draft | None = None
        self.title: list[str] = []
        self.banner: list[str] = []
        self.tables: list[Table] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        given = {name: value or "" for name, value in attrs}
        classes = set(given.get("class", "").split())
        is_other = bool(classes & self._others) and self._lang not in classes
        if self._hidden or is_other:
            self._hidden += 1
            self._open.append((tag, None))
            return
        into = self._open[-1][1] if self._open else None
        self._open.append((tag, self._target(tag, given, classes, into)))

    def _target(self, tag: str, given: dict[str, str], classes: set[str], into: list[str] | None) -> list[str] | None:
        if tag == "h1":
            return self.title
        if "banner" in classes:
            return self.banner
        if tag == "strong" and into is self.banner:
            # Its sentence says the same.
            return None
        if tag == "figure" and "table" in classes:
            self._draft = _Draft(kind=given.get("data-kind", ""))
        draft = self._draft
        if draft is None:
            return into
        if tag == "figcaption":
            return draft.title
        if "number" in classes:
            draft.anchor = given.get("id", "")
            return draft.number
        if "note" in classes:
            return draft.note
        if tag == "tr":
            draft.rows.append([])
        if tag in ("th", "td"):
            if len(draft.rows) == 1:
                draft.is_number.append("n" in classes)
            draft.rows[-1].append([])
            return draft.rows[-1][-1]
        return into

    def handle_endtag(self, tag: str) -> None:
        if tag not in {name for name, _ in self._open}:
            return
        while True:
            name, _ = self._open.pop()
            self._hidden = max(0, self._hidden - 1)
            if name == tag:
                break
        if tag == "figure" and not self._hidden and self._draft is not None:
            self.tables.append(self._draft.table())
            self._draft = None

    def handle_data(self, data: str) -> None:
        into = self._open[-1][1] if self._open and not self._hidden else None
        if into is not None:
            into.append(data)


def _text(parts: list[str]) -> str:
    # A full-width blank ends the number of a Chinese caption.
    return _BLANKS.sub(" ", "".join(parts)).strip(" \u3000")
