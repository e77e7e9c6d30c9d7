"""The door to a page: a frame, a sentence or a page's results may be shown only after disclosure control.

`cleared` marks a frame that has been through it; `admit` is asked by `helpers.show` before anything is shown. Which
headings count persons, or hold money of groups of firms, stands in `data/codebook/shown_counts.csv`.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import pandas as pd

from helpers import paths
from helpers.disclosure.crossing import person_columns, refuse_cross
from helpers.disclosure.rules import MINIMUM_PERSONS, DisclosureError, checked_minimum
from helpers.text import LANGS, label

Counts = Literal["person", "person_time", "mixed", "money"]
MARK = "cleared_at"
_OF_PERSONS = ("person", "person_time")
# A number and a noun for persons right after it. `members` alone is not among them: an alliance's members are firms.
_TOLD = (
    re.compile(r"(?<![\d.,\-−–<≥≤>])(\d[\d,]*)\s*(?:名|位)?\s*(?:正式|预备|在册)?(?:党员|书记|职工|员工|干部|人(?![次才大民工均]))"),
    re.compile(r"(?<![\d.,\-−–<≥≤>])(\d[\d,]*)\s+(?:distinct |serving )?(?:(?:party|formal|probationary) members?|"
               r"persons?|people|employees?|workers?|secretaries|secretary)\b", re.IGNORECASE),
)  # fmt: skip
# A threshold that a note or a rule states is no count.
_BEFORE = re.compile(r"(?:不足|少于|至少|满|fewer than|at least|below|under|less than)\s*$", re.IGNORECASE)
_AFTER = re.compile(r"\s*(?:or more|or fewer|以上|以下|及以上)", re.IGNORECASE)
_NUMBER = re.compile(r"\d[\d,]*")
_held = {"minimum": MINIMUM_PERSONS}


def hold_to(minimum: int) -> None:
    """Hold everything that is shown from now on in this process to a minimum of persons: a page's own (`params.page`).

    A plain variable and no context: a kernel runs each cell of a notebook in a context of its own.
    """
    _held["minimum"] = checked_minimum(minimum)


@cache
def counted() -> dict[str, Counts]:
    """Return heading -> what it counts, by machine name and in words of both languages."""
    table = pd.read_csv(paths.ROOT / "data" / "codebook" / "shown_counts.csv", dtype="str")
    found: dict[str, Counts] = {}
    for row in table.itertuples():
        found |= dict.fromkeys([row.column, *(label(row.column, lang) for lang in LANGS)], row.counts)
    return found


def cleared(frame: pd.DataFrame, *, minimum: int = MINIMUM_PERSONS) -> pd.DataFrame:
    """Mark a frame as having been through disclosure control at `minimum` persons; the mark goes along with copies."""
    frame.attrs[MARK] = checked_minimum(minimum)
    return frame


def admit(frame: pd.DataFrame, *, where: str) -> None:
    """Let a frame be shown, or say which number of which column may not be.

    Parameters
    ----------
    where : str
        The caption, for the message.

    Raises
    ------
    DisclosureError
        If a column holds ids of persons; if a heading counts persons or holds money and the frame is not `cleared`; or
        if a number under a heading of persons is below the page's minimum all the same.
    """
    refuse_cross(frame)
    names = [str(name) for name in (*frame.columns, *(name for name in frame.index.names if name is not None))]
    ids = sorted(set(names) & person_columns())
    if ids:
        raise DisclosureError(f"table '{where}': column '{ids[0]}' holds ids of persons: leave it out")
    said = {name: counted()[name] for name in names if name in counted()}
    if said and MARK not in frame.attrs:
        raise DisclosureError(
            f"table '{where}': '{next(iter(said))}' is a count of persons or an amount of firms, and the table has not "
            "been through helpers.disclosure: suppress it there (or `cleared` where each number was judged on its own)"
        )
    for name, counts in said.items():
        if counts in _OF_PERSONS and name in frame:
            _refuse_few(frame[name], where, name)


def _refuse_few(column: pd.Series, where: str, name: str) -> None:
    few = [value for value in map(_whole, column.tolist()) if value is not None and value < _held["minimum"]]
    if few:
        raise DisclosureError(
            f"table '{where}': column '{name}' shows {len(few)} of {len(column)} counts below {_held['minimum']} "
            f"persons (the first is {few[0]:,}): suppress them and what would give them away (disclosure.suppress)"
        )


def _whole(value: Any) -> int | None:
    """Return a cell as a whole number, None where it is missing or no number."""
    if isinstance(value, str):
        return int(value.replace(",", "")) if _NUMBER.fullmatch(value.strip()) else None
    return None if value is None or pd.isna(value) or isinstance(value, bool) else int(value)


def admit_words(sentence: str, *, where: str) -> None:
    """Let a sentence, a note or a description be shown, or say which count of persons in it may not be.

    Raises
    ------
    DisclosureError
        If a number below the page's minimum stands right before a noun for persons.

    Notes
    -----
    Only that much can be decided from words; counts in sentences are judged where they are made (`forces.indicator`).
    """
    for pattern in _TOLD:
        for match in pattern.finditer(sentence):
            count = int(match[1].replace(",", ""))
            is_threshold = _BEFORE.search(sentence[: match.start()]) or _AFTER.match(sentence, match.end())
            if count < _held["minimum"] and not is_threshold:
                raise DisclosureError(
                    f"{where}: '{match[0]}' tells of {count} persons, fewer than {_held['minimum']}: hide the number"
                )


def admit_results(values: Mapping[str, Any], *, where: str = "results") -> None:
    """Let a page's results be shown, or say which count of persons in them may not be.

    Raises
    ------
    DisclosureError
        If a number below the page's minimum is named by a column of persons.
    """
    for name, value in values.items():
        if isinstance(value, Mapping):
            admit_results(value, where=f"{where}.{name}")
        elif counted().get(str(name)) in _OF_PERSONS:
            numbers = value if isinstance(value, list | tuple) else [value]
            _refuse_few(pd.Series(numbers, dtype=object), where, str(name))

