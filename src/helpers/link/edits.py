"""Names one edit apart: found through names with one character left out, and told apart by what kind of edit it is."""

from functools import cache
from typing import Final, NamedTuple

import numpy as np

# Any odd number has an inverse modulo 2^64, by which the characters after a gap move up.
_BASE: Final = 0x9E3779B97F4A7C15
_INVERSE: Final = pow(_BASE, -1, 2**64)
_LONGEST: Final = 64
_MARK_BITS: Final = 26
_SHIFT: Final = np.uint64(64 - _MARK_BITS)
# Candidates of one name beyond this number tell nothing.
_MOST: Final = 50
# Left out or put in, these make another firm (新恒安, 第二纺织) as often as a slip of the pen.
DISTINGUISHING: Final = frozenset(
    "新大小老东西南北中上下前后左右一二三四五六七八九十甲乙丙丁第总分国0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)


class Edit(NamedTuple):
    """What sets two names apart: `kind` (homophone, swap, dropped, replaced) and the `at` in the first of them."""

    kind: str
    at: int
    character: str


class _Hashed(NamedTuple):
    whole: np.ndarray
    gaps: np.ndarray
    of: np.ndarray


def candidates(left: list[str], right: list[str]) -> np.ndarray:
    """Return pairs of names that one edit may set apart.

    Parameters
    ----------
    left, right : list of str
        Names, at most 64 characters of each are read.

    Returns
    -------
    ndarray, shape (P, 2)
        Places in `left` and in `right`, each pair once, sorted: one is the other with a character left out, or both are
        the same with one left out in each (a character replaced, or two neighbours swapped). Equal names are no pair.
        A few pairs may be of names farther apart: `classify` tells.

    Notes
    -----
    Deletion neighbourhoods (Mor & Fraenkel 1982) by polynomial hashes modulo 2^64; linear in the number of names.
    """
    one, two = _hashed(left), _hashed(right)
    found = [
        _joined(one.gaps, one.of, two.whole, np.arange(len(right))),
        _joined(one.whole, np.arange(len(left)), two.gaps, two.of),
        _joined(one.gaps, one.of, two.gaps, two.of),
    ]
    pairs = np.unique(np.concatenate(found), axis=0)
    return pairs[one.whole[pairs[:, 0]] != two.whole[pairs[:, 1]]]


def _hashed(names: list[str]) -> _Hashed:
    lengths = np.array([min(len(name), _LONGEST) for name in names], dtype=np.int64)
    text = "".join(name[:_LONGEST] for name in names)
    characters = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    of = np.repeat(np.arange(len(names)), lengths)
    start = np.concatenate([[0], np.cumsum(lengths)[:-1]]) if len(names) else np.zeros(0, dtype=np.int64)
    place = np.arange(len(characters)) - start[of] if len(characters) else np.zeros(0, dtype=np.int64)
    powers = np.array([pow(_BASE, k, 2**64) for k in range(_LONGEST + 1)], dtype=np.uint64)
    with np.errstate(over="ignore"):
        terms = (characters + np.uint64(1)) * powers[place]
        through = np.cumsum(terms, dtype=np.uint64)
        before_name = np.concatenate([np.zeros(1, dtype=np.uint64), through])[start]
        before = through - terms - before_name[of]
        whole = np.zeros(len(names), dtype=np.uint64)
        ends = start + lengths - 1
        filled = lengths > 0
        whole[filled] = through[ends[filled]] - before_name[filled]
        gaps = before + (whole[of] - before - terms) * np.uint64(_INVERSE)
    return _Hashed(whole, gaps, of)


def _joined(keys: np.ndarray, owners: np.ndarray, wanted: np.ndarray, askers: np.ndarray) -> np.ndarray:
    """Return pairs (owner, asker) of equal keys; askers with too many owners have none."""
    # Most keys are nobody's: a mark for the beginning of each wanted one spares sorting them.
    marks = np.zeros(1 << _MARK_BITS, dtype=bool)
    marks[wanted >> _SHIFT] = True
    near = marks[keys >> _SHIFT]
    keys, owners = keys[near], owners[near]
    order = np.argsort(keys, kind="stable")
    keys, owners = keys[order], owners[order]
    first, last = np.searchsorted(keys, wanted, "left"), np.searchsorted(keys, wanted, "right")
    count = last - first
    count[count > _MOST] = 0
    at = np.repeat(first, count) + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.column_stack([owners[at], np.repeat(askers, count)])


def classify(one: str, other: str) -> Edit | None:
    """Return the single edit that turns `one` into `other`; None where they are equal or farther apart."""
    if len(one) == len(other):
        apart = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        if len(apart) == 1:
            at = apart[0]
            return Edit("homophone" if sound_alike(one[at], other[at]) else "replaced", at, one[at])
        if len(apart) == 2 and apart[1] == apart[0] + 1 and one[apart[0]] == other[apart[1]] and (
            one[apart[1]] == other[apart[0]]
        ):  # fmt: skip
            return Edit("swap", apart[0], one[apart[0]])
        return None
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    if len(longer) != len(shorter) + 1:
        return None
    at = next((place for place, (a, b) in enumerate(zip(longer, shorter, strict=False)) if a != b), len(shorter))
    return Edit("dropped", at, longer[at]) if longer[at + 1 :] == shorter[at:] else None


@cache
def _sounds(character: str) -> frozenset[str]:
    # Reading its dictionaries takes a quarter of a second, which no page and few files need.
    from pypinyin import Style, pinyin

    found = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")
    return frozenset(found[0]) if found else frozenset()


def sound_alike(one: str, other: str) -> bool:
    """Return whether two Chinese characters share a reading, tones left out."""
    return bool(_sounds(one) & _sounds(other))
