"""What page 60 says of filings and certificates, on a few of them counted by hand."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from helpers import tables
from helpers.text import LANGS


def zone(folder: Path, *, as_of: date = date(2023, 6, 30), **clean: pd.DataFrame) -> SimpleNamespace:
    """Return what the tables ask of a study: clean tables in its folder, its days."""
    (folder / "clean").mkdir(exist_ok=True)
    for name, frame in clean.items():
        frame.to_parquet(folder / "clean" / f"{name}.parquet", index=False)
    return SimpleNamespace(folder=folder, params=SimpleNamespace(as_of=as_of, extract_on=date(2023, 6, 30)))


@pytest.fixture
def filings(tmp_path) -> SimpleNamespace:
    """Two inventions in December 2021 and one in January 2022, a utility model in September 2022, a late design."""
    rows = [
        ("发明", "2021-12"),
        ("发明", "2021-12"),
        ("发明", "2022-01"),
        ("实用新型", "2022-09"),
        ("外观设计", "2022-12"),
    ]
    frame = pd.DataFrame({
        "application_no": list("12345"), "patent_type": [kind for kind, _ in rows],
        "filing_month": pd.to_datetime([month for _, month in rows]).astype("datetime64[us]"),
    })  # fmt: skip
    return zone(tmp_path, patents=frame)


def test_months_after_the_last_complete_one_of_their_type_have_no_number(filings):
    found = tables.months(filings).set_index("month")
    assert (found.index.min(), found.index.max()) == (pd.Timestamp("2017-06-01"), pd.Timestamp("2023-06-01"))
    # The extract of June 2023 shows inventions up to December 2021, the other types up to September 2022.
    assert found.loc["2021-11-01":"2022-01-01", "invention"].tolist() == [0, 2, pd.NA]
    assert found.loc["2022-08-01":"2022-10-01", "utility"].tolist() == [0, 1, pd.NA]
    assert found.loc["2022-10-01":, "design"].isna().all()
    assert found["invention"].isna().sum() == 18 and found["design"].isna().sum() == 9


@pytest.mark.parametrize("lang", LANGS)
def test_the_caption_names_the_months_drawn_and_those_complete(filings, lang):
    months = tables.months(filings)
    assert tables.months_words(filings, months) == {
        "first": "2017-06", "last": "2023-06", "invention": "2021-12", "utility": "2022-09", "design": "2022-09"
    }  # fmt: skip
    assert tables.shown_months(months, lang).iloc[-1, 1:].isna().all()


def delayed(folder: Path) -> SimpleNamespace:
    """Return a register of two utility models a month, one granted after 6 and one after 8 months, and an invention."""
    months = pd.date_range("2019-01-01", "2023-05-01", freq="MS")
    rows = [("实用新型", month, month + pd.DateOffset(months=lag)) for month in months for lag in (6, 8)]
    rows = [row for row in rows if row[2] <= pd.Timestamp("2023-06-30")]
    frame = pd.DataFrame(rows, columns=["patent_type", "filed_on", "granted_on"])
    frame.loc[len(frame)] = ["发明", pd.Timestamp("2020-03-09"), pd.NaT]
    frame["published_on"] = frame["filed_on"].where(frame["patent_type"] == "发明") + pd.DateOffset(months=18)
    frame = frame.astype(dict.fromkeys(("filed_on", "granted_on", "published_on"), "datetime64[us]"))
    frame = frame.assign(filing_month=frame["filed_on"].dt.to_period("M").dt.to_timestamp().astype("datetime64[us]"),
                         application_no=[f"{place:012d}" for place in range(len(frame))])  # fmt: skip
    held = zone(folder, patents=frame)
    held.params.seed = 1
    return held


def test_truncated_months_are_modelled_apart_from_the_counts(tmp_path):
    held = delayed(tmp_path)
    modelled = tables.completion(held)
    assert modelled.groupby("kind").size().to_dict() == {"invention": 18, "utility": 9, "design": 9}
    told = modelled.dropna(subset="modelled")
    # Visible of two: both in October, one in November (7 months) and December (6 months).
    assert told["kind"].tolist() == ["utility"] * 3 and told["visible"].tolist() == [2, 1, 1]
    assert told["modelled"].tolist() == pytest.approx([2, 2, 2], abs=0.1)
    drawn = tables.completion_drawn(held, modelled)
    assert drawn["counted"].notna().sum() == 18 and drawn.loc[drawn["counted"].notna(), "modelled"].isna().all()
    assert drawn.loc[drawn["counted"].notna(), "month"].max() == pd.Timestamp("2022-09-01")


@pytest.mark.parametrize("lang", LANGS)
def test_a_sentence_says_why_a_truncated_month_has_no_number(tmp_path, lang):
    held = delayed(tmp_path)
    modelled = tables.completion(held)
    sentence = tables.completion_sentence(modelled, lang)
    assert ("9 个截断月份中推算 3 个" if lang == "zh" else "3 of 9 truncated months") in sentence
    assert ("时滞已知的申请不足 30 件" if lang == "zh" else "fewer than 30 filings") in sentence
    shown = tables.completion_table(modelled, lang)
    assert shown.iloc[:, 1].tolist() == ["2022-10", "2022-11", "2022-12"]
    assert "2022-12" in tables.completion_alt(modelled, lang)
    rows = tables.completion_rows(tables.completion_drawn(held, modelled), lang)
    assert len(rows) == 21 and rows.columns.is_unique


def test_an_empty_register_models_nothing_and_says_so(tmp_path):
    held = delayed(tmp_path)
    none = pd.read_parquet(held.folder / "clean" / "patents.parquet").head(0)
    none.to_parquet(held.folder / "clean" / "patents.parquet", index=False)
    modelled = tables.completion(held)
    assert tables.completion_drawn(held, modelled).empty and tables.completion_table(modelled, "en").empty
    assert tables.completion_sentence(modelled, "en").count("fewer than 30") == 3


SPELLS = pd.DataFrame({
    # A holds two types, of which one ends on the last day of the twelve months; B's ends on the day itself, C's a day
    # after the twelve months, D's in the first of them.
    "uscc": list("AABCD"), "cert_type": ["高新技术企业", "省科技小巨人", "高新技术企业", "高新技术企业", "高新技术企业"],
    "from_on": pd.Timestamp("2021-01-01"),
    "to_on": pd.to_datetime(["2024-06-30", "2025-01-01", "2023-06-30", "2024-07-01", "2023-07-01"]),
}).astype({"from_on": "datetime64[us]", "to_on": "datetime64[us]"})  # fmt: skip


def test_what_expires_within_twelve_months_stands_in_twelve_months(tmp_path):
    held = zone(tmp_path, certification_spells=SPELLS)
    found = tables.expiring(held)
    assert len(found) == 12
    assert found["month"].iloc[[0, -1]].tolist() == [pd.Timestamp("2023-07-01"), pd.Timestamp("2024-06-01")]
    assert found["statuses"].tolist() == [1, *[0] * 10, 1]
    assert tables.expiring_words(held, found) == {"first": "2023-07-01", "last": "2024-06-30", "n": 2}


def test_endings_are_counted_by_type_and_month_and_add_up_to_the_calendar(tmp_path):
    held = zone(tmp_path, certification_spells=SPELLS)
    found = tables.expiring_by_type(held)
    # Both types are held on the day; the little giant ends after the twelve months.
    assert found.index.tolist() == ["高新技术企业", "省科技小巨人"] and found.shape == (2, 12)
    assert found.loc["高新技术企业"].tolist() == [1, *[0] * 10, 1] and found.loc["省科技小巨人"].sum() == 0
    assert tables.expiring(held)["statuses"].tolist() == found.sum().tolist()


@pytest.mark.parametrize("lang", LANGS)
def test_the_calendar_is_described_in_numbers_and_in_words(tmp_path, lang):
    calendar = tables.expiring_by_type(zone(tmp_path, certification_spells=SPELLS))
    rows = tables.expiring_rows(calendar, lang)
    assert rows.shape == (2, 13) and rows.columns[1] == "2023-07"
    assert (
        "共 2 项（高新技术企业 2 项）；最多的是 2023-07（1 项）" if lang == "zh" else "2 end in all"
    ) in tables.expiring_alt(calendar, lang)
    assert tables.expiring_named(calendar, lang).index.tolist() == rows.iloc[:, 0].tolist()


def test_a_day_without_a_valid_certificate_has_an_empty_calendar(tmp_path):
    held = zone(tmp_path, certification_spells=SPELLS.head(0))
    assert tables.expiring_by_type(held).empty
    assert tables.expiring(held)["statuses"].tolist() == [0] * 12


def test_a_day_in_the_middle_of_a_month_shares_its_month_between_both_ends(tmp_path):
    held = zone(tmp_path, as_of=date(2023, 6, 15), certification_spells=SPELLS)
    found = tables.expiring(held)
    assert len(found) == 13
    # B's ends in the rest of June 2023; A's of 30 June 2024 lies beyond the twelve months.
    assert found["statuses"].tolist() == [1, 1, *[0] * 11]
    assert tables.expiring_words(held, found) == {"first": "2023-06-16", "last": "2024-06-15", "n": 2}


def test_certificates_are_counted_in_firms_by_type(tmp_path):
    found = tables.certificates_table(zone(tmp_path, certification_spells=SPELLS), "zh").set_index("资质类型")
    # High-tech: A, C and D hold one on the day, those of A and D end in twelve months.
    assert found.loc["高新技术企业"].tolist() == [3, 2]
    assert found.loc["省科技小巨人"].tolist() == [1, 0]
