"""Services in tables: requests and the time until they are closed, sites, needs, alliance events.

Typed tables of the codebook in, small tables of counts out; channels, categories and types stay codes.
"""

from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from statsmodels.duration.survfunc import SurvfuncRight

from helpers.forces import cohesion
from helpers.forces.indicator import may_give
from helpers.forces.intervals import shares

Z_95 = 1.959963984540054
# A product of shares that is exactly one half may come out a rounding error above it.
TOLERANCE = 1e-12


def requests_on(service_tickets: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Return one row a request opened up to the end of `as_of`, as it stood then.

    Returns
    -------
    DataFrame
        As `cohesion.unique_requests` (what closed later is open still), with days (from opening to closing, or to the
        end of `as_of` for an open one; missing where `is_undated` or `is_reversed`), is_open, is_undated (ended without
        a closing date) and is_reversed (closed before it was opened).
    """
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    tickets = service_tickets[service_tickets["opened_at"] < end]
    later = tickets["closed_at"] >= end
    tickets = tickets.assign(closed_at=tickets["closed_at"].mask(later), resolution=tickets["resolution"].mask(later))
    requests = cohesion.unique_requests(tickets)
    is_open = ~requests["is_ended"].astype(bool)
    is_undated = ~is_open & requests["closed_at"].isna()
    days = (requests["closed_at"].where(~is_open, end) - requests["opened_at"]).dt.total_seconds() / 86400
    return requests.assign(
        days=days.where(days >= 0), is_open=is_open, is_undated=is_undated, is_reversed=(days < 0).astype(bool)
    )


def tickets_by_channel(service_tickets: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Count tickets and requests by channel, both opened up to `as_of`.

    Returns
    -------
    DataFrame
        One row a channel: channel, tickets (rows entered in it, before repeats are taken together), requests (after:
        those that came in through this channel first, so that they add up), of which solved (解决), ended (closed or
        with any other result) and open (neither); undated (ended without a closing date) and timed (those whose days
        `time_to_close` knows).
    """
    opened = service_tickets[service_tickets["opened_at"] < pd.Timestamp(as_of) + pd.Timedelta(days=1)]
    requests = requests_on(service_tickets, as_of=as_of)
    solved = requests["is_solved"].astype(bool)
    counted = pd.DataFrame(
        {
            "channel": requests["channel"].astype("str"),
            "requests": 1,
            "solved": solved.astype(int),
            "ended": (~solved & ~requests["is_open"]).astype(int),
            "open_requests": requests["is_open"].astype(int),
            "undated": requests["is_undated"].astype(int),
            "timed": requests["days"].notna().astype(int),
        }
    )
    tickets = opened["channel"].astype("str").value_counts()
    found = counted.groupby("channel").sum().reindex(tickets.index, fill_value=0).rename_axis("channel").reset_index()
    found.insert(1, "tickets", tickets.to_numpy())
    return found.sort_values(["tickets", "channel"], ascending=[False, True], ignore_index=True)


def time_to_close(
    service_tickets: pd.DataFrame, *, as_of: date, by: Literal["channel", "category"] | None = None
) -> pd.DataFrame:
    """Estimate the share of requests still open by days since opening (Kaplan and Meier 1958).

    Returns
    -------
    DataFrame
        One row a group and time of closing, from day 0: group (a channel or category; `all` without `by`), days,
        open_share (0-1), conf_low, conf_high (pointwise 95 %), at_risk, closed (requests), requests (in the group).

    Notes
    -----
    Requests as in `requests_on`: one still open is censored, not dropped; one that ended on an unknown day, or before
    it was opened, is left out. Intervals on the log(-log) scale (Kalbfleisch and Prentice 2002, section 1.4).
    """
    kept = requests_on(service_tickets, as_of=as_of).dropna(subset="days")
    kept = kept.assign(closed=(~kept["is_open"]).astype(int))
    groups = [("all", kept)] if by is None else kept.groupby(kept[by].astype("str"), sort=True)
    parts = [survival(rows["days"], rows["closed"]).assign(group=label, requests=len(rows)) for label, rows in groups]
    columns = ["group", "days", "open_share", "conf_low", "conf_high", "at_risk", "closed", "requests"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def survival(days: pd.Series, closed: pd.Series) -> pd.DataFrame:
    """Return the Kaplan-Meier curve of times, ended (1) or censored (0): days, open_share (0-1), its interval, counts.

    The unit is that of the times; rows as in `time_to_close`.
    """
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
    for label, curve in curves.groupby("group", sort=False):
        half = curve.loc[curve["open_share"] <= 0.5 + TOLERANCE, "days"]
        rows.append({"group": label, "requests": int(curve["requests"].iloc[0]), "closed": int(curve["closed"].sum()),
                     "median_days": float(half.iloc[0]) if len(half) else np.nan})  # fmt: skip
    return pd.DataFrame(rows, columns=["group", "requests", "closed", "median_days"])


def thinned(curves: pd.DataFrame, *, until: float, fall: float) -> pd.DataFrame:
    """Return the points of `time_to_close` that draw its curves up to a day.

    Parameters
    ----------
    until : float
        The last day; each curve gets a row on it with its value of that day.
    fall : float
        A day of closing is kept once the share has fallen by so much (0-1) since the last day kept.
    """
    parts = []
    for label, curve in curves.groupby("group", sort=False):
        early = curve[curve["days"] <= until]
        # Bands of the share, counted from 1 down: the first day in each is the day on which the curve reaches it.
        band = ((1 - early["open_share"]) / fall + TOLERANCE).astype(int)
        # Nobody closes on the last day drawn: those at risk then are those of the next closing.
        then = curve.loc[curve["days"] > until, "at_risk"].max()
        ends = early.tail(1).assign(days=float(until), at_risk=then, closed=0)
        parts.append(pd.concat([early[~band.duplicated()], ends]).assign(group=label))
    return pd.concat(parts, ignore_index=True).astype({"at_risk": "Int64"}) if parts else curves


def activities_by_site(
    service_sites: pd.DataFrame, service_activities: pd.DataFrame, *, start: date, as_of: date
) -> pd.DataFrame:
    """Count activities and their use by site between `start` and `as_of`.

    Returns
    -------
    DataFrame
        One row a site: site_id, site_type, months_open (calendar months, that of the opening included), activities,
        per_month (activities a month open), attendances (person-times of the activities that state them; missing where
        none does or where they are too few to be given), use_per_month (attendances a month open).

    Notes
    -----
    Trap: an attendance is no person, and an activity without a stated attendance counts for nothing in the use.
    """
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
    months_open = sites["months_open"].where(sites["months_open"] > 0)
    came = sites["site_id"].map(held.groupby("site_id")["attendance"].sum(min_count=1)).astype("Float64")
    names = [f"attendances.{site}" for site in sites["site_id"]]
    came = came.mask([pd.notna(n) and not may_give(name, n) for name, n in zip(names, came, strict=True)])
    sites = sites.assign(per_month=sites["activities"] / months_open, attendances=came.astype("Int64"),
                         use_per_month=came / months_open)  # fmt: skip
    return sites.sort_values("site_id").reset_index(drop=True)


def needs_by_audience(service_projects: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Count needs, those that a live service names, and what is on offer, by whom it is for.

    Returns
    -------
    DataFrame
        One row an audience, by its name, and `all`: audience, needs (listed by `as_of`), matched (named by a service
        live on `as_of`), matched_pct with Wilson's 95 % interval (`conf_low`, `conf_high`), services and resources
        (live on `as_of`), services_unasked (services that name no listed need).

    Notes
    -----
    Trap: a need that nobody lists is invisible, and a service counts where it is live, not where it helped.
    """
    listed = service_projects[service_projects["live_on"] <= pd.Timestamp(as_of)]
    kind = listed["list_type"].astype("str")
    named = listed.loc[kind == "服务", "matches_need"].dropna()
    needs = listed.loc[kind == "需求", "project_id"]
    counted = pd.DataFrame(
        {
            "audience": listed["audience"].astype("str"),
            "needs": (kind == "需求").astype(int),
            "matched": ((kind == "需求") & listed["project_id"].isin(named)).astype(int),
            "services": (kind == "服务").astype(int),
            "resources": (kind == "资源").astype(int),
            "services_unasked": ((kind == "服务") & ~listed["matches_need"].isin(needs)).astype(int),
        }
    )
    found = counted.groupby("audience").sum().reset_index()
    found = pd.concat([found, found.sum(numeric_only=True).to_frame().T.assign(audience="all")], ignore_index=True)
    found = found.astype({name: int for name in found.columns if name != "audience"})
    share = shares(found["matched"], found["needs"]).rename(columns={"pct": "matched_pct"})
    return pd.concat([found, share], axis="columns")


def alliance_outcomes(alliance_events: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Count alliance events by type: events, with_intent, with_contract, and amounts in 万元 (10,000 yuan).

    An intent is no contract: the two are counted apart and never added. `share_pct` is with_contract of events. Where
    no event of a type states an amount, the amount (and the share of contracts) is missing, not zero. Events without a
    date or held after `as_of` are left out.
    """
    events = alliance_events[alliance_events["held_on"] <= pd.Timestamp(as_of)]
    counted = pd.DataFrame(
        {
            "event_type": events["event_type"].astype("str"),
            "events": 1,
            "with_intent": (events["intent_amount"] > 0).astype(int),
            "with_contract": (events["contract_amount"] > 0).astype(int),
            "intent_10k_cny": events["intent_amount"].astype("float64"),
            "contract_10k_cny": events["contract_amount"].astype("float64"),
        }
    )
    found = counted.groupby("event_type").sum(min_count=1).reset_index()
    share = 100 * found["with_contract"] / found["events"]
    return found.assign(share_pct=share.where(found["contract_10k_cny"].notna()))
