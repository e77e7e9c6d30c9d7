import json
import re
from html import unescape

import pandas as pd
import pytest
from made_runs import made, page, put
from matplotlib import pyplot as plt
from nbformat.v4 import new_markdown_cell
from report_notebooks import executed, html, notebook

from helpers import cli, paths, show, style
from helpers.errors import UsageError
from helpers.report import diff, execute, foreign, render
from helpers.report.diff import compare, content, counts, numbers, rows, sides
from helpers.report.diff import page as diff_page
from helpers.text import LANGS, both


@pytest.fixture(autouse=True)
def reports(tmp_path, monkeypatch):
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path / "out"))
    return tmp_path / "out" / "reports"


def told(estimate, low, high, **more):
    return {"estimate": estimate, "conf_low": low, "conf_high": high, **more}


BEFORE = {
    "flips": told(0.2, 0.1, 0.3, n_obs=100),
    "same": told(0.5, 0.4, 0.6, n_obs=100, p_value=0.01),
    "loses": told(0.2, 0.1, 0.3, p_value=0.04),
    "gains": told(0.1, -0.1, 0.3),
    "claim": told(0.1, -0.1, 0.3, grade="cannot_tell"),
    "whole": {"effect": 10.0, "effect_low": 5.0, "effect_high": 15.0, "n_units": 30, "detectable": 4.0},
    "gone": told(1.0, 0.5, 1.5),
    "grade": {"level": "association", "interval": True},
    "firms": 40,
    "pairs": [3, 7],
}
AFTER = {
    "flips": told(-0.2, -0.3, -0.1, n_obs=90),
    "same": told(0.5, 0.4, 0.6, n_obs=100, p_value=0.01),
    "loses": told(0.15, -0.05, 0.35, p_value=0.2),
    "gains": told(0.2, 0.05, 0.35),
    "claim": told(0.1, -0.1, 0.3, grade="timing"),
    "whole": {"effect": 12.5, "effect_low": 5.0, "effect_high": 20.0, "n_units": 32, "detectable": None},
    "come": told(1.0, 0.5, 1.5),
    "grade": {"level": "association", "interval": False},
    "firms": 45,
    "pairs": [3, 9],
}


def test_estimates_are_paired_with_their_change_and_what_must_not_be_missed():
    found = numbers.estimates(BEFORE, AFTER).set_index("name")
    assert set(found.index) == {
        (n,) for n in ("flips", "same", "loses", "gains", "claim", "whole", "gone", "come", "grade")
    }
    by_mark = {mark: {name[0] for name in found.index[found[mark].astype(bool)]} for mark in numbers.MARKS}
    assert by_mark == {"sign": {"flips"}, "interval": {"loses", "gains"}, "grade": {"claim"}}
    assert found.index[0] == ("claim",)
    assert found.loc[[("flips",)], "change"].iloc[0] == -0.4
    assert found.loc[[("whole",)], ["estimate_after", "n_before", "n_after", "change"]].iloc[0].tolist() == [12.5, 30, 32, 2.5]
    changed = {name[0]: bool(value) for name, value in found["is_changed"].items()}
    assert [name for name, is_changed in changed.items() if not is_changed] == ["grade", "same"]


def test_an_estimate_that_one_side_lacks_is_changed_and_marked_as_nothing():
    found = numbers.estimates(BEFORE, AFTER).set_index("name")
    for name in ("gone", "come"):
        row = found.loc[[(name,)]].iloc[0]
        assert row["is_changed"] and row["change"] is None and not any(row[list(numbers.MARKS)])


def test_an_interval_that_ends_at_zero_holds_it():
    ends = [told(0.2, 0.0, 0.4)], [told(0.2, 0.001, 0.4)]
    assert numbers.estimates({"x": ends[0][0]}, {"x": ends[1][0]})["interval"].tolist() == [True]
    assert numbers.estimates({"x": told(0.1, None, None)}, {"x": ends[1][0]})["interval"].tolist() == [False]


