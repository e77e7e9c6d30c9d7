"""The figure of truncated months as modelled, beside the last months that are counted."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, MonthLocator

from helpers import style
from helpers.figures.canvas import axes, panels
from helpers.text import Lang, say


def plot_completion(rows: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw a panel a patent type: the last complete months as a line, the modelled ones as hollow points.

    Parameters
    ----------
    rows : DataFrame
        One row a type and month, months in order: kind (invention, utility, design), month (first day), counted
        (filings; missing where modelled), modelled, conf_low, conf_high (filings; missing where counted).
    """
    kinds = list(rows["kind"].drop_duplicates())
    ax = axes(ax, height=3.6)
    handles = []
    for inner, kind in zip(panels(ax, len(kinds), columns=len(kinds)), kinds, strict=True):
        own = rows[rows["kind"] == kind]
        counted, told = own.dropna(subset="counted"), own.dropna(subset="modelled")
        lines = inner.plot(counted["month"], counted["counted"], color=style.colour(kind), linewidth=1.6, marker=".",
                           label=say("figures.counted_months", lang))  # fmt: skip
        inner.vlines(told["month"], told["conf_low"], told["conf_high"], color=style.colour("untreated"), linewidth=1.4)
        points = inner.plot(told["month"], told["modelled"], "o", color=style.colour("untreated"),
                            markerfacecolor="white", label=say("figures.modelled_months", lang))  # fmt: skip
        handles = handles or [*lines, *points]
        inner.axvspan(told["month"].min() - pd.Timedelta(days=15), told["month"].max() + pd.Timedelta(days=15),
                      color=style.colour("reference"), alpha=0.22, linewidth=0, zorder=0)  # fmt: skip
        inner.set_title(say(f"figures.{kind}", lang), fontsize=9.5)
        inner.set_ylim(bottom=0)
        inner.xaxis.set_major_locator(MonthLocator(bymonth=(1, 7)))
        inner.xaxis.set_major_formatter(DateFormatter("%Y-%m"))
        inner.tick_params(labelsize=8.5)
    ax.set_xlabel(say("figures.filing_month", lang), labelpad=22)
    ax.set_ylabel(say("figures.applications", lang), labelpad=26)
    ax.figure.legend(handles=handles, loc="outside upper center", ncols=2)
    return ax
