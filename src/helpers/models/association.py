"""A grid of specifications on one panel: outcomes by exposures by cluster levels in, one tidy row each out.

A specification that cannot be estimated keeps its row with the reason; nothing is left out silently.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.models.power import minimum_detectable_effect
from helpers.models.regression import Estimator, fit
from helpers.models.result import NotEstimable, Result

COMPLETE = "_is_complete"
_ASKED = ("outcome", "exposure", "cluster", "estimator", "n_incomplete", "status", "reason")
NUMBERS = (
    "estimate", "std_error", "p_value", "conf_low", "conf_high", "effect", "effect_low", "effect_high", "detectable",
    "per_year", "per_year_low", "per_year_high",
    "n_obs", "n_units", "n_clusters", "n_dropped", "outcome_mean", "zero_share",
)  # fmt: skip
_WORDS = ("rule", "formula")


def associations(
    panel: pd.DataFrame,
    *,
    outcomes: Mapping[str, Estimator],
    exposures: Sequence[str],
    controls: Sequence[str] = (),
    fixed_effects: Sequence[str] = (),
    clusters: Sequence[str],
    unit: str,
) -> pd.DataFrame:
    """Fit every outcome on every exposure, one row for each level of clustering.

    Parameters
    ----------
    panel : DataFrame
        One row a unit and year. Where a column `<outcome>_is_complete` exists, rows in which it is false (not all
        filings visible yet) are left out and counted.
    outcomes : mapping
        Outcome column -> estimator ("poisson" for counts, "ols" or "logit" for 0/1).
    exposures, controls, fixed_effects : sequences of str
        Columns of the panel.
    clusters : sequence of str
        Levels at which errors may be dependent, each giving its own interval.
    unit : str
        The unit's column.

    Returns
    -------
    DataFrame
        One row an outcome, exposure and cluster level: outcome, exposure, cluster, estimator, status ("estimated" or
        "not_estimable"), reason (a `Message` or None); estimate, std_error, p_value, conf_low, conf_high (log scale or
        share); effect, effect_low, effect_high, detectable (percent for Poisson, percentage points for OLS; the
        smallest effect found with 80 % power); per_year, per_year_low, per_year_high (see `counts_a_year`); n_obs,
        n_units, n_clusters, n_incomplete, n_dropped, outcome_mean, zero_share, rule, formula, warnings (a tuple of
        `Message`). What was not estimated has no numbers and no words.
    """
    rows = []
    for outcome, estimator in outcomes.items():
        used = visible(panel, outcome)
        for exposure in exposures:
            for cluster in clusters:
                row = {"outcome": outcome, "exposure": exposure, "cluster": cluster, "estimator": estimator,
                       "n_incomplete": len(panel) - len(used)}  # fmt: skip
                try:
                    result = fit(
                        used, outcome=outcome, exposure=exposure, controls=controls, fixed_effects=fixed_effects,
                        estimator=estimator, cluster=cluster, unit=unit,
                    )  # fmt: skip
                except NotEstimable as trouble:
                    rows.append({**row, "status": "not_estimable", "reason": trouble.message})
                else:
                    rows.append({**row, "status": "estimated", "reason": None, **described(result)})
    # All columns even where nothing was estimated, so that a page can say so.
    table = pd.DataFrame(rows, columns=[*_ASKED, *NUMBERS, *_WORDS, "warnings"])
    blank = dict.fromkeys((name for name in NUMBERS if table[name].isna().all()), "float64")
    words = {name: table[name].astype("object").fillna("") for name in _WORDS}
    warnings = [found if isinstance(found, tuple) else () for found in table["warnings"]]
    return table.astype(blank).assign(**words, warnings=warnings)


def visible(panel: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Return the rows whose outcome is all visible yet: all of them where the panel does not say."""
    flag = panel.get(outcome + COMPLETE)
    return panel if flag is None else panel[flag.fillna(value=False).astype(bool)]


def described(result: Result) -> dict:
    """Return the exposure's row of a fit as `associations` holds it."""
    term = result.term(result.exposure)
    in_percent = _percent if result.estimator == "poisson" else _points
    smallest = minimum_detectable_effect(term["std_error"], df=term["df"])
    return {
        **{name: float(term[name]) for name in ("estimate", "std_error", "p_value", "conf_low", "conf_high")},
        "effect": in_percent(term["estimate"]),
        "effect_low": in_percent(term["conf_low"]),
        "effect_high": in_percent(term["conf_high"]),
        "detectable": in_percent(smallest),
        **dict(zip(("per_year", "per_year_low", "per_year_high"), counts_a_year(result), strict=True)),
        "n_obs": result.n_obs,
        "n_units": result.n_units,
        "n_clusters": result.n_clusters,
        "n_dropped": sum(result.n_dropped.values()),
        "outcome_mean": result.outcome_mean,
        "zero_share": result.outcome_zero_share,
        "rule": result.rule,
        "formula": result.formula,
        "warnings": result.warnings,
    }


def counts_a_year(result: Result) -> tuple[float, float, float]:
    """Return what a Poisson estimate and its 95 % interval come to in units of the outcome a row; missing otherwise.

    Notes
    -----
    The score equations of the Poisson quasi-likelihood make fitted and observed means equal, over all rows and over
    those exposed. For a 0/1 exposure the exposed rows have mean(y) (1 - exp(-b)) more than the same rows would have
    without it; for any other, one unit more goes with mean(y) (exp(b) - 1) more. Rows are those of the fit: units whose
    outcome is always zero are not among them where effects are absorbed.
    """
    if result.estimator != "poisson" or result.sample is None:
        return (np.nan, np.nan, np.nan)
    y, exposed = result.sample.y, result.sample.design[:, 0]
    bounds = [float(result.term(result.exposure)[name]) for name in ("estimate", "conf_low", "conf_high")]
    weights = result.sample.weights
    if set(np.unique(exposed)) <= {0.0, 1.0}:
        mean = float(np.average(y, weights=exposed if weights is None else weights * exposed))
        return tuple(float(-mean * np.expm1(-value)) for value in bounds)
    mean = float(np.average(y, weights=weights))
    return tuple(float(mean * np.expm1(value)) for value in bounds)


def _percent(log_points: float) -> float:
    return 100 * float(np.expm1(log_points))


def _points(share: float) -> float:
    return 100 * float(share)
