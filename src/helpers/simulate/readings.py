"""The reading set that a zone is calibrated to: names with values, or texts `NAME=VALUE`, in; a `Calibration` out."""

from collections.abc import Callable, Mapping, Sequence

from pydantic import ValidationError

from helpers.errors import UsageError
from helpers.params.explain import explain
from helpers.params.model import Calibration

INDUSTRIAL_FIRMS, QUOTA_FIRMS = 131, 133
"""Above-scale industrial and above-quota firms, as published: together the analysable base."""


def resolve(readings: "Mapping[str, object] | Calibration | None") -> Calibration:
    """Return the reading set, the default one with what `readings` changes.

    Raises
    ------
    UsageError
        With every unknown name and every value that does not exist.
    """
    if isinstance(readings, Calibration):
        return readings
    return _checked(Calibration.model_validate, dict(readings or {}))


def from_texts(given: Sequence[str]) -> Calibration:
    """Return the reading set that texts of the form `NAME=VALUE` change; of two for one name the later wins.

    Raises
    ------
    UsageError
        With every unknown name and every value that does not exist.
    """
    pairs = [text.partition("=") for text in given]
    if broken := [text for text, (name, sign, _) in zip(given, pairs, strict=True) if not name.strip() or not sign]:
        raise UsageError(f"reading '{broken[0]}': expected NAME=VALUE, for example members=1262")
    return _checked(Calibration.model_validate_strings, {name.strip(): value.strip() for name, _, value in pairs})


def _checked(validate: Callable[[object], Calibration], given: object) -> Calibration:
    try:
        return validate(given)
    except ValidationError as error:
        raise UsageError("\n".join(f"reading {problem}" for problem in explain(error, Calibration))) from None
