"""A data string in, the same string where it can do no harm: in a cell of a spreadsheet, in a page.

A spreadsheet calculates what begins like a formula (OWASP, "CSV injection"); marks of direction turn the text around
them, so that a name reads as another; other controls are seen by nobody. Files of data stay as they were: this is for
what people open.
"""

import html
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

TEXT_ONLY = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""Options of xlsxwriter under which a text is written as a text, whatever it looks like."""

# Marks of direction (embeddings, overrides, isolates), characters without width, and controls but tab and line ends.
_CONTROLS = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_STARTS = "=+\\-@\t\r\n＝＋－＠"
_FORMULA = re.compile(rf"'*[{_STARTS}]")
_MARKED = re.compile(rf"''*[{_STARTS}]")
_NUMBER = re.compile(r"[+-]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?%?")
# In the syntax of the engine that finds the few cells of a long column that need a look.
_SUSPECT = (
    f"^'*[{_STARTS}]"
    "|[\\x00-\\x08\\x0b-\\x1f\\x7f\u0080-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)


def harmless(text: str) -> str:
    """Return a text without marks of direction, characters without width, and controls that nobody sees.

    Ends of lines become one: a carriage return that no quotation marks enclose begins a new row of a CSV file.
    """
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def in_html(text: object) -> str:
    """Return data as the text of an HTML element or attribute."""
    return html.escape(harmless(str(text)))


def safe_cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: with an apostrophe before it where it begins like one.

    Numbers stay numbers. `plain_cell` takes the apostrophe off again.
    """
    shown = harmless(text)
    return f"'{shown}" if _FORMULA.match(shown) and not _NUMBER.fullmatch(shown) else shown


def plain_cell(text: str) -> str:
    """Return the text of a cell that `safe_cell` wrote."""
    return text[1:] if _MARKED.match(text) else text


def safe_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table as it is written to a CSV file that people open: texts and titles by `safe_cell`."""
    result = frame.rename(columns=lambda name: safe_cell(name) if isinstance(name, str) else name)
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(column.cat.categories.dtype)
        if pd.api.types.is_object_dtype(column.dtype):
            # By hand: `map` would make whole numbers beside a missing one into fractions.
            told = [safe_cell(cell) if isinstance(cell, str) else cell for cell in column]
            result.isetitem(place, pd.Series(told, index=frame.index, dtype="object"))
        elif pd.api.types.is_string_dtype(column.dtype):
            texts = pa.array(column, type=pa.large_string(), from_pandas=True)
            suspect = pc.fill_null(pc.match_substring_regex(texts, _SUSPECT), False).to_numpy(zero_copy_only=False)
            if suspect.any():
                result.isetitem(place, column.where(~suspect, column[suspect].map(safe_cell)))
    return result


def read_back(path: Path) -> pd.DataFrame:
    """Read a CSV file written from `safe_frame`: every cell as the text it was."""
    frame = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    for name in frame:
        marked = frame[name].str.startswith("'")
        if marked.any():
            frame[name] = frame[name].where(~marked, frame[name][marked].map(plain_cell))
    return frame.rename(columns=plain_cell)
