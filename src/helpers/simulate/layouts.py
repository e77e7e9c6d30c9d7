"""How each table of the zone is laid out in the files that an office sends: one fixed layout a table.

Nothing here is a fault: a title above the header, a header in another word, a unit of thousands, dates with slashes in
a whole column are the office's style, which reading has to cope with at every level of dirt but `none`.
"""

from dataclasses import dataclass, field
from typing import Literal

from helpers.codebook import Column, Table
from helpers.simulate.faults import DateStyle

MOST_SHEET_ROWS = 200_000
"""Above this an office would not use a spreadsheet either: the table is then written as CSV."""

TOTAL = "合计"
_SOURCE = "注：数据截至2023年6月30日，由各填报单位提供。"
_UNIT = "填报单位：园区党群工作部"


@dataclass(frozen=True)
class Layout:
    """The look of one table's file.

    Parameters
    ----------
    kind : {"csv", "xlsx", "parquet"}
    book : str
        Workbook that several tables share, one sheet each; by default a file named after the table.
    encoding, delimiter : str
        Of a CSV file.
    titles : tuple of str
        Rows above the header.
    groups : tuple of (text, first column, last column)
        Upper line of a two-line header, each text merged over its columns.
    synonyms : tuple of str
        Columns under their first synonym instead of their Chinese name.
    units : dict
        Money column -> unit in its header.
    dates : DateStyle
        Look of all dates.
    set_mark : str
        What stands between the members of a set.
    total : bool
        Whether a row of sums stands below the data.
    notes : tuple of str
        Rows below everything.
    """

    kind: Literal["csv", "xlsx", "parquet"] = "csv"
    book: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    titles: tuple[str, ...] = ()
    groups: tuple[tuple[str, str, str], ...] = ()
    synonyms: tuple[str, ...] = ()
    units: dict[str, str] = field(default_factory=dict)
    dates: DateStyle = "iso"
    set_mark: str = "、"
    total: bool = False
    notes: tuple[str, ...] = ()

    @property
    def first_row(self) -> int:
        """Return the 1-based row of the first record; a Parquet file has no row for its header."""
        return 1 if self.kind == "parquet" else len(self.titles) + (2 if self.groups else 1) + 1

    def file(self, table: Table) -> str:
        """Return the name of the table's file."""
        ending = {"csv": ".txt" if self.delimiter == "\t" else ".csv"}.get(self.kind, f".{self.kind}")
        return (self.book or table.name_zh) + ending

    def sheet(self, table: Table) -> str:
        """Return the name of the table's sheet, empty where a file has none."""
        return table.sheet_name if self.kind == "xlsx" else ""

    def unit(self, column: Column) -> str:
        """Return the unit in which a column's numbers are written."""
        return self.units.get(column.name, column.unit)

    def header(self, column: Column) -> str:
        """Return the header of a column, with the unit of money that it states."""
        name = column.synonyms[0] if column.name in self.synonyms and column.synonyms else column.name_zh
        return f"{name}（{self.units[column.name]}）" if column.name in self.units else name


PLAIN = Layout(set_mark=";")

