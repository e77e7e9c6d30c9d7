"""Tables of the alliance: members and rotations, matches, joint filings, members against similar firms."""

from datetime import date

import pandas as pd

from helpers import outcomes
from helpers.clean.patents import TYPES
from helpers.disclosure import cleared, dominance
from helpers.forces import alliance, services
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.text import Lang, label, number, say

MONTHS = 12


def members_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return chairs and other members by place in the chain."""
    found = alliance.members_by_position(zone.table("alliance_members"), as_of=zone.params.as_of)
    return labelled(found.rename(columns={"members": "other_members"}), lang, values=("chain_position",))


def rotations_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return the rotating chairs by name, and what each of them led."""
    found = alliance.rotations(zone.table("alliance_members"), zone.table("alliance_events"), as_of=zone.params.as_of)
    firm = _names(zone).reindex(found["uscc"]).fillna("–").to_numpy()
    joined = found["joined_on"].dt.strftime("%Y-%m-%d")
    shown = found.assign(firm=firm, joined_on=joined)
    columns = ["alliance_id", "rotation_no", "firm", "joined_on", "events", "matches", "contracts"]
    return labelled(shown[columns], lang)


def alliance_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return alliance events by type with intents and contracts apart; no amount that one or two deals make up."""
    events = zone.table("alliance_events")
    found = services.alliance_outcomes(events, as_of=zone.params.as_of)
    held = events[events["held_on"] <= pd.Timestamp(zone.params.as_of)]
    for column, amount in {"intent_10k_cny": "intent_amount", "contract_10k_cny": "contract_amount"}.items():
        # The parties of a deal are not in the table: each deal stands for one contributor, as its parties know it.
        stated = held[held[amount] > 0]
        judged = dominance(stated, amount=amount, firm="event_id", by="event_type")["is_dominated"]
        found[column] = found[column].mask(found["event_type"].map(judged.to_dict()).eq(True))
    return cleared(labelled(found.rename(columns={"share_pct": "contract_share_pct"}), lang, values=("event_type",)))


def alliance_note(zone: Study, lang: Lang) -> str:
    """Say how many of the events read are counted, and what a missing amount means."""
    events = zone.table("alliance_events")
    counted = int(services.alliance_outcomes(events, as_of=zone.params.as_of)["events"].sum())
    return say("pages.alliance_note", lang, read=len(events), counted=counted, left_out=len(events) - counted,
               as_of=zone.params.as_of)  # fmt: skip


def joint_network(zone: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return firms and ties of the network of joint filings."""
    return alliance.network(_joint(zone), zone.table("alliance_members"), as_of=zone.params.as_of)


def _joint(zone: Study) -> pd.DataFrame:
    if zone.missing(("patent_owners",)):
        return pd.DataFrame(columns=["firm_a", "firm_b", "application_no", "filed_on"])
    return alliance.joint_filings(zone.table("patents"), zone.table("patent_owners"), as_of=zone.params.as_of)


