"""Mediation against exact samples with known errors, the delta method, and data that have no answer."""

import numpy as np
import pandas as pd
import pytest
from exact_samples import FIRMS, orthogonal, peer

from helpers.errors import UsageError
from helpers.models import fit
from helpers.models.mediation import mediation
from helpers.models.result import NotEstimable

ASKED = {"outcome": "y", "exposure": "x", "mediator": "m", "seed": 1}


def exact(rho: float, n: int = 300) -> pd.DataFrame:
    """Return data with a = 0.5, b = 0.4, c = 0.3 and errors correlated by exactly `rho` in the sample."""
    x, e, u = orthogonal(n, 3, 2).T
    m = 1 + 0.5 * x + e
    return pd.DataFrame({"x": x, "m": m, "y": 2 + 0.3 * x + 0.4 * m + 2 * (rho * e + np.sqrt(1 - rho**2) * u)})


def effects(found) -> pd.Series:
    return found.table.set_index("term")["estimate"]


def test_effects_are_the_products_of_the_paths():
    found = effects(mediation(exact(0.0), **ASKED))
    assert found.to_dict() == pytest.approx({"acme": 0.2, "ade": 0.3, "total": 0.5, "proportion": 0.4})


@pytest.mark.parametrize("rho", [-0.4, 0.3, 0.6])
def test_the_curve_gives_the_true_effect_at_the_true_correlation(rho):
    curve = mediation(exact(rho), **ASKED, rhos=[0.0, rho]).curve.set_index("rho")["acme"]
    assert curve[rho] == pytest.approx(0.2) and abs(curve[0.0] - 0.2) > 0.05


def test_the_effect_is_zero_at_the_correlation_called_so():
    found = mediation(exact(0.2), **ASKED)
    again = mediation(exact(0.2), **ASKED, rhos=[found.rho_zero])
    assert again.curve.loc[0, "acme"] == pytest.approx(0, abs=1e-12)
    assert found.r2_product == pytest.approx(found.rho_zero**2)
    # No path: the correlation of the errors is all there is.
    x, e, u = orthogonal(300, 3, 2).T
    flat = pd.DataFrame({"x": x, "m": x + e, "y": x + 0.6 * e + 0.8 * u})
    assert mediation(flat, **ASKED).rho_zero == pytest.approx(0.6)


