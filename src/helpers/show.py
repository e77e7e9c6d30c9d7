"""How a page shows things: a figure or a table in, HTML with title, description and the data behind it out.

Numbers of figures and tables are put in when the page is rendered (`report.render`), so that a notebook run in
JupyterLab cell by cell needs no counter.
"""

import base64
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import HTML
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import BaseModel

from helpers import disclosure, svg
from helpers.cells import in_html as escape
from helpers.text import Lang, number, say

Format = str | Callable[[Any], str]
# Above this an SVG weighs more than the same figure in pixels, and phones are slow to draw it.
_SVG_BYTES = 250_000
_PIXELS_PER_INCH = 200
_ROWS_BEHIND_FIGURE = 1_000
# Widths in Latin letters, a Chinese character counting two: up to the first a cell keeps one line.
_SHORT_TEXT, _LONG_TEXT = 16, 44
_MANY_COLUMNS = 8
_CSS_PIXELS_PER_INCH = 96
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_CHINESE_NAME = re.compile(r"[\u3400-\u9fff]+(?:[（）()·、\w]*[\u3400-\u9fff）])?")
_LATIN = re.compile(r"[A-Za-z]")
# What stands in the place of a number that is not told: suppressed, or not there.
_NO_NUMBER = {"*", "–"}
_NUMBER_TEXT = re.compile(r"[<>≥≤~≈+−-]?\s?\d[\d,]*(\.\d+)?\s?%?")


def figure(
    drawn: Axes | Figure,
    *,
    title: str,
    alt: str,
    data: pd.DataFrame | None = None,
    lang: Lang,
    note: str = "",
    formats: Mapping[str, Format] | None = None,
) -> HTML:
    """Embed a drawn figure with caption, description and the table behind it, and close it.

    Parameters
    ----------
    drawn : Axes or Figure
        What a `plot_…` function returned.
    title : str
        The caption; the page puts the number before it.
    alt : str
        What the figure shows, for a reader who cannot see it.
    data : DataFrame, optional
        The drawn values, after disclosure control; shown folded, at most 1,000 rows.
    lang : {"zh", "en"}
        Language of the words added here.
    note : str
        Source, sample or reading aid below the caption.
    formats : mapping of column to format, optional
        As in `table`, for `data`.

    Returns
    -------
    IPython.display.HTML
        A `<figure>` that needs no other file.

    Raises
    ------
    ValueError
        If `title` or `alt` is empty.
    DisclosureError
        If the table behind it or a word of it tells of too few persons (`helpers.disclosure`).
    """
    if not title.strip() or not alt.strip():
        raise ValueError("a figure needs a title and an alt text")
    for words in (title, alt, note):
        disclosure.admit_words(words, where=title)
    if data is not None:
        disclosure.admit(data, where=title)
    drawing = drawn if isinstance(drawn, Figure) else drawn.get_figure(root=True)
    picture = _picture(drawing, alt)
    plt.close(drawing)
    parts = [
        f'<figure class="figure"><div class="scroll" role="group" aria-label="{escape(title)}" tabindex="0">'
        f"{picture}</div>",
        f'<figcaption><span class="number" data-kind="figure"></span>{_worded(title, lang)}'
        f"{_note(note, lang)}</figcaption>",
    ]
    if data is not None:
        shown = data.head(_ROWS_BEHIND_FIGURE)
        cut = say("page.rows_cut", lang, shown=len(shown), rows=len(data)) if len(shown) < len(data) else ""
        parts.append(
            f'<details class="behind"><summary>{say("page.data_behind", lang)}</summary>'
            f"{_grid(shown, title, formats or {}, lang)}{_note(cut, lang)}</details>"
        )
    return HTML("\n".join([*parts, "</figure>"]))


