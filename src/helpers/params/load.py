"""A run file and the command line's `-p name=value` in, one validated `RunParams` out, or all problems at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from helpers import paths, strict_yaml
from helpers.errors import InputError, UsageError
from helpers.params.explain import explain, line_of, suggest
from helpers.params.model import FileData, RunParams
from helpers.params.pages import PAGES, own_values


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
    tree, lines = _read(path)
    problems = [problem for override in overrides for problem in _put(tree, override, lines)]
    pages, page_problems = _pages(tree.pop("pages", {}), lines)
    try:
        params = RunParams.model_validate_strings(tree)
    except ValidationError as error:
        problems += explain(error, RunParams, lines)
        params = None
    problems += page_problems
    if problems or params is None:
        raise UsageError(f"{paths.relative(path)}: {len(problems)} problem(s):\n  " + "\n  ".join(problems))
    params = params.model_copy(update={"pages": pages})
    _require_files(params)
    return params


def _read(path: Path) -> tuple[dict[str, Any], dict[strict_yaml.Place, int]]:
    try:
        document = strict_yaml.read(path)
    except OSError as error:
        known = ", ".join(map(paths.relative, paths.run_files()))
        raise UsageError(f"run file '{path}': {error.strerror}; there are: {known or 'none'}") from None
    except strict_yaml.YamlError as error:
        raise UsageError(f"run file '{path}': {error}") from None
    if not isinstance(document.content, dict):
        raise UsageError(f"run file '{path}': expected lines of `name: value`, found {document.content!r}")
    return strict_yaml.as_lines(document.content), dict(document.lines)


def _put(tree: dict[str, Any], override: str, lines: dict[strict_yaml.Place, int]) -> list[str]:
    """Set one override in `tree` (the loader's own copy), take its line away and return what is wrong with its form."""
    dotted, equals, value = override.partition("=")
    names = dotted.strip().split(".")
    if not equals or not all(names):
        return [f"-p {override}: expected name=value, for example -p data.dirt=heavy"]
    for name in names[:-1]:
        if not isinstance(tree.setdefault(name, {}), dict):
            return [f"-p {override}: '{name}' holds no further parameters"]
        tree = tree[name]
    tree[names[-1]] = value.strip()
    lines.pop(tuple(names), None)
    return []


def _pages(given: Any, lines: dict[strict_yaml.Place, int]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    if given in ("", {}):
        return {}, []
    if not isinstance(given, dict):
        return {}, [f"{line_of(['pages'], lines)}'pages': expected notebook names with their parameters below"]
    values, problems = {}, []
    known = known_stems()
    for stem, texts in given.items():
        at = line_of(["pages", stem], lines)
        if stem not in known:
            near = suggest(stem, known) or "; there are " + ", ".join(known)
            problems.append(f"{at}'pages.{stem}' is no notebook{near}")
        elif not isinstance(texts, dict):
            problems.append(f"{at}'pages.{stem}': expected parameters below it, found {texts!r}")
        else:
            values[stem], found = own_values(stem, texts)
            problems += [f"{at}pages.{stem}: {problem}" for problem in found]
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
