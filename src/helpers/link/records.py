"""Any two files in, the tables that `cascade.link` takes out: the named columns, as text, whatever the file's kind."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from helpers.errors import InputError
from helpers.ingest import files
from helpers.ingest.screen import FIRST_LETTERS, kind_of_text
from helpers.ingest.sheets import RawSheet
from helpers.ingest.values import dates
from helpers.ingest.values.text import nothing

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
        Name in the result -> header in the file.

    Returns
    -------
    DataFrame
        One row a record, in the file's order, text or missing; a column named `date` as dates.

    Raises
    ------
    InputError
        If no sheet holds all headers.
    """
    wanted = list(columns.values())
    sheets = [sheet for sheet in files.read_file(path) if not sheet.is_hidden]
    for sheet in sheets:
        header = next((place for place, row in enumerate(sheet.preview) if set(wanted) <= _titles(row)), None)
        if header is not None:
            return _read(sheet, header, columns)
    seen = sorted({title for sheet in sheets for row in sheet.preview[:1] for title in _titles(row)})
    raise InputError(f"{path.name}: no sheet has the column{'s' if len(wanted) > 1 else ''} {', '.join(wanted)}; "
                     f"the first row has {', '.join(seen) or 'nothing'}")  # fmt: skip


def _titles(row: Sequence[str]) -> set[str]:
    return {title.strip() for title in row if title.strip()}


def _read(sheet: RawSheet, header: int, columns: dict[str, str]) -> pd.DataFrame:
    titles = [title.strip() for title in sheet.preview[header]]
    places = {name: titles.index(title) for name, title in columns.items()}
    body = sheet.read(header + 1, sorted(set(places.values())), None)
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
    for sheet in files.read_file(path):
        for place, row in enumerate(sheet.preview):
            titles = _titles(row)
            held = {name: next((title for title in known if title in titles), "") for name, known in _FORMER.items()}
            held = {name: title for name, title in held.items() if title}
            if "former_name" in held and ("name" in held or "code" in held):
                found = _read(sheet, place, held)
                return found.assign(changed_on=days(found["changed_on"])) if "changed_on" in found else found
    former, owner = _FORMER["former_name"], (*_FORMER["name"], *_FORMER["code"])
    raise InputError(f"{path.name}: expected a column of former names ({', '.join(former)}) and one of the firm's name "
                     f"or code ({', '.join(owner)})")  # fmt: skip
