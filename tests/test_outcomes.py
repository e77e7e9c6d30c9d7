from datetime import date

import five_firms as zone
import pandas as pd
import pytest

from helpers import clean, codebook, engine, outcomes


@pytest.fixture(scope="module")
def tables(tmp_path_factory, con):
    folder = zone.write(tmp_path_factory.mktemp("outcomes") / "run")
    clean.build(folder, codebook=codebook.load(), extract_on=zone.EXTRACT_ON)
    return {path.stem: engine.read(con, path) for path in (folder / "clean").glob("*.parquet")}


@pytest.mark.parametrize(
    ("extract_on", "lag", "expected"),
    [
        (date(2023, 6, 30), 18, date(2021, 12, 1)),  # 31 December 2021 is 18 months back
        (date(2023, 6, 29), 18, date(2021, 11, 1)),  # the last days of December are not out yet
        (date(2023, 6, 30), 9, date(2022, 9, 1)),
        (date(2024, 2, 29), 2, date(2023, 12, 1)),
        (date(2023, 1, 15), 0, date(2022, 12, 1)),
    ],
)
def test_the_last_complete_month_is_the_extract_less_the_lag(extract_on, lag, expected):
    assert outcomes.last_complete_month(extract_on, lag) == expected


def test_a_year_is_complete_with_its_december():
    assert outcomes.last_complete_year(date(2023, 6, 30), 18) == 2021
    assert outcomes.last_complete_year(date(2023, 6, 30), 9) == 2021


def test_own_filings_are_counted_whole_and_by_share_and_acquired_ones_apart(tables):
    held = outcomes.ownership(tables["patents"], tables["patent_owners"])
    own = outcomes.patents_by_firm_year(held).to_pandas().set_index(["uscc", "year", "patent_type"])
    assert own.loc[(zone.A, 2020, "发明")].tolist() == [2, 1.5]
    assert own.loc[(zone.B, 2020, "发明")].tolist() == [2, 1.5]
    assert own.loc[(zone.A, 2022, "实用新型")].tolist() == [2, 2.0]
    # One of the two applicants stands in no owner row: the one with a code holds a half.
    assert own.loc[(zone.B, 2021, "实用新型")].tolist() == [1, 0.5]
    assert own.loc[(zone.OUTSIDE, 2021, "实用新型")].tolist() == [1, 1.0]
    assert (zone.B, 2022, "实用新型") not in own.index
    bought = outcomes.patents_by_firm_year(held, acquired=True).to_pandas()
    assert bought[["uscc", "year", "patents"]].to_numpy().tolist() == [[zone.B, 2022, 1]]


def test_shares_of_one_filing_sum_to_one(tables):
    held = outcomes.ownership(tables["patents"], tables["patent_owners"]).to_pandas()
    assert held[~held["is_acquired"]].groupby("application_no")["share"].sum()["202010000004"] == 1


def test_months_after_the_last_complete_one_are_marked_by_type(tables):
    monthly = outcomes.patents_by_month(tables["patents"], extract_on=zone.EXTRACT_ON).to_pandas()
    found = monthly.set_index([monthly["filing_month"].dt.strftime("%Y-%m"), "patent_type"])
    assert bool(found.loc[("2022-03", "发明"), "is_truncated"])
    assert not found.loc[("2020-07", "发明"), "is_truncated"]
    assert not found.loc[("2022-09", "实用新型"), "is_truncated"]
    assert bool(found.loc[("2022-11", "实用新型"), "is_truncated"])
    assert found.loc[("2021-03", "实用新型"), "patents"] == 2
    assert monthly["patents"].sum() == 14


def test_a_longer_lag_is_a_parameter(tables):
    monthly = outcomes.patents_by_month(tables["patents"], extract_on=zone.EXTRACT_ON, lag_months={"utility": 12})
    late = monthly.filter((monthly.patent_type == "实用新型") & (monthly.filing_month == "2022-09-01"))
    assert late.to_pandas()["is_truncated"].tolist() == [True]


def test_months_of_chosen_firms_count_each_co_owned_filing_once(tables):
    firms = tables["enterprises"].filter(tables["enterprises"].is_analysable)
    monthly = outcomes.patents_by_month(
        tables["patents"], extract_on=zone.EXTRACT_ON, firms=firms, owners=tables["patent_owners"]
    ).to_pandas()
    # Of 14 filings: two of firm C, one of an outside firm, one without and one with a damaged code are not theirs.
    assert monthly["patents"].sum() == 9
    july = monthly[monthly["filing_month"] == pd.Timestamp("2020-07-01")]
    assert july["patents"].tolist() == [1]


def test_high_tech_stock_at_a_date_counts_a_renewed_firm_once(tables):
    spells = tables["certification_spells"]

    def stock(year, month, day):
        return set(outcomes.certified(spells, on=date(year, month, day)).to_pandas()["uscc"])

    assert stock(2016, 11, 30) == set()
    assert stock(2016, 12, 1) == {zone.A}
    assert stock(2019, 11, 25) == {zone.A}
    assert stock(2022, 11, 19) == {zone.A, zone.B}
    assert stock(2022, 11, 20) == {zone.B}


def test_first_awards_leave_out_revoked_ones(tables):
    first = outcomes.first_award(tables["certifications"]).to_pandas().set_index("uscc")["first_year"]
    assert first.to_dict() == {zone.A: 2016, zone.B: 2020}


def test_certificates_that_end_within_twelve_months_are_listed(tables):
    ending = outcomes.expiring(tables["certification_spells"], on=date(2023, 6, 30)).to_pandas()
    assert sorted(ending[["uscc", "cert_type"]].to_numpy().tolist()) == sorted(
        [[zone.B, "高新技术企业"], [zone.A, "专精特新中小企业"]]
    )
    soon = outcomes.expiring(tables["certification_spells"], on=date(2023, 6, 30), months=5).to_pandas()
    assert soon.empty


def test_software_works_are_counted_once_and_without_acquired_ones(tables):
    counted = outcomes.software_by_firm_year(tables["software_copyrights"]).to_pandas()
    assert sorted(counted.to_numpy().tolist()) == sorted([[zone.A, 2019, 1], [zone.A, 2021, 1], [zone.B, 2020, 1]])
