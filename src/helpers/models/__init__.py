"""Regressions and what they could have detected: a firm-year table in, frozen results out.

One call, `fit`, runs one specification with clustered standard errors, `associations` a grid of them; `balance`
compares groups before treatment; `minimum_detectable_effect` and `equivalence` go with every estimate, so that a null
says what it could have missed. `density_at_threshold` looks for heaping around a rule's cutoff; `completed_months`
models what a register does not show yet.
"""

from helpers.models.association import associations
from helpers.models.balance import balance
from helpers.models.completion import completed_months
from helpers.models.power import equivalence, minimum_detectable_effect
from helpers.models.regression import fit
from helpers.models.result import Result
from helpers.models.threshold import Density, density_at_threshold

__all__ = [
    "Density", "Result", "associations", "balance", "completed_months", "density_at_threshold", "equivalence", "fit",
    "minimum_detectable_effect",
]  # fmt: skip
