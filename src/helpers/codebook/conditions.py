"""What has to hold in a column, a key or a whole table: values in, a boolean a row out, or True where nothing is wrong.

Everything works on whole columns without a Python step a row; a missing value holds, except where one is required.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.codebook import uscc
from helpers.codebook.model import LIST_SEPARATOR, Column

SHARE_TOLERANCE = 0.02
WEIGHT_TOLERANCE = 0.001
PATENT_TYPES = {"发明": b"18", "实用新型": b"29", "外观设计": b"3"}
"""The fifth digit of an application number by patent type, since 2003-10."""

_IS_OF_TYPE: dict[str, Callable[[object], bool]] = {
    "integer": pd.api.types.is_integer_dtype,
    "year": pd.api.types.is_integer_dtype,
    "decimal": pd.api.types.is_numeric_dtype,
    "boolean": pd.api.types.is_bool_dtype,
    "date": pd.api.types.is_datetime64_any_dtype,
    "datetime": pd.api.types.is_datetime64_any_dtype,
}


def column_tests(column: Column) -> Iterator[tuple[str, Callable[[Column, pd.Series], object]]]:
    """Yield the name and the test of everything the codebook says about one column."""
    yield "wrong_type", _type_fits
    if column.required or column.key == "PK":
        yield "missing_required", _is_present
    if column.key == "UK":
        yield "duplicate_key", _typed(_is_unique)
    if column.type == "uscc":
        yield "bad_format", _typed(_credit_code_is_well_formed)
        yield "bad_check_digit", _typed(_check_digit_fits)
    if column.allowed:
        yield "unknown_category", _typed(_set_is_known if column.type == "set" else _is_known)
    if column.minimum is not None or column.maximum is not None:
        yield "out_of_range", _typed(_is_within)
    if column.pattern:
        yield "bad_format", _typed(_pattern_fits)


def is_typed(column: Column, values: pd.Series) -> bool:
    """Tell whether values have the pandas type that the codebook's type is read into."""
    is_of_type = _IS_OF_TYPE.get(column.type)
    if is_of_type is not None:
        return is_of_type(values.dtype)
    return isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(values.dtype)


def _type_fits(column: Column, values: pd.Series) -> bool:
    return is_typed(column, values) or not values.notna().any()


def _is_present(column: Column, values: pd.Series) -> object:
    return values.notna() if values.hasnans else True


def _is_unique(column: Column, values: pd.Series) -> object:
    return ~values.duplicated(keep=False) | values.isna()


def _is_known(column: Column, values: pd.Series) -> object:
    if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.categories.isin(column.allowed).all():
        return True
    return values.isin(column.allowed) | values.isna()


def _set_is_known(column: Column, values: pd.Series) -> object:
    allowed = set(column.allowed)
    wrong = [text for text in values.dropna().unique() if not allowed.issuperset(str(text).split(LIST_SEPARATOR))]
    return ~values.isin(wrong) if wrong else True


def _is_within(column: Column, values: pd.Series) -> object:
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    if not values.notna().any() or (values.min() >= low and values.max() <= high):
        return True
    return values.between(low, high).fillna(False).astype(bool) | values.isna()


def _pattern_fits(column: Column, values: pd.Series) -> object:
    fits = pc.fill_null(pc.match_substring_regex(texts_of(values), f"^(?:{column.pattern})$"), True)
    return _series(fits.to_numpy(zero_copy_only=False), values)


def _credit_code_is_well_formed(column: Column, values: pd.Series) -> object:
    well_formed, _ = uscc.inspect(texts_of(values))
    return True if well_formed.all() else _series(well_formed | values.isna().to_numpy(), values)


def _check_digit_fits(column: Column, values: pd.Series) -> object:
    well_formed, right = uscc.inspect(texts_of(values))
    return _series(right | ~well_formed, values)


def _typed(test: Callable[[Column, pd.Series], object]) -> Callable[[Column, pd.Series], object]:
    """Return a test that leaves a column of the wrong type to `wrong_type`."""
    return lambda column, values: test(column, values) if is_typed(column, values) else True


def key_is_unique(key: tuple[str, ...], frame: pd.DataFrame) -> object:
    """Tell for each row whether no other row has its key; rows with a missing part of the key hold."""
    if not set(key) <= set(frame.columns):
        return True
    texts = [texts_of(frame[name]) for name in key]
    if len(key) == 1 and pc.all(pc.less(texts[0][:-1], texts[0][1:]), min_count=0, skip_nulls=False).as_py():
        # ordered rows, as the reader leaves them, need only be compared with the next one
        return True
    joined = texts[0] if len(key) == 1 else pc.binary_join_element_wise(*texts, pa.scalar("\x1f", texts[0].type))
    # arrow counts far faster than pandas marks, and keys are nearly always unique
    if len(pc.unique(joined)) == len(frame):
        return True
    columns = frame[list(key)]
    return ~columns.duplicated(keep=False) | columns.isna().any(axis=1)


