"""Figures of thresholds: how many firm-years stand where, against what a smooth curve would have there."""

import pandas as pd
from matplotlib.axes import Axes

from helpers import style
from helpers.figures.canvas import axes
from helpers.text import Lang, say


def plot_bunching(bins: pd.DataFrame, *, ax: Axes | None = None, lang: Lang) -> Axes:
    """Draw firm-years by distance to the threshold with the polynomial counterfactual; bins it leaves out are shaded.

    Parameters
    ----------
    bins : DataFrame
        One row a bin: lower_edge, upper_edge (percentage points), n_obs, counterfactual (firm-years), is_excluded.
    """
    ax = axes(ax)
    width = bins["upper_edge"] - bins["lower_edge"]
    middle = bins["lower_edge"] + width / 2
    left_out = bins[bins["is_excluded"].astype(bool)]
    if len(left_out):
        ax.axvspan(left_out["lower_edge"].min(), left_out["upper_edge"].max(), color=style.colour("shade"), zorder=0,
                   label=say("evidence.left_to_rule", lang))  # fmt: skip
    ax.bar(middle, bins["n_obs"], width=0.92 * width, color=style.colour("untreated"), label=say("evidence.seen", lang))
    ax.plot(middle, bins["counterfactual"], color=style.colour("treated"), linewidth=1.8,
            label=say("evidence.counterfactual", lang))  # fmt: skip
    ax.axvline(0, color=style.colour("reference"), linestyle="--", linewidth=1.3)
    ax.set_xlabel(say("figures.distance_axis", lang))
    ax.set_ylabel(say("figures.firm_years_axis", lang))
    ax.grid(axis="x", visible=False)
    ax.figure.legend(loc="outside upper center", ncols=3)
    return ax
