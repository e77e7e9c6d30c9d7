"""What is planted: the five scenarios, their true effects on the log scale, and the words that go with them.

All scenarios share every latent draw. A scenario may change the order in which firms get an organisation (`selection`)
or add filings to those that every scenario has (`effect`, `pretrend`, `spillover`); nothing else differs. No published
study gives a coefficient of party organisation on patents with a standard error, so every size here is an assumption.
"""

from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

import numpy as np

from helpers.errors import UsageError
from helpers.text import LANGS, say

ScenarioName = Literal["null", "effect", "selection", "pretrend", "spillover"]
PATENT_TYPES = ("发明", "实用新型", "外观设计")
PRETREND_YEARS = 4


@dataclass(frozen=True)
class Scenario:
    """A planted truth.

    Parameters
    ----------
    name : ScenarioName
    founding : dict
        Log effect on the rate of filings, by patent type, from the first full month after first coverage.
    spillover : dict
        Log effect on the rate of a firm's filings, by type, of moving the share of the other analysable firms of its
        grid that are covered from 0 to 1.
    pretrend : float
        Log growth per year of a covered firm's rate in the four years before coverage, kept afterwards.
    order_by_strength : float
        Correlation (0-1) of the order of coverage with innovative strength.
    """

    name: ScenarioName
    founding: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PATENT_TYPES, 0.0))
    spillover: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PATENT_TYPES, 0.0))
    pretrend: float = 0.0
    order_by_strength: float = 0.0

    def truth(self) -> dict:
        """Return the planted truth as plain data."""
        mechanism = {lang: say(f"simulate.mechanism_{self.name}", lang) for lang in LANGS}
        return {**asdict(self), "mechanism": mechanism}


_SCENARIOS = {
    "null": Scenario("null"),
    "effect": Scenario("effect", founding={"发明": 0.15, "实用新型": 0.40, "外观设计": 0.0}),
    "selection": Scenario("selection", order_by_strength=0.85),
    "pretrend": Scenario("pretrend", pretrend=0.15),
    "spillover": Scenario("spillover", spillover={"发明": 0.20, "实用新型": 0.60, "外观设计": 0.0}),
}


def scenario_named(name: str) -> Scenario:
    """Return the scenario called `name`.

    Raises
    ------
    UsageError
        If there is none of that name.
    """
    if name not in _SCENARIOS:
        raise UsageError(f"scenario '{name}' is unknown: expected one of {', '.join(get_args(ScenarioName))}")
    return _SCENARIOS[name]


def log_uplift(plan: Scenario, *, months: np.ndarray, covered_on: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    """Return what a scenario adds to the log rate of filings.

    Parameters
    ----------
    plan : Scenario
    months : ndarray of datetime64[M], shape (T,)
    covered_on : ndarray of datetime64[D], shape (N,)
        First coverage by an organisation; NaT if never.
    exposure : ndarray, shape (N, T)
        Share (0-1) of the other analysable firms of the firm's grid that are covered in that month.

    Returns
    -------
    ndarray, shape (3, N, T)
        In the order of `PATENT_TYPES`.
    """
    start = covered_on.astype("datetime64[M]")
    never = np.isnat(covered_on)
    since = (months[None, :] - start[:, None]).astype(np.int64)
    since = np.where(never[:, None], np.iinfo(np.int32).min, since)
    after = since > 0
    ramp = np.clip((since + 12 * PRETREND_YEARS) / 12, 0, PRETREND_YEARS)
    rise = plan.pretrend * np.where(never[:, None], 0.0, ramp)
    return np.stack([plan.founding[kind] * after + plan.spillover[kind] * exposure + rise for kind in PATENT_TYPES])


def grid_exposure(grid: np.ndarray, covered_on: np.ndarray, months: np.ndarray, grids: int) -> tuple:
    """Return the covered share of each grid's other analysable firms by month.

    Parameters
    ----------
    grid : ndarray of int, shape (N,)
        Grid of each analysable firm, 0-based.
    covered_on : ndarray of datetime64[D], shape (N,)
    months : ndarray of datetime64[M], shape (T,)
    grids : int

    Returns
    -------
    others : ndarray, shape (N, T)
        Share among the other analysable firms of the grid.
    whole : ndarray, shape (grids, T)
        Share among all analysable firms of the grid, the exposure of a firm outside the base.
    """
    covered = ~np.isnat(covered_on)[:, None] & (covered_on.astype("datetime64[M]")[:, None] < months[None, :])
    total = np.zeros((grids, len(months)))
    np.add.at(total, grid, covered)
    size = np.bincount(grid, minlength=grids)
    others = (total[grid] - covered) / np.maximum(size[grid] - 1, 1)[:, None]
    return others, total / np.maximum(size, 1)[:, None]
