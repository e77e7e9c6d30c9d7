"""Executed notebooks in, self-contained HTML out: one file a page in two languages, no request to anywhere.

The same inputs give the same bytes. What stands in both languages stands in two elements, `class="zh" lang="zh-CN"` and
`class="en" lang="en"`; the reader's choice of language hides one of them (`page.css`), with or without scripts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from nbconvert import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbformat import NotebookNode

from helpers import svg
from helpers.cells import in_html as escape
from helpers.errors import PageError
from helpers.report import foreign, prose, twins
from helpers.report.foreign import external_requests
from helpers.text import LANGS, Lang, Words, both, say

TEMPLATES = Path(__file__).parent / "template"
TAGS: Mapping[Lang, str] = {"zh": "zh-CN", "en": "en"}
_NUMBER = re.compile(r'<span class="number" data-kind="(figure|table)"></span>')
_POLICY = re.compile(r"sha256-of-(style|script)")


@dataclass(frozen=True)
class Facts:
    """What every page of a run prints beside its content; plain values, the same for the same inputs.

    `lang` is the language a page opens in; `run_title`, `zone` and `banner` are told in both.
    """

    lang: Lang
    run: str
    study: str
    run_title: Words
    zone: Words
    period: str
    as_of: str
    banner: Words
    is_synthetic: bool
    parameters: Mapping[str, str]
    inputs: Sequence[Mapping[str, str]]
    code: Mapping[str, str | None]
    packages: Mapping[str, str]
    seed: int
    plan: str
    version: str


@dataclass(frozen=True)
class Cover:
    """What the shell asks of a page that belongs to no single run: the language it opens in, and what it is part of."""

    lang: Lang
    run_title: Words


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
        A whole HTML document in both languages that opens in `facts.lang`.

    Raises
    ------
    PageError
        If a cell's languages are not kept apart, or the page would ask another place for anything.
    """
    page = nbformat.from_dict(notebook)
    headings: dict[Lang, list[prose.Heading]] = {lang: [] for lang in LANGS}
    numbers = {lang: _Numbers(lang) for lang in LANGS}
    for number, cell in enumerate(page.cells, start=1):
        if cell.cell_type == "markdown":
            parts = {}
            for lang in LANGS:
                source = prose.in_language(cell.source, lang, where=f"{name}, cell {number}", study=facts.study)
                parts[lang], headings[lang] = prose.anchored(
                    prose.to_html(source), headings[lang], lang=lang, drop_title=True
                )
            cell.metadata["html"] = passages(parts, "section", "prose ")
        else:
            cell.outputs = _outputs(cell, facts.lang, numbers)
    about = {
        **context(facts, {lang: _title(headings[lang], name) for lang in LANGS}),
        "toc": {lang: [h for h in headings[lang] if h.level in (2, 3)] for lang in LANGS},
        "page_parameters": dict(parameters or {}),
    }
    html, _ = _exporter().from_notebook_node(page, resources={"page": about})
    return _finished(html, name)


def message(
    title: Words, paragraphs: Sequence[Words], facts: Facts, *, name: str, links: Sequence[tuple[str, Words]] = ()
) -> str:
    """Return a page that says why there is nothing to see; `links` are (address, words) of what helps further."""
    sections = []
    for lang in LANGS:
        ways = "".join(f'\n\n<p><a href="{address}">{escape(words[lang])}</a></p>' for address, words in links)
        source = prose.message_cell(title[lang], [(words[lang], _spoken(words, lang)) for words in paragraphs])
        sections.append(f'<section lang="{lang}">\n\n{source}{ways}\n\n</section>')
    cell = nbformat.v4.new_markdown_cell("\n".join(sections), id="cell-001")
    return render(nbformat.v4.new_notebook(cells=[cell]), facts, name=name)


def _spoken(words: Words, lang: Lang) -> str:
    """Return the language tag of a paragraph: what is the same in both is what a program said, in English."""
    return TAGS[lang] if len(set(words.values())) > 1 else TAGS["en"]


def index(pages: Sequence[Any], facts: Facts, *, count: Words) -> str:
    """Return the index of a run: every page with its status, its finding and its address."""
    return document("overview.html.j2", "index", pages=pages, count=count, page=context(facts, facts.run_title))


def document(template: str, name: str, /, **values: Any) -> str:
    """Return a page from a template of `template/page`, finished as every page is.

    A template `x.html.j2` may put `x.css` and `x.js` below the style and the script of all pages.

    Raises
    ------
    PageError
        If the page would ask another place for anything.
    """
    return _finished(_environment().get_template(template).render(**values), name, own=template.split(".")[0])


