"""What is estimated, declared before it is: specifications in a file, the samples they speak of, their estimates.

model       the file of specifications, checked and hashed
sample      the firm-years and derived columns that a specification needs
timing      event studies of one specification by several estimators
robustness  other standard errors, other specifications, firms left out, unseen confounders
trends      how treated firms moved before they were treated
codings     the same question under other codings of exposure and outcome
channels    how much could run through a named mediator
spillover   influence within groups of firms
grade       how strong the evidence for a claim may be called, and the rule that said so
claims      all of it for one specification
"""

from helpers.plan.model import Plan, Specification, load, read

__all__ = ["Plan", "Specification", "load", "read"]
