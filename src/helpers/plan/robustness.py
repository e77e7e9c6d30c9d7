"""How far one declared estimate holds: other standard errors, other specifications, firms left out, unseen confounders.

In go the derived panel and a specification of the plan; out come tidy frames, and `Evidence` for its grade.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from helpers.models.association import counts_a_year
from helpers.models.bootstrap import WildTest, wild_bootstrap
from helpers.models.curve import Curve, every_specification, specification_curve
from helpers.models.leave_out import leave_out
from helpers.models.multiplicity import romano_wolf
from helpers.models.oster import Oster, oster
from helpers.models.randomisation import FEW_TREATED, RandomisationTest, randomisation_test
from helpers.models.regression import fit
from helpers.models.result import NotEstimable, Result, or_why
from helpers.models.robustness import Robustness, robustness_value
from helpers.models.weighting import Weighted, aipw
from helpers.plan.model import Plan, Specification
from helpers.plan.sample import analysis_frame, at_baseline, controls_of, terms_of
from helpers.plan.timing import FEWEST_TREATED
from helpers.text import Message

EDGE_YEARS: Final = 3
BEFORE: Final = "outcome_before"
SAMPLES: Final = ("all_rows", "balanced_rows", "without_largest")


def fitted(frame: pd.DataFrame, one: Specification, **options: str) -> Result:
    """Fit a declared specification on its analysis frame; options replace what it says."""
    return fit(frame, unit=one.unit, **(terms_of(one) | options))


def in_row(found: Result | Message) -> dict:
    """Return what a table's row holds of a fit, or of the reason why there is none.

    Returns
    -------
    dict
        status ("estimated" or "not_estimable"), reason (a `Message` or None); of the exposure estimate, std_error,
        conf_low, conf_high, p_value; per_year, per_year_low, per_year_high (`models.association.counts_a_year`); n_obs,
        n_units, n_clusters, outcome_mean.
    """
    if isinstance(found, Message):
        return {"status": "not_estimable", "reason": found}
    term = found.term(found.exposure)
    numbers = {name: float(term[name]) for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value")}
    numbers |= dict(zip(("per_year", "per_year_low", "per_year_high"), counts_a_year(found), strict=True))
    about = {name: getattr(found, name) for name in ("n_obs", "n_units", "n_clusters", "outcome_mean")}
    return {"status": "estimated", "reason": None, **numbers, **about}


def standard_errors(
    frame: pd.DataFrame, one: Specification
) -> tuple[pd.DataFrame, WildTest | RandomisationTest | Message]:
    """Return one estimate under several rules of inference, and the test to go by where clusters are few.

    Returns
    -------
    rows : DataFrame
        One row a rule: rule, cluster, status, reason (a `Message` or None), estimate, std_error, conf_low, conf_high,
        p_value, per_year, per_year_low, per_year_high, n_obs, n_units, n_clusters, outcome_mean, smallest_p (of a test:
        the least p value that so many clusters allow). Where the clusters are grids, those of areas stand beside them:
        with four of them the smallest p lies above any customary level.
    few : WildTest, RandomisationTest or Message
        The enumerated wild bootstrap of the declared clusters; randomisation where no more than
        `randomisation.FEW_TREATED` of them hold exposed rows, or unexposed ones. The message says why there is none.

    Notes
    -----
    With so few treated clusters the wild bootstrap rejects far too rarely or too often (MacKinnon & Webb 2018,
    Econometrics Journal 21). Exposures that differ within a grid are dealt out among firms, whose dates they are.
    """
    rules = (("CR1", one.unit), ("CR1", one.cluster), ("CR2", one.cluster), ("CRV3J", one.cluster))
    fits = {
        (rule, cluster): or_why(lambda rule=rule, cluster=cluster: fitted(frame, one, cluster=cluster, vcov=rule))
        for rule, cluster in dict.fromkeys(rules)
    }
    rows = [{"rule": rule, "cluster": cluster, **in_row(found)} for (rule, cluster), found in fits.items()]
    few = wild_of(fits["CR1", one.cluster])
    rows.append(_test_row("wild", one.cluster, few))
    coarser = one.panel.coarser if one.cluster == one.panel.group else None
    if coarser is not None and coarser in frame:
        by_area = or_why(lambda: fitted(frame, one, cluster=coarser))
        rows.append({"rule": "CR1", "cluster": coarser, **in_row(by_area)})
        rows.append(_test_row("wild", coarser, wild_of(by_area)))
    if _few_treated(frame, one):
        few = or_why(lambda: _randomised(frame, one))
        rows.append(_test_row("randomisation", one.cluster, few))
    columns = ["rule", "cluster", "status", "reason", "estimate", "std_error", "conf_low", "conf_high", "p_value",
               "per_year", "per_year_low", "per_year_high", "n_obs", "n_units", "n_clusters", "outcome_mean",
               "smallest_p"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns), few


def wild_of(found: Result | Message) -> WildTest | Message:
    """Return the enumerated wild bootstrap of a fit's exposure, or why there is none."""
    return found if isinstance(found, Message) else or_why(lambda: wild_bootstrap(found, found.exposure))


