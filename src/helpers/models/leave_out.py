"""Who carries a coefficient: a specification fitted again without each firm, or each group, one row a group left out.

For OLS the estimates are exact and need no fit (the jackknife's algebra over clusters); Poisson is fitted again.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from helpers.errors import UsageError
from helpers.models.demean import Absorber
from helpers.models.poisson import least_squares
from helpers.models.regression import fit
from helpers.models.result import NotEstimable, Result
from helpers.models.vcov import Working, _without_each
from helpers.text import Message


def leave_out(
    data: pd.DataFrame,
    *,
    by: str,
    outcome: str,
    exposure: str,
    controls: Sequence[str] = (),
    fixed_effects: Sequence[str] = (),
    estimator: Literal["ols", "poisson"] = "ols",
    cluster: str | None = None,
    weights: str | None = None,
) -> pd.DataFrame:
    """Return the exposure's coefficient without each value of `by`: firm, grid, industry.

    Parameters
    ----------
    data : DataFrame of shape (N, k)
    by : str
        Column; the rows of one of its values are left out at a time.
    outcome, exposure, controls, fixed_effects, estimator, cluster, weights
        As in `fit`; the cluster is `by` if none is named.

    Returns
    -------
    DataFrame of shape (G, 6)
        One row a value of `by`, the largest change first: left_out, n_rows, estimate, change (from the full fit's
        estimate), change_in_se (of the full fit's standard errors), and `reason`, a Message where nothing can be
        estimated without the group (its numbers are then missing), else None.

    Raises
    ------
    NotEstimable
        If the whole specification cannot be fitted, or `by` has one value or missing ones.
    UsageError
        If the estimator is neither "ols" nor "poisson".

    Notes
    -----
    OLS: b_(g) = b - (X'X)^-1 X_g'(I - H_gg)^-1 e_g with H of terms and fixed effects, MacKinnon, Nielsen & Webb (2023,
    Journal of Applied Econometrics 38, equation 13). Groups of a fixed effect that shrink to one row do not move it.
    """
    if estimator not in ("ols", "poisson"):
        raise UsageError(f"estimator '{estimator}' is not one of ols, poisson")
    if by not in data.columns:
        raise NotEstimable(Message("models.no_column", {"names": (by,)}))
    if data[by].isna().any():
        raise NotEstimable(Message("inference.missing_groups", {"names": ((by, int(data[by].isna().sum())),)}))
    data = data.reset_index(drop=True)
    choices = {"outcome": outcome, "exposure": exposure, "controls": tuple(controls), "estimator": estimator,
               "fixed_effects": tuple(fixed_effects), "cluster": cluster or by, "weights": weights}  # fmt: skip
    whole = fit(data, **choices)
    group, names = pd.factorize(data.loc[whole.sample.index, by], sort=True)
    if len(names) < 2:
        raise NotEstimable(Message("inference.one_group", {"by": by}))
    row = whole.term(exposure)
    found = _exact(whole, group, by) if estimator == "ols" else None
    reasons: list[Message | None] = [None] * len(names)
    if found is None:
        found = np.full(len(names), np.nan)
        for g, name in enumerate(names):
            try:
                # Its errors are not asked for: two groups less one are no clusters.
                again = fit(data[data[by] != name], **choices | {"cluster": None, "vcov": "iid"})
                found[g] = again.term(exposure)["estimate"]
            except NotEstimable as trouble:
                reasons[g] = trouble.message
    change = found - float(row["estimate"])
    frame = pd.DataFrame({
        "left_out": names, "n_rows": np.bincount(group), "estimate": found, "change": change,
        "change_in_se": change / float(row["std_error"]), "reason": pd.Series(reasons, dtype=object),
    })  # fmt: skip
    # Without an estimate is first: nothing carries more than the group that all hangs on.
    order = np.lexsort((np.arange(len(names)), -np.where(np.isnan(change), np.inf, np.abs(change))))
    return frame.iloc[order].reset_index(drop=True)


def _exact(whole: Result, group: np.ndarray, by: str) -> np.ndarray | None:
    """Return the estimates (G,) of an OLS fit without each group, or None where a group cannot be spared."""
    sample = whole.sample
    absorber = Absorber(sample.absorbed, weights=sample.weights)
    left = absorber(sample.design - sample.design.mean(axis=0))
    y = absorber(sample.y - sample.y.mean())
    params = least_squares(left, y, sample.weights)
    # A fit without effects has the intercept's, one group of all rows.
    work = Working(
        params=params, design=left, residual=y - left @ params, weights=sample.weights, variance=None,
        groups=sample.absorbed, rank=absorber.rank, is_scaled=True,
    )  # fmt: skip
    try:
        return _without_each(work, group, by, sample.names)[:, 0]
    except NotEstimable:
        return None
