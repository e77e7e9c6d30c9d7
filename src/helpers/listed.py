"""The listed-firms study: real firm-years without any party variable, in two sources that must agree.

Goes in: the typed table `listed_firm_years` of each source. Comes out: where the sources differ, what is dirty, the
analysis samples with counted steps, and the figures that a reader can check against the published replication data.
State ownership (`business.nature`, inferred by the data's authors) is a stand-in attribute, not a party variable.
"""

import numpy as np
import pandas as pd

from helpers import models, paths
from helpers.codebook import Codebook

UNIT, PERIOD = "stock_code", "year"
PATH_COLUMNS = ("source_file", "source_sheet", "source_row")
REPLICATION_CONTROLS = ("return_on_net_assets", "earnings_per_share", "growth_rate", "directors")
GROWTH_LIMIT = 10.0
# Checks whose most extreme value is the smallest.
LOWEST = ("growth_below_minus_1", "no_directors")
# Ratios computed by two spreadsheets differ in their last bits; beyond twelve digits no source says anything.
SAME = 1e-12
WINDOW_M = 100_000.0


def source_differences(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare two sources row by row on code and year.

    Parameters
    ----------
    first, second : DataFrame
        Each one row a firm-year with `stock_code`, `year` and columns of the codebook. A column that one source lacks,
        or leaves blank throughout, is not compared.

    Returns
    -------
    columns : DataFrame
        One row a shared column: column, both (rows stated in both), equal (numbers: to 12 digits), differ, only_first,
        only_second (rows that state it in one source alone), largest_gap (absolute, numeric columns).
    rows : DataFrame
        One row a differing cell: stock_code, year, column, first, second.
    """
    key = [UNIT, PERIOD]
    held = [set(frame.columns[frame.notna().any()]) for frame in (first, second)]
    shared = [name for name in first.columns if name in held[0] & held[1] and name not in (*key, *PATH_COLUMNS)]
    both = first[key + shared].merge(second[key + shared], on=key, suffixes=("_1", "_2"), validate="one_to_one")
    summary, cells = [], []
    for name in shared:
        a, b = both[f"{name}_1"], both[f"{name}_2"]
        stated = a.notna() & b.notna()
        if pd.api.types.is_numeric_dtype(a) and not pd.api.types.is_bool_dtype(a):
            one, other = a.astype(float), b.astype(float)
            gap = (one - other).abs()
            differ = stated & (gap > SAME * np.maximum(one.abs(), other.abs()))
            largest = float(gap[stated].max()) if stated.any() else np.nan
        else:
            differ, largest = stated & (a.astype("str") != b.astype("str")), np.nan
        one_sided = a.notna() ^ b.notna()
        summary.append(
            {
                "column": name,
                "both": int(stated.sum()),
                "equal": int((stated & ~differ).sum()),
                "differ": int(differ.sum()),
                "only_first": int((one_sided & a.notna()).sum()),
                "only_second": int((one_sided & b.notna()).sum()),
                "largest_gap": largest,
            }
        )
        found = both.loc[differ | one_sided, key].assign(
            column=name, first=a[differ | one_sided].astype("str"), second=b[differ | one_sided].astype("str")
        )
        cells.append(found)
    return pd.DataFrame(summary), pd.concat(cells, ignore_index=True)


def matched_rows(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, int]:
    """Count firm-years in both sources, in the first alone and in the second alone."""
    side = first[[UNIT, PERIOD]].merge(second[[UNIT, PERIOD]], on=[UNIT, PERIOD], how="outer", indicator=True)
    found = side["_merge"].value_counts()
    return {name: int(found[label]) for name, label in
            (("both", "both"), ("only_first", "left_only"), ("only_second", "right_only"))}  # fmt: skip


def implausible(frame: pd.DataFrame) -> pd.DataFrame:
    """Mark values that cannot be right, one column a check.

    Returns
    -------
    DataFrame of booleans, shape (N, 5)
        green_above_total, growth_above_limit (more than tenfold growth), growth_below_minus_1 (a fall of more than
        100 %), no_directors, top10_above_100.
    """
    return pd.DataFrame(
        {
            "green_above_total": frame["green_patents"] > frame["total_patents"],
            "growth_above_limit": frame["growth_rate"] > GROWTH_LIMIT,
            "growth_below_minus_1": frame["growth_rate"] < -1,
            "no_directors": frame["directors"] <= 0,
            "top10_above_100": frame["top10_share_pct"] > 100,
        }
    ).fillna(value=False)


CHECKED = {
    "green_above_total": "green_patents",
    "growth_above_limit": "growth_rate",
    "growth_below_minus_1": "growth_rate",
    "no_directors": "directors",
    "top10_above_100": "top10_share_pct",
}


def dirt(frame: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Count what is dirty in the data: implausible values, blanks, firms under several short names.

    Returns
    -------
    DataFrame
        One row a check: check, column, n (rows or firms), of, most (most extreme value, as text).
    """
    rows = []
    for check, flags in implausible(frame).items():
        column = CHECKED[check]
        worst = frame.loc[flags, column]
        most = "" if worst.empty else f"{(worst.min() if check in LOWEST else worst.max()):,.9g}"
        rows.append({"check": check, "column": column, "n": int(flags.sum()), "of": len(frame), "most": most})
    complete = frame[_stated(frame, codebook)]
    among = int(implausible(complete)["green_above_total"].sum())
    rows.append({"check": "green_above_total_complete", "column": "green_patents", "n": among, "of": len(complete),
                 "most": ""})  # fmt: skip
    names = short_names(frame)
    rows.append({"check": "several_short_names", "column": "short_name", "n": len(names), "of": frame[UNIT].nunique(),
                 "most": "" if names.empty else " / ".join(names.iloc[0]["names"])})  # fmt: skip
    for name in [c for c in codebook["listed_firm_years"].column_names if c in frame]:
        blank = int(frame[name].isna().sum())
        if blank:
            rows.append({"check": "blank", "column": name, "n": blank, "of": len(frame), "most": ""})
    return pd.DataFrame(rows)


def short_names(frame: pd.DataFrame) -> pd.DataFrame:
    """List the firms that stand under more than one short name, most names first.

    Returns
    -------
    DataFrame
        One row a firm: stock_code, names (tuple), only_mark_differs (nothing but blanks and *ST marks differ).
    """
    spelled = frame.dropna(subset=["short_name"]).groupby(UNIT)["short_name"].agg(lambda s: tuple(sorted(set(s))))
    several = spelled[spelled.map(len) > 1]
    bare = several.map(
        lambda names: len({name.replace(" ", "").removeprefix("*").removeprefix("ST") for name in names})
    )
    table = pd.DataFrame({"names": several, "only_mark_differs": bare == 1}).reset_index()
    return table.sort_values(["names", UNIT], key=lambda s: s.map(len) * -1 if s.name == "names" else s,
                             ignore_index=True)  # fmt: skip


def _stated(frame: pd.DataFrame, codebook: Codebook) -> pd.Series:
    names = [name for name in codebook["listed_firm_years"].column_names if name in frame]
    return frame[names].notna().all(axis=1)


def complete_rows(frame: pd.DataFrame, codebook: Codebook) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep firm-years without any blank and with green patents at most total, counting each step.

    Returns
    -------
    kept : DataFrame
    steps : DataFrame
        One row a step: step, rows_in, dropped, rows_out.
    """
    stated = frame[_stated(frame, codebook)]
    kept = stated[~implausible(stated)["green_above_total"]]
    steps = [("any_blank", len(frame), len(stated)), ("green_above_total", len(stated), len(kept))]
    return kept, _steps(steps)


def near_heating_line(frame: pd.DataFrame, *, window_m: float = WINDOW_M) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep firm-years at most `window_m` metres from the heating line, with green patents per billion yuan of assets.

    Returns
    -------
    kept : DataFrame
        With `green_per_bn_assets` (applications per 10^9 yuan of total assets) and `is_north` (0 or 1).
    steps : DataFrame
        As in `complete_rows`.
    """
    kept = frame[frame["distance_m"] <= window_m]
    kept = kept.assign(
        green_per_bn_assets=kept["green_patents"].astype(float) / (kept["total_assets_cny"] / 1e9),
        is_north=kept["is_north_of_heating_line"].astype(int),
    )
    return kept, _steps([("far_from_line", len(frame), len(kept))])


def _steps(steps: list[tuple[str, int, int]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"step": name, "rows_in": before, "dropped": before - after, "rows_out": after}
            for name, before, after in steps
        ]
    )


