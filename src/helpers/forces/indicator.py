"""What an indicator is: a value that never travels without its numerator, denominator, base, window and caveat."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from typing import Literal

from helpers.disclosure import LOWEST_MINIMUM, MINIMUM_PERSONS
from helpers.errors import WuliError
from helpers.text import LANGS, say

Unit = Literal["percent", "percentage_points", "per_10_members", "per_site_month", "points", "per_liaison",
               "per_firm", "visits_per_team"]  # fmt: skip
Window = Literal["point_in_time", "month", "quarter", "half_year", "twelve_months", "year", "to_date", "any"]
Status = Literal["computed", "suppressed", "empty_denominator", "table_not_supplied", "not_testable"]
_minimum: ContextVar[int] = ContextVar("minimum_people", default=MINIMUM_PERSONS)


@contextmanager
def minimum_people(minimum: int) -> Iterator[None]:
    """Give no count of fewer than `minimum` persons inside of this block.

    Every indicator suppresses at the source; the threshold is set around them, so that none can be left out.

    Raises
    ------
    ValueError
        If `minimum` is below 5.
    """
    if minimum < LOWEST_MINIMUM:
        raise ValueError(f"a minimum of {minimum} persons is below {LOWEST_MINIMUM}, the lowest allowed")
    token = _minimum.set(minimum)
    try:
        yield
    finally:
        _minimum.reset(token)


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
        the denominator; with `both` the numerator goes too where it, or what it leaves of the denominator, is below it
        and not zero.
    """
    scale = {"percent": 100.0, "per_10_members": 10.0}.get(unit, 1.0)
    words = {"unit": unit, "window": window, "base": base, "benchmark": benchmark, "note": note,
             "note_values": note_values or {}}  # fmt: skip
    if people and is_few(denominator):
        return Indicator(id, None, None, None, suppressed=True, status="suppressed", **words)
    if people == "both" and (is_few(numerator) or is_few(denominator - numerator)):
        return Indicator(id, None, denominator, None, suppressed=True, status="suppressed", **words)
    if not denominator:
        return Indicator(id, numerator, denominator, None, status="empty_denominator", **words)
    return Indicator(id, numerator, denominator, scale * numerator / denominator, **words)


def minimum() -> int:
    """Return the smallest count of persons that may be given (`minimum_people`)."""
    return _minimum.get()


def is_few(count: float) -> bool:
    """Return whether a count of persons is too small to be given: positive and below the minimum."""
    return 0 < count < _minimum.get()


def shown(count: int) -> str:
    """Return a count of persons as printed in a note: `<10` where it is too small to be given."""
    return f"<{_minimum.get()}" if is_few(count) else f"{count:,}"
