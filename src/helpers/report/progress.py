"""How far a command has come: one bar on the terminal, silent where nobody looks."""

import os
import sys
from types import TracebackType
from typing import Self

from tqdm import tqdm


class Bar:
    """A progress bar over the steps of a command, on standard error.

    Parameters
    ----------
    shown : bool, optional
        Force it on or off; by default it is shown when standard error is a terminal or `WULI_PROGRESS` is set.
    """

    def __init__(self, shown: bool | None = None) -> None:
        if shown is None:
            shown = sys.stderr.isatty() or bool(os.environ.get("WULI_PROGRESS"))
        layout = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}]"
        self._bar = tqdm(total=0, disable=not shown, file=sys.stderr, bar_format=layout, dynamic_ncols=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def expect(self, steps: int) -> None:
        """Say how many steps the whole run has."""
        self._bar.total = steps
        self._bar.refresh()

    def stage(self, label: str) -> None:
        """Name what is being done now."""
        self._bar.set_description(label)

    def advance(self) -> None:
        """Count one step as done."""
        self._bar.update(1)

    def come_to(self, done: int, total: int, label: str) -> None:
        """Show that `done` of `total` steps are done, and what is being done now."""
        self._bar.set_description(label, refresh=False)
        self._bar.n = done
        self.expect(total)
