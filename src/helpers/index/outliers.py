"""Outlier treatment: indicators with a distribution far from usable are winsorised or transformed, and it is told."""

import numpy as np
import pandas as pd
from scipy import stats

from helpers.index.choices import Outliers

# Groeneveld & Meeden's bounds as the JRC uses them: both have to be broken before anything is touched.
SKEWNESS, KURTOSIS = 2.0, 3.5
MOST_POINTS = 5
# An indicator of a few values (yes and no, a rank of four) has no outliers, only rare values.
FEWEST_VALUES = 10
CHANGES = (
    "indicator", "method", "points", "exponent", "skewness_before", "kurtosis_before", "skewness_after",
    "kurtosis_after", "low_before", "high_before", "low_after", "high_after",
)  # fmt: skip


def treat(values: pd.DataFrame, method: Outliers, *, most: int = MOST_POINTS) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Treat the indicators whose skewness and excess kurtosis are both out of bounds.

    Parameters
    ----------
    values : DataFrame, shape (N, k)
    method : {'none', 'winsorise', 'box_cox'}
    most : int
        Largest number of values that winsorising may change in one indicator.

    Returns
    -------
    treated : DataFrame, shape (N, k)
    changes : DataFrame
        One row a treated indicator: `CHANGES`. `points` counts the values moved, `exponent` is Box-Cox's.

    Notes
    -----
    Out of bounds: |skewness| >= 2 and excess kurtosis >= 3.5 (sample-corrected, G1 and G2). Winsorising moves the most
    extreme value on the skewed side to the next one until the indicator is within bounds or `most` values have moved.
    Box-Cox shifts values to be positive (the smallest to 1 % of the range) and takes the likeliest exponent.
    Source: OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 2; COINr's `winsorise`.
    """
    treated, rows = values.astype("float64"), []
    for name in [] if method == "none" else values.columns:
        before = treated[name]
        if before.nunique() <= FEWEST_VALUES or within_bounds(before):
            continue
        after, exponent = (_box_cox(before)) if method == "box_cox" else (winsorised(before, most=most), np.nan)
        treated = treated.assign(**{name: after})
        moved = int((after != before).where(before.notna(), other=False).sum())
        rows.append((name, method, moved, exponent, *_shape(before), *_shape(after), *_ends(before), *_ends(after)))
    return treated, pd.DataFrame(rows, columns=list(CHANGES))


def within_bounds(values: pd.Series) -> bool:
    """Return whether skewness or excess kurtosis is within bounds; a constant is."""
    skewness, kurtosis = _shape(values)
    return not (abs(skewness) >= SKEWNESS and kurtosis >= KURTOSIS)


def winsorised(values: pd.Series, *, most: int = MOST_POINTS) -> pd.Series:
    """Move the most extreme values to the next one until the indicator is within bounds."""
    found, moved = values.astype("float64").copy(), 0
    while moved < most and not within_bounds(found):
        is_high = _shape(found)[0] >= 0
        end = found.max() if is_high else found.min()
        at_end = found == end
        rest = found[~at_end]
        found = found.mask(at_end, rest.max() if is_high else rest.min())
        moved = int(at_end.sum())
    return found


def _box_cox(values: pd.Series) -> tuple[pd.Series, float]:
    known = values.dropna()
    shift = 0.01 * (known.max() - known.min()) - known.min() if known.min() <= 0 else 0.0
    transformed, exponent = stats.boxcox(known.to_numpy() + shift)
    return pd.Series(transformed, index=known.index).reindex(values.index), float(exponent)


def _shape(values: pd.Series) -> tuple[float, float]:
    known = values.dropna().to_numpy(dtype=float)
    if len(known) < 4 or np.ptp(known) == 0:
        return 0.0, 0.0
    return float(stats.skew(known, bias=False)), float(stats.kurtosis(known, bias=False))


def _ends(values: pd.Series) -> tuple[float, float]:
    return float(values.min()), float(values.max())
