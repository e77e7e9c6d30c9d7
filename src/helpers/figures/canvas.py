"""The axes a figure draws on: those it was given, or new ones of the theme's size; and small ones inside of them."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes


def axes(ax: Axes | None, *, height: float = 4.0, width: float = 7.2) -> Axes:
    """Return `ax`, or new axes of `width` by `height` inches."""
    return ax if ax is not None else plt.subplots(figsize=(width, height))[1]


def height_for(rows: int, *, per_row: float = 0.32, least: float = 2.2, most: float = 11.0) -> float:
    """Return the height in inches of a figure with one line a row."""
    return min(most, max(least, 0.9 + per_row * rows))


def panels(ax: Axes, count: int, *, columns: int = 3, between: tuple[float, float] = (0.05, 0.16)) -> list[Axes]:
    """Return `count` axes of one size inside of `ax`, row by row; `ax` itself keeps nothing but its labels.

    Parameters
    ----------
    between : (float, float)
        Space between columns and between rows, as shares of the width and height of `ax`.
    """
    rows = -(-count // columns)
    wide, high = (1 - between[0] * (columns - 1)) / columns, (1 - between[1] * (rows - 1)) / rows
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    corners = [divmod(place, columns) for place in range(count)]
    return [
        ax.inset_axes([column * (wide + between[0]), (rows - 1 - row) * (high + between[1]), wide, high])
        for row, column in corners
    ]
