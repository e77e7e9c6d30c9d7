"""One specification, one call: a table with one row a unit and period in, a `Result` out.

OLS and Poisson pseudo-maximum likelihood have any number of fixed effects absorbed; the other estimators are those of
`likelihood`, with dummies. A fit that did not converge, a term without variation or a collinear term is an error that
says so, never a number.
"""

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from helpers.errors import UsageError
from helpers.models import vcov as errors
from helpers.models.caution import cautions
from helpers.models.demean import Absorber
from helpers.models.design import identified, lengths, narrowed, prepare, refuse_sample
from helpers.models.poisson import PoissonFit, least_squares, ppml
from helpers.models.result import TABLE_COLUMNS, NotEstimable, Result, Sample
from helpers.models.vcov import CLUSTERED, Covariance, Vcov, Working
from helpers.text import Message

Estimator = Literal[
    "ols", "poisson", "negbin", "zip", "zinb", "hurdle", "logit", "cloglog", "clogit", "ordered",
]  # fmt: skip
ABSORBING = ("ols", "poisson")
LEFT = {
    "ols": "{}", "poisson": "ln E[{}]", "negbin": "ln E[{}], NB2", "zip": "ln E[{}], zero-inflated Poisson",
    "zinb": "ln E[{}], zero-inflated NB2", "hurdle": "ln E[{}], hurdle Poisson", "logit": "logit P({})",
    "cloglog": "cloglog P({})", "clogit": "logit P({} | stratum's total)", "ordered": "logit P({} <= k)",
}  # fmt: skip
# Dummies of a likelihood's fixed effects: beyond, its Hessian is no longer a matter of seconds.
MOST_DUMMIES = 500
REDUNDANT = 1e-9
# Rows for each value of a fixed effect, below which its dummies bias the coefficients of a likelihood.
FEW_ROWS = 20


def fit(
    data: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    controls: Sequence[str] = (),
    fixed_effects: Sequence[str] = (),
    estimator: Estimator = "poisson",
    cluster: str | None = None,
    weights: str | None = None,
    unit: str | None = None,
    vcov: Vcov = "CR1",
    level: float = 0.95,
) -> Result:
    """Fit one specification.

    Parameters
    ----------
    data : DataFrame of shape (N, k)
        One row a unit and period; numeric outcome, exposure and controls.
    outcome, exposure : str
        Columns; the exposure is the term of interest and stands first in the table.
    controls : sequence of str
        Further numeric columns.
    fixed_effects : sequence of str
        Columns whose values each get an intercept: absorbed by "ols" and "poisson", dummies for the others; the one
        effect of "clogit" is its stratum.
    estimator : {"ols", "poisson", "negbin", "zip", "zinb", "hurdle", "logit", "cloglog", "clogit", "ordered"}
        Poisson is pseudo-maximum likelihood: only the conditional mean has to be right.
    cluster : str, optional
        Column whose values are independent of each other; needed for "CR1", "CR2" and "CRV3J".
    weights : str, optional
        Column of weights, not negative: a row of weight 2 counts in the estimate as two rows, in N as one.
    unit : str, optional
        Column counted as `n_units`.
    vcov : {"iid", "HC1", "CR1", "CR2", "CRV3J"}
        CR1: the cluster sandwich times G/(G-1) (N-1)/(N-K), t(G-1), K counting fixed effects that are not nested in the
        clusters. CR2: bias-reduced, with Satterthwaite degrees of freedom. CRV3J: jackknife over clusters. The last two
        for "ols" and "poisson" only.
    level : float
        Coverage of the interval.

    Returns
    -------
    Result
        `table` has the terms and, where nothing was absorbed, the intercept; not the dummies.

    Raises
    ------
    NotEstimable
        If columns are missing, values are infinite, the exposure or the outcome does not vary, terms are collinear or
        contained in the fixed effects, all rows are in one cluster, the data are separated, or the fit does not
        converge.
    UsageError
        If the estimator or kind of standard error is unknown, a clustered one is asked for without a cluster, or
        "clogit" without its one fixed effect.

    Notes
    -----
    The rules of the standard errors, with their sources, are in `vcov`; what is left out before the fit in
    `design.prepare`; the Poisson steps in `poisson.ppml`.
    """
    _refuse(data, outcome, exposure, controls, fixed_effects, estimator, (cluster, weights, unit), vcov, level)
    terms = [exposure, *controls]
    sample, dropped = prepare(
        data, outcome=outcome, terms=terms, fixed_effects=fixed_effects, cluster=cluster, weights=weights, unit=unit,
        estimator=estimator,
    )  # fmt: skip
    refuse_sample(sample, outcome=outcome, estimator=estimator)
    if vcov in CLUSTERED and sample.cluster.max() == 0:
        raise _refusal("models.one_cluster", rows=f"{len(sample.y):,}", cluster=cluster)
    notes: tuple[Message, ...] = ()
    if estimator == "ols":
        work = _least_squares(sample, outcome, fixed_effects)
        names, params, found = _names(sample), work.params, _covariance(work, sample, vcov, cluster, None)
    elif estimator == "poisson":
        work, sample, mean = _poisson(sample, outcome, fixed_effects, dropped)
        names, params = _names(sample), work.params
        found = _covariance(work, sample, vcov, cluster, _without(sample, fixed_effects, cluster, mean))
    else:
        names, params, found, notes = _likelihood(sample, fixed_effects, estimator, vcov, cluster)
    if not np.isfinite(params).all() or not (np.diag(found.matrix) > 0).all():
        raise _refusal("models.not_finite", estimator=estimator)
    return Result(
        table=_table(names, params, found, level),
        estimator=estimator,
        outcome=outcome,
        exposure=exposure,
        controls=tuple(controls),
        fixed_effects=tuple(fixed_effects),
        cluster=cluster,
        vcov=vcov,
        n_obs=len(sample.y),
        n_units=int(sample.unit.max()) + 1 if unit else 0,
        n_clusters=int(sample.cluster.max()) + 1 if cluster else 0,
        n_dropped=dropped,
        rule=found.rule,
        formula=_formula(outcome, terms, fixed_effects, estimator),
        outcome_mean=float(sample.y.mean()),
        outcome_zero_share=float((sample.y == 0).mean()),
        warnings=(*cautions(sample, cluster=cluster, unit=unit), *notes),
        sample=sample,
        covariance=found.matrix,
    )


