"""Findings from what was estimated: rows of `models.associations`, graded claims, event studies in, `Finding` out."""

from collections.abc import Mapping

import pandas as pd

from helpers.findings.model import Finding
from helpers.findings.scales import off_percent
from helpers.models.power import minimum_detectable_effect
from helpers.plan.claims import Claim
from helpers.plan.model import Specification
from helpers.plan.timing import APART, overall
from helpers.text import Message

_NUMBERS = ("estimate", "conf_low", "conf_high", "per_year", "per_year_low", "per_year_high")
_COUNTS = ("n_units", "n_obs", "n_clusters")
# Never a headline: biased where effects differ, and a share of what would have been.
_BESIDE = ("twfe", "poisson_etwfe")


def of_row(row: pd.Series) -> Finding:
    """Return the finding of one row of `models.associations`, which was put to no check but its interval."""
    about = {name: row[name] for name in ("outcome", "exposure", "estimator", "cluster")}
    if row["status"] != "estimated":
        return Finding(**about, reason=row["reason"])
    return Finding(**about, **_known(row), detectable=off_percent(row["detectable"], row["estimator"]))


def of_claim(claim: Claim) -> Finding:
    """Return the finding of a graded claim: its declared estimate, and what its grade allows."""
    one, row = claim.one, claim.declared
    about = {"outcome": one.outcome, "exposure": one.exposure, "estimator": one.estimator, "cluster": one.cluster}
    graded = {"grade": claim.grade.level, "rule": claim.grade.rule}
    if row["status"] != "estimated":
        return Finding(**about, **graded, reason=row["reason"])
    detectable = off_percent(claim.evidence.detectable, one.estimator)
    return Finding(**about, **graded, **_known(row), detectable=detectable, none_within=claim.grade.none_within)


def of_studies(studies: Mapping, one: Specification) -> Finding:
    """Return the average difference after the first year by one cohort-robust estimator.

    Parameters
    ----------
    studies : mapping
        From `timing.event_studies`; of them `timing.APART`, else the first that has an estimate in units.
    one : Specification
        Whose event studies they are.
    """
    rows = overall(studies)
    known = rows[(rows["status"] == "estimated") & ~rows["method"].isin(_BESIDE)]
    if known.empty:
        reason = rows["reason"].dropna()
        about = {"outcome": one.outcome, "exposure": one.exposure, "estimator": APART}
        return Finding(**about, reason=reason.iloc[0] if len(reason) else Message("evidence.no_study"))
    row = known.sort_values("method", key=lambda names: names != APART, kind="stable").iloc[0]
    smallest = minimum_detectable_effect(float(row["std_error"]), df=float(row["n_clusters"]) - 1)
    return Finding(outcome=one.outcome, exposure=one.exposure, estimator=row["method"], cluster=one.unit, **_known(row),
                   detectable=smallest)  # fmt: skip


def _known(row: pd.Series) -> dict:
    numbers = {name: float(row[name]) for name in _NUMBERS if name in row}
    return numbers | {name: int(row[name]) for name in _COUNTS}