LAYOUTS: dict[str, Layout] = {
    "areas": Layout("xlsx", book="片区与网格", titles=("园区党建片区表",)),
    "grids": Layout("xlsx", book="片区与网格", titles=("园区党建网格表", "（截至2023年6月30日）"), dates="excel"),
    "enterprises": Layout(encoding="gb18030", synonyms=("uscc", "founded_on", "reg_type"), dates="slash"),
    "enterprise_years": Layout(
        encoding="utf-8-sig",
        synonyms=("employees", "revenue"),
        units={
            "revenue": "千元", "core_revenue": "千元", "profit": "千元", "assets": "亿元", "liabilities": "万元",
            "rd_expense": "元", "rd_subsidy": "元", "hitech_revenue": "千元",
        },
    ),
    "party_orgs": Layout(
        "xlsx", titles=("园区非公企业党组织名册", "（截至2023年6月30日）"), dates="excel", notes=(_SOURCE, _UNIT)
    ),
    "org_coverage": Layout(encoding="gbk", dates="dot"),
    "party_groups": Layout("xlsx", book="组织建设台账", dates="excel"),
    "members": Layout("xlsx", titles=("党员信息（脱敏）",), synonyms=("member_type",), dates="dot", notes=(_UNIT,)),
    "secretaries": Layout(encoding="gbk"),
    "org_ratings": Layout(
        "xlsx",
        titles=("党组织分类与评星定级结果",),
        groups=(("评定结果", "class", "stars"), ("得分", "score_party", "score_growth")),
        dates="chinese",
    ),
    "org_brands": Layout("xlsx", book="组织建设台账", titles=("特色党建品牌",), synonyms=("recognised_on",)),
    "cultivation_targets": Layout("xlsx", book="组织建设台账", dates="chinese", notes=(_SOURCE,)),
    "charter_amendments": Layout(delimiter=";", synonyms=("amended_on",)),
    "cross_appointments": Layout("xlsx", titles=("“双向进入、交叉任职”情况表",), dates="excel"),
    "governance_meetings": Layout(delimiter="\t", dates="slash"),
    "policy_liaisons": Layout(encoding="gb18030"),
    "policy_deliveries": Layout(encoding="utf-8-sig", dates="slash"),
    "pioneer_units": Layout("xlsx", synonyms=("unit_type",), dates="excel"),
    "task_projects": Layout(
        "xlsx", titles=("党员攻关项目台账",), units={"capex": "元"}, dates="excel", total=True, notes=(_UNIT,)
    ),
    "training_events": Layout(
        encoding="gbk",
        titles=("党员教育培训台账", "（截至2023年6月30日）"),
        dates="chinese",
        total=True,
        notes=(_SOURCE,),
    ),
    "alliance_members": Layout("xlsx", book="产业链党建联盟", titles=("联盟成员名单",), dates="excel"),
    "alliance_events": Layout(
        "xlsx",
        book="产业链党建联盟",
        titles=("联盟活动与对接台账",),
        groups=(("活动情况", "event_type", "firms"), ("金额（元）", "intent_amount", "contract_amount")),
        units={"intent_amount": "元", "contract_amount": "元"},
        dates="excel",
        total=True,
        notes=(_SOURCE,),
    ),
    "contact_assignments": Layout(),
    "service_tickets": Layout(encoding="gbk", delimiter="\t", synonyms=("uscc", "category")),
    "service_sites": Layout("xlsx", book="邻里服务", titles=("邻里中心与服务站",), dates="excel"),
    "service_activities": Layout("xlsx", book="邻里服务", titles=("服务活动台账",), dates="excel", notes=(_SOURCE,)),
    "service_projects": Layout("xlsx", book="邻里服务", dates="chinese"),
    "support_teams": Layout("xlsx", titles=("导师团、志愿队和联合行动",), total=True, notes=(_SOURCE, _UNIT)),
    "responsibility_assignments": Layout("xlsx", titles=("挂钩包片包企责任表",), dates="dot"),
    "force_map": Layout(),
    "patents": Layout(encoding="gb18030", synonyms=("filed_on", "granted_on")),
    "patent_owners": Layout("parquet"),
    "software_copyrights": Layout(encoding="utf-8-sig", delimiter=";", dates="compact"),
    "certifications": Layout(
        "xlsx", titles=("企业资质认定情况表", "（截至2023年6月30日）"), dates="excel", notes=(_SOURCE,)
    ),
    "rd_projects": Layout("xlsx", titles=("科技计划项目清单", "单位：万元"), total=True, notes=(_UNIT,)),
    "published_figures": Layout(),
    "firm_places": Layout(encoding="gbk", titles=("企业坐标（实际经营地）",), synonyms=("lon", "lat")),
    "org_meetings": Layout("xlsx", titles=("组织生活记录", "（截至2023年6月30日）"), dates="excel", notes=(_UNIT,)),
    "lecture_attendance": Layout(delimiter="\t", synonyms=("attended_by",)),
}  # fmt: skip


def layout_of(table: Table, rows: int, dirt: str) -> Layout:
    """Return the layout of a table of so many rows; at `none` every table is a plain CSV file in UTF-8."""
    if dirt == "none":
        return PLAIN
    layout = LAYOUTS.get(table.name, PLAIN)
    return PLAIN if layout.kind == "xlsx" and rows > MOST_SHEET_ROWS else layout
