"""Tables of the organisation and of services."""

import pandas as pd

from helpers.forces import organisation, traction
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.text import Lang, label, say

DAYS_SHOWN = 20


def tree_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return what the organisation tree shows: organisations, depth, orphans, circles, overdue terms."""
    tree = organisation.organisation_tree(zone.table("party_orgs"), as_of=zone.params.as_of)
    summary = organisation.tree_summary(tree)
    summary["measure"] = [say(f"forces.measure_{name}", lang) for name in summary["measure"]]
    return labelled(summary, lang)


def depth_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return organisations by depth in the tree and type."""
    tree = organisation.organisation_tree(zone.table("party_orgs"), as_of=zone.params.as_of)
    return labelled(organisation.organisations_by_depth(tree).reset_index(), lang)


def uncovered_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return how many firms of the base no organisation covers, by reason."""
    found = organisation.uncovered_firms(
        zone.table("enterprises"), zone.table("org_coverage"), zone.table("party_orgs"), zone.restricted("members"),
        as_of=zone.params.as_of,
    )  # fmt: skip
    found["reason"] = [say(f"forces.reason_{name}", lang) for name in found["reason"]]
    return labelled(found.rename(columns={"n": "denominator"}), lang)


def transitions(zone: Study) -> pd.DataFrame:
    """Return organisations by class in the year before (rows) and in the latest rated year (columns)."""
    ratings = zone.table("org_ratings")
    return organisation.class_transitions(ratings, to_year=traction.latest_rating_year(ratings, zone.params.as_of))


def transition_steps(matrix: pd.DataFrame) -> dict[str, int]:
    """Return how many organisations rose, fell or kept their class."""
    places = range(len(matrix))
    cells = {(i, j): int(matrix.iloc[i, j]) for i in places for j in places}
    return {
        "rose": sum(n for (i, j), n in cells.items() if j > i),
        "fell": sum(n for (i, j), n in cells.items() if j < i),
        "kept": sum(n for (i, j), n in cells.items() if j == i),
    }


def tickets_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return tickets and distinct requests by channel, with the total of distinct requests over all channels."""
    return labelled(organisation.tickets_by_channel(zone.table("service_tickets")), lang, values=("channel",))


def closing_curves(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return the Kaplan-Meier share of requests still open at the end of each of the first days, by channel."""
    curves = organisation.time_to_close(zone.table("service_tickets"), as_of=zone.params.as_of, by="channel")
    days = pd.DataFrame({"days": [float(day) for day in range(DAYS_SHOWN + 1)]})
    daily = [
        pd.merge_asof(days, rows.sort_values("days"), on="days").assign(channel=label(name, lang))
        for name, rows in curves.groupby("channel", sort=False, observed=True)
    ]
    return pd.concat(daily, ignore_index=True)


def median_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return requests, closed ones and the median days to close, by channel."""
    curves = organisation.time_to_close(zone.table("service_tickets"), as_of=zone.params.as_of, by="channel")
    return labelled(organisation.median_days(curves), lang, values=("channel",))


def deliveries_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return policy-firm pairs issued, delivered and delivered within half a day, by month of the last year."""
    months = organisation.delivery_by_month(zone.table("policy_deliveries"), as_of=zone.params.as_of)
    return labelled(months.tail(12), lang)


def sites_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return activities of each site in the year so far."""
    as_of = zone.params.as_of
    found = organisation.activities_by_site(
        zone.table("service_sites"), zone.table("service_activities"), start=as_of.replace(month=1, day=1), as_of=as_of
    )
    return labelled(found, lang, values=("site_type",))


def alliance_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return alliance events by type with intents and contracts counted apart."""
    found = organisation.alliance_outcomes(zone.table("alliance_events"), as_of=zone.params.as_of)
    return labelled(found.rename(columns={"share_pct": "contract_share_pct"}), lang, values=("event_type",))


def class_labels(matrix: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the transition matrix with the classes in words."""
    named = matrix.rename(
        index=lambda name: label(f"class_{name}", lang), columns=lambda name: label(f"class_{name}", lang)
    )
    return named.rename_axis(index=say("figures.class_before", lang), columns=None)


def organisation_results(zone: Study, matrix: pd.DataFrame) -> dict[str, int]:
    """Return transitions, distinct requests and deliveries within half a day."""
    tickets = organisation.tickets_by_channel(zone.table("service_tickets"))
    months = organisation.delivery_by_month(zone.table("policy_deliveries"), as_of=zone.params.as_of)
    return {
        **transition_steps(matrix),
        "requests": int(tickets["first_here"].sum()),
        "tickets": int(tickets["tickets"].sum()),
        "policy_pairs": int(months["issued"].sum()),
        "within_half_day": int(months["within_half_day"].sum()),
    }


def organisation_finding(found: dict[str, int], lang: Lang) -> str:
    """Say the page's main counts in one line; `found` is `organisation_results`."""
    return say("pages.organisation_finding", lang, **{name: f"{n:,}" for name, n in found.items()})


def closing_alt(curves: pd.DataFrame, lang: Lang) -> str:
    """Describe the curves: the share still open after five days, lowest and highest channel."""
    open_share = 100 * curves.loc[curves["days"] == 5, "open_share"]
    return say("pages.time_to_close_alt", lang, n=curves["channel"].nunique(), low=f"{open_share.min():.0f}",
               high=f"{open_share.max():.0f}")  # fmt: skip
