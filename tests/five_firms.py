"""Six hand-made enterprises with a dozen patents, certificates and organisations; the tests' numbers come from here.

Extract on 2023-06-30. Firm A is large and old, B trades and has a code with a wrong check digit, C was deregistered in
September 2018, D is state-controlled, E a household, F is new and alone in its grid.
"""

from datetime import date
from pathlib import Path

import pandas as pd
from ibis.config import Config

from helpers.codebook.uscc import check_digit


class SparkOptions(Config):
    """What ibis sets when it connects to Spark, and its compiler asks for although compiling needs no connection."""

    treat_nan_as_null: bool = False


EXTRACT_ON = date(2023, 6, 30)


def _code(letter: str) -> str:
    first = f"91350500MA2{letter}00000"[:17].ljust(17, "0")
    return first + check_digit(first)


A, C, D, E, F, OUTSIDE = (_code(letter) for letter in "ACDEFX")
_B = _code("B")
B = _B[:17] + ("0" if _B[17] != "0" else "1")
DAMAGED = "9.135E+17"


def _dated(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return frame.assign(**{name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in columns})


def enterprises() -> pd.DataFrame:
    columns = (
        "uscc name_zh founded_on status exit_on reg_type control_type industry_code above_scale scale_since grid_id"
    )
    rows = [
        (
            A,
            "甲（泉州）科技股份有限公司",
            "2010-05-01",
            "存续",
            None,
            "私营有限",
            "私人控股",
            "3922",
            "规上工业",
            2012,
            "G01",
        ),
        (B, "乙贸易有限公司", "2015-03-10", "存续", None, "港澳台商", "港澳台商控股", "5141", "限上批零", 2016, "G01"),
        (
            C,
            "丙鞋业有限责任公司",
            "2012-01-01",
            "注销",
            "2018-09-15",
            "私营有限",
            "私人控股",
            "1954",
            "否",
            2013,
            "G01",
        ),
        (D, "丁水务有限公司", "2000-01-01", "存续", None, "国有控股", "国有控股", "4610", "规上工业", 2005, "G01"),
        (E, "戊小吃店", "2019-01-01", "存续", None, "个体工商户", "私人控股", "6210", "否", None, "G02"),
        (F, "己半导体有限公司", "2021-07-01", "存续", None, "外商", None, "3973", "规上工业", 2022, "G02"),
    ]
    frame = pd.DataFrame(rows, columns=columns.split()).astype({"scale_since": "Int64"})
    frame["above_scale"] = frame["above_scale"].astype("category")
    return _dated(frame, "founded_on", "exit_on")


def patents() -> pd.DataFrame:
    columns = "application_no patent_type applicants_raw uscc filed_on published_on granted_on"
    rows = [
        ("CN202010000001A", "发明", "甲", A, "2020-02-03", "2021-08-10", None),
        ("CN202010000001B", "发明", "甲", A, "2020-02-03", "2022-05-06", "2022-05-06"),
        ("202020000002.X", "实用新型", "甲", A, "2020-05-05", None, "2020-12-01"),
        ("ZL 2020 3 0000003.3", "外观设计", "甲", A, "2020-06-06", None, "2020-11-11"),
        ("202010000004.4", "发明", "甲;乙", A, "2020-07-07", "2022-01-07", None),
        ("202120000005.5", "实用新型", "外地公司", OUTSIDE, "2021-01-15", None, "2021-09-01"),
        ("202210000006.6", "发明", "甲", A, "2022-03-03", None, None),
        ("202220000007.7", "实用新型", "甲", A, "2022-09-09", None, "2023-05-01"),
        ("202220000008.8", "实用新型", "甲", A, "2022-11-11", None, "2023-06-01"),
        ("201710000009.9", "发明", "丙", C, "2017-04-04", "2018-10-04", "2019-10-10"),
        ("201910000010.0", "发明", "丙", C, "2019-04-04", "2020-10-04", None),
        ("202030000011.1", "发明", "乙", B, "2020-08-08", "2022-02-08", None),
        ("202120000012.2", "实用新型", "乙；某大学", B, "2021-02-02", None, "2021-10-10"),
        ("202120000013.3", "实用新型", "无名", None, "2021-03-03", None, "2021-11-11"),
        ("202120000014.4", "实用新型", "损坏", DAMAGED, "2021-03-03", None, "2021-11-11"),
    ]
    frame = _dated(pd.DataFrame(rows, columns=columns.split()), "filed_on", "published_on", "granted_on")
    return frame.assign(source_file="专利.xlsx", source_sheet="Sheet1", source_row=range(2, 2 + len(frame)))


def patent_owners() -> pd.DataFrame:
    columns = "application_no uscc share acquired_by acquired_on"
    rows = [
        ("202010000004.4", A, None, "自主申请", None),
        ("CN202010000004A", B, None, "自主申请", None),
        ("202120000005", OUTSIDE, 1.0, "自主申请", None),
        ("202120000005", B, None, "受让", "2022-03-01"),
    ]
    return _dated(pd.DataFrame(rows, columns=columns.split()), "acquired_on").astype({"share": "float64"})


def certifications() -> pd.DataFrame:
    columns = "cert_no uscc cert_type issued_on valid_to status"
    rows = [
        ("GR201635000001", A, "高新技术企业", "2016-12-01", None, "到期"),
        ("GR201935000001", A, "高新技术企业", "2019-11-20", "2022-11-20", "到期"),
        ("GR202035000002", B, "高新技术企业", "2020-12-05", "2023-12-05", "有效"),
        ("GR201535000003", C, "高新技术企业", "2015-09-01", "2018-09-01", "撤销"),
        ("ZJTX0001", A, "专精特新中小企业", "2021-01-01", "2024-01-01", "有效"),
    ]
    return _dated(pd.DataFrame(rows, columns=columns.split()), "issued_on", "valid_to")


def software_copyrights() -> pd.DataFrame:
    columns = "reg_no uscc title registered_on acquired_by"
    rows = [
        ("2019SR0000001", A, "园区系统V1.0", "2019-01-01", "原始取得"),
        ("2020SR0000002", A, "园区系统 Ｖ2.0", "2020-01-01", "原始取得"),
        ("2020SR0000003", B, "园区系统V1.0", "2020-02-02", "原始取得"),
        ("2021SR0000004", A, "排产软件V1.0", "2021-03-03", "继受取得"),
        ("2021SR0000005", A, None, "2021-04-04", "原始取得"),
    ]
    return _dated(pd.DataFrame(rows, columns=columns.split()), "registered_on")


def party_orgs() -> pd.DataFrame:
    rows = [
        ("O1", "党总支", None, "2017-07-01"),
        ("O2", "联合党支部", None, "2017-03-01"),
        ("O3", "党支部", "O1", "2020-01-01"),
    ]
    frame = pd.DataFrame(rows, columns=["org_id", "org_type", "parent_org_id", "established_on"])
    return _dated(frame.assign(org_name=frame["org_id"], dissolved_on=None), "established_on", "dissolved_on")


def org_coverage() -> pd.DataFrame:
    rows = [
        ("O1", A, "单独组建", "2017-07-01"),
        ("O2", B, "联合组建", "2019-02-01"),
        ("O2", C, "联合组建", "2017-01-01"),
        ("O2", F, "仅工作覆盖", "2021-08-01"),
    ]
    frame = pd.DataFrame(rows, columns=["org_id", "uscc", "coverage_mode", "from_on"])
    return _dated(frame.assign(to_on=None), "from_on", "to_on")


def org_ratings() -> pd.DataFrame:
    rows = [("O1", 2019, 3), ("O1", 2020, 3), ("O1", 2021, 4), ("O2", 2020, 4), ("O2", 2021, 3), ("O2", 2022, 5)]
    frame = pd.DataFrame(rows, columns=["org_id", "year", "stars"])
    rated = [None if (org, year) == ("O2", 2022) else f"{year}-11-30" for org, year, _ in rows]
    frame = frame.assign(**{"class": "达标类", "score_party": 80.0, "score_growth": 60.0}, rated_on=rated)
    return _dated(frame, "rated_on")


def charter_amendments() -> pd.DataFrame:
    rows = [
        (A, "2018-05-05", "保障性"),
        (A, "2020-06-06", "决策性"),
        (A, "2021-01-01", "象征性"),
        (B, "2022-12-31", "象征性"),
    ]
    return _dated(pd.DataFrame(rows, columns=["uscc", "amended_on", "substance"]), "amended_on")


def enterprise_years() -> pd.DataFrame:
    rows = [(A, year, 100, 5000.0, 250.0) for year in range(2016, 2023)]
    rows += [(B, 2020, 50, 0.0, 10.0), (C, 2016, 80, 900.0, None), (D, 2020, 500, 1.0, 1.0)]
    return pd.DataFrame(rows, columns=["uscc", "year", "employees", "revenue", "rd_expense"])


def members() -> pd.DataFrame:
    rows = [
        ("p1", "O1", "2017-07-01", None, "正式", "在岗"),
        ("p2", "O1", "2018-01-01", None, "预备", None),
        ("p3", "O1", "2018-01-01", None, "入党积极分子", "在岗"),
        ("p4", "O1", "2018-01-01", None, "正式", "组织关系不在本区"),
        ("p5", "O3", "2020-02-01", "2021-06-01", "正式", "在岗"),
        ("p6", "O2", "2019-01-01", None, "正式", "在岗"),
    ]
    columns = ["member_pid", "org_id", "from_on", "to_on", "member_type", "roll_status"]
    return _dated(pd.DataFrame(rows, columns=columns), "from_on", "to_on")


def cross_appointments() -> pd.DataFrame:
    rows = [(f"p{n}", A, body, post, "2019-01-01") for n, body, post in (
        (1, "董事会", "书记"), (1, "经理层", "书记"), (2, "中层", "委员"), (5, "技术岗", "无"),
    )]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["member_pid", "uscc", "body", "party_post", "from_on"])
    return _dated(frame.assign(to_on=None), "from_on", "to_on")


