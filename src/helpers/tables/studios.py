"""The table of what member innovation studios led to, and what it cannot say."""

import pandas as pd

from helpers.forces import studios
from helpers.study import Study
from helpers.tables.labels import labelled, with_interval
from helpers.text import Lang, say


def _projects(zone: Study) -> pd.DataFrame | None:
    return None if zone.missing(["task_projects"]) else zone.table("task_projects")


def studio_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return ended studio projects by type of output, with shares; no row where none ended or there is no table."""
    projects = _projects(zone)
    found = studios.outputs_by_type(projects, as_of=zone.params.as_of) if projects is not None else None
    if found is None or not found["projects"].sum():
        return pd.DataFrame()
    shown = found[["output", "projects", "studios"]].assign(studio_share=with_interval(found, "pct"))
    shown = shown.rename(columns={"output": "studio_output", "projects": "projects_ended"})
    return labelled(shown, lang, values=("studio_output",))


def studio_note(zone: Study, lang: Lang) -> str:
    """Say of how many projects and studios the table is, and why it gives no invention share; or why there is none."""
    projects = _projects(zone)
    if projects is None:
        return say("pages.no_studio_table", lang)
    counts = studios.studio_counts(projects, as_of=zone.params.as_of)
    return say("pages.studio_note" if counts["projects"] else "pages.no_studios", lang, **counts)
