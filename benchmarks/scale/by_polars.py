"""The job written by hand in Polars: the folder of a run in, its tables out.

Lazy, and streamed from file to file where rows stay rows. Run as `python -m benchmarks.scale.by_polars FOLDER`; prints
JSON.
"""

import json
import sys
from datetime import datetime
from pathlib import Path

import polars as pl

from benchmarks.measure import Stages

EXTRACT_ON = datetime(2024, 12, 31)
FIRST_YEAR, LAST_YEAR = 2013, 2023
# The last years that the extract shows whole: published after 18 months, granted after 9.
COMPLETE = {"invention": 2022, "utility": 2023, "design": 2023}
TYPES = {"发明": "invention", "实用新型": "utility", "外观设计": "design"}
TYPE_DIGITS = {"1": "发明", "8": "发明", "2": "实用新型", "9": "实用新型", "3": "外观设计"}
# In the order of the text, in which the counts are sorted.
PATENT_TYPE = pl.Enum(sorted(TYPES))
# Longest first: the first that fits is taken off.
LEGAL_FORMS = ("股份有限公司", "有限责任公司", "有限公司", "股份公司", "集团公司", "公司")
NO_PART_OF_A_KEY = "[^0-9A-Z一-鿿]"
FIRM = (
    "uscc", "industry_code", "industry_2digit", "above_scale", "control_type", "group_id", "area_id", "grid_id",
    "founded_on", "exit_on", "entry_year", "scale_since", "is_private", "is_analysable",
)  # fmt: skip


def main(folder: Path) -> dict:
    """Make the tables of the run in `folder`; return what each stage took and the numbers found on the way."""
    timed, numbers = Stages(), {}
    (folder / "clean").mkdir()
    numbers |= timed("clean", lambda: _clean(folder))
    counted, found = timed("panel", lambda: _panel(folder))
    timed("counts", lambda: _counts(counted, folder))
    return {"stages": timed.costs, "numbers": numbers | found}


def _clean(folder: Path) -> dict[str, list[int]]:
    firms, filings = (folder / "clean" / f"{name}.parquet" for name in ("enterprises", "patents"))
    enterprises(pl.scan_parquet(folder / "ingested" / firms.name)).sink_parquet(firms, compression="lz4")
    patents(pl.scan_parquet(folder / "ingested" / filings.name)).sink_parquet(filings, compression="lz4")
    _check_order(firms, "uscc")
    _check_order(filings, "application_no")
    col = pl.col
    of_firms = pl.scan_parquet(firms).select(
        pl.len(), col("is_private").sum(), pl.col("is_private").is_null().sum().alias("unknown"),
        col("is_analysable").sum(), col("is_ever_analysable").sum(), col("founded_on").is_null().sum(),
        col("is_exit_unknown").sum(),
    )  # fmt: skip
    of_filings = pl.scan_parquet(filings).select(
        pl.len(), (col("publications") > 1).sum(), (col("publications") - 1).sum().alias("merged"),
        (~col("is_number_valid")).sum(), col("type_disagrees").sum(), col("uscc").is_null().sum(),
        (~col("is_visible")).sum(),
    )  # fmt: skip
    found = pl.collect_all([of_firms, of_filings], engine="streaming")
    return dict(zip(("enterprises", "patents"), (list(one.row(0)) for one in found), strict=True))


