"""Innovation outcomes: patents by type and filing date with the truncated periods marked, and certificates as a stock.

In go the clean tables as lazy Ibis tables (`engine.read`), out come lazy Ibis tables; `.to_pandas()` runs them. The
three patent types are never added up, software copyrights are never added to patents, nothing acquired counts as filed.
"""

import calendar
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir

from helpers.clean.awards import HNTE
from helpers.clean.patents import TYPES
from helpers.clean.spells import at

# Months until a filing is visible: inventions are published after 18, the others when granted, after 6 to 9.
LAG_MONTHS: Final = {"invention": 18, "utility": 9, "design": 9}


def last_complete_month(extract_on: date, lag_months: int) -> date:
    """Return the first day of the last month whose filings are all visible at the extract.

    A month counts as complete when a filing of its last day, plus `lag_months` months, is not after `extract_on`.

    Examples
    --------
    >>> last_complete_month(date(2023, 6, 30), 18)
    datetime.date(2021, 12, 1)
    >>> last_complete_month(date(2023, 6, 15), 18)
    datetime.date(2021, 11, 1)
    """
    months = extract_on.year * 12 + extract_on.month - 1
    is_month_over = extract_on.day == calendar.monthrange(extract_on.year, extract_on.month)[1]
    months -= lag_months + (0 if is_month_over else 1)
    return date(months // 12, months % 12 + 1, 1)


def last_complete_year(extract_on: date, lag_months: int) -> int:
    """Return the last calendar year whose filings are all visible at the extract."""
    month = last_complete_month(extract_on, lag_months)
    return month.year if month.month == 12 else month.year - 1


def ownership(patents: ir.Table, owners: ir.Table | None = None) -> ir.Table:
    """Return who holds which share of which filing.

    Parameters
    ----------
    patents, owners : ibis Table
        Clean `patents` and, when supplied, `patent_owners`. A filing that stands among the owners is read from there
        alone; any other belongs to the firm in its applicant code, which holds 1 / `applicant_count` of it.

    Returns
    -------
    ibis Table
        Key `application_no`, `uscc`, `is_acquired`: with `share` (0-1), `acquired_on`, `patent_type`, `filing_year`,
        `filing_month`.
    """
    filed = ("patent_type", "filing_year", "filing_month")
    alone = patents if owners is None else patents.anti_join(owners, "application_no")
    alone = alone.filter(alone.uscc.notnull())
    # An engine's own kind of timestamp: a union takes no other.
    moment = "timestamp(6)" if owners is None else owners.acquired_on.type()
    sole = alone.select(
        "application_no",
        "uscc",
        *filed,
        # Divided by a whole number, 1.0 is a decimal of twelve places on Spark.
        share=1.0 / alone.applicant_count.cast("float64"),
        is_acquired=ibis.literal(False),
        acquired_on=ibis.null(moment),
    )
    if owners is None:
        return sole
    shared = owners.select("application_no", "uscc", "share", "is_acquired", "acquired_on")
    shared = shared.inner_join(patents.select("application_no", *filed), "application_no")
    return sole.union(shared.select(*sole.columns))


def patents_by_firm_year(held: ir.Table, *, acquired: bool = False) -> ir.Table:
    """Count filings by firm, year and type.

    Parameters
    ----------
    held : ibis Table
        From `ownership`.
    acquired : bool, default False
        False: own filings by filing year. True: patents acquired or licensed in, by year of acquisition.

    Returns
    -------
    ibis Table
        Key `uscc`, `year`, `patent_type`: `patents` (whole: each co-owner counts one) and `patents_fractional` (sum of
        shares).
    """
    kept = held.filter(held.is_acquired == ibis.literal(acquired))
    year = kept.acquired_on.year().cast("int64") if acquired else kept.filing_year
    return kept.group_by(kept.uscc, kept.patent_type, year=year).agg(
        patents=kept.count(), patents_fractional=kept.share.sum()
    )


def patents_by_month(
    patents: ir.Table, *, extract_on: date, lag_months: dict[str, int] | None = None, firms: ir.Table | None = None,
    owners: ir.Table | None = None,
) -> ir.Table:  # fmt: skip
    """Count filings by month and type, each filing once, and mark the months that are not complete yet.

    Parameters
    ----------
    patents : ibis Table
        Clean patents.
    extract_on : date
        Day of the extract.
    lag_months : dict, optional
        `invention`, `utility`, `design` -> months until all filings are visible; `LAG_MONTHS` when left out.
    firms : ibis Table, optional
        Count only own filings of these firms (column `uscc`); every filing in the table when left out.
    owners : ibis Table, optional
        Clean `patent_owners`, used with `firms`.

    Returns
    -------
    ibis Table
        Key `filing_month`, `patent_type`: `patents` and `is_truncated`. Months without a filing have no row.
    """
    counted = patents
    if firms is not None:
        held = ownership(patents, owners)
        held = held.filter(~held.is_acquired).semi_join(firms, "uscc")
        counted = patents.semi_join(held, "application_no")
    monthly = counted.group_by("filing_month", "patent_type").agg(patents=counted.count())
    return monthly.mutate(is_truncated=~is_complete(monthly.filing_month, monthly.patent_type, extract_on, lag_months))


def is_complete(
    filing_month: ir.Value, patent_type: ir.Value, extract_on: date, lag_months: dict[str, int] | None = None
) -> ir.BooleanValue:
    """Return whether all filings of a month (first day) and a type are visible at the extract."""
    lags = {**LAG_MONTHS, **(lag_months or {})}
    limits = {zh: last_complete_month(extract_on, lags[en]).isoformat() for zh, en in TYPES.items()}
    branches = [(patent_type == zh, filing_month <= ibis.timestamp(limit)) for zh, limit in limits.items()]
    return ibis.cases(*branches, else_=False).fill_null(False)


def software_by_firm_year(copyrights: ir.Table) -> ir.Table:
    """Count new own works by firm and year of registration: key `uscc`, `year`; column `software_copyrights`."""
    kept = copyrights.filter(copyrights.is_new_work & ~copyrights.is_acquired & copyrights.uscc.notnull())
    return kept.group_by(kept.uscc, year=kept.registration_year).agg(software_copyrights=kept.count())


def certified(spells: ir.Table, *, on: date, cert_type: str = HNTE) -> ir.Table:
    """Return the firms that hold a valid certificate on a date: one row a firm, with the spell's `from_on`, `to_on`.

    Notes
    -----
    Stock at a date: issued on or before it and valid beyond it. `spells` is `certification_spells`, so a firm that was
    recognised again counts once and did not newly enter.
    """
    held = spells.filter(spells.cert_type == cert_type)
    held = held.filter(at(held, ibis.timestamp(on.isoformat()), starts="from_on", ends="to_on"))
    return held.select("uscc", "from_on", "to_on", "awards")


def first_award(awards: ir.Table, *, cert_type: str = HNTE) -> ir.Table:
    """Return each firm's first award of a type, revoked ones left out: key `uscc`; `first_issued_on`, `first_year`."""
    kept = awards.filter((awards.cert_type == cert_type) & awards.uscc.notnull() & ~awards.is_revoked)
    first = kept.group_by("uscc").agg(first_issued_on=kept.issued_on.min())
    return first.filter(first.first_issued_on.notnull()).mutate(first_year=first.first_issued_on.year().cast("int64"))


def expiring(spells: ir.Table, *, on: date, months: int = 12) -> ir.Table:
    """Return the statuses held on a date that end within `months` months of it, over all types.

    Returns
    -------
    ibis Table
        Key `uscc`, `cert_type`: `from_on`, `to_on`. A status already renewed beyond that time is not among them.
    """
    day = ibis.timestamp(on.isoformat())
    held = spells.filter(at(spells, day, starts="from_on", ends="to_on"))
    return held.filter(held.to_on <= day + ibis.interval(months=months)).select("uscc", "cert_type", "from_on", "to_on")
