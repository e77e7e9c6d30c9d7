"""Every page of a run in headless Chromium: both languages, light and dark, a phone and a wide screen.

Language, colours and width change on the open page, as for a reader. All rules of axe-core run in each language at each width,
those that depend on colours apart: of a page's eight states they run in four, so that each language, each width and each colour
scheme meets each other, since no colour depends on language or width. Before, everything folded is opened; what is inside of a
drawn figure is taken out, since it is one picture with one name; of a table's rows and a page's code cells, which are built
alike, the first ones are looked at, and of code what has a colour of its own. For rules of colours, what hides one is taken
away, for axe only compares what it can see whole: the shade at a table's edge, the cells that stay in sight, the edge of a box
that cuts what it holds.

With WULI_PAGES=FOLDER the pages of that folder are looked at, in all eight states by all rules, and none are made. With
WULI_SCREENS=FOLDER a picture of every state of every page is kept there, for people to look at.
"""

import os
import re
from itertools import pairwise, product
from pathlib import Path

import pytest
from browser import AXE, LANGS, SCHEMES, WIDTHS, launched, opened

LARGEST = 1_500_000
ROWS = CODES = 2
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]
# What axe cannot decide and is in order, with the reason; everything else that it cannot decide is a finding.
UNDECIDED = {
    # A number of one digit or a dash: axe cannot tell it from an ornament. Its neighbours have the same colour.
    ("color-contrast", "shortTextContent"),
    # A tick or a cross: axe has no contrast for signs, and theirs is that of the letters beside them.
    ("color-contrast", "nonBmp"),
}

LIGHTEN = """([other, rows, codes]) => {
  const all = (what) => [...document.querySelectorAll(what)];
  for (const drawn of all("svg.drawn, svg.letters")) drawn.replaceChildren();
  for (const body of all("tbody")) [...body.rows].slice(rows).forEach((row) => row.remove());
  for (const code of all("details.code").slice(codes)) code.remove();
  for (const plain of all(":is(.n, .o, .p, .w)")) if (plain.matches("pre span")) plain.replaceWith(...plain.childNodes);
  for (const code of all("pre")) code.normalize();
  for (const hidden of all(`.${other}`)) hidden.remove();
  for (const folded of all("details")) folded.open = true;
}"""
UNCOVER = """() => {
  document.body.style.width = "40000px";
  for (const box of document.querySelectorAll(".scroll, pre")) Object.assign(box.style, {background: "none", overflow: "visible"});
  for (const wide of document.querySelectorAll("main figure, main .scroll")) Object.assign(wide.style, {width: "max-content", maxWidth: "none"});
  for (const cell of document.querySelectorAll("th, td")) cell.style.position = "static";
  for (const code of document.querySelectorAll("pre")) code.style.whiteSpace = "pre-wrap";
}"""
SCAN = """async options => {
  const found = await axe.run(document, options);
  const told = (kind) => found[kind].flatMap((rule) => rule.nodes.map((node) => ({
    rule: rule.id, html: node.html.slice(0, 160),
    why: [...node.any, ...node.all, ...node.none].map((check) => (check.data || {}).messageKey || check.id).join(" "),
  })));
  return {violations: told("violations"), incomplete: told("incomplete")};
}"""
# Every text that is seen, with the language it is said to be in, and whether it is code or a name kept as it is.
TEXTS = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
    if (!text || parent.closest("script, style, template") || !parent.checkVisibility()) continue;
    found.push([parent.closest("[lang]").lang, Boolean(parent.closest("code, pre, var, math, td, th, label")), text]);
  }
  for (const named of document.querySelectorAll("[aria-label], [alt], [placeholder]")) {
    if (!named.checkVisibility()) continue;
    for (const name of ["aria-label", "alt", "placeholder"]) {
      if (named.hasAttribute(name)) found.push([named.closest("[lang]").lang, false, named.getAttribute(name), true]);
    }
  }
  return found;
}"""
SHAPE = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const heads = [...document.querySelectorAll("h1, h2, h3, h4")].filter((head) => head.checkVisibility());
  return {
    doubled: ids.filter((id, place) => ids.indexOf(id) !== place),
    levels: heads.map((head) => Number(head.tagName[1])),
    nameless: [...document.querySelectorAll("svg[role=img], img")]
      .filter((picture) => !(picture.getAttribute("aria-label") || picture.getAttribute("alt") || "").trim()).length,
    dead: [...document.querySelectorAll('a[href^="#"]')].map((link) => link.hash.slice(1))
      .filter((id) => !document.getElementById(id)),
  };
}"""
CHINESE = re.compile(r"[\u3400-\u9fff]")
WORDS = re.compile(r"[A-Za-z]{2,}(?:[ ,]+[A-Za-z]{2,}){2,}")
# Names stand in Chinese sentences as they are: a method's, a package's, an author's.
NAMES = re.compile(r"^[A-Z][\w&.-]*(?:[ ,]+(?:[A-Z&][\w.-]*|and|of|et al|the|for|in|on))*$")


