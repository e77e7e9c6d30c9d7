import json
import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from matplotlib import pyplot as plt
from nbformat.v4 import new_markdown_cell
from report_notebooks import executed, html, notebook, stream

from helpers import show
from helpers.errors import PageError
from helpers.report import execute, render

STUDIES = "\n".join(
    f'<section lang="{lang}"{study}>\n\n{word}\n\n</section>'
    for study, word in ((' data-study="zone"', "GRIDS"), (' data-study="listed"', "CITIES"), ("", "BOTH"))
    for lang in ("zh", "en")
)


@pytest.fixture
def facts():
    def make(lang="zh", **changes):
        values = {
            "lang": lang,
            "run": "demo",
            "study": "zone",
            "run_title": {"zh": "题 <名>", "en": "Title <name>"},
            "zone": {"zh": "五力园区", "en": "Zone of five forces"},
            "period": "2013–2023",
            "as_of": "2023-06-30",
            "banner": {"zh": "合成", "en": "synthetic"},
            "is_synthetic": True,
            "parameters": {"data.dirt": "typical", "seed": "7"},
            "inputs": [{"table": "patents", "file": "专利.csv", "sha256": "0123456789abcdef9999"}],
            "code": {"commit": None, "hash": "feedface00000000aaaa"},
            "packages": {"pandas": "3.1.1"},
            "seed": 7,
            "plan": "0123456789ab",
            "version": "0.1.0",
        }
        return render.Facts(**{**values, **changes})

    return make


def page(facts, *outputs, markdown=None, lang="zh"):
    made = executed(notebook("1"), *outputs)
    if markdown is not None:
        made.cells.append(new_markdown_cell(markdown))
    return render.render(
        execute.normalise(made), facts(lang), name="10_data_quality.ipynb", parameters={"min_cell": 10}
    )


def in_language(found, lang):
    """Return the text of a page that its style sheet leaves visible in `lang`."""
    body = found.split("</head>")[1]
    other = "en" if lang == "zh" else "zh"
    soup = BeautifulSoup(body, "html.parser")
    for part in [*soup.select(f".{other}"), *soup.select("script, template")]:
        part.decompose()
    return soup.get_text(" ")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_holds_both_languages_apart_and_opens_in_its_own(facts, lang):
    found = page(facts, lang=lang)
    assert f'<html lang="{render.TAGS[lang]}" class="opens-{lang}">' in found
    assert re.search(rf'id="in-{lang}"[^>]* checked', found)
    zh, en = (in_language(found, one) for one in ("zh", "en"))
    assert "来源" in zh and "Sources" not in zh and "五力园区" in zh and "Zone of five forces" not in zh
    assert "Sources" in en and "来源" not in en and "Zone of five forces" in en and "五力园区" not in en
    assert (soup := BeautifulSoup(found, "html.parser")).select('.zh[lang="zh-CN"]') and soup.select('.en[lang="en"]')


def test_markdown_and_headings_inside_a_section_are_rendered(facts):
    found = page(facts)
    assert "<strong>两</strong> 个文件" in found and "<strong>Two</strong> files" in found
    assert re.search(r'<h2 id="zh-s1">.*来源.*</h2>', found) and re.search(r'<h2 id="en-s1">.*Sources.*</h2>', found)
    assert '<a href="#zh-s1">来源</a>' in found and '<a href="#en-s1">Sources</a>' in found
    assert [one.get_text() for one in BeautifulSoup(found, "html.parser").select("h1")] == ["数据质量Data quality"]


def test_a_formula_is_mathml_on_the_page(facts):
    formula = "\n".join(
        f'<section lang="{lang}">\n\n{word} $\\beta_1$\n\n$$y = x^2$$\n\n</section>' for lang, word in (("zh", "设"), ("en", "With"))
    )
    found = page(facts, markdown=formula)
    assert found.count("<msub><mi>&#x003B2;</mi><mn>1</mn></msub>") == 2
    assert found.count('display="block"') == 2
    assert "$" not in in_language(found, "en")