def pioneer_units() -> pd.DataFrame:
    frame = pd.DataFrame({"unit_id": ["U1"], "org_id": ["O1"], "set_on": ["2019-05-01"], "ended_on": [None]})
    return _dated(frame, "set_on", "ended_on")


def service_tickets() -> pd.DataFrame:
    repeats = {"T1": None, "T2": "T1", "T3": "T2", "T4": "T9", "T5": "T6", "T6": "T5", "T7": "T5"}
    frame = pd.DataFrame({"ticket_id": list(repeats), "duplicate_of": list(repeats.values()), "uscc": A})
    return _dated(frame.assign(channel="12345", opened_at="2023-01-01"), "opened_at")


OPEN = (
    enterprises, patents, patent_owners, certifications, software_copyrights, party_orgs, org_coverage, org_ratings,
    charter_amendments, enterprise_years, pioneer_units, service_tickets,
)  # fmt: skip
RESTRICTED = (members, cross_appointments)


def write(folder: Path, *, without: tuple[str, ...] = ()) -> Path:
    """Write the tables as reading leaves them and return the run's folder."""
    for layer, tables in (("ingested", OPEN), ("restricted", RESTRICTED)):
        (folder / layer).mkdir(parents=True)
        for table in tables:
            if table.__name__ not in without:
                table().to_parquet(folder / layer / f"{table.__name__}.parquet", index=False)
    return folder
