"""What a person decides about links: out to a sheet, back in, kept, and loud where it contradicts."""

import zipfile

import pandas as pd
import pytest
import xlsxwriter

from helpers import cli
from helpers.errors import InputError
from helpers.link import records, review
from helpers.link.cascade import link
from helpers.link.widget import review_table

LEFT = pd.DataFrame({"name": ["厦门恒安纸业有限公司", "泉州恒安纸业有限公司", "福州凤竹纺织有限公司"]})
RIGHT = pd.DataFrame({"name": ["恒安纸业有限公司", "福州凤竹纺织有限公司", "福州凤鸣纺织有限公司", "查无此人贸易有限公司"]})


def decisions(*rows: tuple) -> pd.DataFrame:
    """Return decisions from (right name, left name, decision)."""
    frame = pd.DataFrame(list(rows), columns=["right_name", "left_name", "decision"])
    return frame.assign(left_code="", reviewer_role="office", decided_on="2026-01-05", reason="phoned")[review.DECISION_COLUMNS]


def decided(found: pd.DataFrame, right_row: int) -> list[tuple]:
    rows = found[found["right_row"] == right_row]
    return list(zip(rows["decision"], rows["reason"], rows["left_name"], strict=True))


def test_a_decision_settles_a_doubt_and_takes_the_other_candidates_out():
    plain = link(LEFT, RIGHT)
    assert [row[0] for row in decided(plain, 0)] == ["review", "review"]
    found = review.apply(plain, decisions(("恒安纸业有限公司", "泉州恒安纸业有限公司", "link")))
    assert decided(found, 0) == [("match", "reviewed", "泉州恒安纸业有限公司")]
    # Nothing else has changed.
    others = plain["right_row"] != 0
    pd.testing.assert_frame_equal(found[found["right_row"] != 0].reset_index(drop=True), plain[others].reset_index(drop=True))


def test_a_refused_candidate_goes_and_a_name_without_any_is_not_linked():
    plain = link(LEFT, RIGHT)
    first = review.apply(plain, decisions(("恒安纸业有限公司", "厦门恒安纸业有限公司", "no_link")))
    assert [row[2] for row in decided(first, 0)] == ["泉州恒安纸业有限公司"]
    both = decisions(*(("恒安纸业有限公司", left, "no_link") for left in LEFT["name"][:2]))
    found = review.apply(plain, both)
    ((decision, reason, left_name),) = decided(found, 0)
    assert (decision, reason) == ("none", "reviewed")
    assert pd.isna(left_name)
    assert found["right_row"].tolist() == sorted(found["right_row"])


def test_decisions_survive_another_writing_of_the_name_and_another_order_of_rows():
    made = decisions(("恒安紙業 有限公司", "泉州恒安纸业有限公司", "link"))
    found = review.apply(link(LEFT.iloc[::-1], RIGHT.iloc[::-1]), made)
    assert decided(found, 3) == [("match", "reviewed", "泉州恒安纸业有限公司")]


def test_a_decision_against_a_link_without_doubt_stops_and_names_it():
    plain = link(LEFT, RIGHT)
    for wrong in (("福州凤竹纺织有限公司", "福州凤竹纺织有限公司", "no_link"), ("福州凤竹纺织有限公司", "厦门恒安纸业有限公司", "link")):
        with pytest.raises(InputError, match=r"福州凤竹纺织有限公司.*exact.*decided otherwise"):
            review.apply(plain, decisions(wrong))


def test_the_file_of_decisions_is_refused_with_every_row_that_is_wrong(tmp_path):
    path = tmp_path / "links_reviewed.csv"
    assert review.read_decisions(path).empty
    made = decisions(("a厂", "b厂", "link"), ("a厂", "b厂", "no_link"), ("c厂", "b厂", "perhaps"), ("d厂", "b厂", "link"),
                     ("d厂", "e厂", "link"))  # fmt: skip
    made.loc[0, "reviewer_role"] = ""
    made.to_csv(path, index=False)
    with pytest.raises(InputError) as caught:
        review.read_decisions(path)
    said = "\n".join(caught.value.problems)
    for part in ("row 4: decision is neither link nor no_link", "row 2: reviewer_role is blank", "rows 2, 3: the same pair",
                 "rows 5, 6: one name is linked to several firms"):  # fmt: skip
        assert part in said, said