def context(about: Facts | Cover, title: Words) -> dict[str, Any]:
    """Return what the templates call `page`, for a page without table of contents and parameters of its own."""
    return {
        "facts": about,
        "langs": [(lang, TAGS[lang]) for lang in LANGS],
        "tag": TAGS[about.lang],
        "both": in_both,
        "say": lambda key, **values: in_both(both(f"page.{key}", **values)),
        "said": lambda key, lang, **values: escape(say(f"page.{key}", lang, **values)),
        "title": title,
        "toc": {lang: [] for lang in LANGS},
        "page_parameters": {},
    }


def in_both(words: Words) -> str:
    """Return words as HTML: twice, each marked with its language, or once where they are the same."""
    if len({words[lang] for lang in LANGS}) == 1:
        return escape(words[LANGS[0]])
    return "".join(f'<span class="{lang}" lang="{TAGS[lang]}">{escape(words[lang])}</span>' for lang in LANGS)


def _title(headings: Sequence[prose.Heading], name: str) -> str:
    return next((heading.text for heading in headings if heading.level == 1), name)


def passages(parts: Mapping[Lang, str], tag: str, kind: str = "") -> str:
    """Return passages as elements of their language; one that is the same in both stands once."""
    if len(set(parts.values())) == 1:
        only = parts[LANGS[0]]
        return f'<{tag} class="{kind.strip()}">{only}</{tag}>' if only.strip() else ""
    told = [(lang, html) for lang, html in parts.items() if html.strip()]
    return "\n".join(f'<{tag} class="{kind}{lang}" lang="{TAGS[lang]}">\n{html}</{tag}>' for lang, html in told)


class _Numbers:
    """Puts numbers before the captions of one language, in the order of the page."""

    def __init__(self, lang: Lang) -> None:
        self._lang, self._counts = lang, {"figure": 0, "table": 0}

    def put(self, html: str) -> str:
        return _NUMBER.sub(self._number, html)

    def _number(self, match: re.Match[str]) -> str:
        kind = match[1]
        self._counts[kind] += 1
        words = say(f"page.{kind}_number", self._lang, number=self._counts[kind])
        return f'<span class="number" id="{self._lang}-{kind}-{self._counts[kind]}">{words}</span>'


def _outputs(cell: NotebookNode, lang: Lang, numbers: Mapping[Lang, _Numbers]) -> list[NotebookNode]:
    """Return a cell's outputs as one piece of HTML, each language in an element of its own."""
    given = twins.outputs_by_language(cell, lang)
    parts = {one: "\n".join(filter(None, map(_html, given.get(one, given[lang])))) for one in LANGS}
    numbered = {one: numbers[one].put(parts[one]) for one in LANGS}
    if not any(part.strip() for part in parts.values()):
        return []
    html = passages(numbered, "div") if len(given) > 1 else numbered[lang]
    return [nbformat.v4.new_output("display_data", data={"text/html": html})]


def _html(output: NotebookNode) -> str:
    # A warning is for whoever runs the study: it stands in the manifest, not on the page.
    if output.output_type == "stream":
        return _plain(output.text) if output.name == "stdout" else ""
    data = output.get("data", {})
    if "text/html" in data:
        return data["text/html"]
    if "text/markdown" in data:
        return prose.to_html(data["text/markdown"])
    return _plain(data["text/plain"]) if data.get("text/plain") else ""


def _plain(text: str) -> str:
    return f'<pre class="text" tabindex="0">{escape(text)}</pre>'


def _finished(html: str, name: str, *, own: str = "page") -> str:
    text = "\n".join(line.rstrip() for line in svg.letters_once(html).strip().splitlines()) + "\n"
    text = _POLICY.sub(lambda found: _hashes(own)[found[1]], text)
    if found := external_requests(text):
        raise PageError(f"{name}: the page would load or run {len(found)} foreign thing(s): {', '.join(found[:5])}")
    return text


@cache
def _hashes(own: str) -> dict[str, str]:
    """Return the hashes of the template's own style and script; no other one on a page is taken or run."""
    hashes = {}
    for kind, ending in (("style", "css"), ("script", "js")):
        files = [TEMPLATES / "page" / f"{stem}.{ending}" for stem in dict.fromkeys(("page", own))]
        lines = [line for file in files if file.is_file() for line in file.read_text(encoding="utf-8").splitlines()]
        content = "\n" + "\n".join(line.rstrip() for line in lines) + "\n"
        hashes[kind] = foreign.content_hash(content)
    return hashes


@cache
def _exporter() -> TemplateExporter:
    # Not HTMLExporter: it parses each page again to add descriptions that all pictures here have, and so spoils SVG.
    return TemplateExporter(
        extra_template_basedirs=[str(TEMPLATES)],
        template_name="page",
        template_file="index.html.j2",
        filters={"highlight_code": Highlight2HTML(pygments_lexer="ipython3"), "e": escape},
    )


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(TEMPLATES / "page")
    # As nbconvert's own environment, which shares these templates: they escape what they print.
    environment = jinja2.Environment(loader=loader, autoescape=False, undefined=jinja2.StrictUndefined)
    environment.filters["e"] = escape
    return environment


