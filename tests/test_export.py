"""Regression tables for a paper: what a referee asks for is in each form, in both languages, and nothing breaks it."""

import io
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from fresh_processes import printed_under_two_hash_seeds

from helpers.errors import UsageError
from helpers.models.export import regression_table
from helpers.models.result import TABLE_COLUMNS, Result
from helpers.text import LANGS, Message

NASTY = "R&D_50% <b>{x}</b> #1 $5 ~^\\ 厦门\x07"


def result(estimator="poisson", terms=("score", "age", "intercept"), **changes) -> Result:
    """Return a fit with estimates 0.25, 0.50, ..., standard error 0.1, t(10): reach 0.2228138852."""
    estimate = 0.25 * np.arange(1, len(terms) + 1)
    reach = 0.1 * 2.2281388519649385
    table = pd.DataFrame(
        dict(zip(TABLE_COLUMNS, (list(terms), estimate, 0.1, estimate / 0.1, [0.0312, *[0.00004] * (len(terms) - 1)],
                                 estimate - reach, estimate + reach, 10), strict=True))
    )  # fmt: skip
    values = {
        "table": table, "estimator": estimator, "outcome": "patents", "exposure": "score", "controls": ("age",),
        "fixed_effects": ("industry", "year"), "cluster": "grid", "vcov": "CR1", "n_obs": 2640, "n_units": 264,
        "n_clusters": 11, "n_dropped": {"age missing": 3, "grid missing": 4}, "rule": "CR1 by grid: the rule, t(10)",
        "formula": "f", "outcome_mean": 0.72, "outcome_zero_share": 0.659,
    }  # fmt: skip
    return Result(**{**values, **changes})


def line(table, heading, kind=""):
    return table.frame.loc[(heading, kind)].tolist()


def test_a_term_has_coefficient_standard_error_p_value_and_interval():
    table = regression_table(result())
    assert line(table, "age", "Coefficient") == ["0.500"]
    assert table.frame.loc["age"][table.frame.columns[0]].tolist() == ["0.500", "(0.100)", "[<0.001]", "0.277 to 0.723"]
    heading = table.frame.index[0][0]
    assert line(table, heading, "[p value]") == ["[0.031]"]
    assert line(table, heading, "95 % interval") == ["0.027 to 0.473"]


def test_what_a_referee_asks_for_is_below_the_coefficients():
    table = regression_table([result(), result("ols", cluster=None, vcov="HC1", n_clusters=0, n_units=0,
                                               fixed_effects=("year",), rule="HC1: x")], wild_p=[0.0421, None])  # fmt: skip
    # exp(0.25) - 1 = 28.4 %, exp(0.0271861) - 1 = 2.8 %, exp(0.4728139) - 1 = 60.5 %; 0.72 x 0.2840254 = 0.2045.
    assert line(table, "Effect of the exposure in %, exp(b) − 1") == ["28.4 (2.8 to 60.5)", "–"]
    assert line(table, "Effect of the exposure in units of the outcome a row") == ["+0.204", "–"]
    assert line(table, "p value, wild cluster bootstrap") == ["0.042", "–"]
    assert line(table, "Fixed effects: industry") == ["yes", "no"]
    assert line(table, "Clusters, G") == ["11", "–"]
    assert line(table, "Rows, N") == ["2,640", "2,640"]
    assert line(table, "Units (firms)") == ["264", "–"]
    assert line(table, "Rows left out before the fit") == ["7", "7"]
    assert line(table, "Share of zeros in the outcome") == ["65.9 %", "65.9 %"]
    assert line(table, "Mean of the outcome") == ["0.720", "0.720"]
    assert "Small-sample rule, (1): CR1 by grid: the rule, t(10)." in table.notes
    assert "Small-sample rule, (2): HC1: x." in table.notes


def test_stars_are_off_unless_asked_for_and_then_explained():
    assert "*" not in regression_table(result()).to_html()
    table = regression_table(result(), stars=True)
    assert line(table, "age", "Coefficient") == ["0.500***"]
    assert line(table, table.frame.index[0][0], "Coefficient") == ["0.250**"]
    assert "* p < 0.1, ** p < 0.05, *** p < 0.01." in table.notes


def test_a_rule_or_warning_common_to_all_columns_stands_once():
    minded = result(warnings=(Message("models.few_clusters", {"clusters": 11, "cluster": "grid"}),))
    table = regression_table([minded, minded])
    assert [note for note in table.notes if note.startswith("Small-sample rule")] == [
        "Small-sample rule: CR1 by grid: the rule, t(10)."
    ]
    assert len([note for note in table.notes if note.startswith("(1), (2): only 11 clusters of grid")]) == 1


