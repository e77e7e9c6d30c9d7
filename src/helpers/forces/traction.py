"""Force 4, party-building traction (党建牵引力): grid activity, class upgrades, grades, alliance matches, spread.

Typed tables of the codebook in, one `Indicator` out; the positional parameters are the tables' names.
"""

from datetime import date
from typing import Literal

import pandas as pd
from pandas.api.typing import SeriesGroupBy

from helpers.forces import population
from helpers.forces.indicator import Indicator, ratio

CLASSES = ("孵化类", "成长类", "达标类", "示范类")
GRADES = ("较差", "一般", "较好", "良好", "优秀")
GOOD_GRADES = ("良好", "优秀")
MATCH_EVENT = "产业对接"
FIRMS_FOR_A_JOINT_ACTIVITY = 2
SMALLEST_GRID = 5


def latest_rating_year(org_ratings: pd.DataFrame, as_of: date) -> int | None:
    """Return the last year with a grade or class given on or before `as_of`; None where there is none."""
    rated = org_ratings[org_ratings["grade"].notna() | org_ratings["class"].notna()]
    known = rated["rated_on"].isna() & (rated["year"] < pd.Timestamp(as_of).year)
    years = rated.loc[known | (rated["rated_on"] <= pd.Timestamp(as_of)), "year"]
    return None if years.empty else int(years.max())


def rated_in(org_ratings: pd.DataFrame, year: int | None) -> pd.DataFrame:
    """Return the ratings of `year`, no row where `year` is None."""
    return org_ratings.iloc[:0] if year is None else org_ratings[org_ratings["year"] == year]


def active_grids(
    grids: pd.DataFrame, alliance_events: pd.DataFrame, enterprises: pd.DataFrame, *, as_of: date
) -> Indicator:
    """Compute t1, grids with a cross-firm activity (网格联建活跃率).

    Returns
    -------
    Indicator
        100 * grids with at least one activity of two firms or more / grids; percent, the quarter of `as_of` up to that
        day. Benchmark: `grid_count` (18).

    Notes
    -----
    The only activities whose number of firms is on record are the alliance's; each stands in the grid of its chairing
    firm alone, so the rate is a lower bound and a grid without one is unknown, not inactive (note). Trap: one lead firm
    can carry the whole grid, so the note gives how many of the activities the busiest chairing firm led.
    """
    day = pd.Timestamp(as_of)
    start = day.to_period("Q").start_time
    events = alliance_events[
        alliance_events["held_on"].between(start, day) & (alliance_events["firms"] >= FIRMS_FOR_A_JOINT_ACTIVITY)
    ]
    grid_of = enterprises.drop_duplicates("uscc").set_index("uscc")["grid_id"]
    grid = events["chair_uscc"].map(grid_of)
    active = grid[grid.isin(grids["grid_id"])].nunique()
    led = events["chair_uscc"].value_counts()
    count = grids["grid_id"].nunique()
    known = {"events": len(events), "active": active, "grids": count, "unknown": count - active,
             "top": int(led.max()) if len(led) else 0}  # fmt: skip
    return ratio("t1_grid_active", active, count, window="quarter", base="grids", benchmark=("grid_count",),
                 note="note_t1", note_values=known)  # fmt: skip


