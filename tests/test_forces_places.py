"""Areas, grids, posts and cultivation, counted by hand."""

import pandas as pd
import pytest
from test_forces import AS_OF, cover, firm, org, ratings, roll, table

from helpers import forces
from helpers.forces import cultivation, grids, posts


def standing() -> pd.DataFrame:
    """Seven firms: own, joint, attached, by work alone, none, one of an unknown area, one whose organisation is gone."""
    places = {"A": ("A01", "G01"), "B": ("A01", "G01"), "C": ("A01", "G02"), "D": ("A02", "G02"), "E": ("A02", "G02"),
              "F": ("A09", "G09"), "G": ("A02", None)}  # fmt: skip
    register = table("enterprises", [firm(code, area_id=area, grid_id=grid) for code, (area, grid) in places.items()])
    coverage = table("org_coverage", [
        cover("O", "A"), cover("P", "A", "挂靠"), cover("P", "B", "行业组建"), cover("O", "C", "挂靠"),
        cover("O", "D", "仅工作覆盖"), cover("P", "F", "联合组建"), cover("Q", "G"),
    ])  # fmt: skip
    orgs = table("party_orgs", [org("O"), org("P"), org("Q", dissolved_on="2020-01-01")])
    return grids.standing_of_firms(register, coverage, orgs, as_of=AS_OF)


def test_a_firm_stands_as_the_closest_coverage_it_has():
    assert standing().set_index("uscc")["standing"].to_dict() == {
        "A": "own", "B": "joint", "C": "attached", "D": "work_only", "E": "uncovered", "F": "joint", "G": "uncovered",
    }  # fmt: skip


def test_firms_for_each_liaison_are_counted_by_area_and_those_of_no_area_stand_apart():
    areas = table("areas", [
        {"area_id": "A01", "area_name": "东", "fulltime_liaisons": 2},
        {"area_id": "A02", "area_name": "西"}, {"area_id": "A03", "area_name": "南", "fulltime_liaisons": 0},
    ])  # fmt: skip
    found = grids.firms_by_area(areas, standing())
    assert found["area_name"].tolist()[:3] == ["东", "西", "南"]
    assert found["firms"].tolist() == [3, 3, 0, 1]
    assert found["covered"].tolist() == [3, 0, 0, 1]
    assert found["firms_per_liaison"].tolist()[0] == 1.5
    assert found["firms_per_liaison"].isna().tolist() == [False, True, True, True]


def test_firms_are_counted_by_grid_and_standing_in_the_order_of_areas():
    listed = table("grids", [
        {"grid_id": "G03"}, {"grid_id": "G02", "area_id": "A02"}, {"grid_id": "G01", "area_id": "A01"},
    ])  # fmt: skip
    found = grids.firms_by_grid(listed, standing())
    assert found[["grid_id", "firms", *grids.STANDINGS]].to_numpy().tolist() == [
        ["G01", 2, 1, 1, 0, 0, 0], ["G02", 3, 0, 0, 1, 1, 1], ["G03", 0, 0, 0, 0, 0, 0],
    ]  # fmt: skip


def test_secretaries_of_several_organisations_are_counted_and_few_are_not_given():
    orgs = table("party_orgs", [org(f"O{number}") for number in range(50)])
    # Twelve lead two, twenty-five one; the last organisation has nobody.
    led = [(f"m{number % 37}", f"O{number}") for number in range(49)]
    held = table("secretaries", [
        *({"member_pid": person, "org_id": code, "from_on": "2020-01-01"} for person, code in led),
        {"member_pid": "m0", "org_id": "O49", "from_on": "2015-01-01", "to_on": "2020-01-01"},
        {"member_pid": "m0", "org_id": "elsewhere", "from_on": "2020-01-01"},
    ])  # fmt: skip
    found = posts.posts_held(held, orgs, as_of=AS_OF)
    # Nobody leads three: said of everyone, so it goes, with what it would follow from.
    assert found["persons"].isna().tolist() == [False, True, True, False]
    assert found["persons"].tolist()[::3] == [25, 37]
    with forces.minimum_people(13):
        hidden = posts.posts_held(held, orgs, as_of=AS_OF)
    # Twelve are too few, and twenty-five of thirty-seven would give them away.
    assert hidden["persons"].isna().tolist() == [True, True, True, False]
    vacant = posts.vacancies_by_type(held, orgs, as_of=AS_OF)
    assert vacant.to_numpy().tolist() == [["党支部", 50, 1]]