def _refuse(data, outcome, exposure, controls, fixed_effects, estimator, others, vcov, level) -> None:
    cluster = others[0]
    problems = []
    if estimator not in get_args(Estimator):
        problems.append(f"estimator '{estimator}' is not one of {', '.join(get_args(Estimator))}")
    if vcov not in get_args(Vcov):
        problems.append(f"vcov '{vcov}' is not one of {', '.join(get_args(Vcov))}")
    if vcov in CLUSTERED and cluster is None:
        problems.append(f"vcov '{vcov}' needs a cluster column: name one, or choose 'HC1'")
    if estimator == "clogit" and len(fixed_effects) != 1:
        problems.append(f"estimator 'clogit' needs one fixed effect, its stratum, not {len(fixed_effects)}")
    if not 0 < level < 1:
        problems.append(f"level {level:g} is not between 0 and 1")
    terms = [exposure, *controls]
    twice = [name for i, name in enumerate(terms) if name in terms[:i]]
    if twice:
        problems.append(f"named twice among exposure and controls: {', '.join(twice)}")
    if problems:
        raise UsageError("; ".join(problems))
    if vcov in ("CR2", "CRV3J") and estimator not in ABSORBING:
        raise _refusal("fit.no_such_errors", vcov=vcov, estimator=estimator)
    named = [outcome, *terms, *fixed_effects, *(name for name in others if name)]
    lacking = tuple(name for name in named if name not in data.columns)
    if lacking:
        raise _refusal("models.no_column", names=lacking)


def _refusal(key: str, **values: object) -> NotEstimable:
    return NotEstimable(Message(key, values))


def _names(sample: Sample) -> list[str]:
    return [*sample.names, *([] if sample.groups else ["intercept"])]


def _with_intercept(sample: Sample) -> np.ndarray:
    return np.column_stack([sample.design, np.ones(len(sample.y))])


