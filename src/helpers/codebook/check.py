"""Check typed tables against the codebook: a table's frame in, one row for each finding out, all findings at once.

The pandera schema of a table is made from the codebook. Every check works on whole columns and returns at once where
nothing is wrong, so that millions of rows take seconds. Findings leave through the returned frame only: pandera's own
error, which would carry the failing rows, never leaves this module.
"""

import ast
from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.compute as pc

from helpers.codebook import uscc
from helpers.codebook.conditions import (
    RULE_FUNCTIONS,
    TABLE_RULES,
    column_tests,
    is_typed,
    key_is_unique,
    texts_of,
)
from helpers.codebook.model import LIST_SEPARATOR, Codebook, Rule, Table

if TYPE_CHECKING:
    import pandera.pandas as pa

# Tables are checked side by side, and pandera's modules import one another: two threads would wait for each other.
_IMPORTING = Lock()

FINDING_COLUMNS = ("row_index", "column", "value", "rule", "severity")
REFERENCE_COLUMNS = ("table", "row_index", "column", "value", "rule")
WARNINGS = frozenset({"bad_check_digit", "bad_format"})


def check_rows(table: Table, frame: pd.DataFrame, *, but: frozenset[str] = frozenset()) -> pd.DataFrame:
    """Check every row of a table against the codebook.

    Parameters
    ----------
    table : Table
        The table's entry in the codebook.
    frame : DataFrame, shape (N, k)
        Typed rows; further columns are not looked at, and columns that are neither key nor required may be absent.
    but : frozenset of str, optional
        Rules about single columns that are known to hold or to have been reported, and are not tested again.

    Returns
    -------
    DataFrame, shape (M, 5)
        One row a finding: `row_index` (label of the row in `frame`; missing for a finding about the whole column),
        `column` (several joined with `;` for a rule across columns), `value` (as text, joined likewise), `rule` and
        `severity` (`error` or `warning`). Rules: `missing_column`, `wrong_type`, `missing_required`,
        `unknown_category`, `out_of_range`, `bad_format`, `bad_check_digit`, `duplicate_key`, and `rule:<name>` for
        the rules of `rules.csv` and of `TABLE_RULES`. A missing value passes all but `missing_required`.
    """
    checked = frame.loc[:, [column.name for column in table.columns if column.name in frame.columns]]
    try:
        schema(table, but=but).validate(checked, lazy=True, inplace=True)
    except _pandera().errors.SchemaErrors as errors:
        found = [_finding(table, checked, error) for error in errors.schema_errors]
    else:
        found = []
    findings = pd.concat([_no_findings(), *found], ignore_index=True) if found else _no_findings()
    order = {name: place for place, name in enumerate(table.column_names)}
    first = findings["column"].str.split(LIST_SEPARATOR).str[0].map(order)
    return (
        findings.assign(place=first)
        .sort_values(["place", "rule", "row_index"], kind="stable")
        .drop(columns="place")
        .reset_index(drop=True)
    )