def test_terms_of_other_columns_are_blank_and_exposures_come_first():
    table = regression_table({"A": result(), "B": result("logit", ("income", "score", "intercept"), exposure="income")})
    assert list(table.frame.columns) == ["A", "B"]
    headings = list(dict.fromkeys(heading for heading, _ in table.frame.index))
    assert headings.index("income") == 1
    assert headings[2:4] == ["age", "Intercept"]
    assert line(table, "age", "Coefficient") == ["0.500", ""]
    assert line(table, "income", "Coefficient") == ["", "0.250"]


def test_terms_can_be_chosen_and_an_unknown_one_is_named():
    table = regression_table(result(), terms=["age"])
    assert table.n_coefficient_rows == 4
    assert regression_table(result(), terms=[]).n_coefficient_rows == 0
    assert regression_table(result(), terms=[]).to_html().count("<tbody>") == 1
    with pytest.raises(UsageError, match="no result has the term nothing; they have score, age, intercept"):
        regression_table(result(), terms=["nothing"])


def test_small_coefficients_keep_two_figures_of_their_standard_error():
    fit = result()
    tiny = fit.table.assign(**{name: fit.table[name] * 1e-4 for name in
                               ("estimate", "std_error", "conf_low", "conf_high")})  # fmt: skip
    table = regression_table(result(table=tiny))
    assert line(table, "age", "Coefficient") == ["0.000050"]
    assert line(table, "age", "(standard error)") == ["(0.000010)"]


def test_parts_and_cut_points_are_put_into_words():
    two = regression_table(result("zinb", ("count: score", "zero: score", "zero: intercept", "ln_alpha")))
    headings = [heading for heading, _ in two.frame.index]
    assert {"Zero part: Intercept", "ln α (dispersion)"} < set(headings)
    assert any("log odds of a structural zero" in note for note in two.notes)
    assert any("above zero" in note for note in regression_table(result("hurdle", ("count: score",))).notes)
    ordered = regression_table(result("ordered", ("score", "cut 1|2", "cut 2|3")), lang="zh")
    assert "切点 1|2" in [heading for heading, _ in ordered.frame.index]


@pytest.mark.parametrize("estimator", ["zip", "zinb", "hurdle", "logit", "cloglog", "clogit", "ordered", "ols"])
def test_no_per_cent_effect_is_given_without_a_plain_log_link(estimator):
    assert "Effect of the exposure in %, exp(b) − 1" not in regression_table(result(estimator)).frame.index
    assert "28.4" not in regression_table(result(estimator)).to_html()


def test_a_chinese_table_has_no_english_sentence():
    for vcov in ("CR1", "CR2", "CRV3J", "HC1", "iid"):
        table = regression_table([result("zip"), result("hurdle", vcov=vcov)], lang="zh", wild_p=[0.1, 0.2], stars=True)
        words = "；".join([*table.notes, table.caption, *(heading for heading, _ in table.frame.index)])
        assert not re.search(r"(?:\b[A-Za-z]{2,}\b[ ,]+){3}", words)
        assert "小样本规则" in words


