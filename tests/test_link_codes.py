import five_firms as zone
import pandas as pd
import pytest

from helpers import clean, codebook, engine, text
from helpers.codebook import uscc
from helpers.errors import InputError
from helpers.link import codes
from helpers.link.outcome import check_digit_ok


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = zone.write(tmp_path_factory.mktemp("link") / "run")
    clean.build(folder, codebook=codebook.load(), extract_on=zone.EXTRACT_ON)
    ledger = {"table": ["patents"], "file": ["专利.xlsx"], "sheet": ["Sheet1"], "row": [15], "column": ["uscc"]}
    pd.DataFrame(ledger).assign(value="9.1E+17", rule="scientific_notation", action="nulled", result="").to_csv(
        folder / "problems.csv", index=False
    )
    return folder


@pytest.fixture(scope="module")
def linked(run, con):
    return codes.by_code(con, run)


def outcome(linked, table, column="uscc"):
    rows = linked[(linked["table"] == table) & (linked["column"] == column)]
    assert rows["k"].sum() == rows["n"].iloc[0]
    return rows[rows["k"] > 0].set_index("outcome")["k"].to_dict()


def test_every_patent_has_one_outcome_and_a_failed_check_digit_alone_still_matches(linked):
    # 14 filings: 7 by A, 2 by C, 2 by B whose code fails its check digit, 1 outside, 1 damaged; row 15 was emptied.
    assert outcome(linked, "patents") == {
        "matched": 9, "matched_check_digit_fails": 2, "code_set_aside": 1, "damaged_code": 1, "not_in_register": 1,
    }  # fmt: skip


def test_owners_certificates_and_organisations_are_linked_too(linked):
    assert outcome(linked, "patent_owners") == {"matched": 1, "matched_check_digit_fails": 2, "not_in_register": 1}
    assert outcome(linked, "certifications") == {"matched": 4, "matched_check_digit_fails": 1}
    assert outcome(linked, "org_coverage") == {"matched": 3, "matched_check_digit_fails": 1}


def test_a_filing_of_an_outside_firm_counts_as_linked_through_its_acquirer(linked):
    assert outcome(linked, "patents", "any_owner") == {"matched": 12, "no_owner_in_register": 2}


def test_unmatched_rows_are_written_with_their_place(run, linked):
    rows = pd.read_csv(run / "linkage_unmatched.csv", dtype=str)
    patents = rows[rows["table"] == "patents"].set_index("outcome")
    assert patents.loc["damaged_code", ["code", "key", "source_row"]].tolist() == [zone.DAMAGED, "202120000014", "16"]
    assert (
        len(rows) == linked.loc[(linked["column"] == "uscc") & ~linked["outcome"].str.startswith("matched"), "k"].sum()
    )
    assert (run / "linkage.csv").exists()


def test_the_check_digit_expression_agrees_with_the_codebooks(tmp_path, con):
    valid = [zone.A, zone.C, zone.F]
    tried = [*valid, zone.B, valid[0][:17], valid[1].replace("M", "I"), zone.DAMAGED, None]
    pd.DataFrame({"code": tried}).to_parquet(tmp_path / "codes.parquet")
    rows = engine.read(con, tmp_path / "codes.parquet")
    found = rows.mutate(ok=check_digit_ok(rows.code)).to_pandas().set_index("code")["ok"]
    assert found.tolist() == [True, True, True, False, False, False, False, False]
    assert uscc.check_digit_ok([code or "" for code in tried]).tolist() == found.tolist()


def test_without_a_register_linkage_stops(tmp_path, con):
    with pytest.raises(InputError, match=r"enterprises\.parquet is missing"):
        codes.by_code(con, tmp_path)


def test_a_register_alone_links_nothing_and_does_not_fail(tmp_path, con):
    others = tuple(table.__name__ for table in (*zone.OPEN, *zone.RESTRICTED) if table is not zone.enterprises)
    run = zone.write(tmp_path / "run", without=others)
    clean.build(run, codebook=codebook.load(), extract_on=zone.EXTRACT_ON)
    found = codes.by_code(con, run)
    assert found.empty
    assert list(pd.read_csv(run / "linkage.csv", encoding="utf-8-sig")) == list(found)


def test_every_outcome_has_a_name_in_both_languages(linked):
    for name in linked["outcome"].unique():
        assert text.say(f"link.{name}", "zh") != text.say(f"link.{name}", "en")
