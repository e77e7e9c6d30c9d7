"""Names taken apart: keys, regions, stems, kinds of firms, and who is no firm."""

import pandas as pd
import pytest

from helpers.link import edits, names, regions


def parts(name: str) -> names.Parts:
    return names.parse(names.normalised(pd.Series([name])).iloc[0])


@pytest.mark.parametrize(
    ("printed", "same"),
    [("厦门恒安（集团）有限公司", "厦门恒安(集团)有限公司"), ("ＴＣＬ 科技　有限公司", "tcl科技有限公司"), ("廈門恆安紙業", "厦门恒安纸业"),
     ("恒安·纸业-有限公司", "恒安纸业有限公司"), ("乾照光电", "干照光电"), ("【恒安】", "(恒安)"),
     ("恒安纸业有限公司（原厦门造纸厂）", "恒安纸业有限公司")],
)
def test_names_that_differ_in_writing_alone_have_one_spelling(printed, same):
    made = names.normalised(pd.Series([printed, same]))
    assert made.nunique() == 1


def test_rare_characters_and_missing_names_pass_through_the_spelling():
    made = names.normalised(pd.Series(["𬱖科技", None, "䶮㛃\n有限公司", ""], index=[3, 1, 4, 2]))
    assert made.drop(1).to_dict() == {3: "𬱖科技", 4: "䶮㛃有限公司", 2: ""}
    assert pd.isna(made[1])


@pytest.mark.parametrize(
    ("name", "region", "within", "body", "stem", "form"),
    [
        ("福建省泉州市丰泽区恒安纸业有限责任公司", "350503", "35", "恒安纸业", "恒安", "有限"),
        ("恒安（厦门）纸业股份有限公司", "3502", "3502", "恒安纸业", "恒安", "股份"),
        ("恒安（中国）投资有限公司", "0", "0", "恒安投资", "恒安", "有限"),
        ("晋江恒安鞋业有限公司", "350582", "350582", "恒安鞋业", "恒安", "有限"),
        ("朝阳区恒安贸易商行", "110105", "110105", "恒安贸易", "恒安", "店"),
        ("上海有限公司", "", "", "上海", "上海", "有限"),
        ("内蒙古恒安牧业集团", "15", "15", "恒安牧业集团", "恒安", ""),
    ],
)
def test_a_name_is_taken_apart_into_region_body_stem_and_kind(name, region, within, body, stem, form):
    found = parts(name)
    assert (found.region, found.within, found.body, found.stem, found.form) == (region, within, body, stem, form)
    assert not found.branch


def test_a_branch_office_is_known_as_one_and_has_the_body_of_its_firm():
    found = parts("厦门恒安纸业有限公司泉州分公司")
    assert (found.branch, found.body, found.form) == (True, "恒安纸业", "有限")
    assert not parts("泉州分行里商贸有限公司").branch


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("3502", "3505", False), ("35", "3505", True), ("", "3505", True), ("0", "0", True), ("0", "35", False), ("0", "", True)],
)
def test_regions_go_together_where_one_lies_in_the_other(one, other, expected):
    assert regions.compatible(one, other) is expected
    assert regions.compatible(other, one) is expected


def test_several_applicants_in_a_cell_are_split_and_blanks_go():
    assert names.applicants("恒安有限公司；清华大学;  张三、李四，；") == ["恒安有限公司", "清华大学", "张三", "李四"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("清华大学", "institution"), ("福建省农业科学院水稻研究所", "institution"), ("张三", "person"), ("阿不都·热合曼", "person"),
     ("John A. Smith", "person"), ("Apple Inc", ""), ("恒安厂", ""), ("恒安纸业", ""), ("泉州市人民政府", "institution")],
)  # fmt: skip
def test_persons_and_institutions_are_no_firms(name, kind):
    found = names.non_firm(name)
    # Four characters without a word for a firm look like a person; the cascade asks only where nothing matches.
    assert found == (kind or found if name == "恒安纸业" else kind)


def test_candidates_are_exactly_the_pairs_that_one_edit_sets_apart():
    rng_names = ["恒安纸业", "恒按纸业", "安恒纸业", "恒安业", "恒安纸", "恒泰纸业", "恒安纸业", "甲乙丙丁", "恒安纸业业"]
    found = {(int(a), int(b)) for a, b in edits.candidates(rng_names, rng_names) if edits.classify(rng_names[a], rng_names[b])}
    brute = {(a, b) for a in range(9) for b in range(9) if edits.classify(rng_names[a], rng_names[b])}
    assert found == brute
    assert (0, 6) not in found
    assert edits.candidates([], ["恒安"]).shape == (0, 2)
    assert edits.candidates(["", "恒"], ["恒安", ""]).tolist() == [[1, 0], [1, 1]]


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [("恒安纸业", "恒按纸业", "homophone"), ("恒安纸业", "恒泰纸业", "replaced"), ("恒安纸业", "安恒纸业", "swap"),
     ("恒安纸业", "恒安业", "dropped"), ("恒安", "恒安业", "dropped"), ("恒安纸业", "恒安纸业", None), ("恒安纸业", "恒泰造业", None),
     ("恒安纸业", "恒安", None)],
)
def test_an_edit_is_told_by_its_kind(one, other, kind):
    found = edits.classify(one, other)
    assert (found.kind if found else None) == kind