def test_the_sheet_of_doubts_has_drop_downs_and_its_pairs_once(tmp_path):
    found = pd.concat([link(LEFT, RIGHT)] * 2, ignore_index=True)
    assert review.write_sheet(found, tmp_path / "review.xlsx", codes=pd.Series(["X", None, None])) == 3
    columns = {name: name for name in ("right_name", "left_name", "left_code", "why")}
    kept = records.table(tmp_path / "review.xlsx", columns).fillna("")
    assert kept.to_numpy().tolist()[:2] == [
        ["恒安纸业有限公司", "厦门恒安纸业有限公司", "X", "ambiguous"], ["恒安纸业有限公司", "泉州恒安纸业有限公司", "", "ambiguous"],
    ]  # fmt: skip
    page = zipfile.ZipFile(tmp_path / "review.xlsx").read("xl/worksheets/sheet1.xml").decode()
    assert "link,no_link" in page


def filled(path, *rows: tuple) -> None:
    """Write a sheet as a reviewer would leave it."""
    workbook = xlsxwriter.Workbook(path)
    page = workbook.add_worksheet("review")
    for place, row in enumerate([review.SHEET, *rows]):
        for column, cell in enumerate(row):
            page.write(place, column, cell)
    workbook.close()


def test_a_filled_sheet_comes_back_as_decisions_once(tmp_path):
    sheet, path = tmp_path / "review.xlsx", tmp_path / "manual" / "links_reviewed.csv"
    filled(sheet, ("恒安纸业有限公司", "厦门恒安纸业有限公司", "", "ambiguous", 0.9, "", "", "", ""),
           ("恒安纸业有限公司", "泉州恒安纸业有限公司", "", "ambiguous", 0.9, "link", "office", "2026年1月5日", "phoned"))  # fmt: skip
    assert (review.take(sheet, path), review.take(sheet, path)) == (1, 0)
    kept = review.read_decisions(path)
    assert kept.loc[0, ["right_name", "left_name", "decision", "decided_on"]].tolist() == [
        "恒安纸业有限公司", "泉州恒安纸业有限公司", "link", "2026-01-05",
    ]  # fmt: skip
    assert decided(review.apply(link(LEFT, RIGHT), kept), 0) == [("match", "reviewed", "泉州恒安纸业有限公司")]


def test_a_sheet_with_a_decision_nobody_stands_for_changes_nothing(tmp_path):
    sheet, path = tmp_path / "review.xlsx", tmp_path / "links_reviewed.csv"
    filled(sheet, ("恒安纸业有限公司", "泉州恒安纸业有限公司", "", "ambiguous", 0.9, "link", "", "2026-01-05", "phoned"))
    with pytest.raises(InputError, match="reviewer_role is blank"):
        review.take(sheet, path)
    assert not path.exists()


