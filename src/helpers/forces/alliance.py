"""The industry-chain alliance: who is in it, who chairs, who applies for patents together, and members against others.

Typed tables of the codebook in, small tables of counts out; firms are named by code.
"""

from collections.abc import Mapping
from datetime import date

import networkx as nx
import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from helpers.forces import population
from helpers.forces.matching import nearest_pairs
from helpers.forces.traction import MATCH_EVENT

CHAIR = "轮值"
POSITIONS = ("上游", "中游", "下游", "配套")
OWN_FILING = "自主申请"
YEARS_BEFORE = 3


def members_by_position(alliance_members: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Count the firms of the alliances on `as_of` by place in the chain.

    Returns
    -------
    DataFrame
        One row a place (`POSITIONS`, in order, then `unknown` where it is not stated) and `all`: chain_position, chairs
        (rotating, 轮值), members (others), firms (both).

    Notes
    -----
    A firm in two alliances counts once, as a chair where it is one anywhere. Trap: members chose to join.
    """
    held = _members_on(alliance_members, as_of)
    is_chair = held["role"].astype("str") == CHAIR
    firms = held.assign(is_chair=is_chair).sort_values("is_chair", ascending=False).drop_duplicates("uscc")
    place = firms["chain_position"].astype("str").where(firms["chain_position"].notna(), "unknown")
    counted = pd.DataFrame(
        {"chain_position": place, "chairs": firms["is_chair"].astype(int), "members": (~firms["is_chair"]).astype(int)}
    )
    found = counted.groupby("chain_position").sum()
    known = [*POSITIONS, *(["unknown"] if "unknown" in found.index else [])]
    found = found.reindex(known, fill_value=0)
    found.loc["all"] = found.sum()
    return found.assign(firms=found["chairs"] + found["members"]).rename_axis("chain_position").reset_index()


def rotations(alliance_members: pd.DataFrame, alliance_events: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Return the rotating chairs and what each of them led.

    Returns
    -------
    DataFrame
        One row a chair, by alliance and rotation: alliance_id, rotation_no (missing where not stated), uscc, joined_on,
        events (chaired up to `as_of`), matches (产业对接 among them), contracts (matches with a contract amount).

    Notes
    -----
    Trap: early chairs have had more time; the table holds no dates of a rotation.
    """
    chairs = _members_on(alliance_members, as_of)
    chairs = chairs[chairs["role"].astype("str") == CHAIR]
    held = alliance_events[alliance_events["held_on"] <= pd.Timestamp(as_of)]
    is_match = held["event_type"].astype("str") == MATCH_EVENT
    counted = pd.DataFrame(
        {
            "alliance_id": held["alliance_id"], "uscc": held["chair_uscc"], "events": 1,
            "matches": is_match.astype(int), "contracts": (is_match & (held["contract_amount"] > 0)).astype(int),
        }
    ).groupby(["alliance_id", "uscc"], as_index=False).sum()  # fmt: skip
    columns = ["alliance_id", "rotation_no", "uscc", "joined_on"]
    found = chairs[columns].merge(counted, on=["alliance_id", "uscc"], how="left")
    counts = ["events", "matches", "contracts"]
    found[counts] = found[counts].fillna(0).astype(int)
    return found.sort_values(["alliance_id", "rotation_no", "uscc"], ignore_index=True)


def joint_filings(patents: pd.DataFrame, patent_owners: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Return which two firms applied for which patent together.

    Returns
    -------
    DataFrame
        One row a filing up to `as_of` and pair of its owners: firm_a, firm_b (codes, a before b), application_no,
        filed_on. Only owners by application of their own (自主申请): a share that was bought or licensed is no joint
        work.

    Notes
    -----
    Trap: firms of one group file together without any alliance; only owners with a code are seen.
    """
    applied = patent_owners[patent_owners["acquired_by"].astype("str") == OWN_FILING]
    own = applied[["application_no", "uscc"]].dropna().drop_duplicates()
    several = own[own["application_no"].duplicated(keep=False)]
    pairs = several.merge(several, on="application_no", suffixes=("_a", "_b"))
    pairs = pairs[pairs["uscc_a"] < pairs["uscc_b"]]
    filed = patents.drop_duplicates("application_no").set_index("application_no")["filed_on"]
    pairs = pairs.assign(filed_on=filed.reindex(pairs["application_no"]).to_numpy())
    found = pairs[pairs["filed_on"] <= pd.Timestamp(as_of)].rename(columns={"uscc_a": "firm_a", "uscc_b": "firm_b"})
    columns = ["firm_a", "firm_b", "application_no", "filed_on"]
    return found[columns].sort_values(columns[:3], ignore_index=True)


def network(joint: pd.DataFrame, alliance_members: pd.DataFrame, *, as_of: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return firms and ties of the network of joint filings.

    Parameters
    ----------
    joint : DataFrame
        From `joint_filings`.

    Returns
    -------
    (DataFrame, DataFrame)
        Firms: uscc, partners (distinct), filings (joint ones, each once), is_member (of an alliance on `as_of`),
        component (number of the connected part, the largest 0). Ties: firm_a, firm_b, filings, first_on, last_on, tie
        (`members`: both are members, `mixed`, `others`).
    """
    held = set(_members_on(alliance_members, as_of)["uscc"])
    ties = joint.groupby(["firm_a", "firm_b"], as_index=False).agg(
        filings=("application_no", "nunique"), first_on=("filed_on", "min"), last_on=("filed_on", "max")
    )
    members = ties[["firm_a", "firm_b"]].isin(held).sum(axis="columns")
    ties["tie"] = members.map({0: "others", 1: "mixed", 2: "members"}).astype("str")
    ends = pd.concat([joint.rename(columns={f"firm_{own}": "uscc", f"firm_{other}": "partner"})
                      for own, other in ("ab", "ba")])  # fmt: skip
    firms = ends.groupby("uscc", as_index=False).agg(
        partners=("partner", "nunique"), filings=("application_no", "nunique")
    )
    graph = nx.from_pandas_edgelist(ties, "firm_a", "firm_b")
    parts = sorted((sorted(part) for part in nx.connected_components(graph)), key=lambda part: (-len(part), part))
    part_of = {firm: number for number, part in enumerate(parts) for firm in part}
    component = firms["uscc"].map(part_of).astype("int64")
    return firms.assign(is_member=firms["uscc"].isin(held), component=component), ties


def similar_non_members(
    alliance_members: pd.DataFrame,
    enterprises: pd.DataFrame,
    enterprise_years: pd.DataFrame,
    filings: pd.DataFrame,
    *,
    as_of: date,
) -> pd.DataFrame:
    """Pair every member of an alliance with a firm that was never in one.

    Parameters
    ----------
    filings : DataFrame
        From `own_filings`.

    Returns
    -------
    DataFrame
        One row a pair: treated (member), partner, distance (standard deviations), joined_on (of the member). Members
        without a stated size, industry or partner have no row.

    Notes
    -----
    Equal in the first two digits of the industry, near in log employees (last year end before `as_of`) and in
    log(1 + filings) of the `YEARS_BEFORE` years before the first member joined. Pool: operating private firms. Trap:
    pairs are alike in what is measured; joining is a choice.
    """
    joined = _members_on(alliance_members, as_of).groupby("uscc")["joined_on"].min()
    register = enterprises.drop_duplicates("uscc").set_index("uscc")
    first = joined.min() if len(joined) else pd.Timestamp(as_of)
    recent = filings[(filings["filed_on"] < first) & (filings["filed_on"] >= first - pd.DateOffset(years=YEARS_BEFORE))]
    filed = recent["uscc"].value_counts().reindex(register.index, fill_value=0)
    employees = population.latest_employees(enterprise_years, as_of).reindex(register.index).astype("Float64")
    facts = pd.DataFrame(
        {
            "industry": register["industry_code"].astype("str").str[:2].where(register["industry_code"].notna()),
            "employees": np.log(employees.where(employees > 0).astype(float)),
            "filed": np.log1p(filed.astype(float)),
        }
    )
    ever = set(alliance_members["uscc"])
    pool = [
        code for code in sorted(population.base_firms(enterprises, as_of, base="all_operating")) if code not in ever
    ]
    members = facts.reindex([code for code in joined.index if code in facts.index])
    pairs = nearest_pairs(members, facts.reindex(pool), exact=["industry"], on=["employees", "filed"])
    return pairs.assign(joined_on=joined.reindex(pairs["treated"]).to_numpy())


def own_filings(patents: pd.DataFrame, patent_owners: pd.DataFrame) -> pd.DataFrame:
    """Return who applied for what when: uscc, application_no, patent_type, filed_on; one row a firm and filing."""
    own = patent_owners.loc[patent_owners["acquired_by"].astype("str") == OWN_FILING, ["application_no", "uscc"]]
    alone = patents.loc[~patents["application_no"].isin(patent_owners["application_no"]), ["application_no", "uscc"]]
    held = pd.concat([own, alone]).dropna().drop_duplicates()
    facts = patents.drop_duplicates("application_no")[["application_no", "patent_type", "filed_on"]]
    return held.merge(facts, on="application_no").dropna(subset="filed_on").reset_index(drop=True)


def before_after(
    pairs: pd.DataFrame, filings: pd.DataFrame, *, visible_to: Mapping[str, date], months: int = 12
) -> pd.DataFrame:
    """Compare filings before and after joining, members against their partners.

    Parameters
    ----------
    pairs : DataFrame
        From `similar_non_members`; the partner has the member's day.
    filings : DataFrame
        From `own_filings`.
    visible_to : mapping
        Patent type -> last day up to which filings are visible in full.
    months : int
        Length of each window.

    Returns
    -------
    DataFrame
        One row a patent type: patent_type, pairs, complete (pairs whose window after is visible in full),
        before_member, before_partner (mean filings a firm in the window before, all pairs), after_member, after_partner
        (complete pairs), difference (mean over complete pairs of the member's change less the partner's) with its
        paired 95 % t interval (`conf_low`, `conf_high`), first_end (last day of the earliest window after). Missing
        where there is no complete pair; no interval with fewer than two.

    Notes
    -----
    Windows: [day - months, day) and [day, day + months). Difference in differences of matched pairs. Trap: an
    association; firms that were about to grow may join.
    """
    rows = []
    step = pd.DateOffset(months=months)
    for kind, last in visible_to.items():
        own = filings[filings["patent_type"].astype("str") == kind]
        counts = {
            (when, side): _filed_between(own, pairs[side], start, end)
            for side in ("treated", "partner")
            for when, start, end in (
                ("before", pairs["joined_on"] - step, pairs["joined_on"]),
                ("after", pairs["joined_on"], pairs["joined_on"] + step),
            )
        }
        is_seen = (pairs["joined_on"] + step - pd.Timedelta(days=1) <= pd.Timestamp(last)).to_numpy(dtype=bool)
        change = {side: counts["after", side] - counts["before", side] for side in ("treated", "partner")}
        difference, low, high = _paired(change["treated"][is_seen] - change["partner"][is_seen])
        rows.append(
            {
                "patent_type": kind, "pairs": len(pairs), "complete": int(is_seen.sum()),
                "before_member": _mean(counts["before", "treated"]),
                "before_partner": _mean(counts["before", "partner"]),
                "after_member": _mean(counts["after", "treated"][is_seen]),
                "after_partner": _mean(counts["after", "partner"][is_seen]),
                "difference": difference, "conf_low": low, "conf_high": high,
                "first_end": pairs["joined_on"].min() + step - pd.Timedelta(days=1) if len(pairs) else pd.NaT,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def joint_pairs(pairs: pd.DataFrame, joint: pd.DataFrame, *, visible_to: date, months: int = 12) -> pd.DataFrame:
    """Count the pairs of firms that file together, among members and among their partners, before and after joining.

    Parameters
    ----------
    pairs : DataFrame
        From `similar_non_members`.
    joint : DataFrame
        From `joint_filings`.
    visible_to : date
        Last day up to which filings of every type are visible in full.

    Returns
    -------
    DataFrame
        Two rows (`members`, `partners`): group, possible (pairs of firms), before, after (pairs with a joint filing in
        the window; after is missing until it is visible in full). A pair's day is the later of its two.

    Notes
    -----
    Trap: trade between the same two firms before the alliance would be the better comparison; no table holds it.
    """
    rows = []
    for group, side in (("members", "treated"), ("partners", "partner")):
        day = pairs.set_index(side)["joined_on"]
        among = joint[joint["firm_a"].isin(day.index) & joint["firm_b"].isin(day.index)]
        days = [day.reindex(among[end]).to_numpy(dtype="datetime64[us]") for end in ("firm_a", "firm_b")]
        since = pd.Series(np.maximum(*days), index=among.index)
        step = pd.DateOffset(months=months)
        before = among[(among["filed_on"] < since) & (among["filed_on"] >= since - step)]
        after = among[(among["filed_on"] >= since) & (among["filed_on"] < since + step)]
        is_seen = len(day) > 0 and day.max() + step - pd.Timedelta(days=1) <= pd.Timestamp(visible_to)
        rows.append(
            {
                "group": group, "possible": len(day) * (len(day) - 1) // 2,
                "before": len(before[["firm_a", "firm_b"]].drop_duplicates()),
                "after": len(after[["firm_a", "firm_b"]].drop_duplicates()) if is_seen else pd.NA,
            }
        )  # fmt: skip
    return pd.DataFrame(rows).astype({"after": "Int64"})


def _members_on(alliance_members: pd.DataFrame, as_of: date) -> pd.DataFrame:
    return population.active_on(alliance_members, as_of, start="joined_on", end="left_on")


def _filed_between(filings: pd.DataFrame, firms: pd.Series, start: pd.Series, end: pd.Series) -> np.ndarray:
    """Return, per row, the firm's filings on or after its start and before its end."""
    wanted = pd.DataFrame({"uscc": firms.to_numpy(), "start": start.to_numpy(), "end": end.to_numpy(),
                           "place": np.arange(len(firms))})  # fmt: skip
    both = wanted.merge(filings[["uscc", "filed_on"]], on="uscc")
    inside = both[(both["filed_on"] >= both["start"]) & (both["filed_on"] < both["end"])]
    return np.bincount(inside["place"], minlength=len(firms)).astype(float)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else np.nan


def _paired(differences: np.ndarray) -> tuple[float, float, float]:
    """Return the mean of differences and its 95 % t interval."""
    if len(differences) < 2:
        return _mean(differences), np.nan, np.nan
    reach = student_t.ppf(0.975, len(differences) - 1) * differences.std(ddof=1) / np.sqrt(len(differences))
    return _mean(differences), float(differences.mean() - reach), float(differences.mean() + reach)
