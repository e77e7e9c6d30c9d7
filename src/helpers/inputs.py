"""What prepared data depend on: run parameters in, the data's folder and one hash of each input out."""

import hashlib
import json
from pathlib import Path
from typing import Any

from helpers import atomic, paths
from helpers.errors import InputError
from helpers.params import RunParams

# What decides the bytes of prepared data; notebooks, figures and pages do not.
DATA_ROOMS = (
    "codebook",
    "ingest",
    "simulate",
    "clean",
    "link",
    "panel",
    "forces",
    "index",
    "engine.py",
    "outcomes.py",
    "models",
    "listed.py",
    "atomic.py",
    "strict_yaml.py",
    "disclosure",
    "cells.py",
    "stages.py",
    "inputs.py",
)


# A notebook that a run executes finds here the digest of the inputs that the run's data were prepared from.
PREPARED = "WULI_PREPARED"
STATE_FILE = "run.json"


def data_folder(params: RunParams) -> Path:
    """Return the folder of a run's files.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    folder = params.data.folder_path
    if not folder.is_dir():
        raise InputError(
            f"the data folder '{params.data.folder}' (parameter data.folder of run '{params.run}') does not exist; "
            "a relative path starts at the project's folder: name the right one with -p data.folder=…"
        )
    return folder


def fingerprint(params: RunParams) -> dict[str, str]:
    """Return what the prepared data depend on: data parameters, input bytes, the code of the rooms that make them."""
    relevant = params.model_dump(mode="json", exclude={"lang", "pages", "title_zh", "title_en", "min_cell", "readings"})
    found = {"parameters": _sha(json.dumps(relevant, sort_keys=True).encode())}
    if params.data.kind == "files":
        folder = data_folder(params)
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            found[path.relative_to(folder).as_posix()] = atomic.sha256(path)
        for name, path in zip(params.data.mappings, params.data.mapping_paths, strict=True):
            found[f"mapping {name}"] = atomic.sha256(path)
    source = Path(__file__).parent
    files = [p for room in DATA_ROOMS for p in _files_of(source / room)] + sorted(paths.CODEBOOK.glob("*.csv"))
    files += sorted(paths.REFERENCE.glob("*.csv"))
    found["code"] = _sha(b"".join(path.name.encode() + path.read_bytes() for path in files))
    return found


def digest(*parts: Any) -> str:
    """Return one hash over plain values, the same for the same values."""
    return _sha(json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str).encode())


def _files_of(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
