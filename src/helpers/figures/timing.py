"""Figures of when: organisations founded, firms first covered, and how exposure spread over the grids."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers import style
from helpers.figures.canvas import axes, height_for
from helpers.text import Lang, label, say

COLOURS = {
    "own_founded": "treated", "joint_founded": "utility", "below_founded": "reference",
    "own_covered": "treated", "joint_covered": "utility", "attached_covered": "untreated", "charters": "design",
}  # fmt: skip


def plot_foundings(counts: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw how many organisations were founded in each period, by kind.

    Parameters
    ----------
    counts : DataFrame
        One row a period: period (label), is_part (seen in part: hatched), own_founded, joint_founded, below_founded
        (organisations).
    """
    ax = _stacks(counts, [("own_founded", "joint_founded", "below_founded")], ax=ax, lang=lang)
    ax.set_ylabel(say("figures.organisations", lang))
    return ax


def plot_first_coverage(counts: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw how many firms were first covered in each period, by mode, and beside it first charter clauses.

    Parameters
    ----------
    counts : DataFrame
        One row a period: period (label), is_part (seen in part: hatched), own_covered, joint_covered,
        attached_covered, and charters where it is known (firms).
    """
    stacks = [("own_covered", "joint_covered", "attached_covered"), ("charters",)]
    ax = _stacks(counts, [kinds for kinds in stacks if kinds[0] in counts], ax=ax, lang=lang)
    ax.set_ylabel(say("figures.firms", lang))
    return ax


def _stacks(counts: pd.DataFrame, stacks: Sequence[tuple[str, ...]], *, ax: Axes | None, lang: Lang) -> Axes:
    ax = axes(ax)
    width, place = 0.8 / len(stacks), np.arange(len(counts))
    hatches = np.where(counts["is_part"], "///", "")
    for number, kinds in enumerate(stacks):
        bottom = np.zeros(len(counts))
        left = place + (number - (len(stacks) - 1) / 2) * width
        for kind in kinds:
            ax.bar(left, counts[kind], width=width, bottom=bottom, color=style.colour(COLOURS[kind]), hatch=hatches,
                   edgecolor="white", linewidth=0.4, label=label(kind, lang))  # fmt: skip
            bottom = bottom + counts[kind].to_numpy()
    ax.set_xticks(place, counts["period"])
    ax.tick_params(axis="x", labelsize=8.5)
    ax.grid(axis="x", visible=False)
    ax.set_xlabel(say("figures.year", lang))
    ax.figure.legend(loc="outside upper center", ncols=2 if len(stacks) > 1 else 3)
    return ax


def plot_exposure(shares: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw the mean exposure of a grid's firms by year, a row a grid, as shade and in percent.

    Parameters
    ----------
    shares : DataFrame
        Grids (labels) down, years across: mean share of the other firms of the grid that are covered (0-1), missing
        where no firm has another one beside it.
    """
    ax = axes(ax, height=height_for(len(shares), per_row=0.26), width=7.6)
    values = shares.to_numpy(dtype=float, na_value=np.nan)
    ax.imshow(np.ma.masked_invalid(values), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for i, j in np.ndindex(values.shape):
        known = np.isfinite(values[i, j])
        ax.text(j, i, f"{100 * values[i, j]:.0f}" if known else "–", ha="center", va="center", fontsize=8,
                color="white" if known and values[i, j] > 0.55 else "#1F2933")  # fmt: skip
    ax.set_xticks(range(shares.shape[1]), shares.columns)
    ax.set_yticks(range(len(shares)), shares.index)
    ax.set_xlabel(say("figures.year", lang))
    ax.set_ylabel(say("figures.grid", lang), labelpad=8)
    ax.grid(visible=False)
    return ax
