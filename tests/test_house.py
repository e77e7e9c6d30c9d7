"""How the house is built: which room may use which, how long a module may be, what an import may cost."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import helpers
from helpers import inputs, paths

SOURCE = paths.ROOT / "src" / "helpers"
MODULES = sorted(SOURCE.rglob("*.py"))
LONGEST = 400
HEAVY = ("pandas", "numpy", "scipy", "matplotlib", "statsmodels", "pyarrow", "duckdb", "ibis", "IPython", "nbformat")
MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK|TBD|WIP)\b")
# What follows a comma is the content of a data URI.
MACHINE = re.compile(r"(?<![\w.:/,])/(work|root|home|Users)/\w|\b[A-Z]:\\\w")


def name_of(path: Path) -> str:
    return path.relative_to(paths.ROOT).as_posix()


@cache
def rooms() -> list[str]:
    """Return the rooms in the order in which data flow, as the map in the package's docstring has them."""
    lines = re.findall(r"^([a-z_]+(?:, [a-z_]+)*)\s{2,}\S", helpers.__doc__, re.MULTILINE)
    return [room for line in lines for room in line.split(", ")]


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return the rooms that a module imports, inside functions too; what only type checkers read does not count."""
    found = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.ImportFrom) and node.module == "helpers":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("helpers.")}
    return found


def needed_by(room: str) -> set[str]:
    """Return every room whose code runs when that of `room` does."""
    found, waiting = set(), [room]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [other for path in MODULES if room_of(path) == one for other in imported(path)]
    return found


@cache
def project_files() -> list[Path]:
    """Return what belongs to the project: tracked files and new ones that are not ignored."""
    listing = ["git", "-C", str(paths.ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        found = subprocess.run(listing, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: which files belong to the project is not known")
    return sorted(path for name in found.split("\0") if name and (path := paths.ROOT / name).is_file())


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """Return every line of a text file of the project, this one apart, in which `pattern` is found."""
    found = []
    for path in project_files():
        if path == Path(__file__):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name_of(path)}:{n}" for n, line in enumerate(text.splitlines(), 1) if pattern.search(line)]
    return found


def test_data_are_prepared_anew_whenever_code_that_makes_them_changes():
    # Parameters are compared by their values; these hold no more than names, sentences and kinds of errors.
    apart = {"params", "paths", "errors", "text"}
    assert {room.removesuffix(".py") for room in inputs.DATA_ROOMS} == needed_by("stages") - apart


def loaded_after(code: str) -> set[str]:
    """Return which heavy packages a fresh interpreter has loaded after `code`."""
    code = f"{code}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ran.stderr.split())


def test_the_map_names_every_room_and_no_other():
    assert len(rooms()) == len(set(rooms()))
    assert set(rooms()) == {room_of(path) for path in MODULES} - {"__init__"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_room_imports_only_from_rooms_before_it(path):
    if path == SOURCE / "__init__.py":
        assert not imported(path)
        return
    own = rooms().index(room_of(path))
    assert not [room for room in imported(path) if rooms().index(room) > own]


def test_an_import_inside_a_function_counts_and_one_for_type_checkers_does_not(tmp_path):
    module = tmp_path / "module.py"
    module.write_text(
        "from typing import TYPE_CHECKING\n"
        "from helpers import paths, text\n"
        "import helpers.codebook.model\n"
        "if TYPE_CHECKING:\n    from helpers import cli\nelse:\n    from helpers import errors\n"
        "def late():\n    from helpers.report.gate import check\n"
    )
    assert imported(module) == {"paths", "text", "codebook", "errors", "report"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_is_longer_than_one_can_overlook(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_no_module_is_a_drawer_for_everything():
    drawers = {"utils", "util", "misc", "common", "tools", "helper"}
    assert not [name_of(path) for path in project_files() if path.suffix == ".py" and path.stem in drawers]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_everything_public_says_what_it_does(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = [] if ast.get_docstring(tree) else ["the module"]
    holders = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_"))]
    for holder in holders:
        for node in holder.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                silent += [] if ast.get_docstring(node) else [node.name]
    # An HTML parser's hooks are named and described by its base class.
    assert not [name for name in silent if not name.startswith("handle_")]


@pytest.mark.parametrize("code", ["import helpers", "import helpers.paths, helpers.errors", "import helpers.text"])
def test_the_ground_floor_loads_nothing_heavy(code):
    assert not loaded_after(code)


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["run", "nowhere.yml"], ["check", "nowhere"]])
def test_the_command_line_answers_before_anything_heavy_is_loaded(arguments):
    call = f"from helpers.cli import main\ntry:\n    main({arguments!r})\nexcept SystemExit:\n    pass"
    assert not loaded_after(call) & set(HEAVY)


def test_nothing_heavy_is_found_where_it_is_loaded():
    assert "pandas" in loaded_after("import helpers.disclosure")


def test_no_file_of_the_project_names_a_folder_of_one_machine():
    assert not lines_with(MACHINE)


def test_a_folder_of_one_machine_is_recognised():
    for text in ("/work/main", "see /root/x", "'/home/me/data'", r"C:\Users"):
        assert MACHINE.search(text), text
    for text in ("https://example.org/work/x", "a/work/b", "and/or", "reports/work/"):
        assert not MACHINE.search(text), text


def test_no_file_of_the_project_carries_a_mark_of_unfinished_work():
    assert not lines_with(MARKS)


def test_every_test_is_named_by_a_sentence():
    named = {
        f"{path.name}: {node.name}"
        for path in (paths.ROOT / "tests").glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and node.name.count("_") < 3
    }
    assert not named
