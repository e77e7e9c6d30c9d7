"""A drawn figure in, a small SVG element out that stands inside of HTML and takes the page's colours.

What matplotlib writes is three times as large as what is seen: here coordinates have two decimals and are relative, no
group or mark has a name that nothing uses, and the theme's colours carry a class, so that a page may set them for a
dark screen. The shapes of letters keep the names that matplotlib gives them, which are the same for the same
letter: `letters_once` lets all figures of a page share them.
"""

import io
import re
from collections.abc import Iterable, Mapping
from html import escape
from xml.etree import ElementTree

from matplotlib.figure import Figure

from helpers import style

_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
_STEP = re.compile(r"([MLCQzZ])([^MLCQzZ]*)")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_LETTER = re.compile(r'<path id="([^"]+)" d="([^"]*)"(?: transform="([^"]*)")?/>')
_LETTERS = re.compile(r'<defs class="letters">(.*?)</defs>', re.DOTALL)
# What SVG takes for granted; `stroke-linejoin` of all lines stands on the root.
_DEFAULTS = {
    "fill": "#000000", "fill-opacity": "1", "stroke-opacity": "1", "opacity": "1", "stroke-linejoin": "round",
    "stroke-linecap": "butt", "stroke": "none", "stroke-width": "1", "stroke-dashoffset": "0", "stroke-miterlimit": "4",
}  # fmt: skip
_ROLES = {
    style.PAPER: "paper", style.INK: "ink", style.EDGE: "edge", style.GRID: "grid", style.CARD: "card",
    style.LINE: "line", style.colour("shade"): "shade", style.colour("overdue").lower(): "bad",
    style.colour("estimate").lower(): "blue", style.colour("untreated").lower(): "slate",
    style.colour("utility").lower(): "amber", style.colour("design").lower(): "green",
    style.colour("treated").lower(): "rust", style.colour("secondary").lower(): "plum",
    style.colour("reference").lower(): "stone",
}  # fmt: skip
_UNITS = 100


