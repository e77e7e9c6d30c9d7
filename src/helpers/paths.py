"""Every folder of the project, from this file's own place; nothing here writes.

`WULI_OUTPUT` moves everything generated (derived data, reports) elsewhere; the rest stays where the checkout is.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODEBOOK = ROOT / "data" / "codebook"
REFERENCE = ROOT / "data" / "reference"
MAPPINGS = ROOT / "data" / "mappings"
MANUAL = ROOT / "data" / "manual"
NOTEBOOKS = ROOT / "notebooks"
RUN_FILES = NOTEBOOKS / "params"
# What each study estimates, declared before it does.
PLANS = {"zone": RUN_FILES / "specifications.yml", "listed": RUN_FILES / "specifications_listed.yml"}


def resolve(text: str) -> Path:
    """Return the path that a run file or a variable means: relative to the project's root, `~` the home folder."""
    return (ROOT / Path(text).expanduser()).resolve()


def output_root() -> Path:
    """Return the folder under which `data/derived` and `reports` are written."""
    return resolve(os.environ.get("WULI_OUTPUT", ""))


def run_files() -> list[Path]:
    """Return the run files of the project: all parameters but the plans of specifications."""
    return sorted(path for path in RUN_FILES.glob("*.yml") if path not in PLANS.values())


def derived(run: str) -> Path:
    """Return the folder of a run's derived data."""
    return output_root() / "data" / "derived" / run


def reports() -> Path:
    """Return the folder that holds one sub-folder per published run."""
    return output_root() / "reports"


def relative(path: Path) -> str:
    """Return `path` as printed to people: relative to the project, or its name alone outside of it.

    Pages, logs and manifests must not carry a path of the machine that made them.
    """
    path = Path(path)
    for base in (ROOT, output_root()):
        try:
            return path.resolve().relative_to(base).as_posix()
        except ValueError:
            continue
    return path.name
