"""Tables of ratings and cultivation: how classes and stars move, whether grids draw together, who is listed."""

import pandas as pd

from helpers.forces import catchup, cultivation, moves, organisation, traction
from helpers.params.pages import Page51
from helpers.released import protected
from helpers.study import Study
from helpers.tables.labels import labelled, p_value, with_interval
from helpers.text import Lang, label, number, say


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


def chances_table(zone: Study, lang: Lang, *, scale: moves.Scale) -> pd.DataFrame:
    """Return the probabilities of moving from each level (rows) to each (columns), with intervals, all years."""
    found = moves.transition_shares(zone.table("org_ratings"), as_of=zone.params.as_of, scale=scale)
    if found.empty:
        return pd.DataFrame()
    levels = [str(level) for level in moves.LEVELS[scale]]
    words = {name: label(f"class_{name}", lang) if scale == "class" else name for name in levels}
    found = found.assign(words=with_interval(found, "pct"))
    cells = found.pivot_table(index="before", columns="after", values="words", aggfunc="first")
    came = [name for name in levels if name in set(found["before"])]
    cells = cells.reindex(index=came, columns=levels).rename(columns=words, index=words)
    pairs = found.drop_duplicates("before").set_index("before")["n"].reindex(came)
    cells.insert(0, label("pairs", lang), pairs.to_numpy())
    return cells.rename_axis(index=say("pages.from_to", lang), columns=None).reset_index()


def ceiling_sentence(zone: Study, lang: Lang, *, scale: moves.Scale) -> str:
    """Say how many pairs of years began at the top, where there is nowhere to rise."""
    top, n = moves.ceiling(zone.table("org_ratings"), as_of=zone.params.as_of, scale=scale)
    return say("pages.ceiling", lang, top=f"{top:,}", n=f"{n:,}", share=f"{100 * top / n:.0f}" if n else "–")


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


def grid_spread_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return the spread of party scores in every grid, first and last year, and the leader's lead."""
    found = catchup.spread_by_grid(
        zone.table("org_ratings"), zone.table("party_orgs"), zone.table("grids"), as_of=zone.params.as_of
    )
    years = [None if pd.isna(first) else f"{first} – {last}"
             for first, last in zip(found["first_year"], found["last_year"], strict=True)]  # fmt: skip
    shown = found[["grid_id", "scored"]].assign(years_used=years)
    for name, form in (("first_spread", ".1f"), ("last_spread", ".1f"), ("change", "+.1f"), ("lead_gap", "+.1f")):
        shown[name] = [None if pd.isna(value) else number(value, form) for value in found[name]]
    return labelled(shown.rename(columns={"change": "spread_change"}), lang)


def catch_up_sentence(zone: Study, lang: Lang) -> str:
    """Say how scores change with the gap to the grid's leader, and what shuffled leaders give."""
    grids = zone.table("grids") if not zone.missing(("grids",)) else None
    found = None if grids is None else catchup.catch_up(
        zone.table("org_ratings"), zone.table("party_orgs"), grids, as_of=zone.params.as_of, seed=zone.params.seed
    )  # fmt: skip
    if found is None:
        return say("pages.no_catch_up", lang, fewest=catchup.FEWEST_GRIDS)
    low, high = (number(bound, "+.2f") for bound in (found.low, found.high))
    orders = say("pages.orders_all" if found.is_exact else "pages.orders_drawn", lang, draws=f"{found.draws:,}")
    told = "pages.catch_up_no" if found.low <= found.slope <= found.high else "pages.catch_up_yes"
    return say("pages.catch_up", lang, slope=number(found.slope, "+.2f"), low=low, high=high,
               p=p_value(found.p_value), pairs=f"{found.pairs:,}", orgs=f"{found.organisations:,}", grids=found.grids,
               orders=orders) + say(told, lang)  # fmt: skip


def transition_steps(matrix: pd.DataFrame) -> dict[str, int]:
    """Return how many organisations rose, fell or kept their class.

    `matrix`: from `transitions`.
    """
    places = range(len(matrix))
    cells = {(i, j): int(matrix.iloc[i, j]) for i in places for j in places}
    return {
        "rose": sum(n for (i, j), n in cells.items() if j > i),
        "fell": sum(n for (i, j), n in cells.items() if j < i),
        "kept": sum(n for (i, j), n in cells.items() if j == i),
    }


def class_labels(matrix: pd.DataFrame, years: dict[str, int | str], lang: Lang) -> pd.DataFrame:
    """Return the transition matrix with the classes in words, its rows and columns named by their years.

    `matrix`: from `transitions`.
    """
    named = matrix.rename(
        index=lambda name: label(f"class_{name}", lang), columns=lambda name: label(f"class_{name}", lang)
    )
    return named.rename_axis(index=years["before"], columns=years["after"])


def class_rows(matrix: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return `class_labels` as a table whose first heading tells the year of its rows from that of its columns.

    `matrix`: from `class_labels`.
    """
    down, across = (say("figures.class_in", lang, year=side.name) for side in (matrix.index, matrix.columns))
    return matrix.rename_axis(index=f"{down} ↓ · {across} →", columns=None).reset_index()


def two_way_table(zone: Study, values: Page51, lang: Lang) -> pd.DataFrame:
    """Return members promoted and technical staff admitted, by year up to the day of reference."""
    with protected(zone, values.min_cell):
        found = cultivation.two_way_by_year(
            zone.restricted("members"), zone.table("party_orgs"), as_of=zone.params.as_of
        )
    return labelled(
        found.assign(ends_on=found["ends_on"].dt.strftime("%Y-%m-%d")).rename(columns={"pct": "flow_pct"}), lang
    )


def brands_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return organisations and recognised brands by class."""
    found = cultivation.brands_by_class(zone.table("org_brands"), zone.table("org_ratings"), as_of=zone.params.as_of)
    found["class"] = [label(f"class_{name}", lang) for name in found["class"]]
    return labelled(found.rename(columns={"class": "group"}), lang)


def cultivation_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return listed firms beside similar ones and all others: class and score before, rises after."""
    found = cultivation.listed_and_similar(
        zone.table("cultivation_targets"), zone.table("org_ratings"), zone.table("org_coverage"),
        zone.table("party_orgs"), as_of=zone.params.as_of,
    )  # fmt: skip
    shown = found[["group", "organisations", "top_before", "score_before", "rated_after", "room", "rose"]]
    shown = shown.assign(
        group=[label(f"cultivation_{name}", lang) for name in found["group"]],
        rose_pct=with_interval(found, "rose_pct"),
        score_before=[None if pd.isna(score) else number(score, ".1f") for score in found["score_before"]],
    )  # fmt: skip
    return labelled(shown, lang)


def rating_results(zone: Study, matrix: pd.DataFrame) -> dict[str, int]:
    """Return class transitions, pairs of consecutive years, and those that began at the top.

    `matrix`: from `transitions`.
    """
    top, pairs = moves.ceiling(zone.table("org_ratings"), as_of=zone.params.as_of)
    return {**transition_steps(matrix), "pairs": pairs, "top": top}


def rating_finding(found: dict[str, int], lang: Lang) -> str:
    """Say the page's main counts in one line; `found` is `rating_results`."""
    return say("pages.rating_finding", lang, **{name: f"{n:,}" for name, n in found.items()})
