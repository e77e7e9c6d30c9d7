"""What an estimate could have detected, and which effects it rules out: standard errors in, bounds out."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy import stats

from helpers.errors import UsageError

Scale = Literal["log", "level"]


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests that an effect lies within bounds.

    Attributes
    ----------
    p_lower, p_upper, p_value : float
        Of the effect being at most the lower bound, at least the upper one, and the greater of both.
    bound_low, bound_high : float
        Effects that would matter.
    conf_low, conf_high : float
        The interval of coverage 1 - 2 `level`, which lies within the bounds exactly when the tests reject.
    smallest_bound : float
        The smallest symmetric bound with which they would reject.
    is_equivalent : bool
        Whether they reject at `level`.
    level : float
    """

    p_lower: float
    p_upper: float
    p_value: float
    bound_low: float
    bound_high: float
    conf_low: float
    conf_high: float
    smallest_bound: float
    is_equivalent: bool
    level: float


@dataclass(frozen=True)
class Detectable:
    """The smallest true effect that would be found, in three units.

    Attributes
    ----------
    effect : float
        In the estimate's unit.
    percent : float or None
        Of the mean; None for an effect in levels without a mean.
    per_unit : float or None
        In units of the outcome a row (patents a firm-year); None for a log effect without a mean.
    power, level : float
    """

    effect: float
    percent: float | None
    per_unit: float | None
    power: float
    level: float


def minimum_detectable_effect(std_error: float, *, df: float, power: float = 0.8, level: float = 0.05) -> float:
    """Return the smallest true effect that would be found with probability `power`.

    Parameters
    ----------
    std_error : float
        Standard error of the estimate, in the estimate's unit.
    df : float
        Degrees of freedom of its t statistic.
    power, level : float
        Probability of detection and two-sided size.

    Returns
    -------
    float
        In the estimate's unit, positive: (t[1 - level/2] + t[power]) x SE.

    Notes
    -----
    Bloom (1995, Evaluation Review 19, equation 1), an ex-post use of the standard error that treats it as known.
    """
    return float((stats.t.ppf(1 - level / 2, df) + stats.t.ppf(power, df)) * std_error)


def detectable(
    std_error: float, *, df: float, mean: float | None = None, scale: Scale = "log", power: float = 0.8,
    level: float = 0.05,
) -> Detectable:  # fmt: skip
    """Return the smallest detectable effect in the estimate's unit, in percent and in units of the outcome.

    Parameters
    ----------
    std_error, df, power, level : float
        As in `minimum_detectable_effect`.
    mean : float, optional
        Mean outcome a row (patents a firm-year), of untreated rows where there are any.
    scale : {"log", "level"}
        Whether the estimate is a coefficient of a log link or in the outcome's unit.

    Raises
    ------
    UsageError
        If the scale is unknown, or a number is out of range.
    """
    if scale not in get_args(Scale):
        raise UsageError(f"detectable: scale '{scale}' is not one of {', '.join(get_args(Scale))}")
    if mean is not None and not (np.isfinite(mean) and mean > 0):
        raise UsageError(f"detectable: the mean is {mean:g}; a positive number is needed")
    if not 0 < level < power < 1:
        raise UsageError(f"detectable: power {power:g} and level {level:g} are to be shares with level below power")
    _refuse(std_error, df, "detectable")
    effect = minimum_detectable_effect(std_error, df=df, power=power, level=level)
    if scale == "log":
        percent = 100 * float(np.expm1(effect))
        return Detectable(effect, percent, None if mean is None else mean * percent / 100, power, level)
    return Detectable(effect, None if mean is None else 100 * effect / mean, effect, power, level)


def power_of(effect: float, std_error: float, *, df: float, level: float = 0.05) -> float:
    """Return the probability, 0-1, that a two-sided t test at `level` finds a true effect of this size.

    Notes
    -----
    From the noncentral t distribution, both tails; `minimum_detectable_effect` is the usual approximation to its
    inverse, and exact as df grows.
    """
    _refuse(std_error, df, "power_of")
    critical, away = stats.t.ppf(1 - level / 2, df), abs(effect) / std_error
    return float(stats.nct.sf(critical, df, away) + stats.nct.cdf(-critical, df, away))


def equivalence(estimate: float, std_error: float, *, df: float, bound: float) -> float:
    """Return the p value of two one-sided tests that the effect lies within (-bound, bound).

    Parameters
    ----------
    estimate, std_error, df : float
        The estimate, its standard error (same unit) and degrees of freedom.
    bound : float
        The smallest effect that would matter, positive, in the estimate's unit.

    Notes
    -----
    Schuirmann (1987, J. Pharmacokinetics and Biopharmaceutics 15).
    """
    return equivalence_test(estimate, std_error, df=df, bounds=(-bound, bound)).p_value


def equivalence_test(
    estimate: float, std_error: float, *, df: float, bounds: tuple[float, float], level: float = 0.05
) -> Equivalence:
    """Test whether an effect lies within bounds, and say which bounds it would pass.

    Parameters
    ----------
    estimate, std_error, df : float
        The estimate, its standard error (same unit) and degrees of freedom.
    bounds : tuple of two floats
        The effects below and above which it would matter, in the estimate's unit. Percent bounds of a log-link
        coefficient are (log(1 - p), log(1 + p)), which are not symmetric.
    level : float
        Size of each one-sided test, below 0.5.

    Raises
    ------
    UsageError
        If a number is missing, infinite or out of range, or the bounds are not in order.

    Notes
    -----
    Schuirmann (1987, J. Pharmacokinetics and Biopharmaceutics 15). The smallest symmetric bound that passes is
    |estimate| + t[1 - level] SE, found without knowledge of what would matter: it is a description, not a test.
    """
    _refuse(std_error, df, "equivalence")
    low, high = bounds
    if not (np.isfinite([estimate, low, high]).all() and low < high and 0 < level < 0.5):
        raise UsageError(f"equivalence: estimate {estimate:g}, bounds {low:g} to {high:g}, level {level:g}: finite "
                         "numbers, bounds in order and a level below 0.5 are needed")  # fmt: skip
    lower = float(stats.t.sf((estimate - low) / std_error, df))
    upper = float(stats.t.cdf((estimate - high) / std_error, df))
    reach = float(stats.t.ppf(1 - level, df)) * std_error
    return Equivalence(lower, upper, max(lower, upper), float(low), float(high), estimate - reach, estimate + reach,
                       abs(estimate) + reach, max(lower, upper) < level, level)  # fmt: skip


def _refuse(std_error: float, df: float, what: str) -> None:
    if not (np.isfinite(std_error) and std_error > 0 and df > 0):
        raise UsageError(f"{what}: a standard error of {std_error:g} with df {df:g}; both are to be positive")
