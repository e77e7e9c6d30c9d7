"""ln(1 + y), the literature's habit with counts: what it gives, and how that hangs on the unit of counting."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from helpers.models.regression import fit

SCALES: Final = (1, 10, 100)


def log_one_plus(
    data: pd.DataFrame, *, outcome: str, exposure: str, cluster: str, controls: Sequence[str] = (),
    fixed_effects: Sequence[str] = (), scales: Sequence[float] = SCALES,
) -> pd.DataFrame:  # fmt: skip
    """Regress ln(1 + s y) on an exposure for several units of counting, beside Poisson, which has none.

    Parameters
    ----------
    data : DataFrame of shape (N, k)
    outcome : str
        A count, zero or more.
    exposure, cluster, controls, fixed_effects
        As in `fit`.
    scales : sequence of float
        What the count is multiplied by before 1 is added: 1 counts patents, 10 tenths of a patent.

    Returns
    -------
    DataFrame
        One row a way: way ("poisson" or "ln"), scale (missing for Poisson), percent, percent_low, percent_high
        (exp(b) - 1, in per cent), n_obs.

    Raises
    ------
    NotEstimable
        If a fit cannot be made, or the outcome is negative somewhere (Poisson refuses it).

    Notes
    -----
    Chen & Roth (2024, Quarterly Journal of Economics 139, proposition 1): with zeros in the outcome the coefficient can
    be made anything by the choice of s, for what moves from zero to one counts ln(1 + s). Poisson's does not move.
    """
    values = data[outcome].astype(float)
    rows = []
    for way, scale in [("poisson", np.nan), *(("ln", scale) for scale in scales)]:
        used = values if way == "poisson" else np.log1p(scale * values)
        found = fit(
            data.assign(**{outcome: used}), outcome=outcome, exposure=exposure, controls=controls,
            fixed_effects=fixed_effects, estimator="poisson" if way == "poisson" else "ols", cluster=cluster,
        )  # fmt: skip
        term = found.term(exposure)
        percent = {f"percent{end}": 100 * float(np.expm1(term[name])) for end, name in
                   (("", "estimate"), ("_low", "conf_low"), ("_high", "conf_high"))}  # fmt: skip
        rows.append({"way": way, "scale": scale, **percent, "n_obs": found.n_obs})
    return pd.DataFrame(rows)
