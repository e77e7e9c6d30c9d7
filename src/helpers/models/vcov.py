"""Standard errors of a fit with absorbed fixed effects: its working model in, covariance, degrees of freedom, rule out.

Own code, because no kept Python library gives CR2 with Satterthwaite degrees of freedom or the centred jackknife with
fixed effects absorbed; clubSandwich and summclust are the peers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.linalg import qr

from helpers.models.demean import Absorber
from helpers.models.result import NotEstimable
from helpers.text import Message

Vcov = Literal["iid", "HC1", "CR1", "CR2", "CRV3J"]
CLUSTERED = ("CR1", "CR2", "CRV3J")
# Cells of the effects that cross the clusters, written out for their leverage: 160 MB.
MOST_CELLS = 20_000_000
# Rows of a cluster whose adjustment needs an eigen-decomposition of that size.
MOST_ROWS = 3_000
# A direction of which a cluster holds all but this share cannot be estimated without it.
ALL_OF_IT = 1e-9
# Variances can differ by many powers of ten, so that only rounding tells a singular direction from a small one.
SINGULAR = 1e-13
# Of products of columns of length one, the smallest eigenvalue above which their inverse keeps twelve digits.
WELL_APART = 1e-3
FIRST_ROWS = 1_000


@dataclass(frozen=True, eq=False)
class Working:
    """The linear model that a fit is near its estimates: itself for OLS, the last weighted step for Poisson.

    Attributes
    ----------
    params : ndarray, shape (K,)
    design : ndarray, shape (N, K)
        Terms with the fixed effects taken out under `weights`; an intercept column where there are none.
    residual : ndarray, shape (N,)
        Of the working outcome; `design * weights * residual` are the scores.
    weights : ndarray, shape (N,), or None
        Of the working model: the inverse of a row's variance, up to a factor.
    variance : ndarray, shape (N,), or None
        Of a row's outcome under the working model, up to a factor: 1/weight (OLS), mean/weight (Poisson); None = equal.
    groups : tuple of ndarray of int, each (N,)
        Codes of the fixed effects.
    rank : int
        Parameters absorbed.
    is_scaled : bool
        Whether the variance has a factor to be estimated (OLS), or is the mean (Poisson).
    """

    params: np.ndarray
    design: np.ndarray
    residual: np.ndarray
    weights: np.ndarray | None
    variance: np.ndarray | None
    groups: tuple[np.ndarray, ...]
    rank: int
    is_scaled: bool

    @property
    def root(self) -> np.ndarray:
        """Square roots of the weights, shape (N,)."""
        return np.ones(len(self.residual)) if self.weights is None else np.sqrt(self.weights)

    @property
    def bread(self) -> np.ndarray:
        """Inverse of design' W design, shape (K, K)."""
        scaled = self.design if self.weights is None else self.design * self.root[:, None]
        products = scaled.T @ scaled
        size = np.sqrt(np.diag(products))
        values, vectors = np.linalg.eigh(products / size / size[:, None])
        if values[0] > WELL_APART:
            inverse = vectors / np.sqrt(values) / size[:, None]
        else:
            # Products of columns nearly alike leave too few digits.
            inverse = np.linalg.inv(np.linalg.qr(scaled, mode="r"))
        return inverse @ inverse.T

    @property
    def scores(self) -> np.ndarray:
        """Contribution of each row to the estimating equations, shape (N, K)."""
        weighted = self.residual if self.weights is None else self.residual * self.weights
        return self.design * weighted[:, None]


@dataclass(frozen=True, eq=False)
class Covariance:
    """Covariance (K, K) of the coefficients, degrees of freedom of each (K,), and the rule in words."""

    matrix: np.ndarray
    df: np.ndarray
    rule: str


def iid(work: Working) -> Covariance:
    """Return the classical covariance: s^2 (X'WX)^-1 with s^2 = e'We / (N-K) for OLS, the inverse information else."""
    free = _free(work)
    scale = float(np.sum((work.residual * work.root) ** 2)) / free if work.is_scaled else 1.0
    return Covariance(work.bread * scale, np.full(len(work.params), free), "classical, t(N-K)")


