"""Patents and their owners: one row a filing under one number, and every owner's share."""

from typing import Final

import ibis
import ibis.expr.types as ir

from helpers.clean.columns import normal_application_no

TYPES: Final = {"发明": "invention", "实用新型": "utility", "外观设计": "design"}
NUMBER: Final = "^([0-9]{12}|[0-9]{8})$"
_LIFE: Final = ("granted_on", "published_on")
# What the row that stays takes from the other publications of its filing.
_ACROSS: Final = {"filed_on": "min", "citations": "max", "inventor_count": "max"}


def patents(rows: ir.Table, *, extract_on: str, is_single: bool = False) -> ir.Table:
    """Put each filing in one row and read its type and period off the number and the date.

    Parameters
    ----------
    rows : ibis Table
        The codebook's `patents`; a filing may stand several times (its application A, its grant B).
    extract_on : str
        ISO date on which the register was extracted.
    is_single : bool, default False
        No filing stands twice, so that none has to be merged: half the time for most registers.

    Returns
    -------
    ibis Table
        Key `application_no` (normalised). Of several publications of a filing the row latest in its life stays, with
        the earliest filing and publication date, the latest grant, the highest citation count, and `publications`
        (how many rows it was). Added: `type_from_number`, `type_disagrees` (against the stated `patent_type`, which is
        kept and only filled when blank), `filing_year`, `filing_month` (first day), `applicant_count` (names in
        `applicants_raw`), `is_number_valid`, `is_visible` (inventions: published by the extract; the others:
        granted by it).
    """
    numbered = rows.mutate(application_no=normal_application_no(rows.application_no), _written=rows.application_no)
    merged = numbered.mutate(publications=ibis.literal(1, "int64")) if is_single else _merge_publications(numbered)
    return _derive(merged, extract_on=extract_on).drop("_written")


def _repeated(numbered: ir.Table) -> ir.Table:
    repeated = numbered.group_by("application_no").agg(publications=numbered.count())
    return repeated.filter(repeated.publications > 1)


def _merge_publications(rows: ir.Table) -> ir.Table:
    """Keep one row a filing; the number as written, the key of the table as read, tells its rows apart.

    Only the few filings that repeat go through windows, and only with the columns these need: over millions of rows
    anything else costs more than all other cleaning together.
    """
    repeated = _repeated(rows)
    several = rows.select("application_no", "_written", *_LIFE, *_ACROSS).inner_join(repeated, "application_no")
    # Nulls sort differently by engine, so "has a date" is an order key of its own.
    latest = [key for name in _LIFE for key in (several[name].isnull().cast("int8"), several[name].desc())]
    filing = ibis.window(group_by="application_no")
    place = ibis.row_number().over(ibis.window(group_by="application_no", order_by=[*latest, "_written"]))
    across = {f"_{name}": getattr(several[name], how)().over(filing) for name, how in _ACROSS.items()}
    across |= {"_granted_on": several.granted_on.max().over(filing)}
    across |= {"_published_on": several.published_on.min().over(filing)}
    chosen = several.mutate(_place=place, **across).filter(lambda t: t._place == 0)
    chosen = chosen.select("publications", *across, _filing=chosen.application_no, _stays=chosen._written)
    wide = rows.left_join(chosen, rows.application_no == chosen._filing)
    wide = wide.filter(wide._filing.isnull() | (wide._written == wide._stays))
    merged = {name.removeprefix("_"): wide[name].coalesce(wide[name.removeprefix("_")]) for name in across}
    wide = wide.mutate(publications=wide.publications.coalesce(1), **merged)
    return wide.drop("_filing", "_stays", *across)


def _derive(rows: ir.Table, *, extract_on: str) -> ir.Table:
    number = rows.application_no
    valid = number.re_search(NUMBER)
    digit = (number.length() == 12).ifelse(number.substr(4, 1), number.substr(2, 1))
    from_number = ibis.cases(
        (valid & digit.isin(["1", "8"]), "发明"),
        (valid & digit.isin(["2", "9"]), "实用新型"),
        (valid & (digit == "3"), "外观设计"),
        else_=ibis.null("string"),
    )
    names = rows.applicants_raw
    separators = names.re_search("[;；、]").ifelse(
        names.length() - names.re_replace("[;；、]", "").length(), ibis.literal(0, "int64")
    )
    extract = ibis.timestamp(extract_on)
    is_invention = rows.patent_type == "发明"
    return rows.mutate(
        type_from_number=from_number,
        type_disagrees=(from_number != rows.patent_type).fill_null(False),
        patent_type=rows.patent_type.coalesce(from_number),
        is_number_valid=valid,
        filing_year=rows.filed_on.year().cast("int64"),
        filing_month=rows.filed_on.truncate("M"),
        applicant_count=(separators + 1).cast("int64"),
        is_visible=is_invention.ifelse(rows.published_on <= extract, rows.granted_on <= extract).fill_null(False),
    )


def measures(clean: ir.Table) -> dict[str, ir.Scalar]:
    """Return what is counted of the clean patents."""
    return {
        "filings_with_several_publications": (clean.publications > 1).sum(),
        "publications_merged_away": (clean.publications - 1).sum(),
        "number_not_valid": (~clean.is_number_valid).sum(),
        "type_disagrees_with_number": clean.type_disagrees.sum(),
        "without_applicant_code": clean.uscc.isnull().sum(),
        "not_visible_at_extract": (~clean.is_visible).sum(),
    }


def patent_owners(rows: ir.Table) -> ir.Table:
    """Fill each owner's share and set those who acquired a patent apart from those who filed it.

    Returns
    -------
    ibis Table
        Key `application_no`, `uscc`: an owner listed for several publications of a filing stands once, with the row
        that states most. Added: `is_acquired` (受让, 许可; a blank counts as own filing), `owners` (owners of the same
        filing and the same kind), `is_share_filled`; a missing `share` (0-1) is 1 / `owners`.
    """
    numbered = rows.mutate(application_no=normal_application_no(rows.application_no))
    blanks = [numbered[name].isnull().cast("int8") for name in ("acquired_by", "share", "acquired_on")]
    key = ["application_no", "uscc"]
    listed = ibis.window(group_by=key, order_by=[*blanks, "source_file", "source_sheet", "source_row"])
    repeated = numbered.group_by(key).agg(_rows=numbered.count()).filter(lambda t: t._rows > 1).drop("_rows")
    several = numbered.semi_join(repeated, key).mutate(_place=ibis.row_number().over(listed))
    tidy = numbered.anti_join(repeated, key).union(several.filter(several._place == 0).drop("_place"))
    tidy = tidy.mutate(is_acquired=tidy.acquired_by.isin(["受让", "许可"]).fill_null(False))
    tidy = tidy.mutate(owners=tidy.count().over(ibis.window(group_by=["application_no", "is_acquired"])))
    # Divided by a whole number, 1.0 is a decimal of twelve places on Spark.
    equal = 1.0 / tidy.owners.cast("float64")
    return tidy.mutate(is_share_filled=tidy.share.isnull(), share=tidy.share.coalesce(equal))


def owner_measures(clean: ir.Table) -> dict[str, ir.Scalar]:
    """Return what is counted of the clean owners."""
    return {
        "share_filled": clean.is_share_filled.sum(),
        "acquired": clean.is_acquired.sum(),
        "way_of_acquiring_blank": clean.acquired_by.isnull().sum(),
        "co_owned_rows": (clean.owners > 1).sum(),
    }
