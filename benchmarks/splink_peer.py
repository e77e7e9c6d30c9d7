"""Splink on the same register and the same spoilt names as `links`: an independent way to find whose a name is.

Prints JSON. Run as `python -m benchmarks.splink_peer NAMES_FILE` or `... --made COUNT`, see `links`.

Splink is given what `link` is given, the names, and none of this project's parser, place names or rules. Its side is
what a user of Splink would write for such names: spelling levelled (NFKC, simplified characters, no blanks), the kind
of firm cut off by a pattern, and the first two characters taken for the place. The weights are estimated: chance by
pairs of the register, likeness by expectation maximisation on two blockings. The levels were chosen with these very
names in view, in Splink's favour. DuckDB measures edits in bytes: three are one Chinese character.
"""

import json
import logging
import re
import sys
import unicodedata
from importlib.metadata import version

import numpy as np
import pandas as pd
import splink.comparison_level_library as levels
from opencc import OpenCC
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.comparison_library import CustomComparison

from benchmarks.links import SEED, Asked, given_names, made_set, scored
from benchmarks.measure import Stages
from helpers.link.cascade import link

_FORM = re.compile(r"(股份有限公司|有限责任公司|有限公司|股份公司|公司)$")
_SIGNS = re.compile(r"[\W_]+")
CHARACTER = 3  # bytes of a Chinese character in UTF-8
# Below, a pair is no candidate for a link or a review.
LEAST, SURE = 0.5, 0.95
AIM = 0.995
# Two firms whose weights lie within this are a doubt: the better one is twice as likely at most.
TIE = 1.0
_RANDOM_PAIRS = 4e6


def prepared(names: list[str]) -> pd.DataFrame:
    """Return the columns that Splink compares and blocks on."""
    simplified = OpenCC("t2s").convert
    clean = pd.Series([_SIGNS.sub("", simplified(unicodedata.normalize("NFKC", name))).upper() for name in names])
    core = clean.str.replace(_FORM, "", regex=True)
    return pd.DataFrame({
        "unique_id": np.arange(len(names)), "core": core, "head": core.str[:2],
        "letters": core.map(lambda text: "".join(sorted(text))), "form": clean.str.extract(_FORM, expand=False),
        "first": core.str[:4], "last": core.str[-4:],
        "end": core.str[-2:],
        "at_0": core.str[:2], "at_2": core.str[2:4], "at_3": core.str[3:5], "at_4": core.str[4:6],
    }).astype("object").where(lambda frame: frame.notna(), None)  # fmt: skip


def comparisons() -> list[CustomComparison]:
    """Return the model: what is compared of a pair of names, each from the best likeness to the least."""
    core = [
        levels.NullLevel("core"), levels.ExactMatchLevel("core"),
        levels.CustomLevel("ends_with(core_l, core_r) or ends_with(core_r, core_l)", "one the end of the other"),
        levels.CustomLevel("starts_with(core_l, core_r) or starts_with(core_r, core_l)", "one the start of the other"),
        levels.CustomLevel("letters_l = letters_r", "the same characters in another order"),
        levels.LevenshteinLevel("core", CHARACTER), levels.DamerauLevenshteinLevel("core", 2 * CHARACTER),
        levels.JaroWinklerLevel("core", 0.92), levels.JaroWinklerLevel("core", 0.84), levels.ElseLevel(),
    ]  # fmt: skip
    same = {
        name: [levels.NullLevel(name), levels.ExactMatchLevel(name), levels.ElseLevel()] for name in ("head", "form")
    }
    return [CustomComparison(output_column_name=name, comparison_levels=found) for name, found in
            ({"core": core} | same).items()]  # fmt: skip


