"""Bunching at a notch: how many units sit above a cutoff that a smooth distribution would not have put there.

Distances of units to a cutoff in; excess and missing mass with bootstrap intervals, and the bins behind them, out.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.errors import UsageError
from helpers.models.result import NotEstimable
from helpers.text import Message

FEWEST = 100
MASSES = ("excess", "missing", "excess_less_missing", "relative_excess")


@dataclass(frozen=True)
class Bunching:
    """Mass around a notch against a polynomial counterfactual.

    Attributes
    ----------
    table : DataFrame
        One row a `term`: excess (units at and above the notch beyond the counterfactual), missing (units lacking below
        it), excess_less_missing (units; far from zero, the counterfactual or the window is wrong), relative_excess
        (excess over the counterfactual of one bin above the notch: Kleven's b, in bins); estimate, std_error, conf_low,
        conf_high (bootstrap percentiles).
    bins : DataFrame
        One row a bin: lower_edge, upper_edge (unit of the running variable), n_obs, counterfactual (units),
        is_excluded (not used by the polynomial).
    n_obs, n_missing : int
        Units within reach, and units without a distance.
    order : int
    warnings : tuple of Message
    """

    table: pd.DataFrame
    bins: pd.DataFrame
    n_obs: int
    n_missing: int
    order: int
    warnings: tuple[Message, ...] = field(default=())


def bunching(
    distance: np.ndarray,
    *,
    bin_width: float = 0.25,
    reach: float = 4.0,
    excluded: tuple[float, float] = (-1.0, 1.0),
    order: int = 4,
    cluster: np.ndarray | None = None,
    draws: int = 499,
    seed: int,
    level: float = 0.95,
) -> Bunching:
    """Estimate excess and missing mass around zero.

    Parameters
    ----------
    distance : ndarray, shape (N,)
        Running variable less the notch (R&D share less 5, 4 or 3, percentage points); zero is above. Subtract another
        number for a placebo notch. Missing values are left out and counted.
    bin_width, reach : float
        Width of a bin and half-width of the window, in the unit of `distance`.
    excluded : tuple of two floats
        Bins from the first to the second are left to the notch; the first below zero, the second above.
    order : int
        Of the polynomial through the other bins.
    cluster : ndarray, shape (N,), optional
        Firm of each row, where a firm has several years; firms are then drawn again.
    draws, seed : int
    level : float
        Coverage of the intervals.

    Raises
    ------
    UsageError
        If bins do not divide the window and its excluded part, or these are not in order.
    NotEstimable
        With infinite values, fewer than 100 units in the window, too few bins for the polynomial, or a counterfactual
        that is not positive above the notch.

    Notes
    -----
    Chetty, Friedman, Olsen & Pistaferri (2011, QJE 126, section III) and Kleven & Waseem (2013, QJE 128, equation 14)
    for the counterfactual: c_j = sum_k beta_k z_j^k outside the excluded bins; Chen, Liu, Suarez Serrato & Xu (2021,
    AER 111) for the 5/4/3 % notches of the high-tech rules; Kleven (2016, Annual Review of Economics 8). The window is
    the caller's, not the one at which excess and missing mass agree. Excess is compatible with R&D that was done, with
    expenses filed under another name, and with firms that enter the register at the notch: it tells none of them apart.
    """
    edges, is_excluded = _bins(bin_width, reach, excluded)
    values = np.asarray(distance, dtype=float)
    if np.isinf(values).any():
        raise NotEstimable(Message("models.infinite", {"names": (("distance", int(np.isinf(values).sum())),)}))
    known = ~np.isnan(values)
    codes = np.arange(int(known.sum())) if cluster is None else pd.factorize(np.asarray(cluster)[known])[0]
    place = np.searchsorted(edges, values[known], side="right") - 1
    is_inside = (place >= 0) & (place < len(edges) - 1) & (values[known] < reach)
    if is_inside.sum() < FEWEST:
        found = {"units": f"{int(is_inside.sum()):,}", "fewest": FEWEST}
        raise NotEstimable(Message("sensitivity.few_in_window", found))
    if (~is_excluded).sum() < order + 2:
        raise NotEstimable(Message("sensitivity.few_bins", {"bins": int((~is_excluded).sum()), "order": order}))
    counts = np.bincount(place[is_inside], minlength=len(edges) - 1).astype(float)
    middle = (edges[:-1] + edges[1:]) / 2
    projection = _projection(middle / reach, is_excluded, order)
    is_above = is_excluded & (middle > 0)
    is_below = is_excluded & (middle < 0)
    if not (counts @ projection.T)[is_above].sum() > 0:
        raise NotEstimable(Message("sensitivity.no_counterfactual"))
    samples = _drawn(counts, place[is_inside], codes[is_inside], int(codes.max()) + 1, cluster is None, draws,
                     np.random.default_rng(seed))  # fmt: skip
    estimates = _masses(counts[None], projection, is_above, is_below)[0]
    drawn = _masses(samples, projection, is_above, is_below)
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    table = pd.DataFrame({"term": MASSES, "estimate": estimates, "std_error": drawn.std(axis=0, ddof=1),
                          "conf_low": low, "conf_high": high})  # fmt: skip
    bins = pd.DataFrame({"lower_edge": edges[:-1], "upper_edge": edges[1:], "n_obs": counts.astype(int),
                         "counterfactual": projection @ counts, "is_excluded": is_excluded})  # fmt: skip
    warnings = () if low[2] <= 0 <= high[2] else (Message("sensitivity.mass_unbalanced"),)
    return Bunching(table, bins, int(is_inside.sum()), int((~known).sum()), order, warnings)


def _bins(bin_width: float, reach: float, excluded: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    low, high = excluded
    if not (bin_width > 0 and -reach < low < 0 < high < reach):
        raise UsageError(f"bunching: bins of {bin_width:g} in a window of {reach:g} without {low:g} to {high:g}; the "
                         "excluded part is to hold zero and to lie within the window")  # fmt: skip
    steps = [value / bin_width for value in (reach, low, high)]
    if any(abs(step - round(step)) > 1e-9 for step in steps):
        raise UsageError(f"bunching: {reach:g}, {low:g} and {high:g} are to be multiples of the width {bin_width:g}")
    whole = [round(step) for step in steps]
    numbers = np.arange(-whole[0], whole[0] + 1)
    return numbers * bin_width, (numbers[:-1] >= whole[1]) & (numbers[:-1] < whole[2])


def _projection(position: np.ndarray, is_excluded: np.ndarray, order: int) -> np.ndarray:
    """Return the matrix (bins, bins) that turns counts into the counterfactual of every bin."""
    design = np.polynomial.legendre.legvander(position, order)
    projection = np.zeros((len(position), len(position)))
    projection[:, ~is_excluded] = design @ np.linalg.pinv(design[~is_excluded])
    return projection


def _masses(counts: np.ndarray, projection: np.ndarray, is_above: np.ndarray, is_below: np.ndarray) -> np.ndarray:
    counterfactual = counts @ projection.T
    beyond = counts - counterfactual
    excess, missing = beyond[:, is_above].sum(axis=1), -beyond[:, is_below].sum(axis=1)
    return np.column_stack([excess, missing, excess - missing, excess / counterfactual[:, is_above].mean(axis=1)])


def _drawn(counts, place, codes, n_clusters, is_single, draws, rng) -> np.ndarray:
    """Return counts by bin (draws, bins) of units, or clusters, drawn again."""
    if is_single:
        # Units outside the window are drawn too, so that the number inside varies.
        share = np.append(counts, n_clusters - counts.sum()) / n_clusters
        return rng.multinomial(n_clusters, share, size=draws)[:, :-1].astype(float)
    even = np.full(n_clusters, 1 / n_clusters)
    weights = (rng.multinomial(n_clusters, even)[codes] for _ in range(draws))
    return np.array([np.bincount(place, weights=weight, minlength=len(counts)) for weight in weights])
