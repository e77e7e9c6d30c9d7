"""Bilingual Markdown cells: the sections of one language, as HTML with headings that a table of contents can point to.

A cell keeps its languages apart by sections, each tag on a line of its own with an empty line inside:

    <section lang="zh">

    ## 标题

    </section>
    <section lang="en">

    ## Heading

    </section>

What stands outside of sections belongs to both languages. A section of one study alone says so: its tag then is
`<section lang="zh" data-study="listed">`, in both languages.
"""

import re
from dataclasses import dataclass
from html import escape, unescape

import latex2mathml.converter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from helpers import paths
from helpers.errors import PageError
from helpers.text import LANGS, Lang

_SECTION = re.compile(
    r'^[ \t]*<section lang="(\w+)"(?: data-study="(\w+)")?>[ \t]*\n(.*?)^[ \t]*</section>[ \t]*$\n?',
    re.DOTALL | re.MULTILINE,
)
_TAG = re.compile(r"</?section\b[^>]*>")
_HEADING = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1>", re.DOTALL)
_SPACE = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Heading:
    """One heading of a page."""

    level: int
    anchor: str
    text: str


def in_language(source: str, lang: Lang, *, where: str, study: str = "zone") -> str:
    """Return a Markdown cell's text in one language, for one study; empty where no section is of that study.

    Raises
    ------
    PageError
        If a section is not closed, names no known language or study, or stands in one language only.
    """
    sections = _SECTION.findall(source)
    if len(_TAG.findall(source)) != 2 * len(sections):
        raise PageError(
            f'{where}: a <section lang="…"> is not closed, is nested, or shares its line with text: '
            "put each tag on a line of its own"
        )
    if unknown := {of for _, of, _ in sections} - {"", *paths.PLANS}:
        raise PageError(f"{where}: sections of study {', '.join(sorted(unknown))}; there are {', '.join(paths.PLANS)}")
    for mine in {of for _, of, _ in sections}:
        found = {language for language, of, _ in sections if of == mine}
        if found != set(LANGS):
            raise PageError(f"{where}: sections in {', '.join(sorted(found))}; expected both {' and '.join(LANGS)}")
    kept = _SECTION.sub(lambda match: match[3] if match[1] == lang and match[2] in (None, study) else "", source)
    return _SPACE.sub("\n\n", kept).strip("\n")


def title_of(notebook: NotebookNode, lang: Lang, *, where: str, study: str = "zone") -> str:
    """Return the notebook's title in `lang`: its first heading of level one, or the notebook's name."""
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown":
            for line in in_language(cell.source, lang, where=f"{where}, cell {number}", study=study).splitlines():
                if line.startswith("# "):
                    return line[2:].strip()
    return where


class _Renderer(IPythonRenderer):
    """Sets formulas as MathML, which browsers show without a script; copies of them give the TeX."""

    def block_math(self, body: str) -> str:
        return latex2mathml.converter.convert(body.strip(), display="block")

    def inline_math(self, body: str) -> str:
        return latex2mathml.converter.convert(body.strip())


def to_html(source: str) -> str:
    """Return Markdown as HTML; HTML inside it stays, TeX between dollar signs becomes MathML."""
    return MarkdownWithMath(renderer=_Renderer(escape=False, exclude_anchor_links=True)).render(source)


def anchored(html: str, headings: list[Heading], *, lang: Lang, drop_title: bool) -> tuple[str, list[Heading]]:
    """Give every heading an anchor of its own; return the HTML and the headings so far.

    An anchor names its language, so that a link to a passage opens the page in that language. With `drop_title` the
    first heading of level one is taken out: the page prints it in its head.
    """
    found = list(headings)

    def replace(match: re.Match[str]) -> str:
        level, inner = int(match[1]), match[2]
        if level == 1 and drop_title and not any(heading.level == 1 for heading in found):
            found.append(Heading(1, "", _plain(inner)))
            return ""
        anchor = f"{lang}-s{sum(heading.level > 1 for heading in found) + 1}"
        # A second heading of level one would compete with the page's title.
        level = max(level, 2)
        found.append(Heading(level, anchor, _plain(inner)))
        return f'<h{level} id="{anchor}"><a class="anchor" href="#{anchor}">{inner}</a></h{level}>'

    return _HEADING.sub(replace, html), found


def message_cell(title: str, paragraphs: list[tuple[str, str]]) -> str:
    """Return the Markdown of a page that only says something; texts, each with its language tag, stay as they are."""
    told = (f'<p lang="{tag}">{escape(part)}</p>' for part, tag in paragraphs)
    return "\n\n".join([f"# {escape(title, quote=False)}", *told])


def _plain(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html)).strip()
