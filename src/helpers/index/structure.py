"""Whether the index holds together: reliability, correlations, principal components, one factor, importance."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from helpers.index.build import Index

DEGREE = 3
LEAST_UNIQUE = 0.005
FEW_VALUES = 10


@dataclass(frozen=True)
class OneFactor:
    """Fit of a single common factor by maximum likelihood.

    Parameters
    ----------
    loadings : Series, shape (k,)
        Correlation of each indicator with the factor, signed to a positive sum; k of those that vary and are no sum of
        others.
    chi2, df, p_value : float
        Likelihood-ratio test of one factor against any correlations, with Bartlett's correction.
    rmsea, srmr, cfi : float
        Root mean square error of approximation; standardised root mean square residual; comparative fit index.
    n : int
        Firms with all indicators.
    """

    loadings: pd.Series
    chi2: float
    df: int
    p_value: float
    rmsea: float
    srmr: float
    cfi: float
    n: int


def cronbach_alpha(values: pd.DataFrame) -> float:
    """Return Cronbach's alpha of indicators that should measure one thing; NaN for fewer than two.

    Notes
    -----
    k^2 * mean covariance / sum of all covariances, over pairs of known values; negative where indicators oppose each
    other. Source: Cronbach (1951); OECD/JRC (2008), step 4.
    """
    k = values.shape[1]
    covariance = values.cov().to_numpy()
    total = np.nansum(covariance)
    if k < 2 or total == 0:
        return np.nan
    return float(k**2 * ((total - np.nansum(np.diag(covariance))) / (k * (k - 1))) / total)


def correlations(index: Index) -> pd.DataFrame:
    """Return every indicator's correlation with its force, with the other indicators of it, and with the index.

    Returns
    -------
    DataFrame
        One row an indicator and force: `indicator`, `force`, `with_force`, `within` (mean with the others of the
        force), `across` (mean with those of other forces), `with_index`; Spearman's, over pairs of known values.

    Notes
    -----
    An indicator that goes against its own force, or goes with other forces better than with its own, is out of place.
    """
    x = index.normalised
    matrix = x.corr(method="spearman")
    with_index = {name: _spearman(x[name], index.scores) for name in x}
    rows = []
    for force in index.weights.columns:
        members = index.weights.index[index.weights[force] > 0]
        others = index.weights.index.difference(members)
        for name in members:
            within = matrix.loc[name, members.drop(name)].mean()
            across = matrix.loc[name, others].mean()
            own = _spearman(x[name], index.forces[force])
            rows.append((name, force, own, within, across, with_index[name]))
    return pd.DataFrame(rows, columns=["indicator", "force", "with_force", "within", "across", "with_index"])


def _spearman(a: pd.Series, b: pd.Series) -> float:
    """Return the rank correlation over pairs of known values; NaN where one of the two does not vary."""
    known = a.notna() & b.notna()
    if a[known].nunique() < 2 or b[known].nunique() < 2:
        return np.nan
    return float(np.corrcoef(a[known].rank(), b[known].rank())[0, 1])


def components(values: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return loadings on the principal components of the correlations, and each component's share of variance.

    Returns
    -------
    loadings : DataFrame, shape (k, k)
        Correlation of indicator (row) and component (column, from 1); each column's largest loading is positive.
    explained : Series, shape (k,)
        Share (0-1) of the variance.

    Notes
    -----
    Firms with all indicators only; constant indicators are left out. Without two that vary there is no component.
    """
    complete, names = _complete(values)
    if len(names) < 2:
        return pd.DataFrame(index=names), pd.Series(dtype="float64")
    roots, vectors = np.linalg.eigh(np.corrcoef(complete, rowvar=False))
    roots, vectors = roots[::-1], vectors[:, ::-1]
    loadings = vectors * np.sqrt(np.clip(roots, 0, None))
    signs = np.sign(loadings[np.abs(loadings).argmax(axis=0), range(loadings.shape[1])])
    order = range(1, len(roots) + 1)
    return pd.DataFrame(loadings * signs, index=names, columns=order), pd.Series(roots / roots.sum(), index=order)


