"""Units of numbers, in a header or behind a number: unit found and unit wanted in, exact factor out."""

import re
import unicodedata
from fractions import Fraction

import pandas as pd

from helpers.ingest.values.cells import WHOLE_COLUMN, findings

TEN_THOUSAND = 10_000
HUNDRED_MILLION = 100_000_000
_POWERS = {
    "": 1, "百": 100, "千": 1000, "万": TEN_THOUSAND, "十万": 10 * TEN_THOUSAND, "百万": 100 * TEN_THOUSAND,
    "千万": 1000 * TEN_THOUSAND, "亿": HUNDRED_MILLION, "十亿": 10 * HUNDRED_MILLION, "万亿": TEN_THOUSAND**3,
}  # fmt: skip
MONEY = {f"{power}元": factor for power, factor in _POWERS.items()}
"""Units of money in yuan."""

# "3万" beside a sum of money is 30,000 yuan; a bare 百 or 千 is not written so, and stays unread
_BARE = {power: _POWERS[power] for power in ("万", "十万", "百万", "千万", "亿", "十亿", "万亿")}
_ENGLISH = {
    "yuan": "元", "cny": "元", "rmb": "元", "rmbyuan": "元", "thousandyuan": "千元", "1000yuan": "千元",
    "10000yuan": "万元", "10kcny": "万元", "10000cny": "万元", "cny10000": "万元", "cny10k": "万元", "rmb10000": "万元",
    "10kyuan": "万元", "millionyuan": "百万元", "cnymillion": "百万元", "millioncny": "百万元",
    "100millionyuan": "亿元", "billionyuan": "十亿元",
    "percent": "%", "pct": "%", "persons": "人", "people": "人", "firms": "家", "items": "项", "metres": "m",
}  # fmt: skip

PERCENT = frozenset(["%", "percent", "pct", "百分比"])
_COUNTERS = {
    "person": "人 名 位 口", "person-time": "人次 人 次", "firm": "家 户 个 个企业",
    "item": "项 件 条 个 篇 份 次 宗 张", "visit": "次 家次 户次 人次", "star": "星 颗 颗星 星级 级", "point": "分",
    "degree": "度 °", "m": "米", "": "年 年度 期 届 岁",
}  # fmt: skip
_COUNTERS = {unit: frozenset(words.split()) for unit, words in _COUNTERS.items()}
_ANY_COUNTER = frozenset().union(*_COUNTERS.values())
_HUNDRED_FOLD = {"%": 100, "‰": 1000, "百分点": 100, "个百分点": 100}


def factor_of_cell(found: str, wanted: str) -> tuple[Fraction, str] | None:
    """Return by what a number in the unit `found` is multiplied to be in the unit `wanted`, and the rule.

    Returns
    -------
    (Fraction, str) or None
        None when one unit does not lead to the other; the rule is `percent_sign` or `unit_in_cell`.
    """
    if found in _HUNDRED_FOLD:
        if wanted in MONEY or (wanted and wanted in _COUNTERS):
            return None
        return Fraction(100 if wanted in PERCENT else 1, _HUNDRED_FOLD[found]), "percent_sign"
    if wanted in MONEY:
        yuan = MONEY.get(found.replace("圆", "元")) or _BARE.get(found)
        return (Fraction(yuan, MONEY[wanted]), "unit_in_cell") if yuan else None
    if found == wanted or (wanted.startswith("元/") and found == "元"):
        return Fraction(1), "unit_in_cell"
    if wanted == "m" and found in ("公里", "千米", "km"):
        return Fraction(1000), "unit_in_cell"
    counters = _COUNTERS.get(wanted, frozenset()) if wanted else _ANY_COUNTER
    for power, factor in _POWERS.items():
        word = found.removeprefix(power) if found.startswith(power) else None
        if word is not None and (word in counters or (not word and power in _BARE and counters and wanted)):
            return Fraction(factor), "unit_in_cell"
    return None


def factor_of_header(found: str | None, wanted: str, *, whole: bool = False) -> tuple[Fraction | None, pd.DataFrame]:
    """Return by what the cells below a header with the unit `found` are multiplied, and the finding about it.

    Parameters
    ----------
    found : str or None
    wanted : str
    whole : bool
        Only a whole factor will do: the column counts.

    Returns
    -------
    factor : Fraction or None
        None when the header states a unit that cannot lead to the wanted one (美元 for 万元): no cell can be trusted.
    findings : DataFrame
        Empty, or one row of the whole column: `unit_from_header` (reported) or `unknown_unit` (nulled).
    """
    unit = _tidy(found or "")
    if not unit or unit == wanted or (not wanted and unit not in _HUNDRED_FOLD):
        return Fraction(1), findings()
    known = factor_of_cell(unit, wanted)
    if known is None or (whole and known[0].denominator != 1):
        if wanted not in MONEY and unit not in MONEY and unit not in _HUNDRED_FOLD:
            return Fraction(1), findings()
        return None, findings([WHOLE_COLUMN], [found], "unknown_unit", "nulled")
    if known[0] == 1:
        return known[0], findings()
    return known[0], findings([WHOLE_COLUMN], [found], "unit_from_header", "reported", [wanted or "1"])


def _tidy(unit: str) -> str:
    tidy = re.sub(r"[\s()\[\]]", "", unicodedata.normalize("NFKC", unit))
    tidy = tidy.removeprefix("单位").removeprefix(":").removeprefix("人民币")
    return _ENGLISH.get(tidy.lower().replace(",", ""), tidy)
