"""When organisations were founded and firms first covered, on a handful of them counted by hand."""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest
from test_forces import cover, org, table

from helpers import tables
from helpers.text import LANGS

EXTRACT = date(2023, 6, 30)
RANKS = {"单独组建": 1, "联合组建": 2, "行业组建": 3, "挂靠": 4, "仅工作覆盖": 5}


def clean_coverage(rows: list[dict]) -> pd.DataFrame:
    """Return coverage as cleaning leaves it: spells begin with their organisation at the earliest."""
    frame = table("org_coverage", rows)
    starts = pd.to_datetime([row.get("starts_on", row["from_on"]) for row in rows])
    return frame.assign(
        starts_on=starts, ends_on=frame["to_on"], is_organisation=frame["coverage_mode"] != "仅工作覆盖",
        mode_rank=frame["coverage_mode"].astype("str").map(RANKS),
    )  # fmt: skip


def zone(firms: str, *, extract_on: date = EXTRACT, **held: pd.DataFrame) -> SimpleNamespace:
    """Return what the tables ask of a study: its tables, the firms of its panel, its years."""
    panel = pd.DataFrame({"uscc": list(firms)})
    return SimpleNamespace(
        table=held.__getitem__, missing=lambda names: tuple(name for name in names if name not in held),
        panel=lambda: panel, params=SimpleNamespace(first_year=2021, extract_on=extract_on),
    )  # fmt: skip


@pytest.fixture
def organisations() -> SimpleNamespace:
    """Firm A's committee of 2019 with a branch of 2022, a dissolved branch of 2022, a joint one of 2023, a slip."""
    return zone("ABCDEFG", party_orgs=table("party_orgs", [
        org("LX", org_type="两新组织党委", established_on="2018-01-01"),
        org("C", org_type="党委", established_on="2019-05-01"), org("C1", parent_org_id="C", established_on="2022-03-01"),
        org("D", established_on="2022-04-01", dissolved_on="2022-12-01"),
        org("J", org_type="联合党支部", established_on="2023-02-01"),
        org("S", established_on="2032-02-01"), org("N", established_on=None),
    ]), org_coverage=clean_coverage([
        cover("C", "A", from_on="2019-05-01"), cover("C", "B", "挂靠", from_on="2021-07-01"),
        cover("J", "B", "联合组建", from_on="2023-02-01"),
        # C is attached and forms its own on one day: the closest tie counts. E is covered by work alone.
        cover("C", "C", "挂靠", from_on="2022-04-01"), cover("D", "C", from_on="2022-04-01"),
        cover("J", "D", "联合组建", from_on="2023-02-01"), cover("C", "E", "仅工作覆盖", from_on="2021-01-01"),
        # The founding of S is a slip, the spell's own day stands; X is no firm of the panel.
        {**cover("S", "F", from_on="2023-03-01"), "starts_on": "2032-02-01"}, cover("C", "X", "挂靠", from_on="2022-01-01"),
    ]), charter_amendments=table("charter_amendments", [
        {"uscc": "A", "amended_on": "2022-01-01"}, {"uscc": "A", "amended_on": "2020-01-01"},
        {"uscc": "B", "amended_on": "2032-01-01"}, {"uscc": "X", "amended_on": "2022-01-01"},
    ]))  # fmt: skip


def test_foundings_are_counted_by_year_and_kind_and_slips_apart(organisations):
    found = tables.foundings(organisations, "en")
    counts = found.counts.set_index("period")
    assert list(counts.index) == ["to\n2020", "2021", "2022", "2023\nto 06-30"]
    assert counts["own_founded"].tolist() == [1, 0, 1, 0]
    assert counts["joint_founded"].tolist() == [0, 0, 0, 1]
    assert counts["below_founded"].tolist() == [0, 0, 1, 0]
    # S is dated after the extract and N has no date; the body above the firms is none of theirs.
    assert found.undated == 2


def test_first_coverage_is_told_by_mode_and_is_no_founding(organisations):
    found = tables.first_coverage(organisations, "en")
    counts = found.counts
    assert counts["own_covered"].tolist() == [1, 0, 1, 1]  # A, C, F
    assert counts["joint_covered"].tolist() == [0, 0, 0, 1]  # D; B was attached before
    assert counts["attached_covered"].tolist() == [0, 1, 0, 0]  # B
    assert counts["charters"].tolist() == [1, 0, 0, 0]
    # Of seven firms 1, 2, 3 and 5 are covered so far; E by work alone, G by nobody.
    assert counts["covered_pct"].tolist() == pytest.approx([100 / 7, 200 / 7, 300 / 7, 500 / 7])
    assert found.undated == 0


def test_the_running_year_is_marked_and_a_full_last_year_is_not(organisations):
    assert tables.foundings(organisations, "en").counts["is_part"].tolist() == [False, False, False, True]
    assert "2023 to 06-30" in tables.timeline_note(tables.foundings(organisations, "en"), "en")
    organisations.params.extract_on = date(2023, 12, 31)
    found = tables.foundings(organisations, "en")
    assert not found.counts["is_part"].any() and found.counts["period"].iloc[-1] == "2023"
    assert "hatched" not in tables.timeline_note(found, "en")


@pytest.mark.parametrize("lang", LANGS)
def test_a_timeline_is_described_by_its_sums_and_its_tallest_period(organisations, lang):
    found = tables.foundings(organisations, lang)
    said = tables.timeline_alt(found, lang)
    assert "\n" not in said and "2022" in said and " 2, " in said.replace("，", ", ")
    assert "\n" not in "".join(tables.periods(found, lang).iloc[:, 0])


def test_the_sentence_tells_own_joint_and_attached_apart(organisations):
    said = tables.timeline_finding(organisations, "en")
    assert "Of the panel's 7 firms 5 were ever covered" in said
    assert "own organisation 3, by a joint one 1, attached to another firm's 1" in said
    # C of 2019, D of 2022 and J of 2023: the middle half from 2020 to 2022.
    assert "Of the 3 organisations" in said and "from 2020 to 2022" in said


def test_without_party_tables_there_is_no_timeline():
    bare = zone("AB")
    assert tables.foundings(bare, "en") is None and tables.first_coverage(bare, "en") is None
    assert "no party variable" in tables.timeline_finding(bare, "en")
    assert tables.timeline_results(None, None) == {}


def test_without_charters_none_are_drawn(organisations):
    held = zone("A", org_coverage=organisations.table("org_coverage"))
    assert "charters" not in tables.first_coverage(held, "en").counts
    # Nor is anything said of foundings without the register of organisations.
    assert tables.timeline_finding(held, "en").endswith("attached to another firm's 0. ")


def test_the_results_give_each_kind_in_all_and_before_the_runs_years(organisations):
    found = tables.timeline_results(tables.foundings(organisations, "zh"), tables.first_coverage(organisations, "zh"))
    assert found["own_founded"] == {"all": 2, "before": 1}
    assert found["attached_covered"] == {"all": 1, "before": 0}
