import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import pyplot as plt

from helpers import style, svg


@pytest.fixture
def figure():
    style.use()
    fig, ax = plt.subplots()
    ax.plot([0, 1, 2, 3], [0, 1, 1, 0.5], "o--", label="甲 line")
    ax.fill_between([0, 3], [0, 0], [1, 1], color=style.colour("shade"), alpha=0.4)
    ax.bar([1, 2], [0.3, 0.2], hatch="xx", color="white", edgecolor=style.colour("estimate"))
    ax.set_xlabel("年份 & <unit>")
    ax.legend()
    yield fig
    plt.close(fig)


def lengths(path):
    """Return the end of every step of a relative path, in hundredths."""
    ends, here, start = [], (0, 0), (0, 0)
    for letter, rest in re.findall(r"([mlhvcqz])([^mlhvcqz]*)", path):
        numbers = [round(float(n) * 100) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", rest)]
        size = {"h": 1, "v": 1, "l": 2, "m": 2, "q": 4, "c": 6, "z": 1}[letter]
        for place in range(0, max(len(numbers), 1), size):
            step = numbers[place : place + size]
            if letter == "z":
                here = start
            elif letter in "hv":
                here = (here[0] + step[0], here[1]) if letter == "h" else (here[0], here[1] + step[0])
            else:
                here = (here[0] + step[-2], here[1] + step[-1])
            start = here if letter == "m" else start
            ends.append(here)
    return ends


def absolute(path):
    ends, start = [], (0, 0)
    for letter, rest in re.findall(r"([MLCQz])([^MLCQz]*)", path):
        numbers = [round(float(n) * 100) for n in re.findall(r"-?[\d.]+", rest)]
        place = start if letter == "z" else (numbers[-2], numbers[-1])
        start = place if letter == "M" else start
        ends.append(place)
    return ends


def test_a_figure_is_well_formed_described_and_a_fraction_of_what_matplotlib_writes(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight")
    found = svg.drawn(figure, label='two "points" & more')
    root = ElementTree.fromstring(found)
    assert root.get("role") == "img" and root.get("aria-label") == 'two "points" & more'
    assert len(found) < 0.7 * len(buffer.getvalue())
    assert "style=" not in found and "metadata" not in found and "date" not in found
    assert found == svg.drawn(figure, label='two "points" & more')


def test_every_line_goes_through_the_places_it_went_through(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight")
    names = "{http://www.w3.org/2000/svg}path"
    before = [e.get("d") for e in ElementTree.fromstring(buffer.getvalue()).iter(names) if "-" not in e.get("id", "")]
    after = [e.get("d") for e in ElementTree.fromstring(svg.drawn(figure, label="x")).iter(names) if "-" not in e.get("id", "")]
    assert len(before) == len(after) > 10
    for old, new in zip(before, after, strict=True):
        # Steps of no length are left out.
        places = [p for i, p in enumerate(absolute(old)) if not i or p != absolute(old)[i - 1]]
        shown = [p for i, p in enumerate(lengths(new)) if not i or p != lengths(new)[i - 1]]
        assert shown == places


def test_nothing_is_referred_to_that_is_not_there(figure):
    page = svg.letters_once(f"<body><p>{svg.drawn(figure, label='a')}</p><p>{svg.drawn(figure, label='b')}</p>")
    named = re.findall(r' id="([^"]+)"', page)
    assert len(named) == len(set(named))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', page)) <= set(named)
    assert set(re.findall(r'href="#(g\w+)"', page)) == {name for name in named if name.startswith("g")}


def test_figures_of_a_page_share_the_letters_in_front_of_them(figure):
    one, two = svg.drawn(figure, label="a"), svg.drawn(figure, label="b")
    page = svg.letters_once(f"<body>{one}{two}")
    assert page.startswith('<body><svg class="letters"')
    assert page.count("<defs>") - page.count("<pattern") <= 1 + 2 * one.count("<defs>")
    assert len(page) < len(one) + len(two)
    assert svg.letters_once("<p>no figure</p>") == "<p>no figure</p>"


def test_neutral_colours_carry_a_class_and_white_letters_on_dark_ground_stay_white():
    style.use()
    fig, ax = plt.subplots()
    ax.text(0.5, 0.5, "12", color="white")
    ax.imshow(np.eye(2))
    found = svg.drawn(fig, label="x")
    plt.close(fig)
    assert 'class="ink-fill"' in found and "edge-stroke" in found
    white = re.findall(r'<g [^>]*fill="#ffffff"[^>]*>', found)
    assert white and not any("paper" in group for group in white)


@pytest.mark.parametrize(
    ("data", "short"),
    [
        ("M 10 20 \nL 30 20 \nL 30 25.004 \nz", "m10 20h20v5z"),
        ("M 0.1 0.2 \nC 1 1 2 2 3.5 -4", "m.1 .2c.9 .8 1.9 1.8 3.4-4.2"),
        ("M 1 1 \nL 1 1", "m1 1v0"),
        ("M 1 1 \nL 2 2 \nL 3 3.5", "m1 1l1 1 1 1.5"),
        ("M 0.333 0 \nL 0.667 0 \nL 1 0", "m.33 0h.34 .33"),
    ],
)
def test_a_path_is_written_relative_with_two_decimals(data, short):
    assert svg._path(data) == short
