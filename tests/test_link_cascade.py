"""Whose name is it: every step of the cascade on names made for it."""

import numpy as np
import pandas as pd
import pytest

from helpers.codebook.uscc import check_digit
from helpers.link.cascade import COLUMNS, link


def code(letter: str) -> str:
    first = f"91350500MA2{letter}00000".ljust(17, "0")[:17]
    return first + check_digit(first)


A, B = code("A"), code("B")
WRONG_DIGIT = A[:17] + ("0" if A[17] != "0" else "1")


def one(left: list, right: str, **columns) -> tuple:
    """Return decision, reason and left names of a single right name."""
    register = pd.DataFrame([{"name": row} if isinstance(row, str) else row for row in left])
    history = columns.pop("history", None)
    found = link(register, pd.DataFrame([{"name": right, **columns}]), history=history)
    return found["decision"].iloc[0], found["reason"].iloc[0], found["left_name"].dropna().tolist()


@pytest.mark.parametrize(
    ("right", "decision", "reason"),
    [
        ("厦门恒安纸业有限公司", "match", "exact"),
        ("廈門恆安紙業有限公司", "match", "exact"),
        ("福建省厦门市恒安纸业有限责任公司", "match", "region_written"),
        ("恒安（厦门）纸业有限公司", "match", "region_written"),
        ("厦门恒安纸业股份有限公司", "match", "legal_form"),
        ("厦门恒安纸业", "match", "form_missing"),
        ("恒安纸业有限公司", "match", "region_missing"),
        ("厦门恒按纸业有限公司", "match", "homophone"),
        ("厦门恒纸安业有限公司", "match", "swap"),
        ("厦门恒安业有限公司", "match", "dropped"),
        ("厦门恒安纸业有限公同", "match", "suffix"),
        ("福州恒安纸业有限公司", "none", "no_candidate"),
        ("厦门恒泰纸业有限公司", "review", "replaced"),
        ("福建恒安纸业有限公司", "review", "region_nested"),
        ("厦门恒安纸业有限公司泉州分公司", "review", "branch"),
        ("厦门恒安纸业厂", "review", "form_differs"),
        ("厦门恒安有限公司", "review", "trade_words"),
        ("厦门大学", "none", "institution"),
        ("张三", "none", "person"),
        ("", "none", "no_name"),
    ],
)
def test_each_way_of_writing_a_name_has_its_reason(right, decision, reason):
    assert one(["厦门恒安纸业有限公司", "泉州凤竹纺织有限公司"], right)[:2] == (decision, reason)


def test_rare_characters_link_and_a_word_for_no_trade_is_a_slip():
    assert one(["泉州𬱖科技有限公司"], "𬱖科技（泉州）有限公司")[:2] == ("match", "region_written")
    assert one(["泉州合锻智能制造有限公司"], "泉州合锻智制制造有限公司")[:2] == ("match", "trade_typo")
    # Electronics and electrics are both trades: another firm, as far as anybody can tell.
    assert one(["泉州合锻电子有限公司"], "泉州合锻电气有限公司")[0] == "review"


def test_two_firms_that_fit_as_well_go_to_review_and_never_the_first():
    left = ["厦门恒安纸业有限公司", "泉州恒安纸业有限公司"]
    assert one(left, "恒安纸业有限公司") == ("review", "ambiguous", left)
    both = [{"name": "厦门恒安纸业有限公司", "code": A}, {"name": "厦门恒安纸业股份有限公司", "code": B}]
    # The full name of one of them is exact, or nearer than the other's; with its kind left out both fit.
    assert one(both, "厦门恒安纸业有限公司")[:2] == ("match", "exact")
    assert one(both, "厦门市恒安纸业有限责任公司")[1:] == ("region_written", ["厦门恒安纸业有限公司"])
    assert one(both, "厦门恒安纸业")[:2] == ("review", "ambiguous")


def test_one_name_under_two_codes_is_ambiguous_by_name_and_clear_by_code():
    left = [{"name": "恒安纸业有限公司", "code": A}, {"name": "恒安纸业有限公司", "code": B}]
    assert one(left, "恒安纸业有限公司")[:2] == ("review", "ambiguous")
    assert one(left, "恒安纸业有限公司", code=B)[:2] == ("match", "code")


def test_two_names_under_one_code_are_one_firm_with_a_history():
    left = [{"name": "恒安纸业有限公司", "code": A}, {"name": "凤竹纺织有限公司", "code": A}]
    for name in ("恒安纸业有限公司", "凤竹纺织有限公司"):
        assert one(left, name) == ("match", "exact", [name])
    assert one(left, "全新名称有限公司", code=A)[:2] == ("match", "code")