@pytest.fixture(scope="module")
def browser():
    with launched() as started:
        yield started


@pytest.fixture(scope="module")
def pages(request) -> list[Path]:
    given = os.environ.get("WULI_PAGES")
    folder = Path(given) if given else request.getfixturevalue("whole_run")[0] / "reports" / "small"
    found = sorted(folder.glob("*.html"))
    assert found, f"no page in {folder}"
    return found


def scanned(page, *, of_colours: bool) -> list[str]:
    """Return what axe finds, and what it cannot decide and nobody has looked at."""
    rules = {"runOnly": {"type": "rule", "values": OF_COLOURS}} if of_colours else {
        "runOnly": {"type": "tag", "values": TAGS}, "rules": {rule: {"enabled": False} for rule in OF_COLOURS}}  # fmt: skip
    found = page.evaluate(SCAN, {**rules, "resultTypes": ["violations", "incomplete"], "preload": False})
    open_ones = [node for node in found["incomplete"] if (node["rule"], node["why"].split(" ")[0]) not in UNDECIDED]
    return [f"{node['rule']}: {node['html']} ({node['why']})" for node in found["violations"] + open_ones]


def misnamed(texts: list[list], lang: str) -> list[str]:
    """Return texts that are not in the language which they are said to be in."""
    wrong = []
    for said, is_apart, text, *is_attribute in texts:
        # An attribute has one language: of an English one that names a firm, English.
        is_named_in = bool(is_attribute) and WORDS.search(text)
        if CHINESE.search(text) and not said.startswith("zh") and not is_named_in:
            wrong.append(f"Chinese as {said}: {text[:60]}")
        if said.startswith("zh") and not is_apart:
            words = [found for found in WORDS.findall(text) if not NAMES.match(found)]
            # A sentence in Latin letters alone is English, whatever stands around it.
            if words and not CHINESE.search(text):
                wrong.append(f"English as {said}: {text[:60]}")
    return wrong


def state(stem: str, lang: str, scheme: str, width: int) -> str:
    return f"{stem}-{lang}-{scheme}-{width}"


@pytest.fixture(scope="module")
def walked(browser, pages) -> dict[str, dict[str, list]]:
    """Walk through every state of every page once; return what was found, by kind and by state."""
    found: dict[str, dict[str, list]] = {
        kind: {} for kind in ("axe", "troubles", "overflow", "lang", "texts", "shape")
    }
    screens = os.environ.get("WULI_SCREENS")
    for path in pages:
        with opened(browser, path) as seen:
            _walk(seen, path.stem, found, Path(screens) if screens else None)
            _scan(seen, path.stem, LANGS[0], found["axe"])
        with opened(browser, path) as seen:
            _scan(seen, path.stem, LANGS[1], found["axe"])
    return found


def _walk(seen, stem: str, found: dict[str, dict[str, list]], screens: Path | None) -> None:
    page = seen.page
    for width in WIDTHS:
        for lang in LANGS:
            seen.speak(lang)
            for scheme in SCHEMES:
                seen.screen(scheme=scheme, width=width)
                name = state(stem, lang, scheme, width)
                over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                found["overflow"][name] = [over] if over > 0 else []
                if screens:
                    screens.mkdir(parents=True, exist_ok=True)
                    page.evaluate("scrollTo(0, 0)")
                    page.screenshot(path=screens / f"{name}.png", full_page=True)
            said = page.evaluate("document.documentElement.lang")
            found["lang"][state(stem, lang, "any", width)] = [] if said.startswith(lang) else [said]
    for lang in LANGS:
        seen.speak(lang)
        page.evaluate("for (const folded of document.querySelectorAll('main details')) folded.open = true")
        found["texts"][f"{stem}-{lang}"] = misnamed(page.evaluate(TEXTS), lang)
        found["shape"][f"{stem}-{lang}"] = _misshapen(page.evaluate(SHAPE))
    found["troubles"][stem] = seen.troubles


