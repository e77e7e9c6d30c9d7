"""Members, secretaries, cross-appointments, policy liaisons and the contact scheme: persons as random tokens only.

On the roll: formal and probationary members whose relation stands in the zone, in an organisation that exists. Members
whose relation stands elsewhere (组织关系不在本区) take part in the contact scheme and are not on the roll; applicants
(入党积极分子) are not members. No person here owns a patent or stands in any table of firms.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.params.model import Calibration
from helpers.simulate.draws import AS_OF, NAT, day, days_between, in_days, pick, stream, tokens
from helpers.simulate.firms import Population
from helpers.simulate.organisations import ATTACHED, JOINT, Coverage

CONTACT_MEMBERS = 1262
SKILLED = 856
SECRETARIES = 128
LIAISONS = 116
TALENTS = 303
WORKERS = 15_240
_SENIOR, _MIDDLE, _TECHNICAL, _RESEARCH, _LINE, _OTHER = "高级管理", "中层管理", "专业技术", "研发", "生产一线", "其他"


@dataclass(frozen=True)
class Roll:
    """The members at the end, one row a person on the roll, in the order of the organisations.

    Columns: `member_pid`, `org_id`, `org` (row of `Coverage.orgs`), `firm` (row of the base, -1 unknown), `place` (0 =
    secretary's seat of the organisation), `is_team`, `post_type`, `from_on` (day).
    """

    people: pd.DataFrame
    members: pd.DataFrame


def roll(seed: int, people: Population, coverage: Coverage, readings: Calibration) -> Roll:
    """Draw the members: those on the roll, those from elsewhere, applicants, and spells that ended."""
    rng = stream(seed, "members")
    orgs = coverage.orgs.reset_index(drop=True)
    org = np.repeat(np.arange(len(orgs)), orgs["members"])
    place = np.concatenate([np.arange(count) for count in orgs["members"]])
    founded = orgs["established_on"].to_numpy().astype("datetime64[D]")[org]
    joined_on = np.where(place < 3, founded, days_between(rng, founded + in_days(1), AS_OF - in_days(5)))
    held = pd.DataFrame(
        {
            "member_pid": tokens(rng, len(org)), "org_id": orgs["org_id"].to_numpy()[org], "org": org, "place": place,
            "firm": _employers(rng, coverage, orgs, org, place), "is_team": place < orgs["team"].to_numpy()[org],
            "from_on": joined_on,
        }
    )  # fmt: skip
    held["post_type"] = _posts(rng, people, orgs, held)
    inside = orgs["org_type"].isin(["党委", "党总支"]) | ~orgs["counted"]
    formal = (place < 3) | inside.to_numpy()[org] | (rng.random(len(org)) > 0.04)
    now = held.assign(
        member_type=np.where(formal, "正式", "预备"),
        roll_status=np.where(
            held["is_team"], "在岗", pick(rng, ["在岗", "流动", "离退休"], len(held), [0.9, 0.07, 0.03])
        ),
    )
    elsewhere = max(CONTACT_MEMBERS - readings.members, 0)
    others = _outside(rng, orgs, elsewhere, "正式", "组织关系不在本区")
    applicants = _outside(rng, orgs, 210, "入党积极分子", "在岗")
    ended = _ended(rng, orgs, held)
    members = pd.concat([now, others, applicants, ended], ignore_index=True)
    return Roll(held, _describe(rng, members))


def _employers(rng, coverage: Coverage, orgs: pd.DataFrame, org: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Say for which firm a member works: the organisation's own, or one that the organisation covers besides."""
    firm = orgs["firm"].to_numpy()[org]
    covered = coverage.firms
    for number, row in enumerate(orgs.itertuples()):
        of_org = covered["org_id"].to_numpy() == row.org_id
        if row.firm < 0:
            members = np.flatnonzero(org == number)
            hosts = np.flatnonzero(of_org & (covered["mode"] == JOINT).to_numpy())
            firm[members] = rng.permutation(np.resize(hosts, len(members))) if len(hosts) else -1
        elif row.counted and row.members >= 6 and row.org_type == "党支部":
            guests = np.flatnonzero(of_org & (covered["mode"] == ATTACHED).to_numpy())
            seats = np.flatnonzero((org == number) & (place >= 5))[: len(guests)]
            firm[seats] = guests[: len(seats)]
    return firm


def _posts(rng, people: Population, orgs: pd.DataFrame, held: pd.DataFrame) -> np.ndarray:
    """Give exactly `SKILLED` members a post in middle or senior management, technique or research."""
    org = held["org"].to_numpy()
    industrial = _is_industrial(people, held["firm"].to_numpy())
    top_team = held["is_team"].to_numpy() & orgs["counted"].to_numpy()[org]
    branch_team = held["is_team"].to_numpy() & ~orgs["counted"].to_numpy()[org]
    senior = top_team & (industrial | (orgs["firm"].to_numpy()[org] < 0) | (rng.random(len(held)) < 0.6))
    post = np.full(len(held), None, dtype=object)
    post[senior] = _SENIOR
    post[top_team & ~senior] = _MIDDLE
    post[branch_team] = pick(rng, [_MIDDLE, _TECHNICAL, _RESEARCH], int(branch_team.sum()), [0.6, 0.2, 0.2])
    fixed = top_team | branch_team
    free = rng.permutation(np.flatnonzero(~fixed))
    skilled = free[: SKILLED - int(fixed.sum())]
    post[skilled] = pick(rng, [_SENIOR, _MIDDLE, _TECHNICAL, _RESEARCH], len(skilled), [0.06, 0.34, 0.38, 0.22])
    plain = free[len(skilled) :]
    post[plain] = pick(rng, [_LINE, _OTHER], len(plain), [0.75, 0.25])
    return post


def _is_industrial(people: Population, firm: np.ndarray) -> np.ndarray:
    return (firm >= 0) & (people.base["sector"].to_numpy()[firm] == "industrial")


def _outside(rng, orgs: pd.DataFrame, size: int, member_type: str, status: str) -> pd.DataFrame:
    org = rng.choice(len(orgs), size, p=orgs["members"] / orgs["members"].sum())
    founded = orgs["established_on"].to_numpy().astype("datetime64[D]")[org]
    return pd.DataFrame(
        {
            "member_pid": tokens(rng, size),
            "org_id": orgs["org_id"].to_numpy()[org],
            "from_on": days_between(rng, np.maximum(founded, day("2018-01-01")), day("2023-05-31")),
            "member_type": member_type,
            "roll_status": status,
            "post_type": pick(
                rng, [_MIDDLE, _TECHNICAL, _RESEARCH, _LINE, _OTHER], size, [0.15, 0.25, 0.15, 0.35, 0.1]
            ),
        }
    )


def _ended(rng, orgs: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Draw spells that ended: 220 persons who left the zone, and 40 who now stand in another organisation."""
    old = np.flatnonzero((orgs["established_on"] < np.datetime64("2019-06-30")).to_numpy())
    org = rng.choice(old, 260)
    founded = orgs["established_on"].to_numpy().astype("datetime64[D]")[org]
    start = days_between(rng, founded, day("2020-12-31"))
    end = days_between(rng, start + in_days(60), day("2023-05-31"))
    pid = tokens(rng, 260)
    # A person moves from one organisation to another on the day on which the later spell starts.
    late = held[(held["place"] >= 3) & (held["from_on"] > np.datetime64("2021-03-01"))]
    moved = late.iloc[rng.permutation(len(late))[:40]]
    count = len(moved)
    pid[:count] = moved["member_pid"]
    end[:count] = moved["from_on"].to_numpy().astype("datetime64[D]")
    same = orgs["org_id"].to_numpy()[org[:count]] == moved["org_id"].to_numpy()
    keep = np.concatenate([~same, np.ones(260 - count, dtype=bool)])
    return pd.DataFrame(
        {
            "member_pid": pid,
            "org_id": orgs["org_id"].to_numpy()[org],
            "from_on": start,
            "to_on": end,
            "member_type": "正式",
            "roll_status": "在岗",
            "post_type": pick(rng, [_MIDDLE, _TECHNICAL, _LINE, _OTHER], 260, [0.3, 0.3, 0.3, 0.1]),
        }
    )[keep]


def _describe(rng, members: pd.DataFrame) -> pd.DataFrame:
    size = len(members)
    age = pick(rng, ["<=30", "31-40", "41-50", "51-60", ">60"], size, [0.2, 0.36, 0.25, 0.14, 0.05])
    joined = pick(rng, ["<=2012", "2013-2017", "2018-"], size, [0.5, 0.25, 0.25])
    joined = np.where((age == "<=30") & (joined == "<=2012"), "2018-", joined).astype(object)
    joined[(members["member_type"] == "入党积极分子").to_numpy()] = None
    joined[(members["member_type"] == "预备").to_numpy()] = "2018-"
    skilled = members["post_type"].isin([_SENIOR, _MIDDLE, _TECHNICAL, _RESEARCH]).to_numpy()
    high = pick(rng, ["高中中专", "大专", "本科", "研究生"], size, [0.12, 0.36, 0.44, 0.08])
    low = pick(rng, ["初中及以下", "高中中专", "大专", "本科"], size, [0.2, 0.42, 0.28, 0.1])
    here = np.where(joined == "2018-", rng.random(size) < 0.45, rng.random(size) < 0.1)
    return members.assign(age_band=age, education=np.where(skilled, high, low), joined_band=joined, developed_here=here)


def tables(
    seed: int, people: Population, coverage: Coverage, on_roll: Roll, readings: Calibration
) -> dict[str, pd.DataFrame]:
    """Return the tables `members`, `secretaries`, `cross_appointments`, `policy_liaisons`, `contact_assignments`."""
    secretaries = _secretaries(stream(seed, "secretaries"), people, coverage, on_roll, readings)
    return {
        "members": on_roll.members,
        "secretaries": secretaries,
        "cross_appointments": _cross_appointments(stream(seed, "appointments"), people, coverage, on_roll, secretaries),
        "policy_liaisons": _liaisons(stream(seed, "liaisons"), people, coverage, on_roll),
        "contact_assignments": _contacts(stream(seed, "contacts"), on_roll, secretaries),
    }


def _secretaries(rng, people: Population, coverage: Coverage, on_roll: Roll, readings: Calibration) -> pd.DataFrame:
    orgs = coverage.orgs.reset_index(drop=True)
    counted = np.flatnonzero(orgs["counted"])
    heads = on_roll.people[on_roll.people["place"] == 0].set_index("org")
    holder = pd.Series(counted, index=counted)
    # Eight posts go to a secretary of another organisation: the joint branches, and four small branches of trade firms.
    firm, area, members = (orgs[name].to_numpy() for name in ("firm", "area", "members"))
    is_branch = (orgs["org_type"] == "党支部").to_numpy()
    trade = counted[(firm >= 0)[counted] & is_branch[counted] & ~_is_industrial(people, firm)[counted]]
    second = np.concatenate([np.flatnonzero(firm < 0), trade[np.argsort(members[trade], kind="stable")][:4]])
    hosts = list(rng.permutation(np.setdiff1d(counted, second)))
    for org in second:
        near = [host for host in hosts if area[host] == area[org]]
        holder[org] = near[0] if near else hosts[0]
        hosts.remove(holder[org])
    if readings.secretaries == "vacancies":
        holder = holder.drop(second)
    since = np.maximum(
        orgs["established_on"].to_numpy().astype("datetime64[D]")[holder.index],
        heads["from_on"].to_numpy().astype("datetime64[D]")[[heads.index.get_loc(h) for h in holder]],
    )
    now = pd.DataFrame(
        {
            "member_pid": heads["member_pid"].loc[holder].to_numpy(),
            "org_id": orgs["org_id"].to_numpy()[holder.index],
            "from_on": since,
        }
    )
    ended = on_roll.members.dropna(subset=["to_on"])
    ended = ended[ended["org_id"].isin(now["org_id"])].drop_duplicates("org_id").drop_duplicates("member_pid")
    before = ended.head(60)[["member_pid", "org_id", "from_on", "to_on"]]
    handed = now["org_id"].map(before.set_index("org_id")["to_on"])
    now["from_on"] = np.maximum(now["from_on"], handed.fillna(now["from_on"]))
    sheet = pd.concat([now, before], ignore_index=True)
    size = len(sheet)
    post = pick(rng, ["董事长或总经理", "副总", "中层", "其他"], size, [0.28, 0.42, 0.24, 0.06])
    grade = pick(rng, ["一级", "二级", "三级", "四级", None], size, [0.12, 0.3, 0.34, 0.14, 0.1])
    return sheet.assign(
        is_owner=(post == "董事长或总经理") & (rng.random(size) < 0.7), mgmt_post=post, secretary_grade=grade,
        grade_year=pd.array(np.where(pd.isna(grade), None, np.where(sheet["to_on"].isna(), 2022, 2019)), dtype="Int64"),
    )  # fmt: skip


def _cross_appointments(rng, people, coverage: Coverage, on_roll: Roll, secretaries: pd.DataFrame) -> pd.DataFrame:
    """Appoint the team and every skilled member: the top teams of above-scale industrial firms all sit in the top."""
    held = on_roll.people[
        on_roll.people["post_type"].isin([_SENIOR, _MIDDLE, _TECHNICAL, _RESEARCH]) & (on_roll.people["firm"] >= 0)
    ]
    size = len(held)
    serving = set(secretaries.loc[secretaries["to_on"].isna(), "member_pid"])
    is_sub = ~coverage.orgs["counted"].to_numpy()[held["org"]]
    is_secretary = held["member_pid"].isin(serving).to_numpy() | (is_sub & (held["place"] == 0).to_numpy())
    deputy = (held["place"] == 1).to_numpy() & (coverage.orgs["team"].to_numpy()[held["org"]] >= 5)
    party = np.select([is_secretary, held["is_team"] & deputy, held["is_team"]], ["书记", "副书记", "委员"], "无")
    senior = pick(rng, ["董事会", "监事会", "经理层"], size, [0.3, 0.12, 0.58])
    body = np.select([held["post_type"] == _SENIOR, held["post_type"] == _MIDDLE], [senior, "中层"], "技术岗")
    start = days_between(rng, held["from_on"].to_numpy(), AS_OF - in_days(20))
    end = np.full(size, NAT, dtype="datetime64[D]")
    now = pd.DataFrame(
        {
            "member_pid": held["member_pid"], "uscc": people.base["uscc"].to_numpy()[held["firm"]], "body": body,
            "party_post": party, "from_on": start, "to_on": end,
        }
    )  # fmt: skip
    earlier = now[now["body"].isin(["经理层", "中层"])].iloc[:120]
    earlier = earlier.assign(
        body="技术岗",
        party_post="无",
        to_on=earlier["from_on"],
        from_on=earlier["from_on"] - pd.to_timedelta(700, unit="D"),
    )
    return pd.concat([now, earlier], ignore_index=True)


def _liaisons(rng, people: Population, coverage: Coverage, on_roll: Roll) -> pd.DataFrame:
    """Hire 116 serving liaisons, most for one to three firms of the organisation's grid; 14 more have ended."""
    fit = on_roll.people[
        on_roll.people["post_type"].isin([_SENIOR, _MIDDLE, _TECHNICAL]) & (on_roll.people["firm"] >= 0)
    ]
    hired = fit.iloc[rng.permutation(len(fit))[: LIAISONS + 14]]
    grid = people.base["grid"].to_numpy()[: people.analysable]
    covered = np.flatnonzero(coverage.firms["covered_on"].notna())
    rows = []
    for place, (person, firm) in enumerate(zip(hired["member_pid"], hired["firm"], strict=True)):
        near = covered[(grid[covered] == grid[firm]) & (covered != firm)]
        for target in [firm, *rng.permutation(near)[: rng.integers(0, 3)]]:
            rows.append((place, person, target))
    sheet = pd.DataFrame(rows, columns=["place", "liaison_pid", "firm"])
    start = days_between(rng, day("2020-03-01"), day("2022-12-31"), len(sheet))
    ended = (sheet["place"] >= LIAISONS).to_numpy()
    end = np.where(ended, np.minimum(start + in_days(250), AS_OF - in_days(40)), NAT)
    uscc = people.base["uscc"].to_numpy()[sheet["firm"]]
    return pd.DataFrame({"liaison_pid": sheet["liaison_pid"], "uscc": uscc, "appointed_on": start, "ended_on": end})


def _contacts(rng, on_roll: Roll, secretaries: pd.DataFrame) -> pd.DataFrame:
    """Link 128 secretaries with 303 talents, and 1,262 members with more than 15,000 workers, some of them twice."""
    serving = secretaries.loc[secretaries["to_on"].isna(), "member_pid"].unique()
    now = on_roll.members[on_roll.members["to_on"].isna() & on_roll.members["member_type"].isin(["正式", "预备"])]
    members = now["member_pid"].unique()[:CONTACT_MEMBERS]
    if len(members) < CONTACT_MEMBERS:
        members = np.concatenate([members, tokens(rng, CONTACT_MEMBERS - len(members))])
    talents, workers = tokens(rng, TALENTS), tokens(rng, WORKERS)
    to_talents = np.resize(rng.permutation(serving), TALENTS)
    to_workers = np.concatenate([members, rng.choice(members, WORKERS - len(members))])
    first = pd.DataFrame(
        {
            "contact_pid": np.concatenate([to_talents, to_workers]),
            "target_pid": np.concatenate([talents, workers]),
            "contact_role": np.repeat(["党组织书记", "党员"], [TALENTS, WORKERS]),
            "target_type": np.repeat(["人才", "职工"], [TALENTS, WORKERS]),
            "from_on": days_between(rng, day("2020-05-01"), day("2022-09-30"), TALENTS + WORKERS),
        }
    )
    first["to_on"] = pd.Series(NAT, index=first.index, dtype="datetime64[s]")
    # A tenth of the workers changed contact: 16,700 links, not 16,700 people.
    again = TALENTS + np.sort(rng.permutation(WORKERS)[: WORKERS // 10])
    handed = days_between(rng, day("2022-10-08"), day("2023-05-31"), len(again))
    other = np.roll(first["contact_pid"].to_numpy()[again], 1)
    kept = other != first["contact_pid"].to_numpy()[again]
    again, handed, other = again[kept], handed[kept], other[kept]
    second = first.iloc[again].assign(contact_pid=other, from_on=handed)
    return pd.concat([_close(first, again, handed, members), second], ignore_index=True)


def _close(first: pd.DataFrame, rows: np.ndarray, on: np.ndarray, members: np.ndarray) -> pd.DataFrame:
    """End links, but never one of the first links that give each member a worker at the end."""
    free = rows >= TALENTS + len(members)
    closed = first["to_on"].to_numpy().copy()
    closed[rows[free]] = on[free]
    return first.assign(to_on=closed)
