"""Names of applicants: as printed in, their match keys and parts out.

A key serves comparison alone; what is shown is always the name as printed.
"""

import re
import unicodedata
from functools import cache
from typing import Final, NamedTuple

import pandas as pd
from opencc import OpenCC

from helpers import paths
from helpers.link import regions

SEPARATORS: Final = re.compile(r"[；;、，,\n|]+")
# Everything that is no letter, no digit, no Chinese character and no bracket.
_SIGNS: Final = re.compile(r"[^\w()\n]|_")
# What a firm was called before, in brackets behind its name.
_FORMERLY: Final = re.compile(r"\((?:原|曾用名|已更名)[^()\n]{4,}\)")
_BRACKETS: Final = re.compile(r"\(([^()]*)\)")
# Kinds of firms, the longest first; what is written differently and means the same has one value.
FORMS: Final = {
    "股份有限责任公司": "股份", "股份有限公司": "股份", "有限责任公司": "有限", "股份公司": "股份",
    "有限公司": "有限", "有限合伙": "合伙", "普通合伙": "合伙", "合伙企业": "合伙", "个人独资企业": "独资",
    "专业合作社": "合作社", "合作社": "合作社", "总公司": "公司", "公司": "公司", "总厂": "厂", "经营部": "店",
    "工作室": "店", "商行": "店", "商店": "店", "门市部": "店", "厂": "厂",
}  # fmt: skip
FORM: Final = re.compile(f"({'|'.join(sorted(FORMS, key=len, reverse=True))})+$")
BRANCH: Final = re.compile(
    r"(?:公司|厂|集团|银行|店)(?P<place>[^()]{0,12}?)(?:分公司|分厂|分店|分行|支行|办事处|营业部|分部|分院|分社|代表处)$"
)
_INSTITUTIONS: Final = re.compile(
    r"(?:大学|学院|学校|中学|小学|研究院|研究所|研究中心|科学院|实验室|医院|卫生院|委员会|管委会|人民政府|管理局|公安局|监狱|部队|协会|学会|基金会"
    r"|检测中心|推广站|实验站|设计院|出版社|博物馆|图书馆|幼儿园|党校)$"
)
_PERSON: Final = re.compile(r"^[一-鿿]{2,4}$|^[一-鿿]{2,6}·[一-鿿·]{2,12}$")
_LATIN_PERSON: Final = re.compile(r"^[A-Za-z][A-Za-z.\-' ]+$")
_COMPANY: Final = re.compile(r"公司|厂|店|行|社|集团|企业|合伙|中心|院|所|局|部|馆|站|场|坊|铺|超市|酒楼|饭店|宾馆")
_LATIN_COMPANY: Final = re.compile(
    r"\b(?:co|ltd|inc|llc|corp|gmbh|plc|sa|ag|kk|company|limited|group)\b", re.IGNORECASE
)


@cache
def _trade() -> re.Pattern[str]:
    """Return what firms do, as it stands at the end of a name's body: words of `trade_words.csv`, one after another."""
    words = pd.read_csv(paths.REFERENCE / "trade_words.csv", dtype="str", encoding="utf-8")["word"]
    return re.compile(f"(?:{'|'.join(sorted(words, key=len, reverse=True))})+$")


class Parts(NamedTuple):
    """A company's name taken apart.

    `key`: the name for comparison without its brackets; `region`: division code, empty where none is named; `within`:
    code of the widest place named before it (福建 in 福建省泉州市); `body`: the name without region and kind;
    `brand`: the body with the place before it, where that place, a small city without 市, may be a brand (东方), else
    empty; `stem`: the body without what the firm does; `form`: kind of firm, empty where none is named; `branch`:
    whether it is a branch office, whose `body` is that of its firm.
    """

    key: str
    region: str
    within: str
    body: str
    brand: str
    stem: str
    form: str
    branch: bool


