"""The panel under other rules of linkage, counted by hand."""

import pandas as pd

from helpers.panel.relink import by_links_alone, with_links
from helpers.tables.relinked import panels_by_rule

PANEL = pd.DataFrame({"uscc": ["A", "A", "B"], "year": [2020, 2021, 2020], "patents_invention": [1, 0, 2],
                      "patents_utility": pd.array([3, None, 0], dtype="Int64"), "patents_invention_is_complete": True})  # fmt: skip
LINKS = pd.DataFrame(
    [("A", 2020, "发明", "exact", True), ("A", 2020, "发明", "homophone", True), ("B", 2020, "实用新型", "exact", True),
     ("A", 2021, "实用新型", "exact", True), ("Z", 2020, "发明", "exact", True), ("B", 2020, "发明", "exact", False),
     ("B", 2020, None, "exact", True)],
    columns=["uscc", "year", "patent_type", "reason", "is_uncoded"],
)  # fmt: skip


def test_links_are_added_to_their_firm_and_year_and_what_is_missing_stays_so():
    found = with_links(PANEL, LINKS)
    assert found["patents_invention"].tolist() == [3, 0, 3]
    assert found["patents_utility"].tolist() == [3, pd.NA, 1]
    assert PANEL["patents_invention"].tolist() == [1, 0, 2]
    assert with_links(PANEL, LINKS.head(0)).equals(PANEL)


def test_links_alone_take_the_place_of_the_panels_filings():
    found = by_links_alone(PANEL, LINKS)
    assert found["patents_invention"].tolist() == [2, 0, 1]
    assert found["patents_utility"].tolist() == [0, pd.NA, 1]


def test_every_reason_is_left_out_once_and_coded_filings_count_by_name_alone_only():
    panels = panels_by_rule(PANEL, LINKS)
    counts = {rule: panel["patents_invention"].sum() for rule, panel in panels.items()}
    assert counts == {"codes": 3, "whole_names": 4, "all_links": 5, "without:exact": 4, "without:homophone": 4, "names_alone": 3}
