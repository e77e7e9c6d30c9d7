"""Ratings, brands, charter clauses, pioneer units, task projects, meetings, training and the alliance."""

import numpy as np
import pandas as pd

from helpers.params.model import Calibration
from helpers.simulate.draws import AS_OF, NAT, add_months, day, days_between, in_days, joined, numbered, pick, stream
from helpers.simulate.firms import Population
from helpers.simulate.organisations import TWO_NEW, Coverage

CHARTER_FIRMS = 220
PIONEER_UNITS = {"党员先锋队": 389, "党员示范岗": 382, "党员责任区": 1107}
PIONEER_SELECTED = 265
BRANDS, CONSOLIDATE, NEW_FORMS = 10, 10, 5
ALLIANCE, ALLIANCE_FIRMS, CHAIRS = "LM01", 18, 5
# Held by 30 June of the targets 10, 100 and 1,000 of the year, and in the two years before.
TRAINING = {
    "培训(十)": (5, 9, 8),
    "党课(百)": (46, 88, 61),
    "微宣讲(千)": (486, 720, 410),
    "企业家大讲堂": (3, 5, 4),
    "党课选学": (14, 22, 10),
}
_BRANDS = (
    "匠心红帆",
    "针线红",
    "海丝同航",
    "暖工先锋",
    "红链融合",
    "智造先锋岗",
    "红色驿站",
    "一线微课堂",
    "青蓝双培",
    "红心护企",
)
_CLAUSES = ("总则宣示", "机构设置", "经费保障", "前置研究", "人事建议", "交叉任职")


def tables(seed: int, people: Population, coverage: Coverage, readings: Calibration) -> dict[str, pd.DataFrame]:
    """Return the ten tables about what organisations and firms did."""
    alliance = _alliance(stream(seed, "alliance"), people, coverage)
    return {
        "org_ratings": ratings(stream(seed, "ratings"), people, coverage, readings),
        "org_brands": _brands(stream(seed, "brands"), coverage),
        "cultivation_targets": _cultivation(stream(seed, "cultivation"), people, coverage),
        "charter_amendments": _charter(stream(seed, "charter"), people, coverage, readings),
        "governance_meetings": _meetings(stream(seed, "meetings"), people, coverage),
        "pioneer_units": _pioneers(stream(seed, "pioneers"), coverage),
        "task_projects": _projects(stream(seed, "projects"), people, coverage),
        "training_events": _training(stream(seed, "training"), coverage),
        "alliance_members": alliance,
        "alliance_events": _alliance_events(stream(seed, "alliance events"), alliance),
    }


def rated_organisations(coverage: Coverage, readings: Calibration) -> pd.DataFrame:
    """Return the rated branches: the 128 own and the 4 joint ones, or with six sub-branches when 138 are rated."""
    orgs = coverage.orgs
    branches = orgs[orgs["counted"] & orgs["org_type"].isin(["党支部", "联合党支部"])]
    if readings.rated == "114/138":
        branches = pd.concat([branches, orgs[~orgs["counted"]].head(6)])
    return branches


def ratings(rng, people: Population, coverage: Coverage, readings: Calibration) -> pd.DataFrame:
    """Rate every branch each year from 2019 on; in 2023 exactly the published number is good or above.

    The growth score holds the firm's strength, so a grade is not independent of outcomes: by design, as elsewhere.
    """
    orgs = rated_organisations(coverage, readings).reset_index(drop=True)
    good_2023 = int(readings.rated.split("/")[0])
    strength = np.where(orgs["firm"] >= 0, people.base["strength"].to_numpy()[orgs["firm"]], 0.0)
    zeal = rng.standard_normal(len(orgs))
    founded = orgs["established_on"].to_numpy().astype("datetime64[D]")
    sheets = []
    for year in range(2019, 2024):
        rated_on = days_between(rng, day(f"{year}-04-10"), day(f"{year}-06-20"), len(orgs))
        party = 42 + 5 * zeal + 0.9 * (year - 2019) + rng.normal(0, 2.2, len(orgs))
        growth = 28 + 3.5 * strength + 0.4 * (year - 2019) + rng.normal(0, 2.2, len(orgs))
        party, growth = np.round(np.clip(party, 15, 60), 1), np.round(np.clip(growth, 10, 40), 1)
        veto = rng.random(len(orgs)) < 0.008 * (year < 2023)
        exists = founded < np.minimum(rated_on, day(f"{year}-04-01"))
        share = good_2023 / len(orgs) - 0.07 * (2023 - year)
        place = (
            pd.Series(party + growth - 100 * veto).where(exists).rank(ascending=False, method="first").to_numpy() - 1
        )
        present = int(exists.sum())
        good = round(share * present)
        cuts = (round(good * 0.38), good, good + round((present - good) * 0.6), good + round((present - good) * 0.92))
        step = np.searchsorted(cuts, np.nan_to_num(place), side="right")
        by_class = np.searchsorted((present * 0.16, present * 0.6, present * 0.88), np.nan_to_num(place), side="right")
        sheets.append(
            pd.DataFrame(
                {
                    "org_id": orgs["org_id"],
                    "year": year,
                    "class": np.array(["示范类", "达标类", "成长类", "孵化类"])[by_class],
                    "grade": np.array(["优秀", "良好", "较好", "一般", "较差"])[step],
                    "stars": 5 - step,
                    "score_party": party,
                    "score_growth": growth,
                    "veto": veto,
                    "rated_on": rated_on,
                }
            )[exists]
        )
    return pd.concat(sheets, ignore_index=True)


