"""What an intruder can work out from published counts, and which cells have to go so that nothing follows."""

import numpy as np
import pandas as pd
import pytest

from helpers import disclosure
from helpers.disclosure import DisclosureError, attack
from helpers.disclosure.protection import CELL
from helpers.errors import UsageError


def relations(*sums: tuple[str, list[str]]) -> pd.DataFrame:
    """Return relations that say of each pair: the first is the sum of the others."""
    rows = [(str(place), cell, sign) for place, (whole, parts) in enumerate(sums)
            for cell, sign in [(whole, 1.0), *((part, -1.0) for part in parts)]]  # fmt: skip
    return pd.DataFrame(rows, columns=["relation", "cell", "coefficient"])


def cells(minimum: int = 10, unpublished: tuple[str, ...] = (), **values: float) -> pd.DataFrame:
    rows = {name: (value, value < minimum, name not in unpublished, 0) for name, value in values.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(CELL))


def test_a_single_hidden_cell_of_a_sum_is_known_exactly():
    values = pd.Series({"a": 3, "b": 30, "all": 33})
    found = disclosure.intervals(values, relations(("all", ["a", "b"])), hidden={"a"})
    assert found.loc["a"].tolist() == [3, 3]


def test_two_hidden_cells_of_a_sum_are_known_to_their_sum():
    values = pd.Series({"a": 3, "b": 12, "c": 30, "all": 45})
    found = disclosure.intervals(values, relations(("all", ["a", "b", "c"])), hidden={"a", "b"})
    assert found.to_numpy().tolist() == [[0, 15], [0, 15]]


def test_a_cell_without_any_relation_is_bounded_by_nothing():
    found = disclosure.intervals(pd.Series({"a": 3, "b": 4}), relations(), hidden={"a"})
    assert found.loc["a"].tolist() == [0, np.inf]


def test_a_rectangle_of_hidden_cells_is_bounded_by_both_margins():
    # 3 40 | 43 / 20 50 | 70 / 23 90 | 113: from 43 and 23 the first cell is at most 23; 70 - 90 < 0 bounds nothing.
    values = pd.Series({"a": 3, "b": 40, "c": 20, "d": 50, "r1": 43, "r2": 70, "c1": 23, "c2": 90})
    sums = relations(("r1", ["a", "b"]), ("r2", ["c", "d"]), ("c1", ["a", "c"]), ("c2", ["b", "d"]))
    found = disclosure.intervals(values, sums, hidden=set("abcd"))
    assert found.to_numpy().tolist() == [[0, 23], [20, 43], [0, 23], [47, 70]]


def test_whole_numbers_narrow_an_interval_that_fractions_leave_open():
    # 2a + 3b = 12 with whole numbers: a is 0, 3 or 6; given a <= 4 (a + c = 4), 3 at most and not 4.
    values = pd.Series({"a": 3, "b": 2, "sum": 12, "c": 1, "top": 4})
    linked = pd.DataFrame(
        [("x", "a", 2.0), ("x", "b", 3.0), ("x", "sum", -1.0), ("y", "a", 1.0), ("y", "c", 1.0), ("y", "top", -1.0)],
        columns=["relation", "cell", "coefficient"],
    )
    ends = [disclosure.intervals(values, linked, hidden=set("abc"), integral=whole).loc["a"].tolist()
            for whole in (False, True)]  # fmt: skip
    assert ends == [[0, 4], [0, 3]]


def test_rounded_totals_leave_a_hidden_cell_open_by_half_the_base_of_each():
    values = pd.Series({"a": 20, "b": 30, "all": 50})
    found = disclosure.intervals(values, relations(("all", ["a", "b"])), hidden={"a"}, slack=2.5)
    assert found.loc["a"].tolist() == [15, 25]


def test_relations_that_do_not_hold_or_name_unknown_cells_are_refused():
    with pytest.raises(UsageError, match="do not hold"):
        disclosure.intervals(pd.Series({"a": 1, "all": 3}), relations(("all", ["a"])), hidden={"a"})
    with pytest.raises(UsageError, match="without a value: b"):
        disclosure.intervals(pd.Series({"a": 1, "all": 1}), relations(("all", ["a", "b"])), hidden={"a"})


