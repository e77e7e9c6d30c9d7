"""What is done for whole columns at once gives what is done one by one."""

# ruff: noqa: PD011 (`values` is a field of Parsed)

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from helpers import codebook
from helpers.codebook import uscc
from helpers.ingest import aside
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


def test_the_check_digit_of_one_code_is_that_of_the_column():
    rng = np.random.default_rng(5)
    letters = np.array(list(uscc.ALPHABET))
    right = [first + uscc.check_digit(first) for first in ("".join(row) for row in rng.choice(letters, (50, 17)))]
    wrong = [code[:-1] + uscc.ALPHABET[uscc.ALPHABET.index(code[-1]) - 1] for code in right]
    assert all(map(codes._is_right, right))
    assert not any(map(codes._is_right, [*wrong, right[0].replace(right[0][3], "I")]))


@pytest.mark.parametrize("length", [1, 7, 8, 9, 16, 18, 40])
def test_repeated_keys_of_any_length_are_found_and_no_others(length):
    keys = [f"{number:0{length}d}"[-length:] for number in range(9)]
    frame = pd.DataFrame({"key": pd.array([*keys, keys[3], keys[0] + "0", *keys[7:9], keys[3]], dtype="str")})
    assert np.flatnonzero(aside._repeats(frame, ["key"])).tolist() == [3, 7, 8, 9, 11, 12, 13]


def test_keys_of_equal_hash_are_compared(monkeypatch):
    monkeypatch.setattr(aside, "_hashes", lambda texts: np.zeros(len(texts), dtype=np.uint64))
    frame = pd.DataFrame({"key": pd.array(["a", "b", "a", "c"], dtype="str")})
    assert aside._repeats(frame, ["key"]).tolist() == [True, False, True, False]
