"""Effects of a treatment that starts at different times: one call, seven estimators, one shape of result.

`staggered` checks the panel (`panel.py`), runs the named method's module and adds intervals and simultaneous bands
(`bands.py`, `event_study.py`). A method's module is imported when it is asked for.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import get_args

import pandas as pd

from helpers.errors import UsageError
from helpers.models.staggered.event_study import EventStudy, LeadsTest, Method, Parts, event_study
from helpers.models.staggered.panel import ControlGroup, Panel, panel_of

__all__ = ["EventStudy", "LeadsTest", "Panel", "Parts", "panel_of", "staggered"]


def staggered(
    data: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    cohort: str,
    method: Method = "callaway_santanna",
    control_group: ControlGroup = "not_yet_treated",
    covariates: Sequence[str] = (),
    cluster: str | None = None,
    seed: int = 20240101,
    draws: int = 999,
    level: float = 0.95,
    **options: str,
) -> EventStudy:
    """Estimate effects of a staggered treatment by event time, by cohort and period, and overall.

    Parameters
    ----------
    data : DataFrame
        One row a unit and period; see `panel_of` for what is checked and left out.
    outcome, unit, period, cohort : str
        Columns; `cohort` is the period of first treatment, missing for never treated.
    method : {"twfe", "callaway_santanna", "sun_abraham", "imputation", "two_stage", "poisson_etwfe", "lp_did"}
    control_group : {"never_treated", "not_yet_treated"}
        Whom the treated are compared with, where the method has the choice.
    covariates : sequence of str
    cluster : str, optional
        Column of the clusters of standard errors; the unit if none is named.
    seed, draws : int
        Of the draws behind the simultaneous bands.
    level : float
        Coverage of intervals and bands.
    **options
        Of the method alone; `callaway_santanna` takes `adjustment` ("doubly_robust", "outcome_regression", "ipw") and
        `base_period` ("varying", "universal").

    Returns
    -------
    EventStudy

    Raises
    ------
    NotEstimable
        If the data cannot answer; the message says why.
    UsageError
        If a method, control group or option is unknown.
    """
    problems = []
    if method not in get_args(Method):
        problems.append(f"method '{method}' is not one of {', '.join(get_args(Method))}")
    if control_group not in get_args(ControlGroup):
        problems.append(f"control_group '{control_group}' is not one of {', '.join(get_args(ControlGroup))}")
    if draws < 1:
        problems.append(f"draws is {draws}: at least 1")
    if not 0 < level < 1:
        problems.append(f"level is {level}: between 0 and 1")
    if problems:
        raise UsageError("; ".join(problems))
    module = import_module(f"helpers.models.staggered.{method}")
    allowed = getattr(module, "OPTIONS", {})
    for name, value in options.items():
        if value not in allowed.get(name, ()):
            listed = "; ".join(f"{key}: {', '.join(values)}" for key, values in allowed.items()) or "none"
            raise UsageError(f"{name}={value!r} is not an option of '{method}' (it has {listed})")
    panel = panel_of(data, outcome=outcome, unit=unit, period=period, cohort=cohort, covariates=covariates,
                     cluster=cluster, control_group=control_group)  # fmt: skip
    parts = module.estimate(panel, control_group=control_group, **options)
    return event_study(panel, parts, method=method, control_group=control_group, level=level, seed=seed, draws=draws,
                       options=dict(options))  # fmt: skip
