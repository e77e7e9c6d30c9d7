"""The check digit of unified social credit codes (USCC): codes in, right or wrong out, a column at a time."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of a code; I, O, S, V and Z are left out by the standard."""

LENGTH = 18
WEIGHTS = tuple(pow(3, position, 31) for position in range(LENGTH - 1))

_FORBIDDEN = 1 << 20


def _pair_sums() -> np.ndarray:
    """Return for each of the 9 pairs of characters the weighted sum of any two bytes, shape (9, 65536).

    Looking up two bytes at once halves the passes over a column; a byte outside the alphabet adds `_FORBIDDEN`.
    """
    value = np.full(256, _FORBIDDEN, dtype=np.int64)
    value[np.frombuffer(ALPHABET.encode(), dtype=np.uint8)] = np.arange(len(ALPHABET))
    pairs = np.arange(65536, dtype="<u2").view(np.uint8).reshape(-1, 2)
    weights = np.array([*WEIGHTS, 1])
    # a forbidden byte counts _FORBIDDEN times its weight: at most 18 * 30 * 2**20 < 2**32
    return np.stack([value[pairs] @ weights[first : first + 2] for first in range(0, LENGTH, 2)]).astype(np.uint32)


_SUMS = _pair_sums()
_BLOCK = 1 << 16


def check_digit_ok(codes: "pa.Array | pa.ChunkedArray | np.ndarray | list[str]") -> np.ndarray:
    """Tell for each code whether it has 18 allowed characters and the right check digit.

    Parameters
    ----------
    codes : arrow strings, pandas Series, array or list of str
        Codes in canonical form (upper case, half width, no blanks); a missing code is not right.

    Returns
    -------
    ndarray of bool, shape (N,)

    Notes
    -----
    GB 32100-2015, 4.2.5: with character values 0..30 and weights W_i = 3^(i-1) mod 31, the check character is
    C18 = (31 - sum(C_i W_i) mod 31) mod 31; hence the sum over all 18 with W_18 = 1 is divisible by 31.
    """
    return inspect(codes)[1]


def inspect(codes: "pa.Array | pa.ChunkedArray | np.ndarray | list[str]") -> tuple[np.ndarray, np.ndarray]:
    """Tell for each code whether it has 18 allowed characters, and whether its check digit is right as well.

    Parameters
    ----------
    codes : arrow strings, pandas Series, array or list of str
        Codes in canonical form; a missing code is neither.

    Returns
    -------
    well_formed, right : ndarray of bool, shape (N,) each
    """
    texts = _arrow(codes)
    fits = pc.fill_null(pc.equal(pc.binary_length(texts), LENGTH), False).to_numpy(zero_copy_only=False)
    total = _total(_matrix(texts if fits.all() else texts.filter(pa.array(fits))))
    well_formed, right = fits.copy(), fits.copy()
    well_formed[fits] = total < _FORBIDDEN
    right[fits] = (total < _FORBIDDEN) & (total % 31 == 0)
    return well_formed, right


def check_digits(first17: "pa.Array | pa.ChunkedArray | np.ndarray | list[str]") -> np.ndarray:
    """Return the 18th characters that belong to many 17-character beginnings.

    Parameters
    ----------
    first17 : arrow strings, pandas Series, array or list of str
        Beginnings of 17 allowed characters each.

    Returns
    -------
    ndarray of str, shape (N,)

    Raises
    ------
    ValueError
        If a beginning is missing, has another length or a character outside the alphabet.
    """
    texts = _arrow(first17)
    if texts.null_count or not pc.all(pc.equal(pc.binary_length(texts), LENGTH - 1), min_count=0).as_py():
        raise ValueError("every beginning of a code must have 17 characters")
    matrix = _matrix(pc.binary_join_element_wise(texts, pa.scalar("0", texts.type), pa.scalar("", texts.type)))
    total = _total(matrix)
    if (total >= _FORBIDDEN).any():
        bad = texts[int(np.argmax(total >= _FORBIDDEN))].as_py()
        raise ValueError(f"'{bad}' has a character outside {ALPHABET}")
    return np.array(list(ALPHABET))[(31 - total % 31) % 31]


def check_digit(first17: str) -> str:
    """Return the 18th character that belongs to the first 17.

    Raises
    ------
    ValueError
        If there are not 17 characters, or one is outside the alphabet.
    """
    return str(check_digits([first17])[0])


def _arrow(codes) -> pa.Array:
    texts = codes
    if not isinstance(codes, pa.Array | pa.ChunkedArray):
        texts = pa.array(codes, type=pa.string(), from_pandas=True)
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks() if texts.nbytes < 2**31 else texts.cast(pa.large_string()).combine_chunks()
    return texts


def _matrix(texts: pa.Array) -> np.ndarray:
    """Return the bytes of codes of one length without a missing one, seen as little-endian pairs, shape (N, 9)."""
    _, offsets, data = texts.buffers()
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    first = int(np.frombuffer(offsets, dtype=width)[texts.offset]) if len(texts) else 0
    flat = np.frombuffer(data or b"", dtype=np.uint8)[first : first + LENGTH * len(texts)]
    return flat.view("<u2").reshape(-1, LENGTH // 2) if first % 2 == 0 else flat.copy().view("<u2").reshape(-1, 9)


def _total(pairs: np.ndarray) -> np.ndarray:
    total = np.zeros(len(pairs), dtype=np.uint32)
    for start in range(0, len(pairs), _BLOCK):
        block = slice(start, start + _BLOCK)
        for place in range(LENGTH // 2):
            total[block] += _SUMS[place].take(pairs[block, place])
    return total
