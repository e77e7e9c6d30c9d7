"""What an indicator is: a value that never travels without its numerator, denominator, base, window and caveat."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import pandas as pd

from helpers import disclosure
from helpers.disclosure import LOWEST_MINIMUM, MINIMUM_PERSONS
from helpers.errors import WuliError
from helpers.text import LANGS, say

Unit = Literal["percent", "percentage_points", "per_10_members", "per_site_month", "points", "per_liaison",
               "per_firm", "visits_per_team"]  # fmt: skip
Window = Literal["point_in_time", "month", "quarter", "half_year", "twelve_months", "year", "to_date", "any"]
Status = Literal["computed", "suppressed", "empty_denominator", "table_not_supplied", "not_testable"]
_minimum: ContextVar[int] = ContextVar("minimum_people", default=MINIMUM_PERSONS)
_hidden: ContextVar[frozenset[str] | None] = ContextVar("hidden_counts", default=None)
_noted: ContextVar[dict[str, int] | None] = ContextVar("noted_counts", default=None)


@contextmanager
def minimum_people(minimum: int, hidden: Collection[str] | None = None) -> Iterator[None]:
    """Give no count of fewer than `minimum` persons inside of this block, and none of those that are `hidden`.

    Every indicator suppresses at the source; the threshold is set around them, so that none can be left out.

    Parameters
    ----------
    hidden : collection of str, optional
        Names of the counts that no page of the run gives (`helpers.released`); where none are named, each table is
        protected by itself.

    Raises
    ------
    ValueError
        If `minimum` is below 5.
    """
    if minimum < LOWEST_MINIMUM:
        raise ValueError(f"a minimum of {minimum} persons is below {LOWEST_MINIMUM}, the lowest allowed")
    token, other = _minimum.set(minimum), _hidden.set(None if hidden is None else frozenset(hidden))
    try:
        yield
    finally:
        _minimum.reset(token)
        _hidden.reset(other)


@contextmanager
def counts_noted() -> Iterator[dict[str, int]]:
    """Note every count of persons that is asked about inside of this block, by name, whether it may be given or not."""
    noted: dict[str, int] = {}
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


class MissingTable(WuliError):
    """An indicator or a check needs tables (or columns, written `table.column`) that were not supplied."""

    def __init__(self, *names: str) -> None:
        self.names = names
        super().__init__(f"not supplied: {', '.join(names)}")


@dataclass(frozen=True)
class Indicator:
    """One indicator on one base and window.

    `status` is `not_testable` where none of the 36 tables holds what the indicator counts, and the supplementary table
    that does is not there or too short. `numerator` and `denominator` are counts (None where suppressed, not known, or
    where the indicator is no ratio), `value` is in `unit`, `base` a code of `forces.base_…`, `benchmark` ids of
    published figures, `note` a key of `forces.yml`.
    """

    id: str
    numerator: float | None
    denominator: float | None
    value: float | None
    unit: Unit
    window: Window
    base: str
    benchmark: tuple[str, ...] = ()
    suppressed: bool = False
    status: Status = "computed"
    note: str = ""
    note_values: Mapping[str, object] = field(default_factory=dict)

    @property
    def name_zh(self) -> str:
        """Return the name in Chinese."""
        return say(f"forces.{self.id}", "zh")

    @property
    def name_en(self) -> str:
        """Return the name in English."""
        return say(f"forces.{self.id}", "en")

    def row(self) -> dict[str, object]:
        """Return the indicator as a row of text and numbers, words in both languages."""
        row = {name: value for name, value in asdict(self).items() if name not in ("note", "note_values", "benchmark")}
        for lang in LANGS:
            row[f"name_{lang}"] = say(f"forces.{self.id}", lang)
            row[f"base_{lang}"] = say(f"forces.base_{self.base}", lang)
            row[f"window_{lang}"] = say(f"forces.window_{self.window}", lang)
            row[f"unit_{lang}"] = say(f"forces.unit_{self.unit}", lang)
            row[f"status_{lang}"] = say(f"forces.status_{self.status}", lang)
            row[f"note_{lang}"] = say(f"forces.{self.note}", lang, **self.note_values) if self.note else ""
        row["benchmark"] = ";".join(self.benchmark)
        return row


def ratio(
    id: str,
    numerator: float,
    denominator: float,
    *,
    unit: Unit = "percent",
    window: Window,
    base: str,
    benchmark: tuple[str, ...] = (),
    people: Literal["", "denominator", "both"] = "",
    cells: tuple[str, str] = ("", ""),
    note: str = "",
    note_values: Mapping[str, object] | None = None,
) -> Indicator:
    """Return numerator / denominator in `unit`; an empty denominator has no value, it is not zero.

    Parameters
    ----------
    id : str
        Of the indicator.
    numerator, denominator : float
        Counts or sums.
    unit, window : str
        One of `Unit` and of `Window`.
    base : str
        A code of `forces.base_…`.
    benchmark : tuple of str
        Ids of published figures.
    note, note_values : str, mapping
        A key of its note and what is filled in there.
    people : {'', 'denominator', 'both'}
        Which are counts of persons: nothing is given below the minimum of persons (`minimum_people`, 10 by default) in
        the denominator; with `both` the numerator goes too where it, or what it leaves of the denominator, is below it:
        none and all say something of everyone. A denominator of zero is an empty base, which holds nobody.
    cells : (str, str)
        Names of the two counts in the run (`may_give`); the default is `<id>.k` and `<id>.n`.
    """
    scale = {"percent": 100.0, "per_10_members": 10.0}.get(unit, 1.0)
    words = {"unit": unit, "window": window, "base": base, "benchmark": benchmark, "note": note,
             "note_values": note_values or {}}  # fmt: skip
    names = [given or f"{id}.{part}" for given, part in zip(cells, "kn", strict=True)]
    gives = [people != "both" or may_give(names[0], numerator), not people or may_give(names[1], denominator)]
    if denominator and not gives[1]:
        return Indicator(id, None, None, None, suppressed=True, status="suppressed", **words)
    if denominator and people == "both" and (not gives[0] or is_few(denominator - numerator)):
        return Indicator(id, None, denominator, None, suppressed=True, status="suppressed", **words)
    if not denominator:
        return Indicator(id, numerator, denominator, None, status="empty_denominator", **words)
    return Indicator(id, numerator, denominator, scale * numerator / denominator, **words)


def minimum() -> int:
    """Return the smallest count of persons that may be given (`minimum_people`)."""
    return _minimum.get()


def is_few(count: float) -> bool:
    """Return whether a count of persons is too small to be given: below the minimum, none included."""
    return disclosure.is_few(count, minimum=_minimum.get())


def may_give(cell: str, count: float) -> bool:
    """Return whether a count of persons may be given: not too small, and hidden nowhere in the run.

    Parameters
    ----------
    cell : str
        The count's name in the run; one count has one name on all pages.
    count : float
        Distinct persons.
    """
    note(cell, count)
    return not is_few(count) and cell not in (_hidden.get() or ())


def shown(cell: str, count: int) -> str:
    """Return the `count` of persons called `cell` as printed in a note: a dash where it may not be given."""
    return f"{count:,}" if may_give(cell, count) else "–"


def note(cell: str, count: float) -> None:
    """Note a count that is no count of persons but from which one may follow (organisations with a secretary)."""
    noted = _noted.get()
    if noted is not None:
        noted[cell] = int(count)


def hide(
    table: pd.DataFrame, cells: Mapping[str, Sequence[str]], *, shares: Sequence[str] = (), **adds_up: Any
) -> pd.DataFrame:
    """Return a table with the counts of persons that may not be given missing, and with them the row's `shares`.

    Parameters
    ----------
    table : DataFrame
        With a column for each of `cells`.
    cells : mapping of column to names
        Names of the column's counts in the run, one a row.
    adds_up : optional
        What adds up in the table, as `disclosure.suppress` takes it. Not used where the run says what is hidden: it has
        protected this table together with all others.
    """
    gives = {
        name: [pd.isna(count) or may_give(cell, count) for cell, count in zip(names, table[name], strict=True)]
        for name, names in cells.items()
    }
    apart = adds_up if _hidden.get() is None else {}
    kept, _ = disclosure.suppress(table, counts=list(cells), shares=shares, minimum=minimum(), **apart)
    is_open = pd.DataFrame(gives, index=table.index)
    for name in cells:
        kept[name] = kept[name].where(is_open[name])
    for name in shares:
        kept[name] = kept[name].where(is_open.all(axis=1))
    return disclosure.cleared(kept, minimum=minimum())
