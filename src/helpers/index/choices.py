"""What can be chosen at each step of the index: closed sets, and the default that is explained on the page."""

from dataclasses import dataclass, fields
from typing import get_args, get_type_hints

from helpers.errors import UsageError
from helpers.params.pages import Aggregation, Imputation, Normalisation, Outliers, Weights

LEAST_COVERAGE = 0.6


@dataclass(frozen=True)
class Choices:
    """One way to make the index.

    Parameters
    ----------
    outliers : {'none', 'winsorise', 'box_cox'}
    imputation : {'none', 'median', 'group_median'}
        Without imputation an indicator that is missing leaves its weight to the others of its force.
    normalisation : {'z_score', 'min_max', 'rank', 'distance_to_reference'}
    weights : {'equal', 'entropy', 'pca', 'critic', 'expert'}
        Within a force; `expert` needs a file.
    aggregation : {'arithmetic', 'geometric', 'mazziotta_pareto'}
        Of indicators to forces and of forces to the index.
    coverage : float
        Least share (0-1) of a force's indicators, and of the forces, that a firm must have.

    Raises
    ------
    UsageError
        If a choice is none of its set, or `coverage` lies outside 0-1.
    """

    outliers: Outliers = "winsorise"
    imputation: Imputation = "none"
    normalisation: Normalisation = "z_score"
    weights: Weights = "equal"
    aggregation: Aggregation = "arithmetic"
    coverage: float = LEAST_COVERAGE

    def __post_init__(self) -> None:
        for name, allowed in options().items():
            if getattr(self, name) not in allowed:
                raise UsageError(f"{name}: '{getattr(self, name)}' is unknown: expected one of {', '.join(allowed)}")
        if not 0 < self.coverage <= 1:
            raise UsageError(f"coverage: {self.coverage} is no share: expected more than 0 and at most 1")


def options() -> dict[str, tuple[str, ...]]:
    """Return choice -> what it may be, for the choices that are closed sets."""
    kinds = get_type_hints(Choices)
    return {field.name: get_args(kinds[field.name]) for field in fields(Choices) if get_args(kinds[field.name])}
