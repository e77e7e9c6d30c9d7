"""Seconds by number of rows: how they grow from size to size, and where a straight line leads."""

import itertools
import math
from typing import NamedTuple


class Step(NamedTuple):
    """From one size to the next: seconds of each further million rows, and the power of the rows that they follow."""

    per_million: float
    power: float


def steps(seconds: dict[int, float]) -> list[Step]:
    """Return the growth between neighbouring sizes.

    Parameters
    ----------
    seconds : dict
        Number of rows -> seconds.

    Returns
    -------
    list of Step
        A power of 1 is growth in proportion to the rows; what a start costs whatever the rows makes it less.
    """
    sizes = sorted(seconds)
    return [
        Step(
            (seconds[large] - seconds[small]) / (large - small) * 1e6,
            math.log(seconds[large] / seconds[small]) / math.log(large / small),
        )
        for small, large in itertools.pairwise(sizes)
    ]


def extrapolated(seconds: dict[int, float], rows: int) -> float:
    """Return the seconds for a number of rows never measured, on the line through the two largest sizes."""
    largest = max(seconds)
    return seconds[largest] + steps(seconds)[-1].per_million * (rows - largest) / 1e6
