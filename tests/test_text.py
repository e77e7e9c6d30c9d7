"""Every sentence a reader sees stands in Chinese and in English, with the same numbers in it, and is there when asked for."""

import ast
import re
from functools import cache
from pathlib import Path
from string import Formatter
from typing import NamedTuple

import nbformat
import pytest
import yaml

from helpers import codebook, paths
from helpers.text import LANGS, catalogue, say

SOURCE = paths.ROOT / "src" / "helpers"
FILES = sorted((SOURCE / "text").glob("*.yml"))
TEMPLATES = sorted((SOURCE / "report" / "template").rglob("*.j2"))
ENTRIES = catalogue()
CHINESE = re.compile(r"[\u3400-\u9fff]")
# Five Latin words in a row are a sentence; names of methods and programs are shorter.
ENGLISH = re.compile(r"(?:\b[A-Za-z][a-z]+\b[ ,]+){4}[A-Za-z][a-z]+")
# Functions that put their own file's name before the key, by the module that has them.
PREFIXED = {"codebook/dictionary.py": ("_say", "codebook.")}


class _Strict(yaml.SafeLoader):
    """A loader that refuses a key given twice, of which YAML would keep the last in silence."""


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict:
    keys = [loader.construct_object(key) for key, _ in node.value]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    assert not twice, f"given twice: {twice}"
    return loader.construct_mapping(node, deep=True)


_Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def placeholders(sentence: str) -> set[str]:
    return {re.split(r"[.\[]", name)[0] for _, name, _, _ in Formatter().parse(sentence) if name is not None}


class Asked(NamedTuple):
    """One place where a sentence is asked for: `key` is a pattern, `names` the values given (None: not known)."""

    where: str
    key: str
    names: frozenset[str] | None

    def found(self) -> list[str]:
        return [key for key in ENTRIES if re.fullmatch(self.key, key)]


