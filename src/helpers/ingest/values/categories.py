"""Closed sets: categories, ordered grades, sets of them, yes and no, lists; cells in, canonical spellings out."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.codebook import Column
from helpers.codebook.model import LIST_SEPARATOR
from helpers.ingest.values.cells import Parsed, Reading, present, read_distinct
from helpers.ingest.values.text import normalise, nothing, replace, tidy_text

_TRUE = frozenset(["是", "TRUE", "1"])
_FALSE = frozenset(["否", "FALSE", "0"])
_TRUE_TOO = frozenset(["Y", "YES", "T", "对", "√", "✓", "✔", "☑", "真", "1.0"])
_FALSE_TOO = frozenset(["N", "NO", "F", "错", "不是", "×", "X", "✗", "✘", "☒", "假", "0.0"])
_HAS, _HAS_NOT = "有", frozenset(["无", "没有"])

_SAME = str.maketrans({"—": "-", "–": "-", "−": "-", "~": "-", "～": "-", "≤": "<=", "≥": ">="})
_BLANK = re.compile(r"\s+")
_SET_SEPARATORS = re.compile(r"[;、,/|\s]+")
_LIST_SEPARATORS = re.compile(r"[;；、|｜\n]+")
_PLAIN_SEPARATORS = re.compile(r"[;；、]")

_UNKNOWN = Reading(None, (("unknown_category", "nulled"),))


def parse_category(texts: pa.Array, column: Column) -> Parsed:
    """Read a category; ordered for the type `ordered`, in the order of the allowed values."""
    lookup = _Lookup(column)
    distinct = read_distinct(texts, lookup.read)
    place = {value: code for code, value in enumerate(column.allowed)}
    kind = np.int8 if len(place) < 127 else np.int16
    of_text = np.array([place.get(reading.value, -1) for reading in distinct.readings], dtype=kind)
    codes = np.full(len(texts), -1, dtype=kind)
    codes[distinct.rows] = of_text[distinct.codes]
    categories = pd.Index(column.allowed, dtype="str")
    values = pd.Categorical.from_codes(codes, categories, ordered=column.type == "ordered")
    return Parsed(pd.Series(values), distinct.findings())


def parse_set(texts: pa.Array, column: Column) -> Parsed:
    """Read a set of allowed values: known members joined with ";" in the order of the allowed values."""
    lookup = _Lookup(column)

    def read(text: str) -> Reading:
        whole = lookup.read(text)
        if whole.findings != _UNKNOWN.findings:
            return whole
        # the full-width separator is as good as the narrow one
        tidy, rule = normalise(text.replace("；", ";"))
        members = [lookup.read(part) for part in _SET_SEPARATORS.split(tidy) if part]
        known = {member.value for member in members if member.value is not None}
        if not known:
            return _UNKNOWN
        value = LIST_SEPARATOR.join(allowed for allowed in column.allowed if allowed in known)
        if any(member.value is None for member in members):
            return Reading(value, (("unknown_category", "flagged"),))
        if _SET_SEPARATORS.search(_PLAIN_SEPARATORS.sub("", tidy)):
            rule = "list_separator"
        else:
            rule = next((name for member in members for name, _ in member.findings), rule)
        return Reading(value, ((rule, "repaired"),) if rule else ())

    return replace(texts, present(texts), read)


def parse_list(texts: pa.Array) -> Parsed:
    """Read a list of free texts, joined with ";"; a comma or a blank is part of a text (Co., Ltd.)."""

    def read(text: str) -> Reading:
        tidy, rule = tidy_text(text)
        empty = nothing(normalise(tidy)[0])
        if empty:
            return empty
        parts = [part.strip() for part in _LIST_SEPARATORS.split(tidy)]
        value = LIST_SEPARATOR.join(dict.fromkeys(part for part in parts if part))
        if _LIST_SEPARATORS.search(_PLAIN_SEPARATORS.sub("", tidy)):
            rule = "list_separator"
        return Reading(value or None, ((rule, "repaired"),) if rule else ())

    return replace(texts, present(texts), read)


def says_has(texts: pa.Array | pa.ChunkedArray) -> bool:
    """Return whether 有 stands for yes anywhere in a column."""
    return any(normalise(text)[0] == _HAS for text in texts.unique().drop_null().to_pylist())


def parse_boolean(texts: pa.Array, *, has_words: bool | None = None) -> Parsed:
    """Read yes and no as `boolean`; 无 and 没有 are no only where the column says 有 elsewhere, else nothing.

    Whether it does is looked for unless it is said.
    """
    has_words = says_has(texts) if has_words is None else has_words

    def read(text: str) -> Reading:
        tidy, rule = normalise(text)
        word = tidy.upper()
        if word in _TRUE or word in _FALSE:
            return Reading(word in _TRUE, ((rule, "repaired"),) if rule else ())
        if word in _TRUE_TOO or word in _FALSE_TOO:
            return Reading(word in _TRUE_TOO, (("boolean_format", "repaired"),))
        if has_words and (word == _HAS or word in _HAS_NOT):
            return Reading(word == _HAS, (("boolean_format", "repaired"),))
        return nothing(tidy) or Reading(None, (("unparseable", "nulled"),))

    distinct = read_distinct(texts, read)
    values = np.zeros(len(texts), dtype=bool)
    missing = np.ones(len(texts), dtype=bool)
    values[distinct.rows] = distinct.values(bool, missing=False)
    missing[distinct.rows] = distinct.is_missing()
    words = {True: "是", False: "否"}
    return Parsed(pd.Series(pd.arrays.BooleanArray(values, missing)), distinct.findings(words.__getitem__))


class _Lookup:
    """The allowed values of a column under every spelling that means one of them without doubt."""

    def __init__(self, column: Column) -> None:
        self.allowed = frozenset(column.allowed)
        self.by_key = {_key(value): value for value in column.allowed}
        self.listed = column.category_synonyms
        self.synonyms = {_key(found): value for found, value in column.category_synonyms.items()}

    def read(self, text: str) -> Reading:
        if text in self.allowed:
            return Reading(text)
        if text in self.listed:
            return Reading(self.listed[text], (("category_synonym", "repaired"),))
        tidy, rule = normalise(text)
        key = _key(text)
        if key in self.by_key:
            value = self.by_key[key]
            if _BLANK.sub("", tidy) == _BLANK.sub("", value):
                rule = rule or "blank_padding"
            else:
                is_case = tidy.casefold() == value.casefold() and rule != "full_width"
                rule = "letter_case" if is_case else "full_width"
            return Reading(value, ((rule, "repaired"),))
        if key in self.synonyms:
            return Reading(self.synonyms[key], (("category_synonym", "repaired"),))
        number = key.removesuffix(".0")
        if number.isdigit() and number in self.by_key:
            return Reading(self.by_key[number], (("integer_as_decimal", "repaired"),))
        return nothing(tidy) or _UNKNOWN


def _key(text: str) -> str:
    """Return the form under which spellings are compared: NFKC, no blanks, one kind of dash, one case."""
    return _BLANK.sub("", normalise(text)[0]).translate(_SAME).casefold()
