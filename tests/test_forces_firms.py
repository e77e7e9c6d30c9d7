"""Indicators of single firms on tables small enough to count by hand, and the proof that no outcome can enter."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from helpers import forces, simulate
from helpers.errors import InputError
from helpers.forces.firms import INPUTS, firm_indicators
from helpers.index import framework as frames

AS_OF = date(2023, 6, 30)


def dated(frame: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in frame if name.endswith(("_on", "_at"))]
    return frame.assign(**{name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in names})


def table(columns: str, *rows: tuple) -> pd.DataFrame:
    return dated(pd.DataFrame(list(rows), columns=columns.split()))


def zone(**tables: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return A with its own organisation and a sub-branch, B and C in a joint one, D attached to A's, E uncovered."""
    firm = [(name, "2010-01-01", None, "存续", "私营有限", "私人控股", "规上工业", "G01", True) for name in "ABCDE"]
    return {
        "enterprises": table(
            "uscc founded_on exit_on status reg_type control_type above_scale grid_id operating", *firm
        ),
        "party_orgs": table(
            "org_id org_type parent_org_id established_on dissolved_on",
            ("O1", "党总支", None, "2015-01-01", None), ("O2", "党支部", "O1", "2016-01-01", None),
            ("O3", "联合党支部", None, "2015-01-01", None),
        ),
        "org_coverage": table(
            "org_id uscc coverage_mode from_on to_on", ("O1", "A", "单独组建", "2015-01-01", None),
            ("O3", "B", "联合组建", "2015-01-01", None), ("O3", "C", "联合组建", "2015-01-01", None),
            ("O1", "D", "挂靠", "2019-01-01", None), ("O1", "E", "仅工作覆盖", "2019-01-01", None),
        ),
        **tables,
    }  # fmt: skip


def found(indicator: str, **tables: pd.DataFrame) -> list[float | None]:
    values = firm_indicators(zone(**tables), as_of=AS_OF)[indicator]
    assert values.index.tolist() == list("ABCDE")
    return [None if np.isnan(value) else round(value, 6) for value in values]


def test_coverage_and_an_own_organisation_are_apart():
    assert found("p1_coverage_org") == [1, 1, 1, 1, 0]
    assert found("p2_standalone") == [1, 0, 0, 0, 0]


def test_a_charter_clause_counts_by_its_substance_once_filed():
    rows = table("uscc filed_on substance", ("A", "2020-01-01", "象征性"), ("A", "2021-01-01", "决策性"),
                 ("B", "2024-01-01", "决策性"), ("C", "2022-01-01", None), ("D", None, "保障性"))  # fmt: skip
    assert found("p3_charter", charter_amendments=rows) == [3, 0, 1, 0, 0]


def test_events_hosted_by_a_firms_organisations_in_the_last_year_are_counted():
    rows = table("host_org_id held_on", ("O1", "2023-01-01"), ("O2", "2022-07-01"), ("O1", "2022-06-30"),
                 ("O3", "2023-01-01"), ("O1", "2023-07-01"))  # fmt: skip
    assert found("p4_training_done", training_events=rows) == [2, 0, 0, 0, 0]


def test_rates_over_too_few_persons_are_missing():
    roll = [(f"p{n}", "O1" if n else "O2", "2020-01-01", None, "正式", "在岗", "研发") for n in range(24)]
    members = table("member_pid org_id from_on to_on member_type roll_status post_type", *roll)
    half = members.assign(post_type=["其他"] * 13 + ["研发"] * 11)
    assert found("d2_mid_level", members=half) == [pytest.approx(100 * 11 / 24, abs=1e-4), None, None, None, None]
    # A share of all, or of none, says it of each; one of twelve would be given away by the share of the others.
    assert found("d2_mid_level", members=members) == [None] * 5
    assert found("d2_mid_level", members=members.assign(post_type="其他")) == [None] * 5
    assert found("d2_mid_level", members=members.assign(post_type=["其他"] * 2 + ["研发"] * 22)) == [None] * 5
    assert found("d2_mid_level", members=half.iloc[7:19]) == [None] * 5
    with forces.minimum_people(5):
        assert found("d2_mid_level", members=half.iloc[7:19]) == [50, None, None, None, None]


