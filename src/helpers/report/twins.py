"""A notebook of one language in, the same with what has to run again for the other language; both folded into one page.

A page is in two languages, and computing is done once: when all cells have run, those statements run again, in the
same kernel, that depend on `lang`. The rule is read from the code: a statement depends on `lang` if it uses that name
or one that such a statement has bound. Of the setup cell only what it shows runs again: imports, parameters and the
opened study are of no language.
"""

import ast

import nbformat
from nbformat import NotebookNode

from helpers.errors import PageError
from helpers.text import Lang, other

_LANG = "lang"
_TWIN = "twin"
_OTHER = "in_other_language"


def doubled(notebook: NotebookNode, lang: Lang, *, name: str) -> NotebookNode:
    """Return the notebook with the cells appended that say the same in the other language.

    Parameters
    ----------
    notebook : NotebookNode
        Not yet executed; it is not changed. A cell that is no Python has no twin: it fails when it is run.
    lang : {"zh", "en"}
        The language that its own cells run in.
    name : str
        The notebook as people know it, for messages.

    Returns
    -------
    NotebookNode
        `notebook` itself where nothing depends on `lang`.

    Raises
    ------
    PageError
        If a statement changes a name in place with words of one language (`x += …`): run again it would do so twice.
    """
    names, twins = {_LANG}, []
    for number, cell in enumerate(notebook.cells, start=1):
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or "parameters" in tags:
            continue
        source = _again(cell.source, names, is_setup="setup" in tags, where=f"{name}, cell {number}")
        if source:
            twins.append(nbformat.v4.new_code_cell(source, id=f"{cell['id'][:40]}-twin", metadata={_TWIN: cell["id"]}))
    if not twins:
        return notebook
    switch = nbformat.v4.new_code_cell(f'{_LANG} = "{other(lang)}"', id="twin-language", metadata={_TWIN: ""})
    result = NotebookNode(nbformat.from_dict(notebook))
    result.cells = [*result.cells, switch, *twins]
    return result


def folded(notebook: NotebookNode) -> NotebookNode:
    """Return an executed notebook without its twins: what they gave stands in the metadata of their cells."""
    result = NotebookNode(nbformat.from_dict(notebook))
    outputs = {cell.metadata[_TWIN]: cell.outputs for cell in result.cells if _TWIN in cell.metadata}
    result.cells = [cell for cell in result.cells if _TWIN not in cell.metadata]
    for cell in result.cells:
        if cell["id"] in outputs:
            cell.metadata[_OTHER] = outputs[cell["id"]]
    return result


def outputs_by_language(cell: NotebookNode, lang: Lang) -> dict[Lang, list[NotebookNode]]:
    """Return what a cell of a folded notebook gave in each language; one entry where it gave one for both."""
    if _OTHER not in cell.metadata:
        return {lang: cell.get("outputs", [])}
    return {lang: cell.get("outputs", []), other(lang): [nbformat.from_dict(o) for o in cell.metadata[_OTHER]]}


def language_of(cell: NotebookNode, lang: Lang) -> Lang:
    """Return the language that a cell of a doubled notebook speaks."""
    return other(lang) if _TWIN in cell.metadata else lang


def place(notebook: NotebookNode, index: int) -> str:
    """Return where the cell at `index` of a doubled notebook stands, as its reader counts."""
    # papermill puts cells of its own into a notebook that has failed.
    cells = [one for one in notebook.cells if "papermill-error-cell-tag" not in one.metadata.get("tags", [])]
    cell = cells[index]
    if _TWIN not in cell.metadata:
        return f"cell {index + 1}"
    ids = [one["id"] for one in cells]
    of = cell.metadata[_TWIN]
    return f"cell {ids.index(of) + 1} in the other language" if of in ids else "the change of language"


def _again(source: str, names: set[str], *, is_setup: bool, where: str) -> str:
    """Return the statements of a cell that depend on a name of `names`, to which what they bind is added."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return ""
    kept = []
    for statement in body:
        used, bound = _names(statement)
        if not used & names:
            names -= bound
        elif not is_setup or isinstance(statement, ast.Expr):
            _require_fresh(statement, where)
            kept.append(statement)
            names |= bound
    # A cell shows its last line: where that one says the same in both languages, nothing is shown twice.
    tail = ["None"] if kept and kept[-1] is not body[-1] else []
    return "\n".join([*(ast.get_source_segment(source, statement) or "" for statement in kept), *tail])


def _names(statement: ast.stmt) -> tuple[set[str], set[str]]:
    used, bound = set(), set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            (bound if isinstance(node.ctx, ast.Store) else used).add(node.id)
    return used, bound


def _require_fresh(statement: ast.stmt, where: str) -> None:
    if isinstance(statement, ast.AugAssign):
        raise PageError(
            f"{where}: '{ast.unparse(statement.target)}' is changed in place with words of one language: "
            "give the result a name of its own, so that the cell can run again in the other language"
        )
