"""The rows and columns that a specification speaks of: the firm-year panel in, an analysis frame and its counts out."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np
import pandas as pd

from helpers.models.association import COMPLETE, visible
from helpers.panel.pieces import SUBSTANCE
from helpers.plan.model import Sample, Specification

BASELINE: Final = "_baseline"
WORDS: Final = ("grid_year", "city_year")
KINDS: Final = ("invention", "utility", "design")


def with_derived(panel: pd.DataFrame) -> pd.DataFrame:
    """Return the panel with the columns that specifications name and the panel does not hold.

    Parameters
    ----------
    panel : DataFrame
        One row a firm and year, with the panel's columns.

    Returns
    -------
    DataFrame
        The same rows. Added, where their sources are there: has_patent (any application of the three types; complete
        where all three are), is_first_award (the year of the first high-tech certificate), has_binding_charter (a
        clause that is more than symbolic), has_cross_appointment (a member of the party team holds a board, supervisory
        or executive post; 0 without a team where there is no organisation of its own, missing where there is one) and
        cohort_cross (its first year), ln_employees and ln_assets (logs; missing at zero), grid_year, city_year. Of
        listed firms: cohort_state (first year seen state-owned), has_left_state (not state-owned, of firms that were
        when first seen; missing for the others), cohort_left_state (first year of that), is_balanced (seen in every
        year of the panel).
    """
    return panel.assign(**{name: _DERIVED[name][1](panel) for name in derivable(panel.columns)})


def derivable(columns: Iterable[str]) -> list[str]:
    """Return the columns that `with_derived` can make of these."""
    held = set(columns)
    return [name for name, (needs, _) in _DERIVED.items() if held.issuperset(needs)]


def _any_patent(panel: pd.DataFrame) -> pd.Series:
    return (panel[[f"patents_{kind}" for kind in KINDS]].sum(axis=1, min_count=len(KINDS)) > 0).astype(float).where(
        panel[[f"patents_{kind}" for kind in KINDS]].notna().all(axis=1)
    )  # fmt: skip


def _all_complete(panel: pd.DataFrame) -> pd.Series:
    return panel[[f"patents_{kind}{COMPLETE}" for kind in KINDS]].astype(bool).all(axis=1)


def _first_award(panel: pd.DataFrame) -> pd.Series:
    return (panel["hnte_first_year"] == panel["year"]).fillna(value=False).astype(float)


def _binding(panel: pd.DataFrame) -> pd.Series:
    binding = panel["charter_substance"].isin(SUBSTANCE[1:])
    return binding.astype(float).where(panel["has_charter"].notna())


def _cross(panel: pd.DataFrame) -> pd.Series:
    share = panel["cross_appointment_share_pct"].astype(float)
    has_none = share.isna() & ~panel["has_own_org"].fillna(value=False).astype(bool)
    return (share > 0).astype(float).where(share.notna() | has_none)


def _log(name: str) -> Callable[[pd.DataFrame], pd.Series]:
    def made(panel: pd.DataFrame) -> pd.Series:
        values = panel[name].astype(float)
        return np.log(values.where(values > 0))

    return made


def _in_year(place: str) -> Callable[[pd.DataFrame], pd.Series]:
    def made(panel: pd.DataFrame) -> pd.Series:
        return (panel[place].astype("str") + " " + panel["year"].astype("str")).where(panel[place].notna())

    return made


def _state_at_first(panel: pd.DataFrame) -> pd.Series:
    """Return, for each row, whether the listed firm was state-owned in the first year that states it (1, 0)."""
    return at_baseline(panel, "is_state_owned", unit="stock_code")


def _left_state(panel: pd.DataFrame) -> pd.Series:
    return (1 - panel["is_state_owned"].astype(float)).where(_state_at_first(panel) == 1)


def _first_year(unit: str, flags: Callable[[pd.DataFrame], pd.Series]) -> Callable[[pd.DataFrame], pd.Series]:
    def made(panel: pd.DataFrame) -> pd.Series:
        first = panel[flags(panel) == 1].groupby(unit)["year"].min()
        return panel[unit].map(first).astype(float)

    return made


def _balanced(panel: pd.DataFrame) -> pd.Series:
    return panel.groupby("stock_code")["year"].transform("nunique") == panel["year"].nunique()


_OWNERSHIP: Final = ("stock_code", "year", "is_state_owned")
_DERIVED: Final[Mapping[str, tuple[tuple[str, ...], Callable[[pd.DataFrame], pd.Series]]]] = {
    "has_patent": (tuple(f"patents_{kind}" for kind in KINDS), _any_patent),
    f"has_patent{COMPLETE}": (tuple(f"patents_{kind}{COMPLETE}" for kind in KINDS), _all_complete),
    "is_first_award": (("hnte_first_year", "year"), _first_award),
    "has_binding_charter": (("has_charter", "charter_substance"), _binding),
    "has_cross_appointment": (("cross_appointment_share_pct", "has_own_org"), _cross),
    "cohort_cross": (("uscc", "year", "cross_appointment_share_pct", "has_own_org"), _first_year("uscc", _cross)),
    "ln_employees": (("employees",), _log("employees")),
    "ln_assets": (("assets_10k_cny",), _log("assets_10k_cny")),
    "grid_year": (("grid_id", "year"), _in_year("grid_id")),
    "city_year": (("city", "year"), _in_year("city")),
    "cohort_state": (_OWNERSHIP, _first_year("stock_code", lambda panel: panel["is_state_owned"].astype(float))),
    "has_left_state": (_OWNERSHIP, _left_state),
    "cohort_left_state": (_OWNERSHIP, _first_year("stock_code", _left_state)),
    "is_balanced": (("stock_code", "year"), _balanced),
}


def analysis_frame(derived: pd.DataFrame, specification: Specification) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows and columns of one specification, and what was left out of them.

    Parameters
    ----------
    derived : DataFrame
        From `with_derived`.
    specification : Specification

    Returns
    -------
    frame : DataFrame
        One row a firm and year; each control under its name with `_baseline` behind it, at the firm's first year that
        states it.
    left_out : dict
        Rows left out, by reason: not_in_sample, not_complete (filings of the year not all visible).
    """
    kept = derived[_SAMPLES[specification.sample](derived)]
    left_out = {"not_in_sample": len(derived) - len(kept)}
    if specification.outcome + COMPLETE in kept:
        whole = visible(kept, specification.outcome)
        left_out["not_complete"] = len(kept) - len(whole)
        kept = whole
    baseline = {
        f"{name}{BASELINE}": at_baseline(derived, name, unit=specification.unit).reindex(kept.index)
        for name in specification.controls
    }
    return kept.assign(**baseline), left_out


