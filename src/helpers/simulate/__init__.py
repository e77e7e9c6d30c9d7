"""The synthetic zone with a known truth, and the files an office would make of it."""

from helpers.simulate.habits import habits, seen_through
from helpers.simulate.office import write_office_files
from helpers.simulate.readings import from_texts
from helpers.simulate.score import score
from helpers.simulate.zone import Zone, zone

__all__ = ["Zone", "from_texts", "habits", "score", "seen_through", "write_office_files", "zone"]
