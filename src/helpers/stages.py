"""What a run's data are made of, one stage after another: run parameters in, a filled folder out."""

import json
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from helpers import atomic, clean, codebook, engine, ingest, listed, panel, simulate
from helpers.codebook import Codebook
from helpers.index import scores
from helpers.ingest import people
from helpers.inputs import data_folder
from helpers.link import codes
from helpers.params import RunParams
from helpers.params.model import Dirt

Tell = Callable[[str], None]
Timed = Callable[[str, Callable[[], object]], object]
KEY_MARK = Path("restricted") / "key_mark"
NO_PANEL = "no_panel.txt"
# Where a table is looked for, the layer that holds most of it first.
FULLEST = ("restricted", "clean", "ingested")


def make(params: RunParams, folder: Path, tell: Tell) -> dict[str, float]:
    """Make everything that a run's notebooks open, in an empty folder.

    Parameters
    ----------
    params : RunParams
        The resolved parameters of the run.
    folder : Path
        Receives the layers.
    tell : callable
        Called with the name of each stage as it starts.

    Returns
    -------
    dict of str to float
        Seconds of each stage.

    Raises
    ------
    InputError
        With every problem of the inputs.
    OSError
        If something cannot be written.
    """
    seconds: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], object]) -> object:
        tell(stage)
        start = time.perf_counter()
        result = work()
        seconds[stage] = round(time.perf_counter() - start, 3)
        return result

    {"listed": _listed_firms, "zone": _zone}[params.study](params, folder, timed, codebook.load())
    return seconds


def _zone(params: RunParams, folder: Path, timed: Timed, book: Codebook) -> None:
    found = (_generated if params.data.kind == "synthetic" else _delivered)(params, folder, timed, book)
    days = {"extract_on": params.extract_on, "backend": params.engine}
    if all(book[name].is_restricted for name in found.tables):
        # Nothing is open that could be cleaned; the pages say which tables they miss.
        return
    timed("clean", lambda: clean.build(folder, codebook=book, **days))
    if "enterprises" not in found.tables:
        # Nothing can be followed or linked; the pages that need the register say that it is missing.
        return
    try:
        timed("panel", lambda: panel.build(folder, first_year=params.first_year, last_year=params.last_year, **days))
    except panel.NobodyFollowed as error:
        # The pages that need no panel can still be made; the others give this reason.
        (folder / NO_PANEL).write_text(str(error), encoding="utf-8")
    else:
        timed("scores", lambda: _scores(folder, book, minimum=params.min_cell))
    timed("link", lambda: _linkage(folder, book))


def full_tables(folder: Path, book: Codebook) -> dict[str, pd.DataFrame]:
    """Return every table of prepared data in full, persons and restricted columns included, in the codebook's order."""
    found = {}
    for name in book.tables:
        held = [path for layer in FULLEST if (path := folder / layer / f"{name}.parquet").exists()]
        if held:
            found[name] = pd.read_parquet(held[0])
    return found


def scores_file(folder: Path, minimum: int) -> Path:
    """Return the file of the force scores in which rates over fewer persons than `minimum` are missing."""
    return folder / "restricted" / f"force_scores_{minimum}.parquet"


def _scores(folder: Path, book: Codebook, *, minimum: int) -> None:
    """Score the forces once for all pages that set them beside outcomes."""
    days = scores.days_of(pd.read_parquet(folder / "panel.parquet", columns=["year", "status_on"]))
    found = scores.force_scores(full_tables(folder, book), days=days, minimum=minimum)
    with atomic.written(scores_file(folder, minimum), private=True) as staged:
        found.to_parquet(staged, index=False)


def _delivered(params: RunParams, folder: Path, timed: Timed, book: Codebook) -> ingest.Ingested:
    raw, key = data_folder(params), people.key_from_environment()
    mapping = next(iter(params.data.mapping_paths), None)
    # Of persons too, perhaps: open to the owner alone while it is there.
    work = folder / "work"
    work.mkdir(mode=atomic.PRIVATE_FOLDER)
    found = timed(
        "read",
        lambda: ingest.read_folder(
            raw, codebook=book, person_key=key, extract_on=params.extract_on, mapping=mapping, work=work
        ),
    )  # fmt: skip
    timed("write", lambda: ingest.write(found, folder))
    shutil.rmtree(work)
    if key is not None and (folder / KEY_MARK).parent.is_dir():
        with atomic.written(folder / KEY_MARK, private=True) as staged:
            staged.write_text(people.mark(key), encoding="ascii")
    return found


def _generated(params: RunParams, folder: Path, timed: Timed, book: Codebook) -> ingest.Ingested:
    data = params.data
    zone = timed(
        "simulate",
        lambda: simulate.zone(seed=params.seed, firms=data.firms, scenario=data.scenario, readings=data.readings),
    )
    raw, truth = folder / "raw", folder / "truth"
    for place in (raw, truth):
        # Of invented persons, but kept as those of real ones would be.
        place.mkdir(mode=atomic.PRIVATE_FOLDER)
    faults = timed(
        "dirt",
        lambda: simulate.write_office_files(zone.tables, raw, codebook=book, seed=params.seed, dirt=data.dirt),
    )
    # A new key each time: pseudonyms of invented persons need not outlive the run.
    key = secrets.token_bytes(32)
    found = timed("read", lambda: ingest.read_folder(raw, codebook=book, person_key=key, extract_on=params.extract_on))
    scored = timed("score", lambda: _scored(zone.tables, faults, found, book, data.dirt))
    for name, table in {"faults": faults, "figures": zone.figures, **scored}.items():
        table.to_csv(truth / f"{name}.csv", index=False)
    (truth / "truth.json").write_text(json.dumps(zone.truth, ensure_ascii=False, indent=1), encoding="utf-8")
    timed("write", lambda: ingest.write(found, folder))
    return found


def _scored(
    true: dict[str, pd.DataFrame], faults: pd.DataFrame, found: ingest.Ingested, book: Codebook, dirt: Dirt
) -> dict[str, pd.DataFrame]:
    habits = simulate.habits(true, faults, codebook=book, dirt=dirt)
    both = (true, found.tables, book)
    return {
        "score": simulate.score(faults, found.ledger, *both, dirt=dirt),
        "habits": simulate.seen_through(habits, faults, found.sources, found.ledger, *both, dirt=dirt),
    }


def _linkage(folder: Path, book: Codebook) -> None:
    with engine.session(spill_in=folder) as con:
        codes.by_code(con, folder, codebook=book)


def _listed_firms(params: RunParams, folder: Path, timed: Timed, book: Codebook) -> None:
    raw = data_folder(params)
    for place, mapping in zip(("", "second"), params.data.mapping_paths, strict=False):
        found = timed(
            f"read {mapping.stem}",
            lambda mapping=mapping: ingest.read_folder(raw, codebook=book, person_key=None, mapping=mapping),
        )
        (folder / place).mkdir(exist_ok=True)
        ingest.write(found, folder / place)
    built, steps = timed(
        "panel", lambda: listed.panel(pd.read_parquet(folder / "ingested" / "listed_firm_years.parquet"))
    )
    built.to_parquet(folder / "panel.parquet", index=False)
    steps.to_csv(folder / "steps.csv", index=False)
