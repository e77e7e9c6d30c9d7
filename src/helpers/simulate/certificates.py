"""Certificates as spells with re-recognition, and publicly funded R&D projects."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.params.model import Calibration
from helpers.simulate.draws import AS_OF, add_months, days_between, in_days, numbered, pick, stream, year_of
from helpers.simulate.firms import Population

HIGH_TECH = "高新技术企业"
HIGH_TECH_FIRMS, LAPSED_FIRMS = 75, 14
# Type, level, counted as, certificates valid at the end, months of validity.
OTHERS = (
    ("省科技小巨人", "省级", "家", 16, 36),
    ("专精特新中小企业", "省级", "家", 13, 36),
    ("国家知识产权优势企业", "国家级", "家", 2, 36),
    ("单项冠军产品", "国家级", "项", 2, 36),
    ("工程研究中心", "国家级", "项", 1, 72),
    ("CNAS认可实验室", "国家级", "项", 1, 72),
    ("企业技术中心", "省级", "项", 9, 48),
    ("企业技术中心", "市级", "项", 14, 48),
    ("知识产权示范企业", "市级", "家", 6, 36),
    ("创新型中小企业", "省级", "家", 20, 36),
)


@dataclass(frozen=True)
class Awards:
    """Years of the first and last high-tech recognition of the firms of the base (0 if never), and those outside it."""

    first: np.ndarray
    last: np.ndarray
    outside: np.ndarray
    """Rows of `enterprises` of recognised firms outside the base."""


def awards(seed: int, people: Population, readings: Calibration) -> Awards:
    """Choose who is a high-tech firm and since when: the stronger, mostly industrial, at least a year old."""
    rng = stream(seed, "awards")
    base = people.base
    founded = year_of(base["founded_on"].to_numpy())
    score = (
        base["strength"].to_numpy()
        + 0.5 * rng.standard_normal(len(base))
        - 2.2 * (base["sector"] != "industrial").to_numpy()
    )
    score = np.where((founded <= 2018) & ~base["left"].to_numpy(), score, -np.inf)
    order = np.argsort(-score)
    inside = HIGH_TECH_FIRMS - readings.high_tech_outside
    held, lapsed = order[:inside], order[inside : inside + LAPSED_FIRMS]
    first, last = np.zeros(len(base), dtype=int), np.zeros(len(base), dtype=int)
    last[held] = rng.choice([2020, 2021, 2022], inside, p=[0.36, 0.32, 0.32])
    last[lapsed] = rng.integers(2013, 2019, len(lapsed))
    last[lapsed] = np.maximum(last[lapsed], founded[lapsed] + 1)
    lapsed = lapsed[last[lapsed] > 2019]
    last[lapsed] = 0
    renewals = np.minimum(
        rng.choice([0, 1, 2, 3], len(base), p=[0.3, 0.32, 0.26, 0.12]),
        np.maximum(last - np.maximum(founded + 1, 2010), 0) // 3,
    )
    first = np.where(last > 0, last - 3 * renewals, 0)
    tail = people.enterprises.iloc[len(base) :]
    fits = (tail["kind"] == "firm") & tail["operating"] & (tail["founded_on"] < np.datetime64("2018-01-01"))
    outside = len(base) + rng.permutation(np.flatnonzero(fits.to_numpy()))[: readings.high_tech_outside]
    return Awards(first, last, outside)


def certifications(seed: int, people: Population, held: Awards) -> pd.DataFrame:
    """Return the table `certifications`: each award a row of its own, re-recognition included."""
    rng = stream(seed, "certificates")
    rows = [
        (firm, year) for firm in np.flatnonzero(held.last) for year in range(held.first[firm], held.last[firm] + 1, 3)
    ]
    rows += [(firm, 2021) for firm in held.outside]
    firm, year = np.array(rows).T
    first_batch = rng.random(len(year)) < 0.7
    issued = np.where(first_batch, _dates(year, 10, 11), _dates(year, 11, 13))
    codes = people.enterprises["uscc"].to_numpy(dtype=object)
    high_tech = pd.DataFrame(
        {
            "cert_no": [
                f"GR{y}35{number:06d}" for y, number in zip(year, 1_003 + 7 * np.arange(len(year)), strict=True)
            ],
            "uscc": codes[firm],
            "cert_type": HIGH_TECH,
            "level": "国家级",
            "counted_as": "家",
            "issued_on": issued,
            "valid_to": add_months(issued, 36),
            "batch": [f"{y}年第{'一' if b else '二'}批" for y, b in zip(year, first_batch, strict=True)],
        }
    )
    sheets = [high_tech]
    strong = np.argsort(-(people.base["strength"].to_numpy()[: people.analysable]))
    industrial = strong[(people.base["sector"].to_numpy()[strong] == "industrial")]
    for kind, level, unit, count, months in OTHERS:
        chosen = industrial[np.sort(rng.permutation(min(4 * count + 6, len(industrial)))[:count])]
        issued = days_between(rng, np.datetime64("2020-08-03"), np.datetime64("2022-12-20"), count)
        founded = people.base["founded_on"].to_numpy().astype("datetime64[D]")[chosen]
        # Some hold it for the second time; the first has run out.
        before = add_months(issued, -months) - in_days(20)
        earliest = np.maximum(founded + in_days(365), np.datetime64("2012-01-01"))
        renewed = (rng.random(count) < 0.35) & (before > earliest)
        for place, on in ((chosen, issued), (chosen[renewed], before[renewed])):
            sheets.append(
                pd.DataFrame(
                    {
                        "uscc": codes[place], "cert_type": kind, "level": level, "counted_as": unit, "issued_on": on,
                        "valid_to": add_months(on, months), "batch": [f"{y}年度" for y in year_of(on)],
                    }
                )
            )  # fmt: skip
    sheet = pd.concat(sheets, ignore_index=True)
    others = sheet["cert_no"].isna()
    sheet.loc[others, "cert_no"] = numbered("ZS", int(others.sum()), 5)
    valid = sheet["valid_to"].to_numpy() > AS_OF
    return sheet.assign(status=np.where(valid, "有效", "到期"))


def _dates(year: np.ndarray, month: int, day: int) -> np.ndarray:
    months = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + np.timedelta64(month, "M")
    return months.astype("datetime64[D]") + in_days(day)


def rd_projects(seed: int, people: Population) -> pd.DataFrame:
    """Draw funded projects: the stronger firms have more of them."""
    rng = stream(seed, "rd projects")
    level = np.exp(0.9 * people.base["strength"].to_numpy()[: people.analysable])
    level = level * np.where(people.base["sector"].to_numpy()[: people.analysable] == "industrial", 1.0, 0.1)
    size = 190
    firm = rng.choice(people.analysable, size, p=level / level.sum())
    founded = year_of(people.base["founded_on"].to_numpy()[firm])
    year = np.maximum(rng.integers(2013, 2024, size), np.minimum(founded + 1, 2023))
    rank = pick(rng, ["国家级", "省级", "市级"], size, [0.04, 0.36, 0.6])
    money = pd.Series(rank).map({"国家级": 180.0, "省级": 45.0, "市级": 15.0}).to_numpy() * np.exp(
        rng.normal(0, 0.4, size)
    )
    done = np.where(year >= 2021, "在研", pick(rng, ["通过", "未通过"], size, [0.93, 0.07]))
    return pd.DataFrame(
        {
            "project_no": [f"{y}KJ{number:04d}" for y, number in zip(year, range(1, size + 1), strict=True)],
            "uscc": people.base["uscc"].to_numpy()[firm],
            "level": rank,
            "year": year,
            "grant": np.round(money, 1),
            "accepted": done,
        }
    )
