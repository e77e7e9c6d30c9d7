"""`wuli link`: files in, the file of links out, with one line of what was found."""

from pathlib import Path

import pandas as pd

from helpers import atomic
from helpers.link import records, review
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

    Returns
    -------
    str
        Counts, in one line.
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
        found.to_csv(staged, index=False, encoding="utf-8", lineterminator="\n")
    doubtful = review.write_sheet(found, sheet, codes=codes) if sheet else None
    return _told(found, new, doubtful, sheet)


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