def check_references(codebook: Codebook, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Find the references to rows that do not exist.

    Parameters
    ----------
    codebook : Codebook
    frames : mapping of table name to DataFrame
        Typed tables. A reference to a table that is not among them is not checked; a missing value passes.

    Returns
    -------
    DataFrame, shape (M, 5)
        One row for each value without a target: `table`, `row_index` (label in the frame), `column`, `value` and
        `rule` (always `unknown_reference`).
    """
    found = []
    for name, frame in frames.items():
        for column in codebook[name].columns:
            target, _, key = column.references.partition(".")
            if column.name not in frame or target not in frames or key not in frames[target]:
                continue
            values = texts_of(frame[column.name])
            wrong = pc.and_(pc.is_valid(values), pc.invert(pc.is_in(values, texts_of(frames[target][key]))))
            mask = wrong.to_numpy(zero_copy_only=False)
            if mask.any():
                found.append(
                    pd.DataFrame(
                        {
                            "table": name,
                            "row_index": frame.index[mask],
                            "column": column.name,
                            "value": frame.loc[mask, column.name].astype("str").to_numpy(),
                            "rule": "unknown_reference",
                        }
                    )
                )
    empty = pd.DataFrame({column: pd.Series(dtype="str") for column in REFERENCE_COLUMNS})
    return pd.concat(found, ignore_index=True) if found else empty.astype({"row_index": "Int64"})


def _pandera() -> ModuleType:
    """Return `pandera.pandas`: as slow to import as pandas, and more so with pyspark, so that no page pays for it."""
    with _IMPORTING:
        import pandera.pandas

        return pandera.pandas


def schema(table: Table, *, but: frozenset[str] = frozenset()) -> "pa.DataFrameSchema":
    """Return the pandera schema of a table, made from its columns, its rules and the rules of the whole table.

    Tests of single columns named in `but` are left out.
    """
    pa = _pandera()
    checks = [pa.Check(partial(key_is_unique, table.key), name="duplicate_key", n_failure_cases=1)]
    checks += [
        pa.Check(partial(_rule_holds, table, rule), name=f"rule:{rule.name}", n_failure_cases=1) for rule in table.rules
    ]
    checks += [
        pa.Check(partial(_holds, table, columns, test), name=f"rule:{name}", n_failure_cases=1)
        for name, (columns, test) in TABLE_RULES.get(table.name, {}).items()
    ]
    columns = {
        column.name: pa.Column(
            checks=[
                pa.Check(partial(test, column), name=name, ignore_na=False, n_failure_cases=1)
                for name, test in column_tests(column)
                if name not in but
            ],
            nullable=True,
            required=bool(column.key == "PK" or column.required),
        )
        for column in table.columns
    }
    return pa.DataFrameSchema(columns, checks=checks, name=table.name)


def uscc_check_digit_ok(codes: pd.Series) -> pd.Series:
    """Tell for each unified social credit code whether its check digit is right.

    Parameters
    ----------
    codes : Series of str, shape (N,)
        Codes in canonical form: 18 characters, upper case, half width.

    Returns
    -------
    Series of boolean, shape (N,)
        Missing where the code is missing; false where it is not well formed.

    Notes
    -----
    GB 32100-2015, 4.2.5, as in `helpers.codebook.uscc.check_digit_ok`.
    """
    right = pd.array(uscc.check_digit_ok(texts_of(codes)), dtype="boolean")
    right[codes.isna().to_numpy()] = pd.NA
    return pd.Series(right, index=codes.index, name=codes.name)


def _rule_holds(table: Table, rule: Rule, frame: pd.DataFrame) -> object:
    def test(rows: pd.DataFrame) -> pd.Series:
        return rows.eval(rule.expression, engine="python", local_dict=RULE_FUNCTIONS)

    return _holds(table, operands(table, rule), test, frame)


def _holds(
    table: Table, columns: tuple[str, ...], test: Callable[[pd.DataFrame], pd.Series], frame: pd.DataFrame
) -> object:
    if not all(name in frame and is_typed(table[name], frame[name]) for name in columns):
        return True
    result = test(frame[list(columns)])
    holds = result.fillna(True).astype(bool)
    if holds.all():
        return True
    # only the failing rows are looked at again: NaN and NaT compare as false, and a missing operand passes
    missing = frame.loc[~holds, list(columns)].isna().any(axis=1)
    holds.loc[~holds] = missing
    return holds


def operands(table: Table, rule: Rule) -> tuple[str, ...]:
    """Return the columns that a rule compares, in the order in which it names them."""
    tree = ast.parse(rule.expression.replace("@", ""), mode="eval")
    names = sorted((node.col_offset, node.id) for node in ast.walk(tree) if isinstance(node, ast.Name))
    return tuple(dict.fromkeys(name for _, name in names if name in table.column_names))


def _finding(table: Table, frame: pd.DataFrame, error: Exception) -> pd.DataFrame:
    if error.reason_code.name == "COLUMN_NOT_IN_DATAFRAME":
        return _rows(pd.array([pd.NA], dtype="Int64"), str(error.failure_cases), "", "missing_column", "error")
    if error.reason_code.name == "CHECK_ERROR":
        raise RuntimeError(f"the check '{error.check.name}' of table '{table.name}' cannot be evaluated") from None
    name = error.check.name
    columns = _columns_of(table, name, error.schema.name)
    output = error.check_output
    if not isinstance(output, pd.Series):
        found = str(frame[columns[0]].dtype)
        return _rows(pd.array([pd.NA], dtype="Int64"), columns[0], found, name, "error")
    wrong = ~output.to_numpy(dtype=bool)
    rows = frame.loc[wrong, list(columns)]
    values = _as_text(rows[columns[0]])
    for column in columns[1:]:
        values = values + LIST_SEPARATOR + _as_text(rows[column])
    severities = {f"rule:{rule.name}": rule.severity for rule in table.rules}
    severity = severities.get(name, "warning" if name in WARNINGS else "error")
    return _rows(rows.index, LIST_SEPARATOR.join(columns), values.to_numpy(), name, severity)


def _columns_of(table: Table, check: str, of: str) -> tuple[str, ...]:
    if of != table.name or of in table.column_names:
        return (of,)
    if check == "duplicate_key":
        return table.key
    name = check.removeprefix("rule:")
    for rule in table.rules:
        if rule.name == name:
            return operands(table, rule)
    return TABLE_RULES[table.name][name][0]


def _as_text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        has_time = (values.dt.normalize() != values).fillna(False).any()
        values = values.dt.strftime("%Y-%m-%d %H:%M" if has_time else "%Y-%m-%d")
    return values.astype("str").fillna("")


def _rows(row_index, column: str, value, rule: str, severity: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"row_index": row_index, "column": column, "value": value, "rule": rule, "severity": severity},
        columns=FINDING_COLUMNS,
    )


def _no_findings() -> pd.DataFrame:
    empty = pd.DataFrame({column: pd.Series(dtype="str") for column in FINDING_COLUMNS})
    return empty.astype({"row_index": "Int64"})
