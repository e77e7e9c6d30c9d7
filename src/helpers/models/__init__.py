"""Regressions, what they could have detected, and how far they hold: a firm-year table in, frozen results out.

result, tidy, design, demean    what a fit says, also as frames; rows and terms it uses; fixed effects taken out
regression, poisson, likelihood, vcov, caution      `fit`: ten estimators, five kinds of standard errors, what to mind
association, one_plus    a grid of specifications; ln(1 + y) beside Poisson
balance, power, completion      groups before treatment; detectable effects and equivalence; filings not yet visible
bootstrap, randomisation, multiplicity, curve, leave_out    few clusters, many tests, many specifications, one left out
staggered       effects of a treatment that starts at different times: seven estimators, robustness to trends
partial, oster, robustness, evalue, weighting, propensity, two_means, mediation     unseen confounders, selection, paths
threshold, bunching     heaping around a rule's cutoff
export, word    tables for pages and papers
"""

from helpers.models.association import associations
from helpers.models.balance import balance
from helpers.models.bootstrap import WildTest, wild_bootstrap
from helpers.models.bunching import Bunching, bunching
from helpers.models.completion import completed_months
from helpers.models.curve import Curve, every_specification, specification_curve
from helpers.models.evalue import EValue, e_value
from helpers.models.export import RegressionTable, regression_table
from helpers.models.leave_out import leave_out
from helpers.models.mediation import Mediation, mediation
from helpers.models.multiplicity import romano_wolf
from helpers.models.one_plus import log_one_plus
from helpers.models.oster import Oster, oster
from helpers.models.power import detectable, equivalence, equivalence_test, minimum_detectable_effect
from helpers.models.randomisation import RandomisationTest, randomisation_test
from helpers.models.regression import fit
from helpers.models.result import NotEstimable, Result
from helpers.models.robustness import Robustness, robustness_value
from helpers.models.staggered import EventStudy, staggered
from helpers.models.threshold import Density, density_at_threshold
from helpers.models.tidy import glance, tidy
from helpers.models.weighting import Weighted, aipw, ipw

__all__ = [
    "Bunching", "Curve", "Density", "EValue", "EventStudy", "Mediation", "NotEstimable", "Oster", "RandomisationTest",
    "RegressionTable", "Result", "Robustness", "Weighted", "WildTest", "aipw", "associations", "balance", "bunching",
    "completed_months", "density_at_threshold", "detectable", "e_value", "equivalence", "equivalence_test",
    "every_specification", "fit", "glance", "ipw", "leave_out", "log_one_plus", "mediation",
    "minimum_detectable_effect", "oster", "randomisation_test", "regression_table", "robustness_value", "romano_wolf",
    "specification_curve", "staggered", "tidy", "wild_bootstrap",
]  # fmt: skip
