import five_firms as zone
import pandas as pd
import pytest

from helpers import clean, codebook, engine, text
from helpers.clean import patents
from helpers.clean.columns import conform
from helpers.errors import InputError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = zone.write(tmp_path_factory.mktemp("clean") / "run")
    clean.build(folder, codebook=codebook.load(), extract_on=zone.EXTRACT_ON)
    return folder


def table(run, name):
    return pd.read_parquet(run / "clean" / f"{name}.parquet")


def counts(run, name):
    frame = pd.read_csv(run / "clean" / "counts.csv")
    return frame[frame["table"] == name].set_index("measure")["count"].to_dict()


def test_private_and_analysable_firms_follow_control_registration_and_the_scale_lists(run):
    firms = table(run, "enterprises").set_index("uscc")
    expected = {  # private, analysable now, ever analysable
        zone.A: (True, True, True), zone.B: (True, True, True), zone.C: (True, False, True),
        zone.D: (False, False, False), zone.E: (False, False, False), zone.F: (True, True, True),
    }  # fmt: skip
    found = firms[["is_private", "is_analysable", "is_ever_analysable"]].apply(tuple, axis=1).to_dict()
    assert found == expected
    assert counts(run, "enterprises")["analysable"] == 3


def test_name_keys_drop_brackets_and_legal_forms_and_leave_the_name_alone(run):
    firms = table(run, "enterprises").set_index("uscc")
    assert firms.loc[zone.A, "name_key"] == "甲泉州科技"
    assert firms.loc[zone.C, "name_key"] == "丙鞋业"
    assert firms.loc[zone.A, "name_zh"] == "甲（泉州）科技股份有限公司"


def test_publications_a_and_b_of_one_filing_become_one_row_with_both_dates(run):
    patents = table(run, "patents").set_index("application_no")
    assert len(patents) == 14
    merged = patents.loc["202010000001"]
    assert merged["publications"] == 2
    assert merged["published_on"] == pd.Timestamp("2021-08-10")
    assert merged["granted_on"] == pd.Timestamp("2022-05-06")
    assert merged["source_row"] == 3
    found = counts(run, "patents")
    assert (found["rows_in"], found["rows_out"], found["publications_merged_away"]) == (15, 14, 1)


def test_application_numbers_lose_prefix_blanks_dot_and_check_digit(run):
    numbers = set(table(run, "patents")["application_no"])
    assert {"202020000002", "202030000003", "202210000006"} <= numbers
    assert counts(run, "patents")["number_not_valid"] == 0


def test_a_type_that_contradicts_the_number_is_flagged_and_the_stated_type_kept(run):
    row = table(run, "patents").set_index("application_no").loc["202030000011"]
    assert (row["patent_type"], row["type_from_number"], row["type_disagrees"]) == ("发明", "外观设计", True)
    assert counts(run, "patents")["type_disagrees_with_number"] == 1


def test_visibility_needs_publication_of_an_invention_and_grant_of_the_others(run):
    visible = table(run, "patents").set_index("application_no")["is_visible"]
    assert not visible["202210000006"]
    assert visible["202220000008"]
    assert visible["202010000004"]
    assert counts(run, "patents")["not_visible_at_extract"] == 1


def test_missing_shares_are_split_among_filers_and_an_acquirer_stands_apart(run):
    owners = table(run, "patent_owners").set_index(["application_no", "uscc"])
    assert owners.loc[("202010000004", zone.A), "share"] == 0.5
    assert owners.loc[("202010000004", zone.B), "share"] == 0.5
    assert owners.loc[("202120000005", zone.B), ["share", "is_acquired"]].tolist() == [1.0, True]
    assert counts(run, "patent_owners")["share_filled"] == 3


def test_software_versions_are_one_work_of_a_firm(run):
    works = table(run, "software_copyrights").set_index("reg_no")["is_new_work"]
    assert works.to_dict() == {
        "2019SR0000001": True, "2020SR0000002": False, "2020SR0000003": True, "2021SR0000004": True,
        "2021SR0000005": True,
    }  # fmt: skip


def test_high_tech_certificates_get_three_years_and_overlapping_ones_form_one_status(run):
    awards = table(run, "certifications").set_index("cert_no")
    assert awards.loc["GR201635000001", "valid_to"] == pd.Timestamp("2019-12-01")
    assert awards.loc["GR201935000001", "award_no"] == 2
    assert counts(run, "certifications")["valid_to_filled"] == 1
    spells = table(run, "certification_spells")
    mine = spells[(spells["uscc"] == zone.A) & (spells["cert_type"] == "高新技术企业")]
    assert mine[["from_on", "to_on", "awards"]].to_numpy().tolist() == [
        [pd.Timestamp("2016-12-01"), pd.Timestamp("2022-11-20"), 2]
    ]
    assert zone.C not in set(spells["uscc"])


