"""Tables of the organisation: the tree, areas and grids, what lies outside the bands, posts, who is not covered."""

import pandas as pd

from helpers.disclosure import cleared
from helpers.forces import grids, organisation, posts
from helpers.params.pages import Page50
from helpers.released import protected
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.text import Lang, label, say


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
    with protected(zone, zone.params.min_cell):
        found = organisation.outside_bands(
            zone.restricted("members"), zone.table("party_orgs"), zone.table("org_coverage"), as_of=zone.params.as_of
        )
    found["kind"] = [say(f"forces.band_{name}", lang) for name in found["kind"]]
    return labelled(found.rename(columns={"kind": "case", "organisations": "outside"}), lang)


def uncovered_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return how many firms of the base no organisation covers, by reason."""
    with protected(zone, zone.params.min_cell):
        found = organisation.uncovered_firms(
            zone.table("enterprises"), zone.table("org_coverage"), zone.table("party_orgs"),
            zone.restricted("members"), as_of=zone.params.as_of,
        )  # fmt: skip
    found["reason"] = [say(f"forces.reason_{name}", lang) for name in found["reason"]]
    return cleared(labelled(found.rename(columns={"n": "denominator"}), lang))


def tree_drawn(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return the organisations of the tree as they are drawn: none in a circle, those below one stand as roots."""
    orgs = zone.table("party_orgs")
    tree = organisation.organisation_tree(orgs, as_of=zone.params.as_of)
    tree = tree[~tree["in_cycle"]]
    register = orgs.drop_duplicates("org_id").set_index("org_id")
    parent = tree["org_id"].map(register["parent_org_id"])
    area = tree["org_id"].map(register["area_id"]).map(_area_names(zone))
    return tree.assign(parent_org_id=parent.where(parent.isin(tree["org_id"])), area=area)


def tree_rows(drawn: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return organisations by area and type, with terms that are over, for the table behind the drawn tree.

    `drawn`: from `tree_drawn`.
    """
    rows = drawn.assign(area=drawn["area"].fillna(say("pages.no_area", lang)))
    counted = rows.groupby(["area", "org_type"], sort=True).agg(
        organisations=("org_id", "size"), is_overdue=("is_overdue", "sum")
    )
    return labelled(counted.reset_index(), lang, values=("org_type",))


def tree_alt(drawn: pd.DataFrame, lang: Lang) -> str:
    """Describe the drawn tree: organisations, rings, terms that are over.

    `drawn`: from `tree_drawn`.
    """
    rings = int(drawn["depth"].max()) if drawn["depth"].notna().any() else 0
    return say("pages.tree_alt", lang, n=len(drawn), rings=rings, overdue=int(drawn["is_overdue"].sum()))


def _area_names(zone: Study) -> pd.Series:
    if zone.missing(("areas",)):
        return pd.Series(dtype="str")
    return zone.table("areas").drop_duplicates("area_id").set_index("area_id")["area_name"]


def _standing(zone: Study) -> pd.DataFrame:
    return grids.standing_of_firms(
        zone.table("enterprises"), zone.table("org_coverage"), zone.table("party_orgs"), as_of=zone.params.as_of,
        base="above_scale",
    )  # fmt: skip


def areas_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return firms above scale or quota, those covered, and firms for each full-time liaison, by area."""
    found = grids.firms_by_area(zone.table("areas"), _standing(zone))
    named = found["area_name"].where(found["area_id"].notna(), say("pages.no_area", lang))
    shown = found.assign(area=named)[["area", "firms", "covered", "liaisons", "firms_per_liaison"]]
    return labelled(shown, lang)


def grid_map(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return the grids with their firms above scale or quota by standing, and the area's name as a label."""
    found = grids.firms_by_grid(zone.table("grids"), _standing(zone))
    area = found["area_id"].map(_area_names(zone)).fillna(say("pages.no_area", lang))
    return found.assign(area=area)


def grid_rows(mapped: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return `grid_map` for the table behind it.

    `mapped`: from `grid_map`.
    """
    standings = {name: label(f"standing_{name}", lang) for name in grids.STANDINGS}
    return labelled(mapped[["grid_id", "area", "firms", *grids.STANDINGS]].rename(columns=standings), lang)


def grid_alt(mapped: pd.DataFrame, lang: Lang) -> str:
    """Describe the map of grids: grids, firms, those that nobody covers and where.

    `mapped`: from `grid_map`.
    """
    bare = mapped.assign(bare=mapped["work_only"] + mapped["uncovered"])
    where = bare.loc[bare["bare"] > 0, "grid_id"]
    named = say("pages.comma", lang).join(where) or say("pages.none", lang)
    return say("pages.grid_map_alt", lang, grids=len(mapped), firms=int(mapped["firms"].sum()),
               bare=int(bare["bare"].sum()), where=named)  # fmt: skip


def posts_table(zone: Study, values: Page50, lang: Lang) -> pd.DataFrame:
    """Return how many secretaries lead one, two, three or more organisations."""
    with protected(zone, values.min_cell):
        found = posts.posts_held(zone.restricted("secretaries"), zone.table("party_orgs"), as_of=zone.params.as_of)
    found["posts"] = [label(f"posts_{name}", lang) for name in found["posts"]]
    return labelled(found, lang)


def vacancies_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return organisations without a serving secretary, by type."""
    found = posts.vacancies_by_type(zone.restricted("secretaries"), zone.table("party_orgs"), as_of=zone.params.as_of)
    return labelled(found, lang, values=("org_type",))


def organisation_results(zone: Study) -> dict[str, int]:
    """Return organisations that exist, those past their term, firms of the map and those that are covered."""
    tree = organisation.organisation_tree(zone.table("party_orgs"), as_of=zone.params.as_of)
    standing = _standing(zone)
    return {
        "organisations": len(tree),
        "overdue": int(tree["is_overdue"].sum()),
        "firms": len(standing),
        "covered": int(standing["standing"].isin(grids.STANDINGS[:3]).sum()),
    }


def organisation_finding(found: dict[str, int], lang: Lang) -> str:
    """Say the page's main counts in one line; `found` is `organisation_results`."""
    return say("pages.organisation_finding", lang, **{name: f"{n:,}" for name, n in found.items()})
