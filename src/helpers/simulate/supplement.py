"""The supplementary tables: where firms stand, when organisations met, which firms came to the entrepreneur lectures.

Each has a stream of its own and reads what is drawn already, so that the zone's tables are the same with and without.
"""

import numpy as np
import pandas as pd

from helpers.simulate.draws import AS_OF, day, pick, stream
from helpers.simulate.firms import Population
from helpers.simulate.organisations import Coverage
from helpers.simulate.services import places

LECTURE_HALL = "企业家大讲堂"
LOG_STARTS = day("2021-01-01")
WITHOUT_PLACE, WITHOUT_LOG = 0.03, 0.04
# Some firms stand beyond a walk to any site.
FIRMS_WIDER = 1.6
_MEETING = {"支部委员会": 0.35, "主题党日": 0.3, "支部党员大会": 0.15, "党课": 0.12, "党小组会": 0.08}
_ENTERPRISE_TYPES = ("党委", "党总支", "党支部", "联合党支部")


def tables(
    seed: int, people: Population, coverage: Coverage, party_orgs: pd.DataFrame, training_events: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return the three supplementary tables."""
    return {
        "firm_places": _places(stream(seed, "firm places"), people),
        "org_meetings": _meetings(stream(seed, "organisation meetings"), party_orgs),
        "lecture_attendance": _attendance(stream(seed, "lecture attendance"), people, coverage, training_events),
    }


def _places(rng: np.random.Generator, people: Population) -> pd.DataFrame:
    """Place the firms of today, household businesses apart; a few have no row, a few a row without coordinates."""
    sheet = people.enterprises
    codes = sheet.loc[sheet["exit_on"].isna() & (sheet["kind"] != "household"), "uscc"].to_numpy()
    lon, lat = places(rng, len(codes), wider=FIRMS_WIDER)
    draw = rng.random(len(codes))
    blank = draw < WITHOUT_PLACE / 3
    held = ~blank & (draw < WITHOUT_PLACE)
    firms = pd.DataFrame({"uscc": codes, "lon": np.where(blank, np.nan, lon), "lat": np.where(blank, np.nan, lat)})
    return firms[~held].reset_index(drop=True)


def _meetings(rng: np.random.Generator, party_orgs: pd.DataFrame) -> pd.DataFrame:
    """Let most organisations meet in every complete month of their life, some leave months out, a few hand in nothing.

    No day is the first of a month: to it a date without its day is read, which would repeat the key of another row.
    """
    orgs = party_orgs[party_orgs["org_type"].isin(_ENTERPRISE_TYPES)]
    founded, closed = (orgs[name].to_numpy().astype("datetime64[D]") for name in ("established_on", "dissolved_on"))
    months = np.arange(LOG_STARTS.astype("datetime64[M]"), AS_OF.astype("datetime64[M]") + np.timedelta64(1, "M"))
    first, after = months.astype("datetime64[D]"), (months + np.timedelta64(1, "M")).astype("datetime64[D]")
    is_alive = (founded[:, None] <= first) & (np.isnat(closed)[:, None] | (closed[:, None] >= after))
    reports = rng.random(len(orgs)) >= WITHOUT_LOG
    regularity = np.where(rng.random(len(orgs)) < 0.75, 1.0, rng.uniform(0.6, 0.97, len(orgs)))
    meets = rng.random(is_alive.shape) < regularity[:, None]
    again = rng.random(is_alive.shape) < 0.4
    # The second meeting of a month falls into its second half, so that no day is taken twice.
    parts = []
    for held, start in ((meets, 1), (meets & again, 15)):
        org, month = np.nonzero(held & is_alive & reports[:, None])
        days = first[month] + (start + rng.integers(0, 13, len(org))).astype("timedelta64[D]")
        parts.append(pd.DataFrame({"org_id": orgs["org_id"].to_numpy()[org], "held_on": days}))
    log = pd.concat(parts, ignore_index=True).sort_values(["org_id", "held_on"], ignore_index=True)
    return log.assign(meeting_type=pick(rng, list(_MEETING), len(log), list(_MEETING.values())))


def _attendance(
    rng: np.random.Generator, people: Population, coverage: Coverage, training_events: pd.DataFrame
) -> pd.DataFrame:
    """Let firms of the base come to each lecture, those with an organisation more readily; owners are a minority."""
    lectures = training_events[training_events["plan_item"] == LECTURE_HALL]
    base = people.base.iloc[: people.analysable]
    founded = base["founded_on"].to_numpy().astype("datetime64[D]")
    covered_on = coverage.firms["covered_on"].to_numpy().astype("datetime64[D]")
    parts = []
    for lecture in lectures.itertuples():
        held_on = np.datetime64(lecture.held_on, "D")
        weight = np.where(covered_on <= held_on, 2.0, 1.0) * (founded <= held_on)
        # Most firms send two or more, so that fewer firms come than persons.
        size = min(int(rng.binomial(lecture.attendance, 0.4)), int((weight > 0).sum()))
        firm = rng.choice(len(base), size, replace=False, p=weight / weight.sum())
        parts.append(pd.DataFrame({"event_id": lecture.event_id, "uscc": base["uscc"].to_numpy()[np.sort(firm)]}))
    came = pd.concat(parts, ignore_index=True)
    return came.assign(attended_by=pick(rng, ["出资人", "高级管理", "其他"], len(came), [0.4, 0.42, 0.18]))
