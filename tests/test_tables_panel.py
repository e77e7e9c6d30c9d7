"""What page 40 says of the panel's columns and grids, on a few firm-years counted by hand."""

from types import SimpleNamespace

import pandas as pd
import pytest

from helpers import tables
from helpers.tables.panel import complete
from helpers.text import LANGS


def panel() -> pd.DataFrame:
    """Return two firms in three years; the last year is seen up to June."""
    return pd.DataFrame({
        "uscc": ["A", "B"] * 3, "year": [2021, 2021, 2022, 2022, 2023, 2023], "grid_id": ["G1", "G2"] * 3,
        "status_on": pd.to_datetime(["2021-12-31"] * 2 + ["2022-12-31"] * 2 + ["2023-06-30"] * 2),
        "is_covered": [False, True, True, True, True, True], "years_since_covered": [-1.0, None, 0.0, None, 1.0, None],
        "patents_invention": [1, 3, 0, 0, 0, 0],
        "patents_invention_is_complete": [True, True, False, False, False, False],
        "software_copyrights": [1, 0, 2, 5, 9, 9], "is_hnte": [False, True, True, True, True, True],
        "grid_exposure": [0.5, 0.25, 1.0, None, 1.0, 0.75],
    })  # fmt: skip


def study(**persons: list[float | None]) -> SimpleNamespace:
    held = panel()
    return SimpleNamespace(panel=panel, panel_with_exposures=lambda: held.assign(**persons))


def described(**persons: list[float | None]) -> pd.DataFrame:
    return tables.columns_table(study(**persons), "en", min_cell=10).set_index("Column")


def test_a_column_is_described_by_firm_years_missing_ones_mean_and_median():
    found = described()
    assert found.loc["years since first covered"].tolist() == [3, 3, "0", "0"]
    # A share of yes has no median.
    assert found.loc["high-tech status"].tolist()[:3] == [6, 0, "0.833"]
    assert pd.isna(found.loc["high-tech status", "Median"])


def test_years_that_do_not_show_an_outcome_in_full_count_as_missing():
    found = described()
    assert found.loc["invention applications"].tolist()[:3] == [2, 4, "2"]
    # Software is counted in whole years: 1, 0, 2 and 5 of 2021 and 2022.
    assert found.loc["software copyrights"].tolist() == [4, 2, "2", "1.5"]


def test_what_stands_for_few_persons_is_not_given_and_persons_have_no_median():
    few = described(members=[3, None, 3, None, 3, None], member_share_pct=[1.0, None, 2.0, None, 3.0, None])
    assert few.loc[["party members", "member share of employees (points)"]].isna().all(axis=None)
    enough = described(members=[4, None, 3, None, 3, None])
    assert enough.loc["party members"].tolist()[:3] == [3, 3, "3.33"]
    assert pd.isna(enough.loc["party members", "Median"])


@pytest.mark.parametrize("lang", LANGS)
def test_the_columns_of_a_zone_are_named_in_words(small_zone, lang):
    found = tables.columns_table(small_zone, lang, min_cell=10)
    assert len(found) > 25
    assert not [name for name in found.iloc[:, 0] if "_" in name]


@pytest.mark.parametrize("lang", LANGS)
def test_the_note_speaks_of_persons_and_filings_only_where_there_are_any(lang):
    zone, listed = (SimpleNamespace(params=SimpleNamespace(study=study)) for study in ("zone", "listed"))
    assert "10" in tables.columns_note(zone, lang, min_cell=10)
    assert "10" not in tables.columns_note(listed, lang, min_cell=10)
    assert tables.columns_note(zone, lang, min_cell=10).endswith(tables.columns_note(listed, lang, min_cell=10))


def test_a_year_is_complete_by_its_flag_or_by_its_end():
    held = panel()
    assert complete(held, "patents_invention").tolist() == [True, True, False, False, False, False]
    assert complete(held, "software_copyrights").tolist() == [True] * 4 + [False] * 2
    # A state holds on the day of its row, whatever the year.
    assert complete(held, "is_hnte").all()
    assert tables.complete_years(held, "software_copyrights") == (2021, 2022)
    assert tables.complete_years(held.drop(columns="status_on"), "software_copyrights") == (2021, 2023)


@pytest.mark.parametrize("lang", LANGS)
def test_exposure_is_the_mean_over_a_grids_firms_by_year(lang):
    held = panel().assign(grid_id=["G1", "G1", "G1", "G1", "G2", "G1"])
    shares = tables.exposure_by_grid(held, lang)
    assert list(shares.columns) == [2021, 2022, 2023]
    assert [name[:2] for name in shares.index] == ["G1", "G2"] and "1" in shares.index[0]
    assert shares.iloc[0].tolist() == [0.375, 1.0, 0.75]
    assert shares.iloc[1].isna().tolist() == [True, True, False]
    assert tables.exposure_rows(shares, lang).iloc[0, 1] == 37.5
    assert "38" in tables.exposure_alt(shares, lang)
    assert tables.exposure_by_grid(held.drop(columns="grid_exposure"), lang).empty


def test_filings_by_year_are_empty_where_not_visible_and_name_the_day_of_the_running_year():
    held = panel().assign(patents_invention_fractional=0.5, patents_invention_acquired=1)
    for kind in ("utility", "design"):
        held = held.assign(**{f"patents_{kind}{part}": 0 for part in ("", "_fractional", "_acquired", "_is_complete")})
    held = held.astype({"patents_utility_is_complete": bool, "patents_design_is_complete": bool})
    found = tables.yearly(held, "en").set_index("Year")
    assert list(found.index) == ["2021", "2022", "2023 to 06-30"]
    assert found["invention own"].tolist()[:1] == [4.0] and found["invention own"].isna().tolist() == [
        False,
        True,
        True,
    ]
    assert found["invention acquired"].tolist() == [2, 2, 2]


def test_the_share_of_zeros_names_the_years_it_uses():
    found = tables.zero_shares(panel(), "en").set_index("outcome")
    assert found.loc["invention applications (2021–2021)"].tolist() == [0.0, 2]
    # One of the four firm-years of 2021 and 2022 registered no software.
    assert found.loc["software copyrights (2021–2022)"].tolist() == [25.0, 4]


def test_an_outcome_that_no_firm_year_states_has_no_share_of_zeros():
    blank = panel().assign(software_copyrights=pd.array([pd.NA] * len(panel()), dtype="Int64"))
    shown = tables.zero_shares(blank, "en")
    assert not shown["outcome"].str.contains("software").any() and shown["zero_pct"].notna().all()
