"""Distance to the R&D thresholds by hand, and heaping at a threshold against an independent program."""

import numpy as np
import pandas as pd
import pytest
from exact_samples import FIRMS, peer

from helpers import panel
from helpers.errors import InputError
from helpers.models import density_at_threshold


def firm(name: str, *years: tuple) -> pd.DataFrame:
    rows = [(name, year, revenue, rd) for year, revenue, rd in years]
    return pd.DataFrame(rows, columns=["uscc", "year", "revenue_10k_cny", "rd_expense_10k_cny"])


def test_three_years_of_rd_are_compared_with_the_threshold_of_the_last_years_sales():
    given = pd.concat([
        firm("small", (2019, 1000, 90), (2020, 1000, 30), (2021, 5000, 280)),
        firm("middle", (2019, 9000, 300), (2020, 9000, 300), (2021, 20000, 900)),
        firm("large", (2019, 9000, 300), (2020, 9000, 300), (2021, 20001, 900)),
        firm("gap", (2019, 9000, 300), (2021, 9000, 300), (2022, 9000, 300)),
        firm("blank", (2019, 9000, None), (2020, 9000, 300), (2021, 9000, 300)),
        firm("no sales", (2019, 0, 1), (2020, 0, 1), (2021, 0, 1)),
    ])  # fmt: skip
    found = panel.rd_distance(given).set_index("uscc")
    assert found["year"].to_dict() == {"small": 2021, "middle": 2021, "large": 2021}
    assert found["threshold_pct"].to_dict() == {"small": 5, "middle": 4, "large": 3}
    # 400 of 7,000; 1,500 of 38,000; 1,500 of 38,001.
    expected = [400 / 70 - 5, 1500 / 380 - 4, 150000 / 38001 - 3]
    assert found["distance"].tolist() == pytest.approx(expected)


def heaped() -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.concatenate([rng.normal(0.3, 2, 1500), rng.uniform(0, 0.3, 60)])


@pytest.mark.parametrize(
    ("bandwidth", "left", "right"),
    [(1.0, 0.18509746503822555, 0.3882478427194087), (2.0, 0.1964854244086638, 0.35606913724653566)],
)
def test_densities_agree_with_the_authors_program(bandwidth, left, right):
    # rddensity 3.0 (Python, numpy 2.4.6): h=[h, h], p=2, q=3, triangular, regularize=False, massPoints=False; its
    # estimate of order 3 on the same numbers.
    found = density_at_threshold(heaped(), bandwidth=bandwidth, order=3, draws=99, seed=1)
    assert (found.left, found.right) == pytest.approx((left, right), rel=1e-9)


@pytest.mark.parametrize("bandwidth", [0.5, 1])
def test_densities_and_their_errors_agree_with_the_authors_program_on_firms(bandwidth):
    # Its estimates are those of order 3; its error is a jackknife's, ours a bootstrap's.
    apart = (FIRMS["score"] + FIRMS["firm"] / 1e6).to_numpy()
    found = density_at_threshold(apart, bandwidth=bandwidth, order=3, draws=999, seed=1)
    case = f"rddensity_{bandwidth}"
    assert [found.left, found.right, found.difference] == pytest.approx(peer(case, "left", "right", "difference"), rel=1e-9)
    assert found.std_error == pytest.approx(*peer(case, "difference", column="std_error"), rel=0.1)


def test_heaping_is_found_and_a_smooth_density_is_not():
    found = density_at_threshold(heaped(), bandwidth=1.0, seed=2)
    assert found.conf_low > 0 and found.p_value < 0.01 and found.binomial_p < 0.01
    smooth = density_at_threshold(np.random.default_rng(5).normal(0.3, 2, 1500), bandwidth=1.0, seed=2)
    assert smooth.conf_low < 0 < smooth.conf_high
    assert found == density_at_threshold(heaped(), bandwidth=1.0, seed=2)


def test_the_interval_holds_no_difference_as_often_as_it_says():
    rng = np.random.default_rng(8)
    held = [
        found.conf_low <= 0 <= found.conf_high
        for found in (density_at_threshold(rng.normal(0, 2, 400), bandwidth=2.0, draws=99, seed=n) for n in range(120))
    ]
    assert 0.88 <= np.mean(held) <= 0.995


def test_too_few_units_are_refused_with_their_number():
    with pytest.raises(InputError, match="3 units below and 20 above within 1"):
        density_at_threshold(np.concatenate([[-0.1, -0.2, -0.3], np.linspace(0, 0.9, 20)]), bandwidth=1.0, seed=1)


def test_infinite_distances_and_sides_of_one_value_are_refused():
    with pytest.raises(InputError, match="1 of 101 distances are infinite"):
        density_at_threshold(np.append(np.linspace(-1, 1, 100), np.inf), bandwidth=1.0, seed=1)
    with pytest.raises(InputError, match="too few values"):
        density_at_threshold(np.concatenate([np.full(20, -0.5), np.linspace(0, 0.9, 20)]), bandwidth=1.0, seed=1)


def test_no_unit_next_to_the_cutoff_is_no_evidence():
    away = np.concatenate([np.linspace(-0.9, -0.3, 40), np.linspace(0.3, 0.9, 40)])
    assert density_at_threshold(away, bandwidth=1.0, draws=49, seed=1).binomial_p == 1
