"""A published run's manifest in; every reason why its pages may no longer be what a new run would show, out.

Only what can be told in moments is looked at: hashes and records, never the data themselves.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from helpers import atomic, paths, plan
from helpers.errors import WuliError
from helpers.inputs import STATE_FILE
from helpers.params import load
from helpers.params.model import flattened
from helpers.report import manifest, publish
from helpers.text import Words, both

# Files of a run that weigh more than this together are compared by their names alone.
LARGEST_BYTES = 100_000_000
# Both languages stand in every page, whichever a run opens in.
_SEEN_NOWHERE = {"lang"}
_MOST_NAMED = 5


def reasons(run: str, made: Mapping[str, Any]) -> list[Words]:
    """Return why the pages of a run may be out of date, each reason in both languages; none where they are not.

    Parameters
    ----------
    run : str
        Its name.
    made : mapping
        Its manifest.

    Returns
    -------
    list of Words
        Later start that did not end well; other inputs, data prepared anew, parameters, plan or code.
    """
    found: list[Words] = []
    start = publish.last_start(run)
    if start and start.ended != "well" and not publish.is_held(run):
        kind = "failed" if start.ended == "badly" else "killed"
        found.append(both(f"shelf.start_{kind}", day=start.began_at[:10]))
    opened = _data_run(run, made)
    if files := _changed_inputs(opened, made):
        found.append(both("shelf.files_changed", n=len(files), files=_named(files)))
    elif _is_prepared_anew(opened, made):
        found.append(both("shelf.prepared_anew"))
    if names := _other_parameters(run, made["parameters"]):
        found.append(both("shelf.other_parameters", names=_named(names)))
    # Pages of before the plan was in the manifest say nothing of it.
    if made.get("plan", present := _plan(made["parameters"].get("study", ""))) != present:
        found.append(both("shelf.other_plan"))
    if made["code"]["hash"] != manifest.code_version()["hash"]:
        found.append(both("shelf.other_code"))
    return found


def _named(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (" …" if len(names) > _MOST_NAMED else "")


def _changed_inputs(run: str, made: Mapping[str, Any]) -> list[str]:
    """Return the files of a run that were added, are gone or hold something else; nothing where that is not known."""
    data, before = made["parameters"]["data"], dict(made["prepared_from"])
    # A manifest names a folder outside of the project without its place; the prepared data know it.
    folder = paths.resolve(_state(run).get("parameters", {}).get("data", {}).get("folder") or data.get("folder", ""))
    if data["kind"] != "files" or not folder.is_dir():
        return []
    for part in ("parameters", "code"):
        before.pop(part, None)
    now = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    mappings = {name: paths.resolve(name.removeprefix("mapping ")) for name in before if name.startswith("mapping ")}
    now |= {name: path for name, path in mappings.items() if path.is_file()}
    # Of a mapping outside of the project the manifest holds no place to look at.
    before = {name: sha for name, sha in before.items() if name not in mappings or name in now or "/" in name}
    changed = set(before) ^ set(now)
    if sum(path.stat().st_size for path in now.values()) <= LARGEST_BYTES:
        changed |= {name for name in set(before) & set(now) if before[name] != atomic.sha256(now[name])}
    return sorted(name.removeprefix("mapping ") for name in changed)


def _data_run(run: str, made: Mapping[str, Any]) -> str:
    """Return the run whose data the pages opened: another than their own name, of somebody's own notebook."""
    named = [page.get("parameters", {}).get("run") for page in made.get("pages", [])]
    return next(filter(None, named), run)


def _is_prepared_anew(run: str, made: Mapping[str, Any]) -> bool:
    return bool(state := _state(run)) and manifest.prepared_from(state.get("inputs", {})) != made["prepared_from"]


def _state(run: str) -> dict[str, Any]:
    """Return the record of a run's prepared data; empty where they are gone."""
    try:
        found = json.loads((paths.derived(run) / STATE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _other_parameters(run: str, made: Mapping[str, Any]) -> list[str]:
    """Return the parameters that the run file of this name states otherwise now."""
    wanted, before = _run_files().get(run), flattened(made)
    if wanted is None:
        return []
    names = (set(wanted) | set(before)) - _SEEN_NOWHERE
    return sorted(name for name in names if wanted.get(name) != before.get(name))


@cache
def _run_files() -> dict[str, dict[str, str]]:
    """Return the parameters of every run file by the run's name; one that cannot be read says nothing."""
    found = {}
    for path in paths.run_files():
        try:
            params = load(path)
        except WuliError:
            continue
        found[params.run] = params.flat()
    return found


@cache
def _plan(study: str) -> str | None:
    try:
        return plan.load(study).short_hash if study in paths.PLANS else None
    except WuliError:
        return None

