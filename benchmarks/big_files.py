"""Raw files of a benchmark: a register of enterprises and a patent list as an office exports them, at any size.

Both are UTF-8 CSV with Chinese headers and the dirt of real exports at about one cell in a hundred: full-width,
lower-case and padded codes, codes that a spreadsheet broke, four ways to write a date and three to write a patent
number, unknown categories, units in cells, repeated rows, rows that contradict another of the same key, references to
nobody. Run as `python -m benchmarks.big_files FOLDER ENTERPRISES PATENTS
[ENCODING]`.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.codebook import uscc

PIECE = 3_000_000
REGISTER, PATENTS = "企业名册.csv", "专利.csv"
LETTERS = np.array(list(uscc.ALPHABET))
STEMS = np.array(list("安邦昌达恒丰福海宏华嘉金凯立隆美明诺鹏千瑞盛泰万祥欣兴亚益永宇源远云泽振正中"))
TRADES = np.array(["鞋业", "服装", "纺织", "机械", "电子", "食品", "建材", "贸易", "物流", "包装"])
TYPES = np.array(["发明", "实用新型", "外观设计"])
DATE_FORMS = ("{0}年{1}月{2}日", "{0}/{1}/{2}", "{0}{1}{2}")
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def write(
    folder: Path, *, enterprises: int, patents: int, seed: int = 1, encoding: str = "utf-8", piece: int = PIECE
) -> None:
    """Write `企业名册.csv` and `专利.csv` into `folder`, at most `piece` rows at a time: no size is too large."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    codes = []
    with (folder / REGISTER).open("w", encoding=encoding, newline="") as stream:
        for first, size in _pieces(enterprises, piece):
            register = _register(rng, size, first)
            codes.append(register["统一社会信用代码"].to_numpy(dtype="S18"))
            _soil_register(rng, register).to_csv(stream, index=False, header=first == 0, lineterminator="\n")
    owners = np.concatenate(codes)
    with (folder / PATENTS).open("w", encoding=encoding, newline="") as stream:
        for first, size in _pieces(patents, piece):
            filed = _patents(rng, size, first, owners)
            _soil_patents(rng, filed).to_csv(stream, index=False, header=first == 0, lineterminator="\n")


def _pieces(size: int, piece: int) -> Iterator[tuple[int, int]]:
    return ((first, min(piece, size - first)) for first in range(0, size, piece))


def _codes(rng: np.random.Generator, size: int, begin: int) -> np.ndarray:
    serial = np.char.zfill((begin + rng.permutation(size)).astype("U9"), 9)
    noise = LETTERS[rng.integers(0, len(LETTERS), size=(size, 2))]
    first = np.char.add(np.char.add(np.char.add("913505", noise[:, 0]), noise[:, 1]), serial).astype(object)
    return (first + uscc.check_digits(list(first)).astype(object)).astype(object)


def _dates(rng: np.random.Generator, size: int, first: str, last: str) -> np.ndarray:
    start, end = np.datetime64(first), np.datetime64(last)
    return start + rng.integers(0, (end - start).astype(int), size).astype("timedelta64[D]")


def _register(rng: np.random.Generator, size: int, begin: int) -> pd.DataFrame:
    stem = STEMS[rng.integers(0, len(STEMS), size=(size, 3))]
    name = "泉州" + pd.Series(stem[:, 0]) + stem[:, 1] + stem[:, 2] + TRADES[rng.integers(0, 10, size)] + "有限公司"
    gone = rng.random(size) < 0.15
    founded = _dates(rng, size, "1995-01-01", "2020-12-31")
    left = np.datetime_as_string(founded + rng.integers(400, 900, size).astype("timedelta64[D]"))
    return pd.DataFrame(
        {
            "统一社会信用代码": _codes(rng, size, begin),
            "企业名称": name,
            "成立日期": np.datetime_as_string(founded).astype(object),
            "登记状态": np.where(gone, "注销", "存续"),
            "注销或迁出日期": np.where(gone, left, "").astype(object),
            "登记注册类型": rng.choice(
                np.array(["私营有限", "个体工商户", "外商", "港澳台商"]), size, p=[0.5, 0.4, 0.05, 0.05]
            ),
            "控股情况": rng.choice(np.array(["私人控股", "外商控股", "国有控股"]), size, p=[0.9, 0.07, 0.03]),
            "行业代码": np.char.zfill(rng.integers(111, 5300, size).astype("U4"), 4).astype(object),
            "规上标识": rng.choice(np.array(["规上工业", "限上批零", "否"]), size, p=[0.01, 0.01, 0.98]),
            "正常经营": np.where(gone, "否", "是"),
        }
    )