def _brands(rng, coverage: Coverage) -> pd.DataFrame:
    counted = coverage.orgs[coverage.orgs["counted"] & (coverage.orgs["firm"] >= 0)].sort_values(
        "members", ascending=False
    )
    hosts = counted["org_id"].to_numpy()[np.sort(rng.permutation(40)[:BRANDS])]
    return pd.DataFrame(
        {
            "brand_id": numbered("PP", BRANDS, 2), "org_id": hosts, "brand_name": _BRANDS,
            "recognised_on": days_between(rng, day("2021-06-01"), day("2023-06-15"), BRANDS),
            "level": pick(rng, ["区", "市", "省"], BRANDS, [0.6, 0.3, 0.1]),
        }
    )  # fmt: skip


def _cultivation(rng, people: Population, coverage: Coverage) -> pd.DataFrame:
    covered = coverage.firms[coverage.firms["mode"].notna()]
    own = rng.permutation(covered.index[covered["mode"] == "单独组建"])
    other = rng.permutation(
        covered.index[(covered["mode"] != "单独组建") & (people.base["sector"].to_numpy()[covered.index] == "trade")]
    )
    firm = np.concatenate([own[:CONSOLIDATE], other[:NEW_FORMS]])
    return pd.DataFrame(
        {
            "campaign": "2023示范提升行动",
            "uscc": people.base["uscc"].to_numpy()[firm],
            "track": np.repeat(["巩固提升", "新业态培育"], [CONSOLIDATE, NEW_FORMS]),
            "listed_on": day("2023-02-20"),
            "result": "进行中",
        }
    )


def _charter(rng, people: Population, coverage: Coverage, readings: Calibration) -> pd.DataFrame:
    """Amend the charters of 220 firms, mostly after coverage but for some before it; 24 amend it once more."""
    firms = coverage.firms
    fits = np.arange(len(firms)) if readings.charter_base == "analysable" else np.flatnonzero(firms["mode"].notna())
    firm = np.sort(rng.permutation(fits)[:CHARTER_FIRMS])
    founded = people.base["founded_on"].to_numpy().astype("datetime64[D]")[firm]
    covered = firms["covered_on"].to_numpy().astype("datetime64[D]")[firm]
    lag = np.rint(rng.normal(500, 500, len(firm))).astype("timedelta64[D]")
    start = np.where(
        np.isnat(covered), days_between(rng, day("2018-01-01"), day("2022-12-31"), len(firm)), covered + lag
    )
    start = np.clip(start, np.maximum(founded + in_days(60), day("2015-03-01")), day("2023-05-20"))
    again = rng.permutation(len(firm))[:24]
    later = start[again] + rng.integers(400, 1200, 24)
    again, later = again[later < day("2023-05-31")], later[later < day("2023-05-31")]
    rows, amended = np.concatenate([firm, firm[again]]), np.concatenate([start, later])
    substance = pick(rng, ["象征性", "保障性", "决策性"], len(rows), [0.45, 0.35, 0.2])
    clauses = [_clauses(rng, kind) for kind in substance]
    return pd.DataFrame(
        {
            "uscc": people.base["uscc"].to_numpy()[rows], "amended_on": amended,
            "filed_on": np.minimum(amended + rng.integers(3, 31, len(rows)), AS_OF), "clause_types": clauses,
            "substance": substance, "source": pick(rng, ["备案章程", "公告", "企业自报"], len(rows), [0.8, 0.05, 0.15]),
        }
    )  # fmt: skip