def test_units_are_counted_by_members_and_by_employees():
    units = table("unit_id org_id selected set_on ended_on", ("U1", "O1", True, "2020-01-01", None),
                  ("U2", "O2", False, "2020-01-01", None), ("U3", "O1", True, "2020-01-01", "2021-01-01"),
                  ("U4", "O3", True, "2020-01-01", None))  # fmt: skip
    roll = [(f"p{n}", "O1", "2020-01-01", None, "正式", "在岗", "研发") for n in range(10)]
    members = table("member_pid org_id from_on to_on member_type roll_status post_type", *roll)
    years = table("uscc year employees", ("A", 2022, 50.0), ("B", 2022, None), ("C", 2022, 10.0))
    held = {"pioneer_units": units, "members": members, "enterprise_years": years}
    assert found("v1_unit_density", **held) == [2, None, None, None, None]
    assert found("v5_units", **held) == [4, None, 0, None, None]
    assert found("v6_selected", **held) == [1, 0, 0, 0, 0]


def test_a_joint_organisation_gives_its_score_to_its_firms_and_none_to_those_attached():
    rows = table("org_id year rated_on score_party", ("O1", 2022, "2022-12-01", 50.0), ("O3", 2022, "2022-12-01", 40.0),
                 ("O1", 2021, "2021-12-01", 10.0), ("O3", 2023, "2023-12-01", 99.0))  # fmt: skip
    assert found("t3_party_score", org_ratings=rows) == [50, 40, 40, None, None]


def test_requests_deliveries_and_proposals_are_shares_of_those_of_the_firm():
    tickets = table(
        "ticket_id uscc channel category opened_at closed_at resolution duplicate_of satisfaction",
        ("T1", "A", "x", "y", "2023-01-01", "2023-01-10", "解决", None, 5.0),
        ("T2", "A", "x", "y", "2023-01-01", "2023-01-20", "解决", "T1", 3.0),
        ("T3", "A", "x", "y", "2023-02-01", "2023-04-01", "解决", None, None),
        ("T4", "B", "x", "y", "2023-06-20", None, None, None, None),
    )
    assert found("c1_ticket_solved", service_tickets=tickets) == [50, None, None, None, None]
    assert found("c6_satisfaction", service_tickets=tickets) == [4, None, None, None, None]
    pairs = table("uscc issued_at delivered_at received_by", ("A", "2023-03-01 09:00", "2023-03-01 10:00", "企业负责人"),
                  ("A", "2023-03-01 09:00", None, None), ("B", "2021-03-01 09:00", None, None))  # fmt: skip
    assert found("d3_half_day", policy_deliveries=pairs) == [50, None, None, None, None]
    meetings = table("uscc held_on proposals adopted", ("A", "2023-01-01", 3, 1), ("A", "2023-02-01", 1, 1),
                     ("B", "2023-01-01", 0, 0), ("C", "2020-01-01", 3, 3))  # fmt: skip
    assert found("d5_proposals", governance_meetings=meetings) == [50, None, None, None, None]


def test_registers_give_zero_where_nothing_stands_and_missing_where_there_is_no_register():
    rows = table("uscc joined_on left_on", ("B", "2023-06-20", None), ("C", "2020-01-01", "2021-01-01"))
    assert found("t6_alliance", alliance_members=rows) == [0, 1, 0, 0, 0]
    assert found("t6_alliance") == [None] * 5
    posts = table("uscc from_on to_on", ("A", "2020-01-01", None), ("A", "2021-01-01", None), ("B", "2024-01-01", None))
    assert found("c7_duty_posts", responsibility_assignments=posts) == [2, 0, 0, 0, 0]
    liaisons = table("liaison_pid uscc appointed_on ended_on", ("L1", "D", "2020-01-01", None))
    assert found("d4_liaison_cover", policy_liaisons=liaisons) == [0, 0, 0, 1, 0]
    projects = table("project_id uscc started_on", ("P1", "A", "2021-01-01"), ("P2", "A", "2020-01-01"))
    assert found("v7_projects", task_projects=projects) == [1, 0, 0, 0, 0]
    brands = table("org_id recognised_on", ("O2", "2022-01-01"), ("O3", "2022-01-01"))
    assert found("t7_brand", org_brands=brands) == [1, 0, 0, 0, 0]
    assert found("t8_lead", grids=table("grid_id lead_org_id", ("G01", "O1"))) == [1, 0, 0, 0, 0]
    groups = table("group_id org_id established_on dissolved_on", ("g", "O2", "2020-01-01", None))
    assert found("t9_groups", party_groups=groups) == [1, 0, 0, 0, 0]
    teams = table("member_pid uscc body party_post from_on to_on",
                  *((f"p{n}", "A", body, "委员", "2020-01-01", None)
                    for n, body in enumerate(["董事会"] * 10 + ["中层"] * 10)))  # fmt: skip
    assert found("d1_cross_apply", cross_appointments=teams) == [50, None, None, None, None]


