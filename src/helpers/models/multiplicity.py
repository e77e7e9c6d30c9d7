"""Many tests at once: fits or p values in, p values that hold for the whole declared family out.

Own plain numpy: the bootstrap's scores of every fit are at hand, and one set of weight vectors for all of them keeps
the dependence between outcomes; R's wildrwolf is the peer.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from helpers.errors import UsageError
from helpers.models.bootstrap import testable
from helpers.models.result import Result
from helpers.models.scores import linear_parts, score_part
from helpers.models.vectors import TIE, Vectors

COLUMNS = ("family", "outcome", "term", "estimate", "statistic", "p", "p_holm", "p_romano_wolf", "q_bh")


def romano_wolf(
    results: Sequence[Result],
    *,
    terms: Sequence[str] | None = None,
    families: str | Sequence[str] = "all",
    draws: Literal["enumerate"] | int = 9_999,
    seed: int | None = None,
) -> pd.DataFrame:
    """Test a coefficient of each fit and correct for their number, by wild bootstrap with draws shared by all fits.

    Parameters
    ----------
    results : sequence of Result
        Of `fit` with "ols" or "poisson" on one table, clustered by one column.
    terms : sequence of str, optional
        The coefficient of each fit; its exposure if not named.
    families : str or sequence of str
        The family of each fit; a correction is for one family.
    draws : "enumerate" or int
        As in `wild_bootstrap`, all fits' clusters taken together.
    seed : int, optional
        Of the draws; 0 if none is named.

    Returns
    -------
    DataFrame of shape (len(results), 9)
        One row a fit, in their order: family, outcome, term, estimate, statistic (clustered t or studentised score),
        p (wild bootstrap), p_holm, p_romano_wolf, q_bh.

    Raises
    ------
    UsageError
        If nothing is given, names do not match the fits in number, or the fits are not of one table and cluster.
    NotEstimable
        If a fit cannot be bootstrapped (see `wild_bootstrap`).

    Notes
    -----
    Romano & Wolf (2005, Econometrica 73; 2016, Statistics & Probability Letters 113): the p value of the j-th largest
    |t| is the share of draws, with one added above and below, whose largest |t*| among it and all smaller ones is at
    least as large, and not smaller than the one before it. Holm (1979) and Benjamini & Hochberg (1995) on the wild p.
    Rows shared by two fits tell which of their clusters are the same.
    """
    results = list(results)
    if not results:
        raise UsageError("no fits to correct for each other")
    terms = [result.exposure for result in results] if terms is None else list(terms)
    families = [families] * len(results) if isinstance(families, str) else list(families)
    if not len(terms) == len(families) == len(results):
        raise UsageError(f"{len(results)} fits, {len(terms)} terms and {len(families)} families")
    for result, term in zip(results, terms, strict=True):
        testable(result, term)
    codes, n_clusters = shared_clusters(results)
    plan = Vectors.of(n_clusters, draws, seed)
    observed, starred = np.empty(len(results)), []
    for i, (result, term) in enumerate(zip(results, terms, strict=True)):
        scores = (linear_parts(result.sample, term).at(0.0) if result.estimator == "ols"
                  else score_part(result.sample, term, 0.0))  # fmt: skip
        raw = _t(*scores.statistics(np.ones((1, len(codes[i])))))[0]
        # The largest of several t compares them: each has its small-sample factor.
        row = result.term(term)
        factor = abs(float(row["statistic"]) / raw) if result.estimator == "ols" and result.vcov == "CR1" and raw else 1
        observed[i] = raw * factor
        starred.append(factor * np.concatenate([_t(*scores.statistics(v[:, codes[i]])) for v in plan.blocks()]))
    star = np.abs(np.stack(starred, axis=1))
    frame = pd.DataFrame({
        "family": families, "outcome": [result.outcome for result in results], "term": terms,
        "estimate": [float(r.term(t)["estimate"]) for r, t in zip(results, terms, strict=True)], "statistic": observed,
    })  # fmt: skip
    frame["p"] = [plan.share(int((star[:, i] >= abs(t) * (1 - TIE)).sum())) for i, t in enumerate(observed)]
    for name in ("p_holm", "p_romano_wolf", "q_bh"):
        frame[name] = np.nan
    for family in dict.fromkeys(families):
        own = np.flatnonzero(frame["family"] == family)
        p = frame["p"].to_numpy()[own]
        frame.loc[own, "p_holm"] = holm(p)
        frame.loc[own, "p_romano_wolf"] = step_down(np.abs(observed[own]), star[:, own], plan)
        frame.loc[own, "q_bh"] = benjamini_hochberg(p)
    return frame[list(COLUMNS)]


def step_down(observed: np.ndarray, star: np.ndarray, plan: Vectors) -> np.ndarray:
    """Return Romano-Wolf p values (H,) of |t| (H,) from |t*| (B, H)."""
    order = np.argsort(-observed, kind="stable")
    # The largest of each hypothesis and of those with smaller t.
    largest = np.maximum.accumulate(star[:, order[::-1]], axis=1)[:, ::-1]
    hits = (largest >= observed[order] * (1 - TIE)).sum(axis=0)
    found = np.empty(len(observed))
    found[order] = np.maximum.accumulate([plan.share(int(count)) for count in hits])
    return found


def holm(p: np.ndarray) -> np.ndarray:
    """Return Holm's (1979, Scandinavian Journal of Statistics 6) step-down p values of `p` (H,)."""
    p = _checked(p)
    order = np.argsort(p, kind="stable")
    found = np.empty(len(p))
    found[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return found


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Return Benjamini & Hochberg's (1995, JRSS B 57) false discovery rates of `p` (H,)."""
    p = _checked(p)
    order = np.argsort(p, kind="stable")[::-1]
    found = np.empty(len(p))
    found[order] = np.minimum(1.0, np.minimum.accumulate(p[order] * len(p) / np.arange(len(p), 0, -1)))
    return found


def shared_clusters(results: Sequence[Result]) -> tuple[list[np.ndarray], int]:
    """Return for each fit the place of each of its clusters among the clusters of all, and how many these are.

    Raises
    ------
    UsageError
        If rows cannot be told apart by their index, or two fits cluster their rows in different ways.
    """
    known = pd.Series(dtype=float)
    codes: dict[int, np.ndarray] = {}
    count = 0
    # The fullest first: it ties together the clusters of those that share no rows with each other.
    for i in sorted(range(len(results)), key=lambda i: -results[i].n_obs):
        sample = results[i].sample
        if not sample.index.is_unique:
            raise UsageError("the table's index repeats: reset it, so that the rows of several fits can be matched")
        before = known.reindex(sample.index).to_numpy()
        size = int(sample.cluster.max()) + 1
        low, high = np.full(size, np.inf), np.full(size, -np.inf)
        is_known = ~np.isnan(before)
        np.minimum.at(low, sample.cluster[is_known], before[is_known])
        np.maximum.at(high, sample.cluster[is_known], before[is_known])
        own = low[np.isfinite(low)]
        if (low < high).any() or len(np.unique(own)) < len(own):
            raise UsageError(f"the fits are clustered in different ways ({results[i].cluster}): name one cluster")
        is_new = ~np.isfinite(low)
        low[is_new] = count + np.arange(is_new.sum())
        count += int(is_new.sum())
        codes[i] = low.astype(np.intp)
        fresh = pd.Series(low[sample.cluster], index=sample.index)[~is_known]
        known = fresh if known.empty else pd.concat([known, fresh])
    return [codes[i] for i in range(len(results))], count


def _t(top: np.ndarray, squares: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        t = top / np.sqrt(squares)
    # Zero over zero is as extreme as anything: it counts against rejection.
    return np.where(np.isnan(t), np.inf, t)


def _checked(p: np.ndarray) -> np.ndarray:
    p = np.asarray(p, dtype=float)
    if not ((p >= 0) & (p <= 1)).all():
        raise UsageError("p values are numbers from 0 to 1; some are not")
    return p
