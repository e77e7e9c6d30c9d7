"""Samples whose moments are known exactly, and the synthetic firms on which independent programs were run."""

from pathlib import Path

import numpy as np
import pandas as pd

FIRMS = pd.read_csv(Path(__file__).parent / "peers" / "firms.csv")


def orthogonal(n: int, columns: int, seed: int) -> np.ndarray:
    """Return columns of mean zero and variance one that are exactly uncorrelated."""
    drawn = np.random.default_rng(seed).normal(size=(n, columns))
    basis = np.linalg.qr(np.column_stack([np.ones(n), drawn]))[0][:, 1:]
    return basis * np.sqrt(n)