def enterprises(firms: pl.LazyFrame) -> pl.LazyFrame:
    """Add match key, who is private, who is analysable, division of industry, years of entry and exit."""
    control, kind = pl.col("control_type"), pl.col("reg_type")
    private = ~control.is_in(["国有控股", "集体控股"]).fill_null(False) & ~kind.is_in(
        ["国有控股", "个体工商户", "分支机构"]
    ).fill_null(False)
    known = control.is_not_null() | kind.is_not_null()
    now = pl.col("above_scale").is_in(["规上工业", "限上批零", "限上住餐"]).fill_null(False)
    bare = pl.col("name_key")
    without = (pl.when(bare.str.ends_with(form)).then(bare.str.strip_suffix(form)) for form in LEGAL_FORMS)
    industry = pl.col("industry_code")
    tidy = pl.col("name_zh").map_batches(tidied, return_dtype=pl.String, is_elementwise=True)
    return firms.with_columns(name_key=tidy).with_columns(
        pl.coalesce(*without, bare).replace("", None).alias("name_key"),
        is_private=pl.when(known).then(private),
        is_analysable=private & known & now,
        is_ever_analysable=private & known & (now | pl.col("scale_since").is_not_null()),
        industry_2digit=pl.when(industry.str.contains("^[0-9]{2}")).then(industry.str.head(2)),
        entry_year=pl.col("founded_on").dt.year().cast(pl.Int64),
        exit_year=pl.col("exit_on").dt.year().cast(pl.Int64),
        is_exit_unknown=pl.col("status").is_in(["注销", "吊销", "迁出"]).fill_null(False) & pl.col("exit_on").is_null(),
    )


def tidied(names: pl.Series) -> pl.Series:
    """Return names in narrow capitals without blanks or marks; most are so already, and are only looked at."""
    odd = names.str.contains(NO_PART_OF_A_KEY).arg_true()
    narrow = names.gather(odd).str.normalize("NFKC").str.to_uppercase()
    return names.scatter(odd, narrow.str.replace_all(NO_PART_OF_A_KEY, ""))


def patents(filings: pl.LazyFrame) -> pl.LazyFrame:
    """Add the type that the number states, period of filing, owners named, and whether the extract can show it.

    Reading lets no other number through than one of 12 or 8 digits with letters before and a check digit behind it.
    """
    number, kind = pl.col("application_no"), pl.col("patent_type").cast(PATENT_TYPE)
    digit = pl.when(number.str.len_bytes() == 12).then(number.str.slice(4, 1)).otherwise(number.str.slice(2, 1))
    stated = digit.replace_strict(TYPE_DIGITS, default=None, return_dtype=PATENT_TYPE)
    seen_on = pl.when(pl.col("patent_type") == "发明").then("published_on").otherwise("granted_on")
    return filings.with_columns(number.str.extract("([0-9]{12}|[0-9]{8})"), kind).with_columns(
        pl.col("patent_type").fill_null(stated),
        publications=pl.lit(1, pl.Int64),
        type_from_number=stated,
        type_disagrees=(stated != pl.col("patent_type")).fill_null(False),
        is_number_valid=number.str.len_bytes().is_in([8, 12]),
        filing_year=pl.col("filed_on").dt.year().cast(pl.Int64),
        filing_month=pl.col("filed_on").dt.truncate("1mo"),
        applicant_count=1 + pl.col("applicants_raw").str.count_matches("[;；、]").cast(pl.Int64).fill_null(0),
        is_visible=(seen_on <= EXTRACT_ON).fill_null(False),
    )


def _check_order(path: Path, key: str) -> None:
    keys = pl.read_parquet(path, columns=[key]).to_series()
    if keys.has_nulls() or not (keys.slice(1) > keys.slice(0, len(keys) - 1)).all():
        raise ValueError(f"{path.name}: a key repeats, is missing or comes out of order")


