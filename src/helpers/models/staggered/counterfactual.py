"""Outcomes without treatment: unit, period and covariate effects of untreated rows, and what each says of the treated.

The imputation and the two-stage estimator share this fit. Periods are few, so that the unit effects are eliminated and
what is left is solved exactly; an absorber would give residuals, but not the effects that treated rows are predicted
with.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from helpers.models.result import NotEstimable
from helpers.models.staggered.within import independent
from helpers.models.vcov import summed
from helpers.text import Message

# Eigenvalues of the periods' equations below this share of the largest are directions that the rows do not fix.
_NULL = 1e-11


@dataclass(frozen=True, eq=False)
class TwoWay:
    """Normal equations of two effects on some rows, `unit` and `period` being codes (N,), with weights (N,)."""

    unit: np.ndarray
    period: np.ndarray
    n_units: int
    n_periods: int
    weights: np.ndarray

    @cached_property
    def _cross(self) -> np.ndarray:
        joint = self.unit.astype(np.int64) * self.n_periods + self.period
        return np.bincount(joint, self.weights, self.n_units * self.n_periods).reshape(self.n_units, self.n_periods)

    @cached_property
    def _per_unit(self) -> np.ndarray:
        total = self._cross.sum(axis=1)
        return np.divide(1, total, out=np.zeros_like(total), where=total > 0)

    @cached_property
    def _inverse(self) -> np.ndarray:
        cross = self._cross
        left = np.diag(cross.sum(axis=0)) - cross.T @ (self._per_unit[:, None] * cross)
        return np.linalg.pinv(left, rcond=_NULL, hermitian=True)

    @cached_property
    def component(self) -> tuple[np.ndarray, np.ndarray]:
        """Return labels of units (n_units,) and periods (n_periods,): effects are comparable where labels are equal."""
        places = sparse.coo_matrix((np.ones(len(self.unit)), (self.unit, self.n_units + self.period)),
                                   shape=(self.n_units + self.n_periods,) * 2)  # fmt: skip
        labels = sparse.csgraph.connected_components(places, directed=False)[1]
        return labels[: self.n_units], labels[self.n_units :]

    def solve(self, unit_sums: np.ndarray, period_sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Solve Z'WZ (a, b) = (unit_sums, period_sums) of shapes (n_units, k) and (n_periods, k)."""
        b = self._inverse @ (period_sums - self._cross.T @ (self._per_unit[:, None] * unit_sums))
        return self._per_unit[:, None] * (unit_sums - self._cross @ b), b

    def effects(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the effects (n_units, k) and (n_periods, k) of columns (N, k)."""
        return self.solve(*self.sums(columns * self.weights[:, None]))

    def sums(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return columns (N, k) summed by unit and by period."""
        return summed(columns, self.unit, self.n_units), summed(columns, self.period, self.n_periods)


@dataclass(frozen=True, eq=False)
class Counterfactual:
    """A weighted least-squares fit of some rows that predicts all rows.

    Attributes
    ----------
    two_way : TwoWay
        Of the rows fitted, N0 of them.
    unit, period : ndarray of int, shape (N,)
        Codes of all rows.
    covariates : ndarray, shape (N, k)
    fitted : ndarray of bool, shape (N,)
        The rows fitted.
    """

    two_way: TwoWay
    unit: np.ndarray
    period: np.ndarray
    covariates: np.ndarray
    fitted: np.ndarray

    @classmethod
    def of(cls, unit, period, covariates, fitted, *, names: tuple[str, ...] = (), weights=None) -> "Counterfactual":
        """Prepare the fit of the rows `fitted` (bool mask, N) with `weights` (N0,).

        Raises
        ------
        NotEstimable
            If covariates are spanned by unit and period effects and earlier covariates.
        """
        weights = np.ones(int(fitted.sum())) if weights is None else weights
        two_way = TwoWay(unit[fitted], period[fitted], int(unit.max()) + 1, int(period.max()) + 1, weights)
        made = cls(two_way, unit, period, covariates, fitted)
        if covariates.shape[1] and (spanned := made._spanned()).any():
            named = tuple(name for name, out in zip(names, spanned, strict=True) if out)
            raise NotEstimable(Message("cohorts.covariate_spanned", {"names": named}))
        return made

    @cached_property
    def predicted(self) -> np.ndarray:
        """Return whether a row's unit and period effects are comparable in the rows fitted, bool (N,)."""
        units, periods = self.two_way.component
        return units[self.unit] == periods[self.period]

    @cached_property
    def _residual_covariates(self) -> np.ndarray:
        a, b = self.two_way.effects(self.covariates[self.fitted])
        return self.covariates - a[self.unit] - b[self.period]

    @cached_property
    def _bread(self) -> np.ndarray:
        x = self._residual_covariates[self.fitted]
        return np.linalg.inv((x * self.two_way.weights[:, None]).T @ x)

    def _spanned(self) -> np.ndarray:
        x, weights = self._residual_covariates[self.fitted], self.two_way.weights[:, None]
        raw = (self.covariates[self.fitted] ** 2 * weights).sum(axis=0)
        out = np.ones(len(raw), bool)
        out[independent((x * weights).T @ x, raw)] = False
        return out

    def predict(self, y: np.ndarray) -> np.ndarray:
        """Return predictions (N,) from the outcome (N0,) of the rows fitted; meaningless where not `predicted`."""
        a, b = self.two_way.effects(y[:, None])
        base = a[self.unit, 0] + b[self.period, 0]
        if not self.covariates.shape[1]:
            return base
        x = self._residual_covariates
        slopes = self._bread @ ((x[self.fitted] * self.two_way.weights[:, None]).T @ y)
        return base + x @ slopes

    def weights_behind(self, wanted: np.ndarray) -> np.ndarray:
        """Return v (N0, E) so that v'(weights * y) is the sum of `wanted` (N, E) times the predictions.

        Rows with a weight that are not `predicted` make no sense here; the caller leaves them out.
        """
        sums = summed(wanted, self.unit, self.two_way.n_units), summed(
            wanted, self.period, self.two_way.n_periods)  # fmt: skip
        a, b = self.two_way.solve(*sums)
        behind = a[self.two_way.unit] + b[self.two_way.period]
        if self.covariates.shape[1]:
            x = self._residual_covariates
            behind = behind + x[self.fitted] @ (self._bread @ (x.T @ wanted))
        return behind
