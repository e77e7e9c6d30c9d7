"""Tables of estimates in, LaTeX out: booktabs, notes below, every sign of the page printable."""

import re
from collections.abc import Sequence

from helpers.models.export import latex
from helpers.models.word import printable
from helpers.report.export.tables import Shown, Table

_CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
# Where a line may end: at a blank, before and after each Chinese character.
_BREAKS = re.compile(rf"[ \xa0]|{_CHINESE.pattern}")
# In Latin letters of the size of a text: what fits a line, and rows that fit a sheet.
_LINE, _SHEET = 84, 32
# A column also takes the space between it and the next.
_WIDEST_COLUMN, _GAP = 20, 4
# Smaller type holds more letters a line.
_SIZES = ((1.1, r"\small"), (1.4, r"\footnotesize"), (float("inf"), r"\scriptsize"))


def source(page: Shown, tables: Sequence[Table], *, stem: str, made_from: str) -> str:
    r"""Return a file of `table` environments to be read by `\input`, with what its document needs in its first lines.

    Parameters
    ----------
    page : Shown
        Its banner opens the notes of every table: a table leaves its page, synthetic data stay synthetic.
    tables : sequence of Table
    stem : str
        Name of the page, for labels.
    made_from : str
        Run, data and code, for a comment.
    """
    body = "\n".join(_table(table, page.banner, f"tab:{stem.replace('_', '-')}-{table.anchor}") for table in tables)
    packages = [r"\usepackage{array,booktabs,longtable}"]
    if _CHINESE.search(body):
        packages.append(r"\usepackage[scheme=plain]{ctex}  % XeLaTeX or LuaLaTeX")
    head = [f"% {printable(page.title)}", f"% {printable(made_from)}", *(f"% {line}" for line in packages)]
    return "\n".join([*head, "", body])


def _table(table: Table, banner: str, label: str) -> str:
    widths = _widths(table)
    size = next(name for share, name in _SIZES if sum(widths) <= share * _LINE)
    caption = rf"\caption{{{latex(table.title)}}}\label{{{label}}}"
    head = [r"\toprule", _row(table.header), r"\midrule"]
    rows = [_row(row) for row in table.rows]
    notes = [
        r"\par\smallskip\noindent", r"\begin{minipage}{\linewidth}\footnotesize",
        r" \par ".join(latex(note) for note in (table.note, banner) if note), r"\end{minipage}",
    ]  # fmt: skip
    columns = _columns(table, widths)
    if len(rows) <= _SHEET:
        lines = [r"\begin{table}[htbp]", r"\centering", size, r"\setlength{\tabcolsep}{3pt}", caption,
                 rf"\begin{{tabular}}{{{columns}}}", *head, *rows, r"\bottomrule", r"\end{tabular}",
                 *notes, r"\end{table}"]  # fmt: skip
    else:
        lines = [rf"\begingroup{size}\setlength{{\tabcolsep}}{{3pt}}", rf"\begin{{longtable}}{{{columns}}}",
                 caption + r" \\", *head, r"\endfirsthead", *head, r"\endhead", r"\bottomrule", r"\endfoot", *rows,
                 r"\end{longtable}", *notes, r"\endgroup"]  # fmt: skip
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    # Columns are narrow: an interval that may not break would run into the next one.
    return " & ".join(latex(cell.replace("\xa0", " ")) for cell in cells) + r" \\"


def _widths(table: Table) -> list[int]:
    """Return how many letters each column wants: its longest cell up to a limit, never less than its longest word."""
    widths = []
    for cells in zip(table.header, *table.rows, strict=True):
        longest_word = max(len(word) for cell in cells for word in _BREAKS.split(cell))
        widths.append(max(min(max(map(_letters, cells)), _WIDEST_COLUMN), longest_word) + _GAP)
    return widths


def _letters(text: str) -> int:
    return len(text) + len(_CHINESE.findall(text))


def _columns(table: Table, widths: Sequence[int]) -> str:
    """Return the columns as LaTeX has them: of their own width where all fit the line, else of shares of it."""
    if sum(widths) <= _LINE and max(map(max, _lengths(table))) <= _WIDEST_COLUMN:
        return "".join("r" if number else "l" for number in table.is_number)
    sides = (r"\raggedleft" if number else r"\raggedright" for number in table.is_number)
    shares = (width / sum(widths) for width in widths)
    return "".join(
        rf">{{{side}\arraybackslash}}p{{\dimexpr {share:.3f}\linewidth-2\tabcolsep\relax}}"
        for side, share in zip(sides, shares, strict=True)
    )


def _lengths(table: Table) -> list[list[int]]:
    return [[_letters(cell) for cell in row] for row in (table.header, *table.rows)]
