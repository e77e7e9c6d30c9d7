"""Every sentence a reader sees, in Chinese and English, by key; the YAML files beside this module hold them.

A key is `file.name` (`quality.rows_read` stands in `quality.yml`); each entry has `zh` and `en` with the same
`{placeholders}`. Numbers are put in by the caller, so that words stay true for other parameters.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import yaml

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)
Words = Mapping[Lang, str]
"""The same sentence in every language."""
# The one in C reads all sentences in a tenth of the time; some builds of PyYAML come without it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return all entries: key -> {"zh": ..., "en": ...}."""
    entries: dict[str, dict[str, str]] = {}
    for path in sorted(Path(__file__).parent.glob("*.yml")):
        for name, entry in (yaml.load(path.read_text(encoding="utf-8"), _LOADER) or {}).items():
            entries[f"{path.stem}.{name}"] = entry
    return entries


def say(key: str, lang: Lang, /, **values: object) -> str:
    """Return the sentence `key` in `lang` with `values` filled in.

    Raises
    ------
    KeyError
        If the key, the language or a placeholder's value is missing.
    """
    return catalogue()[key][lang].format(**values)


def other(lang: Lang) -> Lang:
    """Return the language that is not `lang`."""
    return next(name for name in LANGS if name != lang)


def both(key: str, /, **values: object) -> Words:
    """Return the sentence `key` in every language, with the same values."""
    return {lang: say(key, lang, **values) for lang in LANGS}


def label(name: str, lang: Lang) -> str:
    """Return a column's or a value's name in words (`columns.yml`), or the name itself where none is written."""
    entry = catalogue().get(f"columns.{name}")
    return entry[lang] if entry else name


def inline(name: str, lang: Lang) -> str:
    """Return a column's name in words as it stands inside a sentence: in English without a capital at its beginning."""
    words = label(name, lang)
    return words[:1].lower() + words[1:] if lang == "en" and words[1:2].islower() else words


def number(value: float, form: str) -> str:
    """Return a number in a format such as `"+,.1f"`; a negative one with U+2212, which is as wide as a digit."""
    written = format(value, form).replace("inf", "∞")
    # What rounds to zero has no sign.
    return written.removeprefix("-") if not written.strip("-0.,%") else written.replace("-", "−")


def p_text(p: float) -> str:
    """Return a p value to three digits, `<0.001` for a smaller one: none is zero."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def with_capital(said: str) -> str:
    """Return a sentence with a capital at its beginning, where its language has any."""
    return said[:1].upper() + said[1:]


def joined(sentences: Iterable[str], lang: Lang) -> str:
    """Return whole sentences one after another, with what stands between two in a language."""
    return ("" if lang == "zh" else " ").join(sentences)


def with_ends(point: float, low: float, high: float, form: str) -> str:
    """Return a number with its interval in brackets, which stays on one line."""
    return f"{number(point, form)} ({number(low, form)}\u00a0…\u00a0{number(high, form)})"


@dataclass(frozen=True)
class Message:
    """A sentence that is known before the language is in which it will be read.

    Attributes
    ----------
    key : str
        As `say` takes it.
    values : mapping
        Its placeholders. Texts are names of columns or values (`label`); a tuple of them is listed, and so is a tuple
        of names with the number of rows of each. A message may stand in another.
    """

    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def text(self, lang: Lang) -> str:
        """Return the sentence for a reader, with names in words."""
        return say(self.key, lang, **{name: _in_words(value, lang) for name, value in self.values.items()})

    def __str__(self) -> str:
        """Return the sentence for whoever wrote the specification: in English, with names as they were given."""
        return say(self.key, "en", **{name: _in_words(value) for name, value in self.values.items()})


def _in_words(value: object, lang: Lang | None = None) -> object:
    if isinstance(value, Message):
        return value.text(lang) if lang else str(value)
    if isinstance(value, tuple):
        items = (
            say("text.counted", lang or "en", name=_in_words(item[0], lang), rows=f"{item[1]:,}")
            if isinstance(item, tuple)
            else _in_words(item, lang)
            for item in value
        )
        return say("text.comma", lang or "en").join(map(str, items))
    return label(value, lang) if lang and isinstance(value, str) else value
