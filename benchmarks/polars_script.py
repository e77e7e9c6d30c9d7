"""The yardstick: the same reading, cleaning, joining and counting as the project, written by hand in Polars.

It knows the two files of `big_files` and nothing else: no codebook, no other layout. It keeps the same tables with the
same columns, a list of every cell that it mended, left out or found wrong with its place in the file, and the rows that
it took out. All that must agree with the project to the last cell. Run as
`python -m benchmarks.polars_script FOLDER OUT [--lean]`; lean leaves out the lists, where a cell stood in the file, and
all columns but those of the files.
"""

import json
import sys
from pathlib import Path

import numpy as np
import polars as pl

BLANKS = " \t\u3000\u00a0"
USCC = "^[0-9A-HJ-NPQRTUWXY]{18}$"
NUMBER = r"^(?:CN|ZL)?([0-9]{12})(?:\.?([0-9X]))?$"
STATUS = pl.Enum(["存续", "在业", "注销", "吊销", "迁出"])
REG_TYPE = pl.Enum(["私营有限", "港澳台商", "外商", "国有控股", "个体工商户", "分支机构"])
CONTROL = pl.Enum(["私人控股", "港澳台商控股", "外商控股", "国有控股", "集体控股"])
ABOVE_SCALE = pl.Enum(["规上工业", "限上批零", "限上住餐", "规上服务", "资质建筑", "房地产", "否"])
# In the order of the text, in which the counts are sorted.
PATENT_TYPE = pl.Enum(["发明", "外观设计", "实用新型"])
LEGAL_STATUS = pl.Enum(["审中", "有效", "失效", "驳回", "撤回"])
EXTRACT_ON = pl.date(2024, 12, 31)
ALPHABET = b"0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [pow(3, place, 31) for place in range(17)] + [1]
LEGAL_FORM = "(股份有限公司|有限责任公司|有限公司|股份公司|集团公司|公司)$"
# Column of the project -> header in the file.
REGISTER = {
    "uscc": "统一社会信用代码", "name_zh": "企业名称", "founded_on": "成立日期", "status": "登记状态",
    "exit_on": "注销或迁出日期", "reg_type": "登记注册类型", "control_type": "控股情况", "industry_code": "行业代码",
    "above_scale": "规上标识", "operating": "正常经营",
}  # fmt: skip
LISTED = {
    "application_no": "申请号", "patent_type": "专利类型", "uscc": "申请人代码", "filed_on": "申请日",
    "granted_on": "授权公告日", "legal_status": "法律状态", "inventor_count": "发明人数",
}  # fmt: skip


def main(folder: Path, out: Path, *, lean: bool) -> dict[str, int]:
    """Read both files of `folder`, write clean tables, counts and lists to `out`, return how many rows were read."""
    out.mkdir(parents=True, exist_ok=True)
    firms_read, filings_read = pl.collect_all([read(folder / "企业名册.csv"), read(folder / "专利.csv")])
    firms_typed, filings_typed = pl.collect_all([type_firms(firms_read.lazy()), type_filings(filings_read.lazy())])
    needed = ["application_no", "patent_type", "filed_on"]
    firms, filings = pl.collect_all(
        [
            one_row_a_key(firms_typed.lazy(), "uscc", ["uscc"]),
            one_row_a_key(filings_typed.lazy(), "application_no", needed),
        ]
    )
    if not lean:
        tell("enterprises", REGISTER, firms_read, firms_typed, firms, firms, out)
        tell("patents", LISTED, filings_read, filings_typed, filings, firms, out)
    numbered = filings.lazy().with_columns(pl.col("application_no").str.head(12))
    firms, filings = pl.collect_all(
        [firms.lazy().drop("source_row"), numbered.drop("source_row")]
        if lean
        else [derive_firms(firms.lazy()), derive_filings(numbered)]
    )
    firms.write_parquet(out / "enterprises.parquet")
    filings.write_parquet(out / "patents.parquet")
    count(filings, firms, lean=lean).write_parquet(out / "counts.parquet")
    return {"enterprises_read": firms_read.height, "patents_read": filings_read.height}


def read(path: Path) -> pl.LazyFrame:
    """Read a CSV file as text with the row that each record has in a spreadsheet."""
    return pl.scan_csv(path, infer_schema=False, row_index_name="source_row", row_index_offset=2)


