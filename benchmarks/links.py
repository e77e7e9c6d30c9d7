"""How well and how fast names find their firm: real or made names, spoilt in known ways, linked back.

Prints JSON. Run as `python -m benchmarks.links NAMES_FILE` (a CSV whose first column holds full names) or
`python -m benchmarks.links --made COUNT`.
"""

import csv
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from opencc import OpenCC
from pypinyin import lazy_pinyin
from statsmodels.stats.proportion import proportion_confint

from benchmarks.measure import Stages
from helpers.link import names, regions
from helpers.link.cascade import link

SEED = 20230710
# Of all names so many are the register; the others stand for firms that are not in it.
IN_REGISTER, WAYS_A_NAME, OTHER_REGIONS = 0.75, 3, 0.25
_FORM = re.compile(r"(股份有限公司|有限责任公司|有限公司|股份公司)$")


class Spoiler:
    """Spoils names in the ways in which they are printed: each way takes a name and gives another one, or None."""

    def __init__(self, all_names: list[str], seed: int) -> None:
        self.rng = random.Random(seed)
        self.characters = sorted({sign for name in all_names for sign in name if "一" <= sign <= "鿿"})
        self.alike: dict[str, list[str]] = {}
        for sign in self.characters:
            self.alike.setdefault(lazy_pinyin(sign)[0], []).append(sign)
        self.traditional = OpenCC("s2t").convert
        self.cities = [name for name, code in regions.places().items() if len(code) == 4 and len(name) in (2, 3)]
        self.ways: dict[str, Callable[[str], str | None]] = {
            "width": lambda name: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name) + "　",
            "blank": lambda name: name[:3] + " " + name[3:],
            "traditional": self.traditional,
            "kind of firm": self.other_form,
            "kind left out": lambda name: _FORM.sub("", name) if _FORM.search(name) else None,
            "region left out": self.without_region,
            "province put before": self.with_province,
            "homophone": self.homophone,
            "two swapped": self.swapped,
            "one left out": self.dropped,
            "slip in the kind": self.slip_in_form,
            "region and kind": lambda name: self.other_form(self.without_region(name) or "x"),
            "any character": self.replaced,
        }

    def inside(self, name: str) -> tuple[int, int]:
        """Return where the body of a name begins and ends."""
        form = _FORM.search(name)
        return regions.leading(name)[2], form.start() if form else len(name)

    def other_form(self, name: str) -> str | None:
        """Return the name under another kind of firm."""
        form = _FORM.search(name)
        return name[: form.start()] + ("有限公司" if "股份" in form[1] else "股份有限公司") if form else None

    def without_region(self, name: str) -> str | None:
        """Return the name without the place before it."""
        start, end = self.inside(name)
        return name[start:] if start and end - start >= 4 else None

    def with_province(self, name: str) -> str | None:
        """Return the name with the province before its city."""
        code = regions.leading(name)[1]
        if len(code) != 4 or code[:2] in ("11", "12", "31", "50"):
            return None
        return next(place for place, own in regions.places().items() if own == code[:2]) + name

    def homophone(self, name: str) -> str | None:
        """Replace a character of the body by one that sounds alike."""
        at = self.rng.randrange(*self.inside(name))
        others = [sign for sign in self.alike.get(lazy_pinyin(name[at])[0], []) if sign != name[at]]
        return name[:at] + self.rng.choice(others) + name[at + 1 :] if others else None

    def swapped(self, name: str) -> str | None:
        """Swap two neighbours of the body."""
        start, end = self.inside(name)
        at = self.rng.randrange(start, end - 1) if end - start > 2 else 0
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :] if name[at] != name[at + 1] else None

    def dropped(self, name: str) -> str | None:
        """Leave a character of the body out."""
        start, end = self.inside(name)
        at = self.rng.randrange(start, end)
        return name[:at] + name[at + 1 :] if end - start > 2 else None

    def slip_in_form(self, name: str) -> str | None:
        """Leave a character of the kind of firm out."""
        form = _FORM.search(name)
        at = self.rng.randrange(form.start(), len(name)) if form else 0
        return name[:at] + name[at + 1 :] if form else None

    def replaced(self, name: str) -> str | None:
        """Replace a character of the body by any other."""
        at = self.rng.randrange(*self.inside(name))
        return name[:at] + self.rng.choice(self.characters) + name[at + 1 :]

    def elsewhere(self, name: str) -> str | None:
        """Return the same brand in another city: another firm."""
        start, code = self.inside(name)[0], regions.leading(name)[1]
        others = [city for city in self.cities if not regions.compatible(regions.places()[city], code)]
        return self.rng.choice(others) + name[start:] if start and others else None


