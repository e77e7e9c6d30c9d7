"""The empty workbook that an office fills in: the codebook in, one Excel file out, the same bytes every time."""

from datetime import datetime
from pathlib import Path

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from helpers import atomic, codebook, paths
from helpers.cells import TEXT_ONLY
from helpers.codebook.model import LIST_SEPARATOR, Codebook, Column, Table
from helpers.codebook.words import key_words, note_of, range_words, type_words, unit_words
from helpers.errors import WuliError
from helpers.text import LANGS, say

LISTS_SHEET = "_lists"
"""The hidden sheet of drop-down lists that are too long for a cell's own list; it holds no data."""

LONGEST_LIST = 255
LAST_ROW = 1_048_575
BOOLEANS = ("是", "否")
CREATED = datetime(2000, 1, 1)
TEXT = 49  # Excel's own number of the format "@"
_NUMBER_FORMATS = {
    "integer": "0",
    "year": "0",
    "decimal": "General",
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm",
}
_WIDTHS = {"uscc": 22, "date": 12, "datetime": 17, "text": 18, "list": 22, "set": 22, "person_id": 18}
_SUPPLEMENT_TAB = "#A6A6A6"
_HEADER_COLOURS = {"key": "#1F4E79", "required": "#2E75B6", "restricted": "#9C2A2A", "plain": "#5B6770"}


def write(path: Path, *, book: Codebook | None = None) -> None:
    """Write the empty workbook: one sheet for each table of the zone, then one for each supplementary table.

    Each sheet carries the table's Chinese name, in row 1 the Chinese headers, a comment on each header (both names,
    type, unit, allowed values, definition; Chinese, then English), drop-down lists for closed sets, text format where
    leading zeros must survive, and a frozen first row. Key columns are dark blue, required ones blue, restricted ones
    red. The tabs of supplementary tables, which may stay empty, are grey. Lists that Excel cannot keep in a cell stand
    in a hidden sheet `_lists`, which is not data.

    Parameters
    ----------
    path : Path
        The `.xlsx` file to write; its folder is made if missing, and an older empty workbook is replaced in one step.
    book : Codebook, optional
        By default the project's own.

    Raises
    ------
    WuliError
        If the file cannot be written, or a file stands there that somebody has filled in.
    """
    path = Path(path)
    try:
        _require_empty(path)
        with atomic.written(path) as staged:
            _write(staged, book or codebook.load())
    except (OSError, XlsxWriterException) as error:
        reason = getattr(error, "strerror", None) or error
        raise WuliError(
            f"the template '{paths.relative(path)}' cannot be written ({reason}): close it if it is open, "
            "or choose a folder you may write to and that has room"
        ) from None


def _require_empty(path: Path) -> None:
    if not path.exists():
        return
    try:
        with path.open("rb") as stream:
            workbook = CalamineWorkbook.from_filelike(stream)
            heights = {name: workbook.get_sheet_by_name(name).height for name in workbook.sheet_names}
    except CalamineError:
        raise WuliError(f"'{path}' is there already and no workbook: move it, or name another folder") from None
    filled = {name: height - 1 for name, height in heights.items() if height > 1 and name != LISTS_SHEET}
    if filled:
        raise WuliError(
            f"'{path}' is filled in already ({sum(filled.values()):,} row(s) in {', '.join(filled)}): move it, or name "
            "another folder with --out; nothing was changed"
        )


