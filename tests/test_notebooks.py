"""What every notebook has to look like (docs/notebooks.md), checked on all that stand in the folder."""

import ast
import json
import re
from itertools import chain, product

import nbformat
import pytest

from helpers import codebook, paths
from helpers.params import PAGES, Page, own
from helpers.params.pages import model_of
from helpers.report.prose import in_language
from helpers.text import LANGS

PAGE_NOTEBOOKS = sorted(paths.NOTEBOOKS.glob("[0-9]*.ipynb"))
# What a notebook of one's own looks like: no page of a run, and held to the same rules.
TOUR = paths.NOTEBOOKS / "tour.ipynb"
NOTEBOOKS = [*PAGE_NOTEBOOKS, TOUR]
FEWEST_CELLS, MOST_CELLS, MOST_LINES = 8, 30, 15
RESULTS_TAGS = {"results", "keep_output", "nbval-check-output"}
LOOPS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.AsyncFor, ast.While, ast.Lambda)
CHINESE = re.compile(r"[\u3400-\u9fff]")
# Its data may not be there, so its results are stored but compared only where nbval can run it.
UNCOMPARED = {"65_listed_firms"}

def studies(path) -> list[str]:
    """Return the studies whose runs have the page."""
    return nbformat.read(path, as_version=4).metadata.wuli.get("studies") or list(paths.PLANS)


each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind=None) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if kind in (None, cell.cell_type)]


def tags(cell) -> set[str]:
    return set(cell.metadata.get("tags", []))


def tagged(path, tag: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in cells(path, "code") if tag in tags(cell)]


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    """Return the calls of `name`, which may be dotted."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == name]


def assigned(cell) -> dict[str, object]:
    """Return the parameters of a cell, each declared with its type."""
    tree = ast.parse(cell.source)
    assert all(isinstance(node, ast.AnnAssign) and node.value is not None for node in tree.body), cell.source
    return {node.target.id: ast.literal_eval(node.value) for node in tree.body}


def model(path) -> type[Page]:
    """Return the model of a page, or the one that the tour's own cell declares."""
    return own.declared(cells(path)[1].source, where=path.name) if path == TOUR else model_of(path.stem)


def headings(text: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]


def test_every_page_model_has_its_notebook_and_every_notebook_its_model():
    assert [path.stem for path in PAGE_NOTEBOOKS] == sorted(PAGES)
    assert all(re.fullmatch(r"[1-9]\d_[a-z_]+", path.stem) for path in PAGE_NOTEBOOKS)


@each
def test_a_notebook_is_valid_and_runs_in_the_kernel_that_every_machine_has(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    # The version of the kernel that ran it last would show as a change under another Python.
    assert dict(notebook.metadata.get("language_info", {"name": "python"})) == {"name": "python"}
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))


@each
def test_what_a_notebook_asks_of_its_run_exists(path):
    said = nbformat.read(path, as_version=4).metadata.wuli
    assert set(said) <= {"requires", "studies"}
    required = said.get("requires", [])
    tables = chain(*required.values()) if isinstance(required, dict) else required
    assert set(tables) <= set(codebook.load().tables)
    assert set(said.get("studies", [])) <= set(paths.PLANS) >= set(required if isinstance(required, dict) else [])


@each
def test_a_notebook_is_short_and_so_are_its_cells(path):
    assert FEWEST_CELLS <= len(cells(path)) <= MOST_CELLS
    assert not [cell.source for cell in cells(path, "code") if len(cell.source.splitlines()) > MOST_LINES]


@each
def test_a_notebook_opens_with_its_title_question_unit_and_sample(path):
    first = cells(path)[0]
    assert first.cell_type == "markdown"
    said = (("zh", ("问题", "单位", "样本")), ("en", ("Question", "Unit", "Sample")))
    for (lang, words), study in product(said, studies(path)):
        text = in_language(first.source, lang, where=path.stem, study=study)
        assert headings(text) == [1], (lang, study)
        assert not [word for word in words if word not in text], (lang, study)


@each
def test_only_the_first_cell_has_a_title(path):
    later = [
        in_language(cell.source, lang, where=path.stem, study=study)
        for cell, lang, study in product(cells(path, "markdown")[1:], LANGS, studies(path))
    ]
    assert not [text for text in later if 1 in headings(text)]


@each
def test_a_notebook_declares_exactly_the_parameters_of_its_model_with_its_defaults(path):
    cell = cells(path)[1]
    assert tagged(path, "parameters") == [cell]
    declared = assigned(cell)
    assert set(declared) == set(model(path).model_fields)
    standard = model(path).model_validate_strings({"run": declared["run"]}).model_dump(mode="json")
    assert declared == standard
    assert (paths.RUN_FILES / f"{declared['run']}.yml").exists()