def test_a_total_on_another_page_is_hidden_or_a_second_cell_is():
    # Page one shows a and b; page two their total only.
    held = cells(a=3, b=20, total=23)
    hidden = disclosure.protect(held, relations(("total", ["a", "b"])), width=10)
    assert hidden == {"a", "b"}
    assert disclosure.disclosed(held, relations(("total", ["a", "b"])), hidden=hidden, width=10).empty
    assert disclosure.disclosed(held, relations(("total", ["a", "b"])), hidden={"a"}, width=10).index.tolist() == ["a"]


def test_two_published_wholes_that_differ_by_few_persons_are_not_both_shown():
    # 245 of the top team and 248 of all teams: three persons are below the top, though no page prints them.
    held = cells(top=245, every=248, below=3, unpublished=("below",))
    hidden = disclosure.protect(held, relations(("every", ["top", "below"])), width=10)
    assert hidden == {"below", "top"}


def test_stocks_of_two_periods_do_not_give_a_hidden_flow_back():
    # stock(t) - stock(t-1) = in - out; the 4 who left are hidden, the 40 who came are shown.
    sums = pd.DataFrame(
        [("flow", "after", 1.0), ("flow", "before", -1.0), ("flow", "came", -1.0), ("flow", "left", 1.0)],
        columns=["relation", "cell", "coefficient"],
    )
    held = cells(before=500, after=536, came=40, left=4)
    found = disclosure.disclosed(held, sums, hidden={"left"}, width=10)
    assert found.loc["left"].tolist() == [4, 4]
    hidden = disclosure.protect(held, sums, width=10)
    assert hidden == {"left", "came"} and disclosure.disclosed(held, sums, hidden=hidden, width=10).empty


def test_what_was_hidden_without_need_is_shown_again():
    held = cells(a=1, b=2, c=30, d=60, all=93)
    assert disclosure.protect(held, relations(("all", ["a", "b", "c", "d"])), width=10) == {"a", "b", "c"}


def test_a_number_known_from_elsewhere_is_never_relied_on_as_hidden():
    held = cells(part=195, whole=200, rest=5, unpublished=("rest",))
    held.loc["whole", "rank"] = np.nan
    assert "whole" not in disclosure.protect(held, relations(("whole", ["part", "rest"])), width=10)


def test_random_tables_never_give_a_small_cell_back():
    rng = np.random.default_rng(7)
    for _ in range(12):
        counts = rng.integers(0, 40, size=(3, 4))
        names = [[f"{i}{j}" for j in range(4)] for i in range(3)]
        values = {names[i][j]: int(counts[i, j]) for i in range(3) for j in range(4)}
        values |= {f"r{i}": int(counts[i].sum()) for i in range(3)}
        values |= {f"c{j}": int(counts[:, j].sum()) for j in range(4)}
        sums = relations(*((f"r{i}", names[i]) for i in range(3)),
                         *((f"c{j}", [names[i][j] for i in range(3)]) for j in range(4)))  # fmt: skip
        held = cells(**values)
        hidden = disclosure.protect(held, sums, width=10)
        found = disclosure.intervals(held["value"], sums, hidden=hidden)
        small = held.index[held["is_sensitive"]]
        assert (found.loc[small, "high"] - found.loc[small, "low"] >= 10 - 1e-6).all()
        # Whole numbers do not help the intruder in tables of sums.
        assert disclosure.disclosed(held, sums, hidden=hidden, width=10, integral=True).empty


def test_a_programme_that_is_not_solved_does_not_pass_for_a_wide_interval(monkeypatch):
    values = pd.Series({"all": 20, "a": 3, "b": 17})
    stopped = type("Stopped", (), {"status": 1, "x": None, "message": "time limit"})
    monkeypatch.setattr(attack, "linprog", lambda *given, **options: stopped)
    with pytest.raises(DisclosureError, match="could not be worked out: time limit"):
        attack.intervals(values, relations(("all", ["a", "b"])), hidden={"a", "b"})
