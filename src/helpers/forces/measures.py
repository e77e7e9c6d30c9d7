"""KPIs of the zone's systems that are none of the 24 indicators: typed tables of the codebook in, one `Indicator` out.

The positional parameters are the tables' names, as in the rooms of the forces.
"""

from datetime import date

import pandas as pd

from helpers.forces import cohesion, pioneer, population, traction
from helpers.forces.indicator import Indicator, MissingTable, ratio, shown

TOP_CLASS = "示范类"
PASSED, DECIDED = "通过", ("通过", "未通过")
STUDIO = "创新工作室"
LECTURE_HALL, OWNER = "企业家大讲堂", "出资人"
JOINT_ACTION, TEAMS = "联合行动", ("导师服务团", "志愿服务队")
SHARING_DAY = "邻里共享日"
RESIDENTIAL = "居民小区党委"
QUARTERS = 4
DUTY_CHANNELS, THROUGH_TRAIN = ("领导挂钩", "部门包片", "党员包企"), "党群直通车"


def overdue_terms(party_orgs: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute the share of organisations past their term (system 2).

    Returns
    -------
    Indicator
        100 * enterprises' organisations whose term ended before `as_of` / those in existence with a stated term;
        percent, point in time. The note gives those without a stated term. Benchmark: none published.

    Notes
    -----
    Trap: a register that nobody brings up to date shows elections held as overdue.
    """
    orgs = population.organisations(party_orgs, as_of)
    stated = orgs.dropna(subset="term_ends_on")
    overdue = int((stated["term_ends_on"] < pd.Timestamp(as_of)).sum())
    return ratio("s02_overdue", overdue, len(stated), window="point_in_time", base="terms_stated", note="note_s02",
                 note_values={"blank": len(orgs) - len(stated)})  # fmt: skip


def firms_per_liaison(areas: pd.DataFrame, enterprises: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute the firms above scale or quota for each full-time liaison (system 3).

    Returns
    -------
    Indicator
        Operating private firms above scale or quota in areas that state their liaisons / these liaisons; firms per
        liaison, point in time. The number of liaisons is open: officers of the areas, as they publish it. Benchmark:
        none published.

    Notes
    -----
    Trap: liaisons may also serve residents and small firms.
    """
    stated = areas.dropna(subset="fulltime_liaisons").drop_duplicates("area_id")
    firms = population.base_firms(enterprises, as_of, base="above_scale")
    held = enterprises[enterprises["uscc"].isin(list(firms)) & enterprises["area_id"].isin(stated["area_id"])]
    liaisons = int(stated["fulltime_liaisons"].sum())
    return ratio("s03_firms_per_liaison", held["uscc"].nunique(), liaisons, unit="per_liaison",
                 window="point_in_time", base="liaisons", note="note_s03",
                 note_values={"areas": len(stated), "all": areas["area_id"].nunique()})  # fmt: skip


def brands_of_top_class(org_brands: pd.DataFrame, org_ratings: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute the share of brands held by organisations of the top class (system 9).

    Returns
    -------
    Indicator
        100 * recognised brands of organisations classed 示范类 in the latest rated year / recognised brands of
        organisations with a class; percent, point in time. Benchmark: none published by class (10 brands in all).

    Notes
    -----
    Trap: brands may be among what the class was given for.
    """
    known = org_brands[org_brands["recognised_on"] <= pd.Timestamp(as_of)]
    rated = traction.rated_in(org_ratings, traction.latest_rating_year(org_ratings, as_of)).dropna(subset="class")
    of_class = rated.drop_duplicates("org_id").set_index("org_id")["class"].astype("str")
    held = known["org_id"].map(of_class).dropna()
    return ratio("s09_brands", int((held == TOP_CLASS).sum()), len(held), window="point_in_time", base="brands_classed",
                 note="note_s09", note_values={"others": len(known) - len(held)})  # fmt: skip


def cultivation_passed(cultivation_targets: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute the pass rate of listed firms (system 10).

    Returns
    -------
    Indicator
        100 * listed firms accepted (通过) / listed firms with a decision, those listed by `as_of`; percent, to date.
        The note gives those under way. Benchmark: none published (10 + 5 firms listed).

    Notes
    -----
    Trap: firms are listed because they are likely to pass; only similar unlisted ones would be a comparison.
    """
    listed = cultivation_targets[cultivation_targets["listed_on"] <= pd.Timestamp(as_of)]
    decided = listed["result"].isin(DECIDED)
    return ratio("s10_passed", int((listed["result"] == PASSED).sum()), int(decided.sum()), window="to_date",
                 base="listed_decided", note="note_s10", note_values={"open": int((~decided).sum())})  # fmt: skip


def vacant_posts(secretaries: pd.DataFrame, party_orgs: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute the share of organisations without a serving secretary (system 11).

    Returns
    -------
    Indicator
        100 * enterprises' organisations in existence without one / those in existence; percent, point in time. The note
        gives the persons who hold several posts, where they are not too few. Benchmark: none published.

    Notes
    -----
    Trap: a blank end counts as serving, so that a register not kept up hides vacancies.
    """
    orgs = population.organisations(party_orgs, as_of)["org_id"]
    serving = population.active_on(secretaries, as_of, start="from_on", end="to_on")
    serving = serving[serving["org_id"].isin(orgs)]
    posts = serving.groupby("member_pid")["org_id"].nunique()
    vacant = int((~orgs.isin(serving["org_id"])).sum())
    several = shown("secretaries.several", int((posts > 1).sum()))
    return ratio("s11_vacant", vacant, orgs.nunique(), window="point_in_time", base="organisations_now",
                 note="note_s11", note_values={"several": several})  # fmt: skip


def lecture_reach(
    training_events: pd.DataFrame,
    lecture_attendance: pd.DataFrame | None = None,
    enterprises: pd.DataFrame | None = None,
    *,
    as_of: date,
) -> Indicator:
    """Compute the reach of the entrepreneur lecture hall among owners (system 12).

    Parameters
    ----------
    lecture_attendance : DataFrame, optional
        Supplementary table: events name their host and a number of attendances, not the firms that came.
    enterprises : DataFrame, optional
        Needed beside `lecture_attendance`.

    Returns
    -------
    Indicator
        100 * operating private firms whose owner (出资人) came to a lecture of the last 12 months / operating private
        firms; percent, 12 months. The note gives the lectures held, those without a row, and the firms from which
        anyone came. Status `not_testable` without `lecture_attendance`, and where no lecture held has a row in it:
        who came is then unknown, not nobody. Benchmark: none published.

    Raises
    ------
    MissingTable
        If `lecture_attendance` is there and `enterprises` is not.

    Notes
    -----
    Counts are of firms. A lecture without a row is unknown, so that the numerator is a lower bound. Trap: owners who
    come are those who would seek such contacts anyway.
    """
    day = pd.Timestamp(as_of)
    held = training_events["held_on"]
    year = training_events[(held > day - pd.DateOffset(years=1)) & (held <= day)]
    lectures = year[year["plan_item"] == LECTURE_HALL]
    if lecture_attendance is None:
        came = shown("attendances.lectures", int(lectures["attendance"].sum()))
        known = {"lectures": len(lectures), "attendances": came}
        return Indicator("s12_lectures", None, None, None, "percent", "twelve_months", "any", status="not_testable",
                         note="note_s12", note_values=known)  # fmt: skip
    if enterprises is None:
        raise MissingTable("enterprises")
    firms = population.base_firms(enterprises, as_of, base="all_operating")
    came = lecture_attendance[lecture_attendance["event_id"].isin(lectures["event_id"])]
    unrecorded = len(lectures) - came["event_id"].nunique()
    came = came[population.within(came["uscc"], firms)]
    owners = came.loc[came["attended_by"] == OWNER, "uscc"].nunique()
    known = {"lectures": len(lectures), "unrecorded": unrecorded, "anyone": came["uscc"].nunique()}
    if len(lectures) and unrecorded == len(lectures):
        return Indicator("s12_lectures", None, len(firms), None, "percent", "twelve_months", "all_operating",
                         status="not_testable", note="note_s12_reach", note_values=known)  # fmt: skip
    return ratio("s12_lectures", owners, len(firms), window="twelve_months", base="all_operating",
                 note="note_s12_reach", note_values=known)  # fmt: skip


def improvement_stated(task_projects: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute the share of ended projects whose improvement can be verified at all (system 20).

    Returns
    -------
    Indicator
        100 * projects ended by `as_of` that state a baseline and a closing value / projects ended; percent, to date.
        The note gives how many of them changed. Benchmark: none published.

    Notes
    -----
    Trap: whether more is better differs by measure and the table does not say, so a change is no improvement yet.
    """
    ended = task_projects[task_projects["ended_on"] <= pd.Timestamp(as_of)]
    both = ended.dropna(subset=["baseline", "result"])
    return ratio("s20_verifiable", len(both), len(ended), window="to_date", base="projects_ended", note="note_s20",
                 note_values={"changed": int((both["result"] != both["baseline"]).sum())})  # fmt: skip


def studio_outputs(task_projects: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute the share of ended studio projects with an output (system 21).

    Returns
    -------
    Indicator
        100 * projects of member innovation studios ended by `as_of` with an output (not 无) / those ended; percent, to
        date. The note gives the patents among them. Benchmark: none published.

    Notes
    -----
    Trap: an output that is a patent is an outcome: this stays outside the index.
    """
    ended = task_projects[(task_projects["ended_on"] <= pd.Timestamp(as_of)) & (task_projects["vehicle"] == STUDIO)]
    with_output = ended["output"].isin(pioneer.RESULTS)
    return ratio("s21_outputs", int(with_output.sum()), len(ended), window="to_date", base="studio_projects",
                 note="note_s21", note_values={"patents": int((ended["output"] == "专利").sum())})  # fmt: skip


def several_duties(responsibility_assignments: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute the share of linked firms with posts of several kinds (system 25).

    Returns
    -------
    Indicator
        100 * firms with duty posts of two kinds or more (领导挂钩, 部门包片, 党员包企) / firms with any; percent, point
        in time. Benchmark: none published.

    Notes
    -----
    Trap: posts that overlap are counted as effort several times. Contacts of system 23 are persons: their overlap with
    firms cannot be seen, that of requests can (`duties_and_contacts`).
    """
    held = population.active_on(responsibility_assignments, as_of, start="from_on", end="to_on").dropna(subset="uscc")
    kinds = held.groupby("uscc")["duty_type"].nunique()
    return ratio("s25_several", int((kinds > 1).sum()), len(kinds), window="point_in_time", base="firms_linked",
                 note="note_s25", note_values={"posts": held["assignment_id"].nunique()})  # fmt: skip


def requests_of_duties(
    responsibility_assignments: pd.DataFrame, service_tickets: pd.DataFrame, *, as_of: date
) -> Indicator:
    """Compute the requests that came through duty posts for each firm with one (system 25).

    Returns
    -------
    Indicator
        Unique requests opened in the last 12 months whose earliest ticket came through 领导挂钩, 部门包片 or 党员包企 /
        firms with a duty post on `as_of`; requests per firm, 12 months. Benchmark: `svc_firm_problems` (1,657).

    Notes
    -----
    Trap: many requests may mean much trouble or much trust; posts for areas carry requests of firms without one.
    """
    held = population.active_on(responsibility_assignments, as_of, start="from_on", end="to_on")
    requests = cohesion.unique_requests(service_tickets)
    day = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    year = requests[(requests["opened_at"] >= day - pd.DateOffset(years=1)) & (requests["opened_at"] < day)]
    through = int(year["channel"].isin(DUTY_CHANNELS).sum())
    return ratio("s25_tickets", through, held["uscc"].nunique(), unit="per_firm", window="twelve_months",
                 base="firms_linked", benchmark=("svc_firm_problems",), note="note_s25_tickets",
                 note_values={"requests": len(year)})  # fmt: skip


def duties_and_contacts(service_tickets: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute the overlap of duty posts with the through train, by the requests entered in both (systems 25 and 23).

    Returns
    -------
    Indicator
        100 * unique requests with tickets of a duty channel and of 党群直通车 / those with a ticket of either, opened
        by `as_of`; percent, to date. Benchmark: none published; the two totals are published as if apart.

    Notes
    -----
    Trap: only repeats that were marked as such can be seen, so this is a lower bound.
    """
    opened = service_tickets[service_tickets["opened_at"] < pd.Timestamp(as_of) + pd.Timedelta(days=1)]
    request = cohesion.request_of_ticket(opened)
    duty = set(request[opened["channel"].isin(DUTY_CHANNELS)])
    train = set(request[opened["channel"] == THROUGH_TRAIN])
    return ratio("s25_overlap", len(duty & train), len(duty | train), window="to_date", base="duty_or_train",
                 note="note_s25_overlap")  # fmt: skip


def visits_per_action(support_teams: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute the visits to firms for each joint action (system 26).

    Returns
    -------
    Indicator
        Visits / actions set up by `as_of` that state them; visits per action, to date. Benchmark: none published (22
        actions). The note gives actions without a number.

    Notes
    -----
    Trap: the same firm may be visited many times.
    """
    return _visits("s26_actions", support_teams, (JOINT_ACTION,), as_of)


def visits_per_team(support_teams: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute the visits to firms for each mentor group or volunteer team (system 27).

    Returns
    -------
    Indicator
        Visits / teams set up by `as_of` that state them; visits per team, to date. Benchmark: none published (12
        groups, 23 teams).

    Notes
    -----
    Trap: visits are no firms: how many came again the table does not say.
    """
    return _visits("s27_teams", support_teams, TEAMS, as_of)


def _visits(id: str, support_teams: pd.DataFrame, kinds: tuple[str, ...], as_of: date) -> Indicator:
    teams = support_teams[support_teams["team_type"].isin(kinds) & (support_teams["set_on"] <= pd.Timestamp(as_of))]
    stated = teams.dropna(subset="firm_visits")
    return ratio(id, int(stated["firm_visits"].sum()), len(stated), unit="visits_per_team", window="to_date",
                 base="teams", note="note_visits", note_values={"blank": len(teams) - len(stated)})  # fmt: skip


def sharing_days(service_activities: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute how many of the last four complete quarters had a sharing day (system 30).

    Returns
    -------
    Indicator
        100 * quarters with at least one / 4; percent, 12 months. The note gives the days. Benchmark: one a quarter.

    Notes
    -----
    Trap: a day held twice in a quarter makes up for none.
    """
    last = pd.Timestamp(as_of).to_period("Q")
    if pd.Timestamp(as_of) < last.end_time.normalize():
        last -= 1
    due = pd.period_range(last - (QUARTERS - 1), last, freq="Q")
    days = service_activities.loc[service_activities["activity_type"] == SHARING_DAY, "held_on"].dropna()
    held = days[days <= pd.Timestamp(as_of)].dt.to_period("Q")
    return ratio("s30_sharing", int(due.isin(held).sum()), QUARTERS, window="twelve_months", base="quarters",
                 note="note_s30", note_values={"days": int(held.isin(due).sum())})  # fmt: skip


def residential_apart(party_orgs: pd.DataFrame, *, as_of: date) -> Indicator:
    """Compute the share of residential committees among all organisations in existence (system 31).

    Returns
    -------
    Indicator
        100 * organisations of residential estates / organisations in existence; percent, point in time. Benchmark: none
        published.

    Notes
    -----
    They are kept apart: no other indicator counts them. Trap: added to firms' organisations they would raise totals.
    """
    held = population.active_on(party_orgs, as_of, start="established_on", end="dissolved_on")
    residential = int((held["org_type"] == RESIDENTIAL).sum())
    return ratio("s31_residential", residential, held["org_id"].nunique(), window="point_in_time", base="all_orgs",
                 note="note_s31")  # fmt: skip
