"""Organisation and services in tables: the tree, class moves, uncovered firms, requests, deliveries, sites, matches.

Typed tables of the codebook in, small tables of counts out. Codes stay codes (`reason`, `measure`): the words come from
`forces.yml`.
"""

from collections.abc import Collection
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from statsmodels.duration.survfunc import SurvfuncRight

from helpers.forces import cohesion, population, support, traction
from helpers.forces.population import Base

Z_95 = 1.959963984540054
# A product of shares that is exactly one half may come out a rounding error above it.
TOLERANCE = 1e-12


def organisation_tree(party_orgs: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Place every organisation that exists on `as_of` in the tree that its parent pointers make.

    Returns
    -------
    DataFrame
        One row an organisation: org_id, org_type, depth (1 for a root; missing in a circle or below one), is_root (no
        parent stated), is_orphan (the parent is not in the register), has_dissolved_parent, in_cycle, is_overdue (term
        ended before `as_of`).
    """
    held = population.active_on(party_orgs, as_of, start="established_on", end="dissolved_on")
    orgs = held.drop_duplicates("org_id")
    parent = orgs.set_index("org_id")["parent_org_id"]
    known = parent.isin(party_orgs["org_id"])
    living = parent.isin(parent.index)
    depth = pd.Series(np.where(living, np.nan, 1.0), index=parent.index)
    for _ in range(len(parent)):
        deeper = parent.map(depth) + 1
        new = depth.isna() & deeper.notna()
        if not new.any():
            break
        depth = depth.mask(new, deeper)
    return pd.DataFrame(
        {
            "org_id": parent.index,
            "org_type": orgs["org_type"].to_numpy(),
            "depth": depth.astype("Int64").to_numpy(),
            "is_root": parent.isna().to_numpy(),
            "is_orphan": (parent.notna() & ~known).to_numpy(),
            "has_dissolved_parent": (known & ~living).to_numpy(),
            "in_cycle": _in_cycle(parent.where(living)).to_numpy(),
            "is_overdue": (orgs["term_ends_on"] < pd.Timestamp(as_of)).to_numpy(),
        }
    )


def _in_cycle(parent: pd.Series) -> pd.Series:
    """Return whether following the parents of an organisation leads back to it."""
    found = pd.Series(False, index=parent.index)
    ahead = parent
    for _ in range(len(parent)):
        if ahead.isna().all():
            break
        found |= (ahead == parent.index).fillna(False)
        ahead = ahead.mask(found).map(parent)
    return found


def tree_summary(tree: pd.DataFrame) -> pd.DataFrame:
    """Count what the tree shows: columns measure (code) and n."""
    counts = {
        "organisations": len(tree),
        "deepest": int(tree["depth"].max()) if tree["depth"].notna().any() else 0,
        **{name: int(tree[name].sum()) for name in
           ("is_root", "is_orphan", "has_dissolved_parent", "in_cycle", "is_overdue")},
    }  # fmt: skip
    return pd.DataFrame({"measure": list(counts), "n": list(counts.values())})


def organisations_by_depth(tree: pd.DataFrame) -> pd.DataFrame:
    """Count organisations by depth (rows) and type (columns); only types that occur."""
    return pd.crosstab(tree["depth"], tree["org_type"].astype("str")).rename_axis(columns=None)


def class_transitions(org_ratings: pd.DataFrame, *, to_year: int) -> pd.DataFrame:
    """Count organisations by class in the year before (rows) and in `to_year` (columns).

    Returns
    -------
    DataFrame
        4 x 4, classes in order on both sides; organisations without a class in both years are left out.
    """
    pair = [
        org_ratings[org_ratings["year"] == year].drop_duplicates("org_id").set_index("org_id")["class"].astype("str")
        for year in (to_year - 1, to_year)
    ]
    both = pd.concat(pair, axis=1, keys=["before", "after"], join="inner").dropna()
    counted = pd.crosstab(both["before"], both["after"])
    return counted.reindex(index=traction.CLASSES, columns=traction.CLASSES, fill_value=0)


def uncovered_firms(
    enterprises: pd.DataFrame,
    org_coverage: pd.DataFrame,
    party_orgs: pd.DataFrame,
    members: pd.DataFrame,
    *,
    as_of: date,
    base: Base = "above_scale",
) -> pd.DataFrame:
    """Count the firms of a base that no organisation covers, by the first reason that holds.

    Returns
    -------
    DataFrame
        One row a reason (all five, in order), columns reason, firms (count) and n (firms of the base):
        should_have_organisation (3 formal members or more), fewer_than_3_members (1 or 2), work_coverage_only,
        coverage_ended (covered before), no_member_known.

    Notes
    -----
    Members are known only through organisations that cover a firm: a firm without any link to one has no known member.
    """
    firms = population.base_firms(
        enterprises, as_of, base=base, members=members, org_coverage=org_coverage, party_orgs=party_orgs
    )
    bare = pd.Series(sorted(firms - population.covered_firms(org_coverage, party_orgs, as_of)), dtype=object)
    formal = bare.map(population.formal_members_by_firm(members, org_coverage, party_orgs, as_of)).fillna(0).astype(int)
    held = population.coverage_on(org_coverage, party_orgs, as_of)
    work_only = bare.isin(held.loc[held["coverage_mode"] == population.WORK_ONLY, "uscc"])
    organised = org_coverage["coverage_mode"] != population.WORK_ONLY
    before = bare.isin(org_coverage.loc[organised & (org_coverage["from_on"] <= pd.Timestamp(as_of)), "uscc"])
    enough = population.FORMAL_MEMBERS_FOR_A_BRANCH
    reasons = ["should_have_organisation", "fewer_than_3_members", "work_coverage_only", "coverage_ended"]
    reason = np.select([formal >= enough, formal > 0, work_only, before], reasons, default="no_member_known")
    order = [*reasons, "no_member_known"]
    counted = pd.Series(reason, dtype="str").value_counts().reindex(order, fill_value=0)
    return pd.DataFrame({"reason": order, "firms": counted.to_numpy(), "n": len(firms)})


def tickets_by_channel(service_tickets: pd.DataFrame) -> pd.DataFrame:
    """Count tickets and requests by channel.

    Returns
    -------
    DataFrame
        One row a channel: channel, tickets (rows), requests (distinct inside the channel), first_here (requests that
        came in through this channel first: these add up to the unique requests), open_tickets (not closed), solved
        (tickets closed as 解决).
    """
    tickets = service_tickets.assign(
        request_id=cohesion.request_of_ticket(service_tickets), channel=service_tickets["channel"].astype("str")
    )
    by_channel = tickets.groupby("channel")
    first = cohesion.unique_requests(service_tickets)["channel"].astype("str").value_counts()
    found = pd.DataFrame(
        {
            "tickets": by_channel.size(),
            "requests": by_channel["request_id"].nunique(),
            "open_tickets": by_channel["closed_at"].agg(lambda closed: int(closed.isna().sum())),
            "solved": by_channel["resolution"].agg(lambda ended: int((ended == cohesion.SOLVED).sum())),
        }
    )
    found.insert(2, "first_here", first.reindex(found.index, fill_value=0))
    return found.sort_values("tickets", ascending=False, kind="stable").reset_index()


def time_to_close(
    service_tickets: pd.DataFrame, *, as_of: date, by: Literal["channel", "category"] | None = None
) -> pd.DataFrame:
    """Estimate the share of requests still open by days since opening (Kaplan and Meier 1958).

    Returns
    -------
    DataFrame
        One row a group and day of closing, from day 0: channel (group label; `all` without `by`), days, open_share
        (0-1), conf_low, conf_high (pointwise 95 %), at_risk, closed (requests), requests (in the group).

    Notes
    -----
    Unique requests opened up to the end of `as_of`; one still open then is censored, not dropped. A request closed
    before it was opened is left out. Intervals on the log(-log) scale (Kalbfleisch and Prentice 2002, section 1.4).
    """
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    requests = cohesion.unique_requests(service_tickets)
    requests = requests[requests["opened_at"] < end]
    closed = requests["closed_at"] < end
    days = (requests["closed_at"].where(closed, end) - requests["opened_at"]).dt.total_seconds() / 86400
    kept = requests.assign(days=days, closed=closed.astype(int))[days >= 0]
    groups = [("all", kept)] if by is None else kept.groupby(kept[by].astype("str"), sort=True)
    parts = [
        _survival(rows["days"], rows["closed"]).assign(channel=label, requests=len(rows)) for label, rows in groups
    ]
    columns = ["channel", "days", "open_share", "conf_low", "conf_high", "at_risk", "closed", "requests"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _survival(days: pd.Series, closed: pd.Series) -> pd.DataFrame:
    start = pd.DataFrame({"days": [0.0], "open_share": [1.0], "conf_low": [1.0], "conf_high": [1.0],
                          "at_risk": [len(days)], "closed": [0]})  # fmt: skip
    if not closed.any():
        return start
    fit = SurvfuncRight(days.to_numpy(), closed.to_numpy())
    share, error = fit.surv_prob, fit.surv_prob_se
    inside = (share > 0) & (share < 1)
    log = np.log(np.where(inside, share, 0.5))
    width = Z_95 * np.where(inside, error, 0) / np.abs(np.where(inside, share, 0.5) * log)
    low, high = (np.where(inside, np.exp(log * np.exp(sign * width)), share) for sign in (1, -1))
    curve = pd.DataFrame({"days": fit.surv_times, "open_share": share, "conf_low": low, "conf_high": high,
                          "at_risk": fit.n_risk, "closed": fit.n_events})  # fmt: skip
    return pd.concat([start, curve], ignore_index=True).astype({"at_risk": int, "closed": int})


def median_days(curves: pd.DataFrame) -> pd.DataFrame:
    """Return, per group of `time_to_close`, requests and the first day on which half or fewer are open (or missing)."""
    rows = []
    for label, curve in curves.groupby("channel", sort=False):
        half = curve.loc[curve["open_share"] <= 0.5 + TOLERANCE, "days"]
        rows.append({"channel": label, "requests": int(curve["requests"].iloc[0]), "closed": int(curve["closed"].sum()),
                     "median_days": float(half.iloc[0]) if len(half) else np.nan})  # fmt: skip
    return pd.DataFrame(rows, columns=["channel", "requests", "closed", "median_days"])


def delivery_by_month(
    policy_deliveries: pd.DataFrame, *, as_of: date, holidays: Collection[date] = ()
) -> pd.DataFrame:
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


def activities_by_site(
    service_sites: pd.DataFrame, service_activities: pd.DataFrame, *, start: date, as_of: date
) -> pd.DataFrame:
    """Count activities by site between `start` and `as_of`: site_id, site_type, months_open, activities, per_month."""
    months = pd.period_range(pd.Timestamp(start).to_period("M"), pd.Timestamp(as_of).to_period("M"), freq="M")
    held = service_activities[service_activities["held_on"].between(pd.Timestamp(start), pd.Timestamp(as_of))]
    opened = service_sites["opened_on"].dt.to_period("M")
    sites = pd.DataFrame(
        {
            "site_id": service_sites["site_id"],
            "site_type": service_sites["site_type"].astype("str"),
            "months_open": sum((opened <= month).astype(int) for month in months),
            "activities": service_sites["site_id"].map(held["site_id"].value_counts()).fillna(0).astype(int),
        }
    )
    per_month = sites["activities"] / sites["months_open"].where(sites["months_open"] > 0)
    return sites.assign(per_month=per_month).sort_values("site_id").reset_index(drop=True)


def alliance_outcomes(alliance_events: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Count alliance events by type: events, with_intent, with_contract, and amounts in 万元 (10,000 yuan).

    An intent is no contract: the two are counted apart and never added. `share_pct` is with_contract of events.
    """
    events = alliance_events[alliance_events["held_on"] <= pd.Timestamp(as_of)]
    counted = pd.DataFrame(
        {
            "event_type": events["event_type"].astype("str"),
            "events": 1,
            "with_intent": (events["intent_amount"] > 0).astype(int),
            "with_contract": (events["contract_amount"] > 0).astype(int),
            "intent_10k_cny": events["intent_amount"].fillna(0.0),
            "contract_10k_cny": events["contract_amount"].fillna(0.0),
        }
    )
    found = counted.groupby("event_type").sum().reset_index()
    return found.assign(share_pct=100 * found["with_contract"] / found["events"])
