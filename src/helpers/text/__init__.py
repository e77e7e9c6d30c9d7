"""Every sentence a reader sees, in Chinese and English, by key; the YAML files beside this module hold them.

A key is `file.name` (`quality.rows_read` stands in `quality.yml`); each entry has `zh` and `en` with the same
`{placeholders}`. Numbers are put in by the caller, so that words stay true for other parameters.
"""

from functools import cache
from pathlib import Path
from typing import Literal, get_args

import yaml

Lang = Literal["zh", "en"]
LANGS: tuple[str, ...] = get_args(Lang)


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return all entries: key -> {"zh": ..., "en": ...}."""
    entries: dict[str, dict[str, str]] = {}
    for path in sorted(Path(__file__).parent.glob("*.yml")):
        for name, entry in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).items():
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


def label(name: str, lang: Lang) -> str:
    """Return a column's or a value's name in words (`columns.yml`), or the name itself where none is written."""
    entry = catalogue().get(f"columns.{name}")
    return entry[lang] if entry else name
