"""Values of the codebook that code is written against: a word renamed there must not go on standing here."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers import codebook, paths

BOOK = codebook.load()
HELPERS = paths.ROOT / "src" / "helpers"
MODULES = sorted(HELPERS.rglob("*.py"))
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ALLOWED: dict[str, set[str]] = defaultdict(set)
for _table in BOOK.tables.values():
    for _column in _table.columns:
        ALLOWED[_column.name] |= set(_column.allowed)
EVERY = set().union(*ALLOWED.values())
# Rooms that read what offices write, or write it themselves, and modules with patterns of names or words of a template.
OF_TEXT = ("ingest", "simulate", "codebook/model.py", "codebook/template.py", "clean/columns.py", "link", "show.py",
           "disclosure/clearance.py")


def _words(node: ast.AST) -> set[str]:
    """Return the Chinese texts that stand in an expression as they are."""
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and CHINESE.search(part.value)
    }


def _constants() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            closed = ast.Constant | ast.Tuple | ast.List | ast.Set
            if isinstance(targets[0], ast.Name) and isinstance(node.value, closed):
                found[targets[0].id] |= _words(node.value)
    return found


CONSTANTS = _constants()


def _meant(node: ast.AST) -> set[str]:
    """Return the words that one side of a comparison stands for: written there, or under a name of some module."""
    name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    return CONSTANTS.get(name, set()) | _words(node)


def _column(node: ast.AST) -> str | None:
    """Return the column that `frame["name"]` or `rows.name` takes, if the codebook has a closed set of its values."""
    name = getattr(node, "attr", None)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        name = node.slice.value
    return name if isinstance(name, str) and ALLOWED.get(name) else None


def compared(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Yield line, column and word of every comparison of a column of the codebook with a word."""
    for node in ast.walk(tree):
        pairs = []
        if isinstance(node, ast.Compare) and len(node.comparators) == 1:
            pairs = [(node.left, node.comparators[0]), (node.comparators[0], node.left)]
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "isin" and node.args:
            pairs = [(node.func.value, node.args[0])]
        for left, right in pairs:
            if column := _column(left):
                yield from ((node.lineno, column, word) for word in sorted(_meant(right)))


def strange(tree: ast.AST) -> list[tuple[int, str, str]]:
    """Return the comparisons with a word that no column of that name may hold."""
    return [found for found in compared(tree) if found[2] not in ALLOWED[found[1]]]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(HELPERS).as_posix())
def test_a_word_that_a_column_is_compared_with_is_one_that_the_codebook_allows_there(path: Path):
    assert strange(ast.parse(path.read_text(encoding="utf-8"))) == []


def test_every_chinese_word_in_code_that_analyses_is_a_value_of_the_codebook():
    unknown = []
    for path in MODULES:
        place = path.relative_to(HELPERS).as_posix()
        if place.startswith(OF_TEXT):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        spoken = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Expr | ast.JoinedStr)
                  for part in ast.iter_child_nodes(node)}  # fmt: skip
        unknown += [
            (place, node.lineno, node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and id(node) not in spoken and _words(node) - EVERY
        ]
    assert unknown == []


def test_comparisons_are_seen_however_a_column_is_taken():
    code = """
rows[rows["class"] == "成长类"]
rows[rows["class"].isin(["示范类", "成长型"])]
rows.patent_type != "发明专利"
"有效 " == rows.status
rows[rows["grade"].isin(traction.GOOD_GRADES)]
"""
    tree = ast.parse(code)
    assert sorted(strange(tree)) == [(3, "class", "成长型"), (4, "patent_type", "发明专利"), (5, "status", "有效 ")]
    assert {("grade", word) for word in ("良好", "优秀")} <= {found[1:] for found in compared(tree)}
    assert sum(len(list(compared(ast.parse(path.read_text(encoding="utf-8"))))) for path in MODULES) > 100