def network_rows(firms: pd.DataFrame, ties: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return, by kind of tie, pairs of firms and their joint filings, and the years they span.

    `firms`, `ties`: from `joint_network`.
    """
    rows = [
        {
            "tie": label(f"tie_{tie}", lang), "firm_pairs": len(part), "joint_filings": int(part["filings"].sum()),
            "years_used": f"{part['first_on'].min():%Y} – {part['last_on'].max():%Y}",
        }
        for tie, part in ties.groupby("tie")
    ]  # fmt: skip
    return labelled(pd.DataFrame(rows), lang)


def network_alt(firms: pd.DataFrame, ties: pd.DataFrame, lang: Lang) -> str:
    """Describe the network: firms, pairs, parts, members among them.

    `firms`, `ties`: from `joint_network`.
    """
    largest = int((firms["component"] == 0).sum())
    return say("pages.network_alt", lang, firms=len(firms), ties=len(ties), parts=firms["component"].nunique(),
               largest=largest, members=int(firms["is_member"].sum()))  # fmt: skip


def similar_pairs(zone: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the pairs of members and similar firms, and who filed what; no row without members or years."""
    filings = alliance.own_filings(zone.table("patents"), _owners(zone))
    pairs = alliance.similar_non_members(
        zone.table("alliance_members"), zone.table("enterprises"), zone.table("enterprise_years"), filings,
        as_of=zone.params.as_of,
    )  # fmt: skip
    return pairs, filings


def _owners(zone: Study) -> pd.DataFrame:
    if zone.missing(("patent_owners",)):
        return pd.DataFrame({"application_no": [], "uscc": [], "acquired_by": []}, dtype="str")
    return zone.table("patent_owners")


def visible_to(zone: Study) -> dict[str, date]:
    """Return, by patent type, the last day up to which filings are visible in full."""
    last = {}
    for kind, name in TYPES.items():
        month = outcomes.last_complete_month(zone.params.extract_on, outcomes.LAG_MONTHS[name])
        last[kind] = (pd.Timestamp(month) + pd.offsets.MonthEnd(0)).date()
    return last


def before_after_table(zone: Study, pairs: pd.DataFrame, filings: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return filings a firm before and after joining, members beside similar firms, and the difference of changes.

    `pairs`, `filings`: from `similar_pairs`.
    """
    found = alliance.before_after(pairs, filings, visible_to=visible_to(zone), months=MONTHS)
    shown = pd.DataFrame(
        {
            "patent_type": [label(TYPES[kind], lang) for kind in found["patent_type"]],
            "pairs_complete": [f"{k} / {n}" for k, n in zip(found["complete"], found["pairs"], strict=True)],
        }
    )
    for name in ("before_member", "before_partner", "after_member", "after_partner"):
        shown[name] = [None if pd.isna(value) else number(value, ".2f") for value in found[name]]
    shown["did"] = [
        None if pd.isna(row.difference) else _with_bounds(row.difference, row.conf_low, row.conf_high)
        for row in found.itertuples()
    ]
    return labelled(shown, lang)


def _with_bounds(value: float, low: float, high: float) -> str:
    said = number(value, "+.2f")
    return said if pd.isna(low) else f"{said} ({number(low, '+.2f')} – {number(high, '+.2f')})"


def joint_pairs_table(zone: Study, pairs: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return how many pairs of firms file together, among members and among similar firms, before and after joining.

    `pairs`: from `similar_pairs`.
    """
    found = alliance.joint_pairs(pairs, _joint(zone), visible_to=min(visible_to(zone).values()), months=MONTHS)
    found["group"] = [label(f"alliance_{name}", lang) for name in found["group"]]
    return labelled(found.rename(columns={"before": "filed_before", "after": "filed_after"}), lang)


def pairs_note(zone: Study, pairs: pd.DataFrame, lang: Lang) -> str:
    """Say how many members have a similar firm, and from which extract on the windows after can be read.

    `pairs`: from `similar_pairs`.
    """
    members = alliance.members_by_position(zone.table("alliance_members"), as_of=zone.params.as_of)
    n = int(members.loc[members["chain_position"] == "all", "firms"].iloc[0])
    if pairs.empty:
        return say("pages.no_pairs", lang, n=n)
    end = pairs["joined_on"].min() + pd.DateOffset(months=MONTHS) - pd.Timedelta(days=1)
    readable = {name: end + pd.DateOffset(months=lag) for name, lag in outcomes.LAG_MONTHS.items()}
    return say("pages.pairs_note", lang, pairs=len(pairs), n=n, months=MONTHS,
               first=f"{pairs['joined_on'].min():%Y-%m-%d}",
               utility=f"{readable['utility']:%Y-%m}", invention=f"{readable['invention']:%Y-%m}",
               extract=zone.params.extract_on)  # fmt: skip


def alliance_results(zone: Study, ties: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, int]:
    """Return member firms, events, pairs of firms that file together and similar firms found.

    `ties`: from `joint_network`; `pairs`: from `similar_pairs`.
    """
    members = alliance.members_by_position(zone.table("alliance_members"), as_of=zone.params.as_of)
    events = services.alliance_outcomes(zone.table("alliance_events"), as_of=zone.params.as_of)
    return {
        "members": int(members.loc[members["chain_position"] == "all", "firms"].iloc[0]),
        "events": int(events["events"].sum()),
        "contracts": int(events["with_contract"].sum()),
        "ties": len(ties),
        "among_members": int((ties["tie"] == "members").sum()),
        "matched": len(pairs),
    }


def alliance_finding(found: dict[str, int], lang: Lang) -> str:
    """Say the page's main counts in one line; `found` is `alliance_results`."""
    return say("pages.alliance_finding", lang, **{name: f"{n:,}" for name, n in found.items()})


def _names(zone: Study) -> pd.Series:
    return zone.table("enterprises").drop_duplicates("uscc").set_index("uscc")["name_zh"]
