"""Overlapping or touching spells of one subject, merged into continuous ones; open ends stay open."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

# A date beyond every register, so that an open end sorts and compares like a date; it never leaves this module.
_OPEN = "9999-12-31"


def merge(rows: ir.Table, *, by: Sequence[str], starts: str, ends: str, count: str) -> ir.Table:
    """Merge spells that overlap or touch.

    Parameters
    ----------
    rows : ibis Table
        One row a spell, from `starts` (included) to `ends` (excluded; null is open). Rows without a start, and spells
        that end at or before their start, are left out: count them before.
    by : sequence of str
        Columns of the subject: spells are merged inside each combination.
    starts, ends : str
        Names of the two date columns.
    count : str
        Name of the new column with the number of spells merged.

    Returns
    -------
    ibis Table
        Key `by` + `starts`: columns `by`, `starts`, `ends` and `count`.
    """
    spells = rows.select(*by, _start=rows[starts], _end=rows[ends].coalesce(ibis.timestamp(_OPEN)))
    spells = spells.filter(spells._start.notnull() & (spells._start < spells._end))
    before = ibis.window(group_by=list(by), order_by=["_start", "_end"], preceding=(None, 1))
    spells = spells.mutate(_reach=spells._end.max().over(before))
    spells = spells.mutate(_new=(spells._reach.isnull() | (spells._start > spells._reach)).cast("int64"))
    running = ibis.window(group_by=list(by), order_by=["_start", "_end"], preceding=None, following=0)
    spells = spells.mutate(_island=spells._new.sum().over(running))
    islands = spells.group_by(*by, "_island").agg(
        **{starts: spells._start.min(), "_last": spells._end.max(), count: spells.count()}
    )
    return islands.select(*by, starts, **{ends: islands._last.nullif(ibis.timestamp(_OPEN)), count: islands[count]})


def at(rows: ir.Table, date: ir.Value, *, starts: str, ends: str) -> ir.BooleanValue:
    """Return whether each spell holds on `date`: `starts` <= `date` < `ends`.

    A blank start means begun before the register, a blank end still open.
    """
    return (rows[starts].isnull() | (rows[starts] <= date)) & (rows[ends].isnull() | (date < rows[ends]))
