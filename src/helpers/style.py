"""The one theme of all figures: fonts, colours, lines; `use()` once per notebook, colours by meaning elsewhere."""

from functools import cache
from importlib.resources import files

import matplotlib as mpl
import seaborn as sns
from matplotlib import font_manager

FONT_FILES = ("NotoSansCJKsc-Regular.otf", "NotoSansCJKsc-Bold.otf")
SVG_HASH_SALT = "wuli"

# Neutral colours, which a page may set otherwise for a dark screen (`helpers.svg`).
PAPER, INK, EDGE, GRID = "#ffffff", "#262626", "#5b6770", "#e4e8ec"
CARD, LINE = "#f7f9fa", "#cbd3da"

# After Okabe & Ito (2008): told apart under the common forms of colour blindness; one colour per meaning everywhere.
# Orange and purple are darker than theirs, for a mark needs 3:1 against white paper (WCAG 1.4.11), and vermilion with
# them, to stay apart from orange. On a dark screen a page takes lighter ones (`report/template/page/page.css`).
COLOURS = {
    "invention": "#0072B2",
    "utility": "#C38100",
    "design": "#009E73",
    "treated": "#B84A00",
    "untreated": "#56708A",
    "estimate": "#0072B2",
    "secondary": "#A8447F",
    "reference": "#848F9B",
    "missing": "#D55E00",
    "overdue": "#B00020",
    "present": "#DCE3EA",
    "shade": "#e9ecef",
}


@cache
def font_name() -> str:
    """Register the bundled Chinese font and return its family name.

    Notes
    -----
    The `mpl-font` package carries Noto Sans CJK SC under the SIL Open Font License; its own code copies files into
    matplotlib's folder, so only its font files are used.
    """
    folder = files("mpl_font") / "fonts" / "noto"
    for name in FONT_FILES:
        font_manager.fontManager.addfont(str(folder / name))
    return font_manager.FontProperties(fname=str(folder / FONT_FILES[0])).get_name()


def use() -> None:
    """Set the theme for every figure that follows in this process."""
    sns.set_theme(
        context="notebook",
        style="whitegrid",
        # set_theme resets the font list: it goes through rc or Chinese turns into boxes.
        rc={
            "font.family": "sans-serif",
            "font.sans-serif": [font_name()],
            "axes.unicode_minus": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "text.color": INK,
            "axes.labelcolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.facecolor": PAPER,
            "figure.facecolor": PAPER,
            "axes.edgecolor": EDGE,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.titlesize": 12,
            "axes.labelsize": 10.5,
            "xtick.labelsize": 9.5,
            "ytick.labelsize": 9.5,
            "legend.frameon": False,
            "legend.fontsize": 9.5,
            "grid.color": GRID,
            "grid.linewidth": 0.7,
            "figure.figsize": (7.2, 4.0),
            "figure.constrained_layout.use": True,
            "figure.dpi": 110,
            "svg.fonttype": "path",
            "svg.hashsalt": SVG_HASH_SALT,
        },
    )
    mpl.rcParams["figure.max_open_warning"] = 0


def colour(meaning: str) -> str:
    """Return the colour of a meaning, the same in every figure."""
    return COLOURS[meaning]
