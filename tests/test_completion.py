"""Truncated months completed: a triangle by hand, and how often the interval holds what the register hides."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from helpers.models import completion
from helpers.models.completion import completed_months, delay_triangle, visible_by_delay
from helpers.outcomes import LAG_MONTHS, last_complete_month
from helpers.params.model import Calibration
from helpers.simulate import innovation, organisations
from helpers.simulate.firms import population
from helpers.simulate.scenarios import scenario_named

JUNE = date(2023, 6, 1)


def filings(*rows: tuple[str, str | None, int]) -> tuple[pd.Series, pd.Series]:
    """Return filing and visibility days, each pair so many times."""
    filed, visible = zip(*[(filed, visible) for filed, visible, times in rows for _ in range(times)], strict=True)
    return pd.Series(pd.to_datetime(list(filed))), pd.Series(pd.to_datetime(list(visible)))


# Filed in April, May and June 2023: visible after 0, 1 and 2 months, as far as June has them.
TINY = filings(
    ("2023-04-03", "2023-04-20", 2), ("2023-04-30", "2023-05-01", 4), ("2023-04-10", "2023-06-30", 2),
    ("2023-05-05", "2023-05-31", 3), ("2023-05-05", "2023-06-01", 3), ("2023-06-02", "2023-06-09", 4),
    # No delay fits: visible before filing, after the last month, or never; and two filed outside of the window.
    ("2023-05-05", "2023-04-30", 1), ("2023-05-05", "2023-07-01", 1), ("2023-06-05", None, 1),
    ("2023-03-31", "2023-04-30", 1), ("2023-07-01", "2023-07-02", 1),
)  # fmt: skip


def test_filings_are_counted_by_months_reached_and_months_taken():
    triangle, unknown = delay_triangle(*TINY, last_month=JUNE, window=3)
    assert triangle.tolist() == [[4, 0, 0], [3, 3, 0], [2, 4, 2]]
    assert unknown.tolist() == [1, 2, 0]


def test_the_share_visible_by_delay_is_the_product_of_reverse_hazards():
    triangle, _ = delay_triangle(*TINY, last_month=JUNE, window=3)
    # g(2) = 2 of the 8 of April; g(1) = 7 of the 6 + 6 of April and May visible within a month.
    assert visible_by_delay(triangle).tolist() == pytest.approx([0.75 * 5 / 12, 0.75, 1])
    several = np.stack([triangle, triangle])
    assert visible_by_delay(several).shape == (2, 3)


def test_visible_filings_are_divided_by_the_share_that_is_visible_by_then(monkeypatch):
    monkeypatch.setattr(completion, "FEWEST", 10)
    found = completed_months(*TINY, last_month=JUNE, last_complete=date(2023, 4, 1), seed=1, window=3)
    assert found["month"].tolist() == [pd.Timestamp("2023-05-01"), pd.Timestamp("2023-06-01")]
    assert found["delay_reached"].tolist() == [1, 0] and found["visible"].tolist() == [6, 4]
    assert found["visible_share"].tolist() == pytest.approx([0.75, 0.3125])
    assert found["modelled"].tolist() == pytest.approx([8, 12.8])
    assert (found["conf_low"] <= found["modelled"]).all() and (found["modelled"] <= found["conf_high"]).all()


def test_filings_of_complete_months_without_a_delay_raise_what_is_modelled(monkeypatch):
    monkeypatch.setattr(completion, "FEWEST", 10)
    filed, visible = TINY
    more = pd.concat([filed, pd.Series([pd.Timestamp("2023-04-05")] * 2)], ignore_index=True)
    blank = pd.concat([visible, pd.Series([pd.NaT] * 2)], ignore_index=True)
    found = completed_months(more, blank, last_month=JUNE, last_complete=date(2023, 4, 1), seed=1, window=3)
    # Of ten filings in April eight state a delay.
    assert found["modelled"].tolist() == pytest.approx([10, 16])


def test_a_month_below_the_floor_and_too_few_filings_get_no_number(monkeypatch):
    none = completed_months(*TINY, last_month=JUNE, last_complete=date(2023, 4, 1), seed=1, window=3)
    assert none["visible"].tolist() == [6, 4] and none.iloc[:, 3:].isna().all(axis=None)
    monkeypatch.setattr(completion, "FEWEST", 10)
    high = completed_months(*TINY, last_month=JUNE, last_complete=date(2023, 4, 1), seed=1, window=3, floor=0.5)
    assert high["modelled"].notna().tolist() == [True, False] == high["conf_high"].notna().tolist()
    assert high["visible_share"].notna().all()
    empty = pd.Series([], dtype="datetime64[us]")
    assert len(completed_months(empty, empty, last_month=JUNE, last_complete=date(2023, 4, 1), seed=1)) == 2


def test_the_same_seed_gives_the_same_interval():
    first, again, other = (drawn(7).pipe(modelled, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_series_equal(first["modelled"], other["modelled"])
    assert not first["conf_high"].equals(other["conf_high"])


def drawn(seed: int) -> pd.DataFrame:
    """Return filings of five years, about 30 a month, half visible after 5 months and all after 11."""
    rng = np.random.default_rng(seed)
    month = np.repeat(np.arange(60), rng.poisson(30, 60))
    delay = rng.choice(np.arange(12), len(month), p=np.array([1, 2, 4, 8, 16, 20, 16, 12, 9, 6, 4, 2]) / 100)
    first = np.datetime64("2018-07", "M")
    return pd.DataFrame({"filed_on": first + month, "visible_on": first + month + delay}).astype("datetime64[us]")


def modelled(rows: pd.DataFrame, *, seed: int = 0, **options: float) -> pd.DataFrame:
    shown = rows["visible_on"].mask(rows["visible_on"] > "2023-06-30")
    seen = rows[shown.notna()]
    return completed_months(seen["filed_on"], seen["visible_on"], last_month=JUNE, last_complete=date(2022, 6, 1),
                            seed=seed, **options)  # fmt: skip


def held(found: pd.DataFrame, truth: pd.Series) -> pd.DataFrame:
    """Return months with a number beside the filings there were."""
    told = found.dropna(subset="modelled")
    truth = truth.reindex(told["month"]).fillna(0).to_numpy()
    return told.assign(truth=truth, is_held=(told["conf_low"] <= truth) & (truth <= told["conf_high"]))


def test_the_interval_holds_the_filings_as_often_as_it_says():
    found = []
    for seed in range(100):
        rows = drawn(seed)
        truth = rows.groupby(rows["filed_on"].dt.to_period("M").dt.to_timestamp()).size()
        found.append(held(modelled(rows, seed=seed, draws=299), truth))
    found = pd.concat(found)
    # Eight months a seed have a share above 0.2; where little is hidden, whole numbers make an interval wide.
    assert len(found) == 800
    hidden = found[found["visible_share"] < 0.8]
    assert 0.92 <= hidden["is_held"].mean() <= 0.98
    assert found["is_held"].mean() >= 0.95
    assert found["modelled"].sum() == pytest.approx(found["truth"].sum(), rel=0.02)


def register(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return all filings of a synthetic zone, and the patents its register shows."""
    plan, readings = scenario_named("null"), Calibration()
    people = population(seed, 500)
    filed = innovation.filings(seed, people, organisations.assign(seed, people, plan, readings), plan, readings)
    return filed.events, innovation.patents(seed, people, filed)["patents"]


