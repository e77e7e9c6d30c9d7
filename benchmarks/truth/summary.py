"""Rows of the study in, two small tables with Monte-Carlo errors out: estimators, and checks of the grade."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from benchmarks.truth.estimates import DEAR_SEEDS
from helpers import paths
from helpers.plan.grade import Evidence, Grade, grade
from helpers.plan.model import Rules

# The page on robustness shows them.
RESULTS: Final = paths.REFERENCE / "truth"
ALPHA: Final = 0.05
BREAKDOWNS: Final = (0.25, 0.5, 1.0)
EVIDENCE: Final = "evidence."
_KEYS: Final = ["firms", "scenario"]
ESTIMATORS_COLUMNS: Final = (
    *_KEYS, "estimator", "truth", "estimate", "bias", "bias_error", "spread", "std_error", "coverage", "coverage_error",
    "rejected", "rejected_error", "panels", "not_estimated",
)  # fmt: skip
CHECKS_COLUMNS: Final = (*_KEYS, "check", "share", "share_error", "panels", "not_made")


@dataclass(frozen=True)
class Measure:
    """Where an estimator's numbers stand among the columns of the rows.

    Attributes
    ----------
    name : str
        Of the estimate: <name>.estimate, .std_error, .conf_low, .conf_high, .p_value.
    truth : str or None
        Column of what is true; None where nothing simple is.
    p_value : str or None
        Column of the p value by which it rejects, where that is not its own interval.
    has_interval : bool
        False for a test alone.
    first_seeds : bool
        Whether it was made on the first seeds alone.
    """

    name: str
    truth: str | None
    p_value: str | None = None
    has_interval: bool = True
    first_seeds: bool = False


_LOG, _ATT = "truth.utility.log", "truth.utility.att"
MEASURES: Final = {
    "naive": Measure("naive", _LOG),
    "headline": Measure("headline", _LOG),
    "headline_by_firm": Measure("headline_by_firm", _LOG),
    "headline_crv3j": Measure("crv3j", _LOG),
    "headline_wild": Measure("headline", _LOG, "evidence.p_few_clusters", has_interval=False),
    "headline_invention": Measure("headline_invention", "truth.invention.log"),
    "slope_held_fixed": Measure("held_fixed", _LOG),
    "slope_held_fixed_by_firm": Measure("held_fixed_by_firm", _LOG),
    "slope_held_fixed_wild": Measure("held_fixed", _LOG, "held_fixed.p_wild", has_interval=False),
    "beside_others": Measure("beside_others", _LOG),
    "covered": Measure("covered", "truth.covered.log"),
    "against_design": Measure("against_design", _LOG, first_seeds=True),
    "callaway_santanna": Measure("callaway_santanna", _ATT),
    "imputation": Measure("imputation", _ATT),
    "sun_abraham": Measure("sun_abraham", _ATT),
    "two_stage": Measure("two_stage", _ATT),
    "lp_did": Measure("lp_did", _ATT),
    "twfe": Measure("twfe", _ATT),
    "poisson_etwfe": Measure("poisson_etwfe", "truth.utility.share"),
    "callaway_santanna_covered": Measure("callaway_santanna_covered", "truth.covered.att"),
    "imputation_covered": Measure("imputation_covered", "truth.covered.att"),
    "within_grids": Measure("within_grids", _LOG),
    "within_grids_wild": Measure("within_grids", _LOG, "within_grids.p_wild", has_interval=False),
    "between_grids": Measure("between_grids", "truth.utility.spilling"),
    "between_grids_wild": Measure("between_grids", "truth.utility.spilling", "between_grids.p_wild", False),
    "between_without_own": Measure("between_without_own", "truth.utility.spilling"),
    "between_without_own_wild": Measure(
        "between_without_own", "truth.utility.spilling", "between_without_own.p_wild", False
    ),
    "between_summed": Measure("between_summed", None),
    "between_summed_wild": Measure("between_summed", None, "between_summed.p_wild", False),
    "between_summed_without_own": Measure("between_summed_without_own", None),
    "between_summed_without_own_wild": Measure(
        "between_summed_without_own", None, "between_summed_without_own.p_wild", False
    ),
    "between_against_design": Measure("between_against_design", "truth.utility.spilling", first_seeds=True),
}


def share_error(hits: float, tries: int) -> float:
    """Return the Monte-Carlo standard error of a share.

    Notes
    -----
    At (hits + 2) / (tries + 4), Agresti & Coull (1998, American Statistician 52): no event in 500 tries is no
    certainty.
    """
    guess = (hits + 2) / (tries + 4)
    return float(np.sqrt(guess * (1 - guess) / (tries + 4)))


def estimators(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row a size, scenario and estimator.

    Parameters
    ----------
    rows : DataFrame
        From `store.read`.

    Returns
    -------
    DataFrame
        firms, scenario, estimator; truth and estimate (means over panels); bias (mean of estimate less truth) with its
        Monte-Carlo error; spread (standard deviation of the estimates) beside the mean of their standard errors;
        coverage (share of 95 % intervals that hold the panel's truth) and rejected (share that refuses zero at 5 %:
        size where the truth is zero, else power), each with its Monte-Carlo error; panels; not_estimated. Missing where
        there is no interval or no truth to compare with.
    """
    found = []
    for key, held in rows.groupby(_KEYS, observed=True):
        found += [dict(zip(_KEYS, key, strict=True)) | _estimator(held, name, one) for name, one in MEASURES.items()]
    return pd.DataFrame(found, columns=list(ESTIMATORS_COLUMNS))


