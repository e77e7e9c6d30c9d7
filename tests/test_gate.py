import json

import pytest
from nbformat.v4 import new_output
from report_notebooks import executed, html, notebook, stream

from helpers import paths
from helpers.errors import PageError
from helpers.report import gate


def refused(made):
    with pytest.raises(PageError) as caught:
        gate.check(made, "10_data_quality.ipynb")
    return str(caught.value)


def test_a_notebook_run_to_its_end_passes_with_results_finding_and_warnings():
    made = executed(
        notebook("1"),
        html('<p class="finding">R&amp;D rose</p>'),
        stream("/usr/lib/x.py:3: UserWarning: mind this\n  warn()\n", "stderr"),
    )
    passed = gate.check(made, "x")
    assert passed == gate.Passed({"n": 1}, {"zh": "R&D rose", "en": "R&D rose"}, ("cell 4: UserWarning: mind this",))


def test_a_cell_that_was_not_run_is_found():
    made = executed(notebook("1"))
    made.cells[3].execution_count = None
    assert "cell 4 was not run" in refused(made)


def test_a_cell_whose_kernel_never_replied_is_found_although_papermill_calls_it_completed():
    made = executed(notebook("1"))
    made.cells[3].metadata["execution"] = {"iopub.execute_input": "2023-06-30T00:00:00Z"}
    made.cells[3].metadata["papermill"] = {"status": "completed"}
    assert "its kernel died" in refused(made)


def test_counts_that_start_again_are_found():
    made = executed(notebook("1", "2"))
    made.cells[-1].execution_count = 1
    assert "its kernel was restarted" in refused(made)


def test_an_error_output_is_found_even_for_exit_with_success():
    error = new_output("error", ename="SystemExit", evalue="0", traceback=[])
    assert "cell 4 ended in SystemExit: 0" in refused(executed(notebook("1"), error))


def test_a_missing_results_cell_is_found():
    made = executed(notebook("1"))
    made.cells[-1].outputs = []
    assert "no cell tagged 'results'" in refused(made)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (stream("UserWarning: Glyph 20826 (\\N{CJK}) missing from font(s) Arial.", "stderr"), "Glyph … missing"),
        (stream(f"read {paths.ROOT}/data/x.csv"), "shows a path of this machine"),
        (html(f"<p>{paths.ROOT}</p>"), "shows a path of this machine"),
        (stream("<object object at 0x7f3a5c0d1e20>"), "memory address"),
        (new_output("display_data", {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}), "without description"),
    ],
)
def test_an_output_that_must_not_be_shown_is_found(output, message):
    said = refused(executed(notebook("1"), output))
    assert message in said
    assert str(paths.ROOT) not in said


def test_a_path_inside_an_embedded_picture_or_a_longer_word_is_no_machine_path():
    made = executed(notebook("1"), html('<img src="data:image/png;base64,/root/work/AAAA==">'), stream("x/rooted"))
    assert gate.check(made, "x").results == {"n": 1}


def test_all_problems_are_said_at_once():
    made = executed(notebook("1", "2"))
    made.cells[3].execution_count = None
    made.cells[-1].outputs = [new_output("execute_result", {"text/plain": json.dumps([1])})]
    said = refused(made)
    assert "cell 4 was not run" in said
    assert "no cell tagged 'results'" in said
