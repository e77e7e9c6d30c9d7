"""A run's name or folder in, the run as its manifest tells it out; refused where it cannot be compared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import paths
from helpers.errors import UsageError
from helpers.params.explain import suggest
from helpers.params.model import RUN_NAME, TAKEN
from helpers.report import manifest
from helpers.text import Words

# The name becomes a part of a file's name and of addresses.
_NAME = re.compile(RUN_NAME)
_NEEDED = ("run", "parameters", "pages", "inputs", "counts", "code", "packages", "finished_at")


@dataclass(frozen=True)
class Side:
    """One of the two runs; `is_on_shelf` where its folder lies under `reports` in its own name."""

    run: str
    made: Mapping[str, Any]
    folder: Path
    is_on_shelf: bool

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Return the parameters of the run."""
        return self.made["parameters"]

    @property
    def pages(self) -> dict[str, Mapping[str, Any]]:
        """Return what became of each notebook, by its name."""
        return {page["stem"]: page for page in self.made["pages"]}

    @property
    def title(self) -> Words:
        """Return the run's title."""
        return {"zh": self.parameters["title_zh"], "en": self.parameters["title_en"]}

    @property
    def zone(self) -> Words:
        """Return the name of the run's zone."""
        return {"zh": self.parameters["zone"], "en": self.parameters.get("zone_en") or self.parameters["zone"]}

    @property
    def years(self) -> str:
        """Return the first and last year."""
        return f"{self.parameters['first_year']}–{self.parameters['last_year']}"

    @property
    def is_synthetic(self) -> bool:
        """Return whether the data were generated."""
        return self.parameters["data"]["kind"] == "synthetic"

    def html(self, stem: str) -> str:
        """Return the published page of a notebook.

        Raises
        ------
        UsageError
            If the manifest names it and the folder does not hold it.
        """
        try:
            return (self.folder / f"{stem}.html").read_text(encoding="utf-8")
        except OSError as trouble:
            raise UsageError(
                f"run '{self.run}': page {stem}.html cannot be read ({trouble.strerror}) although its manifest names "
                "it: compare whole folders, or run it again"
            ) from trouble


def opened(name: str) -> Side:
    """Return a run by its name under `reports`, or by the folder that holds its manifest.

    Raises
    ------
    UsageError
        If there is no such run, or its manifest cannot be read or is of another version of this project.
    """
    folder = paths.reports() / name
    if not _NAME.fullmatch(name) or not folder.is_dir():
        folder = Path(name)
    if not folder.is_dir():
        known = _known()
        hint = suggest(name, known) or "; there are " + (", ".join(known) or "none")
        raise UsageError(f"'{name}' is neither a run under {paths.relative(paths.reports())} nor a folder{hint}")
    made = manifest.read(folder)
    lacking = [part for part in _NEEDED if part not in made] if isinstance(made, dict) else list(_NEEDED)
    if lacking:
        what = f"{manifest.MANIFEST_FILE} cannot be read or lacks {', '.join(lacking)}"
        raise UsageError(f"'{name}': {what}: run it again")
    if not _NAME.fullmatch(str(made["run"])) or not _is_bilingual(made):
        raise UsageError(f"'{name}': {manifest.MANIFEST_FILE} is of another version of this project: run it again")
    return Side(made["run"], made, folder, folder.resolve() == (paths.reports() / made["run"]).resolve())


def _known() -> list[str]:
    found = paths.reports().glob(f"*/{manifest.MANIFEST_FILE}")
    return sorted(path.parent.name for path in found if path.parent.name not in TAKEN)


def _is_bilingual(made: Mapping[str, Any]) -> bool:
    return all(isinstance(page[part], Mapping) for page in made["pages"] for part in ("title", "finding", "reason"))
