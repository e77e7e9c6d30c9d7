"""The score of reading: shares worked out by hand for a table of ten rows and a ledger of a few."""

from types import SimpleNamespace

import pandas as pd
import pytest

from helpers import codebook, show, tables
from helpers.codebook.uscc import check_digit
from helpers.simulate import score
from helpers.simulate.dirt import FAULT_COLUMNS
from helpers.simulate.score import judge, silent_changes

BOOK = codebook.load()
TABLE, FILE = "software_copyrights", "软件著作权.csv"
LEDGER = ("table", "file", "sheet", "row", "column", "value", "rule", "action", "result")


def _code(number: int) -> str:
    first = f"91350500MA{number:07d}"
    return first + check_digit(first)


def _true() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "reg_no": pd.Series([f"2020SR{number:07d}" for number in range(10)], dtype="str"),
            "uscc": pd.Series([_code(number) for number in range(10)], dtype="str"),
            "title": pd.Series([f"软件{number}" for number in range(10)], dtype="str"),
            "registered_on": pd.date_range("2020-01-01", periods=10).astype("datetime64[us]"),
            "acquired_by": pd.Categorical(["原始取得"] * 10, BOOK[TABLE]["acquired_by"].allowed),
        }
    )


def _read(true: pd.DataFrame, rows: list[int]) -> pd.DataFrame:
    return true.assign(source_row=rows)


def _faults(*rows) -> pd.DataFrame:
    """Return a manifest: (row, column, kind, rule, action, related row)."""
    full = [
        (f"F{number}", TABLE, FILE, "", row, column, kind, "", "x", rule, action, related)
        for number, (row, column, kind, rule, action, related) in enumerate(rows)
    ]
    return pd.DataFrame(full, columns=FAULT_COLUMNS).astype({"row": "Int64", "related_row": "Int64"})


def _ledger(*rows, table: str = TABLE, file: str = FILE) -> pd.DataFrame:
    """Return a ledger: (row, column, rule, action)."""
    full = [(table, file, "", row, column, "", rule, action, "") for row, column, rule, action in rows]
    return pd.DataFrame(full, columns=LEDGER)


# Row 2 holds the first record; row 7 repeats row 2, so that record 5 (0-based) stands in row 8 and record 9 in row 12.
FAULTS = _faults(
    (2 + 1, "title", "full_width", "full_width", "repaired", None),
    (4, "acquired_by", "unknown_category", "unknown_category", "nulled", None),
    (5, "title", "stray_blanks", "blank_padding", "repaired", None),
    (7, "reg_no", "duplicate_row", "duplicate_row", "set_aside", 2),
)
FILE_ROWS = [2, 3, 4, 5, 6, 8, 9, 10, 11, 12]


def _as_read() -> pd.DataFrame:
    read = _read(_true(), FILE_ROWS)
    read.loc[2, "acquired_by"] = None
    read.loc[3, "title"] = " 软件3"
    return read


FINDINGS = (
    (1, "", "title_row", "reported"),
    (3, "title", "full_width", "repaired"),
    (4, "acquired_by", "unparseable", "nulled"),
    (7, "reg_no", "duplicate_row", "set_aside"),
    (9, "title", "unparseable", "flagged"),
)


def test_shares_are_those_counted_by_hand():
    scored = score(FAULTS, _ledger(*FINDINGS), {TABLE: _true()}, {TABLE: _as_read()}, BOOK, dirt="none")
    overall = scored.set_index("kind").loc["all"]
    # 4 planted: the blank is not found; the category is found under another rule with the right action.
    assert overall["planted"] == 4
    assert (overall["found"], overall["found_share"]) == (3, 0.75)
    assert (overall["found_exactly"], overall["found_exactly_share"]) == (2, 0.5)
    # The title with full-width letters is whole again, the one with the blank is not.
    assert (overall["restored"], overall["restored_share"]) == (1, 0.5)
    # Handled: the full width, the category left out, the repeated row gone.
    assert overall["handled_share"] == 0.75
    # 10 records of 5 cells less 3 planted ones; one finding on a clean title.
    assert (overall["clean_cells"], overall["false_flags"]) == (47, 1)
    assert overall["false_flag_share"] == pytest.approx(1 / 47)
    assert overall["silent_changes"] == 0