def panel(seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    firm = np.repeat(np.arange(60), 5)
    x, z = rng.normal(size=60)[firm] + rng.normal(size=300), rng.normal(size=300)
    m = 0.5 * x + z + rng.normal(size=60)[firm] + rng.normal(size=300)
    y = 0.3 * x + 0.4 * m + z + rng.normal(size=60)[firm] + rng.normal(size=300)
    return pd.DataFrame({"firm": firm, "year": np.tile(np.arange(5), 60), "x": x, "z": z, "m": m, "y": y})


def test_paths_and_their_errors_are_those_of_the_regressions():
    data = panel()
    found = mediation(data, **ASKED, controls=["z"], cluster="firm", draws=20_000)
    first = fit(data, outcome="m", exposure="x", controls=["z"], estimator="ols", cluster="firm").term("x")
    second = fit(data, outcome="y", exposure="m", controls=["x", "z"], estimator="ols", cluster="firm")
    assert (found.first_stage, found.mediator_slope) == pytest.approx((first["estimate"], second.term("m")["estimate"]))
    ade = found.table.set_index("term").loc["ade"]
    assert ade["estimate"] == pytest.approx(second.term("x")["estimate"])
    assert ade["std_error"] == pytest.approx(second.term("x")["std_error"], rel=0.02)
    whole = fit(data, outcome="y", exposure="x", controls=["z"], estimator="ols", cluster="firm").term("x")
    total = found.table.set_index("term").loc["total"]
    assert (total["estimate"], total["std_error"]) == (
        pytest.approx(whole["estimate"]), pytest.approx(whole["std_error"], rel=0.02))  # fmt: skip
    assert found.n_clusters == 60


def test_fixed_effects_are_in_both_equations():
    data = panel()
    found = mediation(data, **ASKED, controls=["z"], fixed_effects=["firm", "year"], cluster="firm")
    within = {"controls": ["z"], "fixed_effects": ["firm", "year"], "estimator": "ols", "cluster": "firm"}
    first = fit(data, outcome="m", exposure="x", **within).term("x")["estimate"]
    second = fit(data, outcome="y", exposure="m", **{**within, "controls": ["x", "z"]}).term("m")["estimate"]
    assert effects(found)["acme"] == pytest.approx(first * second)


def test_effects_and_curve_agree_with_the_authors_program():
    # medsens stops iterating at about 1e-5; its error is by the delta method, and mediate's draws are its own.
    rhos = [round(-0.9 + 0.1 * i, 1) for i in range(19)]
    found = mediation(FIRMS, outcome="rd", exposure="treated", mediator="ln_employees", controls=["age"], seed=1,
                      draws=9999, rhos=rhos)  # fmt: skip
    terms = ["acme", "ade", "total"]
    assert effects(found)[terms].tolist() == pytest.approx(peer("mediation", *terms), rel=1e-12)
    intervals = found.table.set_index("term").loc[terms, ["conf_low", "conf_high"]].to_numpy().ravel()
    theirs = peer("mediation_interval", *(f"{term} {end}" for term in terms for end in ("low", "high")))
    assert intervals == pytest.approx(theirs, abs=0.02)
    labels = [f"{rho:.1f}" for rho in rhos]
    assert found.curve["acme"].tolist() == pytest.approx(peer("medsens", *labels), rel=2e-4)
    before = found.curve["rho"] <= 0.2
    errors = (found.curve["conf_high"] - found.curve["conf_low"])[before] / 2 / 1.96
    assert errors.tolist() == pytest.approx(peer("medsens", *labels, column="std_error")[: before.sum()], rel=0.06)


def test_both_kinds_of_interval_agree_and_a_seed_gives_the_same_numbers():
    options = {**ASKED, "controls": ["z"], "cluster": "firm"}
    normal, drawn = (mediation(panel(), **options, interval=kind).table for kind in ("quasi_bayesian", "bootstrap"))
    assert drawn["std_error"][:3].to_numpy() == pytest.approx(normal["std_error"][:3].to_numpy(), rel=0.2)
    again = mediation(panel(), **options, interval="bootstrap").table
    pd.testing.assert_frame_equal(drawn, again)


def test_intervals_hold_the_truth_as_often_as_they_say():
    held = []
    for seed in range(120):
        table = mediation(panel(seed), **ASKED, controls=["z"], cluster="firm", draws=299).table.set_index("term")
        held.append(table.loc["acme", "conf_low"] <= 0.2 <= table.loc["acme", "conf_high"])
    assert 0.88 <= np.mean(held) <= 0.99


def test_what_has_to_hold_is_said_in_both_languages():
    said = mediation(exact(0.0), **ASKED).assumption
    assert "sequential ignorability" in said.text("en") and "序贯可忽略性" in said.text("zh")


def test_a_proportion_of_an_effect_that_may_be_zero_is_a_warning():
    noise = pd.DataFrame(orthogonal(80, 3, 4), columns=["x", "m", "y"]).assign(y=lambda rows: rows["y"] + 0.1 * rows["x"])
    assert mediation(noise, **ASKED).warnings[0].key == "sensitivity.proportion_undefined"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x": 1.0}, "no variation"),
        ({"m": lambda rows: 2 * rows["x"]}, "collinear"),
        ({"y": lambda rows: rows["x"] + rows["m"]}, "nothing is left"),
        ({"y": -np.inf}, "infinite"),
        ({"m": np.nan}, "no complete row"),
        ({"firm": 1}, "one cluster"),
    ],
)
def test_mediation_refuses_what_it_cannot_answer(change, words):
    with pytest.raises(NotEstimable, match=words):
        mediation(panel().assign(**change), **ASKED, cluster="firm")


def test_a_bootstrap_of_too_few_clusters_is_refused():
    rows = {"firm": [0, 0, 0, 1, 1, 1], "x": [0, 0, 0, 1, 1, 1], "m": [1, 2, 3, 2, 3, 5], "y": [1, 2, 2, 3, 5, 4]}
    with pytest.raises(NotEstimable, match="too few clusters for a bootstrap"):
        mediation(pd.concat([pd.DataFrame(rows)] * 5), **ASKED, cluster="firm", interval="bootstrap")


def test_wrong_options_of_a_mediation_are_refused():
    for wrong in ({"interval": "delta"}, {"draws": 10}, {"level": 0.0}, {"rhos": [1.0]}):
        with pytest.raises(UsageError):
            mediation(exact(0.0), **ASKED, **wrong)