def type_agrees(numbers: pd.Series, types: pd.Series) -> pd.Series:
    """Tell whether a patent's type is the one that the fifth digit of its application number states.

    Parameters
    ----------
    numbers : Series of str, shape (N,)
        Application numbers, with or without `ZL`, `CN`, the dot and the check digit.
    types : Series of category or str, shape (N,)
        发明 (1 or 8), 实用新型 (2 or 9), 外观设计 (3).

    Returns
    -------
    Series of bool, shape (N,)
        True as well for numbers of the shorter form used before 2003-10, and where either is missing.
    """
    texts = texts_of(numbers)
    if pc.any(pc.greater(texts, "A"), min_count=0).as_py():
        texts = pc.replace_substring_regex(texts, "^(ZL)?(CN)?", "")
    long = pc.fill_null(pc.greater_equal(pc.binary_length(texts), 12), False).to_numpy(zero_copy_only=False)
    starts = np.frombuffer(texts.buffers()[1], dtype=np.int64)[texts.offset : texts.offset + len(texts)]
    fifth = np.frombuffer(texts.buffers()[2] or b"", dtype=np.uint8)[starts[long] + 4]
    kinds = types if isinstance(types.dtype, pd.CategoricalDtype) else types.astype("category")
    digits = [PATENT_TYPES.get(kind, b"") for kind in kinds.cat.categories]
    fits = np.ones((len(digits) + 1, 256), dtype=bool)
    for row, allowed in enumerate(digits):
        fits[row, [digit for digit in range(256) if digit not in allowed]] = False
    agrees = np.ones(len(texts), dtype=bool)
    agrees[long] = fits[kinds.cat.codes.to_numpy()[long], fifth]
    return pd.Series(agrees, index=numbers.index)


def _shares_sum_to_1(owners: pd.DataFrame) -> pd.Series:
    return _sums_to_1(owners["application_no"], owners["share"], SHARE_TOLERANCE)


def _weights_sum_to_1(weights: pd.DataFrame) -> pd.Series:
    return _sums_to_1(weights["mechanism_id"], weights["weight"], WEIGHT_TOLERANCE)


def _sums_to_1(group: pd.Series, amount: pd.Series, tolerance: float) -> pd.Series:
    codes, _ = pd.factorize(group)
    known = codes >= 0
    # a group with a missing amount cannot be added up: its sum is NaN, which is never too far from 1
    sums = np.bincount(codes[known], weights=amount.to_numpy(dtype=np.float64, na_value=np.nan)[known])
    holds = np.ones(len(group), dtype=bool)
    holds[known] = ~(np.abs(sums - 1) > tolerance)[codes[known]]
    return pd.Series(holds, index=group.index)


def _is_acyclic(orgs: pd.DataFrame) -> pd.Series:
    # jumping to the parent's parent doubles the distance: after log2(N) + 1 jumps only rows on a cycle are reached
    place = pd.Series(np.arange(len(orgs)), index=orgs["org_id"])
    place = place[~place.index.duplicated() & place.index.notna()]
    parent = orgs["parent_org_id"].map(place).fillna(-1).to_numpy(dtype=np.int64)
    for _ in range(len(orgs).bit_length()):
        parent = np.where(parent >= 0, parent[parent], -1)
    holds = np.ones(len(orgs), dtype=bool)
    holds[parent[parent >= 0]] = False
    return pd.Series(holds, index=orgs.index)


RULE_FUNCTIONS: dict[str, Callable[..., pd.Series]] = {"type_agrees": type_agrees}
"""Functions that an expression of `rules.csv` may call as `@name(column, ...)`."""

TABLE_RULES: dict[str, dict[str, tuple[tuple[str, ...], Callable[[pd.DataFrame], pd.Series]]]] = {
    "party_orgs": {"tree_acyclic": (("org_id", "parent_org_id"), _is_acyclic)},
    "patent_owners": {"shares_sum_to_1": (("application_no", "share"), _shares_sum_to_1)},
    "force_map": {"weights_sum_to_1": (("mechanism_id", "weight"), _weights_sum_to_1)},
}
"""Rules of whole tables by table and name: the columns they look at, and a function frame -> whether each row holds."""


def texts_of(values: pd.Series) -> pa.Array:
    """Return values as one arrow array of large strings; missing values stay missing."""
    texts = pa.array(values.astype("str"), type=pa.large_string(), from_pandas=True)
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts


def _series(values: np.ndarray, like: pd.Series) -> object:
    return True if values.all() else pd.Series(values, index=like.index)
