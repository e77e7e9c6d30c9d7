"""Figures of data quality: which cells are missing, and what reading repaired, nulled, flagged or set aside."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from helpers import style
from helpers.figures.canvas import axes, height_for
from helpers.text import Lang, say

ACTIONS = ("repaired", "flagged", "nulled", "set_aside")
ACTION_COLOURS = ("design", "utility", "treated", "secondary")
NAMED_FROM_PCT = 5
RULES_DRAWN = 20


def plot_missingness(shares: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw the map of missing values: tables down, their columns across from the most missing, the worst one named.

    Of a single table, the shares of its columns that are not complete are drawn as bars.

    Parameters
    ----------
    shares : DataFrame
        One row a table and column: table (label), column (label), missing_pct (0-100; without a number: not given,
        drawn crossed out at the end of its row).
    """
    tables = list(dict.fromkeys(shares["table"]))
    if len(tables) == 1:
        return _plot_columns(shares, ax=ax, lang=lang)
    width = int(shares.groupby("table").size().max())
    grid, worst = np.full((len(tables), width), np.nan), []
    for i, table in enumerate(tables):
        rows = shares[shares["table"] == table].sort_values("missing_pct", ascending=False, kind="stable")
        grid[i, : len(rows)] = rows["missing_pct"].to_numpy(dtype=float)
        worst.append((len(rows), rows.iloc[0]))
    ax = axes(ax, width=8.4, height=height_for(len(tables), per_row=0.25))
    ramp = LinearSegmentedColormap.from_list("missing", [style.colour("present"), style.colour("missing")])
    mesh = ax.pcolormesh(np.ma.masked_invalid(grid), cmap=ramp, vmin=0, vmax=100, edgecolors="white", linewidth=0.6)
    for i, j in _withheld(shares, tables):
        ax.add_patch(Rectangle((j, i), 1, 1, facecolor="white", edgecolor=style.colour("secondary"), hatch="xxx", lw=0))
    for i, (end, row) in enumerate(worst):
        if row["missing_pct"] >= NAMED_FROM_PCT:
            ax.text(end + 0.2, i + 0.5, f"{row['column']} {row['missing_pct']:.0f} %", va="center", fontsize=8)
    ax.set_yticks(np.arange(len(tables)) + 0.5, tables)
    ax.set_xticks([])
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_xlabel(say("figures.missing_columns", lang), loc="left")
    bar = ax.figure.colorbar(mesh, ax=ax, location="top", fraction=0.03, pad=0.01, shrink=0.4, anchor=(0, 0))
    bar.set_label(say("figures.missing_pct", lang), fontsize=9)
    bar.outline.set_visible(False)
    return ax


def _plot_columns(shares: pd.DataFrame, *, ax: Axes | None, lang: Lang) -> Axes:
    rows = shares[shares["missing_pct"] > 0].sort_values("missing_pct", kind="stable")
    ax = axes(ax, height=height_for(max(1, len(rows)), per_row=0.3))
    ax.barh(rows["column"], rows["missing_pct"], color=style.colour("missing"), height=0.6)
    for place, value in enumerate(rows["missing_pct"]):
        said, beside = f"{value:.1f} %", {"xytext": (4, 0), "textcoords": "offset points"}
        ax.annotate(said, (value, place), va="center", fontsize=8, **beside)
    ax.set_xlim(0, 1.15 * max(1.0, rows["missing_pct"].max() if len(rows) else 1.0))
    ax.set_xlabel(say("figures.missing_pct", lang))
    ax.grid(axis="y", visible=False)
    return ax


def _withheld(shares: pd.DataFrame, tables: list[str]) -> Iterator[tuple[int, int]]:
    for i, table in enumerate(tables):
        rows = shares[shares["table"] == table]
        given = int(rows["missing_pct"].notna().sum())
        yield from ((i, j) for j in range(given, len(rows)))


def plot_findings(counts: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw how many cells or rows the most frequent rules touched, one point an action, on a logarithmic axis.

    Parameters
    ----------
    counts : DataFrame
        One row a rule (label in `rule`), one column an action (repaired, flagged, nulled, set_aside): counts.
    """
    totals = counts.assign(total=counts[list(ACTIONS)].sum(axis=1)).sort_values(["total", "rule"])
    ordered = totals.tail(RULES_DRAWN)
    ax = axes(ax, height=height_for(len(ordered), per_row=0.28))
    place = np.arange(len(ordered))
    # Numbers of points that lie close together stand at different heights.
    for action, colour, mark, lift in zip(ACTIONS, ACTION_COLOURS, "osD^", (0, 5, -5, 2), strict=True):
        values = ordered[action].to_numpy(dtype=float)
        seen = values > 0
        ax.plot(values[seen], place[seen], mark, color=style.colour(colour), label=say(f"figures.{action}", lang))
        for x, y in zip(values[seen], place[seen], strict=True):
            ax.annotate(f"{x:,.0f}", (x, y), xytext=(6, lift), textcoords="offset points", va="center", fontsize=8)
    ax.set_yticks(place, ordered["rule"])
    ax.set_ylim(-0.7, len(ordered) - 0.3)
    ax.set_xscale("log")
    ax.set_xlim(0.7, 4 * max(2, ordered["total"].max()))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set_xlabel(say("figures.findings", lang))
    ax.figure.legend(loc="outside upper center", ncols=4)
    return ax