@each
def test_every_parameter_says_what_it_means(path):
    lines = cells(path)[1].source.splitlines()
    assert not [line for line in lines if not re.search(r"\S  # \S.{3}", line)]


@each
def test_the_setup_validates_every_parameter_sets_the_style_and_opens_the_run(path):
    cell = cells(path)[2]
    assert tagged(path, "setup") == [cell]
    tree = ast.parse(cell.source)
    (made,) = calls(tree, "page") or calls(tree, "params.page") or calls(tree, "own_page")
    assert [ast.literal_eval(name) for name in made.args] == ([] if path == TOUR else [path.stem])
    assert {word.arg for word in made.keywords} == set(model(path).model_fields)
    assert all(ast.unparse(word.value) == word.arg for word in made.keywords)
    assert len(calls(tree, "style.use")) == len(calls(tree, "study.open_run") or calls(tree, "open_run")) == 1


@each
def test_code_cells_call_and_do_not_define_or_loop(path):
    for cell in cells(path, "code"):
        found = [type(node).__name__ for node in ast.walk(ast.parse(cell.source)) if isinstance(node, LOOPS)]
        assert not found, cell.source


@each
def test_notebooks_reach_no_file_and_no_foreign_library(path):
    for cell in cells(path, "code"):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                assert not node.names, cell.source
            if isinstance(node, ast.ImportFrom):
                assert node.module.split(".")[0] == "helpers", cell.source
        assert not re.search(r"\b(open|read_csv|read_parquet|to_csv|savefig|print)\(|^[%!]", cell.source, re.MULTILINE)


@each
def test_every_markdown_cell_says_the_same_in_both_languages(path):
    for cell, study in product(cells(path, "markdown"), studies(path)):
        texts = {lang: in_language(cell.source, lang, where=path.stem, study=study) for lang in LANGS}
        if not any(texts.values()) and 'data-study="' in cell.source:
            continue
        outside = re.sub(r"<section.*?</section>", "", cell.source, flags=re.DOTALL)
        assert not outside.strip(), cell.source
        assert all(text.strip() for text in texts.values()), cell.source
        assert headings(texts["zh"]) == headings(texts["en"]), cell.source
        assert texts["zh"].count("\n- ") == texts["en"].count("\n- "), cell.source
        assert CHINESE.search(texts["zh"]) and len(CHINESE.findall(texts["en"])) <= 6, cell.source


@each
def test_no_cell_begins_or_ends_in_blanks(path):
    for cell in cells(path):
        assert cell.source == cell.source.strip() != "", cell.source
        assert not [line for line in cell.source.splitlines() if line != line.rstrip() or "\t" in line], cell.source


@each
def test_every_figure_has_a_title_a_description_and_the_data_behind_it(path):
    shown = [call for cell in cells(path, "code") for call in calls(ast.parse(cell.source), "show.figure")]
    for call in shown:
        assert {"title", "alt", "data", "lang"} <= {word.arg for word in call.keywords}, ast.unparse(call)
    plots = [cell.source.count("figures.plot_") for cell in cells(path, "code")]
    assert sum(plots) == len(shown)


@each
def test_every_table_has_a_title_in_the_pages_language(path):
    for cell in cells(path, "code"):
        for call in calls(ast.parse(cell.source), "show.table"):
            assert {"title", "lang"} <= {word.arg for word in call.keywords}, ast.unparse(call)


@each
def test_the_last_code_cell_gives_the_results_and_words_follow_it(path):
    last = cells(path, "code")[-1]
    wanted = RESULTS_TAGS - ({"nbval-check-output"} if path.stem in UNCOMPARED else set())
    assert wanted <= tags(last) <= RESULTS_TAGS
    assert len(calls(ast.parse(last.source), "show.results")) == 1
    assert tagged(path, "results") == tagged(path, "keep_output") == [last]
    assert cells(path)[-1].cell_type == "markdown"


@each
def test_the_results_alone_are_stored(path):
    stored = [cell for cell in cells(path, "code") if cell.outputs]
    assert stored == tagged(path, "results"), "store them with: make notebooks"
    (output,) = stored[0].outputs
    assert output.output_type == "execute_result"
    assert list(output.data) == ["text/plain"]
    results = json.loads(output.data["text/plain"])
    assert isinstance(results, dict) and results


@each
def test_stored_results_come_from_one_run_from_top_to_bottom(path):
    # nbval takes a cell without a count for one that was never run, and then compares nothing.
    counts = [cell.execution_count for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1)), "run them with: make notebooks"


@each
def test_no_trace_of_execution_is_stored_but_counts_and_results(path):
    kept = {"tags", "jupyter", "collapsed"}
    assert not [cell.metadata for cell in cells(path) if set(cell.metadata) - kept]