def _scan(seen, stem: str, lang: str, found: dict[str, list]) -> None:
    seen.speak(lang)
    seen.page.evaluate(LIGHTEN, [next(other for other in LANGS if other != lang), ROWS, CODES])
    # Evaluated by the driver, which the page's policy on scripts does not concern.
    seen.page.evaluate(AXE)
    for width in WIDTHS:
        seen.screen(scheme=SCHEMES[0], width=width)
        of_shape = scanned(seen.page, of_colours=False)
        found |= {state(stem, lang, scheme, width): of_shape for scheme in SCHEMES}
    seen.page.evaluate(UNCOVER)
    for width, scheme in product(WIDTHS, SCHEMES):
        turn = LANGS.index(lang) + WIDTHS.index(width) + SCHEMES.index(scheme)
        if turn % 2 == 0 or "WULI_PAGES" in os.environ:
            seen.screen(scheme=scheme, width=width)
            name = state(stem, lang, scheme, width)
            found[name] = found[name] + scanned(seen.page, of_colours=True)


def _misshapen(shape: dict) -> list[str]:
    """Return what is wrong with ids, headings, names of pictures and links inside of a page."""
    levels = shape["levels"]
    jumps = [f"h{a} before h{b}" for a, b in pairwise(levels) if b > a + 1]
    wrong = [f"id twice: {name}" for name in shape["doubled"]] + [f"no such place: {name}" for name in shape["dead"]]
    wrong += jumps + ([] if levels[:1] == [1] and levels.count(1) == 1 else [f"headings begin {levels[:3]}"])
    return wrong + [f"{shape['nameless']} pictures without a name"] * bool(shape["nameless"])


def held(found: dict[str, list]) -> dict[str, list]:
    return {name: wrong[:5] for name, wrong in found.items() if wrong}


def test_axe_finds_nothing_on_any_page_in_any_state(walked, pages):
    assert len(walked["axe"]) == len(pages) * len(LANGS) * len(SCHEMES) * len(WIDTHS)
    assert held(walked["axe"]) == {}


def test_axe_would_find_what_is_wrong(browser, pages):
    with opened(browser, pages[-1]) as seen:
        seen.page.evaluate(AXE)
        seen.page.evaluate(
            "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"data:,\"><p id=pale>pale</p>')"
        )
        # The policy forbids styles on elements, not what a script sets.
        seen.page.evaluate("pale.style.color = 'color-mix(in srgb, CanvasText 30%, Canvas)'")
        assert "image-alt" in {line.split(":")[0] for line in scanned(seen.page, of_colours=False)}
        assert "color-contrast" in {line.split(":")[0] for line in scanned(seen.page, of_colours=True)}


def test_no_page_asks_for_anything_or_reports_an_error(walked):
    assert held(walked["troubles"]) == {}


def test_a_request_to_elsewhere_would_be_seen(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<!DOCTYPE html><title>x</title><img src="http://example.org/x.png">', encoding="utf-8")
    with opened(browser, page) as seen:
        assert seen.requests == ["request: http://example.org/x.png"]


def test_no_page_is_wider_than_its_screen(walked):
    assert held(walked["overflow"]) == {}


def test_the_document_is_in_the_language_that_was_chosen(walked):
    assert held(walked["lang"]) == {}


def test_every_text_is_marked_with_the_language_it_is_in(walked):
    assert held(walked["texts"]) == {}


def test_texts_of_another_language_than_they_are_said_to_be_in_are_found():
    given = [["en", False, "见 目录"], ["zh-CN", False, "what the firms have done"], ["zh-CN", True, "what the code says"]]
    assert [line.split(":")[0] for line in misnamed(given, "zh")] == ["Chinese as en", "English as zh-CN"]
    assert misnamed([["zh-CN", False, "按 Callaway and Sant'Anna 的做法"], ["en", False, "three plain words"]], "zh") == []


def test_ids_are_unique_headings_are_in_order_pictures_are_named_and_links_lead_somewhere(walked):
    assert held(walked["shape"]) == {}


def test_no_page_is_too_heavy_to_be_sent(pages):
    assert {path.stem: path.stat().st_size for path in pages if path.stat().st_size >= LARGEST} == {}
