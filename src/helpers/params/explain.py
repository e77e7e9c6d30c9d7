"""Pydantic's findings as sentences: which parameter, what was found, what was expected, and the nearest name."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, get_args

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
}


def explain(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return one sentence per problem in `error`."""
    return [_sentence(problem, model) for problem in error.errors(include_url=False)]


def suggest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?`, or nothing when no known name is near."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


def _sentence(problem: dict[str, Any], model: type[BaseModel]) -> str:
    kind, context = problem["type"], problem.get("ctx") or {}
    names, holder = _walk(problem["loc"], model)
    where, found = f"'{'.'.join(names)}'", problem.get("input")
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
    expected = _EXPECTED.get(kind)
    message = f"expected {expected}" if expected else problem["msg"].removeprefix("Input ").replace("should", "must")
    return f"{where}: found {found!r}, {message}"


def _walk(location: tuple[str | int, ...], model: type[BaseModel]) -> tuple[list[str], type[BaseModel] | None]:
    """Return the dotted names a user knows (without pydantic's union tags) and the model the last one belongs to."""
    names: list[str] = []
    holder: type[BaseModel] | None = model
    options: list[type[BaseModel]] = []
    for part in location:
        tagged = [option for option in options if part in get_args(option.model_fields["kind"].annotation)]
        if tagged:
            holder, options = tagged[0], []
            continue
        names.append(str(part))
        field = holder.model_fields.get(str(part)) if holder else None
        inner = field.annotation if field else None
        options = [arg for arg in get_args(inner) if isinstance(arg, type) and issubclass(arg, BaseModel)]
        if options or (isinstance(inner, type) and issubclass(inner, BaseModel)):
            holder = inner if not options else None
    return names, holder