@pytest.mark.parametrize(
    ("markdown", "message"),
    [
        ('<section lang="zh">\n\n只有中文\n\n</section>', "expected both zh and en"),
        ('<section lang="zh">\n\n没有结尾', "is not closed"),
        ('<section lang="zh">中文</section>\n<section lang="en">English</section>', "on a line of its own"),
        ('<section lang="zh" data-study="listed">\n\n只有中文\n\n</section>', "expected both zh and en"),
        (STUDIES.replace("listed", "lsited"), "sections of study lsited; there are zone, listed"),
    ],
)
def test_languages_that_are_not_kept_apart_fail_the_page(facts, markdown, message):
    with pytest.raises(PageError, match=message):
        page(facts, markdown=markdown)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_holds_the_sections_of_its_own_study_and_those_of_none(facts, lang):
    made = executed(notebook("1"))
    made.cells.append(new_markdown_cell(STUDIES))
    for study, mine, other in (("zone", "GRIDS", "CITIES"), ("listed", "CITIES", "GRIDS")):
        found = render.render(execute.normalise(made), facts(lang, study=study), name="x.ipynb")
        assert mine in found and other not in found and "BOTH" in found


def test_a_page_prints_banner_parameters_hashes_versions_and_seed(facts):
    found = page(facts)
    for text in (
        "合成",
        "synthetic",
        "版本 0.1.0",
        "2013–2023",
        "data.dirt",
        "专利.csv",
        "0123456789abcdef",
        "feedface00000000",
        "3.1.1",
        "min_cell",
    ):
        assert text in found
    assert "题 &lt;名&gt;" in found
    assert "<code>7</code>" in found


def test_a_page_asks_no_other_place_for_anything(facts):
    assert render.external_requests(page(facts, html("<p>x</p>"))) == []


@pytest.mark.parametrize(
    "foreign",
    [
        '<script src="https://cdn.example/x.js"></script>',
        "<script>1</script>",
        '<link rel="stylesheet" href="https://cdn.example/x.css">',
        '<img src="https://cdn.example/x.png" alt="x">',
        '<img src="figure.png" alt="x">',
        "<style>@import 'x.css';</style>",
        "<style>p { background: url(https://cdn.example/x.png); }</style>",
        '<p style="background: url(//cdn.example/x.png)">x</p>',
        '<iframe src="data:text/html,x"></iframe>',
        '<p onclick="x()">x</p>',
    ],
)
def test_what_would_be_loaded_or_run_fails_the_page(facts, foreign):
    with pytest.raises(PageError, match="foreign"):
        page(facts, html(foreign))


def test_an_ordinary_link_is_no_request():
    assert render.external_requests('<a href="https://example.org">x</a><style>a { color: red }</style>') == []


def test_code_is_folded_and_warnings_stay_off_the_page(facts):
    found = page(facts, stream("loud warning", "stderr"), stream("a < b"))
    assert [one.get_text() for one in BeautifulSoup(found, "html.parser").select("details.code summary")] == ["代码Code"] * 2
    assert "loud warning" not in found
    assert "a &lt; b" in found


def test_figures_and_tables_are_numbered_apart_in_the_order_of_the_page(facts):
    frame = pd.DataFrame({"a": [1]})
    tables = [html(show.table(frame, title=title, lang="en").data) for title in ("first", "second")]
    _, ax = plt.subplots()
    drawn = html(show.figure(ax, title="line", alt="a line", lang="en").data)
    found = page(facts, tables[0], drawn, tables[1], lang="en")
    plain = re.sub(r"<[^>]+>", "", found)
    assert "Table 1. first" in plain
    assert "Table 2. second" in plain
    assert "Figure 1. line" in plain
    for place in ("en-table-1", "en-table-2", "en-figure-1"):
        assert found.count(f'id="{place}"') == 1


def test_the_same_notebook_gives_the_same_bytes(facts):
    assert page(facts) == page(facts)


