"""The register of enterprises and their yearly figures: the analysable base, firms that left it, and the long tail.

The base carries two latent draws, size and innovative strength, from which revenue, R&D, certificates and patents
follow; they are correlated, because large firms innovate more, and they are never written to a table.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.simulate import names
from helpers.simulate.draws import (
    AS_OF,
    LAST_YEAR,
    NAT,
    YEARS,
    at_least_one_each,
    day,
    days_between,
    in_days,
    joined,
    numbered,
    pick,
    stream,
    year_of,
)  # fmt: skip
from helpers.simulate.readings import INDUSTRIAL_FIRMS, QUOTA_FIRMS

GRIDS, AREAS = 18, 4
LEFT_BASE = 30
SIZE_AND_STRENGTH = 0.45
EXITED_SHARE = 0.12
SAMPLED_SHARE = 0.10
ZONE_GRIDS = numbered("G", GRIDS, 2)
ZONE_AREAS = numbered("A", AREAS, 2)
LISTED_FIRMS = {0: "A股", 1: "H股", 4: "A股", 9: "新三板", 17: "新三板", 30: "新三板"}


@dataclass(frozen=True)
class Population:
    """Every legal unit, in the order of the table, with what is latent about the base.

    `base` is one row an analysable firm first, then one row a firm that left the base, in the order of the first rows
    of `enterprises`: `uscc`, `name`, `sector` (industrial, trade, catering), `founded_on`, `exit_on` (days), `grid`,
    `area` (0-based), `size`, `strength` (standard normal), `rank` (0 = largest of its sector).
    """

    enterprises: pd.DataFrame
    base: pd.DataFrame
    analysable: int
    alive: int


def population(seed: int, firms: int) -> Population:
    """Draw every legal unit of the zone.

    Parameters
    ----------
    seed : int
    firms : int
        Market entities registered on 2023-06-30; those that left before come on top.
    """
    rng = stream(seed, "base")
    analysable = INDUSTRIAL_FIRMS + QUOTA_FIRMS
    base = _base(rng)
    tail = _tail(stream(seed, "tail"), firms - analysable, round(firms * EXITED_SHARE))
    size = len(base) + len(tail)
    trade = names.trade_names(stream(seed, "names"), size + 40)
    sheet = pd.concat([_base_sheet(rng, base, trade[: len(base)]), tail], ignore_index=True)
    sheet["name_zh"] = _names(stream(seed, "name parts"), sheet, trade[:size].reset_index(drop=True))
    founded = sheet["founded_on"].to_numpy().astype("datetime64[D]")
    sheet["uscc"] = names.credit_codes(stream(seed, "codes"), founded, (sheet["kind"] == "household").to_numpy())
    sheet["former_names"] = _former_names(stream(seed, "former names"), sheet, trade[size:].reset_index(drop=True))
    base = base.assign(uscc=sheet["uscc"][: len(base)], name=sheet["name_zh"][: len(base)])
    return Population(sheet, base, analysable, firms)


def _base(rng: np.random.Generator) -> pd.DataFrame:
    catering = 15
    sector = np.repeat(
        ["industrial", "trade", "catering", "industrial", "trade"],
        [INDUSTRIAL_FIRMS, QUOTA_FIRMS - catering, catering, LEFT_BASE - 10, 10],
    ).astype(object)
    size = len(sector)
    left = np.arange(size) >= size - LEFT_BASE
    draw = rng.standard_normal((3, size))
    scale = draw[0]
    strength = SIZE_AND_STRENGTH * scale + np.sqrt(1 - SIZE_AND_STRENGTH**2) * draw[1]
    founded_before = np.where(sector == "industrial", day("2017-12-31"), day("2020-06-30"))
    founded = days_between(rng, day("1996-03-01"), founded_before)
    # Large firms are old: the upper half was there before the panel starts.
    founded = np.where((scale > 0.3) & (founded > day("2011-12-31")), founded - in_days(3650), founded)
    founded = np.where(left, np.minimum(founded, day("2012-06-30")), founded)
    exit_on = np.where(left, days_between(rng, day("2014-03-01"), day("2023-03-31"), size), NAT)
    base = pd.DataFrame(
        {"sector": sector, "left": left, "size": scale, "strength": strength, "founded_on": founded, "exit_on": exit_on}
    )
    base["rank"] = base.groupby(["sector", "left"])["size"].rank(ascending=False).astype(int) - 1
    per_grid = at_least_one_each(rng, size - LEFT_BASE, rng.dirichlet(np.full(GRIDS, 8.0)), 6)
    grid = np.concatenate([rng.permutation(np.repeat(np.arange(GRIDS), per_grid)), rng.integers(0, GRIDS, LEFT_BASE)])
    # Grids and areas are two keys of their own: most firms of a grid stand in its area, some do not.
    base["grid"] = grid
    base["area"] = np.where(rng.random(size) < 0.9, grid * AREAS // GRIDS, rng.integers(0, AREAS, size))
    return base


def _base_sheet(rng: np.random.Generator, base: pd.DataFrame, trade: pd.Series) -> pd.DataFrame:
    size = len(base)
    left = base["left"].to_numpy()
    sector = base["sector"].to_numpy()
    control = pick(rng, ["私人控股", "港澳台商控股", "外商控股"], size, [0.76, 0.18, 0.06])
    registered = pd.Series(control).map({"私人控股": "私营有限", "港澳台商控股": "港澳台商", "外商控股": "外商"})
    words, codes = np.empty(size, dtype=object), np.empty(size, dtype=object)
    for kind in ("industrial", "trade", "catering"):
        mask = sector == kind
        words[mask], codes[mask] = names.industries(rng, kind, int(mask.sum()))
    scale = pd.Series(sector).map({"industrial": "规上工业", "trade": "限上批零", "catering": "限上住餐"})
    listed = pd.Series("否", index=range(size)).mask(
        (base["sector"] == "industrial") & ~base["left"], base["rank"].map(LISTED_FIRMS).fillna("否")
    )
    founded_year = year_of(base["founded_on"].to_numpy())
    since = np.maximum(founded_year + rng.geometric(0.45, size) - 1, 1998)
    since = np.minimum(np.maximum(since, founded_year), np.where(left, 2013, 2022))
    group = rng.permutation(size)[: size // 12 * 2]
    groups = pd.Series(pd.NA, index=range(size), dtype="str")
    groups.iloc[group] = np.repeat(numbered("JT", len(group) // 2, 3), 2)
    return pd.DataFrame(
        {
            "kind": "firm",
            "word": words,
            "is_stock": (listed != "否").to_numpy(),
            "founded_on": base["founded_on"],
            "status": np.where(
                left, pick(rng, ["注销", "迁出"], size, [0.7, 0.3]), pick(rng, ["存续", "在业"], size, [0.8, 0.2])
            ),
            "exit_on": base["exit_on"],
            "reg_type": registered,
            "control_type": control,
            "industry_code": codes,
            "above_scale": scale.mask(base["left"], "否"),
            "scale_since": pd.array(since, dtype="Int64"),
            "listed": listed,
            "group_id": groups,
            "area_id": ZONE_AREAS[base["area"]],
            "grid_id": ZONE_GRIDS[base["grid"]],
            "operating": ~left,
        }
    )


def _tail(rng: np.random.Generator, alive: int, exited: int) -> pd.DataFrame:
    size = alive + exited
    kinds = ["household", "firm", "branch"]
    kind = pick(rng, kinds, size, [0.55, 0.41, 0.04])
    left = np.arange(size) >= alive
    # Registrations grow over time: the square root of a uniform draw leans to the recent years.
    span = (AS_OF - day("1995-01-01")).astype(int)
    founded = day("1995-01-01") + np.floor(span * np.sqrt(rng.random(size))).astype("timedelta64[D]")
    founded = np.where(left, np.minimum(founded, day("2022-06-30")), founded)
    exit_on = days_between(rng, np.maximum(founded + in_days(120), day("2013-01-15")), AS_OF)
    registered = pick(rng, ["私营有限", "港澳台商", "外商", "国有控股"], size, [0.945, 0.025, 0.015, 0.015])
    registered = np.select([kind == "household", kind == "branch"], ["个体工商户", "分支机构"], registered)
    control = pd.Series(registered).map({"港澳台商": "港澳台商控股", "外商": "外商控股", "国有控股": "国有控股"})
    control = control.fillna("私人控股").mask(pd.Series(rng.random(size) < 0.008), "集体控股")
    words, codes = names.industries(rng, "small", size)
    household = kind == "household"
    words[household], codes[household] = names.industries(rng, "household", int(household.sum()))
    status = np.where(
        left,
        pick(rng, ["注销", "吊销", "迁出"], size, [0.82, 0.1, 0.08]),
        pick(rng, ["存续", "在业"], size, [0.85, 0.15]),
    )
    grid = rng.integers(0, GRIDS, size)
    area = np.where(rng.random(size) < 0.9, grid * AREAS // GRIDS, rng.integers(0, AREAS, size))
    return pd.DataFrame(
        {
            "kind": kind, "word": words, "is_stock": False, "founded_on": founded, "status": status,
            "exit_on": np.where(left, exit_on, NAT), "reg_type": registered, "control_type": control,
            "industry_code": codes, "above_scale": "否", "scale_since": pd.array(np.full(size, None), dtype="Int64"),
            "listed": "否", "group_id": pd.Series(pd.NA, index=range(size), dtype="str"),
            "area_id": ZONE_AREAS[area],
            "grid_id": pd.Series(ZONE_GRIDS[grid], dtype="str").mask(pd.Series(rng.random(size) < 0.12)),
            "operating": ~left & (rng.random(size) < np.where(household, 0.93, 0.88)),
        }
    )  # fmt: skip


def _names(rng: np.random.Generator, sheet: pd.DataFrame, trade: pd.Series) -> pd.Series:
    words = sheet["word"].to_numpy()
    built = names.company_names(rng, trade, words, sheet["is_stock"].to_numpy())
    built = built.mask(sheet["kind"] == "household", names.household_names(trade, words))
    return built.mask(sheet["kind"] == "branch", names.branch_names(trade, words))


def _former_names(rng: np.random.Generator, sheet: pd.DataFrame, spare: pd.Series) -> pd.Series:
    """Give some firms of the base one or two former names: an older form, or another trade name."""
    former = pd.Series(pd.NA, index=sheet.index, dtype="str")
    chosen = rng.permutation(min(len(sheet), 264))[:38]
    older = joined("泉州", spare[: len(chosen)], sheet["word"].to_numpy()[chosen], "有限公司")
    former.iloc[chosen] = older
    twice = chosen[:6]
    former.iloc[twice] = joined(
        former.iloc[twice], joined(spare[-6:], sheet["word"].to_numpy()[twice], "厂"), separator=";"
    )
    return former


def enterprise_years(seed: int, people: Population, first_award: np.ndarray, last_award: np.ndarray) -> pd.DataFrame:
    """Draw the yearly figures: the base in every year that it exists, and a sample of small firms.

    Parameters
    ----------
    seed : int
    people : Population
    first_award, last_award : ndarray of int, shape (N,)
        Years of the first and last high-tech recognition of the firms of the base; 0 if never.

    Returns
    -------
    DataFrame
        Codebook table `enterprise_years`. The figures of 2023 are the full year as estimated in June.

    Notes
    -----
    R&D of a recognised firm stands at the threshold of its size class (5 % up to 5,000, 4 % up to 20,000, else 3 % of
    sales, 国科发火〔2016〕32号) plus a small excess, for most just above it: the bunching is planted.
    """
    base = _base_years(stream(seed, "years"), people.base, first_award, last_award)
    rng = stream(seed, "tail years")
    sheet = people.enterprises.iloc[len(people.base) :]
    private = np.flatnonzero(((sheet["kind"] == "firm") & (sheet["reg_type"] != "国有控股")).to_numpy())
    sampled = sheet.iloc[np.sort(rng.permutation(private)[: round(SAMPLED_SHARE * len(private))])]
    return pd.concat([base, _tail_years(rng, sampled)], ignore_index=True)


def _grid(founded_on: np.ndarray, exit_on: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows (firm, year) in which a firm existed at the year's end, or left during it."""
    start = year_of(founded_on)
    end = np.where(np.isnat(exit_on), LAST_YEAR, year_of(np.where(np.isnat(exit_on), AS_OF, exit_on)))
    firm, place = np.nonzero((YEARS[None, :] >= start[:, None]) & (YEARS[None, :] <= end[:, None]))
    return firm, YEARS[place]


