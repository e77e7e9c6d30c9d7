"""A folder of finished pages in, the published folder of the run out: whole or not at all."""

import errno
import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

from helpers import paths
from helpers.errors import WuliError

_ADVICE = {
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "the disk quota is used up: free some space",
    errno.EACCES: "no permission to write there: change it, or name another folder with {elsewhere}",
    errno.EPERM: "no permission to write there: change it, or name another folder with {elsewhere}",
    errno.EROFS: "the disk is read-only: name another folder with {elsewhere}",
    errno.ENOENT: "the folder above it does not exist and cannot be made: name another folder with {elsewhere}",
    errno.ENOTDIR: "a file stands where a folder is needed: move it, or name another folder with {elsewhere}",
    errno.EEXIST: "a file stands where a folder is needed: move it, or name another folder with {elsewhere}",
}
# Whoever asks whether a run is being made holds its lock for less than this.
_PATIENCE_SECONDS = 0.2


@dataclass(frozen=True)
class Start:
    """The last start of a run and what came of it; `open` where it is still at work, or was killed."""

    began_at: str
    ended: Literal["open", "well", "badly"] = "open"


@contextmanager
def locked(run: str) -> Iterator[None]:
    """Hold the run alone: a second start of the same run is refused while the first is at work.

    The file that is locked tells when the run was last started and how that ended (`last_start`).

    Raises
    ------
    WuliError
        If another process holds it, or the reports folder cannot be written.
    """
    with writing():
        paths.reports().mkdir(parents=True, exist_ok=True)
        handle = _lock_file(run).open("a+", encoding="utf-8")
    with handle:
        _hold(handle, run)
        start = Start(datetime.now(UTC).isoformat(timespec="seconds"))
        _note(handle, start)
        try:
            with writing():
                _recover(run)
            yield
        except BaseException:
            _note(handle, Start(start.began_at, "badly"))
            raise
        _note(handle, Start(start.began_at, "well"))


def last_start(run: str) -> Start | None:
    """Return when a run was last started and how that ended; None where no start is known."""
    try:
        found = json.loads(_lock_file(run).read_text(encoding="utf-8"))
        return Start(datetime.fromisoformat(found["began_at"]).isoformat(timespec="seconds"), found["ended"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_held(run: str) -> bool:
    """Return whether a process is making the run at this moment."""
    try:
        with _lock_file(run).open(encoding="utf-8") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def started() -> list[str]:
    """Return the names of all runs that were ever started here."""
    names = [path.name[1 : -len(".lock")] for path in paths.reports().glob(".*.lock")]
    # No run has a dot in its name; other files that are locked do.
    return sorted(name for name in names if name and "." not in name)


def _lock_file(run: str) -> Path:
    return paths.reports() / f".{run}.lock"


def _hold(handle: IO[str], run: str) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            # The system lets go of it when the process ends, however it ends.
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise WuliError(
                    f"run '{run}' is being made by another process: wait for it, or take another name with -p run=NAME"
                ) from None
            time.sleep(_PATIENCE_SECONDS / 10)


def _note(handle: IO[str], start: Start) -> None:
    # A full disk must not hide why the run itself failed.
    with suppress(OSError):
        handle.seek(0)
        handle.truncate()
        handle.write(json.dumps(asdict(start)))
        handle.flush()


@contextmanager
def staged(run: str) -> Iterator[Path]:
    """Give a folder to write pages into; on a clean exit it becomes the published folder of the run.

    The folder published before stays in place until then, and stays for good if anything fails.

    Raises
    ------
    WuliError
        If the disk is full or may not be written.
    """
    with writing():
        folder = Path(tempfile.mkdtemp(prefix=f".staging-{run}.", dir=paths.reports()))
    try:
        with writing():
            yield folder
            folder.chmod(0o755)
            _sync(folder)
            _exchange(folder, run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def writing(folder: Path | None = None, *, elsewhere: str = "WULI_OUTPUT") -> Iterator[None]:
    """Turn a failed write into one sentence that says what to do.

    Parameters
    ----------
    folder : Path, optional
        Named where the system names no file; `reports` when left out.
    elsewhere : str
        The option or variable that takes another folder.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _ADVICE:
            raise
        place, advice = error.filename or folder or paths.reports(), _ADVICE[error.errno].format(elsewhere=elsewhere)
        raise WuliError(f"cannot write '{place}': {advice}; what was published before is unchanged") from error


def _exchange(folder: Path, run: str) -> None:
    published, previous = paths.reports() / run, _previous(run)
    if published.exists():
        published.rename(previous)
    try:
        folder.rename(published)
    except OSError:
        if previous.exists():
            previous.rename(published)
        raise
    _sync_entry(paths.reports())
    shutil.rmtree(previous, ignore_errors=True)


def _recover(run: str) -> None:
    """Mend what a process left that was killed: the previous folder comes back, half-made ones go."""
    published, previous = paths.reports() / run, _previous(run)
    if previous.exists() and not published.exists():
        previous.rename(published)
    shutil.rmtree(previous, ignore_errors=True)
    for leftover in paths.reports().glob(f".staging-{run}.*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _previous(run: str) -> Path:
    return paths.reports() / f".previous-{run}"


def _sync(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        _sync_entry(path)
    _sync_entry(folder)


def _sync_entry(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
