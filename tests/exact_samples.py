"""Samples whose moments are known exactly, and the synthetic firms on which independent programs were run."""

import numpy as np
import pandas as pd
from peer_numbers import PEERS

FIRMS = pd.read_csv(PEERS / "firms.csv")
# Of r_sensitivity.R; the names of its cases say which program.
NUMBERS = pd.read_csv(PEERS / "r_sensitivity.csv", dtype={"term": "str"}).set_index(["case", "term"])


def peer(case: str, *terms: str, column: str = "estimate") -> list[float]:
    """Return an independent program's numbers of some terms of a case."""
    return [float(NUMBERS.loc[(case, term), column]) for term in terms]


def orthogonal(n: int, columns: int, seed: int) -> np.ndarray:
    """Return columns of mean zero and variance one that are exactly uncorrelated."""
    drawn = np.random.default_rng(seed).normal(size=(n, columns))
    basis = np.linalg.qr(np.column_stack([np.ones(n), drawn]))[0][:, 1:]
    return basis * np.sqrt(n)
