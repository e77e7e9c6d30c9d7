"""Figures of organisation and services: class transitions, and the time until a request is closed."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from helpers import style
from helpers.figures.canvas import axes
from helpers.text import Lang, say


def plot_transitions(matrix: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw the matrix of class transitions: class before down, class after across, share of the row as shade.

    Parameters
    ----------
    matrix : DataFrame
        Square table of counts of organisations, index and columns in class order; suppressed cells missing.
    """
    counts = matrix.to_numpy(dtype=float, na_value=np.nan)
    shares = counts / np.nansum(counts, axis=1, keepdims=True).clip(min=1)
    ax = axes(ax, width=5.4, height=4.2)
    ax.imshow(np.ma.masked_invalid(shares), cmap="Blues", vmin=0, vmax=1)
    for i, j in np.ndindex(counts.shape):
        shown = "–" if np.isnan(counts[i, j]) else f"{counts[i, j]:.0f}"
        dark = not np.isnan(shares[i, j]) and shares[i, j] > 0.55
        ax.text(j, i, shown, ha="center", va="center", color="white" if dark else "#1F2933")
    ax.set_xticks(range(len(matrix.columns)), [str(name).replace(" ", "\n") for name in matrix.columns])
    ax.set_yticks(range(len(matrix.index)), matrix.index)
    ax.set_xlabel(say("figures.class_after", lang))
    ax.set_ylabel(say("figures.class_before", lang))
    ax.grid(visible=False)
    return ax


def plot_time_to_close(curves: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw Kaplan-Meier curves of the share of requests still open, by channel, with 95 % bands.

    Parameters
    ----------
    curves : DataFrame
        One row a channel and time: channel (label), days, open_share (0-1), conf_low, conf_high.
    """
    ax = axes(ax)
    palette = [style.colour(name) for name in ("estimate", "utility", "design", "secondary", "treated", "untreated")]
    for (label, rows), colour in zip(curves.groupby("channel", sort=False, observed=True), palette, strict=False):
        ax.step(rows["days"], rows["open_share"], where="post", color=colour, label=label)
        ax.fill_between(
            rows["days"], rows["conf_low"], rows["conf_high"], step="post", color=colour, alpha=0.12, linewidth=0
        )
    ax.set_ylim(0, 1.02)
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(say("figures.days", lang))
    ax.set_ylabel(say("figures.open_share", lang))
    ax.legend()
    return ax
