"""What many specifications of one question say together: their scores by cluster in, three p values out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtr, stdtrit

from helpers.models.scores import Scores
from helpers.models.vectors import TIE, Vectors

# A normal quantile beyond this says no more than this.
FARTHEST_Z = 8.0


@dataclass(frozen=True, eq=False)
class Part:
    """One specification: scores of its own clusters (G,), their places among all clusters, and its fit.

    `spread` turns the sum of the scores into the effect (OLS); without one an effect is its t in standard errors.
    """

    scores: Scores
    places: np.ndarray
    estimate: float
    std_error: float
    spread: float | None


def joint_test(parts: Sequence[Part], plan: Vectors, level: float) -> pd.DataFrame:
    """Test that no specification has an effect, by cluster weights shared by all of them.

    Parameters
    ----------
    parts : sequence of Part
    plan : Vectors
        Weights of all clusters.
    level : float
        1 - level is what counts as significant, two-sided.

    Returns
    -------
    DataFrame of shape (3, 4)
        One row a statistic: statistic, observed, p_value, p_error (Monte-Carlo standard error, 0 where enumerated).

    Notes
    -----
    Simonsohn, Simmons & Nelson (2020, Nature Human Behaviour 4): the median, two-sided; the share that is significant
    in the direction that most estimates of the same draw have; Stouffer's Z, two-sided.
    """
    blocks = [np.ones((1, plan.n_clusters)), *plan.blocks()]
    effects, t = [], []
    for part in parts:
        pieces = [part.scores.statistics(vectors[:, part.places]) for vectors in blocks]
        top, squares = (np.concatenate([piece[k] for piece in pieces]) for k in range(2))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.nan_to_num(top / np.sqrt(squares), nan=0.0, posinf=1e6, neginf=-1e6)
        t.append(ratio)
        effects.append(top / part.spread if part.spread else ratio * part.std_error)
    effects, t = np.stack(effects, axis=1), np.stack(t, axis=1)
    df = np.array([len(part.places) - 1 for part in parts])
    median = np.median(effects, axis=1)
    sign = np.where((effects > 0).mean(axis=1) >= 0.5, 1.0, -1.0)
    share = (t * sign[:, None] > stdtrit(df, 0.5 + level / 2)).mean(axis=1)
    z = np.clip(ndtri(stdtr(df, t)), -FARTHEST_Z, FARTHEST_Z).sum(axis=1) / np.sqrt(len(parts))
    rows = []
    for name, values, observed in (
        ("median", np.abs(median), np.median([part.estimate for part in parts])),
        ("share_significant", share, share[0]), ("stouffer_z", np.abs(z), z[0]),
    ):  # fmt: skip
        p = plan.share(int((values[1:] >= values[0] * (1 - TIE)).sum()))
        error = 0.0 if plan.is_enumerated else float(np.sqrt(p * (1 - p) / plan.count))
        rows.append({"statistic": name, "observed": float(observed), "p_value": p, "p_error": error})
    return pd.DataFrame(rows)
