"""Two published runs in, what changed between them out: a page, a summary, and whether a reader would see it.

sides       the two runs, as their manifests and pages tell them
numbers     estimates and other numbers of the results cells, in pairs, with what a reader must not miss
counts      rows of each table, small changes of persons hidden
content     figures, tables and words of a page, read from its HTML
compare     all of it together
page        the page and its summary
"""

from helpers.report.diff.page import Written, write

__all__ = ["Written", "write"]
