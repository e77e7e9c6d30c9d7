"""Filings that are not visible yet: how long a filing takes to show, and how many of recent months are still to come.

Dates of filings in, one row a truncated month out. What comes out is modelled: it stands apart from counts.
"""

from datetime import date
from typing import Final

import numpy as np
import pandas as pd

WINDOW_MONTHS: Final = 60
FLOOR: Final = 0.2
FEWEST: Final = 30
DRAWS: Final = 999
COLUMNS: Final = ("month", "delay_reached", "visible", "visible_share", "modelled", "conf_low", "conf_high")
# A share this small has no months of its own above the floor; it only keeps a rare draw from dividing by zero.
_LEAST = 1e-3


def delay_triangle(
    filed_on: pd.Series, visible_on: pd.Series, *, last_month: date, window: int = WINDOW_MONTHS
) -> tuple[np.ndarray, np.ndarray]:
    """Count filings by the months they have had to become visible, and by the months they took.

    Parameters
    ----------
    filed_on, visible_on : Series of datetime, shape (N,)
        Day of filing, and day on which it became visible (published or granted); blank where it has not or is unknown.
    last_month : date
        A day of the last calendar month that was over at the extract: nothing later is used.
    window : int
        Filings of so many months up to `last_month` count.

    Returns
    -------
    triangle : ndarray of int, shape (window, window)
        Filings by months from the month of filing to `last_month` (down) and to that of becoming visible (across).
    unknown : ndarray of int, shape (window,)
        Filings without a day of becoming visible that fits: blank, before filing, or after `last_month`.
    """
    filed, visible = (pd.to_datetime(days).dt.year * 12 + pd.to_datetime(days).dt.month for days in
                      (filed_on, visible_on))  # fmt: skip
    age = (last_month.year * 12 + last_month.month - filed).to_numpy(dtype=float, na_value=np.nan)
    delay = (visible - filed).to_numpy(dtype=float, na_value=np.nan)
    is_inside = (age >= 0) & (age < window)
    is_known = is_inside & (delay >= 0) & (delay <= age)
    triangle = np.zeros((window, window), dtype=np.int64)
    np.add.at(triangle, (age[is_known].astype(int), delay[is_known].astype(int)), 1)
    unknown = np.bincount(age[is_inside & ~is_known].astype(int), minlength=window)
    return triangle, unknown


def visible_by_delay(triangle: np.ndarray) -> np.ndarray:
    """Estimate the share of filings that is visible after each number of months, truncation allowed for.

    Parameters
    ----------
    triangle : ndarray, shape (..., window, window)
        From `delay_triangle`; leading axes are samples.

    Returns
    -------
    ndarray, shape (..., window)
        F(d): share visible within d months, 0-1, of what becomes visible within the longest delay seen.

    Notes
    -----
    F(d) is the product over k > d of 1 - g(k), where g(k) = filings visible after exactly k months / filings visible
    within k months, both among filings old enough to show a delay of k (the reverse hazard): Kalbfleisch & Lawless
    (1989), Lawless (1994), the chain ladder of Mack (1993). Trap: delays are taken to be the same in all months of the
    window; where they grow, what is modelled is too low.
    """
    window = triangle.shape[-1]
    is_old = np.tri(window, dtype=bool)
    exactly = (triangle * is_old).sum(axis=-2)
    within = (np.cumsum(triangle, axis=-1) * is_old).sum(axis=-2)
    hazard = np.divide(exactly, within, out=np.zeros(exactly.shape), where=within > 0)
    left = np.cumprod(1 - hazard[..., ::-1], axis=-1)[..., ::-1]
    return np.concatenate([left[..., 1:], np.ones((*left.shape[:-1], 1))], axis=-1)


def completed_months(
    filed_on: pd.Series, visible_on: pd.Series, *, last_month: date, last_complete: date, seed: int,
    window: int = WINDOW_MONTHS, floor: float = FLOOR, draws: int = DRAWS,
) -> pd.DataFrame:  # fmt: skip
    """Model how many filings of each truncated month there are, visible or not.

    Parameters
    ----------
    filed_on, visible_on, last_month, window
        As in `delay_triangle`; filings of one patent type.
    last_complete : date
        A day of the last month whose filings count as all visible; the months after it are modelled.
    seed : int
    floor : float
        Least share visible for a month to get a number, 0-1.
    draws : int
        Bootstrap samples.

    Returns
    -------
    DataFrame
        One row a truncated month, oldest first: month (first day), delay_reached (months it has had), visible (filings
        seen with a known delay), visible_share (0-1), modelled (filings), conf_low, conf_high (filings, 95 % prediction
        interval). The last three are missing below `floor`, all four with fewer than 30 filings of known delay.

    Notes
    -----
    modelled = visible / (q F(d)): F as in `visible_by_delay`, d the months reached, q the share of the filings of
    complete months that state a delay, so that the number is on the scale of the counts of complete months. The
    interval adds two sources: F and q over a bootstrap of filings, and the filings still hidden, which given F are
    negative binomial (visible + 1/2, q F): binomial visibility with Jeffreys' prior on the month's rate.
    Traps: delays are taken not to change over time, and an interval says nothing of a change in the office's practice.
    Where some filings take longer than the lag after which a month counts as complete, what is modelled holds them and
    the counts do not.
    """
    triangle, unknown = delay_triangle(filed_on, visible_on, last_month=last_month, window=window)
    truncated = (last_month.year - last_complete.year) * 12 + last_month.month - last_complete.month
    ages = np.arange(truncated)[::-1]
    start = pd.Timestamp(last_month).to_period("M")
    rows = pd.DataFrame({"month": [(start - int(age)).to_timestamp() for age in ages], "delay_reached": ages,
                         "visible": triangle.sum(axis=1)[ages]})  # fmt: skip
    known, lost = int(triangle[truncated:].sum()), int(unknown[truncated:].sum())
    if triangle.sum() < FEWEST or not known:
        return rows.assign(**dict.fromkeys(COLUMNS[3:], np.nan))
    share = visible_by_delay(triangle)[ages]
    rng = np.random.default_rng(seed)
    cells = rng.multinomial(triangle.sum(), triangle.ravel() / triangle.sum(), size=draws)
    drawn = visible_by_delay(cells.reshape(draws, window, window))[:, ages]
    stated = known / (known + lost)
    stated_drawn = rng.binomial(known + lost, stated, size=draws) / (known + lost)
    chance = np.clip(drawn * stated_drawn[:, None], _LEAST, 1)
    visible = rows["visible"].to_numpy()
    whole = visible + rng.negative_binomial(visible + 0.5, chance)
    low, high = np.quantile(whole, [0.025, 0.975], axis=0, method="inverted_cdf")
    is_told = share >= floor
    return rows.assign(
        visible_share=share,
        modelled=np.where(is_told, visible / np.where(is_told, share * stated, 1), np.nan),
        conf_low=np.where(is_told, low, np.nan),
        conf_high=np.where(is_told, high, np.nan),
    )
