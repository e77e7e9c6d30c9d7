"""Policies and what firms make of them: how many applied, by how long the policy took to come.

Typed deliveries of the codebook in, small tables of counts and shares out.
"""

from collections.abc import Collection
from datetime import date

import numpy as np
import pandas as pd

from helpers.forces import support
from helpers.forces.intervals import shares

# Office hours: half a day, one day, one week.
DELAYS = (support.HALF_DAY_HOURS, 8.0, 40.0)
CLASSES = ("half_day", "one_day", "one_week", "longer", "undelivered")
APPLIED = ("已申报", "获批")
GRANTED = "获批"


def take_up_by_delay(
    policy_deliveries: pd.DataFrame, *, as_of: date, holidays: Collection[date] = ()
) -> pd.DataFrame:
    """Return how many policy-firm pairs led to an application, by the office hours until delivery.

    Returns
    -------
    DataFrame
        One row a class of delay (all five, in order): delay, pairs (issued up to `as_of`, with a stated outcome),
        applied (已申报 or 获批), granted (获批), and the share that applied in per cent with Wilson's 95 % interval
        (`pct`, `conf_low`, `conf_high`).

    Notes
    -----
    Classes: within 4, 8 and 40 office hours, longer, and not delivered by `as_of`. Whoever received it counts. A pair
    without a stated outcome is left out. Trap: offices deliver first to firms that apply anyway, and a policy that
    suits nobody is delivered late to everybody: the difference is an association.
    """
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    pairs = policy_deliveries[(policy_deliveries["issued_at"] < end) & policy_deliveries["applied"].notna()]
    delivered = pairs["delivered_at"].mask(pairs["delivered_at"] >= end)
    hours = support.working_hours(pairs["issued_at"], delivered, holidays=holidays)
    place = np.where(delivered.isna(), len(DELAYS) + 1, np.searchsorted(DELAYS, hours.fillna(0), side="left"))
    is_known = (hours >= 0) | delivered.isna()
    counted = pd.DataFrame(
        {
            "delay": np.array(CLASSES, dtype=object)[place],
            "pairs": 1,
            "applied": pairs["applied"].isin(APPLIED).astype(int).to_numpy(),
            "granted": (pairs["applied"] == GRANTED).astype(int).to_numpy(),
        }
    )[is_known.to_numpy()]
    found = counted.groupby("delay").sum().reindex(list(CLASSES), fill_value=0).astype(int)
    return pd.concat([found, shares(found["applied"], found["pairs"])], axis="columns").reset_index()