def _clauses(rng, substance: str) -> str:
    open_to = {"象征性": (0, 1), "保障性": (1, 2), "决策性": (1, 2, 3, 4, 5)}[substance]
    chosen = {0, *(place for place in open_to if rng.random() < 0.6)}
    if substance != "象征性":
        chosen.add(2 if substance == "保障性" else 3)
    return ";".join(_CLAUSES[place] for place in sorted(chosen))


def _meetings(rng, people: Population, coverage: Coverage) -> pd.DataFrame:
    firms = coverage.firms
    own = (firms["mode"] == "单独组建").to_numpy()
    start = np.maximum(firms["covered_on"].to_numpy().astype("datetime64[D]"), day("2016-01-01"))
    years = np.where(np.isnat(start), 0.0, (AS_OF - np.where(np.isnat(start), AS_OF, start)).astype(int) / 365.25)
    count = rng.poisson(years * np.where(own, 2.2, 0.5))
    firm = np.repeat(np.arange(len(firms)), count)
    held = days_between(rng, start[firm], AS_OF)
    proposals = rng.poisson(3.2, len(firm))
    return pd.DataFrame(
        {
            "meeting_id": numbered("HY", len(firm), 5),
            "uscc": people.base["uscc"].to_numpy()[firm],
            "meeting_type": pick(rng, ["党企联席会", "党员议事会", "民主恳谈会"], len(firm), [0.5, 0.3, 0.2]),
            "held_on": held,
            "topic": pick(rng, ["制度", "生产", "福利", "安全", "技术"], len(firm)),
            "proposals": proposals,
            "adopted": rng.binomial(proposals, 0.58),
        }
    )


def _pioneers(rng, coverage: Coverage) -> pd.DataFrame:
    """Set up the published numbers of units, and 180 that have ended; the 265 are a flag on posts and zones."""
    orgs = coverage.orgs
    kind = np.concatenate(
        [np.repeat(list(PIONEER_UNITS), list(PIONEER_UNITS.values())), pick(rng, list(PIONEER_UNITS), 180)]
    )
    size, alive = len(kind), sum(PIONEER_UNITS.values())
    org = rng.choice(len(orgs), size, p=orgs["members"] / orgs["members"].sum())
    founded = orgs["established_on"].to_numpy().astype("datetime64[D]")[org]
    set_on = days_between(rng, np.maximum(founded, day("2017-01-01")), np.maximum(founded, day("2023-05-25")))
    ended = np.full(size, NAT, dtype="datetime64[D]")
    set_on[alive:] = np.minimum(set_on[alive:], day("2023-04-30"))
    ended[alive:] = days_between(rng, set_on[alive:] + in_days(20), day("2023-06-15"))
    selected = np.zeros(size, dtype=bool)
    posts = np.flatnonzero(kind[:alive] != "党员先锋队")
    selected[rng.permutation(posts)[:PIONEER_SELECTED]] = True
    return pd.DataFrame(
        {
            "unit_id": numbered("XF", size, 5), "unit_type": kind, "org_id": orgs["org_id"].to_numpy()[org],
            "selected": selected, "set_on": set_on, "ended_on": ended,
        }
    )  # fmt: skip


def _projects(rng, people: Population, coverage: Coverage) -> pd.DataFrame:
    size = 170
    own = np.flatnonzero((coverage.firms["mode"] == "单独组建").to_numpy())
    level = np.exp(0.7 * people.base["strength"].to_numpy()[own])
    firm = rng.choice(own, size, p=level / level.sum())
    covered = coverage.firms["covered_on"].to_numpy().astype("datetime64[D]")[firm]
    start = days_between(rng, np.maximum(covered, day("2018-01-01")), np.maximum(covered, day("2023-04-30")))
    end = add_months(start, rng.integers(3, 20, size))
    end = np.where(end <= AS_OF, end, NAT)
    team = 4 + rng.poisson(5, size)
    vehicle = pick(rng, ["创新工作室", "攻关组", "安装先锋队", "车间导师"], size, [0.3, 0.5, 0.06, 0.14])
    has_baseline = rng.random(size) < 0.55
    baseline = np.where(has_baseline, np.round(rng.uniform(40, 120, size), 1), np.nan)
    capex = np.where(rng.random(size) < 0.6, np.round(rng.gamma(1.2, 120, size), 1), 0.0)
    done = ~np.isnat(end)
    return pd.DataFrame(
        {
            "project_id": numbered("GG", size, 4),
            "uscc": people.base["uscc"].to_numpy()[firm],
            "vehicle": vehicle,
            "studio_id": pd.Series(joined("GZS", pd.Series(firm).astype(str).str.zfill(3))).where(
                pd.Series(vehicle == "创新工作室")
            ),
            "team_size": team,
            "members_in_team": rng.binomial(team, 0.45),
            "started_on": start,
            "ended_on": end,
            "baseline": baseline,
            "result": np.where(
                done, np.round(baseline * (1 + rng.normal(0.06, 0.09, size) + 0.0004 * capex), 1), np.nan
            ),
            "capex": capex,
            "output": np.where(
                done, pick(rng, ["专利", "软著", "工艺", "设备", "认证", "无"], size, [3, 1, 4, 2, 1, 3]), None
            ),
        }
    )


