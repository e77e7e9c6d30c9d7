"""Tables of the index over the years: each year ranked among its own firms, and how places move from year to year."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from helpers.index.years import agreement
from helpers.params.pages import Page55
from helpers.study import Study
from helpers.tables.index import Ranking, ranking
from helpers.tables.labels import labelled
from helpers.text import Lang, number, say

YEARS = 5


def rankings_by_day(zone: Study, values: Page55, now: Ranking) -> dict[date, Ranking]:
    """Return the index of the last `YEARS` days: ends of the years before, and the day of reference (`now`)."""
    as_of = zone.params.as_of
    last = as_of.year - 1
    ends = [date(year, 12, 31) for year in range(last - YEARS + 2, last + 1)]
    return {**{day: ranking(zone, values, on=day) for day in ends}, as_of: now}


def index_years_table(rankings: Mapping[date, Ranking], lang: Lang) -> pd.DataFrame:
    """Return, by day, firms with an index and how their places agree with those of the day before it in the table."""
    rows, before = [], None
    for day, found in rankings.items():
        scores = found.index.scores
        row = {
            "on_day": f"{day}", "firms": len(scores), "ranked": int(scores.notna().sum()),
            "n_indicators": len(found.used),
        }  # fmt: skip
        if before is not None:
            with_before = agreement(before, scores)
            row |= {"in_both": with_before.firms, "rank_correlation": with_before.correlation,
                    "other_quartile": 100 * with_before.other_quartile}  # fmt: skip
        rows.append(row)
        before = scores
    table = pd.DataFrame(rows, columns=["on_day", "firms", "ranked", "n_indicators", "in_both", "rank_correlation",
                                        "other_quartile"])  # fmt: skip
    table["in_both"] = table["in_both"].astype("Int64")
    for name, form in (("rank_correlation", ".2f"), ("other_quartile", ".0f")):
        table[name] = [None if pd.isna(value) else number(value, form) for value in table[name]]
    return labelled(table, lang)


def firm_years_sentence(rankings: Mapping[date, Ranking], firm: str, name: str, lang: Lang) -> str:
    """Say at which place of how many a firm stood on each day.

    `firm`: its unified social credit code; `name`: the firm's name.
    """
    places = []
    for day, found in rankings.items():
        ranks = found.index.ranks.dropna()
        place = f"{ranks[firm]:.0f} / {len(ranks):,}" if firm in ranks.index else say("index.no_place", lang)
        places.append(say("index.place_on", lang, day=day, place=place))
    return say("index.firm_years", lang, firm=name, places=say("pages.semicolon", lang).join(places))
