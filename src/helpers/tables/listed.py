"""Tables of the listed-firms page."""

import pandas as pd

from helpers.tables.labels import labelled
from helpers.text import Lang


def short_names_table(names: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the firms under several short names, names joined, the renamed ones first."""
    shown = names.assign(names=names["names"].map(" / ".join)).sort_values(["only_mark_differs", "stock_code"])
    return labelled(shown, lang)


def stacked(*steps: pd.DataFrame) -> pd.DataFrame:
    """Return tables of sample steps below one another."""
    return pd.concat(steps, ignore_index=True)


def replication_table(replication: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return expected and recomputed figures at the stated decimals."""
    name = "name_zh" if lang == "zh" else "name_en"
    shown = pd.DataFrame(
        {
            name: replication[name],
            "expected": [f"{v:,.{d}f}" for v, d in zip(replication["expected"], replication["decimals"], strict=True)],
            "recomputed": [
                f"{v:,.{d}f}" for v, d in zip(replication["recomputed"], replication["decimals"], strict=True)
            ],
            "is_reproduced": replication["is_reproduced"],
        }
    )
    return labelled(shown, lang)
