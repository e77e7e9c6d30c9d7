"""The small synthetic zone that several tests share."""

import re

from helpers import params, paths

SMALL_ZONE = ("run=small", "data.firms=2000", "data.dirt=none")


def small_params(*overrides: str) -> params.RunParams:
    """Return the parameters of the small zone."""
    return params.load(paths.RUN_FILES / "zone.yml", [*SMALL_ZONE, *overrides])


def small_run_file() -> str:
    """Return the zone's run file, with another name, smaller and clean."""
    text = (paths.RUN_FILES / "zone.yml").read_text(encoding="utf-8")
    for name, value in (item.split("=") for item in SMALL_ZONE):
        text, found = re.subn(rf"^(\s*{name.split('.')[-1]}:).*$", rf"\1 {value}", text, count=1, flags=re.MULTILINE)
        assert found == 1, name
    return text
