"""Places named in a company's name: the beginning of a name, or what stands in its brackets, in; division codes out."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pandas as pd

from helpers import paths

# What a division's own kind is called; a name is also known without it. The longest first.
_KINDS = (
    "特别行政区", "壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "省", "地区", "林区", "自治州", "自治县",
    "自治旗", "盟", "市", "县", "旗", "区",
)  # fmt: skip
_PEOPLES = (
    "土家族苗族", "布依族苗族", "苗族侗族", "藏族羌族", "哈尼族彝族", "壮族苗族", "傣族景颇族", "蒙古族藏族",
    "柯尔克孜", "哈萨克", "蒙古", "朝鲜族", "土家族", "傈僳族", "藏族", "彝族", "白族", "傣族", "回族", "苗族",
    "黎族", "羌族", "侗族", "壮族",
)  # fmt: skip
CHINA = "0"
# A county's or district's bare name is a brand as often as a place; of these levels cities alone are known without 市.
COUNTY_DIGITS = 6


@cache
def places() -> dict[str, str]:
    """Return every name of a place -> its division code (2, 4 or 6 digits; `0` for China)."""
    table = pd.read_csv(paths.REFERENCE / "admin_divisions.csv", dtype="str", encoding="utf-8")
    found: dict[str, str] = {"中国": CHINA}
    order = table.assign(digits=table["code"].str.len()).sort_values(["digits", "code"], kind="stable")
    for code, name in zip(order["code"], order["name"], strict=True):
        for written in _written(name, is_county=len(code) == COUNTY_DIGITS):
            found.setdefault(written, code)
    return found


def _written(name: str, *, is_county: bool) -> Iterator[str]:
    """Yield a division's name as it stands on file, and the shorter forms that firms use."""
    yield name
    kind = next((kind for kind in _KINDS if name.endswith(kind) and len(name) > len(kind) + 1), "")
    if not kind or (is_county and kind != "市"):
        return
    bare = name.removesuffix(kind)
    named = (bare.removesuffix(people) for people in _PEOPLES if bare.endswith(people))
    # 内蒙古 is no place called 内 of the Mongols.
    yield next((place for place in named if len(place) > 1), bare)


@cache
def _by_beginning() -> dict[str, list[tuple[str, str]]]:
    """Return the first two characters of places -> the places that begin so, the longest first."""
    held = defaultdict(list)
    for name, code in places().items():
        held[name[:2]].append((name, code))
    return {beginning: sorted(names, key=lambda pair: -len(pair[0])) for beginning, names in held.items()}


def leading(name: str) -> tuple[str, str, int]:
    """Return the places at the beginning of a name: widest and narrowest code, and how many characters they take.

    Up to three places that lie in one another (福建省泉州市丰泽区) are read; a name that is nothing but places keeps
    its last one.
    """
    held = _by_beginning()
    widest, code, at = "", "", 0
    for _ in range(3):
        for place, own in held.get(name[at : at + 2], ()):
            end = at + len(place)
            if name.startswith(place, at) and len(name) > end and (not code or own.startswith(code)):
                widest, code, at = widest or own, own, end
                break
        else:
            break
    return widest, code, at


def named(text: str) -> str:
    """Return the code of a text that is nothing but places; empty where it is not."""
    _, code, at = leading(text + "x")
    return code if at == len(text) else ""


def compatible(one: str, other: str) -> bool:
    """Return whether two codes may be of one firm: equal, one inside of the other, or one not stated.

    China is a part of a name and no region that holds the others: it goes with itself alone, or with no region.
    """
    if CHINA in (one, other):
        return one == other or not (one and other)
    return one.startswith(other) or other.startswith(one)
