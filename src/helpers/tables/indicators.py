"""Tables of the indicators: force, base, numerator, denominator, value with its unit, and what to mind."""

from datetime import date

import pandas as pd

from helpers import forces
from helpers.disclosure import cleared
from helpers.forces.systems import SYSTEMS
from helpers.released import protected
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.text import Lang, label, number, say

# A gap between two shares of a few percent lies in the second decimal.
DECIMALS = {"percentage_points": 2}


def indicators(zone: Study, *, min_cell: int) -> pd.DataFrame:
    """Return every indicator in all readings (`forces.all_indicators`), no rate over fewer than `min_cell` persons."""
    with protected(zone, min_cell):
        return forces.all_indicators(zone.all_tables(), zone.params.as_of)


def indicators_table(rows: pd.DataFrame, force: str, lang: Lang) -> pd.DataFrame:
    """Return the indicators of a force (`forces.FORCES`): base and window, k / N, value or why there is none, note.

    `rows`: from `indicators`; `force`: first letter of its indicators' ids.
    """
    rows = rows[rows["force"] == forces.FORCES[force]]
    shown = pd.DataFrame(
        {
            "indicator": rows[f"name_{lang}"],
            "base": rows[f"base_{lang}"] + " · " + rows[f"window_{lang}"],
            "k_of_n": [_counts(row) for row in rows.to_dict("records")],
            "value": [_with_unit(row, lang) for row in rows.to_dict("records")],
            "note": rows[f"note_{lang}"],
        }
    )
    # Every count was judged by its name where it was made (`forces.indicator.may_give`).
    return cleared(labelled(shown, lang))


def indicators_title(force: str, lang: Lang, *, as_of: date) -> str:
    """Return the caption of `indicators_table`.

    `force`: first letter of its indicators' ids.
    """
    return say("pages.indicators", lang, force=label(f"force_{forces.FORCES[force]}", lang), as_of=as_of)


def measures(zone: Study, *, min_cell: int) -> pd.DataFrame:
    """Return every KPI of the systems that is none of the indicators (`forces.all_measures`)."""
    with protected(zone, min_cell):
        return forces.all_measures(zone.all_tables(), zone.params.as_of)


def systems_table(computed: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the 31 systems with their KPIs, each in its first reading.

    Parameters
    ----------
    computed : DataFrame
        `indicators` and `measures` below each other.
    """
    first = computed.drop_duplicates("id").set_index("id")
    rows = []
    for system in SYSTEMS:
        for kpi in system.kpis or (None,):
            row = None if kpi is None else first.loc[kpi].to_dict()
            rows.append(
                {
                    "number": f"{system.number}", "system": say(f"forces.system_{system.number}", lang),
                    "kpi": None if row is None else f"{row[f'name_{lang}']} ({row[f'base_{lang}']})",
                    "k_of_n": None if row is None else _counts(row),
                    "value": None if row is None else _with_unit(row, lang), "page": system.page[:2],
                }
            )  # fmt: skip
    return cleared(labelled(pd.DataFrame(rows), lang))


def _counts(row: dict) -> str | None:
    """Return `k / N`, a dash for the one that is not given; None where neither is."""
    given = ["–" if pd.isna(row[name]) else f"{row[name]:,.0f}" for name in ("numerator", "denominator")]
    return None if given == ["–", "–"] else " / ".join(given)


def _with_unit(row: dict, lang: Lang) -> str:
    if row["status"] != "computed" or pd.isna(row["value"]):
        return row[f"status_{lang}"]
    # z takes the sign from what rounds to zero.
    written = number(float(row["value"]), f",.{DECIMALS.get(row['unit'], 1)}f")
    return f"{written} {row[f'unit_{lang}']}"


def indicator_values(rows: pd.DataFrame) -> dict[str, float]:
    """Return indicator values by `id|base|window`, for the page's results cell.

    `rows`: from `indicators` or `measures`, the computed ones.
    """
    return {f"{row.id}|{row.base}|{row.window}": float(row.value) for row in rows.itertuples()}
