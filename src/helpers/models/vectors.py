"""Weight vectors of cluster bootstraps, all signs or seeded draws, and intervals by inversion of their tests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from helpers.errors import UsageError

# All sign vectors of so many clusters are enumerated, half of them by symmetry.
MOST_ENUMERATED = 18
DRAWS = 9_999
# Six-point weights where sign vectors are few enough to repeat among the draws (Webb 2023).
FEW_CLUSTERS = 12
WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])
# Numbers held at a time, 16 MB.
BLOCK = 2_000_000
# Statistics this close, as a share, are the same one with another rounding.
TIE = 1e-9
# P values that are equal but for rounding, as 1 - level is.
SAME = 1e-12
# An interval's end farther out than so many standard errors is none.
FARTHEST = 1e4


@dataclass(frozen=True)
class Vectors:
    """Weight vectors of a bootstrap: all Rademacher ones, of which half are the others' negatives, or draws.

    Attributes
    ----------
    n_clusters : int
    count : int
        Vectors counted.
    """

    n_clusters: int
    count: int
    is_enumerated: bool
    weights: Literal["rademacher", "webb"]
    seed: int | None

    @classmethod
    def of(cls, n_clusters: int, draws: Literal["enumerate"] | int, seed: int | None) -> "Vectors":
        """Return the plan that `draws` asks for.

        Raises
        ------
        UsageError
            If `draws` is neither "enumerate" nor a whole number from 1.
        """
        if draws == "enumerate" and n_clusters <= MOST_ENUMERATED:
            return cls(n_clusters, 2**n_clusters, True, "rademacher", None)
        if draws != "enumerate" and (isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 1):
            raise UsageError(f"draws {draws!r} is neither 'enumerate' nor a whole number from 1")
        count = DRAWS if draws == "enumerate" else int(draws)
        is_webb = draws != "enumerate" and n_clusters <= FEW_CLUSTERS
        return cls(n_clusters, count, False, "webb" if is_webb else "rademacher", 0 if seed is None else seed)

    @property
    def smallest_p(self) -> float:
        """Return the smallest p value that any data give."""
        fewest = 2 / 2**self.n_clusters if self.weights == "rademacher" else 0.0
        return fewest if self.is_enumerated else max(1 / (self.count + 1), fewest)

    @property
    def words(self) -> str:
        """Return the plan in words."""
        if self.is_enumerated:
            return f"all {self.count:,} Rademacher sign vectors"
        return f"{self.count:,} draws of {self.weights.capitalize()} weights, seed {self.seed}"

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the vectors, (B, G) at a time: of the enumerated the half that ends with a plus."""
        size = max(1, BLOCK // self.n_clusters)
        if self.is_enumerated:
            bits = np.arange(self.n_clusters)
            for first in range(0, self.count // 2, size):
                numbers = np.arange(first, min(first + size, self.count // 2))
                # The last bit of numbers below 2^(G-1) is zero, a plus.
                yield 1.0 - 2.0 * ((numbers[:, None] >> bits) & 1)
            return
        rng = np.random.default_rng(self.seed)
        values = WEBB if self.weights == "webb" else np.array([-1.0, 1.0])
        for first in range(0, self.count, size):
            yield values[rng.integers(0, len(values), size=(min(size, self.count - first), self.n_clusters))]

    def sums(self, own: np.ndarray) -> np.ndarray:
        """Return the sums of `own` (G,) under each vector that `blocks` yields, in no order that matters."""
        if not self.is_enumerated:
            return np.concatenate([vectors @ own for vectors in self.blocks()])
        found = own[-1:]
        for value in own[:-1]:
            found = np.concatenate([found + value, found - value])
        return found

    def share(self, hits: int) -> float:
        """Return a p value from how many of the yielded vectors were at least as extreme."""
        return hits / (self.count // 2) if self.is_enumerated else (hits + 1) / (self.count + 1)


def end_of_interval(
    size: Callable[[float], float], estimate: float, step: float, alpha: float, *, digits: float = 1e-8
) -> float:
    """Return the farthest null from `estimate` towards `step` before the p value `size` is `alpha` or less.

    Doubling steps find a rejected null, halving finds the end to `digits` steps. A p value need not fall steadily:
    what is found is the end of the interval that holds the estimate. Infinite where nothing within 10,000 steps is
    rejected.
    """
    inside, reach = 0.0, 1.0
    while size(estimate + reach * step) > alpha + SAME:
        inside, reach = reach, 2 * reach
        if reach > FARTHEST:
            return float(np.sign(step) * np.inf)
    outside = reach
    while outside - inside > digits * max(1.0, outside):
        middle = (inside + outside) / 2
        if size(estimate + middle * step) > alpha + SAME:
            inside = middle
        else:
            outside = middle
    return float(estimate + outside * step)


def is_as_extreme(
    top: np.ndarray, squares: np.ndarray, observed: float, observed_square: float
) -> np.ndarray:
    """Return where |top| / sqrt(squares) is at least the observed one, ties and 0 / 0 included."""
    return top**2 * observed_square >= observed**2 * squares * (1 - TIE)
