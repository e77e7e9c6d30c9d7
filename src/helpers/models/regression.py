"""One specification, one call: OLS, Poisson pseudo-maximum likelihood or logit with clustered standard errors.

Goes in: a table with one row a unit and period. Comes out: a `Result`. Fixed effects enter as dummies, which suits the
tens of industries, years and grids here; a fit that did not converge, a term without variation or a collinear term is
an error that says so, never a number.
"""

import warnings
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

from helpers.errors import UsageError
from helpers.models.result import TABLE_COLUMNS, NotEstimable, Result
from helpers.text import Message

Estimator = Literal["ols", "poisson", "logit"]
Vcov = Literal["iid", "HC1", "CR1"]
FEW_CLUSTERS = 30
# A fitted mean this far below the average outcome is a coefficient on its way to minus infinity, not a rare event.
SEPARATED = 1e-9


def fit(
    data: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    controls: Sequence[str] = (),
    fixed_effects: Sequence[str] = (),
    estimator: Estimator = "poisson",
    cluster: str | None = None,
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
        Columns whose values each get an intercept, the first value of each being the reference.
    estimator : {"ols", "poisson", "logit"}
        Poisson is pseudo-maximum likelihood: only the conditional mean has to be right.
    cluster : str, optional
        Column whose values are independent of each other; needed for `vcov="CR1"`.
    unit : str, optional
        Column counted as `n_units`.
    vcov : {"iid", "HC1", "CR1"}
        CR1: the cluster sandwich times G/(G-1) (N-1)/(N-K), with t(G-1) quantiles.
    level : float
        Coverage of the interval.

    Returns
    -------
    Result

    Raises
    ------
    NotEstimable
        If columns are missing, values are infinite, the exposure or the outcome does not vary, terms are collinear,
        all rows are in one cluster, the data are separated, or the fit does not converge.
    UsageError
        If the estimator or kind of standard error is unknown, or CR1 is asked for without a cluster.

    Notes
    -----
    Liang & Zeger (1986, Biometrika 73) for the sandwich; Cameron & Miller (2015, JHR 50, section VI) for CR1 with
    t(G-1). With a Poisson mean, rows of a fixed-effect value whose outcomes are all zero carry no information and are
    dropped with a count, as in Correia, Guimaraes & Zylkin (2020, Stata Journal 20).
    """
    _refuse(data, outcome, exposure, controls, fixed_effects, estimator, cluster, unit, vcov)
    terms = [exposure, *controls]
    named = [outcome, *terms, *fixed_effects, *(name for name in (cluster, unit) if name)]
    used, dropped = _complete_rows(data, named)
    if estimator in ("poisson", "logit"):
        used, dropped = _without_uninformative(used, outcome, fixed_effects, estimator, dropped)
    y = used[outcome].to_numpy(dtype=float)
    design, names = _design(used, terms, fixed_effects)
    _refuse_design(used, y, design, names, outcome, exposure, estimator)
    groups = pd.factorize(used[cluster])[0] if cluster else None
    if vcov == "CR1" and groups.max() == 0:
        raise _refusal("one_cluster", rows=f"{len(y):,}", cluster=cluster)
    fitted = _estimate(y, design, estimator, vcov, groups)
    n_clusters = int(groups.max()) + 1 if groups is not None else 0
    return Result(
        table=_table(fitted, names, terms, vcov, n_clusters, level),
        estimator=estimator,
        outcome=outcome,
        exposure=exposure,
        controls=tuple(controls),
        fixed_effects=tuple(fixed_effects),
        cluster=cluster,
        vcov=vcov,
        n_obs=len(y),
        n_units=int(used[unit].nunique()) if unit else 0,
        n_clusters=n_clusters,
        n_dropped=dropped,
        rule=_rule(vcov, cluster, n_clusters),
        formula=_formula(outcome, terms, fixed_effects, estimator),
        outcome_mean=float(y.mean()),
        outcome_zero_share=float((y == 0).mean()),
        warnings=_warnings(used, cluster, n_clusters),
    )


def _refuse(data, outcome, exposure, controls, fixed_effects, estimator, cluster, unit, vcov) -> None:
    problems = []
    if estimator not in get_args(Estimator):
        problems.append(f"estimator '{estimator}' is not one of {', '.join(get_args(Estimator))}")
    if vcov not in get_args(Vcov):
        problems.append(f"vcov '{vcov}' is not one of {', '.join(get_args(Vcov))}")
    if vcov == "CR1" and cluster is None:
        problems.append("vcov 'CR1' needs a cluster column: name one, or choose 'HC1'")
    if problems:
        raise UsageError("; ".join(problems))
    named = [outcome, exposure, *controls, *fixed_effects, *([cluster] if cluster else []), *([unit] if unit else [])]
    lacking = tuple(name for name in named if name not in data.columns)
    if lacking:
        raise _refusal("no_column", names=lacking)


def _refusal(key: str, **values: object) -> NotEstimable:
    return NotEstimable(Message(f"models.{key}", values))


def _complete_rows(data: pd.DataFrame, names: list[str]) -> tuple[pd.DataFrame, dict[str, int]]:
    used = data.loc[:, list(dict.fromkeys(names))]
    numeric = used.select_dtypes("number").astype(float)
    infinite = np.isinf(numeric).sum()
    if infinite.any():
        raise _refusal("infinite", names=tuple((name, int(rows)) for name, rows in infinite[infinite > 0].items()))
    dropped = {}
    for name in used.columns:
        holes = used[name].isna()
        if holes.any():
            dropped[name] = int(holes.sum())
            used = used[~holes]
    if used.empty:
        raise _refusal("no_complete_row", names=tuple(dropped.items()))
    return used, {f"{name} missing": rows for name, rows in dropped.items()}


def _without_uninformative(used, outcome, fixed_effects, estimator, dropped):
    before = -1
    # With a logit, rows of ones dropped for one fixed effect can leave a value of another with nothing but zeros.
    while len(used) != before:
        before = len(used)
        for name in fixed_effects:
            by_value = used.groupby(name, observed=True)[outcome]
            empty = by_value.transform("max") == 0
            if estimator == "logit":
                empty |= by_value.transform("min") == 1
            if empty.any():
                reason = f"{name}: outcome all alike in a group"
                dropped = {**dropped, reason: dropped.get(reason, 0) + int(empty.sum())}
                used = used[~empty]
    if used.empty:
        raise _refusal("no_informative_row", outcome=outcome)
    return used, dropped


def _design(used: pd.DataFrame, terms: list[str], fixed_effects: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    blocks = [used[terms].astype(float), pd.DataFrame({"intercept": 1.0}, index=used.index)]
    for name in fixed_effects:
        dummies = pd.get_dummies(used[name].astype("object"), prefix=name, prefix_sep="=", drop_first=True, dtype=float)
        blocks.append(dummies)
    design = pd.concat(blocks, axis=1)
    return design.to_numpy(), list(design.columns)


def _refuse_design(used, y, design, names, outcome, exposure, estimator) -> None:
    rows = f"{len(y):,}"
    if np.ptp(design[:, 0]) == 0:
        raise _refusal("exposure_constant", exposure=exposure, rows=rows, value=f"{design[0, 0]:g}")
    if np.ptp(y) == 0:
        raise _refusal("outcome_constant", outcome=outcome, rows=rows, value=f"{y[0]:g}")
    if estimator == "logit" and not np.isin(y, (0, 1)).all():
        raise _refusal("not_binary", outcome=outcome)
    if estimator == "poisson" and (y < 0).any():
        raise _refusal("negative", outcome=outcome, rows=f"{(y < 0).sum():,}")
    scaled = design / np.maximum(np.abs(design).max(axis=0), 1e-300)
    if np.linalg.matrix_rank(scaled) < design.shape[1]:
        raise _refusal("collinear", names=tuple(names[i] for i in range(len(names)) if _is_explained(scaled, i)))
    if design.shape[0] <= design.shape[1]:
        raise _refusal("few_rows", rows=rows, terms=f"{design.shape[1]:,}")
    slope = design[:, 0]
    if estimator == "poisson" and len(np.unique(slope)) == 2:
        for value in np.unique(slope):
            if not y[slope == value].any():
                raise _refusal("separation", outcome=outcome, exposure=exposure, value=f"{value:g}")


def _is_explained(design: np.ndarray, column: int) -> bool:
    others = np.delete(design, column, axis=1)
    return np.linalg.matrix_rank(others) == np.linalg.matrix_rank(design)


def _estimate(y, design, estimator, vcov, groups):
    model = {
        "ols": lambda: sm.OLS(y, design),
        "poisson": lambda: sm.GLM(y, design, family=sm.families.Poisson()),
        "logit": lambda: sm.GLM(y, design, family=sm.families.Binomial()),
    }[estimator]()
    options = {} if estimator == "ols" else {"maxiter": 200, "tol": 1e-12}
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            if vcov == "CR1":
                fitted = model.fit(cov_type="cluster", cov_kwds={"groups": groups}, **options)
            else:
                fitted = model.fit(cov_type="nonrobust" if vcov == "iid" else "HC1", **options)
        except (ConvergenceWarning, PerfectSeparationWarning) as trouble:
            raise _refusal("not_trusted", estimator=estimator, warning=str(trouble)) from trouble
    if estimator != "ols" and not fitted.converged:
        raise _refusal("not_converged", estimator=estimator, steps=options["maxiter"])
    if not np.isfinite(fitted.params).all() or not np.isfinite(fitted.bse).all():
        raise _refusal("not_finite", estimator=estimator)
    if estimator == "poisson":
        vanishing = int((fitted.fittedvalues < SEPARATED * y.mean()).sum())
        if vanishing:
            raise _refusal("separation_of_terms", rows=f"{vanishing:,}", all=f"{len(y):,}")
    return fitted


def _table(fitted, names, terms, vcov, n_clusters, level) -> pd.DataFrame:
    keep = [names.index(name) for name in [*terms, "intercept"]]
    df = n_clusters - 1 if vcov == "CR1" else int(fitted.df_resid)
    estimate, error = np.asarray(fitted.params)[keep], np.asarray(fitted.bse)[keep]
    statistic = estimate / error
    reach = stats.t.ppf(0.5 + level / 2, df) * error
    columns = (
        [names[i] for i in keep], estimate, error, statistic, 2 * stats.t.sf(np.abs(statistic), df),
        estimate - reach, estimate + reach, np.full(len(keep), df),
    )  # fmt: skip
    return pd.DataFrame(dict(zip(TABLE_COLUMNS, columns, strict=True)))


def _rule(vcov: str, cluster: str | None, n_clusters: int) -> str:
    if vcov == "CR1":
        return f"CR1 by {cluster}: sandwich x G/(G-1) x (N-1)/(N-K), t({n_clusters - 1})"
    return {"iid": "classical, t(N-K)", "HC1": "HC1: sandwich x N/(N-K), t(N-K)"}[vcov]


def _formula(outcome: str, terms: list[str], fixed_effects: Sequence[str], estimator: str) -> str:
    left = {"ols": outcome, "poisson": f"ln E[{outcome}]", "logit": f"logit P({outcome})"}[estimator]
    right = " + ".join([*terms, *(f"FE({name})" for name in fixed_effects)])
    return f"{left} ~ {right}"


def _warnings(used: pd.DataFrame, cluster: str | None, n_clusters: int) -> tuple[Message, ...]:
    if cluster is None:
        return ()
    found = []
    single = int((used[cluster].value_counts() == 1).sum())
    if single:
        found.append(Message("models.single_rows", {"single": single, "clusters": n_clusters, "cluster": cluster}))
    if n_clusters < FEW_CLUSTERS:
        found.append(Message("models.few_clusters", {"clusters": n_clusters, "cluster": cluster}))
    return tuple(found)
