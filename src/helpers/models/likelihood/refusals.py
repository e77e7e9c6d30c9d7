"""What no likelihood can be maximised on: checks of outcome, terms, weights, in words with counts."""

from collections.abc import Sequence

import numpy as np

from helpers.disclosure import MINIMUM_DEGREES, has_degrees
from helpers.errors import UsageError
from helpers.models.design import BINARY, COUNTS
from helpers.models.result import NotEstimable
from helpers.text import Message

# Beyond, the sums over j < y of a negative binomial take more memory than they are worth.
LARGEST_COUNT = 1_000_000
# The part of a column, in its own length, that the columns before it must leave unexplained.
INDEPENDENT = 1e-9


def refusal(key: str, **values: object) -> NotEstimable:
    """Return the error that says the sentence `likelihood.<key>`."""
    return NotEstimable(Message(f"likelihood.{key}", values))


def check_shapes(y: np.ndarray, design: np.ndarray, names: Sequence[str], weights, strata) -> None:
    """Refuse arrays that do not belong together.

    Raises
    ------
    UsageError
        If lengths differ, or a name stands twice.
    """
    problems = []
    if design.ndim != 2 or y.ndim != 1 or len(design) != len(y):
        problems.append(f"outcome {y.shape} and design {design.shape} must be (N,) and (N, K)")
    elif design.shape[1] != len(names):
        problems.append(f"{len(names)} names for {design.shape[1]} columns of the design")
    if len(set(names)) < len(names):
        problems.append(f"names must be distinct, not {', '.join(names)}")
    for what, values in (("weights", weights), ("strata", strata)):
        if values is not None and np.shape(values) != y.shape:
            problems.append(f"{what} {np.shape(values)} must be as long as the outcome {y.shape}")
    if problems:
        raise UsageError("; ".join(problems))


def check_values(estimator: str, y: np.ndarray, design: np.ndarray, names: Sequence[str], weights) -> None:
    """Refuse values that the estimator's likelihood has no place for.

    Raises
    ------
    NotEstimable
        If there is no row; values are infinite or missing; weights are not positive; the outcome does not vary, or is
        not 0/1 (logit, cloglog, clogit), whole and non-negative (counts), at most a million (negbin, zinb), with zeros
        (zip, zinb, hurdle) and counts above one (hurdle).
    """
    rows = f"{len(y):,}"
    if not len(y):
        raise refusal("no_row")
    columns = {"outcome": y, **dict(zip(names, design.T, strict=True))}
    broken = tuple((name, int(bad)) for name, column in columns.items() if (bad := (~np.isfinite(column)).sum()))
    if broken:
        raise refusal("not_finite", names=broken)
    if weights is not None and not (np.isfinite(weights) & (weights > 0)).all():
        raise refusal("weights", rows=f"{(~(np.isfinite(weights) & (weights > 0))).sum():,}", all=rows)
    if estimator in BINARY and (other := ~np.isin(y, (0, 1))).any():
        raise refusal("not_binary", estimator=estimator, rows=f"{other.sum():,}", all=rows, value=f"{y[other][0]:g}")
    if estimator in COUNTS and (other := (y < 0) | (y != np.floor(y))).any():
        raise refusal("not_a_count", estimator=estimator, rows=f"{other.sum():,}", all=rows, value=f"{y[other][0]:g}")
    if estimator in ("negbin", "zinb") and (large := y > LARGEST_COUNT).any():
        raise refusal("count_too_large", estimator=estimator, rows=f"{large.sum():,}", most=f"{LARGEST_COUNT:,}")
    if np.ptp(y) == 0:
        key = "one_category" if estimator == "ordered" else "outcome_constant"
        raise refusal(key, rows=rows, value=f"{y[0]:g}")
    if estimator in ("zip", "zinb", "hurdle") and (y > 0).all():
        raise refusal("no_zero", estimator=estimator, rows=rows)
    if estimator == "hurdle" and y.max() == 1:
        raise refusal("no_count_above_one", rows=f"{(y > 0).sum():,}")


def check_terms(design: np.ndarray, names: Sequence[str], *, beside: str | None = None, n_parameters: int = 0) -> None:
    """Refuse terms that the others explain.

    Parameters
    ----------
    design : ndarray of shape (N, K)
    beside : str, optional
        Key of the sentence for terms that are zero here: without variation beside cut points or within strata.
    n_parameters : int
        Parameters besides the K coefficients.

    Raises
    ------
    NotEstimable
        If a term is zero in every row or a sum of those before it, or fewer than 10 degrees of freedom are left.
    """
    size = np.sqrt((design**2).sum(axis=0))
    if (size == 0).any():
        raise refusal(beside or "zero_term", names=tuple(np.array(names)[size == 0].tolist()))
    if not has_degrees(len(design), design.shape[1] + n_parameters):
        terms = f"{design.shape[1] + n_parameters:,}"
        raise refusal("few_rows", least=MINIMUM_DEGREES, rows=f"{len(design):,}", terms=terms)
    left = np.abs(np.diag(np.linalg.qr(design / size, mode="r")))
    if (left < INDEPENDENT).any():
        raise refusal("collinear", names=tuple(np.array(names)[left < INDEPENDENT].tolist()))
