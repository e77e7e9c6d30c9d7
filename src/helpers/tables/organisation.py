"""Tables of the organisation: the tree, what lies outside the bands, who is not covered, how classes move."""

import pandas as pd

from helpers.forces import catchup, moves, organisation, services, traction
from helpers.study import Study
from helpers.tables.labels import labelled, p_value, with_interval
from helpers.text import Lang, label, number, say


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


def bands_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return how many organisations have a form that does not fit their members or units, and of how many."""
    found = organisation.outside_bands(
        zone.restricted("members"), zone.table("party_orgs"), zone.table("org_coverage"), as_of=zone.params.as_of
    )
    found["kind"] = [say(f"forces.band_{name}", lang) for name in found["kind"]]
    return labelled(found.rename(columns={"kind": "case", "organisations": "outside"}), lang)


def uncovered_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return how many firms of the base no organisation covers, by reason."""
    found = organisation.uncovered_firms(
        zone.table("enterprises"), zone.table("org_coverage"), zone.table("party_orgs"), zone.restricted("members"),
        as_of=zone.params.as_of,
    )  # fmt: skip
    found["reason"] = [say(f"forces.reason_{name}", lang) for name in found["reason"]]
    return labelled(found.rename(columns={"n": "denominator"}), lang)


def rated_years(zone: Study) -> dict[str, int | str]:
    """Return the latest rated year (`after`) and the one before it (`before`), a dash where no year is rated."""
    year = traction.latest_rating_year(zone.table("org_ratings"), zone.params.as_of)
    return {"before": "–", "after": "–"} if year is None else {"before": year - 1, "after": year}


def transitions(zone: Study) -> pd.DataFrame:
    """Return organisations by class in the year before (rows) and in the latest rated year (columns)."""
    ratings = zone.table("org_ratings")
    return organisation.class_transitions(ratings, to_year=traction.latest_rating_year(ratings, zone.params.as_of))


def moves_table(zone: Study, lang: Lang, *, scale: moves.Scale) -> pd.DataFrame:
    """Return how organisations moved by the class or the stars that they came from, all pairs of years together."""
    found = moves.moves_by_level(zone.table("org_ratings"), as_of=zone.params.as_of, scale=scale)
    shown = found[["level", "n", "rose", "kept", "fell"]].rename(columns={"n": "pairs"})
    shown["level"] = [label(f"class_{name}", lang) if scale == "class" else name for name in found["level"]]
    return labelled(shown.assign(rose_pct=with_interval(found, "rose_pct")), lang)


def hazard_table(zone: Study, lang: Lang, *, scale: moves.Scale) -> pd.DataFrame:
    """Return the chance of a first rise by years since the first rating."""
    found = moves.upgrade_hazard(zone.table("org_ratings"), as_of=zone.params.as_of, scale=scale)
    shown = found[["years", "at_risk", "rose"]].rename(columns={"years": "years_since_rated", "rose": "first_rise"})
    still = [number(share, ".0f") for share in found["still_pct"]]
    return labelled(shown.assign(hazard_pct=with_interval(found, "hazard_pct"), still_pct=still), lang)


def spread_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return the spread of party scores within grids, year by year."""
    ratings, orgs = zone.table("org_ratings"), zone.table("party_orgs")
    found = catchup.spread_by_year(ratings, orgs, as_of=zone.params.as_of)
    bounds = zip(found["low"], found["high"], strict=True)
    ends = [f"{number(low, '.1f')} – {number(high, '.1f')}" for low, high in bounds]
    shown = found[["year", "grids"]].assign(mean_spread=found["spread"].round(1), spread_range=ends)
    return labelled(shown.rename(columns={"grids": "grids_used"}), lang)


def catch_up_sentence(zone: Study, lang: Lang) -> str:
    """Say how scores change with the gap to the grid's leader, and what shuffled leaders give."""
    grids = zone.table("grids") if not zone.missing(("grids",)) else None
    found = None if grids is None else catchup.catch_up(
        zone.table("org_ratings"), zone.table("party_orgs"), grids, as_of=zone.params.as_of, seed=zone.params.seed
    )  # fmt: skip
    if found is None:
        return say("pages.no_catch_up", lang, fewest=catchup.FEWEST_GRIDS)
    low, high = (number(bound, "+.2f") for bound in (found.low, found.high))
    told = "pages.catch_up_no" if found.low <= found.slope <= found.high else "pages.catch_up_yes"
    return say("pages.catch_up", lang, slope=number(found.slope, "+.2f"), low=low, high=high,
               p=p_value(found.p_value), pairs=f"{found.pairs:,}", orgs=f"{found.organisations:,}", grids=found.grids,
               draws=f"{found.draws:,}") + say(told, lang)  # fmt: skip


def transition_steps(matrix: pd.DataFrame) -> dict[str, int]:
    """Return how many organisations rose, fell or kept their class."""
    places = range(len(matrix))
    cells = {(i, j): int(matrix.iloc[i, j]) for i in places for j in places}
    return {
        "rose": sum(n for (i, j), n in cells.items() if j > i),
        "fell": sum(n for (i, j), n in cells.items() if j < i),
        "kept": sum(n for (i, j), n in cells.items() if j == i),
    }


def class_labels(matrix: pd.DataFrame, years: dict[str, int | str], lang: Lang) -> pd.DataFrame:
    """Return the transition matrix with the classes in words, its rows and columns named by their years."""
    named = matrix.rename(
        index=lambda name: label(f"class_{name}", lang), columns=lambda name: label(f"class_{name}", lang)
    )
    return named.rename_axis(index=years["before"], columns=years["after"])


def class_rows(matrix: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return `class_labels` as a table whose first heading tells the year of its rows from that of its columns."""
    down, across = (say("figures.class_in", lang, year=side.name) for side in (matrix.index, matrix.columns))
    return matrix.rename_axis(index=f"{down} ↓ · {across} →", columns=None).reset_index()


def organisation_results(zone: Study, matrix: pd.DataFrame) -> dict[str, int]:
    """Return transitions, distinct requests and deliveries within half a day."""
    tickets = services.tickets_by_channel(zone.table("service_tickets"), as_of=zone.params.as_of)
    months = services.delivery_by_month(zone.table("policy_deliveries"), as_of=zone.params.as_of)
    return {
        **transition_steps(matrix),
        "requests": int(tickets["requests"].sum()),
        "tickets": int(tickets["tickets"].sum()),
        "policy_pairs": int(months["issued"].sum()),
        "within_half_day": int(months["within_half_day"].sum()),
    }


def organisation_finding(found: dict[str, int], lang: Lang) -> str:
    """Say the page's main counts in one line; `found` is `organisation_results`."""
    return say("pages.organisation_finding", lang, **{name: f"{n:,}" for name, n in found.items()})
