"""The steps of the index in their order: firms by indicators in, forces, scores and ranks out, with what was done."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import InputError
from helpers.index import missing, outliers
from helpers.index.aggregate import aggregate
from helpers.index.choices import Choices
from helpers.index.normalise import normalise
from helpers.index.weights import weigh


@dataclass(frozen=True)
class Index:
    """An index and everything that made it; all tables share the rows of the firms.

    Parameters
    ----------
    choices : Choices
    normalised : DataFrame, shape (N, k)
    weights : DataFrame, shape (k, F)
        Of each indicator in each force; a column sums to 1.
    force_weights : Series, shape (F,)
        Of each force in the index; sums to 1.
    coverage : DataFrame, shape (N, F)
        Share (0-1) of each force's indicators that the firm has.
    forces : DataFrame, shape (N, F)
        Score of each force; missing where it was refused.
    scores : Series, shape (N,)
        The index; missing where too few forces are left.
    changes : DataFrame
        What outlier treatment did, see `outliers.treat`.
    imputed : Series, shape (k,)
        Number of values filled in.
    """

    choices: Choices
    normalised: pd.DataFrame
    weights: pd.DataFrame
    force_weights: pd.Series
    coverage: pd.DataFrame
    forces: pd.DataFrame
    scores: pd.Series
    changes: pd.DataFrame
    imputed: pd.Series

    @property
    def ranks(self) -> pd.Series:
        """Return the rank of each firm, 1 for the highest score; ties share the best place."""
        return self.scores.rank(ascending=False, method="min")

    def contributions(self) -> pd.DataFrame:
        """Return what each indicator adds to a firm's index, against the average firm.

        Returns
        -------
        DataFrame, shape (N, k)
            Sum over forces of force weight * indicator weight * (score - mean score), weights of missing indicators and
            refused forces going to the others. Rows sum to score - (the index of a firm at every mean) for arithmetic
            aggregation; for the others they are its linear part.
        """
        held = self.forces.notna().to_numpy(dtype=float) * self.force_weights.to_numpy()
        held /= np.where(held.sum(axis=1) > 0, held.sum(axis=1), np.nan)[:, None]
        known = self.normalised.notna().to_numpy(dtype=float)
        total = known @ self.weights.to_numpy()
        of_force = held / np.where(total > 0, total, np.nan)
        effective = known * (np.nan_to_num(of_force) @ self.weights.to_numpy().T)
        centred = (self.normalised - self.normalised.mean()).fillna(0.0).to_numpy()
        return pd.DataFrame(effective * centred, index=self.normalised.index, columns=self.normalised.columns)


def build(
    values: pd.DataFrame,
    belongs: pd.DataFrame,
    groups: pd.Series,
    *,
    choices: Choices | None = None,
    directions: pd.Series | None = None,
    force_weights: pd.Series | None = None,
    expert: pd.Series | None = None,
) -> Index:
    """Make the index.

    Parameters
    ----------
    values : DataFrame, shape (N, k)
        Indicators of firms (a row a firm, or a firm and year).
    belongs : DataFrame, shape (k, F)
        Share (0-1) of each indicator in each force.
    groups : Series, shape (N,)
        Year and size class within which firms are compared.
    choices : Choices, optional
    directions : Series, shape (k,), optional
        1 where more is better, -1 where less is.
    force_weights : Series, shape (F,), optional
        Equal by default.
    expert : Series, shape (k,), optional
        Weights of the choice `expert`.

    Raises
    ------
    InputError
        If there is no firm or no indicator, an indicator is unknown to the force map, or an expert's weights lack one.
    """
    choices = choices or Choices()
    check(values, belongs)
    share = missing.coverage(values, belongs)
    treated, changes = outliers.treat(values, choices.outliers)
    filled = missing.impute(treated, choices.imputation, groups)
    normalised = normalise(filled, choices.normalisation, groups, directions)
    weights = weigh(normalised, belongs, choices.weights, expert)
    shares = equal_shares(belongs) if force_weights is None else force_weights / force_weights.sum()
    forces, scores = scored(
        normalised.to_numpy(), weights.to_numpy(), shares.to_numpy(), refused(share, choices.coverage), choices
    )
    return Index(
        choices, normalised, weights, shares, share,
        pd.DataFrame(forces, index=values.index, columns=belongs.columns),
        pd.Series(scores, index=values.index, name="score"), changes,
        (filled.notna() & values.isna()).sum(),
    )  # fmt: skip


def check(values: pd.DataFrame, belongs: pd.DataFrame) -> None:
    """Refuse what no index can be made of."""
    if values.empty:
        raise InputError(f"index: {len(values):,} firms and {values.shape[1]} indicators: nothing to make one of")
    lacking = [str(name) for name in values.columns if name not in belongs.index]
    if lacking:
        raise InputError(
            f"index: {len(lacking)} of {values.shape[1]} indicators belong to no force: {', '.join(lacking)}: add them "
            "to the force map"
        )


def equal_shares(belongs: pd.DataFrame) -> pd.Series:
    """Return the same weight for every force that has an indicator."""
    held = (belongs > 0).any()
    return held / held.sum()


def refused(share: pd.DataFrame, least: float) -> np.ndarray:
    """Return, per firm and force, whether too few of the force's indicators are there; shape (N, F)."""
    # Shares such as 3/5 must pass 0.6 whatever the last binary digit.
    return ~(share.to_numpy() >= least - 1e-9)


def scored(
    normalised: np.ndarray, weights: np.ndarray, shares: np.ndarray, is_refused: np.ndarray, choices: Choices
) -> tuple[np.ndarray, np.ndarray]:
    """Return forces (N, F) and the index (N,) of normalised indicators (N, k)."""
    forces = aggregate(normalised, weights, choices.aggregation)
    forces = np.where(is_refused, np.nan, forces)
    total = aggregate(forces, shares[:, None], choices.aggregation)[:, 0]
    in_use = shares > 0
    enough = (~np.isnan(forces))[:, in_use].mean(axis=1) >= choices.coverage - 1e-9
    return forces, np.where(enough, total, np.nan)
