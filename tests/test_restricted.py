"""Rows about persons: who is warned when asking for them, who is refused, and who asks in silence."""

import warnings

import pytest

from helpers import restricted, tables
from helpers.errors import InputError, RestrictedWarning
from helpers.inputs import PREPARED
from helpers.study import Study

# What somebody could type into a cell; each reaches rows that are about persons or come from them.
ASKED = {
    "zone.restricted('members')": "members",
    "zone.all_tables()": "members",
    "zone.panel_with_exposures()": "panel_with_exposures",
    "zone.record('restricted/counts')": "restricted/counts",
    "zone.force_scores()": "force_scores",
}
asked = pytest.mark.parametrize(("code", "name"), ASKED.items())


@pytest.fixture(autouse=True)
def _nobody_was_told(monkeypatch):
    monkeypatch.setattr(restricted, "_TOLD", set())


def caught(code: str, zone: Study, module: str = "__main__") -> list[warnings.WarningMessage]:
    """Return the warnings about restricted tables when `code` is run as that of a module."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        exec(compile(code, "cell", "exec"), {"__name__": module, "zone": zone, "tables": tables})
    return [one for one in found if issubclass(one.category, RestrictedWarning)]


@asked
def test_a_cell_that_asks_for_rows_about_persons_is_warned_at_its_own_line(small_zone, code, name):
    found = caught(f"\n{code}", small_zone)
    said = [str(one.message) for one in found if f"“{name}”" in str(one.message)]
    assert len(said) == 1
    assert f"少于 {small_zone.params.min_cell} 人" in said[0]
    assert {(one.filename, one.lineno) for one in found} == {("cell", 2)}


def test_every_table_of_persons_is_named_when_all_are_asked_for(small_zone):
    said = " ".join(str(one.message) for one in caught("zone.all_tables()", small_zone))
    persons = ("members", "secretaries", "cross_appointments", "policy_liaisons", "contact_assignments")
    assert [name for name in persons if f"“{name}”" in said] == list(persons)


def test_the_warning_speaks_the_language_of_the_run(small_zone):
    english = Study(small_zone.params.model_copy(update={"lang": "en"}), small_zone.folder)
    (found,) = caught("zone.restricted('members')", english)
    assert str(found.message).startswith("restricted: 'members', party members (de-identified). ")
    assert "fewer than 10 persons" in str(found.message)


def test_a_table_is_told_of_once_and_another_again(small_zone):
    code = "zone.restricted('members')\nzone.restricted('members')\nzone.restricted('secretaries')"
    assert len(caught(code, small_zone)) == 2


@pytest.mark.parametrize("module", ["mine", "helpersof.mine", "__main__"])
def test_a_module_of_ones_own_is_warned_like_a_cell(small_zone, module):
    assert len(caught("zone.restricted('members')", small_zone, module)) == 1


@pytest.mark.parametrize(
    "code", ["tables.organisation_results(zone)", "tables.indicators(zone, min_cell=10)", "tables.analysis_panel(zone)",
             "tables.rule_panels(zone, tables.links_by_name(zone))", "zone.counts_shown()", "zone.sources_shown()"],
)  # fmt: skip
def test_functions_that_hand_on_aggregates_ask_in_silence(small_zone, code):
    assert not caught(code, small_zone)


def test_what_is_open_is_read_in_silence(small_zone):
    assert not caught("zone.table('enterprises')\nzone.panel()\nzone.record('joins')", small_zone)


@asked
def test_the_code_of_a_page_in_the_making_is_refused(small_zone, monkeypatch, code, name):
    monkeypatch.setenv(PREPARED, "0" * 64)
    with pytest.raises(InputError, match="不得由页面中的代码直接读取"):
        caught(code, small_zone)


def test_functions_of_the_package_are_not_refused_while_a_page_is_made(small_zone, monkeypatch):
    monkeypatch.setenv(PREPARED, "0" * 64)
    assert tables.organisation_results(small_zone)
    assert caught("tables.organisation_results(zone)", small_zone) == []
