"""Lines of a CSV file in; a refusal where a quotation mark that was left open would make one cell of many rows."""

import csv
from collections.abc import Iterable

from helpers.errors import InputError


def check_swallowed(lines: Iterable[str], delimiter: str, width: int, name: str, first_line: int) -> None:
    """Refuse quotation marks around several whole rows: a cell that holds them has the row's own number of delimiters.

    A mark left open is closed by the next one that strays into the file, and the rows between would be one cell.
    """
    places, rows, start = [], 0, first_line
    reader = csv.reader(lines, delimiter=delimiter)
    for record in reader:
        for position, cell in enumerate(record):
            if "\n" in cell and width > 1:
                first, *inner, last = (line.count(delimiter) for line in cell.split("\n"))
                is_rows = (first, last) == (width - 1 - position, position)
                if is_rows and all(count == width - 1 for count in inner):
                    places.append(f"{start:,}-{first_line + reader.line_num - 1:,}")
                    rows += 2 + len(inner)
        start = first_line + reader.line_num
    if places:
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        raise InputError(
            f"{name}: {rows:,} rows would be taken for text, because a quotation mark opened in one row is closed in a "
            f"later one (lines {', '.join(places[:3])}{more}): take the marks out, or export the file again"
        )


def check_closed(lines: Iterable[str], delimiter: str, name: str) -> None:
    """Refuse a quotation mark that is never closed: all rows below it would become one cell."""
    start = 1
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for _ in reader:
            start = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise InputError(
                f"{name}: the quotation mark opened in line {start:,} is never closed, so that everything below it "
                "would be one cell: close it, or export the file again"
            ) from None
