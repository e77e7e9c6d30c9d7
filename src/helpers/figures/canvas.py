"""The axes a figure draws on: those it was given, or new ones of the theme's size."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes


def axes(ax: Axes | None, *, height: float = 4.0, width: float = 7.2) -> Axes:
    """Return `ax`, or new axes of `width` by `height` inches."""
    return ax if ax is not None else plt.subplots(figsize=(width, height))[1]


def height_for(rows: int, *, per_row: float = 0.32, least: float = 2.2, most: float = 11.0) -> float:
    """Return the height in inches of a figure with one line a row."""
    return min(most, max(least, 0.9 + per_row * rows))
