"""Figures of timing: effects by years since treatment, several estimators side by side; where two-way weights go."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers import style
from helpers.figures.canvas import axes
from helpers.text import Lang, label, say

_MARKS = "oDs^vPX"
_MEANINGS = ("estimate", "utility", "design", "secondary", "treated", "untreated", "missing")
_SPREAD = 0.5


def plot_event_study(rows: pd.DataFrame, *, ax: Axes | None = None, lang: Lang, unit: str) -> Axes:
    """Draw effects by years since treatment with 95 % intervals, estimators side by side.

    Parameters
    ----------
    rows : DataFrame
        One row an estimator and event time: label (of the estimator), event_time, estimate, conf_low, conf_high,
        omitted (the period of comparison, drawn hollow at zero).
    unit : str
        What the axis shows, in words.
    """
    ax = axes(ax, height=4.4)
    labels = list(dict.fromkeys(rows["label"]))
    ax.axhline(0, color=style.colour("reference"), linewidth=1.1)
    ax.axvline(-0.5, color=style.colour("reference"), linewidth=1.1, linestyle="--")
    offsets = np.linspace(-_SPREAD / 2, _SPREAD / 2, len(labels)) if len(labels) > 1 else [0.0]
    for place, (name, offset) in enumerate(zip(labels, offsets, strict=True)):
        mine = rows[rows["label"] == name]
        known = mine[~mine["omitted"].astype(bool)]
        hue, mark = style.colour(_MEANINGS[place % len(_MEANINGS)]), _MARKS[place % len(_MARKS)]
        reach = [known["estimate"] - known["conf_low"], known["conf_high"] - known["estimate"]]
        ax.errorbar(known["event_time"] + offset, known["estimate"], yerr=reach, fmt=mark, color=hue, capsize=2,
                    markersize=5, label=name)  # fmt: skip
        omitted = mine[mine["omitted"].astype(bool)]
        ax.plot(omitted["event_time"] + offset, omitted["estimate"], mark, color=hue, markerfacecolor="white",
                markersize=5)  # fmt: skip
    ax.set_xticks(sorted(set(rows["event_time"])))
    ax.set_xlabel(say("evidence.axis_event_time", lang))
    ax.set_ylabel(unit)
    ax.grid(axis="x", visible=False)
    ax.figure.legend(loc="outside upper center", ncols=min(3, len(labels)))
    return ax


def plot_bacon(rows: pd.DataFrame, *, ax: Axes | None = None, lang: Lang, unit: str) -> Axes:
    """Draw the two-by-two comparisons behind a two-way fixed effects estimate: effect against weight, by kind.

    Parameters
    ----------
    rows : DataFrame
        One row a comparison: label (of its kind), estimate, weight (0-1, sum 1).
    unit : str
    """
    ax = axes(ax, height=3.8)
    ax.axhline(0, color=style.colour("reference"), linewidth=1.1)
    for place, name in enumerate(dict.fromkeys(rows["label"])):
        mine = rows[rows["label"] == name]
        ax.plot(mine["weight"], mine["estimate"], _MARKS[place], color=style.colour(_MEANINGS[place]), label=name,
                alpha=0.8)  # fmt: skip
    ax.set_xlabel(say("evidence.axis_weight", lang))
    ax.set_ylabel(unit)
    ax.figure.legend(loc="outside upper center", ncols=2)
    return ax


def plot_specification_curve(rows: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw estimates of many specifications in order of size with 95 % intervals, by estimator.

    Parameters
    ----------
    rows : DataFrame
        One row a specification: place (1 = least), estimator, estimate_pct, conf_low_pct, conf_high_pct (per cent).
    """
    ax = axes(ax, height=4.2)
    ax.axhline(0, color=style.colour("reference"), linewidth=1.1)
    for place, (name, mine) in enumerate(rows.groupby("estimator", sort=False)):
        hue = style.colour(_MEANINGS[place])
        ax.vlines(mine["place"], mine["conf_low_pct"], mine["conf_high_pct"], color=hue, alpha=0.35, linewidth=1.6)
        ax.plot(mine["place"], mine["estimate_pct"], _MARKS[place], color=hue, markersize=4, label=label(name, lang))
    ax.set_xlabel(say("evidence.axis_place", lang))
    ax.set_ylabel(say("evidence.axis_percent", lang))
    ax.grid(axis="x", visible=False)
    ax.figure.legend(loc="outside upper center", ncols=2)
    return ax
