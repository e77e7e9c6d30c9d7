"""Tables of the published figures: each against the run's tables, coverage under each reading."""

import re

import pandas as pd

from helpers import reconcile
from helpers.disclosure import cleared
from helpers.released import protected
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.text import Lang, label, number, say

SIGNS = {"exact": "=", "at_least": "≥", "at_most": "≤", "more_than": ">", "approx": "≈"}
CHINESE = re.compile(r"[\u3400-\u9fff]+")
# Other units are said by the name of the figure.
UNITS = {"percent": "findings.percent", "day": "pages.unit_days", "minute": "pages.unit_minutes",
         "per_quarter": "pages.unit_per_quarter", "month": "pages.unit_months"}  # fmt: skip
STATUSES = ("reproduced", "not_reproduced", "not_testable")


def reconciliation(zone: Study, *, min_cell: int) -> pd.DataFrame:
    """Return the published figures against the run's tables, no count below `min_cell` persons."""
    readings = reconcile.readings_from(zone.params.readings)
    with protected(zone, min_cell):
        return reconcile.published(zone.all_tables(), readings=readings, as_of=zone.params.as_of)


def reconciliation_table(zone: Study, rows: pd.DataFrame, lang: Lang, *, status: str) -> pd.DataFrame:
    """Return the figures of one status: published value with comparator and unit, k / N, and on what it rests.

    What was not reproduced from a synthetic zone shows beside it the value with which the zone was generated: the
    difference is what planted faults took away.

    `rows`: from `reconciliation`; `status`: which rows are shown.
    """
    chosen = rows[rows["status"] == status]
    shown = pd.DataFrame(
        {
            "figure": chosen[f"metric_{lang}"],
            "published_value": [_published(row, lang) for row in chosen.itertuples()],
            "numerator": chosen["k"],
            "denominator": chosen["n"],
            "recomputed": [_recomputed(row) for row in chosen.itertuples()],
        }
    )
    if status == "not_reproduced" and zone.is_synthetic:
        shown["generated"] = chosen["id"].map(_generated(zone)).fillna("")
    if status == "not_testable":
        shown["reason"] = chosen[f"reason_{lang}"]
    else:
        readings = [_translated(text, lang) for text in chosen[f"reading_{lang}"]]
        shown["reading"] = [
            say("pages.semicolon", lang).join(part for part in parts if part)
            for parts in zip(readings, chosen[f"rounding_{lang}"], strict=True)
        ]
    return cleared(labelled(_without_empty(shown), lang))


def _published(row, lang: Lang) -> str:
    value = row.value or (row.as_of if row.unit == "date" else "")
    if not value:
        return ""
    written = f"{float(value):,.0f}" if value.isdecimal() else value
    unit = UNITS.get(row.unit)
    return f"{SIGNS.get(row.comparator, '')} {written}{say(unit, lang) if unit else ''}".strip()


def _generated(zone: Study) -> dict[str, str]:
    """Return, by figure, the value that the synthetic zone was generated with, before faults were planted."""
    held = pd.read_csv(zone.truth("figures.csv"))
    held = held[held["status"] == "reproduced"]
    return {row.id: number(row.simulated, ",.0f" if row.simulated == int(row.simulated) else ",.1f")
            for row in held.itertuples()}  # fmt: skip


def _translated(text: str, lang: Lang) -> str:
    """Put category values that a reading names into the page's language."""
    return text if lang == "zh" or pd.isna(text) else CHINESE.sub(lambda found: label(found[0], lang), text)


def _recomputed(row) -> str:
    if pd.notna(pd.to_datetime(row.recomputed_on)):
        return f"{pd.Timestamp(row.recomputed_on):%Y-%m-%d}"
    if pd.isna(row.recomputed):
        return ""
    value = float(row.recomputed)
    return f"{value:,.0f}" if value.is_integer() else f"{value:,.2f}"


def _without_empty(frame: pd.DataFrame) -> pd.DataFrame:
    filled = [name for name in frame if not (frame[name].isna() | (frame[name].astype("str") == "")).all()]
    return frame[filled]


def status_counts(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return one row a group of figures: group (in words) and how many have each status.

    `rows`: from `reconciliation`.
    """
    counts = pd.crosstab(rows["group"], rows["status"]).reindex(columns=list(STATUSES), fill_value=0)
    counts = counts.loc[list(dict.fromkeys(rows["group"]))].rename_axis(columns=None).reset_index()
    counts["group"] = [label(f"group_{name}", lang) for name in counts["group"]]
    return counts


def coverage_rows(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return coverage under each reading that has a base: reading (in words), k, n, value_pct, verdict.

    The last row asks whether any base at all gives the percentage with the number of organisations: no n, no value.
    """
    readings = reconcile.readings_from(zone.params.readings)
    rows = reconcile.coverage_readings(zone.all_tables(), as_of=zone.params.as_of, readings=readings)
    shown = rows[rows["value_pct"].notna() | (rows["base"] == "any_base")]
    found = pd.DataFrame(
        {
            "reading": shown[f"reading_{lang}"].str.replace(" ÷ ", "\n÷ ").str.replace(" / ", "\n/ "),
            "k": shown["k"],
            "n": shown["n"],
            "value_pct": shown["value_pct"].astype(float),
            "verdict": shown[f"verdict_{lang}"],
        }
    )
    # Firms and organisations alone.
    return cleared(found)


def calibration_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return the published figures that the synthetic zone is not calibrated to, with the reason."""
    path = zone.truth("figures.csv")
    if not path.exists():
        return labelled(pd.DataFrame({"figure": pd.Series(dtype="str"), "reason": pd.Series(dtype="str")}), lang)
    figures = pd.read_csv(path, dtype="str", keep_default_na=False)
    names = reconcile.figures().set_index("id")[f"metric_{lang}"]
    chosen = figures[figures["status"] != "reproduced"]
    note = f"note_{lang}" if f"note_{lang}" in chosen else "note"
    shown = {
        "figure": chosen["id"].map(names),
        "status": [label(s, lang) for s in chosen["status"]],
        "reason": chosen[note],
    }
    return labelled(pd.DataFrame(shown), lang)


def published_results(rows: pd.DataFrame) -> dict[str, int]:
    """Return how many published figures have each status.

    `rows`: from `reconciliation`.
    """
    return {status: int((rows["status"] == status).sum()) for status in STATUSES} | {"figures": len(rows)}


def coverage_alt(rows: pd.DataFrame, lang: Lang) -> str:
    """Describe the coverage figure in words.

    `rows`: from `coverage_rows`.
    """
    given = rows["value_pct"].dropna()
    return say("pages.coverage_alt", lang, n=len(given), low=f"{given.min():.1f}", high=f"{given.max():.1f}",
               last=rows["verdict"].iloc[-1])  # fmt: skip


def aside_note(zone: Study, lang: Lang) -> str:
    """Say how many rows reading set aside, which recounted figures may miss, and what follows from it."""
    aside = zone.counts_shown()[1]["set_aside"]
    return say("pages.aside_note_synthetic" if zone.is_synthetic else "pages.aside_note", lang, aside=f"{aside:,}")
