"""How far firms stand from the R&D threshold of the high-tech rules: the panel in, one row a firm-year out."""

from typing import Final

import numpy as np
import pandas as pd

# 国科发火〔2016〕32号: least share of R&D in sales over three years (%), by last year's sales (万元, bound included).
SALES_BOUNDS: Final = (5_000.0, 20_000.0)
THRESHOLDS: Final = (5.0, 4.0, 3.0)
YEARS: Final = 3


def threshold_of(sales: np.ndarray) -> np.ndarray:
    """Return the least share of R&D (5, 4 or 3 %) that the rules ask of a firm with these sales (万元), shape (N,)."""
    return np.array(THRESHOLDS)[np.searchsorted(SALES_BOUNDS, sales, side="left")]


def rd_distance(panel: pd.DataFrame) -> pd.DataFrame:
    """Return each firm-year's three-year R&D share less the threshold for its sales.

    Parameters
    ----------
    panel : DataFrame
        `uscc`, `year`, `revenue_10k_cny`, `rd_expense_10k_cny`.

    Returns
    -------
    DataFrame
        Key `uscc`, `year` (the last of the three): rd_share_3y_pct, threshold_pct (5, 4 or 3), distance (percentage
        points). Firm-years without stated revenue (positive in sum) and R&D in all three years are not among them.

    Notes
    -----
    100 * sum of R&D / sum of revenue over three years. Revenue stands for sales income, and R&D as reported for R&D as
    the rules count it: both differ in the application itself.
    """
    held = panel.set_index(["uscc", "year"])[["revenue_10k_cny", "rd_expense_10k_cny"]].astype("float64")
    index, (firm, year) = held.index, (held.index.get_level_values(level) for level in ("uscc", "year"))
    earlier = [held.reindex(pd.MultiIndex.from_arrays([firm, year - back])).to_numpy() for back in range(YEARS)]
    summed = np.sum(earlier, axis=0)
    last_sales = held["revenue_10k_cny"].to_numpy()
    is_known = ~np.isnan(summed).any(axis=1) & (summed[:, 0] > 0)
    threshold = threshold_of(last_sales)
    share = 100 * summed[:, 1] / np.where(summed[:, 0] > 0, summed[:, 0], np.nan)
    found = pd.DataFrame(
        {"rd_share_3y_pct": share, "threshold_pct": threshold, "distance": share - threshold}, index=index
    )
    return found[is_known].reset_index()
