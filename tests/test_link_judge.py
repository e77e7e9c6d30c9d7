"""Links by name judged by codes, counted by hand."""

import pandas as pd
import pytest

from helpers.link import judge

REGISTER = pd.DataFrame({"name": ["厦门恒安纸业有限公司", "泉州凤竹纺织有限公司", "福州凤竹纺织有限公司", "晋江三力鞋业有限公司"],
                         "code": ["A", "B", "C", "D"]})  # fmt: skip
RECORDS = pd.DataFrame(
    [
        ("厦门恒安纸业有限公司", "A"), ("廈門恆安紙業有限公司", "A"),  # right, twice
        ("泉州凤竹纺织有限公司", "C"),  # the name is B's
        ("凤竹纺织有限公司", "B"),  # two firms fit
        ("全无此名贸易有限公司", "D"),  # nothing like it
        ("清华大学；晋江三力鞋业有限公司", "D"),  # one of two applicants
        ("厦门恒安纸业有限公司", None), ("张三", None), ("清华大学", None), ("凤竹纺织有限公司", None),
    ],
    columns=["name", "code"],
)  # fmt: skip


@pytest.fixture(scope="module")
def judged() -> pd.DataFrame:
    return judge.by_name_alone(REGISTER, RECORDS)


def test_names_are_compared_with_codes_record_by_record(judged):
    assert judged["outcome"].tolist() == [
        "right", "right", "wrong", "review", "none", "right", "linked", "none", "none", "review",
    ]  # fmt: skip
    assert judged["reason"].tolist() == [
        "exact", "exact", "exact", "ambiguous", "no_candidate", "exact", "exact", "person", "institution", "ambiguous",
    ]  # fmt: skip
    assert judged["left_row"].dropna().tolist() == [0, 0, 1, 3, 0]
    assert judged["is_uncoded"].tolist() == [False] * 6 + [True] * 4


def test_precision_counts_links_and_recall_all_records_with_a_code(judged):
    assert judge.precision_by_reason(judged).to_numpy().tolist() == [["exact", 4, 3], ["all", 4, 3]]
    assert judge.recall(judged) == {"right": 3, "wrong": 1, "review": 1, "none": 1}


def test_no_record_has_no_link():
    judged = judge.by_name_alone(REGISTER, RECORDS.head(0))
    assert judged.empty
    assert judge.precision_by_reason(judged).to_numpy().tolist() == [["all", 0, 0]]
    assert sum(judge.recall(judged).values()) == 0


def test_records_of_which_none_is_linked_have_no_firm():
    judged = judge.by_name_alone(REGISTER, pd.DataFrame({"name": ["张三", None], "code": [None, "A"]}))
    assert judged["outcome"].tolist() == ["none", "none"]
    assert judged["left_row"].isna().all()
