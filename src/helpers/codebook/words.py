"""What the data dictionary and the template say about a column, in Chinese or English: columns in, sentences out."""

from helpers.codebook.conditions import TABLE_RULES
from helpers.codebook.model import Column, Table
from helpers.text import Lang, say


def type_words(column: Column, lang: Lang) -> str:
    """Return the type of a column in words."""
    return say(f"codebook.type_{column.type}", lang)


def unit_words(column: Column, lang: Lang) -> str:
    """Return the unit of a column in words, empty where it has none."""
    return say(f"codebook.unit_{column.unit}", lang) if column.unit else ""


def range_words(column: Column, lang: Lang) -> str:
    """Return the smallest and largest value of a column in words, empty where there are none."""
    low, high = (f"{limit:g}" if limit is not None else "" for limit in (column.minimum, column.maximum))
    which = {(True, True): "both", (True, False): "low", (False, True): "high"}.get((bool(low), bool(high)))
    return say(f"codebook.label_range_{which}", lang, low=low, high=high) if which else ""


def key_words(column: Column, lang: Lang) -> tuple[str, ...]:
    """Return whether a column is a key, unique or required, in words."""
    words = []
    if column.key:
        words.append(say(f"codebook.label_key_{'primary' if column.key == 'PK' else 'unique'}", lang))
    if column.required or column.key == "PK":
        words.append(say("codebook.label_required", lang))
    return tuple(words)


def rule_words(table: Table, lang: Lang) -> tuple[tuple[str, str, str], ...]:
    """Return name, severity and sentence of every rule across the columns or rows of a table."""
    rows = [(rule.name, rule.severity, rule.message_zh if lang == "zh" else rule.message_en) for rule in table.rules]
    rows += [(name, "error", say(f"codebook.rule_{name}", lang)) for name in TABLE_RULES.get(table.name, {})]
    return tuple(rows)


def name_of(thing: Table | Column, lang: Lang) -> str:
    """Return the name of a table or column in one language."""
    return thing.name_zh if lang == "zh" else thing.name_en


def other_name_of(thing: Table | Column, lang: Lang) -> str:
    """Return the name of a table or column in the other language."""
    return thing.name_en if lang == "zh" else thing.name_zh


def note_of(column: Column, lang: Lang) -> str:
    """Return the definition of a column in one language, empty where its name says it all."""
    return column.note_zh if lang == "zh" else column.note_en
