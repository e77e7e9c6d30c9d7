"""What the answer of the findings page rests on: facts worked out once, and the sentences that tell them."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from helpers.clean.patents import TYPES
from helpers.findings import Finding
from helpers.findings.scales import FLAGS
from helpers.study import Study
from helpers.tables.panel import complete_years, unit_of
from helpers.text import Lang, label, say, with_capital

ATTACHED = "挂靠"


@dataclass(frozen=True)
class Basis:
    """What an estimate stands on.

    Attributes
    ----------
    read : mapping of str to int
        Sums of `Study.counts_shown`.
    blanked : int
        Firm-years that lost a figure before the analysis because it breaks a rule.
    outcome, exposure : str
    years : (int, int)
        First and last year that show the outcome in full.
    is_cut : bool
        Whether later years are left out.
    mean, mean_last, within : float
        Of the exposure: mean over the firm-years, mean in the last year, share of variance within firms over time.
    changing, firms : int
        Firms whose exposure changes, of all.
    has_firm_effects : bool
        Whether the estimate uses changes within firms alone.
    attached : (int, int, int) or None
        Year, firms covered in it, those attached to another's organisation; where the exposure is coverage.
    truth : mapping or None
        Of a synthetic run.
    """

    read: Mapping[str, int]
    blanked: int
    outcome: str
    exposure: str
    years: tuple[int, int]
    is_cut: bool
    mean: float
    mean_last: float
    within: float
    changing: int
    firms: int
    has_firm_effects: bool
    attached: tuple[int, int, int] | None
    truth: Mapping | None


def basis(zone: Study, panel: pd.DataFrame, used: pd.DataFrame, found: Finding, *, has_firm_effects: bool) -> Basis:
    """Work out what an estimate stands on.

    Parameters
    ----------
    zone : Study
    panel : DataFrame
        From `analysis_panel`.
    used : DataFrame
        The firm-years of the estimate.
    found : Finding
    has_firm_effects : bool
    """
    years, unit = complete_years(panel, found.outcome), unit_of(panel)
    stated = used.dropna(subset=[found.exposure])
    values = stated[found.exposure].astype(float)
    truth = json.loads(zone.truth("truth.json").read_text(encoding="utf-8")) if zone.is_synthetic else None
    return Basis(
        read=zone.counts_shown()[1], blanked=_blanked(zone), outcome=found.outcome, exposure=found.exposure,
        years=years, is_cut=years[1] < panel["year"].max(), mean=float(values.mean()),
        mean_last=float(values[stated["year"] == years[1]].mean()), within=_within_share(values, stated[unit]),
        changing=int((values.groupby(stated[unit]).nunique() > 1).sum()), firms=used[unit].nunique(),
        has_firm_effects=has_firm_effects, attached=_attached(panel) if found.exposure == "is_covered" else None,
        truth=truth,
    )  # fmt: skip


def _blanked(zone: Study) -> int:
    if zone.params.study == "zone":
        steps = zone.record("joins").set_index("step")
        return int(steps["matched"].get("figures_implausible", 0))
    return int(pd.to_numeric(zone.record("steps")["nulled"]).sum())


def _within_share(values: pd.Series, units: pd.Series) -> float:
    within = values - values.groupby(units).transform("mean")
    total = ((values - values.mean()) ** 2).sum()
    return float((within**2).sum() / total) if total else 0.0


def _attached(panel: pd.DataFrame) -> tuple[int, int, int]:
    year = int(panel["year"].max())
    covered = panel[(panel["year"] == year) & panel["is_covered"].astype(bool)]
    return year, len(covered), int((covered["coverage_mode"] == ATTACHED).sum())


def rests_on(found: Basis, lang: Lang) -> list[str]:
    """Say what the answer stands on: rows read and set aside, years used, how the exposure varies, what is planted."""
    read = found.read
    first, last = found.years
    said = [
        say("pages.rests_rows", lang, read=f"{read['rows_read']:,}", aside=f"{read['set_aside']:,}",
            repaired=f"{read['cells_repaired']:,}", nulled=f"{read['cells_nulled']:,}", blanked=f"{found.blanked:,}"),
        say("pages.rests_years" if found.is_cut else "pages.rests_all_years", lang,
            first=first, last=last, outcome=label(found.outcome, lang)),
        _variation(found, lang),
    ]  # fmt: skip
    if found.attached:
        year, covered, attached = found.attached
        said.append(say("pages.rests_coverage", lang, year=year, covered=f"{covered:,}", attached=f"{attached:,}"))
    if found.truth:
        said.append(_truth(found.truth, lang))
    return [with_capital(one) for one in said]


def _variation(found: Basis, lang: Lang) -> str:
    is_flag = found.exposure.startswith(FLAGS)
    mean, end = (f"{100 * value:.0f} %" if is_flag else f"{value:.2f}" for value in (found.mean, found.mean_last))
    said = say("pages.rests_share" if is_flag else "pages.rests_variation", lang,
               exposure=label(found.exposure, lang), mean=mean, last=end, year=found.years[1],
               changing=f"{found.changing:,}", firms=f"{found.firms:,}",
               within=f"{100 * found.within:.0f}")  # fmt: skip
    return said + say("pages.rests_within" if found.has_firm_effects else "pages.rests_both", lang)


def _truth(truth: Mapping, lang: Lang) -> str:
    planted = [
        say("pages.planted", lang, outcome=label(f"patents_{TYPES[kind]}", lang),
            percent=f"{100 * math.expm1(log):+.0f}")
        for kind, log in truth["founding"].items()
    ]  # fmt: skip
    joined = say("pages.comma", lang).join(planted)
    return say("pages.rests_truth", lang, scenario=label(f"scenario_{truth['scenario']}", lang), planted=joined)
