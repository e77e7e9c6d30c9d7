"""An office's files in, typed tables out, with a ledger of everything found on the way.

sheets      what reading gives: sheets of text with row numbers
files       kinds of files and encodings; `delimited` (CSV) and `workbook` (Excel) read one kind each
titles      what titles and headers say: units, personal columns
header      which table a sheet holds, where its header stands
mapping     a person's word about it, from a mapping file
screen      records apart from totals, notes and blank rows
values      the texts of one column, typed
aside       rows that cannot be kept
people      person ids become keyed hashes
ledger      one row for each thing found
tables      one typed table from its sheets
find        which sheet of which file holds which table
folder      `read_folder`
layers      `write`: the open and the restricted layer on disk
"""

from helpers.ingest.folder import Ingested, read_folder
from helpers.ingest.layers import write

__all__ = ["Ingested", "read_folder", "write"]
