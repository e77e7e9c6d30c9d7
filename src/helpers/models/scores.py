"""Scores of one coefficient by cluster, at the fit that holds it at a null: what cluster bootstraps weight.

A sample of a fit in, as many numbers as there are clusters (or their square) out; the fixed effects are taken out here,
once for all weight vectors and nulls.
"""

from dataclasses import dataclass

import numpy as np

from helpers.models.demean import Absorber
from helpers.models.partial import off
from helpers.models.poisson import ppml
from helpers.models.result import Sample
from helpers.models.vectors import BLOCK


@dataclass(frozen=True, eq=False)
class Scores:
    """Numbers of a null: `own` (G,), whose weighted sum is the score, and `each` (G, G), the scores in the variance.

    Row h of `each` @ v is cluster h's score under weights v; without it the weighted `own` scores stand for them,
    about their mean.
    """

    own: np.ndarray
    each: np.ndarray | None = None

    def statistics(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return numerators (B,) and squared denominators (B,) of t under weight vectors (B, G)."""
        top = vectors @ self.own
        if self.each is not None:
            return top, ((vectors @ self.each.T) ** 2).sum(axis=1)
        clusters = len(self.own)
        squares = (vectors**2) @ self.own**2 - top**2 / clusters
        return top, np.maximum(squares, 0.0) * clusters / (clusters - 1)


@dataclass(frozen=True, eq=False)
class LinearParts:
    """Scores of the outcome and of the term itself: those of a null are the first less the null times the second."""

    outcome: Scores
    term: Scores
    spread: float

    def at(self, null: float) -> Scores:
        """Return the scores under `null`."""
        return Scores(self.outcome.own - null * self.term.own, self.outcome.each - null * self.term.each)


def linear_parts(sample: Sample, term: str) -> LinearParts:
    """Return an OLS sample's scores by cluster; the fixed effects are taken out of two columns a cluster."""
    absorber, weights, cluster = Absorber(sample.absorbed, weights=sample.weights), sample.weights, sample.cluster
    own = sample.names.index(term)
    left = absorber(np.column_stack([sample.y - sample.y.mean(), sample.design - sample.design.mean(axis=0)]))
    others = np.delete(left, [0, own + 1], axis=1)

    residual = off(others, weights)
    outcome, x = residual(left[:, 0]), residual(left[:, own + 1])
    weighted = x if weights is None else x * weights
    n_clusters, spread = int(cluster.max()) + 1, float(weighted @ x)
    spreads = np.bincount(cluster, weighted * x, n_clusters)

    def scores(column: np.ndarray) -> Scores:
        tops, each = np.bincount(cluster, weighted * column, n_clusters), np.empty((n_clusters, n_clusters))
        size = max(1, BLOCK // len(column))
        for first in range(0, n_clusters, size):
            ours = np.arange(first, min(first + size, n_clusters))
            pieces = residual(absorber(column[:, None] * (cluster[:, None] == ours)))
            for g, piece in zip(ours, pieces.T, strict=True):
                each[:, g] = np.bincount(cluster, weighted * piece, n_clusters)
        return Scores(tops, each - np.outer(spreads, tops) / spread)

    return LinearParts(scores(outcome), scores(x), spread)


def score_part(sample: Sample, term: str, null: float) -> Scores:
    """Return the efficient scores by cluster of a Poisson coefficient at the fit that holds it at `null`.

    A mean exp(null x) m has the estimating equations of y exp(-null x) with weights exp(null x) and mean m.

    Raises
    ------
    NotEstimable
        If the restricted fit does not converge.
    """
    own = sample.names.index(term)
    x = sample.design[:, own]
    others = np.delete(sample.design, own, axis=1)
    others = others - others.mean(axis=0)
    shift = np.exp(null * (x - x.mean()))
    weights = shift if sample.weights is None else shift * sample.weights
    if not sample.groups:
        others = np.column_stack([others, np.ones(len(x))])
    fitted = ppml(sample.y / shift, others, sample.groups, weights=weights)
    working = fitted.mean * weights
    absorber = Absorber(sample.groups, weights=working)
    both = absorber(np.column_stack([x - x.mean(), others]))
    left, rest = both[:, 0], both[:, 1:]
    each = off(rest, working)(left) * weights * (sample.y / shift - fitted.mean)
    return Scores(np.bincount(sample.cluster, each, int(sample.cluster.max()) + 1))