def test_every_other_number_has_its_old_and_new_value_and_change():
    found = numbers.others(BEFORE, AFTER, minimum=10).set_index("name")
    listed = {".".join(name): tuple(row) for name, row in zip(found.index, found[["before", "after", "change"]].to_numpy(), strict=True)}
    assert listed == {
        "firms": (40, 45, 5), "pairs.1": (3, 3, 0), "pairs.2": (7, 9, 2), "whole.detectable": (4.0, None, None),
        "grade.interval": (True, False, None),
    }  # fmt: skip
    assert found["is_changed"].sum() == 4


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (40, 49, ("*", "<10")), (40, 31, ("*", "<10")), (40, 50, (50, 10)), (40, 40, (40, 0)), (40, None, (None, None)),
        ("<10", 12, (12, None)), ("<10", "<10", ("<10", None)),
    ],
)  # fmt: skip
def test_small_changes_of_persons_and_those_of_suppressed_counts_show_nothing(old, new, shown):
    found = numbers.others({"n_persons": old}, {"n_persons": new}, minimum=10).iloc[0]
    assert (found["after"], found["change"]) == shown
    assert numbers.others({"n_firms": 40}, {"n_firms": 49}, minimum=10)["change"].tolist() == [9]


def read_rows(table, *numbers_of):
    return [dict(zip(("table", *counts.COUNTED), (table, *numbers_of), strict=True))]


def moved(table, old, new, **options):
    found = counts.changed(read_rows(table, *old), read_rows(table, *new), **{"minimum": 10, **options})
    return [tuple(row) for row in found[["before", "after", "change"]].to_numpy()]


def test_rows_of_firms_are_told_whatever_their_change():
    assert moved("patents", ("1000", "990", "10"), ("1003", "992", "11")) == [
        ("1,000", "1,003", "+3"), ("990", "992", "+2"), ("10", "11", "+1")
    ]  # fmt: skip
    assert moved("patents", ("1000", "990", "10"), ("1000", "990", "10")) == []


def test_a_table_of_persons_with_one_small_change_shows_no_later_count_that_would_give_it_away():
    # Rows set aside change by 2; from 1,020 read and 1,008 kept it could be had.
    assert moved("members", ("1000", "990", "10"), ("1020", "1008", "12")) == [
        ("1,000", "*", "*"), ("990", "*", "*"), ("10", "*", "*")
    ]  # fmt: skip
    assert moved("members", ("1000", "990", "10"), ("1020", "1010", "10"))[0] == ("1,000", "1,020", "+20")


def test_of_two_suppressed_or_one_suppressed_count_no_difference_is_told():
    assert moved("members", ("1000", "*", "<10"), ("1020", "1020", "0")) == [
        ("1,000", "1,020", "+20"), ("*", "1,020", ""), ("<10", "0", "")
    ]  # fmt: skip


def test_tables_of_persons_are_not_compared_where_the_two_runs_hide_counts_below_different_numbers():
    changed = {"same_minimum": False, "minimum": 20}
    assert moved("members", ("1000", "985", "15"), ("1100", "*", "<20"), **changed) == []
    assert moved("patents", ("1000", "985", "15"), ("1100", "1080", "20"), **changed) != []


def test_a_table_that_the_codebook_does_not_know_might_be_of_persons():
    assert moved("strangers", ("100", "100", "0"), ("103", "103", "0"))[0] == ("100", "*", "*")


def facts(run):
    text = dict.fromkeys(LANGS, "x")
    return render.Facts(
        lang="en", run=run, study="zone", run_title=text, zone=text, period="2013–2023", as_of="2023-06-30", banner=text,
        is_synthetic=True, parameters={}, inputs=[], code={"commit": None, "hash": "0"}, packages={}, seed=1, plan="0",
        version="0",
    )  # fmt: skip


