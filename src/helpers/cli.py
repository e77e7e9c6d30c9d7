"""`wuli`: arguments in, one function call, an exit code out (0 done, 1 a check or page failed, 2 wrong use)."""

import sys

# Before anything imports nbformat: it makes every start ten times faster (see `helpers.report`).
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import argparse  # noqa: E402
import json  # noqa: E402
import secrets  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from datetime import date  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import get_args  # noqa: E402

from helpers import atomic, paths, terminal  # noqa: E402
from helpers.errors import UsageError, WuliError  # noqa: E402
from helpers.params import load  # noqa: E402
from helpers.params.model import LARGEST_ZONE, SMALLEST_ZONE, Calibration, Dirt, Scenario, SyntheticData  # noqa: E402
from helpers.text import LANGS  # noqa: E402

DONE, FAILED, WRONG_USE = 0, 1, 2
SYNTH_LISTING = "_truth/files.csv"
_SYNTHETIC = SyntheticData(kind="synthetic")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what is the user's to mend is said without a traceback."""
    options = _parser().parse_args(arguments)
    with terminal.stoppable() as is_told:
        try:
            return options.command(options)
        except WuliError as error:
            return _refused(options, str(error), WRONG_USE if isinstance(error, UsageError) else FAILED)
        except BrokenPipeError:
            return FAILED
        except OSError as trouble:
            where = f"'{trouble.filename}': " if trouble.filename else ""
            return _refused(options, f"{where}{trouble.strerror or trouble}: mend that and start again", FAILED)
        except (KeyboardInterrupt, Exception):
            # The query engine makes an error of its own of Ctrl-C.
            if not is_told():
                raise
            return _refused(options, "stopped; what was published before is unchanged", FAILED)


def _refused(options: argparse.Namespace, why: str, code: int) -> int:
    print(f"wuli {options.name}: {why}", file=sys.stderr)
    return code


def _run(options: argparse.Namespace) -> int:
    chosen = [f"engine={options.engine}"] if options.engine else []
    params = load(options.params, [*options.parameter, *chosen])
    # Imported when needed, so that `--help` and a misspelt parameter answer at once.
    from helpers import study
    from helpers.report.progress import Bar
    from helpers.report.run import run

    with Bar(options.progress) as bar:
        published = run(
            params, study.prepare, only=options.only, workers=options.workers, time_limit=options.time_limit, bar=bar
        )
    for page in published.failed:
        print(f"{page.stem}: {page.reason}", file=sys.stderr)
    terminal.show(_shown(published.index))
    return FAILED if published.failed else DONE


def _check(options: argparse.Namespace) -> int:
    if not options.folder.is_dir():
        raise UsageError(f"'{options.folder}' is no folder: name the folder that holds the files")
    from helpers import codebook, ingest
    from helpers.report.progress import Bar
    from helpers.report.summary import errors, not_delivered, summary, unread

    book = codebook.load()
    with Bar(options.progress) as bar:
        found = ingest.read_folder(
            options.folder,
            codebook=book,
            # Nothing is written, so a key for this one reading is enough.
            person_key=secrets.token_bytes(32),
            extract_on=options.extract_on,
            mapping=options.mapping,
            progress=bar.come_to,
        )
    terminal.show(summary(found.counts, found.ledger, book))
    if absent := not_delivered(found.counts, book):
        terminal.show(f"\n{absent}")
    (lost, rows), columns = errors(found.ledger), unread(found.ledger)
    if lost:
        read = found.counts["rows_read"].sum()
        print(
            f"\n{lost:,} finding(s) in {rows:,} of {read:,} rows cost a value or a row (nulled, set_aside)",
            file=sys.stderr,
        )
    for line in columns:
        print(line, file=sys.stderr)
    return FAILED if lost or columns else DONE


def _synth(options: argparse.Namespace) -> int:
    from helpers import codebook, simulate
    from helpers.report.publish import writing

    book = codebook.load()
    readings = simulate.from_texts(options.reading)
    zone = simulate.zone(seed=options.seed, firms=options.firms, scenario=options.scenario, readings=readings)
    with writing(options.out, elsewhere="--out"), atomic.folder(options.out, listing=SYNTH_LISTING) as files:
        truth = files / "_truth"
        truth.mkdir()
        faults = simulate.write_office_files(zone.tables, files, codebook=book, seed=options.seed, dirt=options.dirt)
        faults.to_csv(truth / "faults.csv", index=False)
        habits = simulate.habits(zone.tables, faults, codebook=book, dirt=options.dirt)
        habits.to_csv(truth / "habits.csv", index=False)
        zone.figures.to_csv(truth / "figures.csv", index=False)
        (truth / "truth.json").write_text(json.dumps(zone.truth, ensure_ascii=False, indent=1), encoding="utf-8")
    terminal.show(_shown(options.out))
    return DONE


