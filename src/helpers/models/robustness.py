"""How strong an omitted variable would have to be to explain a coefficient away: robustness values and benchmarks.

A fit by least squares (or its estimate, standard error and degrees of freedom) in, one frozen result out. Plain numpy:
the formulas are closed, and the Python port of R's sensemakr, which is the peer, breaks on pandas 3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from helpers.errors import UsageError
from helpers.models.partial import Linear, linear, linear_of, residuals
from helpers.models.result import NotEstimable, Result
from helpers.text import Message

BOUND_COLUMNS = (
    "benchmark", "k", "r2_exposure", "r2_outcome", "estimate", "std_error", "statistic", "conf_low", "conf_high",
)  # fmt: skip


@dataclass(frozen=True)
class Robustness:
    """What confounding a coefficient withstands.

    Attributes
    ----------
    estimate, std_error, df : float
        Of the linear model, with the classical standard error and residual degrees of freedom.
    partial_r2 : float
        Share of the outcome's residual variance that the exposure explains; a confounder that explains all the rest
        needs at least this share of the exposure's to bring the estimate to zero.
    rv_q, rv_q_alpha : float
        Share of the residual variance of both exposure and outcome that a confounder must explain to reduce the
        estimate by the share `q`, and to make that reduction possible at level `alpha`, 0-1.
    q, alpha : float
    bounds : DataFrame
        One row a benchmark and k: a confounder k times as strong as the benchmark has at most these partial R2 with
        exposure and outcome (`r2_exposure`, `r2_outcome`), and leaves this estimate, std_error, statistic (infinite
        where it explains all of the outcome), conf_low, conf_high.
    n_obs : int
        0 if numbers were given.
    warnings : tuple of Message
    """

    estimate: float
    std_error: float
    df: float
    partial_r2: float
    rv_q: float
    rv_q_alpha: float
    q: float
    alpha: float
    bounds: pd.DataFrame
    n_obs: int
    warnings: tuple[Message, ...] = field(default=())

    def contour(self, *, reach: float = 0.4, steps: int = 41) -> pd.DataFrame:
        """Return the estimate and t statistic left by confounders on a grid of strengths from 0 to `reach`.

        Returns
        -------
        DataFrame of shape (steps squared, 4)
            r2_exposure, r2_outcome (partial R2 of the confounder), estimate, statistic; r2_exposure varies slowest.
        """
        if not 0 < reach < 1 or steps < 2:
            raise UsageError(f"contour: reach {reach:g} is to lie between 0 and 1, and steps {steps} to be at least 2")
        side = np.linspace(0, reach, steps)
        with_exposure, with_outcome = (grid.ravel() for grid in np.meshgrid(side, side, indexing="ij"))
        estimate, error = adjusted(self.estimate, self.std_error, self.df, with_exposure, with_outcome)
        return pd.DataFrame({"r2_exposure": with_exposure, "r2_outcome": with_outcome, "estimate": estimate,
                             "statistic": estimate / error})  # fmt: skip


def robustness_value(
    result: Result | Sequence[float],
    *,
    benchmarks: Sequence[str] | Mapping[str, Sequence[str]] = (),
    data: pd.DataFrame | None = None,
    k: Sequence[float] = (1, 2, 3),
    q: float = 1.0,
    alpha: float = 0.05,
) -> Robustness:
    """Return robustness values and, for each benchmark, the confounding that k times its strength would be.

    Parameters
    ----------
    result : Result or (estimate, std_error, df)
        A fit with estimator "ols"; or three numbers of a regression in print, which have no benchmarks.
    benchmarks : sequence of str, or mapping of a label to controls taken together
        Controls of the fit.
    data : DataFrame, optional
        The rows of the fit, if they are not to be those that the fit kept.
    k : sequence of float
        Strengths of the confounder relative to the benchmark, with exposure and outcome alike.
    q : float
        Share of the estimate that confounding is to take away, positive; 1 brings it to zero.
    alpha : float
        Two-sided level, 0-1.

    Raises
    ------
    UsageError
        If the fit is not by least squares, a benchmark is not a control, or an option is out of range.
    NotEstimable
        If a standard error is not positive, or numbers are missing or infinite.

    Notes
    -----
    Cinelli & Hazlett (2020, JRSS B 82): f = |t| / sqrt(df), RV_q = (sqrt(f_q^4 + 4 f_q^2) - f_q^2) / 2 with f_q = q f
    (equation 19), RV_q,alpha with f_q less |t_alpha/2,df-1| / sqrt(df - 1) (equation 21, the unbound case of section
    4.3 where f_q exceeds the inverse of the latter); bounds of section 4.4 (footnote 10); estimate and standard error
    by equations 13 and 14. The geometry belongs to least squares and its classical standard error whatever the fit's
    own rule: RV_q does not depend on it, RV_q,alpha and the intervals do, and clustering makes them too narrow, which
    is a warning. A confounder that k times a benchmark would make stronger than possible has no row but a warning.
    """
    if not (np.isfinite(q) and q > 0 and 0 < alpha <= 1 and all(np.isfinite(value) and value >= 0 for value in k)):
        raise UsageError(f"robustness_value: q {q:g} is to be above 0, alpha {alpha:g} within 0-1 and k {k} at least 0")
    groups = dict(benchmarks) if isinstance(benchmarks, Mapping) else {name: (name,) for name in benchmarks}
    warnings: list[Message] = []
    if isinstance(result, Result):
        model = _model_of(result, data)
        estimate, error, df = _fitted(model)
        if result.vcov != "iid":
            warnings.append(Message("sensitivity.classical_interval", {"vcov": result.vcov}))
    else:
        model = None
        estimate, error, df = _numbers(result, groups, data)
    critical = abs(stats.t.ppf(alpha / 2, df - 1)) / np.sqrt(df - 1)
    strength = q * abs(estimate / error) / np.sqrt(df)
    rows = []
    for label, names in groups.items():
        strengths = _strengths(model, _places(model, names))
        for times in k:
            found = benchmark_bound(*strengths, float(times))
            if found is None:
                warnings.append(Message("sensitivity.impossible_k", {"benchmark": label, "k": f"{times:g}"}))
                continue
            if found[1] >= 1:
                found = (found[0], 1.0)
                warnings.append(Message("sensitivity.capped_bound", {"benchmark": label, "k": f"{times:g}"}))
            left, left_error = adjusted(estimate, error, df, *found)
            reach = stats.t.ppf(1 - alpha / 2, df) * left_error
            statistic = left / left_error if left_error > 0 else np.copysign(np.inf, left)
            rows.append((label, float(times), *found, left, left_error, statistic, left - reach, left + reach))
    return Robustness(
        float(estimate), float(error), float(df), float(estimate**2 / (estimate**2 + df * error**2)),
        _robustness(strength, 0.0), _robustness(strength, float(critical)), float(q), float(alpha),
        pd.DataFrame(rows, columns=list(BOUND_COLUMNS)), model.n_obs if model else 0, tuple(warnings),
    )  # fmt: skip


def adjusted(estimate, error, df, with_exposure, with_outcome) -> tuple:
    """Return estimate and standard error after a confounder of the given partial R2, bias being toward zero.

    Notes
    -----
    Cinelli & Hazlett (2020, equations 13 and 14): |bias| = SE sqrt(df R2_y R2_d / (1 - R2_d)).
    """
    bias = error * np.sqrt(df * with_outcome * with_exposure / (1 - with_exposure))
    left_error = error * np.sqrt((1 - with_outcome) / (1 - with_exposure) * df / (df - 1))
    return np.sign(estimate) * (np.abs(estimate) - bias), left_error


def benchmark_bound(of_exposure: float, of_outcome: float, k: float) -> tuple[float, float] | None:
    """Return the greatest partial R2 with exposure and outcome of a confounder k times as strong as a benchmark.

    Parameters
    ----------
    of_exposure, of_outcome : float
        Partial R2 of the benchmark with the exposure given the other controls, and with the outcome given exposure and
        controls, 0-1.
    k : float

    Returns
    -------
    tuple of two floats, or None
        The second may exceed 1, where no such confounder exists either; None where the first would.

    Notes
    -----
    Cinelli & Hazlett (2020, section 4.4 and footnote 10).
    """
    if k * of_exposure >= 1 - of_exposure:
        return None
    shared = k * of_exposure**2 / ((1 - k * of_exposure) * (1 - of_exposure))
    if shared >= 1:
        return None
    with_outcome = (np.sqrt(k) + np.sqrt(shared)) ** 2 / (1 - shared) * of_outcome / (1 - of_outcome)
    return k * of_exposure / (1 - of_exposure), float(with_outcome)


def _model_of(result: Result, data: pd.DataFrame | None) -> Linear:
    if result.estimator != "ols":
        raise UsageError(f"robustness_value: the fit is '{result.estimator}'; partial R2 are of 'ols' (see e_value)")
    if data is None:
        return linear_of(result)
    if result.sample is not None and result.sample.weights is not None:
        raise UsageError("robustness_value: the fit is weighted; leave out data, it kept its own rows and weights")
    model = linear(data, outcome=result.outcome, exposure=result.exposure, controls=result.controls,
                   fixed_effects=result.fixed_effects)  # fmt: skip
    if model.n_obs != result.n_obs:
        raise UsageError(f"robustness_value: the data have {model.n_obs:,} rows for a fit of {result.n_obs:,}")
    return model


def _fitted(model: Linear) -> tuple[float, float, int]:
    left = residuals(model.x, model.controls)
    estimate = left @ model.y / (left @ left)
    rest = residuals(model.y, model.controls) - estimate * left
    error = np.sqrt(rest @ rest / model.df / (left @ left))
    if not error > 1e-12 * abs(estimate):
        raise NotEstimable(Message("sensitivity.no_residual"))
    return float(estimate), float(error), model.df


def _numbers(given, groups, data) -> tuple[float, float, float]:
    if groups or data is not None:
        raise UsageError("robustness_value: benchmarks and data go with a fit, not with numbers")
    estimate, error, df = (float(value) for value in given)
    if not np.isfinite([estimate, error, df]).all() or error <= 0 or df <= 1:
        raise NotEstimable(Message("sensitivity.bad_numbers", {"numbers": f"{estimate:g}, {error:g}, {df:g}"}))
    return estimate, error, df


def _places(model: Linear, names: Sequence[str]) -> list[int]:
    unknown = [name for name in names if name not in model.names]
    if unknown or not names:
        raise UsageError(f"robustness_value: {', '.join(unknown) or 'a benchmark without a name'} is no control of the "
                         f"fit; its controls are {', '.join(model.names) or 'none'}")  # fmt: skip
    return [model.names.index(name) for name in names]


def _strengths(model: Linear, places: list[int]) -> tuple[float, float]:
    """Return the benchmark's partial R2 with the exposure, given other controls, and with the outcome, given all."""
    rest = np.delete(model.controls, places, axis=1)
    benchmark = model.controls[:, places]
    with_all = np.column_stack([model.x, rest])
    return _partial_r2(model.x, benchmark, rest), _partial_r2(model.y, benchmark, with_all)


def _partial_r2(column: np.ndarray, benchmark: np.ndarray, rest: np.ndarray) -> float:
    left, added = residuals(column, rest), residuals(benchmark, rest)
    explained = np.linalg.qr(added)[0].T @ left
    return float(explained @ explained / (left @ left))


def _robustness(strength: float, critical: float) -> float:
    beyond = strength - critical
    if beyond <= 0:
        return 0.0
    if critical > 0 and strength > 1 / critical:
        return float((strength**2 - critical**2) / (1 + strength**2))
    return float((np.sqrt(beyond**4 + 4 * beyond**2) - beyond**2) / 2)
