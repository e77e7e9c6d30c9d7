"""Rows of the study by blocks of seeds: a block is written whole or not at all, so that a study can be resumed."""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Final, get_args

import pandas as pd
from tqdm import tqdm

from benchmarks.truth.estimates import estimated
from benchmarks.truth.panels import latent, panel
from helpers.errors import UsageError
from helpers.simulate.scenarios import ScenarioName

BLOCK: Final = 10
SCENARIOS: Final[tuple[str, ...]] = get_args(ScenarioName)
Block = tuple[int, int, int]
"""Firms, first seed, seed after the last."""


def blocks(sizes: Sequence[int], seeds: int) -> list[Block]:
    """Return the blocks of a study in the order in which they are worked off: size by size."""
    return [(firms, first, min(first + BLOCK, seeds)) for firms in sizes for first in range(0, seeds, BLOCK)]


def path_of(folder: Path, block: Block) -> Path:
    """Return the file of a block."""
    firms, first, after = block
    return folder / f"firms-{firms:04d}" / f"seeds-{first:04d}-{after - 1:04d}.parquet"


def rows(block: Block) -> pd.DataFrame:
    """Estimate all panels of a block: one row a seed and scenario."""
    firms, first, after = block
    found = []
    for seed in range(first, after):
        drawn = latent(seed, firms)
        for scenario in SCENARIOS:
            numbers = estimated(panel(drawn, scenario), seed=seed)
            found.append({"firms": firms, "seed": seed, "scenario": scenario, **numbers})
    return pd.DataFrame(found)


def write(folder: Path, block: Block) -> None:
    """Estimate a block and write it, under another name until it is whole."""
    path = path_of(folder, block)
    if path.exists():
        # Another run of the same study was faster.
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    rows(block).to_parquet(unfinished, index=False)
    unfinished.replace(path)


def run(folder: Path, *, sizes: Sequence[int], seeds: int, workers: int, niceness: int = 10) -> None:
    """Work off the blocks that are not there yet, with a bar on standard error.

    Parameters
    ----------
    folder : Path
    sizes : sequence of int
    seeds : int
    workers : int
        Processes, with one thread of linear algebra each; 1 works in this process.
    niceness : int
        How far the processes stand back behind others of the machine.
    """
    if workers < 1 or seeds < 1:
        raise UsageError(f"workers is {workers}, seeds is {seeds}: expected at least 1 of each")
    waiting = [block for block in blocks(sizes, seeds) if not path_of(folder, block).exists()]
    with tqdm(total=len(waiting), unit="block", desc=f"{BLOCK} seeds x {len(SCENARIOS)} scenarios a block") as bar:
        if workers == 1:
            for block in waiting:
                write(folder, block)
                bar.update()
            return
        # Threads of linear algebra are settled when a process loads it: spawned ones load it anew.
        os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        context = get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context, initializer=os.nice, initargs=(niceness,)) as pool:
            for done in as_completed([pool.submit(write, folder, block) for block in waiting]):
                done.result()
                bar.update()


def read(folder: Path) -> pd.DataFrame:
    """Return all rows of a study, sorted by size, seed and scenario.

    Raises
    ------
    UsageError
        If there is none.
    """
    paths = sorted(folder.glob("firms-*/seeds-*.parquet"))
    if not paths:
        raise UsageError(f"{folder}: no block of a study is there; run `python -m benchmarks.truth --out {folder}`")
    found = pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
    found["scenario"] = pd.Categorical(found["scenario"], categories=SCENARIOS)
    return found.sort_values(["firms", "seed", "scenario"], ignore_index=True)
