"""The scale of an estimate, and its numbers as a reader meets them: coefficients in, per cent and points out."""

from math import floor, isinf, log10
from typing import Final, Literal

import numpy as np

from helpers.text import Lang, number, say

Scale = Literal["percent", "hazard", "odds", "points", "log_points", "units", "coefficient"]
# What exp(b) - 1 is a change of, in per cent.
IN_PERCENT: Final[dict[str, Scale]] = {
    "poisson": "percent", "negbin": "percent", "cloglog": "hazard", "logit": "odds", "clogit": "odds",
}  # fmt: skip
# Of several equations, or of a latent variable: no one number of theirs is a difference of the outcome.
LATENT: Final = ("zip", "zinb", "hurdle", "ordered")
# As columns are named: truth values, logarithms.
FLAGS: Final = ("is_", "has_")
LOGARITHM: Final = "ln_"
# Beyond it a number says no more than that it is large, as where next to nobody is compared.
LARGEST: Final = {"percent": 1e3, "hazard": 1e3, "odds": 1e3, "points": 1e3, "log_points": 1e3, "counts": 1e3}
LARGEST_UNITS: Final = 1e6
MOST_DECIMALS: Final = 6


def scale_of(estimator: str, outcome: str) -> Scale:
    """Return the scale on which an estimate is told.

    Parameters
    ----------
    estimator : str
        Of a specification, or a method of `models.staggered`, which is linear.
    outcome : str
        Column; by its name a truth value (`is_`, `has_`) or a logarithm (`ln_`).
    """
    if estimator in IN_PERCENT:
        return IN_PERCENT[estimator]
    if estimator in LATENT:
        return "coefficient"
    if outcome.startswith(FLAGS):
        return "points"
    return "log_points" if outcome.startswith(LOGARITHM) else "units"


def on_scale(coefficient: float, scale: Scale) -> float:
    """Return a coefficient as it is told: per cent, (percentage or log) points, or as it is."""
    if scale in IN_PERCENT.values():
        with np.errstate(over="ignore"):
            return 100 * float(np.expm1(coefficient))
    return 100 * coefficient if scale in ("points", "log_points") else float(coefficient)


def off_percent(told: float, estimator: str) -> float:
    """Return the coefficient of a number that `models.association.described` tells in per cent or points."""
    return float(np.log1p(told / 100)) if estimator == "poisson" else told / 100


def written(value: float, lang: Lang, *, of: str, signed: bool = True) -> str:
    """Return a number to two digits or more, without its unit; beyond `LARGEST` as over (or below) that.

    Parameters
    ----------
    value : float
        As it is told; infinite for an interval without an end.
    lang : {"zh", "en"}
    of : str
        A `Scale`, or `counts` for units of the outcome a firm-year.
    signed : bool
        With a plus before a positive number.
    """
    most = LARGEST.get(of, LARGEST_UNITS)
    plus = "+" if signed else ""
    if isinf(value) or abs(value) > most:
        return say("findings.over" if value > 0 else "findings.below", lang,
                   number=number(most if value > 0 else -most, f"{plus},.0f"))  # fmt: skip
    if abs(value) < 10**-MOST_DECIMALS:
        return "0"
    return number(value, f"{plus},.{_decimals(abs(value))}f")


def _decimals(size: float) -> int:
    """Return so many decimals that no end of an interval that is clear of zero is rounded to it."""
    for least, decimals in ((9.95, 0), (0.995, 1), (0.0995, 2)):
        if size >= least:
            return decimals
    return min(1 - floor(log10(size)), MOST_DECIMALS)