@cache
def _simplified() -> dict[int, str]:
    """Return traditional character -> simplified one, character by character."""
    convert = OpenCC("t2s").convert
    blocks = [*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000), *range(0x20000, 0x2A6E0)]
    text = "".join(map(chr, blocks))
    # A line break between any two keeps the converter from reading them as a word.
    changed = convert("\n".join(text)).split("\n")
    return {ord(old): new for old, new in zip(text, changed, strict=True) if old != new and len(new) == 1}


def normalised(names: pd.Series) -> pd.Series:
    """Return names in one spelling: width, case, brackets, blanks, signs, simplified characters; missing stays missing.

    Notes
    -----
    All names go through as one text, which is many times faster than one by one. NFKC folds full-width forms and
    compatibility characters. Traditional to simplified is for comparison only: 乾照 becomes 干照.
    """
    known = names.notna()
    text = "\n".join(names[known].astype("str").str.replace("\n", " ").to_numpy(dtype=object))
    text = unicodedata.normalize("NFKC", text).translate({ord("【"): "(", ord("】"): ")", ord("["): "(", ord("]"): ")"})
    text = _FORMERLY.sub("", _SIGNS.sub("", text.upper().translate(_simplified())))
    made = pd.Series(text.split("\n") if known.any() else [], index=names.index[known], dtype="object")
    return made.reindex(names.index)


def without_brackets(normal: pd.Series) -> pd.Series:
    """Return normalised names without brackets, the key by which two names are one; missing stays missing."""
    return normal.str.replace(r"[()]", "", regex=True)


def parse(name: str) -> Parts:
    """Take a normalised name apart."""
    branch = BRANCH.search(name)
    if branch:
        name = name[: branch.start("place")]
    region, within, plain = "", "", name
    if "(" in name or ")" in name:
        for text in _BRACKETS.findall(name):
            region = region or regions.named(text)
        plain = _BRACKETS.sub(lambda found: "" if regions.named(found[1]) else found[1], name)
        plain = plain.replace("(", "").replace(")", "")
        within = region
    form = FORM.search(plain)
    body = plain[: form.start()] if form else plain
    kind = FORMS[form[1]] if form else ""
    widest, leading, at = regions.leading(body) if len(body) > 2 else ("", "", 0)
    brand = ""
    # A body of a place alone (上海有限公司) is no stem.
    if at and len(body) - at >= 2:
        if widest == leading and len(leading) == regions.COUNTY_DIGITS and body[at - 1] not in "市县区旗":
            brand = body
        body = body[at:]
        if not region or (regions.compatible(region, leading) and len(leading) > len(region)):
            region, within = leading, widest
    trade = _trade().search(body, 2)
    stem = body[: trade.start()] if trade else body
    key = name.replace("(", "").replace(")", "")
    return Parts(key, region, within, body, brand, stem, kind, bool(branch))


def parts_of(normal: pd.Series) -> pd.DataFrame:
    """Return the parts of normalised names, one row a name, columns as `Parts`; missing names have empty parts."""
    codes, unique = pd.factorize(normal, use_na_sentinel=True)
    table = pd.DataFrame([parse(name) for name in unique], columns=list(Parts._fields))
    empty = pd.DataFrame([Parts("", "", "", "", "", "", "", False)], columns=list(Parts._fields))
    return pd.concat([table, empty], ignore_index=True).iloc[codes].set_axis(normal.index)


def applicants(printed: str) -> list[str]:
    """Split a cell that names several applicants (；;、,); blanks around them go, empty ones too."""
    return [part.strip() for part in SEPARATORS.split(printed) if part.strip()]


def non_firm(name: str) -> str:
    """Return `person` or `institution` for an applicant that is no firm, else an empty text.

    Notes
    -----
    Two to four Chinese characters without a word for a firm are a person; a short form of a firm (恒安) looks the same,
    so that what matches the register is never asked. Universities, institutes, hospitals and offices are institutions.
    """
    plain = name.strip()
    if _INSTITUTIONS.search(re.sub(r"[()（）\s]", "", plain)):
        return "institution"
    if _PERSON.match(plain) and not _COMPANY.search(plain):
        return "person"
    if _LATIN_PERSON.match(plain) and " " in plain and not _LATIN_COMPANY.search(plain):
        return "person"
    return ""
