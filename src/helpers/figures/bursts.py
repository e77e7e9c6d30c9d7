"""The figure of filings around the first award, on every firm's own clock."""

import pandas as pd
from matplotlib.axes import Axes

from helpers import style
from helpers.figures.canvas import axes, panels
from helpers.text import Lang, say

COLOURS = {"software_copyrights": "secondary"}


def plot_bursts(means: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw a panel a kind: mean filings per firm by event-year with intervals, the award day as a dashed line.

    Parameters
    ----------
    means : DataFrame
        One row a kind and event-year: kind (utility, design, software_copyrights, invention), event_year (… -1, 1 …),
        firms, mean (filings per firm and year), conf_low, conf_high (missing where there is no interval).
    """
    kinds = list(means["kind"].drop_duplicates())
    columns = min(2, max(1, len(kinds)))
    ax = axes(ax, height=1.2 + 1.9 * -(-len(kinds) // columns))
    for inner, kind in zip(panels(ax, len(kinds), columns=columns, between=(0.1, 0.24)), kinds, strict=True):
        rows = means[means["kind"] == kind]
        # There is no year 0: those after the award move one place to the left.
        place = rows["event_year"] - (rows["event_year"] > 0)
        colour = style.colour(COLOURS.get(kind, kind))
        inner.vlines(place, rows["conf_low"], rows["conf_high"], color=colour, linewidth=1.4)
        inner.plot(place, rows["mean"], "o-", color=colour, linewidth=1, markersize=5)
        inner.axvline(-0.5, color=style.colour("treated"), linestyle="--", linewidth=1.1)
        inner.set_xticks(place, [f"{year:+d}".replace("-", "−") for year in rows["event_year"]])
        firms = rows.loc[rows["event_year"] < 0, "firms"].max()
        inner.set_title(say("figures.group_n", lang, group=say(f"figures.{kind}", lang), n=firms), fontsize=9.5)
        inner.set_ylim(bottom=0)
        inner.tick_params(labelsize=8.5)
        inner.grid(axis="x", visible=False)
    ax.set_xlabel(say("figures.event_year", lang), labelpad=22)
    ax.set_ylabel(say("figures.filings_per_firm", lang), labelpad=28)
    return ax
