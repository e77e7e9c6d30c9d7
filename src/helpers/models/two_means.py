"""Mean outcomes with and without treatment from a score and outcome models, and each row's influence on them.

A frame of one row a unit in, arrays out.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from helpers.models.partial import refuse_collinear
from helpers.models.propensity import log_linear, propensity
from helpers.models.result import NotEstimable
from helpers.text import Message

Estimand = Literal["ate", "att"]
OutcomeModel = Literal["ols", "poisson"]
_STEP = 1e-30


class TwoMeans:
    """Score and outcome models of one sample, and the two means as a function of their coefficients.

    Attributes
    ----------
    y, d : ndarray, shape (N,)
        Outcome and treatment, 0 or 1.
    raw, design : ndarray, shapes (N, K) and (N, K + 1)
        Covariates, and an intercept with the standardised covariates.
    start : list of ndarray
        Coefficients of the score, then of the outcome among treated (ate only) and untreated; with
        `outcome_model=None` of the score alone.
    """

    def __init__(
        self, used: pd.DataFrame, outcome: str, exposure: str, covariates: Sequence[str], estimand: Estimand,
        outcome_model: OutcomeModel | None,
    ) -> None:  # fmt: skip
        self.y = used[outcome].to_numpy(dtype=float)
        self.d = used[exposure].to_numpy(dtype=float)
        self.raw = used[list(covariates)].to_numpy(dtype=float)
        self.estimand, self.outcome_model = estimand, outcome_model
        centred = self.raw - self.raw.mean(axis=0)
        refuse_collinear(centred, np.sqrt((self.raw**2).sum(axis=0)), covariates)
        self.design = np.column_stack([np.ones(len(self.y)), centred / centred.std(axis=0)])
        self.start = [propensity(self.design, self.d, exposure), *self._outcomes(exposure, outcome)]

    def _outcomes(self, exposure, outcome) -> list[np.ndarray]:
        found = []
        for value in (1, 0) if self.outcome_model else ():
            if value and self.estimand == "att":
                continue
            rows = self.d == value
            design, y = self.design[rows], self.y[rows]
            if np.linalg.matrix_rank(design) < design.shape[1]:
                values = {"exposure": exposure, "value": value, "rows": len(y), "terms": design.shape[1]}
                raise NotEstimable(Message("sensitivity.group_too_small", values))
            if self.outcome_model == "poisson":
                found.append(log_linear(design, y, outcome))
            else:
                found.append(np.linalg.lstsq(design, y, rcond=None)[0])
        return found

    def score(self, coefficients: np.ndarray) -> np.ndarray:
        """Return the probability of treatment of each row."""
        return 1 / (1 + np.exp(-(self.design @ coefficients)))

    def _mean(self, coefficients: np.ndarray) -> np.ndarray:
        linear = self.design @ coefficients
        return np.exp(linear) if self.outcome_model == "poisson" else linear

    def weights(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights of treated and untreated rows, zero in the other group."""
        score = self.score(coefficients)
        if self.estimand == "att":
            return self.d + 0 * score, (1 - self.d) * score / (1 - score)
        return self.d / score, (1 - self.d) / (1 - score)

    def rows(self, start: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return for each mean a numerator and a denominator by row, whose means' ratio it is."""
        one, zero = self.weights(start[0])
        if self.outcome_model is None:
            return [(one * self.y, one), (zero * self.y, zero)]
        of_untreated = self._mean(start[-1])
        if self.estimand == "att":
            return [(one * self.y, one), (one * of_untreated + zero * (self.y - of_untreated), one)]
        of_treated, whole = self._mean(start[1]), np.ones(len(self.y))
        return [
            (of_treated + one * (self.y - of_treated), whole),
            (of_untreated + zero * (self.y - of_untreated), whole),
        ]

    def means(self, start: list[np.ndarray]) -> list:
        """Return the mean outcome under treatment and without it."""
        return [above.mean() / below.mean() for above, below in self.rows(start)]

    def influence(self) -> np.ndarray:
        """Return each row's influence on the difference of means, the models' coefficients taken as known."""
        one, zero = (
            (above - mean * below) / below.mean()
            for (above, below), mean in zip(self.rows(self.start), self.means(self.start), strict=True)
        )
        return one - zero

    def correction(self) -> np.ndarray:
        """Return what the estimation of the models' coefficients adds to the influence function."""
        added = np.zeros(len(self.y))
        for place, coefficients in enumerate(self.start):
            slopes = np.empty(len(coefficients))
            for column in range(len(coefficients)):
                # The complex step gives the derivative to the last digit.
                moved = [part.astype(complex) for part in self.start]
                moved[place][column] += 1j * _STEP
                one, zero = self.means(moved)
                slopes[column] = (one - zero).imag / _STEP
            added += self._own_influence(place) @ slopes
        return added

    def _own_influence(self, place: int) -> np.ndarray:
        fitted = self.score(self.start[0]) if place == 0 else self._mean(self.start[place])
        if place == 0:
            used, curvature, error = np.ones(len(self.y)), fitted * (1 - fitted), self.d - fitted
        else:
            used = self.d if self.estimand == "ate" and place == 1 else 1 - self.d
            curvature, error = (fitted if self.outcome_model == "poisson" else np.ones(len(self.y))), self.y - fitted
        hessian = (self.design * (used * curvature)[:, None]).T @ self.design / len(self.y)
        return np.linalg.solve(hessian, (self.design * (used * error)[:, None]).T).T