class _Balanced(HTMLParser):
    """Collects text and checks that every element is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def nasty():
    return result(terms=(NASTY, "age"), exposure=NASTY, outcome=NASTY, cluster=NASTY, rule=NASTY, fixed_effects=(NASTY,))


@pytest.mark.parametrize("lang", LANGS)
def test_html_escapes_names_and_has_headings_for_every_row(lang):
    table = regression_table({NASTY: nasty(), "2": result()}, lang=lang, caption=NASTY, stars=True)
    page = _Balanced()
    page.feed(table.to_html())
    assert not page.open
    tags = [tag for tag, _ in page.tags]
    assert "b" not in tags
    assert "<b>{x}</b>" in "".join(page.text)
    assert "\x07" not in table.to_html()
    # Every row counts as many columns, one heading spanning the four lines of a term.
    spans = [int(attrs.get("rowspan", 1)) for tag, attrs in page.tags if tag == "th" and attrs["scope"] != "col"]
    assert sum(spans) == len(table.frame)
    assert tags.count("tr") == len(table.frame) + 2


def braces(source: str) -> int:
    """Return the depth at the end; raise where one closes that is not open."""
    depth = 0
    for sign in re.sub(r"\\[\\{}]", "", source):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert depth >= 0
    return depth


@pytest.mark.parametrize("lang", LANGS)
def test_latex_has_balanced_braces_and_nothing_unescaped(lang):
    table = regression_table({NASTY: nasty(), "* 2": result()}, lang=lang, caption=NASTY, stars=True)
    source = table.to_latex()
    assert braces(source) == 0
    assert sorted(re.findall(r"\\begin\{(\w+)\}", source)) == sorted(re.findall(r"\\end\{(\w+)\}", source))
    assert not re.search(r"(?<!\\)[%#_~^]", source.replace(r"\textasciitilde{}", "").replace(r"\textasciicircum{}", ""))
    assert not re.search(r"[<>−α\x07]", source)
    rows = source.split(r"\toprule")[1].split(r"\bottomrule")[0].replace(r"\&", "").splitlines()
    rows = [row for row in rows if row.endswith(r"\\")]
    assert len(rows) == len(table.frame) + 1
    assert {row.count("&") for row in rows} == {2}
    # A row that begins with a bracket would be read as the option of the end of the row before.
    assert not [row for row in rows if row.lstrip().startswith(("[", "*"))]
    assert source.count(r"\midrule") == 2


def test_unbalanced_braces_are_noticed():
    assert braces("{a}{") == 1
    with pytest.raises(AssertionError):
        braces("a}{")


@pytest.mark.parametrize("lang", LANGS)
def test_a_word_file_opens_again_with_the_numbers_in_their_cells(lang):
    docx = pytest.importorskip("docx", reason="python-docx writes and reads Word files")
    table = regression_table({NASTY: nasty(), "(2)": result()}, lang=lang, caption=NASTY)
    opened = docx.Document(io.BytesIO(table.to_word()))
    (grid,) = opened.tables
    cells = [[cell.text for cell in row.cells] for row in grid.rows]
    assert cells[0] == ["", NASTY.replace("\x07", " "), "(2)"]
    assert [row[1:] for row in cells[1:]] == table.frame.replace(NASTY, NASTY.replace("\x07", " ")).to_numpy().tolist()
    assert cells[1][1:] == ["0.250", ""]
    assert [row[0] for row in cells[1:6]] == [NASTY.replace("\x07", " "), "", "", "", table.frame.index[4][0]]
    written = [paragraph.text for paragraph in opened.paragraphs]
    assert written[0] == NASTY.replace("\x07", " ")
    assert written[1:] == [note.replace("\x07", " ") for note in table.notes]


def test_the_same_table_gives_the_same_word_file():
    pytest.importorskip("docx", reason="python-docx writes Word files")
    assert regression_table(result()).to_word() == regression_table(result()).to_word()


def test_without_the_package_a_word_table_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(UsageError, match="pip install python-docx"):
        regression_table(result()).to_word()


def test_what_cannot_be_put_side_by_side_is_refused():
    with pytest.raises(UsageError, match="at least one result"):
        regression_table([])
    with pytest.raises(UsageError, match="1 values of wild_p for 2 results"):
        regression_table([result(), result()], wild_p=[0.1])
    fit = result()
    reach = 0.1 * 1.8124611228107335
    narrow = fit.table.assign(conf_low=fit.table["estimate"] - reach, conf_high=fit.table["estimate"] + reach)
    assert line(regression_table(result(table=narrow)), "age", "90 % interval") == ["0.319 to 0.681"]
    with pytest.raises(UsageError, match=r"different levels: 0\.9, 0\.95"):
        regression_table([fit, result(table=narrow)])


def test_tables_do_not_depend_on_the_hash_seed_and_word_is_loaded_only_when_asked_for():
    code = (
        "import sys\nsys.path.insert(0, 'tests')\nfrom test_export import nasty, regression_table, result\n"
        "table = regression_table([nasty(), result('ols')], lang='zh')\n"
        "assert 'docx' not in sys.modules\n"
        "sys.stdout.buffer.write((table.to_html() + table.to_latex()).encode())"
    )
    found = set(printed_under_two_hash_seeds(code))
    assert len(found) == 1
    assert found.pop()


def test_a_fit_of_two_parts_and_a_poisson_stand_side_by_side():
    from helpers import paths
    from helpers.models.regression import fit

    data = pd.read_csv(paths.ROOT / "tests" / "peers" / "firm_years.csv")
    asked = {"outcome": "patents", "exposure": "score", "cluster": "grid", "unit": "firm"}
    fits = {"PPML": fit(data, fixed_effects=["year"], **asked), "ZIP": fit(data, estimator="zip", **asked)}
    table = regression_table(fits)
    headings = list(dict.fromkeys(heading for heading, _ in table.frame.index))
    plain, count = headings[:2]
    assert count == f"Count part: {plain}"
    for name, heading, term in (("PPML", plain, "score"), ("ZIP", count, "count: score")):
        row = fits[name].term(term)
        shown = table.frame[name].loc[heading]
        assert float(shown["Coefficient"].replace("−", "-")) == pytest.approx(row["estimate"], abs=5.1e-4)
        assert float(shown["(standard error)"].strip("()")) == pytest.approx(row["std_error"], abs=5.1e-4)
    assert line(table, "Clusters, G") == ["18", "18"]
    assert line(table, "Units (firms)") == ["264", "264"]
