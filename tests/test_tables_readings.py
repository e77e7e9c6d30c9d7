"""The tables of readings in force: every parameter in words, with its choice and what else could be chosen."""

from types import SimpleNamespace

import pytest
from small_zone import small_params

from helpers import params, tables
from helpers.params.model import Calibration
from helpers.reconcile import Readings
from helpers.text import LANGS, label


def study(*overrides: str) -> SimpleNamespace:
    found = small_params(*overrides)
    return SimpleNamespace(params=found, is_synthetic=found.data.kind == "synthetic")


def named(frame, lang: str) -> dict[str, tuple[str, bool, str]]:
    columns = [label(name, lang) for name in ("parameter", "choice", "is_default", "alternatives")]
    return {name: tuple(rest) for name, *rest in frame[columns].itertuples(index=False)}


@pytest.mark.parametrize("lang", LANGS)
def test_every_reading_has_a_row_with_its_alternatives(lang):
    zone = study()
    found = named(tables.readings_table(zone, lang), lang)
    assert list(found) == [f"readings.{name}" for name in Readings.model_fields]
    made = named(tables.calibrated_table(zone, lang), lang)
    assert list(made) == [f"data.readings.{name}" for name in Calibration.model_fields]
    assert all(is_default for _, is_default, _ in (*found.values(), *made.values()))
    without = [name for name, (_, _, others) in (found | made).items() if not others]
    assert without == ["readings.firm_codes"]


def test_headings_are_words_in_the_pages_language():
    english = ["What it settles", "Parameter", "Choice [value]", "Default", "Alternatives [value]"]
    for table in (tables.readings_table, tables.calibrated_table):
        assert list(table(study(), "en").columns) == english
        assert list(table(study(), "zh").columns) == ["定的是什么", "参数", "本次口径 [参数值]", "默认", "其他可选 [参数值]"]


def test_another_choice_is_shown_as_such_and_the_default_among_the_alternatives():
    zone = study("readings.members=contact", "data.readings.joint_limit=none", "data.readings.rated=114/138")
    found = named(tables.readings_table(zone, "en"), "en")
    assert found["readings.members"] == (
        "the members of the contact scheme [contact]", False, "the private-enterprise roll [roll]",
    )  # fmt: skip
    made = named(tables.calibrated_table(zone, "en"), "en")
    assert made["data.readings.joint_limit"][:2] == ("no limit [none]", False)
    assert made["data.readings.rated"][2] == "109 of 132 [109/132]"
    assert made["data.readings.members"] == ("1,096", True, "1,000 to 3,000")


def test_real_data_were_not_generated_under_any_reading(tmp_path):
    given = small_params().model_copy(update={"data": params.FileData(kind="files", folder=str(tmp_path))})
    zone = SimpleNamespace(params=given, is_synthetic=False)
    assert tables.calibrated_table(zone, "zh").empty


def test_codes_of_named_firms_are_not_shown():
    found = named(tables.readings_table(study("readings.firm_codes=Sanxing=913505"), "en"), "en")
    assert found["readings.firm_codes"][0] == "given"