def _panel(folder: Path) -> tuple[pl.DataFrame, dict[str, list[int | None]]]:
    register = pl.scan_parquet(folder / "clean" / "enterprises.parquet")
    filings = pl.scan_parquet(folder / "clean" / "patents.parquet")
    counted = (
        filings.filter(pl.col("uscc").is_not_null())
        .group_by("uscc", "patent_type", pl.col("filing_year").alias("year"))
        .agg(patents=pl.len().cast(pl.Int64), patents_fractional=(1.0 / pl.col("applicant_count")).sum())
        .collect(engine="streaming")
    )
    years, filed = pl.collect_all([firm_years(register), wide(counted.lazy())], engine="streaming")
    if years.select("uscc", "year").is_duplicated().any() or filed.select("uscc", "year").is_duplicated().any():
        raise ValueError("panel: a firm-year repeats")
    panel(years.lazy(), filed.lazy()).sink_parquet(folder / "panel.parquet", compression="lz4")
    firms, codes = years.lazy().select("uscc").unique(), filings.select("uscc")
    matched, strangers, named, inside, registered = (
        one.item()
        for one in pl.collect_all(
            [
                years.lazy().join(filed.lazy(), on=["uscc", "year"], how="semi").select(pl.len()),
                filed.lazy().join(years.lazy(), on=["uscc", "year"], how="anti").select(pl.len()),
                firms.join(codes, on="uscc", how="semi").select(pl.len()),
                codes.join(firms, on="uscc", how="semi").select(pl.len()),
                register.select(pl.len()),
            ],
            engine="streaming",
        )
    )
    followed, total, rows = years["uscc"].n_unique(), filings.select(pl.len()).collect().item(), years.height
    analysable = register.select(pl.col("is_ever_analysable").sum()).collect().item()
    return counted, {
        "base": [registered, None, analysable, None, rows],
        "patents to firm-years": [rows, filed.height, matched, strangers, rows],
        "patents to firms": [followed, total, named, total - inside, inside],
    }


def firm_years(firms: pl.LazyFrame) -> pl.LazyFrame:
    """Return one row for every firm that the panel follows and every year in which it was in operation."""
    first = pl.max_horizontal(pl.col("entry_year").fill_null(FIRST_YEAR), FIRST_YEAR)
    last = pl.min_horizontal(pl.col("exit_year").fill_null(LAST_YEAR), LAST_YEAR)
    return (
        firms.filter("is_ever_analysable")
        .select(*FIRM, year=pl.int_ranges(first, last + 1))
        .explode("year", empty_as_null=False)
        .with_columns(status_on=pl.min_horizontal(pl.datetime("year", 12, 31), EXTRACT_ON))
        .with_columns(
            is_operating=pl.col("exit_on").is_null() | (pl.col("status_on") < pl.col("exit_on")),
            age_years=pl.col("year") - pl.col("entry_year"),
        )
    )


def wide(counted: pl.LazyFrame) -> pl.LazyFrame:
    """Return a column a type: filings whole and by share, by firm and year."""
    return (
        counted.filter(pl.col("year").is_not_null())
        .group_by("uscc", "year")
        .agg(
            pl.col(value).filter(pl.col("patent_type") == zh).sum().alias(f"patents_{en}{suffix}")
            for zh, en in TYPES.items()
            for value, suffix in (("patents", ""), ("patents_fractional", "_fractional"))
        )
    )


def panel(years: pl.LazyFrame, filed: pl.LazyFrame) -> pl.LazyFrame:
    """Join the filings to the firm-years; a count without a partner is 0."""
    whole = pl.col("is_operating").sum().over("uscc") == LAST_YEAR - FIRST_YEAR + 1
    return (
        years.join(filed, on=["uscc", "year"], how="left")
        .with_columns(pl.col("^patents_.*$").fill_null(0))
        .with_columns(
            *(pl.lit(0, pl.Int64).alias(f"patents_{en}_acquired") for en in TYPES.values()),
            *((pl.col("year") <= last).alias(f"patents_{en}_is_complete") for en, last in COMPLETE.items()),
            is_balanced=whole,
            is_balanced_with_figures=whole,
        )
        .sort("uscc", "year")
    )


def _counts(counted: pl.DataFrame, folder: Path) -> None:
    codes = pl.scan_parquet(folder / "clean" / "enterprises.parquet").select("uscc")
    kept = counted.lazy().join(codes, on="uscc", how="semi").sort("uscc", "year", "patent_type")
    kept.sink_parquet(folder / "counts.parquet", compression="lz4")


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