def _test_row(rule: str, cluster: str, test: WildTest | RandomisationTest | Message) -> dict:
    if isinstance(test, Message):
        return {"rule": rule, "cluster": cluster, "status": "not_estimable", "reason": test}
    names = ("estimate", "conf_low", "conf_high", "p_value", "n_clusters", "smallest_p")
    numbers = {name: getattr(test, name) for name in names}
    return {"rule": rule, "cluster": cluster, "status": "estimated", "reason": None, **numbers}


def _few_treated(frame: pd.DataFrame, one: Specification) -> bool:
    """Return whether three or fewer clusters hold exposed rows, or unexposed ones."""
    exposed = frame[one.exposure].astype(float)
    sides = (frame.loc[exposed > exposed.min(), one.cluster], frame.loc[exposed < exposed.max(), one.cluster])
    return any(0 < side.nunique() <= FEW_TREATED for side in sides)


def _randomised(frame: pd.DataFrame, one: Specification) -> RandomisationTest:
    within = frame.groupby([one.cluster, "year"])[one.exposure].nunique()
    by = one.cluster if within.max() <= 1 else one.unit
    return randomisation_test(frame, assigned_by=by, period="year", seed=0, **terms_of(one))


def corrected(derived: pd.DataFrame, declared: Plan, family: str) -> pd.DataFrame:
    """Return the p values of a declared family, corrected together (`romano_wolf`), with each one's exposure.

    Raises
    ------
    NotEstimable
        If one of the family cannot be estimated or bootstrapped.
    """
    members = declared.of(family=family).specifications
    results = [fitted(analysis_frame(derived, one)[0], one) for one in members]
    found = romano_wolf(results)
    return found.assign(exposure=[one.exposure for one in members], name=[one.name for one in members])


def reasonable(derived: pd.DataFrame, one: Specification) -> tuple[pd.DataFrame, list[dict]]:
    """Return the data and the list of specifications that could as well have been declared for the same question.

    Counts by Poisson and by OLS, ln(1 + y) as the literature has it, any at all; the plan's sets of fixed effects; all
    rows, balanced firms, without the firm with most of the outcome. The declared controls are in all of them but those
    with effects of firms, which contain what a firm was like at first.
    """
    frame, _ = analysis_frame(derived, one)
    counts = frame[one.outcome].astype(float)
    largest = counts.groupby(frame[one.unit]).sum().idxmax()
    industry = frame[one.panel.industry]
    industry_year = industry.astype("str") + " " + frame["year"].astype("str")
    data = frame.assign(
        ln_outcome=np.log1p(counts), any_outcome=(counts > 0).astype(float).where(counts.notna()),
        industry_year=industry_year.where(industry.notna()), all_rows=True,
        balanced_rows=frame["is_balanced"].fillna(value=False).astype(bool), without_largest=frame[one.unit] != largest,
    )  # fmt: skip
    ways = [(one.outcome, "poisson"), (one.outcome, "ols"), ("ln_outcome", "ols"), ("any_outcome", "ols")]
    # One cluster for all: the joint test draws its weights for all of them together.
    effects = [tuple(names.split(" + ")) for names in one.panel.effects]
    choices = every_specification(way=ways, fixed_effects=effects, sample=SAMPLES, cluster=(one.cluster,))
    return data, [
        {"outcome": choice["way"][0], "estimator": choice["way"][1], "exposure": one.exposure,
         "controls": one.mediators if one.unit in choice["fixed_effects"] else controls_of(one),
         **{name: choice[name] for name in ("fixed_effects", "sample", "cluster")}}
        for choice in choices
    ]  # fmt: skip