def test_codes_link_when_equal_and_are_flagged_or_no_key_when_damaged():
    left = [{"name": "恒安纸业有限公司", "code": WRONG_DIGIT}, {"name": "凤竹纺织有限公司", "code": A}]
    assert one(left, "恒安", code=WRONG_DIGIT)[:2] == ("match", "code_check_digit_fails")
    assert one(left, "没有此名有限公司", code="9.13505E+17")[:2] == ("none", "no_candidate")
    # The code says one firm, the name another; and the same name under a code of its own.
    assert one(left, "恒安纸业有限公司", code=A)[:2] == ("review", "code_and_name_disagree")
    assert one(left, "凤竹纺织有限公司", code=B)[:2] == ("review", "codes_differ")


def test_a_name_belongs_to_who_bore_it_on_the_day():
    left = [{"name": "恒安纸业有限公司", "code": A}, {"name": "凤竹纺织有限公司", "code": B}]
    history = pd.DataFrame({"code": [A, A], "former_name": ["老牌造纸有限公司", "凤竹纺织有限公司"],
                            "changed_on": ["2010-01-01", "2018-06-01"]})  # fmt: skip
    given = {"history": history}
    assert one(left, "老牌造纸有限公司", date="2009-12-31", **given)[1:] == ("former_name", ["恒安纸业有限公司"])
    assert one(left, "老牌造纸有限公司", date="2010-01-01", **given)[:2] == ("review", "former_name_late")
    # A gave the name up in 2018; B holds it, since when nobody says.
    assert one(left, "凤竹纺织有限公司", date="2019-01-01", **given)[1:] == ("exact", ["凤竹纺织有限公司"])
    assert one(left, "凤竹纺织有限公司", date="2017-01-01", **given)[0] == "review"
    assert one(left, "老牌造纸有限公司", **given)[1:] == ("former_name", ["恒安纸业有限公司"])
    by_name = pd.DataFrame({"name": ["恒安纸业有限公司"], "former_name": ["老牌造纸有限公司"]})
    assert one(left, "老牌造纸有限公司", history=by_name)[:2] == ("match", "former_name")


def test_a_region_beside_the_name_keeps_firms_of_other_places_away():
    left = [{"name": "恒安纸业有限公司", "region": "厦门市"}, {"name": "凤竹纺织有限公司", "region": "350500"}]
    assert one(left, "厦门恒安纸业有限公司")[0] == "match"
    assert one(left, "福州恒安纸业有限公司")[0] == "none"
    assert one(left, "泉州凤竹纺织有限公司")[0] == "match"
    assert one(left, "福州凤竹纺织有限公司")[0] == "none"


def test_short_forms_link_where_one_firm_alone_has_them():
    left = ["厦门一心堂药业集团有限公司", "泉州恒安纸业有限公司", "福州凤竹纺织有限公司", "晋江凤竹鞋业有限公司"]
    assert one(left, "一心堂")[:2] == ("match", "short_form")
    assert one(left, "一心堂药业")[:2] == ("match", "short_form")
    # Two characters are too few, and two firms share the other stem.
    assert one(left, "恒安")[:2] == ("review", "short_form")
    assert one(left, "凤竹")[0] == "review"


def test_every_applicant_of_a_cell_has_a_row_and_a_code_beside_several_is_nobodys():
    left = pd.DataFrame({"name": ["恒安纸业有限公司", "凤竹纺织有限公司"], "code": [A, B]})
    right = pd.DataFrame({"name": ["恒安纸业有限公司；凤竹纺织有限公司、清华大学", "凤竹纺织有限公司"], "code": [A, None]})
    found = link(left, right)
    assert list(found.columns) == COLUMNS
    assert found[["right_row", "left_row", "reason"]].astype("object").where(found["left_row"].notna(), None).to_numpy().tolist() == [
        [0, 0, "exact"], [0, 1, "exact"], [None, None, None], [1, 1, "exact"],
    ]  # fmt: skip
    assert found["reason"].tolist() == ["exact", "exact", "institution", "exact"]


def test_shuffling_rows_changes_nothing():
    rng = np.random.default_rng(7)
    cities, stems = ["厦门", "泉州", "福州", ""], ["恒安", "恒泰", "凤竹", "安恒", "恒按"]
    made = [f"{city}{stem}{trade}{form}" for city in cities for stem in stems
            for trade in ("纸业", "科技") for form in ("有限公司", "股份有限公司")]  # fmt: skip
    left = pd.DataFrame({"name": rng.choice(made, 40, replace=False)})
    right = pd.DataFrame({"name": made + [name[:-1] for name in made] + ["恒安", "恒安纸业", None]})
    plain = link(left, right)
    a, b = rng.permutation(len(left)), rng.permutation(len(right))
    mixed = link(left.iloc[a], right.iloc[b])
    mixed = mixed.assign(right_row=b[mixed["right_row"]], left_row=[None if pd.isna(row) else a[row] for row in mixed["left_row"]])
    keys = ["right_row", "decision", "reason", "score", "left_name", "right_name", "left_row"]
    both = [frame.astype({"left_row": "Int64"})[keys].sort_values(["right_row", "left_name"], ignore_index=True) for frame in (plain, mixed)]
    pd.testing.assert_frame_equal(*both)


