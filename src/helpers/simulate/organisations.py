"""Organisations as a real tree, whom they cover since when, areas, grids and workshop groups.

The 136 organisations are the 132 firms' own (2 committees, 2 general branches, 128 branches) and the 4 joint branches
of the areas: all that stand directly under the committee of the two new kinds of organisations. Not among them: the
working committee and that committee themselves, sub-branches of committees and general branches, and residential
committees.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.params.model import Calibration
from helpers.simulate.draws import (
    AS_OF,
    NAT,
    add_months,
    day,
    days_between,
    in_days,
    joined,
    numbered,
    stream,
    tokens,
    year_of,
)
from helpers.simulate.firms import AREAS, GRIDS, LEFT_BASE, ZONE_AREAS, ZONE_GRIDS, Population
from helpers.simulate.scenarios import Scenario

OWN, JOINT, ATTACHED, WORK_ONLY = "单独组建", "联合组建", "挂靠", "仅工作覆盖"
OWN_ORGANISATIONS = 132
COMMITTEES = ((7, (30, 28, 27, 26)), (7, (26, 25, 24, 22)))
GENERAL_BRANCHES = ((5, (20, 19, 18)), (5, (25, 24)))
GROUPS = 79
ROOT, TWO_NEW, RESIDENTIAL = "DGW", "LXDW", "XQ01"
_AREA_NAMES = ("东片区", "西片区", "南片区", "北片区")
_WORKSHOPS = (
    "针车车间",
    "成型车间",
    "裁断车间",
    "缝制车间",
    "整烫车间",
    "包装车间",
    "仓储物流班组",
    "设备维护班组",
    "研发中心",
    "电商运营班组",
)


@dataclass(frozen=True)
class Coverage:
    """Who is covered, how and since when.

    `firms` has one row an analysable firm: `mode` (own, joint, attached or missing), `covered_on` (day, NaT if never),
    `org_id`. `orgs` has one row an organisation that holds members: the table's columns, with `firm` (row of the base,
    -1 for joint branches), `counted` (one of the 136), `members` (on the roll at the end; 0 = to be drawn) and `team`.
    """

    firms: pd.DataFrame
    orgs: pd.DataFrame


def assign(seed: int, people: Population, plan: Scenario, readings: Calibration) -> Coverage:
    """Decide which firm has which organisation since when.

    Notes
    -----
    Firms with an organisation of their own are the larger ones, for a branch needs three members. Within a mode the
    order of coverage is drawn apart from everything else, except for the correlation with strength that `plan`
    declares.
    """
    rng = stream(seed, "organisations")
    base = people.base.iloc[: people.analysable]
    size, strength = base["size"].to_numpy(), base["strength"].to_numpy()
    noise = rng.standard_normal((2, len(base)))
    uncovered = _uncovered(rng, base, readings)
    weight = plan.order_by_strength
    score = np.where(uncovered, -np.inf, size + weight * strength + 0.9 * noise[0])
    mode = np.full(len(base), None, dtype=object)
    lead = _leads(base, score)
    industrial = (base["sector"] == "industrial").to_numpy()
    heads = np.flatnonzero(industrial & ~uncovered)
    heads = heads[np.argsort(-size[heads])][: len(COMMITTEES) + len(GENERAL_BRANCHES)]
    own = np.unique(np.concatenate([lead, heads]))
    others = np.argsort(-score)
    others = others[~np.isin(others, own)]
    own = np.concatenate([own, others[: OWN_ORGANISATIONS - len(own)]])
    mode[own] = OWN
    rest = np.flatnonzero((mode == None) & ~uncovered)  # noqa: E711
    mode[rest] = ATTACHED
    for area in range(AREAS):
        near = rest[base["area"].to_numpy()[rest] == area]
        small_first = near[np.argsort(size[near] - noise[0][near])]
        mode[small_first[: readings.joint_limit]] = JOINT
    order = weight * strength + np.sqrt(1 - weight**2) * noise[1]
    covered_on = _dates(base, mode, order, lead)
    of_lead = covered_on[lead][base["grid"].to_numpy()] + in_days(30)
    covered_on = np.where(mode == ATTACHED, np.maximum(covered_on, of_lead), covered_on)
    firms = pd.DataFrame({"mode": mode, "covered_on": covered_on})
    orgs = _orgs(rng, people, firms, heads, readings)
    own_id = orgs[orgs["counted"] & (orgs["firm"] >= 0)].set_index("firm")["org_id"]
    lead_of_grid = base["grid"].map(dict(enumerate(own_id[lead]))).to_numpy()
    joint_of_area = base["area"].map(dict(enumerate(_joint_ids()))).to_numpy()
    owned = own_id.reindex(range(len(base))).to_numpy()
    firms["org_id"] = np.select(
        [mode == OWN, mode == JOINT, mode == ATTACHED], [owned, joint_of_area, lead_of_grid], None
    )
    orgs["lead_of"] = orgs["firm"].map({firm: grid for grid, firm in enumerate(lead)}).where(orgs["counted"])
    return Coverage(firms, orgs)


def _uncovered(rng: np.random.Generator, base: pd.DataFrame, readings: Calibration) -> np.ndarray:
    """Choose the uncovered among the smaller half, as where there are no three members there is no branch."""
    industrial = (base["sector"] == "industrial").to_numpy()
    out = np.zeros(len(base), dtype=bool)
    for mask, count in ((industrial, readings.uncovered_industrial), (~industrial, readings.uncovered_quota)):
        small = np.flatnonzero(mask & (base["size"].to_numpy() < np.median(base["size"].to_numpy()[mask])))
        out[rng.permutation(small)[:count]] = True
    return out


def _leads(base: pd.DataFrame, score: np.ndarray) -> np.ndarray:
    """Return the lead firm of each grid: of the old ones that may be covered, the one with the highest score."""
    young = (base["founded_on"] > np.datetime64("2012-06-30")).to_numpy()
    table = pd.DataFrame({"grid": base["grid"].to_numpy(), "score": score - 100.0 * young})
    return table.sort_values("score", ascending=False).groupby("grid").head(1).sort_values("grid").index.to_numpy()


def _dates(base: pd.DataFrame, mode: np.ndarray, order: np.ndarray, lead: np.ndarray) -> np.ndarray:
    """Turn the order within a mode into dates; an organisation cannot precede its firm by definition."""
    is_lead = np.zeros(len(base), dtype=bool)
    is_lead[lead] = True
    founded = base["founded_on"].to_numpy().astype("datetime64[D]")
    covered_on = np.full(len(base), NAT, dtype="datetime64[D]")
    # Grids lead from 2017 on, so their lead organisations stand by then and firms are attached later.
    spans = (
        (is_lead, "2007-06-20", "2016-03-20"), ((mode == OWN) & ~is_lead, "2010-03-01", "2021-12-20"),
        (mode == JOINT, "2014-06-01", "2021-12-20"), (mode == ATTACHED, "2017-06-01", "2022-09-20"),
    )  # fmt: skip
    for mask, first, last in spans:
        place = np.argsort(np.argsort(-order[mask])) / max(int(mask.sum()) - 1, 1)
        covered_on[mask] = day(first) + np.rint(place * (day(last) - day(first)).astype(int)).astype("timedelta64[D]")
    covered_on = np.maximum(covered_on, founded + in_days(200))
    return np.minimum(covered_on, np.where(np.isnat(covered_on), covered_on, day("2023-03-31")))


def _joint_ids() -> np.ndarray:
    return numbered("LH", AREAS, 2)


def _orgs(rng, people: Population, firms: pd.DataFrame, heads: np.ndarray, readings: Calibration) -> pd.DataFrame:
    base = people.base
    own = np.flatnonzero((firms["mode"] == OWN).to_numpy())
    ids = numbered("ZB", len(own), 3)
    sizes = (*COMMITTEES, *GENERAL_BRANCHES)
    large = {int(firm): sizes[place] for place, firm in enumerate(heads)}
    kind = np.array(
        [
            "党支部" if firm not in large else "党委" if list(large).index(firm) < len(COMMITTEES) else "党总支"
            for firm in own
        ],
        dtype=object,
    )
    top = pd.DataFrame(
        {
            "org_id": ids, "firm": own, "org_type": kind, "parent_org_id": TWO_NEW, "setup_mode": OWN, "counted": True,
            "established_on": firms["covered_on"].to_numpy()[own], "area": base["area"].to_numpy()[own],
            "grid": base["grid"].to_numpy()[own], "members": [large[firm][0] if firm in large else 0 for firm in own],
        }
    )  # fmt: skip
    suffix = top["org_type"].map({"党支部": "支部委员会", "党委": "委员会", "党总支": "总支部委员会"})
    top["org_name"] = joined("中共", base["name"].to_numpy()[own], suffix)
    parts = [top]
    for row in top[top["firm"].isin(list(large))].itertuples():
        counts = large[row.firm][1]
        names = [
            f"中共{base['name'].iloc[row.firm]}第{'一二三四五'[number]}支部委员会" for number in range(len(counts))
        ]
        parts.append(
            pd.DataFrame(
                {
                    "org_id": [f"{row.org_id}-{number + 1}" for number in range(len(counts))],
                    "firm": row.firm,
                    "org_type": "党支部",
                    "parent_org_id": row.org_id,
                    "setup_mode": OWN,
                    "counted": False,
                    "established_on": np.datetime64(row.established_on, "D") + rng.integers(30, 400, len(counts)),
                    "area": row.area,
                    "grid": row.grid,
                    "members": counts,
                    "org_name": names,
                }
            )
        )
    joint = firms[firms["mode"] == JOINT].assign(area=base["area"])
    first = joint.groupby("area")["covered_on"].min().reindex(range(AREAS)).to_numpy().astype("datetime64[D]")
    parts.append(
        pd.DataFrame(
            {
                "org_id": _joint_ids(),
                "firm": -1,
                "org_type": "联合党支部",
                "parent_org_id": TWO_NEW,
                "setup_mode": "联合组建",
                "counted": True,
                "established_on": np.where(np.isnat(first), day("2015-06-01"), first),
                "area": range(AREAS),
                "grid": -1,
                "members": 9,
                "org_name": [f"中共泉州经济技术开发区{name}联合支部委员会" for name in _AREA_NAMES],
            }
        )
    )
    orgs = pd.concat(parts, ignore_index=True)
    orgs["established_on"] = orgs["established_on"].to_numpy().astype("datetime64[D]")
    open_cells = (orgs["members"] == 0).to_numpy()
    firm_size = np.where(orgs["firm"] >= 0, base["size"].to_numpy()[orgs["firm"]], 0.0)
    weight = np.exp(0.5 * firm_size[open_cells])
    left = readings.members - int(orgs["members"].sum()) - 3 * int(open_cells.sum())
    orgs.loc[open_cells, "members"] = 3 + rng.multinomial(left, weight / weight.sum())
    team = np.where(orgs["org_type"].isin(["党委", "党总支"]), orgs["members"], np.where(orgs["members"] >= 7, 5, 3))
    return orgs.assign(team=team)


def tables(seed: int, people: Population, coverage: Coverage) -> dict[str, pd.DataFrame]:
    """Return the tables `areas`, `grids`, `party_orgs`, `org_coverage` and `party_groups`."""
    rng = stream(seed, "organisation tables")
    orgs = _party_orgs(rng, people, coverage)
    return {
        "areas": pd.DataFrame(
            {
                "area_id": ZONE_AREAS,
                "area_name": _AREA_NAMES,
                "workstation_name": [f"{name}党建工作站" for name in _AREA_NAMES],
                "fulltime_liaisons": rng.integers(2, 4, AREAS),
                "joint_branch_id": _joint_ids(),
            }
        ),
        "grids": _grids(rng, coverage),
        "party_orgs": orgs,
        "org_coverage": _org_coverage(rng, people, coverage),
        "party_groups": _groups(rng, coverage),
    }


def _grids(rng: np.random.Generator, coverage: Coverage) -> pd.DataFrame:
    lead = coverage.orgs.dropna(subset=["lead_of"]).sort_values("lead_of")
    area = pd.Series(ZONE_AREAS[np.arange(GRIDS) * AREAS // GRIDS], dtype="str")
    # A grid that straddles two areas is given none: the source does not say that grids nest in areas.
    area.iloc[[grid for grid in range(1, GRIDS) if grid * AREAS % GRIDS < AREAS and grid * AREAS % GRIDS]] = pd.NA
    return pd.DataFrame(
        {
            "grid_id": ZONE_GRIDS,
            "grid_name": [f"第{number}党建网格" for number in range(1, GRIDS + 1)],
            "area_id": area,
            "lead_org_id": lead["org_id"].to_numpy(),
            "officer_id": tokens(rng, GRIDS),
            "established_on": days_between(rng, day("2016-04-01"), day("2017-05-31"), GRIDS),
        }
    )


def _party_orgs(rng: np.random.Generator, people: Population, coverage: Coverage) -> pd.DataFrame:
    orgs = coverage.orgs
    upper = pd.DataFrame(
        {
            "org_id": [ROOT, TWO_NEW, RESIDENTIAL],
            "org_name": [
                "中共泉州经济技术开发区工作委员会",
                "中共泉州经济技术开发区“两新”组织委员会",
                "中共泉州经济技术开发区海滨花园小区委员会",
            ],
            "org_type": ["党工委", "两新组织党委", "居民小区党委"],
            "parent_org_id": [None, ROOT, ROOT],
            "setup_mode": None,
            "established_on": [day("1997-12-01"), day("2004-06-18"), day("2019-09-10")],
            "area": -1,
            "grid": -1,
        }
    )
    former = people.base.iloc[people.analysable : people.analysable + LEFT_BASE]
    former = former[former["exit_on"] >= np.datetime64("2015-06-01")].head(8)
    founded = days_between(rng, day("2008-01-10"), day("2013-12-20"), len(former))
    gone = pd.DataFrame(
        {
            "org_id": numbered("ZC", len(former), 2),
            "org_name": joined("中共", former["name"].to_numpy(), "支部委员会"),
            "org_type": "党支部",
            "parent_org_id": TWO_NEW,
            "setup_mode": OWN,
            "established_on": founded,
            "dissolved_on": former["exit_on"].to_numpy(),
            "area": former["area"].to_numpy(),
            "grid": former["grid"].to_numpy(),
        }
    )
    sheet = pd.concat([upper, orgs, gone], ignore_index=True)
    size = len(sheet)
    founded = sheet["established_on"].to_numpy().astype("datetime64[D]")
    closed = sheet["dissolved_on"].to_numpy().astype("datetime64[D]")
    term = np.where(sheet["org_type"].isin(["党委", "党工委", "两新组织党委", "居民小区党委"]), 60, 36)
    alive_until = np.where(np.isnat(closed), AS_OF, closed)
    months = (alive_until.astype("datetime64[M]") - founded.astype("datetime64[M]")).astype(int)
    terms = months // term + 1
    overdue = (rng.random(size) < 0.06) & (terms > 1)
    sheet["term_ends_on"] = add_months(founded, term * (terms - overdue))
    lead = sheet["lead_of"].notna()
    sheet["double_strong"] = (lead | pd.Series(rng.random(size) < 0.08) & sheet["counted"].eq(True)).astype(bool)
    sheet["approval_no"] = joined(
        "泉开委组〔", year_of(founded).astype(str), "〕", rng.integers(1, 60, size).astype(str), "号"
    )
    sheet["area_id"] = pd.Series(np.where(sheet["area"] >= 0, ZONE_AREAS[sheet["area"]], None), dtype="str")
    sheet["grid_id"] = pd.Series(np.where(sheet["grid"] >= 0, ZONE_GRIDS[sheet["grid"]], None), dtype="str")
    return sheet


def _org_coverage(rng: np.random.Generator, people: Population, coverage: Coverage) -> pd.DataFrame:
    firms = coverage.firms.assign(uscc=people.base["uscc"].iloc[: people.analysable])
    held = firms.dropna(subset=["covered_on"])
    spells = pd.DataFrame(
        {"org_id": held["org_id"], "uscc": held["uscc"], "coverage_mode": held["mode"], "from_on": held["covered_on"]}
    )
    lead = coverage.orgs.dropna(subset=["lead_of"]).sort_values("lead_of")["org_id"].to_numpy()
    grid = people.base["grid"].to_numpy()
    # Before some firms were attached, and for the uncovered, the grid only worked there (工作覆盖).
    before = held[(held["mode"] == ATTACHED) & (held["covered_on"] > np.datetime64("2019-01-01"))]
    before = before.iloc[rng.permutation(len(before))[:30]]
    start = days_between(rng, day("2017-06-01"), before["covered_on"].to_numpy() - np.timedelta64(90, "D"))
    worked = pd.DataFrame(
        {
            "org_id": lead[grid[before.index]], "uscc": before["uscc"], "coverage_mode": WORK_ONLY, "from_on": start,
            "to_on": before["covered_on"],
        }
    )  # fmt: skip
    tail = people.enterprises.iloc[len(people.base) :]
    small = tail[
        (tail["kind"] == "firm") & tail["operating"] & tail["grid_id"].notna() & (tail["reg_type"] != "国有控股")
    ]
    small = small.iloc[np.sort(rng.permutation(len(small))[:240])]
    never = firms[firms["covered_on"].isna()]
    codes = pd.concat([never["uscc"], small["uscc"]])
    places = np.concatenate(
        [grid[never.index], small["grid_id"].map({g: n for n, g in enumerate(ZONE_GRIDS)}).to_numpy()]
    )
    founded = np.concatenate(
        [people.base["founded_on"].to_numpy()[never.index], small["founded_on"].to_numpy()]
    ).astype("datetime64[D]")
    start = days_between(rng, np.maximum(founded, day("2018-01-01")), AS_OF)
    only = pd.DataFrame(
        {"org_id": lead[places.astype(int)], "uscc": codes, "coverage_mode": WORK_ONLY, "from_on": start}
    )
    return pd.concat([spells, worked, only], ignore_index=True)


def _groups(rng: np.random.Generator, coverage: Coverage) -> pd.DataFrame:
    branches = coverage.orgs[coverage.orgs["org_type"].isin(["党支部"])].sort_values("members", ascending=False)
    heavy = branches.head(30)
    host = np.concatenate(
        [np.repeat(heavy["org_id"].to_numpy(), 2), branches["org_id"].to_numpy()[30 : 30 + GROUPS - 60]]
    )
    host = np.concatenate([host, rng.permutation(branches["org_id"].to_numpy())[:6]])
    founded = coverage.orgs.set_index("org_id")["established_on"][host].to_numpy().astype("datetime64[D]")
    closed = np.full(len(host), NAT, dtype="datetime64[D]")
    start = days_between(rng, founded, np.maximum(founded, day("2021-12-31")))
    closed[GROUPS:] = np.minimum(start[GROUPS:] + in_days(300), AS_OF - in_days(30))
    return pd.DataFrame(
        {
            "group_id": numbered("XZ", len(host), 3), "org_id": host,
            "workshop": [_WORKSHOPS[number] for number in rng.integers(0, len(_WORKSHOPS), len(host))],
            "established_on": start, "dissolved_on": closed,
        }
    )  # fmt: skip