def replication(frame: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Recompute the figures that the replication data are known by, beside their expected values.

    Returns
    -------
    DataFrame
        One row a figure of `data/reference/listed_firms_expected.csv`: id, name_zh, name_en, expected, decimals,
        recomputed, is_reproduced (equal at the stated decimals).

    Notes
    -----
    Data of Wang, Woodward & Liu (2022, Environmental & Resource Economics 81). The regression is OLS with classical
    errors of green innovations per billion yuan of assets on Heating, with the four controls of
    `REPLICATION_CONTROLS`; without them the coefficient is the plain difference of the two means.
    """
    complete, _ = complete_rows(frame, codebook)
    near, _ = near_heating_line(complete)
    estimated = heating(near).set_index("sample").loc["near"]
    means = near.groupby("is_north")["green_per_bn_assets"].mean()
    stated = frame["total_patents"].dropna()
    found = {
        "rows": len(frame),
        "firms": frame[UNIT].nunique(),
        "rows_complete": len(complete),
        "rows_near_line": len(near),
        "mean_north": means[1],
        "mean_south": means[0],
        "heating_estimate": estimated["estimate"],
        "heating_std_error": estimated["std_error"],
        "total_patents_stated": len(stated),
        "total_patents_zero_pct": 100 * float((stated == 0).mean()),
    }
    expected = pd.read_csv(paths.REFERENCE / "listed_firms_expected.csv", dtype={"id": "str"})
    recomputed = expected["id"].map(found).astype(float)
    return expected.assign(
        recomputed=recomputed,
        is_reproduced=[round(value, digits) == target for value, digits, target in
                       zip(recomputed, expected["decimals"], expected["expected"], strict=True)],
    )  # fmt: skip


def left_in(complete: pd.DataFrame, near: pd.DataFrame) -> pd.DataFrame:
    """Count the implausible values that the replication's samples still hold, as the published sample does.

    Returns
    -------
    DataFrame
        One row a check with any: check, column, complete, near (rows of either sample).
    """
    flags = {name: implausible(sample).sum() for name, sample in (("complete", complete), ("near", near))}
    counts = pd.DataFrame(flags).astype(int)
    counts = counts[counts.any(axis=1)].rename_axis("check").reset_index()
    return counts.assign(column=counts["check"].map(CHECKED))[["check", "column", "complete", "near"]]


def heating(near: pd.DataFrame) -> pd.DataFrame:
    """Estimate the coefficient on lying north of the line, with all rows and without those that are implausible.

    Returns
    -------
    DataFrame
        One row a sample (near, near_plausible): sample, n_obs, estimate, std_error.
    """
    rows = []
    for name, sample in (("near", near), ("near_plausible", near[~implausible(near).any(axis=1)])):
        result = models.fit(sample, outcome="green_per_bn_assets", exposure="is_north", controls=REPLICATION_CONTROLS,
                            estimator="ols", vcov="iid")  # fmt: skip
        found = result.term("is_north")
        rows.append({"sample": name, "n_obs": result.n_obs, "estimate": found["estimate"],
                     "std_error": found["std_error"]})  # fmt: skip
    return pd.DataFrame(rows)


def panel(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Build the firm-year panel of listed firms; implausible values become missing, with counts.

    Returns
    -------
    panel : DataFrame
        Key (stock_code, year), sorted: total_patents, green_patents, has_patent (applications), is_state_owned (0/1),
        ln_assets (log yuan), leverage, return_on_assets (ratios), growth_rate, directors, top10_share_pct, industry_zh,
        city, first_year, last_year of the firm in the data.
    steps : DataFrame
        One row a check: check, column, nulled (cells set missing).
    """
    flags = implausible(frame)
    table = frame.copy()
    steps = []
    for check, column in CHECKED.items():
        table[column] = table[column].mask(flags[check])
        steps.append({"check": check, "column": column, "nulled": int(flags[check].sum())})
    table["has_patent"] = (table["total_patents"] > 0).astype("Int64")
    table["is_state_owned"] = table["is_state_owned"].astype("Int64")
    table["ln_assets"] = np.log(table["total_assets_cny"].where(table["total_assets_cny"] > 0))
    span = table.groupby(UNIT)[PERIOD]
    table["first_year"], table["last_year"] = span.transform("min"), span.transform("max")
    names = [
        *(UNIT, PERIOD, "industry_zh", "city", "total_patents", "green_patents", "has_patent", "is_state_owned"),
        *("ln_assets", "leverage", "return_on_assets", "growth_rate", "directors", "top10_share_pct", "employees"),
        *("first_year", "last_year"),
    ]
    ordered = table[names].sort_values([UNIT, PERIOD], ignore_index=True)
    return ordered, pd.DataFrame(steps)
