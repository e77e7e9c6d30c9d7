"""What a command owes the shell: it stops when told, its reader may leave early, no character breaks its output."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from helpers.errors import WuliError

_TOLD_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Turn Ctrl-C, `kill` and a closed terminal into one `KeyboardInterrupt`, so that everything is tidied on the way.

    Yields
    ------
    callable
        Whether the command was told to end: the query engine raises an error of its own where that reaches it.
    """
    told: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        told.append(number)
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in _TOLD_TO_END}
    for number, handler in before.items():
        # Whoever started the command under `nohup` wants it to go on.
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield lambda: bool(told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def show(text: str) -> None:
    """Print a text and a line's end to standard output now.

    Raises
    ------
    BrokenPipeError
        If the reader has left, as `head` does when it has seen enough.
    WuliError
        If standard output cannot be written, for example to a full disk.
    """
    if sys.stdout is None:
        # Closed by whoever started the command.
        return
    # A terminal that has no such character shows its code.
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print(text, flush=True)
    except OSError as trouble:
        # What is left in the buffer would be tried once more at the end, and fail with a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(trouble, BrokenPipeError):
            raise
        raise WuliError(f"cannot write to standard output: {trouble.strerror}; everything else is done") from trouble
