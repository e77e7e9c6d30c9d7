"""Figures of the organisation: the tree from its parent pointers, and the grids with their firms."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch

from helpers import style
from helpers.figures.canvas import axes
from helpers.figures.layouts import radial
from helpers.text import Lang, label, say

# Type of organisation -> colour by meaning and size in points; a type that is not listed is drawn as a branch.
_TYPES = {
    "党工委": ("estimate", 15), "两新组织党委": ("estimate", 13), "党委": ("treated", 9), "党总支": ("utility", 8),
    "联合党支部": ("design", 7), "居民小区党委": ("secondary", 7), "功能型党支部": ("invention", 5),
    "临时党支部": ("reference", 5), "党支部": ("untreated", 4.5),
}  # fmt: skip
_NAMED = ("党工委", "两新组织党委", "居民小区党委")
_STANDING = {
    "own": ("treated", True), "joint": ("utility", True), "attached": ("untreated", True),
    "work_only": ("reference", True), "uncovered": ("reference", False),
}  # fmt: skip
_DOTS_A_ROW = 6
# Inches between dots, and between tiles.
_PITCH, _GAP = 0.2, 0.12


def plot_tree(orgs: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw the organisation tree in rings around its root, leaves by area.

    Parameters
    ----------
    orgs : DataFrame
        One row an organisation of the tree: org_id, parent_org_id (missing for a root), org_type, area (label, or
        missing), is_overdue; none in a circle.
    """
    ax = axes(ax, height=7.4, width=7.4)
    ordered = orgs.sort_values(["area", "org_type", "org_id"], na_position="last")
    places = radial(orgs.set_index("org_id")["parent_org_id"], ordered["org_id"].tolist())
    orgs = orgs.set_index("org_id").join(places)
    ends = orgs[orgs["parent_org_id"].notna()]
    starts = orgs.loc[ends["parent_org_id"]]
    for (_, end), (_, start) in zip(ends.iterrows(), starts.iterrows(), strict=True):
        ax.plot([start["x"], end["x"]], [start["y"], end["y"]], color=style.LINE, linewidth=0.7, zorder=1)
    shown = [name for name in _TYPES if (orgs["org_type"] == name).any()]
    for name in shown:
        colour, size = _TYPES[name]
        part = orgs[orgs["org_type"] == name]
        ax.plot(part["x"], part["y"], "o", color=style.colour(colour), markersize=size, zorder=3,
                markeredgecolor="white", markeredgewidth=0.5,
                label=say("figures.group_n", lang, group=label(name, lang), n=len(part)))  # fmt: skip
    overdue = orgs[orgs["is_overdue"]]
    if len(overdue):
        ax.plot(overdue["x"], overdue["y"], "o", markerfacecolor="none", markeredgecolor=style.colour("overdue"),
                markersize=9, markeredgewidth=1.4, zorder=4, linestyle="none",
                label=say("figures.group_n", lang, group=say("figures.term_over", lang), n=len(overdue)))  # fmt: skip
    for _, org in orgs[orgs["org_type"].isin(_NAMED)].iterrows():
        ax.annotate(label(org["org_type"], lang), (org["x"], org["y"]), xytext=(0, 11), textcoords="offset points",
                    ha="center", fontsize=9, zorder=5,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85})  # fmt: skip
    _areas(ax, orgs)
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.figure.legend(loc="outside lower center", ncols=4)
    return ax


def _areas(ax: Axes, orgs: pd.DataFrame) -> None:
    """Draw an arc and a name around the leaves of every area, wherever they stand together."""
    outer = orgs["radius"].max() + 0.15
    leaves = orgs[~orgs.index.isin(orgs["parent_org_id"].dropna())].sort_values("angle")
    run = (leaves["area"].fillna("") != leaves["area"].fillna("").shift()).cumsum()
    longest = (
        leaves.groupby(run)["area"].agg(["first", "size"]).sort_values("size").drop_duplicates("first", keep="last")
    )
    for number, part in leaves.groupby(run):
        name = part["area"].iloc[0]
        if pd.isna(name):
            continue
        turn = np.linspace(part["angle"].min(), part["angle"].max(), 40)
        ax.plot(outer * np.sin(turn), outer * np.cos(turn), color=style.colour("reference"), linewidth=2.2,
                solid_capstyle="round")  # fmt: skip
        if number in longest.index:
            middle = turn.mean()
            ax.text(1.1 * outer * np.sin(middle), 1.1 * outer * np.cos(middle), name, ha="center", va="center",
                    fontsize=9.5)  # fmt: skip


def plot_grid_map(grids: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw every grid as a tile in the column of its area, with a dot a firm, by how the firm is covered.

    Parameters
    ----------
    grids : DataFrame
        One row a grid: grid_id, area (label), firms, own, joint, attached, work_only, uncovered (firms).
    """
    areas = list(dict.fromkeys(grids["area"]))
    tall = max((int((grids["area"] == area).sum()) for area in areas), default=1)
    rows_of_dots = max(1, -(-int(grids["firms"].max() if len(grids) else 1) // _DOTS_A_ROW))
    # Everything in inches, so that dots and words keep their distances whatever the number of grids.
    wide, high = 1.5, 0.36 + _PITCH * rows_of_dots
    columns = max(len(areas), 4)
    ax = axes(ax, height=0.8 + tall * (high + _GAP), width=wide * columns)
    for column, area in enumerate(areas):
        left = column * wide
        ax.text(left + (wide - _GAP) / 2, 0.1, area, ha="center", va="bottom", fontsize=10.5, fontweight="bold")
        for row, grid in enumerate(grids[grids["area"] == area].itertuples()):
            top = -row * (high + _GAP)
            ax.add_patch(FancyBboxPatch((left, top - high), wide - _GAP, high, linewidth=0.8,
                                        boxstyle="round,pad=0,rounding_size=0.06", facecolor=style.CARD,
                                        edgecolor=style.LINE))  # fmt: skip
            covered = grid.own + grid.joint + grid.attached
            ax.text(left + 0.1, top - 0.07, grid.grid_id, va="top", fontsize=9, fontweight="bold")
            ax.text(left + wide - _GAP - 0.1, top - 0.07, f"{covered} / {grid.firms}", va="top", ha="right", fontsize=9)
            standings = [name for name in _STANDING for _ in range(getattr(grid, name))]
            for place, standing in enumerate(standings):
                line, across = divmod(place, _DOTS_A_ROW)
                colour, is_full = _STANDING[standing]
                ax.plot(left + 0.18 + _PITCH * across, top - 0.4 - _PITCH * line, "o", markersize=6.5,
                        markerfacecolor=style.colour(colour) if is_full else "none",
                        markeredgecolor=style.colour(colour), markeredgewidth=1.2)  # fmt: skip
    ax.set_xlim(-0.05, wide * columns)
    ax.set_ylim(-tall * (high + _GAP), 0.4)
    ax.set_aspect("equal")
    ax.set_axis_off()
    marks = [Line2D([], [], marker="o", linestyle="none", markersize=6.5, markeredgewidth=1.2,
                    markerfacecolor=style.colour(colour) if is_full else "none",
                    markeredgecolor=style.colour(colour), label=label(f"standing_{name}", lang))
             for name, (colour, is_full) in _STANDING.items()]  # fmt: skip
    ax.figure.legend(handles=marks, loc="outside lower center", ncols=3)
    return ax
