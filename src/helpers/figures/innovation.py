"""Figures of innovation outputs: patents by filing month with the truncated months shaded, certificates, zeros."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers import style
from helpers.figures.canvas import axes, height_for
from helpers.text import Lang, say

PATENT_TYPES = ("invention", "utility", "design")


def plot_distance(distance: pd.Series, *, reach: float, bin_width: float, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw how many firm-years stand how far from the R&D threshold, those above in another colour.

    Parameters
    ----------
    distance : Series
        Percentage points from the threshold.
    reach, bin_width : float
        Drawn on each side, and width of a bar, in percentage points.
    """
    ax = axes(ax)
    edges = np.arange(-reach, reach + bin_width / 2, bin_width)
    counts, _ = np.histogram(distance, bins=edges)
    middle = edges[:-1] + bin_width / 2
    colours = [style.colour("design" if place > 0 else "untreated") for place in middle]
    ax.bar(middle, counts, width=0.92 * bin_width, color=colours)
    ax.axvline(0, color=style.colour("treated"), linestyle="--", linewidth=1.3)
    ax.set_xlabel(say("figures.distance_axis", lang))
    ax.set_ylabel(say("figures.firm_years_axis", lang))
    ax.grid(axis="x", visible=False)
    return ax


def plot_patents_by_month(months: pd.DataFrame, *, last_complete: dict, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw applications by filing month and type up to the last complete month of each; the months after are shaded.

    Parameters
    ----------
    months : DataFrame
        One row a month: month (datetime), invention, utility, design (applications, missing where not complete).
    last_complete : dict
        Patent type -> last month (datetime) whose applications are all visible at the extract.
    """
    ax = axes(ax, height=4.4)
    for kind in PATENT_TYPES:
        if kind not in last_complete:
            continue
        shown = months[months["month"] <= last_complete[kind]]
        month = f"{last_complete[kind]:%Y-%m}"
        words = say("figures.complete_to", lang, kind=say(f"figures.{kind}", lang), month=month)
        ax.plot(shown["month"], shown[kind].astype(float), color=style.colour(kind), linewidth=1.6, label=words)
    for number, month in enumerate(sorted(set(last_complete.values()))):
        # Points stand on the first of their month: the shade begins half way to the next one.
        ax.axvspan(month + pd.Timedelta(days=15), months["month"].max() + pd.Timedelta(days=15), linewidth=0, zorder=0,
                   color=style.colour("reference"), alpha=0.22,
                   label=say("figures.truncated", lang) if number == 0 else None)  # fmt: skip
    ax.set_xlabel(say("figures.filing_month", lang))
    ax.set_ylabel(say("figures.applications", lang))
    ax.set_ylim(bottom=0)
    ax.margins(x=0.01)
    ax.figure.legend(loc="outside upper center", ncols=2)
    return ax


def plot_expiries(calendar: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw how many valid statuses expire, types of certificate down and the coming months across, as shade and number.

    Parameters
    ----------
    calendar : DataFrame
        Types (labels) down, months (datetime, first days) across: firms whose status of the type ends.
    """
    ax = axes(ax, height=height_for(len(calendar), per_row=0.34), width=7.8)
    values = calendar.to_numpy(dtype=float)
    top = max(values.max(initial=0), 1)
    ax.imshow(np.ma.masked_equal(values, 0), cmap="Blues", vmin=0, vmax=top, aspect="auto")
    for i, j in np.argwhere(values > 0):
        ax.text(j, i, f"{values[i, j]:.0f}", ha="center", va="center", fontsize=8.5,
                color="white" if values[i, j] > 0.55 * top else "#1F2933")  # fmt: skip
    months = pd.DatetimeIndex(calendar.columns)
    # The year stands under the first month and under every January.
    names = [
        f"{month:%m}\n{month:%Y}" if place == 0 or month.month == 1 else f"{month:%m}"
        for place, month in enumerate(months)
    ]
    ax.set_xticks(range(len(months)), names, linespacing=1.4)
    ax.set_yticks(range(len(calendar)), calendar.index)
    ax.set_xticks(np.arange(len(months) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(calendar) + 1) - 0.5, minor=True)
    ax.grid(visible=False, which="major")
    ax.grid(visible=True, which="minor")
    ax.tick_params(which="minor", length=0)
    ax.set_xlabel(say("figures.certificates", lang))
    return ax


def plot_zero_share(shares: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw the share of firm-years with a count of zero, by outcome.

    Parameters
    ----------
    shares : DataFrame
        One row an outcome: outcome (label), zero_pct, n (firm-years that state the outcome).
    """
    ax = axes(ax, height=height_for(len(shares)))
    ax.barh(shares["outcome"], shares["zero_pct"], color=style.colour("reference"))
    for y, row in enumerate(shares.itertuples()):
        ax.annotate(f"{row.zero_pct:.1f} %  (n = {row.n:,})", (row.zero_pct, y), xytext=(4, 0),
                    textcoords="offset points", va="center", fontsize=8.5)  # fmt: skip
    ax.set_xlim(0, 118)
    ax.invert_yaxis()
    ax.set_xlabel(say("figures.zero_pct", lang))
    ax.grid(axis="y", visible=False)
    return ax
