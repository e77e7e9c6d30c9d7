"""Preparing a run: all layers, who may read them, ready data left alone, and nothing lost when something fails."""

import errno
import json
import math
import os
import subprocess
import sys

import pandas as pd
import pytest
from small_zone import small_params

from helpers import codebook, forces, inputs, panel, paths, simulate, study
from helpers.errors import InputError
from helpers.tables import analysis_panel

BOOK = codebook.load()
SUPPLIED = ("p5_life_regular", "c3_reach", "s12_lectures")
PERSON_TABLES = {name for name, table in BOOK.tables.items() if table.is_restricted}


def mode(path) -> str:
    return oct(path.stat().st_mode & 0o777)


def snapshot(folder) -> dict[str, tuple[int, int]]:
    """Return size and time of every file: unchanged means not written again."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def leftovers(folder) -> list[str]:
    return sorted(path.name for path in folder.parent.iterdir() if path != folder and not path.name.endswith(".lock"))


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """Let `prepare` make a token instead of a zone, so that what it does around the stages can be tested in no time."""
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path))
    made = []

    def stages(params, staging, tell):
        tell("make")
        made.append(params.seed)
        (staging / "token.txt").write_text(f"seed {params.seed}", encoding="utf-8")
        return {"make": 0.0}

    monkeypatch.setattr(study.stages, "make", stages)
    return made


def test_all_layers_of_a_run_are_there(small_zone):
    folder = small_zone.folder
    raw = list((folder / "raw").iterdir())
    zone_tables = {table.name for table in BOOK.of_study("zone", "supplement")}
    assert len(raw) == len(zone_tables) == 36 + 3
    assert set(small_zone.table_names()) == zone_tables
    assert {path.stem for path in (folder / "ingested").iterdir()} == zone_tables - PERSON_TABLES
    truth = {path.name for path in (folder / "truth").iterdir()}
    assert truth == {"faults.csv", "figures.csv", "habits.csv", "score.csv", "truth.json"}
    for name in ("problems", "counts", "sources", "joins", "linkage"):
        assert len(small_zone.record(name).columns) > 2
    assert set(small_zone.record("counts")["table"]) == zone_tables
    assert not small_zone.panel().duplicated(["uscc", "year"]).any()
    stages = ["simulate", "dirt", "read", "score", "write", "clean", "panel", "scores", "link"]
    assert list(small_zone.state["seconds"]) == stages


def test_clean_tables_of_clean_files_hold_every_row_that_was_simulated(small_zone):
    made = simulate.zone(seed=small_zone.params.seed, firms=2000, scenario="effect").tables
    for name in sorted(set(made) - PERSON_TABLES):
        assert len(small_zone.table(name)) == len(made[name]), name
    for name in sorted(PERSON_TABLES):
        assert len(small_zone.restricted(name)) == len(made[name]), name


def test_the_restricted_layer_is_the_owners_alone(small_zone):
    restricted = small_zone.folder / "restricted"
    assert mode(restricted) == "0o700"
    assert {mode(path) for path in restricted.iterdir()} == {"0o600"}
    assert {f"{name}.parquet" for name in PERSON_TABLES} <= {path.name for path in restricted.iterdir()}


def test_person_tables_are_in_no_open_layer(small_zone):
    for layer in ("clean", "ingested", "set_aside"):
        found = {path.stem for path in (small_zone.folder / layer).rglob("*")}
        assert not found & PERSON_TABLES, layer


def test_restricted_columns_are_in_no_open_table(small_zone):
    for table in BOOK.of_study("zone"):
        hidden = {column.name for column in table.columns if column.sensitivity == "restricted"}
        if table.is_restricted or not hidden:
            continue
        for layer in ("clean", "ingested"):
            columns = pd.read_parquet(small_zone.folder / layer / f"{table.name}.parquet").columns
            assert not hidden & set(columns), f"{layer}/{table.name}"


def test_small_team_counts_are_in_no_open_table(small_zone):
    full = small_zone.restricted("task_projects")["members_in_team"]
    assert full.between(1, 4).any()
    for layer in ("clean", "ingested"):
        shown = pd.read_parquet(small_zone.folder / layer / "task_projects.parquet")["members_in_team"]
        assert not shown.between(1, 4).any(), layer


def test_persons_have_pseudonyms_instead_of_the_ids_in_the_files(small_zone):
    raw = pd.read_csv(next((small_zone.folder / "raw").glob("党员信息*.csv")), dtype="str", encoding="utf-8-sig")
    given = set(raw["党员伪码"])
    stored = set(small_zone.restricted("members")["member_pid"])
    assert len(stored) == len(given)
    assert not stored & given


@pytest.mark.parametrize("name", sorted(PERSON_TABLES))
def test_a_person_table_is_refused_where_an_open_one_is_asked_for(small_zone, name):
    with pytest.raises(InputError, match=rf"'{name}' is about persons"):
        small_zone.table(name)


def test_a_table_the_run_does_not_hold_is_named_with_those_it_holds(small_zone):
    with pytest.raises(InputError, match=r"holds no table 'listed_firm_years'.*patents.*supply its file"):
        small_zone.table("listed_firm_years")
    assert small_zone.missing(("patents", "listed_firm_years")) == ("listed_firm_years",)


def test_supplementary_tables_make_three_indicators_testable_and_without_them_nothing_else_changes(small_zone):
    names = [table.name for table in BOOK.of_study("supplement")]
    held = small_zone.all_tables()
    assert all(len(small_zone.table(name)) == len(held[name]) > 0 for name in names)
    without = {name: frame for name, frame in held.items() if name not in names}
    as_of = small_zone.params.as_of
    for compute in (forces.all_indicators, forces.all_measures):
        full, bare = (compute(tables, as_of).set_index(["id", "base", "window"]) for tables in (held, without))
        supplied = full[full.index.get_level_values("id").isin(SUPPLIED)]
        assert (supplied["status"] == "computed").all() and supplied["value"].between(1, 99).all()
        untested = bare[bare.index.get_level_values("id").isin(SUPPLIED)]
        assert (untested["status"] == "not_testable").all() and untested["value"].isna().all()
        pd.testing.assert_frame_equal(full.drop(supplied.index), bare.drop(untested.index))


def test_the_panel_with_exposures_keeps_every_firm_year_once(small_zone):
    both = small_zone.panel_with_exposures()
    assert len(both) == len(small_zone.panel())
    assert "member_share_pct" in both and "member_share_pct" not in small_zone.panel()
    assert not [name for name in both if name.endswith(("_x", "_y"))]


def test_the_columns_a_page_may_name_are_those_of_the_panel_with_exposures(small_zone):
    held = small_zone.columns()
    # What a page reads: the panel, what is made of persons, and what the plan makes of both.
    assert set(held) == set(analysis_panel(small_zone))
    numbers = ("year", "patents_utility", "member_share_pct", "is_hnte", "has_patent", "force_party_traction")
    words = ("uscc", "status_on", "grid_year")
    assert [held[name] for name in (*numbers, *words)] == [True] * len(numbers) + [False] * len(words)


def truth_counts(truth: dict) -> pd.Series:
    rows = pd.DataFrame(truth["filings_by_firm_year"])
    return rows.set_index(["uscc", "year", "type"])["filed"]


def test_the_panel_counts_the_filings_that_were_planted(small_zone):
    truth = json.loads(small_zone.truth("truth.json").read_text(encoding="utf-8"))
    planted, base = truth_counts(truth), [*truth["cohorts"], *truth["never_covered"]]
    # The truth gives a joint filing to its first applicant; in the panel it counts for every firm that filed it.
    joint = small_zone.table("patent_owners").merge(small_zone.table("patents"), on="application_no")
    joint = joint[(joint["acquired_by"] == "自主申请") & (joint["uscc_x"] != joint["uscc_y"])]
    held = small_zone.panel().set_index(["uscc", "year"])
    # Filings to 2021 are in the register of June 2023: inventions after 18 months, the others after 9 at most. The panel
    # also follows firms that left the base before; the truth is about the base.
    held = held[(held.index.get_level_values("year") <= 2021) & held.index.get_level_values("uscc").isin(base)]
    columns = {"发明": "patents_invention", "实用新型": "patents_utility", "外观设计": "patents_design"}
    for kind, column in columns.items():
        also = joint[joint["patent_type"] == kind].groupby(["uscc_x", "filing_year"]).size()
        wanted = planted.xs(kind, level="type").add(also.rename_axis(["uscc", "year"]), fill_value=0)
        wanted = wanted.reindex(held.index).fillna(0)
        assert wanted.sum() > 200, kind
        assert held[column].astype(int).tolist() == wanted.astype(int).tolist(), kind


def test_the_effect_planted_at_founding_comes_out_of_the_counts_and_none_under_null(small_zone):
    truth = json.loads(small_zone.truth("truth.json").read_text(encoding="utf-8"))
    null = simulate.zone(seed=small_zone.params.seed, firms=2000, scenario="null").truth
    founded = pd.Series({code: int(cohort["covered_on"][:4]) for code, cohort in truth["cohorts"].items()})
    assert null["cohorts"] == truth["cohorts"]
    both = pd.DataFrame({"effect": truth_counts(truth), "null": truth_counts(null)}).fillna(0).reset_index()
    both["since"] = both["year"] - both["uscc"].map(founded)
    after, before = both[both["since"] >= 1], both[~(both["since"] >= 0)]
    total = after.groupby("type")[["effect", "null"]].sum()
    ratio = (total["effect"] / total["null"]).map(math.log)
    # Added filings are Poisson: on 300 base filings exp(0.40) - 1 adds 148 give or take 12, three times that is 0.08.
    assert total.loc["实用新型", "null"] > 300
    assert truth["founding"] == {"发明": 0.15, "实用新型": 0.40, "外观设计": 0.0}
    assert ratio["实用新型"] == pytest.approx(0.40, abs=0.08)
    assert ratio["发明"] == pytest.approx(0.15, abs=0.08)
    assert ratio["外观设计"] == 0
    assert (before["effect"] == before["null"]).all()
    assert sum(null["founding"].values()) == 0


def test_a_second_prepare_does_nothing(small_zone, prepared_output, monkeypatch):
    monkeypatch.setenv("WULI_OUTPUT", str(prepared_output))
    before, told = snapshot(small_zone.folder), []
    study.prepare(small_params(), told.append)
    assert told == []
    assert snapshot(small_zone.folder) == before


def test_another_seed_makes_the_data_anew(quick):
    assert study.prepare(small_params()).folder.joinpath("token.txt").read_text() == "seed 20230710"
    assert study.prepare(small_params("seed=7")).folder.joinpath("token.txt").read_text() == "seed 7"
    assert quick == [20230710, 7]


@pytest.mark.parametrize("override", ["lang=en", "min_cell=20", "title_en=Other", "pages.70_association.min_cell=20"])
def test_what_changes_pages_alone_is_remembered_without_making_the_data_anew(quick, override):
    study.prepare(small_params())
    prepared = study.prepare(small_params(override))
    assert quick == [20230710]
    assert prepared.params == small_params(override)
    assert study.open_run("small").params == small_params(override)


@pytest.mark.parametrize(
    "overrides",
    [
        ["data.firms=2001"],
        ["data.scenario=null"],
        ["data.dirt=heavy"],
        ["as_of=2023-06-29", "extract_on=2023-06-29"],
        ["last_year=2022"],
    ],
)
def test_what_changes_the_data_makes_them_anew(quick, overrides):
    study.prepare(small_params())
    study.prepare(small_params(*overrides))
    assert len(quick) == 2


def test_a_changed_or_added_input_file_makes_the_data_anew(quick, tmp_path):
    office = tmp_path / "office"
    (office / "2022").mkdir(parents=True)
    (office / "2023").mkdir()
    overrides = ("data.kind=files", f"data.folder={office}")
    (office / "2022" / "patents.csv").write_text("a\n1\n")
    (office / "2023" / "patents.csv").write_text("a\n1\n")
    base = params_of_files(*overrides)
    study.prepare(base)
    study.prepare(base)
    assert len(quick) == 1
    # Both are called patents.csv: neither may hide behind the other.
    (office / "2022" / "patents.csv").write_text("a\n2\n")
    study.prepare(base)
    assert len(quick) == 2
    (office / "2023" / "patents.csv").write_text("a\n2\n")
    study.prepare(base)
    assert len(quick) == 3


def params_of_files(*overrides: str):
    """Return the parameters of a zone read from files (the run file's own data are synthetic)."""
    from helpers.params import RunParams

    values = json.loads(small_params().model_dump_json())
    given = dict(override.split("=", 1) for override in overrides)
    values["data"] = {"kind": "files", "folder": given["data.folder"]}
    if "data.mappings" in given:
        values["data"]["mappings"] = [given["data.mappings"]]
    return RunParams.model_validate_json(json.dumps(values))


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "panel.parquet"), "panel.parquet: No space left on device"),
        (OSError(errno.EACCES, os.strerror(errno.EACCES)), "Permission denied; free space or mend the permission"),
    ],
)
def test_a_failure_in_the_middle_leaves_the_former_data_and_nothing_else(quick, monkeypatch, trouble, said):
    folder = study.prepare(small_params()).folder
    before = snapshot(folder)

    def fail(params, staging, tell):
        (staging / "half.parquet").write_bytes(b"half")
        raise trouble

    monkeypatch.setattr(study.stages, "make", fail)
    with pytest.raises(InputError, match=said):
        study.prepare(small_params("seed=7"))
    assert snapshot(folder) == before
    assert leftovers(folder) == []


