import pytest

from helpers import params, paths
from helpers.errors import InputError, UsageError
from helpers.params.model import Calibration

ZONE = paths.RUN_FILES / "zone.yml"
MINIMAL = """\
run: demo
study: zone
zone: 01
title_zh: 题
title_en: Title
as_of: 2023-06-30
extract_on: 2023-06-30
first_year: 2013
last_year: 2023
data:
  kind: synthetic
"""


def run_file(tmp_path, text):
    path = tmp_path / "demo.yml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(path, *overrides):
    with pytest.raises(UsageError) as caught:
        params.load(path, overrides)
    return str(caught.value)


def test_a_zone_code_in_unquoted_yaml_keeps_its_leading_zero(tmp_path):
    assert params.load(run_file(tmp_path, MINIMAL)).zone == "01"
    assert params.load(ZONE, ["zone=007"]).zone == "007"


def test_texts_are_parsed_by_the_declared_type():
    found = params.load(ZONE, ["data.firms=500", "seed=3", "as_of=2023-05-01"])
    assert (found.data.firms, found.seed, found.as_of.isoformat()) == (500, 3, "2023-05-01")


def test_all_problems_of_a_run_file_are_said_at_once_with_the_nearest_name(tmp_path):
    text = MINIMAL.replace("as_of", "as_off").replace("2013", "x").replace("study: zone", "study: zon")
    said = refused(run_file(tmp_path, text + "  dirty: none\n  scenario: efect\nmin_cell: 4\n"))
    assert "'as_off' is no parameter here; did you mean 'as_of'?" in said
    assert "'as_of' is missing" in said
    assert "'first_year': found 'x', expected a whole number" in said
    assert "'study': found 'zon', expected one of zone, listed; did you mean 'zone'?" in said
    assert "'data.dirty' is no parameter here; did you mean 'dirt'?" in said
    assert "'data.scenario': found 'efect'" in said
    assert "'min_cell': found '4', must be greater than or equal to 5" in said
    assert "7 problem(s)" in said


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.dirt=havy", "did you mean 'heavy'"),
        ("data.readings.ratde=114/138", "'data.readings.ratde' is no parameter here; did you mean 'rated'? known are "),
        ("data.readings.rated=114/139", "expected one of 109/132, 114/138; did you mean '114/138'?"),
        ("data.readings.members=12", "'data.readings.members': found '12', must be greater than or equal to 1000"),
        ("data.readings.joint_limit=many", "'data.readings.joint_limit': found 'many', expected a whole number"),
        ("nonsense", "expected name=value"),
        ("data.kind=file", "expected one of synthetic, files"),
        ("zone.x=1", "'zone' holds no further parameters"),
        ("first_year=2030", "after last_year 2023"),
        ("last_year=2024", "after the extract of 2023-06-30"),
        ("as_of=2023-07-01", "as_of 2023-07-01 is after the extract of 2023-06-30"),
        ("as_of=1688083200", "'as_of': found '1688083200', expected a date such as 2023-06-30"),
        ("as_of=20230630", "expected a date such as 2023-06-30"),
        ("extract_on=2123-06-30", "expected a date from 1949 to 2100"),
        ("run=../zone", "must match pattern"),
        ("run=codebook", "reports/codebook holds something else"),
        ("study=listed", "study 'listed' reads files"),
        ("data.firms=5000001", "less than or equal to 5000000"),
        ("lang=fr", "expected one of zh, en"),
        ("data=x", "expected a mapping"),
        ("pages.70_asociation.min_cell=20", "did you mean '70_association'"),
        ("pages.70_association.mincell=20", "did you mean 'min_cell'"),
        ("pages.70_association.min_cell=2", "greater than or equal to 5"),
        ("pages.70_association.run=x", "comes from the run itself"),
        ("pages.70_association.outcomes=patents_design", "expected column:poisson"),
        ("pages.70_association.clusters=", "expected at least one name"),
    ],
)
def test_a_wrong_override_is_refused(override, message):
    assert message in refused(ZONE, override)


