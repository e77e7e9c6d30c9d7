"""Patents with their owners, and software copyrights: what was filed, and what the register shows at the extract.

Filings of the base are Poisson by firm, month and type around a firm's own level (lognormal) and a firm-year shock
(gamma), so they are overdispersed; the level is set so that 70 % of the firm-years of 2013-2022 have no filing in the
scenario without an effect. What a scenario plants comes as additional filings on top of the same draws.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.params.model import Calibration
from helpers.simulate import names
from helpers.simulate.draws import (
    AS_OF,
    NAT,
    YEARS,
    add_months,
    day,
    days_between,
    in_days,
    joined,
    pick,
    stream,
    year_of,
)
from helpers.simulate.firms import GRIDS, ZONE_GRIDS, Population
from helpers.simulate.organisations import Coverage
from helpers.simulate.scenarios import PATENT_TYPES, Scenario, grid_exposure, log_uplift

ZERO_SHARE = 0.70
MONTHS = np.arange(np.datetime64("2013-01"), np.datetime64("2023-07"))
INVENTION, UTILITY, DESIGN = range(3)
_TYPE_DIGIT = np.array([1, 2, 3])
_CHECK_WEIGHTS = np.array([2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5], dtype=np.int16)
_CLASSES = (
    ("A43B 13/14", "A43D 8/16", "D04B 1/22", "B29D 35/12", "A41H 3/00", "C08L 23/08", "G06Q 10/06"),
    ("A43B 13/18", "A43B 7/08", "A43B 23/02", "A41D 13/00", "A41D 27/28", "D05B 33/00", "B65D 5/44", "A43D 25/20"),
    ("02-04", "02-04", "02-02", "02-02", "02-03", "03-01", "09-03"),
)
_SOFTWARE = (
    "鞋样三维设计系统", "生产计划管理系统", "仓储管理系统", "门店零售管理系统", "面料数据库系统", "缝制设备监控系统",
    "供应商协同平台", "电商订单处理系统", "质量追溯系统", "能耗监测系统",
)  # fmt: skip


@dataclass(frozen=True)
class Filings:
    """Every filing, seen or not.

    `events` has one row a filing: `firm` (row of `enterprises`), `type` (0-2), `filed_on`, `is_added`.
    """

    events: pd.DataFrame
    log_rates: np.ndarray
    """Log rate a year of the base without any planted effect, shape (3, N, years)."""


@dataclass(frozen=True)
class Intensities:
    """How many filings are expected of each firm of the base, by month and type.

    Attributes
    ----------
    log_rates : ndarray, shape (3, N, years)
        Log rate a year without any planted effect.
    usual : ndarray, shape (3, N, T)
        Filings expected in each of `MONTHS` without any planted effect; zero before a firm's founding and after its
        exit.
    added : ndarray, shape (3, N, T)
        Filings that the scenario adds to them.
    """

    log_rates: np.ndarray
    usual: np.ndarray
    added: np.ndarray


def intensities(
    seed: int, people: Population, covered_on: np.ndarray, plan: Scenario, exposure: np.ndarray
) -> Intensities:
    """Return what is expected of the base, of which `filings` are draws.

    Parameters
    ----------
    seed : int
    people : Population
        With N firms in its base.
    covered_on : ndarray of datetime64[D], shape (N,)
        First coverage of each firm of the base; NaT if never.
    plan : Scenario
    exposure : ndarray, shape (N, T)
        Share (0-1) of the other analysable firms of the grid that are covered, in each of `MONTHS`.
    """
    base = people.base
    rates = _log_rates(stream(seed, "rates"), people)
    usual = np.exp(rates)[:, :, MONTHS.astype("datetime64[Y]").astype(int) + 1970 - YEARS[0]] / 12
    founded = base["founded_on"].to_numpy().astype("datetime64[M]")[:, None]
    left = base["exit_on"].to_numpy().astype("datetime64[M]")[:, None]
    usual = usual * ((founded <= MONTHS) & ~(left <= MONTHS))
    uplift = log_uplift(plan, months=MONTHS, covered_on=covered_on, exposure=exposure)
    return Intensities(rates, usual, usual * np.expm1(uplift))


def covered_days(people: Population, coverage: Coverage) -> np.ndarray:
    """Return the day of first coverage of each firm of the base, NaT for the uncovered and those that left."""
    days = np.full(len(people.base), NAT, dtype="datetime64[D]")
    days[: people.analysable] = coverage.firms["covered_on"].to_numpy().astype("datetime64[D]")
    return days


def counts(seed: int, expected: Intensities) -> tuple[np.ndarray, np.ndarray]:
    """Draw filings by type, firm of the base and month, those of every scenario and those added, (3, N, T) each."""
    return stream(seed, "filings").poisson(expected.usual), stream(seed, "added filings").poisson(expected.added)


def filings(seed: int, people: Population, coverage: Coverage, plan: Scenario, readings: Calibration) -> Filings:
    """Draw when which firm files what."""
    covered_on = covered_days(people, coverage)
    grid = people.base["grid"].to_numpy()
    inside = slice(0, people.analysable)
    others, whole = grid_exposure(grid[inside], covered_on[inside], MONTHS, GRIDS)
    exposure = np.concatenate([others, whole[grid[people.analysable :]]])
    expected = intensities(seed, people, covered_on, plan, exposure)
    usual, added = counts(seed, expected)
    events = [
        _expand(stream(seed, "filing days"), usual, is_added=False),
        _expand(stream(seed, "added days"), added, is_added=True),
        *_tail_filings(seed, people, plan, whole, readings),
    ]
    return Filings(pd.concat(events, ignore_index=True), expected.log_rates)


def _log_rates(rng: np.random.Generator, people: Population) -> np.ndarray:
    base = people.base
    count = len(base)
    sector = base["sector"].to_numpy()
    level = np.select([sector == "industrial", sector == "trade"], [0.0, -2.0], -3.2)
    own = np.clip(1.05 * base["strength"].to_numpy() + 0.35 * base["size"].to_numpy(), -3.0, 2.6)
    by_type = rng.normal(0, 0.75, (3, count)) + np.array([-1.25, 0.0, 0.35])[:, None]
    trend = np.array([0.06, 0.05, 0.03])[:, None, None] * (YEARS - 2018)
    shock = np.log(rng.gamma(1.6, 1 / 1.6, (count, len(YEARS))) + 1e-6)
    rates = level[None, :, None] + own[None, :, None] + by_type[:, :, None] + trend + shock[None]
    existing = YEARS[None, :-1] > year_of(base["founded_on"].to_numpy())[:, None]
    existing[people.analysable :] = False
    total = np.exp(rates).sum(axis=0)[:, :-1][existing]
    low, high = -10.0, 5.0
    for _ in range(50):
        middle = (low + high) / 2
        if np.exp(-np.exp(middle) * total).mean() > ZERO_SHARE:
            low = middle
        else:
            high = middle
    return rates + middle


def _expand(rng: np.random.Generator, counts: np.ndarray, *, is_added: bool) -> pd.DataFrame:
    kind, firm, month = np.nonzero(counts)
    times = counts[kind, firm, month]
    kind, firm, month = (np.repeat(place, times) for place in (kind, firm, month))
    month_ends = (MONTHS + np.timedelta64(1, "M")).astype("datetime64[D]") - in_days(1)
    filed = days_between(rng, MONTHS[month].astype("datetime64[D]"), month_ends[month])
    return pd.DataFrame({"firm": firm, "type": kind, "filed_on": filed, "is_added": is_added})


def _tail_filings(
    seed: int, people: Population, plan: Scenario, whole: np.ndarray, readings: Calibration
) -> list[pd.DataFrame]:
    """Draw the filings of small private firms; what spillover adds is drawn at its highest rate and then thinned."""
    rng = stream(seed, "tail filings")
    sheet = people.enterprises.iloc[len(people.base) :]
    small = np.flatnonzero((sheet["kind"] == "firm").to_numpy())
    rate = readings.small_firm_patents * rng.gamma(0.12, 1 / 0.12, len(small))
    founded = np.maximum(
        sheet["founded_on"].to_numpy().astype("datetime64[D]")[small], MONTHS[0].astype("datetime64[D]")
    )
    left = sheet["exit_on"].to_numpy().astype("datetime64[D]")[small]
    left = np.where(np.isnat(left), AS_OF, left)
    share = np.array([0.14, 0.40, 0.46])
    base = _scatter(rng, rng.poisson(rate), small, founded, left, share, len(people.base), is_added=False)
    peak = np.array([plan.spillover[kind] for kind in PATENT_TYPES])
    if not peak.any():
        return [base]
    rng = stream(seed, "tail added")
    gain = share * np.expm1(peak)
    added = _scatter(
        rng, rng.poisson(rate * gain.sum()), small, founded, left, gain / gain.sum(), len(people.base), is_added=True
    )
    grid = (
        people.enterprises["grid_id"]
        .map({name: place for place, name in enumerate(ZONE_GRIDS)})
        .to_numpy(dtype=float, na_value=np.nan)
    )
    grid = grid[added["firm"]]
    month = (added["filed_on"].to_numpy().astype("datetime64[M]") - MONTHS[0]).astype(int)
    exposure = np.where(np.isnan(grid), 0.0, whole[np.nan_to_num(grid).astype(int), month])
    top = peak[added["type"]]
    kept = rng.random(len(added)) < np.expm1(top * exposure) / np.expm1(top)
    return [base, added[kept]]


def _scatter(rng, counts, small, founded, left, share, offset, *, is_added: bool) -> pd.DataFrame:
    row = np.repeat(np.arange(len(small)), counts)
    kind = rng.choice(3, len(row), p=share)
    return pd.DataFrame(
        {
            "firm": small[row] + offset,
            "type": kind,
            "filed_on": days_between(rng, founded[row], left[row]),
            "is_added": is_added,
        }
    )


def patents(seed: int, people: Population, filed: Filings) -> dict[str, pd.DataFrame]:
    """Return the tables `patents` and `patent_owners`: what the register shows at the extract.

    Inventions stand in it from their publication, 18 months after filing; utility models and designs from their grant,
    six to nine months after filing. Acquired patents were filed by firms outside the zone: their applicant code is
    missing, and the firm stands among the owners as a buyer (受让) alone.
    """
    rng = stream(seed, "register")
    events = filed.events
    sheet = people.enterprises
    bought = _bought(stream(seed, "bought"), people, filed)
    kind = np.concatenate([events["type"].to_numpy(), bought["type"].to_numpy()])
    filed_on = np.concatenate([events["filed_on"].to_numpy(), bought["filed_on"].to_numpy()]).astype("datetime64[D]")
    size = len(kind)
    published = np.where(kind == INVENTION, add_months(filed_on, 18), NAT)
    is_granted = (kind != INVENTION) | (rng.random(size) < 0.55)
    lag = np.where(kind == INVENTION, rng.integers(24, 47, size), rng.integers(6, 9, size))
    granted = np.where(is_granted, add_months(filed_on, lag), NAT)
    visible = np.where(kind == INVENTION, published, granted) <= AS_OF
    granted = np.where(granted <= AS_OF, granted, NAT)
    firm = np.concatenate([events["firm"].to_numpy(), bought["firm"].to_numpy()])
    is_bought = np.arange(size) >= len(events)
    applicant = pd.Series(
        np.concatenate(
            [sheet["name_zh"].to_numpy(dtype=object)[events["firm"]], bought["seller"].to_numpy(dtype=object)]
        ),
        dtype="str",
    )
    partner = _partners(rng, people, firm, filed_on, is_bought)
    has_outside = ~is_bought & (partner < 0) & (firm < len(people.base)) & (rng.random(size) < 0.03)
    raw = applicant.copy()
    raw[partner >= 0] = joined(
        applicant[partner >= 0], sheet["name_zh"].to_numpy(dtype=object)[partner[partner >= 0]], separator=";"
    ).to_numpy()
    raw[has_outside] = joined(applicant[has_outside], "海丝鞋服产业研究院", separator=";").to_numpy()
    number = application_numbers(filed_on, kind)
    age = (AS_OF - filed_on).astype(int) / 365.25
    codes = sheet["uscc"].to_numpy(dtype=object)
    table = pd.DataFrame(
        {
            "application_no": number, "patent_type": np.array(PATENT_TYPES, dtype=object)[kind], "applicants_raw": raw,
            "uscc": np.where(is_bought, None, codes[firm]), "filed_on": filed_on, "published_on": published,
            "granted_on": granted, "legal_status": _status(rng, kind, granted, age), "ipc_main": _class(rng, kind),
            "inventor_count": 1 + rng.poisson(np.array([2.4, 1.6, 0.6])[kind]),
            "citations": rng.poisson(np.array([0.5, 0.2, 0.0])[kind] * np.maximum(age - 1, 0)), "extracted_on": AS_OF,
        }
    )  # fmt: skip
    owners = _owners(rng, codes, number, firm, partner, is_bought, granted, bought, people)
    table = table[visible].sort_values(["filed_on", "application_no"], ignore_index=True)
    # Shares with an owner outside the register cannot add up to 1: such a filing has its applicant code alone.
    listed = visible & ~has_outside
    owners = owners[owners["filing"].map(pd.Series(listed)).to_numpy()].drop(columns="filing")
    return {"patents": table, "patent_owners": owners.sort_values(["application_no", "uscc"], ignore_index=True)}


def _bought(rng, people: Population, filed: Filings) -> pd.DataFrame:
    """Draw the patents that firms of the base bought from outside the zone, more by those that file more."""
    level = np.exp(filed.log_rates[:, : people.analysable].mean(axis=(0, 2)))
    firm = rng.choice(people.analysable, 220, p=level / level.sum())
    trade = names.trade_names(rng, 60).to_numpy(dtype=object)
    seller = joined("厦门", trade[rng.integers(0, 60, 220)], "科技有限公司").to_numpy(dtype=object)
    filed_on = days_between(rng, day("2012-01-01"), day("2018-12-31"), 220)
    kind = rng.choice(3, 220, p=[0.45, 0.5, 0.05])
    founded = people.base["founded_on"].to_numpy()[firm].astype("datetime64[D]")
    acquired = days_between(rng, np.maximum(filed_on + in_days(1500), founded), AS_OF)
    return pd.DataFrame({"firm": firm, "type": kind, "filed_on": filed_on, "seller": seller, "acquired_on": acquired})


def _partners(rng, people: Population, firm: np.ndarray, filed_on: np.ndarray, is_bought: np.ndarray) -> np.ndarray:
    """Choose a second owner for some filings of the base: another firm of it that existed by then."""
    partner = np.full(len(firm), -1)
    is_base = ~is_bought & (firm < people.analysable)
    chosen = np.flatnonzero(is_base & (rng.random(len(firm)) < 0.06))
    other = rng.integers(0, people.analysable, len(chosen))
    founded = people.base["founded_on"].to_numpy().astype("datetime64[D]")
    fits = (other != firm[chosen]) & (founded[other] < filed_on[chosen])
    partner[chosen[fits]] = other[fits]
    return partner


def _status(rng, kind: np.ndarray, granted: np.ndarray, age: np.ndarray) -> np.ndarray:
    draw = rng.random(len(kind))
    is_granted = ~np.isnat(granted)
    lapsed = is_granted & (draw < np.clip(0.07 * (age - 2), 0, 0.75))
    dead = ~is_granted & (age > 3) & (draw < 0.75)
    return np.select([lapsed, is_granted, dead & (draw < 0.5), dead], ["失效", "有效", "驳回", "撤回"], "审中").astype(
        object
    )


def _class(rng, kind: np.ndarray) -> np.ndarray:
    out = np.empty(len(kind), dtype=object)
    for number, classes in enumerate(_CLASSES):
        mask = kind == number
        out[mask] = pick(rng, classes, int(mask.sum()))
    return out


def application_numbers(filed_on: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Return different application numbers: year, type digit, seven-digit serial and check digit (since October 2003).

    Notes
    -----
    The check digit is the sum of the twelve digits, weighted 2 … 9, 2 … 5, modulo 11; ten is written X.
    """
    group = year_of(filed_on) * 10 + _TYPE_DIGIT[kind]
    rank = pd.Series(group).groupby(group).cumcount().to_numpy()
    # 7,919 is prime to 10, so the serials of a year and type do not repeat below ten million.
    whole = group * 10**7 + (1_234_567 + rank * 7_919) % 10**7
    digits = np.empty((len(whole), 12), dtype=np.int16)
    for place in range(12):
        digits[:, place] = whole // 10 ** (11 - place) % 10
    check = digits @ _CHECK_WEIGHTS % 11
    text = np.empty((len(whole), 13), dtype="S1")
    letters = np.frombuffer(b"0123456789X", dtype="S1")
    text[:, :12] = letters[digits]
    text[:, 12] = letters[check]
    return text.view("S13").ravel().astype("U13").astype(object)


