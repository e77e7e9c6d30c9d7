import pandas as pd
import pytest

from helpers import disclosure
from helpers.errors import UsageError


def hidden_cells(table: pd.DataFrame, column: str) -> list[bool]:
    return table[column].isna().tolist()


def test_counts_below_the_minimum_and_zeros_are_hidden_and_missing_stay_missing():
    table = pd.DataFrame({"group": list("abcde"), "persons": pd.array([9, 10, 0, pd.NA, 1], dtype="Int64")})
    shown, number = disclosure.suppress(table, counts=["persons"])
    assert number == 3
    assert hidden_cells(shown, "persons") == [True, False, True, True, True]
    assert table["persons"].tolist()[0] == 9


def test_a_zero_is_shown_only_where_it_says_nothing_of_persons():
    table = pd.DataFrame({"rows_set_aside": [0, 25, 4]})
    shown, number = disclosure.suppress(table, counts=["rows_set_aside"], zeros_disclose=False)
    assert (hidden_cells(shown, "rows_set_aside"), number) == ([False, False, True], 1)


def test_shares_go_with_the_counts_of_their_row():
    table = pd.DataFrame({"k": [4, 40], "n": [50, 80], "share": [8.0, 50.0]})
    shown, _ = disclosure.suppress(table, counts=["k", "n"], shares=["share"])
    assert hidden_cells(shown, "share") == [True, False]
    assert shown["n"].tolist() == [50, 80]


def test_a_part_is_hidden_where_the_few_others_would_be_known():
    table = pd.DataFrame({"k": [195, 200, 150], "n": [200, 200, 200]})
    shown, number = disclosure.suppress(table, counts=["k", "n"], parts={"k": "n"})
    # 195 leave five of 200, and 200 say it of everyone.
    assert (hidden_cells(shown, "k"), number) == ([True, True, False], 2)


def test_one_hidden_cell_of_a_row_with_a_total_takes_the_next_smallest_along():
    table = pd.DataFrame({"a": [3, 20], "b": [30, 30], "c": [12, 40], "all": [45, 90]})
    shown, number = disclosure.suppress(table, counts=["a", "b", "c", "all"], total="all")
    assert shown.isna().to_numpy().tolist() == [[True, False, True, False], [False] * 4]
    assert number == 2


def test_one_hidden_cell_of_a_column_with_a_total_row_takes_the_next_smallest_along():
    table = pd.DataFrame({"group": ["x", "y", "z", "all"], "persons": [3, 30, 12, 45]})
    shown, number = disclosure.suppress(table, counts=["persons"], total_rows=table["group"] == "all")
    assert (hidden_cells(shown, "persons"), number) == ([True, False, True, False], 2)


def test_rows_and_columns_with_totals_end_without_a_single_hidden_cell():
    table = pd.DataFrame({"a": [3, 20, 30, 53], "b": [40, 50, 60, 150], "all": [43, 70, 90, 203]})
    shown, number = disclosure.suppress(
        table, counts=["a", "b", "all"], total="all", total_rows=[False, False, False, True]
    )
    # 3 is small; its row takes 40 along, its column 20, and that row takes 50: a rectangle.
    assert shown.isna().to_numpy().tolist() == [[True, True, False], [True, True, False], [False] * 3, [False] * 3]
    assert number == 4


def test_the_total_goes_where_the_hidden_cell_is_the_only_one():
    table = pd.DataFrame({"part": [96], "all": [96], "staff": [100]})
    shown, number = disclosure.suppress(table, counts=["part", "all"], total="all", parts={"part": "staff"})
    assert shown[["part", "all"]].isna().to_numpy().tolist() == [[True, True]]
    assert number == 2


def test_one_mark_hides_small_cells_and_those_that_protect_them_alike():
    table = pd.DataFrame({"a": [3], "b": [30], "c": [12], "all": [45]})
    shown, _ = disclosure.suppress(table, counts=["a", "b", "c", "all"], total="all", minimum=5, mark=True)
    assert shown.iloc[0].tolist() == ["*", "30", "*", "45"]


def test_a_minimum_below_five_and_values_that_are_no_counts_are_refused():
    with pytest.raises(UsageError, match="below 5"):
        disclosure.suppress(pd.DataFrame({"n": [1]}), counts=["n"], minimum=4)
    with pytest.raises(UsageError, match="1 of 2 values"):
        disclosure.suppress(pd.DataFrame({"n": [1.5, 20]}), counts=["n"])
    with pytest.raises(UsageError, match="no column missing"):
        disclosure.suppress(pd.DataFrame({"n": [10]}), counts=["missing"])


def test_a_total_does_not_give_away_a_small_sum_of_hidden_cells():
    table = pd.DataFrame({"group": ["a", "b", "c", "d", "all"], "persons": [1, 2, 30, 60, 93]})
    shown, number = disclosure.suppress(table, counts=["persons"], total_rows=[False, False, False, False, True])
    # Without the 30, 93 - 30 - 60 says that both groups together are 3 persons.
    assert (hidden_cells(shown, "persons"), number) == ([True, True, True, False, False], 3)


def test_hidden_cells_that_are_many_persons_together_need_no_third_one():
    table = pd.DataFrame({"persons": [7, 8, 30, 45]})
    shown, _ = disclosure.suppress(table, counts=["persons"], total_rows=[False, False, False, True])
    assert hidden_cells(shown, "persons") == [True, True, False, False]


def test_a_part_that_is_not_among_the_counts_is_wrong_use():
    with pytest.raises(UsageError, match="name it in `counts`"):
        disclosure.suppress(pd.DataFrame({"k": [3], "n": [12]}), counts=["n"], parts={"k": "n"})


def test_shown_counts_are_rounded_half_up_to_a_base_and_their_shares_go():
    table = pd.DataFrame({"k": [12, 3, 17], "n": [50, 60, 70], "share": [24.0, 5.0, 24.3]})
    shown, _ = disclosure.suppress(table, counts=["k", "n"], shares=["share"], base=5)
    assert shown["k"].tolist() == [10, pd.NA, 15] and shown["n"].tolist() == [50, 60, 70]
    assert shown["share"].isna().all()
    assert disclosure.round_to(pd.Series([2, 3, 12, 13, 7.5, None]), 5).tolist()[:5] == [0, 5, 10, 15, 10]
    with pytest.raises(UsageError, match="2 or more"):
        disclosure.round_to(pd.Series([1]), 1)