def _least_squares(sample: Sample, outcome: str, fixed_effects: Sequence[str]) -> Working:
    absorber = Absorber(sample.absorbed, weights=sample.weights)
    left = identified(sample, fixed_effects, absorber)
    centred = sample.y - sample.y.mean()
    y = absorber(centred)
    if lengths(y[:, None])[0] <= 1e-10 * lengths(centred[:, None])[0]:
        raise _refusal("fit.outcome_swallowed", outcome=outcome, effects=tuple(fixed_effects))
    params = least_squares(left, y, sample.weights)
    residual = y - left @ params
    variance = None if sample.weights is None else 1 / sample.weights
    if sample.groups:
        return Working(params, left, residual, sample.weights, variance, sample.groups, absorber.rank, is_scaled=True)
    intercept = np.average(sample.y - sample.design @ params, weights=sample.weights)
    params = np.append(params, intercept)
    return Working(params, _with_intercept(sample), residual, sample.weights, variance, (), 0, is_scaled=True)


def _poisson(
    sample: Sample, outcome: str, fixed_effects: Sequence[str], dropped: dict[str, int]
) -> tuple[Working, Sample, np.ndarray]:
    while True:
        absorber = Absorber(sample.absorbed, weights=sample.weights)
        left = identified(sample, fixed_effects, absorber)
        fitted = _ppml(sample, left)
        if not fitted.is_separated.any():
            break
        # What the fixed effects separate by themselves says nothing of the terms and is left out; else a term does it.
        lost = np.zeros(len(sample.y), dtype=bool)
        if sample.groups:
            lost = ppml(sample.y, left[:, :0], sample.groups, weights=sample.weights).is_separated
        if not lost.any():
            rows = f"{int(fitted.is_separated.sum()):,}"
            raise _refusal("models.separation_of_terms", rows=rows, all=f"{len(sample.y):,}")
        reason = f"{' and '.join(fixed_effects)}: separated"
        dropped[reason] = dropped.get(reason, 0) + int(lost.sum())
        sample = narrowed(sample, ~lost, fixed_effects, estimator="poisson", dropped=dropped)
        if not len(sample.y):
            raise _refusal("models.no_informative_row", outcome=outcome)
        refuse_sample(sample, outcome=outcome, estimator="poisson")
    weights, variance = fitted.mean, fitted.mean
    if sample.weights is not None:
        weights, variance = weights * sample.weights, variance / sample.weights
    rank = absorber.rank if sample.groups else 0
    residual = (sample.y - fitted.mean) / fitted.mean
    work = Working(fitted.params, fitted.design, residual, weights, variance, sample.groups, rank, is_scaled=False)
    return work, sample, fitted.mean


def _ppml(sample: Sample, left: np.ndarray) -> PoissonFit:
    return ppml(sample.y, left if sample.groups else _with_intercept(sample), sample.groups, weights=sample.weights)


