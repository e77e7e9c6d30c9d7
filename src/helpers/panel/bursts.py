"""Filings around a firm's first certificate: each firm's own clock, whole years before and after the award day.

Dates of awards and filings in; filings by firm and event-year, their means, and the last year before the award against
the years before it out. Kinds of filings are never added up.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

# -1 is the year that ends the day before the award, 1 the year that begins with it; there is no year 0.
EVENT_YEARS: Final = (-4, -3, -2, -1, 1, 2)
BEFORE: Final = (-4, -3, -2)
LAST: Final = -1
FEWEST: Final = 10
# Firms that filed: a bootstrap over fewer draws the same few again and again.
FEWEST_FIRMS: Final = 5
DRAWS: Final = 1999
REFERENCE: Final = "invention"
_LEVELS = (0.025, 0.975)


def event_counts(
    awards: pd.DataFrame, filings: pd.DataFrame, spans: Mapping[str, tuple[pd.Timestamp, pd.Timestamp]]
) -> pd.DataFrame:
    """Count each firm's filings in the years before and after its award day.

    Parameters
    ----------
    awards : DataFrame
        One row a firm: uscc, awarded_on; founded_on and exit_on (blank: existed before, exists still).
    filings : DataFrame
        One row a filing and owner: kind, uscc, filed_on (registration for software).
    spans : mapping
        Kind -> first day from which, and first day from which no longer, all filings of the kind are in the register.

    Returns
    -------
    DataFrame
        Key kind, uscc, event_year (-4 … -1, 1, 2): filings, missing where the year is not observed in full.

    Notes
    -----
    Years run between exact anniversaries of the award day (29 February: the 28th). A year is observed where all of it
    lies in the kind's span and in the life of the firm: what the register cannot show yet is no zero.
    """
    parts = []
    for kind, (first, end) in spans.items():
        own = filings.loc[filings["kind"] == kind, ["uscc", "filed_on"]].dropna()
        joined = awards.merge(own, on="uscc", how="inner")
        for year in EVENT_YEARS:
            starts, ends = (awards["awarded_on"] + pd.DateOffset(years=years) for years in _bounds(year))
            is_observed = (starts >= first) & (ends <= end)
            is_observed &= ~(awards["founded_on"] > starts) & ~(awards["exit_on"] < ends)
            begins, stops = (joined["awarded_on"] + pd.DateOffset(years=years) for years in _bounds(year))
            inside = joined[(joined["filed_on"] >= begins) & (joined["filed_on"] < stops)]
            counted = awards["uscc"].map(inside["uscc"].value_counts()).fillna(0).where(is_observed)
            parts.append(pd.DataFrame({"kind": kind, "uscc": awards["uscc"], "event_year": year, "filings": counted}))
    columns = ["kind", "uscc", "event_year", "filings"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _bounds(year: int) -> tuple[int, int]:
    start = year if year < 0 else year - 1
    return start, start + 1


def event_means(counts: pd.DataFrame, *, seed: int, draws: int = DRAWS) -> pd.DataFrame:
    """Return mean filings per firm and event-year over the firms whose four years before the award are all observed.

    Parameters
    ----------
    counts : DataFrame
        From `event_counts`.
    seed : int
    draws : int
        Bootstrap samples of firms.

    Returns
    -------
    DataFrame
        Key kind, event_year: firms (those with the year observed), filings, mean (filings per firm), conf_low,
        conf_high (95 %, percentiles of a bootstrap over firms; missing with fewer than two firms).
    """
    wide, samples = _wide(counts), None
    rows = []
    for kind, held in wide.items():
        samples = _samples(len(held), seed, draws) if samples is None else samples
        held = np.where(np.isnan(held[:, : len(BEFORE) + 1]).any(axis=1)[:, None], np.nan, held)
        is_seen = ~np.isnan(held)
        firms, total = is_seen.sum(axis=0), np.nansum(held, axis=0)
        drawn = _divided(samples @ np.nan_to_num(held), samples @ is_seen.astype(float))
        for place, year in enumerate(EVENT_YEARS):
            low, high = _interval(drawn[:, place]) if firms[place] > 1 else (np.nan, np.nan)
            mean = total[place] / firms[place] if firms[place] else np.nan
            rows.append((kind, year, int(firms[place]), int(total[place]), mean, low, high))
    return pd.DataFrame(rows, columns=["kind", "event_year", "firms", "filings", "mean", "conf_low", "conf_high"])


def burst_ratios(counts: pd.DataFrame, *, seed: int, draws: int = DRAWS) -> pd.DataFrame:
    """Return how many times the mean year -4 … -2 the year before the award holds, by kind and against inventions.

    Parameters
    ----------
    counts, seed, draws
        As in `event_means`.

    Returns
    -------
    DataFrame
        One row a kind: kind; firms (with all four years observed), all_firms (with an award); earlier (filings in years
        -4 to -2), last (in year -1); ratio = last / (earlier / 3), conf_low, conf_high; against, against_low,
        against_high: that ratio over the one of inventions, both on the firms observed for both kinds (against_firms).
        95 % intervals are percentiles of a paired bootstrap over firms (a firm brings all of its years and kinds). No
        ratio with fewer than 10 filings in the four years, fewer than 5 firms that filed, or none in years -4 to -2.

    Notes
    -----
    Traps: filings grow anyway, so a ratio a little above 1 is expected without any award; the first award in the
    register need not be the firm's first; an award goes to firms that grow. It is an association in time.
    """
    wide = _wide(counts)
    width = len(BEFORE)
    rows, samples = [], None
    for kind, held in wide.items():
        samples = _samples(len(held), seed, draws) if samples is None else samples
        four = held[:, : width + 1]
        is_seen = ~np.isnan(four).any(axis=1)
        row = {"kind": kind, "firms": int(is_seen.sum()), "all_firms": len(held),
               "earlier": int(four[is_seen, :width].sum()), "last": int(four[is_seen, width].sum())}  # fmt: skip
        row |= dict(zip(("ratio", "conf_low", "conf_high"), _ratio(four, is_seen, samples)[:3], strict=True))
        if kind != REFERENCE and REFERENCE in wide:
            other = wide[REFERENCE][:, : width + 1]
            both = is_seen & ~np.isnan(other).any(axis=1)
            ratio, _, _, drawn = _ratio(four, both, samples)
            base, _, _, base_drawn = _ratio(other, both, samples)
            low, high = _interval(_divided(drawn, base_drawn))
            is_told = np.isfinite(ratio) and np.isfinite(base) and base > 0
            row |= dict(zip(("against", "against_low", "against_high"),
                            (ratio / base, low, high) if is_told else (np.nan,) * 3, strict=True))  # fmt: skip
            row["against_firms"] = int(both.sum())
        rows.append(row)
    names = ["kind", "firms", "all_firms", "earlier", "last", "ratio", "conf_low", "conf_high", "against",
             "against_low", "against_high", "against_firms"]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=names)


def _wide(counts: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return by kind the filings of each firm (rows, the same in all kinds) and event-year."""
    firms = counts["uscc"].unique()
    tables = {}
    for kind, rows in counts.groupby("kind", sort=False):
        table = rows.pivot_table(index="uscc", columns="event_year", values="filings", dropna=False, observed=True)
        tables[kind] = table.reindex(index=firms, columns=list(EVENT_YEARS)).to_numpy(dtype=float)
    return tables


