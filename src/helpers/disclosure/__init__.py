"""Disclosure control: every table, figure and sentence passes through here before a page exists.

rules           minimum of persons, dominance of firms, rounding, degrees of freedom
suppression     one table of counts without its small cells and what would give them away
attack          what follows for hidden cells from everything published (linear programming)
protection      which cells to hide so that nothing follows, over linked tables
crossing        members and inventors are never joined
clearance       the mark of a frame that has been through, and the door that asks for it

What a run publishes of persons, and how those counts hang together, stands in `helpers.released`.
"""

from helpers.disclosure.attack import intervals
from helpers.disclosure.clearance import admit, admit_results, admit_words, cleared, hold_to
from helpers.disclosure.crossing import refuse_cross
from helpers.disclosure.protection import disclosed, protect
from helpers.disclosure.rules import (
    HIDDEN_MARK,
    LOWEST_MINIMUM,
    MINIMUM_DEGREES,
    MINIMUM_PERSONS,
    DisclosureError,
    checked_minimum,
    dominance,
    has_degrees,
    is_few,
    round_to,
)
from helpers.disclosure.suppression import suppress

__all__ = [
    "HIDDEN_MARK", "LOWEST_MINIMUM", "MINIMUM_DEGREES", "MINIMUM_PERSONS", "DisclosureError", "admit",
    "admit_results", "admit_words", "checked_minimum", "cleared", "disclosed", "dominance", "has_degrees", "hold_to",
    "intervals", "is_few", "protect", "refuse_cross", "round_to", "suppress",
]  # fmt: skip
