"""How far the ranks depend on the choices: all of them drawn at once, and the share of each (Sobol indices)."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from SALib.analyze import sobol
from SALib.sample import sobol as sobol_sample

from helpers.index import missing, outliers
from helpers.index.build import Index, build, refused, scored
from helpers.index.choices import Choices, options
from helpers.index.normalise import normalise
from helpers.index.weights import weigh

# Weights vary by up to this share of themselves, each on its own.
NOISE = 0.25
NOISE_DRAWS = 512
FACTORS: Final = ("outliers", "imputation", "normalisation", "weights", "aggregation", "noise")


@dataclass(frozen=True)
class Draws:
    """Ranks of every firm under every draw of the choices.

    Parameters
    ----------
    nominal : Index
        The index under the choices of the page.
    settings : DataFrame, shape (draws, 6)
        What was drawn; `noise` is the number of the perturbation of the weights.
    ranks : DataFrame, shape (draws, N)
        1 for the highest score; missing for a firm without an index.
    """

    nominal: Index
    settings: pd.DataFrame
    ranks: pd.DataFrame

    def intervals(self, level: float = 0.9) -> pd.DataFrame:
        """Return one row a firm: rank, median, bounds of the central `level` of draws, share outside its quartile."""
        nominal = self.nominal.ranks
        low, high = self.ranks.quantile((1 - level) / 2), self.ranks.quantile((1 + level) / 2)
        moved = (_quartiles(self.ranks.to_numpy()) != _quartiles(nominal.to_numpy()[None, :])).mean(axis=0)
        return pd.DataFrame(
            {"rank": nominal, "median": self.ranks.median(), "low": low, "high": high, "leaves_quartile": moved}
        ).dropna(subset="rank")

    def quartile_changes(self) -> pd.Series:
        """Return, per draw, the share (0-1) of firms in another quartile than under the choices of the page."""
        has_rank = self.nominal.ranks.notna().to_numpy()
        ranks, nominal = self.ranks.to_numpy()[:, has_rank], self.nominal.ranks.to_numpy()[has_rank]
        return pd.Series((_quartiles(ranks) != _quartiles(nominal[None, :])).mean(axis=1), name="quartile_changes")


def draw(
    values: pd.DataFrame, belongs: pd.DataFrame, groups: pd.Series, *, draws: int = 1000, seed: int,
    choices: Choices | None = None, directions: pd.Series | None = None, expert: pd.Series | None = None,
) -> Draws:  # fmt: skip
    """Draw all choices at once, uniformly and independently, `draws` times.

    Parameters
    ----------
    values, belongs, groups, choices, directions, expert
        As `build`; `choices` gives the nominal index and the coverage threshold. Expert weights are among those drawn
        when they are given.
    draws : int
    seed : int

    Notes
    -----
    Every weight is multiplied by 1 + u, u uniform on +-25 %. Source: Saisana, Saltelli & Tarantola (2005); OECD/JRC
    (2008), step 7.
    """
    rng = np.random.default_rng(seed)
    model = _Model(values, belongs, groups, seed, choices or Choices(), directions, expert)
    return model.run(rng.random((draws, len(FACTORS))))


def sensitivity(
    values: pd.DataFrame, belongs: pd.DataFrame, groups: pd.Series, *, base: int = 512, seed: int,
    choices: Choices | None = None, directions: pd.Series | None = None, expert: pd.Series | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return how much of the shift in ranks is due to each choice.

    Parameters
    ----------
    base : int
        Base sample of the Saltelli design, a power of 2; `base` * 8 indices are made.

    Returns
    -------
    DataFrame
        One row a choice: `first_order` (alone), `total` (with its interactions), each with the half-width of its 95 %
        interval (`first_order_conf`, `total_conf`).

    Notes
    -----
    Output: the mean over firms of the absolute shift in rank against the nominal index. Negative estimates are
    sampling error. Source: Saltelli et al. (2010), by SALib.
    """
    model = _Model(values, belongs, groups, seed, choices or Choices(), directions, expert)
    problem = {"num_vars": len(FACTORS), "names": list(FACTORS), "bounds": [[0.0, 1.0]] * len(FACTORS)}
    points = sobol_sample.sample(problem, base, calc_second_order=False, seed=seed)
    shifts = mean_shift(model.run(points))
    found = sobol.analyze(problem, shifts.to_numpy(), calc_second_order=False, seed=seed)
    return pd.DataFrame(
        {"choice": FACTORS, "first_order": found["S1"], "first_order_conf": found["S1_conf"], "total": found["ST"],
         "total_conf": found["ST_conf"]}
    )  # fmt: skip


