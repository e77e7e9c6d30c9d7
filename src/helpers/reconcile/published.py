"""Each published figure against the tables: published value, recount, reading, rounding test, status, reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from helpers import paths
from helpers.errors import InputError
from helpers.forces import MissingTable, is_few, may_give, population
from helpers.reconcile import innovation, organisation, people, services
from helpers.reconcile.readings import Readings
from helpers.reconcile.recount import Check, Figure, NotTestable, Question, Recount, Supplied
from helpers.reconcile.rounding import bases_of, grim, percent_half_up
from helpers.text import LANGS, catalogue, say

Status = Literal["reproduced", "not_reproduced", "not_testable"]
CHECKS: dict[str, Check] = {**organisation.CHECKS, **people.CHECKS, **innovation.CHECKS, **services.CHECKS}
COLUMNS = (
    "id", "group", "metric_zh", "metric_en", "value", "unit", "comparator", "scope", "as_of", "k", "n", "recomputed",
    "recomputed_on", "reading_zh", "reading_en", "rounding_test", "rounding_zh", "rounding_en", "status", "status_zh",
    "status_en", "reason_zh", "reason_en", "suppressed",
)  # fmt: skip
WORDS = ("recomputed_on", *(f"{kind}_{lang}" for kind in ("reading", "rounding") for lang in LANGS))
# `approx` is nowhere defined by the source: a twentieth of a number, a month of a date.
APPROX_SHARE = 0.05
APPROX_DAYS = 31
COVERAGE_BASES: tuple[population.Base, ...] = (
    "above_scale", "scale_industrial", "above_quota", "should_have", "all_operating",
)  # fmt: skip
COVERAGE_PAIRS = (
    *(("covered_firms", base) for base in COVERAGE_BASES),
    ("own_or_joint", "above_scale"), ("own_or_joint", "scale_industrial"), ("organisations", "above_scale"),
)  # fmt: skip


def figures(path: Path = paths.REFERENCE / "published_figures.csv") -> pd.DataFrame:
    """Read the reference table of published figures, all columns as text, named mechanisms left out.

    Raises
    ------
    InputError
        If a figure that is no named entity has no comparator.
    """
    table = pd.read_csv(path, dtype="str", keep_default_na=False)
    table = table[table["unit"] != "mechanism"].reset_index(drop=True)
    bare = table.loc[(table["comparator"] == "") & (table["unit"] != "named_entity"), "id"]
    if len(bare):
        raise InputError(
            f"{path.name}: {len(bare)} of {len(table)} figures have no comparator ({', '.join(bare)}): state exact, "
            "at_least, at_most, more_than or approx"
        )
    return table


def published(
    tables: Mapping[str, pd.DataFrame],
    *,
    readings: Readings | None = None,
    as_of: date,
    reference: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Compare every published figure with the tables.

    Parameters
    ----------
    tables : mapping of name to DataFrame
        Typed tables of the codebook, those about persons from the restricted layer; any may be missing.
    readings : Readings, optional
        What the figures leave open; the default reading set if not given.
    as_of : date
        The day of counting.
    reference : DataFrame, optional
        Rows to compare, as from `figures`, by default all of them.

    Returns
    -------
    DataFrame
        One row a figure, in the order of the reference table: what was published (value as text), k and n (counts),
        recomputed (in the figure's unit), recomputed_on (date figures), reading in both languages, rounding_test (for
        percentages: every k of n that rounds half up to the published value, `;` between; empty where there is none;
        missing for other figures), status (reproduced, not_reproduced, not_testable), reason in both languages, and
        suppressed (a count of persons may not be given: the figure is then not testable, for a status would give it
        back).
    """
    chosen, supplied = readings or Readings(), Supplied(tables)
    rows = figures() if reference is None else reference
    found = [_compare(row, supplied, chosen, as_of) for row in rows.to_dict("records")]
    frame = pd.DataFrame(found, columns=list(COLUMNS))
    numbers = {"k": "Int64", "n": "Int64", "recomputed": "Float64"}
    return frame.astype({**numbers, "rounding_test": "str", "suppressed": bool})