def test_each_kind_has_its_own_row():
    scored = score(FAULTS, _ledger(*FINDINGS), {TABLE: _true()}, {TABLE: _as_read()}, BOOK, dirt="none")
    # A title cannot be unparseable: a finding that no kind of fault brings about stands under its rule.
    assert scored["kind"].tolist() == [
        "duplicate_row", "full_width", "stray_blanks", "unknown_category", "unparseable", "all",
    ]  # fmt: skip
    by_kind = scored.set_index("kind")
    assert by_kind.loc["stray_blanks", "found"] == 0
    assert by_kind.loc["unknown_category", "found"] == 1
    assert by_kind.loc["unknown_category", "found_exactly"] == 0


def test_a_false_flag_counts_for_the_kind_of_fault_that_it_takes_the_cell_for():
    findings = (*FINDINGS, (10, "registered_on", "unparseable", "nulled"), (11, "title", "blank_padding", "repaired"))
    scored = score(FAULTS, _ledger(*findings), {TABLE: _true()}, {TABLE: _as_read()}, BOOK, dirt="none")
    flags = scored.set_index("kind")["false_flags"]
    assert flags.to_dict() == {
        "duplicate_row": 0, "full_width": 0, "impossible_date": 1, "stray_blanks": 1, "unknown_category": 0,
        "unparseable": 1, "all": 3,
    }  # fmt: skip
    assert scored.set_index("kind").loc["stray_blanks", "false_flag_share"] == pytest.approx(1 / 47)
    assert pd.isna(scored.set_index("kind").loc["impossible_date", "found_share"])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_table_of_the_score_shows_no_number_that_is_none(tmp_path, lang):
    scored = score(FAULTS, _ledger(*FINDINGS), {TABLE: _true()}, {TABLE: _as_read()}, BOOK, dirt="none")
    scored.to_csv(tmp_path / "score.csv", index=False)
    shown = tables.score_table(SimpleNamespace(truth=tmp_path.joinpath), lang)
    assert len(shown) == len(scored)
    assert "nan" not in show.table(shown, title="", lang=lang).data.casefold()


def test_one_missed_in_thousands_is_not_shown_as_all(tmp_path):
    scored = score(FAULTS, _ledger(*FINDINGS), {TABLE: _true()}, {TABLE: _as_read()}, BOOK, dirt="none")
    scored["found_share"] = [0.99996] + [1.0] * (len(scored) - 1)
    scored.to_csv(tmp_path / "score.csv", index=False)
    shown = tables.score_table(SimpleNamespace(truth=tmp_path.joinpath), "en")
    assert shown["Found"].tolist()[:2] == ["99.9 %", "100 %"]


def test_a_finding_in_another_row_or_column_finds_nothing():
    faults = _faults((3, "title", "full_width", "full_width", "repaired", None))
    ledger = _ledger((4, "title", "full_width", "repaired"), (3, "reg_no", "full_width", "repaired"))
    scored = score(faults, ledger, {TABLE: _true()}, {TABLE: _read(_true(), range(2, 12))}, BOOK, dirt="none")
    assert scored.iloc[-1]["found"] == 0
    assert scored.iloc[-1]["false_flags"] == 2


def test_a_clean_cell_that_changed_without_an_entry_is_told():
    read = _read(_true(), range(2, 12))
    read.loc[4, "title"] = "软件四"
    read.loc[6, "registered_on"] = pd.Timestamp("2021-01-01")
    no_faults = _faults()
    given = ({TABLE: _true()}, {TABLE: read}, BOOK)
    ledger = _ledger((8, "registered_on", "date_format", "repaired"))
    changed = silent_changes(no_faults, ledger, *given, dirt="none")
    assert changed.to_dict("records") == [{"table": TABLE, "row": 6, "column": "title"}]
    assert score(no_faults, ledger, *given, dirt="none").iloc[-1]["silent_changes"] == 1


