"""What studio projects led to, counted by hand."""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from helpers import tables
from helpers.forces import measures, studios
from helpers.forces.intervals import shares
from helpers.text import LANGS

AS_OF = date(2023, 6, 30)
PROJECTS = pd.DataFrame(
    [
        ("a", "创新工作室", "S1", "2021-01-01", "2022-01-01", "专利"),
        ("b", "创新工作室", "S1", "2021-01-01", "2023-06-30", "专利"),
        ("c", "创新工作室", "S2", "2021-01-01", "2022-01-01", "无"),
        ("d", "创新工作室", None, "2021-01-01", "2022-01-01", "工艺"),
        ("e", "创新工作室", "S2", "2021-01-01", "2022-01-01", None),
        # Not over, over a day late, not begun, and of another vehicle.
        ("f", "创新工作室", "S3", "2021-01-01", None, None),
        ("g", "创新工作室", "S3", None, "2023-07-01", "专利"),
        ("h", "创新工作室", "S4", "2023-07-01", None, None),
        ("i", "攻关组", None, "2021-01-01", "2022-01-01", "专利"),
    ],
    columns=["project_id", "vehicle", "studio_id", "started_on", "ended_on", "output"],
).astype({"started_on": "datetime64[us]", "ended_on": "datetime64[us]", "output": "category", "vehicle": "category"})


def test_ended_studio_projects_are_counted_by_output_and_studio():
    found = studios.outputs_by_type(PROJECTS, as_of=AS_OF)
    assert found[["output", "projects", "studios"]].to_numpy().tolist() == [
        ["专利", 2, 1], ["软著", 0, 0], ["工艺", 1, 0], ["设备", 0, 0], ["认证", 0, 0], ["无", 1, 1], ["not_stated", 1, 1],
    ]  # fmt: skip
    assert found["pct"].tolist() == [40, 0, 20, 0, 0, 20, 20]
    expected = shares(pd.Series([2]), pd.Series([5])).loc[0]
    assert found.loc[0, ["conf_low", "conf_high"]].tolist() == expected[["conf_low", "conf_high"]].tolist()


def test_studios_are_counted_by_their_code_and_running_projects_apart():
    assert studios.studio_counts(PROJECTS, as_of=AS_OF) == {
        "projects": 5, "studios": 2, "without_studio": 1, "running": 2
    }  # fmt: skip


def test_the_outputs_agree_with_the_measure_of_the_system():
    found = studios.outputs_by_type(PROJECTS, as_of=AS_OF).set_index("output")["projects"]
    measure = measures.studio_outputs(PROJECTS, as_of=AS_OF)
    assert found.drop(["无", "not_stated"]).sum() == measure.numerator
    assert found.sum() == measure.denominator


def test_no_ended_project_has_no_share():
    found = studios.outputs_by_type(PROJECTS.head(0), as_of=AS_OF)
    assert found["projects"].tolist() == [0] * 7 and found[["pct", "conf_low", "conf_high"]].isna().all(axis=None)


def study(projects: pd.DataFrame | None) -> SimpleNamespace:
    return SimpleNamespace(
        params=SimpleNamespace(as_of=AS_OF), missing=lambda names: () if projects is not None else tuple(names),
        table=lambda name: projects,
    )  # fmt: skip


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_shows_every_type_and_says_what_the_table_cannot(lang):
    shown = tables.studio_table(study(PROJECTS), lang)
    assert len(shown) == 7 and shown.iloc[0, 3] == "40 (12 – 77)"
    note = tables.studio_note(study(PROJECTS), lang)
    assert ("发明占比算不出来" if lang == "zh" else "share of inventions cannot be computed") in note


@pytest.mark.parametrize("lang", LANGS)
def test_without_projects_or_dates_a_sentence_stands_for_the_table(lang):
    blank = PROJECTS.assign(ended_on=pd.Series(pd.NaT, index=PROJECTS.index, dtype="datetime64[us]"))
    for held in (None, PROJECTS.head(0), blank):
        assert tables.studio_table(study(held), lang).empty
        assert tables.studio_note(study(held), lang)
