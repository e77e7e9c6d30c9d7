"""How organisations move between classes and stars: one year to the next, with intervals, and the first rise.

Typed ratings of the codebook in, small tables of counts and shares out; levels stay codes.
"""

from datetime import date
from typing import Final, Literal

import numpy as np
import pandas as pd

from helpers.forces.intervals import shares
from helpers.forces.traction import CLASSES

Scale = Literal["class", "stars"]
LEVELS: Final[dict[str, tuple]] = {"class": CLASSES, "stars": (0, 1, 2, 3, 4, 5)}


def moves(org_ratings: pd.DataFrame, *, as_of: date, scale: Scale = "class") -> pd.DataFrame:
    """Return every pair of ratings of an organisation in two consecutive years.

    Returns
    -------
    DataFrame
        Key `org_id`, `year` (the later one): before, after (places on the scale, 0 the lowest). Ratings given after
        `as_of`, and years that do not follow each other, make no pair.
    """
    ranked = _ranked(org_ratings, as_of, scale)
    later = ranked.assign(year=ranked["year"] + 1)
    both = later.merge(ranked, on=["org_id", "year"], suffixes=("_before", "_after"))
    found = both.rename(columns={"place_before": "before", "place_after": "after"})
    return found.astype({"before": int, "after": int}).sort_values(["org_id", "year"], ignore_index=True)


def _ranked(org_ratings: pd.DataFrame, as_of: date, scale: Scale) -> pd.DataFrame:
    """Return the place on the scale of every rating known by `as_of`, one a year and organisation."""
    known = org_ratings[~(org_ratings["rated_on"] > pd.Timestamp(as_of)) & (org_ratings["year"] <= as_of.year)]
    place = {level: number for number, level in enumerate(LEVELS[scale])}
    # Whole numbers with gaps come from a file as fractions.
    level = known[scale].astype("float64" if scale == "stars" else "str")
    ranked = known.assign(place=level.map(place)).dropna(subset="place")
    return ranked.drop_duplicates(["org_id", "year"])[["org_id", "year", "place"]]


def moves_by_level(org_ratings: pd.DataFrame, *, as_of: date, scale: Scale = "class") -> pd.DataFrame:
    """Return how many organisations rose, kept their level and fell, by the level that they came from.

    Returns
    -------
    DataFrame
        One row a level from which anybody came, lowest first: level (its name), n (pairs of years), rose, kept, fell,
        and the share that rose in per cent with its 95 % interval (`rose_pct`, `conf_low`, `conf_high`; missing at the
        top, where there is nowhere to rise).

    Notes
    -----
    Wilson's interval; pairs of one organisation are not independent, so it is somewhat too narrow. Trap: a ceiling
    binds when most stand at the top already.
    """
    pairs = moves(org_ratings, as_of=as_of, scale=scale)
    step = np.sign(pairs["after"] - pairs["before"])
    counted = pd.crosstab(pairs["before"], step).reindex(columns=[1, 0, -1], fill_value=0)
    counted.columns = ["rose", "kept", "fell"]
    found = counted.assign(n=counted.sum(axis="columns"))
    has_room = found.index < len(LEVELS[scale]) - 1
    share = shares(found["rose"].where(has_room), found["n"].where(has_room))
    found = pd.concat([found, share.rename(columns={"pct": "rose_pct"})], axis="columns")
    level = [str(LEVELS[scale][place]) for place in found.index]
    columns = ["n", "rose", "kept", "fell", "rose_pct", "conf_low", "conf_high"]
    return found.assign(level=level)[["level", *columns]].reset_index(drop=True)


def transition_shares(org_ratings: pd.DataFrame, *, as_of: date, scale: Scale = "class") -> pd.DataFrame:
    """Return the probabilities of moving from each level to each, all pairs of consecutive years together.

    Returns
    -------
    DataFrame
        One row a pair of levels, lowest first, of every level from which anybody came: before, after (names), count
        (pairs of years), n (pairs from the level before), pct (100 * count / n) with its 95 % interval (`conf_low`,
        `conf_high`). A move that nobody made has count 0 and an interval.

    Notes
    -----
    Row-stochastic maximum likelihood estimate of a first-order chain (Anderson & Goodman 1957). Wilson's interval for
    each cell on its own, not for a row at once; pairs of one organisation are not independent. Trap: an organisation
    that leaves the rating makes no pair.
    """
    pairs = moves(org_ratings, as_of=as_of, scale=scale)
    places = range(len(LEVELS[scale]))
    counted = pd.crosstab(pairs["before"], pairs["after"]).reindex(columns=places, fill_value=0)
    cells = counted.reset_index().melt(id_vars="before", var_name="after", value_name="count")
    cells = cells.sort_values(["before", "after"], ignore_index=True)
    cells["n"] = cells["before"].map(counted.sum(axis="columns"))
    cells = pd.concat([cells, shares(cells["count"], cells["n"])], axis="columns")
    for side in ("before", "after"):
        cells[side] = [str(LEVELS[scale][place]) for place in cells[side]]
    return cells[["before", "after", "count", "n", "pct", "conf_low", "conf_high"]]


def ceiling(org_ratings: pd.DataFrame, *, as_of: date, scale: Scale = "class") -> tuple[int, int]:
    """Return how many pairs of years began at the top, where there is nowhere to rise, and how many pairs there are."""
    pairs = moves(org_ratings, as_of=as_of, scale=scale)
    return int((pairs["before"] == len(LEVELS[scale]) - 1).sum()), len(pairs)


def upgrade_hazard(org_ratings: pd.DataFrame, *, as_of: date, scale: Scale = "class") -> pd.DataFrame:
    """Return the chance of a first rise by years since the first rating.

    Returns
    -------
    DataFrame
        One row a year since the first rating: years, at_risk (organisations rated in this year and the one before, not
        risen before and not at the top), rose, hazard in per cent with its 95 % interval (`hazard_pct`, `conf_low`,
        `conf_high`), still_pct (that have not risen by then, product of 1 - hazard).

    Notes
    -----
    Discrete-time hazard; an organisation that skips a year leaves the risk set (censored). Source: Allison (1982).
    """
    pairs = moves(org_ratings, as_of=as_of, scale=scale)
    first = _ranked(org_ratings, as_of, scale).groupby("org_id")["year"].min()
    years = pairs["year"] - first.reindex(pairs["org_id"]).to_numpy()
    pairs = pairs.assign(years=years, is_rise=pairs["after"] > pairs["before"])
    gap = pairs["years"] - pairs.groupby("org_id").cumcount() > 1
    risen = pairs.groupby("org_id")["is_rise"].transform(lambda rises: rises.shift(fill_value=False).cummax())
    at_risk = pairs[~risen & ~gap & (pairs["before"] < len(LEVELS[scale]) - 1)]
    counted = at_risk.groupby("years").agg(at_risk=("is_rise", "size"), rose=("is_rise", "sum"))
    share = shares(counted["rose"], counted["at_risk"]).rename(columns={"pct": "hazard_pct"})
    found = pd.concat([counted, share], axis="columns")
    return found.assign(still_pct=100 * (1 - found["hazard_pct"] / 100).cumprod()).reset_index()
