"""A panel assembled by left joins that are each counted, checked for fan-out and written down."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers import engine
from helpers.errors import InputError
from helpers.text import Lang, say

COLUMNS: Final = (
    "step", "left_rows", "right_rows", "matched", "left_unmatched", "right_unmatched", "rows_out", "why",
)  # fmt: skip


class Joins:
    """Collects the right-hand sides of one left table, counts each join, and hands out the joined expression.

    Every piece is staged to Parquet, so that counting and joining do not run the same work twice. Use it in a `with`
    block: the staged files go when it ends.
    """

    def __init__(self, con: ibis.BaseBackend, key: Sequence[str], *, private: bool = False) -> None:
        self._con = con
        self._key = tuple(key)
        self._folder = Path(tempfile.mkdtemp(prefix="wuli-panel-"))
        self._private = private
        self._pieces: list[tuple[ir.Table, tuple[str, ...]]] = []
        self._rows: list[tuple] = []
        self.base: ir.Table
        self._base_rows: int

    def __enter__(self) -> "Joins":
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self, base: ir.Table, *, registered: int | None = None, followed: int | None = None) -> ir.Table:
        """Stage the left table, whose key must be unique, and return it; counts say what it was laid out from."""
        self.base = self.stage(base, "base", self._key)
        self._base_rows = self._count(self.base)
        gone = None if registered is None or followed is None else registered - followed
        self._rows.append(("base", registered, None, followed, gone, None, self._base_rows, _why("base")))
        return self.base

    def stage(self, expr: ir.Table, name: str, key: Sequence[str]) -> ir.Table:
        """Run `expr`, keep it as Parquet, and return it; a key that repeats raises `InputError`."""
        path = self._folder / f"{name}.parquet"
        rows = engine.stage(expr, path, private=self._private)
        staged = engine.read(self._con, path)
        distinct = self._count(staged.select(*key).distinct())
        if distinct != rows:
            raise InputError(
                f"join '{name}': {rows - distinct:,} of {rows:,} rows repeat their key ({', '.join(key)}); each may "
                "stand once, or rows would be multiplied. Correct the repeats in the table behind it"
            )
        return staged

    def add(self, step: str, right: ir.Table | None, *, on: Sequence[str] = ()) -> ir.Table | None:
        """Count the left join of the base with `right` on the columns `on`, which are unique in `right`."""
        if right is None:
            self._rows.append((step, self._base_rows, None, None, None, None, None, _why("not_supplied")))
            return None
        on = tuple(on or self._key)
        staged = self.stage(right, step, on)
        left_rows, right_rows = self._base_rows, self._count(staged)
        matched = self._count(self.base.semi_join(staged, on))
        # Where both sides have the key once, a row on the left with a partner is one on the right with a partner.
        orphans = right_rows - matched if on == self._key else self._count(staged.anti_join(self.base, on))
        self._rows.append((step, left_rows, right_rows, matched, left_rows - matched, orphans, left_rows, _why(step)))
        self._pieces.append((staged, on))
        return staged

    def note(self, step: str, left: ir.Table, right: ir.Table | None, *, on: Sequence[str]) -> None:
        """Count how the rows of `right` (several a key) meet those of `left`, without joining anything."""
        left_rows = self._count(left)
        if right is None:
            self._rows.append((step, left_rows, None, None, None, None, None, _why("not_supplied")))
            return
        matched = self._count(left.semi_join(right, on))
        right_rows, orphans = self._count(right), self._count(right.anti_join(left, on))
        self._rows.append(
            (step, left_rows, right_rows, matched, left_rows - matched, orphans, right_rows - orphans, _why(step))
        )

    def joined(self) -> ir.Table:
        """Return the base with all pieces joined to it, as one expression with as many rows as the base."""
        wide = self.base
        for piece, on in self._pieces:
            right = piece.rename({f"_right_{name}": name for name in on})
            wide = wide.left_join(right, [wide[name] == right[f"_right_{name}"] for name in on])
            wide = wide.drop(*(f"_right_{name}" for name in on))
        return wide

    def frame(self) -> pd.DataFrame:
        """Return the table of joins so far, one row a step, counts as nullable integers."""
        frame = pd.DataFrame(self._rows, columns=list(COLUMNS))
        counts = [name for name in COLUMNS if name not in ("step", "why")]
        return frame.astype(dict.fromkeys(counts, "Int64"))

    @staticmethod
    def _count(expr: ir.Table) -> int:
        return int(expr.count().execute())


def explained(joins: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return a table of joins (`joins.csv`) with its steps and reasons in the reader's language."""
    absent = joins["why"] == _why("not_supplied")
    reasons = joins["step"].map(lambda step: say(f"panel.why_{step}", lang))
    return joins.assign(
        step=joins["step"].map(lambda step: say(f"panel.join_{step}", lang)),
        why=reasons.mask(absent, say("panel.why_not_supplied", lang)),
    )


def _why(step: str) -> str:
    """Return the reason as it is stored: English, like every file that is not a page."""
    return say(f"panel.why_{step}", "en")