def _training(rng, coverage: Coverage) -> pd.DataFrame:
    years = (2023, 2022, 2021)
    item = np.concatenate([np.repeat(name, sum(counts)) for name, counts in TRAINING.items()])
    year = np.concatenate([np.repeat(years, counts) for counts in TRAINING.values()])
    size = len(item)
    orgs = coverage.orgs[coverage.orgs["established_on"] < np.datetime64("2021-01-01")]["org_id"].to_numpy()
    zone_wide = np.isin(item, ["培训(十)", "企业家大讲堂"])
    places = {
        "培训(十)": ["学堂"],
        "党课(百)": ["邻里", "网格"],
        "微宣讲(千)": ["企业", "车间"],
        "企业家大讲堂": ["学堂"],
        "党课选学": ["学堂"],
    }
    place = np.array(
        [places[name][number % len(places[name])] for name, number in zip(item, rng.integers(0, 2, size), strict=True)]
    )
    usual = (
        pd.Series(item)
        .map({"培训(十)": 90, "党课(百)": 45, "微宣讲(千)": 18, "企业家大讲堂": 120, "党课选学": 40})
        .to_numpy()
    )
    first = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]") + in_days(5)
    last = np.where(year == 2023, AS_OF - in_days(1), first + in_days(355))
    return pd.DataFrame(
        {
            "event_id": numbered("PX", size, 5), "plan_item": item, "held_on": days_between(rng, first, last),
            "host_org_id": np.where(zone_wide, TWO_NEW, orgs[rng.integers(0, len(orgs), size)]), "place": place,
            "attendance": np.maximum(rng.poisson(usual), 5),
        }
    ).sort_values("held_on", ignore_index=True)  # fmt: skip


def _alliance(rng, people: Population, coverage: Coverage) -> pd.DataFrame:
    """Found the alliance on 20 June 2023: the five largest own organisations take turns in the chair."""
    base = people.base.iloc[: people.analysable]
    own = np.flatnonzero((coverage.firms["mode"] == "单独组建").to_numpy())
    own = own[np.argsort(-base["size"].to_numpy()[own])]
    chairs = own[(base["sector"].to_numpy()[own] == "industrial")][:CHAIRS]
    others = rng.permutation(np.setdiff1d(np.flatnonzero(coverage.firms["mode"].notna()), chairs))[
        : ALLIANCE_FIRMS - CHAIRS
    ]
    position = np.concatenate(
        [np.repeat("下游", CHAIRS), pick(rng, ["上游", "中游", "下游", "配套"], len(others), [0.35, 0.3, 0.15, 0.2])]
    )
    return pd.DataFrame(
        {
            "alliance_id": ALLIANCE, "uscc": base["uscc"].to_numpy()[np.concatenate([chairs, others])],
            "role": np.repeat(["轮值", "成员"], [CHAIRS, ALLIANCE_FIRMS - CHAIRS]),
            "rotation_no": pd.array([*range(1, CHAIRS + 1), *[None] * (ALLIANCE_FIRMS - CHAIRS)], dtype="Int64"),
            "chain_position": position, "joined_on": day("2023-06-20"),
        }
    )  # fmt: skip


def _alliance_events(rng, members: pd.DataFrame) -> pd.DataFrame:
    size = 6
    intent = np.round(rng.gamma(2.0, 400.0, size), 1)
    kind = np.array(["党建联建", "产业对接", "产业对接", "技术攻关", "用工调剂", "产业对接"])
    is_deal = kind == "产业对接"
    return pd.DataFrame(
        {
            "event_id": numbered("LMHD", size, 3),
            "alliance_id": ALLIANCE,
            "chair_uscc": members["uscc"].iloc[0],
            "event_type": kind,
            "held_on": days_between(rng, day("2023-06-20"), AS_OF, size),
            "firms": rng.integers(4, ALLIANCE_FIRMS + 1, size),
            "intent_amount": np.where(is_deal, intent, np.nan),
            "contract_amount": np.where(is_deal & (np.arange(size) % 2 == 1), np.round(intent * 0.3, 1), np.nan),
        }
    )