def one_factor(values: pd.DataFrame) -> OneFactor | None:
    """Fit one common factor; None for fewer than four indicators, which any factor fits, and where no fit is found.

    Notes
    -----
    chi2 = (n - 1 - (2k + 5) / 6 - 2 / 3) * F, F the discrepancy ln|S*| - ln|S| + tr(S S*^-1) - k; df = ((k - 1)^2 -
    k - 1) / 2. RMSEA = sqrt(max(chi2 - df, 0) / (df (n - 1))); CFI against independence. Source: Lawley & Maxwell
    (1971); Hu & Bentler (1999) for what counts as good: RMSEA to 0.06, SRMR to 0.08, CFI from 0.95.
    """
    complete, names = _independent(*_complete(values))
    n, k = complete.shape
    if k < 4 or n <= k:
        return None
    observed = np.corrcoef(complete, rowvar=False)
    loadings = _loadings(observed)
    if loadings is None:
        return None
    implied = np.outer(loadings, loadings)
    np.fill_diagonal(implied, 1.0)
    discrepancy = _log_det(implied) - _log_det(observed) + np.trace(observed @ np.linalg.inv(implied)) - k
    df = ((k - 1) ** 2 - k - 1) // 2
    chi2 = (n - 1 - (2 * k + 5) / 6 - 2 / 3) * discrepancy
    null_chi2, null_df = -(n - 1 - (2 * k + 5) / 6) * _log_det(observed), k * (k - 1) / 2
    below = np.tril_indices(k, -1)
    excess, null_excess = max(chi2 - df, 0.0), max(null_chi2 - null_df, chi2 - df, 0.0)
    return OneFactor(
        pd.Series(loadings, index=names), float(chi2), int(df), float(stats.chi2.sf(chi2, df)),
        float(np.sqrt(excess / (df * (n - 1)))), float(np.sqrt(np.mean((observed - implied)[below] ** 2))),
        float(1 - excess / null_excess) if null_excess else 1.0, n,
    )  # fmt: skip


def importance(index: Index) -> pd.DataFrame:
    """Compare the nominal weight of every indicator with its importance in the index.

    Returns
    -------
    DataFrame
        One row an indicator: `weight` (0-1, through all forces), `importance` (0-1, share of the index's variance that
        a smooth function of the indicator alone explains), `importance_share` (importances as shares of their sum).

    Notes
    -----
    S_i = V(E(I | x_i)) / V(I), the main effect of Paruolo, Saisana & Saltelli (2013), eq. 4: weights state what was
    meant, S_i what came of it. E(I | x_i) is the mean by value for indicators of few values, else a cubic polynomial
    (local smoothers fail where half of the firms share a value); the share explained is adjusted for its parameters.
    """
    weight = index.weights @ index.force_weights
    found = {name: _main_effect(index.normalised[name], index.scores) for name in index.normalised}
    table = pd.DataFrame({"weight": weight, "importance": pd.Series(found)})
    return table.assign(importance_share=table["importance"] / table["importance"].sum())


def _main_effect(indicator: pd.Series, scores: pd.Series) -> float:
    known = indicator.notna() & scores.notna()
    x, y = indicator[known].to_numpy(dtype=float), scores[known].to_numpy(dtype=float)
    if len(x) <= FEW_VALUES or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    values = len(np.unique(x))
    if values <= FEW_VALUES:
        smooth, parameters = pd.Series(y).groupby(x).transform("mean").to_numpy(), values - 1
    else:
        smooth, parameters = np.polynomial.Polynomial.fit(x, y, DEGREE)(x), DEGREE
    unexplained = np.sum((y - smooth) ** 2) / np.sum((y - y.mean()) ** 2)
    return float(max(1 - unexplained * (len(y) - 1) / (len(y) - 1 - parameters), 0.0))


def _loadings(observed: np.ndarray) -> np.ndarray | None:
    """Return the maximum-likelihood loadings of one factor, signed to a positive sum; None if it is not found.

    The likelihood is maximised over the uniquenesses, each between 0.005 and 1, as R's `factanal` does.
    """

    def first(unique: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scale = 1 / np.sqrt(unique)
        roots, vectors = np.linalg.eigh(scale[:, None] * observed * scale)
        return roots, vectors[:, -1] * np.sqrt(max(roots[-1] - 1, 0.0)) * np.sqrt(unique)

    def lack(unique: np.ndarray) -> tuple[float, np.ndarray]:
        roots, loadings = first(unique)
        gradient = (np.outer(loadings, loadings) + np.diag(unique) - observed).diagonal() / unique**2
        return float(np.sum(roots[:-1] - np.log(roots[:-1]) - 1)), gradient

    k = len(observed)
    start = (1 - 0.5 / k) / np.linalg.pinv(observed).diagonal()
    found = optimize.minimize(
        lack, np.clip(start, LEAST_UNIQUE, 1), jac=True, method="L-BFGS-B", bounds=[(LEAST_UNIQUE, 1.0)] * k,
        options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 1000},
    )  # fmt: skip
    if not found.success:
        return None
    loadings = first(found.x)[1]
    return loadings * np.sign(loadings.sum() or 1.0)


def _complete(values: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    varied = [name for name in values if values[name].nunique() > 1]
    complete = values[varied].dropna()
    still = [name for name in varied if complete[name].nunique() > 1]
    return complete[still].to_numpy(dtype=float), still


def _independent(complete: np.ndarray, names: list[str]) -> tuple[np.ndarray, list[str]]:
    """Leave out indicators that are a sum of earlier ones: with them the likelihood has no bound."""
    kept: list[int] = []
    standard = (complete - complete.mean(axis=0)) / complete.std(axis=0)
    for place in range(complete.shape[1]):
        if np.linalg.matrix_rank(standard[:, [*kept, place]], tol=1e-6 * len(standard)) > len(kept):
            kept.append(place)
    return complete[:, kept], [names[place] for place in kept]


def _log_det(matrix: np.ndarray) -> float:
    return float(np.linalg.slogdet(matrix)[1])
