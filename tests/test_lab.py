"""The notebooks where researchers open them: a real JupyterLab in headless Chromium.

The tour and three pages are opened and run from top to bottom, each in a kernel of its own, on the default zone, which
the first of them prepares; with `WULI_LAB=all` in the environment all of them are.
"""

import ast
import ctypes
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
import pytest

from helpers import params, paths
from helpers.errors import WuliError

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), "")
if not CHROMIUM:
    pytest.skip("no Chromium on the path: apt install chromium", allow_module_level=True)

QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
TOUR = "tour"
EVERY = [TOUR, *sorted(path.stem for path in paths.NOTEBOOKS.glob("[0-9]*.ipynb"))]
PAGES = EVERY[1:] if os.environ.get("WULI_LAB") == "all" else ["10_data_quality", "70_association", "85_thresholds"]
# On a machine with other work: conditions are waited for, these only end what hangs.
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
START_S, PATIENCE_MS = 120, 600_000
# Once its notebook is shown, the application itself is asked: cells out of sight are not in the document.
STATE = """() => {
    const panel = window.jupyterapp?.shell?.currentWidget;
    if (!panel?.content?.widgets || !panel.sessionContext) return null;
    return {
        kernel: panel.sessionContext.session?.kernel?.status ?? "none",
        cells: panel.content.widgets.filter(cell => cell.model.type === "code").map(cell => ({
            count: cell.model.executionCount,
            source: cell.model.sharedModel.getSource(),
            outputs: cell.model.outputs.toJSON(),
        })),
    };
}"""
IS_READY = f"() => {{ const state = ({STATE})(); return state?.kernel === 'idle' && state.cells.length > 0; }}"
IS_DONE = f"""() => {{
    const state = ({STATE})();
    const failed = state.cells.some(cell => cell.outputs.some(output => output.output_type === "error"));
    return state.kernel === "idle" && (failed || state.cells.every(cell => cell.count !== null));
}}"""
SHOW_CELL = """text => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    const place = notebook.widgets.findIndex(cell => cell.model.type === "code" && (
        cell.model.sharedModel.getSource().includes(text) || JSON.stringify(cell.model.outputs.toJSON()).includes(text)));
    notebook.activeCellIndex = place;
    return notebook.scrollToItem(place, "start");
}"""


@dataclass(frozen=True)
class Lab:
    """A running server."""

    url: str
    token: str
    folder: Path
    process: subprocess.Popen


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab on copies of the notebooks, with settings, data and everything generated in a folder apart."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "home", "config", "data", "runtime", "settings", "out"):
        (folder / name).mkdir()
    for stem in EVERY:
        nbformat.write(blank(paths.NOTEBOOKS / f"{stem}.ipynb"), folder / "notebooks" / f"{stem}.ipynb")
    notices = folder / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    notices.parent.mkdir(parents=True)
    notices.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}), encoding="utf-8")
    process, log = started(folder, token := secrets.token_hex(16))
    try:
        yield Lab(answering(folder, token, process, log), token, folder / "notebooks", process)
    finally:
        stopped(process)


def blank(path: Path) -> nbformat.NotebookNode:
    """Return a notebook as if it had never run, so that whatever is found in it afterwards comes from here."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def started(folder: Path, token: str) -> tuple[subprocess.Popen, Path]:
    environment = os.environ | {
        "HOME": str(folder / "home"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "WULI_OUTPUT": str(folder / "out"),
        "PYTHONPATH": str(paths.ROOT / "src"),
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder / 'notebooks'}",
        "--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly",
    ]  # fmt: skip
    if os.geteuid() == 0:
        command.append("--allow-root")
    log = folder / "server.log"
    with log.open("wb") as stream:
        made = subprocess.Popen(command, env=environment, cwd=folder, stdout=stream, stderr=stream, preexec_fn=_mortal)
    return made, log


def _mortal() -> None:
    """Let the system end this process when the tests are killed, which leaves nobody else to do it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGTERM)


def answering(folder: Path, token: str, process: subprocess.Popen, log: Path) -> str:
    """Return the server's address once it answers there."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        for record in (folder / "runtime").glob("jpserver-*.json"):
            try:
                url = json.loads(record.read_text(encoding="utf-8"))["url"]
                with urllib.request.urlopen(f"{url}api/status?token={token}", timeout=10):
                    return url
            except (ValueError, KeyError, urllib.error.URLError, OSError):
                continue
        # Ask again in a moment: nothing tells when the server is up.
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not answer in {START_S} s: {log.read_text(encoding='utf-8')[-2000:]}")


def stopped(process: subprocess.Popen) -> None:
    """End the server and its kernels, by force what does not go."""
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _, left = psutil.wait_procs(family, timeout=30)
    for one in left:
        one.kill()
    psutil.wait_procs(left, timeout=30)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield opened
        opened.close()


@contextmanager
def opened(lab: Lab, browser, stem: str) -> Iterator:
    """Open a notebook in a window of its own and wait for its kernel, which ends with it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{lab.url}lab/tree/{stem}.ipynb?token={lab.token}&reset")
    page.wait_for_function(IS_READY)
    try:
        yield page
    finally:
        context.close()
        for session in asked(lab, "api/sessions"):
            asked(lab, f"api/sessions/{session['id']}", method="DELETE")


