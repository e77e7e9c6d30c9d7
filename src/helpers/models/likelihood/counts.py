"""Counts beyond Poisson: negative binomial, zero-inflated Poisson and negative binomial, Poisson hurdle."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import expit, gammaln

from helpers.models.likelihood.binary import logit_rows
from helpers.models.likelihood.newton import Estimate, Peak, RowLikelihood, Rows, climb, maximise
from helpers.models.likelihood.refusals import check_terms, refusal
from helpers.models.likelihood.separation import refuse_separated

# ln alpha on its way to minus infinity: variance and mean differ by less than one part in 100,000 a count.
POISSON = -11.5


def negbin(y: np.ndarray, design: np.ndarray, names: Sequence[str], weights: np.ndarray) -> Estimate:
    """Fit a negative binomial of mean exp(x'b) and variance mu + alpha mu^2; arrays as in `estimate`.

    Notes
    -----
    Cameron & Trivedi (2013, Regression Analysis of Count Data, 2nd ed., equation 3.30), NB2; MASS::glm.nb's theta is
    1 / alpha. The bread is that of all parameters together.
    """
    check_terms(design, names, n_parameters=1)
    names, varies = (*names, "ln_alpha"), np.append(np.ptp(design, axis=0) > 0, False)
    return maximise(
        RowLikelihood((design, np.ones((len(y), 1))), _negbin_rows(y), weights), [_negbin_start(y, design, weights)],
        estimator="negbin", names=names, varies=varies, trouble=_no_dispersion("negbin", -1, "poisson"),
    )  # fmt: skip


def zip_(y: np.ndarray, design: np.ndarray, names: Sequence[str], weights: np.ndarray) -> Estimate:
    """Fit a Poisson with structural zeros: `count: x` on its log mean, `zero: x` on the log odds of a structural zero.

    Notes
    -----
    Lambert (1992, Technometrics 34, section 2); parameters as in pscl::zeroinfl. Not concave: two starts.
    """
    k = design.shape[1]
    check_terms(design, names, n_parameters=k)
    starts = [np.append(start, np.zeros(k)) for start in _poisson_starts(y, design, weights)]
    names, varies = _two_parts(names, design)
    return maximise(
        RowLikelihood((design, design), _inflated(_poisson_rows(y), y, 1), weights), starts, estimator="zip",
        names=names, varies=varies, trouble=_no_excess("zip", design, k, "poisson"),
    )  # fmt: skip


def zinb(y: np.ndarray, design: np.ndarray, names: Sequence[str], weights: np.ndarray) -> Estimate:
    """Fit a negative binomial with structural zeros; parameters as in `zip_`, then `ln_alpha`.

    Notes
    -----
    Greene (1994, NYU working paper EC-94-10); pscl::zeroinfl's log(theta) is -ln_alpha. Not concave: three starts.
    """
    k = design.shape[1]
    check_terms(design, names, n_parameters=k + 1)
    plain = climb(RowLikelihood((design, np.ones((len(y), 1))), _negbin_rows(y), weights),
                  _negbin_start(y, design, weights)).params  # fmt: skip
    counted = [plain, *(np.append(start, -1.0) for start in _poisson_starts(y, design, weights))]
    starts = [np.concatenate([start[:k], np.zeros(k), [np.clip(start[k], -3, 3)]]) for start in counted]
    names, varies = _two_parts(names, design)
    is_scale, is_excess = _no_dispersion("zinb", -1, "zip"), _no_excess("zinb", design, k, "negbin")
    return maximise(
        RowLikelihood((design, design, np.ones((len(y), 1))), _inflated(_negbin_rows(y), y, 2), weights), starts,
        estimator="zinb", names=(*names, "ln_alpha"), varies=np.append(varies, False),
        trouble=lambda peak: (is_scale(peak), is_excess(peak)),
    )  # fmt: skip


def hurdle(y: np.ndarray, design: np.ndarray, names: Sequence[str], weights: np.ndarray) -> Estimate:
    """Fit a logit of y > 0 (`zero: x`) and, among positive counts, a Poisson truncated at zero (`count: x`).

    Notes
    -----
    Mullahy (1986, Journal of Econometrics 33, equation 2.4); signs as in pscl::hurdle. The likelihood is the product of
    both parts, so that each is estimated as if alone; zeros have no part in the counts.
    """
    k = design.shape[1]
    is_positive = y > 0
    check_terms(design, names, n_parameters=k)
    check_terms(design[is_positive], names)
    names, varies = _two_parts(names, design)
    truncated, binary = _truncated_rows(y), logit_rows(is_positive.astype(float))

    def rows(predictors):
        count, count_slope, count_bend = truncated(predictors[:, :1])
        each, slope, bend = binary(predictors[:, 1:])
        both = np.zeros((len(y), 2, 2))
        both[:, 0, 0], both[:, 1, 1] = np.where(is_positive, count_bend[:, 0, 0], 0), bend[:, 0, 0]
        slopes = np.column_stack([np.where(is_positive, count_slope[:, 0], 0), slope[:, 0]])
        return each + np.where(is_positive, count, 0), slopes, both

    signed = design * np.where(is_positive, 1, -1)[:, None]
    return maximise(
        RowLikelihood((design, design), rows, weights), [np.zeros(2 * k)], estimator="hurdle", names=names,
        varies=varies, trouble=lambda _: refuse_separated(signed, names[k:], varies[k:]),
    )  # fmt: skip


def _two_parts(names, design):
    both = tuple(f"{part}: {name}" for part in ("count", "zero") for name in names)
    return both, np.tile(np.ptp(design, axis=0) > 0, 2)


def _no_dispersion(estimator: str, at: int, instead: str) -> Callable[[Peak], None]:
    def trouble(peak: Peak) -> None:
        if peak.params[at] < POISSON:
            raise refusal("no_overdispersion", estimator=estimator, instead=instead)

    return trouble


def _no_excess(estimator: str, design: np.ndarray, k: int, instead: str) -> Callable[[Peak], None]:
    def trouble(peak: Peak) -> None:
        if expit(design @ peak.params[k : 2 * k]).max() < 1e-4:
            raise refusal("no_excess_zeros", estimator=estimator, instead=instead)

    return trouble


def _poisson_starts(y, design, weights):
    start = np.zeros(design.shape[1])
    plain = climb(RowLikelihood((design,), _poisson_rows(y), weights), start)
    some = y > 0
    positive = climb(RowLikelihood((design[some],), _truncated_rows(y[some]), weights[some]), plain.params)
    # A separated start is no start.
    return [peak.params for peak in (plain, positive) if peak.is_maximum] or [start]


def _negbin_start(y, design, weights):
    params = _poisson_starts(y, design, weights)[0]
    mean = np.exp(design @ params)
    alpha = (weights @ ((y - mean) ** 2 - mean)) / (weights @ mean**2)
    return np.append(params, np.log(np.clip(alpha, 0.05, 20.0)))


def _poisson_rows(y: np.ndarray) -> Rows:
    constant = gammaln(y + 1)

    def rows(predictors):
        mean = np.exp(predictors[:, 0])
        return y * predictors[:, 0] - mean - constant, (y - mean)[:, None], -mean[:, None, None]

    return rows


def _truncated_rows(y: np.ndarray) -> Rows:
    constant = gammaln(y + 1)

    def rows(predictors):
        mean = np.exp(predictors[:, 0])
        pull = mean / np.expm1(mean)
        each = y * predictors[:, 0] - mean - np.log(-np.expm1(-mean)) - constant
        bend = -mean - pull * (1 - mean / -np.expm1(-mean))
        return each, (y - mean - pull)[:, None], bend[:, None, None]

    return rows


def _negbin_rows(y: np.ndarray) -> Rows:
    constant = gammaln(y + 1)
    count = y.astype(np.int64)
    below = np.arange(count.max(), dtype=float)

    def rows(predictors):
        log_mean = predictors[:, 0]
        alpha = np.exp(predictors[0, -1])
        mean = np.exp(log_mean)
        over = alpha * mean
        # Sums over j < y in place of gamma functions, whose differences cancel as alpha goes to zero.
        terms = np.stack([np.log1p(alpha * below), below / (1 + alpha * below), (below / (1 + alpha * below)) ** 2])
        logs, ones, squares = np.hstack([np.zeros((3, 1)), np.cumsum(terms, axis=1)])[:, count]
        spread = np.log1p(over) / alpha
        each = logs - constant + y * log_mean - y * np.log1p(over) - spread
        slope = np.empty((len(y), 2))
        slope[:, 0] = (y - mean) / (1 + over)
        slope[:, 1] = alpha * ones + spread - (1 + alpha * y) * mean / (1 + over)
        bend = np.empty((len(y), 2, 2))
        bend[:, 0, 0] = -mean * (1 + alpha * y) / (1 + over) ** 2
        bend[:, 0, 1] = bend[:, 1, 0] = -(y - mean) * over / (1 + over) ** 2
        bend[:, 1, 1] = (
            slope[:, 1] - alpha**2 * squares - 2 * spread + 2 * mean / (1 + over)
            + (y + 1 / alpha) * (over / (1 + over)) ** 2
        )  # fmt: skip
        return each, slope, bend

    return rows


def _inflated(base: Rows, y: np.ndarray, n_base: int) -> Rows:
    """Add structural zeros to a count's log-likelihood; their log odds come second among the predictors.

    With p the share of structural zeros and q that of the count's own zeros among zeros, d ln L(0) / d count = q b',
    and q is a logit of b - (log odds): all second derivatives follow.
    """
    counted = [0, *range(2, n_base + 1)]
    is_zero = y == 0

    def rows(predictors):
        odds = predictors[:, 1]
        value, slope, bend = base(predictors[:, counted])
        share = expit(odds)
        own = expit(value - odds)
        n = len(y)
        each = np.where(is_zero, np.logaddexp(odds, value), value) - np.logaddexp(0, odds)
        slopes, bends = np.empty((n, n_base + 1)), np.empty((n, n_base + 1, n_base + 1))
        slopes[:, 1] = np.where(is_zero, 1 - own, 0) - share
        bends[:, 1, 1] = np.where(is_zero, own * (1 - own), 0) - share * (1 - share)
        for j, to in enumerate(counted):
            slopes[:, to] = np.where(is_zero, own, 1) * slope[:, j]
            bends[:, to, 1] = bends[:, 1, to] = np.where(is_zero, -own * (1 - own), 0) * slope[:, j]
            for k, other in enumerate(counted):
                mixed = own * (1 - own) * slope[:, j] * slope[:, k]
                bends[:, to, other] = np.where(is_zero, own * bend[:, j, k] + mixed, bend[:, j, k])
        return each, slopes, bends

    return rows
