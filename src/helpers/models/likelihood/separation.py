"""Separation: whether some combination of terms predicts outcomes without error, so that no finite estimate exists.

A linear program decides it exactly (scipy's HiGHS); it is asked only where a climb did not end at a maximum, since a
maximum is proof that there is none.
"""

from collections.abc import Sequence

import numpy as np

from helpers.models.likelihood.refusals import refusal

# Coefficients of the separating direction are within [-1, 1] on columns scaled to 1: what is below is rounding.
VISIBLE = 1e-7


def direction(rows: np.ndarray) -> np.ndarray | None:
    """Return a direction in which every row's predictor moves towards its outcome or stays, and some move.

    Parameters
    ----------
    rows : ndarray of shape (M, P)
        Each row's design times +1 or -1, so that a product >= 0 means a likelihood that does not fall.

    Returns
    -------
    ndarray of shape (P,) or None
        None where there is no such direction: a finite maximum exists.

    Notes
    -----
    Albert & Anderson (1984, Biometrika 71, section 3) for the conditions; Konis (2007, thesis, Oxford, section 4.2) for
    the program: maximise sum(rows d) subject to rows d >= 0 and -1 <= d <= 1.
    """
    from scipy.optimize import linprog

    scale = np.maximum(np.abs(rows).max(axis=0), 1e-300)
    scaled = np.unique(rows / scale, axis=0)
    found = linprog(-scaled.sum(axis=0), A_ub=-scaled, b_ub=np.zeros(len(scaled)), bounds=(-1, 1), method="highs")
    if not found.success or (scaled @ found.x).max() < VISIBLE:
        return None
    return found.x / scale


def refuse_separated(rows: np.ndarray, names: Sequence[str], varies: np.ndarray) -> None:
    """Refuse separated data, naming the terms whose combination predicts the outcome.

    Parameters
    ----------
    rows : ndarray of shape (M, P)
        As in `direction`.
    names : sequence of str, length P
    varies : ndarray of bool, shape (P,)
        Whether the parameter's column varies; a constant is named only where nothing else is.

    Raises
    ------
    NotEstimable
        If the data are separated: completely, or in some rows (quasi-completely).
    """
    found = direction(rows)
    if found is None:
        return
    scale = np.maximum(np.abs(rows).max(axis=0), 1e-300)
    moves = rows @ found > VISIBLE
    counts = np.abs(found * scale) > VISIBLE
    counts = counts & varies if (counts & varies).any() else counts
    guilty = tuple(name for name, is_named in zip(names, counts, strict=True) if is_named)
    if moves.all():
        raise refusal("separated_completely", names=guilty, all=f"{len(rows):,}")
    raise refusal("separated", names=guilty, rows=f"{moves.sum():,}", all=f"{len(rows):,}")
