"""How much selection on what is not observed would explain a coefficient away: Oster's bounds of a linear model.

A frame in, one frozen result out. Plain numpy, because the answer is the root of one polynomial; the peers are R's
robomit and Stata's psacalc.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd

from helpers.errors import UsageError
from helpers.models.partial import linear, residuals
from helpers.models.result import NotEstimable
from helpers.text import Message

R_MAX_FACTOR = 1.3
# A root or a movement of the coefficient this small beside the coefficients is zero.
NEGLIGIBLE = 1e-9


@dataclass(frozen=True)
class Oster:
    """What a coefficient becomes if selection on unobservables is `delta` times that on the controls.

    Attributes
    ----------
    beta_star : float
        Bias-adjusted coefficient.
    delta_zero : float
        Selection on unobservables, relative to that on the controls, at which the coefficient is zero; above 1 in size
        is usually called robust, and a negative one means that the unobservables would have to select the other way.
    bounds : tuple of two floats
        The identified set between the controlled coefficient and `beta_star`, lower end first.
    beta_uncontrolled, beta_controlled, r2_uncontrolled, r2_controlled : float
        Of the regressions without and with controls, fixed effects in both; R2 is total, fixed effects counted.
    r_max, delta : float
        R2 with the unobservables, and their relative selection.
    other_roots : tuple of float
        Further solutions for the coefficient, nearest first.
    n_obs : int
    n_dropped : dict
        Rows left out, by reason.
    warnings : tuple of Message
    """

    beta_star: float
    delta_zero: float
    bounds: tuple[float, float]
    beta_uncontrolled: float
    beta_controlled: float
    r2_uncontrolled: float
    r2_controlled: float
    r_max: float
    delta: float
    other_roots: tuple[float, ...]
    n_obs: int
    n_dropped: dict[str, int]
    warnings: tuple[Message, ...] = field(default=())

    @property
    def includes_zero(self) -> bool:
        """Return whether the identified set holds zero."""
        return self.bounds[0] <= 0 <= self.bounds[1]

    def to_frame(self) -> pd.DataFrame:
        """Return one row: numbers under the attributes' names, bounds as `bound_low` and `bound_high`."""
        values = asdict(self)
        low, high = values.pop("bounds")
        for name in ("other_roots", "n_dropped", "warnings"):
            del values[name]
        return pd.DataFrame([{**values, "bound_low": low, "bound_high": high, "includes_zero": self.includes_zero}])


