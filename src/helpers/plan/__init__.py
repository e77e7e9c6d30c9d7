"""What is estimated, declared before it is: specifications in a file, the samples they speak of, their estimates.

model       the file of specifications, checked and hashed
sample      the firm-years and derived columns that a specification needs
timing      event studies of one specification by several estimators
robustness  other standard errors, other specifications, firms left out, unseen confounders, spillover
grade       how strong the evidence for a claim may be called, and the rule that said so
"""

from helpers.plan.model import Plan, Specification, load, read

__all__ = ["Plan", "Specification", "load", "read"]
