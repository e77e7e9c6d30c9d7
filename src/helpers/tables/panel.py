"""Tables of a panel of either study: how it was joined, who is in it each year, its outcomes and its baseline."""

from collections.abc import Sequence

import pandas as pd

from helpers.errors import UsageError
from helpers.models.association import COMPLETE
from helpers.panel.joins import explained
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.text import Lang, label, say

TEXTS = ("step", "why", "check", "column")
UNITS = ("uscc", "stock_code")
OUTCOMES = ("patents_invention", "patents_utility", "patents_design", "total_patents", "green_patents")
BASELINE = (
    *("employees", "age_years", "revenue_10k_cny", "assets_10k_cny", "rd_share_pct", "ln_assets", "leverage"),
    *("return_on_assets", "patents_invention", "patents_utility", "patents_design", "total_patents"),
)
# Below this share of units that change, earlier against later would compare next to nobody.
FEW_CHANGE = 0.05


def joins_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return every join or step that made the panel, with rows in, matched, unmatched and out."""
    if not (zone.folder / "joins.csv").exists():
        return labelled(_counted(zone.record("steps")), lang, values=("check", "column"))
    return labelled(explained(_counted(zone.record("joins")), lang), lang)


def _counted(record: pd.DataFrame) -> pd.DataFrame:
    counts = {name: pd.to_numeric(record[name]).astype("Int64") for name in record if name not in TEXTS}
    return record.assign(**counts)


def years_table(panel: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return one row a year: firms, those that entered, those in their last year, and means of outcomes.

    A year whose filings are not all visible yet shows no mean.
    """
    unit = unit_of(panel)
    first, last = panel.groupby(unit)["year"].transform("min"), panel.groupby(unit)["year"].transform("max")
    outcomes = [name for name in OUTCOMES if name in panel]
    marked = panel.assign(is_first=panel["year"] == first, is_last=panel["year"] == last, **_complete(panel, outcomes))
    table = marked.groupby("year").agg(
        firms=(unit, "nunique"), entering=("is_first", "sum"), leaving=("is_last", "sum"),
        **{name: (name, "mean") for name in outcomes},
    )  # fmt: skip
    table.loc[table.index.min(), "entering"] = pd.NA
    table.loc[table.index.max(), "leaving"] = pd.NA
    return labelled(table.reset_index().convert_dtypes(), lang)


def _complete(panel: pd.DataFrame, outcomes: list[str]) -> dict[str, pd.Series]:
    """Return outcomes with the years that are not complete left empty."""
    flags = {name: panel.get(name + COMPLETE) for name in outcomes}
    return {name: panel[name].where(flag.astype(bool)) for name, flag in flags.items() if flag is not None}


def panel_results(panel: pd.DataFrame) -> dict[str, int]:
    """Return firm-years, firms, first and last year of the panel."""
    unit = unit_of(panel)
    return {"firm_years": len(panel), "firms": panel[unit].nunique(), "first_year": panel["year"].min(),
            "last_year": panel["year"].max()}  # fmt: skip


def joins_title(zone: Study, lang: Lang) -> str:
    """Return the caption of `joins_table`: joins of several tables, or the steps of a panel that came as one."""
    return say("pages.joins" if (zone.folder / "joins.csv").exists() else "pages.panel_steps", lang)


def panel_finding(panel: pd.DataFrame, lang: Lang) -> str:
    """Say in one line which firms and years the panel holds."""
    found = panel_results(panel)
    return say("pages.panel_finding", lang, firms=f"{found['firms']:,}", rows=f"{found['firm_years']:,}",
               first=found["first_year"], last=found["last_year"])  # fmt: skip


def unit_of(panel: pd.DataFrame) -> str:
    """Return the column that names the unit of a panel."""
    return next(name for name in UNITS if name in panel)


def outcome_estimators(names: Sequence[str]) -> dict[str, str]:
    """Turn `column:estimator` words into a mapping.

    Raises
    ------
    UsageError
        If a word has no estimator.
    """
    wrong = [name for name in names if name.count(":") != 1]
    if wrong:
        raise UsageError(
            f"outcomes are written column:estimator, for example patents_invention:poisson; found {', '.join(wrong)}"
        )
    return dict(name.split(":") for name in names)


def baseline(panel: pd.DataFrame, exposure: str) -> pd.DataFrame:
    """Return one row a unit in the panel's first year, with whether it came to the exposure earlier.

    Returns
    -------
    DataFrame
        The first year's rows of units not yet treated in it, with `is_treated`: treated up to the median year of first
        treatment. For an exposure that changes in fewer than 5 % of units, all rows of the first year, and `is_treated`
        is the exposure itself.
    """
    unit = unit_of(panel)
    first = panel[panel["year"] == panel["year"].min()]
    status = panel[exposure].astype(float)
    if _hardly_changes(panel, exposure):
        above = first[exposure].astype(float) > first[exposure].astype(float).median()
        flag = above if first[exposure].nunique() > 2 else first[exposure].astype("boolean")
        return first.assign(is_treated=flag)
    high = status > (0 if set(status.dropna().unique()) <= {0.0, 1.0} else status.median())
    start = panel[high].groupby(unit)["year"].min()
    when = first[unit].map(start)
    untreated = first[when.isna() | (when > first["year"])]
    when = when.loc[untreated.index]
    return untreated.assign(is_treated=(when <= when.median()).astype("boolean"))


def baseline_covariates(panel: pd.DataFrame) -> list[str]:
    """Return the panel's columns that describe a firm before treatment."""
    return [name for name in BASELINE if name in panel]


def _hardly_changes(panel: pd.DataFrame, exposure: str) -> bool:
    return bool((panel.groupby(unit_of(panel))[exposure].nunique() > 1).mean() < FEW_CHANGE)


def group_words(panel: pd.DataFrame, exposure: str, lang: Lang) -> str:
    """Say which two groups `baseline` compares, with their numbers of firms."""
    flags = baseline(panel, exposure)["is_treated"].dropna().astype(bool)
    return say(
        "pages.groups_by_state" if _hardly_changes(panel, exposure) else "pages.groups",
        lang,
        exposure=label(exposure, lang),
        earlier=int(flags.sum()),
        later=int((~flags).sum()),
    )


def complete_years(panel: pd.DataFrame, outcome: str) -> tuple[int, int]:
    """Return first and last year whose filings of `outcome` are all visible."""
    flag = panel.get(outcome + COMPLETE)
    years = panel["year"] if flag is None else panel.loc[flag.fillna(value=False).astype(bool), "year"]
    return int(years.min()), int(years.max())