def test_listed_organisations_stand_beside_those_of_equal_class_and_nearest_score():
    day = "2023-02-20"
    rated = [("1", "成长类", 80), ("2", "成长类", 79), ("3", "成长类", 60), ("4", "示范类", 95), ("5", "示范类", 90),
             ("6", "达标类", 80), ("7", None, 80)]  # fmt: skip
    after = [("1", "达标类"), ("2", "成长类"), ("3", "示范类"), ("4", "示范类"), ("6", "孵化类")]
    held = table("org_ratings", [
        *({**row, "score_party": score} for row, (*_, score) in zip(
            ratings(2022, [(code, level) for code, level, _ in rated]), rated, strict=True)),
        *ratings(2023, after),
    ])  # fmt: skip
    coverage = table("org_coverage", [cover(str(number), f"F{number}") for number in range(1, 8)])
    orgs = table("party_orgs", [org(str(number)) for number in range(1, 8)])
    listed = table("cultivation_targets", [
        {"campaign": "x", "uscc": code, "listed_on": day} for code in ("F1", "F4", "F7", "F9")
    ])  # fmt: skip
    found = cultivation.listed_and_similar(listed, held, coverage, orgs, as_of=AS_OF).set_index("group")
    # Listed: 1 and 4 (7 has no class before, 9 no organisation); like 1 is 2, like 4 is 5, which is not rated again.
    assert found.loc["listed", ["organisations", "top_before", "rated_after", "room", "rose"]].tolist() == [2, 1, 2, 1, 1]
    assert found.loc["similar", ["organisations", "top_before", "rated_after", "room", "rose"]].tolist() == [2, 1, 1, 1, 0]
    # All that are not listed: 2, 3, 5, 6; 3 rose, 2 and 6 did not.
    assert found.loc["others", ["organisations", "top_before", "rated_after", "room", "rose"]].tolist() == [4, 1, 3, 3, 1]
    assert found["score_before"].tolist() == [87.5, 84.5, 77.25]
    assert found.loc["others", "rose_pct"] == pytest.approx(100 / 3)


def test_brands_are_counted_by_the_latest_class_and_those_without_one_apart():
    held = table("org_ratings", [*ratings(2022, [("1", "孵化类"), ("2", "示范类")]),
                                 *ratings(2023, [("1", "示范类"), ("2", "示范类"), ("3", "成长类")])])  # fmt: skip
    brands = table("org_brands", [
        {"brand_id": number, "org_id": code, "recognised_on": day}
        for number, code, day in (("a", "1", "2022-01-01"), ("b", "1", "2022-01-01"), ("c", "3", "2022-01-01"),
                                  ("d", "9", "2022-01-01"), ("e", "2", "2024-01-01"), ("a", "1", "2022-01-01"))
    ])  # fmt: skip
    found = cultivation.brands_by_class(brands, held, as_of=AS_OF)
    assert found.to_numpy().tolist() == [
        ["孵化类", 0, 0, 0], ["成长类", 1, 1, 1], ["达标类", 0, 0, 0], ["示范类", 2, 1, 2], ["unrated", 0, 1, 1],
    ]  # fmt: skip


def test_nobody_listed_gives_empty_groups():
    found = cultivation.listed_and_similar(
        table("cultivation_targets", []), table("org_ratings", []), table("org_coverage", []), table("party_orgs", []),
        as_of=AS_OF,
    )  # fmt: skip
    assert found["organisations"].tolist() == [0, 0, 0]
    assert found["rose_pct"].isna().all()


def test_both_directions_of_cultivation_are_given_by_year_and_few_persons_are_not():
    orgs = table("party_orgs", [org("O")])
    rows = [
        # 30 stay what they are; 12 become technical in the last year; 11 technical staff join in the last year.
        *roll("O", 30, post_type="生产一线"),
        *roll("O", 12, first=30, post_type="生产一线", to_on="2023-01-01"),
        *roll("O", 12, first=30, post_type="研发", from_on="2023-01-01"),
        *roll("O", 11, first=50, from_on="2023-02-01", developed_here=True),
        *roll("O", 3, first=70, from_on="2022-02-01", developed_here=True),
    ]
    found = cultivation.two_way_by_year(table("members", rows), orgs, as_of=AS_OF, years=2)
    assert found["ends_on"].tolist() == [pd.Timestamp("2022-06-30"), pd.Timestamp("2023-06-30")]
    assert found["at_start"].tolist() == [42, 45]
    assert found["admitted"].isna().tolist() == [True, False]
    assert found.loc[1, ["promoted", "admitted"]].tolist() == [12, 11]
    assert found.loc[1, "pct"] == pytest.approx(100 * 23 / 45)
    assert pd.isna(found.loc[0, "pct"])
