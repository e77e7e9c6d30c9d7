"""Recompute every published figure from the tables, assert the claimed ones, and say why the others are not claimed.

One row a figure that is not a mechanism. `reproduced`: recomputed from the tables and equal under the published
comparator. `not_jointly_satisfiable`: cannot hold together with the rest, or not under the readings asked for.
`not_simulated`: a name, a case, a target or a standard, of which a synthetic zone can show nothing.
"""

import csv
from collections.abc import Callable

import pandas as pd

from helpers import paths
from helpers.errors import WuliError
from helpers.params.model import Calibration
from helpers.text import say

AS_OF = pd.Timestamp("2023-06-30")
DEFAULT_FIRMS = 13470
COLUMNS = ("id", "published", "comparator", "simulated", "k", "n", "status", "note", "note_zh")
Tables = dict[str, pd.DataFrame]
# Simulated value, count, base (None where the figure is not a share).
Found = tuple[float, float | None, float | None]


def published() -> list[dict[str, str]]:
    """Return the rows of the reference table of published figures."""
    with (paths.REFERENCE / "published_figures.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def at(rows: pd.DataFrame, starts: str, ends: str | None = None) -> pd.DataFrame:
    """Return the rows in force on 2023-06-30: started by then, and ending later or not at all."""
    kept = rows[rows[starts] <= AS_OF]
    return kept if ends is None else kept[kept[ends].isna() | (kept[ends] > AS_OF)]


def organisations(t: Tables) -> pd.DataFrame:
    """Return the 136: firm organisations and joint branches directly under the committee of the two new kinds."""
    alive = at(t["party_orgs"], "established_on", "dissolved_on")
    parent = t["party_orgs"].loc[t["party_orgs"]["org_type"] == "两新组织党委", "org_id"]
    kinds = ("党委", "党总支", "党支部", "联合党支部")
    return alive[alive["parent_org_id"].isin(parent) & alive["org_type"].isin(kinds)]


def on_roll(t: Tables) -> pd.DataFrame:
    """Return the members on the private roll: formal or probationary, with their relation in the zone."""
    now = at(t["members"], "from_on", "to_on")
    return now[now["member_type"].isin(["正式", "预备"]) & (now["roll_status"] != "组织关系不在本区")]


def analysable(t: Tables) -> pd.DataFrame:
    """Return the operating private firms on the above-scale or above-quota lists."""
    firms = t["enterprises"]
    return firms[firms["operating"] & (firms["above_scale"] != "否") & (firms["reg_type"] != "国有控股")]


def covered(t: Tables) -> pd.Series:
    """Return the codes of analysable firms covered by an organisation of their own or of others; work alone is not."""
    now = at(t["org_coverage"], "from_on", "to_on")
    now = now[now["coverage_mode"] != "仅工作覆盖"]
    base = analysable(t)
    return base.loc[base["uscc"].isin(now["uscc"]), "uscc"]


def certificates(t: Tables, kind: str | None = None, level: str | None = None) -> pd.DataFrame:
    """Return the certificates valid on the date."""
    now = at(t["certifications"], "issued_on", "valid_to")
    if kind:
        now = now[now["cert_type"] == kind]
    return now if level is None else now[now["level"] == level]


def top_teams(t: Tables) -> pd.DataFrame:
    """Return the top party team of each above-scale industrial firm, with whether the person sits in the top."""
    firms = t["enterprises"].loc[t["enterprises"]["above_scale"] == "规上工业", "uscc"]
    now = at(t["cross_appointments"], "from_on", "to_on")
    team = now[now["uscc"].isin(firms) & (now["party_post"] != "无")]
    seats = at(t["members"], "from_on", "to_on").set_index("member_pid")["org_id"]
    orgs = organisations(t)
    own = orgs.loc[orgs["setup_mode"] == "单独组建", "org_id"]
    team = team[team["member_pid"].map(seats[~seats.index.duplicated()]).isin(own)]
    return team.assign(is_senior=team["body"].isin(["董事会", "监事会", "经理层"]))


def _share(k: int, n: int) -> Found:
    return round(100 * k / n, 1) if n else float("nan"), k, n


def _count(value: float) -> Found:
    return float(value), float(value), None


def _solved(t: Tables, channels: tuple[str, ...], categories: tuple[str, ...] = (), since: str = "1900-01-01") -> Found:
    rows = t["service_tickets"]
    rows = rows[rows["channel"].isin(channels) & (rows["resolution"] == "解决") & (rows["closed_at"] >= since)]
    return _count(len(rows[rows["category"].isin(categories)] if categories else rows))


def _persons(t: Tables, role: str, column: str) -> Found:
    links = at(t["contact_assignments"], "from_on", "to_on")
    return _count(links.loc[links["contact_role"] == role, column].nunique())


def _units(t: Tables, kind: str) -> Found:
    now = at(t["pioneer_units"], "set_on", "ended_on")
    return _count((now["unit_type"] == kind).sum())


def _good(t: Tables) -> Found:
    rated = t["org_ratings"][t["org_ratings"]["year"] == 2023]
    return _share(int(rated["grade"].isin(["良好", "优秀"]).sum()), len(rated))


def _roll_share(t: Tables) -> Found:
    roll = on_roll(t).drop_duplicates("member_pid")
    skilled = roll["post_type"].isin(["高级管理", "中层管理", "专业技术", "研发"])
    return _share(int(skilled.sum()), len(roll))


def _sharing_days(t: Tables) -> Found:
    held = t["service_activities"]
    held = held.loc[held["activity_type"] == "邻里共享日", "held_on"]
    quarters = len(pd.period_range("2022Q4", "2023Q2", freq="Q"))
    return len(held) / quarters, len(held), quarters


def _certified(kind: str, level: str) -> Callable[[Tables], Found]:
    return lambda t: _count(certificates(t, kind, level)["uscc"].nunique())


def _with_base(count: Callable[[Tables], float], base: Callable[[Tables], pd.DataFrame]) -> Callable[[Tables], Found]:
    def find(t: Tables) -> Found:
        return float(count(t)), float(count(t)), float(len(base(t)))

    return find


CHECKS: dict[str, Callable[[Tables], Found]] = {
    "brand_five_forces_n": lambda t: _count(t["force_map"]["force"].nunique()),
    "zone_market_entities": lambda t: _count(t["enterprises"]["status"].isin(["存续", "在业"]).sum()),
    "zone_scale_industrial_firms": lambda t: _count((analysable(t)["above_scale"] == "规上工业").sum()),
    "zone_above_quota_firms": lambda t: _count(analysable(t)["above_scale"].isin(["限上批零", "限上住餐"]).sum()),
    "org_coverage_rate": lambda t: _share(len(covered(t)), len(analysable(t))),
    "alliance_founding_date": lambda t: (
        float(t["alliance_members"]["joined_on"].min().strftime("%Y%m%d")),
        None,
        None,
    ),
    "alliance_members": lambda t: _count(at(t["alliance_members"], "joined_on", "left_on")["uscc"].nunique()),
    "alliance_rotating_chairs": lambda t: _count((t["alliance_members"]["role"] == "轮值").sum()),
    "org_areas": lambda t: _count(len(t["areas"])),
    "org_joint_branches": lambda t: _count((organisations(t)["org_type"] == "联合党支部").sum()),
    "org_enterprise_party_orgs": lambda t: _count(len(organisations(t))),
    "org_workshop_groups": lambda t: _count(len(at(t["party_groups"], "established_on", "dissolved_on"))),
    "grid_count": lambda t: _count(len(t["grids"])),
    "grid_officers": lambda t: _count(t["grids"]["officer_id"].nunique()),
    "rating_classes": lambda t: _count(t["org_ratings"].loc[t["org_ratings"]["year"] == 2023, "class"].nunique()),
    "rating_good_or_above_share": _good,
    "brand_feature_brands": lambda t: _count(len(at(t["org_brands"], "recognised_on"))),
    "cultivation_consolidate": lambda t: _count(_campaign(t, "巩固提升")),
    "cultivation_new_forms": lambda t: _count(_campaign(t, "新业态培育")),
    "governance_charter_firms": _with_base(
        lambda t: at(t["charter_amendments"], "filed_on")["uscc"].nunique(), analysable
    ),
    "governance_members_mid_level": lambda t: _count(_roll_share(t)[1]),
    "governance_members_mid_level_share": _roll_share,
    "governance_scale_team_senior": lambda t: _share(int(top_teams(t)["is_senior"].sum()), len(top_teams(t))),
    "liaison_count": lambda t: _count(at(t["policy_liaisons"], "appointed_on", "ended_on")["liaison_pid"].nunique()),
    "pioneer_teams": lambda t: _units(t, "党员先锋队"),
    "pioneer_posts": lambda t: _units(t, "党员示范岗"),
    "pioneer_zones": lambda t: _units(t, "党员责任区"),
    "pioneer_selected": lambda t: _count(at(t["pioneer_units"], "set_on", "ended_on")["selected"].sum()),
    "innov_national_brands": lambda t: _count(len(certificates(t, level="国家级"))),
    "innov_provincial_little_giants": _certified("省科技小巨人", "省级"),
    "innov_hnte": _with_base(lambda t: certificates(t, "高新技术企业")["uscc"].nunique(), analysable),
    "innov_ip_advantage": _certified("国家知识产权优势企业", "国家级"),
    "innov_srdi": _certified("专精特新中小企业", "省级"),
    "innov_national_engineering_centre": lambda t: _count(len(certificates(t, "工程研究中心", "国家级"))),
    "innov_single_champion": lambda t: _count(len(certificates(t, "单项冠军产品"))),
    "svc_centre_opened": lambda t: (float(_opened(t).strftime("%Y%m")), None, None),
    "svc_stations": lambda t: _count((at(t["service_sites"], "opened_on")["site_type"] == "邻里服务站").sum()),
    "svc_activities": lambda t: _count(t["service_activities"]["held_on"].between("2023-01-01", AS_OF).sum()),
    "svc_urgent_problems": lambda t: _solved(t, ("邻里中心",), since="2023-01-01"),
    "contact_secretaries": lambda t: _persons(t, "党组织书记", "contact_pid"),
    "contact_members": lambda t: _persons(t, "党员", "contact_pid"),
    "contact_talents": lambda t: _persons(t, "党组织书记", "target_pid"),
    "contact_workers": lambda t: _persons(t, "党员", "target_pid"),
    "contact_worker_difficulties": lambda t: _solved(t, ("党群直通车",), ("职工困难",)),
    "contact_production_problems": lambda t: _solved(t, ("党群直通车",), ("生产难题",)),
    "svc_firm_problems": lambda t: _solved(t, ("领导挂钩", "部门包片", "党员包企")),
    "svc_joint_actions": lambda t: _count((t["support_teams"]["team_type"] == "联合行动").sum()),
    "svc_mentor_groups": lambda t: _count((t["support_teams"]["team_type"] == "导师服务团").sum()),
    "svc_volunteer_teams": lambda t: _count((t["support_teams"]["team_type"] == "志愿服务队").sum()),
    "svc_lists": lambda t: _count(t["service_projects"]["list_type"].nunique()),
    "svc_projects": lambda t: _count((t["service_projects"]["list_type"] == "服务").sum()),
    "svc_sharing_day_frequency": _sharing_days,
}
"""How each claimed figure is recomputed from the tables."""


def _campaign(t: Tables, track: str) -> int:
    rows = t["cultivation_targets"]
    return int(((rows["campaign"] == "2023示范提升行动") & (rows["track"] == track)).sum())


def _opened(t: Tables) -> pd.Timestamp:
    return t["service_sites"].loc[t["service_sites"]["site_type"] == "邻里中心", "opened_on"].iloc[0]


def _held(t: Tables, item: str) -> Found:
    rows = t["training_events"]
    return _count(((rows["plan_item"] == item) & (rows["held_on"] >= "2023-01-01")).sum())


def _levels(t: Tables) -> Found:
    """Count the levels that parent pointers link for a branch without a committee of its firm, its groups included."""
    orgs = at(t["party_orgs"], "established_on", "dissolved_on").set_index("org_id")
    plain = orgs[(orgs["org_type"] == "党支部") & orgs.index.isin(organisations(t)["org_id"])]
    groups = at(t["party_groups"], "established_on", "dissolved_on")["org_id"]
    levels, above = int(groups.isin(plain.index).any()), plain.index[:1]
    while len(above):
        levels += 1
        above = orgs["parent_org_id"].reindex(above).dropna()
    return _count(levels)


def _delivery_days(t: Tables) -> Found:
    lag = t["policy_deliveries"]["delivered_at"] - t["policy_deliveries"]["issued_at"]
    within = int((lag <= pd.Timedelta(hours=12)).sum())
    return float(round(lag.median() / pd.Timedelta(days=1), 2)), within, len(lag)


# Shown beside the published value, not claimed: status, and what the tables hold.
SHOWN: dict[str, tuple[str, Callable[[Tables], Found]]] = {
    "org_linkage_levels": ("not_jointly_satisfiable", _levels),
    "plan_training_sessions": ("not_simulated", lambda t: _held(t, "培训(十)")),
    "plan_party_lectures": ("not_simulated", lambda t: _held(t, "党课(百)")),
    "plan_micro_talks": ("not_simulated", lambda t: _held(t, "微宣讲(千)")),
    "liaison_delivery_time": ("not_jointly_satisfiable", _delivery_days),
}
_CASES = ("case_", "joeone_", "sanxing_", "tiandixing_", "yida_")
_DATES = {"alliance_founding_date": 20230620.0, "svc_centre_opened": 202210.0}
_NOTED = (
    "org_coverage_rate",
    "org_joint_branches",
    "org_enterprise_party_orgs",
    "org_linkage_levels",
    "rating_good_or_above_share",
    "governance_charter_firms",
    "governance_members_mid_level_share",
    "governance_scale_team_senior",
    "contact_secretaries",
    "contact_members",
    "contact_workers",
    "svc_firm_problems",
    "contact_production_problems",
    "pioneer_selected",
    "innov_national_brands",
    "innov_single_champion",
    "zone_market_entities",
    "liaison_delivery_time",
    "brand_feature_brands",
    "svc_circle_minutes",
    "svc_first_residential_committee",
    "alliance_founding_date",
    "svc_centre_opened",
    "cultivation_consolidate",
    "cultivation_new_forms",
)


def figures(tables: Tables, *, readings: Calibration, firms: int) -> pd.DataFrame:
    """Compare every published figure with the tables.

    Parameters
    ----------
    tables : dict of DataFrame
        The 36 tables of the zone; others are not looked at.
    readings : Calibration
        What the tables were calibrated to.
    firms : int
        How many market entities were asked for; the published number holds for 13,470 only.

    Returns
    -------
    DataFrame
        Key `id`: `published` (dates as yyyymmdd or yyyymm), `comparator`, `simulated`, `k`, `n` (numerator and base of
        a share), `status`, `note` (English) and `note_zh`.

    Raises
    ------
    WuliError
        If a claimed figure does not hold, naming every such figure.
    """
    rows, broken = [], []
    modes = at(tables["org_coverage"], "from_on", "to_on").groupby("coverage_mode", observed=False)["uscc"].nunique()
    counts = {
        "base": len(analysable(tables)),
        "own": modes["单独组建"],
        "joint": modes["联合组建"],
        "attached": modes["挂靠"],
    }
    for row in published():
        if row["unit"] == "mechanism":
            continue
        name = row["id"]
        value = _DATES.get(name, float(row["value"]) if row["value"] else float("nan"))
        found: Found = (float("nan"), None, None)
        note = name if name in _NOTED else ""
        if name in CHECKS:
            found = CHECKS[name](tables)
            status = "reproduced"
            if not holds(found[0], row["comparator"], value):
                if name == "zone_market_entities" and firms != DEFAULT_FIRMS:
                    status, note = "not_jointly_satisfiable", "other_size"
                elif readings != Calibration():
                    status, note = "not_jointly_satisfiable", "other_reading"
                else:
                    broken.append(f"{name}: the zone has {found[0]:g}, published is {row['comparator']} {value:g}")
        elif name in SHOWN:
            status, find = SHOWN[name]
            found = find(tables)
            note = note or "target"
        else:
            status = "not_simulated"
            note = note or _reason(row)
        texts = [say(f"simulate.note_{note}", lang, **counts) if note else "" for lang in ("en", "zh")]
        rows.append((name, value, row["comparator"], *found, status, *texts))
    if broken:
        raise WuliError("the synthetic zone misses figures that it claims to reproduce:\n  " + "\n  ".join(broken))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"k": "Float64", "n": "Float64"})


def holds(simulated: float, comparator: str, value: float) -> bool:
    """Tell whether a recomputed value agrees with a published one under its comparator; what is only named is there."""
    if not comparator:
        return simulated > 0
    if comparator == "more_than":
        return simulated > value
    if comparator == "at_least":
        return simulated >= value
    if comparator == "at_most":
        return simulated <= value
    return abs(simulated - value) < 1e-9


def _reason(row: dict[str, str]) -> str:
    if row["unit"] == "named_entity":
        return "named"
    if row["id"].startswith("src_"):
        return "source"
    if row["id"].startswith(_CASES):
        return "case"
    raise WuliError(
        f"published figure '{row['id']}' is neither checked nor explained: add it to helpers.simulate.calibrate"
    )