def made(count: int) -> list[str]:
    """Return made names: a city, three characters, what the firm does, its kind."""
    rng = random.Random(SEED)
    cities = [name for name, code in regions.places().items() if len(code) == 4 and len(name) in (2, 3)]
    signs = "恒安华兴瑞达金新鑫源盛宏隆泰永康福顺德嘉诚信和美佳丰裕祥天宇海洋龙凤飞腾跃升光明辉煌通联创智慧云星木森江"
    trades = ["纸业", "科技", "电子", "机械制造", "贸易", "新材料", "生物科技", "服饰", "鞋业", "食品", "环保"]
    forms = ["有限公司", "有限公司", "有限公司", "股份有限公司"]
    found = {
        rng.choice(cities) + "".join(rng.choices(signs, k=3)) + rng.choice(trades) + rng.choice(forms)
        for _ in range(count)
    }
    return sorted(found)


Asked = tuple[str, str | None, str]
"""A name as printed, the registered name it stands for (None: not in the register), and how it was spoilt."""


def made_set(full: list[str]) -> tuple[list[str], list[Asked]]:
    """Return the names of the register and those to be linked back to it."""
    rng = random.Random(SEED)
    full = sorted(set(full))
    rng.shuffle(full)
    members, outside = full[: int(IN_REGISTER * len(full))], full[int(IN_REGISTER * len(full)) :]
    spoiler = Spoiler(full, SEED)
    asked: list[Asked] = [(name, None, "not in the register") for name in outside]
    for name in members:
        for way in rng.sample(list(spoiler.ways), WAYS_A_NAME):
            spoilt = spoiler.ways[way](name)
            if spoilt and spoilt not in full:
                asked.append((spoilt, name, way))
    for name in rng.sample(members, int(OTHER_REGIONS * len(members))):
        if other := spoiler.elsewhere(name):
            asked.append((other, None, "brand of another region"))
    rng.shuffle(asked)
    return members, asked


def linked_back(full: list[str]) -> dict:
    """Spoil names, link them back, and count what is right."""
    members, asked = made_set(full)
    timed = Stages()
    register, records = pd.DataFrame({"name": members}), pd.DataFrame({"name": [name for name, _, _ in asked]})
    found = timed("link", lambda: link(register, records))
    timed("exact names alone", lambda: records.assign(key=names.normalised(records["name"])).merge(
        register.assign(key=names.normalised(register["name"])), on="key"))  # fmt: skip
    return {"stages": timed.costs, "firms": len(members), "names": len(asked), **scored(found, asked)}


def scored(found: pd.DataFrame, asked: list[Asked]) -> dict:
    """Return how often links are right and how many names are linked, by the way in which they were spoilt.

    Parameters
    ----------
    found : DataFrame
        As `cascade.link` returns it: `right_row`, `left_name`, `decision`.
    asked : list of Asked
        By `right_row`.
    """
    linked = found[found["decision"] == "match"].set_index("right_row")["left_name"]
    doubtful = found[found["decision"] == "review"].groupby("right_row")["left_name"].agg(set)
    ways: dict[str, Counter] = {}
    for place, (_, truth, way) in enumerate(asked):
        if place in linked.index:
            outcome = "right" if linked[place] == truth else "wrong"
        elif place in doubtful.index:
            outcome = "review, right one among them" if truth in doubtful[place] else "review"
        else:
            outcome = "none"
        ways.setdefault(way, Counter())[outcome] += 1
    total = sum(ways.values(), Counter())
    true = sum(1 for _, truth, _ in asked if truth)
    right, wrong, helped = total["right"], total["wrong"], total["review, right one among them"]
    low, high = proportion_confint(right, right + wrong, method="wilson")
    other = ways.get("brand of another region", Counter())
    return {
        "precision": right / (right + wrong), "precision_low": float(low), "precision_high": float(high),
        "recall": right / true, "recall_with_review": (right + helped) / true,
        "review_share": (helped + total["review"]) / len(asked),
        "other_region_linked": other["wrong"] / max(1, sum(other.values())), "ways": ways,
    }  # fmt: skip


def first_column(path: Path) -> list[str]:
    """Return the first column of a CSV without its header."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [row[0] for row in list(csv.reader(stream))[1:] if row]


def given_names(arguments: list[str]) -> list[str]:
    """Return the names that a command line asks for: a file, or `--made COUNT`."""
    return made(int(arguments[1])) if arguments[0] == "--made" else first_column(Path(arguments[0]))


if __name__ == "__main__":
    print(json.dumps(linked_back(given_names(sys.argv[1:]))))
