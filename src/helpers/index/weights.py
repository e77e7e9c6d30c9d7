"""Weights of the indicators within each force: what the force map says times what the data or an expert say."""

import numpy as np
import pandas as pd

from helpers.errors import InputError
from helpers.index.choices import Weights


def weigh(
    normalised: pd.DataFrame, belongs: pd.DataFrame, method: Weights, expert: pd.Series | None = None
) -> pd.DataFrame:
    """Return the weight of every indicator in every force; those of a force sum to 1.

    Parameters
    ----------
    normalised : DataFrame, shape (N, k)
        Positive indicators; entropy and CRITIC read them as shares and spreads.
    belongs : DataFrame, shape (k, F)
        Share (0-1) of each indicator in each force, as the force map has it.
    method : {'equal', 'entropy', 'pca', 'critic', 'expert'}
    expert : Series, shape (k,), optional
        Weights of `expert`, in any unit.

    Returns
    -------
    DataFrame, shape (k, F)

    Raises
    ------
    InputError
        If an expert's weights are asked for and missing, negative, or all zero in a force.

    Notes
    -----
    Each force is weighted on its own: w_j = belongs_j * m_j / sum, with m_j of `entropy_weights`, `pca_weights`,
    `critic_weights`, the expert, or 1.
    """
    own = belongs.loc[normalised.columns]
    out = pd.DataFrame(0.0, index=own.index, columns=own.columns)
    for force in own.columns:
        members = own.index[own[force] > 0]
        if len(members):
            merit = _merit(normalised[members], method, expert)
            raw = own.loc[members, force] * merit
            if not raw.sum() > 0:
                raise InputError(f"weights '{method}': force {force} has none above zero among {', '.join(members)}")
            out.loc[members, force] = raw / raw.sum()
    return out


def _merit(part: pd.DataFrame, method: Weights, expert: pd.Series | None) -> pd.Series:
    if method == "expert":
        given = pd.Series(dtype=float) if expert is None else expert
        lacking = [name for name in part.columns if not given.get(name, -1.0) >= 0]
        if lacking:
            raise InputError(f"weights 'expert': none of zero or more for {', '.join(lacking)}: add them to the file")
        return given[part.columns].astype(float)
    rule = {"entropy": entropy_weights, "pca": pca_weights, "critic": critic_weights}.get(method)
    return pd.Series(1.0, index=part.columns) if rule is None or part.shape[1] == 1 else rule(part)


def entropy_weights(values: pd.DataFrame) -> pd.Series:
    """Return Shannon entropy weights: the more an indicator differs between firms, the more it weighs.

    Notes
    -----
    p_ij = x_ij / sum_i x_ij; E_j = -sum_i p_ij ln p_ij / ln n (0 ln 0 = 0); w_j = (1 - E_j) / sum_j (1 - E_j).
    Rows with a missing value are left out of the indicator. Source: Zou, Yi & Sun (2006).
    """
    shares = values / values.sum()
    known = values.notna().sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = (shares * np.log(shares)).where(shares != 0, 0.0).where(shares.notna())
    divergence = 1 + terms.sum() / np.log(known)
    return _shares_of(divergence.clip(lower=0.0))


def critic_weights(values: pd.DataFrame) -> pd.Series:
    """Return CRITIC weights: spread times conflict with the other indicators of the force.

    Notes
    -----
    On min-max values: C_j = s_j * sum_k (1 - r_jk), s the standard deviation (n - 1), r Pearson's correlation over
    pairs of known values; w_j = C_j / sum C. Source: Diakoulaki, Mavrotas & Papayannakis (1995).
    """
    scaled = (values - values.min()) / (values.max() - values.min()).replace(0, np.nan)
    conflict = (1 - scaled.corr()).sum()
    return _shares_of((scaled.std(ddof=1) * conflict).fillna(0.0))


def pca_weights(values: pd.DataFrame) -> pd.Series:
    """Return the squared loadings of the first principal component of the correlations; they sum to 1.

    Notes
    -----
    Rows with a missing value are left out. Source: OECD/JRC (2008), step 6; Nicoletti, Scarpetta & Boylaud (2000).
    """
    complete = values[values.columns[values.nunique() > 1]].dropna()
    varied = complete.columns[complete.nunique() > 1]
    complete = complete[varied]
    if len(varied) < 2 or len(complete) <= len(varied):
        return pd.Series(1.0 / values.shape[1], index=values.columns)
    _, vectors = np.linalg.eigh(np.corrcoef(complete.to_numpy(dtype=float), rowvar=False))
    return pd.Series(vectors[:, -1] ** 2, index=varied).reindex(values.columns, fill_value=0.0)


def _shares_of(merit: pd.Series) -> pd.Series:
    """Return merits as shares; equal ones where none has any."""
    total = merit.sum()
    return merit / total if total > 0 else pd.Series(1.0 / len(merit), index=merit.index)