def _column(held: pd.DataFrame, name: str) -> np.ndarray:
    return held[name].to_numpy(dtype=float) if name in held else np.full(len(held), np.nan)


def _first(held: pd.DataFrame) -> pd.DataFrame:
    return held[held["seed"] < DEAR_SEEDS]


def _estimator(held: pd.DataFrame, name: str, one: Measure) -> dict:
    held = _first(held) if one.first_seeds else held
    estimate, spread = _column(held, f"{one.name}.estimate"), _column(held, f"{one.name}.std_error")
    low, high = _column(held, f"{one.name}.conf_low"), _column(held, f"{one.name}.conf_high")
    is_made = np.isfinite(estimate) if one.p_value is None else np.isfinite(_column(held, one.p_value))
    row = {"estimator": name, "panels": int(is_made.sum()), "not_estimated": int((~is_made).sum())}
    if not is_made.any():
        return row
    count = int(is_made.sum())
    row["estimate"] = float(estimate[is_made].mean())
    if one.has_interval:
        row |= {"spread": float(estimate[is_made].std(ddof=1)) if count > 1 else np.nan,
                "std_error": float(spread[is_made].mean())}  # fmt: skip
    if one.truth is not None:
        truth = _column(held, one.truth)
        wrong = (estimate - truth)[is_made]
        row |= {"truth": float(truth[is_made].mean()), "bias": float(wrong.mean()),
                "bias_error": float(wrong.std(ddof=1) / np.sqrt(count)) if count > 1 else np.nan}  # fmt: skip
        if one.has_interval:
            hits = int(((low <= truth) & (truth <= high))[is_made].sum())
            row |= {"coverage": hits / count, "coverage_error": share_error(hits, count)}
    rejects = (low > 0) | (high < 0) if one.p_value is None else _column(held, one.p_value) < ALPHA
    hits = int(rejects[is_made].sum())
    return row | {"rejected": hits / count, "rejected_error": share_error(hits, count)}


