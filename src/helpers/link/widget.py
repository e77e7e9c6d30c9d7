"""The review of doubtful links inside of JupyterLab: a table with a choice for every pair, saved as decisions."""

from datetime import date
from html import escape
from pathlib import Path

import ipywidgets as widgets
import pandas as pd

from helpers.errors import WuliError
from helpers.link import review

_WIDTHS = ("30%", "30%", "14%", "10%", "16%")


def review_table(
    found: pd.DataFrame, decisions: Path, *, codes: pd.Series | None = None, most: int = 50
) -> widgets.VBox:
    """Show the doubtful links that are most likely right, each with a choice and a reason, and a button that saves.

    Parameters
    ----------
    found : DataFrame
        From `cascade.link`, after `review.apply`.
    decisions : Path
        File of decisions; what is chosen is added to it, and refused as a whole where it contradicts.
    codes : Series, optional
        Left row -> credit code.
    most : int
        Pairs shown at a time.

    Returns
    -------
    ipywidgets.VBox
        Role of the reviewer, one line a pair, the button, and what came of it.
    """
    pairs = review.doubtful(found, codes=codes).head(most)
    role = widgets.Text(description="role", placeholder="office, researcher …")
    choices = [widgets.Dropdown(options=["", review.LINK, review.NO_LINK], layout=_wide(3)) for _ in range(len(pairs))]
    reasons = [widgets.Text(placeholder="reason", layout=_wide(4)) for _ in range(len(pairs))]
    lines = [
        widgets.HBox([_cell(row.right_name, 0), _cell(row.left_name, 1), _cell(row.reason, 2), choice, reason])
        for row, choice, reason in zip(pairs.itertuples(), choices, reasons, strict=True)
    ]
    save, told = widgets.Button(description="save"), widgets.HTML()

    def on_save(_: object) -> None:
        filled = pairs.assign(
            decision=[choice.value for choice in choices], reason=[reason.value for reason in reasons],
            reviewer_role=role.value, decided_on=date.today().isoformat(),
        )  # fmt: skip
        filled = filled.loc[filled["decision"] != "", review.DECISION_COLUMNS]
        try:
            new = review.add(filled, decisions, where="this table")
            told.value = f"{new} new decisions in {escape(decisions.name)}"
        except WuliError as error:
            told.value = f"<pre>{escape(str(error))}</pre>"

    save.on_click(on_save)
    return widgets.VBox([role, *lines, save, told])


def _wide(place: int) -> widgets.Layout:
    return widgets.Layout(width=_WIDTHS[place])


def _cell(text: str, place: int) -> widgets.HTML:
    return widgets.HTML(escape(str(text)), layout=_wide(place))
