"""Figures of the alliance: the network of firms that apply for patents together."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from helpers import style
from helpers.figures.canvas import axes
from helpers.figures.layouts import packed
from helpers.text import Lang, label, say

_TIES = {"members": "treated", "mixed": "utility", "others": "reference"}


def plot_network(firms: pd.DataFrame, ties: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw firms as points and joint filings as lines, members of the alliance in colour; the largest part first.

    Parameters
    ----------
    firms : DataFrame
        One row a firm: uscc, partners, filings (joint ones), is_member, component.
    ties : DataFrame
        One row a pair: firm_a, firm_b, filings, tie (members, mixed, others).
    """
    ax = axes(ax, height=5.4, width=8.6)
    places = packed(firms, ties)
    for tie, colour in reversed(_TIES.items()):
        for row in ties[ties["tie"] == tie].itertuples():
            start, end = places.loc[row.firm_a], places.loc[row.firm_b]
            ax.plot([start["x"], end["x"]], [start["y"], end["y"]], color=style.colour(colour), zorder=1,
                    linewidth=0.8 + 0.6 * min(row.filings, 5))  # fmt: skip
    size = 16 + 14 * firms["partners"].clip(upper=10)
    for is_member, colour in ((False, "untreated"), (True, "treated")):
        chosen = (firms["is_member"] == is_member).to_numpy()
        ax.scatter(places["x"].to_numpy()[chosen], places["y"].to_numpy()[chosen], s=size[chosen], zorder=2,
                   color=style.colour(colour), edgecolor="white", linewidth=0.6)  # fmt: skip
    ax.set_aspect("equal")
    ax.set_axis_off()
    marks = [
        Line2D([], [], marker="o", linestyle="none", color=style.colour(colour), label=say(f"figures.{name}", lang))
        for name, colour in (("alliance_member", "treated"), ("alliance_other", "untreated"))
    ]
    lines = [Line2D([], [], color=style.colour(colour), linewidth=2, label=label(f"tie_{name}", lang))
             for name, colour in _TIES.items() if (ties["tie"] == name).any()]  # fmt: skip
    ax.figure.legend(handles=[*marks, *lines], loc="outside lower center", ncols=3)
    return ax