def test_an_amount_is_the_same_to_the_fen_and_no_further():
    true = pd.DataFrame(
        {
            "uscc": pd.Series([_code(number) for number in range(3)], dtype="str"),
            "year": pd.array([2020] * 3, dtype="Int64"),
            "revenue": [100.0, 100.0, 100.0],
        }
    )
    # In 万元: a tenth of a fen, two fen, a tenth of a yuan.
    read = _read(true.assign(revenue=[100.0000001, 100.000002, 100.00001]), range(2, 5))
    changed = silent_changes(_faults(), _ledger(), {"enterprise_years": true}, {"enterprise_years": read}, BOOK)
    assert changed["row"].tolist() == [3, 4]


def test_a_record_that_is_gone_without_an_entry_is_told():
    read = _read(_true(), range(2, 12)).drop(index=[1, 2])
    ledger = _ledger((3, "reg_no", "missing_required", "set_aside"))
    changed = silent_changes(_faults(), ledger, {TABLE: _true()}, {TABLE: read}, BOOK, dirt="none")
    assert changed.to_dict("records") == [{"table": TABLE, "row": 4, "column": ""}]


def test_a_reference_to_a_lost_row_is_a_consequence_and_one_that_was_never_true_a_false_flag():
    firms = pd.DataFrame({"uscc": _true()["uscc"], "name_zh": _true()["title"]})
    works = _true()
    works.loc[1, "uscc"] = _code(77)
    faults = _faults((2, "uscc", "scientific_notation", "scientific_notation", "set_aside", None)).assign(
        table="enterprises", file="企业名册.csv"
    )
    ledger = pd.concat(
        [
            _ledger((2, "uscc", "scientific_notation", "set_aside"), table="enterprises", file="企业名册.csv"),
            _ledger((2, "uscc", "unknown_reference", "flagged"), (3, "uscc", "unknown_reference", "flagged")),
        ]
    )
    read = {"enterprises": _read(firms, range(2, 12)).drop(index=0), TABLE: _read(works, range(2, 12))}
    judged = judge(faults, ledger, {"enterprises": firms, TABLE: works}, read, BOOK, dirt="none")
    assert judged["verdict"].tolist() == ["planted", "consequence", "false_flag"]


def test_dates_written_in_one_style_throughout_are_no_false_flags():
    ledger = _ledger(*((row, "registered_on", "date_format", "repaired") for row in range(2, 12)))
    given = ({TABLE: _true()}, {TABLE: _read(_true(), range(2, 12))}, BOOK)
    scored = score(_faults(), ledger, *given, dirt="typical").iloc[-1]
    assert (scored["style_repairs"], scored["false_flags"]) == (10, 0)
    assert score(_faults(), ledger, *given, dirt="none").iloc[-1]["false_flags"] == 10


def test_pseudonyms_are_compared_by_person_not_by_text():
    true = pd.DataFrame(
        {
            "liaison_pid": pd.Series(["p1", "p1", "p2", "p2"], dtype="str"),
            "uscc": pd.Series([_code(number) for number in range(4)], dtype="str"),
            "appointed_on": pd.date_range("2021-01-01", periods=4).astype("datetime64[us]"),
        }
    )
    hashed = true.assign(liaison_pid=["h1", "h1", "h2", "h2"], source_row=range(2, 6))
    given = (_faults(), _ledger(), {"policy_liaisons": true})
    assert silent_changes(*given, {"policy_liaisons": hashed}, BOOK, dirt="none").empty
    mixed = hashed.assign(liaison_pid=["h1", "h1", "h2", "h1"])
    changed = silent_changes(*given, {"policy_liaisons": mixed}, BOOK, dirt="none")
    assert changed[["row", "column"]].to_numpy().tolist() == [[5, "liaison_pid"]]


def test_manifest_and_ledger_may_come_from_csv(tmp_path):
    faults, ledger = FAULTS, _ledger(*FINDINGS)
    for name, frame in (("faults", faults), ("ledger", ledger)):
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    given = ({TABLE: _true()}, {TABLE: _as_read()}, BOOK)
    again = score(pd.read_csv(tmp_path / "faults.csv"), pd.read_csv(tmp_path / "ledger.csv"), *given, dirt="none")
    pd.testing.assert_frame_equal(again, score(faults, ledger, *given, dirt="none"))
