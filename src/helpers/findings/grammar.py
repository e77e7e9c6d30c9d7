"""Findings in one sentence: direction, size with interval, what a null could have shown, and the evidence's grade.

The clause follows `Finding.wording`, so that no word is stronger than interval and grade both allow; only that of the
last grade speaks of an effect, and of the assumptions under which it may.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pandas as pd

from helpers.findings.model import Finding
from helpers.findings.scales import on_scale, written
from helpers.findings.sources import of_row
from helpers.text import Lang, inline, joined, label, say, with_capital


def sentence(found: Finding, lang: Lang) -> str:
    """Say one finding in one sentence; an interval that is not told apart from zero carries what could be detected."""
    return with_capital(say("findings.stop", lang, said=_part([found], lang)))


def answer(found: Sequence[Finding], lang: Lang) -> str:
    """Say several findings in one sentence, those of one exposure that are told alike in one clause.

    What could have been detected stands in each one's own `sentence` where there are several.
    """
    alike = groupby(found, key=lambda one: (one.exposure, one.wording, one.grade, _bound(one, lang)))
    parts = [_part(list(group), lang) for _, group in alike]
    return with_capital(say("findings.stop", lang, said=say("pages.semicolon", lang).join(parts)))


def support(found: Finding, lang: Lang) -> str:
    """Say which rule decided on the grade, and how many firms, firm-years and clusters stand behind the estimate."""
    said = [found.rule.text(lang)] if found.rule else []
    if found.is_estimated and found.n_obs:
        counts = {name: f"{getattr(found, f'n_{name}'):,}" for name in ("units", "obs", "clusters")}
        said.append(say("findings.sample", lang, **counts, cluster=label(found.cluster, lang)))
    return joined(said, lang)


def summary(rows: pd.DataFrame, lang: Lang) -> str:
    """Say, for each level of clustering, how many intervals lie above, below and around zero.

    One estimate has an interval for each level and is counted once for each, never twice in one number.
    """
    estimated = rows[rows["status"] == "estimated"]
    pairs = ["outcome", "exposure"]
    total = len(estimated[pairs].drop_duplicates())
    levels = []
    for cluster, mine in estimated.groupby("cluster", sort=False):
        found = [of_row(row).direction for _, row in mine.iterrows()]
        counts = {name: found.count(name) for name in ("more", "fewer", "unclear")}
        levels.append(say("findings.level", lang, cluster=label(cluster, lang), **counts))
    refused = len(rows[pairs].drop_duplicates()) - total
    return say("findings.summary", lang, total=total, refused=refused, levels=joined(levels, lang))


def effect_words(found: Finding, lang: Lang) -> str:
    """Return estimate and interval with their unit as a cell of a table has them; a dash without any."""
    return _cell(found.told, lang, of=found.scale) + unit(found, lang) if found.is_estimated else "–"


def a_year_words(found: Finding, lang: Lang) -> str:
    """Return estimate and interval in units of the outcome a firm-year as a cell has them; a dash without any."""
    return "–" if np.isnan(found.per_year) else _cell(_a_year(found), lang, of="counts")


def unit(found: Finding, lang: Lang) -> str:
    """Return the unit as it follows a number; none where the outcome's own name holds it, and for a coefficient."""
    if found.scale == "units":
        return say("findings.unit_counted", lang) if found.noun == "counted" else ""
    return say(f"findings.unit_{found.scale}", lang) if found.scale != "coefficient" else ""


def _cell(numbers: tuple[float, float, float], lang: Lang, *, of: str) -> str:
    effect, low, high = (written(value, lang, of=of) for value in numbers)
    return f"{effect} ({low}\u00a0…\u00a0{high})"


def _a_year(found: Finding) -> tuple[float, float, float]:
    return found.per_year, found.per_year_low, found.per_year_high


def _part(found: Sequence[Finding], lang: Lang) -> str:
    first = found[0]
    join = "findings.or" if first.wording == "cannot_tell" else "findings.and"
    phrases = _listed([_phrase(one, lang) for one in found], lang, last=say(join, lang))
    exposure = inline(first.exposure, lang)
    if first.is_by_unit:
        exposure = say("findings.a_unit", lang, exposure=exposure)
    said = say(f"findings.clause_{first.wording}", lang, exposure=exposure, phrases=phrases, bound=_bound(first, lang))
    detectable = _detectable(first, lang) if len(found) == 1 else ""
    grade = first.grade or ("cannot_tell" if not first.is_estimated else None)
    level = say(f"grade.level_{grade}" if grade else "findings.interval_alone", lang)
    return said + detectable + say("findings.evidence", lang, level=level)


def _phrase(one: Finding, lang: Lang) -> str:
    """Return the outcome with its direction, if it may be told, and in brackets its numbers or why there are none."""
    is_told = one.wording not in ("not_estimable", "cannot_tell", "equivalent")
    direction = one.direction if is_told else "plain"
    phrase = say(f"findings.{direction}_{one.noun}", lang, outcome=inline(one.outcome, lang))
    if one.is_estimated:
        return say("findings.bracketed", lang, phrase=phrase, numbers=_numbers(one, lang))
    if one.reason is None:
        return phrase
    return say("findings.bracketed", lang, phrase=phrase, numbers=one.reason.text(lang).rstrip(" .。"))


def _numbers(one: Finding, lang: Lang) -> str:
    words = unit(one, lang)
    effect, low, high = (written(value, lang, of=one.scale) for value in one.told)
    said = say("findings.size", lang, effect=effect + words, low=low, high=high + words, level=f"{100 * one.level:g}")
    if np.isnan(one.per_year):
        return said
    effect, low, high = (written(value, lang, of="counts") for value in _a_year(one))
    return said + say("findings.a_year", lang, effect=effect, low=low, high=high)


def _detectable(one: Finding, lang: Lang) -> str:
    if one.wording != "cannot_tell" or np.isnan(one.detectable):
        return ""
    told = written(on_scale(one.detectable, one.scale), lang, of=one.scale, signed=False)
    return say("findings.detectable", lang, detectable=told + unit(one, lang))


def _bound(one: Finding, lang: Lang) -> str:
    if one.wording != "equivalent":
        return ""
    told = on_scale(one.none_within[1], one.scale)
    return f"±{written(told, lang, of=one.scale, signed=False)}{unit(one, lang)}"


def _listed(parts: list[str], lang: Lang, *, last: str) -> str:
    if len(parts) == 1:
        return parts[0]
    return say("findings.list", lang).join(parts[:-1]) + last + parts[-1]
