"""Member innovation studios (system 21): what their ended projects led to, by type of output.

Typed task projects of the codebook in, small tables of counts and shares out.
"""

from datetime import date

import pandas as pd

from helpers.forces import measures, pioneer
from helpers.forces.intervals import shares

NONE = "无"
NOT_STATED = "not_stated"
OUTPUTS = (*pioneer.RESULTS, NONE, NOT_STATED)


def ended_studio_projects(task_projects: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Return the projects of member innovation studios (`vehicle` 创新工作室) that ended by `as_of`."""
    is_ended = task_projects["ended_on"] <= pd.Timestamp(as_of)
    return task_projects[is_ended & (task_projects["vehicle"] == measures.STUDIO)]


def outputs_by_type(task_projects: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Return the ended studio projects by their type of output.

    Returns
    -------
    DataFrame
        One row a type (专利, 软著, 工艺, 设备, 认证, 无, not_stated; all of them, in this order): output, projects,
        studios (by `studio_id`; projects without one belong to none), and the share of all ended studio projects in per
        cent with Wilson's 95 % interval (pct, conf_low, conf_high; missing where no project ended).

    Notes
    -----
    A project states one type and no number, so output per project is at most one, and a patent is not told apart into
    invention, utility model and design: the invention share cannot be computed of this table. Traps: projects of one
    studio are not independent, so the interval is somewhat too narrow; an output that is a patent is an outcome and
    stays outside the index.
    """
    ended = ended_studio_projects(task_projects, as_of=as_of)
    stated = ended["output"].astype(object).where(ended["output"].isin(OUTPUTS), NOT_STATED)
    found = ended.assign(output=stated).groupby("output").agg(
        projects=("project_id", "size"), studios=("studio_id", "nunique")
    )  # fmt: skip
    found = found.reindex(pd.Index(OUTPUTS, name="output"), fill_value=0).astype(int)
    total = pd.Series(len(ended), index=found.index)
    return pd.concat([found, shares(found["projects"], total)], axis="columns").reset_index()


def studio_counts(task_projects: pd.DataFrame, *, as_of: date) -> dict[str, int]:
    """Return how many studio projects ended by `as_of`, in how many studios, how many of them name no studio.

    `projects`, `studios` (distinct `studio_id`), `without_studio` (ended projects that name none), `running` (studio
    projects begun by `as_of` that had not ended).
    """
    ended = ended_studio_projects(task_projects, as_of=as_of)
    own = task_projects[task_projects["vehicle"] == measures.STUDIO]
    begun = own["started_on"].isna() | (own["started_on"] <= pd.Timestamp(as_of))
    return {
        "projects": len(ended),
        "studios": ended["studio_id"].nunique(),
        "without_studio": int(ended["studio_id"].isna().sum()),
        "running": int((begun & ~(own["ended_on"] <= pd.Timestamp(as_of))).sum()),
    }
