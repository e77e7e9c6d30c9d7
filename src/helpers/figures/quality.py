"""Figures of data quality: which cells are missing, and what reading repaired, nulled, flagged or set aside."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from helpers import style
from helpers.figures.canvas import axes, height_for
from helpers.text import Lang, say

ACTIONS = ("repaired", "flagged", "nulled", "set_aside")
ACTION_COLOURS = ("design", "utility", "treated", "secondary")


def plot_missingness(shares: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw the map of missing values: tables down, column positions across, darker = more missing.

    Parameters
    ----------
    shares : DataFrame
        One row a table and column: table (label), column (label), missing_pct (0-100).
    """
    tables = list(dict.fromkeys(shares["table"]))
    width = int(shares.groupby("table").size().max())
    grid = np.full((len(tables), width), np.nan)
    for i, table in enumerate(tables):
        values = shares.loc[shares["table"] == table, "missing_pct"].to_numpy(dtype=float)
        grid[i, : len(values)] = values
    ax = axes(ax, height=height_for(len(tables), per_row=0.24))
    ramp = LinearSegmentedColormap.from_list("missing", [style.colour("present"), style.colour("missing")])
    mesh = ax.pcolormesh(np.ma.masked_invalid(grid), cmap=ramp, vmin=0, vmax=100, edgecolors="white", linewidth=0.6)
    ax.set_yticks(np.arange(len(tables)) + 0.5, tables)
    ax.set_xticks(np.arange(0, width, 2) + 0.5, np.arange(1, width + 1, 2))
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.set_xlabel(say("figures.missing_columns", lang))
    bar = ax.figure.colorbar(mesh, ax=ax, fraction=0.03, pad=0.02)
    bar.set_label(say("figures.missing_pct", lang))
    bar.outline.set_visible(False)
    return ax


def plot_findings(counts: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw how many cells or rows each rule touched, stacked by what was done.

    Parameters
    ----------
    counts : DataFrame
        One row a rule (label in `rule`), one column an action (repaired, flagged, nulled, set_aside): counts.
    """
    ordered = counts.assign(total=counts[list(ACTIONS)].sum(axis=1)).sort_values(["total", "rule"])
    ax = axes(ax, height=height_for(len(ordered)))
    left = np.zeros(len(ordered))
    for action, colour in zip(ACTIONS, ACTION_COLOURS, strict=True):
        width = ordered[action].to_numpy(dtype=float)
        ax.barh(ordered["rule"], width, left=left, color=style.colour(colour), label=say(f"figures.{action}", lang))
        left += width
    ax.set_xlabel(say("figures.findings", lang))
    ax.grid(axis="y", visible=False)
    ax.figure.legend(loc="outside upper center", ncols=4)
    return ax
