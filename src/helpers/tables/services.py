"""Tables of services: requests and the time until they are closed, deliveries, sites, needs, the training plan."""

from typing import Literal

import pandas as pd

from helpers.disclosure import cleared
from helpers.forces import cohesion, deliveries, guidance, services
from helpers.params.pages import Page52
from helpers.released import protected
from helpers.study import Study
from helpers.tables.labels import labelled, with_interval
from helpers.text import Lang, label, number, say

DAYS_DRAWN = 20
# At most 80 points a curve: fewer than a page shows behind a figure, and less than its line is wide.
FALL_DRAWN = 0.0125
DAYS_IN_WORDS = (5, 10)
# Office hours: up to half a day, a day, a week, four weeks.
HOURS_TOLD = (1, 2, 4, 8, 16, 40, 80, 160)
# Speed (km/h) and path over straight line: assumed, for the source states no mode of travel.


def tickets_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return tickets and requests by channel, how they ended and the median days to close, with a row of all."""
    tickets, as_of = zone.table("service_tickets"), zone.params.as_of
    found = services.tickets_by_channel(tickets, as_of=as_of)
    found = pd.concat([found, found.sum(numeric_only=True).to_frame().T.assign(channel="all")], ignore_index=True)
    curves = [services.time_to_close(tickets, as_of=as_of, by=by) for by in ("channel", None)]
    medians = services.median_days(pd.concat(curves, ignore_index=True)).set_index("group")["median_days"]
    return labelled(found.assign(median_days=found["channel"].map(medians)), lang, values=("channel",))


def tickets_note(zone: Study, lang: Lang) -> str:
    """Say what the counts of requests leave out: tickets opened later, requests whose days are not known."""
    tickets = zone.table("service_tickets")
    found = services.tickets_by_channel(tickets, as_of=zone.params.as_of)
    requests = services.requests_on(tickets, as_of=zone.params.as_of)
    return say("pages.tickets_note", lang, later=len(tickets) - int(found["tickets"].sum()), as_of=zone.params.as_of,
               undated=int(requests["is_undated"].sum()), reversed=int(requests["is_reversed"].sum()))  # fmt: skip


def closing_curves(
    zone: Study, values: Page52, *, by: Literal["channel", "category"] = "channel"
) -> pd.DataFrame:
    """Return the points of the Kaplan-Meier curves of requests still open, by channel or category.

    Groups of fewer requests than `min_cell` are left out: a request of a worker is somebody's.
    """
    curves = services.time_to_close(zone.table("service_tickets"), as_of=zone.params.as_of, by=by)
    curves = curves[curves["requests"] >= values.min_cell]
    medians = services.median_days(curves).set_index("group")["median_days"]
    points = services.thinned(curves, until=DAYS_DRAWN, fall=FALL_DRAWN)
    points = points.assign(median_days=points["group"].map(medians))
    order = curves.drop_duplicates("group").sort_values("requests", ascending=False)["group"]
    return points.sort_values("group", key=lambda names: names.map({name: n for n, name in enumerate(order)}),
                              kind="stable", ignore_index=True)  # fmt: skip


def named_curves(points: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the points of `closing_curves` with their groups in words.

    `points`: from `closing_curves`.
    """
    return points.assign(group=[label(name, lang) for name in points["group"]])


def curve_points(points: pd.DataFrame, lang: Lang, *, by: Literal["channel", "category"] = "channel") -> pd.DataFrame:
    """Return the drawn points of `named_curves` for the table behind the figure.

    `points`: from `named_curves`.
    """
    kept = points[["group", "days", "open_share", "conf_low", "conf_high", "at_risk"]]
    # Closings lie minutes apart: fewer decimals would give several rows the same time.
    days = [number(day, ".2f") for day in kept["days"]]
    return labelled(kept.assign(days=days).rename(columns={"group": by}), lang)


def closing_alt(points: pd.DataFrame, lang: Lang) -> str:
    """Describe the curves in numbers: requests, median and the shares open after some days of every channel.

    `points`: from `named_curves`.
    """
    said = []
    for name, curve in points.groupby("group", sort=False):
        shares = [curve.loc[curve["days"] <= day, "open_share"].iloc[-1] for day in DAYS_IN_WORDS]
        median = curve["median_days"].iloc[0]
        said.append(
            say("pages.closing_of", lang, channel=name, n=f"{curve['requests'].iloc[0]:,}",
                median="–" if pd.isna(median) else f"{median:.2f}", day=DAYS_IN_WORDS[0], later=DAYS_IN_WORDS[1],
                share=f"{100 * shares[0]:.0f}", rest=f"{100 * shares[1]:.0f}")
        )  # fmt: skip
    return say("pages.time_to_close_alt", lang, n=len(said), channels=say("pages.semicolon", lang).join(said))


def closing_title(lang: Lang, *, by: Literal["channel", "category"] = "channel") -> str:
    """Return the caption of the curves, with the days drawn."""
    return say(f"pages.time_to_close_{by}", lang, days=DAYS_DRAWN)


def closing_note(values: Page52, lang: Lang) -> str:
    """Say how the curves are to be read and which of their points are drawn."""
    return say("pages.time_to_close_note", lang, points=f"{100 * FALL_DRAWN:g}", least=values.min_cell)


