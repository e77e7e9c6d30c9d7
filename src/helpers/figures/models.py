"""Figures of estimates: differences with intervals, and how different the groups were in the base year."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers import style
from helpers.figures.canvas import axes, height_for
from helpers.text import Lang, number, say

BALANCE_LIMIT = 0.1
# Few estimates carry their numbers; many would cover one another.
VALUES_WRITTEN = 6
NORMAL = 1.96


def plot_coefficients(estimates: pd.DataFrame, *, ax: Axes | None = None, lang: Lang, unit: str) -> Axes:
    """Draw estimates with 95 % intervals, one line each, grouped by outcome, zero marked.

    Parameters
    ----------
    estimates : DataFrame
        One row a specification: label, group (label of the colour), estimate, conf_low, conf_high, in one unit.
    unit : str
        What the axis shows, in words.
    """
    ax = axes(ax, height=height_for(len(estimates), per_row=0.36 if len(estimates) > VALUES_WRITTEN else 0.55))
    palette = [style.colour(name) for name in ("estimate", "utility", "design", "secondary", "treated", "untreated")]
    place = np.arange(len(estimates))[::-1]
    groups = list(dict.fromkeys(estimates["group"]))
    ax.axvline(0, color=style.colour("reference"), linewidth=1.1)
    for group, colour in zip(groups, palette * (1 + len(groups) // len(palette)), strict=False):
        chosen = (estimates["group"] == group).to_numpy()
        rows = estimates[chosen]
        reach = [rows["estimate"] - rows["conf_low"], rows["conf_high"] - rows["estimate"]]
        ax.errorbar(rows["estimate"], place[chosen], xerr=reach, fmt="o", color=colour, capsize=3, label=group)
    ax.set_yticks(place, estimates["label"])
    ax.set_ylim(-0.7, len(estimates) - 0.3)
    ax.set_xlabel(say("figures.estimate_axis", lang, unit=unit))
    ax.grid(axis="y", visible=False)
    wide = (estimates["conf_high"] - estimates["conf_low"]).max() >= 20
    if len(estimates) <= VALUES_WRITTEN:
        for y, row in zip(place, estimates.itertuples(), strict=True):
            form = "+,.0f" if wide else "+,.1f"
            low, high = number(row.conf_low, form), number(row.conf_high, form)
            ax.annotate(
                f"{number(row.estimate, form)} ({low} … {high})",
                (row.estimate, y),
                xytext=(0, 8),
                textcoords="offset points",
                ha="center",
                fontsize=8.5,
            )
    if len(groups) > 1 and groups != list(estimates["label"]):
        ax.figure.legend(loc="outside upper center", ncols=min(3, len(groups)))
    return ax


def plot_balance(table: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw standardised differences in the base year with 95 % intervals and the customary bounds of 0.1.

    Parameters
    ----------
    table : DataFrame
        One row a covariate: label, difference, std_error (standardised, no unit).
    """
    ax = axes(ax, height=height_for(len(table)))
    place = np.arange(len(table))[::-1]
    ax.axvspan(
        -BALANCE_LIMIT, BALANCE_LIMIT, color=style.colour("shade"), zorder=0, label=say("figures.balance_band", lang)
    )
    ax.axvline(0, color=style.colour("reference"), linewidth=1.1)
    reach = NORMAL * table["std_error"].to_numpy(dtype=float)
    ax.errorbar(table["difference"], place, xerr=reach, fmt="D", color=style.colour("treated"), markersize=6, capsize=3)
    ax.set_yticks(place, table["label"])
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.set_xlabel(say("figures.balance_axis", lang))
    ax.grid(axis="y", visible=False)
    ax.figure.legend(loc="outside upper center")
    return ax
