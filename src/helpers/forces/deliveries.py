"""Policies on their way to firms: how many arrive and when, and what firms make of them.

Typed deliveries of the codebook in, small tables of counts and shares out. An undelivered pair is never dropped.
"""

from collections.abc import Collection, Sequence
from datetime import date

import numpy as np
import pandas as pd

from helpers.forces import services, support
from helpers.forces.intervals import shares

# Office hours: half a day, one day, one week.
DELAYS = (support.HALF_DAY_HOURS, 8.0, 40.0)
CLASSES = ("half_day", "one_day", "one_week", "longer", "undelivered")
APPLIED = ("已申报", "获批")
GRANTED = "获批"
IN_CHARGE = support.PERSON_IN_CHARGE
RECEIVERS = ("anyone", "in_charge")


def delivery_by_month(policy_deliveries: pd.DataFrame, *, as_of: date, holidays: Collection[date] = ()) -> pd.DataFrame:
    """Count policy-firm pairs by month of issue: issued, delivered, within half a day to the person in charge.

    Returns
    -------
    DataFrame
        One row a month: month (`2023-06`), issued, delivered, within_half_day (pairs), share_pct of the pairs issued:
        an undelivered pair stays in the denominator.
    """
    pairs = policy_deliveries[policy_deliveries["issued_at"].dt.normalize() <= pd.Timestamp(as_of)]
    counted = pd.DataFrame(
        {
            "month": pairs["issued_at"].dt.strftime("%Y-%m"),
            "issued": 1,
            "delivered": pairs["delivered_at"].notna().astype(int),
            "within_half_day": support.within_half_day(pairs, holidays=holidays).astype(int),
        }
    )
    found = counted.groupby("month").sum().reset_index()
    return found.assign(share_pct=100 * found["within_half_day"] / found["issued"])


def delivery_curve(policy_deliveries: pd.DataFrame, *, as_of: date, holidays: Collection[date] = ()) -> pd.DataFrame:
    """Estimate the share of policy-firm pairs that are delivered, by office hours since the policy was issued.

    Returns
    -------
    DataFrame
        One row a receiver and time, from hour 0: receiver (`anyone`, or `in_charge`: the firm's person in charge),
        hours (office hours), delivered_share (0-1) with its pointwise 95 % interval (`conf_low`, `conf_high`), at_risk
        (pairs), pairs (issued up to `as_of`, with a possible delivery time).

    Notes
    -----
    One less the Kaplan-Meier curve of pairs not delivered yet: those undelivered at the end of `as_of` stay in as
    censored there. For `in_charge` a pair that somebody else received stays in as not delivered, so its curve cannot
    reach 1. A delivery stated before the issue is left out. Trap: a signature is not reading.
    """
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    pairs = policy_deliveries[policy_deliveries["issued_at"] < end]
    delivered = pairs["delivered_at"].mask(pairs["delivered_at"] >= end)
    arrived = {"anyone": delivered.notna(), "in_charge": delivered.notna() & (pairs["received_by"] == IN_CHARGE)}
    is_known = ~(delivered < pairs["issued_at"])
    parts = []
    for receiver, has_come in arrived.items():
        until = delivered.where(has_come, end)
        hours = support.working_hours(pairs["issued_at"], until, holidays=holidays)[is_known]
        curve = services.survival(hours, has_come[is_known].astype(int)).rename(columns={"days": "hours"})
        low, high = 1 - curve["conf_high"], 1 - curve["conf_low"]
        curve = curve.assign(delivered_share=1 - curve["open_share"], conf_low=low, conf_high=high, receiver=receiver)
        parts.append(curve.assign(pairs=int(is_known.sum())))
    columns = ["receiver", "hours", "delivered_share", "conf_low", "conf_high", "at_risk", "pairs"]
    return pd.concat(parts, ignore_index=True)[columns]


def delivered_within(curve: pd.DataFrame, *, hours: Sequence[float]) -> pd.DataFrame:
    """Return the rows of `delivery_curve` at given office hours: its last step on or before each."""
    parts = []
    for _, rows in curve.groupby("receiver", sort=False):
        place = np.searchsorted(rows["hours"].to_numpy(), np.asarray(hours, dtype=float), side="right") - 1
        parts.append(rows.iloc[place].assign(hours=list(hours)))
    return pd.concat(parts, ignore_index=True)


def take_up_by_delay(policy_deliveries: pd.DataFrame, *, as_of: date, holidays: Collection[date] = ()) -> pd.DataFrame:
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