@pytest.fixture(scope="module")
def made() -> dict[str, pd.DataFrame]:
    return simulate.zone(seed=5, firms=2000, scenario="effect").tables


def test_tables_without_a_row_or_a_value_stop_nothing(made):
    blank = made["charter_amendments"].assign(substance=None)
    assert firm_indicators({**made, "charter_amendments": blank}, as_of=AS_OF)["p3_charter"].max() == 1
    kept = ("enterprises", "org_coverage", "party_orgs")
    emptied = {name: frame if name in kept else frame.head(0) for name, frame in made.items()}
    found = firm_indicators(emptied, as_of=AS_OF)
    assert (found["p3_charter"] == 0).all() and found["c1_ticket_solved"].isna().all()


def test_no_outcome_and_no_growth_score_can_move_an_indicator(made):
    before = firm_indicators(made, as_of=AS_OF)
    changed = {name: frame.copy() for name, frame in made.items()}
    for place in frames.OUTCOMES:
        name, _, column = place.partition(".")
        if column:
            changed[name][column] = None
        else:
            del changed[name]
    pd.testing.assert_frame_equal(firm_indicators(changed, as_of=AS_OF), before)
    assert before.notna().any().sum() > 15


def test_nothing_but_the_declared_inputs_is_read(made):
    declared = {one for inputs in INPUTS.values() for one in inputs} | {"enterprises"}
    whole = {one for one in declared if "." not in one}
    kept = {}
    for name, frame in made.items():
        columns = [column for column in frame if name in whole or f"{name}.{column}" in declared]
        if columns:
            kept[name] = frame[columns]
    pd.testing.assert_frame_equal(firm_indicators(kept, as_of=AS_OF), firm_indicators(made, as_of=AS_OF))


def test_an_indicator_that_reads_an_outcome_is_refused(monkeypatch):
    monkeypatch.setitem(INPUTS, "t3_party_score", ("org_ratings.score_party", "org_ratings.score_growth"))
    with pytest.raises(InputError, match=r"t3_party_score \(org_ratings\.score_growth\) would: leave them out"):
        frames.framework()
    monkeypatch.setitem(INPUTS, "t3_party_score", ("org_ratings",))
    with pytest.raises(InputError, match=r"t3_party_score \(org_ratings\)"):
        frames.framework()
    monkeypatch.setitem(INPUTS, "t3_party_score", ("patents",))
    with pytest.raises(InputError, match=r"t3_party_score \(patents\)"):
        frames.framework()


def test_an_edit_of_the_force_map_moves_an_indicator_to_another_force():
    forces_of = pd.read_csv(frames.paths.REFERENCE / frames.FORCE_MAP, encoding="utf-8-sig")
    before = frames.framework(force_map=forces_of).belongs.loc["p3_charter"]
    edited = forces_of.assign(force=forces_of["force"].mask(forces_of["mechanism_id"] == "governance_charter_clause", "园区凝聚力"))
    after = frames.framework(force_map=edited).belongs.loc["p3_charter"]
    assert (before["政治引领力"], before["园区凝聚力"], after["政治引领力"], after["园区凝聚力"]) == (1, 0, 0, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mechanism_id": "governance_charter_claus"}, "governance_charter_claus; did you mean governance_charter_clause"),
        ({"indicator": "p3_chartr"}, "p3_chartr; did you mean p3_charter"),
        ({"direction": 0}, "direction of p3_charter is neither 1 nor -1"),
    ],
)
def test_a_wrong_row_of_the_framework_is_named(change, said):
    rows = pd.DataFrame([{"indicator": "p3_charter", "mechanism_id": "governance_charter_clause", "direction": 1} | change])
    with pytest.raises(InputError, match=said):
        frames.framework(indicators=rows)
