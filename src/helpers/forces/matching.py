"""Pairs of similar cases: each treated one with one of a pool, at the least total distance."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment


def nearest_pairs(
    treated: pd.DataFrame, pool: pd.DataFrame, *, exact: Sequence[str] = (), on: Sequence[str]
) -> pd.DataFrame:
    """Pair every treated case with one of the pool that agrees with it in `exact` and is near to it in `on`.

    Parameters
    ----------
    treated, pool : DataFrame, shapes (n, k) and (m, k)
        Indexed by a code; no code in both. Cases with a missing value in `exact` or `on` find no partner.
    exact : sequence of str
        Columns in which both of a pair are equal.
    on : sequence of str
        Columns of numbers.

    Returns
    -------
    DataFrame
        One row a pair, in order of the treated: treated, partner (codes), distance (standard deviations of `on` over
        treated and pool). A treated case without a partner of its own stratum has no row; nobody is a partner twice.

    Notes
    -----
    Optimal matching without replacement: the sum of Euclidean distances between standardised values is least. Source:
    Rosenbaum (1989), JASA 84:1024, by scipy's linear_sum_assignment.
    """
    columns = [*exact, *on]
    treated, pool = (frame.dropna(subset=columns).sort_index() for frame in (treated, pool))
    both = pd.concat([treated[list(on)], pool[list(on)]]).astype(float)
    spread = both.std(ddof=0).replace(0.0, 1.0).to_numpy()
    partners_of = dict(_strata(pool, exact))
    pairs = []
    for key, cases in _strata(treated, exact):
        partners = partners_of.get(key, pool.iloc[:0])
        left, right = (frame[list(on)].to_numpy(dtype=float) / spread for frame in (cases, partners))
        distance = np.sqrt(((left[:, None, :] - right[None, :, :]) ** 2).sum(axis=2))
        case, partner = linear_sum_assignment(distance)
        pairs += zip(cases.index[case], partners.index[partner], distance[case, partner], strict=True)
    found = pd.DataFrame(pairs, columns=["treated", "partner", "distance"])
    return found.sort_values("treated", ignore_index=True)


def _strata(frame: pd.DataFrame, exact: Sequence[str]) -> Iterator[tuple[tuple, pd.DataFrame]]:
    """Yield the groups of cases that agree in `exact`, all of them where it names no column."""
    yield from frame.groupby(list(exact), observed=True) if exact else [((), frame)]
