"""How much of an effect runs through a mediator, and which hidden correlation would undo that answer.

A frame in, one frozen result out. Linear mediation in plain numpy, because both equations are least squares and the
sensitivity has a closed form; R's mediation is the peer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pandas as pd

from helpers.errors import UsageError
from helpers.models.partial import EXPLAINED, Linear, linear, residuals
from helpers.models.result import NotEstimable
from helpers.models.vcov import small_sample_factor, summed
from helpers.text import Message

Interval = Literal["quasi_bayesian", "bootstrap"]
EFFECTS = ("acme", "ade", "total", "proportion")
FEW_CLUSTERS = 30
FEWEST_DRAWS = 99


@dataclass(frozen=True)
class Mediation:
    """An effect taken apart into what runs through the mediator and what does not.

    Attributes
    ----------
    table : DataFrame
        One row an effect (`term`): acme (through the mediator), ade (not through it), total, proportion (acme / total,
        0-1); estimate, std_error (that of the draws; none for a proportion, which has no moments), conf_low, conf_high.
    rho_zero : float
        Correlation of the errors of both equations at which the acme is zero.
    r2_product : float
        The same as a product of the shares that an omitted variable explains of what the equations leave of mediator
        and outcome.
    curve : DataFrame
        One row a correlation: rho, acme, conf_low, conf_high.
    first_stage, mediator_slope : float
        Effect of the exposure on the mediator, and of the mediator on the outcome.
    n_obs, n_clusters : int
    n_dropped : dict
    level : float
    assumption : Message
        What has to hold for these to be causal effects.
    warnings : tuple of Message
    """

    table: pd.DataFrame
    rho_zero: float
    r2_product: float
    curve: pd.DataFrame
    first_stage: float
    mediator_slope: float
    n_obs: int
    n_clusters: int
    n_dropped: dict[str, int]
    level: float
    assumption: Message
    warnings: tuple[Message, ...] = field(default=())


def mediation(
    data: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    mediator: str,
    controls: Sequence[str] = (),
    fixed_effects: Sequence[str] = (),
    cluster: str | None = None,
    interval: Interval = "quasi_bayesian",
    draws: int = 999,
    seed: int,
    level: float = 0.95,
    rhos: Sequence[float] = tuple(np.round(np.arange(-0.9, 0.91, 0.05), 2)),
) -> Mediation:
    """Take a linear effect apart.

    Parameters
    ----------
    data : DataFrame of shape (N, k)
    outcome, exposure, mediator : str
        Numeric columns.
    controls, fixed_effects : sequences of str
        In both equations, and measured before the exposure.
    cluster : str, optional
        Units whose errors may be dependent.
    interval : {"quasi_bayesian", "bootstrap"}
        Normal draws of the coefficients with their (clustered) sandwich covariance; or rows (clusters) drawn again.
    draws, seed : int
    level : float
    rhos : sequence of float
        Correlations of the curve, between -1 and 1.

    Raises
    ------
    NotEstimable
        If a column is missing, infinite, without variation or collinear, or all rows are in one cluster.
    UsageError
        If an option is unknown or out of range.

    Notes
    -----
    M = alpha2 + a X + e2, Y = alpha3 + c X + b M + e3, without interaction of X and M: acme = a b, ade = c, total =
    c + a b (Imai, Keele & Yamamoto 2010, Statistical Science 25, theorem 2). With rho = Corr(e2, e3), s1 and s2 the
    standard deviations of the errors of Y on X alone and of M on X, r their correlation (theorem 4):
    acme(rho) = a (s1 / s2) [r - rho sqrt((1 - r^2) / (1 - rho^2))], zero at rho = r. The curve's interval takes s1, s2
    and r as known. Fixed effects and controls are taken out first (Frisch & Waugh 1933). The bootstrap keeps a unit
    drawn twice in its own fixed effect, and does not take the fixed effects out again.
    """
    _refuse_options(interval, draws, level, rhos)
    model = linear(data, outcome=outcome, exposure=exposure, controls=[mediator, *controls],
                   fixed_effects=fixed_effects, cluster=cluster)  # fmt: skip
    codes = model.cluster if model.cluster is not None else np.arange(model.n_obs)
    n_clusters = int(codes.max()) + 1
    if n_clusters < 2:
        raise NotEstimable(Message("models.one_cluster", {"rows": f"{model.n_obs:,}", "cluster": cluster}))
    x, m, y = _three(model, np.ones(model.n_obs))
    paths, errors = _paths(x, m, y)
    s1, s2 = (np.sqrt(error @ error) for error in errors)
    r = float(errors[0] @ errors[1] / (s1 * s2))
    if not abs(r) < 1 - 1e-12:
        raise NotEstimable(Message("sensitivity.no_residual"))
    rng = np.random.default_rng(seed)
    drawn = (
        rng.multivariate_normal(paths, _covariance(x, m, y, paths, codes, n_clusters, model), size=draws, method="eigh")
        if interval == "quasi_bayesian" else _bootstrap(model, codes, n_clusters, draws, rng)
    )  # fmt: skip
    table = _table(paths, drawn, level)
    grid = np.asarray(rhos, dtype=float)
    shift = s1 / s2 * grid * np.sqrt((1 - r**2) / (1 - grid**2))
    low, high = np.quantile(drawn[:, :1] * (drawn[:, 2:] - shift), [0.5 - level / 2, 0.5 + level / 2], axis=0)
    curve = pd.DataFrame({"rho": grid, "acme": paths[0] * (paths[2] - shift), "conf_low": low, "conf_high": high})
    total = table.set_index("term").loc["total"]
    warnings = []
    if total["conf_low"] <= 0 <= total["conf_high"]:
        warnings.append(Message("sensitivity.proportion_undefined"))
    if cluster and n_clusters < FEW_CLUSTERS:
        warnings.append(Message("models.few_clusters", {"clusters": n_clusters, "cluster": cluster}))
    words = {"exposure": exposure, "mediator": mediator, "outcome": outcome}
    return Mediation(
        table, r, r**2, curve, float(paths[0]), float(paths[2]), model.n_obs,
        n_clusters if cluster else 0, model.n_dropped, level, Message("sensitivity.mediation_assumption", words),
        tuple(warnings),
    )  # fmt: skip


def _refuse_options(interval, draws, level, rhos) -> None:
    if interval not in get_args(Interval):
        raise UsageError(f"mediation: interval '{interval}' is not one of {', '.join(get_args(Interval))}")
    if draws < FEWEST_DRAWS:
        raise UsageError(f"mediation: {draws} draws; at least {FEWEST_DRAWS} are needed for an interval")
    if not 0 < level < 1:
        raise UsageError(f"mediation: level {level:g} is to lie between 0 and 1")
    if not all(-1 < rho < 1 for rho in rhos):
        raise UsageError("mediation: correlations of the curve are to lie between -1 and 1, ends excluded")


def _three(model: Linear, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return exposure, mediator and outcome after the controls, each row counted `weight` times (as its root)."""
    root = np.sqrt(weight)[:, None]
    columns = np.column_stack([model.x, model.controls[:, 0], model.y])
    rest = model.controls[:, 1:]
    if model.absorbed == 1:
        columns, rest = (part - np.average(part, axis=0, weights=weight) if part.size else part
                         for part in (columns, rest))  # fmt: skip
    return tuple(residuals(columns * root, rest * root).T)