def _base_years(rng, base: pd.DataFrame, first_award: np.ndarray, last_award: np.ndarray) -> pd.DataFrame:
    count = len(base)
    sector = base["sector"].to_numpy()
    industrial = sector == "industrial"
    # Median sales of 130 and 100 million yuan; lodging and catering is small.
    level = np.select([industrial, sector == "trade"], [np.log(13_000), np.log(10_000)], np.log(900))
    level = level + np.where(sector == "catering", 0.5, 1.15) * base["size"].to_numpy()
    floor = np.select([industrial, sector == "trade"], [2_050.0, 2_080.0], 215.0)
    shock = np.cumsum(rng.normal(0.0, 0.11, (count, len(YEARS))), axis=1)
    growth = 0.045 * (YEARS - 2018)[None, :] - 0.07 * (YEARS == 2020) + shock
    existing = year_of(base["founded_on"].to_numpy())[:, None]
    young = np.clip(0.35 * (3 - (YEARS[None, :] - existing)), 0, 1.05)
    revenue = np.maximum(np.exp(level[:, None] + growth - young), floor[:, None] * (1 + 0.15 * rng.random(shock.shape)))
    per_head = np.select([industrial, sector == "trade"], [48.0, 150.0], 22.0)[:, None] * np.exp(
        rng.normal(0, 0.3, (count, 1))
    )
    employees = np.maximum(np.rint(revenue / per_head * np.exp(rng.normal(0, 0.06, revenue.shape))), 8)
    share = _rd_share(rng, base, revenue, first_award, last_award)
    firm, year = _grid(
        base["founded_on"].to_numpy().astype("datetime64[D]"), base["exit_on"].to_numpy().astype("datetime64[D]")
    )
    place = year - YEARS[0]
    held = (first_award[firm] > 0) & (year >= first_award[firm] - 1) & (year <= last_award[firm] + 3)
    return _sheet(
        rng,
        uscc=base["uscc"].to_numpy()[firm],
        year=year,
        employees=employees[firm, place],
        revenue=revenue[firm, place],
        rd_share=share[firm, place],
        strength=base["strength"].to_numpy()[firm],
        is_recognised=held,
        source=pick(rng, ["统计报表", "税务", "企业自报"], len(firm), [0.93, 0.05, 0.02]),
    )


