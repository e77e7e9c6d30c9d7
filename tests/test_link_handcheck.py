"""Precision and recall by hand, from a stratified sample small enough to work out."""

import pandas as pd
import pytest
import xlsxwriter

from helpers.errors import InputError
from helpers.link import handcheck


def links(**counts: int) -> pd.DataFrame:
    """Return links by reason; `review` and `none` are decisions."""
    rows = []
    for reason, n in counts.items():
        decision = reason if reason in ("review", "none") else "match"
        rows += [(decision, "no_candidate" if reason == "none" else reason, f"{reason}{k}厂") for k in range(n)]
    frame = pd.DataFrame(rows, columns=["decision", "reason", "right_name"])
    return frame.assign(right_row=range(len(frame)), left_row=0, score=0.9, left_name="某厂")


def checked(path, sizes: dict[str, int], answers: list[tuple[str, str]]) -> None:
    workbook = xlsxwriter.Workbook(path)
    page, told = workbook.add_worksheet("check"), workbook.add_worksheet("strata")
    page.write_row(0, 0, ["stratum", "right_name", "left_name", "is_right"])
    for place, (stratum, answer) in enumerate(answers, start=1):
        page.write_row(place, 0, [stratum, "a", "b", answer])
    told.write_row(0, 0, ["stratum", "names"])
    for place, (stratum, n) in enumerate(sizes.items(), start=1):
        told.write_row(place, 0, [stratum, n])
    workbook.close()


def test_every_stratum_has_ten_names_or_all_of_them_and_big_ones_more():
    found = pd.concat([links(exact=900, homophone=40, swap=3, review=20, none=100),
                       links(exact=1).assign(reason="person", decision="none", right_row=9999)])  # fmt: skip
    sample = handcheck.sampled(found, size=200, seed=1)
    # 200 of 1,063 names: 170 of exact, 8 of homophone (at least 10), 3 swaps in all, 10 in review, 19 of none.
    assert sample["stratum"].value_counts().to_dict() == {"exact": 170, "none": 19, "homophone": 10, "review": 10, "swap": 3}
    assert sample.equals(handcheck.sampled(found.sample(frac=1, random_state=3), size=200, seed=1))
    assert not sample.equals(handcheck.sampled(found, size=200, seed=2))


def test_precision_weighs_strata_by_their_size_and_recall_counts_what_was_lost(tmp_path):
    sizes = {"exact": 900, "homophone": 100, "review": 50, "none": 200}
    answers = [("exact", "yes")] * 20 + [("homophone", "yes")] * 8 + [("homophone", "no")] * 2
    answers += [("review", "yes")] * 4 + [("review", "no")] * 6 + [("none", "No ")] * 9 + [("none", "yes")]
    checked(tmp_path / "check.xlsx", sizes, answers)
    found = handcheck.judge(tmp_path / "check.xlsx")
    # 0.9 * 1 + 0.1 * 0.8; right 980, lost 50 * 0.4 + 200 * 0.1 = 40.
    assert found.precision[0] == pytest.approx(0.98)
    assert found.recall[0] == pytest.approx(980 / 1020)
    assert found.precision[1] < 0.98 < found.precision[2] <= 1
    assert found.recall[1] < 980 / 1020 < found.recall[2]
    # Wilson for 20 of 20: z^2 / (20 + z^2) below 1; for 8 of 10 from 0.4902 on.
    down = ((0.9 * (3.8415 / 23.8415)) ** 2 + (0.1 * (0.8 - 0.49016)) ** 2) ** 0.5
    assert found.precision[1] == pytest.approx(0.98 - down, abs=1e-3)


def test_a_stratum_without_an_answer_and_other_words_are_refused(tmp_path):
    checked(tmp_path / "check.xlsx", {"exact": 9, "none": 9}, [("exact", "maybe")])
    with pytest.raises(InputError, match=r"(?s)1 answers are neither yes nor no.*stratum 'none' has no answer"):
        handcheck.judge(tmp_path / "check.xlsx")


def test_the_sheet_comes_back_with_its_strata(tmp_path):
    found = links(exact=30, review=5)
    assert handcheck.write_sheet(found, tmp_path / "a.xlsx", size=10, seed=1) == 15
    handcheck.write_sheet(found, tmp_path / "b.xlsx", size=10, seed=1)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    with pytest.raises(InputError, match="has no answer"):
        handcheck.judge(tmp_path / "a.xlsx")
