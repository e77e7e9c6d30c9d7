"""Checks of the figures on services: sites, activities, lists and requests; and why the others cannot be tested."""

import pandas as pd

from helpers.forces import cohesion, guidance
from helpers.reconcile.recount import Check, NotTestable, Question, Recount

CENTRE, STATION = "邻里中心", "邻里服务站"
SHARING_DAY = "邻里共享日"
LIVE_SERVICE = "服务"
THROUGH_TRAIN = ("党群直通车",)
DUTY_CHANNELS = ("领导挂钩", "部门包片", "党员包企")
SOLVED_RESULTS: dict[str, tuple[str, ...]] = {"solved": ("解决",), "solved_or_partly": ("解决", "部分解决")}


def centre_opened(q: Question) -> Recount:
    """Find the day on which the centre opened."""
    sites = q.tables["service_sites"]
    first = sites.loc[sites["site_type"] == CENTRE, "opened_on"].min()
    if pd.isna(first):
        raise NotTestable("reason_no_dates", table="service_sites.opened_on")
    return Recount("read_centre_opened", day=first)


def stations(q: Question) -> Recount:
    """Count the service stations open."""
    sites = q.tables["service_sites"]
    held = sites[(sites["site_type"] == STATION) & (sites["opened_on"].isna() | (sites["opened_on"] <= q.day))]
    return Recount("read_stations", held["site_id"].nunique())


def half_year(q: Question) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and last moment of the half year that the figure names, cut at the day of counting."""
    start = pd.Timestamp(int(q.figure.as_of[:4]), 1, 1)
    end = min(start + pd.DateOffset(months=6), q.day + pd.Timedelta(days=1))
    return start, end - pd.Timedelta(microseconds=1)


def activities(q: Question) -> Recount:
    """Count the activities of centre and stations since January."""
    held = q.tables["service_activities"]
    done = held[held["held_on"].between(*half_year(q))]
    return Recount("read_activities", done["activity_id"].nunique())


def lists(q: Question) -> Recount:
    """Count the kinds of list kept."""
    return Recount("read_lists", int(q.tables["service_projects"]["list_type"].dropna().nunique()))


def service_projects(q: Question) -> Recount:
    """Count the services that are live."""
    held = q.tables["service_projects"]
    live = held[(held["list_type"] == LIVE_SERVICE) & (held["live_on"].isna() | (held["live_on"] <= q.day))]
    return Recount("read_service_projects", live["project_id"].nunique())


def sharing_days(q: Question) -> Recount:
    """Compute sharing days a quarter over the complete quarters since the first one; several sites on a day are one."""
    held = q.tables["service_activities"]
    days = held.loc[(held["activity_type"] == SHARING_DAY) & (held["held_on"] <= q.day), "held_on"].dt.normalize()
    days = days.drop_duplicates()
    last = (q.day + pd.Timedelta(days=1)).to_period("Q") - 1
    days = days[days.dt.to_period("Q") <= last]
    if days.empty:
        raise NotTestable("reason_no_rows", table="service_activities")
    quarters = (last - days.min().to_period("Q")).n + 1
    return Recount("read_sharing_days", len(days), quarters, len(days) / quarters)


def urgent_problems(q: Question) -> Recount:
    """Count the centre's requests closed as solved since January."""
    start, end = half_year(q)
    return _requests(q, (CENTRE,), None, start, end)


def requests(channels: tuple[str, ...], category: str | None) -> Check:
    """Return a check that counts solved requests of some channels and, where given, a category."""

    def check(q: Question) -> Recount:
        return _requests(q, channels, category, pd.Timestamp.min, q.day + pd.Timedelta(days=1, microseconds=-1))

    return check


def _requests(
    q: Question, channels: tuple[str, ...], category: str | None, start: pd.Timestamp, end: pd.Timestamp
) -> Recount:
    tickets = q.tables["service_tickets"]
    tickets = tickets.assign(request_id=cohesion.request_of_ticket(tickets))
    done = tickets["closed_at"].between(start, end)
    if q.readings.solved != "closed":
        done &= tickets["resolution"].isin(SOLVED_RESULTS[q.readings.solved])
    if category is not None:
        done &= tickets["category"] == category
    chosen = tickets[done & tickets["channel"].isin(channels)]
    if q.readings.tickets == "raw":
        k = len(chosen)
    elif q.readings.tickets == "per_mechanism":
        k = chosen["request_id"].nunique()
    else:
        every = cohesion.unique_requests(q.tables["service_tickets"])
        first_here = every.loc[every["channel"].isin(channels), "request_id"]
        k = chosen.loc[chosen["request_id"].isin(first_here), "request_id"].nunique()
    return Recount(f"read_tickets_{q.readings.tickets}", k,
                   reading_values={"solved": f"reconcile.word_{q.readings.solved}"})  # fmt: skip


def plan(item: str) -> Check:
    """Return a check that counts what was held of a plan item; a target is no outturn, so it is not tested."""

    def check(q: Question) -> Recount:
        found = guidance.training_plan(q.tables["training_events"], as_of=q.as_of, item=item)
        raise NotTestable("reason_plan", k=int(found.numerator), n=int(found.denominator))

    return check


def untestable(reason: str) -> Check:
    """Return a check that gives the reason why the figure cannot be tested on any table."""

    def check(q: Question) -> Recount:
        raise NotTestable(reason)

    return check


CHECKS: dict[str, Check] = {
    "plan_training_sessions": plan("培训(十)"),
    "plan_party_lectures": plan("党课(百)"),
    "plan_micro_talks": plan("微宣讲(千)"),
    "svc_centre_opened": centre_opened,
    "svc_stations": stations,
    "svc_activities": activities,
    "svc_urgent_problems": urgent_problems,
    "svc_lists": lists,
    "svc_projects": service_projects,
    "svc_sharing_day_frequency": sharing_days,
    "contact_worker_difficulties": requests(THROUGH_TRAIN, "职工困难"),
    "contact_production_problems": requests(THROUGH_TRAIN, "生产难题"),
    "svc_firm_problems": requests(DUTY_CHANNELS, None),
    "src_publication_date": untestable("reason_source"),
    "src_publisher": untestable("reason_source"),
    "joeone_slogan": untestable("reason_slogan"),
    "joeone_slogan_characters": untestable("reason_slogan"),
    "case_joeone_build_months": untestable("reason_anecdote"),
    "case_joeone_efficiency": untestable("reason_no_baseline"),
    "case_anji_members": untestable("reason_anecdote"),
    "case_taiyanghai_efficiency": untestable("reason_no_baseline"),
    "case_taiyanghai_materials": untestable("reason_no_baseline"),
    "sanxing_task_groups": untestable("reason_no_table"),
    "yida_months": untestable("reason_anecdote"),
    "svc_first_residential_committee": untestable("reason_ordinal"),
    "svc_event_dragon_boat": untestable("reason_no_table"),
    "svc_circle_minutes": untestable("reason_circle"),
}