def test_nothing_on_either_side_gives_no_link():
    none = link(pd.DataFrame({"name": []}, dtype="str"), pd.DataFrame({"name": ["恒安纸业有限公司", None]}))
    assert none["reason"].tolist() == ["no_candidate", "no_name"]
    assert link(pd.DataFrame({"name": ["恒安纸业有限公司"]}), pd.DataFrame({"name": []}, dtype="str")).empty


def test_a_small_city_whose_name_is_a_brand_is_tried_as_one():
    assert one(["北京东方雨虹防水技术有限公司"], "东方雨虹防水技术有限公司")[:2] == ("match", "region_missing")
    assert one(["东方雨虹防水技术有限公司"], "北京东方雨虹防水技术有限公司")[:2] == ("match", "region_missing")
    assert one(["东方市雨虹防水技术有限公司"], "东方雨虹防水技术有限公司")[:2] == ("match", "region_written")


def test_a_slip_in_the_name_of_the_place_is_one_whatever_the_length_of_the_rest():
    assert one(["浙江航民股份有限公司"], "江浙航民股份有限公司")[:2] == ("match", "swap")
    assert one(["厦门航民股份有限公司"], "夏门航民股份有限公司")[:2] == ("match", "homophone")


def test_two_firms_that_lack_a_character_each_are_both_doubtful():
    left = ["广西桂冠电力股份有限公司", "广西桂东电力股份有限公司"]
    assert one(left, "广西桂电力股份有限公司")[0] == "review"
    assert one(left[:1], "广西桂电力股份有限公司")[:2] == ("match", "dropped")


TWO = [
    {"name": "恒安纸业有限公司", "code": A, "address": "福建省泉州市丰泽区东海街道1号", "industry": "C2221"},
    {"name": "恒安纸业有限公司", "code": B, "address": "湖南省长沙市岳麓区2号", "industry": "C1910"},
]


@pytest.mark.parametrize(
    ("stated", "decision", "reason"),
    [
        ({"address": "福建省泉州市晋江市安海镇"}, "review", "ambiguous"),
        ({"address": "362000 福建省泉州市丰泽区东海街道"}, "review", "ambiguous"),
        ({"address": "福建省 泉州市丰泽区东海街道１号"}, "match", "address"),
        ({"address": "湖南省长沙市"}, "match", "address"),
        ({"address": "中山路7号"}, "review", "ambiguous"),
        ({"industry": "2221"}, "match", "industry"),
        ({"industry": "纸业"}, "review", "ambiguous"),
        ({"address": "泉州市", "industry": "19"}, "match", "address"),
        ({}, "review", "ambiguous"),
    ],
)
def test_one_name_of_two_firms_is_told_apart_by_address_or_industry_and_by_nothing_less(stated, decision, reason):
    assert one(TWO, "恒安纸业有限公司", **stated)[:2] == (decision, reason)


def test_an_address_is_the_region_of_a_name_that_states_none():
    left = ["泉州恒安纸业有限公司"]
    assert one(left, "恒安纸业有限公司", address="福建省泉州市丰泽区")[:2] == ("match", "region_written")
    assert one(left, "恒安纸业有限公司", address="湖南省长沙市")[:2] == ("none", "no_candidate")
    # What the name itself says counts for more than what stands beside it.
    assert one(left, "泉州恒安纸业有限公司", address="湖南省长沙市")[:2] == ("match", "exact")


def test_a_firm_whose_address_is_not_stated_keeps_two_in_review():
    left = [TWO[0], {**TWO[1], "address": None}]
    assert one(left, "恒安纸业有限公司", address="福建省泉州市丰泽区")[:2] == ("review", "ambiguous")


@pytest.mark.parametrize("size", [10, 2_000])
def test_two_brands_of_two_characters_are_reviewed_at_most_however_large_the_register(size):
    others = (f"沈阳{chr(0x4E00 + number)}{chr(0x5E00 + number)}矿山设备有限公司" for number in range(size))
    assert one(["厦门恒安诊断技术有限公司", *others], "厦门恒泰诊断技术有限公司")[:2] == ("review", "replaced")


def test_a_homophone_in_a_name_without_a_trade_is_a_link_where_all_else_agrees():
    register = ["安徽合力股份有限公司", "合力股份有限公司"]
    assert one(register, "安徽合荔股份有限公司")[:2] == ("match", "homophone")
    assert one(["合力股份有限公司"], "合荔股份有限公司")[0] == "review"
