"""From a table to what a fit is made of: complete and informative rows, codes, terms that can be told apart.

Every row left out is counted by its reason; every term that cannot have a coefficient is named.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.disclosure import MINIMUM_DEGREES, has_degrees
from helpers.models.demean import Absorber
from helpers.models.result import NotEstimable, Sample
from helpers.text import Message

# Estimators whose likelihood rises without end in a group without any count.
COUNTS = ("poisson", "negbin", "zip", "zinb", "hurdle")
BINARY = ("logit", "cloglog", "clogit")
# A column or a direction with this share of its spread left is, to rounding, a sum of others.
EXPLAINED = 1e-8
# Of products of columns of length one, the smallest eigenvalue above which none is a sum of others, whatever rounding.
CLEARLY_APART = 1e-6


def prepare(
    data: pd.DataFrame,
    *,
    outcome: str,
    terms: Sequence[str],
    fixed_effects: Sequence[str],
    cluster: str | None,
    weights: str | None,
    unit: str | None,
    estimator: str,
) -> tuple[Sample, dict[str, int]]:
    """Return the rows of a fit as arrays, and how many were left out for which reason.

    Rows with a missing value go first, then, for as long as there are any, groups of a fixed effect whose outcome does
    not vary in the way the estimator needs (all zeros for a count, all alike for 0/1) and, for OLS and Poisson, groups
    of one row, whose effect takes up all that the row says (Correia 2015, "Singletons, cluster-robust standard errors
    and fixed effects"; Correia, Guimaraes & Zylkin 2020, Stata Journal 20, section 2).

    Raises
    ------
    NotEstimable
        If values are infinite or not numbers, weights negative, or no row is left.
    """
    numeric = [outcome, *terms, *([weights] if weights else [])]
    codes = [*fixed_effects, *(name for name in (cluster, unit) if name)]
    # Columns as they are: a part of the table would be a copy.
    used = {name: data[name] for name in dict.fromkeys([*numeric, *codes])}
    _refuse_values(used, numeric, weights)
    rows, dropped = complete(used)
    if weights:
        rows = _counted(rows, used[weights].to_numpy(dtype=float, na_value=np.nan)[rows] > 0,
                        f"{weights}: weight of zero", dropped)  # fmt: skip
    y = used[outcome].to_numpy(dtype=float, na_value=np.nan)
    raw = {name: coded(used[name]) for name in dict.fromkeys(codes)}
    rows = _informative(rows, y, [raw[name] for name in fixed_effects], fixed_effects, estimator, dropped)
    if not len(rows):
        raise NotEstimable(Message("models.no_informative_row", {"outcome": outcome}))
    is_whole = len(rows) == len(data)

    def kept(name: str) -> np.ndarray:
        values = used[name].to_numpy(dtype=float, na_value=np.nan)
        # A copy either way: what is done to the caller's table later is none of the fit's.
        return values.copy() if is_whole else values[rows]

    # A column that is both an effect and the cluster has one array of codes, by which it is known again.
    if not is_whole:
        raw = {name: pd.factorize(values[rows])[0] for name, values in raw.items()}
    sample = Sample(
        y=kept(outcome), design=stacked([kept(name) for name in terms]), names=tuple(terms),
        groups=tuple(raw[name] for name in fixed_effects), cluster=raw.get(cluster),
        weights=kept(weights) if weights else None, unit=raw.get(unit),
        index=data.index if is_whole else data.index[rows],
    )  # fmt: skip
    return sample, dropped


def stacked(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Return columns (N,) as (N, K) with each column contiguous: fits sum and demean them one by one."""
    return np.stack(columns).T


def coded(values: pd.Series) -> np.ndarray:
    """Return codes 0..G-1 (N,) of values; -1 where one is missing."""
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "i" and len(values):
        numbers = values.to_numpy().astype(np.intp)
        low, high = int(numbers.min()), int(numbers.max())
        # A table of all numbers between costs less than hashing; those that do not occur get no code.
        if high - low <= len(numbers):
            shifted = numbers - low if low else numbers
            occurs = np.bincount(shifted) > 0
            return shifted if occurs.all() else (np.cumsum(occurs) - 1)[shifted]
    return pd.factorize(values)[0]


def narrowed(
    sample: Sample, keep: np.ndarray, fixed_effects: Sequence[str], *, estimator: str, dropped: dict[str, int]
) -> Sample:
    """Return the sample's rows in `keep`, bool (N,), less those uninformative without the others, counted as above."""
    rows = _informative(np.flatnonzero(keep), sample.y, sample.groups, fixed_effects, estimator, dropped)

    def recoded(codes: np.ndarray | None) -> np.ndarray | None:
        return None if codes is None else pd.factorize(codes[rows])[0].astype(np.intp)

    return Sample(
        y=sample.y[rows], design=sample.design[rows], names=sample.names,
        groups=tuple(recoded(codes) for codes in sample.groups), cluster=recoded(sample.cluster),
        weights=None if sample.weights is None else sample.weights[rows], unit=recoded(sample.unit),
        index=sample.index[rows],
    )  # fmt: skip


def refuse_sample(sample: Sample, *, outcome: str, estimator: str) -> None:
    """Refuse an exposure or an outcome that does not vary, and one that the estimator is not made for.

    Raises
    ------
    NotEstimable
    """
    y, exposure, rows = sample.y, sample.design[:, 0], f"{len(sample.y):,}"
    if np.ptp(exposure) == 0:
        raise _refusal("models.exposure_constant", exposure=sample.names[0], rows=rows, value=f"{exposure[0]:g}")
    if np.ptp(y) == 0:
        raise _refusal("models.outcome_constant", outcome=outcome, rows=rows, value=f"{y[0]:g}")
    if estimator == "logit" and not np.isin(y, (0, 1)).all():
        raise _refusal("models.not_binary", outcome=outcome)
    if estimator in BINARY and not np.isin(y, (0, 1)).all():
        raise _refusal("fit.not_binary", estimator=estimator, outcome=outcome)
    if estimator in COUNTS and (y < 0).any():
        raise _refusal("models.negative", outcome=outcome, rows=f"{(y < 0).sum():,}")
    if estimator in COUNTS:
        ends = (exposure.min(), exposure.max())
        for value in ends if np.isin(exposure, ends).all() else ():
            if not y[exposure == value].any():
                raise _refusal("models.separation", outcome=outcome, exposure=sample.names[0], value=f"{value:g}")


def identified(sample: Sample, fixed_effects: Sequence[str], absorber: Absorber) -> np.ndarray:
    """Return the terms with the fixed effects (without any: the mean) taken out, shape (N, K).

    Raises
    ------
    NotEstimable
        If the fixed effects contain a term, if terms are sums of each other, or if fewer than 10 residual degrees of
        freedom are left.
    """
    centred = sample.design - sample.design.mean(axis=0)
    left = absorber(centred)
    spread, kept, size = (lengths(each) for each in (centred, left, sample.design))
    # A constant other than zero is, to rounding, all mean.
    is_flat = spread <= 1e-13 * size
    swallowed = tuple(name for name, own, all_of, flat in zip(sample.names, kept, spread, is_flat, strict=True)
                      if flat or own <= EXPLAINED * all_of)  # fmt: skip
    if swallowed and not fixed_effects:
        raise _refusal("models.collinear", names=(*swallowed, "intercept"))
    if swallowed:
        raise _refusal("fit.swallowed", names=swallowed, effects=tuple(fixed_effects))
    loose = np.zeros((0, len(kept)))
    # Products of columns tell nothing of what is below the root of rounding, but cost a fifth.
    if np.linalg.eigvalsh(left.T @ left / kept / kept[:, None])[0] <= CLEARLY_APART:
        directions = np.linalg.svd(np.linalg.qr(left / kept, mode="r"))
        loose = directions[2][directions[1] <= EXPLAINED]
    if len(loose):
        is_named = (np.abs(loose) > np.sqrt(EXPLAINED)).any(axis=0)
        raise _refusal("models.collinear", names=tuple(np.array(sample.names)[is_named].tolist()))
    parameters = len(sample.names) + absorber.rank
    if not has_degrees(len(sample.y), parameters):
        raise _refusal("models.few_rows", least=MINIMUM_DEGREES, rows=f"{len(sample.y):,}", terms=f"{parameters:,}")
    return left


def lengths(columns: np.ndarray) -> np.ndarray:
    """Return the root of the sum of squares of each column (N, K), shape (K,)."""
    # Without BLAS, whose threads cost more to wake than they save here.
    return np.array([np.sqrt(np.einsum("i,i->", column, column)) for column in columns.T])


def _refusal(key: str, **values: object) -> NotEstimable:
    return NotEstimable(Message(key, values))


def _refuse_values(used: Mapping[str, pd.Series], numeric: Sequence[str], weights: str | None) -> None:
    words = tuple(name for name in dict.fromkeys(numeric)
                  if not (pd.api.types.is_numeric_dtype(used[name]) or pd.api.types.is_bool_dtype(used[name])
                          or _is_all_numbers(used[name])))  # fmt: skip
    if words:
        raise _refusal("fit.not_numbers", names=words)
    refuse_infinite({name: values for name, values in used.items() if pd.api.types.is_numeric_dtype(values)
                     and not pd.api.types.is_bool_dtype(values)})  # fmt: skip
    if weights and (used[weights] < 0).any():
        raise _refusal("fit.negative_weights", weights=weights, rows=f"{int((used[weights] < 0).sum()):,}")


def _is_all_numbers(column: pd.Series) -> bool:
    # A column of objects (Decimal, or numbers beside None) is as good as its values.
    return bool(pd.to_numeric(column.dropna(), errors="coerce").notna().all()) and not any(
        isinstance(value, str) for value in column.dropna()
    )


def _is_finite(values: pd.Series) -> bool:
    """Return True only if no value is missing or infinite; False where a sum does not tell."""
    if not isinstance(values.dtype, np.dtype) or values.dtype.kind not in "biuf":
        return False
    if values.dtype.kind != "f":
        return True
    with np.errstate(invalid="ignore", over="ignore"):
        return bool(np.isfinite(values.to_numpy().sum()))


def refuse_infinite(numbers: Mapping[str, pd.Series] | pd.DataFrame) -> None:
    """Refuse columns of numbers that hold infinite values, naming them.

    Raises
    ------
    NotEstimable
    """
    infinite = {name: int(np.isinf(values.to_numpy(dtype=float, na_value=np.nan)).sum())
                for name, values in numbers.items() if not _is_finite(values)}  # fmt: skip
    if any(infinite.values()):
        raise _refusal("models.infinite", names=tuple((name, rows) for name, rows in infinite.items() if rows))


def complete(used: Mapping[str, pd.Series] | pd.DataFrame) -> tuple[np.ndarray, dict[str, int]]:
    """Return the places of the rows without a missing value, and how many each column costs, the first one first.

    Raises
    ------
    NotEstimable
        If there is none.
    """
    rows, dropped = None, {}
    for name, values in used.items():
        rows = np.arange(len(values)) if rows is None else rows
        if _is_finite(values):
            continue
        is_hole = values.isna().to_numpy()[rows]
        if is_hole.any():
            dropped[name] = int(is_hole.sum())
            rows = rows[~is_hole]
    if rows is None or not len(rows):
        raise _refusal("models.no_complete_row", names=tuple(dropped.items()))
    return rows, {f"{name} missing": count for name, count in dropped.items()}


def _counted(rows: np.ndarray, is_kept: np.ndarray, reason: str, dropped: dict[str, int]) -> np.ndarray:
    if not is_kept.all():
        dropped[reason] = dropped.get(reason, 0) + int((~is_kept).sum())
    return rows[is_kept]


def _informative(rows, y, raw, fixed_effects, estimator, dropped) -> np.ndarray:
    before = -1
    # What is left out for one effect can leave a group of another with one row, or with nothing but zeros.
    while len(rows) != before:
        before = len(rows)
        if not before:
            break
        for name, codes in zip(fixed_effects, raw, strict=True):
            own = codes if len(rows) == len(codes) else codes[rows]
            size = np.bincount(own, minlength=1)
            if estimator in (*COUNTS, *BINARY):
                alike = np.bincount(own, y[rows] != 0, len(size)) == 0
                if estimator in BINARY:
                    alike |= np.bincount(own, y[rows] != 1, len(size)) == 0
                rows = _counted(rows, ~alike[own], f"{name}: outcome all alike in a group", dropped)
                own = codes[rows]
                size = np.bincount(own, minlength=1)
            if estimator in ("ols", "poisson") and (size == 1).any():
                rows = _counted(rows, size[own] > 1, f"{name}: a group of one row", dropped)
    return rows
