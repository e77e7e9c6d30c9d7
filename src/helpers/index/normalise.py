"""Normalisation: indicators of different units on one positive scale, better always higher."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers.index.choices import Normalisation

CENTRE, SPREAD = 100.0, 10.0
LOW, HIGH = 1.0, 100.0
REFERENCE = 0.9


def normalise(
    values: pd.DataFrame, method: Normalisation, groups: pd.Series, directions: pd.Series | None = None
) -> pd.DataFrame:
    """Put every indicator on one positive scale, within groups.

    Parameters
    ----------
    values : DataFrame, shape (N, k)
    method : {'z_score', 'min_max', 'rank', 'distance_to_reference'}
    groups : Series, shape (N,)
        Rows are compared within their group alone (year and size class).
    directions : Series, shape (k,), optional
        1 where more is better, -1 where less is; 1 by default.

    Returns
    -------
    DataFrame, shape (N, k)
        z_score: 100 + 10 * (x - mean) / standard deviation (n - 1). min_max: 1 to 100. rank: 100 * (rank - 1/2) / n,
        ties sharing their mean rank. distance_to_reference: 1 + 99 * (x - min) / (reference - min), at most 100, the
        reference being the 90th percentile (linear). All are positive, so that a geometric mean exists.

    Notes
    -----
    An indicator that is the same for all firms of a group tells none of them apart: it gets the middle of the scale
    (100 of a z-score, else 50.5; 50 of a rank). Source: OECD/JRC (2008), step 5.
    """
    signed = values.astype("float64")
    if directions is not None:
        signed = signed * directions.loc[values.columns].to_numpy(dtype=float)
    rule = _RULES[method]
    codes = pd.factorize(groups.to_numpy())[0]
    out = np.full(signed.shape, np.nan)
    for code in range(codes.max() + 1):
        rows = codes == code
        out[rows] = rule(signed[rows])
    return pd.DataFrame(out, index=values.index, columns=values.columns)


def _z_score(part: pd.DataFrame) -> pd.DataFrame:
    deviation = part - part.mean()
    return (CENTRE + SPREAD * deviation / part.std(ddof=1)).where(_differs(part), CENTRE).where(part.notna())


def _min_max(part: pd.DataFrame) -> pd.DataFrame:
    return _scaled(part, part.max())


def _rank(part: pd.DataFrame) -> pd.DataFrame:
    return 100.0 * (part.rank() - 0.5) / part.notna().sum()


def _distance(part: pd.DataFrame) -> pd.DataFrame:
    top = part.quantile(REFERENCE)
    # Where nine of ten share the lowest value, the best one is the only reference left.
    return _scaled(part, top.where(top > part.min(), part.max()))


def _scaled(part: pd.DataFrame, top: pd.Series) -> pd.DataFrame:
    low = part.min()
    scaled = (LOW + (HIGH - LOW) * (part - low) / (top - low)).clip(upper=HIGH)
    return scaled.where(_differs(part), (LOW + HIGH) / 2).where(part.notna())


def _differs(part: pd.DataFrame) -> np.ndarray:
    is_varied = (part.max() > part.min()).to_numpy()
    return np.broadcast_to(is_varied, part.shape)


_RULES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "z_score": _z_score, "min_max": _min_max, "rank": _rank, "distance_to_reference": _distance,
}  # fmt: skip