def drawn(height, *, title="Heights"):
    style.use()
    _, ax = plt.subplots(figsize=(3, 2))
    ax.bar(["first", "second"], [1, height])
    ax.set_xlabel("which of the two")
    frame = pd.DataFrame({"name": ["first", "second"], "height": [1, height]})
    return html(show.figure(ax, title=title, alt=f"two bars, 1 and {height}", data=frame, lang="en", note="by hand").data)


def listed(*values):
    return html(show.table(pd.DataFrame({"v": values}), title="Values", lang="en").data)


def page_of(run, *outputs, text="Some words."):
    whole = executed(notebook("1"), *outputs)
    whole.cells.append(new_markdown_cell(text))
    return render.render(execute.normalise(whole), facts(run), name="10_a")


def test_a_page_is_read_as_figures_tables_and_words_of_one_language():
    found = content.read(page_of("a", drawn(2), listed(1, 2)), "en")
    assert found.figures[1].caption == "Heights by hand"
    assert found.figures[1].cells == (("name", "height"), ("first", "1"), ("second", "2"))
    assert found.tables[1].cells == (("v",), ("1",), ("2",))
    assert found.words == ("Sources", "Two files.", "Some words.")
    chinese = content.read(page_of("a", drawn(2)), "zh")
    assert chinese.words == ("来源", "两 个文件。", "Some words.")
    # A figure that stands once, for both languages, is seen in either.
    assert chinese.figures[1].caption == "Heights by hand"


def test_a_figure_is_the_same_text_on_two_pages_whatever_else_is_drawn_there():
    alone, beside = page_of("a", drawn(2)), page_of("b", drawn(3, title="XYZ 甲乙丙"), drawn(2))
    first, second = content.read(alone, "en").figures[1], content.read(beside, "en").figures[2]
    assert first.drawing == second.drawing
    assert content.read(beside, "en").figures[1].drawing != first.drawing


def test_a_figure_taken_from_a_page_brings_every_letter_and_clip_that_it_uses():
    figure = content.read(page_of("a", drawn(3, title="t"), drawn(2)), "en").figures[2].drawing
    used = set(re.findall(r'(?:href="|url\()#(l?[0-9a-f]{8,}|c\d+)', figure))
    assert used
    assert used <= set(re.findall(r'id="([^"]+)"', figure))


def publish(run, finding, results, *outputs, stem="90_findings", **changes):
    html_text = page_of(run, *outputs, text=changes.pop("text", "Some words."))
    extra = {name: changes.pop(name) for name in ("counts", "inputs", "code", "packages") if name in changes}
    return put({**made(run, page(stem, finding=finding, results=results), **changes), **extra}, html=html_text)


def compared(before="a", after="b"):
    return compare.compared(sides.opened(before), sides.opened(after), "en")


