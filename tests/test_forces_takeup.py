"""Take-up of policies by delay, counted by hand."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from helpers.forces import takeup
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
    found = takeup.take_up_by_delay(GIVEN, as_of=AS_OF)
    # Four hours are half a day still; five office days are 40 hours; what came after the day has not come.
    assert found[["delay", "pairs", "applied", "granted"]].to_numpy().tolist() == [
        ["half_day", 2, 1, 0], ["one_day", 1, 1, 1], ["one_week", 1, 0, 0], ["longer", 1, 0, 0], ["undelivered", 2, 0, 0],
    ]  # fmt: skip
    assert found["pct"].tolist() == [50, 100, 0, 0, 0]


def test_nothing_issued_has_no_share():
    found = takeup.take_up_by_delay(GIVEN.head(0), as_of=AS_OF)
    assert found["pairs"].tolist() == [0] * 5
    assert found[["pct", "conf_low", "conf_high"]].isna().all(axis=None)


def test_wilsons_interval_by_hand():
    found = shares(pd.Series([2, 0]), pd.Series([4, 0]))
    z = 1.959963984540054
    half = 100 * z / (4 + z**2) * np.sqrt(1 + z**2 / 4)
    assert found.loc[0].tolist() == pytest.approx([50, 50 - half, 50 + half])
    assert found.loc[1].isna().all()
