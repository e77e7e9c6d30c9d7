"""Somebody's own notebook: its `parameters` cell in, a strict model of one page out.

A page of a run has its model in `pages`. A notebook of one's own declares its parameters in its cell alone, one a line:
`name: type = default  # meaning`, with `run`, `lang` and `min_cell` among them.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import Field, ValidationError, create_model

from helpers.errors import UsageError
from helpers.params.explain import explain
from helpers.params.model import Names
from helpers.params.pages import Page

# A list is of texts, given with commas on the command line.
KINDS: Final[Mapping[str, Any]] = {"str": str, "int": int, "float": float, "bool": bool, "list": Names}
BASE: Final = {"run": "str", "lang": "str", "min_cell": "int"}
_FORM: Final = "expected `name: type = default  # meaning`"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


def declared(source: str, *, where: str) -> type[Page]:
    """Return the model that a `parameters` cell declares, with its defaults.

    Parameters
    ----------
    source : str
        The cell. Types are str, int, float, bool and list (of texts).
    where : str
        The notebook as people know it, for messages.

    Returns
    -------
    type of Page
        Strict: unknown, missing and mistyped parameters are refused.

    Raises
    ------
    UsageError
        With everything that is wrong with the cell at once, by its lines.
    """
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise UsageError(f"{where}, cell tagged 'parameters', line {error.lineno}: not Python: {error.msg}") from None
    lines, fields, problems = source.splitlines(), {}, []
    for statement in statements:
        name, field, problem = _field(statement, lines, fields)
        if problem:
            problems.append(f"line {statement.lineno}: {problem}")
        else:
            fields[name] = field
    # What is wrong on its line is not missing besides.
    problems += [
        f"'{name}: {kind} = …' is missing: every page has it"
        for name, kind in BASE.items()
        if not re.search(rf"^{name}\b", source, re.MULTILINE)
    ]
    if not problems:
        model = create_model("Own", __base__=Page, **fields)
        try:
            model.model_validate({name: field.default for name, (_, field) in fields.items()})
        except ValidationError as error:
            problems = [f"default of {problem}" for problem in explain(error, model)]
    if problems:
        raise UsageError(f"{where}, cell tagged 'parameters': {len(problems)} problem(s):\n  " + "\n  ".join(problems))
    return model


def given(model: type[Page], overrides: Sequence[str], *, where: str, **of_run: Any) -> dict[str, Any]:
    """Return the full parameter set of a notebook of one's own, as plain values.

    Parameters
    ----------
    model : type of Page
        From `declared`.
    overrides : sequence of str
        `name=value`; a list is given with commas. Later ones win.
    where : str
        The notebook as people know it, for messages.
    **of_run
        What the run says of its pages (lang, min_cell), where no override does.

    Raises
    ------
    UsageError
        With every unknown, mistyped or out-of-range value at once.
    """
    texts, problems = {}, []
    for override in overrides:
        name, equals, value = (part.strip() for part in override.partition("="))
        if not equals or not name:
            problems.append(f"-p {override}: expected name=value")
        texts[name] = value
    try:
        parsed = model.model_validate_strings(texts).model_dump(mode="json") if not problems else {}
    except ValidationError as error:
        problems += explain(error, model)
    if problems:
        raise UsageError(f"{where}:\n  " + "\n  ".join(problems))
    return parsed | {name: value for name, value in of_run.items() if name not in texts}


def own_page(**values: Any) -> Page:
    """Return the parameters of one's own notebook as an object that `show.parameters` can show.

    Parameters
    ----------
    **values
        `run`, `lang` and `min_cell`, held to what every page has, and the notebook's own as they come: `wuli publish`
        holds these to the types that the `parameters` cell declares.

    Raises
    ------
    UsageError
        If one of the first three is missing or out of range.
    """
    others = {name: (type(value), ...) for name, value in values.items() if name not in Page.model_fields}
    model = create_model("Own", __base__=Page, **others)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise UsageError("this notebook:\n  " + "\n  ".join(explain(error, model))) from None


def _field(statement: ast.stmt, lines: Sequence[str], before: Mapping[str, Any]) -> tuple[str, Any, str]:
    """Return a statement's name and field, or what is wrong with it."""
    if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value):
        return "", None, f"{_FORM}, found `{ast.unparse(statement)}`"
    name, kind = statement.target.id, ast.unparse(statement.annotation)
    meaning = lines[statement.end_lineno - 1].encode()[statement.end_col_offset :].decode().strip().lstrip("# ")
    if problem := _problem(name, kind, meaning, before):
        return name, None, f"'{name}': {problem}"
    try:
        default = ast.literal_eval(statement.value)
    except ValueError:
        return name, None, f"'{name}': its default is no plain value: {ast.unparse(statement.value)}"
    annotation = Page.model_fields[name].rebuild_annotation() if name in BASE else KINDS[kind]
    return name, (annotation, Field(default, description=meaning)), ""


def _problem(name: str, kind: str, meaning: str, before: Mapping[str, Any]) -> str:
    if name in before:
        return "stands twice"
    if name in BASE:
        return "" if kind == BASE[name] else f"its type is {BASE[name]}, not {kind}"
    if not _NAME.fullmatch(name) or hasattr(Page, name) or name.startswith("model_"):
        return "no name of a parameter: take another, in lower case"
    if kind not in KINDS:
        return f"type {kind} is none of {', '.join(KINDS)}"
    return "" if meaning else "say behind it what it means: `# …`"
