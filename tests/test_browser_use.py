"""A page as it is used in headless Chromium: by keyboard, in two languages, with and without scripts, enlarged, printed.

The page is a small one made here, with all that pages have: sections, a long table, a figure with its data, code, a formula.
"""

import csv
import io
import re
from pathlib import Path

import pandas as pd
import pytest
from browser import LANGS, launched, opened
from matplotlib import pyplot as plt
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers import show, style
from helpers.disclosure.clearance import cleared
from helpers.report import render

EVIL = ['<script>alert("x")</script>', '"quoted", and more', "=cmd|' /C calc'!A0", "\u202e右向左", "-1+1", "＝1+1", "@SUM(A1)"]
ROWS = 20
WORDS = {"zh": ("节", "企业", "件数", "占比（%）", "变动"), "en": ("Part", "firm", "filings", "share (%)", "change")}
PARAGRAPH = {"zh": "一段说明文字。" * 60, "en": "A paragraph of plain words. " * 40}


def numbers() -> pd.DataFrame:
    """Return rows whose order by size is another than by letters, with values missing and suppressed."""
    names = [*EVIL, *(f"F{place:02d}" for place in range(len(EVIL), ROWS))]
    return pd.DataFrame(
        {
            "firm": names,
            "filings": [f"{(place * 7919) % 20000:,}" for place in range(ROWS - 1)] + ["*"],
            "share": [round((place * 37) % 101 - 50.5, 1) for place in range(ROWS)],
            "change": [None, *[place * 1000.5 - 9000 for place in range(1, ROWS)]],
        }
    )


def outputs_in(lang: str) -> list:
    style.use()
    frame = cleared(numbers().set_axis(list(WORDS[lang][1:]), axis=1))
    _, ax = plt.subplots(figsize=(7, 3))
    ax.bar(range(3), [1, 3, 2], color=style.colour("utility"))
    drawn = show.figure(ax, title=WORDS[lang][0], alt=WORDS[lang][0] * 3, data=frame.head(4), lang=lang)
    table = show.table(frame, title=WORDS[lang][1] + "!", lang=lang, note=PARAGRAPH[lang][:60])
    return [{"output_type": "display_data", "data": {"text/html": html.data}, "metadata": {}} for html in (table, drawn)]


