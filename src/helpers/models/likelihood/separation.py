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
        Each row's design times +1 or -1, so that a product >= 0 means a likelihood that does not fall; columns of
        similar size.

    Returns
    -------
    ndarray of shape (P,) or None
        None where there is no such direction: a finite maximum exists.

    Notes
    -----
    Albert & Anderson (1984, Biometrika 71, section 3) for the conditions; Konis (2007, thesis, Oxford, section 4.2) for
    the program: maximise sum(rows d) subject to rows d >= 0 and -1 <= d <= 1.
    """
    scaled = np.unique(rows, axis=0)
    found = _program(scaled.sum(axis=0), scaled)
    return None if found is None or (scaled @ found).max() < VISIBLE else found


def is_complete(rows: np.ndarray) -> bool:
    """Return whether some direction moves every row's predictor towards its outcome; rows as in `direction`."""
    # The least movement is one more unknown, and it is what is maximised.
    distinct = np.unique(rows, axis=0)
    least = np.column_stack([distinct, -np.ones(len(distinct))])
    found = _program(np.eye(least.shape[1])[-1], least)
    return found is not None and found[-1] > VISIBLE


def _program(aim: np.ndarray, rows: np.ndarray) -> np.ndarray | None:
    if not rows.shape[1]:
        return None
    from scipy.optimize import linprog

    found = linprog(-aim, A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1), method="highs")
    return found.x if found.success else None


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
    rows = rows / np.maximum(np.abs(rows).max(axis=0), 1e-300)
    found = direction(rows)
    if found is None:
        return
    whole = is_complete(rows)
    kept = np.abs(found) > VISIBLE
    # Terms that separation does without are left out one by one; a constant is the last to be blamed.
    for column in sorted(np.flatnonzero(kept), key=lambda column: (not varies[column], -column)):
        fewer = kept.copy()
        fewer[column] = False
        fewer |= ~varies
        if is_complete(rows[:, fewer]) if whole else direction(rows[:, fewer]) is not None:
            kept[column] = False
    guilty = tuple(name for name, is_kept, is_term in zip(names, kept, varies, strict=True) if is_kept and is_term)
    guilty = guilty or tuple(names)
    if whole:
        raise refusal("separated_completely", names=guilty, all=f"{len(rows):,}")
    moves = rows[:, kept | ~varies] @ direction(rows[:, kept | ~varies]) > VISIBLE
    raise refusal("separated", names=guilty, rows=f"{moves.sum():,}", all=f"{len(rows):,}")