def test_a_disk_that_fills_while_the_panel_is_built_leaves_the_former_data_as_they_were(monkeypatch, tmp_path):
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path))
    folder = paths.derived("small")
    folder.mkdir(parents=True)
    (folder / "panel.parquet").write_text("the former panel")

    def fail(*args, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "panel.parquet"))

    monkeypatch.setattr(panel, "build", fail)
    told = []
    with pytest.raises(InputError, match=r"cannot .*write panel.parquet: No space left.*untouched"):
        study.prepare(small_params("data.firms=400"), told.append)
    assert told[-1] == "panel"
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"panel.parquet": "the former panel"}
    assert leftovers(folder) == []


def test_an_error_in_the_code_leaves_no_half_made_data_behind(quick, monkeypatch):
    folder = study.prepare(small_params()).folder
    before = snapshot(folder)

    def fail(params, staging, tell):
        raise ZeroDivisionError

    monkeypatch.setattr(study.stages, "make", fail)
    with pytest.raises(ZeroDivisionError):
        study.prepare(small_params("seed=7"))
    assert snapshot(folder) == before
    assert leftovers(folder) == []


def test_what_a_killed_process_left_is_mended(quick):
    folder = study.prepare(small_params()).folder
    # Killed between the two renames: the former data stand under another name, the new ones are half made.
    folder.rename(study._old(folder))
    study._staging(folder).mkdir()
    assert study.prepare(small_params()).folder.joinpath("token.txt").read_text() == "seed 20230710"
    assert quick == [20230710]
    assert leftovers(folder) == []


