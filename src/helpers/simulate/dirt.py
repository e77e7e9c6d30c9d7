"""Clean texts of a table in; out come the same texts with faults planted at random, and where each of them stands."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.codebook import Table
from helpers.simulate.faults import KINDS, Cell, Kind, kinds_of

Dirt = Literal["none", "typical", "heavy"]
Texts = dict[str, pa.Array]

RATES: dict[str, float] = {"none": 0.0, "typical": 0.01, "heavy": 0.07}
"""Share of the cells of each column that gets a fault; a smaller share of the rows is repeated or breaks a rule."""

TINY_TABLE = 200
"""A table of fewer rows loses none of them at `typical`: see `plant`."""

FAULT_COLUMNS = (
    "fault_id", "table", "file", "sheet", "row", "column", "kind", "original", "planted", "expected_rule",
    "expected_action", "related_row",
)  # fmt: skip
RULE_FORM = re.compile(r"(\w+) (<=|>=|>) (\w+)(?: \* ([\d.]+))?")


@dataclass(frozen=True)
class Fault:
    """A planted fault by the 0-based position of its row: among the clean rows, or in the file for a repeated row."""

    position: int
    column: str
    kind: str
    original: str
    planted: str
    rule: str
    action: str
    related: int | None = None


def plant(
    table: Table,
    texts: Texts,
    cells: Mapping[str, Cell],
    typed: pd.DataFrame,
    *,
    dirt: Dirt,
    rng: np.random.Generator,
    known: Callable[[str], frozenset[str]],
    show: Callable[[Cell, list], pa.Array],
) -> tuple[Texts, list[Fault], np.ndarray]:
    """Plant faults into the texts of one table.

    Parameters
    ----------
    table : Table
    texts : dict of column name to Array of string, each of length N
    cells : mapping of column name to Cell
    typed : DataFrame, shape (N, k)
        The typed rows behind `texts`, from which values that break a rule are made.
    dirt : {"none", "typical", "heavy"}
    rng : Generator
    known : callable
        `table.column` -> the values that a reference to it may take.
    show : callable
        Cell and typed values -> texts.

    Returns
    -------
    texts : dict
        With the faults, and M repeated rows put in.
    faults : list of Fault
    order : ndarray of int, shape (N + M,)
        For each row of the file the position of the clean row that it is or repeats.

    Notes
    -----
    A cell has at most one fault. A row that a fault takes out, that is repeated, or that breaks a rule has no other
    fault, so that none hides another. At `typical` a table of fewer than 200 rows loses no row for good (its keys have
    repairable faults only, and no key stands twice): with 4 areas or 136 organisations one lost key would decide
    whether a published figure can be recomputed, which says nothing about how files are read.
    """
    rows = len(typed)
    is_spared = dirt == "typical" and rows < TINY_TABLE
    draw = _Draw(table, texts, cells, rng, RATES[dirt], rows)
    if not RATES[dirt] or not rows:
        return texts, [], np.arange(rows)
    twins = draw.rows_for(0.3)
    clashes = draw.rows_for(0.0 if is_spared else 0.15)
    for rule in table.rules:
        draw.break_rule(rule.name, rule.expression, typed, show)
    plans = [(kind, name) for name, cell in cells.items() for kind in kinds_of(cell, known)]
    for alone in (True, False):
        for kind, name in plans:
            takes_row = kind.expected(table[name]) == "set_aside"
            is_harmless = not takes_row and (kind.action == "repaired" or table[name].key != "PK")
            if (takes_row or kind.is_of_row) == alone and (is_harmless or not is_spared):
                draw.cells(kind, name, alone=alone)
    return draw.finish(twins, clashes)


class _Draw:
    """The state of planting into one table: which rows have a fault, and which may have no other."""

    def __init__(self, table: Table, texts: Texts, cells: Mapping[str, Cell], rng, rate: float, rows: int) -> None:
        self.table, self.texts, self.cells_of, self.rng, self.rate, self.rows = table, texts, cells, rng, rate, rows
        self.touched = np.zeros(rows, dtype=bool)
        self.closed = np.zeros(rows, dtype=bool)
        self.taken = {name: np.zeros(rows, dtype=bool) for name in texts}
        self.faults: list[Fault] = []
        self.weights: dict[str, float] = {}

    def rows_for(self, share: float) -> np.ndarray:
        """Choose untouched rows and close them."""
        chosen = self._positions(self.rate * share)
        chosen = chosen[~self.touched[chosen]]
        self.touched[chosen] = self.closed[chosen] = True
        return chosen

    def _positions(self, share: float) -> np.ndarray:
        return self.rng.choice(self.rows, self.rng.binomial(self.rows, share), replace=False, shuffle=False)

    def cells(self, kind: Kind, name: str, *, alone: bool) -> None:
        """Plant one kind into one column, at its share of the column's rate."""
        cell = self.cells_of[name]
        if name not in self.weights:
            self.weights[name] = sum(each.weight for each in KINDS if cell.column.type in each.types.split())
        chosen = self._positions(self.rate * kind.weight / self.weights[name])
        chosen = chosen[~(self.touched if alone else self.closed)[chosen] & ~self.taken[name][chosen]]
        for position, text in zip(chosen.tolist(), self.texts[name].take(pa.array(chosen)).to_pylist(), strict=True):
            planted = kind.change(text, cell, self.rng) if text else None
            if planted is not None and planted != text:
                fault = Fault(position, name, kind.name, text, planted, kind.rule, kind.expected(cell.column))
                self._add(fault, alone=alone)

    def break_rule(self, rule: str, expression: str, typed: pd.DataFrame, show) -> None:
        """Give the left side of a simple comparison a value that its right side forbids."""
        form = RULE_FORM.fullmatch(expression)
        if not form or not {form[1], form[3]} <= set(typed.columns) or self.table[form[1]].key == "PK":
            return
        left, comparison, right, factor = form.groups()
        is_date = self.table[left].type in ("date", "datetime")
        if is_date == (comparison == "<=") or self.table[left].type == "year":
            return
        chosen = self._positions(self.rate * 0.1)
        fits = typed[[left, right]].iloc[chosen].notna().all(axis=1).to_numpy() & ~self.touched[chosen]
        chosen = chosen[fits]
        limits = typed[right].iloc[chosen]
        if is_date:
            values = limits - pd.Timedelta(days=400)
        else:
            values = (limits.abs() * 2 * float(factor or 1) + 10).round().astype(limits.dtype)
        new = show(self.cells_of[left], values).to_pylist()
        old = self.texts[left].take(pa.array(chosen)).to_pylist()
        for position, text, planted in zip(chosen.tolist(), old, new, strict=True):
            self._add(Fault(position, left, "rule_violation", text, planted, f"rule:{rule}", "flagged"), alone=True)

    def _add(self, fault: Fault, *, alone: bool) -> None:
        self.faults.append(fault)
        self.taken[fault.column][fault.position] = self.touched[fault.position] = True
        self.closed[fault.position] |= alone

    def finish(self, twins: np.ndarray, clashes: np.ndarray) -> tuple[Texts, list[Fault], np.ndarray]:
        """Write the planted cells, then put in the repeated rows, each somewhere below the row that it repeats."""
        texts = dict(self.texts)
        for name in texts:
            mine = [fault for fault in self.faults if fault.column == name]
            texts[name] = _put(texts[name], {fault.position: fault.planted for fault in mine})
        changes = {position: change for position in clashes.tolist() if (change := self._other(position))}
        sources = np.array([*twins.tolist(), *changes], dtype=np.int64)
        below = self.rng.integers(sources, self.rows) if len(sources) else sources
        order = np.concatenate([np.arange(self.rows), sources])
        order = order[np.argsort(np.concatenate([np.arange(self.rows), below + 0.5]), kind="stable")]
        # The first row with a given source is the row itself, the second its repetition.
        is_copy = pd.Series(order).duplicated().to_numpy()
        place = np.flatnonzero(~is_copy)
        texts = {name: column.take(pa.array(order)) for name, column in texts.items()}
        faults = [replace(fault, position=int(place[fault.position])) for fault in self.faults]
        edits: dict[str, dict[int, str]] = {}
        key = "|".join(self.table.key)
        for position in np.flatnonzero(is_copy).tolist():
            source = int(order[position])
            name, new = changes.get(source, ("", ""))
            kind = "duplicate_key" if name else "duplicate_row"
            old = texts[name][position].as_py() or "" if name else ""
            if name:
                edits.setdefault(name, {})[position] = new
            faults.append(
                Fault(position, name or key, kind, old, new, kind, "set_aside", int(place[source]))
            )
        return {name: _put(column, edits.get(name, {})) for name, column in texts.items()}, faults, order

    def _other(self, position: int) -> tuple[str, str] | None:
        """Return a column outside the key and another text for it, with which a repeated row contradicts the first."""
        names = [name for name, cell in self.cells_of.items() if cell.column.key != "PK" and not cell.column.references]
        for name in self.rng.permutation(names).tolist():
            other = self.texts[name][int(self.rng.integers(self.rows))].as_py()
            if other and other != self.texts[name][position].as_py():
                return name, other
        return None


def _put(column: pa.Array, planted: Mapping[int, str]) -> pa.Array:
    if not planted:
        return column
    mask = np.zeros(len(column), dtype=bool)
    mask[list(planted)] = True
    new = pa.array([planted[place] or None for place in sorted(planted)], column.type)
    return pc.replace_with_mask(column, mask, new)