def _without(
    sample: Sample, fixed_effects: Sequence[str], cluster: str | None, mean: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """Return what fits the Poisson mean again on the rows kept."""

    def refit(keep: np.ndarray) -> np.ndarray:
        part = narrowed(sample, keep, fixed_effects, estimator="poisson", dropped={})
        try:
            left = identified(part, fixed_effects, Absorber(part.absorbed, weights=part.weights))
            again = _ppml(part, left)
        except NotEstimable as trouble:
            raise _refusal("fit.jackknife_refit", cluster=cluster, reason=trouble.message) from trouble
        if again.is_separated.any():
            rows = f"{int(again.is_separated.sum()):,}"
            reason = Message("models.separation_of_terms", {"rows": rows, "all": f"{len(part.y):,}"})
            raise _refusal("fit.jackknife_refit", cluster=cluster, reason=reason)
        return again.params

    return refit


def _covariance(work: Working, sample: Sample, vcov: Vcov, cluster: str | None, refit) -> Covariance:
    if vcov == "iid":
        return errors.iid(work)
    if vcov == "HC1":
        return errors.hc1(work)
    if vcov == "CR1":
        return errors.cr1(work, sample.cluster, cluster)
    if vcov == "CR2":
        return errors.cr2(work, sample.cluster, cluster)
    return errors.crv3j(work, sample.cluster, cluster, refit=refit, terms=_names(sample))


def _likelihood(
    sample: Sample, fixed_effects: Sequence[str], estimator: Estimator, vcov: Vcov, cluster: str | None
) -> tuple[list[str], np.ndarray, Covariance, tuple[Message, ...]]:
    from helpers.models.likelihood import estimate

    identified(sample, fixed_effects, Absorber(sample.absorbed, weights=sample.weights))
    if estimator == "clogit":
        design, names, shown = sample.design, list(sample.names), set(sample.names)
        found = estimate(estimator, sample.y, design, names=names, strata=sample.groups[0], weights=sample.weights)
        counted, notes = 0, ()
    else:
        intercept = [] if estimator == "ordered" else ["intercept"]
        dummies, labels = _dummies(sample, fixed_effects)
        design = np.column_stack([sample.design, np.ones((len(sample.y), len(intercept))), dummies])
        names = [*sample.names, *intercept, *labels]
        found = estimate(estimator, sample.y, design, names=names, weights=sample.weights)
        shown = {name for name in found.names if name.removeprefix("count: ").removeprefix("zero: ") not in labels}
        counted = _nested_dummies(sample, fixed_effects, labels)
        notes = _incidental(sample, fixed_effects, estimator)
    keep = [i for i, name in enumerate(found.names) if name in shown]
    free = len(sample.y) - len(found.params)
    df = np.full(len(found.params), free)
    if vcov == "iid":
        whole = Covariance(found.bread, df, "classical, t(N-K)")
    elif vcov == "HC1":
        meat = found.scores.T @ found.scores * len(sample.y) / free
        whole = Covariance(found.bread @ meat @ found.bread, df, "HC1: sandwich x N/(N-K), t(N-K)")
    else:
        whole = errors.sandwich(found.bread, found.scores, sample.cluster, cluster, len(found.params) - counted,
                                has_nested=counted > 0)  # fmt: skip
    matrix = whole.matrix[np.ix_(keep, keep)]
    return ([found.names[i] for i in keep], found.params[keep], Covariance(matrix, whole.df[keep], whole.rule),
            (*found.notes, *notes))  # fmt: skip


def _dummies(sample: Sample, fixed_effects: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Return dummies that are not sums of an intercept and those before them, and their names."""
    blocks, labels = [np.ones((len(sample.y), 1))], ["intercept"]
    for name, codes in zip(fixed_effects, sample.groups, strict=True):
        levels = np.arange(1, int(codes.max()) + 1)
        blocks.append((codes[:, None] == levels).astype(float))
        labels += [f"{name}={level}" for level in levels]
    if len(labels) - 1 > MOST_DUMMIES:
        raise _refusal("fit.too_many_dummies", dummies=f"{len(labels) - 1:,}", most=MOST_DUMMIES)
    columns = np.concatenate(blocks, axis=1)
    size = np.sqrt((columns**2).sum(axis=0))
    kept = np.flatnonzero(np.abs(np.diag(np.linalg.qr(columns / size, mode="r"))) > REDUNDANT)[1:]
    return columns[:, kept], [labels[i] for i in kept]


def _nested_dummies(sample: Sample, fixed_effects: Sequence[str], labels: list[str]) -> int:
    if sample.cluster is None:
        return 0
    nested = tuple(f"{name}=" for name, codes in zip(fixed_effects, sample.groups, strict=True)
                   if errors.is_nested(codes, sample.cluster))  # fmt: skip
    return sum(label.startswith(nested) for label in labels) if nested else 0


def _incidental(sample: Sample, fixed_effects: Sequence[str], estimator: str) -> tuple[Message, ...]:
    few = [(name, len(sample.y) / (int(codes.max()) + 1))
           for name, codes in zip(fixed_effects, sample.groups, strict=True)]  # fmt: skip
    return tuple(Message("fit.incidental", {"effect": name, "rows": f"{rows:.1f}", "estimator": estimator})
                 for name, rows in few if rows < FEW_ROWS)  # fmt: skip


def _table(names: list[str], params: np.ndarray, found: Covariance, level: float) -> pd.DataFrame:
    error = np.sqrt(np.diag(found.matrix))
    statistic = params / error
    reach = stdtrit(found.df, 0.5 + level / 2) * error
    p_value = 2 * stdtr(found.df, -np.abs(statistic))
    columns = (names, params, error, statistic, p_value, params - reach, params + reach, found.df)
    return pd.DataFrame(dict(zip(TABLE_COLUMNS, columns, strict=True)))


def _formula(outcome: str, terms: list[str], fixed_effects: Sequence[str], estimator: str) -> str:
    wrapped = "strata({})" if estimator == "clogit" else "FE({})"
    right = " + ".join([*terms, *(wrapped.format(name) for name in fixed_effects)])
    return f"{LEFT[estimator].format(outcome)} ~ {right}"
