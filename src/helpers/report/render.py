"""Executed notebooks in, self-contained HTML out: one file a page, no request to anywhere, the same bytes each time."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from helpers.errors import PageError
from helpers.report import prose
from helpers.text import Lang, say

TEMPLATES = Path(__file__).parent / "template"
_NUMBER = re.compile(r'<span class="number" data-kind="(figure|table)"></span>')
_CSS_REQUEST = re.compile(r"url\(\s*['\"]?(?!data:|#)|@import", re.IGNORECASE)
_REFUSED_TAGS = frozenset({"script", "iframe", "object", "embed", "link", "base", "frame"})
_SOURCE_ATTRIBUTES = frozenset({"src", "srcset", "poster", "data", "background"})


@dataclass(frozen=True)
class Facts:
    """What every page of a run prints beside its content; plain values, the same for the same inputs."""

    lang: Lang
    run: str
    study: str
    run_title: str
    zone: str
    period: str
    as_of: str
    banner: str
    is_synthetic: bool
    parameters: Mapping[str, str]
    inputs: Sequence[Mapping[str, str]]
    code: Mapping[str, str | None]
    packages: Mapping[str, str]
    seed: int
    plan: str


def render(notebook: NotebookNode, facts: Facts, *, name: str, parameters: Mapping[str, Any] | None = None) -> str:
    """Return the page of a normalised notebook.

    Parameters
    ----------
    notebook : NotebookNode
        From `execute.normalise`; it is not changed.
    facts : Facts
        What the run's pages have in common.
    name : str
        The notebook as people know it, for messages.
    parameters : mapping, optional
        The page's own resolved parameters, printed at its foot.

    Returns
    -------
    str
        A whole HTML document in `facts.lang`.

    Raises
    ------
    PageError
        If a cell's languages are not kept apart, or the page would ask another place for anything.
    """
    page = nbformat.from_dict(notebook)
    headings: list[prose.Heading] = []
    for number, cell in enumerate(page.cells, start=1):
        if cell.cell_type == "markdown":
            source = prose.in_language(cell.source, facts.lang, where=f"{name}, cell {number}", study=facts.study)
            html, headings = prose.anchored(prose.to_html(source), headings, drop_title=True)
            cell.metadata["html"] = html
    _number_outputs(page, facts.lang)
    context = {
        "facts": facts,
        "title": next((heading.text for heading in headings if heading.level == 1), name),
        "toc": [heading for heading in headings if heading.level in (2, 3)],
        "page_parameters": dict(parameters or {}),
        "say": _say(facts.lang),
    }
    html, _ = _exporter().from_notebook_node(page, resources={"page": context})
    return _finished(html, name)


def message(
    title: str, paragraphs: list[str], facts: Facts, *, name: str, links: Sequence[tuple[str, str]] = ()
) -> str:
    """Return a page that says why there is nothing to see; `links` are (address, text) of what helps further."""
    source = prose.message_cell(title, paragraphs)
    source += "".join(f'\n\n<p><a href="{address}">{text}</a></p>' for address, text in links)
    cell = nbformat.v4.new_markdown_cell(source, id="cell-001")
    return render(nbformat.v4.new_notebook(cells=[cell]), facts, name=name)


def index(pages: Sequence[Any], facts: Facts, *, count: str) -> str:
    """Return the index of a run: every page with its status, its finding and its address."""
    context = {"facts": facts, "title": facts.run_title, "toc": [], "page_parameters": {}, "say": _say(facts.lang)}
    template = _environment().get_template("overview.html.j2")
    html = template.render(pages=pages, count=count, page=context)
    return _finished(html, "index")


def external_requests(html: str) -> list[str]:
    """Return everything in an HTML document for which a browser would ask another place, or that could run code."""
    finder = _Finder()
    finder.feed(html)
    return finder.found


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        if tag in _REFUSED_TAGS:
            self.found.append(f"<{tag}>")
        for attribute, value in attrs:
            text = (value or "").strip()
            embedded = text.startswith(("data:", "#")) or not text
            referenced = attribute in _SOURCE_ATTRIBUTES or (tag in ("image", "use") and attribute.endswith("href"))
            if (referenced and not embedded) or (attribute == "style" and _CSS_REQUEST.search(text)):
                self.found.append(f'<{tag} {attribute}="{text[:60]}">')
            if attribute.startswith("on") or text.lower().startswith("javascript:"):
                self.found.append(f"<{tag} {attribute}=…>")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._in_style and _CSS_REQUEST.search(data):
            self.found.append("<style> with url(…) or @import")


def _finished(html: str, name: str) -> str:
    found = external_requests(html)
    if found:
        raise PageError(f"{name}: the page would load or run {len(found)} foreign thing(s): {', '.join(found[:5])}")
    return "\n".join(line.rstrip() for line in html.strip().splitlines()) + "\n"


def _number_outputs(notebook: NotebookNode, lang: Lang) -> None:
    """Put numbers before captions, in the order of the page (`notebook` is this module's own copy)."""
    counts = {"figure": 0, "table": 0}

    def number(match: re.Match[str]) -> str:
        kind = match[1]
        counts[kind] += 1
        return f'<span class="number">{say(f"page.{kind}_number", lang, number=counts[kind])}</span>'

    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = _NUMBER.sub(number, output.data["text/html"])


def _say(lang: Lang) -> Callable[..., str]:
    return lambda key, **values: say(f"page.{key}", lang, **values)


@cache
def _exporter() -> HTMLExporter:
    return HTMLExporter(extra_template_basedirs=[str(TEMPLATES)], template_name="page")


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(TEMPLATES / "page")
    # As nbconvert's own environment, which shares these templates: they escape what they print.
    return jinja2.Environment(loader=loader, autoescape=False, undefined=jinja2.StrictUndefined)