def controls_of(specification: Specification) -> tuple[str, ...]:
    """Return the columns of `analysis_frame` that are held fixed: controls at baseline, and mediators."""
    return (*(f"{name}{BASELINE}" for name in specification.controls), *specification.mediators)


def terms_of(specification: Specification) -> dict[str, object]:
    """Return what estimators that take any specification are told of one, by their names of it."""
    return {
        "outcome": specification.outcome, "exposure": specification.exposure, "controls": controls_of(specification),
        "fixed_effects": specification.fixed_effects, "estimator": specification.estimator,
        "cluster": specification.cluster,
    }  # fmt: skip


def at_baseline(panel: pd.DataFrame, name: str, *, unit: str) -> pd.Series:
    """Return, for each row, the firm's value of a column in the first year that states it."""
    stated = panel.loc[panel[name].notna(), [unit, "year", name]].sort_values([unit, "year"])
    first = stated.drop_duplicates(unit).set_index(unit)[name].astype(float)
    return panel[unit].map(first).astype(float)


def _followed(panel: pd.DataFrame) -> pd.Series:
    return pd.Series(data=True, index=panel.index)


def _with_organisation(panel: pd.DataFrame) -> pd.Series:
    return panel["has_own_org"].fillna(value=False).astype(bool)


def _at_risk(panel: pd.DataFrame) -> pd.Series:
    """Return the years of each firm up to that of its first award; renewals are no new entries."""
    first = panel["hnte_first_year"]
    return (first.isna() | (panel["year"] <= first)).astype(bool)


def _state_owned_at_first(panel: pd.DataFrame) -> pd.Series:
    return _state_at_first(panel) == 1


_SAMPLES: Final[Mapping[Sample, Callable[[pd.DataFrame], pd.Series]]] = {
    "followed": _followed, "with_organisation": _with_organisation, "at_risk": _at_risk,
    "state_owned_at_first": _state_owned_at_first,
}  # fmt: skip
