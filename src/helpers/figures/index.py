"""Figures of the index: ranks with intervals, which choice matters, and what makes one firm's score."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers import style
from helpers.figures.canvas import axes, height_for
from helpers.text import Lang, label, say


def plot_ranks(points: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw every firm's rank with its interval over all draws, in order of rank.

    Parameters
    ----------
    points : DataFrame
        One row a firm in order of rank: rank, median, low, high.
    """
    ax = axes(ax, height=4.4)
    place = points["rank"].to_numpy(dtype=float)
    ax.vlines(place, points["low"], points["high"], color=style.colour("untreated"), linewidth=0.9, alpha=0.65,
              label=say("index.interval", lang))  # fmt: skip
    median = say("index.median", lang)
    ax.plot(place, points["median"], ".", color=style.colour("treated"), markersize=3.5, label=median)
    ax.plot(place, place, color=style.colour("estimate"), linewidth=1.4, label=say("index.nominal", lang))
    ax.invert_yaxis()
    ax.set_xlabel(say("index.rank_axis", lang))
    ax.set_ylabel(say("index.rank_of_draws", lang))
    ax.figure.legend(loc="outside upper center", ncols=3)
    return ax


def plot_sensitivity(rows: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw first-order and total Sobol indices of each choice with 95 % intervals.

    Parameters
    ----------
    rows : DataFrame
        One row a choice: choice, first_order, first_order_conf, total, total_conf.
    """
    ax = axes(ax, height=height_for(len(rows), per_row=0.5))
    place = np.arange(len(rows))[::-1].astype(float)
    for name, shift, colour in (("total", 0.12, "treated"), ("first_order", -0.12, "estimate")):
        ax.errorbar(rows[name], place + shift, xerr=rows[f"{name}_conf"], fmt="o", capsize=3,
                    color=style.colour(colour), label=label(name, lang))  # fmt: skip
    ax.axvline(0, color=style.colour("reference"), linewidth=1.1)
    ax.set_yticks(place, [label(f"step_{name}", lang) for name in rows["choice"]])
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xlabel(say("index.sobol_axis", lang))
    ax.grid(axis="y", visible=False)
    ax.figure.legend(loc="outside upper center", ncols=2)
    return ax


def plot_contributions(rows: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw what each indicator adds to one firm's index against the average firm.

    Parameters
    ----------
    rows : DataFrame
        One row an indicator, largest first: indicator (label), contribution (points of the index).
    """
    ax = axes(ax, height=height_for(len(rows)), width=8.0)
    place = np.arange(len(rows))[::-1]
    above = rows["contribution"] >= 0
    colours = [style.colour("estimate" if up else "treated") for up in above]
    ax.barh(place, rows["contribution"], color=colours, height=0.66)
    ax.axvline(0, color=style.colour("reference"), linewidth=1.1)
    ax.set_yticks(place, rows["indicator"])
    ax.set_xlabel(say("index.contribution_axis", lang))
    ax.grid(axis="y", visible=False)
    return ax
