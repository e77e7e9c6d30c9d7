"""The steps of the index against an independent program: COINr's ASEM example (49 indicators of 51 countries).

`tests/peers/coinr_asem.R` made the numbers (COINr 1.1.14, R 4.2.2; data of the JRC as COINr ships them, MIT).
"""

import numpy as np
import pandas as pd
import pytest

from helpers import paths
from helpers.index import Choices, build, outliers, structure, weights
from helpers.index.normalise import normalise

PEERS = paths.ROOT / "tests" / "peers"


def peer(name: str, index: str = "uCode") -> pd.DataFrame:
    return pd.read_csv(PEERS / f"coinr_asem_{name}.csv", index_col=index)


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    return peer("raw")


@pytest.fixture(scope="module")
def meta() -> pd.DataFrame:
    return peer("meta", "iCode")


@pytest.fixture(scope="module")
def belongs(meta) -> pd.DataFrame:
    return pd.get_dummies(meta["Parent"], dtype=float)


@pytest.fixture(scope="module")
def one_group(raw) -> pd.Series:
    return pd.Series("all", index=raw.index)


def same(ours: pd.DataFrame, theirs: pd.DataFrame, digits: int = 12) -> None:
    theirs = theirs.loc[ours.index, ours.columns]
    assert (ours.isna() == theirs.isna()).all(axis=None)
    np.testing.assert_allclose(ours.fillna(0).to_numpy(), theirs.fillna(0).to_numpy(), rtol=10.0**-digits, atol=1e-11)


def test_winsorising_moves_the_same_points(raw):
    treated, changes = outliers.treat(raw, "winsorise")
    same(treated, peer("winsorised"))
    assert len(changes) > 3 and changes["points"].between(1, 5).all()


@pytest.mark.parametrize("method", ["z_score", "min_max", "distance_to_reference"])
def test_normalised_indicators_agree(raw, meta, one_group, method):
    treated, _ = outliers.treat(raw, "winsorise")
    same(normalise(treated, method, one_group, meta["Direction"]), peer(method))


def test_ranks_agree_up_to_their_scale(raw, meta, one_group):
    treated, _ = outliers.treat(raw, "winsorise")
    ours = normalise(treated, "rank", one_group, meta["Direction"])
    same(ours * treated.notna().sum() / 100 + 0.5, peer("rank").astype(float))


@pytest.mark.parametrize("scale", ["z_score", "min_max"])
@pytest.mark.parametrize(("aggregation", "theirs"), [("arithmetic", "a_amean"), ("geometric", "a_gmean")])
def test_forces_and_index_agree(raw, meta, belongs, one_group, scale, aggregation, theirs):
    choices = Choices(outliers="winsorise", normalisation=scale, aggregation=aggregation)
    made = build(raw, belongs, one_group, choices=choices, directions=meta["Direction"])
    expected = peer(f"{scale}_{theirs}")
    same(made.forces, expected)
    np.testing.assert_allclose(made.scores, expected["Index"], rtol=1e-12)


def test_alphas_of_the_pillars_agree(meta):
    normalised = peer("z_score")
    for pillar, alpha in peer("cronbach", "pillar")["alpha"].items():
        ours = structure.cronbach_alpha(normalised[meta.index[meta["Parent"] == pillar]])
        assert ours == pytest.approx(alpha, rel=1e-12)


def test_weights_by_principal_components_are_the_squared_loadings(meta):
    normalised = peer("z_score")
    loadings = peer("pca", "iCode")["Weight"]
    for pillar in meta["Parent"].unique():
        names = meta.index[meta["Parent"] == pillar]
        np.testing.assert_allclose(weights.pca_weights(normalised[names]), loadings[names] ** 2, rtol=1e-9)


def test_one_factor_agrees_with_r(meta):
    theirs = peer("factanal", "iCode")
    fit = structure.one_factor(peer("z_score")[meta.index[meta["Parent"] == "Social"]])
    # R stops where the likelihood is flat to eight digits.
    np.testing.assert_allclose(np.abs(fit.loadings[theirs.index]), theirs["loading"].abs(), atol=1e-5)
    assert (fit.df, fit.n) == (theirs["df"].iloc[0], theirs["n"].iloc[0])
    assert fit.chi2 == pytest.approx(theirs["chi2"].iloc[0], rel=1e-8)
    assert fit.p_value == pytest.approx(theirs["p_value"].iloc[0], rel=1e-6)
