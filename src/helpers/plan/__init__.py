"""What is estimated, declared before it is: specifications in a file, the samples they speak of, their estimates.

model       the file of specifications, checked and hashed
sample      the firm-years and derived columns that a specification needs
estimate    every specification fitted, one tidy row each, with its role and family
"""

from helpers.plan.model import Plan, Specification, load, read

__all__ = ["Plan", "Specification", "load", "read"]