def test_coverage_starts_with_the_organisation_and_ends_with_the_firm(run):
    coverage = table(run, "org_coverage").set_index("uscc")
    assert coverage.loc[zone.C, "starts_on"] == pd.Timestamp("2017-03-01")
    assert coverage.loc[zone.C, "ends_on"] == pd.Timestamp("2018-09-15")
    assert coverage["is_cut"].sum() == 1
    assert not coverage.loc[zone.F, "is_organisation"]
    spells = table(run, "org_spells").set_index("uscc")
    assert set(spells.index) == {zone.A, zone.B, zone.C}
    assert pd.isna(spells.loc[zone.A, "to_on"])


def test_tickets_resolve_to_their_root_and_circles_stand_for_themselves(run):
    tickets = table(run, "service_tickets").set_index("ticket_id")
    assert tickets["root_ticket_id"].to_dict() == {
        "T1": "T1", "T2": "T1", "T3": "T1", "T4": "T4", "T5": "T5", "T6": "T6", "T7": "T7",
    }  # fmt: skip
    assert tickets.index[tickets["is_duplicate_unresolved"]].tolist() == ["T4", "T5", "T6", "T7"]
    assert tickets["is_unique"].sum() == 5


def test_other_tables_pass_through_in_the_codebooks_columns_and_order(run):
    rated = table(run, "org_ratings")
    expected = [*codebook.load()["org_ratings"].column_names, "source_file", "source_sheet", "source_row"]
    assert rated.columns.tolist() == expected
    assert rated["veto"].isna().all()


def test_the_same_input_gives_the_same_bytes(run, tmp_path):
    again = zone.write(tmp_path / "again")
    clean.build(again, codebook=codebook.load(), extract_on=zone.EXTRACT_ON)
    for path in sorted((run / "clean").iterdir()):
        assert path.read_bytes() == (again / "clean" / path.name).read_bytes(), path.name


def test_a_key_that_repeats_stops_with_the_code(tmp_path):
    folder = zone.write(tmp_path / "run")
    twice = zone.enterprises()
    twice.loc[1, "uscc"] = zone.A
    twice.to_parquet(folder / "ingested" / "enterprises.parquet")
    with pytest.raises(InputError, match=rf"table 'enterprises': 1 keys .* in 2 rows, e\.g\. {zone.A}"):
        clean.build(folder, codebook=codebook.load(), extract_on=zone.EXTRACT_ON)


def test_nothing_ingested_is_said(tmp_path):
    with pytest.raises(InputError, match="no table of the codebook"):
        clean.build(tmp_path, codebook=codebook.load(), extract_on=zone.EXTRACT_ON)


def test_columns_that_are_blank_throughout_count_nothing(tmp_path):
    folder, book = zone.write(tmp_path / "run"), codebook.load()
    for path in (folder / "ingested").glob("*.parquet"):
        supplied = pd.read_parquet(path)
        supplied[list(book[path.stem].key)].to_parquet(path, index=False)
    clean.build(folder, codebook=book, extract_on=zone.EXTRACT_ON)
    found = counts(folder, "enterprises")
    assert (found["rows_out"], found["private"], found["private_unknown"], found["analysable"]) == (6, 0, 6, 0)
    assert counts(folder, "org_coverage")["empty_after_cutting"] == 0
    assert counts(folder, "patents")["not_visible_at_extract"] == counts(folder, "patents")["rows_out"]


def test_every_count_has_a_name_in_both_languages(run):
    measures = pd.read_csv(run / "clean" / "counts.csv")["measure"].unique()
    for lang in ("zh", "en"):
        assert len({text.say(f"clean.{measure}", lang) for measure in measures}) == len(measures)


def test_patents_without_repeats_come_out_the_same_whether_or_not_repeats_are_merged(run, con):
    raw = conform(engine.read(con, run / "ingested" / "patents.parquet"), codebook.load()["patents"])
    once = raw.filter(~raw.application_no.contains("202010000001"))
    merged, single = (
        patents.patents(once, extract_on="2023-06-30", is_single=is_single).order_by("application_no").to_pandas()
        for is_single in (False, True)
    )
    assert len(single) == 13
    pd.testing.assert_frame_equal(merged, single)
