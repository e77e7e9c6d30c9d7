import numpy as np
import pandas as pd
import pytest

from helpers import plan
from helpers.models import EventStudy, NotEstimable, staggered
from helpers.plan.timing import by_event_time, event_studies, overall
from helpers.tables import cohorts_table, mean_before, overall_table, studies_note

ONE = plan.load("zone").named("founding.patents_utility.has_own_org")


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(2)
    rows = pd.DataFrame({"uscc": np.repeat(np.arange(60), 8), "year": np.tile(np.arange(2014, 2022), 60)})
    cohort = np.where(rows["uscc"] % 3 == 0, np.nan, np.where(rows["uscc"] % 3 == 1, 2017, 2019))
    treated = rows["year"] >= cohort
    rate = 2.0 * np.where(treated, 1.5, 1.0)
    return rows.assign(cohort_org=cohort, patents_utility=rng.poisson(rate).astype(float))


def test_level_and_proportional_effects_are_told_in_both_units(frame):
    studies = event_studies(frame, ONE, seed=1, methods=("imputation", "poisson_etwfe"))
    mean = mean_before(frame, ONE)
    table = overall_table(studies, "en", outcome_mean=mean).iloc[:, :3].set_index("Estimator")
    numbers = overall(studies).set_index("method")["estimate"]
    level = table.loc["Imputation (Borusyak et al.)"]
    assert level.iloc[0].startswith(f"+{numbers['imputation']:.2f}")
    assert level.iloc[1].startswith(f"+{100 * numbers['imputation'] / mean:.0f}")
    share = table.loc["Poisson extended two-way"]
    assert share.iloc[0].startswith(f"+{mean * numbers['poisson_etwfe']:.2f}")
    assert share.iloc[1].startswith(f"+{100 * numbers['poisson_etwfe']:.0f}")
    # Planted: a half more. Both estimators see about that.
    assert 25 < 100 * numbers["poisson_etwfe"] < 75


def test_the_mean_before_is_that_of_firms_that_come_to_it(frame):
    rows = frame[frame["year"] < frame["cohort_org"]]
    assert mean_before(frame, ONE) == rows["patents_utility"].mean()


def test_firms_are_counted_by_first_year_and_never(frame):
    table = cohorts_table(frame, plan.load("zone").panel, "en")
    assert table.iloc[:, 0].tolist() == ["2017", "2019", "never within the period"]
    assert table.iloc[:, 1].tolist() == [20, 20, 20]


def test_an_estimator_that_cannot_answer_is_named_with_its_reason(frame):
    nobody = frame.assign(cohort_org=np.nan)
    studies = event_studies(nobody, ONE, seed=1, methods=("twfe",))
    assert isinstance(studies["twfe"], NotEstimable)
    assert overall(studies)["status"].tolist() == ["not_estimable"]
    assert by_event_time(studies, reach=(-2, 2)).empty
    assert "Two-way fixed effects could not be estimated" in studies_note(studies, "en")


def test_a_study_of_the_plan_is_the_estimator_called_plainly(frame):
    mine = event_studies(frame, ONE, seed=5, methods=("callaway_santanna",))["callaway_santanna"]
    plain = staggered(frame, outcome="patents_utility", unit="uscc", period="year", cohort="cohort_org",
                      cluster="uscc", seed=5)  # fmt: skip
    assert isinstance(mine, EventStudy)
    pd.testing.assert_frame_equal(mine.event, plain.event)
