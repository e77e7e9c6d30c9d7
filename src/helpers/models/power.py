"""What an estimate could have detected, and which effects it rules out: standard errors in, bounds out."""

from scipy import stats


def minimum_detectable_effect(std_error: float, *, df: float, power: float = 0.8, level: float = 0.05) -> float:
    """Return the smallest true effect that would be found with probability `power`.

    Parameters
    ----------
    std_error : float
        Standard error of the estimate, in the estimate's unit.
    df : float
        Degrees of freedom of its t statistic.
    power, level : float
        Probability of detection and two-sided size.

    Returns
    -------
    float
        In the estimate's unit, positive: (t[1 - level/2] + t[power]) x SE.

    Notes
    -----
    Bloom (1995, Evaluation Review 19, equation 1), an ex-post use of the standard error that treats it as known.
    """
    return float((stats.t.ppf(1 - level / 2, df) + stats.t.ppf(power, df)) * std_error)


def equivalence(estimate: float, std_error: float, *, df: float, bound: float) -> float:
    """Return the p value of two one-sided tests that the effect lies within (-bound, bound).

    Parameters
    ----------
    estimate, std_error, df : float
        The estimate, its standard error (same unit) and degrees of freedom.
    bound : float
        The smallest effect that would matter, positive, in the estimate's unit.

    Notes
    -----
    Schuirmann (1987, J. Pharmacokinetics and Biopharmaceutics 15).
    """
    lower = stats.t.sf((estimate + bound) / std_error, df)
    upper = stats.t.cdf((estimate - bound) / std_error, df)
    return float(max(lower, upper))