@pytest.fixture(scope="module")
def tour(lab, browser):
    """Return the tour, opened and run where nothing has been prepared yet."""
    with opened(lab, browser, TOUR) as page:
        run_all(page)
        yield page


def asked(lab: Lab, address: str, method: str = "GET"):
    request = urllib.request.Request(
        lab.url + address, method=method, headers={"Authorization": f"token {lab.token}"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        content = answer.read()
    return json.loads(content) if content else None


def run_all(page) -> None:
    """Choose Run, Run All Cells, as a person does, and wait for the kernel to be idle again."""
    chosen(page, "Run", "Run All Cells")
    page.wait_for_function(IS_DONE)


def chosen(page, menu: str, entry: str) -> None:
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{menu}$")).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{entry}$")).click()


def must_show(source: str) -> bool:
    """Whether a cell ends in something to be shown, whatever the data."""
    last = ast.parse(source).body[-1]
    return isinstance(last, ast.Expr) and not isinstance(last.value, ast.IfExp)


def printed(cells: list[dict], name: str) -> str:
    return "".join(output["text"] for cell in cells for output in cell["outputs"] if output.get("name") == name)


def assert_ran(page) -> None:
    """Every cell has run in its turn without an error and shows what it should; a figure can be seen."""
    cells = page.evaluate(STATE)["cells"]
    errors = [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]
    assert not errors, errors[0]["evalue"]
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert not [cell["source"] for cell in cells if must_show(cell["source"]) and not cell["outputs"]]
    assert "RestrictedWarning" not in printed(cells, "stderr")
    if any("figures.plot_" in cell["source"] for cell in cells):
        page.evaluate(SHOW_CELL, '<figure class=\\"figure\\">')
        drawn = page.locator("figure.figure").get_by_role("img").first
        sync_api.expect(drawn).to_be_visible()
        assert drawn.bounding_box()["width"] > 200 and drawn.bounding_box()["height"] > 100


def test_the_tour_prepares_its_data_runs_from_top_to_bottom_and_shows_what_it_should(tour):
    assert_ran(tour)


def test_what_the_tour_shows_is_saved_with_it_and_its_stored_results_are_found_again(lab, tour):
    chosen(tour, "File", "Save Notebook")
    tour.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    saved, kept = (
        nbformat.read(folder / f"{TOUR}.ipynb", as_version=4).cells for folder in (lab.folder, paths.NOTEBOOKS)
    )
    assert all(cell.outputs for cell in saved if cell.cell_type == "code" and must_show(cell.source))
    found, stored = (
        [cell.outputs[0].data["text/plain"] for cell in cells if "results" in cell.metadata.get("tags", [])]
        for cells in (saved, kept)
    )
    assert len(found) == 1 and found == stored


@pytest.mark.parametrize(
    ("before", "call", "said"),
    [
        ("found = models.", "fit(", ("Fit one specification.", "outcome: str", "Parameters", "Raises")),
        ("zone = study.", "open_run(", ("Open a run by name", "run: str", "Returns")),
        ("show.", "figure(", ("Embed a drawn figure", "alt: str", "Parameters")),
    ],
)
def test_shift_tab_documents_what_a_notebook_calls(tour, before, call, said):
    tour.evaluate(SHOW_CELL, before + call)
    tour.locator(".cm-line", has_text=before + call).first.click()
    tour.keyboard.press("Home")
    for _ in before + call[:2]:
        tour.keyboard.press("ArrowRight")
    tour.keyboard.press("Shift+Tab")
    told = tour.locator(".jp-Tooltip")
    for words in said:
        sync_api.expect(told).to_contain_text(words)
    tour.keyboard.press("Escape")
    sync_api.expect(told).to_have_count(0)
    tour.keyboard.press("Escape")


def test_the_library_shows_its_map_and_a_look_at_rows_about_persons_warns(tour):
    shown = typed(tour, "import helpers; print(helpers.__doc__)")
    assert "Data flow down this list" in printed([shown], "stdout")
    looked = typed(tour, "zone.restricted('members').shape")
    assert "RestrictedWarning: 受限数据“members”" in printed([looked], "stderr")
    assert [output["output_type"] for output in looked["outputs"]].count("execute_result") == 1


def typed(page, code: str) -> dict:
    """Type code into a new cell below the one that was shown last, run it and return it."""
    before = len(page.evaluate(STATE)["cells"])
    page.keyboard.press("b")
    page.wait_for_function(f"() => ({STATE})().cells.length === {before + 1}")
    page.keyboard.press("Enter")
    page.keyboard.insert_text(code)
    page.keyboard.press("Control+Enter")
    page.wait_for_function(IS_DONE)
    (mine,) = (cell for cell in page.evaluate(STATE)["cells"] if cell["source"] == code)
    page.keyboard.press("Escape")
    return mine


def unread(stem: str) -> str:
    """Return why the data of a page's default run are not there; empty if they are."""
    named = re.search(r'^run: str = "(\w+)"', blank(paths.NOTEBOOKS / f"{stem}.ipynb").cells[1].source)
    try:
        params.load(paths.RUN_FILES / f"{named[1]}.yml")
    except WuliError as trouble:
        return str(trouble)
    return ""


@pytest.mark.parametrize("stem", PAGES)
def test_a_page_runs_from_top_to_bottom_and_shows_what_it_should(lab, browser, stem):
    if reason := unread(stem):
        pytest.skip(reason)
    with opened(lab, browser, stem) as page:
        run_all(page)
        assert_ran(page)