def _rd_share(
    rng, base: pd.DataFrame, revenue: np.ndarray, first_award: np.ndarray, last_award: np.ndarray
) -> np.ndarray:
    threshold = np.select([revenue <= 5_000, revenue <= 20_000], [0.05, 0.04], 0.03)
    industrial = (base["sector"] == "industrial").to_numpy()[:, None]
    usual = np.exp(np.log(0.016) + 0.45 * base["strength"].to_numpy()[:, None] + rng.normal(0, 0.45, revenue.shape))
    usual = np.where(industrial, usual, np.where(rng.random(revenue.shape) < 0.08, usual / 3, 0.0))
    bunches = rng.random((len(base), 1)) < 0.65
    excess = np.where(bunches, rng.exponential(0.0022, revenue.shape), rng.exponential(0.014, revenue.shape))
    near = (first_award[:, None] > 0) & (first_award[:, None] - 2 <= YEARS) & (last_award[:, None] + 2 >= YEARS)
    return np.minimum(np.where(near, threshold + excess, np.minimum(usual, 0.12)), 0.3)


def _tail_years(rng: np.random.Generator, sampled: pd.DataFrame) -> pd.DataFrame:
    founded = sampled["founded_on"].to_numpy().astype("datetime64[D]")
    firm, year = _grid(founded, sampled["exit_on"].to_numpy().astype("datetime64[D]"))
    level = rng.normal(np.log(420), 0.95, len(sampled))
    revenue = np.minimum(np.exp(level[firm] + rng.normal(0, 0.25, len(firm)) + 0.03 * (year - 2018)), 1_950.0)
    return _sheet(
        rng,
        uscc=sampled["uscc"].to_numpy()[firm],
        year=year,
        employees=np.maximum(np.rint(revenue / rng.uniform(30, 80, len(firm))), 1),
        revenue=revenue,
        rd_share=np.where(rng.random(len(firm)) < 0.05, rng.gamma(2.0, 0.012, len(firm)), 0.0),
        strength=np.zeros(len(firm)),
        is_recognised=np.zeros(len(firm), dtype=bool),
        source=pick(rng, ["工商年报", "税务", "企业自报"], len(firm), [0.6, 0.35, 0.05]),
    )


