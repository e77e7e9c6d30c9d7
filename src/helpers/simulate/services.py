"""Services to firms and workers: policy deliveries, requests across channels, sites, activities, lists, duties.

A request that came in through two channels stands once per channel, the later one with `duplicate_of`. Each channel's
published number counts its own rows; the number of distinct requests is smaller and is what the truth states.
"""

import numpy as np
import pandas as pd

from helpers.simulate.draws import AS_OF, NAT, add_months, day, days_between, numbered, pick, stream
from helpers.simulate.firms import AREAS, ZONE_AREAS, Population
from helpers.simulate.organisations import Coverage

WORKER_REQUESTS, PRODUCTION_REQUESTS, FIRM_REQUESTS, URGENT_REQUESTS = 572, 1895, 1657, 33
SHARED_REQUESTS = 430
STATIONS, ACTIVITIES_2023, SERVICE_PROJECTS = 10, 267, 47
TEAMS = {"联合行动": 22, "导师服务团": 12, "志愿服务队": 23}
CENTRE_OPENED = day("2022-10-18")
ZONE_LON_LAT = 118.57, 24.88
ZONE_SPREAD = 0.02, 0.015
_PLAIN = ("融资", "用工", "用地", "证照", "其他")
_DEPARTMENTS = (
    "党群工作部",
    "经济发展局",
    "科技局",
    "社会事务局",
    "总工会",
    "团工委",
    "妇联",
    "市场监管局",
    "税务局",
    "消防救援大队",
    "人社服务中心",
)