def _compare(row: dict[str, str], tables: Supplied, readings: Readings, as_of: date) -> dict[str, object]:
    figure = Figure(*(row[name] for name in ("id", "metric_zh", "value", "unit", "comparator", "as_of", "scope")))
    check = CHECKS.get(figure.id, services.untestable("reason_no_check"))
    base = {name: row[name] for name in COLUMNS[:9]} | dict.fromkeys(WORDS, "")
    try:
        recount = check(Question(tables, figure, readings, as_of))
        verdict = judge(figure, recount)
    except MissingTable as missing:
        why = {"tables": ", ".join(missing.names)}
        return {**base, **_words("not_testable", "reason_missing_table", why), "suppressed": False}
    except NotTestable as untestable:
        counted = {"k": untestable.k, "n": untestable.n}
        return {**base, **counted, **_words("not_testable", untestable.reason, untestable.values), "suppressed": False}
    numbers = _numbers(figure, recount)
    if numbers["suppressed"]:
        # That a hidden count agrees with the published one would give it back.
        return {**base, **numbers, **_reading(recount), **_words("not_testable", "reason_suppressed", {})}
    return {**base, **numbers, **_reading(recount), **_rounding(figure, recount),
            **_words(verdict.status, verdict.reason, verdict.values)}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """A status and the reason for it, a key of `reconcile.yml`."""

    status: Status
    reason: str
    values: Mapping[str, object]


