"""A folder of finished pages in, the published folder of the run out: whole or not at all."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


@contextmanager
def locked(run: str) -> Iterator[None]:
    """Hold the run alone: a second start of the same run is refused while the first is at work.

    Raises
    ------
    WuliError
        If another process holds it, or the reports folder cannot be written.
    """
    with writing():
        paths.reports().mkdir(parents=True, exist_ok=True)
        handle = (paths.reports() / f".{run}.lock").open("a+")
    with handle:
        try:
            # The system lets go of it when the process ends, however it ends.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WuliError(
                f"run '{run}' is being made by another process: wait for it, or take another name with -p run=NAME"
            ) from None
        with writing():
            _recover(run)
        yield


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
