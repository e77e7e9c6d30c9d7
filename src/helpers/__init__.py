"""Party building and innovation in an industrial zone: the study's library.

Data flow down this list, and along its lines; a room imports only from rooms before it.

paths, errors, text, atomic    folders; the few exceptions; every zh/en string a reader sees; files whole or not at all
strict_yaml                 run files and mapping files as a person wrote them, with the line of everything
cells                       data strings where people open them: no formula, no mark of direction, no markup
codebook                    tables, columns, rules: the single source for reading, checking, documenting, generating
disclosure                  what every table and figure passes through: small cells, dominance, linked tables
params                      the run file and one strict model per notebook
engine                      DuckDB or Spark: Parquet in, lazy Ibis tables, ordered Parquet out
ingest                      an office's files -> typed tables, with a ledger of everything found
simulate                    the synthetic zone with a known truth, and the dirt an office adds
clean, link                 one set of Ibis expressions over Parquet; linkage by code and by name
outcomes, panel             patents by filing date, certificates as spells; the firm-year panel
forces                      indicators, one pure function each
index                       the five-force index of firms and how far it depends on its choices
models                      regressions and what they could have detected; filings a register does not show yet
reconcile                   published figures against data
listed                      the listed-firms study (real input without a party variable)
plan                        what is estimated, declared before it is, and how strong the evidence may be called
findings                    what the estimates say, in words never stronger than the checks allow
inputs, stages              what prepared data depend on: parameters, files, code; how they are made
restricted                  rows about persons: whoever asks for them is told, a page in the making refused
study                       prepares a run's data once and opens it for a notebook
released                    which counts of persons a run publishes, how they are linked, which are hidden
style, svg                  the one theme; a drawn figure as a small element of a page
figures, tables, show       one function per figure and per table; how a page shows them
report                      execute, gate, render, publish
terminal                    how a command stops, and how its output reaches whoever reads it
arguments, cli              `wuli`: what it understands; what it does
"""

import warnings

# Where pyspark is installed, pandera 0.35 imports it and it warns of pandas 3 on every command's stderr and every page.
# Nothing of what it says concerns files read and written, all that is done with it here.
warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
