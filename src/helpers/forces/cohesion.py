"""Force 5, park cohesion (园区凝聚力): requests solved, contact, the service circle, activities, needs matched.

Typed tables of the codebook in, one `Indicator` out; the positional parameters are the tables' names. Person tables
come from the restricted layer and leave it as counts only.
"""

from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from helpers import codebook
from helpers.forces import population
from helpers.forces.indicator import Indicator, ratio, shown

SOLVED = "解决"
SOLVED_WITHIN_DAYS = 30
WORKER = "职工"
WALK_KM_H = 5.0
DETOUR = 1.3
TRAVEL = {"walk": (WALK_KM_H, DETOUR), "cycle": (15.0, DETOUR), "drive": (30.0, 1.4)}
"""Mode of travel -> speed (km/h) and path length over straight line."""
EARTH_RADIUS_KM = 6371.0088
HALF_YEAR_MONTHS = 6
TICKET_FIGURES = (
    "contact_worker_difficulties", "contact_production_problems", "svc_firm_problems", "svc_urgent_problems",
)  # fmt: skip


def request_of_ticket(service_tickets: pd.DataFrame) -> pd.Series:
    """Return, per row, the ticket at the end of its chain of duplicates: one value a request.

    A ticket that names an unknown one, itself or a circle stands for itself.
    """
    stated = service_tickets.drop_duplicates("ticket_id").set_index("ticket_id")["duplicate_of"]
    itself = pd.Series(stated.index, index=stated.index, dtype=object)
    repeats = stated.isin(stated.index)
    parent = itself.mask(repeats, stated.astype(object))
    end = parent
    # Each round doubles the length of chain followed.
    for _ in range(int(np.ceil(np.log2(len(parent) + 1)))):
        end = end.map(end)
    in_circle = end.map(parent) != end
    return service_tickets["ticket_id"].map(end.mask(in_circle, itself))


def unique_requests(service_tickets: pd.DataFrame) -> pd.DataFrame:
    """Return one row a request, tickets of all channels that repeat each other taken together.

    Returns
    -------
    DataFrame
        Key `request_id`: opened_at (earliest), uscc, channel and category (of the earliest ticket), tickets (count),
        channels (count), solved_at (earliest closing with 解决; missing where none), closed_at (earliest closing),
        is_solved and is_ended (a ticket of it ended in 解决; has a closing date or any result: a result without a date
        is an ending whose day is not known).
    """
    tickets = service_tickets.assign(request_id=request_of_ticket(service_tickets))
    tickets["is_solved"] = tickets["resolution"] == SOLVED
    tickets["is_ended"] = tickets["closed_at"].notna() | tickets["resolution"].notna()
    tickets["solved_at"] = tickets["closed_at"].where(tickets["is_solved"])
    ordered = tickets.sort_values(["opened_at", "ticket_id"])
    found = ordered.groupby("request_id", sort=True).agg(
        opened_at=("opened_at", "first"),
        uscc=("uscc", "first"),
        channel=("channel", "first"),
        category=("category", "first"),
        tickets=("ticket_id", "size"),
        channels=("channel", "nunique"),
        solved_at=("solved_at", "min"),
        closed_at=("closed_at", "min"),
        is_solved=("is_solved", "any"),
        is_ended=("is_ended", "any"),
    )
    return found.reset_index()


