"""What an office has to act on: firms without coverage, terms that end, requests still open, policies not delivered.

Typed tables of the codebook in, one row a case out; firms and organisations are named by code, persons never. Reasons
come from coverage alone: how many members a named firm has is nobody's to read.
"""

from collections.abc import Collection
from datetime import date

import numpy as np
import pandas as pd

from helpers.forces import population, services, support
from helpers.forces.population import Base

REASONS = ("coverage_ended", "work_coverage_only", "never_covered")


def firms_without_coverage(
    enterprises: pd.DataFrame,
    org_coverage: pd.DataFrame,
    party_orgs: pd.DataFrame,
    *,
    as_of: date,
    base: Base = "above_scale",
) -> pd.DataFrame:
    """Return the firms of a base that no organisation covers on `as_of`, with the reason that coverage shows.

    Returns
    -------
    DataFrame
        One row a firm: uscc, grid_id, above_scale, reason (`REASONS`: covered until `ended_on`; by work alone; never),
        ended_on (last day of coverage by an organisation, missing where there was none); those that were covered first.
    """
    firms = population.base_firms(enterprises, as_of, base=base)
    bare = firms - population.covered_firms(org_coverage, party_orgs, as_of)
    rows = enterprises[enterprises["uscc"].isin(list(bare))].drop_duplicates("uscc")
    held = population.coverage_on(org_coverage, party_orgs, as_of)
    by_work = rows["uscc"].isin(held.loc[held["coverage_mode"] == population.WORK_ONLY, "uscc"])
    organised = org_coverage[
        (org_coverage["coverage_mode"] != population.WORK_ONLY) & (org_coverage["from_on"] <= pd.Timestamp(as_of))
    ]
    ended = organised.groupby("uscc")["to_on"].max()
    before = rows["uscc"].isin(organised["uscc"])
    reason = pd.Series(np.select([before, by_work], REASONS[:2], default=REASONS[2]), index=rows.index, dtype="str")
    found = rows[["uscc", "grid_id", "above_scale"]].assign(
        reason=reason, ended_on=ended.reindex(rows["uscc"]).to_numpy()
    )
    order = found["reason"].map({name: place for place, name in enumerate(REASONS)})
    return found.assign(order=order).sort_values(["order", "uscc"]).drop(columns="order").reset_index(drop=True)


def terms_ending(party_orgs: pd.DataFrame, *, as_of: date, days: int) -> pd.DataFrame:
    """Return the enterprises' organisations whose term has ended or ends within `days` days of `as_of`.

    Returns
    -------
    DataFrame
        One row an organisation: org_id, org_name, org_type, term_ends_on, days_left (negative where overdue); earliest
        first.
    """
    day = pd.Timestamp(as_of)
    orgs = population.organisations(party_orgs, as_of).dropna(subset="term_ends_on").drop_duplicates("org_id")
    left = (orgs["term_ends_on"] - day).dt.days
    found = orgs.loc[left <= days, ["org_id", "org_name", "org_type", "term_ends_on"]].assign(days_left=left)
    return found.sort_values(["term_ends_on", "org_id"], ignore_index=True)


def requests_open(service_tickets: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Return the requests of firms that are open at the end of `as_of`, each once whatever its channels.

    Returns
    -------
    DataFrame
        One row a request: request_id, uscc, category, channel, opened_at, days (open so far); oldest first. A request
        without a firm stays, with its code missing.
    """
    requests = services.requests_on(service_tickets, as_of=as_of)
    found = requests.loc[requests["is_open"], ["request_id", "uscc", "category", "channel", "opened_at", "days"]]
    return found.sort_values(["opened_at", "request_id"], ignore_index=True)


def deliveries_late(
    policy_deliveries: pd.DataFrame, *, as_of: date, days: int, holidays: Collection[date] = ()
) -> pd.DataFrame:
    """Return the firms to which policies issued in the last `days` days have not come, or not within half a day.

    Returns
    -------
    DataFrame
        One row a firm: uscc, policies (issued to it), undelivered (not there at the end of `as_of`), late (delivered,
        but after four office hours or not to the person in charge), oldest_on (first issue of the undelivered); most
        undelivered first. Firms with neither are not among them.
    """
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    issued = policy_deliveries["issued_at"]
    pairs = policy_deliveries[(issued < end) & (issued >= end - pd.Timedelta(days=days))]
    pairs = pairs.assign(delivered_at=pairs["delivered_at"].mask(pairs["delivered_at"] >= end))
    undelivered = pairs["delivered_at"].isna()
    late = ~undelivered & ~support.within_half_day(pairs, holidays=holidays).astype(bool)
    counted = pd.DataFrame(
        {
            "uscc": pairs["uscc"], "policies": 1, "undelivered": undelivered.astype(int), "late": late.astype(int),
            "oldest_on": pairs["issued_at"].where(undelivered).dt.normalize(),
        }
    )  # fmt: skip
    found = counted.groupby("uscc", as_index=False).agg(
        policies=("policies", "sum"), undelivered=("undelivered", "sum"), late=("late", "sum"),
        oldest_on=("oldest_on", "min"),
    )  # fmt: skip
    found = found[(found["undelivered"] > 0) | (found["late"] > 0)]
    return found.sort_values(["undelivered", "late", "uscc"], ascending=[False, False, True], ignore_index=True)