def test_a_message_page_shows_its_text_as_it_is(facts):
    words = {"zh": "查到 <b> 与 *星*", "en": "found <b> & *stars*"}
    found = render.message({"zh": "题目", "en": "Title"}, [words], facts("zh"), name="x", links=[("logs/a.log", words)])
    assert "found &lt;b&gt; &amp; *stars*" in found and "查到 &lt;b&gt; 与 *星*" in found
    assert found.count('<a href="logs/a.log">') == 2
    assert [one.get_text() for one in BeautifulSoup(found, "html.parser").select("h1")] == ["题目Title"]


def test_a_figure_is_embedded_described_and_closed():
    fig, ax = plt.subplots()
    ax.plot([1, 2], [1, 2])
    frame = pd.DataFrame({"year": [2013, 2014], "n": [1234, None]})
    found = show.figure(ax, title="A < B", alt='two "points"', data=frame, lang="en", note="source").data
    assert not plt.fignum_exists(fig.number)
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="drawn" role="img" aria-label="two &quot;points&quot;"' in found
    assert "A &lt; B" in found
    assert '<td class="n">2013</td><td class="n">1,234</td>' in found
    assert '<td class="n">–</td>' in found


def test_a_figure_without_description_is_refused():
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="alt text"):
        show.figure(ax, title="x", alt=" ", lang="en")
    plt.close("all")


def test_a_figure_with_very_many_marks_becomes_pixels():
    _, ax = plt.subplots()
    ax.plot(range(9000), [(number * 7919) % 1009 for number in range(9000)], "o")
    found = show.figure(ax, title="x", alt="dots", lang="en").data
    assert 'src="data:image/png;base64,' in found and 'alt="dots"' in found


def test_a_table_sets_numbers_right_and_escapes_texts():
    frame = pd.DataFrame({"firm": ["<a>"], "n": ["<10"], "share": [-0.12345], "rate": [0.5]})
    found = show.table(frame, title="t", lang="en", formats={"rate": ".1%"}).data
    assert '<th scope="row">&lt;a&gt;</th>' in found
    assert '<td class="n">&lt;10</td>' in found
    assert '<td class="n">−0.123</td>' in found
    assert '<td class="n">50.0%</td>' in found


def test_results_are_the_same_text_for_the_same_numbers():
    first = repr(show.results({"b": 1 / 3, "a": float("nan"), "c": pd.Series({"x": -0.00001}), "d": pd.NA}))
    assert json.loads(first) == {"a": None, "b": 0.3333, "c": {"x": 0.0}, "d": None}
    assert first == repr(show.results({"d": None, "c": {"x": 0.0}, "a": None, "b": 0.33330001}))
    assert list(json.loads(first)) == ["a", "b", "c", "d"]
    with pytest.raises(TypeError, match="object"):
        show.results({"x": object()})


def test_a_chinese_name_in_an_english_caption_is_marked_as_chinese():
    frame = pd.DataFrame({"x": [1]})
    told = show.table(frame, title="泉州昌欣（福建）公司: index <1>", lang="en", note="of 甲厂 and 乙厂").data
    assert '<span lang="zh-CN">泉州昌欣（福建）公司</span>: index &lt;1&gt;</figcaption>' in told
    assert '<p class="note">of <span lang="zh-CN">甲厂</span> and <span lang="zh-CN">乙厂</span></p>' in told
    assert show.text("甲厂 over the years: 3 of 4").data == '<p><span lang="zh-CN">甲厂</span> over the years: 3 of 4</p>'
    assert show.text("甲厂历年：OLS 与 Poisson").data == "<p>甲厂历年：OLS 与 Poisson</p>"
    assert "<span lang" not in show.table(frame, title="泉州昌欣公司", lang="zh").data.replace('<span class="number"', "")


def test_a_column_of_numbers_some_of_which_are_suppressed_is_set_right():
    frame = pd.DataFrame({"name": ["a", "b", "c", "d"], "n": ["12", "*", "<10", "–"], "words": ["a", "*", "b", "–"]})
    told = show.table(frame, title="t", lang="en").data
    assert re.findall(r'<td class="n">(.*?)</td>', told) == ["12", "*", "&lt;10", "–"]
    assert re.findall(r"<td>(.*?)</td>", told) == ["a", "*", "b", "–"]