def table(
    frame: pd.DataFrame,
    *,
    title: str,
    lang: Lang,
    note: str = "",
    formats: Mapping[str, Format] | None = None,
) -> HTML:
    """Show a table with its caption; numbers are set right, missing values as a dash.

    Parameters
    ----------
    frame : DataFrame
        Already selected, labelled in `lang` and suppressed; a named index becomes the first columns. `attrs["kind"]`
        is told in the page ("regression" is a table of estimates, which papers also take as LaTeX).
    title : str
        The caption; the page puts the number before it.
    lang : {"zh", "en"}
        Language of the page.
    note : str
        Source, sample or reading aid below the table.
    formats : mapping of column to format, optional
        A format spec (`",.1f"`, `".1%"`) or a function per column. By default whole numbers get thousands separators
        (years do not) and a column with fractions the decimals that give its largest value three digits.

    Returns
    -------
    IPython.display.HTML

    Raises
    ------
    DisclosureError
        If the frame has not been through `helpers.disclosure`, or tells of too few persons all the same.
    """
    disclosure.admit(frame, where=title)
    for words in (title, note):
        disclosure.admit_words(words, where=title)
    caption = f'<figcaption><span class="number" data-kind="table"></span>{_worded(title, lang)}</figcaption>'
    foot = f'<p class="note">{_worded(note, lang)}</p>' if note else ""
    kind = f' data-kind="{escape(frame.attrs["kind"])}"' if "kind" in frame.attrs else ""
    return HTML(f'<figure class="table"{kind}>{caption}\n{_grid(frame, title, formats or {}, lang)}{foot}</figure>')


def text(sentence: str) -> HTML:
    """Show a sentence that code has put together."""
    disclosure.admit_words(sentence, where="a sentence")
    return HTML(f"<p>{_worded(sentence, _language(sentence))}</p>")


def sentences(lines: Iterable[str]) -> HTML:
    """Show sentences that code has put together as a list."""
    said = list(lines)
    for line in said:
        disclosure.admit_words(line, where="a sentence")
    return HTML("<ul>\n" + "\n".join(f"<li>{_worded(line, _language(line))}</li>" for line in said) + "\n</ul>")


def parameters(values: BaseModel, *, lang: Lang) -> HTML:
    """Show a notebook's validated parameters, folded, so that a page opens with its answer.

    What is shown from here on is held to the page's own minimum of persons.
    """
    disclosure.hold_to(getattr(values, "min_cell", disclosure.MINIMUM_PERSONS))
    rows = [(name, _listed(value)) for name, value in values.model_dump(mode="json").items()]
    frame = pd.DataFrame(rows, columns=[say("page.name", lang), say("page.value", lang)])
    title = say("page.page_parameters", lang)
    return HTML(f'<details class="code"><summary>{escape(title)}</summary>\n{_grid(frame, title, {}, lang)}</details>')


def finding(sentence: str) -> HTML:
    """Show the page's one-line finding, set off from the text; the index repeats it beside the page's name."""
    disclosure.admit_words(sentence, where="the finding")
    return HTML(f'<p class="finding">{escape(sentence)}</p>')


class Results:
    """The numbers of a page as text that is the same for the same numbers (compared by nbval, read by the report)."""

    def __init__(self, values: Mapping[str, Any], digits: int) -> None:
        self._text = json.dumps(_plain(values, digits), ensure_ascii=False, indent=1, sort_keys=True)

    def __repr__(self) -> str:
        return self._text


def results(values: Mapping[str, Any], *, digits: int = 4) -> Results:
    """Show the page's results as JSON: sorted by name, floats rounded to `digits`, missing values as null.

    Raises
    ------
    TypeError
        If a value is neither a number, a text, a truth value, a date nor a list or mapping of them.
    DisclosureError
        If a count of persons among them is too small.
    """
    disclosure.admit_results(values)
    return Results(values, digits)


def _plain(value: Any, digits: int) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(part, digits) for name, part in value.items()}
    if isinstance(value, pd.Series):
        return _plain(value.to_dict(), digits)
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(part, digits) for part in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        # Adding 0.0 turns -0.0 into 0.0, which would otherwise differ by platform.
        return round(float(value), digits) + 0.0 if math.isfinite(value) else None
    if isinstance(value, str):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"results hold numbers and texts, found {type(value).__name__}: {value!r}")


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) or "–" if isinstance(value, list) else str(value)


def _picture(drawing: Figure, alt: str) -> str:
    vector = svg.drawn(drawing, label=alt)
    if len(vector) <= _SVG_BYTES:
        return vector
    buffer = io.BytesIO()
    drawing.savefig(buffer, format="png", bbox_inches="tight", dpi=_PIXELS_PER_INCH, metadata={"Software": None})
    source = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
    return f'<img src="{source}" alt="{escape(alt)}" width="{round(drawing.get_figwidth() * _CSS_PIXELS_PER_INCH)}">'


