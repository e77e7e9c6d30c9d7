"""The kinds of fault that offices make: what each does to a text, which columns it can hit, what a reader should do.

A careful reader mends (`repaired`), keeps and names (`flagged`), or leaves the cell out (`nulled`, which is `set_aside`
for a key or a required column, because the row cannot stand without it).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

import numpy as np

from helpers.codebook import Column
from helpers.codebook.uscc import ALPHABET, check_digit

DateStyle = Literal["iso", "slash", "chinese", "compact", "dot", "excel"]
YUAN = {"元": 1, "千元": 1_000, "万元": 10_000, "亿元": 100_000_000}

_COUNTERS = {"person": "人", "person-time": "人次", "item": "项", "firm": "家", "visit": "次"}
_LATER_YEAR = "2032"
_LOOK_AHEAD = ("valid_to", "term_ends_on")
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x30, 0x7B) if chr(code).isalnum()}


class Cell(NamedTuple):
    """How a column stands in the file: its place in the codebook, the unit in its header, the look of its dates."""

    column: Column
    unit: str
    dates: DateStyle


Change = Callable[[str, Cell, np.random.Generator], "str | None"]


@dataclass(frozen=True)
class Kind:
    """One kind of fault; `change` returns None where a text cannot have it, `weight` is its share among the others."""

    name: str
    rule: str
    action: Literal["repaired", "flagged", "nulled", "set_aside"]
    weight: float
    types: str
    change: Change

    @property
    def is_of_row(self) -> bool:
        """Whether the fault shows only beside other values of its row, in which nothing else may then be wrong."""
        return self.rule == "rule:*"

    def expected(self, column: Column) -> str:
        """Return the action expected for a column: a row cannot stand without its key or a required value."""
        needs_value = column.required or column.key == "PK"
        return "set_aside" if self.action == "nulled" and needs_value else self.action


def write_date(text: str, style: DateStyle) -> str:
    """Write an ISO date or time as an office does (`excel`: a date cell, whose text stays ISO)."""
    if style in ("iso", "excel"):
        return text
    year, month, day = text[:10].split("-")
    match style:
        case "slash":
            shown = f"{year}/{int(month)}/{int(day)}"
        case "chinese":
            shown = f"{year}年{int(month)}月{int(day)}日"
        case "compact":
            shown = year + month + day
        case "dot":
            shown = f"{year}.{month}.{day}"
    return shown + text[10:]


def kinds_of(cell: Cell, known: Callable[[str], frozenset[str]]) -> list[Kind]:
    """Return the kinds of fault that a column can have, with the unknown reference of its own target."""
    column = cell.column
    kinds = [kind for kind in KINDS if column.type in kind.types.split()]
    if column.references and column.name != "application_no":
        target = known(column.references)

        def point_nowhere(text: str, cell: Cell, rng: np.random.Generator) -> str | None:
            new = _other_code(text, cell.column, rng)
            return None if new in target else new

        kinds.append(Kind("unknown_reference", "unknown_reference", "flagged", 3, column.type, point_nowhere))
    return kinds


def _other_code(text: str, column: Column, rng: np.random.Generator) -> str:
    if column.type == "uscc":
        # Registered far outside of the zone, under a right check digit.
        start = "91650100MA" + "".join(rng.choice(list(ALPHABET), 7))
        return start + check_digit(start)
    return re.sub(r"\d", lambda _: str(rng.integers(10)), text)


def _full_width(text: str, cell: Cell, rng) -> str | None:
    return text.translate(_FULL_WIDTH) if _is_plain(cell) else None


def _blanks(text: str, cell: Cell, rng) -> str | None:
    return str(rng.choice([f" {text}", f"{text} ", f"\u3000{text}", f"{text}\u3000"])) if _is_plain(cell) else None


def _is_plain(cell: Cell) -> bool:
    """Whether nothing else about the column has to be mended, which would hide a blank or a wide digit."""
    return cell.dates in ("iso", "excel") or cell.column.type not in ("date", "datetime")


def _thousands(text: str, cell: Cell, rng) -> str | None:
    return f"{Decimal(text):,}" if len(text.split(".")[0].lstrip("-")) > 3 else None


def _unit_in_cell(text: str, cell: Cell, rng) -> str | None:
    if cell.column.unit in _COUNTERS:
        return text + _COUNTERS[cell.column.unit]
    if cell.column.unit not in YUAN:
        return None
    yuan = Decimal(text) * YUAN[cell.unit]
    unit = str(rng.choice([unit for unit in YUAN if unit != cell.unit]))
    return f"{(yuan / YUAN[unit]).normalize():f}{unit}"


def _unit_slip(text: str, cell: Cell, rng) -> str | None:
    """Write the amount in yuan under a header of another unit: only its size can betray it."""
    is_other = cell.column.unit in YUAN and cell.unit != "元"
    return f"{(Decimal(text) * YUAN[cell.unit]).normalize():f}" if is_other and Decimal(text) else None


def _percent(text: str, cell: Cell, rng) -> str | None:
    return f"{(Decimal(text) * 100).normalize():f}%" if cell.column.maximum == 1 else None


def _other_date(text: str, cell: Cell, rng) -> str | None:
    if cell.column.type == "year":
        return f"{text}年"
    return write_date(text, str(rng.choice(["slash", "chinese", "compact", "dot"]))) if _is_plain(cell) else None


def _serial(text: str, cell: Cell, rng) -> str | None:
    # Earlier serial numbers are not told from other numbers with certainty.
    is_late = text >= "1995" and len(text) == 10
    return str((date.fromisoformat(text) - date(1899, 12, 30)).days) if _is_plain(cell) and is_late else None


def _month_only(text: str, cell: Cell, rng) -> str | None:
    return f"{text[:4]}.{text[5:7]}" if _is_plain(cell) else None


def _letter_case(text: str, cell: Cell, rng) -> str | None:
    return _breaks_form(text.lower(), cell.column)


def _inner_blank(text: str, cell: Cell, rng) -> str | None:
    place = int(rng.integers(1, max(2, len(text))))
    return _breaks_form(f"{text[:place]} {text[place:]}", cell.column)


def _breaks_form(text: str, column: Column) -> str | None:
    """Return the text unless the column cannot know that it is wrong."""
    if column.type == "code" and (not column.pattern or re.fullmatch(column.pattern, text)):
        return None
    return text


def _letter_for_digit(text: str, cell: Cell, rng) -> str | None:
    return text.replace("0", "O", 1) if "0" in text else None


def _scientific(text: str, cell: Cell, rng) -> str | None:
    return f"{Decimal(text):.5E}" if text.isdigit() and len(text) > 11 else None


def _lose_zero(text: str, cell: Cell, rng) -> str | None:
    return text.lstrip("0") if cell.column.pattern and text.isdigit() and text.startswith("0") else None


def _wrong_digit(text: str, cell: Cell, rng) -> str:
    # A zero could make the code look like one that a spreadsheet has rounded.
    return text[:-1] + str(rng.choice([digit for digit in ALPHABET[1:10] if digit != text[-1]]))


def _synonym(text: str, cell: Cell, rng) -> str | None:
    spellings = sorted(found for found, value in cell.column.category_synonyms.items() if value == text)
    return str(rng.choice(spellings)) if spellings else None


def _too_much(text: str, cell: Cell, rng) -> str | None:
    column = cell.column
    if column.maximum is not None and column.maximum > 1:
        return str(int(column.maximum) + int(rng.integers(1, 50)))
    return f"-{text}" if column.minimum == 0 and Decimal(text) > 0 else None


def _always(*spellings: str) -> Change:
    return lambda text, cell, rng: str(rng.choice(spellings))


KINDS = (
    Kind("full_width", "full_width", "repaired", 3,
         "uscc code person_id integer decimal date year category", _full_width),
    Kind("stray_blanks", "blank_padding", "repaired", 4,
         "text uscc code person_id integer decimal date year category ordered boolean", _blanks),
    Kind("thousands_separator", "thousands_separator", "repaired", 4, "integer decimal", _thousands),
    Kind("unit_in_cell", "unit_in_cell", "repaired", 3, "integer decimal", _unit_in_cell),
    Kind("percent_sign", "percent_sign", "repaired", 4, "decimal", _percent),
    Kind("date_format", "date_format", "repaired", 6, "date datetime year", _other_date),
    Kind("excel_serial_date", "excel_serial_date", "repaired", 2, "date", _serial),
    Kind("month_only", "date_precision_month", "flagged", 2, "date", _month_only),
    Kind("letter_case", "letter_case", "repaired", 2, "uscc code", _letter_case),
    Kind("inner_blank", "code_format", "repaired", 2, "uscc code", _inner_blank),
    Kind("confusable_character", "confusable_character", "repaired", 2, "uscc", _letter_for_digit),
    Kind("scientific_notation", "scientific_notation", "nulled", 3, "uscc code", _scientific),
    Kind("lost_leading_zeros", "lost_leading_zeros", "nulled", 6, "code", _lose_zero),
    Kind("bad_check_digit", "bad_check_digit", "flagged", 2, "uscc", _wrong_digit),
    Kind("category_synonym", "category_synonym", "repaired", 8, "category ordered", _synonym),
    Kind("unknown_category", "unknown_category", "nulled", 2, "category ordered", _always("待核实", "另行说明")),
    Kind("unknown_member", "unknown_category", "flagged", 4, "set", lambda text, cell, rng: f"{text}、另行说明"),
    Kind("boolean_mark", "boolean_format", "repaired", 6, "boolean",
         lambda text, cell, rng: {"是": "√", "否": "×"}.get(text)),
    Kind("impossible_date", "unparseable", "nulled", 2, "date datetime", lambda text, cell, rng: f"{text[:4]}-02-30"),
    Kind("ambiguous_date", "ambiguous_date", "nulled", 1, "date", lambda text, cell, rng: f"7/10/{text[:4]}"),
    Kind("date_after_extract", "date_after_extract", "flagged", 1, "date datetime",
         lambda text, cell, rng: None if cell.column.name in _LOOK_AHEAD else _LATER_YEAR + text[4:]),
    Kind("number_in_words", "unparseable", "nulled", 2, "integer decimal", _always("三百余", "见附件", "若干")),
    Kind("spreadsheet_error", "excel_error", "nulled", 1, "integer decimal", _always("#REF!", "#DIV/0!")),
    Kind("unit_slip", "rule:*", "flagged", 1, "decimal", _unit_slip),
    Kind("out_of_range", "out_of_range", "flagged", 1, "integer decimal", _too_much),
    Kind("missing_required", "missing_required", "set_aside", 1,
         "text uscc code person_id integer decimal date datetime year category ordered",
         lambda text, cell, rng: "" if cell.column.required or cell.column.key == "PK" else None),
)  # fmt: skip
