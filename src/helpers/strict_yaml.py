"""YAML as a person wrote it: a file in, texts under their names out, with their lines; what is unclear is refused.

Every value stays the text that stands in the file (`01`, `2023-06-30`, `no`): only the model that it is meant for knows
its type. A name given twice, anchors and aliases are refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from helpers.errors import WuliError

Place = tuple[str, ...]


class YamlError(WuliError):
    """A file that is no such YAML; the message holds the line, the caller says which file it is."""


@dataclass(frozen=True)
class Document:
    """What a file holds.

    Attributes
    ----------
    content : dict, list or str
        Texts, lists of them and names with them.
    lines : dict of tuple of str to int
        1-based line of everything named or listed, by the names and the places in lists (from "0") that lead to it.
    """

    content: "dict | list | str"
    lines: Mapping[Place, int] = field(default_factory=dict)


def read(path: Path) -> Document:
    """Read a file.

    Raises
    ------
    YamlError
        If it is not UTF-8 or no YAML, is nested too deeply, gives a name twice, or uses anchors and aliases.
    OSError
        If it cannot be read.
    """
    lines: dict[Place, int] = {}
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        return Document("" if root is None else _plain(root, (), lines, set()), lines)
    except UnicodeDecodeError as error:
        raise YamlError(f"not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(f"line {mark.line + 1}: not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise YamlError(f"not valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise YamlError("nested too deeply; it holds names, values and short lists") from None


def as_lines(content: "dict | list | str") -> "dict | list | str":
    """Return the content with every list of texts as one text, a line each: the form in which models take lists."""
    if isinstance(content, dict):
        return {name: as_lines(value) for name, value in content.items()}
    if isinstance(content, list) and all(isinstance(part, str) for part in content):
        return "\n".join(content)
    return content


def _plain(node: yaml.Node, place: Place, lines: dict[Place, int], seen: set[int]) -> "dict | list | str":
    line = node.start_mark.line + 1
    lines.setdefault(place, line)
    if id(node) in seen:
        raise YamlError(f"line {line}: an alias (*) stands for what is written elsewhere: write it out")
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(part, (*place, str(number)), lines, seen) for number, part in enumerate(node.value)]
    found: dict[str, dict | list | str] = {}
    for key, value in node.value:
        at = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError(f"line {at}: a name is one text")
        if key.value in found:
            raise YamlError(f"line {at}: '{key.value}' is given twice, first in line {lines[(*place, key.value)]}")
        lines[(*place, key.value)] = at
        found[key.value] = _plain(value, (*place, key.value), lines, seen)
    return found
