"""The conditional logit: which rows of a stratum are ones, given how many; stratum intercepts drop out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from helpers.models.likelihood.newton import Estimate, maximise
from helpers.models.likelihood.refusals import check_terms, refusal
from helpers.models.likelihood.separation import refuse_separated
from helpers.text import Message


def clogit(
    y: np.ndarray, design: np.ndarray, names: Sequence[str], strata: np.ndarray, weights: np.ndarray
) -> Estimate:
    """Fit a logit conditional on the number of ones in each stratum; arrays as in `estimate`.

    Strata without variation in the outcome carry no information: they are left out with a count and their scores are
    zero. A stratum is one observation: its score is spread evenly over its rows, so that sums over clusters that hold
    whole strata are right.

    Notes
    -----
    Chamberlain (1980, Review of Economic Studies 47, section 3). The exact denominator and its derivatives follow the
    recursion of Gail, Lubin & Rubinstein (1981, Biometrika 68, equation 5), all strata of one shape at once.
    """
    codes = np.unique(strata, return_inverse=True)[1]
    size, ones = np.bincount(codes), np.bincount(codes, y)
    is_informative = (ones > 0) & (ones < size)
    if not is_informative.any():
        raise refusal("no_stratum_varies", strata=f"{len(size):,}")
    used = is_informative[codes]
    if any(np.ptp(weights[used & (codes == code)]) > 0 for code in _uneven(codes, weights, is_informative)):
        raise refusal("weights_in_strata")
    within = design - (_sums(codes, design) / size[:, None])[codes]
    # Rounding of a mean is no variation.
    within[:, np.abs(within[used]).max(axis=0) <= 1e-12 * np.abs(design).max(axis=0)] = 0
    check_terms(within[used], names, beside="constant_within_strata")
    blocks = _blocks(y, within, codes, ones.astype(int), size, is_informative, weights)
    notes = ()
    if not is_informative.all():
        lost = {"strata": f"{(~is_informative).sum():,}", "all": f"{len(size):,}", "rows": f"{(~used).sum():,}"}
        notes = (Message("likelihood.strata_left_out", lost),)
    varies = np.ones(len(names), dtype=bool)
    return maximise(
        _Strata(tuple(blocks), len(y)), [np.zeros(len(names))], estimator="clogit", names=names, varies=varies,
        trouble=lambda _: refuse_separated(_pairs(blocks), names, varies), notes=notes,
    )  # fmt: skip


def _sums(codes, columns):
    return np.column_stack([np.bincount(codes, column) for column in columns.T])


def _uneven(codes, weights, is_informative):
    mean = np.bincount(codes, weights) / np.bincount(codes)
    differs = np.abs(weights - mean[codes]) > 1e-12 * mean[codes]
    return np.flatnonzero((np.bincount(codes, differs) > 0) & is_informative)


@dataclass(frozen=True)
class _Block:
    """All S strata of n rows with m ones: positions (S, n), terms (S, n, K), outcomes (S, n), weights (S,).

    Where ones are the majority, zeros are counted instead: choosing m of n with odds w is leaving out n - m with 1 / w.
    """

    rows: np.ndarray
    terms: np.ndarray
    y: np.ndarray
    n_ones: int
    weights: np.ndarray

    def value(self, params):
        """Return log-likelihoods (S,), gradients (S, K), Hessians (S, K, K), without weights."""
        n_strata, n_rows, n_terms = self.terms.shape
        odds = self.terms @ params
        top = np.sort(odds, axis=1)[:, -self.n_ones :].mean(axis=1)
        weight = np.exp(odds - top[:, None])
        total = np.zeros((n_strata, self.n_ones + 1))
        total[:, 0] = 1
        first = np.zeros((n_strata, self.n_ones + 1, n_terms))
        second = np.zeros((n_strata, self.n_ones + 1, n_terms, n_terms))
        for i in range(n_rows):
            x, w = self.terms[:, i, None, :], weight[:, i, None]
            cross = first[:, :-1, :, None] * x[..., None, :]
            below = total[:, :-1, None]
            square = x[..., :, None] * x[..., None, :]
            second[:, 1:] += w[..., None, None] * (
                second[:, :-1] + cross + cross.swapaxes(2, 3) + below[..., None] * square
            )
            first[:, 1:] += w[..., None] * (first[:, :-1] + below * x)
            total[:, 1:] += w * total[:, :-1]
        all_ways = total[:, -1]
        mean = first[:, -1] / all_ways[:, None]
        each = (self.y * odds).sum(axis=1) - np.log(all_ways) - self.n_ones * top
        slope = (self.y[..., None] * self.terms).sum(axis=1) - mean
        bend = mean[:, :, None] * mean[:, None, :] - second[:, -1] / all_ways[:, None, None]
        return each, slope, bend


def _blocks(y, within, codes, ones, size, is_informative, weights) -> list[_Block]:
    order = np.argsort(codes, kind="stable")
    begins = np.concatenate([[0], np.cumsum(size)[:-1]])
    blocks = []
    for n, m in np.unique(np.column_stack([size, ones])[is_informative], axis=0).tolist():
        members = np.flatnonzero((size == n) & (ones == m))
        rows = order[begins[members][:, None] + np.arange(n)]
        is_flipped = 2 * m > n
        terms, outcome = (-within[rows], 1 - y[rows]) if is_flipped else (within[rows], y[rows])
        blocks.append(_Block(rows, terms, outcome, n - m if is_flipped else m, weights[rows[:, 0]]))
    return blocks


@dataclass(frozen=True)
class _Strata:
    blocks: tuple[_Block, ...]
    n_rows: int

    def value(self, params):
        whole, gradient, hessian = 0.0, 0.0, 0.0
        for block in self.blocks:
            each, slope, bend = block.value(params)
            whole += float(block.weights @ each)
            gradient += block.weights @ slope
            hessian += np.tensordot(block.weights, bend, axes=1)
        return whole, gradient, hessian

    def scores(self, params):
        found = np.zeros((self.n_rows, len(params)))
        for block in self.blocks:
            slope = block.weights[:, None] * block.value(params)[1]
            found[block.rows] = slope[:, None, :] / block.rows.shape[1]
        return found

    def predictors(self, params):
        return np.concatenate([(block.terms @ params).ravel() for block in self.blocks])[:, None]

    def spread(self, bread):
        found = (np.einsum("snk,kl,snl->sn", block.terms, bread, block.terms).max() for block in self.blocks)
        return float(np.sqrt(max(0.0, *found)))


def _pairs(blocks) -> np.ndarray:
    """Return every one minus every zero of its stratum: separated where no pair goes the wrong way."""
    found = []
    for block in blocks:
        for terms, y in zip(block.terms, block.y, strict=True):
            found.append((terms[y == 1][:, None, :] - terms[y == 0][None, :, :]).reshape(-1, terms.shape[1]))
    return np.concatenate(found)
