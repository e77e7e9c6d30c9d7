"""The published figures against the supplied tables: a computation for each, or the reason why there is none.

rounding        GRIM: which whole numbers a published percentage can stand for
readings        what the figures leave open, one choice each
recount         what a check returns; the tables it was handed
organisation people innovation services        one check per figure, by subject; untestable the rest
published       the comparison; coverage under every base

No figure is reproduced by decree: every status comes from a count of the tables handed in.
"""

from helpers.reconcile.published import coverage_readings, figures, published
from helpers.reconcile.readings import Readings, readings_from
from helpers.reconcile.rounding import bases_of, grim, possible_bases

__all__ = [
    "Readings", "bases_of", "coverage_readings", "figures", "grim", "possible_bases", "published", "readings_from",
]  # fmt: skip
