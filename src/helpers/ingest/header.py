"""A sheet and the codebook in; out comes which table it holds, where its header stands, and what each column is.

Titles come first (sheet name, then file name), headers second: a table is known by its headers when at least 60 % of
its columns are there, all of its key among them, and no other table is there as fully.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from helpers.codebook import Codebook, Table
from helpers.errors import InputError
from helpers.ingest.sheets import RawSheet
from helpers.ingest.titles import is_forbidden, read_header, sheet_unit

MINIMUM_SHARE = 0.6
HEADER_ROWS = 30


@dataclass(frozen=True)
class Located:
    """A sheet whose table, header and columns are known.

    Attributes
    ----------
    sheet : RawSheet
    table : Table
    header : tuple of str
        Header by position, both lines of a two-line header joined by a blank.
    header_row, first : int
        0-based row of the header (its last line) and of the first row of data.
    columns : dict
        Column of the codebook -> position.
    units, pads, constants : dict
        Column -> unit that the header or sheet states, width to which zeros are added, text of every cell.
    unmapped, forbidden : tuple of int
        Positions of headers that are no column of the table, and of those that are never read.
    titles : tuple of (row, text)
        0-based row and text of the rows above the header.
    last : int or None
        0-based row after the last one to be read; None reads to the end.
    """

    sheet: RawSheet
    table: Table
    header: tuple[str, ...]
    header_row: int
    columns: dict[str, int]
    units: dict[str, str] = field(default_factory=dict)
    pads: dict[str, int] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    unmapped: tuple[int, ...] = ()
    forbidden: tuple[int, ...] = ()
    titles: tuple[tuple[int, str], ...] = ()
    last: int | None = None

    @property
    def headless(self) -> tuple[int, ...]:
        """Return the positions without any header that stand beside those with one."""
        taken = {*self.columns.values(), *self.forbidden}
        return tuple(at for at, text in enumerate(self.header) if not text.strip() and at not in taken)

    @property
    def first(self) -> int:
        """Return the 0-based row of the first row of data."""
        return self.header_row + 1


@dataclass(frozen=True)
class HeaderLine:
    """One row, or two rows together, taken for a header.

    Attributes
    ----------
    row : int
        0-based row, of two the lower one.
    texts, alone, groups : tuple of str
        By position: upper and lower text joined by a blank; the lower text; the upper one in every column it is over.
    """

    row: int
    texts: tuple[str, ...]
    alone: tuple[str, ...]
    groups: tuple[str, ...]


def header_lines(sheet: RawSheet, most: int = HEADER_ROWS) -> list[HeaderLine]:
    """Return each of the first rows (at most `most`), then every two adjoining ones, as a possible header."""
    rows = sheet.preview[:most]
    width = max(map(len, rows), default=0)
    padded = [row + ("",) * (width - len(row)) for row in rows]
    lines = [HeaderLine(number, row, row, ("",) * width) for number, row in enumerate(padded)]
    for number in range(len(padded) - 1):
        groups = _spread(padded[number], padded[number + 1], number, sheet)
        below = padded[number + 1]
        texts = tuple(
            f"{group} {own}" if group.strip() and own.strip() and group != own else own or group
            for group, own in zip(groups, below, strict=True)
        )
        lines.append(HeaderLine(number + 1, texts, below, groups))
    return lines


def locate(sheet: RawSheet, codebook: Codebook, *, titles: Sequence[Table | None] = ()) -> Located | None:
    """Find out which table a sheet holds and what its columns are.

    Parameters
    ----------
    sheet : RawSheet
    codebook : Codebook
    titles : sequence of Table or None
        Tables whose title the sheet's name and the file's name are; the first one that is none of None is believed.

    Returns
    -------
    Located or None
        None for a sheet without any header of the codebook (a cover sheet, instructions).

    Raises
    ------
    InputError
        If the title is a table's but its key columns are missing; if the headers fit no table, or several equally.
    """
    lines = header_lines(sheet)
    named = next((table for table in titles if table), None)
    if named:
        return _as_named(sheet, named, lines)
    fits = []
    for table in codebook.tables.values():
        line, columns = _best(lines, table)
        if line:
            fits.append((len(columns), len(columns) / len(table.columns), table, line, columns))
    fits.sort(key=lambda fit: (-fit[0], -fit[1]))
    good = [fit for fit in fits if fit[1] >= MINIMUM_SHARE and set(fit[2].key) <= set(fit[4])]
    if not good:
        if not fits or fits[0][0] < 2:
            return None
        raise InputError(_no_fit(sheet, fits[0][2], fits[0][3], fits[0][4]))
    rivals = [fit for fit in good if fit[0] == good[0][0]]
    if len(rivals) > 1:
        named_rivals = " and ".join(f"'{fit[2].name}' ({fit[2].name_zh})" for fit in rivals)
        raise InputError(
            f"{sheet.place}: the headers fit the tables {named_rivals} equally well ({good[0][0]} columns): "
            "name the sheet or file after one of them, or state the table in a mapping file"
        )
    return _located(sheet, good[0][2], good[0][3])


def _as_named(sheet: RawSheet, table: Table, lines: Sequence[HeaderLine]) -> Located:
    line, columns = _best(lines, table)
    if line is None:
        shown = next((row for row in sheet.preview if any(cell.strip() for cell in row)), ())
        # Without a header the first row may be a person's.
        held = f"{len(shown)} cells" if table.is_restricted else _listed(shown)
        raise InputError(
            f"{sheet.place}: named after table '{table.name}' ({table.name_zh}), but none of the first "
            f"{min(HEADER_ROWS, len(sheet.preview))} rows holds one of its {len(table.columns)} headers; the first row "
            f"with text holds {held}; expected {_listed(column.name_zh for column in table.columns)}. "
            "Use these headers, or name the columns in a mapping file"
            + (f" (the file was read as {sheet.encoding})" if sheet.encoding == "gb18030" else "")
        )
    missing = [
        column for column in table.columns if (column.key == "PK" or column.required) and column.name not in columns
    ]
    if missing:
        raise InputError(
            f"{sheet.place}: table '{table.name}' ({table.name_zh}) lacks {len(missing)} of its required columns: "
            f"{_listed(f'{column.name_zh} ({column.name})' for column in missing)}; row "
            f"{line.row + sheet.first_row} holds {_listed(line.texts)}. Add the columns, or map their "
            "headers in a mapping file"
        )
    return _located(sheet, table, line)


def _no_fit(sheet: RawSheet, table: Table, line: HeaderLine, columns: dict[str, int]) -> str:
    missing = [f"{table[name].name_zh} ({name})" for name in table.key if name not in columns]
    return (
        f"{sheet.place}: the headers fit no table of the codebook. The nearest is '{table.name}' ({table.name_zh}) "
        f"with {len(columns)} of its {len(table.columns)} columns"
        + (f", without its key {_listed(missing)}" if missing else f"; at least {MINIMUM_SHARE:.0%} are needed")
        + f"; row {line.row + sheet.first_row} holds {_listed(line.texts)}. Name the file or sheet after its table, "
        "use the headers of the template (`wuli codebook`), or name the columns in a mapping file"
    )


def _best(lines: Sequence[HeaderLine], table: Table) -> tuple[HeaderLine | None, dict[str, int]]:
    """Return the line that holds the most columns of `table`; of equal ones the first, single rows before pairs."""
    best, found = None, {}
    for line in lines:
        columns, _, _ = _match(line, table)
        if len(columns) > len(found):
            best, found = line, columns
    return best, found


@lru_cache
def _known(table: Table) -> dict[str, str]:
    """Return key of a header -> column; of several the first column, and of its headers the first."""
    known = {}
    for column in reversed(table.columns):
        for header in reversed(column.headers):
            known.update(dict.fromkeys(reversed(read_header(header).keys), column.name))
    return known


def _match(line: HeaderLine, table: Table) -> tuple[dict[str, int], dict[str, str], dict[str, list[int]]]:
    """Return column -> position, column -> unit, and the positions of columns that stand more than once."""
    known = _known(table)
    columns: dict[str, int] = {}
    units: dict[str, str] = {}
    several: dict[str, list[int]] = {}
    for position, (own, group, both) in enumerate(zip(line.alone, line.groups, line.texts, strict=True)):
        for text in (own or group, both):
            header = read_header(text) if text.strip() else None
            name = next((known[key] for key in header.keys if key in known), None) if header else None
            if not name:
                continue
            several.setdefault(name, []).append(position)
            columns.setdefault(name, position)
            unit = header.unit or (read_header(group).unit if group.strip() else None)
            if unit:
                units.setdefault(name, unit)
            break
    return columns, units, {name: positions for name, positions in several.items() if len(positions) > 1}


def _located(sheet: RawSheet, table: Table, line: HeaderLine) -> Located:
    columns, units, several = _match(line, table)
    if several:
        found = "; ".join(
            f"'{name}' ({table[name].name_zh}) as "
            + _listed(f"{line.texts[position]} (column {letter(position)})" for position in positions)
            for name, positions in several.items()
        )
        raise InputError(
            f"{sheet.place}: {len(several)} columns of table '{table.name}' stand more than once: {found}. Keep one of "
            "each, or say in a mapping file which one is meant"
        )
    forbidden = tuple(
        position for position, text in enumerate(line.texts) if text.strip() and is_forbidden(text, table)
    )
    columns = {name: position for name, position in columns.items() if position not in forbidden}
    is_pair = line.groups != ("",) * len(line.groups)
    return finish(
        sheet, table, line.texts, line.row, columns, units=units, forbidden=forbidden, header_lines=1 + is_pair
    )


def finish(
    sheet: RawSheet,
    table: Table,
    header: tuple[str, ...],
    header_row: int,
    columns: dict[str, int],
    *,
    units: dict[str, str],
    forbidden: tuple[int, ...],
    header_lines: int = 1,
    ignored: frozenset[int] = frozenset(),
    **options: object,
) -> Located:
    """Put together a `Located`: what is left unmapped, the titles above, and the unit that they state for the sheet."""
    above = range(header_row + 1 - header_lines)
    titles = tuple((row, " ".join(filter(None, sheet.preview[row]))) for row in above if any(sheet.preview[row]))
    whole = sheet_unit(text for _, text in titles)
    if whole:
        units = {name: whole for name in columns if table[name].unit in ("元", "万元")} | units
    taken = {*columns.values(), *forbidden, *ignored}
    unmapped = tuple(position for position, text in enumerate(header) if text.strip() and position not in taken)
    return Located(
        sheet,
        table,
        header,
        header_row,
        columns,
        units=units,
        unmapped=unmapped,
        forbidden=forbidden,
        titles=titles,
        **options,
    )


def nearest(text: str, table: Table) -> str:
    """Return the header of the template that is most like `text`, for a hint; empty where none is."""
    known = {key: column.name_zh for column in table.columns for one in column.headers for key in read_header(one).keys}
    found = (difflib.get_close_matches(key, known, n=1, cutoff=0.7) for key in read_header(text).keys)
    return next((known[match[0]] for match in found if match), "")


def letter(position: int) -> str:
    """Return the letters of a spreadsheet's column: 0 is A, 26 is AA."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _spread(above: tuple[str, ...], below: tuple[str, ...], row: int, sheet: RawSheet) -> tuple[str, ...]:
    """Return the upper line with each merged text in all of its columns; CSV files show merging only by blanks."""
    spread = list(above)
    if sheet.merged:
        for (top, left), (bottom, right) in sheet.merged:
            if top <= row <= bottom:
                spread[left : right + 1] = [above[left]] * (min(right + 1, len(spread)) - left)
        return tuple(spread)
    for position in range(1, len(spread)):
        if not spread[position].strip() and below[position].strip():
            spread[position] = spread[position - 1]
    return tuple(spread)


def _listed(texts, most: int = 12) -> str:
    shown = [" ".join(text.split()) for text in texts if text.strip()]
    more = f", … {len(shown) - most} more" if len(shown) > most else ""
    return (", ".join(shown[:most]) + more) or "nothing"