def class_upgrades(org_ratings: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute t2, the class upgrade rate (晋位升级率).

    Returns
    -------
    Indicator
        100 * organisations whose class rose from the year before / organisations with a class in both years and not
        in the top class (示范类) before; percent, latest rated year. Benchmark: `rating_classes`.

    Notes
    -----
    Trap: downgrades are reported in the note, those from the top class included; a ceiling binds when most are
    already at the top.
    """
    year = latest_rating_year(org_ratings, as_of)
    rank = org_ratings["class"].astype("str").map({name: place for place, name in enumerate(CLASSES)})
    ranked = org_ratings.assign(rank=rank).dropna(subset="rank")
    before = rated_in(ranked, None if year is None else year - 1).set_index("org_id")["rank"]
    both = pd.DataFrame({"before": before, "after": rated_in(ranked, year).set_index("org_id")["rank"]}).dropna()
    room = both["before"] < len(CLASSES) - 1
    rose = int((both["after"] > both["before"]).sum())
    fell = int((both["after"] < both["before"]).sum())
    return ratio("t2_upgrade", rose, int(room.sum()), window="year", base="rated_twice", benchmark=("rating_classes",),
                 note="note_t2", note_values={"fell": fell, "top": int((~room).sum())})  # fmt: skip


def graded_base(units: str = "branches", growth_items: str = "with") -> str:
    """Return the code of the base of t3 in one of its readings."""
    return f"graded_{units}_{growth_items}"


def good_or_above(
    org_ratings: pd.DataFrame,
    party_orgs: pd.DataFrame,
    *,
    as_of: date,
    units: Literal["branches", "organisations"] = "branches",
    growth_items: Literal["with", "without"] = "with",
    party_weight: float | None = None,
) -> Indicator:
    """Compute t3, the share graded good or above (良好以上占比), with and without the growth items.

    Parameters
    ----------
    units : {'branches', 'organisations'}
        Branches of any kind (支部), as the indicator is defined; or all graded organisations, committees and general
        branches and those that the register does not hold included.
    growth_items : {'with', 'without'}
        With: the grade as given. Without: regraded on the party items alone.
    party_weight : float, optional
        Share of all points that party items carry, 0-1; by default mean party score / mean total score.

    Returns
    -------
    Indicator
        100 * branches graded 良好 or 优秀 / branches graded in the latest rated year; percent, year. Benchmark:
        `rating_good_or_above_share` (82.6).

    Notes
    -----
    Regrading assumes one cut-off c for good: the lowest total (party + growth) among those graded good and not
    vetoed; an organisation is good on party items alone where its party score is at least c * `party_weight`. The
    scheme's real thresholds are unknown. Trap: outcomes must never be related to a score that contains outcomes.
    """
    rated = rated_in(org_ratings, latest_rating_year(org_ratings, as_of))
    every = rated[rated["grade"].notna()]
    branches = party_orgs.loc[party_orgs["org_type"].isin(population.BRANCHES), "org_id"]
    graded = every[every["org_id"].isin(branches)] if units == "branches" else every
    good = graded["grade"].isin(GOOD_GRADES)
    words = {"window": "year", "base": graded_base(units, growth_items), "benchmark": ("rating_good_or_above_share",)}
    if growth_items == "with":
        others = int((~every["org_id"].isin(branches)).sum())
        return ratio("t3_good", int(good.sum()), len(graded), note="note_t3", note_values={"others": others}, **words)
    vetoed = graded["veto"].fillna(False).astype(bool)
    total = graded["score_party"] + graded["score_growth"]
    scored = graded[total.notna()]
    if scored.empty or not (good & ~vetoed & total.notna()).any():
        return ratio("t3_good", 0, 0, note="note_t3_no_scores", **words)
    weight = party_weight if party_weight is not None else scored["score_party"].mean() / total.mean()
    cut = total[good & ~vetoed].min() * weight
    still_good = ~vetoed[scored.index] & (scored["score_party"] >= cut)
    return ratio("t3_good", int(still_good.sum()), len(scored), note="note_t3_without",
                 note_values={"cut": cut, "as_graded": int(good[scored.index].sum())}, **words)  # fmt: skip


def alliance_conversion(alliance_events: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute t4, the conversion of alliance matches (联盟对接转化率).

    Returns
    -------
    Indicator
        100 * matches (产业对接) with a contract amount / matches recorded up to `as_of`; percent. Benchmark:
        `alliance_members` (18).

    Notes
    -----
    The table holds no date of contract, so "within 12 months" cannot be checked; matches younger than 12 months are
    counted in the note, for they may still convert. Trap: trade between the same pairs before the alliance.
    """
    day = pd.Timestamp(as_of)
    matches = alliance_events[(alliance_events["event_type"] == MATCH_EVENT) & (alliance_events["held_on"] <= day)]
    signed = int((matches["contract_amount"] > 0).sum())
    young = int((matches["held_on"] > day - pd.DateOffset(years=1)).sum())
    return ratio("t4_alliance_conv", signed, len(matches), window="to_date", base="matches",
                 benchmark=("alliance_members",), note="note_t4", note_values={"young": young})  # fmt: skip


def within_grid_spread(org_ratings: pd.DataFrame, party_orgs: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute t5, the spread of party-work scores inside a grid (网格内差距).

    Returns
    -------
    Indicator
        Mean over grids of the 90th less the 10th percentile of `score_party`; points, latest rated year. The counts
        are the grids used (five scored organisations or more) and the grids with any score. Benchmark: none published.

    Notes
    -----
    Percentiles by linear interpolation. Trap: strong-leads-weak predicts a falling spread, so the note gives the
    spread of the year before over the grids used in both years.
    """
    year = latest_rating_year(org_ratings, as_of)
    now = _spread_by_grid(rated_in(org_ratings, year), party_orgs)
    before = _spread_by_grid(rated_in(org_ratings, None if year is None else year - 1), party_orgs)
    used = now["spread"].dropna()
    earlier = before["spread"].reindex(used.index).dropna()
    means = (earlier.mean(), used[earlier.index].mean()) if len(earlier) else None
    values = {"grids": len(earlier), "smallest": SMALLEST_GRID,
              **{word: f"{means[i]:.1f}" if means else "–" for i, word in enumerate(("before", "now"))}}  # fmt: skip
    return Indicator("t5_spread", len(used), len(now), float(used.mean()) if len(used) else None, "points", "year",
                     "grids", status="computed" if len(used) else "empty_denominator", note="note_t5",
                     note_values=values)  # fmt: skip


def percentile_spread(scores: SeriesGroupBy) -> pd.Series:
    """Return the 90th less the 10th percentile of each group's scores, missing in groups below `SMALLEST_GRID`."""
    return (scores.quantile(0.9) - scores.quantile(0.1)).where(scores.size() >= SMALLEST_GRID)


def _spread_by_grid(ratings: pd.DataFrame, party_orgs: pd.DataFrame) -> pd.DataFrame:
    grid_of = party_orgs.drop_duplicates("org_id").set_index("org_id")["grid_id"]
    scores = ratings.assign(grid=ratings["org_id"].map(grid_of)).dropna(subset=["grid", "score_party"])
    by_grid = scores.groupby("grid", observed=True)["score_party"]
    return pd.DataFrame({"spread": percentile_spread(by_grid)})
