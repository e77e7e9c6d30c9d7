"""Figures of ratings and services: class transitions, the time until a request is closed, policies delivered."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from helpers import style
from helpers.figures.canvas import axes, panels
from helpers.text import Lang, label, say

# Office hours: half a day, and a week.
HALF_DAY, HOURS_DRAWN = 4, 40


def plot_transitions(matrix: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw the matrix of class transitions: class before down, class after across, share of the row as shade.

    Parameters
    ----------
    matrix : DataFrame
        Square table of counts of organisations, index and columns in class order and named by their years; suppressed
        cells missing.
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
    ax.set_xlabel(say("figures.class_in", lang, year=matrix.columns.name))
    ax.set_ylabel(say("figures.class_in", lang, year=matrix.index.name), labelpad=8)
    ax.grid(visible=False)
    return ax


def plot_time_to_close(curves: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw Kaplan-Meier curves of the share of requests still open, a panel a group, the others behind it in grey.

    Parameters
    ----------
    curves : DataFrame
        One row a group and time, from day 0 to the last day drawn: group (label), days, open_share (0-1), conf_low,
        conf_high (95 %), requests (in the group), median_days (missing where more than half stay open).
    """
    groups = list(curves.groupby("group", sort=False, observed=True))
    lines = -(-len(groups) // 3)
    ax = axes(ax, height=1.0 + 1.9 * lines)
    inside = panels(ax, len(groups), between=(0.05, 0.32 / max(lines, 2)))
    for place, (inner, (name, rows)) in enumerate(zip(inside, groups, strict=True)):
        for _, others in groups:
            inner.step(others["days"], others["open_share"], where="post", color=style.colour("reference"),
                       linewidth=0.7)  # fmt: skip
        colour = style.colour("estimate")
        inner.fill_between(rows["days"], rows["conf_low"], rows["conf_high"], step="post", color=colour, alpha=0.2,
                           linewidth=0)  # fmt: skip
        inner.step(rows["days"], rows["open_share"], where="post", color=colour, linewidth=1.8)
        median = rows["median_days"].iloc[0]
        if np.isfinite(median):
            inner.plot([0, median, median], [0.5, 0.5, 0], color=style.colour("treated"), linewidth=1, linestyle="--")
            inner.annotate(say("figures.median", lang, days=f"{median:.2f}"), (median, 0.5), xytext=(4, 3),
                           textcoords="offset points", color=style.colour("treated"), fontsize=8.5)  # fmt: skip
        inner.set_title(say("figures.group_n", lang, group=name, n=f"{rows['requests'].iloc[0]:,}"), fontsize=9.5)
        inner.set_ylim(0, 1.02)
        inner.set_xlim(0, curves["days"].max())
        inner.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5, steps=[1, 2, 5, 10]))
        inner.tick_params(labelsize=8.5, labelleft=place % 3 == 0)
    ax.set_xlabel(say("figures.days", lang), labelpad=26)
    ax.set_ylabel(say("figures.open_share", lang), labelpad=26)
    return ax


def plot_delivery(curve: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw the share of policies delivered by office hours since their issue, to anyone and to the person in charge.

    Parameters
    ----------
    curve : DataFrame
        One row a receiver (anyone, in_charge) and time: receiver, hours, delivered_share, conf_low, conf_high (0-1).
    """
    ax = axes(ax, height=3.6)
    for receiver, colour in (("anyone", "untreated"), ("in_charge", "estimate")):
        rows = curve[(curve["receiver"] == receiver) & (curve["hours"] <= HOURS_DRAWN)]
        ax.fill_between(rows["hours"], 100 * rows["conf_low"], 100 * rows["conf_high"], step="post", alpha=0.2,
                        color=style.colour(colour), linewidth=0)  # fmt: skip
        ax.step(rows["hours"], 100 * rows["delivered_share"], where="post", color=style.colour(colour), linewidth=1.8,
                label=label(f"receiver_{receiver}", lang))  # fmt: skip
    ax.axvline(HALF_DAY, color=style.colour("treated"), linestyle="--", linewidth=1.1,
               label=say("figures.half_day_line", lang))  # fmt: skip
    ax.set_xlim(0, HOURS_DRAWN)
    ax.set_ylim(0, 102)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=11, steps=[2, 4, 8]))
    ax.set_xlabel(say("figures.office_hours_axis", lang))
    ax.set_ylabel(say("figures.delivered_axis", lang))
    ax.figure.legend(loc="outside upper center", ncols=3)
    return ax
