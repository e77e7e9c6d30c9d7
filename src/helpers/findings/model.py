"""One estimate with everything that may be said of it: a frozen value that refuses to contradict itself."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from helpers.findings.scales import FLAGS, Scale, on_scale, scale_of
from helpers.plan.grade import LEVELS, Level
from helpers.text import Message

Direction = Literal["more", "fewer", "unclear", "equivalent", "not_estimable"]
# What the grammar has a clause for, from the weakest to the strongest.
Wording = Literal[
    "not_estimable", "cannot_tell", "equivalent", "opposite", "unchecked", "association", "timing", "robust"
]  # fmt: skip
Noun = Literal["counted", "share", "level"]
COUNTS: Final = ("patents", "software_copyrights", "rd_projects")


@dataclass(frozen=True)
class Finding:
    """What is known of one estimate.

    Attributes
    ----------
    outcome, exposure : str
        Columns.
    estimator : str
        Of the specification, or a method of `models.staggered`; with the outcome it decides the scale.
    estimate, conf_low, conf_high : float
        Coefficient and its interval; missing if it was not estimated.
    level : float
        Of the interval.
    detectable : float
        Coefficient of the smallest difference that 80 % power finds; missing if not known.
    per_year, per_year_low, per_year_high : float
        The same in units of the outcome a firm-year (`models.association.counts_a_year`); missing if it has none.
    n_units, n_obs, n_clusters : int
    cluster : str
        Column; empty if not known.
    grade : Level or None
        What the declared rules allow; None for an estimate that was put to none of them.
    rule : Message or None
        The rule that decided.
    none_within : (low, high) or None
        Declared bounds, as coefficients, between which a difference counts as none.
    reason : Message or None
        Why there is no estimate.

    Raises
    ------
    ValueError
        If the interval does not hold the estimate, or the grade says what the interval does not allow.
    """

    outcome: str
    exposure: str
    estimator: str
    estimate: float = np.nan
    conf_low: float = np.nan
    conf_high: float = np.nan
    level: float = 0.95
    detectable: float = np.nan
    per_year: float = np.nan
    per_year_low: float = np.nan
    per_year_high: float = np.nan
    n_units: int = 0
    n_obs: int = 0
    n_clusters: int = 0
    cluster: str = ""
    grade: Level | None = None
    rule: Message | None = None
    none_within: tuple[float, float] | None = None
    reason: Message | None = None

    def __post_init__(self) -> None:
        said = f"finding of {self.exposure} on {self.outcome}"
        if self.grade is not None and self.grade not in LEVELS:
            raise ValueError(f"{said}: grade '{self.grade}' is none of {', '.join(LEVELS)}")
        if not self.is_estimated:
            if self.grade not in (None, "cannot_tell"):
                raise ValueError(f"{said}: graded '{self.grade}' without an estimate; expected cannot_tell")
            return
        interval = f"{self.conf_low:.4g} … {self.conf_high:.4g}"
        if not self.conf_low <= self.estimate <= self.conf_high:
            raise ValueError(f"{said}: the estimate {self.estimate:.4g} lies outside of its interval {interval}")
        allowed = {"rejected": ("equivalent", "fewer"), "cannot_tell": ("more", "fewer", "unclear")}
        if self.grade is not None and self.direction not in allowed.get(self.grade, ("more", "fewer")):
            raise ValueError(f"{said}: graded '{self.grade}', which its interval {interval} does not allow")

    @property
    def is_estimated(self) -> bool:
        """Whether there is an estimate with an interval, open at an end perhaps."""
        return bool(np.isfinite(self.estimate)) and not np.isnan([self.conf_low, self.conf_high]).any()

    @property
    def scale(self) -> Scale:
        """Return the scale on which it is told."""
        return scale_of(self.estimator, self.outcome)

    @property
    def direction(self) -> Direction:
        """Return where the interval lies: within the bounds of no difference, above zero, below it, or around it."""
        if not self.is_estimated:
            return "not_estimable"
        if self.none_within is not None and self.none_within[0] < self.conf_low <= self.conf_high < self.none_within[1]:
            return "equivalent"
        if self.conf_low > 0:
            return "more"
        return "fewer" if self.conf_high < 0 else "unclear"

    @property
    def wording(self) -> Wording:
        """Return the strongest clause that both interval and grade allow."""
        if not self.is_estimated:
            return "not_estimable"
        if self.grade == "rejected":
            return "equivalent" if self.direction == "equivalent" else "opposite"
        if self.grade is not None:
            return self.grade
        return {"unclear": "cannot_tell", "equivalent": "equivalent"}.get(self.direction, "unchecked")

    @property
    def told(self) -> tuple[float, float, float]:
        """Return estimate and interval on the scale on which they are told."""
        return tuple(on_scale(value, self.scale) for value in (self.estimate, self.conf_low, self.conf_high))

    @property
    def noun(self) -> Noun:
        """Return whether the outcome is counted, a share of firm-years, or stands at a level."""
        if self.scale in ("points", "hazard", "odds"):
            return "share"
        is_counted = self.scale == "percent" or (self.scale == "units" and any(n in self.outcome for n in COUNTS))
        return "counted" if is_counted else "level"

    @property
    def is_by_unit(self) -> bool:
        """Whether the estimate is of one unit of the exposure, not of having it."""
        return not self.exposure.startswith(FLAGS)
