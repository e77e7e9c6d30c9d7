"""What the parsers of all types share: cells as Arrow text in, values with a list of what was found out.

A column is first read in one vectorised go; what that leaves over (`Distinct`) is read once per distinct text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Action = Literal["repaired", "flagged", "nulled", "reported"]
WHOLE_COLUMN = -1
"""The position of a finding about the column's header instead of one of its cells."""

STR = pd.StringDtype("pyarrow", na_value=np.nan)


class Reading(NamedTuple):
    """What one text means: its value (None: missing) and (rule, action) of everything found on the way."""

    value: Any = None
    findings: tuple[tuple[str, Action], ...] = ()


@dataclass(frozen=True)
class Parsed:
    """A column as read.

    Attributes
    ----------
    values : Series, shape (N,)
        In the type that the codebook states; default index.
    findings : DataFrame, one row a cell and rule
        `position` (0-based cell, or -1 for the header), `value` (text as found), `rule`, `action`, `result` (text of
        what stands in `values`, empty when missing); sorted by position.
    """

    values: pd.Series
    findings: pd.DataFrame


def as_array(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return one contiguous array in which every empty text is null."""
    if isinstance(texts, pa.ChunkedArray):
        if texts.nbytes >= 2**31:
            texts = texts.cast(pa.large_string())
        texts = texts.combine_chunks()
    if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
        texts = texts.cast(pa.string())
    offsets, _ = layout(texts)
    empty = offsets[1:] == offsets[:-1]
    return without(texts, empty) if empty.sum() > texts.null_count else texts


def layout(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the offsets, shape (N + 1,), and the UTF-8 bytes of an array, without a copy."""
    _, offsets, data = texts.buffers()
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    if offsets is None or not len(texts):
        return np.zeros(len(texts) + 1, dtype=width), np.empty(0, dtype=np.uint8)
    starts = np.frombuffer(offsets, dtype=width)[texts.offset : texts.offset + len(texts) + 1]
    data = np.empty(0, dtype=np.uint8) if data is None else np.frombuffer(data, dtype=np.uint8)
    return starts, data[: int(starts[-1])]


def present(texts: pa.Array) -> np.ndarray:
    """Return which cells hold a text, shape (N,)."""
    if not texts.null_count:
        return np.ones(len(texts), dtype=bool)
    return texts.is_valid().to_numpy(zero_copy_only=False)


def without(texts: pa.Array, rows: np.ndarray) -> pa.Array:
    """Return the same texts with those of a boolean mask `rows` null; only the validity bitmap is new."""
    keep = present(texts) & ~rows
    bitmap = np.packbits(np.concatenate([np.zeros(texts.offset, dtype=bool), keep]), bitorder="little")
    _, offsets, data = texts.buffers()
    buffers = [pa.py_buffer(bitmap), offsets, data]
    return pa.Array.from_buffers(texts.type, len(texts), buffers, offset=texts.offset)


def kinds_of_bytes(texts: pa.Array, kinds: np.ndarray) -> np.ndarray:
    """Return for each cell the bitwise or of the kind of each of its bytes, 0 for an empty one.

    Parameters
    ----------
    texts : Array, shape (N,)
    kinds : ndarray of uint8, shape (256,)
        One bit for each kind of byte.
    """
    offsets, data = layout(texts)
    first = int(offsets[0])
    # the last cells may be empty and then start after the last byte
    marks = np.zeros(len(data) - first + 1, dtype=np.uint8)
    marks[:-1] = kinds.take(data[first:])
    found = np.bitwise_or.reduceat(marks, offsets[:-1] - first) if len(texts) else np.empty(0, dtype=np.uint8)
    found[offsets[1:] == offsets[:-1]] = 0
    return found


def strings(texts: pa.Array) -> pd.Series:
    """Return Arrow text as a pandas `str` column."""
    return pd.Series(STR.__from_arrow__(texts))


def findings(
    positions: Sequence[int] | np.ndarray = (),
    values: pa.Array | Sequence[str] = (),
    rule: str | pa.Array = "",
    action: str | pa.Array = "",
    results: pa.Array | Sequence[str | None] | None = None,
) -> pd.DataFrame:
    """Return a table of findings; one rule or action stands for all rows, `results` left out for missing values."""
    count = len(positions)

    def column(texts) -> pd.Series:
        if isinstance(texts, str):
            texts = pa.DictionaryArray.from_arrays(
                pa.array(np.zeros(count, dtype=np.int8)), [texts]
            ).dictionary_decode()
        elif not isinstance(texts, pa.Array):
            texts = pa.array(texts, type=pa.string())
        return strings(texts.fill_null("") if texts.null_count else texts)

    return pd.DataFrame(
        {
            "position": np.asarray(positions, dtype=np.int64),
            "value": column(values),
            "rule": column(rule),
            "action": column(action),
            "result": column("" if results is None else results),
        }
    )


def together(*tables: pd.DataFrame) -> pd.DataFrame:
    """Return several tables of findings as one, in the order of the cells."""
    tables = tuple(table for table in tables if len(table))
    if not tables:
        return findings()
    if len(tables) == 1:
        return tables[0]
    return pd.concat(tables, ignore_index=True).sort_values("position", kind="stable", ignore_index=True)


@dataclass(frozen=True)
class Distinct:
    """Some cells of a column, read once per distinct text.

    Attributes
    ----------
    rows : ndarray of int64, shape (M,)
        The cells, in order.
    codes : ndarray of int32, shape (M,)
        For each cell the place of its text in `texts`.
    texts : Array, shape (D,)
    readings : list of Reading, length D
    """

    rows: np.ndarray
    codes: np.ndarray
    texts: pa.Array
    readings: list[Reading]

    def values(self, dtype: Any, *, missing: Any) -> np.ndarray:
        """Return the value of each cell, shape (M,), with `missing` where there is none."""
        return np.array([missing if r.value is None else r.value for r in self.readings], dtype=dtype)[self.codes]

    def is_missing(self) -> np.ndarray:
        """Return which cells have no value, shape (M,)."""
        return np.array([r.value is None for r in self.readings], dtype=bool)[self.codes]

    def as_text(self) -> pa.Array:
        """Return the value of each cell as text, shape (M,)."""
        return pa.array([r.value for r in self.readings], type=pa.string()).take(pa.array(self.codes))

    def findings(self, show: Callable[[Any], str] = str) -> pd.DataFrame:
        """Return what was found in these cells; `show` writes a value as text."""
        tables = []
        for place in range(max((len(r.findings) for r in self.readings), default=0)):
            has = np.array([len(r.findings) > place for r in self.readings])
            chosen = np.flatnonzero(has[self.codes])
            codes = pa.array(self.codes[chosen])
            found = [r.findings[place] if len(r.findings) > place else (None, None) for r in self.readings]
            shown = ["" if r.value is None else show(r.value) for r in self.readings]
            tables.append(
                findings(
                    self.rows[chosen],
                    self.texts.take(codes),
                    pa.array([rule for rule, _ in found], type=pa.string()).take(codes),
                    pa.array([action for _, action in found], type=pa.string()).take(codes),
                    pa.array(shown, type=pa.string()).take(codes),
                )
            )
        return together(*tables)


def read_distinct(texts: pa.Array, read: Callable[[str], Reading], rows: np.ndarray | None = None) -> Distinct:
    """Read the cells of a boolean mask `rows` (by default all that hold a text) once per distinct text."""
    wanted = present(texts) if rows is None else rows
    chosen = np.flatnonzero(wanted)
    some = texts if len(chosen) == len(texts) else texts.filter(pa.array(wanted))
    encoded = pc.dictionary_encode(some)
    distinct = encoded.dictionary
    return Distinct(
        chosen,
        encoded.indices.to_numpy(zero_copy_only=False),
        distinct,
        [read(text) for text in distinct.to_pylist()],
    )