def _paths(x, m, y) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return a, c and b, and the errors of Y on X alone and of M on X."""
    a = x @ m / (x @ x)
    left = m - a * x
    b = left @ y / (left @ left)
    reduced = x @ y / (x @ x)
    return np.array([a, reduced - a * b, b]), (y - reduced * x, left)


def _covariance(x, m, y, paths, codes, n_clusters, model) -> np.ndarray:
    """Return the sandwich covariance of a, c and b, jointly over both equations."""
    a, c, b = paths
    design = np.column_stack([x, m])
    bread = np.linalg.inv(design.T @ design)
    influence = np.column_stack([
        x * (m - a * x) / (x @ x), (design * (y - c * x - b * m)[:, None]) @ bread,
    ])  # fmt: skip
    sums = summed(influence, codes, n_clusters)
    small = model.n_obs / model.df
    if model.cluster is not None:
        small = small_sample_factor(n_clusters, model.n_obs, model.n_obs - model.df)
    return small * sums.T @ sums


def _bootstrap(model: Linear, codes, n_clusters, draws, rng) -> np.ndarray:
    found = np.empty((draws, 3))
    for place in range(draws):
        weight = rng.multinomial(n_clusters, np.full(n_clusters, 1 / n_clusters))[codes].astype(float)
        x, m, y = _three(model, weight)
        if (residuals(x, m[:, None]) ** 2).sum() <= EXPLAINED**2 * (model.x @ model.x):
            raise NotEstimable(Message("sensitivity.bootstrap_degenerate", {"draw": place + 1, "draws": draws}))
        found[place] = _paths(x, m, y)[0]
    return found


def _table(paths, drawn, level) -> pd.DataFrame:
    def effects(a, c, b):
        total = c + a * b
        return np.column_stack([a * b, c, total, a * b / total])

    estimates, samples = effects(*paths)[0], effects(*drawn.T)
    low, high = np.quantile(samples, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    errors = samples.std(axis=0, ddof=1)
    errors[3] = np.nan
    return pd.DataFrame({"term": EFFECTS, "estimate": estimates, "std_error": errors, "conf_low": low,
                         "conf_high": high})  # fmt: skip
