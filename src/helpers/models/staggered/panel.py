"""The panel behind every staggered estimator: a firm-year table in, checked arrays out, what was left out counted.

A cohort is the period in which a unit is first treated; a missing cohort means never treated within the panel. Units
that are treated in every period in which they are seen tell nothing about a change: left out, with their number.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from helpers.models.result import NotEstimable
from helpers.text import Message

ControlGroup = Literal["never_treated", "not_yet_treated"]

# Below these numbers of clusters, and of clusters with treated units, sandwich errors are known to be too small.
FEW_CLUSTERS = 30
FEW_TREATED = 3


@dataclass(frozen=True, eq=False)
class Panel:
    """Rows of one outcome, sorted by unit and period.

    Attributes
    ----------
    unit : ndarray of int, shape (N,)
        Codes 0..n_units-1; `unit_names` (n_units,) has the caller's values.
    period : ndarray of int, shape (N,)
    cohort : ndarray of float, shape (N,)
        First treated period, `inf` for never treated; constant within a unit.
    y : ndarray of float, shape (N,)
    covariates : ndarray of float, shape (N, k)
    cluster : ndarray of int, shape (N,)
        Codes of the clusters; the units themselves unless a cluster was named.
    index : Index of length N
        The caller's rows, in the order of the arrays.
    n_dropped : dict
        Rows left out, by reason.
    notes : tuple of Message
        What was left out and what the data cannot show.
    """

    unit: np.ndarray
    period: np.ndarray
    cohort: np.ndarray
    y: np.ndarray
    covariates: np.ndarray
    cluster: np.ndarray
    unit_names: np.ndarray
    index: pd.Index
    outcome: str
    unit_name: str
    covariate_names: tuple[str, ...] = ()
    cluster_name: str | None = None
    n_dropped: dict[str, int] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()

    @property
    def n_units(self) -> int:
        """Return the number of units."""
        return len(self.unit_names)

    @cached_property
    def n_clusters(self) -> int:
        """Return the number of clusters."""
        return len(np.unique(self.cluster))

    @cached_property
    def periods(self) -> np.ndarray:
        """Return the periods that occur, ascending, shape (T,)."""
        return np.unique(self.period)

    @cached_property
    def cohorts(self) -> np.ndarray:
        """Return the treated cohorts, ascending, shape (G,), without the never-treated."""
        return np.unique(self.cohort[np.isfinite(self.cohort)])

    @cached_property
    def event_time(self) -> np.ndarray:
        """Return periods since first treatment, shape (N,), `-inf` for never treated."""
        return self.period - self.cohort

    @cached_property
    def treated(self) -> np.ndarray:
        """Return whether a row is treated, bool, shape (N,)."""
        return self.period >= self.cohort

    @cached_property
    def first_row(self) -> np.ndarray:
        """Return the position of each unit's first row, shape (n_units,); `cohort[first_row]` is the units' cohort."""
        return np.flatnonzero(np.r_[True, self.unit[1:] != self.unit[:-1]])

    @cached_property
    def balanced(self) -> bool:
        """Return whether every unit is seen in every period."""
        return len(self.unit) == self.n_units * len(self.periods)

    def wide(self, values: np.ndarray) -> np.ndarray:
        """Return a column (N,) as (n_units, T), NaN where a unit is not seen."""
        out = np.full((self.n_units, len(self.periods)), np.nan)
        out[self.unit, np.searchsorted(self.periods, self.period)] = values
        return out


def panel_of(
    data: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    cohort: str,
    covariates: Sequence[str] = (),
    cluster: str | None = None,
    control_group: ControlGroup = "not_yet_treated",
) -> Panel:
    """Check a table of unit-periods and return its arrays.

    Parameters
    ----------
    data : DataFrame
        One row a unit and period.
    outcome, unit, period, cohort : str
        Columns. Periods and cohorts are whole numbers; a missing or infinite cohort is never treated, and so is one
        after the last period.
    covariates : sequence of str
        Numeric columns.
    cluster : str, optional
        Column of the clusters of standard errors, constant within a unit; the unit itself if none is named.
    control_group : {"never_treated", "not_yet_treated"}

    Returns
    -------
    Panel

    Raises
    ------
    NotEstimable
        If a column is missing or not numeric, values are infinite, a unit-period occurs twice, a cohort or a cluster
        varies within a unit, periods are not whole numbers, or no treated or no comparison units are left.
    """
    named = [outcome, unit, period, cohort, *covariates, *([cluster] if cluster else [])]
    if absent := tuple(name for name in dict.fromkeys(named) if name not in data.columns):
        raise NotEstimable(Message("staggered.no_column", {"names": absent}))
    numbers = {name: _numbers(data[name], name) for name in dict.fromkeys([outcome, period, cohort, *covariates])}
    numbers[cohort] = np.where(np.isnan(numbers[cohort]), np.inf, numbers[cohort])
    if bad := tuple(name for name in dict.fromkeys([outcome, period, *covariates]) if np.isinf(numbers[name]).any()):
        raise NotEstimable(Message("staggered.infinite", {"names": bad}))
    for name in (period, cohort):
        odd = np.isfinite(numbers[name]) & (numbers[name] != np.round(numbers[name]))
        if odd.any():
            raise NotEstimable(Message("staggered.not_whole", {"name": name, "rows": int(odd.sum()),
                                                               "example": f"{numbers[name][odd][0]:g}"}))  # fmt: skip
    keep, dropped = np.ones(len(data), bool), {}
    for name in dict.fromkeys([unit, period, outcome, *covariates, *([cluster] if cluster else [])]):
        missing = keep & data[name].isna().to_numpy()
        if missing.any():
            dropped[name] = int(missing.sum())
            keep &= ~missing
    if not keep.any():
        raise NotEstimable(Message("staggered.no_complete_row", {"names": tuple(dropped.items())}))
    notes = []
    if dropped:
        notes.append(Message("staggered.missing", {"rows": sum(dropped.values()), "names": tuple(dropped.items())}))
    dropped = {f"{name} missing": rows for name, rows in dropped.items()}

    rows = np.flatnonzero(keep)
    codes, unit_names = pd.factorize(data[unit].iloc[rows], sort=True)
    order = np.lexsort((numbers[period][rows], codes))
    rows, codes = rows[order], codes[order]
    when, first_treated = numbers[period][rows].astype(np.int64), numbers[cohort][rows]
    groups = pd.factorize(data[cluster].iloc[rows], sort=True)[0] if cluster else codes
    same = codes[1:] == codes[:-1]
    names = {"unit": unit, "period": period, "cohort": cohort, "cluster": cluster or unit}
    _check_units(codes, same, when, first_treated, groups, unit_names, names)

    first, last = int(when.min()), int(when.max())
    if first > 0 and (zero := len(np.unique(codes[first_treated <= 0]))):
        raise NotEstimable(Message("staggered.cohort_zero", {"units": zero, "cohort": cohort}))
    if later := len(np.unique(codes[np.isfinite(first_treated) & (first_treated > last)])):
        first_treated = np.where(first_treated > last, np.inf, first_treated)
        notes.append(Message("staggered.treated_after_end", {"units": later, "last": last}))
    own_first = pd.Series(when).groupby(codes).transform("min").to_numpy()
    stays = np.ones(len(codes), bool)
    starts = (("treated_before_start", first), ("no_pre_period", own_first))
    for reason, start in starts:
        out = stays & (first_treated <= start)
        if out.any():
            dropped[reason.replace("_", " ")] = int(out.sum())
            notes.append(Message(f"staggered.{reason}", {"units": len(np.unique(codes[out])), "rows": int(out.sum()),
                                                         "first": first}))  # fmt: skip
            stays &= ~out
    rows, when, first_treated = rows[stays], when[stays], first_treated[stays]
    if not np.isfinite(first_treated).any():
        raise NotEstimable(Message("staggered.no_treated", {"units": len(np.unique(codes[stays])), "cohort": cohort}))
    kept, codes = np.unique(codes[stays], return_inverse=True)
    groups = np.unique(groups[stays], return_inverse=True)[1]
    columns = [numbers[name][rows] for name in covariates]
    panel = Panel(
        unit=codes, period=when, cohort=first_treated, y=numbers[outcome][rows], cluster=groups,
        covariates=np.column_stack(columns) if columns else np.empty((len(rows), 0)), index=data.index[rows],
        unit_names=np.asarray(unit_names)[kept], outcome=outcome, unit_name=unit, covariate_names=tuple(covariates),
        cluster_name=cluster, n_dropped=dropped,
        notes=(*notes, *_coverage_notes(codes, when, first_treated, control_group),
               *_cluster_notes(groups, first_treated, cluster or unit)),
    )  # fmt: skip
    if panel.n_clusters < 2:
        raise NotEstimable(Message("staggered.one_cluster", {"cluster": cluster or unit}))
    if np.ptp(panel.y) == 0:
        raise NotEstimable(Message("staggered.outcome_constant", {"outcome": outcome, "rows": len(rows),
                                                                  "value": f"{panel.y[0]:g}"}))  # fmt: skip
    return panel


def _numbers(column: pd.Series, name: str) -> np.ndarray:
    if not (pd.api.types.is_numeric_dtype(column) or column.isna().all()):
        raise NotEstimable(Message("staggered.not_numeric", {"name": name}))
    return column.to_numpy(dtype=float, na_value=np.nan)


def _check_units(codes, same, when, first_treated, groups, unit_names, names: dict[str, str]) -> None:  # fmt: skip
    """Raise where a unit-period occurs twice or what must be constant within a unit is not."""
    for key, wrong in (
        ("duplicated", same & (when[1:] == when[:-1])),
        ("cohort_varies", same & (first_treated[1:] != first_treated[:-1])),
        ("cluster_varies", same & (groups[1:] != groups[:-1])),
    ):
        if wrong.any():
            units = np.unique(codes[1:][wrong])
            shown = tuple(str(unit_names[unit]) for unit in units[:3])
            raise NotEstimable(Message(f"staggered.{key}", {**names, "units": len(units), "shown": ", ".join(shown)}))


def _cluster_notes(groups: np.ndarray, first_treated: np.ndarray, cluster: str) -> list[Message]:
    clusters, treated = len(np.unique(groups)), len(np.unique(groups[np.isfinite(first_treated)]))
    notes = []
    if clusters < FEW_CLUSTERS:
        notes.append(Message("staggered.few_clusters", {"clusters": clusters, "cluster": cluster}))
    if treated <= FEW_TREATED:
        notes.append(Message("staggered.few_treated_clusters", {"treated": treated, "clusters": clusters,
                                                                "cluster": cluster}))  # fmt: skip
    return notes


def _coverage_notes(codes, when, first_treated, control_group: ControlGroup) -> list[Message]:
    """Return what the panel cannot show; raise where there is nothing to compare with."""
    notes = []
    cohorts = np.unique(first_treated)
    treated = cohorts[np.isfinite(cohorts)]
    if len(treated) == len(cohorts):
        if control_group == "never_treated":
            raise NotEstimable(Message("staggered.no_never_treated", {"cohorts": len(treated)}))
        if len(treated) == 1:
            raise NotEstimable(Message("staggered.one_cohort", {"cohort": int(treated[0])}))
        notes.append(Message("staggered.last_cohort_compares", {"cohort": int(treated[-1])}))
    units, periods = len(np.unique(codes)), len(np.unique(when))
    if len(codes) < units * periods:
        full = int((np.bincount(codes) == periods).sum())
        notes.append(Message("staggered.unbalanced", {"rows": len(codes), "all": units * periods, "full": full,
                                                      "units": units}))  # fmt: skip
    return notes