def _note(note: str, lang: Lang) -> str:
    return f'<span class="note">{_worded(note, lang)}</span>' if note else ""


def _language(sentence: str) -> Lang:
    """Return the language of a sentence, whatever names stand in it; a Chinese character counts two letters."""
    return "zh" if 2 * len(_CHINESE.findall(sentence)) >= len(_LATIN.findall(sentence)) else "en"


def _worded(words: str, lang: Lang) -> str:
    """Return words as HTML; a name in Chinese among English words says so, as in a table's cells."""
    shown = escape(words)
    return shown if lang == "zh" else _CHINESE_NAME.sub(r'<span lang="zh-CN">\g<0></span>', shown)


def _grid(frame: pd.DataFrame, label: str, formats: Mapping[str, Format], lang: Lang) -> str:
    shown = frame.reset_index() if any(name is not None for name in frame.index.names) else frame
    columns = [shown.iloc[:, position] for position in range(shown.shape[1])]
    numeric = [_is_numeric(column) for column in columns]
    texts = [_formatted(column, formats.get(column.name)) for column in columns]
    classes = [_kind(number) or _breadth(cells) for number, cells in zip(numeric, texts, strict=True)]
    wide = ' class="wide"' if len(columns) >= _MANY_COLUMNS else ""
    head = "".join(
        f'<th scope="col"{_kind(number)}>{escape(str(column.name))}</th>'
        for column, number in zip(columns, numeric, strict=True)
    )
    body = "\n".join(_row(cells, classes, lang) for cells in zip(*texts, strict=True)) if texts else ""
    return (
        f'<div class="scroll" role="group" aria-label="{escape(label)}" tabindex="0"><table{wide}>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _row(cells: tuple[str, ...], classes: list[str], lang: Lang) -> str:
    opened = ["td" + kind for kind in classes]
    if 'class="n"' not in classes[0]:
        opened[0] = f'th scope="row"{classes[0]}'
    # A data value in Chinese on an English page: said so, for the voice that reads it and the font that shows it.
    opened = [
        tag + (' lang="zh-CN"' if lang == "en" and _CHINESE.search(cell) else "")
        for tag, cell in zip(opened, cells, strict=True)
    ]
    return (
        "<tr>"
        + "".join(f"<{tag}>{escape(cell)}</{tag[:2]}>" for tag, cell in zip(opened, cells, strict=True))
        + "</tr>"
    )


def _kind(number: bool) -> str:
    return ' class="n"' if number else ""


def _breadth(cells: list[str]) -> str:
    widest = max((len(cell) + len(_CHINESE.findall(cell)) for cell in cells), default=0)
    return "" if widest <= _SHORT_TEXT else ' class="long"' if widest > _LONG_TEXT else ' class="mid"'


def _is_numeric(column: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(column):
        return False
    if pd.api.types.is_numeric_dtype(column):
        return True
    present = [v for v in column.tolist() if not _is_missing(v) and not (isinstance(v, str) and v in _NO_NUMBER)]
    return bool(present) and all(
        isinstance(value, int | float | np.number) or (isinstance(value, str) and _NUMBER_TEXT.fullmatch(value.strip()))
        for value in present
    )


def _formatted(column: pd.Series, given: Format | None) -> list[str]:
    is_year = str(column.name).lower() in {"year", "年", "年份", "年度"} or str(column.name).lower().endswith("_year")
    values = column.tolist()
    return [_cell(value, given or _decimals(values), is_year) for value in values]


def _decimals(values: list[Any]) -> str | None:
    """Return the format of a column that holds fractions: three digits of its largest value, the same in each row."""
    numbers = [float(v) for v in values if isinstance(v, int | float | np.number) and not isinstance(v, bool)]
    numbers = [number for number in numbers if math.isfinite(number)]
    if all(number.is_integer() for number in numbers):
        return None
    largest = max(map(abs, numbers))
    if largest < 0.001:
        return ".2g"
    return ",.1f" if largest >= 10 else ",.2f" if largest >= 1 else ",.3f"


def _cell(value: Any, given: Format | None, is_year: bool) -> str:
    if _is_missing(value):
        return "–"
    if callable(given):
        return given(value)
    if isinstance(value, bool | np.bool_):
        return "✓" if value else "✗"
    if isinstance(value, int | float | np.number):
        return number(value, given or (".0f" if is_year else ",.0f"))
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    return str(value)


def _is_missing(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))
