"""What Shift-Tab shows: every function that a notebook can reach tells what it does, what it takes and of what type."""

import importlib
import inspect
import re
from collections.abc import Callable
from dataclasses import is_dataclass

import pytest

import helpers
from helpers import models, plan, study
from helpers.study import Study

# What a notebook imports; of packages what they list at their top.
ROOMS = ("codebook", "figures", "findings", "forces", "models", "params", "plan", "show", "study", "style", "tables", "text")
# Those with which one asks questions of one's own: all parameters are told. In the others, types and names tell most.
OWN = ("figures", "forces", "models", "params", "plan", "show", "study", "style")
# Say what they are by their names, in all rooms alike.
PLAIN = {"self", "zone", "lang", "values", "min_cell", "minimum", "seed", "as_of", "ax", "panel"}
OBJECTS = (Study, models.Result, models.EventStudy, plan.Plan)
SECTION = re.compile(r"^(\w[\w ]*)\n-+\n", re.MULTILINE)


def offered(room: str) -> dict[str, Callable]:
    """Return the public functions that a room has of its own, by the name a notebook calls them."""
    module = importlib.import_module(f"helpers.{room}")
    return {
        f"{room}.{name}": thing
        for name, thing in vars(module).items()
        if inspect.isfunction(thing) and not name.startswith("_")
        and thing.__module__.startswith(module.__name__)
    }  # fmt: skip


def methods() -> dict[str, Callable]:
    return {
        f"{kind.__name__}.{name}": thing
        for kind in OBJECTS
        for name, thing in vars(kind).items()
        if inspect.isfunction(thing) and not name.startswith("_")
    }


FUNCTIONS = {name: thing for room in ROOMS for name, thing in offered(room).items()} | methods()
each = pytest.mark.parametrize("name", FUNCTIONS)


def documented(text: str) -> set[str]:
    """Return the names that the section Parameters describes."""
    parts = SECTION.split(text)
    body = dict(zip(parts[1::2], parts[2::2], strict=True)).get("Parameters", "")
    heads = re.findall(r"^(\S[^:\n]*?)(?: :.*)?$", body, re.MULTILINE)
    return {name.strip().lstrip("*") for head in heads for name in head.split(",")}


def untold(thing: Callable) -> set[str]:
    """Return the parameters that its docstring neither describes nor names between backquotes."""
    text = inspect.getdoc(thing) or ""
    told = documented(text) | set(re.findall(r"`(\w+)`", text)) | PLAIN
    return set(inspect.signature(thing).parameters) - told


@each
def test_the_first_line_is_one_sentence(name):
    first, *rest = (inspect.getdoc(FUNCTIONS[name]) or "").split("\n")
    assert first.endswith(".") and first[0].isupper(), first
    assert not rest or rest[0] == ""


@each
def test_the_signature_has_the_type_of_every_parameter_and_of_the_result(name):
    signature = inspect.signature(FUNCTIONS[name])
    bare = [one.name for one in signature.parameters.values() if one.annotation is one.empty and one.name != "self"]
    assert not bare
    assert signature.return_annotation is not signature.empty


@each
def test_no_parameter_is_described_that_is_not_there(name):
    assert documented(inspect.getdoc(FUNCTIONS[name])) <= set(inspect.signature(FUNCTIONS[name]).parameters)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name.partition(".")[0] in OWN])
def test_functions_for_questions_of_ones_own_describe_all_they_take(name):
    thing = FUNCTIONS[name]
    # Of a single parameter the first line speaks.
    assert len(inspect.signature(thing).parameters) == 1 or not untold(thing)


@pytest.mark.parametrize("name", offered("tables"))
def test_tables_tell_where_the_frames_they_take_come_from(name):
    parameters = inspect.signature(FUNCTIONS[name]).parameters
    frames = {one.name for one in parameters.values() if "DataFrame" in str(one.annotation)}
    assert not untold(FUNCTIONS[name]) & frames


@pytest.mark.parametrize("kind", [getattr(models, name) for name in models.__all__ if is_dataclass(getattr(models, name))])
def test_a_result_tells_what_it_holds(kind):
    assert "Attributes\n---" in inspect.getdoc(kind)


def test_the_library_shows_its_map_and_the_rooms_their_own():
    assert "study " in helpers.__doc__ and "figures" in helpers.__doc__
    assert all(len(importlib.import_module(f"helpers.{room}").__doc__) > 60 for room in ROOMS)


def test_what_is_not_described_is_noticed():
    def draw(rows, many: int, *, lang: str) -> None:
        """Draw the `rows`.

        Parameters
        ----------
        few : int
            Not there.
        """

    assert untold(draw) == {"many"}
    assert documented(inspect.getdoc(draw)) == {"few"}
    assert FUNCTIONS["study.open_run"] is study.open_run and "Study.table" in FUNCTIONS
