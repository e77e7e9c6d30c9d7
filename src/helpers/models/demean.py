"""Fixed effects taken out of columns: codes of each effect and columns in, the columns' residuals out.

The largest effect is eliminated exactly, and what is left of the others is solved directly while they have few levels
(years, grids, industries), else by conjugate gradients, which is alternating projections with acceleration. Own code on
numpy and scipy, because the fixed effects, once factorised, are shared by all columns, steps and draws of a study.
"""

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.linalg import lapack, solve_triangular

from helpers.models.result import NotEstimable
from helpers.text import Message

# Up to so many levels of all effects but the largest, a dense factor costs less than iterating.
FEW_LEVELS = 1_000
# Up to so many, as years are, its inverse costs less than waking the threads of BLAS for triangular solves.
VERY_FEW_LEVELS = 64
# A pivot this small, where a full one is 1, is a level that the others already span.
REDUNDANT = 1e-11
# Up to so many levels, dense products are faster than those of sparse tables although most of their cells are empty.
NARROW, ROWS_AT_ONCE = 256, 500
# A table of two effects is kept dense up to so many cells a row.
DENSE = 4
MOST_STEPS = 10_000


class Absorber:
    """Fixed effects to be taken out of any number of columns.

    Parameters
    ----------
    groups : sequence of ndarray of int, each (N,)
        Codes 0..G-1 of each fixed effect; none leaves columns as they are.
    weights : ndarray of float, shape (N,), optional
        Of the projection, not negative.
    tolerance : float
        Largest group mean left, as a share of the column's spread, where the solution is iterative.

    Attributes
    ----------
    sizes : tuple of int
        Levels of each effect, in the order given.
    rank : int
        Parameters absorbed: levels less those that others already span. Exact for one and two effects, and for more
        while all but the largest have up to 1,000 levels; beyond, redundancy is counted effect by effect against the
        one it shares most with, which can only count too many.

    Raises
    ------
    NotEstimable
        On a call, if 10,000 steps do not reach the tolerance.

    Notes
    -----
    With D the dummies of the largest effect and E those of the others, E's coefficients solve
    (E'WE - E'WD (D'WD)^-1 D'WE) b = E'W(y - D (D'WD)^-1 D'Wy): a singular but consistent system of as many equations
    as E has levels. Its solution by conjugate gradients is the accelerated alternating projection of Correia (2016,
    "A feasible estimator for linear models with multi-way fixed effects", section 3.3), with the preconditioner that is
    the system's own diagonal.
    """

    def __init__(
        self, groups: Sequence[np.ndarray], *, weights: np.ndarray | None = None, tolerance: float = 1e-10
    ) -> None:
        self._given = tuple(np.ascontiguousarray(codes, dtype=np.intp) for codes in groups)
        self.sizes = tuple(int(codes.max()) + 1 for codes in self._given)
        self._tolerance = tolerance
        order = sorted(range(len(self.sizes)), key=lambda i: -self.sizes[i])
        self._groups = [self._given[i] for i in order]
        self._levels = [self.sizes[i] for i in order]
        # Each smaller effect's place in the joint vector of their coefficients.
        self._starts = np.concatenate([[0], np.cumsum(self._levels[1:], dtype=np.intp)])
        self._is_direct = int(self._starts[-1]) <= FEW_LEVELS
        self._weigh(weights)

    def reweighted(self, weights: np.ndarray) -> "Absorber":
        """Return the same effects under other weights."""
        other = object.__new__(Absorber)
        of_weights = ("rank", "_blocks", "_factor", "_inverse_factor")
        other.__dict__.update({name: value for name, value in self.__dict__.items() if name not in of_weights})
        other._weigh(weights)
        return other

    def __call__(self, columns: np.ndarray) -> np.ndarray:
        """Return the residuals of `columns`, (N,) or (N, k), on all effects."""
        columns = np.asarray(columns, dtype=float)
        if not self._groups:
            return columns.copy()
        given, first = columns.reshape(len(columns), -1).T, self._groups[0]
        left = np.empty(given.shape)
        for row, column in zip(left, given, strict=True):
            np.subtract(column, self._means(column)[first], out=row)
        if len(self._groups) > 1:
            sums = np.stack([self._sums(row) for row in left], axis=1)
            others = self._direct(sums) if self._is_direct else self._iterated(sums, left)
            parts = zip(self._blocks, np.split(others, self._starts[1:-1]), strict=True)
            shift = self._inverse[:, None] * sum(block @ own for block, own in parts)
            for row, own, common in zip(left, others.T, shift.T, strict=True):
                row += common[first]
                for codes, start in zip(self._groups[1:], self._starts, strict=False):
                    row -= own[start:][codes]
        # Columns stay contiguous: what follows sums them one by one.
        return left.T.reshape(columns.shape, order="F")

    @cached_property
    def rank(self) -> int:
        """Number of parameters absorbed."""
        if not self._groups:
            return 0
        used = int((self._inverse > 0).sum())
        if len(self._groups) == 1:
            return used
        if self._is_direct:
            return used + len(self._factor[1])
        # Level sets are tied to each other once for every connected component of the two-sided graph.
        filled = [self._filled(i) for i in range(len(self._groups))]
        total = filled[0]
        for i in range(1, len(self._groups)):
            total += filled[i] - max(self._components(i, j) for j in range(i))
        return total

    def _weigh(self, weights: np.ndarray | None) -> None:
        self._weights = None if weights is None else np.ascontiguousarray(weights, dtype=float)
        if not self._groups:
            return
        whole = self._summed(0)
        self._inverse = np.divide(1.0, whole, out=np.zeros_like(whole), where=whole > 0)

    def _summed(self, i: int) -> np.ndarray:
        return np.bincount(self._groups[i], self._weights, self._levels[i]).astype(float)

    @cached_property
    def _order(self) -> slice | np.ndarray:
        """Return the rows by level of the largest effect."""
        first = self._groups[0]
        if (first[1:] >= first[:-1]).all():
            return slice(None)
        # A change of format sorts by counting.
        each = np.arange(len(first) + 1)
        return sparse.csc_array((each[:-1], first, each), shape=(self._levels[0], len(first))).tocsr().data

    @cached_property
    def _bounds(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(np.bincount(self._groups[0], minlength=self._levels[0]))])

    @cached_property
    def _blocks(self) -> list[np.ndarray | sparse.csr_array]:
        """Return the weights by level of the largest effect and of each other one: dense where not mostly empty."""
        return [self._block(i) for i in range(1, len(self._groups))]

    def _block(self, i: int) -> np.ndarray | sparse.csr_array:
        shape = (self._levels[0], self._levels[i])
        if shape[0] * shape[1] <= DENSE * len(self._groups[0]):
            return self._table(0, i)
        # Cells may repeat: products do not mind.
        cells = np.ones(len(self._groups[0])) if self._weights is None else self._weights[self._order]
        return sparse.csr_array((cells, self._groups[i][self._order], self._bounds), shape=shape)

    def _table(self, i: int, j: int) -> np.ndarray | sparse.csr_array:
        """Return the sums of weights by levels of two effects, dense where it is not mostly empty."""
        rows, columns, shape = self._groups[i], self._groups[j], (self._levels[i], self._levels[j])
        cells = shape[0] * shape[1]
        if cells <= DENSE * len(rows):
            return np.bincount(rows * shape[1] + columns, self._weights, cells).reshape(shape).astype(float)
        weights = np.ones(len(rows)) if self._weights is None else self._weights
        return sparse.coo_array((weights, (rows, columns)), shape=shape).tocsr()

    def _means(self, row: np.ndarray) -> np.ndarray:
        weighted = row if self._weights is None else row * self._weights
        if self._is_in_order:
            return np.add.reduceat(weighted, self._bounds[:-1]) * self._inverse
        return np.bincount(self._groups[0], weighted, self._levels[0]) * self._inverse

    @cached_property
    def _is_in_order(self) -> bool:
        """Return whether rows stand by level of the largest effect, none of them empty, and so sum without a table."""
        return isinstance(self._order, slice) and bool((np.diff(self._bounds) > 0).all())

    def _sums(self, row: np.ndarray) -> np.ndarray:
        weighted = row if self._weights is None else row * self._weights
        return np.concatenate([
            np.bincount(codes, weighted, levels)
            for codes, levels in zip(self._groups[1:], self._levels[1:], strict=True)
        ])  # fmt: skip

    @cached_property
    def _factor(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the triangular factor of the scaled system, the levels it keeps, the scale and the system."""
        full = np.concatenate([self._summed(i) for i in range(1, len(self._groups))])
        system = np.diag(full)
        places = [slice(*ends) for ends in pairwise(self._starts)]
        for i, here in enumerate(places):
            for j, there in enumerate(places[: i + 1]):
                part = self._shared(i, j)
                if i != j:
                    met = self._table(j + 1, i + 1)
                    part -= (met if isinstance(met, np.ndarray) else met.toarray()).T
                    system[there, here] -= part.T
                system[here, there] -= part
        scale = np.divide(1.0, np.sqrt(full), out=np.zeros_like(full), where=full > 0)
        factor, pivots, rank, _ = lapack.dpstrf(system * scale * scale[:, None], tol=REDUNDANT)
        kept = pivots[:rank] - 1
        return np.triu(factor[:rank, :rank]), kept, scale, system

    def _shared(self, i: int, j: int) -> np.ndarray:
        """Return block i's transpose times block j, each level of the largest effect divided by its weight."""
        left, right = self._blocks[i], self._blocks[j]
        if isinstance(right, np.ndarray):
            return left.T @ (self._inverse[:, None] * right)
        if isinstance(left, np.ndarray):
            return (right.T @ (self._inverse[:, None] * left)).T
        if i == j and left.shape[1] <= NARROW:
            return self._squared(left)
        scaled = right.data * np.repeat(self._inverse, np.diff(self._bounds))
        return (left.T @ sparse.csr_array((scaled, right.indices, right.indptr), shape=right.shape)).toarray()

    def _squared(self, block: sparse.csr_array) -> np.ndarray:
        """Return `_shared` of a sparse block with itself, a few dense rows at a time, which stay near the processor."""
        levels, width = block.shape
        found, sizes = np.zeros((width, width)), np.diff(self._bounds)
        cells = np.repeat(np.arange(levels) % ROWS_AT_ONCE, sizes) * width + block.indices
        scaled = np.repeat(np.sqrt(self._inverse), sizes) * block.data
        for start in range(0, levels, ROWS_AT_ONCE):
            own = slice(self._bounds[start], self._bounds[min(start + ROWS_AT_ONCE, levels)])
            part = np.bincount(cells[own], scaled[own], ROWS_AT_ONCE * width).reshape(ROWS_AT_ONCE, width)
            found += part.T @ part
        return found

    def _direct(self, sums: np.ndarray) -> np.ndarray:
        factor, kept, scale, system = self._factor
        found = np.zeros_like(sums)
        # The second round is a step of refinement: the residual of a nearly redundant level costs digits.
        for _ in range(2):
            left = (sums - system @ found)[kept] * scale[kept, None]
            found[kept] += scale[kept, None] * self._solve(factor, left)
        return found

    def _solve(self, factor: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return the solution x of factor' factor x = right."""
        if len(factor) <= VERY_FEW_LEVELS:
            return self._inverse_factor @ (self._inverse_factor.T @ right)
        half = solve_triangular(factor, right, trans="T", check_finite=False)
        return solve_triangular(factor, half, check_finite=False)

    @cached_property
    def _inverse_factor(self) -> np.ndarray:
        return np.linalg.inv(self._factor[0])

    def _iterated(self, sums: np.ndarray, columns: np.ndarray) -> np.ndarray:
        # A copy: blocks may hold the weights themselves, and cells that repeat are summed in place.
        cross = sparse.hstack([*map(sparse.csr_array, self._blocks)], format="csr").copy()
        cross.sum_duplicates()
        inner = range(1, len(self._groups))
        within = sparse.block_array(
            [[sparse.csr_array(self._table(i, j)) if i != j else sparse.diags_array(self._summed(i)) for j in inner]
             for i in inner], format="csr",
        )  # fmt: skip
        turned = cross.T.tocsr()
        diagonal = within.diagonal() - turned.power(2) @ self._inverse
        inverse = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > REDUNDANT * within.diagonal())
        spread = np.sqrt(np.sum(columns**2 if self._weights is None else columns**2 * self._weights, axis=1))

        def system(b: np.ndarray) -> np.ndarray:
            return within @ b - turned @ (self._inverse[:, None] * (cross @ b))

        found, left = np.zeros_like(sums), sums.copy()
        towards = inverse[:, None] * left
        step = towards.copy()
        size = np.sum(left * towards, axis=0)
        for _ in range(MOST_STEPS):
            active = np.sqrt(size) > self._tolerance * spread
            if not active.any():
                return found
            image = system(step)
            curvature = np.sum(step * image, axis=0)
            length = np.divide(size, curvature, out=np.zeros_like(size), where=active & (curvature > 0))
            found += length * step
            left -= length * image
            towards = inverse[:, None] * left
            new = np.sum(left * towards, axis=0)
            step = towards + np.divide(new, size, out=np.zeros_like(size), where=size > 0) * step
            size = np.where(active, new, size)
        raise NotEstimable(Message("fit.absorption_not_converged", {"steps": f"{MOST_STEPS:,}"}))

    def _filled(self, i: int) -> int:
        return int((np.bincount(self._groups[i], self._weights, self._levels[i]) > 0).sum())

    def _components(self, i: int, j: int) -> int:
        table = sparse.coo_array(self._table(i, j))
        is_met = table.data > 0
        rows, columns = table.coords[0][is_met], table.coords[1][is_met] + self._levels[i]
        size = self._levels[i] + self._levels[j]
        graph = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(size, size))
        found = sparse.csgraph.connected_components(graph, directed=False)[0]
        return found - (self._levels[i] - self._filled(i)) - (self._levels[j] - self._filled(j))
