"""The synthetic firm-years on which independent programs were run, and what those came to (`tests/peers`)."""

import pandas as pd

from helpers import paths

PEERS = paths.ROOT / "tests" / "peers"


def firm_years() -> pd.DataFrame:
    """Return 264 synthetic firms in ten years."""
    return pd.read_csv(PEERS / "firm_years.csv")


def peer(family: str) -> pd.DataFrame:
    """Return the numbers of `r_<family>.R`."""
    return pd.read_csv(PEERS / f"r_{family}.csv")