def test_completion_comes_near_the_filings_that_the_synthetic_register_does_not_show():
    found = []
    for seed in range(25):
        events, patents = register(seed)
        for place, (name, kind) in enumerate([("utility", "实用新型"), ("design", "外观设计")], start=1):
            seen = patents[patents["patent_type"] == kind]
            rows = completed_months(
                seen["filed_on"], seen["granted_on"], last_month=JUNE, seed=seed, draws=299,
                last_complete=last_complete_month(date(2023, 6, 30), LAG_MONTHS[name]),
            )  # fmt: skip
            days = events.loc[events["type"] == place, "filed_on"]
            truth = days.groupby(days.dt.to_period("M").dt.to_timestamp()).size()
            found.append(held(rows, truth))
    found = pd.concat(found)
    # Granted after 6, 7 or 8 months: October to December 2022 get a number, no later month does.
    assert found["month"].dt.strftime("%Y-%m").value_counts().to_dict() == dict.fromkeys(
        ("2022-10", "2022-11", "2022-12"), 50
    )
    partly = found[found["visible_share"] < 1]
    # Measured: 96 % of these 100 intervals, 95 % of the 400 of 100 seeds.
    assert partly["is_held"].mean() >= 0.9
    assert partly["modelled"].sum() == pytest.approx(partly["truth"].sum(), rel=0.06)
    # What is visible alone falls short by half.
    assert partly["visible"].sum() < 0.6 * partly["truth"].sum()
    whole = found[found["visible_share"] == 1]
    assert (whole["modelled"] == whole["truth"]).all()


def test_inventions_published_after_eighteen_months_get_no_number_before():
    _, patents = register(3)
    seen = patents[patents["patent_type"] == "发明"]
    found = completed_months(seen["filed_on"], seen["published_on"], last_month=JUNE, seed=1,
                             last_complete=last_complete_month(date(2023, 6, 30), 18))  # fmt: skip
    assert len(found) == 18 and found["modelled"].isna().all() and (found["visible_share"] == 0).all()
