"""Scores of the five forces firm by firm on several days, to stand beside a firm-year's outcomes."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import pandas as pd

from helpers import forces
from helpers.forces.firms import firm_indicators
from helpers.index.build import build
from helpers.index.classes import size_classes
from helpers.index.framework import available, framework
from helpers.params.pages import Page55

COLUMNS: Final = {
    "政治引领力": "force_political_guidance", "发展支撑力": "force_development_support",
    "先锋原动力": "force_pioneer_drive", "党建牵引力": "force_party_traction", "园区凝聚力": "force_park_cohesion",
}  # fmt: skip
AVAILABILITY: Final = Page55.model_fields["availability"].default
# Points of a score that are one standard deviation of an indicator.
STANDARD: Final = 10.0


def days_of(panel: pd.DataFrame) -> dict[int, date]:
    """Return the day of each year on which a panel looks at its firms."""
    return {int(year): day.date() for year, day in panel.groupby("year")["status_on"].first().items()}


def force_scores(tables: Mapping[str, pd.DataFrame], *, days: Mapping[int, date], minimum: int) -> pd.DataFrame:
    """Score the forces of every operating firm on the last day of each year, under the index's default choices.

    Parameters
    ----------
    tables : mapping of name to DataFrame
        Typed tables of the codebook, those about persons from the restricted layer.
    days : mapping of int to date
        Year -> day on which the firms are looked at.
    minimum : int
        Persons below which a rate is not given.

    Returns
    -------
    DataFrame
        uscc, year and one column a force (`COLUMNS`): score / 10, so that one is a standard deviation of an indicator
        among the firms of that day and size class; missing where a force was refused for want of indicators, or where
        all firms of the day have the same. No rows without the tables that tell which firms have an organisation.

    Notes
    -----
    Points are relative to the firms of the same day: within a year they compare firms, between years they do not
    measure growth.
    """
    made, frame = [], framework()
    for year, day in days.items():
        try:
            with forces.minimum_people(minimum):
                indicators = firm_indicators(tables, as_of=day)[list(frame.belongs.index)]
        except forces.MissingTable:
            break
        used, _ = available(indicators, AVAILABILITY)
        if not used:
            continue
        found = build(
            indicators[used], frame.belongs.loc[used], size_classes(tables, indicators.index, day),
            directions=frame.directions,
        )  # fmt: skip
        scores = found.forces.reindex(columns=list(COLUMNS)).rename(columns=COLUMNS)
        differing = scores.loc[:, scores.nunique() > 1]
        made.append(differing.reindex(columns=scores.columns).div(STANDARD).assign(year=year))
    if not made:
        return pd.DataFrame({"uscc": pd.Series(dtype="str"), "year": pd.Series(dtype="int64"),
                             **dict.fromkeys(COLUMNS.values(), pd.Series(dtype="float64"))})  # fmt: skip
    rows = pd.concat(made).rename_axis(index="uscc", columns=None).reset_index()
    return rows[["uscc", "year", *COLUMNS.values()]]