def deliveries_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return policy-firm pairs issued, delivered and delivered within half a day, by month of the last year."""
    months = deliveries.delivery_by_month(zone.table("policy_deliveries"), as_of=zone.params.as_of)
    return labelled(months.tail(12), lang)


def delivery_points(zone: Study) -> pd.DataFrame:
    """Return the curves of delivery at each of `HOURS_TOLD` and as drawn: `deliveries.delivery_curve` in full."""
    return deliveries.delivery_curve(zone.table("policy_deliveries"), as_of=zone.params.as_of)


def delivery_rows(curve: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the share of pairs delivered within some office hours, to anyone and to the person in charge.

    `curve`: from `delivery_points`.
    """
    found = deliveries.delivered_within(curve, hours=HOURS_TOLD)
    percent = {name: 100 * found[name] for name in ("delivered_share", "conf_low", "conf_high")}
    shown = pd.DataFrame({"hours": list(HOURS_TOLD)})
    for receiver in deliveries.RECEIVERS:
        part = found.assign(**percent)[found["receiver"] == receiver]
        shown[f"delivered_{receiver}"] = with_interval(part, "delivered_share")
    return labelled(shown.rename(columns={"hours": "office_hours"}), lang)


def delivery_words(curve: pd.DataFrame, lang: Lang) -> dict[str, str]:
    """Return what the caption and the description of the curve name: pairs, and shares within half a day and a week.

    `curve`: from `delivery_points`.
    """
    found = deliveries.delivered_within(curve, hours=(4, 40)).set_index(["receiver", "hours"])["delivered_share"]
    shares = {f"{receiver}_{hours}": f"{100 * found[receiver, hours]:.0f}"
              for receiver in deliveries.RECEIVERS for hours in (4, 40)}  # fmt: skip
    return {"pairs": f"{int(curve['pairs'].max()):,}", **shares}


def needs_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return needs, those matched, and what is on offer, by whom it is for."""
    found = services.needs_by_audience(zone.table("service_projects"), as_of=zone.params.as_of)
    counts = ["needs", "needs_matched", "services", "resources", "services_unasked"]
    found = found.rename(columns={"matched": "needs_matched"})
    shown = found[["audience", *counts]].assign(matched_share=with_interval(found, "matched_pct"))
    shown["audience"] = [label(name, lang) for name in found["audience"]]
    return labelled(shown, lang)


def plan_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return what was held of each item of the ten-hundred-thousand plan, beside its target for the whole year."""
    rows = []
    for item in guidance.PLAN_TARGETS:
        found = guidance.training_plan(zone.table("training_events"), as_of=zone.params.as_of, item=item)
        rows.append(
            {
                "plan_item": label(item, lang), "held": int(found.numerator), "plan_target": int(found.denominator),
                "completion_pct": number(found.value, ".0f"),
            }
        )  # fmt: skip
    return labelled(pd.DataFrame(rows), lang)


def circle_table(zone: Study, values: Page52, lang: Lang) -> pd.DataFrame:
    """Return employees within 15 minutes of an open site, by mode of travel."""
    rows = []
    for mode, (speed, detour) in cohesion.TRAVEL.items():
        with protected(zone, values.min_cell):
            found = cohesion.service_circle(
                zone.table("service_sites"), zone.table("enterprises"), zone.table("enterprise_years"),
                zone.table("firm_places"), as_of=zone.params.as_of, speed_km_h=speed, detour=detour,
            )  # fmt: skip
        rows.append(
            {
                "travel_mode": label(f"travel_{mode}", lang), "speed_km_h": number(speed, ".0f"),
                "reach_km": number(speed / 4 / detour, ".2f"), "within_reach": found.numerator,
                "employees_placed": found.denominator,
                "within_pct": None if found.value is None else number(found.value, ".1f"),
            }
        )  # fmt: skip
    table = pd.DataFrame(rows).astype({"within_reach": "Int64", "employees_placed": "Int64"})
    return cleared(labelled(table, lang), minimum=values.min_cell)


def service_results(zone: Study) -> dict[str, int]:
    """Return tickets, distinct requests, policy-firm pairs and those delivered within half a day."""
    tickets = services.tickets_by_channel(zone.table("service_tickets"), as_of=zone.params.as_of)
    months = deliveries.delivery_by_month(zone.table("policy_deliveries"), as_of=zone.params.as_of)
    return {
        "requests": int(tickets["requests"].sum()),
        "tickets": int(tickets["tickets"].sum()),
        "policy_pairs": int(months["issued"].sum()),
        "within_half_day": int(months["within_half_day"].sum()),
    }


def service_finding(found: dict[str, int], lang: Lang) -> str:
    """Say the page's main counts in one line; `found` is `service_results`."""
    return say("pages.service_finding", lang, **{name: f"{n:,}" for name, n in found.items()})


def take_up_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return how many policy-firm pairs led to an application, by the office hours until delivery."""
    found = deliveries.take_up_by_delay(zone.table("policy_deliveries"), as_of=zone.params.as_of)
    shown = found[["delay", "pairs", "applied", "granted"]].rename(columns={"pairs": "policy_pairs"})
    shown["delay"] = [label(f"delay_{name}", lang) for name in found["delay"]]
    return labelled(shown.assign(applied_pct=with_interval(found, "pct")), lang)


def sites_table(zone: Study, values: Page52, lang: Lang) -> pd.DataFrame:
    """Return activities of each site in the year so far, and how many came."""
    as_of = zone.params.as_of
    with protected(zone, values.min_cell):
        found = services.activities_by_site(
            zone.table("service_sites"), zone.table("service_activities"), start=as_of.replace(month=1, day=1),
            as_of=as_of,
        )  # fmt: skip
    return cleared(labelled(found, lang, values=("site_type",)), minimum=values.min_cell)
