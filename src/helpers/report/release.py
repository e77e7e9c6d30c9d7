"""A run's files on their way out: what the release scan finds stops a page, withdraws a log, or stops the release.

A page with a finding fails as any other page does and its place says so; a log or executed notebook with one is taken
out of what is published; a finding anywhere else (index, manifest, a page kept from before) stops the release. What was
found, and the files, stay with the owner: `restricted/release_scan.csv` and `restricted/withheld/` of the run's data.
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd

from helpers import atomic, paths
from helpers.cells import safe_frame
from helpers.errors import PageError, WuliError
from helpers.report.scan.folder import Finding, scan_file, scan_folder, scan_text
from helpers.report.scan.kinds import Known, without

_LISTED = 3


def known_of(*runs: str) -> Known:
    """Return what is looked for exactly in files about runs: the person ids of their tables, this machine's secrets."""
    known = [Known.at_hand(paths.derived(run)) for run in runs] or [Known.at_hand()]
    return replace(known[0], pids=frozenset().union(*(one.pids for one in known)))


def require_clean_page(html: str, run: str, *, name: str) -> None:
    """Refuse a page that holds anything that must not leave.

    Raises
    ------
    PageError
        With kind and place of what was found; the page itself is kept for the owner.
    """
    found = scan_text(html, known_of(run), name=name)
    (place := _withheld(run) / name).unlink(missing_ok=True)
    if found:
        with atomic.written(place, private=True) as staged:
            staged.write_text(html, encoding="utf-8")
        raise PageError(f"{_told(found)}; the page is kept for its owner in {paths.relative(place.parent)}/")


def require_clean(html: str, runs: Iterable[str], *, name: str) -> None:
    """Refuse a page about several runs that holds anything that must not leave.

    Raises
    ------
    WuliError
        With kind and place; what was written before stays as it is.
    """
    found = scan_text(html, known_of(*runs), name=name)
    if found:
        raise WuliError(f"{name} is not written: {_told(found)}; see the pages of the runs it takes this from")


def cleaned(text: str, run: str) -> str:
    """Return a message that is published without anything in it that must not leave."""
    return without(text, known_of(run))


def withdraw(files: Iterable[Path], run: str) -> list[Path]:
    """Move those of `files` that must not leave to the owner's folder; return where they are."""
    known, moved = known_of(run), []
    for file in files:
        place = _withheld(run) / file.name
        place.unlink(missing_ok=True)
        if file.exists() and scan_file(file, known, name=file.name):
            _keep(file, place)
            file.unlink()
            moved.append(place)
    return moved


def require_clean_folder(folder: Path, run: str) -> None:
    """Refuse a folder of finished files of which one holds anything that must not leave.

    Raises
    ------
    WuliError
        With file, kind and place; findings and files are kept for the owner, nothing is published.
    """
    found = scan_folder(folder, known_of(run))
    place = _withheld(run).with_name("release_scan.csv")
    place.unlink(missing_ok=True)
    if not found:
        return
    with atomic.written(place, private=True) as staged:
        listed = safe_frame(pd.DataFrame(map(asdict, found)))
        listed.to_csv(staged, index=False, encoding="utf-8-sig", lineterminator="\n")
    for file in folder.rglob("*"):
        if file.is_file() and any(one.file == file.relative_to(folder).as_posix() for one in found):
            _keep(file, _withheld(run) / file.name)
    raise WuliError(
        f"not released: {_told(found)}; what was published before is unchanged. All findings are listed for the owner "
        f"in {paths.relative(place)}, the files kept beside it in withheld/: mend what wrote them and run again"
    )


def _told(found: Sequence[Finding]) -> str:
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    first = "; ".join(map(str, found[:_LISTED]))
    return f"the release scan found {len(found)} thing(s) that must not leave: {first}{more}"


def _keep(file: Path, place: Path) -> None:
    with atomic.written(place, private=True) as staged:
        shutil.copyfile(file, staged)


def _withheld(run: str) -> Path:
    return paths.derived(run) / "restricted" / "withheld"
