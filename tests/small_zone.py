"""The small synthetic zone that several tests share."""

from helpers import params, paths

SMALL_ZONE = ("run=small", "data.firms=2000", "data.dirt=none")


def small_params(*overrides: str) -> params.RunParams:
    """Return the parameters of the small zone."""
    return params.load(paths.RUN_FILES / "zone.yml", [*SMALL_ZONE, *overrides])
