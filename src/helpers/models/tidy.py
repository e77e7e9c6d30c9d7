"""What any estimate says as plain frames: a result of this room in, its estimates or its sample as rows out."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from helpers.errors import UsageError
from helpers.models.result import NotEstimable
from helpers.text import Message

# What tells the rows of one result from those of another.
_OF: Final = ("method", "outcome", "estimator")
# Where a result keeps its estimates; one without any of these is a row by itself.
_ROWS: Final = ("table", "event")


def tidy(found: object) -> pd.DataFrame:
    """Return the estimates of a result as rows that can be filtered, joined and drawn.

    Parameters
    ----------
    found : result, NotEstimable, Message, or mapping of str to these
        What `fit`, `staggered`, `wild_bootstrap`, `oster`, `ipw`, … return. Of a mapping all are stacked, their names
        in the column `name`.

    Returns
    -------
    DataFrame
        `fit`: one row a coefficient: outcome, estimator, term, estimate, std_error, statistic, p_value, conf_low,
        conf_high, df. `staggered`: one row an event time. Tests and measures: one row. A refused estimate: one row with
        its reason.

    Raises
    ------
    UsageError
        If it is no result.
    """
    return _told(found, _estimates)


def glance(found: object) -> pd.DataFrame:
    """Return one row about a result as a whole: what was estimated, from how many rows, under which rule.

    Parameters
    ----------
    found : result, NotEstimable, Message, or mapping of str to these
        As `tidy` takes it.

    Returns
    -------
    DataFrame
        One row a result. Lists are written with commas; `n_dropped` is the sum over reasons; `warnings` are sentences.

    Raises
    ------
    UsageError
        If it is no result.
    """
    return _told(found, _whole)


def _told(found: object, of: Callable[[object, dict[str, Any]], pd.DataFrame]) -> pd.DataFrame:
    """Return what `of` makes of a result and its values, of each one in a mapping; the reason of a refused one."""
    if isinstance(found, Mapping):
        return _stacked({name: _told(one, of) for name, one in found.items()})
    if isinstance(found, NotEstimable | Message):
        return pd.DataFrame([{"reason": str(found)}])
    return of(found, _values(found))


def _estimates(found: object, values: dict[str, Any]) -> pd.DataFrame:
    for name in _ROWS:
        rows = getattr(found, name, None)
        if isinstance(rows, pd.DataFrame):
            held = {of: values[of] for of in _OF if of in values and of not in rows}
            return pd.concat([pd.DataFrame(held, index=rows.index), rows], axis=1).reset_index(drop=True)
    return pd.DataFrame([values])


def _whole(found: object, values: dict[str, Any]) -> pd.DataFrame:
    if hasattr(found, "n_dropped"):
        values = values | {"n_dropped": sum(found.n_dropped.values())}
    return pd.DataFrame([values | {"warnings": "; ".join(map(str, getattr(found, "warnings", ())))}])


def _stacked(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    if not frames:
        raise UsageError("a mapping without results has no rows")
    named = [frame.assign(name=name)[["name", *frame.columns]] for name, frame in frames.items()]
    return pd.concat(named, ignore_index=True)


def _values(found: object) -> dict[str, Any]:
    """Return what a result holds besides frames and arrays, tuples of names or numbers written out."""
    if isinstance(found, type) or not dataclasses.is_dataclass(found):
        raise UsageError(f"{type(found).__name__} is no result of helpers.models")
    held = {field.name: getattr(found, field.name) for field in dataclasses.fields(found) if field.repr}
    kept = {}
    for name, value in held.items():
        if value is None or isinstance(value, str | int | float | np.generic):
            kept[name] = value
        elif isinstance(value, tuple) and all(isinstance(part, str | int | float) for part in value):
            kept[name] = ", ".join(map(str, value))
    return kept
