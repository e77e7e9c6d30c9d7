"""Expressions that clean one column: text columns in, text columns out, the same on every engine.

A long `translate` over a million names is the slowest thing a naive pipeline does, so each expression first asks a
regular expression whether there is anything to do and touches the few values that need it.
"""

from typing import Final

import ibis
import ibis.expr.types as ir

from helpers.codebook import Table

PROVENANCE: Final = ("source_file", "source_sheet", "source_row")
TYPES: Final = {
    "integer": "int64", "year": "int64", "decimal": "float64", "boolean": "boolean", "date": "timestamp(6)",
    "datetime": "timestamp(6)",
}  # fmt: skip
PROVENANCE_TYPES: Final = {"source_file": "string", "source_sheet": "string", "source_row": "int64"}

_WIDE: Final = "".join(
    chr(code + 0xFEE0) for code in range(0x21, 0x7F) if chr(code) not in "'\"\\`"
) + "\u3000\u00a0【】〔〕"  # fmt: skip
_NARROW: Final = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "'\"\\`") + "  ()()"
_HAS_WIDE: Final = "[！-～\u3000\u00a0【】〔〕]"
USCC: Final = "^[0-9A-HJ-NPQRTUWXY]{18}$"
# Longest first: the first that fits is taken off.
LEGAL_FORMS: Final = ("股份有限公司", "有限责任公司", "有限公司", "股份公司", "集团公司", "公司")
_VERSION: Final = (
    r"[ (\[]*((V[0-9]+([.][0-9]+)*版?)|([0-9]+([.][0-9]+)+版?)|([0-9]+版)|(第?[0-9一二三四五六七八九十]+版))[)\] ]*$"
)


def conform(rows: ir.Table, table: Table) -> ir.Table:
    """Return `rows` with exactly the columns of the codebook, in its order and types, and their provenance.

    An open column that was not supplied becomes null; a restricted one is left out unless it is there.
    """
    columns = {}
    for column in table.columns:
        kind = TYPES.get(column.type, "string")
        if column.name in rows.columns:
            columns[column.name] = rows[column.name].cast(kind)
        elif column.sensitivity == "open":
            columns[column.name] = ibis.null(kind)
    for name in PROVENANCE:
        kind = PROVENANCE_TYPES[name]
        columns[name] = rows[name].cast(kind) if name in rows.columns else ibis.null(kind)
    return rows.select(**columns)


def half_width(text: ir.StringValue) -> ir.StringValue:
    """Return `text` with full-width letters, digits, brackets and blanks in their narrow form."""
    return text.re_search(_HAS_WIDE).ifelse(text.translate(_WIDE, _NARROW), text)


def tidy_name(name: ir.StringValue) -> ir.StringValue:
    """Return a company name in narrow upper case, without blanks and punctuation.

    For matching only; the name on display is never changed.
    """
    tidy = half_width(name).upper().re_replace("[^0-9A-Z一-鿿]", "")
    return name.re_search("[^0-9A-Z一-鿿]").ifelse(tidy, name)


def without_legal_form(tidy: ir.StringValue) -> ir.StringValue:
    """Return a tidy name without its legal form, the key by which names match; missing if nothing else is left.

    The name is asked for at every form: over many rows, better a column that stands than one that is worked out anew.
    """
    forms = ((tidy.endswith(form), tidy.substr(0, tidy.length() - len(form))) for form in LEGAL_FORMS)
    return ibis.cases(*forms, else_=tidy).nullif("")


def normal_application_no(number: ir.StringValue) -> ir.StringValue:
    """Return a Chinese application number as its 12 digits (8 before October 2003).

    Strips `CN` or `ZL`, blanks, the dot with the check digit, and a publication's kind code (A, B, U, S …): the A and B
    publications of one filing get the same number. Anything else comes back tidied but otherwise as it was.

    Notes
    -----
    Year (4) + type digit (1 or 8 invention, 2 or 9 utility model, 3 design) + serial (7), then a dot and a check digit.
    """
    tidy = half_width(number).upper().re_replace("[^0-9A-Z]", "")
    digits = tidy.re_extract("^(?:CN|ZL)*([0-9]{12}|[0-9]{8})[0-9X]?(?:[A-DSUY][0-9]?)?$", 1)
    return ibis.cases(
        (number.re_search("^[0-9]{12}([.]?[0-9X])?$"), number.substr(0, 12)),
        (number.re_search("^[0-9]{8}([.]?[0-9X])?$"), number.substr(0, 8)),
        else_=digits.nullif("").coalesce(tidy.nullif("")),
    )


def work_key(title: ir.StringValue) -> ir.StringValue:
    """Return a software title without its version (`V1.0`, `2.1版`, `第三版`), narrow, upper case, no blanks."""
    narrow = half_width(title).upper()
    return narrow.re_replace(_VERSION, "").re_replace("[ \t]", "").nullif("")