def sections(level: str, number: int) -> str:
    return "\n".join(
        f'<section lang="{lang}">\n\n{level} {WORDS[lang][0]} {number}\n\n{PARAGRAPH[lang]}\n\n</section>' for lang in LANGS
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return a folder with two pages alike, the second of which opens in English."""
    facts = {
        "run": "demo", "study": "zone", "run_title": {"zh": "题", "en": "Title"}, "zone": {"zh": "甲园区", "en": "Zone A"},
        "period": "2013–2023", "as_of": "2023-06-30", "banner": {"zh": "由程序生成。", "en": "Made by a program."},
        "is_synthetic": True, "parameters": {"seed": "7"}, "inputs": [], "code": {"commit": None, "hash": "feed"},
        "packages": {"pandas": "3"}, "seed": 7, "plan": "0123", "version": "0",
    }  # fmt: skip
    code = new_code_cell("share = 1  # a comment", execution_count=1)
    code.outputs = outputs_in("zh")
    code.metadata["in_other_language"] = outputs_in("en")
    cells = [new_markdown_cell(sections("#", 0)), *(new_markdown_cell(sections("##", place)) for place in (1, 2)), code]
    cells += [new_markdown_cell(sections("##", place)) for place in (3, 4)]
    made = tmp_path_factory.mktemp("pages")
    for name, lang in (("10_first", "zh"), ("20_second", "en")):
        html = render.render(new_notebook(cells=cells), render.Facts(lang=lang, **facts), name=name)
        html = html.replace("</main>", '<p><a class="onward" href="20_second.html">20</a></p></main>')
        (made / f"{name}.html").write_text(html, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def browser():
    with launched() as started:
        yield started


@pytest.fixture
def first(browser, folder):
    with opened(browser, folder / "10_first.html", reduced_motion="reduce") as seen:
        yield seen
        assert seen.troubles == []


# What has the focus: what it is, whether it shows that, and whether it lies inside of the window.
FOCUSED = """() => {
  const now = document.activeElement;
  if (now === document.body) return null;
  const seen = now.matches(".tongue input") ? now.nextElementSibling : now;
  const look = getComputedStyle(seen), box = seen.getBoundingClientRect();
  return {
    what: now.id || now.className || now.tagName.toLowerCase(), tag: now.tagName.toLowerCase(), text: now.textContent.trim(),
    ringed: look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2,
    within: box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.height > 0,
    place: [...document.querySelectorAll("*")].indexOf(now),
  };
}"""
REACHABLE = """() => [...document.querySelectorAll("a[href], button, input, summary, [tabindex='0']")]
  .filter((one) => one.checkVisibility() && !(one.type === "radio" && !one.checked))
  .map((one) => [...document.querySelectorAll("*")].indexOf(one))"""


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("lang", LANGS)
def test_tab_reaches_everything_in_the_order_of_the_page_and_shows_where_it_is(browser, folder, lang, width):
    screen = {"viewport": {"width": width, "height": 900}, "reduced_motion": "reduce"}
    with opened(browser, folder / "10_first.html", anchor=f"#{lang}", **screen) as seen:
        seen.page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")
        seen.page.wait_for_timeout(100)
        expected, stops = seen.page.evaluate(REACHABLE), []
        for _ in range(len(expected) + 3):
            seen.page.keyboard.press("Tab")
            focused = seen.page.evaluate(FOCUSED)
            if focused is None or (stops and focused["place"] == stops[0]["place"]):
                break
            stops.append(focused)
    assert [stop["place"] for stop in stops] == expected
    assert [stop["what"] for stop in stops if not stop["ringed"]] == []
    assert [stop["what"] for stop in stops if not stop["within"]] == []
    kinds = {stop["what"].split(" ")[0] for stop in stops}
    assert kinds >= {"skip", f"in-{lang}", "contents", "anchor", "sort", "download", "summary"}
    assert "input" in {stop["tag"] for stop in stops}


def test_the_skip_link_leads_past_everything_to_the_text(first):
    first.page.keyboard.press("Tab")
    assert first.page.locator(".skip").bounding_box()["x"] >= 0
    first.page.keyboard.press("Enter")
    assert first.page.evaluate("document.activeElement.id") == "text"


def test_boxes_that_hold_no_more_than_they_show_take_no_keyboard_and_others_say_where_there_is_more(first):
    box = first.page.locator(".zh figure.table .scroll")
    assert box.get_attribute("tabindex") is None
    assert "more" not in box.get_attribute("class")
    first.screen(scheme="light", width=360)
    first.page.wait_for_timeout(100)
    assert box.get_attribute("tabindex") == "0"
    assert box.get_attribute("class") == "scroll more-after"
    box.focus()
    first.page.keyboard.press("End")
    box.evaluate("box => box.scrollTo(box.scrollWidth, 0)")
    first.page.wait_for_timeout(100)
    assert box.get_attribute("class") == "scroll more-before"
    # The cell that names the row stays in sight.
    named = first.page.locator(".zh figure.table tbody th").first.bounding_box()
    assert abs(named["x"] - box.bounding_box()["x"]) < 1


def column(seen, place: int, lang: str = "zh") -> list[str]:
    return seen.page.locator(f".{lang} figure.table tbody tr > :nth-child({place})").all_text_contents()


def sort_by(seen, place: int, key: str = "Enter", lang: str = "zh") -> str | None:
    head = seen.page.locator(f".{lang} figure.table thead th").nth(place - 1)
    head.locator("button").focus()
    seen.page.keyboard.press(key)
    return head.get_attribute("aria-sort")


def test_a_table_is_sorted_by_size_up_then_down_then_as_it_was(first):
    before = column(first, 2)
    sizes = sorted(float(shown.replace(",", "")) for shown in before if shown != "*")
    assert sort_by(first, 2) == "ascending"
    assert [float(shown.replace(",", "")) for shown in column(first, 2)[:-1]] == sizes
    assert column(first, 2)[-1] == "*"
    assert sort_by(first, 2, "Space") == "descending"
    assert [float(shown.replace(",", "")) for shown in column(first, 2)[:-1]] == sizes[::-1]
    assert column(first, 2)[-1] == "*", "what is not told comes last either way"
    assert sort_by(first, 2) is None
    assert column(first, 2) == before


def test_negative_numbers_are_sorted_below_zero_and_only_one_column_says_that_it_sorts(first):
    sort_by(first, 2)
    assert sort_by(first, 4) == "ascending"
    changes = [float(shown.replace(",", "").replace("−", "-")) for shown in column(first, 4)[:-1]]
    assert changes == sorted(changes) and changes[0] < 0
    assert column(first, 4)[-1] == "–"
    assert first.page.locator(".zh figure.table [aria-sort]").count() == 1


def test_a_search_leaves_the_rows_that_hold_it_and_says_how_many(first):
    first.speak("en")
    first.page.locator(".en figure.table input[type=search]").focus()
    first.page.keyboard.type("f1")
    visible = first.page.locator(".en figure.table tbody tr:visible > :first-child").all_text_contents()
    assert visible == [f"F{place}" for place in range(10, 20)]
    status = first.page.locator(".en figure.table [role=status]")
    assert status.text_content() == "10 of 20 rows"
    first.page.keyboard.type("zzz")
    assert status.text_content() == "no row matches"
    first.page.locator(".en figure.table input[type=search]").fill("")
    assert first.page.locator(".en figure.table tbody tr:visible").count() == ROWS
    assert status.text_content() == ""


def downloaded(seen, kind: str, lang: str = "zh") -> tuple[str, bytes]:
    with seen.page.expect_download() as waiting:
        button = seen.page.locator(f".{lang} figure.{kind} .download")
        button.focus()
        seen.page.keyboard.press("Enter")
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_a_downloaded_table_is_what_is_shown_and_nothing_a_spreadsheet_would_run(first):
    name, given = downloaded(first, "table")
    assert name == "10_first-zh-table-1.csv"
    assert given.startswith(b"\xef\xbb\xbf") and given.endswith(b"\r\n")
    lines = given.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "企业,件数,占比（%）,变动"
    assert lines[1] == '"<script>alert(""x"")</script>",0,-50.5,'
    assert lines[2] == '"""quoted"", and more",7919,-13.5,-7999.5'
    assert lines[3].startswith("'=cmd|' /C calc'!A0,15838,")
    assert lines[5].startswith("'-1+1,") and lines[6].startswith("'＝1+1,") and lines[7].startswith("'@SUM(A1),")
    rows = list(csv.reader(io.StringIO(given.decode("utf-8-sig"))))
    assert len(rows) == ROWS + 1 and {len(row) for row in rows} == {4}
    expected = numbers()
    assert [float(row[2]) for row in rows[1:]] == expected["share"].tolist()
    assert [row[3] for row in rows[1:]][:2] == ["", "-7999.5"]
    assert [row[1] for row in rows[1:]] == expected["filings"].str.replace(",", "").tolist()


def test_the_data_behind_a_figure_are_downloaded_in_the_order_in_which_they_stand(first):
    summary = first.page.locator(".zh figure.figure summary")
    summary.focus()
    first.page.keyboard.press("Enter")
    assert first.page.locator(".zh figure.figure details").get_attribute("open") is not None
    first.page.locator(".zh figure.figure thead button").nth(2).click()
    name, given = downloaded(first, "figure")
    assert name == "10_first-zh-figure-1.csv"
    rows = list(csv.reader(io.StringIO(given.decode("utf-8-sig"))))
    assert [float(row[2]) for row in rows[1:]] == sorted(numbers()["share"].head(4))


def test_the_choice_of_language_changes_text_title_and_document_and_keeps_the_place(first):
    first.page.locator("#in-zh").focus()
    first.page.evaluate("document.getElementById('zh-s2').scrollIntoView()")
    first.until("document.querySelector('.toc [aria-current]')?.hash === '#zh-s2'")
    first.page.keyboard.press("ArrowRight")
    assert first.page.evaluate("document.documentElement.lang") == "en"
    assert first.page.title() == "Part 0 · Title"
    assert not first.page.locator("main .zh:visible").count() and first.page.locator("main .en:visible").count()
    first.until("Math.abs(document.getElementById('en-s2').getBoundingClientRect().top) < 40")
    assert first.page.evaluate("location.hash") == "#en-s2"
    first.page.reload()
    assert first.page.title() == "Part 0 · Title"


@pytest.mark.parametrize("lang", LANGS)
def test_a_link_to_a_passage_opens_the_page_there_in_the_language_of_the_passage(browser, folder, lang):
    for stem in ("10_first", "20_second"):
        with opened(browser, folder / f"{stem}.html", anchor=f"#{lang}-s2") as seen:
            seen.until(f"Math.abs(document.getElementById('{lang}-s2').getBoundingClientRect().top) < 40")
            assert seen.page.evaluate("document.documentElement.lang").startswith(lang)
            assert seen.page.locator(f"#in-{lang}").is_checked()


def test_a_heading_links_to_itself(first):
    first.page.locator("#zh-s2 a").click()
    assert first.page.evaluate("location.hash") == "#zh-s2"


def test_links_between_pages_carry_the_language(first):
    first.page.locator(".onward").click()
    first.page.wait_for_url("**/20_second.html#zh")
    assert first.page.evaluate("document.documentElement.lang") == "zh-CN"


@pytest.mark.parametrize(("stem", "opens"), [("10_first", "zh"), ("20_second", "en")])
def test_without_scripts_the_choice_alone_changes_what_is_seen(browser, folder, stem, opens):
    with opened(browser, folder / f"{stem}.html", java_script_enabled=False) as seen:
        # Tools that would do nothing are not there, and the table of contents is open.
        assert seen.page.locator(".tools, .sort").count() == 0
        assert seen.page.locator(f".toc .{opens} a").first.is_visible()
        for lang in (next(lang for lang in LANGS if lang != opens), opens):
            seen.speak(lang)
            other = next(one for one in LANGS if one != lang)
            assert seen.page.locator(f"main .{lang}:visible").count() and not seen.page.locator(f"main .{other}:visible").count()
        seen.page.locator(".zh figure.figure summary, .en figure.figure summary").locator("visible=true").click()
        assert seen.page.locator("figure.figure table:visible").count() == 1


@pytest.mark.parametrize("lang", LANGS)
def test_the_table_of_contents_follows_the_scroll_to_the_last_section(first, lang):
    first.speak(lang)
    current = "[...document.querySelectorAll('.toc [aria-current]')].map((link) => link.hash)"
    passed = []
    end = first.page.evaluate("document.documentElement.scrollHeight")
    for place in range(0, end, 150):
        first.page.evaluate(f"scrollTo({{top: {place}, behavior: 'instant'}})")
        first.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found = first.page.evaluate(current)
        assert len(found) <= 1
        passed += [one for one in found if passed[-1:] != [one]]
    assert passed == [f"#{lang}-s{number}" for number in range(1, 5)]


def test_the_table_of_contents_is_folded_on_a_phone_and_open_beside_the_text(first):
    assert first.page.locator(".toc ol.zh").is_visible()
    first.screen(scheme="light", width=360)
    first.until("!document.querySelector('.toc details').open")
    first.page.locator(".toc summary").click()
    assert first.page.locator(".toc .zh a").first.is_visible()
    first.screen(scheme="light", width=1440)
    assert first.page.locator(".toc ol.zh").is_visible()


def test_nothing_moves_for_who_wants_no_motion(browser, folder):
    for wish, behaviour in (("reduce", "auto"), ("no-preference", "smooth")):
        with opened(browser, folder / "10_first.html", reduced_motion=wish) as seen:
            assert seen.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == behaviour
            moving = "document.getAnimations().length + [...document.querySelectorAll('*')].filter((one) => parseFloat(getComputedStyle(one).transitionDuration)).length"
            assert seen.page.evaluate(moving) == 0


# Contrast of each colour of marks and letters in a figure with the paper under it, by the formula of WCAG 2.
CONTRASTS = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const drawn = document.querySelector("svg.drawn"), paper = light(getComputedStyle(document.body).backgroundColor);
  const found = {};
  for (const role of ["ink", "blue", "slate", "amber", "green", "rust", "plum", "stone", "bad"]) {
    const mark = drawn.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path"));
    mark.setAttribute("class", `${role}-fill`);
    const [a, b] = [light(getComputedStyle(mark).fill), paper];
    found[role] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }
  return found;
}"""


@pytest.mark.parametrize("forced", ["none", "active"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_marks_in_figures_stand_out_from_the_paper(browser, folder, scheme, forced):
    with opened(browser, folder / "10_first.html", color_scheme=scheme, forced_colors=forced) as seen:
        found = seen.page.evaluate(CONTRASTS)
        assert {role: round(ratio, 2) for role, ratio in found.items() if ratio < (4.5 if role == "ink" else 3)} == {}
        # Dark paper under forced colours is the system's, and so is what is written on it.
        sides = seen.page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('.drawn .paper-fill')).fill]"
        )
        assert sides[0] == sides[1]


def cut_off(seen) -> list[str]:
    """Return texts that are wider or higher than a box which hides what does not fit in it, and no scrolling reaches."""
    return seen.page.evaluate("""() => [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility()
      && !one.closest("svg, .tongue legend, .skip") && ["hidden", "clip"].includes(getComputedStyle(one).overflowX)
      && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)).map((one) => one.outerHTML.slice(0, 80))""")


SPACED = "line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important"


@pytest.mark.parametrize("lang", LANGS)
def test_text_at_four_times_its_size_and_with_wide_spaces_loses_nothing(browser, folder, lang):
    # 1280 px enlarged to 400 % are 320 px (WCAG 1.4.10); spaces are those of WCAG 1.4.12.
    with opened(browser, folder / "10_first.html", viewport={"width": 320, "height": 256}, bypass_csp=True) as seen:
        seen.speak(lang)
        for css in ("* {}", f"* {{ {SPACED} }} p {{ margin-block-end: 2em !important }}"):
            seen.page.add_style_tag(content=css)
            wide = seen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert (wide, cut_off(seen)) == (0, [])


def test_a_printed_page_is_light_and_has_the_text_in_the_chosen_language_and_no_controls(browser, folder):
    with opened(browser, folder / "10_first.html", color_scheme="dark") as seen:
        seen.speak("en")
        seen.page.emulate_media(media="print", color_scheme="dark")
        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert seen.page.evaluate("getComputedStyle(document.querySelector('.drawn .ink-fill')).fill") == "rgb(0, 0, 0)"
        assert seen.page.locator("main .en:visible").count() and not seen.page.locator("main .zh:visible").count()
        for gone in (".tools", ".toc", ".tongue", "details.code"):
            assert seen.page.locator(f"{gone}:visible").count() == 0, gone
        printed = seen.page.pdf(format="A4")
        assert printed.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", printed)) >= 2


def test_names_that_look_like_markup_or_run_right_to_left_are_only_shown(first):
    assert first.page.locator(".zh figure.table tbody th").first.text_content() == EVIL[0]
    assert first.page.locator("main script").count() == 0
    # A mark that turns the direction of writing ends with its cell.
    cell = first.page.locator(".zh figure.table tbody tr").nth(3).locator("td").first
    assert cell.evaluate("cell => getComputedStyle(cell).direction") == "ltr"
