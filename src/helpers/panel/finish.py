"""The last step of the panel: what a missing partner means, what is truncated, and where a firm stands among others."""

from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir

from helpers import outcomes
from helpers.clean.patents import TYPES
from helpers.panel.pieces import FIGURES

KINDS: Final = tuple(TYPES.values())
COUNTS: Final = (
    *(f"patents_{kind}{suffix}" for kind in KINDS for suffix in ("", "_fractional", "_acquired")),
    "software_copyrights", "rd_projects", "rd_grant_10k_cny",
)  # fmt: skip
FLAGS: Final = ("is_covered", "has_own_org", "has_charter", "is_hnte", "has_figures")
# Columns of tables that may not be supplied: the panel always has them, null then.
OPTIONAL: Final = {
    **dict.fromkeys(FIGURES.values(), "float64"),
    **dict.fromkeys(("employees", "college_staff", "rd_staff"), "int64"),
    **dict.fromkeys(("rd_share_pct",), "float64"),
    **dict.fromkeys(COUNTS, "int64"),
    **dict.fromkeys((*(f"patents_{kind}_fractional" for kind in KINDS), "rd_grant_10k_cny"), "float64"),
    **dict.fromkeys(("hnte_first_year", "cohort_covered", "cohort_org", "cohort_charter", "stars"), "int64"),
    **dict.fromkeys(("covered_on", "org_founded_on", "charter_amended_on", "rated_on"), "timestamp(6)"),
    **dict.fromkeys(("org_id", "coverage_mode", "class", "charter_substance"), "string"),
    **dict.fromkeys(("score_party", "score_growth"), "float64"),
    **dict.fromkeys((*FLAGS, "is_star_upgrade"), "boolean"),
}

# What says where a firm stands among others.
_SEEN: Final = (
    "uscc", "year", "grid_id", "is_operating", "is_covered", "is_star_upgrade", "rated_on", "has_figures",
)  # fmt: skip


def finish(wide: ir.Table, *, years: int, extract_on: date, lag_months: dict[str, int] | None = None) -> ir.Table:
    """Return the joined firm-years with every column of the panel.

    Parameters
    ----------
    wide : ibis Table
        Firm-years with whatever could be joined to them.
    years : int
        Number of years of the panel, for `is_balanced`.
    extract_on, lag_months
        As `outcomes.patents_by_month`.

    Notes
    -----
    A count without a partner is 0 and a status False, if the table was supplied; null if it was not. Added:
    `patents_<type>_is_complete`; `years_since_covered`, `years_since_org`, `years_since_charter` (negative before, null
    when never); `cohort_star_upgrade` (first year with more stars than at the organisation's previous rating) and
    `star_upgraded_on` (day of that rating, null if not stated); `grid_exposure` (share 0-1 of the *other* followed
    firms operating in the grid that are covered by an organisation; null for a lone firm),
    `is_balanced` (operating on the day of the status in every year of the panel) and `is_balanced_with_figures` (and
    has employees and revenue in each year in which any firm has them).
    """
    wide = _complete(_fill(wide), extract_on, lag_months)
    # A window carries every column along; what it does not need joins the rows again afterwards.
    seen = _balance(_among_others(wide.select(*_SEEN)), years=years)
    added = seen.select(*(name for name in seen.columns if name not in _SEEN), _uscc=seen.uscc, _year=seen.year)
    return wide.left_join(added, [wide.uscc == added._uscc, wide.year == added._year]).drop("_uscc", "_year")


def _fill(wide: ir.Table) -> ir.Table:
    supplied = [name for name in OPTIONAL if name in wide.columns]
    absent = {name: ibis.null(kind) for name, kind in OPTIONAL.items() if name not in supplied}
    filled = {name: wide[name].fill_null(0) for name in supplied if name in COUNTS}
    filled |= {name: wide[name].fill_null(False) for name in supplied if name in FLAGS}
    wide = wide.mutate(**absent, **filled)
    return wide.mutate(**{name: wide[name].cast(kind) for name, kind in OPTIONAL.items()})


def _complete(wide: ir.Table, extract_on: date, lag_months: dict[str, int] | None) -> ir.Table:
    lags = {**outcomes.LAG_MONTHS, **(lag_months or {})}
    return wide.mutate(
        **{
            f"patents_{kind}_is_complete": wide.year <= outcomes.last_complete_year(extract_on, lags[kind])
            for kind in KINDS
        },
        years_since_covered=wide.year - wide.cohort_covered,
        years_since_org=wide.year - wide.cohort_org,
        years_since_charter=wide.year - wide.cohort_charter,
    )


def _among_others(wide: ir.Table) -> ir.Table:
    grid_year = ibis.window(group_by=["grid_id", "year"])
    upgraded = wide.is_star_upgrade.fill_null(False).ifelse(wide.year, ibis.null("int64"))
    firm = ibis.window(group_by="uscc")
    wide = wide.mutate(cohort_star_upgrade=upgraded.min().over(firm))
    first = (wide.year == wide.cohort_star_upgrade).ifelse(wide.rated_on, ibis.null("timestamp(6)"))
    wide = wide.mutate(
        star_upgraded_on=first.max().over(firm),
        _open=(wide.is_operating & wide.grid_id.notnull()).cast("int64"),
        _has=(wide.is_operating & wide.grid_id.notnull() & wide.is_covered).cast("int64"),
    )
    wide = wide.mutate(
        _others=wide._open.sum().over(grid_year) - wide._open, _covered=wide._has.sum().over(grid_year) - wide._has
    )
    share = wide._covered.cast("float64") / wide._others
    known = wide.grid_id.notnull() & wide.is_covered.notnull() & (wide._others > 0)
    return wide.mutate(grid_exposure=known.ifelse(share, ibis.null("float64"))).drop(
        "_open", "_has", "_others", "_covered"
    )


def _balance(wide: ir.Table, *, years: int) -> ir.Table:
    firm = ibis.window(group_by="uscc")
    wide = wide.mutate(
        is_balanced=wide.is_operating.cast("int64").sum().over(firm) == years,
        _figures=wide.has_figures.fill_null(False).cast("int64"),
    )
    wide = wide.mutate(_year_has=wide._figures.max().over(ibis.window(group_by="year")))
    wide = wide.mutate(_complete=(wide._figures >= wide._year_has).cast("int64").min().over(firm))
    return wide.mutate(is_balanced_with_figures=wide.is_balanced & (wide._complete == 1)).drop(
        "_figures", "_year_has", "_complete"
    )
