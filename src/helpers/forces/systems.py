"""The zone's 31 systems: the tables each is held in, the KPIs computed of it, and the page where its reader looks.

The single list behind page 40's table of systems and `docs/systems.md`.
"""

from typing import NamedTuple


class System(NamedTuple):
    """One system of the zone.

    `kpis` are ids of `forces.REGISTRY` or `forces.MEASURES`; `page` is the notebook that shows more of it.
    """

    number: int
    tables: tuple[str, ...]
    kpis: tuple[str, ...]
    page: str


INDEX, PANEL, ORGANISATION, RATINGS = "55_index", "40_panel", "50_organisation", "51_ratings"
SERVICES, ALLIANCE, INNOVATION = "52_services", "54_alliance", "60_innovation"
BRIEF, ASSOCIATION = "95_brief", "70_association"

SYSTEMS: tuple[System, ...] = (
    System(1, ("force_map",), (), INDEX),
    System(2, ("party_orgs", "party_groups"), ("s02_overdue",), ORGANISATION),
    System(3, ("areas", "enterprises"), ("s03_firms_per_liaison",), ORGANISATION),
    System(4, ("grids", "alliance_events", "org_ratings"), ("t1_grid_active", "t5_spread"), RATINGS),
    System(5, ("org_coverage", "enterprises"), ("p1_coverage_org", "p2_standalone"), BRIEF),
    System(6, ("alliance_members", "alliance_events"), ("t4_alliance_conv",), ALLIANCE),
    System(7, ("org_ratings",), ("t2_upgrade",), RATINGS),
    System(8, ("org_ratings",), ("t3_good",), RATINGS),
    System(9, ("org_brands", "org_ratings"), ("s09_brands",), PANEL),
    System(10, ("cultivation_targets", "org_ratings"), ("s10_passed",), RATINGS),
    System(11, ("secretaries", "party_orgs"), ("s11_vacant",), ORGANISATION),
    System(12, ("training_events", "lecture_attendance"), ("s12_lectures",), PANEL),
    System(13, ("members",), ("v4_two_way",), RATINGS),
    System(14, ("training_events",), ("p4_training_done",), SERVICES),
    System(15, ("charter_amendments",), ("p3_charter",), ASSOCIATION),
    System(16, ("cross_appointments", "secretaries"), ("d1_cross_apply",), ASSOCIATION),
    System(17, ("governance_meetings",), ("d5_proposals",), PANEL),
    System(18, ("policy_liaisons", "policy_deliveries"), ("d3_half_day", "d4_liaison_cover"), SERVICES),
    System(19, ("pioneer_units",), ("v1_unit_density",), ASSOCIATION),
    System(20, ("task_projects",), ("v2_project_completion", "s20_verifiable"), PANEL),
    System(21, ("task_projects",), ("s21_outputs",), INNOVATION),
    System(22, ("patents", "patent_owners", "software_copyrights", "certifications", "rd_projects"), (), INNOVATION),
    System(23, ("contact_assignments",), ("c2_contact_cover",), PANEL),
    System(24, ("service_tickets",), ("c1_ticket_solved",), SERVICES),
    System(25, ("responsibility_assignments", "service_tickets"), ("s25_several", "s25_tickets", "s25_overlap"), PANEL),
    System(26, ("support_teams",), ("s26_actions",), PANEL),
    System(27, ("support_teams",), ("s27_teams",), PANEL),
    System(28, ("service_sites", "service_activities", "firm_places"), ("c4_activity_rate", "c3_reach"), SERVICES),
    System(29, ("service_projects",), ("c5_match",), SERVICES),
    System(30, ("service_activities",), ("s30_sharing",), PANEL),
    System(31, ("party_orgs",), ("s31_residential",), ORGANISATION),
)
