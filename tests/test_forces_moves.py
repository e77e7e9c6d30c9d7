"""Moves between classes and stars, counted by hand."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from helpers.forces import moves

AS_OF = date(2023, 6, 30)


def ratings(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["org_id", "year", "class"])
    frame["stars"] = frame["class"].map({"孵化类": 1, "成长类": 2, "达标类": 3, "示范类": 5}).astype("Int64")
    return frame.assign(rated_on=pd.to_datetime(frame["year"].astype("str") + "-05-31"))


GIVEN = ratings(
    ("A", 2019, "孵化类"), ("A", 2020, "孵化类"), ("A", 2021, "成长类"), ("A", 2022, "示范类"), ("A", 2023, "示范类"),
    ("B", 2019, "孵化类"), ("B", 2020, "成长类"), ("B", 2022, "达标类"), ("B", 2023, "孵化类"),
    ("C", 2022, "孵化类"), ("C", 2023, "孵化类"), ("C", 2024, "示范类"),
)  # fmt: skip


def test_pairs_are_of_consecutive_years_known_by_the_day():
    found = moves.moves(GIVEN, as_of=AS_OF)
    assert found.to_numpy().tolist() == [
        ["A", 2020, 0, 0], ["A", 2021, 0, 1], ["A", 2022, 1, 3], ["A", 2023, 3, 3], ["B", 2020, 0, 1], ["B", 2023, 2, 0],
        ["C", 2023, 0, 0],
    ]  # fmt: skip


@pytest.mark.parametrize("scale", ["class", "stars", "stars as read"])
def test_moves_are_counted_by_the_level_they_start_from(scale):
    given = GIVEN.astype({"stars": "float64"}) if scale == "stars as read" else GIVEN
    scale = scale.split()[0]
    found = moves.moves_by_level(given, as_of=AS_OF, scale=scale)
    assert found[["n", "rose", "kept", "fell"]].to_numpy().tolist() == [[4, 2, 2, 0], [1, 1, 0, 0], [1, 0, 0, 1], [1, 0, 1, 0]]
    names = ["孵化类", "成长类", "达标类", "示范类"] if scale == "class" else ["1", "2", "3", "5"]
    assert found["level"].tolist() == names
    # Wilson: centre (2 + z^2/2) / (4 + z^2) = 0.5, half-width z / (4 + z^2) * sqrt(1 + z^2/4).
    z = 1.959963984540054
    half = 100 * z / (4 + z**2) * np.sqrt(1 + z**2 / 4)
    assert found.loc[0, ["rose_pct", "conf_low", "conf_high"]].tolist() == pytest.approx([50, 50 - half, 50 + half])
    # From the top nobody can rise.
    assert found.loc[3, ["rose_pct", "conf_low"]].isna().all()


def test_the_first_rise_ends_the_risk_and_a_gap_or_the_top_does_too():
    found = moves.upgrade_hazard(GIVEN, as_of=AS_OF)
    # Year 1: A, B and C at risk, B rises. Year 2: A rises, and nobody is left.
    assert found[["years", "at_risk", "rose"]].to_numpy().tolist() == [[1, 3, 1], [2, 1, 1]]
    assert found["hazard_pct"].tolist() == pytest.approx([100 / 3, 100])
    assert found["still_pct"].tolist() == pytest.approx([200 / 3, 0])


@pytest.mark.parametrize("last", ["成长类", "达标类"])
def test_an_organisation_that_skips_the_year_after_its_first_rating_is_never_at_risk(last):
    given = ratings(("A", 2019, "孵化类"), ("A", 2021, "孵化类" if last == "成长类" else "成长类"), ("A", 2022, last))
    assert moves.upgrade_hazard(given, as_of=AS_OF).empty
    assert moves.moves_by_level(given, as_of=AS_OF)["rose"].sum() == 1


def test_no_rating_makes_no_row():
    assert moves.moves_by_level(GIVEN.head(0), as_of=AS_OF).empty
    assert moves.upgrade_hazard(GIVEN.head(0), as_of=AS_OF).empty


def test_the_chances_of_a_level_add_up_and_a_move_that_nobody_made_has_an_interval():
    found = moves.transition_shares(GIVEN, as_of=AS_OF)
    # From 孵化类 four pairs: two stay, two rise one class; from 成长类 one to the top; 达标类 falls; the top stays.
    table = found.pivot_table(index="before", columns="after", values="count")
    assert table.loc["孵化类", ["孵化类", "成长类", "达标类", "示范类"]].tolist() == [2, 2, 0, 0]
    assert table.loc["达标类", "孵化类"] == table.loc["示范类", "示范类"] == table.loc["成长类", "示范类"] == 1
    assert found.groupby("before")["pct"].sum().tolist() == pytest.approx([100] * 4)
    none = found[(found["before"] == "孵化类") & (found["after"] == "示范类")].iloc[0]
    # Wilson with 0 of 4: from 0 to z^2 / (4 + z^2).
    z = 1.959963984540054
    assert none[["count", "n", "pct", "conf_low"]].tolist() == [0, 4, 0, pytest.approx(0)]
    assert none["conf_high"] == pytest.approx(100 * z**2 / (4 + z**2))
    assert moves.ceiling(GIVEN, as_of=AS_OF) == (1, 7)
    assert moves.transition_shares(GIVEN.head(0), as_of=AS_OF).empty
    assert moves.ceiling(GIVEN.head(0), as_of=AS_OF) == (0, 0)
