"""What a check of a published figure is given and what it returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from helpers.errors import WuliError
from helpers.forces.indicator import MissingTable
from helpers.reconcile.readings import Readings


class Supplied(dict[str, pd.DataFrame]):
    """The tables handed in; asking for another raises `MissingTable`."""

    def __missing__(self, name: str) -> pd.DataFrame:
        raise MissingTable(name)

    def column(self, table: str, name: str) -> pd.Series:
        """Return a column that not every layer holds.

        Raises
        ------
        MissingTable
            Naming `table.column` if it is not there.
        """
        if name not in self[table].columns:
            raise MissingTable(f"{table}.{name}")
        return self[table][name]


class NotTestable(WuliError):
    """A figure cannot be tested: `reason` is a key of `reconcile.yml`, `k` and `n` what could be counted even so."""

    def __init__(self, reason: str, *, k: int | None = None, n: int | None = None, **values: object) -> None:
        self.reason, self.k, self.n, self.values = reason, k, n, values
        super().__init__(reason)


@dataclass(frozen=True)
class Figure:
    """One row of the reference table."""

    id: str
    metric_zh: str
    value: str
    unit: str
    comparator: str
    as_of: str
    scope: str

    @property
    def decimals(self) -> int:
        """Return the places to which the value was published."""
        return len(self.value.partition(".")[2])


@dataclass(frozen=True)
class Question:
    """What a check is given: the tables, the figure, the readings and the day of counting."""

    tables: Supplied
    figure: Figure
    readings: Readings
    as_of: date

    @property
    def day(self) -> pd.Timestamp:
        """Return `as_of` as a timestamp."""
        return pd.Timestamp(self.as_of)

    def firm_code(self) -> str:
        """Return the code of the one firm that the figure is about.

        Raises
        ------
        NotTestable
            If the readings give none.
        """
        code = self.readings.code_of(self.figure.scope)
        if code is None:
            raise NotTestable("reason_firm_unknown", firm=self.figure.scope)
        return code


@dataclass(frozen=True)
class Recount:
    """What the tables say: `k`, of `n` where there is a base, or a `value` that is neither; `day` for a date.

    `reading` is a key of `reconcile.yml` that says what was counted; `people` marks counts of persons, `cells` their
    names in the run (`forces.may_give`), by default those of the figure.
    """

    reading: str
    k: int | None = None
    n: int | None = None
    value: float | None = None
    day: pd.Timestamp | None = None
    people: bool = False
    cells: tuple[str, str] = ("", "")
    reading_values: Mapping[str, object] = field(default_factory=dict)


Check = Callable[[Question], Recount]
