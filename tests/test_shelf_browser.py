"""The list of all runs and a comparison, in the browser in which people open them: from disk, with and without scripts."""

import pytest
from browser import launched
from made_runs import made, page, put
from test_diff import AFTER, BEFORE, drawn, listed, publish

from helpers import cli, paths
from helpers.report import shelf

axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return the addresses of a shelf of four runs and of a comparison of two of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WULI_OUTPUT", str(tmp_path_factory.mktemp("out")))
        publish("before", "one", BEFORE, drawn(2), listed(*range(20)))
        publish("after", "two", AFTER, drawn(3), listed(*range(1, 21)), as_of="2022-12-31")
        put(made("south", page("10_a", "failed"), zone="南区", zone_en="South"))
        put("{", "damaged")
        assert cli.main(["diff", "before", "after"]) == 1
        return {"shelf": shelf.write("zh").as_uri(), "diff": (paths.reports() / "diff" / "before--after.html").as_uri()}


@pytest.fixture(scope="module")
def browser():
    with launched() as opened:
        yield opened


@pytest.fixture
def tab(browser):
    made_here = []

    def open_tab(address, **options):
        context = browser.new_context(**{"offline": True, "viewport": {"width": 1440, "height": 900}, **options})
        made_here.append(context)
        opened, trouble, bare = context.new_page(), [], address.split("#")[0]
        opened.on("console", lambda message: trouble.append(message.text))
        opened.on("pageerror", lambda error: trouble.append(str(error)))
        opened.on("request", lambda request: trouble.append(request.url) if request.url not in (address, bare) else None)
        opened.goto(address)
        opened.trouble = trouble
        return opened

    yield open_tab
    for context in made_here:
        context.close()


def shown(opened):
    return [code.inner_text() for code in opened.query_selector_all(".runs > li:not([hidden]) .facts code")]


def test_runs_are_found_by_words_scope_period_and_status(tab, pages):
    opened = tab(pages["shelf"])
    assert shown(opened) == ["after", "before", "south", "damaged"]
    box = opened.locator(".filters.zh")
    for field, choice, found in (
        ("zone", {"label": "南区"}, ["south"]),
        ("period", {"label": "2013–2023 年，数据截至 2022-12-31"}, ["after"]),
        ("status", {"label": "清单无法读取"}, ["damaged"]),
        ("status", {"label": "有页面未能生成"}, ["south"]),
    ):
        box.locator(f"[name={field}]").select_option(**choice)
        assert shown(opened) == found, field
        box.locator(f"[name={field}]").select_option("")
    box.locator("[name=words]").fill("Damaged")
    assert shown(opened) == ["damaged"]
    assert box.locator(".found").inner_text() == "4 次运行中的 1 次"
    # The other language shows the same choice.
    opened.locator("label[for=in-en]").click()
    assert opened.locator(".filters.en [name=words]").input_value() == "Damaged"
    assert opened.locator(".filters.en .found").inner_text() == "1 of 4 runs"
    assert opened.trouble == []


def test_the_shelf_leads_to_each_run_in_the_language_chosen(tab, pages):
    opened = tab(pages["shelf"])
    opened.locator("label[for=in-en]").click()
    assert opened.locator(".runs a").first.get_attribute("href") == "after/index.html#en"
    assert opened.evaluate("document.documentElement.lang") == "en"


def test_without_scripts_every_run_is_listed_and_nothing_is_offered_in_vain(tab, pages):
    opened = tab(pages["shelf"], java_script_enabled=False)
    assert opened.locator(".runs > li").count() == 4
    assert all(opened.locator(".runs > li").nth(place).is_visible() for place in range(4))
    assert not opened.locator(".filters.zh").is_visible()
    assert opened.locator("text=全部运行").first.is_visible()


@pytest.mark.parametrize("name", ["shelf", "diff"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_hinders_a_reader_at_any_width_in_any_light_or_language(name, scheme, width, lang, tab, pages):
    opened = tab(f"{pages[name]}#{lang}", color_scheme=scheme, viewport={"width": width, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    found = axe_playwright.Axe().run(opened).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in found] == []
    assert opened.trouble == []


def test_a_comparison_shows_both_figures_and_its_tables_can_be_taken_along(tab, pages):
    opened = tab(f"{pages['diff']}#en")
    boxes = [opened.locator(".drawn").nth(place).bounding_box() for place in range(2)]
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
    # Letters are drawn: a name that nothing bears would leave the place empty.
    missing = "[...document.querySelectorAll('.drawn use')].filter(u => !document.querySelector(u.getAttribute('href')))"
    assert opened.evaluate(f"{missing}.length") == 0
    with opened.expect_download() as taken:
        opened.locator(".en button.download").first.click()
    text = taken.value.path().read_text(encoding="utf-8-sig")
    assert text.startswith("Page,Estimate,Before,After,Change,n,p,grade,Marked\n")
    assert "page 90_findings,flips,0.2 (0.1" in text
