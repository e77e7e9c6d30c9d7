"""A CSV file too large to be held in; one sheet of text out, whose rows come in parts, as `delimited` reads them."""

import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from helpers.ingest import quotes
from helpers.ingest.delimited import BEGIN, Top, inseparable, options, ragged, until, without_nul
from helpers.ingest.encodings import Text
from helpers.ingest.sheets import Body, RawSheet, joined

# Arrow reads 32 blocks ahead; each part of a body holds several.
_BLOCK, _PART = 1 << 21, 1 << 24


def scan(text: Text, delimiter: str | None = None) -> RawSheet:
    """Read the top of a text that is too large to be held, as `read` would.

    Returns
    -------
    RawSheet
        Its `parts` read the file anew and yield rows of about 16 MB of text; its `read` puts them together.

    Raises
    ------
    InputError
        As `read`; what is wrong with a row or a byte further down is told when the parts come to it.
    """
    top = Top.of(_Feed(text).read(BEGIN), text.name, delimiter, size=text.size)
    has_quotes = text.holds(b'"')

    def parts(first: int, positions: Sequence[int], last: int | None) -> Iterator[Body]:
        return _parts(text, top, first, positions, last, has_quotes=has_quotes)

    def body(first: int, positions: Sequence[int], last: int | None) -> Body:
        return joined(list(parts(first, positions, last)), [at for at in positions if at < top.below(first, ())[0]])

    return RawSheet(text.name, "", text.encoding, top.preview, body, first_row=1 + top.blank, parts=parts)


class _Feed(io.RawIOBase):
    """The blocks of a text as a file; counts what passes."""

    def __init__(self, text: Text) -> None:
        self._blocks, self._rest = text.blocks(), b""
        self.lines, self.quotes, self.has_nul = 0, 0, False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found = [self._rest]
        length = len(self._rest)
        while size < 0 or length < size:
            block = next(self._blocks, b"")
            if not block:
                break
            found.append(block)
            length += len(block)
        whole = found[0] if len(found) == 1 else b"".join(found)
        whole, self._rest = (whole, b"") if size < 0 else (whole[:size], whole[size:])
        self.lines += whole.count(b"\n")
        self.quotes += whole.count(b'"')
        self.has_nul = self.has_nul or b"\0" in whole
        return whole

    def readinto(self, buffer: memoryview) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


def _parts(
    text: Text, top: Top, first: int, positions: Sequence[int], last: int | None, *, has_quotes: bool
) -> Iterator[Body]:
    width, end, positions = top.below(first, positions)
    feed, bad, told, place = _Feed(text), [], 0, 0
    feed.read(top.start + end)
    above, first = feed.lines, top.blank + first + 1
    try:
        for rows in _collected(_open(feed, width, positions, top.delimiter, bad, has_quotes=has_quotes)):
            # Whatever was skipped up to the end of these rows is in the list already, and perhaps more.
            wrong = np.array([row.number for row in bad[told:]], dtype=np.int64)
            numbers = np.setdiff1d(np.arange(place + 1, place + 1 + len(rows) + len(wrong)), wrong)[: len(rows)]
            place = int(numbers[-1]) if len(numbers) else place
            here = bad[told : told + int((wrong < place).sum())]
            told += len(here)
            found = Body(rows, first - 1 + numbers, ragged(here, first))
            found = without_nul(found) if feed.has_nul else found
            yield found if last is None else until(found, last)
            if last is not None and first - 1 + place > last:
                return
    except pa.ArrowInvalid as error:
        if has_quotes:
            quotes.check_closed(_lines_of(text), top.delimiter, text.name)
        raise inseparable(text.name, first, error) from error
    if bad[told:]:
        nothing = joined((), positions)
        yield replace(nothing, ragged=ragged(bad[told:], first))
    if feed.quotes % 2:
        quotes.check_closed(_lines_of(text), top.delimiter, text.name)
    if feed.quotes and feed.lines - above > place + len(bad[told:]):
        below = itertools.islice(_lines_of(text), above, None)
        quotes.check_swallowed(below, top.delimiter, width, text.name, above + 1)


def _open(
    feed: _Feed, width: int, positions: Sequence[int], delimiter: str, bad: list, *, has_quotes: bool
) -> Iterator[pa.RecordBatch]:
    def note(row: arrow_csv.InvalidRow) -> str:
        bad.append(row)
        return "skip"

    how = options(width, positions, delimiter, note, has_quotes=has_quotes)
    read = arrow_csv.ReadOptions(column_names=list(map(str, range(width))), block_size=_BLOCK, use_threads=False)
    try:
        reader = arrow_csv.open_csv(pa.PythonFile(feed, mode="r"), read_options=read, **how)
    except pa.ArrowInvalid as error:
        # The reader looks at the first rows when it is opened.
        if "Empty CSV" in str(error):
            return
        raise
    yield from reader


def _collected(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(one.nbytes for one in held) >= _PART:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _lines_of(text: Text) -> Iterator[str]:
    # Ended where the whole text would be: at either sign of a line's end, which stays.
    return io.TextIOWrapper(io.BufferedReader(_Feed(text)), encoding="utf-8", newline="")