def oster(
    data: pd.DataFrame, *, outcome: str, exposure: str, controls: Sequence[str], fixed_effects: Sequence[str] = (),
    r_max: float | None = None, delta: float = 1.0,
) -> Oster:  # fmt: skip
    """Adjust the coefficient of a linear model for selection on unobservables.

    Parameters
    ----------
    data : DataFrame of shape (N, k)
        Rows with a missing value in a named column are left out and counted.
    outcome, exposure : str
    controls : sequence of str
        Controls whose selection is a guide to that of the unobservables; at least one.
    fixed_effects : sequence of str
        In both regressions, as Oster's unrelated controls m.
    r_max : float, optional
        R2 of a regression with the unobservables as well, 0-1; 1.3 times the controlled R2, at most 1, if not given.
    delta : float
        Selection on unobservables relative to that on the controls, not negative.

    Raises
    ------
    NotEstimable
        If `r_max` is below the controlled R2, or the linear model cannot be estimated.
    UsageError
        If there is no control, or `r_max` or `delta` is out of range.

    Notes
    -----
    With v = beta_controlled - beta*, tau the variance of the exposure left by all controls, sigma that left by the
    fixed effects, Delta = beta_uncontrolled - beta_controlled, kappa = (R2_controlled - R2_uncontrolled) Var(Y) and
    rho = (r_max - R2_controlled) Var(Y), Oster (2019, JBES 37, propositions 1-3; r_max in section 5) gives
    (delta - 1) tau (sigma - tau) v^3 + (delta - 2) tau sigma Delta v^2
    + [delta rho (sigma - tau) - kappa tau - sigma tau Delta^2] v + delta rho sigma Delta = 0,
    a quadratic at delta = 1. Of its real roots the nearest is taken among those that move on in the direction in which
    the controls moved the coefficient (assumption 3); none there is a warning. It is linear in delta, which gives
    `delta_zero` at v = beta_controlled. Traps: the 1.3 was calibrated on randomised studies
    of other fields; with unit fixed effects the total R2 is high and 1.3 times it soon above 1, so give `r_max`.
    """
    if not controls:
        raise UsageError("oster: at least one control is needed, whose selection stands for that of the unobservables")
    if not (np.isfinite(delta) and delta >= 0):
        raise UsageError(f"oster: delta is {delta:g}; a finite number of at least 0 is needed")
    if r_max is not None and not 0 < r_max <= 1:
        raise UsageError(f"oster: r_max is {r_max:g}; an R2 above 0 and at most 1 is needed")
    model = linear(data, outcome=outcome, exposure=exposure, controls=controls, fixed_effects=fixed_effects)
    sigma = model.x @ model.x / model.n_obs
    left = residuals(model.x, model.controls)
    tau = left @ left / model.n_obs
    uncontrolled, controlled = model.x @ model.y / (sigma * model.n_obs), left @ model.y / (tau * model.n_obs)
    r2 = [1 - _squares(model.y - uncontrolled * model.x) / model.total,
          1 - _squares(residuals(model.y, np.column_stack([model.x, model.controls]))) / model.total]  # fmt: skip
    limit = min(1.0, R_MAX_FACTOR * r2[1]) if r_max is None else float(r_max)
    if limit < r2[1]:
        values = {"r_max": f"{limit:.4g}", "r2": f"{r2[1]:.4g}"}
        raise NotEstimable(Message("sensitivity.r_max_below_r2", values))
    variance = model.total / model.n_obs
    with_delta, without = _polynomials(
        sigma, tau, uncontrolled - controlled, (r2[1] - r2[0]) * variance, (limit - r2[1]) * variance
    )
    size = max(abs(controlled), abs(uncontrolled), np.sqrt(variance / sigma) * 1e-6)
    roots = _real_roots(delta * with_delta - without, size)
    star, others, warnings = _chosen(controlled, uncontrolled, roots, size)
    numerator, denominator = np.polyval(without, controlled), np.polyval(with_delta, controlled)
    if r_max is None and r2[1] * R_MAX_FACTOR > 1:
        warnings.append(Message("sensitivity.r_max_capped", {"r2": f"{r2[1]:.3f}"}))
    if denominator == 0:
        warnings.append(Message("sensitivity.no_delta"))
    return Oster(
        star, float(numerator / denominator) if denominator else float("inf"),
        (min(float(controlled), star), max(float(controlled), star)), float(uncontrolled), float(controlled),
        float(r2[0]), float(r2[1]), limit, float(delta), others, model.n_obs, model.n_dropped, tuple(warnings),
    )  # fmt: skip


def _squares(column: np.ndarray) -> float:
    return float(column @ column)


def _polynomials(sigma, tau, moved, gained, left) -> tuple[np.ndarray, np.ndarray]:
    """Return the part that delta multiplies and the part that it does not, as coefficients of v^3 to v^0."""
    with_delta = np.array([tau * (sigma - tau), tau * sigma * moved, left * (sigma - tau), left * sigma * moved])
    without = np.array([tau * (sigma - tau), 2 * tau * sigma * moved, gained * tau + sigma * tau * moved**2, 0.0])
    return with_delta, without


def _real_roots(polynomial: np.ndarray, size: float) -> np.ndarray:
    """Return the real roots in units of the coefficient, sharpened by Newton steps; near nothing is zero."""
    scaled = polynomial * size ** np.arange(3, -1, -1)
    scaled = np.where(np.abs(scaled) <= 1e-14 * np.abs(scaled).max(), 0.0, scaled)
    found = np.roots(scaled)
    real = found.real[np.abs(found.imag) <= 1e-7 * np.maximum(np.abs(found), 1e-7)]
    slope = np.polyder(scaled)
    for _ in range(3):
        steepness = np.polyval(slope, real)
        moved = np.polyval(scaled, real)
        real = real - np.divide(moved, steepness, out=np.zeros_like(real), where=steepness != 0)
    return np.where(np.abs(real) <= NEGLIGIBLE, 0.0, real) * size


def _chosen(controlled, uncontrolled, roots, size) -> tuple[float, tuple[float, ...], list[Message]]:
    moved = uncontrolled - controlled
    if abs(moved) <= NEGLIGIBLE * size:
        return float(controlled), (), [Message("sensitivity.controls_move_nothing")]
    nearest = roots[np.argsort(np.abs(roots), kind="stable")]
    is_onward = nearest * moved >= 0
    warnings = []
    if not is_onward.any():
        warnings.append(Message("sensitivity.no_root_onward"))
    elif is_onward.sum() > 1:
        warnings.append(Message("sensitivity.several_roots", {"roots": int(is_onward.sum())}))
    ordered = controlled - np.concatenate([nearest[is_onward], nearest[~is_onward]])
    return float(ordered[0]), tuple(float(root) for root in ordered[1:]), warnings
