"""Whether the organisations of a grid draw nearer to each other, and to the one that leads it.

Typed ratings, organisations and grids of the codebook in; a small table by year, and one slope with its permutation
test, out. Scores are the party items alone.
"""

import math
from collections.abc import Iterator
from datetime import date
from itertools import permutations
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.forces.traction import percentile_spread

# Below this number of grids a shuffle has too few orders to tell anything.
FEWEST_GRIDS = 5


class CatchUp(NamedTuple):
    """How scores change with the gap to the leading organisation of the grid.

    `slope`: points of change in a year for each point of gap; `low`, `high`: bounds between which the slope falls in
    95 % of shuffles of the leading organisations over the grids; `p_value`: share of shuffles (the observed one among
    them) with a slope at least as far from the mean of the shuffles; `pairs`: organisations in two consecutive years;
    `organisations`, `grids`: that they are of; `draws`: shuffles; `is_exact`: every order of the leaders was taken
    once, none drawn.
    """

    slope: float
    low: float
    high: float
    p_value: float
    pairs: int
    organisations: int
    grids: int
    draws: int
    is_exact: bool


def spread_by_year(org_ratings: pd.DataFrame, party_orgs: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Return the spread of party scores within grids, year by year.

    Returns
    -------
    DataFrame
        One row a rated year: year, grids (with five scored organisations or more), mean, lowest and highest spread
        (`spread`, `low`, `high`: 90th less 10th percentile, points).

    Notes
    -----
    Trap: grids enter and leave with their organisations, so means of different grids are compared.
    """
    scored = _scores(org_ratings, party_orgs, as_of)
    by_grid = scored.groupby(["year", "grid_id"])["score_party"]
    spread = percentile_spread(by_grid).dropna()
    found = spread.groupby("year").agg(["size", "mean", "min", "max"])
    return found.set_axis(["grids", "spread", "low", "high"], axis="columns").reset_index()


def spread_by_grid(
    org_ratings: pd.DataFrame, party_orgs: pd.DataFrame, grids: pd.DataFrame, *, as_of: date
) -> pd.DataFrame:
    """Return the spread of party scores in every grid, in its first and its last rated year, and its leader's place.

    Returns
    -------
    DataFrame
        One row a grid with scores, in order of code: grid_id, scored (organisations in the last year), first_year,
        last_year (that have five scored organisations or more), first_spread, last_spread (90th less 10th percentile,
        points; missing without such a year), change (last - first; missing where it is one year), lead_gap (the
        leading organisation's score less the median of the others in the last year; missing where it is not scored).

    Notes
    -----
    Trap: a falling spread may come from weak organisations that left, or from scores that crowd at the top.
    """
    scored = _scores(org_ratings, party_orgs, as_of)
    by_grid = scored.groupby(["grid_id", "year"])["score_party"]
    spread = percentile_spread(by_grid).dropna()
    lead = grids.dropna(subset="lead_org_id").drop_duplicates("grid_id").set_index("grid_id")["lead_org_id"]
    rows = []
    for grid, last in scored.groupby("grid_id", sort=True)["year"].max().items():
        now = scored[(scored["grid_id"] == grid) & (scored["year"] == last)].set_index("org_id")["score_party"]
        known = spread[grid] if grid in spread.index.get_level_values(0) else spread.iloc[:0].droplevel(0)
        leader = lead.get(grid)
        others = now.drop(leader, errors="ignore")
        rows.append(
            {
                "grid_id": grid,
                "scored": len(now),
                "first_year": known.index.min() if len(known) else pd.NA,
                "last_year": known.index.max() if len(known) else pd.NA,
                "first_spread": known.iloc[0] if len(known) else np.nan,
                "last_spread": known.iloc[-1] if len(known) else np.nan,
                "change": known.iloc[-1] - known.iloc[0] if len(known) > 1 else np.nan,
                "lead_gap": now[leader] - others.median() if leader in now.index and len(others) else np.nan,
            }
        )
    columns = ["grid_id", "scored", "first_year", "last_year", "first_spread", "last_spread", "change", "lead_gap"]
    return pd.DataFrame(rows, columns=columns).astype({"first_year": "Int64", "last_year": "Int64"})


def catch_up(
    org_ratings: pd.DataFrame,
    party_orgs: pd.DataFrame,
    grids: pd.DataFrame,
    *,
    as_of: date,
    draws: int = 1999,
    seed: int,
) -> CatchUp | None:
    """Relate each organisation's yearly change in score to its gap to the leading organisation of its grid.

    Parameters
    ----------
    draws : int
        Shuffles of the leading organisations over the grids. Where there are no more orders than this, each of them is
        taken once instead (six grids have 720).
    seed : int

    Returns
    -------
    CatchUp or None
        None with fewer than five grids whose leading organisation is scored.

    Notes
    -----
    Slope of change_t on lead_(t-1) - own_(t-1), years taken out. A low score tends to rise by itself (regression to the
    mean), whoever leads: the shuffles keep each organisation's own scores and give its grid another grid's leader, so
    that only what goes with the leader is tested. An association: better-run grids may have both.
    """
    scored = _scores(org_ratings, party_orgs, as_of)
    lead = grids.dropna(subset="lead_org_id").drop_duplicates("grid_id").set_index("grid_id")["lead_org_id"]
    scores = scored.set_index(["org_id", "year"])["score_party"]
    leader = scored["grid_id"].map(lead)
    own = scored[leader.notna() & (leader != scored["org_id"])]
    before = scores.reindex(pd.MultiIndex.from_arrays([own["org_id"], own["year"] - 1])).to_numpy()
    own = own.assign(before=before, change=own["score_party"].to_numpy() - before).dropna(subset="change")
    years = sorted(own["year"].unique())
    led = pd.DataFrame(
        {year: scores.reindex(pd.MultiIndex.from_arrays([lead, [year - 1] * len(lead)])).to_numpy() for year in years},
        index=lead.index,
    )
    # Only grids whose leader is scored in every year can exchange it.
    led = led.dropna()
    own = own[own["grid_id"].isin(led.index)]
    if own["grid_id"].nunique() < FEWEST_GRIDS:
        return None
    place, year = led.index.get_indexer(own["grid_id"]), np.searchsorted(years, own["year"])
    change, level, leads = own["change"].to_numpy(), own["before"].to_numpy(), led.to_numpy()

    def slope(order: np.ndarray) -> float:
        gap = leads[order][place, year] - level
        return _slope(_within(gap, year), _within(change, year))

    is_exact = math.factorial(len(leads)) <= draws
    observed = slope(np.arange(len(leads)))
    shuffled = np.array([slope(order) for order in _orders(len(leads), draws, is_exact=is_exact, seed=seed)])
    centre = shuffled.mean()
    extreme = np.abs(shuffled - centre) >= np.abs(observed - centre) - 1e-12
    low, high = np.quantile(shuffled, [0.025, 0.975])
    # The observed order is one of all orders, but none of those drawn.
    p_value = extreme.mean() if is_exact else (1 + extreme.sum()) / (1 + draws)
    return CatchUp(
        observed, float(low), float(high), float(p_value), len(own), own["org_id"].nunique(),
        own["grid_id"].nunique(), len(shuffled), is_exact,
    )  # fmt: skip


def _orders(count: int, draws: int, *, is_exact: bool, seed: int) -> Iterator[np.ndarray]:
    if is_exact:
        yield from (np.array(order) for order in permutations(range(count)))
        return
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        yield rng.permutation(count)


def _scores(org_ratings: pd.DataFrame, party_orgs: pd.DataFrame, as_of: date) -> pd.DataFrame:
    known = org_ratings[~(org_ratings["rated_on"] > pd.Timestamp(as_of)) & (org_ratings["year"] <= as_of.year)]
    grid_of = party_orgs.drop_duplicates("org_id").set_index("org_id")["grid_id"]
    found = known.assign(grid_id=known["org_id"].map(grid_of)).dropna(subset=["grid_id", "score_party"])
    return found.drop_duplicates(["org_id", "year"])[["org_id", "year", "grid_id", "score_party"]]


def _within(values: np.ndarray, year: np.ndarray) -> np.ndarray:
    """Return values less the mean of their year."""
    return values - (np.bincount(year, values) / np.maximum(np.bincount(year), 1))[year]


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    return float(x @ y / (x @ x)) if x @ x > 0 else 0.0