def _patents(rng: np.random.Generator, size: int, begin: int, codes: np.ndarray) -> pd.DataFrame:
    kind = rng.choice(3, size, p=[0.25, 0.4, 0.35])
    filed = _dates(rng, size, "2013-01-01", "2022-12-31")
    year = np.datetime_as_string(filed, unit="Y")
    serial = np.char.zfill(((begin + rng.permutation(size)) % 10**7).astype("U7"), 7)
    number = np.char.add(np.char.add(year, np.array(["1", "2", "3"])[kind]), serial).astype(object)
    owner = codes[rng.integers(0, len(codes), size)].astype("U18").astype(object)
    return pd.DataFrame(
        {
            "申请号": number,
            "专利类型": TYPES[kind],
            "申请人代码": owner,
            "申请日": np.datetime_as_string(filed).astype(object),
            "授权公告日": np.datetime_as_string(filed + np.timedelta64(240, "D")).astype(object),
            "法律状态": rng.choice(np.array(["有效", "失效", "审中"]), size),
            "发明人数": rng.integers(1, 9, size).astype("U2").astype(object),
        }
    ).drop_duplicates("申请号", ignore_index=True)


def _check_digit(number: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(number, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True))
    return "0123456789X"[total % 11]


def _soil_register(rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    soiled = _Soiled(rng, table)
    soiled.edit("统一社会信用代码", 0.005, str.lower)
    soiled.edit("统一社会信用代码", 0.005, lambda text: f" {text}　")
    soiled.edit("统一社会信用代码", 0.002, lambda text: text.translate(FULL_WIDTH))
    soiled.edit("统一社会信用代码", 0.001, lambda text: "9.135E+17")
    soiled.edit("企业名称", 0.01, lambda text: f"{text} ")
    soiled.edit_dates("成立日期", 0.012)
    soiled.edit("登记状态", 0.005, lambda text: f"{text} ")
    soiled.edit("登记注册类型", 0.001, lambda text: "其他")
    soiled.edit("行业代码", 0.002, lambda text: text.removeprefix("0"))
    return soiled.with_repeats("企业名称", lambda text: text.replace("有限公司", "股份有限公司"))


def _soil_patents(rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    soiled = _Soiled(rng, table)
    soiled.edit("申请号", 0.02, lambda text: f"{text}.{_check_digit(text)}")
    soiled.edit("申请号", 0.02, lambda text: f"CN{text}")
    soiled.edit("申请人代码", 0.005, str.lower)
    soiled.edit("申请人代码", 0.002, lambda text: text.translate(FULL_WIDTH))
    soiled.edit("申请人代码", 0.02, lambda text: "")
    soiled.edit("申请人代码", 0.01, lambda text: "91350500MA00000000")
    soiled.edit_dates("申请日", 0.012)
    soiled.edit("法律状态", 0.002, lambda text: "其他")
    soiled.edit("发明人数", 0.005, lambda text: f"{text}人")
    return soiled.with_repeats("法律状态", lambda text: "驳回")


class _Soiled:
    """A table as text into which faults are put, each at a share of the rows drawn anew."""

    def __init__(self, rng: np.random.Generator, table: pd.DataFrame) -> None:
        self.rng = rng
        self.cells = {name: table[name].to_numpy(dtype=object).copy() for name in table}
        self.size = len(table)

    def edit(self, column: str, share: float, change: Callable[[str], str]) -> None:
        cells = self.cells[column]
        for place in self._rows(share):
            cells[place] = change(cells[place])

    def edit_dates(self, column: str, share: float) -> None:
        for form in DATE_FORMS:
            self.edit(
                column, share / len(DATE_FORMS),
                lambda text, form=form: form.format(*text.split("-")) if text.count("-") == 2 else text,
            )  # fmt: skip

    def with_repeats(self, column: str, change: Callable[[str], str]) -> pd.DataFrame:
        """Return the table with rows repeated at its end: 2 in 1,000 as they are, 1 in 1,000 with another `column`."""
        whole = pd.DataFrame(self.cells)
        twins, clashes = whole.iloc[self._rows(0.002)], whole.iloc[self._rows(0.001)]
        return pd.concat([whole, twins, clashes.assign(**{column: clashes[column].map(change)})], ignore_index=True)

    def _rows(self, share: float) -> np.ndarray:
        return np.flatnonzero(self.rng.random(self.size) < share)


if __name__ == "__main__":
    firms, filings = map(int, sys.argv[2:4])
    write(Path(sys.argv[1]), enterprises=firms, patents=filings, encoding=(sys.argv[4:] or ["utf-8"])[0])
    print(json.dumps({}))
