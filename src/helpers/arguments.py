"""What `wuli` understands: its commands, their options, and the values that these take."""

import argparse
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import get_args

from helpers import paths
from helpers.params.model import LARGEST_ZONE, SMALLEST_ZONE, Calibration, Dirt, Scenario, SyntheticData
from helpers.text import LANGS

Command = Callable[[argparse.Namespace], int]
DONE, FAILED, WRONG_USE = 0, 1, 2
LEAST_MEMORY_GB = 0.5
_SYNTHETIC = SyntheticData(kind="synthetic")


def parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Return the parser of all commands; each hands its options to the function of its name."""
    whole = argparse.ArgumentParser(
        prog="wuli",
        description="Party building and innovation in an industrial zone: from an office's files to HTML findings.",
        epilog="Exit codes: 0 done; 1 a check or a page failed; 2 wrong use.",
    )
    known = whole.add_subparsers(dest="name", required=True, metavar="COMMAND")
    _add_run(known).set_defaults(command=commands["run"])
    _add_publish(known).set_defaults(command=commands["publish"])
    _add_prepare(known).set_defaults(command=commands["prepare"])
    _add_check(known).set_defaults(command=commands["check"])
    _add_synth(known).set_defaults(command=commands["synth"])
    _add_codebook(known).set_defaults(command=commands["codebook"])
    _add_link(known).set_defaults(command=commands["link"])
    _add_scan(known).set_defaults(command=commands["scan"])
    _add_export(known).set_defaults(command=commands["export"])
    _add_shelf(known).set_defaults(command=commands["shelf"])
    _add_diff(known).set_defaults(command=commands["diff"])
    return whole


def _add_scan(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    scan = commands.add_parser(
        "scan",
        help="look for what must not leave in a folder about to be passed on",
        description="Look through every file of a folder (pages, notebooks, CSV, JSON, Excel, Word, PDF, pictures, "
        "archives) for identity numbers, mobile numbers, e-mail addresses, person ids, paths of this machine, secrets "
        "and tracebacks, hidden ones too, and print file and place of each. Exit code 1 if there is any.",
    )
    scan.add_argument("folder", type=Path, metavar="DIR", help="folder about to leave")
    scan.add_argument("--run", metavar="RUN", help="run whose person ids are looked for exactly (default: the run that "
                      "the folder's manifest.json names)")  # fmt: skip
    return scan


def _add_shelf(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    shelf = commands.add_parser(
        "shelf",
        help="write the list of all runs",
        description="Write reports/index.html, which lists every run with what became of it and whether it may be out "
        "of date, and print its path. Every start of a run does so too.",
    )
    shelf.add_argument("--lang", choices=LANGS, help="language it opens in (default: that of the last run)")
    return shelf


def _add_diff(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    diff = commands.add_parser(
        "diff",
        help="tell what changed between two runs",
        description="Compare the pages of two runs: two periods, two sets of parameters, or before and after a change. "
        "A page tells findings, estimates, figures side by side, tables, counts, and what the runs were made from; "
        "signs that flip, intervals that come to hold zero or no longer do, and grades that move come first. The last "
        "line printed is the page to open.",
        epilog="Exit codes, as of diff(1): 0 the pages say the same (parameters, files, code or packages may differ, "
        "and are listed); 1 something a reader sees has changed; 2 wrong use, or the two cannot be compared.",
    )
    diff.add_argument("before", metavar="RUN", help="the earlier run: its name under reports, or the folder of a run")
    diff.add_argument("after", metavar="RUN", help="the later run")
    diff.add_argument("--out", type=Path, metavar="DIR", help="folder to write the page to (default reports/diff)")
    diff.add_argument("--lang", choices=LANGS, help="language the page opens in, and of its figures (default: that of "
                      "the later run)")  # fmt: skip
    # A failure must not look like a difference.
    diff.set_defaults(trouble=WRONG_USE)
    return diff


def _add_link(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    link = commands.add_parser(
        "link",
        help="find out which firm of a register each name belongs to",
        description="Link the names of one file to the firms of another: by credit code, whole name, former name, "
        "stem and region, one slip of the pen, or short form. What fits several firms, or fits badly, goes to review "
        "and is never linked. Writes one row an applicant: left_row and right_row (0 is the first row below the header "
        "and its units; blank rows, totals and notes count), decision (match, review, none), reason, score (0-1), and "
        "both names as printed.",
    )  # fmt: skip
    for side, what in (("left", "the register"), ("right", "the records")):
        link.add_argument(f"--{side}", type=Path, required=True, metavar="FILE", help=f"{what}: CSV, Excel or Parquet")
        link.add_argument(f"--{side}-name", required=True, metavar="COL", help="column of the name: its title, "
                          "of merged cells the lower one, or both with a blank between")  # fmt: skip
        link.add_argument(f"--{side}-code", metavar="COL", help="column of the unified social credit code")
        link.add_argument(f"--{side}-address", metavar="COL", help="column of the address; its place tells firms apart")
        link.add_argument(f"--{side}-industry", metavar="COL", help="column of the industry code (GB/T 4754)")
    link.add_argument("--left-region", metavar="COL", help="column of the firm's region: a name or a division code")
    link.add_argument("--left-former", type=Path, metavar="FILE", help="former names, with the firm's name or code and "
                      "the day of each change")  # fmt: skip
    link.add_argument("--right-date", metavar="COL", help="column of the day on which the name was used")
    link.add_argument("--out", type=Path, required=True, metavar="FILE.csv")
    sheet = {"type": Path, "metavar": "FILE.xlsx"}
    link.add_argument("--review", **sheet, help="write the doubtful links to a sheet with drop-downs")
    link.add_argument("--take", **sheet, help="first add what is decided in a filled sheet to the decisions")
    link.add_argument("--decisions", type=Path, metavar="FILE.csv", default=paths.MANUAL / "links_reviewed.csv",
                      help="decisions of reviewers (default data/manual/links_reviewed.csv)")  # fmt: skip
    link.add_argument("--check", **sheet, help="write a stratified sample of names for checking links by hand")
    link.add_argument("--check-size", type=_positive, default=200, metavar="N", help="names in it (default 200)")
    link.add_argument("--seed", type=_seed, default=20230710, help="seed of their choice (default 20230710)")
    link.add_argument("--checked", **sheet, help="tell precision and recall from such a sheet, filled in")
    return link


def _add_run(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    run = commands.add_parser(
        "run",
        help="prepare the data of a run and publish its pages",
        description="Prepare the data of a run, execute its notebooks and publish reports/RUN/index.html. Nothing "
        "already published is touched before everything is done. The last line printed is the page to open.",
        epilog="WULI_OUTPUT moves data/derived and reports to another folder; WULI_PROGRESS=1 forces the progress bar.",
    )
    _add_params(run)
    run.add_argument(
        "--only",
        nargs="+",
        action="extend",
        default=[],
        metavar="NOTEBOOK",
        help="execute these notebooks only, by name or leading number; other pages are kept while still current",
    )
    run.add_argument(
        "--workers", type=_positive, default=1, metavar="N", help="notebooks executed at a time (default 1)"
    )
    _add_time_limit(run)
    _add_progress(run)
    return run


def _add_publish(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    publish = commands.add_parser(
        "publish",
        help="publish a notebook of your own as one page",
        description="Execute a notebook of your own on the data of a run, check it as the pages of a run are, and "
        "publish reports/NAME/NOTEBOOK.html, which says that it is exploratory. The notebook declares its parameters "
        "in its cell tagged 'parameters', one a line: name: type = default  # meaning. The last line printed is the "
        "page to open.",
        epilog="docs/notebooks.md tells what such a notebook holds; notebooks/tour.ipynb is one.",
    )
    publish.add_argument("notebook", type=Path, metavar="NOTEBOOK.ipynb", help="e.g. notebooks/tour.ipynb")
    publish.add_argument(
        "-p", "--parameter", action="append", default=[], metavar="NAME=VALUE",
        help="a parameter that the notebook declares, e.g. -p run=mine -p lang=en; may repeat",
    )  # fmt: skip
    publish.add_argument("--name", dest="name_as", default="", metavar="NAME",
                         help="of the folder in reports (default: RUN-NOTEBOOK)")  # fmt: skip
    _add_time_limit(publish)
    _add_progress(publish)
    return publish


def _add_time_limit(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--time-limit", type=_positive, default=3600, metavar="SECONDS", help="for one notebook (default 3600)"
    )


def _add_prepare(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    prepare = commands.add_parser(
        "prepare",
        help="prepare the data of a run without making pages",
        description="Read, clean and join the data of a run, of any size, and print the folder that holds them: "
        "ingested/, clean/, panel.parquet, joins.csv, linkage.csv, problems.csv. `wuli run` finds them ready.",
    )
    _add_params(prepare)
    _add_progress(prepare)
    return prepare


def _add_params(command: argparse.ArgumentParser) -> None:
    command.add_argument("params", type=Path, metavar="PARAMS.yml", help="run file, e.g. notebooks/params/zone.yml")
    command.add_argument(
        "-p",
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="override a parameter, e.g. -p lang=en -p data.dirt=heavy -p pages.70_association.min_cell=20; may repeat",
    )
    command.add_argument("--engine", choices=("duckdb", "spark"), help="what cleans the tables and builds the panel "
                         "(default duckdb; spark needs pip install '.[spark]' and Java 17)")  # fmt: skip
    _add_memory(command)


def _add_memory(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--memory", type=_gigabytes, metavar="GB", help="most memory that preparing the data may take; beyond it, work "
        "goes to disk (at least 0.5; default: most of what there is)",
    )  # fmt: skip


def _add_check(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    check = commands.add_parser(
        "check",
        help="read a folder of files and say what is wrong with them",
        description="Read every file of a folder as a run would, and print the counts by table and the findings by "
        "rule. Nothing is written. Exit code 1 if a value or a row would be lost, or a "
        "column with values has no known header.",
    )
    check.add_argument("folder", type=Path, metavar="DIR", help="folder of CSV, Excel or Parquet files")
    check.add_argument(
        "--mapping", type=Path, metavar="FILE", help="mapping file for headers that the codebook does not know"
    )
    check.add_argument(
        "--extract-on", type=_date, metavar="DATE", help="day of the extract; later dates are reported (2023-06-30)"
    )
    _add_memory(check)
    _add_progress(check)
    return check


def _add_progress(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show the progress bar (default: when standard error is a terminal)",
    )


def _add_synth(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    synth = commands.add_parser(
        "synth",
        help="write the files of a synthetic zone",
        description="Write a synthetic zone as an office would send it: the files to DIR, the scenario's truth, "
        "every planted fault and every habit of the files to DIR/_truth, which reading leaves alone.",
    )
    synth.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    synth.add_argument(
        "--firms", type=_firms, default=_SYNTHETIC.firms, metavar="N", help="market entities (default %(default)s)"
    )
    synth.add_argument("--seed", type=_seed, default=20230710, metavar="S", help="random seed (default %(default)s)")
    synth.add_argument(
        "--scenario",
        choices=get_args(Scenario),
        default=_SYNTHETIC.scenario,
        help="planted truth (default %(default)s)",
    )
    synth.add_argument(
        "--dirt",
        choices=get_args(Dirt),
        default=_SYNTHETIC.dirt,
        help="faults planted in the files (default %(default)s)",
    )
    synth.add_argument(
        "--reading",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another reading of the published figures, e.g. --reading rated=114/138; may repeat. Readings: "
        + ", ".join(Calibration.model_fields),
    )
    return synth


def _add_codebook(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    book = commands.add_parser(
        "codebook",
        help="write the data dictionary and the empty Excel template",
        description="Write the data dictionary as HTML and an empty Excel template with one sheet a table.",
    )
    book.add_argument("--out", type=Path, metavar="DIR", help="folder to write to (default reports/codebook)")
    book.add_argument("--lang", choices=LANGS, default="zh", help="language of the dictionary (default %(default)s)")
    return book


def _add_export(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    export = commands.add_parser(
        "export",
        help="write the pages of a run as PDF, their tables for Word and LaTeX",
        description="Write finished pages as files for papers, in each language: PAGE.LANG.pdf (printed by Chromium "
        "or Chrome), PAGE.LANG.docx (all tables of the page), PAGE.LANG.tex (its tables of estimates, for booktabs). "
        "Nothing is exported but what the pages show. Without a format: Word and LaTeX, and PDF where a Chromium is "
        "found on the path or named in WULI_CHROMIUM. The folder holds what the last call wrote.",
    )
    export.add_argument("run", metavar="RUN", help="name of a published run, or its folder")
    export.add_argument("--only", nargs="+", action="extend", default=[], metavar="PAGE",
                        help="these pages only, by name or leading number")  # fmt: skip
    export.add_argument("--lang", choices=(*LANGS, "both"), default="both", help="language (default %(default)s)")
    export.add_argument("--pdf", action="store_true", help="write PDF")
    export.add_argument("--docx", action="store_true", help="write Word")
    export.add_argument("--latex", action="store_true", help="write LaTeX")
    export.add_argument("--out", type=Path, metavar="DIR", help="folder to write to (default reports/RUN.export)")
    return export


def _firms(text: str) -> int:
    if not text.isdigit() or not SMALLEST_ZONE <= int(text) <= LARGEST_ZONE:
        raise argparse.ArgumentTypeError(
            f"expected a whole number from {SMALLEST_ZONE:,} to {LARGEST_ZONE:,}, found '{text}'"
        )
    return int(text)


def _seed(text: str) -> int:
    if not text.isdigit() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 to {2**32 - 1}, found '{text}'")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, found '{text}'")
    return int(text)


def _gigabytes(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not LEAST_MEMORY_GB <= found < float("inf"):
        raise argparse.ArgumentTypeError(f"expected gigabytes, {LEAST_MEMORY_GB} or more, found '{text}'")
    return found


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a date such as 2023-06-30, found '{text}'") from None
