"""`wuli link`: files in, the file of links out, with one line of what was found."""

from pathlib import Path

import pandas as pd

from helpers import atomic
from helpers.cells import safe_frame
from helpers.link import handcheck, records, review
from helpers.link.cascade import link, non_firms


def run(
    left_file: Path,
    right_file: Path,
    out: Path,
    *,
    left: dict[str, str | None],
    right: dict[str, str | None],
    former: Path | None = None,
    sheet: Path | None = None,
    taken: Path | None = None,
    decisions: Path,
    check: tuple[Path, int, int] | None = None,
    checked: Path | None = None,
) -> str:
    """Link two files and write the result; see `cascade.link` and `review`.

    Parameters
    ----------
    left, right : dict
        Column in `cascade.link` -> header in the file; those that are None are not there.
    former : Path, optional
        Former names, see `records.former_names`.
    sheet : Path, optional
        Where to write the review sheet.
    taken : Path, optional
        A filled review sheet, whose decisions are added to `decisions` first.
    decisions : Path
        Decisions of reviewers; none where the file is missing.
    check : (Path, int, int), optional
        Where to write a sheet for checking links by hand, how many names it has, and the seed of their choice.
    checked : Path, optional
        Such a sheet, filled in: precision and recall are told.

    Returns
    -------
    str
        Counts in one line, and precision and recall in another one.
    """
    new = review.take(taken, decisions) if taken else 0
    register, asked = (
        records.table(path, {name: title for name, title in columns.items() if title})
        for path, columns in ((left_file, left), (right_file, right))
    )
    history = records.former_names(former) if former else None
    found = link(register, asked, history=history)
    codes = register.get("code")
    found = review.apply(found, review.read_decisions(decisions), codes=codes)
    with atomic.written(out) as staged:
        safe_frame(found).to_csv(staged, index=False, encoding="utf-8", lineterminator="\n")
    doubtful = review.write_sheet(found, sheet, codes=codes) if sheet else None
    told = [_told(found, new, doubtful, sheet)]
    if check:
        place, size, seed = check
        told.append(f"{handcheck.write_sheet(found, place, size=size, seed=seed):,} names to check in {place.name}")
    if checked:
        told.append(_judged(checked))
    return "\n".join(told)


def _judged(sheet: Path) -> str:
    found = handcheck.judge(sheet)
    shares = [f"{name} {value:.4f} ({low:.4f} - {high:.4f})" for name, (value, low, high) in
              (("precision", found.precision), ("recall at most", found.recall))]  # fmt: skip
    return f"{sheet.name}: {', '.join(shares)}, from {found.strata['checked'].sum():,} names checked"


def _told(found: pd.DataFrame, new: int, doubtful: int | None, sheet: Path | None) -> str:
    names = found.drop_duplicates(["right_row", "right_name"])
    counts = names["decision"].value_counts()
    others = ", ".join(f"{kind}s {n:,}" for kind, n in non_firms(found).items() if n)
    parts = [f"{len(names):,} names: {counts.get('match', 0):,} linked, {counts.get('review', 0):,} to review, "
             f"{counts.get('none', 0):,} not linked{others and f' ({others})'}"]  # fmt: skip
    if new:
        parts.append(f"{new:,} new decisions")
    if doubtful is not None:
        parts.append(f"{doubtful:,} pairs in {sheet.name}")
    return "; ".join(parts)