@pytest.mark.parametrize(
    ("study", "mappings", "said"),
    [
        ("listed", "", "found 0, study 'listed' takes one mapping file for each source, at most two"),
        ("listed", "a.yml,b.yml,c.yml", "found 3"),
        ("zone", "a.yml,b.yml", "found 2, study 'zone' takes at most one mapping file"),
    ],
)
def test_a_study_takes_as_many_mapping_files_as_it_reads(study, mappings, said):
    assert said in refused(paths.RUN_FILES / "listed_firms.yml", f"study={study}", f"data.mappings={mappings}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("? [a, b]\n: c\n", "a name is one text"),
        ("run: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("run: &a [*a]\n", "line 1: an alias (*)"),
        ("run: demo\nstudy: [zone\n", "line 3: not valid YAML"),
    ],
)
def test_yaml_that_is_no_run_file_is_one_sentence(tmp_path, text, said):
    assert said in refused(run_file(tmp_path, text))


def test_a_name_given_twice_is_refused(tmp_path):
    assert "line 12: 'run' is given twice, first in line 1" in refused(run_file(tmp_path, MINIMAL + "run: other\n"))


def test_what_is_wrong_in_a_run_file_is_said_with_its_line_and_what_is_overridden_without(tmp_path):
    path = run_file(tmp_path, MINIMAL.replace("2013", "x") + "  dirty: none\npages:\n  70_association: {mincell: 5}\n")
    said = refused(path)
    assert "line 8: 'first_year': found 'x'" in said
    assert "line 12: 'data.dirty' is no parameter here" in said
    assert "line 14: pages.70_association: 'mincell'" in said
    assert "\n  'first_year': found 'y'" in refused(path, "first_year=y")


def test_a_run_file_that_does_not_exist_names_those_that_do(tmp_path):
    assert "notebooks/params/zone.yml" in refused(tmp_path / "zon.yml")


def test_a_page_takes_its_parameters_from_the_run_and_its_own_section():
    found = params.load(ZONE, ["lang=en", "pages.70_association.min_cell=20", "pages.70_association.exposures=a,b"])
    page = params.page_values(found, "70_association")
    assert (page["run"], page["lang"], page["min_cell"], page["exposures"]) == ("zone", "en", 20, ["a", "b"])
    assert params.page_values(found, "10_data_quality") == {"run": "zone", "lang": "en", "min_cell": 10}


def test_a_notebook_refuses_a_misspelt_and_a_mistyped_parameter_together():
    with pytest.raises(UsageError) as caught:
        params.page("10_data_quality", run="zone", lang="zh", mincell=10, min_cell="10")
    assert "did you mean 'min_cell'" in str(caught.value)
    assert "found '10', expected a whole number" in str(caught.value)


def test_run_parameters_survive_being_stored_as_json():
    found = params.load(ZONE, ["pages.70_association.exposures=a,b", "readings.coverage=128_of_131"])
    assert params.RunParams.model_validate_json(found.model_dump_json()) == found


def test_run_parameters_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        params.load(ZONE).seed = 1


def test_an_absent_data_folder_is_named_with_the_option_that_sets_it():
    with pytest.raises(InputError) as caught:
        params.load(paths.RUN_FILES / "listed_firms.yml", ["data.folder=nowhere/at/all"])
    assert len(caught.value.problems) == 1
    assert "'nowhere/at/all'" in str(caught.value)
    assert "-p data.folder=PATH" in str(caught.value)


def test_a_folder_outside_the_project_is_published_by_name_alone(tmp_path):
    found = params.load(paths.RUN_FILES / "listed_firms.yml", [f"data.folder={tmp_path}"])
    assert found.data.folder_path == tmp_path.resolve()
    assert found.flat()["data.folder"] == tmp_path.name
    assert str(tmp_path) not in str(found.shown())


def test_a_folder_beside_the_project_resolves_from_the_projects_root():
    assert paths.resolve("../shared") == (paths.ROOT.parent / "shared").resolve()


def test_the_readings_of_a_synthetic_zone_are_parameters_with_the_default_set(tmp_path):
    assert params.load(ZONE).data.readings == Calibration()
    found = params.load(ZONE, ["data.readings.joint_limit=none", "data.readings.rated=114/138", "data.readings.members=1262"])
    assert found.data.readings == Calibration(joint_limit=None, rated="114/138", members=1262)
    assert found.flat()["data.readings.rated"] == "114/138"
    assert params.RunParams.model_validate_json(found.model_dump_json()) == found
