"""Figures of the published figures: coverage under each reading, and recomputed against published values."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers import style
from helpers.figures.canvas import axes, height_for
from helpers.text import Lang, say

BESIDE_BELOW_PCT = 50


def plot_coverage(readings: pd.DataFrame, *, published_pct: float, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw coverage under each reading with k / N beside, and the published percentage as a line.

    Parameters
    ----------
    readings : DataFrame
        One row a reading: reading (label), k, n (counts of firms), value_pct, verdict (said instead where there is
        no value).
    published_pct : float
        The published percentage.
    """
    ax = axes(ax, height=height_for(len(readings), per_row=0.5), width=8.4)
    place = np.arange(len(readings))[::-1]
    values = readings["value_pct"].to_numpy(dtype=float)
    ax.hlines(place, 0, values, color=style.colour("reference"), linewidth=1.4)
    ax.plot(values, place, "o", color=style.colour("estimate"), markersize=7)
    for y, row in zip(place, readings.itertuples(), strict=True):
        if not np.isfinite(row.value_pct):
            ax.annotate(say("figures.no_value", lang, verdict=row.verdict), (0, y), fontsize=8.5, xytext=(8, 0),
                        textcoords="offset points", va="center", color=style.colour("treated"))  # fmt: skip
        else:
            # Beside a point near zero, above and left of the others: neither runs into the names of the readings.
            beside = row.value_pct < BESIDE_BELOW_PCT
            ax.annotate(f"{row.k:,} / {row.n:,} = {row.value_pct:.1f} %", (row.value_pct, y), fontsize=8.5,
                        xytext=(8, 0) if beside else (-4, 5), textcoords="offset points",
                        ha="left" if beside else "right", va="center" if beside else "bottom",
                        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})  # fmt: skip
    ax.axvline(published_pct, color=style.colour("treated"), linestyle="--", linewidth=1.2)
    ax.text(published_pct - 1, len(readings) - 0.45, say("figures.published", lang, value=published_pct),
            color=style.colour("treated"), fontsize=8.5, ha="right")  # fmt: skip
    ax.set_yticks(place, readings["reading"])
    ax.set_ylim(-0.6, len(readings) + 0.1)
    ax.set_xlim(0, 105)
    ax.set_xlabel(say("figures.coverage_pct", lang))
    ax.grid(axis="y", visible=False)
    return ax


def plot_reconciliation(counts: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw, by group of published figures, how many were reproduced, not reproduced, not testable.

    Parameters
    ----------
    counts : DataFrame
        One row a group (label in `group`), columns reproduced, not_reproduced, not_testable: counts of figures.
    """
    ax = axes(ax, height=height_for(len(counts)))
    left = np.zeros(len(counts))
    for status, colour in (("reproduced", "design"), ("not_reproduced", "treated"), ("not_testable", "reference")):
        width = counts[status].to_numpy(dtype=float)
        ax.barh(counts["group"], width, left=left, color=style.colour(colour), label=say(f"figures.{status}", lang))
        left += width
    ax.invert_yaxis()
    ax.set_xlabel(say("figures.published_figures", lang))
    ax.grid(axis="y", visible=False)
    ax.figure.legend(loc="outside upper center", ncols=3)
    return ax
