"""Software copyrights collapsed to works, and certificates as spells of a status."""

from typing import Final

import ibis
import ibis.expr.types as ir

from helpers.clean import spells
from helpers.clean.columns import work_key

HNTE: Final = "高新技术企业"
HNTE_VALID_YEARS: Final = 3
REVOKED: Final = "撤销"


def software_copyrights(rows: ir.Table) -> ir.Table:
    """Mark the one registration that stands for each work; later versions of it are not new works.

    Returns
    -------
    ibis Table
        Key `reg_no`. Added: `work_key` (title without version; the number when there is no title), `is_new_work` (first
        registration of that work by that firm; true for exactly one row a firm and work), `is_acquired` (继受取得),
        `registration_year`.
    """
    keyed = rows.mutate(
        work_key=work_key(rows.title).coalesce(rows.reg_no),
        is_acquired=(rows.acquired_by == "继受取得").fill_null(False),
        registration_year=rows.registered_on.year().cast("int64"),
    )
    first = ibis.window(
        group_by=["uscc", "work_key"],
        order_by=[keyed.registered_on.isnull().cast("int8"), keyed.registered_on, keyed.reg_no],
    )
    return keyed.mutate(is_new_work=ibis.row_number().over(first) == 0)


def software_measures(clean: ir.Table) -> dict[str, ir.Scalar]:
    """Return what is counted of the clean software copyrights."""
    return {
        "works": clean.is_new_work.sum(),
        "later_versions": (~clean.is_new_work).sum(),
        "acquired": clean.is_acquired.sum(),
        "without_title": clean.title.isnull().sum(),
    }


def certifications(rows: ir.Table) -> ir.Table:
    """Complete each award's validity and say which are re-recognitions.

    Returns
    -------
    ibis Table
        Key `cert_no`, one row an award. Added: `valid_to` of a high-tech enterprise is `issued_on` + 3 years where
        missing, with `is_valid_to_filled`; `award_no` (1 = the firm's first of that type, by date), `is_revoked`.

    Notes
    -----
    国科发火〔2016〕32号: valid for three years from issue. The status 撤销 comes without a date of revocation, so such
    an award is kept here but makes no spell.
    """
    due = rows.issued_on + ibis.interval(years=HNTE_VALID_YEARS)
    fill = (rows.cert_type == HNTE) & rows.valid_to.isnull() & rows.issued_on.notnull()
    order = ibis.window(
        group_by=["uscc", "cert_type"],
        order_by=[rows.issued_on.isnull().cast("int8"), rows.issued_on, rows.cert_no],
    )
    return rows.mutate(
        valid_to=fill.ifelse(due, rows.valid_to),
        is_valid_to_filled=fill.fill_null(False),
        award_no=(ibis.row_number().over(order) + 1).cast("int64"),
        is_revoked=(rows.status == REVOKED).fill_null(False),
    )


def certification_measures(clean: ir.Table) -> dict[str, ir.Scalar]:
    """Return what is counted of the clean certificates."""
    return {
        "high_tech_awards": (clean.cert_type == HNTE).sum(),
        "valid_to_filled": clean.is_valid_to_filled.sum(),
        "re_recognitions": (clean.award_no > 1).sum(),
        "revoked": clean.is_revoked.sum(),
        "without_code": clean.uscc.isnull().sum(),
        "without_issue_date": clean.issued_on.isnull().sum(),
    }


def certification_spells(awards: ir.Table) -> ir.Table:
    """Merge overlapping awards of one firm and type into one continuous status.

    Returns
    -------
    ibis Table
        Key `uscc`, `cert_type`, `from_on`; `to_on` is excluded and null while open; `awards` counts those merged.
    """
    held = awards.filter(awards.uscc.notnull() & awards.cert_type.notnull() & ~awards.is_revoked)
    named = held.select("uscc", "cert_type", from_on=held.issued_on, to_on=held.valid_to)
    return spells.merge(named, by=("uscc", "cert_type"), starts="from_on", ends="to_on", count="awards")
