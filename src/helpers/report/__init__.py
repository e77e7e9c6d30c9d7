"""From prepared data and notebooks to published pages.

run         the whole: prepare, pages, index, manifest, publication
own         a notebook of somebody's own, published as a run by itself
execute     one notebook through papermill in a fresh kernel
gate        is the executed notebook fit to be published?
render      notebook -> one self-contained HTML page; index of a run
manifest    what a run depended on: parameters, inputs, code, packages
export      finished pages -> PDF, Word and LaTeX for papers
publish     staging, lock, atomic exchange of the published folder
catalogue, stale, shelf     every run there is; why one may be out of date; the page that lists them
diff        what changed between two runs
"""

import sys

# Before anything imports nbformat: compiling these grammars costs 1.3 s of CPU, and no notebook needs them.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
