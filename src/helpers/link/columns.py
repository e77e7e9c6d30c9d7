"""Titles that a person asks for and a sheet in; out come the possible headers: one row, or two with merged cells.

A title may be a cell of the lowest line of the header, the cell above it, or both joined by a blank as `ingest` joins
them (企业信息 企业名称). A line that only states units belongs to the header too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from helpers.errors import InputError
from helpers.ingest.header import HeaderLine, header_lines, letter
from helpers.ingest.mapping import positions_of
from helpers.ingest.sheets import PREVIEW_ROWS, RawSheet
from helpers.ingest.titles import is_unit_row

# A header has no more lines than this below the one with a title; a cell merged further down is a box beside the rows.
_LINES_BELOW = 2


@dataclass(frozen=True)
class Header:
    """One row, or two together, with those of the asked titles that it holds.

    Attributes
    ----------
    sheet : RawSheet
    line : HeaderLine
    found : dict
        Name -> the title that is there and all positions under it; names without any are left out.
    """

    sheet: RawSheet
    line: HeaderLine
    found: dict[str, tuple[str, list[int]]]

    @property
    def first(self) -> int:
        """Return the 0-based row of the first record: below the last line of the header and its units."""
        row = self.line.row
        below = self.sheet.preview[row + 1] if row + 1 < len(self.sheet.preview) else ()
        held = [at for _, positions in self.found.values() for at in positions]
        if _is_group_over(self.sheet, row, below) and not any(_cell(below, at) for at in held):
            row += 1
        row = max([row, *(bottom for (top, _), (bottom, _) in self.sheet.merged
                          if top <= row < bottom <= row + _LINES_BELOW)])  # fmt: skip
        under = self.sheet.preview[row + 1 : row + 2]
        return row + 1 + (bool(under) and is_unit_row(under[0]))

    def columns(self) -> dict[str, int]:
        """Return name -> position.

        Raises
        ------
        InputError
            If a title stands over several columns.
        """
        for title, positions in self.found.values():
            if len(positions) > 1:
                under = ", ".join(f"{letter(at)} '{self.line.texts[at]}'" for at in positions)
                raise InputError(
                    f"{self.sheet.place}: the title '{title}' stands over {len(positions)} columns ({under}) in row "
                    f"{self.line.row + self.sheet.first_row}: ask for one of these titles, or for '{title}#1'"
                )
        return {name: positions[0] for name, (_, positions) in self.found.items()}


def headers(sheet: RawSheet, asked: Mapping[str, Sequence[str]]) -> Iterator[Header]:
    """Return every possible header of a sheet, single rows from the top before pairs of rows.

    Parameters
    ----------
    sheet : RawSheet
    asked : mapping
        Name -> titles that will do, the best first; of each the first one that a header has is taken.
    """
    for line in header_lines(sheet, PREVIEW_ROWS):
        found = {name: _found(sheet, line, titles) for name, titles in asked.items()}
        yield Header(sheet, line, {name: one for name, one in found.items() if one})


def _found(sheet: RawSheet, line: HeaderLine, titles: Sequence[str]) -> tuple[str, list[int]] | None:
    """Return the first title that the line has, and where: its lowest text, else both joined, else the upper text."""
    over_several = _over_several(sheet, line.row)
    for title in titles:
        for texts in (line.alone, line.texts, line.groups):
            if found := [at for at in positions_of(texts, title.strip()) if at not in over_several]:
                return title, found
    return None


def _over_several(sheet: RawSheet, row: int) -> set[int]:
    """Return the positions of merged cells that have several titles below them: which one is meant is not said."""
    below = sheet.preview[row + 1] if row + 1 < len(sheet.preview) else ()
    return {
        at
        for (top, left), (bottom, right) in sheet.merged
        if top <= row == bottom and sum(bool(_cell(below, at)) for at in range(left, right + 1)) > 1
        for at in range(left, right + 1)
    }


def _is_group_over(sheet: RawSheet, row: int, below: Sequence[str]) -> bool:
    """Return whether a text of the row stands over several filled cells: merged, or in CSV with blanks after it."""
    if sheet.merged:
        return bool(_over_several(sheet, row))
    own = sheet.preview[row]
    return any(_cell(own, at - 1) and not _cell(own, at) and _cell(below, at - 1) and _cell(below, at)
               for at in range(1, len(own)))  # fmt: skip


def _cell(row: Sequence[str], at: int) -> str:
    return row[at].strip() if at < len(row) else ""
