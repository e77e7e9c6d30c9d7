"""How one code meets the register: rows with a code in, the same rows with the outcome of the match out."""

from typing import Final

import ibis
import ibis.expr.types as ir

from helpers.clean.columns import USCC
from helpers.codebook.uscc import ALPHABET, WEIGHTS

MATCHED: Final = ("matched", "matched_check_digit_fails")
# In the order in which they are tried; each row of a table has exactly one.
OUTCOMES: Final = (*MATCHED, "no_code", "code_set_aside", "damaged_code", "check_digit_fails", "not_in_register")


def outcome_of(rows: ir.Table, register: ir.Table) -> ir.Table:
    """Add `outcome` (one of `OUTCOMES`) to rows with a `code`; `register` holds each known code, in `_register`."""
    rows = rows.left_join(register, rows.code == register._register)
    right = check_digit_ok(rows.code)
    return rows.mutate(
        outcome=ibis.cases(
            (rows._register.notnull() & right, "matched"),
            (rows._register.notnull(), "matched_check_digit_fails"),
            (rows.code.isnull(), "no_code"),
            (~rows.code.re_search(USCC), "damaged_code"),
            (~right, "check_digit_fails"),
            else_="not_in_register",
        )
    ).drop("_register")


def check_digit_ok(code: ir.StringValue) -> ir.BooleanValue:
    """Return whether each code has 18 allowed characters and the right check digit (GB 32100-2015).

    Notes
    -----
    With character values 0..30 and weights 3^(i-1) mod 31, the sum over all 18 (the last weighs 1) is divisible by 31.
    """
    alphabet = ibis.literal(ALPHABET)
    total = ibis.literal(0, "int64")
    for position, weight in enumerate((*WEIGHTS, 1)):
        total = total + alphabet.find(code.substr(position, 1)) * weight
    return (code.re_search(USCC) & (total % 31 == 0)).fill_null(False)
