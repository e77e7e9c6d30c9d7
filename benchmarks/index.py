"""The draws of the index, in a process of its own: all choices at once, against the same choices made one by one.

Prints JSON. Run as `python -m benchmarks.index DRAWS ONE_BY_ONE`.
"""

import json
import sys
from datetime import date

import numpy as np

from benchmarks.measure import Stages
from helpers import simulate
from helpers.forces.firms import firm_indicators
from helpers.index import Choices, build
from helpers.index.framework import available, framework
from helpers.index.uncertainty import draw

SEED, AS_OF = 20230710, date(2023, 6, 30)


def draws(many: int, few: int) -> dict:
    """Draw `many` times, then make the index `few` times with choices of those draws, each from the start."""
    timed = Stages()
    zone = simulate.zone(seed=SEED, firms=13470, scenario="effect")
    values = firm_indicators(zone.tables, as_of=AS_OF)
    values = values[available(values, 0.5)[0]]
    belongs = framework().belongs.loc[values.columns]
    groups = values["p2_standalone"].astype(str)
    found = timed("draws", lambda: draw(values, belongs, groups, draws=many, seed=SEED))
    chosen = found.settings.drop(columns="noise").head(few).to_dict("records")
    timed("one by one", lambda: [build(values, belongs, groups, choices=Choices(**one)).ranks for one in chosen])
    return {"stages": timed.costs, "firms": len(values), "ranked": int(np.isfinite(found.nominal.scores).sum())}


if __name__ == "__main__":
    print(json.dumps(draws(*map(int, sys.argv[1:]))))