def _samples(firms: int, seed: int, draws: int) -> np.ndarray:
    """Return how often each firm is drawn, shape (draws, firms)."""
    return np.random.default_rng(seed).multinomial(firms, np.full(firms, 1 / firms), size=draws).astype(float)


def _ratio(four: np.ndarray, chosen: np.ndarray, samples: np.ndarray) -> tuple[float, float, float, np.ndarray]:
    sums = np.column_stack([four[chosen][:, : len(BEFORE)].sum(axis=1), four[chosen][:, len(BEFORE)]])
    earlier, last = sums.sum(axis=0)
    drawn = samples[:, chosen] @ sums
    ratios = len(BEFORE) * _divided(drawn[:, 1], drawn[:, 0])
    if earlier + last < FEWEST or (sums.sum(axis=1) > 0).sum() < FEWEST_FIRMS or not earlier:
        return np.nan, np.nan, np.nan, np.full(len(samples), np.nan)
    return len(BEFORE) * last / earlier, *_interval(ratios), ratios


def _divided(top: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return a quotient: infinite over zero, missing for zero over zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(top) / below


def _interval(drawn: np.ndarray) -> tuple[float, float]:
    """Return the percentiles of what can be drawn; an end that is infinite is missing."""
    known = np.sort(drawn[~np.isnan(drawn)])
    if not len(known):
        return np.nan, np.nan
    # Drawn values alone, none between two of them: one may be infinite.
    low, high = np.quantile(known, _LEVELS, method="inverted_cdf")
    return tuple(float(end) if np.isfinite(end) else np.nan for end in (low, high))