def _write(path: Path, book: Codebook) -> None:
    workbook = xlsxwriter.Workbook(path, dict(TEXT_ONLY))
    workbook.set_properties({"created": CREATED, "title": say("codebook.dictionary_title", "zh")})
    headers = {
        kind: workbook.add_format(
            {"bold": True, "font_color": "#FFFFFF", "bg_color": colour, "border": 1, "valign": "vcenter"}
        )
        for kind, colour in _HEADER_COLOURS.items()
    }
    formats = {name: workbook.add_format({"num_format": name}) for name in (TEXT, *_NUMBER_FORMATS.values())}
    lists: dict[tuple[str, ...], str] = {}
    for table in book.of_study("zone", "supplement"):
        sheet = workbook.add_worksheet(table.sheet_name)
        if table.study == "supplement":
            sheet.set_tab_color(_SUPPLEMENT_TAB)
        _fill(sheet, table, headers, formats, lists)
    if lists:
        hidden = workbook.add_worksheet(LISTS_SHEET)
        for place, values in enumerate(lists):
            hidden.write_column(0, place, values)
        hidden.hide()
    workbook.close()


def _fill(
    sheet: Worksheet,
    table: Table,
    headers: dict[str, Format],
    formats: dict[str, Format],
    lists: dict[tuple[str, ...], str],
) -> None:
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 22)
    sheet.set_comments_author("wuli")
    for place, column in enumerate(table.columns):
        width = max(_WIDTHS.get(column.type, 10), 2 * len(column.name_zh) + 3)
        sheet.set_column(place, place, width, formats[_NUMBER_FORMATS.get(column.type, TEXT)])
        sheet.write_string(0, place, column.name_zh, headers[_kind(column)])
        comment = "\n".join(_lines(column))
        sheet.write_comment(
            0, place, comment, {"width": 320, "height": 24 + 17 * (comment.count("\n") + len(comment) // 48)}
        )
        validation = _validation(column, lists)
        if validation:
            sheet.data_validation(1, place, LAST_ROW, place, validation)


def _kind(column: Column) -> str:
    if column.key == "PK":
        return "key"
    if column.required:
        return "required"
    return "plain" if column.sensitivity == "open" else "restricted"


def _lines(column: Column) -> list[str]:
    """Return the comment of a header: everything in Chinese, then everything in English."""
    lines = []
    for lang in LANGS:
        unit, limits, note = unit_words(column, lang), range_words(column, lang), note_of(column, lang)
        names = {"zh": f"{column.name_zh} {column.name}", "en": f"{column.name_en} ({column.name})"}
        lines.append(names[lang])
        lines.append(say("codebook.label_type", lang, type=type_words(column, lang)))
        lines += [say("codebook.label_unit", lang, unit=unit)] if unit else []
        lines += [limits] if limits else []
        words = [*key_words(column, lang)]
        if column.sensitivity != "open":
            words.append(say(f"codebook.sensitivity_{column.sensitivity}", lang))
        lines += [" · ".join(words)] if words else []
        values = BOOLEANS if column.type == "boolean" else column.allowed
        lines += [say("codebook.label_allowed", lang, values=LIST_SEPARATOR.join(values))] if values else []
        lines += [note] if note else []
        lines.append("")
    return lines[:-1]


def _validation(column: Column, lists: dict[tuple[str, ...], str]) -> dict[str, object] | None:
    values = BOOLEANS if column.type == "boolean" else column.allowed
    if values:
        # several values may stand in one cell of a set: the list is offered, not enforced
        return {"validate": "list", "source": _source(values, lists), "show_error": column.type != "set"}
    if column.type not in ("integer", "year", "decimal") or (column.minimum is None and column.maximum is None):
        return None
    kind = "decimal" if column.type == "decimal" else "integer"
    base = {"validate": kind, "error_type": "warning", "ignore_blank": True}
    if column.minimum is None or column.maximum is None:
        sign, limit = (">=", column.minimum) if column.maximum is None else ("<=", column.maximum)
        return base | {"criteria": sign, "value": limit}
    return base | {"criteria": "between", "minimum": column.minimum, "maximum": column.maximum}


def _source(values: tuple[str, ...], lists: dict[tuple[str, ...], str]) -> list[str] | str:
    if len(",".join(values)) <= LONGEST_LIST and not any("," in value for value in values):
        return list(values)
    letter = xl_col_to_name(len(lists))
    return lists.setdefault(values, f"='{LISTS_SHEET}'!${letter}$1:${letter}${len(values)}")
