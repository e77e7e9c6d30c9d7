"""The tables of docs/truth.md: results in, the document with its tables filled in out.

A table stands between `<!-- table: NAME FIRMS -->` and `<!-- end -->`; what is around it is written by hand.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pandas as pd

from benchmarks.truth.store import SCENARIOS
from benchmarks.truth.summary import MEASURES
from helpers import paths
from helpers.errors import UsageError

DOCUMENT: Final = paths.ROOT / "docs" / "truth.md"
_PLACE: Final = re.compile(r"(<!-- table: (\w+) (\d+) -->\n).*?(<!-- end -->)", re.DOTALL)

ESTIMATOR_WORDS: Final = {
    "naive": "naive: Poisson across firms, year and industry effects",
    "headline": "**headline**: Poisson, firm and year effects, CR1 by grid",
    "headline_by_firm": "headline, CR1 by firm",
    "headline_crv3j": "headline, CRV3J by grid",
    "headline_wild": "headline, wild bootstrap by grid (every sign vector)",
    "headline_invention": "headline for inventions, CR1 by grid",
    "slope_held_fixed": "headline, slope before treatment held fixed",
    "slope_held_fixed_wild": "the same, wild bootstrap by grid",
    "beside_others": "headline, coverage by others' organisations held fixed",
    "covered": "coverage of any kind, firm and year effects",
    "against_design": "utility models against designs within firm and year",
    "callaway_santanna": "Callaway-Sant'Anna",
    "imputation": "imputation",
    "sun_abraham": "Sun-Abraham",
    "two_stage": "two-stage",
    "lp_did": "LP-DiD",
    "twfe": "two-way fixed effects",
    "poisson_etwfe": "Poisson extended two-way",
    "callaway_santanna_covered": "Callaway-Sant'Anna, coverage of any kind",
    "imputation_covered": "imputation, coverage of any kind",
}  # fmt: skip
SPILLOVER_WORDS: Final = {
    "within_grids": "within grids: own organisation, firm and grid x year effects",
    "between_grids": "**between grids** (declared): covered share of the grid's other firms",
    "between_without_own": "the same, firm-years without an organisation of their own",
    "between_summed": "the same, utility models and inventions summed",
    "between_summed_without_own": "summed, firm-years without an organisation of their own",
    "between_against_design": "utility models against designs within firm and year",
}  # fmt: skip
CHECK_WORDS: Final = {
    "leads_callaway_santanna": "leads of Callaway-Sant'Anna jointly below .10",
    "near_leads_callaway_santanna": "… those within five years of treatment",
    "leads_imputation": "leads of imputation jointly below .10",
    "leads_twfe": "leads of two-way fixed effects jointly below .10",
    "slope_by_firm": "slope before treatment below .10, by firm",
    "slope_by_grid": "slope before treatment below .10, by grid",
    "slope_wild": "slope before treatment below .10, wild bootstrap by grid",
    "clear_with_slope_fixed": "effect below .05 with the slope held fixed, by grid",
    "clear_with_slope_fixed_wild": "effect below .05 with the slope held fixed, wild bootstrap by grid",
    "breakdown_average_above_0": "breakdown value of the average above 0",
    "breakdown_average_0.25": "… at least 0.25",
    "breakdown_average_0.5": "… at least 0.5",
    "breakdown_average_1": "… at least 1",
    "breakdown_0_above_0": "breakdown value of the first year above 0",
    "breakdown_0_0.25": "… at least 0.25",
    "breakdown_0_0.5": "… at least 0.5",
    "breakdown_0_1": "… at least 1",
    "family": "Romano-Wolf p in the family below .05",
    "confounder": "sign kept beside a confounder as strong as the strongest covariate",
    "oster": "Oster's delta at least 1",
    "curve": "specification curve, joint p below .05",
    "passed_cohort_robust": "Callaway-Sant'Anna and imputation both clear, with the headline's sign",
    "passed_leads": "leads of Callaway-Sant'Anna jointly at least .10",
    "passed_trend": "clear with the slope before treatment held fixed, with the headline's sign",
    "passed_left_out": "sign kept without each firm and grid (where the association is clear)",
    "grade_cannot_tell": "grade: cannot tell",
    "grade_rejected": "grade: rejected",
    "grade_association": "grade: association",
    "grade_association_or_more": "grade: association or more",
    "grade_timing_or_more": "grade: timing consistent or more",
    "grade_robust": "grade: survives sensitivity",
}  # fmt: skip


def share(row: pd.Series, name: str) -> str:
    """Return a share in per cent with its Monte-Carlo error, `5.2 ± 1.0`; a dash where there is none."""
    if not np.isfinite(row[name]):
        return "-"
    return f"{100 * row[name]:.1f} ± {100 * row[f'{name}_error']:.1f}"


def rejected_table(estimators: pd.DataFrame, firms: int) -> str:
    """Return in how many panels of each scenario each estimator refuses zero at 5 %."""
    return _by_scenario(estimators, firms, key="estimator", words=ESTIMATOR_WORDS, name="rejected")


def effect_table(estimators: pd.DataFrame, firms: int) -> str:
    """Return bias and coverage where an effect is planted, and coverage where none is."""
    held = estimators[estimators["firms"] == firms].set_index(["scenario", "estimator"])
    rows = []
    for name, words in ESTIMATOR_WORDS.items():
        if not MEASURES[name].has_interval:
            continue
        here, there = held.loc[("effect", name)], held.loc[("null", name)]
        bias = [f"{row['bias']:+.3f} ± {row['bias_error']:.3f}" for row in (there, here)]
        means = (_number(here[mean]) for mean in ("truth", "estimate"))
        rows.append([words, bias[0], *means, bias[1], _number(here["spread"]),
                     _number(here["std_error"]), share(there, "coverage"), share(here, "coverage")])  # fmt: skip
    head = ["estimator", "null: bias", "effect: truth", "mean estimate", "bias", "spread", "mean std. error",
            "null: coverage, %", "effect: coverage, %"]  # fmt: skip
    return _markdown(head, rows)


def spillover_table(estimators: pd.DataFrame, firms: int) -> str:
    """Return what sees spillover: rejections at 5 % by the wild bootstrap, and the mean estimates."""
    held = estimators[estimators["firms"] == firms].set_index(["scenario", "estimator"])
    rows = []
    for name, words in SPILLOVER_WORDS.items():
        test = f"{name}_wild" if f"{name}_wild" in held.index.get_level_values("estimator") else name
        planted, without = held.loc[("spillover", name)], held.loc[("null", name)]
        gap = planted["estimate"] - without["estimate"]
        rows.append([words, _number(planted["truth"]), _number(planted["estimate"]), f"{gap:+.3f}",
                     _number(planted["spread"]),
                     *(share(held.loc[(scenario, test)], "rejected") for scenario in SCENARIOS)])  # fmt: skip
    head = ["way", "spillover: truth", "mean estimate", "less that of null", "spread",
            *(f"{scenario}: rejects, %" for scenario in SCENARIOS)]  # fmt: skip
    return _markdown(head, rows)


def checks_table(checks: pd.DataFrame, firms: int) -> str:
    """Return in how many panels of each scenario each check says what it says, and the grades."""
    return _by_scenario(checks, firms, key="check", words=CHECK_WORDS, name="share")


def _number(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "-"


def _by_scenario(table: pd.DataFrame, firms: int, *, key: str, words: dict[str, str], name: str) -> str:
    held = table[table["firms"] == firms].set_index(["scenario", key])
    rows = [[said, *(share(held.loc[(scenario, one)], name) for scenario in SCENARIOS)] for one, said in words.items()]
    return _markdown([f"{key}, % of panels", *SCENARIOS], rows)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


TABLES: Final[dict[str, tuple[Callable[[pd.DataFrame, int], str], int]]] = {
    "rejected": (rejected_table, 0), "effect": (effect_table, 0), "spillover": (spillover_table, 0),
    "checks": (checks_table, 1),
}  # fmt: skip


def filled(document: str, results: tuple[pd.DataFrame, pd.DataFrame]) -> str:
    """Return the document with every table made anew from the results.

    Raises
    ------
    UsageError
        If a place names a table that there is none of, or a size that was not studied.
    """

    def table(place: re.Match[str]) -> str:
        name, firms = place[2], int(place[3])
        if name not in TABLES or firms not in set(results[0]["firms"]):
            raise UsageError(f"{DOCUMENT.name}: no table '{name}' of {firms} firms; there are {', '.join(TABLES)} of "
                             f"{', '.join(map(str, sorted(set(results[0]['firms']))))} firms")  # fmt: skip
        make, number = TABLES[name]
        return f"{place[1]}{make(results[number], firms)}{place[4]}"

    return _PLACE.sub(table, document)