def hc1(work: Working) -> Covariance:
    """Return the sandwich over rows times N/(N-K), with t(N-K); K counts all fixed effects (MacKinnon & White 1985)."""
    free, scores = _free(work), work.scores
    meat, bread = scores.T @ scores * len(scores) / free, work.bread
    return Covariance(bread @ meat @ bread, np.full(len(bread), free), "HC1: sandwich x N/(N-K), t(N-K)")


def cr1(work: Working, cluster: np.ndarray, name: str) -> Covariance:
    """Return the sandwich over clusters times G/(G-1) (N-1)/(N-K), with t(G-1) quantiles.

    K counts the terms and the fixed effects that are not nested in the clusters: an effect each of whose values lies
    in one cluster (the cluster itself, firms in grids) costs the clustered errors no degrees of freedom. All nested
    effects together count as the one intercept. This is the default of R's fixest; Cameron & Miller (2015, JHR 50,
    section III.B) give the reason, Liang & Zeger (1986, Biometrika 73) the sandwich. Nesting is looked up in the codes
    of the rows, so that the result does not depend on the order of names or hashes.
    """
    absorbed, has_nested = counted(work.groups, cluster, work.weights, work.rank)
    return sandwich(work.bread, work.scores, cluster, name, len(work.params) + absorbed, has_nested=has_nested)


def counted(
    groups: Sequence[np.ndarray], cluster: np.ndarray, weights: np.ndarray | None, rank: int
) -> tuple[int, bool]:
    """Return how many of `rank` absorbed parameters CR1 counts, and whether an effect is nested in the clusters."""
    crossing = [codes for codes in groups if not is_nested(codes, cluster)]
    if len(crossing) == len(groups):
        return rank, False
    return (Absorber(crossing, weights=weights).rank if crossing else 1), True


def small_sample_factor(n_clusters: int, n_rows: int, n_parameters: int) -> float:
    """Return G/(G-1) (N-1)/(N-K)."""
    return n_clusters / (n_clusters - 1) * (n_rows - 1) / (n_rows - n_parameters)


def sandwich(
    bread: np.ndarray, scores: np.ndarray, cluster: np.ndarray, name: str, parameters: int, *, has_nested: bool
) -> Covariance:
    """Return CR1 from a bread (P, P) and scores (N, P), with K = `parameters`."""
    n_clusters, rows = int(cluster.max()) + 1, len(cluster)
    sums = summed(scores, cluster)
    meat = sums.T @ sums * small_sample_factor(n_clusters, rows, parameters)
    without = f", K = {parameters} without effects nested in {name}" if has_nested else ""
    rule = f"CR1 by {name}: sandwich x G/(G-1) x (N-1)/(N-K), t({n_clusters - 1}){without}"
    return Covariance(bread @ meat @ bread, np.full(len(bread), n_clusters - 1), rule)


def cr2(work: Working, cluster: np.ndarray, name: str) -> Covariance:
    """Return the bias-reduced sandwich with Satterthwaite degrees of freedom for each coefficient.

    Each cluster's residuals are multiplied by A_g with A_g (I - H_gg) A_g' = I, where H is the hat matrix of the terms
    and of all fixed effects, absorbed or not, so that the estimate is unbiased if the errors are those of the working
    model: independent with equal variance (OLS), with variances inverse to the weights (weighted OLS), equal to the
    mean (Poisson). Bell & McCaffrey (2002, Survey Methodology 28); Pustejovsky & Tipton (2018, JBES 36, equations 6 and
    11, and theorem 2 for absorbed effects). A_g is their D' B^(-1/2) D, that of clubSandwich, which for weighted models
    asks for its `inverse_var = TRUE`; singular directions have the Moore-Penrose inverse.

    Raises
    ------
    NotEstimable
        If the effects that cross the clusters have too many cells, or a cluster of a weighted model too many rows.
    """
    first, basis = _leverage(work, cluster)
    root = work.root
    towards = (work.design * root[:, None]) @ work.bread
    residual = work.residual * root
    terms = len(work.params)
    meat, own, parts = np.zeros((terms, terms)), [], []
    for rows in _by_cluster(cluster):
        codes = None if first is None else first[rows]
        if work.variance is None:
            adjust = _root_inverse(basis[rows])
        else:
            adjust = _weighted_root_inverse(basis[rows], root[rows], work.variance[rows], codes)
        adjusted = adjust(towards[rows])
        score = residual[rows] @ adjusted
        meat += np.outer(score, score)
        # Without weights the adjusted columns have no means of the first effect left to take out.
        means = 0.0 if work.variance is None else _means(adjusted, root[rows], codes)
        own.append(((adjusted - means) ** 2).sum(axis=0))
        parts.append(basis[rows].T @ adjusted)
    # Omega = diag(own) - T T' has one row a cluster; its squares are summed without writing it out.
    df = np.empty(terms)
    for k in range(terms):
        diagonal, sides = np.array([o[k] for o in own]), np.stack([p[:, k] for p in parts])
        norms = (sides**2).sum(axis=1)
        squares = (diagonal**2).sum() - 2 * (diagonal @ norms) + ((sides.T @ sides) ** 2).sum()
        df[k] = (diagonal - norms).sum() ** 2 / squares
    rule = f"CR2 by {name}: sandwich of adjusted residuals (Bell-McCaffrey), t with Satterthwaite degrees of freedom"
    return Covariance(meat, df, rule)