def tables(seed: int, people: Population, coverage: Coverage, liaisons: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the seven tables about services."""
    projects = _projects(stream(seed, "service projects"))
    sites = _sites(stream(seed, "sites"), people)
    return {
        "policy_deliveries": _deliveries(stream(seed, "deliveries"), people, coverage, liaisons),
        "service_tickets": _tickets(stream(seed, "tickets"), people),
        "service_sites": sites,
        "service_activities": _activities(stream(seed, "activities"), sites, projects),
        "service_projects": projects,
        "support_teams": _teams(stream(seed, "teams")),
        "responsibility_assignments": _duties(stream(seed, "duties"), people, coverage),
    }


def _moments(rng, days: np.ndarray) -> np.ndarray:
    """Put days at a time of the working day."""
    return days.astype("datetime64[s]") + rng.integers(8 * 3600, 17 * 3600, len(days)).astype("timedelta64[s]")


def _deliveries(rng, people: Population, coverage: Coverage, liaisons: pd.DataFrame) -> pd.DataFrame:
    """Issue 48 policies to part of the covered firms: within hours where a liaison serves, later or never elsewhere."""
    policies = 48
    issued = np.sort(days_between(rng, day("2021-02-01"), day("2023-06-20"), policies))
    issued_at = issued.astype("datetime64[s]") + rng.integers(8 * 3600, 11 * 3600, policies).astype("timedelta64[s]")
    covered = np.flatnonzero(coverage.firms["mode"].notna())
    policy, place = np.nonzero(rng.random((policies, len(covered))) < rng.uniform(0.25, 0.75, policies)[:, None])
    firm = covered[place]
    is_known = coverage.firms["covered_on"].to_numpy().astype("datetime64[D]")[firm] <= issued[policy]
    policy, firm = policy[is_known], firm[is_known]
    codes = people.base["uscc"].to_numpy(dtype=object)[firm]
    first = liaisons.groupby("uscc")["appointed_on"].min().reindex(codes).to_numpy().astype("datetime64[s]")
    served = ~np.isnat(first) & (first <= issued_at[policy])
    hours = np.exp(rng.normal(np.where(served, np.log(2.2), np.log(20.0)), np.where(served, 0.7, 1.1)))
    delivered = issued_at[policy] + np.rint(np.minimum(hours, 2000) * 3600).astype("timedelta64[s]")
    lost = rng.random(len(firm)) < np.where(served, 0.03, 0.16)
    delivered = np.where(lost | (delivered > AS_OF.astype("datetime64[s]")), NAT, delivered)
    arrived = ~np.isnat(delivered)
    by = np.where(served, "企业负责人", pick(rng, ["企业负责人", "中层", "党组织书记"], len(firm), [0.45, 0.35, 0.2]))
    applied = pick(rng, ["未申报", "已申报", "获批"], len(firm), [0.8, 0.09, 0.11])
    return pd.DataFrame(
        {
            "policy_id": numbered("ZC", policies, 3)[policy],
            "uscc": codes,
            "issued_at": issued_at[policy],
            "delivered_at": delivered,
            "received_by": np.where(arrived, by, None),
            "applied": np.where(arrived, applied, "未申报"),
        }
    )


def _tickets(rng, people: Population) -> pd.DataFrame:
    train = ["党群直通车"]
    duty = ["领导挂钩", "部门包片", "党员包企"]
    centre = ["邻里中心"]
    parts = [
        _requests(rng, people, WORKER_REQUESTS, train, ["职工困难"]),
        _requests(rng, people, PRODUCTION_REQUESTS, train, ["生产难题"]),
        _requests(
            rng, people, FIRM_REQUESTS, duty, ["生产难题", "职工困难", *_PLAIN], [0.35, 0.15, *[0.1] * len(_PLAIN)]
        ),
        _requests(
            rng,
            people,
            URGENT_REQUESTS,
            centre,
            ["子女入学", "停车", "消防"],
            since="2023-01-02",
            by_residents=0.4,
            until="2023-06-05",
        ),
        _requests(rng, people, 260, train, ["职工困难", "生产难题"], solved=False),
        _requests(rng, people, 240, duty, ["生产难题", *_PLAIN], solved=False),
        _requests(
            rng,
            people,
            19,
            centre,
            ["子女入学", "停车", "消防"],
            since=str(CENTRE_OPENED),
            by_residents=0.4,
            solved=False,
        ),
        _requests(rng, people, 310, ["12345"], ["证照", "停车", "消防", "其他"], by_residents=0.5),
    ]
    sheet = pd.concat(parts, ignore_index=True)
    order = np.argsort(sheet["opened_at"].to_numpy(), kind="stable")
    sheet = sheet.iloc[order].reset_index(drop=True)
    sheet["ticket_id"] = numbered("GD", len(sheet), 6)
    return _repeat(rng, sheet)


def _requests(
    rng,
    people,
    count,
    channels,
    categories,
    weights=None,
    *,
    since="2020-06-01",
    until="2023-05-20",
    by_residents=0.0,
    solved=True,
):
    opened = days_between(rng, day(since), day(until), count)
    opened_at = _moments(rng, opened)
    hours = np.exp(rng.normal(np.log(60), 1.1, count))
    # What is solved was solved before the figures were written.
    limit = (AS_OF.astype("datetime64[s]") - opened_at).astype(np.int64) / 3600
    closed_at = opened_at + np.rint(np.minimum(hours, limit * 0.98) * 3600).astype("timedelta64[s]")
    result = np.full(count, "解决", dtype=object)
    if not solved:
        result = pick(rng, ["部分解决", "解释说明", "未解决", None], count, [0.35, 0.3, 0.15, 0.2])
        closed_at = np.where(pd.isna(result), NAT, closed_at)
    firm = rng.integers(0, people.analysable, count)
    codes = people.base["uscc"].to_numpy(dtype=object)[firm]
    founded = people.base["founded_on"].to_numpy().astype("datetime64[D]")[firm]
    resident = (rng.random(count) < by_residents) | (founded > opened)
    asked = (rng.random(count) < 0.6) & ~pd.isna(result)
    return pd.DataFrame(
        {
            "channel": pick(rng, channels, count),
            "uscc": np.where(resident, None, codes),
            "category": pick(rng, categories, count, weights),
            "opened_at": opened_at,
            "closed_at": closed_at,
            "resolution": result,
            "satisfaction": pd.array(
                np.where(asked, rng.choice([5, 4, 3, 2, 1], count, p=[0.5, 0.3, 0.12, 0.05, 0.03]), None), dtype="Int64"
            ),
        }
    )


def _repeat(rng, sheet: pd.DataFrame) -> pd.DataFrame:
    """Make requests of the duty system repeat earlier ones of the through train: same firm, same kind, days later."""
    train = sheet.index[
        (sheet["channel"] == "党群直通车") & (sheet["resolution"] == "解决") & sheet["uscc"].notna()
    ].to_numpy()
    duty = sheet.index[
        sheet["channel"].isin(["领导挂钩", "部门包片", "党员包企"]) & (sheet["resolution"] == "解决")
        & sheet["category"].isin(["生产难题", "职工困难"])
    ].to_numpy()  # fmt: skip
    duty = np.sort(rng.permutation(duty)[:SHARED_REQUESTS])
    originals: dict[int, int] = {}
    free: list[int] = []
    waiting = iter(train)
    upcoming = next(waiting, None)
    for row in duty:
        while upcoming is not None and upcoming < row:
            free.append(upcoming)
            upcoming = next(waiting, None)
        if free:
            originals[row] = free.pop()
    repeats, first = np.array(list(originals)), np.array(list(originals.values()))
    columns = {name: sheet[name].to_numpy(dtype=object).copy() for name in ("uscc", "category")}
    for values in columns.values():
        values[repeats] = values[first]
    duplicate_of = np.full(len(sheet), None, dtype=object)
    duplicate_of[repeats] = sheet["ticket_id"].to_numpy()[first]
    return sheet.assign(**columns, duplicate_of=duplicate_of)


def _sites(rng, people: Population) -> pd.DataFrame:
    firms = people.base["name"].to_numpy()[
        np.argsort(-people.base["size"].to_numpy()[: people.analysable])[: STATIONS - 4]
    ]
    hosts = [f"{name}小区" for name in ("海滨花园", "泓景公馆", "学府雅苑", "安居新村")]
    opened = [CENTRE_OPENED, *days_between(rng, day("2022-10-20"), day("2022-12-28"), STATIONS)]
    lon, lat = places(rng, STATIONS + 1)
    return pd.DataFrame(
        {
            "site_id": numbered("ZD", STATIONS + 1, 2),
            "site_type": ["邻里中心", *["邻里服务站"] * STATIONS],
            "host": ["泉州经济技术开发区党群工作部", *firms, *hosts],
            "opened_on": opened,
            "lon": lon,
            "lat": lat,
        }
    )


def places(rng: np.random.Generator, size: int, *, wider: float = 1.0) -> tuple[np.ndarray, ...]:
    """Scatter places evenly around the zone's centre, `wider` than the sites: longitudes and latitudes in degrees."""
    around = zip(ZONE_LON_LAT, ZONE_SPREAD, strict=True)
    return tuple(np.round(centre + rng.uniform(-wider * spread, wider * spread, size), 6) for centre, spread in around)


def _projects(rng) -> pd.DataFrame:
    """List what is on offer, what is needed and the 47 services, most of which match a need."""
    needs, offers = 60, 38
    kind = np.repeat(["需求", "资源", "服务"], [needs, offers, SERVICE_PROJECTS])
    size = len(kind)
    number = numbered("XM", size, 3)
    matched = np.full(size, None, dtype=object)
    services = np.flatnonzero(kind == "服务")
    linked = services[rng.random(len(services)) < 0.85]
    matched[linked] = number[rng.permutation(needs)[: len(linked)]]
    return pd.DataFrame(
        {
            "project_id": number,
            "list_type": kind,
            "audience": pick(rng, ["党组织和党员", "职工群众", "企业和人才"], size, [0.25, 0.4, 0.35]),
            "provider": np.where(kind == "需求", None, pick(rng, _DEPARTMENTS, size)),
            "live_on": days_between(rng, day("2022-10-18"), day("2023-05-20"), size),
            "matches_need": matched,
        }
    )


def _activities(rng, sites: pd.DataFrame, projects: pd.DataFrame) -> pd.DataFrame:
    centre = sites["site_id"].iloc[0]
    sharing = pd.DataFrame(
        {
            "site_id": centre,
            "held_on": [day("2022-12-24"), day("2023-03-25"), day("2023-06-17")],
            "activity_type": "邻里共享日",
        }
    )
    usual = ["教育培训", "政策咨询", "公益服务", "文化体育"]
    parts = [sharing]
    for count, first, last in ((62, "2022-10-25", "2022-12-31"), (ACTIVITIES_2023 - 2, "2023-01-03", "2023-06-29")):
        site = rng.choice(len(sites), count, p=[0.3, *[0.07] * STATIONS])
        start = np.maximum(sites["opened_on"].to_numpy().astype("datetime64[D]")[site], day(first))
        kinds = {"site_id": sites["site_id"].to_numpy()[site], "held_on": days_between(rng, start, day(last), count)}
        parts.append(pd.DataFrame({**kinds, "activity_type": pick(rng, usual, count, [0.3, 0.15, 0.25, 0.3])}))
    sheet = pd.concat(parts, ignore_index=True)
    services = projects[projects["list_type"] == "服务"]
    live = services["live_on"].to_numpy().astype("datetime64[D]")
    drawn = rng.integers(0, len(services), len(sheet))
    fits = (live[drawn] <= sheet["held_on"].to_numpy().astype("datetime64[D]")) & (
        sheet["activity_type"] != "邻里共享日"
    ).to_numpy()
    sheet["project_id"] = np.where(fits, services["project_id"].to_numpy()[drawn], None)
    sheet["attendance"] = 8 + rng.poisson(np.where(sheet["activity_type"] == "邻里共享日", 260, 32))
    sheet = sheet.sort_values("held_on", ignore_index=True)
    return sheet.assign(activity_id=numbered("HD", len(sheet), 4))


def _teams(rng) -> pd.DataFrame:
    kind = np.repeat(list(TEAMS), list(TEAMS.values()))
    return pd.DataFrame(
        {
            "team_id": numbered("FW", len(kind), 3),
            "team_type": kind,
            "lead_unit": pick(rng, _DEPARTMENTS, len(kind)),
            "set_on": days_between(rng, day("2021-03-01"), day("2023-04-30"), len(kind)),
            "firm_visits": rng.poisson(26, len(kind)),
        }
    )


def _duties(rng, people: Population, coverage: Coverage) -> pd.DataFrame:
    """Link leaders with the largest firms, departments with areas, and members' posts with the other covered firms."""
    size = people.base["size"].to_numpy()[: people.analysable]
    large = np.argsort(-size)[:40]
    codes = people.base["uscc"].to_numpy()
    covered = np.setdiff1d(np.flatnonzero(coverage.firms["mode"].notna()), large)
    departments = [f"{name}（{area}片区）" for area in ("东", "西", "南", "北") for name in _DEPARTMENTS[:3]]
    start = days_between(rng, day("2019-01-10"), day("2022-11-30"), 40 + 12 + len(covered))
    sheet = pd.DataFrame(
        {
            "duty_type": np.repeat(["领导挂钩", "部门包片", "党员包企"], [40, 12, len(covered)]),
            "responsible_post": [
                *(f"管委会领导岗位{1 + place % 9}" for place in range(40)),
                *departments,
                *(f"党员联络岗{1 + place:03d}" for place in range(len(covered))),
            ],
            "area_id": [*[None] * 40, *np.repeat(ZONE_AREAS, 12 // AREAS), *[None] * len(covered)],
            "uscc": [*codes[large], *[None] * 12, *codes[covered]],
            "from_on": start,
        }
    )
    changed = (sheet["duty_type"] == "党员包企") & (rng.random(len(sheet)) < 0.08)
    until = pd.Series(add_months(start, 7)).where(changed)
    again = sheet[changed].assign(from_on=until[changed], responsible_post="党员联络岗（接任）")
    sheet = pd.concat([sheet.assign(to_on=until), again], ignore_index=True)
    return sheet.assign(assignment_id=numbered("ZR", len(sheet), 4))
