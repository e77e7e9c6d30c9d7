"""The synthetic zone with a known truth, and the files an office would make of it."""

from helpers.simulate.office import write_office_files
from helpers.simulate.score import score
from helpers.simulate.zone import Zone, zone

__all__ = ["Zone", "score", "write_office_files", "zone"]
