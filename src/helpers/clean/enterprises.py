"""The register of enterprises: who is private, who stands in the analysable base, and under which key names match."""

from typing import Final

import ibis
import ibis.expr.types as ir

from helpers.clean.columns import tidy_name, without_legal_form

# Above-scale industry and above-quota trade, lodging and catering: the base behind the published coverage rate.
ABOVE_SCALE: Final = ("规上工业", "限上批零", "限上住餐")
STATE_OR_COLLECTIVE: Final = ("国有控股", "集体控股")
NOT_A_PRIVATE_FIRM: Final = ("国有控股", "个体工商户", "分支机构")
CLOSED: Final = ("注销", "吊销", "迁出")


def enterprises(rows: ir.Table) -> ir.Table:
    """Add what the register implies to each enterprise.

    Parameters
    ----------
    rows : ibis Table
        The codebook's `enterprises`, one row a legal unit.

    Returns
    -------
    ibis Table
        The same rows with `name_key` (text, for matching only), `is_private`, `is_analysable`, `is_ever_analysable`,
        `industry_2digit`, `entry_year`, `exit_year` (null while open), `is_exit_unknown` (closed without a date).

    Notes
    -----
    Private: control neither state nor collective, and registered neither as state-controlled, household
    (个体工商户) nor branch (分支机构); null when both columns are blank. Analysable: private and in the
    statistical office's above-scale or above-quota lists now (`ABOVE_SCALE`), the base of 264 firms in the default
    reading. A firm that left the zone or shrank is in no list any more but keeps `scale_since`: with those firms it is
    ever analysable, the base of a panel that does not follow survivors alone.
    """
    rows = rows.mutate(_tidy=tidy_name(rows.name_zh))
    private = ~rows.control_type.isin(STATE_OR_COLLECTIVE).fill_null(False) & ~rows.reg_type.isin(
        NOT_A_PRIVATE_FIRM
    ).fill_null(False)
    unknown = rows.control_type.isnull() & rows.reg_type.isnull()
    listed_now = rows.above_scale.isin(ABOVE_SCALE).fill_null(False)
    named = rows.mutate(
        name_key=without_legal_form(rows._tidy),
        is_private=unknown.ifelse(ibis.null("boolean"), private),
        is_analysable=private & ~unknown & listed_now,
        is_ever_analysable=private & ~unknown & (listed_now | rows.scale_since.notnull()),
        industry_2digit=rows.industry_code.re_search("^[0-9]{2}").ifelse(
            rows.industry_code.substr(0, 2), ibis.null("string")
        ),
        entry_year=rows.founded_on.year().cast("int64"),
        exit_year=rows.exit_on.year().cast("int64"),
        is_exit_unknown=rows.status.isin(CLOSED).fill_null(False) & rows.exit_on.isnull(),
    )
    return named.drop("_tidy")


def measures(clean: ir.Table) -> dict[str, ir.Scalar]:
    """Return what is counted of the clean table."""
    return {
        "private": clean.is_private.sum(),
        "private_unknown": clean.is_private.isnull().sum(),
        "analysable": clean.is_analysable.sum(),
        "ever_analysable": clean.is_ever_analysable.sum(),
        "without_founding_date": clean.founded_on.isnull().sum(),
        "closed_without_date": clean.is_exit_unknown.sum(),
    }
