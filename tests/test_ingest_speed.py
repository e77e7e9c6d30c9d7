"""What is done for whole columns at once gives what is done one by one."""

# ruff: noqa: PD011 (`values` is a field of Parsed)

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from helpers import codebook, ingest, simulate
from helpers.codebook import uscc
from helpers.codebook.check import check_rows
from helpers.ingest import tables
from helpers.ingest.order import by_key
from helpers.ingest.values import codes, parse_column

NUMBERS = [
    "202010855361", "2020108553612", "202010855361X", "CN202010855361", "CN202010855361.2", "ZL202010855361.X",
    "CNZL2020108553612", "202010855361.2", "202010855361.0", "2020108553610.0", " CN202010855361.2", "cn202010855361.2",
    "CN 202010855361.2", "CN202010855361.2 ", "CN202010855361.23", "CN202040855361.2", "CN302010855361.2",
    "202040855361.2", "CN202010855361A", "CN85100001", "CN8510000", "ＣＮ202010855361.2", "9.135E+17", "-", "",
]  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS)
def test_an_application_number_reads_the_same_in_a_column_as_alone(text):
    parsed = parse_column(pa.array(["201910000001", text]), codebook.load()["patents"]["application_no"])
    alone = codes._read_application_no(text)
    value = parsed.values[1]
    assert (None if pd.isna(value) else value) == alone.value
    found = parsed.findings[["position", "rule", "action"]].to_numpy().tolist()
    assert found == [[1, rule, action] for rule, action in alone.findings if text]
    if found:
        assert parsed.findings["value"].tolist() == [text]
        assert parsed.findings["result"].tolist() == [alone.value or ""]


CODES = [
    "91350100611300758B", "91350100611300758b", " 91350100611300758B", "91350100611300758B　", " 91350100611300758b\t",
    "９１３５０１００６１１３００７５８Ｂ", "９１３５０１００６１１３００７５８ｂ ", "\u00a091350100611300758B", "913501006113 00758B",
    "91350100-611300758B", "\u200b91350100611300758B", "9135O100611300758B", "91350100611300758C", "91350100611300758c",
    "91350100611300758", "9.135E+17", "913501006113007.0", "-", "无", "#N/A", "", "913505000000022000", "913505000000021000",
    " 913505000000022000", "９１３５０５０００００００２２０００", "泉州九牧王", "91350100611300758BB",
    "'91350100611300758B", "‘91350100611300758b", '="91350100611300758B"', "'91350100611300758B'", "' 91350100611300758B",
    "91350100611300758B.0", "91350100611300758b.00", "91350100611300758C.0", "'", '=""',
]  # fmt: skip


@pytest.mark.parametrize("text", CODES)
def test_a_credit_code_reads_the_same_in_a_column_as_alone(text):
    parsed = parse_column(pa.array(["91110000600037341L", text]), codebook.load()["enterprises"]["uscc"])
    alone = codes._read_uscc(text)
    value = parsed.values[1]
    assert (None if pd.isna(value) else value) == alone.value
    found = parsed.findings[["position", "value", "rule", "action", "result"]].to_numpy().tolist()
    expected = [[1, text, rule, action, alone.value or ""] for rule, action in alone.findings if text]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("text", ["2021-03-05", "2021-02-30", "1899-01-01", "2021-3-05x", "２０２１-03-05", "ab-cd-efgh"])
def test_a_date_reads_the_same_among_iso_dates_as_alone(text):
    stated = codebook.load()["patents"]["filed_on"]
    among = parse_column(pa.array(["2020-01-01", "2020/01/02", text, None]), stated)
    alone = parse_column(pa.array([text]), stated)
    assert among.values[2] == alone.values[0] or (pd.isna(among.values[2]) and pd.isna(alone.values[0]))
    columns = ["value", "rule", "action", "result"]
    expected = alone.findings[columns].to_numpy().tolist()
    assert among.findings[among.findings["position"] == 2][columns].to_numpy().tolist() == expected


