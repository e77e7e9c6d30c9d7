"""What reading a file gives, whatever its kind: sheets of text cells, with rows as an editor numbers them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

PREVIEW_ROWS = 60
"""How many rows from the top are looked at for titles and headers."""


@dataclass(frozen=True)
class Ragged:
    """A row whose number of fields is not that of the header."""

    row: int
    fields: int
    expected: int
    text: str


@dataclass(frozen=True)
class Changed:
    """A cell changed in reading: `merged_cell` (given the text of its range) or `nul_character` (taken out)."""

    row: int
    position: int
    before: str
    after: str
    rule: str


@dataclass(frozen=True)
class Body:
    """The rows below a header.

    Attributes
    ----------
    cells : pyarrow.Table, shape (N, k)
        Text, null where empty; columns are named by their 0-based position in the sheet.
    rows : ndarray of int64, shape (N,)
        1-based row of each record as a spreadsheet shows it.
    ragged : tuple of Ragged
        Rows left out of `cells` because their number of fields is wrong.
    changed : tuple of Changed
        Cells that were changed in reading.
    """

    cells: pa.Table
    rows: np.ndarray
    ragged: tuple[Ragged, ...] = ()
    changed: tuple[Changed, ...] = ()


@dataclass(frozen=True)
class RawSheet:
    """One sheet of an office's file, or a whole CSV or Parquet file, before anyone knows what it holds.

    Attributes
    ----------
    file, sheet : str
        The file as printed (relative to the folder that was read); the sheet is empty for CSV and Parquet.
    encoding : str
        `utf-8`, `utf-8-sig`, `utf-16`, `gb18030` or another declared one; `xlsx`, `parquet` and so on for binary files.
    preview : tuple of tuple of str
        The first rows; an empty cell is an empty string.
    read : callable
        `read(first, positions, last)` gives the `Body` from the 0-based row `first` to before `last` (None: the end),
        with the columns at `positions`.
    first_row : int
        1-based number of the first row of `preview`; 0 for Parquet, whose header is no row.
    is_hidden : bool
        Whether the workbook hides the sheet.
    merged : tuple of ((top, left), (bottom, right))
        Merged ranges, 0-based, inclusive.
    parts : callable or None
        As `read`, but yields the body in parts, of a file that is too large to be held; None for all others.
    """

    file: str
    sheet: str
    encoding: str
    preview: tuple[tuple[str, ...], ...]
    read: Callable[[int, Sequence[int], int | None], Body]
    first_row: int = 1
    is_hidden: bool = False
    merged: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()
    parts: Callable[[int, Sequence[int], int | None], Iterator[Body]] | None = None

    @property
    def place(self) -> str:
        """Return the sheet as named in messages."""
        return f"{self.file}, sheet '{self.sheet}'" if self.sheet else self.file

    @property
    def is_blank(self) -> bool:
        """Whether the first rows hold no text at all."""
        return not any(cell.strip() for row in self.preview for cell in row)


def joined(parts: Sequence[Body], positions: Sequence[int] = ()) -> Body:
    """Return several parts of a body as one; `positions` are its columns where there is no part."""
    if not parts:
        cells = pa.table({str(position): pa.array([], pa.string()) for position in positions})
        return Body(cells, np.empty(0, dtype=np.int64))
    return Body(
        pa.concat_tables([part.cells for part in parts]),
        np.concatenate([part.rows for part in parts]),
        tuple(row for part in parts for row in part.ragged),
        tuple(cell for part in parts for cell in part.changed),
    )
