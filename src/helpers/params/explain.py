"""Pydantic's findings as sentences: which parameter, what was found, what was expected, and the nearest name."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

_EXPECTED = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "date_parsing": "a date such as 2023-06-30",
    "date_from_datetime_parsing": "a date such as 2023-06-30",
    "date_type": "a date such as 2023-06-30",
    "string_type": "one text",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of names to values",
    "tuple_type": "a list",
    "string_too_short": "a text",
}


def explain(
    error: ValidationError, model: type[BaseModel], lines: Mapping[tuple[str, ...], int] | None = None
) -> list[str]:
    """Return one sentence per problem in `error`, with its line where `lines` (`strict_yaml.Document`) has it."""
    problems = error.errors(include_url=False)
    return [_sentence(problem, model, lines or {}) for problem in problems if not _follows(problem, problems)]


def suggest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?`, or nothing when no known name is near."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


def _follows(problem: dict[str, Any], problems: list[dict[str, Any]]) -> bool:
    """Whether a list is too short only because something in it is wrong, which is said on its own."""
    at = problem["loc"]
    is_inside = [other["loc"][: len(at)] == at and len(other["loc"]) > len(at) for other in problems]
    return problem["type"] == "too_short" and any(is_inside)


def line_of(names: Iterable[str], lines: Mapping[tuple[str, ...], int]) -> str:
    """Return `line 7: ` for what stands in a file, nothing for what does not."""
    line = lines.get(tuple(names))
    return f"line {line}: " if line else ""


def _sentence(problem: dict[str, Any], model: type[BaseModel], lines: Mapping[tuple[str, ...], int]) -> str:
    names, holder = _walk(problem["loc"], model)
    # What is missing has no line; the part that lacks it does.
    at = names[:-1] if problem["type"] == "missing" else names
    return (line_of(at, lines) if at else "") + _said(problem, names, holder)


def _said(problem: dict[str, Any], names: list[str], holder: type[BaseModel] | None) -> str:
    kind, context = problem["type"], problem.get("ctx") or {}
    where, found = f"'{'.'.join(names)}'" if names else "the file", problem.get("input")
    if kind == "extra_forbidden":
        known = list(holder.model_fields) if holder else []
        return f"{where} is no parameter here{suggest(names[-1], known) or ';'} known are {', '.join(known)}"
    if kind == "missing":
        return f"{where} is missing"
    if kind in ("literal_error", "union_tag_invalid"):
        allowed = context.get("expected") or context.get("expected_tags")
        tag = context.get("tag")
        value = tag if tag is not None else found
        where = f"'{'.'.join([*names, 'kind'])}'" if tag is not None else where
        options = [option.strip(" '") for option in allowed.replace(" or ", ", ").split(",")]
        return f"{where}: found '{value}', expected one of {', '.join(options)}{suggest(str(value), options)}"
    if kind == "union_tag_not_found":
        return f"'{'.'.join([*names, 'kind'])}' is missing: synthetic or files"
    if kind == "value_error":
        return f"{where}: {context.get('error')}" if names else str(context.get("error"))
    if kind == "too_short":
        return f"{where}: found {context['actual_length']}, expected at least {context['min_length']}"
    expected = _EXPECTED.get(kind)
    message = f"expected {expected}" if expected else problem["msg"].removeprefix("Input ").replace("should", "must")
    return f"{where}: found {found!r}, {message}"


def _walk(location: tuple[str | int, ...], model: type[BaseModel]) -> tuple[list[str], type[BaseModel] | None]:
    """Return the dotted names a user knows (without pydantic's union tags) and the model the last one belongs to."""
    names: list[str] = []
    holder: type[BaseModel] | None = model
    options: list[type[BaseModel]] = []
    element: type[BaseModel] | None = None
    for part in location:
        tagged = [option for option in options if part in get_args(option.model_fields["kind"].annotation)]
        if tagged:
            holder, options = tagged[0], []
            continue
        names.append(str(part))
        if element:
            # a place in a list, or a name that the user chose
            holder, element = element, None
            continue
        field = holder.model_fields.get(str(part)) if holder else None
        inner = field.annotation if field else None
        models = [arg for arg in get_args(inner) if isinstance(arg, type) and issubclass(arg, BaseModel)]
        if models and get_origin(inner) in (tuple, list, dict):
            element = models[0]
        elif models:
            options = models
        if options or (isinstance(inner, type) and issubclass(inner, BaseModel)):
            holder = inner if not options else None
    return names, holder
