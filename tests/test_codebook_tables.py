"""The codebook itself: complete, unambiguous, and refused where it contradicts itself."""

import csv
import dataclasses
import shutil
from collections import Counter

import pytest

from helpers import codebook, paths
from helpers.codebook.check import operands, schema
from helpers.errors import CodebookError
from helpers.text import LANGS, catalogue, say

BOOK = codebook.load()
DOMAIN = paths.ROOT.parent / "shared" / "domain" / "data_model.csv"
TYPES = {
    "int": {"integer", "year"},
    "decimal": {"decimal"},
    "bool": {"boolean"},
    "date": {"date"},
    "datetime": {"datetime"},
    "enum": {"category", "ordered"},
    "set": {"set"},
    "ordered enum": {"ordered"},
    "str18": {"uscc"},
    "str4": {"code"},
    "str": {"text", "code", "person_id"},
    "year": {"year"},
    "list": {"list"},
}


def contracts():
    if not DOMAIN.exists():
        pytest.skip("the data model is not beside the project")
    with DOMAIN.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_contract_of_the_data_model_is_kept_with_its_names_key_and_unit():
    rows = contracts()
    assert [table.name for table in BOOK.of_study("zone")] == list(dict.fromkeys(row["table_en"] for row in rows))
    assert len(BOOK.of_study("zone")) == 36
    for row in rows:
        table = BOOK[row["table_en"]]
        column = table[row["column_en"]]
        assert (table.name_zh, column.name_zh) == (row["table_zh"], row["column_zh"])
        assert (column.key == "PK") == row["key"].startswith("PK"), f"{table.name}.{column.name}"
        assert (column.unit == "万元") == (row["unit"] == "万元"), f"{table.name}.{column.name}"
        expected = {"": column.sensitivity, "restricted": "restricted", "restricted if <5": "restricted_below_10"}
        assert column.sensitivity == expected[row["sensitive"]], f"{table.name}.{column.name}"
    by_table = Counter(row["table_en"] for row in rows)
    assert by_table == {table.name: len(table.columns) for table in BOOK.of_study("zone")}


def test_supplementary_tables_are_three_beside_the_contract_and_name_no_person():
    tables = BOOK.of_study("supplement")
    assert {table.name: table.key for table in tables} == {
        "firm_places": ("uscc",), "org_meetings": ("org_id", "held_on", "meeting_type"), "lecture_attendance": ("event_id", "uscc"),
    }  # fmt: skip
    columns = [column for table in tables for column in table.columns]
    assert {column.sensitivity for column in columns} == {"open"}
    assert "person_id" not in {column.type for column in columns}
    references = {column.references for column in columns} - {""}
    assert references == {"enterprises.uscc", "party_orgs.org_id", "training_events.event_id"}
    sites = BOOK["service_sites"]
    for name in ("lon", "lat"):
        column = BOOK["firm_places"][name]
        assert (column.minimum, column.maximum) == (sites[name].minimum, sites[name].maximum)


def test_a_supplement_may_not_take_the_title_of_a_table_it_is_delivered_with(tmp_path):
    folder = copy_of_the_codebook(tmp_path)
    text = (folder / "tables.csv").read_text(encoding="utf-8")
    (folder / "tables.csv").write_text(text.replace("企业位置;", "企业名单;"), encoding="utf-8")
    with pytest.raises(
        CodebookError, match="the title '企业名单' stands for the tables 'enterprises' and 'firm_places'"
    ):
        codebook.load(folder)


def test_types_are_those_of_the_data_model():
    for row in contracts():
        column = BOOK[row["table_en"]][row["column_en"]]
        # a set whose values nobody published (the secretaries' grades) stays text
        is_open = row["type"] == "enum" and "/" not in row["values_or_rule"]
        assert column.type in ({"text"} if is_open else TYPES[row["type"]]), f"{column.table}.{column.name}"


def test_person_tables_are_restricted_and_others_are_not():
    restricted = {table.name for table in BOOK.tables.values() if table.is_restricted}
    assert restricted == {"members", "secretaries", "cross_appointments", "policy_liaisons", "contact_assignments"}
    assert BOOK["grids"]["officer_id"].sensitivity == "restricted"


def test_notes_stand_in_both_languages_or_in_neither():
    for table in BOOK.tables.values():
        assert table.grain_zh
        assert table.grain_en
        for column in table.columns:
            assert bool(column.note_zh) == bool(column.note_en), f"{table.name}.{column.name}"


def test_every_type_unit_force_and_layer_has_words_in_both_languages():
    for table in BOOK.tables.values():
        for lang in LANGS:
            assert say(f"codebook.force_{table.force}", lang)
            for column in table.columns:
                assert say(f"codebook.type_{column.type}", lang)
                assert say(f"codebook.sensitivity_{column.sensitivity}", lang)
                assert not column.unit or say(f"codebook.unit_{column.unit}", lang)
    assert all(set(entry) == set(LANGS) for key, entry in catalogue().items() if key.startswith("codebook."))


def test_every_rule_names_columns_of_its_table():
    for table in BOOK.tables.values():
        assert schema(table).name == table.name
        for rule in table.rules:
            assert operands(table, rule), f"{table.name}: {rule.name}"


def test_spellings_of_offices_lead_to_the_allowed_value():
    status = BOOK["enterprises"]["status"]
    assert status.category("存续（在营、开业、在册）") == "存续"
    assert status.category("存续(在营、开业、在册)") == "存续"
    assert status.category("注销") == "注销"
    assert status.category("不详") is None
    assert BOOK["patents"]["patent_type"].category("实用新型专利") == "实用新型"


def copy_of_the_codebook(folder):
    for path in paths.CODEBOOK.glob("*.csv"):
        shutil.copy(path, folder)
    return folder


def test_all_contradictions_are_told_at_once(tmp_path):
    folder = copy_of_the_codebook(tmp_path)
    with (folder / "columns.csv").open("a", encoding="utf-8") as stream:
        stream.write("nowhere,x,x,x,text,,,,,,,,,open,,,\n")
        stream.write("grids,extra,设立日期,extra,colour,,,a.b,,,,,,open,,,\n")
    with (folder / "category_synonyms.csv").open("a", encoding="utf-8") as stream:
        stream.write("patents,patent_type,专利号,不存在\n")
    with pytest.raises(CodebookError) as error:
        codebook.load(folder)
    message = str(error.value)
    assert "nowhere.x belongs to no table" in message
    assert "grids.extra has the unknown type 'colour'" in message
    assert "grids.extra refers to 'a.b', which is no column" in message
    assert "the header '设立日期' stands for 'established_on' and 'extra'" in message
    assert "stands for '不存在', which is not allowed" in message


def test_forbidden_signs_of_a_sheet_name_become_full_width_and_lead_back_to_the_table():
    odd = dataclasses.replace(BOOK["patents"], name_zh="专利[甲]/乙:" + "长" * 40)
    assert odd.sheet_name == "专利［甲］／乙：" + "长" * 23
    assert len(odd.sheet_name) == 31
    assert odd.sheet_name in odd.titles
    assert BOOK["support_teams"].sheet_name == "导师团、志愿队、联合行动"
