"""A run file and the command line's `-p name=value` in, one validated `RunParams` out, or all problems at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from helpers import paths
from helpers.errors import InputError, UsageError
from helpers.params.explain import explain, suggest
from helpers.params.model import FileData, RunParams
from helpers.params.pages import PAGES, own_values


class _TextLoader(yaml.BaseLoader):
    """Keep every scalar as the text that stands in the file (`01` stays 01), and refuse a name given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a name is one text", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"'{key.value}' is given twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(path: Path | str, overrides: Sequence[str] = ()) -> RunParams:
    """Read the run file at `path`, put `overrides` over it and validate the whole.

    Parameters
    ----------
    path : Path or str
        A YAML mapping.
    overrides : sequence of str
        `name=value` with dotted names, e.g. `data.dirt=heavy` or `pages.70_association.min_cell=20`; a list is given
        with commas. Later ones win.

    Returns
    -------
    RunParams

    Raises
    ------
    UsageError
        With every unknown, missing, mistyped or out-of-range parameter at once.
    InputError
        If the folder or a mapping file that the run names does not exist.
    """
    path = Path(path)
    tree = _read(path)
    problems = [problem for override in overrides for problem in _put(tree, override)]
    pages, page_problems = _pages(tree.pop("pages", {}))
    try:
        params = RunParams.model_validate_strings(tree)
    except ValidationError as error:
        problems += explain(error, RunParams)
        params = None
    problems += page_problems
    if problems or params is None:
        raise UsageError(f"{paths.relative(path)}: {len(problems)} problem(s):\n  " + "\n  ".join(problems))
    params = params.model_copy(update={"pages": pages})
    _require_files(params)
    return params


def _read(path: Path) -> dict[str, Any]:
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=_TextLoader)
    except OSError as error:
        known = ", ".join(sorted(paths.relative(file) for file in paths.RUN_FILES.glob("*.yml")))
        raise UsageError(f"run file '{path}': {error.strerror}; there are: {known or 'none'}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"run file '{path}': not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except yaml.YAMLError as error:
        raise UsageError(f"run file '{path}' is not valid YAML: {error}") from None
    except RecursionError:
        raise UsageError(f"run file '{path}': nested too deeply; it holds names, values and short lists") from None
    if not isinstance(tree, dict):
        raise UsageError(f"run file '{path}': expected lines of `name: value`, found {tree!r}")
    return _lines(tree)


def _lines(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _lines(value) for name, value in node.items()}
    if isinstance(node, list) and all(isinstance(part, str) for part in node):
        return "\n".join(node)
    return node


def _put(tree: dict[str, Any], override: str) -> list[str]:
    """Set one override in `tree` (the loader's own copy) and return what is wrong with its form."""
    dotted, equals, value = override.partition("=")
    names = dotted.strip().split(".")
    if not equals or not all(names):
        return [f"-p {override}: expected name=value, for example -p data.dirt=heavy"]
    for name in names[:-1]:
        if not isinstance(tree.setdefault(name, {}), dict):
            return [f"-p {override}: '{name}' holds no further parameters"]
        tree = tree[name]
    tree[names[-1]] = value.strip()
    return []


def _pages(given: Any) -> tuple[dict[str, dict[str, Any]], list[str]]:
    if given in ("", {}):
        return {}, []
    if not isinstance(given, dict):
        return {}, ["'pages': expected notebook names with their parameters below"]
    values, problems = {}, []
    known = known_stems()
    for stem, texts in given.items():
        if stem not in known:
            problems.append(f"'pages.{stem}' is no notebook{suggest(stem, known) or '; there are ' + ', '.join(known)}")
        elif not isinstance(texts, dict):
            problems.append(f"'pages.{stem}': expected parameters below it, found {texts!r}")
        else:
            values[stem], found = own_values(stem, texts)
            problems += [f"pages.{stem}: {problem}" for problem in found]
    return values, problems


def known_stems() -> list[str]:
    """Return the stems of all notebooks, those with a model and those that stand in the folder."""
    return sorted({*PAGES, *(path.stem for path in paths.NOTEBOOKS.glob("[0-9]*.ipynb"))})


def _require_files(params: RunParams) -> None:
    if not isinstance(params.data, FileData):
        return
    problems = []
    if not params.data.folder_path.is_dir():
        problems.append(
            f"run '{params.run}': the folder of its data, '{params.data.folder}', is not there; "
            "say where it is with -p data.folder=PATH (relative paths are taken from the project's root)"
        )
    problems += [
        f"run '{params.run}': mapping file '{name}' is not there; see -p data.mappings=FILE,FILE"
        for name, path in zip(params.data.mappings, params.data.mapping_paths, strict=True)
        if not path.is_file()
    ]
    if problems:
        raise InputError(problems)
