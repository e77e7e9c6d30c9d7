"""What the index is made of: indicators, the mechanism each stands for, and the forces of that mechanism.

`data/reference/index_indicators.csv` names the mechanism of every indicator, `data/reference/force_map.csv` the forces
of every mechanism. Both are the project's own reading of a source that lists five forces without defining them; edit
them and the index changes.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from helpers import paths
from helpers.errors import InputError
from helpers.forces import FORCES
from helpers.forces.firms import INPUTS

FORCE_MAP, INDICATORS = "force_map.csv", "index_indicators.csv"
# Innovation and growth stay outside: an index that held them would find itself in what it is compared with.
OUTCOMES: tuple[str, ...] = (
    "patents", "patent_owners", "software_copyrights", "certifications", "rd_projects", "enterprise_years.revenue",
    "enterprise_years.core_revenue", "enterprise_years.profit", "enterprise_years.assets",
    "enterprise_years.liabilities", "enterprise_years.rd_expense", "enterprise_years.rd_subsidy",
    "enterprise_years.hitech_revenue", "enterprise_years.rd_staff", "org_ratings.score_growth", "org_ratings.class",
    "org_ratings.grade", "org_ratings.stars", "org_ratings.veto", "party_orgs.double_strong", "task_projects.output",
    "task_projects.result", "task_projects.baseline", "task_projects.capex",
)  # fmt: skip


@dataclass(frozen=True)
class Framework:
    """Which indicator belongs to which force.

    Parameters
    ----------
    belongs : DataFrame, shape (k, 5)
        Share (0-1) of each indicator (row) in each force (column, by its Chinese name).
    directions : Series, shape (k,)
        1 where more is better, -1 where less is.
    mechanisms : Series, shape (k,)
        Mechanism of each indicator.
    """

    belongs: pd.DataFrame
    directions: pd.Series
    mechanisms: pd.Series


def framework(indicators: pd.DataFrame | None = None, force_map: pd.DataFrame | None = None) -> Framework:
    """Return the framework, by default as the two reference files state it.

    Parameters
    ----------
    indicators : DataFrame, optional
        `indicator`, `mechanism_id`, `direction`.
    force_map : DataFrame, optional
        `mechanism_id`, `force`, `weight`.

    Raises
    ------
    InputError
        If an indicator is unknown, repeated or reads an outcome, a mechanism or force is unknown, or a direction is
        neither 1 nor -1.
    """
    listed = _read(INDICATORS) if indicators is None else indicators
    forces = _read(FORCE_MAP) if force_map is None else force_map
    names = listed["indicator"].astype("str")
    _known(names, INPUTS, INDICATORS, "indicator")
    _known(listed["mechanism_id"], set(forces["mechanism_id"]), INDICATORS, "mechanism_id", FORCE_MAP)
    _known(forces["force"], FORCES.values(), FORCE_MAP, "force")
    repeated = sorted(set(names[names.duplicated()]))
    if repeated:
        raise InputError(
            f"{INDICATORS}: {len(repeated)} indicators stand twice: {', '.join(repeated)}: keep one row each"
        )
    directions = pd.to_numeric(listed["direction"], errors="coerce")
    wrong = list(names[~directions.isin((1, -1))])
    if wrong:
        raise InputError(f"{INDICATORS}: direction of {', '.join(wrong)} is neither 1 nor -1")
    refuse_outcomes(names)
    shares = forces.pivot_table(index="mechanism_id", columns="force", values="weight", aggfunc="sum", fill_value=0.0)
    shares = shares.reindex(columns=list(FORCES.values()), fill_value=0.0).astype("float64")
    belongs = shares.loc[listed["mechanism_id"]].set_axis(names, axis="index")
    return Framework(
        belongs, directions.set_axis(names).astype("float64"), listed["mechanism_id"].astype("str").set_axis(names)
    )


def refuse_outcomes(indicators: Iterable[str]) -> None:
    """Refuse indicators that read an outcome or a growth score.

    Raises
    ------
    InputError
        Naming each of them and what it reads.
    """
    found = [f"{name} ({', '.join(bad)})" for name in indicators if (bad := outcomes_read(INPUTS[name]))]
    if found:
        raise InputError(
            f"index: no outcome and no growth score may enter, but {'; '.join(found)} would: leave them out"
        )


def outcomes_read(inputs: Iterable[str]) -> list[str]:
    """Return which of `inputs` are outcomes or growth scores; a whole table counts for all its columns but those read.

    The tables of organisations and ratings hold both kinds, so that only named columns of ratings, projects and yearly
    figures may be read at all; `party_orgs` is read by its dates and its tree.
    """
    whole = {one.partition(".")[0] for one in OUTCOMES} - {"party_orgs"}
    return [one for one in inputs if one in OUTCOMES or one in whole]


def available(values: pd.DataFrame, least: float) -> tuple[list[str], pd.Series]:
    """Return the indicators that at least a share `least` (0-1) of firms have, and the share of each."""
    share = values.notna().mean()
    return [name for name in values.columns if share[name] >= least], share


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(paths.REFERENCE / name, encoding="utf-8-sig")


def _known(values: pd.Series, allowed: Iterable[str], file: str, column: str, where: str = "") -> None:
    allowed = list(allowed)
    unknown = sorted(set(values.astype("str")) - set(allowed))
    if unknown:
        near = difflib.get_close_matches(unknown[0], allowed, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        place = f" in {where}" if where else ""
        raise InputError(f"{file}: {len(unknown)} values of {column} are unknown{place}: {', '.join(unknown)}{hint}")