def judge(figure: Figure, recount: Recount) -> Verdict:
    """Compare a recount with a published figure by its comparator.

    Notes
    -----
    `exact`: equal after rounding half up to the published places. `at_least`, `at_most`, `more_than`: as they say, not
    rounded. `approx`: within 5 %, dates within 31 days. An exact date agrees to the precision published. A named
    entity is reproduced where it is found.
    """
    if figure.unit == "named_entity":
        return _verdict(bool(recount.k), "found", {})
    if figure.unit == "date":
        return _judge_date(figure, recount)
    if figure.unit == "percent" and not recount.n:
        return Verdict("not_testable", "reason_empty_base", {})
    value, target = _exact_value(figure, recount), Fraction(figure.value)
    if value is None:
        return _verdict(False, figure.comparator, {"published": figure.value})
    scale = 10**figure.decimals
    agrees = {
        "exact": Fraction((2 * scale * value + 1) // 2, scale) == target,
        "at_least": value >= target,
        "at_most": value <= target,
        "more_than": value > target,
        "approx": abs(value - target) <= Fraction(APPROX_SHARE) * abs(target),
    }[figure.comparator]
    return _verdict(agrees, figure.comparator, {"published": figure.value})


def _exact_value(figure: Figure, recount: Recount) -> Fraction | None:
    if figure.unit == "percent":
        return Fraction(100 * recount.k, recount.n)
    if recount.value is not None:
        return Fraction(recount.value) if np.isfinite(recount.value) else None
    return Fraction(recount.k)


def _judge_date(figure: Figure, recount: Recount) -> Verdict:
    found = recount.day
    if figure.comparator == "approx":
        agrees = abs((found - pd.Timestamp(figure.as_of)).days) <= APPROX_DAYS
    else:
        agrees = found.strftime("%Y-%m-%d").startswith(figure.as_of)
    return _verdict(agrees, f"date_{figure.comparator}", {"published": figure.as_of})


def _verdict(agrees: bool, test: str, values: Mapping[str, object]) -> Verdict:
    status = "reproduced" if agrees else "not_reproduced"
    return Verdict(status, f"reason_{test}_{'met' if agrees else 'missed'}", values)


def _numbers(figure: Figure, recount: Recount) -> dict[str, object]:
    k, n = recount.k, recount.n
    value = recount.value if recount.value is not None else k
    if figure.unit == "percent":
        value = 100 * k / n if n else None
    if value is not None and not np.isfinite(value):
        value = None
    few = False
    if recount.people:
        names = [given or f"{figure.id}.{part}" for given, part in zip(recount.cells, "kn", strict=True)]
        gives_k, gives_n = may_give(names[0], k), n is None or may_give(names[1], n)
        few = not gives_k or not gives_n or (n is not None and is_few(n - k))
        n = n if gives_n else None
    if few:
        k = value = None
    day = "" if recount.day is None else recount.day.strftime("%Y-%m-%d")
    return {"k": k, "n": n, "recomputed": value, "recomputed_on": day, "suppressed": bool(few)}


def _reading(recount: Recount) -> dict[str, str]:
    return {
        f"reading_{lang}": say(f"reconcile.{recount.reading}", lang, **_translated(recount.reading_values, lang))
        for lang in LANGS
    }


def _translated(values: Mapping[str, object], lang: str) -> dict[str, object]:
    """Return the values with those that are keys of the text catalogue said in `lang`."""
    return {name: say(value, lang) if value in catalogue() else value for name, value in values.items()}


def _rounding(figure: Figure, recount: Recount) -> dict[str, str]:
    if figure.unit != "percent" or not recount.n or (recount.people and is_few(recount.n)):
        return {}
    fits = grim(figure.value, figure.decimals, recount.n)
    key = "rounding_fits" if fits else "rounding_impossible"
    values = {"ks": ", ".join(map(str, fits)), "n": recount.n, "value": figure.value}
    words = {f"rounding_{lang}": say(f"reconcile.{key}", lang, **values) for lang in LANGS}
    return {"rounding_test": ";".join(map(str, fits)), **words}


def _words(status: Status, reason: str, values: Mapping[str, object]) -> dict[str, str]:
    words = {"status": status}
    for lang in LANGS:
        words[f"status_{lang}"] = say(f"reconcile.status_{status}", lang)
        words[f"reason_{lang}"] = say(f"reconcile.{reason}", lang, **values)
    return words


def coverage_readings(
    tables: Mapping[str, pd.DataFrame],
    as_of: date,
    *,
    readings: Readings | None = None,
    published_pct: str | None = None,
) -> pd.DataFrame:
    """Compute coverage under every base, and the rounding test of the published percentage on each.

    Parameters
    ----------
    published_pct : str, optional
        The published percentage as text, so that its places are known; by default the reference table's.

    Returns
    -------
    DataFrame
        One row a reading: numerator (covered_firms, own_or_joint or organisations), base, reading_zh, reading_en, k, n
        (counts), value_pct, published_pct (text), rounding_test (every k of n that rounds half up to it, `;` between),
        verdict (impossible: no k of this n gives it; not_reached: some other k does; reached), verdict_zh, verdict_en,
        is_chosen (the reading set's own). A base whose tables are missing has no counts and verdict not_supplied. The
        last row asks of the number of organisations whether any whole base at all gives the percentage: no n, its
        rounding_test lists such bases, verdict no_base or some_base.

    Notes
    -----
    The base of all registered entities is left out on purpose: it holds households and branches, and is no base of
    firms. With about ten bases tried, a chance fit to one decimal is to be expected.
    """
    chosen, supplied = readings or Readings(), Supplied(tables)
    if published_pct is None:
        known = figures().set_index("id")
        published_pct = known.loc["org_coverage_rate", "value"]
    figure = Figure("org_coverage_rate", "", published_pct, "percent", "exact", "", "")
    rows = []
    for numerator, base in COVERAGE_PAIRS:
        choice = chosen.model_copy(update={"coverage_base": base, "coverage_numerator": numerator})
        is_chosen = (chosen.coverage_base, chosen.coverage_numerator) == (base, numerator)
        try:
            recount = organisation.coverage(Question(supplied, figure, choice, as_of))
        except MissingTable:
            recount = Recount(f"read_coverage_{numerator}", reading_values={"base": f"forces.base_{base}"})
        rows.append({"numerator": numerator, "base": base, "published_pct": published_pct, "is_chosen": is_chosen,
                     **_reading(recount), **_coverage_row(figure, recount)})  # fmt: skip
    rows.append(_any_base_row(figure, Question(supplied, figure, chosen, as_of)))
    return pd.DataFrame(rows).astype({"k": "Int64", "n": "Int64", "value_pct": "Float64", "rounding_test": "str"})


def _coverage_row(figure: Figure, recount: Recount) -> dict[str, object]:
    k, n = recount.k, recount.n
    if k is None or not n:
        verdict, fits = "not_supplied" if k is None else "empty", []
    else:
        fits = grim(figure.value, figure.decimals, n)
        reached = str(percent_half_up(k, n, figure.decimals)) == figure.value
        verdict = "reached" if reached else "not_reached" if fits else "impossible"
    value = 100 * k / n if n else None
    return {"k": k, "n": n, "value_pct": value, "rounding_test": ";".join(map(str, fits)), **_verdict_words(verdict)}


def _any_base_row(figure: Figure, q: Question) -> dict[str, object]:
    row = {"numerator": "organisations", "base": "any_base", "published_pct": figure.value, "is_chosen": False,
           **_reading(Recount("read_coverage_any_base"))}  # fmt: skip
    try:
        k = organisation.organisation_count(q)
    except MissingTable:
        return {**row, "rounding_test": "", **_verdict_words("not_supplied")}
    fits = bases_of(k, figure.value, figure.decimals)
    listed = ";".join(map(str, fits))
    return {**row, "k": k, "rounding_test": listed, **_verdict_words("some_base" if fits else "no_base")}


def _verdict_words(verdict: str) -> dict[str, str]:
    return {"verdict": verdict, **{f"verdict_{lang}": say(f"reconcile.verdict_{verdict}", lang) for lang in LANGS}}
