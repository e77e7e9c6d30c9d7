"""Column headings, and the codebook's names of tables and columns, in the page's language."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import pandas as pd

from helpers import codebook
from helpers.codebook.words import name_of
from helpers.study import Study
from helpers.text import Lang, label, number, say

_Given = ParamSpec("_Given")


def of_estimates(make: Callable[_Given, pd.DataFrame]) -> Callable[_Given, pd.DataFrame]:
    """Mark what a function returns as a table of estimates: `show.table` says so and papers get it as LaTeX too."""

    @wraps(make)
    def marked(*args: _Given.args, **kwargs: _Given.kwargs) -> pd.DataFrame:
        frame = make(*args, **kwargs)
        frame.attrs["kind"] = "regression"
        return frame

    return marked


def labelled(frame: pd.DataFrame, lang: Lang, *, values: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return a copy with headings, and the values of the columns named in `values`, put into words.

    Parameters
    ----------
    frame : DataFrame
        Columns with machine names.
    lang : {"zh", "en"}
    values : tuple of str
        Columns whose entries are machine names too.
    """
    shown = frame.copy()
    for name in values:
        shown[name] = [label(str(entry), lang) for entry in shown[name]]
    return shown.rename(columns={name: label(str(name), lang) for name in shown.columns})


def table_title(table: str, lang: Lang) -> str:
    """Return a codebook table's name in words, or the name itself where the codebook has none.

    `table`: a name of the codebook.
    """
    book = codebook.load().tables
    return table if table not in book else name_of(book[table], lang)


def column_title(table: str, column: str, lang: Lang) -> str:
    """Return a codebook column's name in words, or what `columns.yml` calls it.

    `table`, `column`: a name of the codebook.
    """
    book = codebook.load().tables
    found = [c for c in book[table].columns if c.name == column] if table in book else []
    return name_of(found[0], lang) if found else label(column, lang)


def with_interval(rows: pd.DataFrame, share: str, *, digits: int = 0) -> list[str | None]:
    """Return shares in per cent with their interval (`conf_low`, `conf_high`) in brackets; None where there is none."""
    form = f".{digits}f"
    return [
        None if pd.isna(value) else f"{number(value, form)} ({number(low, form)} – {number(high, form)})"
        for value, low, high in zip(rows[share], rows["conf_low"], rows["conf_high"], strict=True)
    ]


def p_value(p: float) -> str:
    """Return `= 0.012`, or `< 0.001` for a smaller one: none is zero."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def three_digits(value: float) -> str | None:
    """Return a number to three digits, whole from 100 on; None where it is missing."""
    return None if pd.isna(value) else number(value, ",.0f" if abs(value) >= 100 else ".3g")


def absent(zone: Study, lang: Lang, *names: str) -> str:
    """Say which of the codebook's tables `names` the run does not hold; empty where it holds all of them."""
    lacking = [table_title(name, lang) for name in zone.missing(names)]
    return say("pages.not_supplied", lang, tables=say("pages.comma", lang).join(lacking)) if lacking else ""
