"""Figures of when: foundings and charter clauses by year, and the cohorts that follow from them."""

import pandas as pd
from matplotlib.axes import Axes

from helpers import style
from helpers.figures.canvas import axes
from helpers.text import Lang, say


def plot_foundings(timeline: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw how many firms got an organisation and a charter clause each year, with the running share.

    Parameters
    ----------
    timeline : DataFrame
        One row a year: year, organisations, charters (firms newly treated), organisations_share_pct (running, 0-100).
    """
    ax = axes(ax)
    ax.bar(timeline["year"] - 0.2, timeline["organisations"], width=0.4, color=style.colour("treated"),
           label=say("figures.new_organisations", lang))  # fmt: skip
    ax.bar(timeline["year"] + 0.2, timeline["charters"], width=0.4, color=style.colour("utility"),
           label=say("figures.new_charters", lang))  # fmt: skip
    ax.set_xlabel(say("figures.year", lang))
    ax.set_ylabel(say("figures.firms", lang))
    ax.set_xticks(timeline["year"], timeline["year"].astype(str))
    ax.grid(axis="x", visible=False)
    share = ax.twinx()
    share.plot(timeline["year"], timeline["organisations_share_pct"], color=style.colour("untreated"), marker="o",
               markersize=4, label=say("figures.running_share", lang))  # fmt: skip
    share.set_ylim(0, 105)
    share.set_ylabel(say("figures.share_pct", lang))
    share.grid(visible=False)
    handles = [h + s for h, s in zip(ax.get_legend_handles_labels(), share.get_legend_handles_labels(), strict=True)]
    ax.legend(*handles, loc="upper center", bbox_to_anchor=(0.5, 1.16), ncols=3)
    return ax


def plot_cohorts(cohorts: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw the mean outcome by calendar year for groups of cohorts, each a line.

    Parameters
    ----------
    cohorts : DataFrame
        One row a cohort group and year: cohort (label), year, mean, conf_low, conf_high (outcome per firm-year).
    """
    ax = axes(ax)
    palette = [style.colour(name) for name in ("treated", "utility", "estimate", "untreated", "secondary")]
    for (label, rows), colour in zip(cohorts.groupby("cohort", sort=False, observed=True), palette, strict=False):
        ax.plot(rows["year"], rows["mean"], marker="o", markersize=4, color=colour, label=label)
        ax.fill_between(
            rows["year"].astype(float), rows["conf_low"], rows["conf_high"], color=colour, alpha=0.12, linewidth=0
        )
    ax.set_xlabel(say("figures.year", lang))
    ax.set_ylabel(say("figures.per_firm_year", lang))
    ax.legend()
    return ax
