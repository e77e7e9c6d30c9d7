"""An executed notebook in; its results, finding and warnings out, or every reason why it may not be published.

papermill's own status is not asked: after a killed kernel it says `completed`, after `sys.exit(0)` it says nothing.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from helpers import paths
from helpers.errors import PageError
from helpers.report import twins
from helpers.text import LANGS, Lang

_GLYPH = re.compile(r"Glyph .{0,80}? missing", re.DOTALL)
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
_DATA_URI = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=\s]+")
_FINDING = re.compile(r'<p class="finding">(.*?)</p>', re.DOTALL)
_PICTURES = ("image/png", "image/jpeg", "image/svg+xml")


@dataclass(frozen=True)
class Passed:
    """What the gate reads from a notebook that it lets through."""

    results: dict[str, Any]
    finding: dict[Lang, str]
    warnings: tuple[str, ...]


def check(notebook: NotebookNode, name: str, lang: Lang = "zh") -> Passed:
    """Let an executed notebook through, or say everything that is wrong with it.

    Parameters
    ----------
    notebook : NotebookNode
        From `execute.execute`, before `normalise`: the kernel's replies are read from its metadata.
    name : str
        The notebook as people know it, for the message.
    lang : {"zh", "en"}
        The language that its own cells ran in; their twins speak the other one.

    Returns
    -------
    Passed

    Raises
    ------
    PageError
        If a code cell did not run to its end or ended in an error, the results cell is missing, a character has no
        glyph, a picture has no description, or an output carries a path or an address of this machine.
    """
    problems = [*_execution(notebook), *_outputs(notebook)]
    results = _results(notebook)
    if results is None:
        problems.append("no cell tagged 'results' with the output of show.results(…)")
    if problems:
        raise PageError(f"{name}: not fit to be published:\n  " + "\n  ".join(problems))
    return Passed(results or {}, _finding(notebook, lang), tuple(_warnings(notebook)))


def scrub(text: str) -> str:
    """Return `text` with this machine's own folders taken out, for logs and messages that are published."""
    places = machine_paths()
    return places.sub("…", text) if places else text


def machine_paths() -> re.Pattern[str] | None:
    """Return the pattern of this machine's own folders, or None where all of them are too short to be told."""
    places = {str(place) for place in (paths.ROOT, paths.output_root(), Path.home(), Path(sys.prefix))}
    alternatives = "|".join(re.escape(place) for place in sorted(places, key=len, reverse=True) if len(place) > 2)
    return re.compile(rf"(?<![\w.~-])(?:{alternatives})(?=[/\\\"'\s:<&,;)]|$)") if alternatives else None


def _code_cells(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source.strip():
            yield twins.place(notebook, index), cell


def _execution(notebook: NotebookNode) -> Iterator[str]:
    before = 0
    for at, cell in _code_cells(notebook):
        count = cell.get("execution_count")
        errors = [output for output in cell.outputs if output.output_type == "error"]
        for error in errors:
            yield f"{at} ended in {error.ename}: {error.evalue}"
        if count is None:
            yield f"{at} was not run"
            continue
        if "shell.execute_reply" not in cell.metadata.get("execution", {}):
            yield f"{at} was begun but not finished: its kernel died or was killed"
        if count <= before:
            yield f"{at} was run out of order (count {count} after {before}): its kernel was restarted"
        before = max(before, count)


def _outputs(notebook: NotebookNode) -> Iterator[str]:
    places = machine_paths()
    for at, cell in _code_cells(notebook):
        for output in cell.outputs:
            shown = _DATA_URI.sub("", _text(output))
            if _GLYPH.search(shown):
                yield f"{at} draws characters that its font does not have (Glyph … missing): see style.use()"
            if output.get("name") == "stderr" or output.output_type == "error":
                continue
            if places and (found := places.search(shown)):
                yield f"{at} shows a path of this machine: {scrub(_around(shown, found))}"
            if _ADDRESS.search(shown):
                yield f"{at} shows a memory address, which differs at every run: show the object's content"
            kinds = output.get("data", {})
            if "text/html" not in kinds and any(kind in kinds for kind in _PICTURES):
                yield f"{at} shows a picture without description: show it with show.figure(…)"


def _around(text: str, found: re.Match[str]) -> str:
    return text[max(0, found.start() - 20) : found.end() + 40].strip()


def _text(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return "\n".join(output.traceback)
    return "\n".join(str(content) for kind, content in output.data.items() if kind not in ("image/png", "image/jpeg"))


def _results(notebook: NotebookNode) -> dict[str, Any] | None:
    tagged = [cell for _, cell in _code_cells(notebook) if "results" in cell.metadata.get("tags", [])]
    for output in tagged[-1].outputs if tagged else []:
        try:
            values = json.loads(output.get("data", {}).get("text/plain", ""))
        except ValueError:
            continue
        if isinstance(values, dict):
            return values
    return None


def _finding(notebook: NotebookNode, lang: Lang) -> dict[Lang, str]:
    """Return the page's first finding in each language it is told in."""
    told: dict[Lang, str] = {}
    for _, cell in _code_cells(notebook):
        for output in cell.outputs:
            if found := _FINDING.search(output.get("data", {}).get("text/html", "")):
                words = unescape(re.sub(r"<[^>]+>", "", found[1])).strip()
                told.setdefault(twins.language_of(cell, lang), words)
    # One that depends on no language is the same in both.
    return {language: told.get(language) or told[lang] for language in LANGS} if lang in told else {}


def _warnings(notebook: NotebookNode) -> Iterator[str]:
    for at, cell in _code_cells(notebook):
        for output in cell.outputs:
            if output.get("name") == "stderr" and (line := _last_word(output.text)):
                yield f"{at}: {line}"


def _last_word(text: str) -> str:
    lines = [line for line in text.splitlines() if "Warning" in line] or text.strip().splitlines()[-1:]
    # A warning begins with the file that raised it; the page's readers need the sentence alone.
    return re.sub(r"^\S*?:\d+:\s*", "", lines[0])[:300] if lines else ""
