"""An office's files in, typed tables out, with a ledger of everything found on the way.

sheets      what reading gives: sheets of text with row numbers
files       kinds of files and encodings; `delimited` (CSV) and `workbook` (Excel) read one kind each
titles      what titles and headers say: units, personal columns
header      which table a sheet holds, where its header stands
mapping     a person's word about it, from a mapping file
screen      records apart from totals, notes and blank rows
records     the records of one sheet, as text
values      the texts of one column, typed
order       rows by key, and which share one
aside       rows that cannot be kept
people      person ids become keyed hashes
ledger      one row for each thing found
tables      one typed table from the records of its sheets
find        which sheet of which file holds which table
folder      `read_folder`
layers      `write`: the open and the restricted layer on disk
"""

import pyarrow

from helpers.ingest.folder import Ingested, read_folder
from helpers.ingest.layers import write
from helpers.ingest.ledger import COUNTS, shown, shown_sources

__all__ = ["COUNTS", "Ingested", "read_folder", "shown", "shown_sources", "write"]

# Arrow's own allocator takes fresh pages from the system again and again, which is a third of the work on large files;
# the C library's hands out what was freed.
pyarrow.set_memory_pool(pyarrow.system_memory_pool())
