"""Tables of a panel of either study: how it was joined, who is in it each year, its outcomes and its baseline."""

from collections.abc import Sequence

import pandas as pd

from helpers.disclosure import cleared, dominance
from helpers.errors import UsageError
from helpers.models.association import COMPLETE
from helpers.panel.joins import explained
from helpers.study import Study
from helpers.tables.labels import labelled, three_digits
from helpers.text import Lang, label, say

TEXTS = ("step", "why", "check", "column")
UNITS = ("uscc", "stock_code")
OUTCOMES = ("patents_invention", "patents_utility", "patents_design", "total_patents", "green_patents")
BASELINE = (
    *("employees", "age_years", "revenue_10k_cny", "assets_10k_cny", "rd_share_pct", "ln_assets", "leverage"),
    *("return_on_assets", "patents_invention", "patents_utility", "patents_design", "total_patents"),
)
# Counts of a whole calendar year without a lag of publication: the running year is seen in part.
YEARLY = ("software_copyrights", "rd_projects")
# What stands in `columns_table`, of either study.
DESCRIBED = (
    *("is_covered", "years_since_covered", "has_own_org", "years_since_org", "has_charter", "years_since_charter"),
    *("stars", "is_star_upgrade", "score_party", "score_growth", "grid_exposure"),
    *("members", "member_share_pct", "pioneer_units", "pioneer_density", "team_members", "cross_appointment_share_pct"),
    *("is_state_owned", "patents_invention", "patents_utility", "patents_design", "total_patents", "green_patents"),
    *("software_copyrights", "rd_projects", "is_hnte", "employees", "revenue_10k_cny", "assets_10k_cny"),
    *("rd_share_pct", "age_years", "ln_assets", "leverage", "return_on_assets"),
    *("is_operating", "has_figures", "is_balanced", "is_balanced_with_figures"),
)
# Columns made from persons, and the column that says of how many.
OF_PERSONS = {
    "members": "members", "member_share_pct": "members", "pioneer_density": "members", "team_members": "team_members",
    "cross_appointment_share_pct": "team_members", "pioneer_units": "pioneer_units",
}  # fmt: skip
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
    shown = {name: panel[name].where(complete(panel, name)) for name in outcomes}
    marked = panel.assign(is_first=panel["year"] == first, is_last=panel["year"] == last, **shown)
    table = marked.groupby("year").agg(
        firms=(unit, "nunique"), entering=("is_first", "sum"), leaving=("is_last", "sum"),
        **{name: (name, "mean") for name in outcomes},
    )  # fmt: skip
    table.loc[table.index.min(), "entering"] = pd.NA
    table.loc[table.index.max(), "leaving"] = pd.NA
    return labelled(table.reset_index().convert_dtypes(), lang)


def complete(panel: pd.DataFrame, outcome: str) -> pd.Series:
    """Return, per row, whether its year shows the outcome in full: published, and the year itself over.

    `outcome`: a column of the panel.
    """
    flag = panel.get(outcome + COMPLETE)
    if flag is not None:
        return flag.fillna(value=False).astype(bool)
    if outcome in YEARLY and "status_on" in panel:
        return panel["status_on"].dt.strftime("%m-%d") == "12-31"
    return pd.Series(True, index=panel.index)


def columns_table(zone: Study, lang: Lang, *, min_cell: int) -> pd.DataFrame:
    """Return the panel's main columns: firm-years that state each, those that do not, mean and median of the first.

    A year that does not show an outcome in full counts as not stated. What stands for fewer than `min_cell` persons in
    all is not given, no median of persons (it would be the number of one firm), and no amount that one firm dominates.
    """
    panel, held = zone.panel(), zone.panel_with_exposures()
    panel = panel.assign(**{name: held[name].to_numpy() for name in OF_PERSONS if name in held})
    rows = []
    for name in DESCRIBED:
        if name not in panel:
            continue
        values = panel[name].astype("Float64").where(complete(panel, name))
        of = OF_PERSONS.get(name)
        is_few = of is not None and panel[of].sum() < min_cell
        is_few |= name.endswith("_cny") and _is_dominated(panel.assign(**{name: values}), name)
        has_median = of is None and values.nunique() > len((False, True))
        shown = {
            "n_obs": int(values.notna().sum()),
            "not_stated": int(values.isna().sum()),
            "mean": three_digits(values.mean()),
            "median": three_digits(values.median()) if has_median else None,
        }
        rows.append({"column": label(name, lang), **(dict.fromkeys(shown) if is_few else shown)})
    return cleared(labelled(pd.DataFrame(rows).convert_dtypes(), lang), minimum=min_cell)


def _is_dominated(panel: pd.DataFrame, amount: str) -> bool:
    """Return whether one firm makes up so much of an amount of money that its mean would tell it (p % rule)."""
    return bool(dominance(panel, amount=amount, firm=unit_of(panel))["is_dominated"].all())


def columns_note(zone: Study, lang: Lang, *, min_cell: int) -> str:
    """Say which firm-years stand in `columns_table` and how to read its means."""
    ours = say("pages.columns_note_zone", lang, min_cell=min_cell) if zone.params.study == "zone" else ""
    return ours + say("pages.columns_note", lang)


def exposure_by_grid(panel: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the mean share of a firm's grid neighbours that are covered: grids (with their firms) down, years across.

    Without a row for a panel that has no grids.
    """
    if "grid_exposure" not in panel:
        return pd.DataFrame()
    known = panel.dropna(subset="grid_id")
    shares = known.pivot_table(index="grid_id", columns="year", values="grid_exposure", aggfunc="mean", dropna=False)
    last = known[known["year"] == known["year"].max()]
    firms = last["grid_id"].value_counts().reindex(shares.index, fill_value=0)
    names = [say("figures.grid_n", lang, grid=grid, n=n) for grid, n in firms.items()]
    return shares.set_axis(names, axis="index").rename_axis(index=None, columns=None)


def exposure_rows(shares: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return `exposure_by_grid` in percent as a table.

    `shares`: from `exposure_by_grid`.
    """
    return (100 * shares).rename_axis(label("grid_id", lang)).reset_index()


def exposure_alt(shares: pd.DataFrame, lang: Lang) -> str:
    """Describe the figure of exposure: grids, and the lowest and highest of the first and of the last year.

    `shares`: from `exposure_by_grid`.
    """
    first, last = 100 * shares.iloc[:, 0], 100 * shares.iloc[:, -1]
    return say("pages.exposure_alt", lang, n=len(shares), first=shares.columns[0], last=shares.columns[-1],
               low=f"{first.min():.0f}", high=f"{first.max():.0f}", low_last=f"{last.min():.0f}",
               high_last=f"{last.max():.0f}")  # fmt: skip


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

    `exposure`: a column of the panel.

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
    """Say which two groups `baseline` compares, with their numbers of firms.

    `exposure`: a column of the panel.
    """
    flags = baseline(panel, exposure)["is_treated"].dropna().astype(bool)
    return say(
        "pages.groups_by_state" if _hardly_changes(panel, exposure) else "pages.groups",
        lang,
        exposure=label(exposure, lang),
        earlier=int(flags.sum()),
        later=int((~flags).sum()),
    )


def complete_years(panel: pd.DataFrame, outcome: str) -> tuple[int, int]:
    """Return first and last year that show `outcome` in full."""
    years = panel.loc[complete(panel, outcome), "year"]
    return int(years.min()), int(years.max())
