import pytest
from nbformat.v4 import new_code_cell
from report_notebooks import notebook, written

from helpers.errors import PageError
from helpers.report import execute, gate, twins

COMPUTE = "numbers = [1, 2]\ntotal = sum(numbers)"
SAY = "from IPython.display import HTML\nword = {'zh': '共', 'en': 'total'}[lang]\nshown = f'{word} {total}'"
SHOW = "HTML(f'<p class=\"finding\">{shown}</p>')"


def again(*sources, setup=""):
    """Return the sources that would run again in English, without the change of language."""
    made = notebook(*sources)
    if setup:
        made.cells.insert(2, new_code_cell(setup, metadata={"tags": ["setup"]}))
    return [cell.source for cell in twins.doubled(made, "zh", name="x").cells[len(made.cells) + 1 :]]


def test_what_depends_on_no_language_runs_once():
    assert again(COMPUTE) == []
    assert twins.doubled(made := notebook(COMPUTE), "zh", name="x") is made


def test_what_a_worded_statement_binds_is_worded_too():
    assert again(COMPUTE, SAY, SHOW) == [
        "word = {'zh': '共', 'en': 'total'}[lang]\nshown = f'{word} {total}'",
        SHOW,
    ]


def test_a_name_that_is_bound_anew_to_what_has_no_language_is_free_of_it():
    assert again("x = str(lang)", "x = 1", "x + 1") == ["x = str(lang)"]


def test_a_last_line_without_language_is_not_shown_twice():
    assert again("y = str(lang)\ntotal = 3\ntotal") == ["y = str(lang)\nNone"]


def test_of_the_setup_cell_only_what_it_shows_runs_again():
    setup = "import os\nvalues = str(lang)\nshow(values, lang=lang)"
    assert again("values", setup=setup) == ["show(values, lang=lang)"]


def test_a_name_that_is_changed_in_place_with_words_is_refused_with_its_cell():
    with pytest.raises(PageError, match="x, cell 4: 'told' is changed in place"):
        again("told = ''\ntold += lang")


def test_a_cell_that_is_no_python_is_left_to_fail_by_itself():
    assert again("this is no python (lang", SHOW.replace("shown", "lang")) == [SHOW.replace("shown", "lang")]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_in_the_other_language_is_what_a_run_in_that_language_gives(tmp_path, lang):
    path = written(notebook(COMPUTE, SAY, SHOW), tmp_path / "x.ipynb")
    made = execute.execute(path, {"run": "demo", "lang": lang, "min_cell": 10}, log=tmp_path / "x.log")
    assert gate.check(made, "x", lang).finding == {"zh": "共 3", "en": "total 3"}
    folded = execute.normalise(made)
    assert len(folded.cells) == len(notebook(COMPUTE, SAY, SHOW).cells) + 1
    shown = next(cell for cell in folded.cells if cell.source == SHOW)
    by_language = twins.outputs_by_language(shown, lang)
    assert {one: outputs[0].data["text/html"] for one, outputs in by_language.items()} == {
        "zh": '<p class="finding">共 3</p>',
        "en": '<p class="finding">total 3</p>',
    }


def test_an_error_in_the_other_language_names_the_cell_that_its_reader_knows(tmp_path):
    path = written(notebook("1", "{'zh': 1}[lang]"), tmp_path / "x.ipynb")
    with pytest.raises(PageError, match="cell 6 in the other language: KeyError: 'en'"):
        execute.execute(path, {"run": "demo", "lang": "zh", "min_cell": 10}, log=tmp_path / "x.log")