def checks(rows: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return one row a size, scenario and check: the share of panels in which it says what its name says.

    Returns
    -------
    DataFrame
        firms, scenario, check, share, share_error (Monte-Carlo), panels (in which it was made), not_made. All panels
        have a grade up to timing; breakdown values, the checks of sensitivity and `grade_robust` are on the first
        `DEAR_SEEDS` seeds.
    """
    found = []
    for key, held in rows.groupby(_KEYS, observed=True):
        said_by = (*_signals(held, rules), *_of_first_seeds(_first(held), rules), *_grades(held, rules))
        for name, said in said_by:
            is_made = ~np.isnan(said)
            count, hits = int(is_made.sum()), float(said[is_made].sum())
            numbers = {"share": hits / count, "share_error": share_error(hits, count)} if count else {}
            found.append({**dict(zip(_KEYS, key, strict=True)), "check": name, **numbers, "panels": count,
                          "not_made": int((~is_made).sum())})  # fmt: skip
    return pd.DataFrame(found, columns=list(CHECKS_COLUMNS))


Said = tuple[str, np.ndarray]


def _signals(held: pd.DataFrame, rules: Rules) -> Iterator[Said]:
    """Return what single checks say, as 1, 0 or missing."""
    below = partial(_below, held)
    for method in ("callaway_santanna", "imputation", "twfe"):
        yield f"leads_{method}", below(f"{method}.leads_p", rules.leads_p)
        yield f"near_leads_{method}", below(f"{method}.near_leads_p", rules.leads_p)
    yield "slope_by_firm", below("slope_by_firm.p_value", rules.leads_p)
    yield "slope_by_grid", below("slope.p_value", rules.leads_p)
    yield "slope_wild", below("slope.p_wild", rules.leads_p)
    yield "clear_with_slope_fixed", below("held_fixed.p_value", rules.alpha)
    yield "clear_with_slope_fixed_wild", below("held_fixed.p_wild", rules.alpha)
    for one in ("within_grids", "between_grids", "between_without_own", "between_summed",
                "between_summed_without_own"):  # fmt: skip
        yield f"spillover_{one}", below(f"{one}.p_wild", rules.alpha)


def _of_first_seeds(held: pd.DataFrame, rules: Rules) -> Iterator[Said]:
    """Return what the checks say that only the first seeds have whatever was found."""
    below = partial(_below, held)
    for time in ("average", 0):
        yield f"breakdown_{time}_above_0", 1 - below(f"breakdown.{time}", np.nextafter(0, 1))
        for least in BREAKDOWNS:
            yield f"breakdown_{time}_{least:g}", 1 - below(f"breakdown.{time}", least)
    yield "spillover_between_against_design", below("between_against_design.p_value", rules.alpha)
    yield "family", below(f"{EVIDENCE}p_family", rules.alpha)
    delta = _column(held, f"{EVIDENCE}oster_delta")
    yield "oster", np.where(np.isnan(delta), np.nan, (delta >= rules.oster_delta) | (delta < 0))
    low, high = (_column(held, f"{EVIDENCE}adjusted_{end}") for end in ("low", "high"))
    yield "confounder", np.where(np.isnan(low), np.nan, (low > 0) | (high < 0))
    yield "curve", below(f"{EVIDENCE}p_curve", rules.alpha)


def _below(held: pd.DataFrame, name: str, level: float) -> np.ndarray:
    values = _column(held, name)
    return np.where(np.isnan(values), np.nan, values < level)


def _grades(held: pd.DataFrame, rules: Rules) -> Iterator[Said]:
    graded = [grade(evidence_of(row), rules) for row in held.to_dict("records")]
    levels = np.array([one.level for one in graded])
    for level in ("cannot_tell", "rejected", "association"):
        yield f"grade_{level}", (levels == level).astype(float)
    yield "grade_association_or_more", np.isin(levels, ("association", "timing", "robust")).astype(float)
    yield "grade_timing_or_more", np.isin(levels, ("timing", "robust")).astype(float)
    # The checks of sensitivity beyond the first seeds were not made.
    first = (held["seed"] < DEAR_SEEDS).to_numpy()
    yield "grade_robust", (levels == "robust").astype(float)[first]
    for name in ("cohort_robust", "leads"):
        yield f"passed_{name}", _passed(graded, name)
    yield "passed_left_out", _passed(graded, "left_out")[first]


def _passed(graded: list[Grade], name: str) -> np.ndarray:
    verdicts = [next(check.passed for check in one.checks if check.name == name) for one in graded]
    return np.array([np.nan if passed is None else float(passed) for passed in verdicts])


def evidence_of(row: dict) -> Evidence:
    """Return what was known of a panel's claim from the stored numbers, so that other rules can be tried on it."""
    found = {one.name: row[EVIDENCE + one.name] for one in fields(Evidence) if EVIDENCE + one.name in row}
    pairs = [(row.get(f"{EVIDENCE}robust_{place}_low"), row.get(f"{EVIDENCE}robust_{place}_high")) for place in (0, 1)]
    is_whole = all(bound is not None and np.isfinite(bound) for pair in pairs for bound in pair)
    # With the slope before treatment held fixed: stored under its own name, as an estimator.
    found |= {f"held_{end}": row.get(f"held_fixed.conf_{end}", np.nan) for end in ("low", "high")}
    return Evidence(**found, robust_overall=tuple(pairs) if is_whole else ())


def write(folder: Path, rows: pd.DataFrame, rules: Rules) -> None:
    """Write both tables as CSV, four significant digits: more would be noise of the draws."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in (("estimators", estimators(rows)), ("checks", checks(rows, rules))):
        table.to_csv(folder / f"{name}.csv", index=False, float_format="%.4g", lineterminator="\n")


def read(folder: Path = RESULTS) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both tables as they are committed."""
    # The scenario called null is no missing value.
    first, second = (pd.read_csv(folder / f"{name}.csv", keep_default_na=False, na_values=[""])
                     for name in ("estimators", "checks"))  # fmt: skip
    return first, second
