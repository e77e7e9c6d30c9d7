"""The yardstick: the same reading, cleaning, joining and counting as the project, written by hand in Polars.

It knows the two files of `big_files` and nothing else: no codebook, no ledger of what was mended, no other layout. What
it mends, sets aside and counts must agree with the project to the last row (`checksums`).
"""

import json
import sys
from pathlib import Path

import polars as pl

BLANKS = " \t\u3000\u00a0"
USCC = r"^[0-9A-HJ-NPQRTUWXY]{18}$"


def main(folder: Path, out: Path) -> dict[str, int]:
    """Read both files of `folder`, write clean Parquet and counts to `out`, return the checksums."""
    out.mkdir(parents=True, exist_ok=True)
    register = read(folder / "企业名册.csv")
    enterprises = clean_enterprises(register)
    enterprises.write_parquet(out / "enterprises.parquet")
    listed = read(folder / "专利.csv")
    patents = clean_patents(listed)
    patents.write_parquet(out / "patents.parquet")
    matched = patents.join(enterprises.select("uscc", "status"), on="uscc", how="inner")
    counts = (
        matched.group_by("uscc", pl.col("filed_on").dt.year().alias("year"), "patent_type")
        .agg(patents=pl.len())
        .sort("uscc", "year", "patent_type")
    )
    counts.write_parquet(out / "counts.parquet")
    return {
        "enterprises_read": register.height,
        "enterprises_kept": enterprises.height,
        "patents_read": listed.height,
        "patents_kept": patents.height,
        "patents_with_code": patents["uscc"].count(),
        "patents_matched": matched.height,
        "firm_years": counts.height,
        "sum_of_squares": int((counts["patents"].cast(pl.Int64) ** 2).sum()),
        "founded_days": int(enterprises["founded_on"].cast(pl.Int32).cast(pl.Int64).sum()),
        "filed_days": int(patents["filed_on"].cast(pl.Int32).cast(pl.Int64).sum()),
    }


def read(path: Path) -> pl.DataFrame:
    """Read a CSV as text, empty cells missing."""
    return (
        pl.read_csv(path, infer_schema=False)
        .with_columns(pl.all().str.strip_chars(BLANKS))
        .with_columns(pl.when(pl.all() == "").then(None).otherwise(pl.all()).name.keep())
    )


def date(name: str) -> pl.Expr:
    """Parse the four ways in which the files write a date."""
    column = pl.col(name)
    return pl.coalesce(
        column.str.to_date("%Y-%m-%d", strict=False), column.str.to_date("%Y/%m/%d", strict=False),
        column.str.to_date("%Y年%m月%d日", strict=False), column.str.to_date("%Y%m%d", strict=False),
    )  # fmt: skip


def code(name: str) -> pl.Expr:
    """Return upper-case codes; what is no code is missing."""
    column = pl.col(name).str.to_uppercase()
    return pl.when(column.str.contains(USCC)).then(column)


def clean_enterprises(raw: pl.DataFrame) -> pl.DataFrame:
    """Return one typed row an enterprise; rows without a usable code and repeated rows are out."""
    return (
        raw.select(
            uscc=code("统一社会信用代码"),
            name_zh=pl.col("企业名称"),
            founded_on=date("成立日期"),
            status=pl.col("登记状态").cast(pl.Categorical),
            exit_on=date("注销或迁出日期"),
            reg_type=pl.col("登记注册类型").cast(pl.Categorical),
            control_type=pl.col("控股情况").cast(pl.Categorical),
            industry_code=pl.col("行业代码"),
            above_scale=pl.col("规上标识").cast(pl.Categorical),
            operating=pl.col("正常经营") == "是",
        )
        .filter(pl.col("uscc").is_not_null())
        .unique(maintain_order=True)
    )


def clean_patents(raw: pl.DataFrame) -> pl.DataFrame:
    """Return one typed row a filing."""
    return raw.select(
        application_no=pl.col("申请号").str.strip_prefix("CN"),
        patent_type=pl.col("专利类型").cast(pl.Categorical),
        uscc=code("申请人代码"),
        filed_on=date("申请日"),
        granted_on=date("授权公告日"),
        legal_status=pl.col("法律状态").cast(pl.Categorical),
        inventor_count=pl.col("发明人数").cast(pl.Int64),
    ).unique(maintain_order=True)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
