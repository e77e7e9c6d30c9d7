"""The yardstick: the same reading, cleaning, joining and counting as the project, written by hand in Polars.

It knows the two files of `big_files` and nothing else: no codebook, no ledger of what was mended, no other layout. What
it mends, takes out and counts must agree with the project to the last cell. Run as
`python -m benchmarks.polars_script FOLDER OUT`.
"""

import json
import sys
from pathlib import Path

import polars as pl

BLANKS = " \t\u3000\u00a0"
USCC = "^[0-9A-HJ-NPQRTUWXY]{18}$"
NUMBER = r"^(?:CN|ZL)?([0-9]{12})(?:\.?[0-9X])?$"
STATUS = pl.Enum(["存续", "在业", "注销", "吊销", "迁出"])
REG_TYPE = pl.Enum(["私营有限", "港澳台商", "外商", "国有控股", "个体工商户", "分支机构"])
CONTROL = pl.Enum(["私人控股", "港澳台商控股", "外商控股", "国有控股", "集体控股"])
ABOVE_SCALE = pl.Enum(["规上工业", "限上批零", "限上住餐", "规上服务", "资质建筑", "房地产", "否"])
# In the order of the text, in which the counts are sorted.
PATENT_TYPE = pl.Enum(["发明", "外观设计", "实用新型"])
LEGAL_STATUS = pl.Enum(["审中", "有效", "失效", "驳回", "撤回"])


def main(folder: Path, out: Path) -> dict[str, int]:
    """Read both files of `folder`, write clean tables and counts to `out` as Parquet, return the rows read."""
    out.mkdir(parents=True, exist_ok=True)
    register, listed = pl.collect_all([read(folder / "企业名册.csv"), read(folder / "专利.csv")])
    enterprises, patents = pl.collect_all([clean_enterprises(register.lazy()), clean_patents(listed.lazy())])
    enterprises.write_parquet(out / "enterprises.parquet")
    patents.write_parquet(out / "patents.parquet")
    counts = (
        patents.lazy()
        .join(enterprises.lazy().select("uscc"), on="uscc", how="semi")
        .group_by("uscc", pl.col("filed_on").dt.year().cast(pl.Int64).alias("year"), "patent_type")
        .agg(patents=pl.len())
        .sort("uscc", "year", "patent_type")
        .collect()
    )
    counts.write_parquet(out / "counts.parquet")
    return {"enterprises_read": register.height, "patents_read": listed.height}


def read(path: Path) -> pl.LazyFrame:
    """Read a CSV file as text without blanks around the cells, empty ones missing."""
    return pl.scan_csv(path, infer_schema=False).with_columns(pl.all().str.strip_chars(BLANKS))


def clean_enterprises(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Return one typed row an enterprise; rows without a usable code and rows that repeat are out."""
    industry = pl.col("行业代码")
    typed = raw.select(
        uscc=code("统一社会信用代码"),
        name_zh=pl.col("企业名称"),
        founded_on=date("成立日期"),
        status=pl.col("登记状态").cast(STATUS, strict=False),
        exit_on=date("注销或迁出日期"),
        reg_type=pl.col("登记注册类型").cast(REG_TYPE, strict=False),
        control_type=pl.col("控股情况").cast(CONTROL, strict=False),
        industry_code=pl.when(industry.str.contains("^[0-9]{4}$")).then(industry),
        above_scale=pl.col("规上标识").cast(ABOVE_SCALE, strict=False),
        operating=pl.col("正常经营").replace_strict({"是": True, "否": False}, default=None, return_dtype=pl.Boolean),
    )
    return one_row_a_key(typed, "uscc")


def clean_patents(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Return one typed row a filing; rows without number, type or date and rows that repeat are out."""
    typed = raw.select(
        application_no=pl.col("申请号").str.extract(NUMBER),
        patent_type=pl.col("专利类型").cast(PATENT_TYPE, strict=False),
        uscc=code("申请人代码"),
        filed_on=date("申请日"),
        granted_on=date("授权公告日"),
        legal_status=pl.col("法律状态").cast(LEGAL_STATUS, strict=False),
        inventor_count=pl.col("发明人数").str.extract("^([0-9]+)人?$").cast(pl.Int64),
    )
    return one_row_a_key(typed.drop_nulls(["patent_type", "filed_on"]), "application_no")


def code(name: str) -> pl.Expr:
    """Return codes in narrow upper case without blanks and hyphens; what is no code is missing."""
    tidy = pl.col(name).str.normalize("NFKC").str.replace_all(r"[\s-]", "").str.to_uppercase()
    return pl.when(tidy.str.contains(USCC)).then(tidy)


def date(name: str) -> pl.Expr:
    """Parse the four ways in which the files write a date: 2021-03-05, 2021/03/05, 2021年03月05日, 20210305."""
    return pl.col(name).str.replace_all("[-/年月日]", "").str.to_date("%Y%m%d", strict=False)


def one_row_a_key(typed: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """Take out later copies of a row, and all rows of a key whose values differ; order by the key."""
    return typed.drop_nulls(key).unique().filter(pl.col(key).is_unique()).sort(key)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