def candidates(register: list[str], asked: list[str]) -> pd.DataFrame:
    """Return the pairs that Splink holds for likely: `left`, `right_row`, `weight` (bits), `probability`."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    left, right = prepared(register), prepared(asked)
    model = _with_chances(left)
    linker = Linker([left, right], model, DuckDBAPI(), set_up_basic_logging=False)
    linker.training.estimate_probability_two_random_records_match([block_on("core")], recall=0.6)
    for column in ("first", "last"):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(column))
    pairs = linker.inference.predict(threshold_match_probability=LEAST).as_pandas_dataframe()
    return pd.DataFrame({
        "left": pairs["unique_id_l"], "right_row": pairs["unique_id_r"], "weight": pairs["match_weight"],
        "probability": pairs["match_probability"],
    })  # fmt: skip


def _with_chances(register: pd.DataFrame) -> dict:
    """Return the settings with chances of likeness among different firms, from the register, where no two are the same.

    Pairs of both tables would not do: among so few names every 5,000th is a true link, and what they agree on would be
    taken for chance. A likeness that no pair of the register has is given one in all pairs.
    """
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=comparisons(), additional_columns_to_retain=[],
        blocking_rules_to_generate_predictions=[
            block_on("core"), block_on("first"), block_on("last"), block_on("at_2"), block_on("head", "end"),
            *(f"l.at_{left} = r.at_{right}" for left, right in ((2, 0), (3, 0), (2, 4), (3, 2), (2, 3))),
        ],
    )  # fmt: skip
    linker = Linker(register, settings, DuckDBAPI(), set_up_basic_logging=False)
    linker.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=SEED)
    model = linker.misc.save_model_to_json() | {"link_type": "link_only"}
    least = 1 / min(_RANDOM_PAIRS, len(register) * (len(register) - 1) / 2)
    for level in (level for one in model["comparisons"] for level in one["comparison_levels"]):
        if not level.get("is_null_level"):
            level["u_probability"] = max(least, level.get("u_probability", 0))
    return model


def decided(pairs: pd.DataFrame, register: list[str], sure: float) -> pd.DataFrame:
    """Return decisions as `cascade.link` words them: the best firm if it is sure and alone, else three to review."""
    pairs = pairs.sort_values(["right_row", "weight", "left"], ascending=[True, False, True])
    best = pairs.groupby("right_row")["weight"].transform("max")
    near = pairs[pairs["weight"] > best - TIE]
    alone = near.groupby("right_row")["left"].transform("size") == 1
    is_match = alone & (near["probability"] >= sure)
    found = near.assign(decision=np.where(is_match, "match", "review"), left_name=np.array(register)[near["left"]])
    return found[found.groupby("right_row").cumcount() < 3]


def compared(full: list[str]) -> dict:
    """Link the same names by `link` and by Splink, one after the other, and count what is right on each side."""
    register, asked = made_set(full)
    names = [name for name, _, _ in asked]
    timed = Stages()
    ours = timed("link", lambda: link(pd.DataFrame({"name": register}), pd.DataFrame({"name": names})))
    pairs = timed("splink", lambda: candidates(register, names))
    sides = {
        "link": ours,
        f"splink, {SURE}": decided(pairs, register, SURE),
        f"splink, {LEAST}": decided(pairs, register, LEAST),
    }
    told = {name: scored(found, asked) for name, found in sides.items()}
    told["splink, threshold by the truth"] = _best_by_truth(pairs, register, asked)
    return {"stages": timed.costs, "firms": len(register), "names": len(asked), "pairs": len(pairs),
            "version": version("splink"), "sides": told}  # fmt: skip


def _best_by_truth(pairs: pd.DataFrame, register: list[str], asked: list[Asked]) -> dict:
    """Return Splink at the lowest threshold that is as precise as it has to be, else at the most precise one.

    It is found by the truth, which no user has.
    """
    # Three comparisons of a few levels have few different weights.
    thresholds = sorted(pairs["probability"].unique())
    tried = [scored(decided(pairs, register, sure), asked) | {"threshold": sure} for sure in thresholds]
    good = [one for one in tried if one["precision"] >= AIM]
    return good[0] if good else max(tried, key=lambda one: one["precision"])


if __name__ == "__main__":
    print(json.dumps(compared(given_names(sys.argv[1:]))))