def requests_solved(service_tickets: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute c1, requests solved within 30 days (诉求办结率).

    Returns
    -------
    Indicator
        100 * unique requests closed as 解决 within 30 days of opening / unique requests opened; percent, the latest
        month whose every request has had 30 days by `as_of`. Benchmark: 572, 1,895, 1,657 and 33.

    Notes
    -----
    Trap: one problem entered through several channels is one request: the published counts must not be added.
    """
    last = (pd.Timestamp(as_of) - pd.Timedelta(days=SOLVED_WITHIN_DAYS)).to_period("M")
    if pd.Timestamp(as_of) < last.end_time.normalize() + pd.Timedelta(days=SOLVED_WITHIN_DAYS):
        last -= 1
    requests = unique_requests(service_tickets)
    month = requests[requests["opened_at"].dt.to_period("M") == last]
    waited = month["solved_at"] - month["opened_at"]
    solved = int((waited <= pd.Timedelta(days=SOLVED_WITHIN_DAYS)).sum())
    return ratio("c1_ticket_solved", solved, len(month), window="month", base="requests", benchmark=TICKET_FIGURES,
                 note="note_c1", note_values={"month": str(last), "tickets": int(month["tickets"].sum())})  # fmt: skip


def contact_coverage(
    contact_assignments: pd.DataFrame,
    enterprise_years: pd.DataFrame,
    enterprises: pd.DataFrame,
    org_coverage: pd.DataFrame,
    party_orgs: pd.DataFrame,
    *,
    as_of: date,
) -> Indicator:
    """Compute c2, workers with a named contact (联系覆盖率).

    Returns
    -------
    Indicator
        100 * distinct workers with an active contact / employees of covered firms at their last stated year end;
        percent, point in time. Benchmark: `contact_workers` (more than 15,000).

    Notes
    -----
    Trap: 15,000 may be links, not people: distinct workers are counted, the note gives the links. Employees are as of
    the last year end, so the two counts are months apart; covered firms that state none are left out.
    """
    links = population.active_on(contact_assignments, as_of, start="from_on", end="to_on")
    links = links[links["target_type"] == WORKER]
    firms = population.covered_firms(org_coverage, party_orgs, as_of)
    firms &= population.base_firms(enterprises, as_of, base="all_operating")
    employees = population.latest_employees(enterprise_years, as_of)
    staff = int(employees[employees.index.isin(list(firms))].sum())
    return ratio("c2_contact_cover", links["target_pid"].nunique(), staff, window="point_in_time", base="employees",
                 benchmark=("contact_workers",), people="both", note="note_c2",
                 cells=("contact.workers", "contact.employees"),
                 note_values={"links": shown("contact.worker_links", len(links))})  # fmt: skip


def service_circle(
    service_sites: pd.DataFrame,
    enterprises: pd.DataFrame,
    enterprise_years: pd.DataFrame,
    firm_places: pd.DataFrame | None = None,
    *,
    as_of: date,
    minutes: float = 15.0,
    speed_km_h: float = WALK_KM_H,
    detour: float = DETOUR,
) -> Indicator:
    """Compute c3, employees within 15 minutes of an open site (15分钟服务圈人口).

    Parameters
    ----------
    firm_places : DataFrame, optional
        Supplementary table: the register of enterprises has no coordinates.
    minutes, speed_km_h, detour : float
        Reach in minutes, speed of travel, and path length over straight line: a walk at 5 km/h with detour 1.3 by
        default, that is 0.96 km as the crow flies. Assumed: the source states no mode of travel.

    Returns
    -------
    Indicator
        100 * employees at firms within reach of an open site / employees of firms with a place; percent, point in
        time. Benchmark: `svc_circle_minutes` (15). Without `firm_places`: no counts, status `not_testable`.

    Notes
    -----
    Employees as last stated at a year end; firms that exist on `as_of`. A firm without a place, or with one outside the
    limits of the codebook, is unknown and not out of reach: it is left out of both counts, and the note gives how many
    that state employees. Trap: the result depends on the mode of travel, and both tables must be in one coordinate
    system: WGS-84 and GCJ-02 (of Chinese maps) lie some 500 m apart.
    """
    words = {"window": "point_in_time", "base": "employees_located", "benchmark": ("svc_circle_minutes",)}
    if firm_places is None:
        return Indicator("c3_reach", None, None, None, "percent", status="not_testable", note="note_c3_no_place",
                         **words)  # fmt: skip
    existing = population.firms_existing(enterprises, as_of)[["uscc"]]
    firms = existing.assign(staff=existing["uscc"].map(population.latest_employees(enterprise_years, as_of)))
    firms = firms.dropna(subset="staff").astype({"staff": int})
    placed = firms.merge(_located(firm_places, "firm_places"), on="uscc")
    sites = _located(service_sites[service_sites["opened_on"] <= pd.Timestamp(as_of)], "service_sites")
    nearest = _distance_km(placed, sites).min(axis=1) if len(sites) else np.full(len(placed), np.inf)
    reach = speed_km_h * minutes / 60 / detour
    known = {"km": reach, "speed": speed_km_h, "detour": detour, "unplaced": len(firms) - len(placed)}
    return ratio("c3_reach", int(placed["staff"][nearest <= reach].sum()), int(placed["staff"].sum()), people="both",
                 cells=(f"within_reach.{speed_km_h:g}", "employees_placed"), note="note_c3",
                 note_values=known, **words)  # fmt: skip


def _located(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return the rows with a place inside of the codebook's limits: one outside is a slip, and no distance."""
    limits = codebook.load()[table]
    is_inside = [frame[name].between(limits[name].minimum, limits[name].maximum) for name in ("lon", "lat")]
    return frame[is_inside[0] & is_inside[1]]


def _distance_km(firms: pd.DataFrame, sites: pd.DataFrame) -> np.ndarray:
    """Return great-circle distances (haversine), km, firms down and sites across."""
    lat, lon = (np.radians(firms[name].to_numpy(dtype=float))[:, None] for name in ("lat", "lon"))
    site_lat, site_lon = (np.radians(sites[name].to_numpy(dtype=float))[None, :] for name in ("lat", "lon"))
    half = np.sin((site_lat - lat) / 2) ** 2 + np.cos(lat) * np.cos(site_lat) * np.sin((site_lon - lon) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(half))


def site_activity(service_sites: pd.DataFrame, service_activities: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute c4, activities per site and month (站点月均活动).

    Returns
    -------
    Indicator
        Activities held / months in which each site was open, summed over sites; per site-month, the six calendar
        months ending with that of `as_of`. Benchmark: `svc_activities` (more than 260; over 11 sites and 6 months 3.9).

    Notes
    -----
    A site counts from the calendar month of its opening. Activities of no site of the table count too (note). Trap: an
    activity is an input; who came, and whether again, it does not tell.
    """
    last = pd.Timestamp(as_of).to_period("M")
    months = pd.period_range(last - (HALF_YEAR_MONTHS - 1), last, freq="M")
    held = service_activities["held_on"]
    done = service_activities[(held >= months[0].start_time) & (held <= pd.Timestamp(as_of))]
    opened = service_sites["opened_on"].dropna().dt.to_period("M")
    open_months = int(sum((opened <= month).sum() for month in months))
    elsewhere = int((~done["site_id"].isin(service_sites["site_id"])).sum())
    return ratio("c4_activity_rate", len(done), open_months, unit="per_site_month", window="half_year",
                 base="site_months", benchmark=("svc_activities",), note="note_c4",
                 note_values={"sites": service_sites["site_id"].nunique(), "elsewhere": elsewhere})  # fmt: skip


def needs_matched(
    service_projects: pd.DataFrame, *, as_of: date, window: Literal["quarter", "to_date"] = "quarter"
) -> Indicator:
    """Compute c5, needs matched by a live service (需求匹配率).

    Returns
    -------
    Indicator
        100 * listed needs named by a service that is live on `as_of` / needs listed; percent, needs of the quarter of
        `as_of` up to that day, or all to date. Benchmark: `svc_projects` (47), `svc_lists` (3).

    Notes
    -----
    Trap: a need that nobody lists is invisible, so a high rate may mean short lists.
    """
    day = pd.Timestamp(as_of)
    start = day.to_period("Q").start_time if window == "quarter" else pd.Timestamp.min
    live = service_projects["live_on"]
    needs = service_projects[(service_projects["list_type"] == "需求") & live.between(start, day)]
    services = service_projects[(service_projects["list_type"] == "服务") & (live <= day)]
    matched = int(needs["project_id"].isin(services["matches_need"].dropna()).sum())
    return ratio("c5_match", matched, needs["project_id"].nunique(), window=window, base="needs",
                 benchmark=("svc_projects", "svc_lists"), note="note_c5")  # fmt: skip
