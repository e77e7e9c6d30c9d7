"""Policies on their way to firms, counted by hand."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from test_forces import table

from helpers.forces import deliveries
from helpers.forces.intervals import shares

AS_OF = date(2023, 6, 30)


def pairs(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["issued_at", "delivered_at", "applied"])
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in ("issued_at", "delivered_at")})


# 1 March 2023 is a Wednesday; office hours are 8-12 and 14-18.
GIVEN = pairs(
    ("2023-03-01 08:00", "2023-03-01 12:00", "已申报"), ("2023-03-01 08:00", "2023-03-01 09:00", "未申报"),
    ("2023-03-01 08:00", "2023-03-01 18:00", "获批"), ("2023-03-01 08:00", "2023-03-07 18:00", "未申报"),
    ("2023-03-01 08:00", "2023-03-08 09:00", "未申报"), ("2023-03-01 08:00", None, "未申报"),
    ("2023-03-01 08:00", "2023-07-01 09:00", "未申报"), ("2023-03-01 08:00", "2023-03-01 09:00", None),
    ("2023-07-01 08:00", None, "未申报"), ("2023-03-01 08:00", "2023-02-01 08:00", "获批"),
)  # fmt: skip


def test_pairs_stand_in_the_class_of_their_office_hours():
    found = deliveries.take_up_by_delay(GIVEN, as_of=AS_OF)
    # Four hours are half a day still; five office days are 40 hours; what came after the day has not come.
    assert found[["delay", "pairs", "applied", "granted"]].to_numpy().tolist() == [
        ["half_day", 2, 1, 0], ["one_day", 1, 1, 1], ["one_week", 1, 0, 0], ["longer", 1, 0, 0], ["undelivered", 2, 0, 0],
    ]  # fmt: skip
    assert found["pct"].tolist() == [50, 100, 0, 0, 0]


def test_nothing_issued_has_no_share():
    found = deliveries.take_up_by_delay(GIVEN.head(0), as_of=AS_OF)
    assert found["pairs"].tolist() == [0] * 5
    assert found[["pct", "conf_low", "conf_high"]].isna().all(axis=None)


def test_wilsons_interval_by_hand():
    found = shares(pd.Series([2, 0]), pd.Series([4, 0]))
    z = 1.959963984540054
    half = 100 * z / (4 + z**2) * np.sqrt(1 + z**2 / 4)
    assert found.loc[0].tolist() == pytest.approx([50, 50 - half, 50 + half])
    assert found.loc[1].isna().all()


def test_delivery_by_month_keeps_the_undelivered():
    pairs = table("policy_deliveries", [
        {"policy_id": "1", "uscc": "A", "issued_at": "2023-05-08 09:00", "delivered_at": "2023-05-08 10:00",
         "received_by": "企业负责人"},
        {"policy_id": "2", "uscc": "A", "issued_at": "2023-05-09 09:00"},
        {"policy_id": "3", "uscc": "A", "issued_at": "2023-05-10 09:00", "delivered_at": "2023-05-11 10:00",
         "received_by": "企业负责人"},
        {"policy_id": "4", "uscc": "A", "issued_at": "2023-06-12 09:00"},
    ])  # fmt: skip
    found = deliveries.delivery_by_month(pairs, as_of=AS_OF)
    assert found[["issued", "delivered", "within_half_day"]].to_numpy().tolist() == [[3, 2, 1], [1, 0, 0]]
    assert found["share_pct"].tolist() == pytest.approx([100 / 3, 0])
    assert deliveries.delivery_by_month(pairs.head(0), as_of=AS_OF).empty


def test_the_curve_keeps_the_undelivered_and_what_somebody_else_received():
    received = ["企业负责人", "中层", "企业负责人", "企业负责人", "中层", None, "企业负责人", None, None, "企业负责人"]
    curve = deliveries.delivery_curve(GIVEN.assign(received_by=received), as_of=AS_OF)
    # Of the ten the ninth is issued later and the last delivered before its issue. Hours: 4, 1, 8, 40, 41, -, -, 1.
    assert curve["pairs"].unique().tolist() == [8]
    found = deliveries.delivered_within(curve, hours=(0, 1, 4, 8, 40, 41)).set_index(["receiver", "hours"])
    share = found["delivered_share"]
    assert [share["anyone", hours] for hours in (0, 1, 4, 8, 40, 41)] == pytest.approx(
        [0, 2 / 8, 3 / 8, 4 / 8, 5 / 8, 6 / 8]
    )
    # To the person in charge: 4, 8 and 40 hours; whom somebody else signed for stays in the eight.
    assert [share["in_charge", hours] for hours in (1, 4, 8, 40, 41)] == pytest.approx([0, 1 / 8, 2 / 8, 3 / 8, 3 / 8])
    last = found.loc[("anyone", 4)]
    assert last["conf_low"] < last["delivered_share"] < last["conf_high"]


def test_what_is_issued_shortly_before_the_day_is_censored_and_not_counted_as_late():
    rows = pairs(("2023-06-30 08:00", None, None), ("2023-06-30 08:00", None, None), ("2023-06-29 08:00", None, None),
                 ("2023-06-28 08:00", "2023-06-29 18:00", None))  # fmt: skip
    curve = deliveries.delivery_curve(rows.assign(received_by="企业负责人"), as_of=AS_OF)
    last = deliveries.delivered_within(curve, hours=(15, 16)).query("receiver == 'anyone'")
    # After 16 office hours two are at risk still (the third has waited 16, too), one of them is delivered.
    assert last["delivered_share"].tolist() == pytest.approx([0, 1 / 2])
