"""Invented company names and credit codes with right check digits, for one firm or a million.

A trade name is two or three characters of a fixed list; no two neighbouring characters of it stand next to each other
in any published figure's label, so that no firm named in the article can arise.
"""

import csv
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers import paths
from helpers.codebook import uscc
from helpers.errors import UsageError
from helpers.simulate.draws import joined

CHARACTERS = (
    "泓霖骏昊臻煜锦晟珂睿钰铭宸皓沐栩璟翎峥岚屿澜澄沛湛泽润浩瀚溪汇源清渝淼渊凯腾骐骥骅驰翔翼鸿鹏鹤鸣凌霄云霞霓曦晖昭晗晔晋昌"
    "旺盈裕丰茂荣华辉煌灿烨炜焕炫燊桐梓楠桦榕柏松枫森林荟蕴芸芮菁菲萱蔚蓝茗茵莱莎菱薇铎钧锐锋鑫铂镁钛铠铄熠耀宏宇宙寰宜宁康"
    "恒恺恩惠慧忻怡悦欣欧洛诺诚信谊谦诗诣诠博伟伦伟佳俊信健傲元先光兆冠凡凤利力功勤卓卡双可和嘉圣坚埔域基塔"
    # Rare characters of real names: four bytes in GB18030, the second also in UTF-8.
    "䶮𬭎"
)
REGIONS = ("泉州", "泉州市", "福建", "福建省", "泉州经济技术开发区")
INDUSTRIES: dict[str, tuple[tuple[str, str, float], ...]] = {
    "industrial": (
        ("鞋业", "1959", 20),
        ("鞋材", "1959", 8),
        ("体育用品", "2449", 9),
        ("服饰", "1819", 16),
        ("服装织造", "1821", 9),
        ("纺织科技", "1789", 6),
        ("皮革", "1922", 4),
        ("塑胶制品", "2929", 6),
        ("食品", "1419", 5),
        ("机械制造", "3551", 6),
        ("电子科技", "3989", 5),
        ("包装印刷", "2319", 4),
        ("卫生用品", "2770", 2),
    ),
    "trade": (
        ("贸易", "5132", 30),
        ("供应链管理", "5199", 12),
        ("电子商务", "5292", 12),
        ("进出口", "5131", 14),
        ("服装销售", "5232", 10),
        ("鞋服商贸", "5133", 12),
        ("商业", "5211", 8),
        ("建材", "5165", 6),
        ("汽车销售", "5261", 6),
    ),
    "catering": (("酒店管理", "6110", 4), ("餐饮管理", "6210", 8), ("大酒楼", "6210", 2)),
    "small": (
        ("鞋业", "1959", 8),
        ("鞋材", "1959", 5),
        ("服饰", "1819", 9),
        ("贸易", "5132", 22),
        ("电子商务", "5292", 10),
        ("信息科技", "6513", 6),
        ("物流", "5431", 5),
        ("建筑劳务", "4710", 4),
        ("企业管理", "7229", 6),
        ("广告传媒", "7259", 4),
        ("机械设备", "3551", 4),
        ("包装制品", "2319", 3),
        ("餐饮管理", "6210", 4),
        ("教育咨询", "8391", 3),
        ("食品", "1419", 3),
        # A code that a spreadsheet robs of its zero.
        ("生态农业", "0141", 1),
    ),
    "household": (
        ("小吃店", "6291", 18),
        ("便利店", "5213", 16),
        ("服装店", "5232", 12),
        ("鞋材店", "5233", 8),
        ("理发店", "8040", 8),
        ("水果店", "5223", 8),
        ("五金店", "5281", 6),
        ("餐饮店", "6210", 12),
        ("加工厂", "1959", 6),
        ("通讯店", "5274", 6),
    ),
}
_AUTHORITY_REGION = ("350502", "350503", "350599", "350500")
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_DIGITS = np.frombuffer(uscc.ALPHABET.encode(), dtype="S1")
_SPACE = 31**6
_STRIDE = 541_967_321  # no factor of 10 or 31, so that steps of it visit every number once before any comes twice