def curve(derived: pd.DataFrame, one: Specification, *, seed: int) -> tuple[Curve, pd.DataFrame]:
    """Return the specification curve of a question, and its rows in per cent of the outcome's mean."""
    data, specifications = reasonable(derived, one)
    found = specification_curve(data, specifications, seed=seed)
    means = {name: float(data[name].astype(float).mean()) for name in (one.outcome, "ln_outcome", "any_outcome")}
    rows = found.table.copy()
    is_log = (rows["estimator"] == "poisson") | (rows["outcome"] == "ln_outcome")
    share = rows["outcome"].map(means)
    for name in ("estimate", "conf_low", "conf_high"):
        value = rows[name].astype(float)
        rows[f"{name}_pct"] = 100 * np.where(is_log, np.expm1(value), value / share)
    return found, rows


def without_each(frame: pd.DataFrame, one: Specification) -> dict[str, pd.DataFrame]:
    """Return the estimate without each firm, and without each group of the declared cluster.

    A level at which nothing can be left out, or of a specification that has no estimate, is not among them.
    """
    found = {}
    for by in dict.fromkeys((one.unit, one.cluster)):
        with suppress(NotEstimable):
            found[by] = leave_out(frame, by=by, **terms_of(one))
    return found


def changes(derived: pd.DataFrame, one: Specification) -> pd.DataFrame:
    """Return one row a firm: the change of an outcome from the first to the last years, and what it was like before.

    Parameters
    ----------
    derived : DataFrame
        From `sample.with_derived`.
    one : Specification
        Of an exposure with a first year.

    Returns
    -------
    DataFrame
        The firm, its group, change (mean of the last three visible years less that of the first three; of fewer in a
        panel of less than six), treated (1: came to the exposure in between, 0: not by the last year), outcome_before
        (mean of the first years) and the baseline covariates. Firms that had it in the first years, or are not seen at
        both ends, are not among them.

    Raises
    ------
    NotEstimable
        If the exposure has no first year, or nothing is left of the sample.
    """
    if one.cohort is None:
        raise NotEstimable(Message("evidence.no_first_year", {"exposure": one.exposure}))
    seen, _ = analysis_frame(derived, one)
    if seen.empty:
        raise NotEstimable(Message("models.no_complete_row", {"names": (one.outcome,)}))
    first, last = int(seen["year"].min()), int(seen["year"].max())
    edge = min(EDGE_YEARS, (last - first + 1) // 2)
    early, late = seen["year"] < first + edge, seen["year"] > last - edge
    values = seen[one.outcome].astype(float)
    before, after = (values[part].groupby(seen.loc[part, one.unit]).mean() for part in (early, late))
    firms = seen.drop_duplicates(one.unit).set_index(one.unit)
    cohort = firms[one.cohort].astype(float)
    table = pd.DataFrame({one.panel.group: firms[one.panel.group], BEFORE: before, "change": after - before})
    table["treated"] = (cohort <= last).astype(float).where(~(cohort < first + edge))
    for name in one.panel.covariates:
        table[name] = at_baseline(seen, name, unit=one.unit).groupby(seen[one.unit]).first()
    return table.dropna().rename_axis(one.unit).reset_index()


@dataclass(frozen=True)
class Unseen:
    """What an unseen confounder would have to be; a `Message` says why one of them could not be computed."""

    firms: pd.DataFrame
    linear: Result | Message
    robustness: Robustness | Message
    oster: Oster | Message
    weighted: Weighted | Message


def unseen(derived: pd.DataFrame, one: Specification, *, multiple: float) -> Unseen:
    """Ask how strong a confounder would have to be, on changes of firms given what they were like before."""
    firms = or_why(lambda: _of_enough(changes(derived, one), one))
    if isinstance(firms, Message):
        return Unseen(pd.DataFrame(columns=["treated"]), firms, firms, firms, firms)
    covariates = (BEFORE, *one.panel.covariates)
    named = {"outcome": "change", "exposure": "treated"}
    linear = or_why(lambda: fit(firms, **named, controls=covariates, estimator="ols", vcov="HC1", unit=one.unit))
    found = or_why(lambda: robustness_value(linear, benchmarks=covariates, k=(multiple,)))
    return Unseen(
        firms, linear, linear if isinstance(linear, Message) else found,
        or_why(lambda: oster(firms, **named, controls=covariates)),
        or_why(lambda: aipw(firms, **named, covariates=covariates, estimand="att")),
    )  # fmt: skip


def _of_enough(firms: pd.DataFrame, one: Specification) -> pd.DataFrame:
    """Return the firms as they are, if enough of them came to the exposure and enough did not."""
    treated = int(firms["treated"].sum())
    if min(treated, len(firms) - treated) < FEWEST_TREATED:
        said = {"exposure": one.exposure, "treated": treated, "units": f"{len(firms):,}", "fewest": FEWEST_TREATED}
        raise NotEstimable(Message("evidence.few_changed", said))
    return firms
