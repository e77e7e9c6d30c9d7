"""How many links are right, by hand: a stratified sample out to a sheet, precision and a bound of recall back.

Strata are the reasons of links, names in review and names without a link: rare reasons are the doubtful ones, and a
plain sample would hardly meet them.
"""

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import xlsxwriter
from statsmodels.stats.proportion import proportion_confint

from helpers import atomic
from helpers.cells import TEXT_ONLY, harmless
from helpers.errors import InputError
from helpers.link import records

YES, NO = "yes", "no"
LEAST_OF_A_STRATUM: Final = 10
_COLUMNS: Final = ["stratum", "right_name", "left_name", "is_right"]
_WIDTHS: Final = (26, 40, 40, 10)
_CREATED: Final = pd.Timestamp("2023-01-01").to_pydatetime()


class Judged(NamedTuple):
    """What a checked sheet says: `strata` one row each, precision and recall with their 95 % intervals (0-1)."""

    strata: pd.DataFrame
    precision: tuple[float, float, float]
    recall: tuple[float, float, float]


def strata(found: pd.DataFrame) -> pd.Series:
    """Return the stratum of every row of `cascade.link`: its reason where linked, else `review` or `none`."""
    return found["reason"].where(found["decision"] == "match", found["decision"])


def _names(found: pd.DataFrame) -> pd.DataFrame:
    """Return one row a name that can be checked, with its stratum."""
    names = found[~found["reason"].isin(["person", "institution", "no_name"])]
    return names.drop_duplicates(["right_row", "right_name"]).assign(stratum=strata(names))


def sampled(found: pd.DataFrame, *, size: int, seed: int) -> pd.DataFrame:
    """Draw a stratified sample of names to be checked.

    Returns
    -------
    DataFrame
        stratum, right_name, left_name (of the first candidate; missing without one), in order of stratum. From every
        stratum at least ten names (or all), beyond these in proportion to its size; persons and institutions are left
        out.
    """
    names = _names(found)
    names = names.sort_values(["stratum", "right_name", "left_name"], na_position="last", ignore_index=True)
    sizes = names["stratum"].value_counts().sort_index()
    share = np.ceil(size * sizes / max(1, sizes.sum())).astype(int)
    wanted = np.minimum(sizes, np.maximum(share, LEAST_OF_A_STRATUM))
    rng = np.random.default_rng(seed)
    parts = [
        rows.iloc[np.sort(rng.choice(len(rows), wanted[stratum], replace=False))]
        for stratum, rows in names.groupby("stratum", sort=True)
    ]
    columns = ["stratum", "right_name", "left_name"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def write_sheet(found: pd.DataFrame, path: Path, *, size: int, seed: int) -> int:
    """Write the sample to an Excel sheet with a drop-down of yes and no, and its strata; return its number of names.

    A link is right where the name is that firm's; a name in review or without a link is `yes` where the register holds
    its firm at all.
    """
    sample = sampled(found, size=size, seed=seed)
    sizes = _names(found)["stratum"].value_counts().sort_index()
    with atomic.written(path) as staged:
        workbook = xlsxwriter.Workbook(staged, {"in_memory": True, **TEXT_ONLY})
        workbook.set_properties({"created": _CREATED})
        bold = workbook.add_format({"bold": True, "bg_color": "#E9ECEF", "bottom": 1})
        page = workbook.add_worksheet("check")
        for place, (title, width) in enumerate(zip(_COLUMNS, _WIDTHS, strict=True)):
            page.set_column(place, place, width)
            page.write_string(0, place, title, bold)
        for place, row in enumerate(sample.itertuples(index=False), start=1):
            for column, cell in enumerate(row):
                page.write_string(place, column, "" if pd.isna(cell) else harmless(str(cell)))
        page.data_validation(1, 3, max(1, len(sample)), 3, {"validate": "list", "source": [YES, NO]})
        page.freeze_panes(1, 0)
        told = workbook.add_worksheet("strata")
        told.write_row(0, 0, ["stratum", "names"], bold)
        for place, (stratum, n) in enumerate(sizes.items(), start=1):
            told.write_row(place, 0, [stratum, int(n)])
        workbook.close()
    return len(sample)


def judge(path: Path) -> Judged:
    """Read a checked sheet and estimate precision and recall.

    Raises
    ------
    InputError
        If a stratum has no answer, or an answer is neither yes nor no.

    Notes
    -----
    Precision: sum over reasons of N_h p_h / sum N_h, p_h the share of right links. Recall: right links / (right links +
    names in review or without a link whose firm is in the register); a bound from above, for the reviewer finds only
    what the names tell. Intervals: Wilson's for each stratum, put together by squares (MOVER, Zou & Donner 2008).
    """
    answers = records.table(path, {name: name for name in ("stratum", "is_right")})
    sizes = records.table(path, {"stratum": "stratum", "names": "names"}).astype({"names": "int64"})
    answers = answers.assign(is_right=answers["is_right"].str.strip().str.lower())
    wrong = answers["is_right"].notna() & ~answers["is_right"].isin([YES, NO])
    given = answers.dropna(subset="is_right")
    counted = (given["is_right"] == YES).groupby(given["stratum"]).agg(checked="size", right="sum")
    counted = counted.reindex(sizes["stratum"]).fillna(0).astype(int)
    table = pd.concat([sizes, counted.reset_index(drop=True)], axis="columns")
    problems = [f"{path.name}: {int(wrong.sum())} answers are neither {YES} nor {NO}"] if wrong.any() else []
    problems += [f"{path.name}: stratum '{name}' has no answer" for name in table.loc[table["checked"] == 0, "stratum"]]
    if problems:
        raise InputError(problems)
    low, high = proportion_confint(table["right"], table["checked"], method="wilson")
    table = table.assign(share=table["right"] / table["checked"], conf_low=low, conf_high=high)
    linked = ~table["stratum"].isin(["review", "none"])
    return Judged(table, _total(table[linked]), _recall(table, linked))


def _total(table: pd.DataFrame) -> tuple[float, float, float]:
    """Return the weighted share of strata with its interval."""
    if table.empty:
        return float("nan"), float("nan"), float("nan")
    weight = table["names"] / table["names"].sum()
    share = float((weight * table["share"]).sum())
    down = np.sqrt(((weight * (table["share"] - table["conf_low"])) ** 2).sum())
    up = np.sqrt(((weight * (table["conf_high"] - table["share"])) ** 2).sum())
    return share, float(max(0.0, share - down)), float(min(1.0, share + up))


def _recall(table: pd.DataFrame, linked: pd.Series) -> tuple[float, float, float]:
    yes = table["names"] * table["share"]
    found, lost = float(yes[linked].sum()), float(yes[~linked].sum())
    if not found + lost:
        return float("nan"), float("nan"), float("nan")
    recall = found / (found + lost)
    # Steps of recall for a name more or less found or lost.
    slope = np.where(linked, lost, -found) / (found + lost) ** 2 * table["names"].to_numpy()
    below = np.where(linked, table["share"] - table["conf_low"], table["conf_high"] - table["share"])
    above = np.where(linked, table["conf_high"] - table["share"], table["share"] - table["conf_low"])
    down, up = (float(np.sqrt(((slope * reach) ** 2).sum())) for reach in (below, above))
    return recall, max(0.0, recall - down), min(1.0, recall + up)