def test_a_run_with_itself_has_not_changed_and_leaves_with_code_0(capsys, reports):
    publish("a", "one", BEFORE, drawn(2))
    assert cli.main(["diff", "a", "a", "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "Nothing that a reader sees has changed." in said
    assert said.splitlines()[-1] == str(reports / "diff" / "a--a.html")


def test_other_code_files_packages_and_parameters_alone_are_listed_and_no_change(capsys):
    publish("a", "one", BEFORE, inputs=[{"file": "x.csv", "table": "patents", "sha256": "1" * 64}])
    publish("b", "one", BEFORE, seed=7, code={"commit": "c", "hash": "h"}, packages={"numpy": "3.0"}, lang="en",
            inputs=[{"file": "y.csv", "table": "patents", "sha256": "2" * 64}])  # fmt: skip
    assert cli.main(["diff", "a", "b"]) == 0
    said = capsys.readouterr().out
    assert "Parameters that differ: seed." in said
    assert "Data files added, gone or with other content: 2." in said
    assert "The code differs; packages with another version: 1." in said


@pytest.mark.parametrize(
    "change",
    [{"finding": "two"}, {"results": {**BEFORE, "firms": 41}}, {"figure": 3}, {"table": (1, 5)}, {"text": "Other words."},
     {"as_of": "2022-12-31"}, {"counts": read_rows("patents", "1", "1", "0")}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_each_thing_that_a_reader_sees_is_a_change_by_itself_and_leaves_with_code_1(change, capsys):
    publish("a", "one", BEFORE, drawn(2), listed(1, 2))
    rest = {name: value for name, value in change.items() if name in ("text", "as_of", "counts")}
    outputs = drawn(change.get("figure", 2)), listed(*change.get("table", (1, 2)))
    publish("b", change.get("finding", "one"), change.get("results", BEFORE), *outputs, **rest)
    assert cli.main(["diff", "a", "b"]) == 1
    assert "Nothing" not in capsys.readouterr().out


def test_a_page_that_failed_or_is_not_there_is_a_change_of_status_alone():
    put(made("a", page("10_a", results={"n": 1}), page("20_b")), html=page_of("a"))
    put(made("b", page("10_a", "failed")), html=page_of("b"))
    first, second = compared().pages
    assert (first.status, second.status) == (("ok", "failed"), ("ok", "absent"))
    assert first.numbers.empty and not first.pairs and first.is_seen


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a", "nowhere"], "'nowhere' is neither a run under"),
        (["a", "bb"], "did you mean 'b'"),
        (["a", "damaged"], "manifest.json cannot be read or lacks run"),
        (["a", "foreign"], "of another version of this project"),
        (["a", "hollow"], "page 90_findings.html cannot be read"),
        (["a", "../reports/a/index.html"], "is neither a run under"),
    ],
)
def test_what_cannot_be_compared_is_wrong_use(arguments, said, capsys, reports):
    publish("a", "one", BEFORE)
    publish("b", "one", BEFORE)
    put("{", "damaged")
    old = made("foreign")
    put({**old, "pages": [{**old["pages"][0], "title": "one language"}]})
    (publish("hollow", "one", BEFORE) / "90_findings.html").unlink()
    assert cli.main(["diff", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (reports / "diff").exists()


def test_a_page_that_cannot_be_written_leaves_with_code_2_and_not_as_a_difference(capsys, tmp_path):
    publish("a", "one", BEFORE)
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert cli.main(["diff", "a", "a", "--out", str(tmp_path / "file")]) == 2
    assert "a file stands where a folder is needed" in capsys.readouterr().err


def test_a_folder_elsewhere_can_be_compared_and_the_page_then_holds_no_path(tmp_path, capsys):
    publish("a", "one", BEFORE, drawn(2))
    publish("b", "two", AFTER, drawn(3)).rename(tmp_path / "copy")
    assert cli.main(["diff", "a", str(tmp_path / "copy"), "--out", str(tmp_path / "there")]) == 1
    text = (tmp_path / "there" / "a--b.html").read_text(encoding="utf-8")
    assert str(tmp_path) not in text and 'href="../a/' not in text
    assert cli.main(["diff", "a", str(tmp_path / "copy")]) == 1
    text = (paths.reports() / "diff" / "a--b.html").read_text(encoding="utf-8")
    assert 'href="../a/90_findings.html"' in text and 'href="../b/' not in text


def test_the_page_puts_what_must_not_be_missed_first_and_says_all_in_both_languages():
    publish("a", "one", BEFORE, drawn(2))
    publish("b", "two", AFTER, drawn(3))
    text = unescape(diff_page.page(compared(), "en"))
    order = [text.index(head) for head in ("What must not be missed", "<h2><span class=\"zh\" lang=\"zh-CN\">估计", ">Figures<")]
    assert order == sorted(order)
    heads = [words["en"] for words, _ in rows.marked(compared())]
    assert heads == [
        "The grade of evidence moves (1)", "The interval comes to hold zero, or ceases to (2)",
        "The sign flips (1, of which 0 with intervals that hold zero before and after)",
    ]  # fmt: skip
    assert "now holds zero, 0.2 (0.1\u00a0…\u00a00.3) → 0.15 (−0.05\u00a0…\u00a00.35)" in text
    assert "“无从判断”变为“先后相符”" in text and "'cannot tell', now 'timing consistent'" in text
    for key in ("diff.marked_title", "diff.findings_title", "diff.figures_title", "diff.made_title"):
        assert render.in_both(both(key)) in text
    assert text.count('class="drawn"') == 2
    assert "结论：one" in text and "结论：two" in text


def test_the_same_two_runs_give_the_same_bytes_and_ask_nothing_of_any_place():
    publish("a", "one", BEFORE, drawn(2), title_en="<script>alert(1)</script>\u202e", zone="\"'><b>")
    publish("b", "<i>two</i>", AFTER, drawn(3))
    text = diff_page.page(compared(), "zh")
    assert text == diff_page.page(compared(), "zh")
    assert not foreign.external_requests(text)
    body = text.split("<body>")[1].rsplit("<script>", 1)[0]
    assert "<script" not in body and "<i>" not in body and "<b>" not in body
    assert "08:30" not in text


def test_figures_that_are_the_same_are_not_repeated_and_those_without_room_are_named(monkeypatch):
    publish("a", "one", BEFORE, drawn(2), drawn(5), drawn(1, title="Third"))
    publish("b", "two", AFTER, drawn(3), drawn(5), drawn(2, title="Third"))
    found = compared()
    assert [pair.number for pair in found.pages[0].pairs if pair.kind == "figure"] == [1, 3]
    whole = diff_page.page(found, "en")
    assert whole.count('class="drawn"') == 4
    monkeypatch.setattr(diff_page, "LARGEST_BYTES", len(whole.encode()) - 2500)
    less = diff_page.page(found, "en")
    assert less.count('class="drawn"') == 2 and "find no room here" in less
    assert "find no room here" not in whole


def test_a_page_with_sums_is_not_compared_where_they_would_give_a_hidden_change_away(capsys):
    sums = {"rows_read": 2000, "rows_kept": 1990, "set_aside": 10}
    later = {"rows_read": 2003, "rows_kept": 1993, "set_aside": 10}
    publish("a", "of 2,000 rows", sums, listed(1000), counts=read_rows("members", "1000", "1000", "0"))
    publish("b", "of 2,003 rows", later, listed(1003), counts=read_rows("members", "1003", "1003", "0"))
    found = compared()
    assert found.pages[0].is_left_out and found.has_changed
    text = diff_page.page(found, "en")
    assert "2,003" not in text and "1,003" not in text and "2003" not in text.split("<main")[1]
    assert "page 90_findings" in text.split("Pages not compared")[1][:200]


def test_the_summary_counts_what_changed():
    publish("a", "one", BEFORE, drawn(2), listed(1, 2))
    publish("b", "two", AFTER, drawn(3), listed(1, 5), min_cell=20)
    lines = diff_page.summary(compared(), "en").splitlines()
    assert lines[0] == "a → b"
    assert lines[1].strip() == (
        "7 of 9 estimates differ: 1 flip their sign, 2 come to hold zero or cease to, 1 move in grade."
    )
    assert lines[2].strip() == "4 of 5 other numbers differ."
    assert lines[3].strip() == "What differs: findings 1, figures 1, tables 1; pages with other words: 0."
    assert "min_cell" in lines[6]


def test_a_run_is_found_by_its_name_before_a_folder_of_that_name(monkeypatch, tmp_path):
    publish("a", "one", BEFORE)
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path)
    assert sides.opened("a").is_on_shelf
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "manifest.json").write_text(json.dumps(made("named")), encoding="utf-8")
    assert (sides.opened("c").run, sides.opened("c").is_on_shelf) == ("named", False)
    (tmp_path / "c" / "manifest.json").write_text(json.dumps(made("named") | {"run": "../x"}), encoding="utf-8")
    with pytest.raises(UsageError, match="another version"):
        sides.opened("c")
    assert diff.write("a", "a").has_changed is False
