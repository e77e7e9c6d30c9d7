"""Rows about persons: whoever asks for them in a notebook is warned, a page in the making is refused.

What asks is told from the code that calls: functions of this package, which hand on aggregates and estimates, ask in
silence; a cell, a script or a module of somebody's own does not.
"""

import os
import sys
import warnings

from helpers import codebook
from helpers.codebook.words import name_of
from helpers.errors import InputError, RestrictedWarning
from helpers.inputs import PREPARED
from helpers.params import RunParams
from helpers.text import Lang, say

EXPOSED, SCORES = "panel_with_exposures", "force_scores"
# Runs and tables of which this process has been told.
_TOLD: set[tuple[str, str]] = set()


def tell(params: RunParams, *names: str) -> None:
    """Tell the code that called the caller what may leave of restricted tables, once a process and table.

    Parameters
    ----------
    params : RunParams
        Of the run: its name, language and minimum.
    *names : str
        Tables, records (`restricted/…`), `EXPOSED` or `SCORES`.

    Warns
    -----
    RestrictedWarning
        Where the code is none of this package.

    Raises
    ------
    InputError
        Instead, while a page is made: what its cells show is published.
    """
    # As Python shows a DeprecationWarning to the code that calls a library, and not to other libraries.
    asking = sys._getframe(2).f_globals.get("__name__", "")
    if asking.partition(".")[0] == __name__.partition(".")[0]:
        return
    for name in names:
        told = {"name": name, "what": _in_words(name, params.lang), "minimum": params.min_cell}
        if os.environ.get(PREPARED):
            raise InputError(say("restricted.refused", params.lang, **told))
        if (params.run, name) not in _TOLD:
            _TOLD.add((params.run, name))
            warnings.warn(say("restricted.warning", params.lang, **told), RestrictedWarning, stacklevel=3)


def _in_words(name: str, lang: Lang) -> str:
    book = codebook.load().tables
    if name in book:
        return name_of(book[name], lang)
    return say({EXPOSED: "restricted.exposures", SCORES: "restricted.scores"}.get(name, "restricted.record"), lang)
