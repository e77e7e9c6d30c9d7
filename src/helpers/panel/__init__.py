"""The firm-year panel: clean tables in; `panel.parquet`, `joins.csv` and the restricted exposures out.

joins       every join counted, checked for fan-out and written down
pieces      what a firm-year is made of
finish      zeros, truncation, exposure to the other firms of a grid, balance
exposures   what comes from persons and stays in the restricted layer
thresholds  distance to the R&D thresholds of the high-tech rules
bursts      filings before and after a firm's first award, on its own clock
relink      the filings under other rules of linkage
assemble    `build` and `counts_by_firm_year`
"""

from helpers.panel.assemble import NobodyFollowed, build, counts_by_firm_year
from helpers.panel.bursts import burst_ratios, event_counts, event_means
from helpers.panel.exposures import EXPOSURES
from helpers.panel.joins import explained
from helpers.panel.thresholds import rd_distance

__all__ = [
    "EXPOSURES", "NobodyFollowed", "build", "burst_ratios", "counts_by_firm_year", "event_counts", "event_means",
    "explained", "rd_distance",
]  # fmt: skip
