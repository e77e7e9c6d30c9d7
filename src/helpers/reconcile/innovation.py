"""Checks of the figures on pioneer units, certificates, and the innovation of single firms."""

import pandas as pd

from helpers.forces import pioneer
from helpers.reconcile.recount import Check, NotTestable, Question, Recount

NATIONAL = "国家级"
REVOKED = "撤销"
SELECTED_TYPES = ("党员先锋岗", "党员示范区")
STUDIO = "创新工作室"
PROVINCE_AND_CITY = ("省级", "市级")


def units(unit_type: str) -> Check:
    """Return a check that counts the active pioneer units of a type, each once."""

    def check(q: Question) -> Recount:
        held = pioneer.active_units(q.tables["pioneer_units"], q.as_of)
        return Recount("read_units", int((held["unit_type"] == unit_type).sum()))

    return check


def selected_units(q: Question) -> Recount:
    """Count the selected pioneer units, by flag or by type."""
    held = pioneer.active_units(q.tables["pioneer_units"], q.as_of)
    if q.readings.pioneer_selected == "types":
        chosen = held["unit_type"].isin(SELECTED_TYPES)
    else:
        chosen = held["selected"].fillna(False).astype(bool)
    return Recount(f"read_selected_{q.readings.pioneer_selected}", int(chosen.sum()))


def certificates_in_force(q: Question) -> pd.DataFrame:
    """Return the certificates in force: issued_on <= day < valid_to, not revoked; a blank end is open."""
    held = q.tables["certifications"]
    held = held[(held["issued_on"] <= q.day) & (held["valid_to"].isna() | (held["valid_to"] > q.day))]
    return held[held["status"] != REVOKED]


def certified(cert_type: str, *, items: bool = False) -> Check:
    """Return a check that counts the firms with a certificate of a type in force, or its certificates."""

    def check(q: Question) -> Recount:
        held = certificates_in_force(q)
        held = held[held["cert_type"] == cert_type]
        k = held["cert_no"].nunique() if items else held["uscc"].nunique()
        return Recount("read_certified_items" if items else "read_certified_firms", k,
                       reading_values={"type": cert_type})  # fmt: skip

    return check


def national_titles(q: Question) -> Recount:
    """Count the national-level titles in force, or the firms that hold one; other counts are never added to it."""
    held = certificates_in_force(q)
    held = held[held["level"] == NATIONAL]
    k = held["uscc"].nunique() if q.readings.national_titles == "firms" else held["cert_no"].nunique()
    return Recount(f"read_national_{q.readings.national_titles}", k)


def engineering_centre(q: Question) -> Recount:
    """Look for a national engineering research centre."""
    held = certificates_in_force(q)
    found = int(((held["cert_type"] == "工程研究中心") & (held["level"] == NATIONAL)).sum())
    return Recount("read_engineering_centre", found)


def studio_people(q: Question) -> Recount:
    """Find the largest team of one firm's innovation studio."""
    projects = _of_firm(q, "task_projects", "started_on")
    teams = projects.loc[projects["vehicle"] == STUDIO, "team_size"].dropna()
    if teams.empty:
        raise NotTestable("reason_no_rows", table="task_projects")
    return Recount("read_studio", int(teams.max()), people=True, cells=("studio.team", ""))


def studio_projects(q: Question) -> Recount:
    """Count one firm's task projects."""
    return Recount("read_task_projects", _of_firm(q, "task_projects", "started_on")["project_id"].nunique())


def rd_projects(q: Question) -> Recount:
    """Count one firm's accepted provincial and municipal R&D projects."""
    code, held = q.firm_code(), q.tables["rd_projects"]
    done = held[(held["uscc"] == code) & held["level"].isin(PROVINCE_AND_CITY) & (held["accepted"] == "通过")]
    return Recount("read_rd_projects", done["project_no"].nunique())


def granted(patent_type: str) -> Check:
    """Return a check that counts one firm's granted patents of a type."""

    def check(q: Question) -> Recount:
        held = _of_firm(q, "patents", "granted_on")
        return Recount("read_granted", held.loc[held["patent_type"] == patent_type, "application_no"].nunique())

    return check


def copyrights(q: Question) -> Recount:
    """Count one firm's software copyrights, versions of a work apart."""
    return Recount("read_copyrights", _of_firm(q, "software_copyrights", "registered_on")["reg_no"].nunique())


def _of_firm(q: Question, table: str, date_column: str) -> pd.DataFrame:
    code, held = q.firm_code(), q.tables[table]
    return held[(held["uscc"] == code) & (held[date_column] <= q.day)]


def existing_teams(team_type: str) -> Check:
    """Return a check that counts the support teams or joint actions of a type."""

    def check(q: Question) -> Recount:
        held = q.tables["support_teams"]
        held = held[(held["team_type"] == team_type) & (held["set_on"].isna() | (held["set_on"] <= q.day))]
        return Recount("read_teams", held["team_id"].nunique(), reading_values={"type": team_type})

    return check


CHECKS: dict[str, Check] = {
    "pioneer_teams": units("党员先锋队"),
    "pioneer_posts": units("党员示范岗"),
    "pioneer_zones": units("党员责任区"),
    "pioneer_selected": selected_units,
    "innov_national_brands": national_titles,
    "innov_provincial_little_giants": certified("省科技小巨人"),
    "innov_hnte": certified("高新技术企业"),
    "innov_ip_advantage": certified("国家知识产权优势企业"),
    "innov_srdi": certified("专精特新中小企业"),
    "innov_single_champion": certified("单项冠军产品", items=True),
    "innov_national_engineering_centre": engineering_centre,
    "sanxing_studio_people": studio_people,
    "sanxing_projects": studio_projects,
    "tiandixing_projects": rd_projects,
    "tiandixing_invention_patents": granted("发明"),
    "tiandixing_utility_models": granted("实用新型"),
    "tiandixing_software_copyrights": copyrights,
    "svc_joint_actions": existing_teams("联合行动"),
    "svc_mentor_groups": existing_teams("导师服务团"),
    "svc_volunteer_teams": existing_teams("志愿服务队"),
}
