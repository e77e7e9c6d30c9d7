import numpy as np
import pandas as pd
import pytest

from helpers import plan
from helpers.models.result import NotEstimable
from helpers.plan.robustness import fitted
from helpers.plan.trends import APPROACH, trend_before

ONE = plan.load("zone").named("founding.patents_utility.has_own_org")
YEARS = np.arange(2010, 2022)
# Two firms never, one before all years, two within the first four years, the others later.
COHORTS = np.repeat([np.nan, 2009, 2012, 2013, 2015, 2017, 2018, 2020], 2)


def firm_years(*, slope=0.0, jump=0.0, cohorts=COHORTS):
    """Return expected counts, without any noise: what is planted is then recovered to the digits of the fit."""
    firm, place = np.divmod(np.arange(len(cohorts) * len(YEARS)), len(YEARS))
    year, cohort = YEARS[place], np.asarray(cohorts, dtype=float)[firm]
    # Year by year, as a reader would count: 1 in the third year before treatment, 4 from the year of treatment on.
    steps = {-3: 1, -2: 2, -1: 3}
    since = year - cohort
    path = [0 if np.isnan(gap) or gap <= -4 else steps.get(int(gap), 4) for gap in since]
    treated = (cohort <= year).astype(int)
    mean = np.exp(0.3 * np.sin(firm) + 0.1 * np.cos(year) + slope * np.array(path) + jump * treated)
    return pd.DataFrame(
        {"uscc": firm, "year": year, "grid_id": firm % 6, "cohort_org": cohort, "has_own_org": treated,
         "patents_utility": mean}
    )  # fmt: skip


@pytest.mark.parametrize(("slope", "jump"), [(0.0, 0.0), (0.15, 0.0), (0.0, 0.4), (-0.1, 0.3)])
def test_a_slope_before_treatment_and_a_jump_at_it_are_told_apart(slope, jump):
    found = trend_before(firm_years(slope=slope, jump=jump), ONE)
    assert found.slope["estimate"] == pytest.approx(slope, abs=1e-6)
    assert found.held_fixed["estimate"] == pytest.approx(jump, abs=1e-6)


def test_without_the_slope_the_same_fit_takes_a_trend_for_an_effect():
    assert fitted(firm_years(slope=0.15), ONE).term("has_own_org")["estimate"] > 0.2


def test_the_slope_is_judged_by_firm_and_the_effect_by_the_declared_cluster():
    found = trend_before(firm_years(slope=0.1, jump=0.2), ONE)
    assert (found.by_unit.n_clusters, found.by_cluster.n_clusters) == (len(COHORTS), 6)
    assert found.slope["std_error"] == found.by_unit.term(APPROACH)["std_error"]
    assert found.held_fixed["std_error"] == found.by_cluster.term("has_own_org")["std_error"]


def test_where_nobody_is_seen_before_treatment_there_is_no_slope():
    # All treated long ago: neither the exposure nor the years before it vary within a firm.
    with pytest.raises(NotEstimable):
        trend_before(firm_years(cohorts=[2000, 2001, np.nan, np.nan]), ONE)