def crv3j(
    work: Working,
    cluster: np.ndarray,
    name: str,
    *,
    refit: Callable[[np.ndarray], np.ndarray] | None = None,
    terms: Sequence[str] = (),
) -> Covariance:
    """Return the jackknife over clusters: (G-1)/G times the sum of squares of b_(g) about their mean, with t(G-1).

    MacKinnon, Nielsen & Webb (2023, Journal of Applied Econometrics 38, "Fast and reliable jackknife and bootstrap
    methods for cluster-robust inference", equation 14); R's summclust, type CRV3J. For OLS the estimates without a
    cluster are exact and need no fit: b_(g) = b - (X'X)^-1 X_g' (I - H_gg)^-1 e_g, with H of the terms and of all fixed
    effects. For other estimators each is fitted again, to convergence, by `refit`.

    Parameters
    ----------
    refit : callable, optional
        From the rows to keep, bool (N,), to the coefficients, (K,).
    terms : sequence of str
        Names for the errors.

    Raises
    ------
    NotEstimable
        If a coefficient cannot be estimated without one of the clusters.
    """
    n_clusters = int(cluster.max()) + 1
    if refit:
        estimates = np.array([refit(cluster != g) for g in range(n_clusters)])
    else:
        estimates = _without_each(work, cluster, name, terms)
    away = estimates - estimates.mean(axis=0)
    how = "refitted without each cluster" if refit else "exact leave-one-cluster algebra"
    rule = f"CRV3J by {name}: jackknife x (G-1)/G, {how}, t({n_clusters - 1})"
    return Covariance((n_clusters - 1) / n_clusters * away.T @ away, np.full(len(work.params), n_clusters - 1), rule)


def is_nested(codes: np.ndarray, cluster: np.ndarray) -> bool:
    """Return whether all rows of each value of `codes` lie in one cluster."""
    if codes is cluster:
        return True
    of = np.empty(int(codes.max()) + 1, dtype=np.intp)
    # Most effects that are not nested show it in their first rows.
    for rows in (slice(FIRST_ROWS), slice(None)):
        of[codes[rows]] = cluster[rows]
        if (of[codes[rows]] != cluster[rows]).any():
            return False
    return True


def summed(columns: np.ndarray, codes: np.ndarray, size: int | None = None) -> np.ndarray:
    """Return columns (N, P) summed by code, (size, P); up to the largest code where no size is given."""
    size = int(codes.max()) + 1 if size is None else size
    return np.stack([np.bincount(codes, column, size) for column in columns.T], axis=1)


def _free(work: Working) -> int:
    return len(work.residual) - len(work.params) - work.rank


def _by_cluster(cluster: np.ndarray) -> Iterator[np.ndarray]:
    order = np.argsort(cluster, kind="stable")
    yield from np.split(order, np.cumsum(np.bincount(cluster))[:-1])