def test_the_same_doubts_give_the_same_sheet(tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        review.write_sheet(link(LEFT, RIGHT), tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def workbook(path, columns: dict[str, list]) -> None:
    made = xlsxwriter.Workbook(path)
    page = made.add_worksheet()
    for column, (title, cells) in enumerate(columns.items()):
        for place, cell in enumerate([title, *cells]):
            page.write(place, column, cell)
    made.close()


@pytest.fixture
def office(tmp_path):
    """Files as offices send them: GB18030 with a title row above the header, and Excel."""
    text = "企业名册,,\n企业名称,统一社会信用代码,所在地\n厦门恒安纸业有限公司,,厦门市\n𬱖科技（泉州）有限公司,,\n"
    (tmp_path / "register.csv").write_bytes(text.encode("gb18030"))
    workbook(tmp_path / "patents.xlsx", {
        "专利权人": ["廈門市恆安紙業有限責任公司；清华大学", "泉州𬱖科技有限公司", "厦门恒泰纸业有限公司", "厦门老厂有限公司"],
        "申请日": ["2020-01-01", "2020年2月", None, "2015/3/1"],
    })  # fmt: skip
    (tmp_path / "former.csv").write_text("企业名称,曾用名,变更日期\n厦门恒安纸业有限公司,厦门老厂有限公司,2016-01-01\n", encoding="utf-8")
    return tmp_path


def arguments(office, *more):
    return ["link", "--left", office / "register.csv", "--left-name", "企业名称", "--left-code", "统一社会信用代码",
            "--left-region", "所在地", "--right", office / "patents.xlsx", "--right-name", "专利权人", "--right-date", "申请日",
            "--out", office / "links.csv", "--decisions", office / "decided.csv", *more]  # fmt: skip


def test_the_command_links_two_files_of_any_kind(office, capsys):
    code = cli.main([str(part) for part in arguments(office, "--left-former", office / "former.csv", "--review", office / "review.xlsx")])
    assert code == 0
    found = pd.read_csv(office / "links.csv")
    assert list(found.columns) == ["left_row", "right_row", "decision", "reason", "score", "left_name", "right_name"]
    assert found[["right_row", "decision", "reason"]].to_numpy().tolist() == [
        [0, "match", "region_written"], [0, "none", "institution"], [1, "match", "region_written"], [2, "review", "replaced"],
        [3, "match", "former_name"],
    ]  # fmt: skip
    assert found["left_name"].dropna().tolist() == ["厦门恒安纸业有限公司", "𬱖科技（泉州）有限公司", "厦门恒安纸业有限公司", "厦门恒安纸业有限公司"]
    assert "5 names: 3 linked, 1 to review, 1 not linked (institutions 1); 1 pairs in review.xlsx" in capsys.readouterr().out


def test_a_header_that_is_not_there_is_said_with_those_that_are(office, capsys):
    wrong = [part if part != "企业名称" else "单位" for part in arguments(office)]
    code, said = cli.main([str(part) for part in wrong]), capsys.readouterr().err
    assert code == 1
    assert "register.csv" in said
    assert "单位" in said
    assert not (office / "links.csv").exists()


def test_former_names_need_an_owner(tmp_path):
    (tmp_path / "former.csv").write_text("曾用名,变更日期\n厦门老厂有限公司,2016-01-01\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"former.csv.*曾用名.*企业名称"):
        records.former_names(tmp_path / "former.csv")


def test_totals_notes_and_words_for_nothing_are_no_names(office, capsys):
    text = "企业名称,代码\n厦门恒安纸业有限公司,\n—,\n合计,1\n注：数据截至2023年,\n"
    (office / "register.csv").write_text(text, encoding="utf-8-sig")
    workbook(office / "patents.xlsx", {"专利权人": ["专利清单", "专利权人", "廈門恆安紙業有限公司", "合计", "——", "注：以上为有效专利", "无"]})
    command = ["link", "--left", office / "register.csv", "--left-name", "企业名称", "--right", office / "patents.xlsx",
               "--right-name", "专利权人", "--out", office / "links.csv", "--decisions", office / "none.csv"]  # fmt: skip
    assert cli.main([str(part) for part in command]) == 0
    found = pd.read_csv(office / "links.csv")
    assert found["reason"].tolist()[-5:] == ["exact", "no_name", "no_name", "no_name", "no_name"]
    assert found["left_name"].dropna().unique().tolist() == ["厦门恒安纸业有限公司"]


def test_a_name_of_signs_alone_is_nobodys():
    found = link(pd.DataFrame({"name": ["——", None, "恒安纸业有限公司"]}), pd.DataFrame({"name": ["（）", "…", "-"]}))
    assert found["decision"].tolist() == ["none"] * 3


def test_the_command_writes_a_sample_to_check_and_tells_what_it_says(office, capsys):
    sample = office / "check.xlsx"
    assert cli.main([str(part) for part in arguments(office, "--check", sample)]) == 0
    assert "4 names to check in check.xlsx" in capsys.readouterr().out
    assert cli.main([str(part) for part in arguments(office, "--checked", sample)]) == 1
    assert "stratum 'review' has no answer" in capsys.readouterr().err


def test_the_table_in_jupyterlab_saves_choices_as_decisions_and_says_what_is_wrong(tmp_path):
    path = tmp_path / "links_reviewed.csv"
    shown = review_table(link(LEFT, RIGHT), path)
    role, *lines, save, told = shown.children
    assert len(lines) == 3
    names = [line.children[1].value for line in lines]
    lines[names.index("泉州恒安纸业有限公司")].children[3].value = "link"
    save.click()
    assert "reviewer_role is blank" in told.value
    assert not path.exists()
    role.value = "office"
    lines[names.index("泉州恒安纸业有限公司")].children[4].value = "phoned <them>"
    save.click()
    assert told.value == "1 new decisions in links_reviewed.csv"
    kept = review.read_decisions(path)
    assert kept[["left_name", "decision", "reviewer_role", "reason"]].to_numpy().tolist() == [
        ["泉州恒安纸业有限公司", "link", "office", "phoned <them>"],
    ]  # fmt: skip
