"""A finished page in, its PDF in one language out, printed by a Chromium of this machine; no other is asked for.

The style for paper stands in the page itself (`template/page/page.css`). The same page, Chromium and fonts give the
same bytes: the moments of printing are taken out.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from helpers.errors import UsageError, WuliError
from helpers.report.foreign import content_hash
from helpers.text import Lang

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VARIABLE = "WULI_CHROMIUM"
_SECONDS = 180
_QUIET = (
    "--headless", "--disable-gpu", "--disable-quic", "--disable-extensions", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--user-agent=wuli",
)  # fmt: skip
_MOMENT = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}")
_EPOCH = b"19800101000000"
# Names of tagged cells, from a counter that other parts of the browser move as well.
_NODE = re.compile(rb"\(node(\d{8})\)")
# A link to another page of the run would carry the folder it was printed from.
_LINK = re.compile(r'(<a [^>]*?)\s?href="(?!#|https?:)[^"]*"')


def chromium(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the Chromium to print with: what `WULI_CHROMIUM` names, else one found on the path, else None.

    Raises
    ------
    UsageError
        If the variable names no program.
    """
    if named := environment.get(VARIABLE):
        found = shutil.which(named)
        if found is None:
            raise UsageError(f"{VARIABLE} is '{named}', which is no program: name the one of a Chromium or Chrome")
        return found
    return next(filter(None, (shutil.which(name, path=environment.get("PATH")) for name in NAMES)), None)


def printed(html: str, lang: Lang, *, head: str, foot: str, program: str, name: str) -> bytes:
    """Return a page as a tagged PDF with bookmarks.

    Parameters
    ----------
    html : str
        A page of `report.render`.
    lang : {"zh", "en"}
        Language of the PDF.
    head, foot : str
        What every sheet says at its top and bottom left, beside the page's own words and its number.
    program : str
        From `chromium`.
    name : str
        The page as people know it, for messages.

    Raises
    ------
    WuliError
        If no PDF comes of it, or it names a place on this machine.
    """
    with tempfile.TemporaryDirectory(prefix="wuli-pdf-") as work:
        page, out = Path(work) / "page.html", Path(work) / "page.pdf"
        page.write_text(_with_heads(_LINK.sub(r"\1", html), head, foot), encoding="utf-8")
        # For root it starts without a sandbox only; the page's policy lets its own script run and nothing else.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        call = [program, *_QUIET, *sandbox, f"--user-data-dir={work}/profile", "--no-pdf-header-footer",
                "--generate-pdf-document-outline", f"--print-to-pdf={out}", f"{page.as_uri()}#{lang}"]  # fmt: skip
        try:
            ended = subprocess.run(call, capture_output=True, text=True, errors="replace", timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            raise WuliError(f"{name}: no PDF after {_SECONDS} seconds of '{program}'") from None
        written = out.read_bytes() if out.is_file() else b""
    if ended.returncode or not written.startswith(b"%PDF-"):
        said = (ended.stderr.strip().splitlines() or ["nothing"])[-1]
        raise WuliError(f"{name}: no PDF from '{program}' (exit code {ended.returncode}); it said: {said}")
    if b"file:" in written:
        raise WuliError(f"{name}: the PDF would name a file of this machine in a link; it was not kept")
    return _same_each_time(written)


def _with_heads(html: str, head: str, foot: str) -> str:
    """Return a page with a second style element, which its policy takes by the hash."""
    boxes = f"@top-left {{ content: {_css_string(head)}; }} @bottom-left {{ content: {_css_string(foot)}; }}"
    style = f"@page {{ {boxes} }}"
    allowed = html.replace("style-src ", f"style-src '{content_hash(style)}' ", 1)
    return allowed.replace("</head>", f"<style>{style}</style>\n</head>", 1)


def _css_string(text: str) -> str:
    """Return a text as a string of a style sheet, in which no sign of it can end the string or the element."""
    return '"' + "".join(sign if sign.isalnum() else f"\\{ord(sign):06x}" for sign in text) + '"'


def _same_each_time(written: bytes) -> bytes:
    """Return a PDF without its moments and with its nodes counted from one; no byte of it changes its place."""
    places = {node: place for place, node in enumerate(sorted(set(_NODE.findall(written))), start=1)}
    counted = _NODE.sub(lambda found: b"(node%08d)" % places[found[1]], written)
    return _MOMENT.sub(rb"\g<1>" + _EPOCH, counted)
