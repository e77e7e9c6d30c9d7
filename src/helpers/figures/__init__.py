"""One function per figure: `plot_<what>(data, *, ax=None, lang)` draws, labels with units and returns the axes.

None shows or saves; `helpers.show.figure` puts a figure on a page with caption, alternative text and its data.
"""

from helpers.figures.alliance import plot_network
from helpers.figures.bursts import plot_bursts
from helpers.figures.completion import plot_completion
from helpers.figures.coverage import plot_coverage, plot_reconciliation
from helpers.figures.events import plot_bacon, plot_event_study, plot_specification_curve
from helpers.figures.index import plot_contributions, plot_ranks, plot_sensitivity
from helpers.figures.innovation import plot_distance, plot_expiries, plot_patents_by_month, plot_zero_share
from helpers.figures.models import plot_balance, plot_coefficients
from helpers.figures.organisation import plot_grid_map, plot_tree
from helpers.figures.quality import plot_findings, plot_missingness
from helpers.figures.services import plot_delivery, plot_time_to_close, plot_transitions
from helpers.figures.thresholds import plot_bunching
from helpers.figures.timing import plot_exposure, plot_first_coverage, plot_foundings

__all__ = [
    "plot_bacon",
    "plot_balance",
    "plot_bunching",
    "plot_bursts",
    "plot_coefficients",
    "plot_completion",
    "plot_contributions",
    "plot_coverage",
    "plot_delivery",
    "plot_distance",
    "plot_event_study",
    "plot_expiries",
    "plot_exposure",
    "plot_findings",
    "plot_first_coverage",
    "plot_foundings",
    "plot_grid_map",
    "plot_missingness",
    "plot_network",
    "plot_patents_by_month",
    "plot_ranks",
    "plot_reconciliation",
    "plot_sensitivity",
    "plot_specification_curve",
    "plot_time_to_close",
    "plot_transitions",
    "plot_tree",
    "plot_zero_share",
]
