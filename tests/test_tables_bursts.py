"""What page 60 says of filings around the first award, from a small register with its traps."""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from helpers import tables
from helpers.panel import bursts
from helpers.text import LANGS

A, B, C = "A" * 18, "B" * 18, "C" * 18


@pytest.fixture(autouse=True)
def two_firms_are_enough(monkeypatch):
    monkeypatch.setattr(bursts, "FEWEST_FIRMS", 1)


def stamped(rows: list[dict], *days: str) -> pd.DataFrame:
    return pd.DataFrame(rows).astype(dict.fromkeys(days, "datetime64[us]"))


def clean_tables() -> dict[str, pd.DataFrame]:
    """Return firm A with an award in July 2019, B with a revoked one and one in July 2021, C with none."""
    award = {"cert_type": "高新技术企业", "is_revoked": False}
    certificates = [
        {**award, "uscc": A, "issued_on": "2019-07-01"}, {**award, "uscc": A, "issued_on": "2022-07-01"},
        {**award, "uscc": B, "issued_on": "2016-07-01", "is_revoked": True}, {**award, "uscc": B, "issued_on": "2021-07-01"},
        {**award, "uscc": C, "issued_on": "2018-07-01", "cert_type": "省科技小巨人"},
    ]  # fmt: skip
    filed = [
        ("实用新型", A, day) for day in ("2015-08-01", "2016-08-01", "2017-08-01", *["2018-08-01"] * 7, "2019-07-01")
    ]
    filed += [("发明", A, day) for day in ("2015-08-01", "2016-08-01", *["2017-08-01"] * 4, *["2018-08-01"] * 4)]
    # The first invention of the register; C's filing; one that B bought; designs reach back to 2020 alone.
    filed += [("发明", C, "2014-03-05"), ("实用新型", C, "2013-02-01"), ("实用新型", None, "2018-08-02"),
              ("外观设计", A, "2020-02-02")]  # fmt: skip
    patents = [{"application_no": f"{place:012d}", "patent_type": kind, "uscc": uscc, "filed_on": day, "applicant_count": 1,
                "filing_month": day, "filing_year": int(day[:4])} for place, (kind, uscc, day) in enumerate(filed)]  # fmt: skip
    owners = [{"application_no": f"{len(filed) - 2:012d}", "uscc": B, "share": 1.0, "is_acquired": True,
               "acquired_on": "2018-12-01"}]  # fmt: skip
    work = {"uscc": A, "is_new_work": True, "is_acquired": False}
    works = [{**work, "registered_on": "2014-01-09", "uscc": C}, {**work, "registered_on": "2018-08-08"},
             {**work, "registered_on": "2018-09-09", "is_new_work": False}]  # fmt: skip
    return {
        "certifications": stamped(certificates, "issued_on"),
        "enterprises": stamped([{"uscc": uscc, "founded_on": "2010-01-01", "exit_on": None} for uscc in (A, B, C)],
                               "founded_on", "exit_on"),
        "patents": stamped(patents, "filed_on", "filing_month"),
        "patent_owners": stamped(owners, "acquired_on"),
        "software_copyrights": stamped(works, "registered_on"),
    }  # fmt: skip


def zone(folder, held: dict[str, pd.DataFrame]) -> SimpleNamespace:
    (folder / "clean").mkdir(exist_ok=True)
    for name, frame in held.items():
        frame.to_parquet(folder / "clean" / f"{name}.parquet", index=False)
    params = SimpleNamespace(as_of=date(2023, 6, 30), extract_on=date(2023, 6, 30), first_year=2013, seed=1)
    return SimpleNamespace(folder=folder, params=params)


def test_own_filings_and_works_are_counted_on_the_clock_of_the_first_award(tmp_path):
    counts = tables.bursts(zone(tmp_path, clean_tables()))
    held = counts.pivot_table(index=["kind", "uscc"], columns="event_year", values="filings", dropna=False)
    assert held.loc[("utility", A)].tolist() == [1, 1, 1, 7, 1, 0]
    assert held.loc[("invention", A)].tolist() == [1, 1, 4, 4, 0, 0]
    assert held.loc[("software_copyrights", A)].tolist() == [0, 0, 0, 1, 0, 0]
    # B's award is that of 2021, the bought patent is not B's own filing; year 1 reaches July 2022, 2 is not over.
    assert held.loc[("utility", B), [-4, -3, -2, -1, 1]].tolist() == [0] * 5
    assert pd.isna(held.loc[("utility", B), 2])
    # The register holds no design before February 2020.
    assert held.loc[("design", A), [-4, -3, -2, -1]].isna().all()
    assert C not in held.index.get_level_values("uscc")


@pytest.mark.parametrize("lang", LANGS)
def test_ratios_stand_in_the_table_and_in_one_sentence(tmp_path, lang):
    held = zone(tmp_path, clean_tables())
    counts = tables.bursts(held)
    ratios = tables.burst_found(held, counts)
    found = ratios.set_index("kind")
    assert found.loc["utility", ["firms", "all_firms", "earlier", "last", "ratio"]].tolist() == [2, 2, 3, 7, 7]
    assert found.loc["invention", ["firms", "earlier", "last", "ratio"]].tolist() == [2, 6, 4, 2]
    assert found.loc["utility", "against"] == 3.5
    shown = tables.burst_table(ratios, lang)
    assert shown.iloc[:, 1].tolist() == ["II", "II", "II", "I"]
    assert shown.iloc[:, 2].tolist() == ["2 / 2", "0 / 2", "2 / 2", "2 / 2"]
    # Each sample without A holds no filing and has no ratio.
    assert shown.iloc[0, 5] == "7.00 (7.00–7.00)" and pd.isna(shown.iloc[1, 5])
    assert ("实用新型 7.00 倍" if lang == "zh" else "utility model 7.00 times") in tables.burst_sentence(ratios, lang)
    means = tables.burst_means(held, counts)
    assert set(means["kind"]) == {"utility", "software_copyrights", "invention"}
    assert "3.50" in tables.burst_alt(means, lang) and len(tables.burst_rows(means, lang)) == 18


@pytest.mark.parametrize("change", ["no software", "no owners", "no award", "no patent", "no date", "no founding day"])
def test_what_a_delivery_lacks_stops_nothing_and_is_said(tmp_path, change):
    given = clean_tables()
    if change == "no software":
        del given["software_copyrights"]
    elif change == "no owners":
        del given["patent_owners"]
    elif change in ("no award", "no patent"):
        name = {"no award": "certifications", "no patent": "patents"}[change]
        given[name] = given[name].head(0)
    elif change == "no date":
        given["certifications"]["issued_on"] = pd.NaT
        given["certifications"] = given["certifications"].astype({"issued_on": "datetime64[us]"})
    else:
        given["enterprises"]["founded_on"] = pd.Series(pd.NaT, index=range(3), dtype="datetime64[us]")
    held = zone(tmp_path, given)
    counts = tables.bursts(held)
    ratios, means = tables.burst_found(held, counts), tables.burst_means(held, counts)
    is_told = change in ("no software", "no owners", "no founding day")
    assert ("7.00" in tables.burst_sentence(ratios, "en")) == is_told
    if not is_told:
        assert "nothing is compared" in tables.burst_sentence(ratios, "en")
    assert len(tables.burst_table(ratios, "zh")) == len(ratios)
    assert means.empty or len(tables.burst_rows(means, "zh"))
