"""Likelihoods: against R, against numerical derivatives and simulated truths; what cannot be estimated is refused."""


import numpy as np
import pandas as pd
import peer_numbers
import pytest
from fresh_processes import printed_under_two_hash_seeds

from helpers.errors import UsageError
from helpers.models.likelihood import estimate
from helpers.models.likelihood.counts import _inflated, _negbin_rows, _poisson_rows, _truncated_rows
from helpers.models.likelihood.newton import RowLikelihood, climb
from helpers.models.likelihood.separation import direction, is_complete
from helpers.models.result import NotEstimable
from helpers.text import LANGS

N = 1500
STRATA = np.repeat(np.arange(N // 10), 10)
KINDS = ("negbin", "zip", "zinb", "hurdle", "logit", "cloglog", "clogit", "ordered")
# log mean of counts, and log odds or log hazard of the others: x1, x2, intercept
SLOPES = np.array([0.5, -0.3, 0.4])
# log odds of a structural zero, or of any count
ZERO = np.array([0.6, 0.2, -0.8])


@pytest.fixture(scope="module")
def design() -> np.ndarray:
    rng = np.random.default_rng(7)
    return np.column_stack([rng.normal(size=N), rng.uniform(-1, 2, size=N), np.ones(N)])


@pytest.fixture(scope="module")
def outcomes(design) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(11)
    mean, share = np.exp(design @ SLOPES), 1 / (1 + np.exp(-design @ ZERO))
    truncated = np.array([next(n for n in iter(lambda m=m: rng.poisson(m), None) if n > 0) for m in mean])
    scattered = rng.poisson(mean * rng.gamma(2, 0.5, size=N))
    spread = np.repeat(rng.normal(size=N // 10), 10)
    return {
        "negbin": scattered,
        "zip": np.where(rng.random(N) < share, 0, rng.poisson(mean)),
        "zinb": np.where(rng.random(N) < share, 0, scattered),
        "hurdle": np.where(rng.random(N) < share, truncated, 0),
        "logit": (rng.random(N) < 1 / (1 + np.exp(-design @ SLOPES))).astype(int),
        "cloglog": (rng.random(N) < 1 - np.exp(-mean / 4)).astype(int),
        "clogit": (rng.random(N) < 1 / (1 + np.exp(-design @ SLOPES - spread))).astype(int),
        "ordered": np.digitize(design[:, :2] @ SLOPES[:2] + rng.logistic(size=N), [-1, 0, 1.5]),
    }


def fitted(kind, y, design, **options):
    names = ["x1", "x2", "intercept"]
    if kind in ("clogit", "ordered"):
        design, names = design[:, :2], names[:2]
    if kind == "clogit":
        options.setdefault("strata", STRATA[: len(y)])
    return estimate(kind, y, design, names=names, **options)


@pytest.mark.parametrize("kind", KINDS)
def test_the_simulated_truth_is_within_four_standard_errors(kind, design, outcomes):
    truth = {
        "negbin": [*SLOPES, np.log(0.5)], "zip": [*SLOPES, *ZERO], "zinb": [*SLOPES, *ZERO, np.log(0.5)],
        "hurdle": [*SLOPES, *ZERO], "logit": SLOPES, "cloglog": SLOPES - [0, 0, np.log(4)], "clogit": SLOPES[:2],
        "ordered": [*SLOPES[:2], -1, 0, 1.5],
    }[kind]  # fmt: skip
    found = fitted(kind, outcomes[kind], design)
    error = np.sqrt(np.diag(found.bread))
    assert (np.abs(found.params - truth) < 4 * error).all()
    assert (error < 0.4).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_zero_at_the_maximum(kind, design, outcomes):
    found = fitted(kind, outcomes[kind], design)
    slope = found.scores.sum(axis=0)
    assert found.scores.shape == (N, len(found.names))
    # In standard errors of each coefficient.
    assert np.abs(slope * np.sqrt(np.diag(found.bread))).max() < 1e-8


@pytest.mark.parametrize(
    ("rows", "n_predictors"),
    [(_negbin_rows, 2), (_truncated_rows, 1), (lambda y: _inflated(_poisson_rows(y), y, 1), 2),
     (lambda y: _inflated(_negbin_rows(y), y, 2), 3)],
    ids=["negbin", "truncated", "zip", "zinb"],
)  # fmt: skip
def test_derivatives_of_counts_are_those_of_the_log_likelihood(rows, n_predictors):
    y = np.array([1.0, 2, 7, 40, 3]) if rows is _truncated_rows else np.array([0.0, 0, 1, 7, 40])
    at = np.column_stack([[-1.0, 0.3, 0.8, 2, 3], [-2.0, 1.5, 0.2, -0.5, 0.1], np.full(5, -0.4)])[:, :n_predictors]
    if rows is _negbin_rows:
        at[:, 1] = -0.4
    function = rows(y)
    step = 1e-5
    # The last predictor of a negative binomial is one number for all rows.
    moves = [np.full((5, 1), step) * np.eye(n_predictors)[j] for j in range(n_predictors)]
    slope = np.stack([(function(at + move)[0] - function(at - move)[0]) / (2 * step) for move in moves], axis=1)
    bend = np.stack([(function(at + move)[1] - function(at - move)[1]) / (2 * step) for move in moves], axis=2)
    np.testing.assert_allclose(function(at)[1], slope, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(function(at)[2], bend, rtol=1e-7, atol=1e-8)


def numerical_bread(kind, y, design, found):
    """Invert the Hessian of log-likelihoods in closed form from scipy, by central differences of fourth order."""
    from scipy import stats
    from scipy.special import expit

    k = design.shape[1]

    def log_likelihood(params):
        mean, share = np.exp(design @ params[:k]), expit(design @ params[k : 2 * k])
        if kind == "zip":
            return np.log(share * (y == 0) + (1 - share) * stats.poisson.pmf(y, mean)).sum()
        if kind == "zinb":
            size = np.exp(-params[-1])
            return np.log(share * (y == 0) + (1 - share) * stats.nbinom.pmf(y, size, size / (size + mean))).sum()
        positive = np.log(share) + stats.poisson.logpmf(y, mean) - np.log(-np.expm1(-mean))
        return np.where(y > 0, positive, np.log(1 - share)).sum()

    steps = 0.02 * np.sqrt(np.diag(found.bread))
    n = len(steps)

    def second(i, j, width):
        a, b = width * steps[i] * np.eye(n)[i], width * steps[j] * np.eye(n)[j]
        corners = [log_likelihood(found.params + s * a + t * b) * s * t for s in (1, -1) for t in (1, -1)]
        return sum(corners) / (4 * width**2 * steps[i] * steps[j])

    hessian = np.array([[(4 * second(i, j, 1) - second(i, j, 2)) / 3 for j in range(n)] for i in range(n)])
    return np.linalg.inv(-hessian), log_likelihood(found.params)


@pytest.mark.parametrize("kind", ["zip", "zinb", "hurdle"])
def test_standard_errors_of_two_part_models_are_those_of_a_numerical_hessian(kind, design, outcomes):
    found = fitted(kind, outcomes[kind], design)
    bread, log_likelihood = numerical_bread(kind, outcomes[kind], design, found)
    np.testing.assert_allclose(np.sqrt(np.diag(found.bread)), np.sqrt(np.diag(bread)), rtol=2e-6)
    assert found.log_likelihood == pytest.approx(log_likelihood, rel=1e-12)


def test_the_hurdle_is_the_product_of_a_logit_and_a_truncated_poisson(design, outcomes):
    y = outcomes["hurdle"]
    found = fitted("hurdle", y, design)
    alone = fitted("logit", (y > 0).astype(int), design)
    some = y > 0
    truncated = climb(RowLikelihood((design[some],), _truncated_rows(y[some]), np.ones(some.sum())), np.zeros(3))
    np.testing.assert_allclose(found.params, [*truncated.params, *alone.params], rtol=1e-9)
    np.testing.assert_allclose(found.bread[3:, 3:], alone.bread, rtol=1e-9)
    assert found.log_likelihood == pytest.approx(alone.log_likelihood + truncated.log_likelihood, rel=1e-12)
    assert not found.bread[:3, 3:].any()


def test_a_conditional_logit_adds_over_all_ways_of_choosing_the_ones(design):
    # Two ones among four rows: six ways, written out.
    from itertools import combinations

    x, y = design[:40, :1], np.tile([1, 1, 0, 0], 10)
    strata = np.repeat(np.arange(10), 4)
    found = estimate("clogit", y, x, names=["x1"], strata=strata)

    def log_likelihood(b):
        odds = (x[:, 0] * b).reshape(10, 4)
        ways = np.stack([odds[:, list(chosen)].sum(axis=1) for chosen in combinations(range(4), 2)])
        return (odds[:, 0] + odds[:, 1] - np.log(np.exp(ways).sum(axis=0))).sum()

    b, step = found.params[0], 1e-4
    assert found.log_likelihood == pytest.approx(log_likelihood(b), rel=1e-13)
    assert max(log_likelihood(b + move) for move in (-1e-3, 1e-3)) < found.log_likelihood
    bend = (log_likelihood(b + step) - 2 * log_likelihood(b) + log_likelihood(b - step)) / step**2
    assert found.bread[0, 0] == pytest.approx(-1 / bend, rel=1e-6)


def test_ones_in_the_majority_are_counted_as_zeros(design, outcomes):
    y = outcomes["clogit"]
    found, turned = fitted("clogit", y, design), fitted("clogit", 1 - y, design)
    np.testing.assert_allclose(found.params, -turned.params, rtol=1e-10)
    np.testing.assert_allclose(found.scores, -turned.scores, atol=1e-10)


def test_strata_without_variation_are_counted_and_have_no_score(design, outcomes):
    y = outcomes["clogit"].copy()
    y[:20], y[20:30] = 1, 0
    is_dull = np.isin(STRATA, [s for s in range(N // 10) if not np.ptp(y[s == STRATA])])
    found = fitted("clogit", y, design)
    kept = fitted("clogit", y[~is_dull], design[~is_dull], strata=STRATA[~is_dull])
    np.testing.assert_allclose(found.params, kept.params, rtol=1e-12)
    assert not found.scores[is_dull].any()
    assert dict(found.notes[0].values) == {"strata": str(is_dull.sum() // 10), "all": "150", "rows": f"{is_dull.sum()}"}
    assert all(f"{is_dull.sum()}" in found.notes[0].text(lang) for lang in LANGS)
    assert not kept.notes


def test_a_conditional_logit_of_pairs_is_a_logit_of_differences(design):
    # Chamberlain (1980): with two rows a stratum, conditioning leaves a logit of x1 - x0 without an intercept.
    x = design[:400, :2].reshape(200, 2, 2)
    y = np.tile([1, 0], 200)
    found = estimate("clogit", y, x.reshape(-1, 2), names=["x1", "x2"], strata=np.repeat(np.arange(200), 2))
    sign = np.where(np.arange(200) % 2, 1, -1)
    plain = estimate("logit", (sign > 0).astype(int), (x[:, 0] - x[:, 1]) * sign[:, None], names=["x1", "x2"])
    np.testing.assert_allclose(found.params, plain.params, rtol=1e-9)
    np.testing.assert_allclose(found.bread, plain.bread, rtol=1e-9)
    # A stratum is one observation, so that its score stands once.
    np.testing.assert_allclose(found.scores[::2], plain.scores, atol=1e-10)
    assert not found.scores[1::2].any()


def test_two_ordered_categories_are_a_logit(design, outcomes):
    y = outcomes["logit"]
    found, plain = fitted("ordered", y + 4, design), fitted("logit", y, design)
    np.testing.assert_allclose(found.params, [*plain.params[:2], -plain.params[2]], rtol=1e-8)
    assert found.names == ("x1", "x2", "cut 4|5")


def test_a_sparse_count_regression_with_an_intercept_alone_has_the_known_answer():
    # Zeros 60 %, mean 1: a ZIP's score equations give mean / (1 - exp(-mean)) = mean of the positive counts.
    y = np.repeat([0, 1, 2, 3, 4], [60, 12, 10, 8, 10])
    found = estimate("zip", y, np.ones((100, 1)), names=["intercept"])
    mean, share = np.exp(found.params[0]), 1 / (1 + np.exp(-found.params[1]))
    assert mean / -np.expm1(-mean) == pytest.approx(y.sum() / 40, rel=1e-9)
    assert share + (1 - share) * np.exp(-mean) == pytest.approx(0.6, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_of_two_is_a_row_given_twice(kind, design, outcomes):
    y = outcomes[kind]
    weights = np.where(STRATA % 2, 2.0, 1.0)
    found = fitted(kind, y, design, weights=weights)
    twice = np.repeat(np.arange(N), weights.astype(int))
    options = {}
    if kind == "clogit":
        # A second copy of a stratum is a stratum of its own.
        second = np.flatnonzero(weights == 2)
        twice = np.concatenate([np.arange(N), second])
        options["strata"] = np.concatenate([STRATA, STRATA[second] + 1000])
    doubled = fitted(kind, y[twice], design[twice], **options)
    np.testing.assert_allclose(found.params, doubled.params, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found.bread, doubled.bread, rtol=1e-6, atol=1e-10)
    assert found.log_likelihood == pytest.approx(doubled.log_likelihood, rel=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_units_of_a_term_change_its_coefficient_and_nothing_else(kind, design, outcomes):
    y = outcomes[kind]
    scaled = design * [1e-4, 1e5, 1]
    plain, found = fitted(kind, y, design), fitted(kind, y, scaled)
    factor = np.ones(len(plain.names))
    for at, name in enumerate(plain.names):
        factor[at] = 1e-4 if name.endswith("x1") else 1e5 if name.endswith("x2") else 1
    np.testing.assert_allclose(found.params * factor, plain.params, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(np.sqrt(np.diag(found.bread)) * factor, np.sqrt(np.diag(plain.bread)), rtol=1e-6)


def test_parameters_are_named_by_their_part(design, outcomes):
    both = tuple(f"{part}: {name}" for part in ("count", "zero") for name in ("x1", "x2", "intercept"))
    assert fitted("zip", outcomes["zip"], design).names == both
    assert fitted("hurdle", outcomes["hurdle"], design).names == both
    assert fitted("zinb", outcomes["zinb"], design).names == (*both, "ln_alpha")
    assert fitted("negbin", outcomes["negbin"], design).names == ("x1", "x2", "intercept", "ln_alpha")
    assert fitted("ordered", outcomes["ordered"] * 2, design).names[2:] == ("cut 0|2", "cut 2|4", "cut 4|6")


# What cannot be estimated


def refused(key, kind, y, design, **options):
    with pytest.raises(NotEstimable) as trouble:
        fitted(kind, y, design, **options)
    assert trouble.value.message.key == f"likelihood.{key}"
    told = [trouble.value.message.text(lang) for lang in LANGS]
    assert "{" not in "".join(told)
    return str(trouble.value)


@pytest.mark.parametrize("kind", ["logit", "cloglog", "clogit", "ordered"])
def test_complete_separation_names_the_term(kind, design):
    y = np.digitize(design[:, 0], [-0.5, 0.7]) if kind == "ordered" else (design[:, 0] > 0.1).astype(int)
    told = refused("separated_completely", kind, y, design)
    assert "by x1:" in told


@pytest.mark.parametrize("kind", ["logit", "cloglog", "clogit", "ordered"])
@pytest.mark.parametrize("value", [0, 1])
def test_quasi_complete_separation_names_the_term_and_counts_the_rows(kind, value, design, outcomes):
    y = outcomes[kind].copy()
    flag = np.arange(N) % 30 == 4
    y[flag] = value * y.max()
    told = refused("separated", kind, y, np.column_stack([design[:, 0], flag, np.ones(N)]))
    assert "by x2:" in told
    if kind in ("logit", "cloglog"):
        assert "50 of 1500" in told.replace(",", "")


def test_overlap_in_one_row_is_no_separation(design):
    y = (design[:, 0] > 0).astype(int)
    first = int(np.argmin(np.abs(design[:, 0] + 0.5)))
    y[first] = 1
    found = fitted("logit", y, design)
    assert found.params[0] > 5
    signed = design * np.where(y == 1, 1, -1)[:, None]
    assert direction(signed) is None
    assert not is_complete(signed)


def test_counts_that_are_zero_in_all_rows_of_a_group_have_no_estimate(design, outcomes):
    flag = np.arange(N) < 60
    columns = np.column_stack([design[:, 0], flag, np.ones(N)])
    for kind in ("negbin", "zip", "zinb"):
        y = np.where(flag, 0, outcomes[kind])
        assert "x2" in refused("unbounded", kind, y, columns)
    assert "x2" in refused("zero_among_positive", "hurdle", np.where(flag, 0, outcomes["hurdle"]), columns)
    above = np.where(flag, 1 + outcomes["hurdle"], outcomes["hurdle"])
    assert "zero: x2" in refused("separated", "hurdle", above, columns)


def test_counts_less_dispersed_than_poisson_are_sent_to_poisson(design):
    y = np.tile([0, 1, 1, 2, 1], N // 5)
    assert "use poisson" in refused("no_overdispersion", "negbin", y, design)


def test_counts_without_excess_zeros_have_no_zero_inflated_estimate(design):
    # Fewer zeros than a Poisson of the same mean has, whatever the terms.
    y = np.tile([0, *[3] * 29], N // 30)
    for kind in ("zip", "zinb"):
        with pytest.raises(NotEstimable) as trouble:
            estimate(kind, y, np.ones((N, 1)), names=["intercept"])
        assert trouble.value.message.key in ("likelihood.no_excess_zeros", "likelihood.no_overdispersion")


@pytest.mark.parametrize("kind", ["negbin", "zip", "zinb", "hurdle"])
@pytest.mark.parametrize("value", [-1.0, 0.5])
def test_what_is_not_a_count_is_refused_with_its_number_of_rows(kind, value, design, outcomes):
    y = outcomes[kind].astype(float)
    y[[3, 8]] = value
    told = refused("not_a_count", kind, y, design)
    assert "2 of 1,500" in told
    assert f"{value:g}" in told


@pytest.mark.parametrize("kind", ["negbin", "zinb"])
def test_counts_beyond_a_million_are_refused_rather_than_summed(kind, design, outcomes):
    y = outcomes[kind].copy()
    y[3] = 1_000_001
    assert "counts up to 1,000,000; 1 rows are larger" in refused("count_too_large", kind, y, design)


@pytest.mark.parametrize("kind", ["logit", "cloglog", "clogit"])
def test_an_outcome_other_than_zero_and_one_is_refused(kind, design, outcomes):
    y = outcomes[kind].copy()
    y[5] = 2
    assert "1 of 1,500 rows have another value, such as 2" in refused("not_binary", kind, y, design)


@pytest.mark.parametrize("kind", KINDS)
def test_an_outcome_without_variation_is_refused(kind, design):
    key = "one_category" if kind == "ordered" else "outcome_constant"
    assert "all 1,500 rows are 1" in refused(key, kind, np.ones(N), design)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_infinite_and_missing_values_are_named_and_counted(kind, value, design, outcomes):
    broken = design.copy()
    broken[[1, 2], 1] = value
    assert "x2 (2 rows)" in refused("not_finite", kind, outcomes[kind], broken)


@pytest.mark.parametrize("kind", KINDS)
def test_a_term_that_the_others_explain_is_named(kind, design, outcomes):
    columns = np.column_stack([design[:, 0], 3 * design[:, 0], np.ones(N)])
    assert "x2" in refused("collinear", kind, outcomes[kind], columns)


def test_terms_without_variation_are_named_where_cuts_or_strata_stand_for_the_intercept(design, outcomes):
    columns = np.column_stack([design[:, 0], np.ones(N), np.ones(N)])
    assert "x2" in refused("constant_beside_cuts", "ordered", outcomes["ordered"], columns)
    by_stratum = np.column_stack([design[:, 0], 0.1 * STRATA, np.ones(N)])
    assert "x2" in refused("constant_within_strata", "clogit", outcomes["clogit"], by_stratum)
    zero = np.column_stack([design[:, 0], np.zeros(N), np.ones(N)])
    assert "x2" in refused("zero_term", "logit", outcomes["logit"], zero)


def test_models_of_zeros_need_zeros_and_a_hurdle_counts_above_one(design, outcomes):
    for kind in ("zip", "zinb", "hurdle"):
        refused("no_zero", kind, outcomes[kind] + 1, design)
    assert "use logit" in refused("no_count_above_one", "hurdle", outcomes["logit"], design)


def test_strata_that_never_vary_have_nothing_to_estimate_from(design):
    refused("no_stratum_varies", "clogit", STRATA % 2, design)


def test_weights_are_positive_and_one_a_stratum(design, outcomes):
    weights = np.ones(N)
    weights[4] = 0
    assert "1 of 1,500" in refused("weights", "logit", outcomes["logit"], design, weights=weights)
    weights[4] = 2
    refused("weights_in_strata", "clogit", outcomes["clogit"], design, weights=weights)


def test_rows_that_leave_fewer_than_ten_degrees_of_freedom_are_refused(design, outcomes):
    few = np.array([0, 1, 2, 3, 0, 1])
    assert "6 rows leave fewer than 10 degrees of freedom beside 7 parameters" in refused("few_rows", "zinb", few, design[:6])
    refused("no_row", "logit", np.array([]), design[:0])


def test_arrays_that_do_not_belong_together_are_an_error_of_the_caller(design, outcomes):
    y = outcomes["logit"]
    with pytest.raises(UsageError, match="not one of negbin"):
        estimate("probit", y, design, names=["a", "b", "c"])
    with pytest.raises(UsageError, match="strata are needed"):
        estimate("clogit", y, design, names=["a", "b", "c"])
    with pytest.raises(UsageError, match="strata are needed"):
        estimate("logit", y, design, names=["a", "b", "c"], strata=STRATA)
    with pytest.raises(UsageError, match="2 names for 3 columns"):
        estimate("logit", y, design, names=["a", "b"])
    with pytest.raises(UsageError, match="distinct"):
        estimate("logit", y, design, names=["a", "b", "a"])
    with pytest.raises(UsageError, match="as long as the outcome"):
        estimate("logit", y, design, names=["a", "b", "c"], weights=np.ones(3))
    with pytest.raises(UsageError, match=r"\(N,\) and \(N, K\)"):
        estimate("logit", y[:5], design, names=["a", "b", "c"])


def test_a_climb_that_is_cut_short_gives_no_number(design, outcomes, monkeypatch):
    monkeypatch.setattr("helpers.models.likelihood.newton.STEPS", 2)
    told = refused("not_converged", "cloglog", outcomes["cloglog"], design)
    assert "did not converge in 2 steps" in told


def test_estimates_do_not_depend_on_the_hash_seed():
    code = (
        "import numpy as np\nfrom helpers.models.likelihood import estimate\n"
        "rng = np.random.default_rng(2)\nx = np.column_stack([rng.normal(size=(300, 2)), np.ones(300)])\n"
        "y = rng.negative_binomial(2, 0.4, size=300) * (rng.random(300) < 0.6)\n"
        "one = estimate('zinb', y, x, names=['b', 'a', 'intercept'])\n"
        "two = estimate('clogit', np.minimum(y, 1), x[:, :2], names=['b', 'a'], strata=np.arange(300) // 6)\n"
        "print(one.names, one.params.tobytes().hex(), one.bread.tobytes().hex(), two.bread.tobytes().hex())"
    )
    found = set(printed_under_two_hash_seeds(code))
    assert len(found) == 1
    assert found.pop()


# R: MASS, pscl, survival and stats, by tests/peers/r_likelihood.R

# Relative; where R itself stops: theta at the fourth root of machine precision, glm's steps for a cloglog.
DIGITS = {"negbin": (1e-9, 2e-7), "cloglog": (1e-8, 1e-8)}


def on_peers_data(kind: str):
    """Return our estimate of the specification that R fitted, in R's order of parameters."""
    is_firm = kind in ("logit", "ordered")
    data = pd.read_csv(peer_numbers.PEERS / ("firms.csv" if is_firm else "firm_years.csv"))
    outcome = {"logit": "hnte", "cloglog": "hnte", "clogit": "hnte", "ordered": "stars"}.get(kind, "patents")
    terms = ["score", "ln_employees", "age"][: 2 if kind == "clogit" else 3]
    design, names = data[terms].to_numpy(dtype=float), terms
    if kind not in ("clogit", "ordered"):
        design, names = np.column_stack([np.ones(len(data)), design]), ["intercept", *terms]
    strata = data["firm"].to_numpy() if kind == "clogit" else None
    return estimate(kind, data[outcome].to_numpy(), design, names=names, strata=strata)


@pytest.mark.parametrize("kind", KINDS)
def test_coefficients_standard_errors_and_likelihood_are_those_of_r(kind):
    peer = peer_numbers.peer("likelihood").query("case == @kind")
    found = on_peers_data(kind)
    in_words = {"(Intercept)": "intercept"}
    for part in ("count", "zero"):
        in_words |= {f"{part}_{name}": f"{part}: {name}" for name in ("score", "ln_employees", "age")}
        in_words[f"{part}_(Intercept)"] = f"{part}: intercept"
    in_words |= {f"{cut}|{cut + 1}": f"cut {cut}|{cut + 1}" for cut in range(3)}
    assert [in_words.get(term, term) for term in peer["term"]] == list(found.names)
    for_estimate, for_error = DIGITS.get(kind, (1e-9, 3e-8))
    np.testing.assert_allclose(found.params, peer["estimate"], rtol=for_estimate)
    np.testing.assert_allclose(np.sqrt(np.diag(found.bread)), peer["std_error"], rtol=for_error)
    np.testing.assert_allclose(found.log_likelihood, peer["log_likelihood"], rtol=1e-12)


@pytest.mark.parametrize("kind", ["zip", "zinb", "hurdle"])
def test_what_pscl_prints_is_within_its_own_tolerance(kind):
    peer = peer_numbers.peer("likelihood").query("case == @kind and term != 'ln_alpha'")
    found = on_peers_data(kind)
    np.testing.assert_allclose(found.params[: len(peer)], peer["program_estimate"], rtol=5e-4)
    error = np.sqrt(np.diag(found.bread))[: len(peer)]
    np.testing.assert_allclose(error, peer["program_std_error"], rtol=5e-3)


# sandwich takes pscl's and polr's own Hessian, of coarse differences; R's zinb leaves the score of theta out of the meat.
CLUSTERED = {"negbin": 1e-9, "logit": 1e-9, "cloglog": 1e-8, "ordered": 5e-5, "zip": 3e-4, "hurdle": 3e-4, "zinb": 6e-3}


@pytest.mark.parametrize("kind", CLUSTERED)
def test_sandwiches_of_scores_by_cluster_are_those_of_r(kind):
    peer = peer_numbers.peer("likelihood").query("case == @kind and term != 'ln_alpha'")
    found = on_peers_data(kind)
    grid = pd.read_csv(peer_numbers.PEERS / ("firms.csv" if kind in ("logit", "ordered") else "firm_years.csv"))["grid"]
    scores = pd.DataFrame(found.scores).groupby(grid.to_numpy()).sum().to_numpy(copy=True)
    if kind == "zinb":
        scores[:, -1] = 0
    covariance = found.bread @ (scores.T @ scores) @ found.bread
    np.testing.assert_allclose(np.sqrt(np.diag(covariance))[: len(peer)], peer["clustered"], rtol=CLUSTERED[kind])
