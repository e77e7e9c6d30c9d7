"""One function per table of a page: a `Study` or a result in, a labelled table in the page's language out."""

from helpers.tables.associations import balance_table, coefficient_rows, estimates_table, power_table
from helpers.tables.labels import labelled
from helpers.tables.quality import findings_by_rule, missingness, reading_counts, score_table, sources

__all__ = [
    "balance_table",
    "coefficient_rows",
    "estimates_table",
    "findings_by_rule",
    "labelled",
    "missingness",
    "power_table",
    "reading_counts",
    "score_table",
    "sources",
]
