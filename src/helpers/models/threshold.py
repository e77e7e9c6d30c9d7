"""Heaping at a threshold: the density of a running variable just below and just above a cutoff.

Distances of units to a cutoff in; both densities, their difference with its interval, and an exact test of the units
next to the cutoff out.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from helpers.errors import InputError

FEWEST = 10
ORDER = 2


@dataclass(frozen=True)
class Density:
    """The density on both sides of a cutoff.

    Attributes
    ----------
    left, right : float
        Density just below and just above, per unit of the running variable.
    std_error, p_value : float
        Of their difference: bootstrap standard error, and the two-sided normal p value.
    conf_low, conf_high : float
        95 % interval of right - left.
    n_left, n_right : int
        Units within the bandwidth.
    binomial_p : float
        Exact two-sided p value of as many units above among those within a fifth of the bandwidth, at even odds; 1
        where there are none.
    near_left, near_right : int
        These units.
    bandwidth : float
    """

    left: float
    right: float
    std_error: float
    p_value: float
    conf_low: float
    conf_high: float
    n_left: int
    n_right: int
    binomial_p: float
    near_left: int
    near_right: int
    bandwidth: float

    @property
    def difference(self) -> float:
        """Return right - left."""
        return self.right - self.left


def density_at_threshold(
    distance: np.ndarray, *, bandwidth: float, draws: int = 499, seed: int, order: int = ORDER
) -> Density:
    """Compare the density of a running variable on both sides of zero.

    Parameters
    ----------
    distance : ndarray, shape (N,)
        Running variable less the cutoff; missing values are left out. Zero is above.
    bandwidth : float
        Half-width of the window, in the unit of `distance`.
    draws : int
        Bootstrap samples.
    seed : int
    order : int
        Of the local polynomial.

    Raises
    ------
    InputError
        With infinite distances, fewer than ten units on a side of the window, or a side whose units are nearly all
        alike, so that the polynomial has no slope there.

    Notes
    -----
    Each side's empirical distribution, scaled by its share of all units, is fitted by a polynomial of `order` with
    triangular weights; its slope at zero is the density: Cattaneo, Jansson & Ma (2020), eq. 3, at a given bandwidth.
    The standard error is a bootstrap's over units, not their jackknife. Equal values all get the rank of the last of
    them and each of them counts, where their program by default keeps one. Heaping is compatible with figures made to
    fit, and with firms that stop where the rule lets them: it proves neither.
    """
    known = np.sort(np.asarray(distance, dtype=float))
    known = known[~np.isnan(known)]
    infinite = int(np.isinf(known).sum())
    if infinite:
        raise InputError(f"density at a threshold: {infinite} of {len(known)} distances are infinite; set them missing")
    inside = known[np.abs(known) <= bandwidth]
    n_left, n_right = int((inside < 0).sum()), int((inside >= 0).sum())
    if min(n_left, n_right) < FEWEST:
        raise InputError(
            f"density at a threshold: {n_left} units below and {n_right} above within {bandwidth:g}; at least {FEWEST} "
            "on each side are needed: widen the bandwidth"
        )
    left, right = _sides(known, bandwidth, order)
    rng = np.random.default_rng(seed)
    drawn = [_sides(np.sort(rng.choice(known, len(known))), bandwidth, order) for _ in range(draws)]
    differences = np.array([above - below for below, above in drawn])
    difference, error = right - left, float(differences.std(ddof=1))
    if not (np.isfinite(difference) and error > 0):
        lost = int((~np.isfinite(differences)).sum())
        raise InputError(
            f"density at a threshold: units within {bandwidth:g} take too few values for a polynomial of order {order} "
            f"({lost} of {draws} samples had no slope): widen the bandwidth or lower the order"
        )
    near = inside[np.abs(inside) <= bandwidth / 5]
    above = int((near >= 0).sum())
    exact = stats.binomtest(above, len(near)).pvalue if len(near) else 1.0
    return Density(
        left, right, error, float(2 * stats.norm.sf(abs(difference) / error)), difference - 1.96 * error,
        difference + 1.96 * error, n_left, n_right, float(exact), len(near) - above, above, bandwidth,
    )  # fmt: skip


def _sides(known: np.ndarray, bandwidth: float, order: int) -> tuple[float, float]:
    return (
        _edge(known[known < 0], len(known), bandwidth, order), _edge(known[known >= 0], len(known), bandwidth, order)
    )  # fmt: skip


def _edge(side: np.ndarray, whole: int, bandwidth: float, order: int) -> float:
    """Return the slope at zero of the scaled distribution of one side (sorted)."""
    ranks = np.searchsorted(side, side, side="right") / max(len(side), 1)
    chosen = np.abs(side) <= bandwidth
    x, y = side[chosen] / bandwidth, ranks[chosen]
    if len(np.unique(x)) <= order:
        return np.nan
    weight = np.sqrt(1 - np.abs(x))
    design = np.vander(x, order + 1, increasing=True) * weight[:, None]
    slope = np.linalg.lstsq(design, y * weight, rcond=None)[0][1]
    # Over n - 1, as the authors' own program.
    return float(slope / bandwidth * len(side) / (whole - 1))
