"""Finished pages of a run in, files for papers out: PDF, Word, LaTeX; nothing but what the pages show.

tables      a page's tables in one language
word        all tables of a page as .docx
latex       its tables of estimates as LaTeX
pdf         the page on paper, by Chromium
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from helpers import atomic, paths
from helpers.errors import UsageError, WuliError
from helpers.report import release
from helpers.report.export import latex, pdf, tables, word
from helpers.report.manifest import MANIFEST_FILE
from helpers.text import Lang, say

Format = Literal["pdf", "docx", "latex"]
FORMATS: tuple[Format, ...] = get_args(Format)
LISTING = "files.csv"
_HASH_DIGITS, _COMMIT_DIGITS = 16, 12


@dataclass(frozen=True)
class Exported:
    """Where the files are, and what is to be told: pages left out, formats not made.

    Attributes
    ----------
    folder : Path
    files : tuple of str
        Names of the files made.
    told : tuple of str
        One sentence each.
    failed : tuple of str
        Pages asked for that the run could not make.
    """

    folder: Path
    files: tuple[str, ...]
    told: tuple[str, ...]
    failed: tuple[str, ...]


def export(
    run: str,
    *,
    only: Sequence[str] = (),
    langs: Sequence[Lang],
    formats: Sequence[Format] = (),
    out: Path | None = None,
) -> Exported:
    """Write the pages of a run as files for papers: `STEM.LANG.pdf`, `.docx`, `.tex`.

    Parameters
    ----------
    run : str
        Name of a published run, or its folder.
    only : sequence of str
        Pages by name or leading number; default: all.
    langs : sequence of {"zh", "en"}
    formats : sequence of {"pdf", "docx", "latex"}
        Default: Word and LaTeX, and PDF where a Chromium is found.
    out : Path, optional
        Folder to write to; default: beside the run's, which a new run replaces as a whole. It holds what the last
        call made and nothing older.

    Raises
    ------
    UsageError
        If there is no such run or page, or `out` holds files of somebody else.
    WuliError
        If a PDF is asked for and there is no Chromium, there is nothing to write, or a page holds what must not leave.
    """
    folder = _folder(run)
    manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    pages = _chosen(manifest["pages"], only)
    there = [page for page in pages if page["status"] == "ok"]
    told = [f"{page['stem']}: left out, the run has no such page ({page['status']})"
            for page in pages if page not in there]  # fmt: skip
    program = pdf.chromium() if not formats or "pdf" in formats else None
    if program is None and "pdf" in formats:
        raise WuliError(f"a PDF needs Chromium or Chrome, and none was found ({', '.join(pdf.NAMES)}): install one, "
                        f"or name its program in {pdf.VARIABLE}")  # fmt: skip
    if program is None and not formats:
        told.append(f"no PDF: no Chromium was found; install one, or name its program in {pdf.VARIABLE}")
    wanted = formats or (FORMATS if program else ("docx", "latex"))
    place = out or folder.with_name(f"{folder.name}.export")
    with atomic.folder(place, listing=LISTING) as staged:
        files = []
        for page in there:
            html = (folder / f"{page['stem']}.html").read_text(encoding="utf-8")
            # A page may have been published before the scan knew what it knows now.
            release.require_clean(html, [manifest["run"]], name=f"{page['stem']} on paper")
            for name, content in _files(html, page["stem"], langs, wanted, program, manifest):
                (staged / name).write_bytes(content)
                files.append(name)
        if not files:
            raise WuliError(f"nothing to export as {', '.join(wanted)}: {_nothing(pages, told)}")
    failed = tuple(page["stem"] for page in pages if page["status"] == "failed")
    return Exported(place, tuple(files), tuple(told), failed)


def _files(
    html: str, stem: str, langs: Iterable[Lang], formats: Sequence[Format], program: str | None, manifest: Mapping
) -> Iterator[tuple[str, bytes]]:
    for lang in langs:
        shown, made_from = tables.read(html, lang, name=stem), _made_from(manifest, lang)
        estimates = [table for table in shown.tables if table.kind == tables.REGRESSION]
        if "pdf" in formats and program:
            sheets = pdf.printed(html, lang, head=shown.title, foot=made_from, program=program, name=stem)
            yield f"{stem}.{lang}.pdf", sheets
        if "docx" in formats and shown.tables:
            yield f"{stem}.{lang}.docx", word.document(shown, made_from=made_from)
        if "latex" in formats and estimates:
            yield f"{stem}.{lang}.tex", latex.source(shown, estimates, stem=stem, made_from=made_from).encode()


def _folder(run: str) -> Path:
    for folder in (paths.reports() / run, Path(run)):
        if (folder / MANIFEST_FILE).is_file():
            return folder.resolve()
    held = sorted(path.parent.name for path in paths.reports().glob(f"*/{MANIFEST_FILE}"))
    raise UsageError(f"'{run}' is neither a published run nor the folder of one; there are {', '.join(held) or 'none'}")


def _chosen(pages: Sequence[Mapping[str, Any]], only: Sequence[str]) -> list[Mapping[str, Any]]:
    if not only:
        return list(pages)
    hits = {name: [page for page in pages if name in (page["stem"], page["stem"].split("_")[0])] for name in only}
    if absent := [name for name, found in hits.items() if not found]:
        held = ", ".join(page["stem"] for page in pages)
        raise UsageError(f"--only {' '.join(absent)}: no such page; there are {held}")
    return [page for page in pages if any(page in found for found in hits.values())]


def _nothing(pages: Sequence[Mapping[str, Any]], told: Sequence[str]) -> str:
    names = ", ".join(page["stem"] for page in pages)
    return "; ".join([f"no page of {names} holds such a table", *told])


def _made_from(manifest: Mapping[str, Any], lang: Lang) -> str:
    """Say what a file was made from: run, one hash over those of all files read, code."""
    lines = "".join(f"{row['sha256']}  {row['file']}  {row['table']}\n" for row in manifest["inputs"])
    data, code = hashlib.sha256(lines.encode()).hexdigest(), manifest["code"]["commit"] or manifest["code"]["hash"]
    return say("paper.made_from", lang, run=manifest["run"], data=data[:_HASH_DIGITS], code=code[:_COMMIT_DIGITS])
