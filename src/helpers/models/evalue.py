"""How strong an unmeasured confounder would have to be to explain a ratio away: the E-value.

A ratio, a log-link coefficient or a fitted result in, one frozen result out. Closed form, so plain Python; the peer is
R's EValue.
"""

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from helpers.errors import UsageError
from helpers.models.result import Result
from helpers.text import Message

Scale = Literal["log", "ratio"]
Ratio = Literal["risk", "odds", "hazard"]
# Below this share of ones an odds or hazard ratio is read as a risk ratio.
RARE = 0.15
RATIOS: dict[str, Ratio] = {
    "poisson": "risk", "negbin": "risk", "logit": "odds", "clogit": "odds", "cloglog": "hazard",
}  # fmt: skip


@dataclass(frozen=True)
class EValue:
    """Least association, as a risk ratio, that a confounder needs with both exposure and outcome.

    Attributes
    ----------
    point, limit : float
        To move the estimate, and the end of its interval next to `true`, to `true`; 1 where nothing is needed.
    ratio, conf_low, conf_high : float
        The (approximate) risk ratio and its interval, from which they are computed.
    true : float
        The risk ratio to which the estimate is to be moved.
    warnings : tuple of Message
    """

    point: float
    limit: float
    ratio: float
    conf_low: float
    conf_high: float
    true: float
    warnings: tuple[Message, ...] = field(default=())


def e_value(
    estimate: float | Result, conf_low: float | None = None, conf_high: float | None = None, *, scale: Scale = "log",
    ratio: Ratio = "risk", is_rare: bool = True, per: float = 1.0, true: float = 1.0,
) -> EValue:  # fmt: skip
    """Return the E-value of an estimate and of its interval.

    Parameters
    ----------
    estimate : float or Result
        A coefficient of a log link (`scale="log"`) or a ratio (`scale="ratio"`); of a `Result` the exposure's row is
        taken, with its kind of ratio by its estimator, rare below a mean of 0.15.
    conf_low, conf_high : float
        Its interval, on the same scale; not with a `Result`.
    scale : {"log", "ratio"}
    ratio : {"risk", "odds", "hazard"}
        Rate ratios of counts are read as risk ratios. Odds and hazard ratios of common outcomes are turned into
        approximate risk ratios first.
    is_rare : bool
        Whether the outcome is rare (below 15 %) at the end of follow-up; of no effect on a risk ratio.
    per : float
        Contrast of the exposure, in its own unit: a coefficient is multiplied by it.
    true : float
        Risk ratio to which confounding is to move the estimate.

    Raises
    ------
    UsageError
        If an option is unknown, an estimator has no ratio, an interval does not hold its estimate, or a value is
        missing, infinite, or not positive on the ratio scale.

    Notes
    -----
    E = RR + sqrt(RR (RR - 1)) for RR >= 1, of 1/RR below: VanderWeele & Ding (2017, Annals of Internal Medicine 167,
    table 1); for another `true`, of their ratio. Common outcomes: RR = sqrt(OR), and
    RR = (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)), VanderWeele (2017, Biometrics 73; 2020, Biometrics 76). Trap: the
    E-value says how strong a confounder must be, not whether one is there, and of weak ones that add up nothing.
    """
    if isinstance(estimate, Result):
        return _of_result(estimate, conf_low, conf_high, per, true)
    if scale not in get_args(Scale) or ratio not in get_args(Ratio):
        raise UsageError(f"e_value: scale is one of {get_args(Scale)} and ratio one of {get_args(Ratio)}")
    given = [estimate, conf_low, conf_high, per, true]
    if any(value is None or not np.isfinite(value) for value in given):
        raise UsageError(f"e_value: estimate, interval, per and true must all be finite numbers, not {given}")
    if (scale == "ratio" and min(estimate, conf_low, conf_high) <= 0) or true <= 0:
        raise UsageError("e_value: a ratio is above 0; give coefficients with scale='log'")
    if not conf_low <= estimate <= conf_high:
        raise UsageError(f"e_value: the interval {conf_low:g} to {conf_high:g} does not hold the estimate {estimate:g}")
    logs = [value if scale == "log" else np.log(value) for value in (estimate, conf_low, conf_high)]
    ratios = [_as_risk(per * value, ratio, is_rare) for value in logs]
    low, high = sorted(ratios[1:])
    is_moved = low <= true <= high
    limit = 1.0 if is_moved else _needed((low if low > true else high) / true)
    approximate = ratio != "risk"
    warnings = (Message("sensitivity.as_risk_ratio", {"ratio": f"{ratios[0]:.3g}"}),) if approximate else ()
    return EValue(_needed(ratios[0] / true), limit, ratios[0], low, high, float(true), warnings)


def _of_result(result: Result, conf_low, conf_high, per, true) -> EValue:
    if conf_low is not None or conf_high is not None:
        raise UsageError("e_value: a result has its own interval; give none beside it")
    if result.estimator not in RATIOS:
        raise UsageError(f"e_value: '{result.estimator}' has no ratio; one of {', '.join(RATIOS)} has")
    row = result.term(result.exposure)
    return e_value(
        float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"]), ratio=RATIOS[result.estimator],
        is_rare=result.outcome_mean < RARE, per=per, true=true,
    )  # fmt: skip


def _as_risk(log_ratio: float, ratio: Ratio, is_rare: bool) -> float:
    if ratio == "risk" or is_rare:
        return float(np.exp(log_ratio))
    root = np.exp(log_ratio / 2)
    return float(root) if ratio == "odds" else float((1 - 0.5**root) / (1 - 0.5 ** (1 / root)))


def _needed(ratio: float) -> float:
    above = max(ratio, 1 / ratio)
    return float(above + np.sqrt(above * (above - 1)))
