"""`wuli`: arguments in, one function call, an exit code out (0 done, 1 a check or page failed, 2 wrong use)."""

import sys

# Before anything imports nbformat: it makes every start ten times faster (see `helpers.report`).
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import argparse  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import secrets  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from pathlib import Path  # noqa: E402

from helpers import arguments, atomic, paths, terminal  # noqa: E402
from helpers.arguments import DONE, FAILED, WRONG_USE  # noqa: E402
from helpers.errors import UsageError, WuliError  # noqa: E402
from helpers.params import load  # noqa: E402
from helpers.text import LANGS  # noqa: E402

SYNTH_LISTING = "_truth/files.csv"


def main(given: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what is the user's to mend is said without a traceback."""
    options = _parser().parse_args(given)
    failed = getattr(options, "trouble", FAILED)
    with terminal.stoppable() as is_told:
        try:
            return options.command(options)
        except WuliError as error:
            return _refused(options, str(error), WRONG_USE if isinstance(error, UsageError) else failed)
        except BrokenPipeError:
            return failed
        except OSError as trouble:
            where = f"'{trouble.filename}': " if trouble.filename else ""
            return _refused(options, f"{where}{trouble.strerror or trouble}: mend that and start again", failed)
        except (KeyboardInterrupt, Exception):
            # The query engine makes an error of its own of Ctrl-C.
            if not is_told():
                raise
            return _refused(options, "stopped; what was published before is unchanged", failed)


def _refused(options: argparse.Namespace, why: str, code: int) -> int:
    print(f"wuli {options.name}: {why}", file=sys.stderr)
    return code


def _run(options: argparse.Namespace) -> int:
    chosen = [f"engine={options.engine}"] if options.engine else []
    params = load(options.params, [*options.parameter, *chosen])
    _limit(options)
    # Imported when needed, so that `--help` and a misspelt parameter answer at once.
    from helpers import study
    from helpers.report.progress import Bar
    from helpers.report.run import run

    with Bar(options.progress) as bar:
        published = run(
            params, study.prepare, only=options.only, workers=options.workers, time_limit=options.time_limit, bar=bar
        )
    for page in published.failed:
        print(f"{page.stem}: {page.reason[params.lang]}", file=sys.stderr)
    terminal.show(_shown(published.index))
    return FAILED if published.failed else DONE


def _publish(options: argparse.Namespace) -> int:
    from helpers.report import own
    from helpers.report.progress import Bar

    with Bar(options.progress) as bar:
        published = own.publish(
            options.notebook, options.parameter, name=options.name_as, time_limit=options.time_limit, bar=bar
        )
    for page in published.failed:
        print(f"{page.stem}: {page.reason['en']}", file=sys.stderr)
    terminal.show(_shown(published.index.with_name(f"{options.notebook.stem}.html")))
    return FAILED if published.failed else DONE


def _prepare(options: argparse.Namespace) -> int:
    params = load(options.params, [*options.parameter, *([f"engine={options.engine}"] if options.engine else [])])
    _limit(options)
    from helpers import study
    from helpers.report.progress import Bar

    with Bar(options.progress) as bar:
        prepared = study.prepare(params, bar.stage)
    terminal.show(_shown(prepared.folder))
    return DONE


def _limit(options: argparse.Namespace) -> None:
    """Hand the limit of memory on to whatever opens an engine, in other processes too."""
    if options.memory is not None:
        os.environ["WULI_MEMORY_GB"] = str(options.memory)


def _check(options: argparse.Namespace) -> int:
    if not options.folder.is_dir():
        raise UsageError(f"'{options.folder}' is no folder: name the folder that holds the files")
    from helpers import codebook, ingest
    from helpers.report.progress import Bar
    from helpers.report.summary import errors, not_delivered, summary, unread

    book = codebook.load()
    _limit(options)
    with tempfile.TemporaryDirectory(prefix="wuli-check-") as work, Bar(options.progress) as bar:
        found = ingest.read_folder(
            options.folder,
            codebook=book,
            # Nothing is kept, so a key for this one reading is enough.
            person_key=secrets.token_bytes(32),
            extract_on=options.extract_on,
            mapping=options.mapping,
            progress=bar.come_to,
            work=Path(work),
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
        left={name: getattr(options, f"left_{name}") for name in ("name", "code", "region", "address", "industry")},
        right={name: getattr(options, f"right_{name}") for name in ("name", "code", "date", "address", "industry")},
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


def _scan(options: argparse.Namespace) -> int:
    if not options.folder.is_dir():
        raise UsageError(f"'{options.folder}' is no folder: name the folder that is about to leave")
    from helpers.report import manifest
    from helpers.report.release import known_of
    from helpers.report.scan.folder import scan_folder
    from helpers.report.scan.kinds import Known

    run = options.run or manifest.read(options.folder).get("run")
    known = known_of(run) if run else Known.at_hand()
    if options.run and not known.pids:
        print(f"wuli scan: run '{run}' has no person ids at hand: they are told by their form alone", file=sys.stderr)
    found = scan_folder(options.folder, known)
    files = sum(path.is_file() for path in options.folder.rglob("*"))
    terminal.show("\n".join(map(str, found)) or f"nothing found in {files:,} file(s)")
    how = f"{len(known.pids):,} of run '{run}' exactly" if known.pids else "by their form alone"
    print(f"{len(found):,} finding(s) in {len({one.file for one in found}):,} of {files:,} file(s); "
          f"person ids were looked for {how}", file=sys.stderr)  # fmt: skip
    return FAILED if found else DONE


def _export(options: argparse.Namespace) -> int:
    from helpers.report.export import FORMATS, export
    from helpers.report.publish import writing

    langs = LANGS if options.lang == "both" else (options.lang,)
    formats = [name for name in FORMATS if getattr(options, name)]
    with writing(options.out, elsewhere="--out"):
        made = export(options.run, only=options.only, langs=langs, formats=formats, out=options.out)
    for line in made.told:
        print(line, file=sys.stderr)
    print(f"{len(made.files):,} file(s)", file=sys.stderr)
    terminal.show(_shown(made.folder))
    return FAILED if made.failed else DONE


def _shelf(options: argparse.Namespace) -> int:
    from helpers.report import shelf

    terminal.show(_shown(shelf.write(options.lang)))
    return DONE


def _diff(options: argparse.Namespace) -> int:
    from helpers.report import diff

    found = diff.write(options.before, options.after, out=options.out, lang=options.lang)
    terminal.show(f"{found.summary}\n{_shown(found.page)}")
    return FAILED if found.has_changed else DONE


def _shown(path: Path) -> str:
    """Return a path to open: short where it lies below the current folder."""
    path = path.resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _parser() -> argparse.ArgumentParser:
    commands = (_run, _publish, _prepare, _check, _synth, _codebook, _link, _scan, _export, _shelf, _diff)
    return arguments.parser({command.__name__.removeprefix("_"): command for command in commands})


if __name__ == "__main__":
    sys.exit(main())
