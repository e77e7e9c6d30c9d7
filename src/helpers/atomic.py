"""Files that appear whole or not at all: written beside their place under another name, then renamed."""

import csv
import hashlib
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.errors import UsageError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
UNDER_WAY = ".under-way-"
"""How the name of a folder begins in which files are being written; hidden, so that nobody takes it for data."""


@contextmanager
def written(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Give a place to write to that takes the place of `path` on a clean exit.

    Parameters
    ----------
    path : Path
        The file; its folder is made when missing, and an older file (or folder of parts) is replaced.
    private : bool, default False
        Readable by the owner alone (mode 0600, its folder 0700), for anything derived from persons.

    Raises
    ------
    OSError
        If it cannot be written; what stood at `path` is then unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER if private else 0o777)
    staged = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.part")
    try:
        if private:
            path.parent.chmod(PRIVATE_FOLDER)
            # Made before it holds anything, so that no moment exists in which others could open it.
            staged.touch(mode=PRIVATE_FILE)
        yield staged
        # An engine may have replaced the file that was touched.
        if private:
            staged.chmod(PRIVATE_FILE)
        # Spark writes a folder of parts where DuckDB writes one file; neither can be renamed over the other.
        if path.is_dir():
            shutil.rmtree(path)
        elif staged.is_dir():
            path.unlink(missing_ok=True)
        if staged.exists():
            staged.replace(path)
    finally:
        if staged.is_dir():
            shutil.rmtree(staged)
        else:
            staged.unlink(missing_ok=True)


@contextmanager
def folder(out: Path, *, listing: str) -> Iterator[Path]:
    """Give a place to write files to that on a clean exit take the place of those written to `out` before.

    Parameters
    ----------
    out : Path
        The folder; made when missing. Nothing in it is replaced or deleted but what an earlier call wrote.
    listing : str
        Where in it the list of the files with their hashes is kept, by which the next call knows them.

    Raises
    ------
    UsageError
        If `out` holds a file that is not on its list, or is no longer as it was written.
    OSError
        If something cannot be written; `out` is then unchanged.
    """
    before = _listed(out / listing)
    foreign = [name for name, path in _files(out).items() if name != listing and before.get(name) != sha256(path)]
    if foreign:
        raise UsageError(
            f"'{out}' holds {len(foreign):,} file(s) that were put there or changed by hand, such as {foreign[0]}: "
            "name an empty folder, or move them; nothing was changed"
        )
    out.mkdir(parents=True, exist_ok=True)
    for leftover in out.glob(f"{UNDER_WAY}*"):
        shutil.rmtree(leftover)
    with tempfile.TemporaryDirectory(prefix=UNDER_WAY, dir=out) as place:
        staged = Path(place)
        yield staged
        made = _files(staged)
        _write_list(staged / listing, {name: sha256(path) for name, path in made.items()})
        # In this order, whatever is stopped from here on leaves only files that are on the list.
        for name in before:
            (out / name).unlink(missing_ok=True)
        for name in (listing, *made):
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            if "/" in name:
                (out / name).parent.chmod((staged / name).parent.stat().st_mode)
            (staged / name).replace(out / name)


def _files(folder: Path) -> dict[str, Path]:
    """Return the files below a folder by their relative name, those of a call that was killed apart."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: path for name, path in found.items() if not name.startswith(UNDER_WAY)}


def _listed(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["file"]: row["sha256"] for row in csv.DictReader(stream)}


def _write_list(path: Path, hashes: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerows([("file", "sha256"), *hashes.items()])


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
