"""Secretaries' posts: how many each of them holds, and organisations without one.

Typed tables of the codebook in, counts out. Persons come from the restricted layer; small counts of them are taken out
at the source.
"""

from datetime import date

import pandas as pd

from helpers.forces import population
from helpers.forces.indicator import hide, note

POSTS = ("1", "2", "3+")
MEMBERS_SHOWN = 6
"""Firms with so many formal members or more stand in one row."""


def posts_held(secretaries: pd.DataFrame, party_orgs: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Count the serving secretaries by the number of organisations each of them leads on `as_of`.

    Returns
    -------
    DataFrame
        One row a number of posts (1, 2, 3 or more) and one for all: posts (`POSTS`, `all`), persons (missing where too
        few to be given, or where they would give such a count away).

    Notes
    -----
    Only posts in enterprises' organisations that exist on the date. Trap: several posts may lie in one firm (its
    committee and a branch under it), which the register does not tell from posts in several firms.
    """
    serving = _serving(secretaries, party_orgs, as_of)
    held = serving.groupby("member_pid")["org_id"].nunique().clip(upper=len(POSTS))
    counts = [int((held == number + 1).sum()) for number in range(len(POSTS))]
    table = pd.DataFrame({"posts": [*POSTS, "all"], "persons": [*counts, len(held)]})
    note("secretary_posts", serving.drop_duplicates(["member_pid", "org_id"]).shape[0])
    cells = [f"secretaries.{name}" for name in table["posts"]]
    return hide(table, {"persons": cells}, total_rows=table["posts"] == "all")


def vacancies_by_type(secretaries: pd.DataFrame, party_orgs: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Count the organisations without a serving secretary on `as_of`, by type.

    Returns
    -------
    DataFrame
        One row a type that occurs: org_type, organisations (in existence), vacant (without a serving secretary).
        Counts of organisations, not of persons.

    Notes
    -----
    Trap: a blank end of a spell is taken for a serving secretary, and a register not kept up shows posts as filled.
    """
    orgs = population.organisations(party_orgs, as_of).drop_duplicates("org_id")
    vacant = ~orgs["org_id"].isin(_serving(secretaries, party_orgs, as_of)["org_id"])
    counted = pd.DataFrame(
        {"org_type": orgs["org_type"].astype("str"), "organisations": 1, "vacant": vacant.astype(int)}
    )
    return counted.groupby("org_type").sum().reset_index()


def firms_by_members(
    members: pd.DataFrame, org_coverage: pd.DataFrame, party_orgs: pd.DataFrame, *, as_of: date
) -> pd.DataFrame:
    """Count firms by formal members on the rolls of their own organisations.

    Returns
    -------
    DataFrame
        One row a number of members (1 to 5, then 6 and more): members, persons, n_firms (both missing where too few
        persons stand behind them, none included, and where one would follow from another count).

    Notes
    -----
    Every number has its row, whether a firm has it or not: a row that is not there would say that nobody has it.
    """
    counted = population.formal_members_by_firm(members, org_coverage, party_orgs, as_of)
    numbers = pd.RangeIndex(1, MEMBERS_SHOWN + 1, name="members")
    grouped = counted.groupby(counted.clip(upper=MEMBERS_SHOWN).astype("int64"))
    sums = {"persons": grouped.sum(), "n_firms": grouped.size()}
    table = pd.DataFrame({name: each.reindex(numbers, fill_value=0) for name, each in sums.items()})
    for number, firms in table["n_firms"].items():
        note(f"firms_with_members.{number}", firms)
    cells = [f"members_of_firms_with.{number}" for number in numbers]
    shown = hide(table.reset_index(), {"persons": cells})
    return shown.assign(n_firms=shown["n_firms"].astype("Int64").mask(shown["persons"].isna()))


def _serving(secretaries: pd.DataFrame, party_orgs: pd.DataFrame, as_of: date) -> pd.DataFrame:
    orgs = population.organisations(party_orgs, as_of)["org_id"]
    serving = population.active_on(secretaries, as_of, start="from_on", end="to_on")
    return serving[serving["org_id"].isin(orgs)]
