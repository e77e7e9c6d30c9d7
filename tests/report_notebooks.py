"""Small notebooks and a stand-in for a prepared study, for the tests of the report."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import params, paths
from helpers.text import say

TITLE = """<section lang="zh">

# 数据质量

</section>
<section lang="en">

# Data quality

</section>"""
BODY = """<section lang="zh">

## 来源

**两** 个文件。

</section>
<section lang="en">

## Sources

**Two** files.

</section>"""
PARAMETERS = 'run: str = "demo"\nlang: str = "zh"\nmin_cell: int = 10'
RESULTS = "from helpers import show\nshow.results({'n': 1, 'share': 1 / 3})"


def notebook(*sources: str, requires=(), studies=(), results: str = RESULTS) -> NotebookNode:
    """Return an unexecuted notebook with the given code cells between its title and its results."""
    cells = [
        new_markdown_cell(TITLE),
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        new_markdown_cell(BODY),
        *map(new_code_cell, sources),
        new_code_cell(results, metadata={"tags": ["results"]}),
    ]
    made = new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made.metadata["wuli"] = {"requires": list(requires), "studies": list(studies)}
    return made


def written(made: NotebookNode, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
    return path


def executed(made: NotebookNode, *outputs: NotebookNode) -> NotebookNode:
    """Return the notebook as a kernel would leave it, with `outputs` on its first free cell."""
    count = 0
    for cell in made.cells:
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.metadata["execution"] = {"shell.execute_reply": "2023-06-30T00:00:00Z"}
            if "results" in cell.metadata.get("tags", []):
                cell.outputs = [new_output("execute_result", {"text/plain": '{\n "n": 1\n}'}, execution_count=count)]
            elif not cell.metadata.get("tags"):
                cell.outputs = list(outputs)
    return made


def html(content: str) -> NotebookNode:
    return new_output("display_data", {"text/html": content, "text/plain": "<HTML>"})


def stream(text: str, name: str = "stdout") -> NotebookNode:
    return new_output("stream", name=name, text=text)


class PreparedStudy:
    """A study that holds every table but those named."""

    def __init__(self, run_params: params.RunParams, without: tuple[str, ...] = ()) -> None:
        self.params = run_params
        self.folder = paths.derived(run_params.run)
        self.state = {"inputs": {"parameters": "abc"}, "seconds": {"read": 1.5}}
        self._without = without

    def missing(self, names):
        return tuple(name for name in names if name in self._without)

    def columns(self):
        return {"patents": True, "is_covered": True, "year": True, "uscc": False}

    def banner(self, lang):
        return say("common.synthetic_banner", lang)


def preparing(*without: str):
    """Return a `prepare` that needs no data."""
    return lambda run_params, tell: PreparedStudy(run_params, without)


def demo(*overrides: str) -> params.RunParams:
    return params.load(paths.RUN_FILES / "zone.yml", ["run=demo", *overrides])