def _owners(rng, codes, number, firm, partner, is_bought, granted, bought, people: Population) -> pd.DataFrame:
    second = np.flatnonzero(partner >= 0)
    can = np.flatnonzero(
        ~np.isnat(granted) & (partner < 0) & ~is_bought & (firm < people.analysable) & (granted < AS_OF - in_days(200))
    )
    lent = rng.permutation(can)[: len(can) // 70]
    taker = (firm[lent] + 1 + rng.integers(0, people.analysable - 1, len(lent))) % people.analysable
    filing = np.concatenate([np.arange(len(number)), second, lent])
    acquired = np.full(len(filing), NAT, dtype="datetime64[D]")
    acquired[np.flatnonzero(is_bought)] = bought["acquired_on"].to_numpy()
    acquired[len(filing) - len(lent) :] = days_between(rng, granted[lent], AS_OF)
    share = np.where(partner >= 0, 0.5, 1.0)
    return pd.DataFrame(
        {
            "filing": filing,
            "application_no": number[filing],
            "uscc": codes[np.concatenate([firm, partner[second], taker])],
            # A licence gives no share of the ownership.
            "share": np.concatenate([share, share[second], np.full(len(lent), np.nan)]),
            "acquired_by": np.concatenate(
                [np.where(is_bought, "受让", "自主申请"), np.full(len(second), "自主申请"), np.full(len(lent), "许可")]
            ),
            "acquired_on": acquired,
        }
    )


def software_copyrights(seed: int, people: Population, filed: Filings) -> pd.DataFrame:
    """Draw registrations: new works, and for some a later version of the same work."""
    rng = stream(seed, "software")
    level = np.exp(0.6 * filed.log_rates[:, : people.analysable].mean(axis=(0, 2)))
    works = 420
    firm = rng.choice(people.analysable, works, p=level / level.sum())
    founded = people.base["founded_on"].to_numpy().astype("datetime64[D]")[firm]
    first = days_between(rng, np.maximum(founded + in_days(90), day("2013-01-05")), day("2023-04-28"))
    title = joined(
        people.base["name"].to_numpy()[firm], np.array(_SOFTWARE, dtype=object)[rng.integers(0, len(_SOFTWARE), works)]
    )
    title = joined(
        title,
        "[简称：",
        np.array(["KX", "ZY", "MES", "WMS"], dtype=object)[rng.integers(0, 4, works)],
        pd.Series(range(101, works + 101)).astype(str),
        "]",
    )
    again = rng.permutation(works)[: works // 5]
    later = days_between(rng, first[again] + in_days(200), np.maximum(AS_OF, first[again] + in_days(200)))
    kept = later <= AS_OF
    again, later = again[kept], later[kept]
    registered = np.concatenate([first, later])
    return pd.DataFrame(
        {
            "reg_no": joined(
                year_of(registered).astype(str),
                "SR",
                pd.Series(1_000_003 + 7_919 * np.arange(len(registered)) % 8_999_993).astype(str),
            ),
            "uscc": people.base["uscc"].to_numpy()[np.concatenate([firm, firm[again]])],
            "title": pd.concat([joined(title, "V1.0"), joined(title.iloc[again], "V2.0")]).to_numpy(),
            "registered_on": registered,
            "acquired_by": pick(rng, ["原始取得", "继受取得"], len(registered), [0.96, 0.04]),
        }
    )