def test_a_run_is_no_leftover_of_another_whose_name_begins_alike(quick):
    first = study.prepare(small_params("run=small-b")).folder
    second = study.prepare(small_params("run=small_old")).folder
    study.prepare(small_params())
    assert first.exists() and second.exists()


def test_an_output_folder_that_is_a_file_is_one_clear_error(monkeypatch, tmp_path):
    (tmp_path / "data").write_text("in the way")
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path))
    with pytest.raises(InputError, match="cannot read or write data"):
        study.prepare(small_params())


@pytest.mark.parametrize("content", ["", "{", "[]", '{"inputs": {}}', '{"parameters": {"run": "small"}}'])
def test_a_damaged_record_is_made_anew_by_a_run_and_named_to_a_notebook(quick, content):
    folder = study.prepare(small_params()).folder
    (folder / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"run\.json: damaged, or of another version.*`wuli run`"):
        study.open_run("small")
    study.prepare(small_params())
    assert quick == [20230710, 20230710]
    assert study.open_run("small").params == small_params()


def test_a_page_is_made_from_the_data_of_its_own_run_or_not_at_all(quick, monkeypatch):
    first = study.prepare(small_params())
    monkeypatch.setenv(inputs.PREPARED, inputs.digest(first.state["inputs"]))
    assert study.open_run("small").params == small_params()
    study.prepare(small_params("seed=7"))
    with pytest.raises(InputError, match=r"data of run 'small' were replaced.*run again, one at a time"):
        study.open_run("small")
    assert quick == [20230710, 7]


