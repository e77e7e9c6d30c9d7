"""Rows below a header in; out come the records, and apart from them totals, notes, repeated headers and blank rows."""

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helpers.ingest.header import Located
from helpers.ingest.sheets import Body

_TOTAL = re.compile(
    r"(?:本页|本表|全区|以上)?(?:合计|总计|小计|共计|累计|总数|grandtotal|subtotal|total|sum)(?:[:：(（/\d].*|数)?",
    re.S,
)
_NOTE = re.compile(
    r"(?:[*※]?\s*(?:附?注|备注|说明|补充说明|note|notes|remark|remarks|source)\s*\d*\s*[:：.、)）]|[*※]|"
    r"(?:填表|填报|制表|制单|审核|复核|统计|报送|单位|部门|分管|联系|经办)(?:单位|人员?|负责人|日期|时间|电话|机构)\s*[:：]?|"
    r"(?:数据|资料)(?:来源|截至|截止)|截[至止]|以上数据|打印(?:日期|时间)|导出(?:日期|时间)|第\s*\d+\s*页).*",
    re.S | re.I,
)
FIRST_LETTERS = "合总小共累本全以注附备说补填制审复统报单部分联经数资截打导第*※ \u3000\t\u00a0TtGgSsNnRr"
_NAMED_PERSON = re.compile(
    r"((?:填表|填报|制表|制单|审核|复核|负责|经办|联系|统计|报送)(?:单位负责)?(?:人员?|电话)?)\s*[:：]?\s*[^,，;；|\s]+"
)
_LONG_NUMBER = re.compile(r"\d{7,}")


@dataclass(frozen=True)
class Screened:
    """Which rows of a body are records.

    Attributes
    ----------
    keep : ndarray of bool, shape (N,)
    totals : tuple of int
        Positions of rows of sums.
    told : tuple of (row, rule, text)
        Notes, repeated headers and blank rows, by their 1-based row.
    ragged : tuple of Ragged
        Rows of a wrong number of fields that are neither notes nor blank.
    """

    keep: np.ndarray
    totals: tuple[int, ...]
    told: tuple[tuple[int, str, str], ...]
    ragged: tuple


def screen(located: Located, body: Body, *, is_last: bool = True) -> Screened:
    """Tell records from everything else that stands below a header.

    A row is a total or a note only if its first words say so and its key is missing or is that very cell; a blank row
    holds nothing; the last rows are notes too if they hold one single cell of at least three. Nothing here looks at a
    row whose key is there and begins like a code. Of a body in parts only the last one (`is_last`) has last rows.
    """
    cells = body.cells
    names = cells.column_names
    key = str(located.columns[located.table.key[0]]) if located.table.key[0] in located.columns else names[0]
    keep = np.ones(len(cells), dtype=bool)
    totals, told = [], []
    suspects = _suspects(cells, key, names[0], located.header[int(key)])
    records = cells.filter(pa.array(suspects)).to_pylist()
    for position, record in zip(np.flatnonzero(suspects), records, strict=True):
        kind = _kind(record, key, names[0], located.header)
        if kind is None:
            continue
        keep[position] = False
        if kind == "total_row":
            totals.append(int(position))
        else:
            told.append((int(body.rows[position]), kind, _shown(filter(None, record.values()))))
    told += _last_notes(cells, body.rows, keep, key) if is_last else []
    ragged = []
    for row in body.ragged:
        kind = kind_of_text(row.text)
        if kind is None:
            ragged.append(row)
        else:
            told.append((row.row, kind, _shown([row.text])))
    return Screened(keep, tuple(totals), tuple(sorted(told)), tuple(ragged))


def _suspects(cells: pa.Table, key: str, first: str, header: str) -> np.ndarray:
    """Return the rows worth a closer look: no key, or one that begins like a word for a sum or a note."""
    keys = cells.column(key)
    mask = pc.or_(pc.is_null(keys), pc.fill_null(pc.equal(keys, header), False))
    for name in dict.fromkeys((key, first)):
        letters = pc.utf8_slice_codeunits(cells.column(name), 0, 1)
        mask = pc.or_(mask, pc.fill_null(pc.is_in(letters, pa.array(list(FIRST_LETTERS))), False))
    return np.asarray(mask.to_numpy(), dtype=bool)


def _kind(record: dict[str, str | None], key: str, first: str, header: tuple[str, ...]) -> str | None:
    filled = {name: text for name, text in record.items() if text and text.strip()}
    if not filled:
        return "blank_row"
    if len(filled) > 1 and all(text == header[int(name)] for name, text in filled.items()):
        return "repeated_header"
    lead = next(name for name in (*dict.fromkeys((first, key)), *filled) if name in filled)
    if key in filled and key != lead and not kind_of_text(filled[key]):
        return None
    return kind_of_text(filled[lead])


def kind_of_text(text: str) -> str | None:
    """Return `total_row`, `note_row` or `blank_row` for the text of a row or of its first cell; None for a record."""
    narrow = unicodedata.normalize("NFKC", text).strip(' \t,;|"')
    if not narrow:
        return "blank_row"
    lead = re.split(r"[\t,;|]", narrow)[0]
    if _TOTAL.fullmatch("".join(lead.split()).casefold()):
        return "total_row"
    return "note_row" if _NOTE.fullmatch(narrow) else None


def _last_notes(cells: pa.Table, rows: np.ndarray, keep: np.ndarray, key: str) -> list[tuple[int, str, str]]:
    """Take single cells below the last record for notes, whatever their words; a lone code is a record."""
    notes = []
    if cells.num_columns < 3:
        return notes
    for position in range(len(cells) - 1, -1, -1):
        if not keep[position]:
            continue
        record = {name: cells.column(name)[position].as_py() for name in cells.column_names}
        filled = {name: text for name, text in record.items() if text and text.strip()}
        if len(filled) != 1 or (filled.get(key, "").strip().isascii() and key in filled):
            break
        keep[position] = False
        notes.append((int(rows[position]), "note_row", _shown(filled.values())))
    return notes


def _shown(texts) -> str:
    """Return a note without the names and numbers of the persons who filled in or checked the sheet."""
    text = " | ".join(" ".join(text.split()) for text in texts)
    return _LONG_NUMBER.sub("…", _NAMED_PERSON.sub(r"\1：…", text))