def _leverage(work: Working, cluster: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """Return the codes of the largest effect nested in the clusters, and a basis of all that is left of the hat matrix.

    In the model times the root of the weights, H = P + U U': P takes means within the first effect, block by cluster,
    and U (N, r) is orthonormal and orthogonal to P: the other effects and the terms with the first one taken out.
    """
    nested = [codes for codes in work.groups if is_nested(codes, cluster)]
    first = max(nested, key=lambda codes: int(codes.max())) if nested else None
    others = [codes for codes in work.groups if codes is not first]
    levels = sum(int(codes.max()) + 1 for codes in others)
    rows = len(cluster)
    if rows * levels > MOST_CELLS:
        raise NotEstimable(Message("fit.too_many_crossing", {"levels": f"{levels:,}", "rows": f"{rows:,}"}))
    root = work.root
    blocks = [np.linalg.qr(work.design * root[:, None])[0]]
    if others:
        dummies = np.concatenate([codes[:, None] == np.arange(int(codes.max()) + 1) for codes in others], axis=1)
        left = Absorber([first] if first is not None else [], weights=work.weights)(dummies) * root[:, None]
        orthonormal, triangle, _ = qr(left, mode="economic", pivoting=True)
        size = np.abs(np.diag(triangle))
        blocks.append(orthonormal[:, : int((size > ALL_OF_IT * size[0]).sum())])
    return first, np.concatenate(blocks, axis=1)


def _means(columns: np.ndarray, root: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
    """Return P_gg columns: in the weighted model, the projection on the dummies of one effect."""
    if codes is None:
        return np.zeros_like(columns)
    codes = np.unique(codes, return_inverse=True)[1]
    weight = np.bincount(codes, root**2)
    return np.stack(
        [root * (np.bincount(codes, root * column, len(weight)) / weight)[codes] for column in columns.T], axis=1
    )


def _root_inverse(basis: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return x -> (I - P - U U')^(-1/2) x of one cluster, for x without the first effect's means."""
    vectors, lengths, _ = np.linalg.svd(basis, full_matrices=False)
    left = 1 - lengths**2
    factor = np.divide(1.0, np.sqrt(left, where=left > ALL_OF_IT, out=np.ones_like(left)), out=np.zeros_like(left),
                       where=left > ALL_OF_IT) - 1  # fmt: skip
    return lambda x: x + vectors @ (factor[:, None] * (vectors.T @ x))


def _weighted_root_inverse(
    basis: np.ndarray, root: np.ndarray, variance: np.ndarray, codes: np.ndarray | None
) -> Callable[[np.ndarray], np.ndarray]:
    """Return x -> V [V (I - P - U U') V]^(-1/2) x, Pustejovsky & Tipton's A' in the weighted model, V the variances."""
    rows = len(root)
    if rows > MOST_ROWS:
        raise NotEstimable(Message("fit.large_cluster", {"rows": f"{rows:,}", "most": f"{MOST_ROWS:,}"}))
    identity = np.eye(rows)
    left = identity - _means(identity, root, codes) - basis @ basis.T
    values, vectors = np.linalg.eigh(left * variance * variance[:, None])
    is_whole = values > SINGULAR * values[-1]
    powers = np.divide(1.0, np.sqrt(values, where=is_whole, out=np.ones(rows)), out=np.zeros(rows), where=is_whole)
    return lambda x: variance[:, None] * (vectors @ (powers[:, None] * (vectors.T @ x)))


def _without_each(work: Working, cluster: np.ndarray, name: str, terms: Sequence[str]) -> np.ndarray:
    _, basis = _leverage(work, cluster)
    root, bread = work.root, work.bread
    residual, design = work.residual * root, work.design * root[:, None]
    size = np.sqrt((design**2).sum(axis=0))
    estimates = np.empty((int(cluster.max()) + 1, len(work.params)))
    needing: dict[str, int] = {}
    for g, rows in enumerate(_by_cluster(cluster)):
        vectors, lengths, _ = np.linalg.svd(basis[rows], full_matrices=False)
        left = 1 - lengths**2
        is_lost = left <= ALL_OF_IT
        # Combinations of terms and effects that are zero in all other clusters: those terms go with this one.
        held = np.abs(vectors[:, is_lost].T @ design[rows] @ bread) * size > np.sqrt(ALL_OF_IT)
        for k in np.flatnonzero(held.any(axis=0)):
            needing[terms[k]] = needing.get(terms[k], 0) + 1
        factor = np.divide(1.0, left, out=np.zeros_like(left), where=~is_lost) - 1
        adjusted = residual[rows] + vectors @ (factor * (vectors.T @ residual[rows]))
        estimates[g] = work.params - bread @ (design[rows].T @ adjusted)
    if needing:
        raise NotEstimable(Message("fit.jackknife_unidentified", {"names": tuple(needing), "cluster": name,
                                                                  "clusters": max(needing.values())}))  # fmt: skip
    return estimates
