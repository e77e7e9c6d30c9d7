"""Tables of services: requests by channel, the time until they are closed, deliveries, sites, alliance events."""

import pandas as pd

from helpers.forces import services, takeup
from helpers.study import Study
from helpers.tables.labels import labelled, with_interval
from helpers.text import Lang, label, number, say

DAYS_DRAWN = 20
# At most 80 points a curve: fewer than a page shows behind a figure, and less than its line is wide.
FALL_DRAWN = 0.0125
DAYS_IN_WORDS = (5, 10)


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


def closing_curves(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return the points of the Kaplan-Meier curves of requests still open over the first days, by channel."""
    curves = services.time_to_close(zone.table("service_tickets"), as_of=zone.params.as_of, by="channel")
    medians = services.median_days(curves).set_index("group")["median_days"]
    points = services.thinned(curves, until=DAYS_DRAWN, fall=FALL_DRAWN)
    points = points.assign(median_days=points["group"].map(medians))
    order = curves.drop_duplicates("group").sort_values("requests", ascending=False)["group"]
    points = points.sort_values("group", key=lambda names: names.map({name: n for n, name in enumerate(order)}),
                                kind="stable", ignore_index=True)  # fmt: skip
    return points.assign(group=[label(name, lang) for name in points["group"]])


def curve_points(points: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the drawn points of `closing_curves` for the table behind the figure."""
    kept = points[["group", "days", "open_share", "conf_low", "conf_high", "at_risk"]]
    # Closings lie minutes apart: fewer decimals would give several rows the same time.
    days = [number(day, ".2f") for day in kept["days"]]
    return labelled(kept.assign(days=days).rename(columns={"group": "channel"}), lang)


def closing_alt(points: pd.DataFrame, lang: Lang) -> str:
    """Describe the curves in numbers: requests, median and the shares open after some days of every channel."""
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


def closing_title(lang: Lang) -> str:
    """Return the caption of the curves, with the days drawn."""
    return say("pages.time_to_close", lang, days=DAYS_DRAWN)


def closing_note(lang: Lang) -> str:
    """Say how the curves are to be read and which of their points are drawn."""
    return say("pages.time_to_close_note", lang, points=f"{100 * FALL_DRAWN:g}")


def deliveries_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return policy-firm pairs issued, delivered and delivered within half a day, by month of the last year."""
    months = services.delivery_by_month(zone.table("policy_deliveries"), as_of=zone.params.as_of)
    return labelled(months.tail(12), lang)


def take_up_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return how many policy-firm pairs led to an application, by the office hours until delivery."""
    found = takeup.take_up_by_delay(zone.table("policy_deliveries"), as_of=zone.params.as_of)
    shown = found[["delay", "pairs", "applied", "granted"]].rename(columns={"pairs": "policy_pairs"})
    shown["delay"] = [label(f"delay_{name}", lang) for name in found["delay"]]
    return labelled(shown.assign(applied_pct=with_interval(found, "pct")), lang)


def sites_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return activities of each site in the year so far."""
    as_of = zone.params.as_of
    found = services.activities_by_site(
        zone.table("service_sites"), zone.table("service_activities"), start=as_of.replace(month=1, day=1), as_of=as_of
    )
    return labelled(found, lang, values=("site_type",))


def alliance_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return alliance events by type with intents and contracts counted apart."""
    found = services.alliance_outcomes(zone.table("alliance_events"), as_of=zone.params.as_of)
    return labelled(found.rename(columns={"share_pct": "contract_share_pct"}), lang, values=("event_type",))


def alliance_note(zone: Study, lang: Lang) -> str:
    """Say how many of the events read are counted, and what a missing amount means."""
    events = zone.table("alliance_events")
    counted = int(services.alliance_outcomes(events, as_of=zone.params.as_of)["events"].sum())
    return say("pages.alliance_note", lang, read=len(events), counted=counted, left_out=len(events) - counted,
               as_of=zone.params.as_of)  # fmt: skip
