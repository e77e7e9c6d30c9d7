"""What is estimated, declared before it is: specifications in a file, the samples they speak of, their estimates.

model       the file of specifications, checked and hashed
sample      the firm-years and derived columns that a specification needs
timing      event studies of one specification by several estimators
grade       how strong the evidence for a claim may be called, and the rule that said so
"""

from helpers.plan.grade import Evidence, Grade, grade
from helpers.plan.model import Plan, Specification, load, read
from helpers.plan.sample import analysis_frame, frame_around, with_derived

__all__ = [
    "Evidence", "Grade", "Plan", "Specification", "analysis_frame", "frame_around", "grade", "load", "read",
    "with_derived",
]  # fmt: skip