def test_what_is_seen_in_reading_needs_no_second_test(tmp_path):
    book = codebook.load()
    made = simulate.zone(seed=3, firms=400)
    simulate.write_office_files(made.tables, tmp_path, codebook=book, seed=3, dirt="heavy")
    read = ingest.read_folder(tmp_path, codebook=book, person_key=b"a key of the tests only")
    place = ["table", "file", "sheet", "row", "column", "rule"]
    listed = set(map(tuple, read.ledger[place].astype("str").to_numpy().tolist()))
    again = 0
    for name, frame in read.tables.items():
        found = check_rows(book[name], frame)
        found = found[found["rule"].isin(tables._SEEN_IN_READING)]
        people = [column.name for column in book[name].columns if column.type == "person_id"]
        found = found[~found["column"].isin(people)]
        again += len(found)
        for row, column, rule in found[["row_index", "column", "rule"]].itertuples(index=False):
            where = frame.loc[row, list(tables.PROVENANCE)].astype("str").tolist()
            assert (name, *where, column, rule) in listed
    assert again > 0


def test_the_check_digit_of_one_code_is_that_of_the_column():
    rng = np.random.default_rng(5)
    letters = np.array(list(uscc.ALPHABET))
    right = [first + uscc.check_digit(first) for first in ("".join(row) for row in rng.choice(letters, (50, 17)))]
    wrong = [code[:-1] + uscc.ALPHABET[uscc.ALPHABET.index(code[-1]) - 1] for code in right]
    assert all(map(codes._is_right, right))
    assert not any(map(codes._is_right, [*wrong, right[0].replace(right[0][3], "I")]))


def _by_key(*keys, rows=None):
    keys = [pd.Series(key) for key in keys]
    rows = np.ones(len(keys[0]), dtype=bool) if rows is None else np.array(rows)
    order, is_repeated = by_key(keys, rows)
    return order.tolist(), np.sort(order[is_repeated]).tolist()


@pytest.mark.parametrize("length", [1, 7, 8, 9, 16, 18, 40])
def test_rows_are_put_in_order_of_keys_of_any_length_and_repeated_ones_are_found(length):
    keys = [f"{number:0{length}d}"[-length:] for number in range(9)]
    keys = [*keys, keys[3], keys[0] + "0", *keys[7:9], keys[3]]
    order, repeated = _by_key(pd.array(keys, dtype="str"))
    assert order == sorted(range(len(keys)), key=lambda place: (keys[place], place))
    assert repeated == [3, 7, 8, 9, 11, 12, 13]


def test_a_key_that_begins_like_another_comes_first_and_is_not_the_same():
    keys = ["ab", "a", "", "b", "ab0", "abc" * 30, "abc" * 29, "企业", "企", "é", None, "a"]
    order, repeated = _by_key(pd.array(keys, dtype="str"))
    assert order == sorted(range(len(keys)), key=lambda place: ((keys[place] or "").encode(), place))
    assert repeated == [1, 2, 10, 11]


def test_keys_of_several_columns_of_every_type_are_compared_together():
    names = pd.Series(["乙", "甲", "乙", "乙", "甲", "乙"], dtype="str")
    grades = pd.Series(pd.Categorical(["高", "低", "低", "高", None, "高"], ["低", "高"], ordered=True))
    years = pd.array([2021, 2021, -1, 2020, 2021, 2021], dtype="Int64")
    days = pd.to_datetime(["2021-01-02", "1969-05-01", "2021-01-01", "2021-01-01", "1969-05-01", "2021-01-02"])
    order, repeated = _by_key(names, grades, years, days)
    assert order == [2, 3, 0, 5, 4, 1]
    assert repeated == [0, 5]
    assert _by_key(years, days)[0] == [2, 3, 1, 4, 0, 5]


def test_rows_that_are_left_out_are_neither_ordered_nor_repeated():
    assert _by_key(pd.array(["b", "a", "b"], dtype="str"), rows=[True, True, False]) == ([1, 0], [])
    assert _by_key(pd.array([], dtype="str")) == ([], [])


def test_many_long_keys_are_ordered_as_python_orders_them():
    rng = np.random.default_rng(3)
    letters = np.array(list("0123456789ABX"))
    keys = ["9135" + "".join(rng.choice(letters, rng.integers(0, 30))) for _ in range(40_000)]
    keys += keys[:100]
    order, repeated = _by_key(pd.array(keys, dtype="str"))
    assert order == sorted(range(len(keys)), key=lambda place: (keys[place], place))
    assert repeated == np.flatnonzero(pd.Series(keys).duplicated(keep=False)).tolist()
