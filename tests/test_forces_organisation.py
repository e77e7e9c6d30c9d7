"""The organisation in tables, counted by hand."""

import pandas as pd
from test_forces import AS_OF, cover, firm, org, ratings, roll, table

from helpers.forces import organisation
from helpers.text import LANGS, say


def test_the_tree_finds_depth_orphans_circles_and_terms_that_ran_out():
    orgs = table("party_orgs", [
        org("GW", parent_org_id=None), org("LX", parent_org_id="GW"), org("A", term_ends_on="2023-06-29"),
        org("A1", parent_org_id="A"), org("B", parent_org_id="nowhere"), org("C", parent_org_id="gone"),
        org("gone", dissolved_on="2020-01-01"), org("X", parent_org_id="Y"), org("Y", parent_org_id="Z"),
        org("Z", parent_org_id="Y"),
    ])  # fmt: skip
    tree = organisation.organisation_tree(orgs, as_of=AS_OF).set_index("org_id")
    assert tree["depth"].dropna().to_dict() == {"GW": 1, "LX": 2, "A": 3, "A1": 4, "B": 1, "C": 1}
    assert tree.index[tree["in_cycle"]].tolist() == ["Y", "Z"]
    assert tree.index[tree["is_orphan"]].tolist() == ["B"]
    assert tree.index[tree["has_dissolved_parent"]].tolist() == ["C"]
    counted = organisation.tree_summary(tree.reset_index()).set_index("measure")["n"].to_dict()
    assert counted == {"organisations": 9, "deepest": 4, "is_root": 1, "is_orphan": 1, "has_dissolved_parent": 1,
                       "in_cycle": 2, "is_overdue": 1}  # fmt: skip
    assert all(say(f"forces.measure_{name}", "zh") for name in counted)


def test_organisations_are_counted_by_depth_and_type():
    orgs = table("party_orgs", [
        org("GW", org_type="党工委", parent_org_id=None), org("A", parent_org_id="GW"), org("B", parent_org_id="GW"),
    ])  # fmt: skip
    found = organisation.organisations_by_depth(organisation.organisation_tree(orgs, as_of=AS_OF))
    assert found.to_dict() == {"党工委": {1: 1, 2: 0}, "党支部": {1: 0, 2: 2}}


