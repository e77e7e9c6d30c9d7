"""The few exceptions of the project; all messages say what, where, how many, and what to do."""

from collections.abc import Iterable


class WuliError(Exception):
    """Base of every error that is the user's to mend; the command line prints it without a traceback."""


class UsageError(WuliError):
    """A wrong use of the command line or a run file (exit code 2)."""


class InputError(WuliError):
    """Input that cannot be read or trusted; carries every problem found at once (exit code 1)."""

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class RestrictedWarning(UserWarning):
    """Somebody looks at rows about persons; what may leave the machine is said in it."""


class CodebookError(WuliError):
    """The codebook contradicts itself."""


class PageError(WuliError):
    """A notebook did not run to its end, or its page is not fit to be published."""
