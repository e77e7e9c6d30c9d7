"""Comparing treated with untreated units that looked alike before: inverse probability weights, and doubly robust.

A frame of one row a unit in; estimate, standard error, overlap and balance out. Plain numpy, because all of it
is a logit, a least squares or Poisson fit in each group and means of influence functions; R's glm is the peer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from helpers.errors import UsageError
from helpers.models.partial import complete_rows
from helpers.models.result import NotEstimable
from helpers.models.two_means import Estimand, OutcomeModel, TwoMeans
from helpers.text import Message

StandardError = Literal["influence", "stacked"]
FEW_CLUSTERS = 30
# Units left, as a share of those there, below which weights rest on too few; and Austin's mark of imbalance.
THIN, UNBALANCED = 0.5, 0.1


@dataclass(frozen=True)
class Weighted:
    """A weighted comparison.

    Attributes
    ----------
    estimate, std_error, statistic, p_value, conf_low, conf_high, df : float
        Of the difference of the two means, in the outcome's unit.
    mean_treated, mean_untreated : float
        Mean outcome under treatment and without it, in the population of the estimand.
    n_obs, n_treated, n_clusters, n_trimmed : int
        Rows used, treated among them, clusters (0 without), and rows left out for their score.
    n_dropped : dict
        Rows left out for missing values, by reason.
    overlap : DataFrame
        One row a group: is_treated, n, least, lower_quartile, median, upper_quartile, greatest (scores, 0-1),
        effective_n (squared sum of weights over the sum of their squares).
    balance : DataFrame
        One row a covariate: covariate, before, after: difference of means of both groups over the unweighted standard
        deviation (mean of both variances), without and with weights.
    scores : Series
        Score of each row used, on the caller's index.
    rule : str
        The rule of the standard error.
    warnings : tuple of Message
    """

    method: str
    estimand: Estimand
    estimate: float
    std_error: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float
    df: float
    mean_treated: float
    mean_untreated: float
    n_obs: int
    n_treated: int
    n_clusters: int
    n_trimmed: int
    n_dropped: dict[str, int]
    overlap: pd.DataFrame
    balance: pd.DataFrame
    scores: pd.Series
    rule: str
    warnings: tuple[Message, ...] = field(default=())


def aipw(
    data: pd.DataFrame, *, outcome: str, exposure: str, covariates: Sequence[str], estimand: Estimand = "ate",
    outcome_model: OutcomeModel = "ols", trim: float = 0.01, cluster: str | None = None,
    std_error: StandardError = "influence", level: float = 0.95,
) -> Weighted:  # fmt: skip
    """Estimate a treatment effect that is right if the score or the outcome model is (doubly robust).

    Parameters
    ----------
    data : DataFrame of shape (N, k)
        One row a unit. With two periods, the outcome is the change since the baseline and the covariates are those of
        the baseline: with `estimand="att"` this is the doubly robust difference in differences of Sant'Anna & Zhao
        (2020), but that their weights add up to one, and what is assumed is that changes, not levels, would have been
        alike given the covariates.
    outcome, exposure : str
        A numeric column (a count with `outcome_model="poisson"`), and one of 0 and 1.
    covariates : sequence of str
        Measured before treatment, in both models, linearly; at least one.
    estimand : {"ate", "att"}
        Over all units, or over the treated.
    outcome_model : {"ols", "poisson"}
        Of the outcome given the covariates, fitted in each group.
    trim : float
        Rows with a score below `trim` or above 1 - `trim` are left out (for the att only the latter), and everything is
        fitted again on the others; 0 leaves out none. The effect is then that of the units kept.
    cluster : str, optional
        Units whose errors may be dependent.
    std_error : {"influence", "stacked"}
        From the efficient influence function, right where both models are; or with the estimation of both models'
        coefficients in it, right where one of them is.
    level : float
        Coverage of the interval.

    Raises
    ------
    NotEstimable
        If the exposure does not vary or is not 0/1, covariates are collinear, the score separates the groups or leaves
        no overlap, values are missing or infinite, or a group is too small for its model.
    UsageError
        If an option is unknown or out of range, or there is no covariate.

    Notes
    -----
    With score e and outcome models m1, m0: ate = mean of m1 - m0 + D (Y - m1) / e - (1 - D) (Y - m0) / (1 - e), Robins,
    Rotnitzky & Zhao (1994, JASA 89); att = mean of (D - (1 - D) e / (1 - e)) (Y - m0) over the share treated, as in
    Sant'Anna & Zhao (2020, J. Econometrics 219, section 2.2). Standard errors: sums of the influence function by
    cluster, times G/(G-1), with t(G-1); Lunceford & Davidian (2004, Statistics in Medicine 23) for the stacked one.
    Trimming: Crump, Hotz, Imbens & Mitnik (2009, Biometrika 96).
    """
    return _weighted(data, outcome, exposure, covariates, estimand, outcome_model, trim, cluster, std_error, level)


def ipw(
    data: pd.DataFrame, *, outcome: str, exposure: str, covariates: Sequence[str], estimand: Estimand = "ate",
    trim: float = 0.01, cluster: str | None = None, level: float = 0.95,
) -> Weighted:  # fmt: skip
    """Estimate a treatment effect by inverse probability weights that add up to one in each group (Hajek).

    Parameters
    ----------
    data : DataFrame of shape (N, k)
        One row a unit.
    outcome, exposure : str
        A numeric column, and one of 0 and 1.
    covariates : sequence of str
        Measured before treatment, in the score; at least one.
    estimand : {"ate", "att"}
        Over all units, or over the treated.
    trim : float
        As in `aipw`.
    cluster : str, optional
        Units whose errors may be dependent.
    level : float
        Coverage of the interval.

    Returns
    -------
    Weighted

    Notes
    -----
    Errors and overlap are those of `aipw`; without an outcome model the score has to be right. The standard error
    counts the estimation of the score: Lunceford & Davidian (2004, Statistics in Medicine 23, section 3).
    """
    return _weighted(data, outcome, exposure, covariates, estimand, None, trim, cluster, "stacked", level)


def _weighted(
    data, outcome, exposure, covariates, estimand, outcome_model, trim, cluster, std_error, level
) -> Weighted:
    _refuse_options(covariates, estimand, outcome_model, trim, std_error, level)
    used, dropped = complete_rows(data, [outcome, exposure, *covariates], keys=[cluster] if cluster else ())
    _refuse_exposure(used, exposure)
    n_before = len(used)
    model = TwoMeans(used, outcome, exposure, covariates, estimand, outcome_model)
    if trim:
        score = model.score(model.start[0])
        is_kept = (score <= 1 - trim) & ((score >= trim) | (estimand == "att"))
        if not is_kept.all():
            used = used[is_kept]
            kept = used[exposure].to_numpy(dtype=float)
            if kept.sum() in (0, len(kept)):
                raise NotEstimable(Message("sensitivity.no_overlap_kept", {"trim": f"{trim:g}", "rows": len(kept)}))
            model = TwoMeans(used, outcome, exposure, covariates, estimand, outcome_model)
    influence = model.influence() + (model.correction() if std_error == "stacked" else 0.0)
    codes = pd.factorize(used[cluster])[0] if cluster else np.arange(len(used))
    sums = np.bincount(codes, weights=influence)
    if len(sums) < 2:
        raise NotEstimable(Message("models.one_cluster", {"rows": f"{len(used):,}", "cluster": cluster}))
    treated, untreated = (float(value) for value in model.means(model.start))
    error = float(np.sqrt(len(sums) / (len(sums) - 1) * (sums @ sums)) / len(used))
    if not error > 0:
        raise NotEstimable(Message("sensitivity.no_residual"))
    df, estimate = len(sums) - 1, treated - untreated
    reach = stats.t.ppf(0.5 + level / 2, df) * error
    overlap, balance = _overlap(model), _balance(model, covariates)
    rule = f"{std_error} function" + (f", summed by {cluster}" if cluster else "") + f", t({df})"
    return Weighted(
        "ipw" if outcome_model is None else "aipw", estimand, estimate, error, estimate / error,
        float(2 * stats.t.sf(abs(estimate / error), df)), estimate - reach, estimate + reach, df, treated, untreated,
        len(used), int(model.d.sum()), len(sums) if cluster else 0, n_before - len(used), dropped, overlap, balance,
        pd.Series(model.score(model.start[0]), index=used.index, name="score"), rule,
        _warnings(overlap, balance, n_before - len(used), n_before, cluster, len(sums)),
    )  # fmt: skip


def _refuse_options(covariates, estimand, outcome_model, trim, std_error, level) -> None:
    problems = []
    if not covariates:
        problems.append("at least one covariate is needed")
    if estimand not in get_args(Estimand):
        problems.append(f"estimand '{estimand}' is not one of {', '.join(get_args(Estimand))}")
    if outcome_model is not None and outcome_model not in get_args(OutcomeModel):
        problems.append(f"outcome_model '{outcome_model}' is not one of {', '.join(get_args(OutcomeModel))}")
    if std_error not in get_args(StandardError):
        problems.append(f"std_error '{std_error}' is not one of {', '.join(get_args(StandardError))}")
    if not 0 <= trim < 0.5:
        problems.append(f"trim is {trim:g}; a share from 0 to below 0.5 is needed")
    if not 0 < level < 1:
        problems.append(f"level is {level:g}; it is to lie between 0 and 1")
    if problems:
        raise UsageError("weighting: " + "; ".join(problems))


def _refuse_exposure(used: pd.DataFrame, exposure: str) -> None:
    values = used[exposure].astype(float)
    if values.nunique() == 1:
        found = {"exposure": exposure, "rows": f"{len(values):,}", "value": f"{values.iloc[0]:g}"}
        raise NotEstimable(Message("models.exposure_constant", found))
    if not values.isin((0, 1)).all():
        raise NotEstimable(Message("sensitivity.exposure_not_binary", {"exposure": exposure}))


def _overlap(model: TwoMeans) -> pd.DataFrame:
    score = model.score(model.start[0])
    rows = []
    for value, weight in zip((1, 0), model.weights(model.start[0]), strict=True):
        of_group, own = score[model.d == value], weight[model.d == value]
        quartiles = np.quantile(of_group, [0, 0.25, 0.5, 0.75, 1])
        rows.append((bool(value), len(own), *quartiles, own.sum() ** 2 / (own @ own)))
    names = ["is_treated", "n", "least", "lower_quartile", "median", "upper_quartile", "greatest", "effective_n"]
    return pd.DataFrame(rows, columns=names)


def _balance(model: TwoMeans, covariates: Sequence[str]) -> pd.DataFrame:
    treated, untreated = model.raw[model.d == 1], model.raw[model.d == 0]
    # A group of one unit has no variance of its own.
    spread = np.sqrt(sum(part.var(axis=0, ddof=min(1, len(part) - 1)) for part in (treated, untreated)) / 2)
    spread = np.where(spread > 0, spread, model.raw.std(axis=0))
    one, zero = model.weights(model.start[0])
    after = one @ model.raw / one.sum() - zero @ model.raw / zero.sum()
    before = treated.mean(axis=0) - untreated.mean(axis=0)
    return pd.DataFrame({"covariate": list(covariates), "before": before / spread, "after": after / spread})


def _warnings(overlap, balance, n_trimmed, n_before, cluster, n_clusters) -> tuple[Message, ...]:
    found = []
    if n_trimmed:
        found.append(Message("sensitivity.trimmed", {"rows": f"{n_trimmed:,}", "all": f"{n_before:,}"}))
    thin = overlap[overlap["effective_n"] < THIN * overlap["n"]]
    for row in thin.itertuples():
        values = {"effective": f"{row.effective_n:.1f}", "rows": f"{row.n:,}", "value": int(row.is_treated)}
        found.append(Message("sensitivity.thin_weights", values))
    left = tuple(balance.loc[balance["after"].abs() > UNBALANCED, "covariate"])
    if left:
        found.append(Message("sensitivity.unbalanced", {"names": left, "limit": f"{UNBALANCED:g}"}))
    if cluster and n_clusters < FEW_CLUSTERS:
        found.append(Message("models.few_clusters", {"clusters": n_clusters, "cluster": cluster}))
    return tuple(found)