def _link(options: argparse.Namespace) -> int:
    from helpers.link import command

    done = command.run(
        options.left, options.right, options.out,
        left={"name": options.left_name, "code": options.left_code, "region": options.left_region},
        right={"name": options.right_name, "code": options.right_code, "date": options.right_date},
        former=options.left_former, sheet=options.review, taken=options.take, decisions=options.decisions,
        check=(options.check, options.check_size, options.seed) if options.check else None, checked=options.checked,
    )  # fmt: skip
    print(done)
    return DONE


def _codebook(options: argparse.Namespace) -> int:
    from helpers.codebook import dictionary, template
    from helpers.report.publish import writing

    out = options.out or paths.reports() / "codebook"
    page = out / f"dictionary_{options.lang}.html"
    with writing(out, elsewhere="--out"):
        template.write(out / "template.xlsx")
        with atomic.written(page) as staged:
            staged.write_text(dictionary.render(options.lang), encoding="utf-8")
    terminal.show(_shown(page))
    return DONE


def _shown(path: Path) -> str:
    """Return a path to open: short where it lies below the current folder."""
    path = path.resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wuli",
        description="Party building and innovation in an industrial zone: from an office's files to HTML findings.",
        epilog="Exit codes: 0 done; 1 a check or a page failed; 2 wrong use.",
    )
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_check(commands)
    _add_synth(commands)
    _add_codebook(commands)
    _add_link(commands)
    return parser


def _add_link(commands: argparse._SubParsersAction) -> None:
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
    link.set_defaults(command=_link)


def _add_run(commands: argparse._SubParsersAction) -> None:
    run = commands.add_parser(
        "run",
        help="prepare the data of a run and publish its pages",
        description="Prepare the data of a run, execute its notebooks and publish reports/RUN/index.html. Nothing "
        "already published is touched before everything is done. The last line printed is the page to open.",
        epilog="WULI_OUTPUT moves data/derived and reports to another folder; WULI_PROGRESS=1 forces the progress bar.",
    )
    run.set_defaults(command=_run)
    run.add_argument("params", type=Path, metavar="PARAMS.yml", help="run file, e.g. notebooks/params/zone.yml")
    run.add_argument(
        "-p",
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="override a parameter, e.g. -p lang=en -p data.dirt=heavy -p pages.70_association.min_cell=20; may repeat",
    )
    run.add_argument("--engine", choices=("duckdb", "spark"), help="what cleans the tables and builds the panel "
                     "(default duckdb; spark needs pip install '.[spark]' and Java 17)")  # fmt: skip
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
    run.add_argument(
        "--time-limit", type=_positive, default=3600, metavar="SECONDS", help="for one notebook (default 3600)"
    )
    _add_progress(run)


def _add_check(commands: argparse._SubParsersAction) -> None:
    check = commands.add_parser(
        "check",
        help="read a folder of files and say what is wrong with them",
        description="Read every file of a folder as a run would, and print the counts by table and the findings by "
        "rule. Nothing is written. Exit code 1 if a value or a row would be lost, or a "
        "column with values has no known header.",
    )
    check.set_defaults(command=_check)
    check.add_argument("folder", type=Path, metavar="DIR", help="folder of CSV, Excel or Parquet files")
    check.add_argument(
        "--mapping", type=Path, metavar="FILE", help="mapping file for headers that the codebook does not know"
    )
    check.add_argument(
        "--extract-on", type=_date, metavar="DATE", help="day of the extract; later dates are reported (2023-06-30)"
    )
    _add_progress(check)


def _add_progress(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show the progress bar (default: when standard error is a terminal)",
    )


def _add_synth(commands: argparse._SubParsersAction) -> None:
    synth = commands.add_parser(
        "synth",
        help="write the files of a synthetic zone",
        description="Write a synthetic zone as an office would send it: the files to DIR, the scenario's truth, "
        "every planted fault and every habit of the files to DIR/_truth, which reading leaves alone.",
    )
    synth.set_defaults(command=_synth)
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


def _add_codebook(commands: argparse._SubParsersAction) -> None:
    book = commands.add_parser(
        "codebook",
        help="write the data dictionary and the empty Excel template",
        description="Write the data dictionary as HTML and an empty Excel template with one sheet a table.",
    )
    book.set_defaults(command=_codebook)
    book.add_argument("--out", type=Path, metavar="DIR", help="folder to write to (default reports/codebook)")
    book.add_argument("--lang", choices=LANGS, default="zh", help="language of the dictionary (default %(default)s)")


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


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a date such as 2023-06-30, found '{text}'") from None


if __name__ == "__main__":
    sys.exit(main())