def test_class_transitions_count_only_organisations_with_a_class_in_both_years():
    held = table("org_ratings", [
        *ratings(2022, [("1", "孵化类"), ("2", "达标类"), ("3", "达标类"), ("4", "成长类"), ("5", None)]),
        *ratings(2023, [("1", "成长类"), ("2", "达标类"), ("3", "成长类"), ("5", "示范类")]),
    ])  # fmt: skip
    found = organisation.class_transitions(held, to_year=2023)
    assert found.to_numpy().tolist() == [[0, 1, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    assert list(found.index) == ["孵化类", "成长类", "达标类", "示范类"]


def test_why_few_firms_are_uncovered_is_told_by_coverage_alone_not_by_their_members():
    enterprises = table("enterprises", [firm(code) for code in "ABCDEF"])
    orgs = table("party_orgs", [org("O"), org("P"), org("Q"), org("R")])
    coverage = table("org_coverage", [
        cover("O", "A"), cover("P", "B", "仅工作覆盖"), cover("Q", "C", "仅工作覆盖"), cover("R", "D", "仅工作覆盖"),
        cover("O", "E", "挂靠", to_on="2020-01-01"),
    ])  # fmt: skip
    members = table("members", [*roll("O", 5), *roll("P", 3, first=5), *roll("Q", 2, first=8)])
    found = organisation.uncovered_firms(enterprises, coverage, orgs, members, as_of=AS_OF)
    assert found.set_index("reason")["firms"].to_dict() == {
        "coverage_ended": 1, "work_coverage_only": 3, "never_covered": 1,
    }
    assert set(found["n"]) == {6}
    assert all(say(f"forces.reason_{name}", "en") for name in found["reason"])


def test_many_uncovered_firms_are_counted_by_the_first_reason_that_holds():
    names = [f"{kind}{number}" for kind in "EFN" for number in range(10)]
    organised = [name for name in names if name[0] != "N"]
    orgs = table("party_orgs", [org("O"), *(org(f"O{name}") for name in organised)])
    coverage = table("org_coverage", [cover("O", "A"), *(cover(f"O{name}", name, "仅工作覆盖") for name in organised)])
    members = [one for place, name in enumerate(organised)
               for one in roll(f"O{name}", 3 if name[0] == "E" else 2, first=3 * place)]  # fmt: skip
    found = organisation.uncovered_firms(
        table("enterprises", [firm(name) for name in ("A", *names)]), coverage, orgs, table("members", members),
        as_of=AS_OF,
    )  # fmt: skip
    assert found.set_index("reason")["firms"].to_dict() == {
        "should_have_organisation": 10, "fewer_than_3_members": 10, "work_coverage_only": 0, "coverage_ended": 0,
        "no_member_known": 10,
    }  # fmt: skip


def test_the_bands_count_organisations_by_formal_members_and_units():
    orgs = table("party_orgs", [
        # Two formal members and a probationary one; three; nobody on the roll; gone.
        org("few"), org("three"), org("blank"), org("old", dissolved_on="2020-01-01"),
        # 20 of its own, 30 and 49 below it: 99 and a committee; 60 and only a branch; 100 and a general branch.
        org("C", org_type="党委"), org("C1", parent_org_id="C"), org("C2", parent_org_id="C"),
        org("big"), org("G", org_type="党总支"), org("g", org_type="党总支"),
        org("J5", org_type="联合党支部"), org("J6", org_type="联合党支部"),
    ])  # fmt: skip
    sizes = {"few": 2, "three": 3, "old": 1, "C": 20, "C1": 30, "C2": 49, "big": 60, "G": 100, "g": 49, "J5": 4, "J6": 4}
    members, first = [], 0
    for name, count in sizes.items():
        members += roll(name, count, first=first)
        first += count
    members += roll("few", 1, first=first, member_type="预备")
    coverage = [cover("J5", f"F{n}", "联合组建") for n in range(5)] + [cover("J5", "F9", "挂靠")]
    coverage += [cover("J6", f"H{n}", "联合组建") for n in range(6)]
    found = organisation.outside_bands(
        table("members", members), orgs, table("org_coverage", coverage), as_of=AS_OF
    ).set_index("kind")  # fmt: skip
    # Branches that exist: few, three, C1, C2, big with somebody on the roll, and blank. That one has fewer than three
    # members would tell of them.
    few = found.loc["branch_below_3"]
    assert pd.isna(few["organisations"]) and few["judged"] == 5
    others = found.drop(index="branch_below_3")
    assert {kind: (row["organisations"], row["judged"]) for kind, row in others.iterrows()} == {
        "branch_without_roll": (1, 6), "joint_above_5": (1, 2),
        # 50 to 99: the committee with 99 and the branch with 60; 100 or more: the general branch.
        "below_general_branch": (1, 2), "below_committee": (1, 1),
        "general_branch_below_50": (1, 2), "committee_below_100": (1, 1),
    }  # fmt: skip
    assert all(say(f"forces.band_{kind}", lang) for kind in found.index for lang in LANGS)


def test_members_below_count_once_at_every_level_and_a_circle_of_parents_ends():
    orgs = table("party_orgs", [
        org("C", org_type="党委"), org("G", org_type="党总支", parent_org_id="C"), org("B", parent_org_id="G"),
        org("X", org_type="党总支", parent_org_id="Y"), org("Y", org_type="党总支", parent_org_id="X"),
    ])  # fmt: skip
    members = table("members", [*roll("B", 60), *roll("X", 3, first=60)])
    found = organisation.outside_bands(members, orgs, table("org_coverage", []), as_of=AS_OF).set_index("kind")
    # The 60 of B stand for B, G and C alike; of these only B is neither.
    assert found.loc["below_general_branch"].tolist() == [1, 3]
    # X and Y have 3 and 0 of their own; G has its 60.
    assert found.loc["general_branch_below_50"].tolist() == [2, 3]


def test_no_rated_year_gives_a_matrix_of_zeros():
    assert organisation.class_transitions(table("org_ratings", []), to_year=None).to_numpy().sum() == 0


def test_empty_tables_give_empty_counts():
    tree = organisation.organisation_tree(table("party_orgs", []), as_of=AS_OF)
    assert organisation.tree_summary(tree)["n"].sum() == 0
    bands = organisation.outside_bands(
        table("members", []), table("party_orgs", []), table("org_coverage", []), as_of=AS_OF
    )
    assert bands["judged"].sum() == 0 and bands["organisations"].fillna(0).sum() == 0
