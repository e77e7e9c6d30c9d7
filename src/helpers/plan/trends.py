"""How treated firms moved before they were treated, and what is left of an effect when that is held fixed.

Leads of an event study spend a degree of freedom on every year before treatment; one slope over these years asks less
and sees more of what grows steadily.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from helpers.models.result import Result
from helpers.plan.model import Specification
from helpers.plan.robustness import fitted
from helpers.plan.sample import UNIT
from helpers.plan.timing import COHORTS

YEARS_BEFORE: Final = 4
APPROACH: Final = "approach"


@dataclass(frozen=True)
class TrendBefore:
    """A declared specification with one more term, the years before treatment.

    Attributes
    ----------
    by_cluster : Result
        Clustered as declared.
    by_unit : Result
        The same fit clustered by firm.
    exposure : str
    """

    by_cluster: Result
    by_unit: Result
    exposure: str

    @property
    def slope(self) -> pd.Series:
        """Return the row of the slope before treatment, a year, clustered by firm: treatment comes to firms."""
        return self.by_unit.term(APPROACH)

    @property
    def held_fixed(self) -> pd.Series:
        """Return the row of the exposure with the slope held fixed, clustered as declared."""
        return self.by_cluster.term(self.exposure)


def trend_before(frame: pd.DataFrame, one: Specification) -> TrendBefore:
    """Fit a declared specification together with a slope over the last years before treatment.

    Parameters
    ----------
    frame : DataFrame
        From `sample.analysis_frame`: one row a firm and year, with the exposure's first year (`timing.COHORTS`).
    one : Specification
        With an exposure that has a first year.

    Returns
    -------
    TrendBefore

    Raises
    ------
    NotEstimable
        If no firm is seen within the years before treatment, or the fit cannot be had.

    Notes
    -----
    The term is min(max(year - first year, -4), 0) + 4: it grows by one a year over the four years before treatment and
    stays, so what the exposure adds is a jump on top of the path that led there. Firms that never come to the exposure
    have zero. As with leads, a slope that is not beyond chance is no proof of parallel trends (Roth 2022, AER: Insights
    4); a slope that goes on after treatment is not what is held fixed here.
    """
    since = frame["year"] - frame[COHORTS[one.exposure]].astype(float)
    approach = (np.clip(since, -YEARS_BEFORE, 0) + YEARS_BEFORE).fillna(0.0)
    with_slope = frame.assign(**{APPROACH: approach})
    more = one.model_copy(update={"mediators": (*one.mediators, APPROACH)})
    return TrendBefore(fitted(with_slope, more), fitted(with_slope, more, cluster=UNIT), one.exposure)
