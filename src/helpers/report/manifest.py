"""What a run depended on, as plain values: parameters, input hashes, code version, package versions, seed, timings."""

import hashlib
import json
import platform
import re
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from helpers import paths
from helpers.cells import read_back
from helpers.params import RunParams
from helpers.text import Lang

MANIFEST_FILE = "manifest.json"
_DISTRIBUTION = "wuli"
_CODE = (
    ("src/helpers", (".py", ".yml", ".j2", ".css", ".js", ".json")),
    ("notebooks", (".ipynb",)),
    ("data/codebook", (".csv",)),
    ("data/reference", (".csv",)),
    ("data/mappings", (".yml",)),
)


class Prepared(Protocol):
    """What the report asks of a prepared study (`helpers.study.Study`)."""

    params: RunParams
    folder: Path
    state: Mapping[str, Any]

    def missing(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of `names` that the run does not hold."""

    def columns(self) -> Mapping[str, bool]:
        """Return the panel's columns and whether they hold numbers; empty without a panel."""

    def counts_shown(self) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return the counts of reading, small counts of person tables hidden, and their sums."""

    def banner(self, lang: Lang) -> str:
        """Return the sentence every page opens with."""


def inputs(study: Prepared) -> list[dict[str, str]]:
    """Return the files that were read with their SHA-256: `table`, `file`, `sha256`, sorted by file and table."""
    files = []
    for source in (study.folder / "sources.csv", study.folder / "second" / "sources.csv"):
        if source.exists():
            frame = read_back(source)
            files += frame.reindex(columns=["table", "file", "sha256"]).to_dict("records")
    return sorted(files, key=lambda row: (row["file"], row["table"]))


def prepared_from(inputs: Mapping[str, str]) -> dict[str, str]:
    """Return what a run's data were prepared from, a mapping file outside of the project without its place."""
    return {f"mapping {Path(name).name}" if Path(name.removeprefix("mapping ")).is_absolute() else name: sha
            for name, sha in inputs.items()}  # fmt: skip


def counts(study: Prepared) -> list[dict[str, str]]:
    """Return rows read, kept, set aside and cells repaired per table, small counts of person tables hidden."""
    return study.counts_shown()[0].to_dict("records") if (study.folder / "counts.csv").exists() else []


@cache
def code_version() -> dict[str, str | None]:
    """Return the git commit (None outside git) and one hash over code, notebooks' cells, codebook and references."""
    return {"commit": _commit(), "hash": _content_hash()}


@cache
def package_versions() -> dict[str, str]:
    """Return the version of Python and of every direct dependency."""
    names = {
        re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0]
        for requirement in metadata.requires(_DISTRIBUTION) or []
        if "extra ==" not in requirement
    }
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in sorted(names)}


def write(manifest: Mapping[str, Any], folder: Path) -> None:
    """Write the manifest into a run's folder."""
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True, default=str)
    (folder / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    """Return the manifest of a published run; empty if there is none that can be read."""
    try:
        return json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _commit() -> str | None:
    # A checkout inside somebody else's repository must not take that one's commit.
    if not (paths.ROOT / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(paths.ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def _content_hash() -> str:
    digest = hashlib.sha256()
    for folder, endings in _CODE:
        for path in sorted((paths.ROOT / folder).rglob("*")):
            # A notebook of somebody's own makes no page of a run.
            is_own = path.suffix == ".ipynb" and not path.name[0].isdigit()
            if path.suffix in endings and not is_own and ".ipynb_checkpoints" not in path.parts:
                digest.update(path.relative_to(paths.ROOT).as_posix().encode() + b"\0" + _content(path) + b"\0")
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    """Return what counts of a file; of a notebook its cells, since opening one changes counts and metadata."""
    content = path.read_bytes()
    if path.suffix != ".ipynb":
        return content
    try:
        notebook = json.loads(content)
        cells = [
            (cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("tags", [])) for cell in notebook["cells"]
        ]
        return json.dumps([cells, notebook["metadata"].get("wuli", {})], sort_keys=True).encode()
    except (ValueError, KeyError):
        return content