def drawn(figure: Figure, *, label: str) -> str:
    """Return a figure as one `<svg>` element that needs no other file.

    Parameters
    ----------
    figure : Figure
        Drawn in the theme of `style.use`.
    label : str
        What it shows, for a reader who cannot see it.

    Returns
    -------
    str
        The same for the same figure. Colours of the theme have a class besides, such as `ink-fill` or `grid-stroke`.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    root = ElementTree.fromstring(buffer.getvalue())
    names = _Names(root)
    letters: dict[str, str] = {}
    body = "".join(_element(child, names, letters, inherited={}) for child in root)
    held = f'<defs class="letters">{"".join(letters[name] for name in sorted(letters))}</defs>' if letters else ""
    box = " ".join(_short(float(number)) for number in root.get("viewBox", "").split())
    # The size is the drawing's own, in pixels of a page: a wide one is scrolled, never shrunk to unreadable letters.
    width = round(float(root.get("width", "0").removesuffix("pt")) * 4 / 3)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawn" role="img" aria-label="{escape(label)}" '
        f'viewBox="{box}" width="{width}" stroke-linejoin="round">{held}{body}</svg>'
    )


def letters_once(html: str) -> str:
    """Return a page whose figures share one set of letters, in front of them all, and whose names are each used once.

    Parameters
    ----------
    html : str
        Holds any number of figures from `drawn`, of which some may be hidden; a whole document or a part of one.

    Returns
    -------
    str
        The letters stand in an element of no size, for what is inside of a hidden figure cannot be relied on.
    """
    letters: dict[str, str] = {}

    def collect(found: re.Match[str]) -> str:
        letters.update({letter[1]: letter[0] for letter in _LETTER.finditer(found[1])})
        return ""

    bare = _LETTERS.sub(collect, html)
    if not letters:
        return bare
    short = {name: f"g{_digits(place)}" for place, name in enumerate(sorted(letters))}
    shapes = "".join(letters[name].replace(f'id="{name}"', f'id="{short[name]}"') for name in sorted(letters))
    pages = re.sub(r'href="#([^"]+)"', lambda m: f'href="#{short.get(m[1], m[1])}"', bare)
    sheet = f'<svg class="letters" width="0" height="0" aria-hidden="true"><defs>{shapes}</defs></svg>'
    head, body, rest = _own_names(pages).partition("<body>")
    return f"{head}{body}{sheet}{rest}" if body else sheet + head


def _own_names(html: str) -> str:
    """Give the clip paths of every figure names of their own: two languages draw the same box twice."""
    number = 0

    def rename(found: re.Match[str]) -> str:
        nonlocal number
        number += 1
        return re.sub(r'(id="|href="#|url\(#)(c\d+)', rf"\1f{number}\2", found[0])

    return re.sub(r'<svg [^>]*class="drawn".*?</svg>', rename, html, flags=re.DOTALL)


class _Names:
    """Which elements are referred to, under short names in the order of the file; letters keep their own."""

    def __init__(self, root: ElementTree.Element) -> None:
        used = set()
        for element in root.iter():
            used |= set(_REFERENCE.findall(" ".join(element.attrib.values())))
            used |= {value[1:] for name, value in element.attrib.items() if name.endswith("href") and value[:1] == "#"}
        letters = {
            path.get("id", ""): path.get("d")
            for group in root.iter(f"{_SVG}g")
            for defs in group.findall(f"{_SVG}defs")
            for path in defs
            if "-" in path.get("id", "") and path.tag == f"{_SVG}path"
        }
        self._letters = frozenset(letters)
        # A blank is a letter without a shape.
        self.blanks = frozenset(f"#{name}" for name, shape in letters.items() if not shape)
        others = [e.get("id") for e in root.iter() if e.get("id") in used - self._letters]
        self._short = {name: f"c{place}" for place, name in enumerate(dict.fromkeys(others))}

    def is_letter(self, name: str) -> bool:
        return name in self._letters

    def of(self, name: str) -> str | None:
        return name if self.is_letter(name) else self._short.get(name)


def _element(
    element: ElementTree.Element, names: _Names, letters: dict[str, str], *, inherited: Mapping[str, str]
) -> str:
    tag = element.tag.removeprefix(_SVG)
    if tag in ("metadata", "style") or element.get(f"{_XLINK}href") in names.blanks:
        return ""
    own = _painted(element, names)
    given = {**inherited, **own}
    is_text = any(child.tag == f"{_SVG}use" for child in element.iter()) and tag == "g"
    attributes = {**_attributes(element, names), **_shown(own, inherited, is_text=is_text)}
    inner = "".join(_element(child, names, letters, inherited=given) for child in element)
    if tag == "path" and names.is_letter(element.get("id", "")):
        letters[element.get("id", "")] = f"<path{_written(attributes)}/>"
        return ""
    if tag in ("g", "defs") and not inner:
        return ""
    if tag == "g" and not attributes:
        return inner
    return f"<{tag}{_written(attributes)}>{inner}</{tag}>" if inner else f"<{tag}{_written(attributes)}/>"


def _attributes(element: ElementTree.Element, names: _Names) -> dict[str, str]:
    """Return the attributes that are no paint, shortened."""
    kept: dict[str, str] = {}
    for name, value in element.attrib.items():
        if name == "id":
            if short := names.of(value):
                kept["id"] = short
        elif name.endswith("href"):
            kept["href"] = value if value.startswith("data:") else f"#{names.of(value[1:]) or value[1:]}"
        elif name == "clip-path":
            kept[name] = _renamed(value, names)
        elif name == "d":
            kept[name] = _path(value)
        elif name == "transform":
            kept[name] = _NUMBER.sub(lambda found: _short(float(found[0]), 4 if abs(float(found[0])) < 1 else 2), value)
        elif name in ("x", "y", "width", "height", "cx", "cy", "r"):
            kept[name] = _shortened(value)
        elif name != "style":
            kept[name.removeprefix(_XLINK)] = value
    return kept


def _painted(element: ElementTree.Element, names: _Names) -> dict[str, str]:
    stated = [part.split(":", 1) for part in element.get("style", "").split(";") if ":" in part]
    paint = {name.strip(): value.strip() for name, value in stated}
    return {name: _renamed(value, names) for name, value in paint.items() if name in _DEFAULTS or "dash" in name}


def _shown(own: Mapping[str, str], inherited: Mapping[str, str], *, is_text: bool) -> dict[str, str]:
    """Return paint as attributes where it is not what would stand there anyway, and classes for the theme's colours."""
    shown, roles = {}, []
    for name, value in own.items():
        # Opacity is handed down to no child: each has its own.
        if (_DEFAULTS if name == "opacity" else {**_DEFAULTS, **inherited}).get(name) == value:
            continue
        shown[name] = value if value.startswith(("#", "url", "none")) else _shortened(value)
        role = _ROLES.get(value.lower()) if name in ("fill", "stroke") else None
        # White letters stand on something dark, which stays dark.
        if role and not (is_text and role == "paper"):
            roles.append(f"{role}-{name}")
    return shown | ({"class": " ".join(roles)} if roles else {})


def _renamed(value: str, names: _Names) -> str:
    return _REFERENCE.sub(lambda found: f"url(#{names.of(found[1])})", value)


def _shortened(value: str) -> str:
    return _NUMBER.sub(lambda found: _short(float(found[0])), value)


def _path(data: str) -> str:
    """Return a path in relative coordinates; what is rounded is each place, so that nothing drifts."""
    out, here, start, before = [], (0, 0), (0, 0), ""
    for command, rest in _STEP.findall(data):
        if command in "zZ":
            out.append("z")
            here, before = start, "z"
            continue
        numbers = [round(float(number) * _UNITS) for number in _NUMBER.findall(rest)]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        moves = [(x - here[0], y - here[1]) for x, y in points]
        (dx, dy), here = moves[-1], points[-1]
        if command == "M":
            start = here
        letter, parts = command.lower(), [part for move in moves for part in move]
        if command == "L" and not dx and not dy and before != "m":
            continue
        if command == "L" and (not dx or not dy):
            letter, parts = ("v", [dy]) if not dx else ("h", [dx])
        is_same = letter == before and letter != "m"
        out.append(("" if is_same else letter) + _joined(parts, follows=is_same))
        before = letter
    return "".join(out)


def _joined(parts: Iterable[int], *, follows: bool) -> str:
    """Write numbers with a blank only where one would run into the next."""
    text = ""
    for part in parts:
        short = _short(part / _UNITS)
        text += (" " if (text or follows) and not short.startswith("-") else "") + short
    return text


def _short(value: float, decimals: int = 2) -> str:
    text = f"{value:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else re.sub(r"^(-?)0\.", r"\1.", text)


def _written(attributes: Mapping[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())


def _digits(number: int) -> str:
    """Return a number in base 36: short, and the same in every run."""
    text = ""
    while True:
        number, rest = divmod(number, 36)
        text = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + text
        if not number:
            return text
