"""Bunching against counts of which the moved mass is known, and its interval over seeds."""

import numpy as np
import pytest

from helpers.errors import UsageError
from helpers.models.bunching import bunching
from helpers.models.result import NotEstimable


def moved(units: int) -> np.ndarray:
    """Return distances with a quadratic count by bin, of which `units` just below zero were moved just above."""
    middle = np.arange(-4, 4, 0.25) + 0.125
    counts = (400 - 8 * middle + 4 * middle**2).round().astype(int)
    counts[15] -= units
    counts[16] += units
    return np.repeat(middle, counts)


def test_the_mass_moved_over_the_notch_is_found():
    found = bunching(moved(90), seed=1)
    table = found.table.set_index("term")["estimate"]
    assert (table["excess"], table["missing"]) == pytest.approx((90, 90), abs=1.5)
    above = found.bins[found.bins["is_excluded"] & (found.bins["lower_edge"] >= 0)]
    assert table["relative_excess"] == pytest.approx(table["excess"] / above["counterfactual"].mean())
    assert found.n_obs == found.bins["n_obs"].sum() and found.warnings == ()


def test_a_smooth_distribution_has_no_excess():
    table = bunching(moved(0), seed=1).table.set_index("term")
    assert abs(table.loc["excess", "estimate"]) < 1.5 and table.loc["excess", "conf_low"] < 0 < table.loc["excess", "conf_high"]


def test_the_interval_holds_no_excess_as_often_as_it_says():
    rng = np.random.default_rng(2)
    tables = [bunching(rng.normal(0.5, 3, 3000), draws=199, seed=n).table.set_index("term") for n in range(150)]
    held = [one.loc["excess", "conf_low"] <= 0 <= one.loc["excess", "conf_high"] for one in tables]
    assert 0.88 <= np.mean(held) <= 0.99


def test_years_of_one_firm_are_drawn_together():
    once = moved(90)
    firm = np.concatenate([np.arange(len(once))] * 3)
    thrice = bunching(np.concatenate([once] * 3), cluster=firm, seed=1).table.set_index("term")["std_error"]
    apart = bunching(np.concatenate([once] * 3), seed=1).table.set_index("term")["std_error"]
    single = bunching(once, seed=1).table.set_index("term")["std_error"]
    assert thrice["excess"] == pytest.approx(3 * single["excess"], rel=0.1)
    assert apart["excess"] == pytest.approx(np.sqrt(3) * single["excess"], rel=0.1)


def test_units_on_the_notch_are_above_it_and_holes_are_counted():
    found = bunching(np.concatenate([moved(0), np.zeros(250), [np.nan] * 4, [9.0, -9.0]]), seed=1)
    at_zero = found.bins.set_index("lower_edge").loc[0.0, "n_obs"]
    assert at_zero == bunching(moved(0), seed=1).bins.set_index("lower_edge").loc[0.0, "n_obs"] + 250
    assert found.n_missing == 4 and found.n_obs == len(moved(0)) + 250
    assert found.warnings[0].key == "sensitivity.mass_unbalanced"


def test_too_few_units_or_bins_and_infinite_distances_are_refused():
    with pytest.raises(NotEstimable, match="only 20 units"):
        bunching(np.linspace(-1, 1, 20), seed=1)
    with pytest.raises(NotEstimable, match="only 4 bins"):
        bunching(moved(0), reach=1.5, seed=1)
    with pytest.raises(NotEstimable, match="infinite"):
        bunching(np.append(moved(0), np.inf), seed=1)
    hole = moved(0)
    with pytest.raises(NotEstimable, match="not positive"):
        bunching(hole[np.abs(hole) > 2], excluded=(-1.0, 0.5), order=6, seed=1)
    for wrong in ({"excluded": (0.5, 1.0)}, {"excluded": (-1.0, 0.9)}, {"bin_width": 0.3}, {"reach": 0.5}):
        with pytest.raises(UsageError):
            bunching(moved(0), seed=1, **wrong)
