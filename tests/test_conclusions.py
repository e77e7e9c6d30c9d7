"""What stands around the answer on the findings page: worked out by hand from a few rows of estimates."""

from types import SimpleNamespace

import pandas as pd
import pytest

from helpers import tables

ZONE = SimpleNamespace(params=SimpleNamespace(study="zone"))


def rows(*intervals):
    """Return estimates of as many outcomes, each the middle of its interval."""
    found = [
        {"outcome": f"outcome_{n}", "exposure": "is_covered", "cluster": "uscc", "estimator": "poisson", "status": "estimated",
         "estimate": (low + high) / 2, "conf_low": low, "conf_high": high, "effect": 1.0, "effect_low": 0.0,
         "effect_high": 2.0, "detectable": 93.6, "n_units": 5, "n_obs": 50, "warnings": ()}
        for n, (low, high) in enumerate(intervals)
    ]  # fmt: skip
    return pd.DataFrame(found)


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        # The first is no outcome but itself; the third has its sign and holds zero; the fourth points the other way.
        ([(0.1, 0.5), (0.2, 0.3), (-0.1, 0.3), (-0.4, -0.2)], "of the 3 others 2 have an estimate of the same sign, 1 of"),
        ([(-0.5, -0.1), (-0.2, 0.1)], "of the 1 others 1 have an estimate of the same sign, 0 of them"),
        ([(-0.1, 0.5), (0.2, 0.3), (-0.1, 0.3)], "the first shows no distinguishable difference; of the 2 others 1 have"),
        ([(0.1, 0.5)], "of the 0 others 0 have"),
    ],
)
def test_other_outcomes_are_counted_without_the_first_and_only_where_it_has_a_direction(intervals, expected):
    said = tables.would_change(ZONE, rows(*intervals), "en")
    assert expected in said[0]


def test_what_more_firms_would_show_is_the_smallest_detectable_difference():
    assert "+94 %" in tables.would_change(ZONE, rows((0.1, 0.5)), "en")[1]


def test_numbers_behind_a_plot_are_called_differences_and_named_once():
    shown = rows((0.1, 0.5), (0.2, 0.3)).assign(effect=[20.0, 30.0], effect_low=[1.0, 2.0], effect_high=[40.0, 50.0])
    points = tables.coefficient_rows(shown, "en", estimator="poisson")
    assert list(tables.drawn(points, "en").columns) == ["Specification", "Difference", "Difference from", "Difference to"]
    two = pd.concat([shown, shown.assign(cluster="grid_id")])
    assert "Group" in tables.drawn(tables.coefficient_rows(two, "en", estimator="poisson"), "en")