def mean_shift(found: Draws) -> pd.Series:
    """Return, per draw, the mean over firms of the absolute difference in rank from the nominal index."""
    return (found.ranks - found.nominal.ranks).abs().mean(axis="columns")


class _Model:
    """The index as a function of six numbers between 0 and 1; the costly steps are made once for each choice."""

    def __init__(self, values, belongs, groups, seed, choices, directions, expert) -> None:
        self.values, self.belongs, self.groups = values, belongs, groups
        self.directions, self.expert, self.choices = directions, expert, choices
        self.nominal = build(values, belongs, groups, choices=choices, directions=directions, expert=expert)
        self.is_refused = refused(self.nominal.coverage, choices.coverage)
        self.sets = options() if expert is not None else {**options(), "weights": options()["weights"][:-1]}
        noise = np.random.default_rng([seed, 1]).uniform(-NOISE, NOISE, (NOISE_DRAWS, len(values.columns)))
        self.noise = 1 + noise
        self.treated: dict[str, pd.DataFrame] = {}
        self.filled: dict[tuple[str, ...], pd.DataFrame] = {}
        self.normalised: dict[tuple[str, ...], pd.DataFrame] = {}
        self.weights: dict[tuple[str, ...], np.ndarray] = {}

    def run(self, points: np.ndarray) -> Draws:
        """Return the ranks at points of the unit cube; shape (draws, 6)."""
        settings = pd.DataFrame({name: self._named(name, points[:, at]) for at, name in enumerate(FACTORS)})
        scores = np.vstack([self._scores(*setting) for setting in settings.itertuples(index=False)])
        ranks = pd.DataFrame(scores, columns=self.values.index).rank(axis="columns", ascending=False, method="min")
        return Draws(self.nominal, settings, ranks)

    def _named(self, name: str, points: np.ndarray) -> np.ndarray:
        allowed = np.arange(NOISE_DRAWS) if name == "noise" else np.array(self.sets[name], dtype=object)
        return allowed[np.minimum((points * len(allowed)).astype(int), len(allowed) - 1)]

    def _scores(self, outlier, imputation, normalisation, weights, aggregation, noise) -> np.ndarray:
        key = (outlier, imputation, normalisation)
        treated = _once(self.treated, outlier, lambda: outliers.treat(self.values, outlier)[0])
        filled = _once(self.filled, key[:2], lambda: missing.impute(treated, imputation, self.groups))
        made = _once(self.normalised, key, lambda: normalise(filled, normalisation, self.groups, self.directions))
        nominal = _once(
            self.weights, (*key, weights), lambda: weigh(made, self.belongs, weights, self.expert).to_numpy()
        )
        noisy = nominal * self.noise[noise][:, None]
        setting = Choices(aggregation=aggregation, coverage=self.choices.coverage)
        return scored(made.to_numpy(), noisy, self.nominal.force_weights.to_numpy(), self.is_refused, setting)[1]


def _once(held: dict, key: Hashable, make: Callable[[], Any]) -> Any:
    if key not in held:
        held[key] = make()
    return held[key]


def _quartiles(ranks: np.ndarray) -> np.ndarray:
    """Return the quartile (0-3) of each rank among the firms that have one; shape as given."""
    held = (~np.isnan(ranks)).sum(axis=-1, keepdims=True)
    return np.floor(4 * (np.nan_to_num(ranks, nan=1.0) - 1) / np.maximum(held, 1))