def test_a_register_in_which_nobody_can_be_followed_costs_the_panel_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path / "out"))
    office = tmp_path / "office"
    office.mkdir()
    text = "统一社会信用代码,企业名称,成立日期,登记状态\n91350100611300758B,甲厂,2020-01-01,存续\n"
    (office / "企业名册.csv").write_text(text, encoding="utf-8")
    zone = study.prepare(params_of_files(f"data.folder={office}"))
    assert len(zone.table("enterprises")) == 1
    with pytest.raises(InputError, match=r"0 of 1 enterprises are 'analysable'.*控股情况, 登记注册类型"):
        zone.panel()


def test_person_ids_under_another_key_are_hashed_anew(monkeypatch, tmp_path):
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path / "out"))
    office = tmp_path / "office"
    office.mkdir()
    header = ",".join(column.name_zh for column in BOOK["members"].columns)
    kept = {"member_pid": "P1", "org_id": "DY0001", "from_on": "2020-01-01"}
    row = ",".join(kept.get(column.name, "") for column in BOOK["members"].columns)
    (office / "党员信息表.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    params = params_of_files(f"data.folder={office}")
    hashes = []
    for key in ("a key of sixteen and more", "another key, as long as that", "another key, as long as that", None):
        if key is None:
            monkeypatch.delenv("WULI_PERSON_KEY")
        else:
            monkeypatch.setenv("WULI_PERSON_KEY", key)
        told = []
        folder = study.prepare(params, told.append).folder
        hashes.append((pd.read_parquet(folder / "restricted" / "members.parquet")["member_pid"].iloc[0], bool(told)))
    (first, _), (second, made), (third, again), (fourth, without) = hashes
    assert first != second and made
    # The same key, or none where nothing is to be hashed, finds them ready.
    assert (second, second, False, False) == (third, fourth, again, without)
    assert mode(folder / "restricted" / "key_mark") == "0o600"


def test_a_mapping_file_that_changes_makes_the_data_anew_wherever_it_lies(quick, tmp_path):
    office, mapping = tmp_path / "office", tmp_path / "mapping.yml"
    office.mkdir()
    params = params_of_files(f"data.folder={office}", f"data.mappings={mapping}")
    for text in ("sources: []", "sources: []", "sources: [ ]"):
        mapping.write_text(text, encoding="utf-8")
        study.prepare(params)
    assert len(quick) == 2


def test_an_unknown_run_is_named_with_the_run_files_there_are(monkeypatch, tmp_path):
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path))
    with pytest.raises(InputError, match=r"run 'zoen'.*no zoen\.yml; run files: listed_firms, zone"):
        study.open_run("zoen")