def trade_names(rng: np.random.Generator, size: int) -> pd.Series:
    """Draw `size` different trade names of two characters and, when those run out, three."""
    letters, allowed = _alphabet()
    many = len(letters)
    pairs = np.argwhere(allowed)
    short = pairs[rng.permutation(len(pairs))[: min(size, 12_000)]]
    parts = [joined(letters[short[:, 0]], letters[short[:, 1]])]
    missing = size - len(short)
    if missing:
        step = next(step for step in range(many**3 // 3, many**3) if np.gcd(step, many**3) == 1)
        tries = min(int(missing * 1.2) + 1_000, many**3)
        number = (int(rng.integers(many**3)) + np.arange(tries) * step) % many**3
        first, second, third = number // many**2, number // many % many, number % many
        kept = np.flatnonzero(allowed[first, second] & allowed[second, third])[:missing]
        if len(kept) < missing:
            raise UsageError(f"{size:,} names are wanted but the list of characters gives fewer: ask for fewer firms")
        parts.append(joined(*(letters[place[kept]] for place in (first, second, third))))
    return pd.concat(parts, ignore_index=True)


@cache
def _alphabet() -> tuple[np.ndarray, np.ndarray]:
    letters = np.array(sorted(set(CHARACTERS)), dtype=object)
    allowed = ~np.eye(len(letters), dtype=bool)
    place = {letter: number for number, letter in enumerate(letters)}
    with (paths.REFERENCE / "published_figures.csv").open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            text = row["metric_zh"]
            for left, right in pairwise(text):
                if left in place and right in place:
                    allowed[place[left], place[right]] = False
    return letters, allowed


def industries(rng: np.random.Generator, kind: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw the word a name carries for its industry, and the industry's code (GB/T 4754-2017)."""
    table = INDUSTRIES[kind]
    weight = np.array([row[2] for row in table], dtype=float)
    drawn = rng.choice(len(table), size, p=weight / weight.sum())
    words = np.array([row[0] for row in table], dtype=object)
    codes = np.array([row[1] for row in table], dtype=object)
    return words[drawn], codes[drawn]


def company_names(rng: np.random.Generator, trade: pd.Series, words: np.ndarray, is_stock: np.ndarray) -> pd.Series:
    """Build `泉州XX鞋业有限公司`, `福建XX服饰股份有限公司` and `XX（福建）鞋业有限公司`."""
    size = len(trade)
    region = np.array(REGIONS[:4], dtype=object)[rng.choice(4, size, p=[0.45, 0.3, 0.17, 0.08])]
    bracket = np.array(["（福建）", "（泉州）", "（中国）"], dtype=object)[rng.choice(3, size, p=[0.55, 0.35, 0.1])]
    form = np.where(is_stock, "股份有限公司", "有限公司").astype(object)
    form = np.where(~is_stock & (rng.random(size) < 0.06), "有限责任公司", form)
    plain = joined(region, trade, words, form)
    with_bracket = joined(trade, bracket, words, form)
    return plain.where(pd.Series(rng.random(size) > 0.08), with_bracket)


def household_names(trade: pd.Series, words: np.ndarray) -> pd.Series:
    """Build the names of self-employed households (个体工商户)."""
    return joined("泉州经济技术开发区", trade, words)


def branch_names(trade: pd.Series, words: np.ndarray) -> pd.Series:
    """Build the names of branches of firms that stand elsewhere."""
    return joined(trade, words, "有限公司泉州分公司")


def credit_codes(rng: np.random.Generator, founded_on: np.ndarray, is_household: np.ndarray) -> np.ndarray:
    """Return different unified social credit codes with right check digits.

    Parameters
    ----------
    rng : numpy Generator
    founded_on : ndarray of datetime64[D], shape (N,)
        Firms founded from October 2015 on get an organisation code that starts with MA, older ones a numeric one.
    is_household : ndarray of bool, shape (N,)

    Returns
    -------
    ndarray of str, shape (N,)

    Notes
    -----
    GB 32100-2015: authority 9, kind 1 or 2, six digits of region, nine of organisation code, one check character.
    GB 11714-1997: C9 = 11 - (sum of C_i W_i mod 11), where 10 is written X and 11 is written 0.
    """
    size = len(founded_on)
    body = np.empty((size, 8), dtype=np.int64)
    serial = (int(rng.integers(_SPACE)) + np.arange(size, dtype=np.int64) * _STRIDE) % _SPACE
    old = (int(rng.integers(10**8)) + np.arange(size, dtype=np.int64) * _STRIDE) % 10**8
    is_new = founded_on >= np.datetime64("2015-10-01")
    for place in range(8):
        new_digit = uscc.ALPHABET.index("MA"[place]) if place < 2 else serial // 31 ** (7 - place) % 31
        body[:, place] = np.where(is_new, new_digit, old // 10 ** (7 - place) % 10)
    # The check digit of the organisation code counts letters by their place in the full alphabet (A = 10 … Z = 35).
    full = np.array([int(letter, 36) for letter in uscc.ALPHABET])
    check = 11 - (full[body] @ _ORGANISATION_WEIGHTS) % 11
    ninth = np.where(check == 10, uscc.ALPHABET.index("X"), np.where(check == 11, 0, check))
    region = np.array(_AUTHORITY_REGION)[rng.choice(4, size, p=[0.3, 0.2, 0.35, 0.15])]
    letters = np.empty((size, 17), dtype="S1")
    letters[:, 0] = b"9"
    letters[:, 1] = np.where(is_household, b"2", b"1")
    letters[:, 2:8] = region.astype("S6").view("S1").reshape(size, 6)
    letters[:, 8:16] = _DIGITS[body]
    letters[:, 16] = _DIGITS[ninth]
    first = pa.array(letters.view("S17").ravel().astype("U17"))
    return joined(first, uscc.check_digits(first)).to_numpy(dtype=object)