def type_firms(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Return the register typed; what cannot be read is missing."""
    industry = text("行业代码")
    return raw.select(
        pl.col("source_row").cast(pl.Int64),
        uscc=code("统一社会信用代码"),
        name_zh=text("企业名称"),
        founded_on=date("成立日期"),
        status=text("登记状态").cast(STATUS, strict=False),
        exit_on=date("注销或迁出日期"),
        reg_type=text("登记注册类型").cast(REG_TYPE, strict=False),
        control_type=text("控股情况").cast(CONTROL, strict=False),
        industry_code=pl.when(industry.str.contains("^[0-9]{4}$")).then(industry),
        above_scale=text("规上标识").cast(ABOVE_SCALE, strict=False),
        operating=text("正常经营").replace_strict({"是": True, "否": False}, default=None, return_dtype=pl.Boolean),
    )


def type_filings(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Return the list of patents typed; a number keeps its check digit."""
    number = text("申请号")
    return raw.select(
        pl.col("source_row").cast(pl.Int64),
        application_no=number.str.extract(NUMBER, 1) + number.str.extract(NUMBER, 2).fill_null(""),
        patent_type=text("专利类型").cast(PATENT_TYPE, strict=False),
        uscc=code("申请人代码"),
        filed_on=date("申请日"),
        granted_on=date("授权公告日"),
        legal_status=text("法律状态").cast(LEGAL_STATUS, strict=False),
        inventor_count=text("发明人数").str.extract("^([0-9]+)人?$").cast(pl.Int64),
    )


def text(name: str) -> pl.Expr:
    """Return a column without blanks around its cells; empty ones are missing."""
    bare = pl.col(name).str.strip_chars(BLANKS)
    return pl.when(bare != "").then(bare)


def code(name: str) -> pl.Expr:
    """Return codes in narrow upper case without blanks and hyphens; what is no code is missing."""
    tidy = pl.col(name).str.normalize("NFKC").str.replace_all(r"[\s-]", "").str.to_uppercase()
    return pl.when(tidy.str.contains(USCC)).then(tidy)


def date(name: str) -> pl.Expr:
    """Parse the four ways in which the files write a date: 2021-03-05, 2021/03/05, 2021年03月05日, 20210305."""
    return pl.col(name).str.replace_all("[-/年月日]", "").str.to_date("%Y%m%d", strict=False)


def one_row_a_key(typed: pl.LazyFrame, key: str, needed: list[str]) -> pl.LazyFrame:
    """Take out rows without what is needed, later copies of a row, and all rows of a key whose values differ."""
    whole = typed.drop_nulls(needed).with_columns(is_repeated=pl.col(key).is_duplicated())
    once, twice = (whole.filter(each).drop("is_repeated") for each in (~pl.col("is_repeated"), pl.col("is_repeated")))
    same = twice.group_by(pl.exclude("source_row")).agg(pl.col("source_row").min()).filter(pl.col(key).is_unique())
    return pl.concat([once, same.select(typed.collect_schema().names())]).sort(key)


def tell(
    table: str,
    headers: dict[str, str],
    raw: pl.DataFrame,
    typed: pl.DataFrame,
    kept: pl.DataFrame,
    firms: pl.DataFrame,
    out: Path,
) -> None:
    """Write each cell that was mended, left out or found wrong, and each row that was taken out, as CSV."""
    cells = pl.concat(pl.collect_all([changed(table, name, raw[header], typed) for name, header in headers.items()]))
    codes = {"table": pl.lit(table), "row": "source_row", "column": pl.lit("uscc"), "value": "uscc", "result": "uscc"}
    wrong = typed.filter(has_wrong_digit(typed["uscc"])).select(**codes, rule=pl.lit("bad_check_digit"))
    nobody = kept.drop_nulls("uscc").join(firms.select("uscc"), on="uscc", how="anti")
    nobody = nobody.select(**codes, rule=pl.lit("unknown_reference"))
    rows = raw.lazy().join(kept.lazy().select("source_row").cast({"source_row": pl.UInt32}), "source_row", "anti")
    pl.concat([cells, wrong, nobody]).sort("row", "column").write_csv(out / f"{table}_cells.csv", include_bom=True)
    rows.collect().write_csv(out / f"{table}_set_aside.csv", include_bom=True)


def has_wrong_digit(codes: pl.Series) -> pl.Series:
    """Return which codes fail the check of GB 32100: values weighted by powers of three sum to a multiple of 31."""
    values = np.zeros(256, dtype=np.int32)
    values[list(ALPHABET)] = np.arange(31)
    letters = np.frombuffer(codes.drop_nulls().str.join()[0].encode(), dtype=np.uint8).reshape(-1, 18)
    total = sum((values * weight)[letters[:, place]] for place, weight in enumerate(WEIGHTS))
    wrong = np.zeros(len(codes), dtype=bool)
    wrong[codes.is_not_null().to_numpy()] = total % 31 > 0
    return pl.Series(wrong)


def changed(table: str, name: str, found: pl.Series, typed: pl.DataFrame) -> pl.LazyFrame:
    """Return the cells of a column whose value is not what the file says."""
    is_yes_or_no = typed[name].dtype == pl.Boolean
    value = pl.col(name).cast(pl.Boolean) if is_yes_or_no else pl.col(name).cast(pl.String)
    shown = pl.when(value).then(pl.lit("是")).when(~value).then(pl.lit("否")) if is_yes_or_no else value
    return (
        typed.lazy()
        .select(pl.lit(table).alias("table"), row="source_row", column=pl.lit(name), value=found, result=shown)
        .filter(pl.col("value").is_not_null() & pl.col("value").ne_missing(pl.col("result")))
        .with_columns(rule=pl.when(pl.col("result").is_null()).then(pl.lit("left_out")).otherwise(pl.lit("mended")))
    )


def derive_firms(firms: pl.LazyFrame) -> pl.LazyFrame:
    """Add match key, who is private, who is analysable, division of industry, years of entry and exit."""
    private = ~pl.col("control_type").is_in(["国有控股", "集体控股"]).fill_null(False) & ~pl.col("reg_type").is_in(
        ["国有控股", "个体工商户", "分支机构"]
    ).fill_null(False)
    unknown = pl.col("control_type").is_null() & pl.col("reg_type").is_null()
    analysable = private & ~unknown & pl.col("above_scale").is_in(["规上工业", "限上批零", "限上住餐"]).fill_null(False)
    bare = pl.col("name_zh").str.normalize("NFKC").str.to_uppercase().str.replace_all("[^0-9A-Z一-鿿]", "")
    return firms.with_columns(
        name_key=bare.str.replace(LEGAL_FORM, ""),
        is_private=pl.when(~unknown).then(private),
        is_analysable=analysable,
        is_ever_analysable=analysable,
        industry_2digit=pl.col("industry_code").str.head(2),
        entry_year=pl.col("founded_on").dt.year().cast(pl.Int64),
        exit_year=pl.col("exit_on").dt.year().cast(pl.Int64),
        is_exit_unknown=pl.col("status").is_in(["注销", "吊销", "迁出"]).fill_null(False) & pl.col("exit_on").is_null(),
    )


def derive_filings(filings: pl.LazyFrame) -> pl.LazyFrame:
    """Add the type that the number states, period of filing, owners named, and whether the extract can show it."""
    digits = {"1": "发明", "8": "发明", "2": "实用新型", "9": "实用新型", "3": "外观设计"}
    digit = pl.col("application_no").str.slice(4, 1)
    stated = digit.replace_strict(digits, default=None, return_dtype=PATENT_TYPE)
    return filings.with_columns(
        publications=pl.lit(1, pl.Int64),
        type_from_number=stated,
        type_disagrees=(stated != pl.col("patent_type")).fill_null(False),
        is_number_valid=pl.col("application_no").str.contains("^[0-9]{12}$"),
        filing_year=pl.col("filed_on").dt.year().cast(pl.Int64),
        filing_month=pl.col("filed_on").dt.month_start(),
        applicant_count=pl.lit(1, pl.Int64),
        is_visible=((pl.col("patent_type") != "发明") & (pl.col("granted_on") <= EXTRACT_ON)).fill_null(False),
    )


def count(filings: pl.DataFrame, firms: pl.DataFrame, *, lean: bool) -> pl.DataFrame:
    """Count the filings of registered firms by firm, year and type; unless lean, their shares too."""
    year = pl.col("filed_on").dt.year().cast(pl.Int64) if lean else pl.col("filing_year")
    sums = {} if lean else {"patents_fractional": (1.0 / pl.col("applicant_count")).sum()}
    return (
        filings.lazy()
        .join(firms.lazy().select("uscc"), on="uscc", how="semi")
        .group_by("uscc", year.alias("year"), "patent_type")
        .agg(pl.len().alias("patents"), **sums)
        .sort("uscc", "year", "patent_type")
        .collect()
    )


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), lean="--lean" in sys.argv[3:])))