def patterns(node: ast.expr, prefix: str) -> list[str]:
    """Return a pattern for each key that an expression may give; nothing where it is all computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [re.escape(prefix + node.value)]
    if isinstance(node, ast.IfExp):
        return patterns(node.body, prefix) + patterns(node.orelse, prefix)
    if isinstance(node, ast.JoinedStr):
        parts = [re.escape(part.value) if isinstance(part, ast.Constant) else r"\w+" for part in node.values]
        return [re.escape(prefix) + "".join(parts)]
    return []


def asked_in(code: str, where: str, name: str = "say", prefix: str = "") -> list[Asked]:
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name and node.args:
            names = [keyword.arg for keyword in node.keywords]
            known = None if None in names else frozenset(names)
            found += [Asked(f"{where}:{node.lineno}", key, known) for key in patterns(node.args[0], prefix)]
    return found


@cache
def asked() -> list[Asked]:
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        where, code = path.relative_to(SOURCE).as_posix(), path.read_text(encoding="utf-8")
        found += asked_in(code, where)
        if where in PREFIXED:
            found += asked_in(code, where, *PREFIXED[where])
    for path in sorted(paths.NOTEBOOKS.glob("[0-9]*.ipynb")):
        for number, cell in enumerate(nbformat.read(path, as_version=4).cells, start=1):
            if cell.cell_type == "code":
                found += asked_in(cell.source, f"{path.name}, cell {number}")
    for path in TEMPLATES:
        for key, joined in re.findall(r"\bsay\(\s*[\"'](\w+)[\"']\s*(~)?", path.read_text(encoding="utf-8")):
            found.append(Asked(path.name, rf"page\.{key}" + (r"\w+" if joined else ""), None))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_key_stands_twice_in_a_file(path):
    with path.open(encoding="utf-8") as stream:
        assert yaml.load(stream, Loader=_Strict)


def test_a_key_given_twice_is_noticed():
    with pytest.raises(AssertionError, match="given twice: \\['a'\\]"):
        yaml.load("a: {zh: x, en: x}\na: {zh: y, en: y}", Loader=_Strict)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_entry_has_both_languages_and_nothing_else(path):
    entries = {key: entry for key, entry in ENTRIES.items() if key.startswith(f"{path.stem}.")}
    wrong = [key for key, entry in entries.items() if not isinstance(entry, dict) or set(entry) != set(LANGS)]
    assert not wrong
    silent = [k for k, e in entries.items() if not all(isinstance(e[lang], str) and e[lang].strip() for lang in LANGS)]
    assert not silent


def test_both_languages_have_the_same_placeholders():
    assert not {key: entry for key, entry in ENTRIES.items() if placeholders(entry["zh"]) != placeholders(entry["en"])}


def test_placeholders_are_found_under_their_formats():
    assert placeholders("{n:,} of {rows} ({share:.1%}) {{not}}") == {"n", "rows", "share"}


def test_every_sentence_asked_for_is_there():
    assert len(asked()) > 200
    assert not [(place.where, place.key) for place in asked() if not place.found()]


def test_every_value_in_a_sentence_is_given():
    short = [
        (place.where, key, sorted(placeholders(ENTRIES[key]["en"]) - place.names))
        for place in asked()
        if place.names is not None
        for key in place.found()
        # A pattern may stand for sentences with and without values; only a key in full must have all of them.
        if re.escape(key) == place.key and placeholders(ENTRIES[key]["en"]) - place.names
    ]
    assert not short


def test_a_missing_key_and_a_missing_value_are_noticed():
    code = "say('pages.sources', lang)\nsay('pages.no_such', lang)\nsay(f'figures.{kind}', lang)\nsay(key, lang)"
    assert [place.found() != [] for place in asked_in(code, "here")] == [True, False, True]
    with pytest.raises(KeyError):
        say("pages.findings_alt", "en")


def test_no_chinese_entry_was_left_in_english():
    plain = {key: entry["zh"] for key, entry in ENTRIES.items() if ENGLISH.search(entry["zh"])}
    assert not plain
    # Without a Chinese character it is a number, a sign or a name of one or two words.
    bare = {key: entry["zh"] for key, entry in ENTRIES.items() if not CHINESE.search(entry["zh"])}
    assert not {key: words for key, words in bare.items() if len(re.findall(r"[A-Za-z]{2,}", words)) > 2}


def test_no_english_entry_was_left_in_chinese():
    assert not {key: entry["en"] for key, entry in ENTRIES.items() if len(CHINESE.findall(entry["en"])) > 12}
    assert not {key: entry["en"] for key, entry in ENTRIES.items() if not re.search(r"[A-Za-z]|\d|\W", entry["en"])}


def told(zh: str, en: str) -> bool:
    """Return whether a text stands in both languages, or in neither."""
    return bool(zh.strip()) == bool(en.strip()) and (not zh or bool(CHINESE.search(zh) or not re.search("[a-z]{4}", zh)))


@pytest.mark.parametrize("table", codebook.load().tables.values(), ids=lambda table: table.name)
def test_a_table_of_the_codebook_is_described_in_both_languages(table):
    assert table.name_zh and table.name_en and table.grain_zh and table.grain_en
    assert told(table.grain_zh, table.grain_en)
    assert not [column.name for column in table.columns if not (column.name_zh and column.name_en)]
    assert not [column.name for column in table.columns if not told(column.note_zh, column.note_en)]
    assert not [rule.name for rule in table.rules if not (rule.message_zh and rule.message_en)]
    assert not [rule.name for rule in table.rules if not told(rule.message_zh, rule.message_en)]


@pytest.mark.parametrize("path", sorted(paths.REFERENCE.glob("*.csv")), ids=lambda path: path.name)
def test_a_reference_tables_columns_of_words_come_in_pairs(path: Path):
    import pandas as pd

    frame = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    for name in [column for column in frame if column.endswith("_zh")]:
        other = name.removesuffix("_zh") + "_en"
        assert other in frame, name
        assert not frame[(frame[name] == "") != (frame[other] == "")].index.tolist(), name
