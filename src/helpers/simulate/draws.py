"""Random streams, dates, tokens and joined strings for the synthetic zone: all a whole column at a time.

Each part of the zone draws from a stream of its own, so that a scenario that changes one part leaves the others' draws
as they are (common random numbers).
"""

import zlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

AS_OF = np.datetime64("2023-06-30")
NAT = np.datetime64("NaT", "D")
FIRST_YEAR, LAST_YEAR = 2013, 2023
YEARS = np.arange(FIRST_YEAR, LAST_YEAR + 1)


def stream(seed: int, part: str) -> np.random.Generator:
    """Return the generator of one part of the zone, independent of every other part's."""
    return np.random.default_rng([seed, zlib.crc32(part.encode())])


def day(text: str) -> np.datetime64:
    """Return a date as numpy day."""
    return np.datetime64(text, "D")


def in_days(count: int) -> np.timedelta64:
    """Return a number of days as numpy's distance between dates, to which a bare number may not be added."""
    return np.timedelta64(count, "D")


def days_between(rng: np.random.Generator, start, end, size: int | None = None) -> np.ndarray:
    """Draw days uniformly from `start` to `end`, both included; where `end` is before `start`, `start` is returned."""
    start = np.asarray(start, dtype="datetime64[D]")
    end = np.asarray(end, dtype="datetime64[D]")
    span = np.maximum((end - start).astype(np.int64), 0)
    size = size if size is not None else np.broadcast(start, end).size
    return start + np.floor(rng.random(size) * (span + 1)).astype("timedelta64[D]")


def add_months(days: np.ndarray, months) -> np.ndarray:
    """Add calendar months; a day that the month lacks becomes the month's last."""
    days = np.asarray(days, dtype="datetime64[D]")
    first = days.astype("datetime64[M]")
    target = first + np.asarray(months).astype("timedelta64[M]")
    last = (target + np.timedelta64(1, "M")).astype("datetime64[D]") - in_days(1)
    return np.minimum(target.astype("datetime64[D]") + (days - first.astype("datetime64[D]")), last)


def year_of(days: np.ndarray) -> np.ndarray:
    """Return the calendar years of days (NaT gives a meaningless number: mask it)."""
    return np.asarray(days, dtype="datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def tokens(rng: np.random.Generator, size: int) -> np.ndarray:
    """Return random 16-digit hexadecimal tokens, the synthetic stand-in of a keyed hash of a person."""
    text = rng.bytes(8 * size).hex()
    return np.array([text[start : start + 16] for start in range(0, 16 * size, 16)], dtype=object)


def pick(rng: np.random.Generator, values: Sequence, size: int, weights: Sequence[float] | None = None) -> np.ndarray:
    """Draw `size` of `values` with replacement, with `weights` that need not add up to 1."""
    share = None if weights is None else np.asarray(weights, dtype=float) / np.sum(weights)
    return np.asarray(values, dtype=object)[rng.choice(len(values), size, p=share)]


def joined(*parts, separator: str = "") -> pd.Series:
    """Join strings and columns of strings element by element."""
    arrays = [part if isinstance(part, str) else pa.array(part, type=pa.string(), from_pandas=True) for part in parts]
    return pd.Series(pd.array(pc.binary_join_element_wise(*arrays, separator), dtype="str"))


def numbered(prefix: str, size: int, width: int, start: int = 1) -> np.ndarray:
    """Return `prefix` followed by running numbers with leading zeros."""
    return np.array([f"{prefix}{number:0{width}d}" for number in range(start, start + size)], dtype=object)


def at_least_one_each(rng: np.random.Generator, total: int, weights: np.ndarray, minimum: int | np.ndarray = 1):
    """Split `total` over cells by `weights`, each cell getting `minimum` first."""
    base = np.broadcast_to(np.asarray(minimum), weights.shape)
    return base + rng.multinomial(total - int(base.sum()), weights / weights.sum())
