"""Grids that draw together, on scores small enough to work by hand, and a catch-up that was planted."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from helpers.forces import catchup

AS_OF = date(2023, 6, 30)


def made(*, pull: float, grids: int = 12, firms: int = 6, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return ratings in which each organisation moves by `pull` times its gap to the leader of its grid, plus noise."""
    rng = np.random.default_rng(seed)
    rows, orgs = [], []
    for grid in range(grids):
        lead = 50 + rng.normal(0, 6)
        for firm in range(firms + 1):
            name = f"G{grid:02d}-{firm}"
            orgs.append((name, f"G{grid:02d}"))
            score = lead if firm == 0 else 45 + rng.normal(0, 3)
            for year in (2020, 2021, 2022):
                rows.append((name, year, score, f"{year}-12-01"))
                score += 0 if firm == 0 else pull * (lead - score) + rng.normal(0, 0.5)
    ratings = pd.DataFrame(rows, columns=["org_id", "year", "score_party", "rated_on"])
    leads = pd.DataFrame({"grid_id": [f"G{n:02d}" for n in range(grids)], "lead_org_id": [f"G{n:02d}-0" for n in range(grids)]})
    return ratings.assign(rated_on=pd.to_datetime(ratings["rated_on"])), pd.DataFrame(orgs, columns=["org_id", "grid_id"]), leads


def test_the_spread_of_a_year_is_the_mean_over_grids_with_enough_organisations():
    rows = [(f"A{n}", "A", 2022, float(n)) for n in range(11)] + [(f"B{n}", "B", 2022, 2.0 * n) for n in range(11)]
    rows += [(f"C{n}", "C", 2022, 100.0 * n) for n in range(4)] + [("A0", "A", 2024, 5.0)]
    frame = pd.DataFrame(rows, columns=["org_id", "grid_id", "year", "score_party"])
    ratings = frame.assign(rated_on=pd.to_datetime(frame["year"].astype("str") + "-12-01"))
    found = catchup.spread_by_year(ratings, frame[["org_id", "grid_id"]], as_of=AS_OF)
    # 0 to 10: ninth less first decile is 8; twice that in B; C has four organisations.
    assert found.to_numpy().tolist() == [[2022, 2, 12, 8, 16]]


def test_a_pull_towards_the_leader_is_found_and_its_size_with_it():
    found = catchup.catch_up(*made(pull=0.4), as_of=AS_OF, draws=199, seed=3)
    assert found.slope == pytest.approx(0.4, abs=0.03)
    assert found.p_value == pytest.approx(1 / 200)
    assert (found.pairs, found.organisations, found.grids) == (144, 72, 12)
    assert found.slope > found.high


def test_scores_that_fall_back_to_the_mean_by_themselves_are_no_catch_up():
    ratings, orgs, leads = made(pull=0.0)
    rng = np.random.default_rng(4)
    # Each year anew around the same mean: whoever was low rises, whoever leads.
    follows = ~ratings["org_id"].str.endswith("-0")
    ratings.loc[follows, "score_party"] = 45 + rng.normal(0, 3, follows.sum())
    found = catchup.catch_up(ratings, orgs, leads, as_of=AS_OF, draws=199, seed=3)
    assert found.slope > 0.1
    assert found.p_value > 0.1


def test_the_seed_repeats_the_shuffles_and_few_grids_give_none():
    given = made(pull=0.2)
    first, again = (catchup.catch_up(*given, as_of=AS_OF, draws=99, seed=5) for _ in range(2))
    assert first == again
    assert catchup.catch_up(*made(pull=0.4, grids=4), as_of=AS_OF, seed=1) is None


def test_few_grids_take_every_order_of_their_leaders_once():
    given = made(pull=0.4, grids=5)
    found = catchup.catch_up(*given, as_of=AS_OF, seed=3)
    assert (found.is_exact, found.draws) == (True, 120)
    # The observed order is one of the 120 and none is farther out.
    assert found.p_value == pytest.approx(1 / 120)
    assert found == catchup.catch_up(*given, as_of=AS_OF, seed=99)
    assert not catchup.catch_up(*given, as_of=AS_OF, draws=119, seed=3).is_exact


def test_the_spread_of_a_grid_is_told_for_its_first_and_last_year_with_five_scores():
    rows = [(f"A{n}", "A", year, factor * n) for year, factor in ((2020, 1.0), (2022, 2.0)) for n in range(11)]
    rows += [("A0", "A", 2023, 7.0), ("A1", "A", 2023, 9.0)] + [(f"B{n}", "B", 2022, float(n)) for n in range(4)]
    frame = pd.DataFrame(rows, columns=["org_id", "grid_id", "year", "score_party"])
    ratings = frame.assign(rated_on=pd.to_datetime(frame["year"].astype("str") + "-05-01"))
    orgs = frame[["org_id", "grid_id"]].drop_duplicates()
    leads = pd.DataFrame({"grid_id": ["A", "B"], "lead_org_id": ["A1", "elsewhere"]})
    found = catchup.spread_by_grid(ratings, orgs, leads, as_of=AS_OF).set_index("grid_id")
    # 0 to 10 spreads over 8 points, twice that over 16; in 2023 the leader has 9, the other one 7.
    assert found.loc["A"].tolist() == [2, 2020, 2022, 8, 16, 8, 2]
    assert found.loc["B", "scored"] == 4
    assert found.loc["B", ["first_year", "last_spread", "change", "lead_gap"]].isna().all()
    assert catchup.spread_by_grid(ratings.head(0), orgs, leads, as_of=AS_OF).empty
