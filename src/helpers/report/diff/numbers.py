"""Results of two runs in, estimates and other numbers in pairs out, with the changes that a reader must not miss.

An estimate is a group of results that holds a number with its interval, or a grade of evidence. Results are rounded
when a page is made, so that what differs here differs there.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from helpers.disclosure import HIDDEN_MARK
from helpers.plan.grade import LEVELS

# A number and the ends of its interval, under the names that results cells give them.
_INTERVALS = (
    ("estimate", "conf_low", "conf_high"),
    ("effect", "effect_low", "effect_high"),
    ("difference", "conf_low", "conf_high"),
)
_SIZES = ("n_obs", "n_units", "n_treated")
_GRADES = ("grade", "level")
FIELDS = ("estimate", "low", "high", "n", "p", "grade")
MARKS = ("grade", "interval", "sign")
# A count of persons carries its unit in its name.
_PERSONS = re.compile(r"(^|_)persons(_|$)")

Path = tuple[str, ...]


def estimates(before: Mapping[str, Any], after: Mapping[str, Any]) -> pd.DataFrame:
    """Return every estimate of a page on both sides.

    A sign that flips while both intervals hold zero is marked too: it is for the reader of the intervals to weigh.

    Parameters
    ----------
    before, after : mapping
        The page's results in either run.

    Returns
    -------
    DataFrame
        One row an estimate of either side, those to be marked first: `name` (tuple), `FIELDS` with `_before` and
        `_after` (missing: not told), `change` (of the estimate), `is_changed`, and one truth value for each of `MARKS`:
        the grade moves; the interval comes to hold zero or no longer does; the sign flips.
    """
    sides = dict(_groups(before)), dict(_groups(after))
    rows = []
    for name in sorted({*sides[0], *sides[1]}):
        old, new = (side.get(name, dict.fromkeys(FIELDS)) for side in sides)
        row: dict[str, Any] = {"name": name}
        row |= {f"{field}_before": old[field] for field in FIELDS} | {f"{field}_after": new[field] for field in FIELDS}
        row["change"] = _difference(old["estimate"], new["estimate"])
        row["is_changed"] = old != new
        row["grade"] = _both(old, new, "grade") and old["grade"] != new["grade"]
        row["interval"] = _both(old, new, "low", "high") and _holds_zero(old) != _holds_zero(new)
        row["sign"] = _both(old, new, "estimate") and old["estimate"] * new["estimate"] < 0
        rows.append(row)
    columns = ["name", *(f"{f}_{side}" for side in ("before", "after") for f in FIELDS), "change", "is_changed", *MARKS]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    return frame.sort_values(list(MARKS), ascending=False, kind="stable", ignore_index=True) if rows else frame


def others(before: Mapping[str, Any], after: Mapping[str, Any], *, minimum: int) -> pd.DataFrame:
    """Return every number, truth value and text of a page's results that is no part of an estimate's interval or grade.

    Parameters
    ----------
    before, after : mapping
        The page's results in either run.
    minimum : int
        Changes of counts of persons below this are hidden, with the later count.

    Returns
    -------
    DataFrame
        One row a value of either side: `name` (tuple), `before`, `after`, `change` (of two numbers, else missing),
        `is_changed`, `is_hidden`.
    """
    sides = dict(_leaves(before)), dict(_leaves(after))
    rows = []
    for name in sorted({*sides[0], *sides[1]}):
        old, new = (side.get(name) for side in sides)
        change = _difference(old, new)
        is_hidden = any(map(_PERSONS.search, name)) and change is not None and 0 < abs(change) < minimum
        shown = (HIDDEN_MARK, f"<{minimum}") if is_hidden else (new, change)
        rows.append((name, old, *shown, old != new, is_hidden))
    return pd.DataFrame(rows, columns=["name", "before", "after", "change", "is_changed", "is_hidden"], dtype=object)


def _groups(values: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Give every group of results that is an estimate, in the words of `FIELDS`."""
    held = _parts(values)
    if held and path:
        yield path, {field: values.get(held[field]) if field in held else None for field in FIELDS}
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _groups(value, (*path, name))


def _parts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return which result is which field of an estimate; nothing where the group is none."""
    found: dict[str, str] = {}
    for names in _INTERVALS:
        if set(names) <= set(values):
            found = dict(zip(("estimate", "low", "high"), names, strict=True))
            sizes = [name for name in _SIZES if name in values]
            found |= dict(zip(("n",), sizes, strict=False)) | ({"p": "p_value"} if "p_value" in values else {})
            break
    grades = [name for name in _GRADES if values.get(name) in LEVELS]
    return found | dict(zip(("grade",), grades, strict=False))


def _leaves(values: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    taken = set(_parts(values).values()) if path else set()
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*path, name))
        elif isinstance(value, list):
            yield from _leaves({str(place): part for place, part in enumerate(value, 1)}, (*path, name))
        elif name not in taken:
            yield (*path, name), value


def _difference(old: Any, new: Any) -> float | None:
    """Return new less old where both are numbers; what is suppressed is none, so nothing is told of it."""
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in (old, new)):
        return None
    return new - old


def _both(old: Mapping[str, Any], new: Mapping[str, Any], *fields: str) -> bool:
    return all(side[field] is not None for side in (old, new) for field in fields)


def _holds_zero(side: Mapping[str, Any]) -> bool:
    return side["low"] <= 0 <= side["high"]
