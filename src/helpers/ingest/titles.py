"""Titles and headers as offices write them: what a header's brackets say, whose title a name is, what is never read."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from helpers.codebook import Codebook, Table
from helpers.codebook.model import fold

_BRACKETS = re.compile(r"[(\[{【〔][^()\[\]{}【】〔〕]*[)\]}】〕]")
_MARKS = re.compile(r"[\W_]+")
_MONEY = r"(?:人民币)?(亿元|千万元|百万元|十万元|万元|千元|元)"
_UNIT = re.compile(rf"(?:.*单位)?[:：]?\s*(?:{_MONEY}|(%|百分比))(?:人民币)?")
_UNIT_AT_END = re.compile(rf"[\s:：/,，_-]+(?:{_MONEY}|(%))$")
_COUNTED = (
    "[人个件项家户次名套台册篇份处种类岁年月日天时分秒米吨亩倍元]|人次|人天|小时|分钟|工作日|公里|千米|平方米|平米|m2|m²|㎡"
    "|公顷|千克|公斤|‰|%|百分点|个百分点|元/[股人件]|万元/[人件]|万[人件]|美元|万美元"
)
_UNIT_CELL = re.compile(rf"(?:(?:计量)?单位[:：]?)?[(\[【]?(?:{_MONEY}|{_COUNTED})[)\]】]?")
_NO_UNIT = re.compile(r"(?:计量)?单位[:：]?|[-—–/／.]*")
_SHEET_UNIT = re.compile(r"单位\s*[:：]?\s*([^()（）\s]{1,20})")
_DECORATION = re.compile(
    r"\(.*?\)|\[.*?\]|【.*?】|\d+年\d*月?\d*日?|\d+|版$|最终|汇总|导出|副本|v\d+|copy|final|export"
)

_PERSONAL = re.compile(
    "姓名|身份证|证件号|公民身份|护照|手机|移动电话|联系电话|联系方式|联系人(?:姓名|电话)?$|住址|家庭地址|出生日期|出生年月"
    "|银行卡|银行账号|微信|法定代表人|法人代表|^法人$|负责人$|经办人$|照片"
    "|idcard|identitycard|idnumber|nationalid|passport|mobile|cellphone|phonenumber|telephone|homeaddress|fullname"
    "|personname|dateofbirth|birthday|birthdate|contactperson|legalrepresentative|wechat"
)
_PERSONAL_OF_PERSONS = re.compile(
    "名字|^姓$|电话|地址|邮箱|邮件|籍贯|民族|^name$|^name(?:zh|en|cn)$|phone|address|email|ethnic"
)


class Header(NamedTuple):
    """A header cell: how it is compared, in order of trust, and the unit that it states."""

    keys: tuple[str, ...]
    unit: str | None


@lru_cache(maxsize=1 << 16)
def read_header(text: str) -> Header:
    r"""Return how a header is compared with the codebook's, and its unit.

    `营业收入（万元）`, `营业收入\n(万元)` and `营业收入/万元` give the key `营业收入` and the unit 万元;
    `*企业名称：` gives the key `企业名称`.
    """
    narrow = unicodedata.normalize("NFKC", text).strip()
    unit = next((found for bracket in _BRACKETS.findall(narrow) if (found := _unit(bracket[1:-1]))), None)
    bare = _BRACKETS.sub("", narrow)
    at_end = _UNIT_AT_END.search(bare)
    if at_end:
        unit = unit or next(filter(None, at_end.groups()))
        bare = bare[: at_end.start()]
    keys = (fold(narrow), _MARKS.sub("", fold(narrow)), fold(bare), _MARKS.sub("", fold(bare)))
    return Header(tuple(dict.fromkeys(key for key in keys if key)), unit)


def sheet_unit(lines: Iterable[str]) -> str | None:
    """Return the unit of money that rows above the header state for the whole sheet (单位：万元)."""
    found = {
        unit
        for line in lines
        for note in _SHEET_UNIT.findall(unicodedata.normalize("NFKC", line))
        for part in re.split("[、,，;；/和及]", note)
        if (unit := _unit(part)) and unit != "%"
    }
    return found.pop() if len(found) == 1 else None


def is_unit_row(row: Iterable[str]) -> bool:
    """Whether a row below the header says in what its columns are counted (万元, 个) and nothing else."""
    cells = ["".join(unicodedata.normalize("NFKC", text).split()) for text in row]
    filled = [cell for cell in cells if not _NO_UNIT.fullmatch(cell)]
    return bool(filled) and all(_UNIT_CELL.fullmatch(cell) for cell in filled)


def is_forbidden(text: str, table: Table) -> bool:
    """Whether a column under this header is about a person's identity and must not be read at all."""
    return any(
        _PERSONAL.search(key) or (table.is_restricted and _PERSONAL_OF_PERSONS.search(key))
        for key in read_header(text).keys
    )


def titled(name: str, codebook: Codebook) -> Table | None:
    """Return the table whose title a name is, apart from years, numbers and brackets; else None."""
    narrow = unicodedata.normalize("NFKC", name).casefold()
    wanted = {_MARKS.sub("", fold(narrow)), _MARKS.sub("", fold(_DECORATION.sub("", narrow)))} - {""}
    for table in codebook.tables.values():
        titles = {_MARKS.sub("", fold(title)) for title in table.titles}
        titles |= {f"{title}表" for title in titles}
        if wanted & titles:
            return table
    return None


def _unit(text: str) -> str | None:
    match = _UNIT.fullmatch(text.strip())
    return next(filter(None, match.groups())) if match else None
