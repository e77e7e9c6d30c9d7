"""Any two files in, the tables that `cascade.link` takes out: the named columns, as text, whatever the file's kind."""

from pathlib import Path
from typing import Final

import pandas as pd

from helpers.errors import InputError
from helpers.ingest import files
from helpers.ingest.screen import FIRST_LETTERS, kind_of_text
from helpers.ingest.values import dates
from helpers.ingest.values.text import nothing
from helpers.link.columns import Header, headers

# Words for nothing are no longer than this.
_SHORT: Final = 8
_FORMER: Final = {
    "former_name": (
        "former_name", "former_names", "former", "old_name", "曾用名", "原名称", "原企业名称", "变更前名称",
    ),
    "changed_on": ("changed_on", "change_date", "until", "date", "变更日期", "更名日期", "变更时间", "核准日期"),
    "name": ("name", "current_name", "企业名称", "现用名", "现企业名称", "变更后名称", "单位名称"),
    "code": ("code", "uscc", "统一社会信用代码", "信用代码", "社会信用代码"),
}  # fmt: skip


def table(path: Path, columns: dict[str, str]) -> pd.DataFrame:
    """Read named columns of a file.

    Parameters
    ----------
    path : Path
        CSV, Excel or Parquet, read as `ingest` reads an office's files: UTF-8 or GB18030, titles above the header.
    columns : dict
        Name in the result -> title in the file, see `columns`.

    Returns
    -------
    DataFrame
        One row for each row below the header and its units, in the file's order (blank rows, totals and notes stay, so
        that the place of a record is its row below the header), text or missing; a column named `date` as dates.

    Raises
    ------
    InputError
        If no sheet holds all titles in one header, or one of them stands over several columns.
    """
    asked = {name: (title,) for name, title in columns.items()}
    sheets = [sheet for sheet in files.read_file(path) if not sheet.is_hidden]
    best = None
    for header in (header for sheet in sheets for header in headers(sheet, asked)):
        if len(header.found) == len(asked):
            return _read(header)
        if best is None or len(header.found) > len(best.found):
            best = header
    raise InputError(_not_there(path, columns, best))


def _not_there(path: Path, columns: dict[str, str], best: Header | None) -> str:
    missing = [title for name, title in columns.items() if best is None or name not in best.found]
    told = f"{path.name}: no sheet has the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
    if best is None:
        return f"{told}: its sheets are empty or hidden"
    shown = best.line.texts if best.found else next(filter(any, best.sheet.preview), best.sheet.preview[0])
    row = best.line.row if best.found else best.sheet.preview.index(shown)
    seen = ", ".join(" ".join(text.split()) for text in shown if text.strip()) or "nothing"
    rest = " beside the others asked for" if best.found else ""
    return (f"{told}{rest}; row {row + best.sheet.first_row} has {seen}: ask for a title as it stands there (of merged "
            "cells the lower one, or both with a blank between)")  # fmt: skip


def _read(header: Header) -> pd.DataFrame:
    sheet, places = header.sheet, header.columns()
    body = sheet.read(header.first, sorted(set(places.values())), None)
    ragged = [part for part in body.ragged if kind_of_text(part.text) is None]
    if ragged:
        rows = ", ".join(str(part.row) for part in ragged[:5])
        raise InputError(f"{sheet.file}: {len(ragged)} rows have another number of fields than the header (rows "
                         f"{rows}): mend them, or what stands after a comma is another column")  # fmt: skip
    cells = body.cells.to_pandas()
    found = pd.DataFrame({name: cells[str(place)].to_numpy() for name, place in places.items()}, dtype="str")
    if "name" in found:
        suspects = found["name"].str.slice(0, 1).isin(list(FIRST_LETTERS)) | (found["name"].str.len() <= _SHORT)
        wrong = found.loc[suspects, "name"].map(_is_no_name).astype(bool)
        found.loc[wrong.index[wrong], "name"] = None
    return found.assign(date=days(found["date"])) if "date" in found else found


def _is_no_name(cell: object) -> bool:
    """Return whether a cell says nothing, or belongs to a total or a note below the records."""
    return isinstance(cell, str) and (nothing(cell.strip()) is not None or kind_of_text(cell.strip()) is not None)


def days(text: pd.Series) -> pd.Series:
    """Return written dates as dates, missing where they cannot be read."""
    unique = {value: dates.read_date(value, has_time=False).value for value in text.dropna().unique()}
    return pd.to_datetime(text.map(unique))


def former_names(path: Path) -> pd.DataFrame:
    """Read a file of former names: `former_name`, `name` or `code` of the firm, `changed_on` where it is stated.

    Raises
    ------
    InputError
        If it has no column of former names, or none that says whose they are.
    """
    for header in (header for sheet in files.read_file(path) for header in headers(sheet, _FORMER)):
        if "former_name" in header.found and header.found.keys() & {"name", "code"}:
            found = _read(header)
            return found.assign(changed_on=days(found["changed_on"])) if "changed_on" in found else found
    former, owner = _FORMER["former_name"], (*_FORMER["name"], *_FORMER["code"])
    raise InputError(f"{path.name}: expected a column of former names ({', '.join(former)}) and one of the firm's name "
                     f"or code ({', '.join(owner)})")  # fmt: skip
