"""Key columns in, the order of the rows by key out, and which rows share a key.

Comparing millions of texts is slow, comparing whole numbers is not: the bytes of a text are packed into as few 64-bit
numbers as hold them, each byte as its rank among the bytes that the column uses (digits need less than four bits).
"""

from collections.abc import Iterator, Sequence
from math import log2

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.codebook.conditions import texts_of
from helpers.ingest.values.cells import layout

_BLOCK = 1 << 14
_BITS = 63
_SIGN = np.uint64(1 << 63)


def by_key(keys: Sequence[pd.Series], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Order rows by their key.

    Parameters
    ----------
    keys : sequence of Series, shape (N,) each
        The columns of the key, the most important first; texts are compared byte by byte in UTF-8.
    rows : ndarray of bool, shape (N,)
        The rows to order; their keys are complete.

    Returns
    -------
    order : ndarray of int64, shape (M,)
        Positions of the wanted rows in order of key, equal keys in the order in which they stood.
    is_repeated : ndarray of bool, shape (M,)
        Which rows in that order share their key with another.
    """
    chosen = np.flatnonzero(rows)
    words = [word if len(chosen) == len(word) else word[chosen] for key in keys for word in _words(key)]
    order = _order(words)
    same = np.ones(max(0, len(order) - 1), dtype=bool)
    for word in words:
        ordered = word[order]
        same &= ordered[1:] == ordered[:-1]
    is_repeated = np.zeros(len(order), dtype=bool)
    is_repeated[1:] |= same
    is_repeated[:-1] |= same
    return chosen[order], is_repeated


def _order(words: Sequence[np.ndarray]) -> np.ndarray:
    """Return the stable order of rows by several numbers, by the others only where the first is equal."""
    order = np.argsort(words[0])
    first = words[0][order]
    same = first[1:] == first[:-1]
    tied = np.zeros(len(order), dtype=bool)
    tied[1:] |= same
    tied[:-1] |= same
    places = np.flatnonzero(tied)
    rows = order[places]
    order[places] = rows[np.lexsort((rows, *(word[rows] for word in reversed(words))))]
    return order


def _words(values: pd.Series) -> list[np.ndarray]:
    """Return a column as numbers of 64 bits that order and differ as its values do, shape (N,) each."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        # In the order of the texts, as an engine that knows no categories has it.
        names = [str(name).encode() for name in values.cat.categories]
        rank = [sorted(names).index(name) + 1 for name in names]
        return [np.array([*rank, 0], dtype=np.uint64)[values.cat.codes.to_numpy()]]
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return [values.to_numpy().view(np.int64).astype(np.uint64) ^ _SIGN]
    if pd.api.types.is_integer_dtype(values.dtype):
        return [values.to_numpy(dtype=np.int64, na_value=0).astype(np.uint64) ^ _SIGN]
    return packed(texts_of(values))


def packed(texts: pa.Array) -> list[np.ndarray]:
    """Return texts as 64-bit numbers, of which the first is the most important; a missing text counts as empty.

    Returns
    -------
    list of ndarray of uint64, shape (N,) each
        Two rows agree in all of them exactly if their texts are equal.
    """
    offsets, data = layout(texts)
    lengths = np.diff(offsets)
    width, shortest = int(lengths.max(initial=0)), int(lengths.min(initial=0))
    seen = np.zeros((width, 256), dtype=bool)
    for place, rows, found in _bytes(offsets, data, width):
        inside = found if place < shortest else found[lengths[rows] > place]
        seen[place] |= np.bincount(inside, minlength=256) > 0
    # The rank of each byte among those that stand at its place, and 0 where the text has ended; a place at which all
    # rows agree takes no room.
    ends = np.arange(width) >= shortest
    ranks = np.cumsum(seen, axis=1, dtype=np.uint64) - (~ends)[:, np.newaxis].astype(np.uint64)
    letters = seen.sum(axis=1) + ends
    numbers = _fill(letters)
    words = [np.zeros(len(texts), dtype=np.uint64) for _ in range(max(numbers, default=0) + 1)]
    for place, rows, found in _bytes(offsets, data, width):
        if letters[place] == 1:
            continue
        rank = ranks[place].take(found)
        if ends[place]:
            rank[lengths[rows] <= place] = 0
        word = words[numbers[place]][rows]
        np.multiply(word, np.uint64(letters[place]), out=word)
        np.add(word, rank, out=word)
    return words


def _fill(letters: np.ndarray) -> list[int]:
    """Return for each place the number of the word that takes it: as many to a word as 63 bits hold."""
    numbers, number, bits = [], 0, 0.0
    for count in letters:
        bits += log2(count)
        if bits > _BITS:
            number, bits = number + 1, log2(count)
        numbers.append(number)
    return numbers


def _bytes(offsets: np.ndarray, data: np.ndarray, width: int) -> Iterator[tuple[int, slice, np.ndarray]]:
    """Yield each place with rows and the bytes that they have there, or any byte after the end of a text."""
    for start in range(0, len(offsets) - 1 if width else 0, _BLOCK):
        rows = slice(start, min(start + _BLOCK, len(offsets) - 1))
        first = offsets[:-1][rows].astype(np.int64)
        for place in range(width):
            yield place, rows, data.take(first + place, mode="clip")
