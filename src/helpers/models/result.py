"""What one fitted specification says: coefficients with intervals, sample, clusters, and the rules that were used."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.errors import InputError
from helpers.text import Message

TABLE_COLUMNS = ("term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "df")


class NotEstimable(InputError):
    """A specification that these data cannot answer; `message` says why, in either language."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(str(message))


@dataclass(frozen=True)
class Result:
    """One fitted specification.

    Attributes
    ----------
    table : DataFrame of shape (K, 8)
        One row a coefficient: term, estimate, std_error, statistic, p_value, conf_low, conf_high, df.
    n_obs, n_units, n_clusters : int
        Rows, distinct units (0 if no unit column was named) and clusters (0 without clustering) of the fit.
    n_dropped : dict
        Rows left out before the fit, by reason.
    rule : str
        The small-sample rule of the standard errors, in words.
    formula : str
        What was estimated, readable.
    outcome_mean, outcome_zero_share : float
        Mean of the outcome and its share of zeros in the fitted rows.
    warnings : tuple of Message
        Clusters of one row, few clusters.
    """

    table: pd.DataFrame
    estimator: str
    outcome: str
    exposure: str
    controls: tuple[str, ...]
    fixed_effects: tuple[str, ...]
    cluster: str | None
    vcov: str
    n_obs: int
    n_units: int
    n_clusters: int
    n_dropped: dict[str, int]
    rule: str
    formula: str
    outcome_mean: float
    outcome_zero_share: float
    warnings: tuple[Message, ...] = field(default=())

    def term(self, name: str) -> pd.Series:
        """Return the table's row of one coefficient.

        Raises
        ------
        KeyError
            If the specification has no such term.
        """
        rows = self.table[self.table["term"] == name]
        if rows.empty:
            raise KeyError(f"no term '{name}'; the fit has {', '.join(self.table['term'])}")
        return rows.iloc[0]

    def percent_effect(self) -> tuple[float, float, float]:
        """Return the exposure's effect and 95 % interval as percent, exp(b) - 1, of a log-link estimator.

        Raises
        ------
        ValueError
            If the estimator has no log link.
        """
        if self.estimator != "poisson":
            raise ValueError(f"a percent effect needs a log link, not estimator '{self.estimator}'")
        row = self.term(self.exposure)
        return tuple(100 * float(np.expm1(row[name])) for name in ("estimate", "conf_low", "conf_high"))
