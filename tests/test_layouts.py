"""Where trees and networks are drawn, on a handful of points."""

import numpy as np
import pandas as pd
import pytest

from helpers.figures.layouts import packed, radial


def test_the_node_with_most_leaves_stands_in_the_middle_and_those_above_it_on_top():
    codes = ["root", "hub", "side", *(f"leaf{number}" for number in range(8)), "below"]
    parent = pd.Series([None, "root", "root", *["hub"] * 8, "leaf7"], index=codes)
    found = radial(parent, codes)
    assert found.loc["hub", ["x", "y"]].tolist() == [0, 0]
    assert found.loc["root", ["x", "y"]].tolist() == pytest.approx([0, 0.5**0.6])
    assert found["ring"].drop(["root", "hub"]).tolist() == [1, *[1] * 8, 2]
    # Nine leaves at equal angles, a parent in the middle of what is below it.
    leaves = found.drop(["root", "hub", "leaf7"])["angle"].sort_values()
    assert np.diff(leaves) == pytest.approx([2 * np.pi / 9] * 8)
    assert found.loc["leaf7", "angle"] == found.loc["below", "angle"]


def test_several_roots_stand_in_the_first_ring():
    parent = pd.Series([None, None, "a", "b"], index=["a", "b", "c", "d"])
    found = radial(parent, ["a", "b", "c", "d"])
    assert found["ring"].tolist() == [1, 1, 2, 2]


def test_the_parts_of_a_network_do_not_lie_on_one_another():
    firms = pd.DataFrame({"uscc": list("abcdefg"), "component": [0, 0, 0, 1, 1, 2, 2]})
    ties = pd.DataFrame({"firm_a": list("abdf"), "firm_b": list("bceg")})
    found = packed(firms, ties)
    assert found.index.tolist() == list("abcdefg")
    assert found.loc[list("abc"), "x"].between(0, 1).all()
    assert (found.loc[list("defg"), "x"] > 1).all()
    first, second = found.loc[list("de")], found.loc[list("fg")]
    assert first["x"].max() < second["x"].min()
    assert found["y"].between(0, 1).all()
    assert packed(firms.head(0), ties.head(0)).empty
