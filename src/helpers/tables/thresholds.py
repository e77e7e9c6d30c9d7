"""Tables of the R&D thresholds of the high-tech rules: how many firm-years reach them, and heaping around them."""

import pandas as pd

from helpers.errors import InputError
from helpers.models import density_at_threshold
from helpers.panel import rd_distance
from helpers.panel.thresholds import THRESHOLDS
from helpers.tables.labels import labelled, p_value
from helpers.text import Lang, number, say

REACH, BIN, BANDWIDTH = 3.0, 0.25, 1.5
NEAR = 1.0


def distances(panel: pd.DataFrame) -> pd.DataFrame:
    """Return the distance of each firm-year to its threshold; no row for a panel without yearly figures."""
    if not {"revenue_10k_cny", "rd_expense_10k_cny"} <= set(panel.columns):
        return pd.DataFrame({"uscc": [], "year": [], "threshold_pct": [], "distance": []})
    return rd_distance(panel)


def thresholds_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return firm-years by threshold: all, those that reach it, and those within a point below and above."""
    counted = []
    for threshold in THRESHOLDS:
        distance = rows.loc[rows["threshold_pct"] == threshold, "distance"]
        counted.append(
            {
                "rd_threshold": say(f"pages.threshold_{threshold:.0f}", lang), "n_obs": len(distance),
                "reached": int((distance >= 0).sum()), "just_below": int(distance.between(-NEAR, 0, "left").sum()),
                "just_above": int(distance.between(0, NEAR, "left").sum()),
            }
        )  # fmt: skip
    return labelled(pd.DataFrame(counted), lang)


def heaping_sentence(rows: pd.DataFrame, lang: Lang, *, seed: int) -> str:
    """Say how the density just above the threshold differs from that just below, or why it cannot be said."""
    try:
        found = density_at_threshold(rows["distance"].to_numpy(), bandwidth=BANDWIDTH, seed=seed)
    except InputError:
        return say("pages.no_heaping", lang)
    values = {name: number(getattr(found, name), "+.3f") for name in ("difference", "conf_low", "conf_high")}
    ends = "pages.heaping_no" if found.conf_low <= 0 <= found.conf_high else "pages.heaping_yes"
    return say("pages.heaping", lang, below=number(found.left, ".3f"), above=number(found.right, ".3f"), **values,
               bandwidth=BANDWIDTH, near_below=found.near_left, near_above=found.near_right,
               exact=p_value(found.binomial_p), near=f"{BANDWIDTH / 5:.1f}") + say(ends, lang)  # fmt: skip


def distance_rows(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the bars of the figure: from, to, firm-years."""
    edges = [place * BIN - REACH for place in range(round(2 * REACH / BIN) + 1)]
    counts = pd.cut(rows["distance"], edges, right=False).value_counts(sort=False)
    shown = pd.DataFrame({"from_points": edges[:-1], "to_points": edges[1:], "n_obs": counts.to_numpy()})
    return labelled(shown, lang)


def distance_alt(rows: pd.DataFrame, lang: Lang) -> str:
    """Describe the figure: firm-years drawn, below and above."""
    drawn = rows["distance"][rows["distance"].between(-REACH, REACH, "left")]
    return say("pages.distance_alt", lang, n=f"{len(drawn):,}", below=f"{(drawn < 0).sum():,}",
               above=f"{(drawn >= 0).sum():,}", reach=f"{REACH:.0f}")  # fmt: skip
