"""Areas and grids: how many firms each has, how they are covered, and how many liaisons serve them.

Typed tables of the codebook in, counts of firms out.
"""

from datetime import date

import numpy as np
import pandas as pd

from helpers.forces import population
from helpers.forces.population import Base

# How a firm stands, first that holds.
STANDINGS = ("own", "joint", "attached", "work_only", "uncovered")
_MODES = ((population.OWN_ORGANISATION,), population.JOINT_MODES, (population.ATTACHED,), (population.WORK_ONLY,))


def standing_of_firms(
    enterprises: pd.DataFrame,
    org_coverage: pd.DataFrame,
    party_orgs: pd.DataFrame,
    *,
    as_of: date,
    base: Base = "all_operating",
) -> pd.DataFrame:
    """Return how every firm of a base is covered on `as_of`.

    Returns
    -------
    DataFrame
        One row a firm: uscc, area_id, grid_id, standing (`STANDINGS`: an organisation of its own, a joint one,
        attached to another firm's, by work alone, none).
    """
    firms = population.base_firms(enterprises, as_of, base=base)
    rows = enterprises[enterprises["uscc"].isin(list(firms))].drop_duplicates("uscc").sort_values("uscc")
    held = population.coverage_on(org_coverage, party_orgs, as_of)
    in_mode = [rows["uscc"].isin(held.loc[held["coverage_mode"].isin(modes), "uscc"]) for modes in _MODES]
    standing = np.select(in_mode, STANDINGS[:-1], default=STANDINGS[-1])
    return rows[["uscc", "area_id", "grid_id"]].assign(standing=standing).reset_index(drop=True)


def firms_by_area(areas: pd.DataFrame, standing: pd.DataFrame) -> pd.DataFrame:
    """Count firms, those an organisation covers, and firms for each full-time liaison, by area.

    Parameters
    ----------
    standing : DataFrame
        From `standing_of_firms`.

    Returns
    -------
    DataFrame
        One row an area of the table, then one for firms of no area of it where there are any (area_id missing):
        area_id, area_name, firms, covered, liaisons, firms_per_liaison (missing without a stated liaison).

    Notes
    -----
    Firms per liaison: firms / full-time liaisons of the area. The number of liaisons is open: officers of the areas, as
    they publish it. Trap: an area's liaisons may also serve its residents.
    """
    listed = areas.drop_duplicates("area_id")[["area_id", "area_name", "fulltime_liaisons"]]
    listed = listed.rename(columns={"fulltime_liaisons": "liaisons"})
    covered = standing["standing"].isin(STANDINGS[:3])
    known = standing["area_id"].where(standing["area_id"].isin(listed["area_id"]))
    counted = pd.DataFrame({"area_id": known, "firms": 1, "covered": covered.astype(int)})
    found = listed.merge(counted.groupby("area_id", as_index=False).sum(), on="area_id", how="left")
    if known.isna().any():
        elsewhere = counted[known.isna()][["firms", "covered"]].sum()
        found = pd.concat([found, elsewhere.to_frame().T], ignore_index=True)
    counts = ["firms", "covered", "liaisons"]
    found[counts] = found[counts].astype("Int64")
    found[["firms", "covered"]] = found[["firms", "covered"]].fillna(0)
    per = found["firms"].astype("Float64") / found["liaisons"].where(found["liaisons"] > 0).astype("Float64")
    return found.assign(firms_per_liaison=per)


def firms_by_grid(grids: pd.DataFrame, standing: pd.DataFrame) -> pd.DataFrame:
    """Count firms by grid and standing.

    Returns
    -------
    DataFrame
        One row a grid of the table, by area and code: grid_id, grid_name, area_id, lead_org_id, firms, and a column for
        each of `STANDINGS` (firms). Firms of no grid of the table are not counted.
    """
    listed = grids.drop_duplicates("grid_id")[["grid_id", "grid_name", "area_id", "lead_org_id"]]
    counted = pd.crosstab(standing["grid_id"].astype("str"), standing["standing"])
    counted = counted.reindex(index=listed["grid_id"].astype("str"), columns=list(STANDINGS), fill_value=0)
    found = listed.reset_index(drop=True).assign(firms=counted.sum(axis="columns").to_numpy())
    found[list(STANDINGS)] = counted.to_numpy()
    return found.sort_values(["area_id", "grid_id"], ignore_index=True)
