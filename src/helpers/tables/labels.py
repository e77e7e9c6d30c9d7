"""Column headings in the page's language."""

import pandas as pd

from helpers.text import Lang, label


def labelled(frame: pd.DataFrame, lang: Lang, *, values: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return a copy with headings, and the values of the columns named in `values`, put into words.

    Parameters
    ----------
    frame : DataFrame
        Columns with machine names.
    lang : {"zh", "en"}
    values : tuple of str
        Columns whose entries are machine names too.
    """
    shown = frame.copy()
    for name in values:
        shown[name] = [label(str(entry), lang) for entry in shown[name]]
    return shown.rename(columns={name: label(str(name), lang) for name in shown.columns})
