"""What the findings page says around its answer: what it rests on, and what would change it."""

import json
import math

import pandas as pd

from helpers.clean.patents import TYPES
from helpers.findings import direction
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.tables.panel import complete_years, unit_of
from helpers.text import Lang, label, number, say

ATTACHED = "挂靠"


def rests_on(zone: Study, rows: pd.DataFrame, lang: Lang) -> list[str]:
    """Say what the answer stands on: kind of data, rows read and set aside, years used, variation of the exposure.

    `rows`: from `models.associations`.
    """
    _, counts = zone.counts_shown()
    headline = rows.iloc[0]
    panel = zone.panel_with_exposures()
    first, last = complete_years(panel, headline["outcome"])
    said = [
        say("pages.rests_rows", lang, read=f"{counts['rows_read']:,}", aside=f"{counts['set_aside']:,}",
            repaired=f"{counts['cells_repaired']:,}", nulled=f"{counts['cells_nulled']:,}",
            blanked=f"{_blanked(zone):,}"),
        say("pages.rests_years" if last < panel["year"].max() else "pages.rests_all_years", lang,
            first=first, last=last, outcome=label(headline["outcome"], lang)),
        _variation(panel[panel["year"].between(first, last)], headline["exposure"], lang),
        *_coverage(zone, headline["exposure"], lang),
    ]  # fmt: skip
    if zone.is_synthetic:
        said.append(_truth(zone, lang))
    return said


def _blanked(zone: Study) -> int:
    """Return how many firm-years lost a figure before the analysis because it breaks a rule."""
    if zone.params.study == "zone":
        steps = zone.record("joins").set_index("step")
        return int(steps["matched"].get("figures_implausible", 0))
    return int(pd.to_numeric(zone.record("steps")["nulled"]).sum())


def _variation(panel: pd.DataFrame, exposure: str, lang: Lang) -> str:
    values = panel[exposure].dropna().astype(float)
    year = int(panel["year"].max())
    last = panel.loc[panel["year"] == year, exposure].dropna().astype(float)
    unit = unit_of(panel)
    changing = int((panel.dropna(subset=[exposure]).groupby(unit)[exposure].nunique() > 1).sum())
    is_flag = set(values.unique()) <= {0.0, 1.0}
    written = "{:.0%}" if is_flag else "{:.2f}"
    mean, end = (written.format(part.mean()).replace("%", " %") for part in (values, last))
    return say("pages.rests_share" if is_flag else "pages.rests_variation", lang, exposure=label(exposure, lang),
               mean=mean, last=end, year=year, changing=f"{changing:,}", firms=f"{panel[unit].nunique():,}",
               within=f"{100 * _within_share(panel, exposure, unit):.0f}")  # fmt: skip


def _within_share(panel: pd.DataFrame, exposure: str, unit: str) -> float:
    """Return the share of the exposure's variance that lies within units over time."""
    stated = panel.dropna(subset=[exposure])
    values = stated[exposure].astype(float)
    within = values - values.groupby(stated[unit]).transform("mean")
    total = ((values - values.mean()) ** 2).sum()
    return float((within**2).sum() / total) if total else 0.0


def _coverage(zone: Study, exposure: str, lang: Lang) -> list[str]:
    """Say that most coverage is attachment to another organisation, where the exposure is having one."""
    if exposure != "is_covered":
        return []
    panel = zone.panel()
    last = panel[(panel["year"] == panel["year"].max()) & panel["is_covered"].astype(bool)]
    attached = int((last["coverage_mode"] == ATTACHED).sum())
    year = int(panel["year"].max())
    return [say("pages.rests_coverage", lang, year=year, covered=f"{len(last):,}", attached=f"{attached:,}")]


def _truth(zone: Study, lang: Lang) -> str:
    truth = json.loads(zone.truth("truth.json").read_text(encoding="utf-8"))
    changes = {TYPES[kind]: f"{100 * math.expm1(log):+.0f}" for kind, log in truth["founding"].items()}
    planted = [
        say("pages.planted", lang, outcome=label(f"patents_{kind}", lang), percent=percent)
        for kind, percent in changes.items()
    ]
    joined = say("pages.comma", lang).join(planted)
    return say("pages.rests_truth", lang, scenario=label(f"scenario_{truth['scenario']}", lang), planted=joined)


def would_change(zone: Study, rows: pd.DataFrame, lang: Lang) -> list[str]:
    """Say what would change the answer: its dependence on outcome, what was not ruled out, what was not tested.

    `rows`: from `models.associations`.
    """
    estimated = rows[rows["status"] == "estimated"]
    said = []
    if len(estimated):
        headline = estimated.iloc[0]
        said.append(_other_outcomes(headline, estimated.iloc[1:], lang))
        unit = say("findings.percent" if headline["estimator"] == "poisson" else "findings.points", lang)
        said.append(say("pages.change_power", lang, detectable=f"{headline['detectable']:,.0f}", unit=unit))
    if zone.params.study == "zone":
        said.append(say("pages.change_selection", lang))
        said.append(say("pages.change_coverage", lang))
    else:
        said.append(say("pages.change_selection_listed", lang))
        said.append(say("pages.change_stand_in", lang))
    return said


def _other_outcomes(headline: pd.Series, others: pd.DataFrame, lang: Lang) -> str:
    kinds = others.apply(direction, axis=1) if len(others) else pd.Series(dtype="str")
    if direction(headline) == "unclear":
        clear = int((kinds != "unclear").sum())
        return say("pages.change_outcomes_unclear", lang, total=len(others), clear=clear)
    same = (others["estimate"] > 0) == (headline["estimate"] > 0)
    clear = int((same & (kinds == direction(headline))).sum())
    return say("pages.change_outcomes", lang, total=len(others), same=int(same.sum()), clear=clear)


def outcomes_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return one row an outcome: difference, interval, what the interval says in words, smallest detectable.

    `rows`: from `models.associations`.
    """
    estimated = rows[rows["status"] == "estimated"]
    short = {"poisson": "findings.percent"}
    units = [say(short.get(name, "findings.points_short"), lang) for name in estimated["estimator"]]
    numbers = zip(*(estimated[n] for n in ("effect", "effect_low", "effect_high", "detectable")), units, strict=True)
    written = [
        (f"{_signed(e)}{u}", f"{_signed(low)} … {_signed(high)}{u}", f"{_signed(d)}{u}")
        for e, low, high, d, u in numbers
    ]
    shown = pd.DataFrame(
        {
            "outcome": [label(name, lang) for name in estimated["outcome"]],
            "effect": [cells[0] for cells in written],
            "interval": [cells[1] for cells in written],
            "says": [say(f"pages.says_{direction(row)}", lang) for _, row in estimated.iterrows()],
            "detectable": [cells[2] for cells in written],
            "n_units": estimated["n_units"].to_numpy(),
            "n_obs": estimated["n_obs"].to_numpy(),
        }
    )
    return labelled(shown, lang)


def _signed(value: float) -> str:
    return number(value, "+,.0f" if abs(value) >= 10 else "+,.1f")