def _sheet(rng, *, uscc, year, employees, revenue, rd_share, strength, is_recognised, source) -> pd.DataFrame:
    size = len(year)
    college = np.floor(employees * np.clip(rng.beta(3, 14, size) + 0.03 * strength, 0.02, 0.8))
    scientific = np.where(
        is_recognised, rng.uniform(0.10, 0.18, size), np.where(rd_share > 0, rng.uniform(0.01, 0.07, size), 0.0)
    )
    rd = revenue * rd_share
    assets = revenue * np.exp(rng.normal(-0.15, 0.4, size))
    hitech = np.where(
        is_recognised, rng.uniform(0.6, 0.92, size), np.where(rd_share > 0.02, rng.uniform(0, 0.4, size), 0.0)
    )
    return pd.DataFrame(
        {
            "uscc": uscc,
            "year": year,
            "employees": employees,
            "college_staff": college,
            "rd_staff": np.minimum(np.ceil(employees * scientific), employees),
            "revenue": np.round(revenue, 2),
            "core_revenue": np.round(revenue * rng.uniform(0.9, 1.0, size), 2),
            "profit": np.round(revenue * (0.055 + 0.01 * strength + rng.normal(0, 0.05, size)), 2),
            "assets": np.round(assets, 2),
            "liabilities": np.round(assets * np.clip(rng.beta(5, 5, size), 0.05, 0.95), 2),
            "rd_expense": np.round(rd, 2),
            "rd_subsidy": np.round(rd * np.where(rng.random(size) < 0.3, rng.uniform(0, 0.12, size), 0.0), 2),
            "hitech_revenue": np.round(np.floor(revenue * 100) / 100 * hitech, 2),
            "source": source,
        }
    )