def test_opening_a_prepared_run_by_name_gives_its_own_parameters(small_zone, prepared_output, monkeypatch):
    monkeypatch.setenv("WULI_OUTPUT", str(prepared_output))
    opened = study.open_run("small")
    assert opened.params == small_params()
    assert opened.params.data.firms == 2000


def test_opening_a_run_that_is_not_prepared_prepares_it_from_its_file(quick):
    assert study.open_run("zone").params == study.open_run("zone").params
    assert quick == [20230710]


SLOWLY = """
import sys, time
from helpers import params, paths, study

def stages(params, staging, tell):
    tell("make")
    for number in range(20):
        (staging / f"{number}.txt").write_text("whole")
        time.sleep(0.05)
    return {"make": 1.0}

study.stages.make, told = stages, []
study.prepare(params.load(paths.RUN_FILES / "zone.yml", ["run=small"]), told.append)
print(len(told), len(list(paths.derived("small").glob("*.txt"))))
"""


def test_three_processes_that_prepare_at_once_make_the_data_once_and_whole(tmp_path):
    environment = {**os.environ, "WULI_OUTPUT": str(tmp_path)}
    command = [sys.executable, "-c", SLOWLY]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=120) for process in started]
    assert sorted(out.strip() for out, _ in said) == ["0 20", "0 20", "1 20"], said
    assert leftovers(tmp_path / "data" / "derived" / "small") == []
