"""Which organisation covers which firm and when: spells cut at the end of either, and a firm's continuous coverage."""

from typing import Final

import ibis
import ibis.expr.types as ir

from helpers.clean import spells

WORK_ONLY: Final = "仅工作覆盖"
OWN: Final = "单独组建"
# When several organisations cover a firm at once, the closest tie stands for it.
RANK: Final = (OWN, "联合组建", "行业组建", "挂靠", WORK_ONLY)


def org_coverage(rows: ir.Table, orgs: ir.Table | None, firms: ir.Table | None) -> ir.Table:
    """Cut each coverage spell to the life of the organisation and of the firm.

    Parameters
    ----------
    rows : ibis Table
        The codebook's `org_coverage`.
    orgs, firms : ibis Table, optional
        `party_orgs` (unique `org_id`) and `enterprises` (unique `uscc`); without them nothing is cut.

    Returns
    -------
    ibis Table
        Key `org_id`, `uscc`, `from_on`. Added: `starts_on` (not before the organisation was founded), `ends_on`
        (excluded; the earliest of the stated end, dissolution and exit; null while open), `is_organisation` (every
        mode but 仅工作覆盖), `is_own` (单独组建), `mode_rank` (1 closest), `is_cut` (a date is not the stated one).
    """
    wide = _attach(rows, orgs, "org_id", _founded_on="established_on", _dissolved_on="dissolved_on")
    wide = _attach(wide, firms, "uscc", _exit_on="exit_on")
    starts = ibis.ifelse(wide._founded_on > wide.from_on, wide._founded_on, wide.from_on)
    ends = wide.to_on
    for limit in (wide._dissolved_on, wide._exit_on):
        ends = ibis.ifelse(limit.notnull() & (ends.isnull() | (limit < ends)), limit, ends)
    cut = wide.mutate(starts_on=starts, ends_on=ends)
    rank = ibis.cases(*((cut.coverage_mode == mode, place) for place, mode in enumerate(RANK, 1)), else_=len(RANK) + 1)
    return cut.select(
        *rows.columns,
        "starts_on",
        "ends_on",
        is_organisation=(cut.coverage_mode != WORK_ONLY).fill_null(False),
        is_own=(cut.coverage_mode == OWN).fill_null(False),
        mode_rank=rank.cast("int64"),
        is_cut=(cut.starts_on != cut.from_on).fill_null(False)
        | (cut.ends_on.notnull() & (cut.to_on.isnull() | (cut.ends_on != cut.to_on))),
    )


def _attach(rows: ir.Table, other: ir.Table | None, key: str, **columns: str) -> ir.Table:
    if other is None:
        return rows.mutate(**{new: ibis.null("timestamp(6)") for new in columns})
    right = other.select(_key=other[key], **{new: other[old] for new, old in columns.items()})
    return rows.left_join(right, rows[key] == right._key).drop("_key")


def measures(clean: ir.Table) -> dict[str, ir.Scalar]:
    """Return what is counted of the clean coverage."""
    return {
        "organisation_spells": clean.is_organisation.sum(),
        "work_only_spells": (~clean.is_organisation).sum(),
        "cut_to_life_of_organisation_or_firm": clean.is_cut.sum(),
        "empty_after_cutting": (clean.ends_on <= clean.starts_on).sum(),
    }


def org_spells(coverage: ir.Table) -> ir.Table:
    """Merge a firm's coverage by any organisation into continuous spells; covering by work alone does not count.

    Returns
    -------
    ibis Table
        Key `uscc`, `from_on`; `to_on` is excluded and null while open; `spells` counts those merged.
    """
    held = coverage.filter(coverage.is_organisation)
    named = held.select("uscc", from_on=held.starts_on, to_on=held.ends_on)
    return spells.merge(named, by=("uscc",), starts="from_on", ends="to_on", count="spells")
