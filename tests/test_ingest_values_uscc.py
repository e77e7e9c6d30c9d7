"""Check digits of unified social credit codes, against a sum worked out by hand and against real codes."""

import numpy as np
import pyarrow as pa
import pytest

from helpers import paths
from helpers.codebook import uscc


def test_the_check_digit_agrees_with_the_sum_by_hand():
    # 91350500M00000000, M = 21: 9*1 + 1*3 + 3*9 + 5*27 + 0*19 + 5*26 + 0*16 + 0*17 + 21*20 = 724 = 23*31 + 11;
    # 31 - 11 = 20, and the character of value 20 is L.
    assert uscc.check_digit("91350500M00000000") == "L"
    assert uscc.check_digit_ok(["91350500M00000000L", "91350500M00000000K"]).tolist() == [True, False]


def test_weights_are_powers_of_three_modulo_31():
    assert uscc.WEIGHTS[:7] == (1, 3, 9, 27, 19, 26, 16)


@pytest.mark.parametrize(
    "text", ["", None, "91350500M00000000", "91350500M00000000LL", "91350500m00000000l", "中" * 6, "中" * 18]
)
def test_what_is_no_code_has_no_right_check_digit(text):
    assert uscc.check_digit_ok([text, "91350500M00000000L"]).tolist() == [False, True]


@pytest.mark.parametrize("letter", "IOSVZ")
def test_forbidden_letters_make_no_code(letter):
    code = "9135050" + letter + "M000000000"
    well_formed, right = uscc.inspect([code])
    assert not well_formed[0]
    assert not right[0]


def test_a_change_of_any_one_character_is_noticed():
    code = "91350500M00000000L"
    changed = [code[:k] + c + code[k + 1 :] for k in range(18) for c in uscc.ALPHABET if c != code[k]]
    assert not uscc.check_digit_ok(changed).any()


def test_many_check_digits_at_once_make_codes_that_pass():
    rng = np.random.default_rng(3)
    first = ["".join(rng.choice(list(uscc.ALPHABET), 17)) for _ in range(200)]
    digits = uscc.check_digits(pa.chunked_array([first[:70], first[70:]]))
    assert uscc.check_digit_ok(pa.array([a + b for a, b in zip(first, digits, strict=True)])).all()
    assert digits.tolist() == [uscc.check_digit(text) for text in first]


def test_slices_begin_where_they_should():
    codes = pa.array(["x", "91350500M00000000L", None, "91350500M00000000K"])
    assert uscc.check_digit_ok(codes[1:]).tolist() == [True, False, False]
    assert uscc.check_digit_ok(codes[1:2]).tolist() == [True]
    assert uscc.check_digit_ok(pa.array([], type=pa.string())).tolist() == []


@pytest.mark.parametrize("text", ["123", "9135050OM00000000", "91350500M00000000L"])
def test_a_beginning_of_the_wrong_form_is_refused(text):
    with pytest.raises(ValueError):
        uscc.check_digit(text)


def test_real_codes_pass():
    source = paths.ROOT.parent / "shared" / "data" / "names" / "uscc_valid_codes_stdnum.txt"
    if not source.exists():
        pytest.skip(f"the list of real codes is not beside the project: {source.name}")
    codes = source.read_text(encoding="utf-8").split()
    assert len(codes) == 200
    assert uscc.check_digit_ok(codes).all()
