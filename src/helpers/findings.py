"""What the numbers say, in words: one tested grammar for Chinese and English, never stronger than the checks allow.

Goes in: rows of `models.associations`. Comes out: sentences. The words are associational; a sentence about an interval
that holds zero always carries the smallest difference that could have been detected.
"""

from typing import Literal

import pandas as pd

from helpers.text import Lang, label, number, say

Direction = Literal["more", "fewer", "unclear"]


def direction(row: pd.Series) -> Direction:
    """Return whether the interval lies above zero, below it, or holds it."""
    if row["conf_low"] > 0:
        return "more"
    return "fewer" if row["conf_high"] < 0 else "unclear"


def sentence(row: pd.Series, lang: Lang) -> str:
    """Say one estimate with its interval, sample and clusters.

    Parameters
    ----------
    row : Series
        One row of `models.associations`.
    lang : {"zh", "en"}

    Returns
    -------
    str
        Two or three sentences: direction and size in percent (or percentage points), the 95 % interval, firms,
        firm-years and clusters; for an interval that holds zero, what could have been detected.
    """
    names = {"outcome": label(row["outcome"], lang), "exposure": label(row["exposure"], lang)}
    if row["status"] != "estimated":
        return say("findings.not_estimable", lang, **names, reason=row["reason"].text(lang))
    counted = row["estimator"] == "poisson"
    unit = say("findings.percent" if counted else "findings.points", lang)
    numbers = {
        "size": _number(abs(row["effect"])),
        "effect": _signed(row["effect"]),
        "low": _signed(row["effect_low"]),
        "high": _signed(row["effect_high"]),
        "detectable": _number(row["detectable"]),
        "unit": unit,
        "firms": f"{int(row['n_units']):,}",
        "rows": f"{int(row['n_obs']):,}",
        "clusters": f"{int(row['n_clusters']):,}",
        "cluster": label(row["cluster"], lang),
    }
    kind = direction(row)
    return say(
        f"findings.{kind}" if counted or kind == "unclear" else f"findings.share_{kind}", lang, **names, **numbers
    )


def summary(rows: pd.DataFrame, lang: Lang) -> str:
    """Say, for each level of clustering, how many intervals lie above, below and around zero.

    One estimate has an interval for each level and is counted once for each, never twice in one number.
    """
    estimated = rows[rows["status"] == "estimated"]
    pairs = ["outcome", "exposure"]
    total = len(estimated[pairs].drop_duplicates())
    levels = []
    for cluster, mine in estimated.groupby("cluster", sort=False):
        found = mine.apply(direction, axis=1).value_counts()
        counts = {name: int(found.get(name, 0)) for name in ("more", "fewer", "unclear")}
        levels.append(say("findings.level", lang, cluster=label(cluster, lang), **counts))
    said = ("" if lang == "zh" else " ").join(levels)
    return say("findings.summary", lang, total=total, refused=len(rows[pairs].drop_duplicates()) - total, levels=said)


def _number(value: float) -> str:
    return number(value, ",.1f" if abs(value) < 100 else ",.0f")


def _signed(value: float) -> str:
    return number(value, "+,.1f" if abs(value) < 100 else "+,.0f")
