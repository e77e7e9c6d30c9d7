"""The codebook against itself: the template filled in and read back, and what the simulator makes held to its rules."""

from datetime import date
from typing import get_args

import pandas as pd
import pytest

from helpers import codebook
from helpers.codebook import check, template
from helpers.ingest import read_folder
from helpers.params.model import Scenario
from helpers.simulate import zone
from helpers.simulate.dirt import FAULT_COLUMNS
from helpers.simulate.score import silent_changes

BOOK = codebook.load()
TABLES = BOOK.of_study("zone", "supplement")
FIRMS = 600


@pytest.fixture(scope="module")
def tables():
    return zone(seed=11, firms=FIRMS).tables


@pytest.fixture(scope="module")
def filled(tables, tmp_path_factory):
    """Return a folder with the template's workbook, its sheets filled in below the headers as a person would."""
    folder = tmp_path_factory.mktemp("office")
    empty = template._fill

    def fill(sheet, table, headers, formats, lists):
        empty(sheet, table, headers, formats, lists)
        for place, column in enumerate(table.columns):
            form = formats[template._NUMBER_FORMATS.get(column.type, template.TEXT)]
            for row, value in enumerate(tables[table.name][column.name].tolist(), start=1):
                if pd.isna(value):
                    continue
                match column.type:
                    case "date" | "datetime":
                        sheet.write_datetime(row, place, value.to_pydatetime(), form)
                    case "boolean":
                        sheet.write_string(row, place, template.BOOLEANS[not value], form)
                    case "integer" | "year" | "decimal":
                        sheet.write_number(row, place, value, form)
                    case _:
                        sheet.write_string(row, place, str(value), form)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(template, "_fill", fill)
        template.write(folder / "template.xlsx")
    return folder


@pytest.fixture(scope="module")
def read(filled):
    return read_folder(filled, codebook=BOOK, person_key=b"a key for tests only", extract_on=date(2023, 6, 30))


def test_a_filled_template_is_read_as_all_36_tables_and_3_supplements_without_a_finding(read, tables):
    assert read.ledger[["table", "row", "column", "value", "rule"]].head(20).to_dict("records") == []
    assert {name: len(frame) for name, frame in read.tables.items()} == {n: len(frame) for n, frame in tables.items()}
    assert len(read.tables) == 36 + 3
    assert all(frame.empty for frame in read.set_aside.values())


def test_every_cell_of_a_filled_template_is_read_as_it_was_written(read, tables):
    # Persons leave as pseudonyms: one for each, and never that of another.
    nothing = pd.DataFrame(columns=FAULT_COLUMNS)
    changed = silent_changes(nothing, read.ledger, tables, read.tables, BOOK, dirt="none")
    assert changed.to_dict("records") == []


def test_values_that_are_no_pseudonym_are_the_same_again(read, tables):
    for table in TABLES:
        names = [column.name for column in table.columns if column.type not in ("person_id", "set", "list")]
        # Reading puts a table in the order of its key.
        found = read.tables[table.name].sort_values("source_row", ignore_index=True)[names]
        true = tables[table.name][names]
        pd.testing.assert_frame_equal(true.astype(found.dtypes.to_dict()), found, check_freq=False, obj=table.name)


@pytest.mark.parametrize("scenario", get_args(Scenario))
def test_all_tables_of_every_scenario_keep_the_codebook(scenario):
    made = zone(seed=11, firms=FIRMS, scenario=scenario).tables
    assert list(made) == [table.name for table in TABLES]
    findings = [check.check_rows(table, made[table.name]).assign(table=table.name) for table in TABLES]
    assert pd.concat(findings)[["table", "column", "value", "rule"]].head(20).to_dict("records") == []
    assert check.check_references(BOOK, made).to_dict("records") == []


BLANK_ON_PURPOSE = {
    ("alliance_members", "left_on"): "the alliance is ten days old, and nobody has left it",
}


def test_every_column_is_filled_somewhere_or_blank_for_a_reason(tables):
    blank = {
        (table.name, column.name)
        for table in TABLES
        for column in table.columns
        if not tables[table.name][column.name].notna().any()
    }
    assert blank == set(BLANK_ON_PURPOSE)
